"""Who may call the simulated Salesforce, and how many calls of the day are left."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from simulator.http import json_response
from simulator.salesforce_errors import Refused
from simulator.salesforce_jwt import GRANT_TYPE, Statements

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from simulator.http import Request, Response
    from simulator.salesforce_switches import SalesforceSwitches

ACCESS_TOKEN = "simulator"  # noqa: S105 - the simulator's well-known credential guards nothing
_REFUSED = {"", "wrong"}


class Sessions:
    """`key` is what the app holds of the client's key pair."""

    def __init__(
        self,
        switches: SalesforceSwitches,
        organization: str,
        user: str,
        *,
        sandbox: bool | None = None,
        key: RSAPublicKey | None = None,
    ) -> None:
        self._switches = switches
        self._statements = Statements(switches, key, sandbox=sandbox)
        self._identity = f"{organization}/{user}"
        self._tokens = {ACCESS_TOKEN}
        self._issued = 0
        self.calls = switches.calls_spent

    def token(self, request: Request) -> Response:
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        arguments = {name: values[0] for name, values in form.items()}
        refused = self._refusal(arguments, request.headers.get("Authorization", ""))
        if refused is not None:
            return refused
        token = ACCESS_TOKEN
        if self._switches.token_per_sign_in:
            self._issued += 1
            token = f"{ACCESS_TOKEN}!{self._issued}"
            self._tokens.add(token)
        return json_response(
            {
                "access_token": token,
                "signature": base64.b64encode(token.encode()).decode(),
                "scope": "api",
                "instance_url": request.base_url,
                "id": f"{request.base_url}/id/{self._identity}",
                "token_type": "Bearer",
                "issued_at": str(int(request.now.timestamp() * 1000)),
            }
        )

    def _refusal(self, arguments: dict[str, str], header: str) -> Response | None:
        if arguments.get("grant_type") == GRANT_TYPE:
            # Statements expire by the real clock also where that of the service is fixed, and the refusal
            # bears the time that it was judged by.
            now = datetime.now(UTC)
            refusal = self._statements.refusal(arguments.get("assertion", ""), now)
            if refusal is None:
                return None
            answer = _oauth_error(*refusal)
            answer.headers["Date"] = format_datetime(now, usegmt=True)
            return answer
        if arguments.get("grant_type") != "client_credentials":
            return _oauth_error("unsupported_grant_type", "grant type not supported")
        client, secret = arguments.get("client_id", ""), arguments.get("client_secret", "")
        if header.lower().startswith("basic "):
            client, secret = _basic(header)
        if client in _REFUSED:
            return _oauth_error("invalid_client_id", "client identifier invalid")
        if secret in _REFUSED:
            return _oauth_error("invalid_client", "invalid client credentials")
        return None

    def check(self, request: Request) -> None:
        """Counts the call; raises when the token is no longer, or never was, good or the day is spent."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            raise Refused(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        if scheme.lower() not in {"bearer", "oauth"} or token not in self._tokens:
            raise expired()
        if self.calls >= self._switches.daily_limit:
            raise Refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.calls += 1

    def expire(self, request: Request) -> None:
        """The session ends. The well-known token lives on: nobody could get another one."""
        token = request.headers.get("Authorization", "").partition(" ")[2]
        if token != ACCESS_TOKEN:
            self._tokens.discard(token)

    def expire_all(self) -> None:
        self._tokens = {ACCESS_TOKEN}

    def limit_header(self) -> str:
        return f"api-usage={self.calls}/{self._switches.daily_limit}"

    def limits(self, query_jobs_left: int) -> dict[str, Any]:
        left = max(self._switches.daily_limit - self.calls, 0)
        daily = {"Max": self._switches.daily_limit, "Remaining": left}
        return {
            "DailyApiRequests": daily,
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DailyBulkV2QueryJobs": {"Max": self._switches.bulk_jobs, "Remaining": query_jobs_left},
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
            "FileStorageMB": {"Max": 1_024, "Remaining": 1_000},
        }


def expired() -> Refused:
    return Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _basic(header: str) -> tuple[str, str]:
    encoded = header.partition(" ")[2].strip()
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client, secret


def _oauth_error(code: str, description: str) -> Response:
    return json_response({"error": code, "error_description": description}, 400)
