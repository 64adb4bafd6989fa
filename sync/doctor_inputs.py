"""What would move most accounts out of Unknown: the missing inputs, by how many accounts each would give a band.

An account is unknown while the known part of a scorecard's weight is under its floor. The ranking is greedy: the input
that lifts most accounts over the floor comes first, then the one that lifts most of the rest with the first in place.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from rules.catalogue import Catalogue

Json = dict[str, object]
MOST = 5
_HAIR = 1e-9  # weights are decimals, shares of them are not


@dataclass(slots=True)
class _Account:
    known: float
    total: float
    floor: float
    lacking: dict[frozenset[str], float]  # the inputs that measures lack together -> their weight

    def gain(self, name: str) -> float:
        return self.lacking.get(frozenset({name}), 0)

    def passes(self, more: float = 0) -> bool:
        return (self.known + more) / self.total >= self.floor - _HAIR

    def given(self, name: str) -> None:
        """Put the input in place: what lacked it alone is known, what lacked others as well lacks those."""
        left: dict[frozenset[str], float] = defaultdict(float)
        for why, weight in self.lacking.items():
            left[why - {name}] += weight
        self.known += left.pop(frozenset(), 0)
        self.lacking = left


def causes(metric: str, catalogue: Catalogue, uncovered: frozenset[str]) -> frozenset[str]:
    """The inputs for want of which a metric is unknown where these are missing: parts of the data, else the metric itself."""
    found = _uncovered(metric, catalogue, uncovered, frozenset())
    return found or frozenset({f"metric:{metric}"})


def _uncovered(
    metric: str, catalogue: Catalogue, uncovered: frozenset[str], above: frozenset[str]
) -> frozenset[str]:
    known = catalogue.metrics.get(metric)
    if known is None or metric in above:
        return frozenset()
    found = uncovered & frozenset(known.requires)
    for operand in sorted(known.expr.columns) if known.expr is not None else ():
        found |= _uncovered(operand, catalogue, uncovered, above | {metric})
    return found


@dataclass(frozen=True, slots=True)
class Weighed:
    """One measure of an account whose scorecard is unknown; `confidence` is that of the whole scorecard."""

    scorecard: str
    account_id: str
    confidence: float
    metric: str
    weight: float
    unknown: bool


def missing_inputs(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, uncovered: Mapping[str, frozenset[str]]
) -> list[Json]:
    """Per scorecard with unknown accounts its missing inputs, best first. `uncovered`: account -> parts of the data it lacks."""
    rows = connection.execute(
        "select s.scorecard, s.account_id, coalesce(s.confidence, 0), m.metric, cast(m.weight as double), m.value is null "
        "from eval_scores s join eval_measures m on m.account_id = s.account_id and m.scorecard = s.scorecard "
        "where s.band = 'unknown' order by s.scorecard, s.account_id, m.metric"
    ).fetchall()
    # Of an account with nothing on record nothing is known, whatever weighs how much: no single input mends that.
    silent = connection.execute("select account_id from eval_standing where not on_record").fetchall()
    return rank(
        [Weighed(*row) for row in rows],
        catalogue,
        uncovered,
        frozenset(account_id for (account_id,) in silent),
    )


def rank(
    measures: Sequence[Weighed],
    catalogue: Catalogue,
    uncovered: Mapping[str, frozenset[str]],
    silent: frozenset[str] = frozenset(),
) -> list[Json]:
    cards: dict[str, dict[str, _Account]] = {}
    for each in measures:
        card = catalogue.scorecards.get(each.scorecard)
        floor = float(card.floor) if card is not None else 0.5
        account = cards.setdefault(each.scorecard, {}).setdefault(
            each.account_id, _Account(each.confidence, 0.0, floor, defaultdict(float))
        )
        account.total += each.weight
        if each.unknown:
            why = causes(each.metric, catalogue, uncovered.get(each.account_id, frozenset()))
            account.lacking[why] += each.weight
    found: list[Json] = []
    for scorecard, accounts in sorted(cards.items(), key=lambda one: (one[0] != "health", one[0])):
        for account in accounts.values():
            account.known *= account.total  # until here the share of it
        found.append(
            {
                "scorecard": scorecard,
                "unknown": len(accounts),
                "nothing_on_record": len(silent & accounts.keys()),
                "inputs": _ranked([each for name, each in accounts.items() if name not in silent]),
            }
        )
    return found


def _ranked(accounts: Sequence[_Account]) -> list[Json]:
    left, ranked = list(accounts), list[Json]()
    while left and len(ranked) < MOST:
        gains: dict[str, tuple[int, float]] = {}
        for name in {name for account in left for why in account.lacking for name in why}:
            moved = sum(account.passes(account.gain(name)) for account in left)
            gains[name] = (moved, sum(account.gain(name) / account.total for account in left))
        if not gains:
            break
        best = min(gains, key=lambda name: (-gains[name][0], -gains[name][1], name))
        moved, weight = gains[best]
        ranked.append({"input": best, "accounts": moved, "weight_share": weight / len(left)})
        for account in left:
            account.given(best)
        left = [account for account in left if not account.passes()]
    return ranked
