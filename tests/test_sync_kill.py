"""`kill -9` at every request and at any moment: the next `rapport sync` makes it good, and no task stands twice."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import ExitStack
from copy import deepcopy
from datetime import timedelta

import pytest
import requests
from campaigns import seeds, sometimes
from company import CUSTOMER, NOW, SECRETS, STAFF, Book, Company, ago
from forked_runs import PROJECT, ForkedRuns

from simulator import dataset
from simulator.jira import JiraApi
from simulator.salesforce import SalesforceApi
from simulator.server import Simulator

RULES = """
[safety]
max_open_tasks_per_owner = 6
max_new_tasks_per_owner_day = 3
[rules.busy]
when = "open_issues >= 1"
kind = "govern"
severity = "high"
subject = "{{account}} has {{open_issues}} open issues"
due = "5 business days"
cooldown = "7 days"
[rules.asked]
when = "unanswered_comments > 0"
kind = "fix"
severity = "high"
subject = "{{account}} asked"
due = "1 business day"
cooldown = "7 days"
on_clear = "delete"
"""
SHOWN = ("Rapport_Overall__c", "Rapport_Health__c", "Rapport_Penetration__c", "Rapport_Confidence__c",
         "Rapport_Band__c", "Rapport_Why__c", "Rapport_Next_Action__c")  # fmt: skip
TOLD = (
    "Rapport_Key__c",
    "Subject",
    "Description",
    "Status",
    "Priority",
    "OwnerId",
    "WhatId",
    "ActivityDate",
    "IsDeleted",
)


def story() -> Book:
    """Acme asks and waits, Nordwind knows one person only, Quiet was never contacted."""
    book = Book()
    acme, nordwind = book.account("Acme"), book.account("Nordwind")
    book.account("Quiet")
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER)
    book.comment(question, CUSTOMER, ago(days=3))
    book.issue("SUP-2", acme, reporter=CUSTOMER)
    person = book.contact(nordwind, "x@nordwind.example")
    for days in (1, 5, 9, 12):
        book.call(nordwind, ago(days=days), person)
    return book


def a_day_passes(company: Company) -> None:
    """The question is answered, four more issues come, one contact with Quiet is logged, Nordwind is sold."""
    company.at(NOW + timedelta(days=1))
    accounts = {record["Name"]: record["Id"] for record in company.org("Account")}
    with company.simulator.edit() as (org, site):
        site.add_comment("SUP-1", "answered", at=NOW + timedelta(hours=20), author=STAFF)
        fields = {
            name: site.issue("SUP-2")["fields"][name]
            for name in ("project", "issuetype", "customfield_10050")
        }
        for _ in range(4):
            site.create_issue({**fields, "summary": "one more"}, at=NOW + timedelta(hours=21))
        org.add("Task", WhatId=accounts["Quiet"], AccountId=accounts["Quiet"], TaskSubtype="Call", Status="Completed",
                Subject="Call", CompletedDateTime=(NOW + timedelta(hours=19)).isoformat(), OwnerId=company.book.user)  # fmt: skip


def contents(company: Company) -> tuple[list[dict], list[dict]]:
    """What people see: Rapport's fields, and its tasks by key; ids, stamps and where the links lead aside."""
    tasks = [task for task in company.org("Task") if task.get("Rapport_Key__c")]
    keys = Counter(task["Rapport_Key__c"].casefold() for task in tasks)
    assert max(keys.values(), default=1) == 1, "a task stands twice"

    def told(value: object) -> object:
        hosts = (company.simulator.salesforce_url, company.simulator.jira_url)
        return (
            value if not isinstance(value, str) else value.replace(hosts[0], "org").replace(hosts[1], "site")
        )

    return (
        [{name: told(account.get(name)) for name in ("Name", *SHOWN)} for account in company.org("Account")],
        sorted(
            ({name: told(task.get(name)) for name in TOLD} for task in tasks),
            key=lambda task: task["Rapport_Key__c"],
        ),
    )


class Deadly(Simulator):
    """Kills the process that asks, when its n-th request arrives or when that was carried out but not answered."""

    def __init__(self, *arguments, **options) -> None:
        self.lethal: tuple[int, str] | None = None
        self.victim: Future[int] = Future()
        self.served: list[bool] = []  # of each request, whether it wrote
        super().__init__(*arguments, **options)

    def answer(self, api, request):
        writes = self.writes
        self.served.append(False)
        number = len(self.served)
        if self.lethal == (number, "arrives"):
            self._kill()
        answer = super().answer(api, request)
        self.served[number - 1] = self.writes > writes
        if self.lethal == (number, "is done"):
            self._kill()
        return answer

    @property
    def writes(self) -> int:
        return sum(side["write"] for side in self.calls().values())

    def _kill(self) -> None:
        os.kill(self.victim.result(timeout=20), signal.SIGKILL)


@pytest.fixture(scope="module")
def rapport():
    with ForkedRuns(SECRETS) as runs:
        yield runs


