"""What nobody has verified about Jira Cloud: a switch each, so that clients can be tried both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class JiraSwitches:
    """The defaults are the likelier reading, or, where nothing speaks for either, the harder one to read.

    Four of them are not doubts but faults seen in the field: `page_limit`, `empty_pages`, `repeat_token` and
    `remember_searches`.
    """

    page_with_fields: int = 100  # issues on a search page as soon as more than id and key is asked for
    page_limit: int | None = None  # pages shorter than what was asked for
    empty_pages: bool = False  # an empty page that carries a token stands between two full ones
    repeat_token: bool = False  # a page hands out the token it was asked with
    remember_searches: int = 100  # the tokens of older searches are invalid
    refuse_nulls: bool = True  # a null member of a request body is refused
    epoch_dates: bool = True  # JQL reads bare digits after a date field as epoch milliseconds
    refuse_unknown_values: bool = True  # JQL refuses values that the site lacks; else they match nothing
    inline_comments: int | None = 20  # comments inside an issue; None: all of them
    inline_comments_newest_first: bool = False
    inline_worklogs: int | None = 20
    histories_in_search: int = 40  # changelog entries inside an issue that a search found
    histories_in_issue: int = 100
    changelog_created: Literal["iso", "seconds", "milliseconds"] = "iso"  # in changelog/bulkfetch alone
    changelog_whole_histories: bool = False  # fieldIds choose histories and leave their other items in
    missing_in_issue_errors: bool = True  # bulkfetch names what it did not find; else it is simply absent
    links_touch_updated: bool = False
    properties_touch_updated: bool = False
