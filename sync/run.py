"""The main job on one screen: pull, measure, plan, apply.

```
pull ─► mirror ─► measure ─► plan ─► apply ─► Salesforce
                    ▲          ▲        │
                    └── state ─┴────────┘
```
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.errors import FieldNotFound
from connectors.jira import Jira
from connectors.salesforce import Salesforce
from rules import tasks
from sync import canonical, safety, seal
from sync.apply import ApplyResult, apply_plan, check_current, settle
from sync.errors import SyncError
from sync.lock import RunLock
from sync.measure import business_hours, default_as_of, measure, pilot_sql, server_now
from sync.mirror import Mirror
from sync.objects import TASK_FIELDS
from sync.plan import make_plan
from sync.plan_inputs import Limits, PlanInputs, TaskRow, TaskSettings
from sync.pull import PullReport, Sides, pull
from sync.state import State
from sync.wanted import OwnField, wanted_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connectors.http import Calls
    from sync.changes import Plan
    from sync.config import Config
    from sync.plan_inputs import Episode

READ_WAIT = 10.0  # seconds that a reader waits for a run to end


@dataclass(slots=True)
class Outcome:
    """What a run did, in the JSON shape of `sync` and `apply`, and what else a person should know."""

    run: str
    plan: Plan | None = None
    applied: ApplyResult | None = None
    notices: list[str] = field(default_factory=list)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    rejected: int = 0

    def to_json(self) -> dict[str, object]:
        plan = self.plan
        result = self.applied or ApplyResult(self.run, len(plan.changes) if plan else 0, ())
        return {
            **result.to_json(self.calls),
            "mode": plan.mode if plan else None,
            "as_of": canonical.stamp(plan.as_of) if plan else None,
            "held": len(plan.held) if plan else 0,
            "notices": self.notices,
        }


@contextmanager
def reading(config: Config, *, wait: float = READ_WAIT) -> Iterator[tuple[Mirror, State]]:
    """Mirror and state for a command that only looks; raises StoreEmpty before the first pull, StoreBusy during a run."""
    folder = config.store_folder
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    with (
        RunLock.acquire(folder, exclusive=False, wait=wait),
        Mirror.open(folder, read_only=True) as mirror,
        State.open(folder) as state,
    ):
        yield mirror, state


def run_pull(
    config: Config,
    *,
    full: bool,
    progress: Callable[[str, int], None],
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Outcome, PullReport]:
    with _run(config, "pull", sleep) as job:
        report = job.pull(full=full, progress=progress)
        return job.outcome, report


def run_sync(
    config: Config,
    *,
    allow_large_change: bool,
    adopt: bool,
    progress: Callable[[str, int], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Pull, plan and, as far as the rollout allows, apply. Raises SafetyStop before anything is written."""
    with _run(config, "sync", sleep) as job:
        if config.rollout.mode != "observe":
            job.settle()
        job.pull(full=False, progress=progress)
        as_of = default_as_of(job.mirror, server_now(config, job.mirror))
        plan = build_plan(config, job.mirror, job.state, as_of, adopt=adopt)
        job.outcome.plan = plan
        job.outcome.notices += _for_admins(plan)
        if config.rollout.mode == "observe":
            return job.outcome
        check_safety(config, job.state, plan, allow_large_change=allow_large_change)
        job.apply(plan)
        return job.outcome


