"""Bring the mirror up to date: what changed in Salesforce and Jira since the last time, or all of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from connectors import jira_site, jira_tables, soql
from connectors.batches import Column
from sync import normalise
from sync.mirror import JIRA_TABLES, Staging, arrow_schema
from sync.names import staff_entries
from sync.objects import ACCOUNT_FIELDS, TASK_FIELDS, SourceObject, wanted_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.batches import Rejected
    from connectors.jira import Jira
    from connectors.jira_site import JiraIdentity
    from connectors.salesforce import FieldInfo, Organization, Salesforce
    from sync.config import Config
    from sync.mirror import Mirror

_ISSUE_TABLES = {
    name: JIRA_TABLES[name]
    for name in ("jira_issue", "jira_issue_value", "jira_comment", "jira_step", "jira_worklog", "jira_person")
}


@dataclass(frozen=True, slots=True)
class Sides:
    """Both systems, signed in: who answers there is known before anything is read."""

    salesforce: Salesforce
    organization: Organization
    jira: Jira | None = None
    site: JiraIdentity | None = None

    @classmethod
    def sign_in(cls, salesforce: Salesforce, jira: Jira | None) -> Sides:
        organization = salesforce.sign_in()
        return cls(salesforce, organization, jira, None if jira is None else jira.sign_in())

    def identity(self) -> dict[str, str | None]:
        """What ties a store to its org and site."""
        sandbox = self.organization.is_sandbox
        return {
            "org": self.organization.id,
            "sandbox": None if sandbox is None else str(sandbox).lower(),
            "Jira site": None if self.site is None else self.site.base_url,
        }


@dataclass(slots=True)
class PullReport:
    """What one pull did: rows by source, records that could not be read, and what a person should know."""

    pull_id: str = ""
    organization: Organization | None = None
    sites: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[str, Rejected]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def pull(
    config: Config,
    mirror: Mirror,
    sides: Sides,
    *,
    full: bool,
    now: datetime,
    progress: Callable[[str, int], None],
) -> PullReport:
    """Read both sides into the mirror and materialise what the models need.

    Each source is stored whole, with its cursor, or not at all; an error of a connector ends the pull and leaves
    the sources after it as they were. Raises the errors of `connectors.errors`.
    """
    report = PullReport(organization=sides.organization)
    salesforce, jira = sides.salesforce, sides.jira
    mirror.set_meta("incomplete", "yes")
    overlap = timedelta(minutes=config.pull.overlap_minutes)
    columns = {**config.accounts.columns, **_manager_fields(config)}
    wanted = wanted_objects(config.salesforce.fields, columns, config.identity.account_key)
    described: dict[str, Mapping[str, FieldInfo] | None] = {}
    for source in wanted:
        if source.name not in described:
            described[source.name] = salesforce.describe(source.name)
        _pull_object(
            mirror,
            salesforce,
            source,
            described[source.name],
            report,
            full=full,
            overlap=overlap,
            now=now,
            progress=progress,
        )
    _note_declared_fields(config, wanted, described, report)
    _note_own_fields(config, mirror, described, report)
    if jira is None or sides.site is None:
        mirror.note_source("jira", present=False, reason="no [jira] in the config")
    else:
        report.sites = (sides.site.base_url,)
        _pull_jira(
            config,
            mirror,
            jira,
            sides.site.account_id,
            report,
            full=full,
            overlap=overlap,
            now=now,
            progress=progress,
        )
        mirror.note_source("jira", present=True)
    progress("links", 0)
    report.notices += normalise.materialise(config, mirror)
    mirror.set_meta("newest_stamp", _newest_stamp(mirror, wanted))
    report.pull_id = str(int(mirror.meta("pull_id") or 0) + 1)
    if config.time.now is None:
        mirror.set_meta("clock_offset_seconds", str(_clock_offset(salesforce, now)))
    mirror.set_meta("pulled_at", now.isoformat())
    mirror.set_meta("organization", json.dumps(_identity(report)))
    mirror.set_meta("incomplete", "")
    mirror.set_meta("pull_id", report.pull_id)
    return report


def _identity(report: PullReport) -> dict[str, object]:
    organization = report.organization
    return {
        "id": organization.id if organization else None,
        "is_sandbox": organization.is_sandbox if organization else None,
        "sites": list(report.sites),
    }


def _clock_offset(salesforce: Salesforce, now: datetime) -> int:
    """Seconds that the org's clock is ahead of this machine's; what two honest clocks differ by counts as none."""
    server = salesforce.server_time()
    if server is None:
        return 0
    offset = int((server - now).total_seconds())
    return offset if abs(offset) > 120 else 0


# -- Salesforce ------------------------------------------------------------------------------------------------------


def _pull_object(
    mirror: Mirror,
    salesforce: Salesforce,
    source: SourceObject,
    fields: Mapping[str, FieldInfo] | None,
    report: PullReport,
    *,
    full: bool,
    overlap: timedelta,
    now: datetime,
    progress: Callable[[str, int], None],
) -> None:
    mirror.ensure_object(source)
    if fields is None or (source.only_with and source.api_name(source.only_with) not in fields):
        reason = "the org lacks this object, or this user may not see it"
        mirror.note_source(source.table, present=False, reason=reason)
        mirror.connection.execute(f"delete from {source.table}")
        mirror.connection.execute("delete from mirror_cursor where source = ?", [source.table])
        return
    visible = tuple(column for column in source.columns if source.api_name(column.name) in fields)
    missing = [column.name for column in source.columns if column not in visible]
    mirror.note_source(source.table, present=True, missing=missing)
    stamp = next(
        (name for name in ("SystemModstamp", "LastModifiedDate", "CreatedDate") if name in fields), None
    )
    digest = _digest(
        [source.api_name(column.name) for column in visible], source.only_with, report.organization
    )
    cursor = None if full or stamp is None else mirror.cursor(source.table, digest)
    conditions = []
    if source.only_with:
        conditions.append(soql.not_null(source.api_name(source.only_with)))
    if cursor is not None and stamp is not None:
        conditions.append(soql.at_least(stamp, cursor.replace(tzinfo=UTC) - overlap))
    asked = tuple(Column(source.api_name(column.name), column.kind) for column in visible)
    schema = arrow_schema(source.columns)
    high_water, ceiling = cursor, None
    with mirror.staging((source.table, schema)) as stage:
        for batch in salesforce.batches(
            source.name,
            asked,
            where=soql.all_of(*conditions) if conditions else None,
            order_by=("Id",) if stamp is None else (stamp, "Id"),
            include_deleted=True,
        ):
            ceiling = ceiling or batch.server_time
            report.rejected += [(source.name, rejected) for rejected in batch.rejected]
            stage.add(**{source.table: _fitted(batch.table, source, schema)})
            progress(source.name, stage.rows)
        newest = _newest_staged(mirror, stage, source.table) if stamp == "SystemModstamp" else None
        if newest is not None:
            high_water = newest if high_water is None else max(newest, high_water)
            if ceiling is not None:
                high_water = min(high_water, ceiling.astimezone(UTC).replace(tzinfo=None))
        rows = mirror.store_object(
            source,
            stage,
            whole=cursor is None,
            digest=digest,
            high_water=high_water,
            now=now.replace(tzinfo=None),
        )
    report.rows[source.table] = rows


def _fitted(table: pa.Table, source: SourceObject, schema: pa.Schema) -> pa.Table:
    """The batch under our names, with NULL columns for the fields that this user cannot see."""
    theirs = {source.api_name(column.name): column.name for column in source.columns}
    by_name = {theirs[name]: table.column(name) for name in table.column_names}
    columns = [
        by_name[each.name].cast(each.type) if each.name in by_name else pa.nulls(table.num_rows, each.type)
        for each in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _newest_staged(mirror: Mirror, stage: Staging, table: str) -> datetime | None:
    newest = mirror.one(f"select max(SystemModstamp) from {stage.name(table)}")
    return newest if isinstance(newest, datetime) else None


def _digest(*parts: object) -> str:
    """What a cursor was made with: other fields, another query or another user mean that all has to be read."""
    text = json.dumps([_plain(part) for part in parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(part: object) -> object:
    user = getattr(part, "user_id", None)
    return part if isinstance(part, str | list | tuple | dict | None) else [getattr(part, "id", None), user]


def _note_declared_fields(
    config: Config,
    wanted: list[SourceObject],
    described: Mapping[str, Mapping[str, FieldInfo] | None],
    report: PullReport,
) -> None:
    """A field that the config names and the org does not show is worth a word; it counts as unknown."""
    named = {
        **config.salesforce.fields,
        **{f"x_{name}": theirs for name, theirs in config.accounts.columns.items()},
    }
    for source in wanted:
        fields = described[source.name]
        if fields is None or source.only_with:
            continue
        for column in source.columns:
            if column.name in named and source.api_name(column.name) not in fields:
                report.notices.append(
                    f"{source.name}.{source.api_name(column.name)} is named in the config, but the org lacks it or this "
                    f"user may not see it: it counts as unknown"
                )


def _manager_fields(config: Config) -> dict[str, str]:
    """Account fields that `people.account_manager` names by API name, pulled under that name."""
    entries = (entry.partition(":") for entry in config.people.account_manager)
    return {name: name for kind, _, name in entries if kind == "field"}


def _note_own_fields(
    config: Config,
    mirror: Mirror,
    described: Mapping[str, Mapping[str, FieldInfo] | None],
    report: PullReport,
) -> None:
    """Remember what the org allows Rapport's own fields to hold; one that is missing is left out, with a notice."""
    kept: dict[str, dict[str, object]] = {}
    for object_name, names in (("Account", ACCOUNT_FIELDS), ("Task", TASK_FIELDS)):
        fields = described[object_name] or {}
        for ours in names:
            theirs = config.salesforce.fields.get(ours, ours)
            info = fields.get(theirs)
            if info is None or not info.updateable:
                why = (
                    "the org lacks it or this user may not see it"
                    if info is None
                    else "this user may not write it"
                )
                report.notices.append(f"{object_name}.{theirs}: {why}; it is left out")
            if info is not None:
                kept[ours] = {
                    "name": theirs,
                    "length": info.length,
                    "scale": info.scale,
                    "createable": info.createable,
                    "updateable": info.updateable,
                    "unique": info.unique or info.external_id,
                }
    mirror.set_meta("own_fields", json.dumps(kept))


