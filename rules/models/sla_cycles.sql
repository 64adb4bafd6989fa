-- One row per cycle of an SLA that had begun by as_of: those of Jira's SLA fields, and milestones of Cases. A Case that an
-- issue with cycles names has none of its own (E27). A cycle that stopped after as_of is still running; one that stopped,
-- or was paused, before its breach time has not breached, and the system that keeps the clock says so.
with
of_jira as (
  select
    i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, i.record_person,
    i.site, i.issue_id, i.key, i.project, i.type, i.priority,
    s.name as sla,
    s.started, s.stopped as ended, s.breach_at,
    s.breached as flagged,
    coalesce(s.paused, false) as held
  from jira_sla_cycle s
  join issues i on i.site = s.site and i.issue_id = s.issue_id
  cross join clock c
  where s.started <= c.as_of
),
told_by_jira as (
  select distinct n.case_id, j.account_id
  from issue_case n
  join of_jira j on j.site = n.site and j.issue_id = n.issue_id
),
of_cases as (
  select
    k.account_id,
    'salesforce' as record_system,
    k.case_id as record_id,
    k.case_id as record_key,
    k.title as record_text,
    k.person_id as record_person,
    'salesforce' as site, k.case_id as issue_id, k.number as key,
    cast(null as varchar) as project,
    k.type, k.priority,
    m.MilestoneTypeId as sla,
    coalesce(m.StartDate, m.CreatedDate) as started, m.CompletionDate as ended, m.TargetDate as breach_at,
    m.IsViolated as flagged,
    m.CompletionDate is null
      and (coalesce(m.IsCompleted, false) or coalesce(k.closed < m.TargetDate, false)) as held
  from sf_case_milestone m
  join cases k on k.case_id = m.CaseId
  cross join clock c
  left join told_by_jira t on t.case_id = k.case_id and t.account_id = k.account_id
  where t.case_id is null and not m.IsDeleted and coalesce(m.StartDate, m.CreatedDate) <= c.as_of
),
together as (
  select * from of_jira
  union all
  select * from of_cases
),
judged as (
  select
    t.*,
    case when t.ended <= c.as_of then t.ended end as stopped,
    case
      when t.breach_at is null then coalesce(t.ended <= c.as_of and t.flagged, false)
      when t.breach_at > c.as_of then false
      when t.ended is not null then t.breach_at <= t.ended and coalesce(t.flagged, true)
      when t.held then coalesce(t.flagged, false)
      else true
    end as breached
  from together t
  cross join clock c
),
timed as (
  select
    j.*,
    cast(floor(seconds_between(j.stopped, c.as_of) / 86400) as bigint) as stopped_days,
    case
      when j.breach_at <= c.as_of then cast(floor(seconds_between(j.breach_at, c.as_of) / 86400) as bigint)
    end as breach_days
  from judged j
  cross join clock c
)
select
  t.account_id, t.record_system, t.record_id, t.record_key, t.record_text, t.record_person,
  t.key, t.project, t.type, t.priority, t.sla,
  t.started,
  t.stopped,
  t.stopped_days,
  t.breach_at,
  t.breach_days,
  t.breached,
  t.stopped is null as running,
  t.stopped is not null and not t.breached as met,
  sum(case when t.stopped_days < 90 then 1 else 0 end) over (partition by t.account_id) >= 3 as measurable
from timed t
