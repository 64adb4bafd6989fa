"""What one track needs now: begin or end its episode, create, update or settle its task, or leave it.

rule says   no task yet            open, untouched        open, edited       closed or deleted by a person
fires       candidate for a task   updated if it moved    left               waits until the cool-down ends
silent      episode ends           settled                episode ends       episode ends
unknown     left                   left                   left               left (the outcome is noted)
retired     episode ends           settled                episode ends       episode ends
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rules import notation
from rules.phrases import ENGLISH, LANGUAGES, say
from sync import canonical, material, task_keys
from sync.changes import Change, EpisodeStep, FieldChange, Noted, Waiting
from sync.plan_inputs import Episode
from sync.tracks import is_open, is_untouched, row_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.tasks import OnClear, RuleOutcome
    from sync.changes import EpisodeOutcome
    from sync.plan_inputs import ConfirmedTask, PlanInputs, TaskRow
    from sync.tracks import Track

DISMISSAL = 4  # times the cool-down
_DISMISSING = frozenset({"not useful", "wrong data"})
_DEFAULT_COOLDOWN_DAYS = 14  # for a task whose rule no longer says


@dataclass(frozen=True, slots=True)
class Candidate:
    """A task that may be created now, if the caps leave room."""

    outcome: RuleOutcome
    episode: Episode


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a task is closed: in English for the plan, in its owner's language on the task."""

    texts: Mapping[str, str]
    language: str | None = None  # of the words, where they are a rule's; else the owner's

    @classmethod
    def of(cls, phrase: str, **values: object) -> Reason:
        return cls({language: say(language, phrase, **values) for language in LANGUAGES})

    @classmethod
    def why(cls, outcome: RuleOutcome) -> Reason:
        return cls(
            {ENGLISH: outcome.reason, outcome.language: outcome.told or outcome.reason}, outcome.language
        )

    def told(self, language: str) -> str:
        return self.texts.get(language, self.texts[ENGLISH])


@dataclass(slots=True)
class TaskPlan:
    """What the tracks ask for; later steps add to it."""

    changes: list[Change] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    steps: list[EpisodeStep] = field(default_factory=list)


def plan_track(track: Track, inputs: PlanInputs, plan: TaskPlan) -> None:
    """Add what this track needs to `plan`."""
    _note_recovered(track, inputs, plan)
    _note_what_persons_did(track, inputs, plan)
    _settle_doubles(track, inputs, plan)
    outcome = track.outcome
    if track.rule not in inputs.rules:
        _end(track, inputs, plan, Reason.of("rule_retired"), on_clear="complete", how="retired")
    elif outcome is None or outcome.state == "unknown":
        return
    elif outcome.state == "silent":
        _end(track, inputs, plan, Reason.why(outcome), on_clear=outcome.on_clear, how="settled")
    else:
        _fires(track, outcome, inputs, plan)


def wait(outcome: RuleOutcome, reason: str) -> Waiting:
    return Waiting(
        rule=outcome.rule,
        account_id=outcome.account_id,
        account=outcome.account,
        subject_key=outcome.subject_key,
        owner_id=outcome.owner_id,
        subject=outcome.subject,
        reason=reason,
    )


# What happened outside


def _note_recovered(track: Track, inputs: PlanInputs, plan: TaskPlan) -> None:
    for episode in track.episodes:
        if episode.key in track.recovered:
            plan.steps.append(_step(episode))
    current = track.current
    row = track.rows.get(current.key) if current else None
    if row is None or not is_open(row) or row.key in inputs.confirmed_tasks:
        return
    # Its facts are unknown, so today's count as those behind its words: a person's edits are not overwritten.
    plan.noted.append(
        Noted(
            object="Task",
            id=row.id,
            account_id=track.account_id,
            fields=row_values(row),
            key=row.key,
            basis=dict(track.outcome.basis) if track.outcome else None,
        )
    )


