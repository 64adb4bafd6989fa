-- One row per account: its currency and what one unit of the organisation's is worth in it on the day of as_of; no currency
-- where the org has only one, no rate where none is on record.
select
  a.account_id,
  case when coalesce(d.rate, u.rate) = 1 then null else s.CurrencyIsoCode end as iso,
  coalesce(d.rate, u.rate) as rate
from accounts a
join sf_account s on s.Id = a.account_id
cross join clock c
left join rates d on d.iso = s.CurrencyIsoCode and d.starts <= c.day and (d.ends is null or d.ends > c.day)
left join rates u on u.iso = s.CurrencyIsoCode and u.starts is null
