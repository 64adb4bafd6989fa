"""One Salesforce object into the mirror: what changed since its cursor, all of it, or what an id sweep finds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors import soql
from connectors.batches import EXPECTED, Column
from connectors.errors import PermissionRefused
from connectors.salesforce_windows import Window, of_at_most
from sync.mirror import arrow_schema, stored_schema
from sync.objects import HEADERS
from sync.pull_job import NEVER, digest_of, naive, refuse_too_many
from sync.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.batches import Batch, Kind
    from connectors.salesforce import FieldInfo, Salesforce
    from sync.mirror import Cursor, Partial
    from sync.objects import SourceObject
    from sync.pull_job import PullJob

STAMP = "SystemModstamp"
MOST_ROWS = 500_000  # of one window, each of which is a query, or a job, of its own
_STAMPS = (STAMP, "LastModifiedDate", "CreatedDate")
_AUTO_SUBMITTED = re.compile(r"^auto-submitted:\s*(?!no\b)\S", re.IGNORECASE | re.MULTILINE)
_ID_AND_STAMP = (Column("Id", "id"), Column(STAMP, "timestamp"))


# How Salesforce's types travel; all others are text, and these two are no values at all.
_KIND_OF_TYPE: dict[str, Kind] = {
    "boolean": "boolean",
    "int": "integer",
    "long": "integer",
    "double": "decimal",
    "currency": "decimal",
    "percent": "decimal",
    "date": "date",
    "datetime": "timestamp",
}
_COMPOUND = frozenset({"address", "location"})


@dataclass(frozen=True, slots=True)
class _Reading:
    """How one object is asked for: the columns that can be read, the org's fields behind them (one may serve several
    columns), and what all its queries have in common.
    """

    source: SourceObject
    columns: tuple[Column, ...]
    asked: tuple[Column, ...]
    condition: str | None
    stamp: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be read of one object: since its cursor, or all of it; that in windows, where there is much."""

    reading: _Reading
    before: Cursor | None
    partial: Partial | None
    keeps: bool
    windows: tuple[Window | None, ...]


def pull_objects(
    job: PullJob,
    salesforce: Salesforce,
    sources: Sequence[SourceObject],
    described: Mapping[str, Mapping[str, FieldInfo] | None],
) -> None:
    """Store each object with its cursor and what is known about its columns, or leave all of that as it was.

    Objects and windows of time are read side by side and stored one after the other, in the order of `sources`.
    """
    readings = {}
    for source in sources:
        fields = described[source.name]
        reading = None if fields is None else _reading(job, source, fields)
        if reading is not None:
            readings[source.table] = reading
        elif source.name == "Account":
            raise PermissionRefused(
                "Salesforce shows this user no accounts: the object Account is hidden.",
                "give the integration user read access to Account.",
            )
    with job.mirror.transaction():
        for source in sources:
            if source.table not in readings:
                _forget(job, source)
    plans = _plans(job, salesforce, list(readings.values()))
    tasks = [partial(_batches, job, salesforce, plan, window) for plan in plans for window in plan.windows]
    with side_by_side(tasks, job.config.pull.parallel) as streams:
        for plan in plans:
            _store(job, plan, streams)
            if job.sweep_due(plan.before) or plan.partial is not None:
                _sweep(job, salesforce, plan.reading)


def _forget(job: PullJob, source: SourceObject) -> None:
    reason = "the org lacks this object, or this user may not see it"
    job.mirror.ensure_object(source)
    if job.mirror.note_source(source.table, present=False, reason=reason):
        job.mirror.connection.execute(f"delete from {source.table}")
        job.mirror.move_cursor(source.table, None)


def _plans(job: PullJob, salesforce: Salesforce, readings: Sequence[_Reading]) -> list[_Plan]:
    mirror, kept = job.mirror, job.mirror.partials()
    cursors = {each.source.table: mirror.cursor(each.source.table, each.digest) for each in readings}
    whole = {each.source.name for each in readings if job.full or cursors[each.source.table] is None}
    sizes = salesforce.record_counts(sorted(whole)) if whole else {}
    plans = []
    for reading in readings:
        table = reading.source.table
        cursor, cut = cursors[table], kept.get(table)
        before = None if job.full else cursor
        if cut is not None and (job.full or cursor is not None or not job.still_good(cut, reading.digest)):
            mirror.drop_partial(table)
            cut = None
        windows: tuple[Window | None, ...] = (None,)
        if reading.stamp is not None:
            since = job.since(before) or (job.going_on(cut) if cut is not None else None)
            everything = Window(reading.stamp, since)
            windows = (everything,)
            if before is None and sizes.get(reading.source.name, 0) > MOST_ROWS:
                windows = tuple(_windows(job, salesforce, reading, everything))
        # Where a cursor stands, the store holds the object from before: nobody waits for the rest of the new reading.
        plans.append(_Plan(reading, before, cut, cursor is None and reading.stamp == STAMP, windows))
    return plans


