"""What Jira Service Management keeps in fields of an issue: SLA cycles, the customer's rating, the kind of request.

Whatever is in such a field, the issue itself stays readable: a value that the user may not see
(`{"errorMessage": …}`), that does not apply (null) or that has another shape gives nothing.
Times are `epochMillis`, durations `millis`: the other forms are translated or relative to today.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from connectors.jira_shapes import BrokenRecordError, clean, microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 2**53  # beyond, JSON numbers are not whole any more
_LAST_MILLISECOND = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp() * 1000)


class Cycle(NamedTuple):
    """One run of an SLA's clock; `stopped` is None while it runs, times are microseconds since 1970 UTC."""

    number: int
    started: int
    stopped: int | None
    breach_at: int | None
    breached: bool | None
    paused: bool | None
    goal_ms: int | None
    elapsed_ms: int | None


def sla_cycles(value: object) -> tuple[str | None, str | None, list[Cycle]]:
    """Give id and name of the SLA and its cycles, the running one last; a cycle without a start is none."""
    if not isinstance(value, dict):
        return None, None, []
    completed, ongoing = value.get("completedCycles"), value.get("ongoingCycle")
    delivered = [(one, False) for one in completed or ()] if isinstance(completed, list) else []
    delivered.append((ongoing, True))
    cycles = [
        cycle
        for one, running in delivered
        if (cycle := _cycle(one, len(delivered), running=running)) is not None
    ]
    ordered = sorted(cycles, key=lambda each: (each.stopped is None, each.started, each.stopped or 0))
    numbered = [each._replace(number=number) for number, each in enumerate(ordered, start=1)]
    return _text(value.get("id")), _text(value.get("name")), numbered


def _cycle(value: object, number: int, *, running: bool) -> Cycle | None:
    if not isinstance(value, dict):
        return None
    started = _instant(value.get("startTime"))
    stopped = None if running else _instant(value.get("stopTime"))
    if started is None or (stopped is None and not running):
        return None
    breached, paused = value.get("breached"), value.get("paused")
    return Cycle(
        number,
        started,
        stopped,
        _instant(value.get("breachTime")),
        breached if isinstance(breached, bool) else None,
        paused if isinstance(paused, bool) else None,
        _whole(value.get("goalDuration"), "millis"),
        _whole(value.get("elapsedTime"), "millis"),
    )


def rating(value: object) -> float | None:
    """The customer's rating: `{"rating": 4}`, a number, or a text or option that is one ("4", "4 - good")."""
    if isinstance(value, dict):
        named = (value.get(name) for name in ("rating", "value", "name"))
        value = next((one for one in named if one is not None), None)
    if isinstance(value, str):
        first = value.replace(",", ".").split()[:1]
        try:
            value = float(first[0]) if first else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def rated_when(value: object) -> tuple[int | None, date | None]:
    """When it was rated: an instant, or the day where the field knows no more."""
    if isinstance(value, str) and len(value) == len("2026-11-22"):
        try:
            return None, date.fromisoformat(value)
        except ValueError:
            return None, None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None, None
    try:
        return microseconds(value, "date of the rating"), None
    except BrokenRecordError:
        return None, None


def request_types(value: object) -> Iterator[tuple[str, str | None]]:
    """The request type of an issue, as (name, id)."""
    kind = value.get("requestType") if isinstance(value, dict) else None
    if isinstance(kind, dict) and (name := _text(kind.get("name"))):
        yield name, _text(kind.get("id"))


def _instant(value: object) -> int | None:
    milliseconds = _whole(value, "epochMillis")
    if milliseconds is None or not 0 <= milliseconds < _LAST_MILLISECOND:
        return None
    return milliseconds * 1000


def _whole(value: object, name: str) -> int | None:
    number = value.get(name) if isinstance(value, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= _MOST:
        return None
    return int(number)


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return clean(str(value).strip())
