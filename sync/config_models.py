"""The sections of `rapport.toml`: every key with its type, its bounds, its default and its meaning.

The one source of what a config may hold: checks, the JSON Schema for editors and the test of
`config.example.toml` read it from here. The sections metrics, scorecards, segments, quadrant, rules, tests and bands are checked
by the catalogue, with the built-in ones; here they are only tables.
"""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from sync.config_types import (
    AccountManagers,
    ApiName,
    ApiVersion,
    Columns,
    Constants,
    Day,
    Domains,
    DomainTable,
    FieldNames,
    Hours,
    Instant,
    Jql,
    LinkMethods,
    Lists,
    Number,
    OrgName,
    Span,
    Staff,
    Table,
    Text,
    Texts,
    Url,
    Whole,
    Zone,
    refused,
)
from sync.declared_fields import OBJECTIVE_FIELDS, PLAN_FIELDS, SURVEY_FIELDS, only
from sync.written_fields import free_constants, own_fields

FREE_MAIL_DOMAINS = (
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com"),
    *("yahoo.de", "ymail.com", "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "gmx.at", "web.de"),
    *("t-online.de", "proton.me", "protonmail.com", "mail.com", "mail.ru", "yandex.ru", "qq.com", "163.com"),
    *("126.com", "naver.com", "fastmail.com", "zoho.com"),
)


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class StoreSection(Section):
    path: Text = Field(
        default="rapport-data", description="Folder of the state (kept) and the mirror (can be rebuilt)"
    )


class TaskSection(Section):
    record_type: Text | None = Field(
        default=None, description="Developer name of the record type of tasks", examples=["Rapport"]
    )
    open_status: Text = Field(default="Not Started", description="Status of a new task")
    closed_status: Text = Field(default="Completed", description="Status of a task that settled itself")
    priority: Text = Field(default="Normal", description="Priority of a task")
    high_priority: Text = Field(default="High", description="Priority of a task of high severity")
    type: Text | None = Field(default=None, description="Type of a new task", examples=["Other"])
    constants: Annotated[Constants, AfterValidator(free_constants)] = Field(
        default_factory=_empty,
        description="Values that every new task gets, by API name",
        examples=[{"IsReminderSet": False}],
    )


class PlansSection(Section):
    object: ApiName = Field(default="AccountPlan", description="Object of account plans")
    fields: Annotated[FieldNames, AfterValidator(only(PLAN_FIELDS))] = Field(
        default_factory=_empty,
        description="Fields of that object, where the org calls them differently",
        examples=[{"ReviewDate": "Last_Review__c"}],
    )
    objectives: ApiName = Field(
        default="AccountPlanObjective", description="Object of the objectives of a plan"
    )
    objective_fields: Annotated[FieldNames, AfterValidator(only(OBJECTIVE_FIELDS))] = Field(
        default_factory=_empty,
        description="Fields of the objectives, where the org calls them differently",
        examples=[{"PlanId": "Plan__c"}],
    )


class SurveysSection(Section):
    object: ApiName = Field(
        default="SurveyResponse", description="Object with one record for each answer to a survey"
    )
    fields: Annotated[FieldNames, AfterValidator(only(SURVEY_FIELDS))] = Field(
        default_factory=_empty,
        description="Its fields; without a Rating no answer counts",
        examples=[{"Rating": "Score__c"}],
    )


class SalesforceSection(Section):
    instance_url: Url = Field(
        description="My Domain address of the org", examples=["https://example.my.salesforce.com"]
    )
    auth: Literal["jwt", "client_credentials", "sf_cli", "access_token"] = Field(
        default="client_credentials", description="How Rapport signs in"
    )
    client_id: Text | None = Field(
        default=None, description="Consumer key of the External Client App", examples=["3MVG9consumerkey"]
    )
    client_secret: SecretStr | None = Field(default=None, description="Consumer secret; never in the file")
    client_secret_file: Text | None = Field(
        default=None,
        description="File that holds the consumer secret",
        examples=["/run/secrets/salesforce_client"],
    )
    username: Text | None = Field(
        default=None,
        description="Salesforce user that signs in by JWT",
        examples=["integration@example.com"],
    )
    private_key_file: Text | None = Field(
        default=None,
        description="PEM file of the key that signs, whose certificate the External Client App has",
        examples=["/run/secrets/salesforce.key"],
    )
    login_url: Url = Field(
        default="https://login.salesforce.com",
        description="Audience of a sign-in by JWT: https://test.salesforce.com for a sandbox",
    )
    target_org: OrgName | None = Field(
        default=None,
        description="User name or alias of the org in the Salesforce CLI; its default org if left out",
        examples=["production"],
    )
    access_token: SecretStr | None = Field(
        default=None, description="Access token of a session; never in the file"
    )
    access_token_file: Text | None = Field(
        default=None,
        description="File that holds the access token",
        examples=["/run/secrets/salesforce_token"],
    )
    api_version: ApiVersion = Field(default="62.0", description="Version of the REST API")
    write_to: Literal["account", "object"] = Field(
        default="account",
        description="Where scores and words stand: in fields of the account, or in one Rapport_Score__c record beside it",
    )
    fields: Annotated[FieldNames, AfterValidator(own_fields)] = Field(
        default_factory=_empty,
        description="The org's own names of the fields that Rapport writes, or reads where people fill them",
        examples=[{"Rapport_Health__c": "Health_Score__c"}],
    )
    plans: PlansSection = Field(default_factory=PlansSection, description="Where account plans stand")
    surveys: SurveysSection = Field(
        default_factory=SurveysSection, description="Where answers to surveys of satisfaction stand"
    )
    task: TaskSection = Field(
        default_factory=TaskSection, description="What a task that Rapport creates looks like"
    )


class JiraFields(Section):
    """Custom fields of a site that only its admin knows, by name or id."""

    case: Text | None = Field(
        default=None,
        description="Field that names the Salesforce Case of an issue, by number or Id",
        examples=["Support case"],
    )
    scope: Text | None = Field(
        default=None,
        description="Field that says whether an issue is out of scope, beside the labels",
        examples=["Scope"],
    )
    satisfaction: Text | None = Field(
        default=None,
        description="Field with the customer's rating, in place of the one of service projects",
        examples=["Customer rating"],
    )
    satisfaction_date: Text | None = Field(
        default=None, description="Field with the time of that rating", examples=["Rated on"]
    )


class JiraSite(Section):
    """One site: how it is reached, who reads there, and what."""

    url: Url = Field(description="Address of the site", examples=["https://example.atlassian.net"])
    deployment: Literal["cloud", "datacenter"] = Field(default="cloud", description="Kind of Jira")
    api_base: Url | None = Field(
        default=None,
        description="Cloud: where tokens with scopes and of service accounts are taken; links stay on url",
        examples=["https://api.atlassian.com/ex/jira/11223344-a1b2-3b33-c444-def123456789"],
    )
    email: Text | None = Field(
        default=None, description="Address of the user that reads", examples=["integration@example.com"]
    )
    api_token: SecretStr | None = Field(default=None, description="API token of that user; never in the file")
    api_token_file: Text | None = Field(
        default=None, description="File that holds the API token", examples=["/run/secrets/jira_token"]
    )
    personal_access_token: SecretStr | None = Field(
        default=None, description="Token of the user that reads a Data Center; never in the file"
    )
    personal_access_token_file: Text | None = Field(
        default=None,
        description="File that holds the personal access token",
        examples=["/run/secrets/jira_personal_token"],
    )
    jql: Jql | None = Field(
        default=None,
        description="Which issues are read; all that the user sees if left out",
        examples=["project in (ACME, BETA)"],
    )
    browse_url: Url | None = Field(
        default=None,
        description="Address for links that people open, if it is not url",
        examples=["https://jira.example.com"],
    )
    fields: JiraFields = Field(
        default_factory=JiraFields, description="The site's own fields that Rapport may read"
    )


_SITE_NAME = re.compile(r"[a-z](_?[a-z0-9]){0,29}")  # as it stands in RAPPORT_JIRA__SITES__NAME__URL


def _site_names(sites: Mapping[str, JiraSite]) -> Mapping[str, JiraSite]:
    for name in sites:
        if not _SITE_NAME.fullmatch(name):
            raise refused(
                f'"{name}" cannot name a site; use small letters, digits and single _, such as plant_south',
                name,
            )
    return MappingProxyType(dict(sites))


class JiraSection(JiraSite):
    url: Url = Field(
        default="",
        description="Address of the site; left out where every site has a name in [jira.sites]",
        examples=["https://example.atlassian.net"],
    )
    sites: Annotated[Mapping[str, JiraSite], AfterValidator(_site_names)] = Field(
        default_factory=_empty, description="Further sites by a name of your choice, each a table of its own"
    )
    p1_priorities: Texts = Field(
        default=("Highest", "Blocker", "Critical", "P1", "Sev 1"), description="Priorities that count as P1"
    )
    incident_types: Texts = Field(default=("Incident", "Bug"), description="Issue types that are incidents")
    request_types: Texts = Field(
        default=("Service Request", "New Feature", "Improvement", "Change"),
        description="Issue types that ask for something new",
    )
    change_types: Texts = Field(
        default=("Change", "Change Request", "Bug"),
        description="Issue types that change or repair what was released",
    )
    waiting_statuses: Texts = Field(
        default=(
            *("Waiting for customer", "Waiting on customer", "Awaiting customer"),
            *("Customer feedback", "Warten auf Kunde"),
        ),
        description="Statuses in which the customer has to act",
    )
    paused_statuses: Texts = Field(
        default=("Pending", "On hold", "Blocked"), description="Statuses in which nobody has to act"
    )
    done_statuses: Texts = Field(
        default=(), description="Statuses that are done, whatever their category says"
    )
    escalation_labels: Texts = Field(
        default=("escalation", "escalated"), description="Labels of issues that were escalated"
    )
    out_of_scope_labels: Texts = Field(
        default=("out-of-scope",),
        description="Labels, or values of the mapped field scope, of work out of scope",
    )
    scope_decision_labels: Texts = Field(
        default=("scope-accepted", "scope-declined"),
        description="Labels, or values of the mapped field scope, that say how that was decided",
    )
    remote_links: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Links of issues to other systems, one more call for each issue: auto reads them where there are Cases",
    )
    customer_visible_projects: Texts = Field(
        default=(),
        description="Keys of projects, other than service projects, in which the customer reads along",
    )
    security_levels: Texts = Field(
        default=(),
        description="Security levels whose issues are read; those of other levels are not stored at all",
    )
    quote_projects: Texts = Field(
        default=(),
        description="Keys of projects whose issue titles may be quoted in the CRM; of others only the key",
    )


