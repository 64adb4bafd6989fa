"""How a Jira site is reached and signed in to, and what to do when it does not take us.

Cloud           e-mail and API token (basic), at the site's address
Cloud, scoped   the same pair, but only at the gateway: `api_base`; at the site's address it is a 401
Data Center     a personal access token (bearer), which has no e-mail beside it

People's links stay on `url`, wherever the API is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from requests.auth import AuthBase, HTTPBasicAuth

if TYPE_CHECKING:
    from requests import PreparedRequest

Deployment = Literal["cloud", "datacenter"]
GATEWAY = "api.atlassian.com"


@dataclass(frozen=True, slots=True)
class JiraSettings:
    url: str
    email: str = ""
    api_token: str = field(default="", repr=False)
    site: str = "default"
    deployment: Deployment = "cloud"
    jql: str | None = None
    personal_access_token: str = field(default="", repr=False)
    api_base: str | None = None

    @property
    def address(self) -> str:
        """Where the API is asked."""
        return self.api_base or self.url

    @property
    def is_cloud(self) -> bool:
        return self.deployment == "cloud"

    @property
    def section(self) -> str:
        """Where the configuration speaks of this site."""
        return "[jira]" if self.site == "default" else f"[jira.sites.{self.site}]"

    @property
    def name(self) -> str:
        """The site in a message; one alone needs no name."""
        return "Jira" if self.site == "default" else f"Jira ({self.site})"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signs in, in the words of messages, and what to do when that is refused."""

    jira: str
    who: str
    sign_in: str
    advice: str
    section: str
    is_cloud: bool


def caller(settings: JiraSettings) -> Caller:
    if settings.is_cloud:
        who, sign_in = settings.email, f"sign-in of {settings.email}"
    else:
        who, sign_in = "the owner of the personal access token", "personal access token"
    return Caller(settings.name, who, sign_in, _advice(settings), settings.section, settings.is_cloud)


def auth(settings: JiraSettings) -> AuthBase:
    if not settings.is_cloud:
        return Bearer(settings.personal_access_token)
    # As bytes: requests would encode text as Latin-1 and fail on other letters.
    return HTTPBasicAuth(settings.email.encode(), settings.api_token.encode())


class Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = b"Bearer " + self._token.encode()  # type: ignore[assignment]  # bytes, as above
        return request


def other_deployment(settings: JiraSettings) -> str:
    """What to change when the address turns out to be the other kind of Jira."""
    other = "datacenter" if settings.is_cloud else "cloud"
    needs = "personal_access_token" if settings.is_cloud else "email and api_token"
    return f'set deployment = "{other}" and {needs} under {settings.section}'


def _advice(settings: JiraSettings) -> str:
    variables = "RAPPORT_JIRA__"
    if settings.site != "default":
        variables += f"SITES__{settings.site.upper()}__"
    if not settings.is_cloud:
        return (
            "make a new personal access token in the profile of the user that reads (tokens may expire) and set "
            f"{variables}PERSONAL_ACCESS_TOKEN; if this is Jira Cloud, {other_deployment(settings)}."
        )
    renew = f"make a new API token (tokens expire after at most a year) and set {variables}API_TOKEN; "
    if urlsplit(settings.address).hostname == GATEWAY:
        return renew + (
            "a token with scopes needs read:jira-work and read:jira-user, and the CLOUD-ID in the address must be "
            "that of the site."
        )
    return renew + (
        "a token with scopes or of a service account is refused at the site's own address: it needs "
        f'{settings.section} api_base = "https://{GATEWAY}/ex/jira/CLOUD-ID" '
        f"(the CLOUD-ID stands at {settings.url.rstrip('/')}/_edge/tenant_info)."
    )
