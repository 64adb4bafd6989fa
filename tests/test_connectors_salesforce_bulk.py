"""Large reads by bulk query: the same rows as by ordinary queries, through all that can happen to a job."""

from __future__ import annotations

import random
import string
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import soql
from connectors.batches import Batch, Column, id18
from connectors.errors import (
    PermissionRefused,
    QuotaSpent,
    RequestRefused,
    SignInRefused,
    UnexpectedAnswer,
    Unreachable,
)
from connectors.salesforce import Salesforce, SalesforceSettings
from connectors.salesforce_bulk import EMPTY_SETS, LONGEST_JOB, LONGEST_WAIT
from connectors.salesforce_csv import CsvReader
from simulator.dataset import Dataset
from simulator.faults import FaultSchedule
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
STAMP = "2026-11-01T08:00:00.000+0000"
COLUMNS = (
    Column("Id", "id"),
    Column("Name", "text"),
    Column("OwnerId", "id"),
    Column("IsDeleted", "boolean"),
    Column("AnnualRevenue", "decimal"),
    Column("Share__c", "double"),
    Column("NumberOfEmployees", "integer"),
    Column("Since__c", "date"),
    Column("SystemModstamp", "timestamp"),
)
SCHEMA = {
    "Account": {
        "fields": [
            {"name": "Since__c", "type": "date"},
            {"name": "Share__c", "type": "double", "precision": 18, "scale": 8},
        ]
    }
}
ORG = "https://acme.my.salesforce.com"
DATA = f"{ORG}/services/data/v62.0"
JOBS = f"{DATA}/jobs/query"
JOB = f"{JOBS}/750000000000001AAA"
TWO = (Column("Id", "id"), Column("Name", "text"))


def key(number, prefix="001"):
    return f"{prefix}{number:012d}AAA"


def account(number, **fields):
    return {
        "Id": key(number),
        "Name": f"Größe {number}",
        "OwnerId": key(1, "005"),
        "IsDeleted": number % 3 == 0,
        "AnnualRevenue": number + 0.5,
        "NumberOfEmployees": number,
        "CreatedDate": STAMP,
        "LastModifiedDate": STAMP,
        "SystemModstamp": STAMP,
    } | fields


def company(accounts):
    user = {"Id": key(1, "005"), "Name": "Anna", "Username": "anna@example.com", "IsActive": True}
    return Dataset(salesforce={"User": [user], "Account": accounts}, schema=SCHEMA)


@contextmanager
def served(accounts, *, faults=None, **switches):
    with Simulator(
        company(accounts),
        now=NOW,
        sleep=lambda _: None,
        faults=faults,
        switches=Switches(salesforce=SalesforceSwitches(**switches)),
    ) as simulator:
        yield simulator


@pytest.fixture
def serve():
    open_ones = []

    def start(accounts=7, **how):
        context = served([account(number) for number in range(1, accounts + 1)], **how)
        open_ones.append(context)
        return context.__enter__()

    yield start
    for context in open_ones:
        context.__exit__(None, None, None)


@pytest.fixture
def connect():
    clients = []

    def start(simulator, **how):
        settings = SalesforceSettings(
            simulator.salesforce_url, "client_credentials", client_id="app", client_secret="a client secret"
        )
        clients.append(
            Salesforce(settings, **{"sleep": lambda _: None, "rng": random.Random(1)} | how),
        )
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def rows(batches):
    """All rows, sorted: a bulk query promises no order."""
    found = [row for batch in batches for row in batch.table.to_pylist()]
    return sorted(found, key=lambda row: row["Id"])


def endpoints(simulator):
    counted = simulator.calls()["salesforce"]["by_endpoint"]
    return {name.replace("/services/data/vXX", ""): number for name, number in counted.items()}


# Which way is taken