class IdentitySection(Section):
    internal_domains: Domains = Field(default=(), description="Mail domains of your own staff")
    staff: Staff = Field(
        default=(), description='Your own people in Jira: account ids, groups ("group:NAME") or domains'
    )
    free_mail_domains: Domains = Field(
        default=FREE_MAIL_DOMAINS, description="Mail domains that say nothing about the company"
    )
    link_by: LinkMethods = Field(
        default=("field", "organization", "project", "component", "label", "reporter"),
        description="How an issue finds its account: the first method that yields one",
    )
    account_field: Text | None = Field(
        default=None, description="Jira field that names the account, by name or id", examples=["CRM Account"]
    )
    account_key: ApiName = Field(
        default="AccountNumber",
        description="Account field whose value the Jira field may hold, beside Id and name",
    )
    projects: Table = Field(
        default_factory=_empty,
        description="Jira project key -> Account Id or exact name",
        examples=[{"ACME": "Acme GmbH"}],
    )
    organizations: Table = Field(
        default_factory=_empty,
        description="Jira organization -> Account Id or exact name",
        examples=[{"Acme IT": "Acme GmbH"}],
    )
    components: Table = Field(
        default_factory=_empty,
        description="Component -> Account Id or exact name",
        examples=[{"acme-portal": "Acme GmbH"}],
    )
    labels: Table = Field(
        default_factory=_empty,
        description="Label -> Account Id or exact name",
        examples=[{"acme": "Acme GmbH"}],
    )
    domains: DomainTable = Field(
        default_factory=_empty,
        description="Mail domain of reporters -> Account Id or exact name, beside those the CRM knows",
        examples=[{"acme.example": "Acme GmbH"}],
    )
    units: Lists = Field(
        default_factory=_empty,
        description="Account Id or exact name -> units of that customer that the CRM does not know",
        examples=[{"Acme GmbH": ["Purchasing", "Plant South"]}],
    )
    department_aliases: Table = Field(
        default_factory=_empty,
        description="Department as written -> the unit that is meant",
        examples=[{"hr": "human resources"}],
    )
    map_file: Text | None = Field(
        default=None,
        description="CSV file with the columns kind, value, account that adds to the tables above",
        examples=["rapport-links.csv"],
    )


