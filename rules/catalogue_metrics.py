"""Metrics of the raw catalogue: rows of a source aggregated, or expressions over other metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from rules import catalogue_texts, deal_sources, manual_share, service_sources
from rules.catalogue_models import Aggregate, Empty, History, Metric, Never
from rules.catalogue_sections import options, unknown_name
from rules.expression_tokens import KEYWORDS
from rules.expressions import parse
from rules.faults import CatalogueError, Fault
from rules.sources import COVERAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.catalogue_sections import Section
    from rules.expressions import Expression, Type

# What a source rests on: without it, no row means unknown, not none. A metric need not say so itself.
SOURCE_REQUIRES = {
    "moments": ("contacts_logged",),
    "moment_people": ("contacts_logged",),
    "coming_meetings": ("contacts_logged",),
    "threads": ("contacts_logged", "contacts", "emails"),
    "missed_calls": ("contacts_logged", "missed_calls"),
    "contacts": ("contacts",),
    "issues": ("issues",),
    "comments": ("issues", "sides"),
    "responses": ("issues", "sides"),
    "steps": ("jira",),
    "projects": ("jira", "sides"),
    "org_units": ("contacts",),
    **deal_sources.REQUIRES,
    **service_sources.REQUIRES,
}
# A column that is false everywhere when the config names no value that the site knows.
COLUMN_REQUIRES = {
    ("issues", "p1"): "p1_priorities",
    **deal_sources.COLUMN_REQUIRES,
    **service_sources.COLUMN_REQUIRES,
}
RESERVED = {manual_share.NAME, "account", "account_id", "account_manager", "contact", "due", *KEYWORDS}
MOST_FRESH_DAYS = 3660
# What the words of `whatif` may name: the records and people behind the number, and the number before and after.
WHATIF_COLUMNS: Mapping[str, Type] = dict.fromkeys(
    ("records", "people", "value", "target", "less", "more"), "text"
)
ROWS_ONLY = ("where", "value", "order", "aggregate", "quantile", "empty", "never")


def metric(
    section: Section, sources: Mapping[str, Mapping[str, Type]], metrics: Mapping[str, Type]
) -> Metric | None:
    """One metric; None when a fault leaves nothing to work with."""
    name = section.path.removeprefix("metrics.")
    if name in RESERVED:
        section.fault("", f'"{name}" has a meaning of its own; choose another name for the metric')
    label, labels = catalogue_texts.label(section, "label", name.replace("_", " "))
    help_text = section.text("help", "") or ""
    unit = section.text("unit", "") or ""
    history = cast("History", section.choice("history", options(History), "full"))
    ageing = section.flag("ageing", default=False)
    requires = _requires(section)
    fresh_by, fresh_days = _fresh(section, metrics)
    fixed = section.value("whatif") is False
    expr = section.expression("expr", metrics, want="number", noun="metric")
    base = Metric(
        name=name,
        label=label,
        help=help_text,
        unit=unit,
        expr=expr,
        requires=requires,
        history=history,
        ageing=ageing,
        fresh_by=fresh_by,
        fresh_days=fresh_days,
        whatif=None if fixed else section.template("whatif", WHATIF_COLUMNS),
        fixed=fixed,
        labels=labels,
    )
    found = _of_expression(section, base) if section.has("expr") else _of_rows(section, base, sources)
    section.finish()
    return found


def _requires(section: Section) -> tuple[str, ...]:
    known = []
    for name in section.texts("requires"):
        if name in COVERAGE:
            known.append(name)
        else:
            section.fault("requires", *unknown_name("coverage", name, COVERAGE))
    return tuple(known)


def _fresh(section: Section, metrics: Mapping[str, Type]) -> tuple[str | None, int | None]:
    """The metric that tells how old what this one rests on is, and the days for which that is fresh."""
    by = section.text("fresh_by")
    days = section.decimal("fresh_days", least=1, most=MOST_FRESH_DAYS)
    if by is not None and by not in metrics:
        section.fault("fresh_by", *unknown_name("metric", by, metrics))
        return None, None
    if by is not None and not section.has("fresh_days"):
        section.fault("fresh_by", "for how many days it is fresh is missing: fresh_days = 180")
    if days is not None and not section.has("fresh_by"):
        section.fault(
            "fresh_days", 'which metric tells the age in days is missing: fresh_by = "csat_age_days"'
        )
    if days is not None and days != int(days):
        section.fault("fresh_days", f"this is a whole number of days, not {days}")
    return (by, int(days)) if by is not None and days is not None else (None, None)


def _of_expression(section: Section, base: Metric) -> Metric | None:
    for key in ("source", *ROWS_ONLY):
        if section.has(key):
            section.fault(
                key, "a metric with expr is made of other metrics and reads no rows; drop one of the two"
            )
    if base.expr is not None and base.name in base.expr.columns:
        section.fault("expr", f"{base.name} is made of itself")
        return None
    return base if base.expr is not None else None


def _of_rows(section: Section, base: Metric, sources: Mapping[str, Mapping[str, Type]]) -> Metric | None:
    source = section.text("source")
    aggregate = cast("Aggregate | None", section.choice("aggregate", options(Aggregate)))
    quantile = section.decimal("quantile", least=0, most=1)
    never = cast("Never | None", section.choice("never", options(Never)))
    if source is None:
        section.missing("source", "a metric needs a source with an aggregate, or an expr over other metrics")
    elif source not in sources:
        section.fault("source", *unknown_name("source", source, sources))
    if aggregate is None:
        section.missing(
            "aggregate", f"how rows become one number is missing: {', '.join(options(Aggregate))}"
        )
    empty = _empty(section, aggregate)
    if source not in sources or source is None or aggregate is None:
        for key in ("where", "value", "order"):
            section.has(key)
        return None
    columns = sources[source]
    where = section.expression("where", columns, want="boolean")
    value = _value(section, columns, aggregate)
    order = _order(section, columns, aggregate)
    _check_quantile(section, aggregate, quantile is not None)
    if never is not None and empty == "zero":
        section.fault(
            "never", "an account without rows is either 0 (empty) or as old as it is (never), not both"
        )
    used = {each for found in (where, value, order) if found is not None for each in found.columns}
    own = [COLUMN_REQUIRES[source, column] for column in sorted(used) if (source, column) in COLUMN_REQUIRES]
    return replace(
        base,
        source=source,
        where=where,
        value=value,
        order=order,
        aggregate=aggregate,
        quantile=None if quantile is None else float(quantile),
        empty=empty,
        never=never,
        requires=tuple(dict.fromkeys([*SOURCE_REQUIRES.get(source, ()), *own, *base.requires])),
    )


def _empty(section: Section, aggregate: Aggregate | None) -> Empty:
    default: Empty = "zero" if aggregate in {"count", "sum", "count_distinct"} else "null"
    value = section.value("empty")
    match value:
        case None:
            return default
        case "zero":
            return "zero"
        case "null":
            return "null"
        case int() if value == 0 and not isinstance(value, bool):
            return "zero"
    section.fault("empty", 'what no row means is 0 or "null"')
    return default


def _value(section: Section, columns: Mapping[str, Type], aggregate: Aggregate) -> Expression | None:
    if aggregate == "count":
        if section.has("value"):
            section.fault("value", "count counts rows; say which in where, or use count_distinct for values")
        return None
    section.missing(
        "value", f"what {aggregate} is taken of is missing: a column, or an expression over columns"
    )
    value = section.expression("value", columns, want=None)
    if value is None or aggregate == "count_distinct" or value.type == "number":
        return value
    if value.type == "boolean":
        # true and false enter as 1 and 0, so that an average of them is a share
        try:
            return parse(f"if({value.text}, 1, 0)", columns, path=f"{section.path}.value")
        except CatalogueError as error:
            section.faults.extend(replace(fault, text=None, column=None) for fault in error.faults)
            return None
    section.fault("value", f"{aggregate} is taken of numbers, or of true and false; this is a {value.type}")
    return None


def _order(section: Section, columns: Mapping[str, Type], aggregate: Aggregate) -> Expression | None:
    if aggregate != "latest":
        if section.has("order"):
            section.fault("order", f"order says which row is the latest; {aggregate} needs none")
        return None
    section.missing("order", "latest needs order: the column whose largest value is the latest row")
    order = section.expression("order", columns, want=None)
    if order is not None and order.type in {"text", "boolean"}:
        section.fault("order", f"rows are ordered by a number, a date or a time, not by {order.type}")
        return None
    return order


def _check_quantile(section: Section, aggregate: Aggregate, given: bool) -> None:
    if aggregate == "quantile":
        section.missing("quantile", "which quantile is missing: 0.9 is the value that nine of ten stay under")
    elif given:
        section.fault("quantile", f"quantile belongs to the aggregate quantile, not to {aggregate}")


def in_order(metrics: Mapping[str, Metric], faults: list[Fault]) -> dict[str, Metric]:
    """Every metric after those it is made of; loops are faults and left out."""
    ordered: dict[str, Metric] = {}
    waiting = dict(metrics)
    while waiting:
        ready = [
            name
            for name, each in waiting.items()
            if each.expr is None or not (each.expr.columns & waiting.keys())
        ]
        if not ready:
            loop = _loop(waiting)
            message = f"these metrics are made of each other: {' → '.join([*loop, loop[0]])}"
            faults.append(Fault(f"metrics.{loop[0]}.expr", message))
            return ordered
        for name in ready:
            ordered[name] = waiting.pop(name)
    return ordered


def _loop(waiting: Mapping[str, Metric]) -> list[str]:
    path = [next(iter(waiting))]
    while True:
        expr = waiting[path[-1]].expr
        following = min((expr.columns if expr else set()) & waiting.keys())
        if following in path:
            return path[path.index(following) :]
        path.append(following)
