"""Where account plans and answers to surveys stand in an org, and what its tasks look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync import init_words
from sync.init_draft import many, quoted, shown, usable
from sync.init_fields import NUMBERS
from sync.init_words import Words, folded, words_of_name
from sync.written_fields import TASK_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync.init_draft import Draft
    from sync.init_seen import Fields, OrgSeen

_RATED = (1.0, 5.0)
_DATES = frozenset({"date"})
_STANDARD = ("AccountPlan", "SurveyResponse", "AccountPlanObjective")
# Fields of a task that Rapport sets itself, beside those that belong to the platform.
_SET = frozenset(name.casefold() for name in TASK_FIELDS)


def propose_plans(seen: OrgSeen, draft: Draft) -> None:
    section = "salesforce.plans"
    found = [name for name in _own(seen, init_words.PLAN_OBJECT) if _to(seen.fields[name], "Account")]
    if "AccountPlan" in seen.fields:
        draft.say(section, "object", "AccountPlan", "one record for each plan")
        draft.say(section, "objectives", "AccountPlanObjective", "the objectives of a plan")
        draft.found.append("Account plans stand in the standard object AccountPlan.")
        for name in found:
            draft.say(section, "object", name, f"{_label(seen, name)} looks like plans, too", on=False)
        return
    if not found:
        draft.remark(section, "No object looks like account plans; name yours, if there is one.")
        draft.say(section, "object", "AccountPlan", on=False)
        draft.lack(
            "account plans",
            "plans, their objectives and reviews are unknown",
            "name the object in [salesforce.plans], or let this user read it; without plans there is nothing to do.",
        )
        return
    if len(found) > 1:
        for name in found:
            draft.say(
                section,
                "object",
                name,
                f"{_label(seen, name)}: one of several that look like plans",
                on=False,
            )
        draft.lack(
            "one object of account plans",
            f"several look like it ({quoted(found)}), so none is read",
            "take the # away from the one that is meant.",
        )
        return
    (name,) = found
    fields = seen.fields[name]
    names = {"AccountId": _to(fields, "Account"), **_dated(fields)}
    draft.say(section, "object", name, f"{_label(seen, name)}: it leads to Account and looks like plans")
    for ours, theirs in names.items():
        if theirs is not None and theirs != ours:
            draft.say(f"{section}.fields", ours, theirs)
    draft.found.append(f"Account plans stand in {shown(name)}.")
    _objectives(seen, name, draft)


def _objectives(seen: OrgSeen, plan: str, draft: Draft) -> None:
    section = "salesforce.plans"
    found = [
        name
        for name in _own(seen, init_words.OBJECTIVE_OBJECT)
        if name != plan and _to(seen.fields[name], plan)
    ]
    if len(found) != 1:
        for name in found:
            draft.say(section, "objectives", name, f"{_label(seen, name)} leads to the plan", on=False)
        return
    (name,) = found
    fields = seen.fields[name]
    draft.say(section, "objectives", name, f"{_label(seen, name)}: it leads to the plan")
    names = {"PlanId": _to(fields, plan), "OpportunityId": _to(fields, "Opportunity"), **_dated(fields)}
    for ours in ("PlanId", "OpportunityId", "Status", "EndDate"):
        theirs = names.get(ours)
        if theirs is not None and theirs != ours:
            draft.say(f"{section}.objective_fields", ours, theirs)


def _dated(fields: Fields) -> dict[str, str | None]:
    kinds: Mapping[str, frozenset[str]] = {"Status": frozenset({"picklist", "string"})}
    return {
        ours: _known(fields, words, kinds.get(ours, _DATES))
        for ours, words in init_words.PLAN_FIELD_WORDS.items()
    }


def propose_surveys(seen: OrgSeen, draft: Draft) -> None:
    section = "salesforce.surveys"
    sure: list[tuple[str, str]] = []
    unsure: list[tuple[str, str]] = []
    for name in _own(seen, init_words.SURVEY_OBJECT):
        fields = seen.fields[name]
        if not any(_to(fields, parent) for parent in ("Account", "Contact", "Case")):
            continue
        rating = _known(fields, init_words.RATING_FIELD, frozenset({"double", "int"}))
        sample = seen.samples.get(name)
        numbers = sample.numbers(rating) if rating is not None and sample is not None else []
        if rating is None:
            unsure.append((name, "no field of it looks like a rating"))
        elif not numbers:
            unsure.append((name, "no answer is there that shows how it rates"))
        elif min(numbers) < _RATED[0] or max(numbers) > _RATED[1]:
            unsure.append((name, f"it rates from {min(numbers):g} to {max(numbers):g}, and 1 to 5 is meant"))
        else:
            sure.append((name, rating))
    if len(sure) == 1:
        name, rating = sure[0]
        fields = seen.fields[name]
        count = len(seen.samples[name].rows)
        draft.say(section, "object", name, f"{_label(seen, name)}: answers with a rating from 1 to 5")
        names = {
            "AccountId": _to(fields, "Account"),
            "ContactId": _to(fields, "Contact"),
            "CaseId": _to(fields, "Case"),
            "Rating": rating,
            "CompletedAt": _known(fields, init_words.COMPLETED_FIELD, frozenset({"datetime"})),
        }
        for ours, theirs in names.items():
            if theirs is not None and theirs != ours:
                draft.say(f"{section}.fields", ours, theirs)
        draft.found.append(f"Answers to surveys stand in {shown(name)} ({many(count, 'answer')} looked at).")
        return
    draft.remark(section, "Which object has one record for each answer; without a Rating none counts.")
    if "SurveyResponse" in seen.fields:
        draft.say(section, "object", "SurveyResponse", "has no rating of its own", on=False)
    for name, why in [*unsure, *((name, "several look alike") for name, _ in sure)]:
        draft.say(section, "object", name, f"{_label(seen, name)}: {why}", on=False)
    draft.lack(
        "answers to surveys of satisfaction",
        "satisfaction is known only from Jira, or from a field of the account",
        "name object and Rating in [salesforce.surveys]; without surveys there is nothing to do.",
    )


def _own(seen: OrgSeen, words: Words) -> list[str]:
    """Objects of the org's own that were described and look like it by name or label."""
    return [
        name
        for name in seen.fields
        if name not in _STANDARD
        and name.endswith("__c")
        and (words.knows(words_of_name(name)) or words.knows((seen.labels or {}).get(name, "")))
    ]


