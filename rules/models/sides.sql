-- On which side an author stands in an issue, seen from each account that counts it: customer, staff or neither (E23, in its order).
with
parties as (
  select m.site, m.issue_id, m.author_id from jira_comment m where m.author_id is not null
  union
  select s.site, s.issue_id, s.author_id from jira_step s where s.field = 'status' and s.author_id is not null
  union
  select i.site, i.id as issue_id, i.reporter_id as author_id from jira_issue i where i.reporter_id is not null
),
named as (
  select i.site, i.id as issue_id, i.reporter_id as author_id from jira_issue i where i.reporter_id is not null
  union
  select v.site, v.issue_id, v.value as author_id from jira_issue_value v where v.kind = 'participant'
),
-- In a Case everybody is a user of the org: a contact's own, or of a kind that customers and partners have (E29).
users as (
  select
    u.Id as user_id,
    case
      when u.ContactId is not null then 'customer'
      when coalesce(u.UserType, 'Standard') in ('Standard', 'CsnOnly') then 'staff'
      when u.UserType not in ('AutomatedProcess', 'CloudIntegrationUser') then 'customer'
    end as side
  from sf_user u
),
contact_addresses as (
  select distinct g.account_id, k.address_key
  from contact_person k
  join account_members g on g.member_id = k.account_id
  cross join clock c
  where k.address_key is not null and not k.is_deleted and k.known_from <= c.as_of
),
domains as (
  select distinct g.account_id, d.domain
  from account_domain d
  join account_members g on g.member_id = d.account_id
  cross join clock c
  where d.known_from <= c.as_of
)
select
  p.site, p.issue_id, p.author_id, l.account_id, i.project,
  case
    when coalesce(w.account_type, '') = 'app' then null
    when staff.id is not null or staff_domain.value is not null then 'staff'
    when w.account_type = 'customer' then 'customer'
    when k.address_key is not null then 'customer'
    when internal.value is not null then 'staff'
    when d.domain is not null then 'customer'
    when w.domain is not null and n.author_id is not null then 'customer'
    when i.project_type = 'service_desk' and w.account_type = 'atlassian' and w.domain is null and n.author_id is null
      then 'staff'
  end as side
from parties p
join issue_states i on i.site = p.site and i.id = p.issue_id
left join issue_links l on l.site = p.site and l.issue_id = p.issue_id
left join jira_person w on w.site = p.site and w.id = p.author_id
left join staff_person staff on staff.site = p.site and staff.id = p.author_id
left join setting staff_domain on staff_domain.name = 'staff_domains' and staff_domain.value = w.domain
left join setting internal on internal.name = 'internal_domains' and internal.value = w.domain
left join contact_addresses k on k.account_id = l.account_id and k.address_key = w.address_key
left join domains d on d.account_id = l.account_id and d.domain = w.domain
left join named n on n.site = p.site and n.issue_id = p.issue_id and n.author_id = p.author_id
union all
select distinct
  'salesforce' as site, k.case_id as issue_id, m.CreatedById as author_id, k.account_id,
  cast(null as varchar) as project,
  u.side
from sf_case_comment m
join cases k on k.case_id = m.ParentId
join users u on u.user_id = m.CreatedById
cross join clock c
where not m.IsDeleted and m.CreatedDate <= c.as_of
