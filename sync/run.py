"""The main job on one screen: pull, measure, plan, apply; the scores are kept for trends.

```
pull ─► mirror ─► measure ─► plan ─► apply ─► Salesforce
                    ▲          ▲        │
                    └── state ─┴────────┘
```
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError, FieldNotFound
from connectors.jira import Jira
from connectors.salesforce import Salesforce
from sync import hierarchy, history, normalise, replay, safety, score_object, seal, source_days
from sync.apply import ApplyResult, apply_plan, check_current, settle
from sync.errors import StalePlan, SyncError
from sync.lock import RunLock
from sync.measure import default_as_of, server_now
from sync.mirror import Mirror, StoreEmpty
from sync.plan_from_store import build_plan, limits, links_after, organization
from sync.pull import PullReport, Sides, pull
from sync.state import UNREADABLE, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from connectors.http import Calls
    from sync.changes import Plan
    from sync.config import Config

__all__ = [
    "READ_WAIT",
    "Outcome",
    "PullReport",
    "build_plan",
    "check_safety",
    "reading",
    "run_apply",
    "run_pull",
    "run_sync",
]

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
    newly_rejected: int = 0

    @property
    def exit_code(self) -> int:
        """5 when this run met records, of a source or of a target, that were not in quarantine before."""
        return (
            5 if self.newly_rejected or (self.applied is not None and self.applied.newly_quarantined) else 0
        )

    def to_json(self) -> dict[str, object]:
        plan = self.plan
        result = self.applied or ApplyResult(self.run, len(plan.changes) if plan else 0, ())
        told = result.to_json(self.calls)
        return {
            **told,
            "quarantined": result.count("quarantined") + self.rejected,
            "mode": plan.mode if plan else None,
            "as_of": plan.as_of.isoformat().replace("+00:00", "Z") if plan else None,
            "held": len(plan.held) if plan else 0,
            "notices": self.notices,
        }


@contextmanager
def reading(
    config: Config, *, wait: float = READ_WAIT, notify: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[Mirror, State]]:
    """Mirror and state for a command that only looks; raises StoreEmpty before the first pull, StoreBusy during a run.

    What [identity] and [people] say holds at once: links and account managers are derived anew when that has changed.
    """
    folder = config.store_folder
    if not folder.exists():
        raise StoreEmpty  # whoever only looks leaves nothing behind
    with _shared(folder, wait) as mirror:
        if normalise.is_current(config, mirror):
            with State.open(folder) as state:
                yield mirror, state
            return
    with RunLock.acquire(folder, exclusive=True, wait=wait, phase="links"), Mirror.open(folder) as mirror:
        for notice in normalise.derive_anew(config, mirror):
            notify(notice)
    with _shared(folder, wait) as mirror, State.open(folder) as state:
        yield mirror, state


@contextmanager
def _shared(folder: Path, wait: float) -> Iterator[Mirror]:
    with RunLock.acquire(folder, exclusive=False, wait=wait), Mirror.open(folder, read_only=True) as mirror:
        yield mirror


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
        try:
            job.pull(full=False, progress=progress)
        except ConnectorError:
            job.tell_days()  # of what was read before it broke off
            raise
        as_of = default_as_of(job.mirror, server_now(config, job.mirror))
        job.lock.phase("measure")
        replay.backfill(config, job.mirror, job.state, as_of, run_id=job.outcome.run, progress=progress)
        plan = build_plan(config, job.mirror, job.state, as_of, adopt=adopt)
        history.record(
            job.state,
            job.mirror.connection,
            as_of,
            config.scoring_digest,
            run_id=job.outcome.run,
            retention=config.privacy.retention,
        )
        job.outcome.plan = plan
        job.outcome.notices += _for_admins(plan)
        if config.rollout.mode == "observe":
            return job.outcome
        check_safety(config, job.state, plan, allow_large_change=allow_large_change)
        job.apply(plan)
        if any(change.object == score_object.OBJECT and change.action == "create" for change in plan.changes):
            links = links_after(config, job.mirror, job.state, plan)
            if links.changes:
                job.apply(links)
        job.tell_days()
        return job.outcome


def run_apply(
    config: Config, plan: Plan, *, allow_large_change: bool, sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Write exactly `plan`. Raises EditedPlan, StalePlan or SafetyStop before anything is written."""
    with _run(config, "apply", sleep) as job:
        seal.verify(plan, job.state.seal_key)
        if job.mirror.meta("incomplete"):
            raise StalePlan(
                "The last pull did not come to its end, so the store holds data of different ages.",
                "run `rapport pull`, then make a new plan with `rapport plan --out FILE`.",
            )
        check_current(
            plan,
            job.state,
            config_digest=config.digest,
            pull_id=job.mirror.meta("pull_id"),
            organization=organization(job.mirror),
            now=server_now(config, job.mirror),
            max_age=config.safety.max_plan_age,
        )
        check_safety(config, job.state, plan, allow_large_change=allow_large_change)
        job.sign_in()
        job.settle()
        job.outcome.plan = plan
        job.apply(plan)
        return job.outcome


