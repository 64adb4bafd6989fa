-- What is known about each account's deals, offerings and people's roles; columns of `coverage`, in words in rules/words.py.
with
present as (
  select
    max(case when s.value = 'opportunities' then 1 else 0 end) as opportunities,
    max(case when s.value = 'line_items' then 1 else 0 end) as line_items,
    max(case when s.value = 'assets' then 1 else 0 end) as assets,
    max(case when s.value = 'products' then 1 else 0 end) as products,
    max(case when s.value = 'contracts' then 1 else 0 end) as contracts,
    max(case when s.value = 'jira' then 1 else 0 end) as jira,
    max(case when s.value = 'users' then 1 else 0 end) as users,
    max(case when s.value = 'plans' then 1 else 0 end) as plans,
    max(case when s.value = 'objectives' then 1 else 0 end) as objectives,
    max(case when s.value = 'objective_dates' then 1 else 0 end) as objective_dates,
    max(case when s.value in ('plan_starts', 'plan_ends') then 1 else 0 end) as plan_dates,
    max(case when s.value = 'amounts' then 1 else 0 end) as amounts,
    max(case when s.value = 'value_amounts' then 1 else 0 end) as value_amounts,
    max(case when s.value in ('entitlements', 'service_contracts') then 1 else 0 end) as terms
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
given as (
  select count(*) as n from confirmed_values v
),
unpriced_values as (
  select distinct v.account_id from confirmed_values v where v.amount is null and v.days_ago < 365
),
clocks as (
  select
    (select count(*) from jira_sla_cycle) + (select count(*) from sf_case_milestone) as n
  from clock c
),
goals as (
  select count(*) as n
  from sf_plan_objective j
  cross join clock c
  where not coalesce(j.IsDeleted, false) and (j.CreatedDate is null or j.CreatedDate <= c.as_of)
),
plan_reviews as (
  select count(*) as n from plans p cross join clock c where days_between(p.review_date, c.day) >= 0
),
logged as (
  select count(*) as n from moments m where m.days_ago < 90
),
declared as (
  select
    max(case when d.name = 'pulse' and d.enough then 1 else 0 end) as pulse,
    max(case when d.name = 'standing' and d.enough then 1 else 0 end) as standing,
    max(case when d.name = 'mission' and d.enough then 1 else 0 end) as mission,
    max(case when d.name = 'target' and d.enough then 1 else 0 end) as target,
    max(case when d.name = 'last_review' and d.enough then 1 else 0 end) as last_review,
    max(case when d.name = 'sla_review' and d.enough then 1 else 0 end) as sla_review,
    max(case when d.name = 'reference' and d.enough then 1 else 0 end) as reference,
    max(case when d.name = 'competitor' and d.enough then 1 else 0 end) as competitor,
    max(case when d.name = 'inbound' and d.enough then 1 else 0 end) as inbound,
    max(case when d.name = 'objective' and d.enough then 1 else 0 end) as objective
  from declared_inputs d
)
select
  a.account_id,
  coalesce(present.opportunities, 0) = 1 as opportunities,
  coalesce(present.opportunities, 0) = 1 and coalesce(present.amounts, 0) = 1 and u.account_id is null as rates,
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
    else coalesce(present.opportunities, 0) = 1 and coalesce(present.amounts, 0) = 1 and coalesce(t.unpriced_now, 0) = 0
  end as revenue_12m,
  case
    when mapped.now = 1 then coalesce(mapped.before, 0) = 1 and coalesce(t.before, 0) = 1 and t.unpriced_before = 0
    else coalesce(present.opportunities, 0) = 1 and coalesce(present.amounts, 0) = 1 and coalesce(t.unpriced_before, 0) = 0
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
  coalesce(declared.pulse, 0) = 1 as pulse,
  coalesce(declared.standing, 0) = 1 as standing,
  coalesce(declared.mission, 0) = 1 as mission,
  coalesce(declared.sla_review, 0) = 1 as sla_review,
  coalesce(declared.reference, 0) = 1 as given_references,
  coalesce(declared.competitor, 0) = 1 as competitors,
  coalesce(declared.inbound, 0) = 1 as inbound,
  given.n > 0 as confirmed_values,
  coalesce(present.value_amounts, 0) = 1 and x.account_id is null as value_rates,
  coalesce(present.users, 0) = 1 as users,
  coalesce(present.plans, 0) = 1 and coalesce(present.plan_dates, 0) = 1 as plans,
  coalesce(present.objectives, 0) = 1 as objectives,
  coalesce(present.objective_dates, 0) = 1 as objective_dates,
  goals.n > 0 or coalesce(declared.objective, 0) = 1 as objectives_used,
  logged.n > 0 or coalesce(declared.last_review, 0) = 1 or plan_reviews.n > 0 as reviews,
  coalesce(present.terms, 0) = 1 or clocks.n > 0 as service_terms
from accounts a
cross join present
cross join preset
cross join requests
cross join roles
cross join declared
cross join given
cross join clocks
cross join goals
cross join plan_reviews
cross join logged
left join unpriced_values x on x.account_id = a.account_id
cross join mapped
cross join renewal
cross join renewal_days
left join told t on t.account_id = a.account_id
left join unpriced u on u.account_id = a.account_id
left join unit_coverage v on v.account_id = a.account_id
