"""What should stand on an account: numbers, words, the next thing to do, and when the words are worth a write."""

from __future__ import annotations

from datetime import timedelta

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


def held_of(company, name: str = "Acme") -> dict:
    return next(record for record in company.org("Account") if record["Name"] == name)


def next_hour(company):
    now = company.config.time.now + timedelta(hours=1)
    company.at(now)
    return now


def changes_of(company) -> dict[str, dict[str, object]]:
    """The fields that the plan would write on each account now."""
    company.pull()
    return {change.account: change.after for change in company.plan().changes if change.object == "Account"}


def ask(book, account: str, *keys: str, days: int) -> None:
    """An issue for each key, in which the customer asked so many days ago."""
    for key in keys:
        book.comment(book.issue(key, account, service=True, reporter=CUSTOMER), CUSTOMER, ago(days=days))


def test_the_words_name_what_costs_most_with_the_records_behind_it_on_managed_accounts(book, serve):
    ask(book, book.account("Acme"), "SUP-1", days=3)
    book.account("Prospect", Type="Prospect")
    company = serve(book)
    company.configure(one_measure("unanswered_comments", 3))
    company.sync()
    held = held_of(company)
    assert (held["Rapport_Health__c"], held["Rapport_Band__c"], held["Rapport_Confidence__c"]) == (
        67,
        "Amber",
        100,
    )
    assert held["Rapport_Why__c"].splitlines() == [
        "−33  unanswered questions: 1 message",
        f"    • SUP-1  {company.simulator.jira_url}/browse/SUP-1",
    ]
    assert held["Rapport_Next_Action__c"].startswith("Call back Acme")
    assert [record["Name"] for record in company.org("Account") if record.get("Rapport_Band__c")] == ["Acme"]


def test_an_account_of_which_too_little_is_known_has_no_number(book, serve):
    book.contact(book.account("Acme"))
    company = serve(book)
    company.configure(jira=False)
    company.sync()
    held = held_of(company)
    assert (held.get("Rapport_Health__c"), held["Rapport_Band__c"]) == (None, "Unknown")
    assert held["Rapport_Why__c"].startswith("too little is known for a score: ")
    assert changes_of(company) == {}


def test_words_follow_their_numbers_and_records_but_one_unit_more_is_no_news(book, serve):
    """Acme and Beta have seven open questions, and scores beyond the end of the curve; Gamma has one of two."""
    for letter, name in (("A", "Acme"), ("B", "Beta")):
        ask(book, book.account(name), *(f"SUP-{letter}{number}" for number in range(1, 8)), days=5)
    gamma = book.account("Gamma")
    ask(book, gamma, "SUP-G1", days=5)
    book.issue("SUP-G2", gamma, service=True, reporter=CUSTOMER)
    company = serve(book)
    company.configure(one_measure("unanswered_comments", 3) + NO_RULES)
    company.sync()
    assert "7 messages" in held_of(company)["Rapport_Why__c"]
    assert "SUP-G1" in held_of(company, "Gamma")["Rapport_Why__c"]
    now = next_hour(company)
    with company.simulator.edit() as (_, site):
        # more wait at Acme than can be named, so neither the score nor the names that are shown say that it grew
        like = site.issue("SUP-A1")["fields"]
        for number in range(6):
            fields = {name: like[name] for name in ("project", "issuetype", "customfield_10050", "reporter")}
            made = site.create_issue({**fields, "summary": f"Z {number}"}, at=now - timedelta(hours=2))
            site.add_comment(made["key"], "?", at=now - timedelta(hours=2), author=CUSTOMER)
        site.add_comment("SUP-B7", "answered", at=now - timedelta(hours=1), author=STAFF)
        site.add_comment("SUP-G1", "answered", at=now, author=STAFF)
        site.add_comment("SUP-G2", "?", at=now, author=CUSTOMER)
    words = ["Rapport_Why__c"]  # and one unit less at Beta is no news
    assert {name: list(after) for name, after in changes_of(company).items()} == {
        "Acme": words,
        "Gamma": words,
    }
    company.sync()
    assert "13 messages" in held_of(company)["Rapport_Why__c"]
    assert "SUP-G2" in held_of(company, "Gamma")["Rapport_Why__c"]
    assert changes_of(company) == {}


