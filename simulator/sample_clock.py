"""The sample company's sense of time: working instants counted back from one fixed `now`, and how each API
writes them.

Stories such as "a question has waited 19 business hours" must hold whatever weekday and hour `now` falls
on, so nothing in the sample is placed by calendar date; everything is counted back (or, for planned
meetings, forward).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

OPENS, CLOSES = 9, 17
JIRA_ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is cut to the whole hour, so that data and a whole-hour `as_of` never disagree about what is
    past.
    """

    now: datetime

    @classmethod
    def at(cls, now: datetime) -> Clock:
        if now.tzinfo is None:
            raise ValueError("now must carry a time zone")
        return cls(now.astimezone(UTC).replace(minute=0, second=0, microsecond=0))

    @property
    def today(self) -> date:
        return self.now.date()

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def day(self, days_ago: int) -> date:
        """A date-only value; negative is in the future."""
        return self.today - timedelta(days=days_ago)

    def working(self, days_ago: float) -> datetime:
        """The latest instant within business hours that is at least so many days ago (at most 2.7 days
        more).
        """
        return last_open(self.ago(days_ago))

    def business_ago(self, hours: float) -> datetime:
        """The instant from which exactly so many business hours have passed until now."""
        left = timedelta(hours=hours)
        at = last_open(self.now)
        while left > at - opening(at):
            left -= at - opening(at)
            at = last_open(opening(at) - timedelta(hours=1))
        return at - left

    def ahead(self, days: int, hour: int = 10) -> datetime:
        """A planned instant on a working day at least so many days ahead."""
        at = (self.now + timedelta(days=days)).replace(hour=hour)
        at = at if at >= self.now + timedelta(days=days) else at + timedelta(days=1)
        while at.weekday() > 4:
            at += timedelta(days=1)
        return at


def opening(at: datetime) -> datetime:
    return at.replace(hour=OPENS, minute=0, second=0, microsecond=0)


def closing(at: datetime) -> datetime:
    return at.replace(hour=CLOSES, minute=0, second=0, microsecond=0)


def last_open(at: datetime) -> datetime:
    """The instant itself within business hours (closing time included), else the last closing time before
    it.
    """
    if at.weekday() < 5 and at > opening(at):
        return min(at, closing(at))
    at = closing(at - timedelta(days=1))
    while at.weekday() > 4:
        at -= timedelta(days=1)
    return at


def after_business_hours(at: datetime, hours: float) -> datetime:
    """The instant at which so many business hours have passed since `at`."""
    left = timedelta(hours=hours)
    while True:
        if at.weekday() < 5 and at < closing(at):
            at = max(at, opening(at))
            if left <= closing(at) - at:
                return at + left
            left -= closing(at) - at
        at = opening(at + timedelta(days=1))


def business_time(since: datetime, until: datetime) -> timedelta:
    """How much of the span lies within business hours."""
    total, day = timedelta(), since
    while opening(day) <= until:
        if day.weekday() < 5:
            total += max(timedelta(), min(until, closing(day)) - max(since, opening(day)))
        day += timedelta(days=1)
    return total


def salesforce_stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def jira_stamp(at: datetime) -> str:
    """Jira writes milliseconds and the reader's offset without a colon."""
    local = at.astimezone(JIRA_ZONE)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"
