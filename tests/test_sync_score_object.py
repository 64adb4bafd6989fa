"""`write_to = "object"`: the same figures in one record beside each account, none lost and none doubled, accounts in peace."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest
import test_salesforce_package_sync as packaged
from company import CUSTOMER, Book, Company, ago, sf_id

from connectors.doctor_salesforce import examine
from connectors.salesforce import Salesforce
from connectors.salesforce_schema import ObjectInfo, fields_of
from simulator.faults import FaultSchedule
from sync import run, score_object, source_days
from sync.doctor_needs import object_needs
from sync.errors import SyncError
from sync.objects import ACCOUNT_FIELDS
from sync.state import State

SCORE, KEY, PARENT, LINK = (
    "Rapport_Score__c",
    "Rapport_Account_Id__c",
    "Account__c",
    "Rapport_Score_Record__c",
)

STATUS = {
    "fields": [
        {
            "name": source_days.SOURCE_FIELD,
            "type": "string",
            "length": 80,
            "externalId": True,
            "unique": True,
        },
        {"name": source_days.DAY_FIELD, "type": "date"},
    ]
}


def customers() -> Book:
    """Two customers, in an org with the object; of one of them an answer is waited for."""
    book = Book()
    for number, name in enumerate(("Acme", "Borealis")):
        account = book.account(name)
        who = book.contact(account, f"dana@customer{number}.example", Title="CIO")
        book.call(account, ago(days=10 + 30 * number), who)
    issue = book.issue("HELP-1", book.salesforce["Account"][0]["Id"], service=True, reporter=CUSTOMER)
    book.comment(issue, CUSTOMER, ago(days=6))
    own = book.schema["Account"]["fields"]
    book.salesforce[SCORE] = []
    book.schema[SCORE] = {
        "fields": [
            *deepcopy(own),
            {"name": KEY, "type": "string", "length": 18, "externalId": True, "unique": True},
            {"name": PARENT, "type": "reference", "referenceTo": ["Account"], "required": True},
        ]
    }
    # a link that this user may not fill is left without a word
    link = {"name": LINK, "type": "reference", "referenceTo": [SCORE], "updateable": False}
    book.schema["Account"] = {"fields": [link]}
    book.salesforce[source_days.OBJECT] = []
    book.schema[source_days.OBJECT] = STATUS
    return book


def write_to(company: Company, place: str, extra: str = "") -> None:
    company.configure(extra, now=company.simulator.now())
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[salesforce]\n", f'[salesforce]\nwrite_to = "{place}"\n'))


def records(company: Company) -> dict[str, dict]:
    """The score records that are there, by the account that each is of."""
    there = [row for row in company.org(SCORE) if not row["IsDeleted"]]
    found = {row[KEY]: row for row in there}
    assert len(found) == len(there), "one for each account"
    return found


def figures(row: dict) -> dict[str, object]:
    return {name: row[name] for name in ACCOUNT_FIELDS if row.get(name) is not None}


def later(company: Company, **step: float) -> None:
    company.at(company.simulator.now() + timedelta(**(step or {"hours": 1})))


class FirstCreation(FaultSchedule):
    """While `losing`, the first creation of records takes effect and is not answered."""

    losing, creations = False, 0

    def choose(self, api, request):
        if not self.losing or request.method != "POST" or not request.path.endswith("/composite/sobjects"):
            return None
        self.creations += 1
        return "lost" if self.creations == 1 else None


@pytest.fixture
def company(serve):
    served = serve(customers(), faults=FirstCreation(), sleep=lambda _: None)
    write_to(served, "object")
    return served


def test_both_ways_write_the_same_figures_and_a_second_run_writes_nothing(serve):
    """In an org with the package and nothing else: first with Rapport Sync, then with Rapport Sync Object."""
    book = packaged.customers()
    book.salesforce |= {SCORE: [], source_days.OBJECT: []}
    company = serve(book)
    company.sync()
    accounts = {row["Id"]: row for row in company.org("Account")}
    assert all(row["Rapport_Health__c"] is not None for row in accounts.values())

    write_to(company, "object")
    assert ("Account", "excess_rights") in troubles(company)
    rights = ("Rapport_Sync_Object", *packaged.SYNC[1:])
    company.rebuild(packaged.as_granted(*rights))
    assert troubles(company) == []
    notices = company.pull().notices
    assert [each for each in notices if "__c" in each] == []
    done = run.run_sync(
        company.config, allow_large_change=False, adopt=False, progress=lambda source, rows: None
    )
    assert done.to_json()["quarantined"] == 0
    planned = [each for each in done.plan.to_json()["changes"] if each["object"] != "Task"]
    assert [(each["action"], each["object"], each["id"], each["account_id"]) for each in planned] == [
        ("create", SCORE, None, account) for account in sorted(accounts)
    ]
    fields = planned[0]["fields"]
    assert fields[KEY] == fields[PARENT] == {"before": None, "after": min(accounts)}
    assert fields["Rapport_Band__c"]["before"] is None
    made = records(company)
    assert {key: figures(row) for key, row in made.items()} == {
        key: figures(row) for key, row in accounts.items()
    }
    assert {row["Id"]: row for row in company.org("Account")} == accounts, "accounts stay as they are"
    assert {key: row[PARENT] for key, row in made.items()} == {key: key for key in accounts}
    writes = company.writes()
    assert company.plan().is_empty, "what was written since the pull is known from the books"
    later(company)
    told = company.sync()
    assert (told["changes"], told["held"], company.writes()) == (0, 0, writes), told

    company.rebuild(packaged.as_granted(*rights, "Rapport_Sync_Score"))
    assert troubles(company) == [], "who fills the link has to edit accounts"
    write_to(company, "account")
    with pytest.raises(SyncError, match="write_to"):
        company.plan()


def troubles(company: Company) -> list[tuple[str, str]]:
    """What `doctor` has against the rights of the user."""
    config = company.config
    salesforce = Salesforce(config.salesforce_settings(), config.http_settings())
    found = examine(salesforce, object_needs(config))
    return [(each.subject, each.code) for each in found if each.severity != "note"]


def test_a_record_lives_among_people(company):
    """What they edit is held, what they delete is made anew, and a merge leaves the other account's record alone."""
    told = company.sync()
    assert not [notice for notice in told["notices"] if LINK in notice]
    first = records(company)
    acme, borealis = sorted(first)
    with company.simulator.edit() as (org, _):
        org.change(first[acme]["Id"], Rapport_Health__c=1, Rapport_Next_Action__c="  Mine\r\n")
        org.remove(first[borealis]["Id"])
    later(company)
    told = company.sync()
    assert (told["changes"], told["held"]) == (1, 2)
    second = records(company)
    assert second[acme] == {**first[acme], **second[acme], "Rapport_Health__c": 1}
    assert second[borealis]["Id"] != first[borealis]["Id"]
    assert second[borealis]["Rapport_Health__c"] == first[borealis]["Rapport_Health__c"]
    with State.open(company.config.store_folder, read_only=True) as state:
        assert state.known_records().written[SCORE] == {row["Id"] for row in second.values()}

    with company.simulator.edit() as (org, _):  # Acme goes into Borealis, and takes its record along
        org.change(acme, IsDeleted=True, MasterRecordId=borealis)
        org.change(second[acme]["Id"], **{PARENT: borealis})
        org.change(second[borealis]["Id"], Rapport_Band__c=None, Rapport_Health__c=3)
    later(company)
    before = records(company)
    company.sync(adopt=True)
    after = records(company)
    assert after[acme] == before[acme]
    assert after[borealis]["Id"] == second[borealis]["Id"]
    assert after[borealis]["Rapport_Band__c"] in {"Green", "Amber", "Red"}
    assert after[borealis]["Rapport_Health__c"] > 3, "taken over on purpose"


