"""Metrics and scores as flat tables, one row per account, for spreadsheets and data tools."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FIXED: list[tuple[str, pa.DataType]] = [
    ("account_id", pa.string()),
    ("account", pa.string()),
    ("as_of", pa.timestamp("us", tz="UTC")),
]
_CARD: list[tuple[str, pa.DataType]] = [
    ("score", pa.int32()),
    ("band", pa.string()),
    ("confidence", pa.float64()),
    ("trend_7d", pa.int32()),
    ("trend_30d", pa.int32()),
    ("trend_90d", pa.int32()),
    ("days_in_band", pa.int32()),
]


def metrics_table(rows: Sequence[Json], names: Sequence[str]) -> pa.Table:
    """account_id, account, as_of and a column for each metric; null where unknown."""
    schema = pa.schema([*_FIXED, *((name, pa.float64()) for name in names)])
    flat = [{**_fixed(row), **row["metrics"]} for row in rows]
    return pa.Table.from_pylist(flat, schema=schema)


def scores_table(rows: Sequence[Json], cards: Sequence[str]) -> pa.Table:
    """account_id, account, as_of and score, band, confidence and movement of each scorecard."""
    columns = [(f"{card}_{part}", kind) for card in cards for part, kind in _CARD]
    flat = [
        {
            **_fixed(row),
            **{
                f"{card}_{part}": row["scorecards"][card][part]
                for card in row["scorecards"]
                for part, _ in _CARD
            },
        }
        for row in rows
    ]
    return pa.Table.from_pylist(flat, schema=pa.schema([*_FIXED, *columns]))


_HISTORY: list[tuple[str, pa.DataType]] = [
    ("as_of", pa.timestamp("us", tz="UTC")),
    ("account_id", pa.string()),
    ("account", pa.string()),
    ("scorecard", pa.string()),
    ("score", pa.int32()),
    ("capped", pa.float64()),
    ("confidence", pa.float64()),
    ("band", pa.string()),
    ("replayed", pa.bool_()),
    ("partial", pa.bool_()),
    ("config", pa.string()),
]


def history_table(rows: Sequence[Json]) -> pa.Table:
    """A row for each score that the history holds."""
    flat = [{**row, "as_of": datetime.fromisoformat(row["as_of"])} for row in rows]
    return pa.Table.from_pylist(flat, schema=pa.schema(_HISTORY))


_FINDING: list[tuple[str, pa.DataType]] = [
    *((name, pa.string()) for name in ("list", "account_id", "account", "kind", "text")),
    ("points", pa.float64()),
    ("records", pa.string()),
    ("urls", pa.string()),
]


def findings_table(rows: Sequence[Json]) -> pa.Table:
    """A row for each finding of a list; its records in one cell, several parted by blanks."""
    flat = [
        {
            **{name: row[name] for name, _ in _FINDING[:6]},
            "records": ", ".join(each["key"] for each in row["evidence"]),
            "urls": " ".join(each["url"] for each in row["evidence"] if each["url"]),
        }
        for row in rows
    ]
    return pa.Table.from_pylist(flat, schema=pa.schema(_FINDING))


def managers_table(rows: Sequence[Json], setting: str) -> pa.Table:
    """A row for each account manager, or for each group of them."""
    text, whole, number = pa.string(), pa.int32(), pa.float64()
    who: list[tuple[str, pa.DataType]] = [("manager_id", text), ("manager", text)]
    if setting == "team":
        who = [("team", text), ("people", whole)]
    schema = [
        *who,
        ("as_of", pa.timestamp("us", tz="UTC")),
        ("accounts", whole),
        *((name, number) for name in ("score", "growth", "health", "positioning", "depth")),
        *((name, whole) for name in ("red", "amber", "green", "unknown")),
        *((name, number) for name in ("load", "capacity", "load_share")),
    ]
    flat = [{**row, "as_of": datetime.fromisoformat(row["as_of"])} for row in rows]
    return pa.Table.from_pylist(flat, schema=pa.schema(schema))


def _fixed(row: Json) -> Json:
    return {
        "account_id": row["account_id"],
        "account": row["account"],
        "as_of": datetime.fromisoformat(row["as_of"]),
    }


def to_csv(table: pa.Table) -> bytes:
    """UTF-8 with a header; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())
    return text.getvalue().encode()


def to_parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