class RolloutSection(Section):
    mode: Literal["observe", "pilot", "on"] = Field(
        default="observe", description="observe writes nothing, pilot only where `where` holds, on everywhere"
    )
    where: str | None = Field(
        default=None, description="Accounts of the pilot: a condition", examples=["industry = 'Banking'"]
    )


class AccountsSection(Section):
    preset: Literal["vendor", "internal-it"] = Field(
        default="vendor", description="Whom you look after: customers, or the departments of your own company"
    )
    managed: str | None = Field(
        default=None,
        description="Accounts that are scored and written: a condition in place of the preset's",
        examples=["not person_account and type = 'Customer'"],
    )
    group: str | None = Field(
        default=None,
        description="Accounts that are measured over themselves and everything under them: a condition; default: none",
        examples=["type = 'Holding'"],
    )
    columns: Columns = Field(
        default_factory=_empty,
        description="Further Account fields for these conditions: column -> API name, read as text",
        examples=[{"region": "Region__c"}],
    )


class TimeSection(Section):
    zone: Zone = Field(default="UTC", description="Time zone of days and business hours")
    hours: Hours = Field(default=(time(9), time(17)), description="Business hours, Monday to Friday")
    holidays: tuple[Day, ...] = Field(default=(), description="Days without business hours")
    now: Instant | None = Field(
        default=None,
        description="Fixes the clock; for trials against this machine only",
        examples=["2026-11-22T09:00:00Z"],
    )


