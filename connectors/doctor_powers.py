"""Rights over the whole org that the connected Salesforce user has and never needs, where it may see its own rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors import soql
from connectors.errors import ConnectorError, QuotaSpent, SignInRefused, Unreachable
from connectors.findings import Finding, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.salesforce import Salesforce

# Fields of PermissionSet, which also stands for the user's profile.
NEVER = {
    "PermissionsModifyAllData": "Modify All Data",
    "PermissionsManageUsers": "Manage Users",
    "PermissionsCustomizeApplication": "Customize Application",
    "PermissionsAuthorApex": "Author Apex",
}


def powers(salesforce: Salesforce, user_id: str | None) -> Iterator[Finding]:
    if user_id is None:
        return
    try:
        assigned = salesforce.select(
            "PermissionSetAssignment", ["PermissionSetId"], where=soql.equals("AssigneeId", user_id)
        )
        ids = [str(row["PermissionSetId"]) for row in assigned if row.get("PermissionSetId")]
        rows = salesforce.select_in("PermissionSet", list(NEVER), "Id", ids) if ids else []
    except (SignInRefused, QuotaSpent, Unreachable):
        raise
    except ConnectorError:  # most integration users may not look at their own rights, and need not
        return
    held = [label for name, label in NEVER.items() if any(row.get(name) is True for row in rows)]
    if held:
        yield Finding(
            "permissions",
            "warning",
            f"This user has {listed(held)} in the whole org, which is never needed.",
            "take these permissions out of its profile and permission sets.",
            {"permissions": len(held)},
            "excess",
        )
