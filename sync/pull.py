"""Bring the mirror up to date: what changed in Salesforce and Jira since the last time, or all of it.

```
Salesforce ── object by object ─┐
                                ├─► staged ─► stored with its cursor ─► links and normal keys
Jira ──────── issues in full ───┘
```
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import duckdb

from connectors.errors import ConnectorError
from sync import normalise, quadrant_words, score_object, score_place, source_days
from sync.objects import (
    ACCOUNT_FIELDS,
    ACCOUNT_OF_TASK,
    ANSWER_FIELDS,
    EXTRA_FIELDS,
    KEY_FIELD,
    OBJECTIVES,
    PLANS,
    QUADRANT_FIELD,
    SCORE_FIELDS,
    SPARE_TASK_FIELDS,
    SURVEYS,
    TASK_FIELDS,
    MappedObject,
    SourceObject,
    wanted_objects,
)
from sync.pull_jira import forget_sites, pull_jira
from sync.pull_job import PullJob, PullReport
from sync.pull_salesforce import pull_objects
from sync.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.jira import Jira
    from connectors.jira_site import JiraIdentity
    from connectors.salesforce import FieldInfo, Organization, Salesforce
    from connectors.salesforce_schema import ObjectInfo
    from sync.config import Config
    from sync.mirror import Mirror

__all__ = ["PullReport", "Sides", "pull"]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both systems, signed in: who answers there is known before anything is read."""

    salesforce: Salesforce
    organization: Organization
    jira: tuple[Jira, ...] = ()
    sites: tuple[JiraIdentity, ...] = ()

    @classmethod
    def sign_in(cls, salesforce: Salesforce, jira: tuple[Jira, ...]) -> Sides:
        organization = salesforce.sign_in()
        return cls(salesforce, organization, jira, tuple(site.sign_in() for site in jira))

    def identity(self) -> dict[str, str | None]:
        """What ties a store to its org and site."""
        sandbox = self.organization.is_sandbox
        return {
            "org": self.organization.id,
            "sandbox": None if sandbox is None else str(sandbox).lower(),
            **{
                site_name(site.settings.site): who.base_url
                for site, who in zip(self.jira, self.sites, strict=True)
            },
        }


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

    Each source is stored whole, with its cursor, or not at all; an error of a connector ends the pull, leaves the
    sources after it as they were, and what was read before it usable. Raises the errors of `connectors.errors`.
    """
    report = PullReport(organization=sides.organization)
    job = PullJob(config, mirror, report, full, now, progress)
    wanted = sources_of(config)
    with mirror.transaction():
        mirror.set_meta("incomplete", "yes")
        for source in wanted:
            mirror.ensure_object(source, reshape=False)
    try:
        _read(job, sides, wanted)
    except ConnectorError:
        if report.rows and mirror.meta("pull_id") is not None:
            # Sources of two ages stand side by side now: at least links and keys fit what is there. They cannot
            # where the config asks for columns that were not read yet; the error that stopped the pull says more.
            with contextlib.suppress(duckdb.BinderException):
                _finish(job, wanted)
        raise
    with mirror.transaction():
        _finish(job, wanted)
        if config.time.now is None:
            mirror.set_meta("clock_offset_seconds", str(_clock_offset(sides.salesforce, now)))
        mirror.set_meta("pulled_at", now.isoformat())
        mirror.set_meta("organization", json.dumps(_identity(report)))
        mirror.set_meta("incomplete", "")
    return report


def site_name(site: str) -> str:
    """How a site is called where the store is tied to it."""
    return "Jira site" if site == "default" else f"Jira site {site}"


def sources_of(config: Config) -> list[SourceObject]:
    """What a pull under this config asks of Salesforce."""
    columns = {**config.accounts.columns, **_manager_fields(config)}
    columns |= {name: name for name in config.mapped_fields().values()}
    found = wanted_objects(
        config.salesforce.fields, columns, config.identity.account_key, _mapped_objects(config)
    )
    return score_object.with_score_records(found) if config.salesforce.write_to == "object" else found


def _mapped_objects(config: Config) -> dict[str, MappedObject]:
    plans, surveys = config.salesforce.plans, config.salesforce.surveys
    return {
        PLANS: MappedObject(plans.object, plans.fields),
        OBJECTIVES: MappedObject(plans.objectives, plans.objective_fields),
        SURVEYS: MappedObject(surveys.object, surveys.fields),
    }


def _read(job: PullJob, sides: Sides, wanted: list[SourceObject]) -> None:
    objects = _described(job, sides.salesforce, wanted)
    described = {name: None if one is None else one.fields for name, one in objects.items()}
    pull_objects(job, sides.salesforce, wanted, described)
    job.report.notices += sorted(sides.salesforce.notices)
    _drop_keyless_tasks(job.mirror)
    _note_hidden(wanted, described, job.report)
    _note_declared_fields(job.config, wanted, described, job.report)
    _note_own_fields(job.config, job.mirror, objects, job.report)
    source_days.note_object(job.mirror, objects.get(source_days.OBJECT))
    source_days.note_read(job.config, job.mirror, source_days.SALESFORCE, job.now)
    forget_sites(job, {site.settings.site for site in sides.jira})
    job.report.sites = tuple(who.base_url for who in sides.sites)
    for site, who in zip(sides.jira, sides.sites, strict=True):
        pull_jira(job, site, who.account_id)
        source_days.note_read(job.config, job.mirror, source_days.jira(site.settings.site), job.now)


def _described(
    job: PullJob, salesforce: Salesforce, wanted: list[SourceObject]
) -> dict[str, ObjectInfo | None]:
    """What this user may see of each object, side by side; None for objects that are not there for him."""
    listed = salesforce.object_names()
    names = list(dict.fromkeys([*(source.name for source in wanted), source_days.OBJECT]))
    if listed is None or "Account" not in listed:  # a list of something else
        listed = frozenset(names)
    there = [name for name in names if name in listed]
    with side_by_side(
        [partial(_describe, salesforce, name) for name in there], job.config.pull.parallel
    ) as answers:
        found = {name: fields for name, answer in zip(there, answers, strict=True) for fields in answer}
    return {name: found.get(name) for name in names}


def _describe(salesforce: Salesforce, name: str) -> Iterator[ObjectInfo | None]:
    yield salesforce.describe_object(name)


def _finish(job: PullJob, wanted: list[SourceObject]) -> None:
    """Derive what the models need, and give the mirror a new name: plans of an older one are out of date."""
    job.progress("links", 0)
    job.mirror.fit_threads()
    with job.mirror.transaction():
        job.report.notices += normalise.materialise(job.config, job.mirror)
        job.mirror.set_meta("newest_stamp", _newest_stamp(job.mirror, wanted))
        count = int((job.mirror.meta("pull_id") or "0").partition(" ")[0]) + 1
        # With the time, because a mirror that was rebuilt counts from one again.
        job.report.pull_id = f"{count} {job.now.isoformat()}"
        job.mirror.set_meta("pull_id", job.report.pull_id)


def _drop_keyless_tasks(mirror: Mirror) -> None:
    """A task whose key a person has cleared is no longer found by "has a key", and no longer Rapport's."""
    mirror.connection.execute(
        f"delete from sf_own_task where Id in (select Id from sf_task where {KEY_FIELD} is null)"
    )


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


