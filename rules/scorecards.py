"""Scores, confidence and bands of all managed accounts, one expression per scorecard (definitions G).

Score of a measure = its curve at the metric's value, piecewise linear and clamped. Scorecard = Σ weight·score / Σ weight
over known metrics, then caps, then rounded half to even. Confidence = Σ weight of known metrics / Σ weight; under the
floor the score is NULL and the band unknown.

Weights enter as whole numbers of their smallest decimal, so that confidence and floor are exact; sums run in the order
of names, so that the order in which a config lists things shows in no digit.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import pyarrow as pa

from rules.expressions import to_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from rules.catalogue import Bands, Catalogue, Scorecard

# Digits behind the point in which sums over doubles are compared and rounded: a score of 62.5 may arrive as
# 62.49999999999999, and would be rounded to the wrong side; no two scores that differ meet in the tenth digit.
_DIGITS = 10

_PREVIOUS = pa.schema([("account_id", pa.string()), ("scorecard", pa.string()), ("band", pa.string())])


def evaluate(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, previous: Iterable[tuple[str, str, str]] = ()
) -> None:
    """Fill `eval_measures`, `eval_caps`, `eval_scores` (one row per managed account and scorecard) and `eval_facts`.

    `previous` holds (account_id, scorecard, band) of the last confirmed write before `as_of`; bands move from there
    only when an edge is passed by the hysteresis. `eval_facts` is `eval_metrics` of managed accounts with
    `<scorecard>_score` and `<scorecard>_band` beside it, NULL where unknown: what rules look at.
    """
    rows = list(previous)
    table = (
        pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=_PREVIOUS)
        if rows
        else None
    )
    connection.register("incoming", table if table is not None else _PREVIOUS.empty_table())
    connection.execute("create or replace temp table previous_band as select * from incoming")
    connection.unregister("incoming")
    connection.execute(
        "create or replace temp table managed as "
        "select e.* from eval_metrics e join accounts a on a.account_id = e.account_id where a.managed"
    )
    plain = [card for card in catalogue.scorecards.values() if not card.of]
    combined = [card for card in catalogue.scorecards.values() if card.of]
    connection.execute(f"create or replace temp table eval_measures as {_measures_sql(plain)}")
    connection.execute(f"create or replace temp table eval_caps as {_caps_sql(plain)}")
    connection.execute(f"create or replace temp table raw_scores as {_raw_sql(plain)}")
    for card in combined:
        connection.execute(f"insert into raw_scores {_combined_sql(card)}")
    connection.execute(f"create or replace temp table eval_scores as {_bands_sql(catalogue.bands)}")
    connection.execute("drop table raw_scores")
    facts = "".join(
        f", max(case when s.scorecard = '{name}' then s.score end) as \"{name}_score\""
        f", max(case when s.scorecard = '{name}' then nullif(s.band, 'unknown') end) as \"{name}_band\""
        for name in catalogue.scorecards
    )
    connection.execute(
        f"create or replace temp table eval_facts as select m.*, f.* exclude (account_id) from managed m join ("
        f"select account_id{facts} from eval_scores s group by account_id) f on f.account_id = m.account_id"
    )
    connection.execute("drop table managed")


def curve_sql(points: Sequence[tuple[Decimal, Decimal]], value: str) -> str:
    """The piecewise linear curve through `points` (value, score) as an expression over the column `value`."""
    first, last = points[0], points[-1]
    pieces = [f"when {value} <= {_double(first[0])} then {_double(first[1])}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x1 > x0:
            slope = f"({value} - {_double(x0)}) * {_double(y1 - y0)} / {_double(x1 - x0)}"
            pieces.append(f"when {value} <= {_double(x1)} then {_double(y0)} + {slope}")
    return f"case when {value} is null then null {' '.join(pieces)} else {_double(last[1])} end"


def _double(number: Decimal) -> str:
    """The double next to `number`; read from text, because DuckDB's way over its decimals can miss it by a digit."""
    return f"cast('{number + 0:f}' as double)"


def _exact(number: Decimal) -> str:
    return f"cast({number + 0:f} as decimal(38, {_DIGITS}))"


def _whole(weights: Sequence[Decimal]) -> list[int]:
    """Weights as multiples of the smallest decimal place among them: only their proportions count."""
    places = max([0, *(-int(weight.normalize().as_tuple().exponent) for weight in weights)])
    return [int(weight.scaleb(places)) for weight in weights]


def _column(name: str) -> str:
    return f'm."{name}"'


def _measures_sql(cards: Sequence[Scorecard]) -> str:
    parts = [
        f"select m.account_id, '{card.name}' as scorecard, {place} as place, '{measure.metric}' as metric, "
        f"{_exact(measure.weight)} as weight, {_column(measure.metric)} as value, "
        f"{curve_sql(measure.points, _column(measure.metric))} as score from managed m"
        for card in cards
        for place, measure in enumerate(card.measures)
    ]
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, 0 as place, '' as metric, cast(0 as decimal(38, 10)) as weight, "
        "cast(null as double) as value, cast(null as double) as score from managed where false"
    )


