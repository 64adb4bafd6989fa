"""What should stand on an account: numbers, words, the next thing to do, and when the words are worth a write."""

from __future__ import annotations

from datetime import timedelta

import pytest
from company import CUSTOMER, NO_RULES, NOW, STAFF, ago

ONE_MEASURE = """
[[scorecards.health.measures]]
metric = "{metric}"
weight = 1
points = [[0, 100], [{zero_at}, 0]]
[scorecards.health]
caps = []
[[scorecards.penetration.measures]]
metric = "{metric}"
weight = 1
points = [[0, 100], [{zero_at}, 0]]
"""


def one_measure(metric: str, zero_at: int) -> str:
    return ONE_MEASURE.format(metric=metric, zero_at=zero_at)


def acme(company) -> dict:
    return next(record for record in company.org("Account") if record["Name"] == "Acme")


def next_hour(company):
    now = company.config.time.now + timedelta(hours=1)
    company.at(now)
    return now


def change_of(company) -> dict[str, object]:
    """The fields that the plan would write on Acme now."""
    company.pull()
    found = [
        change for change in company.plan().changes if change.account == "Acme" and change.object == "Account"
    ]
    return found[0].after if found else {}


def test_the_words_name_what_costs_most_with_the_records_behind_it(book, serve):
    account = book.account("Acme")
    question = book.issue("SUP-1", account, service=True, reporter=CUSTOMER)
    book.comment(question, CUSTOMER, ago(days=3))
    company = serve(book)
    company.configure(one_measure("unanswered_comments", 3))
    company.sync()
    held = acme(company)
    assert (held["Rapport_Health__c"], held["Rapport_Band__c"], held["Rapport_Confidence__c"]) == (
        67,
        "Amber",
        100,
    )
    assert held["Rapport_Why__c"].splitlines()[0] == "−33  unanswered questions: 1 message (SUP-1)"
    assert held["Rapport_Next_Action__c"].startswith("Call back Acme")


def test_no_more_is_said_than_a_person_reads(book, serve):
    waiting = book.issue("SUP-1", book.account("Acme"), service=True, reporter=CUSTOMER)
    book.comment(waiting, CUSTOMER, ago(days=9))
    book.call(book.account("Nordwind"), ago(days=1))
    company = serve(book)
    company.sync()
    assert len(acme(company)["Rapport_Why__c"].splitlines()) == 3


def test_an_account_that_lacks_nothing_says_nothing(book, serve):
    book.contact(book.account("Acme"))
    company = serve(book)
    company.configure(one_measure("open_issues", 10) + NO_RULES)
    company.sync()
    held = acme(company)
    assert (held["Rapport_Health__c"], held["Rapport_Band__c"]) == (100, "Green")
    assert (held.get("Rapport_Why__c"), held.get("Rapport_Next_Action__c")) == (None, None)
    assert change_of(company) == {}


def test_an_account_of_which_too_little_is_known_has_no_number(book, serve):
    book.contact(book.account("Acme"))
    company = serve(book)
    company.configure(jira=False)
    company.sync()
    held = acme(company)
    assert (held.get("Rapport_Health__c"), held["Rapport_Band__c"]) == (None, "Unknown")
    assert held["Rapport_Why__c"] == "too little is known for a score"
    assert change_of(company) == {}


def test_nobody_but_managed_accounts_is_written(book, serve):
    book.account("Acme")
    book.account("Prospect", Type="Prospect")
    company = serve(book)
    company.sync()
    assert [record["Name"] for record in company.org("Account") if record.get("Rapport_Band__c")] == ["Acme"]


@pytest.fixture
def waiting(book, serve):
    """Acme has seven open questions, and its score is beyond the end of its curve."""
    account = book.account("Acme")
    for number in range(1, 8):
        issue = book.issue(f"SUP-{number}", account, service=True, reporter=CUSTOMER)
        book.comment(issue, CUSTOMER, ago(days=5))
    company = serve(book)
    company.configure(one_measure("unanswered_comments", 3) + NO_RULES)
    company.sync()
    return company


def test_words_follow_their_numbers_also_where_no_score_can_move(waiting):
    """More wait than can be named, so neither the score nor the names that are shown say that the number grew."""
    assert "7 messages" in acme(waiting)["Rapport_Why__c"]
    now = next_hour(waiting)
    with waiting.simulator.edit() as (_, site):
        like = site.issue("SUP-1")["fields"]
        for number in range(6):
            fields = {name: like[name] for name in ("project", "issuetype", "customfield_10050", "reporter")}
            made = site.create_issue({**fields, "summary": f"Z {number}"}, at=now - timedelta(hours=2))
            site.add_comment(made["key"], "?", at=now - timedelta(hours=2), author=CUSTOMER)
    assert list(change_of(waiting)) == ["Rapport_Why__c"]
    waiting.sync()
    assert "13 messages" in acme(waiting)["Rapport_Why__c"]
    assert change_of(waiting) == {}


