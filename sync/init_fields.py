"""Which fields of an org's own stand in for those that Rapport reads or writes, and how sure that is.

A field that people fill and Rapport only reads is taken over when its name or label says exactly what it is, its type
fits, no other field claims the same, and what stands in it does not speak against it. One that Rapport would write is
only proposed: somebody else's values may stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from sync import init_words, score_object
from sync.declared_fields import DECLARED_FIELDS
from sync.init_draft import many, shown
from sync.init_words import folded, words_of_name
from sync.written_fields import ACCOUNT_FIELDS, ACTIVITY_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.salesforce_schema import FieldInfo
    from sync.init_draft import Draft
    from sync.init_seen import Fields, OrgSeen, Sample

LIKELY = 87  # of 100; how alike two names are from which on a person should look
NUMBERS = frozenset({"double", "int", "currency", "percent"})
TEXTS = frozenset({"string", "textarea", "picklist", "multipicklist", "combobox"})
_STANDINGS = frozenset({"vendor", "preferred", "partner"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field of ours must be like: types, bounds of what stands in it, values of which some must be offered."""

    types: frozenset[str]
    names: tuple[str, ...]
    bounds: tuple[float, float] | None = None
    values: frozenset[str] = frozenset()


def _kind(types: frozenset[str] | str, *names: str, **more: object) -> Kind:
    given = frozenset({types}) if isinstance(types, str) else types
    return Kind(given, tuple(folded(name) for name in names), **more)  # type: ignore[arg-type]  # as written below


