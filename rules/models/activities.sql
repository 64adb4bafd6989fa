-- One row per logged activity and account that is a real contact with the customer (definitions D15-D17): what has
-- happened by as_of, automatic replies left out.
with
people as (
  select a.activity_id, set_key(a.person_id) as people
  from activity_person a
  cross join clock c
  where a.known_from <= c.as_of
  group by a.activity_id
)
select
  r.id, r.object, r.kind, r.direction, r.subject, r.type, r.subtype, r.at, r.account_id, r.own_account_id, r.onsite, r.day,
  case
    when r.at is not null then cast(floor(seconds_between(r.at, c.as_of) / 86400) as bigint)
    else days_between(r.on_date, c.day)
  end as days_ago,
  coalesce(p.people, '') as people
from activity_rows r
cross join clock c
left join people p on p.activity_id = r.id
where r.closed and not r.automatic and r.account_id is not null
  and (r.at <= c.as_of or (r.at is null and days_between(r.on_date, c.day) >= 0))
