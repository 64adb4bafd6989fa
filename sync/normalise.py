"""What the models may take for granted: survivors of merges, people of activities, domains, normal keys, links.

Models use no recursion and no Unicode normalisation (definitions H43), so both happen here, once after each pull:
in SQL over all rows, or in Python over distinct values. None of these tables depends on `as_of`; where a model must not
see what was created later, `known_from` says since when a row holds.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from sync import account_managers, hierarchy, issue_ties, link
from sync.errors import SyncError
from sync.names import (
    address_domain,
    name_key,
    staff_entries,
    title_key,
    unit_aliases,
    unit_key,
    website_domain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.config import Config
    from sync.mirror import Mirror

_DERIVED_WITH = "derived_with"  # the note of what the config said when all this was derived

_SURVIVORS = """
create or replace table {table} as
with recursive chain (start_id, at_id, hops) as (
  select Id, Id, 0 from {source}
  union all
  select c.start_id, s.MasterRecordId, c.hops + 1
  from chain c join {source} s on s.Id = c.at_id
  where s.IsDeleted and s.MasterRecordId is not null and c.hops < 50
)
select c.start_id as {key}, c.at_id as survivor_id
from chain c join {source} s on s.Id = c.at_id
where not s.IsDeleted
"""

# A record that an activity hangs on -> the account it belongs to; what hangs on a vanished account belongs to nobody.
_RECORD_ACCOUNT = """
create or replace table record_account as
select account_id as record_id, survivor_id as account_id, timestamp '1900-01-01' as known_from from account_survivor
union all
select r.Id, s.survivor_id, coalesce(r.CreatedDate, timestamp '1900-01-01')
from (
  select Id, AccountId, CreatedDate from sf_opportunity where not IsDeleted
  union all select Id, AccountId, CreatedDate from sf_contract where not IsDeleted
  union all select Id, AccountId, CreatedDate from sf_asset where not IsDeleted
  union all
  -- one that names no account belongs to that of its contact
  select k.Id, coalesce(k.AccountId, p.AccountId), k.CreatedDate
  from sf_case k
  left join contact_survivor s on s.contact_id = k.ContactId
  left join sf_contact p on p.Id = s.survivor_id
  where not k.IsDeleted
) r
join account_survivor s on s.account_id = r.AccountId
"""

# One row per contact record, merged and deleted ones too: who it is now (nobody, if it was deleted without a merge).
_CONTACT_PERSON = """
create or replace table contact_person as
select
  c.Id as contact_id,
  s.Id as person_id,
  a.survivor_id as account_id,
  c.Name as name,
  coalesce(d.unit_key, '') as department_key,
  s.Title as title,
  coalesce(t.title_key, '') as title_key,
  k.address_key,
  c.IsDeleted as is_deleted,
  coalesce(s.CreatedDate, timestamp '1900-01-01') as known_from
from sf_contact c
left join contact_survivor p on p.contact_id = c.Id
left join sf_contact s on s.Id = p.survivor_id
left join account_survivor a on a.account_id = s.AccountId
left join department_value d on d.value = c.Department
left join title_value t on t.value = s.Title
left join address_value k on k.value = c.Email
"""

# Who has which role, one row per role of a list: for a deal, for an account, or on the contact itself.
_CONTACT_ROLE = """
create or replace table contact_role as
with given as (
  select OpportunityId as opportunity_id, null as account_id, ContactId as contact_id, 'deal' as origin, Role as roles, CreatedDate as created
  from sf_opportunity_contact_role where not IsDeleted
  union all
  select null, AccountId, ContactId, 'relation', Roles, CreatedDate
  from sf_account_contact_relation where not IsDeleted and coalesce(IsActive, true)
  union all
  select null, AccountId, Id, 'declared', Rapport_Role__c, CreatedDate from sf_contact where not IsDeleted
  union all
  select null, AccountId, Id, 'buyer', BuyerAttributes, CreatedDate from sf_contact where not IsDeleted
),
split as (
  select opportunity_id, account_id, contact_id, origin, created, lower(trim(unnest(string_split(roles, ';')))) as role
  from given where roles is not null
)
select distinct
  s.opportunity_id, a.survivor_id as account_id, p.person_id, s.role, s.origin,
  greatest(coalesce(s.created, p.known_from), p.known_from) as known_from