def _note_what_persons_did(track: Track, inputs: PlanInputs, plan: TaskPlan) -> None:
    """Keep a closing or dismissal with the episode: a deleted task is gone from the org in some days."""
    for at, episode in enumerate(track.episodes):
        row = track.rows.get(episode.key)
        confirmed = inputs.confirmed_tasks.get(episode.key)
        if episode.outcome is not None or (confirmed and confirmed.closed):
            continue
        if episode.task_id is None and row is None:
            continue
        if row is not None and is_open(row):
            continue
        cooldown = track.outcome.cooldown_days if track.outcome else _DEFAULT_COOLDOWN_DAYS
        closed = _closed_by_person(episode, row, inputs.as_of, cooldown)
        track.episodes[at] = closed
        plan.steps = [step for step in plan.steps if step.key != episode.key]
        plan.steps.append(_step(closed))


def _closed_by_person(episode: Episode, row: TaskRow | None, as_of: datetime, cooldown_days: int) -> Episode:
    answer = canonical.text(row.answer) if row else None
    at = as_of if row is None else min(row.completed_at or row.modified_at or as_of, as_of)
    gone = row is None or row.is_deleted  # no longer in the org at all: deleted, and purged since
    if gone or (answer or "").casefold() in _DISMISSING:
        return _blocked(episode, "dismissed", at, timedelta(days=cooldown_days * DISMISSAL))
    if row is not None and (answer or "").casefold() == "later" and row.snooze_until:
        until = datetime.combine(row.snooze_until, datetime.min.time(), UTC)
        return replace(episode, outcome="snoozed", outcome_at=at, blocked_until=until)
    return _blocked(episode, "closed", at, timedelta(days=cooldown_days))


def _blocked(episode: Episode, outcome: EpisodeOutcome, at: datetime, span: timedelta) -> Episode:
    return replace(episode, outcome=outcome, outcome_at=at, blocked_until=at + span)


def _settle_doubles(track: Track, inputs: PlanInputs, plan: TaskPlan) -> None:
    """Where accounts were merged, one task is left of two that ask for the same."""
    current = track.current
    if current is None or not is_open(track.rows.get(current.key)):
        return
    stem = current.key.rpartition("|")[0]
    for key, row in sorted(track.rows.items()):
        another = key.rpartition("|")[0] != stem
        if another and is_open(row) and is_untouched(row, inputs.confirmed_tasks.get(key)):
            account = track.outcome.account if track.outcome else None
            plan.changes.append(complete(row, track, Reason.of("merged_twin"), inputs, account))


# The rule fires


def _fires(track: Track, outcome: RuleOutcome, inputs: PlanInputs, plan: TaskPlan) -> None:
    current = _with_open_task(track, inputs, plan) or track.current
    if current is not None and is_open(track.rows.get(current.key)):
        _keep_up(track, current, outcome, inputs, plan)
        return
    if current is not None and current.outcome is not None:
        if current.blocked_until is not None and inputs.as_of < current.blocked_until:
            plan.waiting.append(wait(outcome, _block_reason(current)))
            return
        plan.steps.append(_step(replace(current, ended=inputs.as_of)))
        current = None
    if current is None:
        current = _begin(track, inputs)
        plan.steps.append(_step(current))
    block = _lasting_block(track, inputs)
    if block is not None:
        plan.waiting.append(wait(outcome, _block_reason(block)))
    else:
        plan.candidates.append(Candidate(outcome, current))


def _with_open_task(track: Track, inputs: PlanInputs, plan: TaskPlan) -> Episode | None:
    """The running episode, or an ended one whose task still stands (left, or reopened by a person).

    The latter runs again in place of the other, so that no second task comes beside one that is open.
    """
    newest_first = track.episodes[::-1]
    standing = next((episode for episode in newest_first if is_open(track.rows.get(episode.key))), None)
    if standing is None or standing.ended is None:
        return standing
    if track.current is not None:
        plan.steps.append(_step(replace(track.current, ended=inputs.as_of)))
    revived = replace(standing, ended=None, outcome=None, outcome_at=None, blocked_until=None)
    plan.steps.append(_step(revived))
    return revived


