"""Whose accounts, whose staff: what of org and site together goes into [identity], [accounts], [people], [time] and after."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz

from rules.sources import ACCOUNT_COLUMNS
from sync import init_words
from sync.config_models import FREE_MAIL_DOMAINS, IdentitySection, RolloutSection
from sync.config_types import is_domain
from sync.init_draft import can_stand, many, quoted, shown, usable
from sync.init_fields import names_column, names_manager
from sync.init_words import folded, words_of_name

if TYPE_CHECKING:
    from sync.init_draft import Draft
    from sync.init_seen import OrgSeen, SiteSeen

LEAST_SHARE = 0.1  # of the users, from which on a mail domain is the company's own
LEAST_FILLED = 0.5  # of the accounts, from which on a field says who looks after them
LEAST_ALIKE = 85  # of 100
_MOST = 6
_MOST_PROJECTS = 20
_PILOT = (3, 40)  # accounts of a pilot
# Words of a project's name that say nothing about the customer.
_PLAIN = frozenset(
    ["service", "services", "support", "project", "projects", "projekt", "team", "desk", "helpdesk", "it", "the", "and", "for", "der", "die", "das", "board", "site", "kunden", "customer", "customers", "client", "clients", "jira", "software", "development", "internal", "operations", "product", "portal", "gmbh", "ltd", "inc", "ag", "llc"]
)  # fmt: skip


def propose(org: OrgSeen, site: SiteSeen | None, draft: Draft) -> None:
    _domains(org, draft)
    _links(org, site, draft)
    _accounts(org, draft)
    _people(org, draft)
    _activities(org, draft)
    _time(org, site, draft)
    _rollout(org, draft)


def _domains(org: OrgSeen, draft: Draft) -> None:
    free = {domain.casefold() for domain in FREE_MAIL_DOMAINS}
    counts = {name: count for name, count in org.mail_domains.items() if name not in free and is_domain(name)}
    own = [name for name, count in counts.items() if count >= max(1, org.users * LEAST_SHARE)]
    rest = {name: count for name, count in counts.items() if name not in own}
    about = "mail domains of your own staff"
    if own:
        told = ", ".join(f"{name} {counts[name]:,}" for name in own[:_MOST])
        draft.say("identity", "internal_domains", own, f"{about}: of {many(org.users, 'user')} {told}")
        draft.found.append(f"Your own mail domains: {', '.join(own[:_MOST])}.")
        if rest:
            more = quoted((f"{name} {count}" for name, count in rest.items()), _MOST)
            draft.remark("identity", f"Domains of fewer users, left out: {more}")
        return
    draft.say("identity", "internal_domains", ["example.com"], about, on=False)
    draft.lack(
        "the mail domains of your own staff",
        "a colleague who is a contact, too, may count as the customer",
        "name them as internal_domains in [identity].",
    )


def _links(org: OrgSeen, site: SiteSeen | None, draft: Draft) -> None:
    if site is None:
        return
    methods = list(IdentitySection.model_fields["link_by"].default)
    draft.say("identity", "link_by", methods, "how an issue finds its account: the first that yields one")
    names = {str(row["Name"]): folded(str(row["Name"])) for row in org.accounts.rows if row.get("Name")}
    found = 0
    for each in (site.projects or ())[: 4 * _MOST_PROJECTS]:
        best = _alike(each.name, names)
        if best is None or found >= _MOST_PROJECTS or not can_stand(best) or not can_stand(each.key):
            continue
        found += 1
        draft.say("identity.projects", each.key, best.strip(), f'"{shown(each.name)}"', on=False)
    if found:
        draft.found.append(
            f"{many(found, 'project')} of Jira {'is' if found == 1 else 'are'} named like an account."
        )


def _alike(project: str, names: dict[str, str]) -> str | None:
    """The one account that a project's name speaks of; None where none does, or several do alike."""
    text = folded(project)
    words = [word for word in text.split() if word not in _PLAIN]
    if not words or len(text) > 200:
        return None
    scored: list[tuple[float, str]] = []
    for name, plain in names.items():
        if len(plain) > 200:
            continue
        core = " ".join(word for word in plain.split() if word not in _PLAIN)
        if core:
            scored.append((fuzz.token_set_ratio(" ".join(words), core), name))
    scored.sort(reverse=True)
    if not scored or scored[0][0] < LEAST_ALIKE or (len(scored) > 1 and scored[1][0] == scored[0][0]):
        return None
    return scored[0][1]


def _accounts(org: OrgSeen, draft: Draft) -> None:
    section = "accounts"
    customers = frozenset().union(*org.customers.values()) if org.customers else frozenset()
    total = org.accounts.total
    persons = sum(row.get("IsPersonAccount") is True for row in org.accounts.rows)
    about = "at least " if org.customers_estimated else "about "
    draft.say(
        section,
        "preset",
        "vendor",
        "vendor: you look after customers | internal-it: after your own departments",
    )
    if total is None and not org.accounts.rows:
        draft.remark(section, "How many accounts each would manage could not be asked.")
    else:
        told = ", ".join(f"{len(ids):,} {what}" for what, ids in org.customers.items())
        everybody = (total or len(org.accounts.rows)) - persons
        draft.remark(
            section,
            f"vendor would manage {about}{len(customers):,} accounts, internal-it about {everybody:,}: an estimate,",
        )
        draft.remark(section, f"without what issues of Jira add ({told}).")
        draft.found.append(
            f"Accounts: {'?' if total is None else f'{total:,}'}; managed by the vendor preset {about}{len(customers):,} (an estimate)."
        )
        if total == 0:
            draft.lack("accounts", "there is nothing to score", "share the accounts with this user.")
        elif not customers:
            draft.lack(
                "accounts that the vendor preset would manage",
                "none has a won deal, a contract, an asset or a type Customer…",
                'say whom you look after: managed in [accounts], or preset = "internal-it".',
            )
    types = Counter(str(row["Type"]) for row in org.accounts.rows if row.get("Type"))
    if types:
        draft.remark(
            section, f"Types: {quoted((f'{name} {count}' for name, count in types.most_common()), _MOST)}"
        )
    draft.say(
        section,
        "managed",
        "not person_account and type = 'Customer'",
        "who is scored and written, in place of the preset's",
        on=False,
    )
    _columns(org, draft)


