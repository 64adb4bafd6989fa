-- One row per unit that is a department, and person in it; of a group the departments over the whole tree (B10).
select distinct g.account_id, k.department_key as unit, k.person_id, k.address_key
from contact_person k
join account_members g on g.member_id = k.account_id
cross join clock c
where k.department_key <> '' and k.account_id is not null and not k.is_deleted and k.known_from <= c.as_of
