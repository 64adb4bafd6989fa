"""The one seam to the network: time-outs, retries, counting and redaction for every client.

`Seam` is a transport adapter of requests. Mounted on our own sessions, on simple-salesforce's and on
jira's, it gives all three the same manners:

    request ─► Seam ── stays on the configured host, https (or http on loopback)
                   ├── (connect, read) time-outs, a limit to the size of an answer
                   ├── repeats what is safe to repeat, with jitter; Retry-After is a minimum
                   └── counts every request sent, reads and writes apart
"""

from __future__ import annotations

import ipaddress
import random
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError, SSLError

from connectors.errors import OutcomeUnknown, QuotaSpent, UnexpectedAnswer, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from requests import PreparedRequest, Response
    from requests.auth import AuthBase

FIRST_WAIT = 2.0
CHUNK_OF_ANSWER = 1 << 16
SHORTEST_SECRET = 8  # below, a made-up one like "test" would blank out plain words
CUT = "the answer broke off"
TOO_LONG = "the answer did not end"
DEFAULT_PORTS = {"https": 443, "http": 80}
# Whatever the server echoes, these never reach a message: credentials in headers, Salesforce session ids.
CREDENTIALS = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=!-]{6,}|\b00D\w{9,15}![\w.]+")


@dataclass(frozen=True, slots=True)
class HttpSettings:
    connect_timeout: float = 5
    read_timeout: float = 60
    max_tries: int = 5
    max_wait: float = 120
    """The longest single wait in seconds; a server that asks for more ends the run instead."""
    proxy: str | None = field(default=None, repr=False)  # may hold a password
    ca_file: str | None = None
    max_answer: int = 128 * 1024 * 1024
    """Bytes of one unpacked answer; a page of either API stays far below."""


@dataclass(slots=True)
class Calls:
    """Requests sent: every try counts, and a token request is a read."""

    read: int = 0
    write: int = 0


def base_address(url: str) -> str:
    """The configured address without a trailing slash; ValueError in words when it cannot be used."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f'"{url}" is no web address; it must look like https://example.my.salesforce.com')
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"the address of {host} must not contain a user name or password")
    if parts.query or parts.fragment:
        raise ValueError(f'"{url}" must end before any "?" or "#"')
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"http:// is accepted for this machine only (127.0.0.1); use https://{host}")
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def redact(text: str, secrets: Iterable[str | None] = ()) -> str:
    """The text without the given secrets, and without anything that looks like a credential."""
    for secret in secrets:
        if secret and len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return CREDENTIALS.sub("***", text)


def looks_like_html(response: Response) -> bool:
    """A login page, a proxy's page or a maintenance page, whatever the header says."""
    start = response.content[:200].lstrip().lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


def session(seam: Seam, auth: AuthBase | None) -> requests.Session:
    return attach(requests.Session(), seam, auth)


def attach(to: requests.Session, seam: Seam, auth: AuthBase | None) -> requests.Session:
    """Let a session, also one that a library made, speak only through the seam."""
    to.mount("https://", seam)
    to.mount("http://", seam)
    to.auth = auth
    # Nothing from the environment: a .netrc would replace `auth`, and proxies come from the settings.
    to.trust_env = False
    # No cookies: a server-side session must not outlive or replace the credentials we send.
    to.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if seam.settings.proxy and not is_loopback(seam.host):
        to.proxies = {"http": seam.settings.proxy, "https": seam.settings.proxy}
    to.verify = seam.settings.ca_file or True
    to.headers["User-Agent"] = "Rapport"
    return to


