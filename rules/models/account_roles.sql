-- One row per account, person and role that the person has for it (F32): in deals open or closed in 24 months, in relations
-- of contacts to accounts, or on the contact itself. What is declared on too few accounts does not count (D19).
with
known as (
  select r.*
  from contact_role r
  cross join clock c
  left join declared_inputs d on d.name = 'role'
  where r.known_from <= c.as_of and (r.origin <> 'declared' or coalesce(d.enough, false))
),
held as (
  select g.account_id, k.person_id, k.role
  from known k
  join account_members g on g.member_id = k.account_id
  union
  select o.account_id, k.person_id, k.role
  from known k
  join opportunities o on o.record_id = k.opportunity_id
  where o.open or (o.days_since_close >= 0 and o.days_since_close < 730)
)
select
  h.account_id,
  'salesforce' as record_system,
  h.person_id as record_id,
  h.person_id as record_key,
  p.name as record_text,
  h.person_id as record_person,
  h.person_id, h.role,
  sponsor.value is not null as sponsor,
  champion.value is not null as champion,
  m.last_days_ago
from held h
join contact_person p on p.contact_id = h.person_id
left join setting sponsor on sponsor.name = 'sponsor_roles' and sponsor.value = h.role
left join setting champion on champion.name = 'champion_roles' and champion.value = h.role
left join moment_people m on m.account_id = h.account_id and m.person_id = h.person_id
