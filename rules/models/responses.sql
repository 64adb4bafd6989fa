-- One row per issue that the customer's side raised in 90 d, with the business time to our first public comment. One
-- without an answer has waited until now, or until it was last done: the step, without a step the resolution date (E25).
-- Its project is one with a customer in it by the very fact that it is there. A Case is raised by its contact, and enters
-- only where people talk in Cases at all.
with
asked as (
  select
    i.account_id, i.site, i.issue_id, i.created, i.done, j.resolved, j.reporter_id,
    cast(null as varchar) as person_id
  from issues i
  join jira_issue j on j.site = i.site and j.id = i.issue_id
  join sides s
    on s.site = i.site and s.issue_id = i.issue_id and s.author_id = j.reporter_id and s.account_id = i.account_id
  cross join clock c
  where s.side = 'customer' and i.created > c.as_of - interval '90' day
  union all
  select
    k.account_id, 'salesforce' as site, k.case_id as issue_id, k.created, k.done, k.closed as resolved,
    cast(null as varchar) as reporter_id,
    k.person_id
  from cases k
  join sided_projects p on p.site = 'salesforce' and p.project = ''
  cross join clock c
  where not k.paired and k.person_id is not null and k.created > c.as_of - interval '90' day
),
answers as (
  select p.account_id, p.site, p.issue_id, min(p.at) as at
  from public_comments p
  join sides s on s.site = p.site and s.issue_id = p.issue_id and s.author_id = p.author_id and s.account_id = p.account_id
  where s.side = 'staff'
  group by p.account_id, p.site, p.issue_id
),
last_done as (
  select t.account_id, t.site, t.issue_id, max(t.at) as at
  from steps t
  where t.finished
  group by t.account_id, t.site, t.issue_id
),
waits as (
  select
    a.account_id, a.site, a.issue_id, a.reporter_id, a.person_id, a.created as since,
    r.at is not null as answered,
    greatest(a.created, case
      when r.at is not null then r.at
      when a.done then coalesce(d.at, case when a.resolved <= c.as_of then a.resolved end, c.as_of)
      else c.as_of
    end) as until
  from asked a
  cross join clock c
  left join answers r on r.account_id = a.account_id and r.site = a.site and r.issue_id = a.issue_id
  left join last_done d on d.account_id = a.account_id and d.site = a.site and d.issue_id = a.issue_id
),
instants as (
  select w.since as at from waits w
  union
  select w.until as at from waits w
),
placed as (
  select
    t.at,
    z.seconds_before + case
      when z.opens is null or t.at <= z.opens then 0
      when t.at >= z.closes then seconds_between(z.opens, z.closes)
      else seconds_between(z.opens, t.at)
    end as position
  from instants t
  join zone_day z on z.utc_date = cast(t.at as date) and t.at >= z.starts and t.at < z.ends
),
contact_by_address as (
  select g.account_id, k.address_key, min(k.person_id) as person_id
  from contact_person k
  join account_members g on g.member_id = k.account_id
  cross join clock c
  where k.address_key is not null and not k.is_deleted and k.known_from <= c.as_of
  group by g.account_id, k.address_key
)
select
  i.account_id, i.record_system, i.record_id, i.record_key, i.record_text,
  coalesce(k.person_id, w.person_id) as record_person,
  i.key, i.project, i.type, i.priority,
  w.since as at,
  w.answered,
  (until_at.position - since_at.position) / cast(3600 as double) as business_hours
from waits w
join issues i on i.account_id = w.account_id and i.site = w.site and i.issue_id = w.issue_id
join placed since_at on since_at.at = w.since
join placed until_at on until_at.at = w.until
left join jira_person b on b.site = w.site and b.id = w.reporter_id
left join contact_by_address k on k.account_id = w.account_id and k.address_key = b.address_key
