"""Much to read: side by side, in windows of time, and on from where a first pull was cut."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from command_line import rapport
from company import NOW, Book, ago
from pulled import After, assert_as_if_fresh, busy_book, refusing, rows, tables

from connectors.errors import ConnectorError, RequestRefused
from connectors.salesforce_windows import Window, of_at_most
from simulator.http import json_response
from simulator.jira_switches import JiraSwitches
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Switches
from sync import pull_job, pull_salesforce, run, views
from sync.side_by_side import side_by_side

LATER = NOW + timedelta(hours=2)
BROKEN = json_response([{"message": "oops", "errorCode": "UNKNOWN_EXCEPTION"}], 500)
SMALL_PAGES = {"salesforce": SalesforceSwitches(page_rows=3), "jira": JiraSwitches(page_limit=3)}


# -- side by side ------------------------------------------------------------------------------------------------------


def test_batches_come_in_the_order_of_the_readings_whoever_is_faster():
    for at_once in (1, 2, 4, 9):
        readings = [lambda n=n: iter([f"{n}.{k}" for k in range(n)]) for n in range(7)]
        with side_by_side(readings, at_once) as streams:
            assert [list(stream) for stream in streams] == [[f"{n}.{k}" for k in range(n)] for n in range(7)]


def test_no_more_readings_than_allowed_are_under_way_and_the_one_waited_for_always_is():
    under_way, most, lock = 0, 0, threading.Lock()

    def reading(n):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        yield from range(20)  # more than may be ahead
        with lock:
            under_way -= 1

    with side_by_side([lambda n=n: reading(n) for n in range(8)], 3) as streams:
        assert [len(list(stream)) for stream in streams] == [20] * 8
    assert most == 3


def test_an_error_is_raised_in_its_turn_and_ends_what_is_under_way():
    closed = []

    def reading(n):
        try:
            yield n
            if n == 1:
                raise LookupError
            while True:
                yield n
        finally:
            closed.append(n)

    def take(streams):
        assert next(next(streams)) == 0
        list(next(streams))

    with pytest.raises(LookupError), side_by_side([lambda n=n: reading(n) for n in range(4)], 4) as streams:
        take(streams)
    assert sorted(closed) == [0, 1, 2, 3]


@pytest.mark.parametrize(("parallel", "lists_allowed"), [(1, True), (8, False)])
def test_a_pull_stores_the_same_and_says_the_same_however_many_readings_go_on_at_once(
    serve, parallel, lists_allowed
):
    salesforce = SalesforceSwitches(page_rows=3, lists_allowed=lists_allowed)
    company = serve(busy_book(), switches=Switches(salesforce, JiraSwitches(page_limit=3)))
    report = company.pull()
    company.configure(f"[pull]\nparallel = {parallel}\n")
    before = tables(company)
    again = company.pull(full=True)
    assert tables(company) == before
    rate = company.simulator.calls()["salesforce"]["by_endpoint"]
    assert rate["GET /services/data/vXX/queryAll"] < 60  # no locator was dropped and its query begun again
    assert (again.notices, again.rows) == (report.notices, report.rows)


# -- windows of time ---------------------------------------------------------------------------------------------------


def test_windows_hold_no_more_than_allowed_where_time_can_part_them_and_leave_nothing_out():
    end = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [end - timedelta(days=n * n) for n in range(40)] + [end - timedelta(days=3)] * 9

    def count(window):
        return sum(
            (window.start or moments[39]) <= m and (window.end is None or m < window.end) for m in moments
        )

    windows = list(of_at_most(5, Window("SystemModstamp"), count, end + timedelta(seconds=1)))
    assert sum(count(window) for window in windows) == len(moments)
    assert [count(window) for window in windows if count(window) > 5] == [9]  # all of one second
    assert windows[0].start is None
    assert windows[-1].end is None
    assert all(one.end == other.start for one, other in pairwise(windows))
    assert list(of_at_most(5, Window("X"), lambda window: None, end)) == [Window("X")]


def many(contacts: int = 40) -> Book:
    book = busy_book()
    for n in range(contacts):
        book.contact(None, f"m{n}@x.example", SystemModstamp=ago(days=2 + n * n % 700, hours=n % 7))
    return book


@pytest.mark.parametrize("bulk", [True, False])
def test_what_takes_the_org_too_long_comes_in_halves(serve, bulk):
    switches = SalesforceSwitches(most_rows=7, bulk_polls=1, bulk_enabled=bulk)
    company = serve(many(), switches=Switches(salesforce=switches))
    company.configure("[pull]\nbulk_above = 5\n")
    run.run_pull(company.config, full=False, progress=lambda *_: None, sleep=lambda _: None)
    assert rows(company, "select count(*), count(distinct Id) from sf_contact") == [(58, 58)]
    company.at(LATER)
    with company.simulator.edit() as (salesforce, _):
        for contact in salesforce.state()["Contact"]:
            salesforce.change(contact["Id"], Title="All in one second")
    with pytest.raises(RequestRefused, match="too long"):
        run.run_pull(company.config, full=False, progress=lambda *_: None, sleep=lambda _: None)


def test_a_large_object_is_read_in_windows_each_of_which_can_be_a_job(serve, monkeypatch):
    monkeypatch.setattr(pull_salesforce, "MOST_ROWS", 12)
    company = serve(many(), switches=Switches(salesforce=SalesforceSwitches(bulk_polls=1)))
    company.configure("[pull]\nbulk_above = 6\n")
    run.run_pull(company.config, full=False, progress=lambda *_: None, sleep=lambda _: None)
    jobs = company.simulator.calls()["salesforce"]["by_endpoint"]["POST /services/data/vXX/jobs/query"]
    assert jobs > 3
    monkeypatch.undo()
    assert_as_if_fresh(company)


# -- a first pull that is cut ------------------------------------------------------------------------------------------


@pytest.fixture
def keeps_often(monkeypatch):
    monkeypatch.setattr(pull_job, "KEEP_ROWS", 4)


def more_contacts(request) -> bool:
    asked = "".join(request.query.get("q", []))
    return "FROM Contact" in asked or "/queryAll/" in request.path or "/query/" in request.path


def searches(request) -> bool:
    return "/search" in request.path and b'"updated"' in request.body


@pytest.mark.usefixtures("keeps_often")
@pytest.mark.parametrize(("api", "matches"), [("salesforce", more_contacts), ("jira", searches)])
def test_a_first_pull_that_is_cut_goes_on_where_it_was(serve, api, matches):
    company = serve(busy_book(), switches=Switches(**SMALL_PAGES))
    company.configure("[http]\nmax_tries = 1\n[pull]\nparallel = 1\n")
    answer = BROKEN if api == "salesforce" else json_response({"errorMessages": ["oops"]}, 500)
    with refusing(company, api, After(matches, 4), answer), pytest.raises(ConnectorError):
        company.pull()
    [part] = views.last_pull(company.config.store_folder)["unfinished"]
    assert part["source"] == ("sf_contact" if api == "salesforce" else "jira:default")
    assert part["rows"] >= 4
    told = rapport("--config", company.config_path, "status").out
    assert f"{part['rows']} records read" in told
    assert "the next pull goes on there" in told
    assert "some sources are older" not in told
    company.at(LATER)
    with company.simulator.edit() as (salesforce, jira):
        old = sorted(salesforce.state()["Contact"], key=lambda each: each["SystemModstamp"])
        salesforce.change(old[0]["Id"], Title="New")
        salesforce.remove(old[1]["Id"])
        issues = sorted(jira.state()["issues"], key=lambda each: each["fields"]["updated"])
        jira.add_comment(issues[1]["id"], "new", at=LATER)
        if api == "salesforce":  # of what was read before, something vanishes without a trace
            salesforce.purge(old[2]["Id"])
        else:
            jira.delete_issue(issues[0]["id"])
    asked = []
    with refusing(company, api, lambda request: asked.append(request) and False, answer):
        company.pull()
    if api == "salesforce":
        [query] = [
            q for each in asked for q in each.query.get("q", []) if "FROM Contact" in q and "Title" in q
        ][:1]
        assert "SystemModstamp >=" in query
    else:
        assert b"updated >= 0" not in next(each.body for each in asked if searches(each))
    assert views.last_pull(company.config.store_folder)["unfinished"] == []
    assert_as_if_fresh(company)


@pytest.mark.usefixtures("keeps_often")
def test_what_was_kept_is_not_used_when_it_was_asked_for_otherwise_or_all_is_to_be_read(serve):
    company = serve(busy_book(), switches=Switches(**SMALL_PAGES))
    for settings, full in (('[salesforce.fields]\nRapport_Role__c = "Title"\n', False), ("", True)):
        company.configure("[http]\nmax_tries = 1\n[pull]\nparallel = 1\n")
        with refusing(company, "salesforce", After(more_contacts, 4), BROKEN), pytest.raises(ConnectorError):
            company.pull(full=full)
        with company.simulator.edit() as (salesforce, _):
            oldest = min(salesforce.state()["Contact"], key=lambda each: each["SystemModstamp"])
            salesforce.purge(oldest["Id"])
        company.configure(settings)
        company.pull(full=full)
        names = rows(company, "select table_name from duckdb_tables() where table_name like 'partly%'")
        assert names == []
        assert rows(company, f"select count(*) from sf_contact where Id = '{oldest['Id']}'") == [(0,)]
