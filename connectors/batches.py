"""Pages of records as columnar batches: the form in which they go to the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

Kind = Literal["id", "text", "boolean", "integer", "decimal", "double", "date", "timestamp"]


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
