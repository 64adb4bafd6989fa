-- One row per line of a deal and account that counts it, by what it offers: the family of the product, else its name (F31).
select
  o.account_id,
  'salesforce' as record_system,
  l.Id as record_id,
  l.Id as record_key,
  concat(coalesce(nullif(p.Family, ''), p.Name), ' in ', coalesce(o.record_text, o.record_id)) as record_text,
  cast(null as varchar) as record_person,
  o.record_id as opportunity_id,
  coalesce(nullif(p.Family, ''), p.Name) as offering,
  o.open, o.won, o.close_date, o.days_since_close,
  l.Quantity as quantity
from sf_opportunity_line_item l
join sf_product p on p.Id = l.Product2Id
join opportunities o on o.record_id = l.OpportunityId
cross join clock c
where not coalesce(l.IsDeleted, false) and (l.CreatedDate is null or l.CreatedDate <= c.as_of)
  and coalesce(nullif(p.Family, ''), p.Name) is not null
