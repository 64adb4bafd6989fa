"""What `rapport init` needs to reach both systems: from options, an older config, the environment, a person.

Secrets come from the environment, from files or from a person at a terminal, and go into no file. What an older
config says about the connections is kept; all else of it is decided anew.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from connectors import jira_deployment, sf_cli
from sync.config import checked
from sync.config_layers import Places, variable
from sync.errors import SyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from connectors.http import HttpSettings
    from sync.config import Config

    KeyPath = tuple[str, ...]
    Ask = Callable[["Question"], str]

CLI_SECONDS = 60.0
_JIRA_VARIABLES = "RAPPORT_JIRA__"
_HOSTS_OF_CLOUD = (".atlassian.net", ".jira.com")
# Keys that say how a system is reached, in the order in which they are written.
SALESFORCE_KEYS = (
    *("instance_url", "auth", "client_id", "client_secret_file", "username", "private_key_file"),
    *("login_url", "target_org", "access_token_file", "api_version"),
)
JIRA_KEYS = (
    *("url", "deployment", "api_base", "email", "api_token_file", "personal_access_token_file"),
    *("jql", "browse_url"),
)
HTTP_KEYS = ("connect_timeout", "read_timeout", "max_tries", "proxy", "ca_file")
_SECRETS = frozenset({"client_secret", "access_token", "api_token", "personal_access_token"})
_FILES = frozenset(
    {"client_secret_file", "private_key_file", "access_token_file", "api_token_file", "personal_access_token_file", "ca_file"}
)  # fmt: skip
_NEEDS: dict[str, tuple[str, ...]] = {
    "client_credentials": ("client_id", "client_secret"),
    "jwt": ("client_id", "username", "private_key_file"),
    "access_token": ("access_token",),
    "sf_cli": (),
    "cloud": ("email", "api_token"),
    "datacenter": ("personal_access_token",),
}
_OPTIONS: dict[KeyPath, str] = {
    ("salesforce", "instance_url"): "--salesforce-url",
    ("salesforce", "auth"): "--auth",
    ("salesforce", "target_org"): "--target-org",
    ("jira", "url"): "--jira-url",
    ("jira", "deployment"): "--deployment",
    ("jira", "email"): "--email",
}
_WHAT: dict[KeyPath, str] = {
    ("salesforce", "instance_url"): "My Domain address of the Salesforce org (https://….my.salesforce.com)",
    ("salesforce", "client_id"): "Consumer key of the External Client App",
    ("salesforce", "client_secret"): "Consumer secret of the External Client App",
    ("salesforce", "username"): "Salesforce user that signs in",
    ("salesforce", "private_key_file"): "File with the private key that signs",
    ("salesforce", "access_token"): "Access token of a Salesforce session",
    ("jira", "url"): "Address of the Jira site (empty: there is no Jira)",
    ("jira", "email"): "E-mail address of the Jira user that reads",
    ("jira", "api_token"): "API token of that user",
    ("jira", "personal_access_token"): "Personal access token of the Jira user that reads",
}


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    secret: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What options say; None where one was not given. `jira` False means that there is none."""

    salesforce_url: str | None = None
    auth: str | None = None
    target_org: str | None = None
    jira_url: str | None = None
    deployment: str | None = None
    email: str | None = None
    jira: bool = True

    def by_key(self) -> dict[KeyPath, str]:
        values = {
            ("salesforce", "instance_url"): _address(self.salesforce_url),
            ("salesforce", "auth"): self.auth,
            ("salesforce", "target_org"): self.target_org,
            ("jira", "url"): _address(self.jira_url),
            ("jira", "deployment"): self.deployment,
            ("jira", "email"): self.email,
        }
        return {path: value for path, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Connection:
    """`config` can sign in; `tree` is what of it stands in the file, `from_environment` what must stay there.

    `recognised` says that the site itself told which kind of Jira it is.
    """

    config: Config
    tree: dict[str, dict[str, Any]]
    from_environment: frozenset[str]
    recognised: bool
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathering:
    tree: dict[str, dict[str, Any]]
    places: Places
    environ: dict[str, str]
    ask: Ask | None
    missing: list[str] = field(default_factory=list)

    def has(self, path: KeyPath) -> bool:
        section = self.tree.get(path[0], {})
        return bool(section.get(path[1])) or self.set_outside(path)

    def set_outside(self, path: KeyPath) -> bool:
        return bool(self.environ.get(variable(path), "").strip())

    def value(self, path: KeyPath) -> str | None:
        """What holds for a key: the environment goes before a file, as in every later command."""
        outside = self.environ.get(variable(path), "").strip()
        found = outside or self.tree.get(path[0], {}).get(path[1])
        return found if isinstance(found, str) else None

    def put(self, path: KeyPath, value: object) -> None:
        self.tree.setdefault(path[0], {})[path[1]] = value

    def need(self, path: KeyPath) -> None:
        """A key without which nobody signs in: asked for at a terminal, else told with all others that lack."""
        *_, name = path
        if self.has(path) or self.has((path[0], f"{name}_file")):
            return
        if self.ask is None:
            ways = [f"set {variable(path)}"]
            if path in _OPTIONS:
                ways.insert(0, f"give {_OPTIONS[path]}")
            elif name in _SECRETS:
                ways.append(f"or name a file that holds it with {variable((path[0], f'{name}_file'))}")
            if path == ("jira", "url"):
                ways.append("or say --no-jira if there is none")
            self.missing.append(f"{'.'.join(path)}: {', '.join(ways)}")
            return
        secret = name in _SECRETS
        answer = self.ask(Question(_WHAT[path], secret)).strip()
        if not answer:
            return
        if secret:
            self.environ[variable(path)] = answer
        else:
            self.put(path, _address(answer) if name in {"instance_url", "url"} else answer)


def gather(
    given: Given,
    *,
    older: Path | None,
    out: Path,
    environ: Mapping[str, str],
    ask: Ask | None = None,
) -> Connection:
    """Raises SyncError with all that is missing or contradicts, ConfigError for values that cannot be right."""
    tree = _older(older, out)
    places = Places(str(older) if older else None, {})
    found = _Gathering(tree, places, dict(environ), ask)
    notes = _several_sites(found)
    for path, value in given.by_key().items():
        outside = environ.get(variable(path), "").strip()
        if outside and _address(outside) != value:
            raise SyncError(
                f"{_OPTIONS[path]} and {variable(path)} say different things.",
                f"leave the option out, or unset {variable(path)}: every later command goes by it.",
            )
        found.put(path, value)
        places.variables[path] = _OPTIONS[path]
    _salesforce(found)
    recognised = _jira(found, out, wanted=given.jira)
    if "jira" not in found.tree and any(
        name.startswith(_JIRA_VARIABLES) and environ[name].strip() for name in environ
    ):
        notes += (f"Unset {_JIRA_VARIABLES}…: with it in the environment, every command looks for a Jira.",)
    if found.missing:
        raise SyncError(
            "What is needed to connect is missing:\n  " + "\n  ".join(found.missing),
            "give it as said, or run `rapport init` in a terminal, which asks for it.",
        )
    config = _config(found, out)
    config.salesforce_settings()
    config.jira_sites()
    return Connection(config, _written(found), _outside(found), recognised, notes)


def _salesforce(found: _Gathering) -> None:
    if not found.has(("salesforce", "auth")):
        found.put(("salesforce", "auth"), _likely_auth(found))
    auth = found.value(("salesforce", "auth"))
    if auth == "sf_cli" and not found.has(("salesforce", "instance_url")):
        session = sf_cli.session(found.value(("salesforce", "target_org")), CLI_SECONDS)
        found.put(("salesforce", "instance_url"), _address(session.instance_url))
    found.need(("salesforce", "instance_url"))
    for name in _NEEDS.get(auth or "", ()):
        found.need(("salesforce", name))


def _likely_auth(found: _Gathering) -> str:
    """By what there is to sign in with."""
    if found.has(("salesforce", "target_org")):
        return "sf_cli"
    if found.has(("salesforce", "private_key_file")):
        return "jwt"
    token = found.has(("salesforce", "access_token")) or found.has(("salesforce", "access_token_file"))
    return "access_token" if token and not found.has(("salesforce", "client_id")) else "client_credentials"


def _jira(found: _Gathering, out: Path, *, wanted: bool) -> bool:
    """Whether the site itself said which kind of Jira it is."""
    if wanted:
        found.need(("jira", "url"))
    url = found.value(("jira", "url")) if wanted else None
    if url is None:
        found.tree.pop("jira", None)
        for name in [name for name in found.environ if name.startswith(_JIRA_VARIABLES)]:
            del found.environ[name]
        return False
    if found.missing:  # nobody is asked while something is missing; all of it is told at once
        _sign_in_to_jira(found, found.value(("jira", "deployment")) or _likely_deployment(found, url))
        return False
    given = found.value(("jira", "deployment"))
    http = _config(found, out).http_settings()
    told = _told(url, http) or _told(found.value(("jira", "api_base")), http)
    if told is not None and given is not None and given != told and given in {"cloud", "datacenter"}:
        kinds = {"cloud": "Jira Cloud", "datacenter": "Jira Data Center or Server"}
        raise SyncError(
            f"{url} is {kinds[told]}, not {kinds[given]}.",
            f'leave deployment out, or say "{told}", and give what it signs in with: '
            f"{' and '.join(variable(('jira', name)) for name in _NEEDS[told])}.",
        )
    deployment = given or told or _likely_deployment(found, url)
    found.put(("jira", "deployment"), deployment)
    _sign_in_to_jira(found, deployment)
    return told is not None


def _sign_in_to_jira(found: _Gathering, deployment: str) -> None:
    for name in _NEEDS.get(deployment, ()):
        found.need(("jira", name))


def _told(url: str | None, http: HttpSettings) -> Literal["cloud", "datacenter"] | None:
    try:
        return jira_deployment.recognise(url, http) if url else None
    except ValueError:  # an address that is none, which the check of the config tells
        return None


def _likely_deployment(found: _Gathering, url: str) -> str:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].casefold()
    if host.endswith(_HOSTS_OF_CLOUD):
        return "cloud"
    token = ("personal_access_token", "personal_access_token_file")
    return "datacenter" if any(found.has(("jira", name)) for name in token) else "cloud"


