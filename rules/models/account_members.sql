-- Whose records an account is measured over: its own and those of accounts merged into it; a group account's also those
-- of all its descendants (B5), as far as they existed at as_of. Whatever names an account is joined on member_id, and
-- counts for account_id: a record has one row there for its own account and one for each group above it.
select s.survivor_id as account_id, s.account_id as member_id
from account_survivor s
union all
select g.account_id, s.account_id as member_id
from accounts g
join account_ancestor x on x.ancestor_id = g.account_id
join accounts d on d.account_id = x.account_id
join account_survivor s on s.survivor_id = d.account_id
where g.is_group
