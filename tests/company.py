"""A small book of accounts, served by the simulator and pulled over HTTP: what many tests stand on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rules import catalogue
from rules.sources import SOURCES
from simulator import dataset
from simulator.salesforce import SalesforceApi
from sync import config as config_file
from sync import run, views
from sync.measure import default_as_of, measure, server_now

if TYPE_CHECKING:
    from simulator.server import Simulator

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
SECRETS = {
    "RAPPORT_SALESFORCE__CLIENT_ID": "test",
    "RAPPORT_SALESFORCE__CLIENT_SECRET": "test",
    "RAPPORT_JIRA__API_TOKEN": "simulator",
}
FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures"
STAFF = {"accountId": "staff-1", "accountType": "atlassian", "emailAddress": "agent@vendor.example"}
CUSTOMER = {"accountId": "qm:customer-1", "accountType": "customer", "emailAddress": "dana@acme.example"}
CATEGORIES = {
    "Open": ("1", "new"),
    "In Progress": ("3", "indeterminate"),
    "Waiting for customer": ("10", "indeterminate"),
    "Blocked": ("11", "indeterminate"),
    "Done": ("5", "done"),
}
# For tests that bring rules of their own.
NO_RULES = "".join(f"[rules.{name}]\nenabled = false\n" for name in catalogue.load({}, SOURCES).rules)
RAPPORT_NUMBERS = (
    "Overall",
    "Health",
    "Penetration",
    "Growth",
    "Positioning",
    "Governance",
    "Delivery",
    "Confidence",
)


def sf_id(prefix: str, number: int) -> str:
    """An 18-character Id; without capital letters its checksum is AAA."""
    return f"{prefix}{number:012d}AAA"


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def jira_stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def ago(*, days: float = 0, hours: float = 0) -> datetime:
    return NOW - timedelta(days=days, hours=hours)


class Book:
    """Records as both APIs deliver them; every method adds one and returns its id (or the issue)."""

    def __init__(self) -> None:
        self.salesforce: dict[str, list[dict]] = {
            "Organization": [{"Id": sf_id("00D", 1), "Name": "Vendor", "IsSandbox": False}],
            "User": [],
            "Account": [],
            "Contact": [],
            "Task": [],
            "Event": [],
            "Opportunity": [],
        }
        self.issues: list[dict] = []
        self.projects: dict[str, str] = {}
        self.schema = _schema()
        self._numbers = iter(range(1, 1_000_000))
        self.user = self.add(
            "User", Name="M. Ferrari", Username="ferrari@vendor.example", IsActive=True, UserType="Standard"
        )

    def add(self, object_name: str, /, **fields: object) -> str:
        prefix = {"User": "005", "Account": "001", "Contact": "003", "Task": "00T", "Event": "00U", "Opportunity": "006",
                  "EmailMessage": "02s", "OpportunityContactRole": "00K", "Contract": "800", "Asset": "02i",
                  "TaskRelation": "0RT", "EventRelation": "0RE", "RecordType": "012", "Case": "500",
                  "AccountTeamMember": "01M", "CaseComment": "00a", "CaseMilestone": "555",
                  "SurveyResponse": "0UX", "OpportunityHistory": "008", "OpportunityStage": "01J",
                  "OpportunityLineItem": "00k", "Product2": "01t", "Entitlement": "550", "ServiceContract": "810",
                  "AccountContactRelation": "07k", "Partner": "00I", "AccountPlan": "1GH", "AccountPlanObjective": "1GI",
                  "Rapport_Value__c": "a00", "CurrencyType": "01L", "DatedConversionRate": "04w"}[object_name]  # fmt: skip
        created = fields.pop("CreatedDate", ago(days=1000))
        record = {
            "Id": fields.pop("Id", None) or sf_id(prefix, next(self._numbers)),
            "IsDeleted": False,
            "CreatedDate": _wire(created),
            "LastModifiedDate": _wire(created),
            "SystemModstamp": _wire(fields.pop("SystemModstamp", created)),
        }
        record.update({name: _wire(value) for name, value in fields.items()})
        self.salesforce.setdefault(object_name, []).append(record)
        return record["Id"]

    def account(self, name: str, **fields: object) -> str:
        """A customer (so it is managed) unless `Type` says otherwise."""
        return self.add("Account", **{"Name": name, "Type": "Customer", "OwnerId": self.user, **fields})

    def contact(self, account: str | None, email: str | None = None, **fields: object) -> str:
        return self.add(
            "Contact", **{"AccountId": account, "Email": email, "Name": email or "Somebody", **fields}
        )

    def call(self, account: str, at: datetime, who: str | None = None, **fields: object) -> str:
        values = {"AccountId": account, "WhatId": account, "WhoId": who, "TaskSubtype": "Call", "Status": "Completed",
                  "IsClosed": True, "CompletedDateTime": at, "Subject": "Call", "OwnerId": self.user,
                  "CreatedDate": at, **fields}  # fmt: skip
        return self.add("Task", **values)

    def meeting(self, account: str, at: datetime, who: str | None = None, **fields: object) -> str:
        values = {"AccountId": account, "WhatId": account, "WhoId": who, "StartDateTime": at, "Subject": "Meeting",
                  "IsAllDayEvent": False, "OwnerId": self.user, "CreatedDate": min(at, ago(days=1)), **fields}  # fmt: skip
        return self.add("Event", **values)

    def issue(self, key: str, account: str | None = None, **fields: object) -> dict:
        """One issue; `account` goes to the field "CRM Account", `service=True` makes its project a service desk."""
        project = key.partition("-")[0]
        service = fields.pop("service", self.projects.get(project) == "service_desk")
        self.projects.setdefault(project, "service_desk" if service else "software")
        status = fields.pop("status", "Open")
        created = fields.pop("created", ago(days=20))
        number = str(fields.pop("id", 10_000 + next(self._numbers)))
        issue = {
            "id": number,
            "key": key,
            "fields": {
                "summary": fields.pop("summary", f"About {key}"),
                "project": {"id": str(20_000 + sorted(self.projects).index(project)), "key": project, "name": project},
                "issuetype": {"id": "1", "name": fields.pop("type", "Bug"), "subtask": fields.pop("subtask", False),
                              "hierarchyLevel": fields.pop("level", 0)},
                "status": _status(status),
                "priority": {"id": "3", "name": fields.pop("priority", "Medium")},
                "labels": fields.pop("labels", []),
                "components": [{"id": "1", "name": name} for name in fields.pop("components", [])],
                "reporter": fields.pop("reporter", STAFF),
                "creator": STAFF,
                "assignee": None,
                "created": jira_stamp(created),
                "updated": jira_stamp(fields.pop("updated", created)),
                "duedate": _wire(fields.pop("due", None)),
                "resolutiondate": None,
                "comment": {"comments": [], "startAt": 0, "maxResults": 0, "total": 0},
                "worklog": {"worklogs": [], "startAt": 0, "maxResults": 20, "total": 0},
                "customfield_10050": fields.pop("field", account),
                "customfield_10060": [{"id": str(i), "name": n} for i, n in enumerate(fields.pop("organizations", []), 1)],
            },
            "changelog": {"startAt": 0, "maxResults": 0, "total": 0, "histories": []},
        }  # fmt: skip
        issue["fields"].update(fields)
        self.issues.append(issue)
        return issue

    def case(self, account: str | None, **fields: object) -> str:
        """One Case; `Status` "Closed" makes it closed. Its number follows from its place."""
        number = len(self.salesforce.get("Case", [])) + 1
        status = fields.get("Status", "New")
        values = {"AccountId": account, "CaseNumber": f"{number:08d}", "Subject": f"Case {number}", "Status": status,
                  "IsClosed": status == "Closed", "Priority": "Medium", "IsEscalated": False, "CreatedDate": ago(days=20),
                  **fields}  # fmt: skip
        return self.add("Case", **values)

    def comment(
        self, issue: dict, author: dict | None, at: datetime, *, public: bool | None = True, **extra: object
    ) -> None:
        page = issue["fields"]["comment"]
        number = str(50_000 + next(self._numbers))
        comment = {
            "id": number,
            "author": author,
            "body": "text",
            "created": jira_stamp(at),
            "updated": jira_stamp(at),
            **extra,
        }
        if public is not None:
            comment["jsdPublic"] = public
        page["comments"].append(comment)
        page["total"] = page["maxResults"] = len(page["comments"])
        self._touched(issue, at)

    def step(
        self, issue: dict, field: str, old: str | None, new: str | None, at: datetime, author: dict = STAFF
    ) -> None:
        """One changelog step; the present value of the issue is the caller's business."""
        ids = {name: number for name, (number, _) in CATEGORIES.items()}
        item = {"field": field, "fieldtype": "jira", "fieldId": field, "from": ids.get(old, old), "fromString": old,
                "to": ids.get(new, new), "toString": new}  # fmt: skip
        log = issue["changelog"]
        log["histories"].append(
            {
                "id": str(90_000 + next(self._numbers)),
                "author": author,
                "created": jira_stamp(at),
                "items": [item],
            }
        )
        log["total"] = log["maxResults"] = len(log["histories"])
        self._touched(issue, at)

    def worklog(
        self,
        issue: dict,
        seconds: int,
        started: datetime,
        *,
        created: datetime | None = None,
        author: dict = STAFF,
    ) -> None:
        page = issue["fields"]["worklog"]
        at = created or started
        page["worklogs"].append(
            {"id": str(70_000 + next(self._numbers)), "author": author, "timeSpentSeconds": seconds,
             "started": jira_stamp(started), "created": jira_stamp(at), "updated": jira_stamp(at)}
        )  # fmt: skip
        page["total"] = len(page["worklogs"])
        self._touched(issue, at)

    @staticmethod
    def _touched(issue: dict, at: datetime) -> None:
        issue["fields"]["updated"] = max(issue["fields"]["updated"], jira_stamp(at))

    def write(self, folder: Path) -> Path:
        (folder / "salesforce").mkdir(parents=True, exist_ok=True)
        (folder / "jira").mkdir(exist_ok=True)
        for name, records in self.salesforce.items():
            _lines(folder / "salesforce" / f"{name}.jsonl", records)
        (folder / "salesforce" / "schema.json").write_text(json.dumps(self.schema))
        _lines(folder / "jira" / "issues.jsonl", self.issues)
        (folder / "jira" / "fields.json").write_text(json.dumps(_JIRA_FIELDS))
        projects = [
            {"id": str(20_000 + n), "key": key, "name": key, "projectTypeKey": self.projects[key]}
            for n, key in enumerate(sorted(self.projects))
        ]
        for issue in self.issues:  # ids follow the order of keys, known only now
            key = issue["fields"]["project"]["key"]
            issue["fields"]["project"]["id"] = next(p["id"] for p in projects if p["key"] == key)
        _lines(folder / "jira" / "issues.jsonl", self.issues)
        (folder / "jira" / "projects.json").write_text(json.dumps(projects))
        (folder / "jira" / "statuses.json").write_text(json.dumps([_status(name) for name in CATEGORIES]))
        (folder / "jira" / "priorities.json").write_text(
            json.dumps(
                [{"id": str(n), "name": name} for n, name in enumerate(("Highest", "High", "Medium"), 1)]
            )
        )
        return folder


