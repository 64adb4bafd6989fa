"""Which account an issue belongs to: every method, their order, what fits several accounts, what the config names in vain."""

from __future__ import annotations

import pytest
from company import CUSTOMER, STAFF, ago
from hypothesis import given
from hypothesis import strategies as st

from sync.names import (
    account_id15,
    address_domain,
    name_key,
    staff_entries,
    unit_aliases,
    unit_key,
    website_domain,
)

FIELD = '[identity]\naccount_field = "CRM Account"\ninternal_domains = ["vendor.example"]\n'


def person(identity: str, address: str | None = None, kind: str = "customer") -> dict:
    shown = {} if address is None else {"emailAddress": address}
    return {"accountId": identity, "accountType": kind, **shown}


def linked(company) -> dict[str, tuple[str, str]]:
    """Issue key -> (account name, method), for issues of one account."""
    names = {row["Id"]: row["Name"] for row in company.org("Account")}
    return {each["key"]: (names[each["account_id"]], each["method"]) for each in company.links()["linked"]}


def test_each_method_finds_its_account(book, serve):
    acme = book.account("Acme GmbH", AccountNumber="C-1001", Website="https://www.acme.example/about")
    dana = book.contact(acme, "Dana@Acme.example")
    assert dana
    values = {
        "ID18": acme,
        "ID15": acme[:15],
        "LIGHTNING": f"https://x.lightning.force.com/lightning/r/Account/{acme}/view",
        "CLASSIC": f"https://x.my.salesforce.com/{acme[:15]}?nav=1",
        "NUMBER": " C-1001 ",
        "NAME": "  acme   GMBH",
        "WIDE": "Ａｃｍｅ GmbH",
        "OPTION": {"id": "1", "value": "Acme GmbH"},
        "LIST": [{"value": "Acme GmbH"}],
    }
    for key, value in values.items():
        book.issue(f"{key}-1", field=value)
    book.issue("ORGNAME-1", organizations=["ACME gmbh"])
    book.issue("ORGTABLE-1", organizations=["The Acme people"])
    book.issue("PROJ-1")
    book.issue("COMP-1", components=["acme-portal"])
    book.issue("LABEL-1", labels=["cust-acme"])
    book.issue("ADDRESS-1", reporter=person("a", "dana@acme.EXAMPLE"))
    book.issue("DOMAIN-1", reporter=person("b", "somebody@acme.example"))
    company = serve(book)
    company.configure(
        f'{FIELD}[identity.organizations]\n"the acme PEOPLE" = "Acme GmbH"\n[identity.projects]\nPROJ = "{acme}"\n'
        '[identity.components]\nacme-portal = "Acme GmbH"\n[identity.labels]\ncust-acme = "acme gmbh"\n'
    )
    company.pull()
    assert linked(company) == {
        **{f"{key}-1": ("Acme GmbH", "field") for key in values},
        "ORGNAME-1": ("Acme GmbH", "organization"),
        "ORGTABLE-1": ("Acme GmbH", "organization"),
        "PROJ-1": ("Acme GmbH", "project"),
        "COMP-1": ("Acme GmbH", "component"),
        "LABEL-1": ("Acme GmbH", "label"),
        "ADDRESS-1": ("Acme GmbH", "reporter"),
        "DOMAIN-1": ("Acme GmbH", "reporter"),
    }


def test_what_says_nothing_links_nothing(book, serve):
    acme = book.account("Acme GmbH", Website="acme.example")
    gone = book.account("Gone Ltd", IsDeleted=True)
    book.contact(acme, "joe@gmail.com", IsDeleted=True)
    book.contact(gone, "gone@gone.example")
    book.issue("A-1", field="Acme")  # a part of a name
    book.issue("A-2", field=gone)
    book.issue("A-3", field="Gone Ltd")
    book.issue("A-4", field={"errorMessage": "you may not see this"})
    book.issue("A-5", reporter=person("s", "somebody@vendor.example"))  # ours
    book.issue("A-6", reporter=person("f", "stranger@gmail.com"))  # anybody's
    book.issue("A-7", reporter=person("u", "x@sub.acme.example"))  # another domain
    book.issue("A-8", reporter=person("g", "gone@gone.example"))
    book.issue("A-9", reporter=None)
    book.issue("A-10", organizations=["Nobody"], labels=["cust-acme"], components=["portal"])
    company = serve(book)
    company.pull()
    links = company.links()
    assert links["linked"] == []
    assert links["ambiguous"] == []
    assert [each["key"] for each in links["unmatched"]] == [f"A-{n}" for n in range(1, 11)]


def test_a_contact_of_a_free_mail_or_internal_address_still_names_their_account(book, serve):
    acme = book.account("Acme GmbH")
    book.contact(acme, "joe@gmail.com")
    book.contact(acme, "embedded@vendor.example")
    book.issue("A-1", reporter=person("a", "Joe@gmail.com"))
    book.issue("A-2", reporter=person("b", "embedded@vendor.example", "atlassian"))
    company = serve(book)
    company.pull()
    assert set(linked(company)) == {"A-1", "A-2"}


