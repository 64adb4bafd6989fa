"""What surrounds the stories: the org itself, its users, accounts that are no customers, issues that are
nobody's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from simulator.sample_clock import Clock, salesforce_stamp
from simulator.sample_deals import deal, open_shop
from simulator.sample_declared import declare, tier
from simulator.sample_departments import DEPARTMENTS, RECORD_TYPE
from simulator.sample_firms import FIRMS, INTERNAL, PROSPECTS, SILENT, SUPPORT_DESK, Firm
from simulator.sample_ids import SalesforceIds, jira_account_id
from simulator.sample_jira import Site
from simulator.sample_people import INTERNAL_DOMAIN, STAFF, Colleague, Customer
from simulator.sample_salesforce import Org, Row
from simulator.sample_scene import BY_KEY, Company, Scene, seeded

if TYPE_CHECKING:
    from collections.abc import Mapping

# Accounts that must never be scored.
SHIP_TO: Final = Firm(
    "Acme Warehouse 3", "", "ferrari", "Manufacturing", SILENT, "Ship-to", parent="Acme GmbH", age_days=700
)
BYGONE: Final = Firm(
    "Bygone Textiles", "bygone.example", "house", "Apparel", SILENT, "Former Client", age_days=2_200
)
MERGED: Final = Firm("Silverline Telecom Ltd", "silverline.example", "tanaka", "Telecommunications", SILENT)
DELETED: Final = Firm("Test account, please delete", "", "house", "Other", SILENT, age_days=300)
PERSON: Final = Firm("Helena Brandt", "", "nwosu", "Other", SILENT, "Customer - Direct", age_days=500)


def found_company(clock: Clock) -> Company:
    """The org with its users; the integration user is the one who created everything that nobody else did."""
    ids = SalesforceIds()
    user_ids = {person.key: ids.next("User") for person in STAFF if person.salesforce}
    staff = {each.key: Colleague(each, user_ids.get(each.key), jira_account_id(each.email)) for each in STAFF}
    org = Org(clock, user_ids["integration"], ids)
    org.add(
        "Organization",
        clock.ago(2_900),
        DefaultLocaleSidKey="en_GB",
        FiscalYearStartMonth=1,
        InstanceName="DEU46",
        IsReadOnly=False,
        IsSandbox=False,
        LanguageLocaleKey="en_US",
        Name="Example Software GmbH",
        OrganizationType="Enterprise Edition",
        TimeZoneSidKey="Europe/Berlin",
        TrialExpirationDate=None,
    )
    for person in STAFF:
        if person.salesforce:
            left = None if person.active else clock.ago(26)
            org.add(
                "User",
                clock.ago(2_000),
                modified=left,
                record_id=user_ids[person.key],
                Department=person.department,
                Email=person.email,
                FirstName=person.first,
                IsActive=person.active,
                LastName=person.last,
                ManagerId=user_ids[person.manager] if person.manager else None,
                Name=person.name,
                TimeZoneSidKey="Europe/Berlin",
                Title=person.title or None,
                Username=f"{person.email}.sample",
                UserType="Standard",
            )
    org.add(
        "User",
        clock.ago(2_900),
        Department=None,
        Email=f"noreply@{INTERNAL_DOMAIN}",
        FirstName="Automated",
        IsActive=True,
        LastName="Process",
        ManagerId=None,
        Name="Automated Process",
        TimeZoneSidKey="GMT",
        Title=None,
        Username="autoproc@sample",
        UserType="AutomatedProcess",
    )
    for row in org.tables["User"]:
        del row["IsDeleted"]  # users are never deleted, so the object has no such field
    open_shop(org, clock)
    return Company(clock, org, Site(clock), staff)


def open_accounts(company: Company, seed: int) -> list[Scene]:
    """All accounts, in the order of the book; the scenes are those in which something happens."""
    org, clock = company.org, company.clock
    kinds = {
        name: org.add(
            "RecordType",
            clock.ago(2_800),
            DeveloperName=name,
            Name=label,
            SobjectType="Account",
            IsActive=True,
            IsPersonType=name == "PersonAccount",
        )["Id"]
        for name, label in (
            ("Business", "Business account"),
            ("PersonAccount", "Person account"),
            (RECORD_TYPE, RECORD_TYPE),
        )
    }
    for row in org.tables["RecordType"]:
        del row["IsDeleted"]
    rows: dict[str, Row] = {}
    scenes = []
    for firm in (*FIRMS, *PROSPECTS, SHIP_TO, BYGONE, MERGED, DELETED, *DEPARTMENTS):
        row = _account(company, firm, kinds[RECORD_TYPE if firm.in_house else "Business"], rows, seed)
        rows[firm.key] = row
        if firm in FIRMS or firm in PROSPECTS or firm.in_house:
            scenes.append(Scene(company, firm, row["Id"], seeded(seed, firm.key)))
    rows[MERGED.key] |= {"IsDeleted": True, "MasterRecordId": rows["Silverline Telecom"]["Id"]}
    rows[DELETED.key] |= {"IsDeleted": True}
    declare(rows, clock)
    org.add(
        "Partner",
        clock.ago(700),
        AccountFromId=rows["Nordwind AG"]["Id"],
        AccountToId=rows["Silverline Telecom"]["Id"],
        IsPrimary=False,
        OpportunityId=None,
        Role="System Integrator",
    )
    _person_account(company, kinds["PersonAccount"], seed)
    _bygone(company, rows[BYGONE.key]["Id"])
    return scenes


def _account(company: Company, firm: Firm, kind: str, rows: Mapping[str, Row], seed: int) -> Row:
    org, clock, rng = company.org, company.clock, seeded(seed, f"account|{firm.key}")
    owner = company.staff[firm.owner]
    created = clock.ago(firm.age_days) - timedelta(minutes=rng.randrange(9_000))
    modified = clock.ago(rng.randint(5, min(60, firm.age_days)))
    facts: dict[str, Any] = {
        "AccountNumber": f"C-{10_000 + len(org.tables['Account'])}",
        "AnnualRevenue": float(rng.randint(4, 900) * 1_000_000),
        "BillingCity": rng.choice(("Berlin", "Gothenburg", "Leeds", "Turin", "Utrecht", "Vienna")),
        "BillingCountry": None,
        "Description": None,
        "Industry": firm.industry,
        "IsPersonAccount": False,
        "MasterRecordId": None,
        "Name": firm.name,
        "NumberOfEmployees": rng.randint(20, 9_000),
        "OwnerId": owner.user_id,
        "ParentId": rows[firm.parent]["Id"] if firm.parent else None,
        "PersonContactId": None,
        "PersonEmail": None,
        "Phone": None,
        "RecordTypeId": kind,
        "Tier__c": tier(firm),
        "Type": firm.type,
        "Website": f"https://www.{firm.domain}" if firm.domain and not firm.in_house else None,
    }
    return org.add("Account", created, modified=modified, **facts)


def _person_account(company: Company, kind: str, seed: int) -> None:
    """Helena Brandt buys for herself; she is her own one contact, and nobody's managed account."""
    org, clock = company.org, company.clock
    row = _account(company, PERSON, kind, {}, seed)
    address = "helena.brandt@gmail.com"
    contact = org.add(
        "Contact",
        clock.ago(499),
        AccountId=row["Id"],
        Department=None,
        Email=address,
        EmailBouncedDate=None,
        FirstName="Helena",
        HasOptedOutOfEmail=False,
        LastName="Brandt",
        Name=PERSON.name,
        OwnerId=company.staff[PERSON.owner].user_id,
        Phone=None,
        ReportsToId=None,
        Title=None,
    )
    row |= {"IsPersonAccount": True, "PersonContactId": contact["Id"], "PersonEmail": address}
    person = Customer(contact["Id"], row["Id"], PERSON.name, address, None, None)
    org.call(clock.working(13), company.staff[PERSON.owner], person, "Call: licence for home")


