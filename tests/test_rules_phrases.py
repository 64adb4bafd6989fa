"""What Rapport itself says in each language, and how it writes numbers, days and units there."""

from __future__ import annotations

import re
from datetime import date, datetime
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import notation, phrases, words
from rules.notation import MONTHS, UNITS, day, moment, spoken_day
from rules.phrases import LANGUAGES, PHRASES, is_settled, say
from rules.words import Column


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize("key", PHRASES)
def test_every_phrase_is_there_in_every_language_and_takes_the_same_values(key):
    texts = PHRASES[key]
    assert tuple(texts) == LANGUAGES
    assert all(texts.values())
    assert len({tuple(places(text)) for text in texts.values()}) == 1


def test_what_is_lacking_is_said_in_every_language_by_the_same_names_and_figures():
    named = re.compile(r"\[\w+\] \w+|\w+__c|\d+ %")
    for language in LANGUAGES:
        told = {name: words.uncovered(name, language) for name in words.UNCOVERED}
        assert {name: sorted(named.findall(text)) for name, text in told.items()} == {
            name: sorted(named.findall(text)) for name, text in words.UNCOVERED.items()
        }
        assert language == "en" or not set(told.values()) & set(words.UNCOVERED.values())


def test_every_unit_and_month_is_there_in_every_language():
    assert {tuple(forms) for forms in UNITS.values()} == {LANGUAGES}
    assert {language: len(names) for language, names in MONTHS.items()} == dict.fromkeys(LANGUAGES, 12)


def test_who_reads_a_language_that_rapport_does_not_speak_gets_english():
    assert say("fr", "too_little") == say("en", "too_little") == "too little is known for a score"
    assert (day(date(2026, 11, 9), "fr"), words.number(1234.5, "money", "fr")) == ("2026-11-09", "1,234")
    assert words.number(1, "days", "xx") == "1 day"


def test_values_in_phrases_are_put_in_as_they_are():
    assert say("de", "why_you_manager", account="{account} {0}") == "Warum Sie: Sie betreuen {account} {0}."


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "days", "unbekannt"),
        (1, "issues", "1 Vorgang"),
        (0, "issues", "0 Vorgänge"),
        (2.25, "hours", "2,2 Stunden"),
        (0.145, "share", "14 %"),
        (1234567.5, "money", "1.234.568"),
        (9.456, "money", "9,46"),
        (1, "yes (1) or no (0)", "ja"),
        (2, "tickets", "2 tickets"),
    ],
)
def test_numbers_read_as_germans_write_them(value, unit, text):
    assert words.number(value, unit, "de") == text


@given(
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "share", "money", "days", "points"]),
)
def test_the_figure_is_the_same_in_every_language(value, unit):
    english = words.amount(value, unit)
    german = words.amount(value, unit, "de")
    swapped = german.translate(str.maketrans({",": ".", ".": ","}))
    assert english == ("unknown" if german == "unbekannt" else swapped)


def test_days_and_times_read_as_germans_write_them():
    assert day(date(2026, 11, 19), "de") == "19. Nov. 2026"
    assert day(date(2026, 3, 1), "en") == "2026-03-01"
    assert [spoken_day(date(2026, 3, 1), each) for each in ("en", "de")] == ["1 Mar 2026", "1. März 2026"]
    assert moment(datetime(2026, 11, 19, 9, 5), "de") == "19. Nov. 2026, 09:05"  # noqa: DTZ001  naive, as in the engine


def test_a_label_that_names_the_unit_in_its_own_language_does_not_repeat_it():
    assert (
        words.fact(Column("Tage seit dem letzten Kontakt", "days"), 35, "de")
        == "Tage seit dem letzten Kontakt: 35"
    )
    assert words.fact(Column("my days", "days"), 1.5, "de") == "my days: 1,5"
    assert words.fact(Column("Ampel Beziehung", ""), "amber", "de") == "Ampel Beziehung: gelb"


@pytest.mark.parametrize(("days", "text"), [(1, "1 Tag"), (56, "8 Wochen"), (60, "etwa 9 Wochen"), (365, "etwa ein Jahr")])  # fmt: skip
def test_a_stretch_of_time_reads_as_germans_say_it(days, text):
    assert words.span(days, "de") == text


@given(st.dates(), st.text(max_size=30))
def test_what_rapport_settled_is_known_in_every_language(when, reason):
    for language in LANGUAGES:
        assert is_settled(say(language, "settled", day=notation.day(when, language), reason=reason))


@pytest.mark.parametrize(
    "text", ["", "Settled", "Settled it with them: fine", "Erledigt am 19.11.2026: angerufen", "Not settled 2026-11-19: x"]
)  # fmt: skip
def test_what_a_person_wrote_is_not_taken_for_it(text):
    assert not is_settled(text)
    assert phrases.spoken("de") == "de"
