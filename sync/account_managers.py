"""Who answers for each account, and who does its tasks: `account_manager`, rebuilt after each pull (definitions B7).

`user_language` tells which language each user reads, as a two-letter code: "de" of de_AT, English where the org does not
say; `account_manager.language` is that of who does the tasks of the account, who reads what stands on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.batches import id18

if TYPE_CHECKING:
    import duckdb

    from sync.config import Config


_LANGUAGES = """
create or replace table user_language as
select Id as user_id,
  coalesce(nullif(regexp_extract(lower(LanguageLocaleKey), '^([a-z]{2})([_-].*)?$', 1), ''), 'en') as language
from sf_user
"""


def materialise(config: Config, connection: duckdb.DuckDBPyConnection) -> None:
    """Who answers for an account (B7): the first of the configured chain who is an active standard user; for tasks
    otherwise that user's manager, else the fallback user.
    """
    connection.execute(
        "create or replace table house_user as select unnest($users::varchar[]) as value",
        {"users": [_user(user).casefold() for user in config.people.house_users]},
    )
    connection.execute(
        "create or replace temp table usable as select u.Id, u.Name from sf_user u "
        "where u.IsActive and coalesce(u.UserType, 'Standard') = 'Standard' and not u.IsDeleted and not exists ("
        "  select 1 from house_user h where h.value in (lower(u.Id), lower(u.Name), lower(u.Username)))"
    )
    candidates: list[str] = []
    roles: dict[str, str] = {}
    for place, entry in enumerate(config.people.account_manager):
        kind, _, name = entry.partition(":")
        if kind == "team":
            roles[f"role_{place}"] = name
            candidates.append(
                f"select s.survivor_id as account_id, t.UserId as user_id, {place} as place from sf_account_team_member t "
                f"join account_survivor s on s.account_id = t.AccountId "
                f"where not t.IsDeleted and lower(t.TeamMemberRole) = lower($role_{place})"
            )
        else:
            column = "OwnerId" if kind == "owner" else f'"x_{name}"'
            candidates.append(
                f"select Id as account_id, {column} as user_id, {place} as place from sf_account"
            )
    connection.execute(_LANGUAGES)
    connection.execute(f"create or replace temp table candidate as {' union all '.join(candidates)}", roles)
    connection.execute(
        "create or replace table account_manager as select o.*, coalesce(l.language, 'en') as language from ("
        "select a.Id as account_id, m.user_id, u.Name as user_name, "
        "coalesce(m.user_id, boss.user_id, fallback.Id) as task_owner_id, "
        "coalesce(u.Name, boss.name, fallback.Name) as task_owner_name "
        "from sf_account a "
        "left join (select account_id, arg_min(u.Id, (place, left(u.Id, 15))) as user_id from candidate c "
        "  join usable u on left(u.Id, 15) = left(c.user_id, 15) group by account_id) m on m.account_id = a.Id "
        "left join usable u on u.Id = m.user_id "
        "left join (select account_id, arg_min(b.Id, (place, b.Id)) as user_id, arg_min(b.Name, (place, b.Id)) as name "
        "  from candidate c join sf_user w on left(w.Id, 15) = left(c.user_id, 15) join usable b on b.Id = w.ManagerId group by account_id) boss "
        "  on boss.account_id = a.Id "
        "left join usable fallback on lower(fallback.Id) = lower($fallback) or exists ("
        "  select 1 from sf_user f where f.Id = fallback.Id and lower(f.Username) = lower($fallback))) o "
        "left join user_language l on l.user_id = o.task_owner_id",
        {"fallback": _user(config.people.fallback_user or "")},
    )
    connection.execute("drop table candidate")
    connection.execute("drop table usable")


def _user(named: str) -> str:
    """A user as the config names one, by Id in the form that the API gives: people paste 15 characters."""
    return id18(named) if named.startswith("005") else named
