"""Issues read from the simulated Jira over HTTP, Cloud and Data Center, in every way its switches can make it behave.

Conversations that both deployments have are held with both (`kind`); what only one has stands in its own tests.
"""

import copy
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import jql
from connectors.errors import SignInRefused, UnexpectedAnswer
from connectors.http import HttpSettings
from connectors.jira import Jira, JiraSettings, WantedFields, discover
from connectors.jira_records import STEP_FIELDS
from connectors.jira_shapes import microseconds
from simulator import sample
from simulator.dataset import Dataset, load
from simulator.faults import parse as parse_faults
from simulator.jira import JiraSwitches
from simulator.jql import parse
from simulator.server import Simulator, Switches

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
RECORDINGS = Path("../shared/fixtures/jira")
NOTHING = WantedFields()


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    sample.write(folder, now=NOW)
    return load(folder)


@pytest.fixture(scope="session")
def book(company):
    """A part of the company, for what is asked issue by issue."""
    return replace(company, jira_issues=company.jira_issues[::4])


@pytest.fixture(params=["cloud", "datacenter"])
def kind(request):
    return request.param


@contextmanager
def served(dataset, faults=None, kind="cloud", **switches):
    """The simulated Jira on a loopback port, and the server through which issues are edited."""
    if kind == "datacenter" and "page_limit" in switches:
        switches["search_cap"] = switches.pop("page_limit")
    chosen = Switches(jira=JiraSwitches(deployment=kind, **switches))
    with Simulator(dataset, now=NOW, faults=faults, sleep=lambda _: None, switches=chosen) as server:
        yield server.jira_url, server


def connect(url, kind="cloud", token="simulator", **given):
    signed = {"email": "sync@example.com", "api_token": token}
    if kind == "datacenter":
        signed = {"personal_access_token": token}
    settings = {"url": url, "deployment": kind, **signed, **given}
    return Jira(JiraSettings(**settings), HttpSettings(), sleep=lambda _: None)


def rows(batches, name):
    return [row for batch in batches for row in getattr(batch, name).to_pylist()]


def pull(client, since=None, wanted=NOTHING):
    batches = list(client.issue_batches(wanted, updated_since=since))
    assert [one for batch in batches for one in batch.rejected] == []
    return batches


def told(issues):
    """What a pull must bring, counted from the records themselves."""
    comments = Counter(
        {one["id"]: len((one["fields"].get("comment") or {}).get("comments", [])) for one in issues}
    )
    worklogs = Counter(
        {one["id"]: len((one["fields"].get("worklog") or {}).get("worklogs", [])) for one in issues}
    )
    kept = {*STEP_FIELDS, "key"}
    steps = Counter(
        one["id"]
        for one in issues
        for history in (one.get("changelog") or {}).get("histories", [])
        for item in history["items"]
        if (item.get("fieldId") or item["field"]).lower() in kept
    )
    return {"comments": +comments, "worklogs": +worklogs, "steps": steps}


def brought(batches):
    return {
        name: Counter(row["issue_id"] for row in rows(batches, name))
        for name in ("comments", "worklogs", "steps")
    }


