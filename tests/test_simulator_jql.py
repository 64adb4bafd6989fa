"""JQL as the simulated Jira reads it: what is found, in which order, in whose time, and how it is refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.dataset import Dataset
from simulator.jira import JiraApi
from simulator.jira_switches import JiraSwitches
from simulator.jql import Clause, JqlError, Value, parse
from simulator.jql_evaluation import compile_query

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

TODO = {"id": "1", "name": "To Do", "statusCategory": {"id": 2, "key": "new", "name": "Zu erledigen"}}
DOING = {
    "id": "3",
    "name": "In Progress",
    "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Arbeit"},
}
DONE = {"id": "5", "name": "Fertig", "statusCategory": {"id": 3, "key": "done", "name": "Fertig"}}
HIGH, LOW = {"id": "2", "name": "High"}, {"id": "4", "name": "Low"}
ANN = {"accountId": "5b10-ann", "displayName": "Ann Lee", "accountType": "atlassian"}


def issue(key: str, number: int, **fields: Any) -> dict[str, Any]:
    project = key.partition("-")[0]
    return {
        "id": str(number),
        "key": key,
        "fields": {
            "project": {
                "id": {"ACME": "10", "BETA": "20"}[project],
                "key": project,
                "name": f"{project} Ltd",
            },
            "issuetype": {"id": "7", "name": "Bug"},
            "status": TODO,
            **fields,
        },
    }


ISSUES = [
    issue(
        "ACME-2",
        102,
        status=DOING,
        priority=HIGH,
        labels=["Security", "vip"],
        assignee=ANN,
        duedate="2026-11-20",
        created="2026-11-01T10:00:00.000+0100",
        updated="2026-11-22T10:00:30.500+0100",
        summary="Login fails for billing users",
        customfield_10001="Acme GmbH",
        customfield_10002=8.5,
        components=[{"id": "70", "name": "Portal"}],
    ),
    issue(
        "ACME-10",
        110,
        status=DONE,
        priority=LOW,
        labels=["vip"],
        duedate="2026-12-24",
        created="2026-11-02T10:00:00.000+0000",
        updated="2026-11-21T09:30:00.000+0000",
        resolutiondate="2026-11-20T09:30:00.000+0000",
        resolution={"id": "1", "name": "Done"},
        summary="Export is slow",
        customfield_10001="Acme Holding",
        customfield_10002=3,
    ),
    issue(
        "BETA-1",
        201,
        labels=[],
        created="2026-11-03T10:00:00.000+0000",
        updated="2026-11-22T09:29:00.000+0000",
        summary="Say hello",
        description={
            "type": "doc",
            "content": [{"type": "paragraph", "content": [{"text": "billing portal"}]}],
        },
    ),
]
FIELDS = [
    {
        "id": "customfield_10001",
        "name": "CRM Account",
        "custom": True,
        "clauseNames": ["cf[10001]", "CRM Account"],
        "schema": {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"},
    },
    {
        "id": "customfield_10002",
        "name": "Story Points",
        "custom": True,
        "clauseNames": ["cf[10002]"],
        "schema": {"type": "number", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:float"},
    },
]
BERLIN = {**ANN, "timeZone": "Europe/Berlin"}


@dataclass
class Site:
    api: JiraApi
    switches: JiraSwitches

    def find(self, jql: str) -> list[str]:
        search = compile_query(parse(jql), self.api.site, now=NOW, switches=self.switches)
        return [
            each["key"] for each in search.arrange([each for each in self.api.store if search.matches(each)])
        ]


def site(switches: JiraSwitches | None = None, **parts: Any) -> Site:
    dataset = Dataset(**{"jira_issues": ISSUES, "jira_fields": FIELDS, "jira_myself": BERLIN, **parts})
    return Site(JiraApi(dataset), switches or JiraSwitches())


SITE = site()


def refusal(jql: str) -> tuple[str, ...]:
    with pytest.raises(JqlError) as caught:
        SITE.find(jql)
    return caught.value.messages


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ("project = acme", ["ACME-2", "ACME-10"]),
        ("project = 'ACME Ltd'", ["ACME-2", "ACME-10"]),
        ("project in (10, BETA)", ["ACME-2", "ACME-10", "BETA-1"]),
        ("PROJECT != ACME", ["BETA-1"]),
        ("status = 'in progress'", ["ACME-2"]),
        ("status = 3 OR status = 5", ["ACME-2", "ACME-10"]),
        ("statusCategory = Done", ["ACME-10"]),
        ("statusCategory in ('To Do', indeterminate)", ["ACME-2", "BETA-1"]),
        ("statusCategory != Done", ["ACME-2", "BETA-1"]),
        ("labels = SECURITY", ["ACME-2"]),
        ("labels not in (security)", ["ACME-10"]),
        ("labels is empty", ["BETA-1"]),
        ("labels in (EMPTY, security)", ["ACME-2", "BETA-1"]),
        ("component = portal", ["ACME-2"]),
        ("assignee = '5b10-ann'", ["ACME-2"]),
        ("assignee = currentUser()", ["ACME-2"]),
        ("assignee is EMPTY", ["ACME-10", "BETA-1"]),
        ("priority > Low", ["ACME-2"]),
        ("priority <= low", ["ACME-10"]),
        ("resolution = Unresolved", ["ACME-2", "BETA-1"]),
        ("issuetype = bug AND NOT project = BETA", ["ACME-2", "ACME-10"]),
        ("key = acme-2 or id = 201", ["ACME-2", "BETA-1"]),
        ("key >= ACME-10", ["ACME-10", "BETA-1"]),
        ("summary ~ 'users login'", ["ACME-2"]),
        ("summary ~ 'log*'", ["ACME-2"]),
        ("summary ~ log", []),
        (r'summary ~ "\"login fails\""', ["ACME-2"]),
        (r'summary ~ "\"fails login\""', []),
        ("summary !~ slow", ["ACME-2", "BETA-1"]),
        ("text ~ billing", ["ACME-2", "BETA-1"]),
        ("cf[10001] ~ holding", ["ACME-10"]),
        ('"crm account" ~ Acme', ["ACME-2", "ACME-10"]),
        ('"CRM Account" is not empty', ["ACME-2", "ACME-10"]),
        ('"Story Points" >= 8', ["ACME-2"]),
        ("cf[10002] = 3.0", ["ACME-10"]),
        ("duedate < 2026-11-22", ["ACME-2"]),
        ("due >= 0d", ["ACME-10"]),
        ("resolved is not null", ["ACME-10"]),
        ("project = ACME AND labels = vip OR project = BETA", ["ACME-2", "ACME-10", "BETA-1"]),
        ("project = ACME AND (labels = security OR project = BETA)", ["ACME-2"]),
        ("project = ACME && !(labels = security) || project = BETA", ["ACME-10", "BETA-1"]),
    ],
)
def test_a_query_finds_what_jira_finds(jql: str, found: list[str]) -> None:
    assert SITE.find(jql) == found


def test_not_finds_no_issue_whose_field_is_empty() -> None:
    assert SITE.find("NOT labels = security") == ["ACME-10"]
    assert SITE.find("NOT (labels = security AND project = ACME)") == ["ACME-10", "BETA-1"]


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("key", ["ACME-2", "ACME-10", "BETA-1"]),
        ("key DESC", ["BETA-1", "ACME-10", "ACME-2"]),
        ("updated ASC, key ASC", ["ACME-10", "ACME-2", "BETA-1"]),
        ("priority DESC", ["BETA-1", "ACME-2", "ACME-10"]),
        ("priority", ["ACME-10", "ACME-2", "BETA-1"]),
        ("duedate", ["ACME-2", "ACME-10", "BETA-1"]),
        ("project DESC, created DESC", ["BETA-1", "ACME-10", "ACME-2"]),
        ("'Story Points'", ["ACME-10", "ACME-2", "BETA-1"]),
        ("summary", ["ACME-10", "ACME-2", "BETA-1"]),
    ],
)
def test_the_order_is_that_of_the_field_and_issues_without_a_value_come_last(
    order: str, found: list[str]
) -> None:
    assert SITE.find(f"project in (ACME, BETA) order by {order}") == found


def test_a_written_date_is_read_in_the_zone_of_the_caller() -> None:
    # ACME-2 was updated at 09:00:30.5 UTC, which is 10:00:30.5 in Berlin.
    assert SITE.find("updated >= '2026-11-22 10:00' and key = ACME-2") == ["ACME-2"]
    assert SITE.find("updated >= '2026/11/22 10:01' and key = ACME-2") == []
    utc = site(jira_myself={**ANN, "timeZone": "UTC"})
    assert utc.find("updated >= '2026-11-22 10:00' and key = ACME-2") == []
    assert utc.find("updated >= '2026-11-22 09:00' and key = ACME-2") == ["ACME-2"]


def test_a_day_begins_at_midnight_of_the_caller() -> None:
    assert SITE.find("created >= 2026-11-01 and created < 2026-11-02") == ["ACME-2"]
    assert SITE.find("updated >= startOfDay()") == ["ACME-2", "BETA-1"]
    assert SITE.find("updated < startOfDay() and updated >= startOfDay(-1)") == ["ACME-10"]


def test_bare_digits_are_epoch_milliseconds() -> None:
    at = int(datetime(2026, 11, 22, 9, 0, 30, 500_000, tzinfo=UTC).timestamp() * 1000)
    assert SITE.find(f"updated >= {at}") == ["ACME-2", "BETA-1"]
    assert SITE.find(f"updated > {at}") == ["BETA-1"]


def test_a_site_may_refuse_epoch_milliseconds() -> None:
    strict = site(JiraSwitches(epoch_dates=False))
    with pytest.raises(JqlError, match="Date value '1732877091000' for field 'updated' is invalid"):
        strict.find("updated >= 1732877091000")


@pytest.mark.parametrize(
    ("period", "found"),
    [
        ("-1m", ["BETA-1"]),
        ("-90m", ["ACME-2", "BETA-1"]),
        ("'-4h'", ["ACME-2", "BETA-1"]),
        ("-1d", ["ACME-2", "ACME-10", "BETA-1"]),
        ("'-1d 1m'", ["ACME-2", "ACME-10", "BETA-1"]),
        ("-2w", ["ACME-2", "ACME-10", "BETA-1"]),
        ("1h", []),
    ],
)
def test_a_period_counts_from_now(period: str, found: list[str]) -> None:
    assert SITE.find(f"updated >= {period}") == found


def test_seconds_in_a_written_date_are_refused() -> None:
    (message,) = refusal("updated >= '2026-11-22 10:00:30'")
    assert message.startswith(
        "Date value '2026-11-22 10:00:30' for field 'updated' is invalid. Valid formats include: "
    )


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("project = 99", "A value with ID '99' does not exist for the field 'project'."),
        ("status = Nope", "The value 'Nope' does not exist for the field 'status'."),
        ("assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'."),
        ("key = ACME-99", "An issue with key 'ACME-99' does not exist for field 'key'."),
        ("nope = 1", "Field 'nope' does not exist or you do not have permission to view it."),
        (
            "cf[1] is empty order by nope",
            "Field 'cf[1]' does not exist or you do not have permission to view it.",
        ),
        ("project > ACME", "The operator '>' is not supported by the 'project' field."),
        ("summary = hello", "The operator '=' is not supported by the 'summary' field."),
        ("project = members()", "Unable to find JQL function 'members()'."),
        ("project = ACME order by description", "Not able to sort using field 'description'."),
    ],
)
def test_what_the_site_does_not_have_is_refused_by_name(jql: str, message: str) -> None:
    assert refusal(jql)[0] == message


def test_all_faults_of_a_query_are_told_at_once() -> None:
    assert len(refusal("project = NOPE and nope = 1 and summary = hello")) == 3


def test_a_site_may_let_unknown_values_match_nothing() -> None:
    lax = site(JiraSwitches(refuse_unknown_values=False))
    assert lax.find("project = NOPE or key = ACME-2") == ["ACME-2"]


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("project", "Expecting operator before the end of the query. The valid operators are '=', '!='"),
        ("project eats ACME", "Expecting operator but got 'eats'."),
        ("project = ", "Expecting either a value, list or function before the end of the query."),
        ("project = ACME labels", "Expecting either 'OR' or 'AND' but got 'labels'. (line 1, character 16)"),
        ("project = ACME and", "Expecting a field name before the end of the query."),
        ("project = 'ACME", "The quoted string 'ACME' has not been completed. (line 1, character 11)"),
        ("summary ~ a@b", "The character '@' is a reserved JQL character."),
        ("limit = 3", "'limit' is a reserved JQL word."),
        ("labels is vip", "Expecting 'EMPTY' but got 'vip'."),
        (r"labels = '\x'", r"'\x' is an illegal JQL escape sequence."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(jql: str, message: str) -> None:
    (told,) = refusal(jql)
    assert told.startswith("Error in the JQL Query: ")
    assert message in told


def test_more_than_seven_fields_to_order_by_are_refused() -> None:
    seven = "key, created, updated, duedate, status, priority, project"
    assert SITE.find(f"project = ACME order by {seven}")
    assert "maximum of 7" in refusal(f"project = ACME order by {seven}, summary")[0]


def test_a_name_that_two_fields_bear_means_both() -> None:
    twin = {**FIELDS[0], "id": "customfield_10003", "clauseNames": ["cf[10003]", "CRM Account"]}
    issues = [issue("ACME-1", 1, customfield_10001="one"), issue("ACME-2", 2, customfield_10003="two")]
    twins = site(jira_issues=issues, jira_fields=[*FIELDS, twin])
    assert twins.find("'CRM Account' ~ one or 'CRM Account' ~ two") == ["ACME-1", "ACME-2"]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.text())
def test_any_text_survives_quoting(text: str) -> None:
    where = parse(f"labels = {quoted(text)} order by key").where
    assert isinstance(where, Clause)
    assert where.operands == (Value(text),)


CLAUSES = st.sampled_from(
    [
        "project = ACME",
        "labels = vip",
        "labels is empty",
        "priority > Low",
        "updated >= -90m",
        "summary ~ slow",
    ]
)
QUERIES = st.recursive(
    CLAUSES,
    lambda inner: st.one_of(
        st.builds("NOT ({})".format, inner),
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
    ),
    max_leaves=6,
)


@given(QUERIES, QUERIES)
def test_queries_combine_as_sets_do(left: str, right: str) -> None:
    one, two = set(SITE.find(left)), set(SITE.find(right))
    assert set(SITE.find(f"{left} AND {right}")) == one & two
    assert set(SITE.find(f"({left}) OR ({right})")) == one | two
    assert set(SITE.find(f"NOT ({left} OR {right})")) == set(SITE.find(f"NOT ({left}) AND NOT ({right})"))
    assert one.isdisjoint(SITE.find(f"NOT ({left})"))


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(JqlError):
        SITE.find(text)


@given(st.integers(0, 364 * 24 * 60))
def test_the_minute_in_the_zone_of_the_caller_is_the_instant(minute: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    local = at.astimezone(SITE.api.site.zone)
    if local.fold or (local - timedelta(hours=1)).utcoffset() != local.utcoffset():
        return  # the hour that clocks pass twice has no text of its own
    milliseconds = int(at.timestamp() * 1000)
    stamped = issue("ACME-1", 1, updated=at.isoformat(timespec="milliseconds"))
    one = site(jira_issues=[stamped])
    assert (
        one.find(f"updated = '{local:%Y-%m-%d %H:%M}'") == one.find(f"updated = {milliseconds}") == ["ACME-1"]
    )
