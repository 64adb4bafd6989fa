"""Money won, open and due by hand: windows, currencies, the fiscal year, renewals, and deals as they stood in the past."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from company import NOW, Book, ago
from measured import Measured, fields, measured, pulled

from rules import calendar
from sync import config as config_file

D = NOW.date()
SECOND = timedelta(seconds=1)
SHOWN = ("won_12m", "won_prior_12m", "open_pipeline", "renewals_90d", "stale_opportunities", "growth_rate")
MAPPED = """[growth]
revenue_12m = "Revenue__c"
revenue_prior_12m = "Revenue_Prior__c"
[renewals]
source = "field"
field = "Renewal__c"
"""


def _day(days: int) -> date:
    return D - timedelta(days=days)


def _won(book: Book, account: str, days: int, amount: float | None, **values: object) -> str:
    made = {
        "AccountId": account,
        "Name": f"Won {days}",
        "StageName": "Closed Won",
        "IsClosed": True,
        "IsWon": True,
    }
    return book.add("Opportunity", **{**made, "CloseDate": _day(days), "Amount": amount, **values})


def _open(book: Book, account: str, closes: date, amount: float | None, **values: object) -> str:
    made = {
        "AccountId": account,
        "Name": f"Open {closes}",
        "StageName": "Prospecting",
        "IsClosed": False,
        "IsWon": False,
    }
    return book.add(
        "Opportunity",
        **{**made, "CloseDate": closes, "Amount": amount, "LastStageChangeDate": ago(days=1), **values},
    )


def _history(book: Book, deal: str, days: int, stage: str, amount: float, closes: date) -> None:
    book.add(
        "OpportunityHistory",
        OpportunityId=deal,
        StageName=stage,
        Amount=amount,
        CloseDate=closes,
        CreatedDate=ago(days=days),
    )


def _windows(book: Book) -> None:
    money = book.account("Money")
    for days, amount in (
        (0, 100.10),
        (364, 200.20),
        (365, 400),
        (729, 50),
        (730, 7000),
        (-1, 9000),
        (5, None),
    ):
        _won(book, money, days, amount)
    _won(book, money, 3, 5000, IsWon=False, StageName="Closed Lost")
    _won(book, money, 3, 5000, IsDeleted=True)
    flat = book.account("Flat")
    _won(book, flat, 10, 10)
    book.account("Nothing")


def _currencies(book: Book) -> None:
    for iso, rate, corporate in (("USD", 1, True), ("EUR", 4, False), ("GBP", 0.25, False)):
        book.add("CurrencyType", IsoCode=iso, ConversionRate=rate, IsCorporate=corporate)
    for starts, ends, rate in (("2026-01-01", "2026-11-01", 0.5), ("2026-11-01", "9999-12-31", 0.8)):
        book.add(
            "DatedConversionRate", IsoCode="EUR", StartDate=starts, NextStartDate=ends, ConversionRate=rate
        )
    euro = book.account("Euro")
    _won(book, euro, 10, 100, CurrencyIsoCode="EUR")  # 8 November
    _won(book, euro, 17, 10, CurrencyIsoCode="EUR")  # 1 November
    _won(book, euro, 18, 10, CurrencyIsoCode="EUR")  # 31 October
    _won(book, euro, 5, 10, CurrencyIsoCode="GBP")
    _won(book, euro, 400, 1, CurrencyIsoCode="EUR")  # before the first dated rate: that of the currency
    _won(book, euro, 5, 1, CurrencyIsoCode="USD")
    franc = book.account("Franc")
    _won(book, franc, 5, 10, CurrencyIsoCode="CHF")
    _open(book, franc, _day(-5), None, CurrencyIsoCode="CHF")
    unpriced = book.account("Unpriced")
    _open(book, unpriced, _day(-5), 10, CurrencyIsoCode="CHF")


def _years(book: Book) -> None:
    plan = book.account("Plan", Rapport_Target__c=2400)
    for closes, amount in (
        (_day(-20), 1000),
        (date(2026, 4, 1), 500),
        (date(2026, 3, 31), 300),
        (date(2027, 4, 1), 200),
    ):
        _open(book, plan, closes, amount)
    _open(book, plan, date(2027, 3, 31), None)
    _won(book, plan, (D - date(2026, 4, 1)).days, 400)
    _won(book, plan, (D - date(2026, 3, 31)).days, 5)
    reached = book.account("Reached", Rapport_Target__c=100)
    _won(book, reached, 10, 100)
    _open(book, reached, _day(-1), 50)


def _stale(book: Book) -> None:
    stale = book.account("Stale")
    ahead = _day(-30)
    _open(book, stale, ahead, 1, Name="sixty", LastStageChangeDate=ago(days=60))
    _open(book, stale, ahead, 1, Name="younger", LastStageChangeDate=ago(days=60) + SECOND)
    _open(book, stale, ahead, 1, Name="never moved", LastStageChangeDate=None, CreatedDate=ago(days=61))
    _open(book, stale, ahead, 1, Name="new", LastStageChangeDate=None, CreatedDate=ago(days=59))
    _open(book, stale, D, 1, Name="today")
    _open(book, stale, _day(1), 1, Name="yesterday")


def _renewals(book: Book) -> None:
    due = book.account("Due", Renewal__c=_day(-7), Revenue__c=70.5, Revenue_Prior__c=50)
    for days in (90, 91, 10, 0, -1):
        book.add("Contract", AccountId=due, Status="Activated", StartDate=_day(300), EndDate=_day(-days))
    book.add("Contract", AccountId=due, Status="Draft", StartDate=_day(300), EndDate=_day(-5))
    book.add(
        "Contract",
        AccountId=due,
        Status="Activated",
        ActivatedDate=NOW + SECOND,
        StartDate=_day(9),
        EndDate=_day(-5),
    )
    _open(book, due, _day(-3), 30, Type="renewal")
    _open(book, due, _day(-4), 30, Type="New Customer")
    _won(book, due, -2, 30, Type="Renewal")
    term = book.account("Term")
    book.add("Contract", AccountId=term, Status="Activated", StartDate=date(2026, 1, 1), ContractTerm=12)


def _past(book: Book) -> None:
    for name, closed, won in (
        ("Prospecting", False, False),
        ("Negotiation", False, False),
        ("Closed Won", True, True),
    ):
        book.add("OpportunityStage", MasterLabel=name, ApiName=name, IsClosed=closed, IsWon=won)
    past = book.account("Past")
    deal = _won(book, past, 10, 900, CreatedDate=ago(days=100), LastStageChangeDate=ago(days=10))
    _history(book, deal, 100, "Prospecting", 500, _day(5))
    _history(book, deal, 50, "Negotiation", 700, _day(-5))
    _history(book, deal, 40, "Negotiation", 750, _day(-5))
    _history(book, deal, 10, "Closed Won", 900, _day(10))
    lost = _open(book, past, _day(-50), 11, CreatedDate=ago(days=200), LastStageChangeDate=ago(days=30))
    _history(book, lost, 200, "A stage of old", 22, _day(-50))
    _history(book, lost, 30, "Prospecting", 11, _day(-50))


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    book = Book()
    book.salesforce["Organization"][0]["FiscalYearStartMonth"] = 4
    numbers = dict.fromkeys(("Rapport_Target__c", "Revenue__c", "Revenue_Prior__c"), "double")
    fields(book, "Account", Renewal__c="date", **numbers)
    fields(book, "Opportunity", CurrencyIsoCode="string")
    for part in (_windows, _currencies, _years, _stale, _renewals, _past):
        part(book)
    with pulled(tmp_path_factory.mktemp("growth"), book, MAPPED) as found:
        found.configure()
        yield found


@pytest.fixture(scope="module")
def metrics(company) -> Measured:
    return measured(company, evidence_of=SHOWN)


def test_what_was_won_counts_by_close_date_in_windows_of_a_year(metrics):
    assert metrics("Money", "won_12m", "won_prior_12m") == (300.3, 450)
    assert metrics("Money", "growth_rate") == (300.3 - 450) / 450
    assert sum(row.value for row in metrics.evidence("Money", "won_12m")) == pytest.approx(300.3, abs=1e-9)
    assert [(row.text, row.value) for row in metrics.evidence("Money", "won_prior_12m")] == [
        ("Won 365", 400),
        ("Won 729", 50),
    ]
    assert len(metrics.evidence("Money", "growth_rate")) == 4
    assert metrics("Flat", "won_12m", "won_prior_12m", "growth_rate") == (10, 0, None)
    assert metrics("Nothing", "won_12m", "open_pipeline", "stale_opportunities", "renewals_90d") == (
        0,
        0,
        0,
        0,
    )


def test_amounts_are_in_the_organisations_currency_at_the_rate_of_the_close_date(metrics):
    # 100 / 0.8 + 10 / 0.8 + 10 / 0.5 + 10 / 0.25 + 1
    assert metrics("Euro", "won_12m", "won_prior_12m") == (198.5, 0.25)


def test_an_amount_without_a_rate_makes_the_figure_unknown_and_an_empty_one_is_nothing(metrics):
    assert metrics("Franc", "won_12m") is None
    assert metrics("Franc", "won_prior_12m", "growth_rate") == (0, None)
    assert metrics("Unpriced", "open_pipeline") is None
    assert metrics("Unpriced", "won_12m", "stale_opportunities") == (0, 0)


def test_the_target_is_covered_by_open_deals_of_the_fiscal_year_past_dates_included(metrics):
    assert metrics("Plan", "open_pipeline", "pipeline_this_year", "won_this_year") == (2000, 1500, 400)
    assert metrics("Plan", "target_this_year", "pipeline_coverage") == (2400, 0.75)
    assert metrics("Reached", "pipeline_coverage") is None
    assert metrics("Money", "target_this_year", "pipeline_coverage") == (None, None)
    assert {row.value for row in metrics.evidence("Plan", "open_pipeline")} == {1000, 500, 300, 200}


def test_the_fiscal_year_begins_in_january_where_the_organisation_does_not_say():
    row = calendar.clock_row(
        calendar.BusinessHours("Pacific/Auckland"), NOW.replace(month=12, day=31)
    ).to_pylist()[0]
    assert (row["fiscal_starts"], row["fiscal_ends"]) == (date(2027, 1, 1), date(2028, 1, 1))
    row = calendar.clock_row(calendar.BusinessHours(), NOW, 12).to_pylist()[0]
    assert (row["fiscal_starts"], row["fiscal_ends"]) == (date(2025, 12, 1), date(2026, 12, 1))


def test_a_deal_is_stale_when_its_close_date_passed_or_its_stage_stood_for_60_days(metrics):
    assert metrics("Stale", "stale_opportunities") == 3
    assert {row.text for row in metrics.evidence("Stale", "stale_opportunities")} == {
        "sixty",
        "never moved",
        "yesterday",
    }


def test_the_day_of_a_close_date_is_that_of_the_zone(company):
    company.configure(now=NOW.replace(hour=23))
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", '[time]\nzone = "Asia/Tokyo"'))
    found = measured(company, NOW.replace(hour=23))
    company.configure()
    assert (
        found("Stale", "stale_opportunities") == 5
    )  # "today" is yesterday there, and "younger" is older by hours
    assert (
        found("Money", "won_12m") == 9100.1
    )  # what closes tomorrow closes today there, and 364 days ago are 365


def test_renewals_are_the_ends_of_activated_contracts_that_lie_ahead(metrics):
    assert metrics("Due", "renewals_90d", "days_to_renewal") == (2, 10)
    assert len(metrics.evidence("Due", "renewals_90d")) == 2
    assert metrics("Term", "renewals_90d", "days_to_renewal") == (1, (date(2026, 12, 31) - D).days)
    assert metrics("Nothing", "days_to_renewal") is None


def test_renewals_may_stand_in_opportunities_or_in_a_field_and_revenue_in_fields(company):
    company.configure('[renewals]\nsource = "opportunity"\n')
    found = measured(company)
    assert found("Due", "renewals_90d", "days_to_renewal") == (1, 3)
    assert found("Term", "renewals_90d") == 0
    company.configure(MAPPED)
    found = measured(company, evidence_of=SHOWN)
    company.configure(MAPPED.replace('revenue_prior_12m = "Revenue_Prior__c"\n', ""))
    without = measured(company)
    company.configure()
    assert found("Due", "renewals_90d", "days_to_renewal") == (1, 7)
    assert [row.text for row in found.evidence("Due", "renewals_90d")] == ["Due"]
    assert found("Due", "won_12m", "won_prior_12m", "growth_rate") == (70.5, 50, 0.41)
    assert [(row.text, row.value) for row in found.evidence("Due", "won_12m")] == [("Due", 70.5)]
    assert found("Money", "won_12m", "won_prior_12m") == (None, None)
    assert without("Due", "won_12m", "won_prior_12m", "growth_rate") == (70.5, None, None)


def test_deals_of_a_past_day_stand_as_their_history_tells(company, metrics):
    assert metrics("Past", "won_12m", "open_pipeline", "stale_opportunities") == (900, 11, 0)
    before = measured(company, ago(days=60))
    assert before("Past", "won_12m", "open_pipeline", "stale_opportunities") == (
        0,
        522,
        1,
    )  # Prospecting for 40 days
    later = measured(company, ago(days=20))
    assert later("Past", "won_12m", "open_pipeline", "stale_opportunities") == (
        0,
        761,
        0,
    )  # Negotiation for 30 days


def test_hidden_amounts_and_dates_are_unknown(tmp_path):
    book = Book()
    acme = book.account("Acme")
    _won(book, acme, 5, 10.5)
    _open(book, acme, D, 10)
    book.add(
        "AccountPlanObjective",
        AccountPlanId=book.add("AccountPlan", AccountId=acme, Name="P"),
        Name="G",
        EndDate=_day(9),
    )
    hidden = {
        "Opportunity": ["Amount"],
        "AccountPlan": ["StartDate", "EndDate"],
        "AccountPlanObjective": ["Status"],
    }
    book.schema |= {name: {"hidden": columns} for name, columns in hidden.items()}
    with pulled(tmp_path, book, jira=False) as company:
        found = measured(company)
    names = (
        "won_12m",
        "won_prior_12m",
        "open_pipeline",
        "won_this_year",
        "has_annual_plan",
        "overdue_objectives",
    )
    assert set(found("Acme", *names)) == {None}
    assert found("Acme", "stale_opportunities") == 0


def test_without_opportunities_and_contracts_growth_is_unknown(tmp_path):
    book = Book()
    book.account("Acme")
    del book.salesforce["Opportunity"]
    names = ("won_12m", "won_prior_12m", "growth_rate", "open_pipeline", "pipeline_coverage", "renewals_90d", "days_to_renewal",
             "stale_opportunities", "lost_units")  # fmt: skip
    with pulled(tmp_path, book, jira=False) as company:
        assert set(measured(company)("Acme", *names)) == {None}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '[renewals]\nsource = "field"\n',
            'which field of the Account is missing: field = "Renewal_Date__c"',
        ),
        ('[growth]\nrevenue_prior_12m = "X__c"\n', "it is compared with revenue_12m, which is missing"),
    ],
)
def test_a_figure_without_its_field_is_an_error(tmp_path, text, fault):
    path = tmp_path / "rapport.toml"
    path.write_text('[salesforce]\ninstance_url = "https://x.my.salesforce.com"\n' + text)
    with pytest.raises(config_file.ConfigError, match=fault):
        config_file.load(path, {})
