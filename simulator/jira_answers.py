"""How Jira Cloud words its refusals, and how strictly it reads arguments and bodies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulator.http import Request, Response, json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Json = dict[str, Any]

INVALID_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
NO_ISSUE = "Issue does not exist or you do not have permission to see it."


class RefusalError(Exception):
    """`bare`: the body has no `errors`, as of a payload that Jira could not read."""

    def __init__(
        self, status: int, *messages: str, errors: Mapping[str, str] | None = None, bare: bool = False
    ) -> None:
        super().__init__(f"{status} {' '.join(messages)} {dict(errors or {})}")
        self.status = status
        self.messages = messages
        self.errors = dict(errors or {})
        self.bare = bare

    def response(self) -> Response:
        body: Json = {"errorMessages": list(self.messages)}
        return json_response(body if self.bare else body | {"errors": self.errors}, self.status)


class ProblemError(Exception):
    """RFC 9457, as newer layers of Jira answer: an argument that is no number, a path that does not exist."""

    def __init__(self, status: int, title: str, detail: str, instance: str) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": instance,
        }

    def response(self) -> Response:
        content_type = {"Content-Type": "application/problem+json;charset=UTF-8"}
        return Response(self.status, json.dumps(self.body).encode(), content_type)


def no_issue() -> RefusalError:
    return RefusalError(404, NO_ISSUE)


def unreadable_payload() -> RefusalError:
    return RefusalError(400, INVALID_PAYLOAD, bare=True)


def integer(request: Request, name: str, default: int, most: int | None = None) -> int:
    """Above `most` the server's own limit holds, and the answer's `maxResults` says so."""
    text = request.argument(name)
    if text is None or not text:
        return default
    try:
        value = int(text)
    except ValueError:
        detail = f"Failed to convert '{name}' with value: '{text}'"
        raise ProblemError(400, "Bad Request", detail, request.path) from None
    return value if most is None else min(value, most)


def names(request: Request, name: str) -> list[str]:
    """A list in the query: one comma string, or the argument several times."""
    return [word for text in request.query.get(name, []) for word in text.split(",") if word]


def window(request: Request, most: int, default: int | None = None) -> slice:
    """The slice that `startAt` and `maxResults` ask for."""
    start = max(integer(request, "startAt", 0), 0)
    size = integer(request, "maxResults", default or most, most)
    return slice(start, start + max(size, 0))


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def is_object(value: object) -> bool:
    return isinstance(value, dict)


def is_text_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def is_integer_list(value: object) -> bool:
    return isinstance(value, list) and all(is_integer(each) for each in value)


def is_reference_list(value: object) -> bool:
    """Ids may come as numbers."""
    return isinstance(value, list) and all(isinstance(each, str) or is_integer(each) for each in value)


def is_property_list(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("key"), str) and "value" in each for each in value
    )


def anything(_value: object) -> bool:
    return True


def payload(request: Request, members: Mapping[str, Callable[[object], bool]], *, refuse_nulls: bool) -> Json:
    """The body as an object of just these members, each of its own type, with nulls if they are allowed."""
    if request.headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
        raise RefusalError(415, "The request's Content-Type must be application/json.")
    try:
        body = json.loads(request.body.decode())
    except UnicodeDecodeError:
        raise unreadable_payload() from None
    except (ValueError, RecursionError):
        message = "There was an error parsing JSON. Check that your request body is valid."
        raise RefusalError(400, message, bare=True) from None
    if not isinstance(body, dict):
        raise unreadable_payload()
    for name, value in body.items():
        fits = members.get(name)
        if fits is None or not (fits(value) or (value is None and not refuse_nulls)):
            raise unreadable_payload()
    return body
