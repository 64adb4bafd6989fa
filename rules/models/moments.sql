-- One row per moment: one kind, direction, set of people and local day of an account; its time is the latest row's (D15).
-- Where nobody is named, the account it was logged at stands for the people, so that a group sees two calls in two
-- subsidiaries as two.
with
parties as (
  select a.*, case when a.people = '' then a.own_account_id end as party
  from activities a
),
ranked as (
  select
    a.*,
    row_number() over (
      partition by a.account_id, a.kind, a.direction, a.people, a.party, a.day
      order by a.days_ago, a.at desc nulls last, a.id
    ) as n,
    max(case when a.onsite then 1 else 0 end) over (
      partition by a.account_id, a.kind, a.direction, a.people, a.party, a.day
    ) = 1 as any_onsite
  from parties a
)
select
  r.account_id,
  'salesforce' as record_system,
  r.id as record_id,
  r.id as record_key,
  r.subject as record_text,
  nullif(substring(r.people, 1, 18), '') as record_person,
  r.kind, r.direction, r.days_ago, r.day, r.at, r.people, r.any_onsite as onsite
from ranked r
where r.n = 1
