"""Why scores are where they are: the measures that cost an account most, with the records they rest on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import evidence, words
from rules.evidence import Record
from rules.phrases import ENGLISH, say
from sync.changes import ScoreMark
from sync.chosen import CHOSEN, choose
from sync.record_lines import moment_name, moments_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import duckdb

    from rules.catalogue import Catalogue

REASONS = 3  # as many as a person reads
_LEAST_LOST = 1.0  # points; less is no reason


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a scorecard lost points: the metric, its value and the first records behind it."""

    scorecard: str
    metric: str
    lost: float
    value: float
    records: tuple[Record, ...]


def build_reasons(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """For all accounts: `eval_costs`, the measures that cost points, `eval_reasons`, those that cost most, and `eval_behind`,
    the records that these rest on.
    """
    share = " ".join(
        f"when '{name}' then {weight}"
        for card in catalogue.scorecards.values()
        if card.of
        for name, weight in card.of.items()
    )
    weight = f"case scorecard {share} else 1 end" if share else "1"
    connection.execute(
        f"create or replace temp table eval_costs as "
        f"select account_id, scorecard, metric, value, lost, "
        f"row_number() over (partition by account_id order by costs desc, scorecard, place) as n "
        # what costs points in several scorecards is one reason, told where it costs most
        f"from (select *, row_number() over (partition by account_id, metric order by costs desc, scorecard, place) as told "
        f"from (select *, lost * {weight} as costs "
        f"from (select m.*, cast(m.weight as double) * (100 - m.score) / sum(cast(m.weight as double)) "
        f"  over (partition by m.account_id, m.scorecard) as lost "
        # of a scorecard without a score nothing is lost
        f"  from eval_measures m semi join (select account_id, scorecard from eval_scores where score is not null) s "
        f"  on s.account_id = m.account_id and s.scorecard = m.scorecard "
        f"  where m.score is not null) m where lost >= {_LEAST_LOST})) where told = 1"
    )
    connection.execute(
        f"create or replace temp table eval_reasons as select * from eval_costs where n <= {REASONS}"
    )
    connection.execute(
        "create or replace temp table eval_behind (account_id varchar, metric varchar, place bigint, "
        "record_system varchar, record_id varchar, record_key varchar, record_text varchar)"
    )
    metrics = [
        name
        for (name,) in connection.execute("select distinct metric from eval_reasons order by 1").fetchall()
    ]
    for name in metrics:
        connection.execute(
            f"create or replace temp table eval_asked as select account_id from eval_reasons where metric = '{name}'"
        )
        connection.execute(
            f"insert into eval_behind select account_id, '{name}', place, record_system, record_id, record_key, record_text "
            f"from ({evidence.ranked_sql(catalogue, name, 'eval_asked')}) where place <= {words.NAMED}"
        )


def reasons_of(connection: duckdb.DuckDBPyConnection, account_ids: Sequence[str]) -> dict[str, list[Reason]]:
    """The reasons of the accounts asked for, weightiest first; `build_reasons` comes before."""
    choose(connection, account_ids)
    behind: dict[tuple[str, str], list[Record]] = {}
    for account_id, metric, system, record_id, key, text in connection.execute(
        "select account_id, metric, record_system, record_id, record_key, record_text from eval_behind "
        f"where account_id in {CHOSEN} order by account_id, metric, place"
    ).fetchall():
        behind.setdefault((account_id, metric), []).append(Record(system, record_id, key, text, None))
    moments = moments_of(connection, {each.id for records in behind.values() for each in records})
    found: dict[str, list[Reason]] = {}
    for account_id, scorecard, metric, lost, value in connection.execute(
        "select account_id, scorecard, metric, lost, value from eval_reasons "
        f"where account_id in {CHOSEN} order by account_id, n"
    ).fetchall():
        records = tuple(_called(each, moments) for each in behind.get((account_id, metric), ()))
        found.setdefault(account_id, []).append(Reason(scorecard, metric, lost, value, records))
    return found


def marks_of(
    connection: duckdb.DuckDBPyConnection, account_ids: Sequence[str]
) -> dict[str, dict[str, ScoreMark]]:
    """Score and band of each scorecard of the accounts asked for."""
    choose(connection, account_ids)
    marks: dict[str, dict[str, ScoreMark]] = {each: {} for each in account_ids}
    for account_id, scorecard, score, band in connection.execute(
        f"select account_id, scorecard, score, band from eval_scores where account_id in {CHOSEN} "
        "order by account_id, scorecard"
    ).fetchall():
        marks[account_id][scorecard] = ScoreMark(score, band)
    return marks


def standing_of(connection: duckdb.DuckDBPyConnection, account_ids: Sequence[str]) -> dict[str, bool]:
    """Whether anything is on record of the accounts asked for."""
    choose(connection, account_ids)
    return dict(
        connection.execute(
            f"select account_id, on_record from eval_standing where account_id in {CHOSEN}"
        ).fetchall()
    )


def _called(record: Record, moments: Mapping[str, tuple[str, str | None, date]]) -> Record:
    """A contact with the customer is told by whom and when: its subject says less."""
    moment = moments.get(record.id)
    return record if moment is None else replace(record, text=moment_name(*moment, ENGLISH))


def reason_text(reason: Reason, catalogue: Catalogue) -> str:
    """What costs points and the records it rests on, in one line; all the deals behind a ratio would be a crowd."""
    records = reason.records if catalogue.metrics[reason.metric].expr is None else ()
    named = ", ".join(dict.fromkeys(words.record(each) for each in records))
    text = fact(reason, catalogue)
    return f"{text} ({named})" if named else text


def fact(reason: Reason, catalogue: Catalogue, language: str = ENGLISH) -> str:
    metric = catalogue.metrics[reason.metric]
    return words.fact(words.Column(metric.label_in(language), metric.unit), reason.value, language)


def without_reasons(bands: Mapping[str, str], language: str = ENGLISH, *, on_record: bool) -> str | None:
    """What stands in the place of reasons: why nothing is scored, or nothing where nothing costs points."""
    if not on_record:
        return say(language, "nothing_on_record")
    return say(language, "too_little") if set(bands.values()) == {"unknown"} else None


def lost(reason: Reason, language: str = ENGLISH) -> str:
    return f"−{words.amount(reason.lost, 'points', language)}"
