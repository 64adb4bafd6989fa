"""The record of every write: intended before anything is sent, sent before its chunk, then what became of it.

intended ─► sent ─► confirmed      the target holds it: values, scores and episode are recorded with it
    │         ├───► refused        the target's own words go to quarantine
    │         └───► absent         the answer was lost, and the target does not hold it
    └───────────► skipped          not sent: somebody changed the record since the plan was made
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import msgspec

from sync import canonical
from sync.changes import Change, EpisodeStep
from sync.state import RING, UNREADABLE
from sync.target import key_field

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sync.canonical import Value
    from sync.changes import JsonObject, Noted, Plan
    from sync.state import State

Status = Literal["intended", "sent", "confirmed", "refused", "skipped", "absent"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change in the ledger, with what its plan rested on."""

    id: int
    run_id: str
    change: Change
    episode: EpisodeStep | None
    as_of: str
    day: str
    pull_id: str | None
    status: Status = "intended"

    @property
    def name(self) -> str:
        return self.change.id or self.change.key or ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an entry. `id` is the record that the target holds now."""

    entry: Entry
    status: Status
    id: str | None = None
    code: str | None = None
    message: str | None = None


def intend(state: State, plan: Plan, run_id: str, at: datetime, *, goes_on: bool = False) -> list[Entry]:
    """Write down the whole plan, begin its episodes and note what already stands: one transaction. A plan that only goes
    on from another lets no record out of quarantine.
    """
    stamp = canonical.stamp(at)
    as_of, day = canonical.stamp(plan.as_of), plan.day.isoformat()
    later = {step.key: step for step in plan.episodes if step.with_change}
    entries: list[Entry] = []
    with state.transaction() as books:
        books.execute(
            "insert into plans values (?, ?, ?, ?, ?, ?, ?, ?)"
            " on conflict (digest) do update set applied_at = excluded.applied_at, run_id = excluded.run_id",
            (
                plan.digest,
                as_of,
                day,
                canonical.stamp(plan.created_at),
                stamp,
                plan.config_digest,
                plan.pull_id,
                run_id,
            ),
        )
        # Entries that an ended run never sent are of no plan any more.
        books.execute(
            "update ledger set status = 'skipped', message = 'the run ended before it was sent', at = ?"
            " where status = 'intended'",
            (stamp,),
        )
        for change in plan.changes:
            step = later.get(change.key) if change.key else None
            cursor = books.execute(
                "insert into ledger"
                " (run_id, plan_digest, object, action, record_id, key, change, episode, status, at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, 'intended', ?)",
                (
                    run_id,
                    plan.digest,
                    change.object,
                    change.action,
                    change.id,
                    change.key,
                    canonical.dumps(msgspec.to_builtins(change)),
                    canonical.dumps(msgspec.to_builtins(step)) if step else None,
                    stamp,
                ),
            )
            entries.append(Entry(cursor.lastrowid or 0, run_id, change, step, as_of, day, plan.pull_id))
        for step in plan.episodes:
            if not step.with_change:
                _store_episode(books, step)
        if not goes_on:
            _forget_refusals(books, plan)
        for noted in plan.noted:
            _store_noted(books, noted, plan)
    return entries


def sent(state: State, entries: Iterable[Entry], at: datetime) -> None:
    """Before the request leaves: from here on its outcome is unclear until the target says."""
    with state.transaction() as books:
        books.executemany(
            "update ledger set status = 'sent', at = ? where id = ?",
            [(canonical.stamp(at), entry.id) for entry in entries],
        )


def settle(state: State, settled: Sequence[Settled], run_id: str, at: datetime) -> list[Settled]:
    """Record what became of entries, and return those whose record is newly in quarantine."""
    stamp = canonical.stamp(at)
    new: list[Settled] = []
    with state.transaction() as books:
        for one in settled:
            entry = one.entry
            books.execute(
                "update ledger set status = ?, record_id = coalesce(?, record_id), code = ?, message = ?,"
                " at = ? where id = ?",
                (one.status, one.id, one.code, one.message, stamp, entry.id),
            )
            if one.status == "confirmed":
                _confirm(books, entry, one.id or entry.change.id or "")
            elif one.status == "refused" and _quarantine(books, one, run_id, stamp):
                new.append(one)
    return new


def unclear(state: State) -> list[Entry]:
    """Entries that were sent and never answered, of any run, oldest first."""
    return _entries(state, "ledger.status = 'sent'", ())


def of_run(state: State, run_id: str) -> list[Entry]:
    return _entries(state, "ledger.run_id = ?", (run_id,))


def _entries(state: State, where: str, values: tuple[str, ...]) -> list[Entry]:
    rows = state.connection.execute(
        "select ledger.id, ledger.run_id, change, episode, plans.as_of, plans.day, plans.pull_id, status,"
        f" record_id from ledger join plans on plans.digest = plan_digest where {where} order by ledger.id",
        values,
    )
    return [
        Entry(
            number,
            run_id,
            replace(msgspec.json.decode(change, type=Change), id=record_id),
            msgspec.json.decode(episode, type=EpisodeStep) if episode else None,
            as_of,
            day,
            pull_id,
            status,
        )
        for number, run_id, change, episode, as_of, day, pull_id, status, record_id in rows
    ]


def _confirm(books: sqlite3.Connection, entry: Entry, record_id: str) -> None:
    change = entry.change
    if change.object == "Task" and change.key:
        _store_task(books, entry, change.key, record_id)
    else:
        if change.action == "create":
            _forget_predecessor(books, change, record_id)
        _store_values(books, change, record_id, change.after, as_of=entry.as_of, pull_id=entry.pull_id)
    _store_scores(books, change, entry.as_of)
    if entry.episode:
        _store_episode(books, entry.episode)
    books.execute(
        "delete from quarantine where object = ? and record in (?, ?)",
        (change.object, record_id, change.key or ""),
    )


def _forget_predecessor(books: sqlite3.Connection, change: Change, record_id: str) -> None:
    """A record that somebody deleted and this one stands in for is no record written before any more."""
    books.execute(
        "delete from confirmed where object = ?1 and record_id <> ?2 and record_id in"
        " (select record_id from confirmed where object = ?1 and field = ?3 and value = ?4)",
        (change.object, record_id, key_field(change), change.key),
    )


def _store_task(books: sqlite3.Connection, entry: Entry, key: str, task_id: str) -> None:
    change = entry.change
    created = change.action == "create"
    _put_task(
        books,
        key,
        task_id,
        fields=change.after,
        basis=change.basis,
        day=entry.day,
        pull_id=entry.pull_id,
        closed=change.action in {"complete", "delete"},
        created_for=change.after.get("OwnerId") if created else None,
        created_day=entry.day if created else None,
    )
    books.execute("update episodes set task_id = ? where key = ?", (task_id, key))


def _put_task(
    books: sqlite3.Connection,
    key: str,
    task_id: str,
    *,
    fields: dict[str, Value],
    basis: JsonObject | None,
    day: str,
    pull_id: str | None,
    closed: bool = False,
    created_for: Value = None,
    created_day: str | None = None,
) -> None:
    """What was confirmed before stays where this write says nothing of it."""
    row = books.execute("select fields from tasks where key = ?", (key,)).fetchone()
    known: dict[str, Value] = json.loads(row[0]) if row else {}
    books.execute(
        "insert into tasks (key, task_id, fields, basis, day, pull_id, closed, created_day, created_for)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do update set task_id = excluded.task_id,"
        " fields = excluded.fields, basis = coalesce(excluded.basis, basis), day = excluded.day,"
        " pull_id = excluded.pull_id, closed = excluded.closed,"
        " created_day = coalesce(created_day, excluded.created_day),"
        " created_for = coalesce(created_for, excluded.created_for)",
        (
            key,
            task_id,
            canonical.dumps(known | fields),
            canonical.dumps(basis) if basis is not None else None,
            day,
            pull_id,
            int(closed),
            created_day,
            created_for,
        ),
    )


def _store_noted(books: sqlite3.Connection, noted: Noted, plan: Plan) -> None:
    if noted.key:
        row = books.execute("select day from tasks where key = ?", (noted.key,)).fetchone()
        # A note writes nothing, so the day of the last write stays.
        _put_task(
            books,
            noted.key,
            noted.id,
            fields=noted.fields,
            basis=noted.basis,
            day=row[0] if row else plan.day.isoformat(),
            pull_id=plan.pull_id,
        )
        return
    as_of = canonical.stamp(plan.as_of)
    _store_values(books, noted, noted.id, noted.fields, as_of=as_of, pull_id=plan.pull_id)
    _store_scores(books, noted, as_of)


def _store_values(
    books: sqlite3.Connection,
    what: Change | Noted,
    record_id: str,
    fields: dict[str, Value],
    *,
    as_of: str,
    pull_id: str | None,
) -> None:
    bases = what.basis or {}
    books.executemany(
        "insert or replace into confirmed (object, record_id, field, value, basis, as_of, pull_id)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                what.object,
                record_id,
                name,
                value,
                canonical.dumps(bases[name]) if name in bases else None,
                as_of,
                pull_id,
            )
            for name, value in fields.items()
        ],
    )


def _store_scores(books: sqlite3.Connection, what: Change | Noted, as_of: str) -> None:
    books.executemany(
        "insert or replace into scores (account_id, scorecard, as_of, score, band) values (?, ?, ?, ?, ?)",
        [
            (what.account_id, scorecard, as_of, mark.score, mark.band)
            for scorecard, mark in (what.scores or {}).items()
        ],
    )


def _store_episode(books: sqlite3.Connection, step: EpisodeStep) -> None:
    books.execute(
        "insert into episodes (key, rule, account_id, subject_key, name, began, ended, task_id, outcome,"
        " outcome_at, blocked_until) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do update set"
        " ended = excluded.ended, task_id = coalesce(excluded.task_id, task_id), outcome = excluded.outcome,"
        " outcome_at = excluded.outcome_at, blocked_until = excluded.blocked_until",
        (
            step.key,
            step.rule,
            step.account_id,
            step.subject_key,
            step.name,
            canonical.stamp(step.began),
            _stamp(step.ended),
            step.task_id,
            step.outcome,
            _stamp(step.outcome_at),
            _stamp(step.blocked_until),
        ),
    )


def _stamp(moment: datetime | None) -> str | None:
    return canonical.stamp(moment) if moment is not None else None


def _forget_refusals(books: sqlite3.Connection, plan: Plan) -> None:
    """What the plan no longer wants to write leaves quarantine; a task that only waits for room stays."""
    wanted = {(change.object, change.id or change.key) for change in plan.changes}
    places = books.execute(
        "select object, record from quarantine where coalesce(code, '') not in (?, ?)"
        " and record not in (select key from episodes where ended is null)",
        (UNREADABLE, RING),
    ).fetchall()
    books.executemany(
        "delete from quarantine where object = ? and record = ?",
        [place for place in places if tuple(place) not in wanted],
    )


def _quarantine(books: sqlite3.Connection, refused: Settled, run_id: str, stamp: str) -> bool:
    """True when the record was not in quarantine before."""
    change = refused.entry.change
    place = (change.object, refused.entry.name)
    known = books.execute("select 1 from quarantine where object = ? and record = ?", place).fetchone()
    books.execute(
        "insert into quarantine values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (object, record) do update set"
        " code = excluded.code, message = excluded.message, last_run = excluded.last_run,"
        " last_at = excluded.last_at",
        (*place, change.account_id, refused.code, refused.message, run_id, run_id, stamp, stamp),
    )
    return known is None
