"""What people may enter for Rapport to read, all of it optional (definitions F34): fields by object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.config_types import close_to, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DECLARED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Account": (
        *("Rapport_Pulse__c", "Rapport_Pulse_Date__c", "Rapport_CSAT__c", "Rapport_CSAT_Date__c"),
        *("Rapport_Standing__c", "Rapport_Mission__c", "Rapport_Mission_Date__c"),
        *("Rapport_Last_Review__c", "Rapport_SLA_Review__c", "Rapport_Target__c"),
    ),
    "Contact": ("Rapport_Role__c", "Rapport_Reference_On__c"),
    "Opportunity": ("Rapport_Competitor__c", "Rapport_Inbound__c", "Rapport_Objective__c"),
    "Contract": ("Rapport_Budget_Hours__c",),
}

# Columns of the objects that the config maps as a whole: plans, their objectives, answers to surveys.
PLAN_FIELDS = ("AccountId", "Name", "Status", "StartDate", "EndDate", "ReviewDate")
OBJECTIVE_FIELDS = ("PlanId", "OpportunityId", "Name", "Status", "EndDate")
SURVEY_FIELDS = ("AccountId", "ContactId", "CaseId", "Rating", "CompletedAt")


def only(known: tuple[str, ...]) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    """A check of a table whose keys are some of these names."""

    def check(fields: Mapping[str, str]) -> Mapping[str, str]:
        for name in fields:
            if name not in known:
                raise refused(
                    f"Rapport reads no {name} here; it reads {', '.join(known)}",
                    name,
                    close_to(name, list(known)),
                )
        return fields

    return check
