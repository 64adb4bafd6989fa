"""What commands show of the measured store, in the JSON shapes that other programs rely on (design §3)."""

from __future__ import annotations

import difflib
import json
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from rules import trends, words
from rules.explain import explain
from sync import source_days
from sync.errors import StoreBusy, SyncError
from sync.link import find_accounts
from sync.link_coverage import coverage
from sync.lock import RunLock
from sync.measure import link_bases
from sync.mirror import Mirror, StoreEmpty
from sync.reasons import build_reasons, reason_text, reasons_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from sync.changes import Plan
    from sync.config import Config
    from sync.state import State

Json = dict[str, object]


class UnknownAccount(SyncError):  # noqa: N818 - says what happened, like the rest of sync.errors
    """The account that was asked for is none, or several."""


def stamp(moment: datetime) -> str:
    """An instant as every JSON output writes it: UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def number(value: float | None) -> float | int | None:
    """A JSON number: whole ones without a fraction; what is not finite is unknown."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else value


def metrics(config: Config, mirror: Mirror, as_of: datetime) -> list[Json]:
    names = list(config.catalogue.metrics)
    columns = "".join(f', e."{name}"' for name in names)
    rows = mirror.connection.execute(
        f"select a.account_id, a.name{columns} from eval_metrics e "
        f"join accounts a on a.account_id = e.account_id order by a.account_id"
    ).fetchall()
    return [
        {
            "account_id": row[0],
            "account": row[1],
            "as_of": stamp(as_of),
            "metrics": {name: number(value) for name, value in zip(names, row[2:], strict=True)},
        }
        for row in rows
    ]


def without_history(config: Config, mirror: Mirror, as_of: datetime) -> list[str]:
    """For an instant before the last pull: the metrics shown as they are today, because nothing says what they were."""
    pulled = mirror.meta("pulled_at")
    if pulled is None or as_of >= datetime.fromisoformat(pulled) - timedelta(hours=1):
        return []
    return list(trends.without_history(config.catalogue))


def scores(mirror: Mirror, as_of: datetime) -> list[Json]:
    moves = ", ".join(f"t.{column}" for column in trends.COLUMNS)
    rows = mirror.connection.execute(
        f"select a.account_id, a.name, s.scorecard, s.score, s.band, s.confidence, {moves} from eval_scores s "
        "join eval_trends t on t.account_id = s.account_id and t.scorecard = s.scorecard "
        "join accounts a on a.account_id = s.account_id order by a.account_id, s.scorecard"
    ).fetchall()
    found: dict[str, Json] = {}
    for account_id, name, scorecard, score, band, confidence, *moved in rows:
        entry = found.setdefault(
            account_id, {"account_id": account_id, "account": name, "as_of": stamp(as_of), "scorecards": {}}
        )
        cards = entry["scorecards"]
        assert isinstance(cards, dict)  # noqa: S101 - set two lines above
        cards[scorecard] = {
            "score": score,
            "band": band,
            "confidence": number(confidence),
            **dict(zip(trends.COLUMNS, moved, strict=True)),
        }
    return list(found.values())


def portfolio(config: Config, mirror: Mirror) -> list[Json]:
    """One line per managed account, the most worrying first: red, amber, green, unknown; then by health."""
    build_reasons(mirror.connection, config.catalogue)
    rows = mirror.connection.execute(
        "select * from (select a.account_id, a.name, "
        "max(case when s.scorecard = 'health' then s.band end) as band, "
        "max(case when s.scorecard = 'overall' then s.score end) as overall, "
        "max(case when s.scorecard = 'health' then s.score end) as health, "
        "max(case when s.scorecard = 'penetration' then s.score end) as penetration, "
        "max(case when s.scorecard = 'health' then s.confidence end) as confidence, bool_or(t.on_record) as on_record, "
        "max(case when s.scorecard = 'health' then m.trend_30d end) as trend "
        "from eval_scores s join accounts a on a.account_id = s.account_id "
        "join eval_trends m on m.account_id = s.account_id and m.scorecard = s.scorecard "
        "join eval_standing t on t.account_id = s.account_id group by a.account_id, a.name) p "
        "order by case p.band when 'red' then 1 when 'amber' then 2 when 'green' then 3 else 4 end, "
        "p.health, p.name, p.account_id"
    ).fetchall()
    reasons = reasons_of(mirror.connection, [row[0] for row in rows])
    return [
        {
            "account_id": account_id,
            "account": name,
            "band": band,
            "overall": overall,
            "health": health,
            "health_trend_30d": trend,
            "penetration": penetration,
            "confidence": confidence,
            "first_reason": reason_text(reasons[account_id][0], config.catalogue)
            if account_id in reasons
            else None
            if on_record
            else words.NOTHING_ON_RECORD,
        }
        for account_id, name, band, overall, health, penetration, confidence, on_record, trend in rows
    ]


