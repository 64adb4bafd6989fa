"""A large surprise stops before it is written, and says the numbers.

Counted per object, over records that Rapport has written before: a band that changes, a value that becomes
null, a move of many points, a task that is settled. First writes are no surprise; new tasks have caps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync import task_keys
from sync.errors import SafetyStop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.changes import Change, Plan
    from sync.plan_inputs import Limits

_WORDS = {
    "band": "would change band",
    "null": "would lose a value",
    "move": "would move by {large_move:g} points or more",
    "settled": "would be settled",
}
_NOUNS = {"Account": "accounts", "Rapport_Score__c": "score records", "Task": "open tasks"}


@dataclass(frozen=True, slots=True)
class KnownRecords:
    """`written` has record ids by object (of tasks, the open ones); `bands` the last confirmed ones."""

    written: Mapping[str, frozenset[str]] = field(default_factory=dict)
    bands: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LargeChange:
    object: str
    affected: int
    known: int
    causes: Mapping[str, int]
    limit: float

    def text(self, limits: Limits) -> str:
        parts = {
            cause: f"{count} {_WORDS[cause].format(large_move=limits.large_move)}"
            for cause, count in self.causes.items()
        }
        noun = _NOUNS.get(self.object, f"{self.object} records")
        largest = max(self.causes, key=lambda cause: (self.causes[cause], cause))
        if self.causes[largest] == self.affected:
            _, _, what = parts[largest].partition(" ")
            said = f"{self.affected} of {self.known} {noun} {what}"
        else:
            detail = ", ".join(parts[cause] for cause in sorted(parts))
            said = f"{self.affected} of {self.known} {noun} would change much ({detail})"
        return f"{said} (limit {self.limit * 100:g} %)"


@dataclass(frozen=True, slots=True)
class Verdict:
    large: tuple[LargeChange, ...]
    limits: Limits

    @property
    def allowed(self) -> bool:
        return not self.large

    def stop(self, cause: str | None = None) -> SafetyStop:
        """The error to raise. `cause` is one sentence on what moved in the sources, where that is known."""
        found = "; ".join(one.text(self.limits) for one in self.large)
        because = f" Largest cause: {cause}." if cause else ""
        return SafetyStop(
            f"Stopped before writing: {found}.{because}",
            "see them: `rapport plan --format markdown`. "
            "Write anyway, once: `rapport sync --allow-large-change`.",
        )


def check(plan: Plan, known: KnownRecords, limits: Limits) -> Verdict:
    affected: dict[str, dict[str, set[str]]] = {}
    for change in plan.changes:
        if change.id is None or change.id not in known.written.get(change.object, frozenset()):
            continue
        for cause in _causes(change, known, limits):
            affected.setdefault(change.object, {}).setdefault(cause, set()).add(change.id)
    large = []
    for object_name, causes in sorted(affected.items()):
        population = len(known.written[object_name])
        records = set().union(*causes.values())
        if population >= limits.min_records and len(records) > limits.max_change_share * population:
            counts = Counter({cause: len(ids) for cause, ids in causes.items()})
            large.append(
                LargeChange(object_name, len(records), population, dict(counts), limits.max_change_share)
            )
    return Verdict(tuple(large), limits)


def _causes(change: Change, known: KnownRecords, limits: Limits) -> set[str]:
    if change.action in {"complete", "delete"}:
        return set() if change.rule == task_keys.DIGEST else {"settled"}
    causes: set[str] = set()
    for scorecard, mark in (change.scores or {}).items():
        band = known.bands.get((change.account_id or "", scorecard))
        if band is not None and band != mark.band:
            causes.add("band")
    for name, one in change.fields.items():
        if _passing(change, name):
            continue
        if isinstance(one.before, (int, float)) and one.after is None:
            causes.add(
                "null"
            )  # a number that is lost; a text that ends, such as the next action, is good news
        elif (
            isinstance(one.before, (int, float))
            and isinstance(one.after, (int, float))
            and abs(one.after - one.before) >= limits.large_move
        ):
            causes.add("move")
    return causes


def _passing(change: Change, field: str) -> bool:
    """How far a score moved in 30 days changes for many accounts at once when a day that was special is 30 days ago."""
    basis = (change.basis or {}).get(field)
    return isinstance(basis, dict) and bool(basis.get("passing"))