def _bygone(company: Company, account_id: str) -> None:
    """Bygone Textiles: a customer once; contract, deal and last call all ended years ago."""
    org, clock, owner = company.org, company.clock, company.staff["house"]
    contact = org.add(
        "Contact",
        clock.ago(2_100),
        AccountId=account_id,
        Department="Purchasing",
        Email="otto.kern@bygone.example",
        EmailBouncedDate=None,
        FirstName="Otto",
        HasOptedOutOfEmail=True,
        LastName="Kern",
        Name="Otto Kern",
        OwnerId=owner.user_id,
        Phone=None,
        ReportsToId=None,
        Title="Buyer",
    )
    person = Customer(contact["Id"], account_id, "Otto Kern", contact["Email"], "Buyer", "Purchasing")
    org.call(clock.working(930), owner, person, "Call: closing of the account")
    scene = Scene(company, BYGONE, account_id, seeded(0, BYGONE.key))
    deal(scene, "Bygone Textiles: Suite", stage="Closed Won", amount=18_000, created=1_900, close=1_800,
         people=[person])  # fmt: skip
    org.add(
        "Contract",
        clock.ago(1_800),
        by=owner.user_id,
        AccountId=account_id,
        ContractNumber="00000001",
        ContractTerm=24,
        StartDate=clock.day(1_790).isoformat(),
        EndDate=clock.day(1_060).isoformat(),
        OwnerId=owner.user_id,
        Status="Activated",
        StatusCode="Activated",
    )
    org.add(
        "Asset",
        clock.ago(1_790),
        by=owner.user_id,
        AccountId=account_id,
        ContactId=None,
        Name="Example Suite",
        InstallDate=clock.day(1_790).isoformat(),
        Quantity=10.0,
        Status="Obsolete",
        Price=None,
        SerialNumber=None,
        PurchaseDate=clock.day(1_800).isoformat(),
        UsageEndDate=clock.day(1_060).isoformat(),
    )