def _caps_sql(cards: Sequence[Scorecard]) -> str:
    """One row per account and cap: whether it holds (NULL: unknown, so it does not)."""
    parts = [
        f"select m.account_id, '{card.name}' as scorecard, {place} as place, "
        f"{_double(cap.at_most)} as at_most, ({to_sql(cap.when, 'duckdb', table='m')}) as holds from managed m"
        for card in cards
        for place, cap in enumerate(card.caps)
    ]
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, 0 as place, cast(0 as double) as at_most, cast(null as boolean) as holds "
        "from managed where false"
    )


def _raw_sql(cards: Sequence[Scorecard]) -> str:
    # Names of our own begin with _, which no metric's name does.
    parts = []
    for card in cards:
        measures = sorted(card.measures, key=lambda measure: measure.metric)
        weights = _whole([measure.weight for measure in measures])
        products = [
            f"coalesce({weight} * ({curve_sql(measure.points, _column(measure.metric))}), 0e0)"
            for measure, weight in zip(measures, weights, strict=True)
        ]
        known = [
            f"case when {_column(measure.metric)} is null then 0 else cast({weight} as decimal(38, 0)) end"
            for measure, weight in zip(measures, weights, strict=True)
        ]
        total = sum(weights)
        least = ceil(card.floor * total)  # exact: the sum of known weights is whole as well
        capped = "_raw"
        for cap in card.caps:
            holds = to_sql(cap.when, "duckdb", table="m")
            capped = f"case when ({holds}) then least({capped}, {_double(cap.at_most)}) else {capped} end"
        parts.append(
            f"select account_id, '{card.name}' as scorecard, _raw as raw, "
            # least() passes over NULL: a cap must not give a score to an account of which nothing is known
            f"case when _raw is not null then {capped} end as capped, "
            f"cast(_known as double) / {_double(Decimal(total))} as confidence, _known >= {least} as enough "
            f"from (select m.*, ({' + '.join(products)}) / nullif(cast({' + '.join(known)} as double), 0) as _raw, "
            f"{' + '.join(known)} as _known from managed m) m"
        )
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, cast(null as double) as raw, cast(null as double) as capped, "
        "cast(null as double) as confidence, false as enough from managed where false"
    )


def _combined_sql(card: Scorecard) -> str:
    """A scorecard over others: capped, unrounded scores of those that are known; confidence is the mean of theirs."""
    names = sorted(card.of)
    weights = _whole([card.of[name] for name in names])
    counted = "r.enough and r.capped is not null"

    def summed(value: str, condition: str) -> str:
        return " + ".join(
            f"coalesce(max(case when r.scorecard = '{name}' and {condition} then {weight} * {value} end), 0e0)"
            for name, weight in zip(names, weights, strict=True)
        )

    listed = ", ".join(f"'{name}'" for name in names)
    return (
        f"select account_id, '{card.name}' as scorecard, raw, raw as capped, confidence, "
        f"cast(confidence as decimal(38, {_DIGITS})) >= {_exact(card.floor)} as enough from ("
        f"select r.account_id, ({summed('r.capped', counted)}) / nullif({summed('1e0', counted)}, 0) as raw, "
        f"({summed('r.confidence', 'true')}) / {_double(Decimal(sum(weights)))} as confidence from raw_scores r "
        f"where r.scorecard in ({listed}) group by r.account_id)"
    )


def _bands_sql(bands: Bands) -> str:
    """Rounded scores and their bands. From the previous band an edge lies `hysteresis` further on: green ends below
    green - hysteresis, and begins again at green + hysteresis; without a previous band the edges stand as they are.
    """
    score = f"cast(round_even(cast(r.capped as decimal(38, {_DIGITS})), 0) as integer)"
    known = "r.enough and r.capped is not null"

    def edge(at: Decimal, above: Sequence[str], below: Sequence[str]) -> str:
        cases = [f"when '{band}' then {_exact(at - bands.hysteresis)}" for band in above]
        cases += [f"when '{band}' then {_exact(at + bands.hysteresis)}" for band in below]
        return f"case p.band {' '.join(cases)} else {_exact(at)} end"

    return (
        "select r.account_id, r.scorecard, r.raw, r.capped, r.confidence, "
        f"case when {known} then {score} end as score, "
        f"case when not ({known}) then 'unknown' "
        f"when {score} >= {edge(bands.green, ('green',), ('amber', 'red'))} then 'green' "
        f"when {score} >= {edge(bands.amber, ('green', 'amber'), ('red',))} then 'amber' "
        "else 'red' end as band "
        "from raw_scores r left join previous_band p on p.account_id = r.account_id and p.scorecard = r.scorecard"
    )
