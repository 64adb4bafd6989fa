"""Numbers, facts and conditions as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import words
from rules.evidence import Evidence, Record
from rules.expressions import clauses, parse
from rules.words import Column

KNOWN = {
    "wait": Column("oldest unanswered question", "business hours"),
    "days_since_contact": Column("days since contact", "days"),
    "open_p1": Column("open top-priority issues", "issues"),
    "coverage": Column("share of units engaged", "share"),
    "health_score": Column("Health", "points"),
    "health_band": Column("Health band", ""),
}
TYPES = dict.fromkeys(KNOWN, "number") | {"health_band": "text"}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "days", "unknown"),
        (0, "issues", "0 issues"),
        (-0.0, "issues", "0 issues"),
        (-0.04, "hours", "0 hours"),
        (1, "issues", "1 issue"),
        (1.04, "business hours", "1 business hour"),
        (1.0, "people", "1 person"),
        (2, "tickets", "2 tickets"),
        (2.25, "hours", "2.2 hours"),
        (9.96, "days", "10 days"),
        (10.5, "days", "10 days"),
        (11.5, "days", "12 days"),
        (19.3, "business hours", "19 business hours"),
        (0.145, "share", "14 %"),
        (0.155, "share", "16 %"),
        (1, "share", "100 %"),
        (1.5, "", "1.5"),
        (-12.4, "points", "-12 points"),
        (1e300, "", "1" + "0" * 300),
        (1234567.5, "money", "1,234,568"),
        (9.456, "money", "9.46"),
        (-0.001, "money", "0"),
        (1, "yes (1) or no (0)", "yes"),
        (0, "yes (1) or no (0)", "no"),
    ],
)
def test_a_number_is_as_exact_as_people_say_it(value, unit, text):
    assert words.number(value, unit) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "share", "days"]))
def test_every_finite_number_can_be_said(value, unit):
    assert words.number(value, unit)
    assert not words.amount(value, unit).startswith("-0 ")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("wait", 19.2, "oldest unanswered question: 19 business hours"),
        ("days_since_contact", 34, "days since contact: 34"),
        ("open_p1", 1, "open top-priority issues: 1"),
        ("coverage", 0.25, "share of units engaged: 25 %"),
        ("coverage", None, "share of units engaged: unknown"),
        ("health_band", "red", "Health band: red"),
        ("health_score", 52, "Health: 52 points"),
    ],
)
def test_a_fact_names_its_unit_once(name, value, text):
    assert words.fact(KNOWN[name], value) == text


@pytest.mark.parametrize(
    ("when", "facts", "holds", "text"),
    [
        ("wait > 8", {"wait": 19}, True, "oldest unanswered question: 19 business hours, over 8"),
        ("wait > 8", {"wait": 3.5}, False, "oldest unanswered question: 3.5 business hours, not over 8"),
        ("wait > 8", {"wait": None}, None, "oldest unanswered question: unknown"),
        ("8 < wait", {"wait": 19}, True, "oldest unanswered question: 19 business hours, over 8"),
        ("coverage < 0.5", {"coverage": 0.25}, True, "share of units engaged: 25 %, under 50 %"),
        ("coverage >= 0.5", {"coverage": 0.25}, False, "share of units engaged: 25 %, not at least 50 %"),
        ("open_p1 = 0", {"open_p1": 0}, True, "open top-priority issues: 0"),
        ("open_p1 = 0", {"open_p1": 2}, False, "open top-priority issues: 2, not 0"),
        ("health_band = 'red'", {"health_band": "red"}, True, "Health band: red"),
        ("health_band = 'red'", {"health_band": "amber"}, False, "Health band: amber, not red"),
        ("health_band != 'green'", {"health_band": "red"}, True, "Health band: red, other than green"),
        (
            "wait > 8 and days_since_contact > 30",
            {"wait": 3, "days_since_contact": 40},
            False,
            "oldest unanswered question: 3 business hours, not over 8",
        ),
        (
            "wait > 8 or days_since_contact > 30",
            {"wait": 3, "days_since_contact": 40},
            True,
            "days since contact: 40, over 30",
        ),
        (
            "wait > 8 or days_since_contact > 30",
            {"wait": 3, "days_since_contact": 4},
            False,
            "oldest unanswered question: 3 business hours, not over 8; days since contact: 4, not over 30",
        ),
        (
            "open_p1 * 2 > days_since_contact",
            {"open_p1": 2, "days_since_contact": 1},
            True,
            "open top-priority issues: 2, days since contact: 1 (open_p1 * 2 > days_since_contact)",
        ),
        (
            "open_p1 > 0 and (wait is null or wait > 8)",
            {"open_p1": 1, "wait": None},
            True,
            "open top-priority issues: 1, over 0",
        ),
        (
            "wait is null or wait > 8",
            {"wait": 3},
            False,
            "oldest unanswered question: 3 business hours, not over 8",
        ),
        ("wait is null", {"wait": None}, True, "oldest unanswered question: unknown"),
    ],
)
def test_a_condition_is_told_by_the_parts_that_decide(when, facts, holds, text):
    parts = clauses(parse(when, TYPES, path="rules.x.when"))
    states = [_state(part.text, facts) for part in parts]
    assert words.condition(parts, states, facts, KNOWN, holds=holds) == text


def _state(text: str, facts: dict) -> bool | None:
    """The part's truth, by Python's own arithmetic."""
    if text.endswith("is null"):
        return facts[text.split(maxsplit=1)[0]] is None
    if any(facts.get(name) is None for name in text.split() if name in TYPES):
        return None
    return bool(eval(text.replace(" = ", " == ").replace("<>", "!="), {}, dict(facts)))


def _record(key: str, text: str | None = None, system: str = "salesforce") -> Record:
    return Record(system, key, key, text, 1.0)


@pytest.mark.parametrize(
    ("records", "total", "text"),
    [
        ([], 0, ""),
        ([_record("ACME-1", "Secret title", "jira")], 1, "ACME-1"),
        ([_record("001A", "Purchasing")], 1, "Purchasing"),
        ([_record("001A")], 1, "001A"),
        ([_record(str(n), "Dana") for n in range(3)], 3, "Dana"),
        ([_record(f"A-{n}", None, "jira") for n in range(20)], 31, "A-0, A-1, A-2, A-3, A-4 and 26 more"),
        ([_record("1", "a\u202eb\x00c\r\nd\te\u2066")], 1, "abc d e"),
    ],
)
def test_records_are_named_by_key_or_text_and_never_by_the_title_of_an_issue(records, total, text):
    assert words.named(Evidence(tuple(records), total)) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(1, "1 day"), (10, "10 days"), (14, "2 weeks"), (56, "8 weeks"), (100, "about 14 weeks"), (368, "about a year"),
     (730, "about 2 years")],
)  # fmt: skip
def test_a_stretch_of_time_is_said_as_people_say_it(days, text):
    assert words.span(days) == text


def test_labels_of_a_config_bring_no_marks_that_turn_the_line():
    column = Column("evil\u202e\nlabel", "un\u2066its")
    assert words.fact(column, 3) == "evil label: 3 units"
