-- One row per unit of an account: managed child accounts, departments of its contacts, declared units (B10); of a
-- group the departments and declared units of all descendants, yet its own direct children alone.
with
children as (
  select h.account_id, h.unit as unit_key, max(h.label) as label, max(h.child_id) as child_id
  from unit_children h
  group by h.account_id, h.unit
),
live_opportunities as (
  select o.id as opportunity_id, g.account_id
  from opportunity_states o
  left join account_members g on g.member_id = o.account_id
  where o.open or (o.won and o.days_since_close >= 0 and o.days_since_close < 365)
),
engaged_people as (
  select m.person_id from moment_people m where m.moments_90d > 0
  union
  select k.person_id
  from sf_opportunity_contact_role r
  join live_opportunities o on o.opportunity_id = r.OpportunityId
  join contact_person k on k.contact_id = r.ContactId
  cross join clock c
  where not r.IsDeleted and (r.CreatedDate is null or r.CreatedDate <= c.as_of)
  union
  select k.person_id
  from issue_states i
  join jira_person w on w.site = i.site and w.id = i.reporter_id
  join contact_person k on k.address_key = w.address_key
  where not i.done and not i.subtask and not i.epic and not k.is_deleted
  union
  select k.person_id from cases k where not k.done and not k.paired
),
engaged_children as (
  select m.account_id as child_id from moments m where m.days_ago < 90
  union
  select o.account_id as child_id from live_opportunities o
  union
  select i.account_id as child_id from issues i where not i.done
),
engaged_units as (
  select d.account_id, d.unit as unit_key
  from unit_people d
  join engaged_people e on e.person_id = d.person_id
  union
  select a.account_id, a.unit as unit_key
  from unit_children a
  join engaged_children e on e.child_id = a.child_id
),
every_unit as (
  select h.account_id, h.unit_key, h.label, h.child_id, 1 as rank from children h
  union all
  select g.account_id, u.unit_key, u.label, cast(null as varchar) as child_id, 2 as rank
  from declared_unit u
  join account_members g on g.member_id = u.account_id
  union all
  select d.account_id, d.unit as unit_key, max(n.label) as label, cast(null as varchar) as child_id, 3 as rank
  from unit_people d
  join unit_label n on n.unit_key = d.unit
  group by d.account_id, d.unit
),
-- Whom we know there: in a department of that name, of the account's or of a child's contacts, or anybody of the child.
peopled as (
  select p.account_id, p.unit as unit_key from unit_people p
  union
  select h.account_id, p.unit as unit_key from unit_children h join unit_people p on p.account_id = h.child_id
  union
  select h.account_id, h.unit as unit_key
  from unit_children h
  join account_members g on g.account_id = h.child_id
  join contact_person k on k.account_id = g.member_id
  cross join clock c
  where not k.is_deleted and k.known_from <= c.as_of
),
units as (
  select
    e.account_id, e.unit_key, max(e.child_id) as child_id, min(e.rank) as rank,
    max(case when e.rank = 1 then e.label end) as child_label, max(e.label) as label
  from every_unit e
  group by e.account_id, e.unit_key
)
select
  u.account_id,
  case when u.child_id is not null then 'salesforce' else 'none' end as record_system,
  coalesce(u.child_id, u.unit_key) as record_id,
  coalesce(u.child_id, u.unit_key) as record_key,
  coalesce(u.child_label, u.label) as record_text,
  cast(null as varchar) as record_person,
  u.unit_key as unit,
  case u.rank when 1 then 'child' when 2 then 'declared' else 'department' end as origin,
  g.unit_key is not null as engaged,
  w.unit_key is not null as has_contact,
  count(*) over (partition by u.account_id) >= 3 and min(u.rank) over (partition by u.account_id) < 3 as measurable
from units u
left join engaged_units g on g.account_id = u.account_id and g.unit_key = u.unit_key
left join peopled w on w.account_id = u.account_id and w.unit_key = u.unit_key