class Stage:
    """A company that can be put back to how it stood, store and both systems."""

    def __init__(self, folder, runs: ForkedRuns, scene: str) -> None:
        self.folder, self.runs = folder, runs
        self.data = dataset.load(story().write(folder / "dataset"))
        self.simulator = Deadly(self.data, now=NOW)
        self.company = Company(folder, self.simulator, story())
        self.company.configure(RULES)
        self.store = self.company.config.store_folder
        self.store.mkdir()
        if scene == "a later run":
            assert self.company.sync()["applied"] > 4
            a_day_passes(self.company)
        state = self.simulator.state()
        self.kept = deepcopy((state["salesforce"], state["jira"]["issues"]))
        shutil.copytree(self.store, folder / "kept store")
        self.sync()
        self.writes_at = [number for number, wrote in enumerate(self.simulator.served, 1) if wrote]
        self.requests = len(self.simulator.served)
        self.expected = contents(self.company)

    def rewind(self) -> None:
        shutil.rmtree(self.store)
        shutil.copytree(self.folder / "kept store", self.store)
        records, issues = deepcopy(self.kept)
        data = dataclasses.replace(self.data, salesforce=records, jira_issues=issues)
        with self.simulator.edit():
            self.simulator._salesforce = SalesforceApi(data, clock=self.simulator.now, ticking=False)
            self.simulator._jira = JiraApi(data)

    def sync(self, killed: tuple[int, str] | None = None) -> int:
        """One real run of the command; with `killed`, it must not survive."""
        self.simulator.served, self.simulator.lethal, self.simulator.victim = [], killed, Future()
        output = self.folder / "output"
        arguments = ("--config", str(self.company.config_path), "sync", "--format", "json")
        code = self.runs.run(*arguments, output=output, started=self.simulator.victim.set_result)
        self.simulator.lethal = None
        assert code == (-signal.SIGKILL if killed else 0), output.read_text()
        return code

    def check(self) -> None:
        self.sync()
        assert contents(self.company) == self.expected


@pytest.fixture(params=["a first run", "a later run"])
def stage(request, tmp_path, rapport):
    made = Stage(tmp_path, rapport, request.param)
    yield made
    made.simulator.stop()


@pytest.mark.parametrize("step", sometimes(0, 1))
def test_killed_before_or_after_any_write_the_next_run_makes_it_good(stage, step):
    kills = [(number, moment) for number in stage.writes_at for moment in ("arrives", "is done")]
    for kill in kills[::step] if step else kills[len(kills) // 2 :][:1]:
        stage.rewind()
        stage.sync(killed=kill)
        stage.check()
    writes = stage.simulator.writes
    stage.sync()
    assert stage.simulator.writes == writes


@pytest.mark.parametrize("step", sometimes(21, 2))
@pytest.mark.parametrize("stage", ["a first run"], indirect=True)
def test_killed_again_and_again_on_its_way_through_the_pull_nothing_is_lost(stage, step):
    stage.rewind()
    for number in range(1, stage.writes_at[0], step):
        stage.sync(killed=(number, "arrives"))
    stage.check()


class Remote:
    """`rapport simulate` in a process of its own, as a company sees its simulator."""

    def __init__(self, salesforce: str, jira: str) -> None:
        self.salesforce_url, self.jira_url = salesforce, jira

    def state(self) -> dict:
        return requests.get(f"{self.salesforce_url}/_simulator/state", timeout=20).json()


@pytest.fixture
def simulate(tmp_path):
    """simulate() -> Company: the story, served with the latency of a network by a process of its own."""
    data = story().write(tmp_path / "dataset")
    with ExitStack() as stack:
        count = iter(range(100))

        def start() -> Company:
            command = [sys.executable, "-c", "import cli; cli.main()", "simulate", "--data", str(data)]
            serving = stack.enter_context(
                subprocess.Popen(
                    [*command, "--latency-ms", "5", "--now", NOW.isoformat()],
                    env={**os.environ, "PYTHONPATH": str(PROJECT)},
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(serving.kill)
            folder = tmp_path / f"company {next(count)}"
            folder.mkdir()
            company = Company(folder, Remote(**json.loads(serving.stdout.readline())), story())
            company.configure(RULES)
            return company

        yield start


@pytest.mark.parametrize("seed", seeds(1, 6))
def test_killed_at_random_moments_it_ends_as_if_nothing_had_been(seed, simulate, rapport, tmp_path):
    def sync(company: Company, lives: float | None = None) -> int:
        output = tmp_path / "output"
        code = rapport.run("--config", str(company.config_path), "sync", output=output, lives=lives)
        assert code in (0, -signal.SIGALRM), output.read_text()
        return code

    undisturbed, disturbed = simulate(), simulate()
    began = time.monotonic()
    sync(undisturbed)
    whole = time.monotonic() - began
    chance = random.Random(seed)
    lives = [chance.uniform(0.1, 1.0) for _ in range(5)] if seed else [0.7, 0.4]
    killed = [sync(disturbed, lives=each * whole) for each in lives]
    assert any(killed)
    sync(disturbed)
    assert contents(disturbed) == contents(undisturbed)
