-- One row per open epic of an account, with the hours of the epic and of everything under it, whoever that is linked to
-- (E28). Hours are known as of today only; an epic that was never estimated is not here.
with
sums as (
  select
    e.site, e.epic_id,
    count(*) - 1 as children,
    sum(coalesce(i.original_seconds, 0)) as original,
    sum(coalesce(i.remaining_seconds, 0)) as remaining,
    sum(coalesce(i.spent_seconds, 0)) as spent
  from issue_epic e
  join jira_issue i on i.site = e.site and i.id = e.issue_id
  cross join clock c
  where i.created <= c.as_of
  group by e.site, e.epic_id
)
select
  l.account_id,
  'jira' as record_system,
  concat(i.site, ':', i.id) as record_id,
  i.key as record_key,
  i.summary as record_text,
  cast(null as varchar) as record_person,
  i.key, i.project, i.due_date,
  s.children,
  s.original / cast(3600 as double) as original_hours,
  s.remaining / cast(3600 as double) as remaining_hours,
  s.spent / cast(3600 as double) as spent_hours,
  (s.spent + s.remaining) / s.original as overrun
from issue_states i
join issue_links l on l.site = i.site and l.issue_id = i.id
join sums s on s.site = i.site and s.epic_id = i.id
where not i.done and s.original > 0
