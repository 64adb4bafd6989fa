"""Scores, confidence and bands of all managed accounts, one expression per scorecard (definitions G).

Score of a measure = its curve at the metric's value, piecewise linear and clamped. Scorecard = Σ weight·score / Σ weight
over known metrics, then caps, then rounded half to even. Confidence = Σ weight of known, fresh metrics / Σ weight; under
the floor the score is NULL and the band unknown. A stale value is still the best there is, so it counts in the score; that
it is stale shows in the confidence alone.

Of an account with nothing on record at all nothing is known, whatever its zeroes say: confidence 0, band unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa

from rules import quadrant, trends
from rules.curves import DIGITS, Part, curve_sql, double, exact, fresh_sql, mean, whole
from rules.expressions import to_sql
from rules.kept_rows import keep
from rules.segments import segment_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from rules.catalogue import Bands, Catalogue, Scorecard

__all__ = ["curve_sql", "evaluate", "score"]

_PREVIOUS = pa.schema([("account_id", pa.string()), ("scorecard", pa.string()), ("band", pa.string())])


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A scorecard under the name that is shown, for the accounts of the segments that use it."""

    name: str
    card: Scorecard
    applies: str


def evaluate(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, previous: Iterable[tuple[str, str, str]] = ()
) -> None:
    """What `score` fills, the metrics of `eval_metrics` that are made of scores, and `eval_facts`.

    `eval_facts` is `eval_metrics` of managed accounts with `<scorecard>_score` and
    `<scorecard>_band` beside it, NULL where unknown: what rules look at. How scores moved is unknown there until
    `trends.add` is told of the past.
    """
    score(connection, catalogue, previous)
    quadrant.evaluate(connection, catalogue)
    facts = "".join(
        f", max(case when s.scorecard = '{name}' then s.score end) as \"{name}_score\""
        f", max(case when s.scorecard = '{name}' then nullif(s.band, 'unknown') end) as \"{name}_band\""
        for name in catalogue.scorecards
    )
    connection.execute(
        f"create or replace temp table eval_facts as select m.*, f.* exclude (account_id) from eval_metrics m join ("
        f"select account_id{facts} from eval_scores s group by account_id) f on f.account_id = m.account_id"
    )
    trends.add(connection, catalogue)


def score(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, previous: Iterable[tuple[str, str, str]] = ()
) -> None:
    """Fill `eval_measures`, `eval_caps`, `eval_scores` (one row per managed account and scorecard) and `eval_standing`.

    `previous` holds (account_id, scorecard, band) of the last confirmed write before `as_of`; bands move from there
    only when an edge is passed by the hysteresis. `eval_standing` says of each managed account whether anything is on
    record and which segment it is in.
    """
    rows = list(previous)
    table = (
        pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=_PREVIOUS)
        if rows
        else None
    )
    keep(connection, "previous_band", table if table is not None else _PREVIOUS.empty_table())
    connection.execute(
        "create or replace temp table eval_standing as "
        f"select a.account_id, o.on_record, {segment_sql(catalogue, 'a')} as segment "
        "from accounts a join on_record o on o.account_id = a.account_id where a.managed"
    )
    # Names of our own begin with _, which no metric's name does.
    connection.execute(
        "create or replace temp table managed as select e.*, s.on_record as _on_record, s.segment as _segment "
        "from eval_metrics e join eval_standing s on s.account_id = e.account_id"
    )
    plain = _sheets(catalogue, [card for card in catalogue.scorecards.values() if not card.of])
    combined = _sheets(catalogue, [card for card in catalogue.scorecards.values() if card.of])
    connection.execute(f"create or replace temp table scored as {_scored_sql(plain)}")
    connection.execute(f"create or replace temp table eval_measures as {_measures_sql(plain, catalogue)}")
    connection.execute(f"create or replace temp table eval_caps as {_caps_sql(plain)}")
    connection.execute(f"create or replace temp table raw_scores as {_raw_sql(plain, catalogue)}")
    for sheet in combined:
        connection.execute(f"insert into raw_scores {_combined_sql(sheet)}")
    connection.execute(f"create or replace temp table eval_scores as {_bands_sql(catalogue.bands)}")
    connection.execute("drop table raw_scores")
    connection.execute("drop table scored")
    connection.execute("drop table managed")


def _sheets(catalogue: Catalogue, cards: Sequence[Scorecard]) -> list[_Sheet]:
    sheets = []
    for card in cards:
        own = {
            each.name: each.scorecards[card.name]
            for each in catalogue.segments
            if card.name in each.scorecards
        }
        others = ", ".join(f"'{segment}'" for segment in own)
        applies = f"m._segment is null or m._segment not in ({others})" if own else "true"
        sheets.append(_Sheet(card.name, card, applies))
        sheets += [
            _Sheet(card.name, catalogue.variants[name], f"m._segment = '{segment}'")
            for segment, name in own.items()
        ]
    return sheets


def _column(name: str) -> str:
    return f'm."{name}"'


def _scored_sql(sheets: Sequence[_Sheet]) -> str:
    """The managed accounts with what each sheet makes of each measure in a column, so that each curve is worked out once."""
    columns = [f"{sheet.applies} as _applies_{at}" for at, sheet in enumerate(sheets)]
    columns += [
        f"{curve_sql(measure.points, _column(measure.metric))} as _score_{at}_{place}"
        for at, sheet in enumerate(sheets)
        for place, measure in enumerate(sheet.card.measures)
    ]
    return f"select {', '.join(['m.*', *columns])} from managed m"


