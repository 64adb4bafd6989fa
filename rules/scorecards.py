"""Scores, confidence and bands of all managed accounts, one expression per scorecard (definitions G).

Score of a measure = its curve at the metric's value, piecewise linear and clamped. Scorecard = Σ weight·score / Σ weight
over known metrics, then caps, then rounded half to even. Confidence = Σ weight of known metrics / Σ weight; under the
floor the score is NULL and the band unknown.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa

from rules.expressions import to_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from rules.catalogue import Bands, Catalogue, Scorecard

_PREVIOUS = pa.schema([("account_id", pa.string()), ("scorecard", pa.string()), ("band", pa.string())])


def evaluate(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, previous: Iterable[tuple[str, str, str]] = ()
) -> None:
    """Fill `eval_measures`, `eval_caps`, `eval_scores` (one row per managed account and scorecard) and `eval_facts`.

    `previous` holds (account_id, scorecard, band) of the last confirmed write before `as_of`; bands move from there
    only when an edge is passed by the hysteresis. `eval_facts` is `eval_metrics` of managed accounts with
    `<scorecard>_score` and `<scorecard>_band` beside it: what rules look at.
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
    return f"cast({number} as double)"


def _column(name: str) -> str:
    return f'm."{name}"'


def _measures_sql(cards: Sequence[Scorecard]) -> str:
    parts = [
        f"select m.account_id, '{card.name}' as scorecard, {place} as place, '{measure.metric}' as metric, "
        f"cast({measure.weight} as decimal(18, 6)) as weight, {_column(measure.metric)} as value, "
        f"{curve_sql(measure.points, _column(measure.metric))} as score from managed m"
        for card in cards
        for place, measure in enumerate(card.measures)
    ]
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, 0 as place, '' as metric, cast(0 as decimal(18, 6)) as weight, "
        "cast(null as double) as value, cast(null as double) as score from managed where false"
    )


def _caps_sql(cards: Sequence[Scorecard]) -> str:
    """One row per account and cap: whether it holds (NULL: unknown, so it does not)."""
    parts = [
        f"select m.account_id, '{card.name}' as scorecard, {place} as place, "
        f"cast({cap.at_most} as double) as at_most, ({to_sql(cap.when, 'duckdb', table='m')}) as holds from managed m"
        for card in cards
        for place, cap in enumerate(card.caps)
    ]
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, 0 as place, cast(0 as double) as at_most, cast(null as boolean) as holds "
        "from managed where false"
    )


def _raw_sql(cards: Sequence[Scorecard]) -> str:
    parts = []
    for card in cards:
        scores = [curve_sql(measure.points, _column(measure.metric)) for measure in card.measures]
        products = [
            f"coalesce({_double(measure.weight)} * ({score}), cast(0 as double))"
            for measure, score in zip(card.measures, scores, strict=True)
        ]
        known = [
            f"case when {_column(measure.metric)} is null then 0 else cast({measure.weight} as decimal(18, 6)) end"
            for measure in card.measures
        ]
        total = sum((measure.weight for measure in card.measures), Decimal(0))
        capped = "raw"
        for cap in card.caps:
            holds = to_sql(cap.when, "duckdb", table="m")
            capped = f"case when ({holds}) then least({capped}, {_double(cap.at_most)}) else {capped} end"
        parts.append(
            f"select account_id, '{card.name}' as scorecard, raw, {capped} as capped, "
            f"cast(known as double) / {_double(total)} as confidence, "
            f"known >= cast({card.floor * total} as decimal(18, 6)) as enough "
            f"from (select m.*, ({' + '.join(products)}) / nullif(cast({' + '.join(known)} as double), 0) as raw, "
            f"{' + '.join(known)} as known from managed m) m"
        )
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, cast(null as double) as raw, cast(null as double) as capped, "
        "cast(null as double) as confidence, false as enough from managed where false"
    )


def _combined_sql(card: Scorecard) -> str:
    """A scorecard over others: capped, unrounded scores of those that are known; confidence is the mean of theirs."""
    names = ", ".join(f"'{name}'" for name in card.of)
    counted = "r.enough and r.capped is not null"
    # the sum runs in the order of the config, so that rounding is the same everywhere
    ordered = [
        f"coalesce(max(case when r.scorecard = '{name}' and {counted} then {_double(value)} * r.capped end), 0)"
        for name, value in card.of.items()
    ]
    weights = [
        f"coalesce(max(case when r.scorecard = '{name}' and {counted} then {_double(value)} end), 0)"
        for name, value in card.of.items()
    ]
    trust = [
        f"coalesce(max(case when r.scorecard = '{name}' then {_double(value)} * r.confidence end), 0)"
        for name, value in card.of.items()
    ]
    total = _double(sum(card.of.values(), Decimal(0)))
    return (
        f"select account_id, '{card.name}' as scorecard, raw, raw as capped, confidence, "
        f"confidence >= {_double(card.floor)} as enough from ("
        f"select r.account_id, ({' + '.join(ordered)}) / nullif({' + '.join(weights)}, 0) as raw, "
        f"({' + '.join(trust)}) / {total} as confidence from raw_scores r "
        f"where r.scorecard in ({names}) group by r.account_id)"
    )


def _bands_sql(bands: Bands) -> str:
    score = "cast(round_even(r.capped, 0) as integer)"
    known = "r.enough and r.capped is not null"
    green_from_green = bands.green - bands.hysteresis
    green_from_below = bands.green + bands.hysteresis
    amber_from_above = bands.amber - bands.hysteresis
    amber_from_red = bands.amber + bands.hysteresis
    return (
        "select r.account_id, r.scorecard, r.raw, r.capped, r.confidence, "
        f"case when {known} then {score} end as score, "
        f"case when not ({known}) or r.capped is null then 'unknown' "
        f"when {score} >= case p.band when 'green' then {green_from_green} "
        f"when 'amber' then {green_from_below} when 'red' then {green_from_below} else {bands.green} end then 'green' "
        f"when {score} >= case p.band when 'green' then {amber_from_above} when 'amber' then {amber_from_above} "
        f"when 'red' then {amber_from_red} else {bands.amber} end then 'amber' "
        "else 'red' end as band "
        "from raw_scores r left join previous_band p on p.account_id = r.account_id and p.scorecard = r.scorecard"
    )