def _note_hidden(
    wanted: list[SourceObject],
    described: Mapping[str, Mapping[str, FieldInfo] | None],
    report: PullReport,
) -> None:
    """Orgs differ in what they have, so this is one line, without what most of them lack; `status` has the list."""
    usual = {source.name for source in wanted if not source.optional}
    hidden = [name for name, fields in described.items() if fields is None and name in usual]
    if hidden:
        report.notices.append(
            f"{', '.join(hidden)}: not in this org, or hidden from this user; what rests on that is unknown"
        )


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
        **{f"x_{name}": name for name in config.mapped_fields().values()},
    }
    mapped = _mapped_objects(config)
    beside = config.salesforce.write_to == "object"
    for source in wanted:
        fields = described[source.name]
        if fields is None or source.only_with:
            continue
        for column in source.columns:
            if beside and column.name in ACCOUNT_FIELDS:
                continue  # they stand elsewhere, and what is missing there is told with the others
            in_config = column.name in named or column.name in getattr(mapped.get(source.table), "fields", ())
            if in_config and source.api_name(column.name) not in fields:
                report.notices.append(
                    f"{source.name}.{source.api_name(column.name)} is named in the config, but the org lacks it or this "
                    f"user may not see it: it counts as unknown"
                )


def _manager_fields(config: Config) -> dict[str, str]:
    """Account fields that `people.account_manager` names by API name, pulled under that name."""
    entries = (entry.partition(":") for entry in config.people.account_manager)
    return {name: name for kind, _, name in entries if kind == "field"}


