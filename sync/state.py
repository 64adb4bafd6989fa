"""The store's own books: runs, ledger, episodes, confirmed values, scores, quarantine (never rebuilt).

Readers work while a run writes (WAL). Every write is one transaction on disk before the call returns; where
the disk or SQLite refuses, a LedgerFailure ends the run: nothing may be sent that is not in the books.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Self, cast

from sync import canonical, seal
from sync.errors import LedgerFailure, StateMismatch, SyncError
from sync.plan_inputs import ConfirmedTask, Episode, Written
from sync.safety import KnownRecords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from sync.canonical import Value
    from sync.changes import EpisodeOutcome

BUSY_MILLISECONDS = 10_000
UNREADABLE = "UNREADABLE"  # the code of a record that a source delivered and nobody can read
RING = "PARENT_RING"  # the code of an account whose parents lead back to itself


@dataclass(frozen=True, slots=True)
class Run:
    id: str
    command: str
    pid: int
    began: datetime
    ended: datetime | None
    exit_code: int | None
    summary: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    digest: str
    as_of: datetime
    created_at: datetime
    applied_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that its target refused, with the target's own words."""

    object: str
    record: str
    account_id: str | None
    code: str | None
    message: str | None
    first_run: str
    last_run: str
    first_at: datetime
    last_at: datetime


