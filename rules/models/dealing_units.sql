-- With which units of an account a deal or request was (F31): that of the child account whose it is, and the departments of
-- the people who have a role in it; a request is with its reporter's.
with
parties as (
  select r.OpportunityId as dealing_id, k.person_id
  from sf_opportunity_contact_role r
  join contact_person k on k.contact_id = r.ContactId
  cross join clock c
  where not r.IsDeleted and (r.CreatedDate is null or r.CreatedDate <= c.as_of)
  union
  select concat(i.site, ':', i.id) as dealing_id, k.person_id
  from issue_states i
  join jira_person w on w.site = i.site and w.id = i.reporter_id
  join contact_person k on k.address_key = w.address_key
  where not k.is_deleted
),
placed as (
  select d.account_id, h.unit, d.dealing_id
  from dealings d
  join unit_children h on h.account_id = d.account_id and h.child_id = d.child_id
  union
  select p.account_id, p.unit, x.dealing_id
  from unit_people p
  join parties x on x.person_id = p.person_id
)
select distinct p.account_id, p.unit, d.dealing_id, d.won, d.open, d.closed_days
from placed p
join dealings d on d.account_id = p.account_id and d.dealing_id = p.dealing_id