class PeopleSection(Section):
    account_manager: AccountManagers = Field(
        default=("owner",),
        description='Where the account manager stands, in order: "field:NAME", "team:ROLE", "owner"',
    )
    executive_titles: Texts = Field(
        default=(
            *("chief", "ceo", "cfo", "cto", "cio", "coo", "cmo", "ciso", "cpo", "cro"),
            *("president", "vp", "svp", "evp"),
            *("vice president", "managing director", "director", "head", "partner", "owner", "founder"),
            *("vorstand", "geschäftsführer", "geschäftsführerin", "bereichsleiter"),
        ),
        description="Words of the title that make a contact an executive",
    )
    not_executive: Texts = Field(
        default=(
            *("assistant", "product owner", "process owner", "service owner"),
            *("business partner", "partner manager", "associate director"),
        ),
        description="Words of the title that make a contact no executive in spite of those",
    )
    required_roles: Texts = Field(
        default=("Decision Maker", "Executive Sponsor", "Technical Buyer"),
        description="Roles that somebody at each customer should be known to have",
    )
    sponsor_roles: Texts = Field(
        default=("Executive Sponsor",), description="Roles of those who stand up for you at the top"
    )
    champion_roles: Texts = Field(
        default=("Champion",), description="Roles of those who speak for you when you are not there"
    )
    book_weight: Text | None = Field(
        default=None,
        description="Metric by which the accounts of a book weigh in the scores of its account manager; default: all alike",
        examples=["won_12m"],
    )
    capacity: Number | None = Field(
        default=None,
        gt=0,
        le=100_000,
        allow_inf_nan=False,
        description="What one account manager can look after: accounts, or load_by added up over the book",
        examples=[25],
    )
    load_by: Text | None = Field(
        default=None,
        description="Metric whose sum over a book is its load; default: the number of accounts",
        examples=["open_issues"],
    )
    house_users: Texts = Field(
        default=(), description="User ids of queues and house accounts: nobody's account manager"
    )
    fallback_user: Text | None = Field(
        default=None,
        description="User id that gets tasks nobody else can get",
        examples=["005000000000001AAA"],
    )


