-- One row per currency and span of days: what one unit of the organisation's currency was worth in it. Dated rates are
-- cut so that they never overlap; the undated rate of a currency has no `starts` and stands in where no dated one holds.
-- Where no rate is on record and everything is in one currency, that is the organisation's.
with
dated as (
  select r.IsoCode as iso, r.StartDate as starts, max(r.NextStartDate) as next_starts, max(r.ConversionRate) as rate
  from sf_dated_rate r
  where not coalesce(r.IsDeleted, false) and r.StartDate is not null and r.ConversionRate > 0
  group by r.IsoCode, r.StartDate
),
undated as (
  select t.IsoCode as iso, max(t.ConversionRate) as rate
  from sf_currency_type t
  where not coalesce(t.IsDeleted, false) and t.ConversionRate > 0
  group by t.IsoCode
),
used as (
  select o.CurrencyIsoCode as iso from sf_opportunity o where o.CurrencyIsoCode is not null
  union
  select a.CurrencyIsoCode as iso from sf_account a where a.CurrencyIsoCode is not null
  union
  select v.CurrencyIsoCode as iso from sf_value v where v.CurrencyIsoCode is not null
),
only_one as (
  select max(u.iso) as iso, count(*) as n from used u
),
on_record as (
  select (select count(*) from undated) + (select count(*) from dated) as n from clock c
)
select
  d.iso, d.starts,
  least(d.next_starts, lead(d.starts) over (partition by d.iso order by d.starts)) as ends,
  d.rate
from dated d
union all
select u.iso, cast(null as date) as starts, cast(null as date) as ends, u.rate
from undated u
union all
select o.iso, cast(null as date) as starts, cast(null as date) as ends, cast(1 as decimal(28, 6)) as rate
from only_one o
cross join on_record r
where o.n = 1 and r.n = 0
