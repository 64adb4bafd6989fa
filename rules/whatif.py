"""The smallest set of changes that brings an account into the next band, worked out with the engine that scores.

A change is one thing to do: it moves one metric, or several that it moves together (all whose `whatif` text is the same).
Every set is scored as a row of its own by `scorecards.score`, with caps and hysteresis as they are, so that a set that
is shown does reach the band. Fewest changes first; of sets of one size the one that gains most; then each change that may
go part of the way goes no further than it has to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from rules import evidence, scorecards, words
from rules.expressions import clauses
from rules.templates import clean, render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.catalogue import Cap, Catalogue, Measure, Metric, Scorecard

NEXT = {"red": "amber", "amber": "green"}
_SINGLES = 45  # changes of which all pairs are tried
_TRIPLES = 20  # and all threes
_CAPPED = 6  # changes that lift caps, tried in every combination
_TABLES = ("accounts", "on_record")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: where it takes each metric. `steps` are what it may stop at on the way, nearest first."""

    name: str
    metrics: tuple[str, ...]
    targets: Mapping[str, float]
    steps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    score: int | None
    capped: float | None
    band: str
    raw: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    action: Action
    points: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`changes` reach `target` where `reached` is in that band; else they are all there are, and do not suffice."""

    scorecard: str
    now: Scored
    confidence: float
    target: str | None
    changes: tuple[Change, ...]
    reached: Scored
    before: Mapping[str, float | None]

    @property
    def enough(self) -> bool:
        return self.target is not None and _reaches(self.reached, self.target)


def _reaches(result: Scored, target: str) -> bool:
    return result.band in (target, NEXT.get(target))


class Bench:
    """Scores made-up rows of one account with the engine, on a connection of their own."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, account_id: str, scorecard: str
    ) -> None:
        stand_ins = [
            own for each in catalogue.segments if (own := each.scorecards.get(scorecard)) is not None
        ]
        used = [catalogue.scorecards[scorecard], *(catalogue.variants[own] for own in stand_ins)]
        needed = {scorecard, *(part for card in used for part in card.of)}
        cards = {name: card for name, card in catalogue.scorecards.items() if name in needed}
        self.catalogue = replace(catalogue, scorecards=cards, rules={}, quadrant=None, late=())
        self.scorecard = scorecard
        self.rows = {
            name: connection.sql(
                f"select * from {name} where account_id = ?", params=[account_id]
            ).to_arrow_table()
            for name in ("eval_metrics", *_TABLES)
        }
        self.values: dict[str, float | None] = (
            self.rows["eval_metrics"].drop_columns("account_id").to_pylist()[0]
        )
        rows = connection.execute(
            "select scorecard, band, score, capped, confidence from eval_scores where account_id = ?",
            [account_id],
        ).fetchall()
        self.bands = {name: band for name, band, *_ in rows}
        _, band, score, capped, self.confidence = next(row for row in rows if row[0] == scorecard)
        self.now = Scored(score, capped, band)
        self.scratch = duckdb.connect(config={"threads": 1})  # a few hundred rows

    def score(self, rows: Sequence[Mapping[str, float]]) -> list[Scored]:
        """The scorecard of each row, a row being what differs from today. Today's bands are those to start from."""
        ids = pa.array([f"{place:06d}" for place in range(len(rows))], pa.string())
        moved = sorted({name for row in rows for name in row})
        changes = {name: pa.array([row.get(name) for row in rows], pa.float64()) for name in moved}
        self.scratch.register("moved", pa.table({"id": ids, **changes}))
        replaced = "".join(f', coalesce(m."{name}", b."{name}") as "{name}"' for name in moved)
        for name, base in self.rows.items():
            own = replaced if name == "eval_metrics" else ""
            self.scratch.register("base", base)
            self.scratch.execute(
                f"create or replace temp table {name} as select b.* replace (m.id as account_id{own}) from base b cross join moved m"
            )
            self.scratch.unregister("base")
        self.scratch.unregister("moved")
        previous = [
            (f"{place:06d}", name, band)
            for place in range(len(rows))
            for name, band in self.bands.items()
            if band != "unknown"
        ]
        scorecards.score(self.scratch, self.catalogue, previous)
        found = self.scratch.execute(
            "select score, capped, band, raw from eval_scores where scorecard = ? order by account_id",
            [self.scorecard],
        ).fetchall()
        return [Scored(*row) for row in found]

    def close(self) -> None:
        self.scratch.close()


def _cards(catalogue: Catalogue, scorecard: str, segment: str | None = None) -> list[Scorecard]:
    """The scorecards of measures that one rests on, as accounts of a segment have them."""
    card = catalogue.card_of(scorecard, segment)
    return [catalogue.card_of(part, segment) for part in card.of] if card.of else [card]


