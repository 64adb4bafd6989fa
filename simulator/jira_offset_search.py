"""Data Center's search: by offset over a list that is found anew for every page, with a total."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulator import jira_answers as answers
from simulator.http import json_response
from simulator.jira_search import find
from simulator.jira_views import EVERY_HISTORY, IssueView, choose, names_and_schema

if TYPE_CHECKING:
    from simulator.http import Request, Response
    from simulator.jira_datacenter import DataCenterForm
    from simulator.jira_site import Site
    from simulator.jira_store import IssueStore
    from simulator.jira_switches import JiraSwitches

    Json = dict[str, Any]

_DEFAULT_RESULTS = 50


def _is_validation(value: object) -> bool:
    """Versions differ: a boolean, or one of strict, warn, none, true, false."""
    return answers.is_boolean(value) or answers.is_text(value)


_MEMBERS = {
    "jql": answers.is_text,
    "startAt": answers.is_integer,
    "maxResults": answers.is_integer,
    "validateQuery": _is_validation,
    "fields": answers.is_text_list,
    "expand": answers.is_text_list,
    "properties": answers.is_text_list,
    "fieldsByKeys": answers.is_boolean,
}


class OffsetSearch:
    def __init__(self, store: IssueStore, site: Site, switches: JiraSwitches, form: DataCenterForm) -> None:
        self._store = store
        self._site = site
        self._switches = switches
        self._form = form

    def search(self, request: Request, *, anonymous: bool = False) -> Response:
        post = request.method == "POST"
        asked = answers.payload(request, _MEMBERS, refuse_nulls=False) if post else _asked_by_query(request)
        given = {name: value for name, value in asked.items() if value is not None}
        start = max(given.get("startAt", 0), 0)
        size = given.get("maxResults", _DEFAULT_RESULTS)
        # More than the server gives is not refused but cut, and the answer says so.
        size = min(size, self._switches.search_cap) if size >= 0 else self._switches.search_cap
        found = [] if anonymous else self._found(given, request)
        choice = choose(given.get("fields") or [], self._site.fields, default="*navigable")
        expand = given.get("expand") or []
        view = IssueView(
            choice,
            self._switches,
            request.base_url,
            EVERY_HISTORY if "changelog" in expand and self._switches.changelog_in_search else None,
            given.get("properties") or (),
            form=self._form,
        )
        names, schema = names_and_schema(choice, self._site.fields)
        answer: Json = {
            "expand": "schema,names",
            "startAt": start,
            "maxResults": size,
            "total": len(found),
            "issues": [
                view.show(each, self._store.properties.get(str(each["id"]), {}))
                for each in found[start : start + size]
            ],
        }
        answer |= {"names": names} if "names" in expand else {}
        return json_response(answer | ({"schema": schema} if "schema" in expand else {}))

    def _found(self, given: Json, request: Request) -> list[Json]:
        strict = str(given.get("validateQuery", True)).lower() in {"true", "strict"}
        switches = self._switches if strict else replace(self._switches, refuse_unknown_values=False)
        return find(given.get("jql") or "", self._store, self._site, switches, request.now)


def _asked_by_query(request: Request) -> Json:
    asked: Json = {
        "fields": answers.names(request, "fields"),
        "expand": answers.names(request, "expand"),
        "properties": answers.names(request, "properties"),
        "jql": request.argument("jql"),
        "validateQuery": request.argument("validateQuery"),
        "startAt": answers.integer(request, "startAt", 0),
        "maxResults": answers.integer(request, "maxResults", _DEFAULT_RESULTS),
    }
    return asked
