-- One row per logged activity and account that is a real contact with the customer (definitions D15-D17).
-- Rapport's own tasks, drafts, copies, masters, private events, case and list e-mails and automatic replies are left out.
with
tasks as (
  select
    t.Id as id,
    'Task' as object,
    case
      when lower(t.Type) = 'meeting' then 'meeting'
      when t.TaskSubtype = 'Call' or counted.value is not null then 'call'
      when t.TaskSubtype = 'Email' or lower(t.Type) = 'email' then 'email'
    end as kind,
    case lower(t.CallType) when 'inbound' then 'inbound' when 'outbound' then 'outbound' end as direction,
    t.Subject as subject,
    t.Type as type,
    t.TaskSubtype as subtype,
    t.CompletedDateTime as at,
    case when t.CompletedDateTime is null then t.ActivityDate end as on_date,
    coalesce(own.survivor_id, what.account_id, who.account_id) as account_id
  from sf_task t
  cross join clock c
  left join setting counted on counted.name = 'contact_task_types' and counted.value = lower(t.Type)
  left join account_survivor own on own.account_id = t.AccountId
  left join record_account what on what.record_id = t.WhatId and what.known_from <= c.as_of
  left join contact_person who on who.contact_id = t.WhoId and who.known_from <= c.as_of
  left join (select distinct m.ActivityId from sf_email_message m where m.ActivityId is not null and not m.IsDeleted) mail
    on mail.ActivityId = t.Id
  where t.IsClosed and not t.IsDeleted and t.Rapport_Key__c is null and t.CreatedDate <= c.as_of
    and not coalesce(t.IsRecurrence, false)
    and coalesce(t.TaskSubtype, '') <> 'ListEmail'
    and (mail.ActivityId is null or lower(t.Type) = 'meeting' or t.TaskSubtype = 'Call')
),
events as (
  select
    e.Id as id,
    'Event' as object,
    'meeting' as kind,
    cast(null as varchar) as direction,
    e.Subject as subject,
    e.Type as type,
    cast(null as varchar) as subtype,
    case when not coalesce(e.IsAllDayEvent, false) then e.StartDateTime end as at,
    case when coalesce(e.IsAllDayEvent, false) then e.ActivityDate end as on_date,
    coalesce(own.survivor_id, what.account_id, who.account_id) as account_id
  from sf_event e
  cross join clock c
  left join account_survivor own on own.account_id = e.AccountId
  left join record_account what on what.record_id = e.WhatId and what.known_from <= c.as_of
  left join contact_person who on who.contact_id = e.WhoId and who.known_from <= c.as_of
  where not e.IsDeleted and e.Rapport_Key__c is null and e.CreatedDate <= c.as_of
    and not coalesce(e.IsChild, false) and not coalesce(e.IsRecurrence, false) and not coalesce(e.IsPrivate, false)
),
mail_accounts as (
  select e.email_id, e.account_id, e.by_person
  from email_account e
  cross join clock c
  where e.known_from <= c.as_of
),
mails_of_people as (
  select distinct a.email_id from mail_accounts a where a.by_person
),
emails as (
  select
    m.Id as id,
    'EmailMessage' as object,
    'email' as kind,
    case when m.Incoming then 'inbound' when not m.Incoming then 'outbound' end as direction,
    m.Subject as subject,
    cast(null as varchar) as type,
    cast(null as varchar) as subtype,
    m.MessageDate as at,
    cast(null as date) as on_date,
    a.account_id
  from sf_email_message m
  cross join clock c
  join mail_accounts a on a.email_id = m.Id
  left join mails_of_people o on o.email_id = m.Id
  where not m.IsDeleted and m.CreatedDate <= c.as_of
    and (a.by_person or o.email_id is null)
    and coalesce(m.Status, '') <> '5'
    and m.ParentId is null and not starts_with(coalesce(m.RelatedToId, ''), '500')
    and not coalesce(m.AutoSubmitted, false)
),
together as (
  select * from tasks
  union all
  select * from events
  union all
  select * from emails
),
people as (
  select a.activity_id, set_key(a.person_id) as people
  from activity_person a
  cross join clock c
  where a.known_from <= c.as_of
  group by a.activity_id
)
select
  t.id, t.object, t.kind, t.direction, t.subject, t.type, t.subtype, t.at, t.account_id,
  coalesce(z.day, t.on_date, cast(t.at as date)) as day,
  case
    when t.at is not null then cast(floor(seconds_between(t.at, c.as_of) / 86400) as bigint)
    else days_between(t.on_date, c.day)
  end as days_ago,
  coalesce(p.people, '') as people
from together t
cross join clock c
left join zone_day z on z.utc_date = cast(t.at as date) and t.at >= z.starts and t.at < z.ends
left join people p on p.activity_id = t.id
where t.kind is not null and t.account_id is not null
  and (t.at <= c.as_of or (t.at is null and days_between(t.on_date, c.day) >= 0))
  and not (
    t.kind = 'email' and (
      starts_with(lower(coalesce(t.subject, '')), 'automatic reply')
      or starts_with(lower(coalesce(t.subject, '')), 'out of office')
      or starts_with(lower(coalesce(t.subject, '')), 'abwesenheit')
    )
  )
