"""What should stand on each managed account, for those accounts where it may differ from what stands there now.

The comparison with the mirror and with what was last confirmed is one query over all accounts; only accounts in which
anything differs become values of the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync import reasons, text_fields
from sync.objects import BAND_FIELD, CONFIDENCE_FIELD, SCORE_FIELDS, TREND_FIELD
from sync.plan_inputs import WantedField, WantedRecord
from sync.quadrant_words import NUMBERS
from sync.record_words import TEXT_FIELDS
from sync.text_fields import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.changes import ScoreMark
    from sync.plan_inputs import OwnField, Written
    from sync.text_fields import Ground, Said


def wanted_records(ground: Ground, *, where: str | None) -> list[WantedRecord]:
    """Records for every account that may need a write; `sync.score_place` has said where they stand."""
    fields = list(ground.fields.values())
    if not fields:
        return []
    connection = ground.connection
    reasons.build_reasons(connection, ground.catalogue)
    texts = [TEXT_FIELDS[f.ours] for f in fields if f.ours in TEXT_FIELDS]
    for text in texts:
        text_fields.compare(ground, text)
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
    current = "".join(f', r."{f.ours}" as "c_{f.ours}"' for f in fields)
    differs = [
        f'cast("c_{f.ours}" as double) is distinct from cast("w_{f.ours}" as double)'
        for f, _ in number_columns
    ]
    if BAND_FIELD in ground.fields:
        differs.append(f'"c_{BAND_FIELD}" is distinct from band')
    differs += [
        f'{text.table}.moved or ({text.table}.digest is not null and "c_{text.ours}" is null)'
        for text in texts
    ]
    digests = "".join(f', {text.table}.digest as "d_{text.ours}"' for text in texts)
    joins = " ".join(f"left join {each.table} on {each.table}.account_id = w.account_id" for each in texts)
    limited = f" and w.account_id in (select account_id from accounts where {where})" if where else ""
    rows = connection.execute(
        f"with w as (select s.account_id, "
        f"max(case when s.scorecard = 'health' then upper(left(s.band, 1)) || substring(s.band, 2) end) as band{wanted} "
        f"from eval_scores s join eval_trends t on t.account_id = s.account_id and t.scorecard = s.scorecard "
        f"group by s.account_id) "
        f"select w.*, a.Name as name{current}{digests} from w "
        f"join sf_account a on a.Id = w.account_id left join own_record r on r.account_id = w.account_id {joins} "
        f"where ({' or '.join(differs) or 'false'}){limited} order by w.account_id"
    )
    names = [column[0] for column in rows.description or []]
    found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    ids = [row["account_id"] for row in found]
    marks = reasons.marks_of(connection, ids)
    said = {
        text.ours: text.words(
            ground, Asked({row["account_id"]: _text(row[f"c_{text.ours}"]) for row in found})
        )
        for text in texts
    }
    why = _reasons(ground, ids, marks)
    return [_record(row, ground, card_of, marks[row["account_id"]], said, why) for row in found]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _reasons(
    ground: Ground, ids: Sequence[str], marks: Mapping[str, Mapping[str, ScoreMark]]
) -> dict[str, str]:
    """Why each record is as it is, in one line for the plan."""
    own = reasons.reasons_of(ground.connection, ids)
    standing = reasons.standing_of(ground.connection, ids)
    return {
        each: "; ".join(
            f"{reasons.reason_text(one, ground.catalogue)}, {reasons.lost(one)} points"
            for one in own.get(each, ())
        )
        or reasons.without_reasons(
            {card: mark.band for card, mark in marks[each].items()}, on_record=standing[each]
        )
        or "nothing costs points"
        for each in ids
    }


def _record(
    row: Mapping[str, object],
    ground: Ground,
    card_of: Mapping[str, str],
    marks: Mapping[str, ScoreMark],
    said: Mapping[str, Mapping[str, Said]],
    why: Mapping[str, str],
) -> WantedRecord:
    account_id = str(row["account_id"])
    wanted: list[WantedField] = []
    for ours, field in ground.fields.items():
        last = ground.written.get((account_id, ours))
        current = row[f"c_{ours}"]
        if ours in TEXT_FIELDS:
            text = _text_field(field, row, said[ours].get(account_id), last)
            wanted += [text] if text is not None else []
        elif ours == BAND_FIELD:
            wanted.append(
                WantedField(
                    field.theirs,
                    "picklist",
                    str(row["band"]),
                    _text(current),
                    written=last,
                    length=field.length or None,
                    scorecard="health",
                )
            )
        else:
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
    name = str(row["name"] or account_id)
    return WantedRecord("Account", account_id, account_id, name, why[account_id], tuple(wanted), dict(marks))


def _text_field(
    field: OwnField, row: Mapping[str, object], said: Said | None, last: Written | None
) -> WantedField | None:
    """None where a lasting text has nothing more to say, so that what stands stays."""
    text = TEXT_FIELDS[field.ours]
    if (said is None and text.lasting) or (said is not None and said.stays):
        return None
    value = said.value if said is not None else None
    current = _text(row[f"c_{field.ours}"])
    basis = {**(said.basis if said is not None else {}), "digest": row[f"d_{field.ours}"]}
    if field.type in NUMBERS:
        stands = None if current is None else float(current)
        return WantedField(field.theirs, "number", value, stands, last, band_changed=True, basis=basis)
    return WantedField(
        field.theirs,
        "text",
        value,
        current,
        written=last,
        basis=basis,
        length=field.length or None,
        companion=text.companion,
    )


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
