"""Points that add up to the score to the last digit, caps by name, links, and why something is unknown or a rule fires."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from company import CUSTOMER, ago
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from score_board import METRICS, board, book, measure

from rules import words
from rules.evidence import Record
from rules.explain import LinkBases, explain, shares
from rules.sources import COVERAGE
from sync import views

LINKS = LinkBases("https://vendor.my.salesforce.com", {"default": "https://vendor.atlassian.net"})


def _told(cards: dict, values: dict) -> dict:
    """The explained scorecards as a reader of the JSON has them: numbers in decimal."""
    shelf = book(cards)
    text = json.dumps(explain(board(shelf, {"a": values}), shelf, "a", LINKS))
    assert not re.search(r"-0\.0*(?![0-9])", text), "nothing is never less than nothing"
    return json.loads(text, parse_float=Decimal)["scorecards"]


def _sum(card: dict) -> Decimal:
    points = [each["points"] for each in [*card["measures"], *card["caps"]] if each["points"] is not None]
    return sum(map(Decimal, points), Decimal(0)) + Decimal(card["rounding"])


def _cap(when: str, at_most: float, name: str) -> dict:
    return {"when": when, "at_most": at_most, "name": name}


# -- points --------------------------------------------------------------------------------------------------------------


def test_points_are_shares_of_the_weight_in_hundredths_by_largest_remainder():
    card = _told(
        {"card": {"measures": [measure("m0", 1), measure("m1", 1), measure("m2", 1)]}},
        {"m0": 100, "m1": 50, "m2": 50},
    )["card"]
    # 33.333…, 16.666…, 16.666… of 66.666…
    assert [each["points"] for each in card["measures"]] == [Decimal(p) for p in ("33.33", "16.67", "16.67")]
    assert (card["score"], card["rounding"]) == (67, Decimal("0.33"))


def test_a_measure_without_a_value_has_no_points_and_takes_none():
    card = _told({"card": {"measures": [measure("m0", 2), measure("m1", 1)]}}, {"m0": 80})["card"]
    assert [each["points"] for each in card["measures"]] == [80, None]
    assert [each["score"] for each in card["measures"]] == [80, None]


def test_caps_are_negative_points_under_their_names():
    caps = [
        _cap("m1 > 0", 65, "mild"),
        _cap("m1 > 1", 45, "hard"),
        _cap("m1 > 9", 5, "never"),
        _cap("m2 > 0", 1, "?"),
    ]
    card = _told({"card": {"measures": [measure("m0", 1)], "caps": caps}}, {"m0": 90.5, "m1": 2})["card"]
    assert [(each["name"], each["holds"], each["points"]) for each in card["caps"]] == [
        ("mild", True, Decimal("-25.5")),
        ("hard", True, -20),
        ("never", False, 0),
        ("?", None, 0),
    ]
    assert (card["score"], card["rounding"]) == (45, 0)


def test_under_the_floor_there_is_no_score_and_nothing_adds_up_to_it():
    cards = {"card": {"measures": [measure("m0", 1), measure("m1", 9)], "caps": [_cap("m0 > 0", 5, "cap")]}}
    card = _told(cards, {"m0": 80})["card"]
    assert (card["score"], card["band"], card["rounding"]) == (None, "unknown", None)
    assert [each["points"] for each in card["measures"]] == [None, None]
    assert [each["points"] for each in card["caps"]] == [0]
    assert card["measures"][0]["score"] == 80


def test_the_parts_of_overall_are_its_measures():
    cards = {
        "one": {"label": "First", "measures": [measure("m0", 1)], "caps": [_cap("m1 > 0", 60, "cap")]},
        "two": {"measures": [measure("m2", 1)]},
        "all": {"of": {"one": 30, "two": 20}},
    }
    card = _told(cards, {"m0": 90, "m1": 1})["all"]
    one, two = card["measures"]
    assert (one["metric"], one["label"], one["score"], one["points"]) == ("one", "First", 60, 60)
    assert (two["score"], two["points"]) == (None, None)
    assert two["unknown"] == "too little is known for a score"


@st.composite
def cards_and_values(draw):
    measures = [
        measure(
            name,
            draw(st.decimals("0.001", "90", places=3)),
            *(
                (x, draw(st.decimals(0, 100, places=2)))
                for x in sorted(draw(st.sets(st.integers(0, 60), min_size=2)))
            ),
        )
        for name in draw(st.lists(st.sampled_from(METRICS), min_size=1, unique=True))
    ]
    caps = [
        _cap(
            f"{draw(st.sampled_from(METRICS))} > {draw(st.integers(0, 30))}",
            draw(st.decimals(0, 99, places=3)),
            str(n),
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    values = draw(st.dictionaries(st.sampled_from(METRICS), st.floats(0, 70), min_size=1))
    cards = {
        "card": {"measures": measures, "caps": caps, "floor": draw(st.sampled_from([0, Decimal("0.5")]))}
    }
    cards["other"] = {"measures": [measure("m0", 1), measure("m5", 2)], "floor": 0}
    cards["all"] = {"of": {"card": draw(st.decimals("0.01", "50", places=2)), "other": 3}, "floor": 0}
    return cards, values


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cards_and_values())
def test_points_caps_and_rounding_are_the_score_to_the_last_digit(drawn):
    for card in _told(*drawn).values():
        assert (card["score"] is None) == (card["band"] == "unknown") == (card["rounding"] is None)
        if card["score"] is None:
            continue
        assert _sum(card) == card["score"]
        assert abs(card["rounding"]) <= Decimal("0.51")
        assert all(cap["points"] <= 0 for cap in card["caps"])
        assert all(each["points"] is None or each["points"] >= 0 for each in card["measures"])


weighted = st.lists(
    st.tuples(st.decimals("0.0001", "1000", places=4), st.none() | st.floats(0, 100)), min_size=1, max_size=30
)


@given(weighted)
def test_shares_are_hundredths_that_add_up_and_none_is_off_by_a_whole_one(drawn):
    weights = [weight if score is not None else Decimal(0) for weight, score in drawn]
    scores = [score for _, score in drawn]
    total = sum(weights)
    raw = (
        float(
            sum(w * Decimal(repr(s)) for w, s in zip(weights, scores, strict=True) if s is not None) / total
        )
        if total
        else None
    )
    found = shares(weights, scores, raw)
    assert [each is None for each in found] == [raw is None or score is None for score in scores]
    if raw is None:
        return
    assert sum(each for each in found if each is not None) == Decimal(repr(raw)).quantize(Decimal("0.01"))
    for share, weight, score in zip(found, weights, scores, strict=True):
        if share is not None:
            assert share.as_tuple().exponent == -2
            assert abs(share - weight * Decimal(repr(score)) / total) < Decimal("0.0101")


# -- links ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "links", "url"),
    [
        ("salesforce", LINKS, "https://vendor.my.salesforce.com/001A%2F..%2F%3Fx"),
        ("jira", LINKS, "https://vendor.atlassian.net/browse/AC%22%3E-1"),
        ("none", LINKS, None),
        ("jira", LinkBases("https://x.example", {"default": ""}), None),
        ("jira", LinkBases("https://x.example", {"default": "http://127.0.0.1:8080/jira/"}), "http://127.0.0.1:8080/jira/browse/AC%22%3E-1"),
        ("jira", LinkBases("https://x.example", {"default": "javascript:alert(1)//"}), None),
        ("salesforce", LinkBases("ftp://x.example"), None),
    ],
)  # fmt: skip
def test_a_link_is_http_and_holds_nothing_but_its_record(system, links, url):
    record_id = "default:10001" if system == "jira" else "001A/../?x"
    assert links.url(Record(system, record_id, 'AC">-1', None, 1.0)) == url


# -- the unknown and the rules -------------------------------------------------------------------------------------------


def test_every_kind_of_missing_data_has_words():
    assert tuple(words.UNCOVERED) == COVERAGE


def test_an_unknown_measure_says_why_and_who_is_not_managed_has_neither_scores_nor_rules(book, serve):
    book.account("Acme")
    book.account("Prospect", Type="Prospect")
    company = serve(book)
    company.pull()
    with company.measured() as (config, mirror, as_of):
        acme, prospect = (views.explained(config, mirror, name, as_of) for name in ("Acme", "Prospect"))
    told = {each["metric"]: each["unknown"] for each in acme["scorecards"]["health"]["measures"]}
    assert told["days_since_contact"] == "nobody has logged a contact with any customer in 90 days"
    assert told["open_p1"] is None
    told = {each["metric"]: each["unknown"] for each in acme["scorecards"]["penetration"]["measures"]}
    assert told["unit_coverage"] == "nothing that it could be measured by"
    assert (prospect["scorecards"], prospect["rules"]) == ({}, [])


def test_rules_say_their_state_and_the_part_that_decides(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=40))
    issue = book.issue("ACME-1", acme, service=True, reporter=CUSTOMER)
    book.comment(issue, CUSTOMER, ago(days=2))
    company = serve(book)
    company.configure(
        "[rules.mixed]\nwhen = \"days_since_contact > 30 and (open_p1 > 0 or health_band = 'red')\"\n"
        "kind = 'fix'\nsubject = 'x'\n"
        "[rules.off]\nwhen = 'open_p1 > 0'\nkind = 'fix'\nsubject = 'x'\nenabled = false\n"
    )
    company.pull()
    rules = {each["rule"]: each for each in company.explain("Acme")["rules"]}
    assert "off" not in rules
    call_back = rules["call_back"]
    assert (call_back["state"], call_back["values"]) == ("fires", {"oldest_unanswered_business_hours": 16})
    assert call_back["reason"] == "oldest unanswered question: 16 business hours, over 8"
    mixed = rules["mixed"]
    assert mixed["state"] == "silent"
    assert [each["holds"] for each in mixed["clauses"]] == [True, False, False]
    assert mixed["reason"] == "open top-priority issues: 0, not over 0; Health band: amber, not red"
    assert mixed["values"] == {"days_since_contact": 40, "open_p1": 0, "health_band": "amber"}
    assert rules["reach_unit"]["state"] == "silent"
