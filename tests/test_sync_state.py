"""The store's own books: kept private, migrated once, readable while a run writes, held by one run at a time."""

from __future__ import annotations

import os
import sqlite3
import stat
from datetime import timedelta

import pytest

from sync import ledger
from sync.changes import Change, FieldChange, Plan, ScoreMark
from sync.errors import LedgerFailure, StateMismatch, StoreBusy, SyncError
from sync.ledger import Settled
from sync.lock import RunLock, holder
from sync.state import State
from tests.sync_world import ACME, AS_OF, NORDWIND


def plan(*changes: Change, as_of=AS_OF, digest="d1") -> Plan:
    return Plan(as_of, as_of.date(), as_of, "c", "pull-1", None, "on", changes, digest=digest)


def change(score: int, band: str, account: str = ACME) -> Change:
    return Change(
        "update",
        "salesforce",
        "Account",
        account,
        account,
        "A",
        None,
        "because",
        {"Rapport_Health__c": FieldChange(None, score), "Rapport_Why__c": FieldChange(None, "why")},
        basis={"Rapport_Why__c": {"records": ["A-1"]}},
        scores={"health": ScoreMark(score, band)},
    )


def confirm(state: State, *changes: Change, as_of=AS_OF, digest="d1") -> None:
    entries = ledger.intend(state, plan(*changes, as_of=as_of, digest=digest), "run", as_of)
    ledger.sent(state, entries, as_of)
    ledger.settle(state, [Settled(entry, "confirmed") for entry in entries], "run", as_of)


def test_folder_and_files_are_private(tmp_path):
    folder = tmp_path / "store"
    with State.open(folder) as state:
        assert len(state.seal_key) == 32
        confirm(state, change(50, "amber"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_the_seal_key_stays_the_same(tmp_path):
    with State.open(tmp_path) as state:
        key = state.seal_key
    with State.open(tmp_path) as state:
        assert state.seal_key == key


def test_confirmed_values_keep_their_type_and_basis(tmp_path):
    with State.open(tmp_path) as state:
        confirm(state, change(50, "amber"))
        assert state.written("Account") == [
            (ACME, "Rapport_Health__c", 50, None, "2026-11-23T09:00:00.000000Z", "pull-1"),
            (ACME, "Rapport_Why__c", "why", '{"records":["A-1"]}', "2026-11-23T09:00:00.000000Z", "pull-1"),
        ]
        assert state.written_values("Account")[ACME]["Rapport_Why__c"].basis == {"records": ["A-1"]}
        assert state.written("Task") == []


def test_bands_are_those_of_the_last_write_strictly_before(tmp_path):
    with State.open(tmp_path) as state:
        confirm(state, change(80, "green"), change(30, "red", NORDWIND))
        confirm(state, change(60, "amber"), as_of=AS_OF + timedelta(days=1), digest="d2")
        assert state.bands_before(AS_OF) == []
        first = "2026-11-23T09:00:00.000000Z"
        assert state.bands_before(AS_OF + timedelta(hours=1)) == [
            (ACME, "health", "green", 80, first),
            (NORDWIND, "health", "red", 30, first),
        ]
        assert state.bands_before(AS_OF + timedelta(days=2))[0][:4] == (ACME, "health", "amber", 60)
        known = state.known_records()
        assert known.written["Account"] == {ACME, NORDWIND}
        assert known.bands == {(ACME, "health"): "amber", (NORDWIND, "health"): "red"}


def test_a_reader_sees_the_books_while_a_run_writes(tmp_path):
    with State.open(tmp_path) as writer:
        run = writer.start_run("sync", AS_OF, pid=42)
        with writer.transaction() as books, State.open(tmp_path, read_only=True) as reader:
            books.execute("update runs set pid = 43")
            assert [(one.id, one.pid, one.ended) for one in reader.runs()] == [(run, 42, None)]


def test_a_read_only_store_cannot_be_written(tmp_path):
    State.open(tmp_path).close()
    with State.open(tmp_path, read_only=True) as reader, pytest.raises(LedgerFailure) as stop:
        reader.start_run("sync", AS_OF, pid=1)
    assert stop.value.exit_code == 3
    assert "nothing more is sent" in stop.value.message


def test_there_is_no_store_to_read_before_the_first_run(tmp_path):
    with pytest.raises(SyncError, match="no store"):
        State.open(tmp_path / "nowhere", read_only=True)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_database_is_said_in_one_sentence(tmp_path):
    (tmp_path / "state.sqlite").write_bytes(b"not a database, and long enough to be sure of it" * 50)
    with pytest.raises(LedgerFailure, match="cannot be kept"):
        State.open(tmp_path)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    State.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "state.sqlite")
    connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(StateMismatch, match="newer Rapport"):
        State.open(tmp_path)


def test_a_store_belongs_to_one_org(tmp_path):
    with State.open(tmp_path) as state:
        state.bind({"salesforce_org": "00D1", "jira:default": None})
        state.bind({"salesforce_org": "00D1", "jira:default": "https://a.example"})
        with pytest.raises(StateMismatch, match="belongs to salesforce_org 00D1") as stop:
            state.bind({"salesforce_org": "00D2"})
        assert state.identity() == {"salesforce_org": "00D1", "jira:default": "https://a.example"}
    assert stop.value.exit_code == 2


def test_runs_have_a_record_of_their_own(tmp_path):
    with State.open(tmp_path) as state:
        first = state.start_run("pull", AS_OF, pid=1)
        second = state.start_run("sync", AS_OF, pid=1)
        state.end_run(first, AS_OF + timedelta(minutes=1), 0, {"applied": 3})
        assert first != second
        newest, oldest = state.runs()
        assert (newest.id, newest.ended, newest.exit_code) == (second, None, None)
        assert (oldest.exit_code, oldest.summary) == (0, {"applied": 3})


def test_a_transaction_is_all_or_nothing(tmp_path):
    with State.open(tmp_path) as state:
        with pytest.raises(LedgerFailure), state.transaction() as books:
            books.executemany("insert into identity values (?, ?)", [("a", "b"), ("c", None)])
        assert state.identity() == {}


# The lock


def test_a_second_run_is_told_who_holds_the_store_and_what_it_does(tmp_path):
    waits: list[float] = []
    with RunLock.acquire(tmp_path, exclusive=True) as lock:
        lock.phase("pulling Account")
        assert holder(tmp_path)["phase"] == "pulling Account"
        with pytest.raises(StoreBusy, match=rf"process {os.getpid()}, pulling Account") as stop:
            RunLock.acquire(tmp_path, exclusive=True, wait=1, sleep=waits.append)
    assert stop.value.exit_code == 6
    assert sum(waits) == pytest.approx(1)
    assert holder(tmp_path) is None


def test_a_run_that_ends_while_another_waits_lets_it_in(tmp_path):
    first = RunLock.acquire(tmp_path, exclusive=True)
    with RunLock.acquire(tmp_path, exclusive=True, wait=10, sleep=lambda _: first.release()) as second:
        second.phase("planning")
        assert holder(tmp_path)["pid"] == os.getpid()


def test_readers_share_the_store_and_keep_writers_out(tmp_path):
    with RunLock.acquire(tmp_path, exclusive=False), RunLock.acquire(tmp_path, exclusive=False):
        with pytest.raises(StoreBusy, match="another command"):
            RunLock.acquire(tmp_path, exclusive=True, sleep=lambda _: None)
        assert holder(tmp_path) is None
    RunLock.acquire(tmp_path, exclusive=True).release()


def test_nobody_holds_a_store_that_is_not_there(tmp_path):
    assert holder(tmp_path / "nowhere") is None
