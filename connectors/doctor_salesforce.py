"""Looks at a Salesforce connection: sign-in, version, what the user may do and sees, what is left of the day.

Reads only. Hidden and missing look alike in Salesforce, and rows that are not shared are silently absent; so
each object is compared with what is needed of it, and the rows that the user sees with those that there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors import soql
from connectors.errors import ConnectorError, QuotaSpent, SignInRefused, UnexpectedAnswer, Unreachable
from connectors.findings import Finding, listed, refused
from connectors.salesforce_schema import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.salesforce import Salesforce
    from connectors.salesforce_schema import FieldInfo

RELEASES_KEPT = 9  # a version lives for at least three years of three releases
LOW = 0.2
SHARED = 0.98  # record counts of the org are estimates
LIMITS = {
    "DailyApiRequests": "API calls",
    "DailyBulkV2QueryJobs": "bulk query jobs",
    "DailyBulkV2QueryFileStorageMB": "megabytes of bulk query results",
}
_ENDS_ALL = (SignInRefused, QuotaSpent, Unreachable)


@dataclass(frozen=True, slots=True)
class ObjectNeed:
    """What is asked of one object. `key` is the field whose value tells a record that was created already."""

    name: str
    reads: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    key: str | None = None
    optional: bool = True


def examine(salesforce: Salesforce, needs: Sequence[ObjectNeed]) -> list[Finding]:
    """Never raises for what Salesforce says: a refusal is a finding. What would fail as well is left out."""
    findings: list[Finding] = []
    try:
        for finding in _look(salesforce, needs):
            findings.append(finding)  # noqa: PERF402 - what was found before an error is kept
    except ConnectorError as error:
        findings.append(refused("sign-in" if isinstance(error, SignInRefused) else "connection", error))
    return findings


def _look(salesforce: Salesforce, needs: Sequence[ObjectNeed]) -> Iterator[Finding]:
    organization = salesforce.sign_in()
    kind = {True: " (a sandbox)", False: " (production)", None: ""}[organization.is_sandbox]
    where = organization.name or organization.id or "an org that does not tell its name"
    yield Finding("sign-in", "ok", f"Signed in to {where}{kind}.")
    yield _version(salesforce)
    yield from _limits(salesforce)
    totals = _totals(salesforce, [need.name for need in needs])
    for need in needs:
        try:
            yield from _object(salesforce, need, totals)
        except _ENDS_ALL:
            raise
        except ConnectorError as error:
            yield refused(need.name, error)


def _version(salesforce: Salesforce) -> Finding:
    offered = salesforce.api_versions()
    newer = len(offered) - 1 - offered.index(salesforce.version)
    message = f"API version {salesforce.version} is offered; the newest is {offered[-1]}."
    if newer < RELEASES_KEPT:
        return Finding("API version", "ok", message)
    return Finding(
        "API version",
        "notice",
        f"{message} It is {newer} releases old and may be retired.",
        "set [salesforce] api_version to a newer one.",
    )


def _limits(salesforce: Salesforce) -> Iterator[Finding]:
    try:
        told = salesforce.resource("limits", "tell its limits")
    except _ENDS_ALL:
        raise
    except ConnectorError as error:
        yield refused("limits", error, "notice")
        return
    for name, what in LIMITS.items():
        entry = told.get(name) if isinstance(told, dict) else None
        most, left = _number(entry, "Max"), _number(entry, "Remaining")
        if most is None or left is None:
            continue
        low = left < most * LOW
        yield Finding(
            name,
            "notice" if low else "ok",
            f"{left:,} of {most:,} {what} are left in the org's 24 hours.",
            "other integrations share them; run at another hour, or lower [safety] api_share." if low else "",
            {"left": left, "maximum": most},
        )


def _totals(salesforce: Salesforce, names: Sequence[str]) -> Mapping[str, int]:
    """About how many records the org has, whoever may see them; empty where the user may not ask for that."""
    try:
        told = salesforce.resource(
            "limits/recordCount", "count its records", {"sObjects": ",".join(map(soql.identifier, names))}
        )
    except _ENDS_ALL:
        raise
    except ConnectorError:
        return {}
    rows = told.get("sObjects") if isinstance(told, dict) else None
    found = {}
    for row in rows if isinstance(rows, list) else []:
        count = _number(row, "count")
        if count is not None and isinstance(row.get("name"), str):
            found[row["name"]] = count
    return found


def _object(salesforce: Salesforce, need: ObjectNeed, totals: Mapping[str, int]) -> Iterator[Finding]:
    described = salesforce.describe_whole(need.name)
    if described is None or described.get("queryable") is not True:
        yield Finding(
            need.name,
            "notice" if need.optional else "problem",
            f"{need.name} is not there, or hidden from this user; what rests on it is unknown.",
            f"give the user read access to {need.name}, if the org has it.",
        )
        return
    fields = fields_of(described, need.name)
    found = [
        *_missing(need, described, fields),
        *_excess(need, described, fields),
        *_rows(salesforce, need, totals.get(need.name)),
    ]
    yield from found


def _missing(
    need: ObjectNeed, described: Mapping[str, Any], fields: Mapping[str, FieldInfo]
) -> Iterator[Finding]:
    hidden = [
        name for name in dict.fromkeys((*need.reads, *need.updates, *need.creates)) if name not in fields
    ]
    if hidden:
        yield Finding(
            need.name,
            "notice",
            f"{need.name} shows this user no {listed(hidden)}: left out, and what rests on it is unknown.",
            "deploy the fields, or grant read access to them by a permission set.",
        )
    locked = [name for name in need.updates if name in fields and not fields[name].updateable]
    if need.updates and (locked or described.get("updateable") is not True):
        yield Finding(
            need.name,
            "problem",
            f"This user may not edit {listed(locked) or 'any record'} of {need.name}.",
            "grant edit access to the object and to these fields by a permission set.",
        )
    barred = [name for name in need.creates if name in fields and not fields[name].createable]
    if need.creates and (barred or described.get("createable") is not True):
        what = f"a {need.name} with {listed(barred)}" if barred else f"any {need.name}"
        yield Finding(
            need.name,
            "problem",
            f"This user may not create {what}.",
            "grant create access to the object and edit access to these fields by a permission set.",
        )
    key = fields.get(need.key or "")
    if need.key is not None and (key is None or not (key.unique and key.createable)):
        yield Finding(
            need.name,
            "problem",
            f"{need.key} is no unique field of {need.name} that this user may fill: nothing is created there.",
            "deploy the field as it ships (text, external id, unique), with its permission set.",
        )


def _excess(
    need: ObjectNeed, described: Mapping[str, Any], fields: Mapping[str, FieldInfo]
) -> Iterator[Finding]:
    may = [
        verb
        for verb, flag, needed in (
            ("create", "createable", need.creates),
            ("change", "updateable", need.updates),
            ("delete", "deletable", ()),
        )
        if described.get(flag) is True and not needed
    ]
    if may:
        yield Finding(
            need.name,
            "notice",
            f"This user may also {' and '.join(may)} records of {need.name}, which is never done.",
            "take these permissions away from the integration user.",
        )
    own = {*need.updates, *need.creates}
    more = sorted(name for name, info in fields.items() if info.updateable and name not in own)
    if need.updates and more:
        yield Finding(
            need.name,
            "notice",
            f"This user may also edit {len(more)} other fields of {need.name} ({listed(more)}).",
            "leave edit access to the fields that are written.",
            {"fields": len(more)},
        )


def _rows(salesforce: Salesforce, need: ObjectNeed, total: int | None) -> Iterator[Finding]:
    counted = salesforce.resource(
        "query", f"count {need.name}", {"q": f"SELECT COUNT() FROM {soql.identifier(need.name)}"}
    )
    seen = _number(counted, "totalSize")
    if seen is None:
        raise UnexpectedAnswer(
            f"Salesforce counted {need.name} in a form that is not its own.",
            "check what stands between this machine and Salesforce.",
        )
    numbers = {"visible": seen, "total": total}
    if total is not None and seen < total * SHARED:
        yield Finding(
            need.name,
            "notice",
            f"This user sees {seen:,} of about {total:,} records of {need.name}.",
            "give the user View All for the object; what is not shared is missing without an error.",
            numbers,
        )
    elif seen == 0 and not need.optional:
        yield Finding(
            need.name, "problem", f"This user sees no record of {need.name}.", "share them.", numbers
        )
    else:
        yield Finding(need.name, "ok", f"This user sees {seen:,} records of {need.name}.", numbers=numbers)


def _number(entry: object, key: str) -> int | None:
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
