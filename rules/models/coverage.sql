-- What is known about each account: where a column is false, the metrics that require it are NULL (D18, E21, E23).
with
logged as (
  select count(*) as n from moments m where m.days_ago < 90
),
priorities as (
  select lower(p.name) as name from jira_priority p
  union
  select lower(i.priority_name) as name from jira_issue i where i.priority_name is not null
  union
  select lower(k.Priority) as name from sf_case k where k.Priority is not null and not k.IsDeleted
),
p1 as (
  select count(*) as n from priorities p join setting s on s.name = 'p1_priorities' and s.value = p.name
),
statuses as (
  select lower(t.name) as name from jira_status t
  union
  select lower(i.status_name) as name from jira_issue i where i.status_name is not null
  union
  select lower(k.Status) as name from sf_case k where k.Status is not null and not k.IsDeleted
),
waiting as (
  select count(*) as n from statuses t join setting s on s.name = 'waiting_statuses' and s.value = t.name
),
types as (
  select lower(i.type_name) as name from jira_issue i where i.type_name is not null
  union
  select lower(k.Type) as name from sf_case k where k.Type is not null and not k.IsDeleted
),
kinds as (
  select
    count(case when s.name = 'incident_types' then 1 end) as incidents,
    count(case when s.name = 'request_types' then 1 end) as requests,
    count(case when s.name = 'change_types' then 1 end) as changes
  from types t
  join setting s on s.name in ('incident_types', 'request_types', 'change_types') and s.value = t.name
),
any_case as (
  select count(*) as n
  from sf_case k
  cross join clock c
  join setting visible on visible.name = 'present' and visible.value = 'cases'
  where not k.IsDeleted and k.CreatedDate <= c.as_of
),
present as (
  select
    max(case when s.value = 'jira' then 1 else 0 end) as jira,
    max(case when s.value = 'contact' then 1 else 0 end) as contact,
    max(case when s.value = 'missed_calls' then 1 else 0 end) as missed_calls,
    max(case when s.value = 'event_types' then 1 else 0 end) as event_types
  from setting s
  where s.name = 'present'
),
managers as (
  select distinct m.user_id
  from account_manager m
  join accounts a on a.account_id = m.account_id
  where a.managed and m.user_id is not null
),
senders as (
  select distinct s.user_id
  from email_sender s
  join activity_rows r on r.id = s.email_id and r.object = 'EmailMessage' and r.direction = 'outbound'
  cross join clock c
  where r.at <= c.as_of and r.at > c.as_of - interval '90' day
),
mail as (
  select count(m.user_id) as managers, count(s.user_id) as sending
  from managers m
  left join senders s on s.user_id = m.user_id
),
titled as (
  select count(*) as n
  from contact_person k
  cross join clock c
  where k.title_key <> '' and not k.is_deleted and k.known_from <= c.as_of
),
told_apart as (
  select i.account_id, max(case when p.project is null then 0 else 1 end) as any_sided
  from issues i
  left join sided_projects p on p.site = i.site and p.project = coalesce(i.project, '')
  group by i.account_id
)
select
  a.account_id,
  logged.n > 0 as contacts_logged,
  coalesce(present.jira, 0) = 1 as jira,
  coalesce(present.jira, 0) = 1 or any_case.n > 0 as issues,
  (coalesce(present.jira, 0) = 1 or any_case.n > 0) and coalesce(t.any_sided, 1) = 1 as sides,
  (coalesce(present.jira, 0) = 1 or any_case.n > 0) and p1.n > 0 as p1_priorities,
  (coalesce(present.jira, 0) = 1 or any_case.n > 0) and waiting.n > 0 as waiting_statuses,
  (coalesce(present.jira, 0) = 1 or any_case.n > 0) and kinds.incidents > 0 as incident_types,
  (coalesce(present.jira, 0) = 1 or any_case.n > 0) and kinds.requests > 0 as request_types,
  (coalesce(present.jira, 0) = 1 or any_case.n > 0) and kinds.changes > 0 as change_types,
  coalesce(present.contact, 0) = 1 as contacts,
  mail.sending > 0 and mail.sending * 5 >= mail.managers as emails,
  coalesce(present.missed_calls, 0) = 1 as missed_calls,
  coalesce(present.event_types, 0) = 1 as event_types,
  titled.n > 0 as titles,
  d.opportunities, d.rates, d.dealings, d.offerings, d.owned_offerings, d.placed_deals, d.roles, d.champions, d.sponsors,
  d.pulse, d.revenue_12m, d.revenue_prior_12m, d.renewals, d.target,
  d.standing, d.mission, d.sla_review, d.given_references, d.competitors, d.inbound, d.confirmed_values, d.value_rates,
  d.users, d.plans, d.objectives, d.objective_dates, d.objectives_used, d.reviews, d.service_terms,
  q.slas, q.ratings, q.worklogs, q.releases, q.scope, q.budgets
from accounts a
join deal_coverage d on d.account_id = a.account_id
cross join logged
cross join mail
cross join titled
cross join p1
cross join waiting
cross join present
cross join kinds
cross join any_case
cross join service_coverage q
left join told_apart t on t.account_id = a.account_id
