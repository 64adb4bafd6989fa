-- One row per objective of a plan that covers the day, and account that counts it (F33): whether it is completed, overdue,
-- and whether an open deal or an open task is at work for it.
with
deals as (
  select o.objective_id from opportunity_states o where o.open and o.objective_id is not null
  union
  select j.Id as objective_id
  from sf_plan_objective j
  join opportunity_states o on o.id = j.OpportunityId
  where o.open
),
tasks as (
  select distinct t.WhatId as objective_id
  from sf_task t
  cross join clock c
  where not t.IsDeleted and t.CreatedDate <= c.as_of and t.WhatId is not null
    and (not coalesce(t.IsClosed, false) or t.CompletedDateTime > c.as_of)
)
select
  p.account_id,
  'salesforce' as record_system,
  j.Id as record_id,
  j.Id as record_key,
  j.Name as record_text,
  cast(null as varchar) as record_person,
  j.Status as status,
  j.EndDate as end_date,
  coalesce(lower(j.Status), '') = 'completed' as completed,
  coalesce(lower(j.Status), '') <> 'completed' and coalesce(days_between(j.EndDate, c.day) > 0, false) as overdue,
  d.objective_id is not null as has_deal,
  t.objective_id is not null as has_task
from sf_plan_objective j
join plans p on p.record_id = j.PlanId and p.covers
cross join clock c
left join deals d on d.objective_id = j.Id
left join tasks t on t.objective_id = j.Id
where not coalesce(j.IsDeleted, false) and (j.CreatedDate is null or j.CreatedDate <= c.as_of)
