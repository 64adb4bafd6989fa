-- One row per account and role that ought to be known there: how many people have it (F32).
with
held as (
  select r.account_id, r.role, count(distinct r.person_id) as people
  from account_roles r
  group by r.account_id, r.role
)
select
  a.account_id,
  'none' as record_system,
  s.value as record_id,
  s.value as record_key,
  s.value as record_text,
  cast(null as varchar) as record_person,
  s.value as role,
  coalesce(h.people, 0) as people
from accounts a
join setting s on s.name = 'required_roles'
left join held h on h.account_id = a.account_id and h.role = s.value
