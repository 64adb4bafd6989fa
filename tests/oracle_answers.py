"""How issues move, wait for the customer and are answered (definitions D19, E22, E25, E26)."""

from __future__ import annotations

from datetime import datetime, timedelta

from oracle_issues import Issue, Issues
from oracle_moments import Moments
from oracle_words import instant

Metrics = dict[str, float | None]


def continuous_quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


class Answers(Issues, Moments):
    def _flow_metrics(self, account: str) -> Metrics:
        names = ("open_escalations", "oldest_open_issue_days", "reopened_90d", "waiting_on_customer_days",
                 "customer_tasks_overdue")  # fmt: skip
        if not self.tracked():
            return dict.fromkeys(names)
        own = [i for i in self.issues if account in i.accounts and i.counts]
        still = [i for i in own if not i.done]
        listed = self._listed("waiting_statuses")
        on_site = {status["name"].casefold() for status in self.statuses if self.jira is not None}
        on_site |= {
            (case.get("Status") or "").casefold() for case in self.org["Case"] if not case.get("IsDeleted")
        }
        waiting = [i for i in still if i.status in listed]
        return {
            "open_escalations": sum(
                i.escalated
                or any(label.casefold() in self._listed("escalation_labels") for label in i.raw["fields"]["labels"])
                for i in still
            ),
            "oldest_open_issue_days": max(
                (self._days(i.created) for i in still if not i.software or i.category == "indeterminate"), default=0
            ),
            "reopened_90d": sum(
                self._in_days(at, None, 90) and was and not then
                for i in own
                for at, was, then in self._moves(i)
            )
            if self.jira is not None
            else None,
            "waiting_on_customer_days": max((self._days(i.status_since) for i in waiting), default=0)
            if listed & on_site
            else None,
            "customer_tasks_overdue": sum(i.due is not None and i.due < self.today for i in waiting)
            if listed & on_site and self.jira is not None
            else None,
        }  # fmt: skip

    def _answer_metrics(self, account: str, sided: set[str]) -> Metrics:
        names = ("first_response_business_hours_p90", "days_since_status_update")
        own = [i for i in self.issues if account in i.accounts and i.counts]
        with_sides = [i for i in own if i.project in sided]
        if not self.tracked() or (own and not with_sides):
            return dict.fromkeys(names)
        waits = [
            self.business_hours(i.created) - self.business_hours(self._answered_at(i, account))
            for i in with_sides
            if self._in_days(i.created, None, 90)
            and self._side(i.raw["fields"]["reporter"], i, account) == "customer"
        ]
        return {
            "first_response_business_hours_p90": continuous_quantile(waits, 0.9),
            "days_since_status_update": self._since_update(account, with_sides)
            if self.jira is not None
            else None,
        }

    def _since_update(self, account: str, issues: list[Issue]) -> float | None:
        meetings = [
            self._days_ago(row)
            for (kind, *_), rows in self._moments(account).items()
            for row in rows
            if kind == "meeting"
        ]
        age = self._days(instant(self.accounts[account]["CreatedDate"]))
        found = []
        for project in {i.project for i in issues if i.project and not i.done}:
            told = [
                self._days(at) for i in issues if i.project == project for at in self._staff_words(i, account)
            ]
            found.append(min([*told, *meetings], default=age))  # D19: never is not unknown
        return max(found, default=None)

    def _staff_words(self, issue: Issue, account: str) -> list[datetime]:
        return [
            instant(comment["created"])
            for comment in self._comments(issue)
            if self._public(comment, issue) and self._side(comment["author"], issue, account) == "staff"
        ]

    def _answered_at(self, issue: Issue, account: str) -> datetime:
        """The first public staff comment, else when it was last done (without a step: resolved), else now."""
        if words := self._staff_words(issue, account):
            return min(words)
        if not issue.done:
            return self.as_of
        resolved = instant(issue.raw["fields"].get("resolutiondate"))
        ends = [at for at, was, then in self._moves(issue) if then and not was]
        if ends:
            return max(ends)
        return resolved if resolved is not None and resolved <= self.as_of else self.as_of

    def _moves(self, issue: Issue) -> list[tuple[datetime, bool, bool]]:
        """Status steps known then: when, whether it was done before, whether after (E22)."""
        return [
            (at, self._is_done(item["from"], item["fromString"]), self._is_done(item["to"], item["toString"]))
            for at, _, item, _ in self._steps(issue.raw, "status")
            if at <= self.as_of
        ]

    def _is_done(self, number: str | None, name: str | None) -> bool:
        key = (name or "").casefold()
        category = self.status_by_id.get(number) or self.status_by_name.get(key)
        return category == "done" or key in self._listed("done_statuses")

    def _days(self, at: datetime) -> int:
        return (self.as_of - at) // timedelta(days=1)
