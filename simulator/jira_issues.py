"""Reads of one issue, its changelog, comments and worklogs, and the bulk reads of many of them."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from simulator import jira_answers as answers
from simulator import jira_time
from simulator.http import json_response
from simulator.jira_answers import RefusalError
from simulator.jira_metadata import page
from simulator.jira_views import (
    EVERY_HISTORY,
    IssueView,
    choose,
    history_order,
    names_and_schema,
    oldest_histories,
)
from simulator.jql_fields import comments_of, fields_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulator.http import Request, Response
    from simulator.jira_datacenter import DataCenterForm
    from simulator.jira_site import Site
    from simulator.jira_store import IssueStore
    from simulator.jira_switches import JiraSwitches

    Json = dict[str, Any]

_MOST_ISSUES = 100
_MOST_HISTORIES_PAGE = 100
_MOST_COMMENTS = 100
_MOST_WORKLOGS = 5000
_MOST_LISTED = 1000
_MOST_CHANGELOG_ISSUES = 1000
_MOST_FIELD_IDS = 10
_UNBOUNDED_PAGE = 1_048_576
# Histories of old servers carry no fieldId; these names differ from the id.
_FIELD_ID_BY_NAME = {
    "key": "issuekey",
    "fix version": "fixversions",
    "version": "versions",
    "link": "issuelinks",
}

_BULKFETCH = {
    "issueIdsOrKeys": answers.is_reference_list,
    "fields": answers.is_text_list,
    "expand": answers.is_text_list,
    "properties": answers.is_text_list,
    "fieldsByKeys": answers.is_boolean,
}
_CHANGELOG_BULKFETCH = {
    "issueIdsOrKeys": answers.is_reference_list,
    "fieldIds": answers.is_text_list,
    "maxResults": answers.is_integer,
    "nextPageToken": answers.is_text,
}


class JiraIssues:
    def __init__(
        self, store: IssueStore, site: Site, switches: JiraSwitches, form: DataCenterForm | None = None
    ) -> None:
        self._store = store
        self._site = site
        self._switches = switches
        self._form = form

    def found(self, reference: str) -> Json:
        issue = self._store.find(reference)
        if issue is None:
            raise answers.no_issue()
        return issue

    def issue(self, request: Request, reference: str) -> Response:
        issue = self.found(reference)
        expand = answers.names(request, "expand")
        choice = choose(answers.names(request, "fields"), self._site.fields, default="*all")
        view = IssueView(
            choice,
            self._switches,
            request.base_url,
            self._histories_in_issue if "changelog" in expand else None,
            answers.names(request, "properties"),
            form=self._form,
        )
        shown = view.show(issue, self._store.properties.get(str(issue["id"]), {}))
        names, schema = names_and_schema(choice, self._site.fields)
        shown |= {"names": names} if "names" in expand else {}
        return json_response(shown | ({"schema": schema} if "schema" in expand else {}))

    @property
    def _histories_in_issue(self) -> int:
        return self._switches.histories_in_issue if self._form is None else EVERY_HISTORY

    def changelog(self, request: Request, reference: str) -> Response:
        return json_response(
            page(request, oldest_histories(self.found(reference)), most=_MOST_HISTORIES_PAGE)
        )

    def comments(self, request: Request, reference: str) -> Response:
        order = request.argument("orderBy") or "created"
        if order.lstrip("+-") != "created":
            raise RefusalError(400, f"The orderBy parameter '{order}' is not valid.")
        rows = sorted(comments_of(self.found(reference)), key=history_order, reverse=order.startswith("-"))
        if self._form is not None:
            properties = "properties" in answers.names(request, "expand")
            rows = [self._form.comment(row, properties=properties) for row in rows]
        return json_response(_old_page(request, "comments", rows, _MOST_COMMENTS))

    def comment(self, request: Request, reference: str, comment_id: str) -> Response:
        rows = comments_of(self.found(reference))
        found = next((row for row in rows if str(row.get("id")) == comment_id), None)
        if found is None:
            raise RefusalError(404, f"Can not find a comment for the id: {comment_id}.")
        if self._form is not None:
            properties = "properties" in answers.names(request, "expand")
            found = self._form.comment(found, properties=properties)
        return json_response(found)

    def worklogs(self, request: Request, reference: str) -> Response:
        rows = _worklogs_of(self.found(reference))
        if self._form is not None:  # Data Center pages them not at all
            whole = {"startAt": 0, "maxResults": len(rows), "total": len(rows)}
            return json_response({**whole, "worklogs": self._form.plain(rows)})
        after = answers.integer(request, "startedAfter", -(10**15))
        before = answers.integer(request, "startedBefore", 10**15)
        kept = [row for row in rows if after <= (jira_time.instant(row.get("started")) or 0) < before]
        return json_response(_old_page(request, "worklogs", kept, _MOST_WORKLOGS))

    # Many at once

    def bulkfetch(self, request: Request) -> Response:
        body = answers.payload(request, _BULKFETCH, refuse_nulls=self._switches.refuse_nulls)
        references = _references(body)
        if len(references) > _MOST_ISSUES:
            raise RefusalError(400, f"The number of issues to fetch cannot be more than {_MOST_ISSUES}.")
        issues = {str(issue["id"]): issue for each in references if (issue := self._store.find(each))}
        expand = body.get("expand") or ()
        choice = choose(body.get("fields") or [], self._site.fields, default="*navigable")
        view = IssueView(
            choice,
            self._switches,
            request.base_url,
            self._switches.histories_in_search if "changelog" in expand else None,
            body.get("properties") or (),
        )
        missing = [each for each in references if self._store.find(each) is None]
        answer: Json = {
            "expand": "schema,names",
            "issues": [
                view.show(issue, self._store.properties.get(issue_id, {}))
                for issue_id, issue in sorted(issues.items(), key=lambda pair: _number(pair[0]))
            ],
            "issueErrors": [{"id": each, "errorMessage": answers.NO_ISSUE} for each in missing]
            if self._switches.missing_in_issue_errors
            else [],
        }
        names, schema = names_and_schema(choice, self._site.fields)
        answer |= {"names": names} if "names" in expand else {}
        return json_response(answer | ({"schema": schema} if "schema" in expand else {}))

    def changelog_bulkfetch(self, request: Request) -> Response:
        """One order over all issues, oldest change first: an issue's histories may lie on several pages."""
        body = answers.payload(request, _CHANGELOG_BULKFETCH, refuse_nulls=self._switches.refuse_nulls)
        references = _references(body)
        field_ids = body.get("fieldIds") or []
        size = body.get("maxResults", 1000)
        if len(references) > _MOST_CHANGELOG_ISSUES:
            raise RefusalError(400, f"The number of issues cannot be more than {_MOST_CHANGELOG_ISSUES}.")
        if len(field_ids) > _MOST_FIELD_IDS:
            raise RefusalError(400, f"The number of fieldIds cannot be more than {_MOST_FIELD_IDS}.")
        if size is None or not 1 <= size <= 10_000:
            raise RefusalError(400, "The maxResults parameter must be between 1 and 10,000.")
        issues = {str(issue["id"]): issue for each in references if (issue := self._store.find(each))}
        wanted = frozenset(each.casefold() for each in field_ids)
        rows = sorted(
            (
                (history_order(history)[0], _number(issue_id), history_order(history)[1], issue_id, told)
                for issue_id, issue in issues.items()
                for history in oldest_histories(issue)
                if (told := self._chosen(history, wanted)) is not None
            ),
            key=lambda row: row[:3],
        )
        start = _offset(body.get("nextPageToken"))
        by_issue: dict[str, list[Json]] = {}
        for *_, issue_id, history in rows[start : start + size]:
            by_issue.setdefault(issue_id, []).append(self._dated(history))
        answer: Json = {
            "issueChangeLogs": [
                {"issueId": issue_id, "changeHistories": histories}
                for issue_id, histories in by_issue.items()
            ]
        }
        if start + size < len(rows):
            answer["nextPageToken"] = base64.b64encode(f"changelog:{start + size}".encode()).decode()
        return json_response(answer)

    def _chosen(self, history: Json, wanted: frozenset[str]) -> Json | None:
        items = rows_of(history.get("items"), "")
        kept = [item for item in items if not wanted or not wanted.isdisjoint(_field_names(item))]
        if not kept and wanted:
            return None
        return history if self._switches.changelog_whole_histories else {**history, "items": kept}

    def _dated(self, history: Json) -> Json:
        at = jira_time.instant(history.get("created"))
        if self._switches.changelog_created == "iso" or at is None:
            return history
        return {
            **history,
            "created": at if self._switches.changelog_created == "milliseconds" else at // 1000,
        }

    def list_comments(self, request: Request) -> Response:
        ids = self._listed(request)
        found = [row for issue in self._store for row in comments_of(issue) if str(row.get("id")) in ids]
        return json_response(
            {
                "maxResults": _UNBOUNDED_PAGE,
                "startAt": 0,
                "total": len(found),
                "isLast": True,
                "values": found,
            }
        )

    def list_worklogs(self, request: Request) -> Response:
        ids = self._listed(request)
        found = [
            {"issueId": str(issue["id"]), **row}
            for issue in self._store
            for row in _worklogs_of(issue)
            if str(row.get("id")) in ids
        ]
        return json_response(found)

    def _listed(self, request: Request) -> set[str]:
        body = answers.payload(
            request, {"ids": answers.is_reference_list}, refuse_nulls=self._switches.refuse_nulls
        )
        ids = body.get("ids") or []
        if len(ids) > _MOST_LISTED:
            raise RefusalError(400, f"The number of ids cannot be more than {_MOST_LISTED}.")
        return {str(each) for each in ids}


def _references(body: Json) -> list[str]:
    references = [str(each) for each in body.get("issueIdsOrKeys") or []]
    if not references:
        raise RefusalError(400, "issueIdsOrKeys must not be empty.")
    return list(dict.fromkeys(references))


def _old_page(request: Request, name: str, rows: list[Json], most: int) -> Json:
    asked = answers.window(request, most)
    return {
        "startAt": asked.start,
        "maxResults": asked.stop - asked.start,
        "total": len(rows),
        name: rows[asked],
    }


def _worklogs_of(issue: Json) -> list[Json]:
    return rows_of(fields_of(issue).get("worklog"), "worklogs")


def _field_names(item: Json) -> Iterable[str]:
    name = str(item.get("field", "")).casefold()
    return (str(item.get("fieldId") or "").casefold(), name, _FIELD_ID_BY_NAME.get(name, name))


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        kind, _, start = base64.b64decode(token, validate=True).decode().partition(":")
        if kind == "changelog":
            return max(int(start), 0)
    except (binascii.Error, ValueError):
        pass
    raise RefusalError(400, "The provided nextPageToken is invalid or has expired.")


def _number(issue_id: str) -> tuple[int, str]:
    return (int(issue_id) if issue_id.isdecimal() else 0, issue_id)
