"""The look at a Jira connection: sign-in, permissions needed and in excess, what is in sight."""

from __future__ import annotations

import pytest
import requests
import responses

from connectors.doctor_jira import SiteNeeds, examine
from connectors.jira import Jira, JiraSettings
from simulator.dataset import Dataset
from simulator.jira_switches import JiraSwitches
from simulator.server import Simulator, Switches

STAMP = "2026-11-01T08:00:00.000+0000"
BROWSE = frozenset({"BROWSE_PROJECTS", "USER_PICKER"})


def issue(number, project="ACME"):
    return {
        "id": str(10_000 + number),
        "key": f"{project}-{number}",
        "fields": {
            "project": {"id": "1", "key": project, "name": project, "projectTypeKey": "service_desk"},
            "summary": "Printer",
            "created": STAMP,
            "updated": STAMP,
        },
    }


@pytest.fixture
def site():
    running = []

    def start(*issues, **switches):
        simulator = Simulator(
            Dataset(jira_issues=list(issues)), switches=Switches(jira=JiraSwitches(**switches))
        )
        running.append(simulator)
        return simulator

    yield start
    for simulator in running:
        simulator.stop()


def look(simulator, *, needs=None, token="simulator", **more):
    settings = JiraSettings(url=simulator.jira_url, email="me@example.com", api_token=token, **more)
    return examine(Jira(settings, sleep=lambda _: None), needs)


def told(findings):
    return [(one.subject, one.severity) for one in findings]


def test_an_account_that_may_only_browse_is_as_it_should_be(site):
    simulator = site(issue(1), issue(2), granted=BROWSE)
    findings = look(simulator)
    assert told(findings) == [
        ("sign-in", "note"),
        ("permissions", "note"),
        ("projects", "note"),
        ("issues", "note"),
    ]
    assert findings[1].message == "This account has Browse projects."
    assert findings[2].numbers == {"projects": 1, "service_projects": 1}
    assert findings[3].message == "About 2 issues are in scope."
    assert simulator.calls()["jira"]["write"] == 0


def test_permissions_in_excess_are_named_unless_issues_are_written(site):
    granted = BROWSE | {"ADMINISTER", "DELETE_ISSUES", "EDIT_ISSUES", "CREATE_ISSUES", "LINK_ISSUES"}
    simulator = site(issue(1), granted=granted)
    (notice,) = [one for one in look(simulator) if one.severity == "warning"]
    assert notice.message == (
        "This account may also: Administer Jira, Delete issues, Create issues, Edit issues, Link issues,"
        " which is never done."
    )
    (notice,) = [one for one in look(simulator, needs=SiteNeeds(writes=True)) if one.severity == "warning"]
    assert notice.numbers == {"permissions": 2}


def test_permissions_that_are_missing_are_an_error_when_they_are_needed(site):
    simulator = site(issue(1), granted=BROWSE)
    (problem,) = [one for one in look(simulator, needs=SiteNeeds(writes=True)) if one.severity == "error"]
    assert problem.message == "This account lacks Create issues, Edit issues, Link issues in every project."
    (problem,) = [
        one for one in look(site(issue(1), granted=frozenset({"USER_PICKER"}))) if one.severity == "error"
    ]
    assert "Browse projects" in problem.message


def test_groups_that_cannot_be_read_are_a_note(site):
    findings = look(site(issue(1), granted=frozenset({"BROWSE_PROJECTS"})))
    (notice,) = [one for one in findings if one.advice]
    assert notice.severity == "note"
    assert "Browse users and groups" in notice.message


def test_fields_and_groups_that_the_config_names_must_be_there(site):
    simulator = site(issue(1), granted=BROWSE)

    def about(subject, **needs):
        return [one for one in look(simulator, needs=SiteNeeds(**needs)) if one.subject == subject]

    (there,) = about("fields", account_field="summary")
    assert (there.severity, there.message) == ("note", "Fields that the config names are there: summary.")
    (missing,) = about("fields", account_field="summary", mapped={"case": "CRM Case"})
    assert (missing.severity, "CRM Case" in missing.message, bool(missing.advice)) == ("error", True, True)
    (group,) = about("groups", groups=["no-such-group"])
    assert (group.severity, "no-such-group" in group.message) == ("warning", True)


