"""The simulated Jira: signs in, finds the endpoint, and lets tests change issues as people would.

What a wrong token gets from Cloud is not one error, as in the real one: the caller becomes anonymous, so that
searches are empty, issues do not exist, and only some paths answer 401. Each answer says so in
X-Seraph-LoginReason. Data Center keeps the same issues and shows them in its own form, over fewer endpoints.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulator.jira_answers import NO_ISSUE, ProblemError, RefusalError
from simulator.jira_datacenter import DataCenterForm
from simulator.jira_doors import TOKEN, CloudDoor, DataCenterDoor, dead_link, must_sign_in
from simulator.jira_edits import IssueEdits
from simulator.jira_issues import JiraIssues
from simulator.jira_metadata import JiraMetadata
from simulator.jira_offset_search import OffsetSearch
from simulator.jira_permissions import MyPermissions
from simulator.jira_search import JiraSearch
from simulator.jira_site import Site
from simulator.jira_store import IssueStore
from simulator.jira_switches import JiraSwitches
from simulator.jira_writes import JiraWrites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulator.dataset import Dataset
    from simulator.http import Request, Response

    Handler = Callable[..., Response]
    Table = dict[str, dict[str, Handler]]

__all__ = ["JiraApi", "JiraSwitches"]

API_TOKEN = TOKEN

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
        facts = dataset.jira_site or {}
        of_dataset = "cloud" if facts.get("deployment", "Cloud") == "Cloud" else "datacenter"
        self.deployment = switches.deployment or of_dataset
        self.context_path = str(facts.get("contextPath") or "")
        form = DataCenterForm(dataset, switches) if self.deployment == "datacenter" else None
        if form is not None:
            dataset = form.described(dataset)
        store = IssueStore(dataset.jira_issues)
        super().__init__(store, Site(dataset, store.find, groups or {}))
        for issue in store:
            self.site.learn(issue)
        self._metadata = JiraMetadata(self.site, facts, form, releases_listed=switches.releases_listed)
        self._issues = JiraIssues(store, self.site, switches, form)
        self._writes = JiraWrites(self, switches)
        self._permissions = MyPermissions(switches, all_unasked=form is not None)
        if form is None:
            self.door: CloudDoor | DataCenterDoor = CloudDoor()
            self._search = JiraSearch(store, self.site, switches)
            own = self._of_cloud(self._search)
            self._open = {self._metadata.server_info, self._search.removed}
            self._shown_empty = {self._search.search, self._metadata.projects, self._permissions.get}
        else:
            self.door = DataCenterDoor(switches, form.person(self.site.account)["name"])
            by_offset = OffsetSearch(store, self.site, switches, form)
            own = self._of_data_center(by_offset)
            self._open = {self._metadata.server_info}
            self._shown_empty = {by_offset.search, self._metadata.project_list, self._permissions.get}
        table = {**self._of_both(), **own}
        self._routes = [(_pattern(path), methods) for path, methods in table.items()]
        self._versioned = {self._writes.create_issue, self._writes.edit_issue, self._writes.add_comment}

    def _of_both(self) -> Table:
        metadata, issues, writes = self._metadata, self._issues, self._writes
        return {
            "/myself": {"GET": metadata.myself},
            "/mypermissions": {"GET": self._permissions.get},
            "/serverInfo": {"GET": metadata.server_info},
            "/field": {"GET": metadata.fields},
            "/status": {"GET": metadata.statuses},
            "/priority": {"GET": metadata.priorities},
            "/issuetype": {"GET": metadata.issue_types},
            "/project/{reference}": {"GET": metadata.project},
            "/project/{reference}/versions": {"GET": metadata.versions},
            "/group/member": {"GET": metadata.group_members},
            "/issue": {"POST": writes.create_issue},
            "/issue/{reference}": {
                "GET": issues.issue,
                "PUT": writes.edit_issue,
                "DELETE": writes.delete_issue,
            },
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

    def _of_cloud(self, search: JiraSearch) -> Table:
        issues = self._issues
        return {
            "/project/search": {"GET": self._metadata.projects},
            "/label": {"GET": self._metadata.labels},
            "/search/jql": {"GET": search.search, "POST": search.search},
            "/search/approximate-count": {"POST": search.count},
            "/search": {"GET": search.removed, "POST": search.removed},
            "/search/id": {"POST": search.removed},
            "/changelog/bulkfetch": {"POST": issues.changelog_bulkfetch},
            "/comment/list": {"POST": issues.list_comments},
            "/worklog/list": {"POST": issues.list_worklogs},
            "/issue/bulkfetch": {"POST": issues.bulkfetch},
            "/issue/{reference}/changelog": {"GET": issues.changelog},
        }

    def _of_data_center(self, search: OffsetSearch) -> Table:
        return {
            "/project": {"GET": self._metadata.project_list},
            "/search": {"GET": search.search, "POST": search.search},
        }

    def state(self) -> dict[str, Any]:
        """All issues as they stand, with what belongs to them but no read of an issue shows."""
        return {"issues": [self._whole(issue) for issue in self.store]}

    def handle(self, request: Request) -> Response:
        if self.context_path:
            if not request.path.startswith(f"{self.context_path}/"):
                return dead_link()
            path = request.path.removeprefix(self.context_path)
            request = replace(request, path=path, base_url=request.base_url + self.context_path)
        try:
            return self._answer(request)
        except (RefusalError, ProblemError) as refusal:
            answer = refusal.response()
            return answer if self.deployment == "cloud" else self.door.answered(answer, signed_in=True)

    def _whole(self, issue: dict[str, Any]) -> dict[str, Any]:
        issue_id = str(issue["id"])
        more = {
            "properties": self.store.properties.get(issue_id),
            "remotelinks": self.store.remote_links.get(issue_id),
        }
        return issue | {name: value for name, value in more.items() if value}

    def _answer(self, request: Request) -> Response:
        match = _API.fullmatch(request.path)
        if self.deployment == "datacenter" and (match is None or match["version"] == "3"):
            return self.door.answered(dead_link(), signed_in=False)
        if match is None:
            raise _no_resource(request)
        if refused := self.door.refusal(request):
            return refused
        handler, arguments = self._route(request, match["rest"])
        if not self.door.signed_in(request):
            return self._anonymous(request, match["rest"], handler)
        if handler in self._versioned:
            newest = "3" if self.deployment == "cloud" else "2"
            arguments["version"] = newest if match["version"] == "latest" else match["version"]
        return self.door.answered(handler(request, **arguments), signed_in=True)

    def _route(self, request: Request, rest: str) -> tuple[Handler, dict[str, str]]:
        found = [(methods, match) for pattern, methods in self._routes if (match := pattern.fullmatch(rest))]
        # A path of its own goes before one with a placeholder: /issue/bulkfetch is no issue.
        for methods, match in sorted(found, key=lambda each: len(each[1].groups())):
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
        return self.door.answered(answer, signed_in=False)

    def _anonymous_answer(self, request: Request, rest: str, handler: Handler) -> Response:
        if handler in self._shown_empty:
            return handler(request, anonymous=True)
        # Open to everybody: the one tells what the site is, the other what is gone.
        if handler in self._open:
            return handler(request)
        if rest.startswith("/issue/") and not rest.startswith("/issue/bulkfetch"):
            raise RefusalError(404, NO_ISSUE)
        return must_sign_in()


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _no_resource(request: Request) -> ProblemError:
    detail = f"No static resource {request.path.lstrip('/')}."
    return ProblemError(404, "Not Found", detail, request.path)
