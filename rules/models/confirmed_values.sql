-- One row per value that a customer confirmed by as_of, and account that counts it (F33), its amount in the organisation's
-- currency by the rate of that day; unknown where the rate is missing.
with
rated as (
  select
    v.Id as id, v.Account__c as account_id, v.Outcome__c as outcome, v.Confirmed_On__c as day,
    coalesce(v.Amount__c, 0) as amount,
    case when v.CurrencyIsoCode is null or coalesce(v.Amount__c, 0) = 0 then 1 else coalesce(d.rate, u.rate) end as rate
  from sf_value v
  cross join clock c
  left join rates d
    on d.iso = v.CurrencyIsoCode and d.starts <= v.Confirmed_On__c and (d.ends is null or d.ends > v.Confirmed_On__c)
  left join rates u on u.iso = v.CurrencyIsoCode and u.starts is null
  where not coalesce(v.IsDeleted, false) and (v.CreatedDate is null or v.CreatedDate <= c.as_of)
    and days_between(v.Confirmed_On__c, c.day) >= 0
)
select
  g.account_id,
  'salesforce' as record_system,
  r.id as record_id,
  r.id as record_key,
  r.outcome as record_text,
  cast(null as varchar) as record_person,
  r.day,
  days_between(r.day, c.day) as days_ago,
  case when r.rate = 1 then cast(r.amount as decimal(28, 2)) else cast(r.amount / r.rate as decimal(28, 2)) end as amount
from rated r
join account_members g on g.member_id = r.account_id
cross join clock c
