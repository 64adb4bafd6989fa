"""The fields that an administrator has added to the sample org for scores and tasks
(`salesforce/schema.json`).
"""

from __future__ import annotations

from typing import Any, Final

BANDS: Final = ("Green", "Amber", "Red", "Unknown")
ANSWERS: Final = ("Done", "Later", "Not useful", "Wrong data")


def _field(name: str, label: str, kind: str, **facts: Any) -> dict[str, Any]:
    defaults = {
        "length": 0,
        "precision": 0,
        "scale": 0,
        "externalId": False,
        "unique": False,
        "picklistValues": [],
    }
    return {"name": name, "label": label, "type": kind, **defaults, **facts}


def _number(name: str, label: str, kind: str = "double") -> dict[str, Any]:
    return _field(name, label, kind, precision=3, scale=0)


def _picklist(name: str, label: str, values: tuple[str, ...]) -> dict[str, Any]:
    options = [{"active": True, "defaultValue": False, "label": value, "value": value} for value in values]
    return _field(name, label, "picklist", length=255, picklistValues=options, restrictedPicklist=True)


_ACCOUNT: Final = [
    _number("Rapport_Overall__c", "Overall"),
    _number("Rapport_Health__c", "Health"),
    _number("Rapport_Penetration__c", "Reach"),
    _number("Rapport_Growth__c", "Growth"),
    _number("Rapport_Positioning__c", "Positioning"),
    _number("Rapport_Governance__c", "Governance"),
    _number("Rapport_Delivery__c", "Delivery"),
    _picklist("Rapport_Band__c", "Band", BANDS),
    _number("Rapport_Trend__c", "Trend (30 days)"),
    _number("Rapport_Confidence__c", "Confidence", "percent"),
    _field("Rapport_Quadrant__c", "Quadrant", "string", length=255),
    _field("Rapport_Why__c", "Why", "textarea", length=32000),
    _field("Rapport_Next_Action__c", "Next action", "string", length=255),
    _field("Rapport_Brief__c", "Meeting brief", "textarea", length=32000),
]
# Custom fields of Activity appear on both Task and Event.
_ACTIVITY: Final = [
    _field("Rapport_Key__c", "Rapport key", "string", length=80, externalId=True, unique=True),
    _picklist("Rapport_Answer__c", "Rapport answer", ANSWERS),
    _field("Rapport_Snooze_Until__c", "Snooze until", "date"),
]
SCHEMA: Final[dict[str, Any]] = {
    "Account": {"fields": _ACCOUNT},
    "Task": {"fields": _ACTIVITY},
    "Event": {"fields": _ACTIVITY},
}
