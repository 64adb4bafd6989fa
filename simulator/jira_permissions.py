"""What the simulated account may do: GET mypermissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.http import json_response
from simulator.jira_answers import RefusalError

if TYPE_CHECKING:
    from simulator.http import Request, Response
    from simulator.jira_switches import JiraSwitches

# Key, id, name and kind, as the site describes them.
_KNOWN = {
    "ADMINISTER": ("0", "Administer Jira", "GLOBAL"),
    "SYSTEM_ADMIN": ("44", "Administer Jira System", "GLOBAL"),
    "USER_PICKER": ("27", "Browse users and groups", "GLOBAL"),
    "BULK_CHANGE": ("33", "Make bulk changes", "GLOBAL"),
    "ADMINISTER_PROJECTS": ("23", "Administer Projects", "PROJECT"),
    "BROWSE_PROJECTS": ("10", "Browse Projects", "PROJECT"),
    "CREATE_ISSUES": ("11", "Create Issues", "PROJECT"),
    "EDIT_ISSUES": ("12", "Edit Issues", "PROJECT"),
    "ASSIGN_ISSUES": ("13", "Assign Issues", "PROJECT"),
    "ADD_COMMENTS": ("15", "Add Comments", "PROJECT"),
    "DELETE_ISSUES": ("16", "Delete Issues", "PROJECT"),
    "LINK_ISSUES": ("21", "Link Issues", "PROJECT"),
    "TRANSITION_ISSUES": ("46", "Transition Issues", "PROJECT"),
    "DELETE_ALL_COMMENTS": ("36", "Delete All Comments", "PROJECT"),
    "DELETE_ALL_WORKLOGS": ("42", "Delete All Worklogs", "PROJECT"),
}


class MyPermissions:
    """Cloud wants to be told which permissions are meant; Data Center tells all of them unasked."""

    def __init__(self, switches: JiraSwitches, *, all_unasked: bool) -> None:
        self._granted = switches.granted
        self._all_unasked = all_unasked

    def get(self, request: Request, *, anonymous: bool = False) -> Response:
        asked = [name for part in request.query.get("permissions", []) for name in part.split(",") if name]
        if not asked and not self._all_unasked:
            raise RefusalError(400, "The 'permissions' query parameter is required.")
        unknown = [name for name in asked if name not in _KNOWN]
        if unknown:
            raise RefusalError(400, f"Unrecognized permission: {unknown[0]}")
        told = {name: self._told(name, anonymous=anonymous) for name in asked or _KNOWN}
        return json_response({"permissions": told})

    def _told(self, name: str, *, anonymous: bool) -> dict[str, Any]:
        identity, title, kind = _KNOWN[name]
        return {
            "id": identity,
            "key": name,
            "name": title,
            "type": kind,
            "description": f"{title}.",
            "havePermission": not anonymous and name in self._granted,
        }