def test_a_run_that_ends_between_two_lines_and_a_lost_answer_double_nothing(company, monkeypatch):
    class PowerCut(BaseException):
        pass

    create = Salesforce.create

    def cut(self, object_name, rows):
        create(self, object_name, rows)
        raise PowerCut

    monkeypatch.setattr(Salesforce, "create", cut)
    with pytest.raises(PowerCut):
        company.sync()
    monkeypatch.setattr(Salesforce, "create", create)
    made = records(company)
    acme, borealis = sorted(made)
    with company.simulator.edit() as (org, _):  # before the next run asks what became of them
        org.change(made[acme]["Id"], Rapport_Health__c=2)
        org.remove(made[borealis]["Id"])
    company.simulator._faults.losing = True
    told = company.sync(sleep=lambda _: None)
    assert company.simulator._faults.creations == 2, "a record, whose answer was lost, and tasks"
    assert (told["quarantined"], told["skipped"]) == (0, 1), "it was found where it had been sent"
    assert told["held"] == 1, "what a person has entered since is nobody else's"
    again = records(company)
    assert again[acme] == {**made[acme], "Rapport_Health__c": 2, **stamps(again[acme])}
    assert again[borealis]["Rapport_Health__c"] == made[borealis]["Rapport_Health__c"]


def stamps(row: dict) -> dict:
    return {
        name: row[name] for name in ("SystemModstamp", "LastModifiedDate", "LastModifiedById") if name in row
    }


