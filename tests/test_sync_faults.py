"""Campaigns of faults against the whole job: the same end as without them, or a clean end and a run that gets there."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from campaigns import few, seeds
from company import CUSTOMER, NOW, Book, Company, ago

from connectors.errors import ConnectorError
from simulator import dataset
from simulator.faults import KINDS, FaultSchedule
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches
from sync.state import State

SHOWN = ("Rapport_Overall__c", "Rapport_Health__c", "Rapport_Confidence__c", "Rapport_Band__c", "Rapport_Why__c",
         "Rapport_Next_Action__c")  # fmt: skip
TOLD = ("Rapport_Key__c", "Subject", "Description", "Status", "Priority", "OwnerId", "WhatId", "ActivityDate")
MOST_RUNS = 30  # which request is struck depends on who asks first: a bound on patience, no promise
ENDINGS = [("lost", 1), ("reset", 3), ("lost", 3), ("reset", 1), *product(("truncate", "500"), (1, 3))]


def story() -> Book:
    """Acme asks and waits, Nordwind knows one person only, Quiet was never contacted."""
    book = Book()
    acme, nordwind = book.account("Acme"), book.account("Nordwind")
    book.account("Quiet")
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER)
    book.comment(question, CUSTOMER, ago(days=3))
    for number in range(2, 7):
        book.issue(f"SUP-{number}", acme, status="Done")
    person = book.contact(nordwind, "x@nordwind.example")
    for days in (1, 5, 9, 12):
        book.call(nordwind, ago(days=days), person)
    return book


def contents(company: Company) -> tuple[list[dict], list[dict]]:
    """What people see: Rapport's fields, and its tasks by key; where the links lead is another port each time."""
    tasks = [task for task in company.org("Task") if task.get("Rapport_Key__c")]
    keys = Counter(task["Rapport_Key__c"].casefold() for task in tasks)
    assert max(keys.values(), default=1) == 1, "a task stands twice"
    return (
        [
            {name: _without_hosts(company, account.get(name)) for name in ("Name", *SHOWN)}
            for account in company.org("Account")
        ],
        sorted(
            ({name: task.get(name) for name in TOLD} for task in tasks),
            key=lambda task: task["Rapport_Key__c"],
        ),
    )


def _without_hosts(company: Company, value: object) -> object:
    if not isinstance(value, str):
        return value
    return value.replace(company.simulator.salesforce_url, "org").replace(company.simulator.jira_url, "site")


class Struck(FaultSchedule):
    """A schedule that remembers what it did."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.struck: Counter[str] = Counter()

    def choose(self, api, request):
        kind = super().choose(api, request)
        self.struck[kind] += kind is not None
        return kind


class LosingCreates(Struck):
    """Loses the answer to the first so many creates, whether or not they took effect."""

    def __init__(self, times: int, kind: str = "lost") -> None:
        super().__init__(rate=0)
        self.times, self.kind = times, kind

    def choose(self, api, request):
        creates = request.method == "POST" and request.path.endswith("/composite/sobjects")
        if not creates or self.struck[self.kind] >= self.times:
            return None
        self.struck[self.kind] += 1
        return self.kind


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the same company holds after one run without a fault."""
    folder, book = tmp_path_factory.mktemp("undisturbed"), story()
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW) as simulator:
        company = Company(folder, simulator, book)
        company.sync()
        return contents(company)


@pytest.fixture
def restless(serve, monkeypatch):
    """restless(schedule) -> Company whose both sides answer in pages of two and fail as the schedule says."""
    monkeypatch.setattr("simulator.salesforce.LARGEST_BATCH", 2)
    monkeypatch.setattr("connectors.jira_issues.PAGE", 2)
    switches = Switches(SalesforceSwitches(smallest_batch=1))
    return lambda schedule: serve(story(), faults=schedule, sleep=lambda _: None, switches=switches)


def sync(company: Company) -> dict | None:
    """What the run says, or None where it ended with the sentence of a connector, which is exit 3."""
    try:
        return company.sync(sleep=lambda _: None)
    except ConnectorError as error:
        ended = error
    assert ended.message
    assert ended.advice
    with State.open(company.config.store_folder) as state:
        assert state.runs()[0].exit_code == 3
    return None


def until_done(company: Company) -> None:
    for _ in range(MOST_RUNS):
        outcome = sync(company)
        if outcome is not None and not outcome["quarantined"]:
            return
    pytest.fail("it never gets there")


@pytest.mark.parametrize("kind", few(1, KINDS))
def test_each_kind_of_fault_ends_as_if_nothing_had_been(kind, restless, expected):
    faults = Struck(seed=1, rate=0.35, kinds=(kind,))
    company = restless(faults)
    until_done(company)
    assert faults.struck[kind]
    assert contents(company) == expected


@pytest.mark.parametrize("seed", seeds(1, 24))
def test_all_kinds_mixed_end_as_if_nothing_had_been(seed, restless, expected):
    faults = Struck(seed=seed, rate=0.3)
    company = restless(faults)
    until_done(company)
    assert len(faults.struck) > 3
    assert contents(company) == expected
    faults.rate = 0
    writes = company.writes()
    assert company.sync()["changes"] == 0
    assert company.writes() == writes


@pytest.mark.parametrize(("kind", "times"), few(2, ENDINGS))
def test_a_create_without_an_answer_is_looked_for_and_never_doubled(kind, times, restless, expected):
    company = restless(LosingCreates(times, kind))
    outcome = sync(company)
    took_effect = kind in ("lost", "truncate")
    if times == 1 or took_effect:  # the look-up before the second try finds it
        assert outcome is not None
        assert outcome["quarantined"] == 0
    else:
        assert outcome is None
        assert company.org("Task")[-1].get("Rapport_Key__c") is None
        until_done(company)
    assert contents(company) == expected