def test_one_unit_more_is_no_news(waiting):
    now = next_hour(waiting)
    with waiting.simulator.edit() as (_, site):
        site.add_comment("SUP-7", "answered", at=now - timedelta(hours=1), author=STAFF)
    assert change_of(waiting) == {}


def test_other_records_behind_the_same_number_are_news(book, serve):
    account = book.account("Acme")
    for number in (1, 2):
        issue = book.issue(f"SUP-{number}", account, service=True, reporter=CUSTOMER)
        if number == 1:
            book.comment(issue, CUSTOMER, ago(days=5))
    company = serve(book)
    company.configure(one_measure("unanswered_comments", 3) + NO_RULES)
    company.sync()
    assert "SUP-1" in acme(company)["Rapport_Why__c"]
    now = next_hour(company)
    with company.simulator.edit() as (_, site):
        site.add_comment("SUP-1", "answered", at=now, author=STAFF)
        site.add_comment("SUP-2", "?", at=now, author=CUSTOMER)
    assert list(change_of(company)) == ["Rapport_Why__c"]


def test_growing_older_is_no_news_but_a_new_start_is(book, serve):
    account = book.account("Acme")
    book.call(account, ago(days=40))
    company = serve(book)
    company.configure(one_measure("days_since_contact", 20) + NO_RULES)
    company.sync()
    assert "40 days" in acme(company)["Rapport_Why__c"]
    company.at(NOW + timedelta(days=30))
    assert change_of(company) == {}
    with company.simulator.edit() as (org, _):
        org.add("Task", WhatId=account, AccountId=account, TaskSubtype="Call", Status="Completed", Subject="Call",
                CompletedDateTime=(NOW + timedelta(days=15)).isoformat(), OwnerId=book.user)  # fmt: skip
    assert "15 days" in str(change_of(company)["Rapport_Why__c"])


def test_the_next_action_is_the_gravest_rule_and_goes_with_it(book, serve):
    account = book.account("Acme")
    book.call(account, ago(days=40))
    issue = book.issue("SUP-1", account, service=True, reporter=CUSTOMER)
    book.comment(issue, CUSTOMER, ago(days=3))
    company = serve(book)
    company.sync()
    assert acme(company)["Rapport_Next_Action__c"].startswith("Call back Acme")
    now = next_hour(company)
    with company.simulator.edit() as (org, site):
        site.add_comment("SUP-1", "answered", at=now, author=STAFF)
    company.sync()
    assert acme(company)["Rapport_Next_Action__c"] == "Get in touch with Acme: no contact for 40 days"
    with company.simulator.edit() as (org, _):
        org.add("Task", WhatId=account, AccountId=account, TaskSubtype="Call", Status="Completed", Subject="Call",
                CompletedDateTime=now.isoformat(), OwnerId=book.user)  # fmt: skip
    next_hour(company)
    company.sync()
    assert acme(company)["Rapport_Next_Action__c"] is None


def test_another_rule_over_the_same_facts_is_another_action(book, serve):
    account = book.account("Acme")
    for number in range(2):
        book.issue(f"A-{number + 1}", account)
    rule = """
[rules.{name}]
when = "open_issues >= 1"
kind = "fix"
severity = "{severity}"
subject = "{name} {{{{account}}}}"
due = "1 business day"
cooldown = "7 days"
"""
    company = serve(book)
    company.configure(NO_RULES + rule.format(name="look_at", severity="normal"))
    company.sync()
    assert acme(company)["Rapport_Next_Action__c"] == "look_at Acme"
    company.configure(
        NO_RULES
        + rule.format(name="look_at", severity="normal")
        + rule.format(name="hurry_to", severity="high")
    )
    assert change_of(company)["Rapport_Next_Action__c"] == "hurry_to Acme"


def test_words_are_cut_to_the_field(book, serve):
    for field in book.schema["Account"]["fields"]:
        if field["name"] in ("Rapport_Why__c", "Rapport_Next_Action__c"):
            field["length"] = 40
            field["type"] = "string" if field["name"] == "Rapport_Next_Action__c" else "textarea"
    account = book.account("Acme")
    issue = book.issue("SUP-1", account, service=True, reporter=CUSTOMER)
    book.comment(issue, CUSTOMER, ago(days=3))
    book.call(account, ago(days=40))
    company = serve(book)
    told = company.sync()
    assert told["quarantined"] == 0
    held = acme(company)
    for name in ("Rapport_Why__c", "Rapport_Next_Action__c"):
        assert len(held[name]) <= 40
        assert held[name].endswith("…")
    assert change_of(company) == {}
