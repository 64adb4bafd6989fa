"""The unpatched `jira` library works against the simulated Jira, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from jira import JIRA
from jira.exceptions import JIRAError

from simulator.dataset import Dataset
from simulator.server import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DONE = {"id": "5", "name": "Done", "statusCategory": {"id": 3, "key": "done", "name": "Done"}}


def issue(number: int) -> dict[str, Any]:
    step = {"field": "status", "fieldId": "status", "fromString": "To Do", "toString": "Done"}
    return {
        "id": str(number),
        "key": f"ACME-{number}",
        "fields": {
            "project": {"id": "10", "key": "ACME", "name": "Acme", "projectTypeKey": "service_desk"},
            "issuetype": {"id": "7", "name": "Bug", "subtask": False},
            "status": DONE,
            "priority": {"id": "2", "name": "High"},
            "summary": f"number {number}",
            "labels": [],
            "created": "2026-11-01T10:00:00.000+0000",
            "updated": "2026-11-02T10:00:00.000+0000",
            "customfield_10001": "Acme GmbH",
        },
        "changelog": {
            "startAt": 0,
            "maxResults": 1,
            "total": 1,
            "histories": [{"id": "1", "created": "2026-11-02T10:00:00.000+0000", "items": [step]}],
        },
    }


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    simulator = Simulator(Dataset(jira_issues=[issue(number) for number in range(1, 251)]), now=NOW)
    yield simulator
    simulator.stop()


@pytest.fixture(scope="module")
def client(server: Simulator) -> Iterator[JIRA]:
    jira = connect(server, "simulator")
    yield jira
    jira.close()


def connect(server: Simulator, token: str) -> JIRA:
    # A .netrc of whoever runs the tests must not replace the token.
    jira = JIRA(
        server=server.jira_url,
        options={"rest_api_version": "3"},
        basic_auth=("me@example.com", token),
        max_retries=0,
        timeout=(5, 30),
    )
    jira._session.trust_env = False
    return jira


def test_it_sees_a_cloud_its_account_fields_and_projects(client: JIRA) -> None:
    assert client._is_cloud
    assert client.myself()["timeZone"] == "UTC"
    assert "customfield_10001" in {each["id"] for each in client.fields()}
    assert [each.name for each in client.statuses()] == ["Done", "To Do"]
    assert [each.name for each in client.priorities()] == ["High"]


def test_it_reads_all_pages_of_a_search(client: JIRA) -> None:
    found = client.enhanced_search_issues("project = ACME ORDER BY key ASC", maxResults=0, fields="summary")
    assert [each.key for each in found] == [f"ACME-{number}" for number in range(1, 251)]
    first = client.enhanced_search_issues("project = ACME", maxResults=500)
    assert (len(first), bool(first.nextPageToken)) == (100, True)
    assert client.approximate_issue_count("key in (ACME-1, ACME-2)") == 2


def test_its_search_by_body_sends_nulls_and_is_refused(client: JIRA) -> None:
    with pytest.raises(JIRAError, match="Invalid request payload"):
        client.enhanced_search_issues("project = ACME", use_post=True)


def test_it_reads_an_issue_with_its_changelog_and_comments(client: JIRA) -> None:
    found = client.issue("ACME-7", expand="changelog")
    assert found.fields.customfield_10001 == "Acme GmbH"
    assert found.changelog.histories[0].items[0].field == "status"
    document = {"type": "doc", "version": 1, "content": []}
    client.add_comment("ACME-7", document)
    assert [each.body.type for each in client.comments("ACME-7")] == ["doc"]


def test_it_writes_labels_and_remote_links(client: JIRA, server: Simulator) -> None:
    client.issue("ACME-8").update(update={"labels": [{"add": "vip"}]})
    link = {"url": "https://crm.example/001", "title": "Acme"}
    client.add_simple_link("ACME-8", link)
    client.add_issue_property("ACME-8", "crm.account", {"id": "001"})
    (held,) = (each for each in server.state()["jira"]["issues"] if each["key"] == "ACME-8")
    assert held["fields"]["labels"] == ["vip"]
    assert held["remotelinks"][0]["object"] == link
    assert held["properties"] == {"crm.account": {"id": "001"}}


def test_a_wrong_token_is_refused_at_the_account(server: Simulator) -> None:
    jira = connect(server, "wrong")
    with pytest.raises(JIRAError) as caught:
        jira.myself()
    assert caught.value.status_code == 401
    jira.close()


def test_what_people_change_is_found_by_the_next_search(client: JIRA, server: Simulator) -> None:
    with server.edit() as (_, people):
        people.add_comment("ACME-9", "Any news?", at=NOW)
    (found,) = client.enhanced_search_issues("updated >= -1m AND key = ACME-9", fields="comment")
    assert found.fields.comment.total == 1
