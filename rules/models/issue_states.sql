-- One row per Jira issue as it stood at as_of: the `from` of the earliest later step, else the present value (A3).
with
later as (
  select
    s.site, s.issue_id, s.field, s.from_id, s.from_text,
    row_number() over (
      partition by s.site, s.issue_id, s.field
      order by s.created, length(s.history_id), s.history_id, s.item
    ) as n
  from jira_step s
  cross join clock c
  where s.created > c.as_of and s.field in ('status', 'priority', 'duedate', 'project')
),
undone as (
  select
    l.site, l.issue_id,
    max(case when l.field = 'status' then 1 else 0 end) as status_moved,
    max(case when l.field = 'status' then l.from_id end) as status_id,
    max(case when l.field = 'status' then l.from_text end) as status_name,
    max(case when l.field = 'priority' then 1 else 0 end) as priority_moved,
    max(case when l.field = 'priority' then l.from_text end) as priority_name,
    max(case when l.field = 'duedate' then 1 else 0 end) as due_moved,
    max(case when l.field = 'duedate' then coalesce(l.from_id, l.from_text) end) as due_text,
    max(case when l.field = 'project' then 1 else 0 end) as project_moved,
    max(case when l.field = 'project' then l.from_id end) as project_id
  from later l
  where l.n = 1
  group by l.site, l.issue_id
),
last_step as (
  select s.site, s.issue_id, max(s.created) as at
  from jira_step s
  cross join clock c
  where s.field = 'status' and s.created <= c.as_of
  group by s.site, s.issue_id
),
status_by_name as (
  select s.site, lower(s.name) as name, max(s.category) as category
  from jira_status s
  group by s.site, lower(s.name)
),
known as (
  select
    i.site, i.id, i.key, i.summary, i.type_name, i.subtask, i.reporter_id, i.created,
    lower(coalesce(i.type_name, '')) = 'epic' or coalesce(i.hierarchy_level, 0) >= 1 as epic,
    case when u.status_moved = 1 then u.status_name else i.status_name end as status,
    case
      when u.status_moved = 1 then coalesce(by_id.category, by_name.category, 'undefined')
      else coalesce(i.status_category, by_id.category, by_name.category, 'undefined')
    end as status_category,
    case when u.priority_moved = 1 then u.priority_name else i.priority_name end as priority,
    case when u.due_moved = 1 then try_cast(substring(u.due_text, 1, 10) as date) else i.due_date end as due_date,
    case when u.project_moved = 1 then u.project_id else i.project_id end as project_id,
    case when u.project_moved = 1 then null else i.project_key end as present_project_key,
    case when u.project_moved = 1 then null else i.project_type end as present_project_type,
    coalesce(l.at, i.created) as status_since
  from jira_issue i
  cross join clock c
  left join undone u on u.site = i.site and u.issue_id = i.id
  left join last_step l on l.site = i.site and l.issue_id = i.id
  left join jira_status by_id
    on by_id.site = i.site and by_id.id = case when u.status_moved = 1 then u.status_id else i.status_id end
  left join status_by_name by_name
    on by_name.site = i.site and by_name.name = lower(case when u.status_moved = 1 then u.status_name else i.status_name end)
  where i.created <= c.as_of
),
labels as (
  select v.site, v.issue_id, set_key(lower(v.value)) as labels
  from jira_issue_value v
  where v.kind = 'label' and v.value is not null
  group by v.site, v.issue_id
),
escalations as (
  select distinct v.site, v.issue_id
  from jira_issue_value v
  join setting e on e.name = 'escalation_labels' and e.value = lower(v.value)
  where v.kind = 'label'
),
said_of_scope as (
  select v.site, v.issue_id, max(case when s.name in ('scope_out', 'scope_yes') then 1 else 0 end) as is_out,
    max(case when s.name = 'scope_decided' then 1 else 0 end) as is_decided
  from jira_issue_value v
  join setting s on s.value = lower(v.value)
    and ((v.kind = 'label' and s.name in ('scope_out', 'scope_decided'))
      or (v.kind = 'field:scope' and s.name in ('scope_out', 'scope_decided', 'scope_yes')))
  group by v.site, v.issue_id
)
select
  k.site, k.id, k.key, k.summary, k.reporter_id, k.created, k.epic, coalesce(k.subtask, false) as subtask,
  k.type_name as type,
  k.status, k.status_category, k.status_since, k.priority, k.due_date,
  coalesce(p.key, k.present_project_key, k.project_id) as project,
  coalesce(p.type_key, k.present_project_type, 'software') as project_type,
  concat('|', coalesce(n.labels, ''), '|') as labels,
  k.status_category = 'done' or done.value is not null as done,
  p1.value is not null as p1,
  incident.value is not null as incident,
  request.value is not null as request,
  change_type.value is not null as change,
  waiting.value is not null as waiting,
  paused.value is not null as paused,
  escalations.issue_id is not null as escalated,
  coalesce(q.is_out, 0) = 1 as out_of_scope,
  coalesce(q.is_decided, 0) = 1 as scope_decided
from known k
left join jira_project p on p.site = k.site and p.id = k.project_id
left join labels n on n.site = k.site and n.issue_id = k.id
left join escalations on escalations.site = k.site and escalations.issue_id = k.id
left join said_of_scope q on q.site = k.site and q.issue_id = k.id
left join setting done on done.name = 'done_statuses' and done.value = lower(k.status)
left join setting p1 on p1.name = 'p1_priorities' and p1.value = lower(k.priority)
left join setting incident on incident.name = 'incident_types' and incident.value = lower(k.type_name)
left join setting request on request.name = 'request_types' and request.value = lower(k.type_name)
left join setting change_type on change_type.name = 'change_types' and change_type.value = lower(k.type_name)
left join setting waiting on waiting.name = 'waiting_statuses' and waiting.value = lower(k.status)
left join setting paused on paused.name = 'paused_statuses' and paused.value = lower(k.status)
