"""Cases of Salesforce as issues (definitions E29): what they count for, what they count for once, and who says what in them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from company import CUSTOMER, NOW, STAFF, Book, ago
from measured import Measured, measured, pulled

JIRA = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\n'
EVIDENCE = ("open_p1", "oldest_unanswered_hours")


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
    toml = f'{JIRA}[jira.fields]\ncase = "Support case"\n'
    with pulled(tmp_path_factory.mktemp("cases"), book, toml) as company:
        yield company


@pytest.fixture(scope="module")
def now(company) -> Measured:
    return measured(company, evidence_of=EVIDENCE)


@pytest.fixture(scope="module")
def then(company) -> Measured:
    """Six days and a half ago, before OPS-1 was there."""
    return measured(company, ago(days=6, hours=12))


def test_cases_count_as_issues_by_status_priority_type_and_flag(company, now):
    assert now("Counted", "open_issues", "open_p1", "open_escalations") == (5, 1, 1)
    assert now("Counted", "stuck_issues") == 1  # one of 40 days; the others wait, are paused, or are young
    assert now("Counted", "waiting_on_customer_days", "oldest_open_issue_days") == (33, 40)
    assert now("Counted", "overdue_issues", "active_projects", "reopened_90d") == (0, 0, 0)
    (case,) = now.evidence("Counted", "open_p1")
    assert (case.system, case.text) == ("salesforce", "Case 00000001: Case 1")
    assert case.id.startswith("500")


def test_a_case_was_open_until_it_was_closed(then):
    assert then("Counted", "open_issues") == 5  # the closed one was open, the newest was not there yet
    assert then("Counted", "open_p1") == 2


def test_a_case_that_an_issue_of_the_same_account_names_counts_once(company, now, then):
    # open: OPS-1, OPS-2, and the Cases named by another account's issue and by a sub-task; OPS-3 is done
    assert now("Paired", "open_issues", "open_p1") == (4, 2)
    assert {row.system for row in now.evidence("Paired", "open_p1")} == {"salesforce"}
    assert then("Paired", "open_p1") == 3
    listed = [row for rows in company.links().values() if isinstance(rows, list) for row in rows]
    assert not any(row.get("key", "").startswith("0000") for row in listed)


def test_comments_of_contacts_wait_for_an_answer_that_they_can_read(now, then):
    assert now("Talk", "unanswered_comments") == 2  # the Case since 51 hours, SUP-1 since one
    assert now("Talk", "oldest_unanswered_hours") == 51
    (waiting,) = now.evidence("Talk", "oldest_unanswered_hours")
    assert (waiting.text, waiting.value) == ("Case 00000015: Case 15", 51)
    # answered a business day after it was raised; closed after eight business hours without an answer
    assert now("Talk", "first_response_business_hours_p90") == pytest.approx(8)
    assert now("Counted", "unanswered_comments") == 0
    assert then("Talk", "unanswered_comments") == 0


def test_without_jira_the_cases_tell_and_without_a_comment_nothing_of_questions(tmp_path):
    book = _book()
    acme = book.account("Acme")
    kim = book.contact(acme)
    book.case(acme, ContactId=kim, CreatedDate=ago(days=3))
    with pulled(tmp_path, book, jira=False) as company:
        metrics = measured(company)
        assert metrics("Acme", "open_issues") == 1
        assert metrics("Acme", "unanswered_comments", "first_response_business_hours_p90") == (None, None)
        of_jira = ("overdue_issues", "active_projects", "reopened_90d", "customer_tasks_overdue", "days_since_status_update",
                   "due_date_slips_90d", "slip_days_90d", "ping_pong_issues")  # fmt: skip
        assert set(metrics("Acme", *of_jira)) == {None}
        # an org that has the object and no Case knows nothing of issues
        assert measured(company, ago(days=4))("Acme", "open_issues") is None
