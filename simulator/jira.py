"""The simulated Jira Cloud: signs in, finds the endpoint, and lets tests change issues as people would.

What a wrong token gets is not one error, as in the real one: the caller becomes anonymous, so that searches
are empty, issues do not exist, and only some paths answer 401. Each answer says so in X-Seraph-LoginReason.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulator.http import Response, json_response
from simulator.jira_answers import NO_ISSUE, ProblemError, RefusalError
from simulator.jira_edits import IssueEdits
from simulator.jira_issues import JiraIssues
from simulator.jira_metadata import JiraMetadata
from simulator.jira_search import JiraSearch
from simulator.jira_site import Site
from simulator.jira_store import IssueStore
from simulator.jira_switches import JiraSwitches
from simulator.jira_writes import JiraWrites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulator.dataset import Dataset
    from simulator.http import Request

    Handler = Callable[..., Response]

__all__ = ["JiraApi", "JiraSwitches"]

API_TOKEN = "simulator"  # noqa: S105  # the simulator's only token is no secret

_API = re.compile(r"/rest/api/(?P<version>2|3|latest)(?P<rest>/.*)")


class JiraApi(IssueEdits):
    """`handle` answers one request at a time; the methods inherited are what people do in the browser:

    create_issue, set_fields, set_status, add_comment, edit_comment, delete_comment, add_worklog, move_issue,
    delete_issue. Each takes the time at which it was done, stamps `updated` and writes the changelog.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        switches: JiraSwitches | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        switches = switches or JiraSwitches()
        store = IssueStore(dataset.jira_issues)
        super().__init__(store, Site(dataset, store.find, groups or {}))
        for issue in store:
            self.site.learn(issue)
        metadata = JiraMetadata(self.site)
        issues = JiraIssues(store, self.site, switches)
        writes = JiraWrites(self, switches)
        self._search = JiraSearch(store, self.site, switches)
        self._metadata = metadata
        table: dict[str, dict[str, Handler]] = {
            "/myself": {"GET": metadata.myself},
            "/serverInfo": {"GET": metadata.server_info},
            "/field": {"GET": metadata.fields},
            "/status": {"GET": metadata.statuses},
            "/priority": {"GET": metadata.priorities},
            "/project/search": {"GET": metadata.projects},
            "/project/{reference}": {"GET": metadata.project},
            "/group/member": {"GET": metadata.group_members},
            "/search/jql": {"GET": self._search.search, "POST": self._search.search},
            "/search/approximate-count": {"POST": self._search.count},
            "/search": {"GET": self._search.removed, "POST": self._search.removed},
            "/search/id": {"POST": self._search.removed},
            "/changelog/bulkfetch": {"POST": issues.changelog_bulkfetch},
            "/comment/list": {"POST": issues.list_comments},
            "/worklog/list": {"POST": issues.list_worklogs},
            "/issue": {"POST": writes.create_issue},
            "/issue/bulkfetch": {"POST": issues.bulkfetch},
            "/issue/{reference}": {
                "GET": issues.issue,
                "PUT": writes.edit_issue,
                "DELETE": writes.delete_issue,
            },
            "/issue/{reference}/changelog": {"GET": issues.changelog},
            "/issue/{reference}/comment": {"GET": issues.comments, "POST": writes.add_comment},
            "/issue/{reference}/comment/{comment_id}": {"GET": issues.comment},
            "/issue/{reference}/worklog": {"GET": issues.worklogs},
            "/issue/{reference}/properties": {"GET": writes.property_keys},
            "/issue/{reference}/properties/{key}": {
                "GET": writes.get_property,
                "PUT": writes.put_property,
                "DELETE": writes.delete_property,
            },
            "/issue/{reference}/remotelink": {"GET": writes.remote_links, "POST": writes.put_remote_link},
        }
        self._routes = [(_pattern(path), methods) for path, methods in table.items()]
        self._versioned = {writes.create_issue, writes.edit_issue, writes.add_comment}

    def state(self) -> dict[str, Any]:
        """All issues as they stand, with what belongs to them but no read of an issue shows."""
        return {"issues": [self._whole(issue) for issue in self.store]}

    def handle(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except (RefusalError, ProblemError) as refusal:
            return refusal.response()

    def _whole(self, issue: dict[str, Any]) -> dict[str, Any]:
        issue_id = str(issue["id"])
        more = {
            "properties": self.store.properties.get(issue_id),
            "remotelinks": self.store.remote_links.get(issue_id),
        }
        return issue | {name: value for name, value in more.items() if value}

    def _answer(self, request: Request) -> Response:
        match = _API.fullmatch(request.path)
        if match is None:
            raise _no_resource(request)
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return json_response({"error": "Failed to parse Connect Session Auth Token"}, 403)
        handler, arguments = self._route(request, match["rest"])
        if not _signed_in(scheme, credentials):
            return self._anonymous(request, match["rest"], handler)
        if handler in self._versioned:
            arguments["version"] = "3" if match["version"] == "latest" else match["version"]
        return handler(request, **arguments)

    def _route(self, request: Request, rest: str) -> tuple[Handler, dict[str, str]]:
        for pattern, methods in self._routes:
            match = pattern.fullmatch(rest)
            if match is None:
                continue
            if request.method not in methods:
                detail = f"Method '{request.method}' is not supported."
                raise ProblemError(405, "Method Not Allowed", detail, request.path)
            return methods[request.method], match.groupdict()
        raise _no_resource(request)

    def _anonymous(self, request: Request, rest: str, handler: Handler) -> Response:
        try:
            answer = self._anonymous_answer(request, rest, handler)
        except (RefusalError, ProblemError) as refusal:
            answer = refusal.response()
        return replace(answer, headers={**answer.headers, "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})

    def _anonymous_answer(self, request: Request, rest: str, handler: Handler) -> Response:
        if handler in (self._search.search, self._metadata.projects):
            return handler(request, anonymous=True)
        # Both are open to everybody: the one tells what the site is, the other what is gone.
        if handler in (self._metadata.server_info, self._search.removed):
            return handler(request)
        if rest.startswith("/issue/") and not rest.startswith("/issue/bulkfetch"):
            raise RefusalError(404, NO_ISSUE)
        message = "Client must be authenticated to access this resource."
        return json_response({"message": message, "status-code": 401}, 401)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _no_resource(request: Request) -> ProblemError:
    detail = f"No static resource {request.path.lstrip('/')}."
    return ProblemError(404, "Not Found", detail, request.path)


def _signed_in(scheme: str, credentials: str) -> bool:
    """Basic, with any address and the one token."""
    if scheme.lower() != "basic":
        return False
    try:
        email, _, token = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return False
    return bool(email) and token == API_TOKEN
