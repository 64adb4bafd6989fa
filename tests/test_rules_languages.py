"""Texts of the catalogue in several languages: how they are written, merged and refused, and what ships in German."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalogue import CatalogueError, load
from rules.phrases import LANGUAGES
from rules.sources import SOURCES
from rules.templates import compile_template, render, to_sql

PRESETS = ("vendor", "internal-it")
OTHERS = [language for language in LANGUAGES if language != "en"]
RULE = '[rules.mine]\nwhen = "open_issues > 1"\nkind = "fix"\n'


def loaded(text: str, preset: str = "vendor"):
    return load(tomllib.loads(text, parse_float=Decimal), SOURCES, preset=preset)


def faults(text: str) -> dict[str, tuple[str, str | None]]:
    with pytest.raises(CatalogueError) as caught:
        loaded(text)
    return {each.path: (each.message, each.suggestion) for each in caught.value.faults}


SHIPPED = {name: loaded("", name) for name in PRESETS}


# -- what ships ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("language", OTHERS)
def test_every_rule_says_the_same_in_every_language(preset, language):
    for rule in SHIPPED[preset].rules.values():
        for english, other, length in (
            (rule.subject, rule.subjects[language], 200),
            (rule.description, rule.descriptions[language], 1000),
        ):
            assert other.columns == english.columns, rule.name
            assert other.text != english.text
            assert len(other.text) < length
            assert other.text.strip() == other.text or other is rule.descriptions[language]
        assert "{account}" in rule.subjects[language].text


@pytest.mark.parametrize("preset", PRESETS)
def test_german_tasks_say_what_closes_them_and_leave_how_to_refuse_them_to_rapport(preset):
    for rule in SHIPPED[preset].rules.values():
        assert "Diese Aufgabe schließt sich von selbst, sobald" in rule.descriptions["de"].text
        assert "Nicht hilfreich?" not in rule.descriptions["de"].text


def test_the_german_words_for_departments_sell_them_nothing():
    for rule in SHIPPED["internal-it"].rules.values():
        text = f"{rule.subjects['de'].text} {rule.descriptions['de'].text}".lower()
        assert not re.search(r"\b(kunde\w*|deals?|umsatz|lieferant\w*)\b", text), rule.name


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("language", OTHERS)
def test_every_metric_and_scorecard_has_a_name_of_its_own_in_every_language(preset, language):
    shelf = SHIPPED[preset]
    names = {name: each.labels[language] for name, each in shelf.metrics.items()}
    alike = ("oldest_unanswered_hours", "oldest_unanswered_business_hours")  # alike in English, too
    assert len({each for name, each in names.items() if name != alike[0]}) == len(names) - 1
    assert names[alike[0]] == names[alike[1]]
    assert len({each.labels[language] for each in shelf.scorecards.values()}) == len(shelf.scorecards)


# -- how they are written and merged -------------------------------------------------------------------------------------


def test_a_text_is_english_or_a_table_by_language():
    rule = loaded(RULE + 'subject.en = "Call"\nsubject.fr = "Appeler {account}"\ndescription = "Do"\n').rules[
        "mine"
    ]
    told = {each: rule.subject_in(each).text for each in ("en", "fr", "de")}
    assert told == {"en": "Call", "fr": "Appeler {account}", "de": "Call"}
    assert rule.description_in("fr").text == "Do"
    assert loaded(RULE + 'subject = "Call"\n').rules["mine"].subjects == {}


def test_one_language_of_a_shipped_rule_is_changed_alone():
    rule = loaded('rules.call_back.subject.de = "{account} anrufen"').rules["call_back"]
    before = SHIPPED["vendor"].rules["call_back"]
    assert (rule.subject, rule.subjects["de"].text) == (before.subject, "{account} anrufen")
    assert (rule.description, rule.descriptions) == (before.description, before.descriptions)


@pytest.mark.parametrize("written", ['subject = "Ring {account}"', 'subject.en = "Ring {account}"'])
def test_who_takes_back_the_english_leaves_no_other_language_behind(written):
    rule = loaded(f"[rules.call_back]\n{written}\n").rules["call_back"]
    assert (rule.subject_in("de").text, rule.subjects) == ("Ring {account}", {})
    assert rule.descriptions == SHIPPED["vendor"].rules["call_back"].descriptions  # that text still holds
    own = loaded(f'[rules.call_back]\n{written.replace("subject =", "subject.en =")}\nsubject.de = "Los"\n')
    assert own.rules["call_back"].subject_in("de").text == "Los"


def test_who_repeats_the_english_of_a_shipped_rule_keeps_its_other_languages():
    shipped = SHIPPED["vendor"].rules["call_back"]
    for written in ("subject", "subject.en"):
        rule = loaded(f'[rules.call_back]\n{written} = "{shipped.subject.text}"\n').rules["call_back"]
        assert rule.subjects == shipped.subjects


def test_what_a_preset_says_in_english_takes_the_german_of_vendors_back():
    vendor, inside = (SHIPPED[each].rules["re_engage"] for each in PRESETS)
    assert vendor.descriptions["de"] != inside.descriptions["de"]
    assert vendor.subjects == inside.subjects
    both = loaded('rules.re_engage.description = "Call them."', "internal-it").rules["re_engage"]
    assert both.description_in("de").text == "Call them."


def test_names_of_metrics_scorecards_and_the_quadrant_have_languages_too():
    shelf = loaded(
        """
        [metrics.open_issues]
        label.de = "offene Tickets"
        [metrics.mine]
        source = "issues"
        aggregate = "count"
        label.en = "my issues"
        label.de = "meine Vorgänge"
        [scorecards.health]
        label = "Wellbeing"
        [quadrant]
        label.de = "Feld"
        """
    )
    told = {
        name: (shelf.metrics[name].label, shelf.metrics[name].label_in("de"))
        for name in ("open_issues", "mine", "quadrant")
    }
    assert told == {
        "open_issues": ("open issues", "offene Tickets"),
        "mine": ("my issues", "meine Vorgänge"),
        "quadrant": ("quadrant", "Feld"),
    }
    assert shelf.scorecards["health"].label_in("de") == "Wellbeing"


def test_words_in_another_language_make_another_plan_but_no_other_scores():
    plain, told = loaded(""), loaded('metrics.open_issues.label.de = "Tickets"')
    assert (plain.digest == told.digest, plain.scores_digest == told.scores_digest) == (False, True)
    assert loaded('rules.call_back.subject.de = "Los"').digest != plain.digest


# -- what is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [("DE", "de"), ("de_AT", "de"), ("de-AT", "de"), ("german", "de"), ("Englisch", "en"), ("x", None), ("ger", "de")],
)  # fmt: skip
def test_a_language_is_named_by_two_small_letters(key, suggestion):
    found = faults(f'{RULE}subject.en = "Call"\nsubject."{key}" = "x"\n')
    assert found == {
        f"rules.mine.subject.{key}": ("a language is named by two small letters: subject.de", suggestion)
    }


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (RULE + 'subject.de = "Los"\n', "rules.mine.subject.en", "the English text is missing"),
        (RULE + "subject = {}\n", "rules.mine.subject.en", "the English text is missing"),
        (RULE + 'subject.en = "Call"\nsubject.de = "Ruf {acount}"\n', "rules.mine.subject.de", 'unknown column "acount"'),
        (RULE + 'subject.en = "Call"\nsubject.de = ""\n', "rules.mine.subject.de", "is empty"),
        (RULE + 'subject.en = "Call"\nsubject.de = "a\\nb"\n', "rules.mine.subject.de", "one line"),
        (RULE + 'subject.en = "Call"\nsubject.de = 5\n', "rules.mine.subject.de", "text in quotes"),
        (RULE + "subject = 5\n", "rules.mine.subject", "text in quotes, not 5"),
        ('rules.call_back.description.de = "{nothing"', "rules.call_back.description.de", "a lone {"),
        ('metrics.open_issues.label.deutsch = "Los"', "metrics.open_issues.label.deutsch", "two small letters"),
        ('metrics.open_issues.help.de = "Los"', "metrics.open_issues.help", "text in quotes, not a table"),
        ('quadrant.able.label.de = "kann"', "quadrant.able.label", "text in quotes, not a table"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_one_language_is_said_where_it_stands(text, path, words):
    found = faults(text)
    assert list(found) == [path]
    assert words in found[path][0]


# -- how numbers and days stand in them ----------------------------------------------------------------------------------

COLUMNS = {"n": "number", "account": "text", "ok": "boolean", "due": "date", "at": "timestamp"}
TYPES = {"n": "DOUBLE", "account": "VARCHAR", "ok": "BOOLEAN", "due": "DATE", "at": "TIMESTAMP"}
TEXT = compile_template("{account}: {n} am {due}, '{ok}' \\ {at}", COLUMNS, path="here")


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 1}) as connection:
        yield connection


def test_a_german_text_has_a_decimal_comma_and_the_months_of_germans():
    values = {
        "n": 2.25,
        "account": "A, B.C 1.5",
        "ok": True,
        "due": date(2026, 3, 1),
        "at": datetime(2026, 11, 19, 9, 5, tzinfo=UTC).replace(
            tzinfo=None
        ),  # inside the engine, times are naive UTC
    }
    assert (
        render(TEXT, values, language="de") == "A, B.C 1.5: 2,2 am 1. März 2026, 'ja' \\ 19. Nov. 2026, 09:05"
    )
    assert render(TEXT, {}, language="de") == "–: – am –, '–' \\ –"
    assert render(TEXT, values, language="fr") == render(TEXT, values)


@settings(max_examples=150, deadline=None)
@given(
    n=st.none() | st.floats() | st.integers(-(10**6), 10**6).map(lambda n: n / 1000),
    account=st.none() | st.text(max_size=20),
    ok=st.sampled_from([None, True, False]),
    due=st.none() | st.dates(),
    at=st.none() | st.datetimes(),
    language=st.sampled_from([*LANGUAGES, "fr"]),
)
def test_sql_and_python_write_the_same_words_in_every_language(engine, n, account, ok, due, at, language):
    values = {"n": n, "account": account, "ok": ok, "due": due, "at": at}
    row = ", ".join(f'CAST(? AS {TYPES[name]}) AS "{name}"' for name in COLUMNS)
    query = f"SELECT {to_sql(TEXT, 'duckdb', language=language)} FROM (SELECT {row})"
    assert engine.execute(query, list(values.values())).fetchone()[0] == render(
        TEXT, values, language=language
    )


def test_spark_has_forms_of_its_own_for_other_languages():
    sql = to_sql(TEXT, "spark", language="de")
    assert "TRANSLATE(" in sql
    assert "WHEN 3 THEN '. März '" in sql
    assert " AS STRING)" in sql
    assert "VARCHAR" not in sql
    assert sqlglot.parse_one(f"SELECT {sql} FROM t", read="spark")
