-- One row per account: who answers for it, and what people declared about the account itself (F34). What is dated after
-- as_of was not known then.
select
  a.account_id,
  'salesforce' as record_system,
  a.account_id as record_id,
  a.account_id as record_key,
  a.name as record_text,
  cast(null as varchar) as record_person,
  m.user_id is not null as has_owner,
  case
    when s.Rapport_Pulse__c >= 1 and s.Rapport_Pulse__c <= 5 and coalesce(days_between(s.Rapport_Pulse_Date__c, c.day) >= 0, true)
      then s.Rapport_Pulse__c
  end as pulse,
  case when s.Rapport_Pulse__c >= 1 and s.Rapport_Pulse__c <= 5 and days_between(s.Rapport_Pulse_Date__c, c.day) >= 0
    then days_between(s.Rapport_Pulse_Date__c, c.day) end as pulse_days,
  case lower(s.Rapport_Standing__c) when 'vendor' then 1 when 'preferred' then 2 when 'partner' then 3 end as standing,
  coalesce(s.Rapport_Mission__c, '') <> '' as mission,
  case when s.Rapport_Mission__c <> '' and days_between(s.Rapport_Mission_Date__c, c.day) >= 0
    then days_between(s.Rapport_Mission_Date__c, c.day) end as mission_days,
  case when days_between(s.Rapport_SLA_Review__c, c.day) >= 0 then days_between(s.Rapport_SLA_Review__c, c.day) end
    as sla_review_days,
  case
    when r.iso is null or s.Rapport_Target__c = 0 then cast(s.Rapport_Target__c as decimal(28, 2))
    else cast(s.Rapport_Target__c / r.rate as decimal(28, 2))
  end as target
from accounts a
join sf_account s on s.Id = a.account_id
join account_currency r on r.account_id = a.account_id
cross join clock c
left join account_manager m on m.account_id = a.account_id
