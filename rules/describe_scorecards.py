"""docs/scorecards.md: what each scorecard weighs and why, from the TOML that ships and the comments in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rules import catalogue
from rules.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from rules.catalogue import Catalogue, Scorecard
    from rules.catalogue_models import Axis

_TABLE = re.compile(r"\[+(?P<path>[a-z_.]+)\]+")
_NAMED = re.compile(r'(?:metric|scorecard|name) = "(?P<name>[^"]+)"')
_INTRODUCTION = """\
# Scorecards

What each scorecard weighs, and why. The page is written from `rules/builtin/scorecards.toml` and the comments in it by
`python -m rules.describe`; a section of the same name in `rapport.toml` changes a scorecard key by key, a list such as
`measures` is replaced whole. What each number counts: [metrics.md](metrics.md).

**How a score comes about.** Each measure has a curve from the metric's value to a score of 0 to 100: straight lines between
the points given, flat beyond them. The scorecard is the mean of the known scores by weight, then the caps that hold, then
rounded (a half to the even number). `rapport explain ACCOUNT` shows every point of it, and the points add up.

**Confidence** is the share of the weight that rests on known, fresh data. Under the `floor` there is no score, and the band
is Unknown: too little is known, which is neither good nor bad. What was declared goes stale after `fresh_days` (the metric
`fresh_by` tells its age; undated is stale): it still counts in the score, being the best there is, but adds no confidence,
and `explain` says how old it is.

**Nothing on record.** An account with no contact, meeting, issue, Case, deal, contract, asset and plan is Unknown in every
scorecard, with confidence 0: "no activity or issue data". Its zeroes are no merit. One that has a contract or people and was
never talked to is neglected, not unknown, and is scored.

**Bands.** Green from {green}, amber from {amber}. From the band that was last written, an edge must be passed by {hysteresis},
so that bands do not flicker.

**Segments** let another scorecard stand in for some accounts, under the same name:

```toml
[scorecards.health_of_banks]            # is shown nowhere by itself
floor = 0.6
# measures and caps as in any scorecard

[segments.banks]
when = "industry = 'Banking'"           # over account columns, see rules.md
scorecards = {{ health = "health_of_banks" }}
```

The first segment whose condition is true wins. That order should never decide by accident: a segment to which earlier ones
leave nothing, and two that both take the same account, are errors as far as the conditions tell; `rapport doctor` counts
what only the data tell.
"""
_TIERS = """\
An org's own tiers can be held against it: `[quadrant] tier` names the account column, `tiers` the quadrants that fit each
tier, and the metric `tier_mismatch` is 1 where they do not."""
_PRESET = """\
## Preset internal-it

The accounts are departments and business units of one's own organisation (`[accounts] preset = "internal-it"`). Nothing is
sold to them: what tells growth is requests, adopted services and budget, what tells reach is units and services. Scorecards
that are not named here are the same as above.
"""


def scorecards_page(shelf: Catalogue) -> str:
    inside = catalogue.load({}, SOURCES, preset="internal-it")
    why = _comments((catalogue.BUILTIN / "scorecards.toml").read_text(encoding="utf-8"))
    why_inside = why | _comments(
        (catalogue.BUILTIN / "internal-it" / "scorecards.toml").read_text(encoding="utf-8")
    )
    edges = {name: _plain(getattr(shelf.bands, name)) for name in ("green", "amber", "hysteresis")}
    lines = [_INTRODUCTION.format(**edges)]
    for card in shelf.scorecards.values():
        lines += [*_card(shelf, card, why, "##"), ""]
    lines += [*_quadrant(shelf, why, "##"), "", _PRESET]
    for name, card in inside.scorecards.items():
        if card != shelf.scorecards.get(name):
            lines += [*_card(inside, card, why_inside, "###"), ""]
    if inside.quadrant != shelf.quadrant:
        lines += _quadrant(inside, why_inside, "###")
    return "\n".join(lines).rstrip() + "\n"


def _card(shelf: Catalogue, card: Scorecard, why: Mapping[tuple[str, str], str], mark: str) -> list[str]:
    path = f"scorecards.{card.name}"
    lines = [f"{mark} {card.label}", "", why.get((path, ""), ""), ""]
    if card.of:
        parts = [(shelf.scorecards[name].label, _plain(weight)) for name, weight in card.of.items()]
        return [*lines, *_rows(("scorecard", "weight"), parts)]
    measures = [
        (
            f"`{each.metric}`",
            _plain(each.weight),
            _curve(each.points),
            why.get((f"{path}.measures", each.metric), ""),
        )
        for each in card.measures
    ]
    lines += _rows(("metric", "weight", "value → score", "why"), measures)
    if card.caps:
        caps = [(each.name, f"`{each.when.text}`", _plain(each.at_most)) for each in card.caps]
        lines += ["", *_rows(("cap", "while", "at most"), caps)]
    return lines


def _quadrant(shelf: Catalogue, why: Mapping[tuple[str, str], str], mark: str) -> list[str]:
    shape = shelf.quadrant
    if shape is None:
        return []
    lines = [f"{mark} Quadrant", "", f"{shape.help} Each axis is high from {_plain(shape.high)} on.", ""]
    if mark == "##":
        lines += [_TIERS, ""]
    for name, axis in shape.axes.items():
        lines += [
            f"**{axis.label.capitalize()}.** {why.get((f'quadrant.{name}', ''), '')}",
            "",
            *_axis(axis),
            "",
        ]
    return lines[:-1]


def _axis(axis: Axis) -> list[str]:
    rows = [
        (
            f"{'scorecard ' if each.of_scorecard else ''}`{each.name}`",
            _plain(each.weight),
            _curve(each.points),
        )
        for each in axis.measures
    ]
    return _rows(("of", "weight", "value → score"), rows)


def _comments(text: str) -> dict[tuple[str, str], str]:
    """(path of a table, name of what it weighs or caps) -> the comment above it, as one paragraph."""
    found: dict[tuple[str, str], str] = {}
    above: list[str] = []
    path: str | None = None
    for line in text.splitlines():
        table, named = _TABLE.match(line), _NAMED.match(line)
        if line.startswith("#"):
            above.append(line.removeprefix("#").strip())
        elif table:
            path = table["path"]
            found[path, ""] = " ".join(above)
        elif named and path:
            found[path, named["name"]] = " ".join(above)
        if not line.strip():
            above = []
    return found


def _curve(points: Sequence[tuple[Decimal, Decimal]]) -> str:
    return ", ".join(f"{_plain(value)} → {_plain(score)}" for value, score in points)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    body = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]