class ActivitiesSection(Section):
    contact_task_types: Texts = Field(
        default=("Call",), description="Task types that count as a call with the customer"
    )
    onsite_types: Texts = Field(
        default=("On-site", "Onsite", "Visit"), description="Event types that are a visit to the customer"
    )
    missed: Texts = Field(
        default=("Missed", "Voicemail", "No Answer"),
        description="Call results that say that nobody took the call",
    )
    exclude: str | None = Field(
        default=None,
        description="Activities that do not count: a condition",
        examples=["contains(subject, 'Newsletter')"],
    )


class SafetySection(Section):
    max_change_share: Number = Field(
        default=0.3,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="Share of records that may change before apply stops",
    )
    min_records: Whole = Field(default=10, ge=1, description="Number of records from which that share counts")
    max_open_tasks_per_owner: Whole = Field(
        default=5, ge=0, le=1000, description="Open tasks per account manager"
    )
    max_new_tasks_per_owner_day: Whole = Field(
        default=2, ge=0, le=1000, description="New tasks per account manager and day"
    )
    api_share: Number = Field(
        default=0.5,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="Share of the org's remaining daily calls that may be used",
    )
    min_score_move: Whole = Field(
        default=2, ge=0, le=100, description="Points that a score must move to be written anew"
    )
    large_move: Whole = Field(
        default=10, ge=1, le=100, description="Points from which a move counts as large"
    )
    max_plan_age: Span = Field(
        default=timedelta(hours=24), description="Age at which a plan is no longer applied"
    )


class GrowthSection(Section):
    revenue_12m: ApiName | None = Field(
        default=None,
        description="Account field with the revenue of the last 12 months, in the place of won opportunities",
        examples=["Revenue_12m__c"],
    )
    revenue_prior_12m: ApiName | None = Field(
        default=None,
        description="Account field with the revenue of the 12 months before; without it no growth is known then",
        examples=["Revenue_Prior_12m__c"],
    )


class PlanningSection(Section):
    review_subjects: Texts = Field(
        default=("quarterly review", "business review", "QBR", "account review"),
        description="Words in the subject of an event that make it a review with the customer",
    )


class RenewalsSection(Section):
    source: Literal["contract", "opportunity", "field"] = Field(
        default="contract",
        description="Where renewals stand: the ends of contracts, open opportunities of certain types, or a field of the Account",
    )
    opportunity_types: Texts = Field(
        default=("Renewal", "Existing Customer - Renewal"),
        description="Types of opportunities that are renewals, by their close date",
    )
    field: ApiName | None = Field(
        default=None,
        description="Date field of the Account with its next renewal",
        examples=["Renewal_Date__c"],
    )


class HistorySection(Section):
    backfill_weeks: Whole = Field(
        default=12,
        ge=0,
        le=104,
        description="Weeks before the first run whose scores are worked out afterwards, for trends; 0: none",
    )


class BriefSection(Section):
    days: Whole = Field(
        default=2,
        ge=0,
        le=20,
        description="Business days before a meeting with the customer from which on its brief is written; 0: none",
    )


