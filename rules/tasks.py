"""What a rule says about one account: the outcome that the plan turns into a task, or settles one with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from rules import evidence, words
from rules.expressions import clauses, to_sql
from rules.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import duckdb

    from rules.calendar import BusinessHours
    from rules.catalogue import Catalogue, Rule
    from rules.evidence import Record

RuleState = Literal["fires", "silent", "unknown"]
RuleKind = Literal["fix", "grow", "govern"]
Severity = Literal["high", "normal", "low"]
OnClear = Literal["complete", "delete", "leave"]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule, one account (and subject key), at one `as_of`.

    `basis` is what the words rest on, as canonical JSON data: `{"band": str|None, "numbers": {metric: number},
    "records": [id, ...], "ageing": [metric, ...]}`; words are rewritten only when it moved materially.
    `reason` says why the rule fires, or, when it is silent, which part of its condition became false.
    `owner_id` is None when nobody active could be found; such a task is reported, never given to nobody.
    """

    rule: str
    kind: RuleKind
    severity: Severity
    state: RuleState
    account_id: str
    account: str
    subject_key: str
    owner_id: str | None
    owner_name: str | None
    who_id: str | None
    subject: str
    description: str
    due: date | None
    basis: Mapping[str, object]
    reason: str
    cooldown_days: int
    on_clear: OnClear
    health_band: str | None


def outcomes(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    *,
    tracked: Iterable[tuple[str, str]],
    day: date,
    hours: BusinessHours,
    where: str | None = None,
) -> list[RuleOutcome]:
    """What every rule says: all that fire, and the silent and unknown ones among `tracked` (rule, account_id) pairs.

    `where` limits accounts (SQL over the `accounts` source, compiled from `rollout.where`). Reads `eval_facts` of
    `scorecards.evaluate`; sorted by rule and account.
    """
    pairs = sorted(set(tracked))
    connection.register(
        "incoming",
        pa.table(
            {
                "rule": pa.array([rule for rule, _ in pairs], pa.string()),
                "account_id": pa.array([account_id for _, account_id in pairs], pa.string()),
            }
        ),
    )
    connection.execute("create or replace temp table tracked as select * from incoming")
    connection.unregister("incoming")
    found: list[RuleOutcome] = []
    for rule in sorted(catalogue.rules.values(), key=lambda each: each.name):
        if rule.enabled:
            found += _of_rule(connection, catalogue, rule, day, hours, where)
    return found


def _of_rule(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    rule: Rule,
    day: date,
    hours: BusinessHours,
    where: str | None,
) -> list[RuleOutcome]:
    parts = clauses(rule.when)
    columns = list(catalogue.metrics)
    limited = f" and a.account_id in (select account_id from accounts where {where})" if where else ""
    states = "".join(f", ({part.sql}) as clause_{place}" for place, part in enumerate(parts))
    values = ", ".join(f'f."{column}"' for column in columns)
    connection.execute(
        f"create or replace temp table candidate as "
        f"select * from (select f.*, ({to_sql(rule.when, 'duckdb')}) as holds{states} from eval_facts f) f "
        f"where f.holds or f.account_id in (select account_id from tracked where rule = '{rule.name}')"
    )
    rows = connection.execute(
        f"select f.account_id, a.name, f.holds, f.health_band, m.task_owner_id, m.task_owner_name, m.user_name, {values}"
        f"{''.join(f', f.clause_{place}' for place in range(len(parts)))} "
        f"from candidate f join accounts a on a.account_id = f.account_id "
        f"left join account_manager m on m.account_id = f.account_id where true{limited} order by f.account_id"
    ).fetchall()
    said = sorted((rule.when.columns | rule.subject.columns) & set(columns))
    records = evidence.keys_of_accounts(connection, catalogue, said, "candidate")
    names = (
        dict(connection.execute("select person_id, max(name) from contact_person group by 1").fetchall())
        if rows
        else {}
    )
    connection.execute("drop table candidate")
    found = []
    for row in rows:
        account_id, account, holds, band, owner_id, owner_name, manager = row[:7]
        facts = dict(zip(columns, row[7 : 7 + len(columns)], strict=True))
        states_of = row[7 + len(columns) :]
        behind = {name: records.get((account_id, name), ()) for name in said}
        person = next((r.person for name in said for r in behind[name] if r.person), None)
        due = _due(rule, day, hours)
        fields = {
            **facts,
            "account": account or "",
            "account_manager": owner_name or manager or "",
            "contact": names.get(person, "") if person else "",
            "due": due,
        }
        found.append(
            RuleOutcome(
                rule=rule.name,
                kind=rule.kind,
                severity=rule.severity,
                state="unknown" if holds is None else "fires" if holds else "silent",
                account_id=account_id,
                account=account or "",
                subject_key="",
                owner_id=owner_id,
                owner_name=owner_name,
                who_id=person,
                subject=render(rule.subject, fields),
                description=_description(rule, fields, facts, behind, catalogue),
                due=due,
                basis=_basis(said, facts, behind, band, catalogue),
                reason=words.condition(parts, states_of, facts, catalogue.metrics, holds=bool(holds)),
                cooldown_days=rule.cooldown_days,
                on_clear=rule.on_clear,
                health_band=band,
            )
        )
    return found


def _due(rule: Rule, day: date, hours: BusinessHours) -> date:
    if rule.due.unit == "business days":
        return hours.add_business_days(day, rule.due.amount)
    return day + timedelta(days=rule.due.amount)


def _description(
    rule: Rule,
    fields: Mapping[str, object],
    facts: Mapping[str, float | None],
    behind: Mapping[str, Sequence[Record]],
    catalogue: Catalogue,
) -> str:
    """The rule's own words, then each number with the records that it rests on."""
    lines = [] if rule.description is None else [render(rule.description, fields)]
    for name in sorted(rule.when.columns & set(behind)):
        metric = catalogue.metrics[name]
        keys = ", ".join(words.record(record) for record in behind[name][:5])
        lines.append(
            f"{metric.label}: {words.number(facts[name], metric.unit)}{f' ({keys})' if keys else ''}"
        )
    return "\n".join(lines)


def _basis(
    said: Sequence[str],
    facts: Mapping[str, float | None],
    behind: Mapping[str, Sequence[Record]],
    band: str | None,
    catalogue: Catalogue,
) -> dict[str, object]:
    return {
        "band": band,
        "numbers": {name: facts[name] for name in said if facts[name] is not None},
        "records": sorted({record.id for name in said for record in behind[name]}),
        "ageing": [name for name in said if catalogue.metrics[name].ageing],
    }
