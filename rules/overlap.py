"""Which conditions over account columns can be true of one account: decided from their texts, as far as texts can tell.

A condition becomes a list of cases, each a set of values per column ("industry is Banking or Insurance, type is not
Partner"). Two conditions overlap where a case of each leaves something in common in every column. What a text
cannot tell (`contains(name, 'bank')`) stays as it is written: equal texts are equal, anything else is left open.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from math import ceil, floor
from typing import TYPE_CHECKING

from sqlglot import exp

from rules.expression_sql import as_written
from rules.expression_types import bare, is_negative_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.expression_types import Node, Type
    from rules.expressions import Expression

Value = str | bool | int | Decimal | datetime
MOST_CASES = 64  # more than anybody writes; beyond, nothing is said about a condition


@dataclass(frozen=True, slots=True)
class Values:
    """What a column may hold: NULL or not; if not, one of `only`, none of `but`, from `low` to `high`."""

    null: bool = True
    filled: bool = True
    only: frozenset[Value] | None = None
    but: frozenset[Value] = frozenset()
    low: Value | None = None
    high: Value | None = None

    @property
    def is_empty(self) -> bool:
        return not self.null and not self._holds_any

    @property
    def _holds_any(self) -> bool:
        if not self.filled:
            return False
        if self.only is not None:
            return any(self._has(value) for value in self.only)
        if self.low is None or self.high is None:
            return True
        if (
            isinstance(self.low, int)
            and isinstance(self.high, int)
            and self.high - self.low < len(self.but) + 1
        ):
            return any(self._has(value) for value in range(self.low, self.high + 1))
        return self._has(self.low) if self.low == self.high else _less(self.low, self.high)

    def _has(self, value: Value) -> bool:
        return (
            self.filled
            and (self.only is None or value in self.only)
            and value not in self.but
            and (self.low is None or not _less(value, self.low))
            and (self.high is None or not _less(self.high, value))
        )

    def and_(self, other: Values) -> Values:
        only = (
            self.only if other.only is None else other.only if self.only is None else self.only & other.only
        )
        lows = [each for each in (self.low, other.low) if each is not None]
        highs = [each for each in (self.high, other.high) if each is not None]
        return Values(
            self.null and other.null,
            self.filled and other.filled,
            only,
            self.but | other.but,
            max(lows, default=None),
            min(highs, default=None),
        )

    def within(self, other: Values) -> bool:
        """Whether every value here is one there."""
        if self.null and not other.null:
            return False
        if not self._holds_any:
            return True
        if not other.filled:
            return False
        if self.only is not None:
            return all(other._has(value) for value in self.only if self._has(value))
        if other.only is not None or not all(not self._has(value) for value in other.but):
            return False
        low = other.low is None or (self.low is not None and not _less(self.low, other.low))
        high = other.high is None or (self.high is not None and not _less(other.high, self.high))
        return low and high

    def example(self) -> str:
        """One value of them, as it would stand in a condition."""
        if not self._holds_any:
            return "is null"
        if self.only is not None:
            return f"= {_shown(min((v for v in self.only if self._has(v)), key=str))}"
        if self.low is not None or self.high is not None:
            return f"= {_shown(self.low if self.low is not None else self.high)}"
        if self.but:
            return f"!= {_shown(min(self.but, key=str))}"
        return "is null" if self.null else "is not null"


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a condition is true: values by column, and parts that only their texts tell."""

    values: Mapping[str, Values] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()

    def and_(self, other: Case) -> Case | None:
        """Both at once; None where that cannot be."""
        values = dict(self.values)
        for column, own in other.values.items():
            values[column] = values[column].and_(own) if column in values else own
            if values[column].is_empty:
                return None
        texts = self.texts | other.texts
        return None if any(f"not ({text})" in texts for text in texts) else Case(values, texts)

    def within(self, other: Case) -> bool:
        """Whether every account of this case is one of the other."""
        return other.texts <= self.texts and all(
            self.values.get(column, Values()).within(own) for column, own in other.values.items()
        )

    def singles(self) -> list[Case]:
        """The case once for each value of its lists, so that several others may share it among them."""
        found = [self]
        for column, own in self.values.items():
            if own.only is not None and len(found) * len(own.only) <= MOST_CASES:
                found = [
                    Case({**case.values, column: replace(own, only=frozenset({value}))}, case.texts)
                    for case in found
                    for value in own.only
                ]
        return found


@dataclass(frozen=True, slots=True)
class Cases:
    """A condition by its cases; without any it is never true. `told` is false where there were too many."""

    cases: tuple[Case, ...]
    told: bool = True

    @property
    def is_never(self) -> bool:
        return self.told and not self.cases

    def within(self, others: Iterable[Cases]) -> bool:
        """Whether the others together take every account of these: each case lies in one of theirs."""
        theirs = [case for each in others if each.told for case in each.cases]
        own = [single for case in self.cases for single in case.singles()]
        return self.told and bool(own) and all(any(each.within(case) for case in theirs) for each in own)

    def shared(self, other: Cases) -> Case | None:
        """A case of both, if there is one for certain: one that rests on texts might hold for nobody."""
        for own, theirs in product(self.cases, other.cases):
            both = own.and_(theirs)
            if both is not None and not both.texts:
                return both
        return None


def cases(condition: Expression, columns: Mapping[str, Type]) -> Cases:
    try:
        found = _Reader(columns).true(condition.tree)
    except _TooManyError:
        return Cases((), told=False)
    return Cases(tuple(found))


