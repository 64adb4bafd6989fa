"""Issues as they stood at as_of, the sides of people, and questions that wait (definitions A3, A4, E)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

from oracle_records import Records
from oracle_words import HOUR, address_of, day, domain_of, instant, short


@dataclass
class Issue:
    """One issue as it stood at as_of."""

    raw: dict
    key: str
    accounts: set[str]
    created: datetime
    project: str
    service: bool
    software: bool
    done: bool
    category: str | None
    status: str
    status_since: datetime
    priority: str | None
    due: date | None
    counts: bool  # neither sub-task nor epic
    system: str = "jira"
    escalated: bool = False
    contact: str | None = None


class Issues(Records):
    def _steps(self, raw: dict, name: str) -> list[tuple[datetime, int, dict, dict | None]]:
        steps = [
            (instant(history["created"]), int(history["id"]), item, history.get("author"))
            for history in raw["changelog"]["histories"]
            for item in history["items"]
            if item["field"] == name
        ]
        return sorted(steps, key=lambda step: step[:2])

    def _then(self, raw: dict, name: str) -> dict | None:
        """A3: the earliest step after as_of, whose `from` is the value then; None: the present value."""
        for at, _, item, _ in self._steps(raw, name):
            if at > self.as_of:
                return item
        return None

    def _issues(self) -> None:
        self.issues: list[Issue] = []
        by_id = {status["id"]: status["statusCategory"]["key"] for status in self.statuses}
        for raw in self.raw_issues:  # K59: seen only in changelogs, served with category indeterminate
            for _, _, item, _ in self._steps(raw, "status"):
                for number in (item["from"], item["to"]):
                    by_id.setdefault(number, "indeterminate")
        by_name = {status["name"].casefold(): status["statusCategory"]["key"] for status in self.statuses}
        self.status_by_id, self.status_by_name = by_id, by_name
        for raw in self.raw_issues:
            fields = raw["fields"]
            created = instant(fields["created"])
            if created > self.as_of:
                continue
            status, category = fields["status"]["name"], fields["status"]["statusCategory"]["key"]
            if step := self._then(raw, "status"):
                status = step["fromString"]
                category = by_id.get(step["from"]) or by_name.get((status or "").casefold())
            step = self._then(raw, "priority")
            priority = step["fromString"] if step else (fields["priority"] or {}).get("name")
            step = self._then(raw, "duedate")
            due = day((step["from"] or "")[:10] if step else fields["duedate"])
            step = self._then(raw, "project")
            project = step["fromString"] if step else fields["project"]["key"]
            moved = [at for at, *_ in self._steps(raw, "status") if at <= self.as_of]
            kind, status_key = fields["issuetype"], (status or "").casefold()
            state, _, accounts = self.links[raw["id"]]
            self.issues.append(
                Issue(
                    raw=raw,
                    key=raw["key"],
                    accounts=accounts if state == "linked" else set(),
                    created=created,
                    project=project,
                    service=self.projects.get(project) == "service_desk",
                    software=self.projects.get(project) == "software",
                    done=category == "done" or status_key in self._listed("done_statuses"),
                    category=category,
                    status=status_key,
                    status_since=max(moved, default=created),
                    priority=(priority or "").casefold() or None,
                    due=due,
                    counts=not kind["subtask"]
                    and (kind.get("hierarchyLevel") or 0) < 1
                    and kind["name"].casefold() != "epic",
                )
            )

        self._cases()

    def every_issue(self, *, today: bool = False) -> list[Issue]:
        """Issues of Jira, whoever they belong to; `today`: those too that were not there yet."""
        if today:
            return [SimpleNamespace(raw=raw) for raw in self.raw_issues]
        return [issue for issue in self.issues if issue.system == "jira"]

    def _cases(self) -> None:
        """E29: Cases are issues too, without project; since when they have their status is not told, so since created."""
        for case in self.org["Case"]:
            account = self.case_account(case)
            if not self._known(case) or account is None:
                continue
            closed, created = instant(case.get("ClosedDate")), instant(case["CreatedDate"])
            done = bool(case.get("IsClosed")) and not (closed and closed > self.as_of)
            status = (case.get("Status") or "").casefold()
            contact = self._person(case.get("ContactId"))
            paired = any(
                account in issue.accounts and issue.counts and case["Id"] in self._cases_named(issue.raw)
                for issue in self.every_issue()
            )
            comments = [
                {
                    "author": {"case_user": c["CreatedById"]},
                    "created": c["CreatedDate"],
                    "published": c["IsPublished"],
                }
                for c in self.org["CaseComment"]
                if c["ParentId"] == case["Id"] and self._known(c)
            ]
            fields = {
                "issuetype": {"name": case.get("Type") or ""},
                "labels": [],
                "reporter": {"contact": contact} if contact else None,
                "comment": {"comments": comments},
                "resolutiondate": case.get("ClosedDate"),
            }
            self.issues.append(
                Issue(raw={"fields": fields, "changelog": {"histories": []}}, key=case["Id"], accounts=set() if paired else {account},
                      created=created, project=None, service=False, software=False,
                      done=done or status in self._listed("done_statuses"), category=None, status=status, status_since=created,
                      priority=(case.get("Priority") or "").casefold() or None, due=None, counts=True, system="salesforce",
                      escalated=bool(case.get("IsEscalated")), contact=contact)
            )  # fmt: skip

    def case_account(self, case: dict) -> str | None:
        """Its own, else that of its contact."""
        if found := self.survivor(case.get("AccountId")):
            return found
        if case.get("AccountId"):
            return None
        rows = {short(contact["Id"]): contact for contact in self.org["Contact"]}
        key, hops = short(case.get("ContactId")), 0
        while key in rows and rows[key].get("IsDeleted") and hops < len(rows):
            key, hops = short(rows[key].get("MasterRecordId")), hops + 1
        return (
            self.survivor(rows[key].get("AccountId"))
            if key in rows and not rows[key].get("IsDeleted")
            else None
        )

    def _cases_of(self, account: str) -> list[dict]:
        return [c for c in self.org["Case"] if self._known(c) and self.case_account(c) == account]

    def _cases_named(self, raw: dict) -> set[str]:
        """By number or Id, in the mapped field or in a link."""
        words = re.findall(r"[A-Za-z0-9]+", raw["fields"].get("customfield_10090") or "")
        urls = " ".join(link["object"]["url"] for link in raw.get("remotelinks", []))
        linked = re.findall(r"[A-Za-z0-9]+", urls)
        return {
            case["Id"]
            for case in self.org["Case"]
            if not case.get("IsDeleted")
            and (
                {case["Id"], case["Id"][:15]} & {*words, *linked}
                or (case.get("CaseNumber") or "-") in linked
                or (case.get("CaseNumber") or "-").lstrip("0") in {word.lstrip("0") for word in words}
            )
        }

    def _user_side(self, user: str) -> str | None:
        row = next((u for u in self.org["User"] if u["Id"] == user), None)
        kind = (row or {}).get("UserType") or "Standard"
        if row is None or (kind == "AutomatedProcess" and not row.get("ContactId")):
            return None
        return "customer" if row.get("ContactId") or kind != "Standard" else "staff"

    def _side(self, person: dict | None, issue: Issue, account: str | None) -> str | None:
        """E23, in its order; E29."""
        if issue.system == "salesforce":
            return (
                "customer"
                if person and "contact" in person
                else person and self._user_side(person["case_user"])
            )
        if not person or person.get("accountType") == "app":
            return None
        address = address_of(person.get("emailAddress"))
        domain = domain_of(address)
        staff = self.identity.get("staff", [])
        members = {m for entry in staff for m in self.groups.get(entry.removeprefix("group:"), ())}
        if person["accountId"] in members.union(staff) or (
            domain and domain in {s.casefold() for s in staff}
        ):
            return "staff"
        if person.get("accountType") == "customer":
            return "customer"
        if (
            account
            and address
            and any(self.contacts[c]["address"] == address for c in self.contacts_of[account])
        ):
            return "customer"
        if domain in self.internal and self.preset != "internal-it":
            return "staff"
        if account and domain and domain in self.domains(account):
            return "customer"
        fields = issue.raw["fields"]
        others = [fields.get("reporter"), *(fields.get("customfield_10070") or [])]
        involved = person["accountId"] in [each["accountId"] for each in others if each]
        if address and involved and (domain not in self.internal or self.preset == "internal-it"):
            return "customer"
        if issue.service and person.get("accountType") == "atlassian" and not address and not involved:
            return "staff"
        return None

    def _public(self, comment: dict, issue: Issue) -> bool:
        """E24: an internal note of a service project stays internal, whatever the list says."""
        if issue.system == "salesforce":
            return comment["published"]
        if comment.get("visibility"):
            return False
        listed = issue.project.casefold() in self._listed("customer_visible_projects")
        return comment.get("jsdPublic", listed) if issue.service else listed

    def _comments(self, issue: Issue) -> list[dict]:
        return [c for c in issue.raw["fields"]["comment"]["comments"] if instant(c["created"]) <= self.as_of]

    def tracked(self) -> bool:
        """Whether anything tells of issues: a Jira, or Cases in the org."""
        return self.jira is not None or any(self._known(case) for case in self.org["Case"])

    def _sided_projects(self) -> set[str]:
        """E23: projects in which somebody is determinably a customer in 180 d; any issue of the project counts."""
        found = set()
        for issue in (each for each in self.issues if each.system == "jira"):
            people = [
                c["author"] for c in self._comments(issue) if self._in_days(instant(c["created"]), None, 180)
            ]
            if self._in_days(issue.created, None, 180):
                people.append(issue.raw["fields"].get("reporter"))
            for account in issue.accounts or {None}:
                if any(self._side(person, issue, account) == "customer" for person in people):
                    found.add(issue.project)
        for case in (each for each in self.org["Case"] if self._known(each) and self.case_account(each)):
            for said in (
                c for c in self.org["CaseComment"] if c["ParentId"] == case["Id"] and self._known(c)
            ):
                if self._user_side(said["CreatedById"]) and self._in_days(
                    instant(said["CreatedDate"]), None, 180
                ):
                    found.add(None)
        return found

    def _waits_since(self, issue: Issue, account: str) -> datetime | None:
        """E25: the oldest public customer comment of 90 d that no answer follows."""
        answers = [
            at
            for at, _, item, author in self._steps(issue.raw, "status")
            if at <= self.as_of
            and (item["toString"] or "").casefold() in self._listed("waiting_statuses")
            and self._side(author, issue, account) == "staff"
        ]
        asked = []
        for comment in self._comments(issue):
            at = instant(comment["created"])
            side = self._side(comment["author"], issue, account) if self._public(comment, issue) else None
            if side == "staff":
                answers.append(at)
            elif side == "customer" and self._in_days(at, None, 90):
                asked.append(at)
        return min((at for at in asked if not any(answer > at for answer in answers)), default=None)

    def business_hours(self, since: datetime) -> float:
        """A4: Monday to Friday, within the hours, in the zone, without holidays."""
        settings = self.config.get("time", {})
        opens, closes = (time.fromisoformat(text) for text in settings.get("hours", ["09:00", "17:00"]))
        holidays = set(settings.get("holidays", []))
        total, each = timedelta(0), self._local_day(since)
        while each <= self.today:
            if each.weekday() < 5 and each not in holidays:
                begin = datetime.combine(each, opens, self.zone).astimezone(UTC)
                end = datetime.combine(each, closes, self.zone).astimezone(UTC)
                total += max(min(end, self.as_of) - max(begin, since), timedelta(0))
            each += timedelta(days=1)
        return total / HOUR
