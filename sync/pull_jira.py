"""One Jira site into the mirror: what changed since its cursor, all of it, or what an id sweep finds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from connectors import jira_site, jira_tables
from sync.mirror import ISSUE_TABLES, SITE_TABLES
from sync.names import staff_entries
from sync.pull_job import NEVER, digest_of, naive, refuse_too_many

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.jira import Jira, JiraBatch
    from connectors.jira_site import Version, WantedFields
    from sync.mirror import Cursor
    from sync.pull_job import Keeper, PullJob
    from sync.staging import Staging


def pull_jira(job: PullJob, jira: Jira, user: str) -> None:
    """Store issues with their cursor and what the site consists of, or leave all of that as it was."""
    config, mirror, site = job.config, job.mirror, jira.settings.site
    wanted = replace(
        jira_site.discover(jira.fields(), config.identity.account_field, config.jira_fields(site)),
        remote_links=_wants_remote_links(job),
    )
    levels = config.jira.security_levels if config.jira else ()
    lists = {
        "jira_status": jira_tables.status_table(site, jira.statuses()),
        "jira_project": jira_tables.project_table(site, jira.projects()),
        "jira_priority": jira_tables.priority_table(site, jira.priorities() or []),
    }
    groups = _staff_groups(job, jira)
    digest = digest_of(
        [
            wanted.account_field,
            wanted.organization,
            wanted.participants,
            wanted.epic_link,
            sorted(wanted.mapped.items()),
            wanted.request_type,
            wanted.slas,
            wanted.satisfaction,
            wanted.satisfaction_date,
            wanted.remote_links,
        ],
        {name: str(schema) for name, schema in ISSUE_TABLES.items()},
        jira.settings.jql,
        user,
        sorted(levels),
    )
    source = f"jira:{site}"
    known = mirror.cursor(source, digest)
    before = None if job.full else known
    cut = mirror.partials().get(source)
    if cut is not None and (job.full or known is not None or not job.still_good(cut, digest)):
        mirror.drop_partial(source)
        cut = None
    since = job.going_on(cut) if cut is not None else job.since(before)
    with mirror.staging(*ISSUE_TABLES.items(), go_on=source if cut is not None else None) as stage:
        earlier = stage.batch
        keeper = job.keeper(source, digest, stage, cut) if known is None else None
        server_time = _stage(job, stage, jira.issue_batches(wanted, updated_since=since), keeper)
        newest = mirror.one(f"select max(updated) from {stage.name('jira_issue')}")
        cursor = job.next_cursor(
            before, digest, newest if isinstance(newest, datetime) else None, server_time
        )
        if cut is not None:  # what vanished since its first part was read is still in it
            cursor = cursor.swept(NEVER)
        just_read = mirror.connection.execute(
            f"select distinct id from {stage.name('jira_issue')} where batch > ?", [earlier]
        ).fetchall()
        with mirror.transaction():
            for name, rows in lists.items():
                mirror.replace(name, rows, site=site)
            mirror.set_meta(f"staff_groups:{site}", json.dumps(groups))
            mirror.note_source("jira", present=True)
            mirror.store_issues(stage, site=site, allowed_levels=levels, cursor=cursor, whole=before is None)
            if keeper is not None and keeper.has_kept:
                mirror.drop_partial(source)
    job.report.notices += sorted(f"Jira: {each}" for each in jira.notices)
    job.report.rows["jira_issue"] = job.report.rows.get("jira_issue", 0) + stage.rows
    if job.sweep_due(before) or cut is not None:
        _sweep(job, jira, wanted, cursor, {issue_id for (issue_id,) in just_read})
    _read_versions(job, jira)


def forget_sites(job: PullJob, kept: set[str]) -> None:
    """What a site that is no longer in the config left behind is not to be measured."""
    known = " union ".join(f"select site from {table}" for table in ("jira_issue", *SITE_TABLES))
    with job.mirror.transaction():
        if not kept:
            job.mirror.note_source("jira", present=False, reason="no [jira] in the config")
        for (site,) in job.mirror.connection.execute(known).fetchall():
            if site in kept:
                continue
            job.mirror.clear_site(site)
            for table in SITE_TABLES:
                job.mirror.connection.execute(f"delete from {table} where site = ?", [site])


def _wants_remote_links(job: PullJob) -> bool:
    """What links say so far is which Case an issue is about, so that without Cases nobody asks."""
    wanted = job.config.jira.remote_links if job.config.jira else "never"
    return wanted == "always" or (
        wanted == "auto" and job.mirror.one("select 1 from sf_case where not IsDeleted limit 1") is not None
    )


def _read_versions(job: PullJob, jira: Jira) -> None:
    """The releases of projects in which an issue names one that it affects, on each pull: a release that is put off
    touches no issue.
    """
    mirror, site = job.mirror, jira.settings.site
    projects = mirror.connection.execute(
        "select distinct i.project_id, i.project_key from jira_issue i "
        "join jira_issue_value v on v.site = i.site and v.issue_id = i.id and v.kind = 'affected_version' "
        "where i.site = ? and i.project_id is not null order by i.project_id",
        [site],
    ).fetchall()
    versions: list[Version] = []
    for project_id, project_key in projects:
        found = jira.versions(project_id)
        if found is None:
            job.report.notices.append(
                f"the releases of {project_key or project_id} are not visible to this user: changes after a release are not found there"
            )
        versions += found or []
    unique = {version.id: version for version in versions}
    mirror.replace("jira_version", jira_tables.version_table(site, list(unique.values())), site=site)


def _sweep(job: PullJob, jira: Jira, wanted: WantedFields, cursor: Cursor, just_read: set[str]) -> None:
    """Compare all ids in scope with the store: fetch what it lacks, drop what was deleted or left the scope.

    What this run has just read is in scope, even where the search index of the sweep does not know it yet.
    """
    mirror, site = job.mirror, jira.settings.site
    listed: list[str] = []
    for ids in jira.issue_ids():
        listed += ids
        job.progress("Jira issue ids", len(listed))
    mirror.connection.register("listed", pa.table({"id": pa.array(listed, pa.string())}))
    try:
        lacking = [
            issue_id
            for (issue_id,) in mirror.connection.execute(
                "select l.id from listed l anti join jira_issue i on i.id = l.id and i.site = ? order by l.id",
                [site],
            ).fetchall()
        ]
        gone = [
            issue_id
            for (issue_id,) in mirror.connection.execute(
                "select i.id from jira_issue i anti join listed l on l.id = i.id where i.site = ?", [site]
            ).fetchall()
            if issue_id not in just_read
        ]
    finally:
        mirror.connection.unregister("listed")
    stored = mirror.one("select count(*) from jira_issue where site = ?", site)
    refuse_too_many("Jira", "issues", len(gone), int(str(stored)))
    fetch = [issue_id for issue_id in lacking if issue_id not in just_read]
    with mirror.staging(*ISSUE_TABLES.items()) as stage:
        _stage(job, stage, jira.issues_by_id(wanted, fetch))
        mirror.store_issues(
            stage,
            site=site,
            allowed_levels=job.config.jira.security_levels if job.config.jira else (),
            cursor=cursor.swept(naive(job.now)),
            gone=gone,
        )
    job.report.rows["jira_issue"] += stage.rows


def _stage(
    job: PullJob, stage: Staging, batches: Iterable[JiraBatch], keeper: Keeper | None = None
) -> datetime | None:
    """Gather all batches; returns the server's clock when the reading began."""
    server_time = None
    for batch in batches:
        server_time = server_time or batch.server_time
        job.report.rejected += [("Jira issue", rejected) for rejected in batch.rejected]
        stage.add(
            jira_issue=batch.issues,
            jira_issue_value=batch.values,
            jira_comment=batch.comments,
            jira_step=batch.steps,
            jira_worklog=batch.worklogs,
            jira_sla_cycle=batch.sla_cycles,
            jira_rating=batch.ratings,
            jira_remote_link=batch.remote_links,
            jira_person=batch.people,
        )
        job.progress("Jira issues", stage.rows)
        if keeper is not None and batch.issues.num_rows:
            # Not the latest: an issue that is being changed shows its new time where the index has its old one.
            earliest = pc.min(batch.issues.column("updated")).as_py()
            keeper.reached(None if earliest is None else earliest.replace(tzinfo=UTC))
    return server_time


def _staff_groups(job: PullJob, jira: Jira) -> dict[str, list[str]]:
    groups = {}
    for name in staff_entries(job.config.identity.staff).groups:
        members = jira.group_members(name)
        if members is None:
            job.report.notices.append(
                f'identity.staff: Jira has no group "{name}" that this user can see, so nobody counts as its member'
            )
        groups[name] = members or []
    return groups
