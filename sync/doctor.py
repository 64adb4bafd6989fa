"""Whether Rapport can do its work here: each side as it answers, the store as it stands, and what would help most.

```
Salesforce ─┐ signed in as whom, may what, sees how much
Jira sites ─┼──────────────────────────────────────────► findings ─► usable or not
store      ─┘ what is unknown, and for want of what
```
It reads only: no record, no file and no derived table is written, whatever it finds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors import doctor_choices, doctor_jira, doctor_outsiders, doctor_salesforce
from connectors.errors import ConnectorError
from connectors.findings import Finding, refused
from connectors.jira import Jira
from connectors.salesforce import Salesforce
from sync import doctor_store
from sync.doctor_choices import OWN_OBJECTS, fields_for_staff, with_choices
from sync.doctor_needs import object_needs
from sync.names import staff_entries
from sync.pull import site_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from connectors.doctor_salesforce import ObjectNeed
    from connectors.http import Calls
    from sync.config import Config

Json = dict[str, object]

_SAME_TIME = 120  # seconds that the clocks of two honest machines may differ
_FEW = 5
_BEHIND, _LOST = 0.02, 0.05
_MODES = {
    "observe": ("Rollout mode is observe: runs plan and write nothing.", 'set [rollout] mode = "pilot" or "on" once the plans look right.'),
    "pilot": ("Rollout mode is pilot: runs write only where [rollout] where holds.", ""),
    "on": ("Rollout mode is on: runs write what they plan.", ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A finding and where it was made: salesforce, jira (with the site), store or config."""

    side: str
    finding: Finding
    site: str | None = None

    def to_json(self) -> Json:
        found = self.finding
        return {
            "side": self.side,
            "site": self.site,
            "subject": found.subject,
            "code": found.code,
            "severity": found.severity,
            "message": found.message,
            "advice": found.advice,
            "numbers": dict(found.numbers),
            "facts": dict(found.facts),
        }


@dataclass(slots=True)
class Diagnosis:
    mode: str
    told: list[Told] = field(default_factory=list)
    objects: list[Json] = field(default_factory=list)
    sites: list[Json] = field(default_factory=list)
    store: Json = field(default_factory=dict)
    calls: Json = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        return not any(each.finding.severity == "error" for each in self.told)

    @property
    def exit_code(self) -> int:
        return 0 if self.usable else 3

    def add(self, side: str, findings: Iterable[Finding], site: str | None = None) -> None:
        self.told += [Told(side, each, site) for each in findings]

    def to_json(self) -> Json:
        return {
            "usable": self.usable,
            "mode": self.mode,
            "findings": [each.to_json() for each in self.told],
            "objects": self.objects,
            "sites": self.sites,
            **self.store,
            "calls": self.calls,
        }


def diagnose(config: Config, *, wait: float, sleep: Callable[[float], None] = time.sleep) -> Diagnosis:
    """Raises ConfigError where a secret is missing; all else is a finding."""
    http, mode = config.http_settings(), config.rollout.mode
    salesforce = Salesforce(
        config.salesforce_settings(), http, api_share=config.safety.api_share, sleep=sleep
    )
    jira = [Jira(site, http, sleep=sleep) for site in config.jira_sites()]
    found = Diagnosis(mode)
    message, advice = _MODES[mode]
    found.add("config", [Finding("rollout", "note", message, advice, code="mode")])
    if not jira:
        message = "No Jira is configured: what rests on issues is unknown."
        advice = "add a [jira] section, unless there is no Jira."
        found.add("config", [Finding("jira", "note", message, advice, code="no_jira")])
    needs = with_choices(config, object_needs(config))
    seen = doctor_salesforce.examine(
        salesforce, needs, api_share=config.safety.api_share, writing=mode != "observe"
    )
    found.add("salesforce", _as_one(seen))
    if any(each.code == "signed_in" for each in seen):
        found.add("salesforce", _of_the_org(config, salesforce))
    if config.time.now is None:
        found.add("salesforce", _clock(salesforce.server_time(), datetime.now(UTC)))
    rows_of_sites: dict[str, list[Finding]] = {}
    for site in jira:
        name = site.settings.site
        asked = doctor_jira.SiteNeeds(
            account_field=config.identity.account_field,
            mapped=config.jira_fields(name),
            groups=staff_entries(config.identity.staff).groups,
        )
        rows_of_sites[name] = doctor_jira.examine(site, asked)
        found.add("jira", rows_of_sites[name], name)
    found.add("store", doctor_store.tied(config, _identity(seen, rows_of_sites)))
    store = doctor_store.look(config, wait)
    found.store = store.data
    found.add("store", store.findings)
    found.objects = _objects(needs, seen, store.records)
    found.sites = _sites(rows_of_sites, store.issues)
    if store.pulled:
        found.add("salesforce", _against_the_store(found.objects))
        for row in found.sites:
            found.add("jira", _behind("issues", row, tolerance=_LOST), str(row["site"]))
    found.calls = {"salesforce": _calls(salesforce.calls), "jira": _calls(*(site.calls for site in jira))}
    salesforce.close()
    return found


