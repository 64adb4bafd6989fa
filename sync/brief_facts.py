"""What a meeting brief is made of: the next meeting of each account within reach, who comes, and what stands open.

All of it is asked for all those accounts at once, and only of them: first the meetings (`build`), then one query for each
kind of thing (`gather`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from rules.evidence import Record
from sync import history
from sync.measure import business_hours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from sync.text_fields import Ground

_NEAR = 4  # days between the last meeting and a score that stands for it

_MEETINGS = """
create or replace temp table brief_meeting as
select m.account_id, m.record_id, m.record_text, m.at as starts, m.day, p.day as last_day
from coming_meetings m
semi join eval_scores s on s.account_id = m.account_id
left join (select account_id, max(day) as day from moments where kind = 'meeting' group by account_id) p
  on p.account_id = m.account_id
where m.day <= $until
qualify row_number() over (partition by m.account_id order by m.day, m.at nulls first, m.record_id) = 1
"""

# What each query gives: account_id, how the record is found and called, a number, a day, a word; first what matters most.
_ITEMS: Mapping[str, str] = {
    "person": """
select m.account_id, 'salesforce', k.person_id, k.person_id, any_value(k.name), null::double, max(o.day),
  concat_ws(', ', nullif(any_value(k.title), ''), string_agg(distinct r.role, ', ' order by r.role))
from brief_meeting m
join activity_person a on a.activity_id = m.record_id
cross join clock c
join contact_person k on k.contact_id = a.person_id and not coalesce(k.is_deleted, false)
left join account_roles r on r.account_id = m.account_id and r.person_id = k.person_id
left join (select o.account_id, a.person_id, o.day from moments o join activity_person a on a.activity_id = o.record_id) o
  on o.account_id = m.account_id and o.person_id = k.person_id
where a.known_from <= c.as_of
group by m.account_id, k.person_id
order by any_value(k.name), k.person_id""",
    "question": """
select q.account_id, q.record_system, q.record_id, q.record_key, q.record_text, q.business_hours, null, null
from comments q semi join brief_meeting m on m.account_id = q.account_id
order by q.business_hours desc, q.record_id""",
    "urgent": """
select i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, i.age_days, null,
  coalesce(i.priority, '')
from issues i semi join brief_meeting m on m.account_id = i.account_id
where not i.done and (i.p1 or i.escalated)
order by i.age_days desc, i.record_id""",
    "overdue": """
select i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, null, i.due_date, null
from issues i semi join brief_meeting m on m.account_id = i.account_id
where i.overdue and not i.waiting
order by i.due_date, i.record_id""",
    "promised": """
select i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, null, i.due_date, null
from issues i semi join brief_meeting m on m.account_id = i.account_id
cross join clock c
where not i.done and not i.waiting and i.due_date >= c.day and i.due_date <= c.day + 14
order by i.due_date, i.record_id""",
    "waiting": """
select i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, i.status_days, i.due_date, null
from issues i semi join brief_meeting m on m.account_id = i.account_id
where i.waiting and not i.done
order by i.status_days desc, i.record_id""",
    "estimate": """
select e.account_id, e.record_system, e.record_id, e.record_key, e.record_text, e.overrun - 1, null, null
from epics e semi join brief_meeting m on m.account_id = e.account_id
where e.overrun > 1.1
order by e.overrun desc, e.record_id""",
    "scope": """
select i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, i.age_days, null, null
from issues i semi join brief_meeting m on m.account_id = i.account_id
where i.out_of_scope and not i.scope_decided and not i.done
order by i.age_days desc, i.record_id""",
    "renewal": """
select r.account_id, r.record_system, r.record_id, r.record_key, r.record_text, cast(r.amount as double), r.day, null
from renewals r semi join brief_meeting m on m.account_id = r.account_id
where r.days_ahead <= 90
order by r.day, r.record_id""",
    "deal": """
select o.account_id, o.record_system, o.record_id, o.record_key, o.record_text, cast(o.amount as double), o.close_date, o.stage
from opportunities o semi join brief_meeting m on m.account_id = o.account_id
where o.open
order by o.amount desc nulls last, o.record_id""",
    "offer": """
