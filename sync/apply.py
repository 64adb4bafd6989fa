"""Writing exactly a plan, so that no crash, lost answer or second try loses or doubles a write.

    books: all intended ─► per chunk: re-read ─► books: sent ─► send ─► books: confirmed, refused or skipped

A record that somebody changed since is skipped with the reason, one that the target refuses is quarantined
with the target's words; neither blocks the rest. What was sent and never answered is settled by asking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from connectors.errors import OutcomeUnknown
from connectors.salesforce_writes import CHUNK
from sync import canonical, ledger, target
from sync.errors import StalePlan, StateMismatch
from sync.ledger import Entry, Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from connectors.salesforce_writes import WriteResult
    from sync.changes import JsonObject, Plan
    from sync.plan_inputs import ConfirmedTask
    from sync.state import State
    from sync.target import Crm

Outcome = Literal["applied", "unchanged", "skipped", "quarantined"]

_NEW_PLAN = "make a new one with `rapport plan --out FILE`, review it and apply that."
_CREATE_TRIES = 3
_GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})
_UNRELATED = _GONE | {"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"}


@dataclass(frozen=True, slots=True)
class RecordResult:
    id: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class ApplyResult:
    run_id: str
    changes: int
    records: tuple[RecordResult, ...]
    newly_quarantined: int = 0

    def count(self, outcome: Outcome) -> int:
        return sum(record.outcome == outcome for record in self.records)

    def and_then(self, after: ApplyResult) -> ApplyResult:
        """Both, as one run tells of them."""
        return ApplyResult(
            self.run_id,
            self.changes + after.changes,
            self.records + after.records,
            self.newly_quarantined + after.newly_quarantined,
        )

    @property
    def exit_code(self) -> int:
        return 5 if self.newly_quarantined else 0

    def to_json(self, calls: Mapping[str, object]) -> JsonObject:
        """`calls` is `{salesforce: {read, write}, jira: {read, write}}` of the whole run."""
        return {
            "run": self.run_id,
            "changes": self.changes,
            "applied": self.count("applied"),
            "skipped": self.count("skipped") + self.count("unchanged"),
            "quarantined": self.count("quarantined"),
            "calls": dict(calls),
            "records": [
                {"id": one.id, "outcome": one.outcome, "reason": one.reason}
                for one in sorted(self.records, key=lambda one: (one.id, one.outcome))
            ],
        }


def check_current(
    plan: Plan,
    state: State,
    *,
    config_digest: str,
    pull_id: str | None,
    organization: str | None,
    now: datetime,
    max_age: timedelta,
) -> None:
    """A plan is for the world that it saw: refuse it when configuration, data or a plan came after it."""
    if plan.organization and organization and plan.organization != organization:
        raise StateMismatch(
            f"This plan is for organization {plan.organization}, but the sign-in leads to {organization}.",
            "use the configuration that the plan was made with.",
        )
    last = state.last_plan()
    stale = (
        "the configuration changed since it was made"
        if plan.config_digest != config_digest
        else "newer data was pulled since it was made"
        if plan.pull_id != pull_id
        else "a later plan was applied"
        if last is not None and last.digest != plan.digest and last.created_at >= plan.created_at
        else f"it is older than {max_age.total_seconds() / 3600:g} hours"
        if now - plan.created_at > max_age
        else None
    )
    if stale:
        raise StalePlan(f"This plan is out of date: {stale}.", _NEW_PLAN)


def apply_plan(
    plan: Plan,
    *,
    crm: Crm,
    state: State,
    clock: Callable[[], datetime],
    run_id: str,
    goes_on: bool = False,
) -> ApplyResult:
    """Send what is still true of the plan. Digest, seal and staleness were checked by the caller.

    `goes_on`: the run has applied a plan before, of which this one says nothing.
    """
    entries = ledger.intend(state, plan, run_id, clock(), goes_on=goes_on)
    work = _Work(crm, state, clock, run_id, state.confirmed_tasks() if plan.changes else {})
    for (object_name, action), group in groupby(entries, key=lambda e: (e.change.object, e.change.action)):
        for chunk in _chunks(list(group)):
            if action == "create":
                work.create(object_name, chunk)
            else:
                work.change(object_name, chunk, delete=action == "delete")
    return ApplyResult(run_id, len(plan.changes), tuple(work.results), work.newly_quarantined)


def settle(state: State, crm: Crm, *, clock: Callable[[], datetime], run_id: str) -> int:
    """Ask the target what became of writes that were sent and never answered; returns how many there were.

    Without any, nothing is asked. What did not take effect is planned again by the next plan.
    """
    unclear = ledger.unclear(state)
    by_object = sorted(unclear, key=lambda e: (e.change.object, e.change.action == "create", e.id))
    for (object_name, create), group in groupby(
        by_object, key=lambda e: (e.change.object, e.change.action == "create")
    ):
        for chunk in _chunks(list(group)):
            found = _by_key(crm, object_name, chunk) if create else _by_id(crm, object_name, chunk)
            settled = [
                Settled(entry, "confirmed", id=_found_id(found, entry))
                if (
                    entry.name in found if create else target.took_effect(entry.change, found.get(entry.name))
                )
                else Settled(entry, "absent", message="its answer was lost; the target does not hold it")
                for entry in chunk
            ]
            ledger.settle(state, settled, run_id, clock())
    return len(unclear)


@dataclass(slots=True)
class _Work:
    crm: Crm
    state: State
    clock: Callable[[], datetime]
    run_id: str
    confirmed: Mapping[str, ConfirmedTask]
    results: list[RecordResult] = field(default_factory=list)
    newly_quarantined: int = 0

    def change(self, object_name: str, chunk: Sequence[Entry], *, delete: bool) -> None:
        """Update, complete or delete records that still stand as the plan saw them."""
        standing = _by_id(self.crm, object_name, chunk)
        settled: list[Settled] = []
        pending: list[tuple[Entry, dict[str, object]]] = []
        for entry in chunk:
            change = entry.change
            seen = target.look(change, standing.get(entry.name), self.confirmed.get(change.key or ""))
            if seen.standing == "as planned":
                pending.append((entry, {"Id": change.id, **seen.pending}))
            elif seen.standing == "already so":
                settled.append(Settled(entry, "confirmed", message="it already stood so"))
            else:
                settled.append(Settled(entry, "skipped", message=seen.reason))
        self._record(settled)
        if not pending:
            return
        to_send = [entry for entry, _ in pending]
        ledger.sent(self.state, to_send, self.clock())
        if delete:
            answers = self.crm.delete(object_name, [entry.name for entry in to_send])
        else:
            answers = self.crm.update(object_name, [record for _, record in pending])
        self._record(
            Settled(entry, "skipped", code=answer.code, message="it is no longer there")
            if answer.code in _GONE
            else _answered(entry, answer)
            for entry, answer in zip(to_send, answers, strict=True)
        )

    def create(self, object_name: str, chunk: Sequence[Entry]) -> None:
        """Look each key up, create what is not there; after a lost answer look again before the next try.

        The key is unique in the org, so even a request that lands late cannot double a record. An upsert would do so as
        well, but write over values that nobody has looked at.
        """
        left, tried = list(chunk), False
        for last in (False,) * (_CREATE_TRIES - 1) + (True,):
            left = self._settle_found(object_name, left, ours=tried)
            if not left:
                return
            tried = True
            ledger.sent(self.state, left, self.clock())
            try:
                answers = self.crm.create(object_name, [entry.change.after for entry in left])
            except OutcomeUnknown:
                if last:
                    raise
                continue
            break
        refused_as_double = [
            entry for entry, answer in zip(left, answers, strict=True) if answer.code == "DUPLICATE_VALUE"
        ]
        unexplained = self._settle_found(object_name, refused_as_double, ours=False)
        explained = {entry.id for entry in refused_as_double} - {entry.id for entry in unexplained}
        orphans = self._orphans(
            entry for entry, answer in zip(left, answers, strict=True) if answer.code in _UNRELATED
        )
        self._record(
            Settled(entry, "skipped", code=answer.code, message="its account is no longer there")
            if entry.id in orphans
            else _answered(entry, answer)
            for entry, answer in zip(left, answers, strict=True)
            if entry.id not in explained
        )

    def _orphans(self, refused: Iterable[Entry]) -> set[int]:
        """Those whose account was deleted or merged away since the plan: nobody has to mend anything."""
        account_of = {entry.id: entry.change.account_id for entry in refused if entry.change.account_id}
        if not account_of:
            return set()
        rows = self.crm.select_in("Account", ["Id"], "Id", sorted(set(account_of.values())))
        standing = {canonical.id18(str(row["Id"])) for row in rows}
        return {number for number, account in account_of.items() if account not in standing}

    def _settle_found(self, object_name: str, entries: Sequence[Entry], *, ours: bool) -> list[Entry]:
        """Settle those whose key the target knows; returns the others. `ours`: they were sent before, and their key was
        not there then, so what is found is what was sent, whatever people made of it since.
        """
        if not entries:
            return []
        found = _by_key(self.crm, object_name, entries)
        self._record(
            Settled(entry, "confirmed", id=_found_id(found, entry), message="it was already there")
            if ours or target.holds(entry.change, found[entry.name])
            else Settled(entry, "skipped", message="there is one already, which the next run compares")
            for entry in entries
            if entry.name in found
        )
        return [entry for entry in entries if entry.name not in found]

    def _record(self, settled: Iterator[Settled] | Sequence[Settled]) -> None:
        done = list(settled)
        if not done:
            return
        self.newly_quarantined += len(ledger.settle(self.state, done, self.run_id, self.clock()))
        for one in done:
            outcome: Outcome = (
                "quarantined"
                if one.status == "refused"
                else "skipped"
                if one.status == "skipped"
                else "unchanged"
                if one.message
                else "applied"
            )
            reason = one.message or one.entry.change.reason
            self.results.append(RecordResult(one.id or one.entry.name, outcome, reason))


def _answered(entry: Entry, answer: WriteResult) -> Settled:
    if answer.ok:
        return Settled(entry, "confirmed", id=answer.id or entry.change.id)
    return Settled(entry, "refused", code=answer.code, message=answer.message)


def _chunks(entries: list[Entry]) -> Iterator[list[Entry]]:
    return (entries[at : at + CHUNK] for at in range(0, len(entries), CHUNK))


def _by_id(crm: Crm, object_name: str, entries: Sequence[Entry]) -> dict[str, dict[str, object]]:
    fields = target.fields_to_read(entry.change for entry in entries)
    rows = crm.select_in(object_name, fields, "Id", [entry.name for entry in entries])
    return {canonical.id18(str(row["Id"])): row for row in rows}


def _by_key(crm: Crm, object_name: str, entries: Sequence[Entry]) -> dict[str, dict[str, object]]:
    """Records by the key that they carry. The key of a task is never used a second time, so deleted ones count; what
    holds an account's scores is made anew when somebody has deleted it.
    """
    tasks = object_name == "Task"
    field_of = {target.key_field(entry.change): None for entry in entries}
    found: dict[str, dict[str, object]] = {}
    for key_field in field_of:
        asked = [entry for entry in entries if target.key_field(entry.change) == key_field]
        keys = {entry.name.casefold(): entry.name for entry in asked}
        fields = (
            {"Id", key_field} if tasks else {"Id", *(name for each in asked for name in each.change.fields)}
        )
        rows = crm.select_in(object_name, sorted(fields), key_field, keys.values(), include_deleted=tasks)
        for row in rows:
            # Salesforce compares text without case, and a unique field is unique without case as well.
            found[keys.get(str(row[key_field]).casefold(), "")] = row
    return found


def _found_id(found: Mapping[str, Mapping[str, object]], entry: Entry) -> str | None:
    row = found.get(entry.name)
    return canonical.id18(str(row["Id"])) if row else None
