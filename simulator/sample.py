"""A sample company as a dataset folder: its customers, the departments that its own IT serves, two years of
history, stories people know.

    write(Path("sample"), now=datetime(2026, 11, 22, 9, tzinfo=UTC))

Everything is counted back from `now`, so that the stories hold on any day; the same `now` (by its hour) and
seed give the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from simulator.sample_clock import Clock
from simulator.sample_departments import IN_HOUSE_UNITS, TOLD_OF_DEPARTMENTS
from simulator.sample_expected import IN_HOUSE_STORIES, STORIES, Story
from simulator.sample_firms import DECLARED_UNITS, PROJECT_ACCOUNTS
from simulator.sample_ids import jira_account_id
from simulator.sample_jira_json import Numbers, issue_json
from simulator.sample_jira_site import (
    ACCOUNT_FIELD_NAME,
    CASE_FIELD_NAME,
    fields_json,
    myself_json,
    priorities_json,
    projects_json,
    statuses_json,
)
from simulator.sample_people import INTERNAL_DOMAIN, IT_AGENTS, STAFF
from simulator.sample_portfolio import live
from simulator.sample_schema import SCHEMA
from simulator.sample_stories import TOLD
from simulator.sample_stories_delivery import TOLD_OF_DELIVERY
from simulator.sample_stories_growth import TOLD_OF_GROWTH
from simulator.sample_world import found_company, open_accounts, stray_issues, touch_up

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from simulator.sample_scene import Company

__all__ = [
    "ACCOUNT_FIELD_NAME",
    "CASE_FIELD_NAME",
    "DECLARED_UNITS",
    "INTERNAL_DOMAIN",
    "IN_HOUSE_STORIES",
    "IN_HOUSE_UNITS",
    "PROJECT_ACCOUNTS",
    "STORIES",
    "Story",
    "it_staff",
    "write",
]
DEFAULT_SEED: Final = 7


def write(folder: Path, *, now: datetime, seed: int = DEFAULT_SEED) -> None:
    """Fills `folder` (made if missing) with `salesforce/` and `jira/`; older files of the same names are
    replaced.
    """
    company = _play(Clock.at(now), seed)
    salesforce, jira = folder / "salesforce", folder / "jira"
    salesforce.mkdir(parents=True, exist_ok=True)
    jira.mkdir(exist_ok=True)
    for name, rows in company.org.tables.items():
        _write_lines(salesforce / f"{name}.jsonl", rows)
    _write_json(salesforce / "schema.json", SCHEMA)
    numbers = Numbers()
    _write_lines(jira / "issues.jsonl", (issue_json(issue, numbers) for issue in company.site.finish()))
    _write_json(jira / "fields.json", fields_json())
    _write_json(jira / "statuses.json", statuses_json())
    _write_json(jira / "priorities.json", priorities_json())
    _write_json(jira / "projects.json", projects_json())
    reader = company.staff["integration"]
    _write_json(jira / "myself.json", myself_json(reader.jira_id, reader.name, reader.staff.email))


def it_staff() -> list[str]:
    """Jira account ids of those who serve the company's own departments: for a config's `[identity] staff`."""
    return [jira_account_id(person.email) for person in STAFF if person.key in IT_AGENTS]


def _play(clock: Clock, seed: int) -> Company:
    company = found_company(clock)
    scenes = open_accounts(company, seed)
    for scene in scenes:
        live(scene)
        for told in (TOLD, TOLD_OF_DELIVERY, TOLD_OF_GROWTH, TOLD_OF_DEPARTMENTS):
            if scene.firm.key in told:
                told[scene.firm.key](scene)
    stray_issues(company, {scene.firm.key: scene for scene in scenes}, seed)
    touch_up(company)
    company.org.finish()
    return company


def _write_lines(path: Path, rows: Iterable[Any]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    path.write_bytes("".join(lines).encode())


def _write_json(path: Path, data: object) -> None:
    path.write_bytes((json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode())
