"""`Rapport_Projects__c`: the Jira projects in which we work or worked for the account, the latest active first.

    BILL, since 3 Mar 2025: 4 open, 1 overdue, 31 done; 92 % on time; 34 hours in 90 days  https://…/browse/BILL

Written again when a project begins or has nothing open any more, or a number moved materially.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import notation, words
from rules.phrases import say
from sync.chosen import CHOSEN, choose
from sync.measure import link_bases
from sync.objects import PROJECTS_FIELD
from sync.record_lines import Line, fitted, link, shown
from sync.text_fields import Facts, Said, TextField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sync.text_fields import Asked, Ground

_TABLE = "project_history"
_LINES = 20
# The numbers of a line that a new text can rest on; a share is compared in percent.
_NUMBERS = ("open", "overdue", "done", "on_time", "original_hours", "expected_hours", "hours_90d")

_HISTORY = f"""
create or replace temp table {_TABLE} as
with
work as (
  select i.account_id, i.site, i.project, min(i.created) as since,
    count(*) filter (not i.done) as open, count(*) filter (i.overdue) as overdue, count(*) filter (i.done) as done,
    max(least(greatest(j.updated, i.created), c.as_of)) as active
  from issues i
  cross join clock c
  left join jira_issue j on j.site = i.site and j.id = i.issue_id
  where i.system = 'jira' and i.project is not null
  group by i.account_id, i.site, i.project
),
on_time as (
  select d.account_id, split_part(d.record_id, ':', 1) as site, d.project,
    case when count(*) >= 3 then 100 * count(*) filter (d.on_time) / cast(count(*) as double) end as on_time
  from deliveries d where d.days_ago < 180
  group by all
),
estimates as (
  select e.account_id, split_part(e.record_id, ':', 1) as site, e.project,
    sum(e.original_hours) as original_hours, sum(e.spent_hours + e.remaining_hours) as expected_hours
  from epics e
  group by all
),
logged as (
  select w.account_id, split_part(w.record_id, ':', 1) as site, w.project, sum(w.seconds) / cast(3600 as double) as hours_90d
  from worklogs w where w.days_ago < 90
  group by all
),
releases as (
  select p.site, p.key as project, max(v.release_date) as released
  from jira_version v
  join jira_project p on p.site = v.site and p.id = v.project_id
  cross join clock c
  where v.released and v.release_date <= c.day
  group by p.site, p.key
)
select w.*, cast(w.since as date) as since_day, t.on_time, e.original_hours, e.expected_hours, l.hours_90d, r.released,
  row_number() over (partition by w.account_id order by w.active desc, w.site, w.project) as place
from work w
left join on_time t on t.account_id = w.account_id and t.site = w.site and t.project = w.project
left join estimates e on e.account_id = w.account_id and e.site = w.site and e.project = w.project
left join logged l on l.account_id = w.account_id and l.site = w.site and l.project = w.project
left join releases r on r.site = w.site and r.project = w.project
"""


@dataclass(frozen=True, slots=True)
class Project:
    """What one line tells; a number is None where nothing says it."""

    site: str
    key: str
    since: date
    numbers: Mapping[str, float | None]
    released: date | None


def build(ground: Ground) -> None:
    """Fill the table of projects, for this text and for the meeting brief."""
    ground.connection.execute(_HISTORY)


def _facts(ground: Ground) -> Facts:
    build(ground)
    # Which of two projects was busy last is no news: neither their order nor who is among the last of the lines counts.
    named = "site || ':' || project || case when open > 0 then '' else ' ended' end"
    numbers = " union all ".join(
        f"select account_id, site || ':' || project || ' {name}' as name, cast(\"{name}\" as double) as value, "
        f"false as ageing from {_TABLE} where place <= {_LINES}"
        for name in _NUMBERS
    )
    return Facts(
        f"select account_id, sha256(string_agg({named}, '|' order by site, project)) as digest from {_TABLE} group by account_id",
        numbers,
    )


def _words(ground: Ground, asked: Asked) -> Mapping[str, Said]:
    projects = projects_of(ground, asked.ids)
    languages = ground.languages(asked.ids)
    length = ground.length(PROJECTS_FIELD)
    several = len(ground.config.jira_links()) > 1
    bases = link_bases(ground.config)

    def lines(own: Sequence[Project], language: str) -> list[Line]:
        told = (told_of(each, language, with_site=several) for each in own)
        return [
            Line(link(text, bases.browse(each.site, each.key))) for text, each in zip(told, own, strict=True)
        ]

    return {
        each: Said(fitted(lines(own, languages[each]), length), _basis(own))
        for each in asked.ids
        if (own := projects.get(each))
    }


def _basis(own: Sequence[Project]) -> dict[str, object]:
    return {
        "records": sorted(
            f"{each.site}:{each.key}{'' if each.numbers['open'] else ' ended'}" for each in own
        ),
        "numbers": {
            f"{each.site}:{each.key} {name}": each.numbers[name] for each in own for name in _NUMBERS
        },
    }


def projects_of(ground: Ground, ids: Sequence[str]) -> dict[str, list[Project]]:
    """The projects of the accounts asked for, the latest active first; `build` comes before."""
    choose(ground.connection, ids)
    found: dict[str, list[Project]] = {}
    for account_id, site, key, since, released, *numbers in ground.connection.execute(
        f"select account_id, site, project, since_day, released, {', '.join(_NUMBERS)} from {_TABLE} "
        f"where place <= {_LINES} and account_id in {CHOSEN} order by account_id, place"
    ).fetchall():
        known = dict(zip(_NUMBERS, numbers, strict=True))
        found.setdefault(account_id, []).append(Project(site, key, since, known, released))
    return found


def told_of(project: Project, language: str, *, with_site: bool = False) -> str:
    """One project in one line, without its link: only what there is of it."""
    numbers = project.numbers
    name = shown(f"{project.key} ({project.site})" if with_site else project.key)
    head = say(language, "project_since", project=name, day=notation.spoken_day(project.since, language))
    work = [
        say(language, "project_open", count=_count(numbers["open"], language))
        if numbers["open"]
        else say(language, "project_ended")
    ]
    work += [
        say(language, phrase, count=_count(numbers[number], language))
        for number, phrase in (("overdue", "project_overdue"), ("done", "project_done"))
        if numbers[number]
    ]
    more = []
    on_time, original, expected = (numbers[name] for name in ("on_time", "original_hours", "expected_hours"))
    if on_time is not None:
        more.append(say(language, "project_on_time", share=words.number(on_time / 100, "share", language)))
    if original is not None:
        hours = (words.number(each, "hours", language) for each in (original, expected))
        more.append(say(language, "project_estimate", original=next(hours), expected=next(hours)))
    if numbers["hours_90d"]:
        spent = words.number(numbers["hours_90d"], "hours", language)
        more.append(say(language, "project_hours", hours=spent))
    if project.released is not None:
        more.append(say(language, "project_release", day=notation.spoken_day(project.released, language)))
    return f"{head}: {'; '.join([', '.join(work), *more])}"


def _count(value: float | None, language: str) -> str:
    return words.amount(None if value is None else float(value), "issues", language)


PROJECTS = TextField(PROJECTS_FIELD, _facts, _words)
