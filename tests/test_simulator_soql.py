"""SOQL is parsed and compared as Salesforce does, and refused in its words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.dataset import Dataset
from simulator.http import Headers, Request
from simulator.salesforce import SalesforceApi
from simulator.salesforce_switches import SalesforceSwitches

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN, BOB = "005000000000001AAA", "005000000000002AAA"


def account(number: int, **fields) -> dict:
    return {"Id": f"00100000000{number:04d}AAA", "OwnerId": ANN, **fields}


BOOK = [
    account(1, Name="Acme", AnnualRevenue=100.0, NumberOfEmployees=10, Type="Prospect", IsPersonAccount=True),
    account(2, Name="acme north", AnnualRevenue=None, ParentId="00100000000" + "0001", OwnerId=BOB),
    account(3, Name="Beta_1", AnnualRevenue=50.5, NumberOfEmployees=0, Description="long"),
    account(4, Name="Beta%1", AnnualRevenue=-3.0, ParentId="001000000000002AAA"),
]
PEOPLE = [
    {"Id": ANN, "FirstName": "Ann", "LastName": "Lee", "ManagerId": BOB},
    {"Id": BOB, "LastName": "Bo", "IsActive": False},
]
DEALS = [
    {"Id": "006000000000001AAA", "Name": "One", "AccountId": BOOK[3]["Id"], "CloseDate": "2026-03-01",
     "CreatedDate": "2026-01-01T10:00:00.000+0000"},
    {"Id": "006000000000002AAA", "Name": "Two", "AccountId": BOOK[0]["Id"], "CloseDate": "2026-04-01",
     "CreatedDate": "2026-01-01T12:00:00+02:00"},
    {"Id": "006000000000003AAA", "Name": "Three", "AccountId": None, "CloseDate": None},
]  # fmt: skip


def api(records=None, schema=None, **switches) -> SalesforceApi:
    records = records or {"Account": BOOK, "User": PEOPLE, "Opportunity": DEALS, "Task": []}
    dataset = Dataset(salesforce=records, schema=schema or {})
    return SalesforceApi(dataset, clock=lambda: NOW, switches=SalesforceSwitches(**switches))


def get(service: SalesforceApi, path: str, headers: dict[str, str] | None = None, **query: str):
    wanted = Headers({"Authorization": "Bearer simulator", **(headers or {})})
    asked = {name: [value] for name, value in query.items()}
    response = service.handle(Request("GET", path, asked, wanted, b"", NOW, "http://127.0.0.1:1"))
    return response.status, json.loads(response.body)


def run(soql: str, service: SalesforceApi | None = None) -> dict:
    status, answer = get(service or API, "/services/data/v62.0/query", q=soql)
    assert status == 200, answer
    return answer


def names(where: str, source: str = "Account") -> list[str]:
    return [row["Name"] for row in run(f"SELECT Name FROM {source} WHERE {where}")["records"]]


def refused(soql: str, service: SalesforceApi | None = None) -> tuple[str, str]:
    status, answer = get(service or API, "/services/data/v62.0/query", q=soql)
    assert status == 400, answer
    assert isinstance(answer, list)
    assert set(answer[0]) == {"message", "errorCode"}
    return answer[0]["errorCode"], answer[0]["message"]


API = api()


def test_a_row_has_its_attributes_its_fields_in_order_and_its_parents():
    answer = run("SELECT Name, Id, Owner.Name, Owner.Manager.LastName FROM Account WHERE Name = 'Acme'")
    assert answer == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {
                    "type": "Account",
                    "url": f"/services/data/v62.0/sobjects/Account/{BOOK[0]['Id']}",
                },
                "Name": "Acme",
                "Id": BOOK[0]["Id"],
                "Owner": {
                    "attributes": {"type": "User", "url": f"/services/data/v62.0/sobjects/User/{ANN}"},
                    "Name": "Ann Lee",
                    "Manager": {
                        "attributes": {"type": "User", "url": f"/services/data/v62.0/sobjects/User/{BOB}"},
                        "LastName": "Bo",
                    },
                },
            }
        ],
    }
    assert list(answer["records"][0]) == ["attributes", "Name", "Id", "Owner"]


def test_names_are_found_in_any_case_and_answered_in_their_own():
    row = run("select NAME, owner.NAME from ACCOUNT where name = 'acme'")["records"][0]
    assert (row["Name"], row["Owner"]["Name"]) == ("Acme", "Ann Lee")


def test_a_parent_that_is_not_there_is_null():
    row = run("SELECT Name, Account.Name FROM Opportunity WHERE Name = 'Three'")["records"][0]
    assert row["Account"] is None


def test_parents_are_followed_up_to_five_levels():
    path = "Account.Parent.Parent.Owner.Manager"
    row = run(f"SELECT {path}.LastName FROM Opportunity WHERE Name = 'One'")["records"][0]
    assert row["Account"]["Parent"]["Parent"]["Owner"]["Manager"]["LastName"] == "Bo"
    code, message = refused(f"SELECT {path}.Manager.LastName FROM Opportunity")
    assert (code, "5 levels" in message) == ("MALFORMED_QUERY", True)


def test_count_gives_a_size_and_no_rows():
    assert run("SELECT COUNT() FROM Account WHERE Name LIKE 'b%'") == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'ACME'", ["Acme"]),
        ("Name != 'acme'", ["acme north", "Beta_1", "Beta%1"]),
        ("Name <> 'acme'", ["acme north", "Beta_1", "Beta%1"]),
        ("Type != 'Prospect'", ["acme north", "Beta_1", "Beta%1"]),
        ("Type NOT IN ('Prospect')", ["acme north", "Beta_1", "Beta%1"]),
        ("Type = null", ["acme north", "Beta_1", "Beta%1"]),
        ("Type = ''", ["acme north", "Beta_1", "Beta%1"]),
        ("Type != null", ["Acme"]),
        ("AnnualRevenue > 0", ["Acme", "Beta_1"]),
        ("AnnualRevenue <= 50.5", ["Beta_1", "Beta%1"]),
        ("(NOT AnnualRevenue > 0)", ["acme north", "Beta%1"]),
        ("AnnualRevenue = -3", ["Beta%1"]),
        ("NumberOfEmployees IN (0, 7)", ["Beta_1"]),
        ("NumberOfEmployees < 1e1", ["Beta_1"]),
        ("IsPersonAccount = TRUE", ["Acme"]),
        ("IsPersonAccount != true", ["acme north", "Beta_1", "Beta%1"]),
        ("Name LIKE 'acme%'", ["Acme", "acme north"]),
        ("Name LIKE 'beta_1'", ["Beta_1", "Beta%1"]),
        (r"Name LIKE 'beta\_1'", ["Beta_1"]),
        (r"Name LIKE '%\%%'", ["Beta%1"]),
        ("(NOT Name LIKE '%a%')", []),
        ("Name >= 'beta'", ["Beta_1", "Beta%1"]),
        ("Name = 'Acme' OR Name = 'Beta_1'", ["Acme", "Beta_1"]),
        ("(Name = 'Acme' OR Name = 'Beta_1') AND AnnualRevenue < 60", ["Beta_1"]),
        (f"OwnerId = '{BOB}'", ["acme north"]),
        (f"OwnerId = '{BOB[:15]}'", ["acme north"]),
        (f"OwnerId IN ('{BOB[:15]}', null)", ["acme north"]),
        ("ParentId = '001000000000001AAA'", ["acme north"]),
        ("Parent.Name = 'acme'", ["acme north"]),
        ("Owner.IsActive = false", ["acme north"]),
        ("Parent.Owner.LastName = 'bo'", ["Beta%1"]),
        ("Account.Name = 'Acme'", ["Acme"]),
    ],
)
def test_conditions_hold_as_in_salesforce(where, expected):
    assert names(where) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("CloseDate >= 2026-04-01", ["Two"]),
        ("CloseDate = 2026-03-01", ["One"]),
        ("CloseDate != 2026-03-01", ["Two", "Three"]),
        ("CreatedDate = 2026-01-01T10:00:00Z", ["One", "Two"]),
        ("CreatedDate > 2026-01-01T09:59:59.999+00:00", ["One", "Two", "Three"]),
        ("CreatedDate < 2026-01-01T11:00:00+0100", []),
        ("Account.Name != 'Acme'", ["One", "Three"]),
    ],
)
def test_dates_are_compared_unquoted_and_moments_across_offsets(where, expected):
    assert names(where, "Opportunity") == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("AnnualRevenue", ["acme north", "Beta%1", "Beta_1", "Acme"]),
        ("AnnualRevenue ASC NULLS LAST", ["Beta%1", "Beta_1", "Acme", "acme north"]),
        ("AnnualRevenue DESC NULLS LAST", ["Acme", "Beta_1", "Beta%1", "acme north"]),
        ("AnnualRevenue DESC", ["acme north", "Acme", "Beta_1", "Beta%1"]),
        ("Type NULLS LAST, Name DESC", ["Acme", "Beta_1", "Beta%1", "acme north"]),
        ("Owner.LastName, Id DESC LIMIT 2", ["acme north", "Beta%1"]),
        ("Name LIMIT 2 OFFSET 1", ["acme north", "Beta%1"]),
        ("Name LIMIT 0", []),
    ],
)
def test_rows_come_in_the_order_asked_for(order, expected):
    assert [row["Name"] for row in run(f"SELECT Name FROM Account ORDER BY {order}")["records"]] == expected


def test_whether_empty_values_lead_a_descending_order_is_a_switch():
    rows = run("SELECT Name FROM Account ORDER BY AnnualRevenue DESC", api(descending_nulls_first=False))
    assert rows["records"][-1]["Name"] == "acme north"


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'."),
        ("SELECT Id FROM Account WHERE Foo__c = 1", "INVALID_FIELD", "No such column 'Foo__c' on entity 'Account'."),
        ("SELECT Id FROM Account ORDER BY Foo", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'."),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path."),
        ("SELECT Owner.Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'User'."),
        ("SELECT Id FROM Acount", "INVALID_TYPE", "sObject type 'Acount' is not supported."),
        ("SELECT Id FROM Contact", "INVALID_TYPE", "sObject type 'Contact' is not supported."),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
        ("SELECT Id FROM Account WHERE AnnualRevenue = '5'", "INVALID_FIELD", "must be of type double and should not be enclosed in quotes"),
        ("SELECT Id FROM Account WHERE NumberOfEmployees = '5'", "INVALID_FIELD", "must be of type int and should not be enclosed in quotes"),
        ("SELECT Id FROM Account WHERE IsDeleted = 'x'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'", "INVALID_FIELD", "must be of type date and should not be enclosed in quotes"),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = 2026-13-01", "MALFORMED_QUERY", "invalid date"),
        ("SELECT Id FROM Account WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nonsense"),
        ("SELECT Id FROM Account WHERE OwnerId LIKE '005%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid"),
        ("SELECT Id FROM Account WHERE IsDeleted > false", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD", "can not be sorted in a query call"),
        ("SELECT Id, id FROM Account", "MALFORMED_QUERY", "duplicate field selected: id"),
        ("SELECT FROM Account", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY", "unexpected token: 'OR'"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND NOT Name = 'b'", "MALFORMED_QUERY", "unexpected token: 'NOT'"),
        ('SELECT Id FROM Account WHERE Name = "a"', "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY", "unexpected token"),
        (r"SELECT Id FROM Account WHERE Name = 'a\q'", "MALFORMED_QUERY", "Illegal character sequence"),
        ("SELECT Id FROM Account WHERE Name IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Account; DROP", "MALFORMED_QUERY", "unexpected token: ';'"),
        ("SELECT Id FROM Account LIMIT 1 LIMIT 2", "MALFORMED_QUERY", "unexpected token: 'LIMIT'"),
        ("SELECT COUNT(Id) FROM Account", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        (f"SELECT Id FROM Account WHERE Name = '{'x' * 4001}'", "MALFORMED_QUERY", "string literal"),
        (f"SELECT Id FROM Account WHERE Name = 'a'{' ' * 100_000}", "MALFORMED_QUERY", "cannot be longer than 100000"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_code_and_text(soql, code, text):
    got, message = refused(soql)
    assert got == code
    assert text in message


def test_a_refusal_points_at_the_place():
    _, message = refused("SELECT Id\nFROM Account WHERE Foo = 1")
    assert "ERROR at Row:2:Column:20" in message
    excerpt, pointer = message.split("\n")[1:3]
    assert excerpt[pointer.index("^") :].startswith("Foo")


def test_a_hidden_field_does_not_exist_for_any_clause():
    blind = api(schema={"Account": {"hidden": ["AnnualRevenue"]}})
    for soql in (
        "SELECT AnnualRevenue FROM Account",
        "SELECT Id FROM Account WHERE AnnualRevenue > 1",
        "SELECT Id FROM Account ORDER BY AnnualRevenue",
        "SELECT Account.AnnualRevenue FROM Opportunity",
    ):
        code, message = refused(soql, blind)
        assert code == "INVALID_FIELD"
        assert "No such column 'AnnualRevenue' on entity 'Account'" in message


def test_a_hidden_object_is_no_type_and_no_parent():
    blind = api(schema={"Account": {"hidden": True}})
    assert refused("SELECT Id FROM Account", blind)[0] == "INVALID_TYPE"
    assert refused("SELECT Account.Name FROM Opportunity", blind)[0] == "INVALID_FIELD"


def test_a_key_that_a_record_holds_is_a_field_of_a_type_that_fits():
    records = {
        "Account": [
            account(1, Name="A", Tier__c="gold", Score__c=3, Since__c="2020-01-01", Vip__c=True,
                    Seen__c="2020-01-01T00:00:00Z", Empty__c=None, Owner={"Name": "not a field"}),
        ]
    }  # fmt: skip
    service = api(records)
    where = "Tier__c = 'GOLD' AND Score__c > 2.5 AND Since__c < 2021-01-01 AND Vip__c = true"
    where += " AND Seen__c = 2020-01-01T00:00:00Z AND Empty__c = null"
    assert run(f"SELECT Score__c FROM Account WHERE {where}", service)["records"][0]["Score__c"] == 3.0


def test_the_parent_of_several_types_answers_as_a_name():
    task = {"Id": "00T000000000001AAA", "WhatId": BOOK[0]["Id"], "OwnerId": ANN, "Subject": "Call"}
    service = api({"Account": BOOK, "User": PEOPLE, "Task": [task]})
    row = run("SELECT What.Name, What.Type, Who.Name FROM Task", service)["records"][0]
    assert row["Who"] is None
    assert row["What"]["attributes"] == {
        "type": "Name",
        "url": f"/services/data/v62.0/sobjects/Account/{BOOK[0]['Id']}",
    }
    assert (row["What"]["Name"], row["What"]["Type"]) == ("Acme", "Account")
    assert refused("SELECT What.Industry FROM Task", service)[0] == "INVALID_FIELD"


QUOTED = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(value=texts, other=texts)
def test_any_quoted_text_is_found_again_and_no_other(value, other):
    service = api({"Account": [account(1, Name=value), account(2, Name=other)]})
    found = run(f"SELECT Name FROM Account WHERE Name = '{value.translate(QUOTED)}'", service)
    expected = [text for text in (value, other) if text.lower() == value.lower()]
    assert [row["Name"] for row in found["records"]] == expected


@given(value=texts, pattern=st.text("ab%_\\'", max_size=6))
def test_like_agrees_with_a_pattern_written_by_hand(value, pattern):
    service = api({"Account": [account(1, Name=value)]})
    literal = pattern.replace("\\", "\\\\").replace("'", "\\'")
    by_hand = re.escape(pattern).replace("%", ".*").replace("_", ".")
    expected = re.fullmatch(by_hand, value, re.DOTALL | re.IGNORECASE) is not None
    if pattern:
        found = run(f"SELECT Id FROM Account WHERE Name LIKE '{literal}'", service)
        assert (found["totalSize"] == 1) is expected


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=30))
def test_the_order_of_rows_is_a_law(values):
    records = [account(place, Name="x", NumberOfEmployees=value) for place, value in enumerate(values)]
    service = api({"Account": records})
    found = run(
        "SELECT Id, NumberOfEmployees FROM Account ORDER BY NumberOfEmployees NULLS LAST, Id", service
    )
    keys = [
        (row["NumberOfEmployees"] is None, row["NumberOfEmployees"] or 0, row["Id"])
        for row in found["records"]
    ]
    assert len(keys) == len(values)
    assert all(before <= after for before, after in pairwise(keys))


def test_pages_follow_the_locator_and_keep_what_the_query_found():
    records = [account(number, Name=f"A{number}") for number in range(450)]
    service = api({"Account": records})
    soql, options = "SELECT Id, Name FROM Account ORDER BY Id", {"Sforce-Query-Options": "batchSize=200"}
    _, page = get(service, "/services/data/v62.0/query", options, q=soql)
    assert (page["totalSize"], page["done"], len(page["records"])) == (450, False, 200)
    assert re.fullmatch(r"/services/data/v62\.0/query/01g\w{15}-200", page["nextRecordsUrl"])
    service.change(records[449]["Id"], Name="renamed later")
    rows = page["records"]
    while not page["done"]:
        _, page = get(service, page["nextRecordsUrl"])
        assert page["totalSize"] == 450
        rows += page["records"]
    assert "nextRecordsUrl" not in page
    assert [row["Name"] for row in rows] == [record["Name"] for record in records]


def test_small_batches_are_raised_and_wide_rows_can_come_in_smaller_pages():
    records = [account(number, Name="A") for number in range(450)]
    path, options = "/services/data/v62.0/query", {"Sforce-Query-Options": "batchSize=5"}
    _, page = get(api({"Account": records}), path, options, q="SELECT Id FROM Account")
    assert len(page["records"]) == 200
    _, page = get(api({"Account": records}, page_rows=7), path, q="SELECT Id FROM Account")
    assert len(page["records"]) == 7


def test_an_unknown_locator_and_the_oldest_of_too_many_are_gone():
    records = [account(number, Name="A") for number in range(3)]
    service = api({"Account": records}, page_rows=2, open_cursors=2)
    pages = [get(service, "/services/data/v62.0/query", q="SELECT Id FROM Account")[1] for _ in range(3)]
    for path in (pages[0]["nextRecordsUrl"], "/services/data/v62.0/query/01g000000000000AAA-2000"):
        status, answer = get(service, path)
        assert (status, answer[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
    assert get(service, pages[1]["nextRecordsUrl"])[1]["done"]


def test_a_query_without_text_is_malformed():
    status, answer = get(API, "/services/data/v62.0/query")
    assert (status, answer[0]["errorCode"]) == (400, "MALFORMED_QUERY")


def test_a_condition_may_nest_deeply_without_a_crash():
    status, answer = get(
        API,
        "/services/data/v62.0/query",
        q="SELECT Id FROM Account WHERE " + "(" * 5000 + "Id = null" + ")" * 5000,
    )
    assert (status, isinstance(answer, dict)) in {(200, True), (400, False)}


def test_archived_and_deleted_rows_are_in_query_all_only():
    def task(number: int, **fields) -> dict:
        return {
            "Id": f"00T00000000{number:04d}AAA",
            "Subject": f"T{number}",
            "CreatedDate": "2025-01-01T00:00:00Z",
            **fields,
        }

    old, edge, fresh = "2025-11-22", "2025-11-22", "2025-11-23"
    tasks = [
        task(1, Status="Completed", ActivityDate=edge),
        task(2, Status="Completed", ActivityDate=fresh),
        task(3, Status="In Progress", ActivityDate="2020-01-01"),
        task(4, Status="Completed", ActivityDate=None),
        task(5, Status="Completed", ActivityDate=None, CreatedDate="2026-01-01T00:00:00Z"),
        task(6, Status="Not Started", IsDeleted=True),
    ]
    events = [
        {"Id": "00U000000000001AAA", "EndDateTime": "2025-11-21T23:00:00Z", "Subject": "E1"},
        {"Id": "00U000000000002AAA", "EndDateTime": f"{old}T10:00:00Z", "Subject": "E2"},
    ]
    service = api({"Task": tasks, "Event": events})

    def subjects(kind: str, soql: str) -> list[str]:
        return [row["Subject"] for row in get(service, f"/services/data/v62.0/{kind}", q=soql)[1]["records"]]

    assert subjects("query", "SELECT Subject FROM Task") == ["T2", "T3", "T5"]
    assert subjects("queryAll", "SELECT Subject FROM Task") == ["T1", "T2", "T3", "T4", "T5", "T6"]
    assert subjects("queryAll", "SELECT Subject FROM Task WHERE IsArchived = true") == ["T1", "T4"]
    assert subjects("queryAll", "SELECT Subject FROM Task WHERE IsDeleted = true") == ["T6"]
    assert subjects("query", "SELECT Subject FROM Event") == ["E2"]
    assert subjects("queryAll", "SELECT Subject FROM Event") == ["E1", "E2"]
