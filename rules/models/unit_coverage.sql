-- Whether it can be told who in an account buys (F31): it has units, and 30 % or more of what was won is with one of them.
with
units as (
  select u.account_id, count(*) as n from org_units u group by u.account_id
),
won as (
  select d.account_id, count(distinct d.dealing_id) as n from dealings d where d.won group by d.account_id
),
placed as (
  select d.account_id, count(distinct d.dealing_id) as n from dealing_units d where d.won group by d.account_id
)
select
  a.account_id,
  coalesce(u.n > 0 and w.n > 0 and coalesce(p.n, 0) * 10 >= w.n * 3, false) as placed
from accounts a
left join units u on u.account_id = a.account_id
left join won w on w.account_id = a.account_id
left join placed p on p.account_id = a.account_id
