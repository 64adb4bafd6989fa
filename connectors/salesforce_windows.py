"""Spans of time by which a long reading is cut, so that what the org cannot answer at once it can answer in parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors import soql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOO_MUCH_AT_ONCE = frozenset({"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"})
FIRST_RECORD = datetime(1999, 1, 1, tzinfo=UTC)  # no org is older
SMALLEST = timedelta(seconds=2)  # stamps are whole seconds, as far as queries can tell


@dataclass(frozen=True, slots=True)
class Window:
    """Records whose stamp lies in `start <= stamp < end`; an open side is None."""

    field: str
    start: datetime | None = None
    end: datetime | None = None

    def condition(self) -> str | None:
        bounds = []
        if self.start is not None:
            bounds.append(soql.at_least(self.field, self.start))
        if self.end is not None:
            bounds.append(soql.before(self.field, self.end))
        return soql.all_of(*bounds) if bounds else None

    def among(self, where: str | None) -> str | None:
        """The part of what `where` asks for that lies in here."""
        both = [each for each in (where, self.condition()) if each]
        return soql.all_of(*both) if both else None

    def halves(self, now: datetime) -> tuple[Window, Window] | None:
        """None where nothing is left to halve; the last second of an open window is always its own."""
        start, end = self.start or FIRST_RECORD, self.end or now
        if end - start < SMALLEST:
            return None
        middle = (start + (end - start) / 2).replace(microsecond=0)
        return replace(self, end=middle), replace(self, start=middle)


def of_at_most(
    rows: int, whole: Window, count: Callable[[Window], int | None], now: datetime
) -> Iterator[Window]:
    """Windows in order of time that together are `whole`, none with more rows where time can part them.

    `count` asks the server; where it does not tell (None), the window is left as it is.
    """
    left = [whole]
    while left:
        window = left.pop(0)
        found = count(window)
        halves = window.halves(now) if found is not None and found > rows else None
        if halves is None:
            yield window
        else:
            left[:0] = halves
