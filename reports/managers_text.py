"""The scorecard of account managers, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from reports.terminal import day_time, grid, say, short, show
from rules.words import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

Json = dict[str, Any]
_FIGURES = {
    "Score": "score",
    "Growth": "growth",
    "Health": "health",
    "Positioning": "positioning",
    "Depth": "depth",
}


def managers(out: Console, rows: Sequence[Json], as_of: str) -> None:
    """Each row is a person, or a group of at least five."""
    if not rows:
        say(out, "There is no group that is large enough to be shown.")
        return
    team = "team" in rows[0]
    say(out, f"{'Teams' if team else 'Account managers'}, {day_time(as_of)}")
    loaded = any(row["capacity"] is not None for row in rows)
    right = ("People",) * team + ("Accounts", *_FIGURES, "Red") + ("Load",) * loaded
    table = grid("Team" if team else "Account manager", *right, right=right)
    for row in rows:
        who = row["team"] if team else row["manager"] or row["manager_id"] or "nobody"
        cells = [str(row["people"])] if team else []
        cells += [str(row["accounts"])]
        cells += ["–" if row[name] is None else f"{row[name]:.0f}" for name in _FIGURES.values()]
        cells += [str(row["red"])]
        cells += [amount(row["load_share"], "share")] if loaded else []
        table.add_row(Text(short(who, 48)), *cells)
    show(out, table)
