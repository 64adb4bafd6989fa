"""What the models take for granted after a pull: who answers for an account, whose people are whose, which words are one unit."""

from __future__ import annotations

import pytest
from company import NOW, ago
from pulled import rows, tables

from sync import run, views
from sync.doctor_needs import object_needs
from sync.errors import SyncError


def managers(company) -> dict[str, tuple[str | None, str | None]]:
    """Account name -> (account manager, owner of its tasks), by name."""
    query = "select a.Name, m.user_name, m.task_owner_name from account_manager m join sf_account a on a.Id = m.account_id"
    return {name: (user, owner) for name, user, owner in rows(company, query)}


def user(book, name: str, **fields) -> str:
    return book.add(
        "User",
        **{
            "Name": name,
            "Username": f"{name.lower()}@vendor.example",
            "IsActive": True,
            "UserType": "Standard",
            **fields,
        },
    )


# -- account managers -------------------------------------------------------------------------------------------------


def test_the_first_of_the_chain_who_is_an_active_standard_user_answers_for_the_account(book, serve):
    book.schema["Account"]["fields"].append(
        {"name": "Csm__c", "label": "CSM", "type": "reference", "length": 18}
    )
    boss = user(book, "Boss")
    anna, left = user(book, "Anna"), user(book, "Left", IsActive=False, ManagerId=boss)
    portal = user(book, "Portal", UserType="CspLitePortal", ManagerId=left)
    house = user(book, "House")
    team = user(book, "Team")
    book.account("By field", Csm__c=anna)
    book.account("By short field", Csm__c=anna[:15])
    member = book.account("By team", Csm__c=left)
    book.add("AccountTeamMember", AccountId=member, UserId=team, TeamMemberRole="account lead")
    book.add("AccountTeamMember", AccountId=member, UserId=anna, TeamMemberRole="Other")
    book.account("By owner", Csm__c=None)
    book.account("Owner left", OwnerId=left)
    book.account("Owner in a portal", OwnerId=portal)
    book.account("House account", OwnerId=house)
    company = serve(book)
    company.configure(
        '[people]\naccount_manager = ["field:Csm__c", "team:Account Lead", "owner"]\nhouse_users = ["House"]\n'
        f'fallback_user = "{anna}"\n'
    )
    company.pull()
    assert managers(company) == {
        "By field": ("Anna", "Anna"),
        "By short field": ("Anna", "Anna"),
        "By team": ("Team", "Team"),
        "By owner": ("M. Ferrari", "M. Ferrari"),
        "Owner left": (None, "Boss"),
        "Owner in a portal": (None, "Anna"),  # their manager has left as well
        "House account": (None, "Anna"),
    }


@pytest.mark.parametrize(
    "form", [lambda i: i, lambda i: i[:15], lambda i: "Fall", lambda i: "FALL@vendor.example"]
)
def test_house_users_and_the_fallback_are_named_by_id_of_15_or_18_characters_or_by_name(book, serve, form):
    house, fall = user(book, "Fall"), user(book, "Other")
    book.account("Acme", OwnerId=house)
    company = serve(book)
    company.configure(f'[people]\nhouse_users = ["{form(house)}"]\nfallback_user = "{fall[:15]}"\n')
    company.pull()
    assert managers(company) == {"Acme": (None, "Other")}


def test_without_any_active_user_an_account_has_nobody(book, serve):
    book.account("Acme", OwnerId=user(book, "Left", IsActive=False))
    company = serve(book)
    company.pull()
    assert managers(company) == {"Acme": (None, None)}


def test_what_stands_on_an_account_is_read_in_the_language_of_who_does_its_tasks(book, serve):
    boss = user(book, "Boss", LanguageLocaleKey="pt_BR")
    written = {"Austrian": "de_AT", "German": "de", "French": "fr", "Chinese": "zh_TW", "American": "en_US",
               "Hawaiian": "haw", "Nobody": None, "Odd": "d", "Dashed": "nl-BE"}  # fmt: skip
    for name, locale in written.items():
        book.account(name, OwnerId=user(book, name, LanguageLocaleKey=locale))
    book.account(
        "Stood in for", OwnerId=user(book, "Left", IsActive=False, ManagerId=boss, LanguageLocaleKey="de")
    )
    company = serve(book)
    company.pull()
    query = "select a.Name, m.language from account_manager m join sf_account a on a.Id = m.account_id"
    assert dict(rows(company, query)) == {
        "Austrian": "de", "German": "de", "French": "fr", "Chinese": "zh", "American": "en", "Hawaiian": "en",
        "Nobody": "en", "Odd": "en", "Dashed": "nl", "Stood in for": "pt",
    }  # fmt: skip

    schema = {**book.schema, "User": {"hidden": ["LanguageLocaleKey"]}}
    company.rebuild(schema)
    assert not [notice for notice in company.pull().notices if "User" in notice]
    assert {language for _, language in rows(company, query)} == {"en"}
    (needs,) = (each for each in object_needs(company.config) if each.name == "User")
    assert needs.wishes == ("ContactId", "LanguageLocaleKey")


