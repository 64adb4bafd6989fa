"""What Jira's answers mean: each is judged once, before anything reads it as data.

X-Authentication-Denied-Reason               → SignInRefused: a person has to sign in first (CAPTCHA)
X-Seraph-LoginReason says the sign-in failed → SignInRefused, whatever the status: Jira Cloud treats
                                               bad credentials as an anonymous visitor and answers
                                               200 with empty lists
X-AUSERNAME says anonymous (Data Center)     → SignInRefused, for the same reason
401, or 403 with a sign-in reason            → SignInRefused
403                                          → PermissionRefused
a web page, or no JSON, where data was due   → UnexpectedAnswer
any other 4xx                                → RequestRefused, in Jira's own words
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from connectors.errors import (
    ConnectorError,
    PermissionRefused,
    RequestRefused,
    SignInRefused,
    UnexpectedAnswer,
)
from connectors.http import looks_like_html, redact
from connectors.jira_shapes import UNREADABLE, plain_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Response

    from connectors.jira_sign_in import Caller

LOGIN_REASON = "X-Seraph-LoginReason"
DENIED_REASON = "X-Authentication-Denied-Reason"
USER_NAME = "X-AUSERNAME"
LOGIN_FAILED = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")
_LONGEST_QUOTE = 300
_Shape = TypeVar("_Shape")

NOT_JIRA = "check the url under [jira]: it must be the address of the Jira site, and nothing may answer in its place."


def judge(caller: Caller) -> Callable[..., None]:
    """Give the response hook for the sessions of `caller`."""

    def check(response: Response, *_: Any, **__: Any) -> None:
        if (fault := _fault(response, caller)) is not None:
            # Raised from inside the hook, so that jira's own errors, whose texts hold headers and
            # whole bodies, are never made.
            raise fault

    return check


def decode(response: Response, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(response.content, type=shape)
    except UNREADABLE as error:
        raise odd_shape(response.url, plain_reason(error)) from None


def shaped(raw: msgspec.Raw, shape: type[_Shape], path: str) -> _Shape:
    """Decode one row of a page whose other rows are of no use without it."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except UNREADABLE as error:
        raise odd_shape(path, plain_reason(error)) from None


def convert(value: object, shape: type[_Shape], path: str) -> _Shape:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise odd_shape(path, plain_reason(error)) from None


def odd_shape(url: str, reason: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"Jira's answer to {_endpoint(url)} has an unexpected shape: {reason}.", NOT_JIRA)


def _fault(response: Response, caller: Caller) -> ConnectorError | None:
    status = response.status_code
    if refused := _refused_sign_in(response, caller):
        return refused
    if status == 403:
        return PermissionRefused(
            f"{caller.jira} does not let {caller.who} read {_endpoint(response.url)} (403){_said(response)}.",
            "give that user Browse Projects (and Browse users and groups for staff groups), or leave it out.",
        )
    if 200 <= status < 300:
        if _is_json(response):
            return None
        return UnexpectedAnswer(
            f"Jira's address answered {_endpoint(response.url)} with something that is not Jira's data.",
            NOT_JIRA,
        )
    if status < 400:
        return None  # the one seam decides about redirects
    if looks_like_html(response) and status not in {404, 405, 410}:
        return UnexpectedAnswer(
            f"Jira's address answered {_endpoint(response.url)} with a web page (status {status}).", NOT_JIRA
        )
    return RequestRefused(
        f"Jira refused {_endpoint(response.url)} ({status}){_said(response)}.",
        "check [jira] jql and the names of projects and fields in the configuration.",
        code=f"HTTP_{status}",
        status=status,
    )


def _refused_sign_in(response: Response, caller: Caller) -> SignInRefused | None:
    status = response.status_code
    if status in {401, 403} and (denied := response.headers.get(DENIED_REASON)):
        return SignInRefused(
            f"{caller.jira} blocks the {caller.sign_in}: {_short(denied)}.",
            "sign in once in a browser as that user (after failed tries Jira asks a question there), then check the "
            "credentials before the next run.",
        )
    reason = response.headers.get(LOGIN_REASON, "")
    if any(word in reason for word in LOGIN_FAILED):
        return SignInRefused(f"{caller.jira} did not accept the {caller.sign_in} ({reason}).", caller.advice)
    if status == 401:
        return SignInRefused(f"{caller.jira} refused the {caller.sign_in} (401).", caller.advice)
    if not caller.is_cloud and response.headers.get(USER_NAME, "").lower() == "anonymous":
        return SignInRefused(
            f"{caller.jira} ignored the {caller.sign_in} and took us for an anonymous visitor.", caller.advice
        )
    return None


def _is_json(response: Response) -> bool:
    """Tell data from pages; a body that only begins well is found out when it is decoded."""
    return not looks_like_html(response) and response.content.lstrip()[:1] in {b"{", b"["}


def _said(response: Response) -> str:
    """Quote Jira's own message, from any of the bodies it uses for errors."""
    try:
        body = msgspec.json.decode(response.content)
    except UNREADABLE:
        return ""
    if not isinstance(body, dict):
        return ""
    listed, by_field = body.get("errorMessages"), body.get("errors")
    said = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    if isinstance(by_field, dict):
        said += [f"{name}: {text}" for name, text in by_field.items() if isinstance(text, str)]
    for name in ("errorMessage", "detail", "message", "error"):
        if isinstance(text := body.get(name), str) and not said:
            said.append(text)
    return f": {_short(' '.join(said))}" if said else ""


def _short(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in redact(text)).strip().rstrip(".")
    return printable if len(printable) <= _LONGEST_QUOTE else printable[:_LONGEST_QUOTE] + "…"


def _endpoint(url: str) -> str:
    path = url.partition("?")[0].partition("/rest/")[2]
    return path.removeprefix("api/3/").removeprefix("api/2/") or "the request"
