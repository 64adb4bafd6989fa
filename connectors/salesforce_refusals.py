"""What Salesforce says when it refuses, sorted into the tree of errors.

Three shapes come back: a list `[{errorCode, message, fields}]`, a dict `{error, error_description}`, and web
pages or plain text from whatever stands in front. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connectors.errors import (
    ConnectorError,
    CursorExpired,
    PermissionRefused,
    QuotaSpent,
    RequestRefused,
    UnexpectedAnswer,
)
from connectors.http import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from requests import Response

CONCURRENT_WAIT = 30.0
URI_TOO_LONG = "URI_TOO_LONG"
PERMISSION_CODES = re.compile(
    r"INSUFFICIENT_ACCESS|API_(CURRENTLY_)?DISABLED|TXN_SECURITY|FUNCTIONALITY_NOT_ENABLED"
)

ADVICE = {
    "INVALID_FIELD": "compare [salesforce.fields] with the org, and the field permissions of the user.",
    "INVALID_QUERY_LOCATOR": "run again; sources that were read to their end are kept.",
    "INVALID_TYPE": "the object does not exist there, or is hidden from the run-as user.",
    "QUERY_TIMEOUT": "run again; if it stays, ask for less at once.",
    "OPERATION_TOO_LARGE": "give the run-as user View All Data, or ask for less at once.",
    URI_TOO_LONG: "ask for fewer fields or values at once.",
    "UNSUPPORTED_API_VERSION": "set [salesforce] api_version to one that the org offers.",
}


def busy(response: Response) -> float | None:
    """Too many long calls at once pass by waiting; the calls of a day do not."""
    if response.status_code != 403 or b"REQUEST_LIMIT_EXCEEDED" not in response.content:
        return None
    if b"oncurrent" in response.content:
        return CONCURRENT_WAIT
    raise QuotaSpent(
        "Salesforce refuses further calls: the org's API calls of 24 hours are used up.",
        "run again later; what was done so far is kept. Other integrations share this allowance.",
    )


def refusal(status: int, content: object, what: str, secrets: Iterable[str | None] = ()) -> ConnectorError:
    """The error for an answer that is no success; `what` says in words what was asked for.

    401 and 5xx end before: the one in the AuthBase, the others in the seam.
    """
    code, text = said(content)
    page = code is None and _is_page(text)
    quoted = "a web page" if page else _one_line(code, text, secrets)
    because = f" ({quoted})" if quoted else f" (status {status})"
    if status == 403 or (code and PERMISSION_CODES.search(code)):
        return PermissionRefused(
            f"Salesforce does not let this user {what}{because}.",
            "give the run-as user API access and the permission in Salesforce Setup.",
        )
    if status in {414, 431}:
        code = URI_TOO_LONG
    elif page or code is None:
        return UnexpectedAnswer(
            f"Salesforce was asked to {what} and answered with {quoted or 'nothing'} (status {status}).",
            "check [salesforce] instance_url, and what stands between this machine and Salesforce.",
        )
    kind = CursorExpired if code == "INVALID_QUERY_LOCATOR" else RequestRefused
    return kind(f"Salesforce refused to {what}{because}.", ADVICE.get(code, ""), code=code, status=status)


def said(content: object) -> tuple[str | None, str]:
    """Code and text, whichever of the shapes they come in."""
    first = content[0] if isinstance(content, list) and content else content
    if isinstance(first, dict):
        code = first.get("errorCode") or first.get("error")
        text = first.get("message") or first.get("error_description") or ""
        return (str(code) if code else None), " ".join(str(text).split())
    if isinstance(first, bytes):
        first = first.decode("utf-8", "replace")
    return None, first.strip() if isinstance(first, str) else ""


def _one_line(code: str | None, text: str, secrets: Iterable[str | None]) -> str:
    return redact(": ".join(part for part in (code, text) if part), secrets)[:500]


def _is_page(text: str) -> bool:
    return text[:15].lower().startswith(("<!doctype", "<html", "<head", "<?xml"))
