"""The client of Salesforce against single odd answers: pages, refusals, results of writes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connectors import soql
from connectors.batches import Column
from connectors.errors import (
    CursorExpired,
    OutcomeUnknown,
    PermissionRefused,
    QuotaSpent,
    RequestRefused,
    SignInRefused,
    UnexpectedAnswer,
    Unreachable,
)
from connectors.salesforce import (
    CHUNK,
    ApiUsage,
    FieldInfo,
    Organization,
    Salesforce,
    SalesforceSettings,
    WriteResult,
)

ORG = "https://acme.my.salesforce.com"
DATA = f"{ORG}/services/data/v62.0"
COLLECTIONS = f"{DATA}/composite/sobjects"
COLUMNS = (Column("Id", "id"), Column("Name", "text"))
HTML = {"body": "<!DOCTYPE html><html><body>Down for maintenance</body></html>", "content_type": "text/html"}
RECORDINGS = Path("../shared/fixtures/salesforce")


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(waits):
    settings = SalesforceSettings(ORG, "access_token", access_token="00Dxx0000001gPz!AQ.token")
    return Salesforce(settings, sleep=waits.append)


def key(number, prefix="001"):
    return f"{prefix}{number:012d}AAA"


def rows(*numbers, **envelope):
    records = [{"attributes": {"type": "Account"}, "Id": key(each), "Name": f"N{each}"} for each in numbers]
    return {"totalSize": len(records), "done": True, "records": records} | envelope


def more(url):
    return {"done": False, "nextRecordsUrl": url}


def refused(code, message="No."):
    return [{"message": message, "errorCode": code}]


def read(client, **how):
    return [row for batch in client.batches("Account", COLUMNS, **how) for row in batch.table.to_pylist()]


# Reading


def test_pages_are_followed_until_salesforce_says_done_whatever_their_size(org, client):
    org.get(f"{DATA}/queryAll", json=rows(1, 2, **more("/services/data/v62.0/query/01g-2")))
    org.get(f"{DATA}/query/01g-2", json=rows(**more("/services/data/v62.0/query/01g-3")))
    org.get(f"{DATA}/query/01g-3", json=rows(3, nextRecordsUrl="/services/data/v62.0/query/01g-4"))
    batches = list(client.batches("Account", COLUMNS))
    assert [batch.table["Id"].to_pylist() for batch in batches] == [[key(1), key(2)], [], [key(3)]]
    assert client.calls.read == 3


def test_the_query_names_its_fields_and_order_and_includes_deleted_rows(org, client):
    org.get(f"{DATA}/queryAll", json=rows())
    org.get(f"{DATA}/query", json=rows())
    since = datetime(2026, 11, 22, 8, tzinfo=UTC)
    read(client, where=soql.at_least("SystemModstamp", since))
    read(client, include_deleted=False, order_by=("Id",))
    asked = [parse_qs(urlsplit(call.request.url).query)["q"][0] for call in org.calls]
    assert asked == [
        "SELECT Id, Name FROM Account WHERE SystemModstamp >= 2026-11-22T08:00:00Z ORDER BY SystemModstamp, Id",
        "SELECT Id, Name FROM Account ORDER BY Id",
    ]


def test_every_batch_carries_the_servers_clock_of_the_first_page(org, client):
    org.get(
        f"{DATA}/queryAll",
        json=rows(1, **more("/services/data/v62.0/query/2")),
        headers={"Date": "Sun, 22 Nov 2026 08:00:00 GMT"},
    )
    org.get(f"{DATA}/query/2", json=rows(2), headers={"Date": "Sun, 22 Nov 2026 08:09:00 GMT"})
    batches = list(client.batches("Account", COLUMNS))
    assert {batch.server_time for batch in batches} == {datetime(2026, 11, 22, 8, tzinfo=UTC)}
    assert client.server_time() == datetime(2026, 11, 22, 8, 9, tzinfo=UTC)


def test_an_object_without_rows_still_gives_one_batch_with_the_columns(org, client):
    org.get(f"{DATA}/queryAll", json=rows())
    (batch,) = client.batches("Account", COLUMNS)
    assert batch.table.schema.names == ["Id", "Name"]


def test_a_broken_record_is_set_aside_and_the_page_goes_on(org, client):
    page = rows(1, 2)
    page["records"][0]["Name"] = 5
    org.get(f"{DATA}/queryAll", json=page)
    (batch,) = client.batches("Account", COLUMNS)
    assert batch.table["Id"].to_pylist() == [key(2)]
    assert [each.id for each in batch.rejected] == [key(1)]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/services/data/v62.0/query/2",
        "//evil.example/services/data/v62.0/query/2",
        "http://acme.my.salesforce.com/services/data/v62.0/query/2",
        "https://acme.my.salesforce.com.evil.example/services/data/v62.0/query/2",
        "https://acme.my.salesforce.com@evil.example/services/data/v62.0/query/2",
        "/secur/logout.jsp",
        "",
        None,
    ],
)
def test_a_next_page_that_leads_elsewhere_is_not_followed(org, client, url):
    org.get(f"{DATA}/queryAll", json=rows(1, **more(url)))
    with pytest.raises(UnexpectedAnswer, match="not followed"):
        read(client)
    assert len(org.calls) == 1


def test_a_next_page_with_our_own_host_is_followed(org, client):
    org.get(f"{DATA}/queryAll", json=rows(1, **more(f"{DATA}/query/2")))
    org.get(f"{DATA}/query/2", json=rows(2))
    assert len(read(client)) == 2


def test_a_page_address_that_repeats_ends_the_loop(org, client):
    org.get(f"{DATA}/queryAll", json=rows(1, **more("/services/data/v62.0/query/2")))
    org.get(f"{DATA}/query/2", json=rows(2, **more("/services/data/v62.0/query/2")))
    with pytest.raises(UnexpectedAnswer, match="again and again"):
        read(client)
    assert len(org.calls) == 2


def test_empty_pages_without_end_are_ended(org, client):
    def page(request):
        return 200, {}, json.dumps(rows(**more(f"/services/data/v62.0/query/{len(org.calls)}")))

    org.add_callback("GET", f"{DATA}/queryAll", page)
    for number in range(200):
        org.add_callback("GET", f"{DATA}/query/{number}", page)
    with pytest.raises(UnexpectedAnswer, match="again and again"):
        read(client)
    assert len(org.calls) < 100


def test_an_expired_page_restarts_the_query_once(org, client):
    org.get(f"{DATA}/queryAll", json=rows(1, **more("/services/data/v62.0/query/a")))
    org.get(f"{DATA}/query/a", status=400, json=refused("INVALID_QUERY_LOCATOR"))
    org.get(f"{DATA}/queryAll", json=rows(1, **more("/services/data/v62.0/query/b")))
    org.get(f"{DATA}/query/b", json=rows(2))
    assert [row["Id"] for row in read(client)] == [key(1), key(1), key(2)]


def test_a_page_that_expires_again_is_an_error(org, client):
    org.get(f"{DATA}/queryAll", json=rows(1, **more("/services/data/v62.0/query/a")))
    org.get(f"{DATA}/query/a", status=400, json=refused("INVALID_QUERY_LOCATOR"))
    with pytest.raises(CursorExpired):
        read(client)
    with pytest.raises(CursorExpired):
        client.select("Account", ["Id"], where="Id != null", include_deleted=True)
    assert len(org.calls) == 8


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 200, **HTML}, UnexpectedAnswer),
        ({"status": 200, "json": refused("SOMETHING")}, UnexpectedAnswer),
        ({"status": 200, "body": ""}, UnexpectedAnswer),
        ({"status": 404, **HTML}, UnexpectedAnswer),
        ({"status": 400, "body": ""}, UnexpectedAnswer),
        ({"status": 300, "json": ["/a", "/b"]}, UnexpectedAnswer),
        (
            {"status": 400, "json": refused("INVALID_FIELD", "No such column 'X' on entity 'Account'")},
            RequestRefused,
        ),
        ({"status": 400, "json": refused("INVALID_TYPE")}, RequestRefused),
        ({"status": 400, "json": refused("MALFORMED_QUERY")}, RequestRefused),
        ({"status": 400, "json": refused("QUERY_TIMEOUT")}, RequestRefused),
        ({"status": 410, "json": refused("GONE")}, RequestRefused),
        ({"status": 414, **HTML}, RequestRefused),
        ({"status": 431, "body": ""}, RequestRefused),
        ({"status": 403, "json": refused("INSUFFICIENT_ACCESS")}, PermissionRefused),
        ({"status": 400, "json": refused("INSUFFICIENT_ACCESS_OR_READONLY")}, PermissionRefused),
        ({"status": 403, "json": refused("API_DISABLED_FOR_ORG")}, PermissionRefused),
        ({"status": 400, "json": refused("API_CURRENTLY_DISABLED")}, PermissionRefused),
        ({"status": 403, "json": refused("TXN_SECURITY_METADATA_POLICY")}, PermissionRefused),
        ({"status": 403, **HTML}, PermissionRefused),
        (
            {"status": 403, "json": refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")},
            QuotaSpent,
        ),
        ({"status": 429, "body": ""}, QuotaSpent),
        ({"status": 503, **HTML}, Unreachable),
        ({"status": 500, "json": refused("UNKNOWN_EXCEPTION")}, Unreachable),
        ({"status": 401, "body": "Bad_OAuth_Token"}, SignInRefused),
        ({"body": requests.ReadTimeout("slow")}, Unreachable),
        ({"body": requests.ConnectionError("reset")}, Unreachable),
    ],
)
def test_whatever_is_no_page_of_records_is_an_error_never_zero_rows(org, client, answer, error):
    org.get(f"{DATA}/queryAll", **answer)
    org.get(f"{DATA}/query", **answer)
    with pytest.raises(error) as caught:
        read(client)
    assert type(caught.value) is error
    assert caught.value.message.endswith(".")
    assert "<" not in str(caught.value)
    with pytest.raises(error):
        client.select("Account", ["Id"], where="Id != null")


def test_a_refusal_carries_salesforces_own_code_and_words(org, client):
    org.get(f"{DATA}/queryAll", status=400, json=refused("INVALID_FIELD", "No such\ncolumn 'X'"))
    with pytest.raises(RequestRefused) as caught:
        read(client)
    assert (caught.value.code, caught.value.status) == ("INVALID_FIELD", 400)
    assert caught.value.message == "Salesforce refused to read Account (INVALID_FIELD: No such column 'X')."


def test_too_many_long_calls_at_once_are_waited_out_the_calls_of_the_day_are_not(org, client, waits):
    org.get(
        f"{DATA}/queryAll",
        status=403,
        json=refused("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    )
    org.get(f"{DATA}/queryAll", json=rows(1))
    org.get(
        f"{DATA}/queryAll",
        status=403,
        json=refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    )
    assert len(read(client)) == 1
    assert waits[0] >= 30
    with pytest.raises(QuotaSpent, match="24 hours"):
        read(client)
    assert len(org.calls) == 3


def test_a_query_too_long_for_an_address_is_not_even_sent(org, client):
    columns = [Column(f"A_rather_long_field_name_{number}__c", "text") for number in range(500)]
    with pytest.raises(RequestRefused) as caught:
        next(client.batches("Account", columns))
    assert caught.value.code == "URI_TOO_LONG"
    assert len(org.calls) == 0


# Look-ups


def test_select_gives_plain_records(org, client):
    org.get(
        f"{DATA}/query",
        body=json.dumps(
            {
                "done": True,
                "records": [
                    {
                        "attributes": {"type": "Task"},
                        "Id": key(1, "00T"),
                        "Owner": {"attributes": {}, "Name": "Anna"},
                        "Score__c": 0.1,
                    }
                ],
            }
        ),
    )
    found = client.select("Task", ["Id", "Owner.Name", "Score__c"], where=soql.equals("Rapport_Key__c", "k"))
    assert found == [{"Id": key(1, "00T"), "Owner": {"Name": "Anna"}, "Score__c": Decimal("0.1")}]


def asked_values(request):
    query = parse_qs(urlsplit(request.url).query)["q"][0]
    return query.count("'") // 2


def test_a_look_up_of_many_values_goes_in_addresses_of_bounded_length(org, client):
    org.get(f"{DATA}/query", json=rows(1))
    values = [f"call_back|{key(number)}||2026-11-22" for number in range(900)]
    found = client.select_in(
        "Task", ["Id"], "Rapport_Key__c", values, where=soql.equals("IsDeleted", value=False)
    )
    assert sum(asked_values(call.request) for call in org.calls) == 900
    assert all(len(call.request.url) < 12_200 for call in org.calls)
    assert len(found) == len(org.calls) > 2


def test_a_look_up_that_is_too_long_all_the_same_is_asked_in_smaller_parts(org, client):
    def answer(request):
        return (414, {}, "") if asked_values(request) > 50 else (200, {}, json.dumps(rows(1)))

    org.add_callback("GET", f"{DATA}/query", answer)
    client.select_in("Account", ["Id"], "Id", [key(number) for number in range(200)])
    assert sum(asked_values(call.request) for call in org.calls if call.response.status_code == 200) == 200


def test_a_look_up_of_one_value_that_is_too_long_ends(org, client):
    org.get(f"{DATA}/query", status=414)
    with pytest.raises(RequestRefused):
        client.select_in("Account", ["Id"], "Id", [key(number) for number in range(9)])
    assert len(org.calls) < 10


def test_a_look_up_of_nothing_asks_nothing(org, client):
    assert client.select_in("Account", ["Id"], "Id", []) == []
    assert len(org.calls) == 0


# Describe and sign-in


def test_describe_tells_what_the_user_may_do_with_each_field(org, client):
    field = {
        "name": "Rapport_Key__c",
        "type": "string",
        "length": 80,
        "precision": 0,
        "scale": 0,
        "createable": True,
        "updateable": False,
        "externalId": True,
        "unique": True,
        "idLookup": True,
        "picklistValues": [{"value": "Green", "active": True}, {"value": "Old", "active": False}],
    }
    org.get(f"{DATA}/sobjects/Task/describe", json={"name": "Task", "fields": [field, {"name": "Id"}]})
    described = client.describe("Task")
    assert described["Rapport_Key__c"] == FieldInfo(
        "Rapport_Key__c", "string", 80, 0, 0, True, False, True, True, True, ("Green",), inactive=("Old",)
    )
    assert described["Id"] == FieldInfo("Id", "", 0, 0, 0, False, False, False, False, False, ())


@pytest.mark.parametrize(
    ("status", "code"), [(404, "NOT_FOUND"), (404, "INVALID_TYPE"), (400, "INVALID_TYPE")]
)
def test_an_object_that_is_absent_or_hidden_is_none(org, client, status, code):
    org.get(f"{DATA}/sobjects/AccountPlan/describe", status=status, json=refused(code))
    assert client.describe("AccountPlan") is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 403, "json": refused("INSUFFICIENT_ACCESS")}, PermissionRefused),
        ({"status": 404, **HTML}, UnexpectedAnswer),
        ({"status": 200, **HTML}, UnexpectedAnswer),
        ({"status": 200, "json": []}, UnexpectedAnswer),
        ({"status": 200, "json": 5}, UnexpectedAnswer),
        ({"status": 200, "json": {"fields": [{"label": "x"}]}}, UnexpectedAnswer),
        ({"status": 503, **HTML}, Unreachable),
    ],
)
def test_a_describe_that_fails_is_an_error_not_an_absent_object(org, client, answer, error):
    org.get(f"{DATA}/sobjects/Account/describe", **answer)
    with pytest.raises(error):
        client.describe("Account")


def test_a_name_that_is_no_object_never_reaches_the_address(client):
    with pytest.raises(ValueError, match="no API name"):
        client.describe("../../oauth2/userinfo")


VERSIONS = [{"label": "Fall", "url": "/services/data/v61.0", "version": "61.0"}, {"version": "62.0"}]


def test_signing_in_learns_where_and_who_we_are(org, client):
    org.get(f"{ORG}/services/data/", json=VERSIONS)
    org.get(
        f"{DATA}/", json={"identity": "https://login.salesforce.com/id/00Dxx0000001gPzEAI/005xx000001SwiUAAS"}
    )
    org.get(
        f"{DATA}/query",
        json={"done": True, "records": [{"Id": "00Dxx0000001gPz", "Name": "Acme", "IsSandbox": True}]},
    )
    assert client.sign_in() == Organization("00Dxx0000001gPzEAI", True, "Acme", "005xx000001SwiUAAS")


@pytest.mark.parametrize("status", [400, 403])
def test_an_organization_that_may_not_be_read_leaves_gaps_but_no_error(org, client, status):
    org.get(f"{ORG}/services/data/", json=VERSIONS)
    org.get(f"{DATA}/", status=404, json=refused("NOT_FOUND"))
    org.get(f"{DATA}/query", status=status, json=refused("INVALID_TYPE"))
    assert client.sign_in() == Organization(None, None, None, None)


def test_a_version_that_the_org_lacks_is_named(org, client):
    org.get(f"{ORG}/services/data/", json=VERSIONS[:1])
    with pytest.raises(RequestRefused, match=r"no API version 62.0 there \(newest: 61.0\)"):
        client.sign_in()


@pytest.mark.parametrize("answer", [{"json": {}}, {"json": 5}, {"json": None}, {"json": [1]}])
def test_a_list_of_versions_in_another_shape_is_an_error(org, client, answer):
    org.get(f"{ORG}/services/data/", **answer)
    with pytest.raises((RequestRefused, UnexpectedAnswer)):
        client.sign_in()


def test_a_web_page_in_place_of_the_versions_is_named(org, client):
    org.get(f"{ORG}/services/data/", **HTML)
    with pytest.raises(UnexpectedAnswer, match="web page"):
        client.sign_in()


def test_the_orgs_usage_is_read_from_every_answer_also_from_refusals(org, client):
    usage = {"Sforce-Limit-Info": "api-usage=25/5000; per-app-api-usage=17/250(appName=sample)"}
    org.get(f"{DATA}/queryAll", json=rows(), headers=usage)
    org.get(
        f"{DATA}/queryAll", status=400, json=refused("X"), headers={"Sforce-Limit-Info": "api-usage=26/5000"}
    )
    org.get(
        f"{DATA}/queryAll", json=rows(), headers={"Sforce-Limit-Info": "per-app-api-usage=1/2(appName=x)"}
    )
    read(client)
    assert client.limits == ApiUsage(25, 5000)
    with pytest.raises(RequestRefused):
        read(client)
    assert client.limits == ApiUsage(26, 5000)
    read(client)
    assert client.limits == ApiUsage(26, 5000)


# Writing


def ok(number, prefix="001"):
    return {"id": key(number, prefix), "success": True, "errors": []}


def locked(number):
    return {
        "id": key(number),
        "success": False,
        "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy", "fields": []}],
    }


def sent(call):
    return json.loads(call.request.body)


def test_an_update_sends_one_collection_and_gives_results_in_order(org, client):
    org.add(
        "PATCH",
        COLLECTIONS,
        json=[
            ok(1),
            {
                "id": key(2),
                "success": False,
                "errors": [
                    {"statusCode": "STRING_TOO_LONG", "message": "data value too large", "fields": ["Name"]}
                ],
            },
        ],
    )
    results = client.update(
        "Account",
        [
            {"Id": key(1), "Rapport_Health__c": Decimal(83), "Rapport_Why__c": 'line 1\n"ü"'},
            {
                "Id": key(2),
                "Next__c": None,
                "Day__c": date(2026, 11, 22),
                "At__c": datetime(2026, 11, 22, 8, tzinfo=UTC),
            },
        ],
    )
    assert results == [
        WriteResult(0, key(1), True, None, None, ()),
        WriteResult(1, key(2), False, "STRING_TOO_LONG", "data value too large", ("Name",)),
    ]
    assert sent(org.calls[0]) == {
        "allOrNone": False,
        "records": [
            {
                "attributes": {"type": "Account"},
                "id": key(1),
                "Rapport_Health__c": 83,
                "Rapport_Why__c": 'line 1\n"ü"',
            },
            {
                "attributes": {"type": "Account"},
                "id": key(2),
                "Next__c": None,
                "Day__c": "2026-11-22",
                "At__c": "2026-11-22T08:00:00Z",
            },
        ],
    }
    headers = org.calls[0].request.headers
    assert headers["Sforce-Auto-Assign"] == "false"
    assert headers["Sforce-Duplicate-Rule-Header"] == "allowSave=true"
    assert headers["Content-Type"] == "application/json"
    assert (client.calls.read, client.calls.write) == (0, 1)


def test_headers_for_accounts_are_not_sent_with_tasks(org, client):
    org.add("POST", COLLECTIONS, json=[ok(1, "00T")])
    client.create("Task", [{"Subject": "x"}])
    assert not {"Sforce-Auto-Assign", "Sforce-Duplicate-Rule-Header"} & set(org.calls[0].request.headers)


def test_only_the_locked_rows_are_sent_again_and_keep_their_place(org, client, waits):
    org.add("PATCH", COLLECTIONS, json=[locked(1), ok(2), locked(3)])
    org.add("PATCH", COLLECTIONS, json=[ok(1), locked(3)])
    org.add("PATCH", COLLECTIONS, json=[ok(3)])
    results = client.update("Account", [{"Id": key(number), "Name": "x"} for number in (1, 2, 3)])
    assert [(each.index, each.id, each.ok) for each in results] == [
        (0, key(1), True),
        (1, key(2), True),
        (2, key(3), True),
    ]
    assert [[each["id"] for each in sent(call)["records"]] for call in org.calls] == [
        [key(1), key(2), key(3)],
        [key(1), key(3)],
        [key(3)],
    ]
    assert len(waits) == 2


def test_a_row_that_stays_locked_is_refused_after_three_more_tries(org, client):
    org.add("PATCH", COLLECTIONS, json=[locked(1)])
    (result,) = client.update("Account", [{"Id": key(1)}])
    assert (result.ok, result.code) == (False, "UNABLE_TO_LOCK_ROW")
    assert len(org.calls) == 4


@pytest.mark.parametrize(
    "fault",
    [{"status": 503, **HTML}, {"status": 500}, {"body": requests.ConnectionError("x")}, {"status": 429}],
)
def test_an_update_whose_answer_is_lost_is_repeated(org, client, fault):
    org.add("PATCH", COLLECTIONS, **fault)
    org.add("PATCH", COLLECTIONS, json=[ok(1)])
    assert client.update("Account", [{"Id": key(1)}])[0].ok
    assert client.calls.write == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, **HTML},
        {"status": 500, "json": refused("UNKNOWN_EXCEPTION")},
        {"body": requests.ConnectionError("reset")},
        {"body": requests.ReadTimeout("slow")},
        {"status": 200, **HTML},
        {"status": 200, "json": []},
        {"status": 200, "json": [{"id": "x"}]},
        {"status": 200, "json": {"success": True}},
        {"status": 200, "json": 5},
        {"status": 200, "body": '[{"id": "00T', "content_type": "application/json"},
    ],
)
def test_a_create_without_a_clear_answer_is_unknown_and_sent_only_once(org, client, fault):
    org.add("POST", COLLECTIONS, **fault)
    with pytest.raises(OutcomeUnknown) as caught:
        client.create("Task", [{"Subject": "Call back"}])
    assert caught.value.results == ()
    assert len(org.calls) == 1


def test_a_create_that_is_lost_while_locked_rows_are_repeated_keeps_what_is_known(org, client):
    org.add("POST", COLLECTIONS, json=[ok(1), locked(2)])
    org.add("POST", COLLECTIONS, body=requests.ConnectionError("reset"))
    with pytest.raises(OutcomeUnknown) as caught:
        client.create("Task", [{"Subject": "a"}, {"Subject": "b"}])
    assert [(each.index, each.ok) for each in caught.value.results] == [(0, True)]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_when_repeating_locked_rows_fails_the_others_keep_their_results(org, client, method):
    org.add(method, COLLECTIONS, json=[ok(1), locked(2)])
    org.add(method, COLLECTIONS, status=403, json=refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests"))
    record = {"Subject": "a"}
    if method == "POST":
        results = client.create("Task", [record, record])
    else:
        results = client.update("Task", [{"Id": key(1, "00T")} | record, {"Id": key(2, "00T")} | record])
    assert [each.code for each in results] == [None, "UNABLE_TO_LOCK_ROW"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 403, "json": refused("INSUFFICIENT_ACCESS")}, PermissionRefused),
        ({"status": 403, "json": refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests")}, QuotaSpent),
        ({"status": 400, "json": refused("JSON_PARSER_ERROR")}, RequestRefused),
    ],
)
@pytest.mark.parametrize("verb", ["create", "update"])
def test_a_write_refused_as_a_whole_is_a_definite_error(org, client, answer, error, verb):
    org.add("POST" if verb == "create" else "PATCH", COLLECTIONS, **answer)
    record = {"Subject": "x"} if verb == "create" else {"Id": key(1, "00T")}
    with pytest.raises(error):
        getattr(client, verb)("Task", [record])
    assert len(org.calls) == 1


def test_an_update_answered_by_something_else_is_an_error(org, client):
    org.add("PATCH", COLLECTIONS, json=[ok(1)])
    with pytest.raises(UnexpectedAnswer, match="no list of results"):
        client.update("Account", [{"Id": key(1)}, {"Id": key(2)}])


def test_a_refused_record_without_a_reason_is_still_refused(org, client):
    org.add("POST", COLLECTIONS, json=[{"success": False}, {"success": False, "errors": ["?"]}])
    results = client.create("Task", [{"Subject": "x"}] * 2)
    assert [(each.ok, each.code) for each in results] == [(False, "UNKNOWN")] * 2


def test_a_deletion_that_already_happened_is_done(org, client):
    org.add(
        "DELETE",
        COLLECTIONS,
        json=[
            ok(1, "00T"),
            {"success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "gone"}]},
        ],
    )
    results = client.delete("Task", [key(1, "00T"), key(2, "00T")])
    assert [(each.id, each.ok) for each in results] == [(key(1, "00T"), True), (key(2, "00T"), True)]
    asked = parse_qs(urlsplit(org.calls[0].request.url).query)
    assert asked == {"ids": [f"{key(1, '00T')},{key(2, '00T')}"], "allOrNone": ["false"]}


def test_writing_nothing_sends_nothing(org, client):
    assert client.update("Account", []) == client.create("Task", []) == client.delete("Task", []) == []
    assert client.calls.write == 0


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda c: c.update("Account", [{"Id": key(n)} for n in range(CHUNK + 1)]), "takes 200"),
        (lambda c: c.create("Task", [{"Subject": "x"}] * (CHUNK + 1)), "takes 200"),
        (lambda c: c.delete("Task", [key(n) for n in range(CHUNK + 1)]), "takes 200"),
        (lambda c: c.update("Account", [{"Id": key(1)}, {"Id": key(1)[:15]}]), "one Id twice"),
        (lambda c: c.update("Account", [{"Name": "x"}]), "needs its Id"),
        (lambda c: c.delete("Task", ["x,y"]), "needs its Id"),
        (lambda c: c.create("Task", [{"Id": key(1)}]), "no Id yet"),
        (lambda c: c.create("Task", [{"Bad name": "x"}]), "no API name"),
        (lambda c: c.create("Task", [{"Hours__c": float("nan")}]), "Hours__c"),
        (lambda c: c.create("Task", [{"At__c": datetime(2026, 11, 22)}]), "At__c"),  # noqa: DTZ001 - the trap itself
        (lambda c: c.create("Task", [{"List__c": []}]), "List__c"),
    ],
)
def test_what_salesforce_would_misread_is_refused_before_it_is_sent(org, client, write, why):
    with pytest.raises(ValueError, match=why):
        write(client)
    assert len(org.calls) == 0


# Recorded answers


def recorded(*path):
    file = RECORDINGS.joinpath(*path)
    if not file.exists():
        pytest.skip("the recordings are not there")
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["Account", "Contact", "Opportunity", "OpportunityContactRole"])
def test_recorded_describes_are_understood(org, client, name):
    described = recorded("cumulusci-describe", f"GET_sobjects_{name}_describe.json")
    org.get(f"{DATA}/sobjects/{name}/describe", json=described)
    fields = client.describe(name)
    assert len(fields) == len(described["fields"])
    assert fields["Id"].id_lookup
    assert fields["SystemModstamp"].type == "datetime"


@pytest.mark.parametrize("name", ["query_success_response", "query_empty_response", "org_query_response"])
def test_recorded_query_pages_are_understood(org, client, name):
    page = recorded("restforce", f"{name}.json") | {"done": True}
    org.get(f"{DATA}/query", json=page)
    assert len(client.select("Account", ["Id"], where="Id != null")) == len(page["records"])


@pytest.mark.parametrize("name", ["query_error_response", "sobject_find_error_response"])
def test_recorded_refusals_are_understood(org, client, name):
    org.get(f"{DATA}/query", status=400, json=recorded("restforce", f"{name}.json"))
    with pytest.raises(RequestRefused) as caught:
        client.select("Account", ["Id"], where="Id != null")
    assert caught.value.code
