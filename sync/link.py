"""Which account an issue belongs to, and by which method (definitions C)."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pyarrow as pa

from sync.names import account_id15, name_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from sync.config import Config

# What each method finds in an issue: (site, issue_id, value), to be looked up among the references of the method.
_VALUES = {
    "field": "select site, issue_id, value from jira_issue_value where kind = 'account'",
    "organization": "select site, issue_id, value from jira_issue_value where kind = 'organization' "
    "union select site, issue_id, value_id from jira_issue_value where kind = 'organization'",
    "project": "select site, id as issue_id, project_key as value from jira_issue",
    "component": "select site, issue_id, value from jira_issue_value where kind = 'component'",
    "label": "select site, issue_id, value from jira_issue_value where kind = 'label'",
}

_BY_REPORTER = """
select i.site, i.id as issue_id, w.id as value, c.account_id
from jira_issue i
join jira_person w on w.site = i.site and w.id = i.reporter_id
join contact_person c on c.address_key = w.address_key
where not c.is_deleted and c.account_id is not null
union
select i.site, i.id, w.id, d.account_id
from jira_issue i
join jira_person w on w.site = i.site and w.id = i.reporter_id
join account_domain d on d.domain = w.domain
where w.domain not in (select unnest($internal::varchar[]))
  and (
    not exists (select 1 from declared_domain x where x.domain = w.domain)
    or exists (select 1 from declared_domain x where x.domain = w.domain and x.account_id = d.account_id)
  )
  and not exists (
    select 1 from contact_person c
    where c.address_key = w.address_key and not c.is_deleted and c.account_id is not null
  )
"""

_CHOOSE = """
create or replace temp table chosen as
with first as (
  select site, issue_id, min(place) as place from link_candidate group by site, issue_id
),
hits as (
  select c.site, c.issue_id, c.method, c.value, c.account_id
  from link_candidate c
  join first f on f.site = c.site and f.issue_id = c.issue_id and f.place = c.place
),
doubtful as (
  select distinct site, issue_id
  from (select site, issue_id, value from hits group by site, issue_id, value having count(distinct account_id) > 1)
)
select distinct h.site, h.issue_id, h.method, h.account_id, d.issue_id is not null as ambiguous
from hits h
left join doubtful d on d.site = h.site and d.issue_id = h.issue_id
"""


def resolve(config: Config, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Fill `issue_account` and `issue_ambiguous` (one row per issue and account, with the method) for all issues.

    The first method of `link_by` that finds any account decides. Several values link an issue to several accounts;
    one value that fits several accounts makes it ambiguous. Returns notices about tables that name no account.
    """
    notices: list[str] = []
    execute = connection.execute
    execute(
        "create or replace temp table link_candidate "
        "(site varchar, issue_id varchar, place integer, method varchar, value varchar, account_id varchar)"
    )
    for place, method in enumerate(config.identity.link_by):
        if method == "reporter":
            internal = sorted({d.casefold() for d in config.identity.internal_domains} | _free_mail(config))
            execute(
                f"insert into link_candidate select site, issue_id, {place}, 'reporter', value, account_id from ({_BY_REPORTER})",
                {"internal": internal},
            )
            continue
        values = [
            v
            for (v,) in execute(
                f"select distinct value from ({_VALUES[method]}) where value is not null"
            ).fetchall()
        ]
        if method == "field":
            found = find_accounts(connection, values, by_number=True)
        else:
            found, missing = _by_table(config, connection, method, values)
            notices += missing
        _register(connection, found)
        execute(
            f"insert into link_candidate select v.site, v.issue_id, {place}, '{method}', v.value, r.account_id "
            f"from ({_VALUES[method]}) v join reference r on r.value = v.value"
        )
        connection.unregister("reference")
    execute(_CHOOSE)
    execute(
        "create or replace table issue_account as "
        "select site, issue_id, account_id, min(method) as method from chosen where not ambiguous "
        "group by site, issue_id, account_id"
    )
    execute(
        "create or replace table issue_ambiguous as "
        "select site, issue_id, account_id, min(method) as method from chosen where ambiguous "
        "group by site, issue_id, account_id"
    )
    execute("drop table chosen")
    execute("drop table link_candidate")
    return notices