def long_issue():
    """One issue with more of everything than any page holds inline."""
    stamp = "2026-10-01T10:{:02d}:{:02d}.000+0000"
    author = {"accountId": "5b10", "accountType": "atlassian"}
    when = [stamp.format(number // 60, number % 60) for number in range(250)]
    item = {"field": "status", "fieldtype": "jira", "fieldId": "status", "from": "1", "to": "3",
            "fromString": "To Do", "toString": "Done"}  # fmt: skip
    noise = {"field": "Rank", "fieldtype": "custom", "fieldId": "customfield_10019", "from": "", "to": ""}
    comments = [{"id": str(5000 + n), "author": author, "body": "x", "created": at, "updated": at, "jsdPublic": True}
                for n, at in enumerate(when)]  # fmt: skip
    worklogs = [{"id": str(6000 + n), "author": author, "started": at, "created": at, "updated": at,
                 "timeSpentSeconds": 60} for n, at in enumerate(when[:70])]  # fmt: skip
    histories = [{"id": str(7000 + n), "author": author, "created": at, "items": [noise, item]}
                 for n, at in enumerate(when)]  # fmt: skip
    return {
        "id": "90001",
        "key": "LONG-1",
        "fields": {
            "summary": "Long",
            "project": {"id": "900", "key": "LONG", "name": "Long", "projectTypeKey": "service_desk"},
            "issuetype": {"id": "3", "name": "Task", "subtask": False, "hierarchyLevel": 0},
            "status": {"id": "3", "name": "Done", "statusCategory": {"id": 3, "key": "done"}},
            "created": when[0],
            "updated": when[-1],
            "comment": {"comments": comments, "total": 250, "startAt": 0, "maxResults": 250},
            "worklog": {"worklogs": worklogs, "total": 70, "startAt": 0, "maxResults": 70},
        },
        "changelog": {"histories": histories[::-1], "total": 250, "startAt": 0, "maxResults": 250},
    }


# ---------------------------------------------------------------- whole and once


CLOUD = [
    {},
    {"inline_comments": None, "inline_worklogs": None},
    {"inline_comments_newest_first": True, "page_limit": 60},
    {"empty_pages": True, "changelog_created": "seconds"},
    {"epoch_dates": False, "changelog_created": "milliseconds", "changelog_whole_histories": True},
]
DATA_CENTER = [
    {},
    {"changelog_in_search": True, "inline_comments": None, "inline_worklogs": None},
    {"search_cap": 7, "changelog_in_search": True, "epoch_dates": False},
    {"search_cap": 2, "changelog_in_search": True},
    {"search_cap": 1, "changelog_in_search": True},
    {"field_ids_in_history": True, "inline_comments_newest_first": True, "search_cap": 60},
]


@pytest.mark.parametrize(
    ("kind", "switches"),
    [("cloud", each) for each in CLOUD] + [("datacenter", each) for each in DATA_CENTER],
    ids=lambda each: each if isinstance(each, str) else "+".join(each) or "plain",
)
def test_a_first_pull_brings_every_issue_with_all_it_has_once(company, book, kind, switches):
    issues = [*(company if kind == "cloud" else book).jira_issues, long_issue()]
    dataset = Dataset(
        jira_issues=issues, jira_fields=company.jira_fields, jira_statuses=company.jira_statuses
    )
    with served(dataset, kind=kind, **switches) as (url, _):
        client = connect(url, kind)
        batches = pull(client)
        assert client.calls.write == 0
    found = rows(batches, "issues")
    assert sorted(row["id"] for row in found) == sorted(str(one["id"]) for one in issues)
    assert brought(batches) == told(issues)
    updated = [row["updated"] for row in found]
    assert updated == sorted(updated)
    by_id = {one["id"]: one["fields"] for one in issues}
    for row in found:
        expected = microseconds(by_id[row["id"]]["updated"], "updated")
        assert row["updated"] == datetime(1970, 1, 1) + timedelta(microseconds=expected)  # noqa: DTZ001 - naive UTC
    assert all(batch.server_time == NOW for batch in batches)


def test_the_companys_own_fields_are_found_and_read(book, kind):
    with served(book, kind=kind) as (url, _):
        client = connect(url, kind)
        wanted = discover(client.fields(), sample.ACCOUNT_FIELD_NAME)
        batches = pull(client, wanted=wanted)
        kinds = Counter(row["kind"] for row in rows(batches, "values"))
    assert wanted.account_field is not None
    assert kinds["account"] == sum(bool(one["fields"].get(wanted.account_field)) for one in book.jira_issues)
    if wanted.organization:
        assert kinds["organization"] == sum(
            len(one["fields"].get(wanted.organization) or []) for one in book.jira_issues
        )
    people = rows(batches, "people")
    assert len({row["id"] for row in people}) > 10
    # Data Center does not say who is a customer; the address does.
    told = {"customer"} if kind == "cloud" else {None}
    assert any(row["account_type"] in told and row["domain"] for row in people)


def test_what_the_site_consists_of_is_read(company, kind):
    with served(company, kind=kind) as (url, _):
        client = connect(url, kind)
        identity = client.sign_in()
        assert identity.base_url == url
        assert identity.deployment_type == ("Cloud" if kind == "cloud" else "Server")
        assert identity.account_id == company.jira_myself["accountId"]
        assert {one.key for one in client.projects()} == {
            one["fields"]["project"]["key"] for one in company.jira_issues
        } | {one["key"] for one in company.jira_projects or []}
        assert {"new", "indeterminate", "done"} <= {one.category for one in client.statuses()}
        assert client.priorities()
        assert client.group_members("nobody-knows-it") is None


@pytest.mark.parametrize("epoch_dates", [True, False])
def test_ids_of_a_sweep_are_all_ids(company, kind, epoch_dates):
    with served(company, kind=kind, page_limit=50, epoch_dates=epoch_dates) as (url, _):
        pages = list(connect(url, kind, jql="key is not empty").issue_ids())
    assert sorted(one for page in pages for one in page) == sorted(one["id"] for one in company.jira_issues)
    assert len(pages) > 1


def test_issues_are_read_by_id_and_what_is_gone_is_left_out(book, kind):
    ids = [one["id"] for one in book.jira_issues]
    with served(book, kind=kind, page_limit=40) as (url, server):
        with server.edit() as (_, site):
            site.delete_issue(ids[3])
        client = connect(url, kind, jql="key is empty")
        batches = list(client.issues_by_id(NOTHING, [*ids, "999999999"]))
        assert client.calls.write == 0
    assert sorted(row["id"] for row in rows(batches, "issues")) == sorted(one for one in ids if one != ids[3])
    assert brought(batches) == told([one for one in book.jira_issues if one["id"] != ids[3]])


# ---------------------------------------------------------------- since


@pytest.fixture(scope="module")
def sites(book):
    """The same issues on sites that read numbers and on some that do not, their caller in Berlin."""
    berlin = Dataset(
        jira_issues=book.jira_issues,
        jira_fields=book.jira_fields,
        jira_myself={"accountId": "5b10", "timeZone": "Europe/Berlin"},
    )
    fast = {"kind": "datacenter", "changelog_in_search": True, "inline_comments": None}
    with (
        served(berlin) as (numbers, _),
        served(berlin, epoch_dates=False) as (no_numbers, _),
        served(berlin, **fast) as (server_numbers, _),
        served(berlin, **fast, epoch_dates=False) as (server_no_numbers, _),
    ):
        updated = {one["id"]: microseconds(one["fields"]["updated"], "updated") for one in book.jira_issues}
        yield (
            updated,
            (
                connect(numbers),
                connect(no_numbers),
                connect(server_numbers, "datacenter"),
                connect(server_no_numbers, "datacenter"),
            ),
        )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ago=st.integers(0, 400 * 86_400))
def test_a_pull_since_an_instant_misses_nothing_that_changed_after_it(sites, ago):
    updated, clients = sites
    since = NOW - timedelta(seconds=ago)
    micros = int(since.timestamp()) * 1_000_000
    changed = {key for key, at in updated.items() if at >= micros}
    for client in clients:
        found = {row["id"] for row in rows(pull(client, since), "issues")}
        assert changed <= found
        assert all(updated[key] >= micros - 2 * 3600 * 1_000_000 for key in found)


def test_an_issue_that_changes_while_it_is_read_comes_with_the_next_pull(book, kind):
    with served(book, kind=kind, page_limit=60) as (url, server):
        client = connect(url, kind)
        reading = client.issue_batches(NOTHING, updated_since=None)
        first = next(reading)
        key = first.issues.to_pylist()[0]["key"]
        with server.edit() as (_, site):
            comment = site.add_comment(key, "one more question", at=NOW)
        received = [first, *reading]
        newest = max(row["updated"] for row in rows(received, "issues")).replace(tzinfo=UTC)
        later = pull(client, newest - timedelta(minutes=15))
    assert {row["id"] for row in rows(received, "issues")} == {one["id"] for one in book.jira_issues}
    assert key in {row["key"] for row in rows(later, "issues")}
    assert comment["id"] in {row["id"] for row in rows(later, "comments")}


def test_a_moved_issue_keeps_its_id_and_tells_the_step(company, kind):
    key = company.jira_issues[0]["key"]
    other = next(
        one["fields"]["project"]["key"]
        for one in company.jira_issues
        if one["fields"]["project"]["key"] != company.jira_issues[0]["fields"]["project"]["key"]
    )
    with served(company, kind=kind) as (url, server):
        with server.edit() as (_, site):
            site.move_issue(key, other, at=NOW)
        batches = pull(connect(url, kind), NOW - timedelta(minutes=1))
    [row] = [row for row in rows(batches, "issues") if row["id"] == company.jira_issues[0]["id"]]
    assert row["project_key"] == other
    fields = {step["field"] for step in rows(batches, "steps") if step["issue_id"] == row["id"]}
    assert {"key", "project"} <= fields


# ---------------------------------------------------------------- what must not pass for "nothing"


def test_a_wrong_token_is_refused_and_never_an_empty_site(book, kind):
    with served(book, kind=kind) as (url, _):
        for read in (
            lambda client: client.sign_in(),
            lambda client: client.projects(),
            pull,
            lambda client: list(client.issue_ids()),
        ):
            with pytest.raises(SignInRefused):
                read(connect(url, kind, token="wrong"))


def test_a_token_that_expires_in_the_middle_is_refused(company):
    with served(company, page_limit=20) as (url, _):
        client = connect(url)
        reading = client.issue_batches(NOTHING, updated_since=None)
        next(reading)
        for one in (client._api._session, client._library._session):
            one.auth.password = b"revoked"
        with pytest.raises(SignInRefused):
            list(reading)


def test_a_repeating_page_token_stops_the_reading(company):
    with served(company, repeat_token=True, page_limit=20) as (url, _), pytest.raises(UnexpectedAnswer):
        pull(connect(url))


def test_forgotten_page_tokens_are_restarted_as_long_as_there_is_progress(company):
    with served(company, page_limit=40, remember_searches=1) as (url, _):
        reader, other = connect(url), connect(url)
        batches = []
        for number, batch in enumerate(reader.issue_batches(NOTHING, updated_since=None)):
            batches.append(batch)
            if number in {0, 2}:
                list(other.issue_ids())  # the site remembers one search: ours is forgotten
    found = [row["id"] for row in rows(batches, "issues")]
    assert sorted(found) == sorted(one["id"] for one in company.jira_issues)
    assert brought(batches) == told(company.jira_issues)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_restless_network_changes_nothing_of_what_is_read(company, book, kind, seed):
    company = company if kind == "cloud" else book
    faults = parse_faults(f"seed={seed},rate=0.25,kinds=429+500+503+reset+slow+truncate+cursor")
    with served(company, faults, kind, page_limit=60) as (url, server):
        client = connect(url, kind)
        batches = pull(client)
        pages = list(client.issue_ids())
        counted = server.calls()["jira"]
    assert Counter(row["id"] for row in rows(batches, "issues")) == Counter(
        one["id"] for one in company.jira_issues
    )
    assert brought(batches) == told(company.jira_issues)
    assert sorted(one for page in pages for one in page) == sorted(one["id"] for one in company.jira_issues)
    assert (client.calls.read, client.calls.write) == (counted["read"], counted["write"])


# ---------------------------------------------------------------- JQL and recordings


@given(st.text(max_size=40))
def test_any_value_survives_the_way_through_jql(text):
    query = jql.wrap(jql.equals("summary", text), order_by=["key ASC"])
    [operand] = parse(query).where.operands
    assert operand.text == text


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")
def test_recorded_issues_are_pulled_whole_from_a_site_that_serves_them(kind):
    issues = [
        json.loads(line)["data"]
        for name in ("raw_jira_api_issues", "raw_jira_external_epics")
        for line in (RECORDINGS / f"devlake/{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for number in (1, 2):
        path = RECORDINGS / f"perceval/jira_issues_page_{number}.json"
        issues += json.loads(path.read_text(encoding="utf-8"))["issues"]
    issues = list({one["id"]: one for one in copy.deepcopy(issues)}.values())
    with served(Dataset(jira_issues=issues), kind=kind) as (url, _):
        batches = pull(connect(url, kind))
    assert sorted(row["id"] for row in rows(batches, "issues")) == sorted(one["id"] for one in issues)
    assert brought(batches) == told(issues)
