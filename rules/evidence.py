"""The records behind a number: each metric's rows with what each contributes (definitions G39).

count, sum             every contributing row; their values add up to the number
count_distinct         every row with a value, one of each value first
avg (a share), effective_number   every row with its value, 0 or 1 for a condition
min, max, latest       the row that decided
quantile               the rows on either side of the cut
expr                   the rows of the metrics that it is made of
never                  the account itself, where its age stands for something that never happened
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import manual_share
from rules.expressions import to_sql
from rules.manual_share import ShareOfKnown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from rules.catalogue import Catalogue, Metric

LIMIT = 20
# Shorter keys first, so that ACME-9 comes before ACME-10.
_BY_KEY = "length(record_key), record_key, record_id"
_COLUMNS = (
    "account_id, record_system, record_id, record_key, record_text, value, value_text, record_person, turn"
)


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


NOTHING = Evidence((), 0)


def of_metric(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, name: str, account_id: str
) -> Evidence:
    """The evidence of one metric for one account."""
    rows = connection.execute(
        f"select * from ({ranked_sql(catalogue, name)}) where account_id = $account and place <= {LIMIT} order by place",
        {"account": account_id},
    ).fetchall()
    return _evidence(rows)


def of_accounts(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, metrics: Sequence[str], accounts: str
) -> Mapping[tuple[str, str], Evidence]:
    """(account_id, metric) -> evidence, for all accounts of the table `accounts` at once; without rows, no entry."""
    found: dict[tuple[str, str], Evidence] = {}
    for name in metrics:
        rows = connection.execute(
            f"select * from ({ranked_sql(catalogue, name, accounts)}) where place <= {LIMIT} order by account_id, place"
        ).fetchall()
        gathered: dict[str, list[Sequence[object]]] = {}
        for row in rows:
            gathered.setdefault(row[0], []).append(row)
        found.update({(account_id, name): _evidence(own) for account_id, own in gathered.items()})
    return found


def ranked_sql(catalogue: Catalogue, name: str, accounts: str | None = None) -> str:
    """All evidence of a metric: the columns of `rows_sql`, then `place` and `total` per account.

    `accounts` is a table with the account_id of those that are asked for.
    """
    chosen = f" semi join {accounts} c on c.account_id = r.account_id" if accounts else ""
    parts = [
        f"select r.*, {leaf} as leaf, row_number() over (partition by r.account_id order by {order_sql(metric)}) as n "
        f"from ({rows_sql(metric)}) r{chosen}"
        for leaf, metric in enumerate(leaves(catalogue, name))
    ]
    rows = parts[0]
    if len(parts) > 1:
        # A record that serves several of the metrics is named once, with its value for the first of them.
        rows = (
            "select * exclude (again) from (select *, row_number() over "
            "(partition by account_id, record_system, record_id order by leaf, n) as again "
            f"from ({' union all '.join(parts)})) where again = 1"
        )
    return (
        "select * exclude (leaf, n), row_number() over (partition by account_id order by leaf, n) as place, "
        f"count(*) over (partition by account_id) as total from ({rows})"
    )


def rows_sql(metric: Metric) -> str:
    """The rows of all accounts that a scanned metric rests on, the columns of `_COLUMNS`."""
    if isinstance(metric, ShareOfKnown):
        return manual_share.rows_sql(metric)
    given = "1" if metric.value is None else f"({to_sql(metric.value, 'duckdb')})"
    conditions = [] if metric.where is None else [f"({to_sql(metric.where, 'duckdb')})"]
    if metric.value is not None:
        conditions.append(f"{given} is not null")
    if metric.aggregate in ("sum", "effective_number"):
        conditions.append(f"{given} <> 0")
    order = "null"
    if metric.order is not None:
        order = f"({to_sql(metric.order, 'duckdb')})"
        conditions.append(f"{order} is not null")
    in_words = metric.value is not None and metric.value.type not in ("number", "boolean")
    number = (
        f"try_cast({given} as decimal(32, 10))" if metric.aggregate == "sum" else given
    )  # as it is added up
    turn = f"row_number() over (partition by account_id, {given} order by {_BY_KEY})"
    rows = (
        "select account_id, record_system, record_id, record_key, record_text, "
        f"cast({'null' if in_words else number} as double) as value, "
        f"cast({given if in_words else 'null'} as varchar) as value_text, record_person, "
        f"{turn if metric.aggregate == 'count_distinct' else 1} as turn, {order} as order_key "
        f"from {metric.source} where {' and '.join(conditions) or 'true'}"
    )
    decisive = _decisive(metric)
    if decisive is not None:
        by, holds = decisive
        rows = (
            f"select * from (select *, row_number() over (partition by account_id order by {by}) as n, "
            f"count(*) over (partition by account_id) as rows_of from ({rows})) where {holds}"
        )
    rows = f"select {_COLUMNS} from ({rows})"
    if metric.never != "account_age":
        return rows
    return (
        f"with found as ({rows}) select * from found union all select a.account_id, 'salesforce', a.account_id, "
        "a.account_id, 'never', null, null, null, 1 from accounts a anti join found f on f.account_id = a.account_id"
    )


def order_sql(metric: Metric) -> str:
    """The order of a metric's rows within an account, over the columns of `rows_sql`."""
    match metric.aggregate:
        case "count":
            return _BY_KEY
        case "count_distinct":
            return f"turn, value, value_text, {_BY_KEY}"
        case "quantile":
            return f"value, {_BY_KEY}"
        case "sum":
            return f"abs(value) desc, {_BY_KEY}"
    return f"value desc, {_BY_KEY}"


