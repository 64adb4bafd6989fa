"""What a rule says about an account: fires, silent, unknown; why, whom it concerns, until when, and in which words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from company import CUSTOMER, NOW, ago

from rules import tasks
from rules.calendar import BusinessHours
from sync.material import moved
from sync.measure import business_hours

D = NOW.date()  # a Wednesday
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _outcomes(company, *, tracked=(), as_of=NOW, hours: BusinessHours | None = None) -> dict:
    """(rule, account name) -> outcome"""
    with company.measured(as_of) as (config, mirror, instant):
        own = hours or business_hours(config)
        ids = dict(mirror.connection.execute("select Name, Id from sf_account").fetchall())
        found = tasks.outcomes(
            mirror.connection,
            config.catalogue,
            tracked=[(rule, ids[account]) for rule, account in tracked],
            day=own.day_of(instant),
            hours=own,
        )
    return {(each.rule, each.account): each for each in found}


def _configure(company, extra: str) -> None:
    company.configure(extra.replace("{", "{{").replace("}", "}}"))  # braces are those of rules


def _rule(name: str, when: str, *, subject: str = "Do something for {account}", **keys: object) -> str:
    lines = [f"[rules.{name}]", f'when = "{when}"', "kind = 'fix'", f"subject = '{subject}'"]
    return "\n".join([*lines, *(f"{key} = {value!r}" for key, value in keys.items())]) + "\n"


def _waiting(book, account: str, hours: float, author: dict = CUSTOMER, key: str = "ACME-1") -> None:
    issue = book.issue(key, account, service=True, reporter=CUSTOMER, summary="Secret title")
    book.comment(issue, author, ago(hours=hours))


# -- states and reasons --------------------------------------------------------------------------------------------------


def test_a_rule_fires_is_silent_or_unknown_and_says_which_part_decides(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=1))
    _waiting(book, acme, 30)
    quiet = book.account("Quiet")
    book.call(quiet, ago(days=35))
    for department in ("IT", "HR", "Sales"):
        book.contact(quiet, Department=department)
    company = serve(book)
    company.pull()
    tracked = [("call_back", "Quiet"), ("re_engage", "Acme"), ("reach_unit", "Quiet")]
    found = _outcomes(company, tracked=tracked)
    told = {key: (each.state, each.reason) for key, each in found.items()}
    assert told == {
        ("call_back", "Acme"): ("fires", "oldest unanswered question: 11 business hours, over 8"),
        ("call_back", "Quiet"): ("silent", "oldest unanswered question: 0 business hours, not over 8"),
        ("status_update", "Acme"): (
            "fires",
            "active projects: 1, over 0; days since a status update: 1000, over 21",
        ),
        ("re_engage", "Acme"): ("silent", "days since contact: 1, not over 30"),
        ("re_engage", "Quiet"): ("fires", "days since contact: 35, over 30"),
        ("reach_unit", "Quiet"): ("unknown", "share of units engaged: unknown"),
    }


def test_nothing_is_said_of_rules_switched_off_of_silent_ones_that_nobody_tracks_of_accounts_not_managed(
    book, serve
):
    book.call(book.account("Acme"), ago(days=1))
    book.account("Prospect", Type="Prospect", CreatedDate=ago(days=500))
    company = serve(book)
    _configure(company, _rule("off", "days_since_contact >= 0", enabled=False).replace("False", "false"))
    company.pull()
    assert _outcomes(company, tracked=[("re_engage", "Prospect"), ("off", "Acme")]) == {}


def test_a_metric_may_be_called_as_the_query_calls_its_own(book, serve):
    book.call(book.account("Acme"), ago(days=40))
    company = serve(book)
    metric = "source = 'moments'\naggregate = 'count'\n"
    _configure(
        company,
        f"[metrics.holds]\n{metric}[metrics.clause_0]\n{metric}" + _rule("own", "holds > 0 and clause_0 > 0"),
    )
    company.pull()
    assert _outcomes(company)["own", "Acme"].basis["numbers"] == {"clause_0": 1, "holds": 1}


def test_scores_and_bands_in_conditions_are_told_like_metrics(book, serve):
    book.call(book.account("Acme"), ago(days=200))
    other = book.account("Other")
    book.call(other, ago(days=1))
    company = serve(book)
    _configure(company, _rule("rescue", "health_score < 60 and health_band in ('amber', 'red')"))
    company.pull()
    outcome = _outcomes(company)["rescue", "Acme"]
    assert (
        outcome.reason == "Health: 55 points, under 60; Health band: amber (health_band in ('amber', 'red'))"
    )
    assert outcome.description.startswith("Health: 55 points\nHealth band: amber\n")
    assert (outcome.basis["band"], outcome.basis["numbers"]) == ("amber", {"health_score": 55})


# -- whom ----------------------------------------------------------------------------------------------------------------


def test_the_contact_concerned_is_the_one_who_waits(book, serve):
    acme = book.account("Acme")
    book.contact(acme, "lee@acme.example", Name="Lee Wong")
    dana = book.contact(acme, "dana@acme.example", Name="Dana\u202e Okafor")
    _waiting(book, acme, 30)
    company = serve(book)
    _configure(company, "[rules.call_back]\nsubject = 'Call {contact}'\n")
    company.pull()
    outcome = _outcomes(company)["call_back", "Acme"]
    assert (outcome.who_id, outcome.subject) == (dana, "Call Dana Okafor")


@pytest.mark.parametrize("gone", [{"IsDeleted": True}, None])
def test_a_contact_who_is_gone_is_named_to_nobody(book, serve, gone):
    acme = book.account("Acme")
    dana = book.contact(acme, "dana@acme.example", Name="Dana", **(gone or {}))
    book.call(acme, ago(days=40), dana)
    company = serve(book)
    _configure(company, "[rules.re_engage]\nsubject = 'Call {contact}'\n")
    company.pull()
    outcome = _outcomes(company)["re_engage", "Acme"]
    # without a person the account stands in, so that no subject ends in a dash
    assert (outcome.who_id, outcome.subject) == ((None, "Call Acme") if gone else (dana, "Call Dana"))


def test_somebody_of_the_account_comes_before_somebody_else(book, serve):
    partner = book.account("Partner")
    zed = book.contact(partner, "zed@partner.example", Name="Zed")
    acme = book.account("Acme")
    dana = book.contact(acme, "dana@acme.example", Name="Dana")
    for days in (2, 3, 4, 5):
        book.call(acme, ago(days=days), zed)
    book.call(acme, ago(days=6), dana)
    company = serve(book)
    company.pull()
    assert _outcomes(company)["widen_contacts", "Acme"].who_id == dana


def test_the_task_says_why_it_is_yours(book, serve):
    boss = book.add(
        "User", Name="B. Boss", Username="boss@vendor.example", IsActive=True, UserType="Standard"
    )
    left = book.add(
        "User",
        Name="L. Eft",
        Username="left@vendor.example",
        IsActive=False,
        UserType="Standard",
        ManagerId=boss,
    )
    mine, orphan = book.account("Mine"), book.account("Orphan", OwnerId=left)
    for account in (mine, orphan):
        book.call(account, ago(days=40))
    company = serve(book)
    _configure(company, "[rules.re_engage]\nsubject = 'Ask {account_manager}'\n")
    company.pull()
    found = _outcomes(company)
    assert "Why you: you are the account manager of Mine." in found["re_engage", "Mine"].description
    stands_in = found["re_engage", "Orphan"]
    assert (stands_in.owner_id, stands_in.owner_name) == (boss, "B. Boss")
    assert "Why you: Orphan has no active account manager, and you stand in." in stands_in.description
    assert found["re_engage", "Mine"].subject == "Ask M. Ferrari"


def test_where_nobody_is_left_the_task_belongs_to_nobody(book, serve):
    left = book.add(
        "User", Name="L. Eft", Username="left@vendor.example", IsActive=False, UserType="Standard"
    )
    book.call(book.account("Orphan", OwnerId=left), ago(days=40))
    company = serve(book)
    company.pull()
    assert _outcomes(company)["re_engage", "Orphan"].owner_id is None


# -- due -----------------------------------------------------------------------------------------------------------------


def test_tasks_are_due_on_business_days(book, serve):
    book.call(book.account("Acme"), ago(days=40))
    expected = {
        "1 business day": date(2026, 11, 20),  # Thursday is a holiday
        "3 business days": date(2026, 11, 24),
        "0 business days": D,
        "0 days": D,
        "1 day": date(2026, 11, 20),
        "3 days": date(2026, 11, 23),  # not on a Saturday
        "4 days": date(2026, 11, 23),
    }
    company = serve(book)
    rules = [
        _rule(f"r{n}", "days_since_contact > 30", subject="Until {due}", due=due)
        for n, due in enumerate(expected)
    ]
    _configure(company, "\n".join(rules))
    company.pull()
    found = _outcomes(company, hours=BusinessHours(holidays=frozenset({date(2026, 11, 19)})))
    outcomes = [found[f"r{n}", "Acme"] for n in range(len(expected))]
    assert [each.due for each in outcomes] == list(expected.values())
    assert outcomes[0].subject == "Until 2026-11-20"


# -- words ---------------------------------------------------------------------------------------------------------------


def test_a_description_can_be_understood_and_refused(book, serve):
    acme = book.account("Acme")
    _waiting(book, acme, 4 * 24, key="ACME-412")
    _waiting(book, acme, 3, key="ACME-398")
    company = serve(book)
    _configure(
        company,
        _rule("own", "oldest_unanswered_business_hours > 8 and unanswered_comments > 1", cooldown="10 days"),
    )
    company.pull()
    assert _outcomes(company)["own", "Acme"].description == (
        "Oldest unanswered question: 19 business hours (ACME-412)\n"
        "Unanswered questions: 2 messages (ACME-398, ACME-412)\n"
        "Why you: you are the account manager of Acme.\n"
        "\n"
        "This closes itself when that is no longer so.\n"
        'Not useful? Set "Rapport answer" to Not useful, or delete this; it will not come back for about 6 weeks.'
    )


def test_the_words_of_a_rule_stand_beside_the_facts_and_nothing_is_said_twice(book, serve):
    book.account("Quiet", CreatedDate=ago(days=300))
    book.call(book.account("Other"), ago(days=1))
    company = serve(book)
    company.pull()
    lines = _outcomes(company)["re_engage", "Quiet"].description.split("\n")
    assert lines[:3] == [
        "Days since contact: 300 (never)",
        "Why you: you are the account manager of Quiet.",
        "",
    ]
    assert sum("Not useful?" in line for line in lines) == 1
    assert sum("closes itself" in line for line in lines) == 1


def test_a_task_that_stays_does_not_promise_to_close_itself(book, serve):
    book.call(book.account("Acme"), ago(days=40))
    company = serve(book)
    _configure(company, _rule("own", "days_since_contact > 30", on_clear="leave"))
    company.pull()
    assert "closes itself" not in _outcomes(company)["own", "Acme"].description


def test_contacts_are_counted_not_listed_and_people_are_named(book, serve):
    acme = book.account("Acme")
    dana = book.contact(acme, "dana@acme.example", Name="Dana Okafor")
    for days in range(1, 9):
        book.call(acme, ago(days=days), dana)
    company = serve(book)
    company.pull()
    lines = _outcomes(company)["widen_contacts", "Acme"].description.split("\n")
    assert lines[:2] == ["People the contact rests on: 1 (Dana Okafor)", "Contacts in 90 days: 8 moments"]


def test_nothing_from_outside_turns_breaks_or_overflows_a_text(book, serve):
    evil = "Evil\u202e\u0007\r\n{account}\u2066 " + "x" * 200
    acme = book.account(evil)
    dana = book.contact(acme, "dana@acme.example", Name="D\u2028ana\u200f")
    for days in range(1, 5):
        book.call(acme, ago(days=days), dana, Subject="Call\u202e\x00\nme")
    _waiting(book, acme, 30)
    company = serve(book)
    _configure(
        company,
        "[rules.call_back]\nsubject = '{account} {account} {contact}'\n" + _rule("all", "moments_90d > 0"),
    )
    company.pull()
    found = _outcomes(company)
    assert {rule for rule, _ in found} == {"call_back", "status_update", "all", "widen_contacts"}
    for outcome in found.values():
        assert len(outcome.subject) <= 255
        assert "\n" not in outcome.subject + outcome.account + outcome.reason
        for text in (outcome.subject, outcome.description, outcome.reason, outcome.account):
            assert not FORBIDDEN.search(text)
            assert "Secret title" not in text
    assert "{account}" in found["all", outcome.account].subject, "values are not expanded again"


# -- what the words rest on ----------------------------------------------------------------------------------------------


def test_mere_ageing_moves_nothing_and_a_new_fact_does(book, serve):
    acme = book.account("Acme")
    _waiting(book, acme, 30)
    for days in range(1, 20):
        book.call(acme, ago(days=days * 4 + 2))
    company = serve(book)
    _configure(
        company,
        _rule("own", "oldest_unanswered_business_hours > 8 and days_since_contact < 30 and moments_90d > 3"),
    )
    company.pull()
    today = _outcomes(company)["own", "Acme"].basis
    later = _outcomes(company, as_of=NOW + timedelta(days=3))["own", "Acme"].basis
    assert today["numbers"] != later["numbers"]
    assert today["ageing"] == ["days_since_contact", "oldest_unanswered_business_hours"]
    assert moved(today, later), "three more days of waiting made the account amber, which is news"
    assert not moved(today, {**later, "band": today["band"]})
    assert moved(today, {**today, "records": [*today["records"], "default:1"]})


def test_a_number_in_the_words_is_part_of_what_they_rest_on(book, serve):
    acme = book.account("Acme")
    _waiting(book, acme, 30)
    company = serve(book)
    company.pull()
    basis = _outcomes(company)["call_back", "Acme"].basis
    assert basis["numbers"]["unanswered_comments"] == 1  # in its description only
    assert len(basis["records"]) == 1


def test_only_named_records_are_part_of_the_basis(book, serve):
    acme = book.account("Acme")
    for number in range(1, 30):
        book.issue(f"ACME-{number}", acme, due=D - timedelta(days=2))
    company = serve(book)
    _configure(company, _rule("late", "overdue_issues > 3"))
    company.pull()
    outcome = _outcomes(company)["late", "Acme"]
    assert "(ACME-1, ACME-2, ACME-3, ACME-4, ACME-5 and 24 more)" in outcome.description
    assert len(outcome.basis["records"]) == 5


def test_outcomes_are_sorted_and_the_same_each_time(book, serve):
    for name in ("B", "A", "C"):
        account = book.account(name)
        book.call(account, ago(days=40))
        _waiting(book, account, 30, key=f"{name}{name}-1")
    company = serve(book)
    company.pull()
    found = list(_outcomes(company).values())
    assert found == list(_outcomes(company).values())
    assert [(each.rule, each.account_id) for each in found] == sorted(
        (each.rule, each.account_id) for each in found
    )
    assert replace(found[0], state="silent").rule == found[0].rule
