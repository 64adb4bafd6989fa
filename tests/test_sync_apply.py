"""Apply: exactly the plan, once, whatever people do meanwhile and whatever the target answers."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import ledger
from sync.apply import apply_plan, check_current
from sync.errors import LedgerFailure, StalePlan, StateMismatch
from sync.plan import Limits
from sync.state import State
from tests.sync_world import ACME, ANNA, BORIS, NORDWIND, Wanted, World, outcome

CALL_BACK = f"call_back|{ACME}||2026-11-23"


@pytest.fixture
def world(tmp_path) -> World:
    return World(
        tmp_path / "store",
        outcomes=[outcome(), outcome("re_engage", account_id=NORDWIND, owner_id=BORIS)],
        wanted={ACME: Wanted(), NORDWIND: Wanted(81, "Green", "all is well")},
    )


def task(world: World, key: str = CALL_BACK) -> dict[str, object]:
    (row,) = [row for row in world.crm.tasks.values() if row["Rapport_Key__c"] == key]
    return row


def outcomes_of(result) -> list[str]:
    return sorted(record.outcome for record in result.records)


def test_the_first_round_writes_everything_and_the_second_nothing(world):
    first = world.round()
    assert (first.changes, first.count("applied"), first.exit_code) == (4, 4, 0)
    assert world.crm.accounts[ACME]["Rapport_Band__c"] == "Amber"
    assert task(world)["Subject"] == "call_back: 2 questions wait"
    written = world.crm.writes
    assert world.round().changes == 0
    assert world.crm.writes == written


def test_a_run_without_changes_asks_the_target_nothing(world):
    world.round()
    world.crm.reads = 0
    world.round()
    assert world.crm.reads == 0


def test_the_plan_after_an_apply_is_empty_even_before_the_next_pull(world):
    world.round()
    plan = world.plan()
    assert plan.is_empty
    assert (plan.held, plan.noted, plan.episodes) == ((), (), ())


def test_applying_a_plan_twice_writes_it_once(world):
    world.pull_now()
    plan = world.plan()
    world.apply(plan)
    written, before = world.crm.writes, world.crm.contents()
    again = world.apply(plan)
    assert outcomes_of(again) == ["unchanged"] * 4
    assert (world.crm.writes, world.crm.contents()) == (written, before)
    assert world.round().changes == 0


def test_requests_are_as_many_as_predicted(world):
    for at in range(450):
        account = f"0015h{at:010d}AAA"
        world.crm.accounts[account] = {"Id": account}
        world.wanted[account] = Wanted()
    world.pull_now()
    plan = world.plan()
    world.apply(plan)
    assert plan.predicted_calls == {"salesforce": 4, "jira": 0}
    assert world.crm.writes == 4


def test_a_record_that_a_person_changed_since_the_plan_is_skipped_with_the_reason(world):
    world.pull_now()
    plan = world.plan()
    world.crm.accounts[ACME]["Rapport_Band__c"] = "Green"
    result = world.apply(plan)
    (skipped,) = [record for record in result.records if record.outcome == "skipped"]
    assert (skipped.id, skipped.reason) == (ACME, "Rapport_Band__c is 'Green' now; the plan saw empty")
    assert world.crm.accounts[ACME].get("Rapport_Health__c") is None
    assert world.crm.accounts[NORDWIND]["Rapport_Band__c"] == "Green"
    assert result.exit_code == 0


def test_a_record_that_is_gone_is_skipped(world):
    world.pull_now()
    plan = world.plan()
    del world.crm.accounts[ACME]
    reasons = {record.id: record.reason for record in world.apply(plan).records}
    assert reasons[ACME] == "it is no longer there"


@pytest.mark.parametrize(
    "edit",
    [{"OwnerId": BORIS}, {"ActivityDate": "2026-12-24"}, {"Description": "notes"}, {"Status": "Completed"}],
)
def test_a_task_that_a_person_touched_since_the_plan_is_skipped(world, edit):
    world.round()
    world.outcomes[0] = outcome(state="silent")
    world.pull_now()
    plan = world.plan()
    world.edit_task(CALL_BACK, **edit)
    before = dict(task(world))
    assert outcomes_of(world.apply(plan)) == ["skipped"]
    assert task(world) == before


def test_a_settled_task_says_why_above_what_it_said(world):
    world.round()
    world.outcomes[0] = outcome(state="silent", reason="all answered")
    world.round()
    assert task(world)["Status"] == "Completed"
    assert str(task(world)["Description"]).startswith("Settled 2026-11-23: all answered\r\nA-1 waits.")
    assert world.round().changes == 0


def test_a_deleted_task_stays_deleted(world):
    world.round()
    world.outcomes[0] = outcome(state="silent", on_clear="delete")
    assert world.round().count("applied") == 1
    assert task(world)["IsDeleted"]
    assert world.round().changes == 0


def test_a_rule_that_fires_again_on_the_same_day_gets_a_second_episode(world):
    world.round()
    world.outcomes[0] = outcome(state="silent")
    world.round()
    world.outcomes[0] = outcome()
    world.round()
    assert f"{CALL_BACK}.2" in world.open_keys()


def test_a_refused_record_is_quarantined_in_the_targets_words_and_blocks_nobody(world):
    world.crm.refuse[ACME] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Industry must be set")
    result = world.round()
    assert outcomes_of(result) == ["applied"] * 3 + ["quarantined"]
    assert result.exit_code == 5
    with world.open() as state:
        (bad,) = state.quarantined()
    assert (bad.record, bad.code, bad.message) == (
        ACME,
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "Industry must be set",
    )
    again = world.round()
    assert (again.count("quarantined"), again.exit_code) == (1, 0)
    world.crm.refuse.clear()
    assert world.round().exit_code == 0
    with world.open() as state:
        assert state.quarantined() == []


def test_a_record_that_no_longer_wants_a_write_leaves_quarantine(world):
    world.crm.refuse[ACME] = ("ENTITY_IS_LOCKED", "in approval")
    world.round()
    del world.wanted[ACME]
    world.round()
    with world.open() as state:
        assert state.quarantined() == []


def test_a_task_for_an_inactive_owner_is_quarantined_and_comes_when_the_owner_is_back(world):
    world.crm.refuse[ANNA] = ("INACTIVE_OWNER_OR_USER", "operation performed with inactive user")
    assert world.round().exit_code == 5
    assert world.open_keys() == [f"re_engage|{NORDWIND}||2026-11-23"]
    world.crm.refuse.clear()
    world.round()
    assert CALL_BACK in world.open_keys()


def test_refused_tasks_do_not_take_the_places_of_others(world):
    names = [f"0015g{at:010d}AAA" for at in range(4)]
    world.outcomes = [outcome(account_id=name, account=name) for name in names]
    for name in names[:2]:
        world.crm.refuse[f"call_back|{name}||2026-11-23"] = ("DUPLICATES_DETECTED", "no")
    assert world.round().exit_code == 5
    world.round()
    assert [key.split("|")[1] for key in world.open_keys() if key.startswith("call_back")] == names[2:]
    world.later(days=1)
    assert world.round().exit_code == 0
    world.crm.refuse.clear()
    world.later(days=1)
    world.round()
    assert len([key for key in world.open_keys() if key.startswith("call_back")]) == 4


@pytest.mark.parametrize("lost", [["after"], ["before"], ["before", "after"], ["before", "before"]])
def test_a_lost_answer_neither_loses_nor_doubles_a_task(world, lost):
    world.crm.lose = list(lost)
    assert world.round().count("quarantined") == 0
    assert len(world.open_keys()) == 2
    assert world.round().changes == 0


def test_a_create_that_is_never_answered_ends_the_run_and_the_next_one_settles_it(world):
    from connectors.errors import OutcomeUnknown

    world.crm.lose = ["before", "before", "after"]
    with pytest.raises(OutcomeUnknown):
        world.round()
    assert len(world.open_keys()) == 2
    assert world.settle() == 2
    assert world.round().changes == 0
    assert len(world.open_keys()) == 2


def test_a_task_that_somebody_created_under_the_same_key_is_confirmed_not_doubled(world):
    world.pull_now()
    plan = world.plan()
    change = next(change for change in plan.changes if change.key == CALL_BACK)
    world.crm.create("Task", [change.after])
    world.apply(plan)
    assert len(world.open_keys()) == 2
    with world.open() as state:
        assert state.confirmed_tasks()[CALL_BACK].task_id == task(world)["Id"]


def test_a_lost_store_doubles_no_task(world):
    world.round()
    shutil.rmtree(world.folder)
    written = world.crm.writes
    assert world.round().changes == 0
    assert world.crm.writes == written
    assert len(world.open_keys()) == 2
    world.outcomes[0] = outcome(state="silent")
    assert world.round().count("applied") == 1
    assert len(world.open_keys()) == 1


def test_values_found_as_wanted_after_a_lost_store_may_be_moved_on(world):
    world.round()
    shutil.rmtree(world.folder)
    world.round()
    world.with_wanted(ACME, health=70, band="Green")
    world.later(hours=1)
    world.round()
    assert world.crm.accounts[ACME]["Rapport_Health__c"] == 70


def test_a_task_that_a_person_closed_cools_down_and_then_begins_a_new_episode(world):
    world.round()
    world.later(days=1)
    world.edit_task(CALL_BACK, Status="Completed")
    assert world.round().changes == 0
    world.later(days=13)
    assert world.round().changes == 0
    world.later(days=1)
    world.round()
    assert f"call_back|{ACME}||2026-12-08" in world.open_keys()


def test_a_deleted_task_is_remembered_after_the_org_forgot_it(world):
    world.round()
    world.later(days=1)
    world.edit_task(CALL_BACK, IsDeleted=True)
    world.round()
    world.crm.tasks = {one: row for one, row in world.crm.tasks.items() if not row["IsDeleted"]}
    world.later(days=50)
    assert world.round().changes == 0
    world.later(days=6)
    assert world.round().count("applied") == 1


def test_an_edited_task_stays_as_the_person_left_it(world):
    world.round()
    world.edit_task(CALL_BACK, Subject="I call him on Friday")
    world.outcomes[0] = outcome(subject="new", basis={"band": "red"})
    assert world.round().changes == 0
    world.outcomes[0] = outcome(state="silent")
    assert world.round().changes == 0
    assert task(world)["Status"] == "Not Started"


def test_the_bands_of_confirmed_writes_are_remembered(world):
    world.crm.refuse[NORDWIND] = ("ENTITY_IS_LOCKED", "in approval")
    world.round()
    world.later(hours=1)
    with world.open() as state:
        assert [row[:4] for row in state.bands_before(world.as_of)] == [(ACME, "health", "Amber", 52)]


def test_digests_follow_what_waits(world):
    names = [f"0015g{at:010d}AAA" for at in range(4)]
    world.outcomes = [outcome(account_id=name, account=name) for name in names]
    world.round()
    assert sum(key.startswith("digest|") for key in world.open_keys()) == 1
    assert world.round().changes == 0
    world.later(days=1)
    world.round()
    assert not any(key.startswith("digest|") for key in world.open_keys())
    assert len(world.open_keys()) == 4
    assert world.round().changes == 0


def test_the_result_has_the_shape_that_other_programs_rely_on(world):
    world.crm.refuse[ACME] = ("ENTITY_IS_LOCKED", "in approval")
    told = world.round().to_json({"salesforce": {"read": 5, "write": 2}, "jira": {"read": 0, "write": 0}})
    assert {name: told[name] for name in ("run", "changes", "applied", "skipped", "quarantined")} == {
        "run": "run-1",
        "changes": 4,
        "applied": 3,
        "skipped": 0,
        "quarantined": 1,
    }
    assert {"id": ACME, "outcome": "quarantined", "reason": "in approval"} in told["records"]


# The books come first


def test_when_the_books_cannot_be_kept_nothing_is_sent(world):
    for at in range(100):
        account = f"0015h{at:010d}AAA"
        world.crm.accounts[account] = {"Id": account}
        world.wanted[account] = Wanted()
    world.pull_now()
    plan = world.plan()
    with State.open(world.folder) as state:
        (pages,) = state.connection.execute("pragma page_count").fetchone()
        state.connection.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(LedgerFailure, match="full") as stop:
            apply_plan(plan, crm=world.crm, state=state, clock=world.clock, run_id="run-1")
    assert stop.value.exit_code == 3
    assert world.crm.writes == 0


def test_every_write_is_in_the_ledger_with_both_sides(world):
    world.round()
    with world.open() as state:
        entries = ledger.of_run(state, "run-1")
        assert [entry.status for entry in entries] == ["confirmed"] * 4
        assert entries[0].change.fields["Rapport_Health__c"].after == 52
        assert all(entry.change.id for entry in entries)
        assert ledger.unclear(state) == []


# Stale plans


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"config_digest": "other"}, "configuration changed"),
        ({"pull_id": "pull-2"}, "newer data"),
        ({"later": 25}, "older than 24 hours"),
    ],
)
def test_a_stale_plan_is_refused(world, other, says):
    world.pull_now()
    plan = world.plan()
    values = {"config_digest": "config", "pull_id": "pull-1", "organization": "00D"}
    later = other.pop("later", 0) if "later" in other else 0
    other = dict(other)
    with world.open() as state, pytest.raises(StalePlan, match=says) as stop:
        check_current(
            plan,
            state,
            **(values | other),
            now=world.clock() + timedelta(hours=later),
            max_age=timedelta(hours=24),
        )
    assert stop.value.exit_code == 2
    assert "rapport plan --out" in str(stop.value)


def test_a_plan_is_refused_after_a_later_one_but_not_after_itself(world):
    values = {
        "config_digest": "config",
        "pull_id": "pull-1",
        "organization": "00D",
        "max_age": timedelta(hours=24),
    }
    world.pull_now()
    early = world.plan()
    world.later(hours=1)
    late = world.plan()
    world.apply(late)
    with world.open() as state:
        check_current(late, state, **values, now=world.clock())
        with pytest.raises(StalePlan, match="a later plan was applied"):
            check_current(early, state, **values, now=world.clock())


def test_a_plan_for_another_org_is_refused(world):
    world.pull_now()
    plan = world.plan()
    with world.open() as state, pytest.raises(StateMismatch, match="organization 00D"):
        check_current(
            plan,
            state,
            config_digest="config",
            pull_id="pull-1",
            organization="00X",
            now=world.clock(),
            max_age=timedelta(hours=24),
        )


# Many days with people in between

people = st.sampled_from(
    [
        {"Status": "Completed"},
        {"IsDeleted": True},
        {"Subject": "Mine"},
        {"OwnerId": BORIS},
        {"Rapport_Answer__c": "Not useful"},
        {"Rapport_Answer__c": "Done"},
        {"Rapport_Answer__c": "Later", "snooze": date(2026, 12, 1)},
        {"Status": "Not Started"},
    ]
)
day = st.fixed_dictionaries(
    {
        "states": st.lists(st.sampled_from(["fires", "fires", "silent", "unknown"]), min_size=4, max_size=4),
        "facts": st.integers(0, 2),
        "owner": st.sampled_from([ANNA, ANNA, BORIS, None]),
        "band": st.sampled_from(["amber", "red"]),
        "score": st.none() | st.integers(0, 100),
        "people": st.lists(st.tuples(st.integers(0, 30), people), max_size=2),
        "days": st.integers(0, 20),
        "lose": st.lists(st.sampled_from(["before", "after"]), max_size=1),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days=st.lists(day, min_size=2, max_size=5))
def test_whatever_happens_a_second_run_writes_nothing_and_no_task_stands_twice(days, tmp_path_factory):
    world = World(tmp_path_factory.mktemp("journey"), limits=Limits(max_open_tasks_per_owner=2))
    for one in days:
        facts = {"band": one["band"], "records": [f"A-{one['facts']}"]}
        world.outcomes = [
            outcome(
                rule,
                state,
                kind="fix" if rule == "call_back" else "grow",
                account_id=account,
                owner_id=one["owner"],
                subject=f"{rule} {one['facts']}",
                basis=facts,
                health_band=one["band"],
            )
            for (rule, account), state in zip(
                [("call_back", ACME), ("reach_unit", ACME), ("call_back", NORDWIND), ("re_engage", NORDWIND)],
                one["states"],
                strict=True,
            )
        ]
        world.with_wanted(ACME, health=one["score"], band=one["band"], why=f"reason {one['facts']}")
        world.crm.lose = list(one["lose"])
        keys_before = {row["Rapport_Key__c"] for row in world.crm.tasks.values()}
        world.round()
        world.crm.lose = []

        assert world.plan().is_empty
        written = world.crm.writes
        assert world.round().changes == 0
        assert world.crm.writes == written

        stems = [key.rpartition("|")[0] for key in world.open_keys()]
        assert len(stems) == len(set(stems))
        keys = [row["Rapport_Key__c"] for row in world.crm.tasks.values()]
        assert len(keys) == len(set(keys))
        new = [key for key in keys if key not in keys_before and not str(key).startswith("digest|")]
        assert len(new) <= 2

        rows = list(world.crm.tasks.values())
        for at, edit in one["people"]:
            key = str(rows[at % len(rows)]["Rapport_Key__c"]) if rows else ""
            stands = {one.rpartition("|")[0] for one in world.open_keys()}
            # A person may well open an old task beside its successor; two are then not Rapport's doing.
            if key and (edit != {"Status": "Not Started"} or key.rpartition("|")[0] not in stands):
                world.edit_task(key, **edit)
        world.later(days=one["days"])
