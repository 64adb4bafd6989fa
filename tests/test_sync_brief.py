"""The meeting brief: when it is written, what it says, when it is left alone, and the task that asks for a look at it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from company import CUSTOMER, NOW, Book, Company, ago

from simulator import dataset
from simulator.server import Simulator

HOSTILE = "<script>alert(1)</script> =cmd|' /C calc'!A0 [~user] \u202egnp.exe\r\nnext"
RULES = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\nquote_projects = ["BILL"]\n'


def held_of(company: Company, name: str) -> dict:
    return next(record for record in company.org("Account") if record["Name"] == name)


def brief_of(company: Company, name: str = "Acme") -> list[str]:
    return (held_of(company, name).get("Rapport_Brief__c") or "").splitlines()


def of_kind(lines: list[str], kind: str) -> list[str]:
    return [line for line in lines if line.startswith(f"{kind}: ")]


def prepare_tasks(company: Company) -> list[dict]:
    return [
        each
        for each in company.org("Task")
        if (each.get("Rapport_Key__c") or "").startswith("prepare_meeting|")
    ]


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A Wednesday. Acme meets us on Friday, Later on Monday, Hostile tomorrow, Private and Past not in sight of anybody."""
    folder = tmp_path_factory.mktemp("brief")
    book = Book()
    book.schema["Account"]["fields"].append(
        {"name": "Rapport_Brief__c", "label": "Brief", "type": "textarea", "length": 32000}
    )
    acme = book.account("Acme")
    dana = book.contact(acme, "dana@acme.example", Name="Dana Okafor", Title="CIO")
    lee = book.contact(acme, "lee@acme.example", Name="Lee Wong")
    book.meeting(acme, ago(days=15), dana)
    event = book.meeting(acme, NOW + timedelta(days=2, hours=2), dana, Subject="Quarterly review")
    book.add("EventRelation", EventId=event, RelationId=lee, IsWhat=False)
    book.meeting(acme, NOW + timedelta(days=30), dana, Subject="The one after that")
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER, summary="Secret title")
    book.comment(question, CUSTOMER, ago(days=2))
    book.issue("BILL-1", acme, priority="Highest", summary="Billing run fails", created=ago(days=4))
    book.issue("BILL-2", acme, due=ago(days=3).date(), type="Task")
    book.issue("BILL-3", acme, due=ago(days=-3).date(), type="Task")
    waits = book.issue("SUP-2", acme, service=True, status="Waiting for customer")
    book.step(waits, "status", "Open", "Waiting for customer", ago(days=6))
    book.add("Opportunity", AccountId=acme, Name="Second plant", StageName="Proposal", IsClosed=False, IsWon=False,
             Amount=120_000, CloseDate=ago(days=-40).date())  # fmt: skip
    book.meeting(book.account("Later"), NOW + timedelta(days=5), Subject="Next week")
    bad = book.account("Hostile")
    book.meeting(bad, NOW + timedelta(days=1), book.contact(bad, "x@bad.example", Name=HOSTILE + "y" * 10_000, Title=HOSTILE),
                 Subject=HOSTILE)  # fmt: skip
    book.meeting(book.account("Private"), NOW + timedelta(days=1), IsPrivate=True)
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW) as simulator:
        company = Company(folder, simulator, book)
        company.configure(RULES)
        company.sync()
        yield company


def test_the_brief_says_who_comes_how_it_stands_and_what_is_open(company):
    site, org = company.simulator.jira_url, company.simulator.salesforce_url
    lines = brief_of(company)
    event = next(each["Id"] for each in company.org("Event") if each["Subject"] == "Quarterly review")
    assert lines[0] == f"Meeting on Fri 20 Nov 2026, 14:00: Quarterly review  {org}/{event}"
    dana, lee = of_kind(lines, "Comes")
    assert dana.startswith(f"Comes: Dana Okafor, CIO, last contact on 3 Nov 2026  {org}/003")
    assert lee.startswith(f"Comes: Lee Wong, no contact on record  {org}/003")
    (standing,) = (line for line in lines if line.startswith("How it stands on 18 Nov 2026: Health "))
    health = int(held_of(company, "Acme")["Rapport_Health__c"])
    assert f"Health {health}, " in standing
    assert "since the meeting on 3 Nov 2026: 1 issue new" in standing
    assert of_kind(lines, "They wait") == [f"They wait: SUP-1, for 16 business hours  {site}/browse/SUP-1"]
    assert of_kind(lines, "Urgent") == [
        f"Urgent: BILL-1 Billing run fails, Highest, open for 4 days  {site}/browse/BILL-1"
    ]
    assert of_kind(lines, "Overdue") == [
        f"Overdue: BILL-2 About BILL-2, due on 15 Nov 2026  {site}/browse/BILL-2"
    ]
    assert of_kind(lines, "Promised") == [
        f"Promised: BILL-3 About BILL-3, due on 21 Nov 2026  {site}/browse/BILL-3"
    ]
    assert of_kind(lines, "We wait") == [f"We wait: SUP-2, for 6 days  {site}/browse/SUP-2"]
    (deal,) = of_kind(lines, "Open deal")
    assert deal.startswith("Open deal: Second plant, Proposal, 120,000, to close on 28 Dec 2026  ")
    assert len(of_kind(lines, "Project")) == 2
    assert of_kind(lines, "Do first")[0].startswith("Do first: Call back Acme")
    order = [line.partition(":")[0] for line in lines]
    assert order.index("Comes") < order.index("Do first") < order.index("They wait") < order.index("Urgent")


def test_only_meetings_that_are_near_and_not_private_have_one(company):
    assert brief_of(company, "Later") == brief_of(company, "Private") == []


def test_names_from_outside_stay_lines_of_text(company):
    lines = brief_of(company, "Hostile")
    assert lines[0].startswith("Meeting on Thu 19 Nov 2026, 12:00: <script>alert(1)</script> =cmd|")
    assert len(of_kind(lines, "Comes")) == 1
    assert all(len(line) < 400 for line in lines)
    assert not set("\u202e\r") & set("".join(lines))


def test_unchanged_facts_write_nothing_and_new_ones_do_until_the_meeting_is_over(company):
    company.pull()
    assert company.plan().changes == ()
    now = NOW + timedelta(days=1)
    company.at(now)
    with company.simulator.edit() as (_, site):
        site.add_comment("BILL-2", "?", at=now, author=CUSTOMER)
        site.set_fields("BILL-3", {"priority": {"id": "1", "name": "Highest"}}, at=now)
    company.sync()
    assert len(of_kind(brief_of(company), "Urgent")) == 2
    stood = brief_of(company)
    company.at(NOW + timedelta(days=3))
    company.sync()
    assert brief_of(company) == stood
    assert brief_of(company, "Later")[0].startswith("Meeting on Mon 23 Nov 2026, 12:00: Next week")
