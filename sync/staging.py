"""Where batches gather until all of a source is read: nothing reaches the mirror's tables before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Staging:
    """Temporary tables that gather batches until all of a source is read; each row remembers its batch."""

    GATHER = 100_000  # rows held as Arrow before they go to the engine: small inserts are what makes it slow

    def __init__(self, connection: duckdb.DuckDBPyConnection, shapes: dict[str, pa.Schema]) -> None:
        self._connection = connection
        self._shapes = shapes
        self._held: dict[str, list[tuple[int, pa.Table]]] = {table: [] for table in shapes}
        self._held_rows = 0
        self._batch = 0
        self.rows = 0
        for table, schema in shapes.items():
            connection.register("shape", schema.empty_table())
            connection.execute(
                f"create or replace temp table {self._raw(table)} as select *, 0 as batch from shape"
            )
            connection.unregister("shape")

    @staticmethod
    def _raw(table: str) -> str:
        return quoted(f"stage_{table}")

    def name(self, table: str) -> str:
        self._flush()
        return self._raw(table)

    def add(self, **tables: pa.Table) -> None:
        """Add one batch; the first table named is the one whose rows are counted."""
        self._batch += 1
        for position, (table, rows) in enumerate(tables.items()):
            self._held[table].append((self._batch, rows))
            self._held_rows += rows.num_rows
            self.rows += rows.num_rows if position == 0 else 0
        if self._held_rows >= self.GATHER:
            self._flush()

    def _flush(self) -> None:
        for table, held in self._held.items():
            if not held:
                continue
            numbered = [
                rows.append_column("batch", pa.array([n] * rows.num_rows, pa.int32())) for n, rows in held
            ]
            self._connection.register("incoming", pa.concat_tables(numbered))
            self._connection.execute(f"insert into {self._raw(table)} select * from incoming")
            self._connection.unregister("incoming")
            held.clear()
        self._held_rows = 0

    def drop(self) -> None:
        for table in self._shapes:
            self._connection.execute(f"drop table if exists {self._raw(table)}")
