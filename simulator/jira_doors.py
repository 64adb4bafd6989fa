"""Who is let in: Jira Cloud by e-mail and API token, Data Center by a personal access token.

What a stranger gets differs as much. Cloud makes an anonymous visitor of everybody whose credentials are wrong,
and says so in a header only; Data Center answers 401, and after some failed tries asks a question that only a
browser shows (CAPTCHA): from then on even the right credentials are refused.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.http import Request, Response, json_response

if TYPE_CHECKING:
    from simulator.jira_switches import JiraSwitches

TOKEN = "simulator"  # noqa: S105  # the simulator's only token is no secret
_ANONYMOUS = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
_LIMITS = {
    "X-RateLimit-Limit": "50",
    "X-RateLimit-Remaining": "49",
    "X-RateLimit-FillRate": "5",
    "X-RateLimit-Interval-Seconds": "1",
    "retry-after": "0",  # on every answer, while there are tokens left
}


def must_sign_in() -> Response:
    return json_response(_ANONYMOUS, 401)


class CloudDoor:
    def signed_in(self, request: Request) -> bool:
        """Basic, with any address and the one token."""
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "basic" and _password(credentials) == TOKEN

    def refusal(self, request: Request) -> Response | None:
        if request.headers.get("Authorization", "").lower().startswith("bearer "):
            return json_response({"error": "Failed to parse Connect Session Auth Token"}, 403)
        return None

    def answered(self, response: Response, *, signed_in: bool) -> Response:
        if signed_in:
            return response
        return _with(response, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})


class DataCenterDoor:
    """Bearer with the one token, or basic with any name and the same word as a password."""

    def __init__(self, switches: JiraSwitches, user_name: str) -> None:
        self._most = switches.captcha_after
        self._user_name = user_name
        self._failed = 0

    def answer_the_question(self) -> None:
        """Somebody signed in with a browser."""
        self._failed = 0

    def signed_in(self, request: Request) -> bool:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return credentials.strip() == TOKEN
        return scheme.lower() == "basic" and _password(credentials) == TOKEN

    def refusal(self, request: Request) -> Response | None:
        if not request.headers.get("Authorization"):
            return None  # a visitor who does not say who he is may see what everybody may
        if self._most is not None and self._failed >= self._most:
            reasons = {
                "X-Seraph-LoginReason": "AUTHENTICATION_DENIED",
                "X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={request.base_url}/login.jsp",
            }
            return self.answered(_with(_page(403, "Forbidden (403)"), reasons), signed_in=False)
        if not self.signed_in(request):
            self._failed += 1
            failed = {
                "X-Seraph-LoginReason": "AUTHENTICATED_FAILED",
                "WWW-Authenticate": 'OAuth realm="Jira"',
            }
            return self.answered(_with(must_sign_in(), failed), signed_in=False)
        self._failed = 0
        return None

    def answered(self, response: Response, *, signed_in: bool) -> Response:
        name = self._user_name if signed_in else "anonymous"
        known = {"X-AUSERNAME": name} | ({"X-Seraph-LoginReason": "OK"} if signed_in else {})
        return _with(response, {**_LIMITS, **known})


def dead_link() -> Response:
    """What Tomcat says of a path that no application answers for."""
    return _page(404, "HTTP Status 404")


def _page(status: int, title: str) -> Response:
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Response(status, text.encode(), {"Content-Type": "text/html;charset=UTF-8"})


def _with(response: Response, headers: dict[str, str]) -> Response:
    return replace(response, headers={**headers, **response.headers})


def _password(credentials: str) -> str | None:
    """Of whomever it is; nobody has none."""
    try:
        name, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return password if name else None
