"""Several readings at a time, handed on one after the other: what is stored, and in which order, is as if there were one.

```
reading 1 ─► ▓▓▓▓ ─┐
reading 2 ─► ▓▓   ─┼─► in the order of the list ─► one writer
reading 3 ─► ▓▓▓  ─┘
```
"""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")
AHEAD = 4  # batches that a reading may be ahead of the writer
PATIENCE = 5.0  # seconds for requests under way to come back when all is to end


@dataclass(frozen=True, slots=True)
class _End:
    """A reading is over, with an error or without."""

    error: BaseException | None = None


class _Reading(Generic[T]):
    def __init__(self, begin: Callable[[], Iterable[T]], ended: threading.Event) -> None:
        self._begin = begin
        self._ended = ended
        self._queue: queue.Queue[T | _End] = queue.Queue(AHEAD)

    def work(self) -> None:
        try:
            for batch in self._begin():
                if not self._put(batch):
                    return
        except BaseException as error:  # noqa: BLE001 - the writer raises it when this reading's turn comes
            self._put(_End(error))
        else:
            self._put(_End())

    def _put(self, item: T | _End) -> bool:
        while not self._ended.is_set():
            try:
                self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def batches(self) -> Iterator[T]:
        while True:
            item = self._queue.get()
            if not isinstance(item, _End):
                yield item
            elif item.error is None:
                return
            else:
                raise item.error


@contextmanager
def side_by_side(
    readings: Sequence[Callable[[], Iterable[T]]], at_once: int
) -> Iterator[Iterator[Iterator[T]]]:
    """Give the batches of each reading, in the order of `readings`; each must be read to its end before the next.

    At most `at_once` are under way at a time, always the next ones in order, so that the one that is waited for is
    among them. An error is raised where its reading stands in the order; leaving ends what is under way.
    """
    if at_once <= 1 or len(readings) <= 1:
        yield (iter(begin()) for begin in readings)
        return
    ended = threading.Event()
    made = [_Reading(begin, ended) for begin in readings]
    order, taking = iter(made), threading.Lock()

    def work() -> None:
        while not ended.is_set():
            with taking:
                reading = next(order, None)
            if reading is None:
                return
            reading.work()

    threads = [
        threading.Thread(target=work, name=f"reading {n}", daemon=True)
        for n in range(min(at_once, len(made)))
    ]
    for thread in threads:
        thread.start()
    try:
        yield (reading.batches() for reading in made)
    finally:
        ended.set()
        for thread in threads:
            thread.join(PATIENCE / len(threads))
