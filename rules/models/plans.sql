-- One row per account plan and account that counts it (F33); one without any date covers no day that anybody could name.
select
  g.account_id,
  'salesforce' as record_system,
  p.Id as record_id,
  p.Id as record_key,
  p.Name as record_text,
  cast(null as varchar) as record_person,
  p.Status as status,
  p.StartDate as start_date,
  p.EndDate as end_date,
  p.ReviewDate as review_date,
  (p.StartDate is not null or p.EndDate is not null)
    and coalesce(days_between(p.StartDate, c.day) >= 0, true) and coalesce(days_between(c.day, p.EndDate) >= 0, true) as covers
from sf_plan p
join account_members g on g.member_id = p.AccountId
cross join clock c
where not coalesce(p.IsDeleted, false) and (p.CreatedDate is null or p.CreatedDate <= c.as_of)
