"""The quadrant: two axes over metrics and scores, what fits a tier, and that nothing is made of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from score_board import board, book, measure

from rules import catalogue, quadrant
from rules.catalogue import CatalogueError
from rules.evidence import leaves
from rules.expressions import parse
from rules.sources import ACCOUNT_COLUMNS, SOURCES

LINE = [[0, 0], [100, 100]]
CARDS = {"health": {"measures": [measure("m0", 1)], "caps": [{"when": "m5 > 0", "at_most": 49.9}]}}
AXES = {
    "attractive": {
        "measures": [
            {"metric": "m1", "weight": 3, "points": LINE},
            {"metric": "m2", "weight": 1, "points": LINE},
        ]
    },
    "able": {
        "label": "able to serve",
        "floor": 0.6,
        "measures": [{"scorecard": "health", "weight": 3}, {"metric": "m3", "weight": 2, "points": LINE}],
    },
    "tier": "type",
    "tiers": {"A": [1, 2], "b": [3]},
}


def _found(values: dict, accounts: dict | None = None, **rest) -> dict[str, tuple]:
    connection = board(book(CARDS, axes=AXES), values, accounts=accounts, **rest)
    rows = connection.execute("select account_id, quadrant, tier_mismatch from eval_metrics").fetchall()
    facts = connection.execute("select account_id, quadrant, tier_mismatch from eval_facts").fetchall()
    assert rows == facts  # rules see them too
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"m1": 60, "m2": 20, "m0": 80, "m3": 5}, 1),  # 50 and 50
        ({"m1": 60, "m2": 20, "m0": 79.9, "m3": 5}, 2),
        ({"m1": 60, "m2": 19.9, "m0": 80, "m3": 5}, 3),
        ({"m1": 0, "m2": 0, "m0": 0, "m3": 0}, 4),
        ({"m1": 90, "m0": 90}, 1),  # 3 of 4 and 3 of 5 known: the floors are met
        ({"m1": 90, "m3": 90}, None),  # 2 of 5 is too little
        ({"m2": 90, "m0": 90, "m3": 90}, None),
        ({"m1": 90, "m0": 90, "m5": 1}, 2),  # the capped score
        ({}, None),
    ],
)
def test_an_axis_is_high_from_fifty_and_unknown_under_its_floor(values, expected):
    assert _found({"a": values})["a"][0] == expected


def test_a_tier_that_promises_another_quadrant_does_not_fit():
    first, third = {"m1": 90, "m0": 90}, {"m1": 9, "m0": 90}
    values = {"fits": first, "not": third, "b": third, "none": third, "other": third, "unknown": {}}
    accounts = {
        "fits": {"type": "A"},
        "not": {"type": " a"},
        "b": {"type": "B"},
        "other": {"type": "Z"},
        "unknown": {"type": "A"},
    }
    found = _found(values, accounts)
    assert {name: mismatch for name, (_, mismatch) in found.items()} == {
        "fits": 0, "not": 1, "b": 0, "none": None, "other": None, "unknown": None,
    }  # fmt: skip


def test_of_an_account_without_anything_on_record_the_quadrant_is_unknown():
    assert _found({"a": {"m1": 90, "m0": 90, "m3": 90}}, blank={"a"})["a"] == (None, None)


def test_a_stale_value_adds_nothing_to_what_is_known_of_an_axis():
    shelf = book(CARDS, axes=AXES, fresh={"m1": ("m4", 180)})
    connection = board(shelf, {"a": {"m1": 90, "m0": 90, "m4": 180}, "b": {"m1": 90, "m0": 90, "m4": 179}})
    assert connection.execute("select quadrant from eval_metrics order by account_id").fetchall() == [
        (None,),
        (1.0,),
    ]


def test_metrics_made_of_the_quadrant_come_after_it_whatever_their_depth():
    shelf = book(CARDS, axes=AXES)
    base = shelf.metrics["quadrant"]
    numbers = dict.fromkeys([*shelf.metrics, "best", "better"], "number")
    made = {
        name: replace(base, name=name, expr=parse(text, numbers, path=name))
        for name, text in {"best": "if(quadrant = 1, 1, 0)", "better": "best + tier_mismatch + m1"}.items()
    }
    shelf = replace(shelf, metrics={**shelf.metrics, **made}, late=(*shelf.late, *made))
    connection = board(shelf, {"a": {"m1": 90, "m0": 90}}, accounts={"a": {"type": "B"}})
    assert connection.execute("select best, better from eval_metrics").fetchall() == [(1, 92)]
    assert [leaf.name for leaf in leaves(shelf, "best")] == ["m1", "m2", "m3"]


def test_the_quadrant_tells_its_axes():
    connection = board(
        shelf := book(CARDS, axes=AXES), {"a": {"m1": 60, "m2": 20, "m0": 80}}, accounts={"a": {"type": "A"}}
    )
    told = quadrant.told(connection, shelf, "a")
    assert (told["value"], told["tier"], told["attractive"]["score"], told["able"]["score"]) == (
        1,
        "A",
        50,
        80,
    )
    assert told["able"]["label"] == "able to serve"
    assert told["able"]["measures"] == [
        {"scorecard": "health", "label": "health", "value": 80, "unit": "points", "score": 80, "weight": 3.0},
        {"metric": "m3", "label": "m3", "value": None, "unit": "issues", "score": None, "weight": 2.0},
    ]


AXIS = {"measures": [{"metric": "open_p1", "weight": 1, "points": LINE}]}


@pytest.mark.parametrize(
    ("raw", "path", "told"),
    [
        ({"scorecards": {"x": {"measures": [{"metric": "quadrant", "weight": 1, "points": LINE}]}}}, "scorecards.x.measures[0].metric", "worked out from the scores"),
        ({"scorecards": {"health": {"caps": [{"when": "tier_mismatch > 0", "at_most": 1}]}}}, "scorecards.health.caps[0].when", "worked out from the scores"),
        (
            {
                "metrics": {"star": {"expr": "if(quadrant = 1, 1, 0)"}},
                "scorecards": {"x": {"measures": [{"metric": "star", "weight": 1, "points": LINE}]}},
            },
            "scorecards.x.measures[0].metric",
            "star is worked out from the scores",
        ),
        ({"quadrant": {"able": {"measures": [{"metric": "quadrant", "weight": 1, "points": LINE}]}}}, "quadrant.able.measures[0].metric", "cannot be made of it"),
        ({"metrics": {"quadrant": {"expr": "open_p1 + 1"}}}, "metrics.quadrant", "made by [quadrant]"),
        ({"quadrant": {"able": {"measures": [{"scorecard": "helth", "weight": 1}]}}}, "quadrant.able.measures[0].scorecard", "unknown scorecard"),
        ({"quadrant": {"able": {"measures": [{"metric": "opn_p1", "weight": 1, "points": LINE}]}}}, "quadrant.able.measures[0].metric", "unknown metric"),
        ({"quadrant": {"able": {"measures": [{"weight": 1, "points": LINE}]}}}, "quadrant.able.measures[0]", "either a metric or a scorecard"),
        ({"quadrant": {"able": {"measures": [{"metric": "open_p1", "weight": 0, "points": LINE}]}}}, "quadrant.able.measures[0].weight", "more than 0"),
        ({"quadrant": {"able": {"measures": [{"metric": "open_p1", "weight": 1}]}}}, "quadrant.able.measures[0].points", "points are pairs"),
        ({"quadrant": {"able": {"measures": AXIS["measures"] * 2}}}, "quadrant.able.measures", "twice"),
        ({"quadrant": {"high": 101}}, "quadrant.high", "0 to 100"),
        ({"quadrant": {"tier": "industri", "tiers": {"A": [1]}}}, "quadrant.tier", "unknown account column"),
        ({"quadrant": {"tier": "industry"}}, "quadrant.tier", "which quadrants fit"),
        ({"quadrant": {"tiers": {"A": [1]}}}, "quadrant.tiers", "which account column"),
        ({"quadrant": {"tier": "industry", "tiers": {"A": [5]}}}, "quadrant.tiers.A", "out of 1, 2, 3 and 4"),
        ({"quadrant": {"worth": AXIS}}, "quadrant.worth", "unknown key"),
    ],
)  # fmt: skip
def test_a_quadrant_that_cannot_be_is_a_fault_at_its_key(raw, path, told):
    with pytest.raises(CatalogueError) as raised:
        catalogue.load(raw, SOURCES, account_columns=ACCOUNT_COLUMNS)
    assert told in {fault.path: fault.message for fault in raised.value.faults}[path]
