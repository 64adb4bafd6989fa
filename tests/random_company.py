"""Seeded small companies full of the cases that numbers go wrong on, as both APIs deliver them, with a config each."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import random_deals
from company import CATEGORIES, Book, sf_id, stamp
from random_service import add_service

if TYPE_CHECKING:
    from pathlib import Path

CLOCKS = (
    datetime(2026, 11, 18, 12, 0, tzinfo=UTC),
    datetime(2026, 10, 26, 8, 30, tzinfo=UTC),  # Europe set its clocks back the day before
    datetime(2026, 3, 30, 5, 45, tzinfo=UTC),  # and forward
    datetime(2026, 11, 2, 14, 20, tzinfo=UTC),  # the United States back
    datetime(2026, 4, 5, 22, 10, tzinfo=UTC),  # New Zealand back, on this very day there
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "Africa/Cairo")
NAMES = ("Acme GmbH", "ACME  gmbh", "Ａcme GmbH", "Borealis Ltd", "Borealis Ltd.", "Quiet Oak", "HR Department", "Plant South", "Nord & Süd AG")  # fmt: skip
TYPES = ("Customer", "Customer - Direct", "customer", "Prospect", "Other", None)
WEBSITES = ("https://www.acme.example/de?x=1", "acme.example", "http://borealis.example:8080", "www.quiet.example", "gmail.com", "HTTPS://WWW.Nord.Example/", None, None)  # fmt: skip
ADDRESSES = ("dana@acme.example", "Dana@ACME.example ", "bob@acme.example", "eva@borealis.example", "tim@gmail.com",
             "sue@nord.example", "ann@vendor.example", "lea@sub.acme.example", "oak@quiet.example", None)  # fmt: skip
DEPARTMENTS = ("IT", "IT Dept.", "Purchasing", "Abteilung Einkauf", "HR & Legal", "hr and legal", "Plant-South", "HR",
               "R&D", "Department", "", "Human Resources", None, None)  # fmt: skip
TITLES = (
    "CEO",
    "Head of IT",
    "Product-Owner",
    "Gesch\u00e4ftsf\u00fchrerin",
    "Assistant to the CEO",
    "Engineer",
    "Headhunter",
    "-",
    None,
    None,
)
LABELS = ("acme", "Borealis", "both", "unknown")
COMPONENTS = ("acme-portal", "Nord Shop", "other")
PROJECTS = {"ACME": "software", "BETA": "business", "SD": "service_desk", "HELP": "service_desk"}
PRIORITIES = ("Highest", "High", "Medium", "highest")
ISSUE_TYPES = ("Bug", "Task", "Incident", "incident", "Epic", "Story")
MANAGED = {
    "type = 'Customer'": lambda account: account.get("Type") == "Customer",
    "not person_account and industry = 'Banking'": lambda account: (
        not account.get("IsPersonAccount") and account.get("Industry") == "Banking"
    ),
}
METRICS = ("days_since_contact", "moments_90d", "effective_contacts", "open_issues", "open_p1", "oldest_unanswered_hours",
           "unanswered_comments", "overdue_issues", "stuck_issues", "org_units_known", "org_units_engaged", "unit_coverage",
           "active_projects", "contacts_engaged_90d")  # fmt: skip
CURVES = ([[0, 100], [1, 50], [2, 25], [5, 0]], [[0, 0], [1, 45], [3, 100]], [[0, 70], [3, 40]], [[1, 10], [2, 55.5], [3, 80]],
          [[-1, 3], [0.5, 97], [0.7, 12.5], [30, 100], [800, 0]])  # fmt: skip
EDGES = (0, 0, 1, 2, 3, 7, 14, 14, 20, 45, 89, 90, 90, 91, 180, 181, 365, 366, 729, 730, 731)
NUDGES = (timedelta(0), timedelta(seconds=1), timedelta(hours=1), timedelta(hours=9), timedelta(hours=-1), timedelta(seconds=-1), timedelta(hours=-14))  # fmt: skip


@dataclass
class Scene:
    book: Book
    now: datetime
    as_of: tuple[datetime, ...]
    sections: dict[str, dict[str, object]]
    groups: dict[str, list[str]] = field(default_factory=dict)
    map_rows: list[tuple[str, str, str]] = field(default_factory=list)
    previous_bands: dict[tuple[str, str], str] = field(
        default_factory=dict
    )  # (account, scorecard) -> confirmed band

    def managed(self):
        return MANAGED.get(self.sections.get("accounts", {}).get("managed"))

    def excluded(self):
        rule = self.sections.get("activities", {}).get("exclude")
        return (lambda record: "Newsletter" in (record.get("Subject") or "")) if rule else None

    def write_map(self, folder: Path) -> None:
        """The map file beside the config; not there if the config names none."""
        if "map_file" in self.sections["identity"]:
            lines = ["kind,value,account", *(",".join(row) for row in self.map_rows)]
            (folder / "links.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def toml(self, salesforce: str = "http://127.0.0.1:1", jira: str = "http://127.0.0.1:2") -> str:
        sections = {name: dict(values) for name, values in self.sections.items()}
        sections["salesforce"] = {"instance_url": salesforce}
        sections["time"]["now"] = self.now.isoformat()
        if "jira" in sections:
            sections["jira"] |= {"url": jira, "email": "i@vendor.example"}
        lines = []
        for name, values in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
        return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def id18(text: str) -> str:
    """The 18-character form of a 15-character Id: three letters tell which characters are capitals."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = (text[:5], text[5:10], text[10:])
    return text + "".join(letters[sum(1 << n for n, c in enumerate(part) if c.isupper())] for part in parts)