def _note_own_fields(
    config: Config, mirror: Mirror, objects: Mapping[str, ObjectInfo | None], report: PullReport
) -> None:
    """Remember what the org allows Rapport's own fields to hold; one that is missing is left out, with a notice."""
    without_scores = {
        field for card, field in SCORE_FIELDS.items() if card not in config.catalogue.scorecards
    }
    own = [name for name in ACCOUNT_FIELDS if name not in without_scores]
    place, write_to = "Account", config.salesforce.write_to
    if write_to == "object":
        place = score_object.OBJECT
        lacking = score_object.lacking(objects[place])
        if lacking:
            report.notices.append(f'{place} {lacking}: no score is written (write_to = "object")')
            own = []
    kept: dict[str, dict[str, object]] = {}
    for object_name, names in ((place, own), ("Task", TASK_FIELDS)):
        fields = _fields(objects, object_name)
        for ours in names:
            theirs = config.salesforce.fields.get(ours, ours)
            info = fields.get(theirs)
            unwritable = info is None or not (info.updateable or ours in ANSWER_FIELDS)
            if unwritable and ours not in EXTRA_FIELDS:
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
                    "unique": info.unique,
                    "type": info.type,
                    "choices": list(info.picklist),
                    "restricted": info.restricted,
                }
    _note_task_fields(config, mirror, _fields(objects, "Task"), report)
    report.notices += quadrant_words.unfit(config.catalogue, kept.get(QUADRANT_FIELD))
    mirror.set_meta("own_fields", json.dumps(kept))
    link = _fields(objects, "Account").get(score_object.LINK_FIELD)
    score_place.note(mirror, write_to, linked=write_to == "object" and link is not None and link.updateable)


def _note_task_fields(
    config: Config, mirror: Mirror, fields: Mapping[str, FieldInfo], report: PullReport
) -> None:
    """Remember which of Salesforce's own fields this user may not fill in on tasks, with a notice for each."""
    task = config.salesforce.task
    wanted = (ACCOUNT_OF_TASK, *SPARE_TASK_FIELDS, *(("Type",) if task.type else ()), *task.constants)
    left_out = [name for name in wanted if fields and not (name in fields and fields[name].createable)]
    mirror.set_meta("task_left_out", json.dumps(left_out))
    for name in left_out:
        if name != ACCOUNT_OF_TASK:  # of which the plan says that no task is written
            why = (
                "this user may not write it"
                if name in fields
                else "the org lacks it or this user may not see it"
            )
            report.notices.append(f"Task.{name}: {why}; it is left out")


def _fields(objects: Mapping[str, ObjectInfo | None], name: str) -> Mapping[str, FieldInfo]:
    found = objects.get(name)
    return {} if found is None else found.fields


def _newest_stamp(mirror: Mirror, wanted: list[SourceObject]) -> str:
    """The newest stamp of anything that happened with a customer; Rapport's own tasks and Account stamps left out."""
    stamps = []
    for source in wanted:
        if source.business:
            own = f" where {KEY_FIELD} is null" if any(c.name == KEY_FIELD for c in source.columns) else ""
            stamps.append(f"select max(SystemModstamp) as stamp from {source.table}{own}")
    stamps.append("select max(updated) as stamp from jira_issue")
    newest = mirror.one(f"select max(stamp) from ({' union all '.join(stamps)})")
    return newest.replace(tzinfo=UTC).isoformat() if isinstance(newest, datetime) else ""
