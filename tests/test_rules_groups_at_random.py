"""A group has the numbers of one account that holds all its records: on random companies, merged in the store."""

from __future__ import annotations

import shutil

import pytest
import random_company
from company import Company

from simulator import dataset
from simulator.server import Simulator
from sync.mirror import Mirror

# These look at children, at units of a whole, or at fields of the Account itself, which a merge gives up.
OF_THE_ACCOUNT = {"org_units", "cells", "unit_deals", "profiles", "reviews"}
# What names nobody is told apart by the account that it was logged at; a person account is its own one contact; what was
# not there yet is in no group.
_ALIKE = [
    "update sf_account set IsPersonAccount = false, CreatedDate = timestamp '2020-01-01'",
    "delete from sf_task where Id not in (select activity_id from activity_person)",
    "delete from sf_event where Id not in (select activity_id from activity_person)",
    "delete from sf_email_message where Id not in (select activity_id from activity_person)",
]
_MERGED = """
create temp table tree as
select x.account_id, x.ancestor_id as top
from account_ancestor x join sf_account a on a.Id = x.ancestor_id left join account_survivor p on p.account_id = a.ParentId
where coalesce(p.survivor_id, a.Id) = a.Id;
update account_survivor set survivor_id = t.top from tree t where t.account_id = survivor_id;
update contact_person set account_id = t.top from tree t where t.account_id = contact_person.account_id;
update record_account set account_id = t.top from tree t where t.account_id = record_account.account_id;
update email_account set account_id = t.top from tree t where t.account_id = email_account.account_id;
update account_domain set account_id = t.top from tree t where t.account_id = account_domain.account_id;
update issue_account set account_id = t.top from tree t where t.account_id = issue_account.account_id;
create or replace table email_account as
  select email_id, account_id, by_person, min(known_from) as known_from from email_account group by all;
create or replace table account_domain as
  select account_id, domain, min(known_from) as known_from from account_domain group by all;
create or replace table issue_account as
  select site, issue_id, account_id, min(method) as method from issue_account group by all;
update sf_account set IsDeleted = true where Id in (select account_id from tree);
delete from account_ancestor
"""


@pytest.mark.parametrize(
    "seed", [14, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(10, 30))]
)
def test_a_group_is_worth_what_a_merged_account_is(seed, tmp_path):
    scene = random_company.scene(seed)
    scene.sections["accounts"] = {"managed": "not (name is null)", "group": "parent_id is null"}
    with Simulator(
        dataset.load(scene.book.write(tmp_path / "dataset")), now=scene.now, groups=scene.groups
    ) as simulator:
        company = Company(tmp_path, simulator, scene.book)
        company.config_path.write_text(scene.toml(simulator.salesforce_url, simulator.jira_url))
        scene.write_map(tmp_path)
        company.pull()
    _change(company, *_ALIKE)
    twin = Company(tmp_path / "twin", simulator, scene.book)
    shutil.copytree(tmp_path, twin.folder, ignore=shutil.ignore_patterns("twin", "dataset"))
    _change(twin, *_MERGED.split(";"))
    groups, merged = _by_id(company), _by_id(twin)

    assert merged.keys() <= groups.keys()
    scanned = [
        metric.name
        for metric in company.config.catalogue.metrics.values()
        if metric.source is not None and metric.source not in OF_THE_ACCOUNT
    ]
    different = [
        (account, name, groups[account][name], values[name])
        for account, values in merged.items()
        for name in scanned
        if groups[account][name] != pytest.approx(values[name])
    ]
    assert not different


def _change(company: Company, *statements: str) -> None:
    with Mirror.open(company.config.store_folder) as mirror:
        for statement in statements:
            mirror.connection.execute(statement)


def _by_id(company: Company) -> dict[str, dict[str, float | None]]:
    with company.measured() as (config, mirror, _):
        names = [each for each in config.catalogue.metrics if each not in config.catalogue.late]
        columns = ", ".join(f'"{name}"' for name in names)
        rows = mirror.connection.execute(f"select account_id, {columns} from eval_metrics").fetchall()
        return {account: dict(zip(names, values, strict=True)) for account, *values in rows}
