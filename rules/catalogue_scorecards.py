"""Scorecards and bands of the raw catalogue."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rules import catalogue_texts
from rules.catalogue_models import Bands, Cap, Measure, Scorecard
from rules.catalogue_sections import Section, as_decimal, is_list, is_number, unknown_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rules.expressions import Type
    from rules.faults import Fault

FLOOR = Decimal("0.5")
MOST_WEIGHT = 1000
MOST_POINTS = 50

Points = tuple[tuple[Decimal, Decimal], ...]


def scorecard(
    section: Section, metrics: Mapping[str, Type], cards: Mapping[str, Section]
) -> Scorecard | None:
    """One scorecard; None when a fault leaves nothing to score."""
    name = section.path.removeprefix("scorecards.")
    label, labels = catalogue_texts.label(section, "label", name.replace("_", " "))
    floor = section.decimal("floor", least=0, most=1, default=FLOOR) or Decimal(0)
    measures = [_measure(each, metrics) for each in section.sections("measures")]
    caps = [_cap(each, metrics) for each in section.sections("caps")]
    of = _parts(section, name, cards)
    if section.has("of") and measures:
        section.fault("of", "a scorecard weighs either metrics (measures) or other scorecards (of), not both")
    if not section.has("of") and not measures:
        section.missing("measures", f"there is nothing to score: write [[{section.path}.measures]]")
    _once(section, "measures", "metric", [each.metric for each in measures if each])
    _once(section, "caps", "cap", [each.name for each in caps if each])
    section.finish()
    return Scorecard(
        name=name,
        label=label,
        floor=floor,
        measures=tuple(each for each in measures if each),
        caps=tuple(each for each in caps if each),
        of=of,
        labels=labels,
    )


def not_of_scores(section: Section, card: Scorecard, late: Collection[str]) -> None:
    """A score that looked at what is made of scores could look at itself."""
    for place, measure in enumerate(card.measures):
        if measure.metric in late:
            section.fault(f"measures[{place}].metric", _OF_SCORES.format(measure.metric))
    for place, cap in enumerate(card.caps):
        for name in sorted(cap.when.columns & set(late)):
            section.fault(f"caps[{place}].when", _OF_SCORES.format(name))


_OF_SCORES = "{} is worked out from the scores, so no score can be made of it; use it in rules"


def bands(raw: object, faults: list[Fault]) -> Bands | None:
    section = Section("bands", raw, faults)
    before = len(faults)
    green = section.decimal("green", least=0, most=100)
    amber = section.decimal("amber", least=0, most=100)
    hysteresis = section.decimal("hysteresis", least=0, most=50)
    section.finish()
    if len(faults) > before or green is None or amber is None or hysteresis is None:
        return None
    if not amber < green:
        section.fault("amber", f"amber begins below green, so it is less than {green}")
    elif green - amber <= 2 * hysteresis:
        section.fault("hysteresis", "this leaves no room for amber between the two edges")
    return Bands(green, amber, hysteresis)


def _measure(section: Section, metrics: Mapping[str, Type]) -> Measure | None:
    name = section.text("metric")
    weight = section.decimal("weight", least=0, most=MOST_WEIGHT)
    curve = points(section)
    label = section.text("label")
    section.missing("metric", "the metric to be scored is missing")
    section.missing("weight", "the weight is missing")
    if name is not None and name not in metrics:
        section.fault("metric", *unknown_name("metric", name, metrics))
    if weight is not None and weight == 0:
        section.fault("weight", "a weight is more than 0; leave the measure out instead")
    section.finish()
    if name is None or weight is None or curve is None:
        return None
    return Measure(name, weight, curve, label)


def points(section: Section) -> Points | None:
    """The curve of a measure."""
    raw = section.value("points")
    shape = "points are pairs of value and score, values rising: [[0, 100], [14, 100], [90, 0]]"
    if not isinstance(raw, (list, tuple)):
        section.fault("points", shape)
        return None
    if not 2 <= len(raw) <= MOST_POINTS:
        section.fault("points", f"a curve has 2 to {MOST_POINTS} points, not {len(raw)}")
        return None
    found: list[tuple[Decimal, Decimal]] = []
    for place, pair in enumerate(raw):
        key = f"points[{place}]"
        if not is_list(pair) or len(pair) != 2 or not all(map(is_number, pair)):
            section.fault(key, shape)
            return None
        value, score = map(as_decimal, pair)
        if not 0 <= score <= 100:
            section.fault(key, f"a score is from 0 to 100, not {score}")
            return None
        if found and value <= found[-1][0]:
            section.fault(key, f"values rise from point to point, but {value} follows {found[-1][0]}")
            return None
        found.append((value, score))
    return tuple(found)


def _cap(section: Section, metrics: Mapping[str, Type]) -> Cap | None:
    # Metrics alone: a cap on a score that looked at scores could look at itself.
    when = section.expression("when", metrics, want="boolean", noun="metric")
    at_most = section.decimal("at_most", least=0, most=100)
    name = section.text("name", when.text if when else None)
    section.missing("when", "the condition of the cap is missing")
    section.missing("at_most", "the score that the cap allows is missing")
    section.finish()
    if when is None or at_most is None or name is None:
        return None
    return Cap(name, when, at_most)


def _parts(section: Section, name: str, cards: Mapping[str, Section]) -> dict[str, Decimal]:
    if not section.has("of"):
        return {}
    parts = Section(f"{section.path}.of", section.value("of"), section.faults)
    if not parts.raw:
        parts.fault("", "this is a table of scorecards and their weights: { health = 30, penetration = 20 }")
    weights = {}
    for other in parts.raw:
        weight = parts.decimal(other, least=0, most=MOST_WEIGHT)
        if other not in cards:
            parts.fault(other, *unknown_name("scorecard", other, cards))
        elif other == name:
            parts.fault(other, f"{name} is made of itself")
        elif "of" in cards[other].raw:
            parts.fault(other, f"{other} is made of scorecards itself; name those that are made of metrics")
        elif weight is not None and weight == 0:
            parts.fault(other, "a weight is more than 0; leave the scorecard out instead")
        elif weight is not None:
            weights[other] = weight
    return weights


def _once(section: Section, key: str, kind: str, names: list[str]) -> None:
    for name in {each for each in names if names.count(each) > 1}:
        section.fault(key, f"the {kind} {name} stands here twice")