class Seam(HTTPAdapter):
    """`is_read(method, path)` parts reads from writes; `busy` names further answers that mean "slower"
    (the least seconds to wait, or None; it may raise QuotaSpent); `observe` sees every answer.
    """

    def __init__(
        self,
        *,
        base_url: str,
        settings: HttpSettings,
        calls: Calls,
        is_read: Callable[[str, str], bool],
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        service: str = "",
        busy: Callable[[Response], float | None] | None = None,
        observe: Callable[[Response], None] | None = None,
    ) -> None:
        super().__init__()
        self.base_url = base_address(base_url)
        self.settings = settings
        self.calls = calls
        self.server_time: datetime | None = None
        if settings.ca_file and not Path(settings.ca_file).exists():
            raise ValueError(f"[http] ca_file: there is no file {settings.ca_file}")
        self._origin = _origin(self.base_url)
        self.host = self._origin[1]
        self.service = service or self.host
        self._is_read = is_read
        self._sleep = sleep
        self.rng = rng or random.Random()  # noqa: S311 - jitter, not cryptography
        self._counting = threading.Lock()  # sources are read side by side
        self._busy = busy
        self._observe = observe

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - answers are always read here, to repeat a cut one
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        request.url = self._at_home(request.url or "")
        path = urlsplit(request.url).path
        method = (request.method or "GET").upper()
        read = self._is_read(method, path)
        # An update or a deletion done twice leaves the same state; a create done twice leaves two records.
        repeatable = read or method != "POST"
        limits = timeout or (self.settings.connect_timeout, self.settings.read_timeout)
        attempt = 0
        while True:
            attempt += 1
            last = attempt >= self.settings.max_tries
            with self._counting:
                if read:
                    self.calls.read += 1
                else:
                    self.calls.write += 1
            failure, sent, hopeless = "", True, False
            try:
                response = super().send(
                    request, stream=True, timeout=limits, verify=verify, cert=cert, proxies=proxies
                )
                self._note(response)
                failure = self._read_body(response)
            except requests.exceptions.RequestException as error:
                failure, sent, hopeless = _in_words(error), not _never_sent(error), _hopeless(error)
            # Raised out here, so that no error of requests, which names whole addresses, hangs on to ours.
            if failure:
                if hopeless:
                    raise Unreachable(
                        f"{self.service} ({self.host}) cannot be asked: {failure}.",
                        "check the address; behind a company proxy, see [http] proxy and ca_file.",
                    )
                if sent and not repeatable:
                    raise self._lost(failure)
                if failure == TOO_LONG:
                    raise UnexpectedAnswer(
                        f"{self.service} sent an answer of more than {self.settings.max_answer} bytes.",
                        "check what stands between this machine and the service.",
                    )
                if last:
                    raise self._unreachable(failure, attempt)
                self._wait(attempt, 0.0)
                continue
            wait = self._asked_to_wait(response, repeatable=repeatable, last=last, attempt=attempt)
            if wait is None:
                self._refuse_redirect(request, response, read=read)
                return response
            self._wait(attempt, wait)

    def _at_home(self, url: str) -> str:
        """simple-salesforce always says https:// ; on loopback the configured scheme is put back."""
        parts = urlsplit(url)
        scheme, host, port = _origin(url)
        home_scheme, home_host, home_port = self._origin
        if host == home_host and (parts.port or DEFAULT_PORTS[home_scheme]) == home_port:
            return urlunsplit((home_scheme, parts.netloc, parts.path, parts.query, parts.fragment))
        if (scheme, host, port) != self._origin:
            raise UnexpectedAnswer(
                f"{self.service} leads to another address ({scheme}://{host}), which is not followed.",
                "check the configured address; it must be the one that answers itself.",
            )
        return url

    def _note(self, response: Response) -> None:
        self.server_time = http_date(response.headers.get("Date")) or self.server_time
        if self._observe is not None:
            self._observe(response)

    def _read_body(self, response: Response) -> str:
        """Read the answer here, inside the retry; what is wrong with it, or nothing."""
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_content(CHUNK_OF_ANSWER):
            size += len(piece)
            if size > self.settings.max_answer:
                response.close()
                return TOO_LONG
            pieces.append(piece)
        body = b"".join(pieces)
        response._content = body  # noqa: SLF001 - requests has no public way to hand in a body already read
        if response.status_code != 200 or "json" not in response.headers.get("Content-Type", ""):
            return ""
        ends = {b"{": b"}", b"[": b"]"}.get(body.lstrip()[:1])
        return CUT if ends is not None and body.rstrip()[-1:] != ends else ""

    def _asked_to_wait(
        self, response: Response, *, repeatable: bool, last: bool, attempt: int
    ) -> float | None:
        """Least seconds before the next try, or None when this answer stands."""
        status = response.status_code
        asked = retry_after(response)
        busy = self._busy(response) if self._busy is not None else None
        if status == 429 or busy is not None:
            # Refused before it was worked on: even a create may be sent again.
            hourly = "-quota-" in response.headers.get("RateLimit-Reason", "") and asked is None
            if last or hourly or (asked or 0) > self.settings.max_wait:
                raise QuotaSpent(
                    f"{self.service} allows no further calls for now{_for_how_long(asked)}.",
                    "run again later; what was done so far is kept.",
                    retry_after=asked,
                )
            return max(asked or 0.0, busy or 0.0)
        if status < 500:
            return None
        if not repeatable:
            raise self._lost(f"it answered with error {status}")
        if last or (asked or 0) > self.settings.max_wait:
            raise self._unreachable(f"it answers with error {status}{_for_how_long(asked)}", attempt)
        return asked or 0.0

    def _refuse_redirect(self, request: PreparedRequest, response: Response, *, read: bool) -> None:
        if not response.is_redirect:
            return
        try:
            target = _origin(urljoin(request.url or "", response.headers["Location"]))
        except ValueError:
            target = ("", "an address that is none", None)
        # requests would turn a redirected POST into a GET, and send a body to wherever it is told to.
        if target != self._origin or not read or request.method != "GET":
            raise UnexpectedAnswer(
                f"{self.service} redirects to {target[1]}, which is not followed.",
                "check the configured address; it must be the one that answers itself.",
            )

    def _wait(self, attempt: int, least: float) -> None:
        backoff = FIRST_WAIT * 2 ** (attempt - 1) * self.rng.uniform(0.7, 1.3)
        self._sleep(min(max(backoff, least * self.rng.uniform(1.0, 1.2)), max(self.settings.max_wait, least)))

    def _lost(self, why: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{self.service} was sent a new record, and the answer was lost: {why}.",
            "the next run looks whether it is there before it writes again.",
        )

    def _unreachable(self, why: str, tries: int) -> Unreachable:
        return Unreachable(
            f"{self.service} ({self.host}) gave no usable answer in {tries} tries: {why}.",
            "check the network and the service's status page, then run again.",
        )