class PrivacySection(Section):
    people_analytics: Literal["off", "team", "named"] = Field(
        default="off",
        description="Figures about employees: none, of groups of at least five, or of each person by name",
    )
    retention: Span = Field(
        default=timedelta(days=800), description="How long scores of the past are kept", examples=["800 days"]
    )


class PullSection(Section):
    overlap_minutes: Whole = Field(
        default=15, ge=0, le=1440, description="Minutes before the last pull that are read again"
    )
    sweep_every: Span = Field(
        default=timedelta(days=7),
        description="How often all ids are compared, to find what was deleted without a trace",
    )
    bulk_above: Whole = Field(
        default=50_000,
        ge=0,
        description="Rows of one Salesforce object above which a full reading goes by bulk query",
    )
    parallel: Whole = Field(
        default=4, ge=1, le=8, description="Readings of Salesforce under way at a time; 1: one after another"
    )


class HttpSection(Section):
    connect_timeout: Number = Field(
        default=5.0, gt=0, le=300, allow_inf_nan=False, description="Seconds until a connection must stand"
    )
    read_timeout: Number = Field(
        default=60.0, gt=0, le=3600, allow_inf_nan=False, description="Seconds until an answer must go on"
    )
    max_tries: Whole = Field(default=5, ge=1, le=20, description="Tries of one call, the first included")
    proxy: SecretStr | None = Field(
        default=None,
        description="Proxy for both systems; one with a password only as RAPPORT_HTTP__PROXY",
        examples=["http://proxy.example.com:3128"],
    )
    ca_file: Text | None = Field(
        default=None,
        description="PEM file of the certificates to trust",
        examples=["/etc/ssl/company-ca.pem"],
    )


class Settings(BaseSettings):
    """The whole file. Its one source is what `sync.config_layers` merged from file and environment.

    pydantic-settings' own sources would report one fault at a time and not know the line or the variable.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    store: StoreSection = Field(default_factory=StoreSection)
    salesforce: SalesforceSection
    jira: JiraSection | None = None
    identity: IdentitySection = Field(default_factory=IdentitySection)
    rollout: RolloutSection = Field(default_factory=RolloutSection)
    accounts: AccountsSection = Field(default_factory=AccountsSection)
    time: TimeSection = Field(default_factory=TimeSection)
    people: PeopleSection = Field(default_factory=PeopleSection)
    activities: ActivitiesSection = Field(default_factory=ActivitiesSection)
    growth: GrowthSection = Field(default_factory=GrowthSection)
    plans: PlanningSection = Field(default_factory=PlanningSection)
    renewals: RenewalsSection = Field(default_factory=RenewalsSection)
    history: HistorySection = Field(default_factory=HistorySection)
    brief: BriefSection = Field(default_factory=BriefSection)
    privacy: PrivacySection = Field(default_factory=PrivacySection)
    safety: SafetySection = Field(default_factory=SafetySection)
    pull: PullSection = Field(default_factory=PullSection)
    http: HttpSection = Field(default_factory=HttpSection)
    bands: dict[str, Any] = Field(default={}, description="Edges of the bands")
    metrics: dict[str, Any] = Field(
        default={}, description="Metrics of your own, or changes to built-in ones"
    )
    scorecards: dict[str, Any] = Field(
        default={}, description="Scorecards of your own, or changes to built-in ones"
    )
    segments: dict[str, Any] = Field(
        default={}, description="Accounts for which other scorecards stand in; the first match wins"
    )
    quadrant: dict[str, Any] = Field(
        default={}, description="The two axes of the quadrant: worth having, and able to serve"
    )
    rules: dict[str, Any] = Field(default={}, description="Rules of your own, or changes to built-in ones")
    tests: list[Any] = Field(default=[], description="Tests of rules, run by `rapport test`")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


CATALOGUE_SECTIONS = ("bands", "metrics", "scorecards", "segments", "quadrant", "rules", "tests")