def links(mirror: Mirror) -> Json:
    """Every issue under exactly one of linked (a row for each account), ambiguous and unmatched, and their coverage."""
    execute = mirror.connection.execute
    order = "order by i.site, length(i.id), i.id"
    linked = execute(
        f"select i.site, i.id, i.key, l.account_id, l.method from issue_account l "
        f"join jira_issue i on i.site = l.site and i.id = l.issue_id {order}, l.account_id"
    ).fetchall()
    ambiguous = execute(
        f"select i.site, i.id, i.key, list(distinct l.account_id order by l.account_id) from issue_ambiguous l "
        f"join jira_issue i on i.site = l.site and i.id = l.issue_id group by i.site, i.id, i.key {order}"
    ).fetchall()
    unmatched = execute(
        f"select i.site, i.id, i.key from jira_issue i "
        f"anti join (select site, issue_id from issue_account union select site, issue_id from issue_ambiguous) l "
        f"on l.site = i.site and l.issue_id = i.id {order}"
    ).fetchall()
    return {
        "linked": [
            {"site": s, "issue_id": i, "key": k, "account_id": a, "method": m} for s, i, k, a, m in linked
        ],
        "ambiguous": [{"site": s, "issue_id": i, "key": k, "candidates": c} for s, i, k, c in ambiguous],
        "unmatched": [{"site": s, "issue_id": i, "key": k} for s, i, k in unmatched],
        "coverage": coverage(mirror),
    }


def explained(config: Config, mirror: Mirror, account: str, as_of: datetime) -> Json:
    """The explanation of one account, with labels and units of what it names, for people."""
    account_id, name = find_account(mirror, account)
    told = explain(mirror.connection, config.catalogue, account_id, link_bases(config))
    cards, rules = cast("dict[str, Json]", told["scorecards"]), cast("list[Json]", told["rules"])
    for card_name, card in cards.items():
        card["label"] = config.catalogue.scorecards[card_name].label
    named = {metric for rule in rules for metric in cast("dict[str, object]", rule["values"])}
    units = {
        metric: {"label": each.label, "unit": each.unit}
        for metric, each in config.catalogue.metrics.items()
        if metric in named
    }
    return {"account_id": account_id, "account": name, "as_of": stamp(as_of), **told, "metrics": units}


def find_account(mirror: Mirror, account: str) -> tuple[str, str]:
    """The account that an Id (15 or 18 characters), record URL or exact name means; UnknownAccount otherwise."""
    ids = find_accounts(mirror.connection, [account]).get(account, [])
    if len(ids) == 1:
        return ids[0], str(mirror.one("select Name from sf_account where Id = ?", ids[0]) or ids[0])
    if ids:
        raise UnknownAccount(
            f'"{account}" fits {len(ids)} accounts: {", ".join(ids)}.', "give the Id of the one you mean."
        )
    names = [
        name
        for (name,) in mirror.connection.execute(
            "select distinct Name from sf_account where not IsDeleted and Name is not null order by Name"
        ).fetchall()
    ]
    folded = {each.casefold(): each for each in names}
    near = [folded[each] for each in difflib.get_close_matches(account.casefold(), folded, n=3)]
    start = account.casefold().strip()
    starts = [each for each in names if start and each.casefold().startswith(start)][:3]
    hint = " or ".join(f'"{each}"' for each in near or starts)
    raise UnknownAccount(
        f'The store has no account "{account}".',
        f"did you mean {hint}?" if hint else "give its Id or its exact name; `rapport scores` lists them.",
    )