def retry_after(response: Response) -> float | None:
    """Retry-After in seconds, given as seconds or as a date by the server's own clock."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return float(value)
    at = http_date(value)
    if at is None:
        return None
    now = http_date(response.headers.get("Date")) or datetime.now(UTC)
    return max((at - now).total_seconds(), 0.0)


def http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(scheme)


def _never_sent(error: requests.exceptions.RequestException) -> bool:
    """No connection came about, so the request cannot have taken effect."""
    if isinstance(error, (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    return isinstance(_reason(error), NewConnectionError) or _untrusted(error)


def _untrusted(error: requests.exceptions.RequestException) -> bool:
    """Only a certificate: other TLS errors also happen in mid-answer."""
    reason = _reason(error)
    inner = reason.args[0] if isinstance(reason, SSLError) and reason.args else reason
    return isinstance(inner, SSLCertVerificationError)


def _hopeless(error: requests.exceptions.RequestException) -> bool:
    """A certificate, an address or a proxy setting does not become better by asking again."""
    return _untrusted(error) or isinstance(error, ValueError)


def _reason(error: requests.exceptions.RequestException) -> object:
    """What urllib3 says beneath requests' own error."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _in_words(error: requests.exceptions.RequestException) -> str:
    """Texts of requests itself name addresses with their whole query; these do not."""
    if _untrusted(error):
        return "its certificate was not accepted"
    if isinstance(error, ValueError):
        return "the address or the proxy setting cannot be used"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refused the connection"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return CUT
    if _never_sent(error):
        return "no connection (refused, or the name is unknown)"
    return "the connection broke off"


def _for_how_long(seconds: float | None) -> str:
    return "" if seconds is None else f" (it asks to wait {seconds:.0f} seconds)"
