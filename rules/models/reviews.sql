-- One row per review with the customer by as_of, and account that counts it (F33): an event whose subject says so, the date
-- on the account, the date on a plan.
select distinct
  e.account_id,
  'salesforce' as record_system,
  e.id as record_id,
  e.id as record_key,
  e.subject as record_text,
  cast(null as varchar) as record_person,
  'event' as kind, e.day, e.days_ago
from activities e
join setting s on s.name = 'review_subjects' and contains(lower(e.subject), s.value)
where e.object = 'Event'
union all
select
  g.account_id, 'salesforce' as record_system, a.account_id as record_id, a.account_id as record_key, a.name as record_text,
  cast(null as varchar) as record_person,
  'account' as kind, s.Rapport_Last_Review__c as day, days_between(s.Rapport_Last_Review__c, c.day) as days_ago
from accounts a
join sf_account s on s.Id = a.account_id
join account_members g on g.member_id = a.account_id
join declared_inputs d on d.name = 'last_review' and d.enough
cross join clock c
where days_between(s.Rapport_Last_Review__c, c.day) >= 0
union all
select
  p.account_id, p.record_system, p.record_id, p.record_key, p.record_text, p.record_person,
  'plan' as kind, p.review_date as day, days_between(p.review_date, c.day) as days_ago
from plans p
cross join clock c
where days_between(p.review_date, c.day) >= 0
