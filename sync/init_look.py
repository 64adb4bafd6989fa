"""Asks an org and a site what they consist of, for a first config. Reads only; a refusal is told and ends nothing.

What ends it: a sign-in that is refused, a side that does not answer, a day's calls that are spent.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors import jql, salesforce_look
from connectors.errors import ConnectorError, QuotaSpent, RequestRefused, SignInRefused, Unreachable
from connectors.salesforce_schema import fields_of
from sync import init_words
from sync.init_draft import shown
from sync.init_fields import account_fields_to_sample, fields_to_sample
from sync.init_seen import OrgSeen, Sample, SiteSeen, TaskPriority, TaskStatus, Unasked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connectors.jira import Jira
    from connectors.salesforce import Salesforce

    Connect = Callable[[str], Salesforce]

LONGEST_REASON = 160
ROWS = 2000  # as many as come in one answer
MOST_FIELDS = 60  # of one sample
MOST_OBJECTS = 6  # of an org's own that may hold plans, and as many that may hold surveys
MOST_PROJECTS = 40  # whose issues are counted, one call each
LOOK_BACK = timedelta(days=730)
STANDARD = ("Account", "Contact", "Opportunity", "Contract", "Asset", "Task", "Event", "AccountTeamMember",
            "AccountPlan", "AccountPlanObjective", "SurveyResponse", "Rapport_Score__c")  # fmt: skip
_ENDS_ALL = (SignInRefused, QuotaSpent, Unreachable)
_OLD_SANDBOX_MAIL = re.compile(r".+=.+@example\.com\Z")


class _Asking:
    def __init__(self, unasked: list[Unasked]) -> None:
        self._unasked = unasked

    @contextmanager
    def about(self, what: str) -> Iterator[None]:
        try:
            yield
        except _ENDS_ALL:
            raise
        except (ConnectorError, ValueError) as error:
            why = error.message if isinstance(error, ConnectorError) else str(error)
            self._unasked.append(Unasked(what, shown(why, LONGEST_REASON)))


# -- Salesforce --------------------------------------------------------------------------------------------------------


def org(connect: Connect, version: str) -> tuple[Salesforce, OrgSeen]:
    """`connect` opens the org in a version of its API; where it does not offer this one, its newest is taken."""
    salesforce = connect(version)
    try:
        organization = salesforce.sign_in()
    except RequestRefused as refused:
        if refused.code != "UNSUPPORTED_API_VERSION":
            raise
        offered = salesforce.api_versions()
        if not offered:
            raise
        salesforce.close()
        salesforce = connect(offered[-1])
        organization = salesforce.sign_in()
    seen = OrgSeen(organization, salesforce.version, salesforce.api_versions()[-1])
    asking = _Asking(seen.unasked)
    with asking.about("the objects of the org"):
        seen.labels = {each.name: each.label for each in salesforce_look.objects(salesforce)}
    for name in _worth_describing(seen.labels):
        with asking.about(f"the fields of {name}"):
            _describe(salesforce, seen, name)
    if "Account" not in seen.fields and not any("Account" in each.what for each in seen.unasked):
        seen.unasked.append(Unasked("the fields of Account", "Account is hidden from this user."))
    with asking.about("the org's time zone"):
        rows = salesforce_look.first(salesforce, "Organization", ["TimeZoneSidKey"], limit=1)
        zone = rows[0].get("TimeZoneSidKey") if rows else None
        seen.time_zone = zone if isinstance(zone, str) else None
    _tasks(salesforce, seen, asking)
    _users(salesforce, seen, asking)
    _accounts(salesforce, seen, asking)
    _surveys(salesforce, seen, asking)
    return salesforce, seen


def _worth_describing(labels: object) -> list[str]:
    if not isinstance(labels, dict):
        return list(STANDARD)
    names = [name for name in STANDARD if name in labels]
    for words in (init_words.PLAN_OBJECT, init_words.OBJECTIVE_OBJECT, init_words.SURVEY_OBJECT):
        own = [
            name
            for name, label in labels.items()
            if name.endswith("__c")
            and not name.startswith("Rapport_")
            and (words.knows(label) or words.knows(init_words.words_of_name(name)))
        ]
        names += own[:MOST_OBJECTS]
    return list(dict.fromkeys(names))


def _describe(salesforce: Salesforce, seen: OrgSeen, name: str) -> None:
    described = salesforce.describe_whole(name)
    if described is None:
        return
    seen.fields[name] = fields_of(described, name)
    if name == "Task":
        seen.task_record_types = salesforce_look.record_types(described)


def _tasks(salesforce: Salesforce, seen: OrgSeen, asking: _Asking) -> None:
    listed = seen.labels
    if listed is None or "TaskStatus" in listed:
        _task_statuses(salesforce, seen, asking)
    if listed is None or "TaskPriority" in listed:
        _task_priorities(salesforce, seen, asking)


def _task_statuses(salesforce: Salesforce, seen: OrgSeen, asking: _Asking) -> None:
    with asking.about("which statuses close a task"):
        rows = salesforce_look.first(
            salesforce, "TaskStatus", ["ApiName", "MasterLabel", "IsClosed", "IsDefault", "SortOrder"], limit=ROWS
        )  # fmt: skip
        seen.task_statuses = [
            TaskStatus(value, row.get("IsClosed") is True, row.get("IsDefault") is True)
            for row in sorted(rows, key=_by_order)
            if (value := _text(row.get("ApiName") or row.get("MasterLabel")))
        ]


def _task_priorities(salesforce: Salesforce, seen: OrgSeen, asking: _Asking) -> None:
    with asking.about("which priorities of tasks are high"):
        rows = salesforce_look.first(
            salesforce, "TaskPriority", ["ApiName", "MasterLabel", "IsHighPriority", "IsDefault", "SortOrder"], limit=ROWS
        )  # fmt: skip
        seen.task_priorities = [
            TaskPriority(value, row.get("IsHighPriority") is True, row.get("IsDefault") is True)
            for row in sorted(rows, key=_by_order)
            if (value := _text(row.get("ApiName") or row.get("MasterLabel")))
        ]


def _by_order(row: dict[str, object]) -> tuple[float, str]:
    place = row.get("SortOrder")
    return (place if isinstance(place, int | float) else 1e9, str(row.get("Id")))


def _users(salesforce: Salesforce, seen: OrgSeen, asking: _Asking) -> None:
    with asking.about("the mail domains of the org's users"):
        rows = salesforce_look.first(
            salesforce,
            "User",
            ["Email"],
            where="IsActive = true AND UserType = 'Standard'",
            limit=ROWS,
        )
        domains: Counter[str] = Counter()
        for row in rows:
            mail = str(row.get("Email") or "").strip().casefold()
            if "@" in mail and not _OLD_SANDBOX_MAIL.fullmatch(mail):
                # a sandbox puts this behind the address of everybody who was copied into it
                domains[mail.rpartition("@")[2].removesuffix(".invalid")] += 1
        seen.users, seen.mail_domains = len(rows), dict(domains.most_common())
    if "AccountTeamMember" in seen.fields:
        with asking.about("the roles in account teams"):
            rows = salesforce_look.first(salesforce, "AccountTeamMember", ["TeamMemberRole"], limit=ROWS)
            roles = Counter(role for row in rows if (role := _text(row.get("TeamMemberRole"))))
            seen.team_roles = dict(roles.most_common())


def _accounts(salesforce: Salesforce, seen: OrgSeen, asking: _Asking) -> None:
    fields = seen.fields.get("Account")
    if fields is None:
        return
    with asking.about("the accounts"):
        seen.accounts = _sample(salesforce, "Account", account_fields_to_sample(fields))
    since = (salesforce.server_time() or datetime.now(UTC)) - LOOK_BACK
    kinds = {
        "with a won deal": ("Opportunity", f"IsWon = true AND CloseDate >= {since.date().isoformat()}"),
        "with a contract": ("Contract", None),
        "with an asset": ("Asset", None),
    }
    for what, (name, where) in kinds.items():
        if "AccountId" not in seen.fields.get(name, {}):
            continue
        with asking.about(f"accounts {what}"):
            condition = "AccountId != null" if where is None else f"AccountId != null AND {where}"
            rows = salesforce_look.first(salesforce, name, ["AccountId"], where=condition, limit=ROWS)
            seen.customers[what] = frozenset(str(row.get("AccountId")) for row in rows)
            seen.customers_estimated |= len(rows) >= ROWS
    typed = [
        str(row.get("Id"))
        for row in seen.accounts.rows
        if str(row.get("Type") or "").casefold().startswith("customer")
    ]
    seen.customers["of a type Customer…"] = frozenset(typed)
    seen.customers_estimated |= not seen.accounts.whole


def _surveys(salesforce: Salesforce, seen: OrgSeen, asking: _Asking) -> None:
    for name, fields in seen.fields.items():
        label = (seen.labels or {}).get(name, name)
        knows = init_words.SURVEY_OBJECT.knows
        if name.endswith("__c") and (knows(label) or knows(init_words.words_of_name(name))):
            numbers = [each.name for each in fields.values() if each.type in {"double", "int"}]
            with asking.about(f"the answers in {name}"):
                seen.samples[name] = _sample(salesforce, name, numbers)
    for name in ("Contact", "Opportunity", "Contract"):
        names = fields_to_sample(name, seen.fields.get(name, {}))
        if names:
            with asking.about(f"what is filled in on {name}"):
                seen.samples[name] = _sample(salesforce, name, names)


def _sample(salesforce: Salesforce, name: str, fields: Sequence[str]) -> Sample:
    wanted = ["Id", *(each for each in fields if each != "Id")][:MOST_FIELDS]
    rows = salesforce_look.first(salesforce, name, wanted, limit=ROWS)
    total = len(rows) if len(rows) < ROWS else salesforce.count(name, include_deleted=False)
    return Sample(rows, total)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


# -- Jira --------------------------------------------------------------------------------------------------------------


def site(jira: Jira) -> SiteSeen:
    who = jira.sign_in()
    seen = SiteSeen(who, jira.settings.deployment)
    asking = _Asking(seen.unasked)
    with asking.about("the fields of the site"):
        seen.fields = jira.fields()
    with asking.about("the statuses of the site"):
        seen.statuses = jira.statuses()
    with asking.about("the priorities of the site"):
        seen.priorities = jira.priorities()
    with asking.about("the issue types of the site"):
        seen.issue_types = jira.issue_types()
    with asking.about("the labels of the site"):
        seen.labels = jira.labels()
    with asking.about("the projects of the site"):
        seen.projects = jira.projects()
    keys = [each.key for each in (seen.projects or ())[:MOST_PROJECTS]]
    with asking.about("how many issues there are"):
        seen.issues = jira.count()
        seen.counts = {key: jira.count_where(jql.equals("project", key)) for key in keys}
    named = [
        each
        for each in seen.fields
        if each.id.startswith("customfield_")
        and (init_words.ACCOUNT_FIELD.knows(each.name) or init_words.ACCOUNT_FIELD_LIKELY.knows(each.name))
    ]
    with asking.about("how many issues name an account"):
        seen.filled = {
            each.id: jira.count_where(f"cf[{each.id.removeprefix('customfield_')}] is not EMPTY")
            for each in named[:MOST_OBJECTS]
        }
    return seen
