"""Functions: the value on DuckDB, by running it, and the exact form on Spark."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.dialects import compile_model
from rules.expressions import parse, to_sql
from rules.functions import MODEL_FUNCTIONS, SCALARS, aggregate_sql, finite, identifier, text_literal

COLUMNS = {
    "x": "number",
    "y": "number",
    "t": "text",
    "u": "text",
    "labels": "text",
    "c": "boolean",
    "d": "date",
}
SQL_TYPES = {"number": "DOUBLE", "text": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}

# Forms whose Spark result differs in silence, or that Spark does not know (reference: engines).
SILENT = re.compile(
    r"PERCENTILE_APPROX|PERCENTILE_CONT|WITHIN GROUP|DATE_DIFF|DATEDIFF\(\s*DAY|TIMESTAMPDIFF|UNIX_TIMESTAMP"
    r"|QUANTILE_CONT|3600\.0|::|LISTAGG|STRING_AGG"
)


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 1}) as connection:
        yield connection


def sql_of(text, dialect="duckdb"):
    return to_sql(parse(text, COLUMNS, path="p"), dialect)


def value_of(engine, text, **values):
    row = ", ".join(f'CAST(? AS {SQL_TYPES[kind]}) AS "{name}"' for name, kind in COLUMNS.items())
    query = f"SELECT {sql_of(text)} FROM (SELECT {row})"
    return engine.execute(query, [values.get(name) for name in COLUMNS]).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("abs(x)", {"x": -2.5}, 2.5),
        ("abs(x)", {"x": 0}, 0),
        ("abs(x)", {}, None),
        # halves go to the even neighbour
        ("round(x)", {"x": 0.5}, 0),
        ("round(x)", {"x": 1.5}, 2),
        ("round(x)", {"x": 2.5}, 2),
        ("round(x)", {"x": -0.5}, 0),
        ("round(x)", {"x": -1.5}, -2),
        ("round(x)", {"x": 2.4999999}, 2),
        ("round(x, 1)", {"x": 0.25}, 0.2),
        ("round(x, 1)", {"x": 0.35}, 0.4),
        ("round(x, 2)", {"x": 2.675}, 2.68),  # as people write it, not as the double below it
        ("round(x, 2)", {"x": -2.665}, -2.66),
        ("round(x, 6)", {"x": 1 / 3}, 0.333333),
        ("round(x, 0)", {"x": 1e17}, 1e17),
        ("round(x)", {"x": 1e30}, None),  # outside of what is exact
        ("round(x)", {}, None),
        ("least(x, y)", {"x": 3, "y": -1}, -1),
        ("least(x, y)", {"x": 3}, 3),
        ("least(x, y)", {}, None),
        ("greatest(x, y, 0)", {"x": -3, "y": -1}, 0),
        ("greatest(x, y)", {"y": -1}, -1),
        ("greatest(d, d)", {"d": "2026-11-22"}, date(2026, 11, 22)),
        ("coalesce(x, y, 7)", {"y": 2}, 2),
        ("coalesce(x, y, 7)", {}, 7),
        ("coalesce(t, '-')", {}, "-"),
        ("nullif(x, 0)", {"x": 0}, None),
        ("nullif(x, 0)", {"x": -1}, -1),
        ("nullif(x, y)", {"x": 1}, 1),
        ("if(c, x, y)", {"c": True, "x": 1, "y": 2}, 1),
        ("if(c, x, y)", {"c": False, "x": 1, "y": 2}, 2),
        ("if(c, x, y)", {"x": 1, "y": 2}, None),
        ("if(c, 'a', 'b')", {"c": False}, "b"),
        ("starts_with(t, 'Ac')", {"t": "Acme"}, True),
        ("starts_with(t, 'ac')", {"t": "Acme"}, False),
        ("starts_with(t, '')", {"t": ""}, True),
        ("starts_with(t, 'a')", {}, None),
        ("ends_with(t, 'me')", {"t": "Acme"}, True),
        ("ends_with(t, 'é')", {"t": "café"}, True),
        ("ends_with(t, u)", {"t": "x"}, None),
        ("contains(t, 'cm')", {"t": "Acme"}, True),
        ("contains(t, '%')", {"t": "Acme"}, False),
        ("contains(t, '_')", {"t": "a_b"}, True),
        ("contains(t, u)", {"u": "x"}, None),
        ("lower(t)", {"t": "ÄÖ Straße ΟΔΟΣ İ"}, "äö straße οδοσ i"),
        ("lower(t)", {}, None),
        ("length(t)", {"t": "Zoë"}, 3),
        ("length(t)", {"t": "👩‍👩‍👧"}, 5),
        ("length(t)", {"t": ""}, 0),
        ("length(t)", {}, None),
        ("has_label('Security')", {"labels": "|other|security|"}, True),
        ("has_label('secur')", {"labels": "|other|security|"}, False),
        ("has_label(' STRASSE ')", {"labels": "|strasse|"}, True),
        ("has_label('Straße')", {"labels": "|strasse|"}, True),
        ("has_label('x')", {"labels": "||"}, False),
        ("has_label('x')", {}, None),
        ("has_label('it''s')", {"labels": "|it's|"}, True),
    ],
)
def test_a_function_gives_its_value_on_duckdb(engine, text, values, result):
    found = value_of(engine, text, **values)
    assert found == result
    assert (found is None) == (result is None)


@pytest.mark.parametrize(
    ("text", "spark"),
    [
        ("abs(x)", "ABS(CAST(`x` AS DOUBLE))"),
        ("round(x)", "CAST(BROUND(TRY_CAST(CAST(`x` AS DOUBLE) AS DECIMAL(28, 10)), 0) AS DOUBLE)"),
        ("round(x, 2)", "CAST(BROUND(TRY_CAST(CAST(`x` AS DOUBLE) AS DECIMAL(28, 10)), 2) AS DOUBLE)"),
        ("least(x, 2.5)", "LEAST(CAST(`x` AS DOUBLE), CAST(2.5 AS DOUBLE))"),
        ("greatest(d, d)", "GREATEST(`d`, `d`)"),
        ("coalesce(t, 'it''s \\ x')", "COALESCE(`t`, 'it\\'s \\\\ x')"),
        ("nullif(x, -1)", "NULLIF(CAST(`x` AS DOUBLE), CAST(-1 AS DOUBLE))"),
        (
            "if(c or x > 1, 'a', 'b')",
            "CASE WHEN `c` OR `x` > 1 THEN 'a' WHEN NOT (`c` OR `x` > 1) THEN 'b' END",
        ),
        ("starts_with(t, u)", "STARTSWITH(`t`, `u`)"),
        ("ends_with(t, u)", "ENDSWITH(`t`, `u`)"),
        ("contains(t, u)", "CONTAINS(`t`, `u`)"),
        ("lower(t)", "LOWER(TRANSLATE(`t`, 'Σİ', 'σi'))"),
        ("length(t)", "CAST(CHAR_LENGTH(`t`) AS DOUBLE)"),
        ("has_label('Straße')", "CONTAINS(`labels`, '|strasse|')"),
        (
            "x / y",
            (
                "CASE WHEN ABS((CAST(`x` AS DOUBLE) / NULLIF(CAST(`y` AS DOUBLE), 0))) < CAST('Infinity' AS DOUBLE) "
                "THEN (CAST(`x` AS DOUBLE) / NULLIF(CAST(`y` AS DOUBLE), 0)) END"
            ),
        ),
    ],
)
def test_a_function_has_its_own_form_on_spark(text, spark):
    assert sql_of(text, "spark") == spark


def test_every_scalar_function_is_tried_above():
    tried = {
        "abs",
        "round",
        "least",
        "greatest",
        "coalesce",
        "nullif",
        "if",
        "starts_with",
        "ends_with",
        "contains",
    }
    assert set(SCALARS) == tried | {"lower", "length", "has_label"}
    for function in SCALARS.values():
        assert re.match(r"\w+\(.*\)", function.usage)


# Functions of models


def run_model(engine, sql):
    return engine.execute(compile_model(sql, "duckdb")).fetchone()[0]


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("set_key(v)", "a|b|Ä"),
        ("set_key(case when v = 'a' then v end)", "a"),
        ("set_key(case when v = 'zzz' then v end)", None),
        ("percentile(n, 0.9)", pytest.approx(3.7)),
        ("percentile(n, 0.5)", pytest.approx(2.5)),
        ("percentile(n, 0)", 1),
        ("percentile(n, 1) filter (where n < 3)", 2),
        ("percentile(n, 0.5) filter (where n > 9)", None),
        ("half_even(sum(n) / 4)", 2),
        ("max(text_hash(v))", max(hashlib.sha256(v.encode()).hexdigest() for v in ["a", "b", "Ä"])),
        ("concat(max(v), null, '!')", "Ä!"),
        ("concat(null, null)", ""),
        ("substring('Zoë-x', 2, 2)", "oë"),
        ("floor(-1.5)", -2),
        ("seconds_between(timestamp '2026-01-01 00:00:00.9', timestamp '2026-01-01 00:00:01.1')", 1),
        ("seconds_between(timestamp '2026-01-02 00:00:00', timestamp '2026-01-01 23:59:00')", -60),
        ("seconds_between(timestamp '1969-12-31 23:59:59.5', timestamp '1970-01-01 00:00:00.5')", 1),
        ("seconds_between(null, timestamp '2026-01-01 00:00:00')", None),
        ("days_between(timestamp '2026-01-01 23:59:59', timestamp '2026-01-02 00:00:01')", 1),
        ("days_between(date '2026-03-01', date '2026-02-28')", -1),
        ("days_between(date '2024-02-28', date '2024-03-01')", 2),
        ("days_between(null, date '2024-03-01')", None),
    ],
)
def test_a_model_function_gives_its_value_on_duckdb(engine, call, result):
    rows = "(values ('b', 1), ('a', 2), ('b', 3), (null, 4), ('Ä', null)) as t(v, n)"
    assert run_model(engine, f"select {call} from {rows}") == result


@pytest.mark.parametrize("value", [0.5, 1.5, 2.5, -0.5, -1.5, 2.4999999999999996, 69.5, 70.5])
def test_half_even_rounds_as_python_does(engine, value):
    assert run_model(engine, f"select half_even({value!r})") == round(value)


@pytest.mark.parametrize(
    ("call", "spark"),
    [
        ("set_key(v)", "NULLIF(ARRAY_JOIN(SORT_ARRAY(COLLECT_SET(`v`)), '|'), '')"),
        ("percentile(n, 0.9)", "PERCENTILE(CAST(`n` AS DOUBLE), 0.9)"),
        (
            "percentile(n, 0.9) filter (where n > 1)",
            "PERCENTILE(CAST(`n` AS DOUBLE), 0.9) FILTER(WHERE `n` > 1)",
        ),
        ("half_even(n)", "BROUND(CAST(`n` AS DOUBLE), 0)"),
        ("text_hash(v)", "SHA2(`v`, 256)"),
        ("concat(v, null)", "CONCAT_WS('', `v`, NULL)"),
        ("substring(v, 1, 10)", "SUBSTRING(`v`, 1, 10)"),
        ("floor(n)", "FLOOR(`n`)"),
        (
            "seconds_between(a, b)",
            "(UNIX_SECONDS(CAST(`b` AS TIMESTAMP)) - UNIX_SECONDS(CAST(`a` AS TIMESTAMP)))",
        ),
        ("days_between(a, b)", "DATEDIFF(CAST(`b` AS DATE), CAST(`a` AS DATE))"),
    ],
)
def test_a_model_function_has_its_own_form_on_spark(call, spark):
    assert compile_model(f"select {call} from t", "spark") == f"SELECT {spark} FROM `t`"
    assert not SILENT.search(spark)


def test_every_model_function_is_tried_above():
    known = {"set_key", "percentile", "half_even", "text_hash", "concat", "substring", "floor"}
    assert set(MODEL_FUNCTIONS) == known | {"seconds_between", "days_between"}


# Aggregates


def aggregated(engine, rows, aggregate, **more):
    sql = aggregate_sql(aggregate, more.pop("value", '"v"'), "duckdb", **more)
    engine.execute("create or replace temp table given (g integer, v double, o integer, ok boolean)")
    if rows:
        engine.executemany("insert into given values (?, ?, ?, ?)", rows)
    return engine.execute(f"select {sql} from given").fetchone()[0]


ROWS = [(1, 10.0, 1, True), (1, None, 9, True), (1, -2.5, 3, False), (1, 4.0, 3, True), (1, 7.0, None, None)]


@pytest.mark.parametrize(
    ("aggregate", "more", "all_rows", "filtered"),
    [
        ("count", {}, 5, 3),
        ("count_distinct", {}, 4, 2),
        ("sum", {}, 18.5, 14),
        ("min", {}, -2.5, 4),
        ("max", {}, 10, 10),
        ("avg", {}, 4.625, 7),
        ("quantile", {"quantile": 0.5}, 5.5, 7),
        ("quantile", {"quantile": 1.0}, 10, 10),
        ("latest", {"order_sql": '"o"'}, 4, 4),
        ("effective_number", {}, 18.5**2 / (100 + 6.25 + 16 + 49), 14**2 / 116),
    ],
)
def test_an_aggregate_leaves_nulls_out_and_counts_only_rows_where_the_filter_is_true(
    engine, aggregate, more, all_rows, filtered
):
    assert aggregated(engine, ROWS, aggregate, **more) == pytest.approx(all_rows, rel=1e-15)
    assert aggregated(engine, ROWS, aggregate, filter_sql='"ok"', **more) == pytest.approx(
        filtered, rel=1e-15
    )


@pytest.mark.parametrize(
    ("aggregate", "more", "nothing"),
    [
        ("count", {}, 0),
        ("count_distinct", {}, 0),
        ("sum", {}, None),
        ("min", {}, None),
        ("max", {}, None),
        ("avg", {}, None),
        ("quantile", {"quantile": 0.9}, None),
        ("latest", {"order_sql": '"o"'}, None),
        ("effective_number", {}, None),
    ],
)
def test_an_aggregate_of_nothing_is_null_or_no_count(engine, aggregate, more, nothing):
    assert aggregated(engine, [], aggregate, **more) == nothing
    assert aggregated(engine, ROWS, aggregate, filter_sql='"o" > 99', **more) == nothing


def test_every_aggregate_is_a_double(engine):
    for aggregate in ("count", "count_distinct", "sum", "min", "max", "avg", "latest", "effective_number"):
        sql = aggregate_sql(aggregate, '"o"', "duckdb", order_sql='"o"', filter_sql='"ok"')
        assert engine.execute(f"select typeof({sql}) from given").fetchone() == ("DOUBLE",)


def test_an_effective_number_of_zeros_is_unknown(engine):
    assert aggregated(engine, [(1, 0.0, 1, True)], "effective_number") is None


def test_ten_contacts_with_one_person_and_one_with_another_are_little_more_than_one_person(engine):
    rows = [(1, 10.0, 1, True), (1, 1.0, 2, True)]
    assert aggregated(engine, rows, "effective_number") == pytest.approx(121 / 101)


def test_equally_late_rows_are_settled_by_their_value(engine):
    rows = [(1, 5.0, 2, True), (1, 9.0, 2, True), (1, 7.0, 2, True)]
    for order in (rows, rows[::-1]):
        assert aggregated(engine, order, "latest", order_sql='"o"') == 9


TENTHS = st.lists(st.integers(-(10**6), 10**6).map(lambda n: n / 10), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(values=TENTHS, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_never_shows(engine, values, seed):
    rows = [(1, value, n % 3, True) for n, value in enumerate(values)]
    mixed = rows[:]
    seed.shuffle(mixed)
    for aggregate in ("sum", "avg", "effective_number", "latest"):
        more = {"order_sql": '"o"'} if aggregate == "latest" else {}
        assert aggregated(engine, rows, aggregate, **more) == aggregated(engine, mixed, aggregate, **more)


@pytest.mark.parametrize(
    ("aggregate", "more", "spark"),
    [
        ("count", {}, "CAST(COUNT(*) FILTER (WHERE (`ok`)) AS DOUBLE)"),
        ("count_distinct", {}, "CAST(COUNT(DISTINCT `v`) FILTER (WHERE (`ok`)) AS DOUBLE)"),
        ("sum", {}, "CAST(SUM(TRY_CAST(`v` AS DECIMAL(32, 10))) FILTER (WHERE (`ok`)) AS DOUBLE)"),
        ("max", {}, "CAST(MAX(`v`) FILTER (WHERE (`ok`)) AS DOUBLE)"),
        (
            "avg",
            {},
            (
                "CAST(SUM(TRY_CAST(`v` AS DECIMAL(32, 10))) FILTER (WHERE (`ok`)) AS DOUBLE) / "
                "NULLIF(COUNT(TRY_CAST(`v` AS DECIMAL(32, 10))) FILTER (WHERE (`ok`)), 0)"
            ),
        ),
        ("quantile", {"quantile": 0.9}, "PERCENTILE(CAST(`v` AS DOUBLE), 0.9) FILTER (WHERE (`ok`))"),
        (
            "effective_number",
            {},
            (
                "CAST(SUM(TRY_CAST(`v` AS DECIMAL(18, 4))) FILTER (WHERE (`ok`)) AS DOUBLE) "
                "* CAST(SUM(TRY_CAST(`v` AS DECIMAL(18, 4))) FILTER (WHERE (`ok`)) AS DOUBLE) "
                "/ NULLIF(CAST(SUM(TRY_CAST(`v` AS DECIMAL(18, 4)) * TRY_CAST(`v` AS DECIMAL(18, 4))) "
                "FILTER (WHERE (`ok`)) AS DOUBLE), 0)"
            ),
        ),
        (
            "latest",
            {"order_sql": "`o`"},
            (
                "CAST(MAX_BY(`v`, STRUCT(`o`, `v`)) "
                "FILTER (WHERE (`ok`) AND (`v`) IS NOT NULL AND (`o`) IS NOT NULL) AS DOUBLE)"
            ),
        ),
    ],
)
def test_an_aggregate_has_its_own_form_on_spark(aggregate, more, spark):
    sql = aggregate_sql(aggregate, "`v`", "spark", filter_sql="`ok`", **more)
    assert sql == spark
    assert not SILENT.search(sql)


def test_what_an_aggregate_needs_must_be_there():
    with pytest.raises(ValueError, match="share"):
        aggregate_sql("quantile", '"v"', "duckdb")
    with pytest.raises(ValueError, match="latest"):
        aggregate_sql("latest", '"v"', "duckdb")


# Quoting


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=30).filter(lambda text: "\x00" not in text))
def test_any_text_is_one_literal(engine, text):
    assert engine.execute(f"select {text_literal(text, 'duckdb')}").fetchone()[0] == text


def test_spark_reads_backslashes_and_quotes_in_its_own_way():
    assert text_literal("a'b\\c", "spark") == "'a\\'b\\\\c'"
    assert identifier("a`b", "spark", "t") == "`t`.`a``b`"
    assert identifier('a"b', "duckdb") == '"a""b"'


@pytest.mark.parametrize(
    ("value", "result"), [("1.5", 1.5), ("'Infinity'", None), ("'-Infinity'", None), ("'NaN'", None)]
)
def test_what_is_not_finite_is_unknown(engine, value, result):
    assert engine.execute(f"select {finite(f'CAST({value} AS DOUBLE)')}").fetchone()[0] == result
