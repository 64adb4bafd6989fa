"""The simulated Salesforce over real HTTP: with requests, with simple-salesforce as it is, and against recordings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from simulator.dataset import Dataset, DatasetError
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
V = "/services/data/v62.0"
ANN, OLD = "005000000000001AAA", "005000000000002AAA"
ACME, BETA, GONE = "001000000000001AAA", "001000000000002AAA", "001000000000003AAA"
CARLA = "003000000000001AAA"
DEAL = "006000000000001AAA"
RECORDINGS = Path(__file__).parents[2] / "shared" / "fixtures" / "salesforce"

SCHEMA = {
    "Account": {
        "fields": [
            {"name": "Score__c", "type": "double", "precision": 3, "scale": 0, "label": "Score"},
            {"name": "Share__c", "type": "percent", "precision": 5, "scale": 2},
            {"name": "Band__c", "type": "picklist", "picklistValues": ["Green", "Red"], "label": "Band"},
            {"name": "Why__c", "type": "textarea", "length": 200},
            {"name": "Seen__c", "type": "datetime"},
            {"name": "Day__c", "type": "date"},
        ],
        "hidden": ["Sic"],
        "validationRules": [
            {
                "when": "Name LIKE 'locked%' AND Phone = null",
                "message": "Give a phone number",
                "field": "Phone",
            }
        ],
    },
    "Task": {
        "fields": [
            {
                "name": "Key__c",
                "type": "string",
                "length": 80,
                "externalId": True,
                "unique": True,
                "label": "Key",
            }
        ]
    },
    "Contract": {"hidden": True},
}


def dataset() -> Dataset:
    return Dataset(
        salesforce={
            "Account": [
                {"Id": ACME, "Name": "Acme", "OwnerId": OLD},
                {"Id": BETA, "Name": "Beta", "OwnerId": ANN},
                {"Id": GONE, "Name": "Gone", "OwnerId": ANN, "IsDeleted": True, "MasterRecordId": ACME},
            ],
            "Contact": [{"Id": CARLA, "LastName": "Diaz", "FirstName": "Carla", "AccountId": ACME}],
            "Opportunity": [{"Id": DEAL, "Name": "Deal", "AccountId": BETA, "StageName": "Closed Won"}],
            "User": [
                {"Id": ANN, "LastName": "Lee", "Username": "ann@example.com"},
                {"Id": OLD, "LastName": "Ex", "Username": "ex@example.com", "IsActive": False},
            ],
            "Task": [],
            "Contract": [],
        },
        schema=SCHEMA,
    )


class Client:
    """A thin client: one session with the well-known token."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer simulator"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        url = self.simulator.salesforce_url + (path if path.startswith("/services") else V + path)
        return self.session.request(method, url, timeout=10, **options)

    def collect(
        self, method: str, *records: dict[str, Any], to: str = "", **body: Any
    ) -> list[dict[str, Any]]:
        answer = self(method, "/composite/sobjects" + to, json={"records": list(records), **body})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read(self, record_id: str, kind: str = "Account") -> dict[str, Any]:
        answer = self("GET", f"/sobjects/{kind}/{record_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def serving(
    switches: SalesforceSwitches | None = None, now: datetime | None = NOW, data: Dataset | None = None
):
    chosen = Switches(salesforce=switches or SalesforceSwitches())
    return Simulator(data or dataset(), now=now, switches=chosen)


@pytest.fixture
def client():
    with serving() as simulator:
        caller = Client(simulator)
        yield caller
        caller.session.close()


def with_switches(**switches: Any):
    return serving(SalesforceSwitches(**switches))


def account(record_id: str = ACME, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, "Id": record_id, **fields}


