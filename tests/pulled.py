"""What a store holds, table by table, and random edits as people make them in both systems."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import duckdb
from company import CUSTOMER, NOW, STAFF, Book, Company, ago, cycle, jira_stamp, sf_id, sla, stamp

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

BOOKKEEPING = {"mirror_meta", "mirror_cursor"}
OTHER = {"accountId": "qm:customer-2", "accountType": "customer", "emailAddress": "lee@acme.example"}
RELEASE = {"id": "71", "name": "1.0", "releaseDate": "2026-10-01"}
SETTLED = {"Organization", "TaskStatus", "User"}
SECRET = {"id": "10100", "name": "Board only"}


@contextmanager
def refusing(company, api: str, matches, answer):
    """While it lasts, the simulated service answers matching requests with `answer` instead."""
    server = getattr(company.simulator, f"_{api}")
    original = type(server).handle

    def handle(self, request, **more):
        return answer if matches(request) else original(self, request, **more)

    with patch.object(type(server), "handle", handle):
        yield


class After:
    """Matches requests of a kind from the n-th on."""

    def __init__(self, matches, free: int) -> None:
        self.matches, self.free = matches, free

    def __call__(self, request) -> bool:
        self.free -= self.matches(request)
        return self.matches(request) and self.free < 0


def tables(company: Company) -> dict[str, list[tuple]]:
    """Every table of the mirror with its rows, sorted; what the pull notes about itself left out."""
    with duckdb.connect(str(mirror_file(company)), read_only=True) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {
            name: sorted(connection.execute(f'select * from "{name}"').fetchall(), key=repr)
            for name in names
            if name not in BOOKKEEPING
        }


def rows(company: Company, query: str) -> list[tuple]:
    with duckdb.connect(str(mirror_file(company)), read_only=True) as connection:
        return connection.execute(query).fetchall()


def change_mirror(company: Company, statement: str) -> None:
    """What no pull would do: to see whether one reads a row again."""
    with duckdb.connect(str(mirror_file(company))) as connection:
        connection.execute(statement)


def mirror_file(company: Company) -> Path:
    return company.config.store_folder / "mirror.duckdb"


def fresh(company: Company) -> Company:
    """A second store of the same systems and config, filled from nothing."""
    folder = company.folder / "fresh"
    folder.mkdir()
    twin = Company(folder, company.simulator, company.book)
    twin.config_path.write_text(company.config_path.read_text())
    twin.settings = company.settings
    twin.pull()
    return twin


def assert_as_if_fresh(company: Company) -> None:
    """Table by table, the store holds what one filled from nothing holds."""
    have, want = tables(company), tables(fresh(company))
    assert have.keys() == want.keys()
    for name, expected in want.items():
        assert have[name] == expected, name


def busy_book() -> Book:
    """Something of everything that people edit."""
    book = Book()
    accounts = [book.account(f"Account {n}", Website=f"https://a{n}.example") for n in range(6)]
    for n, account in enumerate(accounts):
        people = [
            book.contact(
                account, f"p{n}.{k}@a{n}.example", Name=f"Person {n}.{k}", Department=("IT", "Legal", "HR")[k]
            )
            for k in range(3)
        ]
        call = book.call(account, ago(days=3 + n), people[0])
        book.meeting(account, ago(days=9 + n), people[1])
        book.add("TaskRelation", TaskId=call, RelationId=people[2], IsWhat=False)
        book.add("EmailMessage", Incoming=True, FromAddress=f"p{n}.1@a{n}.example", ToAddress="us@vendor.example",
                 MessageDate=ago(days=2 + n), Status="1", Subject="Question", RelatedToId=account)  # fmt: skip
        deal = book.add("Opportunity", AccountId=account, Name="Deal", StageName="Prospecting", IsClosed=False,
                        IsWon=False, Amount=1000, CloseDate=ago(days=-30).date())  # fmt: skip
        book.add("OpportunityContactRole", OpportunityId=deal, ContactId=people[0], Role="Decision Maker")
    book.add("Task", Subject="Call back", WhatId=accounts[0], AccountId=accounts[0], Status="Not Started",
             IsClosed=False, Rapport_Key__c=f"call_back|{accounts[0]}||2026-11-01", OwnerId=book.user)  # fmt: skip
    for n in range(12):
        issue = book.issue(
            f"SUP-{n + 1}", accounts[n % 6], service=True, reporter=CUSTOMER, created=ago(days=30)
        )
        book.comment(issue, (CUSTOMER, STAFF, OTHER)[n % 3], ago(days=10 - n / 2))
        book.step(issue, "status", "Open", "In Progress", ago(days=9))
        issue["fields"]["status"]["name"] = "In Progress"
    for n in range(4):
        book.issue(
            f"DEV-{n + 1}", accounts[n], labels=["acme", "beta"], updated=ago(days=11 + n), versions=[RELEASE]
        )
    case = book.case(accounts[0])
    book.add("CaseComment", ParentId=case, CreatedById=book.user, IsPublished=True)
    for issue in book.issues[:2]:
        issue["remotelinks"] = [{"id": 1, "object": {"url": f"https://org.example/{case}", "title": "Case"}}]
    records = [each for name in sorted(book.salesforce) for each in book.salesforce[name]]
    for n, each in enumerate(records):  # most of them lie far behind the next cursor
        each["SystemModstamp"] = stamp(ago(days=1 + n * 37 % 400, hours=n % 24))
    return book


class Edits:
    """Random edits, seeded; `traceless` ones leave nothing that a search for changes could find."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company = company
        self.random = random.Random(seed)
        self.done: list[str] = []
        self.jql = self.columns = ""  # what an admin has changed in the config
        self.users = 0  # how often another user was put in for the API

    def make(self, count: int, now: datetime, *, traceless: bool = False) -> None:
        names = [name for name in dir(self) if name.startswith("traceless_" if traceless else "edit_")]
        with self.company.simulator.edit() as (salesforce, jira):
            for _ in range(count):
                name = self.random.choice(names)
                self.done.append(name)
                getattr(self, name)(salesforce, jira, now)

    def one(self, kind: str, seed: int, now: datetime) -> None:
        """One edit of a kind; the seed chooses what it concerns."""
        self.random = random.Random(seed)
        self.done.append(kind)
        with self.company.simulator.edit() as (salesforce, jira):
            getattr(self, kind)(salesforce, jira, now)

    def _one(self, salesforce, name: str, *, deleted: bool | None = False) -> str | None:
        found = [r["Id"] for r in salesforce.state()[name] if deleted is None or r["IsDeleted"] == deleted]
        return self.random.choice(sorted(found)) if found else None

    def _issue(self, jira) -> str:
        return self.random.choice(sorted(issue["id"] for issue in jira.state()["issues"]))

    def edit_a_person_moves_on(self, salesforce, jira, now):
        account = self._one(salesforce, "Account")
        salesforce.change(
            self._one(salesforce, "Contact"), AccountId=account, Department="Board", Email="new@a1.example"
        )

    def edit_any_record_changes(self, salesforce, jira, now):
        """As the platform does, too: the stamp of the system alone moves."""
        name = self.random.choice(sorted(name for name, rows in salesforce.state().items() if rows))
        found = self._one(salesforce, name, deleted=None) if name not in SETTLED else None
        if found is not None:
            salesforce.change(found, SystemModstamp=stamp(now))

    def edit_a_deal_moves_on(self, salesforce, jira, now):
        deal = self._one(salesforce, "Opportunity")
        if deal is not None:
            won = self.random.random() < 0.5
            salesforce.change(
                deal, StageName="Closed Won" if won else "Closed Lost", IsClosed=True, IsWon=won
            )

    def edit_a_call_is_logged(self, salesforce, jira, now):
        account, person = self._one(salesforce, "Account"), self._one(salesforce, "Contact")
        salesforce.add(
            "Task", WhatId=account, WhoId=person, Subject="Call", TaskSubtype="Call", Status="Completed"
        )

    def edit_a_late_commit_appears(self, salesforce, jira, now):
        """Stamped inside the overlap, seen only now."""
        salesforce.change(
            self._one(salesforce, "Contact"),
            Title=f"Title {self.random.random()}",
            SystemModstamp=stamp(now - timedelta(minutes=self.random.randint(0, 14))),
        )

    def edit_many_bear_one_stamp(self, salesforce, jira, now):
        at = stamp(now - timedelta(seconds=self.random.randint(0, 60)))
        for _ in range(5):
            salesforce.change(
                self._one(salesforce, "Opportunity"), Amount=self.random.randint(1, 9), SystemModstamp=at
            )

    def edit_a_record_is_deleted(self, salesforce, jira, now):
        name = self.random.choice(("Contact", "Task", "Event", "Opportunity", "TaskRelation", "Account"))
        if (found := self._one(salesforce, name)) is not None:
            salesforce.remove(found)

    def edit_a_record_is_undeleted(self, salesforce, jira, now):
        name = self.random.choice(("Contact", "Task", "Account"))
        if (found := self._one(salesforce, name, deleted=True)) is not None:
            salesforce.change(
                found, IsDeleted=False, MasterRecordId=None
            ) if name != "Task" else salesforce.change(found, IsDeleted=False)

    def edit_two_accounts_are_merged(self, salesforce, jira, now):
        loser, winner = self._one(salesforce, "Account"), self._one(salesforce, "Account")
        if loser != winner:
            salesforce.change(loser, IsDeleted=True, MasterRecordId=winner)
            for each in salesforce.state()["Contact"]:
                if each["AccountId"] == loser and self.random.random() < 0.7:
                    salesforce.change(each["Id"], AccountId=winner)

    def edit_two_contacts_are_merged(self, salesforce, jira, now):
        loser, winner = self._one(salesforce, "Contact"), self._one(salesforce, "Contact")
        if loser != winner:
            salesforce.change(loser, IsDeleted=True, MasterRecordId=winner)

    def edit_a_task_loses_or_gets_its_key(self, salesforce, jira, now):
        task = self._one(salesforce, "Task", deleted=None)
        account = self._one(salesforce, "Account")
        key = (
            None
            if self.random.random() < 0.5
            else f"call_back|{account}||2026-10-{self.random.randint(10, 28)}"
        )
        taken = {each.get("Rapport_Key__c") for each in salesforce.state()["Task"]}
        salesforce.change(task, Rapport_Key__c=None if key in taken else key)

    def edit_an_issue_is_made(self, salesforce, jira, now):
        jira.create_issue(
            {"project": jira.site.project("SUP"), "issuetype": {"id": "1", "name": "Bug"}, "summary": "New"},
            at=now,
        )

    def edit_an_issue_moves(self, salesforce, jira, now):
        jira.move_issue(self._issue(jira), self.random.choice(("SUP", "DEV")), at=now)

    def edit_a_status_changes(self, salesforce, jira, now):
        status = self.random.choice(("Open", "In Progress", "Waiting for customer", "Done"))
        jira.set_status(self._issue(jira), status, at=now, author=STAFF)

    def edit_words_of_an_issue_change(self, salesforce, jira, now):
        value = self.random.choice(("Account 1", "Account 2", None, "nobody"))
        fields = {"labels": self.random.choice(([], ["beta"], ["acme", "new"])), "customfield_10050": value,
                  "duedate": self.random.choice((None, "2026-11-10")),
                  "customfield_10060": self.random.choice(([], [{"id": "1", "name": "Account 3"}])),
                  "customfield_10070": self.random.choice(([], [OTHER])),
                  "customfield_10080": self.random.choice((None, {"errorMessage": "no"}, sla(running=cycle(ago(days=1), NOW)),
                                                           sla(cycle(ago(days=3), ago(days=2), ago(days=1))))),
                  "customfield_10082": self.random.choice((None, {"rating": self.random.randint(1, 5)})),
                  "versions": self.random.choice(([], [RELEASE]))}  # fmt: skip
        jira.set_fields(self._issue(jira), fields, at=now)

    def edit_a_release_is_put_off(self, salesforce, jira, now):
        jira.site.change_version("71", {"releaseDate": f"2026-10-{self.random.randint(10, 28)}"})

    def edit_an_issue_is_closed_to_others_or_opened(self, salesforce, jira, now):
        jira.set_fields(self._issue(jira), {"security": self.random.choice((None, SECRET, SECRET))}, at=now)

    def edit_a_comment_comes(self, salesforce, jira, now):
        author = self.random.choice((CUSTOMER, STAFF, OTHER))
        jira.add_comment(
            self._issue(jira), "text", at=now, author=author, internal=self.random.random() < 0.3
        )

    def edit_a_comment_is_edited_or_deleted(self, salesforce, jira, now):
        issue = jira.issue(self._issue(jira))
        comments = issue["fields"]["comment"]["comments"]
        if comments:
            comment = self.random.choice([each["id"] for each in comments])
            if self.random.random() < 0.5:
                jira.delete_comment(issue["id"], comment, at=now)
            else:
                jira.edit_comment(issue["id"], comment, "other text", at=now)

    def edit_work_is_logged(self, salesforce, jira, now):
        jira.add_worklog(self._issue(jira), 3600, at=now, author=STAFF)

    def edit_the_index_lags(self, salesforce, jira, now):
        jira.add_comment(self._issue(jira), "late", at=now - timedelta(minutes=12), author=OTHER)

    def edit_a_deleted_record_is_changed(self, salesforce, jira, now):
        found = self._one(salesforce, self.random.choice(("Contact", "Task", "Account")), deleted=True)
        if found is None:
            found = self._one(salesforce, "Contact")
            salesforce.remove(found)
        salesforce.change(found, SystemModstamp=stamp(now))

    def edit_an_issue_is_changed_twice_in_a_second(self, salesforce, jira, now):
        issue = self._issue(jira)
        for status in ("Open", "In Progress"):
            jira.set_status(issue, status, at=now, author=STAFF)

    def admin_the_query_changes(self, salesforce, jira, now):
        self.jql = self.random.choice(("", 'jql = "project = SUP"\n', 'jql = "project in (SUP, DEV)"\n'))

    def admin_the_fields_change(self, salesforce, jira, now):
        region = '[accounts.columns]\nregion = "Industry"\n'
        self.columns = self.random.choice(
            (region, region.replace("Industry", "Website"), "") if self.columns == "" else ("",)
        )

    def admin_another_user_signs_in(self, salesforce, jira, now):
        self.users += 1
        salesforce._sessions._identity = f"{sf_id('00D', 1)}/{sf_id('005', 70 + self.users)}"
        jira.site.account["accountId"] = f"user-{self.users}"

    def traceless_records_are_purged(self, salesforce, jira, now):
        name = self.random.choice(("Contact", "Task", "OpportunityContactRole", "EmailMessage"))
        if (found := self._one(salesforce, name, deleted=None)) is not None:
            salesforce.purge(found)

    def traceless_a_commit_is_too_late(self, salesforce, jira, now):
        salesforce.change(
            self._one(salesforce, "Contact"), Title="Late", SystemModstamp=stamp(now - timedelta(days=2))
        )

    def traceless_an_issue_is_deleted(self, salesforce, jira, now):
        jira.delete_issue(self._issue(jira))

    def traceless_an_issue_comes_into_sight(self, salesforce, jira, now):
        made = jira.create_issue(
            {"project": jira.site.project("SUP"), "issuetype": {"id": "1", "name": "Bug"}, "summary": "Old"},
            at=now,
        )
        made["fields"]["updated"] = made["fields"]["created"] = jira_stamp(now - timedelta(days=3))
