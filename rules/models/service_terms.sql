-- One row per promise of service that holds on the day, and account that counts it (F34): an entitlement, a service
-- contract, or an SLA clock that ran on one of its issues in 365 days. The dates decide, not a status that nobody turned.
with
terms as (
  select t.Id as id, t.AccountId as account_id, t.Name as name, 'entitlement' as kind, t.Status as status,
    t.StartDate as starts, t.EndDate as ends, t.CreatedDate as created, t.IsDeleted as deleted
  from sf_entitlement t
  union all
  select t.Id as id, t.AccountId as account_id, t.Name as name, 'service contract' as kind, t.Status as status,
    t.StartDate as starts, t.EndDate as ends, t.CreatedDate as created, t.IsDeleted as deleted
  from sf_service_contract t
)
select
  g.account_id,
  'salesforce' as record_system,
  t.id as record_id,
  t.id as record_key,
  t.name as record_text,
  cast(null as varchar) as record_person,
  t.kind,
  t.starts as start_date,
  t.ends as end_date,
  true as holds
from terms t
join account_members g on g.member_id = t.account_id
cross join clock c
where not coalesce(t.deleted, false) and (t.created is null or t.created <= c.as_of)
  and coalesce(days_between(t.starts, c.day) >= 0, true) and coalesce(days_between(c.day, t.ends) >= 0, true)
  and (t.starts is not null or t.ends is not null or lower(t.status) = 'active')
union all
select distinct
  l.account_id, 'jira' as record_system, concat(i.site, ':', i.id) as record_id, i.key as record_key,
  i.summary as record_text, cast(null as varchar) as record_person,
  'sla' as kind, cast(null as date) as start_date, cast(null as date) as end_date, true as holds
from jira_sla_cycle y
join jira_issue i on i.site = y.site and i.id = y.issue_id
join issue_links l on l.site = y.site and l.issue_id = y.issue_id
cross join clock c
where y.started <= c.as_of and (y.stopped is null or y.stopped > c.as_of - interval '365' day)
union all
select distinct
  g.account_id, 'salesforce' as record_system, k.Id as record_id, k.CaseNumber as record_key,
  k.Subject as record_text, cast(null as varchar) as record_person,
  'sla' as kind, cast(null as date) as start_date, cast(null as date) as end_date, true as holds
from sf_case_milestone m
join sf_case k on k.Id = m.CaseId
join account_members g on g.member_id = k.AccountId
cross join clock c
where not coalesce(m.IsDeleted, false) and not k.IsDeleted
  and m.StartDate <= c.as_of and (m.CompletionDate is null or m.CompletionDate > c.as_of - interval '365' day)
