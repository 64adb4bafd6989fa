"""The fields that Rapport writes, by the names they have unless [salesforce.fields] says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.config_types import close_to, refused
from sync.declared_fields import DECLARED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT_FIELDS = (
    "Rapport_Overall__c",
    "Rapport_Health__c",
    "Rapport_Penetration__c",
    "Rapport_Growth__c",
    "Rapport_Positioning__c",
    "Rapport_Governance__c",
    "Rapport_Delivery__c",
    "Rapport_Band__c",
    "Rapport_Trend__c",
    "Rapport_Confidence__c",
    "Rapport_Quadrant__c",
    "Rapport_Why__c",
    "Rapport_Next_Action__c",
    "Rapport_Brief__c",
    "Rapport_Projects__c",
    "Rapport_History__c",
)
ACTIVITY_FIELDS = ("Rapport_Key__c", "Rapport_Answer__c", "Rapport_Snooze_Until__c")

# Set by Rapport on every task, so no constant may stand for them.
TASK_FIELDS = (
    *("Id", "OwnerId", "WhatId", "WhoId", "Subject", "Description", "ActivityDate", "Status", "Priority"),
    *("RecordTypeId", "Type", *ACTIVITY_FIELDS),
)


def own_fields(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Check a table of Rapport's names of fields, written or only read, to the org's own."""
    declared = tuple(name for names in DECLARED_FIELDS.values() for name in names)
    known = (*ACCOUNT_FIELDS, *ACTIVITY_FIELDS, *declared)
    for name in fields:
        if name not in known:
            raise refused("Rapport has no field of this name", name, close_to(name, list(known)))
    on_account = (*ACCOUNT_FIELDS, *DECLARED_FIELDS["Account"])
    others = [names for name, names in DECLARED_FIELDS.items() if name != "Account"]
    for group in (on_account, ACTIVITY_FIELDS, *others):
        taken: dict[str, str] = {}
        for name in group:
            field = fields.get(name, name)
            before = taken.setdefault(field.casefold(), name)
            if before != name:
                wrong = name if name in fields else before
                raise refused(f"{before} and {name} would both be written to {field}", wrong)
    return fields


def free_constants(constants: Mapping[str, Any]) -> Mapping[str, Any]:
    taken = {name.casefold() for name in TASK_FIELDS}
    for name in constants:
        if name.casefold() in taken:
            raise refused("Rapport sets this field itself; remove it from the constants", name)
        if not name.replace("_", "").isalnum() or not name.isascii():
            raise refused("this is no API name of a Task field", name)
    return constants
