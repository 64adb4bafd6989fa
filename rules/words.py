"""Numbers and conditions in the words that people read; one place, so that text, task and record agree."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.catalogue import Metric
    from rules.evidence import Record
    from rules.expressions import Clause

_SINGULAR = {
    "issues": "issue",
    "days": "day",
    "units": "unit",
    "people": "person",
    "moments": "moment",
    "projects": "project",
    "messages": "message",
    "hours": "hour",
    "business hours": "business hour",
}


def amount(value: float | None, unit: str) -> str:
    """A number without its unit: shares in percent, others with one decimal at most and none above 10."""
    if value is None:
        return "unknown"
    if unit == "share":
        return f"{_rounded(value * 100, 0)} %"
    return _rounded(value, 0 if abs(value) >= 10 else 1)


def number(value: float | None, unit: str) -> str:
    """A number with its unit: "19 business hours", "1 issue", "33 %", "unknown"."""
    text = amount(value, unit)
    if value is None or unit in ("share", ""):
        return text
    return f"{text} {_SINGULAR.get(unit, unit) if text == '1' else unit}"


def _rounded(value: float, places: int) -> str:
    exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    if exact == 0:
        return "0"
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def record(each: Record) -> str:
    """How a record is named beside a number: an issue by its key, anything else by its text."""
    return each.key if each.system == "jira" else each.text or each.key


def condition(
    parts: Sequence[Clause],
    states: Sequence[bool | None],
    facts: Mapping[str, float | None],
    metrics: Mapping[str, Metric],
    *,
    holds: bool,
) -> str:
    """Why a rule fires (the clauses that hold), or why it does not (those that are false), with the values."""
    told = [part for part, state in zip(parts, states, strict=True) if state is holds] or list(parts)
    return "; ".join(_clause(part, facts, metrics) for part in told)


def _clause(part: Clause, facts: Mapping[str, float | None], metrics: Mapping[str, Metric]) -> str:
    values = ", ".join(
        f"{metrics[name].label} {number(facts[name], metrics[name].unit)}"
        for name in sorted(part.columns)
        if name in metrics
    )
    return f"{values} ({part.text})" if values else part.text
