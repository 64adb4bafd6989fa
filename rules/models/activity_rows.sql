-- One row per logged activity and account that counts it, before it is asked whether it is a contact: `activities`, `threads`,
-- `missed_calls` and `coming_meetings` choose from it (definitions D15-D17, D20). Rapport's own tasks, drafts, copies,
-- masters, private events, case and list e-mails are left out; of open tasks only calls that were missed are in.
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
    t.ActivityDate as planned_for,
    coalesce(own.survivor_id, what.account_id, who.account_id) as own_account_id,
    cast(null as varchar) as thread,
    coalesce(t.IsClosed, false) as closed,
    coalesce(lower(t.CallType) = 'inbound' and missed.value is not null, false) as missed,
    false as sent_by_machine,
    false as onsite
  from sf_task t
  cross join clock c
  left join setting counted on counted.name = 'contact_task_types' and counted.value = lower(t.Type)
  left join setting missed on missed.name = 'missed' and missed.value = lower(t.CallDisposition)
  left join account_survivor own on own.account_id = t.AccountId
  left join record_account what on what.record_id = t.WhatId and what.known_from <= c.as_of
  left join contact_person who on who.contact_id = t.WhoId and who.known_from <= c.as_of
  left join (select distinct m.ActivityId from sf_email_message m where m.ActivityId is not null and not m.IsDeleted) mail
    on mail.ActivityId = t.Id
  where (t.IsClosed or missed.value is not null)
    and not t.IsDeleted and t.Rapport_Key__c is null and t.CreatedDate <= c.as_of
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
    cast(null as date) as planned_for,
    coalesce(own.survivor_id, what.account_id, who.account_id) as own_account_id,
    cast(null as varchar) as thread,
    true as closed,
    false as missed,
    false as sent_by_machine,
    onsite.value is not null as onsite
  from sf_event e
  cross join clock c
  left join setting onsite on onsite.name = 'onsite_types' and onsite.value = lower(e.Type)
  left join account_survivor own on own.account_id = e.AccountId
  left join record_account what on what.record_id = e.WhatId and what.known_from <= c.as_of
  left join contact_person who on who.contact_id = e.WhoId and who.known_from <= c.as_of
  where not e.IsDeleted and e.Rapport_Key__c is null and e.CreatedDate <= c.as_of
    and not coalesce(e.IsChild, false) and not coalesce(e.IsRecurrence, false) and not coalesce(e.IsPrivate, false)
),
mail_accounts as (
  select e.email_id, g.account_id, e.by_person, min(e.account_id) as own_account_id
  from email_account e
  join account_members g on g.member_id = e.account_id
  cross join clock c
  where e.known_from <= c.as_of
  group by e.email_id, g.account_id, e.by_person
),
mails_of_people as (
  select distinct a.email_id from mail_accounts a where a.by_person
),
mails as (
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
    cast(null as date) as planned_for,
    a.own_account_id,
    coalesce(nullif(m.ThreadIdentifier, ''), m.Id) as thread,
    true as closed,
    false as missed,
    coalesce(m.AutoSubmitted, false) as sent_by_machine,
    false as onsite,
    a.account_id
  from sf_email_message m
  cross join clock c
  left join mail_accounts a on a.email_id = m.Id
  left join mails_of_people o on o.email_id = m.Id
  where not m.IsDeleted and m.CreatedDate <= c.as_of
    and (a.email_id is null or a.by_person or o.email_id is null)
    and coalesce(m.Status, '') <> '5'
    and m.ParentId is null and not starts_with(coalesce(m.RelatedToId, ''), '500')
),
together as (
  select t.*, g.account_id from tasks t left join account_members g on g.member_id = t.own_account_id
  union all
  select e.*, g.account_id from events e left join account_members g on g.member_id = e.own_account_id
  union all
  select * from mails
)
select
  t.id, t.object, t.kind, t.direction, t.subject, t.type, t.subtype, t.at, t.on_date, t.planned_for, t.account_id,
  t.own_account_id, t.thread, t.closed, t.onsite,
  t.missed and t.kind = 'call' as missed,
  t.kind = 'email' and (
    t.sent_by_machine
    or starts_with(lower(coalesce(t.subject, '')), 'automatic reply')
    or starts_with(lower(coalesce(t.subject, '')), 'out of office')
    or starts_with(lower(coalesce(t.subject, '')), 'abwesenheit')
  ) as automatic,
  coalesce(z.day, t.on_date, cast(t.at as date)) as day
from together t
left join zone_day z on z.utc_date = cast(t.at as date) and t.at >= z.starts and t.at < z.ends
where t.kind is not null
