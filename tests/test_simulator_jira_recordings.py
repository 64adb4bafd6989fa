"""Records of real sites are served unharmed, and the answers have the shapes of Atlassian's own examples."""

from __future__ import annotations

import ast
import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.dataset import Dataset
from simulator.http import Headers, Request
from simulator.jira import JiraApi
from simulator.jira_switches import JiraSwitches

FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures" / "jira"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recordings are not here")


def read(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def lines(name: str) -> list[Any]:
    text = (FIXTURES / name).read_text(encoding="utf-8")
    return [json.loads(line)["data"] for line in text.splitlines() if line.strip()]


def python_client_recording(name: str) -> Any:
    """`responses["fields=*all"] = {...}`: a Python literal but for JSON's null, true and false."""
    tree = ast.parse((FIXTURES / "atlassian-python-api" / name).read_text(encoding="utf-8"))
    assignment = tree.body[0]
    assert isinstance(assignment, ast.Assign)
    return ast.literal_eval(_JsonNames().visit(assignment.value))


class _JsonNames(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Constant:
        return ast.Constant({"null": None, "true": True, "false": False}[node.id])


def recorded_issues() -> list[dict[str, Any]]:
    issues = lines("devlake/raw_jira_api_issues.jsonl") + lines("devlake/raw_jira_external_epics.jsonl")
    for name in ("perceval/jira_issues_page_1.json", "perceval/jira_issues_page_2.json"):
        issues += read(name)["issues"]
    issues += read("go-jira/issues_in_sprint.json")["issues"]
    for name in ("search_jql_page.json", "issue_bulkfetch.json"):
        issues += read(f"atlassian-openapi-examples/{name}")["issues"]
    issues.append(read("atlassian-openapi-examples/issue.json"))
    issues.append(python_client_recording("rest__api__2__issue__FOO-123__GET"))
    issues += python_client_recording("rest__agile__1.0__epic__BAR-22__issue__GET")["issues"]
    return list({each["id"]: each for each in issues}.values())


def call(api: JiraApi, method: str, path: str, body: object = None, **query: str) -> Any:
    token = base64.b64encode(b"me@example.com:simulator").decode()
    headers = Headers({"Authorization": f"Basic {token}", "Content-Type": "application/json"})
    data = b"" if body is None else json.dumps(body).encode()
    arguments = {name: [value] for name, value in query.items()}
    answer = api.handle(
        Request(method, path, arguments, headers, data, NOW, "https://your-domain.atlassian.net")
    )
    assert answer.status in (200, 201), answer.body
    return json.loads(answer.body)


def everything(api: JiraApi, jql: str, **more: Any) -> list[dict[str, Any]]:
    body: dict[str, Any] = {"jql": jql, "fields": ["*all"], "maxResults": 7, **more}
    found = []
    while True:
        told = call(api, "POST", "/rest/api/3/search/jql", body)
        found += told["issues"]
        if told["isLast"]:
            return found
        body["nextPageToken"] = told["nextPageToken"]


def whole(value: Any) -> Any:
    """An inline page that was cut when it was recorded promises no more than what is there."""
    rows = value.get("comments", value.get("worklogs")) if isinstance(value, dict) else None
    return value if rows is None else {"total": len(rows), "rows": rows}


def test_every_recorded_issue_is_found_and_served_as_it_was_recorded() -> None:
    issues = recorded_issues()
    served = everything(JiraApi(Dataset(jira_issues=issues)), "project is not empty")
    assert sorted(each["key"] for each in served) == sorted(each["key"] for each in issues)
    recorded = {each["id"]: each for each in issues}
    for each in served:
        held = recorded[each["id"]]["fields"]
        for name, value in held.items():
            assert whole(each["fields"][name]) == whole(value), (each["key"], name)
        # Cloud always shows the page of comments; nothing else is added.
        assert each["fields"].keys() - held.keys() <= {"comment"}


def test_every_recorded_changelog_is_served_whole() -> None:
    issues = recorded_issues()
    api = JiraApi(Dataset(jira_issues=issues))
    references = [each["id"] for each in issues]
    bulk = call(api, "POST", "/rest/api/3/changelog/bulkfetch", {"issueIdsOrKeys": references})
    told = {each["issueId"]: each["changeHistories"] for each in bulk["issueChangeLogs"]}
    for held in issues:
        histories = held.get("changelog", {}).get("histories", [])
        single = call(api, "GET", f"/rest/api/3/issue/{held['id']}/changelog", maxResults="100")["values"]
        assert {each["id"] for each in single} == {each["id"] for each in histories}
        assert single == told.get(held["id"], [])
        assert [each["created"] for each in single] == sorted(each["created"] for each in single)


def test_a_server_of_old_tells_its_users_fields_and_statuses() -> None:
    pages = [read(f"perceval/jira_issues_page_{number}.json")["issues"] for number in (1, 2)]
    issues = [issue for page in pages for issue in page]
    fields = read("perceval/jira_fields.json")
    api = JiraApi(Dataset(jira_issues=issues, jira_fields=fields))
    names = {each["id"]: each["name"] for each in call(api, "GET", "/rest/api/3/field")}
    assert {each["id"]: each["name"] for each in fields}.items() <= names.items()
    statuses = {each["fields"]["status"]["name"] for each in issues}
    assert statuses <= {each["name"] for each in call(api, "GET", "/rest/api/3/status")}
    assignee = issues[0]["fields"]["assignee"]["name"]
    assert everything(api, f"assignee = '{assignee}'")
    assert len(everything(api, "updated >= 0 order by updated")) == len(issues)


def test_a_localised_site_is_searched_by_its_own_names_and_by_the_english_categories() -> None:
    issues = lines("devlake/raw_jira_api_issues.jsonl")
    api = JiraApi(Dataset(jira_issues=issues, jira_statuses=lines("devlake/raw_jira_api_status.jsonl")))
    done = [each for each in issues if each["fields"]["status"]["statusCategory"]["key"] == "done"]
    name = done[0]["fields"]["status"]["name"]
    assert len(everything(api, "statusCategory = Done")) == len(done)
    assert {each["fields"]["status"]["name"] for each in everything(api, f"status = '{name}'")} == {name}


def shape(value: object) -> object:
    """The keys of an answer and the kind of each value; a list by its first entry."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__ if value is not None else None


def example_api(*issues: dict[str, Any], **switches: Any) -> JiraApi:
    return JiraApi(Dataset(jira_issues=list(issues)), switches=JiraSwitches(**switches))


def test_an_issue_and_a_search_page_have_the_documented_shape() -> None:
    example = read("atlassian-openapi-examples/issue.json")
    api = example_api(example)
    told = call(api, "GET", "/rest/api/3/issue/10002")
    assert shape(told) == shape({"expand": "", **example})
    page = call(api, "POST", "/rest/api/3/search/jql", {"jql": "key = ED-1", "fields": ["*all"]})
    documented = read("atlassian-openapi-examples/search_jql_page.json")
    assert page.keys() == documented.keys()
    assert page["issues"][0].keys() == documented["issues"][0].keys()


def test_bulkfetch_has_the_documented_shape() -> None:
    example = read("atlassian-openapi-examples/issue_bulkfetch.json")
    del example["issues"][1]  # it has the id of the third
    api = example_api(*example["issues"])
    body = {
        "issueIdsOrKeys": ["EX-4", "EX-1"],
        "fields": ["summary", "project", "assignee"],
    }
    assert call(api, "POST", "/rest/api/3/issue/bulkfetch", body) == example


def test_comments_and_worklogs_have_the_documented_shape() -> None:
    comments = read("atlassian-openapi-examples/issue_comments.json")
    worklogs = read("atlassian-openapi-examples/issue_worklogs.json")
    issue = {"id": "10010", "key": "EX-1", "fields": {"comment": comments, "worklog": worklogs}}
    api = example_api(issue)
    assert call(api, "GET", "/rest/api/3/issue/EX-1/comment", maxResults="1") == comments
    assert call(api, "GET", "/rest/api/3/issue/EX-1/worklog", maxResults="1") == worklogs


def test_changelogs_have_the_documented_shape() -> None:
    page = read("atlassian-openapi-examples/issue_changelog_page.json")
    histories = [{**page["values"][0], "id": str(number)} for number in range(5)]
    bulk = read("atlassian-openapi-examples/changelog_bulkfetch.json")
    issue = {"id": "10100", "key": "EX-1", "fields": {}, "changelog": {"histories": histories}}
    api = example_api(issue, changelog_created="seconds")
    told = call(api, "GET", "/rest/api/3/issue/EX-1/changelog", startAt="2", maxResults="2")
    assert shape(told) == shape(page)
    assert (told["total"], told["isLast"], told["startAt"]) == (5, False, 2)
    body = {"issueIdsOrKeys": ["EX-1"], "maxResults": 2}
    answer = call(api, "POST", "/rest/api/3/changelog/bulkfetch", body)
    assert answer.keys() == bulk.keys()
    history = answer["issueChangeLogs"][0]["changeHistories"][0]
    documented = bulk["issueChangeLogs"][0]["changeHistories"][0]
    assert history.keys() == documented.keys()
    assert type(history["created"]) is type(documented["created"])


def test_the_site_has_the_documented_shape() -> None:
    api = JiraApi(
        Dataset(
            jira_issues=[],
            jira_myself=read("atlassian-openapi-examples/myself.json"),
            jira_fields=read("atlassian-openapi-examples/fields.json"),
            jira_projects=read("atlassian-openapi-examples/project_search.json")["values"],
        )
    )
    assert call(api, "GET", "/rest/api/3/myself") == read("atlassian-openapi-examples/myself.json")
    assert call(api, "GET", "/rest/api/3/field")[:2] == read("atlassian-openapi-examples/fields.json")
    documented = read("atlassian-openapi-examples/project_search.json")
    projects = call(api, "GET", "/rest/api/3/project/search", maxResults="1")
    assert documented.keys() == projects.keys()
    assert documented["values"][0].keys() <= projects["values"][0].keys()
    info = call(api, "GET", "/rest/api/3/serverInfo")
    assert read("atlassian-openapi-examples/serverinfo.json").keys() - info.keys() <= {
        "displayUrlConfluence",
        "displayUrlServicedeskHelpCenter",
    }


def test_remote_links_come_back_as_documented() -> None:
    links = read("atlassian-openapi-examples/remotelinks.json")
    api = example_api({"id": "1", "key": "MKY-1", "fields": {}})
    for link in links:
        body = {name: value for name, value in link.items() if name not in ("id", "self")}
        call(api, "POST", "/rest/api/3/issue/MKY-1/remotelink", body)
    told = call(api, "GET", "/rest/api/3/issue/MKY-1/remotelink")
    assert [{**each, "id": 0, "self": ""} for each in told] == [
        {**each, "id": 0, "self": ""} for each in links
    ]
