-- One row per account and person of its moments; a person counts once for each moment. Key contacts are the three with
-- most moments (at least 4) between 425 and 60 days ago, ties by id (D20).
with
met as (
  select
    m.account_id, p.person_id,
    max(k.name) as name,
    max(case when g.account_id is not null then 1 else 0 end) as own,
    sum(case when m.days_ago < 90 then 1 else 0 end) as moments_90d,
    min(m.days_ago) as last_days_ago,
    sum(case when m.days_ago >= 60 and m.days_ago < 425 then 1 else 0 end) as earlier
  from moments m
  cross join clock c
  join activity_person p on p.activity_id = m.record_id and p.known_from <= c.as_of
  left join contact_person k on k.contact_id = p.person_id
  left join account_members g on g.member_id = k.account_id and g.account_id = m.account_id
  group by m.account_id, p.person_id
)
select
  m.account_id,
  'salesforce' as record_system,
  m.person_id as record_id,
  m.person_id as record_key,
  m.name as record_text,
  m.person_id as record_person,
  m.person_id,
  coalesce(m.own, 0) = 1 as own,
  m.moments_90d, m.last_days_ago,
  m.earlier >= 4 and row_number() over (partition by m.account_id order by m.earlier desc, m.person_id) <= 3 as key_contact
from met m
