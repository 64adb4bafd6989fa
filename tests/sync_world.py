"""A small book of accounts for tests of plan and apply: one store, one CRM in memory, one clock.

Not a test itself. `World.round()` does what a run does: settle, pull, plan, check nothing, apply.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from rules.tasks import RuleOutcome
from sync import seal
from sync.apply import ApplyResult, apply_plan, settle
from sync.changes import Plan, ScoreMark
from sync.plan import Limits, PlanInputs, TaskRow, TaskSettings, WantedField, WantedRecord, make_plan
from sync.state import State
from tests.crm_in_memory import Crm, Fuse

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANNA, BORIS = "0055g00000ANNAAAA1", "0055g00000BORISAA1"
ACME, NORDWIND = "0015g00000ACMEAAA1", "0015g00000NORDWAA1"
RULES = frozenset({"call_back", "re_engage", "reach_unit", "return_message", "widen_contacts"})


def outcome(rule: str = "call_back", state: str = "fires", **other: object) -> RuleOutcome:
    """A rule that fires for Acme, unless told otherwise."""
    basis = {"band": "amber", "numbers": {"unanswered": 2}, "records": ["A-1"], "ageing": ["days"]}
    values = {
        "kind": "fix",
        "severity": "normal",
        "account_id": ACME,
        "account": "Acme GmbH",
        "subject_key": "",
        "owner_id": ANNA,
        "owner_name": "Anna",
        "who_id": None,
        "subject": f"{rule}: 2 questions wait",
        "description": "A-1 waits.\nWhy you: you are the account manager.",
        "due": date(2026, 11, 24),
        "basis": basis,
        "reason": "unanswered 2 > 0" if state == "fires" else "unanswered is 0",
        "cooldown_days": 14,
        "on_clear": "complete",
        "health_band": "amber",
    }
    return RuleOutcome(rule=rule, state=state, **(values | other))  # type: ignore[arg-type]


def task_row(key: str, **other: object) -> TaskRow:
    values = {
        "id": "00T000000000001AAA",
        "account_id": ACME,
        "owner_id": ANNA,
        "who_id": None,
        "subject": "call_back: 2 questions wait",
        "description": "A-1 waits.\nWhy you: you are the account manager.",
        "status": "Not Started",
        "is_closed": False,
        "is_deleted": False,
        "priority": "Normal",
        "activity_date": date(2026, 11, 24),
    }
    return TaskRow(key=key, **(values | other))  # type: ignore[arg-type]


def plan_inputs(**other: object) -> PlanInputs:
    values = {
        "as_of": AS_OF,
        "day": AS_OF.date(),
        "now": AS_OF,
        "mode": "on",
        "config_digest": "config",
        "pull_id": "pull-1",
        "organization": "00D",
        "rules": RULES,
    }
    return PlanInputs(**(values | other))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Wanted:
    """What scores say of one account."""

    health: int | None = 52
    band: str = "Amber"
    why: str = "2 questions wait"
    records: tuple[str, ...] = ("A-1",)


class BurningState(State):
    """A store whose process can end just before or just after each commit."""

    fuse = Fuse()

    @contextmanager
    def transaction(self):
        with super().transaction() as books:
            yield books
            self.fuse.burn()
        self.fuse.burn()


@dataclass
class World:
    folder: Path
    crm: Crm = field(default_factory=Crm)
    named: tuple[str, ...] = (ACME, NORDWIND)  # accounts that the CRM begins with
    as_of: datetime = AS_OF
    outcomes: list[RuleOutcome] = field(default_factory=list)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    rules: frozenset[str] = RULES
    limits: Limits = field(default_factory=Limits)
    settings: TaskSettings = field(default_factory=TaskSettings)
    adopt: bool = False
    pull: int = 0
    runs: int = 0
    rows: list[TaskRow] = field(default_factory=list)
    accounts: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for account in self.named:
            self.crm.accounts[account] = {"Id": account, "Name": account}

    def clock(self) -> datetime:
        return self.as_of + timedelta(minutes=5)

    def later(self, **delta: float) -> None:
        self.as_of += timedelta(**delta)

    def pull_now(self) -> None:
        """Copy the CRM to the mirror."""
        self.pull += 1
        self.accounts = {one: dict(row) for one, row in self.crm.accounts.items()}
        self.rows = [
            TaskRow(
                id=row["Id"],
                key=row["Rapport_Key__c"],
                account_id=row.get("WhatId"),
                owner_id=row.get("OwnerId"),
                who_id=row.get("WhoId"),
                subject=row.get("Subject"),
                description=row.get("Description"),
                status=row.get("Status"),
                is_closed=row.get("Status") == "Completed",
                is_deleted=bool(row["IsDeleted"]),
                priority=row.get("Priority"),
                activity_date=date.fromisoformat(row["ActivityDate"]) if row.get("ActivityDate") else None,
                answer=row.get("Rapport_Answer__c"),
                snooze_until=row.get("snooze"),
                modified_at=row.get("modified", self.as_of),
            )
            for row in self.crm.tasks.values()
        ]

    def inputs(self, state: State) -> PlanInputs:
        written = state.written_values("Account")
        bands = {
            (account, scorecard): band for account, scorecard, band, *_ in state.bands_before(self.as_of)
        }

        def record(account: str, one: Wanted) -> WantedRecord:
            now, before = self.accounts[account], written.get(account, {})
            moved = bands.get((account, "health"), one.band) != one.band

            def wanted_field(name: str, kind: str, value: object, **other: object) -> WantedField:
                return WantedField(
                    name, kind, value, now.get(name), before.get(name), band_changed=moved, **other
                )

            return WantedRecord(
                "Account",
                account,
                account,
                account,
                one.why,
                (
                    wanted_field("Rapport_Health__c", "number", one.health, scorecard="health"),
                    wanted_field("Rapport_Band__c", "picklist", one.band, scorecard="health"),
                    wanted_field(
                        "Rapport_Why__c", "text", one.why, basis={"records": list(one.records)}, length=1000
                    ),
                ),
                {"health": ScoreMark(one.health, one.band)},
            )

        return plan_inputs(
            as_of=self.as_of,
            day=self.as_of.date(),
            now=self.clock(),
            pull_id=f"pull-{self.pull}",
            rules=self.rules,
            records=[record(account, one) for account, one in self.wanted.items()],
            outcomes=self.outcomes,
            tasks=self.rows,
            episodes=state.episodes(),
            confirmed_tasks=state.confirmed_tasks(),
            created_today=state.created_on(self.as_of.date()),
            quarantined={one.record for one in state.quarantined() if one.object == "Task"},
            limits=self.limits,
            task_settings=self.settings,
            adopt=self.adopt,
        )

    def open(self) -> State:
        BurningState.fuse = self.crm.fuse
        return BurningState.open(self.folder)

    def plan(self) -> Plan:
        with self.open() as state:
            return seal.sealed(make_plan(self.inputs(state)), state.seal_key)

    def apply(self, plan: Plan) -> ApplyResult:
        self.runs += 1
        with self.open() as state:
            return apply_plan(plan, crm=self.crm, state=state, clock=self.clock, run_id=f"run-{self.runs}")

    def settle(self) -> int:
        with self.open() as state:
            return settle(state, self.crm, clock=self.clock, run_id=f"run-{self.runs}")

    def round(self) -> ApplyResult:
        self.settle()
        self.pull_now()
        return self.apply(self.plan())

    def edit_task(self, key: str, **values: object) -> None:
        """A person changes a task in the org."""
        row = next(row for row in self.crm.tasks.values() if row["Rapport_Key__c"] == key)
        row.update(values, modified=self.as_of)

    def open_keys(self) -> list[str]:
        return sorted(
            str(row["Rapport_Key__c"])
            for row in self.crm.tasks.values()
            if row.get("Status") != "Completed" and not row["IsDeleted"]
        )

    def with_wanted(self, account: str, **other: object) -> None:
        self.wanted[account] = replace(self.wanted.get(account, Wanted()), **other)