def _measures_sql(sheets: Sequence[_Sheet], catalogue: Catalogue) -> str:
    """One row per account and measure; `age` is how old, in days, what the value rests on is, where that is asked."""
    parts = []
    for at, sheet in enumerate(sheets):
        for place, measure in enumerate(sheet.card.measures):
            metric, column = catalogue.metrics[measure.metric], _column(measure.metric)
            age = _column(metric.fresh_by) if metric.fresh_by else "cast(null as double)"
            parts.append(
                f"select m.account_id, '{sheet.name}' as scorecard, {place} as place, '{measure.metric}' as metric, "
                f"{exact(measure.weight)} as weight, {column} as value, "
                f"case when m._on_record then m._score_{at}_{place} end as score, "
                f"{column} is not null and {fresh_sql(metric, 'm')} as fresh, {age} as age "
                f"from scored m where m._applies_{at}"
            )
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, 0 as place, '' as metric, cast(0 as decimal(38, 10)) as weight, "
        "cast(null as double) as value, cast(null as double) as score, false as fresh, cast(null as double) as age "
        "from managed where false"
    )


def _caps_sql(sheets: Sequence[_Sheet]) -> str:
    """One row per account and cap: whether it holds (NULL: unknown, so it does not)."""
    parts = [
        f"select m.account_id, '{sheet.name}' as scorecard, {place} as place, {double(cap.at_most)} as at_most, "
        f"({to_sql(cap.when, 'duckdb', table='m')}) as holds from managed m where {sheet.applies}"
        for sheet in sheets
        for place, cap in enumerate(sheet.card.caps)
    ]
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, 0 as place, cast(0 as double) as at_most, cast(null as boolean) as holds "
        "from managed where false"
    )


def _raw_sql(sheets: Sequence[_Sheet], catalogue: Catalogue) -> str:
    parts = []
    for at, sheet in enumerate(sheets):
        found = mean(
            [
                Part(
                    each.metric,
                    _column(each.metric),
                    each.weight,
                    f"m._score_{at}_{place}",
                    fresh_sql(catalogue.metrics[each.metric], "m"),
                )
                for place, each in enumerate(sheet.card.measures)
            ],
            sheet.card.floor,
        )
        capped = "_raw"
        for cap in sheet.card.caps:
            holds = to_sql(cap.when, "duckdb", table="m")
            capped = f"case when ({holds}) then least({capped}, {double(cap.at_most)}) else {capped} end"
        parts.append(
            f"select account_id, '{sheet.name}' as scorecard, _raw as raw, "
            # least() passes over NULL: a cap must not give a score to an account of which nothing is known
            f"case when _raw is not null then {capped} end as capped, "
            f"case when _on_record then {found.confidence} else 0e0 end as confidence, "
            f"_on_record and {found.enough} as enough "
            f"from (select m.*, case when m._on_record then {found.value} end as _raw from scored m "
            f"where m._applies_{at}) m"
        )
    return " union all ".join(parts) or (
        "select account_id, '' as scorecard, cast(null as double) as raw, cast(null as double) as capped, "
        "cast(null as double) as confidence, false as enough from managed where false"
    )


def _combined_sql(sheet: _Sheet) -> str:
    """A scorecard over others: capped, unrounded scores of those that are known; confidence is the mean of theirs."""
    card = sheet.card
    names = sorted(card.of)
    weights = whole([card.of[name] for name in names])
    counted = "r.enough and r.capped is not null"

    def summed(value: str, condition: str) -> str:
        return " + ".join(
            f"coalesce(max(case when r.scorecard = '{name}' and {condition} then {weight} * {value} end), 0e0)"
            for name, weight in zip(names, weights, strict=True)
        )

    listed = ", ".join(f"'{name}'" for name in names)
    return (
        f"select account_id, '{sheet.name}' as scorecard, raw, raw as capped, confidence, "
        f"cast(confidence as decimal(38, {DIGITS})) >= {exact(card.floor)} as enough from ("
        f"select r.account_id, ({summed('r.capped', counted)}) / nullif({summed('1e0', counted)}, 0) as raw, "
        f"({summed('r.confidence', 'true')}) / {double(Decimal(sum(weights)))} as confidence from raw_scores r "
        f"semi join (select m.account_id from managed m where {sheet.applies}) a on a.account_id = r.account_id "
        f"where r.scorecard in ({listed}) group by r.account_id)"
    )


def _bands_sql(bands: Bands) -> str:
    """Rounded scores and their bands. From the previous band an edge lies `hysteresis` further on: green ends below
    green - hysteresis, and begins again at green + hysteresis; without a previous band the edges stand as they are.
    """
    score = f"cast(round_even(cast(r.capped as decimal(38, {DIGITS})), 0) as integer)"
    known = "r.enough and r.capped is not null"

    def edge(at: Decimal, above: Sequence[str], below: Sequence[str]) -> str:
        cases = [f"when '{band}' then {exact(at - bands.hysteresis)}" for band in above]
        cases += [f"when '{band}' then {exact(at + bands.hysteresis)}" for band in below]
        return f"case p.band {' '.join(cases)} else {exact(at)} end"

    return (
        "select r.account_id, r.scorecard, r.raw, r.capped, r.confidence, "
        f"case when {known} then {score} end as score, "
        f"case when not ({known}) then 'unknown' "
        f"when {score} >= {edge(bands.green, ('green',), ('amber', 'red'))} then 'green' "
        f"when {score} >= {edge(bands.amber, ('green', 'amber'), ('red',))} then 'amber' "
        "else 'red' end as band "
        "from raw_scores r left join previous_band p on p.account_id = r.account_id and p.scorecard = r.scorecard"
    )
