"""Results of a bulk query, CSV, as the same columns and the same rejected records as pages of JSON.

Arrow reads a whole page in its own types. Only when a value resists is the page read line by line, so that
one broken record costs itself and not its page.
"""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from connectors.batches import ARROW, PageReader, Rejected, id18
from connectors.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.batches import Column, Kind

# Whole numbers come as 10.0 too, and a decimal may have more places than are kept: both are read with
# room to spare and brought to their type afterwards.
READ_AS: dict[Kind, pa.DataType] = ARROW | {
    "integer": pa.decimal128(28, 6),
    "decimal": pa.decimal128(38, 18),
    "timestamp": pa.timestamp("us", "UTC"),
}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
BOOLEANS = {"true": True, "false": False}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class CsvReader:
    """Decodes pages of one list of columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._records = PageReader(columns)
        self.schema = self._records.schema

    def read(self, body: bytes) -> tuple[pa.Table, tuple[Rejected, ...]]:
        # In CSV a NUL byte can only stand inside a text, and no engine may get it.
        body = body.removeprefix(BYTE_ORDER_MARK).replace(b"\0", b"")
        if not body.strip():
            return self.schema.empty_table(), ()
        if body.count(b'"') % 2:
            raise _no_csv("a quoted text that does not end")
        names = self._names(body)
        try:
            return self._typed(body, names), ()
        except (pa.ArrowException, ValueError):
            return self._line_by_line(body)

    def _names(self, body: bytes) -> list[str]:
        """The columns as the header spells them."""
        first = body.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
        header = {name.lower(): name for name in next(csv.reader([first]), [])}
        missing = [column.name for column in self._columns if column.name.lower() not in header]
        if missing:
            raise _no_csv(f"a table without the column {missing[0]}")
        return [header[column.name.lower()] for column in self._columns]

    def _typed(self, body: bytes, names: Sequence[str]) -> pa.Table:
        # One block: a text may be longer than any block size, and a row over two of them is refused.
        table = arrow_csv.read_csv(
            io.BytesIO(body),
            read_options=arrow_csv.ReadOptions(block_size=len(body)),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(names),
                column_types={
                    name: READ_AS[column.kind] for name, column in zip(names, self._columns, strict=True)
                },
                null_values=[""],
                strings_can_be_null=True,
                true_values=["true"],
                false_values=["false"],
            ),
        )
        arrays = [
            _array(column, table.column(place).combine_chunks()) for place, column in enumerate(self._columns)
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _line_by_line(self, body: bytes) -> tuple[pa.Table, tuple[Rejected, ...]]:
        # What is no UTF-8 becomes broken characters here, for which its record is rejected.
        text = body.decode("utf-8", "surrogateescape")
        limit = csv.field_size_limit(len(text) + 1)
        try:
            header, *lines = (line for line in csv.reader(io.StringIO(text, newline="")) if line)
        except csv.Error:
            raise _no_csv("a table that cannot be read") from None
        finally:
            csv.field_size_limit(limit)
        places = {name.lower(): place for place, name in enumerate(header)}
        records: list[dict[str, object]] = []
        odd: list[Rejected] = []
        for line in lines:
            if len(line) == len(header):
                records.append(
                    {each.name: _value(each.kind, line[places[each.name.lower()]]) for each in self._columns}
                )
            else:
                odd.append(
                    Rejected(None, f"found a line of {len(line)} values, expected {len(header)} values")
                )
        table, rejected = self._records.read_singly(records)
        return table, (*rejected, *odd)


def _array(column: Column, values: pa.Array[Any]) -> pa.Array[Any]:
    """As its final type; ValueError or ArrowException when a value does not fit."""
    match column.kind:
        case "id":
            if column.name == "Id" and values.null_count:
                raise ValueError("a record without Id")
            lengths = pc.unique(pc.binary_length(cast("pa.StringArray", values))).to_pylist()
            if 15 in lengths:
                ids = [None if each is None else id18(each) for each in values.to_pylist()]
                return pa.array(ids, pa.string())
            return values
        case "integer":
            return values.cast(pa.int64())
        case "decimal":
            return pc.round(values, 6, "half_to_even").cast(ARROW["decimal"])
        case "double":
            if not pc.all(pc.is_finite(values)).as_py() and len(values) > values.null_count:
                raise ValueError("not a finite number")
            return values
        case "timestamp":
            return values.cast(ARROW["timestamp"])
        case _:
            return values


def _value(kind: Kind, cell: str) -> object:
    """A cell as JSON would have brought it; what is no such value stays text, to be named as it is."""
    if not cell:
        return None
    if kind == "boolean":
        return BOOLEANS.get(cell, cell)
    if kind in {"integer", "decimal", "double"} and NUMBER.fullmatch(cell):
        return Decimal(cell)
    return cell


def _no_csv(found: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"Salesforce answered a bulk query with {found}.",
        "run again; if it stays, check what stands between this machine and Salesforce.",
    )
