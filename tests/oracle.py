"""An independent reading of the definitions: metrics, links and scores of a dataset folder by plain loops.

It shares no line with the product (no SQL, no model, no compiled expression) and is written from the text of the
definitions alone; the letters and numbers in comments are theirs. It is slow and meant for companies of a few records.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction

import oracle_contacts
import oracle_deals
from oracle_deals import Deals
from oracle_scores import SCORECARDS, combined, of_preset, scorecard, shown
from oracle_service import Service
from oracle_words import HOUR, address_of, day, instant, short, unit_form


class Oracle(Service):
    """What the definitions say of a dataset folder under a config at `as_of`."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self._issues()
        self.deals = Deals(self)
        self._managed()
        self._rows()

    def _managed(self) -> None:
        self.managed = {key for key in self.accounts if self._is_managed(key)}

    def _is_managed(self, key: str) -> bool:
        account = self.accounts[key]
        if self.condition:
            return self.condition(account)
        if account.get("IsPersonAccount"):
            return False
        if self.preset == "internal-it":
            return True
        since = self.today - timedelta(days=730)
        if (account.get("Type") or "").startswith("Customer"):
            return True
        if any(
            deal.account == key and deal.won and since < deal.closes <= self.today
            for deal in self.deals.deals
        ):
            return True
        for contract in self._own("Contract", key):
            activated = contract.get("StatusCode") == "Activated" or contract.get("ActivatedDate")
            end = day(contract.get("EndDate"))
            if activated and (end is None or end >= since):
                return True
        if any(asset.get("Status") != "Obsolete" for asset in self._own("Asset", key)):
            return True
        return any(
            key in issue.accounts and self._local_day(instant(issue.raw["fields"]["updated"])) > since
            for issue in self.issues
            if issue.system == "jira"
        )

    def _unit_parts(self, account: str) -> tuple[dict[str, set[str]], dict[str, set[str]], set[str]]:
        """Units of B10: child accounts and departments with those who make them up, and the declared ones."""
        raw_aliases = self.identity.get("department_aliases", {})
        aliases = {unit_form(k, {}): unit_form(v, {}) for k, v in raw_aliases.items()}
        children: dict[str, set[str]] = defaultdict(set)
        for key, child in self.accounts.items():
            if key in self.managed and key != account and self.survivor(child.get("ParentId")) == account:
                children[unit_form(child["Name"], aliases)].add(key)
        departments: dict[str, set[str]] = defaultdict(set)
        for contact in self.contacts_of[account]:
            departments[unit_form(self.contacts[contact]["department"], aliases)].add(contact)
        declared = {
            unit_form(name, aliases)
            for owner, names in self.identity.get("units", {}).items()
            if self._entry(owner) == {account}  # a name that fits several says nothing
            for name in names
        }
        return children, departments, declared

    def _units(self, account: str) -> tuple[set[str], set[str], bool]:
        """(known, engaged, measurable) of B10."""
        children, departments, declared = self._unit_parts(account)
        known = ({*children, *departments} | declared) - {""}
        engaged = {
            unit
            for unit in known
            if any(self._person_engaged(person) for person in departments.get(unit, ()))
            or any(self._child_engaged(child) for child in children.get(unit, ()))
        }
        alone = not ({*children} | declared) - {""}
        return known, engaged, len(known) >= 3 and not alone

    def _live_deals(self) -> list[dict]:
        """Opportunities open or won in 12 months."""
        return [
            deal.raw
            for deal in self.deals.deals
            if deal.open or (deal.won and self._in_days(None, deal.closes, 365))
        ]

    def _person_engaged(self, person: str) -> bool:
        if any(person in row.people and self._recent([row]) for row in self.rows if row.accounts):
            return True
        deals = {short(deal["Id"]) for deal in self._live_deals()}
        for role in self.org["OpportunityContactRole"]:
            if (
                self._known(role)
                and self._person(role["ContactId"]) == person
                and short(role["OpportunityId"]) in deals
            ):
                return True
        address = self.contacts[person]["address"]
        return any(
            address and address == address_of((issue.raw["fields"].get("reporter") or {}).get("emailAddress"))
            for issue in self.every_issue()
            if issue.counts and not issue.done
        ) or any(issue.contact == person and issue.accounts and not issue.done for issue in self.issues)

    def _child_engaged(self, account: str) -> bool:
        return (
            any(self._recent([row]) for row in self.rows if account in row.accounts)
            or any(self.survivor(deal.get("AccountId")) == account for deal in self._live_deals())
            or any(account in issue.accounts and issue.counts and not issue.done for issue in self.issues)
        )

    def metrics(self) -> dict[str, dict[str, float | None]]:
        """Id by 15 characters -> metric -> value."""
        sided = self._sided_projects()
        logged = any(row.accounts and self._recent([row]) for row in self.rows)
        found = {}
        for account in sorted(self.accounts):
            found[account] = {
                **self._contact_metrics(account, logged=logged),
                **oracle_contacts.metrics(self, account, logged=logged),
                **self._issue_metrics(account),
                **self._question_metrics(account, sided),
                **self._flow_metrics(account),
                **self._answer_metrics(account, sided),
                **self._service_metrics(account),
                **self._unit_metrics(account),
                **(oracle_deals.metrics(self, self.deals, account) if self.preset == "vendor" else {}),
            }
        return found

    def _contact_metrics(self, account: str, *, logged: bool) -> dict[str, float | None]:
        names = ("days_since_contact", "moments_90d", "contacts_engaged_90d", "effective_contacts")
        if not logged:
            return dict.fromkeys(names)
        moments = self._moments(account)
        age = (self.as_of - instant(self.accounts[account]["CreatedDate"])).days
        recent = [key for key, rows in moments.items() if self._recent(rows)]
        people = Counter(person for _, _, who, _ in recent for person in who)
        return {
            "days_since_contact": min(
                (self._days_ago(r) for rows in moments.values() for r in rows), default=age
            ),
            "moments_90d": len(recent),
            "contacts_engaged_90d": len(people.keys() & self.contacts_of[account]),
            "effective_contacts": people.total() ** 2 / sum(n * n for n in people.values())
            if people
            else None,
        }

    def _issue_metrics(self, account: str) -> dict[str, float | None]:
        names = ("open_issues", "open_p1", "overdue_issues", "stuck_issues", "active_projects")
        if not self.tracked():
            return dict.fromkeys(names)
        with_jira = self.jira is not None
        still = [i for i in self.issues if account in i.accounts and i.counts and not i.done]
        resting = self._listed("waiting_statuses") | self._listed("paused_statuses")
        p1 = self._listed("p1_priorities")
        on_site = {p["name"].casefold() for p in self.priorities if with_jira}
        on_site |= {
            (case.get("Priority") or "").casefold() for case in self.org["Case"] if not case.get("IsDeleted")
        }
        return {
            "open_issues": len(still),
            "open_p1": sum(
                i.priority in p1
                and (
                    not i.software
                    or i.raw["fields"]["issuetype"]["name"].casefold() in self._listed("incident_types")
                )
                for i in still
            )
            if p1 & on_site
            else None,
            "overdue_issues": sum(i.due is not None and i.due < self.today for i in still)
            if with_jira
            else None,
            "stuck_issues": sum(
                i.status_since <= self.as_of - timedelta(days=14)
                and i.status not in resting
                and (not i.software or i.category == "indeterminate")
                for i in still
            ),
            "active_projects": len({i.project for i in still if i.project}) if with_jira else None,
        }

    def _question_metrics(self, account: str, sided: set[str]) -> dict[str, float | None]:
        names = ("unanswered_comments", "oldest_unanswered_hours", "oldest_unanswered_business_hours")
        own = [i for i in self.issues if account in i.accounts and i.counts]
        with_sides = [i for i in own if i.project in sided]
        if not self.tracked() or (own and not with_sides):
            return dict.fromkeys(names)
        waits = [since for i in with_sides if not i.done and (since := self._waits_since(i, account))]
        return {
            "unanswered_comments": len(waits),
            "oldest_unanswered_hours": max(((self.as_of - since) / HOUR for since in waits), default=0),
            "oldest_unanswered_business_hours": max(
                (self.business_hours(since) for since in waits), default=0
            ),
        }

    def _unit_metrics(self, account: str) -> dict[str, float | None]:
        known, engaged, measurable = self._units(account)
        return {
            "org_units_known": len(known),
            "org_units_engaged": len(engaged),
            "unit_coverage": len(engaged) / len(known) if measurable else None,
        }

    def on_record(self, account: str) -> bool:
        """Whether there is anything that a score could rest on; an account of which nothing is known has none."""
        records = ("Case", "Opportunity", "Contract", "Asset", "AccountPlan")
        return bool(
            self._moments(account)
            or oracle_contacts.next_meeting(self, account) is not None
            or self.contacts_of[account]
            or self.accounts[account].get("IsPersonAccount")
            or any(account in issue.accounts for issue in self.issues)
            or any(self._own(name, account) for name in records)
        )

    def scores(
        self,
        previous: dict[tuple[str, str], str],
        others: dict[str, dict[str, float | None]],
    ) -> dict[str, dict[str, dict[str, object]]]:
        """Managed account -> scorecard -> score, band, confidence; `previous` bands by (account, scorecard).

        `others` holds the metrics that are not read here.
        """
        metrics = {account: {**others[account], **own} for account, own in self.metrics().items()}
        bands = {"green": 70, "amber": 40, **self.config.get("bands", {})}
        cards = self.scorecards()
        found = {}
        for account in sorted(self.managed):
            exact = {
                name: scorecard(card, metrics[account]) if self.on_record(account) else (None, Fraction(0))
                for name, card in cards.items()
                if "of" not in card
            }
            for name, card in cards.items():
                if "of" in card:
                    exact[name] = combined(card, exact)
            found[account] = {
                name: shown(raw, confidence, bands, previous.get((account, name)))
                for name, (raw, confidence) in exact.items()
            }
        return found

    def scorecards(self) -> dict[str, dict]:
        """The built-in ones, overridden by the preset's and the config's key by key; a list replaces the whole list."""
        cards = {name: dict(card) for name, card in SCORECARDS.items()}
        for name, card in [*of_preset(self.preset).items(), *self.config.get("scorecards", {}).items()]:
            cards[name] = cards.get(name, {}) | card
        return cards
