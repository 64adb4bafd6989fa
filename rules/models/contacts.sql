-- One row per contact of an account, with the level that the title tells (B8, B9); a person account without a contact of
-- its own is its own.
with
people as (
  select a.account_id, k.person_id, k.name, k.title, k.title_key
  from contact_person k
  join account_members g on g.member_id = k.account_id
  join accounts a on a.account_id = g.account_id
  cross join clock c
  where not k.is_deleted and k.known_from <= c.as_of
  union all
  select g.account_id, a.account_id as person_id, a.name, cast(null as varchar) as title, '' as title_key
  from accounts a
  join account_members g on g.member_id = a.account_id
  cross join clock c
  left join contact_person k on k.account_id = a.account_id and not k.is_deleted and k.known_from <= c.as_of
  where a.person_account and k.contact_id is null
),
titles as (
  select distinct p.title_key from people p where p.title_key <> ''
),
named_executive as (
  select distinct t.title_key
  from titles t
  join setting s on s.name = 'executive_titles' and contains(concat(' ', t.title_key, ' '), concat(' ', s.value, ' '))
),
named_otherwise as (
  select distinct t.title_key
  from titles t
  join setting s on s.name = 'not_executive' and contains(concat(' ', t.title_key, ' '), concat(' ', s.value, ' '))
)
select
  p.account_id,
  'salesforce' as record_system,
  p.person_id as record_id,
  p.person_id as record_key,
  p.name as record_text,
  p.person_id as record_person,
  p.person_id, p.title,
  e.title_key is not null and o.title_key is null as executive,
  p.title_key <> '' and (e.title_key is null or o.title_key is not null) as working_level,
  coalesce(m.moments_90d, 0) as moments_90d
from people p
left join named_executive e on e.title_key = p.title_key
left join named_otherwise o on o.title_key = p.title_key
left join moment_people m on m.account_id = p.account_id and m.person_id = p.person_id
