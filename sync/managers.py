"""The scorecard of account managers: growth, health, positioning and depth over a book, and its load against capacity.

Figures about employees are off by default (definitions I53). `team` shows groups of at least five, by whom they report to;
smaller ones are put together, and withheld where even then they are fewer. `named` shows each person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.errors import SyncError
from sync.views import number, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from sync.config import Config
    from sync.mirror import Mirror

Json = dict[str, object]
LEAST = 5  # people in a group
OTHERS = "others"
# What a book is judged by, and the scorecards that say so.
PARTS = {"growth": "growth", "health": "health", "positioning": "positioning", "depth": "penetration"}
BANDS = ("red", "amber", "green", "unknown")

_BOOKS = """
create or replace temp table manager_books as
select s.account_id, m.user_id, m.user_name, u.ManagerId as lead_id, l.Name as lead, {weight} as weight, {load} as load,
  {cards},
  max(case when s.scorecard = 'health' then s.band end) as band
from eval_scores s
join eval_facts f on f.account_id = s.account_id
left join account_manager m on m.account_id = s.account_id
left join sf_user u on u.Id = m.user_id
left join sf_user l on l.Id = u.ManagerId
group by s.account_id, m.user_id, m.user_name, u.ManagerId, l.Name
"""


def check(config: Config) -> str:
    """What the config allows: team or named. SyncError where it is off."""
    setting = config.privacy.people_analytics
    if setting == "off":
        raise SyncError(
            "Figures about employees are off.",
            'set [privacy] people_analytics = "team" for groups of at least five, or "named" for each person, '
            "once those who have a say in it agree.",
        )
    return setting


def by_manager(config: Config, mirror: Mirror, as_of: datetime) -> list[Json]:
    """A row for each account manager, or for each group of them; reads what `measure` has left."""
    setting = check(config)
    weight, load = config.people.book_weight, config.people.load_by
    mirror.connection.execute(
        _BOOKS.format(
            weight=f'greatest(coalesce(max(cast(f."{weight}" as decimal(28, 6))), 0), 0)' if weight else "1",
            load=f'coalesce(max(cast(f."{load}" as decimal(28, 6))), 0)' if load else "1",
            cards=", ".join(
                f"max(case when s.scorecard = '{card}' then s.score end) as {part}"
                for part, card in PARTS.items()
            ),
        )
    )
    if setting == "named":
        mirror.connection.execute(
            "create or replace temp table manager_groups as select account_id, user_id as id, user_name as name, "
            "user_id from manager_books"
        )
    else:
        _in_groups(mirror)
    return _rows(config, mirror, as_of, setting)


def _in_groups(mirror: Mirror) -> None:
    """`manager_groups`: the group of each account, by its manager's lead, as far as the group is large enough."""
    mirror.connection.execute(
        "create or replace temp table manager_groups as with sizes as ("
        "  select lead_id, count(distinct user_id) as people from manager_books where user_id is not null group by lead_id), "
        "large as (select lead_id from sizes where people >= $least and lead_id is not null), "
        "rest as (select count(distinct user_id) as people from manager_books b "
        "  where user_id is not null and not exists (select 1 from large l where l.lead_id = b.lead_id)) "
        "select b.account_id, l.lead_id as id, coalesce(b.lead, l.lead_id) as name, b.user_id "
        "from manager_books b join large l on l.lead_id = b.lead_id where b.user_id is not null "
        "union all select b.account_id, null, $others, b.user_id from manager_books b, rest r "
        "where b.user_id is not null and r.people >= $least "
        "and not exists (select 1 from large l where l.lead_id = b.lead_id)",
        {"least": LEAST, "others": OTHERS},
    )


def _rows(config: Config, mirror: Mirror, as_of: datetime, setting: str) -> list[Json]:
    # Weights that are all zero would leave a book without a score: then its accounts weigh alike.
    means = ", ".join(
        f"cast(sum({part} * w) as double) / nullif(cast(sum(case when {part} is not null then w end) as double), 0) as {part}"
        for part in PARTS
    )
    bands = ", ".join(f"count(case when band = '{band}' then 1 end) as {band}" for band in BANDS)
    rows = mirror.connection.execute(
        f"with own as (select g.id, g.name, b.*, "
        f"case when sum(b.weight) over (partition by g.id, g.name) > 0 then b.weight else 1 end as w "
        f"from manager_groups g join manager_books b on b.account_id = g.account_id) "
        f"select id, name, count(distinct user_id) as people, count(*) as accounts, cast(sum(load) as double) as load, "
        f"{bands}, {means} from own group by id, name order by name nulls last, id"
    ).fetchall()
    found: list[Json] = []
    for group, name, people, accounts, load, *rest in rows:
        counts, parts = rest[: len(BANDS)], rest[len(BANDS) :]
        known = [each for each in parts if each is not None]
        capacity = None if config.people.capacity is None else config.people.capacity * max(people, 1)
        told: Json = (
            {"team": name, "people": people} if setting == "team" else {"manager_id": group, "manager": name}
        )
        found.append(
            {
                **told,
                "as_of": stamp(as_of),
                "accounts": accounts,
                "score": number(sum(known) / len(known)) if known else None,
                **{part: number(value) for part, value in zip(PARTS, parts, strict=True)},
                **dict(zip(BANDS, counts, strict=True)),
                "load": number(load),
                "capacity": number(capacity),
                "load_share": number(load / capacity) if capacity else None,
            }
        )
    return found


def withheld(mirror: Mirror) -> int:
    """Account managers whose group is too small to be shown."""
    rows = mirror.connection.execute(
        "select count(distinct b.user_id) from manager_books b where b.user_id is not null "
        "and not exists (select 1 from manager_groups g where g.account_id = b.account_id)"
    ).fetchall()
    return int(rows[0][0])
