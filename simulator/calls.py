"""Counts the requests that arrive, by endpoint and by whether they read or write."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from simulator.http import Request

Api = Literal["salesforce", "jira"]

_SALESFORCE = (
    (re.compile(r"^/services/data/v\d+\.\d"), "/services/data/vXX"),
    (re.compile(r"(/vXX/jobs/query)/[^/]+"), r"\1/{job}"),
    (re.compile(r"(/vXX)/(query|queryAll)/[^/]+$"), r"\1/\2/{locator}"),
    (re.compile(r"(/vXX/sobjects/\w+)/(?!describe$)[A-Za-z0-9]{15,18}$"), r"\1/{id}"),
    (re.compile(r"(/vXX/sobjects/\w+/\w+)/.+$"), r"\1/{value}"),
    (re.compile(r"^/id/.+"), "/id/{organization}/{user}"),
)
_JIRA = (
    (re.compile(r"(/(?:issue|request))/(?!bulkfetch$|bulk$|picker$|createmeta)[^/]+"), r"\1/{issue}"),
    (re.compile(r"/project/(?!search$)[^/]+"), "/project/{project}"),
    (re.compile(r"/properties/[^/]+"), "/properties/{property}"),
    (re.compile(r"(?<!/api)/\d+(?=/|$)"), "/{id}"),
)
# Looked up by POST because the question is too long for a URL.
_ASKED_BY_POST = re.compile(
    r"/oauth2/token$|/query(All)?$|/composite/sobjects/\w+$|/search$|/search/(jql|id|approximate-count)$"
    r"|/bulkfetch$|/(comment|worklog)/list$|/jql/(match|parse)$"
)

# A bulk query and all that belongs to it, up to its removal: no record of the org changes by any of it.
_QUERY_JOB = re.compile(r"/services/data/v\d+\.\d/jobs/query(/[^/]+){0,2}$")


class Calls:
    """Not safe between threads; the server counts under its lock."""

    def __init__(self) -> None:
        self._read: Counter[Api] = Counter()
        self._write: Counter[Api] = Counter()
        self._endpoints: dict[Api, Counter[str]] = {"salesforce": Counter(), "jira": Counter()}

    def count(self, api: Api, request: Request) -> None:
        (self._read if is_read(request) else self._write)[api] += 1
        self._endpoints[api][endpoint(api, request)] += 1

    def summary(self) -> dict[str, dict[str, object]]:
        return {
            api: {
                "read": self._read[api],
                "write": self._write[api],
                "by_endpoint": dict(sorted(counted.items())),
            }
            for api, counted in self._endpoints.items()
        }


def endpoint(api: Api, request: Request) -> str:
    """`GET /services/data/vXX/query`: the path without versions, Ids and keys."""
    path = request.path.rstrip("/") or "/"
    for pattern, replacement in _SALESFORCE if api == "salesforce" else _JIRA:
        path = pattern.sub(replacement, path, count=1)
    return f"{request.method} {path}"


def is_read(request: Request) -> bool:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return True
    path = request.path.rstrip("/")
    if _QUERY_JOB.match(path):
        return True
    return request.method == "POST" and _ASKED_BY_POST.search(path) is not None