def test_what_is_in_the_way_is_one_notice_and_tasks_are_still_made(company):
    schema = deepcopy(company.book.schema)
    schema[SCORE]["hidden"] = True
    company.rebuild(schema)
    told = company.sync()
    about = [each for each in told["notices"] if SCORE in each]
    assert about == [
        f'{SCORE} is not in this org, or hidden from this user: no score is written (write_to = "object")'
    ]
    assert {each["outcome"] for each in told["records"]} == {"applied"}
    tasks = [task for task in company.org("Task") if task.get("Rapport_Key__c")]
    assert len(tasks) == told["changes"] > 0

    schema[SCORE] = {**schema[SCORE], "hidden": ["Rapport_Band__c"]}
    company.rebuild(schema)
    later(company)
    about = [each for each in company.pull().notices if SCORE in each]
    assert f"{SCORE}.Rapport_Band__c: the org lacks it or this user may not see it; it is left out" in about
    assert not [each for each in about if "no score is written" in each]


def test_a_link_on_the_account_is_filled_once_and_follows_its_record(serve):
    book = customers()
    book.schema["Account"]["fields"][0]["updateable"] = True
    acme, borealis = (row["Id"] for row in book.salesforce["Account"])
    there = sf_id("a0X", 1)
    book.salesforce[SCORE].append({"Id": there, KEY: borealis[:15], PARENT: borealis, "IsDeleted": False})
    company = serve(book)
    write_to(company, "object")

    def links() -> dict[str, str | None]:
        return {row["Id"]: row[LINK] for row in company.org("Account")}

    told = company.sync()
    tasks = [row for row in company.org("Task") if row.get("Rapport_Key__c")]
    assert told["changes"] == told["applied"] == 2 + 2 + len(tasks)
    made = records(company)
    assert all(row["Rapport_Band__c"] for row in made.values())
    wanted = {acme: made[acme]["Id"], borealis: there}
    assert links() == wanted, "of a record that was there and of one that this run has made"
    with company.simulator.edit() as (org, _):
        org.change(borealis, **{LINK: wanted[acme]})  # as a merge may leave it
        chosen = org.add(SCORE, **{PARENT: acme})  # and this is what somebody made and wants to see
        org.change(acme, **{LINK: chosen})
    later(company)
    told = company.sync()
    assert (told["changes"], told["held"]) == (1, 1)
    assert links() == {acme: chosen, borealis: wanted[borealis]}


@pytest.mark.parametrize(
    ("key", "parent", "rights", "said"),
    [
        ({}, {}, {}, ""),
        ({}, {}, {"createable": False}, "has records that this user may not create"),
        ({}, {}, {"updateable": False}, "has records that this user may not edit"),
        (None, {}, {}, f"has no {KEY}, or hides it from this user"),
        ({"createable": False}, {}, {}, f"has a {KEY} that this user may not fill in"),
        ({"unique": False}, {}, {}, f"has a {KEY} that is not unique, so that nothing would stop a second record of an account"),
        ({}, None, {}, f"has no {PARENT}, or hides it from this user"),
    ],
)  # fmt: skip
def test_an_object_that_could_double_or_lose_a_record_is_not_written(key, parent, rights, said):
    usual = {"type": "string", "createable": True, "updateable": True, "unique": True}
    described = [
        {"name": name, **usual, **facts}
        for name, facts in ((KEY, key), (PARENT, parent))
        if facts is not None
    ]
    may = {"createable": True, "updateable": True, **rights}
    assert score_object.lacking(ObjectInfo(fields_of({"fields": described}, SCORE), **may)) == said
