"""The whole job over HTTP: nothing is written twice, nothing without need, nothing over a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from campaigns import sometimes
from company import CUSTOMER, NO_RULES, NOW, STAFF, Book, Company, ago
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator import dataset
from simulator.server import Simulator
from sync import run
from sync.errors import SafetyStop, StalePlan
from sync.measure import default_as_of, server_now
from sync.state import State

HEALTH = """
[[scorecards.health.measures]]
metric = "open_issues"
weight = 1
points = [[0, 100], [100, 0]]
[scorecards.health]
caps = []
"""


def account(company: Company, name: str = "Acme") -> dict:
    return next(record for record in company.org("Account") if record["Name"] == name)


def tasks(company: Company) -> list[dict]:
    return [task for task in company.org("Task") if task.get("Rapport_Key__c")]


def edit(company: Company, record_id: str, **fields) -> None:
    with company.simulator.edit() as (org, _):
        org.change(record_id, **fields)


def writes_of(company: Company, **options) -> int:
    before = company.writes()
    company.sync(**options)
    return company.writes() - before


def apply(company: Company, plan, **options) -> dict:
    options = {"allow_large_change": False, **options}
    return run.run_apply(company.config, plan, **options).to_json()


def exit_code(company: Company) -> int | None:
    """Of the last run, as the store remembers it."""
    with State.open(company.config.store_folder) as state:
        return state.runs()[0].exit_code


def outcomes(told: dict) -> dict[str, tuple[str, str]]:
    return {one["id"]: (one["outcome"], one["reason"]) for one in told["records"]}


# -- unchanged sources -------------------------------------------------------------------------------------------------


@pytest.fixture
def quiet(book, serve):
    """Acme was never contacted and waits for an answer; Nordwind was called yesterday."""
    acme = book.account("  Acme\u00a0GmbH \n")
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER, summary="two\r\nlines")
    book.comment(question, CUSTOMER, ago(days=30))
    book.call(book.account("Nordwind"), ago(days=1), book.contact(None, "x@nordwind.example"))
    return serve(book)


@pytest.mark.parametrize("days", sometimes((5,), (0, 1 / 24, 1, 5)), ids=str)
def test_what_did_not_change_is_not_written_again_however_much_time_passes(quiet, days):
    first = quiet.sync()
    assert first["applied"] == 4
    assert first["calls"]["salesforce"]["write"] == quiet.writes() == 2
    for passed in days:
        quiet.at(NOW + timedelta(days=passed))
        assert quiet.sync()["changes"] == 0
    assert quiet.writes() == 2
    assert [task["Status"] for task in tasks(quiet)] == ["Not Started"] * 2


def test_the_org_may_store_what_is_written_in_its_own_form(book, serve):
    """Trimmed text, another newline, decimals: none of it is a change."""
    for field in book.schema["Account"]["fields"]:
        if field["type"] == "double":
            field.update(precision=6, scale=2)
    acme = book.account("Acme")
    book.call(acme, ago(days=2), book.contact(acme, "dana@acme.example"))
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER)
    book.comment(question, CUSTOMER, ago(days=3))
    company = serve(book)
    company.configure(
        """
