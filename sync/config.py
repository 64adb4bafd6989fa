"""Reads `rapport.toml` and the environment into one checked, frozen `Config`, or says all that is wrong.

file ─┐
      ├─ layers ─► sections (pydantic) ─► checks over several keys ─► catalogue ─► Config
environment ─┘                      every fault with its line or variable, all at once
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from connectors.http import HttpSettings
from connectors.jira import JiraSettings
from connectors.salesforce_auth import SalesforceSettings
from rules.expressions import Expression
from sync.config_checks import Accounts, Activities, Checks, Rollout, jira_sections
from sync.config_errors import ConfigError, ConfigFault
from sync.config_faults import faults_of, unknown_section
from sync.config_layers import PREFIX, Places, field_at, kind_of, overlay, take_secrets
from sync.config_models import (
    CATALOGUE_SECTIONS,
    BriefSection,
    GrowthSection,
    HistorySection,
    HttpSection,
    IdentitySection,
    JiraSection,
    JiraSite,
    PeopleSection,
    PlanningSection,
    PrivacySection,
    PullSection,
    RenewalsSection,
    SafetySection,
    SalesforceSection,
    Settings,
    StoreSection,
    TimeSection,
)
from sync.config_secrets import Credentials
from sync.toml_lines import key_lines

if TYPE_CHECKING:
    from rules.catalogue_models import Catalogue

__all__ = ["Config", "ConfigError", "ConfigFault", "checked", "load"]

DEFAULT_NAME = "rapport.toml"

_SIGN_IN_AND_CLOCK = {"auth", "client_id", "username", "login_url", "target_org", "api_base", "email", "now"}
_HARMLESS = "http://127.0.0.1"
_TABLE = re.compile(r"\(([^()]*?),?\)")  # tomllib names tables as Python tuples
_ADVICE = {
    "invalid value": "texts stand in quotes",
    "invalid date or datetime": "there is no such date",
    "cannot overwrite a value": "a key stands there twice, or as a text and as a table; "
    "a text in several languages is written subject.en, subject.de",
    "illegal character \\n": "a text begins and ends on one line, in the same quotes",
}

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Config:
    """`digest` tells whether two configs decide the same, be it in another shell or on another machine.

    It leaves out how Rapport signs in and reaches the systems, where the store lies, and the fixed clock.

    Paths in the file are meant from the folder of the file; `store_folder` is one that can be opened.
    """

    path: Path | None
    store: StoreSection
    salesforce: SalesforceSection
    jira: JiraSection | None
    identity: IdentitySection
    rollout: Rollout
    accounts: Accounts
    time: TimeSection
    people: PeopleSection
    activities: Activities
    growth: GrowthSection
    plans: PlanningSection
    renewals: RenewalsSection
    history: HistorySection
    brief: BriefSection
    privacy: PrivacySection
    safety: SafetySection
    pull: PullSection
    http: HttpSection
    catalogue: Catalogue
    digest: str
    _places: Places = field(repr=False, compare=False)

    @property
    def folder(self) -> Path:
        return self.path.parent if self.path else Path()

    @property
    def store_folder(self) -> Path:
        return self.folder / self.store.path

    def mapped_fields(self) -> Mapping[str, str]:
        """Account fields that stand in the place of figures that Rapport would work out, by the name of the figure."""
        renewal_day = self.renewals.field if self.renewals.source == "field" else None
        fields = {
            "revenue_12m": self.growth.revenue_12m,
            "revenue_prior_12m": self.growth.revenue_prior_12m,
            "renewal_day": renewal_day,
        }
        return {name: field for name, field in fields.items() if field}

    @property
    def scoring_digest(self) -> str:
        """Tells whether two configs give the same scores: entries of the history under another are no past of today's."""
        deciding = (
            "jira",
            "identity",
            "accounts",
            "time",
            "people",
            "activities",
            "growth",
            "renewals",
            "plans",
        )
        parts = {name: getattr(self, name) for name in deciding}
        salesforce = {name: getattr(self.salesforce, name) for name in ("fields", "plans", "surveys")}
        return _digest({**parts, **salesforce}, self.catalogue.scores_digest)

    def digest_of(self, *sections: str) -> str:
        """Tells whether two configs decide the same in these sections alone."""
        text = json.dumps({name: _canonical(getattr(self, name)) for name in sections}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def salesforce_settings(self) -> SalesforceSettings:
        """What is needed to sign in; ConfigError names every variable that is missing."""
        section = self.salesforce
        credentials = self._credentials()
        given: dict[str, str | None] = {}
        if section.auth in {"client_credentials", "jwt"}:
            given["client_id"] = credentials.plain(("salesforce", "client_id"), section.client_id)
        if section.auth == "client_credentials":
            given["client_secret"] = credentials.secret(
                ("salesforce", "client_secret"), section.client_secret, section.client_secret_file
            )
        elif section.auth == "jwt":
            given["username"] = credentials.plain(("salesforce", "username"), section.username)
            given["private_key"] = credentials.private_key(
                ("salesforce", "private_key_file"), section.private_key_file
            )
        elif section.auth == "access_token":
            given["access_token"] = credentials.secret(
                ("salesforce", "access_token"), section.access_token, section.access_token_file
            )
        self._refuse(credentials)
        return SalesforceSettings(
            instance_url=section.instance_url,
            auth=section.auth,
            api_version=section.api_version,
            login_url=section.login_url,
            target_org=section.target_org,
            **given,
        )

    def jira_settings(self) -> JiraSettings | None:
        """The first site; None without a [jira] section; what rests on Jira is then unknown."""
        return next(iter(self.jira_sites()), None)

    def jira_sites(self) -> tuple[JiraSettings, ...]:
        """What is needed to sign in to each site; the one of [jira] itself goes first, as "default"."""
        credentials = self._credentials()
        sites = tuple(_jira_site(path, site, credentials) for path, site in jira_sections(self.jira))
        self._refuse(credentials)
        return sites

    def jira_links(self) -> Mapping[str, str]:
        """Where people's links to the issues of each site begin, by the site's name."""
        return {_site_name(path): site.browse_url or site.url for path, site in jira_sections(self.jira)}

    def jira_fields(self, site: str) -> Mapping[str, str]:
        """The fields of a site that `[jira.fields]` names."""
        found = (section.fields for path, section in jira_sections(self.jira) if _site_name(path) == site)
        return {name: field for each in found for name, field in each.model_dump().items() if field}

    def http_settings(self) -> HttpSettings:
        section = self.http
        return HttpSettings(
            connect_timeout=section.connect_timeout,
            read_timeout=section.read_timeout,
            max_tries=section.max_tries,
            proxy=section.proxy.get_secret_value() if section.proxy else None,
            ca_file=str(self.folder / section.ca_file) if section.ca_file else None,
        )

    def _credentials(self) -> Credentials:
        return Credentials(self._places, self.folder)

    def _refuse(self, credentials: Credentials) -> None:
        if credentials.faults:
            raise ConfigError(credentials.faults, self.path)


def _site_name(path: tuple[str, ...]) -> str:
    return "default" if len(path) == 1 else path[-1]


def _jira_site(path: tuple[str, ...], site: JiraSite, credentials: Credentials) -> JiraSettings:
    email = api_token = personal = ""
    other_token = site.personal_access_token or site.personal_access_token_file
    if site.deployment == "datacenter":
        personal = credentials.secret(
            (*path, "personal_access_token"), site.personal_access_token, site.personal_access_token_file
        )
    else:
        email = credentials.plain((*path, "email"), site.email)
        hint = '; for a personal access token set deployment = "datacenter"' if other_token else ""
        api_token = credentials.secret((*path, "api_token"), site.api_token, site.api_token_file, hint=hint)
    return JiraSettings(
        url=site.url,
        site=_site_name(path),
        deployment=site.deployment,
        email=email,
        api_token=api_token,
        personal_access_token=personal,
        api_base=site.api_base,
        jql=site.jql,
    )


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the file, `rapport.toml` of this folder, or the environment alone where neither is there.

    Needs no network and no secret. Raises ConfigError with every fault.
    """
    if path is None and (Path(DEFAULT_NAME).exists() or not any(name.startswith(PREFIX) for name in environ)):
        path = Path(DEFAULT_NAME)
    tree, places, unreadable = _read(path)
    if unreadable:
        raise ConfigError([unreadable, *overlay({}, environ, places)], path)
    return checked(tree, places, path, environ)


def checked(
    tree: dict[str, Any], places: Places, path: Path | None, environ: Mapping[str, str] = os.environ
) -> Config:
    """The config of values that were read, or that are still to be written to `path`. Raises ConfigError."""
    faults = [*take_secrets(tree, places), *overlay(tree, environ, places)]
    unknown = [name for name in tree if name not in Settings.model_fields]
    faults += [unknown_section(name, tree.pop(name), places) for name in unknown]
    settings, wrong = _settings(tree, places)
    checks = Checks(settings, places, path.parent if path else Path())
    checks.clock()
    checks.connections()
    checks.files()
    checks.growth()
    accounts, rollout, activities = checks.accounts(), checks.rollout(), checks.activities()
    identity = checks.identity()
    catalogue = checks.catalogue({name: getattr(settings, name) for name in CATALOGUE_SECTIONS})
    if catalogue is not None:
        checks.people(catalogue)
    faults += [*wrong, *checks.faults]
    if faults or accounts is None or catalogue is None:
        raise ConfigError(faults, path)

    parts: dict[str, Any] = {
        "store": settings.store,
        "salesforce": settings.salesforce,
        "jira": settings.jira,
        "identity": identity,
        "rollout": rollout,
        "accounts": accounts,
        "time": settings.time,
        "people": settings.people,
        "activities": activities,
        "growth": settings.growth,
        "plans": settings.plans,
        "renewals": settings.renewals,
        "history": settings.history,
        "brief": settings.brief,
        "privacy": settings.privacy,
        "safety": settings.safety,
        "pull": settings.pull,
        "http": settings.http,
    }
    return Config(
        path=path, **parts, catalogue=catalogue, digest=_digest(parts, catalogue.digest), _places=places
    )


def _read(path: Path | None) -> tuple[dict[str, Any], Places, ConfigFault | None]:
    """The values of the file and the lines of its keys; a file that cannot be read is one fault."""
    if path is None:
        return {}, Places(None, {}), None
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        tree = tomllib.loads(text)
        return tree, Places(str(path), key_lines(text)), None
    except FileNotFoundError:
        problem = "there is no such file; let rapport init write one, or name another with --config"
    except OSError as fault:
        problem = f"the file cannot be read: {fault.strerror}"
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        return _unreadable(path, "the file is not UTF-8; save it with that encoding", line)
    except tomllib.TOMLDecodeError as fault:
        return _unreadable(path, *_broken(text, str(fault)))
    except RecursionError:
        problem = "lists or tables are nested too deeply"
    except ValueError:  # the one thing that tomllib leaves to int()
        problem = "a number has too many digits"
    return _unreadable(path, problem, 0)


def _unreadable(path: Path, problem: str, line: int) -> tuple[dict[str, Any], Places, ConfigFault]:
    place = f"{path}:{line}" if line else str(path)
    return {}, Places(str(path), {}), ConfigFault(place, "", problem, line)


def _broken(text: str, problem: str) -> tuple[str, int]:
    """What is wrong and in which line. The line is not shown: it may be that of a secret."""
    found = _AT.search(problem)
    sentence = _TABLE.sub(
        lambda table: f"[{table[1].replace(', ', '.')}]", _AT.sub("", problem).replace("'", "")
    )
    sentence = sentence[:1].lower() + sentence[1:]
    line, column = text.rstrip().count("\n") + 1, ""
    if found is not None and found[1] is not None:
        line, column = int(found[1]), f"column {found[2]}: "
    advice = _ADVICE.get(sentence)
    return f"{column}this is no TOML: {sentence}" + (f"; {advice}" if advice else ""), line


def _settings(tree: dict[str, Any], places: Places) -> tuple[Settings, list[ConfigFault]]:
    """The checked sections. Defaults stand in for values that are wrong, so that the checks over several
    keys still find everything else; with a fault in the list such settings go nowhere.
    """
    faults: list[ConfigFault] = []
    while True:  # what stood behind a wrong value shows in the next round; each round takes values away
        try:
            return Settings(**tree), faults
        except ValidationError as error:
            faults += faults_of(error.errors(), places)
            for wrong in error.errors():
                _stand_in(tree, wrong["loc"])


def _stand_in(tree: dict[str, Any], path: tuple[str | int, ...]) -> None:
    """Take the wrong value out, or fill what is needed with an address that no other check minds."""
    held = tree
    for depth, part in enumerate(path, start=1):
        name = str(part)
        info = field_at(path[:depth])
        below = held.get(name)
        if isinstance(below, dict) and depth < len(path):
            held = below
        elif info is not None and info.is_required():
            section = kind_of(info.annotation)[0] == "section"
            held[name] = {"instance_url": _HARMLESS} if section else _HARMLESS
            return
        else:
            held.pop(name, None)
            return


def _digest(parts: Mapping[str, Any], catalogue: str) -> str:
    deciding = {
        name: part for name, part in parts.items() if name not in {"store", "http", "history", "privacy"}
    }
    text = json.dumps({**_canonical(deciding), "catalogue": catalogue}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {
            name: _canonical(getattr(value, name))
            for name, info in type(value).model_fields.items()
            if name not in _SIGN_IN_AND_CLOCK
            and not name.endswith("_file")  # what the map of links says is among the tables by now
            and kind_of(info.annotation)[0] != "secret"
        }
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Accounts | Rollout | Activities):
        return {name: _canonical(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, Mapping):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_canonical(inner) for inner in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value
