"""Everything a plan is made from, as plain values: no store, no network, no clock behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rules.phrases import ENGLISH
from sync import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from rules.tasks import RuleOutcome
    from sync.canonical import Value
    from sync.changes import EpisodeOutcome, Mode, ScoreMark

FieldKind = Literal["number", "text", "picklist"]

TASK_FIELDS = ("Subject", "Description", "OwnerId", "Status", "ActivityDate", "Priority")
# A task that differs in one of these from what Rapport confirmed has been edited by a person.


@dataclass(frozen=True, slots=True)
class Written:
    """The last value that the target confirmed, the pull its plan rested on, what its words rested on."""

    value: Value
    pull_id: str | None = None
    basis: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class OwnField:
    """One of Rapport's fields as this org has it: its name there, how long or how exact it can be, its type, and of a
    picklist that takes nothing else its values.
    """

    ours: str
    theirs: str
    length: int
    scale: int
    type: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedField:
    """One field as it should stand. `scorecard` names the one whose score or band the field shows.

    A `companion` is written along with another field of its record, or where it is empty.
    """

    name: str
    kind: FieldKind
    value: Value
    current: Value
    written: Written | None = None
    band_changed: bool = False
    basis: Mapping[str, object] | None = None
    scale: int = 0
    length: int | None = None
    scorecard: str | None = None
    companion: bool = False


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """One record of Rapport's fields; one without an `id` is to be created, with what `on_creation` adds, and is found
    again by its `key`.

    A score is recorded when a field of its scorecard is written; one that no field shows, with any field.
    """

    object: str
    id: str | None
    account_id: str
    account: str
    reason: str
    fields: tuple[WantedField, ...]
    scores: Mapping[str, ScoreMark] | None = None
    key: str | None = None
    on_creation: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task in the org that carries a Rapport key, whether open, closed or deleted."""

    id: str
    key: str
    account_id: str | None
    owner_id: str | None
    who_id: str | None
    subject: str | None
    description: str | None
    status: str | None
    is_closed: bool
    is_deleted: bool
    priority: str | None
    activity_date: date | None
    answer: str | None = None
    snooze_until: date | None = None
    completed_at: datetime | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConfirmedTask:
    """A task as the org last confirmed it, by API field name; `day` is that of the last write.

    `closed` means that Rapport itself completed or deleted it.
    """

    key: str
    task_id: str
    fields: Mapping[str, Value]
    day: date
    pull_id: str | None = None
    basis: Mapping[str, object] | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Episode:
    """The span for which a rule held for an account, and what became of its task."""

    rule: str
    account_id: str
    subject_key: str
    name: str
    began: datetime
    ended: datetime | None
    task_id: str | None
    key: str
    outcome: EpisodeOutcome | None = None
    outcome_at: datetime | None = None
    blocked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    min_score_move: float = 2
    large_move: float = 10
    max_change_share: float = 0.3
    min_records: int = 10
    max_open_tasks_per_owner: int = 5
    max_new_tasks_per_owner_day: int = 2


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """How tasks look in this org. `createable` is false without a readable, createable, unique key field, or a way to name
    the account; `lacking` then says what is wrong. `left_out` are fields that this user may not fill in, and that a task can do
    without.
    """

    createable: bool = True
    lacking: str = "Rapport_Key__c is not there, or hidden from this user"
    key_field: str = "Rapport_Key__c"
    open_status: str = "Not Started"
    closed_status: str = "Completed"
    priority: str = "Normal"
    high_priority: str = "High"
    record_type_id: str | None = None
    type: str | None = None
    constants: Mapping[str, Value] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    subject_length: int = 255
    description_length: int = 32_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInputs:
    """`outcomes` say what each rule finds now; an open episode of a rule in force without one is left alone.

    `rules` are the names in force: tasks of any other rule are settled as retired. What was written by a plan
    of the same `pull_id` counts as the present value: the mirror cannot know it yet.
    `created_today` counts, by owner, tasks created on `day`, digests left out. `quarantined` are keys of tasks
    that the target refused lately: they are tried again after all others, so that they take nobody's place.
    `business_day` is `day` or, on a day off, the next business day: digests are due then. `concerned` are the
    accounts of a pilot, None where the plan is for all: what stands on others is left as it is. `survivors` says into
    which account a merged one went, `gone_users` who can do no task any more, `languages` the two-letter codes of those
    users who read another language than English.
    """

    as_of: datetime
    day: date
    now: datetime
    mode: Mode
    config_digest: str
    pull_id: str | None
    organization: str | None
    rules: frozenset[str]
    business_day: date | None = None
    concerned: Collection[str] | None = None
    records: Sequence[WantedRecord] = ()
    outcomes: Sequence[RuleOutcome] = ()
    tasks: Sequence[TaskRow] = ()
    episodes: Sequence[Episode] = ()
    confirmed_tasks: Mapping[str, ConfirmedTask] = field(default_factory=dict)
    created_today: Mapping[str, int] = field(default_factory=dict)
    quarantined: Collection[str] = frozenset()
    survivors: Mapping[str, str] = field(default_factory=dict)
    gone_users: Collection[str] = frozenset()
    languages: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    task_settings: TaskSettings = field(default_factory=TaskSettings)
    adopt: bool = False

    def language_of(self, user_id: str | None) -> str:
        """What this user reads, as a two-letter code."""
        return self.languages.get(canonical.id18(user_id or ""), ENGLISH)