def check_safety(config: Config, state: State, plan: Plan, *, allow_large_change: bool) -> None:
    verdict = safety.check(plan, state.known_records(), limits(config))
    if not verdict.allowed and not allow_large_change:
        raise verdict.stop()


def _for_admins(plan: Plan) -> list[str]:
    """Tasks that cannot be created until somebody mends the org or the config; those that only wait are no news."""
    reasons = Counter(
        each.reason
        for each in plan.waiting
        if each.reason.startswith(("no task is written", "no active owner"))
    )
    return [f"{reason} ({count} asked for)" for reason, count in sorted(reasons.items())]


# -- one run -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    config: Config
    mirror: Mirror
    state: State
    lock: RunLock
    outcome: Outcome
    salesforce: Salesforce
    jira: tuple[Jira, ...]
    sides: Sides | None = None

    def clock(self) -> datetime:
        return server_now(self.config, self.mirror)

    def pull(self, *, full: bool, progress: Callable[[str, int], None]) -> PullReport:
        self.lock.phase("pull")
        now = server_now(self.config, None)
        report = pull(self.config, self.mirror, self.sign_in(), full=full, now=now, progress=progress)
        self.outcome.notices += report.notices
        unreadable = [(source, each.id or "without id", each.reason) for source, each in report.rejected]
        self.outcome.rejected = len(set(unreadable))
        self.outcome.newly_rejected = self.state.quarantine_unreadable(
            unreadable, self._read_again(), self.outcome.run, now
        )
        self.outcome.notices += [
            f"{source} {record} could not be read: {reason}" for source, record, reason in unreadable
        ]
        self._told_of_rings(now)
        return report

    def _told_of_rings(self, now: datetime) -> None:
        """Accounts that are each other's parents can be no group; they matter only where the config asks for groups."""
        grouped = self.config.accounts.group is not None
        rings = hierarchy.rings(self.mirror.connection) if grouped else []
        accounts = {account: ring.told for ring in rings for account in ring.accounts}
        self.outcome.rejected += len(accounts)
        self.outcome.newly_rejected += self.state.quarantine_rings(accounts, self.outcome.run, now)
        self.outcome.notices += [ring.told for ring in rings]

    def _read_again(self) -> list[tuple[str, str]]:
        """Records in quarantine as unreadable that the mirror now holds in a newer version."""
        known = [each for each in self.state.quarantined() if each.code == UNREADABLE]
        return [
            (each.object, each.record)
            for each in known
            if self.mirror.changed_since(each.object, each.record, each.last_at)
        ]

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

    def tell_days(self) -> None:
        """Tell the org on which day each source was last read whole, where the rollout allows writing."""
        if self.config.rollout.mode != "observe":
            self.lock.phase("status")
            self.outcome.notices += source_days.write(
                self.config, self.mirror, self.state, self.salesforce, self.clock()
            )

    def apply(self, plan: Plan) -> None:
        self.lock.phase("apply")
        before = self.outcome.applied
        done = apply_plan(
            plan,
            crm=self.salesforce,
            state=self.state,
            clock=self.clock,
            run_id=self.outcome.run,
            goes_on=before is not None,
        )
        self.outcome.applied = done if before is None else before.and_then(done)


@contextmanager
def _run(config: Config, command: str, sleep: Callable[[float], None]) -> Iterator[_Job]:
    """Hold the store alone, keep the run's record whatever happens, count its calls."""
    http = config.http_settings()
    salesforce = Salesforce(
        config.salesforce_settings(), http, api_share=config.safety.api_share, sleep=sleep
    )
    jira = tuple(Jira(site, http, sleep=sleep) for site in config.jira_sites())
    folder: Path = config.store_folder
    with RunLock.acquire(folder, exclusive=True, phase=command) as lock, State.open(folder) as state:
        run_id = state.start_run(command, server_now(config, None), os.getpid())
        outcome = Outcome(run_id)
        exit_code = 3
        try:
            with Mirror.open(folder) as mirror:
                yield _Job(config, mirror, state, lock, outcome, salesforce, jira)
            exit_code = outcome.exit_code
        except SyncError as error:
            exit_code = error.exit_code
            raise
        except FieldNotFound:
            exit_code = 2  # the config names it
            raise
        finally:
            outcome.calls = {
                "salesforce": _calls(salesforce.calls),
                "jira": _calls(*(site.calls for site in jira)),
            }
            state.end_run(run_id, server_now(config, None), exit_code, _summary(outcome))
            salesforce.close()


def _summary(outcome: Outcome) -> dict[str, object]:
    told = outcome.to_json()
    return {
        name: told[name]
        for name in ("changes", "applied", "skipped", "quarantined", "calls", "mode", "as_of")
    }


def _calls(*counted: Calls) -> dict[str, int]:
    return {"read": sum(each.read for each in counted), "write": sum(each.write for each in counted)}
