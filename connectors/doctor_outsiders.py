"""Whether people from outside, guests of a public site or members of a community, may read what is meant for staff.

Salesforce keeps the rights to fields with permission sets, of which each profile owns one. A profile says itself what
kind of user it is for; any other permission set is for whoever it was assigned to.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors import soql
from connectors.errors import ConnectorError, QuotaSpent, SignInRefused, Unreachable
from connectors.findings import Finding, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.salesforce import Salesforce

GUEST = "guest"
# User types of people who are not staff, in the spellings of User and of Profile, without regard to case.
OUTSIDE = ("Guest", "CspLitePortal", "CustomerSuccess", "PowerCustomerSuccess", "PowerPartner", "SelfService")
MOST_SETS = 40  # permission sets whose holders are asked for, one call each
_ACTIVITY = frozenset({"Task", "Event", "Activity"})
_PARENT = ("Parent.Label", "Parent.IsOwnedByProfile", "Parent.Profile.Name", "Parent.Profile.UserType")


@dataclass(slots=True)
class _Reader:
    """A profile or permission set and what it shows: fields as Object.Field, whole objects by name."""

    id: str
    name: str
    by_profile: bool
    user_type: str
    shows: set[str] = field(default_factory=set)


def readers(
    salesforce: Salesforce, fields: Mapping[str, Sequence[str]], objects: Sequence[str]
) -> Iterator[Finding]:
    """`fields` by object and whole `objects`, all by the org's names. One note where the org does not tell."""
    try:
        found = _readers(salesforce, fields, objects)
        outside = [each for each in found if each.by_profile and _is_outside(each.user_type)]
        held, left = _held_outside(salesforce, [each for each in found if not each.by_profile])
    except (SignInRefused, QuotaSpent, Unreachable):
        raise
    except ConnectorError:
        yield Finding(
            "outsiders",
            "note",
            "Whether guests or community members may read Rapport's fields could not be checked.",
            "run this once as a user with View Setup and Configuration, or look through the guest and community"
            " profiles in Setup.",
            code="outsiders_unknown",
        )
        return
    outside += held
    for each in sorted(outside, key=lambda one: (one.user_type.casefold() != GUEST, one.name)):
        yield _told(each)
    if left:
        yield Finding(
            "outsiders",
            "note",
            f"Of {left} more permission sets that show Rapport's fields it was not looked at who holds them.",
            "have fewer permission sets show these fields.",
            {"permission_sets": left},
            "outsiders_unknown",
        )
    if not outside:
        yield Finding(
            "outsiders",
            "note",
            "No profile or permission set of guests or community members shows a field of Rapport.",
            numbers={"looked_at": len(found)},
            code="outsiders",
        )


def _told(reader: _Reader) -> Finding:
    guest = reader.user_type.casefold() == GUEST
    kind = "profile" if reader.by_profile else "permission set"
    whom = "guests of a public site" if guest else "community members"
    where = "" if reader.by_profile else f", which {whom} hold,"
    return Finding(
        "outsiders",
        "error" if guest else "warning",
        f'The {kind} "{reader.name}"{where} lets {whom} read {listed(sorted(reader.shows), 8)}.',
        f"take the read access to these away from the {kind} in Setup: scores are for staff alone.",
        {"fields": len(reader.shows)},
        "outsiders",
        {kind.replace(" ", "_"): reader.name, "user_type": reader.user_type},
    )


def _readers(
    salesforce: Salesforce, fields: Mapping[str, Sequence[str]], objects: Sequence[str]
) -> list[_Reader]:
    found: dict[str, _Reader] = {}
    asked: dict[str, list[str]] = defaultdict(list)
    for name, own in fields.items():
        # Fields of activities belong to Activity, and their rights to whichever of its objects they were given for.
        for each in sorted(_ACTIVITY) if name in _ACTIVITY else [name]:
            asked[each] += [f"{each}.{one}" for one in own]
    names = [each for own in asked.values() for each in dict.fromkeys(own)]
    if names:
        rows = salesforce.select_in(
            "FieldPermissions",
            ["ParentId", "SobjectType", "Field", *_PARENT],
            "Field",
            names,
            where="PermissionsRead = true",
        )
        for row in rows:
            _add(found, row, str(row.get("Field")))
    if objects:
        rows = salesforce.select_in(
            "ObjectPermissions",
            ["ParentId", "SobjectType", *_PARENT],
            "SobjectType",
            objects,
            where="PermissionsRead = true",
        )
        for row in rows:
            _add(found, row, str(row.get("SobjectType")))
    return list(found.values())


def _add(found: dict[str, _Reader], row: Mapping[str, object], shown: str) -> None:
    parent = row.get("Parent")
    parent = parent if isinstance(parent, dict) else {}
    profile = parent.get("Profile")
    profile = profile if isinstance(profile, dict) else {}
    key = str(row.get("ParentId"))
    by_profile = parent.get("IsOwnedByProfile") is True
    name = profile.get("Name") if by_profile else parent.get("Label")
    reader = found.setdefault(
        key, _Reader(key, str(name or key), by_profile, str(profile.get("UserType") or ""))
    )
    reader.shows.add(shown)


def _held_outside(salesforce: Salesforce, sets: Sequence[_Reader]) -> tuple[list[_Reader], int]:
    """Those permission sets that somebody from outside holds, and how many were not looked at."""
    found = []
    for each in sets[:MOST_SETS]:
        own = soql.equals("PermissionSetId", each.id)
        for kinds in (("Guest",), OUTSIDE[1:]):
            condition = soql.all_of(own, soql.in_("Assignee.UserType", kinds), "Assignee.IsActive = true")
            count = salesforce.resource(
                "query",
                "count who holds a permission set",
                {"q": f"SELECT COUNT() FROM PermissionSetAssignment WHERE {condition}"},
            )
            if isinstance(count, dict) and count.get("totalSize"):
                each.user_type = kinds[0]
                found.append(each)
                break
    return found, len(sets) - len(sets[:MOST_SETS])


def _is_outside(user_type: str) -> bool:
    return user_type.casefold() in {each.casefold() for each in OUTSIDE}