def test_more_rows_than_the_limit_come_by_bulk_query_and_are_the_same_rows(serve, connect):
    simulator = serve()
    client = connect(simulator)
    ordinary = rows(client.batches("Account", COLUMNS))
    assert len(ordinary) == 7
    assert rows(client.batches("Account", COLUMNS, bulk_above=6)) == ordinary
    assert endpoints(simulator)["POST /jobs/query"] == 1
    assert client.notices == []


def test_up_to_the_limit_the_ordinary_query_is_all_that_is_asked(serve, connect):
    simulator = serve()
    client = connect(simulator)
    assert len(rows(client.batches("Account", COLUMNS, bulk_above=7))) == 7
    assert endpoints(simulator) == {"GET /queryAll": 1, "POST /services/oauth2/token": 1}
    list(client.batches("Account", COLUMNS))
    assert endpoints(simulator)["GET /queryAll"] == 2


def test_only_the_rows_that_are_asked_for_are_counted_and_read(serve, connect):
    client = connect(serve())
    some = soql.in_("Id", [key(1), key(2)])
    assert len(rows(client.batches("Account", COLUMNS, where=some, bulk_above=2))) == 2
    simulator = serve()
    client = connect(simulator)
    found = client.batches("Account", COLUMNS, where=some, bulk_above=1, include_deleted=False)
    assert [row["Id"] for row in rows(found)] == [key(1), key(2)]
    assert endpoints(simulator)["GET /query"] == 1


def test_deleted_rows_come_only_when_they_are_wanted(serve, connect):
    client = connect(serve())
    assert len(rows(client.batches("Account", COLUMNS, bulk_above=0))) == 7
    assert len(rows(client.batches("Account", COLUMNS, bulk_above=0, include_deleted=False))) == 5


def test_what_is_too_much_for_a_query_is_read_by_bulk_query(org, client):
    org.get(f"{DATA}/queryAll", status=400, json=[{"errorCode": "QUERY_TIMEOUT", "message": "Too long"}])
    job(org)
    assert read(client) == [{"Id": key(1), "Name": "A1"}]


def test_a_query_that_is_refused_or_answered_oddly_is_not_tried_as_a_bulk_query(org, client):
    org.get(f"{DATA}/queryAll", status=400, json=[{"errorCode": "INVALID_TYPE", "message": "No such thing"}])
    with pytest.raises(RequestRefused, match="read Account"):
        read(client)
    org.replace(responses.GET, f"{DATA}/queryAll", json={"totalSize": "many"})
    with pytest.raises(UnexpectedAnswer):
        read(client)
    assert not any("/jobs/query" in call.request.url for call in org.calls)


# A job's life


def test_a_job_reads_only_and_leaves_nothing_behind(serve, connect):
    simulator = serve(bulk_polls=4)
    client = connect(simulator)
    list(client.batches("Account", COLUMNS, bulk_above=0))
    assert endpoints(simulator) == {
        "POST /services/oauth2/token": 1,
        "GET /queryAll": 1,
        "POST /jobs/query": 1,
        "GET /jobs/query/{job}": 4,
        "GET /jobs/query/{job}/results": 1,
        "DELETE /jobs/query/{job}": 1,
    }
    counted = simulator.calls()["salesforce"]
    assert (client.calls.read, client.calls.write) == (counted["read"], counted["write"]) == (9, 0)
    assert remaining_jobs(client) == []


def remaining_jobs(client):
    return client._ask("GET", f"{client._data}/jobs/query").json()["records"]


def test_waits_grow_up_to_a_bound_and_end_after_hours_with_the_job_called_off(serve, connect):
    waits = []
    simulator = serve(bulk_never_ends=True)
    client = connect(simulator, sleep=waits.append)
    with pytest.raises(Unreachable, match="bulk query for Account") as caught:
        list(client.batches("Account", COLUMNS, bulk_above=0))
    assert "bulk_above" in caught.value.advice
    assert waits == sorted(waits)
    assert waits[0] == 1
    assert max(waits) == LONGEST_WAIT
    assert LONGEST_JOB <= sum(waits) < LONGEST_JOB + LONGEST_WAIT
    assert endpoints(simulator)["PATCH /jobs/query/{job}"] == 1
    assert remaining_jobs(client) == []


