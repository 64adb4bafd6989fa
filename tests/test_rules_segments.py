"""Segments: which scorecard stands in for whom, what conditions tell about overlaps, and what only data tell."""

from __future__ import annotations

import functools
import tomllib
from itertools import product

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import catalogue, catalogue_segments, segments
from rules.catalogue_sections import named_sections
from rules.expressions import parse, to_sql
from rules.overlap import cases
from rules.sources import ACCOUNT_COLUMNS, SOURCES

COLUMNS = {**ACCOUNT_COLUMNS, "region": "text"}
MEASURE = '[[scorecards.{0}.measures]]\nmetric = "{1}"\nweight = 1\npoints = [[0, 100], [10, 0]]\n'
CARDS = tomllib.loads((catalogue.BUILTIN / "scorecards.toml").read_text(encoding="utf-8"))["scorecards"]
VARIANT = MEASURE.format("health_of_banks", "open_p1")


def load(text: str) -> catalogue.Catalogue:
    return catalogue.load(tomllib.loads(text), SOURCES, account_columns=COLUMNS)


def segment(name: str, when: str, scorecards: str = '{ health = "health_of_banks" }') -> str:
    return f"[segments.{name}]\nwhen = {when!r}\nscorecards = {scorecards}\n"


def read(text: str) -> dict[str, str]:
    """What is said of these segments, by path; health, penetration and overall are there as they ship."""
    raw = tomllib.loads(VARIANT + text)
    found: list = []
    cards = named_sections("scorecards", {**CARDS, **raw["scorecards"]}, found)
    catalogue_segments.segments(named_sections("segments", raw["segments"], found), COLUMNS, cards)
    return {fault.path: fault.message for fault in found}


def faults(*conditions: str) -> dict[str, str]:
    """What is said of segments with these conditions, by their names a, b, c …"""
    said = read("".join(segment("abcdef"[place], when) for place, when in enumerate(conditions)))
    assert all(path.endswith(".when") for path in said)
    return {path.split(".")[1]: message for path, message in said.items()}


def test_a_segment_puts_a_scorecard_in_the_place_of_another():
    shelf = load(
        VARIANT
        + segment("banks", "industry = 'Banking'")
        + segment("big", "assets_owned > 9 and industry = 'Media'")
    )
    assert [each.name for each in shelf.segments] == ["banks", "big"]
    assert "health_of_banks" in shelf.variants
    assert "health_of_banks" not in shelf.scorecards
    assert shelf.card_of("health", "banks") is shelf.variants["health_of_banks"]
    assert shelf.card_of("penetration", "banks") is shelf.scorecards["penetration"]
    assert shelf.card_of("health", None) is shelf.scorecards["health"]
    assert shelf.digest != load(VARIANT + segment("banks", "industry = 'Media'")).digest


@pytest.mark.parametrize(
    ("conditions", "at", "told"),
    [
        # never true at all
        (["industry = 'A' and industry = 'B'"], "a", "true of no account"),
        (["assets_owned > 3 and assets_owned < 4"], "a", "true of no account"),  # counts are whole
        # nothing left: the same, wider, a list that holds it, a range that holds it, two that share it
        (
            ["industry = 'A'", "industry='A'"],
            "b",
            "never reached: whatever it is true of, a has taken before",
        ),
        (["industry in ('A', 'B')", "industry = 'B'"], "b", "never reached"),
        (["industry != 'A'", "industry = 'B'"], "b", "never reached"),
        (["assets_owned > 10", "assets_owned >= 20 and type = 'X'"], "b", "never reached"),
        (["assets_owned between 1 and 9", "assets_owned = 4"], "b", "never reached"),
        (["contains(name, 'bank')", "contains(name, 'bank') and person_account"], "b", "never reached"),
        (["industry = 'A'", "industry = 'B'", "industry in ('A', 'B')"], "c", "a and b together have taken"),
        (["created < '2020-01-01'", "created < '2019-06-01'"], "b", "never reached"),
        # both take the same account, and the message names one
        (["industry = 'A'", "type = 'X'"], "b", "an account whose industry = 'A' and type = 'X' is in both"),
        (
            ["industry in ('A', 'B')", "industry in ('B', 'C')"],
            "b",
            "an account whose industry = 'B' is in both",
        ),
        (["assets_owned > 5", "assets_owned < 9"], "b", "an account whose assets_owned = 6 is in both"),
        (
            ["not person_account", "industry = 'A'"],
            "b",
            "industry = 'A' and person_account = false is in both",
        ),
        (["industry is null", "region != 'N'"], "b", "industry is null and region != 'N' is in both"),
        (
            ["industry = 'A'", "industry = 'A' or industry = 'B'"],
            "b",
            "an account whose industry = 'A' is in both",
        ),
    ],
)
def test_segments_that_leave_nothing_or_share_accounts_are_faults(conditions, at, told):
    said = faults(*conditions)
    assert list(said) == [at]
    assert told in said[at]


