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
    "opportunities": ("sf_opportunity", frozenset({"AccountId", "IsClosed", "IsWon", "CloseDate"})),
    "line_items": ("sf_opportunity_line_item", frozenset({"OpportunityId", "Product2Id"})),
    "assets": ("sf_asset", frozenset({"AccountId"})),
    "contracts": ("sf_contract", frozenset({"AccountId", "EndDate"})),
    "amounts": ("sf_opportunity", frozenset({"Amount"})),
    "value_amounts": ("sf_value", frozenset({"Amount__c"})),
    "plan_starts": ("sf_plan", frozenset({"StartDate"})),
    "plan_ends": ("sf_plan", frozenset({"EndDate"})),
    "objective_dates": ("sf_plan_objective", frozenset({"EndDate"})),
    "users": ("sf_user", frozenset({"IsActive"})),
    "plans": ("sf_plan", frozenset({"AccountId"})),
    "objectives": ("sf_plan_objective", frozenset({"PlanId", "Status"})),
    "entitlements": ("sf_entitlement", frozenset({"AccountId"})),
    "service_contracts": ("sf_service_contract", frozenset({"AccountId"})),
    "products": ("sf_product", frozenset({"IsActive"})),
    "event_types": ("sf_event", frozenset({"Type"})),
    "cases": ("sf_case", frozenset({"IsClosed"})),
}


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
    mapped = config.mapped_fields()
    unread = [name for name in config.accounts.columns if f"x_{name}" not in held]
    unread += [name for name in mapped.values() if f"x_{name}" not in held]
    if unread:
        raise SyncError(
            f"The store does not hold what the config asks of accounts yet: {', '.join(unread)}.",
            "run rapport pull first.",
        )
    mirror.fit_threads()
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
    trends.add(mirror.connection, config.catalogue, past)


def parameters(config: Config, mirror: Mirror, as_of: datetime) -> metrics.Parameters:
    jira = config.jira or JiraSection()  # without Jira the words are those of Cases
    lists: dict[str, Sequence[str]] = {
        "contact_task_types": config.activities.contact_task_types,
        "onsite_types": config.activities.onsite_types,
        "missed": config.activities.missed,
        "executive_titles": [title_key(title) for title in config.people.executive_titles],
        "not_executive": [title_key(title) for title in config.people.not_executive],
        "staff_domains": staff_entries(config.identity.staff).domains,
        # in an internal IT everybody shares the domain, so it tells nobody apart
        "internal_domains": config.identity.internal_domains if config.accounts.preset == "vendor" else (),
        "required_roles": config.people.required_roles,
        "sponsor_roles": config.people.sponsor_roles,
        "champion_roles": config.people.champion_roles,
        "review_subjects": config.plans.review_subjects,
        "preset": (config.accounts.preset,),
        "renewals": (config.renewals.source,),
        "renewal_types": config.renewals.opportunity_types,
        "mapped": tuple(config.mapped_fields()),
        "present": _present(mirror),
        "p1_priorities": jira.p1_priorities,
        "incident_types": jira.incident_types,
        "request_types": jira.request_types,
        "change_types": jira.change_types,
        "waiting_statuses": jira.waiting_statuses,
        "paused_statuses": jira.paused_statuses,
        "done_statuses": jira.done_statuses,
        "escalation_labels": jira.escalation_labels,
        "customer_visible_projects": jira.customer_visible_projects,
        "scope_out": _in_words(jira.out_of_scope_labels),
        "scope_decided": _in_words(jira.scope_decision_labels),
        "scope_yes": ("yes", "true", "1"),  # a mapped field may be called "Out of scope" and just say so
    }
    return metrics.Parameters(
        as_of=as_of,
        managed=config.accounts.managed,
        group=config.accounts.group,
        exclude=config.activities.exclude,
        hours=business_hours(config),
        lists=lists,
        fiscal_month=_fiscal_month(mirror),
        mapped_fields=config.mapped_fields(),
        account_columns=tuple(config.accounts.columns),
    )


def _in_words(labels: Sequence[str]) -> list[str]:
    """Labels have no blanks, values of fields do: "out-of-scope" is also "Out of scope"."""
    return [form for label in labels for form in (label, label.replace("-", " ").replace("_", " "))]


def pilot_sql(config: Config) -> str | None:
    """The accounts that a pilot concerns, as SQL over the `accounts` source; None where all are."""
    where = config.rollout.where
    return (
        None
        if config.rollout.mode != "pilot" or where is None
        else f"coalesce(({to_sql(where, 'duckdb')}), false)"
    )


def _fiscal_month(mirror: Mirror) -> int:
    """The month in which the organisation's fiscal year begins; January where it does not say."""
    month = mirror.one(
        "select max(FiscalYearStartMonth) from sf_organization where not coalesce(IsDeleted, false)"
    )
    return month if isinstance(month, int) and 1 <= month <= 12 else 1


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
