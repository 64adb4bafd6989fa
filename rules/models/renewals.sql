-- One row per renewal that lies ahead, from where the config says that they stand (F30, [renewals] source): the end of an
-- activated contract, the close date of an open opportunity of certain types, or a date field of the account. Today is past.
with
found as (
  select
    k.account_id, k.record_system, k.record_id, k.record_key, k.record_text, 'contract' as kind,
    k.end_date as day, k.days_to_end as days_ahead, cast(null as decimal(28, 2)) as amount
  from contracts k
  union all
  select
    o.account_id, o.record_system, o.record_id, o.record_key, o.record_text, 'opportunity' as kind,
    o.close_date as day, -o.days_since_close as days_ahead, o.amount
  from opportunities o
  join setting t on t.name = 'renewal_types' and t.value = lower(o.type)
  where o.open
  union all
  select
    g.account_id, 'salesforce' as record_system, a.account_id as record_id, a.account_id as record_key,
    a.name as record_text, 'field' as kind,
    a.mapped_renewal_day as day, days_between(c.day, a.mapped_renewal_day) as days_ahead, cast(null as decimal(28, 2)) as amount
  from accounts a
  join account_members g on g.member_id = a.account_id
  cross join clock c
)
select
  f.account_id, f.record_system, f.record_id, f.record_key, f.record_text,
  cast(null as varchar) as record_person,
  f.kind, f.day, f.days_ahead, f.amount
from found f
join setting s on s.name = 'renewals' and s.value = f.kind
where f.days_ahead > 0
