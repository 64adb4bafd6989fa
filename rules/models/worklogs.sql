-- One row per piece of work logged on a linked issue by as_of, sub-tasks and epics included (E22, E28).
select
  l.account_id,
  'jira' as record_system,
  concat(i.site, ':', i.id) as record_id,
  i.key as record_key,
  i.summary as record_text,
  cast(null as varchar) as record_person,
  i.key, i.project, i.type,
  w.started as at,
  coalesce(z.day, cast(w.started as date)) as day,
  cast(floor(seconds_between(w.started, c.as_of) / 86400) as bigint) as days_ago,
  w.seconds,
  w.seconds / cast(3600 as double) as hours
from jira_worklog w
join issue_states i on i.site = w.site and i.id = w.issue_id
join issue_links l on l.site = w.site and l.issue_id = w.issue_id
cross join clock c
left join zone_day z on z.utc_date = cast(w.started as date) and w.started >= z.starts and w.started < z.ends
where w.created <= c.as_of and w.started <= c.as_of
