"""Curves and weighted means as SQL: what scorecards and the axes of the quadrant are made of.

Weights enter as whole numbers of their smallest decimal, so that shares of known weight are exact; sums run in the order
of names, so that the order in which a config lists things shows in no digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.catalogue_models import Metric

# Digits behind the point in which sums over doubles are compared and rounded: a score of 62.5 may arrive as
# 62.49999999999999, and would be rounded to the wrong side; no two scores that differ meet in the tenth digit.
DIGITS = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mean: a column, the expression of its score, and whether the value is fresh."""

    name: str
    column: str
    weight: Decimal
    score: str
    fresh: str = "true"


@dataclass(frozen=True, slots=True)
class Mean:
    """`value` is NULL when nothing is known; `fresh` is the weight that is known and fresh, of `total`."""

    value: str
    fresh: str
    total: int
    least: int

    @property
    def confidence(self) -> str:
        return f"cast({self.fresh} as double) / {double(Decimal(self.total))}"

    @property
    def enough(self) -> str:
        return f"{self.fresh} >= {self.least}"


def mean(parts: Sequence[Part], floor: Decimal) -> Mean:
    """Σ weight·score / Σ weight over known parts, and how much of the weight rests on known, fresh data."""
    ordered = sorted(parts, key=lambda part: part.name)
    weights = whole([part.weight for part in ordered])
    pairs = list(zip(ordered, weights, strict=True))
    products = [f"coalesce({weight} * ({part.score}), 0e0)" for part, weight in pairs]
    known = [_weight(f"{part.column} is not null", weight) for part, weight in pairs]
    fresh = [_weight(f"{part.column} is not null and {part.fresh}", weight) for part, weight in pairs]
    total = sum(weights)
    return Mean(
        f"({' + '.join(products)}) / nullif(cast({' + '.join(known)} as double), 0)",
        f"({' + '.join(fresh)})",
        total,
        ceil(floor * total),  # exact: the sum of known weights is whole as well
    )


def fresh_sql(metric: Metric, table: str) -> str:
    """Whether what the metric rests on was declared within its `fresh_days`; undated is not."""
    if metric.fresh_by is None:
        return "true"
    return f'coalesce({table}."{metric.fresh_by}" < {metric.fresh_days}, false)'


def curve_sql(points: Sequence[tuple[Decimal, Decimal]], value: str) -> str:
    """The piecewise linear curve through `points` (value, score) as an expression over the column `value`."""
    first, last = points[0], points[-1]
    pieces = [f"when {value} <= {double(first[0])} then {double(first[1])}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x1 > x0:
            slope = f"({value} - {double(x0)}) * {double(y1 - y0)} / {double(x1 - x0)}"
            pieces.append(f"when {value} <= {double(x1)} then {double(y0)} + {slope}")
    return f"case when {value} is null then null {' '.join(pieces)} else {double(last[1])} end"


def double(number: Decimal) -> str:
    """The double next to `number`; with an exponent DuckDB reads the digits as one, where its way over decimals can miss it."""
    return f"{number + 0:f}e0"


def exact(number: Decimal) -> str:
    return f"cast({number + 0:f} as decimal(38, {DIGITS}))"


def whole(weights: Sequence[Decimal]) -> list[int]:
    """Weights as multiples of the smallest decimal place among them: only their proportions count."""
    places = max([0, *(-int(weight.normalize().as_tuple().exponent) for weight in weights)])
    return [int(weight.scaleb(places)) for weight in weights]


def _weight(condition: str, weight: int) -> str:
    return f"case when {condition} then cast({weight} as decimal(38, 0)) else 0 end"
