"""The words on a record: why the scores are as they are and what to do next, and what these words rest on.

Reasons and digests are worked out for all accounts at once; texts are made only of accounts that may need a write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from rules import evidence, words
from sync import material
from sync.objects import NEXT_ACTION_FIELD, WHY_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from rules.catalogue import Catalogue
    from rules.tasks import RuleOutcome
    from sync.plan_inputs import OwnField, Written

REASONS = 3  # as many as a person reads
NAMED = 5  # records named beside a reason
_LEAST_LOST = 1.0  # points; less is no reason
_SEVERITY = ("high", "normal", "low")
_KIND = ("fix", "grow", "govern")


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


def build_digests(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    written: Mapping[tuple[str, str], Written],
    actions: Mapping[str, RuleOutcome],
    fields: Sequence[OwnField],
) -> None:
    """`digest`: what the words of each account rest on now, what they rested on when written, whether that moved.

    Days that merely pass are no move: neither the digest nor an ageing number that grew says so.
    """
    theirs = {f.ours: f.theirs for f in fields}
    why, action = theirs.get(WHY_FIELD), theirs.get(NEXT_ACTION_FIELD)
    reasons = {
        record_id: each.basis
        for (record_id, field), each in written.items()
        if field == why and each.basis is not None
    }
    advised = {record_id: each for (record_id, field), each in written.items() if field == action}
    numbers = [
        (record_id, metric, value)
        for record_id, basis in reasons.items()
        for metric, value in material.numbers(basis).items()
    ]
    ids = sorted(reasons.keys() | advised.keys() | actions.keys())
    incoming = {
        "incoming_words": pa.table(
            {
                "account_id": pa.array(ids, pa.string()),
                "written_why": pa.array([_digest_of(reasons.get(each)) for each in ids], pa.string()),
                "asked": pa.array([each in actions for each in ids], pa.bool_()),
                "action_moved": pa.array(
                    [_action_moved(advised.get(each), actions.get(each)) for each in ids], pa.bool_()
                ),
            }
        ),
        "incoming_numbers": pa.table(
            {
                "account_id": pa.array([record_id for record_id, _, _ in numbers], pa.string()),
                "metric": pa.array([metric for _, metric, _ in numbers], pa.string()),
                "value": pa.array([value for _, _, value in numbers], pa.float64()),
            }
        ),
    }
    for name, rows in incoming.items():
        connection.register(name, rows)
    ageing = ", ".join(f"'{name}'" for name, metric in catalogue.metrics.items() if metric.ageing) or "''"
    connection.execute(
        "create or replace temp table digest as with reason as ("
        "  select r.account_id, string_agg(concat_ws(':', r.metric, n.ids), ';' order by r.metric) as text, "
        "  bool_or(abs(r.value - o.value) > $units and abs(r.value - o.value) > $share * abs(o.value) "
        f"    and not (r.metric in ({ageing}) and r.value > o.value)) as moved"
        "  from eval_reasons r left join eval_named n on n.account_id = r.account_id and n.metric = r.metric"
        "  left join incoming_numbers o on o.account_id = r.account_id and o.metric = r.metric"
        "  group by r.account_id), "
        "why as ("
        "  select s.account_id, max(r.text) is not null as reasoned, coalesce(bool_or(r.moved), false) as moved,"
        "  sha256(coalesce(max(r.text), '') || '#' || string_agg(s.band, '|' order by s.scorecard)) as why"
        "  from eval_scores s left join reason r on r.account_id = s.account_id group by s.account_id) "
        "select w.account_id, w.why, i.written_why, w.moved, w.reasoned, "
        "coalesce(i.action_moved, false) as action_moved, coalesce(i.asked, false) as asked "
        "from why w left join incoming_words i on i.account_id = w.account_id",
        {"units": material.LEAST_UNITS, "share": material.LEAST_SHARE},
    )
    for name in incoming:
        connection.unregister(name)


def _digest_of(basis: Mapping[str, object] | None) -> str | None:
    return None if basis is None else str(basis.get("digest"))


def _action_moved(last: Written | None, outcome: RuleOutcome | None) -> bool:
    if outcome is None:
        return last is not None and last.value is not None
    return last is None or material.moved(last.basis, {**outcome.basis, "rule": outcome.rule})


def next_actions(outcomes: Iterable[RuleOutcome]) -> dict[str, RuleOutcome]:
    """The one thing to do first for each account: the gravest firing rule, of those that no other comes before."""
    firing = {(each.rule, each.account_id): each for each in outcomes if each.state == "fires"}
    ordered = sorted(
        (
            each
            for each in firing.values()
            if not any((rule, each.account_id) in firing for rule in each.after)
        ),
        key=lambda each: (_SEVERITY.index(each.severity), _KIND.index(each.kind), each.rule),
        reverse=True,
    )
    return {each.account_id: each for each in ordered}


def without_reasons(row: Mapping[str, object], bands: Mapping[str, str]) -> str | None:
    """What stands in the place of reasons: why nothing is scored, or nothing where nothing costs points."""
    if not row["on_record"]:
        return words.NOTHING_ON_RECORD
    return words.TOO_LITTLE if set(bands.values()) == {"unknown"} else None


def why_text(reasons: Sequence[Reason], catalogue: Catalogue) -> str | None:
    """The reasons as an account manager reads them on the record, weightiest first."""
    return "\n".join(f"{lost(reason)}  {reason_text(reason, catalogue)}" for reason in reasons) or None


def lost(reason: Reason) -> str:
    return f"−{words.amount(reason.lost, 'points')}"
