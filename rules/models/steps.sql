-- One row per status step of a linked issue, known at as_of; sub-tasks and epics have none here (E22). Whether a status
-- of the past was done is told by its id, then by its name; one that the site no longer knows was not.
with
status_by_name as (
  select s.site, lower(s.name) as name, max(s.category) as category
  from jira_status s
  group by s.site, lower(s.name)
),
known as (
  select
    s.site, s.issue_id, s.created, s.from_text, s.to_text,
    coalesce(from_id.category, from_name.category, 'undefined') = 'done' or from_listed.value is not null as from_done,
    coalesce(to_id.category, to_name.category, 'undefined') = 'done' or to_listed.value is not null as to_done
  from jira_step s
  cross join clock c
  left join jira_status from_id on from_id.site = s.site and from_id.id = s.from_id
  left join status_by_name from_name on from_name.site = s.site and from_name.name = lower(s.from_text)
  left join setting from_listed on from_listed.name = 'done_statuses' and from_listed.value = lower(s.from_text)
  left join jira_status to_id on to_id.site = s.site and to_id.id = s.to_id
  left join status_by_name to_name on to_name.site = s.site and to_name.name = lower(s.to_text)
  left join setting to_listed on to_listed.name = 'done_statuses' and to_listed.value = lower(s.to_text)
  where s.field = 'status' and s.created <= c.as_of
)
select
  i.account_id,
  'jira' as record_system,
  i.record_id, i.record_key, i.record_text, i.record_person,
  i.site, i.issue_id,
  i.key, i.project, i.project_type, i.type,
  k.from_text as from_status,
  k.to_text as to_status,
  k.to_done and not k.from_done as finished,
  k.from_done and not k.to_done as reopened,
  k.created as at,
  cast(floor(seconds_between(k.created, c.as_of) / 86400) as bigint) as days_ago
from known k
join issues i on i.site = k.site and i.issue_id = k.issue_id
cross join clock c
