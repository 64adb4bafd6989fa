"""Days and business hours in the configured zone (definitions A2, A4), as rows that models can join."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Collection

_PAST_DAYS = 1500
_COMING_DAYS = 40

_ZONE_DAY: dict[str, pa.DataType] = {
    "utc_date": pa.date32(),
    "day": pa.date32(),
    "starts": pa.timestamp("us"),
    "ends": pa.timestamp("us"),
    "opens": pa.timestamp("us"),
    "closes": pa.timestamp("us"),
    "seconds_before": pa.int64(),
}


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Monday to Friday from `opens` to `closes` in `zone`, holidays left out."""

    zone: str = "UTC"
    opens: time = time(9)
    closes: time = time(17)
    holidays: Collection[date] = ()

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def add_business_days(self, day: date, amount: int) -> date:
        """The day that lies `amount` business days after `day`; 0 is the day itself or the next business day."""
        moved = day
        while amount > 0 or not self.is_business_day(moved):
            moved += timedelta(days=1)
            amount -= 1 if self.is_business_day(moved) and amount > 0 else 0
        return moved


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    starts: datetime
    ends: datetime
    opens: datetime | None
    closes: datetime | None
    seconds_before: int


def zone_days(hours: BusinessHours, as_of: datetime) -> pa.Table:
    """One row per local day and UTC date that it touches, about four years back from `as_of`.

    `seconds_before` is the business time that lies before the day, so that the business time between two instants
    is a difference of two positions. Times are naive UTC.
    """
    return _zone_days(hours, hours.day_of(as_of))


@lru_cache(maxsize=16)
def _zone_days(hours: BusinessHours, today: date) -> pa.Table:
    rows = []
    for each in _days(hours, today):
        utc_dates = {each.starts.date(), (each.ends - timedelta(microseconds=1)).date()}
        rows += [
            {
                "utc_date": utc_date,
                "day": each.day,
                "starts": each.starts,
                "ends": each.ends,
                "opens": each.opens,
                "closes": each.closes,
                "seconds_before": each.seconds_before,
            }
            for utc_date in sorted(utc_dates)
        ]
    return pa.Table.from_pylist(rows, schema=pa.schema(_ZONE_DAY))


def clock_row(hours: BusinessHours, as_of: datetime, fiscal_month: int = 1) -> pa.Table:
    """The one row that models know the time by: the instant, its local day, its place in business time, its fiscal year."""
    instant = as_of.astimezone(UTC).replace(tzinfo=None)
    days = _days(hours, hours.day_of(as_of))
    today = days[bisect_right([each.starts for each in days], instant) - 1]
    position = today.seconds_before
    if today.opens is not None and today.closes is not None:
        position += int((min(max(instant, today.opens), today.closes) - today.opens).total_seconds())
    year = today.day.year if today.day.month >= fiscal_month else today.day.year - 1
    after_730 = _local(today.day - timedelta(days=729), time(), ZoneInfo(hours.zone))
    return pa.table(
        {
            "as_of": pa.array([instant], pa.timestamp("us")),
            "day": pa.array([today.day], pa.date32()),
            "business_position": pa.array([position], pa.int64()),
            "after_730": pa.array([after_730], pa.timestamp("us")),
            "fiscal_starts": pa.array([date(year, fiscal_month, 1)], pa.date32()),
            "fiscal_ends": pa.array([date(year + 1, fiscal_month, 1)], pa.date32()),
        }
    )


@lru_cache(
    maxsize=16
)  # thousands of days, asked for twice for each instant and again for the next one of a day
def _days(hours: BusinessHours, today: date) -> tuple[_Day, ...]:
    zone = ZoneInfo(hours.zone)
    first = today - timedelta(days=_PAST_DAYS)
    days, before = [], 0
    for offset in range(_PAST_DAYS + _COMING_DAYS):
        day = first + timedelta(days=offset)
        working = hours.is_business_day(day)
        opens = _local(day, hours.opens, zone) if working else None
        closes = _local(day, hours.closes, zone) if working else None
        starts, ends = _local(day, time(), zone), _local(day + timedelta(days=1), time(), zone)
        days.append(_Day(day, starts, ends, opens, closes, before))
        if opens is not None and closes is not None:
            before += int((closes - opens).total_seconds())
    return tuple(days)


def _local(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC).replace(tzinfo=None)
