-- One row per unit of an account and offering that is known today: won, open or owned there, or white space (F31). Only for
-- accounts of which it can be told who buys. An asset of a child account is owned by the unit that the child is.
with
taken as (
  select
    d.account_id, d.unit, f.offering,
    max(case when d.won then 1 else 0 end) as won,
    max(case when d.open then 1 else 0 end) as open
  from dealing_units d
  join dealing_offerings f on f.dealing_id = d.dealing_id
  group by d.account_id, d.unit, f.offering
),
owned as (
  select distinct h.account_id, h.unit, t.offering
  from unit_children h
  join assets t on t.account_id = h.child_id
  where not t.obsolete
)
select
  u.account_id,
  u.record_system,
  u.record_id,
  concat(u.record_key, ' × ', o.offering) as record_key,
  concat(coalesce(u.record_text, u.unit), ' × ', o.offering) as record_text,
  u.record_person,
  u.unit, u.origin, o.offering,
  coalesce(t.won, 0) = 1 as won,
  coalesce(t.open, 0) = 1 as open,
  w.offering is not null as owned,
  coalesce(t.won, 0) = 0 and coalesce(t.open, 0) = 0 and w.offering is null as whitespace
from org_units u
join unit_coverage v on v.account_id = u.account_id and v.placed
join offerings o on o.account_id = u.account_id and o.known
left join taken t on t.account_id = u.account_id and t.unit = u.unit and t.offering = o.offering
left join owned w on w.account_id = u.account_id and w.unit = u.unit and w.offering = o.offering