def _to(fields: Fields, parent: str) -> str | None:
    """The one field that leads to an object; with several nobody can say which is meant."""
    found = [
        each.name for each in fields.values() if each.type == "reference" and each.reference_to == (parent,)
    ]
    return found[0] if len(found) == 1 else None


def _known(fields: Fields, words: Words, types: frozenset[str]) -> str | None:
    found = [
        each.name
        for each in fields.values()
        if each.type in types
        and (words.knows(each.label) or words.knows(words_of_name(each.name)))
        and each.name not in {"CreatedDate", "SystemModstamp", "LastModifiedDate"}
    ]
    return found[0] if len(found) == 1 else None


def _label(seen: OrgSeen, name: str) -> str:
    return f'"{shown((seen.labels or {}).get(name, name))}"'


# -- tasks -------------------------------------------------------------------------------------------------------------


def propose_task(seen: OrgSeen, draft: Draft) -> None:
    section = "salesforce.task"
    fields = seen.fields.get("Task")
    if fields is None:
        draft.remark(
            section, "Task is not there, or hidden from this user; these are Salesforce's own defaults."
        )
        draft.lack(
            "tasks",
            "no task can be written, and calls that are logged as tasks are unknown",
            "let this user read, create and edit tasks.",
        )
    fields = fields or {}
    _record_type(seen, draft)
    statuses = usable(fields["Status"].picklist) if "Status" in fields else []
    closing = {each.value: each.closed for each in seen.task_statuses or ()}
    _status(
        draft, "open_status", _open(seen, statuses, closing), statuses, "Not Started", "status of a new task"
    )
    closed = _closed(statuses, closing)
    _status(draft, "closed_status", closed, statuses, "Completed", "status of a task that settled itself")
    priorities = usable(fields["Priority"].picklist) if "Priority" in fields else []
    flags = {each.value: each for each in seen.task_priorities or ()}
    normal = _first(priorities, "Normal", init_words.TASK_NORMAL) or next(
        (name for name in priorities if name in flags and flags[name].default), None
    )
    high = _first(priorities, "High", init_words.TASK_HIGH) or next(
        (name for name in priorities if name in flags and flags[name].high), None
    )
    _status(draft, "priority", normal, priorities, "Normal", "priority of a new task")
    _status(draft, "high_priority", high, priorities, "High", "of tasks whose rule has high severity")
    types = usable(fields["Type"].picklist) if "Type" in fields else []
    draft.say(
        section,
        "type",
        types[0] if types else "Other",
        f"the org has {quoted(types)}" if types else "",
        on=False,
    )
    if statuses:
        draft.found.append(
            f"Tasks have {many(len(statuses), 'status')} and {many(len(priorities), 'priority')}."
        )
    _constants(fields, draft)


