"""Pages of records as columnar batches: the form in which they go to the store.

A page is decoded in one go into a struct generated for its columns. Only when that fails is it read record
by record, so that one broken record costs itself and not its page.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException, localcontext
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import pyarrow as pa

from connectors.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Kind = Literal["id", "text", "boolean", "integer", "decimal", "double", "date", "timestamp"]

ARROW: dict[Kind, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(28, 6),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
# Dates and times stay text here, because Arrow reads a whole column of them at once. Salesforce writes whole
# numbers as 10.0 at times, which an `int` would refuse.
DECODED: dict[Kind, Any] = {
    "id": str | None,
    "text": str | None,
    "boolean": bool | None,
    "integer": int | float | None,
    "decimal": Decimal | None,
    "double": float | None,
    "date": str | None,
    "timestamp": str | None,
}
EXPECTED: dict[Kind, str] = {
    "id": "a record id",
    "text": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "decimal": "a number of at most 22 digits before the point",
    "double": "a number",
    "date": "a date like 2026-11-22",
    "timestamp": "a time like 2026-11-22T08:00:00.000+0000",
}
SMALLEST_DECIMAL = Decimal("0.000001")
LARGEST_INTEGER = 2**63 - 1
CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    """The field's API name, also the column's name."""
    kind: Kind


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be read; the rest of its page went on."""

    id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    table: pa.Table
    rejected: tuple[Rejected, ...]
    server_time: datetime | None
    """The server's clock when the query began, for the next cursor."""
    reached: datetime | None = None
    """All that is stamped before this has come with this batch or one before it; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Page:
    table: pa.Table
    rejected: tuple[Rejected, ...]
    done: bool
    next_url: str | None
    total: int | None = None
    """Rows of the whole query, as its every page says."""

    @property
    def count(self) -> int:
        return self.table.num_rows + len(self.rejected)


def id18(value: str) -> str:
    """The id with its checksum: people and old tools paste the 15-character form, the API returns 18."""
    if len(value) != 15 or not (value.isascii() and value.isalnum()):
        return value
    tail = (
        CHECKSUM[sum(1 << place for place, letter in enumerate(value[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )
    return value + "".join(tail)


class PageReader:
    """Decodes query pages of one list of columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self.schema = pa.schema([(column.name, ARROW[column.kind]) for column in self._columns])
        # Attributes get names of our own: an API name could be a word that Python keeps for itself.
        names = [f"f{place}" for place in range(len(self._columns))]
        record = msgspec.defstruct(
            "Record",
            [(name, DECODED[column.kind], None) for name, column in zip(names, self._columns, strict=True)],
            rename={name: column.name for name, column in zip(names, self._columns, strict=True)},
        )
        envelope = msgspec.defstruct(
            "QueryPage",
            [
                ("done", bool),
                ("records", list[record]),  # type: ignore[valid-type]  # a type made at run time
                ("nextRecordsUrl", str | None, None),
                ("totalSize", Any, None),  # a hint: not worth a page that says it oddly
            ],
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(envelope)
        self._key = next((place for place, column in enumerate(self._columns) if column.name == "Id"), None)

    def read(self, body: bytes) -> Page:
        try:
            page = self._decoder.decode(body)
            rows = [msgspec.structs.astuple(record) for record in page.records]
            table = self._table(rows, nul=rb"\u0000" in body)
        except (msgspec.MsgspecError, pa.ArrowException, ValueError, OverflowError, DecimalException):
            return self._read_singly(body)
        total = page.totalSize if isinstance(page.totalSize, int) else None
        return Page(table, (), page.done, page.nextRecordsUrl, total)

    def _table(self, rows: Sequence[Sequence[Any]], *, nul: bool) -> pa.Table:
        values = list(zip(*rows, strict=True)) if rows else [()] * len(self._columns)
        if self._key is not None and not all(values[self._key]):
            raise ValueError("a record without Id")
        arrays = [
            _array(column.kind, of_column, nul=nul)
            for column, of_column in zip(self._columns, values, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _read_singly(self, body: bytes) -> Page:
        page = envelope_of(body)
        return Page(*self.read_singly(page.records), page.done, page.next_url, page.total)

    def read_singly(self, records: Sequence[object]) -> tuple[pa.Table, tuple[Rejected, ...]]:
        """One record after the other, as read from JSON with decimals: those that cannot be read are named."""
        good: list[list[Any]] = []
        rejected: list[Rejected] = []
        for record in records:
            fault, cells = self._cells(record)
            if fault is None:
                good.append(cells)
            else:
                key = record.get("Id") if isinstance(record, dict) else None
                rejected.append(Rejected(id18(key) if isinstance(key, str) and key else None, fault))
        return self._table(good, nul=True), tuple(rejected)

    def _cells(self, record: object) -> tuple[str | None, list[Any]]:
        if not isinstance(record, dict):
            return f"found {_kind_of(record)}, expected a record", []
        cells = []
        for place, column in enumerate(self._columns):
            value = record.get(column.name)
            if place == self._key and not value:
                return "the record has no Id", []
            try:
                cells.append(_cell(column.kind, value))
                _array(column.kind, cells[-1:], nul=True)
            except (ValueError, pa.ArrowException, OverflowError, DecimalException):
                return f"{column.name}: found {_shown(value)}, expected {EXPECTED[column.kind]}", []
        return None, cells


class Envelope(NamedTuple):
    records: list[Any]
    done: bool
    next_url: str | None
    total: int | None


def envelope_of(body: bytes) -> Envelope:
    """The parts of a query page, read leniently; UnexpectedAnswer when it is no query page at all."""
    try:
        page: object = json.loads(body.decode("utf-8", "surrogateescape"), parse_float=Decimal)
    except (ValueError, RecursionError):
        page = None
    if isinstance(page, dict):
        records, done, next_url = page.get("records"), page.get("done"), page.get("nextRecordsUrl")
        if isinstance(records, list) and isinstance(done, bool) and isinstance(next_url, str | None):
            total = page.get("totalSize")
            return Envelope(records, done, next_url, total if isinstance(total, int) else None)
    raise UnexpectedAnswer(
        "Salesforce answered a query with something that is no page of records.",
        "check [salesforce] instance_url, and what stands between this machine and Salesforce.",
    )


def _array(kind: Kind, values: Sequence[Any], *, nul: bool) -> pa.Array[Any]:
    if kind == "id":
        return pa.array([None if value is None else id18(value) for value in values], pa.string())
    if kind == "text" and nul:
        # DuckDB keeps NUL, other engines end the text there: none may enter. A text of nothing else is none.
        values = [
            value if value is None or "\0" not in value else value.replace("\0", "") or None
            for value in values
        ]
    elif kind == "integer":
        # Arrow would cut 10.5 to 10 without a word.
        if any(isinstance(value, float) and not value.is_integer() for value in values):
            raise ValueError("not a whole number")
    elif kind == "decimal":
        values = [None if value is None else _scaled(value) for value in values]
    elif kind == "date":
        return pa.array(values, pa.string()).cast(pa.date32())
    elif kind == "timestamp":
        return pa.array(values, pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    return pa.array(values, ARROW[kind])


def _scaled(value: Decimal) -> Decimal:
    """Six places, half-even: an unusual field of more keeps its record instead of losing the page."""
    if not value.is_finite():
        raise ValueError("not a finite number")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -6:  # a letter only for what is not finite
        return value
    with localcontext(prec=64):
        return value.quantize(SMALLEST_DECIMAL, ROUND_HALF_EVEN)


def _cell(kind: Kind, value: object) -> object:
    """One value as the typed decoder would give it; ValueError when it is something else."""
    if value is None:
        return None
    if kind in {"id", "text", "date", "timestamp"} and isinstance(value, str):
        value.encode()  # a lone half of a character pair is a UnicodeEncodeError, thus a ValueError
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
        if kind == "integer" and abs(number) <= LARGEST_INTEGER and number == int(number):
            return int(number)
        if kind == "decimal":
            return number
        if kind == "double" and math.isfinite(float(number)):
            return float(number)
    raise ValueError(kind)


def _shown(value: object) -> str:
    if isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            return "text with broken characters"
        printable = "".join(letter for letter in value[:40] if letter.isprintable())
        return f'"{printable}{"…" if len(value) > 40 else ""}"'
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"{_as_written(Decimal(value))} (a number)"
    if isinstance(value, float):
        return f"{value} (a number)"
    return _kind_of(value)


def _as_written(number: Decimal) -> str:
    """One spelling for one number, whether it came as 1e-05 or as 1.0E-5."""
    with localcontext(prec=40):
        plain = number.normalize()
    return f"{plain:f}" if abs(plain.adjusted()) <= 22 else str(plain)


def _kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")
