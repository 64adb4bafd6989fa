"""One run at a time: an flock on `<store>/lock`, whose text says who holds it and what it is doing.

Writers hold it alone, readers of the mirror share it. The lock goes with the process, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from sync import canonical
from sync.errors import StoreBusy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_POLL_SECONDS = 0.2
_READERS_SECONDS = 10.0  # that a run waits for commands which only read: they are soon done


class RunLock:
    def __init__(self, handle: int, *, exclusive: bool) -> None:
        self._handle: int | None = handle
        self._exclusive = exclusive

    @classmethod
    def acquire(
        cls,
        folder: Path,
        *,
        exclusive: bool,
        wait: float = 0,
        phase: str = "starting",
        sleep: Callable[[float], None] = time.sleep,
    ) -> RunLock:
        """Hold the store, waiting up to `wait` seconds of sleep; then StoreBusy names who has it.

        A run that finds only readers waits for them a while of its own accord.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        waited = 0.0
        while True:
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                only_readers = exclusive and "pid" not in _read(handle)
                if waited >= (max(wait, _READERS_SECONDS) if only_readers else wait):
                    holder = _read(handle)
                    os.close(handle)
                    raise _busy(holder) from None
            sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
        if not exclusive:
            os.ftruncate(
                handle, 0
            )  # no run holds the store, so what stands there is left from one that was killed
        lock = cls(handle, exclusive=exclusive)
        lock.phase(phase)
        return lock

    def phase(self, phase: str) -> None:
        """Say what this run is doing now. Readers share the lock and leave the text alone."""
        if self._handle is None or not self._exclusive:
            return
        text = json.dumps({"pid": os.getpid(), "phase": phase, "since": canonical.stamp(datetime.now(UTC))})
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def release(self) -> None:
        if self._handle is None:
            return
        if self._exclusive:
            os.ftruncate(self._handle, 0)
        os.close(self._handle)
        self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder(folder: Path) -> dict[str, object] | None:
    """Who holds the store alone right now (pid, phase, since), or None; never waits."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(handle) or {}
    else:
        return None
    finally:
        os.close(handle)


def _read(handle: int) -> dict[str, object]:
    """The holder's text; empty while it is being rewritten, or when readers hold the lock."""
    with contextlib.suppress(ValueError):
        told = json.loads(os.pread(handle, 4096, 0))
        if isinstance(told, dict):
            return told
    return {}


def _busy(told: dict[str, object]) -> StoreBusy:
    who = f"process {told['pid']}, {told.get('phase')}" if "pid" in told else "another command that reads it"
    since = f" since {told['since']}" if "since" in told else ""
    return StoreBusy(
        f"Another run holds the store ({who}{since}).",
        "wait until it is done, or look at it with `rapport status`.",
    )