select o.account_id, 'none', o.offering, o.offering, o.offering, null, null, null
from offerings o semi join brief_meeting m on m.account_id = o.account_id
semi join (select account_id from offerings where owned) h on h.account_id = o.account_id
where o.known and not o.owned
order by o.offering""",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a kind: the record, and the number, day or word that is told of it."""

    record: Record
    number: float | None
    day: date | None
    word: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the account stands, and what came of its issues since the last meeting."""

    score: int | None
    band: str
    score_before: int | None = None
    done: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class Meeting:
    """The next meeting of an account; `at` is None where it fills a day, `before` is the day of the last one."""

    account_id: str
    id: str
    subject: str | None
    at: datetime | None
    day: date
    before: date | None
    standing: Standing
    items: Mapping[str, Sequence[Item]] = field(default_factory=dict)


def build(ground: Ground) -> None:
    """Fill the table of meetings: the next one of each scored account, where it is near enough."""
    hours = business_hours(ground.config)
    days = ground.config.brief.days
    until = hours.add_business_days(ground.day, days) if days else date.min
    ground.connection.execute(_MEETINGS, {"until": until})


def gather(ground: Ground) -> list[Meeting]:
    """All that the briefs tell; `build` comes before."""
    connection = ground.connection
    rows = connection.execute(
        "select account_id, record_id, record_text, starts, day, last_day from brief_meeting order by account_id"
    ).fetchall()
    if not rows:
        return []
    items: dict[str, dict[str, list[Item]]] = {row[0]: {} for row in rows}
    for kind, query in _ITEMS.items():
        for row in connection.execute(query).fetchall():
            account_id, system, record_id, key, text, number, day, word = row
            found = Item(Record(system, record_id, key, text, None), number, day, word)
            items[account_id].setdefault(kind, []).append(found)
    standing = _standing(ground, {account_id: before for account_id, *_, before in rows})
    return [
        Meeting(
            account_id,
            meeting,
            subject,
            None if at is None else at.replace(tzinfo=UTC),
            day,
            before,
            standing[account_id],
            items[account_id],
        )
        for account_id, meeting, subject, at, day, before in rows
    ]


def _standing(ground: Ground, before: Mapping[str, date | None]) -> dict[str, Standing]:
    now = {
        account_id: (score, band)
        for account_id, score, band in ground.connection.execute(
            "select e.account_id, e.score, e.band from eval_scores e "
            "semi join brief_meeting m on m.account_id = e.account_id where e.scorecard = 'health'"
        ).fetchall()
    }
    moves = _moves(ground.connection)
    then = _scores_then(ground, before)
    return {
        account_id: Standing(
            *now.get(account_id, (None, "unknown")), then.get(account_id), *moves.get(account_id, (0, 0))
        )
        for account_id in before
    }


def _moves(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """How many issues were done, and how many were begun and are still open, since the day of the last meeting."""
    rows = connection.execute(
        "with finished as (select t.account_id, t.record_id, max(t.at) as at from steps t where t.finished group by all) "
        "select i.account_id, count(*) filter (i.done and cast(f.at as date) >= m.last_day), "
        "count(*) filter (not i.done and cast(i.created as date) >= m.last_day) "
        "from issues i join brief_meeting m on m.account_id = i.account_id and m.last_day is not null "
        "left join finished f on f.account_id = i.account_id and f.record_id = i.record_id group by i.account_id"
    ).fetchall()
    return {account_id: (done, new) for account_id, done, new in rows}


def _scores_then(ground: Ground, before: Mapping[str, date | None]) -> dict[str, int]:
    """The health score of the time of the last meeting, under today's config."""
    hours = business_hours(ground.config)
    entries = [
        (hours.day_of(each.as_of), each.id)
        for each in history.entries(ground.state, ground.as_of)
        if each.digest == ground.config.scoring_digest
    ]
    found: dict[str, int] = {}
    for account_id, day in before.items():
        near = [
            (abs((at - day).days), entry) for at, entry in entries if day and abs((at - day).days) <= _NEAR
        ]
        if near:
            row = ground.state.connection.execute(
                "select score from score_history where score_run = ? and account_id = ? and scorecard = 'health'",
                (min(near)[1], account_id),
            ).fetchone()
            if row is not None and row[0] is not None:
                found[account_id] = int(row[0])
    return found
