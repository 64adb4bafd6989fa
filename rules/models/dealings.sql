-- What an account has bought or asked for (F31): one row per deal, in preset internal-it per request, and account; those of
-- its managed children stand under it once more, by `child_id`. `closed_days` counts from the close date, of a request from
-- when it was done.
with
own as (
  select o.account_id, o.record_id as dealing_id, o.won, o.open, o.days_since_close as closed_days
  from opportunities o
  cross join clock c
  left join setting p on p.name = 'preset' and p.value = 'internal-it'
  where p.value is null
  union all
  select i.account_id, i.record_id as dealing_id, i.done as won, not i.done as open, i.status_days as closed_days
  from issues i
  join setting p on p.name = 'preset' and p.value = 'internal-it'
)
select o.account_id, cast(null as varchar) as child_id, o.dealing_id, o.won, o.open, o.closed_days from own o
union all
select a.parent_id as account_id, a.account_id as child_id, o.dealing_id, o.won, o.open, o.closed_days
from own o
join accounts a on a.account_id = o.account_id
where a.managed and a.parent_id is not null
