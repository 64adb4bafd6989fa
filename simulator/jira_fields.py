"""The fields every Jira site has, as `GET field` tells them, and the custom ones that only a record shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    Json = dict[str, Any]

# id, name, type (array of items after a colon), names in JQL, o = can be ordered by, n = navigable.
_TABLE = """
issuekey|Key||id issue issuekey key|n
project|Project|project|project|n
issuetype|Issue Type|issuetype|issuetype type|on
summary|Summary|string|summary|on
status|Status|status|status|n
statusCategory|Status Category|statusCategory|statusCategory|n
statuscategorychangedate|Status Category Changed|datetime|statusCategoryChangedDate|n
priority|Priority|priority|priority|on
resolution|Resolution|resolution|resolution|on
resolutiondate|Resolved|datetime|resolutiondate resolved|n
created|Created|datetime|created createdDate|n
updated|Updated|datetime|updated updatedDate|n
duedate|Due date|date|due duedate|on
assignee|Assignee|user|assignee|on
reporter|Reporter|user|reporter|on
creator|Creator|user|creator|n
labels|Labels|array:string|labels|on
components|Components|array:component|component|on
fixVersions|Fix versions|array:version|fixVersion|on
versions|Affects versions|array:version|affectedVersion|on
description|Description|string|description|on
environment|Environment|string|environment|on
security|Security Level|securitylevel|level|on
parent|Parent||parent|n
subtasks|Sub-tasks|array:issuelinks|subtasks|n
issuelinks|Linked Issues|array:issuelinks|issueLink|o
votes|Votes|votes|votes|n
watches|Watchers|watches|watchers|n
lastViewed|Last Viewed|datetime|lastViewed|n
workratio|Work Ratio|number|workratio|n
progress|Progress|progress|progress|n
aggregateprogress|Sum Progress|progress||n
timetracking|Time tracking|timetracking||o
timespent|Time Spent|number|timespent|n
timeestimate|Remaining Estimate|number|remainingEstimate timeestimate|n
timeoriginalestimate|Original estimate|number|originalEstimate timeoriginalestimate|n
aggregatetimespent|Sum Time Spent|number||n
aggregatetimeestimate|Sum Remaining Estimate|number||n
aggregatetimeoriginalestimate|Sum Original Estimate|number||n
attachment|Attachment|array:attachment|attachments|o
comment|Comment|comments-page|comment|o
worklog|Log Work|array:worklog||o
"""

CUSTOM_ID = re.compile(r"customfield_(\d+)")
_TYPES = "com.atlassian.jira.plugin.system.customfieldtypes:"


def system_fields() -> list[Json]:
    return [_system_field(*line.split("|")) for line in _TABLE.split("\n") if line]


def _system_field(field_id: str, name: str, type_: str, clauses: str, abilities: str) -> Json:
    kind, _, items = type_.partition(":")
    schema = {"type": kind, **({"items": items} if items else {}), "system": field_id}
    return {
        "id": field_id,
        "key": field_id,
        "name": name,
        "custom": False,
        "orderable": "o" in abilities,
        "navigable": "n" in abilities,
        "searchable": bool(clauses),
        "clauseNames": clauses.split(),
        **({"schema": schema} if kind else {}),
    }


def custom_field(field_id: str, values: Iterable[object]) -> Json:
    """A field nobody described, from the values that issues hold; all null says that it holds text."""
    number = int(field_id.removeprefix("customfield_"))
    schema = next((found for value in values if (found := _schema(value)) is not None), None)
    return {
        "id": field_id,
        "key": field_id,
        "name": field_id,
        "custom": True,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [f"cf[{number}]", field_id],
        "schema": {**(schema or _typed("string", "textfield")), "customId": number},
    }


def _schema(value: object) -> Json | None:
    if isinstance(value, bool):
        return {"type": "any", "custom": "unknown"}
    if isinstance(value, int | float):
        return _typed("number", "float")
    if isinstance(value, str):
        return _typed("string", "textfield")
    if isinstance(value, dict):
        person = "accountId" in value or "displayName" in value
        return _typed("user", "userpicker") if person else _typed("option", "select")
    if isinstance(value, list) and value:
        if isinstance(value[0], str):
            return {**_typed("array", "labels"), "items": "string"}
        return {**_typed("array", "multiselect"), "items": "option"}
    return None


def _typed(kind: str, custom: str) -> Json:
    return {"type": kind, "custom": _TYPES + custom}