ORDERS = [
    (["field", "organization", "project", "component", "label", "reporter"], "By field", "field"),
    (["organization", "field"], "By organization", "organization"),
    (["reporter", "label", "field"], "By reporter", "reporter"),
    (["label", "field"], "By label", "label"),
    (["component"], "By component", "component"),
    (["project", "component"], "By project", "project"),
]


@pytest.mark.parametrize(("order", "account", "method"), ORDERS)
def test_the_first_method_that_finds_an_account_decides(book, serve, order, account, method):
    for name in ("field", "organization", "project", "component", "label", "reporter"):
        made = book.account(f"By {name}")
        book.contact(made, f"somebody@{name}.example")
    book.issue("A-1", field="By field", organizations=["By organization"], components=["c"], labels=["l"],
               reporter=person("r", "somebody@reporter.example"))  # fmt: skip
    company = serve(book)
    company.configure(
        f'{FIELD}link_by = {order}\n[identity.projects]\nA = "By project"\n[identity.components]\nc = "By component"\n'
        '[identity.labels]\nl = "By label"\n'
    )
    company.pull()
    assert linked(company) == {"A-1": (account, method)}


def test_a_value_that_fits_several_accounts_is_ambiguous_and_no_later_method_is_tried(book, serve):
    twins = sorted([book.account("Twin AG"), book.account("twin  ag")])
    other = book.account("Other", Website="other.example")
    book.contact(other, "o@other.example")
    shared = sorted(
        [book.account("Left", Website="shared.example"), book.account("Right", Website="www.shared.example")]
    )
    book.issue("A-1", field="TWIN AG", organizations=["Other"], reporter=person("o", "o@other.example"))
    book.issue("A-2", organizations=["Other", "Twin AG"])  # one of two is unclear: so is the issue
    book.issue("A-3", reporter=person("s", "x@shared.example"))
    company = serve(book)
    company.pull()
    links = company.links()
    assert links["linked"] == links["unmatched"] == []
    assert {each["key"]: each["candidates"] for each in links["ambiguous"]} == {
        "A-1": twins,
        "A-2": sorted([*twins, other]),
        "A-3": shared,
    }


def test_several_explicit_values_link_an_issue_to_each_account(book, serve):
    one, two = book.account("One"), book.account("Two")
    book.issue("A-1", organizations=["One", "Two"])
    book.issue("A-2", field=["One", "Two", "One"])
    book.issue("A-3", labels=["l1", "l2", "none"])
    company = serve(book)
    company.configure(f'{FIELD}[identity.labels]\nl1 = "One"\nl2 = "Two"\n')
    company.pull()
    told = sorted((each["key"], each["account_id"]) for each in company.links()["linked"])
    assert told == sorted((key, account) for key in ("A-1", "A-2", "A-3") for account in (one, two))
    assert company.links()["ambiguous"] == []
    assert [company.metrics()[name]["open_issues"] for name in ("One", "Two")] == [3, 3]


def test_a_merged_account_passes_its_links_along_the_chain_to_the_survivor(book, serve):
    survivor = book.account("Survivor")
    middle = book.account("Middle", IsDeleted=True, MasterRecordId=survivor)
    first = book.account("First", IsDeleted=True, MasterRecordId=middle)
    nowhere = book.account("Nowhere", IsDeleted=True)
    person_of_first = book.contact(first, "p@first.example")
    assert person_of_first
    book.issue("A-1", field=first)
    book.issue("A-2", field=middle[:15])
    book.issue("A-3", field=nowhere)
    book.issue("A-4", reporter=person("p", "p@first.example"))
    company = serve(book)
    company.pull()
    assert linked(company) == {key: ("Survivor", method) for key, method in
                               (("A-1", "field"), ("A-2", "field"), ("A-4", "reporter"))}  # fmt: skip
    assert [each["key"] for each in company.links()["unmatched"]] == ["A-3"]


def test_every_issue_stands_in_exactly_one_list(book, serve):
    book.account("Acme")
    book.account("Twin")
    book.account("TWIN")
    for n in range(30):
        book.issue(f"A-{n + 1}", field=(None, "Acme", "Twin", "Nobody", ["Acme", "Twin"])[n % 5])
    company = serve(book)
    company.pull()
    links = company.links()
    keys = {name: {each["key"] for each in links[name]} for name in ("linked", "ambiguous", "unmatched")}
    assert {name: len(found) for name, found in keys.items()} == {
        "linked": 6,
        "ambiguous": 12,
        "unmatched": 12,
    }
    assert set.union(*keys.values()) == {f"A-{n + 1}" for n in range(30)}