def _config(found: _Gathering, out: Path) -> Config:
    tree = {name: dict(section) for name, section in found.tree.items()}
    places = Places(found.places.file, {}, dict(found.places.variables))
    return checked(tree, places, out, found.environ)


def _older(path: Path | None, out: Path) -> dict[str, dict[str, Any]]:
    """The connection keys of an older config; files that it names are meant from its own folder."""
    if path is None:
        return {}
    try:
        whole = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise SyncError(
            f"There is no file {path}.", "leave --config out: --out names the file that init writes."
        ) from None
    except OSError as error:
        raise SyncError(f"{path} cannot be read: {error.strerror}.", "see that it is yours.") from None
    except ValueError:
        raise SyncError(
            f"{path} is no TOML.", "run `rapport validate` on it, or leave --config out."
        ) from None
    found: dict[str, dict[str, Any]] = {}
    for name, keys in (("salesforce", SALESFORCE_KEYS), ("jira", JIRA_KEYS), ("http", HTTP_KEYS)):
        section = whole.get(name)
        kept = {key: section[key] for key in keys if key in section} if isinstance(section, dict) else {}
        if name == "jira" and isinstance(section, dict) and isinstance(section.get("sites"), dict):
            kept["sites"] = section["sites"]
        for key in _FILES & kept.keys():
            if isinstance(kept[key], str) and path.parent.resolve() != out.parent.resolve():
                kept[key] = str((path.parent / kept[key]).resolve())
        if kept:
            found[name] = kept
    return found


