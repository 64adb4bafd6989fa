"""Lists over the whole book, one row for each finding with the record behind it: what to mend first, what the plan lacks, white space.

    fix-first    what costs an account points, weighted by what the account weighs; what one deed mends is one row
    plan-gap     roles, units, offerings, objectives, plans and reviews that are missing, whether or not a score knows them
    whitespace   units of a customer and offerings that nobody has sold them

Read from the tables that `metrics.evaluate` and `scorecards.evaluate` leave, over managed accounts, so that a list never
says anything but the metrics do: where one is unknown there is no finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import evidence, words
from rules.evidence import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from rules.catalogue import Catalogue

LISTS = ("fix-first", "plan-gap", "whitespace")
LEAST = 1.0  # points; less is no reason to do anything
REVIEW_DAYS = 92  # a quarter
SLA_REVIEW_DAYS = 365


@dataclass(frozen=True, slots=True)
class Finding:
    """`points` are those that it costs, of the overall score, times the weight of the account; else NULL."""

    list: str
    account_id: str
    account: str
    kind: str
    text: str
    points: float | None
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class _Gap:
    """`metric` tells whether there is a gap; each of its rows is one where `each`, else it is one by itself."""

    metric: str
    kind: str
    text: str
    each: bool = True
    when: str = "> 0"


_GAPS = (
    _Gap("has_owner", "owner", "no active account manager", each=False, when="= 0"),
    _Gap("has_annual_plan", "plan", "no plan covers today", each=False, when="= 0"),
    _Gap("has_mission", "mission", "no mission of the last three years", each=False, when="= 0"),
    _Gap("days_since_review", "review", "no review for {value}", each=False, when=f"> {REVIEW_DAYS}"),
    _Gap("sla_in_place", "service levels", "no service levels agreed", each=False, when="= 0"),
    _Gap(
        "days_since_sla_review",
        "service levels",
        "service levels not reviewed for {value}",
        each=False,
        when=f"> {SLA_REVIEW_DAYS}",
    ),
    _Gap("missing_roles", "role", "nobody is known as {record}"),
    _Gap("unit_contacts_missing", "unit", "no contact in {record}"),
    _Gap("overdue_objectives", "objective", "objective {record} is overdue"),
    _Gap("objectives_without_action", "objective", "objective {record} has neither a task nor a deal"),
    _Gap("orphan_opportunities", "deal", "deal {record} is under no objective"),
)


def findings(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, name: str, *, weight: str | None = None
) -> list[Finding]:
    """The rows of one list. `weight` is the metric by which accounts weigh in `fix-first`; without it all weigh alike."""
    match name:
        case "fix-first":
            return _fix_first(connection, catalogue, weight)
        case "plan-gap":
            gaps = [
                each
                for gap in _GAPS
                if gap.metric in catalogue.metrics
                for each in _gaps(connection, catalogue, gap)
            ]
            gaps += _offerings(connection)
            return sorted(gaps, key=lambda each: (each.account, each.account_id))
        case "whitespace":
            cells = _Gap("whitespace_cells", "cell", "{record}")
            gaps = _gaps(connection, catalogue, cells, name) if cells.metric in catalogue.metrics else []
            return sorted(gaps, key=lambda each: (each.account, each.account_id, each.text))
    raise ValueError(name)


def _fix_first(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, weight: str | None
) -> list[Finding]:
    """Losses in points of the overall score: a measure's share of its scorecard, times that one's share of the whole."""
    share = {name: part for card in catalogue.scorecards.values() for name, part in card.of.items()}
    total = sum(share.values())
    shares = " ".join(f"when '{name}' then {float(part / total)!r}" for name, part in share.items())
    part = f"case m.scorecard {shares} else 0 end" if share else "1"
    deeds = " ".join(
        f"when '{name}' then '{next(n for n, other in catalogue.metrics.items() if other.whatif == metric.whatif)}'"
        for name, metric in catalogue.metrics.items()
        if metric.whatif is not None
    )
    deed = f"case metric {deeds} else metric end" if deeds else "metric"
    fixed = ", ".join(f"'{name}'" for name, metric in catalogue.metrics.items() if metric.fixed) or "''"
    # greatest() passes over NULL, and an account of which the weight is unknown is none without any
    positive = f'case when e."{weight}" < 0 then 0 else e."{weight}" end'
    weighs = f"{positive} / nullif(avg({positive}) over (), 0)" if weight else "1"
    rows = connection.execute(
        f"with lost as (select m.account_id, m.metric, m.place, {part} * cast(m.weight as double) * (100 - m.score) "
        f"  / sum(cast(m.weight as double)) over (partition by m.account_id, m.scorecard) as lost "
        f"  from eval_measures m where m.score is not null), "
        f"weights as (select a.account_id, a.name, coalesce({weighs}, 1) as weight from accounts a "
        f"  join eval_metrics e on e.account_id = a.account_id where a.managed), "
        f"deeds as (select account_id, {deed} as deed, sum(lost) as lost, min_by(metric, -lost) as metric "
        f"  from lost where metric not in ({fixed}) group by account_id, {deed}) "
        f"select w.account_id, w.name, d.metric, d.lost * w.weight as points, d.deed from deeds d "
        f"join weights w on w.account_id = d.account_id where d.lost >= {LEAST} "
        f"order by points desc, w.name, w.account_id, d.deed"
    ).fetchall()
    connection.execute(
        "create or replace temp table fix_first as select distinct account_id from eval_measures where score < 100"
    )
    metrics = sorted({metric for _, _, metric, _, _ in rows})
    behind = evidence.of_accounts(connection, catalogue, metrics, "fix_first")
    values = _values(connection, catalogue, metrics)
    return [
        Finding(
            "fix-first",
            account_id,
            account or account_id,
            metric,
            words.fact(words.columns(catalogue)[metric], values[account_id, metric]),
            round(points, 2),
            behind.get((account_id, metric), evidence.NOTHING).records[: words.NAMED],
        )
        for account_id, account, metric, points, _ in rows
    ]


def _values(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, metrics: Sequence[str]
) -> dict[tuple[str, str], float | None]:
    known = [name for name in metrics if name in catalogue.metrics]
    if not known:
        return {}
    columns = ", ".join(f'"{name}"' for name in known)
    rows = connection.execute(f"select account_id, {columns} from eval_metrics").fetchall()
    return {(row[0], name): value for row in rows for name, value in zip(known, row[1:], strict=True)}


def _gaps(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, gap: _Gap, name: str = "plan-gap"
) -> list[Finding]:
    metric = catalogue.metrics[gap.metric]
    chosen = (
        f'select a.account_id, coalesce(a.name, a.account_id) as account, e."{gap.metric}" as value from accounts a '
        f'join eval_metrics e on e.account_id = a.account_id where a.managed and e."{gap.metric}" {gap.when}'
    )
    if not gap.each or metric.source is None:
        return [
            Finding(
                name,
                account_id,
                account,
                gap.kind,
                gap.text.format(value=words.number(value, metric.unit)),
                None,
                (),
            )
            for account_id, account, value in connection.execute(chosen).fetchall()
        ]
    rows = connection.execute(
        f"select c.account_id, c.account, r.record_system, r.record_id, r.record_key, r.record_text from ({chosen}) c "
        f"join ({evidence.rows_sql(metric)}) r on r.account_id = c.account_id "
        f"order by c.account_id, {evidence.order_sql(metric)}"
    ).fetchall()
    return [_of_record(name, row, gap.kind, gap.text) for row in rows]


def _offerings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    rows = connection.execute(
        "select a.account_id, coalesce(a.name, a.account_id), o.record_system, o.record_id, o.record_key, o.record_text "
        "from offerings o join accounts a on a.account_id = o.account_id "
        "join eval_metrics e on e.account_id = a.account_id "
        "where a.managed and e.offerings_owned is not null and o.known and not o.owned "
        "order by a.account_id, o.record_key, o.record_id"
    ).fetchall()
    return [_of_record("plan-gap", row, "offering", "{record} is not among what it owns") for row in rows]


def _of_record(name: str, row: Sequence[str | None], kind: str, text: str) -> Finding:
    account_id, account, system, record_id, key, told = row
    record = Record(str(system), str(record_id), str(key), told, None)
    return Finding(
        name, str(account_id), str(account), kind, text.format(record=words.record(record)), None, (record,)
    )
