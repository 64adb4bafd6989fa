"""Scorecards over made-up metric values, without sources or stores: what tests of scores and points stand on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from rules import catalogue, catalogue_quadrant, catalogue_segments, scorecards
from rules.catalogue import Bands, Catalogue
from rules.catalogue_scorecards import scorecard
from rules.catalogue_sections import Section, named_sections
from rules.sources import ACCOUNT_COLUMNS, COVERAGE, SOURCES

if TYPE_CHECKING:
    from collections.abc import Collection

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


def book(
    cards: dict,
    *,
    bands: Bands = BANDS,
    fresh: dict[str, tuple[str, int]] | None = None,
    segments: dict | None = None,
    axes: dict | None = None,
) -> Catalogue:
    """A catalogue of these scorecards alone, over the metrics m0 to m5; sections as a TOML file would give them.

    `fresh` says by which metric and for how many days one is fresh.
    """
    faults: list = []
    numbers = dict.fromkeys(METRICS, "number")
    sections = named_sections("scorecards", cards, faults)
    chosen = {name: scorecard(each, numbers, sections) for name, each in sections.items()}
    split = named_sections("segments", segments or {}, faults)
    used = catalogue_segments.stand_ins(split)
    found = catalogue_segments.segments(split, ACCOUNT_COLUMNS, sections)
    shelf = replace(
        _metrics(),
        scorecards={name: card for name, card in chosen.items() if name not in used},
        variants={name: card for name, card in chosen.items() if name in used},
        segments=tuple(found),
        bands=bands,
    )
    for name, (by, days) in (fresh or {}).items():
        metric = replace(shelf.metrics[name], fresh_by=by, fresh_days=days)
        shelf = replace(shelf, metrics={**shelf.metrics, name: metric})
    if axes is not None:
        shape = catalogue_quadrant.quadrant(
            Section("quadrant", axes, faults), numbers, sections, ACCOUNT_COLUMNS
        )
        brought = catalogue_quadrant.late_metrics(shape, shelf.metrics) if shape else []
        metrics = {**shelf.metrics, **{each.name: each for each in brought}}
        shelf = replace(shelf, quadrant=shape, metrics=metrics, late=tuple(each.name for each in brought))
    assert not faults
    return shelf


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
    shelf: Catalogue,
    values: dict[str, dict[str, float | None]],
    previous=(),
    *,
    accounts: dict[str, dict[str, str]] | None = None,
    blank: Collection[str] = (),
) -> duckdb.DuckDBPyConnection:
    """`values` by account and metric; what is not given is unknown. Sources are there, and empty.

    `accounts` holds texts of account columns; of those in `blank` nothing is on record.
    """
    connection = _ground()
    table = {"account_id": pa.array(list(values), pa.string())}
    for name in shelf.metrics:
        table[name] = pa.array([own.get(name) for own in values.values()], pa.float64())
    columns = {
        "account_id": pa.array(list(values), pa.string()),
        "managed": pa.array([True] * len(values)),
        **{
            name: pa.array([(accounts or {}).get(each, {}).get(name) for each in values], pa.string())
            for name in ("industry", "type", "name")
        },
    }
    recorded = {"account_id": columns["account_id"], "on_record": [each not in blank for each in values]}
    connection.register("given", pa.table(table))
    for name, content in (("accounts", columns), ("on_record", recorded)):
        connection.register("incoming", pa.table(content))
        connection.execute(f"create or replace temp table {name} as select * from incoming")
        connection.unregister("incoming")
    covered = ", ".join(f"true as {name}" for name in COVERAGE)
    connection.execute("create or replace temp table eval_metrics as select * from given")
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
