"""Proposals for issues without an account, the file they are written to, and the way back: corrected, named, linked."""

from __future__ import annotations

import csv
import io

import pytest
from command_line import open_company, rapport
from company import STAFF, Book
from hypothesis import given
from hypothesis import strategies as st

from sync import suggest
from sync.config_types import normal_name
from sync.link_map import guarded, read_map


def person(identity: str, address: str) -> dict:
    return {"accountId": identity, "accountType": "customer", "emailAddress": address}


def book_of_many_ways() -> Book:
    book = Book()
    acme = book.account("Acme GmbH")
    book.account("Borealis Logistics AG")
    book.account("Nordwind Energie")
    book.account("=HYPERLINK Systems")
    for _ in range(2):
        book.account("Twice Ltd")
    # a value that is called like an account, in each kind; a slip of the pen; more words than the name has
    book.issue("ORG-1", organizations=["ACME"])
    book.issue("ORG-2", organizations=["acme "])
    book.issue("ACME-1")
    book.issue("COMP-1", components=["acme-portal"])
    book.issue("LAB-1", labels=["borealis_logistcs", "urgent"])
    book.issue("FORM-1", labels=["=hyperlink-systems"])
    # an organization that fits two accounts: only a person can tell
    book.issue("TWO-1", organizations=["Twice Ltd"])
    # where the other issues of a project went
    for number in range(1, 11):
        book.issue(f"NEAR-{number}", acme)
    book.issue("NEAR-11")
    # a mail domain that the CRM does not know, and a project whose people write from there
    for number in range(1, 4):
        book.issue(f"WIND-{number}", reporter=person(f"w{number}", f"p{number}@nordwind-energie.example"))
    # a project of many customers: one of its reporters does not make it theirs
    for number, account in enumerate((acme, acme, acme, "Borealis Logistics AG"), start=1):
        book.issue(f"DESK-{number}", account)
    book.issue("DESK-9", reporter=person("w1", "p1@nordwind-energie.example"))
    # nothing to go by
    book.issue("OPS-1", labels=["it"], components=["backend"], reporter=STAFF)
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    with open_company(tmp_path_factory.mktemp("suggested"), book_of_many_ways()) as served:
        assert rapport("--config", served.config_path, "pull").code == 0
        yield served


@pytest.fixture(autouse=True)
def _as_it_was(request):
    """The served company without a file of links, whatever an earlier test has named."""
    if "company" in request.fixturenames:
        request.getfixturevalue("company").configure()


def run(company, *arguments: object):
    return rapport("--config", company.config_path, *arguments)


def told(company) -> dict[tuple[str, str], dict]:
    rows = run(company, "links", "--suggest", "--format", "json").json["suggestions"]
    return {(row["kind"], row["value"]): row for row in rows}


def test_each_value_gets_the_accounts_that_it_could_mean(company):
    rows = told(company)
    first = {key: row["candidates"][0]["account"] for key, row in rows.items()}
    assert first == {
        ("organization", "ACME"): "Acme GmbH",
        ("organization", "Twice Ltd"): "Twice Ltd",
        ("project", "ACME"): "Acme GmbH",
        ("project", "NEAR"): "Acme GmbH",
        ("project", "WIND"): "Nordwind Energie",
        ("component", "acme-portal"): "Acme GmbH",
        ("label", "borealis_logistcs"): "Borealis Logistics AG",
        ("label", "=hyperlink-systems"): "=HYPERLINK Systems",
        ("domain", "nordwind-energie.example"): "Nordwind Energie",
    }
    assert rows["organization", "ACME"]["issues"] == 2, "two spellings of one value are one proposal"
    assert rows["organization", "ACME"]["examples"] == ["ORG-1", "ORG-2"]
    assert rows["domain", "nordwind-energie.example"]["issues"] == 4
    assert "10 of 10 linked issues" in rows["project", "NEAR"]["candidates"][0]["why"]
    assert "nordwind-energie.example" in rows["project", "WIND"]["candidates"][0]["why"]
    unclear = {value for (_, value), row in rows.items() if not row["clear"]}
    assert unclear == {"Twice Ltd", "NEAR", "WIND"}, (
        "what other issues or people hint at is for a person to say"
    )
    assert len(rows["organization", "Twice Ltd"]["candidates"]) == 2


