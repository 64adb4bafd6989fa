"""The few writes that the API takes: new issues, fields and labels, comments, properties, remote links."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simulator import jira_answers as answers
from simulator.http import Response, json_response
from simulator.jira_answers import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulator.http import Request
    from simulator.jira_edits import IssueEdits
    from simulator.jira_switches import JiraSwitches

    Json = dict[str, Any]

_INTERNAL = "sd.public.comment"
_DOCUMENTS = frozenset({"description", "environment"})
_MOST_SUMMARY = 255
_MOST_PROPERTY = 32_768
_ISSUE = {
    "fields": answers.is_object,
    "update": answers.is_object,
    "properties": answers.is_property_list,
    "historyMetadata": answers.is_object,
    "transition": answers.is_object,
}
_COMMENT = {
    "body": answers.anything,
    "visibility": answers.is_object,
    "properties": answers.is_property_list,
}
_REMOTE_LINK = {
    "globalId": answers.is_text,
    "application": answers.is_object,
    "relationship": answers.is_text,
    "object": answers.is_object,
}
_READ_ONLY = frozenset({"issuekey", "status", "created", "updated", "creator", "comment", "worklog", "votes"})


class JiraWrites:
    def __init__(self, edits: IssueEdits, switches: JiraSwitches) -> None:
        self._edits = edits
        self._store = edits.store
        self._site = edits.site
        self._switches = switches

    def create_issue(self, request: Request, version: str) -> Response:
        body = self._body(request, _ISSUE)
        given = body.get("fields") or {}
        project = self._site.project(str(_reference(given.get("project"), "key", "id")))
        errors = {} if project else {"project": "Specify a valid project ID or key"}
        kind = _reference(given.get("issuetype"), "id", "name")
        if kind is None:
            errors["issuetype"] = "Specify an issue type"
        summary = given.get("summary")
        if not isinstance(summary, str) or not summary.strip():
            errors["summary"] = "You must specify a summary of the issue."
        errors |= self._field_errors(given, version)
        if errors or project is None:
            raise RefusalError(400, errors=errors)
        fields = {name: self._value(name, value) for name, value in given.items()}
        fields["project"] = project
        issue = self._edits.create_issue(fields, at=request.now)
        for each in body.get("properties") or []:
            self._store.properties.setdefault(issue["id"], {})[each["key"]] = each["value"]
        url = f"{request.base_url}/rest/api/{version}/issue/{issue['id']}"
        return json_response({"id": issue["id"], "key": issue["key"], "self": url}, 201)

    def edit_issue(self, request: Request, reference: str, version: str) -> Response:
        issue = self._found(reference)
        body = self._body(request, _ISSUE)
        given = body.get("fields") or {}
        update = body.get("update") or {}
        errors = self._field_errors(given, version)
        # Moving an issue is a screen of its own, and this API has no other verbs than those of labels.
        errors |= {name: _not_on_screen(name) for name in update if name != "labels"}
        errors |= {"project": _not_on_screen("project")} if "project" in given else {}
        if errors:
            raise RefusalError(400, errors=errors)
        changes = {name: self._value(name, value) for name, value in given.items()}
        if "labels" in update:
            held = changes.get("labels", issue["fields"].get("labels") or [])
            changes["labels"] = _updated_labels(held, update["labels"])
        self._edits.set_fields(reference, changes, at=request.now)
        for each in body.get("properties") or []:
            self._put_property(issue, each["key"], each["value"], request)
        return Response(204)

    def delete_issue(self, _request: Request, reference: str) -> Response:
        self._found(reference)
        self._edits.delete_issue(reference)
        return Response(204)

    def add_comment(self, request: Request, reference: str, version: str) -> Response:
        self._found(reference)
        body = self._body(request, _COMMENT)
        text = body.get("body")
        valid = isinstance(text, str) and text.strip() if version == "2" else _is_document(text)
        if not valid:
            raise RefusalError(400, errors={"comment": "Comment body is not valid!"})
        properties = body.get("properties") or []
        internal = any(
            each["key"] == _INTERNAL
            and isinstance(each["value"], dict)
            and each["value"].get("internal") is True
            for each in properties
        )
        more = {name: body[name] for name in ("visibility", "properties") if name in body}
        comment = self._edits.add_comment(reference, text, at=request.now, internal=internal, **more)
        url = f"{request.base_url}/rest/api/{version}/issue/{reference}/comment/{comment['id']}"
        return json_response({"self": url, **comment}, 201)

    # Properties

    def property_keys(self, request: Request, reference: str) -> Response:
        issue = self._found(reference)
        held = self._store.properties.get(str(issue["id"]), {})
        url = f"{request.base_url}/rest/api/3/issue/{issue['key']}/properties"
        return json_response({"keys": [{"key": key, "self": f"{url}/{quote(key)}"} for key in held]})

    def get_property(self, _request: Request, reference: str, key: str) -> Response:
        held = self._store.properties.get(str(self._found(reference)["id"]), {})
        if key not in held:
            raise RefusalError(404, f"The property '{key}' does not exist.")
        return json_response({"key": key, "value": held[key]})

    def put_property(self, request: Request, reference: str, key: str) -> Response:
        issue = self._found(reference)
        if len(request.body) > _MOST_PROPERTY:
            raise RefusalError(400, f"The property value cannot be longer than {_MOST_PROPERTY} characters.")
        try:
            value = json.loads(request.body)
        except (ValueError, RecursionError):
            raise RefusalError(400, "The property value must be a valid, non-empty JSON.") from None
        created = self._put_property(issue, key, value, request)
        return Response(201 if created else 200)

    def delete_property(self, _request: Request, reference: str, key: str) -> Response:
        held = self._store.properties.get(str(self._found(reference)["id"]), {})
        if held.pop(key, None) is None:
            raise RefusalError(404, f"The property '{key}' does not exist.")
        return Response(204)

    def _put_property(self, issue: Json, key: str, value: object, request: Request) -> bool:
        held = self._store.properties.setdefault(str(issue["id"]), {})
        created = key not in held
        held[key] = value
        if self._switches.properties_touch_updated:
            self._edits.touch(str(issue["id"]), at=request.now)
        return created

    # Remote links

    def remote_links(self, request: Request, reference: str) -> Response:
        if not self._switches.linking_allowed:
            raise RefusalError(403, "Issue linking is currently disabled.")
        held = self._store.remote_links.get(str(self._found(reference)["id"]), [])
        wanted = request.argument("globalId")
        if wanted is None:
            return json_response(held)
        found = next((link for link in held if link.get("globalId") == wanted), None)
        if found is None:
            raise RefusalError(404, "No remote link with the given globalId could be found.")
        return json_response(found)

    def put_remote_link(self, request: Request, reference: str) -> Response:
        """Upsert by globalId; what an update leaves out becomes null."""
        issue = self._found(reference)
        body = self._body(request, _REMOTE_LINK)
        target = body.get("object")
        target = target if isinstance(target, dict) else {}
        errors = {
            name: f"'{name}' is required."
            for name in ("url", "title")
            if not isinstance(target.get(name), str)
        }
        if len(str(body.get("globalId") or "")) > 255:
            errors["globalId"] = "'globalId' cannot be longer than 255 characters."
        if errors:
            raise RefusalError(400, errors=errors)
        held = self._store.remote_links.setdefault(str(issue["id"]), [])
        global_id = body.get("globalId")
        old = next((link for link in held if global_id and link.get("globalId") == global_id), None)
        link_id = int(self._store.next_number()) if old is None else old["id"]
        url = f"{request.base_url}/rest/api/3/issue/{issue['key']}/remotelink/{link_id}"
        link = {
            "id": link_id,
            "self": url,
            **({"globalId": global_id} if global_id else {}),
            "application": body.get("application") or {},
            "relationship": body.get("relationship"),
            "object": target,
        }
        if old is None:
            held.append(link)
        else:
            held[held.index(old)] = link
        if self._switches.links_touch_updated:
            self._edits.touch(str(issue["id"]), at=request.now)
        return json_response({"id": link_id, "self": url}, 201 if old is None else 200)

    # What all of them need

    def _found(self, reference: str) -> Json:
        issue = self._store.find(reference)
        if issue is None:
            raise answers.no_issue()
        return issue

    def _body(self, request: Request, members: Mapping[str, Callable[[object], bool]]) -> Json:
        return answers.payload(request, members, refuse_nulls=False)

    def _field_errors(self, fields: Mapping[str, Any], version: str) -> dict[str, str]:
        known = {str(each.get("id")) for each in self._site.fields}
        errors = {name: _not_on_screen(name) for name in fields if name not in known or name in _READ_ONLY}
        summary = fields.get("summary")
        if isinstance(summary, str) and len(summary) > _MOST_SUMMARY:
            errors["summary"] = f"Summary can't exceed {_MOST_SUMMARY} characters."
        elif isinstance(summary, str) and "\n" in summary:
            errors["summary"] = "The summary is invalid because it contains newline characters."
        for name in _DOCUMENTS & fields.keys():
            if version != "2" and fields[name] is not None and not _is_document(fields[name]):
                errors[name] = (
                    "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
                )
        labels = fields.get("labels") or []
        if not answers.is_text_list(labels):
            errors["labels"] = "Specify the value for labels in an array"
        elif any(" " in label for label in labels):
            errors["labels"] = "The label contains spaces which is invalid."
        priority = _reference(fields.get("priority"), "id", "name")
        if priority is not None and self._site.priority(str(priority)) is None:
            errors["priority"] = "Specify the Priority (id or name) in the string format"
        return errors

    def _value(self, name: str, value: object) -> object:
        """A reference such as {"name": "High"} as the whole value that issues hold."""
        if name == "priority":
            reference = _reference(value, "id", "name")
            return None if reference is None else self._site.priority(str(reference))
        if name in ("assignee", "reporter"):
            reference = _reference(value, "accountId", "id", "name")
            return None if reference is None else self._site.person(str(reference)) or value
        if name == "issuetype":
            return self._site.issue_type(str(_reference(value, "id", "name"))) or value
        return value


def _not_on_screen(name: str) -> str:
    return f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."


def _reference(value: object, *keys: str) -> object | None:
    if not isinstance(value, dict):
        return None
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _updated_labels(held: object, operations: object) -> list[str]:
    labels = list(held) if isinstance(held, list) else []
    for operation in operations if isinstance(operations, list) else [operations]:
        for verb, value in operation.items() if isinstance(operation, dict) else ():
            if verb == "add" and value not in labels:
                labels.append(value)
            elif verb == "remove" and value in labels:
                labels.remove(value)
            elif verb == "set" and isinstance(value, list):
                labels = list(value)
    return labels


def _is_document(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") == "doc"
        and value.get("version") == 1
        and isinstance(value.get("content"), list)
        and not _has_empty_text(value)
    )


def _has_empty_text(node: object) -> bool:
    if isinstance(node, list):
        return any(_has_empty_text(each) for each in node)
    if not isinstance(node, dict):
        return False
    return (node.get("type") == "text" and not node.get("text")) or _has_empty_text(node.get("content"))