def scene(seed: int) -> Scene:
    made = _Maker(random.Random(seed)).make()  # a seeded company, no secret
    random_deals.enrich(made, random.Random(f"deals {seed}"))
    return made


class _Maker:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.now = dice.choice(CLOCKS)
        self.past = self.now - timedelta(days=dice.choice((1, 30, 61)), hours=dice.choice((0, 5, 13)))
        self.book = Book()
        self.book.projects.update(PROJECTS)
        self.zone = dice.choice(ZONES)
        self.groups: dict[str, list[str]] = {}
        self.map_rows: list[tuple[str, str, str]] = []

    # ------------------------------------------------------------------------------------------- chances

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def pick(self, values):
        return self.dice.choice(list(values))

    def moment(self, *, future: bool = False) -> datetime:
        """A time near an edge of a window, or anywhere within two years."""
        if future and self.chance(0.15):
            return self.now + timedelta(days=self.pick((0, 1, 5)), hours=self.pick((1, 9)))
        if self.chance(0.5):
            at = self.pick((self.now, self.past)) - timedelta(days=self.pick(EDGES)) + self.pick(NUDGES)
        else:
            at = self.now - timedelta(seconds=self.dice.randrange(1, 120 * 86400))
        return at if future or at <= self.now else self.now - timedelta(minutes=self.dice.randrange(1, 500))

    def after(self, begin: datetime) -> datetime:
        return begin + timedelta(
            seconds=self.dice.randrange(1, max(2, int((self.now - begin).total_seconds())))
        )

    def day(self) -> date:
        edge = timedelta(days=self.pick((*EDGES, -1, -5)) + self.pick((0, 0, 1, -1)))
        return (self.pick((self.now, self.past)) - edge).date()

    def created(self) -> datetime:
        return (
            self.moment()
            if self.chance(0.15)
            else self.now - timedelta(days=800, hours=self.dice.randrange(900))
        )

    def reference(self, identity: str | None) -> str | None:
        """The same Id, now and then in its short form."""
        return identity[:15] if identity and self.chance(0.3) else identity

    # ---------------------------------------------------------------------------------------- Salesforce

    def make(self) -> Scene:
        self.accounts = self._accounts()
        self.contacts = self._contacts()
        self.records = self._deals()
        self._activities()
        self._mails()
        self._waiting()
        self._habits()
        for number in range(self.dice.randrange(12, 36)):
            self._issue(number)
        sections = self._config()
        add_service(self)
        if "jira" in sections:
            sections["jira"]["fields"] = {"case": "Support case", "scope": "Scope"}
        bands = {
            (account, card): self.pick(("red", "amber", "green", "unknown"))
            for account in self.accounts
            for card in ("health", "penetration", "overall")
        }
        return Scene(self.book, self.now, (self.now, self.past), sections, self.groups, self.map_rows, bands)

    def _accounts(self) -> list[str]:
        ids = []
        for number in range(self.dice.randrange(4, 11)):
            tail = f"{number // 2:010d}" + ("aB" if number % 2 else "Ab")  # equal but for capitals
            gone = self.chance(0.25) and bool(ids)
            ids.append(
                self.book.add(
                    "Account",
                    Id=id18(f"001{tail}"),
                    Name=self.pick(NAMES),
                    Type=self.pick(TYPES),
                    OwnerId=self.book.user,
                    Website=self.pick(WEBSITES),
                    Industry=self.pick(("Banking", "Other", None)),
                    AccountNumber=self.pick((None, f"K-{number}", "K-1", "Acme GmbH")),
                    IsDeleted=gone,
                    MasterRecordId=self.reference(self.pick(ids)) if gone and self.chance(0.7) else None,
                    ParentId=self.reference(self.pick(ids)) if ids and self.chance(0.5) else None,
                    IsPersonAccount=self.chance(0.05),
                    CreatedDate=self.created(),
                )
            )
        return ids

    def _contacts(self) -> list[str]:
        ids: list[str] = []
        for _ in range(self.dice.randrange(4, 22)):
            gone = self.chance(0.12)
            ids.append(
                self.book.add(
                    "Contact", AccountId=self.reference(self.pick((*self.accounts, *self.accounts, None))),
                    Name="Somebody", Email=self.pick(ADDRESSES), Department=self.pick(DEPARTMENTS), IsDeleted=gone, Title=self.pick(TITLES),
                    MasterRecordId=self.reference(self.pick(ids)) if gone and ids and self.chance(0.6) else None,
                    CreatedDate=self.created(),
                )
            )  # fmt: skip
        return ids

    def _deals(self) -> list[str]:
        """Opportunities with roles, contracts and assets; all can be what an activity is about."""
        ids = []
        for _ in range(self.dice.randrange(7)):
            closed = self.chance(0.6)
            deal = self.book.add(
                "Opportunity", Name="Deal", AccountId=self.reference(self.pick((*self.accounts, None))),
                StageName="Closed Won" if closed else "Prospecting", IsClosed=closed, IsWon=closed and self.chance(0.7),
                CloseDate=self.day(), OwnerId=self.book.user, IsDeleted=self.chance(0.1), CreatedDate=self.created(),
            )  # fmt: skip
            ids.append(deal)
            for _ in range(self.dice.randrange(3)):
                self.book.add(
                    "OpportunityContactRole", OpportunityId=self.reference(deal), Role="Other",
                    ContactId=self.reference(self.pick(self.contacts)), IsDeleted=self.chance(0.1), CreatedDate=self.created(),
                )  # fmt: skip
        for _ in range(self.dice.randrange(3)):
            code = self.pick(("Activated", "Activated", "Draft"))
            ids.append(
                self.book.add(
                    "Contract", AccountId=self.reference(self.pick(self.accounts)), Status=code, StatusCode=code,
                    EndDate=self.pick((None, self.day())), IsDeleted=self.chance(0.1), CreatedDate=self.created(),
                    ActivatedDate=self.now - timedelta(days=700) if code == "Activated" else None,
                )
            )  # fmt: skip
        for _ in range(self.dice.randrange(2)):
            ids.append(
                self.book.add(
                    "Asset", AccountId=self.reference(self.pick(self.accounts)), Name="Licence",
                    Status=self.pick(("Obsolete", "Installed", None)), CreatedDate=self.created(),
                )
            )  # fmt: skip
        for _ in range(self.dice.randrange(2)):
            ids.append(
                self.book.add(
                    "Case", AccountId=self.pick(self.accounts), Status="New", CreatedDate=self.created()
                )
            )
        return ids

    def _relations(self, name: str, key: str, activity: str) -> None:
        for _ in range(self.pick((0, 0, 1, 2))):
            what = self.chance(0.2)
            self.book.add(
                name, **{key: self.reference(activity)}, IsWhat=what, IsDeleted=self.chance(0.1), CreatedDate=self.created(),
                RelationId=self.pick(self.accounts if what else [*self.contacts, self.book.user]),
            )  # fmt: skip

    def _about(self) -> dict[str, object]:
        """Who and what an activity concerns; the account is given, to be derived or missing."""
        what = self.pick((*self.accounts, *self.records, None, None))
        return {
            "WhoId": self.reference(self.pick((*self.contacts, None, sf_id("00Q", 1)))),
            "WhatId": self.reference(what),
            "AccountId": self.reference(self.pick(self.accounts)) if self.chance(0.4) else None,
            "OwnerId": self.book.user,
            "Subject": self.pick(("Hello", "Newsletter May", "Automatic reply: away", "out of office", None)),
            "IsDeleted": self.chance(0.05),
            "IsArchived": self.chance(0.1),
            "Rapport_Key__c": f"key-{self.dice.random()}" if self.chance(0.05) else None,
            "CreatedDate": self.created(),
        }

    def _activities(self) -> None:
        for _ in range(self.dice.randrange(6, 40)):
            closed = self.chance(0.85)
            at = self.moment()
            task = self.book.add(
                "Task", **self._about(), Status="Completed" if closed else "Not Started", IsClosed=closed,
                TaskSubtype=self.pick(("Call", "Call", "Email", "ListEmail", "Task", None)),
                Type=self.pick(("Call", "Meeting", "Email", "Other", "Visit", None, None)),
                CompletedDateTime=at if closed and self.chance(0.6) else None,
                ActivityDate=self.pick((None, self.day(), self.day(), at.date())),
                CallType=self.pick(("Inbound", "Inbound", "Outbound", "Internal", None)),
                CallDisposition=self.pick(("Missed", "voicemail", "Connected", None)), IsRecurrence=self.chance(0.04),
            )  # fmt: skip
            self._relations("TaskRelation", "TaskId", task)
        for _ in range(self.dice.randrange(3, 18)):
            whole_day = self.chance(0.4)
            event = self.book.add(
                "Event", **self._about(), IsAllDayEvent=whole_day, IsChild=self.chance(0.15),
                IsPrivate=self.chance(0.1), IsRecurrence=self.chance(0.05), Type=self.pick(("Visit", "onsite", "Call", None)),
                StartDateTime=None if whole_day else self.moment(future=True), ActivityDate=self.day() if whole_day else None,
            )  # fmt: skip
            self._relations("EventRelation", "EventId", event)
        # a second row with the same people, some hours apart: one moment or, across midnight, two
        for name, clock in (("Task", "CompletedDateTime"), ("Event", "StartDateTime")):
            for record in list(self.book.salesforce[name]):
                if self.chance(0.3):
                    number = 500_000 + len(self.book.salesforce[name])
                    copy = record | {"Id": sf_id(record["Id"][:3], number), "Rapport_Key__c": None}
                    if copy[clock]:
                        shift = timedelta(hours=self.pick((0, 2, 6, 11, -2, -6, -11)))
                        copy[clock] = stamp(datetime.fromisoformat(copy[clock]) + shift)
                    self.book.salesforce[name].append(copy)

    def _mails(self) -> None:
        tasks = [task["Id"] for task in self.book.salesforce["Task"]]
        self.book.salesforce["User"][0]["Email"] = self.pick(
            ("agent@vendor.example", "Agent@Vendor.example", None)
        )
        for _ in range(self.dice.randrange(2, 16)):
            incoming = self.chance(0.5)
            other, ours = self.pick(a for a in ADDRESSES if a), "agent@vendor.example"
            more = "; ".join(self.dice.sample([a for a in ADDRESSES if a], self.pick((0, 0, 1, 2))))
            self.book.add(
                "EmailMessage", Incoming=incoming, FromAddress=other if incoming else ours,
                ToAddress=ours if incoming else self.pick((other, f"Somebody <{other}>")), CcAddress=more or None,
                MessageDate=self.moment(future=True), ThreadIdentifier=self.pick((None, "t1", "t2", "t3")), Status=self.pick(("3", "3", "3", "5")), CreatedDate=self.created(),
                Subject=self.pick(("Re: plan", "Automatic reply: Re", "Abwesenheit bis", None)),
                Headers=self.pick((None, None, "X: 1\nAuto-Submitted: auto-replied\n", "X-Auto-Submitted: no")),
                ActivityId=self.reference(self.pick((*tasks, None))), IsDeleted=self.chance(0.07),
                RelatedToId=self.reference(self.pick((*self.accounts, *self.records, None))),
                ParentId=sf_id("500", 99) if self.chance(0.05) else None,
            )  # fmt: skip

    def _lately(self) -> datetime:
        """A time of the last weeks, as seen from one of the two instants, near the edges of 8 hours and 14 days."""
        begin = self.pick((self.now, self.past))
        return begin - timedelta(
            days=self.pick((0, 1, 2, 3, 4, 6, 13, 14)), seconds=self.dice.randrange(0, 80_000)
        )

    def _waiting(self) -> None:
        """Mails and missed calls of the last weeks, some of them answered."""
        for _ in range(self.dice.randrange(9)):
            incoming, other, at = self.chance(0.65), self.pick(a for a in ADDRESSES if a), self._lately()
            self.book.add(
                "EmailMessage", Incoming=incoming, FromAddress=other if incoming else "agent@vendor.example",
                ToAddress="agent@vendor.example" if incoming else other, MessageDate=at, Status="3", CreatedDate=at,
                ThreadIdentifier=self.pick((None, None, "t3", "t4", "t5")), RelatedToId=self.pick((None, *self.accounts)),
                Subject=self.pick(("Question", "Question", "Question", "Automatic reply: Question")),
            )  # fmt: skip
        for _ in range(self.dice.randrange(9)):
            inbound, closed, at = self.chance(0.65), self.chance(0.7), self._lately()
            self.book.add(
                "Task", Status="Completed" if closed else "Not Started", IsClosed=closed, TaskSubtype="Call", CreatedDate=at,
                CallType="Inbound" if inbound else "Outbound", CallDisposition="No answer" if inbound else "Connected",
                CompletedDateTime=at if closed and self.chance(0.7) else None, ActivityDate=at.date(), OwnerId=self.book.user,
                WhoId=self.pick((*self.contacts[:2], *self.contacts[:2], None)), WhatId=self.pick(self.accounts),
            )  # fmt: skip

    def _habits(self) -> None:
        """People with many calls in the year before, some of whom have gone silent."""
        account = self.pick(self.accounts)
        for person in self.contacts[: self.pick((0, 2, 5))]:
            for _ in range(self.pick((3, 4, 4, 5))):
                at = self.now - timedelta(
                    days=self.dice.randrange(58, 430), seconds=self.dice.randrange(9_000)
                )
                self.book.call(account, at, person)
            if self.chance(0.3):
                at = (
                    self.pick((self.now, self.past))
                    - timedelta(days=60)
                    + self.pick((-1, 0, 1)) * timedelta(hours=1)
                )
                self.book.call(account, at, person)

    # ---------------------------------------------------------------------------------------------- Jira

    def _person(self) -> dict | None:
        kinds = "agent hidden hidden customer customer customer visible visible visible visible app none same"
        kind = self.pick(kinds.split())
        if kind == "agent":
            return {
                "accountId": "staff-1",
                "accountType": "atlassian",
                "emailAddress": "agent@vendor.example",
            }
        if kind == "hidden":
            return {"accountId": f"hidden-{self.pick('12')}", "accountType": "atlassian"}
        if kind == "customer":
            return {"accountId": "qm:customer-1", "accountType": "customer"}
        if kind == "app":
            return {"accountId": "app-1", "accountType": "app", "emailAddress": "dana@acme.example"}
        if kind == "same":
            return {
                "accountId": "person-x",
                "accountType": "atlassian",
                "emailAddress": "x@elsewhere.example",
            }
        if kind == "none":
            return None
        number = self.dice.randrange(len(ADDRESSES) - 1)
        return {
            "accountId": f"person-{number}",
            "accountType": "atlassian",
            "emailAddress": ADDRESSES[number].strip(),
        }

    def _field_value(self) -> object:
        account = self.pick(self.accounts)
        name = self.pick(NAMES)
        return self.pick(
            (None, None, None, account, account[:15], account[:-1], f"https://x.my.salesforce.com/lightning/r/Account/{account}/view",
             f"https://x.my.salesforce.com/{account[:15]}", f" {name} ", name.upper(), "K-1", "k-2", "K-3", "nobody",
             {"value": name}, {"name": name}, [name, "K-1"], [{"value": account}, name], [], "")
        )  # fmt: skip

    def _issue(self, number: int) -> None:
        project = self.pick((*PROJECTS, "SD", "HELP"))
        subtask = self.chance(0.08)
        created = min(self.moment(), self.now)
        issue = self.book.issue(
            f"{project}-{number + 1}", field=self._field_value(), service=PROJECTS[project] == "service_desk",
            type=self.pick(ISSUE_TYPES), subtask=subtask, level=-1 if subtask else self.pick((0, 0, 0, 0, 1, 2)),
            status=self.pick((*CATEGORIES, "Open", "In Progress", "In Progress")), priority=self.pick(PRIORITIES), created=created, due=self.pick((None, self.day())),
            labels=self.dice.sample(LABELS, self.pick((0, 0, 1, 2))),
            components=self.dice.sample(COMPONENTS, self.pick((0, 0, 1))),
            organizations=self.dice.sample([*NAMES, "Acme IT"], self.pick((0, 0, 0, 1, 2))),
            reporter=self._person(),
        )  # fmt: skip
        issue["fields"]["issuetype"]["name"] = "Sub-task" if subtask else issue["fields"]["issuetype"]["name"]
        if self.chance(0.3):
            issue["fields"]["customfield_10070"] = [p for _ in range(2) if (p := self._person())]
        if self.chance(0.1):
            issue["fields"]["priority"] = None
        if self.chance(0.1):
            issue["fields"]["security"] = {"id": "1", "name": self.pick(("Secret", "Partner"))}
        for _ in range(self.pick((0, 1, 1, 2, 4, 6))):
            extra = {"visibility": {"type": "role", "value": "Administrators"}} if self.chance(0.1) else {}
            at = self.moment() if self.chance(0.5) else self.after(created)
            at = at if at > created else self.after(created)
            self.book.comment(
                issue, self._person(), at, public=self.pick((True, True, True, False, None)), **extra
            )
        for _ in range(self.pick((0, 0, 1, 2, 3))):
            self._step(issue, self.after(created))
        if self.chance(0.1):
            old = self.now - timedelta(days=730) + self.pick(NUDGES)
            if old >= created:
                issue["fields"]["updated"] = old.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def _step(self, issue: dict, at: datetime) -> None:
        name = self.pick(("status", "status", "status", "priority", "duedate", "project"))
        author = self._person()
        if name == "status":
            self.book.step(
                issue, "status", self.pick((*CATEGORIES, "Gone")), self.pick(CATEGORIES), at, author
            )
        elif name == "priority":
            self.book.step(issue, "priority", self.pick(PRIORITIES), "Medium", at, author)
        elif name == "duedate":
            old = self.pick((None, self.day().isoformat()))
            self.book.step(issue, "duedate", old, "2026-01-01", at, author)
            issue["changelog"]["histories"][-1]["items"][0]["fromString"] = old and f"{old} 00:00:00.0"
        else:
            old = self.pick(PROJECTS)
            self.book.step(issue, "project", old, "ACME", at, author)
            number = str(20_000 + sorted(PROJECTS).index(old))
            issue["changelog"]["histories"][-1]["items"][0]["from"] = number

    # -------------------------------------------------------------------------------------------- config

    def _scorecard(self) -> dict[str, object]:
        """Plain numbers, so that halves and edges of bands occur."""
        measures = [
            {"metric": name, "weight": self.pick((1, 1, 2, 0.1, 0.3)), "points": self.pick(CURVES)}
            for name in self.dice.sample(METRICS, self.dice.randrange(1, 5))
        ]
        caps = [
            {
                "name": f"cap {n}",
                "when": f"{self.pick(METRICS)} {self.pick(('>', '>='))} {self.pick((0, 1, 2.5))}",
                "at_most": self.pick((70, 39.5, 62.5)),
            }
            for n in range(self.dice.randrange(3))
        ]
        return {"measures": measures, "caps": caps, "floor": self.pick((0.3, 0.5, 0.7))}

    def _target(self) -> str:
        account = self.pick(self.accounts)
        return self.pick((account, account[:15], self.pick(NAMES)))

    def _config(self) -> dict[str, dict[str, object]]:
        identity: dict[str, object] = {"internal_domains": ["vendor.example"], "account_field": "CRM Account"}
        options = {
            "projects": {p: self._target() for p in PROJECTS if self.chance(0.4)},
            "organizations": {"Acme IT": self._target(), "borealis ltd": self._target()},
            "components": {"acme-portal": self._target(), "nord shop": self._target()},
            "labels": {"Acme": self._target(), "Borealis": self._target()},
            "units": {self._target(): ["IT", "Einkauf", "HR and Legal", "Plant South"]},
            "department_aliases": {"hr": "human resources", "IT Dept.": "Computing"},
            "staff": [self.pick(("hidden-1", "nord.example", "group:agents"))],
            "link_by": self.dice.sample(
                ["field", "organization", "project", "component", "label", "reporter"], 4
            ),
            "free_mail_domains": ["acme.example"],
        }
        identity |= {
            name: value
            for name, value in options.items()
            if self.chance(0.15 if name == "free_mail_domains" else 0.4)
        }
        if self.chance(0.3):
            identity["map_file"] = "links.csv"
            self.map_rows = [
                ("label", "unknown", self._target()),
                ("component", "Other", self._target()),
                ("organization", "Quiet Oak", self._target()),
            ]
        self.groups = {"agents": ["hidden-2", "person-3"]}
        sections: dict[str, dict[str, object]] = {
            "identity": identity,
            "time": {"zone": self.zone},
            "rollout": {"mode": "on"},
        }
        if self.chance(0.3):
            sections["time"]["hours"] = ["00:00", "23:30"] if self.chance(0.5) else ["07:30", "12:00"]
        if self.chance(0.4):
            sections["time"]["holidays"] = sorted({self.day() for _ in range(4)})
        if self.chance(0.3):
            sections["accounts"] = {"preset": "internal-it"}
        elif self.chance(0.2):
            sections["accounts"] = {"managed": self.pick(MANAGED)}
        activities: dict[str, object] = (
            {"contact_task_types": self.pick((["call", "Visit"], []))} if self.chance(0.3) else {}
        )
        if self.chance(0.2):
            activities["exclude"] = "contains(subject, 'Newsletter')"
        if activities:
            sections["activities"] = activities
        if self.chance(0.95):
            lists = {
                "p1_priorities": self.pick((["high"], ["nothing"], ["P1", "HIGHEST"])),
                "incident_types": ["Story", "incident"],
                "waiting_statuses": ["BLOCKED"],
                "paused_statuses": ["in progress"],
                "done_statuses": ["waiting for CUSTOMER"],
                "escalation_labels": ["BOREALIS"],
                "customer_visible_projects": ["ACME", "BETA", "SD"],
                "security_levels": ["partner"],
            }
            sections["jira"] = {name: value for name, value in lists.items() if self.chance(0.3)}
            if self.chance(0.5):
                sections["jira"]["customer_visible_projects"] = ["ACME"]
        if self.chance(0.15):
            sections["bands"] = {"green": 60, "amber": 30}
        if self.chance(0.5):
            sections["scorecards"] = {
                name: self._scorecard() for name in ("health", "penetration", "own") if self.chance(0.6)
            }
            if "own" in sections["scorecards"]:
                sections["scorecards"]["overall"] = {
                    "of": {"health": 1, "own": 0.5},
                    "floor": self.pick((0, 0.4, 0.8)),
                }
        return sections
