"""Who works at the sample vendor, and the names, titles and departments that its customers' people are
drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from simulator.sample_ids import jira_account_id

INTERNAL_DOMAIN: Final = "example.com"
AccountType = Literal["atlassian", "customer", "app"]


@dataclass(frozen=True, slots=True)
class Staff:
    """One of the vendor's people; `salesforce` is False for those who only work in Jira."""

    key: str
    first: str
    last: str
    title: str
    department: str
    manager: str | None = None
    active: bool = True
    salesforce: bool = True
    address_visible: bool = True

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}@{INTERNAL_DOMAIN}".lower().replace(" ", "").replace("á", "a")


STAFF: Final = (
    Staff("carver", "Helen", "Carver", "Head of Account Management", "Sales"),
    Staff("ferrari", "Marco", "Ferrari", "Account Manager", "Sales", "carver"),
    Staff("halvorsen", "Ingrid", "Halvorsen", "Account Manager", "Sales", "carver"),
    Staff("raman", "Priya", "Raman", "Account Manager", "Sales", "carver"),
    Staff("silva", "Tomás", "Silva", "Account Manager", "Sales", "carver"),
    Staff("tanaka", "Yuki", "Tanaka", "Senior Account Manager", "Sales", "carver"),
    Staff("nwosu", "Amara", "Nwosu", "Account Manager", "Sales", "carver"),
    Staff("fischer", "Leon", "Fischer", "Account Manager", "Sales", "carver", active=False),
    Staff("vidal", "Teresa", "Vidal", "IT Business Partner", "IT", "carver"),
    Staff("osei", "Kofi", "Osei", "IT Business Partner", "IT", "carver"),
    Staff("house", "House", "Account", "", "Sales", "carver"),
    Staff("integration", "Integration", "User", "", "IT"),
    Staff("petrov", "Nadia", "Petrov", "Support Lead", "Support", salesforce=False),
    Staff("lund", "Oskar", "Lund", "Support Engineer", "Support", salesforce=False),
    Staff("mbeki", "Grace", "Mbeki", "Support Engineer", "Support", salesforce=False, address_visible=False),
    Staff("braun", "Felix", "Braun", "Support Engineer", "Support", salesforce=False),
    Staff("keller", "Anja", "Keller", "IT Service Desk", "IT", salesforce=False),
    Staff("santos", "Luis", "Santos", "IT Service Desk", "IT", salesforce=False),
    Staff("weber", "Jonas", "Weber", "Developer", "Engineering", salesforce=False, address_visible=False),
    Staff("lin", "Mei", "Lin", "Developer", "Engineering", salesforce=False),
    Staff("shah", "Ravi", "Shah", "Project Lead", "Engineering", salesforce=False),
)
SUPPORT: Final = ("petrov", "lund", "mbeki", "braun")
IT_AGENTS: Final = ("keller", "santos")
DEVELOPERS: Final = ("weber", "lin", "shah")


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of the vendor's staff with the ids under which both systems know them."""

    staff: Staff
    user_id: str | None
    jira_id: str

    @property
    def name(self) -> str:
        return self.staff.name


@dataclass(frozen=True, slots=True)
class Customer:
    """One contact of an account; in Jira a portal customer with a visible address, or, as a colleague of the
    vendor's own house, somebody with a licence.
    """

    id: str
    account_id: str
    name: str
    email: str
    title: str | None
    department: str | None
    licensed: bool = False

    @property
    def jira_id(self) -> str:
        return jira_account_id(self.email, customer=not self.licensed)


@dataclass(frozen=True, slots=True)
class Robot:
    """An app that writes in Jira and belongs to neither side."""

    name: str

    @property
    def jira_id(self) -> str:
        return jira_account_id(self.name)


Author = Colleague | Customer | Robot
AUTOMATION: Final = Robot("Automation for Jira")


@dataclass(frozen=True, slots=True)
class Role:
    """A named person of the cast: everything about a contact that a story fixes."""

    first: str
    last: str
    title: str
    department: str


FIRST_NAMES: Final = (
    "Adaeze", "Bruno", "Clara", "Daniel", "Elif", "Fabian", "Giulia", "Hassan", "Irina", "Jakub", "Katrin",
    "Liam",
    "Maja", "Nils", "Olivia", "Pedro", "Quentin", "Rosa", "Stefan", "Tamara", "Ulrike", "Victor", "Wanda",
    "Xavier",
    "Yasmin", "Zoltan",
)  # fmt: skip
LAST_NAMES: Final = (
    "Abel", "Bergström", "Costa", "Dvořák", "Engel", "Fontaine", "Grünwald", "Hughes", "Ivanova", "Jansen",
    "Kovács",
    "Larsen", "Müller", "Novak", "O'Brien", "Popescu", "Quist", "Rossi", "Schmidt", "Tóth", "Urban",
    "Vasquez", "Wolff",
    "Yilmaz", "Zimmermann",
)  # fmt: skip
# Two spellings of one department stand side by side on purpose: org units compare normalised names.
POSTS: Final = (
    ("Head of IT", "IT"),
    ("Finance Manager", "Finance"),
    ("Operations Manager", "Operations"),
    ("System Administrator", "IT Department"),
    ("Chief Financial Officer", "Finance Dept."),
    ("Buyer", "Purchasing"),
    ("Process Owner", "Operations"),
    ("Legal Counsel", "Legal"),
    ("Marketing Specialist", "Marketing"),
    ("Managing Director", "Management"),
)
