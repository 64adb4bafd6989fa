"""Models: what the common list holds, and what is emitted for each engine."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from rules.dialects import ModelError, compile_model
from rules.functions import ENGINES

MODELS = sorted((Path(__file__).parent.parent / "rules" / "models").glob("*.sql"))

SILENT = re.compile(
    r"PERCENTILE_APPROX|PERCENTILE_CONT|WITHIN GROUP|DATE_DIFF|TIMESTAMPDIFF|UNIX_TIMESTAMP\(|QUANTILE_CONT|QUALIFY"
    r"|LISTAGG|STRING_AGG|::|\bCONCAT\("
)


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 1}) as connection:
        connection.execute(
            "create table issue (id varchar, account varchar, created timestamp, due date, hours integer, done boolean);"
            "insert into issue values ('1', 'a', '2026-01-01 08:00:00', '2026-01-03', 3, false),"
            " ('2', 'a', '2026-01-02 23:00:00', null, 4, true), ('3', 'b', '2026-01-03 01:00:00', '2026-01-01', null, null)"
        )
        yield connection


def rows(engine, sql):
    return engine.execute(compile_model(sql, "duckdb")).fetchall()


@pytest.mark.parametrize(
    ("sql", "result"),
    [
        (
            (
                "with own as (select account, count(*) as n, sum(hours) as h from issue group by account)"
                " select account, h / n as mean from own order by account"
            ),
            [("a", 3.5), ("b", None)],
        ),
        (
            "select count(*) filter (where not done) as open, count(distinct account) as n from issue",
            [(1, 2)],
        ),
        (
            "select id from issue where due < '2026-01-02' or done union select 'x' as id order by id",
            [("2",), ("3",), ("x",)],
        ),
        (
            "select id, row_number() over (partition by account order by created desc) as n from issue order by id",
            [("1", 2), ("2", 1), ("3", 1)],
        ),
        (
            "select i.id from issue i where exists (select 1 from issue o where o.due = i.due and o.id <> i.id)",
            [],
        ),
        ("select id from issue order by due, id", [("3",), ("1",), ("2",)]),
        ("select id from issue order by due desc, id", [("1",), ("3",), ("2",)]),
        (
            "select case when hours > 3 then 'long' when hours <= 3 then 'short' end from issue where id = '3'",
            [(None,)],
        ),
        (
            "select id || ':' || account from issue where created >= timestamp '2026-01-03 00:00:00'",
            [("3:b",)],
        ),
        (
            "select id from issue where created - interval '1' day > timestamp '2026-01-01 12:00:00' order by 1",
            [("2",), ("3",)],
        ),
        ("select max(created) as at from (select * from issue) t where t.account in ('b')", None),
        ("select days_between(created, due) from issue order by id", [(2,), (None,), (-2,)]),
        ("select hours / 0 from issue where id = '1'", [(None,)]),
        ("select hours / 2 from issue where id = '1'", [(1.5,)]),
        ("select if(done, 1, 0) from issue order by id", [(0,), (1,), (None,)]),
        ("select a from (values (1), (null)) as t(a) where a is not distinct from null", [(None,)]),
        (
            "select cast(floor(2.7) as bigint), cast(cast(3 as bigint) as varchar), try_cast('x' as date)",
            [(2, "3", None)],
        ),
    ],
)
def test_the_common_list_runs_on_duckdb_and_is_emitted_for_spark(engine, sql, result):
    found = rows(engine, sql)
    assert result is None or found == result
    assert not SILENT.search(compile_model(sql, "spark"))
    assert compile_model(compile_model("select 1 as a -- why", "duckdb"), "duckdb") == 'SELECT 1 AS "a"'


@pytest.mark.parametrize(
    ("sql", "spark"),
    [
        ("select at from t", "SELECT `at` FROM `t`"),
        ("select a.b as c from x.y a", None),
        ("select a from t order by a", "SELECT `a` FROM `t` ORDER BY `a` NULLS LAST"),
        ("select a from t order by a desc", "SELECT `a` FROM `t` ORDER BY `a` DESC"),
        ("select a / b from t", "SELECT (CAST(`a` AS DOUBLE) / NULLIF(CAST(`b` AS DOUBLE), 0)) FROM `t`"),
        (
            "select a / cast(3600 as double) from t",
            "SELECT (CAST(`a` AS DOUBLE) / CAST(3600 AS DOUBLE)) FROM `t`",
        ),
        ("select cast(null as varchar) from t", "SELECT CAST(NULL AS STRING) FROM `t`"),
        ("select cast(a as decimal(28, 2)) from t", "SELECT CAST(`a` AS DECIMAL(28, 2)) FROM `t`"),
        (
            "select a from t where b > c - interval '90' day",
            "SELECT `a` FROM `t` WHERE `b` > `c` - INTERVAL '90' DAY",
        ),
        ("select 'it''s \\' from t", "SELECT 'it\\'s \\\\' FROM `t`"),
        ("select count(*) filter (where a) from t", "SELECT COUNT(*) FILTER(WHERE `a`) FROM `t`"),
        (
            "select if(a > 1 or b, 1, 0) from t",
            "SELECT (CASE WHEN `a` > 1 OR `b` THEN 1 WHEN NOT (`a` > 1 OR `b`) THEN 0 END) FROM `t`",
        ),
        ("select Lower(a) from t", "SELECT LOWER(TRANSLATE(`a`, 'Σİ', 'σi')) FROM `t`"),
    ],
)
def test_spark_gets_this_text(sql, spark):
    if spark is None:
        with pytest.raises(ModelError):
            compile_model(sql, "spark")
    else:
        assert compile_model(sql, "spark") == spark


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select a from t qualify row_number() over (order by a) = 1", "qualify"),
        ("select distinct on (a) a, b from t", "on"),
        ("select a from t asof join u on t.a >= u.a", "method"),
        ("select a from t positional join u", "method"),
        ("select a from t natural join u", "method"),
        ("select a from t semi join u using (a)", "join"),
        ("with recursive t as (select 1 as a union all select a + 1 from t) select a from t", "recursive"),
        ("select a::int from t", "::"),
        ("select [1, 2]", "common list"),
        ("select {'a': 1}", "common list"),
        ("select a[1] from t", "common list"),
        ("select unnest(a) from t", "common list"),
        ("select list(a) from t", "common list"),
        ("select a from read_csv('/etc/passwd')", "plain name"),
        ("select a from 'file.csv'", "plain name"),
        ("select a from t tablesample 10%", "common list"),
        ("select a from t group by all", "all"),
        ("select a, count(*) from t group by rollup (a)", "common list"),
        ("select * exclude (a) from t", "common list"),
        ("select a from t union all by name select a from u", "by_name"),
        ("select date_diff('day', a, b) from t", "common list"),
        ("select epoch(a) from t", "common list"),
        ("select quantile_cont(a, 0.9) from t", "common list"),
        ("select percentile_cont(0.9) within group (order by a) from t", "common list"),
        ("select string_agg(a, ',') from t", "common list"),
        ("select avg(a) from t", "common list"),
        ("select regexp_matches(a, 'x') from t", "common list"),
        ("select a like 'x%' from t", "common list"),
        ("select a // 2 from t", "common list"),
        ("select now()", "tested form"),
        ("select current_date", "common list"),
        ("select getenv('HOME')", "tested form"),
        ("select my_macro(1)", "tested form"),
        ("select has_label('x') from t", "tested form"),
        ("select abs(1, 2)", "used like this"),
        ("select cast(a as bigint) from t", "floor(x)"),
        ("select cast(a as varchar) from t", "own way"),
        ("select cast(a as hugeint) from t", "type"),
        ("select cast(a as integer[]) from t", "type"),
        ("select cast(a as json) from t", "type"),
        ("select interval '1' month", "interval"),
        ("select set_key(a) filter (where b) from t", "case inside"),
        ("select a from t; drop table t", "one query"),
        ("insert into t values (1)", "one query"),
        ("attach 'x.db'", "one query"),
        ("select from where", "cannot be read"),
        ("select 'a", "cannot be read"),
        ("", "one query"),
    ],
)
def test_what_engines_do_differently_is_refused(sql, words):
    with pytest.raises(ModelError, match=re.escape(words)) as caught:
        compile_model(sql, "duckdb")
    assert "sqlglot" not in str(caught.value)
    assert "<class" not in str(caught.value)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
@pytest.mark.parametrize("dialect", ENGINES)
def test_every_model_is_emitted_for_every_engine(path, dialect):
    text = compile_model(path.read_text(encoding="utf-8"), dialect)
    assert "--" not in text
    if dialect == "spark":
        assert not SILENT.search(text)
