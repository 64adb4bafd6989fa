"""Pages become columns; a broken record costs itself only."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.batches import Column, PageReader, Rejected, id18
from connectors.errors import UnexpectedAnswer

COLUMNS = (
    Column("Id", "id"),
    Column("Name", "text"),
    Column("IsClosed", "boolean"),
    Column("NumberOfEmployees", "integer"),
    Column("Amount", "decimal"),
    Column("Score__c", "double"),
    Column("CloseDate", "date"),
    Column("SystemModstamp", "timestamp"),
)
GOOD = {
    "attributes": {"type": "Opportunity", "url": "/services/data/v62.0/sobjects/Opportunity/006"},
    "Id": "006000000000001AAA",
    "Name": "Größe ✓",
    "IsClosed": False,
    "NumberOfEmployees": 10.0,
    "Amount": 1234567.89,
    "Score__c": 7,
    "CloseDate": "2026-11-22",
    "SystemModstamp": "2026-07-24T16:05:58.000+0200",
}


def page(*records, **envelope):
    return json.dumps({"totalSize": len(records), "done": True, "records": records} | envelope).encode()


def read(*records, columns=COLUMNS, **envelope):
    return PageReader(columns).read(page(*records, **envelope))


def test_a_record_becomes_a_row_of_typed_columns():
    table = read(GOOD).table
    assert table.schema.types == [
        pa.string(),
        pa.string(),
        pa.bool_(),
        pa.int64(),
        pa.decimal128(28, 6),
        pa.float64(),
        pa.date32(),
        pa.timestamp("us"),
    ]
    assert table.to_pylist() == [
        {
            "Id": "006000000000001AAA",
            "Name": "Größe ✓",
            "IsClosed": False,
            "NumberOfEmployees": 10,
            "Amount": Decimal("1234567.890000"),
            "Score__c": 7.0,
            "CloseDate": date(2026, 11, 22),
            "SystemModstamp": datetime(2026, 7, 24, 14, 5, 58),  # noqa: DTZ001 - naive UTC in the store
        }
    ]


def test_a_missing_field_and_null_are_both_unknown():
    rows = read(
        {"Id": "006000000000001AAA"}, dict.fromkeys(GOOD) | {"Id": "006000000000002AAA"}
    ).table.to_pylist()
    assert all(value is None for row in rows for name, value in row.items() if name != "Id")


def test_an_empty_page_has_the_columns():
    result = read()
    assert result.table.num_rows == 0
    assert result.table.schema == PageReader(COLUMNS).schema
    assert result.done


def test_the_envelope_says_where_it_goes_on():
    result = read(GOOD, done=False, nextRecordsUrl="/services/data/v62.0/query/01g-2000")
    assert (result.done, result.next_url) == (False, "/services/data/v62.0/query/01g-2000")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Name": 5}, "Name: found 5 (a number), expected text"),
        ({"Name": {"city": "x"}}, "Name: found an object, expected text"),
        ({"Name": "\ud800"}, "Name: found text with broken characters, expected text"),
        ({"IsClosed": "no"}, 'IsClosed: found "no", expected true or false'),
        ({"NumberOfEmployees": 10.5}, "NumberOfEmployees: found 10.5 (a number), expected a whole number"),
        (
            {"NumberOfEmployees": 2**63},
            f"NumberOfEmployees: found {2**63} (a number), expected a whole number",
        ),
        ({"NumberOfEmployees": True}, "NumberOfEmployees: found true or false, expected a whole number"),
        (
            {"Amount": 1e25},
            "Amount: found 1E+25 (a number), expected a number of at most 22 digits before the point",
        ),
        (
            {"Amount": float("nan")},
            "Amount: found nan (a number), expected a number of at most 22 digits before the point",
        ),
        ({"Score__c": "high"}, 'Score__c: found "high", expected a number'),
        ({"CloseDate": "22.11.2026"}, 'CloseDate: found "22.11.2026", expected a date like 2026-11-22'),
        ({"CloseDate": "2026-02-30"}, 'CloseDate: found "2026-02-30", expected a date like 2026-11-22'),
        (
            {"SystemModstamp": "2026-11-22T08:00:00"},
            'SystemModstamp: found "2026-11-22T08:00:00", expected a time like 2026-11-22T08:00:00.000+0000',
        ),
    ],
)
def test_a_broken_record_is_rejected_with_its_reason_and_the_others_go_on(change, reason):
    broken = GOOD | {"Id": "006000000000009"} | change
    result = read(GOOD, broken, GOOD | {"Id": "006000000000002AAA"})
    assert result.rejected == (Rejected("006000000000009AAA", reason),)
    assert result.table["Id"].to_pylist() == ["006000000000001AAA", "006000000000002AAA"]
    assert result.count == 3


@pytest.mark.parametrize("change", [{"Id": None}, {"Id": ""}])
def test_a_record_without_id_is_rejected(change):
    result = read(GOOD | change, GOOD)
    assert result.rejected == (Rejected(None, "the record has no Id"),)
    assert result.table.num_rows == 1


def test_something_that_is_no_record_is_rejected():
    result = read("hello", GOOD)
    assert result.rejected == (Rejected(None, "found text, expected a record"),)


def test_broken_encoding_costs_one_record():
    body = page(GOOD | {"Name": "XX"}, GOOD | {"Id": "006000000000002AAA"}).replace(b"XX", b"\xff\xfe")
    result = PageReader(COLUMNS).read(body)
    assert len(result.rejected) == 1
    assert result.table["Id"].to_pylist() == ["006000000000002AAA"]


def test_nul_characters_are_taken_out():
    assert read(GOOD | {"Name": "a\0b"}).table["Name"].to_pylist() == ["ab"]


def test_more_than_six_places_are_rounded_half_even_and_keep_their_record():
    body = page(GOOD | {"Amount": 0}, GOOD | {"Amount": 1}).replace(b'"Amount": 0', b'"Amount": 0.0000005')
    result = PageReader(COLUMNS).read(body.replace(b'"Amount": 1', b'"Amount": 0.0000015'))
    assert result.table["Amount"].to_pylist() == [Decimal("0.000000"), Decimal("0.000002")]
    assert result.rejected == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Maintenance</html>",
        b"",
        b"[]",
        b"null",
        b'[{"errorCode": "X", "message": "y"}]',
        b'{"records": []}',
        b'{"done": "yes", "records": []}',
        b'{"done": true, "records": {}}',
        b'{"done": false, "records": [], "nextRecordsUrl": 5}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_page_of_records_is_an_error_never_zero_rows(body):
    with pytest.raises(UnexpectedAnswer, match="no page of records"):
        PageReader(COLUMNS).read(body)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001000000000001", "001000000000001AAA"),
        ("0013000000Hxyz1", "0013000000Hxyz1AAB"),
        ("AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA555"),
    ],
)
def test_short_ids_get_their_checksum(short, long):
    assert id18(short) == long
    assert id18(long) == long


record = st.fixed_dictionaries(
    {},
    optional={
        "Name": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.integers(),
        "NumberOfEmployees": st.none()
        | st.integers(-(2**63), 2**63)
        | st.floats(-1e6, 1e6)
        | st.text(max_size=3),
        "IsClosed": st.none() | st.booleans() | st.integers(0, 1),
        "CloseDate": st.none() | st.dates().map(str) | st.text(max_size=10),
        "SystemModstamp": st.none() | st.text(max_size=5) | st.just("2026-07-24T14:05:58.000+0000"),
    },
)


@settings(deadline=None)
@given(st.lists(record, max_size=6))
def test_no_record_is_lost_whatever_the_others_are(records):
    records = [each | {"Id": f"006{place:012d}AAA"} for place, each in enumerate(records)]
    result = PageReader(COLUMNS).read(json.dumps({"done": True, "records": records}).encode())
    ids = result.table["Id"].to_pylist() + [each.id for each in result.rejected]
    assert sorted(ids) == [each["Id"] for each in records]
    for each in result.table.to_pylist():
        alone = PageReader(COLUMNS).read(page(next(one for one in records if one["Id"] == each["Id"])))
        assert alone.table.to_pylist() == [each]
