-- One row per account: whether anything at all is on record about it. Of one with nothing, not even a plan, every count is
-- 0 for want of data, and a score of zeroes would be an invention: it is unknown (never green), whatever the zeroes say.
with
found as (
  select m.account_id from moments m
  union
  select m.account_id from coming_meetings m
  union
  select k.account_id from contacts k
  union
  select l.account_id
  from issue_links l
  join jira_issue i on i.site = l.site and i.id = l.issue_id
  cross join clock c
  where i.created <= c.as_of
  union
  select g.account_id
  from sf_case k
  join account_members g on g.member_id = k.AccountId
  cross join clock c
  where not k.IsDeleted and k.CreatedDate <= c.as_of
  union
  select g.account_id
  from sf_opportunity o
  join account_members g on g.member_id = o.AccountId
  cross join clock c
  where not o.IsDeleted and o.CreatedDate <= c.as_of
  union
  select g.account_id
  from sf_contract k
  join account_members g on g.member_id = k.AccountId
  cross join clock c
  where not k.IsDeleted and k.CreatedDate <= c.as_of
  union
  select g.account_id
  from sf_asset t
  join account_members g on g.member_id = t.AccountId
  cross join clock c
  where not t.IsDeleted and t.CreatedDate <= c.as_of
  union
  select g.account_id
  from sf_plan p
  join account_members g on g.member_id = p.AccountId
  cross join clock c
  where not p.IsDeleted and p.CreatedDate <= c.as_of
)
select a.account_id, f.account_id is not null as on_record
from accounts a
left join found f on f.account_id = a.account_id
