"""What nobody has verified about Jira, Cloud or Data Center: a switch each, so that clients can be tried both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Deployment = Literal["cloud", "datacenter"]


@dataclass(frozen=True, slots=True)
class JiraSwitches:
    """The defaults are the likelier reading, or, where nothing speaks for either, the harder one to read.

    Four of them are not doubts but faults seen in the field: `page_limit`, `empty_pages`, `repeat_token` and
    `remember_searches`.
    """

    deployment: Deployment | None = None  # None: what the dataset's site.json says, else Cloud
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
    linking_allowed: bool = True  # else 403 to whoever asks for links to other systems
    releases_listed: bool = True  # else 404, as to who may not see the project
    properties_touch_updated: bool = False
    granted: frozenset[str] = frozenset(  # what mypermissions tells; nothing else asks for it
        {
            *("BROWSE_PROJECTS", "USER_PICKER", "CREATE_ISSUES", "EDIT_ISSUES", "ASSIGN_ISSUES"),
            *("ADD_COMMENTS", "DELETE_ISSUES", "LINK_ISSUES", "TRANSITION_ISSUES"),
        }
    )
    # Data Center alone
    search_cap: int = 1000  # issues on a search page at most (jira.search.views.default.max)
    changelog_in_search: bool = False  # a search expands changelogs too; else only the read of an issue does
    histories_kept_back: int = (
        0  # an issue's own read counts so many of its oldest changes and leaves them out
    )
    field_ids_in_history: bool = False  # steps of newer versions carry a fieldId
    captcha_after: int | None = 3  # failed sign-ins after which a person has to answer a question
