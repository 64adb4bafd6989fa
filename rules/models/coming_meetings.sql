-- One row per Event of an account that lies after as_of; one that fills a day lies after it from the next day on (D20).
with
people as (
  select a.activity_id, min(a.person_id) as person_id
  from activity_person a
  cross join clock c
  where a.known_from <= c.as_of
  group by a.activity_id
)
select
  r.account_id,
  'salesforce' as record_system,
  r.id as record_id,
  r.id as record_key,
  r.subject as record_text,
  p.person_id as record_person,
  r.type, r.at, r.day,
  case
    when r.at is not null then cast(floor(seconds_between(c.as_of, r.at) / 86400) as bigint)
    else days_between(c.day, r.on_date)
  end as days_ahead
from activity_rows r
cross join clock c
left join people p on p.activity_id = r.id
where r.object = 'Event' and r.account_id is not null
  and (r.at > c.as_of or (r.at is null and days_between(c.day, r.on_date) > 0))
