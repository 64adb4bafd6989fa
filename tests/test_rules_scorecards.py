"""Curves, weights, floors, caps, rounding, bands: each edge by hand, and the whole against exact fractions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from score_board import BANDS, METRICS, board, book, exact_score, measure, scores

from rules.catalogue import Bands, Cap
from rules.expressions import parse
from rules.scorecards import curve_sql

NUMBERS = dict.fromkeys(METRICS, "number")


def _score(values: dict, *measures: dict, previous: str | None = None, **card) -> tuple:
    """(score, band, confidence, raw, capped) of one account on one scorecard."""
    shelf = book({"card": {"measures": list(measures), **card}})
    before = [("a", "card", previous)] if previous else []
    return scores(board(shelf, {"a": values}, before))["a", "card"]


# -- curves ------------------------------------------------------------------------------------------------------------

FALLING = ((0, 100), (14, 100), (45, 40), (90, 0))
RISING = ((0, 0), (3, 50), (6, 80), (12, 100))
STEP = ((0, 100), (5, 100), (5, 20), (9, 20))


@pytest.mark.parametrize(
    ("points", "value", "expected"),
    [
        (FALLING, -3, 100),
        (FALLING, 0, 100),
        (FALLING, 14, 100),
        (FALLING, 45, 40),
        (FALLING, 60, 40 - 40 / 3),
        (FALLING, 90, 0),
        (FALLING, 1e12, 0),
        (RISING, -1, 0),
        (RISING, 1.5, 25),
        (RISING, 12, 100),
        (RISING, 13, 100),
        (STEP, 5, 100),
        (STEP, 5.0000001, 20),
        (((5, 30), (5, 70)), 5, 30),
        (((5, 30), (5, 70)), 5.1, 70),
        (((3, 55),), 2, 55),
        (((3, 55),), 3, 55),
        (((3, 55),), 4, 55),
        (((-10, 0), (-5, 100)), -7.5, 50),
        (((Decimal("0.25"), 40), (Decimal("0.5"), 75)), 0.375, 57.5),
        (FALLING, None, None),
    ],
)
def test_a_curve_is_straight_between_its_points_and_flat_beyond(points, value, expected):
    decimals = [(Decimal(x), Decimal(y)) for x, y in points]
    found = duckdb.execute(f"select {curve_sql(decimals, 'v')} from (select cast(? as double) as v)", [value])
    assert found.fetchone()[0] == (None if expected is None else pytest.approx(expected))


def test_a_score_of_minus_nothing_is_nothing():
    decimals = [(Decimal(0), Decimal("-0.0")), (Decimal(10), Decimal("-0.0"))]
    for value in (-1, 0, 5, 20):
        found = duckdb.execute(
            f"select {curve_sql(decimals, 'v')} from (select cast({value} as double) as v)"
        )
        assert repr(found.fetchone()[0]) == "0.0"


# -- weights, confidence, floor ------------------------------------------------------------------------------------------


def test_weights_are_decimals_and_only_known_measures_enter():
    tenth, fifth, rest = measure("m0", 0.1), measure("m1", 0.2), measure("m2", 0.3)
    score, band, confidence, raw, _ = _score({"m0": 90, "m1": 30}, tenth, fifth, rest)
    assert (score, band, confidence) == (50, "amber", 0.5)
    assert raw == 50.0


@pytest.mark.parametrize(
    ("weights", "known", "floor", "enough"),
    [
        ((0.1, 0.2, 0.3), 2, 0.5, True),  # 0.30000000000000004 of 0.6 as doubles
        ((0.1, 0.2, 0.30000001), 2, 0.5, False),
        ((1, 1, 1), 1, 0.3333, True),
        ((1, 1, 1), 1, 0.3334, False),
        ((3, 3, 4), 2, 0.6, True),
        ((0.7, 0.1, 0.2), 1, 0.7, True),
        ((1e-9, 1e-9, 2e-9), 2, 0.5, True),
        ((1, 1, 1), 0, 0, False),  # a floor of nothing does not make something of nothing
        ((1, 1, 1), 3, 1, True),
        ((1, 1, 1), 2, 1, False),
    ],
)
def test_a_floor_that_is_exactly_met_is_met(weights, known, floor, enough):
    measures = [measure(f"m{n}", weight) for n, weight in enumerate(weights)]
    values = {f"m{n}": 80 for n in range(known)}
    score, band, _, _, _ = _score(values, *measures, floor=floor)
    assert (score, band) == ((80, "green") if enough else (None, "unknown"))


# -- nothing on record, stale, other segments ------------------------------------------------------------------------------


def test_an_account_of_which_nothing_is_on_record_is_unknown_whatever_its_zeroes_say():
    cards = {
        "one": {"measures": [measure("m0", 1), measure("m1", 1)], "caps": [_cap("m1 > 0", 20)], "floor": 0},
        "all": {"of": {"one": 1}, "floor": 0},
    }
    values = {"blank": {"m0": 100, "m1": 100}, "known": {"m0": 100, "m1": 0}}
    connection = board(book(cards), values, [("blank", "one", "green")], blank={"blank"})
    found = scores(connection)
    assert found["blank", "one"] == found["blank", "all"] == (None, "unknown", 0.0, None, None)
    assert found["known", "one"][:3] == (50, "amber", 1.0)
    lost = connection.execute("select count(score) from eval_measures where account_id = 'blank'").fetchall()
    assert lost == [(0,)]  # so that nothing of it costs points anywhere
    facts = connection.execute(
        "select m0, one_score, one_band from eval_facts where account_id = 'blank'"
    ).fetchall()
    assert facts == [(100, None, None)]  # the metric itself is what it is


@pytest.mark.parametrize(
    ("age", "confidence", "band"),
    [
        (0, 1.0, "amber"),
        (179.9, 1.0, "amber"),
        (180, 0.25, "unknown"),  # like every window: N days ago is out
        (203, 0.25, "unknown"),
        (None, 0.25, "unknown"),  # undated
    ],
)
def test_a_stale_value_counts_in_the_score_and_not_in_the_confidence(age, confidence, band):
    cards = {
        "card": {"measures": [measure("m0", 3), measure("m1", 1)]},
        "loose": {"measures": [measure("m0", 3), measure("m1", 1)], "floor": 0.25},
    }
    shelf = book(cards, fresh={"m0": ("m5", 180)})
    connection = board(shelf, {"a": {"m0": 40, "m1": 80, "m5": age}})
    found = scores(connection)
    assert found["a", "card"] == (50 if band == "amber" else None, band, confidence, 50.0, 50.0)
    assert found["a", "loose"][:2] == (50, "amber")
    rows = connection.execute(
        "select metric, fresh, age from eval_measures where scorecard = 'card' order by place"
    ).fetchall()
    assert rows == [("m0", confidence == 1.0, age), ("m1", True, None)]
    unknown = scores(board(shelf, {"a": {"m1": 80, "m5": 3}}))["a", "card"]
    assert unknown[:3] == (None, "unknown", 0.25)


def test_the_first_segment_that_an_account_is_in_chooses_its_scorecards_under_the_same_names():
    cards = {
        "one": {"measures": [measure("m0", 1)], "caps": [_cap("m5 > 0", 10)]},
        "two": {"measures": [measure("m1", 1)]},
        "all": {"of": {"one": 1, "two": 1}},
        "one_of_banks": {"measures": [measure("m1", 1), measure("m2", 3)], "floor": 0.9},
        "one_of_shops": {"measures": [measure("m3", 1)]},
        "all_of_shops": {"of": {"one": 3, "two": 1}},
    }
    segments = {
        "banks": {"when": "contains(name, 'bank')", "scorecards": {"one": "one_of_banks"}},
        "shops": {
            "when": "contains(industry, 'shop')",
            "scorecards": {"one": "one_of_shops", "all": "all_of_shops"},
        },
    }
    own = {"m0": 10, "m1": 20, "m2": 60, "m3": 90, "m5": 1}
    accounts = {
        "bank": {"name": "A bank"}, "shop": {"industry": "shop"}, "both": {"name": "bank", "industry": "shop"},
        "other": {"industry": "mine"}, "empty": {},
    }  # fmt: skip
    connection = board(book(cards, segments=segments), dict.fromkeys(accounts, own), accounts=accounts)
    found = scores(connection)
    assert {name for _, name in found} == {"one", "two", "all"}
    assert {account: found[account, "one"][0] for account in accounts} == {
        "bank": 50, "shop": 90, "both": 50, "other": 10, "empty": 10,
    }  # fmt: skip
    assert {account: found[account, "all"][3] for account in accounts} == {
        "bank": 35, "shop": 72.5, "both": 35, "other": 15, "empty": 15,
    }  # fmt: skip
    assert dict(connection.execute("select account_id, segment from eval_standing").fetchall()) == {
        "bank": "banks", "shop": "shops", "both": "banks", "other": None, "empty": None,
    }  # fmt: skip
    caps = connection.execute("select account_id from eval_caps order by 1").fetchall()
    assert caps == [("empty",), ("other",)]


# -- rounding ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "score"),
    [
        (0.5, 0),
        (1.5, 2),
        (62.5, 62),
        (63.5, 64),
        (69.5, 70),
        (70.5, 70),
        (98.5, 98),
        (99.5, 100),
        (62.51, 63),
    ],
)
def test_halves_are_rounded_to_the_even_number(value, score):
    assert _score({"m0": value}, measure("m0", 1))[0] == score


@pytest.mark.parametrize(
    ("weights", "values", "score"),
    [
        # 0.1·x + … are a hair off as doubles; the score that people compute by hand is a tie
        ((0.1, 0.2, 0.7), (63.5, 63.5, 63.5), 64),
        ((0.3, 0.3, 0.4), (65, 65, 61.25), 64),
        ((7, 11, 13), (61.5, 61.5, 61.5), 62),
        ((1, 2), (62, 62.75), 62),
        ((3, 7), (12.5, 12.5), 12),
    ],
)
def test_a_tie_is_a_tie_whatever_doubles_make_of_it(weights, values, score):
    measures = [measure(f"m{n}", weight) for n, weight in enumerate(weights)]
    assert _score({f"m{n}": value for n, value in enumerate(values)}, *measures)[0] == score


# -- caps ----------------------------------------------------------------------------------------------------------------


def _cap(when: str, at_most: float, name: str | None = None) -> dict:
    return {"when": when, "at_most": at_most, **({"name": name} if name else {})}


@pytest.mark.parametrize(
    ("caps", "values", "score", "band"),
    [
        ([_cap("m1 > 0", 65)], {"m1": 1}, 65, "amber"),
        ([_cap("m1 > 0", 65)], {"m1": 0}, 90, "green"),
        ([_cap("m1 > 0", 65)], {}, 90, "green"),  # an unknown condition caps nothing
        ([_cap("not (m1 > 0)", 65)], {}, 90, "green"),
        ([_cap("m1 is null", 65)], {}, 65, "amber"),
        ([_cap("m1 > 0", 95)], {"m1": 1}, 90, "green"),
        ([_cap("m1 > 0", 65), _cap("m1 > 1", 45)], {"m1": 2}, 45, "amber"),
        ([_cap("m1 > 1", 45), _cap("m1 > 0", 65)], {"m1": 2}, 45, "amber"),
        ([_cap("m1 > 0", 0)], {"m1": 1}, 0, "red"),
        ([_cap("m1 > 0", 62.5)], {"m1": 1}, 62, "amber"),
    ],
)
def test_the_lowest_cap_that_holds_is_the_most(caps, values, score, band):
    found = _score({"m0": 90, **values}, measure("m0", 1), caps=caps)
    assert found[:2] == (score, band)


def test_a_cap_gives_no_score_to_an_account_of_which_nothing_is_known():
    found = _score({"m1": 5}, measure("m0", 1), floor=0, caps=[_cap("m1 > 0", 40)])
    assert found == (None, "unknown", 0.0, None, None)


@pytest.mark.parametrize("name", ["raw", "capped", "known", "enough", "score", "band", "m", "place", "holds"])
def test_a_metric_may_have_any_name(name):
    shelf = book({"card": {"measures": [measure("m0", 1)]}})
    metric = replace(shelf.metrics["m0"], name=name)
    card = shelf.scorecards["card"]
    card = replace(
        card,
        measures=(replace(card.measures[0], metric=name),),
        caps=(Cap("cap", parse(f"{name} > 95", {name: "number"}, path="x"), Decimal(20)),),
    )
    shelf = replace(shelf, metrics={name: metric}, scorecards={"card": card})
    assert scores(board(shelf, {"a": {name: 96}}))["a", "card"][:2] == (20, "red")


# -- bands ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("previous", "bands"),
    [
        # the band at 36 … 43 and at 66 … 73, one letter each: hysteresis 2 round 40 and 70
        (None, "rrrraaaa aaaagggg"),
        ("unknown", "rrrraaaa aaaagggg"),
        ("green", "rraaaaaa aagggggg"),
        ("amber", "rraaaaaa aaaaaagg"),
        ("red", "rrrrrraa aaaaaagg"),
    ],
)
def test_a_band_is_left_only_when_its_edge_is_passed_by_the_hysteresis(previous, bands):
    shelf = book({"card": {"measures": [measure("m0", 1)]}})
    points = [*range(36, 44), *range(66, 74)]
    before = [(str(point), "card", previous) for point in points] if previous else []
    found = scores(board(shelf, {str(point): {"m0": point} for point in points}, before))
    said = "".join(found[str(point), "card"][1][0] for point in points)
    assert said == bands.replace(" ", "")


@pytest.mark.parametrize(
    ("previous", "value", "band"),
    [
        ("red", 90, "green"),
        ("green", 10, "red"),
        ("red", 71, "amber"),
        ("green", 39, "amber"),
        ("green", 37, "red"),
    ],
)
def test_a_jump_over_two_edges_looks_at_each(previous, value, band):
    assert _score({"m0": value}, measure("m0", 1), previous=previous)[1] == band


def test_a_band_is_that_of_the_shown_score():
    assert _score({"m0": 69.5}, measure("m0", 1))[:2] == (70, "green")
    assert _score({"m0": 39.5}, measure("m0", 1))[:2] == (40, "amber")
    assert _score({"m0": 69.49}, measure("m0", 1))[:2] == (69, "amber")


def test_edges_may_be_decimals_and_hysteresis_nothing():
    shelf = book(
        {"card": {"measures": [measure("m0", 1)]}}, bands=Bands(Decimal("70.5"), Decimal("1E+1"), Decimal(0))
    )
    found = scores(board(shelf, {str(n): {"m0": n} for n in (9, 10, 70, 71)}, [("70", "card", "green")]))
    assert [found[str(n), "card"][1] for n in (9, 10, 70, 71)] == ["red", "amber", "amber", "green"]


def test_the_previous_band_of_another_scorecard_or_account_does_not_count():
    cards = {"one": {"measures": [measure("m0", 1)]}, "two": {"measures": [measure("m0", 1)]}}
    found = scores(board(book(cards), {"a": {"m0": 69}, "b": {"m0": 69}}, [("a", "one", "green")]))
    assert {key: value[1] for key, value in found.items()} == {
        ("a", "one"): "green", ("a", "two"): "amber", ("b", "one"): "amber", ("b", "two"): "amber",
    }  # fmt: skip


# -- scorecards over scorecards --------------------------------------------------------------------------------------------


def _overall(values: dict, of: dict, *, caps=(), floor: float = 0.5, part_floor: float = 0.5) -> dict:
    cards = {
        "one": {"measures": [measure("m0", 1), measure("m1", 1)], "caps": list(caps), "floor": part_floor},
        "two": {"measures": [measure("m2", 1), measure("m3", 1), measure("m4", 1)], "floor": part_floor},
        "all": {"of": of, "floor": floor},
    }
    found = scores(board(book(cards), {"a": values}))
    return {card: value for (_, card), value in found.items()}


def test_overall_weighs_capped_unrounded_scores():
    caps = [_cap("m0 > 0", 61.4)]
    found = _overall(
        {"m0": 90, "m1": 91, "m2": 33.3, "m3": 33.3, "m4": 33.3}, {"one": 30, "two": 20}, caps=caps
    )
    assert found["all"][3] == pytest.approx((30 * 61.4 + 20 * 33.3) / 50)
    assert (
        found["all"][0] == 50
    )  # of 61 and 33, as shown, it would be 49.8: the same; of 90.5 and 33.3 another


def test_an_unknown_part_is_left_out_but_lowers_the_confidence():
    found = _overall({"m0": 80, "m1": 80, "m2": 10}, {"one": 30, "two": 20})
    assert found["two"][:2] == (None, "unknown")
    score, _, confidence, _, _ = found["all"]
    assert score == 80
    assert confidence == pytest.approx((30 * 1 + 20 / 3) / 50)


@pytest.mark.parametrize(
    ("values", "of", "known"),
    [
        ({"m0": 80, "m2": 50, "m3": 50}, {"one": 30, "two": 20}, True),
        ({"m2": 50, "m3": 50}, {"one": 1, "two": 3}, True),  # 3 · 2/3 / 4 = 0.5, a hair less as doubles
        ({"m2": 50, "m3": 50}, {"one": 1.01, "two": 3}, False),
        ({"m0": 80, "m1": 80}, {"one": 29, "two": 31}, False),
        ({}, {"one": 30, "two": 20}, False),
    ],
)
def test_overall_is_unknown_under_its_floor(values, of, known):
    score, band, *_ = _overall(values, of)["all"]
    assert (score is not None, band != "unknown") == (known, known)


def test_overall_of_unknown_parts_alone_is_unknown_even_when_much_is_known():
    found = _overall({"m0": 80, "m2": 50, "m3": 50}, {"one": 30, "two": 20}, part_floor=0.9)
    assert found["all"][:2] == (None, "unknown")
    assert found["all"][2] > 0.5


# -- laws ----------------------------------------------------------------------------------------------------------------

tenths = st.integers(-200, 1200).map(lambda n: n / 10)
weights = st.decimals("0.001", "50", places=3)
knots = st.lists(st.integers(-20, 120), min_size=2, max_size=5, unique=True).map(sorted)


@st.composite
def cards_and_values(draw):
    measures = []
    for name in draw(st.lists(st.sampled_from(METRICS[:5]), min_size=1, max_size=5, unique=True)):
        points = [(x, draw(st.integers(0, 100))) for x in draw(knots)]
        measures.append(measure(name, draw(weights), *points))
    caps = [
        _cap(
            f"{draw(st.sampled_from(METRICS))} > {draw(st.integers(0, 60))}",
            draw(st.integers(0, 100)),
            f"cap {n}",
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    floor = draw(st.sampled_from([0, Decimal("0.5"), Decimal("0.33"), 1]))
    values = draw(
        st.lists(st.dictionaries(st.sampled_from(METRICS), tenths | st.none()), min_size=1, max_size=6)
    )
    return {"measures": measures, "caps": caps, "floor": floor}, {
        f"a{n}": each for n, each in enumerate(values)
    }


quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
twice = settings(quick, max_examples=6)  # two boards each


@quick
@given(cards_and_values())
def test_scores_are_what_fractions_say(drawn):
    raw_card, values = drawn
    shelf = book({"card": raw_card})
    card = shelf.scorecards["card"]
    found = scores(board(shelf, values))
    for account, own in values.items():
        score, band, confidence, _, _ = found[account, "card"]
        exact, sure = exact_score(card, own)
        assert confidence == float(sure)
        assert (score is None) == (band == "unknown") == (exact is None or sure < Fraction(card.floor))
        if score is None:
            continue
        for cap in card.caps:
            (column,) = cap.when.columns
            limit = Fraction(cap.when.text.rpartition(" ")[2])
            if own.get(column) is not None and Fraction(Decimal(repr(own[column]))) > limit:
                exact = min(exact, Fraction(cap.at_most))
        assert score == round(exact)
        assert band == ("green" if score >= BANDS.green else "amber" if score >= BANDS.amber else "red")


@twice
@given(cards_and_values(), st.randoms(use_true_random=False))
def test_the_order_of_a_config_shows_in_no_digit(drawn, chance):
    card, values = drawn
    cards = {
        "card": card,
        "other": {"measures": [measure("m5", 3)]},
        "all": {"of": {"card": 3, "other": Decimal("0.7")}},
    }
    shuffled = {
        name: {
            key: chance.sample(part, len(part)) if isinstance(part, list)
            else dict(chance.sample(list(part.items()), len(part))) if isinstance(part, dict) else part
            for key, part in each.items()
        }
        for name, each in chance.sample(list(cards.items()), len(cards))
    }  # fmt: skip
    accounts = dict(chance.sample(list(values.items()), len(values)))
    assert scores(board(book(shuffled), accounts)) == scores(board(book(cards), values))


@twice
@given(cards_and_values())
def test_an_account_has_its_score_whoever_else_is_in_the_book_and_whatever_it_is_called(drawn):
    card, values = drawn
    shelf = book({"card": card})
    together = scores(board(shelf, values))
    account, own = next(iter(values.items()))
    assert scores(board(shelf, {"renamed": own}))["renamed", "card"] == together[account, "card"]