def account_names(mirror: Mirror) -> dict[str, str]:
    return dict(
        mirror.connection.execute("select Id, Name from sf_account where Name is not null").fetchall()
    )


def candidate_names(mirror: Mirror, links: Json) -> dict[str, str]:
    """The accounts that ambiguous issues could belong to, by id."""
    ids = {
        each for row in cast("list[dict[str, list[str]]]", links["ambiguous"]) for each in row["candidates"]
    }
    return _names(mirror, "select Id, Name from sf_account where list_contains(?::varchar[], Id)", ids)


def user_names(mirror: Mirror, plan: Plan) -> dict[str, str]:
    """Who the tasks of a plan are for."""
    owners = {str(change.after["OwnerId"]) for change in plan.changes if change.after.get("OwnerId")}
    return _names(mirror, "select Id, Name from sf_user where list_contains(?::varchar[], Id)", owners)


def plan_names(
    config: Config, mirror: Mirror, plan: Plan
) -> tuple[dict[str, str], dict[str, str], Mapping[str, str]]:
    """What a text about a plan calls its users and tasks, and the org's own names of Rapport's fields."""
    return user_names(mirror, plan), task_subjects(mirror, plan), config.salesforce.fields


def task_subjects(mirror: Mirror, plan: Plan) -> dict[str, str]:
    """What the tasks are called that a plan changes or settles."""
    ids = {change.id for change in plan.changes if change.object == "Task" and change.id}
    return _names(mirror, "select Id, Subject from sf_own_task where list_contains(?::varchar[], Id)", ids)


def _names(mirror: Mirror, query: str, ids: Collection[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = mirror.connection.execute(query, [sorted(ids)]).fetchall()
    return {key: name for key, name in rows if name}


def last_pull(folder: Path) -> Json | None:
    """When the last pull ended, whether one broke off since, and what each source lacks; never waits.

    None while a run holds the store, which is about to change this, and before anything of a first pull is kept.
    """
    if not folder.exists():
        return None
    try:
        with (
            RunLock.acquire(folder, exclusive=False),
            Mirror.open(folder, read_only=True, unfinished=True) as mirror,
        ):
            partials = mirror.partials()
            if mirror.meta("pull_id") is None and not partials:
                return None
            rows = mirror.connection.execute(
                "select source, present, reason, missing_fields from mirror_source order by source"
            ).fetchall()
            return {
                "pulled_at": mirror.meta("pulled_at"),
                "good_days": source_days.known(mirror),
                "incomplete": bool(mirror.meta("incomplete")),
                "unfinished": [
                    {"source": source, "rows": each.rows, "reached": stamp(each.reached.replace(tzinfo=UTC))}
                    for source, each in partials.items()
                ],
                "sources": [
                    {"source": source, "present": present, "reason": reason, "missing": json.loads(missing)}
                    for source, present, reason, missing in rows
                ],
            }
    except (StoreBusy, StoreEmpty):
        return None


def status(state: State, holder: Json | None, pull: Json | None) -> Json:
    """What the books say: the last runs, records that were refused, whether a run is going on, how the last pull ended."""
    runs = [
        {
            "run": run.id,
            "command": run.command,
            "pid": run.pid,
            "began": stamp(run.began),
            "ended": None if run.ended is None else stamp(run.ended),
            "exit_code": run.exit_code,
            **dict(run.summary),
        }
        for run in state.runs()
    ]
    quarantined = [
        {
            "object": each.object,
            "record": each.record,
            "account_id": each.account_id,
            "code": each.code,
            "message": each.message,
            "since": stamp(each.first_at),
            "last": stamp(each.last_at),
        }
        for each in state.quarantined()
    ]
    return {"running": holder, "runs": runs, "quarantined": quarantined, "pull": pull}
