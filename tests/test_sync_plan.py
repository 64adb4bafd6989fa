"""The plan as a pure function: fields, episodes of tasks, caps, digests, and the order of rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import material, task_keys
from sync.changes import FieldChange, ScoreMark
from sync.plan import (
    ConfirmedTask,
    Episode,
    Limits,
    TaskSettings,
    WantedField,
    WantedRecord,
    Written,
    make_plan,
)
from tests.sync_world import ACME, ANNA, AS_OF, BORIS, NORDWIND, outcome, plan_inputs, task_row

if TYPE_CHECKING:
    import random

KEY = f"call_back|{ACME}||2026-11-20"
BEGAN = AS_OF - timedelta(days=3)
BASIS = outcome().basis


def field(kind: str, value: object, current: object, written: object = ..., **other: object) -> WantedField:
    before = None if written is ... else Written(written, other.pop("pull_id", None), other.pop("was", None))
    return WantedField(other.pop("name", "F__c"), kind, value, current, before, **other)


def record(*fields: WantedField, **other: object) -> WantedRecord:
    values = {"object": "Account", "id": ACME, "account_id": ACME, "account": "Acme", "reason": "because"}
    return WantedRecord(fields=fields, **(values | other))


def plan_of(*fields: WantedField, **other: object):
    return make_plan(plan_inputs(records=[record(*fields)], **other))


def written_fields(plan) -> dict[str, FieldChange]:
    return {name: one for change in plan.changes for name, one in change.fields.items()}


def episode(key: str = KEY, **other: object) -> Episode:
    values = {
        "rule": "call_back",
        "account_id": ACME,
        "subject_key": "",
        "name": key.rpartition("|")[2],
        "began": BEGAN,
        "ended": None,
        "task_id": "00T000000000001AAA",
    }
    return Episode(key=key, **(values | other))


def confirmed(key: str = KEY, **other: object) -> ConfirmedTask:
    values = {
        "task_id": "00T000000000001AAA",
        "fields": {
            "Subject": "call_back: 2 questions wait",
            "Description": "A-1 waits.\nWhy you: you are the account manager.",
            "OwnerId": ANNA,
            "Status": "Not Started",
            "ActivityDate": "2026-11-24",
            "Priority": "Normal",
        },
        "day": BEGAN.date(),
        "basis": BASIS,
    }
    return ConfirmedTask(key=key, **(values | other))


def standing(one=None, row=None, **other: object):
    """The plan for a task that Rapport created on 20 November and that still stands."""
    values = {
        "outcomes": [one] if one else [],
        "tasks": [task_row(KEY) if row is None else row],
        "episodes": [episode()],
        "confirmed_tasks": {KEY: confirmed()},
    }
    return make_plan(plan_inputs(**(values | other)))


def actions(plan) -> list[str]:
    return [change.action for change in plan.changes]


# Fields of records


@pytest.mark.parametrize(
    ("wanted", "current", "written", "moves"),
    [
        (52, None, ..., True),  # first value
        (52, 52, 52, False),
        (53, 52, 52, False),  # a small movement
        (54, 52, 52, True),
        (50.4, 52, 52, True),  # 50 at the field's scale
        (None, 52, 52, True),
        (None, None, 52, False),
        (52, None, 52, True),  # a person emptied it
        (0, None, ..., True),
    ],
)
def test_a_number_is_written_when_it_moved_by_two(wanted, current, written, moves):
    plan = plan_of(field("number", wanted, current, written))
    assert bool(plan.changes) is moves


def test_a_number_is_written_when_its_band_changed_however_little_it_moved():
    plan = plan_of(field("number", 70, 69, 69, band_changed=True))
    assert written_fields(plan) == {"F__c": FieldChange(69, 70)}


def test_small_steps_add_up_against_the_last_confirmed_value():
    assert not plan_of(field("number", 53, 52, 52)).changes
    assert plan_of(field("number", 54, 52, 52)).changes


@pytest.mark.parametrize(
    ("was", "now", "moves"),
    [
        ({"records": ["A"]}, {"records": ["A"]}, False),
        ({"records": ["A"]}, {"records": ["B"]}, True),
        ({"records": ["A", "B"]}, {"records": ["B", "A"]}, False),
        ({"band": "amber"}, {"band": "red"}, True),
        ({"numbers": {"x": 10}}, {"numbers": {"x": 11}}, False),
        ({"numbers": {"x": 10}}, {"numbers": {"x": 11.5}}, True),
        ({"numbers": {"x": 30}}, {"numbers": {"x": 32}}, False),
        ({"numbers": {"x": 30}}, {"numbers": {"x": 34}}, True),
        ({"numbers": {"x": 30}}, {"numbers": {"y": 30}}, True),
        ({"numbers": {"x": None}}, {"numbers": {"x": 1}}, True),
        ({"numbers": {"days": 30}}, {"numbers": {"days": 60}, "ageing": ["days"]}, False),
        ({"numbers": {"days": 30}}, {"numbers": {"days": 2}, "ageing": ["days"]}, True),
        (None, {"records": []}, True),
    ],
)
def test_words_are_rewritten_only_when_the_facts_moved_materially(was, now, moves):
    assert material.moved(was, now) is moves
    plan = plan_of(field("text", "new words", "old words", "old words", basis=now, was=was))
    assert bool(plan.changes) is moves


def test_what_salesforce_normalises_is_not_written_again():
    plan = plan_of(
        field("text", "two\nlines ", "two\r\nlines", "two\nlines", basis={"band": "red"}, was={"band": "red"})
    )
    assert not plan.changes
    assert not plan.noted


def test_a_value_that_rapport_never_wrote_is_held_until_it_is_taken_over():
    one = field("picklist", "Amber", "Green")
    held = plan_of(one)
    assert not held.changes
    assert (held.held[0].current, held.held[0].wanted) == ("Green", "Amber")
    assert held.held[0].reason == "someone set Green; Rapport never wrote this field"
    assert written_fields(plan_of(one, adopt=True)) == {"F__c": FieldChange("Green", "Amber")}


def test_a_value_that_a_person_changed_is_held():
    held = plan_of(field("picklist", "Red", "Green", "Amber"))
    assert not held.changes
    assert held.held[0].reason == "someone set Green; Rapport had written Amber"


def test_a_foreign_value_that_is_as_wanted_becomes_confirmed_without_a_write():
    plan = plan_of(field("picklist", "Green", "Green"))
    assert not plan.changes
    assert plan.noted[0].fields == {"F__c": "Green"}


def test_what_was_written_since_the_pull_counts_as_the_present_value():
    assert not plan_of(field("number", 52, 63, 52, pull_id="pull-1")).held
    assert plan_of(field("number", 52, 63, 52, pull_id="pull-0")).changes == ()
    assert plan_of(field("number", 40, 63, 52, pull_id="pull-0")).held


def test_one_change_carries_all_fields_of_a_record_with_scores_and_bases():
    basis = {"band": "amber", "records": ["A-1"]}
    plan = make_plan(
        plan_inputs(
            records=[
                record(
                    field("number", 52, 63, 63, name="Health__c", scorecard="health"),
                    field("number", 41, 41, 41, name="Reach__c", scorecard="penetration"),
                    field("text", "why", None, name="Why__c", basis=basis),
                    scores={
                        "health": ScoreMark(52, "amber"),
                        "penetration": ScoreMark(41, "amber"),
                        "overall": ScoreMark(47, "amber"),
                    },
                )
            ]
        )
    )
    (change,) = plan.changes
    assert list(change.fields) == ["Health__c", "Why__c"]
    assert change.basis == {"Why__c": basis}
    assert change.scores == {"health": ScoreMark(52, "amber"), "overall": ScoreMark(47, "amber")}
    assert plan.predicted_calls == {"salesforce": 1, "jira": 0}


# Episodes


def test_a_rule_that_begins_to_fire_creates_a_task_with_its_key():
    plan = make_plan(plan_inputs(outcomes=[outcome(severity="high", who_id="003x")]))
    (change,) = plan.changes
    assert change.after == {
        "ActivityDate": "2026-11-24",
        "Description": "A-1 waits.\nWhy you: you are the account manager.",
        "OwnerId": ANNA,
        "Priority": "High",
        "Rapport_Key__c": f"call_back|{ACME}||2026-11-23",
        "Status": "Not Started",
        "Subject": "call_back: 2 questions wait",
        "WhatId": ACME,
        "WhoId": "003x",
    }
    assert (change.id, change.key, change.rule) == (None, change.after["Rapport_Key__c"], "call_back")
    (step,) = plan.episodes
    assert (step.key, step.began, step.ended) == (change.key, AS_OF, None)


def test_the_org_decides_how_tasks_look():
    settings = TaskSettings(
        open_status="Open", record_type_id="012x", type="Rapport", constants={"Source__c": "Rapport"}
    )
    (change,) = make_plan(plan_inputs(outcomes=[outcome()], task_settings=settings)).changes
    assert change.after.items() >= {
        ("Status", "Open"),
        ("RecordTypeId", "012x"),
        ("Type", "Rapport"),
        ("Source__c", "Rapport"),
    }


def test_without_a_key_field_no_task_is_written_and_none_is_given_up():
    settings = TaskSettings(createable=False)
    plan = make_plan(
        plan_inputs(
            outcomes=[outcome()],
            task_settings=settings,
            episodes=[episode()],
            confirmed_tasks={KEY: confirmed()},
        )
    )
    assert not plan.changes
    assert not plan.episodes
    assert "Rapport_Key__c is not there" in plan.waiting[0].reason


def test_an_open_task_stays_while_nothing_moved():
    plan = standing(outcome(subject="other words of the same facts"))
    assert not plan.changes
    assert not plan.episodes


def test_an_open_task_is_reworded_when_its_facts_moved_and_keeps_owner_status_and_date():
    moved = outcome(
        subject="call_back: 3 questions wait",
        basis={**BASIS, "records": ["A-1", "A-2"]},
        owner_id=BORIS,
        due=date(2026, 12, 1),
    )
    (change,) = standing(moved).changes
    assert change.action == "update"
    assert change.fields == {
        "Subject": FieldChange("call_back: 2 questions wait", "call_back: 3 questions wait")
    }


@pytest.mark.parametrize(
    "edit",
    [
        {"subject": "Mine now"},
        {"description": "notes"},
        {"owner_id": BORIS},
        {"status": "In Progress"},
        {"activity_date": date(2026, 12, 24)},
        {"priority": "High"},
    ],
)
def test_a_task_that_a_person_edited_is_theirs(edit):
    row = replace(task_row(KEY), **edit)
    moved = outcome(subject="new", basis={**BASIS, "band": "red"})
    assert not standing(moved, row).changes
    settled = standing(outcome(state="silent"), row)
    assert not settled.changes
    assert settled.episodes[0].ended == AS_OF


def test_a_task_is_settled_with_its_reason_and_the_episode_ends_with_the_confirmation():
    plan = standing(outcome(state="silent", reason="all answered"))
    (change,) = plan.changes
    assert change.action == "complete"
    assert change.fields == {
        "Status": FieldChange("Not Started", "Completed"),
        "Description": FieldChange(
            "A-1 waits.\nWhy you: you are the account manager.",
            "Settled 2026-11-23: all answered\nA-1 waits.\nWhy you: you are the account manager.",
        ),
    }
    (step,) = plan.episodes
    assert step.with_change
    assert (step.key, step.ended, step.outcome) == (KEY, AS_OF, "settled")


GERMAN = {ANNA: "de"}


@pytest.mark.parametrize(
    ("rule", "row", "reason", "told"),
    [
        (
            outcome(state="silent", reason="all answered", language="de", told="alles beantwortet"),
            task_row(KEY),
            "all answered",
            "alles beantwortet",
        ),
        (None, task_row(KEY), "rule retired", "die Regel gilt nicht mehr"),
        (
            outcome(language="de"),
            task_row(KEY, answer="Not useful"),
            'answered "Not useful"',
            "beantwortet mit „Not useful“",
        ),
    ],
)
def test_a_task_is_settled_in_the_language_of_its_owner_and_the_plan_says_why_in_english(
    rule, row, reason, told
):
    rules = {"rules": frozenset()} if rule is None else {}
    (change,) = standing(rule, row, languages=GERMAN, **rules).changes
    assert change.reason == reason
    first = str(change.after["Description"]).split("\n")[0]
    assert first == f"Von Rapport erledigt am 23. Nov. 2026: {told}"


def test_on_clear_may_delete_or_leave_the_task():
    assert actions(standing(outcome(state="silent", on_clear="delete"))) == ["delete"]
    left = standing(outcome(state="silent", on_clear="leave"))
    assert not left.changes
    assert left.episodes[0].ended == AS_OF


def test_a_task_that_was_left_serves_again_when_the_rule_fires_again():
    plan = standing(outcome(), episodes=[episode(ended=BEGAN, outcome="settled")])
    assert not plan.changes
    (step,) = plan.episodes
    assert (step.key, step.ended) == (KEY, None)


def test_a_task_that_a_person_opened_again_serves_instead_of_a_new_one():
    waiting = episode(f"call_back|{ACME}||2026-11-22", task_id=None)
    plan = standing(outcome(), episodes=[episode(ended=BEGAN, outcome="closed"), waiting])
    assert not plan.changes
    assert {step.key: step.ended for step in plan.episodes} == {KEY: None, waiting.key: AS_OF}


@pytest.mark.parametrize("one", [outcome(state="unknown"), None])
def test_unknown_leaves_episode_and_task_as_they_are(one):
    plan = standing(one)
    assert not plan.changes
    assert not plan.episodes


MERGED = {NORDWIND: ACME}
LOST_KEY = f"call_back|{NORDWIND}||2026-11-19"
LOST = {"account_id": NORDWIND, "task_id": "00T000000000002AAA"}


def test_the_task_of_an_account_that_was_merged_is_the_one_of_its_survivor():
    books = {
        "survivors": MERGED,
        "tasks": [task_row(LOST_KEY, id="00T000000000002AAA")],
        "episodes": [episode(LOST_KEY, **LOST)],
        "confirmed_tasks": {LOST_KEY: confirmed(LOST_KEY)},
    }
    assert not make_plan(plan_inputs(outcomes=[outcome()], **books)).changes
    silent = make_plan(plan_inputs(outcomes=[outcome(state="silent")], **books))
    assert [(change.action, change.key) for change in silent.changes] == [("complete", LOST_KEY)]
    assert {(step.key, step.account_id) for step in silent.episodes} == {(LOST_KEY, ACME)}
    unknown_here = make_plan(plan_inputs(outcomes=[outcome()], **books | {"episodes": []}))
    assert not unknown_here.changes  # a lost store


@pytest.mark.parametrize("edited", [False, True])
def test_of_two_tasks_that_a_merge_brings_together_one_is_left(edited):
    subject = {"subject": "Mine"} if edited else {}
    plan = make_plan(
        plan_inputs(
            survivors=MERGED,
            outcomes=[outcome()],
            tasks=[task_row(KEY), task_row(LOST_KEY, id="00T000000000002AAA", **subject)],
            episodes=[episode(), episode(LOST_KEY, **LOST)],
            confirmed_tasks={KEY: confirmed(), LOST_KEY: confirmed(LOST_KEY)},
        )
    )
    closed = [(change.action, change.key) for change in plan.changes]
    assert closed == ([] if edited else [("complete", LOST_KEY)])
    assert [step.key for step in plan.episodes if step.ended] == [LOST_KEY]


def test_the_task_of_somebody_who_left_goes_to_who_stands_in():
    standing_in = outcome(owner_id=BORIS, description="Why you: you stand in.")
    books = {"tasks": [task_row(KEY)], "episodes": [episode()], "confirmed_tasks": {KEY: confirmed()}}
    plan = make_plan(plan_inputs(outcomes=[standing_in], gone_users={ANNA}, **books))
    (change,) = plan.changes
    assert change.reason == "its owner is no longer active"
    assert change.fields["OwnerId"] == FieldChange(ANNA, BORIS)
    assert change.fields["Description"].after == "Why you: you stand in."

    nobody = make_plan(plan_inputs(outcomes=[outcome(owner_id=None)], gone_users={ANNA}, **books))
    still_here = make_plan(plan_inputs(outcomes=[standing_in], **books))
    edited = books | {"tasks": [task_row(KEY, subject="Mine")]}
    theirs = make_plan(plan_inputs(outcomes=[standing_in], gone_users={ANNA}, **edited))
    for plan in (nobody, still_here, theirs):
        assert not [change for change in plan.changes if "OwnerId" in change.fields]


def test_a_retired_rule_completes_its_untouched_tasks():
    plan = standing(rules=frozenset({"re_engage"}))
    assert plan.changes[0].reason == "rule retired"
    assert plan.episodes[0].outcome == "retired"
    edited = standing(rules=frozenset(), row=task_row(KEY, subject="Mine now"))
    assert not edited.changes
    assert edited.episodes[0].ended == AS_OF


# What persons do with a task


def closed_by_person(at: datetime, **other: object):
    return task_row(KEY, status="Completed", is_closed=True, completed_at=at, **other)


def test_a_closed_task_is_not_created_again_within_the_cool_down():
    plan = standing(outcome(), closed_by_person(AS_OF - timedelta(days=2)))
    assert not plan.changes
    assert plan.waiting[0].reason == "closed by a person on 2026-11-21, not again before 2026-12-05"
    assert plan.episodes[0].outcome == "closed"


def test_after_the_cool_down_a_new_episode_begins_if_the_rule_still_fires():
    plan = standing(outcome(), closed_by_person(AS_OF - timedelta(days=14)))
    (change,) = plan.changes
    assert change.key == f"call_back|{ACME}||2026-11-23"
    assert {step.key: step.ended for step in plan.episodes} == {KEY: AS_OF, change.key: None}


def test_a_closed_task_does_not_stop_the_next_episode():
    ended = episode(
        ended=AS_OF - timedelta(days=1),
        outcome="closed",
        outcome_at=BEGAN,
        blocked_until=AS_OF + timedelta(days=9),
    )
    plan = standing(outcome(), closed_by_person(BEGAN), episodes=[ended])
    assert actions(plan) == ["create"]


@pytest.mark.parametrize(
    "row",
    [
        task_row(KEY, is_deleted=True, modified_at=AS_OF - timedelta(days=30)),
        closed_by_person(AS_OF - timedelta(days=30), answer="Not useful"),
        closed_by_person(AS_OF - timedelta(days=30), answer="wrong data"),
    ],
)
def test_a_dismissal_lasts_four_times_as_long_and_across_episodes(row):
    plan = standing(outcome(), row)
    assert not plan.changes
    dismissed = plan.episodes[0]
    assert dismissed.blocked_until == AS_OF + timedelta(days=26)
    stored = episode(
        ended=AS_OF - timedelta(days=1),
        outcome="dismissed",
        outcome_at=BEGAN,
        blocked_until=dismissed.blocked_until,
    )
    again = standing(outcome(), row, episodes=[stored])
    assert not again.changes
    assert "not again before 2026-12-19" in again.waiting[0].reason
    much_later = AS_OF + timedelta(days=26)
    later = standing(outcome(), row, episodes=[stored], as_of=much_later, day=much_later.date())
    assert actions(later) == ["create"]


@pytest.mark.parametrize(("how", "wanted"), [("dismissed", []), ("closed", ["create"])])
def test_whoever_dismisses_the_task_of_one_meeting_wants_none_for_the_next(how, wanted):
    before = episode(
        subject_key="00U1",
        key=f"call_back|{ACME}|00U1|2026-11-20",
        ended=AS_OF - timedelta(days=1),
        outcome=how,
        outcome_at=BEGAN,
        blocked_until=AS_OF + timedelta(days=26),
    )
    plan = make_plan(plan_inputs(outcomes=[outcome(subject_key="00U2")], episodes=[before]))
    assert actions(plan) == wanted


def test_a_task_that_vanished_from_the_org_counts_as_dismissed():
    plan = make_plan(
        plan_inputs(outcomes=[outcome()], episodes=[episode()], confirmed_tasks={KEY: confirmed()})
    )
    assert not plan.changes
    assert plan.episodes[0].outcome == "dismissed"


def test_a_task_written_since_the_pull_has_not_vanished():
    plan = make_plan(
        plan_inputs(
            outcomes=[outcome()], episodes=[episode()], confirmed_tasks={KEY: confirmed(pull_id="pull-1")}
        )
    )
    assert not plan.changes
    assert not plan.episodes


def test_later_waits_until_the_day_that_the_person_chose():
    row = closed_by_person(AS_OF - timedelta(days=30), answer="Later", snooze_until=date(2026, 11, 24))
    assert "put off" in standing(outcome(), row).waiting[0].reason
    tomorrow = AS_OF + timedelta(days=1)
    assert actions(standing(outcome(), row, as_of=tomorrow, day=tomorrow.date())) == ["create"]


@pytest.mark.parametrize(
    ("answer", "how"), [("Not useful", "dismissed"), ("Wrong data", "dismissed"), ("Done", "closed")]
)
def test_an_answer_on_an_open_task_closes_it(answer, how):
    plan = standing(outcome(), task_row(KEY, answer=answer))
    assert actions(plan) == ["complete"]
    assert (plan.episodes[0].outcome, plan.episodes[0].ended) == (how, None)


def test_a_snoozed_open_task_is_left_alone():
    row = task_row(KEY, answer="Later", snooze_until=date(2026, 11, 30))
    assert not standing(outcome(subject="new", basis={"band": "red"}), row).changes


# Tasks that only the org knows


def test_an_open_task_found_in_the_org_is_adopted_and_not_doubled():
    plan = make_plan(plan_inputs(outcomes=[outcome()], tasks=[task_row(KEY)]))
    assert not plan.changes
    (noted,) = plan.noted
    assert (noted.key, noted.id, noted.fields["Subject"]) == (
        KEY,
        "00T000000000001AAA",
        "call_back: 2 questions wait",
    )
    (step,) = plan.episodes
    assert (step.key, step.task_id, step.ended) == (KEY, "00T000000000001AAA", None)


def test_an_adopted_task_is_settled_when_its_rule_is_silent():
    plan = make_plan(plan_inputs(outcomes=[outcome(state="silent")], tasks=[task_row(KEY)]))
    assert actions(plan) == ["complete"]
    assert [step.with_change for step in plan.episodes] == [False, True]


def test_a_task_closed_before_the_store_was_lost_still_cools_down():
    plan = make_plan(plan_inputs(outcomes=[outcome()], tasks=[closed_by_person(AS_OF - timedelta(days=2))]))
    assert not plan.changes
    assert plan.episodes[0].outcome == "closed"


@pytest.mark.parametrize(
    "settled", ["Settled 2026-11-21: answered", "Von Rapport erledigt am 21. Nov. 2026: beantwortet"]
)
def test_a_task_that_rapport_itself_had_settled_does_not_cool_down(settled):
    row = closed_by_person(AS_OF - timedelta(days=2), description=f"{settled}\nold")
    plan = make_plan(plan_inputs(outcomes=[outcome()], tasks=[row]))
    assert actions(plan) == ["create"]


def test_a_key_of_somebody_else_is_left_alone():
    rows = [task_row("PROJ-17", id="00T1"), task_row("a|b|c|d", id="00T2")]
    plan = make_plan(plan_inputs(tasks=rows, rules=frozenset()))
    assert not plan.changes
    assert not plan.episodes


# Caps, order, digests


def many(count: int, **other: object) -> list:
    return [outcome(account_id=f"0015g{at:010d}AAA", account=f"Account {at}", **other) for at in range(count)]


def test_a_digest_is_in_the_language_of_its_owner():
    plans = [make_plan(plan_inputs(outcomes=many(count), languages=GERMAN)) for count in (3, 4)]
    one, more = ({change.rule: change for change in plan.changes}["digest"] for plan in plans)
    assert [each.after["Subject"] for each in (one, more)] == [
        "1 weiterer Vorschlag wartet",
        "2 weitere Vorschläge warten",
    ]
    assert (
        "Höchstens 5 sind gleichzeitig offen, höchstens 2 kommen an einem Tag dazu."
        in one.after["Description"]
    )
    assert (one.reason, more.reason) == ("1 task waits for room", "2 tasks wait for room")


def test_two_new_tasks_a_day_and_the_rest_wait_in_one_digest():
    plan = make_plan(plan_inputs(outcomes=many(4)))
    created = {change.rule: change for change in plan.changes}
    assert sorted(change.rule for change in plan.changes) == ["call_back", "call_back", "digest"]
    digest = created["digest"]
    assert digest.key == f"digest|{ANNA}|2026-11-23"
    assert digest.account_id is None
    assert digest.after["Subject"] == "2 more suggestions wait"
    assert "Account 2" in digest.after["Description"]
    assert [one.reason for one in plan.waiting] == ["the owner has 2 new tasks today (limit 2)"] * 2


def test_tasks_already_created_today_count():
    plan = make_plan(plan_inputs(outcomes=many(2), created_today={ANNA: 1}))
    assert sorted(change.rule for change in plan.changes) == ["call_back", "digest"]


def test_five_open_tasks_are_enough():
    rows = [task_row(f"re_engage|0015g{at:010d}AAA||2026-11-01", id=f"00T{at:012d}AAA") for at in range(5)]
    plan = make_plan(plan_inputs(outcomes=[outcome()], tasks=rows))
    assert [change.rule for change in plan.changes] == ["digest"]
    assert "5 open tasks (limit 5)" in plan.waiting[0].reason
    other_owner = make_plan(plan_inputs(outcomes=[outcome(owner_id=BORIS)], tasks=rows))
    assert actions(other_owner) == ["create"]


def test_a_task_that_is_settled_makes_room_at_once():
    rows = [
        task_row(
            f"re_engage|0015g{at:010d}AAA||2026-11-01", id=f"00T{at:012d}AAA", account_id=f"0015g{at:010d}AAA"
        )
        for at in range(5)
    ]
    silent = outcome("re_engage", "silent", account_id="0015g0000000000AAA")
    plan = make_plan(plan_inputs(outcomes=[outcome(), silent], tasks=rows))
    assert sorted(actions(plan)) == ["complete", "create"]


def test_severity_then_kind_then_age_decide_who_goes_first():
    oldest = "0015g0000000000AAA"
    waiting_since = episode(
        f"re_engage|{oldest}||2026-11-01", rule="re_engage", account_id=oldest, task_id=None
    )
    plan = make_plan(
        plan_inputs(
            outcomes=[
                outcome("reach_unit", kind="grow", severity="high"),
                outcome("call_back", kind="fix"),
                outcome("re_engage", kind="fix", account_id=oldest),
                outcome("widen_contacts", kind="grow"),
            ],
            episodes=[waiting_since],
        )
    )
    assert sorted(change.rule for change in plan.changes) == ["digest", "re_engage", "reach_unit"]


def test_while_a_red_fix_stands_grow_waits():
    red = [
        outcome("call_back", health_band="red"),
        outcome("reach_unit", kind="grow", health_band="red"),
        outcome("reach_unit", kind="grow", account_id=NORDWIND),
    ]
    plan = make_plan(plan_inputs(outcomes=red))
    assert [(change.rule, change.account_id) for change in plan.changes] == [
        ("call_back", ACME),
        ("reach_unit", NORDWIND),
    ]
    assert plan.waiting[0].reason == "the account is red and a fix comes first"
    only_grow = make_plan(plan_inputs(outcomes=red[1:]))
    assert len(only_grow.changes) == 2


def test_of_two_rules_that_ask_for_much_the_same_one_begins():
    second = outcome("return_message", after=("re_engage", "call_back"))
    plan = make_plan(plan_inputs(outcomes=[second, outcome()]))
    assert [change.rule for change in plan.changes] == ["call_back"]
    assert plan.waiting[0].reason == "call_back asks for much the same and comes first"
    assert [step.rule for step in plan.episodes] == ["call_back", "return_message"]  # both have begun

    standing_already = make_plan(plan_inputs(outcomes=[second], tasks=[task_row(KEY)]))
    assert not [change for change in standing_already.changes if change.action == "create"]


@pytest.mark.parametrize(
    "first",
    [
        {"outcomes": [outcome(state="silent")], "tasks": [task_row(KEY)]},  # settled in this very plan
        {"outcomes": [outcome()], "tasks": [task_row(KEY, is_closed=True, answer="Not useful")]},  # refused
        {"outcomes": [outcome(account_id=NORDWIND)]},
    ],
)
def test_without_a_task_of_the_first_the_second_begins(first):
    second = outcome("return_message", after=("call_back",))
    plan = make_plan(plan_inputs(**{**first, "outcomes": [second, *first["outcomes"]]}))
    assert ("return_message", ACME) in {(c.rule, c.account_id) for c in plan.changes if c.action == "create"}


def test_a_task_is_never_given_to_nobody():
    plan = make_plan(plan_inputs(outcomes=[outcome(owner_id=None)]))
    assert not plan.changes
    assert "no active owner" in plan.waiting[0].reason


DIGEST = f"digest|{ANNA}|2026-11-22"


def digest_standing(waiting: int, day: str = "2026-11-22", **other: object):
    first = make_plan(plan_inputs(outcomes=many(4), limits=Limits(max_new_tasks_per_owner_day=0)))
    (creation,) = first.changes
    row = task_row(
        DIGEST,
        account_id=None,
        subject=creation.after["Subject"],
        description=creation.after["Description"],
        activity_date=date(2026, 11, 23),
        **other,
    )
    values = {
        "outcomes": many(waiting),
        "tasks": [row],
        "confirmed_tasks": {
            DIGEST: ConfirmedTask(
                DIGEST, row.id, dict(creation.after), date.fromisoformat(day), None, creation.basis
            )
        },
        "limits": Limits(max_new_tasks_per_owner_day=0),
    }
    return make_plan(plan_inputs(**values))


def test_a_digest_is_rewritten_on_another_day_if_its_list_changed():
    (change,) = digest_standing(3).changes
    assert (change.action, change.key) == ("update", DIGEST)
    assert change.after["Subject"] == "3 more suggestions wait"


def test_a_digest_is_not_rewritten_twice_a_day_nor_without_a_new_list():
    assert not digest_standing(3, day="2026-11-23").changes
    assert not digest_standing(4).changes


def test_a_digest_is_completed_when_nothing_waits():
    (change,) = digest_standing(0).changes
    assert (change.action, change.reason) == ("complete", "nothing waits any more")


def test_an_edited_digest_is_theirs_and_no_second_one_comes():
    assert not digest_standing(3, status="In Progress").changes
    assert not digest_standing(0, status="In Progress").changes


def test_a_digest_that_a_person_closed_comes_back_only_with_another_list():
    closed = {"status": "Completed", "is_closed": True}
    assert not digest_standing(4, **closed).changes
    (change,) = digest_standing(3, **closed).changes
    assert (change.action, change.key) == ("create", f"digest|{ANNA}|2026-11-23")


# Keys


@given(st.text(max_size=200), st.from_regex(r"[a-z][a-z0-9_]{0,90}", fullmatch=True))
def test_a_key_fits_its_field_whatever_the_subject_and_can_be_split_again(subject_key, rule):
    stem = task_keys.stem(rule, ACME, subject_key)
    key = task_keys.task_key(stem, "2026-11-23.12")
    assert len(key) <= 80
    if len(rule) <= 40:
        assert task_keys.split(key) == (stem, "2026-11-23.12")
        assert task_keys.parts(stem)[:2] == (rule, ACME)


def test_long_subjects_that_differ_at_the_end_have_different_keys():
    assert task_keys.stem("reach_unit", ACME, "x" * 100 + "a") != task_keys.stem(
        "reach_unit", ACME, "x" * 100 + "b"
    )


def test_a_second_episode_of_one_day_has_a_key_of_its_own():
    today = f"call_back|{ACME}||2026-11-23"
    ended = episode(today, ended=AS_OF, outcome="settled", task_id=None)
    (change,) = make_plan(plan_inputs(outcomes=[outcome()], episodes=[ended])).changes
    assert change.key == f"{today}.2"


# Order


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_never_changes_a_byte_of_the_plan(shuffler: random.Random):
    keys = [f"{rule}|{ACME}||2026-11-20" for rule in ("call_back", "re_engage", "reach_unit")]
    values = {
        "records": [record(field("number", 52, None), id=one, account_id=one) for one in (ACME, NORDWIND)],
        "outcomes": [*many(6), *many(3, rule="re_engage", owner_id=BORIS), outcome(state="silent")],
        "tasks": [task_row(key, id=f"00T{at:012d}AAA") for at, key in enumerate(keys)],
        "episodes": [episode(keys[0]), episode(keys[1], rule="re_engage", ended=BEGAN)],
    }
    expected = make_plan(plan_inputs(**values)).to_text()
    mixed = {name: shuffler.sample(rows, len(rows)) for name, rows in values.items()}
    assert make_plan(plan_inputs(**mixed)).to_text() == expected