def _begin(track: Track, inputs: PlanInputs) -> Episode:
    day = inputs.as_of.astimezone(UTC).date()
    name = task_keys.next_episode(day, track.taken_names())
    return Episode(
        rule=track.rule,
        account_id=track.account_id,
        subject_key=track.subject_key,
        name=name,
        began=inputs.as_of,
        ended=None,
        task_id=None,
        key=task_keys.task_key(track.stem, name),
    )


def _lasting_block(track: Track, inputs: PlanInputs) -> Episode | None:
    """A dismissal or "Later" outlasts the episode in which it was said; a closing does not.

    Whoever dismisses one meeting's task wants none for the others either.
    """
    dismissed = [
        episode
        for episode in inputs.episodes
        if episode.outcome == "dismissed"
        and (episode.rule, episode.account_id) == (track.rule, track.account_id)
    ]
    blocking = [
        episode
        for episode in (*track.episodes, *dismissed)
        if episode.outcome in {"dismissed", "snoozed"}
        and episode.blocked_until
        and inputs.as_of < episode.blocked_until
    ]
    return max(blocking, key=lambda episode: (episode.blocked_until, episode.key), default=None)


def _block_reason(episode: Episode) -> str:
    words = {"closed": "closed by a person", "dismissed": "dismissed by a person", "snoozed": "put off"}
    said = words.get(episode.outcome or "", "settled")
    on = f" on {episode.outcome_at:%Y-%m-%d}" if episode.outcome_at else ""
    until = f", not again before {episode.blocked_until:%Y-%m-%d}" if episode.blocked_until else ""
    return f"{said}{on}{until}"


def _keep_up(
    track: Track, episode: Episode, outcome: RuleOutcome, inputs: PlanInputs, plan: TaskPlan
) -> None:
    """An open task: answered, snoozed, edited, or simply to be kept in step with the facts."""
    row = track.rows[episode.key]
    confirmed = inputs.confirmed_tasks.get(row.key)
    if not is_untouched(row, confirmed):
        return
    owner = canonical.id18(row.owner_id) if row.owner_id else None
    if confirmed is not None and owner in inputs.gone_users and outcome.owner_id not in (None, owner):
        _hand_over(row, outcome, inputs, plan)
        return
    answer = (canonical.text(row.answer) or "").casefold()
    if answer in _DISMISSING or answer == "done":
        span = timedelta(days=outcome.cooldown_days * (DISMISSAL if answer in _DISMISSING else 1))
        how: EpisodeOutcome = "dismissed" if answer in _DISMISSING else "closed"
        reason = Reason.of("answered", answer=row.answer)
        plan.changes.append(complete(row, track, reason, inputs, outcome.account))
        plan.steps.append(replace(_step(_blocked(episode, how, inputs.as_of, span)), with_change=True))
        return
    if answer == "later" and row.snooze_until and inputs.day < row.snooze_until:
        return
    if confirmed is not None and material.moved(confirmed.basis, outcome.basis):
        _reword(row, confirmed, outcome, inputs, plan)


def _reword(
    row: TaskRow, confirmed: ConfirmedTask, outcome: RuleOutcome, inputs: PlanInputs, plan: TaskPlan
) -> None:
    stands = row_values(row)
    words = task_words(outcome, inputs)
    fields = {
        name: FieldChange(stands[name], wanted) for name, wanted in words.items() if stands[name] != wanted
    }
    if fields:
        plan.changes.append(
            Change(
                action="update",
                target="salesforce",
                object="Task",
                id=row.id,
                account_id=outcome.account_id,
                account=outcome.account,
                rule=outcome.rule,
                reason=outcome.reason,
                fields=fields,
                key=row.key,
                basis=dict(outcome.basis),
            )
        )
    elif confirmed.basis is None or dict(confirmed.basis) != dict(outcome.basis):
        plan.noted.append(
            Noted("Task", row.id, outcome.account_id, stands, key=row.key, basis=dict(outcome.basis))
        )


