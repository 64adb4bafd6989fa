"""From a filled mirror to metrics, scores and rules at one instant: what every command that reads the store begins with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rules import metrics, scorecards, trends
from rules.calendar import BusinessHours
from rules.explain import LinkBases
from rules.expressions import to_sql
from sync import history
from sync.config_models import JiraSection
from sync.errors import SyncError
from sync.names import staff_entries, title_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.config import Config
    from sync.mirror import Mirror
    from sync.state import State

# What metrics rest on, by the name that models/coverage.sql knows: the mirror table, and the columns without which it
# says nothing of the kind.
_PRESENT: Mapping[str, tuple[str, frozenset[str]]] = {
    "jira": ("jira", frozenset()),
    "contact": ("sf_contact", frozenset({"AccountId", "Department"})),
    "missed_calls": ("sf_task", frozenset({"CallType", "CallDisposition"})),
    "event_types": ("sf_event", frozenset({"Type"})),
}
    "opportunities": ("sf_opportunity", frozenset({"AccountId", "IsClosed", "IsWon", "CloseDate"})),
    "line_items": ("sf_opportunity_line_item", frozenset({"OpportunityId", "Product2Id"})),
    "assets": ("sf_asset", frozenset({"AccountId"})),
    "products": ("sf_product", frozenset({"IsActive"})),


def server_now(config: Config, mirror: Mirror | None) -> datetime:
    """The fixed clock of the config, else this machine's, put right by what the org's clock said at the last pull."""
    if config.time.now is not None:
        return config.time.now.astimezone(UTC)
    offset = int((mirror.meta("clock_offset_seconds") if mirror is not None else None) or 0)
    return datetime.now(UTC) + timedelta(seconds=offset)


def default_as_of(mirror: Mirror, now: datetime) -> datetime:
    """The later of the running whole UTC hour and the newest business stamp pulled, never past the server's clock."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    newest = mirror.meta("newest_stamp")
    return min(max(hour, datetime.fromisoformat(newest)), now) if newest else hour


def business_hours(config: Config) -> BusinessHours:
    opens, closes = config.time.hours
    return BusinessHours(config.time.zone, opens, closes, frozenset(config.time.holidays))


def link_bases(config: Config) -> LinkBases:
    return LinkBases(config.salesforce.instance_url, config.jira_links())


def measure(config: Config, mirror: Mirror, state: State | None, as_of: datetime) -> None:
    """Evaluate the catalogue over the mirror; results are temporary tables of its connection (see `rules.metrics`).

    Raises SyncError when the config names account columns that no pull has read yet.
    """
    columns = "select column_name from duckdb_columns() where table_name = 'sf_account'"
    held = {name for (name,) in mirror.connection.execute(columns).fetchall()}
    unread = [name for name in config.accounts.columns if f"x_{name}" not in held]
    if unread:
        raise SyncError(
            f"The store does not hold what [accounts.columns] asks for yet: {', '.join(unread)}.",
            "run rapport pull first.",
        )
    metrics.evaluate(mirror.connection, config.catalogue, parameters(config, mirror, as_of))
    if state is None:
        scorecards.evaluate(mirror.connection, config.catalogue)
        return
    past = history.past(state, config.scoring_digest, as_of)
    if past.partial:
        scorecards.evaluate(mirror.connection, trends.lasting(config.catalogue)[0])
        trends.remember_lasting(mirror.connection)
    previous = [(row[0], row[1], row[2]) for row in state.bands_before(as_of)]
    scorecards.evaluate(mirror.connection, config.catalogue, previous)


def parameters(config: Config, mirror: Mirror, as_of: datetime) -> metrics.Parameters:
    jira = config.jira
    trends.add(mirror.connection, config.catalogue, past)
    lists: dict[str, Sequence[str]] = {
        "contact_task_types": config.activities.contact_task_types,
        "onsite_types": config.activities.onsite_types,
        "missed": config.activities.missed,
        "executive_titles": [title_key(title) for title in config.people.executive_titles],
        "not_executive": [title_key(title) for title in config.people.not_executive],
        "staff_domains": staff_entries(config.identity.staff).domains,
        # in an internal IT everybody shares the domain, so it tells nobody apart
        "internal_domains": config.identity.internal_domains if config.accounts.preset == "vendor" else (),
        "present": _present(mirror),
    }
    if jira is not None:
        lists |= {
            "p1_priorities": jira.p1_priorities,
            "incident_types": jira.incident_types,
            "waiting_statuses": jira.waiting_statuses,
            "paused_statuses": jira.paused_statuses,
            "done_statuses": jira.done_statuses,
            "escalation_labels": jira.escalation_labels,
            "customer_visible_projects": jira.customer_visible_projects,
        "required_roles": config.people.required_roles,
        "sponsor_roles": config.people.sponsor_roles,
        "champion_roles": config.people.champion_roles,
        "preset": (config.accounts.preset,),
        }
    return metrics.Parameters(
        as_of=as_of,
        managed=config.accounts.managed,
        group=config.accounts.group,
        exclude=config.activities.exclude,
        hours=business_hours(config),
        lists=lists,
        account_columns=tuple(config.accounts.columns),
    )


def pilot_sql(config: Config) -> str | None:
    """The accounts that a pilot concerns, as SQL over the `accounts` source; None where all are."""
    where = config.rollout.where
    return (
        None
        if config.rollout.mode != "pilot" or where is None
        else f"coalesce(({to_sql(where, 'duckdb')}), false)"
    )

        fiscal_month=_fiscal_month(mirror),

def _present(mirror: Mirror) -> list[str]:
    rows = mirror.connection.execute(
        "select source, missing_fields from mirror_source where present"
    ).fetchall()
    missing = {source: set(json.loads(fields)) for source, fields in rows}
    return [
        name
        for name, (source, needed) in _PRESENT.items()
        if source in missing and not needed & missing[source]
    ]
def _fiscal_month(mirror: Mirror) -> int:
    """The month in which the organisation's fiscal year begins; January where it does not say."""
    month = mirror.one("select max(FiscalYearStartMonth) from sf_organization where not coalesce(IsDeleted, false)")
    return month if isinstance(month, int) and 1 <= month <= 12 else 1


