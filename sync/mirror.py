"""The mirror: what Salesforce and Jira hold, in one DuckDB file that a full pull can rebuild at any time."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from connectors import jira_tables
from connectors.batches import ARROW, Column
from sync import score_object
from sync.errors import SyncError
from sync.objects import AUTOMATIC, HEADERS, OBJECTS
from sync.staging import Staging, drop_kept, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sync.objects import SourceObject

FILE = "mirror.duckdb"
_SMALL = 32 * 2**20  # bytes
VERSION = 5  # a mirror of another version is dropped and pulled anew

JIRA_TABLES: dict[str, pa.Schema] = {
    "jira_issue": jira_tables.JIRA_ISSUE,
    "jira_issue_value": jira_tables.JIRA_VALUE,
    "jira_comment": jira_tables.JIRA_COMMENT,
    "jira_step": jira_tables.JIRA_STEP,
    "jira_worklog": jira_tables.JIRA_WORKLOG,
    "jira_sla_cycle": jira_tables.JIRA_SLA_CYCLE,
    "jira_rating": jira_tables.JIRA_RATING,
    "jira_remote_link": jira_tables.JIRA_REMOTE_LINK,
    "jira_person": jira_tables.JIRA_PERSON,
    "jira_project": jira_tables.JIRA_PROJECT,
    "jira_status": jira_tables.JIRA_STATUS,
    "jira_priority": jira_tables.JIRA_PRIORITY,
    "jira_version": jira_tables.JIRA_VERSION,
}
_BOOKS = {
    "mirror_source": "source varchar, present boolean, reason varchar, missing_fields varchar",
    "mirror_cursor": "source varchar, digest varchar, high_water timestamp, pulled_at timestamp, swept_at timestamp",
    "mirror_partial": "source varchar, digest varchar, reached timestamp, began_at timestamp, rows bigint",
}
_SQL_TYPE: dict[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.decimal128(28, 6): "DECIMAL(28,6)",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
}
_OF_AN_ISSUE = (
    *("jira_issue_value", "jira_comment", "jira_step", "jira_worklog"),
    *("jira_sla_cycle", "jira_rating", "jira_remote_link"),
)
# What is read with the issues of a site, page by page, and what a site is asked for beside them.
ISSUE_TABLES = {name: JIRA_TABLES[name] for name in ("jira_issue", *_OF_AN_ISSUE, "jira_person")}
SITE_TABLES = tuple(name for name in JIRA_TABLES if name not in ISSUE_TABLES)

# An id can come twice, from pages that were read again or records that changed meanwhile.
_NEWEST_OF_EACH = (
    "qualify row_number() over (partition by Id order by SystemModstamp desc nulls last, batch desc) = 1"
)
# Everybody that a stored record of a site names; who is named nowhere any more is forgotten.
_NAMED_PEOPLE = """
select site, assignee_id as id from jira_issue
union select site, reporter_id from jira_issue
union select site, creator_id from jira_issue
union select site, value_id from jira_issue_value where kind = 'participant'
union select site, author_id from jira_comment
union select site, author_id from jira_step
union select site, author_id from jira_worklog
"""


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The columnar form of a list of columns, which is also the mirror's table."""
    return pa.schema([(column.name, ARROW[column.kind]) for column in columns])


def stored_schema(source: SourceObject) -> pa.Schema:
    """What of an object is kept: of a mail's headers only whether a machine answered."""
    fields = [
        pa.field(AUTOMATIC, pa.bool_()) if f.name == HEADERS else f for f in arrow_schema(source.columns)
    ]
    return pa.schema(fields)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source was read (`high_water`), with which fields, query and user (`digest`), and when all of
    its ids were last compared. Times are naive UTC, as in the tables.
    """

    digest: str
    high_water: datetime | None
    pulled_at: datetime
    swept_at: datetime

    def swept(self, at: datetime) -> Cursor:
        return replace(self, swept_at=at)


@dataclass(frozen=True, slots=True)
class Partial:
    """How far the first reading of a large source has come: all that is stamped before `reached` is kept."""

    digest: str
    reached: datetime
    began_at: datetime
    rows: int


class StoreEmpty(SyncError):  # noqa: N818 - says what happened, like the rest of sync.errors
    """Nothing was pulled yet, so there is nothing to measure."""

    def __init__(self) -> None:
        super().__init__("The store holds no data yet.", "run rapport pull first.")


class MirrorBroken(SyncError):  # noqa: N818 - as above
    """The mirror's file is no database that this version can read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The mirror {path} cannot be read.",
            "delete that file (it holds copies only) and run rapport pull.",
        )