def test_a_corrected_file_links_the_issues_at_the_next_look(company, tmp_path):
    file = tmp_path / "links.csv"
    shown = run(company, "links", "--suggest", "--out", file)
    assert shown.code == 0
    assert "9 proposals for 13 issues without an account, 6 of them clear, 3 behind a #" in shown.out
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert run(company, "links", "--suggest").out == text, "the same store gives the same file"
    assert text.startswith("kind,value,account,issues,score,why,examples,account name\n")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    twice = [row["Id"] for row in company.org("Account") if row["Name"] == "Twice Ltd"]
    assert text.count("# organization,Twice Ltd,001") == 2
    corrected = "".join(
        line.removeprefix("# ") if twice[0] in line or line.startswith("# project,WIND") else line
        for line in text.splitlines(keepends=True)
    )
    file.write_text(corrected)
    company.configure(
        f'[identity]\naccount_field = "CRM Account"\ninternal_domains = ["vendor.example"]\nmap_file = "{file}"\n'
    )
    links = run(company, "links", "--format", "json").json  # no pull in between
    names = {row["Id"]: row["Name"] for row in company.org("Account")}
    linked = {row["key"]: (names[row["account_id"]], row["method"]) for row in links["linked"]}
    assert {key: linked[key] for key in linked if not key.startswith(("NEAR", "DESK"))} == {
        "ORG-1": ("Acme GmbH", "organization"),
        "ORG-2": ("Acme GmbH", "organization"),
        "ACME-1": ("Acme GmbH", "project"),
        "COMP-1": ("Acme GmbH", "component"),
        "LAB-1": ("Borealis Logistics AG", "label"),
        "FORM-1": ("=HYPERLINK Systems", "label"),
        "TWO-1": ("Twice Ltd", "organization"),
        **{f"WIND-{number}": ("Nordwind Energie", "project") for number in range(1, 4)},
    }
    assert [row["key"] for row in links["unmatched"]] == ["NEAR-11", "OPS-1"]
    assert set(told(company)) == {("project", "NEAR")}, "what has an entry is not proposed again"
    told_again = links["coverage"]
    assert (told_again["issues"], told_again["linked"], told_again["unmatched"]) == (27, 25, 2)
    assert told_again["by_method"] == {"component": 1, "field": 14, "label": 2, "organization": 3, "project": 4, "reporter": 1}  # fmt: skip
    assert sum(row["issues"] for row in told_again["projects"]) == 27
    assert told_again["sites"] == [
        {
            "site": "default",
            "issues": 27,
            "linked": 25,
            "ambiguous": 0,
            "unmatched": 2,
            "linked_share": 25 / 27,
        }
    ]
    company.configure()
    assert run(company, "links", "--format", "json").json["coverage"]["linked"] == 14, "and back"


def test_a_file_of_proposals_without_the_option_is_refused(company, tmp_path):
    refused = run(company, "links", "--out", tmp_path / "links.csv")
    assert (refused.code, refused.raw) == (2, b"")
    assert "--suggest" in refused.err
    nowhere = run(company, "links", "--suggest", "--out", tmp_path / "no" / "links.csv")
    assert (nowhere.code, nowhere.raw) == (2, b"")
    assert "cannot be written" in nowhere.err