def _windows(job: PullJob, salesforce: Salesforce, reading: _Reading, whole: Window) -> Iterator[Window]:
    def count(window: Window) -> int | None:
        return salesforce.count(reading.source.name, where=window.among(reading.condition))

    return of_at_most(MOST_ROWS, whole, count, salesforce.server_time() or job.now)


def _batches(job: PullJob, salesforce: Salesforce, plan: _Plan, window: Window | None) -> Iterator[Batch]:
    reading = plan.reading
    return salesforce.batches(
        reading.source.name,
        reading.asked,
        where=reading.condition,
        order_by=("Id",) if reading.stamp is None else (reading.stamp, "Id"),
        include_deleted=True,
        bulk_above=job.config.pull.bulk_above if plan.before is None else None,
        window=window,
    )


def _reading(job: PullJob, source: SourceObject, fields: Mapping[str, FieldInfo]) -> _Reading | None:
    if source.only_with and source.api_name(source.only_with) not in fields:
        return None
    visible = [column for column in source.columns if source.api_name(column.name) in fields]
    readable = tuple(c for c in visible if _wire_kind(c, fields[source.api_name(c.name)].type) is not None)
    job.report.notices += [
        f"{source.name}.{source.api_name(column.name)} is of the type {fields[source.api_name(column.name)].type}, "
        f"which cannot be read as {EXPECTED[column.kind]}: it counts as unknown"
        for column in visible
        if column not in readable
    ]
    asked = {
        source.api_name(column.name): _wire_kind(column, fields[source.api_name(column.name)].type)
        for column in readable
    }
    organization = job.report.organization
    return _Reading(
        source,
        readable,
        tuple(Column(name, kind) for name, kind in asked.items() if kind is not None),
        soql.not_null(source.api_name(source.only_with)) if source.only_with else None,
        next((name for name in _STAMPS if name in fields), None),
        digest_of(
            [[column.name, column.kind] for column in source.columns],
            [[column.name, source.api_name(column.name)] for column in readable],
            sorted(asked.items()),
            source.only_with,
            [organization.id, organization.user_id] if organization else None,
        ),
    )


def _wire_kind(column: Column, described: str) -> Kind | None:
    """How a field that serves this column travels; None when its type cannot serve it.

    Columns of the config are text whatever the org's field is, and an org may map a number to a text field: asked
    for as the wrong kind, every record would be rejected.
    """
    if described in _COMPOUND:
        return None
    if not described:
        return column.kind
    kind = _KIND_OF_TYPE.get(described)
    if column.kind == "text":
        return kind or "text"
    if column.kind == "id":
        return None if kind else "id"
    if column.kind in {"integer", "decimal", "double"}:
        return column.kind if kind in {"integer", "decimal"} else None
    return column.kind if kind == column.kind else None


def _store(job: PullJob, plan: _Plan, streams: Iterator[Iterator[Batch]]) -> None:
    reading, source, mirror = plan.reading, plan.reading.source, job.mirror
    began: list[datetime] = []
    newest: list[datetime] = [] if plan.partial is None else [plan.partial.reached]
    with mirror.staging(
        (source.table, stored_schema(source)), go_on=source.table if plan.partial is not None else None
    ) as stage:
        keeper = job.keeper(source.table, reading.digest, stage, plan.partial) if plan.keeps else None
        for window in plan.windows:
            for batch in next(streams):
                began += [batch.server_time] if batch.server_time is not None else []
                job.report.rejected += [(source.name, rejected) for rejected in batch.rejected]
                stage.add(**{source.table: _fitted(batch.table, source)})
                newest += _newest(batch.table)
                job.progress(source.name, stage.rows)
                if keeper is not None:
                    keeper.reached(batch.reached)
            if keeper is not None and window is not None:
                keeper.reached(window.end)
        cursor = job.next_cursor(
            plan.before,
            reading.digest,
            # Any other stamp stands still when the platform changes a record: no cursor can rest on it.
            max(newest, default=None) if reading.stamp == STAMP else None,
            min(began, default=None),
        )
        if plan.partial is not None:  # what vanished since its first part was read is still in it
            cursor = cursor.swept(NEVER)
        missing = [column.name for column in source.columns if column not in reading.columns]
        with mirror.transaction():
            mirror.note_source(source.table, present=True, missing=missing)
            mirror.store_object(source, stage, cursor=cursor, whole=plan.before is None)
            if keeper is not None and keeper.has_kept:
                mirror.drop_partial(source.table)
    job.report.rows[source.table] = stage.rows


