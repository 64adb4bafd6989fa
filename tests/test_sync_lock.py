"""Who may hold the store at the same time, and who waits for whom."""

from __future__ import annotations

import pytest

from sync import lock
from sync.errors import StoreBusy
from sync.lock import RunLock


def test_readers_share_the_store_and_a_run_holds_it_alone(tmp_path):
    with (
        RunLock.acquire(tmp_path, exclusive=False),
        RunLock.acquire(tmp_path, exclusive=False),
    ):
        assert lock.holder(tmp_path) is None
    with (
        RunLock.acquire(tmp_path, exclusive=True, phase="pull"),
        pytest.raises(StoreBusy, match=r"process \d+, pull"),
    ):
        RunLock.acquire(tmp_path, exclusive=True)


def test_a_run_waits_for_readers_to_end(tmp_path):
    reader = RunLock.acquire(tmp_path, exclusive=False)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            reader.release()

    with RunLock.acquire(tmp_path, exclusive=True, phase="sync", sleep=sleep):
        assert len(slept) == 3
        assert lock.holder(tmp_path)["phase"] == "sync"


def test_a_run_does_not_wait_for_another_run_nor_for_readers_for_ever(tmp_path):
    slept = []
    with (
        RunLock.acquire(tmp_path, exclusive=False),
        pytest.raises(StoreBusy, match="another command that reads it"),
    ):
        RunLock.acquire(tmp_path, exclusive=True, sleep=slept.append)
    assert 9 < sum(slept) < 11
    slept.clear()
    with RunLock.acquire(tmp_path, exclusive=True), pytest.raises(StoreBusy):
        RunLock.acquire(tmp_path, exclusive=True, sleep=slept.append)
    assert slept == []


def test_what_a_killed_run_left_behind_is_nobodys_claim(tmp_path):
    (tmp_path / "lock").write_text('{"pid": 1, "phase": "apply", "since": "2026-11-18T12:00:00Z"}')
    with RunLock.acquire(tmp_path, exclusive=False):
        assert lock.holder(tmp_path) is None
        assert (tmp_path / "lock").read_text() == ""