def run_apply(
    config: Config, plan: Plan, *, allow_large_change: bool, sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Write exactly `plan`. Raises EditedPlan, StalePlan or SafetyStop before anything is written."""
    with _run(config, "apply", sleep) as job:
        seal.verify(plan, job.state.seal_key)
        check_current(
            plan,
            job.state,
            config_digest=config.digest,
            pull_id=job.mirror.meta("pull_id"),
            organization=_organization(job.mirror),
            now=server_now(config, job.mirror),
            max_age=config.safety.max_plan_age,
        )
        check_safety(config, job.state, plan, allow_large_change=allow_large_change)
        job.sign_in()
        job.settle()
        job.outcome.plan = plan
        job.apply(plan)
        return job.outcome


def build_plan(config: Config, mirror: Mirror, state: State, as_of: datetime, *, adopt: bool = False) -> Plan:
    """The sealed plan for `as_of`, from the store alone."""
    measure(config, mirror, state, as_of)
    hours = business_hours(config)
    day = hours.day_of(as_of)
    where = pilot_sql(config)
    episodes = state.episodes()
    own_tasks = _own_tasks(mirror)
    outcomes = tasks.outcomes(
        mirror.connection,
        config.catalogue,
        tracked=_tracked(episodes, own_tasks),
        day=day,
        hours=hours,
        where=where,
    )
    written = {
        (record_id, name): each
        for record_id, fields in state.written_values("Account").items()
        for name, each in fields.items()
    }
    records = wanted_records(
        mirror.connection, config.catalogue, _account_fields(mirror), written, outcomes, where=where
    )
    plan = make_plan(
        PlanInputs(
            as_of=as_of,
            day=day,
            now=server_now(config, mirror),
            mode=config.rollout.mode,
            config_digest=config.digest,
            pull_id=mirror.meta("pull_id"),
            organization=_organization(mirror),
            rules=frozenset(name for name, rule in config.catalogue.rules.items() if rule.enabled),
            business_day=hours.add_business_days(day, 0),
            concerned=_concerned(mirror, where),
            records=records,
            outcomes=outcomes,
            tasks=own_tasks,
            episodes=episodes,
            confirmed_tasks=state.confirmed_tasks(),
            created_today=state.created_on(day),
            quarantined=frozenset(each.record for each in state.quarantined() if each.object == "Task"),
            limits=_limits(config),
            task_settings=_task_settings(config, mirror),
            adopt=adopt,
        )
    )
    return seal.sealed(plan, state.seal_key)


def check_safety(config: Config, state: State, plan: Plan, *, allow_large_change: bool) -> None:
    verdict = safety.check(plan, state.known_records(), _limits(config))
    if not verdict.allowed and not allow_large_change:
        raise verdict.stop()


# -- one run -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    config: Config
    mirror: Mirror
    state: State
    lock: RunLock
    outcome: Outcome
    salesforce: Salesforce
    jira: Jira | None
    sides: Sides | None = None

    def clock(self) -> datetime:
        return server_now(self.config, self.mirror)

    def pull(self, *, full: bool, progress: Callable[[str, int], None]) -> PullReport:
        self.lock.phase("pull")
        now = server_now(self.config, None)
        report = pull(self.config, self.mirror, self.sign_in(), full=full, now=now, progress=progress)
        self.outcome.notices += report.notices
        self.outcome.rejected = len(report.rejected)
        for source, rejected in report.rejected:
            self.outcome.notices.append(
                f"{source} {rejected.id or 'without id'} could not be read: {rejected.reason}"
            )
        return report

    def sign_in(self) -> Sides:
        """Sign in once, and refuse to go on where another org or site answers than the store was filled from."""
        if self.sides is None:
            self.sides = Sides.sign_in(self.salesforce, self.jira)
            self.state.bind(self.sides.identity())
        return self.sides

    def settle(self) -> None:
        """Ask the org what became of writes whose answer an earlier run never saw."""
        self.lock.phase("settle")
        self.sign_in()
        settle(self.state, self.salesforce, clock=self.clock, run_id=self.outcome.run)

    def apply(self, plan: Plan) -> None:
        self.lock.phase("apply")
        self.outcome.applied = apply_plan(
            plan,
            crm=self.salesforce,
            state=self.state,
            clock=self.clock,
            run_id=self.outcome.run,
        )


@contextmanager
def _run(config: Config, command: str, sleep: Callable[[float], None]) -> Iterator[_Job]:
    """Hold the store alone, keep the run's record whatever happens, count its calls."""
    http = config.http_settings()
    salesforce = Salesforce(
        config.salesforce_settings(), http, api_share=config.safety.api_share, sleep=sleep
    )
    jira_settings = config.jira_settings()
    jira = None if jira_settings is None else Jira(jira_settings, http, sleep=sleep)
    folder: Path = config.store_folder
    with RunLock.acquire(folder, exclusive=True, phase=command) as lock, State.open(folder) as state:
        run_id = state.start_run(command, server_now(config, None), os.getpid())
        outcome = Outcome(run_id)
        exit_code = 3
        try:
            with Mirror.open(folder) as mirror:
                yield _Job(config, mirror, state, lock, outcome, salesforce, jira)
            exit_code = 5 if outcome.applied is not None and outcome.applied.newly_quarantined else 0
        except SyncError as error:
            exit_code = error.exit_code
            raise
        except FieldNotFound:
            exit_code = 2  # the config names it
            raise
        finally:
            outcome.calls = {
                "salesforce": _calls(salesforce.calls),
                "jira": _calls(jira.calls if jira else None),
            }
            state.end_run(run_id, server_now(config, None), exit_code, _summary(outcome))
            salesforce.close()


def _summary(outcome: Outcome) -> dict[str, object]:
    told = outcome.to_json()
    return {
        name: told[name]
        for name in ("changes", "applied", "skipped", "quarantined", "calls", "mode", "as_of")
    }


def _calls(calls: Calls | None) -> dict[str, int]:
    return {"read": calls.read if calls else 0, "write": calls.write if calls else 0}


# -- values for the plan -----------------------------------------------------------------------------------------------


def _organization(mirror: Mirror) -> str | None:
    known = json.loads(mirror.meta("organization") or "{}")
    identity = known.get("id")
    return None if identity is None else str(identity)


def _concerned(mirror: Mirror, where: str | None) -> frozenset[str] | None:
    """The accounts of a pilot; None where the plan is for all."""
    if where is None:
        return None
    rows = mirror.connection.execute(f"select account_id from accounts where {where}").fetchall()
    return frozenset(account_id for (account_id,) in rows)


def _for_admins(plan: Plan) -> list[str]:
    """Tasks that cannot be created until somebody mends the org or the config; those that only wait are no news."""
    reasons = Counter(
        each.reason
        for each in plan.waiting
        if each.reason.startswith(("no task is written", "no active owner"))
    )
    return [f"{reason} ({count} asked for)" for reason, count in sorted(reasons.items())]


def _own_fields(mirror: Mirror) -> dict[str, dict[str, object]]:
    fields: dict[str, dict[str, object]] = json.loads(mirror.meta("own_fields") or "{}")
    return fields


def _account_fields(mirror: Mirror) -> list[OwnField]:
    return [
        OwnField(ours, str(info["name"]), int(str(info["length"])), int(str(info["scale"])))
        for ours, info in _own_fields(mirror).items()
        if info["updateable"] and ours not in TASK_FIELDS
    ]


def _limits(config: Config) -> Limits:
    limits = config.safety
    return Limits(
        min_score_move=limits.min_score_move,
        large_move=limits.large_move,
        max_change_share=limits.max_change_share,
        min_records=limits.min_records,
        max_open_tasks_per_owner=limits.max_open_tasks_per_owner,
        max_new_tasks_per_owner_day=limits.max_new_tasks_per_owner_day,
    )


def _task_settings(config: Config, mirror: Mirror) -> TaskSettings:
    section = config.salesforce.task
    fields = _own_fields(mirror)
    key = fields.get("Rapport_Key__c")
    record_type = None
    if section.record_type:
        found = mirror.one(
            "select Id from sf_record_type where SobjectType = 'Task' and (DeveloperName = $1 or Name = $1)",
            section.record_type,
        )
        if found is None:
            raise SyncError(
                f'salesforce.task.record_type: the org has no record type "{section.record_type}" of Task.',
                "name one by its developer name, or leave the key out.",
            )
        record_type = str(found)
    lacking = (
        "is not there, or hidden from this user"
        if key is None
        else "may not be filled in by this user"
        if not key["createable"]
        else "is not unique in the org, so that nothing would stop a doubled task"
        if not key["unique"]
        else None
    )
    return TaskSettings(
        createable=lacking is None,
        lacking=lacking or "",
        key_field=str(key["name"]) if key else "Rapport_Key__c",
        open_status=section.open_status,
        closed_status=section.closed_status,
        priority=section.priority,
        high_priority=section.high_priority,
        record_type_id=record_type,
        type=section.type,
        constants=dict(section.constants),
    )


def _own_tasks(mirror: Mirror) -> list[TaskRow]:
    """Tasks in the org that carry a Rapport key, as the last pull saw them."""
    rows = mirror.connection.execute(
        "select t.Id, t.Rapport_Key__c, coalesce(s.survivor_id, t.AccountId), t.OwnerId, t.WhoId, t.Subject, "
        "t.Description, t.Status, t.IsClosed, t.IsDeleted, t.Priority, t.ActivityDate, t.Rapport_Answer__c, "
        "t.Rapport_Snooze_Until__c, t.CompletedDateTime, coalesce(t.LastModifiedDate, t.SystemModstamp) "
        "from sf_own_task t left join account_survivor s on s.account_id = t.AccountId order by t.Id"
    ).fetchall()
    return [TaskRow(*row[:14], *(_aware(moment) for moment in row[14:])) for row in rows]


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _tracked(episodes: list[Episode], own_tasks: list[TaskRow]) -> set[tuple[str, str]]:
    """Pairs of rule and account whose silence matters: an episode is open, or a task stands in the org."""
    tracked = {(each.rule, each.account_id) for each in episodes if each.ended is None}
    for task in own_tasks:
        rule, _, rest = task.key.partition("|")
        tracked.add((rule, canonical.id18(rest.partition("|")[0])))
    return tracked
