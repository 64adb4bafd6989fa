"""What the store says about its own gaps: unknown metrics and their causes, sources that lack, inputs nobody fills."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.findings import Finding, listed
from rules import segments, words
from rules.sources import COVERAGE
from sync import hierarchy, normalise
from sync.declared_fields import DECLARED_FIELDS
from sync.doctor_inputs import causes, missing_inputs
from sync.doctor_lists import lists, uncounted_tasks
from sync.doctor_mends import MENDS
from sync.errors import SyncError
from sync.link_coverage import coverage
from sync.lock import RunLock
from sync.measure import default_as_of, measure, server_now
from sync.mirror import FILE, Mirror, StoreEmpty
from sync.pull import sources_of
from sync.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync.config import Config

Json = dict[str, object]

LEAST_FILLED = 0.05  # under this share of managed accounts a declared field counts as absent (F34)
LEAST_SENDING = 0.2  # under this share of account managers e-mail is not seen whole (D18)
MUCH_UNLINKED = 0.2
SHOWN = 8
STATE = "state.sqlite"

# Managed accounts that have a value in a field of theirs, or of a record of theirs.
_FILLED = {
    "Account": "select r.Id as account_id, r.{field} as value from sf_account r where not r.IsDeleted",
    "Contact": "select p.account_id, r.{field} as value from sf_contact r "
    "join contact_person p on p.contact_id = r.Id where not r.IsDeleted",
    "Opportunity": "select s.survivor_id as account_id, r.{field} as value from sf_opportunity r "
    "join account_survivor s on s.account_id = r.AccountId where not r.IsDeleted",
    "Contract": "select s.survivor_id as account_id, r.{field} as value from sf_contract r "
    "join account_survivor s on s.account_id = r.AccountId where not r.IsDeleted",
}
# Account managers, and those of them whose sent mail the API has shown in 90 days (as models/coverage.sql counts them).
_MAIL = """
select count(distinct m.user_id), count(distinct s.user_id)
from account_manager m
join accounts a on a.account_id = m.account_id and a.managed
left join (
  select e.user_id
  from email_sender e
  join activity_rows r on r.id = e.email_id and r.object = 'EmailMessage' and r.direction = 'outbound'
  cross join clock c
  where r.at <= c.as_of and r.at > c.as_of - interval '90' day
) s on s.user_id = m.user_id
where m.user_id is not null
"""


@dataclass(slots=True)
class StoreLook:
    """`records` and `issues` are what the store holds: by object, by site."""

    pulled: bool = False
    findings: list[Finding] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)
    issues: dict[str, int] = field(default_factory=dict)
    data: Json = field(default_factory=dict)


def tied(config: Config, identity: Mapping[str, str | None]) -> list[Finding]:
    """An error where the store was filled from another org or site than those that answer now: no run would go on."""
    if not (config.store_folder / STATE).exists():
        return []
    try:
        with State.open(config.store_folder, read_only=True) as state:
            state.check(identity)
    except SyncError as error:
        return [Finding("store", "error", error.message, error.advice, code="mismatch")]
    return []


def look(config: Config, wait: float) -> StoreLook:
    """Never raises for what the store is like, and changes nothing in it."""
    found = StoreLook(data={"managed_accounts": None})
    folder = config.store_folder
    try:
        if not (folder / FILE).exists():
            raise StoreEmpty
        with (
            RunLock.acquire(folder, exclusive=False, wait=wait),
            Mirror.open(folder, read_only=True) as mirror,
        ):
            found.pulled = True
            _counts(config, mirror, found)
            _age(config, mirror, found)
            measure(config, mirror, None, default_as_of(mirror, server_now(config, mirror)))
            _look(config, mirror, found)
    except SyncError as error:
        empty = isinstance(error, StoreEmpty)
        message = f"{error.message} So metrics, links and coverage were not looked at."
        found.findings.append(
            Finding(
                "store",
                "note" if empty else "warning",
                message,
                error.advice,
                code="empty" if empty else "store",
            )
        )
    return found


def _look(config: Config, mirror: Mirror, found: StoreLook) -> None:
    connection = mirror.connection
    managed = int(str(mirror.one("select count(*) from accounts where managed")))
    found.data["managed_accounts"] = managed
    if not managed:
        message = "No account is managed, so nothing is scored and no task is asked for."
        advice = (
            "see what [accounts] preset and managed ask for, and that contracts, deals or issues were read."
        )
        found.findings.append(Finding("accounts", "warning", message, advice, code="unmanaged"))
    if config.accounts.group is not None:
        found.findings += hierarchy.findings(connection)
    found.findings += [
        Finding(f"segments.{each.segment}", "warning", each.message, each.advice, code="segments")
        for each in segments.told(connection, config.catalogue)
    ]
    uncovered = _coverage(mirror, found)
    _unknown_metrics(config, mirror, uncovered, managed, found)
    for name, (findings, rows) in {
        "uncounted_task_types": uncounted_tasks(config, connection),
        "unmatched_lists": lists(config, connection),
        "declared_inputs": _declared(config, mirror, managed),
    }.items():
        found.findings += findings
        found.data[name] = rows
    _mail(mirror, found)
    _links(mirror, found)
    _missing_inputs(config, mirror, uncovered, found)


# -- what was read -----------------------------------------------------------------------------------------------------


def _counts(config: Config, mirror: Mirror, found: StoreLook) -> None:
    noted = mirror.connection.execute(
        "select source, present, reason, missing_fields from mirror_source order by source"
    ).fetchall()
    present = {source for source, there, _, _ in noted if there}
    for source in sources_of(config):
        if source.only_with is None and source.table in present:
            count = mirror.one(f"select count(*) from {source.table} where not IsDeleted")
            found.records[source.name] = int(str(count))
    found.issues = dict(
        mirror.connection.execute(
            "select site, count(*) from jira_issue group by site order by site"
        ).fetchall()
    )
    found.data["sources"] = [
        {"source": source, "present": there, "reason": reason, "missing": json.loads(missing)}
        for source, there, reason, missing in noted
    ]


def _age(config: Config, mirror: Mirror, found: StoreLook) -> None:
    found.data["pulled_at"] = mirror.meta("pulled_at")
    if mirror.meta("incomplete"):
        message = "The last pull broke off, so some sources are older than others."
        found.findings.append(
            Finding("store", "warning", message, "run rapport pull again.", code="incomplete")
        )
    if not normalise.is_current(config, mirror):
        message = "[identity] or [people] has changed since links and account managers were derived."
        advice = "run any command that reads the store, such as rapport links; until then this rests on the old ones."
        found.findings.append(Finding("store", "note", message, advice, code="underived"))


# -- coverage and unknown metrics --------------------------------------------------------------------------------------


def _coverage(mirror: Mirror, found: StoreLook) -> dict[str, frozenset[str]]:
    """Tell each part of the data by the accounts for which it is known; returns what each managed account lacks."""
    columns = ", ".join(f"v.{name}" for name in COVERAGE)
    rows = mirror.connection.execute(
        f"select v.account_id, {columns} from coverage v "
        "join accounts a on a.account_id = v.account_id and a.managed order by v.account_id"
    ).fetchall()
    found.data["coverage"] = {
        name: {
            "known": sum(bool(row[place]) for row in rows),
            "unknown": sum(not row[place] for row in rows),
            "unknown_means": words.UNCOVERED.get(name, ""),
        }
        for place, name in enumerate(COVERAGE, start=1)
    }
    return {
        row[0]: frozenset(name for name, known in zip(COVERAGE, row[1:], strict=True) if not known)
        for row in rows
    }


def _unknown_metrics(
    config: Config, mirror: Mirror, uncovered: dict[str, frozenset[str]], managed: int, found: StoreLook
) -> None:
    """Metrics that no managed account has, by the cause they share."""
    catalogue = config.catalogue
    names = list(catalogue.metrics)
    counts = ", ".join(f'count(e."{name}")' for name in names)
    row = mirror.connection.execute(
        f"select {counts} from eval_metrics e join accounts a on a.account_id = e.account_id where a.managed"
    ).fetchall()[0]
    nowhere = frozenset.intersection(*uncovered.values()) if uncovered else frozenset[str]()
    unknown = [name for name, known in zip(names, row, strict=True) if not known] if managed else []
    by_cause: dict[tuple[str, ...], list[str]] = {}
    for name in unknown:
        by_cause.setdefault(tuple(_reasons(name, config, nowhere)), []).append(name)
    found.data["unknown_metrics"] = [
        {"metric": name, "label": catalogue.metrics[name].label, "causes": list(why)}
        for why, those in by_cause.items()
        for name in those
    ]
    scored = {measure.metric for card in catalogue.scorecards.values() for measure in card.measures}
    for why, those in by_cause.items():
        weighs = [name for name in those if name in scored]
        found.findings.append(
            Finding(
                "metrics",
                "warning" if weighs else "note",
                f"Unknown for every account: {listed(those, SHOWN)}, because {'; '.join(why)}.",
                _advice(those[0], config, nowhere),
                {"metrics": len(those), "in_scorecards": len(weighs)},
                "unknown_metrics",
            )
        )


def _reasons(metric: str, config: Config, uncovered: frozenset[str]) -> list[str]:
    found = sorted(causes(metric, config.catalogue, uncovered))
    if found == [f"metric:{metric}"]:
        return ["nothing is on record that it could be made of"]
    return [words.UNCOVERED.get(name, name) for name in found]


def _advice(metric: str, config: Config, uncovered: frozenset[str]) -> str:
    told = [MENDS[name] for name in sorted(causes(metric, config.catalogue, uncovered)) if name in MENDS]
    return f"{'; '.join(told) or 'have it recorded'}; or give what stays unknown no weight in a scorecard."


def _missing_inputs(
    config: Config, mirror: Mirror, uncovered: dict[str, frozenset[str]], found: StoreLook
) -> None:
    ranked = missing_inputs(mirror.connection, config.catalogue, uncovered)
    for card in ranked:
        for each in card["inputs"]:  # type: ignore[attr-defined]  # a list of rows, as its maker says
            each["why"] = _why(str(each["input"]), config)
    found.data["missing_inputs"] = ranked
    first = next((card for card in ranked if card["scorecard"] == "health" and card["inputs"]), None)
    if first is None:
        return
    best = first["inputs"][0]  # type: ignore[index]  # as above
    found.findings.append(
        Finding(
            "confidence",
            "warning",
            f"{first['unknown']} accounts have no health score; "
            f"{best['accounts']} of them would have one if this were known: {best['why']}.",
            "see the list of inputs by the accounts that they would move out of Unknown.",
            {"unknown": int(str(first["unknown"])), "moved": int(best["accounts"])},
            "missing_input",
        )
    )


def _why(name: str, config: Config) -> str:
    kind, _, metric = name.partition(":")
    if kind == "metric" and metric in config.catalogue.metrics:
        return f"{config.catalogue.metrics[metric].label} (nothing on record)"
    return words.UNCOVERED.get(name, name.replace("_", " "))


# -- what people enter, mails, links -----------------------------------------------------------------------------------


def _declared(config: Config, mirror: Mirror, managed: int) -> tuple[list[Finding], list[Json]]:
    """Fields that people may fill for Rapport, where the org has them."""
    missing: dict[str, set[str]] = {}
    for source, present, fields in mirror.connection.execute(
        "select source, present, missing_fields from mirror_source"
    ).fetchall():
        if present:
            missing[source] = set(json.loads(fields))
    tables = {source.name: source.table for source in sources_of(config) if source.only_with is None}
    rows: list[Json] = []
    for name, fields in DECLARED_FIELDS.items():
        table = tables.get(name, "")
        there = [each for each in fields if table in missing and each not in missing[table]]
        rows += [_filled(mirror, name, each, managed) for each in there]
    low = [row for row in rows if row["counts"] is False]
    findings = list(_seldom_filled(low, managed)) if managed else []
    return findings, rows


def _filled(mirror: Mirror, object_name: str, name: str, managed: int) -> Json:
    filled = int(
        str(
            mirror.one(
                f"select count(distinct f.account_id) from ({_FILLED[object_name].format(field=name)}) f "
                "join accounts a on a.account_id = f.account_id and a.managed "
                "where f.value is not null and cast(f.value as varchar) <> 'false'"
            )
        )
    )
    return {
        "object": object_name,
        "field": name,
        "accounts": filled,
        "share": filled / managed if managed else None,
        "counts": bool(managed) and filled >= LEAST_FILLED * managed,
    }


def _seldom_filled(rows: list[Json], managed: int) -> Iterator[Finding]:
    if rows:
        told = listed((f"{row['object']}.{row['field']} ({row['accounts']})" for row in rows), SHOWN)
        yield Finding(
            "declared inputs",
            "note",
            f"Filled on under 5 % of the {managed} managed accounts, so counted as absent: {told}.",
            "have them filled, or leave them out of the layouts.",
            {"fields": len(rows)},
            "seldom_filled",
        )


def _mail(mirror: Mirror, found: StoreLook) -> None:
    managers, sending = mirror.connection.execute(_MAIL).fetchall()[0]
    enough = sending > 0 and sending >= managers * LEAST_SENDING
    found.data["emails"] = {"account_managers": managers, "with_sent_mail": sending, "enough": enough}
    if enough or not managers:
        return
    found.findings.append(
        Finding(
            "e-mails",
            "warning",
            f"{sending} of {managers} account managers have a visible sent e-mail in 90 days, under a fifth: "
            "metrics of e-mail are unknown.",
            "log mails as EmailMessage (Einstein Activity Capture keeps them where the API does not see them), "
            "or leave e-mail out of the scorecards.",
            {"account_managers": managers, "with_sent_mail": sending},
            "emails",
        )
    )


def _links(mirror: Mirror, found: StoreLook) -> None:
    told = coverage(mirror)
    found.data["links"] = told
    issues, linked = int(str(told["issues"])), int(str(told["linked"]))
    if issues == linked:
        return
    share = 1 - linked / issues
    found.findings.append(
        Finding(
            "links",
            "warning" if share > MUCH_UNLINKED else "note",
            f"{issues - linked:,} of {issues:,} issues ({words.amount(share, 'share')}) belong to no account: "
            f"{told['ambiguous']} ambiguous, {told['unmatched']} unmatched.",
            "run rapport links --suggest --out FILE, correct the file and name it in [identity] map_file.",
            {"issues": issues, "linked": linked},
            "unlinked",
        )
    )
