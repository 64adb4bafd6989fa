"""Service levels, satisfaction and delivery (definitions D19, E22, E26-E29), by plain loops over records."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from oracle_answers import Answers, Metrics
from oracle_words import day, instant

if TYPE_CHECKING:
    from oracle_issues import Issue

DAY = timedelta(days=1)


class Service(Answers):
    def _service_metrics(self, account: str) -> Metrics:
        own = [i for i in self.issues if account in i.accounts and i.counts]
        jira = [i for i in own if i.system == "jira"]
        return {
            **self._sla_metrics(account, jira),
            **self._ratings(account, jira),
            **self._counted(own),
            **self._dates(jira),
            **self._hours(account),
        }

    # -- E27

    def _sla_metrics(self, account: str, issues: list[Issue]) -> Metrics:
        cycles = [each for issue in issues for each in self._jira_cycles(issue)]
        told = {case for issue in issues if self._jira_cycles(issue) for case in self._cases_named(issue.raw)}
        for case in self._cases_of(account):
            if case["Id"] not in told:
                cycles += self._milestones(case)
        stopped = [(stop, met) for stop, met, _, _ in cycles if stop and self._in_days(stop, None, 90)]
        anywhere = any(self._jira_cycles(i) for i in self.every_issue(today=True)) or any(
            self._known(m) and self._started(m) <= self.as_of for m in self.org["CaseMilestone"]
        )
        return {
            "sla_attainment_90d": sum(met for _, met in stopped) / len(stopped)
            if len(stopped) >= 3
            else None,
            "sla_breaches_30d": sum(
                b and at is not None and self._in_days(at, None, 30) for _, _, b, at in cycles
            )
            if anywhere
            else None,
        }

    def _jira_cycles(self, issue: Issue) -> list[tuple]:
        """(stopped by then, met, breached, breach time) of every cycle that had begun."""
        found = []
        for name in ("customfield_10080", "customfield_10081"):
            value = issue.raw["fields"].get(name) or {}
            for each in [*value.get("completedCycles", []), value.get("ongoingCycle")]:
                if each:
                    start, end, breach = (
                        _millis(each.get(n)) for n in ("startTime", "stopTime", "breachTime")
                    )
                    if start <= self.as_of:
                        held = end is None and each.get("paused", False)
                        found.append(self._judged(end, breach, flag=each["breached"], held=held))
        return found

    def sla_ran(self, account: str) -> bool:
        """F34: an SLA's clock that ran in 365 days, of any linked issue or of a Case."""
        since = self.as_of - timedelta(days=365)
        spans = [
            (_millis(each["startTime"]), _millis(each.get("stopTime")))
            for issue in self.every_issue()
            if account in issue.accounts
            for name in ("customfield_10080", "customfield_10081")
            for value in [issue.raw["fields"].get(name) or {}]
            for each in [*value.get("completedCycles", []), value.get("ongoingCycle")]
            if each
        ]
        own = {
            c["Id"]
            for c in self.org["Case"]
            if not c.get("IsDeleted") and self.survivor(c.get("AccountId")) == account
        }
        spans += [
            (instant(m["StartDate"]), instant(m.get("CompletionDate")))
            for m in self.org["CaseMilestone"]
            if m["CaseId"] in own
        ]
        return any(start <= self.as_of and (end is None or end > since) for start, end in spans)

    def has_slas(self) -> bool:
        fields = [raw["fields"] for raw in self.raw_issues]
        values = [
            each.get(name) or {} for each in fields for name in ("customfield_10080", "customfield_10081")
        ]
        return bool(self.org["CaseMilestone"]) or any(
            v.get("completedCycles") or v.get("ongoingCycle") for v in values
        )

    def _milestones(self, case: dict) -> list[tuple]:
        found = []
        for each in self.org["CaseMilestone"]:
            if each["CaseId"] != case["Id"] or not self._known(each) or self._started(each) > self.as_of:
                continue
            end, target, closed = (
                instant(each.get("CompletionDate")),
                instant(each["TargetDate"]),
                instant(case.get("ClosedDate")),
            )
            shut = closed is not None and closed <= self.as_of and closed < target
            held = end is None and (each["IsCompleted"] or shut)
            found.append(self._judged(end, target, flag=each["IsViolated"], held=held))
        return found

    def _started(self, milestone: dict) -> datetime:
        return instant(milestone["StartDate"])

    def _judged(self, end: datetime | None, breach: datetime | None, *, flag: bool, held: bool) -> tuple:
        stopped = end if end and end <= self.as_of else None
        if breach is None:
            breached = bool(stopped and flag)
        elif breach > self.as_of:
            breached = False
        elif end is not None:
            breached = breach <= end and flag
        else:
            breached = flag if held else True
        return stopped, stopped is not None and not breached, breached, breach

    def _ratings(self, account: str, issues: list[Issue]) -> Metrics:
        given: list[tuple[int, float, bool]] = []
        for issue in issues:
            fields = issue.raw["fields"]
            value = fields.get("customfield_10082")
            rating = value.get("rating") if isinstance(value, dict) else value
            at = (
                instant(fields.get("customfield_10083"))
                or instant(fields.get("resolutiondate"))
                or instant(fields["updated"])
            )
            if rating is not None and at <= self.as_of:
                given.append(((self.as_of - at) // DAY, rating, False))
        for survey in self.org["SurveyResponse"]:
            at = instant(survey["CompletionDateTime"])
            if (
                self._known(survey)
                and survey["Rating"] is not None
                and at <= self.as_of
                and self._survey_account(survey) == account
            ):
                given.append(((self.as_of - at) // DAY, survey["Rating"], False))
        filled = [key for key in self.managed if self.accounts[key].get("Rapport_CSAT__c") is not None]
        declared = self.accounts[account].get("Rapport_CSAT__c")
        on = day(self.accounts[account].get("Rapport_CSAT_Date__c"))
        if (
            declared is not None
            and on
            and on <= self.today
            and filled
            and len(filled) >= 0.05 * len(self.managed)
        ):
            given.append(((self.today - on).days, declared, True))
        recent = [(rating, by_hand) for days, rating, by_hand in given if days < 180]
        enough = len(recent) >= 3 or any(by_hand for _, by_hand in recent)
        old = [rating for _, rating, by_hand in given if by_hand]  # stale (G37), but all that is known
        counted = [rating for rating, _ in recent] if enough else old
        return {
            "csat_180d": sum(counted) / len(counted) if counted else None,
            "csat_age_days": min((days for days, _, _ in given), default=None),
        }

    def _survey_account(self, survey: dict) -> str | None:
        if survey.get("AccountId") and (found := self.survivor(survey["AccountId"])):
            return found
        person = self._person(survey.get("SubmitterId"))
        if person and self.contacts[person]["account"]:
            return self.contacts[person]["account"]
        case = next(
            (c for c in self.org["Case"] if c["Id"] == survey.get("CaseId") and not c.get("IsDeleted")), None
        )
        return self.case_account(case) if case else None

    # -- E26, E28

    def _counted(self, own: list[Issue]) -> Metrics:
        jira = [i for i in own if i.system == "jira"]
        present = self.jira is not None
        types = {i.raw["fields"]["issuetype"]["name"].casefold() for i in self.every_issue(today=True)}
        types |= {(c.get("Type") or "").casefold() for c in self.org["Case"] if not c.get("IsDeleted")}
        asked, changes, incidents = (
            self._listed(f"{kind}_types") for kind in ("request", "change", "incident")
        )

        def is_of(issue: Issue, kinds: set[str]) -> bool:
            return issue.raw["fields"]["issuetype"]["name"].casefold() in kinds

        def young(issue: Issue, days: int) -> bool:
            return self._in_days(issue.created, None, days)

        dated = {r["id"]: day(r["releaseDate"]) for i in self.every_issue(today=True)
                 for r in i.raw["fields"].get("versions") or [] if r["releaseDate"]}  # fmt: skip
        marked = [i for i in self.every_issue() if any(self._scope(i))]
        mapped = any(i.raw["fields"].get("customfield_10091") for i in self.every_issue(today=True))
        scoped = present and (marked or mapped)
        new = [i for i in jira if young(i, 90)]
        again = Counter(
            (i.project, name)
            for i in jira
            if is_of(i, incidents) and young(i, 30)
            for name in [c["name"] for c in i.raw["fields"]["components"]] or [None]
        )
        return {
            "new_requests_90d": sum(is_of(i, asked) and young(i, 90) for i in own) if self.tracked() and asked & types else None,
            "out_of_scope_share_90d": sum(self._scope(i)[0] for i in new) / len(new) if scoped and new else None,
            "undecided_out_of_scope": sum(
                not i.done and self._scope(i) == (True, False) and self.as_of - i.created >= 7 * DAY for i in jira
            ) if scoped else None,
            "changes_after_release_60d": sum(
                is_of(i, changes) and young(i, 60) and self._after_release(i, dated) for i in jira
            ) if present and changes & types and any(on <= self.today for on in dated.values()) else None,
            "repeat_incidents_30d": sum(n - 1 for n in again.values()) if present and incidents & types else None,
            "ping_pong_issues": sum(
                sum(self._in_days(at, None, 30) for at, *_ in self._steps(i.raw, "assignee")) >= 4 for i in jira
            ) if present else None,
        }  # fmt: skip

    def _after_release(self, issue: Issue, dated: dict[str, date]) -> bool:
        made = self._local_day(issue.created)
        named = [dated[r["id"]] for r in issue.raw["fields"].get("versions") or [] if r["id"] in dated]
        return any(0 <= (made - on).days < 60 for on in named)

    def _scope(self, issue: Issue) -> tuple[bool, bool]:
        """(out of scope, decided)."""
        labels = {label.casefold() for label in issue.raw["fields"]["labels"]}
        value = ((issue.raw["fields"].get("customfield_10091") or {}).get("value") or "").casefold()
        out = "out-of-scope" in labels or value in {"out-of-scope", "out of scope", "yes", "true", "1"}
        decided = {"scope-accepted", "scope-declined", "scope accepted", "scope declined"}
        return out, bool(labels & {"scope-accepted", "scope-declined"}) or value in decided

    def _dates(self, issues: list[Issue]) -> Metrics:
        names = ("due_date_slips_90d", "slip_days_90d", "on_time_rate_180d")
        if self.jira is None:
            return dict.fromkeys(names)
        slips, kept = [], []
        for issue in issues:
            for at, _, item, _ in self._steps(issue.raw, "duedate"):
                old, new = day((item["from"] or "")[:10]), day((item["to"] or "")[:10])
                if at <= self.as_of and self._in_days(at, None, 90) and old and new and new > old:
                    slips.append((new - old).days)
            ends = [at for at, was, then in self._moves(issue) if then and not was]
            if issue.done and issue.due and ends and self._in_days(max(ends), None, 180):
                kept.append(self._local_day(max(ends)) <= issue.due)
        return dict(
            zip(
                names,
                (len(slips), sum(slips), sum(kept) / len(kept) if len(kept) >= 3 else None),
                strict=True,
            )
        )

    def _hours(self, account: str) -> Metrics:
        linked = [i for i in self.issues if account in i.accounts and i.system == "jira"]
        logged = [w for i in linked for w in self._worklogs(i)]
        anywhere = any(self._worklogs(i) for i in self.every_issue(today=True))
        worst = [self._overrun(i) for i in linked if not i.done and _is_epic(i.raw)]
        used = self._budget(account, logged)
        recent = sum(w["timeSpentSeconds"] for w in logged if self._in_days(instant(w["started"]), None, 90))
        return {
            "estimate_overrun": max((each for each in worst if each is not None), default=None),
            "hours_spent_90d": recent / 3600 if anywhere else None,
            "budget_used": used[0] if used and anywhere else None,
            "budget_elapsed": used[1] if used else None,
        }

    def _worklogs(self, issue: Issue) -> list[dict]:
        return [
            w
            for w in issue.raw["fields"]["worklog"]["worklogs"]
            if max(instant(w["started"]), instant(w["created"])) <= self.as_of
        ]

    def _overrun(self, epic: Issue) -> float | None:
        parents = {raw["id"]: (raw["fields"].get("parent") or {}).get("id") for raw in self.raw_issues}
        under = []
        for raw in self.raw_issues:
            at, seen = raw["id"], set()
            while at in parents and at not in seen and at != epic.raw["id"]:
                seen.add(at)
                at = parents[at]
            if at == epic.raw["id"] and instant(raw["fields"]["created"]) <= self.as_of:
                under.append(raw["fields"])
        original, left, spent = (
            sum(each.get(name) or 0 for each in under)
            for name in ("timeoriginalestimate", "timeestimate", "timespent")
        )
        return (spent + left) / original if original else None

    def _budget(self, account: str, logged: list[dict]) -> tuple[float, float | None] | None:
        found = []
        for contract in self._own("Contract", account):
            start, end = day(contract.get("StartDate")), contract_end(contract)
            budget = contract.get("Rapport_Budget_Hours__c")
            activated = contract.get("StatusCode") == "Activated" or (
                contract.get("ActivatedDate") and instant(contract["ActivatedDate"]) <= self.as_of
            )
            if (
                not budget
                or not activated
                or start is None
                or start > self.today
                or (end and end < self.today)
            ):
                continue
            days = [(self._local_day(instant(w["started"])), w["timeSpentSeconds"]) for w in logged]
            hours = sum(seconds for on, seconds in days if start <= on and (end is None or on <= end)) / 3600
            elapsed = ((self.today - start).days + 1) / ((end - start).days + 1) if end else None
            ahead = -1e9 if elapsed is None else hours / budget - elapsed
            found.append((-ahead, contract["Id"], hours / budget, elapsed))
        return min(found)[2:] if found else None


def contract_end(contract: dict) -> date | None:
    """Its last day, which without one of its own is that of its term of months."""
    start, end, term = (
        day(contract.get("StartDate")),
        day(contract.get("EndDate")),
        contract.get("ContractTerm"),
    )
    return _months_on(start, int(term)) - DAY if start and end is None and term else end


def _months_on(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _is_epic(raw: dict) -> bool:
    kind = raw["fields"]["issuetype"]
    return kind["name"].casefold() == "epic" or kind.get("hierarchyLevel") == 1


def _millis(value: dict | None) -> datetime | None:
    return datetime.fromtimestamp(value["epochMillis"] / 1000, UTC) if value else None