from split s
join contact_person p on p.contact_id = s.contact_id and p.person_id is not null
left join account_survivor a on a.account_id = s.account_id
where s.role <> ''
"""

# Everybody of an activity: its name, its relations, and for a mail the contacts at its other end.
_EMAIL_END = """
create or replace temp table email_end as
with ends as (
  select Id as email_id, FromAddress as addresses from sf_email_message where Incoming
  union all
  select Id, concat_ws(';', ToAddress, CcAddress, BccAddress) from sf_email_message where not coalesce(Incoming, false)
),
split as (
  select email_id, trim(lower(unnest(string_split_regex(addresses, '[;,]')))) as address
  from ends where addresses is not null
)
select distinct
  s.email_id, c.person_id, c.account_id, c.known_from
from split s
join address_value v on v.bare = coalesce(nullif(regexp_extract(s.address, '<([^>]*)>', 1), ''), s.address)
join contact_person c on c.address_key = v.address_key
where not c.is_deleted
"""

_ACTIVITY_PERSON = """
create or replace table activity_person as
select activity_id, person_id, min(known_from) as known_from
from (
  select r.activity_id, c.person_id, greatest(r.created, c.known_from) as known_from
  from (
    select Id as activity_id, WhoId as contact_id, null::timestamp as created from sf_task
    union all select Id, WhoId, null from sf_event
    union all
    select TaskId, RelationId, CreatedDate from sf_task_relation where not IsDeleted and not coalesce(IsWhat, false)
    union all
    select EventId, RelationId, CreatedDate from sf_event_relation where not IsDeleted and not coalesce(IsWhat, false)
  ) r
  join contact_person c on c.contact_id = r.contact_id and c.person_id is not null
  union all
  select email_id, person_id, known_from from email_end
)
group by activity_id, person_id
"""

# The accounts of a mail's people, and the one of the record it is about, which counts where there are none of the former.
_EMAIL_ACCOUNT = """
create or replace table email_account as
select email_id, account_id, true as by_person, min(known_from) as known_from
from email_end where account_id is not null group by email_id, account_id
union all
select m.Id, r.account_id, false, r.known_from
from sf_email_message m
join record_account r on r.record_id = m.RelatedToId
"""

# Who of us has sent a mail: the user of its sender's address, and the owner of its task, whose address may be another.
_EMAIL_SENDER = """
create or replace table email_sender as
with sent as (
  select Id as email_id, ActivityId, trim(lower(FromAddress)) as address
  from sf_email_message where not Incoming and not IsDeleted
)
select s.email_id, u.Id as user_id
from sent s
join sf_user u on trim(lower(u.Email)) = coalesce(nullif(regexp_extract(s.address, '<([^>]*)>', 1), ''), s.address)
union
select s.email_id, t.OwnerId
from sent s
join sf_task t on t.Id = s.ActivityId
where t.OwnerId is not null
"""

_ACCOUNT_DOMAIN = """
create or replace table account_domain as
select d.account_id, d.domain, min(d.known_from) as known_from
from (
  select c.account_id, v.domain, c.known_from from contact_person c
  join address_value v on v.address_key = c.address_key where not c.is_deleted
  union all
  select a.Id, w.domain, timestamp '1900-01-01' from sf_account a join website_value w on w.value = a.Website where not a.IsDeleted
  union all
  select account_id, domain, timestamp '1900-01-01' from declared_domain
) d
where d.account_id is not null and d.domain is not null
  and d.domain not in (select value from free_mail_domain)
