"""Numbers and conditions in the words that people read; one place, so that text, task and record agree."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from rules import coverage_phrases, deal_sources, notation, service_sources, trends
from rules.phrases import ENGLISH, say
from rules.templates import clean, plain

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
NOTHING_ON_RECORD = say(ENGLISH, "nothing_on_record")
TOO_LITTLE = say(ENGLISH, "too_little")
NAMED = 5  # records named beside a number

_SIGNS = {">": "over", ">=": "at_least", "<": "under", "<=": "at_most", "!=": "other_than"}  # keys of phrases
_BANDS = ("green", "amber", "red")
_ROOM = Context(prec=400)  # digits of the largest double, so that none is too large to be written


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of rules is called, and in what it is counted."""

    label: str
    unit: str


def uncovered(name: str, language: str = ENGLISH) -> str:
    """What it means that this part of the data (a name in UNCOVERED) is not there."""
    return coverage_phrases.UNCOVERED.get(language, UNCOVERED).get(name, UNCOVERED[name])


def columns(catalogue: Catalogue, language: str = ENGLISH) -> dict[str, Column]:
    """Everything that a condition may name: metrics, and what there is of each scorecard: score, band, how it moved."""
    found = {
        name: Column(metric.label_in(language), metric.unit) for name, metric in catalogue.metrics.items()
    }
    for name, card in catalogue.scorecards.items():
        label = card.label_in(language)
        found[f"{name}_score"] = Column(label, "points")
        found[f"{name}_band"] = Column(say(language, "band_of", card=label), "")
        for days in trends.HORIZONS:
            found[f"{name}_trend_{days}d"] = Column(
                say(language, "moved_in", card=label, days=days), "points"
            )
        found[f"{name}_days_in_band"] = Column(say(language, "in_band_for", card=label), "days")
    return found


def amount(value: float | None, unit: str, language: str = ENGLISH) -> str:
    """A number without its unit: shares in percent, others with one decimal at most and none above 10."""
    if value is None:
        return say(language, "unknown")
    exact = Decimal(repr(value))  # as it is written: 0.145 is 14.5 %, a hair less as a double
    if unit == "money":
        text = _money(exact)
    elif unit == "share":
        text = f"{_rounded(exact * 100, 0)} %"
    else:
        text = _rounded(exact, 0 if abs(exact) >= 10 else 1)
    return notation.figure(text, language)


def number(value: float | None, unit: str, language: str = ENGLISH) -> str:
    """A number with its unit: "19 business hours", "1 issue", "33 %", "unknown"."""
    text = amount(value, unit, language)
    if value is None or unit in ("share", "money", ""):
        return text
    if unit.startswith("yes "):
        return say(language, "yes" if value else "no")
    return f"{text} {notation.unit_word(unit, language, one=text == '1')}"


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


def fact(column: Column, value: float | str | None, language: str = ENGLISH) -> str:
    """What is measured and what it is: "oldest unanswered question: 19 business hours", "open issues: 3"."""
    return f"{clean(column.label)}: {_shown(column, value, language)}"


def _shown(column: Column, value: float | str | None, language: str) -> str:
    if isinstance(value, str):
        return say(language, value) if value in _BANDS else plain(value)
    said = set(column.label.lower().split())
    if column.unit != "share" and notation.unit_forms(column.unit) & said:
        return amount(value, "", language)  # the label has named the unit
    return number(value, clean(column.unit), language)


def record(each: Record) -> str:
    """How a record is named beside a number: an issue by its key, anything else by its text."""
    return plain(each.key if each.system == "jira" else each.text or each.key)


def named(found: Evidence, language: str = ENGLISH) -> str:
    """The first records behind a number, each name once: "ACME-412, ACME-398 and 3 more"."""
    told = list(dict.fromkeys(record(each) for each in found.records[:NAMED]))
    more = found.total - min(NAMED, len(found.records))
    names = ", ".join(told)
    return say(language, "and_more", names=names, count=more) if more > 0 else names


def condition(
    parts: Sequence[Clause],
    states: Sequence[bool | None],
    facts: Mapping[str, float | str | None],
    known: Mapping[str, Column],
    *,
    holds: bool | None,
    language: str = ENGLISH,
) -> str:
    """Why a rule fires (the parts that hold), why it does not (those that are false) or cannot tell (the unknown)."""
    told = [part for part, state in zip(parts, states, strict=True) if state is holds] or list(parts)
    # Whether something is known is no reason beside others: where it counts, the part that compares it tells it.
    reasons = [part for part in told if not _asks_null(part)] or told
    return "; ".join(_clause(part, facts, known, language, holds=holds) for part in reasons)


def _asks_null(part: Clause) -> bool:
    return part.comparison is not None and part.comparison.sign == "is null"


def _clause(
    part: Clause,
    facts: Mapping[str, float | str | None],
    known: Mapping[str, Column],
    language: str,
    *,
    holds: bool | None,
) -> str:
    values = ", ".join(fact(known[name], facts.get(name), language) for name in part.columns if name in known)
    if holds is None or not values:
        return values or part.text
    compared = part.comparison
    if _asks_null(part):
        return values
    if compared is None or compared.column not in known:
        return f"{values} ({_or_not(part.text, language, holds=holds)})"
    limit = _limit(compared.limit, known[compared.column], language)
    if compared.sign == "=":
        return values if holds else f"{values}, {say(language, 'not', condition=limit)}"
    return f"{values}, {_or_not(say(language, _SIGNS[compared.sign], limit=limit), language, holds=holds)}"


def _or_not(condition: str, language: str, *, holds: bool) -> str:
    return condition if holds else say(language, "not", condition=condition)


def _limit(written: str, column: Column, language: str) -> str:
    if written.startswith("'"):
        text = written.strip("'")
        return say(language, text) if text in _BANDS else clean(text)
    return amount(float(written), column.unit, language)


def span(days: int, language: str = ENGLISH) -> str:
    """A stretch of time as people say it: "10 days", "8 weeks", "about a year"."""
    if days >= 330:
        years = round(days / 365)
        return say(language, "about_a_year") if years == 1 else say(language, "about_years", count=years)
    if days >= 14:
        weeks, rest = divmod(days, 7)
        if rest:
            return say(language, "about_weeks", count=round(days / 7))
        return f"{weeks} {notation.unit_word('weeks', language, one=False)}"
    return number(days, "days", language)
