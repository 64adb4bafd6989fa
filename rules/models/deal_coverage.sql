-- What is known about each account's deals, offerings and people's roles; columns of `coverage`, in words in rules/words.py.
with
present as (
  select
    max(case when s.value = 'opportunities' then 1 else 0 end) as opportunities,
    max(case when s.value = 'line_items' then 1 else 0 end) as line_items,
    max(case when s.value = 'assets' then 1 else 0 end) as assets,
    max(case when s.value = 'products' then 1 else 0 end) as products,
    max(case when s.value = 'contracts' then 1 else 0 end) as contracts,
    max(case when s.value = 'jira' then 1 else 0 end) as jira
  from setting s
  where s.name = 'present'
),
preset as (
  select count(*) as internal from setting s where s.name = 'preset' and s.value = 'internal-it'
),
requests as (
  select count(*) as n from jira_issue_value v where v.kind = 'request_type'
),
roles as (
  select
    count(*) as n,
    count(case when r.champion then 1 end) as champions,
    count(case when r.sponsor then 1 end) as sponsors
  from account_roles r
),
unpriced as (
  select distinct o.account_id
  from opportunities o
  where not o.priced and (o.open or (o.won and (o.this_fiscal_year or o.days_since_close < 365)))
),
mapped as (
  select
    max(case when s.value = 'revenue_12m' then 1 else 0 end) as now,
    max(case when s.value = 'revenue_prior_12m' then 1 else 0 end) as before
  from setting s
  where s.name = 'mapped'
),
told as (
  select
    r.account_id,
    max(case when r.year = 1 then 1 else 0 end) as now,
    max(case when r.year = 2 then 1 else 0 end) as before,
    max(case when r.year = 1 and r.amount is null then 1 else 0 end) as unpriced_now,
    max(case when r.year = 2 and r.amount is null then 1 else 0 end) as unpriced_before
  from revenue r
  group by r.account_id
),
renewal as (
  select
    max(case when s.value = 'contract' then 1 else 0 end) as by_contract,
    max(case when s.value = 'opportunity' then 1 else 0 end) as by_opportunity
  from setting s
  where s.name = 'renewals'
),
renewal_days as (
  select count(a.mapped_renewal_day) as n from accounts a
),
declared as (
  select
    max(case when d.name = 'pulse' and d.enough then 1 else 0 end) as pulse,
    max(case when d.name = 'standing' and d.enough then 1 else 0 end) as standing,
    max(case when d.name = 'mission' and d.enough then 1 else 0 end) as mission,
    max(case when d.name = 'target' and d.enough then 1 else 0 end) as target
  from declared_inputs d
)
select
  a.account_id,
  coalesce(present.opportunities, 0) = 1 as opportunities,
  coalesce(present.opportunities, 0) = 1 and u.account_id is null as rates,
  case
    when preset.internal > 0 then coalesce(present.jira, 0) = 1
    else coalesce(present.opportunities, 0) = 1
  end as dealings,
  case
    when preset.internal > 0 then coalesce(present.jira, 0) = 1 and requests.n > 0
    else coalesce(present.products, 0) = 1
  end as offerings,
  case
    when preset.internal > 0 then coalesce(present.jira, 0) = 1 and requests.n > 0
    else coalesce(present.products, 0) = 1 and (coalesce(present.line_items, 0) = 1 or coalesce(present.assets, 0) = 1)
  end as owned_offerings,
  coalesce(v.placed, false) as placed_deals,
  case
    when mapped.now = 1 then coalesce(t.now, 0) = 1 and t.unpriced_now = 0
    else coalesce(present.opportunities, 0) = 1 and coalesce(t.unpriced_now, 0) = 0
  end as revenue_12m,
  case
    when mapped.now = 1 then coalesce(mapped.before, 0) = 1 and coalesce(t.before, 0) = 1 and t.unpriced_before = 0
    else coalesce(present.opportunities, 0) = 1 and coalesce(t.unpriced_before, 0) = 0
  end as revenue_prior_12m,
  case
    when renewal.by_contract = 1 then coalesce(present.contracts, 0) = 1
    when renewal.by_opportunity = 1 then coalesce(present.opportunities, 0) = 1
    else renewal_days.n > 0
  end as renewals,
  coalesce(declared.target, 0) = 1 as target,
  roles.n > 0 as roles,
  roles.champions > 0 as champions,
  roles.sponsors > 0 as sponsors,
  coalesce(declared.pulse, 0) = 1 as pulse
from accounts a
cross join present
cross join preset
cross join requests
cross join roles
cross join declared
cross join mapped
cross join renewal
cross join renewal_days
left join told t on t.account_id = a.account_id
left join unpriced u on u.account_id = a.account_id
left join unit_coverage v on v.account_id = a.account_id
