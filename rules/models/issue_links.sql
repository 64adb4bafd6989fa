-- One row per linked issue and account that counts it: the linked accounts and the groups above them, each once.
select distinct l.site, l.issue_id, g.account_id
from issue_account l
join account_members g on g.member_id = l.account_id
