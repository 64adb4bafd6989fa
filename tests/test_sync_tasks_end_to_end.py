"""The life of a task over HTTP, from the first run that asks for it to what people do with it (definitions I48 to I50)."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from campaigns import few, sometimes
from company import NO_RULES, NOW, ago, sf_id

TODAY = NOW.date().isoformat()
OTHER = sf_id("005", 999)
RULE = """
[rules.{name}]
when = "{when}"
kind = "{kind}"
severity = "{severity}"
subject = "{subject}"
due = "3 business days"
cooldown = "{cooldown}"
on_clear = "{on_clear}"
"""


def rule(name: str = "busy", **other: str) -> str:
    """A rule by the number of open issues, and none of the built-in ones."""
    values = {"when": "open_issues >= 2", "kind": "fix", "severity": "normal", "subject": "{account} has {open_issues} issues",
              "cooldown": "7 days", "on_clear": "complete"}  # fmt: skip
    return RULE.format(name=name, **{**values, **other}).replace("{", "{{").replace("}", "}}")


@pytest.fixture
def company(book, serve):
    """Acme with two open issues, and one rule that asks for a task from two on."""
    acme = book.account("Acme")
    for number in (1, 2):
        book.issue(f"ACME-{number}", acme)
    made = serve(book)
    made.acme = acme
    made.configure(NO_RULES + rule())
    return made


def tasks(company) -> list[dict]:
    return [task for task in company.org("Task") if task.get("Rapport_Key__c")]


def by_key(company, key: str) -> dict:
    return next(task for task in tasks(company) if task["Rapport_Key__c"] == key)


def keys(company) -> list[str]:
    return sorted(task["Rapport_Key__c"] for task in tasks(company))


def writes_of(company, **options) -> tuple[int, dict]:
    before = company.writes()
    outcome = company.sync(**options)
    return company.writes() - before, outcome


def edit(company, task: dict, **fields) -> None:
    with company.simulator.edit() as (org, _):
        org.change(task["Id"], **fields)


def set_status(company, key: str, status: str, at) -> None:
    with company.simulator.edit() as (_, site):
        site.set_status(key, status, at=at)


def more_issues(company, count: int, at, like: str = "ACME-1") -> None:
    with company.simulator.edit() as (_, site):
        held = site.issue(like)["fields"]
        fields = {name: held[name] for name in ("project", "issuetype", "customfield_10050", "summary")}
        for _ in range(count):
            site.create_issue(fields, at=at)


def later(company, **span: float):
    now = company.config.time.now + timedelta(**span)
    company.at(now)
    return now


# -- as the rule says --------------------------------------------------------------------------------------------------


def test_one_task_is_created_follows_the_facts_and_is_completed_with_the_reason(company, book):
    company.sync()
    (task,) = tasks(company)
    key = f"busy|{company.acme}||{TODAY}"
    told = {"Subject": "Acme has 2 issues", "Rapport_Key__c": key, "OwnerId": book.user, "WhatId": company.acme,
            "Status": "Not Started", "Priority": "Normal", "ActivityDate": "2026-11-23"}  # fmt: skip
    assert {name: task[name] for name in told} == told
    now = later(company, days=1)
    assert writes_of(company)[0] == 0  # while it is true, until the facts move
    more_issues(company, 1, now - timedelta(hours=1))
    company.sync()
    (task,) = tasks(company)
    assert task["Subject"] == "Acme has 3 issues"
    assert task["ActivityDate"] == "2026-11-23"  # a promise to a person is not moved
    for number in (1, 2):
        set_status(company, f"ACME-{number}", "Done", now)
    company.sync()
    (task,) = tasks(company)
    assert task["Status"] == "Completed"
    assert task["Description"].startswith("Settled 2026-11-19: open issues")
    assert task["Description"].splitlines()[1:]
    assert writes_of(company)[0] == 0


def test_a_task_follows_an_account_that_is_merged_and_leaves_an_owner_who_left(book, serve):
    boss = book.add("User", Name="Boss", Username="boss@vendor.example", IsActive=True, UserType="Standard")
    anna = book.add("User", Name="Anna", Username="anna@vendor.example", IsActive=True, UserType="Standard", ManagerId=boss)  # fmt: skip
    acme, group = book.account("Acme", OwnerId=anna), book.account("Acme Group", OwnerId=anna)
    for number in (1, 2):
        book.issue(f"ACME-{number}", acme)
    company = serve(book)
    company.configure(NO_RULES + rule())
    company.sync()
    (task,) = tasks(company)
    with company.simulator.edit() as (org, _):
        org.change(acme, IsDeleted=True, MasterRecordId=group)
        org.change(task["Id"], WhatId=group, AccountId=group)
        org.change(anna, IsActive=False)
    later(company, days=1)
    company.sync()
    (task,) = tasks(company)
    assert task["OwnerId"] == boss
    assert task["Subject"] == "Acme Group has 2 issues"
    assert "you stand in" in task["Description"]
    set_status(company, "ACME-1", "Done", company.config.time.now)
    later(company, hours=1)
    company.sync()
    assert tasks(company)[0]["Status"] == "Completed"


def test_true_again_on_the_same_day_is_a_second_episode(company):
    company.sync()
    set_status(company, "ACME-2", "Done", NOW)
    company.sync()
    set_status(company, "ACME-2", "Open", NOW)
    company.sync()
    stem = f"busy|{company.acme}||{TODAY}"
    assert [(by_key(company, key)["Status"]) for key in (stem, f"{stem}.2")] == ["Completed", "Not Started"]
    assert len(tasks(company)) == 2


@pytest.mark.parametrize(
    ("on_clear", "status", "deleted"),
    few(1, [("delete", "Not Started", True), ("leave", "Not Started", False)]),
)
def test_on_clear_decides_what_becomes_of_it(company, on_clear, status, deleted):
    company.configure(NO_RULES + rule(on_clear=on_clear))
    company.sync()
    set_status(company, "ACME-2", "Done", NOW)
    company.sync()
    (task,) = tasks(company)
    assert (task["Status"], task["IsDeleted"]) == (status, deleted)
    set_status(company, "ACME-2", "Open", NOW)
    company.sync()
    assert len(tasks(company)) == (2 if deleted else 1)


def test_a_rule_taken_out_of_the_config_completes_its_untouched_tasks(company):
    company.sync()
    company.configure(NO_RULES)
    company.sync()
    (task,) = tasks(company)
    assert task["Status"] == "Completed"
    assert "rule retired" in task["Description"]


@pytest.mark.parametrize("times", sometimes(1, 2))
def test_unknown_leaves_the_task_alone(company, times):
    """Once Jira is no longer asked, how many issues are open is unknown, not none."""
    company.sync()
    company.configure(NO_RULES + rule(), jira=False)
    for _ in range(times):
        company.sync(allow_large_change=True)
        assert [task["Status"] for task in tasks(company)] == ["Not Started"]


# -- what people do ----------------------------------------------------------------------------------------------------


@pytest.fixture
def people(book, serve):
    """people(*deeds) -> Company with an account and a task for each deed, which a person did to that task."""

    def make(*deeds: dict) -> object:
        for number, _ in enumerate(deeds):
            account = book.account(f"Account {number}")
            for issue in (1, 2):
                book.issue(f"P{number}-{issue}", account)
        book.add("User", Id=OTHER, Name="N", Username="n@vendor.example", IsActive=True, UserType="Standard")
        company = serve(book)
        company.configure(
            NO_RULES + rule() + "[safety]\nmax_open_tasks_per_owner = 99\nmax_new_tasks_per_owner_day = 99\n"
        )
        company.sync()
        for number, deed in enumerate(deeds):
            edit(company, of(company, number)[0], **deed)
        return company

    return make


def of(company, number: int) -> list[dict]:
    """The tasks of one account, oldest first."""
    subject = f"Account {number} has"
    found = [
        task
        for task in tasks(company)
        if f"|{company.org('Account')[number]['Id']}|" in task["Rapport_Key__c"]
    ]
    assert all(task["Subject"].startswith(subject) or task["Subject"] == "Mine now" for task in found)
    return sorted(found, key=lambda task: task["Rapport_Key__c"])


@pytest.mark.parametrize("days", sometimes((0, 7, 28), (0, 7, 9.5, 28)), ids=str)
def test_after_a_person_settled_it_no_new_task_comes_before_the_cool_down_ends(people, days):
    closed = {"Status": "Completed"}
    later_on = {"Rapport_Answer__c": "Later", "Rapport_Snooze_Until__c": "2026-11-28"}
    deeds = (
        (closed, 7),
        (closed | {"Rapport_Answer__c": "Done"}, 7),
        ({"Rapport_Answer__c": "Done"}, 7),
        (closed | later_on, 9.5),  # from noon until the day begins
        (closed | {"Rapport_Answer__c": "Not useful"}, 28),
        ({"Rapport_Answer__c": "Not useful"}, 28),
        ({"Rapport_Answer__c": "Wrong data"}, 28),
        ({"IsDeleted": True}, 28),
    )
    company = people(*(deed for deed, _ in deeds))
    for day in days:
        for moment, tasks_of in ((-1, lambda rest: 1 + (rest < day)), (1, lambda rest: 1 + (rest <= day))):  # noqa: B023
            if day == 0 and moment == -1:
                continue
            company.at(NOW + timedelta(days=day, hours=moment))
            company.sync()
            assert [len(of(company, n)) for n in range(len(deeds))] == [tasks_of(rest) for _, rest in deeds]


def test_an_answer_on_an_open_task_completes_it(people):
    answers = ("Done", "Not useful", "Wrong data")
    company = people(*({"Rapport_Answer__c": answer} for answer in answers))
    company.sync()
    for number, answer in enumerate(answers):
        (task,) = of(company, number)
        assert task["Status"] == "Completed"
        assert f'answered "{answer}"' in task["Description"]


def test_a_snoozed_open_task_rests_until_the_day_that_was_chosen(company):
    company.sync()
    edit(company, tasks(company)[0], Rapport_Answer__c="Later", Rapport_Snooze_Until__c="2026-11-20")
    more_issues(company, 3, later(company, days=1))
    company.sync()
    assert tasks(company)[0]["Subject"] == "Acme has 2 issues"
    later(company, days=1)
    company.sync()
    assert tasks(company)[0]["Subject"] == "Acme has 5 issues"


def test_an_edited_or_reassigned_task_is_never_touched_again(people):
    deeds = (
        {"Subject": "Mine now"},
        {"Description": "I called, they think about it"},
        {"ActivityDate": "2026-12-24"},
        {"Status": "In Progress"},
        {"Priority": "Low"},
        {"OwnerId": OTHER},
    )
    company = people(*deeds)
    kept = tasks(company)
    now = later(company, hours=1)
    for number, _ in enumerate(deeds):
        more_issues(company, 4, now, like=f"P{number}-1")
    company.sync()
    assert tasks(company) == kept  # the facts moved
    with company.simulator.edit() as (_, site):
        for issue in list(site.store):
            site.set_status(issue["key"], "Done", at=now)
    company.sync()
    assert tasks(company) == kept  # the condition is false
    company.configure(NO_RULES, now=now)
    company.sync()
    assert tasks(company) == kept  # the rule is gone


# -- a lost store ------------------------------------------------------------------------------------------------------


def test_after_a_lost_store_nothing_is_doubled_tasks_live_on_and_other_values_are_held(company):
    company.sync()
    shutil.rmtree(company.config.store_folder)
    with company.simulator.edit() as (org, _):
        org.change(company.acme, Rapport_Health__c=99, Rapport_Band__c="Green")
    count, outcome = writes_of(company)
    assert (count, outcome["held"]) == (0, 2)
    assert len(tasks(company)) == 1
    set_status(company, "ACME-2", "Done", later(company, days=1))
    count, outcome = writes_of(company, adopt=True)
    assert (count, outcome["held"]) == (2, 0)
    assert [task["Status"] for task in tasks(company)] == ["Completed"]
    (account,) = company.org("Account")
    assert account["Rapport_Health__c"] != 99


# -- few tasks ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(book, serve):
    """Four accounts with two, three, four and five open issues, all of one manager, who may get two tasks a day."""

    def make(extra: str = "", **owners):
        for count, name in enumerate(("A", "B", "C", "D"), start=2):
            account = book.account(name, **owners)
            for number in range(count):
                book.issue(f"{name}-{number + 1}", account)
        made = serve(book)
        made.configure(NO_RULES + rule() + extra)
        return made

    return make


def digests(company) -> list[dict]:
    return [task for task in tasks(company) if task["Rapport_Key__c"].startswith("digest|")]


def test_two_new_tasks_a_day_and_five_open_ones_the_rest_in_one_digest(crowd, book):
    company = crowd()
    company.sync()
    (digest,) = digests(company)
    assert digest["Rapport_Key__c"] == f"digest|{book.user}|{TODAY}"
    assert digest["Subject"] == "2 more suggestions wait"
    assert digest["OwnerId"] == book.user
    assert digest["ActivityDate"] == TODAY
    assert len(tasks(company)) == 3
    later(company, days=1)
    company.sync()
    assert len(tasks(company)) == 5
    assert [task["Status"] for task in digests(company)] == ["Completed"]


def test_a_digest_of_a_saturday_is_due_on_monday(crowd):
    company = crowd()
    company.at(NOW + timedelta(days=3))
    company.sync()
    (digest,) = digests(company)
    assert digest["Rapport_Key__c"].endswith("|2026-11-21")
    assert digest["ActivityDate"] == "2026-11-23"


def test_a_digest_is_rewritten_at_most_once_a_day(crowd):
    company = crowd("[safety]\nmax_new_tasks_per_owner_day = 1\nmax_open_tasks_per_owner = 1\n")
    company.sync()
    (first,) = digests(company)
    assert first["Subject"] == "3 more suggestions wait"
    for key in ("C-1", "C-2", "C-3"):
        set_status(company, key, "Done", NOW)
    assert writes_of(company)[0] <= 1  # scores at most
    assert digests(company)[0]["Subject"] == "3 more suggestions wait"
    later(company, days=1)
    company.sync()
    (second,) = digests(company)
    assert (second["Id"], second["Subject"]) == (first["Id"], "2 more suggestions wait")


def test_each_owner_has_limits_of_their_own(crowd, book):
    other = book.add("User", Name="B", Username="b@vendor.example", IsActive=True, UserType="Standard")
    company = crowd("[safety]\nmax_new_tasks_per_owner_day = 1\n")
    with company.simulator.edit() as (org, _):
        for account in company.org("Account")[:2]:
            org.change(account["Id"], OwnerId=other)
    company.sync()
    owners = sorted(
        (task["OwnerId"], task["Rapport_Key__c"].startswith("digest|")) for task in tasks(company)
    )
    assert owners == sorted((owner, digest) for owner in (book.user, other) for digest in (False, True))


def test_while_a_red_fix_stands_grow_waits(book, serve):
    account = book.account("Acme")
    for number in range(4):
        book.issue(f"ACME-{number + 1}", account, priority="Highest", due=(NOW - timedelta(days=9)).date())
    book.call(account, ago(days=80))
    company = serve(book)
    company.configure(
        NO_RULES + rule("mend") + rule("sell", kind="grow", severity="high", when="open_issues >= 1")
    )
    company.sync()
    (acme,) = company.org("Account")
    assert acme["Rapport_Band__c"] == "Red"
    assert [key.partition("|")[0] for key in keys(company)] == ["mend"]
    for number in range(3):
        set_status(company, f"ACME-{number + 1}", "Done", NOW)
    company.sync()
    assert {task["Rapport_Key__c"].partition("|")[0]: task["Status"] for task in tasks(company)} == {
        "mend": "Completed",
        "sell": "Not Started",
    }


# -- never to nobody ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manager_active", "fallback", "gets_it"),
    few(2, [(True, True, "boss"), (False, True, "fallback"), (False, False, None)]),
)
def test_an_owner_who_left_is_stood_in_for(book, serve, manager_active, fallback, gets_it):
    people = {
        name: book.add(
            "User", Name=name, Username=f"{name}@vendor.example", IsActive=active, UserType="Standard"
        )
        for name, active in (("boss", manager_active), ("fallback", True))
    }
    gone = book.add(
        "User",
        Name="gone",
        Username="gone@vendor.example",
        IsActive=False,
        UserType="Standard",
        ManagerId=people["boss"],
    )
    acme = book.account("Acme", OwnerId=gone)
    for number in (1, 2):
        book.issue(f"ACME-{number}", acme)
    company = serve(book)
    company.configure(
        NO_RULES + rule() + (f'[people]\nfallback_user = "{people["fallback"]}"\n' if fallback else "")
    )
    outcome = company.sync()
    assert [task["OwnerId"] for task in tasks(company)] == ([people[gets_it]] if gets_it else [])
    told = [notice for notice in outcome["notices"] if "no active owner" in notice]
    assert told == ([] if gets_it else ["no active owner: set [people] fallback_user (1 asked for)"])


# -- the key field -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    few(
        1,
        [
            ("missing", "is not there"),
            ("hidden", "is not there, or hidden"),
            ("not unique", "is not unique"),
        ],
    ),
)
def test_without_a_sound_key_field_no_task_is_written_but_scores_are(book, serve, change, says):
    fields = book.schema["Task"]["fields"]
    key = next(field for field in fields if field["name"] == "Rapport_Key__c")
    if change == "missing":
        fields.remove(key)
    elif change == "hidden":
        book.schema["Task"]["hidden"] = ["Rapport_Key__c"]
    else:
        key["unique"] = False
    acme = book.account("Acme")
    for number in (1, 2):
        book.issue(f"ACME-{number}", acme)
    company = serve(book)
    company.configure(NO_RULES + rule())
    outcome = company.sync()
    assert not [task for task in company.org("Task") if task.get("Subject") == "Acme has 2 issues"]
    assert company.org("Account")[0]["Rapport_Band__c"]
    assert [notice for notice in outcome["notices"] if says in notice and "no task is written" in notice]
    assert writes_of(company)[0] == 0


def test_when_the_key_field_is_hidden_for_a_while_its_task_lives_on(company):
    company.sync()
    schema = company.book.schema
    company.rebuild({**schema, "Task": {**schema["Task"], "hidden": ["Rapport_Key__c"]}})
    set_status(company, "ACME-2", "Done", NOW)
    company.sync()
    assert tasks(company)[0]["Status"] == "Not Started"
    company.rebuild(schema)
    company.sync()
    assert [task["Status"] for task in tasks(company)] == ["Completed"]
