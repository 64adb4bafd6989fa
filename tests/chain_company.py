"""The company of the whole chain: an org with exactly the package, readers of two languages, names that mean harm."""

from __future__ import annotations

from datetime import timedelta

from company import CUSTOMER, NOW, Book, Company, ago
from test_salesforce_package_sync import SYNC, as_granted

SCORE, STATUS = "Rapport_Score__c", "Rapport_Status__c"
EVIL = "https://evil.example"
# What a name could try in the places that it reaches: markup, a formula, a line of its own with a link or points, a mention,
# a template, another direction of writing, more than fits.
HOSTILE = {
    "markup": "<script>alert(1)</script> [~user] {account} \u202egnp.exe\u2066 \u200f\u061c",
    "formula": "=cmd|'/c calc'!A1",
    "forged": f"Evil\r\n    • X  {EVIL}/x\r\n−99  pay here  {EVIL}/y\u2028Since 1 Jan 2026: {{subject}}",
    "link": f"Ends in  {EVIL}/tail",
    "long": f"Long{'g' * 9_960} {EVIL}/cut",
}
CONFIG = """
[jira]
url = "{jira}"
email = "i@vendor.example"
quote_projects = ["BILL"]
[safety]
max_new_tasks_per_owner_day = 10
max_open_tasks_per_owner = 10
"""


def hostile_company() -> Book:
    """Two customers of the same story, one for an English reader and one for a German, and one for each hostile name."""
    book = Book()
    book.schema = as_granted(*SYNC, "Rapport_Sync_Score")
    book.salesforce |= {SCORE: [], STATUS: [], "Rapport_Value__c": []}
    weber = book.add(
        "User", Name=HOSTILE["markup"], Username="weber@vendor.example", IsActive=True, UserType="Standard",
        LanguageLocaleKey="de",
    )  # fmt: skip
    offers = [
        book.add("Product2", Name=each, Family=each, IsActive=True) for each in ("Billing", HOSTILE["link"])
    ]
    for number, (name, text) in enumerate(
        [("Acme", "Plain"), ("Berta", "Schlicht"), *((t, t) for t in HOSTILE.values())]
    ):
        account = book.account(
            name, OwnerId=weber if number % 2 else book.user, Website=f"https://www.customer{number}.example",
            Rapport_Pulse__c=3, Rapport_Pulse_Date__c=ago(days=9).date(), Rapport_Standing__c="Preferred",
        )  # fmt: skip
        who = book.contact(
            account, f"dana@customer{number}.example", Name=f"Dana {text}", Title=f"CIO {text}", Department=text, Rapport_Role__c="Champion"
        )  # fmt: skip
        for days in (12, 34, 64, 300):
            book.call(account, ago(days=days), who, Subject=text, OwnerId=book.user)
        book.meeting(account, NOW + timedelta(days=1), who, Subject=text)
        won = book.add("Opportunity", AccountId=account, Name=text, StageName="Won", IsClosed=True, IsWon=True, Amount=12_345.67,
                       CloseDate=ago(days=400).date(), CreatedDate=ago(days=500))  # fmt: skip
        book.add(
            "OpportunityLineItem", OpportunityId=won, Product2Id=offers[0], TotalPrice=12_345.67, Quantity=1
        )
        book.add("Opportunity", AccountId=account, Name=text, StageName=text, IsClosed=False, IsWon=False, Amount=1000,
                 CloseDate=ago(days=-20).date(), CreatedDate=ago(days=200))  # fmt: skip
        question = book.issue(
            f"HELP-{number + 1}", account, service=True, reporter=CUSTOMER, summary=text, organizations=[text]
        )
        book.comment(question, CUSTOMER, ago(days=3))
        book.issue(f"BILL-{number + 1}", account, summary=text, priority=text, labels=["escalated"], created=ago(days=9),
                   components=[text], due=ago(days=3).date())  # fmt: skip
    return book


def configured(company: Company, place: str = "account", *, mode: str = "on", jira: bool = True) -> None:
    company.configure(CONFIG if jira else "", mode=mode, now=company.simulator.now(), jira=jira)
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[salesforce]\n", f'[salesforce]\nwrite_to = "{place}"\n'))
