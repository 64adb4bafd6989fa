"""Spans of time as admins write them: "24h", "14 days", "30m"."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "s": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
}
_DURATION = re.compile(r"\s*([0-9]{1,6})\s*([A-Za-z]+)\s*")


def parse_duration(text: str) -> timedelta:
    """Read a whole number and its unit; ValueError says in plain words what would be right."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError('a whole number and a unit, such as "24h", "14 days" or "30m"')
    unit = found[2].lower()
    span = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s"))
    if span is None:
        raise ValueError("a unit out of s, m, h, d, w or second, minute, hour, day, week")
    return int(found[1]) * span
