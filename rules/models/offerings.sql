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
),
each as (
  select a.account_id, k.offering, 1 as known, 0 as owned from accounts a cross join known k where k.offering is not null
  union all
  select h.account_id, h.offering, 0 as known, 1 as owned from had h where h.offering is not null
)
select
  e.account_id,
  'none' as record_system,
  e.offering as record_id,
  e.offering as record_key,
  e.offering as record_text,
  cast(null as varchar) as record_person,
  e.offering,
  max(e.known) = 1 as known,
  max(e.owned) = 1 as owned
from each e
group by e.account_id, e.offering
