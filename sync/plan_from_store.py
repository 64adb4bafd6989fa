"""The plan of what the store holds: mirror, state and config gathered into the values of the pure `sync.plan`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rules import tasks
from sync import canonical, quadrant_words, score_place, seal
from sync.errors import SyncError
from sync.measure import business_hours, measure, pilot_sql, server_now
from sync.objects import ACCOUNT_OF_TASK, TASK_FIELDS
from sync.plan import make_plan
from sync.plan_inputs import Limits, OwnField, PlanInputs, TaskRow, TaskSettings
from sync.text_fields import Ground
from sync.tracks import is_open
from sync.wanted import wanted_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.changes import Plan
    from sync.config import Config
    from sync.mirror import Mirror
    from sync.plan_inputs import Episode
    from sync.state import State


def build_plan(config: Config, mirror: Mirror, state: State, as_of: datetime, *, adopt: bool = False) -> Plan:
    """The sealed plan for `as_of`, from the store alone."""
    measure(config, mirror, state, as_of)
    hours = business_hours(config)
    day = hours.day_of(as_of)
    where = pilot_sql(config)
    episodes = state.episodes()
    own_tasks = _own_tasks(mirror)
    survivors = _survivors(mirror)
    outcomes = tasks.outcomes(
        mirror.connection,
        config.catalogue,
        tracked=_tracked(episodes, own_tasks, survivors),
        day=day,
        hours=hours,
        where=where,
    )
    fields = _score_fields(mirror)
    place = score_place.find(config, mirror, state, [field.ours for field in fields], where=where)
    ours = {field.theirs: field.ours for field in fields}
    ground = Ground(
        config=config,
        connection=mirror.connection,
        state=state,
        as_of=as_of,
        outcomes=outcomes,
        written={
            (account_id, ours[name]): each
            for account_id, own in place.written.items()
            for name, each in own.items()
            if name in ours
        },
        fields={field.ours: field for field in fields},
    )
    records = [*map(place.placed, wanted_records(ground, where=where)), *place.links]
    plan = make_plan(
        PlanInputs(
            as_of=as_of,
            day=day,
            now=server_now(config, mirror),
            mode=config.rollout.mode,
            config_digest=config.digest,
            pull_id=mirror.meta("pull_id"),
            organization=organization(mirror),
            rules=frozenset(name for name, rule in config.catalogue.rules.items() if rule.enabled),
            business_day=hours.add_business_days(day, 0),
            concerned=_concerned(mirror, where),
            records=records,
            outcomes=outcomes,
            tasks=own_tasks,
            episodes=episodes,
            confirmed_tasks=state.confirmed_tasks(),
            created_today=state.created_on(day),
            quarantined=frozenset(each.record for each in state.quarantined() if each.object == "Task"),
            survivors=survivors,
            gone_users=_gone_users(mirror),
            languages=_languages(mirror),
            limits=limits(config),
            task_settings=_task_settings(config, mirror),
            adopt=adopt,
        )
    )
    return seal.sealed(plan, state.seal_key)


def links_after(config: Config, mirror: Mirror, state: State, plan: Plan) -> Plan:
    """What only an applied plan makes possible: the links of accounts to the score records that it has created."""
    place = score_place.find(config, mirror, state, (), where=pilot_sql(config))
    links = make_plan(
        PlanInputs(
            as_of=plan.as_of,
            day=plan.day,
            now=server_now(config, mirror),
            mode=plan.mode,
            config_digest=plan.config_digest,
            pull_id=plan.pull_id,
            organization=plan.organization,
            rules=frozenset(),
            records=place.links,
            task_settings=TaskSettings(createable=False),
        )
    )
    return seal.sealed(links, state.seal_key)


def organization(mirror: Mirror) -> str | None:
    known = json.loads(mirror.meta("organization") or "{}")
    identity = known.get("id")
    return None if identity is None else str(identity)


def _concerned(mirror: Mirror, where: str | None) -> frozenset[str] | None:
    """The accounts of a pilot; None where the plan is for all."""
    if where is None:
        return None
    rows = mirror.connection.execute(f"select account_id from accounts where {where}").fetchall()
    return frozenset(account_id for (account_id,) in rows)


def _own_fields(mirror: Mirror) -> dict[str, dict[str, object]]:
    fields: dict[str, dict[str, object]] = json.loads(mirror.meta("own_fields") or "{}")
    return fields


def _score_fields(mirror: Mirror) -> list[OwnField]:
    return [
        OwnField(
            ours,
            str(info["name"]),
            int(str(info["length"])),
            int(str(info["scale"])),
            str(info.get("type", "")),
            quadrant_words.choices_of(info),
        )
        for ours, info in _own_fields(mirror).items()
        if info["updateable"] and ours not in TASK_FIELDS
    ]


def limits(config: Config) -> Limits:
    section = config.safety
    return Limits(
        min_score_move=section.min_score_move,
        large_move=section.large_move,
        max_change_share=section.max_change_share,
        min_records=section.min_records,
        max_open_tasks_per_owner=section.max_open_tasks_per_owner,
        max_new_tasks_per_owner_day=section.max_new_tasks_per_owner_day,
    )


def _task_settings(config: Config, mirror: Mirror) -> TaskSettings:
    section = config.salesforce.task
    fields = _own_fields(mirror)
    key = fields.get("Rapport_Key__c")
    record_type = None
    if section.record_type:
        found = mirror.one(
            "select Id from sf_record_type where SobjectType = 'Task' and (DeveloperName = $1 or Name = $1)",
            section.record_type,
        )
        if found is None:
            raise SyncError(
                f'salesforce.task.record_type: the org has no record type "{section.record_type}" of Task.',
                "name one by its developer name, or leave the key out.",
            )
        record_type = str(found)
    name = str(key["name"]) if key else "Rapport_Key__c"
    left_out = frozenset(json.loads(mirror.meta("task_left_out") or "[]"))
    lacking = (
        f"{name} is not there, or hidden from this user"
        if key is None
        else f"{name} may not be filled in by this user"
        if not key["createable"]
        else f"{name} is not unique in the org, so that nothing would stop a doubled task"
        if not key["unique"]
        else f"{ACCOUNT_OF_TASK} may not be filled in by this user, so that no task would be of an account"
        if ACCOUNT_OF_TASK in left_out
        else None
    )
    return TaskSettings(
        createable=lacking is None,
        lacking=lacking or "",
        key_field=name,
        open_status=section.open_status,
        closed_status=section.closed_status,
        priority=section.priority,
        high_priority=section.high_priority,
        record_type_id=record_type,
        type=section.type,
        constants=dict(section.constants),
        left_out=left_out,
    )


def _own_tasks(mirror: Mirror) -> list[TaskRow]:
    """Tasks in the org that carry a Rapport key, as the last pull saw them."""
    rows = mirror.connection.execute(
        "select t.Id, t.Rapport_Key__c, coalesce(s.survivor_id, t.AccountId), t.OwnerId, t.WhoId, t.Subject, "
        "t.Description, t.Status, t.IsClosed, t.IsDeleted, t.Priority, t.ActivityDate, t.Rapport_Answer__c, "
        "t.Rapport_Snooze_Until__c, t.CompletedDateTime, coalesce(t.LastModifiedDate, t.SystemModstamp) "
        "from sf_own_task t left join account_survivor s on s.account_id = t.AccountId order by t.Id"
    ).fetchall()
    return [TaskRow(*row[:14], *(_aware(moment) for moment in row[14:])) for row in rows]


def _survivors(mirror: Mirror) -> dict[str, str]:
    """Merged accounts and the ones they went into."""
    rows = mirror.connection.execute(
        "select account_id, survivor_id from account_survivor where account_id <> survivor_id order by account_id"
    ).fetchall()
    return dict(rows)


def _gone_users(mirror: Mirror) -> frozenset[str]:
    rows = mirror.connection.execute("select Id from sf_user where not IsActive or IsDeleted").fetchall()
    return frozenset(user for (user,) in rows)


def _languages(mirror: Mirror) -> dict[str, str]:
    rows = mirror.connection.execute(
        "select user_id, language from user_language where language <> 'en'"
    ).fetchall()
    return dict(rows)


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _tracked(
    episodes: list[Episode], own_tasks: list[TaskRow], survivors: Mapping[str, str]
) -> set[tuple[str, str, str]]:
    """Rule, account and subject whose silence matters: an episode is open, a task is open, or one was found in the
    org of which nothing is known here.
    """
    tracked = {(each.rule, each.account_id, each.subject_key) for each in episodes if each.ended is None}
    known = {each.key for each in episodes}
    for task in own_tasks:
        if is_open(task) or task.key not in known:
            stem, _, _ = task.key.rpartition("|")
            rule, account, subject = (*stem.split("|", 2), "", "")[:3]
            tracked.add((rule, canonical.id18(account), subject))
    return {(rule, survivors.get(account, account), subject) for rule, account, subject in tracked}
