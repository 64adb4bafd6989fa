"""Templates: what they accept, and that SQL and Python write the same words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.faults import CatalogueError
from rules.templates import clean, compile_template, plain, render, to_sql

COLUMNS = {"n": "number", "m": "number", "account": "text", "ok": "boolean", "due": "date", "at": "timestamp"}
SQL_TYPES = {
    "number": "DOUBLE",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def template(text):
    return compile_template(text, COLUMNS, path="rules.mine.subject")


def refused(text):
    with pytest.raises(CatalogueError) as caught:
        template(text)
    (fault,) = caught.value.faults
    return fault


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 1}) as connection:
        yield connection


def by_sql(engine, compiled, values, limit=None):
    row = ", ".join(f'CAST(? AS {SQL_TYPES[kind]}) AS "{name}"' for name, kind in COLUMNS.items())
    query = f"SELECT {to_sql(compiled, 'duckdb', limit=limit)} FROM (SELECT {row})"
    return engine.execute(query, [values.get(name) for name in COLUMNS]).fetchone()[0]


def moment(*parts):
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # inside the engine, times are naive UTC


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n": 19.0}, "19"),
        ({"n": 19.5}, "20"),
        ({"n": 18.5}, "18"),
        ({"n": 2.5}, "2.5"),
        ({"n": 2.25}, "2.2"),
        ({"n": 2.35}, "2.4"),
        ({"n": 9.96}, "10"),
        ({"n": 0.333}, "0.33"),
        ({"n": 0.5}, "0.5"),
        ({"n": 0.004}, "0"),
        ({"n": -0.004}, "0"),
        ({"n": -2.5}, "-2.5"),
        ({"n": 0.0}, "0"),
        ({"n": 1e14}, "100000000000000"),
        ({"n": 360287970189641.0}, "360287970189641"),
        ({"n": -999999999999999.9}, "-1000000000000000"),
        ({"n": 1e15}, "–"),
        ({"n": float("nan")}, "–"),
        ({"n": float("-inf")}, "–"),
        ({}, "–"),
    ],
)
def test_numbers_read_as_people_say_them(engine, values, words):
    assert render(template("{n}"), values) == words
    assert by_sql(engine, template("{n}"), values) == words


def test_whole_numbers_and_decimals_read_like_doubles():
    assert render(template("{n} {m}"), {"n": 19, "m": Decimal("2.50")}) == "19 2.5"
    assert render(template("{n}"), {"n": Decimal("NaN")}) == "–"


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        ("Call back {account}", {"account": "Acme GmbH"}, "Call back Acme GmbH"),
        ("Call back {account}", {}, "Call back –"),
        ("Call back {account}", {"account": ""}, "Call back –"),
        ("{account}", {"account": "{n} {account}"}, "{n} {account}"),
        ("{account}", {"account": "A\nB\r\n\tC"}, "A B C"),
        ("{account}", {"account": "\u202eevil\u2066\u200f\x00\x1b[1m"}, "evil[1m"),
        ("{account}", {"account": "Ends in https://evil.example"}, "Ends in https:// evil.example"),
        ("{account}", {"account": "://://a://  b:// c://"}, ":// :// a://  b:// c:// "),
        ("https://wiki.example/{account}", {"account": "A"}, "https://wiki.example/A"),
        ("it's {account}\\", {"account": "O'Neill \\ $1"}, "it's O'Neill \\ $1\\"),
        ("{due}", {"due": date(2026, 11, 24)}, "2026-11-24"),
        ("{due}", {"due": date(1, 1, 2)}, "0001-01-02"),
        ("{at}", {"at": moment(2026, 11, 24, 9, 5, 59)}, "2026-11-24 09:05"),
        ("{ok}", {"ok": True}, "yes"),
        ("{ok}", {"ok": False}, "no"),
        ("{ok}", {}, "–"),
        ("line one\nline two {n}", {"n": 1}, "line one\nline two 1"),
    ],
)
def test_values_are_put_in_once_on_one_line_in_one_direction(engine, text, values, words):
    assert render(template(text), values) == words
    assert by_sql(engine, template(text), values) == words


NUMBERS = st.one_of(
    st.floats(),
    st.integers(-(10**6), 10**6).map(lambda n: n / 1000),
    st.integers(-300, 300).map(lambda n: n / 20),
)


@settings(max_examples=400, deadline=None)
@given(
    n=st.none() | NUMBERS,
    account=st.none() | st.text(max_size=40) | st.text(":/ a", max_size=12),
    ok=st.sampled_from([None, True, False]),
    due=st.none() | st.dates(),
    at=st.none() | st.datetimes(),
    limit=st.none() | st.integers(1, 60),
)
def test_sql_and_python_write_the_same_words(engine, n, account, ok, due, at, limit):
    compiled = template("{account}: {n} by {due}, '{ok}' \\ {at}{account}")
    values = {"n": n, "account": account, "ok": ok, "due": due, "at": at}
    assert by_sql(engine, compiled, values, limit) == render(compiled, values, limit=limit)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text(":/ a\u200b\u202e", max_size=20))
def test_a_cleaned_value_stays_as_it_is_when_cleaned_again(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert plain(plain(text)) == plain(text)
    assert "://" not in plain(text).replace(":// ", "|")
    assert not any(ord(character) < 32 for character in cleaned)


def test_a_long_text_is_cut_to_the_field_and_says_so(engine):
    compiled = template("Call back {account}")
    values = {"account": "x" * 300}
    short = render(compiled, values, limit=255)
    assert (len(short), short[-1]) == (255, "…")
    assert by_sql(engine, compiled, values, 255) == short
    assert render(compiled, {"account": "x"}, limit=11) == "Call back x"


@pytest.mark.parametrize(
    ("text", "column", "words", "suggestion"),
    [
        ("", None, "is empty", None),
        (" \n", None, "is empty", None),
        ("{accont}", 2, 'unknown column "accont"', "account"),
        ("Hi {nothing_like_it}", 5, "unknown column", None),
        ("{}", 2, "missing between the braces", None),
        ("{ account }", 2, "without blanks", "account"),
        ("{n:.2f}", 2, "no format", None),
        ("{n!r}", 2, "no format", None),
        ("{n.real}", 2, "no format", None),
        ("{n + 1}", 2, "no format", None),
        ("{account", 1, "a lone {", None),
        ("account}", 8, "a lone }", None),
        ("{{account}}", 1, "a lone {", None),
        ("a\x00b", 2, "U+0000", None),
        ("a\u202eb", 2, "U+202E", None),
        ("a\tb", 2, "U+0009", None),
        ("x" * 4001, None, "4,001 characters", None),
    ],
)
def test_what_is_no_template_gets_one_message_in_plain_words(text, column, words, suggestion):
    fault = refused(text)
    assert (fault.column, fault.suggestion) == (column, suggestion)
    assert words in fault.message


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}n account\n'\\$%s0:"), max_size=30))
def test_no_text_does_anything_but_compile_or_be_refused(text):
    try:
        compiled = template(text)
    except CatalogueError as error:
        count = len(error.faults)
    else:
        count = 1
        assert render(compiled, {"n": 1, "account": "x"})
    assert count == 1


def test_the_columns_of_a_template_are_those_that_it_names():
    assert template("{n} of {m} at {account}, {n}").columns == {"n", "m", "account"}


def test_spark_gets_its_own_forms():
    text = to_sql(template("it's {account} {n} {due} {at} {ok}"), "spark")
    assert text == (
        "'it\\'s ' || COALESCE(NULLIF(REPLACE(REPLACE(REGEXP_REPLACE(REGEXP_REPLACE(`account`, "
        "'[\\\\x{09}-\\\\x{0D}\\\\x{85}\\\\x{2028}\\\\x{2029}]+', ' '), "
        "'[\\\\x{00}-\\\\x{1F}\\\\x{7F}-\\\\x{9F}\\\\x{061C}\\\\x{200E}\\\\x{200F}\\\\x{2028}-\\\\x{202E}"
        "\\\\x{2066}-\\\\x{2069}]', ''), '://', ':// '), '://  ', ':// '), ''), '–') || ' ' || "
        "COALESCE(TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(CASE WHEN ABS(CAST(`n` AS DOUBLE)) < "
        "1000000000000000 THEN CASE WHEN ABS(CAST(`n` AS DOUBLE)) >= 10 THEN "
        "CAST(CAST(BROUND(CAST(`n` AS DOUBLE), 0) AS BIGINT) AS DECIMAL(18, 2)) ELSE CAST(CASE "
        "WHEN ABS(CAST(`n` AS DOUBLE)) >= 1 THEN BROUND(CAST(`n` AS DOUBLE) * 10, 0) / 10 "
        "ELSE BROUND(CAST(`n` AS DOUBLE) * 100, 0) / 100 END AS DECIMAL(18, 2)) END END AS STRING))), '–') || ' ' || "
        "COALESCE(CAST(CAST(`due` AS DATE) AS STRING), '–') || ' ' || "
        "COALESCE(LEFT(CAST(CAST(`at` AS TIMESTAMP) AS STRING), 16), '–') || ' ' || "
        "CASE WHEN `ok` THEN 'yes' WHEN NOT `ok` THEN 'no' ELSE '–' END"
    )
    assert to_sql(template("{account}"), "duckdb", table="f").count('"f"."account"') == 1