def test_whoever_stops_listening_has_the_job_removed(serve, connect):
    client = connect(serve(bulk_page_rows=2))
    batches = client.batches("Account", COLUMNS, bulk_above=0)
    assert next(batches).table.num_rows == 2
    batches.close()
    assert remaining_jobs(client) == []


def test_results_come_in_sets_with_the_servers_clock_of_the_beginning(serve, connect):
    client = connect(serve(bulk_page_rows=3))
    batches = list(client.batches("Account", COLUMNS, bulk_above=0))
    assert [batch.table.num_rows for batch in batches] == [3, 3, 1]
    assert {batch.server_time for batch in batches} == {NOW}
    assert {batch.table.schema for batch in batches} == {
        next(client.batches("Account", COLUMNS)).table.schema
    }


def test_an_object_that_empties_meanwhile_still_gives_one_batch_with_the_columns(org, client):
    org.get(f"{DATA}/queryAll", json=page_of(9))
    job(org, sets=[("", 0, "null")])
    (batch,) = client.batches("Account", TWO, bulk_above=0)
    assert (batch.table.num_rows, batch.table.column_names) == (0, ["Id", "Name"])


@pytest.mark.parametrize("when", ["poll", "results"])
def test_a_session_that_ends_on_the_way_is_renewed_and_the_job_goes_on(serve, connect, when):
    simulator = serve(bulk_polls=3, bulk_page_rows=2)

    def sleep(_):
        if when == "poll":
            end_sessions()

    def end_sessions():
        with simulator.edit() as (salesforce, _):
            salesforce.end_sessions()

    client = connect(simulator, sleep=sleep)
    found = []
    for batch in client.batches("Account", COLUMNS, bulk_above=0):
        found.append(batch)
        end_sessions()
    assert rows(found) == rows(client.batches("Account", COLUMNS))
    counted = endpoints(simulator)
    assert counted["POST /jobs/query"] == 1
    assert counted["POST /services/oauth2/token"] > 3


@pytest.mark.parametrize("seed", range(6))
def test_under_faults_the_rows_are_the_same(serve, connect, seed):
    simulator = serve(
        40,
        bulk_page_rows=7,
        faults=FaultSchedule(seed, 0.4, ("429", "503", "500", "401", "reset", "lost", "truncate", "cursor")),
    )
    found = rows(connect(simulator).batches("Account", COLUMNS, bulk_above=0))
    assert [row["Id"] for row in found] == [key(number) for number in range(1, 41)]
    assert simulator.calls()["salesforce"]["write"] == 0


def test_the_budget_of_calls_holds_for_a_job_too(serve, connect):
    client = connect(serve(daily_limit=100, bulk_never_ends=True), api_share=0.1)
    with pytest.raises(QuotaSpent, match="share"):
        list(client.batches("Account", COLUMNS, bulk_above=0))
    assert client.calls.read < 15


# When the way is closed


@pytest.mark.parametrize(
    ("word", "switches"),
    [
        ("INVALIDENTITY", {"bulk_unsupported": frozenset({"Account"})}),
        ("FEATURENOTENABLED", {"bulk_enabled": False}),
        ("LIMIT_EXCEEDED", {"bulk_jobs": 0}),
        ("by the Bulk API", {"bulk_failure": "InvalidBatch : Entity 'x' is not supported by the Bulk API."}),
        ("EXCEEDED_QUOTA", {"bulk_failure": "EXCEEDED_QUOTA: Max bulk v2 query result size stored"}),
    ],
)
def test_where_bulk_queries_are_closed_the_ordinary_one_is_asked_and_a_notice_says_so(
    serve, connect, word, switches
):
    client = connect(serve(**switches))
    ordinary = rows(client.batches("Account", COLUMNS))
    assert rows(client.batches("Account", COLUMNS, bulk_above=0)) == ordinary
    (notice,) = client.notices
    assert notice.startswith("Account ")
    assert "read by ordinary queries" in notice
    assert word in notice


