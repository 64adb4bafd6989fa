"""What should stand on each managed account, for those accounts where it may differ from what stands there now.

The comparison with the mirror and with what was last confirmed is one query over all accounts; only accounts in which
anything differs become values of the plan.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sync.changes import ScoreMark
from sync.objects import (
    BAND_FIELD,
    CONFIDENCE_FIELD,
    NEXT_ACTION_FIELD,
    SCORE_FIELDS,
    TREND_FIELD,
    WHY_FIELD,
)
from sync.plan_inputs import WantedField, WantedRecord
from sync.record_words import (
    build_digests,
    build_reasons,
    lost,
    next_actions,
    reason_text,
    reasons_of,
    why_text,
    without_reasons,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from rules.catalogue import Catalogue
    from rules.tasks import RuleOutcome
    from sync.plan_inputs import OwnField, Written
    from sync.record_words import Reason


def wanted_records(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    fields: Sequence[OwnField],
    written: Mapping[tuple[str, str], Written],
    outcomes: Sequence[RuleOutcome],
    *,
    where: str | None,
) -> list[WantedRecord]:
    """Records for every account that may need a write; `written` is keyed by (record id, field name of the org)."""
    if not fields:
        return []
    actions = next_actions(outcomes)
    build_reasons(connection, catalogue)
    build_digests(connection, catalogue, written, actions, fields)
    scores = [f for f in fields if f.ours in SCORE_FIELDS.values()]
    card_of = {field: card for card, field in SCORE_FIELDS.items()}
    number_columns = [
        *((f, f"max(case when s.scorecard = '{card_of[f.ours]}' then s.score end)") for f in scores),
        *(
            (
                f,
                "max(case when s.scorecard = 'health' then cast(round_even(s.confidence * 100, 0) as integer) end)",
            )
            for f in fields
            if f.ours == CONFIDENCE_FIELD
        ),
        *(
            (f, "max(case when s.scorecard = 'health' then t.trend_30d end)")
            for f in fields
            if f.ours == TREND_FIELD
        ),
    ]
    wanted = "".join(f', {sql} as "w_{f.ours}"' for f, sql in number_columns)
    current = "".join(f', a."{f.ours}" as "c_{f.ours}"' for f in fields)
    differs = [
        f'cast("c_{f.ours}" as double) is distinct from cast("w_{f.ours}" as double)'
        for f, _ in number_columns
    ]
    by_name = {f.ours: f for f in fields}
    if BAND_FIELD in by_name:
        differs.append(f'"c_{BAND_FIELD}" is distinct from band')
    if WHY_FIELD in by_name:
        differs.append(
            f'd.why is distinct from d.written_why or d.moved or (d.reasoned and "c_{WHY_FIELD}" is null)'
        )
    if NEXT_ACTION_FIELD in by_name:
        differs.append(f'd.action_moved or (d.asked and "c_{NEXT_ACTION_FIELD}" is null)')
    limited = f" and w.account_id in (select account_id from accounts where {where})" if where else ""
    rows = connection.execute(
        f"with w as (select s.account_id, "
        f"max(case when s.scorecard = 'health' then upper(left(s.band, 1)) || substring(s.band, 2) end) as band{wanted} "
        f"from eval_scores s join eval_trends t on t.account_id = s.account_id and t.scorecard = s.scorecard "
        f"group by s.account_id), "
        f"compared as (select w.*, a.Name as name, t.on_record{current}, d.* exclude (account_id) from w "
        f"join sf_account a on a.Id = w.account_id join eval_standing t on t.account_id = w.account_id left join digest d on d.account_id = w.account_id where true{limited}) "
        f"select * from compared d where {' or '.join(differs) or 'false'} order by account_id"
    )
    names = [column[0] for column in rows.description or []]
    found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    ids = [row["account_id"] for row in found]
    marks = _marks(connection, ids)
    reasons = reasons_of(connection, ids)
    return [
        _record(row, catalogue, by_name, card_of, written, marks[row["account_id"]], reasons, actions)
        for row in found
    ]


def _marks(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, dict[str, ScoreMark]]:
    marks: dict[str, dict[str, ScoreMark]] = {each: {} for each in ids}
    for account_id, scorecard, score, band in connection.execute(
        "select account_id, scorecard, score, band from eval_scores where list_contains(?::varchar[], account_id) "
        "order by account_id, scorecard",
        [list(ids)],
    ).fetchall():
        marks[account_id][scorecard] = ScoreMark(score, band)
    return marks


def _record(
    row: Mapping[str, object],
    catalogue: Catalogue,
    fields: Mapping[str, OwnField],
    card_of: Mapping[str, str],
    written: Mapping[tuple[str, str], Written],
    marks: Mapping[str, ScoreMark],
    reasons: Mapping[str, Sequence[Reason]],
    actions: Mapping[str, RuleOutcome],
) -> WantedRecord:
    account_id = str(row["account_id"])
    own = reasons.get(account_id, ())
    bands = {card: mark.band for card, mark in marks.items()}
    wanted: list[WantedField] = []
    for ours, field in fields.items():
        last = written.get((account_id, field.theirs))
        current = row[f"c_{ours}"]
        if ours in card_of or ours in (CONFIDENCE_FIELD, TREND_FIELD):
            scorecard = card_of.get(ours, "health")
            wanted.append(
                WantedField(
                    field.theirs,
                    "number",
                    row[f"w_{ours}"],  # type: ignore[arg-type]  # an INTEGER column
                    None if current is None else float(current),  # type: ignore[arg-type]  # a DECIMAL column
                    written=last,
                    band_changed=ours in card_of and _band_changed(ours, card_of, last, marks),
                    scale=field.scale,
                    scorecard=card_of.get(ours),
                    basis=_number_basis(ours, marks[scorecard].band) if scorecard in marks else None,
                )
            )
            continue
        value: str | None
        basis: dict[str, object] | None = None
        if ours == BAND_FIELD:
            value = str(row["band"])
        elif ours == WHY_FIELD:
            value = why_text(own, catalogue) or without_reasons(row, bands)
            basis = {
                "band": json.dumps(bands, sort_keys=True),
                "numbers": {reason.metric: reason.value for reason in own},
                "records": sorted({reason.named for reason in own}),
                "ageing": [reason.metric for reason in own if catalogue.metrics[reason.metric].ageing],
                "digest": row["why"],
            }
        else:
            action = actions.get(account_id)
            value = action.subject if action else None
            basis = {
                **(action.basis if action else {}),
                "rule": action.rule if action else None,
            }
        wanted.append(
            WantedField(
                field.theirs,
                "picklist" if ours == BAND_FIELD else "text",
                value,
                None if current is None else str(current),
                written=last,
                basis=basis,
                length=field.length or None,
                scorecard="health" if ours == BAND_FIELD else None,
            )
        )
    name = str(row["name"] or account_id)
    reason = "; ".join(f"{reason_text(each, catalogue)}, {lost(each)} points" for each in own) or (
        without_reasons(row, bands) or "nothing costs points"
    )
    return WantedRecord("Account", account_id, account_id, name, reason, tuple(wanted), dict(marks))


def _number_basis(ours: str, band: str) -> dict[str, object]:
    """A trend moves as the days pass over what happened: that is no surprise to stop at (see `sync.safety`)."""
    return {"band": band, "passing": True} if ours == TREND_FIELD else {"band": band}


def _band_changed(
    ours: str, card_of: Mapping[str, str], last: Written | None, marks: Mapping[str, ScoreMark]
) -> bool:
    """A number is written at once when the band that it stands for is another one than when it was written."""
    before = last.basis.get("band") if last is not None and last.basis is not None else None
    mark = marks.get(card_of[ours])
    return before is not None and mark is not None and before != mark.band
