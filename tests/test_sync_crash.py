"""Crashes: stop after every single step, run again, and nothing is lost or doubled."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.crm_in_memory import Fuse, Killed
from tests.sync_world import ACME, ANNA, BORIS, NORDWIND, Wanted, World, outcome

if TYPE_CHECKING:
    from pathlib import Path

CALL_BACK = f"call_back|{ACME}||2026-11-23"
MOST_STEPS = 60


def first_run(folder: Path) -> World:
    """Everything is new: two records and two tasks to be written, a third task waits in a digest."""
    return World(
        folder,
        outcomes=[
            outcome(),
            outcome("re_engage", account_id=NORDWIND),
            outcome("reach_unit", account_id=NORDWIND, kind="grow"),
        ],
        wanted={ACME: Wanted(), NORDWIND: Wanted(81, "Green", "all is well")},
    )


def second_run(folder: Path) -> World:
    """Everything moves: values change, one task is settled, one deleted, one reworded, one is new."""
    world = first_run(folder)
    world.outcomes += [outcome("widen_contacts", owner_id=BORIS)]
    world.round()
    world.later(days=1)
    world.outcomes = [
        outcome(state="silent"),
        outcome("re_engage", account_id=NORDWIND, subject="3 wait", basis={"records": ["A-1", "A-2"]}),
        outcome("reach_unit", account_id=NORDWIND, kind="grow"),
        outcome("widen_contacts", "silent", owner_id=BORIS, on_clear="delete"),
    ]
    world.with_wanted(ACME, health=75, band="Green", why="better", records=("A-2",))
    world.with_wanted(NORDWIND, health=None, band="Unknown")
    world.crm.refuse[NORDWIND] = ("ENTITY_IS_LOCKED", "in approval")
    return world


def undisturbed(scene, folder: Path) -> tuple[World, int]:
    world = scene(folder)
    world.crm.fuse = Fuse()
    world.round()
    return world, world.crm.fuse.steps


def run_until_killed(world: World, step: int) -> bool:
    world.crm.fuse = Fuse(blows_at=step)
    try:
        world.round()
    except Killed:
        return True
    finally:
        world.crm.fuse = Fuse()
    return False


def check_recovered(world: World, expected: World) -> None:
    world.round()
    assert world.crm.contents() == expected.crm.contents()
    written = world.crm.writes
    again = world.round()
    assert again.changes == again.count("quarantined")
    assert world.crm.contents() == expected.crm.contents()
    # Only what the target refuses is tried again.
    assert world.crm.writes - written == (1 if again.changes else 0)
    with world.open() as state, expected.open() as other:
        assert state.written("Account") is not None
        assert [(e.key, e.ended, e.outcome) for e in state.episodes()] == [
            (e.key, e.ended, e.outcome) for e in other.episodes()
        ]
        assert {key: one.fields for key, one in state.confirmed_tasks().items()} == {
            key: one.fields for key, one in other.confirmed_tasks().items()
        }
        assert state.bands_before(world.as_of) == other.bands_before(world.as_of)
        assert [(one.record, one.code) for one in state.quarantined()] == [
            (one.record, one.code) for one in other.quarantined()
        ]


@pytest.mark.parametrize("scene", [first_run, second_run])
def test_a_process_that_ends_at_any_step_is_made_good_by_the_next_run(scene, tmp_path):
    expected, steps = undisturbed(scene, tmp_path / "undisturbed")
    assert 10 < steps < MOST_STEPS
    for step in range(1, steps + 1):
        world = scene(tmp_path / f"killed at {step}")
        assert run_until_killed(world, step)
        check_recovered(world, expected)


def test_a_recovery_may_be_killed_as_well(tmp_path):
    expected, steps = undisturbed(second_run, tmp_path / "undisturbed")
    chance = random.Random(20261123)
    for attempt in range(12):
        world = second_run(tmp_path / f"attempt {attempt}")
        for _ in range(4):
            run_until_killed(world, chance.randint(1, steps))
        check_recovered(world, expected)


def test_an_edit_between_crash_and_recovery_is_kept(tmp_path):
    _, steps = undisturbed(first_run, tmp_path / "undisturbed")
    for step in range(1, steps + 1):
        world = first_run(tmp_path / f"killed at {step}")
        assert run_until_killed(world, step)
        stands = [row["Rapport_Key__c"] for row in world.crm.tasks.values()]
        if CALL_BACK in stands:
            world.edit_task(CALL_BACK, Subject="Mine now", OwnerId=ANNA)
        world.outcomes[0] = outcome(subject="other", basis={"band": "red"})
        world.round()
        world.round()
        subjects = [row["Subject"] for row in world.crm.tasks.values() if row["Rapport_Key__c"] == CALL_BACK]
        assert subjects == (["Mine now"] if CALL_BACK in stands else ["other"])
