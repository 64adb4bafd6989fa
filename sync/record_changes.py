"""From one record's wanted fields to what must be written, what is held, what already stands as wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync import canonical, material
from sync.changes import Change, FieldChange, Held, Noted, ScoreMark

if TYPE_CHECKING:
    from collections.abc import Collection

    from sync.canonical import Value
    from sync.plan_inputs import PlanInputs, WantedField, WantedRecord


@dataclass(frozen=True, slots=True)
class RecordPlan:
    change: Change | None
    held: tuple[Held, ...]
    noted: Noted | None


def plan_record(record: WantedRecord, inputs: PlanInputs) -> RecordPlan:
    writes: dict[str, FieldChange] = {}
    stands: dict[str, Value] = {}
    held: list[Held] = []
    # Companions come last, when it is known whether anything else is written; what is not ours is left without a word.
    for field in sorted(record.fields, key=lambda one: (one.companion, one.name)):
        wanted = _canonical(field, field.value)
        written = _canonical(field, field.written.value) if field.written else None
        current = written if _written_since_pull(field, inputs) else _canonical(field, field.current)
        untouched = _same(field, current, written)
        if _same(field, current, wanted):
            if wanted is not None and (field.written is None or written != wanted or _basis_moved(field)):
                stands[field.name] = wanted
        elif field.companion and current is not None and (not writes or not untouched):
            continue
        elif current is not None and not untouched and not inputs.adopt:
            held.append(_held(record, field.name, current, written, wanted))
        elif (
            current is None
            or not untouched
            or field.companion
            or _worth_writing(field, written, wanted, inputs)
        ):
            writes[field.name] = FieldChange(current, wanted)
    return RecordPlan(_change(record, writes), tuple(held), _noted(record, stands))


def _canonical(field: WantedField, raw: Value) -> Value:
    return canonical.value(raw, scale=field.scale, length=field.length if field.kind == "text" else None)


def _same(field: WantedField, one: Value, other: Value) -> bool:
    """Salesforce gives a choice the case in which its list has it, whatever case it was written in."""
    if field.kind == "picklist" and isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    return one == other


def _written_since_pull(field: WantedField, inputs: PlanInputs) -> bool:
    return (
        field.written is not None
        and field.written.pull_id is not None
        and field.written.pull_id == inputs.pull_id
    )


def _worth_writing(field: WantedField, written: Value, wanted: Value, inputs: PlanInputs) -> bool:
    """Small movements are not written, so that flows and field history in the org stay quiet."""
    if field.kind == "picklist" or field.band_changed or wanted is None:
        return True
    if field.kind == "number" and isinstance(written, (int, float)) and isinstance(wanted, (int, float)):
        return abs(wanted - written) >= inputs.limits.min_score_move
    return _basis_moved(field)


def _basis_moved(field: WantedField) -> bool:
    """Without a basis of its own a text has moved whenever it reads differently; the caller compares that."""
    if field.kind != "text":
        return False
    before = field.written.basis if field.written else None
    if field.basis is None and before is None:
        return field.written is not None and _canonical(field, field.written.value) != _canonical(
            field, field.value
        )
    return material.moved(before, field.basis)


def _held(record: WantedRecord, field: str, current: Value, written: Value, wanted: Value) -> Held:
    had = "Rapport never wrote this field" if written is None else f"Rapport had written {written}"
    return Held(
        target="salesforce",
        object=record.object,
        id=record.id or "",  # what is not there holds nothing
        account_id=record.account_id,
        account=record.account,
        field=field,
        current=current,
        written=written,
        wanted=wanted,
        reason=f"someone set {current}; {had}",
    )


def _change(record: WantedRecord, writes: dict[str, FieldChange]) -> Change | None:
    if not writes:
        return None
    new = record.id is None
    return Change(
        action="create" if new else "update",
        target="salesforce",
        object=record.object,
        id=record.id,
        account_id=record.account_id,
        account=record.account,
        rule=None,
        reason=record.reason,
        fields={**{name: FieldChange(None, each) for name, each in record.on_creation.items()}, **writes}
        if new
        else writes,
        key=record.key if new else None,
        basis=_bases(record, writes),
        scores=_scores(record, writes),
    )


def _noted(record: WantedRecord, stands: dict[str, Value]) -> Noted | None:
    if not stands or record.id is None:
        return None
    return Noted(
        object=record.object,
        id=record.id,
        account_id=record.account_id,
        fields=stands,
        basis=_bases(record, stands),
        scores=_scores(record, stands),
    )


def _bases(record: WantedRecord, names: Collection[str]) -> dict[str, object] | None:
    """Basis by field name: the fields of one record may rest on different facts."""
    bases: dict[str, object] = {
        field.name: dict(field.basis)
        for field in record.fields
        if field.name in names and field.basis is not None
    }
    return bases or None


def _scores(record: WantedRecord, names: Collection[str]) -> dict[str, ScoreMark] | None:
    shown = {field.scorecard for field in record.fields if field.scorecard}
    concerned = {field.scorecard for field in record.fields if field.name in names and field.scorecard}
    scores = {
        scorecard: mark
        for scorecard, mark in (record.scores or {}).items()
        if scorecard in concerned or scorecard not in shown
    }
    return scores or None