def _decisive(metric: Metric) -> tuple[str, str] | None:
    """Order and condition of the rows that alone decide the number; None where every row counts."""
    match metric.aggregate:
        case "min":
            return f"value, {_BY_KEY}", "n = 1"
        case "max":
            return f"value desc, {_BY_KEY}", "n = 1"
        case "latest":
            # among several latest rows the value itself decides, as in the aggregate
            return f"order_key desc, value desc, {_BY_KEY}", "n = 1"
        case "quantile":
            cut = f"cast({metric.quantile!r} as double) * (rows_of - 1)"
            return f"value, {_BY_KEY}", f"n - 1 between floor({cut}) and ceil({cut})"
    return None


def leaves(catalogue: Catalogue, name: str) -> list[Metric]:
    """The scanned metrics that a metric is made of, in the order of its expression's names."""
    metric = catalogue.metrics[name]
    if metric.source is not None or isinstance(metric, ShareOfKnown):
        return [metric]
    found = {leaf.name: leaf for operand in made_of(catalogue, metric) for leaf in leaves(catalogue, operand)}
    return list(found.values())


def made_of(catalogue: Catalogue, metric: Metric) -> list[str]:
    """The metrics in an expression, or on the axes of the quadrant (of the scores there, `explain` tells)."""
    if metric.expr is not None:
        return sorted(metric.expr.columns)
    shape = catalogue.quadrant
    axes = shape.axes.values() if shape is not None and metric.name in catalogue.late else ()
    return [each.name for axis in axes for each in axis.measures if not each.of_scorecard]


def operands(catalogue: Catalogue, name: str) -> set[str]:
    """The metric itself and all that it is made of, or that says how fresh it is."""
    metric = catalogue.metrics[name]
    needed = {name}
    for each in {
        *(metric.expr.columns if metric.expr else ()),
        *([metric.fresh_by] if metric.fresh_by else ()),
    }:
        needed |= operands(catalogue, each)
    return needed


def _evidence(rows: Sequence[Sequence[object]]) -> Evidence:
    return Evidence(tuple(map(_record, rows)), int(str(rows[0][-1]))) if rows else NOTHING


def _record(row: Sequence[object]) -> Record:
    _, system, record_id, key, text, value, value_text, person, *_ = row
    return Record(
        str(system),
        str(record_id),
        str(key),
        None if text is None else str(text),
        float(value) if isinstance(value, float) else None if value_text is None else str(value_text),
        None if person is None else str(person),
    )
