-- One row per Case and account that counts it, as far as a Case tells what it was at as_of: its history is not read, so
-- that but for the time of closing it is as today (A3, E29). A Case that an issue of the same account names is `paired`:
-- the issue stands for both.
with
paired as (
  select distinct n.case_id, l.account_id
  from issue_case n
  join issue_states i on i.site = n.site and i.id = n.issue_id
  join issue_links l on l.site = n.site and l.issue_id = n.issue_id
  where not i.subtask and not i.epic
),
known as (
  select
    k.Id as case_id, k.CaseNumber as number, k.Subject as subject, k.Status as status, k.Priority as priority,
    k.Type as type, k.CreatedDate as created,
    case when k.ClosedDate <= c.as_of then k.ClosedDate end as closed,
    case when k.ClosedDate > c.as_of then false else coalesce(k.IsClosed, false) end as done,
    coalesce(k.IsEscalated, false) as escalated,
    p.person_id
  from sf_case k
  cross join clock c
  join setting visible on visible.name = 'present' and visible.value = 'cases'
  left join contact_person p on p.contact_id = k.ContactId and p.known_from <= c.as_of
  where not k.IsDeleted and k.CreatedDate <= c.as_of
)
select
  g.account_id, k.case_id, k.number, k.type, k.status, k.priority, k.created, k.closed, k.person_id, k.escalated,
  case when k.subject is null then concat('Case ', k.number) else concat('Case ', k.number, ': ', k.subject) end as title,
  k.done or done.value is not null as done,
  p1.value is not null as p1,
  incident.value is not null as incident,
  request.value is not null as request,
  change_type.value is not null as change,
  waiting.value is not null as waiting,
  paused.value is not null as paused,
  n.case_id is not null as paired
from known k
join (
  select distinct r.record_id, g.account_id
  from record_account r
  join account_members g on g.member_id = r.account_id
) g on g.record_id = k.case_id
left join paired n on n.case_id = k.case_id and n.account_id = g.account_id
left join setting done on done.name = 'done_statuses' and done.value = lower(k.status)
left join setting p1 on p1.name = 'p1_priorities' and p1.value = lower(k.priority)
left join setting incident on incident.name = 'incident_types' and incident.value = lower(k.type)
left join setting request on request.name = 'request_types' and request.value = lower(k.type)
left join setting change_type on change_type.name = 'change_types' and change_type.value = lower(k.type)
left join setting waiting on waiting.name = 'waiting_statuses' and waiting.value = lower(k.status)
left join setting paused on paused.name = 'paused_statuses' and paused.value = lower(k.status)
