"""No value becomes part of a query, and no query grows beyond what an address can carry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import soql
from simulator import soql as server

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
fields = st.sampled_from(["Id", "Rapport_Key__c", "Account.Owner.Name"])


@settings(deadline=None)
@given(fields, texts)
def test_any_text_arrives_as_it_was(field, text):
    read = server.parse_condition(soql.equals(field, text))
    assert isinstance(read, server.Comparison)
    assert (str(read.field), read.operator, read.value.kind, read.value.value) == (field, "=", "string", text)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=8))
def test_any_texts_arrive_in_a_list(values):
    read = server.parse_condition(soql.in_("Name", values))
    assert isinstance(read, server.Membership)
    assert [value.value for value in read.values] == values


@settings(deadline=None)
@given(st.lists(texts, max_size=40), st.integers(700, 2_000))
def test_chunks_hold_every_value_once_and_stay_short(values, room):
    conditions = list(soql.chunked_in("Name", values, max_chars=room))
    arrived = []
    for condition in conditions:
        assert len(quote_plus(condition)) <= room
        arrived += [value.value for value in server.parse_condition(condition).values]
    assert arrived == list(dict.fromkeys(values))


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4))
def test_numbers_arrive_as_they_were(number):
    read = server.parse_condition(soql.equals("Amount", number))
    assert read.value.kind == "number"
    assert Decimal(read.value.text) == number


def test_a_hostile_text_stays_a_value():
    text = "x' OR Name != '\\"
    read = server.parse_condition(soql.all_of(soql.equals("Name", text), soql.not_null("Id")))
    assert isinstance(read, server.AllOf)
    assert read.conditions[0].value.value == text


@pytest.mark.parametrize(
    "name",
    ["", "Name = 'x'", "Name--", "1Name", "Name.", "Näme", "Name\n", "Account..Name", "(SELECT Id FROM X)"],
)
def test_a_name_that_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="no API name"):
        soql.identifier(name)
    with pytest.raises(ValueError, match="no API name"):
        soql.statement("Account", ["Id", name])


def test_moments_are_written_in_utc_and_days_without_a_zone():
    berlin = timezone(timedelta(hours=1))
    moment = datetime(2026, 11, 22, 9, 30, 0, 999_999, tzinfo=berlin)
    assert soql.at_least("SystemModstamp", moment) == "SystemModstamp >= 2026-11-22T08:30:00Z"
    assert soql.greater("CreatedDate", moment.astimezone(UTC)) == "CreatedDate > 2026-11-22T08:30:00Z"
    assert soql.equals("ActivityDate", date(2026, 11, 22)) == "ActivityDate = 2026-11-22"


def test_a_moment_without_zone_is_refused_because_it_would_be_the_users_local_time():
    with pytest.raises(ValueError, match="no time zone"):
        soql.at_least("SystemModstamp", datetime(2026, 11, 22))  # noqa: DTZ001 - the trap itself


def test_the_other_kinds_of_values():
    assert soql.equals("IsClosed", value=True) == "IsClosed = true"
    assert soql.equals("AccountId", None) == "AccountId = null"
    assert soql.equals("Amount", 1e20) == "Amount = 100000000000000000000"
    assert soql.greater("Id", "001000000000001AAA") == "Id > '001000000000001AAA'"
    assert soql.not_null("WhatId") == "WhatId != null"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), "\ud800", "x" * 4001])
def test_values_that_salesforce_cannot_hold_are_refused(value):
    with pytest.raises(ValueError, match=r"\w+"):
        soql.equals("Name", value)


def test_an_empty_list_is_no_condition():
    with pytest.raises(ValueError, match="asks for nothing"):
        soql.in_("Id", [])
    assert list(soql.chunked_in("Id", [])) == []
    with pytest.raises(ValueError, match="no condition"):
        soql.all_of()


def test_ids_go_in_lists_of_at_most_three_hundred():
    ids = [f"001{number:012d}AAA" for number in range(1_000)]
    conditions = list(soql.chunked_in("Id", ids))
    assert len(conditions) == 4
    assert max(map(soql.url_length, conditions)) < soql.MAX_URL


def test_one_value_that_is_too_long_alone_is_an_error_not_an_endless_loop():
    with pytest.raises(ValueError, match="too long"):
        list(soql.chunked_in("Name", ["a", "ü" * 200], max_chars=300))


def test_a_statement_has_its_parts_in_order():
    text = soql.statement(
        "Task",
        ["Id", "Owner.Name"],
        where=soql.not_null("WhatId"),
        order_by=("SystemModstamp", "Id"),
        limit=5,
    )
    assert text == (
        "SELECT Id, Owner.Name FROM Task WHERE WhatId != null ORDER BY SystemModstamp, Id LIMIT 5"
    )
    assert server.parse(text).limit == 5
