-- One row per Opportunity as it stood at as_of (A3, F30): where its history has later rows, what the last row before them
-- says, else today's values. Whether a past stage was closed is told by the list of stages, else by the deals that stand in
-- it today; a stage that nobody knows any more was open. Amounts are in the organisation's currency, by the rate of the
-- close date; `priced` is false where that rate is missing.
with
history as (
  select
    h.OpportunityId as id, h.Id as row_id, h.StageName as stage, h.Amount as amount, h.CloseDate as close_date,
    h.CreatedDate as at,
    lag(h.StageName) over (partition by h.OpportunityId order by h.CreatedDate, h.Id) as stage_before
  from sf_opportunity_history h
  where not coalesce(h.IsDeleted, false) and h.CreatedDate is not null
),
earlier as (
  select
    h.id, h.stage, h.amount, h.close_date,
    row_number() over (partition by h.id order by h.at desc, h.row_id desc) as n
  from history h
  cross join clock c
  where h.at <= c.as_of
),
later as (
  select
    h.id, h.stage, h.amount, h.close_date,
    row_number() over (partition by h.id order by h.at, h.row_id) as n
  from history h
  cross join clock c
  where h.at > c.as_of
),
moved as (
  select h.id, max(h.at) as at
  from history h
  cross join clock c
  where h.at <= c.as_of and h.stage_before <> h.stage
  group by h.id
),
-- A history that begins after as_of does not say what was before; the nearest state is its first row.
past as (
  select
    l.id,
    case when e.id is null then l.stage else e.stage end as stage,
    case when e.id is null then l.amount else e.amount end as amount,
    case when e.id is null then l.close_date else e.close_date end as close_date,
    e.id is null as guessed
  from later l
  left join earlier e on e.id = l.id and e.n = 1
  where l.n = 1
),
listed as (
  select
    s.name, min(s.rank) as rank
  from (
    select t.ApiName as name, 1 as rank from sf_opportunity_stage t
    union all
    select t.MasterLabel as name, 2 as rank from sf_opportunity_stage t
    union all
    select o.StageName as name, 3 as rank from sf_opportunity o
  ) s
  where s.name is not null
  group by s.name
),
stages as (
  select
    l.name,
    max(case when coalesce(a.IsClosed, b.IsClosed, o.IsClosed) then 1 else 0 end) = 1 as closed,
    max(case when coalesce(a.IsWon, b.IsWon, o.IsWon) then 1 else 0 end) = 1 as won
  from listed l
  left join sf_opportunity_stage a on l.rank = 1 and a.ApiName = l.name
  left join sf_opportunity_stage b on l.rank = 2 and b.MasterLabel = l.name
  left join sf_opportunity o on l.rank = 3 and o.StageName = l.name
  group by l.name
),
states as (
  select
    o.Id as id, o.AccountId as account_id, o.Name as name, o.Type as type, o.CreatedDate as created,
    o.CurrencyIsoCode as iso, o.Rapport_Competitor__c as competitor, o.Rapport_Inbound__c as inbound,
    o.Rapport_Objective__c as objective_id,
    case when p.id is null then o.StageName else p.stage end as stage,
    case when p.id is null then o.Amount else p.amount end as amount,
    case when p.id is null then o.CloseDate else p.close_date end as close_date,
    case
      when p.id is null then coalesce(o.IsClosed, false)
      when p.guessed and days_between(p.close_date, c.day) < 0 then false
      else coalesce(s.closed, false)
    end as closed,
    case
      when p.id is null then coalesce(o.IsWon, false)
      when p.guessed and days_between(p.close_date, c.day) < 0 then false
      else coalesce(s.won, false)
    end as won,
    case when p.id is null then coalesce(o.LastStageChangeDate, m.at, o.CreatedDate) else coalesce(m.at, o.CreatedDate) end
      as stage_since
  from sf_opportunity o
  cross join clock c
  left join past p on p.id = o.Id
  left join stages s on s.name = p.stage
  left join moved m on m.id = o.Id
  where not o.IsDeleted and o.CreatedDate <= c.as_of
),
rated as (
  select s.*, case when s.iso is null or coalesce(s.amount, 0) = 0 then 1 else coalesce(d.rate, u.rate) end as rate
  from states s
  left join rates d on d.iso = s.iso and d.starts <= s.close_date and (d.ends is null or d.ends > s.close_date)
  left join rates u on u.iso = s.iso and u.starts is null
)
select
  r.id, r.account_id, r.name, r.type, r.created, r.competitor, r.inbound, r.objective_id, r.stage, r.close_date,
  not r.closed as open,
  r.closed and r.won as won,
  r.rate is not null as priced,
  case
    when r.rate = 1 then cast(coalesce(r.amount, 0) as decimal(28, 2))
    else cast(r.amount / r.rate as decimal(28, 2))
  end as amount,
  days_between(r.close_date, c.day) as days_since_close,
  cast(floor(seconds_between(r.created, c.as_of) / 86400) as bigint) as created_days,
  cast(floor(seconds_between(r.stage_since, c.as_of) / 86400) as bigint) as stage_days,
  coalesce(r.close_date >= c.fiscal_starts and r.close_date < c.fiscal_ends, false) as this_fiscal_year
from rated r
cross join clock c
