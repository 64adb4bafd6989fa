"""The company of "Your first hour": years of data, two account managers, and fields that somebody filled in by hand."""

from __future__ import annotations

from datetime import timedelta

from company import CUSTOMER, NOW, STAFF, Book, ago
from test_salesforce_package_sync import SYNC, as_granted

YEARS = 4
# What every org of that edition has beside the objects of a book, filled or not.
ALSO_THERE = (
    *(
        "RecordType",
        "OpportunityContactRole",
        "OpportunityStage",
        "OpportunityLineItem",
        "Product2",
        "Contract",
        "Asset",
    ),
    *("AccountContactRelation", "CaseComment", "TaskRelation", "EventRelation", "EmailMessage"),
)


def old_company() -> Book:
    """Six customers, a prospect and a ship-to record in an org with exactly the package and the rights that it gives."""
    book = Book()
    book.schema = as_granted(*SYNC)
    book.salesforce["Organization"][0] |= {"Name": "Vendor GmbH", "TimeZoneSidKey": "Europe/Berlin"}
    ferrari, halvorsen = book.user, book.add(
        "User", Name="I. Halvorsen", Username="halvorsen@vendor.example", Email="halvorsen@vendor.example",
        IsActive=True, UserType="Standard",
    )  # fmt: skip
    book.salesforce["User"][0]["Email"] = "ferrari@vendor.example"
    book.salesforce |= {name: [] for name in (*ALSO_THERE, "Rapport_Value__c", "Rapport_Status__c")}

    # An earlier try with a spreadsheet, loaded into fields that bear the names of the package's.
    filled = {
        "Rapport_Health__c": 90,
        "Rapport_Band__c": "Green",
        "Rapport_Next_Action__c": "Talk about renewal in spring",
    }
    acme = _customer(book, "Acme GmbH", ferrari, "acme", industry="Manufacturing", last_contact=34, **filled)
    nordwind = _customer(book, "Nordwind AG", ferrari, "nordwind", industry="Manufacturing", last_contact=118)
    borealis = _customer(book, "Borealis Logistics", halvorsen, "borealis", last_contact=4)
    delta = _customer(book, "Delta Foods", halvorsen, "delta", last_contact=64, Rapport_Health__c=75)
    canto = _customer(book, "Canto Bank", halvorsen, "canto", last_contact=21)
    book.account("Quiet Oak Ltd", OwnerId=halvorsen)
    book.account("Sternberg AG", Type="Prospect", OwnerId=ferrari)
    book.account("Acme GmbH, Warehouse 4", Type="Ship To", OwnerId=ferrari)

    for number, (account, hours) in enumerate(((acme, 50), (acme, 20), (delta, 30)), 1):
        question = book.issue(f"HELP-{number}", account, service=True, reporter=CUSTOMER, summary="Question")
        book.comment(question, CUSTOMER, ago(hours=hours))
    book.issue("HELP-4", nordwind, priority="Highest", created=ago(days=9))
    for number in range(24):  # three years of work, done
        account = (acme, nordwind, borealis, delta, canto)[number % 5]
        began = ago(days=1100 - 40 * number)
        done = book.issue(f"BILL-{number + 1}", account, status="Done", type="Task", created=began,
                          due=(began + timedelta(days=14)).date())  # fmt: skip
        book.step(done, "status", "Open", "Done", began + timedelta(days=10))
    book.issue("BILL-30", nordwind, type="Task", created=ago(days=60), due=ago(days=12).date())
    book.issue(
        "BILL-31", "Acme", type="Task", created=ago(days=30), reporter=STAFF
    )  # no account is called just that
    book.meeting(
        borealis, NOW + timedelta(days=2, hours=2), _first_contact(book, borealis), Subject="Quarterly review"
    )
    return book


def _customer(
    book: Book,
    name: str,
    owner: str,
    domain: str,
    *,
    last_contact: int,
    industry: str = "Services",
    **fields: object,
) -> str:
    account = book.account(
        name, OwnerId=owner, Industry=industry, Website=f"https://www.{domain}.example", CreatedDate=ago(days=365 * YEARS), **fields
    )  # fmt: skip
    people = [
        book.contact(account, f"{first.lower()}@{domain}.example", Name=f"{first} {last}", Title=title)
        for first, last, title in (("Dana", "Okafor", "CIO"), ("Lee", "Wong", "Head of Operations"))
    ]
    for number, days in enumerate(range(last_contact, 365 * YEARS, 75)):
        book.call(account, ago(days=days), people[number % 2], OwnerId=owner)
        book.meeting(account, ago(days=days + 30), people[0], OwnerId=owner)
    for year in range(YEARS):
        book.add("Opportunity", AccountId=account, OwnerId=owner, Name=f"Licences {2026 - year}", StageName="Closed Won",
                 IsClosed=True, IsWon=True, Amount=40_000, CloseDate=ago(days=60 + 365 * year).date(),
                 CreatedDate=ago(days=120 + 365 * year))  # fmt: skip
    book.add("Contract", AccountId=account, Status="Activated", StatusCode="Activated", StartDate=ago(days=200).date(),
             EndDate=ago(days=-165).date(), ContractTerm=12, ActivatedDate=ago(days=200))  # fmt: skip
    book.case(account, Status="Closed", OwnerId=owner, CreatedDate=ago(days=400), ClosedDate=ago(days=398))
    return account


def _first_contact(book: Book, account: str) -> str:
    return next(each["Id"] for each in book.salesforce["Contact"] if each["AccountId"] == account)
