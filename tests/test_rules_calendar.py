"""Local days, business days and business time: daylight saving, holidays, far zones, and the table that models join."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import BusinessHours, clock_row, zone_days

AS_OF = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
)


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


@cache
def _table(hours: BusinessHours, as_of: datetime) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    for name, rows in (("zone_day", zone_days(hours, as_of)), ("clock", clock_row(hours, as_of))):
        connection.register("incoming", rows)
        connection.execute(f"create table {name} as select * from incoming")
        connection.unregister("incoming")
    return connection


# As models/comments.sql reads the table.
POSITION = """
select z.day, z.seconds_before + case
    when z.opens is null or t.at <= z.opens then 0
    when t.at >= z.closes then date_diff('second', z.opens, z.closes)
    else date_diff('second', z.opens, t.at)
  end
from (select cast(? as timestamp) as at) t
join zone_day z on z.utc_date = cast(t.at as date) and t.at >= z.starts and t.at < z.ends
"""


def _position(hours: BusinessHours, at: datetime, as_of: datetime = AS_OF) -> tuple[date, int]:
    rows = _table(hours, as_of).execute(POSITION, [_naive(at)]).fetchall()
    assert len(rows) == 1, "every instant lies in exactly one local day"
    return rows[0]


def _clock(hours: BusinessHours, as_of: datetime) -> dict:
    (row,) = clock_row(hours, as_of).to_pylist()
    return row


# -- business days -------------------------------------------------------------------------------------------------------

FRIDAY = date(2026, 11, 20)
CHRISTMAS = frozenset({date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28)})


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        (date(2026, 11, 18), 0, date(2026, 11, 18)),
        (date(2026, 11, 18), 1, date(2026, 11, 19)),
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, date(2026, 11, 23)),
        (FRIDAY, 5, date(2026, 11, 27)),
        (FRIDAY, 6, date(2026, 11, 30)),
        (date(2026, 11, 21), 0, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 22), 1, date(2026, 11, 23)),
        (date(2026, 12, 23), 0, date(2026, 12, 23)),
        (date(2026, 12, 23), 1, date(2026, 12, 29)),
        (date(2026, 12, 24), 0, date(2026, 12, 29)),
        (date(2026, 12, 25), 2, date(2026, 12, 30)),
    ],
)
def test_business_days_leave_out_weekends_and_holidays(day, amount, expected):
    assert BusinessHours(holidays=CHRISTMAS).add_business_days(day, amount) == expected


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 40))
def test_business_days_are_counted_one_by_one(day, amount):
    hours = BusinessHours(holidays=CHRISTMAS)
    found = hours.add_business_days(day, amount)
    assert hours.is_business_day(found)
    between = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    counted = sum(map(hours.is_business_day, between))
    assert counted == amount if amount else counted == (0 if hours.is_business_day(day) else 1)


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("UTC", datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC), date(2026, 11, 18)),
        ("Europe/Berlin", datetime(2026, 11, 18, 23, 0, tzinfo=UTC), date(2026, 11, 19)),
        ("Europe/Berlin", datetime(2026, 11, 18, 22, 59, 59, tzinfo=UTC), date(2026, 11, 18)),
        ("Pacific/Kiritimati", datetime(2026, 11, 18, 10, 0, tzinfo=UTC), date(2026, 11, 19)),
        ("Pacific/Pago_Pago", datetime(2026, 11, 18, 10, 59, tzinfo=UTC), date(2026, 11, 17)),
    ],
)
def test_the_day_is_that_of_the_zone(zone, instant, day):
    hours = BusinessHours(zone)
    assert hours.day_of(instant) == day
    assert _clock(hours, instant)["day"] == day


# -- the clock -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("2026-11-18 00:00:00", 0),
        ("2026-11-18 08:59:59", 0),
        ("2026-11-18 09:00:00", 0),
        ("2026-11-18 09:00:01", 1),
        ("2026-11-18 12:30:00", 12_600),
        ("2026-11-18 17:00:00", 28_800),
        ("2026-11-18 23:59:59", 28_800),
        ("2026-11-21 12:00:00", 3 * 28_800),  # Saturday: all of Wednesday to Friday, nothing of its own
        ("2026-11-23 09:00:00", 3 * 28_800),
    ],
)
def test_business_time_stands_still_outside_business_hours(at, seconds):
    hours = BusinessHours()
    begin = _clock(hours, datetime(2026, 11, 18, tzinfo=UTC))["business_position"]
    as_of = datetime.fromisoformat(at).replace(tzinfo=UTC)
    # every clock counts from its own first day, so both are seen from one table
    same = _position(hours, as_of, datetime(2026, 11, 18, tzinfo=UTC))[1]
    assert same - begin == seconds
    assert _clock(hours, as_of)["business_position"] == _position(hours, as_of, as_of)[1]


def test_the_day_730_days_ago_begins_at_local_midnight():
    row = _clock(BusinessHours("America/New_York"), AS_OF)
    assert row["after_730"] == datetime(2024, 11, 19, 5, 0)  # noqa: DTZ001 - models see naive UTC
    assert row["as_of"] == _naive(AS_OF)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Santiago", date(2026, 9, 6), 23),  # its midnight does not exist
        ("America/Havana", date(2026, 11, 1), 25),  # its first hour comes twice
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Europe/Berlin", date(2026, 11, 18), 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone, day, length):
    rows = {row["day"]: row for row in zone_days(BusinessHours(zone), AS_OF).to_pylist()}
    assert (rows[day]["ends"] - rows[day]["starts"]).total_seconds() == length * 3600


def test_an_hour_that_comes_twice_on_a_business_day_is_worked_once_more():
    night = BusinessHours("America/Havana", time(0), time(8), frozenset())
    sunday = [row for row in zone_days(night, AS_OF).to_pylist() if row["day"] == date(2026, 11, 1)]
    assert {row["opens"] for row in sunday} == {None}, "a Sunday"
    hours = BusinessHours("Africa/Cairo", time(0), time(8))  # the clocks go forward on Fridays, at midnight
    (row,) = [r for r in zone_days(hours, AS_OF).to_pylist() if r["day"] == date(2026, 4, 24)][:1]
    assert (row["closes"] - row["opens"]).total_seconds() == 7 * 3600


@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_without_gap_or_overlap(zone):
    rows = zone_days(BusinessHours(zone), AS_OF).to_pylist()
    days = list({row["day"]: row for row in rows}.values())
    assert all(a["ends"] == b["starts"] for a, b in pairwise(days))
    assert len(rows) == len({(row["day"], row["utc_date"]) for row in rows})
    assert days[0]["starts"] < _naive(AS_OF) - timedelta(days=1499)
    assert days[-1]["ends"] > _naive(AS_OF) + timedelta(days=30)


# -- the law -------------------------------------------------------------------------------------------------------------


def _counted(hours: BusinessHours, begin: datetime, end: datetime) -> int:
    """Business minutes between two instants, minute by minute on the local clock."""
    zone = ZoneInfo(hours.zone)
    minutes, at = 0, begin
    while at < end:
        local = at.astimezone(zone)
        minutes += hours.is_business_day(local.date()) and hours.opens <= local.time() < hours.closes
        at += timedelta(minutes=1)
    return minutes


minutes = st.integers(0, 400 * 24 * 60).map(lambda n: AS_OF - timedelta(minutes=n))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), minutes, st.integers(0, 5 * 24 * 60))
def test_business_time_between_two_instants_is_what_counting_minutes_gives(zone, begin, length):
    hours = BusinessHours(zone, time(8, 30), time(17, 15), frozenset({date(2026, 5, 1), date(2026, 10, 26)}))
    end = min(begin + timedelta(minutes=length), AS_OF)
    seconds = _position(hours, end)[1] - _position(hours, begin)[1]
    assert seconds == 60 * _counted(hours, begin, end)
    assert _position(hours, begin)[0] == hours.day_of(begin)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    "around", [date(2026, 3, 27), date(2026, 10, 23), date(2026, 4, 3), date(2026, 9, 30)]
)
def test_business_time_is_right_where_the_clocks_change(zone, around):
    hours = BusinessHours(zone)
    begin = datetime.combine(around, time(11, 30), UTC)
    end = begin + timedelta(days=5)
    assert _position(hours, end)[1] - _position(hours, begin)[1] == 60 * _counted(hours, begin, end)


@given(minutes, st.sampled_from(ZONES))
@settings(max_examples=10, deadline=None)
def test_the_clock_stands_where_the_table_says(as_of, zone):
    hours = BusinessHours(zone, holidays=CHRISTMAS)
    row = _clock(hours, as_of)
    assert (row["day"], row["business_position"]) == _position(hours, as_of, as_of)
