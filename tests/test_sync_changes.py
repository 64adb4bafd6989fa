"""Changes and plans as values: canonical forms, the plan file, digest and seal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import canonical, seal
from sync.changes import Change, EpisodeStep, FieldChange, Held, Noted, Plan, ScoreMark, Waiting
from sync.errors import EditedPlan
from tests.sync_world import ACME, AS_OF

KEY = b"k" * 32
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.none() | st.booleans() | numbers | st.text(st.characters(exclude_categories=["Cs"]))


def a_plan(**other: object) -> Plan:
    change = Change(
        action="update",
        target="salesforce",
        object="Account",
        id=ACME,
        account_id=ACME,
        account="Acme GmbH",
        rule=None,
        reason="contact 34 d ago",
        fields={"Rapport_Health__c": FieldChange(63, 52)},
        basis={"Rapport_Why__c": {"numbers": {"days": 2.5}}},
        scores={"health": ScoreMark(52, "amber")},
    )
    values = {
        "as_of": AS_OF,
        "day": AS_OF.date(),
        "created_at": AS_OF,
        "config_digest": "c",
        "pull_id": "p",
        "organization": None,
        "mode": "observe",
        "changes": (change,),
        "held": (Held("salesforce", "Account", ACME, ACME, "Acme", "Band", "Green", None, "Red", "why"),),
        "waiting": (Waiting("call_back", ACME, "Acme", "", None, "Call", "no owner"),),
        "noted": (Noted("Account", ACME, ACME, {"x": 1}),),
        "episodes": (EpisodeStep("r", ACME, "", "2026-11-23", "k", AS_OF, None),),
    }
    return seal.sealed(seal.with_digest(Plan(**(values | other))), KEY)


def test_a_plan_comes_back_from_its_file_as_it_was():
    plan = a_plan()
    assert Plan.from_text(plan.to_text()) == plan


def test_the_plan_file_has_the_shape_that_other_programs_rely_on():
    told = json.loads(a_plan().to_text())
    assert {"as_of", "digest", "changes", "predicted_calls"} <= told.keys()
    assert told["predicted_calls"] == {"salesforce": 0, "jira": 0}
    (change,) = told["changes"]
    assert {"action", "target", "object", "id", "account_id", "rule", "reason", "fields"} <= change.keys()
    assert change["fields"] == {"Rapport_Health__c": {"before": 63, "after": 52}}


@given(before=values, after=values)
def test_any_value_keeps_its_digest_through_the_file(before, after):
    plan = a_plan()
    (change,) = plan.changes
    odd = replace(change, fields={"x": FieldChange(before, after)})
    plan = seal.sealed(seal.with_digest(replace(plan, changes=(odd,))), KEY)
    seal.verify(Plan.from_text(plan.to_text()), KEY)


@pytest.mark.parametrize(
    "edit",
    [
        ('"after":52', '"after":99'),
        ('"mode":"observe"', '"mode":"on"'),
        ('"reason":"contact 34 d ago"', '"reason":"because"'),
    ],
)
def test_an_edited_plan_is_refused_and_says_what_to_do(edit):
    text = a_plan().to_text().replace(*edit)
    with pytest.raises(EditedPlan, match="was edited") as stop:
        seal.verify(Plan.from_text(text), KEY)
    assert stop.value.exit_code == 2
    assert "rapport plan --out" in str(stop.value)


def test_a_plan_with_a_fresh_digest_but_no_seal_of_this_store_is_refused():
    forged = seal.sealed(a_plan(), b"another key")
    with pytest.raises(EditedPlan, match="not made with this store"):
        seal.verify(forged, KEY)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"as_of": 1}', "\x80"])
def test_a_file_that_is_no_plan_is_refused_in_one_sentence(text):
    with pytest.raises(EditedPlan, match="not a plan"):
        Plan.from_text(text)


def test_bytes_that_are_no_text_are_no_plan():
    with pytest.raises(EditedPlan, match="not a plan"):
        Plan.from_text(b'{"as_of": "\xff"}')


# Canonical values


@pytest.mark.parametrize(
    ("raw", "scale", "expected"),
    [
        (63.0, 0, 63),
        (62.5, 0, 62),
        (63.5, 0, 64),
        (Decimal("1.25"), 1, 1.2),
        (2, 1, 2.0),
        (float("nan"), 0, None),
    ],
)
def test_numbers_have_the_scale_of_their_field(raw, scale, expected):
    assert canonical.number(raw, scale) == expected
    assert type(canonical.number(raw, scale)) is type(expected)


@given(st.text())
def test_what_salesforce_does_to_text_is_no_change(text):
    stored = text.rstrip(" ").replace("\r\n", "\n").replace("\n", "\r\n")
    assert canonical.text(stored) == canonical.text(text)


@given(st.text(), st.integers(1, 40))
def test_canonical_text_is_stable_fits_its_field_and_is_never_empty(text, length):
    once = canonical.text(text, length)
    assert canonical.text(once, length) == once
    assert once is None or 0 < len(once) <= length


def test_a_cut_text_shows_that_it_was_cut():
    assert canonical.text("a long sentence", 8) == "a long…"
    assert canonical.text("fits", 4) == "fits"


def test_an_id_of_15_characters_gets_its_checksum():
    assert (
        canonical.id18("0015g00000XyZab")
        == "0015g00000XyZabAAC"[:15] + canonical.id18("0015g00000XyZab")[15:]
    )
    assert len(canonical.id18("0015g00000XyZab")) == 18
    assert canonical.id18("001A0000006Vm9r") == "001A0000006Vm9rIAC"


def test_stamps_sort_in_order_of_time():
    early = datetime(2026, 1, 2, 3, tzinfo=UTC)
    late = datetime(2026, 1, 2, 3, 0, 0, 1, tzinfo=UTC)
    assert canonical.stamp(early) < canonical.stamp(late)
    assert canonical.moment(canonical.stamp(late)) == late
