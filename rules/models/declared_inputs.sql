-- One row per thing that people may declare: on how many managed accounts they did. Under 5 % it counts as absent (D19).
with
filled as (
  select 'pulse' as name, s.Id as account_id from sf_account s where s.Rapport_Pulse__c is not null
  union all
  select 'csat' as name, s.Id as account_id from sf_account s where s.Rapport_CSAT__c is not null
  union all
  select 'standing' as name, s.Id as account_id from sf_account s where s.Rapport_Standing__c <> ''
  union all
  select 'mission' as name, s.Id as account_id from sf_account s where s.Rapport_Mission__c <> ''
  union all
  select 'last_review' as name, s.Id as account_id from sf_account s where s.Rapport_Last_Review__c is not null
  union all
  select 'sla_review' as name, s.Id as account_id from sf_account s where s.Rapport_SLA_Review__c is not null
  union all
  select 'target' as name, s.Id as account_id from sf_account s where s.Rapport_Target__c is not null
  union all
  select 'role' as name, k.account_id
  from sf_contact p
  join contact_person k on k.contact_id = p.Id
  where p.Rapport_Role__c <> '' and not p.IsDeleted
  union all
  select 'reference' as name, k.account_id
  from sf_contact p
  join contact_person k on k.contact_id = p.Id
  where p.Rapport_Reference_On__c is not null and not p.IsDeleted
  union all
  select 'competitor' as name, s.survivor_id as account_id
  from opportunity_states o
  join account_survivor s on s.account_id = o.account_id
  where o.competitor <> ''
  union all
  select 'inbound' as name, s.survivor_id as account_id
  from opportunity_states o
  join account_survivor s on s.account_id = o.account_id
  where o.inbound
  union all
  select 'objective' as name, s.survivor_id as account_id
  from opportunity_states o
  join account_survivor s on s.account_id = o.account_id
  where o.objective_id <> ''
  union all
  select 'budget' as name, s.survivor_id as account_id
  from sf_contract k
  join account_survivor s on s.account_id = k.AccountId
  where k.Rapport_Budget_Hours__c is not null and not k.IsDeleted
),
counted as (
  select f.name, count(distinct f.account_id) as n
  from filled f
  join accounts a on a.account_id = f.account_id
  where a.managed
  group by f.name
),
everybody as (
  select count(*) as n from accounts a where a.managed
)
select c.name, c.n as accounts, c.n > 0 and c.n * 20 >= e.n as enough
from counted c
cross join everybody e