def _sweep(job: PullJob, salesforce: Salesforce, reading: _Reading) -> None:
    """Compare all ids and stamps with the store: read what it lacks or holds older, drop what is gone."""
    source, mirror = reading.source, job.mirror
    listed, rejected = [], []
    for batch in salesforce.batches(
        source.name,
        _ID_AND_STAMP,
        where=reading.condition,
        order_by=("Id",),
        include_deleted=True,
        bulk_above=job.config.pull.bulk_above,
    ):
        listed.append(batch.table)
        rejected += [each.id for each in batch.rejected]
        job.progress(f"{source.name} ids", sum(table.num_rows for table in listed))
    mirror.connection.register("listed", pa.concat_tables(listed))
    try:
        wanted = _ids(
            job,
            f"select l.Id from listed l anti join {source.table} t on t.Id = l.Id and t.{STAMP} = l.{STAMP}",
        )
        gone = _ids(job, f"select t.Id from {source.table} t anti join listed l on l.Id = t.Id")
    finally:
        mirror.connection.unregister("listed")
    # A record that is there and cannot be read is not gone; one without an id could be any of them.
    gone = [] if None in rejected else sorted(set(gone) - set(rejected))
    stored = mirror.one(f"select count(*) from {source.table}")
    refuse_too_many("Salesforce", f"{source.name} records", len(gone), int(str(stored)))
    with mirror.staging((source.table, stored_schema(source))) as stage:
        for condition in _by_id(reading, wanted):
            for batch in salesforce.batches(
                source.name, reading.asked, where=condition, order_by=("Id",), include_deleted=True
            ):
                job.report.rejected += [(source.name, each) for each in batch.rejected]
                stage.add(**{source.table: _fitted(batch.table, source)})
        cursor = mirror.cursor(source.table, reading.digest)
        if cursor is not None:
            mirror.store_object(source, stage, cursor=cursor.swept(naive(job.now)), gone=gone)
    job.report.rows[source.table] += stage.rows


def _ids(job: PullJob, query: str) -> list[str]:
    return [identity for (identity,) in job.mirror.connection.execute(query).fetchall()]


def _by_id(reading: _Reading, ids: Sequence[str]) -> list[str]:
    """Conditions for any number of ids, in as many queries as their length needs."""
    names = [column.name for column in reading.asked]
    frame = soql.statement(
        reading.source.name, names, where=f"({reading.condition or ''}) AND ()", order_by=("Id",)
    )
    conditions = soql.chunked_in("Id", ids, soql.MAX_URL - soql.url_length(frame))
    return [soql.all_of(reading.condition, each) if reading.condition else each for each in conditions]


def _fitted(table: pa.Table, source: SourceObject) -> pa.Table:
    """The batch under our names, with NULL columns for the fields that this user cannot see."""
    columns = []
    for each in arrow_schema(source.columns):
        theirs = source.api_name(each.name)
        if theirs not in table.column_names:
            column = pa.nulls(table.num_rows, each.type)
        else:
            column = _cast(table.column(theirs), each.type)
        columns.append(_automatic(column) if each.name == HEADERS else column)
    return pa.Table.from_arrays(columns, schema=stored_schema(source))


def _cast(column: pa.ChunkedArray[Any], wanted: pa.DataType) -> pa.ChunkedArray[Any] | pa.Array[Any]:
    if pa.types.is_decimal(column.type) and wanted == pa.string():
        # As people write numbers: 5, not 5.000000
        texts = (None if v is None else f"{v.normalize():f}" for v in column.to_pylist())
        return pa.array(list(texts), pa.string())
    return column.cast(wanted)


def _automatic(headers: pa.ChunkedArray[Any] | pa.Array[Any]) -> pa.Array[Any]:
    """Whether a mail says of itself that a machine sent it; `Auto-Submitted: no` says the opposite."""
    texts = headers.to_pylist()
    return pa.array(
        [text is not None and _AUTO_SUBMITTED.search(text) is not None for text in texts], pa.bool_()
    )


def _newest(table: pa.Table) -> list[datetime]:
    if STAMP not in table.column_names or table.num_rows == 0:
        return []
    newest = pc.max(table.column(STAMP)).as_py()
    return [newest] if isinstance(newest, datetime) else []