def test_a_way_that_is_closed_for_all_is_not_tried_again_and_one_for_an_object_is(serve, connect):
    simulator = serve(bulk_jobs=0)
    client = connect(simulator)
    for object_name in ("Account", "User", "Account"):
        list(client.batches(object_name, TWO, bulk_above=0))
    assert endpoints(simulator)["POST /jobs/query"] == 1
    assert len(client.notices) == 1
    simulator = serve(bulk_unsupported=frozenset({"Account"}))
    client = connect(simulator)
    for object_name in ("Account", "User"):
        list(client.batches(object_name, TWO, bulk_above=0))
    assert endpoints(simulator)["POST /jobs/query"] == 2
    assert len(client.notices) == 1


def test_an_api_without_bulk_queries_is_read_as_otherwise(org, client):
    org.get(f"{DATA}/queryAll", json={"totalSize": 1, "done": True, "records": []})
    org.post(JOBS, status=404, json=[{"errorCode": "NOT_FOUND", "message": "no such resource"}])
    assert read(client) == []
    assert len(client.notices) == 1


def test_a_query_that_is_wrong_is_wrong_in_both_ways(org, client):
    org.get(f"{DATA}/queryAll", json=page_of(1))
    org.post(JOBS, status=400, json=[{"errorCode": "INVALID_FIELD", "message": "No such column 'Name'"}])
    with pytest.raises(RequestRefused, match="read Account by bulk query") as caught:
        read(client)
    assert caught.value.code == "INVALID_FIELD"


def test_a_missing_permission_is_never_read_as_no_rows(org, client):
    org.get(f"{DATA}/queryAll", json=page_of(1))
    org.post(JOBS, status=403, json=[{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}])
    with pytest.raises(PermissionRefused):
        read(client)


def test_a_job_that_fails_or_is_called_off_says_so_in_plain_words(serve, connect):
    simulator = serve(bulk_failure="QUERY_TIMEOUT: Your query was running for too long.")
    client = connect(simulator)
    with pytest.raises(
        RequestRefused, match=r"gave up on the bulk query for Account \(QUERY_TIMEOUT"
    ) as caught:
        list(client.batches("Account", COLUMNS, bulk_above=0))
    assert caught.value.code == "QUERY_TIMEOUT"
    assert remaining_jobs(client) == []
    assert "PATCH /jobs/query/{job}" not in endpoints(simulator)
    with pytest.raises(RequestRefused, match="called off in Salesforce") as caught:
        list(connect(serve(bulk_aborted=True)).batches("Account", COLUMNS, bulk_above=0))
    assert "Bulk Data Load Jobs" in caught.value.advice


# Single odd answers


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client():
    settings = SalesforceSettings(ORG, "access_token", access_token="00Dxx0000001gPz!AQ.token")
    client = Salesforce(settings, sleep=lambda _: None)
    yield client
    client.close()


def page_of(total):
    """The first page of a query for so many rows, as far as deciding the way needs it."""
    return {"totalSize": total, "done": True, "records": []}


def csv_of(*numbers):
    return '"Id","Name"\n' + "".join(f'"{key(number)}","A{number}"\n' for number in numbers)


def job(org, *, sets=None, state="JobComplete", **headers):
    org.post(JOBS, json={"id": JOB.rpartition("/")[2], "state": "UploadComplete"})
    org.get(JOB, json={"state": state})
    org.patch(JOB, json={"state": "Aborted"})
    org.delete(JOB, status=204)
    for body, count, locator in sets or [(csv_of(1), 1, "null")]:
        named = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": None if count is None else str(count)}
        named = {name: value for name, value in named.items() if value is not None}
        org.get(f"{JOB}/results", body=body, headers=named | headers, content_type="text/csv;charset=UTF-8")


