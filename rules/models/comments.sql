-- The oldest public customer comment of 90 d, per open issue, that no public staff comment and no staff step into a
-- waiting status follows (E25). Internal notes are neither question nor answer (E24).
with
said as (
  select
    i.account_id, i.site, i.issue_id, m.id, m.author_id, m.at, 0 as is_step
  from issues i
  join public_comments m on m.account_id = i.account_id and m.site = i.site and m.issue_id = i.issue_id
  where not i.done
  union all
  select
    i.account_id, i.site, i.issue_id, s.history_id as id, s.author_id, s.created as at, 1 as is_step
  from issues i
  join jira_step s on s.site = i.site and s.issue_id = i.issue_id and s.field = 'status'
  cross join clock c
  join setting waiting on waiting.name = 'waiting_statuses' and waiting.value = lower(s.to_text)
  where not i.done and s.created <= c.as_of
),
sided as (
  select
    t.*, s.side,
    row_number() over (
      partition by t.account_id, t.site, t.issue_id order by t.at, t.is_step, length(t.id), t.id
    ) as n
  from said t
  join sides s on s.site = t.site and s.issue_id = t.issue_id and s.author_id = t.author_id and s.account_id = t.account_id
),
answered as (
  select d.account_id, d.site, d.issue_id, max(d.n) as n
  from sided d
  where d.side = 'staff'
  group by d.account_id, d.site, d.issue_id
),
contact_by_address as (
  select g.account_id, k.address_key, min(k.person_id) as person_id
  from contact_person k
  join account_members g on g.member_id = k.account_id
  cross join clock c
  where k.address_key is not null and not k.is_deleted and k.known_from <= c.as_of
  group by g.account_id, k.address_key
),
waiting_comments as (
  select
    d.account_id, d.site, d.issue_id, d.id, d.at, d.author_id,
    row_number() over (partition by d.account_id, d.site, d.issue_id order by d.n) as place
  from sided d
  cross join clock c
  left join answered a on a.account_id = d.account_id and a.site = d.site and a.issue_id = d.issue_id
  where d.side = 'customer' and d.is_step = 0 and d.n > coalesce(a.n, 0) and d.at > c.as_of - interval '90' day
)
select
  i.account_id, i.record_system, i.record_id, i.record_key, i.record_text,
  coalesce(k.person_id, author.person_id) as record_person,
  i.key, i.project,
  w.at,
  seconds_between(w.at, c.as_of) / cast(3600 as double) as hours,
  (c.business_position - (
    z.seconds_before + case
      when z.opens is null or w.at <= z.opens then 0
      when w.at >= z.closes then seconds_between(z.opens, z.closes)
      else seconds_between(z.opens, w.at)
    end
  )) / cast(3600 as double) as business_hours
from waiting_comments w
join issues i on i.account_id = w.account_id and i.site = w.site and i.issue_id = w.issue_id
join sided_projects p on p.site = i.site and p.project = coalesce(i.project, '')
cross join clock c
left join zone_day z on z.utc_date = cast(w.at as date) and w.at >= z.starts and w.at < z.ends
left join sf_user u on u.Id = w.author_id
left join contact_person author on author.contact_id = u.ContactId
left join jira_person b on b.site = w.site and b.id = w.author_id
left join contact_by_address k on k.account_id = w.account_id and k.address_key = b.address_key
where w.place = 1
