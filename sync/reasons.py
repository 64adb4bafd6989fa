"""Why scorecards are where they are: the measures that cost an account most, with the records they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import evidence, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from rules.catalogue import Catalogue

REASONS = 3  # as many as a person reads
NAMED = 5  # records named beside a reason
_LEAST_LOST = 1.0  # points; less is no reason


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a scorecard lost points: the metric, its value and the records behind it."""

    scorecard: str
    metric: str
    lost: float
    value: float
    named: str


def build_reasons(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Fill `eval_reasons`: the measures that cost an account most, with the records they rest on, for all accounts."""
    share = " ".join(
        f"when '{name}' then {weight}"
        for card in catalogue.scorecards.values()
        if card.of
        for name, weight in card.of.items()
    )
    weight = f"case m.scorecard {share} else 1 end" if share else "1"
    connection.execute(
        f"create or replace temp table eval_reasons as select * from ("
        f"select account_id, scorecard, metric, value, lost, "
        f"row_number() over (partition by account_id order by lost * {weight} desc, scorecard, place) as n "
        f"from (select m.*, cast(m.weight as double) * (100 - m.score) / sum(cast(m.weight as double)) "
        f"  over (partition by m.account_id, m.scorecard) as lost "
        # of a scorecard without a score nothing is lost
        f"  from eval_measures m semi join (select account_id, scorecard from eval_scores where score is not null) s "
        f"  on s.account_id = m.account_id and s.scorecard = m.scorecard "
        f"  where m.score is not null) m where lost >= {_LEAST_LOST}) where n <= {REASONS}"
    )
    connection.execute(
        "create or replace temp table eval_named (account_id varchar, metric varchar, named varchar, ids varchar)"
    )
    metrics = [
        name
        for (name,) in connection.execute("select distinct metric from eval_reasons order by 1").fetchall()
    ]
    for name in metrics:
        metric = catalogue.metrics[name]
        if metric.expr is not None:
            continue
        connection.execute(
            f"insert into eval_named select r.account_id, '{name}', string_agg("
            f"case when record_system = 'jira' then record_key else coalesce(record_text, record_key) end, ', ' order by place), "
            f"string_agg(record_id, '|' order by record_id) from (select *, row_number() over "
            f"(partition by account_id order by {evidence.order_sql(metric)}) as place from ({evidence.rows_sql(metric)})) r "
            f"semi join (select account_id from eval_reasons where metric = '{name}') e on e.account_id = r.account_id "
            f"where place <= {NAMED} group by r.account_id"
        )


def reasons_of(connection: duckdb.DuckDBPyConnection, account_ids: Sequence[str]) -> dict[str, list[Reason]]:
    """The reasons of the accounts asked for, weightiest first; `build_reasons` comes before."""
    found: dict[str, list[Reason]] = {}
    for account_id, *rest in connection.execute(
        "select r.account_id, r.scorecard, r.metric, r.lost, r.value, coalesce(n.named, '') from eval_reasons r "
        "left join eval_named n on n.account_id = r.account_id and n.metric = r.metric "
        "where list_contains(?::varchar[], r.account_id) order by r.account_id, r.n",
        [list(account_ids)],
    ).fetchall():
        found.setdefault(account_id, []).append(Reason(*rest))
    return found


def reason_text(reason: Reason, catalogue: Catalogue) -> str:
    metric = catalogue.metrics[reason.metric]
    text = f"{metric.label}: {words.number(reason.value, metric.unit)}"
    return f"{text} ({reason.named})" if reason.named else text


def without_reasons(bands: Mapping[str, str], *, on_record: bool) -> str | None:
    """What stands in the place of reasons: why nothing is scored, or nothing where nothing costs points."""
    if not on_record:
        return words.NOTHING_ON_RECORD
    return words.TOO_LITTLE if set(bands.values()) == {"unknown"} else None


def lost(reason: Reason) -> str:
    return f"−{words.amount(reason.lost, 'points')}"
