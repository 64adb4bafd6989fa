"""Roles, offerings, white space, lost units and the pulse by hand: values, what makes them unknown, edges, evidence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from company import NOW, Book, ago
from measured import Measured, fields, measured, pulled

D = NOW.date()
SHOWN = ("offerings_known", "offerings_owned", "whitespace_cells", "lost_units", "missing_roles", "am_pulse")


def _deal(
    book: Book, account: str, *, days: int, won: bool = True, is_open: bool = False, **values: object
) -> str:
    """A deal with its close date so many days ago."""
    closed = {
        "IsClosed": not is_open,
        "IsWon": won and not is_open,
        "StageName": "Prospecting" if is_open else "Closed Won",
    }
    return book.add(
        "Opportunity",
        **{
            "AccountId": account,
            "Name": f"Deal {days}",
            "CloseDate": D - timedelta(days=days),
            **closed,
            **values,
        },
    )


def _line(book: Book, deal: str, product: str) -> str:
    return book.add("OpportunityLineItem", OpportunityId=deal, Product2Id=product, Quantity=1, TotalPrice=10)


def _role(book: Book, deal: str, contact: str, role: str | None) -> None:
    book.add("OpportunityContactRole", OpportunityId=deal, ContactId=contact, Role=role)


def _book() -> Book:
    book = Book()
    fields(book, "Account", Rapport_Pulse__c="double", Rapport_Pulse_Date__c="date")
    fields(book, "Contact", Rapport_Role__c="string", BuyerAttributes="string")
    cloud = book.add("Product2", Name="Cloud S", Family="Cloud", IsActive=True)
    book.add("Product2", Name="Cloud L", Family="Cloud", IsActive=True)
    tools = book.add("Product2", Name="Tools", IsActive=True)
    old = book.add("Product2", Name="Old", Family="Legacy", IsActive=False)
    book.add("Product2", Name="Gone", Family="Deleted", IsActive=True, IsDeleted=True)

    acme = book.account("Acme", Rapport_Pulse__c=4, Rapport_Pulse_Date__c=D - timedelta(days=30))
    north = book.account("North", ParentId=acme)
    dana = book.contact(acme, "dana@acme.example", Name="Dana", Department="IT")
    lee = book.contact(acme, "lee@acme.example", Name="Lee", Department="HR")
    first = _deal(book, acme, days=400)
    _role(book, first, dana, "Decision Maker")
    _line(book, first, cloud)
    ahead = _deal(book, north, days=-20, is_open=True)
    _line(book, ahead, tools)
    _line(book, _deal(book, acme, days=100), old)
    _line(book, _deal(book, acme, days=50, won=False), tools)
    book.add("Asset", AccountId=north, Product2Id=cloud, Name="Cloud 7", Status="Installed")
    book.add("Asset", AccountId=north, Product2Id=tools, Name="Tools 7", Status="Obsolete")
    book.add(
        "AccountContactRelation",
        AccountId=acme,
        ContactId=lee,
        Roles="Technical Buyer;Influencer",
        IsActive=True,
    )
    book.add("AccountContactRelation", AccountId=north, ContactId=lee, Roles="Decision Maker", IsActive=False)

    book.account("Bare", Rapport_Pulse__c=6)
    for name, placed in (("Thirty", 3), ("Twenty", 2)):
        account = book.account(name)
        ann = book.contact(
            account,
            f"ann@{name.lower()}.example",
            Department="IT",
            BuyerAttributes="Champion; Decision maker",
        )
        for number in range(10):
            deal = _deal(book, account, days=200 + number)
            if number < placed:
                _role(book, deal, ann, None)

    edge = book.account("Edge", Rapport_Pulse__c=2, Rapport_Pulse_Date__c=D + timedelta(days=1))
    for days, department in ((364, "IT"), (365, "HR"), (900, "Law")):
        person = book.contact(edge, f"{department}@edge.example", Department=department)
        _role(book, _deal(book, edge, days=days), person, None)
    _role(book, _deal(book, edge, days=-5, is_open=True), person, None)  # Law was won once, but is open again

    ages = book.account("Ages", Rapport_Pulse__c=3)
    eva = book.contact(ages, "eva@ages.example")
    _role(book, _deal(book, ages, days=730), eva, "Technical Buyer")
    _role(book, _deal(book, ages, days=729, won=False), eva, "Decision Maker")
    _role(book, _deal(book, ages, days=900, is_open=True), eva, "executive sponsor")
    told = book.account("Told")
    book.contact(told, "tim@told.example", Rapport_Role__c="Executive Sponsor")
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    with pulled(tmp_path_factory.mktemp("reach"), _book()) as found:
        yield found


@pytest.fixture(scope="module")
def metrics(company) -> Measured:
    return measured(company, evidence_of=SHOWN)


def test_offerings_are_families_of_active_products_and_what_was_won_or_installed(metrics):
    assert metrics("Acme", "offerings_known", "offerings_owned") == (2, 2)
    assert [row.key for row in metrics.evidence("Acme", "offerings_known")] == ["Cloud", "Tools"]
    assert [row.key for row in metrics.evidence("Acme", "offerings_owned")] == ["Cloud", "Legacy"]
    assert metrics("North", "offerings_owned") == 1  # the asset that is not obsolete; the line is not won
    assert metrics("Bare", "offerings_known", "offerings_owned") == (2, 0)


def test_white_space_is_every_unit_and_offering_without_a_won_or_open_deal_or_an_asset(metrics):
    assert metrics("Acme", "whitespace_cells") == 3  # of IT, HR, North × Cloud, Tools
    assert {row.key for row in metrics.evidence("Acme", "whitespace_cells")} == {
        "it × Tools",
        "hr × Cloud",
        "hr × Tools",
    }


def test_white_space_is_unknown_without_units_or_won_deals_or_where_under_30_percent_of_them_name_a_unit(
    metrics,
):
    assert metrics("Bare", "whitespace_cells") is None
    assert metrics("Told", "whitespace_cells") is None
    assert metrics("Thirty", "whitespace_cells") == 2
    assert metrics("Twenty", "whitespace_cells") is None


def test_a_unit_is_lost_when_nothing_was_won_for_12_months_and_nothing_is_open(metrics):
    assert metrics("Acme", "lost_units") == 1
    assert [row.key for row in metrics.evidence("Acme", "lost_units")] == ["it"]
    assert metrics("Edge", "lost_units") == 1
    assert [row.key for row in metrics.evidence("Edge", "lost_units")] == ["hr"]
    assert metrics("Bare", "lost_units") == 0


def test_a_role_is_known_from_deals_of_24_months_relations_and_contacts(metrics):
    assert metrics("Acme", "missing_roles") == 1
    assert [row.key for row in metrics.evidence("Acme", "missing_roles")] == ["executive sponsor"]
    assert metrics("North", "missing_roles") == 3  # a relation that is no longer active
    assert metrics("Thirty", "missing_roles") == 2
    assert metrics("Ages", "missing_roles") == 1
    assert [row.key for row in metrics.evidence("Ages", "missing_roles")] == ["technical buyer"]
    assert metrics("Told", "missing_roles") == 2
    assert metrics("Bare", "missing_roles") == 3


def test_the_pulse_is_what_was_declared_by_then_from_1_to_5(metrics):
    assert metrics("Acme", "am_pulse", "am_pulse_age_days") == (4, 30)
    assert metrics("Bare", "am_pulse", "am_pulse_age_days") == (None, None)
    assert metrics("Edge", "am_pulse", "am_pulse_age_days") == (None, None)
    assert metrics("Ages", "am_pulse", "am_pulse_age_days") == (3, None)
    assert [(row.text, row.value) for row in metrics.evidence("Acme", "am_pulse")] == [("Acme", 4)]


def test_an_old_pulse_counts_for_the_score_and_not_for_confidence(company):
    probe = "[[scorecards.probe.measures]]\nmetric = 'am_pulse'\nweight = 1\npoints = [[1, 0], [5, 100]]\n"
    company.configure(probe + '[people]\nrequired_roles = ["Champion"]\n')
    scores = {row["account"]: row["scorecards"]["probe"] for row in company.scores()}
    company.configure()
    assert (scores["Acme"]["score"], scores["Acme"]["confidence"]) == (75, 1)
    assert (scores["Ages"]["score"], scores["Ages"]["confidence"]) == (None, 0)


def test_the_required_roles_are_the_configs(company):
    company.configure('[people]\nrequired_roles = ["Champion"]\n')
    found = measured(company)
    assert (found("Thirty", "missing_roles"), found("Acme", "missing_roles")) == (0, 1)
    company.configure()


def test_a_replay_sees_the_deals_that_were_there(company):
    found = measured(company, ago(days=36))
    assert found("Acme", "lost_units") == 0  # won 364 days before
    assert found("Edge", "lost_units") == 0


def test_of_departments_the_offerings_are_request_types_and_the_deals_requests(tmp_path):
    book = Book()
    people, plant = book.account("People", Type=None), book.account("Plant", Type=None)
    south = book.account("South", Type=None, ParentId=plant)
    book.contact(people, "ann@own.example", Department="Payroll")
    book.contact(people, "tim@own.example", Department="Hiring")
    number = iter(range(1, 100))

    def request(account: str, kind: str, status: str, days: int, reporter: str) -> None:
        who = {"accountId": reporter, "accountType": "customer", "emailAddress": reporter}
        made = ago(days=days)
        issue = book.issue(f"HELP-{next(number)}", account, service=True, status=status, created=made, reporter=who,
                           customfield_10079={"requestType": {"id": "1", "name": kind}})  # fmt: skip
        if status == "Done":
            book.step(issue, "status", "Open", "Done", made)

    request(people, "New laptop", "Done", 365, "ann@own.example")
    request(people, "New laptop", "Done", 364, "tim@own.example")
    request(people, "Access", "Open", 3, "tim@own.example")
    request(south, "Access", "Done", 3, "who@own.example")
    request(people, "Software", "Done", 3, "who@own.example")
    with pulled(tmp_path, book, '[accounts]\npreset = "internal-it"\n') as company:
        found = measured(company, evidence_of=SHOWN)
    assert found("People", "offerings_known", "offerings_owned") == (3, 3)
    assert found("South", "offerings_known", "offerings_owned") == (3, 1)
    assert found("People", "lost_units") == 1
    assert [row.key for row in found.evidence("People", "lost_units")] == ["payroll"]
    # of Payroll and Hiring × laptop, access, software: what nobody there has asked for
    assert found("People", "whitespace_cells") == 3
    assert [row.text for row in found.evidence("Plant", "whitespace_cells")] == [
        "South × Software",
        "South × New laptop",
    ]
    assert found("South", "whitespace_cells") is None


def test_without_products_roles_or_pulse_all_of_it_is_unknown(tmp_path):
    book = Book()
    fields(book, "Account", Rapport_Pulse__c="double")
    acme = book.account("Acme", Rapport_Pulse__c=4)
    for number in range(20):
        book.account(f"Other {number}")
    book.contact(acme, "dana@acme.example", Department="IT")
    _deal(book, acme, days=10)
    with pulled(tmp_path, book) as company:
        found = measured(company)
        names = (
            "missing_roles",
            "offerings_known",
            "offerings_owned",
            "whitespace_cells",
            "am_pulse",
            "am_pulse_age_days",
        )
        assert set(found("Acme", *names)) == {None}  # 1 of 21 accounts is under 5 %
        assert found("Acme", "lost_units") == 0