def _several_sites(found: _Gathering) -> tuple[str, ...]:
    sites = found.tree.get("jira", {}).pop("sites", None)
    if not sites:
        return ()
    names = ", ".join(sorted(map(str, sites)))
    return (f"Further Jira sites of the older config ({names}) were not asked; copy their tables over.",)


def _written(found: _Gathering) -> dict[str, dict[str, Any]]:
    """What goes into the file. The consumer key stays where it was given, in the environment."""
    written: dict[str, dict[str, Any]] = {}
    for section, keys in (("salesforce", SALESFORCE_KEYS), ("jira", JIRA_KEYS), ("http", HTTP_KEYS)):
        if section == "jira" and "jira" not in found.tree and not found.has(("jira", "url")):
            continue
        held: dict[str, Any] = {}
        for key in keys:
            path = (section, key)
            outside = section != "http" and key != "client_id" and found.set_outside(path)
            value = found.value(path) if outside else found.tree.get(section, {}).get(key)
            if value is not None:
                held[key] = value
        if held:
            written[section] = held
    return written


def _outside(found: _Gathering) -> frozenset[str]:
    names = [
        ("salesforce", "client_id"),
        *((part, name) for part in ("salesforce", "jira") for name in _SECRETS),
    ]
    return frozenset(variable(path) for path in names if found.set_outside(path))


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    bare = text.strip().rstrip("/")
    return bare if "://" in bare or not bare else f"https://{bare}"
