-- One row per currency and span of days: what one unit of the organisation's currency was worth in it. Dated rates are
-- cut so that they never overlap; the undated rate of a currency has no `starts` and stands in where no dated one holds.
with
dated as (
  select r.IsoCode as iso, r.StartDate as starts, max(r.NextStartDate) as next_starts, max(r.ConversionRate) as rate
  from sf_dated_rate r
  where not coalesce(r.IsDeleted, false) and r.StartDate is not null and r.ConversionRate > 0
  group by r.IsoCode, r.StartDate
)
select
  d.iso, d.starts,
  least(d.next_starts, lead(d.starts) over (partition by d.iso order by d.starts)) as ends,
  d.rate
from dated d
union all
select t.IsoCode as iso, cast(null as date) as starts, cast(null as date) as ends, max(t.ConversionRate) as rate
from sf_currency_type t
where not coalesce(t.IsDeleted, false) and t.ConversionRate > 0
group by t.IsoCode