def _of_the_org(config: Config, salesforce: Salesforce) -> list[Finding]:
    """What no single object tells: what closes a task, and who from outside may read what is for staff."""
    task = config.salesforce.task
    try:
        return [
            *doctor_choices.task_statuses(salesforce, task.open_status, task.closed_status),
            *doctor_outsiders.readers(salesforce, fields_for_staff(config), OWN_OBJECTS),
        ]
    except ConnectorError as error:
        return [refused("connection", error)]


def _clock(server: datetime | None, ours: datetime) -> list[Finding]:
    """Times are put right by the server's clock, but a signed sign-in is refused when the clocks differ by minutes."""
    ahead = int((ours - server).total_seconds()) if server is not None else 0
    if abs(ahead) <= _SAME_TIME:
        return []
    message = (
        f"This machine's clock is {abs(ahead)} seconds {'ahead of' if ahead > 0 else 'behind'} Salesforce's."
    )
    advice = "set it by a time server; sign-in by JWT is refused when clocks differ by some minutes."
    return [Finding("clock", "warning", message, advice, {"seconds": ahead}, "clock")]


def _identity(seen: Sequence[Finding], sites: dict[str, list[Finding]]) -> dict[str, str | None]:
    """Who answered, as a run ties the store to it."""
    found = {name: value for each in seen for name, value in each.facts.items() if name != "user"}
    for site, findings in sites.items():
        for each in findings:
            if each.code == "signed_in":
                found[site_name(site)] = each.facts["url"]
    return found


def _as_one(findings: Sequence[Finding]) -> list[Finding]:
    """What is said of object after object is one finding: those that the org lacks, those with rights in excess."""
    absent = [each for each in findings if each.code == "absent" and each.severity == "note"]
    excess = [each for each in findings if each.code == "excess_rights"]
    kept = [each for each in findings if each not in absent and each not in excess]
    if len(excess) > 1:
        names = ", ".join(each.subject for each in excess)
        message = f"This user may create, change or delete records of {names} in ways that are never needed."
        numbers = {"objects": len(excess)}
        kept.append(Finding("objects", "warning", message, excess[0].advice, numbers, "excess_rights"))
    else:
        kept += excess
    if absent:
        names = ", ".join(each.subject for each in absent)
        message = f"Not in this org, or hidden from this user: {names}; what rests on them is unknown."
        advice = "give the user read access to those that the org has."
        kept.append(Finding("objects", "note", message, advice, {"objects": len(absent)}, "absent"))
    return kept


def _objects(needs: Sequence[ObjectNeed], seen: Sequence[Finding], stored: dict[str, int]) -> list[Json]:
    rows = {each.subject: each.numbers for each in seen if each.code == "rows"}
    return [
        {
            "object": need.name,
            "present": need.name in rows,
            "visible": rows.get(need.name, {}).get("visible"),
            "total": rows.get(need.name, {}).get("total"),
            "stored": stored.get(need.name),
        }
        for need in needs
    ]


def _sites(seen: dict[str, list[Finding]], stored: dict[str, int]) -> list[Json]:
    return [
        {
            "site": site,
            "signed_in": any(each.code == "signed_in" for each in findings),
            "visible": next((each.numbers.get("visible") for each in findings if each.code == "rows"), None),
            "stored": stored.get(site),
        }
        for site, findings in seen.items()
    ]


def _against_the_store(objects: Sequence[Json]) -> list[Finding]:
    found: list[Finding] = []
    for row in objects:
        name = str(row["object"])
        found += _behind(name, row, tolerance=_BEHIND)
        visible, stored = row["visible"], row["stored"]
        if not isinstance(visible, int) or not isinstance(stored, int):
            continue
        if stored - visible > max(_FEW, stored * _LOST):
            found.append(
                Finding(
                    name,
                    "warning",
                    f"This user sees {visible:,} of the {stored:,} records of {name} that the store holds.",
                    "check whether it has lost a right; if they are really gone, run rapport pull --full.",
                    {"visible": visible, "stored": stored},
                    "lost_rows",
                )
            )
    return found


def _behind(name: str, row: Json, *, tolerance: float) -> list[Finding]:
    visible, stored = row["visible"], row["stored"]
    if not isinstance(visible, int) or not isinstance(stored, int):
        return []
    if visible - stored <= max(_FEW, visible * tolerance):
        return []
    return [
        Finding(
            name,
            "warning",
            f"The store holds {stored:,} of {visible:,} visible {'issues' if name == 'issues' else f'records of {name}'}.",
            "run rapport pull; if that stays, run rapport pull --full.",
            {"visible": visible, "stored": stored},
            "behind",
        )
    ]


def _calls(*counted: Calls) -> Json:
    return {"read": sum(each.read for each in counted), "write": sum(each.write for each in counted)}
