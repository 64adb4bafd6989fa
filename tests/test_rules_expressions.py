"""Expressions: what is accepted, what is refused and in which words, and what the SQL says."""

from __future__ import annotations

import math
import re

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.expressions import Comparison, clauses, parse, state_sql, to_sql
from rules.faults import CatalogueError

COLUMNS = {
    "open_p1": "number",
    "days_since_contact": "number",
    "score": "number",
    "a": "number",
    "b": "number",
    "kind": "text",
    "labels": "text",
    "type": "text",
    "health_band": "text",
    "done": "boolean",
    "software": "boolean",
    "due_date": "date",
    "at": "timestamp",
}
BANDS = {"health_band": ("green", "amber", "red")}


def parsed(text, **more):
    return parse(text, COLUMNS, path="rules.mine.when", choices=BANDS, **more)


def refused(text, **more):
    with pytest.raises(CatalogueError) as caught:
        parsed(text, **more)
    assert len(caught.value.faults) == 1
    return caught.value.faults[0]


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 1}) as connection:
        yield connection


SQL_TYPES = {
    "number": "DOUBLE",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def evaluate(engine, sql, **values):
    row = ", ".join(f'CAST(? AS {SQL_TYPES[kind]}) AS "{name}"' for name, kind in COLUMNS.items())
    return engine.execute(
        f"SELECT {sql} FROM (SELECT {row})", [values.get(name) for name in COLUMNS]
    ).fetchone()[0]


def value_of(engine, text, **values):
    return evaluate(engine, to_sql(parsed(text)), **values)


# What is accepted


@pytest.mark.parametrize(
    ("text", "canonical", "kind"),
    [
        ("open_p1 > 0 AND days_since_contact>30", "open_p1 > 0 and days_since_contact > 30", "boolean"),
        ("score is NULL or not done", "score is null or not done", "boolean"),
        ("a is not null", "a is not null", "boolean"),
        ("not a is null", "a is not null", "boolean"),
        ("a not in (1, -2.50)", "a not in (1, -2.5)", "boolean"),
        ("kind in ('call', 'it''s')", "kind in ('call', 'it''s')", "boolean"),
        ("a not between 1 and b + 1", "a not between 1 and b + 1", "boolean"),
        ("((a)) <> 1.50", "a != 1.5", "boolean"),
        ("(a > 1 or done) and software", "(a > 1 or done) and software", "boolean"),
        ("a > 1 or (done and software)", "a > 1 or done and software", "boolean"),
        ("not (done or software)", "not (done or software)", "boolean"),
        ("a - (b - 1) > 0", "a - (b - 1) > 0", "boolean"),
        ("(a - b) - 1 > 0", "a - b - 1 > 0", "boolean"),
        ("a * (b + 1) / 2", "a * (b + 1) / 2", "number"),
        ("-a", "-a", "number"),
        ("- -a", "-(-a)", "number"),
        ("has_label('Security')", "has_label('Security')", "boolean"),
        ("IF(done, a, null)", "if(done, a, null)", "number"),
        ("coalesce(a, b, 0.50)", "coalesce(a, b, 0.5)", "number"),
        ("due_date < '2026-11-22'", "due_date < '2026-11-22'", "boolean"),
        ("at >= '2026-11-22T09:00'", "at >= '2026-11-22 09:00:00'", "boolean"),
        ("type = 'Bug' and at is null", "type = 'Bug' and at is null", "boolean"),
        ("health_band = 'red'", "health_band = 'red'", "boolean"),
        ("lower(kind) = 'call'", "lower(kind) = 'call'", "boolean"),
        ("a\n  > 1", "a > 1", "boolean"),
        ("done = true", "done = true", "boolean"),
    ],
)
def test_an_expression_has_one_canonical_text_and_a_type(text, canonical, kind):
    expression = parsed(text)
    assert (expression.text, expression.type) == (canonical, kind)
    assert parsed(canonical) == expression


def test_columns_are_those_that_are_named():
    assert parsed("a > 1 and coalesce(b, 0) < 2").columns == {"a", "b"}
    assert parsed("has_label('x')").columns == {"labels"}


def test_columns_named_like_syntax_are_columns_and_always_quoted():
    expression = parsed("at is null and type = 'x'")
    assert to_sql(expression) == '"at" IS NULL AND "type" = \'x\''
    assert to_sql(expression, table="m") == '"m"."at" IS NULL AND "m"."type" = \'x\''
    assert to_sql(expression, "spark", table="m") == "`m`.`at` IS NULL AND `m`.`type` = 'x'"


def test_a_long_chain_of_conditions_is_one_level():
    text = " or ".join(f"a = {n}" for n in range(150))
    assert len(clauses(parsed(text))) == 150


def test_fifty_levels_are_accepted_and_fifty_one_are_not():
    assert parsed("(" * 49 + "a" + ")" * 49 + " > 1").text == "a > 1"
    assert "nested too deeply" in refused("(" * 51 + "a" + ")" * 51 + " > 1").message


# What is refused: one message each, in plain words

HOSTILE = [
    # (text, column, words in the message, suggestion)
    ("", None, "is empty", None),
    ("   \n ", None, "is empty", None),
    ("opn_p1 > 3", 1, 'unknown column "opn_p1"', "open_p1"),
    ("Open_P1 > 3", 1, 'unknown column "Open_P1"', "open_p1"),
    ("a > 1 and scoer < 2", 11, 'unknown column "scoer"', "score"),
    ("nothing_like_it > 1", 1, "unknown column", None),
    ("kind = call", 8, "quotes: 'call'", None),
    ("a == 1", 3, "write =", "="),
    ("a && b", 3, "write and", "and"),
    ("a || b", 3, "write or", "or"),
    ("a => 1", 3, "written >=", ">="),
    ("a =< 1", 3, "written <=", "<="),
    ("a <=> 1", 3, "<=>", None),
    ("a ≥ 1", 3, "written >=", ">="),
    ("a != null", 6, "is null", "is null"),
    ("a = null", 5, "is null", "is null"),
    ("a in (1, null)", 10, "a list holds", None),
    ("a between null and 1", 11, "is null", "is null"),
    ("a::int > 1", 2, "not converted", None),
    ("cast(a as int) > 1", 1, "not converted", None),
    ("a like 'x'", 3, "contains", None),
    ("kind ilike 'x%'", 6, "contains", None),
    ("case when a then 1 end", 1, "if(", None),
    ("a in (select 1)", 7, "queries", None),
    ("exists(select 1)", 1, "queries", None),
    ("read_csv('x') > 1", 1, 'unknown function "read_csv"', None),
    ("getenv('HOME') = kind", 1, 'unknown function "getenv"', None),
    ("ab(a) > 1", 1, 'unknown function "ab"', "abs"),
    ("count(a) > 1", 1, "aggregate", None),
    ("a > 1; drop table x", 6, "one expression", None),
    ("a > $1", 5, "parameters", None),
    ("a > ?", 5, "parameters", None),
    ("a > :x", 5, "no meaning", None),
    ("m.a > 1", 2, "dots", None),
    (".5 < a", 1, "begin with a digit", None),
    ("a % 2 = 0", 3, "0.3", None),
    ("a ** 2 > 1", 3, "powers", None),
    ("a // 2 > 1", 3, "one division", "/"),
    ("a ^ 2 > 1", 3, "no meaning", None),
    ("a[1] > 1", 2, "no meaning", None),
    ("{a: 1}", 1, "no meaning", None),
    ("a -> b", 3, "not available", None),
    ("a > 1 -- why", 7, "comments", None),
    ("a > 1 /* why */", 7, "comments", None),
    ('"a" > 1', 1, "single quotes", None),
    ("`a` > 1", 1, "single quotes", None),
    ("kind = ‘call’", 8, "straight", "'"),
    ("kind = 'call", 8, "not closed", None),
    ("kind = 'a\tb'", 10, "U+0009", None),
    ("a\u00a0> 1", 2, "U+00A0", None),
    ("a > 1\x00", 6, "U+0000", None),
    ("kind = '\u202ex'", 9, "U+202E", None),
    ("a < b < score", 1, "two sides", None),
    ("1 < a < 3", 1, "two sides", None),
    ("1 = 1", 1, "fixed", None),
    ("a > 1 or 1 = 1", 10, "fixed", None),
    ("true", 1, "no column", None),
    ("5", 1, "no column", None),
    ("null", 1, "no column", None),
    ("abs(-1)", 1, "no column", None),
    ("a > 1e400", 5, "1e400 is no number", None),
    ("a > 0x10", 5, "0x10 is no number", None),
    ("a > 1_000", 5, "1_000 is no number", "1000"),
    ("a > 12345678901234567890", 5, "15 digits", None),
    ("a > 1,000", 6, "comma", None),
    ("a > 'x'", 5, "a number cannot be compared with text", None),
    ("kind > 'x'", 1, "no order", None),
    ("kind between 'a' and 'b'", 1, "no order", None),
    ("done < true", 1, "no order", None),
    ("done = 1", 8, "true or false cannot be compared with a number", None),
    ("due_date = 5", 12, "a date cannot be compared with a number", None),
    ("due_date < at", 12, "a date cannot be compared with a time", None),
    ("due_date < '2026-02-30'", 12, "not a date", None),
    ("due_date < '22.11.2026'", 12, "'2026-11-22'", None),
    ("date '2026-11-22' > due_date", 1, "written as text", None),
    ("a and done", 1, "joins conditions", None),
    ("not a", 5, "joins conditions", None),
    ("done and null", 10, "is null", None),
    ("a + 'x' > 1", 5, "only numbers", None),
    ("-kind = 'x'", 2, "only numbers", None),
    ("a / 0 > 1", 5, "divided by 0", None),
    ("a is true", 1, "is asks for null", None),
    ("a is b", 1, "is asks for null", None),
    ("a b", 3, "cannot follow", None),
    ("a > 1 done", 7, "cannot follow", None),
    ("'x' 'y' = kind", 5, "cannot follow", None),
    ("a > 1 2", 7, "cannot follow", None),
    ("a not b", 3, "cannot follow", None),
    ("> 1", 1, "cannot begin", None),
    ("a >", 3, "something is missing after >", None),
    ("a > > 1", 5, "something is missing between", None),
    ("a and or done", 7, "something is missing between", None),
    ("(a > 1", 1, "not closed", None),
    ("a > 1)", 6, "never opened", None),
    ("()", 2, "something is missing", None),
    ("a in ()", 7, "something is missing", None),
    ("a in 5", 6, "list in brackets", None),
    ("a in (b)", 7, "a list holds", None),
    ("a between 1", 1, "between takes two values", None),
    ("a, b", 2, "comma", None),
    ("(a, b) = 1", 3, "comma", None),
    ("*", 1, "cannot begin", None),
    ("abs()", 5, "abs(number)", None),
    ("abs(a, b) > 1", 1, "abs(number)", None),
    ("abs > 1", 1, "abs(number)", None),
    ("abs(kind) = 1", 5, "must be a number", None),
    ("a(1) > 1", 1, "not a function", None),
    ("round(a, b) > 1", 10, "0 to 6", None),
    ("round(a, 7) > 1", 10, "0 to 6", None),
    ("least(a, due_date) = 1", 10, "one type", None),
    ("least(kind, kind) = 'x'", 7, "no order", None),
    ("coalesce(a, null) > 1", 13, "null has no place", None),
    ("if(a, 1, 2) > 1", 4, "must be true or false", None),
    ("if(done, null, null) is null", 1, "always unknown", None),
    ("has_label(kind)", 11, "written out", None),
    ("has_label('a|b')", 11, "no |", None),
    ("health_band = 'rde'", 15, "never 'rde'", "red"),
    ("health_band in ('red', 'grn')", 24, "never 'grn'", "green"),
    ("now() > at", 1, "no clock", None),
    ("a is distinct from b", 6, "distinct", None),
    ("x" * 2001, None, "2,001 characters", None),
    ("(" * 3000 + "a" + ")" * 3000, None, "characters long", None),
    ("(" * 900 + "a > 1" + ")" * 900, 51, "nested too deeply", None),
    ("not " * 400 + "done", 201, "nested too deeply", None),
    ("- " * 800 + "a > 1", 101, "nested too deeply", None),
    ("a" + " + a" * 100 + " > 1", 1, "nested too deeply", None),
    ("1 / (a + 1 / (a + 1 / (a + 1 / (a + 1 / (a + 1 / (a + 1 / a))))))", None, "calculations", None),
    ("abs(a - " * 7 + "a" + ")" * 7 + " > 1", None, "calculations", None),
]

INTERNALS = re.compile(
    r"sqlglot|<class|Expression|Traceback|\b(And|Or|Not|Column|Literal|Anonymous)\b|exp\.", re.ASCII
)


@pytest.mark.parametrize(
    ("text", "column", "words", "suggestion"), HOSTILE, ids=[str(n) for n in range(len(HOSTILE))]
)
def test_what_is_no_expression_gets_one_message_in_plain_words(text, column, words, suggestion):
    fault = refused(text)
    assert words in fault.message
    assert fault.suggestion == suggestion
    if column is not None:
        assert fault.column == column
    assert fault.path == "rules.mine.when"
    assert not INTERNALS.search(fault.message)


def test_a_condition_is_wanted_where_a_condition_belongs():
    assert "a condition is true or false" in refused("a + 1", want="boolean").message
    assert "must be a number" in refused("done", want="number").message


def test_labels_exist_only_where_the_source_has_them():
    with pytest.raises(CatalogueError, match="source issues"):
        parse("has_label('x')", {"a": "number"}, path="p")


def test_names_are_checked_before_types():
    assert "unknown column" in refused("kind > 1 and nope = 2").message


def test_a_fault_shows_the_text_with_a_caret_under_the_place():
    with pytest.raises(CatalogueError) as caught:
        parse(
            "oldest_unaswered > 8",
            {"oldest_unanswered": "number"},
            path="rules.call_back.when",
            noun="metric",
        )
    assert str(caught.value) == (
        'rules.call_back.when, column 1: unknown metric "oldest_unaswered"\n'
        "    oldest_unaswered > 8\n"
        "    ^ did you mean oldest_unanswered?"
    )


def faults_or_expression(text):
    try:
        return (), parsed(text)
    except CatalogueError as error:
        return error.faults, None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_no_text_does_anything_but_parse_or_be_refused(text):
    faults, _ = faults_or_expression(text)
    assert len(faults) <= 1


WORDS = st.sampled_from(
    [
        *["(", ")", ",", "+", "-", "*", "/", "<", "<=", "=", "!=", "1", "2.5", "'x'", "'2026-01-01'"],
        *["a", "b", "done", "kind", "at", "due_date", "nope", "case", "like"],
        *["and", "or", "not", "is", "null", "in", "between", "true"],
        *["abs", "if", "coalesce", "round", "least", "lower", "has_label"],
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_no_order_of_words_does_anything_but_parse_or_be_refused(text):
    faults, expression = faults_or_expression(text)
    assert len(faults) <= 1
    assert not any(INTERNALS.search(fault.message) for fault in faults)
    assert expression is None or parsed(expression.text) == expression


# What the SQL means


def _binary(signs, operand):
    return st.tuples(operand, st.sampled_from(signs), operand).map(
        lambda each: f"({each[0]} {each[1]} {each[2]})"
    )


NUMBERS = st.recursive(
    st.sampled_from(["a", "b", "score", "2", "0.5", "-3", "999999999999999"]),
    lambda inner: st.one_of(
        _binary(["+", "-", "*", "/"], inner),
        inner.map(lambda each: f"(- {each})"),
        inner.map(lambda each: f"abs({each})"),
        inner.map(lambda each: f"round({each}, 2)"),
        st.tuples(inner, inner).map(lambda each: f"greatest({each[0]}, {each[1]})"),
        st.tuples(inner, inner).map(lambda each: f"coalesce({each[0]}, {each[1]})"),
        st.tuples(inner, inner).map(lambda each: f"if(done, {each[0]}, {each[1]})"),
    ),
    max_leaves=6,
)
CONDITIONS = st.recursive(
    st.one_of(
        _binary(["<", "<=", ">", ">=", "=", "!="], NUMBERS),
        NUMBERS.map(lambda each: f"{each} is null"),
        st.sampled_from(
            ["done", "kind = 'x'", "contains(kind, 'x')", "a between 1 and b", "b not in (1, 2)"]
        ),
    ),
    lambda inner: st.one_of(_binary(["and", "or"], inner), inner.map(lambda each: f"not {each}")),
    max_leaves=5,
)
VALUES = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 3).map(float))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(NUMBERS, CONDITIONS),
    a=VALUES,
    b=VALUES,
    score=VALUES,
    done=st.sampled_from([True, False, None]),
)
def test_parsing_the_canonical_text_again_changes_nothing_and_no_value_breaks_it(
    engine, text, a, b, score, done
):
    try:
        expression = parsed(text)
    except CatalogueError:
        return  # no column in a comparison, division by 0, nested too deeply: told, and not asked again
    again = parsed(expression.text)
    assert again == expression
    for dialect in ("duckdb", "spark"):
        assert to_sql(again, dialect) == to_sql(expression, dialect)
    values = {"a": a, "b": b, "score": score, "done": done, "kind": "x"}
    result = evaluate(engine, to_sql(expression), **values)
    assert result is None or isinstance(result, bool) or math.isfinite(result)


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("a / b", {"a": 1, "b": 4}, 0.25),
        ("a / b", {"a": 1, "b": 0}, None),
        ("a / b", {"a": 0, "b": 0}, None),
        ("a / b", {"a": 1e300, "b": 1e-300}, None),
        ("a * b", {"a": 1e300, "b": 1e300}, None),
        ("1 / (a / b)", {"a": 1, "b": 0}, None),
        ("a - b - 1", {"a": 10, "b": 3}, 6),
        ("a - (b - 1)", {"a": 10, "b": 3}, 8),
        ("-a", {"a": 0}, 0.0),
        ("-a + 2 * b", {"a": 1, "b": 3}, 5),
        ("a + b", {"a": 1, "b": None}, None),
        ("not a > 1 and b > 1 or done", {"a": 2, "b": 2, "done": False}, False),
        ("open_p1 > 0 and days_since_contact > 30", {"open_p1": 1, "days_since_contact": None}, None),
        ("open_p1 > 0 and days_since_contact > 30", {"open_p1": 0, "days_since_contact": None}, False),
        ("open_p1 > 0 or days_since_contact > 30", {"open_p1": 1, "days_since_contact": None}, True),
        ("a is null", {}, True),
        ("a is not null", {"a": 0}, True),
        ("a in (1, 2)", {"a": None}, None),
        ("a not in (1, 2)", {"a": 3}, True),
        ("a between 1 and 2", {"a": 2}, True),
        ("a between 1 and 2", {"a": 2.000001}, False),
        ("due_date < '2026-11-22'", {"due_date": "2026-11-21"}, True),
        ("at < '2026-11-22 09:00'", {"at": "2026-11-22 09:00:00"}, False),
        ("kind = 'it''s'", {"kind": "it's"}, True),
        ("a = 0.1", {"a": 0.1}, True),
        ("if(a > 1, 2, 3)", {"a": None}, None),
        ("if(a > 1 or b > 1, 2, 3)", {"a": 0, "b": 0}, 3),
        ("if(done, a, null)", {"done": False, "a": 1}, None),
    ],
)
def test_unknown_stays_unknown_and_numbers_stay_finite(engine, text, values, result):
    found = value_of(engine, text, **values)
    assert found == result
    if result == 0:
        assert math.copysign(1, found) == 1