def task(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Task"}, "Subject": "Call back", **fields}


def codes(results: list[dict[str, Any]]) -> list[str | None]:
    return [None if result["success"] else result["errors"][0]["statusCode"] for result in results]


# Signing in


@pytest.mark.parametrize("how", ["basic", "body"])
def test_client_credentials_give_a_token_that_works(client, how):
    form = {"grant_type": "client_credentials"}
    auth = ("anybody", "anything") if how == "basic" else None
    if how == "body":
        form |= {"client_id": "anybody", "client_secret": "anything"}
    bare = requests.post(
        client.simulator.salesforce_url + "/services/oauth2/token", data=form, auth=auth, timeout=10
    )
    answer = bare.json()
    assert {"access_token", "instance_url", "id", "token_type", "issued_at", "scope", "signature"} == set(
        answer
    )
    assert answer["instance_url"] == client.simulator.salesforce_url
    assert answer["issued_at"] == str(int(NOW.timestamp() * 1000))
    client.session.headers["Authorization"] = f"Bearer {answer['access_token']}"
    assert client("GET", "/limits").status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (
            {"grant_type": "client_credentials", "client_id": "wrong", "client_secret": "x"},
            "invalid_client_id",
        ),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client"),
        ({"grant_type": "password", "client_id": "x", "client_secret": "y"}, "unsupported_grant_type"),
    ],
)
def test_oauth_refuses_with_a_dictionary(client, form, error):
    answer = client("POST", "/services/oauth2/token", data=form, headers={"Authorization": None})
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == error


