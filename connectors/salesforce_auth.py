"""Signing in to Salesforce, in one of four ways.

    jwt                  a statement signed with a private key, exchanged for a token (`salesforce_jwt`)
    client_credentials   the id and secret of an app, exchanged for a token
    sf_cli               the session that the Salesforce CLI holds (`sf_cli`)
    access_token         a token that is given, and that nobody can renew

The credentials are an AuthBase of requests, so that nothing else can put itself in their place, and a
session that expires in the middle of a run is renewed once, where it happens.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from requests.auth import AuthBase

from connectors import salesforce_jwt, sf_cli
from connectors.errors import SignInRefused, UnexpectedAnswer
from connectors.http import base_address, looks_like_html, redact, session

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from requests import PreparedRequest, Response

    from connectors.http import Seam

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, not a secret
API_VERSION = re.compile(r"[1-9]\d{1,2}\.0")
HEADER_SAFE = re.compile(r"[\x21-\x7e]+")
AuthKind = Literal["jwt", "client_credentials", "sf_cli", "access_token"]
SHARED_HOSTS = ("login.salesforce.com", "test.salesforce.com")


@dataclass(frozen=True, slots=True)
class SalesforceSettings:
    instance_url: str
    auth: AuthKind
    api_version: str = "62.0"
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    username: str | None = None
    private_key: str | None = field(default=None, repr=False)
    """The PEM text itself, not the name of its file."""
    login_url: str = salesforce_jwt.LOGIN_URL
    target_org: str | None = None

    @property
    def secrets(self) -> tuple[str | None, ...]:
        return self.client_secret, self.access_token, self.client_id, self.private_key


def checked_address(settings: SalesforceSettings) -> str:
    """The org's own address; ValueError in words for those that answer sign-ins or API calls wrongly."""
    base = base_address(settings.instance_url)
    parts = urlsplit(base)
    host = parts.hostname or ""
    if parts.path:
        raise ValueError(f"salesforce.instance_url must end after the host name: {base[: -len(parts.path)]}")
    if host.endswith(".lightning.force.com"):
        mine = host.replace(".lightning.force.com", ".my.salesforce.com")
        raise ValueError(f"salesforce.instance_url is the address for browsers; use https://{mine}")
    if settings.auth == "client_credentials" and host in SHARED_HOSTS:
        raise ValueError(
            f"{host} does not accept client credentials; use the org's own https://….my.salesforce.com"
        )
    if host in SHARED_HOSTS:
        raise ValueError(f"{host} only signs people in; use the org's own https://….my.salesforce.com")
    if not API_VERSION.fullmatch(settings.api_version):
        raise ValueError(f'salesforce.api_version must look like 62.0, not "{settings.api_version}"')
    return base


