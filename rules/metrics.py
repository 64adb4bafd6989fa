"""Metrics of all accounts at once: the sources are built for one `as_of`, each is scanned once, the results joined.

Everything ends in temporary tables of the connection that the caller passes in: one per source, `coverage`, and
`eval_metrics` with a row per account and a column (double or NULL) per metric of the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

import pyarrow as pa

from rules import calendar, manual_share
from rules.calendar import BusinessHours
from rules.dialects import compile_model
from rules.expressions import to_sql
from rules.functions import aggregate_sql
from rules.kept_rows import keep
from rules.manual_share import ShareOfKnown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import duckdb

    from rules.catalogue import Catalogue, Metric
    from rules.expressions import Engine, Expression

# In the order in which they read each other.
MODELS = (
    "rates",
    "opportunity_states",
    "accounts",
    "account_members",
    "account_currency",
    "opportunities",
    "revenue",
    "contracts",
    "renewals",
    "declared_inputs",
    "profiles",
    "confirmed_values",
    "given_references",
    "plans",
    "objectives",
    "activity_rows",
    "activities",
    "reviews",
    "moments",
    "moment_people",
    "account_roles",
    "required_roles",
    "coming_meetings",
    "threads",
    "missed_calls",
    "contacts",
    "issue_links",
    "service_terms",
    "issue_states",
    "cases",
    "issues",
    "public_comments",
    "steps",
    "sides",
    "sided_projects",
    "comments",
    "responses",
    "projects",
    "sla_cycles",
    "ratings",
    "due_moves",
    "deliveries",
    "epics",
    "worklogs",
    "incidents",
    "budgets",
    "service_coverage",
    "unit_children",
    "unit_people",
    "org_units",
    "on_record",
    "line_items",
    "assets",
    "dealings",
    "dealing_offerings",
    "dealing_units",
    "unit_deals",
    "unit_coverage",
    "offerings",
    "cells",
    "deal_coverage",
    "coverage",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the sources depend on besides the records: the instant and the config's words.

    `lists` are compared in lower case: p1_priorities, incident_types, waiting_statuses, paused_statuses, done_statuses,
    escalation_labels, contact_task_types, onsite_types, missed, executive_titles and not_executive (in the form of `sync.names.title_key`),
    customer_visible_projects, internal_domains, staff_domains, and `present` (sources that exist).
    `fiscal_month` begins the fiscal year. `mapped_fields` (renewal_day, revenue_12m, revenue_prior_12m) are Account fields that
    stand for figures of the same name.
    `account_columns` are the org's own account fields that expressions may name.
    """

    as_of: datetime
    managed: Expression
    group: Expression | None = None
    exclude: Expression | None = None
    hours: BusinessHours = field(default_factory=BusinessHours)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fiscal_month: int = 1
    account_columns: Sequence[str] = ()
    mapped_fields: Mapping[str, str] = field(default_factory=dict)


def model_text(name: str) -> str:
    return resources.files("rules").joinpath("models", f"{name}.sql").read_text(encoding="utf-8")


def evaluate(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, parameters: Parameters) -> None:
    """Build sources, coverage and `eval_metrics` for `parameters.as_of`, in place of those of an earlier call."""
    _settings(connection, parameters)
    for name in MODELS:
        body = compile_model(model_text(name), "duckdb")
        connection.execute(f'create or replace temp table "{name}" as {_completed(name, body, parameters)}')
    connection.execute(f"create or replace temp table eval_metrics as {metrics_sql(catalogue)}")