class _TooManyError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Reader:
    columns: Mapping[str, Type]

    def true(self, node: Node) -> list[Case]:
        """The cases in which the condition is true; NULL is not."""
        node = bare(node)
        match node:
            case exp.And():
                return _both(self.true(node.left), self.true(node.right))
            case exp.Or():
                return _few([*self.true(node.left), *self.true(node.right)])
            case exp.Not():
                return self.false(node.this)
        return self._leaf(node, holds=True)

    def false(self, node: Node) -> list[Case]:
        """The cases in which it is false, which is not all in which it is not true: NULL is neither."""
        node = bare(node)
        match node:
            case exp.And():
                return _few([*self.false(node.left), *self.false(node.right)])
            case exp.Or():
                return _both(self.false(node.left), self.false(node.right))
            case exp.Not():
                return self.true(node.this)
        return self._leaf(node, holds=False)

    def _leaf(self, node: Node, *, holds: bool) -> list[Case]:
        if isinstance(node, exp.Boolean):
            return [Case()] if bool(node.this) is holds else []
        found = self._values(node, holds=holds)
        if found is None:
            text = as_written(node.copy())
            return [Case(texts=frozenset({text if holds else f"not ({text})"}))]
        column, options = found
        return [Case({column: own}) for own in options if not own.is_empty]

    def _values(self, node: Node, *, holds: bool) -> tuple[str, list[Values]] | None:
        """One column against fixed values; None for anything else."""
        if isinstance(node, exp.Column):
            return node.name, [Values(null=False, only=frozenset({holds}))]
        if not isinstance(
            node, (exp.Is, exp.In, exp.Between, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
        ):
            return None
        column, sign, limits = self._sides(node)
        if column is None:
            return None
        if isinstance(node, exp.Is):
            return column, [Values(filled=not holds, null=holds)]
        values = [self._value(column, each) for each in limits]
        known = [each for each in values if each is not None]
        if len(known) < len(values):
            return None
        ordered = self.columns[column] not in {"text", "boolean"}  # the order of texts is the engine's
        if isinstance(node, exp.Between) and ordered:
            low, high = known
            outside = [*self._compared(column, "<", low), *self._compared(column, ">", high)]
            inside = [
                a.and_(b)
                for a in self._compared(column, ">=", low)
                for b in self._compared(column, "<=", high)
            ]
            return column, inside if holds else outside
        if isinstance(node, exp.In) or sign in {"=", "!="}:
            within = holds is (sign != "!=")
            listed = frozenset(each for each in known if not isinstance(each, Decimal))  # no count is 2.5
            if not within and self.columns[column] == "boolean":
                within, listed = True, frozenset({True, False}) - listed
            return column, [Values(null=False, only=listed) if within else Values(null=False, but=listed)]
        if not ordered or isinstance(node, exp.Between):
            return None
        return column, self._compared(column, sign if holds else _OPPOSITE[sign], known[0])

    def _sides(self, node: Node) -> tuple[str | None, str, list[Node]]:
        left = bare(node.this)
        match node:
            case exp.Is():
                limits: list[Node] = []
            case exp.In():
                limits = [bare(each) for each in node.expressions]
            case exp.Between():
                limits = [bare(node.args["low"]), bare(node.args["high"])]
            case _:
                limits = [bare(node.expression)]
        sign = _SIGNS.get(type(node), "=")
        if len(limits) == 1 and isinstance(limits[0], exp.Column) and not isinstance(left, exp.Column):
            left, limits, sign = limits[0], [left], _MIRRORED[sign]
        return (left.name if isinstance(left, exp.Column) else None), sign, limits

    def _value(self, column: str, node: Node) -> Value | None:
        if isinstance(node, exp.Boolean):
            return bool(node.this)
        if not isinstance(node, exp.Literal) and not is_negative_literal(node):
            return None
        text = as_written(node.copy())
        kind = self.columns[column]
        if kind == "number":
            number = Decimal(text)
            return int(number) if number == int(number) else number
        text = node.name
        if kind == "text":
            return text
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _compared(self, column: str, sign: str, limit: Value) -> list[Values]:
        if self.columns[column] == "number" and isinstance(limit, (int, Decimal)):
            # The numbers of an account are counts: over 0 means from 1 on.
            low = floor(limit) + 1 if sign == ">" else ceil(limit)
            high = ceil(limit) - 1 if sign == "<" else floor(limit)
            return [Values(null=False, low=low)] if sign in {">", ">="} else [Values(null=False, high=high)]
        assert isinstance(limit, datetime)  # noqa: S101 - texts and booleans went another way
        edge = frozenset({limit}) if sign in {"<", ">"} else frozenset()
        whole = Values(null=False, but=edge)
        return [replace(whole, low=limit) if sign in {">", ">="} else replace(whole, high=limit)]


_SIGNS: Mapping[type[Node], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _both(left: list[Case], right: list[Case]) -> list[Case]:
    return _few([both for a, b in product(left, right) if (both := a.and_(b)) is not None])


def _few(found: list[Case]) -> list[Case]:
    if len(found) > MOST_CASES:
        raise _TooManyError
    return found


def _less(one: Value, other: Value) -> bool:
    return one < other  # type: ignore[operator]  # values of one column are of one type


def _shown(value: Value | None) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            quoted = value.replace("'", "''")
            return f"'{quoted}'"
        case datetime():
            return f"'{value:%Y-%m-%d %H:%M}'"
    return str(value)
