"""What of a Jira site goes into a config: its own words for what Rapport's lists mean, its projects, its fields."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connectors import jql
from connectors.jira_site import ORGANIZATIONS
from sync import init_words
from sync.config_models import JiraSection
from sync.config_types import normal_name
from sync.init_draft import can_stand, many, quoted, shown, usable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.jira_site import JiraField
    from sync.init_draft import Draft
    from sync.init_seen import SiteSeen
    from sync.init_words import Words

_TEXTS = frozenset({"string", "option", "array", "any", "number", "option-with-child", "option2"})
_MOST_LISTED = 25
_MOST_LEFT = 6
_ABOUT: Mapping[str, str] = {
    "p1_priorities": "priorities that count as P1",
    "incident_types": "issue types that are incidents",
    "request_types": "that ask for something new",
    "change_types": "that change or repair what was released",
    "waiting_statuses": "in which the customer has to act",
    "paused_statuses": "in which nobody has to act",
    "escalation_labels": "of issues that were escalated; without any, none was",
    "out_of_scope_labels": "work that the contract does not cover",
    "scope_decision_labels": "what became of it",
}
_LOSS: Mapping[str, str] = {
    "p1_priorities": "how many P1 are open is unknown",
    "incident_types": "incidents are unknown",
    "request_types": "new requests are unknown",
    "change_types": "changes after a release are unknown",
    "waiting_statuses": "time that the customer takes counts as yours",
}


def propose(seen: SiteSeen, draft: Draft) -> None:
    _scope(seen, draft)
    _lists(seen, draft)
    _visible(seen, draft)
    _fields(seen, draft)
    draft.found.append(
        f"Jira: {many(len(seen.projects or ()), 'project')}, {many(len(seen.statuses or ()), 'status')}, "
        f"{many(len(seen.priorities or ()), 'priority')}, {many(len(seen.issue_types or ()), 'issue type')}"
        + (f", about {many(seen.issues, 'issue')}." if seen.issues is not None else ".")
    )
    if seen.projects is not None and not seen.projects:
        draft.lack(
            "projects of Jira",
            "no issue is read",
            "give this user Browse projects in the projects that are to be read.",
        )


def _scope(seen: SiteSeen, draft: Draft) -> None:
    if draft.has("jira", "jql"):
        return
    projects = sorted(seen.projects or (), key=lambda each: (-(seen.counts.get(each.key) or 0), each.key))
    draft.remark(
        "jira",
        "Which issues are read; without a jql, all that the user sees. The projects, most issues first:",
    )
    for each in projects[:_MOST_LISTED]:
        count = seen.counts.get(each.key)
        about = "" if count is None else f", about {many(count, 'issue')}"
        kind = ", service project" if each.type_key == "service_desk" else ""
        draft.remark("jira", f'  {shown(each.key)}  "{shown(each.name)}"{kind}{about}')
    if len(projects) > _MOST_LISTED:
        draft.remark("jira", f"  and {len(projects) - _MOST_LISTED:,} more")
    keys = [each.key for each in projects if seen.counts.get(each.key) != 0 and can_stand(each.key)][
        :_MOST_LISTED
    ]
    draft.say("jira", "jql", jql.in_("project", keys) if keys else "project in (ACME, BETA)", on=False)


def _lists(seen: SiteSeen, draft: Draft) -> None:
    statuses = None if seen.statuses is None else [each.name for each in seen.statuses]
    sources = (
        ("p1_priorities", seen.priorities),
        ("incident_types", seen.issue_types),
        ("request_types", seen.issue_types),
        ("change_types", seen.issue_types),
        ("waiting_statuses", statuses),
        ("paused_statuses", statuses),
        ("escalation_labels", seen.labels),
        ("out_of_scope_labels", seen.labels),
        ("scope_decision_labels", seen.labels),
    )
    draft.remark(
        "jira",
        "The lists compare without regard to upper and lower case. One that fits no value of the site makes its",
    )
    draft.remark(
        "jira", "metrics unknown. These are the site's own words, as far as they could be recognised."
    )
    done = [each.name for each in seen.statuses or () if each.category == "done"]
    for key, values in sources:
        taken = [*done, *_said(draft, "waiting_statuses")] if key == "paused_statuses" else []
        _list(key, values, taken, draft)
        if key == "paused_statuses":
            _done(seen, draft)


def _list(key: str, values: Sequence[str] | None, taken: Sequence[str], draft: Draft) -> None:
    about = _ABOUT[key]
    usual = list(JiraSection.model_fields[key].default)
    if values is None:
        draft.say("jira", key, usual, f"{about}; the site's own could not be asked", on=False)
        return
    ours = {normal_name(value) for value in usual}
    words = init_words.JIRA_LISTS[key]
    own = [
        value for value in usable(values) if normal_name(value) not in {normal_name(each) for each in taken}
    ]
    fits = [value for value in own if normal_name(value) in ours or words.knows(value)]
    rest = [value for value in own if value not in fits]
    if key.endswith("_labels"):
        # Labels come to be with the first issue that bears them, so none of the usual ones is left out.
        more = [value for value in fits if normal_name(value) not in ours]
        draft.say("jira", key, [*usual, *more], about)
        return
    if fits:
        draft.say("jira", key, fits, f"{about}; not taken: {quoted(rest, _MOST_LEFT)}" if rest else about)
        return
    draft.say(
        "jira", key, own[:_MOST_LISTED], f"{about}: none reads like it; keep those that are meant", on=False
    )
    broken = len(values) - len(usable(values))
    if key in _LOSS:
        draft.lack(
            f"[jira] {key}",
            f"none of the site's own reads like it, so {_LOSS[key]}"
            + (f" ({many(broken, 'value')} cannot stand in a config as they are)" if broken else ""),
            f"take the # away from {key} and keep those that are meant: {quoted(own, 8) or 'the site has none'}.",
        )


def _said(draft: Draft, key: str) -> list[str]:
    for line in draft.lines["jira"]:
        if line.key == key and line.on and isinstance(line.value, list):
            return line.value
    return []


def _done(seen: SiteSeen, draft: Draft) -> None:
    odd = [
        each.name
        for each in seen.statuses or ()
        if each.category != "done" and init_words.DONE.knows(each.name)
    ]
    odd = usable(odd)
    about = "done, whatever the category of the status says"
    if odd:
        draft.say(
            "jira",
            "done_statuses",
            odd,
            f"{about}: they read like it, and Jira does not count them as done",
            on=False,
        )
    else:
        draft.say("jira", "done_statuses", [], about)


def _visible(seen: SiteSeen, draft: Draft) -> None:
    keys = [
        each.key for each in seen.projects or () if each.type_key != "service_desk" and can_stand(each.key)
    ]
    service = sum(each.type_key == "service_desk" for each in seen.projects or ())
    about = "in which the customer reads along"
    if service:
        about += f", beside the {many(service, 'service project')}"
    draft.say("jira", "customer_visible_projects", keys[:_MOST_LISTED], about, on=False)
    draft.say("jira", "quote_projects", keys[:1], "whose issue titles may be quoted in the CRM", on=False)
    if service:
        draft.found.append(f"Jira: {many(service, 'service project')}, in which customers read along.")


def _fields(seen: SiteSeen, draft: Draft) -> None:
    section = "jira.fields"
    _field(seen, draft, section, "case", init_words.CASE_FIELD, likely=init_words.CASE_FIELD_LIKELY)
    _field(seen, draft, section, "scope", init_words.SCOPE_FIELD)
    _field(seen, draft, section, "satisfaction", init_words.SATISFACTION_FIELD)
    if draft.has(section, "satisfaction"):
        dates = frozenset({"date", "datetime"})
        _field(seen, draft, section, "satisfaction_date", init_words.SATISFACTION_DATE_FIELD, types=dates)
    _field(
        seen,
        draft,
        "identity",
        "account_field",
        init_words.ACCOUNT_FIELD,
        likely=init_words.ACCOUNT_FIELD_LIKELY,
    )
    if any(each.custom == ORGANIZATIONS for each in seen.fields):
        draft.remark(
            "identity", "Organizations of service projects that are named like an account need no entry in"
        )
        draft.remark("identity", "[identity.organizations].")
        draft.found.append("Service projects name the customer as an organization.")
    if not seen.fields:
        return
    if not draft.has("identity", "account_field"):
        draft.lack(
            "a Jira field that names the account",
            "issues find their account by organization, project, component, label and reporter alone",
            "name it as account_field in [identity], if the site has one.",
        )


_TARGETS = {
    "case": "names the Salesforce Case of an issue: both then count as one",
    "scope": "says whether work is out of scope, beside the labels",
    "satisfaction": "stands in place of the rating of service projects",
    "satisfaction_date": "says when that was rated",
    "account_field": "Jira field that names the account",
}


def _field(
    seen: SiteSeen,
    draft: Draft,
    section: str,
    key: str,
    sure: Words,
    *,
    likely: Words | None = None,
    types: frozenset[str] = _TEXTS,
) -> None:
    own = [
        each for each in seen.fields if each.id.startswith("customfield_") and (each.type or "any") in types
    ]
    exact = [each for each in own if sure.knows(each.name)]
    maybe = [each for each in own if likely is not None and likely.knows(each.name)]
    if len(exact) == 1:
        (one,) = exact
        draft.say(section, key, _reference(one, seen.fields), f"{_TARGETS[key]}{_filled(one, seen)}")
        draft.found.append(
            f'The Jira field "{shown(one.name)}" {_TARGETS[key].removeprefix("Jira field that ")}.'
        )
    else:
        for each in exact:
            draft.say(
                section,
                key,
                each.id,
                f'"{shown(each.name)}" is one of several of that name{_filled(each, seen)}',
                on=False,
            )
    for each in maybe[:4]:
        remark = f'"{shown(each.name)}", {shown(each.type or "any type")}, may be it{_filled(each, seen)}'
        draft.say(section, key, _reference(each, seen.fields), remark, on=False)


def _reference(one: JiraField, fields: Sequence[JiraField]) -> str:
    """By name where that names it and no other; else by id, which says nothing to people but is sure."""
    named = Counter(" ".join(each.name.split()).casefold() for each in fields)
    plain = one.name.isprintable() and one.name == one.name.strip() and can_stand(one.name)
    alone = named[" ".join(one.name.split()).casefold()] == 1 and one.name not in {each.id for each in fields}
    return one.name if plain and alone and shown(one.name) == one.name else one.id


def _filled(one: JiraField, seen: SiteSeen) -> str:
    count = seen.filled.get(one.id)
    return "" if count is None else f"; about {many(count, 'issue')} have it"