def test_six_nested_calculations_run(engine):
    text = "1 / (a + 1 / (a + 1 / (a + a)))"
    assert value_of(engine, text, a=1) == pytest.approx(1 / (1 + 1 / (1 + 1 / 2)))


def test_the_state_of_a_condition_is_true_false_or_unknown(engine):
    sql = state_sql(parsed("a > 1"))
    assert [evaluate(engine, sql, a=value) for value in (2, 1, None)] == ["true", "false", "unknown"]


# Clauses


def test_clauses_are_the_leaves_of_and_and_or_in_reading_order(engine):
    condition = parsed("open_p1 > 0 and (30 < days_since_contact or not (done and software)) and a is null")
    parts = clauses(condition)
    assert [part.text for part in parts] == [
        "open_p1 > 0",
        "30 < days_since_contact",
        "not (done and software)",
        "a is null",
    ]
    assert [part.columns for part in parts] == [
        ("open_p1",),
        ("days_since_contact",),
        ("done", "software"),
        ("a",),
    ]
    assert parts[0].comparison == Comparison("open_p1", ">", "0")
    assert parts[1].comparison == Comparison("days_since_contact", ">", "30")
    assert parts[2].comparison is None
    states = [evaluate(engine, part.sql, open_p1=1, done=True, software=None) for part in parts]
    assert states == [True, None, None, True]


def test_a_single_condition_is_its_own_clause():
    (part,) = clauses(parsed("a / b > -0.5"))
    assert part.expression == parsed("a / b > -0.5")
    assert part.sql == to_sql(parsed("a / b > -0.5"))
