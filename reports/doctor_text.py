"""What a look at everything found, as people read it: by side, the worst first, then what is known and what would help."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.text import Text

from reports.terminal import grid, safe, say, short, show
from rules.words import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

Json = dict[str, Any]
_ORDER = {"error": 0, "warning": 1, "note": 2}
_STYLE = {"error": "red", "warning": "yellow", "note": "dim"}
_SIDES = {"salesforce": "Salesforce", "jira": "Jira", "store": "Store", "config": "Config"}
_RANKED = 5


def diagnosis(out: Console, data: Json) -> None:
    counts = Counter(each["severity"] for each in data["findings"] if not _fine(each))
    many = ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name in _ORDER if (n := counts[name]))
    say(out, f"{'Usable' if data['usable'] else 'Not usable as it is'}: {many or 'nothing to tell'}.")
    for side in ("salesforce", "jira", "store", "config"):
        own = [each for each in data["findings"] if each["side"] == side]
        for site in dict.fromkeys(each["site"] for each in own):
            _side(out, side, site, [each for each in own if each["site"] == site])
    _objects(out, data["objects"])
    _coverage(out, data.get("coverage", {}))
    _inputs(out, data.get("missing_inputs", []))


def _side(out: Console, side: str, site: str | None, found: Sequence[Json]) -> None:
    out.print()
    name = _SIDES[side] if site in (None, "default") else f"{_SIDES[side]} {safe(site)}"
    say(out, name, "bold")
    for each in sorted(found, key=lambda one: _ORDER[one["severity"]]):
        if each["code"] == "rows" and not each["advice"] and side == "salesforce":
            continue  # these stand in the table of objects
        word = "ok" if _fine(each) else each["severity"]
        style = "green" if word == "ok" else _STYLE[each["severity"]]
        out.print(Text.assemble((f"  {word:<8} ", style), safe(each["message"])), soft_wrap=True)
        if each["advice"]:
            say(out, f"           What to do: {safe(each['advice'])}")


def _fine(finding: Json) -> bool:
    """What is as it should be: nothing is to be done, and nobody counts it."""
    return finding["severity"] == "note" and not finding["advice"]


def _objects(out: Console, rows: Sequence[Json]) -> None:
    there = [row for row in rows if row["present"]]
    if not there:
        return
    out.print()
    right = ("Visible", "In the org", "In the store")
    told = grid("Object", *right, right=right)
    for row in there:
        figures = ["–" if row[name] is None else f"{row[name]:,}" for name in ("visible", "total", "stored")]
        told.add_row(safe(row["object"]), *figures)
    show(out, told)


def _coverage(out: Console, inputs: Json) -> None:
    if not inputs:
        return
    out.print()
    known = [safe(name.replace("_", " ")) for name, row in inputs.items() if not row["unknown"]]
    if known:
        say(out, f"Known for all managed accounts: {', '.join(known)}.")
    lacking = {name: row for name, row in inputs.items() if row["unknown"]}
    if not lacking:
        return
    told = grid("Unknown for some or all", "Known", "Unknown", "Because", right=("Known", "Unknown"))
    for name, row in lacking.items():
        means = Text(short(row["unknown_means"], 96))
        told.add_row(safe(name.replace("_", " ")), str(row["known"]), str(row["unknown"]), means)
    show(out, told)


def _inputs(out: Console, cards: Sequence[Json]) -> None:
    rows = [(card, each) for card in cards for each in card["inputs"][:_RANKED]]
    silent = max((card["nothing_on_record"] for card in cards), default=0)
    if rows or silent:
        out.print()
    if silent:
        many = f"{silent} managed account{' has' if silent == 1 else 's have'}"
        say(out, f"{many} nothing on record at all: unknown until a contact or an issue is.")
    if not rows:
        return
    say(out, "What would move most accounts out of Unknown, each with those above it in place", "bold")
    told = grid(
        "Scorecard", "Unknown", "Input", "Moves", "Of the weight", right=("Unknown", "Moves", "Of the weight")
    )
    before = ""
    for card, each in rows:
        first = card["scorecard"] != before
        before = card["scorecard"]
        told.add_row(
            safe(before) if first else "",
            str(card["unknown"]) if first else "",
            Text(short(each["why"], 96)),
            str(each["accounts"]),
            amount(each["weight_share"], "share"),
        )
    show(out, told)
