-- One row per contact who spoke for us to somebody else by as_of, and account that counts the contact (F34).
select
  g.account_id,
  'salesforce' as record_system,
  k.person_id as record_id,
  k.person_id as record_key,
  k.name as record_text,
  k.person_id as record_person,
  s.Rapport_Reference_On__c as day,
  days_between(s.Rapport_Reference_On__c, c.day) as days_ago
from contact_person k
join sf_contact s on s.Id = k.contact_id
join account_members g on g.member_id = k.account_id
cross join clock c
where k.contact_id = k.person_id and not k.is_deleted and k.known_from <= c.as_of
  and days_between(s.Rapport_Reference_On__c, c.day) >= 0