def test_a_query_that_finds_nothing_is_a_warning(site):
    findings = look(site(issue(1), granted=BROWSE), jql='summary ~ "Scanner"')
    assert told(findings)[-1] == ("issues", "warning")
    assert "jql" in findings[-1].advice


def test_an_account_that_sees_no_project_is_an_error(site):
    findings = look(site(granted=BROWSE))
    assert told(findings)[-2:] == [("projects", "error"), ("issues", "warning")]


def test_a_refused_sign_in_is_the_only_finding(site):
    (finding,) = look(site(issue(1)), token="expired")
    assert (finding.subject, finding.severity) == ("sign-in", "error")
    assert finding.advice


def test_a_site_that_tells_neither_permissions_nor_counts_is_looked_at_all_the_same():
    root = "https://acme.atlassian.net/rest/api/3"
    with responses.RequestsMock() as mock:
        mock.get(f"{root}/myself", json={"accountId": "a1", "timeZone": "UTC"})
        mock.get(
            f"{root}/serverInfo", json={"baseUrl": "https://acme.atlassian.net", "deploymentType": "Cloud"}
        )
        mock.get(f"{root}/mypermissions", status=404, json={"errorMessages": ["gone"]})
        project = {"id": "1", "key": "ACME", "name": "Acme"}
        mock.get(f"{root}/project/search", json={"values": [project], "isLast": True})
        mock.post(f"{root}/search/approximate-count", status=410, json={"errorMessages": ["gone"]})
        settings = JiraSettings(
            url="https://acme.atlassian.net", email="me@example.com", api_token="secret-token"
        )
        findings = examine(Jira(settings, sleep=lambda _: None))
    assert told(findings) == [
        ("sign-in", "note"),
        ("permissions", "note"),
        ("projects", "note"),
        ("issues", "note"),
    ]


def test_data_center_is_asked_in_its_own_way():
    root = "https://jira.example.com/rest/api/2"
    held = {"BROWSE_PROJECTS": {"havePermission": True}, "ADMINISTER": {"havePermission": False}}
    with responses.RequestsMock() as mock:
        mock.get(f"{root}/myself", json={"key": "JIRAUSER1", "name": "rapport", "timeZone": "UTC"})
        mock.get(
            f"{root}/serverInfo", json={"baseUrl": "https://jira.example.com", "deploymentType": "Server"}
        )
        mock.get(f"{root}/mypermissions", json={"permissions": held})
        mock.get(f"{root}/project", json=[{"id": "1", "key": "ACME", "name": "Acme"}])
        left = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "150", "Beta-X-RateLimit-Limit": "9"}
        found = {"issues": [], "total": 12, "startAt": 0, "maxResults": 0}
        mock.post(f"{root}/search", json=found, headers=left)
        settings = JiraSettings(
            url="https://jira.example.com", deployment="datacenter", personal_access_token="secret-token"
        )
        findings = examine(Jira(settings, sleep=lambda _: None))
    assert told(findings) == [
        ("sign-in", "note"),
        ("permissions", "note"),
        ("projects", "note"),
        ("issues", "note"),
        ("rate limit", "warning"),
    ]
    assert findings[0].message == "Signed in to https://jira.example.com (Server) as JIRAUSER1."
    assert findings[-2].numbers == {"visible": 12}
    assert findings[-1].message == "150 of 1,000 requests are left before Jira asks to wait."


def ask(simulator, query, token="simulator"):
    answer = requests.get(
        f"{simulator.jira_url}/rest/api/3/mypermissions{query}", auth=("me@example.com", token), timeout=10
    )
    return answer.status_code, answer.json()


def test_the_simulated_site_tells_permissions_by_their_keys(site):
    simulator = site(granted=BROWSE)
    status, answer = ask(simulator, "?permissions=BROWSE_PROJECTS,EDIT_ISSUES")
    assert status == 200
    assert {key: one["havePermission"] for key, one in answer["permissions"].items()} == {
        "BROWSE_PROJECTS": True,
        "EDIT_ISSUES": False,
    }
    assert answer["permissions"]["BROWSE_PROJECTS"]["type"] == "PROJECT"
    assert ask(simulator, "")[0] == 400
    assert ask(simulator, "?permissions=NO_SUCH")[0] == 400
    status, answer = ask(simulator, "?permissions=BROWSE_PROJECTS", token="wrong")
    assert (status, answer["permissions"]["BROWSE_PROJECTS"]["havePermission"]) == (200, False)