def read(client, columns=TWO):
    return rows(client.batches("Account", columns, bulk_above=0))


@pytest.fixture
def counted(org):
    org.get(f"{DATA}/queryAll", json=page_of(9))


@pytest.mark.usefixtures("counted")
def test_what_a_job_is_made_of(org, client):
    job(org)
    read(client)
    made = next(call.request for call in org.calls if call.request.method == "POST")
    assert made.body == (
        b'{"operation": "queryAll", "query": "SELECT Id, Name FROM Account", "contentType": "CSV", '
        b'"columnDelimiter": "COMMA", "lineEnding": "LF"}'
    )


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    ("sets", "found"),
    [
        ([(csv_of(1), 2, "null")], "announced 2 results"),
        ([(csv_of(1, 2), 1, "null")], "announced 1 results"),
        ([(csv_of(1), None, "null")], "how many results"),
        ([(csv_of(1), 1, None)], "how many results"),
        ([(csv_of(1), "many", "null")], "how many results"),
        ([(csv_of(1), 1, "MQ"), (csv_of(2), 1, "MQ")], "again and again"),
        ([(csv_of(), 0, f"L{place}") for place in range(EMPTY_SETS + 3)], "again and again"),
        ([("<html><body>Maintenance</body></html>", 1, "null")], "web page"),
        ([('"Id","Title"\n"1","x"\n', 1, "null")], "without the column Name"),
        ([('"Id","Name"\n"001","cut off\n', 1, "null")], "does not end"),
    ],
)
def test_results_that_cannot_be_whole_are_not_taken_for_the_whole(org, client, sets, found):
    job(org, sets=sets)
    with pytest.raises(UnexpectedAnswer, match=found):
        read(client)
    assert org.calls[-1].request.method == "DELETE"


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("made", [{}, {"id": "../../limits"}, {"id": 7}, ["750"]])
def test_a_job_without_a_usable_id_is_an_odd_answer(org, client, made):
    org.post(JOBS, json=made)
    with pytest.raises(UnexpectedAnswer, match="without saying which"):
        read(client)


@pytest.mark.usefixtures("counted")
def test_a_state_that_is_none_ends_the_job(org, client):
    job(org, state="Dreaming")
    with pytest.raises(UnexpectedAnswer, match="state"):
        read(client)
    assert [call.request.method for call in org.calls][-2:] == ["PATCH", "DELETE"]


@pytest.mark.usefixtures("counted")
def test_a_job_that_is_gone_is_a_refusal(org, client):
    org.post(JOBS, json={"id": JOB.rpartition("/")[2]})
    org.get(JOB, status=404, json=[{"errorCode": "NOT_FOUND", "message": "no"}])
    org.patch(JOB, status=404, json=[])
    org.delete(JOB, status=404, json=[])
    with pytest.raises(RequestRefused, match="how far"):
        read(client)


@pytest.mark.usefixtures("counted")
def test_results_that_are_refused_are_an_error_and_a_removal_that_fails_is_none(org, client):
    job(org)
    org.replace(responses.DELETE, JOB, status=400, json=[{"errorCode": "API_ERROR", "message": "no"}])
    assert len(read(client)) == 1
    results = f"{JOB}/results"
    org.replace(responses.GET, results, status=409, json=[{"errorCode": "API_ERROR", "message": "version"}])
    with pytest.raises(RequestRefused, match="hand out"):
        read(client)