class Mirror:
    """One open mirror. Every `store_*` is a single transaction: after a crash a table is as before or as after."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path | None = None) -> None:
        self.connection = connection
        self._path = path
        self._in_transaction = False
        # The books are small and asked for with each source: read once, written through.
        self._known_columns: dict[str, list[tuple[str, str]]] | None = None
        self._known_cursors: dict[str, Cursor] | None = None
        self._known_sources: dict[str, tuple[bool, str, str]] | None = None

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, read_only: bool = False, unfinished: bool = False) -> Iterator[Mirror]:
        """Raises StoreEmpty when `read_only` and nothing was ever pulled, or not whole, unless `unfinished` is wanted."""
        path = folder / FILE
        if read_only and not path.exists():
            raise StoreEmpty
        try:
            connection = duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error:
            raise MirrorBroken(path) from None
        try:
            path.chmod(0o600)
            connection.execute("set timezone = 'UTC'")
            mirror = cls(connection, path)
            mirror.fit_threads()
            if not read_only:
                with mirror.transaction():  # one wait for the disk instead of one for each table
                    mirror._prepare()
            elif mirror.meta("version") != str(VERSION) or (
                mirror.meta("pull_id") is None and not unfinished
            ):
                raise StoreEmpty
            yield mirror
        finally:
            connection.close()

    def fit_threads(self) -> None:
        """A small book is worked out faster by one thread than by several that wait for each other.

        To be called again after much was stored.
        """
        path = self._path
        if path is None:
            return
        size = sum(file.stat().st_size for file in (path, path.with_suffix(".duckdb.wal")) if file.exists())
        self.connection.execute("set threads = 1" if size < _SMALL else "reset threads")

    def _prepare(self) -> None:
        execute = self.connection.execute
        have = self._columns_of()
        if "mirror_meta" not in have:
            execute("create table mirror_meta (name varchar, value varchar)")
        if self.meta("version") not in (None, str(VERSION)):
            for (table,) in execute("select table_name from duckdb_tables()").fetchall():
                execute(f"drop table {quoted(table)}")
            execute("create table mirror_meta (name varchar, value varchar)")
            self._known_columns = None
            have = self._columns_of()
        if self.meta("version") is None:
            self.set_meta("version", str(VERSION))
        for book, columns in _BOOKS.items():
            if book not in have:
                execute(f"create table {book} ({columns})")
        for table, schema in JIRA_TABLES.items():
            self.ensure(table, schema)

    # -- small facts ---------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        try:
            value = self.one("select value from mirror_meta where name = ?", name)
        except duckdb.CatalogException:
            return None
        return None if value is None else str(value)

    def changed_since(self, object_name: str, record: str, instant: datetime) -> bool:
        """Whether the mirror holds a version of this record that is newer than `instant`."""
        tables = {
            each.name: (each.table, "Id", "SystemModstamp") for each in OBJECTS if each.only_with is None
        }
        if score_object.TABLE in self._columns_of():
            tables[score_object.OBJECT] = (score_object.TABLE, "Id", "SystemModstamp")
        table, key, stamp = tables.get(object_name, ("jira_issue", "id", "updated"))
        limit = instant.astimezone(UTC).replace(tzinfo=None)
        return self.one(f"select 1 from {table} where {key} = ? and {stamp} > ?", record, limit) is not None

    def one(self, query: str, *values: object) -> object:
        """The first column of the first row, or None. The result is read to its end: DuckDB refuses other work before."""
        rows = self.connection.execute(query, list(values)).fetchall()
        return rows[0][0] if rows else None

    def set_meta(self, name: str, value: str) -> None:
        self.connection.execute("delete from mirror_meta where name = ?", [name])
        self.connection.execute("insert into mirror_meta values (?, ?)", [name, value])

    def cursor(self, source: str, digest: str) -> Cursor | None:
        """The cursor of a source, or None where all of it has to be read: never pulled, or pulled differently."""
        found = self._cursors().get(source)
        return (
            found if found is not None and found.digest == digest and found.high_water is not None else None
        )

    def _cursors(self) -> dict[str, Cursor]:
        if self._known_cursors is None:
            rows = self.connection.execute(
                "select source, digest, high_water, pulled_at, swept_at from mirror_cursor"
            ).fetchall()
            self._known_cursors = {source: Cursor(*fields) for source, *fields in rows}
        return self._known_cursors

    def partials(self) -> dict[str, Partial]:
        """Sources whose first reading was cut, by name."""
        rows = self.connection.execute(
            "select source, digest, reached, began_at, rows from mirror_partial order by source"
        ).fetchall()
        return {source: Partial(*fields) for source, *fields in rows}

    def keep(self, source: str, stage: Staging, partial: Partial) -> None:
        """Keep what was gathered so far, so that the next pull can go on there."""
        with self.transaction():
            stage.keep(source)
            self.connection.execute("delete from mirror_partial where source = ?", [source])
            self.connection.execute(
                "insert into mirror_partial values (?, ?, ?, ?, ?)",
                [source, partial.digest, partial.reached, partial.began_at, partial.rows],
            )

    def drop_partial(self, source: str) -> None:
        with self.transaction():
            drop_kept(self.connection, source)
            self.connection.execute("delete from mirror_partial where source = ?", [source])

    def move_cursor(self, source: str, cursor: Cursor | None) -> None:
        known = self._cursors()
        if known.pop(source, None) is not None:
            self.connection.execute("delete from mirror_cursor where source = ?", [source])
        if cursor is not None:
            known[source] = cursor
            self.connection.execute(
                "insert into mirror_cursor values (?, ?, ?, ?, ?)",
                [source, cursor.digest, cursor.high_water, cursor.pulled_at, cursor.swept_at],
            )

    def note_source(
        self, source: str, *, present: bool, reason: str = "", missing: Sequence[str] = ()
    ) -> bool:
        """Whether that is news."""
        if self._known_sources is None:
            rows = self.connection.execute(
                "select source, present, reason, missing_fields from mirror_source"
            ).fetchall()
            self._known_sources = {name: (there, why, lacks) for name, there, why, lacks in rows}
        known, told = self._known_sources, (present, reason, json.dumps(sorted(missing)))
        if known.get(source) == told:
            return False
        if source in known:
            self.connection.execute("delete from mirror_source where source = ?", [source])
        self.connection.execute("insert into mirror_source values (?, ?, ?, ?)", [source, *told])
        known[source] = told
        return True

    # -- tables --------------------------------------------------------------------------------------------------

    def ensure(self, table: str, schema: pa.Schema, *, reshape: bool = True) -> None:
        """Create a table; make it anew when its columns changed (the caller then pulls all of it)."""
        have = self._columns_of().get(table)
        want = [(f.name, _SQL_TYPE[f.type]) for f in schema]
        if have is None or (reshape and have != want):
            columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in want)
            self.connection.execute(f"create or replace table {quoted(table)} ({columns})")
            self._columns_of()[table] = want

    def _columns_of(self) -> dict[str, list[tuple[str, str]]]:
        """Columns by table, read once: asking the catalogue for each table takes longer than the rest of a small pull."""
        if self._known_columns is None:
            self._known_columns = {}
            for table, name, kind in self.connection.execute(
                "select table_name, column_name, data_type from duckdb_columns() where not internal "
                "order by table_name, column_index"
            ).fetchall():
                self._known_columns.setdefault(table, []).append((name, kind))
        return self._known_columns

    def ensure_object(self, source: SourceObject, *, reshape: bool = True) -> None:
        self.ensure(source.table, stored_schema(source), reshape=reshape)

    @contextmanager
    def staging(self, *shapes: tuple[str, pa.Schema], go_on: str | None = None) -> Iterator[Staging]:
        """`go_on` names a source of which an earlier reading was kept."""
        stage = Staging(self.connection, dict(shapes))
        try:
            if go_on is not None:
                stage.go_on(go_on)
            yield stage
        finally:
            stage.drop()

    def store_object(
        self,
        source: SourceObject,
        stage: Staging,
        *,
        cursor: Cursor,
        whole: bool = False,
        gone: Sequence[str] = (),
    ) -> None:
        """Merge what was staged for one object, drop the ids that are gone and move the cursor, in one transaction."""
        table = quoted(source.table)
        columns = ", ".join(_stored(column, source) for column in stored_schema(source).names)
        with self.transaction():
            self.ensure_object(source)
            if whole:
                self.connection.execute(f"delete from {table}")
            self._remove(table, "Id", gone)
            if stage.rows:
                staged = stage.name(source.table)
                if not whole:
                    self.connection.execute(f"delete from {table} where Id in (select Id from {staged})")
                self.connection.execute(
                    f"insert into {table} by name select {columns} from {staged} "
                    f"{'' if stage.each_once(source.table, 'Id') else _NEWEST_OF_EACH}"
                )
            self.move_cursor(source.table, cursor)

    def store_issues(
        self,
        stage: Staging,
        *,
        site: str,
        allowed_levels: Sequence[str],
        cursor: Cursor,
        whole: bool = False,
        gone: Sequence[str] = (),
    ) -> None:
        """Merge staged issues with everything that hangs on them; an issue with a closed security level is left out
        and, if an earlier pull stored it, removed.
        """
        execute = self.connection.execute
        with self.transaction():
            execute(
                f"create or replace temp table newest as select * from {stage.name('jira_issue')} "
                f"qualify row_number() over (partition by site, id order by updated desc, batch desc) = 1"
            )
            if whole:
                self.clear_site(site)
            else:  # a row that was read before a newer one was stored does not undo it
                execute(
                    "delete from newest using jira_issue stored "
                    "where stored.site = newest.site and stored.id = newest.id and stored.updated > newest.updated"
                )
            for table in ("jira_issue", *_OF_AN_ISSUE):
                key = "id" if table == "jira_issue" else "issue_id"
                execute(
                    f"delete from {table} using newest n where {table}.site = n.site and {table}.{key} = n.id"
                )
                self._remove(table, key, gone, site=site)
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
            self._store_people(stage.name("jira_person"), site)
            self.move_cursor(f"jira:{site}", cursor)

    def clear_site(self, site: str | None = None) -> None:
        """Forget the issues of a site, and who is named in them; without a name those of all sites."""
        with self.transaction():
            for table in ("jira_issue", *_OF_AN_ISSUE, "jira_person"):
                self.connection.execute(f"delete from {table} where $1 is null or site = $1", [site])
            self.connection.execute(
                "delete from mirror_cursor where source = 'jira:' || $1 or ($1 is null and source like 'jira:%')",
                [site],
            )
            self._known_cursors = None

    def _remove(self, table: str, key: str, ids: Sequence[str], *, site: str | None = None) -> None:
        if not ids:
            return
        self.connection.register("gone", pa.table({"id": pa.array(ids, pa.string())}))
        try:
            of_site = "" if site is None else " and site = $site"
            self.connection.execute(
                f"delete from {table} where {key} in (select id from gone){of_site}",
                {} if site is None else {"site": site},
            )
        finally:
            self.connection.unregister("gone")

    def _store_people(self, staged: str, site: str) -> None:
        """A person seen with an address stays known with it when another answer hides it; one whom no record names
        any more is forgotten.
        """
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
        execute(
            f"delete from jira_person where site = $1 "
            f"and id not in (select id from ({_NAMED_PEOPLE}) where site = $1 and id is not null)",
            [site],
        )

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

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done inside happens, or nothing; one inside another is part of it."""
        if self._in_transaction:
            yield
            return
        self.connection.execute("begin")
        self._in_transaction = True
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            self._known_columns = self._known_cursors = self._known_sources = None
            raise
        else:
            self.connection.execute("commit")
        finally:
            self._in_transaction = False


def _stored(column: str, source: SourceObject) -> str:
    """How a staged column is stored: an org that does not deliver IsDeleted or CreatedDate says "not deleted", "always"."""
    name = quoted(column)
    if column in ("IsDeleted", "IsClosed", "IsWon"):
        return f"coalesce({name}, false) as {name}"
    if column == "CreatedDate" and source.name != "Account":
        return f"coalesce({name}, timestamp '1970-01-01') as {name}"
    return name
