"""A first config: asks an org and a site what they consist of, and writes down what follows from it.

```
options, older config, environment ─► both sides, signed in ─► what is there ─► proposals ─► rapport.toml
```
It reads only, overwrites nothing, and the file is there whole or not at all: before it is written it is read as every
later command reads it.
"""

from __future__ import annotations

import os
import shlex
import tomllib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors.jira import Jira
from connectors.salesforce import Salesforce
from sync import init_book, init_fields, init_look, init_objects, init_site
from sync.config import checked
from sync.config_errors import ConfigError
from sync.config_layers import Places
from sync.errors import SyncError
from sync.init_connection import HTTP_KEYS, JIRA_KEYS, SALESFORCE_KEYS, Given, Question, gather
from sync.init_draft import Draft, Missing, shown
from sync.init_render import render
from sync.toml_lines import key_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from connectors.http import Calls
    from sync.init_connection import Ask, Connection
    from sync.init_seen import OrgSeen, SiteSeen, Unasked

__all__ = ["DEFAULT_OUT", "Given", "Outcome", "Question", "connect", "draft_config"]
Json = dict[str, Any]
DEFAULT_OUT = "rapport.toml"
_ROUNDS = 3
_ABOUT = {
    "instance_url": "the org's My Domain address",
    "auth": "jwt | client_credentials | sf_cli | access_token",
    "client_id": "consumer key of the External Client App",
    "username": "the Salesforce user that signs in",
    "url": "address of the site",
    "email": "the user that reads",
    "jql": "which issues are read",
    "browse_url": "for links that people open, if it is not url",
    "api_base": "for a token with scopes or of a service account",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`needs` are the variables that must be set for the next command."""

    out: Path
    connection: Connection
    org: OrgSeen
    site: SiteSeen | None
    draft: Draft
    needs: tuple[str, ...]
    calls: Json

    def to_json(self) -> Json:
        return {
            "config": str(self.out),
            "salesforce": _org_told(self),
            "jira": _site_told(self.site) if self.site is not None else None,
            "found": self.draft.found,
            "missing": [each.to_json() for each in self.draft.missing],
            "unasked": [{"what": each.what, "why": each.why} for each in self.unasked],
            "notes": list(self.connection.notes),
            "environment": list(self.needs),
            "next": self._next(),
            "calls": self.calls,
        }

    @property
    def unasked(self) -> list[Unasked]:
        return [*self.org.unasked, *(self.site.unasked if self.site is not None else ())]

    def _next(self) -> list[Json]:
        rapport = (
            "rapport" if str(self.out) == DEFAULT_OUT else f"rapport --config {shlex.quote(str(self.out))}"
        )
        steps = [("check the file", f"{rapport} validate")]
        if any("that Rapport writes" in each.what for each in self.draft.missing):
            steps.append(("write out the package of fields for the org's admin", "rapport setup salesforce"))
        steps += [
            ("look at rights, quotas and what the data lacks", f"{rapport} doctor"),
            ("read both systems", f"{rapport} pull"),
            ("see what would be written", f"{rapport} plan"),
        ]
        return [{"what": what, "command": command} for what, command in steps]


def connect(
    given: Given, *, out: Path, older: Path | None, environ: Mapping[str, str], ask: Ask | None
) -> Connection:
    """What is needed to sign in, asked for where it lacks. Raises SyncError and ConfigError (2)."""
    _must_be_new(out)
    return gather(given, older=older, out=out, environ=environ, ask=ask)


def draft_config(connection: Connection, *, out: Path, progress: Callable[[str, int], None]) -> Outcome:
    """Raises SyncError where the file cannot be written (2), and the errors of `connectors.errors` (3)."""
    config = connection.config
    http = config.http_settings()
    settings = config.salesforce_settings()
    progress("Salesforce", 0)
    salesforce, org = init_look.org(
        lambda version: Salesforce(
            replace(settings, api_version=version), http, api_share=config.safety.api_share
        ),
        settings.api_version,
    )
    calls = {"salesforce": _calls(salesforce.calls), "jira": {"read": 0, "write": 0}}
    salesforce.close()
    site = None
    for each in config.jira_sites()[:1]:
        progress("Jira", 0)
        jira = Jira(each, http)
        site = init_look.site(jira)
        calls["jira"] = _calls(jira.calls)
    draft = _drafted(connection, org, site)
    needs = tuple(sorted(connection.from_environment))
    outcome = Outcome(out, connection, org, site, draft, needs, calls)
    _write(out, _checked_text(outcome))
    return outcome


def _drafted(connection: Connection, org: OrgSeen, site: SiteSeen | None) -> Draft:
    draft = Draft()
    _connections(connection, org, draft)
    init_fields.propose(org, draft)
    init_objects.propose_plans(org, draft)
    init_objects.propose_surveys(org, draft)
    init_objects.propose_task(org, draft)
    if site is not None:
        init_site.propose(site, draft)
    init_book.propose(org, site, draft)
    return draft


def _connections(connection: Connection, org: OrgSeen, draft: Draft) -> None:
    tree = connection.tree
    for key in SALESFORCE_KEYS:
        if key == "api_version":
            newest = (
                "" if org.api_version == org.newest_version else f"; the newest there is {org.newest_version}"
            )
            draft.say("salesforce", key, org.api_version, f"of the REST API{newest}")
        elif key in tree.get("salesforce", {}):
            draft.say("salesforce", key, tree["salesforce"][key], _ABOUT.get(key, ""))
    for key in JIRA_KEYS:
        if key not in tree.get("jira", {}) and key != "deployment":
            continue
        if "jira" not in tree:
            continue
        about = _ABOUT.get(key, "")
        if key == "deployment":
            about = "cloud | datacenter" + ("; as the site says itself" if connection.recognised else "")
        draft.say("jira", key, tree["jira"].get(key, "cloud"), about)
    for key in HTTP_KEYS:
        if key in tree.get("http", {}):
            draft.say("http", key, tree["http"][key])


# -- the file ----------------------------------------------------------------------------------------------------------


def _must_be_new(out: Path) -> None:
    if os.path.lexists(out):
        raise SyncError(
            f"{out} is there already.",
            "name another file with --out; --config takes over how an older one connects. Nothing is overwritten.",
        )
    if not out.parent.is_dir():
        raise SyncError(f"There is no folder {out.parent}.", "make it, or name another file with --out.")


def _checked_text(outcome: Outcome) -> str:
    """The file as text. A line with which it could not be read is put behind a #, and told."""
    for _ in range(_ROUNDS):
        text = _text(outcome)
        try:
            _read_back(text, outcome)
        except ConfigError as error:
            if not _put_aside(outcome.draft, {fault.key for fault in error.faults}):
                raise
        else:
            return text
    raise SyncError(
        "What org and site say does not come together to a config that can be read.",
        "report this; config.example.toml can be filled in by hand.",
    )


def _text(outcome: Outcome) -> str:
    organization = outcome.org.organization
    sources = [f'the Salesforce org "{shown(organization.name or organization.id or "without a name")}"']
    if outcome.site is not None:
        sources.append(f"the Jira site {shown(outcome.site.who.base_url)}")
    return render(
        outcome.draft,
        sources=sources,
        secrets=outcome.needs,
        unasked=outcome.unasked,
        jira="jira" in outcome.connection.tree,
    )


def _read_back(text: str, outcome: Outcome) -> None:
    """As `rapport validate` reads it; what the environment says was checked before."""
    checked(tomllib.loads(text), Places(str(outcome.out), key_lines(text)), outcome.out, {})


def _put_aside(draft: Draft, keys: set[str]) -> bool:
    changed = False
    for section, lines in draft.lines.items():
        for place, line in enumerate(lines):
            name = f"{section}.{line.key}"
            if (
                line.on
                and line.key
                and any(key == name or key.startswith((f"{name}.", f"{name}[")) for key in keys)
            ):
                lines[place] = replace(line, on=False)
                draft.missing.append(
                    Missing(name, "what was found cannot stand there as it is", "see the line behind the #.")
                )
                changed = True
    return changed


def _write(out: Path, text: str) -> None:
    """0600, whole or not at all, and never over a file that came to be meanwhile."""
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        _put(partial, out)
    except OSError as error:
        raise SyncError(
            f"{out} cannot be written: {error.strerror}.", "name a file in a folder that is there and yours."
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink()


def _put(partial: Path, out: Path) -> None:
    try:
        os.link(partial, out)  # unlike a rename, never over a file
    except OSError:
        _must_be_new(out)
        partial.rename(out)  # where the file system knows no links


# -- what is told ------------------------------------------------------------------------------------------------------


def _org_told(outcome: Outcome) -> Json:
    org = outcome.org
    return {
        "url": outcome.connection.config.salesforce.instance_url,
        "organization": org.organization.name,
        "sandbox": org.organization.is_sandbox,
        "api_version": org.api_version,
        "objects": None if org.labels is None else len(org.labels),
        "accounts": org.accounts.total,
        "managed": {
            "vendor": len(frozenset().union(*org.customers.values())) if org.customers else 0,
            "estimate": True,
            "at_least": org.customers_estimated,
        },
        "users": org.users,
    }


def _site_told(site: SiteSeen) -> Json:
    return {
        "url": site.who.base_url,
        "deployment": site.deployment,
        "user": site.who.name,
        "projects": None if site.projects is None else len(site.projects),
        "issues": site.issues,
        "statuses": None if site.statuses is None else len(site.statuses),
        "priorities": None if site.priorities is None else len(site.priorities),
        "issue_types": None if site.issue_types is None else len(site.issue_types),
        "fields": len(site.fields),
    }


def _calls(counted: Calls) -> Json:
    return {"read": counted.read, "write": counted.write}