@pytest.mark.usefixtures("counted")
def test_credentials_that_stop_working_end_the_run_without_more_calls(org, client):
    org.post(JOBS, json={"id": JOB.rpartition("/")[2]})
    org.get(JOB, status=401, json=[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
    with pytest.raises(SignInRefused):
        read(client)
    assert org.calls[-1].request.method == "GET"


# CSV


KINDS = (
    Column("Id", "id"),
    Column("Name", "text"),
    Column("Whole", "integer"),
    Column("Money", "decimal"),
    Column("Share", "double"),
    Column("Yes", "boolean"),
    Column("Day", "date"),
    Column("At", "timestamp"),
)
HEADER = ",".join(f'"{column.name}"' for column in KINDS)
GOOD = {
    "Id": key(1),
    "Name": "A",
    "Whole": "10.0",
    "Money": "1.5E7",
    "Share": "0.25",
    "Yes": "true",
    "Day": "2026-11-22",
    "At": "2026-11-22T08:00:00.000Z",
}


def line(**values):
    return ",".join('"{}"'.format(value.replace('"', '""')) for value in (GOOD | values).values())


def parsed(*lines):
    table, rejected = CsvReader(KINDS).read(
        "\n".join([HEADER, *lines, ""]).encode("utf-8", "surrogateescape")
    )
    return table.to_pylist(), rejected


def test_every_kind_is_read_as_it_is_from_json():
    (row,), rejected = parsed(line())
    assert rejected == ()
    assert row == {
        "Id": key(1),
        "Name": "A",
        "Whole": 10,
        "Money": Decimal(15_000_000),
        "Share": 0.25,
        "Yes": True,
        "Day": date(2026, 11, 22),
        "At": NOW.replace(tzinfo=None),
    }


def test_empty_values_are_null_quoted_or_not():
    (row, other), _ = parsed(line(**dict.fromkeys(list(GOOD)[1:], "")), f'"{key(2)}",,,,,,,')
    assert set(list(row.values())[1:]) == set(list(other.values())[1:]) == {None}


def test_the_word_null_and_its_like_are_texts():
    found, _ = parsed(
        *(line(Id=key(place), Name=word) for place, word in enumerate(("null", "NA", "NaN", "#N/A")))
    )
    assert [row["Name"] for row in found] == ["null", "NA", "NaN", "#N/A"]


def test_short_ids_get_their_checksum_and_nul_bytes_vanish():
    (row, other), _ = parsed(line(Id="0015g00000AbCdE", Name="a\0b"), line(Id=key(2), Name="\0"))
    assert (row["Id"], row["Name"]) == (id18("0015g00000AbCdE"), "ab")
    assert other["Name"] is None


def test_decimals_of_many_places_are_rounded_half_even():
    found, rejected = parsed(
        line(Money="0.0000005"), line(Money="0.0000015"), line(Money="1234567890123456789012")
    )
    assert rejected == ()
    assert [row["Money"] for row in found] == [
        Decimal(0),
        Decimal("0.000002"),
        Decimal(1234567890123456789012),
    ]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"Whole": "1.5"}, "Whole: found 1.5 (a number), expected a whole number"),
        ({"Whole": "many"}, 'Whole: found "many", expected a whole number'),
        ({"Money": "NaN"}, 'Money: found "NaN", expected a number of at most 22 digits before the point'),
        ({"Share": "1E400"}, "Share: found 1E+400 (a number), expected a number"),
        ({"Share": "inf"}, 'Share: found "inf", expected a number'),
        ({"Yes": "yes"}, 'Yes: found "yes", expected true or false'),
        ({"Day": "22.11.2026"}, 'Day: found "22.11.2026", expected a date like 2026-11-22'),
        (
            {"At": "2026-11-22T08:00:00"},
            'At: found "2026-11-22T08:00:00", expected a time like 2026-11-22T08:00:00.000+0000',
        ),
        ({"Name": "\udcff"}, "Name: found text with broken characters, expected text"),
    ],
)
def test_a_bad_record_is_rejected_alone_with_its_id_and_reason(values, reason):
    found, (rejected,) = parsed(line(Id=key(1)), line(Id=key(2), **values), line(Id=key(3)))
    assert [row["Id"] for row in found] == [key(1), key(3)]
    assert (rejected.id, rejected.reason) == (key(2), reason)


