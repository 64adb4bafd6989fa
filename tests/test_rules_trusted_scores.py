"""Scores in a served company: nothing on record is unknown, what is stale says so, segments and tiers are told apart."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from command_line import open_company
from company import CUSTOMER, NOW, Book, ago

from reports import terminal
from sync import views

# What alone makes an account one of which something is on record; created a week ago, so that before it was not there.
RECORDED = {
    "Contact": lambda book, account: book.contact(account, CreatedDate=ago(days=7)),
    "Moment": lambda book, account: book.call(account, ago(days=3)),
    "Meeting to come": lambda book, account: book.meeting(account, ago(days=-3)),
    "Deal": lambda book, account: book.add(
        "Opportunity", AccountId=account, StageName="Open", CloseDate=NOW.date(), IsClosed=False, IsWon=False,
        Amount=0, CreatedDate=ago(days=7),
    ),
    "Contract": lambda book, account: book.add("Contract", AccountId=account, Status="Draft", CreatedDate=ago(days=7)),
    "Asset": lambda book, account: book.add("Asset", AccountId=account, Name="Press", CreatedDate=ago(days=7)),
    "Case": lambda book, account: book.add(
        "Case", AccountId=account, Status="New", IsClosed=False, CreatedDate=ago(days=7)
    ),
    "Plan": lambda book, account: book.add(
        "AccountPlan", AccountId=account, Name="Plan", Status="Draft", CreatedDate=ago(days=7)
    ),
    "Issue": lambda book, account: book.issue("OPS-1", account, created=ago(days=7), reporter=CUSTOMER),
}  # fmt: skip
CONFIG = """
[accounts.columns]
tier = "Tier__c"
[scorecards.health_of_banks]
floor = 0
[[scorecards.health_of_banks.measures]]
metric = "am_pulse"
weight = 3
points = [[1, 0], [5, 100]]
[[scorecards.health_of_banks.measures]]
metric = "open_p1"
weight = 1
points = [[0, 100], [1, 0]]
[segments.banks]
when = "industry = 'Banking'"
scorecards = {{ health = "health_of_banks" }}
[quadrant]
tier = "tier"
tiers = {{ A = [1] }}
[quadrant.attractive]
measures = [{{ metric = "contacts_known", weight = 1, points = [[0, 0], [1, 100]] }}]
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    book = Book()
    for name, record in RECORDED.items():
        record(book, book.account(name))
    book.account("Nothing")
    merged = book.account("Merged away")
    survivor = book.account("Survivor")
    book.contact(merged)
    for account in book.salesforce["Account"]:
        if account["Id"] == merged:
            account |= {"IsDeleted": True, "MasterRecordId": survivor}
    pulse = {"Industry": "Banking", "Rapport_Pulse__c": 3, "Tier__c": "a"}
    book.contact(book.account("Stale", **pulse, Rapport_Pulse_Date__c=ago(days=203).date()))
    book.contact(book.account("Fresh", **pulse, Rapport_Pulse_Date__c=ago(days=179).date()))
    book.contact(book.account("Undated", **pulse))
    with open_company(tmp_path_factory.mktemp("trusted"), book) as served:
        served.configure(CONFIG)
        served.pull()
        yield served


@pytest.fixture(scope="module")
def told(company):
    """Everything that is looked at, measured as seldom as can be."""
    with company.measured() as (config, mirror, instant):
        names = ("Nothing", "Fresh", "Stale", "Undated", "Issue")
        yield {
            "scores": {row["account"]: row["scorecards"] for row in views.scores(mirror, instant)},
            "metrics": {row["account"]: row["metrics"] for row in views.metrics(config, mirror, instant)},
            "explained": {name: views.explained(config, mirror, name, instant) for name in names},
            "again": views.explained(config, mirror, "Issue", instant),
        }


