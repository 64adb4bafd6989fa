-- Projects in which somebody is determinably a customer in 180 d; in others nobody can tell a question from an answer (E23).
-- All Cases are one, of the name '': there a comment of either side in 180 d tells that people talk in Cases at all.
select s.site, s.project
from sides s
join jira_comment m on m.site = s.site and m.issue_id = s.issue_id and m.author_id = s.author_id
cross join clock c
where s.side = 'customer' and m.created <= c.as_of and m.created > c.as_of - interval '180' day
union
select s.site, s.project
from sides s
join issue_states i on i.site = s.site and i.id = s.issue_id and i.reporter_id = s.author_id
cross join clock c
where s.side = 'customer' and i.created > c.as_of - interval '180' day
union
select s.site, '' as project
from sides s
join sf_case_comment m on m.ParentId = s.issue_id and m.CreatedById = s.author_id
cross join clock c
where s.site = 'salesforce' and s.side is not null and not m.IsDeleted
  and m.CreatedDate <= c.as_of and m.CreatedDate > c.as_of - interval '180' day
