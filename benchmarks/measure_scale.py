"""How long materialising, measuring, scoring and planning take for a large book, without any network.

    python benchmarks/measure_scale.py [accounts]        # default 10,000; ten issues and ten activities an account

Prints seconds by stage and the peak memory of the process. Compare ratios of one run, not absolute times.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from connectors import jira_tables
from connectors.jira_site import Project, Status
from sync import config as config_file
from sync import normalise, replay, run
from sync.measure import measure
from sync.mirror import Mirror
from sync.objects import wanted_objects
from sync.state import State

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
ISSUES, ACTIVITIES, CONTACTS = 10, 10, 4


def main() -> None:
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = _config(folder)
        store = config.store_folder
        store.mkdir()
        stages: list[tuple[str, float]] = []
        began = time.perf_counter()

        def done(stage: str) -> None:
            nonlocal began
            stages.append((stage, time.perf_counter() - began))
            began = time.perf_counter()

        with Mirror.open(store) as mirror, State.open(store) as state:
            fill(mirror, accounts)
            done("fill (not Rapport's work)")
            normalise.materialise(config, mirror)
            done("materialise keys, people, links")
            measure(config, mirror, state, NOW)
            done("metrics and scores")
            plan = run.build_plan(config, mirror, state, NOW)
            done("metrics, scores, rules and first plan")
            replay.backfill(config, mirror, state, NOW, run_id="benchmark", progress=_quiet)
            done(f"replay of {config.history.backfill_weeks} weeks, once")
            measure(config, mirror, state, NOW)
            done("metrics, scores and trends")
        for stage, seconds in stages:
            print(f"{stage:<40} {seconds:8.2f} s")
        print(f"{len(plan.changes):,} changes for {accounts:,} accounts, {accounts * ISSUES:,} issues")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _quiet(_source: str, _rows: int) -> None:
    """Nobody watches."""


def _config(folder: Path) -> config_file.Config:
    path = folder / "rapport.toml"
    path.write_text(
        '[salesforce]\ninstance_url = "http://127.0.0.1:1"\n[jira]\nurl = "http://127.0.0.1:2"\n'
        '[identity]\ninternal_domains = ["vendor.example"]\n[rollout]\nmode = "on"\n'
        f'[time]\nnow = "{NOW.isoformat()}"\n'
    )
    return config_file.load(path, {})


def fill(mirror: Mirror, accounts: int) -> None:
    """A book with the skew of none: every account has the same number of everything, spread over time."""
    for source in wanted_objects({}, {}, "AccountNumber"):
        mirror.ensure_object(source)
        mirror.note_source(source.table, present=True)
    mirror.note_source("jira", present=True)
    account = "'001' || lpad({}::varchar, 12, '0') || 'AAA'"
    spread = "timestamp '2026-11-18 11:00:00' - ((i * 7919) % 700) * interval 1 day - (i % 86400) * interval 1 second"

    def insert(table: str, rows: int, **columns: str) -> None:
        values = ", ".join(f'{value} as "{name}"' for name, value in columns.items())
        mirror.connection.execute(f"insert into {table} by name select {values} from range({rows}) t(i)")

    common = {
        "IsDeleted": "false",
        "CreatedDate": "timestamp '2024-01-01'",
        "SystemModstamp": "timestamp '2026-01-01'",
    }
    insert("sf_user", 200, Id="'005' || lpad(i::varchar, 12, '0') || 'AAA'", Name="'User ' || i", IsActive="true",
           UserType="'Standard'", **common)  # fmt: skip
    insert("sf_account", accounts, Id=account.format("i"), Name="'Account ' || i", Type="'Customer'",
           OwnerId="'005' || lpad((i % 200)::varchar, 12, '0') || 'AAA'", IsPersonAccount="false",
           ParentId=f"case when i % 5 <> 0 then {account.format('(i - i % 5)')} end", **common)  # fmt: skip
    insert("sf_contact", accounts * CONTACTS, Id="'003' || lpad(i::varchar, 12, '0') || 'AAA'",
           AccountId=account.format(f"(i // {CONTACTS})"), Name="'Person ' || i",
           Email=f"'p' || i || '@a' || (i // {CONTACTS}) || '.example'", Department="'Department ' || (i % 7)", **common)  # fmt: skip
    insert("sf_task", accounts * ACTIVITIES, Id="'00T' || lpad(i::varchar, 12, '0') || 'AAA'", Subject="'Call ' || i",
           AccountId=account.format(f"(i // {ACTIVITIES})"),
           WhoId=f"'003' || lpad(((i // {ACTIVITIES}) * {CONTACTS} + i % {CONTACTS})::varchar, 12, '0') || 'AAA'",
           TaskSubtype="'Call'", IsClosed="true", IsRecurrence="false", CompletedDateTime=spread, **common)  # fmt: skip
    stamp = spread.replace("700", "400")
    insert("jira_issue", accounts * ISSUES, site="'default'", id="i::varchar", key="'SUP-' || i", project_id="'1'",
           project_key="'SUP'", type_name="'Bug'", subtask="false", status_id="'1'", status_name="'Open'",
           status_category="case when i % 3 = 0 then 'new' else 'done' end", priority_name="'Medium'",
           reporter_id=f"'c' || (i // {ISSUES})", created=stamp, updated=stamp, summary="'Issue ' || i",
           due_date="date '2026-12-01' - (i % 60)::integer")  # fmt: skip
    insert("jira_issue_value", accounts * ISSUES, site="'default'", issue_id="i::varchar", kind="'account'",
           value=account.format(f"(i // {ISSUES})"))  # fmt: skip
    for turn, author in enumerate((f"'c' || (i // {ISSUES})", "'staff'")):
        insert("jira_comment", accounts * ISSUES, site="'default'", issue_id="i::varchar", id=f"(i * 2 + {turn})::varchar",
               author_id=author, created=f"{stamp} + interval {turn + 1} hour", jsd_public="true",
               restricted="i % 5 = 0" if turn else "false")  # fmt: skip
    insert("jira_step", accounts * ISSUES, site="'default'", issue_id="i::varchar", history_id="i::varchar", item="0",
           author_id="'staff'", created=f"{stamp} + interval 3 hour", field="'status'", from_id="'1'", from_text="'Open'",
           to_id="'3'", to_text="'In Progress'")  # fmt: skip
    insert("jira_person", accounts, site="'default'", id="'c' || i", account_type="'customer'")
    insert(
        "jira_person",
        1,
        site="'default'",
        id="'staff'",
        account_type="'atlassian'",
        domain="'vendor.example'",
    )
    mirror.replace(
        "jira_project", jira_tables.project_table("default", [Project("1", "SUP", "Support", "service_desk")])
    )
    mirror.replace("jira_status", jira_tables.status_table("default", [Status("1", "Open", "new")]))
    mirror.replace("jira_priority", jira_tables.priority_table("default", ["Highest", "Medium"]))
    fields = {
        name: {"name": name, "length": 32000 if name == "Rapport_Why__c" else 255, "scale": 0, "createable": True,
               "updateable": True, "unique": True}
        for name in ("Rapport_Overall__c", "Rapport_Health__c", "Rapport_Penetration__c", "Rapport_Confidence__c",
                     "Rapport_Band__c", "Rapport_Why__c", "Rapport_Next_Action__c", "Rapport_Key__c")
    }  # fmt: skip
    mirror.set_meta("own_fields", json.dumps(fields))
    mirror.set_meta("pull_id", "1")


if __name__ == "__main__":
    main()
