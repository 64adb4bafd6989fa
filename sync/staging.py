"""Where batches gather until all of a source is read: nothing reaches the mirror's tables before.

```
batches ─► held as Arrow ─► temporary tables, once there are many ─► kept tables, where the reading is long
```
Small readings never leave the first form. Kept tables outlive the process, so that a first pull that is cut goes on
where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import duckdb


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Staging:
    """Gathers batches of one source; each row remembers its batch."""

    GATHER = 100_000  # rows held as Arrow before they go to the engine: small inserts are what makes it slow

    def __init__(self, connection: duckdb.DuckDBPyConnection, shapes: dict[str, pa.Schema]) -> None:
        self._connection = connection
        self._shapes = shapes
        self._held: dict[str, list[tuple[int, pa.Table]]] = {table: [] for table in shapes}
        self._held_rows = 0
        self._shown: set[str] = set()
        self._prefix = "stage_"
        self._in_tables = False
        self.batch = 0
        self.rows = 0

    def name(self, table: str) -> str:
        """Under which name SQL finds all that was gathered for `table`, its batch in the column "batch"."""
        if self._in_tables:
            self._flush()
        elif table not in self._shown:
            self._connection.register(f"{self._prefix}{table}", self._gathered(table))
            self._shown.add(table)
        return quoted(f"{self._prefix}{table}")

    def add(self, **tables: pa.Table) -> None:
        """Add one batch; the first table named is the one whose rows are counted."""
        self._hide()
        self.batch += 1
        for position, (table, rows) in enumerate(tables.items()):
            if rows.num_rows:
                self._held[table].append((self.batch, rows))
            self._held_rows += rows.num_rows
            self.rows += rows.num_rows if position == 0 else 0
        if self._held_rows >= self.GATHER:
            if not self._in_tables:
                self._make("temp table")
            self._flush()

    def each_once(self, table: str, key: str) -> bool:
        """Whether it is sure that no two rows have the same key."""
        if self._in_tables:
            return False
        held = [rows.column(key) for _, rows in self._held[table]]
        count = sum(len(column) for column in held)
        chunks = [chunk for column in held for chunk in column.chunks]
        return not chunks or pc.count_distinct(pa.chunked_array(chunks)).as_py() == count

    def keep(self, source: str) -> None:
        """Put all that was gathered, and what is still to come, into tables that outlive the process."""
        prefix = _prefix(source)
        if self._prefix != prefix:
            self._hide()
            before, in_tables = self._prefix, self._in_tables
            self._prefix = prefix
            self._make("table")
            for table in self._shapes if in_tables else ():
                old = quoted(f"{before}{table}")
                self._connection.execute(f"insert into {quoted(f'{prefix}{table}')} select * from {old}")
                self._connection.execute(f"drop table {old}")
        self._flush()

    def go_on(self, source: str) -> None:
        """Start from what an earlier reading of the source has kept."""
        self._prefix = _prefix(source)
        self._in_tables = True
        first = next(iter(self._shapes))
        [(batch, rows)] = self._connection.execute(
            f"select coalesce(max(batch), 0), count(*) from {quoted(f'{self._prefix}{first}')}"
        ).fetchall()
        self.batch, self.rows = batch, rows

    def drop(self) -> None:
        """Forget what was gathered, but for what is kept."""
        self._hide()
        if self._in_tables and self._prefix == "stage_":
            for table in self._shapes:
                self._connection.execute(f"drop table if exists {quoted(f'{self._prefix}{table}')}")

    def _gathered(self, table: str) -> pa.Table:
        held = self._held[table]
        if not held:
            return self._shapes[table].append(pa.field("batch", pa.int32())).empty_table()
        return pa.concat_tables(
            rows.append_column("batch", pa.array([n] * rows.num_rows, pa.int32())) for n, rows in held
        )

    def _make(self, kind: str) -> None:
        for table, schema in self._shapes.items():
            self._connection.register("shape", schema.append(pa.field("batch", pa.int32())).empty_table())
            name = quoted(f"{self._prefix}{table}")
            self._connection.execute(f"create or replace {kind} {name} as select * from shape")
            self._connection.unregister("shape")
        self._in_tables = True

    def _flush(self) -> None:
        for table, held in self._held.items():
            if not held:
                continue
            self._connection.register("incoming", self._gathered(table))
            name = quoted(f"{self._prefix}{table}")
            self._connection.execute(f"insert into {name} select * from incoming")
            self._connection.unregister("incoming")
            held.clear()
        self._held_rows = 0

    def _hide(self) -> None:
        for table in self._shown:
            self._connection.unregister(f"{self._prefix}{table}")
        self._shown.clear()


def drop_kept(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Forget what was kept of a source."""
    names = connection.execute(
        "select table_name from duckdb_tables() where starts_with(table_name, ?)", [_prefix(source)]
    ).fetchall()
    for (name,) in names:
        connection.execute(f"drop table {quoted(name)}")


def _prefix(source: str) -> str:
    return f"partly {source} "