def test_records_without_id_and_lines_of_other_lengths_are_rejected_alone():
    found, rejected = parsed(line(), line(Id=""), f'"{key(2)}","only two"', line(Id=key(3)))
    assert [row["Id"] for row in found] == [key(1), key(3)]
    assert [each.reason for each in rejected] == [
        "the record has no Id",
        "found a line of 2 values, expected 8 values",
    ]


def test_texts_longer_than_any_usual_limit_are_read_also_beside_a_bad_record():
    long = "ä\n" * 200_000
    found, rejected = parsed(line(Name=long), line(Id=key(2), Whole="x"))
    assert found[0]["Name"] == long
    assert len(rejected) == 1


def test_header_names_may_differ_in_case_and_order_and_a_byte_order_mark_is_none():
    body = b'\xef\xbb\xbf"NAME","Extra","ID"\r\n"A","x","' + key(1).encode() + b'"\r\n'
    table, _ = CsvReader(TWO).read(body)
    assert table.to_pylist() == [{"Id": key(1), "Name": "A"}]


# The law


NASTY = st.text(
    st.one_of(
        st.sampled_from("\",;\n\r\t\0\\'|\u2028\u00a0\ufeff#%=+-@<>&"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=30,
)
DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1)).map(str)
MOMENTS = st.integers(0, 7_000_000_000).map(
    lambda second: datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
)
FLOATS = st.floats(-1e15, 1e15, allow_nan=False)
# Now and then a value of a wrong kind, as an imported file or a changed field may leave it.
WRONG_DAYS = st.text(string.ascii_letters, min_size=1, max_size=5)
WRONG_NUMBERS = st.integers(-800, 800).map(lambda eighths: eighths / 8)  # written out in full in either form
RECORD = st.fixed_dictionaries(
    {
        "Name": st.one_of(st.none(), NASTY),
        "IsDeleted": st.booleans(),
        "AnnualRevenue": st.one_of(st.none(), FLOATS, st.integers(-(10**12), 10**12)),
        "Share__c": st.one_of(st.none(), FLOATS),
        "NumberOfEmployees": st.one_of(st.none(), st.integers(-(2**31), 2**31), WRONG_NUMBERS),
        "Since__c": st.one_of(st.none(), DAYS, DAYS, WRONG_DAYS),
        "SystemModstamp": MOMENTS,
        "OwnerId": st.one_of(st.none(), st.just(key(1, "005"))),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    records=st.lists(RECORD, min_size=1, max_size=12),
    page=st.integers(1, 5),
    everything=st.booleans(),
)
def test_whatever_the_records_hold_both_ways_bring_the_same(records, page, everything):
    accounts = [account(place, **record) for place, record in enumerate(records, start=1)]
    with served(accounts, bulk_page_rows=page, bulk_polls=1) as simulator:
        settings = SalesforceSettings(simulator.salesforce_url, "access_token", access_token="simulator")
        client = Salesforce(settings, sleep=lambda _: None)
        ordinary = list(client.batches("Account", COLUMNS, include_deleted=everything))
        bulk = list(client.batches("Account", COLUMNS, include_deleted=everything, bulk_above=0))
        client.close()
    assert rows(bulk) == rows(ordinary)
    assert rejections(bulk) == rejections(ordinary)
    assert {batch.table.schema for batch in bulk} == {ordinary[0].table.schema}


def rejections(batches: list[Batch]):
    return sorted((rejected.id, rejected.reason) for batch in batches for rejected in batch.rejected)


def test_tables_of_both_readers_have_one_schema():
    assert CsvReader(COLUMNS).schema == CsvReader(COLUMNS).read(b"")[0].schema
    assert CsvReader(COLUMNS).schema.field("SystemModstamp").type == pa.timestamp("us")
