-- One row per unit that is a child account, and child: several children of one normal form are one unit (B10).
select a.parent_id as account_id, n.unit_key as unit, a.account_id as child_id, a.name as label
from accounts a
join account_name n on n.account_id = a.account_id
where a.managed and a.parent_id is not null and n.unit_key <> ''