# -- people -----------------------------------------------------------------------------------------------------------


def people(company) -> dict[str, tuple[str | None, str | None]]:
    """Contact name -> (who it is now, account name)."""
    query = (
        "select c.Name, p.Name, a.Name from contact_person x join sf_contact c on c.Id = x.contact_id "
        "left join sf_contact p on p.Id = x.person_id left join sf_account a on a.Id = x.account_id"
    )
    return {name: (who, account) for name, who, account in rows(company, query)}


def test_merged_contacts_are_one_person_of_the_survivors_account(book, serve):
    survivor = book.account("Survivor")
    loser = book.account("Loser", IsDeleted=True, MasterRecordId=survivor)
    kept = book.contact(loser, "kept@x.example", Name="Kept")
    middle = book.contact(survivor, "middle@x.example", Name="Middle", IsDeleted=True, MasterRecordId=kept)
    first = book.contact(survivor, "first@x.example", Name="First", IsDeleted=True, MasterRecordId=middle)
    book.contact(None, "free@x.example", Name="Free")
    book.call(survivor, ago(days=3), first)
    book.call(survivor, ago(days=5), middle)
    book.call(survivor, ago(days=7), kept)
    company = serve(book)
    company.pull()
    told = people(company)
    assert {name: who for name, (who, _) in told.items()} == {
        "Kept": "Kept",
        "Middle": "Kept",
        "First": "Kept",
        "Free": "Free",
    }
    assert told["Kept"] == ("Kept", "Survivor")
    assert told["Free"] == ("Free", None)
    metrics = company.metrics()["Survivor"]
    assert (metrics["effective_contacts"], metrics["contacts_engaged_90d"]) == (1, 1)


def test_a_loop_of_merges_ends_and_belongs_to_nobody(book, serve):
    one = book.account("One", IsDeleted=True)
    two = book.account("Two", IsDeleted=True, MasterRecordId=one)
    book.salesforce["Account"][0]["MasterRecordId"] = two
    book.contact(one, "p@x.example", Name="P")
    book.account("Acme")
    company = serve(book)
    company.pull()
    assert people(company)["P"][1] is None
    assert set(company.metrics()) == {"Acme"}


def test_everybody_of_an_activity_counts_once(book, serve):
    acme = book.account("Acme")
    ada, bob, cleo = (
        book.contact(acme, f"{name}@acme.example", Name=name) for name in ("ada", "bob", "cleo")
    )
    call = book.call(acme, ago(days=1), ada)
    book.add("TaskRelation", TaskId=call, RelationId=ada, IsWhat=False)
    book.add("TaskRelation", TaskId=call, RelationId=bob, IsWhat=False)
    book.add("TaskRelation", TaskId=call, RelationId=acme, IsWhat=True)
    book.add("TaskRelation", TaskId=call, RelationId=cleo, IsWhat=False, IsDeleted=True)
    company = serve(book)
    company.pull()
    query = f"select c.Name from activity_person p join sf_contact c on c.Id = p.person_id where activity_id = '{call}' order by 1"
    assert rows(company, query) == [("ada",), ("bob",)]
    assert company.metrics()["Acme"]["effective_contacts"] == 2


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"Incoming": True, "FromAddress": "ADA@acme.example", "ToAddress": "us@vendor.example"}, {"ada"}),
        ({"Incoming": True, "FromAddress": '"Ada A." <ada@acme.example>', "ToAddress": "bob@acme.example"}, {"ada"}),
        ({"Incoming": False, "FromAddress": "us@vendor.example", "ToAddress": "ada@acme.example; Bob <bob@acme.example>"}, {"ada", "bob"}),
        ({"Incoming": False, "FromAddress": "ada@acme.example", "ToAddress": "x@y.example", "BccAddress": "bob@acme.example"}, {"bob"}),
        ({"Incoming": False, "FromAddress": "us@vendor.example", "ToAddress": "nobody@acme.example"}, set()),
    ],
)  # fmt: skip
def test_the_people_of_a_mail_are_the_contacts_at_its_other_end(book, serve, fields, ends):
    acme = book.account("Acme")
    for name in ("ada", "bob"):
        book.contact(acme, f"{name}@acme.example", Name=name)
    mail = book.add("EmailMessage", Status="1", Subject="S", MessageDate=ago(days=1), **fields)
    company = serve(book)
    company.pull()
    query = f"select c.Name from activity_person p join sf_contact c on c.Id = p.person_id where activity_id = '{mail}'"
    assert {name for (name,) in rows(company, query)} == ends


# -- words ------------------------------------------------------------------------------------------------------------


