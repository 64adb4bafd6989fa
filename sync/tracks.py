"""One track per rule × account × subject key: what the rule says now, its episodes, its tasks in the org.

What was written since the pull is laid over the mirror here, and tasks that stand in the org without any
local knowledge (a lost store) become episodes again, so that the plan sees one consistent history.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from rules.phrases import is_settled
from sync import canonical, task_keys
from sync.plan_inputs import TASK_FIELDS, ConfirmedTask, Episode, TaskRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.tasks import RuleOutcome
    from sync.canonical import Value
    from sync.plan_inputs import PlanInputs, TaskSettings


@dataclass(slots=True)
class Track:
    stem: str
    rule: str
    account_id: str
    subject_key: str
    outcome: RuleOutcome | None = None
    episodes: list[Episode] = field(default_factory=list)
    rows: dict[str, TaskRow] = field(default_factory=dict)
    recovered: set[str] = field(
        default_factory=set
    )  # keys of episodes that the org's tasks made new or other

    @property
    def current(self) -> Episode | None:
        return self.episodes[-1] if self.episodes and self.episodes[-1].ended is None else None

    def taken_names(self) -> set[str]:
        names = {episode.name for episode in self.episodes}
        return names | {parsed[1] for key in self.rows if (parsed := task_keys.split(key))}


def rows_by_key(inputs: PlanInputs) -> dict[str, TaskRow]:
    """Every task by key; where two carry one key (a deleted one beside its successor) the open one counts."""
    rows: dict[str, TaskRow] = {}
    for row in sorted(inputs.tasks, key=lambda one: (one.is_deleted, one.is_closed, one.id)):
        rows.setdefault(row.key, row)
    for key, confirmed in inputs.confirmed_tasks.items():
        if confirmed.pull_id is not None and confirmed.pull_id == inputs.pull_id:
            rows[key] = _as_confirmed(confirmed, rows.get(key), inputs.task_settings)
    return rows


def _as_confirmed(confirmed: ConfirmedTask, row: TaskRow | None, settings: TaskSettings) -> TaskRow:
    fields = confirmed.fields
    base = row or TaskRow(
        id=confirmed.task_id,
        key=confirmed.key,
        account_id=_text(fields.get("WhatId")),
        owner_id=None,
        who_id=_text(fields.get("WhoId")),
        subject=None,
        description=None,
        status=None,
        is_closed=False,
        is_deleted=False,
        priority=None,
        activity_date=None,
    )
    due = _text(fields.get("ActivityDate"))
    status = _text(fields.get("Status"))
    return replace(
        base,
        owner_id=_text(fields.get("OwnerId")),
        subject=_text(fields.get("Subject")),
        description=_text(fields.get("Description")),
        status=status,
        priority=_text(fields.get("Priority")),
        activity_date=date.fromisoformat(due) if due else None,
        is_closed=confirmed.closed or status == settings.closed_status,
    )


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def row_values(row: TaskRow) -> dict[str, Value]:
    """The fields that tell an edited task, in canonical form and by their API names."""
    raw = (row.subject, row.description, row.owner_id, row.status, _iso(row.activity_date), row.priority)
    values: dict[str, Value] = dict(zip(TASK_FIELDS, map(canonical.text, raw), strict=True))
    values["OwnerId"] = canonical.id18(row.owner_id) if row.owner_id else None
    return values


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def is_untouched(row: TaskRow, confirmed: ConfirmedTask | None) -> bool:
    """No person changed what Rapport last wrote; a task without confirmed values has none to differ from."""
    if confirmed is None:
        return True
    return all(
        canonical.text(_text(confirmed.fields[name])) == value
        for name, value in row_values(row).items()
        if name in confirmed.fields
    )


def is_open(row: TaskRow | None) -> bool:
    return row is not None and not row.is_closed and not row.is_deleted


def assemble(inputs: PlanInputs, rows: dict[str, TaskRow]) -> list[Track]:
    """All tracks, in the order of their stems."""
    tracks: dict[str, Track] = {}

    def track(rule: str, account_id: str, subject_key: str) -> Track:
        stem = task_keys.stem(rule, account_id, subject_key)
        return tracks.setdefault(stem, Track(stem, rule, account_id, subject_key))

    for outcome in inputs.outcomes:
        track(outcome.rule, outcome.account_id, outcome.subject_key).outcome = outcome
    for episode in inputs.episodes:
        # What was asked for a merged account is asked for the one it went into.
        account_id = inputs.survivors.get(episode.account_id, episode.account_id)
        track(episode.rule, account_id, episode.subject_key).episodes.append(
            replace(episode, account_id=account_id)
        )
    for key, row in rows.items():
        parsed = task_keys.split(key)
        if parsed is None or task_keys.digest_owner(key):
            continue
        stem = parsed[0]
        rule, account_id, subject_key = task_keys.parts(stem)
        if account_id in inputs.survivors:
            track(rule, inputs.survivors[account_id], subject_key).rows[key] = row
            continue
        if stem not in tracks:
            tracks[stem] = Track(stem, rule, account_id, subject_key)
        tracks[stem].rows[key] = row
    for one in tracks.values():
        _recover(one, inputs)
        one.episodes.sort(key=_age)
    return [tracks[stem] for stem in sorted(tracks)]


def _age(episode: Episode) -> tuple[bool, tuple[str, int]]:
    """Oldest first, the running one last."""
    return (episode.ended is None, task_keys.episode_order(episode.name) or ("", 0))


def _recover(track: Track, inputs: PlanInputs) -> None:
    """Give a task without an episode one, running while the task is open or a person closed it; of several that run,
    which a lost store or a merge of accounts can leave, one runs on.
    """
    known = {episode.key for episode in track.episodes}
    found = [
        _recovered_episode(track, key, row, inputs) for key, row in track.rows.items() if key not in known
    ]
    running = sorted(
        (e for e in (*track.episodes, *found) if e.ended is None), key=lambda e: _standing(track, e)
    )
    if not found and len(running) < 2:
        return
    ended = [e for e in (*track.episodes, *found) if e.ended is not None]
    # At most one episode runs: the newest with an open task, else the newest.
    overtaken = [replace(episode, ended=inputs.as_of) for episode in running[:-1]]
    track.recovered.update(episode.key for episode in (*found, *overtaken))
    track.episodes = [*ended, *overtaken, *running[-1:]]


def _standing(track: Track, episode: Episode) -> tuple[bool, tuple[str, int]]:
    return (is_open(track.rows.get(episode.key)), task_keys.episode_order(episode.name) or ("", 0))


def _recovered_episode(track: Track, key: str, row: TaskRow, inputs: PlanInputs) -> Episode:
    parsed = task_keys.split(key)
    name = parsed[1] if parsed else ""
    settled_by_rapport = row.is_closed and is_settled(row.description or "")
    began = datetime.combine(_day(name, inputs), datetime.min.time(), UTC)
    return Episode(
        rule=track.rule,
        account_id=track.account_id,
        subject_key=track.subject_key,
        name=name,
        began=min(began, inputs.as_of),
        ended=inputs.as_of if settled_by_rapport else None,
        task_id=row.id,
        key=key,
        outcome="settled" if settled_by_rapport else None,
    )


def _day(name: str, inputs: PlanInputs) -> date:
    try:
        return date.fromisoformat(name.partition(".")[0])
    except ValueError:
        return inputs.as_of.astimezone(UTC).date()


def open_tasks_by_owner(rows: Iterable[TaskRow]) -> dict[str, int]:
    """How many tasks Rapport has open with each owner, digests left out."""
    counts: dict[str, int] = {}
    for row in rows:
        if is_open(row) and row.owner_id and not task_keys.digest_owner(row.key):
            counts[row.owner_id] = counts.get(row.owner_id, 0) + 1
    return counts