def answer(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, account_id: str, scorecard: str
) -> Answer | None:
    """None for an account without scores; without a `target` where it is green already, or unknown."""
    standing = connection.execute(
        "select segment from eval_standing where account_id = ?", [account_id]
    ).fetchall()
    if not standing:
        return None
    bench = Bench(connection, catalogue, account_id, scorecard)
    try:
        target = NEXT.get(bench.now.band)
        if target is None:
            return Answer(scorecard, bench.now, bench.confidence, None, (), bench.now, bench.values)
        found = actions(catalogue, _cards(catalogue, scorecard, standing[0][0]), bench.values)
        chosen, reached = _smallest(bench, found, _capping(catalogue, scorecard, standing[0][0]), target)
        if _reaches(reached, target):
            chosen, reached = _trimmed(bench, chosen, reached, target)
        changes = _in_order(bench, chosen, reached)
        return Answer(scorecard, bench.now, bench.confidence, target, changes, reached, bench.values)
    finally:
        bench.close()


# -- what can be changed -----------------------------------------------------------------------------------------------


def actions(
    catalogue: Catalogue, cards: Sequence[Scorecard], values: Mapping[str, float | None]
) -> list[Action]:
    """What can be done about an account with these values, by name. What is unknown or fixed cannot be changed."""
    targets: dict[str, list[float]] = {}
    for card in cards:
        for measure in card.measures:
            value = values.get(measure.metric)
            if value is not None:
                better = _better(measure, catalogue.metrics[measure.metric], value)
                _add(targets, measure.metric, value, better)
        for cap in card.caps:
            for metric, limit in _released(cap, values):
                _add(targets, metric, values[metric] or 0.0, [limit])
    groups: dict[str, list[str]] = {}
    for name in catalogue.metrics:  # in the order of the catalogue, whatever the scorecard's
        own_words = catalogue.metrics[name].whatif
        if targets.get(name) and not catalogue.metrics[name].fixed:
            groups.setdefault(own_words.text if own_words else name, []).append(name)
    found = []
    for own in groups.values():
        first = catalogue.metrics[own[0]]
        partly = len(own) == 1 and (first.whatif is None or first.whatif.columns & {"target", "less", "more"})
        found.append(
            Action(
                own[0],
                tuple(own),
                {name: targets[name][-1] for name in own},
                tuple(targets[own[0]][:-1]) if partly else (),
            )
        )
    return found


def _add(targets: dict[str, list[float]], metric: str, today: float, values: Sequence[float]) -> None:
    """Targets in one direction, nearest first; of two that want opposite things of a metric the first has its way."""
    known = targets.setdefault(metric, [])
    up = (known or values or [today])[-1] > today
    own = {each for each in (*known, *values) if (each > today) == up}
    known[:] = sorted(own, key=lambda each: abs(each - today))


def _better(measure: Measure, metric: Metric, value: float) -> list[float]:
    """The points of the curve with more score than today's value, nearest first, the best last."""
    score = _curve(measure, value)
    better = [(float(y), float(x)) for x, y in measure.points if float(y) > score]
    if not better:
        return []
    top = max(y for y, _ in better)
    best = min((x for y, x in better if y == top), key=lambda x: abs(x - value))
    if metric.empty == "zero" and best < value and _curve(measure, 0.0) == top:
        best = 0.0  # nothing waits: what a person does is done, not half done
    up = best > value
    between = sorted({x for _, x in better if (value < x < best if up else best < x < value)}, reverse=not up)
    return [*between, best]


def _curve(measure: Measure, value: float) -> float:
    points = [(float(x), float(y)) for x, y in measure.points]
    if value <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if value <= x1:
            return y0 + (value - x0) * (y1 - y0) / (x1 - x0)
    return points[-1][1]


def _released(cap: Cap, values: Mapping[str, float | None]) -> list[tuple[str, float]]:
    """For each comparison of a cap with a number, the nearest value at which it is false, if today it is true."""
    found = []
    for clause in clauses(cap.when):
        compared = clause.comparison
        if compared is None or values.get(compared.column) is None:
            continue
        try:
            limit = float(compared.limit)
        except ValueError:
            continue
        value = float(values[compared.column] or 0)
        lifted = {
            ">": (value > limit, limit),
            ">=": (value >= limit, limit - 1),
            "<": (value < limit, limit),
            "<=": (value <= limit, limit + 1),
            "=": (value == limit, limit - 1 if limit > 0 else limit + 1),
        }.get(compared.sign)
        if lifted is not None and lifted[0]:
            found.append((compared.column, lifted[1]))
    return found


def _capping(catalogue: Catalogue, scorecard: str, segment: str | None) -> set[str]:
    cards = _cards(catalogue, scorecard, segment)
    return {column for card in cards for cap in card.caps for column in cap.when.columns}


# -- the smallest set --------------------------------------------------------------------------------------------------


def _smallest(
    bench: Bench, found: Sequence[Action], capping: set[str], target: str
) -> tuple[tuple[Action, ...], Scored]:
    """The fewest actions that reach the target, the most gain among as few; all of them where none suffices."""
    if not found:
        return (), bench.now
    alone = bench.score([each.targets for each in found])
    # by what they gain under no cap: one that holds would make them all alike
    order = sorted(range(len(found)), key=lambda place: (-(alone[place].raw or 0.0), place))
    by_gain = [found[place] for place in order]
    sets = _candidates(by_gain, capping)
    scored = bench.score([_together(each) for each in sets])
    reaching = [
        (len(own), -(result.capped or 0.0), place)
        for place, (own, result) in enumerate(zip(sets, scored, strict=True))
        if _reaches(result, target)
    ]
    if not reaching:
        return tuple(by_gain), bench.score([_together(by_gain)])[0]
    best = min(reaching)[2]
    return sets[best], scored[best]


