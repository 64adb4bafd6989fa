-- One row per contract that was activated by as_of, and account that counts it; `days_to_end` is negative once it has ended.
select
  g.account_id,
  'salesforce' as record_system,
  k.Id as record_id,
  k.Id as record_key,
  'contract' as record_text,
  cast(null as varchar) as record_person,
  p.starts as start_date,
  p.ends as end_date,
  days_between(c.day, p.ends) as days_to_end,
  coalesce(days_between(p.starts, c.day) >= 0, true) and coalesce(days_between(c.day, p.ends) >= 0, true) as running,
  k.Rapport_Budget_Hours__c as budget_hours
from sf_contract k
join account_members g on g.member_id = k.AccountId
cross join clock c
left join contract_period p on p.contract_id = k.Id
where not k.IsDeleted and (k.CreatedDate is null or k.CreatedDate <= c.as_of)
  and (
    k.ActivatedDate <= c.as_of
    or (k.ActivatedDate is null and (k.StatusCode = 'Activated' or k.Status = 'Activated'))
  )
