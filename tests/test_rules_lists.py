"""The lists over the book, by hand: what costs most first, one deed is one row, and what is unknown is no gap."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from score_board import board, book, measure

from rules import catalogue, lists
from rules.expressions import to_sql
from rules.sources import SOURCES
from rules.templates import compile_template
from sync import book_lists
from sync.errors import SyncError

CARDS = {
    "one": {"measures": [measure("m0", 1), measure("m1", 3)], "floor": 0},
    "two": {"measures": [measure("m2", 1)], "floor": 0},
    "aside": {"measures": [measure("m4", 1)], "floor": 0},
    "whole": {"of": {"one": 60, "two": 40}, "floor": 0},
}


def _fix_first(values: dict, *, weight: str | None = None, **changed: dict) -> list[tuple]:
    shelf = book(CARDS)
    metrics = {name: replace(each, **changed.get(name, {})) for name, each in shelf.metrics.items()}
    shelf = replace(shelf, metrics=metrics)
    connection = board(shelf, values)
    connection.execute(
        "create or replace temp table accounts as select account_id, upper(account_id) as name, true as managed "
        "from eval_metrics"
    )
    found = lists.findings(connection, shelf, "fix-first", weight=weight)
    return [(each.account, each.kind, each.points) for each in found]


def test_what_costs_most_of_the_overall_score_comes_first():
    values = {"a": {"m0": 0, "m1": 60, "m2": 50, "m4": 0}, "b": {"m0": 100, "m1": 100, "m2": 99}, "c": {}}
    # of one: 100/4 and 40·3/4, at 60 %; of two 50 at 40 %; a scorecard that the whole does not weigh costs it nothing
    assert _fix_first(values) == [("A", "m2", 20), ("A", "m1", 18), ("A", "m0", 15)]


def test_accounts_weigh_by_a_metric_and_one_of_which_it_is_unknown_like_the_mean():
    values = {"a": {"m2": 50, "m5": 30}, "b": {"m2": 50, "m5": 10}, "c": {"m2": 50}}
    assert _fix_first(values, weight="m5") == [("A", "m2", 30), ("C", "m2", 20), ("B", "m2", 10)]


def test_what_one_deed_mends_is_one_row_and_what_nobody_can_move_is_none():
    deed = compile_template("answer {records}", {"records": "text"}, path="here")
    values = {"a": {"m0": 0, "m1": 60, "m2": 50}}
    assert _fix_first(values, m0={"whatif": deed}, m1={"whatif": deed}, m2={"fixed": True}) == [
        ("A", "m1", 33)
    ]


@pytest.mark.parametrize(
    ("values", "gaps"),
    [
        ({}, None),
        ({"has_annual_plan": 1}, 0),
        ({"has_annual_plan": 0}, 1),
        ({"days_since_review": 92, "has_mission": 1}, 0),
        ({"days_since_review": 93, "has_mission": 0}, 2),
        ({"missing_roles": 2, "unit_contacts_missing": 3, "orphan_opportunities": 4}, 9),
        ({"overdue_objectives": 1, "objectives_without_action": 2, "has_annual_plan": 1}, 3),
    ],
)
def test_gaps_of_the_plan_are_counted_where_they_are_known(values, gaps):
    expr = catalogue.load({}, SOURCES).metrics["plan_gaps"].expr
    row = ", ".join(
        f'cast({values.get(name, "null")} as double) as "{name}"' for name in sorted(expr.columns)
    )
    assert duckdb.execute(f"select {to_sql(expr)} from (select {row})").fetchall() == [(gaps,)]


def test_a_list_that_is_not_there_is_refused_with_a_suggestion():
    with pytest.raises(SyncError, match="did you mean plan-gap"):
        book_lists.check("plan-gaps")
    with pytest.raises(SyncError, match="name one of fix-first, plan-gap, whitespace"):
        book_lists.check("zzz")
