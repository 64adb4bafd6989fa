"""Few tasks: which candidates become tasks now, and the one digest per owner in which the rest wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.phrases import say
from sync import canonical, task_keys
from sync.changes import Change, FieldChange, Noted
from sync.episodes import Candidate, Reason, TaskPlan, complete, task_words, wait
from sync.tracks import is_open, is_untouched, open_tasks_by_owner, row_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.tasks import RuleOutcome
    from sync.canonical import Value
    from sync.plan_inputs import Limits, PlanInputs, TaskRow

_SEVERITIES = {"high": 0, "normal": 1, "low": 2}
_KINDS = {"fix": 0, "grow": 1, "govern": 2}
_LISTED = 50  # lines in a digest: more are counted, not listed


def create_within_caps(plan: TaskPlan, rows: Mapping[str, TaskRow], inputs: PlanInputs) -> None:
    """Turn candidates into creations, most pressing first; the others wait, each with its reason."""
    limits = inputs.limits
    open_tasks = open_tasks_by_owner(rows.values())
    for change in plan.changes:
        row = rows.get(change.key or "")
        if change.action in {"complete", "delete"} and row and row.owner_id in open_tasks:
            open_tasks[row.owner_id] -= 1
    new_tasks = dict(inputs.created_today)
    red = {
        outcome.account_id
        for outcome in inputs.outcomes
        if outcome.kind == "fix"
        and outcome.state == "fires"
        and (outcome.health_band or "").casefold() == "red"
    }
    asked = _asked_for(plan, rows)
    left_over: dict[str, list[Candidate]] = {}
    refused = frozenset(inputs.quarantined)
    for candidate in sorted(plan.candidates, key=lambda one: (one.episode.key in refused, _order(one))):
        outcome = candidate.outcome
        owner = outcome.owner_id
        if owner is None:
            plan.waiting.append(wait(outcome, "no active owner: set [people] fallback_user"))
        elif outcome.kind == "grow" and outcome.account_id in red:
            plan.waiting.append(wait(outcome, "the account is red and a fix comes first"))
        elif earlier := [rule for rule in outcome.after if (rule, outcome.account_id) in asked]:
            plan.waiting.append(wait(outcome, f"{earlier[0]} asks for much the same and comes first"))
        elif full := _full(open_tasks.get(owner, 0), new_tasks.get(owner, 0), limits):
            left_over.setdefault(owner, []).append(candidate)
            plan.waiting.append(wait(outcome, full))
        else:
            open_tasks[owner] = open_tasks.get(owner, 0) + 1
            new_tasks[owner] = new_tasks.get(owner, 0) + 1
            plan.changes.append(_create(candidate, owner, inputs))
    _plan_digests(left_over, rows, inputs, plan)


def _asked_for(plan: TaskPlan, rows: Mapping[str, TaskRow]) -> set[tuple[str, str]]:
    """(rule, account) of tasks that stay open, and of those that may begin now."""
    settled = {change.key for change in plan.changes if change.action in {"complete", "delete"}}
    stems = [
        parsed[0]
        for key, row in rows.items()
        if is_open(row) and key not in settled and (parsed := task_keys.split(key)) is not None
    ]
    standing = {task_keys.parts(stem)[:2] for stem in stems}
    return standing | {(one.outcome.rule, one.outcome.account_id) for one in plan.candidates}


def _full(open_tasks: int, new_tasks: int, limits: Limits) -> str | None:
    """Why an owner gets no further task now."""
    if open_tasks >= limits.max_open_tasks_per_owner:
        return f"the owner has {open_tasks} open tasks (limit {limits.max_open_tasks_per_owner})"
    if new_tasks >= limits.max_new_tasks_per_owner_day:
        return f"the owner has {new_tasks} new tasks today (limit {limits.max_new_tasks_per_owner_day})"
    return None


def _order(candidate: Candidate) -> tuple[int, int, str, str]:
    """Severity, kind, age, key."""
    outcome, episode = candidate.outcome, candidate.episode
    return (_SEVERITIES[outcome.severity], _KINDS[outcome.kind], canonical.stamp(episode.began), episode.key)


def _create(candidate: Candidate, owner: str, inputs: PlanInputs) -> Change:
    outcome, key = candidate.outcome, candidate.episode.key
    values: dict[str, Value] = {
        **task_words(outcome, inputs),
        "OwnerId": owner,
        "WhatId": outcome.account_id,
        "WhoId": outcome.who_id,
        "ActivityDate": outcome.due.isoformat() if outcome.due else None,
    }
    return _creation(key, values, inputs, outcome)


def _creation(
    key: str,
    values: Mapping[str, Value],
    inputs: PlanInputs,
    outcome: RuleOutcome | None,
    *,
    reason: str = "",
    basis: dict[str, object] | None = None,
) -> Change:
    settings = inputs.task_settings
    fixed: dict[str, Value] = {
        **settings.constants,
        "RecordTypeId": settings.record_type_id,
        "Type": settings.type,
        "Status": settings.open_status,
        settings.key_field: key,
    }
    sent = {name: value for name, value in (fixed | dict(values)).items() if value is not None}
    return Change(
        action="create",
        target="salesforce",
        object="Task",
        id=None,
        account_id=outcome.account_id if outcome else None,
        account=outcome.account if outcome else None,
        rule=outcome.rule if outcome else task_keys.DIGEST,
        reason=outcome.reason if outcome else reason,
        fields={name: FieldChange(None, sent[name]) for name in sorted(sent)},
        key=key,
        basis=dict(outcome.basis) if outcome else basis,
    )


def _plan_digests(
    left_over: Mapping[str, list[Candidate]], rows: Mapping[str, TaskRow], inputs: PlanInputs, plan: TaskPlan
) -> None:
    standing: dict[str, TaskRow] = {}
    newest: dict[str, str] = {}
    for key in sorted(rows):
        owner = task_keys.digest_owner(key)
        if owner is None:
            continue
        newest[owner] = key
        if is_open(rows[key]):
            standing[owner] = rows[key]
    for owner in sorted(left_over.keys() | standing.keys()):
        row = standing.get(owner)
        waiting = left_over.get(owner, [])
        if row is not None:
            _keep_digest(row, waiting, inputs, plan)
        elif not _said_already(newest.get(owner), owner, waiting, inputs):
            values = _digest_words(waiting, owner, inputs) | {
                "OwnerId": owner,
                "Priority": inputs.task_settings.priority,
                "ActivityDate": (inputs.business_day or inputs.day).isoformat(),
            }
            plan.changes.append(
                _creation(
                    task_keys.digest_key(owner, inputs.day),
                    values,
                    inputs,
                    None,
                    reason=_digest_reason(waiting),
                    basis=_digest_basis(waiting),
                )
            )


def _said_already(newest: str | None, owner: str, waiting: list[Candidate], inputs: PlanInputs) -> bool:
    """A digest that a person closed comes back on another day at the earliest, and only with another list."""
    if newest is None:
        return False
    confirmed = inputs.confirmed_tasks.get(newest)
    if newest == task_keys.digest_key(owner, inputs.day):
        return True
    return confirmed is not None and not confirmed.closed and confirmed.basis == _digest_basis(waiting)


def _keep_digest(row: TaskRow, waiting: list[Candidate], inputs: PlanInputs, plan: TaskPlan) -> None:
    confirmed = inputs.confirmed_tasks.get(row.key)
    basis = _digest_basis(waiting)
    stands = row_values(row)
    if confirmed is None:
        plan.noted.append(Noted("Task", row.id, None, stands, key=row.key, basis=basis))
    if not is_untouched(row, confirmed):
        return
    if not waiting:
        plan.changes.append(complete(row, None, Reason.of("nothing_waits"), inputs, None))
        return
    if confirmed is None or confirmed.day >= inputs.day or confirmed.basis == basis:
        return
    words = _digest_words(waiting, row.owner_id, inputs)
    plan.changes.append(
        Change(
            action="update",
            target="salesforce",
            object="Task",
            id=row.id,
            account_id=None,
            account=None,
            rule=task_keys.DIGEST,
            reason=_digest_reason(waiting),
            fields={
                name: FieldChange(stands[name], wanted)
                for name, wanted in words.items()
                if stands[name] != wanted
            },
            key=row.key,
            basis=basis,
        )
    )


def _digest_reason(waiting: list[Candidate]) -> str:
    return f"{len(waiting)} {'task waits' if len(waiting) == 1 else 'tasks wait'} for room"


def _digest_basis(waiting: list[Candidate]) -> dict[str, object]:
    return {"records": sorted(candidate.episode.key for candidate in waiting)}


def _digest_words(waiting: list[Candidate], owner: str | None, inputs: PlanInputs) -> dict[str, Value]:
    """In the language of the owner, which is that of the subjects too."""
    limits, language = inputs.limits, inputs.language_of(owner)
    count = len(waiting)
    lines = [f"– {one.outcome.account}: {one.outcome.subject}" for one in waiting[:_LISTED]]
    if count > _LISTED:
        lines.append(say(language, "more_unlisted", count=count - _LISTED))
    lines.append(
        say(
            language,
            "when_there_is_room",
            open=limits.max_open_tasks_per_owner,
            new=limits.max_new_tasks_per_owner_day,
        )
    )
    subject = say(language, "one_waits" if count == 1 else "more_wait", count=count)
    settings = inputs.task_settings
    return {
        "Subject": canonical.text(subject, settings.subject_length),
        "Description": canonical.text("\n".join(lines), settings.description_length),
    }
