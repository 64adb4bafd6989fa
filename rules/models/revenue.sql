-- One row per amount of the last 12 months and of the year before (F30): won deals by their close date, or what the mapped
-- fields of the account say in their place ([growth] revenue_12m, revenue_prior_12m).
with
mapped as (
  select count(*) as n from setting s where s.name = 'mapped' and s.value = 'revenue_12m'
),
deals as (
  select
    o.account_id, o.record_system, o.record_id, o.record_key, o.record_text, o.amount, o.close_date as day,
    case when o.days_since_close < 365 then 1 else 2 end as year
  from opportunities o
  cross join mapped m
  where m.n = 0 and o.won and o.days_since_close >= 0 and o.days_since_close < 730
),
fields as (
  select a.account_id, a.name, 1 as year, a.mapped_revenue_12m as amount from accounts a
  union all
  select a.account_id, a.name, 2 as year, a.mapped_revenue_prior_12m as amount from accounts a
)
select
  d.account_id, d.record_system, d.record_id, d.record_key, d.record_text,
  cast(null as varchar) as record_person,
  d.year, d.day, d.amount
from deals d
union all
select
  g.account_id, 'salesforce' as record_system, f.account_id as record_id, f.account_id as record_key, f.name as record_text,
  cast(null as varchar) as record_person,
  f.year, cast(null as date) as day,
  case
    when r.iso is null or f.amount = 0 then cast(f.amount as decimal(28, 2))
    else cast(f.amount / r.rate as decimal(28, 2))
  end as amount
from fields f
join account_members g on g.member_id = f.account_id
join account_currency r on r.account_id = f.account_id
cross join mapped m
where m.n > 0 and f.amount is not null