@pytest.mark.parametrize(
    ("name", "account", "alike"),
    [
        ("ACME", "Acme GmbH", True),
        ("acme-it", "Acme GmbH", True),
        ("Borealis Logistcs", "Borealis Logistics AG", True),
        ("Ｎｏｒｄｗｉｎｄ", "nordwind energie", True),
        ("Müller & Söhne", "müller und söhne KG", True),
        ("bank-api", "Deutsche Bank", False),
        ("backend", "Borealis Logistics AG", False),
        ("it", "IT Systems", False),
        ("GmbH", "Acme GmbH", False),
        ("💥", "💥", False),
        ("", "Acme", False),
    ],
)
def test_names_are_alike_by_their_words_and_not_by_their_legal_form(name, account, alike):
    assert bool(suggest._Likeness({"1": account, "2": "–"}).of([name], "")) is alike


CELLS = st.text(alphabet=st.sampled_from("=+-@'#aZ,;\"\n ä\t"), min_size=1, max_size=12).filter(
    lambda text: text.strip() and not text.strip().strip("'").startswith(" ")
)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6, unique_by=lambda pair: normal_name(pair[0])))
def test_any_value_comes_back_from_the_file_as_it_was_and_no_cell_is_a_formula(tmp_path_factory, pairs):
    proposals = [
        suggest.Suggestion(
            "label", value, 1, ("A-1",), (suggest.Candidate("001", account, account, 90, "why"),), True
        )
        for value, account in pairs
    ]
    text = suggest.to_csv(proposals)
    file = tmp_path_factory.mktemp("map") / "links.csv"
    file.write_bytes(text.encode())
    merged, faults = read_map(
        file, {"organizations": {}, "projects": {}, "components": {}, "labels": {}, "domains": {}}
    )
    assert faults == []
    assert {normal_name(k): normal_name(v) for k, v in merged["labels"].items()} == {
        normal_name(value): normal_name(account) for value, account in pairs
    }
    assert not [
        cell for row in csv.reader(io.StringIO(text)) for cell in row if cell[:1] in {"=", "+", "-", "@"}
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "projct,ACME,Acme",
            'found "projct", expected one of organization, component, label, project, domain',
        ),
        ("domain,dana@acme.example,Acme", '"dana@acme.example" is no bare domain, such as example.com'),
        ("domain,acme,Acme", '"acme" is no bare domain'),
        ("project,ACME", "expected three cells"),
        ("project,,Acme", "expected three cells"),
        ("project,ACME,", "expected three cells"),
        ("project,ACME,Acme,1,90,why,A-1,Acme,too,many", "expected three cells"),
        ("project,ACME,Acme\nproject,acme,Other", 'project "acme" already belongs to "Acme"'),
    ],
)
def test_what_a_person_got_wrong_in_the_file_is_told_with_its_line(tmp_path, line, words):
    file = tmp_path / "links.csv"
    file.write_text(
        f"kind,value,account,issues,score,why,examples,account name\n# a remark, of any, shape\n{line}\n"
    )
    _, faults = read_map(
        file, {name: {} for name in ("organizations", "projects", "components", "labels", "domains")}
    )
    (fault,) = faults
    assert words in fault.message
    assert fault.line == 3 + line.count("\n")


@pytest.mark.parametrize("domain", ["dana@acme.example", "acme", "https://acme.example", "acme..example"])
def test_a_domain_of_the_config_is_a_bare_one(tmp_path, domain):
    file = tmp_path / "rapport.toml"
    file.write_text(
        f'[salesforce]\ninstance_url = "https://x.my.salesforce.com"\n[identity.domains]\n"{domain}" = "Acme"\n'
    )
    refused = rapport("--config", file, "validate")
    assert refused.code == 2
    assert f'rapport.toml:4: identity.domains.{domain}: "{domain}" is no bare domain, such as' in refused.err


def test_what_is_no_formula_stands_as_it_is():
    assert [guarded(text) for text in ("acme", "'acme", "a=b", "=a", "'=a")] == [
        "acme",
        "'acme",
        "a=b",
        "'=a",
        "''=a",
    ]