def _record_type(seen: OrgSeen, draft: Draft) -> None:
    names = [each.developer_name for each in seen.task_record_types]
    own = [name for name in names if folded(name).startswith("rapport")]
    if len(own) == 1:
        draft.say("salesforce.task", "record_type", own[0], "developer name of its record type")
    elif names:
        draft.say(
            "salesforce.task",
            "record_type",
            names[0],
            f"tasks have the record types {quoted(names)}",
            on=False,
        )


def _open(seen: OrgSeen, statuses: Sequence[str], closing: Mapping[str, bool]) -> str | None:
    still_open = [name for name in statuses if not closing.get(name, False)]
    default = next((each.value for each in seen.task_statuses or () if each.default), None)
    found = _first(still_open, "Not Started", init_words.TASK_OPEN)
    return found or (default if default in still_open and closing else None)


def _closed(statuses: Sequence[str], closing: Mapping[str, bool]) -> str | None:
    """One that closes by Salesforce's own word; only where that was not to be had, one that says so by its name."""
    if not closing:
        return _first(statuses, "Completed", init_words.TASK_CLOSED)
    closed = [name for name in statuses if closing.get(name)]
    return _first(closed, "Completed", init_words.TASK_CLOSED) or next(iter(closed), None)


def _first(values: Iterable[str], usual: str, words: Words) -> str | None:
    given = list(values)
    return usual if usual in given else next((value for value in given if words.knows(value)), None)


def _status(draft: Draft, key: str, found: str | None, values: Sequence[str], usual: str, about: str) -> None:
    section = "salesforce.task"
    if found is not None:
        draft.say(section, key, found, about)
        return
    if not values:
        draft.say(section, key, usual, f"{about}; the org's own could not be asked", on=False)
        return
    draft.say(section, key, values[0], f"{about}: which of {quoted(values)}?", on=False)
    draft.lack(
        f"[salesforce.task] {key}",
        f'none of the org\'s own ({quoted(values, 6)}) says that it is meant, so tasks are written with "{usual}"',
        f"take the # away from {key} and name the org's own.",
    )


def _constants(fields: Fields, draft: Draft) -> None:
    section = "salesforce.task.constants"
    required = [
        each
        for each in fields.values()
        if each.required and each.name.casefold() not in _SET and each.type != "boolean"
    ]
    for each in required:
        values = usable(each.picklist)
        if len(values) == 1:
            draft.say(
                section,
                each.name,
                values[0],
                f'"{shown(each.label)}" must be filled; the only value there is',
            )
            continue
        example: str | int = 0 if each.type in NUMBERS else values[0] if values else "…"
        remark = f'"{shown(each.label)}" must be filled'
        draft.say(section, each.name, example, f"{remark}: {quoted(values)}" if values else remark, on=False)
        draft.lack(
            f"a value for Task.{shown(each.name)}",
            "Salesforce refuses every new task without one",
            f"take the # away in [{section}] and say which.",
        )
