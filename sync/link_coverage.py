"""How many issues have found their account: in all, by method, by site and by project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.mirror import Mirror

Json = dict[str, object]

# One row per issue: an issue that belongs to several accounts counts once, by the method that decided.
_STATES = """
select i.site, i.project_key as project, l.method,
  case when l.issue_id is not null then 'linked' when a.issue_id is not null then 'ambiguous' else 'unmatched' end as state
from jira_issue i
left join (select site, issue_id, min(method) as method from issue_account group by site, issue_id) l
  on l.site = i.site and l.issue_id = i.id
left join (select distinct site, issue_id from issue_ambiguous) a on a.site = i.site and a.issue_id = i.id
"""
_COUNTS = (
    "count(*), count(*) filter (state = 'linked'), count(*) filter (state = 'ambiguous'), "
    "count(*) filter (state = 'unmatched')"
)


def coverage(mirror: Mirror) -> Json:
    """Counts and the linked share, which is NULL where there is no issue; projects with most unlinked issues first."""
    execute = mirror.connection.execute
    whole = execute(f"select {_COUNTS} from ({_STATES})").fetchall()[0]
    methods = execute(
        f"select method, count(*) from ({_STATES}) where method is not null group by method order by method"
    ).fetchall()
    sites = execute(f"select site, {_COUNTS} from ({_STATES}) group by site order by site").fetchall()
    projects = execute(
        f"select site, project, {_COUNTS} from ({_STATES}) group by site, project "
        "order by count(*) filter (state <> 'linked') desc, site, project"
    ).fetchall()
    return {
        **_told(*whole),
        "by_method": dict(methods),
        "sites": [{"site": site, **_told(*counts)} for site, *counts in sites],
        "projects": [{"site": site, "project": key, **_told(*counts)} for site, key, *counts in projects],
    }


def _told(issues: int, linked: int, ambiguous: int, unmatched: int) -> Json:
    return {
        "issues": issues,
        "linked": linked,
        "ambiguous": ambiguous,
        "unmatched": unmatched,
        "linked_share": linked / issues if issues else None,
    }
