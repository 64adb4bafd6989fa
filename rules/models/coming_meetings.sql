-- One row per Event of an account that lies after as_of; one that fills a day lies after it from the next day on (D20).
-- `business_days_ahead` counts the business days after today up to its own; further ahead than 40 days nobody counts them.
with
people as (
  select a.activity_id, min(a.person_id) as person_id
  from activity_person a
  cross join clock c
  where a.known_from <= c.as_of
  group by a.activity_id
),
coming as (
  select r.account_id, r.id, r.subject, r.type, r.at, r.on_date, r.day
  from activity_rows r
  cross join clock c
  where r.object = 'Event' and r.account_id is not null
    and (r.at > c.as_of or (r.at is null and days_between(c.day, r.on_date) > 0))
),
business as (
  select r.account_id, r.id, count(z.day) as days
  from coming r
  cross join clock c
  left join zone_day z
    on z.day > c.day and z.day <= r.day and z.opens is not null and z.utc_date = cast(z.starts as date)
  where days_between(c.day, r.day) < 40
  group by r.account_id, r.id
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
  end as days_ahead,
  b.days as business_days_ahead
from coming r
cross join clock c
left join people p on p.activity_id = r.id
left join business b on b.account_id = r.account_id and b.id = r.id
