"""What one account may do on a Jira site, and about how much of it is in its sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from connectors.errors import PermissionRefused, RequestRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.jira_pages import JiraApi


class _Permission(msgspec.Struct, rename="camel"):
    have_permission: bool = False


class _Permissions(msgspec.Struct):
    permissions: dict[str, _Permission]


class _Count(msgspec.Struct):
    count: int


class _Total(msgspec.Struct):
    total: int


def held(api: JiraApi, names: Sequence[str]) -> Mapping[str, bool] | None:
    """Whether the account has each permission anywhere on the site; None where Jira does not tell."""
    try:
        told = api.get("mypermissions", _Permissions, permissions=",".join(names)).permissions
    except (PermissionRefused, RequestRefused):
        return None
    return {name: told[name].have_permission for name in names if name in told}


def visible(api: JiraApi, jql: str, *, by_offset: bool) -> int | None:
    """About how many issues a query finds; None where Jira does not count. Never to be read as complete."""
    try:
        if by_offset:
            return api.post("search", _Total, {"jql": jql, "maxResults": 0, "fields": ["id"]}).total
        return api.post("search/approximate-count", _Count, {"jql": jql}).count
    except (PermissionRefused, RequestRefused):
        return None