def _columns(org: OrgSeen, draft: Draft) -> None:
    taken = set(ACCOUNT_COLUMNS)
    for info in org.fields.get("Account", {}).values():
        if not names_column(info):
            continue
        column = "_".join(words_of_name(info.name).split())
        if not column.isascii() or not column[:1].isalpha() or len(column) > 60 or column in taken:
            continue
        taken.add(column)
        values = usable(info.picklist)
        told = f": {quoted(values, _MOST)}" if values else ""
        filled = f", filled on {org.accounts.filled(info.name):,} of {len(org.accounts.rows):,} looked at"
        draft.say("accounts.columns", column, info.name, f'"{shown(info.label)}"{filled}{told}', on=False)


def _people(org: OrgSeen, draft: Draft) -> None:
    section, key = "people", "account_manager"
    looked_at = len(org.accounts.rows)
    fields = [each for each in org.fields.get("Account", {}).values() if names_manager(each)]
    exact = [
        each
        for each in fields
        if any(init_words.MANAGER_FIELD.knows(text) for text in (each.label, words_of_name(each.name)))
        and org.accounts.filled(each.name) >= max(1, looked_at * LEAST_FILLED)
    ]
    about = 'where the account manager stands, in order: "field:NAME", "team:ROLE", "owner"'
    if len(exact) == 1:
        (one,) = exact
        count = org.accounts.filled(one.name)
        draft.say(
            section, key, [f"field:{one.name}", "owner"], f"{about}; filled on {count:,} of {looked_at:,}"
        )
        draft.found.append(f"The account manager stands in Account.{shown(one.name)}, else it is the owner.")
    else:
        draft.say(section, key, ["owner"], about)
    for each in fields:
        if exact != [each]:
            remark = f'"{shown(each.label)}", filled on {org.accounts.filled(each.name):,} of {looked_at:,} looked at'
            draft.say(section, key, [f"field:{each.name}", "owner"], remark, on=False)
    roles = [role for role in org.team_roles if can_stand(role) and role.strip() == role]
    for role in [role for role in roles if init_words.MANAGER_FIELD.knows(role)][:3]:
        remark = f"{many(org.team_roles[role], 'team member')} {'has' if org.team_roles[role] == 1 else 'have'} this role"
        draft.say(section, key, [f"team:{role}", "owner"], remark, on=False)


def _activities(org: OrgSeen, draft: Draft) -> None:
    for name, key, words, about in (
        ("Task", "contact_task_types", init_words.CALLS, "task types that count as a call with the customer"),
        ("Event", "onsite_types", init_words.VISITS, "event types that are a visit to the customer"),
    ):
        info = org.fields.get(name, {}).get("Type")
        values = usable(info.picklist) if info is not None else []
        fits = [value for value in values if words.knows(value)]
        if fits:
            rest = [value for value in values if value not in fits]
            draft.say("activities", key, fits, f"{about}; not taken: {quoted(rest, 8)}" if rest else about)
        elif values:
            draft.say(
                "activities",
                key,
                values[:_MOST],
                f"{about}: none reads like it; keep those that are meant",
                on=False,
            )


def _time(org: OrgSeen, site: SiteSeen | None, draft: Draft) -> None:
    of_jira = site.who.time_zone if site is not None else None
    for zone, whose in ((org.time_zone, "the org's"), (of_jira, "that of the Jira user")):
        if zone and _is_zone(zone):
            draft.say("time", "zone", zone, f"of days and business hours: {whose}")
            break
    else:
        draft.say("time", "zone", "UTC", "of days and business hours, such as Europe/Berlin")
        draft.lack("the time zone", "days and business hours are those of UTC", "name it as zone in [time].")
    draft.say("time", "hours", ["09:00", "17:00"], "business hours, Monday to Friday")
    draft.say("time", "holidays", [], "days without business hours: [2026-12-25, 2027-01-01]")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _rollout(org: OrgSeen, draft: Draft) -> None:
    mode = RolloutSection.model_fields["mode"].default
    draft.say(
        "rollout", "mode", mode, "observe: plans, writes nothing | pilot: only where `where` holds | on"
    )
    industries = Counter(
        str(row["Industry"])
        for row in org.accounts.rows
        if row.get("Industry") and can_stand(str(row["Industry"]))
    )
    fewest, most = _PILOT
    fitting = [
        (name, count)
        for name, count in industries.most_common()
        if fewest <= count <= most and len(name) <= 60
    ]
    if fitting:
        name, count = fitting[-1]
        condition = f"industry = '{_in_condition(name)}'"
        draft.say(
            "rollout",
            "where",
            condition,
            f'a pilot of {many(count, "account")}, with mode = "pilot"',
            on=False,
        )
        return
    names = [str(row["Name"]) for row in org.accounts.rows if row.get("Name")]
    short = [name for name in names if can_stand(name) and len(name) <= 60][:3]
    told = ", ".join(f"'{_in_condition(name)}'" for name in short)
    condition = f"name in ({told})" if told else "industry = 'Banking'"
    draft.say("rollout", "where", condition, 'accounts of a pilot, with mode = "pilot"', on=False)


def _in_condition(text: str) -> str:
    return text.replace("'", "''")
