"""An org with exactly the package's fields and the rights of its permission sets: what is read there, what doctor says."""

from __future__ import annotations

from datetime import date

import pytest
from company import CUSTOMER, NOW, Book, Company, ago
from salesforce_package import of_type, org_schema, rights

from connectors.doctor_salesforce import examine
from connectors.salesforce import Salesforce
from simulator import dataset, salesforce_schema
from simulator.server import Simulator
from sync import run
from sync.doctor_needs import object_needs

SYNC = ("Rapport_Sync", "Rapport_Sync_Standard_Fields", "Rapport_Sync_Plans", "Rapport_Sync_Entitlements")
# What Salesforce lets everybody fill in who may edit such a record at all.
ALWAYS_EDITED = {"Account": {"Name", "OwnerId"}, "Task": {"OwnerId", "Priority", "Status", "Subject"}}


def as_granted(*sets: str) -> dict[str, dict]:
    """The schema of an org in which the user has the rights of these permission sets and not one more."""
    schema = org_schema(*sets)
    shown = rights(*sets)
    changes = {
        name
        for each in of_type("PermissionSet")
        if each.name in sets
        for name, edit in zip(
            each.texts("objectPermissions/object"), each.texts("objectPermissions/allowEdit"), strict=True
        )
        if edit == "true"
    }
    for name, may in {"Rapport_Value__c": "", "Rapport_Score__c": "cu", "Rapport_Status__c": "cu"}.items():
        schema[name]["writes"] = may
    plain = salesforce_schema.build(dataset.Dataset(salesforce={}, schema={}))
    for each in plain.all():
        entry = schema.setdefault(each.name, {"fields": [], "hidden": []})
        # the user permission "Edit Tasks" is the right to create, edit and delete them
        entry["writes"] = "cud" if each.name == "Task" else "u" if each.name in changes else ""
        for one in each.fields():
            edit = shown.get(f"{each.name}.{one.name}", False) or one.name in ALWAYS_EDITED.get(each.name, ())
            entry["fields"].append(
                {
                    "name": one.name, "type": one.type, "length": one.length, "precision": one.precision,
                    "scale": one.scale, "referenceTo": one.reference_to, "externalId": one.external_id,
                    "createable": one.createable and edit, "updateable": one.updateable and edit,
                    "picklistValues": [value for value, _ in one.picklist], "restrictedPicklist": one.restricted,
                }
            )  # fmt: skip
    return schema


def customers() -> Book:
    book = Book()
    book.schema = as_granted(*SYNC)
    for number, name in enumerate(("Acme", "Borealis", "<script>alert(1)</script> =cmd|' & Sons")):
        account = book.account(
            name, Website=f"https://customer{number}.example", Rapport_Pulse__c=4, Rapport_Pulse_Date__c=date(2026, 11, 2),
            Rapport_Standing__c="Preferred", Rapport_Mission__c="Ship in a day", Rapport_Target__c=250000.5,
            Rapport_CSAT__c=4.5, Rapport_CSAT_Date__c=date(2026, 10, 1),
        )  # fmt: skip
        who = book.contact(
            account,
            f"dana@customer{number}.example",
            Title="CIO",
            Rapport_Role__c="Champion;Executive Sponsor",
        )
        book.call(account, ago(days=10 + 40 * number), who)
        book.add(
            "Opportunity", AccountId=account, Name="More", StageName="Won", IsClosed=True, IsWon=True, Amount=1000,
            CloseDate=date(2026, 6, 1), Rapport_Competitor__c="Other Ltd", Rapport_Inbound__c=True,
        )  # fmt: skip
        book.add(
            "Contract", AccountId=account, Status="Activated", StatusCode="Activated", StartDate=date(2026, 1, 1),
            EndDate=date(2026, 12, 31), ContractTerm=12, Rapport_Budget_Hours__c=120.25, ActivatedDate=ago(days=300),
        )  # fmt: skip
        book.add(
            "Rapport_Value__c", Name=f"V-{number}", Account__c=account, Outcome__c="Two days saved", Amount__c=900,
            Confirmed_On__c=date(2026, 9, 1), Confirmed_By__c="Dana", Evidence_URL__c="https://example.com/minutes",
        )  # fmt: skip
        issue = book.issue(f"HELP-{number + 1}", account, service=True, reporter=CUSTOMER)
        book.comment(issue, CUSTOMER, ago(days=6 + number))
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packaged")
    book = customers()
    loaded = dataset.load(book.write(folder / "dataset"))
    with Simulator(loaded, now=NOW) as simulator:
        served = Company(folder, simulator, book)
        served.configure()
        yield served


def test_nothing_is_missing_and_what_people_entered_for_rapport_is_read(company):
    """What is written there, and what happens when a field is missing, is told by test_salesforce_chain.py."""
    company.rebuild(company.book.schema)
    assert [notice for notice in company.pull().notices if "__c" in notice or "left out" in notice] == []
    with run.reading(company.config) as (mirror, _):
        inputs = mirror.connection.execute(
            "select distinct Rapport_Role__c, Rapport_Reference_On__c from sf_contact"
        ).fetchall()
        assert inputs == [("Champion;Executive Sponsor", None)]
        assert mirror.one("select min(Rapport_Budget_Hours__c) from sf_contract") == pytest.approx(120.25)
        assert mirror.one("select count(*) from sf_value where Amount__c = 900") == 3


def test_doctor_finds_nothing_missing_and_nothing_too_much_in_the_rights_of_the_package(company):
    company.rebuild(company.book.schema)
    config = company.config
    salesforce = Salesforce(config.salesforce_settings(), config.http_settings())
    found = examine(salesforce, object_needs(config))
    assert [each.message for each in found if each.severity != "note"] == []
