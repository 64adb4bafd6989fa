"""What Salesforce tells about itself: the organisation, the objects' fields, and who is signed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.batches import id18
from connectors.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

IDENTITY = re.compile(r"/id/(00D\w{12,15})/(005\w{12,15})$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Organization:
    """What could be learned about where we are signed in; None where the user may not see it."""

    id: str | None
    is_sandbox: bool | None
    name: str | None
    user_id: str | None


@dataclass(frozen=True, slots=True)
class FieldInfo:
    name: str
    type: str
    length: int
    precision: int
    scale: int
    createable: bool
    updateable: bool
    external_id: bool
    unique: bool
    id_lookup: bool
    picklist: tuple[str, ...]
    """The values that may be chosen; `inactive` are those that no longer may."""
    label: str = ""
    inactive: tuple[str, ...] = ()
    restricted: bool = False
    """The API refuses values that are not in the picklist."""
    required: bool = False
    """A new record needs a value from whoever creates it."""
    reference_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as this user sees it: its fields, and whether he may make and change its records."""

    fields: Mapping[str, FieldInfo]
    createable: bool
    updateable: bool


def org_and_user(identity_url: object) -> tuple[str | None, str | None]:
    """The ids in the address that Salesforce gives as identity: …/id/<org>/<user>."""
    found = IDENTITY.search(identity_url) if isinstance(identity_url, str) else None
    return (id18(found[1]), id18(found[2])) if found else (None, None)


def organization_of(row: Mapping[str, object], org_id: str | None, user_id: str | None) -> Organization:
    key, name, sandbox = row.get("Id"), row.get("Name"), row.get("IsSandbox")
    return Organization(
        id=id18(key) if isinstance(key, str) else org_id,
        is_sandbox=sandbox if isinstance(sandbox, bool) else None,
        name=name if isinstance(name, str) else None,
        user_id=user_id,
    )


def fields_of(described: object, object_name: str) -> dict[str, FieldInfo]:
    fields = described.get("fields") if isinstance(described, dict) else None
    if not isinstance(fields, list) or not all(_is_field(each) for each in fields):
        raise UnexpectedAnswer(
            f"Salesforce described {object_name} in a form that is not its own.",
            "check what stands between this machine and Salesforce.",
        )
    return {each["name"]: _field_info(each) for each in fields}


def _is_field(described: object) -> bool:
    return isinstance(described, dict) and isinstance(described.get("name"), str)


def _field_info(described: Mapping[str, Any]) -> FieldInfo:
    def number(key: str) -> int:
        value = described.get(key)
        return value if isinstance(value, int) else 0

    values = described.get("picklistValues")
    choices = [each for each in (values if isinstance(values, list) else ()) if isinstance(each, dict)]
    parents = described.get("referenceTo")
    createable = described.get("createable") is True
    return FieldInfo(
        name=described["name"],
        type=str(described.get("type") or ""),
        length=number("length"),
        precision=number("precision"),
        scale=number("scale"),
        createable=createable,
        updateable=described.get("updateable") is True,
        external_id=described.get("externalId") is True,
        unique=described.get("unique") is True,
        id_lookup=described.get("idLookup") is True,
        picklist=tuple(str(each.get("value")) for each in choices if each.get("active", True)),
        label=str(described.get("label") or ""),
        inactive=tuple(str(each.get("value")) for each in choices if not each.get("active", True)),
        restricted=described.get("restrictedPicklist") is True,
        required=createable
        and described.get("nillable") is False
        and described.get("defaultedOnCreate") is not True,
        reference_to=tuple(str(each) for each in (parents if isinstance(parents, list) else ())),
    )
