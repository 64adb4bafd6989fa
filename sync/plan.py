"""The plan: a pure function from what is wanted and what stands to the exact changes between the two.

wanted fields × current values ─ record changes ─┐
rule outcomes × episodes × tasks ─ task changes ─┴─ sorted ─ counted ─ digest
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.salesforce_writes import CHUNK
from sync import caps, episodes, seal, tracks
from sync.changes import Change, EpisodeStep, Held, Noted, Plan
from sync.plan_inputs import (
    ConfirmedTask,
    Episode,
    Limits,
    PlanInputs,
    TaskRow,
    TaskSettings,
    WantedField,
    WantedRecord,
    Written,
)
from sync.record_changes import plan_record

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ConfirmedTask",
    "Episode",
    "Limits",
    "PlanInputs",
    "TaskRow",
    "TaskSettings",
    "WantedField",
    "WantedRecord",
    "Written",
    "make_plan",
]


def make_plan(inputs: PlanInputs) -> Plan:
    """The same inputs give the same bytes, whatever their order; the seal is added where the key is."""
    changes: list[Change] = []
    held: list[Held] = []
    noted: list[Noted] = []
    for record in inputs.records:
        one = plan_record(record, inputs)
        held.extend(one.held)
        changes.extend([one.change] if one.change else [])
        noted.extend([one.noted] if one.noted else [])
    tasks = plan_tasks(inputs)
    changes += tasks.changes
    noted += tasks.noted
    changes.sort(key=lambda change: change.order)
    return seal.with_digest(
        Plan(
            as_of=inputs.as_of,
            day=inputs.day,
            created_at=inputs.now,
            config_digest=inputs.config_digest,
            pull_id=inputs.pull_id,
            organization=inputs.organization,
            mode=inputs.mode,
            changes=tuple(changes),
            held=tuple(sorted(held, key=lambda one: (one.object, one.account_id or "", one.id, one.field))),
            waiting=tuple(sorted(tasks.waiting, key=lambda one: (one.rule, one.account_id, one.subject_key))),
            noted=tuple(sorted(noted, key=lambda one: (one.object, one.id, one.key or ""))),
            episodes=_last_word(tasks.steps),
            predicted_calls=predicted_calls(changes),
        )
    )


def plan_tasks(inputs: PlanInputs) -> episodes.TaskPlan:
    plan = episodes.TaskPlan()
    if not inputs.task_settings.createable:
        # Without the key nobody can tell which tasks are Rapport's: none is made, changed or given up.
        reason = f"no task is written: {inputs.task_settings.lacking}"
        plan.waiting = [episodes.wait(one, reason) for one in inputs.outcomes if one.state == "fires"]
        return plan
    rows = tracks.rows_by_key(inputs)
    for track in tracks.assemble(inputs, rows):
        if inputs.concerned is None or track.account_id in inputs.concerned:
            episodes.plan_track(track, inputs, plan)
    caps.create_within_caps(plan, rows, inputs)
    plan.changes = _writable(plan.changes, inputs.task_settings.left_out)
    return plan


def _writable(changes: Iterable[Change], left_out: frozenset[str]) -> list[Change]:
    """The changes without the fields that the org does not take; one that has no other is none."""
    kept = (
        replace(each, fields={name: sides for name, sides in each.fields.items() if name not in left_out})
        for each in changes
    )
    return [each for each in kept if each.fields]


def _last_word(steps: Iterable[EpisodeStep]) -> tuple[EpisodeStep, ...]:
    """One step per episode now, and one more that waits for the episode's change to be confirmed."""
    last = {(step.key, step.with_change): step for step in steps}
    return tuple(last[place] for place in sorted(last))


def predicted_calls(changes: Iterable[Change]) -> dict[str, int]:
    """Requests that write; the look-ups around them are reads."""
    sizes = Counter((change.target, change.object, change.action) for change in changes)
    calls = {"salesforce": 0, "jira": 0}
    for (target, _, _), size in sizes.items():
        calls[target] += -(-size // CHUNK)
    return calls