class SalesforceAuth(AuthBase):
    """Puts the token on each request; on a 401 signs in again once and sends that request once more.

    `clock` is this machine's: what is signed is valid for minutes by Salesforce's.
    """

    def __init__(
        self,
        settings: SalesforceSettings,
        seam: Seam,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._seam = seam
        self._clock = clock
        self._plain = session(seam, None)
        self._given = _given(settings) if settings.auth == "access_token" else None
        self._key = _signing_key(settings) if settings.auth == "jwt" else None
        self._token = self._given
        self._sent: str | None = None
        self._renewing = threading.Lock()
        self.identity_url: str | None = None
        if settings.auth == "client_credentials" and not (settings.client_id and settings.client_secret):
            raise SignInRefused(
                "No client id or client secret for Salesforce was given.",
                "set RAPPORT_SALESFORCE__CLIENT_ID and RAPPORT_SALESFORCE__CLIENT_SECRET.",
            )

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token or self.sign_in()}"
        request.register_hook("response", self._renew)  # type: ignore[no-untyped-call]  # untyped in requests' stubs
        return request

    def secrets(self) -> tuple[str | None, ...]:
        return (*self._settings.secrets, self._token, self._sent)

    def sign_in(self) -> str:
        """Ask for a token, whether or not there is one; a given token is only handed back."""
        if self._given is not None:
            return self._given
        if self._settings.auth == "sf_cli":
            self._token = self._from_cli()
        elif self._key is not None:
            self._token = self._by_signature(self._key)
        else:
            self._token = self._exchange(
                {
                    "grant_type": "client_credentials",
                    "client_id": str(self._settings.client_id).strip(),
                    "client_secret": str(self._settings.client_secret).strip(),
                }
            )
        return self._token

    def _by_signature(self, key: RSAPrivateKey) -> str:
        for last in (False, True):
            signed = self._clock()
            self._sent = salesforce_jwt.assertion(
                key,
                client_id=str(self._settings.client_id).strip(),
                username=str(self._settings.username).strip(),
                audience=self._settings.login_url,
                now=signed,
            )
            try:
                return self._exchange({"grant_type": salesforce_jwt.GRANT_TYPE, "assertion": self._sent})
            except SignInRefused:
                # It may have grown too old while a busy server made us wait.
                if last or self._clock() - signed < salesforce_jwt.LIFETIME:
                    raise
        raise AssertionError("the second try either returns or raises")

    def _from_cli(self) -> str:
        found = sf_cli.session(self._settings.target_org, self._seam.settings.read_timeout)
        try:
            theirs = base_address(found.instance_url)
        except ValueError:
            theirs = "an address that is none"
        # A token must go to no other org than its own.
        if theirs != self._seam.base_url:
            raise SignInRefused(
                f"The Salesforce CLI is signed in to {theirs}, and salesforce.instance_url is"
                f" {self._seam.base_url}.",
                "name the org that is meant in [salesforce] target_org, or correct instance_url.",
            )
        if not HEADER_SAFE.fullmatch(found.token):
            raise SignInRefused(
                "The access token of the Salesforce CLI contains characters that no token has.",
                "update the CLI with sf update, then sign in again with sf org login web.",
            )
        return found.token

    def _exchange(self, form: dict[str, str]) -> str:
        answer = self._plain.post(self._seam.base_url + TOKEN_PATH, data=form)
        content = _json_object(answer)
        token = content.get("access_token")
        if answer.status_code == 200 and isinstance(token, str) and HEADER_SAFE.fullmatch(token):
            identity = content.get("id")
            self.identity_url = identity if isinstance(identity, str) else None
            return token
        if content.get("error") or (answer.status_code in {401, 403} and not looks_like_html(answer)):
            raise self._refused(content)
        raise UnexpectedAnswer(
            "Salesforce answered the sign-in with something that holds no token.",
            "check salesforce.instance_url (the org's own https://….my.salesforce.com) and any proxy.",
        )

    def _renew(self, response: Response, **kwargs: Any) -> Response:
        if response.status_code != 401:
            return response
        if self._given is not None:
            raise SignInRefused(
                f"Salesforce does not accept the access token{self._reason(response)}, "
                "and a token that was given cannot be renewed.",
                'put a fresh one into RAPPORT_SALESFORCE__ACCESS_TOKEN, or use auth = "jwt".',
            )
        again = response.request.copy()
        with self._renewing:  # of several readings whose session ends, one signs in for all
            refused = response.request.headers.get("Authorization") == f"Bearer {self._token}"
            token = self.sign_in() if refused or self._token is None else self._token
        again.headers["Authorization"] = f"Bearer {token}"
        replayed: Response = self._seam.send(again, **kwargs)
        if replayed.status_code == 401:
            raise SignInRefused(
                f"Salesforce refused a request twice, the second time right after a new sign-in"
                f"{self._reason(replayed)}.",
                "look at the app's session policies and the run-as user's login history in Salesforce Setup.",
            )
        replayed.history.append(response)
        return replayed

    def _reason(self, response: Response) -> str:
        """What the 401 says for itself; its body may be a list, a dict, or plain text."""
        try:
            content = response.json()
        except ValueError:
            content = None if looks_like_html(response) else response.text
        if isinstance(content, list) and content:
            content = content[0]
        if isinstance(content, dict):
            code = content.get("errorCode") or content.get("error")
            text = content.get("message") or content.get("error_description")
            content = ": ".join(str(part) for part in (code, text) if part)
        said = redact(str(content or ""), self.secrets())[:200].strip()
        return f" ({said})" if said else ""

    def _refused(self, content: dict[str, Any]) -> SignInRefused:
        error = str(content.get("error") or "no reason given")
        description = content.get("error_description")  # often missing
        said = redact(f"{error}: {description}" if description else error, self.secrets())
        message = f"Salesforce refused the sign-in ({said[:300]})."
        if self._settings.auth != "jwt":
            return SignInRefused(message, _advice(said.lower()))
        difference = salesforce_jwt.clock_difference(self._clock(), self._seam.server_time)
        if difference and any(word in said.lower() for word in ("expired", "assertion")):
            return SignInRefused(
                f"{message[:-1]}: this machine's clock is {difference} Salesforce's.",
                "let a time server (NTP) set this machine's clock; what it signs is valid for minutes only.",
            )
        return SignInRefused(message, salesforce_jwt.advice(said.lower()))


def _given(settings: SalesforceSettings) -> str:
    given = (settings.access_token or "").strip()
    if not given:
        raise SignInRefused(
            "No access token for Salesforce was given.", "set RAPPORT_SALESFORCE__ACCESS_TOKEN."
        )
    if not HEADER_SAFE.fullmatch(given):
        # http.client would repeat the token in its complaint.
        raise SignInRefused(
            "The access token for Salesforce contains characters that no token has.",
            "copy it again, without quotes, spaces or line breaks.",
        )
    return given


def _signing_key(settings: SalesforceSettings) -> RSAPrivateKey:
    needed = {
        "CLIENT_ID": settings.client_id,
        "USERNAME": settings.username,
        "PRIVATE_KEY_FILE": settings.private_key,
    }
    missing = [f"RAPPORT_SALESFORCE__{name}" for name, value in needed.items() if not (value or "").strip()]
    if missing:
        raise SignInRefused(
            "The client id, the user name or the private key for Salesforce was not given.",
            f"set {' and '.join(missing)}.",
        )
    try:
        return salesforce_jwt.signing_key(settings.private_key or "")
    except ValueError as fault:
        problem = str(fault)
    raise SignInRefused(
        f"The file of the private key for Salesforce {problem}.",
        "name the key of the certificate in the External Client App with salesforce.private_key_file.",
    )


def _advice(said: str) -> str:
    for part, advice in (
        ("approved", "in the External Client App add a permission set that the run-as user has."),
        ("no client credentials user", "in the External Client App's policies name a run-as user."),
        ("inactive user", "activate the run-as user, or name another in the External Client App's policies."),
        ("domain", "use the org's own address, https://….my.salesforce.com, in salesforce.instance_url."),
        ("ip restricted", "allow this machine's address in the app's or the profile's login IP ranges."),
        ("grant", "enable the client credentials flow in the External Client App's policies."),
    ):
        if part in said:
            return advice
    return (
        "check RAPPORT_SALESFORCE__CLIENT_ID and RAPPORT_SALESFORCE__CLIENT_SECRET against the app in Setup."
    )


def _json_object(response: Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
