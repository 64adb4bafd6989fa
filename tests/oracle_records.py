"""What the oracle reads: accounts, contacts, who is whose, and the links of issues (definitions A, B, C)."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from oracle_words import (
    FREE_MAIL,
    LINK_BY,
    LISTS,
    Condition,
    address_of,
    domain_of,
    instant,
    name_form,
    short,
    website_domain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Records:
    """What the definitions say of `folder` under the config `toml` at `as_of`."""

    def __init__(
        self,
        folder: Path,
        toml: str,
        as_of: datetime,
        *,
        groups: Mapping[str, Sequence[str]],
        managed: Condition | None = None,
        excluded: Condition | None = None,
        map_rows: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """The last four are what the folder and the TOML do not say: `[accounts] managed` and `[activities] exclude` as Python, the members of Jira groups and the lines of the map file."""
        self.as_of = as_of
        self.config = tomllib.loads(toml)
        self.groups, self.condition, self.excluded, self.map_rows = groups, managed, excluded, map_rows
        self.identity = self.config.get("identity", {})
        self.jira = self.config.get("jira")
        self.zone = ZoneInfo(self.config.get("time", {}).get("zone", "UTC"))
        self.today = as_of.astimezone(self.zone).date()
        self.preset = self.config.get("accounts", {}).get("preset", "vendor")
        self.internal = {d.casefold() for d in self.identity.get("internal_domains", [])}
        self.free = {d.casefold() for d in self.identity.get("free_mail_domains", FREE_MAIL)}
        self._read(folder)
        self._accounts()
        self._contacts()
        self.links = self._links()

    def _read(self, folder: Path) -> None:
        self.org: dict[str, list[dict]] = defaultdict(list)
        for path in sorted((folder / "salesforce").glob("*.jsonl")):
            self.org[path.stem] = [json.loads(line) for line in path.read_text().splitlines()]
        site = folder / "jira"
        self.raw_issues = []
        if self.jira is not None:
            levels = self._listed("security_levels")
            for line in (site / "issues.jsonl").read_text().splitlines():
                issue = json.loads(line)
                level = issue["fields"].get("security")
                if level is None or level["name"].casefold() in levels:  # C14: others are not stored at all
                    self.raw_issues.append(issue)
        self.statuses = json.loads((site / "statuses.json").read_text())
        self.priorities = json.loads((site / "priorities.json").read_text())
        self.projects = {
            p["key"]: p["projectTypeKey"] for p in json.loads((site / "projects.json").read_text())
        }

    def _listed(self, name: str) -> set[str]:
        return {value.casefold() for value in (self.jira or {}).get(name, LISTS[name])}

    def _known(self, record: dict) -> bool:
        """A3: created by as_of, and not deleted (no deletion time is stored)."""
        return not record.get("IsDeleted") and instant(record["CreatedDate"]) <= self.as_of

    def _in_days(self, at: datetime | None, on: date | None, days: int) -> bool:
        """The window "N d" of a date-time, else of a date."""
        if at is not None:
            return self.as_of - timedelta(days=days) < at <= self.as_of
        return self.today - timedelta(days=days) < on <= self.today

    def _local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _accounts(self) -> None:
        self.every_account = {short(a["Id"]): a for a in self.org["Account"]}
        self.present = {key: a for key, a in self.every_account.items() if not a.get("IsDeleted")}
        self.accounts = {key: a for key, a in self.present.items() if self._known(a)}

    def survivor(self, reference: str | None) -> str | None:
        """B6: along MasterRecordId to the survivor; a deleted account without one is dropped."""
        key, seen = short(reference), set()
        while key in self.every_account and key not in seen:
            seen.add(key)
            account = self.every_account[key]
            if not account.get("IsDeleted"):
                return key
            key = short(account.get("MasterRecordId"))
        return None

    def _contacts(self) -> None:
        self.contacts: dict[str, dict] = {}
        self.contacts_of: dict[str, set[str]] = defaultdict(set)
        self.contacts_at: dict[str, set[str]] = defaultdict(set)
        for contact in self.org["Contact"]:
            if not self._known(contact):
                continue
            key = short(contact["Id"])
            account = self.survivor(contact.get("AccountId"))
            address = address_of(contact.get("Email"))
            self.contacts[key] = {
                "account": account,
                "address": address,
                "department": contact.get("Department"),
            }
            if account:
                self.contacts_of[account].add(key)
            if address:
                self.contacts_at[address].add(key)

    def _person(self, reference: str | None) -> str | None:
        """The contact that a reference means, along merges as with accounts; None: no contact, or not known then."""
        rows = {short(contact["Id"]): contact for contact in self.org["Contact"]}
        key, hops = short(reference), 0
        while key in rows and rows[key].get("IsDeleted") and hops < len(rows):
            key, hops = short(rows[key].get("MasterRecordId")), hops + 1
        return key if key in self.contacts else None

    def domains(self, account: str, *, today: bool = False) -> set[str]:
        """B8. `today`: for links, which use today's values."""
        found = {website_domain(self.present[account].get("Website"))}
        for contact in self.org["Contact"]:
            if self.survivor(contact.get("AccountId")) != account or contact.get("IsDeleted"):
                continue
            if today or self._known(contact):
                found.add(domain_of(address_of(contact.get("Email"))))
        return {d for d in found if d} - self.free

    def _own(self, object_name: str, account: str) -> list[dict]:
        return [
            r
            for r in self.org[object_name]
            if self._known(r) and self.survivor(r.get("AccountId")) == account
        ]

    def _named(self, text: str) -> set[str]:
        return {key for key, a in self.present.items() if name_form(a["Name"]) == name_form(text)}

    def _by_id(self, text: str) -> str | None:
        if re.fullmatch(r"[A-Za-z0-9]{15}|[A-Za-z0-9]{18}", text):
            return self.survivor(text)
        return None

    def _entry(self, text: str) -> set[str]:
        """What a table of [identity] or a unit table names: an Id or an exact name."""
        text = text.strip()
        found = self._by_id(text)
        return {found} if found else self._named(text)

    def _field_value(self, text: str) -> set[str]:
        """C13: Id, record URL, account number, name, in this order."""
        text = text.strip()
        found = self._by_id(text)
        if found is None and "://" in text:
            for part in re.findall(r"[A-Za-z0-9]{15,18}", text):
                found = found or (self._by_id(part) if part.startswith("001") else None)
        if found:
            return {found}
        number = {k for k, a in self.present.items() if text and a.get("AccountNumber") == text}
        return number or (self._named(text) if text else set())

    def _candidates(self, fields: dict, method: str) -> list[set[str]]:
        """One set of accounts per explicit value that names any."""
        entries = [
            *self.identity.get(f"{method}s", {}).items(),
            *((v, a) for kind, v, a in self.map_rows if kind == method),
        ]
        table = {name_form(value): account for value, account in entries}
        if method == "field":
            raw = fields.get("customfield_10050")
            values = raw if isinstance(raw, list) else [raw]
            texts = [
                v if isinstance(v, str) else (v or {}).get("value") or (v or {}).get("name") for v in values
            ]
            found = [self._field_value(text) for text in texts if text]
        elif method == "organization":
            names = [each["name"] for each in fields.get("customfield_10060") or []]
            found = [
                self._entry(table[name_form(n)]) if name_form(n) in table else self._named(n) for n in names
            ]
        elif method == "reporter":
            found = [self._reporter(fields.get("reporter") or {})]
        else:
            names = {"project": [fields["project"]["key"]], "label": fields["labels"],
                     "component": [c["name"] for c in fields["components"]]}[method]  # fmt: skip
            found = [self._entry(table[name_form(n)]) for n in names if name_form(n) in table]
        return [each for each in found if each]

    def _reporter(self, person: dict) -> set[str]:
        address = address_of(person.get("emailAddress"))
        domain = domain_of(address)
        if not address:
            return set()
        by_address = {
            account
            for contact in self.org["Contact"]
            if not contact.get("IsDeleted") and address_of(contact.get("Email")) == address
            and (account := self.survivor(contact.get("AccountId")))
        }  # fmt: skip
        if by_address or domain in self.internal | self.free:
            return by_address
        return {key for key in self.present if domain in self.domains(key, today=True)}

    def _links(self) -> dict[str, tuple[str, str | None, set[str]]]:
        """Issue id -> ("linked" | "ambiguous" | "unmatched", method, accounts)."""
        found = {}
        for issue in self.raw_issues:
            found[issue["id"]] = ("unmatched", None, set())
            for method in self.identity.get("link_by", LINK_BY):
                sets = self._candidates(issue["fields"], method)
                if sets:
                    state = "ambiguous" if any(len(each) > 1 for each in sets) else "linked"
                    found[issue["id"]] = (state, method, set().union(*sets))
                    break
        return found