class State:
    """Open with `State.open(folder)`; a read-only one serves `status` while a run is going on."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        path = folder / "state.sqlite"
        if read_only and not path.exists():
            raise SyncError(f"There is no store in {folder} yet.", "run `rapport pull` first.")
        try:
            if not read_only:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
            connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000
            )
            state = cls(folder, connection)
            try:
                state._prepare(read_only=read_only)
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise _failure(error, folder) from error
        return state

    def _prepare(self, *, read_only: bool) -> None:
        scripts = _migrations()
        if not read_only:
            self.connection.execute("pragma journal_mode = wal")
            self.connection.execute("pragma synchronous = full")
        self.connection.execute("pragma foreign_keys = on")
        (version,) = self.connection.execute("pragma user_version").fetchone()
        if version > len(scripts):
            raise StateMismatch(
                f"The store in {self.folder} was written by a newer Rapport.",
                "use that version, or a later one.",
            )
        if read_only:
            return
        for number, script in enumerate(scripts[version:], start=version + 1):
            self.connection.executescript(
                f"begin immediate;\n{script}\npragma user_version = {number};\ncommit;"
            )

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it is on disk, or none of it; a failure of the books ends the run."""
        try:
            self.connection.execute("begin immediate")
            try:
                yield self.connection
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.execute("commit")
        except (sqlite3.Error, OSError) as error:
            if self.connection.in_transaction:
                self.connection.rollback()
            raise _failure(error, self.folder) from error

    @cached_property
    def seal_key(self) -> bytes:
        return seal.load_key(self.folder)

    # Whose store this is

    def identity(self) -> dict[str, str]:
        return dict(self.connection.execute("select name, value from identity"))

    def bind(self, identity: Mapping[str, str | None]) -> None:
        """Tie the store to org and sites at first sight; others are refused then. None is skipped."""
        self.check(identity)
        known = self.identity()
        fresh = [(name, value) for name, value in identity.items() if value is not None and name not in known]
        if fresh:
            with self.transaction() as books:
                books.executemany("insert into identity values (?, ?)", fresh)

    def check(self, identity: Mapping[str, str | None]) -> None:
        """Raises StateMismatch where the store is tied to another org or site."""
        known = self.identity()
        for name, value in identity.items():
            if value is not None and known.get(name, value) != value:
                raise StateMismatch(
                    f"The store in {self.folder} belongs to {name} {known[name]}, "
                    f"but the configuration leads to {value}.",
                    "set [store] path to a folder of its own for each org, or correct the address.",
                )

    # Runs

    def start_run(self, command: str, at: datetime, pid: int) -> str:
        with self.transaction() as books:
            (count,) = books.execute("select count(*) from runs").fetchone()
            run_id = f"{at:%Y%m%dT%H%M%SZ}-{count + 1}"
            books.execute(
                "insert into runs (id, command, pid, began) values (?, ?, ?, ?)",
                (run_id, command, pid, canonical.stamp(at)),
            )
        return run_id

    def end_run(self, run_id: str, at: datetime, exit_code: int, summary: Mapping[str, object]) -> None:
        with self.transaction() as books:
            books.execute(
                "update runs set ended = ?, exit_code = ?, summary = ? where id = ?",
                (canonical.stamp(at), exit_code, canonical.dumps(dict(summary)), run_id),
            )

    def runs(self, newest: int = 10) -> list[Run]:
        rows = self.connection.execute(
            "select id, command, pid, began, ended, exit_code, summary from runs order by rowid desc limit ?",
            (newest,),
        )
        return [
            Run(
                run_id,
                command,
                pid,
                canonical.moment(began),
                _moment(ended),
                exit_code,
                json.loads(summary) if summary else {},
            )
            for run_id, command, pid, began, ended, exit_code, summary in rows
        ]

    def last_plan(self) -> AppliedPlan | None:
        """The newest plan that was applied or begun to be, by the time it was made."""
        row = self.connection.execute(
            "select digest, as_of, created_at, applied_at, run_id from plans"
            " order by created_at desc, digest limit 1"
        ).fetchone()
        if row is None:
            return None
        digest, as_of, created_at, applied_at, run_id = row
        return AppliedPlan(
            digest,
            canonical.moment(as_of),
            canonical.moment(created_at),
            canonical.moment(applied_at),
            run_id,
        )

    # What the target confirmed

    def written(self, object_name: str) -> list[tuple[str, str, Value, str | None, str, str | None]]:
        """(record id, field, value, basis as JSON text, as_of as text, pull id) in order of id and field."""
        return self.connection.execute(
            "select record_id, field, value, basis, as_of, pull_id from confirmed where object = ?"
            " order by record_id, field",
            (object_name,),
        ).fetchall()

    def written_values(self, object_name: str) -> dict[str, dict[str, Written]]:
        """The same by record and field, as the plan takes it."""
        records: dict[str, dict[str, Written]] = {}
        for record_id, field, value, basis, _, pull_id in self.written(object_name):
            records.setdefault(record_id, {})[field] = Written(
                value, pull_id, json.loads(basis) if basis is not None else None
            )
        return records

    def confirm(self, object_name: str, record_id: str, values: Mapping[str, Value], at: datetime) -> None:
        """What the target confirmed of a record that no plan is about."""
        with self.transaction() as books:
            books.executemany(
                "insert or replace into confirmed (object, record_id, field, value, as_of) values (?, ?, ?, ?, ?)",
                [
                    (object_name, record_id, field, value, canonical.stamp(at))
                    for field, value in values.items()
                ],
            )

    def bands_before(self, as_of: datetime) -> list[tuple[str, str, str, float | None, str]]:
        """(account id, scorecard, band, score, as_of as text) of each last confirmed write before it."""
        # SQLite takes the bare columns from the row that has the maximum: https://sqlite.org/lang_select.html
        return self.connection.execute(
            "select account_id, scorecard, band, score, max(as_of) from scores where as_of < ?"
            " group by account_id, scorecard order by account_id, scorecard",
            (canonical.stamp(as_of),),
        ).fetchall()

    def confirmed_tasks(self) -> dict[str, ConfirmedTask]:
        rows = self.connection.execute("select key, task_id, fields, basis, day, pull_id, closed from tasks")
        return {
            key: ConfirmedTask(
                key=key,
                task_id=task_id,
                fields=json.loads(fields),
                day=date.fromisoformat(day),
                pull_id=pull_id,
                basis=json.loads(basis) if basis is not None else None,
                closed=bool(closed),
            )
            for key, task_id, fields, basis, day, pull_id, closed in rows
        }

    def created_on(self, day: date) -> dict[str, int]:
        """How many tasks were created for each owner on that day, digests left out."""
        rows = self.connection.execute(
            "select created_for, count(*) from tasks where created_day = ? and key not like 'digest|%|%'"
            " and created_for is not null group by created_for",
            (day.isoformat(),),
        )
        return dict(rows)

    def episodes(self) -> list[Episode]:
        rows = self.connection.execute(
            "select rule, account_id, subject_key, name, began, ended, task_id, key, outcome, outcome_at,"
            " blocked_until from episodes order by key"
        )
        return [
            Episode(
                rule=rule,
                account_id=account_id,
                subject_key=subject_key,
                name=name,
                began=canonical.moment(began),
                ended=_moment(ended),
                task_id=task_id,
                key=key,
                outcome=cast("EpisodeOutcome | None", outcome),
                outcome_at=_moment(outcome_at),
                blocked_until=_moment(until),
            )
            for (
                rule,
                account_id,
                subject_key,
                name,
                began,
                ended,
                task_id,
                key,
                outcome,
                outcome_at,
                until,
            ) in rows
        ]

    def known_records(self) -> KnownRecords:
        """What safety measures a plan against: records written before, and the bands they were left with."""
        written: dict[str, set[str]] = {}
        for object_name, record_id in self.connection.execute(
            "select distinct object, record_id from confirmed"
        ):
            written.setdefault(object_name, set()).add(record_id)
        written["Task"] = {
            task_id
            for (task_id,) in self.connection.execute(
                "select task_id from tasks where closed = 0 and key not like 'digest|%|%'"
                " and key in (select key from episodes where ended is null)"
            )
        }
        bands = self.connection.execute(
            "select account_id, scorecard, band, max(as_of) from scores group by account_id, scorecard"
        )
        return KnownRecords(
            written={name: frozenset(ids) for name, ids in written.items()},
            bands={(account_id, scorecard): band for account_id, scorecard, band, _ in bands},
        )

    def quarantine_unreadable(
        self,
        rejected: Iterable[tuple[str, str, str]],
        read_again: Iterable[tuple[str, str]],
        run_id: str,
        at: datetime,
    ) -> int:
        """Keep source records (object, record, reason) that could not be read, and let go of those that now could.

        Returns how many were not in quarantine before.
        """
        stamp = canonical.stamp(at)
        new = 0
        with self.transaction() as books:
            books.executemany(
                "delete from quarantine where object = ? and record = ? and code = ?",
                [(object_name, record, UNREADABLE) for object_name, record in read_again],
            )
            for object_name, record, reason in sorted(set(rejected)):
                known = books.execute(
                    "select 1 from quarantine where object = ? and record = ?", (object_name, record)
                ).fetchone()
                new += known is None
                books.execute(
                    "insert into quarantine values (?, ?, null, ?, ?, ?, ?, ?, ?) on conflict (object, record)"
                    " do update set message = excluded.message, last_run = excluded.last_run,"
                    " last_at = excluded.last_at",
                    (object_name, record, UNREADABLE, reason, run_id, run_id, stamp, stamp),
                )
        return new

    def quarantine_rings(self, accounts: Mapping[str, str], run_id: str, at: datetime) -> int:
        """Keep accounts (Id -> reason) whose parents lead back to themselves, and let go of those that no longer do.

        Returns how many were not in quarantine before.
        """
        stamp = canonical.stamp(at)
        with self.transaction() as books:
            before = {
                account
                for (account,) in books.execute("select record from quarantine where code = ?", (RING,))
            }
            books.executemany(
                "delete from quarantine where code = ? and record = ?",
                [(RING, account) for account in sorted(before - accounts.keys())],
            )
            books.executemany(
                "insert into quarantine values ('Account hierarchy', ?, ?, ?, ?, ?, ?, ?, ?)"
                " on conflict (object, record) do update set message = excluded.message,"
                " last_run = excluded.last_run, last_at = excluded.last_at",
                [
                    (account, account, RING, accounts[account], run_id, run_id, stamp, stamp)
                    for account in sorted(accounts)
                ],
            )
        return len(accounts.keys() - before)

    def quarantined(self) -> list[Quarantined]:
        rows = self.connection.execute(
            "select object, record, account_id, code, message, first_run, last_run, first_at, last_at"
            " from quarantine order by object, record"
        )
        return [
            Quarantined(
                object_name,
                record,
                account_id,
                code,
                message,
                first_run,
                last_run,
                canonical.moment(first_at),
                canonical.moment(last_at),
            )
            for object_name, record, account_id, code, message, first_run, last_run, first_at, last_at in rows
        ]


def _moment(stamped: str | None) -> datetime | None:
    return canonical.moment(stamped) if stamped is not None else None


def _migrations() -> list[str]:
    """Numbered scripts, oldest first; a store has as many of them behind it as its user_version says."""
    folder = resources.files("sync").joinpath("migrations", "state")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [folder.joinpath(name).read_text(encoding="utf-8") for name in names]


def _failure(error: sqlite3.Error | OSError, folder: Path) -> LedgerFailure:
    return LedgerFailure(
        f"Rapport's own books in {folder} cannot be kept ({error}), so nothing more is sent.",
        "see that the disk has room and the folder can be written, then run the same command again.",
    )
