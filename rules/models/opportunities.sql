-- One row per opportunity and account that counts it, as it stood at as_of. Days since the close date are negative while
-- it lies ahead; `amount` is in the organisation's currency, unknown where a rate is missing; `planned` where
-- an objective of an account plan names it, or it names one.
with
served as (
  select distinct j.OpportunityId as id
  from sf_plan_objective j
  cross join clock c
  where not coalesce(j.IsDeleted, false) and (j.CreatedDate is null or j.CreatedDate <= c.as_of)
)
select
  g.account_id,
  'salesforce' as record_system,
  o.id as record_id,
  o.id as record_key,
  o.name as record_text,
  cast(null as varchar) as record_person,
  o.type, o.stage, o.open, o.won, o.amount, o.priced, o.close_date, o.days_since_close, o.this_fiscal_year,
  o.created, o.created_days, o.stage_days,
  nullif(o.competitor, '') as competitor,
  coalesce(o.inbound, false) as inbound,
  o.objective_id is not null or j.id is not null as planned
from opportunity_states o
join account_members g on g.member_id = o.account_id
left join served j on j.id = o.id
