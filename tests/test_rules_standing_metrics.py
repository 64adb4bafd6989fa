"""Positioning and governance by hand: values, what makes them unknown, windows, "never", and the records behind them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from company import NOW, Book, ago
from measured import Measured, fields, measured, pulled

from sync import config as config_file

D = NOW.date()
SECOND = timedelta(seconds=1)
POSITIONING = ("standing", "champions", "sponsor_touch_days", "inbound_opportunity_share", "competitive_win_rate_12m",
               "value_confirmed_12m", "value_age_days", "references_12m")  # fmt: skip
GOVERNANCE = ("has_owner", "has_annual_plan", "has_mission", "days_since_review", "overdue_objectives",
              "objectives_without_action", "orphan_opportunities", "sla_in_place", "days_since_sla_review",
              "unit_contacts_missing")  # fmt: skip


def _day(days: int) -> date:
    return D - timedelta(days=days)


def _deal(book: Book, account: str, days: int, stage: str = "open", **values: object) -> str:
    flags = {"StageName": stage, "IsClosed": stage != "open", "IsWon": stage == "won"}
    return book.add(
        "Opportunity",
        **{"AccountId": account, "Name": f"{stage} {days}", "CloseDate": _day(days), **flags, **values},
    )


def _positioning(book: Book) -> None:
    acme = book.account("Acme", Rapport_Standing__c="preferred", CreatedDate=ago(days=500))
    dana = book.contact(
        acme,
        "dana@acme.example",
        Name="Dana",
        Rapport_Role__c="Executive Sponsor",
        Rapport_Reference_On__c=_day(364),
    )
    lee = book.contact(
        acme,
        "lee@acme.example",
        Name="Lee",
        Rapport_Role__c="Champion; Technical Buyer",
        Rapport_Reference_On__c=_day(365),
    )
    book.contact(acme, "eva@acme.example", Name="Eva", Rapport_Reference_On__c=_day(-1))
    book.call(acme, ago(days=40), dana)
    book.call(acme, ago(days=2), lee)
    won = _deal(
        book,
        acme,
        364,
        "won",
        Rapport_Competitor__c="Rival",
        Rapport_Inbound__c=True,
        CreatedDate=ago(days=365) + SECOND,
    )
    book.add("OpportunityContactRole", OpportunityId=won, ContactId=lee, Role="champion")
    _deal(book, acme, 0, "lost", Rapport_Competitor__c="Rival", CreatedDate=ago(days=10))
    _deal(
        book,
        acme,
        365,
        "lost",
        Rapport_Competitor__c="Rival",
        Rapport_Inbound__c=True,
        CreatedDate=ago(days=365),
    )
    _deal(book, acme, 5, "won")
    _deal(book, acme, -5, Rapport_Competitor__c="Rival", CreatedDate=ago(days=1))
    for days, amount, currency in ((0, 10.25, "USD"), (364, 8, "EUR"), (365, 900, "USD"), (3, None, "CHF")):
        book.add("Rapport_Value__c", Account__c=acme, Outcome__c=f"Saved {days}", Amount__c=amount, CurrencyIsoCode=currency,
                 Confirmed_On__c=_day(days))  # fmt: skip
    book.add(
        "Rapport_Value__c",
        Account__c=acme,
        Outcome__c="Not yet",
        Amount__c=7,
        CurrencyIsoCode="USD",
        Confirmed_On__c=None,
    )
    book.add(
        "Rapport_Value__c",
        Account__c=acme,
        Outcome__c="Ahead",
        Amount__c=7,
        CurrencyIsoCode="USD",
        Confirmed_On__c=_day(-1),
    )
    for iso, rate in (("USD", 1), ("EUR", 0.8)):
        book.add("CurrencyType", IsoCode=iso, ConversionRate=rate)
    franc = book.account("Franc", Rapport_Standing__c="Friend", CreatedDate=ago(days=77, hours=5))
    book.add(
        "Rapport_Value__c",
        Account__c=franc,
        Outcome__c="Saved",
        Amount__c=5,
        CurrencyIsoCode="CHF",
        Confirmed_On__c=_day(9),
    )
    book.account(
        "Never",
        CreatedDate=ago(days=77, hours=5),
        OwnerId=book.add("User", Name="Left", IsActive=False, UserType="Standard"),
    )


def _plan(book: Book, account: str, starts: date | None, ends: date | None) -> str:
    return book.add(
        "AccountPlan", AccountId=account, Name=f"Plan {ends}", Status="Active", StartDate=starts, EndDate=ends
    )


def _goal(book: Book, plan: str, name: str, ends: date | None = None, **values: object) -> str:
    return book.add(
        "AccountPlanObjective",
        **{"AccountPlanId": plan, "Name": name, "Status": "In Progress", "EndDate": ends, **values},
    )


def _governance(book: Book) -> None:
    run = book.account(
        "Run", Rapport_Mission__c="Grow", Rapport_Mission_Date__c=_day(1094), Rapport_SLA_Review__c=_day(20)
    )
    plan = _plan(book, run, D, D)
    _goal(book, plan, "late", _day(1))
    _goal(book, plan, "due", D)
    _goal(book, plan, "done", _day(9), Status="completed")
    called = _goal(book, plan, "called", _day(-9))
    book.add("Task", WhatId=called, Subject="Do it", IsClosed=False, Status="Open", CreatedDate=ago(days=3))
    finished = _goal(book, plan, "finished task", _day(-9))
    book.add(
        "Task",
        WhatId=finished,
        Subject="Did it",
        IsClosed=True,
        CompletedDateTime=ago(days=2),
        CreatedDate=ago(days=9),
    )
    tied = _goal(book, plan, "tied", _day(-9))
    _deal(book, run, -5, Name="for an objective", Rapport_Objective__c=tied)
    lost = _goal(book, plan, "lost", _day(-9))
    _deal(book, run, 5, "lost", Rapport_Objective__c=lost)
    _deal(book, run, -5, Name="orphan")
    over = book.account(
        "Over", Rapport_Mission__c="Grow", Rapport_Mission_Date__c=_day(1095), Rapport_Last_Review__c=_day(12)
    )
    _goal(book, _plan(book, over, _day(90), _day(1)), "of an old plan", _day(9))
    _plan(book, over, _day(-1), _day(-90))
    _plan(book, over, None, None)
    book.meeting(over, ago(days=12, hours=1), Subject="QBR")
    book.meeting(over, ago(days=-5), Subject="Quarterly review")
    begun = book.account("Begun", Rapport_Mission__c="Grow", Rapport_Last_Review__c=_day(-1))
    _plan(book, begun, _day(1), None)
    book.meeting(begun, ago(days=30, hours=23), Subject="Our annual BUSINESS review, part 2")
    book.meeting(begun, ago(days=3), Subject="Review of business")
    book.call(begun, ago(days=2), Subject="QBR")


def _terms(book: Book) -> None:
    for name, starts, ends, status in (("today", D, D, None), ("ended", _day(9), _day(1), "Active"), ("ahead", _day(-1), None, "Active"),
                                       ("undated", None, None, "Active"), ("unnamed", None, None, "Draft")):  # fmt: skip
        account = book.account(f"Term {name}")
        book.add("Entitlement", AccountId=account, Name=name, StartDate=starts, EndDate=ends, Status=status)
    account = book.account("Term service")
    book.add("ServiceContract", AccountId=account, Name="SC", StartDate=_day(5))
    for name, stopped in (
        ("clock", NOW - timedelta(days=365) + SECOND),
        ("old clock", NOW - timedelta(days=365)),
        ("running clock", None),
    ):
        account = book.account(f"Term {name}")
        case = book.case(account)
        book.add(
            "CaseMilestone",
            CaseId=case,
            StartDate=ago(days=500),
            TargetDate=ago(days=400),
            CompletionDate=stopped,
        )


def _units(book: Book) -> None:
    top = book.account("Top")
    book.account("Empty", ParentId=top)
    peopled = book.account("Peopled", ParentId=top)
    book.contact(peopled, "a@peopled.example", Department="Plant South")
    book.contact(top, "b@top.example", Department="Law")


def _book() -> Book:
    book = Book()
    texts = dict.fromkeys(("Rapport_Standing__c", "Rapport_Mission__c"), "string")
    dates = dict.fromkeys(
        ("Rapport_Mission_Date__c", "Rapport_Last_Review__c", "Rapport_SLA_Review__c"), "date"
    )
    fields(book, "Account", **texts, **dates)
    fields(book, "Contact", Rapport_Role__c="string", Rapport_Reference_On__c="date")
    deal = {
        "Rapport_Competitor__c": "string",
        "Rapport_Inbound__c": "boolean",
        "Rapport_Objective__c": "string",
    }
    fields(book, "Opportunity", **deal)
    value = {"Account__c": "string", "Outcome__c": "string", "CurrencyIsoCode": "string"}
    fields(book, "Rapport_Value__c", **value, Amount__c="double", Confirmed_On__c="date")
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    book = _book()
    for part in (_positioning, _governance, _terms, _units):
        part(book)
    units = '[identity.units]\n"Top" = ["plant-south", "Nobody"]\n'
    with pulled(tmp_path_factory.mktemp("standing"), book, units) as found:
        yield found


@pytest.fixture(scope="module")
def metrics(company) -> Measured:
    return measured(company, evidence_of=(*POSITIONING, *GOVERNANCE))


def test_standing_is_what_was_declared(metrics):
    assert metrics("Acme", "standing") == 2
    assert metrics("Franc", "standing") is None
    assert metrics("Never", "standing") is None


def test_champions_are_people_with_that_role_each_once(metrics):
    assert metrics("Acme", "champions") == 1
    assert [row.text for row in metrics.evidence("Acme", "champions")] == ["Lee"]
    assert metrics("Never", "champions") == 0


def test_the_touch_of_a_sponsor_is_the_last_contact_with_one_or_never(metrics):
    assert metrics("Acme", "sponsor_touch_days") == 40
    assert [row.text for row in metrics.evidence("Acme", "sponsor_touch_days")] == ["Dana"]
    assert metrics("Never", "sponsor_touch_days") == 77
    assert [row.text for row in metrics.evidence("Never", "sponsor_touch_days")] == ["never"]


def test_shares_of_deals_look_at_those_created_and_closed_in_12_months(metrics):
    assert metrics("Acme", "inbound_opportunity_share") == pytest.approx(1 / 3)
    assert len(metrics.evidence("Acme", "inbound_opportunity_share")) == 3
    assert metrics("Acme", "competitive_win_rate_12m") == 0.5
    assert [row.text for row in metrics.evidence("Acme", "competitive_win_rate_12m")] == ["won 364", "lost 0"]
    assert metrics("Never", "inbound_opportunity_share", "competitive_win_rate_12m") == (None, None)


def test_confirmed_value_is_the_customers_of_12_months_in_one_currency(metrics):
    assert metrics("Acme", "value_confirmed_12m", "value_age_days") == (20.25, 0)
    assert [row.value for row in metrics.evidence("Acme", "value_confirmed_12m")] == [10.25, 10]
    assert metrics("Franc", "value_confirmed_12m", "value_age_days") == (None, 9)
    assert metrics("Never", "value_confirmed_12m", "value_age_days") == (0, 77)
    assert [row.text for row in metrics.evidence("Never", "value_age_days")] == ["never"]


def test_references_are_the_contacts_who_gave_one_in_12_months(metrics):
    assert metrics("Acme", "references_12m") == 1
    assert [row.text for row in metrics.evidence("Acme", "references_12m")] == ["Dana"]
    assert metrics("Never", "references_12m") == 0


def test_an_account_has_an_owner_when_an_active_user_answers_for_it(metrics):
    assert (metrics("Acme", "has_owner"), metrics("Never", "has_owner")) == (1, 0)


def test_a_plan_covers_the_days_from_its_first_to_its_last(metrics):
    assert [metrics(name, "has_annual_plan") for name in ("Run", "Over", "Begun", "Never")] == [1, 0, 1, 0]
    assert [row.text for row in metrics.evidence("Run", "has_annual_plan")] == [f"Plan {D}"]


def test_a_mission_holds_for_three_years_from_its_date(metrics):
    assert [metrics(name, "has_mission") for name in ("Run", "Over", "Begun", "Never")] == [1, 0, 0, 0]


def test_a_review_is_an_event_that_says_so_or_a_date(metrics):
    assert [metrics(name, "days_since_review") for name in ("Over", "Begun", "Never")] == [12, 30, 77]
    assert [row.text for row in metrics.evidence("Begun", "days_since_review")] == [
        "Our annual BUSINESS review, part 2"
    ]
    assert [row.text for row in metrics.evidence("Never", "days_since_review")] == ["never"]


def test_objectives_count_for_plans_that_cover_the_day_until_they_are_completed(metrics):
    assert metrics("Run", "overdue_objectives", "objectives_without_action") == (1, 4)
    assert [row.text for row in metrics.evidence("Run", "overdue_objectives")] == ["late"]
    without = {row.text for row in metrics.evidence("Run", "objectives_without_action")}
    assert without == {"late", "due", "finished task", "lost"}
    assert metrics("Over", "overdue_objectives", "objectives_without_action") == (0, 0)


def test_an_open_deal_that_serves_no_objective_is_an_orphan(metrics):
    assert metrics("Run", "orphan_opportunities") == 1
    assert [row.text for row in metrics.evidence("Run", "orphan_opportunities")] == ["orphan"]
    assert metrics("Acme", "orphan_opportunities") == 1


def test_service_levels_are_in_place_by_dates_or_clocks(metrics):
    names = (
        "today",
        "ended",
        "ahead",
        "undated",
        "unnamed",
        "service",
        "clock",
        "old clock",
        "running clock",
    )
    assert [metrics(f"Term {name}", "sla_in_place") for name in names] == [1, 0, 0, 1, 0, 1, 1, 0, 1]
    assert metrics("Run", "days_since_sla_review") == 20
    assert metrics("Never", "days_since_sla_review") == 77


def test_a_unit_has_a_contact_in_a_department_of_the_account_or_a_child_or_anybody_of_the_child(metrics):
    assert metrics("Top", "org_units_known", "unit_contacts_missing") == (5, 2)
    assert {row.text for row in metrics.evidence("Top", "unit_contacts_missing")} == {"Empty", "Nobody"}
    assert metrics("Never", "unit_contacts_missing") == 0


def test_of_two_days_the_zone_decides(company):
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", '[time]\nzone = "Pacific/Kiritimati"'))
    found = measured(company)  # tomorrow there
    company.config_path.write_text(text)
    assert found("Acme", "value_age_days", "references_12m") == (
        0,
        1,
    )  # what was ahead is today, what was in the window is not
    assert [found(name, "has_annual_plan", "has_mission") for name in ("Run", "Over")] == [(0, 0), (1, 0)]
    assert found("Term today", "sla_in_place") == 0


def test_objectives_and_values_whose_dates_or_amounts_are_hidden_are_unknown(tmp_path):
    book = _book()
    _governance(book)
    _positioning(book)
    hidden = {
        "AccountPlan": ["StartDate"],
        "AccountPlanObjective": ["EndDate"],
        "Rapport_Value__c": ["Amount__c"],
    }
    for name, columns in hidden.items():
        book.schema.setdefault(name, {})["hidden"] = columns
    with pulled(tmp_path, book, jira=False) as company:
        found = measured(company)
    assert found("Run", "has_annual_plan", "overdue_objectives", "objectives_without_action") == (1, None, 4)
    assert found("Acme", "value_confirmed_12m", "value_age_days") == (None, 0)


def test_what_is_on_record_nowhere_or_too_rarely_is_unknown(tmp_path):
    book = Book()
    fields(
        book,
        "Account",
        Rapport_Standing__c="string",
        Rapport_Mission__c="string",
        Rapport_SLA_Review__c="date",
    )
    acme = book.account(
        "Acme", Rapport_Standing__c="Partner", Rapport_Mission__c="Grow", Rapport_SLA_Review__c=D
    )
    for number in range(20):
        book.account(f"Other {number}")
    _deal(book, acme, -5, CreatedDate=ago(days=5))
    fields(book, "Opportunity", CurrencyIsoCode="string")
    _deal(book, acme, 5, "won", Amount=10.5, CurrencyIsoCode="EUR")
    with pulled(tmp_path, book, jira=False) as company:
        found = measured(company)
    assert found("Acme", "won_12m") == 10.5  # one currency needs no rate
    known = {name for name in (*POSITIONING, *GOVERNANCE) if found("Acme", name) is not None}
    assert known == {"has_owner", "unit_contacts_missing"}


# -- manual_input_share ------------------------------------------------------------------------------------------------


def test_the_share_of_manual_input_is_that_of_known_metrics_which_rest_on_declared_ones(company, metrics):
    declared = {"standing", "has_mission", "days_since_sla_review", "inbound_opportunity_share", "competitive_win_rate_12m",
                "references_12m"}  # fmt: skip
    known = {
        name
        for name, value in metrics.by_account["Acme"].items()
        if value is not None and name not in {"manual_input_share", "quadrant", "tier_mismatch"}
    }
    declared |= {"plan_gaps"} & known  # the mission is one of the gaps
    assert declared <= known
    assert metrics("Acme", "manual_input_share") == len(declared) / len(known)
    own = '[metrics.half]\nexpr = "manual_input_share / 2"\n[metrics.twice]\nexpr = "standing * 2"\n'
    probe = "[[scorecards.probe.measures]]\nmetric = 'half'\nweight = 1\npoints = [[0, 0], [1, 100]]\n"
    text = company.config_path.read_text()
    company.config_path.write_text(text + own + probe)
    told = company.explain("Acme")["scorecards"]["probe"]["measures"][0]
    company.config_path.write_text(text)
    assert told["value"] == (len(declared) + 1) / (len(known) + 1) / 2
    assert told["evidence_total"] == len(known) + 1
    assert [row["value"] for row in told["evidence"][: len(declared) + 2]] == [1] * (len(declared) + 1) + [0]


def test_a_metric_of_that_name_cannot_be_defined(tmp_path):
    path = tmp_path / "rapport.toml"
    text = '[salesforce]\ninstance_url = "https://x.my.salesforce.com"\n[metrics.manual_input_share]\nexpr = "standing"\n'
    path.write_text(text)
    with pytest.raises(config_file.ConfigError, match='"manual_input_share" has a meaning of its own'):
        config_file.load(path, {})
