"""The same company with its Jira on Cloud and on Data Center: pulled, edited and measured alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from campaigns import few
from company import CUSTOMER, NOW, STAFF, Book, ago, cycle, sla
from pulled import Edits, assert_as_if_fresh, busy_book

from simulator.jira_switches import JiraSwitches
from simulator.server import Switches
from sync import run


def on_data_center(serve, book, extra="", **switches):
    chosen = Switches(jira=JiraSwitches(deployment="datacenter", **switches))
    company = serve(book, switches=chosen)
    company.configure(f'[jira]\nurl = "{company.simulator.jira_url}"\ndeployment = "datacenter"\n{extra}')
    company.settings = {"RAPPORT_JIRA__PERSONAL_ACCESS_TOKEN": "simulator"}
    return company


def asking_book():
    """Customers that the CRM knows by address: Data Center does not say who is one."""
    book = Book()
    for n in range(3):
        account = book.account(f"Account {n}")
        book.contact(account, CUSTOMER["emailAddress"] if n == 0 else f"p{n}@a{n}.example")
        epic = book.issue(f"DEV{n}-1", account, type="Epic", level=1, timeoriginalestimate=3600)
        book.issue(f"DEV{n}-2", account, parent={"id": epic["id"], "key": epic["key"]}, timespent=7200)
        asked = book.issue(
            f"SUP{n}-1", account, service=True, reporter=CUSTOMER, priority="Highest",
            versions=[{"id": str(70 + n), "name": "1.0", "releaseDate": ago(days=30).date().isoformat()}],
            customfield_10080=sla(cycle(ago(days=3), ago(days=2), ago(days=1))),
            customfield_10082={"rating": 4}, customfield_10083=ago(days=1).isoformat(),
        )  # fmt: skip
        asked["remotelinks"] = [
            {"id": 1, "object": {"url": f"https://org.example/{book.case(account)}", "title": "C"}}
        ]
        book.worklog(asked, 1800, ago(days=2))
        book.comment(asked, CUSTOMER, ago(days=3))
        book.comment(asked, STAFF, ago(days=2), public=n == 1)
        book.step(asked, "priority", "Low", "Highest", ago(days=1))
    return book


def test_every_metric_is_the_same_on_both(serve):
    book = asking_book()
    cloud, server = serve(book), on_data_center(serve, book)
    cloud.pull()
    server.pull()
    found = server.metrics()
    assert found == cloud.metrics()
    assert {found[f"Account {n}"]["unanswered_comments"] for n in range(3)} == {0, 1}
    told = found["Account 1"]
    assert (told["sla_breaches_30d"], told["csat_age_days"], told["hours_spent_90d"]) == (1, 1, 0.5)
    assert (told["changes_after_release_60d"], told["open_issues"]) == (1, 2)  # the Case is one of them
    assert server.links() == cloud.links()
    assert server.simulator.calls()["jira"]["write"] == 0


@pytest.mark.parametrize(
    "switches", few(1, [{"search_cap": 3, "changelog_in_search": True, "inline_comments": 0}, {}])
)
def test_pulls_after_random_edits_and_a_sweep_leave_what_a_fresh_store_holds(serve, switches):
    company = on_data_center(serve, busy_book(), '[pull]\nsweep_every = "1 day"\n', **switches)
    company.pull()
    edits, now = Edits(company, len(switches)), NOW
    for _ in range(2):
        now += timedelta(minutes=50)
        company.at(now)
        edits.make(12, now)
        company.pull()
    now += timedelta(days=2)
    company.at(now)
    edits.make(5, now, traceless=True)
    company.pull()
    assert_as_if_fresh(company)


def test_issues_that_change_while_they_are_read_are_there_after_the_next_pull(serve):
    company = on_data_center(serve, busy_book(), search_cap=3)
    edits = Edits(company, 11)
    config, later = company.config, NOW + timedelta(hours=2)
    run.run_pull(config, full=False, progress=lambda source, count: edits.make(1, NOW))
    company.at(later)
    company.pull()
    assert_as_if_fresh(company)