group by d.account_id, d.domain
"""


def materialise(config: Config, mirror: Mirror) -> list[str]:
    """Rebuild every derived table in one transaction; returns notices about what the config names in vain."""
    connection = mirror.connection
    with mirror.transaction():
        connection.execute(_SURVIVORS.format(table="account_survivor", source="sf_account", key="account_id"))
        connection.execute(_SURVIVORS.format(table="contact_survivor", source="sf_contact", key="contact_id"))
        hierarchy.materialise(connection)
        connection.execute(_RECORD_ACCOUNT)
        _normal_keys(config, connection)
        connection.execute(_CONTACT_PERSON)
        connection.execute(_CONTACT_ROLE)
        connection.execute(_EMAIL_END)
        connection.execute(_ACTIVITY_PERSON)
        connection.execute(_EMAIL_ACCOUNT)
        connection.execute(_EMAIL_SENDER)
        notices = link.declare_domains(config, connection)
        connection.execute(_ACCOUNT_DOMAIN)
        connection.execute("drop table email_end")
        _staff(config, mirror)
        notices += _nobody_is_staff(config)
        notices += link.resolve(config, connection)
        issue_ties.materialise(connection)
        notices += _declared_units(config, connection)
        account_managers.materialise(config, connection)
        mirror.set_meta(_DERIVED_WITH, config.digest_of("identity", "people"))
    return notices


def is_current(config: Config, mirror: Mirror) -> bool:
    """Whether what was derived from the records still fits what the config says of identity and people."""
    return mirror.meta(_DERIVED_WITH) == config.digest_of("identity", "people")


def derive_anew(config: Config, mirror: Mirror) -> list[str]:
    """Derive again from the records as they are stored; SyncError where the config asks for fields that are not."""
    try:
        return materialise(config, mirror)
    except duckdb.BinderException:
        raise SyncError(
            "The store does not hold a field yet that [people] account_manager asks for.",
            "run rapport pull first.",
        ) from None


def _normal_keys(config: Config, connection: duckdb.DuckDBPyConnection) -> None:
    aliases = unit_aliases(config.identity.department_aliases)
    names = _distinct(connection, "select Name from sf_account")
    _table(
        connection,
        "account_name_value",
        {
            "value": names,
            "name_key": [name_key(n) for n in names],
            "unit_key": [unit_key(n, aliases) for n in names],
        },
    )
    connection.execute(
        "create or replace table account_name as select a.Id as account_id, v.name_key, v.unit_key "
        "from sf_account a join account_name_value v on v.value = a.Name where not a.IsDeleted"
    )
    departments = _distinct(connection, "select Department from sf_contact")
    _table(
        connection,
        "department_value",
        {"value": departments, "unit_key": [unit_key(d, aliases) for d in departments]},
    )
    titles = _distinct(connection, "select Title from sf_contact")
    _table(connection, "title_value", {"value": titles, "title_key": [title_key(t) for t in titles]})
    connection.execute(
        "create or replace table unit_label as select unit_key, min(value) as label from department_value group by unit_key"
    )
    addresses = _distinct(connection, "select Email from sf_contact")
    bare = [address.strip().casefold() for address in addresses]
    _table(
        connection,
        "address_value",
        {
            "value": addresses,
            "bare": bare,
            "address_key": [hashlib.sha256(address.encode()).hexdigest() for address in bare],
            "domain": [address_domain(address) for address in bare],
        },
    )
    websites = _distinct(connection, "select Website from sf_account")
    _table(
        connection,
        "website_value",
        {"value": websites, "domain": [website_domain(site) for site in websites]},
    )
    _table(
        connection, "free_mail_domain", {"value": [d.casefold() for d in config.identity.free_mail_domains]}
    )


def _staff(config: Config, mirror: Mirror) -> None:
    """People who are "us" by id or by group; domains are compared when sides are told (models/sides.sql)."""
    people: set[tuple[str, str]] = set()
    ids = staff_entries(config.identity.staff).ids
    for (site,) in mirror.connection.execute("select distinct site from jira_project").fetchall():
        people |= {(site, each) for each in ids}
        groups: Mapping[str, list[str]] = json.loads(mirror.meta(f"staff_groups:{site}") or "{}")
        people |= {(site, each) for members in groups.values() for each in members}
    ordered = sorted(people)
    _table(
        mirror.connection, "staff_person", {"site": [s for s, _ in ordered], "id": [i for _, i in ordered]}
    )


def _nobody_is_staff(config: Config) -> list[str]:
    """Among colleagues of one domain only the config can tell who answers; an answer of nobody's is none."""
    if config.accounts.preset == "vendor" or config.jira is None or config.identity.staff:
        return []
    told = (
        "identity.staff names nobody: among colleagues of one domain it alone says who is IT and who the customer;"
        " name its people, groups or domains, or every answer of theirs counts as a question"
    )
    return [told]


def _declared_units(config: Config, connection: duckdb.DuckDBPyConnection) -> list[str]:
    aliases = unit_aliases(config.identity.department_aliases)
    found = link.find_accounts(connection, list(config.identity.units))
    rows: dict[str, list[str]] = {"account_id": [], "unit_key": [], "label": []}
    notices = []
    for account, units in config.identity.units.items():
        ids = found.get(account, [])
        if len(ids) != 1:
            notices.append(link.not_one(f"identity.units.{account}", account, ids))
            continue
        for key, label in sorted({unit_key(unit, aliases): unit for unit in units}.items()):
            if key:
                rows["account_id"].append(ids[0])
                rows["unit_key"].append(key)
                rows["label"].append(label)
    _table(connection, "declared_unit", rows)
    return notices


def _distinct(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [
        value
        for (value,) in connection.execute(
            f"select distinct v from ({query}) t(v) where v is not null"
        ).fetchall()
    ]


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, list[str] | list[str | None]]
) -> None:
    shape = pa.schema([(column, pa.string()) for column in columns])
    connection.register(
        "incoming", pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}, schema=shape)
    )
    connection.execute(f"create or replace table {name} as select * from incoming")
    connection.unregister("incoming")
