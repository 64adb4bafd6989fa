-- One row per asset and account that counts it; `offering` as in line items, the asset's own name where no product is named.
select
  g.account_id,
  'salesforce' as record_system,
  t.Id as record_id,
  t.Id as record_key,
  t.Name as record_text,
  cast(null as varchar) as record_person,
  coalesce(nullif(p.Family, ''), p.Name, t.Name) as offering,
  t.Status as status,
  coalesce(lower(t.Status), '') = 'obsolete' as obsolete,
  t.CreatedDate as created
from sf_asset t
join account_members g on g.member_id = t.AccountId
cross join clock c
left join sf_product p on p.Id = t.Product2Id
where not t.IsDeleted and (t.CreatedDate is null or t.CreatedDate <= c.as_of)
