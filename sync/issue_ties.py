"""What ties issues to other records: the Cases they name, the epics they stand under; and how long a contract runs.

Laid out once after each pull, because models use no recursion, no patterns and no months (definitions H43).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# A Case is named by its Id (15 or 18 characters) or its number: in the mapped field also without the leading zeros, in
# the address of a link only where the number is long enough to be meant.
_CASES = """
create or replace table issue_case as
with named as (
  select site, issue_id, trim(value) as text, true as mapped from jira_issue_value where kind = 'field:case'
  union
  select site, issue_id, url, false from jira_remote_link
  union
  select site, issue_id, global_id, false from jira_remote_link
),
words as (
  select
    site, issue_id, mapped,
    unnest(regexp_extract_all(regexp_replace(text, '%[0-9A-Fa-f]{2}', ' ', 'g'), '[A-Za-z0-9]+')) as word
  from named where text is not null
),
cases as (select Id as case_id, left(Id, 15) as id15, CaseNumber as number from sf_case where not IsDeleted)
select w.site, w.issue_id, k.case_id
from words w join cases k on k.id15 = left(w.word, 15)
where length(w.word) in (15, 18)
union
select w.site, w.issue_id, k.case_id
from words w join cases k on k.number = w.word
where not w.mapped and length(w.word) >= 5
union
select w.site, w.issue_id, k.case_id
from words w join cases k on ltrim(k.number, '0') = ltrim(w.word, '0')
where w.mapped and ltrim(w.word, '0') <> ''
union
select n.site, n.issue_id, k.case_id
from named n join cases k on k.number = n.text
where n.mapped
"""

# Every issue with each epic above it, and each epic with itself; `union` without `all` comes to an end in a ring.
_EPICS = """
create or replace table issue_epic as
with recursive above (site, issue_id, at_id) as (
  select site, id, id from jira_issue
  union
  select a.site, a.issue_id, i.parent_id
  from above a
  join jira_issue i on i.site = a.site and i.id = a.at_id
  where i.parent_id is not null
)
select a.site, a.issue_id, a.at_id as epic_id
from above a
join jira_issue e on e.site = a.site and e.id = a.at_id
where lower(coalesce(e.type_name, '')) = 'epic' or e.hierarchy_level = 1
"""

# A contract without an end runs for its term, counted from its first day; without a term nobody knows until when.
_PERIODS = """
create or replace table contract_period as
select
  Id as contract_id,
  StartDate as starts,
  coalesce(EndDate, cast(StartDate + to_months(cast(ContractTerm as integer)) - interval 1 day as date)) as ends
from sf_contract
where not IsDeleted and StartDate is not null
"""


def materialise(connection: duckdb.DuckDBPyConnection) -> None:
    for statement in (_CASES, _EPICS, _PERIODS):
        connection.execute(statement)
