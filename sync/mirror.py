"""The mirror: what Salesforce and Jira hold, in one DuckDB file that a full pull can rebuild at any time."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from connectors import jira_tables
from connectors.batches import ARROW, Column
from sync.errors import SyncError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sync.objects import SourceObject

FILE = "mirror.duckdb"
VERSION = 1  # a mirror of another version is dropped and pulled anew

JIRA_TABLES: dict[str, pa.Schema] = {
    "jira_issue": jira_tables.JIRA_ISSUE,
    "jira_issue_value": jira_tables.JIRA_VALUE,
    "jira_comment": jira_tables.JIRA_COMMENT,
    "jira_step": jira_tables.JIRA_STEP,
    "jira_worklog": jira_tables.JIRA_WORKLOG,
    "jira_person": jira_tables.JIRA_PERSON,
    "jira_project": jira_tables.JIRA_PROJECT,
    "jira_status": jira_tables.JIRA_STATUS,
    "jira_priority": jira_tables.JIRA_PRIORITY,
}
_OF_AN_ISSUE = ("jira_issue_value", "jira_comment", "jira_step", "jira_worklog")


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The columnar form of a list of columns, which is also the mirror's table."""
    return pa.schema([(column.name, ARROW[column.kind]) for column in columns])


class StoreEmpty(SyncError):  # noqa: N818 - says what happened, like the rest of sync.errors
    """Nothing was pulled yet, so there is nothing to measure."""

    def __init__(self) -> None:
        super().__init__("The store holds no data yet.", "run rapport pull first.")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Mirror:
    """One open mirror. Every `store_*` is a single transaction: after a crash a table is as before or as after."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, read_only: bool = False) -> Iterator[Mirror]:
        """Raises StoreEmpty when `read_only` and nothing was ever pulled."""
        path = folder / FILE
        if read_only and not path.exists():
            raise StoreEmpty
        connection = duckdb.connect(str(path), read_only=read_only)
        try:
            path.chmod(0o600)
            connection.execute("set timezone = 'UTC'")
            mirror = cls(connection)
            if not read_only:
                mirror._prepare()
            elif mirror.meta("pull_id") is None:
                raise StoreEmpty
            yield mirror
        finally:
            connection.close()

    def _prepare(self) -> None:
        execute = self.connection.execute
        execute("create table if not exists mirror_meta (name varchar, value varchar)")
        if self.meta("version") not in (None, str(VERSION)):
            for (table,) in execute("select table_name from duckdb_tables()").fetchall():
                execute(f"drop table {quoted(table)}")
            execute("create table mirror_meta (name varchar, value varchar)")
        self.set_meta("version", str(VERSION))
        execute(
            "create table if not exists mirror_source "
            "(source varchar, present boolean, reason varchar, missing_fields varchar)"
        )
        execute(
            "create table if not exists mirror_cursor "
            "(source varchar, digest varchar, high_water timestamp, pulled_at timestamp)"
        )
        for table, schema in JIRA_TABLES.items():
            self.ensure(table, schema)

    # -- small facts ---------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        try:
            value = self.one("select value from mirror_meta where name = ?", name)
        except duckdb.CatalogException:
            return None
        return None if value is None else str(value)

    def one(self, query: str, *values: object) -> object:
        """The first column of the first row, or None. The result is read to its end: DuckDB refuses other work before."""
        rows = self.connection.execute(query, list(values)).fetchall()
        return rows[0][0] if rows else None

    def set_meta(self, name: str, value: str) -> None:
        self.connection.execute("delete from mirror_meta where name = ?", [name])
        self.connection.execute("insert into mirror_meta values (?, ?)", [name, value])

    def cursor(self, source: str, digest: str) -> datetime | None:
        """The high water of a source, or None where all of it has to be read: never pulled, or pulled differently."""
        found = self.one(
            "select high_water from mirror_cursor where source = ? and digest = ?", source, digest
        )
        return found if isinstance(found, datetime) else None

    def note_source(
        self, source: str, *, present: bool, reason: str = "", missing: Sequence[str] = ()
    ) -> None:
        self.connection.execute("delete from mirror_source where source = ?", [source])
        self.connection.execute(
            "insert into mirror_source values (?, ?, ?, ?)",
            [source, present, reason, json.dumps(sorted(missing))],
        )

    # -- tables --------------------------------------------------------------------------------------------------

    def ensure(self, table: str, schema: pa.Schema) -> None:
        """Create a table, or make it anew when its columns changed (the caller then pulls all of it)."""
        self.connection.register("shape", schema.empty_table())
        try:
            have = self.connection.execute(
                "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index",
                [table],
            ).fetchall()
            want = self.connection.execute("select column_name, column_type from (describe shape)").fetchall()
            if have != want:
                self.connection.execute(f"drop table if exists {quoted(table)}")
                self.connection.execute(f"delete from mirror_cursor where source = '{table}'")
                self.connection.execute(f"create table {quoted(table)} as select * from shape")
        finally:
            self.connection.unregister("shape")

    def ensure_object(self, source: SourceObject) -> None:
        schema = arrow_schema(source.columns)
        if source.table == "sf_email_message":
            schema = schema.remove(schema.get_field_index("Headers")).append(
                pa.field("AutoSubmitted", pa.bool_())
            )
        self.ensure(source.table, schema)

    @contextmanager
    def staging(self, *shapes: tuple[str, pa.Schema]) -> Iterator[Staging]:
        stage = Staging(self.connection, dict(shapes))
        try:
            yield stage
        finally:
            stage.drop()

    def store_object(
        self,
        source: SourceObject,
        stage: Staging,
        *,
        whole: bool,
        digest: str,
        high_water: datetime | None,
        now: datetime,
    ) -> int:
        """Merge what was staged for one object and move its cursor, in one transaction; returns the rows stored."""
        table = quoted(source.table)
        staged = stage.name(source.table)
        columns = ", ".join(_stored(column.name, source) for column in source.columns)
        with self.transaction():
            newest = (
                f"select {columns} from {staged} "
                f"qualify row_number() over (partition by Id order by SystemModstamp desc nulls last) = 1"
            )
            if whole:
                self.connection.execute(f"delete from {table}")
            else:
                self.connection.execute(f"delete from {table} where Id in (select Id from {staged})")
            self.connection.execute(f"insert into {table} by name {newest}")
            self._move_cursor(source.table, digest, high_water, now)
        return stage.rows

    def store_issues(
        self,
        stage: Staging,
        *,
        site: str,
        whole: bool,
        allowed_levels: Sequence[str],
        digest: str,
        high_water: datetime | None,
        now: datetime,
    ) -> int:
        """Merge staged issues with everything that hangs on them; an issue with a closed security level is left out
        and, if an earlier pull stored it, removed.
        """
        execute = self.connection.execute
        issue = stage.name("jira_issue")
        with self.transaction():
            execute(
                f"create temp table newest as select * from {issue} "
                f"qualify row_number() over (partition by site, id order by updated desc, batch desc) = 1"
            )
            if not whole:  # a row that was read before a newer one was stored does not undo it
                execute(
                    "delete from newest using jira_issue stored "
                    "where stored.site = newest.site and stored.id = newest.id and stored.updated > newest.updated"
                )
            for table in ("jira_issue", *_OF_AN_ISSUE):
                key = "id" if table == "jira_issue" else "issue_id"
                if whole:
                    execute(f"delete from {table} where site = ?", [site])
                else:
                    execute(
                        f"delete from {table} using newest n where {table}.site = n.site and {table}.{key} = n.id"
                    )
            names = [level.lower() for level in allowed_levels]
            execute(
                "delete from newest where security_id is not null "
                "and not list_contains(?::varchar[], lower(security_name)) and not list_contains(?::varchar[], security_id)",
                [names, names],
            )
            execute("insert into jira_issue by name select * exclude (batch) from newest")
            for table in _OF_AN_ISSUE:
                execute(
                    f"insert into {table} by name select t.* exclude (batch) from {stage.name(table)} t "
                    f"join newest n on n.site = t.site and n.id = t.issue_id and n.batch = t.batch"
                )
            execute("drop table newest")
            self._store_people(stage.name("jira_person"))
            self._move_cursor(f"jira:{site}", digest, high_water, now)
        return stage.rows

    def _store_people(self, staged: str) -> None:
        """A person seen with an address stays known with it when another answer hides it."""
        execute = self.connection.execute
        execute(
            f"create temp table people as select * exclude (place) from ("
            f"  select *, row_number() over (partition by site, id order by (address_key is null), batch desc) as place"
            f"  from {staged}) where place = 1"
        )
        execute(
            "update people set domain = coalesce(people.domain, known.domain), "
            "address_key = coalesce(people.address_key, known.address_key), "
            "account_type = coalesce(people.account_type, known.account_type) "
            "from jira_person known where known.site = people.site and known.id = people.id"
        )
        execute(
            "delete from jira_person using people p where jira_person.site = p.site and jira_person.id = p.id"
        )
        execute("insert into jira_person by name select * exclude (batch) from people")
        execute("drop table people")

    def replace(self, table: str, rows: pa.Table, *, site: str | None = None) -> None:
        """Put `rows` in place of all that a small table holds (of one site)."""
        self.connection.register("incoming", rows)
        try:
            with self.transaction():
                if site is None:
                    self.connection.execute(f"delete from {quoted(table)}")
                else:
                    self.connection.execute(f"delete from {quoted(table)} where site = ?", [site])
                self.connection.execute(f"insert into {quoted(table)} by name select * from incoming")
        finally:
            self.connection.unregister("incoming")

    def _move_cursor(self, source: str, digest: str, high_water: datetime | None, now: datetime) -> None:
        self.connection.execute("delete from mirror_cursor where source = ?", [source])
        self.connection.execute(
            "insert into mirror_cursor values (?, ?, ?, ?)", [source, digest, high_water, now]
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.connection.execute("begin")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")


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


def _stored(column: str, source: SourceObject) -> str:
    """How a staged column is stored: an org that does not deliver IsDeleted or CreatedDate says "not deleted", "always"."""
    name = quoted(column)
    if column in ("IsDeleted", "IsClosed", "IsWon"):
        return f"coalesce({name}, false) as {name}"
    if column == "CreatedDate" and source.name != "Account":
        return f"coalesce({name}, timestamp '1970-01-01') as {name}"
    if column == "Headers":
        headers = "lower(coalesce(Headers, ''))"
        return (
            f"contains({headers}, 'auto-submitted:') "
            f"and not regexp_matches({headers}, 'auto-submitted:\\s*no') as AutoSubmitted"
        )
    return name
