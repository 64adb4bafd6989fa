"""The simulated Jira Data Center: its door, its form of the same issues, its search, and its dataset file."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from jira import JIRA

from simulator.dataset import Dataset, DatasetError, load
from simulator.http import Headers, Request, Response
from simulator.jira import JiraApi
from simulator.jira_doors import DataCenterDoor
from simulator.jira_switches import JiraSwitches
from simulator.server import Simulator, Switches

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BASE = "http://127.0.0.1:8081"
ACME = {"id": "10", "key": "ACME", "name": "Acme", "projectTypeKey": "service_desk"}
ANN = {
    "accountId": "5b10-ann",
    "accountType": "customer",
    "displayName": "Ann Lee",
    "emailAddress": "ann@acme.test",
}
WORDS = {"type": "doc", "version": 1, "content": [
    {"type": "paragraph", "content": [{"type": "text", "text": "see {code} and *this*"}]},
    {"type": "paragraph", "content": [{"type": "text", "text": "end"}]},
]}  # fmt: skip
SPRINT = {"id": 4, "name": "Plan", "state": "active", "boardId": 2, "startDate": "2026-11-01T09:00:00.000Z"}


def issue(number: int, type_name: str = "Story", **fields: Any) -> dict[str, Any]:
    note = {"id": f"9{number}", "author": ANN, "body": WORDS, "created": "2026-11-01T10:00:00.000+0000"}
    step = {"field": "status", "fieldId": "status", "fromString": "Open", "toString": "Done"}
    told = [{"id": f"{number}{n}", "author": ANN, "created": f"2026-11-0{n}T10:00:00.000+0000", "items": [step]}
            for n in (1, 2, 3)]  # fmt: skip
    return {
        "id": str(number),
        "key": f"ACME-{number}",
        "self": f"https://example.atlassian.net/rest/api/3/issue/{number}",
        "fields": {
            "project": ACME,
            "issuetype": {
                "id": "7",
                "name": type_name,
                "subtask": type_name == "Sub-task",
                "hierarchyLevel": 0,
            },
            "status": {"id": "5", "name": "Done", "statusCategory": {"id": 3, "key": "done", "name": "Done"}},
            "statuscategorychangedate": "2026-11-02T10:00:00.000+0000",
            "summary": f"number {number}",
            "description": WORDS,
            "reporter": ANN,
            "comment": {"comments": [{**note, "jsdPublic": number % 2 == 0}], "total": 1},
            "created": "2026-11-01T10:00:00.000+0000",
            "updated": f"2026-11-02T10:{number % 60:02d}:00.000+0000",
            "customfield_10020": [SPRINT],
            **fields,
        },
        "changelog": {"histories": told, "total": 3},
    }


def api(*issues: dict[str, Any], facts: dict[str, Any] | None = None, **switches: Any) -> JiraApi:
    dataset = Dataset(jira_issues=list(issues) or [issue(1), issue(2)], jira_site=facts)
    return JiraApi(
        dataset, switches=JiraSwitches(deployment="datacenter", **switches), groups={"staff": ["5b10-ann"]}
    )


def send(
    jira: JiraApi, method: str, url: str, body: object = None, authorization: str | None = "Bearer simulator"
) -> Response:
    parts = urlsplit(url)
    lines = {
        "Content-Type": "application/json",
        **({"Authorization": authorization} if authorization else {}),
    }
    data = b"" if body is None else json.dumps(body).encode()
    return jira.handle(Request(method, parts.path, parse_qs(parts.query), Headers(lines), data, NOW, BASE))


def get(jira: JiraApi, path: str) -> Any:
    answer = send(jira, "GET", f"/rest/api/2{path}")
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def search(jira: JiraApi, **body: Any) -> Any:
    answer = send(jira, "POST", "/rest/api/2/search", body)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


# ---------------------------------------------------------------- the door


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"sync:{password}".encode()).decode()


@pytest.mark.parametrize("authorization", ["Bearer simulator", basic("simulator")])
def test_a_token_or_a_password_lets_in_and_every_answer_tells_the_limits(authorization: str) -> None:
    answer = send(api(), "GET", "/rest/api/2/myself", authorization=authorization)
    assert answer.status == 200
    assert answer.headers["retry-after"] == "0"
    assert answer.headers["X-RateLimit-Remaining"] == "49"
    assert answer.headers["X-AUSERNAME"] == json.loads(answer.body)["name"]
    missing = send(api(), "GET", "/rest/api/2/issue/NO-1", authorization=authorization)
    assert (missing.status, missing.headers["retry-after"]) == (404, "0")


@pytest.mark.parametrize("authorization", ["Bearer wrong", basic("wrong"), "Basic ???", "Bearer "])
def test_wrong_credentials_are_refused_and_after_some_tries_asked_a_question(authorization: str) -> None:
    jira = api(captcha_after=2)
    for _ in range(2):
        answer = send(jira, "GET", "/rest/api/2/search", authorization=authorization)
        assert answer.status == 401
        assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
        assert answer.headers["X-AUSERNAME"] == "anonymous"
    for each in (authorization, "Bearer simulator"):
        answer = send(jira, "GET", "/rest/api/2/myself", authorization=each)
        assert answer.status == 403
        denied = answer.headers["X-Authentication-Denied-Reason"]
        assert denied == f"CAPTCHA_CHALLENGE; login-url={BASE}/login.jsp"
    assert isinstance(jira.door, DataCenterDoor)
    jira.door.answer_the_question()
    assert send(jira, "GET", "/rest/api/2/myself").status == 200


def test_a_good_sign_in_forgets_the_failed_ones() -> None:
    jira = api(captcha_after=2)
    for authorization in ("Bearer wrong", "Bearer simulator", "Bearer wrong", "Bearer simulator"):
        answer = send(jira, "GET", "/rest/api/2/myself", authorization=authorization)
    assert answer.status == 200


def test_a_visitor_without_credentials_sees_what_everybody_may() -> None:
    jira = api()
    found = send(jira, "POST", "/rest/api/2/search", {"jql": "project = ACME"}, authorization=None)
    assert (found.status, json.loads(found.body)["total"]) == (200, 0)
    assert found.headers["X-AUSERNAME"] == "anonymous"
    assert send(jira, "GET", "/rest/api/2/myself", authorization=None).status == 401
    assert send(jira, "GET", "/rest/api/2/serverInfo", authorization=None).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rest/api/3/myself"),
        ("POST", "/rest/api/2/search/jql"),
        ("POST", "/rest/api/2/changelog/bulkfetch"),
        ("GET", "/rest/api/2/issue/ACME-1/changelog"),
        ("GET", "/rest/api/2/project/search"),
        ("POST", "/rest/api/2/search/approximate-count"),
        ("GET", "/secure/Dashboard.jspa"),
    ],
)
def test_what_only_cloud_has_is_not_there(method: str, path: str) -> None:
    assert send(api(), method, path, {} if method == "POST" else None).status in {404, 405}


# ---------------------------------------------------------------- what the site tells


@pytest.mark.parametrize(
    ("facts", "deployment", "base_url"),
    [
        (None, "Server", BASE),
        (
            {"deployment": "DataCenter", "baseUrl": "https://tickets.acme.test"},
            "DataCenter",
            "https://tickets.acme.test",
        ),
        ({"deployment": "Cloud"}, "Server", BASE),
    ],
)
def test_server_info_tells_the_deployment(facts: Any, deployment: str, base_url: str) -> None:
    told = get(api(facts=facts), "/serverInfo")
    assert (told["deploymentType"], told["baseUrl"]) == (deployment, base_url)
    assert not told["version"].startswith("1001")


def test_fields_projects_and_members_come_in_its_own_shapes() -> None:
    jira = api()
    fields = {each["id"]: each for each in get(jira, "/field")}
    assert {"parent", "statuscategorychangedate"}.isdisjoint(fields)
    assert fields["customfield_10014"]["schema"]["custom"] == "com.pyxis.greenhopper.jira:gh-epic-link"
    assert [each["key"] for each in get(jira, "/project")] == ["ACME"]
    [member] = get(jira, "/group/member?groupname=staff")["values"]
    assert member == {
        "name": "5b10-ann",
        "key": "5b10-ann",
        "emailAddress": "ann@acme.test",
        "displayName": "Ann Lee",
    }


# ---------------------------------------------------------------- its form of an issue


def test_an_issue_has_people_texts_and_sprints_in_its_form() -> None:
    shown = get(api(), "/issue/ACME-1?expand=changelog")
    fields = shown["fields"]
    assert fields["reporter"]["key"] == "5b10-ann"
    assert "accountId" not in json.dumps(shown)
    assert fields["description"] == "see \\{code} and \\*this\\*\r\nend"
    assert fields["customfield_10020"] == [
        (
            "com.atlassian.greenhopper.service.sprint.Sprint@4[id=4,rapidViewId=2,state=ACTIVE,name=Plan,"
            "startDate=2026-11-01T09:00:00.000Z,endDate=<null>,completeDate=<null>,activatedDate=<null>,sequence=4,goal=]"
        )
    ]
    assert "hierarchyLevel" not in fields["issuetype"]
    assert "statuscategorychangedate" not in fields
    assert shown["self"].endswith("/rest/api/2/issue/1")
    assert "fieldId" not in shown["changelog"]["histories"][0]["items"][0]


def test_an_epic_is_named_by_key_and_only_a_sub_task_has_a_parent() -> None:
    parent = {"id": "1", "key": "ACME-1"}
    jira = api(
        issue(1, "Epic"), issue(2, parent=parent), issue(3, "Sub-task", parent={"id": "2", "key": "ACME-2"})
    )
    story, sub_task = (get(jira, f"/issue/{key}")["fields"] for key in ("ACME-2", "ACME-3"))
    assert (story["customfield_10014"], "parent" in story) == ("ACME-1", False)
    assert (sub_task["customfield_10014"], sub_task["parent"]["key"]) == (None, "ACME-2")


def test_the_epic_link_takes_a_number_that_no_field_has() -> None:
    jira = api(issue(1, customfield_10014="taken"))
    names = {each["name"]: each["id"] for each in get(jira, "/field")}
    assert names["Epic Link"] == "customfield_10015"
    assert get(jira, "/issue/ACME-1")["fields"]["customfield_10014"] == "taken"


def test_comments_say_who_may_read_them_only_where_properties_are_asked_for() -> None:
    jira = api()
    [silent] = get(jira, "/issue/ACME-1/comment")["comments"]
    assert {"jsdPublic", "properties"}.isdisjoint(silent)
    assert silent["body"].startswith("see")
    [internal] = get(jira, "/issue/ACME-1/comment?expand=properties")["comments"]
    assert internal["properties"] == [{"key": "sd.public.comment", "value": {"internal": True}}]
    [public] = get(jira, "/issue/ACME-2/comment?expand=properties")["comments"]
    assert public["properties"] == []


def test_a_record_in_its_own_form_goes_out_as_it_is() -> None:
    person = {"name": "dana", "key": "JIRAUSER7", "emailAddress": "d@acme.test", "displayName": "Dana"}
    shown = get(api(issue(1, reporter=person, description="h1. wiki")), "/issue/1")["fields"]
    assert shown["reporter"] == person
    assert shown["description"] == "h1. wiki"


def test_what_people_change_shows_in_its_form_too() -> None:
    jira = api()
    jira.add_comment("ACME-1", WORDS, at=NOW, internal=True)
    jira.set_fields(
        "ACME-1", {"assignee": {"name": "dana", "key": "JIRAUSER7", "displayName": "Dana"}}, at=NOW
    )
    shown = get(jira, "/issue/ACME-1?expand=changelog")
    assert shown["changelog"]["histories"][0]["items"][0]["to"] == "JIRAUSER7"
    assert len(shown["fields"]["comment"]["comments"]) == 2


# ---------------------------------------------------------------- search


def test_a_search_pages_by_offset_and_cuts_what_is_asked_beyond_the_cap() -> None:
    jira = api(*(issue(n) for n in range(1, 8)), search_cap=3)
    answer = search(jira, jql="ORDER BY key ASC", startAt=3, maxResults=500, fields=["summary"])
    assert (answer["startAt"], answer["maxResults"], answer["total"]) == (3, 3, 7)
    assert [each["key"] for each in answer["issues"]] == ["ACME-4", "ACME-5", "ACME-6"]
    assert search(jira, jql="", startAt=70)["issues"] == []
    assert search(jira, jql="", maxResults=0)["total"] == 7
    assert "changelog" not in search(jira, jql="", expand=["changelog"])["issues"][0]


def test_rows_move_up_when_an_issue_is_changed_between_two_pages() -> None:
    jira = api(*(issue(n) for n in range(1, 5)))
    query = {"jql": "ORDER BY updated ASC", "maxResults": 2}
    first = [each["key"] for each in search(jira, **query)["issues"]]
    jira.touch("ACME-1", at=NOW)
    second = [each["key"] for each in search(jira, **query, startAt=2)["issues"]]
    assert (first, second) == (["ACME-1", "ACME-2"], ["ACME-4", "ACME-1"])


def test_a_value_that_does_not_exist_is_refused_unless_validation_is_off() -> None:
    jira = api()
    wrong = {"jql": "key in (ACME-1, ACME-99)"}
    answer = send(jira, "POST", "/rest/api/2/search", wrong)
    assert (answer.status, json.loads(answer.body)["errorMessages"]) == (
        400,
        ["An issue with key 'ACME-99' does not exist for field 'key'."],
    )
    assert [each["key"] for each in search(jira, **wrong, validateQuery=False)["issues"]] == ["ACME-1"]
    assert send(jira, "POST", "/rest/api/2/search", {"nextPageToken": "x"}).status == 400


@pytest.mark.parametrize(("kept_back", "histories"), [(0, 3), (1, 2), (9, 0)])
def test_a_changelog_is_whole_or_says_what_it_keeps_back(kept_back: int, histories: int) -> None:
    jira = api(histories_kept_back=kept_back, changelog_in_search=True, field_ids_in_history=True)
    for shown in (
        get(jira, "/issue/1?expand=changelog"),
        search(jira, jql="id = 1", expand=["changelog"])["issues"][0],
    ):
        told = shown["changelog"]
        assert (told["total"], len(told["histories"])) == (3, histories)
        assert all("fieldId" in step for each in told["histories"] for step in each["items"])


# ---------------------------------------------------------------- over HTTP, from a dataset


def write(folder: Any, site: object) -> Any:
    (folder / "jira").mkdir()
    (folder / "jira" / "issues.jsonl").write_text(json.dumps(issue(1)) + "\n")
    (folder / "jira" / "site.json").write_text(json.dumps(site))
    return folder


def test_a_dataset_says_what_kind_of_site_it_is_and_where(tmp_path: Any) -> None:
    facts = {"deployment": "Server", "baseUrl": "https://tickets.acme.test/jira", "contextPath": "/jira"}
    with Simulator(load(write(tmp_path, facts)), now=NOW) as simulator:
        url = simulator.jira_url
        assert url.endswith("/jira")
        library = JIRA(url, token_auth="simulator", max_retries=0)
        assert library.deploymentType == "Server"
        [found] = library.search_issues("project = ACME", expand="changelog")
        assert (found.key, found.fields.reporter.name) == ("ACME-1", "5b10-ann")
        assert library.issue("ACME-1", expand="changelog").changelog.total == 3
        library.close()
        outside = requests.get(url.removesuffix("/jira") + "/rest/api/2/serverInfo", timeout=10)
        assert (outside.status_code, outside.headers["Content-Type"]) == (404, "text/html;charset=UTF-8")
        assert simulator.calls()["jira"]["write"] == 0


def test_a_switch_goes_before_the_dataset(tmp_path: Any) -> None:
    dataset = load(write(tmp_path, {"deployment": "DataCenter"}))
    chosen = Switches(jira=JiraSwitches(deployment="cloud"))
    with Simulator(dataset, now=NOW, switches=chosen) as simulator:
        told = requests.get(simulator.jira_url + "/rest/api/3/serverInfo", timeout=10).json()
    assert told["deploymentType"] == "Cloud"


@pytest.mark.parametrize(
    ("site", "says"),
    [
        ([], "one JSON object"),
        ({"deployment": "server"}, "deployment must be Cloud, Server or DataCenter"),
        ({"contextPath": "jira"}, 'contextPath must be a path such as "/jira"'),
        ({"contextPath": "/"}, 'contextPath must be a path such as "/jira"'),
        ({"baseUrl": "tickets"}, "baseUrl must be an address"),
        ({"base_url": "https://x"}, "'base_url' is none of deployment, baseUrl, contextPath"),
    ],
)
def test_a_site_file_that_makes_no_sense_is_told_with_its_name(
    tmp_path: Any, site: object, says: str
) -> None:
    with pytest.raises(DatasetError, match=says) as caught:
        load(write(tmp_path, site))
    assert caught.value.file.name == "site.json"
