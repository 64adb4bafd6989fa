"""Group accounts are measured over themselves and everything under them (definitions B5), each record counted once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from command_line import rapport
from company import NOW, Book, Company, ago
from pulled import rows

from simulator import dataset
from simulator.server import Simulator
from sync import normalise, views
from sync.config_errors import ConfigError
from sync.doctor_store import look
from sync.mirror import Mirror

if TYPE_CHECKING:
    from pathlib import Path

LEE = {"accountId": "lee", "accountType": "atlassian", "emailAddress": "lee@south.example"}
ACCOUNTS = """
[accounts]
managed = "type = 'Customer' or type = 'Holding' or industry = 'Group'"
group = "type = 'Holding' or industry = 'Group'"
"""
# made of other metrics
OF_OTHERS = {"quadrant", "tier_mismatch", "manual_input_share", "plan_gaps"}
ADDING = {"issues", "moments", "contacts", "missed_calls", "threads", "steps", "opportunities", "revenue", "renewals",
          "sla_cycles", "due_moves", "worklogs"}  # fmt: skip
JIRA = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\ncustomer_visible_projects = ["OPS"]\n'


def _book() -> Book:
    """
    Holding (group) ─┬─ North (group) ── Plant            Empty (group) ── Young
                     └─ South, Old South merged into it ── Depot, not managed
    """
    book = Book()
    holding = book.account("Holding", Type="Holding")
    north = book.account("North", Industry="Group", ParentId=holding)
    plant = book.account("Plant", ParentId=north)
    south = book.account("South", ParentId=holding)
    old = book.account("Old South", ParentId=holding, IsDeleted=True, MasterRecordId=south)
    depot = book.account("Depot", ParentId=old, Type="Other")
    later = book.account("Later", ParentId=holding, CreatedDate=ago(days=5))
    empty = book.account("Empty", Type="Holding", CreatedDate=ago(days=300))
    book.account("Young", ParentId=empty, CreatedDate=ago(days=100))
    own_child = book.account("Was its child's parent", IsDeleted=True, Type="Holding")
    book.salesforce["Account"][-1]["MasterRecordId"] = book.account(
        "Self", Type="Holding", ParentId=own_child
    )

    book.contact(holding, "hana@holding.example", Name="Hana", Title="Chief Executive")
    pia = book.contact(plant, "pia@plant.example", Name="Pia", Department="IT", Title="CEO")
    lee = book.contact(south, "lee@south.example", Name="Lee", Department="IT dept.", Title="Engineer")
    oto = book.contact(old, "oto@south.example", Name="Oto", Department="South")

    book.call(plant, ago(days=2), pia)
    book.call(south, ago(days=5), lee)
    book.call(north, ago(days=7))  # two calls of one day that name nobody, in two companies
    book.call(south, ago(days=7))
    book.call(old, ago(days=20), oto)
    book.call(depot, ago(days=40))
    book.call(later, ago(days=4))
    book.add("EmailMessage", Incoming=False, FromAddress="ferrari@vendor.example", MessageDate=ago(days=3), Status="3",
             ToAddress="pia@plant.example; lee@south.example", Subject="To both", CreatedDate=ago(days=3))  # fmt: skip
    book.call(depot, ago(days=2), CallType="Inbound", CallDisposition="Missed")
    book.call(south, ago(days=1), CallType="Outbound")  # answers nobody at the depot

    won = book.add("Opportunity", AccountId=plant, Name="Licences", StageName="Closed Won", IsClosed=True, IsWon=True,
                   Amount=1000, CloseDate=ago(days=30).date(), OwnerId=book.user)  # fmt: skip
    book.add("OpportunityContactRole", OpportunityId=won, ContactId=pia, Role="Decision Maker")
    book.add("Opportunity", AccountId=old, Name="Support", StageName="Prospecting", IsClosed=False, IsWon=False, Amount=500,
             CloseDate=ago(days=-30).date(), OwnerId=book.user)  # fmt: skip
    book.add("Opportunity", AccountId=holding, Name="Frame", StageName="Closed Won", IsClosed=True, IsWon=True, Amount=70,
             CloseDate=ago(days=500).date(), OwnerId=book.user)  # fmt: skip
    book.add("Contract", AccountId=depot, Status="Activated", StatusCode="Activated", StartDate=ago(days=90).date(),
             EndDate=ago(days=-60).date(), ActivatedDate=ago(days=90))  # fmt: skip
    book.add("Asset", AccountId=plant, Name="Scanner", Status="Installed")

    book.issue("OPS-1", field=[plant, south], priority="Highest", type="Bug", status="In Progress")
    question = book.issue("OPS-2", plant)
    book.comment(question, LEE, ago(days=2), public=None)
    book.issue("OPS-3", holding, due=ago(days=3).date())
    book.issue("OPS-4", depot, status="Done")
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("groups")
    with Simulator(dataset.load(_book().write(folder / "dataset")), now=NOW) as simulator:
        company = Company(folder, simulator, Book())
        company.configure(ACCOUNTS + JIRA)
        company.pull()
        yield company


@pytest.fixture(scope="module")
def values(company):
    return company.metrics()


def _of(values, name: str) -> list[float | None]:
    return [values[account][name] for account in ("Holding", "North", "Plant", "South", "Depot")]


def test_a_group_counts_what_its_descendants_count_and_nothing_twice(values):
    # two mails, calls that name nobody: one mail to two children is one moment of the group
    assert _of(values, "moments_90d") == [10, 3, 2, 5, 2]
    assert _of(values, "days_since_contact") == [1, 2, 2, 1, 2]
    assert _of(values, "contacts_known") == [4, 1, 1, 2, 0]
    assert _of(values, "contacts_engaged_90d") == [3, 1, 1, 2, 0]
    assert _of(values, "executives_engaged_90d") == [1, 1, 1, 0, 0]  # Hana was not met
    assert _of(values, "working_level_engaged_90d") == [1, 0, 0, 1, 0]
    assert values["Holding"]["effective_contacts"] == pytest.approx(25 / 9)  # Pia 2, Lee 2, Oto 1
    assert _of(values, "open_issues") == [3, 2, 2, 1, 0]
    assert _of(values, "open_p1") == [1, 1, 1, 1, 0]
    assert _of(values, "overdue_issues") == [1, 0, 0, 0, 0]
    assert _of(values, "unreturned_calls") == [1, 0, 0, 0, 1]
    assert values["Holding"]["days_since_status_update"] == 1000  # nobody ever told it anything


def test_a_group_counts_the_business_of_its_descendants(values):
    assert _of(values, "won_12m") == [1000, 1000, 1000, 0, 0]
    assert _of(values, "won_prior_12m") == [70, 0, 0, 0, 0]
    assert _of(values, "open_pipeline") == [500, 0, 0, 500, 0]
    assert _of(values, "renewals_90d") == [1, 0, 0, 0, 1]
    assert _of(values, "days_to_renewal") == [60, None, None, None, 60]
    assert _of(values, "missing_roles") == [2, 2, 2, 3, 3]


def test_a_person_of_one_child_is_a_customer_in_the_issue_of_another_as_the_group_sees_it(company, values):
    assert _of(values, "unanswered_comments") == [1, 0, 0, 0, 0]
    measures = company.explain("Holding")["scorecards"]["health"]["measures"]
    waits = next(each for each in measures if each["metric"] == "oldest_unanswered_business_hours")
    assert [row["text"] for row in waits["evidence"]] == ["About OPS-2"]


def test_the_units_of_a_group_are_its_own_children_and_the_departments_of_all(values):
    # Holding: North, South (as Oto's department is called), Later, IT; North: Plant, IT; South: IT, South
    assert _of(values, "org_units_known") == [4, 2, 1, 2, 0]
    assert _of(values, "org_units_engaged") == [4, 2, 1, 2, 0]
    assert _of(values, "unit_coverage") == [1, None, None, None, None]


def test_a_group_that_was_never_contacted_has_its_own_age(values):
    assert values["Empty"]["days_since_contact"] == 300
    assert values["Young"]["days_since_contact"] == 100
    assert values["Self"]["org_units_known"] == 0  # its parent was merged into it: it is no child of its own


def test_what_did_not_exist_then_counts_for_no_group(company):
    values = company.metrics(ago(days=6))

    assert "Later" not in values
    assert _of(values, "org_units_known")[0] == 3
    assert _of(values, "moments_90d")[:2] == [4, 1]  # the two of a week ago, Oto's, the depot's


def test_evidence_of_a_group_adds_up(company):
    with company.measured() as (config, mirror, _):
        told = views.explained(config, mirror, "Holding", NOW)
    for card in told["scorecards"].values():
        for measure_ in card["measures"]:
            if measure_["metric"] in ("moments_90d", "open_p1", "overdue_issues", "unanswered_comments"):
                assert sum(row["value"] for row in measure_["evidence"]) == measure_["value"]


def _twin(company: Company, folder: Path, *changes: str) -> dict[str, dict[str, float | None]]:
    """The metrics that the same store has after some changes to its records."""
    twin = Company(folder, company.simulator, company.book)
    shutil.copytree(company.folder, folder, dirs_exist_ok=True)
    with Mirror.open(twin.config.store_folder) as mirror:
        for change in changes:
            mirror.connection.execute(change)
        normalise.materialise(twin.config, mirror)
    return twin.metrics()


def test_what_children_do_not_share_adds_up(company, tmp_path):
    values = _twin(
        company,
        tmp_path,
        "delete from sf_email_message",  # the one to two of them
        "delete from jira_issue_value where kind = 'account' and value = (select Id from sf_account where Name = 'South')",
    )
    members = ("Plant", "South", "Depot", "Later")
    adding = {
        name: metric
        for name, metric in company.config.catalogue.metrics.items()
        if metric.aggregate in ("count", "sum") and metric.source in ADDING
    }
    assert len(adding) > 20
    with_own = {
        "overdue_issues": 1,
        "open_issues": 1,
        "contacts_known": 1,
        "won_prior_12m": 70,
        "moments_90d": 1,
    }
    for name in adding:
        told = sum(values[member][name] or 0 for member in members)
        own = with_own.get(name, 0)  # what hangs on Holding and North themselves
        assert (values["Holding"][name] or 0) == told + own, name


def test_a_group_has_the_numbers_of_one_account_with_all_their_records(company, values, tmp_path):
    """Merge everything under Holding into it, and see what changes."""
    merge = (
        "update sf_account set IsDeleted = true, MasterRecordId = holding.Id "
        "from (select Id from sf_account where Name = 'Holding') holding "
        "where sf_account.Id in (select account_id from account_ancestor where ancestor_id = holding.Id)"
    )
    group, merged = values["Holding"], _twin(company, tmp_path, merge)["Holding"]

    assert {
        name: (group[name], value)
        for name, value in merged.items()
        if value != group[name] and name not in OF_OTHERS
    } == {
        "moments_90d": (10, 9),  # of one account, two calls of a day that name nobody are one
        "unreturned_calls": (1, 0),  # and one is returned by another
        "unreturned_messages": (1, 0),
        "org_units_known": (4, 2),  # there are no children any more
        "org_units_engaged": (4, 2),
        "unit_coverage": (1, None),
        "unit_contacts_missing": (1, 0),
    }


def test_a_group_that_is_not_managed_or_not_there_is_told(company):
    def codes(accounts: str) -> dict[str, str]:
        company.configure(accounts + JIRA)
        return {
            each.code: each.message for each in look(company.config, 1).findings if each.subject == "accounts"
        }

    assert codes(ACCOUNTS) == {}
    unmanaged = codes("[accounts]\ngroup = \"type = 'Holding'\"\n")["unmanaged_group"]
    assert "Empty" in unmanaged
    assert "Self" in unmanaged
    assert "Holding," not in unmanaged
    assert codes("[accounts]\ngroup = \"type = 'Konzern'\"\n").keys() == {"no_group"}
    company.configure("[accounts]\ngroup = \"typ = 'Holding'\"\n")
    with pytest.raises(ConfigError) as caught:
        _ = company.config
    assert 'accounts.group, column 1: unknown column "typ"' in str(caught.value)
    company.configure(ACCOUNTS + JIRA)


def test_accounts_that_are_each_others_parents_are_named_and_measured_alone(serve):
    book = Book()
    one = book.account("One", Type="Holding")
    two = book.account("Two", Type="Holding", ParentId=one)
    three = book.account("Three", Type="Holding", ParentId=two)
    below = book.account("Below", Type="Holding", ParentId=three)
    leaf = book.account("Leaf", ParentId=below)
    book.salesforce["Account"][0]["ParentId"] = three
    for account in (one, two, three, below, leaf):
        book.call(account, ago(days=1))
    company = serve(book)
    company.configure(ACCOUNTS)

    first = rapport("--config", company.config_path, "pull")
    assert first.code == 5
    assert f"One ({one}) is under Three ({three}) is under Two ({two}) is under One" in first.err
    status = rapport("--config", company.config_path, "status", "--format", "json").json
    assert [(each["record"], each["code"]) for each in status["quarantined"]] == [
        (account, "PARENT_RING") for account in (one, two, three)
    ]
    moments = {name: values["moments_90d"] for name, values in company.metrics().items()}
    assert moments == {"One": 1, "Two": 1, "Three": 1, "Below": 2, "Leaf": 1}
    again = rapport("--config", company.config_path, "sync", "--format", "json")
    assert (again.code, again.json["quarantined"]) == (0, 3)  # told before

    with company.simulator.edit() as (salesforce, _):
        salesforce.change(one, ParentId=None)
    assert rapport("--config", company.config_path, "pull").code == 0
    assert rapport("--config", company.config_path, "status", "--format", "json").json["quarantined"] == []
    assert rows(company, "select count(*) from account_ancestor") == [(10,)]
