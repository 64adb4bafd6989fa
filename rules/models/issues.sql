-- One row per issue and account that counts it at as_of: linked Jira issues, sub-tasks and epics left out, which enter only
-- estimates, hours and links (E22), and Cases of Salesforce that no such issue names (E29). A Case has no project, no
-- labels and no due date; since when it has its status is not known, so that its creation stands for that.
with
assigned as (
  select s.site, s.issue_id, count(*) as n
  from jira_step s
  cross join clock c
  where s.field = 'assignee' and s.created <= c.as_of and s.created > c.as_of - interval '30' day
  group by s.site, s.issue_id
),
released as (
  select v.site, v.issue_id, r.release_date
  from jira_issue_value v
  join jira_version r on r.site = v.site and r.id = v.value_id
  where v.kind = 'affected_version' and r.release_date is not null
),
after_release as (
  select i.site, i.id, min(days_between(r.release_date, z.day)) as days
  from issue_states i
  join zone_day z on z.utc_date = cast(i.created as date) and i.created >= z.starts and i.created < z.ends
  join released r on r.site = i.site and r.issue_id = i.id
  where r.release_date <= z.day
  group by i.site, i.id
)
select
  l.account_id,
  'jira' as record_system,
  concat(i.site, ':', i.id) as record_id,
  i.key as record_key,
  i.summary as record_text,
  cast(null as varchar) as record_person,
  'jira' as system,
  i.site, i.id as issue_id,
  i.key, i.project,
  case when i.project is not null then concat(i.site, ':', i.project) end as site_project,
  i.project_type, i.type, i.status, i.status_category, i.priority, i.labels,
  i.done, i.p1, i.incident, i.request, i.change, i.waiting, i.paused, i.escalated, i.out_of_scope, i.scope_decided,
  i.project_type = 'software' as software,
  coalesce(not i.done and days_between(i.due_date, c.day) > 0, false) as overdue,
  i.created, i.due_date,
  cast(floor(seconds_between(i.created, c.as_of) / 86400) as bigint) as age_days,
  cast(floor(seconds_between(i.status_since, c.as_of) / 86400) as bigint) as status_days,
  coalesce(a.n, 0) as assignee_changes_30d,
  r.days as days_after_release
from issue_states i
join issue_links l on l.site = i.site and l.issue_id = i.id
cross join clock c
left join assigned a on a.site = i.site and a.issue_id = i.id
left join after_release r on r.site = i.site and r.id = i.id
where not i.subtask and not i.epic
union all
select
  k.account_id,
  'salesforce' as record_system,
  k.case_id as record_id,
  k.case_id as record_key,
  k.title as record_text,
  k.person_id as record_person,
  'salesforce' as system,
  'salesforce' as site, k.case_id as issue_id,
  k.number as key,
  cast(null as varchar) as project,
  cast(null as varchar) as site_project,
  cast(null as varchar) as project_type,
  k.type, k.status,
  case when k.done then 'done' end as status_category,
  k.priority,
  '||' as labels,
  k.done, k.p1, k.incident, k.request, k.change, k.waiting, k.paused, k.escalated,
  false as out_of_scope,
  false as scope_decided,
  false as software,
  false as overdue,
  k.created,
  cast(null as date) as due_date,
  cast(floor(seconds_between(k.created, c.as_of) / 86400) as bigint) as age_days,
  cast(floor(seconds_between(k.created, c.as_of) / 86400) as bigint) as status_days,
  0 as assignee_changes_30d,
  cast(null as bigint) as days_after_release
from cases k
cross join clock c
where not k.paired
