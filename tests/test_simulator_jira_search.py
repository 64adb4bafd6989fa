"""Search by token pages: how strictly it is asked, how it pages, and how tokens end."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.dataset import Dataset
from simulator.http import Headers, Request, Response
from simulator.jira import JiraApi
from simulator.jira_switches import JiraSwitches

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
INVALID = {"errorMessages": ["Invalid request payload. Refer to the REST API documentation and try again."]}
EXPIRED = "The provided nextPageToken is invalid or has expired."
RANGE = "The maxResults parameter must be between 1 and 5,000."
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


def issue(number: int) -> dict[str, Any]:
    histories = [{"id": str(n), "created": "2026-11-01T10:00:00.000+0000", "items": []} for n in range(3)]
    return {
        "id": str(number),
        "key": f"ACME-{number}",
        "fields": {
            "project": {"id": "10", "key": "ACME", "name": "Acme"},
            "summary": f"number {number}",
            "updated": f"2026-11-01T{number // 60 % 24:02d}:{number % 60:02d}:00.000+0000",
        },
        "changelog": {"total": 3, "maxResults": 3, "startAt": 0, "histories": histories},
    }


def api(count: int = 3, **switches: Any) -> JiraApi:
    # Descending, so that the order of a page is the query's and not the file's.
    dataset = Dataset(jira_issues=[issue(number) for number in range(count, 0, -1)])
    return JiraApi(dataset, switches=JiraSwitches(**switches))


def send(
    jira: JiraApi,
    body: object,
    path: str = "/rest/api/3/search/jql",
    method: str = "POST",
    now: datetime = NOW,
) -> Response:
    token = base64.b64encode(b"me@example.com:simulator").decode()
    headers = Headers({"Authorization": f"Basic {token}", "Content-Type": "application/json"})
    if method == "GET":
        query = parse_qs(urlencode(body if isinstance(body, dict) else {}, doseq=True))
        return jira.handle(Request("GET", path, query, headers, b"", now, "http://127.0.0.1:1"))
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return jira.handle(Request(method, path, {}, headers, data, now, "http://127.0.0.1:1"))


def page(jira: JiraApi, **body: Any) -> dict[str, Any]:
    answer = send(jira, {"jql": "project = ACME order by updated ASC, key ASC", **body})
    assert answer.status == 200, answer.body
    told: dict[str, Any] = json.loads(answer.body)
    return told


def pages(jira: JiraApi, **body: Any) -> list[list[str]]:
    found = []
    token: dict[str, str] = {}
    while True:
        told = page(jira, **body, **token)
        found.append([each["id"] for each in told["issues"]])
        assert told["isLast"] is ("nextPageToken" not in told)
        if told["isLast"]:
            return found
        token = {"nextPageToken": told["nextPageToken"]}


def refused(jira: JiraApi, body: object, **options: Any) -> Any:
    answer = send(jira, body, **options)
    assert answer.status == 400
    return json.loads(answer.body)


def test_a_search_that_names_no_fields_gets_ids_and_no_total() -> None:
    assert page(api(2)) == {"issues": [{"id": "1"}, {"id": "2"}], "isLast": True}


def test_nothing_found_is_one_last_page() -> None:
    assert page(api(), jql="summary ~ nothing") == {"issues": [], "isLast": True}


def test_named_fields_come_with_key_and_link_and_a_changelog_only_when_expanded() -> None:
    told = page(api(), fields=["summary"], expand="changelog,names", maxResults=1)
    (found,) = told["issues"]
    assert (found["key"], found["fields"]) == ("ACME-1", {"summary": "number 1"})
    assert found["changelog"]["total"] == 3
    assert told["names"] == {"summary": "Summary"}
    assert "changelog" not in page(api(), fields=["summary"])["issues"][0]


def test_the_key_alone_needs_no_fields() -> None:
    assert page(api(1), fields=["key"])["issues"][0].keys() == {"id", "key", "self", "expand"}


def test_the_changelog_in_a_search_is_shorter_than_in_an_issue() -> None:
    (found,) = page(api(1, histories_in_search=2), fields=["summary"], expand="changelog")["issues"]
    assert (found["changelog"]["total"], len(found["changelog"]["histories"])) == (3, 2)


def test_a_page_has_fifty_by_default_a_hundred_with_fields_and_five_thousand_with_ids() -> None:
    jira = api(230)
    assert [len(each) for each in pages(jira)] == [50, 50, 50, 50, 30]
    assert [len(each) for each in pages(jira, fields=["summary"], maxResults=5000)] == [100, 100, 30]
    assert [len(each) for each in pages(jira, fields=["id"], maxResults=5000)] == [230]
    assert [len(each) for each in pages(jira, fields=["id", "key"], maxResults=5000)] == [230]


@given(st.integers(1, 40), st.integers(1, 33), st.booleans(), st.one_of(st.none(), st.integers(1, 7)))
def test_pages_of_any_size_make_up_the_whole(size: int, count: int, empty: bool, limit: int | None) -> None:
    found = pages(api(count, empty_pages=empty, page_limit=limit), maxResults=size)
    assert [each for one in found for each in one] == [str(number) for number in range(1, count + 1)]


def test_an_empty_page_may_carry_a_token() -> None:
    assert pages(api(3, empty_pages=True), maxResults=2) == [["1", "2"], [], ["3"]]


def test_a_token_may_repeat_itself_for_ever() -> None:
    jira = api(9, repeat_token=True)
    token = page(jira, maxResults=2)["nextPageToken"]
    assert page(jira, maxResults=2, nextPageToken=token)["nextPageToken"] == token


def test_a_page_can_be_asked_for_again() -> None:
    jira = api(5)
    token = page(jira, maxResults=2)["nextPageToken"]
    assert page(jira, maxResults=2, nextPageToken=token) == page(jira, maxResults=2, nextPageToken=token)


def test_a_change_between_two_pages_neither_doubles_nor_drops_an_issue() -> None:
    jira = api(5)
    token = page(jira, maxResults=2)["nextPageToken"]
    jira.set_fields("ACME-1", {"summary": "moved to the end"}, at=NOW)
    jira.delete_issue("ACME-4")
    rest = page(jira, maxResults=50, nextPageToken=token)["issues"]
    assert [each["id"] for each in rest] == ["3", "5"]


@pytest.mark.parametrize("token", ["nonsense", "%%%", "YWJjOjE6MA"])
def test_an_unknown_token_is_refused(token: str) -> None:
    told = refused(api(), {"jql": "project = ACME", "nextPageToken": token})
    assert told == {"errorMessages": [EXPIRED], "errors": {}}


def test_a_token_ends_after_seven_days_and_with_another_query() -> None:
    jira = api(5)
    body = {"jql": "project = ACME", "maxResults": 2}
    token = json.loads(send(jira, body).body)["nextPageToken"]
    later = {**body, "nextPageToken": token}
    assert send(jira, later, now=NOW + timedelta(days=6)).status == 200
    assert refused(jira, later, now=NOW + timedelta(days=8))["errorMessages"] == [EXPIRED]
    assert refused(jira, {**later, "jql": "project = 10"})["errorMessages"] == [EXPIRED]


def test_the_tokens_of_forgotten_searches_are_expired() -> None:
    jira = api(5, remember_searches=1)
    token = page(jira, maxResults=2)["nextPageToken"]
    page(jira, maxResults=2)
    body = {"jql": "project = ACME order by updated ASC, key ASC", "nextPageToken": token}
    assert refused(jira, body)["errorMessages"] == [EXPIRED]


@pytest.mark.parametrize(
    "member",
    [
        {"startAt": 0},
        {"validateQuery": True},
        {"expand": ["changelog"]},
        {"fields": "summary"},
        {"maxResults": "50"},
        {"maxResults": True},
        {"expand": None},
        {"properties": None},
        {"nextPageToken": None},
        {"reconcileIssues": ["1"]},
    ],
)
def test_a_body_that_does_not_fit_is_an_invalid_payload(member: dict[str, Any]) -> None:
    assert refused(api(), {"jql": "project = ACME", **member}) == INVALID


def test_nulls_may_be_let_through() -> None:
    body = {"jql": "project = ACME", "expand": None, "properties": None}
    assert send(api(refuse_nulls=False), body).status == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"jql": None}, UNBOUNDED),
        ({}, UNBOUNDED),
        ({"jql": "order by key"}, UNBOUNDED),
        ({"jql": "project = ACME", "maxResults": None}, RANGE),
        ({"jql": "project = ACME", "maxResults": 0}, RANGE),
        ({"jql": "project = ACME", "maxResults": 5001}, RANGE),
        ({"maxResults": -1}, RANGE),
        ({"maxResults": -1, "nextPageToken": "x"}, EXPIRED),
        ({"jql": "project = NOPE"}, "The value 'NOPE' does not exist for the field 'project'."),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_jiras_order(body: dict[str, Any], message: str) -> None:
    assert refused(api(), body)["errorMessages"] == [message]


def test_a_body_that_is_no_json_is_told_apart_from_one_that_does_not_fit() -> None:
    unread = refused(api(), b'{"jql": ')["errorMessages"][0]
    assert unread.startswith("There was an error parsing JSON.")
    assert refused(api(), b'{"jql": "\xff"}') == INVALID
    assert refused(api(), b"[]") == INVALID


def test_a_query_that_is_nested_too_deeply_is_refused() -> None:
    assert refused(api(), {"jql": "not " * 20_000 + "project = ACME"})["errorMessages"]


def test_the_same_can_be_asked_in_the_query() -> None:
    asked = {
        "jql": "project = ACME order by key",
        "fields": ["summary", "updated"],
        "maxResults": 2,
        "startAt": 5,
    }
    jira = api()
    told = json.loads(send(jira, asked, method="GET").body)
    assert [each["fields"].keys() for each in told["issues"]] == [{"summary", "updated"}] * 2
    asked = {**asked, "fields": "summary,updated", "nextPageToken": told["nextPageToken"]}
    assert [each["key"] for each in json.loads(send(jira, asked, method="GET").body)["issues"]] == ["ACME-3"]
    assert refused(api(), {"jql": "project = ACME", "maxResults": 0}, method="GET")["errorMessages"] == [
        RANGE
    ]


def test_the_old_search_is_gone_and_says_where_to_go() -> None:
    for version in ("2", "3"):
        for method in ("GET", "POST"):
            answer = send(api(), {"jql": "project = ACME"}, path=f"/rest/api/{version}/search", method=method)
            assert answer.status == 410
            assert "Please migrate to the /rest/api/3/search/jql API." in answer.body.decode()


def test_a_count_is_told_for_a_bounded_query_only() -> None:
    path = "/rest/api/3/search/approximate-count"
    assert json.loads(send(api(7), {"jql": "key > ACME-2"}, path=path).body) == {"count": 5}
    assert refused(api(), {"jql": ""}, path=path)["errorMessages"] == [UNBOUNDED]
    assert refused(api(), {"jql": "key > ACME-2", "maxResults": 1}, path=path) == INVALID
