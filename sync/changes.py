"""What a plan says: each change knows both sides, why it is made, and what it rests on.

The plan file, the text people read and what is sent all come from these values, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime  # noqa: TC003 - msgspec reads the annotations when it decodes a plan
from typing import Literal

import msgspec

from sync import canonical
from sync.canonical import Value  # noqa: TC001 - as above
from sync.errors import EditedPlan

JsonObject = dict[str, object]
Action = Literal["create", "update", "complete", "delete"]
Target = Literal["salesforce", "jira"]
Mode = Literal["observe", "pilot", "on"]
EpisodeOutcome = Literal["settled", "closed", "dismissed", "snoozed", "retired"]
# A task that a person closed, dismissed or put off; "settled" and "retired" are Rapport's own doing.


@dataclass(frozen=True, slots=True)
class FieldChange:
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class ScoreMark:
    """What a scorecard said when its numbers were written; the next run's hysteresis starts from it."""

    score: int | float | None
    band: str


@dataclass(frozen=True, slots=True)
class Change:
    """One record to be written. `id` is None for a task to be created; then `key` finds it again.

    `basis` is what the words rest on, kept with the confirmed values so that the next plan can tell a
    material move from another way to say the same. `scores` are recorded once the write is confirmed.
    """

    action: Action
    target: Target
    object: str
    id: str | None
    account_id: str | None
    account: str | None
    rule: str | None
    reason: str
    fields: dict[str, FieldChange]
    key: str | None = None
    basis: JsonObject | None = None
    scores: dict[str, ScoreMark] | None = None

    @property
    def order(self) -> tuple[str, str, str, str, str]:
        return (self.target, self.object, self.action, self.account_id or "", self.id or self.key or "")

    @property
    def after(self) -> dict[str, Value]:
        return {name: change.after for name, change in self.fields.items()}


@dataclass(frozen=True, slots=True)
class Held:
    """A value that somebody else put into a field of Rapport's: left alone until taken over on purpose."""

    target: Target
    object: str
    id: str
    account_id: str | None
    account: str | None
    field: str
    current: Value
    written: Value
    wanted: Value
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A rule that asks for a task which is not created now, and why not."""

    rule: str
    account_id: str
    account: str
    subject_key: str
    owner_id: str | None
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What already stands in the target as wanted although Rapport did not write it: it becomes confirmed.

    For a task (`key` set) it is one that was found in the org after a lost store, with its present values.
    """

    object: str
    id: str
    account_id: str | None
    fields: dict[str, Value]
    key: str | None = None
    basis: JsonObject | None = None
    scores: dict[str, ScoreMark] | None = None


@dataclass(frozen=True, slots=True)
class EpisodeStep:
    """The episode as it stands after this plan, stored before anything is sent.

    With `with_change` it is stored only when the change of the same `key` is confirmed: an episode must not
    end while the task that it leaves behind could not be completed.
    """

    rule: str
    account_id: str
    subject_key: str
    name: str
    key: str
    began: datetime
    ended: datetime | None
    task_id: str | None = None
    outcome: EpisodeOutcome | None = None
    outcome_at: datetime | None = None
    blocked_until: datetime | None = None
    with_change: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The exact changes that make the CRM agree with scores and rules; `sync.seal` fills digest and seal."""

    as_of: datetime
    day: date  # of `as_of` in the configured zone: what "a day" means to caps and digests
    created_at: datetime
    config_digest: str
    pull_id: str | None
    organization: str | None
    mode: Mode
    changes: tuple[Change, ...] = ()
    held: tuple[Held, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    noted: tuple[Noted, ...] = ()
    episodes: tuple[EpisodeStep, ...] = ()
    predicted_calls: dict[str, int] = field(default_factory=lambda: {"salesforce": 0, "jira": 0})
    digest: str = ""
    seal: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing to send; episodes and notes may still want to be stored."""
        return not self.changes

    def to_json(self) -> JsonObject:
        builtins: JsonObject = msgspec.to_builtins(self)
        return builtins

    def to_text(self) -> str:
        return canonical.dumps(self.to_json()) + "\n"

    @classmethod
    def from_text(cls, text: str | bytes) -> Plan:
        try:
            return msgspec.json.decode(text, type=cls, strict=True)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise EditedPlan(
                f"This is not a plan that Rapport wrote ({error}).",
                "make a new one with `rapport plan --out FILE`.",
            ) from error
