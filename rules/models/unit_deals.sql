-- One row per unit of an account: what was won with it, in preset internal-it done for it, and what is open (F31). A unit is
-- lost where something was won once, nothing in 12 months, and nothing is open.
with
totals as (
  select
    d.account_id, d.unit,
    sum(case when d.won then 1 else 0 end) as won_deals,
    sum(case when d.won and d.closed_days < 365 then 1 else 0 end) as won_deals_12m,
    sum(case when d.open then 1 else 0 end) as open_deals
  from dealing_units d
  group by d.account_id, d.unit
)
select
  u.account_id, u.record_system, u.record_id, u.record_key, u.record_text, u.record_person,
  u.unit, u.origin,
  coalesce(t.won_deals, 0) as won_deals,
  coalesce(t.won_deals_12m, 0) as won_deals_12m,
  coalesce(t.open_deals, 0) as open_deals,
  coalesce(t.won_deals > 0 and t.won_deals_12m = 0 and t.open_deals = 0, false) as lost
from org_units u
left join totals t on t.account_id = u.account_id and t.unit = u.unit
