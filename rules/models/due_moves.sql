-- One row per step, known at as_of, by which the due date of an issue was put to a later day (E26).
with
moved as (
  select
    s.site, s.issue_id, s.created,
    try_cast(substring(coalesce(s.from_id, s.from_text), 1, 10) as date) as from_day,
    try_cast(substring(coalesce(s.to_id, s.to_text), 1, 10) as date) as to_day
  from jira_step s
  cross join clock c
  where s.field = 'duedate' and s.created <= c.as_of
)
select
  i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, i.record_person,
  i.key, i.project, i.type,
  m.from_day, m.to_day,
  days_between(m.from_day, m.to_day) as slip_days,
  m.created as at,
  cast(floor(seconds_between(m.created, c.as_of) / 86400) as bigint) as days_ago
from moved m
join issues i on i.site = m.site and i.issue_id = m.issue_id
cross join clock c
where days_between(m.from_day, m.to_day) > 0