def stray_issues(company: Company, scenes: Mapping[str, Scene], seed: int) -> None:
    """Issues that are nobody's, everybody's, or somebody's who is gone."""
    clock, site, rng = company.clock, company.site, seeded(seed, "stray")
    staff = company.staff
    chores = ("Renew certificates", "Clean up test data", "Upgrade build machines", "Write on-call notes")
    for turn in range(36):
        at = clock.working(rng.uniform(20, 600))
        issue = site.issue(
            BY_KEY[INTERNAL], "Task", f"{chores[turn % len(chores)]} ({turn + 1})", at, staff["shah"]
        )
        issue.assign(at + timedelta(minutes=9), staff["shah"], staff["weber"])
        if turn % 6:
            issue.step(at + timedelta(hours=3), staff["weber"], "In Progress")
            issue.step(at + timedelta(days=4), staff["weber"], "Done")
    desk, asker = BY_KEY[SUPPORT_DESK], scenes["Castellan Security"].engaged[0]
    unknown = site.issue(
        desk, "Service Request", "Offer for twelve more seats", clock.business_ago(25), staff["lund"]
    )
    unknown.account_value = "Unknown Corp"
    walk_in = site.issue(
        desk, "Service Request", "How do I register?", clock.business_ago(31), staff["braun"]
    )
    walk_in.organizations = (site.organization("Walk-in visitors"),)
    gone = site.issue(desk, "Service Request", "Old log files", clock.working(90), staff["petrov"])
    gone.account_value = next(
        row["Id"] for row in company.org.tables["Account"] if row["Name"] == DELETED.name
    )
    gone.step(clock.working(80), staff["petrov"], "Resolved")
    major = site.issue(desk, "Incident", "Sign-in slow for several customers", clock.business_ago(12), asker)
    names = ("Castellan Security", "Terranova Seeds", "Bluewater Marine")
    major.organizations = tuple(site.organization(name) for name in names)
    major.participants = (scenes["Terranova Seeds"].engaged[0],)
    major.assign(clock.business_ago(11.5), staff["petrov"], staff["petrov"])
    major.step(clock.business_ago(11.4), staff["petrov"], "In Progress")
    major.comment(clock.business_ago(11), staff["petrov"], "We have found the cause.")


def touch_up(company: Company) -> None:
    """Some records are changed by the platform alone: SystemModstamp moves, LastModifiedDate does not."""
    for row in company.org.tables["Opportunity"][::5]:
        row["SystemModstamp"] = salesforce_stamp(company.clock.working(1))
