-- What is known of service and delivery at all by as_of, for every account alike; models/coverage.sql hands it on. Where
-- nobody ever kept an SLA, rated, logged work, named a release or marked work as out of scope, that is unknown, not nothing.
with
cycles as (
  select count(*) as n from jira_sla_cycle s cross join clock c where s.started <= c.as_of
),
milestones as (
  select count(*) as n
  from sf_case_milestone m
  cross join clock c
  where not m.IsDeleted and coalesce(m.StartDate, m.CreatedDate) <= c.as_of
),
rated as (
  select count(*) as n from ratings
),
worked as (
  select count(*) as n from jira_worklog w cross join clock c where w.created <= c.as_of and w.started <= c.as_of
),
released as (
  select count(*) as n
  from jira_issue_value v
  join jira_version r on r.site = v.site and r.id = v.value_id
  cross join clock c
  where v.kind = 'affected_version' and r.release_date <= c.day
),
marked as (
  select count(*) as n from issue_states i where i.out_of_scope or i.scope_decided
),
budgeted as (
  select count(*) as n
  from sf_contract k
  cross join clock c
  where not k.IsDeleted and k.CreatedDate <= c.as_of and k.Rapport_Budget_Hours__c > 0
),
mapped as (
  select count(*) as n from jira_issue_value v where v.kind = 'field:scope'
)
select
  cycles.n + milestones.n > 0 as slas,
  rated.n > 0 as ratings,
  worked.n > 0 as worklogs,
  released.n > 0 as releases,
  marked.n + mapped.n > 0 as scope,
  budgeted.n > 0 as budgets
from cycles
cross join milestones
cross join rated
cross join worked
cross join released
cross join marked
cross join mapped
cross join budgeted