def test_a_token_nobody_issued_is_an_invalid_session(client):
    answer = client("GET", "/limits", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert client("GET", "/limits", headers={"Authorization": None}).status_code == 401


def test_sessions_end_and_a_new_sign_in_begins_another(client):
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    token = client("POST", "/services/oauth2/token", data=form).json()["access_token"]
    signed_in = {"Authorization": f"Bearer {token}"}
    assert client("GET", "/limits", headers=signed_in).status_code == 200
    with client.simulator.edit() as (org, _):
        org.end_sessions()
    assert client("GET", "/limits", headers=signed_in).json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert client("POST", "/services/oauth2/token", data=form).json()["access_token"] != token


def test_versions_need_no_token_and_retired_or_future_ones_are_refused(client):
    versions = requests.get(client.simulator.salesforce_url + "/services/data/", timeout=10).json()
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert versions[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert client("GET", "/services/data/v30.0/limits").status_code == 410
    assert client("GET", "/services/data/v69.0/limits").status_code == 404
    assert client("GET", "")  # the list of resources
    assert "sobjects" in client("GET", "").json()


# Limits


def test_each_answer_says_how_many_calls_are_spent(client):
    first = client("GET", "/limits")
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert client("GET", "/sobjects/Nothing").headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    assert client("GET", "/limits").json()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_997}


def test_a_spent_day_refuses_every_call():
    with with_switches(daily_limit=10, calls_spent=9) as simulator:
        client = Client(simulator)
        assert client("GET", "/limits").status_code == 200
        answer = client("GET", "/limits")
        assert answer.status_code == 403
        assert answer.json() == [
            {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
        ]
        client.session.close()


def test_records_are_counted_by_object(client):
    answer = client("GET", "/limits/recordCount?sObjects=Account,Contact").json()
    assert answer == {"sObjects": [{"count": 2, "name": "Account"}, {"count": 1, "name": "Contact"}]}


# Describe


def test_describe_shows_declared_fields_and_hides_what_the_user_may_not_see(client):
    fields = {field["name"]: field for field in client("GET", "/sobjects/Account/describe").json()["fields"]}
    assert "Sic" not in fields
    band = fields["Band__c"]
    assert (band["type"], band["restrictedPicklist"], band["custom"], band["updateable"]) == (
        "picklist",
        True,
        True,
        True,
    )
    assert [value["value"] for value in band["picklistValues"]] == ["Green", "Red"]
    key = {f["name"]: f for f in client("GET", "/sobjects/Task/describe").json()["fields"]}["Key__c"]
    assert (key["externalId"], key["unique"], key["idLookup"], key["length"]) == (True, True, True, 80)
    listed = {each["name"] for each in client("GET", "/sobjects").json()["sobjects"]}
    assert listed == {"Account", "Contact", "Opportunity", "Organization", "Task", "TaskStatus", "User"}


@pytest.mark.parametrize("name", ["Contract", "Asset", "Nonsense__c"])
def test_a_hidden_and_a_missing_object_look_alike(client, name):
    answer = client("GET", f"/sobjects/{name}/describe")
    assert answer.status_code == 404
    assert answer.json() == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


def test_a_hidden_object_can_be_an_invalid_type():
    with with_switches(hidden_describe="INVALID_TYPE") as simulator:
        client = Client(simulator)
        answer = client("GET", "/sobjects/Contract/describe")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
        client.session.close()


# Collections


def test_results_come_in_the_order_of_the_request(client):
    results = client.collect(
        "PATCH", account(Name="One"), account("001000000000099AAA"), account(BETA, Name="Two")
    )
    assert results[0] == {"id": ACME, "success": True, "errors": []}
    assert results[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "INVALID_CROSS_REFERENCE_KEY",
                "message": "invalid cross reference id",
                "fields": [],
            }
        ],
    }
    assert results[2]["success"]
    assert (client.read(ACME)["Name"], client.read(BETA)["Name"]) == ("One", "Two")


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"Why__c": "  a\r\nb \r\n"}, {"Why__c": "a\nb"}),
        ({"Why__c": " "}, {"Why__c": None}),
        ({"Name": " Acme AG "}, {"Name": "Acme AG"}),
        ({"Score__c": 82}, {"Score__c": 82.0}),
        ({"Score__c": 82.5}, {"Score__c": 83.0}),
        ({"Score__c": "7"}, {"Score__c": 7.0}),
        ({"Score__c": -0.4}, {"Score__c": 0.0}),
        ({"Score__c": None}, {"Score__c": None}),
        ({"Share__c": 12.345}, {"Share__c": 12.35}),
        ({"Band__c": ""}, {"Band__c": None}),
        ({"Seen__c": "2026-07-24T14:05:58Z"}, {"Seen__c": "2026-07-24T14:05:58.000+0000"}),
        ({"Seen__c": "2026-07-24T16:05:58.123456+02:00"}, {"Seen__c": "2026-07-24T14:05:58.123+0000"}),
        ({"Day__c": "2026-02-28"}, {"Day__c": "2026-02-28"}),
        ({"ParentId": BETA[:15]}, {"ParentId": BETA}),
        ({"NumberOfEmployees": 10.0}, {"NumberOfEmployees": 10}),
        ({"name": "By any case"}, {"Name": "By any case"}),
    ],
)
def test_what_is_written_is_brought_into_salesforces_form(client, fields, stored):
    assert codes(client.collect("PATCH", account(**fields))) == [None]
    record = client.read(ACME)
    assert {name: record[name] for name in stored} == stored


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"Name": "x" * 256}, "STRING_TOO_LONG", ["Name"]),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": "  "}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Band__c": "Purple"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Band__c"]),
        ({"Score__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE", ["Score__c"]),
        ({"Score__c": 999.5}, "NUMBER_OUTSIDE_VALID_RANGE", ["Score__c"]),
        ({"Score__c": 1e300}, "NUMBER_OUTSIDE_VALID_RANGE", ["Score__c"]),
        ({"NumberOfEmployees": 1e10}, "NUMBER_OUTSIDE_VALID_RANGE", ["NumberOfEmployees"]),
        ({"IsDeleted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsDeleted"]),
        ({"OwnerId": "005000000000099AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
        ({"OwnerId": ACME}, "MALFORMED_ID", ["OwnerId"]),
        ({"OwnerId": "somebody"}, "MALFORMED_ID", ["OwnerId"]),
        ({"ParentId": GONE}, "ENTITY_IS_DELETED", ["ParentId"]),
        ({"Name": "Locked Ltd"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION", ["Phone"]),
        ({"Nonsense__c": 1}, "INVALID_FIELD", []),
        ({"Sic": "hidden"}, "INVALID_FIELD", []),
        ({"Day__c": "2026-02-30"}, "JSON_PARSER_ERROR", []),
        ({"Score__c": "many"}, "JSON_PARSER_ERROR", []),
        ({"Name": 5}, "JSON_PARSER_ERROR", []),
    ],
)
def test_a_bad_value_refuses_its_record_alone(client, fields, code, named):
    results = client.collect("PATCH", account(**fields), account(BETA, Name="Fine"))
    assert codes(results) == [code, None]
    assert results[0]["errors"][0]["fields"] == named
    assert client.read(ACME)["Name"] == "Acme"


def test_an_unknown_column_can_fail_the_whole_request():
    with with_switches(bad_field_fails="request") as simulator:
        client = Client(simulator)
        body = {"records": [account(BETA, Name="Fine"), account(Nonsense__c=1)]}
        answer = client("PATCH", "/composite/sobjects", json=body)
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
        assert client.read(BETA)["Name"] == "Beta"
        client.session.close()


def test_the_texts_of_refusals_are_salesforces(client):
    results = client.collect(
        "PATCH",
        account(Nonsense__c=1),
        account(BETA, Band__c="Purple"),
        account(GONE, Name="x"),
        {"attributes": {"type": "Account"}, "Name": "no Id"},
        {"attributes": {"type": "Account"}, "Id": CARLA, "Name": "a contact"},
        {"attributes": {"type": "Asset"}, "Id": DEAL, "Name": "no such object"},
    )
    assert [result["errors"][0]["message"] for result in results[:5]] == [
        "No such column 'Nonsense__c' on sobject of type Account",
        "Band: bad value for restricted picklist field: Purple",
        "entity is deleted",
        "Id not specified in an update call",
        f"Account ID: id value of incorrect type: {CARLA}",
    ]
    assert codes(results) == [
        "INVALID_FIELD",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "ENTITY_IS_DELETED",
        "MISSING_ARGUMENT",
        "MALFORMED_ID",
        "INVALID_TYPE",
    ]


def test_the_same_record_twice_in_one_call_is_refused_the_second_time(client):
    results = client.collect("PATCH", account(Name="First"), account(ACME[:15], Name="Second"))
    assert codes(results) == [None, "DUPLICATE_VALUE"]
    assert client.read(ACME)["Name"] == "First"


def test_all_or_none_takes_everything_back(client):
    good, bad = task(Key__c="a"), task(Key__c="b", Status=None)
    results = client.collect("POST", good, bad, allOrNone=True)
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert client.simulator.state()["salesforce"]["Task"] == []
    assert codes(client.collect("POST", good, allOrNone=True)) == [None]


def test_two_hundred_records_are_the_most(client):
    many = [task(Subject=str(number)) for number in range(201)]
    answer = client("POST", "/composite/sobjects", json={"records": many})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    assert codes(client.collect("POST", *many[:200])) == [None] * 200


def test_a_request_may_change_between_types_ten_times(client):
    mixed = [task() if number % 2 else account(Name="x") for number in range(11)]
    answer = client("POST", "/composite/sobjects", json={"records": mixed})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    "body",
    ["no json", "[]", '{"records": 5}', '{"records": [{"Name": "x"}]}', '{"records": [{"attributes": {}}]}'],
)
def test_a_request_that_is_not_well_formed_fails_as_a_whole(client, body):
    answer = client("PATCH", "/composite/sobjects", data=body)
    assert answer.status_code == 400
    assert set(answer.json()[0]) == {"message", "errorCode"}


def test_records_are_retrieved_by_a_list_of_ids(client):
    answer = client(
        "POST",
        "/composite/sobjects/Account",
        json={"ids": [BETA, "001000000000099AAA", GONE], "fields": ["Name"]},
    )
    assert answer.json() == [
        {"attributes": {"type": "Account", "url": f"{V}/sobjects/Account/{BETA}"}, "Name": "Beta"},
        None,
        None,
    ]
    bad = client("POST", "/composite/sobjects/Account", json={"ids": [BETA], "fields": ["Nope"]})
    assert bad.json()[0]["errorCode"] == "INVALID_FIELD"


def test_deleted_records_stay_in_query_all_with_a_new_stamp(client):
    made = client.collect("POST", task(Key__c="k"))[0]["id"]
    client.simulator.set_now(NOW + timedelta(hours=1))
    answer = client("DELETE", "/composite/sobjects", params={"ids": f"{made},{made},001000000000099AAA"})
    assert codes(answer.json()) == [None, "DUPLICATE_VALUE", "INVALID_CROSS_REFERENCE_KEY"]
    soql = {"q": "SELECT Id, IsDeleted, SystemModstamp FROM Task"}
    assert client("GET", "/query", params=soql).json()["totalSize"] == 0
    row = client("GET", "/queryAll", params=soql).json()["records"][0]
    assert (row["IsDeleted"], row["SystemModstamp"]) == (True, "2026-11-22T13:00:00.000+0000")
    assert client("DELETE", f"/sobjects/Task/{made}").status_code == 404
    assert codes(client.collect("POST", task(Key__c="k"))) == [None]  # its key is free again


# Tasks


def test_a_task_gets_its_defaults_its_account_and_its_stamps(client):
    made = client.collect("POST", task(WhatId=DEAL, OwnerId=ANN), task(WhoId=CARLA), task())
    first, second, third = (client.read(each["id"], "Task") for each in made)
    assert (first["AccountId"], second["AccountId"], third["AccountId"]) == (BETA, ACME, None)
    assert (first["Status"], first["Priority"], first["IsClosed"]) == ("Not Started", "Normal", False)
    assert first["OwnerId"] == ANN
    assert third["OwnerId"] == third["CreatedById"] != ANN
    stamp = "2026-11-22T12:00:00.000+0000"
    assert {first[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")} == {stamp}
    assert made[0]["id"].startswith("00T")
    assert len(made[0]["id"]) == 18


def test_closing_a_task_says_when_and_opening_it_again_forgets(client):
    made = client.collect("POST", task())[0]["id"]
    client.simulator.set_now(NOW + timedelta(hours=2))
    update = {"attributes": {"type": "Task"}, "Id": made}
    client.collect("PATCH", {**update, "Status": "Completed"})
    closed = client.read(made, "Task")
    assert (closed["IsClosed"], closed["CompletedDateTime"]) == (True, "2026-11-22T14:00:00.000+0000")
    client.simulator.set_now(NOW + timedelta(hours=3))
    client.collect("PATCH", {**update, "Subject": "Called"})
    assert client.read(made, "Task")["CompletedDateTime"] == "2026-11-22T14:00:00.000+0000"
    client.collect("PATCH", {**update, "Status": "In Progress"})
    opened = client.read(made, "Task")
    assert (opened["IsClosed"], opened["CompletedDateTime"]) == (False, None)


def test_the_org_says_which_status_is_closed():
    data = dataset()
    data.salesforce["TaskStatus"] = [
        {"Id": "01X000000000001AAA", "MasterLabel": "Offen", "IsClosed": False, "IsDefault": True},
        {"Id": "01X000000000002AAA", "MasterLabel": "Erledigt", "IsClosed": True},
    ]
    with serving(data=data) as simulator:
        client = Client(simulator)
        results = client.collect("POST", task(Status="Erledigt"), task(Status="Completed"), task())
        tasks = [client.read(each["id"], "Task") for each in results]
        assert [each["IsClosed"] for each in tasks] == [True, False, False]
        assert tasks[2]["Status"] == "Offen"
        fields = {f["name"]: f for f in client("GET", "/sobjects/Task/describe").json()["fields"]}
        assert [v["value"] for v in fields["Status"]["picklistValues"]] == ["Offen", "Erledigt"]
        client.session.close()


def test_a_task_is_never_given_to_somebody_who_has_left(client):
    results = client.collect("POST", task(OwnerId=OLD), task(OwnerId=ANN))
    assert codes(results) == ["INACTIVE_OWNER_OR_USER", None]
    assert OLD[:15] in results[0]["errors"][0]["message"]
    assert codes(client.collect("PATCH", account(BETA, OwnerId=OLD))) == [None]  # accounts may be


def test_a_unique_key_names_the_record_that_holds_it(client):
    made = client.collect("POST", task(Key__c="rule|001|1"))[0]["id"]
    results = client.collect("POST", task(Key__c="RULE|001|1"), task(Key__c="other"))
    assert codes(results) == ["DUPLICATE_VALUE", None]
    assert results[0]["errors"][0]["message"] == (
        f"duplicate value found: Key__c duplicates value on record with id: {made[:15]}"
    )
    again = {"attributes": {"type": "Task"}, "Id": made, "Key__c": "rule|001|1"}
    assert codes(client.collect("PATCH", again)) == [None]


def test_a_duplicate_may_go_unnamed():
    with with_switches(duplicate_names_record=False) as simulator:
        client = Client(simulator)
        results = client.collect("POST", task(Key__c="k"), task(Key__c="k"))
        assert "<unknown>" in results[1]["errors"][0]["message"]
        client.session.close()


def test_tasks_are_upserted_by_their_key(client):
    results = client.collect("PATCH", task(Key__c="a"), task(Key__c="b"), to="/Task/Key__c")
    assert [result["created"] for result in results] == [True, True]
    results = client.collect("PATCH", task(Key__c="b", Subject="New"), to="/Task/Key__c")
    assert results[0]["created"] is False
    assert client.read(results[0]["id"], "Task")["Subject"] == "New"
    results = client.collect("PATCH", task(Key__c="c"), task(Key__c="c"), task(), to="/Task/Key__c")
    assert codes(results) == ["DUPLICATE_VALUE", "DUPLICATE_VALUE", "MISSING_ARGUMENT"]


def test_one_task_is_upserted_by_its_key_in_the_path(client):
    made = client("PATCH", "/sobjects/Task/Key__c/rule%7Cx", json={"Subject": "A"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = client("PATCH", "/sobjects/Task/Key__c/rule%7Cx", json={"Subject": "B"})
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    read = client("GET", "/sobjects/Task/Key__c/rule%7Cx", params={"fields": "Subject,Key__c"}).json()
    assert (read["Subject"], read["Key__c"]) == ("B", "rule|x")
    missing = client("PATCH", "/sobjects/Task/Nope__c/x", json={})
    assert missing.status_code == 404
    assert "Provided external ID field does not exist" in missing.json()[0]["message"]


def test_upserts_of_tasks_may_not_be_allowed():
    with with_switches(task_upsert_allowed=False) as simulator:
        client = Client(simulator)
        answer = client("PATCH", "/composite/sobjects/Task/Key__c", json={"records": [task(Key__c="a")]})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
        client.session.close()


# One record


def test_a_single_record_is_made_read_changed_and_deleted(client):
    made = client("POST", "/sobjects/Account", json={"Name": "New"})
    assert made.status_code == 201
    assert set(made.json()) == {"id", "success", "errors"}
    place = f"/sobjects/Account/{made.json()['id']}"
    changed = client("PATCH", place, json={"Name": "Newer"})
    assert (changed.status_code, changed.content) == (204, b"")
    assert client("GET", place).json()["Name"] == "Newer"
    assert client("DELETE", place).status_code == 204
    gone = client("GET", place)
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")


def test_a_single_refusal_is_a_list_with_an_error_code_and_fields(client):
    answer = client("PATCH", f"/sobjects/Account/{ACME}", json={"Name": ""})
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": "Required fields are missing: [Name]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["Name"],
        }
    ]
    answer = client("PATCH", f"/sobjects/Account/{ACME}", json={"Id": ACME, "Name": "x"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"
    assert client("PUT", f"/sobjects/Account/{ACME}").status_code == 405
    assert client("GET", "/sobjects/Account/001000000000099AAA").json()[0]["errorCode"] == "NOT_FOUND"
    assert client("POST", "/sobjects/TaskStatus", json={}).json()[0]["errorCode"] == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    )


def test_no_two_writes_bear_one_stamp_while_the_clock_runs():
    with serving(now=None) as simulator:
        client = Client(simulator)
        stamps = []
        for number in range(3):
            client.collect("PATCH", account(Name=f"N{number}"), account(BETA, Name=f"M{number}"))
            stamps.append(client.read(ACME)["SystemModstamp"])
            assert client.read(BETA)["SystemModstamp"] == stamps[-1]
        assert stamps == sorted(set(stamps))
        assert all(stamp.endswith(".000+0000") for stamp in stamps)
        client.session.close()


# The dataset


def test_ids_of_fifteen_characters_are_served_with_eighteen():
    data = Dataset(
        salesforce={
            "Account": [{"Id": "001A000000aBcDE", "Name": "A", "OwnerId": "005000000000001"}],
            "User": [{"Id": "005000000000001AAA", "LastName": "Lee"}],
        }
    )
    with serving(data=data) as simulator:
        client = Client(simulator)
        record = client.read("001A000000aBcDE")
        assert record["Id"] == "001A000000aBcDEIA0"
        assert record["OwnerId"] == "005000000000001AAA"
        client.session.close()


def test_what_the_dataset_leaves_out_is_derived_and_what_it_says_is_kept():
    data = dataset()
    data.salesforce["Task"].extend(
        [
            {"Id": "00T000000000001AAA", "WhoId": CARLA, "Status": "Completed"},
            {
                "Id": "00T000000000002AAA",
                "WhoId": CARLA,
                "AccountId": None,
                "CompletedDateTime": "2026-01-01T00:00:00Z",
            },
        ]
    )
    with serving(data=data) as simulator:
        tasks = simulator.state()["salesforce"]["Task"]
        assert (tasks[0]["AccountId"], tasks[0]["IsClosed"], tasks[0]["CompletedDateTime"]) == (
            ACME,
            True,
            None,
        )
        assert (tasks[1]["AccountId"], tasks[1]["CompletedDateTime"]) == (
            None,
            "2026-01-01T00:00:00.000+0000",
        )
        state = simulator.state()["salesforce"]
        assert state["Contact"][0]["Name"] == "Carla Diaz"
        assert state["Opportunity"][0]["IsWon"] is True
        assert len(state["Organization"]) == 1
        assert [each["ApiName"] for each in state["TaskStatus"] if each["IsClosed"]] == ["Completed"]


@pytest.mark.parametrize(
    "schema",
    [
        {"Account": {"fields": [{"name": "X__c", "type": "nonsense"}]}},
        {"Account": {"validationRules": [{"when": "Name =", "message": "m"}]}},
        {"Account": {"validationRules": [{"when": "Nope = 'x'", "message": "m"}]}},
    ],
)
def test_a_schema_that_makes_no_sense_is_told_before_anything_is_served(schema):
    with pytest.raises(DatasetError, match=r"schema\.json"):
        serving(data=Dataset(salesforce={"Account": []}, schema=schema))


def test_people_change_records_between_two_requests(client):
    with client.simulator.edit() as (org, _):
        made = org.add(
            "Task", Subject="By hand", WhatId=BETA, CompletedDateTime="2026-01-01T00:00:00Z", OwnerId=OLD
        )
        org.change(ACME, Name="Renamed", LastActivityDate="2026-01-01")
        org.remove(BETA)
    assert client.read(made, "Task")["AccountId"] == BETA
    assert client.read(ACME)["Name"] == "Renamed"
    assert client.read(ACME)["LastActivityDate"] == "2026-01-01"
    assert client("GET", f"/sobjects/Account/{BETA}").status_code == 404
    with client.simulator.edit() as (org, _), pytest.raises(KeyError, match="Nope"):
        org.change(ACME, Nope="x")


# simple-salesforce, as it is


class ToLoopback(HTTPAdapter):
    """The library always says https://; its requests go to the simulator instead."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = urlsplit(base)

    def send(self, request, **options):
        there = urlsplit(request.url)
        request.url = there._replace(scheme=self.base.scheme, netloc=self.base.netloc).geturl()
        return super().send(request, **options)


@pytest.fixture
def library(client):
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", ToLoopback(client.simulator.salesforce_url))
    yield session
    session.close()


def signed_in(session: requests.Session, token: str = "simulator") -> Salesforce:
    return Salesforce(
        session_id=token, instance_url="https://acme.my.salesforce.com", version="62.0", session=session
    )


def test_the_library_signs_in_with_client_credentials(library):
    keys = {"consumer_key": "key", "domain": "acme.my", "version": "62.0", "session": library}
    org = Salesforce(consumer_secret="secret", **keys)
    assert org.query("SELECT COUNT() FROM Account")["totalSize"] == 2
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        Salesforce(consumer_secret="wrong", **keys)


def test_the_library_reads_writes_and_pages(client, library):
    with client.simulator.edit() as (org, _):
        for number in range(2001):
            org.add("Contact", LastName=f"L{number:04d}", AccountId=ACME)
    org = signed_in(library)
    rows = org.query_all("SELECT Id, LastName, Account.Name FROM Contact ORDER BY LastName")
    assert (rows["totalSize"], len(rows["records"]), rows["done"]) == (2002, 2002, True)
    assert rows["records"][0]["Account"]["Name"] == "Acme"
    assert len(list(org.query_all_iter("SELECT Id FROM Account", include_deleted=True))) == 3
    assert org.Account.get(ACME)["Name"] == "Acme"
    assert org.Account.update(ACME, {"Name": "Changed"}) == 204
    assert org.Task.create({"Subject": "x", "Key__c": "k"})["success"] is True
    assert org.Task.upsert("Key__c/k", {"Subject": "y"}) == 200
    assert org.Task.get_by_custom_id("Key__c", "k")["Subject"] == "y"
    assert org.limits()["DailyApiRequests"]["Max"] == 100_000
    assert "Account" in {each["name"] for each in org.describe()["sobjects"]}
    body = {"records": [account(Name="Through restful")]}
    assert org.restful("composite/sobjects", method="PATCH", json=body)[0]["success"] is True
    assert org.api_usage["api-usage"].total == 100_000


def test_the_library_raises_its_own_errors(library):
    org = signed_in(library)
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Nope'"):
        org.query("SELECT Nope FROM Account")
    with pytest.raises(SalesforceResourceNotFound):
        org.Account.get("001000000000099AAA")
    with pytest.raises(SalesforceExpiredSession):
        signed_in(library, "nonsense").query("SELECT Id FROM Account")


# Recordings of the real service


recorded = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")


def recording(name: str) -> Any:
    return json.loads((RECORDINGS / name).read_text())


@recorded
@pytest.mark.parametrize("name", ["Account", "Contact", "Opportunity", "OpportunityContactRole"])
def test_a_description_has_the_keys_and_types_of_a_recorded_one(name):
    data = dataset()
    data.salesforce["OpportunityContactRole"] = []
    real = recording(f"cumulusci-describe/GET_sobjects_{name}_describe.json")
    with serving(data=data) as simulator:
        client = Client(simulator)
        ours = client("GET", f"/sobjects/{name}/describe").json()
        client.session.close()
    assert set(real) <= set(ours)
    for key in (
        "name",
        "label",
        "labelPlural",
        "keyPrefix",
        "createable",
        "updateable",
        "deletable",
        "custom",
    ):
        assert ours[key] == real[key], key
    assert set(real["urls"]) <= set(ours["urls"])
    theirs = {field["name"]: field for field in real["fields"]}
    known = [field for field in ours["fields"] if field["name"] in theirs]
    assert len(known) > 8
    for field in known:
        there = theirs[field["name"]]
        assert set(field) == set(there)
        compared = ("type", "soapType", "relationshipName", "createable", "updateable", "precision", "scale")
        assert [field[key] for key in compared] == [there[key] for key in compared], field["name"]
        assert {key: type(value) for key, value in field.items() if value is not None} == {
            key: type(there[key]) if there[key] is not None else type(value)
            for key, value in field.items()
            if value is not None
        }, field["name"]


@recorded
def test_the_list_of_objects_has_the_shape_of_a_recorded_one(client):
    real = recording("cumulusci-describe/GET_sobjects_Global_describe.json")
    ours = client("GET", "/sobjects").json()
    assert set(ours) == set(real)
    theirs = {each["name"]: each for each in real["sobjects"]}
    for each in ours["sobjects"]:
        if each["name"] in theirs:
            there = theirs[each["name"]]
            assert set(each) == set(there)
            assert (each["keyPrefix"] or None, each["label"]) == (there["keyPrefix"], there["label"])


@recorded
@pytest.mark.parametrize(
    "cassette",
    [
        "TestUpsert.test_simple_upsert__rest.json",
        "TestUpsert.test_upsert_complex_external_id_field__rest.json",
    ],
)
def test_recorded_requests_are_answered_in_the_recorded_shape(client, cassette):
    """The recorded writes and queries are replayed with our Ids in place of theirs."""
    replayed, ours_of = 0, {}
    for item in recording(f"cumulusci-cassettes/{cassette}"):
        text = json.dumps(item)
        for theirs, ours in ours_of.items():
            text = text.replace(theirs, ours)
        sent = json.loads(text)
        uri = urlsplit(sent.get("uri", ""))
        path = uri.path.replace("/services/data/vxx.0", V)
        supported = path.startswith((f"{V}/query", f"{V}/composite/sobjects", f"{V}/limits/recordCount"))
        if not supported or "Opportunities" in uri.query:  # rows of children are not in our subset
            continue
        answer = client(sent["method"], f"{path}?{uri.query}", json=_body(sent["request_body"]))
        real = _body(item["response_body"])
        assert answer.status_code == int(item["status"]), answer.text
        assert answer.headers["Content-Type"] == item["content_type"]
        got = answer.json()
        if isinstance(real, dict):
            assert set(got) == set(real)
            if real.get("records") and got["records"]:
                assert set(got["records"][0]) == set(real["records"][0])
        else:
            assert [set(each) for each in got] == [set(each) for each in real]
            assert [each["success"] for each in got] == [each["success"] for each in real]
            ours_of |= {there["id"]: here["id"] for there, here in zip(real, got, strict=True)}
        replayed += 1
    assert replayed >= 4


def _body(text: Any) -> Any:
    return json.loads(text) if isinstance(text, str) else text


@recorded
@pytest.mark.parametrize(
    ("recorded_error", "path"),
    [
        ("sobject_describe_error_response.json", "/sobjects/Nothing/describe"),
        ("expired_session_response.json", None),
    ],
)
def test_refusals_are_the_recorded_ones(client, recorded_error, path):
    real = recording(f"restforce/{recorded_error}")
    headers = {} if path else {"Authorization": "Bearer old"}
    assert client("GET", path or "/limits", headers=headers).json() == real
