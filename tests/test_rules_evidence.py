"""The rows behind each kind of number: which they are, in which order, how many, and that they account for the number."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import catalogue, evidence
from rules.metrics import metrics_sql
from rules.sources import COVERAGE, SOURCES

START = datetime(2026, 11, 18, 12, 0)  # noqa: DTZ001 - models see naive UTC
OURS = {
    "counted": {"source": "issues", "where": "not done", "aggregate": "count"},
    "summed": {"source": "issues", "where": "not done", "value": "age_days / 8", "aggregate": "sum"},
    "smallest": {"source": "issues", "value": "age_days", "aggregate": "min"},
    "largest": {"source": "issues", "where": "not done", "value": "age_days", "aggregate": "max", "empty": 0},
    "mean": {"source": "issues", "value": "age_days", "aggregate": "avg"},
    "share": {"source": "issues", "value": "done", "aggregate": "avg"},
    "p90": {"source": "issues", "value": "age_days", "aggregate": "quantile", "quantile": 0.9},
    "median": {"source": "issues", "value": "age_days", "aggregate": "quantile", "quantile": 0.5},
    "kinds": {"source": "issues", "value": "project", "aggregate": "count_distinct"},
    "ages": {"source": "issues", "value": "age_days", "aggregate": "count_distinct"},
    "newest": {"source": "issues", "value": "age_days", "aggregate": "latest", "order": "created"},
    "spread": {"source": "issues", "value": "age_days", "aggregate": "effective_number"},
    "since": {"source": "moments", "value": "days_ago", "aggregate": "min", "never": "account_age"},
    "made": {"expr": "counted + share + largest"},
    "made_again": {"expr": "made / smallest"},
}
_TYPES = {
    "number": "double",
    "text": "varchar",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_EVIDENCE = ("account_id", "record_system", "record_id", "record_key", "record_text", "record_person")


@cache
def _catalogue() -> catalogue.Catalogue:
    loaded = catalogue.load({"metrics": OURS}, SOURCES)
    return replace(loaded, metrics={name: loaded.metrics[name] for name in OURS})


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    covered = ", ".join(f"true as {name}" for name in COVERAGE)
    connection.execute(
        "create table accounts as select a as account_id, 400 as age_days from (values ('a'), ('b')) t(a)"
    )
    connection.execute(f"create table coverage as select account_id, {covered} from accounts")
    for source, columns in SOURCES.items():
        listed = [
            *(f"{name} varchar" for name in _EVIDENCE),
            *(f'"{n}" {_TYPES[t]}' for n, t in columns.items()),
        ]
        connection.execute(f"create table {source} ({', '.join(listed)})")
    return connection


def _row(
    number: int, age: float | None, *, done: bool = False, project: str | None = "P", minutes: int = 0
) -> dict:
    return {
        "account_id": "a",
        "record_system": "jira",
        "record_id": f"default:{number}",
        "record_key": f"{project or 'P'}-{number}",
        "age_days": age,
        "done": done,
        "project": project,
        "created": START - timedelta(minutes=minutes),
    }


def _measured(rows: list[dict], moments: int = 0) -> dict[str, float | None]:
    """Metrics of account a over these issues; account b has one of its own, which must not show."""
    connection = _connection()
    connection.execute("delete from issues; delete from moments")
    rows = [*rows, {**_row(999_999, 5000.0, project="OTHER"), "account_id": "b"}]
    types = {"age_days": pa.float64(), "done": pa.bool_(), "created": pa.timestamp("us")}
    columns = {name: pa.array([row[name] for row in rows], types.get(name, pa.string())) for name in rows[0]}
    connection.register("given", pa.table(columns))
    connection.execute("insert into issues by name select * from given")
    connection.unregister("given")
    for number in range(moments):
        connection.execute(
            "insert into moments by name select 'a' as account_id, 'salesforce' as record_system, ? as record_id, "
            "? as record_key, 'Call' as record_text, ? as days_ago",
            [f"00T{number}", f"00T{number}", number + 3],
        )
    found = connection.execute(f"select * from ({metrics_sql(_catalogue())}) where account_id = 'a'")
    names = [column[0] for column in found.description]
    return dict(zip(names, found.fetchone(), strict=True))


def _behind(name: str) -> evidence.Evidence:
    return evidence.of_metric(_connection(), _catalogue(), name, "a")


def _keys(name: str) -> list[str]:
    return [record.key for record in _behind(name).records]


FIVE = [
    _row(1, 4.0, minutes=5),
    _row(2, 1.0, project="Q", minutes=1),
    _row(10, 9.0, done=True, minutes=1),
    _row(9, 2.0, minutes=9),
    _row(5, None, project=None, minutes=0),
]


@pytest.mark.parametrize(
    ("metric", "value", "keys", "values"),
    [
        ("counted", 4, ["P-1", "P-5", "P-9", "Q-2"], [1, 1, 1, 1]),
        ("summed", 0.875, ["P-1", "P-9", "Q-2"], [0.5, 0.25, 0.125]),
        ("smallest", 1, ["Q-2"], [1]),
        ("largest", 4, ["P-1"], [4]),
        ("mean", 4, ["P-10", "P-1", "P-9", "Q-2"], [9, 4, 2, 1]),
        ("share", 0.2, ["P-10", "P-1", "P-5", "P-9", "Q-2"], [1, 0, 0, 0, 0]),
        ("p90", 7.5, ["P-1", "P-10"], [4, 9]),
        ("median", 3, ["P-9", "P-1"], [2, 4]),
        ("kinds", 2, ["P-1", "Q-2", "P-9", "P-10"], ["P", "Q", "P", "P"]),
        ("newest", 9, ["P-10"], [9]),  # as late as Q-2, and larger; the latest of all has no value
        ("spread", 256 / 102, ["P-10", "P-1", "P-9", "Q-2"], [9, 4, 2, 1]),
    ],
)
def test_each_kind_of_number_shows_its_rows(metric, value, keys, values):
    assert _measured(FIVE)[metric] == pytest.approx(value)
    found = _behind(metric)
    assert [record.key for record in found.records] == keys
    assert [record.value for record in found.records] == values
    assert found.total == len(keys)


def test_a_quantile_that_falls_on_a_row_shows_that_row_alone():
    assert _measured([_row(n, float(n)) for n in range(1, 12)])["p90"] == 10
    assert _keys("p90") == ["P-10"]


def test_a_quantile_is_cut_over_all_rows_not_over_those_that_can_be_shown():
    assert _measured([_row(n, float(n)) for n in range(1, 101)])["p90"] == pytest.approx(90.1)
    assert _keys("p90") == ["P-90", "P-91"]


def test_at_most_twenty_rows_are_shown_and_all_are_counted():
    assert _measured([_row(n, float(n), project=f"P{n % 7}") for n in range(1, 31)])["counted"] == 30
    found = _behind("counted")
    assert (len(found.records), found.total) == (20, 30)
    assert [record.value for record in _behind("summed").records][:2] == [30 / 8, 29 / 8]


def test_of_distinct_values_each_is_shown_before_any_is_shown_again():
    assert _measured([_row(n, 1.0, project="Z" if n == 40 else "A") for n in range(1, 41)])["kinds"] == 2
    assert _keys("kinds")[:2] == ["A-1", "Z-40"]


def test_keys_are_in_the_order_in_which_people_count():
    _measured([_row(n, 1.0) for n in (10, 9, 100, 1)])
    assert _keys("counted") == ["P-1", "P-9", "P-10", "P-100"]


def test_nothing_shows_nothing_and_the_rows_of_others_never_show():
    metrics = _measured([])
    assert (metrics["counted"], metrics["largest"], metrics["mean"]) == (0, 0, None)
    for name in OURS:
        assert name == "since" or _behind(name) == evidence.NOTHING


def test_what_never_happened_shows_the_account_whose_age_stands_for_it():
    assert _measured([])["since"] == 400
    (record,) = _behind("since").records
    assert (record.system, record.id, record.text, record.value) == ("salesforce", "a", "never", None)
    assert _measured([], moments=2)["since"] == 3
    assert _keys("since") == ["00T0"]


def test_an_expression_shows_the_rows_of_what_it_is_made_of_each_once():
    _measured(FIVE)
    found = _behind("made")  # counted: 4 open, largest: one of them, share: all five
    assert [record.key for record in found.records] == ["P-1", "P-5", "P-9", "Q-2", "P-10"]
    assert [record.value for record in found.records] == [1, 1, 1, 1, 1]
    assert found.total == 5
    assert {record.key for record in _behind("made_again").records} == {"P-1", "P-5", "P-9", "Q-2", "P-10"}


def test_an_expression_counts_all_of_its_rows_once():
    _measured([_row(n, float(n), done=n > 25) for n in range(1, 51)])
    found = _behind("made")
    assert (len(found.records), found.total) == (20, 50)


def test_many_accounts_at_once_give_what_one_gives():
    _measured(FIVE, moments=1)
    connection, shelf = _connection(), _catalogue()
    connection.execute(
        "create or replace temp table chosen as select 'a' as account_id union all select 'nobody'"
    )
    found = evidence.of_accounts(connection, shelf, list(OURS), "chosen")
    assert {account for account, _ in found} == {"a"}
    assert {name: found["a", name] for name in OURS} == {name: _behind(name) for name in OURS}


ages = st.none() | st.integers(-3, 40).map(float) | st.floats(0, 1000).map(lambda x: round(x, 3))
rows = st.lists(
    st.tuples(ages, st.booleans(), st.sampled_from(["P", "Q", "RR", None]), st.integers(0, 5)), max_size=45
).map(lambda drawn: [_row(n, a, done=d, project=p, minutes=m) for n, (a, d, p, m) in enumerate(drawn)])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows)
def test_the_rows_account_for_the_number(drawn):
    metrics = _measured(drawn)
    behind = {name: _behind(name) for name in OURS}
    for name, found in behind.items():
        assert len(found.records) == min(found.total, evidence.LIMIT)
        assert len({record.id for record in found.records}) == len(found.records), name
    assert metrics["counted"] == behind["counted"].total
    if behind["summed"].total <= evidence.LIMIT:
        shown = sum((Decimal(repr(record.value)) for record in behind["summed"].records), Decimal(0))
        assert Decimal(repr(metrics["summed"])) == pytest.approx(shown, abs=Decimal("1e-6"))
    for name in ("smallest", "largest", "newest"):
        values = [record.value for record in behind[name].records]
        assert values == ([metrics[name]] if values or (metrics[name] or 0) != 0 else [])
    for name in ("kinds", "ages"):
        shown = {record.value for record in behind[name].records}
        assert len(shown) == min(metrics[name], evidence.LIMIT)
    for name in ("p90", "median"):
        around = [record.value for record in behind[name].records]
        assert len(around) <= 2
        assert (metrics[name] is None) == (not around)
        if around:
            assert around[0] - 1e-9 <= metrics[name] <= around[-1] + 1e-9
    for name in ("mean", "share"):
        if 0 < behind[name].total <= evidence.LIMIT:
            values = [record.value for record in behind[name].records]
            assert metrics[name] == pytest.approx(sum(values) / len(values), abs=1e-6)
