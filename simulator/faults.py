"""Faults on a seeded schedule: which request meets one, and what the client then sees.

    429 503 500 401 reset    nothing has happened on the server
    lost truncate            the request took effect; the answer does not arrive, or half of it
    slow                     the answer comes two seconds late
    lock                     one record of a write is held by somebody else
    cursor                   the locator or token of the next page has expired

Each endpoint has its own sequence of chances, so that requests to one do not shift what happens on another;
after two faults in a row an endpoint answers.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast, get_args

from simulator.calls import endpoint, is_read
from simulator.http import Response, json_response

if TYPE_CHECKING:
    from simulator.calls import Api
    from simulator.http import Request

Kind = Literal["429", "503", "500", "401", "reset", "lost", "slow", "lock", "cursor", "truncate"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_IN_A_ROW = 2
SLOW_SECONDS = 2.0

_UNAVAILABLE = (
    b"<html><head><title>Service Unavailable</title></head><body><h1>503</h1><p>We are down for maintenance."
    b" Please try again later.</p></body></html>"
)
_TOO_MANY = b"<html><head><title>Too Many Requests</title></head><body><h1>429</h1></body></html>"


@dataclass(slots=True)
class FaultSchedule:
    """`choose` is asked once per request, under the server's lock."""

    seed: int = 0
    rate: float = 0.1
    kinds: tuple[Kind, ...] = KINDS
    _chances: dict[str, random.Random] = field(default_factory=dict, repr=False)
    _last: dict[str, list[Kind]] = field(default_factory=dict, repr=False)

    def choose(self, api: Api, request: Request) -> Kind | None:
        name = f"{api} {endpoint(api, request)}"
        chance = self._chances.setdefault(name, random.Random(f"{self.seed}|{name}"))  # noqa: S311 - no secret
        strikes = chance.random() < self.rate
        place = chance.random()  # drawn always, so that a sequence does not depend on which kinds apply
        row = self._last.setdefault(name, [])
        possible = [kind for kind in self.kinds if _applies(kind, api, request)]
        if "401" in row:  # a new session does not expire at once
            possible = [kind for kind in possible if kind != "401"]
        if not strikes or not possible or len(row) >= MOST_IN_A_ROW:
            row.clear()
            return None
        kind = possible[int(place * len(possible))]
        row.append(kind)
        return kind

    def locks(self, api: Api, request: Request) -> random.Random:
        """Chooses the record that is held."""
        return self._chances[f"{api} {endpoint(api, request)}"]


def parse(spec: str) -> FaultSchedule:
    """`seed=7,rate=0.2,kinds=429+lost`; raises ValueError that says what is wrong and what would be right."""
    values: dict[str, str] = {}
    for part in spec.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name not in {"seed", "rate", "kinds"}:
            raise ValueError(f"cannot read {part.strip()!r}: the faults are seed=INT,rate=0..1,kinds=a+b")
        if name in values:
            raise ValueError(f"{name} is given twice")
        values[name] = value
    return FaultSchedule(
        seed=_seed(values.get("seed", "0")),
        rate=_rate(values.get("rate", "0.1")),
        kinds=_kinds(values["kinds"]) if "kinds" in values else KINDS,
    )


def instead(kind: Kind, api: Api) -> Response | None:
    """The answer that a fault gives in place of the API; None where the API itself is asked."""
    match kind:
        case "429" if api == "jira":
            limits = {"Retry_After": "1", "RateLimit_Reason": "jira-burst-based"}
            return json_response(_jira("Rate limit exceeded."), 429, **limits)
        case "429":
            return Response(429, _TOO_MANY, {"Content-Type": "text/html;charset=UTF-8", "Retry-After": "1"})
        case "503":
            return Response(503, _UNAVAILABLE, {"Content-Type": "text/html;charset=UTF-8"})
        case "500" if api == "jira":
            return json_response(_jira("Internal server error"), 500)
        case "500":
            return _salesforce("UNKNOWN_EXCEPTION", "An unexpected error occurred.", 500)
        case "401":
            return _salesforce("INVALID_SESSION_ID", "Session expired or invalid", 401)
        case "cursor" if api == "jira":
            return json_response(_jira("The provided nextPageToken is invalid or has expired."), 400)
        case "cursor":
            return _salesforce("INVALID_QUERY_LOCATOR", "invalid query locator", 400)
        case _:
            return None


def _jira(message: str) -> dict[str, object]:
    return {"errorMessages": [message], "errors": {}}


def _salesforce(code: str, message: str, status: int) -> Response:
    return json_response([{"message": message, "errorCode": code}], status)


def _applies(kind: Kind, api: Api, request: Request) -> bool:
    path = request.path.rstrip("/")
    match kind:
        case "401":  # a session of Salesforce; a Jira token does not expire in the middle of a run
            return api == "salesforce" and path.startswith("/services/data/v")
        case "lock":
            return api == "salesforce" and "/sobjects" in path and not is_read(request)
        case "cursor":
            if api == "salesforce":
                return re.search(r"(?<!/jobs)/query(All)?/[^/]+$", path) is not None
            return "nextPageToken" in request.query or b'"nextPageToken"' in request.body
        case _:
            return True


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"seed={text} is no whole number") from None


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError(f"rate={text} is no number from 0 to 1")
    return rate


def _kinds(text: str) -> tuple[Kind, ...]:
    kinds = [kind.strip() for kind in text.split("+")]
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"kinds={text}: {kind!r} is none of {'+'.join(KINDS)}")
    return cast("tuple[Kind, ...]", tuple(dict.fromkeys(kinds)))
