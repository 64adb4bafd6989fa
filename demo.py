"""The demo: the whole main job, over HTTP, against a simulated company on this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reports import plan_text, terminal
from simulator import dataset, sample
from simulator.server import Simulator
from sync import config as config_file
from sync import run, views
from sync.measure import default_as_of, measure, server_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sync.config import Config

ACCOUNT = "Acme GmbH"
CONFIG = """\
# The demo's config: the simulated company of `rapport demo`. Secrets come from the environment:
# RAPPORT_SALESFORCE__CLIENT_ID=demo RAPPORT_SALESFORCE__CLIENT_SECRET=demo RAPPORT_JIRA__API_TOKEN=simulator
[salesforce]
instance_url = "{salesforce}"

[jira]
url = "{jira}"
email = "integration@example.com"

[identity]
internal_domains = ["{domain}"]
account_field = "{field}"

[identity.projects]
{projects}

[identity.units]
{units}

[rollout]
mode = "on"

[time]
now = "{now}"
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


def _config(folder: Path, simulator: Simulator, now: datetime) -> Config:
    path = folder / "rapport.toml"
    projects = "\n".join(f'{key} = "{account}"' for key, account in sample.PROJECT_ACCOUNTS.items())
    units = "\n".join(
        f'"{account}" = {json.dumps(list(names))}' for account, names in sample.DECLARED_UNITS.items()
    )
    path.write_text(
        CONFIG.format(
            salesforce=simulator.salesforce_url,
            jira=simulator.jira_url,
            domain=sample.INTERNAL_DOMAIN,
            field=sample.ACCOUNT_FIELD_NAME,
            projects=projects,
            units=units,
            now=now.isoformat().replace("+00:00", "Z"),
        ),
        encoding="utf-8",
    )
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
