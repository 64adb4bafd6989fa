"""Checks that look at more than one key: conditions, the fixed clock, links, addresses, the catalogue."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from connectors.salesforce_auth import SalesforceSettings, checked_address
from rules import catalogue, expressions
from rules.faults import CatalogueError, Fault
from rules.sources import ACCOUNT_COLUMNS, ACTIVITY_COLUMNS, SOURCES
from sync.config_errors import ConfigFault
from sync.config_layers import Places, dotted
from sync.config_models import CATALOGUE_SECTIONS, IdentitySection, JiraSection, JiraSite, Settings
from sync.config_types import close_to, is_loopback
from sync.link_map import TABLES, read_map

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rules.expressions import Expression, Type

MANAGED: Mapping[str, str] = {
    "vendor": (
        "not person_account and (won_opportunities_730d > 0 or contracts_730d > 0 or assets_owned > 0"
        " or linked_issues_730d > 0 or starts_with(type, 'Customer'))"
    ),
    "internal-it": "not person_account",
}


@dataclass(frozen=True, slots=True)
class Accounts:
    """`managed` decides which accounts are scored and written, `group` which are measured over all their descendants;
    `columns` are more Account fields for both.
    """

    preset: Literal["vendor", "internal-it"]
    managed: Expression
    group: Expression | None
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rollout:
    mode: Literal["observe", "pilot", "on"]
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Activities:
    contact_task_types: tuple[str, ...]
    onsite_types: tuple[str, ...]
    missed: tuple[str, ...]
    exclude: Expression | None


def jira_sections(jira: JiraSection | None) -> Iterator[tuple[tuple[str, ...], JiraSite]]:
    """Every site with the path of its section: that of [jira] itself, then those of [jira.sites]."""
    if jira is None:
        return
    if jira.url:
        yield ("jira",), jira
    for name, site in jira.sites.items():
        yield ("jira", "sites", name), site


class Checks:
    """Collects the faults of all checks over one file."""

    def __init__(self, settings: Settings, places: Places, folder: Path) -> None:
        self.settings = settings
        self.places = places
        self.folder = folder
        self.faults: list[ConfigFault] = []

    def accounts(self) -> Accounts | None:
        section = self.settings.accounts
        for name in section.columns:
            if name in ACCOUNT_COLUMNS:
                self._fault(
                    ("accounts", "columns", name), "this column is there already; choose another name"
                )
        text = MANAGED[section.preset] if section.managed is None else section.managed
        managed = self._condition(("accounts", "managed"), text, self._account_columns())
        group = self._condition(("accounts", "group"), section.group, self._account_columns())
        return Accounts(section.preset, managed, group, section.columns) if managed else None

    def rollout(self) -> Rollout:
        section = self.settings.rollout
        if section.mode == "pilot" and section.where is None:
            self._fault(
                ("rollout", "mode"),
                "a pilot needs to know its accounts; add a condition to [rollout],"
                " such as where = \"industry = 'Banking'\"",
            )
        where = self._condition(("rollout", "where"), section.where, self._account_columns())
        return Rollout(section.mode, where)

    def activities(self) -> Activities:
        section = self.settings.activities
        exclude = self._condition(("activities", "exclude"), section.exclude, ACTIVITY_COLUMNS)
        return Activities(section.contact_task_types, section.onsite_types, section.missed, exclude)

    def identity(self) -> IdentitySection:
        section = self.settings.identity
        if section.map_file is None:
            return section
        tables = {name: getattr(section, name) for name in TABLES.values()}
        path = self.folder / section.map_file
        if not path.is_file():
            self._fault(("identity", "map_file"), f'there is no file "{section.map_file}"')
            return section
        merged, faults = read_map(path, tables)
        self.faults += faults
        return section.model_copy(update={name: MappingProxyType(table) for name, table in merged.items()})

    def files(self) -> None:
        """What the file names on this machine: the folder of the store, the certificates to trust."""
        store = self.folder / self.settings.store.path
        above = next(each for each in (store, *store.absolute().parents) if each.exists())
        if not above.is_dir():
            self._fault(
                ("store", "path"), f'"{above.name}" is a file; name a folder, which is made if it is missing'
            )
        named = self.settings.http.ca_file
        if named is None:
            return
        try:
            ssl.create_default_context(cafile=str(self.folder / named))
        except ssl.SSLError:
            self._fault(
                ("http", "ca_file"), f'"{named}" holds no certificate; export them as PEM (Base64) text'
            )
        except OSError as error:
            self._fault(("http", "ca_file"), f'the file "{named}" cannot be read: {error.strerror}')

    def growth(self) -> None:
        renewals, growth = self.settings.renewals, self.settings.growth
        if renewals.source == "field" and renewals.field is None:
            self._fault(
                ("renewals", "source"), 'which field of the Account is missing: field = "Renewal_Date__c"'
            )
        if growth.revenue_prior_12m is not None and growth.revenue_12m is None:
            self._fault(
                ("growth", "revenue_prior_12m"),
                "it is compared with revenue_12m, which is missing; add it or remove this one",
            )

    def clock(self) -> None:
        """A fixed clock in production would make every figure of the org wrong, and nobody would see it."""
        if self.settings.time.now is None:
            return
        urls = [("salesforce.instance_url", self.settings.salesforce.instance_url)]
        for path, site in jira_sections(self.settings.jira):
            urls.append((f"{dotted(path)}.url", site.url))
            if site.api_base:
                urls.append((f"{dotted(path)}.api_base", site.api_base))
        real = [f"{key} is {url}" for key, url in urls if not is_loopback(url)]
        if real:
            self._fault(
                ("time", "now"),
                f"the clock can be fixed for trials against this machine only, but {' and '.join(real)};"
                " remove now",
            )

    def connections(self) -> None:
        org = self.settings.salesforce
        try:
            checked_address(SalesforceSettings(org.instance_url, org.auth, org.api_version))
        except ValueError as fault:
            path = ("salesforce", "instance_url")
            self._fault(path, str(fault).replace(dotted(path), "it"))
        self._jira_sites()
        proxy = self.settings.http.proxy
        if proxy is None:
            return
        try:
            parts = urlsplit(proxy.get_secret_value().strip())
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            self._fault(("http", "proxy"), "expected an address such as http://proxy.example.com:3128")

    def _jira_sites(self) -> None:
        sites = list(jira_sections(self.settings.jira))
        if self.settings.jira is not None and not sites and not self._site_was_meant():
            self._fault(("jira", "url"), 'missing; add url = "https://example.atlassian.net"')
        first: dict[str, str] = {}
        for path, site in sites:
            if site.deployment == "datacenter" and site.api_base:
                self._fault(
                    (*path, "api_base"), 'only Jira Cloud has one; remove it, or set deployment = "cloud"'
                )
            before = first.setdefault(site.url.casefold(), dotted(path))
            if before != dotted(path):
                self._fault(
                    (*path, "url"),
                    f"this is the site of {before} already, whose issues would count twice; name each site once",
                )
            if path == ("jira", "sites", "default") and sites[0][0] == ("jira",):
                self._fault(path, '"default" is the site of [jira] itself; choose another name')

    def _site_was_meant(self) -> bool:
        """Whether a site is named, though with a fault that was told already."""
        for path in (*self.places.lines, *self.places.variables):
            if path[:1] != ("jira",) or len(path) < 2:
                continue
            if path[1] == "url" or (path[1] == "sites" and len(path) > 2):
                return True
            known = list(JiraSection.model_fields)
            if len(path) == 2 and path[1] not in known and close_to(str(path[1]), known) == "url":
                return True
        return False

    def people(self, found: catalogue.Catalogue) -> None:
        """Metrics that [people] names."""
        for key in ("book_weight", "load_by"):
            name = getattr(self.settings.people, key)
            if name is not None and name not in found.metrics:
                message = f'unknown metric "{name[:40]}"'
                near = close_to(name, list(found.metrics))
                self.faults.append(self.places.fault(("people", key), message, suggestion=near))

    def catalogue(self, raw: Mapping[str, Any]) -> catalogue.Catalogue | None:
        try:
            return catalogue.load(
                raw,
                SOURCES,
                account_columns=self._account_columns(),
                preset=self.settings.accounts.preset,
            )
        except CatalogueError as error:
            self._add(error)
            return None

    def _account_columns(self) -> Mapping[str, Type]:
        return {**dict.fromkeys(self.settings.accounts.columns, "text"), **ACCOUNT_COLUMNS}

    def _condition(
        self, path: tuple[str, ...], text: str | None, columns: Mapping[str, Type]
    ) -> Expression | None:
        if text is None:
            return None
        try:
            return expressions.parse(text, columns, path=dotted(path), want="boolean")
        except CatalogueError as error:
            self._add(error)
            return None

    def _fault(self, path: tuple[str, ...], message: str) -> None:
        self.faults.append(self.places.fault(path, message))

    def _add(self, error: CatalogueError) -> None:
        self.faults += [located(fault, self.places) for fault in error.faults]


def located(fault: Fault, places: Places) -> ConfigFault:
    """Give a fault of the catalogue the line of its key; the catalogue knows paths, not files."""
    by_name = {dotted(path): path for path in (*places.lines, *places.variables)}
    name = fault.path
    while name and name not in by_name:
        name = (
            name[: max(name.rfind("."), name.rfind("["))] if max(name.rfind("."), name.rfind("[")) > 0 else ""
        )
    path = by_name.get(name, ())
    outside = len(path) < 2 and fault.path not in by_name and fault.path.split(".")[0] in CATALOGUE_SECTIONS
    place, line = ("built-in catalogue", 0) if outside else places.of(path)
    return ConfigFault(place, fault.path, fault.message, line, fault.column, fault.text, fault.suggestion)
