-- One row per incident of Jira of the last 30 d and component: the how manieth it is in its project and component in that
-- time, those without a component among themselves (E28). A Case has no project to come again in.
with
parts as (
  select i.*, coalesce(v.value, '') as component
  from issues i
  left join jira_issue_value v on v.site = i.site and v.issue_id = i.issue_id and v.kind = 'component'
  where i.system = 'jira' and i.incident and i.age_days < 30
)
select
  p.account_id, p.record_system, p.record_id, p.record_key, p.record_text, p.record_person,
  p.key, p.project, p.component, p.type, p.priority, p.done,
  p.created as at,
  p.age_days as days_ago,
  row_number() over (
    partition by p.account_id, p.site, p.project, p.component order by p.created, length(p.issue_id), p.issue_id
  ) as place
from parts p
