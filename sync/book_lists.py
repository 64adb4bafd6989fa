"""The lists over the book, in the JSON shape of `rapport lists`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from rules import lists, words
from sync.errors import SyncError
from sync.measure import link_bases

if TYPE_CHECKING:
    from sync.config import Config
    from sync.mirror import Mirror

Json = dict[str, object]


def check(name: str) -> None:
    """SyncError where there is no list of this name."""
    if name not in lists.LISTS:
        near = difflib.get_close_matches(name, lists.LISTS, n=1)
        raise SyncError(
            f'There is no list "{name}".',
            f"did you mean {near[0]}?" if near else f"name one of {', '.join(lists.LISTS)}.",
        )


def rows(config: Config, mirror: Mirror, name: str) -> list[Json]:
    """One row for each finding, with the records behind it; reads what `measure` has left."""
    links = link_bases(config)
    found = lists.findings(mirror.connection, config.catalogue, name, weight=config.people.book_weight)
    return [
        {
            "list": each.list,
            "account_id": each.account_id,
            "account": each.account,
            "kind": each.kind,
            "text": each.text,
            "points": each.points,
            "evidence": [
                {"id": one.id, "key": one.key, "url": links.url(one), "text": words.record(one)}
                for one in each.records
            ],
        }
        for each in found
    ]
