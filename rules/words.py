"""Numbers and conditions in the words that people read; one place, so that text, task and record agree."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from rules import deal_sources, service_sources, trends
from rules.templates import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.catalogue import Catalogue
    from rules.evidence import Evidence, Record
    from rules.expressions import Clause

# What it means that a part of the data is not there (the columns of models/coverage.sql).
UNCOVERED: Mapping[str, str] = {
    "contacts_logged": "nobody has logged a contact with any customer in 90 days",
    "jira": "there is no Jira, or it could not be read",
    "issues": "there is neither a Jira nor any Case in Salesforce, or they could not be read",
    "sides": "in no project of this account can a customer be told from us",
    "p1_priorities": "the site has none of the priorities in [jira] p1_priorities",
    "waiting_statuses": "the site has none of the statuses in [jira] waiting_statuses",
    "incident_types": "no issue is of a type in [jira] incident_types",
    "request_types": "no issue is of a type in [jira] request_types",
    "change_types": "no issue is of a type in [jira] change_types",
    "contacts": "contacts are not visible to the connected user",
    "emails": "under a fifth of the account managers have a visible sent e-mail in 90 days",
    "missed_calls": "direction or result of calls is not visible to the connected user",
    "event_types": "the type of events is not visible to the connected user",
    "titles": "no contact has a title, or titles are not visible to the connected user",
    **deal_sources.UNCOVERED,
    **service_sources.UNCOVERED,
}
NOTHING_ON_RECORD = "no activity or issue data"
TOO_LITTLE = "too little is known for a score"
NAMED = 5  # records named beside a number

_SINGULAR = {
    "issues": "issue",
    "days": "day",
    "weeks": "week",
    "units": "unit",
    "roles": "role",
    "offerings": "offering",
    "cells": "cell",
    "deals": "deal",
    "renewals": "renewal",
    "gaps": "gap",
    "times": "time",
    "cycles": "cycle",
    "requests": "request",
    "incidents": "incident",
    "people": "person",
    "moments": "moment",
    "projects": "project",
    "messages": "message",
    "meetings": "meeting",
    "visits": "visit",
    "e-mails": "e-mail",
    "calls": "call",
    "hours": "hour",
    "business hours": "business hour",
}
_SIGNS = {">": "over", ">=": "at least", "<": "under", "<=": "at most", "!=": "other than"}
_ROOM = Context(prec=400)  # digits of the largest double, so that none is too large to be written


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of rules is called, and in what it is counted."""

    label: str
    unit: str


def columns(catalogue: Catalogue) -> dict[str, Column]:
    """Everything that a condition may name: metrics, and what there is of each scorecard: score, band, how it moved."""
    found = {name: Column(metric.label, metric.unit) for name, metric in catalogue.metrics.items()}
    for name, card in catalogue.scorecards.items():
        found[f"{name}_score"] = Column(card.label, "points")
        found[f"{name}_band"] = Column(f"{card.label} band", "")
        for days in trends.HORIZONS:
            found[f"{name}_trend_{days}d"] = Column(f"{card.label} in {days} days", "points")
        found[f"{name}_days_in_band"] = Column(f"{card.label} in this band for", "days")
    return found


def amount(value: float | None, unit: str) -> str:
    """A number without its unit: shares in percent, others with one decimal at most and none above 10."""
    if value is None:
        return "unknown"
    exact = Decimal(repr(value))  # as it is written: 0.145 is 14.5 %, a hair less as a double
    if unit == "money":
        return _money(exact)
    if unit == "share":
        return f"{_rounded(exact * 100, 0)} %"
    return _rounded(exact, 0 if abs(exact) >= 10 else 1)


def number(value: float | None, unit: str) -> str:
    """A number with its unit: "19 business hours", "1 issue", "33 %", "unknown"."""
    text = amount(value, unit)
    if value is None or unit in ("share", "money", ""):
        return text
    if unit.startswith("yes "):
        return "yes" if value else "no"
    return f"{text} {_SINGULAR.get(unit, unit) if text == '1' else unit}"


def _rounded(exact: Decimal, places: int) -> str:
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, _ROOM)
    if rounded == 0:
        return "0"
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _money(exact: Decimal) -> str:
    """As people write amounts: whole from 10 up, thousands apart."""
    rounded = exact.quantize(Decimal(1) if abs(exact) >= 10 else Decimal("0.01"), ROUND_HALF_EVEN, _ROOM)
    return f"{rounded:,f}" if rounded else "0"


def fact(column: Column, value: float | str | None) -> str:
    """What is measured and what it is: "oldest unanswered question: 19 business hours", "open issues: 3"."""
    return f"{clean(column.label)}: {_shown(column, value)}"


def _shown(column: Column, value: float | str | None) -> str:
    if isinstance(value, str):
        return clean(value)
    said = set(column.label.lower().split())
    if column.unit != "share" and {column.unit, _SINGULAR.get(column.unit, column.unit)} & said:
        return amount(value, "")  # the label has named the unit
    return number(value, clean(column.unit))


def record(each: Record) -> str:
    """How a record is named beside a number: an issue by its key, anything else by its text."""
    return clean(each.key if each.system == "jira" else each.text or each.key)


def named(found: Evidence) -> str:
    """The first records behind a number, each name once: "ACME-412, ACME-398 and 3 more"."""
    told = list(dict.fromkeys(record(each) for each in found.records[:NAMED]))
    more = found.total - min(NAMED, len(found.records))
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def condition(
    parts: Sequence[Clause],
    states: Sequence[bool | None],
    facts: Mapping[str, float | str | None],
    known: Mapping[str, Column],
    *,
    holds: bool | None,
) -> str:
    """Why a rule fires (the parts that hold), why it does not (those that are false) or cannot tell (the unknown)."""
    told = [part for part, state in zip(parts, states, strict=True) if state is holds] or list(parts)
    # Whether something is known is no reason beside others: where it counts, the part that compares it tells it.
    reasons = [part for part in told if not _asks_null(part)] or told
    return "; ".join(_clause(part, facts, known, holds=holds) for part in reasons)


def _asks_null(part: Clause) -> bool:
    return part.comparison is not None and part.comparison.sign == "is null"


def _clause(
    part: Clause,
    facts: Mapping[str, float | str | None],
    known: Mapping[str, Column],
    *,
    holds: bool | None,
) -> str:
    values = ", ".join(fact(known[name], facts.get(name)) for name in part.columns if name in known)
    if holds is None or not values:
        return values or part.text
    compared = part.comparison
    if _asks_null(part):
        return values
    if compared is None or compared.column not in known:
        return f"{values} ({'' if holds else 'not '}{part.text})"
    if compared.sign == "=":
        return values if holds else f"{values}, not {_limit(compared.limit, known[compared.column])}"
    sign = f"{'' if holds else 'not '}{_SIGNS[compared.sign]}"
    return f"{values}, {sign} {_limit(compared.limit, known[compared.column])}"


def _limit(written: str, column: Column) -> str:
    if written.startswith("'"):
        return clean(written.strip("'"))
    return amount(float(written), column.unit)


def span(days: int) -> str:
    """A stretch of time as people say it: "10 days", "8 weeks", "about a year"."""
    if days >= 330:
        years = round(days / 365)
        return "about a year" if years == 1 else f"about {years} years"
    if days >= 14:
        weeks, rest = divmod(days, 7)
        return f"about {round(days / 7)} weeks" if rest else f"{weeks} weeks"
    return number(days, "days")
