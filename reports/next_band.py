"""What would bring an account into the next band, for people: the list of `whatif` and the last line of `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.terminal import grid, safe, say, short, show
from rules.words import NOTHING_ON_RECORD, amount

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_TOLD = 3  # changes that one line has room for


def next_band(out: Console, data: Json) -> None:
    score = "–" if data["score"] is None else data["score"]
    say(out, f"{short(data['account'])}    {safe(data['label'])} {score}, {data['band']}")
    if data["band"] == "unknown":
        if not data["missing"]:
            say(out, f"There is nothing to be scored: {NOTHING_ON_RECORD}.")
            return
        say(out, "Too little is known for a score. What is missing, the weightiest first:")
        for each in data["missing"]:
            say(out, f"  {safe(each['label'])} ({amount(each['weight'], 'share')}): {safe(each['unknown'])}")
        return
    if data["target"] is None:
        say(out, "It is green already.")
        return
    reached = data["reached"]
    if data["enough"]:
        say(out, f"To reach {data['target']}, which makes {reached['score']}:")
    else:
        say(
            out,
            f"Nothing that can be changed reaches {data['target']}; all of it together makes {reached['score']}:",
        )
    table = grid("", "Points", "", right=("Points",))
    for each in data["changes"]:
        table.add_row(f"  {short(each['text'], 110)}", points(each), _from_to(each))
    show(out, table)


def hint(out: Console, explained: Json) -> None:
    """The last line of an explanation, where there is a way."""
    data = explained.get("whatif")
    if data is not None and (told := line(data)):
        out.print()
        say(out, f'{told}    rapport whatif "{short(explained["account"])}"')


def line(data: Json) -> str:
    """To reach green: answer ACME-412 and ACME-398 (+13), meet D. Okafor (+8); empty where there is no way."""
    if not data["enough"]:
        return ""
    told = [f"{safe(each['text'])} ({points(each)})" for each in data["changes"][:_TOLD]]
    more = len(data["changes"]) - len(told)
    return f"To reach {data['target']}: {', '.join(told)}{f' and {more} more' if more else ''}"


def points(change: Json) -> str:
    return f"{change['points']:+.0f}"


def _from_to(change: Json) -> str:
    return ", ".join(
        f"{safe(each['label'])} {amount(each['before'], each['unit'])} → {amount(each['after'], each['unit'])}"
        for each in change["metrics"]
    )
