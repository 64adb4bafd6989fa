"""What the API tells of the site itself: account, server, fields, statuses, priorities, projects, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from simulator import jira_answers as answers
from simulator import jira_time
from simulator.http import json_response
from simulator.jira_answers import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.http import Request, Response
    from simulator.jira_datacenter import DataCenterForm
    from simulator.jira_site import Site

    Json = dict[str, Any]

_MOST_PROJECTS = 100
_MOST_MEMBERS = 50
_MOST_LABELS = 1000


class JiraMetadata:
    """`site_facts` is the dataset's site.json; `form` is there on Data Center."""

    def __init__(
        self,
        site: Site,
        site_facts: Mapping[str, Any] | None = None,
        form: DataCenterForm | None = None,
        *,
        releases_listed: bool = True,
    ) -> None:
        self._site = site
        self._releases_listed = releases_listed
        self._facts = site_facts or {}
        self._form = form

    def myself(self, request: Request) -> Response:
        account = self._site.account
        if self._form is not None:
            person = self._form.person(account)
            url = f"{request.base_url}/rest/api/2/user?{urlencode({'username': person['name']})}"
            return json_response({"self": url, **person})
        url = f"{request.base_url}/rest/api/3/user?accountId={self._site.account_id}"
        return json_response({"self": url, **account})

    def server_info(self, request: Request) -> Response:
        base_url = str(self._facts.get("baseUrl") or request.base_url)
        own = self._facts.get("deployment")
        product = (
            {"version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "deploymentType": "Cloud"}
            if self._form is None
            else {
                "version": "9.12.28",
                "versionNumbers": [9, 12, 28],
                "deploymentType": own if own in {"Server", "DataCenter"} else "Server",
            }
        )
        return json_response(
            {
                "baseUrl": base_url,
                "displayUrl": base_url,
                **product,
                "buildNumber": 100297,
                "buildDate": "2026-11-02T10:19:44.000+0000",
                "serverTime": jira_time.stamp(request.now, self._site.zone),
                "serverTimeZone": str(self._site.zone),
                "scmInfo": "0000000000000000000000000000000000000000",
                "serverTitle": "Jira",
                "defaultLocale": {"locale": "en_US"},
            }
        )

    def fields(self, _request: Request) -> Response:
        fields = self._site.fields
        return json_response(fields if self._form is None else self._form.fields(fields))

    def statuses(self, _request: Request) -> Response:
        return json_response(self._site.statuses)

    def priorities(self, _request: Request) -> Response:
        return json_response(self._site.priorities)

    def issue_types(self, _request: Request) -> Response:
        return json_response(self._site.issue_types)

    def labels(self, request: Request) -> Response:
        return json_response(page(request, self._site.labels, most=_MOST_LABELS))

    def projects(self, request: Request, *, anonymous: bool = False) -> Response:
        found = [] if anonymous else sorted(self._site.projects.values(), key=lambda each: str(each["key"]))
        for argument, name in (("id", "id"), ("keys", "key"), ("typeKey", "projectTypeKey")):
            wanted = answers.names(request, argument)
            if wanted:
                found = [each for each in found if str(each.get(name)) in wanted]
        text = (request.argument("query") or "").casefold()
        found = [
            each
            for each in found
            if text in str(each.get("key")).casefold() + "\0" + str(each.get("name")).casefold()
        ]
        shown = [
            {"self": f"{request.base_url}/rest/api/3/project/{each.get('id')}", **each} for each in found
        ]
        return json_response(page(request, shown, most=_MOST_PROJECTS, default=50))

    def project_list(self, request: Request, *, anonymous: bool = False) -> Response:
        """All of them at once, as Data Center lists them."""
        found = [] if anonymous else sorted(self._site.projects.values(), key=lambda each: str(each["key"]))
        return json_response(
            [{"self": f"{request.base_url}/rest/api/2/project/{each.get('id')}", **each} for each in found]
        )

    def project(self, request: Request, reference: str) -> Response:
        found = self._site.project(reference)
        if found is None:
            raise RefusalError(404, f"No project could be found with key '{reference}'.")
        return json_response({"self": f"{request.base_url}/rest/api/3/project/{found.get('id')}", **found})

    def versions(self, request: Request, reference: str) -> Response:
        found = self._site.project(reference)
        if found is None or not self._releases_listed:
            raise RefusalError(404, f"No project could be found with key '{reference}'.")
        version = "3" if self._form is None else "2"
        return json_response(
            [
                {
                    "self": f"{request.base_url}/rest/api/{version}/version/{each.get('id')}",
                    "archived": False,
                    "released": False,
                    **each,
                }
                for each in self._site.versions(found)
            ]
        )

    def group_members(self, request: Request) -> Response:
        name = request.argument("groupname") or request.argument("groupId") or ""
        if name not in self._site.groups:
            raise RefusalError(404, f"The group named '{name}' does not exist.")
        members = [
            self._site.person(account) or {"accountId": account, "accountType": "atlassian", "active": True}
            for account in self._site.groups[name]
        ]
        if self._form is not None:
            members = [self._form.person(each) for each in members]
        return json_response(page(request, members, most=_MOST_MEMBERS))


def page(request: Request, values: list[Any], *, most: int, default: int | None = None) -> Json:
    """startAt, isLast and the link to the next page, as newer lists of Jira are paged."""
    asked = answers.window(request, most, default)
    size = asked.stop - asked.start
    answer: Json = {
        "self": _page_url(request, asked.start, size),
        "maxResults": size,
        "startAt": asked.start,
        "total": len(values),
        "isLast": asked.stop >= len(values),
        "values": values[asked],
    }
    if not answer["isLast"]:
        answer["nextPage"] = _page_url(request, asked.stop, size)
    return answer


def _page_url(request: Request, start: int, size: int) -> str:
    kept = {name: values for name, values in request.query.items() if name not in ("startAt", "maxResults")}
    query = urlencode({**kept, "startAt": start, "maxResults": size}, doseq=True)
    return f"{request.base_url}{request.path}?{query}"
