"""Activities that are contact with the customer (definitions D15-D17)."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from oracle_records import Records
from oracle_words import AUTOMATIC, addresses_in, day, instant, short


@dataclass
class Row:
    """One activity that counts, before rows of one day become one moment (D15)."""

    kind: str
    direction: str | None
    people: frozenset[str]
    at: datetime | None  # None: only a date is known
    day: date
    accounts: set[str] = field(default_factory=set)
    onsite: bool = False
    subject: str = ""  # of an event


class Moments(Records):
    def _record_account(self, reference: str | None) -> str | None:
        """The account of a WhatId or RelatedToId."""
        key = short(reference)
        if key is None:
            return None
        if key.startswith("001"):
            return self.survivor(key)
        for name in ("Opportunity", "Contract", "Case", "Asset"):
            for record in self.org[name]:
                if short(record["Id"]) == key and self._known(record):
                    return self.survivor(record.get("AccountId"))
        return None

    def _activity_account(self, record: dict) -> str | None:
        return (
            self.survivor(record.get("AccountId"))
            or self._record_account(record.get("WhatId"))
            or self.contacts.get(self._person(record.get("WhoId")), {}).get("account")
        )

    def _people(self, record: dict, relation: str, reference: str) -> frozenset[str]:
        ids = {self._person(record.get("WhoId"))}
        for row in self.org[relation]:
            if self._known(row) and short(row[reference]) == short(record["Id"]) and not row.get("IsWhat"):
                ids.add(self._person(row["RelationId"]))
        return frozenset(ids - {None})

    def _rows(self) -> None:
        self.rows: list[Row] = []
        for row in [*self._task_rows(), *self._event_rows(), *self._mail_rows()]:
            if row.at is not None:
                if row.at > self.as_of:
                    continue
                row.day = self._local_day(row.at)
            elif row.day > self.today:
                continue
            self.rows.append(row)

    def _task_rows(self) -> list[Row]:
        calls = {t.casefold() for t in self.config.get("activities", {}).get("contact_task_types", ["Call"])}
        mailed = {short(m.get("ActivityId")) for m in self.org["EmailMessage"] if not m.get("IsDeleted")}
        rows = []
        for task in self.org["Task"]:
            kind, subtype = (task.get("Type") or "").casefold(), task.get("TaskSubtype")
            if not self._known(task) or not task.get("IsClosed") or task.get("IsRecurrence"):
                continue
            if self.excluded and self.excluded(task):
                continue
            if task.get("Rapport_Key__c") or subtype == "ListEmail":
                continue
            if kind == "meeting":
                word = "meeting"
            elif subtype == "Call":
                word = "call"
            elif short(task["Id"]) in mailed:  # it is that mail, whatever its Type says
                continue
            elif kind in calls:
                word = "call"
            elif subtype == "Email" or kind == "email":
                if (task.get("Subject") or "").casefold().startswith(AUTOMATIC):
                    continue
                word = "email"
            else:
                continue
            at, on = instant(task.get("CompletedDateTime")), day(task.get("ActivityDate"))
            if at is None and on is None:
                continue
            direction = {"Inbound": "in", "Outbound": "out"}.get(task.get("CallType"))
            people = self._people(task, "TaskRelation", "TaskId")
            rows.append(
                Row(word, direction, people, at, on or date.min, {self._activity_account(task)} - {None})
            )
        return rows

    def _event_rows(self) -> list[Row]:
        rows = []
        for event in self.org["Event"]:
            left_out = event.get("IsChild") or event.get("IsRecurrence") or event.get("IsPrivate")
            if not self._known(event) or left_out or event.get("Rapport_Key__c"):
                continue
            if self.excluded and self.excluded(event):
                continue
            if event.get("IsAllDayEvent"):
                at, on = None, day(event.get("ActivityDate"))
            else:
                at, on = instant(event.get("StartDateTime")), None
            if at is None and on is None:
                continue
            people = self._people(event, "EventRelation", "EventId")
            accounts = {self._activity_account(event)} - {None}
            visits = self.config.get("activities", {}).get("onsite_types", ["On-site", "Onsite", "Visit"])
            onsite = (event.get("Type") or "").casefold() in {visit.casefold() for visit in visits}
            rows.append(
                Row("meeting", None, people, at, on or date.min, accounts, onsite, event.get("Subject") or "")
            )
        return rows

    def _mail_rows(self) -> list[Row]:
        rows = []
        for mail in self.org["EmailMessage"]:
            if (
                not self._known(mail)
                or mail.get("Status") == "5"
                or mail.get("ParentId")
                or (mail.get("RelatedToId") or "").startswith("500")
                or not mail.get("MessageDate")
            ):
                continue
            if self.excluded and self.excluded(mail):
                continue
            subject = (mail.get("Subject") or "").casefold()
            if subject.startswith(AUTOMATIC) or re.search(
                r"(?im)^auto-submitted:", mail.get("Headers") or ""
            ):
                continue
            sender = addresses_in(mail.get("FromAddress"))
            to = [
                a for name in ("ToAddress", "CcAddress", "BccAddress") for a in addresses_in(mail.get(name))
            ]
            other = {c for a in (sender if mail.get("Incoming") else to) for c in self.contacts_at[a]}
            people = other
            accounts = {self.contacts[c]["account"] for c in other} - {None}
            accounts = accounts or {self._record_account(mail.get("RelatedToId"))} - {None}
            direction = "in" if mail.get("Incoming") else "out"
            rows.append(
                Row("email", direction, frozenset(people), instant(mail["MessageDate"]), date.min, accounts)
            )
        return rows

    def _days_ago(self, row: Row) -> int:
        """A2: whole 24-hour days of a date-time, difference of dates else."""
        return (self.as_of - row.at).days if row.at is not None else (self.today - row.day).days

    def _moments(self, account: str) -> dict[tuple, list[Row]]:
        found: dict[tuple, list[Row]] = defaultdict(list)
        for row in self.rows:
            if account in row.accounts:
                found[row.kind, row.direction, row.people, row.day].append(row)
        return found

    def _recent(self, rows: list[Row]) -> bool:
        return any(self._in_days(row.at, row.day, 90) for row in rows)