def declare_domains(config: Config, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Fill `declared_domain` from `[identity.domains]`: such a domain is one account's, whoever else has it."""
    named = find_accounts(connection, sorted(set(config.identity.domains.values())))
    silent = {domain.casefold() for domain in config.identity.internal_domains} | _free_mail(config)
    rows, notices = [], []
    for written, account in config.identity.domains.items():
        domain, ids = written.strip().casefold().removeprefix("@"), named.get(account, [])
        key = f"identity.domains.{written}"
        if domain in silent:
            notices.append(
                f"{key}: a domain of your own, or of free mail, says nothing of a customer; remove it"
            )
        elif len(ids) == 1:
            rows.append((domain, ids[0]))
        else:
            notices.append(not_one(key, account, ids, [] if ids else _near(connection, account)))
    connection.execute("create or replace table declared_domain (domain varchar, account_id varchar)")
    if rows:
        connection.executemany("insert into declared_domain values (?, ?)", rows)
    return notices


def find_accounts(
    connection: duckdb.DuckDBPyConnection, texts: Sequence[str], *, by_number: bool = False
) -> dict[str, list[str]]:
    """Accounts that each text names: by Id (15 or 18 characters) or record URL, else by number, else by name.

    The first way that finds any decides; several accounts of one name are all returned, sorted.
    """
    if not texts:
        return {}
    asked = pa.table(
        {
            "value": pa.array(list(texts), pa.string()),
            "id15": pa.array([account_id15(text) for text in texts], pa.string()),
            "number": pa.array([text.strip() if by_number else None for text in texts], pa.string()),
            "name_key": pa.array([name_key(text) for text in texts], pa.string()),
        }
    )
    connection.register("asked", asked)
    rows = connection.execute(
        "with hits as ("
        "  select q.value, 1 as way, s.survivor_id as account_id from asked q "
        "  join account_survivor s on left(s.account_id, 15) = q.id15"
        "  union select q.value, 2, a.Id from asked q join sf_account a on a.AccountNumber = q.number"
        "    where not a.IsDeleted and q.number <> ''"
        "  union select q.value, 3, n.account_id from asked q join account_name n on n.name_key = q.name_key"
        "    where q.name_key <> ''"
        "), first as (select value, min(way) as way from hits group by value) "
        "select distinct h.value, h.account_id from hits h join first f on f.value = h.value and f.way = h.way "
        "order by h.value, h.account_id"
    ).fetchall()
    connection.unregister("asked")
    found: dict[str, list[str]] = {}
    for value, account_id in rows:
        found.setdefault(value, []).append(account_id)
    return found


def not_one(key: str, account: str, ids: Sequence[str], near: Sequence[str] = ()) -> str:
    """The notice about a config value that should name exactly one account."""
    if ids:
        return f'{key}: "{account}" fits {len(ids)} accounts ({", ".join(ids)}); name one by its Id'
    hint = f'; did you mean "{near[0]}"?' if near else "; give its Id or its exact name"
    return f'{key}: no account is called "{account}"{hint}'


def _by_table(
    config: Config, connection: duckdb.DuckDBPyConnection, method: str, values: Sequence[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Look values up in `[identity.organizations|projects|components|labels]`; organizations also by equal name."""
    table: Mapping[str, str] = getattr(config.identity, f"{method}s")
    targets = find_accounts(connection, sorted(set(table.values())))
    notices = []
    for key, account in table.items():
        ids = targets.get(account, [])
        if len(ids) != 1:
            near = [] if ids else _near(connection, account)
            notices.append(not_one(f"identity.{method}s.{key}", account, ids, near))
    by_key = {name_key(key): targets.get(account, []) for key, account in table.items()}
    found = {value: by_key[name_key(value)] for value in values if name_key(value) in by_key}
    if method == "organization":
        found |= find_accounts(
            connection, [value for value in values if value not in found and not value.isdigit()]
        )
    return found, notices


def _near(connection: duckdb.DuckDBPyConnection, account: str) -> list[str]:
    names = [
        name for (name,) in connection.execute("select Name from sf_account where not IsDeleted").fetchall()
    ]
    return difflib.get_close_matches(account, [name for name in names if name], n=1)


def _free_mail(config: Config) -> set[str]:
    return {domain.casefold() for domain in config.identity.free_mail_domains}


def _register(connection: duckdb.DuckDBPyConnection, found: Mapping[str, Sequence[str]]) -> None:
    pairs = [(value, account_id) for value, ids in found.items() for account_id in ids]
    connection.register(
        "reference",
        pa.table(
            {
                "value": pa.array([value for value, _ in pairs], pa.string()),
                "account_id": pa.array([account_id for _, account_id in pairs], pa.string()),
            }
        ),
    )
