"""Whether the picklists of an org offer what is written there and what people are asked to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError, QuotaSpent, SignInRefused, Unreachable
from connectors.findings import Finding, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.salesforce import Salesforce
    from connectors.salesforce_schema import FieldInfo

PICKLISTS = frozenset({"picklist", "multipicklist"})


@dataclass(frozen=True, slots=True)
class Choice:
    """Values that a field must take; `written` ones come from us, the others people choose for us to read."""

    field: str
    values: tuple[str, ...]
    advice: str
    written: bool = True


def offered(name: str, choices: Sequence[Choice], fields: Mapping[str, FieldInfo]) -> Iterator[Finding]:
    """A field that is no picklist takes any text, and one that is not there is told elsewhere."""
    for choice in choices:
        info = fields.get(choice.field)
        if info is None or info.type not in PICKLISTS:
            continue
        missing = [value for value in dict.fromkeys(choice.values) if value not in info.picklist]
        if not missing:
            continue
        switched_off = [value for value in missing if value in info.inactive]
        why = f"{choice.field} of {name} does not offer {listed(missing)}"
        if switched_off:
            why += (
                f" ({listed(switched_off)} {'is' if len(switched_off) == 1 else 'are'} there but not active)"
            )
        yield Finding(
            name,
            "warning" if choice.written else "note",
            f"{why}: {_effect(choice, restricted=info.restricted)}.",
            choice.advice,
            {"values": len(missing)},
            "picklist",
        )


def _effect(choice: Choice, *, restricted: bool) -> str:
    if not choice.written:
        return "nobody can choose it"
    if restricted:
        return "Salesforce refuses a record that is written with it"
    return "it is written all the same, and lists, reports and filters do not know it"


def record_type(name: str, wanted: str | None, described: Mapping[str, object]) -> Iterator[Finding]:
    """`wanted` is a developer name, or the name for people."""
    if wanted is None:
        return
    listed_types = described.get("recordTypeInfos")
    known = [
        each for each in (listed_types if isinstance(listed_types, list) else []) if isinstance(each, dict)
    ]
    found = [each for each in known if wanted in (each.get("developerName"), each.get("name"))]
    if any(each.get("active", True) and each.get("available", True) for each in found):
        return
    own = [str(each.get("developerName")) for each in known if not each.get("master")]
    yield Finding(
        name,
        "warning",
        f'{name} has no record type "{wanted}" that this user may give to a record.'
        if found
        else f'{name} has no record type "{wanted}".',
        f"name one of {listed(own)}, or have it assigned to the user's profile."
        if own
        else "leave the key out: the object has no record types.",
        code="record_type",
    )


def task_statuses(salesforce: Salesforce, open_status: str, closed_status: str) -> Iterator[Finding]:
    """Whether a task in these statuses is open and closed; nothing where the org does not tell."""
    try:
        rows = salesforce.select("TaskStatus", ["ApiName", "MasterLabel", "IsClosed"], where="Id != null")
    except (SignInRefused, QuotaSpent, Unreachable):
        raise
    except ConnectorError:
        return
    closes = {str(row.get("ApiName") or row.get("MasterLabel")): row.get("IsClosed") is True for row in rows}
    if closes.get(closed_status) is False:
        own = listed(name for name, closed in closes.items() if closed)
        yield Finding(
            "Task",
            "warning",
            f'A task with the status "{closed_status}" stays open in this org: what settled itself stays on the list.',
            f"set [salesforce.task] closed_status to one that closes: {own}."
            if own
            else "have the admin mark the status as closed.",
            code="task_status",
        )
    if closes.get(open_status) is True:
        yield Finding(
            "Task",
            "warning",
            f'A task with the status "{open_status}" is closed in this org: nobody would see it.',
            f"set [salesforce.task] open_status to one of: {listed(name for name, closed in closes.items() if not closed)}.",
            code="task_status",
        )
