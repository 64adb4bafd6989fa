"""The lists over the book, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from reports.terminal import grid, safe, say, short, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

Json = dict[str, Any]
_SHOWN = 40
_TITLES = {
    "fix-first": "What to mend first: points of the overall score that it costs, times the weight of the account",
    "plan-gap": "What the plans lack",
    "whitespace": "Units of a customer and offerings that are new to them",
}


def findings(out: Console, name: str, rows: Sequence[Json]) -> None:
    if not rows:
        say(out, "There is nothing on this list.")
        return
    say(out, f"{_TITLES[name]}    {len(rows)} in all")
    weighed = rows[0]["points"] is not None
    right = ("Points",) * weighed
    table = grid("Account", *right, "What", "Records", right=right)
    before = None
    for row in rows[:_SHOWN]:
        account = "" if row["account_id"] == before and not weighed else short(row["account"], 40)
        before = row["account_id"]
        records = ", ".join(safe(each["text"]) for each in row["evidence"])
        told = "" if records and records in row["text"] else short(records, 70) if records else ""
        table.add_row(
            Text(account),
            *([f"{row['points']:.1f}"] if weighed else []),
            Text(short(row["text"], 80)),
            Text(told),
        )
    show(out, table)
    if len(rows) > _SHOWN:
        say(out, f"… and {len(rows) - _SHOWN} more: rapport lists {name} --format csv")
