"""The simulated Jira Cloud: sign-in, metadata, single and bulk reads, writes, and what people change."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from simulator.dataset import Dataset, DatasetError
from simulator.http import Headers, Request, Response
from simulator.jira import JiraApi
from simulator.jira_switches import JiraSwitches

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BASE = "http://127.0.0.1:8081"

TODO = {"id": "1", "name": "To Do", "statusCategory": {"id": 2, "key": "new", "name": "To Do"}}
DOING = {
    "id": "3",
    "name": "Doing",
    "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Progress"},
}
DONE = {"id": "5", "name": "Done", "statusCategory": {"id": 3, "key": "done", "name": "Done"}}
ANN = {"accountId": "5b10-ann", "displayName": "Ann Lee", "accountType": "atlassian"}
ACME = {"id": "10", "key": "ACME", "name": "Acme", "projectTypeKey": "service_desk"}
BETA = {"id": "20", "key": "BETA", "name": "Beta"}
DOCUMENT = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": []}]}


def comment(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "author": ANN,
        "body": f"c{number}",
        "created": f"2026-11-01T10:{number:02d}:00.000+0000",
    }


def history(number: int, *items: dict[str, Any], hour: int = 10) -> dict[str, Any]:
    created = f"2026-11-02T{hour}:{number:02d}:00.000+0000"
    return {"id": str(number), "author": ANN, "created": created, "items": list(items)}


def step(field: str, before: str, after: str, field_id: str | None = None) -> dict[str, Any]:
    more = {"fieldId": field_id} if field_id else {}
    return {"field": field, "fieldtype": "jira", "fromString": before, "toString": after, **more}


def issue(
    key: str, number: int, histories: list[dict[str, Any]] | None = None, **fields: Any
) -> dict[str, Any]:
    project = ACME if key.startswith("ACME") else BETA
    told = histories or []
    return {
        "id": str(number),
        "key": key,
        "fields": {
            "project": project,
            "issuetype": {"id": "7", "name": "Bug"},
            "status": TODO,
            "priority": {"id": "2", "name": "High"},
            "summary": f"About {key}",
            "labels": [],
            "reporter": ANN,
            "created": "2026-11-01T10:00:00.000+0000",
            "updated": "2026-11-02T10:00:00.000+0000",
            **fields,
        },
        "changelog": {"startAt": 0, "maxResults": len(told), "total": len(told), "histories": told},
    }


def api(*issues: dict[str, Any], switches: JiraSwitches | None = None, **parts: Any) -> JiraApi:
    held = list(issues) or [issue("ACME-1", 1, status=DOING), issue("BETA-1", 2, status=DONE)]
    groups = parts.pop("groups", None)
    return JiraApi(Dataset(jira_issues=held, **parts), switches=switches, groups=groups)


def send(
    jira: JiraApi,
    method: str,
    url: str,
    body: object = None,
    *,
    token: str = "simulator",
    now: datetime = NOW,
    headers: dict[str, str] | None = None,
) -> Response:
    parts = urlsplit(url)
    basic = base64.b64encode(f"me@example.com:{token}".encode()).decode()
    lines = {"Authorization": f"Basic {basic}", "Content-Type": "application/json", **(headers or {})}
    data = b"" if body is None else json.dumps(body).encode()
    return jira.handle(Request(method, parts.path, parse_qs(parts.query), Headers(lines), data, now, BASE))


def get(jira: JiraApi, path: str, **options: Any) -> Any:
    answer = send(jira, "GET", f"/rest/api/3{path}", **options)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def post(jira: JiraApi, path: str, body: object, **options: Any) -> Any:
    answer = send(jira, "POST", f"/rest/api/3{path}", body, **options)
    assert answer.status in (200, 201), answer.body
    return json.loads(answer.body)


# Sign-in


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("GET", "/myself", None, 401, None),
        ("GET", "/field", None, 401, None),
        ("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ["1"]}, 401, None),
        ("GET", "/issue/ACME-1", None, 404, None),
        ("GET", "/issue/ACME-1/comment", None, 404, None),
        ("GET", "/project/search", None, 200, {"values": [], "total": 0, "isLast": True}),
        ("POST", "/search/jql", {"jql": "project = ACME"}, 200, {"issues": [], "isLast": True}),
        ("GET", "/serverInfo", None, 200, {"deploymentType": "Cloud"}),
    ],
)
def test_a_wrong_token_makes_the_caller_anonymous(
    method: str, path: str, body: object, status: int, told: dict[str, Any] | None
) -> None:
    for token in ("wrong", ""):
        answer = send(api(), method, f"/rest/api/3{path}", body, token=token)
        assert answer.status == status
        assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
        if told is not None:
            assert told.items() <= json.loads(answer.body).items()


def test_no_credentials_at_all_are_anonymous_too() -> None:
    assert send(api(), "GET", "/rest/api/3/myself", headers={"Authorization": ""}).status == 401


def test_a_bearer_on_the_site_is_refused_as_unreadable() -> None:
    answer = send(api(), "GET", "/rest/api/3/myself", headers={"Authorization": "Bearer simulator"})
    assert (answer.status, list(json.loads(answer.body))) == (403, ["error"])


# The site


def test_the_account_is_the_datasets_and_has_a_time_zone_without_one() -> None:
    assert get(api(), "/myself")["timeZone"] == "UTC"
    told = get(api(jira_myself={**ANN, "timeZone": "Europe/Berlin"}), "/myself")
    assert (told["accountId"], told["timeZone"]) == ("5b10-ann", "Europe/Berlin")


def test_a_time_zone_that_is_none_is_told_before_anything_is_served() -> None:
    with pytest.raises(DatasetError, match="'Mars/Base' is no time zone"):
        api(jira_myself={**ANN, "timeZone": "Mars/Base"})


def test_the_server_says_that_it_is_the_cloud_where_it_was_called() -> None:
    told = get(api(), "/serverInfo")
    assert (told["deploymentType"], told["baseUrl"]) == ("Cloud", BASE)
    assert told["serverTime"] == "2026-11-22T09:30:00.000+0000"


def test_fields_are_those_described_the_system_ones_and_those_that_issues_hold() -> None:
    described = {
        "id": "customfield_10001",
        "name": "CRM Account",
        "custom": True,
        "clauseNames": ["cf[10001]"],
    }
    held = issue(
        "ACME-1", 1, customfield_10001="x", customfield_10002=3.5, customfield_10003=[{"value": "a"}]
    )
    told = {each["id"]: each for each in get(api(held, jira_fields=[described]), "/field")}
    assert told["customfield_10001"]["name"] == "CRM Account"
    assert told["customfield_10002"]["schema"]["type"] == "number"
    assert told["customfield_10003"]["schema"]["items"] == "option"
    assert {"summary", "status", "duedate", "labels", "issuetype"} <= told.keys()


def test_a_status_that_only_a_changelog_knows_is_in_progress() -> None:
    moved = history(1, {**step("status", "Waiting", "To Do", "status"), "from": "77", "to": "1"})
    told = {each["name"]: each for each in get(api(issue("ACME-1", 1, [moved])), "/status")}
    assert told["To Do"]["statusCategory"]["key"] == "new"
    assert (told["Waiting"]["id"], told["Waiting"]["statusCategory"]["key"]) == ("77", "indeterminate")


def test_priorities_keep_the_order_of_their_file() -> None:
    listed = [{"id": "9", "name": "Urgent"}, {"id": "1", "name": "Normal"}]
    assert [each["name"] for each in get(api(jira_priorities=listed), "/priority")] == ["Urgent", "Normal"]
    assert [each["name"] for each in get(api(), "/priority")] == ["High"]


def test_issue_types_and_labels_are_those_that_issues_have() -> None:
    jira = api(
        issue("ACME-1", 1, labels=["b", "a"]), issue("BETA-1", 2, issuetype={"id": "8", "name": "Störung"})
    )
    assert [each["name"] for each in get(jira, "/issuetype")] == ["Bug", "Störung"]
    told = get(jira, "/label?maxResults=1")
    assert (told["values"], told["isLast"], told["total"]) == (["a"], False, 2)
    assert send(jira, "GET", "/rest/api/3/label", token="wrong").status == 401


def test_projects_are_paged_and_say_what_type_they_are() -> None:
    first = get(api(), "/project/search?maxResults=1")
    assert (first["total"], first["isLast"], first["values"][0]["key"]) == (2, False, "ACME")
    path = first["nextPage"].removeprefix(f"{BASE}/rest/api/3")
    second = get(api(), path)
    assert (second["isLast"], "nextPage" in second) == (True, False)
    types = [each["projectTypeKey"] for each in first["values"] + second["values"]]
    assert types == ["service_desk", "software"]


def test_groups_have_the_members_they_were_given() -> None:
    jira = api(groups={"staff": ["5b10-ann", "5b10-bob"]})
    told = get(jira, "/group/member?groupname=staff")
    assert [each["accountId"] for each in told["values"]] == ["5b10-ann", "5b10-bob"]
    assert send(jira, "GET", "/rest/api/3/group/member?groupname=none").status == 404


def test_unknown_paths_and_methods_are_refused_as_problems() -> None:
    assert send(api(), "GET", "/rest/api/3/nothing").status == 404
    assert send(api(), "GET", "/rest/other").status == 404
    answer = send(api(), "DELETE", "/rest/api/3/myself")
    assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (405, "application/problem+json")


# One issue


def test_an_issue_is_found_by_id_by_key_and_by_the_key_it_had() -> None:
    moved = issue("BETA-1", 7, [history(1, step("Key", "ACME-9", "BETA-1"))])
    jira = api(moved)
    assert {get(jira, f"/issue/{name}")["key"] for name in ("7", "BETA-1", "beta-1", "ACME-9")} == {"BETA-1"}
    answer = send(jira, "GET", "/rest/api/3/issue/ACME-10")
    assert json.loads(answer.body) == {
        "errorMessages": ["Issue does not exist or you do not have permission to see it."],
        "errors": {},
    }


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ("summary,status", {"summary", "status"}),
        ("*all,-summary", {"status", "comment"}),
        ("-summary", {"status", "comment"}),
        ("*navigable", {"status", "summary"}),
    ],
)
def test_fields_choose_what_an_issue_shows(fields: str, shown: set[str]) -> None:
    told = get(api(), f"/issue/ACME-1?fields={fields}")["fields"].keys()
    assert shown <= told
    assert ("summary" in told) is ("-summary" not in fields)
    if fields == "summary,status":
        assert told == shown
    if fields == "*navigable":
        assert "comment" not in told


def test_the_changelog_of_an_issue_is_newest_first_and_cut() -> None:
    held = issue("ACME-1", 1, [history(n, step("status", "a", "b", "status")) for n in range(3)])
    assert "changelog" not in get(api(held), "/issue/1")
    told = get(api(held, switches=JiraSwitches(histories_in_issue=2)), "/issue/1?expand=changelog")[
        "changelog"
    ]
    assert (told["total"], [each["id"] for each in told["histories"]]) == (3, ["2", "1"])


def test_the_changelog_endpoint_is_oldest_first_and_paged() -> None:
    held = issue("ACME-1", 1, [history(n, step("status", "a", "b", "status")) for n in (2, 1, 0)])
    told = get(api(held), "/issue/ACME-1/changelog?startAt=1&maxResults=1")
    assert ([each["id"] for each in told["values"]], told["total"], told["isLast"]) == (["1"], 3, False)
    assert "startAt=2" in told["nextPage"]
    assert len(get(api(held), "/issue/ACME-1/changelog?maxResults=500")["values"]) == 3


def test_comments_are_paged_by_a_hundred_and_ordered_as_asked() -> None:
    jira = api(issue("ACME-1", 1, comment={"comments": [comment(n) for n in range(3)], "total": 3}))
    told = get(jira, "/issue/ACME-1/comment?startAt=1&maxResults=5000")
    assert (told["startAt"], told["maxResults"], told["total"]) == (1, 100, 3)
    assert [each["id"] for each in told["comments"]] == ["1", "2"]
    newest = get(jira, "/issue/ACME-1/comment?orderBy=-created&maxResults=1")["comments"]
    assert [each["id"] for each in newest] == ["2"]
    assert send(jira, "GET", "/rest/api/3/issue/ACME-1/comment?orderBy=body").status == 400


@pytest.mark.parametrize(("newest_first", "ids"), [(False, ["0", "1"]), (True, ["2", "1"])])
def test_the_inline_page_of_comments_is_cut_and_its_total_tells_the_truth(
    newest_first: bool, ids: list[str]
) -> None:
    held = issue("ACME-1", 1, comment={"comments": [comment(n) for n in range(3)], "total": 3})
    switches = JiraSwitches(inline_comments=2, inline_comments_newest_first=newest_first)
    page = get(api(held, switches=switches), "/issue/ACME-1")["fields"]["comment"]
    assert ([each["id"] for each in page["comments"]], page["total"]) == (ids, 3)


def test_a_recorded_page_that_was_cut_does_not_promise_what_is_not_there() -> None:
    held = issue("ACME-1", 1, comment={"comments": [comment(1)], "total": 40, "maxResults": 1})
    jira = api(held)
    assert get(jira, "/issue/ACME-1")["fields"]["comment"]["total"] == 1
    assert get(jira, "/issue/ACME-1/comment")["total"] == 1


def test_worklogs_beyond_the_inline_page_come_from_their_endpoint() -> None:
    rows = [
        {"id": str(n), "started": "2026-11-01T10:00:00.000+0000", "timeSpentSeconds": 60} for n in range(30)
    ]
    jira = api(issue("ACME-1", 1, worklog={"worklogs": rows, "total": 30}))
    inline = get(jira, "/issue/ACME-1")["fields"]["worklog"]
    assert (len(inline["worklogs"]), inline["total"]) == (20, 30)
    assert len(get(jira, "/issue/ACME-1/worklog")["worklogs"]) == 30
    after = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1000)
    assert get(jira, f"/issue/ACME-1/worklog?startedAfter={after}")["total"] == 0


def test_an_argument_that_is_no_number_is_a_problem() -> None:
    answer = send(api(), "GET", "/rest/api/3/issue/ACME-1/comment?maxResults=many")
    assert (answer.status, json.loads(answer.body)["title"]) == (400, "Bad Request")


# Many issues at once


def test_bulkfetch_answers_ascending_by_id_and_follows_moved_keys() -> None:
    moved = issue("BETA-1", 10, [history(1, step("Key", "ACME-9", "BETA-1"))])
    jira = api(issue("ACME-2", 9), moved)
    told = post(jira, "/issue/bulkfetch", {"issueIdsOrKeys": ["ACME-9", "9", "77"], "fields": ["summary"]})
    assert [each["key"] for each in told["issues"]] == ["ACME-2", "BETA-1"]
    assert [each["id"] for each in told["issueErrors"]] == ["77"]
    assert told["issues"][0]["fields"] == {"summary": "About ACME-2"}


def test_bulkfetch_may_leave_out_what_it_did_not_find() -> None:
    jira = api(switches=JiraSwitches(missing_in_issue_errors=False))
    told = post(jira, "/issue/bulkfetch", {"issueIdsOrKeys": ["1", "77"]})
    assert (len(told["issues"]), told["issueErrors"]) == (1, [])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/issue/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(101)]}),
        ("/issue/bulkfetch", {"issueIdsOrKeys": []}),
        ("/issue/bulkfetch", {"issueIdsOrKeys": ["1"], "expand": "changelog"}),
        ("/issue/bulkfetch", {"issueIdsOrKeys": ["1"], "jql": "project = ACME"}),
        ("/changelog/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(1001)]}),
        ("/changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "fieldIds": [str(n) for n in range(11)]}),
        ("/changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "maxResults": 0}),
        ("/changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "nextPageToken": "nonsense"}),
        ("/comment/list", {"ids": list(range(1001))}),
    ],
)
def test_bulk_reads_refuse_more_than_they_take_and_what_they_do_not_know(path: str, body: object) -> None:
    assert send(api(), "POST", f"/rest/api/3{path}", body).status == 400


def changelogs(jira: JiraApi, size: int, **more: Any) -> list[tuple[str, str]]:
    asked: dict[str, Any] = {"issueIdsOrKeys": ["ACME-1", "BETA-1"], "maxResults": size, **more}
    found = []
    while True:
        told = post(jira, "/changelog/bulkfetch", asked)
        for entry in told["issueChangeLogs"]:
            found += [(entry["issueId"], each["id"]) for each in entry["changeHistories"]]
        if "nextPageToken" not in told:
            return found
        asked["nextPageToken"] = told["nextPageToken"]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_changelogs_of_many_issues_come_oldest_first_and_may_split_an_issue_over_pages(size: int) -> None:
    status = step("status", "a", "b", "status")
    jira = api(
        issue("ACME-1", 1, [history(30, status), history(10, status)]),
        issue("BETA-1", 2, [history(20, step("Rank", "", "x", "customfield_1")), history(15, status)]),
    )
    if size <= 2:
        assert changelogs(jira, size) == [("1", "10"), ("2", "15"), ("2", "20"), ("1", "30")]
    else:
        assert sorted(changelogs(jira, size)) == [("1", "10"), ("1", "30"), ("2", "15"), ("2", "20")]
    assert sorted(changelogs(jira, size, fieldIds=["status"])) == [("1", "10"), ("1", "30"), ("2", "15")]


def test_field_ids_choose_items_or_whole_histories() -> None:
    mixed = history(1, step("status", "a", "b", "status"), step("Rank", "", "x", "customfield_1"))
    asked = {"issueIdsOrKeys": ["1"], "fieldIds": ["status"]}
    for whole, count in ((False, 1), (True, 2)):
        jira = api(issue("ACME-1", 1, [mixed]), switches=JiraSwitches(changelog_whole_histories=whole))
        (entry,) = post(jira, "/changelog/bulkfetch", asked)["issueChangeLogs"]
        assert len(entry["changeHistories"][0]["items"]) == count


def test_old_histories_without_field_ids_are_chosen_by_name() -> None:
    jira = api(
        issue(
            "BETA-1", 1, [history(1, step("Key", "ACME-1", "BETA-1")), history(2, step("status", "a", "b"))]
        )
    )
    asked = {"issueIdsOrKeys": ["1"], "fieldIds": ["issuekey", "status"]}
    (entry,) = post(jira, "/changelog/bulkfetch", asked)["issueChangeLogs"]
    assert len(entry["changeHistories"]) == 2


@pytest.mark.parametrize(
    ("form", "created"),
    [("iso", "2026-11-02T10:01:00.000+0000"), ("seconds", 1793613660), ("milliseconds", 1793613660000)],
)
def test_the_time_of_a_bulk_changelog_is_text_or_epoch(form: Any, created: object) -> None:
    held = issue("ACME-1", 1, [history(1, step("status", "a", "b", "status"))])
    jira = api(held, switches=JiraSwitches(changelog_created=form))
    (entry,) = post(jira, "/changelog/bulkfetch", {"issueIdsOrKeys": ["1"]})["issueChangeLogs"]
    assert entry["changeHistories"][0]["created"] == created


def test_comments_and_worklogs_are_listed_by_id() -> None:
    worklog = {"id": "5", "timeSpentSeconds": 60}
    held = issue("ACME-1", 1, comment={"comments": [comment(1), comment(2)]}, worklog={"worklogs": [worklog]})
    assert [each["id"] for each in post(api(held), "/comment/list", {"ids": [2, 9]})["values"]] == ["2"]
    assert post(api(held), "/worklog/list", {"ids": [5]}) == [{"issueId": "1", **worklog}]


# Writes


def test_a_comment_moves_updated_and_an_internal_one_is_not_public() -> None:
    jira = api()
    note = {"key": "sd.public.comment", "value": {"internal": True}}
    public = post(jira, "/issue/ACME-1/comment", {"body": DOCUMENT})
    internal = post(jira, "/issue/ACME-1/comment", {"body": DOCUMENT, "properties": [note]})
    assert (public["jsdPublic"], internal["jsdPublic"]) == (True, False)
    assert get(jira, "/issue/ACME-1/comment")["total"] == 2
    assert jira.issue("ACME-1")["fields"]["updated"] == "2026-11-22T09:30:00.000+0000"


def test_the_third_version_wants_documents_and_the_second_wants_text() -> None:
    assert send(api(), "POST", "/rest/api/3/issue/ACME-1/comment", {"body": "hello"}).status == 400
    assert send(api(), "POST", "/rest/api/2/issue/ACME-1/comment", {"body": "hello"}).status == 201
    empty = {**DOCUMENT, "content": [{"type": "text", "text": ""}]}
    assert send(api(), "POST", "/rest/api/3/issue/ACME-1/comment", {"body": empty}).status == 400


def test_an_edit_is_told_in_the_changelog_and_no_change_is_not() -> None:
    jira = api()
    edit = {"fields": {"duedate": "2026-12-01"}, "update": {"labels": [{"add": "vip"}, {"add": "vip"}]}}
    for _ in range(2):
        assert send(jira, "PUT", "/rest/api/3/issue/ACME-1", edit).status == 204
    told = get(jira, "/issue/ACME-1?expand=changelog")
    assert told["fields"]["labels"] == ["vip"]
    (entry,) = told["changelog"]["histories"]
    assert {each["fieldId"]: each["toString"] for each in entry["items"]} == {
        "duedate": "2026-12-01 00:00:00.0",
        "labels": "vip",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"status": {"name": "Done"}},
        {"nope": 1},
        {"labels": ["a b"]},
        {"project": {"key": "BETA"}},
        {"summary": "x" * 256},
        {"description": "text"},
    ],
)
def test_a_field_that_cannot_be_set_is_refused_by_name(fields: dict[str, Any]) -> None:
    answer = send(api(), "PUT", "/rest/api/3/issue/ACME-1", {"fields": fields})
    assert answer.status == 400
    assert list(json.loads(answer.body)["errors"]) == list(fields)


def test_a_created_issue_can_be_read_and_found() -> None:
    jira = api(issue("ACME-1", 1, status=TODO))
    fields = {
        "project": {"key": "ACME"},
        "issuetype": {"name": "Bug"},
        "summary": "New",
        "priority": {"id": "2"},
    }
    made = post(jira, "/issue", {"fields": fields, "properties": [{"key": "crm", "value": {"id": "001"}}]})
    assert made["key"] == "ACME-2"
    told = get(jira, f"/issue/{made['id']}?properties=crm")
    assert (told["fields"]["status"]["name"], told["fields"]["priority"]["name"]) == ("To Do", "High")
    assert told["properties"] == {"crm": {"id": "001"}}
    assert post(jira, "/search/jql", {"jql": "created >= -1m"})["issues"] == [{"id": made["id"]}]


def test_an_issue_without_what_is_required_is_not_created() -> None:
    answer = send(api(), "POST", "/rest/api/3/issue", {"fields": {"project": {"key": "NOPE"}}})
    assert answer.status == 400
    assert {"project", "issuetype", "summary"} <= json.loads(answer.body)["errors"].keys()


def test_properties_are_kept_and_do_not_move_updated() -> None:
    jira = api()
    before = jira.issue("ACME-1")["fields"]["updated"]
    path = "/rest/api/3/issue/ACME-1/properties/crm.account"
    assert send(jira, "GET", path).status == 404
    assert [send(jira, "PUT", path, {"id": n}).status for n in (1, 2)] == [201, 200]
    assert get(jira, "/issue/1/properties/crm.account") == {"key": "crm.account", "value": {"id": 2}}
    assert jira.issue("ACME-1")["fields"]["updated"] == before
    assert send(jira, "PUT", path, "x" * 40_000).status == 400
    assert send(jira, "DELETE", path).status == 204


def test_a_remote_link_is_updated_under_its_global_id() -> None:
    jira = api()
    link = {
        "globalId": "system=crm&id=001",
        "relationship": "for",
        "object": {"url": "https://x", "title": "A"},
    }
    first = post(jira, "/issue/ACME-1/remotelink", link)
    second = {"globalId": "system=crm&id=001", "object": {"url": "https://x", "title": "B"}}
    assert post(jira, "/issue/ACME-1/remotelink", second)["id"] == first["id"]
    (told,) = get(jira, "/issue/ACME-1/remotelink")
    assert (told["object"]["title"], told["relationship"]) == ("B", None)
    found = get(jira, "/issue/ACME-1/remotelink?globalId=system%3Dcrm%26id%3D001")
    assert found["id"] == first["id"]
    answer = send(jira, "POST", "/rest/api/3/issue/ACME-1/remotelink", {"object": {"url": "https://x"}})
    assert json.loads(answer.body) == {"errorMessages": [], "errors": {"title": "'title' is required."}}


def test_links_and_properties_may_move_updated() -> None:
    jira = api(switches=JiraSwitches(links_touch_updated=True, properties_touch_updated=True))
    post(jira, "/issue/ACME-1/remotelink", {"object": {"url": "https://x", "title": "A"}})
    send(jira, "PUT", "/rest/api/3/issue/BETA-1/properties/crm", 1)
    for key in ("ACME-1", "BETA-1"):
        assert jira.issue(key)["fields"]["updated"] == "2026-11-22T09:30:00.000+0000"


def test_a_body_must_be_json_and_say_so() -> None:
    answer = send(api(), "POST", "/rest/api/3/issue", {}, headers={"Content-Type": "text/plain"})
    assert answer.status == 415


# People


def test_a_step_of_status_is_told_as_jira_tells_it() -> None:
    jira = api(jira_myself={**ANN, "timeZone": "America/Los_Angeles"})
    jira.set_status("ACME-1", "done", at=NOW)
    held = jira.issue("ACME-1")
    (entry,) = held["changelog"]["histories"]
    assert entry["created"] == held["fields"]["updated"] == "2026-11-22T01:30:00.000-0800"
    assert entry["items"][0] == {
        "field": "status",
        "fieldId": "status",
        "fieldtype": "jira",
        "from": "3",
        "fromString": "Doing",
        "to": "5",
        "toString": "Done",
    }
    assert held["fields"]["resolutiondate"] == held["fields"]["updated"]
    jira.set_status("ACME-1", "Doing", at=NOW + timedelta(hours=1))
    assert jira.issue("ACME-1")["fields"]["resolution"] is None


def test_a_moved_issue_keeps_its_id_and_answers_to_its_old_key() -> None:
    jira = api()
    jira.move_issue("ACME-1", "BETA", at=NOW)
    told = get(jira, "/issue/ACME-1?expand=changelog")
    assert (told["id"], told["key"], told["fields"]["project"]["key"]) == ("1", "BETA-2", "BETA")
    items = {each["field"]: each["toString"] for each in told["changelog"]["histories"][0]["items"]}
    assert items == {"project": "Beta", "Key": "BETA-2"}
    assert post(jira, "/search/jql", {"jql": "key = ACME-1"})["issues"] == [{"id": "1"}]


def test_a_deleted_issue_leaves_no_trace() -> None:
    jira = api()
    jira.delete_issue("ACME-1")
    assert send(jira, "GET", "/rest/api/3/issue/ACME-1").status == 404
    assert [each["key"] for each in jira.state()["issues"]] == ["BETA-1"]


def test_comments_and_worklogs_of_people_move_updated() -> None:
    jira = api()
    made = jira.add_comment(
        "ACME-1", "Any news?", at=NOW, author={"accountId": "c1", "accountType": "customer"}
    )
    assert get(jira, "/issue/ACME-1")["fields"]["comment"]["comments"] == [made]
    later = NOW + timedelta(hours=2)
    jira.edit_comment("ACME-1", made["id"], "No news?", at=later)
    assert jira.issue("ACME-1")["fields"]["comment"]["comments"][0]["body"] == "No news?"
    jira.delete_comment("ACME-1", made["id"], at=later)
    assert get(jira, "/issue/ACME-1/comment")["total"] == 0
    jira.add_worklog("ACME-1", 3600, at=later)
    held = jira.issue("ACME-1")["fields"]
    assert (held["timespent"], held["updated"]) == (3600, "2026-11-22T11:30:00.000+0000")


def test_edits_never_reach_the_dataset() -> None:
    dataset = Dataset(jira_issues=[issue("ACME-1", 1, status=DOING), issue("BETA-1", 2, status=DONE)])
    before = json.dumps(dataset.jira_issues)
    jira = JiraApi(dataset)
    jira.set_status("ACME-1", "Done", at=NOW)
    jira.add_comment("ACME-1", "x", at=NOW)
    jira.move_issue("ACME-1", "BETA", at=NOW)
    assert json.dumps(dataset.jira_issues) == before
    assert JiraApi(dataset).issue("ACME-1")["key"] == "ACME-1"


def test_the_state_shows_everything_inline() -> None:
    held = issue("ACME-1", 1, comment={"comments": [comment(n) for n in range(30)], "total": 30})
    jira = api(held)
    send(jira, "PUT", "/rest/api/3/issue/ACME-1/properties/crm", 1)
    (told,) = jira.state()["issues"]
    assert len(told["fields"]["comment"]["comments"]) == 30
    assert told["properties"] == {"crm": 1}
