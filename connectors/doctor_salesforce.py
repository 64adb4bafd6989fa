"""Looks at a Salesforce connection: sign-in, version, what the user may do and sees, what is left of the day.

Reads only. Hidden and missing look alike in Salesforce, and rows that are not shared are silently absent; so
each object is compared with what is needed of it, and the rows that the user sees with those that there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors import soql
from connectors.doctor_choices import Choice, offered, record_type
from connectors.doctor_powers import powers
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
ARCHIVED = frozenset({"Task", "Event"})
LIMITS = {
    "DailyApiRequests": "API calls",
    "DailyBulkV2QueryJobs": "bulk query jobs",
    "DailyBulkV2QueryFileStorageMB": "megabytes of bulk query results",
}
_ENDS_ALL = (SignInRefused, QuotaSpent, Unreachable)


@dataclass(frozen=True, slots=True)
class ObjectNeed:
    """What is asked of one object. `key` is the field whose value tells a record that was created already;
    `wishes` are read where they are there, and a right to `spares` is no right too many. `choices` are what its
    picklists must offer, `record_type` what new records are to be. `links` are edited where the user may, which asks for
    the right to edit the object; without that right they are left. `wanted` objects are asked for by the config, `extra`
    ones are a convenience: their absence is no news, and nothing about them is more than a note.
    """

    name: str
    reads: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    deletes: bool = False
    key: str | None = None
    optional: bool = True
    choices: tuple[Choice, ...] = ()
    record_type: str | None = None
    links: tuple[str, ...] = ()
    wanted: bool = False
    extra: bool = False


def examine(
    salesforce: Salesforce, needs: Sequence[ObjectNeed], *, api_share: float = 1, writing: bool = True
) -> list[Finding]:
    """Never raises for what Salesforce says: a refusal is a finding. What would fail as well is left out.

    `api_share` is the part of what is left of the day that one run may use. Not `writing`: what a user may not write
    keeps nothing from going on yet.
    """
    findings: list[Finding] = []
    try:
        for finding in _look(salesforce, needs, api_share, writing=writing):
            findings.append(finding)  # noqa: PERF402 - what was found before an error is kept
    except ConnectorError as error:
        findings.append(refused("sign-in" if isinstance(error, SignInRefused) else "connection", error))
    return findings


def _look(
    salesforce: Salesforce, needs: Sequence[ObjectNeed], api_share: float, *, writing: bool
) -> Iterator[Finding]:
    organization = salesforce.sign_in()
    kind = {True: " (a sandbox)", False: " (production)", None: ""}[organization.is_sandbox]
    where = organization.name or organization.id or "an org that does not tell its name"
    who = _user(salesforce, organization.user_id)
    sandbox = None if organization.is_sandbox is None else str(organization.is_sandbox).lower()
    facts = {"org": organization.id, "sandbox": sandbox, "user": who or organization.user_id}
    message = f"Signed in to {where}{kind}{f' as {who}' if who else ''}."
    yield Finding("sign-in", "note", message, code="signed_in", facts=facts)
    yield _version(salesforce)
    yield from _limits(salesforce, api_share)
    yield from powers(salesforce, organization.user_id)
    totals = _totals(salesforce, [need.name for need in needs])
    for need in needs:
        try:
            yield from _object(salesforce, need, totals, writing=writing)
        except _ENDS_ALL:
            raise
        except ConnectorError as error:
            yield refused(need.name, error, "warning" if need.optional else "error")


def _user(salesforce: Salesforce, user_id: str | None) -> str | None:
    """Who we are, in the form in which an admin looks for the user; None where that cannot be seen."""
    if user_id is None:
        return None
    try:
        rows = salesforce.select("User", ["Username"], where=soql.equals("Id", user_id))
    except _ENDS_ALL:
        raise
    except ConnectorError:
        return None
    name = rows[0].get("Username") if rows else None
    return name if isinstance(name, str) else None


def _version(salesforce: Salesforce) -> Finding:
    offered = salesforce.api_versions()
    newer = len(offered) - 1 - offered.index(salesforce.version)
    message = f"API version {salesforce.version} is offered; the newest is {offered[-1]}."
    if newer < RELEASES_KEPT:
        return Finding("API version", "note", message, code="api_version")
    return Finding(
        "API version",
        "warning",
        f"{message} It is {newer} releases old and may be retired.",
        "set [salesforce] api_version to a newer one.",
        code="api_version",
    )


def _limits(salesforce: Salesforce, api_share: float) -> Iterator[Finding]:
    try:
        told = salesforce.resource("limits", "tell its limits")
    except _ENDS_ALL:
        raise
    except ConnectorError as error:
        yield refused("limits", error, "note")
        return
    for name, what in LIMITS.items():
        entry = told.get(name) if isinstance(told, dict) else None
        most, left = _number(entry, "Max"), _number(entry, "Remaining")
        if most is None or left is None:
            continue
        low = left < most * LOW
        ours = f" One run uses at most {int(left * api_share):,}." if name == "DailyApiRequests" else ""
        yield Finding(
            name,
            "warning" if low else "note",
            f"{left:,} of {most:,} {what} are left in the org's 24 hours.{ours}",
            "other integrations share them; run at another hour, or lower [safety] api_share." if low else "",
            {"left": left, "maximum": most},
            "limit",
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


def _object(
    salesforce: Salesforce, need: ObjectNeed, totals: Mapping[str, int], *, writing: bool
) -> Iterator[Finding]:
    described = salesforce.describe_whole(need.name)
    if described is None or described.get("queryable") is not True:
        if need.extra:
            return
        rests = "nothing is written there" if need.wanted else "what rests on it is unknown"
        yield Finding(
            need.name,
            "warning" if need.wanted else "note" if need.optional else "error",
            f"{need.name} is not there, or hidden from this user; {rests}.",
            f"give the user read access to {need.name}, if the org has it.",
            code="absent",
        )
        return
    fields = fields_of(described, need.name)
    found = [
        *_missing(need, fields),
        *_barred(need, described, fields, writing=writing),
        *_excess(need, described, fields),
        *offered(need.name, need.choices, fields),
        *record_type(need.name, need.record_type, described),
        *_rows(salesforce, need, totals.get(need.name)),
    ]
    yield from (replace(each, severity="note") for each in found) if need.extra else found


def _missing(need: ObjectNeed, fields: Mapping[str, FieldInfo]) -> Iterator[Finding]:
    asked = dict.fromkeys((*need.reads, *need.updates, *need.creates))
    hidden = [name for name in asked if name not in fields]
    if hidden:
        yield Finding(
            need.name,
            "warning",
            f"{need.name} shows this user no {listed(hidden)}: left out, and what rests on it is unknown.",
            "deploy the fields (`rapport setup salesforce`), or grant read access to them by a permission set.",
            {"fields": len(hidden)},
            "hidden_fields",
        )
    absent = [name for name in dict.fromkeys(need.wishes) if name not in fields and name not in asked]
    if absent:
        yield Finding(
            need.name,
            "note",
            f"{need.name} has no {listed(absent)}, which would be read.",
            "nothing, unless the org has them: then grant read access, or map other names in [salesforce.fields].",
            {"fields": len(absent)},
            "absent_fields",
        )


def _barred(
    need: ObjectNeed, described: Mapping[str, Any], fields: Mapping[str, FieldInfo], *, writing: bool
) -> Iterator[Finding]:
    if need.updates and described.get("updateable") is not True:
        yield Finding(
            need.name,
            "error" if writing else "warning",
            f"This user may not edit any record of {need.name}.",
            "grant edit access to the object and to the fields that are written by a permission set.",
            code="no_edit",
        )
    locked = [name for name in need.updates if name in fields and not fields[name].updateable]
    if locked and described.get("updateable") is True:
        yield Finding(
            need.name,
            "warning",
            f"This user may not edit {listed(locked)} of {need.name}.",
            "grant edit access to these fields by a permission set.",
            code="no_edit",
        )
    barred = [name for name in need.creates if name in fields and not fields[name].createable]
    if need.creates and (barred or described.get("createable") is not True):
        what = f"a {need.name} with {listed(barred)}" if barred else f"any {need.name}"
        yield Finding(
            need.name,
            "warning",
            f"This user may not create {what}.",
            "grant create access to the object and edit access to these fields by a permission set.",
            code="no_create",
        )
    key = fields.get(need.key or "")
    if need.key is not None and (key is None or not (key.unique and key.createable)):
        yield Finding(
            need.name,
            "warning",
            f"{need.key} is no unique field of {need.name} that this user may fill: nothing is created there.",
            "deploy the field as `rapport setup salesforce` writes it out, with its permission set.",
            code="no_key",
        )


def _excess(
    need: ObjectNeed, described: Mapping[str, Any], fields: Mapping[str, FieldInfo]
) -> Iterator[Finding]:
    linked = [name for name in need.links if name in fields and fields[name].updateable]
    updates = (*need.updates, *linked)
    may = [
        verb
        for verb, flag, needed in (
            ("create", "createable", need.creates),
            ("change", "updateable", updates),
            ("delete", "deletable", need.deletes),
        )
        if described.get(flag) is True and not needed
    ]
    if may:
        yield Finding(
            need.name,
            "warning",
            f"This user may also {_either(may)} records of {need.name}, which is never done.",
            "take these permissions away from the integration user.",
            code="excess_rights",
        )
    own = {*updates, *need.creates, *need.spares}
    more = sorted(name for name, info in fields.items() if info.updateable and name not in own)
    if updates and more:
        yield Finding(
            need.name,
            "warning",
            f"This user may also edit {len(more)} other fields of {need.name} ({listed(more)}).",
            "leave edit access to the fields that are written.",
            {"fields": len(more)},
            "excess_fields",
        )


def _either(verbs: Sequence[str]) -> str:
    return verbs[0] if len(verbs) == 1 else f"{', '.join(verbs[:-1])} and {verbs[-1]}"


def _rows(salesforce: Salesforce, need: ObjectNeed, total: int | None) -> Iterator[Finding]:
    query = f"SELECT COUNT() FROM {soql.identifier(need.name)}"
    # Activities are archived after a year, and then only queryAll sees them.
    archived = need.name in ARCHIVED
    counted = salesforce.resource(
        "queryAll" if archived else "query",
        f"count {need.name}",
        {"q": f"{query} WHERE IsDeleted = false" if archived else query},
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
            "warning",
            f"This user sees {seen:,} of about {total:,} records of {need.name}.",
            "give the user View All for the object; what is not shared is missing without an error.",
            numbers,
            "rows",
        )
    elif seen == 0 and not need.optional:
        message = f"This user sees no record of {need.name}."
        yield Finding(need.name, "error", message, "share them with the user.", numbers, "rows")
    else:
        yield Finding(
            need.name, "note", f"This user sees {seen:,} records of {need.name}.", "", numbers, "rows"
        )


def _number(entry: object, key: str) -> int | None:
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