def test_a_table_that_names_no_account_or_two_is_told_with_what_was_meant(book, serve):
    book.account("Acme GmbH")
    book.account("Twin")
    book.account("Twin")
    book.issue("A-1")
    company = serve(book)
    company.configure(f'{FIELD}[identity.projects]\nA = "Acme GmbX"\nB = "Twin"\nC = "qqqqqqqqqqq"\n')
    notices = [each for each in company.pull().notices if each.startswith("identity.projects")]
    assert len(notices) == 3
    assert 'identity.projects.A: no account is called "Acme GmbX"; did you mean "Acme GmbH"?' in notices
    assert any('identity.projects.B: "Twin" fits 2 accounts' in each for each in notices)
    assert any("identity.projects.C" in each and "Id or its exact name" in each for each in notices)


def test_a_map_file_adds_to_the_tables(book, serve):
    book.account("Acme GmbH")
    book.account("Other, Inc.")
    book.issue("A-1")
    book.issue("B-1", labels=["vip"])
    book.issue("C-1", organizations=["Nickname"])
    company = serve(book)
    (company.folder / "links.csv").write_text(
        'kind,value,account\nproject,A,Acme GmbH\nlabel,vip,"Other, Inc."\norganization,Nickname,Acme GmbH\n'
    )
    company.configure(f'{FIELD}map_file = "links.csv"\n')
    company.pull()
    assert linked(company) == {"A-1": ("Acme GmbH", "project"), "B-1": ("Other, Inc.", "label"),
                               "C-1": ("Acme GmbH", "organization")}  # fmt: skip


def test_children_inherit_nothing_and_comments_do_not_link(book, serve):
    acme = book.account("Acme", Website="acme.example")
    epic = book.issue("A-1", acme, type="Epic", level=1)
    child = book.issue("A-2", parent={"id": epic["id"], "key": "A-1"})
    book.comment(child, CUSTOMER, ago(days=1))
    book.comment(child, STAFF, ago(hours=1))
    company = serve(book)
    company.pull()
    assert set(linked(company)) == {"A-1"}


# -- normal forms -----------------------------------------------------------------------------------------------------


@given(st.text())
def test_a_name_key_is_its_own_key_and_does_not_mind_blanks(text):
    key = name_key(text)
    assert " ".join(key.split()) == key
    assert name_key(f"\t {text.replace(' ', '  ')}\n") == key


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=3))
def test_a_unit_key_holds_neither_punctuation_nor_the_word_department(text, aliases):
    key = unit_key(text)
    assert not {"dept", "department", "abteilung"} & set(key.split())
    assert unit_key(f"Department {text}") == key
    assert unit_key(text, unit_aliases(aliases)) in {key, *unit_aliases(aliases).values()}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("R&D", "r and d"),
        ("R and D", "r and d"),
        ("Dept. of Finance", "of finance"),
        ("IT-Abteilung", "it"),
        ("  Human   Resources ", "human resources"),
        ("HR/Legal", "hr legal"),
        ("Department", ""),
        ("", ""),
        ("Straße", "strasse"),
        ("ＩＴ", "it"),
    ],
)
def test_departments_in_normal_form(written, key):
    assert unit_key(written) == key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("001000000000001AAA", "001000000000001"),
        (" 001000000000001 ", "001000000000001"),
        ("https://acme.my.salesforce.com/001000000000001AAA", "001000000000001"),
        (
            "https://acme.lightning.force.com/lightning/r/Account/001000000000001AAA/view?ws=1",
            "001000000000001",
        ),
        ("https://acme.lightning.force.com/lightning/r/001000000000001AAA/view", "001000000000001"),
        ("https://acme.lightning.force.com/lightning/r/Contact/003000000000001AAA/view", None),
        ("003000000000001AAA", None),
        ("001", None),
        ("001000000000001A", None),
        ("Acme GmbH", None),
        ("", None),
    ],
)
def test_accounts_in_texts(text, expected):
    assert account_id15(text) == expected


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.acme.example/de?x=1#top", "acme.example"),
        ("acme.example", "acme.example"),
        ("HTTP://WWW.Acme.Example:8080", "acme.example"),
        ("acme.example.", "acme.example"),
        ("www.acme.example", "acme.example"),
        ("n/a", None),
        ("none", None),
        ("", None),
        ("https://", None),
    ],
)
def test_domains_of_websites(website, domain):
    assert website_domain(website) == domain


@pytest.mark.parametrize(
    ("address", "domain"),
    [("Dana@ACME.example", "acme.example"), ("<d@a.example>", "a.example"), ("d@a@b.example", "b.example"), ("d", None), ("d@", None), ("", None)],
)  # fmt: skip
def test_domains_of_addresses(address, domain):
    assert address_domain(address) == domain


@given(st.text())
def test_no_text_at_all_breaks_a_normal_form(text):
    for form in (account_id15, website_domain, address_domain):
        found = form(text)
        assert found is None or found


def test_staff_entries_are_told_apart():
    staff = staff_entries(["group:agents", "vendor.example", "557058:ab.cd", "qm:1"])
    assert (staff.groups, staff.domains, staff.ids) == (
        ("agents",),
        ("vendor.example",),
        ("557058:ab.cd", "qm:1"),
    )
