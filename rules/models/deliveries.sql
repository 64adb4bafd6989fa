-- One row per issue with a due date that was done at as_of, by the day of its last step into done (E26).
with
finished as (
  select t.account_id, t.site, t.issue_id, max(t.at) as at
  from steps t
  where t.finished
  group by t.account_id, t.site, t.issue_id
),
dated as (
  select
    i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, i.record_person,
    i.key, i.project, i.type, i.due_date, f.at,
    cast(floor(seconds_between(f.at, c.as_of) / 86400) as bigint) as days_ago,
    days_between(i.due_date, coalesce(z.day, cast(f.at as date))) as days_late
  from issues i
  join finished f on f.account_id = i.account_id and f.site = i.site and f.issue_id = i.issue_id
  cross join clock c
  left join zone_day z on z.utc_date = cast(f.at as date) and f.at >= z.starts and f.at < z.ends
  where i.done and i.due_date is not null
)
select
  d.*,
  d.days_late <= 0 as on_time,
  sum(case when d.days_ago < 180 then 1 else 0 end) over (partition by d.account_id) >= 3 as measurable
from dated d
