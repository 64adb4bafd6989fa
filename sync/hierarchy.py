"""Which account stands under which: ParentId followed through merges up to the top, and the rings where that has no end.

A group account is measured over everything under it (definitions B5), and models use no recursion (H43), so the whole
ancestry is laid out here. In a ring each account would be its own ancestor: nobody can say who is over whom, so the
accounts of a ring stand over nobody, and whoever runs Rapport is told which they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.findings import Finding, listed

if TYPE_CHECKING:
    import duckdb

# A parent that was merged into its own child leaves an account that names itself; it simply stands at the top.
_PARENTS = """
create or replace temp table account_parent as
select a.Id as account_id, s.survivor_id as parent_id
from sf_account a
join account_survivor s on s.account_id = a.ParentId
where not a.IsDeleted and s.survivor_id <> a.Id
"""

# `union` without `all` forgets what was seen before, and so comes to an end in a ring.
_CHAINS = """
create or replace temp table account_chain as
with recursive chain (account_id, ancestor_id) as (
  select account_id, parent_id from account_parent
  union
  select c.account_id, p.parent_id
  from chain c
  join account_parent p on p.account_id = c.ancestor_id
)
select account_id, ancestor_id from chain
"""

_RINGS = """
create or replace table account_ring as
select p.account_id, p.parent_id, a.Name as name
from account_parent p
join account_chain c on c.account_id = p.account_id and c.ancestor_id = p.account_id
join sf_account a on a.Id = p.account_id
"""

_ANCESTORS = """
create or replace table account_ancestor as
select c.account_id, c.ancestor_id
from account_chain c
anti join account_ring r on r.account_id = c.ancestor_id
"""


@dataclass(frozen=True, slots=True)
class Ring:
    """Accounts that name each other as parents, from the one with the smallest Id upwards."""

    accounts: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def told(self) -> str:
        named = [f"{name} ({account})" for name, account in zip(self.names, self.accounts, strict=True)]
        return (
            f"the parents of {len(named)} accounts lead round in a ring: {' is under '.join([*named, self.names[0]])}; "
            "until one of them has another Parent Account, or none, each is measured alone, as no group"
        )


def materialise(connection: duckdb.DuckDBPyConnection) -> None:
    """Rebuild `account_ancestor` and `account_ring` from the accounts as they are now."""
    for statement in (_PARENTS, _CHAINS, _RINGS, _ANCESTORS):
        connection.execute(statement)
    connection.execute("drop table account_parent")
    connection.execute("drop table account_chain")


def rings(connection: duckdb.DuckDBPyConnection) -> list[Ring]:
    rows = connection.execute(
        "select account_id, parent_id, coalesce(name, account_id) from account_ring"
    ).fetchall()
    parents = {account: parent for account, parent, _ in rows}
    names = {account: name for account, _, name in rows}
    found, seen = [], set[str]()
    for start in sorted(parents):
        if start in seen:
            continue
        ring = [start]
        while parents[ring[-1]] != start:
            ring.append(parents[ring[-1]])
        seen.update(ring)
        found.append(Ring(tuple(ring), tuple(names[each] for each in ring)))
    return found


def findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """What is worth knowing of the groups that the config asks for, once the store was measured."""
    found = []
    rows = connection.execute(
        "select coalesce(name, account_id), managed from accounts where is_group order by 1, account_id"
    ).fetchall()
    unmanaged = [name for name, managed in rows if not managed]
    if not rows:
        message = "[accounts] group holds for no account, so each is measured over its own records."
        advice = "correct the condition, or leave it out."
        found.append(Finding("accounts", "warning", message, advice, code="no_group"))
    if unmanaged:
        message = f"Not managed, so measured but neither scored nor written to: the group accounts {listed(unmanaged)}."
        advice = "name them in [accounts] managed too: it looks at their own records alone."
        found.append(Finding("accounts", "warning", message, advice, code="unmanaged_group"))
    for ring in rings(connection):
        message = f"{ring.told[0].upper()}{ring.told[1:]}."
        advice = "correct Parent Account of one of them in Salesforce."
        found.append(Finding("accounts", "warning", message, advice, code="ring"))
    return found
