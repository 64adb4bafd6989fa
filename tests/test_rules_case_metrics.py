"""Cases of Salesforce as issues (definitions E29): what they count for, what they count for once, and who says what in them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from company import CUSTOMER, NOW, STAFF, Book, Company, ago

from simulator import dataset
from simulator.server import Simulator

JIRA = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\n'


def started(stack: ExitStack, folder, book: Book) -> Company:
    simulator = stack.enter_context(Simulator(dataset.load(book.write(folder / "dataset")), now=NOW))
    company = Company(folder, simulator, book)
    company.configure()
    return company


def _book() -> Book:
    book = Book()
    book.portal = book.add(
        "User", Name="Dana", Username="dana@acme.example", IsActive=True, UserType="CspLitePortal"
    )
    book.machine = book.add(
        "User", Name="Bot", Username="bot@x.example", IsActive=True, UserType="AutomatedProcess"
    )
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    book = _book()
    counted = book.account("Counted")
    dana = book.contact(counted, "dana@acme.example", Name="Dana Okafor")
    book.salesforce["User"][1]["ContactId"] = dana
    book.case(counted, Priority="Critical", Type="Bug", IsEscalated=True, CreatedDate=ago(days=40))
    book.case(counted, Status="Waiting for customer", CreatedDate=ago(days=33))
    book.case(counted, Status="On hold", CreatedDate=ago(days=30))
    book.case(counted, Status="Closed", ClosedDate=ago(days=2), CreatedDate=ago(days=60), Priority="P1")
    book.case(counted, IsDeleted=True)
    book.case(counted, CreatedDate=NOW + timedelta(days=1))
    book.case(None, ContactId=dana, CreatedDate=ago(days=1))  # belongs to the account of its contact
    book.case(None)
    loser = book.account("Gone", IsDeleted=True, MasterRecordId=counted)
    book.case(loser, CreatedDate=ago(days=13))

    paired = book.account("Paired")
    other = book.account("Other")
    by_field, by_url, by_id, foreign, on_subtask = (book.case(paired, Priority="P1") for _ in range(5))
    numbers = {case["Id"]: case["CaseNumber"] for case in book.salesforce["Case"]}
    book.issue("OPS-1", "Paired", customfield_10090=f" {numbers[by_field].lstrip('0')} ", created=ago(days=5))
    link = f"https://org.example/lightning/r/Case/{by_url}/view"
    book.issue("OPS-2", "Paired")["remotelinks"] = [{"id": 1, "object": {"url": link, "title": "Case"}}]
    globally = [
        {
            "id": 1,
            "globalId": f"system=salesforce&id%3D{by_id[:15]}",
            "object": {"url": "https://x.example", "title": "C"},
        }
    ]
    book.issue("OPS-3", "Paired", status="Done")["remotelinks"] = globally
    book.issue("OPS-4", "Other", customfield_10090=foreign)  # another account's issue does not stand for it
    book.issue("OPS-5", "Paired", subtask=True, level=-1, customfield_10090=on_subtask)
    book.issue("OPS-6", "Nobody", customfield_10090=foreign)
    book.issue("OPS-7", "Other", labels=["x"])
    assert other

    talk = book.account("Talk")
    kim = book.contact(talk, "kim@talk.example", Name="Kim")
    asked = book.case(talk, ContactId=kim, CreatedDate=ago(days=9))
    book.add("CaseComment", ParentId=asked, CreatedById=book.user, IsPublished=True, CreatedDate=ago(days=8))
    book.add(
        "CaseComment",
        ParentId=asked,
        CreatedById=book.portal,
        IsPublished=True,
        CreatedDate=ago(days=2, hours=3),
    )
    book.add(
        "CaseComment", ParentId=asked, CreatedById=book.portal, IsPublished=True, CreatedDate=ago(days=1)
    )
    book.add(
        "CaseComment", ParentId=asked, CreatedById=book.user, IsPublished=False, CreatedDate=ago(hours=5)
    )
    book.add(
        "CaseComment", ParentId=asked, CreatedById=book.machine, IsPublished=True, CreatedDate=ago(hours=4)
    )
    answered = book.case(talk, CreatedDate=ago(days=80))
    book.add(
        "CaseComment", ParentId=answered, CreatedById=book.portal, IsPublished=True, CreatedDate=ago(days=4)
    )
    book.add(
        "CaseComment", ParentId=answered, CreatedById=book.user, IsPublished=True, CreatedDate=ago(days=3)
    )
    closed = book.case(talk, Status="Closed", ClosedDate=ago(days=1), ContactId=kim, CreatedDate=ago(days=2))
    book.add(
        "CaseComment",
        ParentId=closed,
        CreatedById=book.portal,
        IsPublished=True,
        CreatedDate=ago(days=1, hours=2),
    )
    own = book.issue("SUP-1", "Talk", service=True, reporter=STAFF, customfield_10090=book.case(talk))
    book.comment(own, CUSTOMER, ago(hours=1))
    with ExitStack() as stack:
        company = started(stack, tmp_path_factory.mktemp("cases"), book)
        company.configure(f'{JIRA}[jira.fields]\ncase = "Support case"\n')
        company.pull()
        yield company


def _evidence(company: Company, account: str, metric: str) -> list[dict]:
    before = company.config_path.read_text()
    probe = f"[[scorecards.probe.measures]]\nmetric = '{metric}'\nweight = 1\npoints = [[0, 0], [1, 1]]\n"
    company.config_path.write_text(before + probe)
    found = company.explain(account)["scorecards"]["probe"]["measures"][0]["evidence"]
    company.config_path.write_text(before)
    return found


def test_cases_count_as_issues_by_status_priority_type_and_flag(company):
    metrics = company.metrics()["Counted"]
    assert metrics["open_issues"] == 5
    assert metrics["open_p1"] == 1
    assert metrics["open_escalations"] == 1
    assert metrics["stuck_issues"] == 1  # one of 40 days; the others wait, are paused, or are young
    assert metrics["waiting_on_customer_days"] == 33
    assert metrics["oldest_open_issue_days"] == 40
    assert (metrics["overdue_issues"], metrics["active_projects"], metrics["reopened_90d"]) == (0, 0, 0)
    rows = _evidence(company, "Counted", "open_p1")
    assert [row["text"] for row in rows] == ["Case 00000001: Case 1"]
    assert rows[0]["url"].startswith(company.simulator.salesforce_url)
    assert rows[0]["url"].endswith(rows[0]["id"])


def test_a_case_was_open_until_it_was_closed(company):
    then = company.metrics(ago(days=3))["Counted"]
    assert then["open_issues"] == 5  # the closed one was open, the newest was not there yet
    assert then["open_p1"] == 2
    at_the_moment = company.metrics(ago(days=2))["Counted"]
    assert at_the_moment["open_issues"] == 4


def test_a_case_that_an_issue_of_the_same_account_names_counts_once(company):
    metrics = company.metrics()
    # open: OPS-1, OPS-2, and the Cases named by another account's issue and by a sub-task; OPS-3 is done
    assert metrics["Paired"]["open_issues"] == 4
    assert metrics["Paired"]["open_p1"] == 2
    assert sorted(row["system"] for row in _evidence_rows(company, "Paired")) == [
        "jira",
        "jira",
        "salesforce",
        "salesforce",
    ]
    assert company.metrics(ago(days=6))["Paired"]["open_p1"] == 3  # before OPS-1 was there
    assert all(
        not row["key"].startswith("0000")
        for rows in company.links().values()
        if isinstance(rows, list)
        for row in rows
    )


def _evidence_rows(company: Company, account: str) -> list[dict]:
    with company.measured() as (_, mirror, _instant):
        rows = mirror.connection.execute(
            "select i.system, i.key from issues i join accounts a on a.account_id = i.account_id "
            "where a.name = ? and not i.done order by 1, 2", [account],
        ).fetchall()  # fmt: skip
    return [{"system": system, "key": key} for system, key in rows]


def test_comments_of_contacts_wait_for_an_answer_that_they_can_read(company):
    metrics = company.metrics()["Talk"]
    assert metrics["unanswered_comments"] == 2  # the Case since 51 hours, SUP-1 since one
    assert metrics["oldest_unanswered_hours"] == 51
    rows = _evidence(company, "Talk", "oldest_unanswered_hours")
    assert [(row["text"], row["value"]) for row in rows] == [("Case 00000015: Case 15", 51)]
    # answered a business day after it was raised; closed after eight business hours without an answer
    assert metrics["first_response_business_hours_p90"] == pytest.approx(8)
    assert metrics["days_since_status_update"] is not None
    counted = company.metrics()["Counted"]
    assert counted["unanswered_comments"] == 0
    assert company.metrics(ago(days=7))["Talk"]["unanswered_comments"] == 0


def test_without_jira_the_cases_tell_and_without_either_nobody_knows(company, tmp_path):
    before = company.config_path.read_text()
    company.configure(jira=False)
    company.pull()
    metrics = company.metrics()
    company.config_path.write_text(before)
    assert metrics["Counted"]["open_issues"] == 5
    assert metrics["Paired"]["open_issues"] == 5
    assert metrics["Other"]["open_issues"] == 0
    for name in (
        "overdue_issues",
        "active_projects",
        "reopened_90d",
        "customer_tasks_overdue",
        "days_since_status_update",
    ):
        assert metrics["Counted"][name] is None
    assert metrics["Talk"]["unanswered_comments"] == 1
    company.pull()

    empty = Book()
    empty.account("Acme")
    empty.salesforce["Case"] = []
    with ExitStack() as stack:
        bare = started(stack, tmp_path, empty)
        bare.configure(jira=False)
        bare.pull()
        assert bare.metrics()["Acme"]["open_issues"] is None


def test_cases_without_comments_say_nothing_about_questions(tmp_path):
    book = _book()
    acme = book.account("Acme")
    book.case(acme, ContactId=book.contact(acme))
    with ExitStack() as stack:
        company = started(stack, tmp_path, book)
        company.configure(jira=False)
        company.pull()
        metrics = company.metrics()["Acme"]
    assert metrics["open_issues"] == 1
    assert metrics["unanswered_comments"] is None
    assert metrics["first_response_business_hours_p90"] is None
