"""The records behind a number: each metric's rows with what each contributes (definitions G39)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rules.expressions import to_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from rules.catalogue import Catalogue, Metric

LIMIT = 20
_SINGLE = {"min": "asc", "max": "desc"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record behind a number; `system` says where it can be opened."""

    system: str  # salesforce | jira | none
    id: str
    key: str
    text: str | None
    value: float | str | None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """At most `LIMIT` records, the weightiest first, and how many there are."""

    records: tuple[Record, ...]
    total: int


def of_metric(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, name: str, account_id: str
) -> Evidence:
    """The evidence of one metric for one account; an `expr` metric has that of its operands."""
    metric = catalogue.metrics[name]
    if metric.expr is not None:
        parts = [
            of_metric(connection, catalogue, operand, account_id) for operand in sorted(metric.expr.columns)
        ]
        unique = {(record.system, record.id): record for part in parts for record in part.records}
        return Evidence(
            tuple(unique.values())[:LIMIT],
            len(unique) if len(unique) < LIMIT else sum(p.total for p in parts),
        )
    rows = connection.execute(
        f"select *, count(*) over () as total from ({rows_sql(metric)}) where account_id = $account "
        f"order by {order_sql(metric)} limit {LIMIT}",
        {"account": account_id},
    ).fetchall()
    if not rows and metric.never == "account_age":
        return Evidence((Record("salesforce", account_id, account_id, "never", None),), 1)
    records = tuple(_record(row[1:7]) for row in rows)
    return Evidence(_bracket(metric, records), rows[0][7] if rows else 0)


def rows_sql(metric: Metric) -> str:
    """The rows of all accounts that a scanned metric rests on: account_id, system, id, key, text, value, person."""
    value = "1" if metric.value is None else to_sql(metric.value, "duckdb")
    shares = metric.aggregate in ("avg", "quantile", "min", "max", "latest", "sum", "effective_number")
    conditions = [] if metric.where is None else [f"({to_sql(metric.where, 'duckdb')})"]
    if shares:
        conditions.append(f"({value}) is not null")
    if metric.aggregate in ("sum", "effective_number"):
        conditions.append(f"({value}) <> 0")
    order = "null" if metric.order is None else to_sql(metric.order, "duckdb")
    query = (
        f"select account_id, record_system, record_id, record_key, record_text, ({value}) as value, record_person, "
        f"{order} as order_key from {metric.source} {'where ' + ' and '.join(conditions) if conditions else ''}"
    )
    if metric.aggregate in (*_SINGLE, "latest"):
        by = "order_key desc" if metric.aggregate == "latest" else f"value {_SINGLE[metric.aggregate]}"
        query = (
            f"select * exclude (place) from (select *, row_number() over (partition by account_id order by {by}, record_id) "
            f"as place from ({query})) where place = 1"
        )
    return f"select * exclude (order_key) from ({query})"


def order_sql(metric: Metric) -> str:
    if metric.aggregate == "quantile":
        return "value, record_id"
    return "value desc, record_id" if metric.value is not None else "record_key, record_id"


def _bracket(metric: Metric, records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Of a quantile only the rows on either side of the cut."""
    if metric.aggregate != "quantile" or metric.quantile is None or not records:
        return records
    position = metric.quantile * (len(records) - 1)
    return records[int(position) : int(position) + (1 if position.is_integer() else 2)]


def _record(row: Sequence[object]) -> Record:
    system, record_id, key, text, value, person = row
    return Record(
        str(system),
        str(record_id),
        str(key),
        None if text is None else str(text),
        _plain(value),
        None if person is None else str(person),
    )


def _plain(value: object) -> float | str | None:
    """A number (booleans 1/0, decimals as doubles), else text."""
    if isinstance(value, bool | int | float | Decimal):
        return float(value)
    return None if value is None else str(value)


def keys_of_accounts(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, metrics: Sequence[str], accounts: str
) -> Mapping[tuple[str, str], tuple[Record, ...]]:
    """(account_id, metric) -> its records, for all accounts of the table `accounts` at once."""
    found: dict[tuple[str, str], tuple[Record, ...]] = {}
    for name in metrics:
        metric = catalogue.metrics[name]
        if metric.expr is not None:
            continue
        rows = connection.execute(
            f"select r.* from (select *, row_number() over (partition by account_id order by {order_sql(metric)}) as place "
            f"from ({rows_sql(metric)})) r semi join {accounts} a on a.account_id = r.account_id "
            f"where r.place <= {LIMIT} order by r.account_id, r.place"
        ).fetchall()
        gathered: dict[str, list[Record]] = {}
        for row in rows:
            gathered.setdefault(row[0], []).append(_record(row[1:7]))
        found.update(
            {(account_id, name): _bracket(metric, tuple(records)) for account_id, records in gathered.items()}
        )
    return found
