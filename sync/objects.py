"""Which Salesforce objects and fields the pull reads, and the fields that are Rapport's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.batches import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

# What stands on the Account (design §12); `[salesforce.fields]` maps each to an org's own field.
SCORE_FIELDS: Mapping[str, str] = {
    "overall": "Rapport_Overall__c",
    "health": "Rapport_Health__c",
    "penetration": "Rapport_Penetration__c",
    "growth": "Rapport_Growth__c",
    "positioning": "Rapport_Positioning__c",
    "governance": "Rapport_Governance__c",
    "delivery": "Rapport_Delivery__c",
}
BAND_FIELD = "Rapport_Band__c"
TREND_FIELD = "Rapport_Trend__c"
CONFIDENCE_FIELD = "Rapport_Confidence__c"
QUADRANT_FIELD = "Rapport_Quadrant__c"
WHY_FIELD = "Rapport_Why__c"
NEXT_ACTION_FIELD = "Rapport_Next_Action__c"
BRIEF_FIELD = "Rapport_Brief__c"
PROJECTS_FIELD = "Rapport_Projects__c"
HISTORY_FIELD = "Rapport_History__c"
KEY_FIELD = "Rapport_Key__c"
ANSWER_FIELD = "Rapport_Answer__c"
SNOOZE_FIELD = "Rapport_Snooze_Until__c"

# A mail's headers are read for one word, of which `AUTOMATIC` is kept; the text itself reaches no file.
HEADERS = "Headers"
AUTOMATIC = "AutoSubmitted"

ACCOUNT_FIELDS = (
    *SCORE_FIELDS.values(),
    BAND_FIELD,
    TREND_FIELD,
    CONFIDENCE_FIELD,
    QUADRANT_FIELD,
    WHY_FIELD,
    NEXT_ACTION_FIELD,
    BRIEF_FIELD,
    PROJECTS_FIELD,
    HISTORY_FIELD,
)
# An org can do without these: nobody is told that they are missing.
EXTRA_FIELDS = frozenset({PROJECTS_FIELD, HISTORY_FIELD})
TASK_FIELDS = (KEY_FIELD, ANSWER_FIELD, SNOOZE_FIELD)
# Of Salesforce's own: what a task can do without where this user may not fill it in.
SPARE_TASK_FIELDS = ("Description", "ActivityDate", "WhoId", "Priority")
ACCOUNT_OF_TASK = "WhatId"  # without it none is made
ANSWER_FIELDS = frozenset({ANSWER_FIELD, SNOOZE_FIELD})  # what people say to a task: read, never written

PLANS, OBJECTIVES, SURVEYS = (
    "sf_plan",
    "sf_plan_objective",
    "sf_survey_response",
)  # whose objects the config maps


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One object to pull into the mirror table `table`.

    `columns` carry our names; `renamed` maps those that the org calls differently. `only_with` keeps the pull to
    records in which that field is filled. `business` says that a newer stamp here is news about a customer, so that
    it may move `as_of`; stamps of Account, User and relation rows also move for reasons of Rapport or the platform.
    `optional` objects are absent from many orgs, which is no news.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    business: bool = True
    only_with: str | None = None
    renamed: Mapping[str, str] | None = None
    optional: bool = False

    def api_name(self, column: str) -> str:
        return (self.renamed or {}).get(column, column)


def _columns(ids: str = "", text: str = "", **kinds: str) -> tuple[Column, ...]:
    """Columns by kind, from blank-separated names; every object has Id, IsDeleted and its two stamps."""
    columns = [
        Column("Id", "id"),
        Column("IsDeleted", "boolean"),
        Column("CreatedDate", "timestamp"),
        Column("SystemModstamp", "timestamp"),
    ]
    columns += [Column(name, "id") for name in ids.split()]
    columns += [Column(name, "text") for name in text.split()]
    for kind, names in kinds.items():
        columns += [Column(name, kind) for name in names.split()]  # type: ignore[arg-type]  # kinds are written below
    return tuple(columns)


OBJECTS: tuple[SourceObject, ...] = (
    SourceObject(
        "User",
        "sf_user",
        _columns("ManagerId ContactId", "Name Username Email UserType LanguageLocaleKey", boolean="IsActive"),
        business=False,
    ),
    SourceObject(
        "RecordType", "sf_record_type", _columns("", "Name DeveloperName SobjectType"), business=False
    ),
    SourceObject(
        "Account",
        "sf_account",
        _columns(
            "ParentId OwnerId RecordTypeId MasterRecordId PersonContactId",
            f"Name Type Industry AccountNumber Website {BAND_FIELD} {QUADRANT_FIELD} {WHY_FIELD} "
            f"{NEXT_ACTION_FIELD} {BRIEF_FIELD} {PROJECTS_FIELD} {HISTORY_FIELD} "
            "Rapport_Standing__c Rapport_Mission__c CurrencyIsoCode",
            boolean="IsPersonAccount",
            decimal=f"{' '.join(SCORE_FIELDS.values())} {TREND_FIELD} {CONFIDENCE_FIELD} "
            "Rapport_Pulse__c Rapport_CSAT__c Rapport_Target__c",
            date="Rapport_Pulse_Date__c Rapport_CSAT_Date__c Rapport_Mission_Date__c Rapport_Last_Review__c "
            "Rapport_SLA_Review__c",
        ),
        business=False,
    ),
    SourceObject(
        "Contact",
        "sf_contact",
        _columns(
            "AccountId MasterRecordId",
            "Name Title Department Email BuyerAttributes Rapport_Role__c",
            date="Rapport_Reference_On__c",
        ),
    ),
    SourceObject(
        "AccountContactRelation",
        "sf_account_contact_relation",
        _columns("AccountId ContactId", "Roles", boolean="IsActive IsDirect"),
        business=False,
        optional=True,
    ),
    SourceObject(
        "Partner",
        "sf_partner",
        _columns("AccountFromId AccountToId OpportunityId", "Role", boolean="IsPrimary"),
        business=False,
        optional=True,
    ),
    SourceObject(
        "Opportunity",
        "sf_opportunity",
        _columns(
            "AccountId OwnerId Rapport_Objective__c",
            "Name StageName Type CurrencyIsoCode Rapport_Competitor__c",
            boolean="IsClosed IsWon Rapport_Inbound__c",
            decimal="Amount",
            date="CloseDate",
            timestamp="LastStageChangeDate",
        ),
    ),
    SourceObject(
        "OpportunityContactRole", "sf_opportunity_contact_role", _columns("OpportunityId ContactId", "Role")
    ),
    # One row per change of a deal: the values after it.
    SourceObject(
        "OpportunityHistory",
        "sf_opportunity_history",
        _columns("OpportunityId", "StageName", decimal="Amount", date="CloseDate"),
        optional=True,
    ),
    SourceObject(
        "OpportunityStage",
        "sf_opportunity_stage",
        _columns("", "MasterLabel ApiName", boolean="IsClosed IsWon"),
        business=False,
        optional=True,
    ),
    SourceObject(
        "OpportunityLineItem",
        "sf_opportunity_line_item",
        _columns("OpportunityId Product2Id", decimal="Quantity TotalPrice"),
        optional=True,
    ),
    SourceObject(
        "Product2",
        "sf_product",
        _columns("", "Name Family", boolean="IsActive"),
        business=False,
        optional=True,
    ),
    SourceObject(
        "Contract",
        "sf_contract",
        _columns(
            "AccountId",
            "Status StatusCode",
            integer="ContractTerm",
            decimal="Rapport_Budget_Hours__c",
            date="StartDate EndDate",
            timestamp="ActivatedDate",
        ),
    ),
    SourceObject(
        "ServiceContract",
        "sf_service_contract",
        _columns("AccountId", "Name Status", date="StartDate EndDate"),
        optional=True,
    ),
    SourceObject(
        "Entitlement",
        "sf_entitlement",
        _columns("AccountId", "Name Status", date="StartDate EndDate"),
        optional=True,
    ),
    SourceObject("Asset", "sf_asset", _columns("AccountId Product2Id", "Name Status")),
    SourceObject(
        "Case",
        "sf_case",
        _columns(
            "AccountId ContactId",
            "CaseNumber Subject Status Priority Type",
            boolean="IsClosed IsEscalated",
            timestamp="ClosedDate",
        ),
    ),
    SourceObject(
        "CaseComment",
        "sf_case_comment",
        _columns("ParentId CreatedById", boolean="IsPublished"),
        optional=True,
    ),
    SourceObject(
        "CaseMilestone",
        "sf_case_milestone",
        _columns(
            "CaseId MilestoneTypeId",
            boolean="IsCompleted IsViolated",
            timestamp="StartDate TargetDate CompletionDate",
        ),
        optional=True,
    ),
    SourceObject(
        "Task",
        "sf_task",
        _columns(
            "WhoId WhatId AccountId OwnerId",
            f"Subject Status Priority TaskSubtype Type CallType CallDisposition {KEY_FIELD}",
            boolean="IsClosed IsRecurrence",
            date="ActivityDate",
            timestamp="CompletedDateTime",
        ),
    ),
    SourceObject(
        "Event",
        "sf_event",
        _columns(
            "WhoId WhatId AccountId OwnerId",
            f"Subject Type {KEY_FIELD}",
            boolean="IsAllDayEvent IsChild IsRecurrence IsPrivate",
            date="ActivityDate",
            timestamp="StartDateTime",
        ),
    ),
    SourceObject(
        "TaskRelation", "sf_task_relation", _columns("TaskId RelationId", boolean="IsWhat"), business=False
    ),
    SourceObject(
        "EventRelation", "sf_event_relation", _columns("EventId RelationId", boolean="IsWhat"), business=False
    ),
    SourceObject(
        "EmailMessage",
        "sf_email_message",
        _columns(
            "ActivityId RelatedToId ParentId",
            f"Subject Status FromAddress ToAddress CcAddress BccAddress ThreadIdentifier {HEADERS}",
            boolean="Incoming",
            timestamp="MessageDate",
        ),
    ),
    SourceObject(
        "AccountTeamMember", "sf_account_team_member", _columns("AccountId UserId", "TeamMemberRole")
    ),
    SourceObject(
        "AccountPlan",
        PLANS,
        _columns("AccountId", "Name Status", date="StartDate EndDate ReviewDate"),
        optional=True,
    ),
    SourceObject(
        "AccountPlanObjective",
        OBJECTIVES,
        _columns("PlanId OpportunityId", "Name Status", date="EndDate"),
        optional=True,
    ),
    SourceObject(
        "SurveyResponse",
        SURVEYS,
        _columns("AccountId ContactId CaseId", decimal="Rating", timestamp="CompletedAt"),
        optional=True,
    ),
    SourceObject(
        "Rapport_Value__c",
        "sf_value",
        _columns(
            "Account__c",
            "Outcome__c CurrencyIsoCode Evidence_URL__c Confirmed_By__c",
            decimal="Amount__c",
            date="Confirmed_On__c",
        ),
        optional=True,
    ),
    SourceObject(
        "Organization",
        "sf_organization",
        _columns("", "Name", integer="FiscalYearStartMonth"),
        business=False,
        optional=True,
    ),
    SourceObject(
        "CurrencyType",
        "sf_currency_type",
        _columns("", "IsoCode", boolean="IsCorporate", decimal="ConversionRate"),
        business=False,
        optional=True,
    ),
    SourceObject(
        "DatedConversionRate",
        "sf_dated_rate",
        _columns("", "IsoCode", decimal="ConversionRate", date="StartDate NextStartDate"),
        business=False,
        optional=True,
    ),
    # Descriptions are read of Rapport's own tasks only: those of e-mail tasks are bodies, which are never stored.
    SourceObject(
        "Task",
        "sf_own_task",
        _columns(
            "WhoId WhatId AccountId OwnerId",
            f"Subject Status Priority Description {KEY_FIELD} {ANSWER_FIELD}",
            boolean="IsClosed",
            date=f"ActivityDate {SNOOZE_FIELD}",
            timestamp="CompletedDateTime LastModifiedDate",
        ),
        business=False,
        only_with=KEY_FIELD,
    ),
)


# What the standard objects call the columns of these tables.
_STANDARD_NAMES: Mapping[str, Mapping[str, str]] = {
    OBJECTIVES: {"PlanId": "AccountPlanId"},
    SURVEYS: {"ContactId": "SubmitterId", "CompletedAt": "CompletionDateTime"},
}


@dataclass(frozen=True, slots=True)
class MappedObject:
    """An object of the org's own in the place of a standard one, with those of its fields that have other names."""

    name: str
    fields: Mapping[str, str]


def wanted_objects(
    fields: Mapping[str, str],
    account_columns: Mapping[str, str],
    account_key: str,
    mapped: Mapping[str, MappedObject] | None = None,
) -> list[SourceObject]:
    """The objects with an org's own names put in: `[salesforce.fields]`, `[accounts.columns]`, `identity.account_key`,
    and by table what `[salesforce.plans]` and `[salesforce.surveys]` map.
    """
    wanted = []
    for each in OBJECTS:
        names = {column.name for column in each.columns}
        renamed = {ours: theirs for ours, theirs in fields.items() if ours in names}
        renamed |= _STANDARD_NAMES.get(each.table, {})
        columns, name = each.columns, each.name
        if each.name == "Account":
            columns += tuple(Column(f"x_{name}", "text") for name in account_columns)
            renamed |= {f"x_{name}": theirs for name, theirs in account_columns.items()}
            if account_key != "AccountNumber":
                renamed["AccountNumber"] = account_key
        if mapped and each.table in mapped:
            name = mapped[each.table].name
            renamed |= mapped[each.table].fields
        wanted.append(replace(each, name=name, columns=columns, renamed=renamed))
    return wanted
