"""The last day on which each source was read whole: noted by the pull, told by `status`, and written to the org.

In the org it is one `Rapport_Status__c` record for each source, so that a page there can tell stale figures from fresh
ones. It is no figure about a customer and no part of a plan: `sync` writes it when all else is done, at most once a day,
by its unique source, so that a second try after a lost answer changes nothing. An org without the object is no news.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Protocol

from connectors.errors import ConnectorError
from sync.measure import business_hours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connectors.salesforce_schema import ObjectInfo
    from connectors.salesforce_writes import WriteResult
    from sync.config import Config
    from sync.mirror import Mirror
    from sync.state import State

OBJECT = "Rapport_Status__c"
SOURCE_FIELD = "Rapport_Source__c"
DAY_FIELD = "Rapport_Last_Good_Day__c"
NAME_FIELD = "Name"
SALESFORCE = "salesforce"

_DAYS = "good_days"  # in the mirror: source -> date
_FIELDS = "status_fields"  # in the mirror: what of the object can be written


class Org(Protocol):
    """The part of `connectors.salesforce.Salesforce` that this needs."""

    def upsert(
        self, object_name: str, key: str, records: Sequence[Mapping[str, object]]
    ) -> list[WriteResult]: ...


def jira(site: str) -> str:
    """How a Jira site is called there: the one of [jira] itself has no name."""
    return "jira" if site == "default" else f"jira.{site}"


def title(source: str) -> str:
    """A source as people read it."""
    system, _, site = source.partition(".")
    return {"salesforce": "Salesforce", "jira": "Jira"}[system] + (f" ({site})" if site else "")


def sources(config: Config) -> frozenset[str]:
    return frozenset({SALESFORCE, *map(jira, config.jira_links())})


def note_read(config: Config, mirror: Mirror, source: str, now: datetime) -> None:
    """Note that a source was just read to its end; its day is that of the configured zone, and never goes back."""
    kept = sources(config)
    days = {each: day for each, day in known(mirror).items() if each in kept}
    day = business_hours(config).day_of(now).isoformat()
    mirror.set_meta(_DAYS, json.dumps({**days, source: max(day, days.get(source, day))}))


def note_object(mirror: Mirror, found: ObjectInfo | None) -> None:
    """Which fields of the records this user may fill; none where a record could be doubled or not be found again."""
    usable = (
        found is not None
        and found.createable
        and found.updateable
        and all(name in found.fields and found.fields[name].updateable for name in (SOURCE_FIELD, DAY_FIELD))
        and found.fields[SOURCE_FIELD].unique
        and found.fields[SOURCE_FIELD].external_id
    )
    named = (
        usable and found is not None and NAME_FIELD in found.fields and found.fields[NAME_FIELD].updateable
    )
    fields = [SOURCE_FIELD, DAY_FIELD, *([NAME_FIELD] if named else [])] if usable else []
    mirror.set_meta(_FIELDS, json.dumps(fields))


def known(mirror: Mirror) -> dict[str, str]:
    """Source -> ISO date of the day on which it was last read whole."""
    days: dict[str, str] = json.loads(mirror.meta(_DAYS) or "{}")
    return days


def write(config: Config, mirror: Mirror, state: State, org: Org, at: datetime) -> list[str]:
    """Write the days that moved since they were last written; returns notices, and never raises for the org's reasons."""
    fields = json.loads(mirror.meta(_FIELDS) or "[]")
    if not fields:
        return []
    kept = sources(config)
    before = {
        str(each[SOURCE_FIELD].value): str(each[DAY_FIELD].value)
        for each in state.written_values(OBJECT).values()
        if SOURCE_FIELD in each and DAY_FIELD in each
    }
    moved = {
        source: day
        for source, day in sorted(known(mirror).items())
        if source in kept and before.get(source, "") < day
    }
    if not moved:
        return []
    records: list[dict[str, object]] = [
        {SOURCE_FIELD: source, DAY_FIELD: date.fromisoformat(day)}
        | ({NAME_FIELD: title(source)} if NAME_FIELD in fields else {})
        for source, day in moved.items()
    ]
    try:
        results = org.upsert(OBJECT, SOURCE_FIELD, records)
    except ConnectorError as error:
        return [f"{OBJECT} could not be written: {error.message}"]
    notices = []
    for (source, day), result in zip(moved.items(), results, strict=True):
        if result.ok and result.id:
            state.confirm(OBJECT, result.id, {SOURCE_FIELD: source, DAY_FIELD: day}, at)
        else:
            notices.append(f"{OBJECT} of {source} could not be written: {result.message} ({result.code})")
    return notices
