-- One row per Account that existed at as_of, with what tells a customer from a prospect (definitions B5).
with
won as (
  select s.survivor_id as account_id, count(*) as n
  from opportunity_states o
  join account_survivor s on s.account_id = o.account_id
  where o.won and o.days_since_close >= 0 and o.days_since_close < 730
  group by s.survivor_id
),
contracts as (
  select s.survivor_id as account_id, count(*) as n
  from sf_contract k
  join account_survivor s on s.account_id = k.AccountId
  cross join clock c
  where not k.IsDeleted and k.CreatedDate <= c.as_of
    and (k.StatusCode = 'Activated' or k.Status = 'Activated' or k.ActivatedDate <= c.as_of)
    and (k.EndDate is null or days_between(k.EndDate, c.day) <= 730)
  group by s.survivor_id
),
assets as (
  select s.survivor_id as account_id, count(*) as n
  from sf_asset t
  join account_survivor s on s.account_id = t.AccountId
  cross join clock c
  where not t.IsDeleted and t.CreatedDate <= c.as_of and coalesce(lower(t.Status), '') <> 'obsolete'
  group by s.survivor_id
),
linked as (
  select l.account_id, count(distinct concat(i.site, ':', i.id)) as n
  from issue_account l
  join jira_issue i on i.site = l.site and i.id = l.issue_id
  cross join clock c
  where i.created <= c.as_of and i.updated >= c.after_730
  group by l.account_id
)
select
  a.Id as account_id,
  a.Id as id,
  a.Name as name,
  a.Type as type,
  a.Industry as industry,
  r.Name as record_type,
  a.AccountNumber as account_number,
  a.Website as website,
  nullif(p.survivor_id, a.Id) as parent_id,
  a.OwnerId as owner_id,
  coalesce(a.IsPersonAccount, false) as person_account,
  a.CreatedDate as created,
  cast(floor(seconds_between(a.CreatedDate, c.as_of) / 86400) as bigint) as age_days,
  coalesce(won.n, 0) as won_opportunities_730d,
  coalesce(contracts.n, 0) as contracts_730d,
  coalesce(assets.n, 0) as assets_owned,
  coalesce(linked.n, 0) as linked_issues_730d
from sf_account a
cross join clock c
left join sf_record_type r on r.Id = a.RecordTypeId
left join account_survivor p on p.account_id = a.ParentId
left join won on won.account_id = a.Id
left join contracts on contracts.account_id = a.Id
left join assets on assets.account_id = a.Id
left join linked on linked.account_id = a.Id
where not a.IsDeleted and (a.CreatedDate is null or a.CreatedDate <= c.as_of)
