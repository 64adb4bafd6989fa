"""What the target holds right now, seen against a change: still as planned, already so, or somebody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from sync import canonical, score_object
from sync.objects import KEY_FIELD as TASK_KEY
from sync.plan_inputs import TASK_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connectors.salesforce_writes import WriteResult
    from sync.canonical import Value
    from sync.changes import Change
    from sync.plan_inputs import ConfirmedTask

Standing = Literal["as planned", "already so", "changed"]


class Crm(Protocol):
    """The part of `connectors.salesforce.Salesforce` that writing needs; tests have one in memory."""

    def select_in(
        self,
        object_name: str,
        fields: Sequence[str],
        field: str,
        values: Iterable[str],
        *,
        where: str | None = None,
        include_deleted: bool = False,
    ) -> list[dict[str, object]]: ...

    def update(self, object_name: str, records: Sequence[Mapping[str, object]]) -> list[WriteResult]: ...

    def create(self, object_name: str, records: Sequence[Mapping[str, object]]) -> list[WriteResult]: ...

    def delete(self, object_name: str, ids: Sequence[str]) -> list[WriteResult]: ...


def key_field(change: Change) -> str:
    """The unique field in which a record that Rapport creates carries its key; an org may call that of tasks otherwise."""
    if change.object == score_object.OBJECT:
        return score_object.KEY_FIELD
    return next((name for name, value in change.after.items() if value == change.key), TASK_KEY)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a re-read found; `pending` are the fields that still have to be written."""

    standing: Standing
    pending: dict[str, Value]
    reason: str = ""


def fields_to_read(changes: Iterable[Change]) -> list[str]:
    names = {"Id"}
    for change in changes:
        names.update(change.fields)
        if change.object == "Task":
            names.update(TASK_FIELDS)
    return sorted(names)


def look(change: Change, record: Mapping[str, object] | None, confirmed: ConfirmedTask | None) -> Seen:
    """Compare one record, as just read, with what the plan saw."""
    if record is None:
        gone = change.action == "delete"
        return Seen("already so", {}) if gone else Seen("changed", {}, "it is no longer there")
    pending: dict[str, Value] = {}
    for name, one in change.fields.items():
        now = _same_form(record.get(name), one.before, one.after)
        if now == one.after:
            continue
        if now != one.before:
            return Seen("changed", {}, f"{name} is {_said(now)} now; the plan saw {_said(one.before)}")
        pending[name] = one.after
    if not pending:
        return Seen("already so", {})
    if change.action == "complete" and "Status" not in pending:
        return Seen("changed", {}, "a person closed it")
    if confirmed is not None:
        for name in TASK_FIELDS:
            expected = confirmed.fields.get(name)
            # A field that this change writes was compared above.
            if name in change.fields or name not in confirmed.fields:
                continue
            if _same_form(record.get(name), expected, expected) != expected:
                return Seen("changed", {}, f"a person edited it ({name})")
    return Seen("as planned", pending)


def took_effect(change: Change, record: Mapping[str, object] | None) -> bool:
    """Whether a write whose answer was lost reached the target: an update is all or nothing."""
    if change.action == "delete":
        return record is None
    if record is None:
        return False
    written = [one for one in change.fields.items() if one[1].before != one[1].after]
    return any(_same_form(record.get(name), one.before, one.after) == one.after for name, one in written)


def holds(change: Change, record: Mapping[str, object]) -> bool:
    """Whether a record that was there before this change was sent is all that the change would make.

    A task with our key is ours, whatever people made of it. A score record could be older than the books, with values
    that are not ours to claim.
    """
    return change.object == "Task" or all(
        _same_form(record.get(name), one.before, one.after) == one.after
        for name, one in change.fields.items()
    )


def _same_form(raw: object, before: Value, after: Value) -> Value:
    return canonical.value(raw, scale=max(_scale(before), _scale(after)))


def _scale(value: Value) -> int:
    """Decimal places of a canonical number."""
    if not isinstance(value, float):
        return 0
    _, _, fraction = repr(value).partition(".")
    return len(fraction) if fraction.isdigit() else 12


def _said(value: Value) -> str:
    return "empty" if value is None else repr(value) if isinstance(value, str) else str(value)