def test_free_mail_domains_name_no_account_and_those_of_contacts_and_websites_do(book, serve):
    acme = book.account("Acme", Website="https://www.acme.example/x")
    book.contact(acme, "a@gmail.com")
    book.contact(acme, "b@Mail.Acme.example")
    book.contact(acme, "c@deleted.example", IsDeleted=True)
    book.account("Hobby", Website="hobby.gmail.com")
    book.account("Free", Website="www.gmail.com")
    company = serve(book)
    company.pull()
    told = rows(
        company,
        "select a.Name, d.domain from account_domain d join sf_account a on a.Id = d.account_id order by 1, 2",
    )
    assert told == [("Acme", "acme.example"), ("Acme", "mail.acme.example"), ("Hobby", "hobby.gmail.com")]


def test_units_that_the_config_declares_are_told_when_their_account_is_not_found(book, serve):
    book.account("Acme")
    book.account("Twin")
    book.account("Twin")
    company = serve(book)
    company.configure(
        '[identity.units]\n"ACME" = ["Purchasing", "Plant South", "purchasing dept."]\nTwin = ["IT"]\nNobody = ["IT"]\n'
        '[identity.department_aliases]\n"Plant South" = "South"\n'
    )
    notices = [each for each in company.pull().notices if each.startswith("identity.units")]
    assert len(notices) == 2
    assert {unit for (unit,) in rows(company, "select unit_key from declared_unit")} == {
        "purchasing",
        "south",
    }


def test_what_is_derived_is_the_same_each_time(book, serve):
    acme = book.account("Acme")
    for n in range(5):
        book.contact(acme, f"p{n}@acme.example", Department=("IT", "It dept.", "IT-Department")[n % 3])
        book.issue(f"A-{n + 1}", acme)
    company = serve(book)
    company.pull()
    before = tables(company)
    company.at(NOW)
    company.pull(full=True)
    assert tables(company) == before


def test_what_the_config_says_of_identity_and_people_holds_at_the_next_look_without_a_pull(book, serve):
    acme = book.account("Acme", Website="acme.example")
    other = book.add(
        "User", Name="B. Other", Username="other@vendor.example", IsActive=True, UserType="Standard"
    )
    book.add("AccountTeamMember", AccountId=acme, UserId=other, TeamMemberRole="Lead")
    book.issue("OPS-1")
    company = serve(book)
    company.pull()

    def derived():
        told: list[str] = []
        with run.reading(company.config, notify=told.append) as (mirror, _):
            links = views.links(mirror)["coverage"]["by_method"]
            manager = mirror.one("select user_id from account_manager where account_id = ?", acme)
            units = mirror.one("select count(*) from declared_unit")
        return links, manager, units, told

    assert derived() == ({}, book.user, 0, [])
    company.configure(
        '[identity]\n[identity.projects]\nOPS = "Acme"\nWEB = "Acne"\n[identity.units]\nAcme = ["Sales"]\n'
        '[people]\naccount_manager = ["team:Lead", "owner"]\n'
    )
    links, manager, units, told = derived()
    assert (links, manager, units) == ({"project": 1}, other, 1)
    assert told == ['identity.projects.WEB: no account is called "Acne"; did you mean "Acme"?']
    assert derived() == ({"project": 1}, other, 1, []), "once is enough"
    company.configure('[people]\naccount_manager = ["field:Lead__c"]\n')
    with pytest.raises(SyncError, match=r"account_manager asks for"):
        derived()
    company.configure()
    assert derived() == ({}, book.user, 0, []), "and the store is as good as before"


def test_a_declared_domain_is_one_accounts_whoever_else_has_it(book, serve):
    for name in ("Acme", "Borealis"):
        book.contact(book.account(name), f"somebody@{name.lower()}.example")
        book.contact(book.salesforce["Account"][-1]["Id"], f"{name.lower()}@shared.example")
    for key, address in {
        "A": "x@shared.example",
        "B": "borealis@shared.example",
        "C": "x@new.example",
        "D": "x@vendor.example",
    }.items():
        book.issue(
            f"{key}-1", reporter={"accountId": key, "accountType": "customer", "emailAddress": address}
        )
    company = serve(book)
    company.configure(
        '[identity]\ninternal_domains = ["vendor.example"]\n[identity.domains]\n"Shared.example" = "Acme"\n'
        '"@new.example" = "Borealis"\n"vendor.example" = "Acme"\n"lost.example" = "Nobody"\n'
    )
    report = company.pull()
    names = {row["Id"]: row["Name"] for row in company.org("Account")}
    linked = {row["key"]: names[row["account_id"]] for row in company.links()["linked"]}
    # a contact's own address still goes before the domain, and our own domains say nothing of a customer
    assert linked == {"A-1": "Acme", "B-1": "Borealis", "C-1": "Borealis"}
    assert [notice for notice in report.notices if "identity.domains" in notice] == [
        "identity.domains.vendor.example: a domain of your own, or of free mail, says nothing of a customer; remove it",
        'identity.domains.lost.example: no account is called "Nobody"; give its Id or its exact name',
    ]
