"""One account on stage: its people, its manager, and what a story can let happen to it in both systems."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from simulator.sample_firms import IT_DESK, PROJECT_ACCOUNTS, SUPPORT_DESK, Firm
from simulator.sample_issues import OFFERINGS
from simulator.sample_jira_site import PROJECTS, Project
from simulator.sample_people import (
    DEVELOPERS,
    FIRST_NAMES,
    IT_AGENTS,
    LAST_NAMES,
    POSTS,
    SUPPORT,
    Colleague,
    Customer,
    Role,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from simulator.sample_clock import Clock
    from simulator.sample_jira import Issue, Site
    from simulator.sample_salesforce import Org

ORG_URL: Final = "https://example.my.salesforce.com"
BY_KEY: Final[Mapping[str, Project]] = {project.key: project for project in PROJECTS}


@dataclass(frozen=True, slots=True)
class Company:
    """What all scenes share."""

    clock: Clock
    org: Org
    site: Site
    staff: Mapping[str, Colleague]


def seeded(seed: int, name: str) -> random.Random:
    """A source of chance per account, so that a change to one account leaves all others as they are."""
    return random.Random(f"{seed}|{name}")  # noqa: S311 - sample data, no secret


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


class Scene:
    def __init__(self, company: Company, firm: Firm, account_id: str, rng: random.Random) -> None:
        self.company = company
        self.clock, self.org, self.site = company.clock, company.org, company.site
        self.firm = firm
        self.life = firm.life.varied(rng)
        self.account_id = account_id
        self.rng = rng
        self.manager = company.staff[firm.owner]
        self.contacts: list[Customer] = []
        # What the field "CRM Account" says, where this account's issues are named by it.
        self.account_value = self._account_value()

    def _account_value(self) -> str:
        match self.firm.naming:
            case "id18":
                return self.account_id
            case "id15":
                return self.account_id[:15]
            case "url":
                return f"{ORG_URL}/lightning/r/Account/{self.account_id}/view"
            case _:
                return self.firm.name

    # People.

    def hire(self, role: Role) -> Customer:
        known_for = self.rng.randint(780, 900) if self.firm.age_days > 900 else self.firm.age_days - 1
        row = self.org.add(
            "Contact",
            self.clock.ago(known_for),
            by=self.manager.user_id,
            AccountId=self.account_id,
            Department=role.department,
            Email=f"{_plain(role.first)}.{_plain(role.last)}@{self.firm.domain}",
            EmailBouncedDate=None,
            FirstName=role.first,
            HasOptedOutOfEmail=False,
            LastName=role.last,
            Name=f"{role.first} {role.last}",
            OwnerId=self.manager.user_id,
            Phone=f"+49 30 5550 {self.rng.randint(1000, 9999)}",
            ReportsToId=None,
            Title=role.title,
        )
        # In their own house, every second one has a licence of the tracker; the others write by the portal.
        licensed = self.firm.in_house and len(self.contacts) % 2 == 1
        person = Customer(
            row["Id"], self.account_id, row["Name"], row["Email"], role.title, role.department, licensed
        )
        self.contacts.append(person)
        self.relate(person)
        return person

    def relate(self, person: Customer, *, roles: str | None = None, direct: bool = True) -> None:
        """The relation that the org keeps for each contact and its account, or for one account more."""
        self.org.add(
            "AccountContactRelation",
            self.clock.ago(min(700, self.firm.age_days - 1)),
            by=self.manager.user_id,
            AccountId=self.account_id,
            ContactId=person.id,
            IsActive=True,
            IsDirect=direct,
            Roles=roles,
        )

    def staff_up(self) -> None:
        """The cast of the story first, then people drawn by chance."""
        for role in self.firm.cast:
            self.hire(role)
        missing = self.life.people - len(self.contacts)
        firsts, lasts = self.rng.sample(FIRST_NAMES, k=10), self.rng.sample(LAST_NAMES, k=10)
        start = self.rng.randrange(len(POSTS))
        for number in range(missing):
            title, department = POSTS[(start + number) % len(POSTS)]
            self.hire(Role(firsts[number], lasts[number], title, department))

    @property
    def engaged(self) -> list[Customer]:
        return self.contacts[: self.life.engaged]

    @property
    def speakers(self) -> list[Customer]:
        """Those who open issues and stand in deals: the people we meet, or anybody if we meet nobody."""
        return self.engaged or self.contacts

    def person(self, name: str) -> Customer:
        return next(each for each in self.contacts if each.name == name)

    def supporter(self) -> Colleague:
        return self.company.staff[self.rng.choice(IT_AGENTS if self.firm.in_house else SUPPORT)]

    def developer(self) -> Colleague:
        return self.company.staff[self.rng.choice(DEVELOPERS)]

    # Issues.

    @property
    def desk(self) -> Project:
        return BY_KEY[IT_DESK if self.firm.in_house else self.firm.service or SUPPORT_DESK]

    @property
    def workshop(self) -> Project | None:
        return BY_KEY[self.firm.software] if self.firm.software else None

    def issue(
        self, project: Project, type_name: str, summary: str, at: datetime, by: Customer | Colleague
    ) -> Issue:
        """A new issue that names this account in the way its project and the account's people are used to."""
        issue = self.site.issue(project, type_name, summary, at, by)
        if project.key == IT_DESK:
            issue.request_type = OFFERINGS.get(summary, "Applications")
            return issue  # nothing but who reported it tells the department
        if project.key in PROJECT_ACCOUNTS:
            return issue
        if project.is_service and self.firm.naming == "organization":
            issue.organizations = (self.site.organization(self.firm.name),)
        else:
            issue.account_value = self.account_value
        return issue

    def request(
        self, summary: str, *, hours_ago: float, by: Customer, type_name: str = "Service Request"
    ) -> Issue:
        """A customer's request on the service desk, so many business hours old, taken up and answered
        within two.
        """
        at, agent = self.clock.business_ago(hours_ago), self.supporter()
        issue = self.issue(self.desk, type_name, summary, at, by)
        taken = self.clock.business_ago(hours_ago - 1)
        issue.assign(taken, agent, agent)
        issue.step(taken + timedelta(minutes=5), agent, "In Progress")
        issue.comment(self.clock.business_ago(hours_ago - 1.75), agent, "Thank you, we are looking into it.")
        return issue

    def ask(self, summary: str, *, waiting_hours: float, by: Customer, question: str) -> Issue:
        """A request whose last public word is the customer's, so many business hours ago."""
        issue = self.request(summary, hours_ago=waiting_hours + 24, by=by)
        issue.comment(self.clock.business_ago(waiting_hours), by, question)
        return issue