@pytest.mark.parametrize(
    "conditions",
    [
        ["industry = 'A'", "industry = 'B'"],
        ["industry = 'A'", "industry != 'A' and type = 'X'"],
        ["industry = 'A'", "type = 'X' and (industry != 'A' or industry is null)"],
        ["assets_owned > 5", "assets_owned <= 5", "assets_owned is null"],
        ["person_account", "not person_account and region = 'N'"],
        ["created >= '2020-01-01'", "created < '2020-01-01'"],
        # texts cannot tell: only data can
        ["contains(name, 'bank')", "industry = 'A'"],
        ["lower(industry) = 'a'", "industry = 'A'"],
    ],
)
def test_segments_that_stay_apart_or_of_which_texts_cannot_tell_are_fine(conditions):
    assert faults(*conditions) == {}


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [
        (
            segment("a", "type = 'X'").partition("scorecards")[0],
            "segments.a.scorecards",
            "stands in for which",
        ),
        (segment("a", "type = 'X'", "{ }"), "segments.a.scorecards", "changes nothing"),
        ("[segments.a]\nscorecards = { health = 'delivery_x' }\n", "segments.a.when", "missing"),
        (segment("a", "open_p1 > 0"), "segments.a.when", "unknown column"),
        (segment("a", "industri = 'A'"), "segments.a.when", "unknown column"),
        (
            segment("a", "type = 'X'", '{ helth = "health_of_banks" }'),
            "segments.a.scorecards.helth",
            "unknown scorecard",
        ),
        (
            segment("a", "type = 'X'", '{ health = "health_of_bank" }'),
            "segments.a.scorecards.health",
            "unknown scorecard",
        ),
        (
            segment("a", "type = 'X'", '{ health = "penetration" }'),
            "segments.a.scorecards.health",
            "a part of overall",
        ),
        (
            segment("a", "type = 'X'", '{ overall = "health_of_banks" }'),
            "segments.a.scorecards.overall",
            "both are made alike",
        ),
        (segment("a", "type = 'X'", "{ health = 1 }"), "segments.a.scorecards.health", "text in quotes"),
        (segment("a", "type = 'X'") + "extra = 1\n", "segments.a.extra", "unknown key"),
    ],
)
def test_a_segment_that_cannot_be_is_a_fault_at_its_key(text, path, told):
    assert told in read(text)[path]


def test_what_only_data_tell_is_counted_over_managed_accounts():
    connection = duckdb.connect()
    connection.execute(
        "create temp table accounts as select * from (values "
        "('1', 'A bank', 'A', true), ('2', 'A bank', 'B', true), ('3', 'Shop', 'A', true), ('4', 'A bank', 'A', false)) "
        "v(account_id, name, industry, managed)"
    )
    shelf = load(
        VARIANT
        + segment("banks", "contains(name, 'bank')")
        + segment("a", "industry = 'A'")
        + segment("parks", "starts_with(name, 'park')")
    )
    assert [(each.segment, each.message) for each in segments.told(connection, shelf)] == [
        ("a", "1 managed account is in the segment banks as well, which comes first and wins."),
        ("parks", "No managed account is in this segment."),
    ]
    rows = connection.execute(
        f"select account_id, {segments.segment_sql(shelf, 'a')} from accounts a order by 1"
    ).fetchall()
    assert dict(rows) == {"1": "banks", "2": "banks", "3": "a", "4": "banks"}


# -- the conditions against every account that there could be ------------------------------------------------------------

GRID = list(
    product([None, "A", "B", "C", "Q"], [None, "X", "Y", "Q"], [None, 0, 1, 2, 3, 4], [None, True, False])
)
texts = st.sampled_from(["industry", "type"]).flatmap(
    lambda column: st.sampled_from(["'A'", "'B'"] if column == "industry" else ["'X'"]).flatmap(
        lambda value: st.sampled_from(
            [
                f"{column} = {value}",
                f"{column} != {value}",
                f"{column} is null",
                f"{column} in ({value}, 'Q')",
            ]
        )
    )
)
numbers = st.tuples(
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.sampled_from(["1", "2", "2.5", "3"])
).map(lambda pair: f"assets_owned {pair[0]} {pair[1]}")
leaf = st.one_of(
    texts,
    numbers,
    st.sampled_from(
        ["person_account", "person_account != true", "assets_owned between 1 and 3", "type = 'X'"]
    ),
)
conditions = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=5,
)


@functools.cache
def _grid() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create table g(n int, industry text, type text, assets_owned double, person_account boolean)"
    )
    connection.executemany("insert into g values (?, ?, ?, ?, ?)", [(n, *row) for n, row in enumerate(GRID)])
    return connection


def _true_of(text: str) -> set[int]:
    sql = to_sql(parse(text, COLUMNS, path="x"), "duckdb")
    return {n for (n,) in _grid().execute(f"select n from g where {sql}").fetchall()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions, conditions)
def test_what_is_said_of_two_conditions_is_true_of_every_account_that_there_could_be(one, other):
    a, b = (cases(parse(text, COLUMNS, path="x"), COLUMNS) for text in (one, other))
    true_a, true_b = _true_of(one), _true_of(other)
    assert a.is_never == (not true_a)
    assert (a.shared(b) is not None) == bool(true_a & true_b)
    if b.within([a]):
        assert true_b <= true_a
