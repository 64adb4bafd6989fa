-- One row per account and inbound call of 90 d that nobody took, and whether an outbound call or mail or a meeting with
-- the same person followed (D20). A call that names nobody is returned by what names nobody at the same account.
with
calls as (
  select
    r.account_id, r.own_account_id, r.id, r.subject,
    case when r.at <= c.as_of then r.at end as at,
    case when r.at <= c.as_of then r.day else r.planned_for end as day
  from activity_rows r
  cross join clock c
  where r.missed and r.account_id is not null
),
recent as (
  select
    k.*,
    case
      when k.at is not null then cast(floor(seconds_between(k.at, c.as_of) / 86400) as bigint)
      else days_between(k.day, c.day)
    end as days_ago
  from calls k
  cross join clock c
  where days_between(k.day, c.day) >= 0 and days_between(k.day, c.day) <= 90
),
people as (
  select p.activity_id, p.person_id
  from activity_person p
  cross join clock c
  where p.known_from <= c.as_of
),
callers as (
  select k.account_id, k.id, k.at, k.day, coalesce(p.person_id, k.own_account_id) as party
  from recent k
  left join people p on p.activity_id = k.id
),
returns as (
  select distinct coalesce(p.person_id, r.own_account_id) as party, r.at, r.day
  from activity_rows r
  cross join clock c
  left join people p on p.activity_id = r.id
  where (r.kind = 'meeting' or r.direction = 'outbound') and r.closed and not r.automatic
    and (r.at <= c.as_of or (r.at is null and r.day <= c.day)) and days_between(r.day, c.day) <= 90
),
returned as (
  select distinct k.account_id, k.id
  from callers k
  join returns r on r.party = k.party and (r.at > k.at or ((r.at is null or k.at is null) and r.day >= k.day))
),
named as (
  select p.activity_id, min(p.person_id) as person_id from people p group by p.activity_id
)
select
  k.account_id,
  'salesforce' as record_system,
  k.id as record_id,
  k.id as record_key,
  k.subject as record_text,
  n.person_id as record_person,
  k.at, k.day, k.days_ago,
  r.id is not null as returned,
  greatest(
    c.business_position - (
      z.seconds_before + case
        when z.opens is null or k.at <= z.opens then 0
        when k.at is null or k.at >= z.closes then seconds_between(z.opens, z.closes)
        else seconds_between(z.opens, k.at)
      end
    ),
    0
  ) / cast(3600 as double) as business_hours
from recent k
cross join clock c
left join zone_day z on z.day = k.day and z.utc_date = cast(z.starts as date)
left join returned r on r.account_id = k.account_id and r.id = k.id
left join named n on n.activity_id = k.id
where k.days_ago < 90
