-- One row per comment of a linked issue that the customer can read, known at as_of (E24). In a service project the
-- comment itself says so, elsewhere the config names the project; a comment with a visibility is nobody's to read. A
-- comment of a Case is the customer's to read where it is published.
select i.account_id, i.site, i.issue_id, i.project, m.id, m.author_id, m.created as at
from issues i
join jira_comment m on m.site = i.site and m.issue_id = i.issue_id
cross join clock c
left join setting visible on visible.name = 'customer_visible_projects' and visible.value = lower(i.project)
where m.created <= c.as_of and not coalesce(m.restricted, false)
  and case
    when i.project_type = 'service_desk' then coalesce(m.jsd_public, visible.value is not null)
    else visible.value is not null
  end
union all
select i.account_id, i.site, i.issue_id, i.project, m.Id as id, m.CreatedById as author_id, m.CreatedDate as at
from issues i
join sf_case_comment m on m.ParentId = i.issue_id
cross join clock c
where i.system = 'salesforce' and m.IsPublished and not m.IsDeleted and m.CreatedDate <= c.as_of
