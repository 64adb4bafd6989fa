"""The meeting brief: when it is written, what it says, when it is left alone, and the task that asks for a look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from company import CUSTOMER, NOW, Book, Company, ago

from rules import catalogue
from rules.sources import SOURCES
from simulator import dataset
from simulator.server import Simulator

HOSTILE = "<script>alert(1)</script> =cmd|' /C calc'!A0 [~user] \u202egnp.exe\r\nnext"
RULES = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\nquote_projects = ["BILL"]\n'
RULES += "[safety]\nmax_new_tasks_per_owner_day = 50\nmax_open_tasks_per_owner = 50\n"


@dataclass
class Seen:
    accounts: dict[str, dict]
    org_tasks: list[dict]

    def lines(self, name: str) -> list[str]:
        return (self.accounts[name].get("Rapport_Brief__c") or "").splitlines()

    def tasks(self, meeting: str) -> list[dict]:
        return [each for each in self.org_tasks if each["Subject"].startswith(f"Prepare: {meeting}")]


@dataclass
class Story:
    """What stood in the org on Wednesday, after news on Thursday, and on Saturday."""

    site: str
    org: str
    event: str
    first: Seen
    unchanged: tuple
    second: Seen
    third: Seen


def seen(company: Company) -> Seen:
    accounts = {each["Name"]: dict(each) for each in company.org("Account")}
    return Seen(accounts, [dict(each) for each in company.org("Task") if each.get("Rapport_Key__c")])


def of_kind(lines: list[str], kind: str) -> list[str]:
    return [line for line in lines if line.startswith(f"{kind}: ")]


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """On Wednesday Acme meets us in two days, Later on Monday, Hostile tomorrow, Private in nobody's sight; then days pass."""
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
        first = seen(company)
        company.pull()
        unchanged = company.plan().changes
        now = NOW + timedelta(days=1)
        company.at(now)
        with simulator.edit() as (_, site):
            site.add_comment("BILL-2", "?", at=now, author=CUSTOMER)
            site.set_fields("BILL-3", {"priority": {"id": "1", "name": "Highest"}}, at=now)
        company.sync()
        second = seen(company)
        company.at(NOW + timedelta(days=3))
        company.sync()
        yield Story(
            simulator.jira_url, simulator.salesforce_url, event, first, unchanged, second, seen(company)
        )


def test_the_brief_says_who_comes_how_it_stands_and_what_is_open(story):
    site, org = story.site, story.org
    lines = story.first.lines("Acme")
    assert lines[0] == f"Meeting on Fri 20 Nov 2026, 14:00: Quarterly review  {org}/{story.event}"
    dana, lee = of_kind(lines, "Comes")
    assert dana.startswith(f"Comes: Dana Okafor, CIO, last contact on 3 Nov 2026  {org}/003")
    assert lee.startswith(f"Comes: Lee Wong, no contact on record  {org}/003")
    (standing,) = (line for line in lines if line.startswith("How it stands on 18 Nov 2026: Health "))
    assert f"Health {int(story.first.accounts['Acme']['Rapport_Health__c'])}, " in standing
    assert "since the meeting on 3 Nov 2026: 1 issue new" in standing
    assert of_kind(lines, "They wait") == [f"They wait: SUP-1, for 16 business hours  {site}/browse/SUP-1"]
    for kind, text in (
        ("Urgent", "BILL-1 Billing run fails, Highest, open for 4 days"),
        ("Overdue", "BILL-2 About BILL-2, due on 15 Nov 2026"),
        ("Promised", "BILL-3 About BILL-3, due on 21 Nov 2026"),
        ("We wait", "SUP-2, for 6 days"),
    ):
        key = text.split(" ")[0].rstrip(",")
        assert of_kind(lines, kind) == [f"{kind}: {text}  {site}/browse/{key}"]
    (deal,) = of_kind(lines, "Open deal")
    assert deal.startswith("Open deal: Second plant, Proposal, 120,000, to close on 28 Dec 2026  ")
    assert len(of_kind(lines, "Project")) == 2
    assert of_kind(lines, "Do first")[0].startswith("Do first: Call back Acme")
    order = [line.partition(":")[0] for line in lines]
    assert order.index("Comes") < order.index("Do first") < order.index("They wait") < order.index("Urgent")


def test_only_meetings_that_are_near_and_not_private_have_one(story):
    assert story.first.lines("Later") == story.first.lines("Private") == []
    assert story.third.lines("Later")[0].startswith("Meeting on Mon 23 Nov 2026, 12:00: Next week")


def test_names_from_outside_stay_lines_of_text(story):
    lines = story.first.lines("Hostile")
    assert lines[0].startswith("Meeting on Thu 19 Nov 2026, 12:00: <script>alert(1)</script> =cmd|")
    assert len(of_kind(lines, "Comes")) == 1
    assert all(len(line) < 400 for line in lines)
    assert not set("\u202e\r") & set("".join(lines))


def test_a_brief_is_written_again_for_new_facts_and_left_when_the_meeting_is_over(story):
    assert story.unchanged == ()
    assert len(of_kind(story.first.lines("Acme"), "Urgent")) == 1
    assert len(of_kind(story.second.lines("Acme"), "Urgent")) == 2
    assert story.third.lines("Acme") == story.second.lines("Acme")


def test_each_meeting_has_one_task_that_closes_itself_when_it_is_over(story):
    (task,) = story.first.tasks("Quarterly review")
    assert task["Subject"] == "Prepare: Quarterly review with Acme on 2026-11-20"
    assert task["ActivityDate"] == "2026-11-19"
    assert task["Description"].startswith("Quarterly review, 20 Nov 2026\n")
    assert f"|{story.event}|" in task["Rapport_Key__c"]
    assert not story.first.tasks("Next week")
    assert story.second.tasks("Quarterly review") == [task]
    (closed,) = story.third.tasks("Quarterly review")
    assert closed["Status"] == "Completed"
    assert "the meeting is over" in closed["Description"]
    (alone,) = story.third.tasks("<script>")  # of an account that has no other meeting
    assert alone["Status"] == "Completed"
    (monday,) = story.third.tasks("Next week")
    assert (monday["Status"], monday["ActivityDate"]) == ("Not Started", "2026-11-20")


def test_preparing_comes_after_all_that_is_to_be_mended():
    rules = catalogue.load({}, SOURCES).rules
    assert (rules["prepare_meeting"].severity, rules["prepare_meeting"].kind) == ("low", "govern")
