"""The history of scores for people: the last values of each account, the most recent last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from reports.terminal import grid, say, short, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

Json = dict[str, Any]
_SHOWN = 8  # entries that a line has room for
_CARDS = ("health", "overall")  # the first of these that there is


def history(out: Console, rows: Sequence[Json]) -> None:
    if not rows:
        say(out, "No scores are kept yet: each rapport sync keeps those it sees.")
        return
    held = {row["scorecard"] for row in rows}
    card = next((each for each in _CARDS if each in held), min(held))
    own = [row for row in rows if row["scorecard"] == card]
    entries = list(dict.fromkeys((row["as_of"], row["config"], row["replayed"]) for row in own))
    shown = entries[-_SHOWN:]
    replayed = " (those in brackets were worked out afterwards)" if any(each[2] for each in shown) else ""
    say(out, f"{card.capitalize()}: the last {len(shown)} of {len(entries)} entries{replayed}")
    days = [f"({at[5:10]})" if again else at[5:10] for at, _, again in shown]
    table = grid("Account", *days, right=days)
    values: dict[str, dict[tuple[object, ...], Json]] = {}
    for row in own:
        values.setdefault(row["account_id"], {})[row["as_of"], row["config"], row["replayed"]] = row
    names = {row["account_id"]: row["account"] or row["account_id"] for row in own}
    for account in sorted(values, key=lambda each: (names[each], each)):
        scores = [values[account].get(each, {}).get("score") for each in shown]
        table.add_row(
            Text(short(names[account], 48)), *("–" if score is None else str(score) for score in scores)
        )
    show(out, table)