def test_an_account_with_any_record_is_scored_and_one_without_is_unknown_everywhere(company, told):
    cards = told["scores"]
    unknown = {name for name, own in cards.items() if all(card["confidence"] == 0 for card in own.values())}
    assert unknown == {"Nothing"}
    assert {(card["score"], card["band"]) for card in cards["Nothing"].values()} == {(None, "unknown")}
    assert cards["Survivor"]["health"]["confidence"] > 0
    before = company.scores(NOW - timedelta(days=8))
    unknown = {row["account"] for row in before if row["scorecards"]["health"]["confidence"] == 0}
    assert unknown == {"Nothing", *RECORDED}
    # the numbers are what the definitions say all the same
    assert told["metrics"]["Nothing"]["open_p1"] == told["metrics"]["Nothing"]["moments_90d"] == 0
    assert told["metrics"]["Nothing"]["quadrant"] is None


def test_nothing_on_record_is_said_in_words_wherever_a_score_would_stand(company, told):
    cards = told["explained"]["Nothing"]["scorecards"].values()
    assert {card["unknown"] for card in cards} == {"no activity or issue data"}
    assert all(each["points"] is None for card in cards for each in card["measures"])
    own = [change for change in company.plan().changes if change.account == "Nothing"]
    (change,) = [each for each in own if each.object == "Account"]
    assert (change.after["Rapport_Band__c"], change.after["Rapport_Confidence__c"]) == ("Unknown", 0)
    assert change.after["Rapport_Why__c"] == change.reason == "no activity or issue data"


def test_a_stale_value_counts_in_the_score_lowers_the_confidence_and_says_so(told):
    health = {name: told["explained"][name]["scorecards"]["health"] for name in ("Fresh", "Stale", "Undated")}
    # the pulse 3 of 5 is worth 50 at weight 3, no P1 100 at weight 1
    assert {name: (card["score"], card["confidence"]) for name, card in health.items()} == {
        "Fresh": (62, 1), "Stale": (62, 0.25), "Undated": (62, 0.25),
    }  # fmt: skip
    pulses = {name: card["measures"][0] for name, card in health.items()}
    assert {name: (each["fresh"], each["age_days"], each["stale"]) for name, each in pulses.items()} == {
        "Fresh": (True, 179, None),
        "Stale": (False, 203, "203 days old, so it adds no confidence (fresh for 180)"),
        "Undated": (False, None, "undated, so it adds no confidence"),
    }


def test_a_segment_is_told_beside_the_scorecard_that_it_chose(told, capsys):
    fresh = told["explained"]["Fresh"]
    assert fresh["scorecards"]["health"]["segment"] == "banks"
    assert fresh["scorecards"]["penetration"]["segment"] is None
    assert [each["metric"] for each in fresh["scorecards"]["health"]["measures"]] == ["am_pulse", "open_p1"]
    assert "health_of_banks" not in told["scores"]["Fresh"]
    terminal.explanation(terminal.console(), fresh)
    assert "Health 62, amber, confidence 100 %, as segment banks" in capsys.readouterr().out


def test_a_tier_is_held_against_the_quadrant(told):
    found = {name: (own["quadrant"], own["tier_mismatch"]) for name, own in told["metrics"].items()}
    assert found["Fresh"] == (1, 0)
    assert found["Contact"] == (1, None)  # without a tier
    assert found["Asset"][0] in {3, None}  # nobody is known there
    assert (
        told["explained"]["Fresh"]["quadrant"]["value"],
        told["explained"]["Fresh"]["quadrant"]["tier"],
    ) == (1, "a")


def test_the_points_of_every_score_add_up_to_it_and_twice_is_byte_for_byte_once(told):
    for explained in told["explained"].values():
        for card in explained["scorecards"].values():
            if card["score"] is not None:
                parts = [each["points"] or 0 for each in card["measures"]] + [
                    cap["points"] for cap in card["caps"]
                ]
                assert round(sum(parts) + card["rounding"], 9) == card["score"]
    assert json.dumps(told["again"]) == json.dumps(told["explained"]["Issue"])