[rules.call_back]
subject = "  {{account}}   waits  "
description = "first  \\n\\n  second\\u00a0\\n\\n"
"""
    )
    company.sync()
    assert account(company)["Rapport_Why__c"]
    assert tasks(company)
    assert company.sync()["changes"] == 0
    edit(company, tasks(company)[0]["Id"], Description=tasks(company)[0]["Description"].replace("\n", "\r\n"))
    assert writes_of(company) == 0


# -- as_of -------------------------------------------------------------------------------------------------------------

MINUTES_PAST = 34


@pytest.mark.parametrize(
    ("happened", "as_of"),
    [
        (lambda book, acme: book.call(acme, ago(days=3), SystemModstamp=_past(20)), 20),
        (lambda book, acme: book.issue("A-1", acme, created=_past(25)), 25),
        (lambda book, acme: book.contact(acme, "x@acme.example", SystemModstamp=_past(50)), MINUTES_PAST),
        (lambda book, acme: _of_no_concern(book, acme), 0),
    ],
    ids=["an activity", "an issue", "after the clock", "an account, a user and a task of Rapport's"],
)
def test_as_of_is_the_whole_hour_or_the_newest_business_stamp_but_never_ahead(happened, as_of, book, serve):
    happened(book, book.account("Acme", SystemModstamp=_past(30)))
    company = serve(book, now=_past(MINUTES_PAST))
    company.pull()
    with run.reading(company.config) as (mirror, _):
        assert default_as_of(mirror, server_now(company.config, mirror)) == _past(as_of)


def _of_no_concern(book, acme) -> None:
    book.account("Other", SystemModstamp=_past(20))
    book.add("User", Name="U", Username="u@v.example", SystemModstamp=_past(20))
    book.call(acme, ago(days=3), SystemModstamp=_past(20), Rapport_Key__c="a|b||c")


def _past(minutes: int):
    return NOW + timedelta(minutes=minutes)


def test_two_runs_of_one_hour_are_the_same_run(book, serve):
    book.account("Acme")
    book.call(book.account("Nordwind"), ago(days=1))
    company = serve(book, now=_past(5))
    first = company.sync()
    company.at(_past(55))
    second = company.sync()
    assert (first["as_of"], second["as_of"]) == (first["as_of"],) * 2
    assert second["changes"] == 0


# -- small movements ---------------------------------------------------------------------------------------------------


STORIES = {  # open issues, and what is shown then
    # one point is noise; small steps add up against what was written; the edge is passed by no more than 2
    "A": [(30, 70, "Green"), (31, 70, "Green"), (32, 68, "Green")],
    # one point, but the band went with it; the way back needs more
    "B": [(32, 68, "Amber"), (30, 70, "Amber"), (28, 72, "Green")],
    "C": [(30, 70, "Green"), (33, 67, "Amber"), (33, 67, "Amber")],
}


def test_a_number_moves_by_two_points_or_with_its_band_and_bands_do_not_flicker(book, serve):
    """Health is 100 less the number of open issues; each run comes an hour later."""
    for name in STORIES:
        made = book.account(name)
        for number in range(1, 41):
            book.issue(f"{name}{name}-{number}", made)
    company = serve(book)
    company.configure(HEALTH + NO_RULES)
    for run_number, writes in enumerate((1, 1, 1)):
        now = NOW + timedelta(hours=run_number + 1)
        company.at(now)
        with company.simulator.edit() as (_, site):
            for name, story in STORIES.items():
                for number in range(1, 41):
                    status = "Open" if number <= story[run_number][0] else "Done"
                    site.set_status(f"{name}{name}-{number}", status, at=now)
        assert writes_of(company) == writes
        shown = {each["Name"]: each for each in company.org("Account")}
        held = {name: (shown[name]["Rapport_Health__c"], shown[name]["Rapport_Band__c"]) for name in STORIES}
        assert held == {name: story[run_number][1:] for name, story in STORIES.items()}


# -- fields and rights -------------------------------------------------------------------------------------------------


def test_a_missing_field_is_left_out_with_a_notice_and_filled_in_when_it_comes(book, serve):
    whole = book.schema
    fields = [
        field
        for field in whole["Account"]["fields"]
        if field["name"] not in ("Rapport_Health__c", "Rapport_Why__c")
    ]
    book.schema = {**whole, "Account": {"fields": fields}}
    book.call(book.account("Acme"), ago(days=40))
    company = serve(book)
    told = company.sync()
    assert [n for n in told["notices"] if "Rapport_Health__c" in n and "left out" in n]
    assert account(company)["Rapport_Band__c"]
    assert writes_of(company) == 0
    company.rebuild(whole)
    assert writes_of(company) == 1
    assert account(company)["Rapport_Health__c"] is not None
    assert account(company)["Rapport_Why__c"]


def test_a_field_that_is_lost_and_comes_back_empty_is_filled_again(quiet):
    quiet.sync()
    schema = quiet.book.schema
    quiet.rebuild(
        {**schema, "Account": {**schema["Account"], "hidden": ["Rapport_Why__c", "Rapport_Band__c"]}}
    )
    assert writes_of(quiet) == 0
    before = quiet.org("Account")
    for record in before:
        edit(quiet, record["Id"], Rapport_Why__c=None, Rapport_Band__c=None)
    quiet.rebuild(schema)
    assert writes_of(quiet) == 1
    shown = [{name: record.get(name) for name in ("Rapport_Why__c", "Rapport_Band__c")} for record in before]
    assert [
        {name: record.get(name) for name in each}
        for record, each in zip(quiet.org("Account"), shown, strict=True)
    ] == shown


def test_a_refused_record_is_quarantined_in_the_orgs_words_once_and_tried_again(book, serve):
    sound = book.schema
    frozen = [{"when": "Name = 'Nordwind'", "message": "Nordwind is frozen until the audit is over"}]
    book.schema = {**sound, "Account": {**sound["Account"], "validationRules": frozen}}
    book.account("Acme")
    nordwind = book.account("Nordwind")
    book.call(book.account("Other"), ago(days=1))
    company = serve(book)
    told = company.sync()
    assert outcomes(told)[nordwind] == ("quarantined", "Nordwind is frozen until the audit is over")
    assert (told["quarantined"], exit_code(company)) == (1, 5)
    assert account(company)["Rapport_Band__c"]
    assert (company.sync()["quarantined"], exit_code(company)) == (1, 0)
    company.rebuild(sound)
    assert (company.sync()["quarantined"], exit_code(company)) == (0, 0)
    assert account(company, "Nordwind")["Rapport_Band__c"]
    with State.open(company.config.store_folder) as state:
        assert state.quarantined() == []


# -- people in between -------------------------------------------------------------------------------------------------


def test_what_a_person_changed_between_plan_and_apply_is_skipped(book, serve):
    changed, deleted, merged, left = (book.account(name) for name in ("Changed", "Deleted", "Merged", "Left"))
    company = serve(book)
    company.pull()
    plan = company.plan()
    edit(company, changed, Rapport_Band__c="Amber")
    edit(company, deleted, IsDeleted=True)
    edit(company, merged, IsDeleted=True, MasterRecordId=left)
    told = apply(company, plan)
    by_id = outcomes(told)
    assert by_id[changed] == ("skipped", "Rapport_Band__c is 'Amber' now; the plan saw empty")
    for gone in (deleted, merged):
        assert by_id[gone] == ("skipped", "it is no longer there")
    assert by_id[left][0] == "applied"
    assert exit_code(company) == 0


def test_a_task_for_an_account_that_went_between_plan_and_apply_is_skipped(quiet):
    quiet.pull()
    plan = quiet.plan()
    edit(quiet, quiet.org("Account")[0]["Id"], IsDeleted=True)
    told = apply(quiet, plan)
    assert (told["quarantined"], exit_code(quiet)) == (0, 0)
    reasons = [reason for outcome, reason in outcomes(told).values() if outcome == "skipped"]
    assert sorted(reasons) == ["it is no longer there"] + ["its account is no longer there"] * 2
    assert tasks(quiet) == []
    quiet.sync()
    assert writes_of(quiet) == 0


@pytest.mark.parametrize("times", sometimes(1, 2))
def test_what_a_person_set_is_held_until_it_is_taken_over_and_what_they_emptied_is_filled_in(quiet, times):
    quiet.sync()
    acme, nordwind = quiet.org("Account")
    edit(quiet, acme["Id"], Rapport_Health__c=None, Rapport_Why__c=None, Rapport_Next_Action__c=None)
    edit(quiet, nordwind["Id"], Rapport_Health__c=99)
    for number in range(times):
        told = quiet.sync()
        assert (told["applied"], told["held"]) == (number == 0, 1)
    aside = {"SystemModstamp": "", "LastModifiedDate": ""}
    assert acme["Rapport_Next_Action__c"]
    assert quiet.org("Account")[0] | aside == acme | aside
    assert quiet.org("Account")[1]["Rapport_Health__c"] == 99
    assert writes_of(quiet, adopt=True) == 1
    assert quiet.org("Account")[1]["Rapport_Health__c"] == nordwind["Rapport_Health__c"]


# -- rollout -----------------------------------------------------------------------------------------------------------


def test_observe_plans_and_writes_nothing_but_a_plan_applied_by_hand_is_written(quiet):
    quiet.configure(mode="observe")
    told = quiet.sync()
    assert (told["changes"], told["applied"], told["mode"]) == (4, 0, "observe")
    assert quiet.writes() == 0
    plan = quiet.plan()
    assert apply(quiet, plan)["applied"] == 4
    quiet.pull()
    with pytest.raises(StalePlan):
        apply(quiet, plan)


PILOT = 'mode = "pilot"\nwhere = "industry = \'Banking\'"\n'


def test_a_pilot_concerns_only_its_accounts(book, serve):
    for name in ("Acme", "Nordwind"):
        book.account(name, Industry="Banking" if name == "Acme" else "Trade")
    book.call(book.account("Other"), ago(days=1))
    company = serve(book)
    company.configure(mode="pilot")
    company.config_path.write_text(company.config_path.read_text().replace('mode = "pilot"\n', PILOT))
    company.sync()
    assert [record["Name"] for record in company.org("Account") if record.get("Rapport_Band__c")] == ["Acme"]
    assert {task["WhatId"] for task in tasks(company)} == {account(company)["Id"]}


def test_what_stands_outside_of_a_pilot_stays_also_when_its_rule_goes(book, serve):
    for name in ("Acme", "Nordwind"):
        book.account(name, Industry="Banking" if name == "Acme" else "Trade")
    book.call(book.account("Other"), ago(days=1))
    company = serve(book)
    company.sync()
    company.configure(NO_RULES, mode="pilot")
    company.config_path.write_text(company.config_path.read_text().replace('mode = "pilot"\n', PILOT))
    company.sync()
    assert {task["WhatId"]: task["Status"] for task in tasks(company)} == {
        account(company, "Acme")["Id"]: "Completed",
        account(company, "Nordwind")["Id"]: "Not Started",
    }


# -- a large surprise --------------------------------------------------------------------------------------------------


def test_a_large_surprise_stops_before_anything_is_written(book, serve):
    for number in range(12):
        book.call(book.account(f"Account {number}"), ago(days=1))
    company = serve(book)
    company.sync()
    before = company.writes()
    company.at(NOW + timedelta(days=75))
    with pytest.raises(SafetyStop, match="12 of 12 accounts") as stopped:
        company.sync()
    assert "--allow-large-change" in stopped.value.advice
    assert (company.writes() - before, exit_code(company)) == (0, 4)
    assert writes_of(company, allow_large_change=True) > 0


# -- for any book ------------------------------------------------------------------------------------------------------

BOOKS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.text(min_size=1, max_size=30).filter(lambda text: text.strip()),
            "calls": st.lists(st.integers(0, 100), max_size=3),
            "question": st.none() | st.integers(0, 20),
            "issues": st.integers(0, 3),
        }
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("examples", sometimes(2, 60))
def test_for_any_book_a_plan_after_apply_is_empty_and_a_second_run_writes_nothing(examples, tmp_path_factory):
    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(accounts=BOOKS, hours=st.integers(0, 3))
    def law(accounts, hours):
        _is_quiet_after_a_run(accounts, hours, tmp_path_factory)

    law()


def _is_quiet_after_a_run(accounts, hours, tmp_path_factory):
    book = Book()
    for place, each in enumerate(accounts):
        made = book.account(each["name"])
        person = book.contact(made, f"p{place}@customer.example")
        for days in each["calls"]:
            book.call(made, ago(days=days), person)
        for number in range(each["issues"]):
            book.issue(f"I{place}-{number}", made, service=True, reporter=STAFF)
        if each["question"] is not None:
            issue = book.issue(f"Q{place}-1", made, service=True, reporter=CUSTOMER)
            book.comment(issue, CUSTOMER, ago(days=each["question"]))
    folder = tmp_path_factory.mktemp("any")
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW) as simulator:
        company = Company(folder, simulator, book)
        company.sync()
        company.at(NOW + timedelta(minutes=hours * 19))
        writes = company.writes()
        assert company.sync()["changes"] == 0
        assert company.writes() == writes
        keys = [task["Rapport_Key__c"] for task in tasks(company)]
        assert len(keys) == len(set(keys))