def _hand_over(row: TaskRow, outcome: RuleOutcome, inputs: PlanInputs, plan: TaskPlan) -> None:
    """Give the task, in words for its new owner, to who answers for the account now."""
    stands = row_values(row)
    wanted = {**task_words(outcome, inputs), "OwnerId": outcome.owner_id}
    plan.changes.append(
        Change(
            action="update",
            target="salesforce",
            object="Task",
            id=row.id,
            account_id=outcome.account_id,
            account=outcome.account,
            rule=outcome.rule,
            reason="its owner is no longer active",
            fields={
                name: FieldChange(stands[name], value)
                for name, value in wanted.items()
                if stands[name] != value
            },
            key=row.key,
            basis=dict(outcome.basis),
        )
    )


def task_words(outcome: RuleOutcome, inputs: PlanInputs) -> dict[str, str | None]:
    settings = inputs.task_settings
    return {
        "Subject": canonical.text(outcome.subject, settings.subject_length),
        "Description": canonical.text(outcome.description, settings.description_length),
        "Priority": settings.high_priority if outcome.severity == "high" else settings.priority,
    }


# The rule no longer fires


def _end(
    track: Track,
    inputs: PlanInputs,
    plan: TaskPlan,
    reason: Reason,
    *,
    on_clear: OnClear,
    how: EpisodeOutcome,
) -> None:
    current = track.current
    if current is None:
        return
    row = track.rows.get(current.key)
    ended = replace(
        current,
        ended=inputs.as_of,
        outcome=current.outcome or how,
        outcome_at=current.outcome_at or inputs.as_of,
    )
    confirmed = inputs.confirmed_tasks.get(current.key)
    if row is None or not is_open(row) or not is_untouched(row, confirmed) or on_clear == "leave":
        plan.steps.append(_step(ended))
        return
    account = track.outcome.account if track.outcome else None
    settle = remove if on_clear == "delete" else complete
    plan.changes.append(settle(row, track, reason, inputs, account))
    plan.steps.append(replace(_step(ended), with_change=True))


def complete(
    row: TaskRow, track: Track | None, reason: Reason, inputs: PlanInputs, account: str | None
) -> Change:
    """Close the task, its reason as a first line above what it said, in the language of its owner."""
    settings = inputs.task_settings
    stands = row_values(row)
    old = stands["Description"]
    language = reason.language or inputs.language_of(row.owner_id)
    settled = say(language, "settled", day=notation.day(inputs.day, language), reason=reason.told(language))
    after = canonical.text(f"{settled}\n{old}" if old else settled, settings.description_length)
    return Change(
        action="complete",
        target="salesforce",
        object="Task",
        id=row.id,
        account_id=track.account_id if track else None,
        account=account,
        rule=track.rule if track else task_keys.DIGEST,
        reason=reason.told(ENGLISH),
        fields={
            "Status": FieldChange(stands["Status"], settings.closed_status),
            "Description": FieldChange(old, after),
        },
        key=row.key,
    )


def remove(
    row: TaskRow, track: Track | None, reason: Reason, inputs: PlanInputs, account: str | None
) -> Change:
    done = complete(row, track, reason, inputs, account)
    return replace(done, action="delete", fields={"IsDeleted": FieldChange(before=False, after=True)})


def _step(episode: Episode) -> EpisodeStep:
    return EpisodeStep(
        rule=episode.rule,
        account_id=episode.account_id,
        subject_key=episode.subject_key,
        name=episode.name,
        key=episode.key,
        began=episode.began,
        ended=episode.ended,
        task_id=episode.task_id,
        outcome=episode.outcome,
        outcome_at=episode.outcome_at,
        blocked_until=episode.blocked_until,
    )
