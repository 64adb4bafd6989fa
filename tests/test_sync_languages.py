"""One org whose account managers read different languages: what stands in the CRM, run after run."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from company import CUSTOMER, NOW, STAFF, ago

OWN = """
[rules.call_back]
subject.fr = "Rappeler {{account}}"
"""
HOW_TO_REFUSE = (
    "Nicht hilfreich? Setzen Sie „Rapport answer“ auf Not useful, oder löschen Sie diese Aufgabe; "
    "dann kommt sie 8 Wochen lang nicht wieder."
)


def people(book) -> dict[str, str]:
    return {
        name: book.add(
            "User", Name=name, Username=f"{name}@vendor.example", IsActive=True, UserType="Standard", **language
        )
        for name, language in (
            ("Anna", {"LanguageLocaleKey": "de_AT"}),
            ("Boris", {"LanguageLocaleKey": "en_US"}),
            ("Claire", {"LanguageLocaleKey": "fr"}),
            ("Dan", {}),  # of whom the org does not say
        )
    }  # fmt: skip


@pytest.fixture
def company(book, serve):
    owners = people(book)
    accounts = {}
    for number, owner in enumerate(("Anna", "Anna", "Anna", "Boris", "Claire", "Dan"), start=1):
        name = f"{owner} {number}"
        accounts[name] = book.account(name, OwnerId=owners[owner])
        book.call(accounts[name], ago(days=50))
        issue = book.issue(f"P{number}X-1", accounts[name], service=True, reporter=CUSTOMER)
        book.comment(issue, CUSTOMER, ago(hours=30))
    served = serve(book)
    served.configure(OWN)
    served.owners, served.accounts = owners, accounts
    return served


def tasks(company, account: str) -> dict[str, dict]:
    """Rule -> the task of an account."""
    found = [task for task in company.org("Task") if task.get("Rapport_Key__c")]
    mine = [task for task in found if task.get("WhatId") == company.accounts[account]]
    return {task["Rapport_Key__c"].partition("|")[0]: task for task in mine}


def record(company, account: str) -> dict:
    return next(each for each in company.org("Account") if each["Name"] == account)


def figures(text: str) -> list[str]:
    """Numbers as English writes them; keys, names and links left out."""
    text = re.sub(r"https?://\S+|\bP\d+X-\d+|\b[A-Z][a-z]+ \d\b", "", text)
    return re.findall(r"\d+(?:[.,]\d+)?", text)


def in_german(found: list[str]) -> list[str]:
    return [each.replace(".", ",") for each in found]


def test_each_reads_their_own_language_and_a_change_of_it_is_no_news(company):
    company.sync()
    tasks_are_in_the_language_of_their_owner(company)
    records_say_why_in_the_language_of_their_account_manager(company)
    what_waits_is_told_in_the_language_of_its_owner(company)
    with company.simulator.edit() as (org, _):
        org.change(company.owners["Anna"], LanguageLocaleKey="en_US")
        org.change(company.owners["Boris"], LanguageLocaleKey="de")
    writes = company.writes()
    assert (company.sync()["changes"], company.writes()) == (0, writes)
    news_is_told_in_the_new_language(company)


def tasks_are_in_the_language_of_their_owner(company):
    subjects = {name: tasks(company, name)["call_back"]["Subject"] for name in ("Anna 1", "Boris 4", "Claire 5", "Dan 6")}  # fmt: skip
    assert subjects == {
        "Anna 1": "Anna 1 zurückrufen: seit 11 Geschäftsstunden ohne Antwort",
        "Boris 4": "Call back Boris 4: unanswered for 11 business hours",
        "Claire 5": "Rappeler Claire 5",
        "Dan 6": "Call back Dan 6: unanswered for 11 business hours",
    }
    german, english, french = (
        tasks(company, name)["call_back"]["Description"].replace("\r\n", "\n").split("\n")
        for name in ("Anna 1", "Boris 4", "Claire 5")
    )
    assert german == [
        "Älteste unbeantwortete Frage: 11 Geschäftsstunden (P1X-1)",
        "Warum Sie: Sie betreuen Anna 1.",
        "",
        "Jemand bei Anna 1 hat uns etwas gefragt und noch keine Antwort bekommen. Fragen, die derzeit warten: 1.",
        "Diese Aufgabe schließt sich von selbst, sobald jede Frage öffentlich beantwortet ist.",
        HOW_TO_REFUSE,
    ]
    assert english[0] == "Oldest unanswered question: 11 business hours (P4X-1)"
    assert french == [line.replace("Boris 4", "Claire 5").replace("P4X", "P5X") for line in english]


def records_say_why_in_the_language_of_their_account_manager(company):
    german, english = (record(company, name) for name in ("Anna 1", "Boris 4"))
    assert german["Rapport_Next_Action__c"] == "Anna 1 zurückrufen: seit 11 Geschäftsstunden ohne Antwort"
    assert "Tage seit dem letzten Kontakt: 50" in german["Rapport_Why__c"]
    assert "days since contact: 50" in english["Rapport_Why__c"]
    assert figures(german["Rapport_Why__c"]) == in_german(figures(english["Rapport_Why__c"])) != []
    for field in ("Rapport_Health__c", "Rapport_Band__c", "Rapport_Confidence__c"):
        assert german[field] == english[field]


def what_waits_is_told_in_the_language_of_its_owner(company):
    digests = {
        task["OwnerId"]: task for task in company.org("Task") if str(task.get("Rapport_Key__c")).startswith("digest|")
    }  # fmt: skip
    german = digests[company.owners["Anna"]]
    lines = german["Description"].replace("\r\n", "\n").split("\n")
    assert re.fullmatch(r"\d weitere Vorschläge warten|1 weiterer Vorschlag wartet", german["Subject"])
    assert any(re.fullmatch(r"– Anna \d: Anna \d zurückrufen: .*", line) for line in lines)
    assert lines[-1].startswith(
        "Jeder Vorschlag wird zu einer eigenen Aufgabe, sobald Platz ist: Höchstens 5 sind"
    )


def news_is_told_in_the_new_language(company):
    now = NOW + timedelta(hours=4)
    company.at(now)
    with company.simulator.edit() as (_, site):
        site.add_comment("P4X-1", "done", author=STAFF, at=now - timedelta(hours=1), public=True)
        held = site.issue("P1X-1")["fields"]
        fields = {each: held[each] for each in ("project", "issuetype", "customfield_10050", "summary")}
        for _ in range(3):
            key = site.create_issue(fields, at=now - timedelta(hours=3))["key"]
            site.add_comment(key, "?", author=CUSTOMER, at=now - timedelta(hours=2), public=True)
    company.sync()
    settled, reworded = (tasks(company, name)["call_back"] for name in ("Boris 4", "Anna 1"))
    assert (settled["Status"], reworded["Status"]) == ("Completed", "Not Started")
    assert settled["Description"].startswith(
        "Von Rapport erledigt am 18. Nov. 2026: älteste unbeantwortete Frage: 0 Geschäftsstunden, nicht über 8"
    )
    assert reworded["Subject"].startswith("Call back Anna 1: unanswered for")
