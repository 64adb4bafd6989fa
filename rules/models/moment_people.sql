-- One row per account and person of its moments; a person counts once for each moment (D20).
select
  m.account_id,
  'salesforce' as record_system,
  p.person_id as record_id,
  p.person_id as record_key,
  max(k.name) as record_text,
  p.person_id as record_person,
  p.person_id,
  coalesce(max(case when k.account_id = m.account_id then 1 else 0 end), 0) = 1 as own,
  sum(case when m.days_ago < 90 then 1 else 0 end) as moments_90d,
  min(m.days_ago) as last_days_ago
from moments m
cross join clock c
join activity_person p on p.activity_id = m.record_id and p.known_from <= c.as_of
left join contact_person k on k.contact_id = p.person_id
group by m.account_id, p.person_id