def _settings(connection: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    pairs = [(name, value.strip().lower()) for name, values in parameters.lists.items() for value in values]
    unique = sorted(set(pairs))
    tables = {
        "clock": calendar.clock_row(parameters.hours, parameters.as_of, parameters.fiscal_month),
        "zone_day": calendar.zone_days(parameters.hours, parameters.as_of),
        "setting": pa.table(
            {
                "name": pa.array([name for name, _ in unique], pa.string()),
                "value": pa.array([value for _, value in unique], pa.string()),
            }
        ),
    }
    for name, rows in tables.items():
        keep(connection, name, rows)


def _completed(name: str, body: str, parameters: Parameters) -> str:
    """The two models that the config has a say in: which accounts are managed or a group, which activities do not count."""
    if name == "accounts":
        own = "".join(f', s."x_{column}" as "{column}"' for column in parameters.account_columns)
        own += _mapped(parameters.mapped_fields)
        managed = to_sql(parameters.managed, "duckdb")
        group = "false" if parameters.group is None else to_sql(parameters.group, "duckdb")
        return (
            f"select m.*, coalesce(({managed}), false) as managed, coalesce(({group}), false) as is_group "
            f"from (select b.*{own} from ({body}) b join sf_account s on s.Id = b.account_id) m"
        )
    if name == "activity_rows" and parameters.exclude is not None:
        return f"select * from ({body}) where not coalesce(({to_sql(parameters.exclude, 'duckdb')}), false)"
    return body


def _mapped(fields: Mapping[str, str]) -> str:
    """Fields of the Account that the config puts in the place of figures of its own, read as text like all such fields."""
    found = []
    for name, kind in (
        ("renewal_day", "date"),
        ("revenue_12m", "decimal(28, 2)"),
        ("revenue_prior_12m", "decimal(28, 2)"),
    ):
        field_name = fields.get(name)
        text = "null" if field_name is None else f's."x_{field_name}"'
        text = f"substring({text}, 1, 10)" if kind == "date" else text
        found.append(f", try_cast({text} as {kind}) as mapped_{name}")
    return "".join(found)


def metrics_sql(catalogue: Catalogue, engine: Engine = "duckdb") -> str:
    """One query for every metric of every account: a scan per source, then expressions over the results."""
    q = _quote(engine)
    by_source: dict[str, list[Metric]] = {}
    for metric in catalogue.metrics.values():
        if metric.source is not None:
            by_source.setdefault(metric.source, []).append(metric)
    scans = [
        f"scan_{source} as (select {q('account_id')}, "
        + ", ".join(f"{_aggregate(metric, engine)} as {q(metric.name)}" for metric in metrics)
        + f" from {source} group by {q('account_id')})"
        for source, metrics in by_source.items()
    ]
    columns = [
        f"{_covered(metric, engine)} as {q(metric.name)}"
        for metrics in by_source.values()
        for metric in metrics
    ]
    joins = [f"left join scan_{source} on scan_{source}.account_id = a.account_id" for source in by_source]
    # Otherwise its expressions are put into those above it, and planning takes longer than all the rest.
    kept = "materialized " if engine == "duckdb" else ""
    level = (
        f"level_0 as {kept}(select {', '.join(['a.account_id', *columns])} "
        f"from accounts a join coverage v on v.account_id = a.account_id {' '.join(joins)})"
    )
    levels, last = [level], 0
    for group in _levels(catalogue):
        last += 1
        own = ", ".join(f"{_made(m, engine)} as {q(m.name)}" for m in group)
        levels.append(f"level_{last} as (select *, {own} from level_{last - 1})")
    # What is made of scores has its place, and its value when the scores are there.
    names = ", ".join(
        f"cast(null as double) as {q(name)}" if name in catalogue.late else q(name)
        for name in ("account_id", *catalogue.metrics)
    )
    return f"with {', '.join([*scans, *levels])} select {names} from level_{last}"


def _aggregate(metric: Metric, engine: Engine) -> str:
    return aggregate_sql(
        metric.aggregate or "count",
        None if metric.value is None else to_sql(metric.value, engine),
        engine,
        quantile=metric.quantile,
        order_sql=None if metric.order is None else to_sql(metric.order, engine),
        filter_sql=None if metric.where is None else to_sql(metric.where, engine),
    )


def _covered(metric: Metric, engine: Engine) -> str:
    """The scanned value with its meaning of "nothing": zero, the age of the account, or unknown."""
    value = f"cast(scan_{metric.source}.{_quote(engine)(metric.name)} as double)"
    if metric.never == "account_age":
        value = f"coalesce({value}, cast(a.age_days as double))"
    elif metric.empty == "zero":
        value = f"coalesce({value}, cast(0 as double))"
    if not metric.requires:
        return value
    return f"case when {' and '.join(f'v.{name}' for name in metric.requires)} then {value} end"


def _made(metric: Metric, engine: Engine) -> str:
    if isinstance(metric, ShareOfKnown):
        return manual_share.share_sql(metric, _quote(engine))
    return f"cast({'null' if metric.expr is None else to_sql(metric.expr, engine)} as double)"


def _operands(metric: Metric) -> list[str]:
    if isinstance(metric, ShareOfKnown):
        return [each.name for each in metric.over]
    return sorted(metric.expr.columns) if metric.expr is not None else []


def _levels(catalogue: Catalogue) -> Iterable[list[Metric]]:
    """Metrics made of others, grouped so that each group needs only those before it."""
    level: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in level:
            made_of = _operands(catalogue.metrics[name])
            level[name] = 1 + max(map(depth, made_of)) if made_of else 0
        return level[name]

    groups: dict[int, list[Metric]] = {}
    for metric in catalogue.metrics.values():
        if metric.source is None and metric.name not in catalogue.late:
            groups.setdefault(depth(metric.name), []).append(metric)
    return [groups[key] for key in sorted(groups)]


def _quote(engine: Engine):  # type: ignore[no-untyped-def]  # noqa: ANN202
    mark = '"' if engine == "duckdb" else "`"
    return lambda name: f"{mark}{name}{mark}"
