"""Points in time and days as Jira writes them, read into plain numbers that compare fast."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

# Above this an integer must be milliseconds: as seconds it would lie beyond the year 5000.
_MOST_SECONDS = 100_000_000_000


def instant(value: object) -> int | None:
    """Milliseconds since the epoch; None for what is no point in time.

    Recordings hold ISO text with an offset without colon, with `Z`, or plain integers.
    """
    if isinstance(value, str):
        return _instant_of_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value if abs(value) > _MOST_SECONDS else value * 1000)


@lru_cache(maxsize=200_000)
def _instant_of_text(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return milliseconds(at if at.tzinfo else at.replace(tzinfo=UTC))


def milliseconds(at: datetime) -> int:
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 1000 + at.microsecond // 1000


def day(value: object) -> int | None:
    """The ordinal of a plain date, which lies in nobody's zone."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10]).toordinal()
    except ValueError:
        return None


def stamp(at: datetime, zone: tzinfo) -> str:
    """`2026-03-11T06:14:18.085-0800`: milliseconds, and an offset without colon, as the account's zone."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"[:28]
