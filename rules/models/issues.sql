-- One row per linked issue and account at as_of; sub-tasks and epics enter only estimates, hours and links (E22).
select
  l.account_id,
  'jira' as record_system,
  concat(i.site, ':', i.id) as record_id,
  i.key as record_key,
  i.summary as record_text,
  cast(null as varchar) as record_person,
  'jira' as system,
  i.site, i.id as issue_id,
  i.key, i.project, i.project_type, i.type, i.status, i.status_category, i.priority, i.labels,
  i.done, i.p1, i.incident, i.waiting, i.paused, i.escalated,
  i.project_type = 'software' as software,
  coalesce(not i.done and days_between(i.due_date, c.day) > 0, false) as overdue,
  i.created, i.due_date,
  cast(floor(seconds_between(i.created, c.as_of) / 86400) as bigint) as age_days,
  cast(floor(seconds_between(i.status_since, c.as_of) / 86400) as bigint) as status_days
from issue_states i
join issue_links l on l.site = i.site and l.issue_id = i.id
cross join clock c
where not i.subtask and not i.epic
