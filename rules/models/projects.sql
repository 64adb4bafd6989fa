-- One row per project with an open issue of the account: how long ago we last told the customer something there, by a
-- public comment or in a meeting, which counts for all projects (E26). Where it never happened, since the account exists
-- (D19). Projects in which nobody tells the customer from us are left out (E23).
with
active as (
  select i.account_id, i.site, i.project, count(*) as open_issues
  from issues i
  join sided_projects p on p.site = i.site and p.project = i.project
  where not i.done
  group by i.account_id, i.site, i.project
),
updates as (
  select
    a.account_id, a.site, a.project,
    'jira' as record_system,
    i.record_id, i.record_key, i.record_text,
    cast(null as varchar) as record_person,
    p.at,
    cast(floor(seconds_between(p.at, c.as_of) / 86400) as bigint) as days_ago
  from active a
  join public_comments p on p.account_id = a.account_id and p.site = a.site and p.project = a.project
  join sides s on s.site = p.site and s.issue_id = p.issue_id and s.author_id = p.author_id and s.account_id = p.account_id
  join issues i on i.account_id = p.account_id and i.site = p.site and i.issue_id = p.issue_id
  cross join clock c
  where s.side = 'staff'
  union all
  select
    a.account_id, a.site, a.project,
    m.record_system, m.record_id, m.record_key, m.record_text, m.record_person,
    m.at, m.days_ago
  from active a
  join moments m on m.account_id = a.account_id
  where m.kind = 'meeting'
),
latest as (
  select
    u.*,
    row_number() over (
      partition by u.account_id, u.site, u.project
      order by u.days_ago, u.at desc nulls last, u.record_system, length(u.record_key), u.record_key
    ) as n
  from updates u
)
select
  a.account_id,
  coalesce(u.record_system, 'salesforce') as record_system,
  coalesce(u.record_id, a.account_id) as record_id,
  coalesce(u.record_key, a.account_id) as record_key,
  case when u.record_id is null then 'never' else u.record_text end as record_text,
  u.record_person,
  a.project,
  a.open_issues,
  u.record_id is not null as ever_updated,
  coalesce(u.days_ago, o.age_days) as update_days
from active a
join accounts o on o.account_id = a.account_id
left join latest u on u.account_id = a.account_id and u.site = a.site and u.project = a.project and u.n = 1