def _candidates(by_gain: Sequence[Action], capping: set[str]) -> list[tuple[Action, ...]]:
    """Sets to try. Under fixed caps gains add up, so that beside what lifts caps only the largest gains need a try; of
    scorecards made of others all small sets are tried as well.
    """
    lifting = [each for each in by_gain if capping.intersection(each.metrics)][:_CAPPED]
    rest = [each for each in by_gain if each not in lifting]
    sets: dict[frozenset[str], tuple[Action, ...]] = {}
    for size in range(len(lifting) + 1):
        for some in combinations(lifting, size):
            for more in range(len(rest) + 1):
                own = (*some, *rest[:more])
                sets.setdefault(frozenset(each.name for each in own), own)
    most = 3 if len(by_gain) <= _TRIPLES else 2 if len(by_gain) <= _SINGLES else 1
    for size in range(1, most + 1):
        for own in combinations(by_gain, size):
            sets.setdefault(frozenset(each.name for each in own), own)
    return [own for own in sets.values() if own]


def _together(own: Sequence[Action]) -> dict[str, float]:
    return {name: value for each in own for name, value in each.targets.items()}


def _trimmed(
    bench: Bench, chosen: Sequence[Action], reached: Scored, target: str
) -> tuple[tuple[Action, ...], Scored]:
    """Each action that may go part of the way goes to the first step at which the set still reaches the target."""
    own = list(chosen)
    for place in reversed(range(len(own))):
        each = own[place]
        nearer = [replace(each, targets={each.metrics[0]: step}) for step in each.steps]
        tried = [[*own[:place], less, *own[place + 1 :]] for less in nearer]
        if not tried:
            continue
        for some, result in zip(tried, bench.score([_together(some) for some in tried]), strict=True):
            if _reaches(result, target):
                own, reached = some, result
                break
    return tuple(own), reached


def _in_order(bench: Bench, chosen: Sequence[Action], reached: Scored) -> tuple[Change, ...]:
    """The changes with what each adds to the score when they are made one after the other; the largest is shown first."""
    if len(chosen) <= 1:
        return tuple(Change(each, (reached.capped or 0.0) - (bench.now.capped or 0.0)) for each in chosen)
    alone = bench.score([each.targets for each in chosen])
    order = sorted(range(len(chosen)), key=lambda place: (-(alone[place].capped or 0.0), place))
    own = [chosen[place] for place in order]
    after_each = [*bench.score([_together(own[:done]) for done in range(1, len(own))]), reached]
    before = [bench.now, *after_each]
    changes = [
        Change(each, (after.capped or 0.0) - (earlier.capped or 0.0))
        for each, earlier, after in zip(own, before, after_each, strict=False)
    ]
    return tuple(sorted(changes, key=lambda each: -round(each.points, 9)))


# -- in words ----------------------------------------------------------------------------------------------------------


def told(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    account_id: str,
    change: Change,
    found: Answer,
) -> tuple[str, evidence.Evidence]:
    """What to do, in the words of the first metric, and the records that it concerns."""
    name = change.action.metrics[0]
    metric = catalogue.metrics[name]
    behind = evidence.of_metric(connection, catalogue, name, account_id)
    before, after = found.before[name] or 0.0, change.action.targets[name]
    if metric.whatif is None:
        return (
            f"{clean(metric.label)}: {words.number(before, metric.unit)} → {words.number(after, metric.unit)}",
            behind,
        )
    names = [words.record(each) for each in behind.records]
    text = render(
        metric.whatif,
        {
            "records": _listed(names, behind.total) or clean(metric.label),
            "people": _listed(_people(connection, behind)) or "somebody there",
            "value": words.amount(before, metric.unit),
            "target": words.amount(after, metric.unit),
            "less": words.amount(before - after, metric.unit),
            "more": words.amount(after - before, metric.unit),
        },
    )
    return text, behind


def _listed(names: Sequence[str], total: int | None = None) -> str:
    """A | A and B | A, B and C | A, B, C and 4 more."""
    own = list(dict.fromkeys(names))
    more = (total or len(names)) - len(names) + max(0, len(own) - words.NAMED)
    own = own[: words.NAMED] + ([f"{more} more"] if more else [])
    return " and ".join([", ".join(own[:-1]), own[-1]] if len(own) > 1 else own)


def _people(connection: duckdb.DuckDBPyConnection, behind: evidence.Evidence) -> list[str]:
    ids = list(dict.fromkeys(each.person for each in behind.records if each.person))
    names = dict(
        connection.execute(
            "select contact_id, name from contact_person where list_contains(?::varchar[], contact_id) "
            "and not coalesce(is_deleted, false)",
            [ids],
        ).fetchall()
        if ids
        else []
    )
    return [clean(names[each]) for each in ids if names.get(each)]
