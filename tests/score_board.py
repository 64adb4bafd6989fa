"""Scorecards over made-up metric values, without sources or stores: what tests of scores and points stand on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise

import duckdb
import pyarrow as pa

from rules import catalogue, scorecards
from rules.catalogue import Bands, Catalogue
from rules.catalogue_scorecards import scorecard
from rules.catalogue_sections import named_sections
from rules.sources import COVERAGE, SOURCES

METRICS = tuple(f"m{n}" for n in range(6))
BANDS = Bands(Decimal(70), Decimal(40), Decimal(2))
_TYPES = {
    "number": "double",
    "text": "varchar",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_EVIDENCE = ("account_id", "record_system", "record_id", "record_key", "record_text", "record_person")


@cache
def _metrics() -> Catalogue:
    metrics = {name: {"source": "issues", "aggregate": "count", "unit": "issues"} for name in METRICS}
    loaded = catalogue.load({"metrics": metrics}, SOURCES)
    own = {name: loaded.metrics[name] for name in METRICS}
    return replace(loaded, metrics=own, rules={}, quadrant=None, late=())


def book(cards: dict, *, bands: Bands = BANDS) -> Catalogue:
    """A catalogue of these scorecards alone, over the metrics m0 to m5; numbers as a TOML file would give them."""
    faults: list = []
    sections = named_sections("scorecards", cards, faults)
    chosen = {
        name: scorecard(each, dict.fromkeys(METRICS, "number"), sections) for name, each in sections.items()
    }
    assert not faults
    return replace(_metrics(), scorecards=chosen, bands=bands)


def measure(metric: str, weight, *points: tuple) -> dict:
    return {"metric": metric, "weight": weight, "points": [list(p) for p in points or ((0, 0), (100, 100))]}


@cache
def _ground() -> duckdb.DuckDBPyConnection:
    """One connection for all boards: each lays its tables over those of the one before."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    for source, columns in SOURCES.items():
        listed = [
            *(f"{name} varchar" for name in _EVIDENCE),
            *(f'"{n}" {_TYPES[t]}' for n, t in columns.items()),
        ]
        connection.execute(f"create temp table {source} ({', '.join(listed)})")
    return connection


def board(
    shelf: Catalogue, values: dict[str, dict[str, float | None]], previous=()
) -> duckdb.DuckDBPyConnection:
    """`values` by account and metric; what is not given is unknown. Sources are there, and empty."""
    connection = _ground()
    table = {"account_id": pa.array(list(values), pa.string())}
    for name in shelf.metrics:
        table[name] = pa.array([own.get(name) for own in values.values()], pa.float64())
    connection.register("given", pa.table(table))
    covered = ", ".join(f"true as {name}" for name in COVERAGE)
    connection.execute("create or replace temp table eval_metrics as select * from given")
    connection.execute(
        "create or replace temp table accounts as select account_id, true as managed from given"
    )
    connection.execute("create or replace temp table on_record as select account_id, true as on_record from given")
    connection.execute(f"create or replace temp table coverage as select account_id, {covered} from given")
    connection.unregister("given")
    scorecards.evaluate(connection, shelf, previous)
    return connection


def scores(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple]:
    """(account, scorecard) -> (score, band, confidence, raw, capped)"""
    rows = connection.execute(
        "select account_id, scorecard, score, band, confidence, raw, capped from eval_scores"
    ).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def exact_curve(points, value: Fraction) -> Fraction:
    """The curve by its definition, in fractions."""
    points = [(Fraction(x), Fraction(y)) for x, y in points]
    if value <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if value <= x1:
            return y0 + (value - x0) * (y1 - y0) / (x1 - x0)
    return points[-1][1]


def exact_score(card, values) -> tuple[Fraction | None, Fraction]:
    """The uncapped score and the confidence of one scorecard, in fractions."""
    known = [m for m in card.measures if values.get(m.metric) is not None]
    weight = sum((Fraction(m.weight) for m in known), Fraction(0))
    total = sum((Fraction(m.weight) for m in card.measures), Fraction(0))
    if not weight:
        return None, Fraction(0)
    gained = sum(
        Fraction(m.weight) * exact_curve(m.points, Fraction(Decimal(repr(values[m.metric])))) for m in known
    )
    return gained / weight, weight / total