_JIRA_FIELDS = [
    {"id": "summary", "name": "Summary", "custom": False, "schema": {"type": "string", "system": "summary"}},
    {"id": "customfield_10050", "name": "CRM Account", "custom": True,
     "schema": {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"}},
    {"id": "customfield_10060", "name": "Organizations", "custom": True,
     "schema": {"type": "array", "items": "sd-customerorganization",
                "custom": "com.atlassian.servicedesk:sd-customer-organizations"}},
    {"id": "customfield_10070", "name": "Request participants", "custom": True,
     "schema": {"type": "array", "items": "user", "custom": "com.atlassian.servicedesk:sd-request-participants"}},
    {"id": "customfield_10079", "name": "Request Type", "custom": True,
     "schema": {"type": "sd-customerrequesttype", "custom": "com.atlassian.servicedesk:vp-origin"}},
    {"id": "customfield_10080", "name": "Time to resolution", "custom": True,
     "schema": {"type": "sd-servicelevelagreement", "custom": "com.atlassian.servicedesk:sd-sla-field"}},
    {"id": "customfield_10081", "name": "Time to first response", "custom": True,
     "schema": {"type": "sd-servicelevelagreement", "custom": "com.atlassian.servicedesk:sd-sla-field"}},
    {"id": "customfield_10082", "name": "Satisfaction", "custom": True,
     "schema": {"type": "sd-feedback", "custom": "com.atlassian.servicedesk:sd-request-feedback"}},
    {"id": "customfield_10083", "name": "Satisfaction date", "custom": True,
     "schema": {"type": "datetime", "custom": "com.atlassian.servicedesk:sd-request-feedback-date"}},
    {"id": "customfield_10090", "name": "Support case", "custom": True,
     "schema": {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"}},
    {"id": "customfield_10091", "name": "Scope", "custom": True,
     "schema": {"type": "option", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:select"}},
]  # fmt: skip


def _schema() -> dict:
    number = {"type": "double", "precision": 3, "scale": 0}
    activity = [
        {
            "name": "Rapport_Key__c",
            "label": "Rapport key",
            "type": "string",
            "length": 80,
            "externalId": True,
            "unique": True,
        },
        {"name": "Rapport_Answer__c", "label": "Rapport answer", "type": "string", "length": 40},
        {"name": "Rapport_Snooze_Until__c", "label": "Rapport snooze until", "type": "date"},
    ]
    bands = [{"value": v, "label": v, "active": True} for v in ("Green", "Amber", "Red", "Unknown")]
    account = [
        *({"name": f"Rapport_{name}__c", "label": name, **number} for name in RAPPORT_NUMBERS),
        {
            "name": "Rapport_Band__c",
            "label": "Band",
            "type": "picklist",
            "length": 255,
            "picklistValues": bands,
        },
        {"name": "Rapport_Why__c", "label": "Why", "type": "textarea", "length": 32000},
        {"name": "Rapport_Next_Action__c", "label": "Next", "type": "string", "length": 255},
    ]
    return {"Account": {"fields": account}, "Task": {"fields": activity}, "Event": {"fields": activity}}


def _status(name: str) -> dict:
    number, category = CATEGORIES[name]
    names = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
    key = {"new": 2, "indeterminate": 4, "done": 3}[category]
    return {
        "id": number,
        "name": name,
        "statusCategory": {"id": key, "key": category, "name": names[category]},
    }


def sla(*cycles: dict, running: dict | None = None, name: str = "Time to resolution") -> dict:
    """The value of an SLA field, of cycles made by `cycle`."""
    ongoing = {} if running is None else {"ongoingCycle": running}
    return {"id": "1", "name": name, "completedCycles": list(cycles), **ongoing}


def cycle(
    started: datetime, breach: datetime | None, stopped: datetime | None = None, **more: object
) -> dict:
    """One cycle as Jira delivers it; `breached` follows from the times unless it is given."""
    times = {"startTime": started, "breachTime": breach, "stopTime": stopped}
    shown = {
        name: {"epochMillis": int(at.timestamp() * 1000), "iso8601": at.isoformat(), "friendly": "then"}
        for name, at in times.items()
        if at is not None
    }
    late = breach is not None and breach <= (stopped or NOW)
    return {"breached": late, **shown, "goalDuration": {"millis": 3_600_000, "friendly": "1h"}, **more}


def _wire(value: object) -> object:
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value


def _lines(path: Path, records: list[dict]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


class Company:
    """A book that is being served, with a config and a store of its own."""

    def __init__(self, folder: Path, simulator: Simulator, book: Book) -> None:
        self.folder = folder
        self.simulator = simulator
        self.book = book
        self.config_path = folder / "rapport.toml"
        self.settings: dict[str, str] = {}
        self._loaded: tuple[object, config_file.Config] | None = None

    def configure(self, extra: str = "", *, mode: str = "on", now: datetime = NOW, jira: bool = True) -> None:
        """Write rapport.toml; `extra` is TOML put after the fixed part."""
        site = (
            f'[jira]\nurl = "{self.simulator.jira_url}"\nemail = "i@vendor.example"\n'
            if jira and "[jira]" not in extra
            else ""
        )
        identity = '[identity]\ninternal_domains = ["vendor.example"]\naccount_field = "CRM Account"\n'
        history = (
            "[history]\nbackfill_weeks = 0\n"  # twelve weeks are for those tests alone that look at them
        )
        text = (
            f'[salesforce]\ninstance_url = "{self.simulator.salesforce_url}"\n{site}'
            f"{'' if '[identity]' in extra else identity}"
            f"{'' if '[history]' in extra else history}"
            f'[rollout]\nmode = "{mode}"\n[time]\nnow = "{now.isoformat()}"\n{extra.format(jira=self.simulator.jira_url)}'
        )
        self.config_path.write_text(text)

    @property
    def config(self) -> config_file.Config:
        if not self.config_path.exists():
            self.configure()
        secrets = {name: value for name, value in SECRETS.items() if "_JIRA_" not in name or self._has_jira()}
        environ = {**secrets, **self.settings}
        files = sorted(
            (each.name, each.stat().st_mtime_ns, each.stat().st_size)
            for each in self.folder.iterdir()
            if each.is_file()
        )
        asked = (files, sorted(environ.items()))
        if (
            self._loaded is None or self._loaded[0] != asked
        ):  # reading it again takes as long as a small query
            self._loaded = (asked, config_file.load(self.config_path, environ))
        return self._loaded[1]

    def _has_jira(self) -> bool:
        return "[jira]" in self.config_path.read_text()

    def at(self, now: datetime) -> None:
        """Move the clock of both the simulated org and the config."""
        self.simulator.set_now(now)
        text = self.config_path.read_text()
        old = text.partition('now = "')[2].partition('"')[0]
        self.config_path.write_text(text.replace(f'now = "{old}"', f'now = "{now.isoformat()}"'))

    def rebuild(self, schema: dict) -> None:
        """An admin gives the org other fields, or takes rights away; its records stay."""
        data = dataset.Dataset(salesforce=self.simulator.state()["salesforce"], schema=schema)
        with self.simulator.edit():
            self.simulator._salesforce = SalesforceApi(data, clock=self.simulator.now, ticking=False)

    def pull(self, *, full: bool = False) -> run.PullReport:
        return run.run_pull(self.config, full=full, progress=lambda source, rows: None)[1]

    def sync(self, **options: bool) -> dict:
        options = {"allow_large_change": False, "adopt": False, **options}
        return run.run_sync(self.config, progress=lambda source, rows: None, **options).to_json()

    @contextmanager
    def measured(self, as_of: datetime | None = None):
        config = self.config
        with run.reading(config) as (mirror, state):
            instant = as_of or default_as_of(mirror, server_now(config, mirror))
            measure(config, mirror, state, instant)
            yield config, mirror, instant

    def metrics(self, as_of: datetime | None = None) -> dict[str, dict[str, float | None]]:
        """Pulled before, measured now: account name -> metrics."""
        with self.measured(as_of) as (config, mirror, instant):
            return {row["account"]: row["metrics"] for row in views.metrics(config, mirror, instant)}

    def scores(self, as_of: datetime | None = None) -> list[dict]:
        with self.measured(as_of) as (_, mirror, instant):
            return views.scores(mirror, instant)

    def explain(self, account: str, as_of: datetime | None = None) -> dict:
        with self.measured(as_of) as (config, mirror, instant):
            return views.explained(config, mirror, account, instant)

    def links(self) -> dict:
        with run.reading(self.config) as (mirror, _):
            return views.links(mirror)

    def plan(self, **options: bool):
        config = self.config
        with run.reading(config) as (mirror, state):
            instant = default_as_of(mirror, server_now(config, mirror))
            return run.build_plan(config, mirror, state, instant, **options)

    def org(self, object_name: str) -> list[dict]:
        """The records as the simulated org holds them now."""
        return self.simulator.state()["salesforce"].get(object_name, [])

    def writes(self) -> int:
        return sum(side["write"] for side in self.simulator.calls().values())
