-- One row per account and mail thread whose newest message of 90 d a contact has sent, and whether a call or a meeting
-- with the sender followed (D20). A newest message that is automatic leaves nothing open; equal times follow nobody.
with
people as (
  select p.activity_id, p.person_id
  from activity_person p
  cross join clock c
  where p.known_from <= c.as_of
),
named as (
  select distinct p.activity_id from people p
),
mails as (
  select
    r.account_id, r.id, r.subject, r.at, r.day, r.thread,
    r.direction = 'inbound' and n.activity_id is not null and not r.automatic as asks,
    rank() over (partition by r.thread order by r.at desc) as place
  from activity_rows r
  cross join clock c
  left join named n on n.activity_id = r.id
  where r.object = 'EmailMessage' and r.at <= c.as_of and r.at > c.as_of - interval '90' day
),
questions as (
  select m.* from mails m where m.place = 1 and m.asks and m.account_id is not null
),
senders as (
  select q.account_id, q.id, p.person_id
  from questions q
  join people p on p.activity_id = q.id
),
talks as (
  select distinct p.person_id, r.at, r.day
  from activity_rows r
  cross join clock c
  join people p on p.activity_id = r.id
  where r.kind in ('call', 'meeting') and r.closed
    and (r.at <= c.as_of or (r.at is null and r.day <= c.day)) and days_between(r.day, c.day) <= 90
),
answered as (
  select distinct q.account_id, q.id
  from questions q
  join senders s on s.account_id = q.account_id and s.id = q.id
  join talks t on t.person_id = s.person_id and (t.at > q.at or (t.at is null and t.day >= q.day))
),
own_senders as (
  select s.account_id, s.id, min(s.person_id) as person_id
  from senders s
  join contact_person k on k.contact_id = s.person_id
  join account_members g on g.member_id = k.account_id and g.account_id = s.account_id
  group by s.account_id, s.id
),
told as (
  select
    q.account_id, q.id, q.subject, q.at, q.day,
    a.id is not null as returned,
    row_number() over (
      partition by q.account_id, q.thread order by case when a.id is null then 0 else 1 end, q.id
    ) as place
  from questions q
  left join answered a on a.account_id = q.account_id and a.id = q.id
)
select
  t.account_id,
  'salesforce' as record_system,
  t.id as record_id,
  t.id as record_key,
  t.subject as record_text,
  o.person_id as record_person,
  t.at, t.day, t.returned,
  cast(floor(seconds_between(t.at, c.as_of) / 86400) as bigint) as days_ago,
  (c.business_position - (
    z.seconds_before + case
      when z.opens is null or t.at <= z.opens then 0
      when t.at >= z.closes then seconds_between(z.opens, z.closes)
      else seconds_between(z.opens, t.at)
    end
  )) / cast(3600 as double) as business_hours
from told t
cross join clock c
left join zone_day z on z.day = t.day and z.utc_date = cast(z.starts as date)
left join own_senders o on o.account_id = t.account_id and o.id = t.id
where t.place = 1
