-- One row per rating that the customer has given by as_of: of a request in Jira, in a survey, or declared on the account,
-- which counts where enough managed accounts have one (D19, E27). A request that does not say when it was rated was rated
-- when it was resolved, else when it last changed. Measurable are those of 180 days, if there are three of them or a
-- declared one among them; else what was declared before that: stale, but all that is known.
with
of_jira as (
  select
    i.account_id, i.record_system, i.record_id, i.record_key, i.record_text, i.record_person,
    'request' as kind,
    r.rating,
    case when r.rated_on is null then coalesce(r.rated_at, j.resolved, j.updated) end as at,
    case when r.rated_at is null then r.rated_on end as on_date
  from jira_rating r
  join issues i on i.site = r.site and i.issue_id = r.issue_id
  join jira_issue j on j.site = r.site and j.id = r.issue_id
),
of_surveys as (
  select
    g.account_id,
    'salesforce' as record_system,
    v.Id as record_id,
    v.Id as record_key,
    'survey' as record_text,
    p.person_id as record_person,
    'survey' as kind,
    cast(v.Rating as double) as rating,
    v.CompletedAt as at,
    cast(null as date) as on_date
  from sf_survey_response v
  cross join clock c
  left join account_survivor own on own.account_id = v.AccountId
  left join contact_person p on p.contact_id = v.ContactId and p.known_from <= c.as_of
  left join record_account k on k.record_id = v.CaseId and k.known_from <= c.as_of
  join account_members g on g.member_id = coalesce(own.survivor_id, p.account_id, k.account_id)
  where not v.IsDeleted and v.CreatedDate <= c.as_of and v.Rating is not null
),
filled as (
  select count(a.account_id) as managed, count(s.Rapport_CSAT__c) as given
  from accounts a
  join sf_account s on s.Id = a.account_id
  where a.managed
),
declared as (
  select
    a.account_id,
    'salesforce' as record_system,
    a.account_id as record_id,
    a.account_id as record_key,
    'declared on the account' as record_text,
    cast(null as varchar) as record_person,
    'declared' as kind,
    cast(s.Rapport_CSAT__c as double) as rating,
    cast(null as timestamp) as at,
    s.Rapport_CSAT_Date__c as on_date
  from accounts a
  join sf_account s on s.Id = a.account_id
  cross join filled f
  where s.Rapport_CSAT__c is not null and f.given > 0 and f.given * 20 >= f.managed
),
together as (
  select * from of_jira
  union all
  select * from of_surveys
  union all
  select * from declared
),
dated as (
  select
    t.*,
    case
      when t.at is not null then cast(floor(seconds_between(t.at, c.as_of) / 86400) as bigint)
      else days_between(t.on_date, c.day)
    end as days_ago
  from together t
  cross join clock c
  where t.at <= c.as_of or (t.at is null and days_between(t.on_date, c.day) >= 0)
),
counted as (
  select
    d.*,
    sum(case when d.days_ago < 180 then 1 else 0 end) over (partition by d.account_id) >= 3
      or max(case when d.days_ago < 180 and d.kind = 'declared' then 1 else 0 end) over (partition by d.account_id) = 1
      as lately
  from dated d
)
select
  d.account_id, d.record_system, d.record_id, d.record_key, d.record_text, d.record_person,
  d.kind, d.rating, d.at,
  coalesce(d.on_date, cast(d.at as date)) as day,
  d.days_ago,
  case when d.lately then d.days_ago < 180 else d.kind = 'declared' end as measurable
from counted d
