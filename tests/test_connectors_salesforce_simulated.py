"""The client of Salesforce against the simulated org over HTTP: whole conversations, also under faults."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import soql
from connectors.batches import Column
from connectors.errors import (
    ConnectorError,
    CursorExpired,
    OutcomeUnknown,
    QuotaSpent,
    RequestRefused,
    SignInRefused,
)
from connectors.salesforce import ApiUsage, Organization, Salesforce, SalesforceSettings
from simulator.dataset import Dataset
from simulator.faults import FaultSchedule
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
STAMP = "2026-11-01T08:00:00.000+0000"
COLUMNS = (
    Column("Id", "id"),
    Column("Name", "text"),
    Column("IsDeleted", "boolean"),
    Column("AnnualRevenue", "decimal"),
    Column("NumberOfEmployees", "integer"),
    Column("SystemModstamp", "timestamp"),
)
KEY_FIELD = {
    "name": "Rapport_Key__c",
    "label": "Key",
    "type": "string",
    "length": 80,
    "externalId": True,
    "unique": True,
}
SCORE_FIELD = {"name": "Rapport_Health__c", "label": "Health", "type": "double", "precision": 3, "scale": 0}


def key(number, prefix="001"):
    return f"{prefix}{number:012d}AAA"


def company(accounts=7):
    return Dataset(
        salesforce={
            "Organization": [{"Id": key(1, "00D"), "Name": "Acme", "IsSandbox": False}],
            "User": [{"Id": key(1, "005"), "Name": "Anna", "Username": "anna@example.com", "IsActive": True}],
            "Account": [
                {
                    "Id": key(number),
                    "Name": f"Größe {number}",
                    "OwnerId": key(1, "005"),
                    "IsDeleted": number == 3,
                    "AnnualRevenue": number + 0.5,
                    "NumberOfEmployees": number,
                    "CreatedDate": STAMP,
                    "LastModifiedDate": STAMP,
                    "SystemModstamp": STAMP,
                }
                for number in range(1, accounts + 1)
            ],
            "Task": [],
        },
        schema={
            "Account": {"fields": [SCORE_FIELD]},
            "Task": {"fields": [KEY_FIELD]},
            "Asset": {"hidden": True},
        },
    )


@pytest.fixture
def serve(request):
    started = []

    def start(dataset=None, *, faults=None, **switches):
        simulator = Simulator(
            dataset or company(),
            now=NOW,
            sleep=lambda _: None,
            faults=faults,
            switches=Switches(salesforce=SalesforceSwitches(**switches)),
        )
        started.append(simulator)
        return simulator

    yield start
    for simulator in started:
        simulator.stop()


def connect(simulator, **settings):
    settings = {"client_id": "any client id", "client_secret": "any client secret"} | settings
    return Salesforce(
        SalesforceSettings(simulator.salesforce_url, settings.pop("auth", "client_credentials"), **settings),
        sleep=lambda _: None,
        rng=random.Random(1),
    )


def names(batches):
    return [name for batch in batches for name in batch.table["Name"].to_pylist()]


def test_a_conversation_from_sign_in_to_a_written_task(serve):
    simulator = serve()
    client = connect(simulator)
    assert client.sign_in().name == "Acme"
    assert client.describe("Account")["Rapport_Health__c"].precision == 3
    assert client.describe("Task")["Rapport_Key__c"].id_lookup
    assert client.describe("Asset") is None
    assert client.describe("NoSuchThing__c") is None
    assert client.update("Account", [{"Id": key(1), "Rapport_Health__c": 83}])[0].ok
    (made,) = client.create(
        "Task", [{"Subject": "Call back", "WhatId": key(1), "Rapport_Key__c": "call_back|1"}]
    )
    found = client.select(
        "Task", ["Id", "Subject", "What.Name"], where=soql.equals("Rapport_Key__c", "call_back|1")
    )
    assert found == [{"Id": made.id, "Subject": "Call back", "What": {"Name": "Größe 1"}}]
    assert client.delete("Task", [made.id])[0].ok
    assert client.server_time() == NOW
    counted = simulator.calls()["salesforce"]
    assert (client.calls.read, client.calls.write) == (counted["read"], counted["write"])
    assert client.limits.maximum == 100_000


def test_sign_in_says_where_and_who_we_are(serve):
    found = connect(serve()).sign_in()
    assert isinstance(found, Organization)
    assert (found.id, found.name, found.is_sandbox) == (key(1, "00D"), "Acme", False)


def test_all_rows_come_typed_deleted_ones_included_only_when_asked(serve):
    client = connect(serve())
    rows = [row for batch in client.batches("Account", COLUMNS) for row in batch.table.to_pylist()]
    assert [row["NumberOfEmployees"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["Id"] for row in rows if row["IsDeleted"]] == [key(3)]
    assert rows[0]["SystemModstamp"] == datetime(2026, 11, 1, 8)  # noqa: DTZ001 - naive UTC in the store
    assert len(names(client.batches("Account", COLUMNS, include_deleted=False))) == 6


def test_many_pages_bring_every_row_once(serve):
    client = connect(serve(company(2_345), page_rows=200))
    batches = list(client.batches("Account", COLUMNS))
    assert len(batches) == 12
    assert sorted(names(batches)) == sorted(f"Größe {number}" for number in range(1, 2_346))
    assert {batch.server_time for batch in batches} == {NOW}


def test_what_is_read_is_what_was_written_whatever_the_text(serve):
    simulator = serve()
    client = connect(simulator)

    @settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
    @given(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
        st.integers(0, 10**9),
    )
    def round_trip(text, number):
        value = f"{number}{text}'\\".strip()
        (made,) = client.create("Task", [{"Subject": "x", "Rapport_Key__c": value}])
        if made.ok:  # the same text in other capitals is a duplicate
            found = client.select(
                "Task", ["Id", "Rapport_Key__c"], where=soql.equals("Rapport_Key__c", value)
            )
            assert found == [{"Id": made.id, "Rapport_Key__c": value}]
            client.delete("Task", [made.id])

    round_trip()


def test_a_field_that_is_not_there_is_named(serve):
    client = connect(serve())
    with pytest.raises(RequestRefused, match="No such column 'Nope__c'") as caught:
        names(client.batches("Account", [*COLUMNS, Column("Nope__c", "text")]))
    assert caught.value.code == "INVALID_FIELD"


def test_one_refused_record_does_not_hold_up_the_others(serve):
    client = connect(serve())
    results = client.update(
        "Account",
        [
            {"Id": key(1), "Rapport_Health__c": 1},
            {"Id": key(999), "Rapport_Health__c": 1},
            {"Id": key(2), "Name": "x" * 300},
        ],
    )
    assert [each.ok for each in results] == [True, False, False]
    assert results[2].code == "STRING_TOO_LONG"
    assert results[2].fields == ("Name",)
    assert all(each.message for each in results[1:])


@pytest.mark.parametrize(
    "credentials",
    [
        {"client_secret": "wrong"},
        {"client_id": "wrong"},
        {"auth": "access_token", "access_token": "some other token"[:4]},
    ],
)
def test_wrong_credentials_are_refused_in_words(serve, credentials):
    with pytest.raises(SignInRefused) as caught:
        connect(serve(), **credentials).sign_in()
    assert caught.value.message.startswith("Salesforce ")
    assert caught.value.advice


def test_an_access_token_is_enough(serve):
    assert connect(serve(), auth="access_token", access_token="simulator").sign_in().id == key(1, "00D")


def test_a_version_beyond_the_newest_is_refused_in_words(serve):
    with pytest.raises(RequestRefused, match=r"no API version 99.0"):
        connect(serve(), api_version="99.0").sign_in()


def test_the_calls_of_the_day_end_the_run(serve):
    client = connect(serve(daily_limit=20, calls_spent=20))
    with pytest.raises(QuotaSpent):
        names(client.batches("Account", COLUMNS))


def test_one_run_takes_no_more_than_its_share_of_what_the_org_has_left(serve):
    simulator = serve(daily_limit=1_000, calls_spent=980)
    settings = SalesforceSettings(
        instance_url=simulator.salesforce_url, auth="access_token", access_token="simulator"
    )
    client = Salesforce(settings, api_share=0.5, sleep=lambda _: None)
    for _ in range(10):
        client.describe("Account")
    with pytest.raises(QuotaSpent, match="50% of what was left"):
        client.describe("Account")
    assert client.calls.read == 1 + 9  # the org had 19 left after the first answer


def test_usage_is_known_after_the_first_answer(serve):
    client = connect(serve(calls_spent=500))
    client.describe("Account")
    assert client.limits == ApiUsage(501, 100_000)


def test_a_long_look_up_reaches_the_org_in_parts(serve):
    client = connect(serve(company(1_200)))
    found = client.select_in("Account", ["Id"], "Id", [key(number) for number in range(1, 1_201)])
    assert len(found) == 1_199  # one is deleted


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["429", "503", "500", "401", "reset", "lost", "truncate", "slow"])
def test_reading_under_faults_brings_every_row(serve, kind, seed):
    client = connect(serve(company(900), faults=FaultSchedule(seed, 0.5, (kind,)), page_rows=200))
    client.sign_in()
    assert len(set(names(client.batches("Account", COLUMNS)))) == 900


def test_a_locator_that_expires_restarts_the_query(serve):
    ended = set()
    for seed in range(12):
        client = connect(serve(company(450), faults=FaultSchedule(seed, 0.4, ("cursor",)), page_rows=200))
        try:
            assert len(set(names(client.batches("Account", COLUMNS)))) == 450
        except CursorExpired:
            ended.add("gave up")
        else:
            ended.add("restarted" if client.calls.read > 4 else "undisturbed")
    assert "restarted" in ended


@pytest.mark.parametrize("seed", range(8))
def test_updates_under_faults_end_as_asked(serve, seed):
    kinds = ("429", "503", "500", "401", "reset", "lost", "truncate", "lock")
    simulator = serve(company(40), faults=FaultSchedule(seed, 0.5, kinds))
    client = connect(simulator)
    results = client.update(
        "Account", [{"Id": key(n), "Rapport_Health__c": n} for n in range(1, 41) if n != 3]
    )
    stored = {
        record["Id"]: record.get("Rapport_Health__c") for record in simulator.state()["salesforce"]["Account"]
    }
    for number, result in zip([n for n in range(1, 41) if n != 3], results, strict=True):
        assert result.ok
        assert stored[key(number)] == number


@pytest.mark.parametrize("seed", range(12))
def test_creates_under_faults_are_never_doubled(serve, seed):
    simulator = serve(
        faults=FaultSchedule(seed, 0.5, ("429", "503", "500", "401", "reset", "lost", "truncate", "lock"))
    )
    client = connect(simulator)
    sure, unknown = [], []
    for number in range(12):
        subjects = [f"task {number} {place}" for place in range(3)]
        try:
            results = client.create("Task", [{"Subject": subject} for subject in subjects])
        except OutcomeUnknown as lost:
            sure += [subjects[result.index] for result in lost.results if result.ok]
            unknown += subjects
        except ConnectorError:
            pass
        else:
            sure += [subjects[result.index] for result in results if result.ok]
    stored = [record["Subject"] for record in simulator.state()["salesforce"]["Task"]]
    assert len(stored) == len(set(stored))
    assert set(sure) <= set(stored) <= set(sure) | set(unknown)


@pytest.mark.parametrize("seed", range(4))
def test_upserts_under_faults_leave_one_record_for_each_key(serve, seed):
    kinds = ("429", "503", "500", "401", "reset", "lost", "truncate", "lock")
    simulator = serve(faults=FaultSchedule(seed, 0.5, kinds))
    client = connect(simulator)
    for day in ("first", "second"):
        rows = [{"Rapport_Key__c": f"source {n}", "Subject": f"{day} {n}"} for n in range(3)]
        results = client.upsert("Task", "Rapport_Key__c", rows)
        assert all(result.ok for result in results)
        stored = {row["Id"]: row["Subject"] for row in simulator.state()["salesforce"]["Task"]}
        assert [stored[result.id] for result in results] == [row["Subject"] for row in rows]
        assert len(stored) == 3
    for wrong in (
        [{"Subject": "no key"}],
        [{"Rapport_Key__c": "twice"}, {"Rapport_Key__c": "twice"}],
        [{"Rapport_Key__c": "k", "Id": key(1, "00T")}],
    ):
        with pytest.raises(ValueError, match="of its own"):
            client.upsert("Task", "Rapport_Key__c", wrong)
