"""The fields that an administrator has added to the sample org: for scores and tasks, and for what people enter
(`salesforce/schema.json`).
"""

from __future__ import annotations

from typing import Any, Final

STANDINGS: Final = ("Vendor", "Preferred", "Partner")
ROLES: Final = ("Champion", "Decision Maker", "Executive Sponsor", "Technical Buyer")
CURRENCIES: Final = ("EUR", "GBP")
TIERS: Final = ("A", "B", "C")
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
    _field("Rapport_Projects__c", "Projects", "textarea", length=32000),
    _field("Rapport_History__c", "Health by week", "string", length=255),
]
# Custom fields of Activity appear on both Task and Event.
_ACTIVITY: Final = [
    _field("Rapport_Key__c", "Rapport key", "string", length=80, externalId=True, unique=True),
    _picklist("Rapport_Answer__c", "Rapport answer", ANSWERS),
    _field("Rapport_Snooze_Until__c", "Snooze until", "date"),
]
# What people enter by hand, where they care to.
_DECLARED: Final = [
    _picklist("Tier__c", "Tier", TIERS),
    _number("Rapport_Pulse__c", "Pulse (1-5)"),
    _field("Rapport_Pulse_Date__c", "Pulse of", "date"),
    _field("Rapport_CSAT__c", "Satisfaction", "double", precision=3, scale=1),
    _field("Rapport_CSAT_Date__c", "Satisfaction of", "date"),
    _picklist("Rapport_Standing__c", "Standing", STANDINGS),
    _field("Rapport_Mission__c", "Mission", "textarea", length=2000),
    _field("Rapport_Mission_Date__c", "Mission of", "date"),
    _field("Rapport_Last_Review__c", "Last review", "date"),
    _field("Rapport_SLA_Review__c", "Last review of the service levels", "date"),
    _field("Rapport_Target__c", "Target of the year", "currency", precision=18, scale=2),
]
_CONTACT: Final = [
    _picklist("Rapport_Role__c", "Role", ROLES),
    _field("Rapport_Reference_On__c", "Was our reference on", "date"),
]
_DEAL: Final = [
    _picklist("CurrencyIsoCode", "Currency", CURRENCIES),
    _field("Rapport_Competitor__c", "Competitor", "string", length=80),
    _field("Rapport_Inbound__c", "They came to us", "boolean"),
    _field("Rapport_Objective__c", "Objective", "reference", referenceTo=["AccountPlanObjective"]),
]
_VALUE: Final = [
    _field("Account__c", "Account", "reference", referenceTo=["Account"]),
    _field("Outcome__c", "Outcome", "textarea", length=2000),
    _field("Amount__c", "Amount", "currency", precision=18, scale=2),
    _picklist("CurrencyIsoCode", "Currency", CURRENCIES),
    _field("Evidence_URL__c", "Evidence", "url"),
    _field("Confirmed_By__c", "Confirmed by", "string", length=80),
    _field("Confirmed_On__c", "Confirmed on", "date"),
]
# This org asks its customers by a form of its own; SurveyResponse of the platform is not in use.
_SURVEY: Final = [
    _field("Account__c", "Account", "reference", referenceTo=["Account"]),
    _field("Contact__c", "Contact", "reference", referenceTo=["Contact"]),
    _field("Case__c", "Case", "reference", referenceTo=["Case"]),
    _field("Rating__c", "Rating (1-5)", "double", precision=2, scale=1),
    _field("Answered_At__c", "Answered at", "datetime"),
]
_HOURS: Final = _field("Rapport_Budget_Hours__c", "Hours included", "double", precision=8, scale=1)
SCHEMA: Final[dict[str, Any]] = {
    "Account": {"fields": [*_ACCOUNT, *_DECLARED]},
    "Contact": {"fields": _CONTACT},
    "Contract": {"fields": [_HOURS]},
    "Customer_Survey__c": {"fields": _SURVEY},
    "Opportunity": {"fields": _DEAL},
    "Rapport_Value__c": {"fields": _VALUE},
    "Task": {"fields": _ACTIVITY},
    "Event": {"fields": _ACTIVITY},
}
