"""Preset internal-it: accounts are departments, and everybody has the same domain (definitions B5, E23)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from company import NOW, Book, Company, ago

from rules import catalogue
from rules.sources import SOURCES
from simulator import dataset
from simulator.server import Simulator
from sync import config, run

PAGE = (Path(__file__).parents[1] / "docs" / "presets.md").read_text(encoding="utf-8")
STAFF = '["it-1", "group:it-desk", "ops.corp.example"]'
CONFIG = """
[accounts]
preset = "{preset}"
[identity]
internal_domains = ["corp.example", "ops.corp.example"]
account_field = "CRM Account"
staff = {staff}
"""


def _person(name: str, kind: str = "atlassian", domain: str = "corp.example") -> dict:
    return {"accountId": name, "accountType": kind, "emailAddress": f"{name}@{domain}"}


EMMA, LEA, PORTAL = _person("emma"), _person("lea"), {"accountId": "qm:1", "accountType": "customer"}
BY_ID, BY_GROUP, BY_DOMAIN = _person("it-1"), _person("it-2"), _person("it-3", domain="ops.corp.example")
UNSEEN = {"accountId": "it-4", "accountType": "atlassian"}  # an agent who hides the address
NOBODY = _person("max")  # a colleague, not of IT


def _book() -> Book:
    book = Book()
    hr = book.account("HR Department", Type=None)
    payroll = book.account("Payroll", Type=None, ParentId=hr)
    book.account("Works Council", Type=None)
    book.account("Erika Example", IsPersonAccount=True)
    emma = book.contact(
        hr, "emma@corp.example", Name="Emma", Department="Recruiting", Title="Head of Recruiting"
    )
    book.contact(hr, "noah@corp.example", Name="Noah", Department="Training")
    book.meeting(hr, ago(days=3), emma)
    book.call(payroll, ago(days=12))

    def asked(key: str, who: dict, *answers: dict) -> None:
        issue = book.issue(key, hr, service=True, reporter=who, type="Service Request", created=ago(days=9))
        book.comment(issue, who, ago(days=8))
        for hours, author in enumerate(answers):
            book.comment(issue, author, ago(days=7, hours=-hours))

    asked("IT-1", EMMA)  # a contact of the department waits
    asked("IT-2", LEA)  # a colleague whom the CRM does not know waits
    asked("IT-3", LEA, NOBODY)  # another colleague is no answer
    asked("IT-4", PORTAL, BY_ID)
    asked("IT-5", LEA, BY_GROUP)
    asked("IT-6", EMMA, BY_DOMAIN)
    asked("IT-7", EMMA, UNSEEN)
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("departments")
    data = dataset.load(_book().write(folder / "dataset"))
    with Simulator(data, now=NOW, groups={"it-desk": ["it-2"]}) as simulator:
        company = Company(folder, simulator, Book())
        for staff, told in (("[]", True), (STAFF, False)):
            _choose(company, staff=staff)
            outcome = run.run_pull(company.config, full=False, progress=lambda source, count: None)[0]
            assert any("identity.staff names nobody" in notice for notice in outcome.notices) is told
        yield company


def _choose(company: Company, preset: str = "internal-it", staff: str = STAFF) -> None:
    company.configure(CONFIG.format(preset=preset, staff=staff))


def test_colleagues_are_the_customer_and_staff_is_who_the_config_names(company):
    _choose(company)
    department = company.metrics()["HR Department"]

    assert department["unanswered_comments"] == 3
    assert department["open_issues"] == 7
    # three wait since they were raised: 9 days with 6 working days; the others had an answer after 2 calendar days
    assert department["first_response_business_hours_p90"] == pytest.approx(56)
    assert department["days_since_status_update"] == 3
    assert department["contacts_engaged_90d"] == 1
    assert department["executives_engaged_90d"] == 1
    assert (department["org_units_known"], department["org_units_engaged"]) == (3, 2)  # Training was not met


def test_every_business_account_is_managed(company):
    _choose(company)
    assert {row["account"] for row in company.scores()} == {"HR Department", "Payroll", "Works Council"}
    _choose(company, "vendor")
    assert {row["account"] for row in company.scores()} == {"HR Department"}  # the only one with an issue


def test_under_the_vendor_preset_the_own_domain_is_staff(company):
    _choose(company, "vendor")
    department = company.metrics()["HR Department"]

    assert department["unanswered_comments"] == 1  # Emma is a contact; Lea is one of us
    assert department["org_units_known"] == 2  # Payroll is no managed account


def test_the_configs_of_the_page_load_and_choose_their_preset(tmp_path):
    whole, parts = [], []
    for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        (whole if "[salesforce]" in block else parts).append(block)
    file = tmp_path / "rapport.toml"
    found = []
    for text in [*whole, *(f'[salesforce]\ninstance_url = "http://127.0.0.1:1"\n{part}' for part in parts)]:
        file.write_text(text, encoding="utf-8")
        found.append(config.load(file, {}).accounts.preset)
    assert found == ["vendor", "internal-it", "vendor", "internal-it"]


def test_the_rules_of_departments_ask_for_the_same_in_words_that_fit():
    customers, departments = (
        catalogue.load({}, SOURCES, preset=name).rules for name in ("vendor", "internal-it")
    )
    assert departments.keys() == customers.keys()
    for name, rule in departments.items():
        assert (rule.when, rule.kind, rule.after) == (
            customers[name].when,
            customers[name].kind,
            customers[name].after,
        )
        text = f"{rule.subject.text} {rule.description.text}".lower()
        assert "this closes itself when" in text
        assert not {"customer", "customers", "deal", "revenue", "supplier"} & set(re.findall(r"\w+", text)), (
            name
        )
