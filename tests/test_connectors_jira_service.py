"""What Jira Service Management keeps in fields, releases and links to other systems: read in every odd shape, on both kinds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from company import FIXTURES, cycle, sla

from connectors import jira_service
from connectors.http import HttpSettings
from connectors.jira import Jira, JiraSettings, discover
from connectors.jira_records import IssueRecords
from connectors.jira_site import SATISFACTION, SATISFACTION_DATE, SLA, JiraField, WantedFields
from simulator.dataset import Dataset, DatasetError, load
from simulator.jira import JiraSwitches
from simulator.server import Simulator, Switches

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
STAMP = "2026-11-01T10:00:00.000+0000"
HOUR = timedelta(hours=1)
MICROSECONDS = int(NOW.timestamp()) * 1_000_000


def test_an_sla_gives_its_cycles_oldest_first_and_the_running_one_last():
    late = cycle(NOW - 9 * HOUR, NOW - 5 * HOUR, NOW - 4 * HOUR, elapsedTime={"millis": 18_000_000})
    early = cycle(NOW - 20 * HOUR, NOW - 15 * HOUR, NOW - 16 * HOUR)
    running = cycle(NOW - 2 * HOUR, NOW + HOUR, paused=True)
    sla_id, name, cycles = jira_service.sla_cycles(sla(late, early, running=running))
    assert (sla_id, name) == ("1", "Time to resolution")
    hour = 3_600_000_000
    assert [tuple(each) for each in cycles] == [
        (1, MICROSECONDS - 20 * hour, MICROSECONDS - 16 * hour, MICROSECONDS - 15 * hour, False, None, 3_600_000, None),
        (2, MICROSECONDS - 9 * hour, MICROSECONDS - 4 * hour, MICROSECONDS - 5 * hour, True, None, 3_600_000, 18_000_000),
        (3, MICROSECONDS - 2 * hour, None, MICROSECONDS + hour, False, True, 3_600_000, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [None, {}, [], "text", 5, {"errorMessage": "no permission"}, {"completedCycles": None, "ongoingCycle": None},
     {"completedCycles": {"a": 1}, "ongoingCycle": []}, {"completedCycles": [None, 5, {}], "ongoingCycle": {}},
     {"completedCycles": [{"startTime": {"epochMillis": 1}}]}, {"ongoingCycle": {"startTime": {"friendly": "today"}}},
     {"ongoingCycle": {"startTime": {"epochMillis": 10**30}}}, {"ongoingCycle": {"startTime": {"epochMillis": True}}}],
)  # fmt: skip
def test_what_is_no_cycle_does_no_harm(value):
    assert jira_service.sla_cycles(value)[2] == []


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recordings are not here")
def test_atlassians_own_examples_are_read():
    examples = FIXTURES / "jira" / "atlassian-openapi-examples"
    values = json.loads((examples / "jsm_request_sla.json").read_text())["values"]
    told = [jira_service.sla_cycles(value) for value in values]
    assert [name for _, name, _ in told][:2] == ["Time To First Response", "Time To Resolution"]
    first = told[0][2]
    # the clock stood still in the first: its time was up before it stopped, and yet it was met
    assert [(each.breached, each.stopped is None, each.breach_at is None) for each in first] == [
        (False, False, False), (True, False, False), (False, True, True),
    ]  # fmt: skip
    assert first[0].breach_at < first[0].stopped
    feedback = json.loads((examples / "jsm_request_feedback_csat.json").read_text())
    assert jira_service.rating(feedback) == float(feedback["rating"])
    records = IssueRecords("default", WantedFields())
    links = json.loads((examples / "remotelinks.json").read_text())
    records.remote_links("1", [json.dumps(link).encode() for link in links])
    assert records.batch(None).remote_links.num_rows == len(links)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(4, 4.0), (4.5, 4.5), ({"rating": 5}, 5.0), ({"rating": 5, "comment": {"body": "thanks"}}, 5.0), ("3", 3.0),
     ("4 - good", 4.0), ("3,5", 3.5), ({"value": "2"}, 2.0), ({"rating": None}, None), ({"rating": True}, None),
     ({"errorMessage": "no"}, None), (None, None), (True, None), ("good", None), ("", None), ([], None),
     ("nan", None), ("1e999", None), (10**400, None)],
)  # fmt: skip
def test_a_rating_is_read_in_every_shape(value, expected):
    assert jira_service.rating(value) == expected


def test_when_it_was_rated_is_an_instant_or_a_day_or_unknown():
    assert jira_service.rated_when("2026-11-18T13:00:00.000+0100") == (MICROSECONDS, None)
    assert jira_service.rated_when("2026-11-18") == (None, date(2026, 11, 18))
    for value in (None, "2026-99-18", "yesterday", {}, True, "2026-11-18T13:00:00"):
        assert jira_service.rated_when(value) == (None, None)


def test_fields_are_found_by_their_type_and_the_admins_own_instead():
    fields = [
        JiraField("customfield_2", "Time to x", SLA),
        JiraField("customfield_1", "Zeit", None, "sd-servicelevelagreement"),
        JiraField("customfield_3", "Satisfaction", SATISFACTION),
        JiraField("customfield_4", "Satisfaction date", SATISFACTION_DATE),
        JiraField("customfield_5", "Our rating"),
        JiraField("customfield_6", "Case"),
    ]
    found = discover(fields, None, {"case": "case"})
    assert found.slas == (("customfield_1", "Zeit"), ("customfield_2", "Time to x"))
    assert (found.satisfaction, found.satisfaction_date) == ("customfield_3", "customfield_4")
    assert found.mapped == {"case": "customfield_6"}
    assert set(found.custom_ids()) == {f"customfield_{n}" for n in (1, 2, 3, 4, 6)}
    own = discover(fields, None, {"satisfaction": "Our rating"})
    assert (own.satisfaction, own.satisfaction_date) == ("customfield_5", None)


def test_an_issue_with_odd_service_fields_is_none_the_worse():
    wanted = WantedFields(
        slas=(("customfield_1", "A"), ("customfield_2", "B")),
        satisfaction="customfield_3",
        satisfaction_date="customfield_4",
        request_type="customfield_5",
    )
    records = IssueRecords("default", wanted)
    fields = {
        "created": STAMP,
        "customfield_1": {"completedCycles": 7},
        "customfield_2": sla(running=cycle(NOW, None), name=""),
        "customfield_3": {"rating": 2},
        "customfield_4": {"errorMessage": "no"},
        "customfield_5": {"requestType": {"id": "12", "name": "Get help"}, "currentStatus": {}},
    }
    records.issue(json.dumps({"id": "1", "key": "A-1", "fields": fields}).encode())
    records.remote_links("1", [b"5", b'{"object": {}}', b'{"object": {"url": 4}}', b'{"globalId": "g"}'])
    batch = records.batch(None)
    assert batch.rejected == ()
    assert [(row["sla_id"], row["name"], row["cycle"]) for row in batch.sla_cycles.to_pylist()] == [
        ("1", "B", 1)
    ]
    assert [(row["rating"], row["rated_at"]) for row in batch.ratings.to_pylist()] == [(2.0, None)]
    assert [(row["url"], row["global_id"]) for row in batch.remote_links.to_pylist()] == [(None, "g")]
    assert [(row["kind"], row["value"], row["value_id"]) for row in batch.values.to_pylist()] == [
        ("request_type", "Get help", "12")
    ]


LINK = {
    "id": 1,
    "globalId": "system=salesforce&id=5",
    "object": {"url": "https://x.example/5", "title": "Case"},
}


def _company() -> Dataset:
    project = {"id": "3", "key": "OPS", "name": "Ops", "projectTypeKey": "software"}
    fields = {"created": STAMP, "updated": STAMP, "project": project, "summary": "x"}
    version = {"id": "71", "name": "2.0", "released": True, "releaseDate": "2026-11-02"}
    return Dataset(
        jira_issues=[
            {"id": "1", "key": "OPS-1", "fields": {**fields, "versions": [version]}, "remotelinks": [LINK]},
            {"id": "2", "key": "OPS-2", "fields": {**fields, "fixVersions": [{"id": "72", "name": "3.0"}]}},
        ]
    )


def _settings(url: str, kind: str) -> JiraSettings:
    if kind == "cloud":
        return JiraSettings(url=url, email="me@x.example", api_token="simulator")
    return JiraSettings(url=url, deployment="datacenter", personal_access_token="simulator")


@pytest.mark.parametrize("kind", ["cloud", "datacenter"])
def test_links_and_releases_are_read_from_both_kinds_of_jira(kind):
    switches = Switches(jira=JiraSwitches(deployment=kind))
    with Simulator(_company(), now=NOW, switches=switches) as simulator:
        client = Jira(_settings(simulator.jira_url, kind), HttpSettings(), sleep=lambda _: None)

        def links(*, wanted: bool) -> list[tuple]:
            read = client.issue_batches(WantedFields(remote_links=wanted), updated_since=None)
            return [
                (row["issue_id"], row["url"], row["global_id"])
                for batch in read
                for row in batch.remote_links.to_pylist()
            ]

        assert links(wanted=False) == []
        before = client.calls.read
        assert links(wanted=True) == [("1", LINK["object"]["url"], LINK["globalId"])]
        assert client.calls.read - before >= 2
        assert client.versions("99") is None
        told = [(one.id, one.name, one.released, one.release_date) for one in client.versions("3")]
        assert told == [("71", "2.0", True, date(2026, 11, 2)), ("72", "3.0", False, None)]
        with simulator.edit() as (_, jira):
            jira.site.change_version("72", {"releaseDate": "2026-11-05", "released": True})
        assert client.versions("3")[1].release_date == date(2026, 11, 5)
        assert client.calls.write == 0


def test_links_and_releases_that_may_not_be_seen_are_told_once_and_left_out():
    switches = Switches(jira=JiraSwitches(linking_allowed=False, releases_listed=False))
    with Simulator(_company(), now=NOW, switches=switches) as simulator:
        client = Jira(_settings(simulator.jira_url, "cloud"), HttpSettings(), sleep=lambda _: None)
        read = list(client.issue_batches(WantedFields(remote_links=True), updated_since=None))
        assert [row["key"] for batch in read for row in batch.issues.to_pylist()] == ["OPS-1", "OPS-2"]
        assert [batch.remote_links.num_rows for batch in read] == [0]
        assert client.notices == {"links of issues to other systems are not visible to this user"}
        asked = simulator.calls()["jira"]["by_endpoint"]
        assert sum(n for path, n in asked.items() if path.endswith("remotelink")) == 1
        assert client.versions("3") is None


def test_a_dataset_may_list_releases_that_no_issue_names(tmp_path):
    (tmp_path / "jira").mkdir()
    (tmp_path / "jira" / "versions.json").write_text('[{"id": "9", "projectId": 3, "name": "1.0"}]')
    assert load(tmp_path).jira_versions == [{"id": "9", "projectId": 3, "name": "1.0"}]
    (tmp_path / "jira" / "versions.json").write_text('[{"id": "9", "name": "1.0"}]')
    with pytest.raises(DatasetError, match=r"versions.json: a version has no 'projectId'"):
        load(tmp_path)
