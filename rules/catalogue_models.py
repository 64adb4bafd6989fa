"""What a catalogue holds once it is read and checked: metrics, scorecards, rules, their tests, bands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from rules.expressions import Expression
    from rules.tasks import OnClear, RuleKind, RulePer, RuleState, Severity
    from rules.templates import Template

Aggregate = Literal[
    "count", "sum", "min", "max", "avg", "quantile", "count_distinct", "latest", "effective_number"
]
Empty = Literal["null", "zero"]
Never = Literal["account_age"]
History = Literal["full", "none"]
DueUnit = Literal["business days", "days"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number per account: rows of a source aggregated, or an expression over other metrics.

    `label` is its name in English, `labels` in other languages.
    Either `source` and `aggregate` are given, or `expr`. `order` says by which column the `latest` value is
    the latest. `requires` names the data without which the number is unknown rather than zero. `ageing`
    marks a number that grows by the mere passing of time, whose growth is no news. A number that rests on something
    declared is fresh while the metric `fresh_by`, the days since it was declared, is under `fresh_days`. `whatif` says in
    words what to do about it; metrics of one wording are moved by one deed. A `fixed` one nobody can move.
    """

    name: str
    label: str
    help: str
    unit: str
    history: History
    source: str | None = None
    where: Expression | None = None
    value: Expression | None = None
    order: Expression | None = None
    aggregate: Aggregate | None = None
    quantile: float | None = None
    expr: Expression | None = None
    empty: Empty = "null"
    never: Never | None = None
    requires: tuple[str, ...] = ()
    ageing: bool = False
    fresh_by: str | None = None
    fresh_days: int | None = None
    whatif: Template | None = None
    fixed: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)

    def label_in(self, language: str) -> str:
        """Its name for a reader of this language, English where there is none."""
        return self.labels.get(language, self.label)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric's place in a scorecard; `points` are (value, score), piecewise linear and clamped."""

    metric: str
    weight: Decimal
    points: tuple[tuple[Decimal, Decimal], ...]
    label: str | None


@dataclass(frozen=True, slots=True)
class Cap:
    """While `when` is true, the scorecard is at most `at_most`; it looks at metrics, never at scores."""

    name: str
    when: Expression
    at_most: Decimal


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Weighted measures, or, in `of`, the weights of other scorecards; `labels` are its names in other languages."""

    name: str
    label: str
    floor: Decimal
    measures: tuple[Measure, ...]
    caps: tuple[Cap, ...]
    of: Mapping[str, Decimal]
    labels: Mapping[str, str] = field(default_factory=dict)

    def label_in(self, language: str) -> str:
        """Its name for a reader of this language, English where there is none."""
        return self.labels.get(language, self.label)


@dataclass(frozen=True, slots=True)
class Segment:
    """Accounts for which other scorecards stand in: `scorecards` maps the name that is shown to the one that is used."""

    name: str
    when: Expression
    scorecards: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AxisMeasure:
    """A metric's or a scorecard's place on an axis of the quadrant; the curve as in a scorecard."""

    name: str
    of_scorecard: bool
    weight: Decimal
    points: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    label: str
    floor: Decimal
    measures: tuple[AxisMeasure, ...]


@dataclass(frozen=True, slots=True)
class Quadrant:
    """Whether the relationship is worth having, and whether we are able to serve it; either is high from `high` on.

    `tiers` says which quadrants fit a tier of the account column `tier`.
    """

    label: str
    help: str
    attractive: Axis
    able: Axis
    high: Decimal
    tier: str | None
    tiers: Mapping[str, tuple[int, ...]]
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def axes(self) -> Mapping[str, Axis]:
        return {"attractive": self.attractive, "able": self.able}


@dataclass(frozen=True, slots=True)
class Due:
    amount: int
    unit: DueUnit


@dataclass(frozen=True, slots=True)
class Rule:
    """`after` names rules that ask for much the same: while one of them has a task, this one begins none.

    With `per` "meeting" each coming meeting has a task of its own, as soon as it is the next one.
    `subject` and `description` are English, `subjects` and `descriptions` those in other languages.
    """

    name: str
    when: Expression
    kind: RuleKind
    severity: Severity
    subject: Template
    description: Template | None
    due: Due
    assign: Literal["account_manager"]
    cooldown_days: int
    on_clear: OnClear
    after: tuple[str, ...]
    enabled: bool
    per: RulePer = "account"
    subjects: Mapping[str, Template] = field(default_factory=dict)
    descriptions: Mapping[str, Template] = field(default_factory=dict)

    def subject_in(self, language: str) -> Template:
        """The subject for a reader of this language, English where there is none."""
        return self.subjects.get(language, self.subject)

    def description_in(self, language: str) -> Template | None:
        """The description for a reader of this language, English where there is none."""
        return self.descriptions.get(language, self.description)


@dataclass(frozen=True, slots=True)
class RuleTest:
    """`given` holds values of columns of the rule's condition; whatever is not given is NULL."""

    rule: str
    given: Mapping[str, bool | int | float | str | None]
    expect: RuleState


@dataclass(frozen=True, slots=True)
class Bands:
    """Least score of a band; an edge is passed from the previous band only by `hysteresis`."""

    green: Decimal
    amber: Decimal
    hysteresis: Decimal


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that decides numbers and tasks; metrics stand after the metrics they are made of.

    `scorecards` are those that are shown, `variants` those that a segment puts in the place of one of them. The metrics
    `late` are made of the quadrant, which is made of scores: they are there when the scores are. `scores_digest` is that of
    what decides scores alone.
    """

    metrics: Mapping[str, Metric]
    scorecards: Mapping[str, Scorecard]
    rules: Mapping[str, Rule]
    tests: tuple[RuleTest, ...]
    bands: Bands
    digest: str
    segments: tuple[Segment, ...] = ()
    variants: Mapping[str, Scorecard] = field(default_factory=dict)
    quadrant: Quadrant | None = None
    late: tuple[str, ...] = ()
    scores_digest: str = ""

    def card_of(self, scorecard: str, segment: str | None) -> Scorecard:
        """The scorecard that is used under this name for accounts of a segment."""
        chosen = next(
            (each.scorecards.get(scorecard) for each in self.segments if each.name == segment), None
        )
        return self.scorecards[scorecard] if chosen is None else self.variants[chosen]