# -- Jira ------------------------------------------------------------------------------------------------------------


def _pull_jira(
    config: Config,
    mirror: Mirror,
    jira: Jira,
    user: str,
    report: PullReport,
    *,
    full: bool,
    overlap: timedelta,
    now: datetime,
    progress: Callable[[str, int], None],
) -> None:
    site = jira.settings.site
    wanted = jira_site.discover(jira.fields(), config.identity.account_field)
    mirror.replace("jira_status", jira_tables.status_table(site, jira.statuses()), site=site)
    mirror.replace("jira_project", jira_tables.project_table(site, jira.projects()), site=site)
    mirror.replace("jira_priority", jira_tables.priority_table(site, jira.priorities() or []), site=site)
    staff_groups = {
        name: jira.group_members(name) or [] for name in staff_entries(config.identity.staff).groups
    }
    mirror.set_meta(f"staff_groups:{site}", json.dumps(staff_groups))
    digest = _digest(
        str(wanted), jira.settings.jql, user, sorted(config.jira.security_levels) if config.jira else []
    )
    cursor = None if full else mirror.cursor(f"jira:{site}", digest)
    since = None if cursor is None else cursor.replace(tzinfo=UTC) - overlap
    high_water, ceiling = cursor, None
    with mirror.staging(*_ISSUE_TABLES.items()) as stage:
        for batch in jira.issue_batches(wanted, updated_since=since):
            ceiling = ceiling or batch.server_time
            report.rejected += [("Jira issue", rejected) for rejected in batch.rejected]
            stage.add(
                jira_issue=batch.issues,
                jira_issue_value=batch.values,
                jira_comment=batch.comments,
                jira_step=batch.steps,
                jira_worklog=batch.worklogs,
                jira_person=batch.people,
            )
            progress("Jira issues", stage.rows)
        newest = mirror.one(f"select max(updated) from {stage.name('jira_issue')}")
        if isinstance(newest, datetime):
            high_water = newest if high_water is None else max(newest, high_water)
            if ceiling is not None:
                high_water = min(high_water, ceiling.astimezone(UTC).replace(tzinfo=None))
        report.rows["jira_issue"] = mirror.store_issues(
            stage,
            site=site,
            whole=cursor is None,
            allowed_levels=config.jira.security_levels if config.jira else (),
            digest=digest,
            high_water=high_water,
            now=now.replace(tzinfo=None),
        )


def _newest_stamp(mirror: Mirror, wanted: list[SourceObject]) -> str:
    """The newest stamp of anything that happened with a customer; Rapport's own tasks and Account stamps left out."""
    stamps = []
    for source in wanted:
        if source.business:
            own = (
                f" where {'Rapport_Key__c'} is null"
                if any(c.name == "Rapport_Key__c" for c in source.columns)
                else ""
            )
            stamps.append(f"select max(SystemModstamp) as stamp from {source.table}{own}")
    stamps.append("select max(updated) as stamp from jira_issue")
    newest = mirror.one(f"select max(stamp) from ({' union all '.join(stamps)})")
    return newest.replace(tzinfo=UTC).isoformat() if isinstance(newest, datetime) else ""
