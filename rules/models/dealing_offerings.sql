-- What each deal or request is about: families of the products on its lines, or its request type (F31).
select distinct l.opportunity_id as dealing_id, l.offering
from line_items l
union
select concat(v.site, ':', v.issue_id) as dealing_id, v.value as offering
from jira_issue_value v
where v.kind = 'request_type' and v.value is not null
