"""The quadrant of the raw catalogue: its two axes, and the tiers that it is compared with."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rules import catalogue_texts
from rules.catalogue_models import Axis, AxisMeasure, Metric, Quadrant
from rules.catalogue_scorecards import FLOOR, MOST_WEIGHT, points
from rules.catalogue_sections import Section, is_list, unknown_name
from rules.faults import Fault
from rules.quadrant import MISMATCH, NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rules.catalogue_models import History
    from rules.expressions import Type

HIGH = Decimal(50)
_MISMATCH_LABELS = {"de": "Einstufung passt nicht"}
STRAIGHT = ((Decimal(0), Decimal(0)), (Decimal(100), Decimal(100)))


def quadrant(
    section: Section, metrics: Mapping[str, Type], cards: Mapping[str, Section], columns: Mapping[str, Type]
) -> Quadrant | None:
    """None when a fault leaves no axis."""
    label, labels = catalogue_texts.label(section, "label", NAME)
    help_text = section.text("help", "") or ""
    high = section.decimal("high", least=0, most=100, default=HIGH)
    axes = [_axis(section, name, metrics, cards) for name in ("attractive", "able")]
    tier = section.text("tier")
    tiers = _tiers(section)
    if tier is not None and columns.get(tier) != "text":
        texts = [name for name, kind in columns.items() if kind == "text"]
        section.fault("tier", *unknown_name("account column of text", tier, texts))
    if tiers and tier is None:
        section.fault(
            "tiers", 'which account column holds the tier is missing: tier = "NAME", from [accounts.columns]'
        )
    if tier is not None and not tiers:
        section.fault("tier", "which quadrants fit which tier is missing: tiers = { A = [1, 2], B = [1, 3] }")
    section.finish()
    attractive, able = axes
    if attractive is None or able is None or high is None:
        return None
    return Quadrant(label, help_text, attractive, able, high, tier, tiers, labels)


def _axis(
    section: Section, name: str, metrics: Mapping[str, Type], cards: Mapping[str, Section]
) -> Axis | None:
    section.missing(name, f"this axis is missing: write [[{section.path}.{name}.measures]]")
    raw = section.value(name)
    if raw is None:
        return None
    axis = Section(f"{section.path}.{name}", raw, section.faults)
    label = axis.text("label", name) or name
    floor = axis.decimal("floor", least=0, most=1, default=FLOOR) or Decimal(0)
    found = [_measure(each, metrics, cards) for each in axis.sections("measures")]
    measures = tuple(each for each in found if each is not None)
    if not axis.has("measures"):
        axis.missing("measures", f"there is nothing to weigh: write [[{axis.path}.measures]]")
    names = [each.name for each in measures]
    for twice in sorted({each for each in names if names.count(each) > 1}):
        axis.fault("measures", f"{twice} stands here twice")
    axis.finish()
    return Axis(label, floor, measures)


def _measure(
    section: Section, metrics: Mapping[str, Type], cards: Mapping[str, Section]
) -> AxisMeasure | None:
    metric, card = section.text("metric"), section.text("scorecard")
    weight = section.decimal("weight", least=0, most=MOST_WEIGHT)
    section.missing("weight", "the weight is missing")
    if weight is not None and weight == 0:
        section.fault("weight", "a weight is more than 0; leave the measure out instead")
    if (metric is None) == (card is None):
        section.fault("", "a measure of an axis names either a metric or a scorecard")
    if metric is not None and metric not in metrics:
        section.fault("metric", *unknown_name("metric", metric, metrics))
    if card is not None and card not in cards:
        section.fault("scorecard", *unknown_name("scorecard", card, cards))
    curve = STRAIGHT if card is not None and not section.has("points") else points(section)
    section.finish()
    if weight is None or curve is None or (metric is None) == (card is None):
        return None
    return AxisMeasure(metric or card or "", card is not None, weight, curve)


def _tiers(section: Section) -> dict[str, tuple[int, ...]]:
    if not section.has("tiers"):
        return {}
    given = Section(f"{section.path}.tiers", section.value("tiers"), section.faults)
    tiers: dict[str, tuple[int, ...]] = {}
    for name in given.raw:
        fitting = given.value(name)
        if not is_list(fitting) or not fitting or any(each not in (1, 2, 3, 4) for each in fitting):
            given.fault(name, "these are the quadrants that fit the tier, out of 1, 2, 3 and 4: [1, 2]")
        else:
            tiers[name] = tuple(sorted({int(str(each)) for each in fitting}))
    return tiers


def late_metrics(shape: Quadrant, metrics: Mapping[str, Metric]) -> list[Metric]:
    """The metrics that a quadrant brings along."""
    behind = [
        metrics[each.name] for axis in shape.axes.values() for each in axis.measures if each.name in metrics
    ]
    history: History = "none" if any(each.history == "none" for each in behind) else "full"
    mismatch = (
        "1 where the tier of the account ([quadrant] tier and tiers) promises another quadrant than it is in, else 0. "
        "Unknown without a tier."
    )
    return [
        Metric(NAME, shape.label, shape.help, NAME, history, labels=shape.labels),
        Metric(
            MISMATCH, "tier does not fit", mismatch, "yes (1) or no (0)", history, labels=_MISMATCH_LABELS
        ),
    ]


def late_names(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """The quadrant, and the metrics that are made of it, in the order of `metrics` (each after what it is made of)."""
    late = {NAME, MISMATCH}
    for metric in metrics:
        if metric.expr is not None and metric.expr.columns & late:
            late.add(metric.name)
    return tuple(metric.name for metric in metrics if metric.name in late)


def no_loop(shape: Quadrant, late: Collection[str], faults: list[Fault]) -> None:
    """The quadrant cannot be made of what is made of it."""
    for name, axis in shape.axes.items():
        for place, each in enumerate(axis.measures):
            if not each.of_scorecard and each.name in late:
                message = f"{each.name} is worked out from the quadrant, so the quadrant cannot be made of it"
                faults.append(Fault(f"quadrant.{name}.measures[{place}].metric", message))
