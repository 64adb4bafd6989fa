-- One row per running contract with a budget of hours: how much of it the work logged for its account since it began has
-- used, and how much of its time has passed; `chosen` is the contract that is furthest ahead of its time (E28).
with
running as (
  select k.Id as contract_id, s.survivor_id as owner_id, k.Rapport_Budget_Hours__c as budget, p.starts, p.ends
  from sf_contract k
  join contract_period p on p.contract_id = k.Id
  join account_survivor s on s.account_id = k.AccountId
  cross join clock c
  where not k.IsDeleted and k.CreatedDate <= c.as_of and k.Rapport_Budget_Hours__c > 0
    and (k.StatusCode = 'Activated' or k.Status = 'Activated' or k.ActivatedDate <= c.as_of)
    and days_between(p.starts, c.day) >= 0 and (p.ends is null or days_between(c.day, p.ends) >= 0)
),
-- a group's contracts are used by the work for all of it, as those of one account would be (B5)
charged as (
  select distinct m.account_id, r.*
  from running r
  join account_survivor v on v.survivor_id = r.owner_id
  join account_members m on m.member_id = v.account_id
),
worked as (
  select r.account_id, r.contract_id, sum(w.seconds) as seconds
  from charged r
  join worklogs w on w.account_id = r.account_id and days_between(r.starts, w.day) >= 0
    and (r.ends is null or days_between(w.day, r.ends) >= 0)
  group by r.account_id, r.contract_id
),
shares as (
  select
    r.*,
    coalesce(w.seconds, 0) / cast(3600 as double) as used_hours,
    coalesce(w.seconds, 0) / (cast(r.budget as double) * 3600) as used,
    (days_between(r.starts, c.day) + 1) / (days_between(r.starts, r.ends) + 1) as elapsed
  from charged r
  cross join clock c
  left join worked w on w.account_id = r.account_id and w.contract_id = r.contract_id
)
select
  s.account_id,
  'salesforce' as record_system,
  s.contract_id as record_id,
  s.contract_id as record_key,
  'contract' as record_text,
  cast(null as varchar) as record_person,
  s.starts as start_date,
  s.ends as end_date,
  s.budget as budget_hours,
  s.used_hours, s.used, s.elapsed,
  row_number() over (partition by s.account_id order by s.used - s.elapsed desc nulls last, s.contract_id) = 1 as chosen
from shares s
