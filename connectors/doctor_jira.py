"""Looks at a Jira connection: sign-in, what the account may do, and what is in its sight. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError, FieldNotFound, SignInRefused
from connectors.findings import Finding, listed, refused
from connectors.jira_site import discover

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.jira import Jira

READ = {"BROWSE_PROJECTS": "Browse projects"}
HELPFUL = {"USER_PICKER": "Browse users and groups"}
WRITE = {"CREATE_ISSUES": "Create issues", "EDIT_ISSUES": "Edit issues", "LINK_ISSUES": "Link issues"}
NEVER = {
    "ADMINISTER": "Administer Jira",
    "SYSTEM_ADMIN": "System administrator",
    "ADMINISTER_PROJECTS": "Administer projects",
    "DELETE_ISSUES": "Delete issues",
    "DELETE_ALL_COMMENTS": "Delete all comments",
    "DELETE_ALL_WORKLOGS": "Delete all worklogs",
}
LOW = 0.2
ALL = {**READ, **HELPFUL, **WRITE, **NEVER}


@dataclass(frozen=True, slots=True)
class SiteNeeds:
    """What is asked of a site: fields by name or id, groups of staff, and whether issues are created or linked."""

    account_field: str | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)
    groups: Sequence[str] = ()
    writes: bool = False


def examine(jira: Jira, needs: SiteNeeds | None = None) -> list[Finding]:
    """Never raises for what Jira says: a refusal is a finding."""
    findings: list[Finding] = []
    try:
        for finding in _look(jira, needs or SiteNeeds()):
            findings.append(finding)  # noqa: PERF402 - what was found before an error is kept
    except ConnectorError as error:
        findings.append(refused("sign-in" if isinstance(error, SignInRefused) else "connection", error))
    return findings


def _look(jira: Jira, needs: SiteNeeds) -> Iterator[Finding]:
    who = jira.sign_in()
    name = f" as {who.name}" if who.name else ""
    message = f"Signed in to {who.base_url} ({who.deployment_type}){name}."
    facts = {"url": who.base_url, "user": who.name or who.account_id}
    yield Finding("sign-in", "note", message, code="signed_in", facts=facts)
    yield from _permissions(jira, writes=needs.writes)
    yield from _fields(jira, needs)
    yield from _groups(jira, needs.groups)
    yield _projects(jira)
    yield _issues(jira)
    yield from _rate(jira)


def _permissions(jira: Jira, *, writes: bool) -> Iterator[Finding]:
    held = jira.permissions(tuple(ALL))
    if held is None:
        yield Finding(
            "permissions", "note", "Jira does not tell what this account may do.", code="permissions"
        )
        return
    needed = {**READ, **(WRITE if writes else {})}
    missing = _names(needed, held, have=False)
    if missing:
        yield Finding(
            "permissions",
            "error",
            f"This account lacks {listed(missing)} in every project.",
            "grant it in the permission schemes of the projects that are read.",
            code="permissions",
        )
    unseen = _names(HELPFUL, held, have=False)
    if unseen:
        yield Finding(
            "permissions",
            "note",
            f"This account lacks {listed(unseen)}: members of groups in [identity] staff cannot be read.",
            "grant the global permission, or name staff by account id or domain.",
            code="permissions",
        )
    excess = _names({**NEVER, **({} if writes else WRITE)}, held, have=True)
    if excess:
        yield Finding(
            "permissions",
            "warning",
            f"This account may also: {listed(excess)}, which is never done.",
            "read with an account of its own that may only browse.",
            {"permissions": len(excess)},
            "excess",
        )
    if not missing:
        message = f"This account has {listed(needed.values())}."
        yield Finding("permissions", "note", message, code="permissions")


def _fields(jira: Jira, needs: SiteNeeds) -> Iterator[Finding]:
    named = [name for name in (needs.account_field, *needs.mapped.values()) if name]
    if not named:
        return
    try:
        discover(jira.fields(), needs.account_field, needs.mapped)
    except FieldNotFound as error:
        yield Finding("fields", "error", error.message, error.advice, code="field")
    else:
        yield Finding(
            "fields", "note", f"Fields that the config names are there: {listed(named)}.", code="field"
        )


def _groups(jira: Jira, names: Sequence[str]) -> Iterator[Finding]:
    missing = [name for name in names if jira.group_members(name) is None]
    if missing:
        yield Finding(
            "groups",
            "warning",
            f"This account sees no group {listed(missing)}, so nobody counts as its member.",
            "correct the name in [identity] staff, or let the account browse users and groups.",
            {"groups": len(missing)},
            "group",
        )


def _projects(jira: Jira) -> Finding:
    projects = jira.projects()
    service = sum(one.type_key == "service_desk" for one in projects)
    numbers = {"projects": len(projects), "service_projects": service}
    if not projects:
        return Finding(
            "projects",
            "error",
            "This account sees no project.",
            "grant Browse projects in the projects that are to be read.",
            numbers,
            "projects",
        )
    return Finding(
        "projects",
        "note",
        f"This account sees {len(projects):,} projects, {service:,} of them service projects.",
        numbers=numbers,
        code="projects",
    )


def _issues(jira: Jira) -> Finding:
    count = jira.count()
    numbers = {"visible": count}
    if count is None:
        return Finding("issues", "note", "Jira does not tell how many issues are in scope.", code="rows")
    if count == 0:
        return Finding(
            "issues",
            "warning",
            "No issue is in scope.",
            f"look at {jira.settings.section} jql, and at what this account may browse.",
            numbers,
            "rows",
        )
    return Finding("issues", "note", f"About {count:,} issues are in scope.", numbers=numbers, code="rows")


def _rate(jira: Jira) -> Iterator[Finding]:
    """What the site says of its own accord about how much more may be asked; most sites say nothing."""
    rate = jira.rate
    if rate.maximum is None or rate.left is None:
        return
    low = rate.near or rate.left < rate.maximum * LOW
    yield Finding(
        "rate limit",
        "warning" if low else "note",
        f"{rate.left:,} of {rate.maximum:,} requests are left before Jira asks to wait.",
        "other integrations share them; run at another hour." if low else "",
        {"left": rate.left, "maximum": rate.maximum},
        "limit",
    )


def _names(of: Mapping[str, str], held: Mapping[str, bool], *, have: bool) -> list[str]:
    """The names for people of those permissions that the account has, or has not; untold ones are neither."""
    return [name for key, name in of.items() if held.get(key) is have]