DECLARED: Mapping[str, Kind] = {
    "Rapport_Pulse__c": _kind(
        frozenset({"double", "int"}), "pulse", "am pulse", "account pulse", "relationship pulse", "csm pulse", bounds=(1, 5)
    ),
    "Rapport_Pulse_Date__c": _kind("date", "pulse date", "pulse of", "date of pulse", "last pulse date"),
    "Rapport_CSAT__c": _kind(
        frozenset({"double", "int"}),
        *("csat", "csat score", "csat rating", "customer satisfaction", "customer satisfaction score", "satisfaction"),
        *("satisfaction score", "kundenzufriedenheit", "zufriedenheit", "satisfaction client"),
        bounds=(1, 5),
    ),
    "Rapport_CSAT_Date__c": _kind(
        "date", "csat date", "date of csat", "last csat date", "satisfaction date", "satisfaction of", "csat datum"
    ),
    "Rapport_Standing__c": _kind(
        "picklist", "standing", "supplier standing", "our standing", "vendor standing", "supplier status", "status as supplier",
        values=_STANDINGS,
    ),
    "Rapport_Mission__c": _kind(
        frozenset({"string", "textarea"}), "mission", "customer mission", "mission statement", "account mission"
    ),
    "Rapport_Mission_Date__c": _kind("date", "mission date", "mission of", "date of mission"),
    "Rapport_Last_Review__c": _kind(
        "date",
        *("last review", "last review date", "last business review", "last account review", "last qbr", "last qbr date"),
        *("qbr date", "letztes review", "letzter review"),
    ),
    "Rapport_SLA_Review__c": _kind(
        "date", "sla review", "sla review date", "last sla review", "last sla review date", "letztes sla review"
    ),
    "Rapport_Target__c": _kind(
        frozenset({"double", "currency", "int"}),
        *("target", "annual target", "sales target", "revenue target", "target of the year", "account target"),
        *("yearly target", "jahresziel", "umsatzziel", "objectif annuel"),
    ),
    "Rapport_Role__c": _kind(
        frozenset({"picklist", "multipicklist"}), "role", "buying role", "contact role", "buyer role", "rolle", "buying center role",
        values=frozenset({"decision maker", "executive sponsor", "technical buyer", "champion"}),
    ),
    "Rapport_Reference_On__c": _kind(
        "date", "reference on", "reference date", "was our reference on", "last reference", "last reference date"
    ),
    "Rapport_Competitor__c": _kind(
        frozenset({"string", "picklist", "combobox"}),
        *("competitor", "main competitor", "main competitors", "main competitor s", "primary competitor", "wettbewerber"),
        *("hauptwettbewerber", "concurrent principal"),
    ),
    "Rapport_Inbound__c": _kind("boolean", "inbound", "is inbound", "inbound request", "they came to us", "inbound deal"),
    "Rapport_Objective__c": _kind(
        "reference", "objective", "plan objective", "account plan objective", "account objective"
    ),
    "Rapport_Budget_Hours__c": _kind(
        "double",
        *("budget hours", "hours included", "included hours", "contracted hours", "contract hours", "prepaid hours"),
        *("stundenkontingent", "inklusivstunden", "heures incluses"),
    ),
}  # fmt: skip
WRITTEN: Mapping[str, Kind] = {
    "Rapport_Overall__c": _kind(NUMBERS, "overall score", "account score", "relationship score"),
    "Rapport_Health__c": _kind(NUMBERS, "health", "health score", "account health", "customer health", "customer health score"),
    "Rapport_Band__c": _kind(frozenset({"picklist", "string"}), "band", "health band", "health status", "account health", "ampel"),
    "Rapport_Trend__c": _kind(NUMBERS, "trend", "health trend", "score trend"),
    "Rapport_Why__c": _kind("textarea", "why", "health reasons", "health reason", "health comment", "health details"),
    "Rapport_Next_Action__c": _kind(frozenset({"string", "textarea"}), "next action", "next best action"),
    "Rapport_Brief__c": _kind("textarea", "meeting brief", "brief", "account brief"),
    "Rapport_Key__c": _kind("string", "external id", "rapport key", "external key"),
    "Rapport_Answer__c": _kind(frozenset({"picklist", "string"}), "rapport answer", "task feedback"),
    "Rapport_Snooze_Until__c": _kind("date", "snooze until", "snoozed until", "remind again on"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    info: FieldInfo
    exact: bool


def fields_to_sample(name: str, fields: Fields) -> list[str]:
    """Those of an object that may stand in for one of ours: nothing else of its records is looked at."""
    missing = [each for each in DECLARED_FIELDS[name] if each not in fields]
    found = (each.info for ours in missing for each in candidates(ours, DECLARED[ours], fields))
    return list(dict.fromkeys(info.name for info in found if info.type != "textarea"))


def account_fields_to_sample(fields: Fields) -> list[str]:
    """Of accounts also what tells whom somebody looks after, and what an org may sort them by."""
    standard = ("Name", "Type", "Industry", "IsPersonAccount")
    own = fields_to_sample("Account", fields)
    own += [each.name for each in fields.values() if names_manager(each) or names_column(each)]
    return [name for name in dict.fromkeys((*standard, *own)) if name in fields]


def names_manager(info: FieldInfo) -> bool:
    """A look-up of a user that says by its name that this is who looks after the account."""
    if info.type != "reference" or "User" not in info.reference_to or not info.name.endswith("__c"):
        return False
    words = (init_words.MANAGER_FIELD, init_words.MANAGER_FIELD_LIKELY)
    return any(each.knows(text) for each in words for text in (info.label, words_of_name(info.name)))


def names_column(info: FieldInfo) -> bool:
    if info.type not in {"picklist", "string", "combobox"} or not info.name.endswith("__c"):
        return False
    return not info.name.startswith("Rapport_") and any(
        init_words.COLUMNS.knows(text) for text in (info.label, words_of_name(info.name))
    )


def candidates(ours: str, kind: Kind, fields: Fields) -> list[Candidate]:
    """An org's own fields of a fitting type whose name or label is like ours, the likest first."""
    names = (*kind.names, words_of_name(ours).removeprefix("rapport "))
    found: list[tuple[float, Candidate]] = []
    for info in fields.values():
        if not info.name.endswith("__c") or info.name.startswith("Rapport_") or info.type not in kind.types:
            continue
        if info.type == "reference" and not any(map(_is_objective, info.reference_to)):
            continue
        texts = {words_of_name(info.name), folded(info.label)} - {""}
        exact = any(text in names for text in texts)
        # of a name as long as a story nothing can be learned, and comparing it would take long
        likeness = max(
            (fuzz.token_sort_ratio(text, name) for text in texts if len(text) <= 80 for name in names), default=0
        )  # fmt: skip
        if exact or likeness >= LIKELY:
            found.append((likeness + 100 * exact, Candidate(info, exact)))
    return [each for _, each in sorted(found, key=lambda one: (-one[0], one[1].info.name))]


def _is_objective(parent: str) -> bool:
    """The one thing that a field of ours leads to."""
    return init_words.OBJECTIVE_OBJECT.knows(words_of_name(parent))


def propose(seen: OrgSeen, draft: Draft) -> None:
    """The lines of [salesforce.fields]."""
    _written(seen, draft)
    for name, names in DECLARED_FIELDS.items():
        fields = seen.fields.get(name)
        if fields is None:
            continue
        sample = seen.accounts if name == "Account" else seen.samples.get(name)
        taken: set[str] = set()
        for ours in names:
            if ours not in fields:
                _declared(ours, name, fields, sample, taken, draft)


def _written(seen: OrgSeen, draft: Draft) -> None:
    lacking: list[str] = []
    for name, names in (("Account", ACCOUNT_FIELDS), ("Task", ACTIVITY_FIELDS)):
        fields = seen.fields.get(name)
        if fields is None:
            continue
        missing = [each for each in names if each not in fields]
        lacking += [f"{name}.{each}" for each in missing]
        for ours in missing:
            if ours not in WRITTEN:
                continue
            for each in candidates(ours, WRITTEN[ours], fields)[:2]:
                remark = f"{_named(name, each.info)} is like it; Rapport would write there, so map it only if nobody else does"
                draft.say("salesforce.fields", ours, each.info.name, remark, on=False)
    if not lacking:
        if "Account" in seen.fields:
            draft.found.append("The org has every field that Rapport writes.")
        return
    advice = (
        "deploy the package that `rapport setup salesforce` writes out, or grant the fields to this user."
    )
    if score_object.KEY_FIELD in seen.fields.get(score_object.OBJECT, {}):
        remark = (
            f"the org has {score_object.OBJECT}: scores stand there, beside the account, instead of on it"
        )
        draft.say("salesforce", "write_to", "object", remark, on=False)
        advice = (
            'set write_to = "object" in [salesforce], because the org has the object for it; else ' + advice
        )
    told = ", ".join(lacking[:4]) + (f" and {len(lacking) - 4} more" if len(lacking) > 4 else "")
    draft.lack(
        f"{many(len(lacking), 'field')} that Rapport writes ({told})",
        "scores and tasks are worked out, and what has no field is not written"
        + ("; without Rapport_Key__c no task is" if "Task.Rapport_Key__c" in lacking else ""),
        advice,
    )


def _declared(
    ours: str, name: str, fields: Fields, sample: Sample | None, taken: set[str], draft: Draft
) -> None:
    kind = DECLARED[ours]
    found = [each for each in candidates(ours, kind, fields) if each.info.name not in taken]
    judged = [(each, against(each.info, kind, sample)) for each in found]
    sure = [each for each, why in judged if each.exact and not why]
    if len(sure) == 1:
        (one,) = sure
        taken.add(one.info.name)
        draft.say(
            "salesforce.fields", ours, one.info.name, f"{_named(name, one.info)}{_filled(one.info, sample)}"
        )
        draft.found.append(f"{name}.{shown(one.info.name)} stands in for {ours}.")
        judged = [(each, why) for each, why in judged if each is not one]
    for each, why in judged[:3]:
        doubt = why or (
            "another field says the same" if each.exact else "its name is like it; see whether it is meant"
        )
        remark = f"{_named(name, each.info)}{_filled(each.info, sample)}: {doubt}"
        draft.say("salesforce.fields", ours, each.info.name, remark, on=False)


def against(info: FieldInfo, kind: Kind, sample: Sample | None) -> str:
    """What speaks against a field that has the right name and type; empty where nothing does."""
    if kind.values:
        offered = {folded(value) for value in info.picklist}
        if len(offered & kind.values) < min(2, len(kind.values)):
            return f"it does not offer {', '.join(sorted(kind.values))}"
    if kind.bounds is not None:
        numbers = sample.numbers(info.name) if sample is not None else []
        low, high = kind.bounds
        if not numbers:
            return f"nothing stands in it that shows whether it goes from {low:g} to {high:g}"
        if min(numbers) < low or max(numbers) > high:
            return f"it goes from {min(numbers):g} to {max(numbers):g}, where {low:g} to {high:g} is meant"
    return ""


def _named(name: str, info: FieldInfo) -> str:
    return f'{name}, "{shown(info.label or info.name)}", {shown(info.type)}'


def _filled(info: FieldInfo, sample: Sample | None) -> str:
    if sample is None or not sample.rows or not any(info.name in row for row in sample.rows):
        return ""
    return f", filled on {sample.filled(info.name):,} of {len(sample.rows):,} looked at"
