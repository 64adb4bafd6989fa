"""Apply through the real client against the simulated org over HTTP: faults, crashes, and the server's own count."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from connectors.errors import ConnectorError
from connectors.salesforce import Salesforce, SalesforceSettings
from simulator.dataset import Dataset
from simulator.faults import FaultSchedule
from simulator.server import Simulator
from tests.campaigns import seeds
from tests.crm_in_memory import Fuse, Killed
from tests.sync_world import AS_OF, Wanted, World, outcome

USERS = [f"005{at:012d}AAA" for at in (1, 2)]
ACCOUNTS = [f"001{at:012d}AAA" for at in (1, 2, 3)]
STAMP = "2026-11-01T08:00:00.000+0000"


def dataset() -> Dataset:
    number = {"type": "double", "precision": 3, "scale": 0}
    text = {"type": "string", "length": 255}
    return Dataset(
        salesforce={
            "Organization": [{"Id": "00D000000000001AAA", "Name": "Vendor", "IsSandbox": False}],
            "User": [
                {"Id": one, "Name": one, "Username": f"{one}@vendor.example", "IsActive": one == USERS[0]}
                for one in USERS
            ],
            "Account": [
                {
                    "Id": one,
                    "Name": one,
                    "OwnerId": USERS[0],
                    "IsDeleted": False,
                    "CreatedDate": STAMP,
                    "SystemModstamp": STAMP,
                }
                for one in ACCOUNTS
            ],
            "Task": [],
        },
        schema={
            "Account": {
                "fields": [
                    {"name": "Rapport_Health__c", "label": "Health", **number},
                    {"name": "Rapport_Band__c", "label": "Band", **text},
                    {"name": "Rapport_Why__c", "label": "Why", "type": "textarea", "length": 32000},
                ]
            },
            "Task": {
                "fields": [
                    {
                        "name": "Rapport_Key__c",
                        "label": "Key",
                        "type": "string",
                        "length": 80,
                        "externalId": True,
                        "unique": True,
                    },
                    {"name": "Rapport_Answer__c", "label": "Answer", **text},
                ]
            },
        },
    )


class OverHttp:
    """The client as the world takes it, with a fuse before and after each request that writes."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.fuse = Fuse()
        self.client = Salesforce(
            SalesforceSettings(simulator.salesforce_url, "access_token", access_token="simulator"),
            sleep=lambda _: None,
            rng=random.Random(1),
        )
        self.select_in = self.client.select_in
        self.delete = self.client.delete

    def _burning(self, call, *arguments):
        self.fuse.burn()
        answer = call(*arguments)
        self.fuse.burn()
        return answer

    def update(self, object_name, records):
        return self._burning(self.client.update, object_name, records)

    def create(self, object_name, records):
        return self._burning(self.client.create, object_name, records)

    def _rows(self, object_name: str) -> dict[str, dict]:
        return {row["Id"]: row for row in self.simulator.state()["salesforce"][object_name]}

    @property
    def accounts(self) -> dict[str, dict]:
        return self._rows("Account")

    @property
    def tasks(self) -> dict[str, dict]:
        return {
            one: row | {"modified": AS_OF}
            for one, row in self._rows("Task").items()
            if row.get("Rapport_Key__c")
        }

    @property
    def writes(self) -> int:
        return self.simulator.calls()["salesforce"]["write"]

    def contents(self) -> tuple[object, ...]:
        ours = ("Rapport_Health__c", "Rapport_Band__c", "Rapport_Why__c")
        said = ("Rapport_Key__c", "Subject", "Status", "OwnerId", "ActivityDate")
        return (
            [tuple(row.get(name) for name in ours) for row in self.accounts.values()],
            sorted(tuple(str(row.get(name)) for name in said) for row in self.tasks.values()),
        )

    def close(self) -> None:
        self.client.close()


@pytest.fixture
def serve(tmp_path):
    started: list[tuple[Simulator, OverHttp]] = []

    def start(faults: FaultSchedule | None = None) -> World:
        simulator = Simulator(dataset(), now=AS_OF, faults=faults, sleep=lambda _: None)
        crm = OverHttp(simulator)
        started.append((simulator, crm))
        return World(
            tmp_path / f"store {len(started)}",
            crm=crm,
            named=(),
            outcomes=[
                outcome(account_id=ACCOUNTS[0], owner_id=USERS[0]),
                outcome("re_engage", account_id=ACCOUNTS[1], owner_id=USERS[0]),
            ],
            wanted={
                ACCOUNTS[0]: Wanted(why="two\nlines"),
                ACCOUNTS[1]: Wanted(None, "Unknown", "no data"),
                ACCOUNTS[2]: Wanted(81, "Green", "all is well"),
            },
        )

    yield start
    for simulator, crm in started:
        crm.close()
        simulator.stop()


def next_day(world: World) -> None:
    world.later(days=1)
    world.outcomes[0] = outcome(state="silent", account_id=ACCOUNTS[0], owner_id=USERS[0])
    world.with_wanted(ACCOUNTS[0], health=75, band="Green", why="better", records=("A-2",))


def test_a_second_run_sends_no_write_by_the_servers_own_count(serve):
    world = serve()
    first = world.round()
    assert first.count("applied") == 5
    assert world.crm.writes == 2
    assert world.round().changes == 0
    assert world.crm.writes == 2
    next_day(world)
    assert world.round().count("applied") == 2
    assert world.crm.writes == 4
    assert world.round().changes == 0
    assert world.crm.accounts[ACCOUNTS[0]]["Rapport_Health__c"] == 75


def test_an_inactive_owner_is_quarantined_in_salesforces_words(serve):
    world = serve()
    world.outcomes[0] = outcome(account_id=ACCOUNTS[0], owner_id=USERS[1])
    result = world.round()
    assert result.exit_code == 5
    with world.open() as state:
        assert [one.code for one in state.quarantined()] == ["INACTIVE_OWNER_OR_USER"]


def test_a_process_that_ends_at_any_step_is_made_good_over_http(serve):
    expected = serve()
    expected.round()
    next_day(expected)
    expected.crm.fuse = Fuse()
    expected.round()
    for step in range(1, expected.crm.fuse.steps + 1):
        world = serve()
        world.round()
        next_day(world)
        world.crm.fuse = Fuse(blows_at=step)
        with pytest.raises(Killed):
            world.round()
        world.crm.fuse = Fuse()
        world.round()
        assert world.crm.contents() == expected.crm.contents()
        assert world.round().changes == 0


@pytest.mark.parametrize("seed", seeds(1, 24))
def test_under_faults_nothing_is_lost_and_no_task_is_doubled(serve, seed):
    expected = serve()
    expected.round()
    world = serve(
        FaultSchedule(seed=seed, rate=0.3, kinds=("429", "503", "reset", "lost", "401", "truncate"))
    )
    for _ in range(8):
        try:
            if world.round().changes == 0:
                break
        except ConnectorError:
            continue
    assert world.crm.contents() == expected.crm.contents()


def test_a_record_edited_by_a_person_over_http_is_held(serve):
    world = serve()
    world.round()
    world.crm.client.update("Account", [{"Id": ACCOUNTS[2], "Rapport_Band__c": "Red"}])
    world.as_of += timedelta(hours=1)
    world.pull_now()
    plan = world.plan()
    assert plan.is_empty
    assert [(one.field, one.current, one.written) for one in plan.held] == [
        ("Rapport_Band__c", "Red", "Green")
    ]
