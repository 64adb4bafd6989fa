"""The demo: the whole main job, over HTTP, against a simulated company on this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reports import plan_text, terminal
from simulator import dataset, sample
from simulator.server import Simulator
from sync import config as config_file
from sync import replay, run, views
from sync.measure import default_as_of, measure, server_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from sync.config import Config

ACCOUNT = "Acme GmbH"
CONFIG = """\
# The demo's config: the simulated company of `rapport demo`. Secrets come from the environment:
# RAPPORT_SALESFORCE__CLIENT_ID=demo RAPPORT_SALESFORCE__CLIENT_SECRET=demo RAPPORT_JIRA__API_TOKEN=simulator
[salesforce]
instance_url = "{salesforce}"

[jira]
url = "{jira}"
email = "integration@{domain}"
jql = "{jql}"
remote_links = "never"   # issues name their Cases in a field of their own

[jira.fields]
case = "{case}"

[salesforce.surveys]     # this org asks its customers by a form of its own
object = "Customer_Survey__c"

[salesforce.surveys.fields]
AccountId = "Account__c"
ContactId = "Contact__c"
CaseId = "Case__c"
Rating = "Rating__c"
CompletedAt = "Answered_At__c"

[time]
now = "{now}"

[history]
backfill_weeks = 4       # enough to say how far a score moved in 30 days

[rollout]
mode = "on"

{book}
[identity.units]
{units}
"""
# The one org holds both books; which accounts belong to this one is said by their type.
CUSTOMERS = """\
[accounts]
preset = "vendor"
managed = "not person_account and starts_with(type, 'Customer')"

[accounts.columns]
tier = "Tier__c"

[quadrant]               # which quadrants fit which tier; others are a mismatch
tier = "tier"
tiers = {{ A = [1], B = [1, 2, 3], C = [1, 3, 4] }}

[identity]
internal_domains = ["{domain}"]
account_field = "{field}"

[identity.projects]
{projects}
"""
DEPARTMENTS = """\
[accounts]
preset = "internal-it"
managed = "record_type = 'Department'"
group = "type = 'Division'"

[store]
path = "rapport-it-data"

[identity]
internal_domains = ["{domain}"]
staff = {staff}
"""


def show(folder: Path) -> None:
    out = terminal.console()
    now = datetime.now(UTC).replace(microsecond=0)
    sample.write(folder / "dataset", now=now)
    with Simulator(dataset.load(folder / "dataset"), now=now) as simulator:
        config = _config(folder, simulator, now)
        step = _steps(out)
        step("Pull accounts, people, activities, deals and issues over HTTP")
        with terminal.progress() as progress:
            outcome, report = run.run_pull(config, full=False, progress=progress)
        terminal.pulled(out, {"run": outcome.run, "rows": report.rows, "notices": [], "calls": outcome.calls})
        with run.reading(config) as (mirror, state):
            as_of = default_as_of(mirror, server_now(config, mirror))
            with terminal.progress() as progress:
                replay.backfill(config, mirror, state, as_of, run_id=outcome.run, progress=progress)
            measure(config, mirror, state, as_of)
            step("The portfolio, the most worrying first")
            terminal.portfolio(out, views.portfolio(config, mirror), views.stamp(as_of))
            step(f"Why? rapport explain “{ACCOUNT}”")
            terminal.explanation(out, views.explained(config, mirror, ACCOUNT, as_of))
            step("The plan: exactly what would be written")
            made = run.build_plan(config, mirror, state, as_of)
            names = plan_text.Names(*views.plan_names(config, mirror, made))
            plan_text.plan(out, json.loads(made.to_text()), names, limit=6)
        step("Apply it")
        terminal.outcome(out, run.run_apply(config, made, allow_large_change=False).to_json())
        before = simulator.calls()["salesforce"]["write"]
        step("Run again: nothing changed, so nothing is written")
        with terminal.progress() as progress:
            again = run.run_sync(config, allow_large_change=False, adopt=False, progress=progress)
        terminal.outcome(out, again.to_json())
        after = simulator.calls()["salesforce"]["write"]
        out.print(f"Write calls of the second run, counted by the simulated org: {after - before}")
        step("The other book, preset “internal-it”: the departments that the company's own IT serves")
        _show_departments(out, _departments(folder, simulator, now))


def _show_departments(out: Console, config: Config) -> None:
    with terminal.progress() as progress:
        run.run_pull(config, full=False, progress=progress)
    with run.reading(config) as (mirror, state):
        as_of = default_as_of(mirror, server_now(config, mirror))
        measure(config, mirror, state, as_of)
        terminal.portfolio(out, views.portfolio(config, mirror), views.stamp(as_of))


def _config(folder: Path, simulator: Simulator, now: datetime) -> Config:
    """The book of the customers."""
    projects = "\n".join(f'{key} = "{account}"' for key, account in sample.PROJECT_ACCOUNTS.items())
    book = CUSTOMERS.format(domain=sample.INTERNAL_DOMAIN, field=sample.ACCOUNT_FIELD_NAME, projects=projects)
    return _written(
        folder / "rapport.toml", simulator, now, book, jql="project != IT", units=sample.DECLARED_UNITS
    )


def _departments(folder: Path, simulator: Simulator, now: datetime) -> Config:
    """The book of the company's own IT, with a store of its own."""
    book = DEPARTMENTS.format(domain=sample.INTERNAL_DOMAIN, staff=json.dumps(sample.it_staff()))
    return _written(
        folder / "rapport-it.toml", simulator, now, book, jql="project = IT", units=sample.IN_HOUSE_UNITS
    )


def _written(
    path: Path,
    simulator: Simulator,
    now: datetime,
    book: str,
    *,
    jql: str,
    units: Mapping[str, Sequence[str]],
) -> Config:
    text = CONFIG.format(
        salesforce=simulator.salesforce_url,
        jira=simulator.jira_url,
        domain=sample.INTERNAL_DOMAIN,
        jql=jql,
        case=sample.CASE_FIELD_NAME,
        now=now.isoformat().replace("+00:00", "Z"),
        book=book,
        units="\n".join(f'"{account}" = {json.dumps(list(names))}' for account, names in units.items()),
    )
    path.write_text(text, encoding="utf-8")
    secrets = {
        "RAPPORT_SALESFORCE__CLIENT_ID": "demo",
        "RAPPORT_SALESFORCE__CLIENT_SECRET": "demo",
        "RAPPORT_JIRA__API_TOKEN": "simulator",
    }
    return config_file.load(path, secrets)


def _steps(out: Any) -> Callable[[str], None]:
    count = iter(range(1, 100))

    def step(title: str) -> None:
        out.print()
        out.rule(f"{next(count)}  {title}", align="left", style="bold")

    return step
