-- One row per account and offering (F31): known where it can be bought or asked for today, owned where the account won a
-- line of it or has an asset that is not obsolete; in preset internal-it, where it has asked for it.
with
preset as (
  select count(p.value) as internal from clock c left join setting p on p.name = 'preset' and p.value = 'internal-it'
),
known as (
  select distinct coalesce(nullif(p.Family, ''), p.Name) as offering
  from sf_product p
  cross join clock c
  cross join preset x
  where x.internal = 0 and p.IsActive and not coalesce(p.IsDeleted, false)
    and (p.CreatedDate is null or p.CreatedDate <= c.as_of)
  union
  select distinct v.value as offering
  from jira_issue_value v
  join jira_issue i on i.site = v.site and i.id = v.issue_id
  cross join clock c
  cross join preset x
  where x.internal > 0 and v.kind = 'request_type' and i.created <= c.as_of
),
had as (
  select l.account_id, l.offering from line_items l cross join preset x where x.internal = 0 and l.won
  union
  select t.account_id, t.offering from assets t cross join preset x where x.internal = 0 and not t.obsolete
  union
  select i.account_id, f.offering
  from issues i
  join dealing_offerings f on f.dealing_id = i.record_id
  cross join preset x
  where x.internal > 0
)
select
  a.account_id,
  'none' as record_system,
  k.offering as record_id,
  k.offering as record_key,
  k.offering as record_text,
  cast(null as varchar) as record_person,
  k.offering,
  true as known,
  h.offering is not null as owned
from accounts a
cross join known k
left join had h on h.account_id = a.account_id and h.offering = k.offering
where k.offering is not null
union all
select
  h.account_id,
  'none' as record_system,
  h.offering as record_id,
  h.offering as record_key,
  h.offering as record_text,
  cast(null as varchar) as record_person,
  h.offering,
  false as known,
  true as owned
from had h
left join known k on k.offering = h.offering
where k.offering is null and h.offering is not null