def test_growing_older_is_no_news_but_a_new_start_is(book, serve):
    account = book.account("Acme")
    book.call(account, ago(days=40))
    company = serve(book)
    company.configure(one_measure("days_since_contact", 20) + NO_RULES)
    company.sync()
    assert "days since contact: 40\n" in held_of(company)["Rapport_Why__c"]
    company.at(NOW + timedelta(days=30))
    assert changes_of(company) == {}
    with company.simulator.edit() as (org, _):
        org.add("Task", WhatId=account, AccountId=account, TaskSubtype="Call", Status="Completed", Subject="Call",
                CompletedDateTime=(NOW + timedelta(days=15)).isoformat(), OwnerId=book.user)  # fmt: skip
    assert "days since contact: 15\n" in str(changes_of(company)["Acme"]["Rapport_Why__c"])


def test_the_next_action_is_the_gravest_rule_and_goes_with_it(book, serve):
    account = book.account("Acme")
    book.call(account, ago(days=40))
    ask(book, account, "SUP-1", days=3)
    company = serve(book)
    company.sync()
    assert held_of(company)["Rapport_Next_Action__c"].startswith("Call back Acme")
    reasons = [line for line in held_of(company)["Rapport_Why__c"].splitlines() if line.startswith("−")]
    assert len(reasons) == 3  # no more than a person reads
    now = next_hour(company)
    with company.simulator.edit() as (org, site):
        site.add_comment("SUP-1", "answered", at=now, author=STAFF)
    company.sync()
    assert held_of(company)["Rapport_Next_Action__c"] == "Get in touch with Acme: no contact for 40 days"
    with company.simulator.edit() as (org, _):
        org.add("Task", WhatId=account, AccountId=account, TaskSubtype="Call", Status="Completed", Subject="Call",
                CompletedDateTime=now.isoformat(), OwnerId=book.user)  # fmt: skip
    next_hour(company)
    company.sync()
    assert held_of(company)["Rapport_Next_Action__c"] is None


def test_another_rule_over_the_same_facts_is_another_action_and_who_lacks_nothing_hears_nothing(book, serve):
    account = book.account("Acme")
    for number in range(2):
        book.issue(f"A-{number + 1}", account)
    book.contact(book.account("Calm"))
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
    measured = one_measure("open_issues", 10) + NO_RULES + rule.format(name="look_at", severity="normal")
    company.configure(measured)
    company.sync()
    assert held_of(company)["Rapport_Next_Action__c"] == "look_at Acme"
    calm = held_of(company, "Calm")
    assert (calm["Rapport_Health__c"], calm["Rapport_Band__c"]) == (100, "Green")
    assert (calm.get("Rapport_Why__c"), calm.get("Rapport_Next_Action__c")) == (None, None)
    company.configure(measured + rule.format(name="hurry_to", severity="high"))
    changes = changes_of(company)
    assert changes["Acme"]["Rapport_Next_Action__c"] == "hurry_to Acme"
    assert "Calm" not in changes


def test_words_are_cut_to_the_field(book, serve):
    for field in book.schema["Account"]["fields"]:
        if field["name"] in ("Rapport_Why__c", "Rapport_Next_Action__c"):
            field["length"] = 40
            field["type"] = "string" if field["name"] == "Rapport_Next_Action__c" else "textarea"
    account = book.account("Acme")
    ask(book, account, "SUP-1", days=3)
    book.call(account, ago(days=40))
    company = serve(book)
    told = company.sync()
    assert told["quarantined"] == 0
    held = held_of(company)
    for name in ("Rapport_Why__c", "Rapport_Next_Action__c"):
        assert len(held[name]) <= 40
        assert held[name].endswith("…")
    assert changes_of(company) == {}
