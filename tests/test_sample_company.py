"""The sample company through the whole product: its stories are found, its bands differ, its second run is quiet."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from company import Book, Company

from simulator import dataset, sample
from simulator.sample_departments import DEPARTMENTS
from simulator.server import Simulator
from sync.measure import default_as_of, server_now

NOWS = {
    "a Sunday morning": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "a Wednesday afternoon": datetime(2026, 7, 15, 15, 59, tzinfo=UTC),
    "the turn of the year": datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
}
SURVEYS = """[salesforce.surveys]
object = "Customer_Survey__c"
[salesforce.surveys.fields]
AccountId = "Account__c"
ContactId = "Contact__c"
CaseId = "Case__c"
Rating = "Rating__c"
CompletedAt = "Answered_At__c"
"""
JIRA = f"""[jira]
url = "{{jira}}"
email = "integration@{sample.INTERNAL_DOMAIN}"
remote_links = "never"
jql = "{{jql}}"
[jira.fields]
case = "{sample.CASE_FIELD_NAME}"
"""
MANAGED = "[accounts]\nmanaged = \"not person_account and starts_with(type, 'Customer')\"\n"


def units(declared: dict[str, tuple[str, ...]]) -> str:
    return "[identity.units]\n" + "".join(
        f'"{name}" = {json.dumps(list(known))}\n' for name, known in declared.items()
    )


def customers(jira: str) -> str:
    projects = "".join(f'{key} = "{account}"\n' for key, account in sample.PROJECT_ACCOUNTS.items())
    return (
        JIRA.replace("{jira}", jira).replace("{jql}", "project != IT")
        + f'[identity]\ninternal_domains = ["{sample.INTERNAL_DOMAIN}"]\naccount_field = "{sample.ACCOUNT_FIELD_NAME}"\n'
        + f"[identity.projects]\n{projects}{units(sample.DECLARED_UNITS)}{SURVEYS}{MANAGED}"
    )


def departments(jira: str) -> str:
    """One line chooses the preset; the others say which accounts and issues belong to that book."""
    return (
        JIRA.replace("{jira}", jira).replace("{jql}", "project = IT")
        + f'[identity]\ninternal_domains = ["{sample.INTERNAL_DOMAIN}"]\nstaff = {json.dumps(sample.it_staff())}\n'
        + units(sample.IN_HOUSE_UNITS)
        + '[accounts]\npreset = "internal-it"\nmanaged = "record_type = \'Department\'"\n'
        + "group = \"type = 'Division'\"\n"
    )


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            name,
            id=name.replace(" ", "-"),
            marks=(pytest.mark.thorough,) if name == "a Wednesday afternoon" else (),
        )
        for name in NOWS
    ],
)
def company(request, tmp_path_factory):
    """Pulled once for each `now`: the tests below only look, but for the last, which goes on from there."""
    folder, now = tmp_path_factory.mktemp("sample"), NOWS[request.param]
    sample.write(folder / "dataset", now=now)
    with Simulator(dataset.load(folder / "dataset"), now=now) as simulator:
        served = Company(folder, simulator, Book())
        served.configure(customers(simulator.jira_url), now=now)
        served.report = served.pull()
        yield served


@pytest.fixture(scope="module")
def metrics(company):
    return company.metrics()


def untold(company, metrics, stories) -> list[tuple]:
    """The stories that their metric does not find, each with what it found."""
    ages, found = _ages(company), []
    for story in (each for each in stories if each.metric in metrics[each.account]):
        value = metrics[story.account][story.metric]
        if not story.holds(value) or (story.never and value != ages[story.account]):
            found.append((story.account, story.tells, story.metric, value))
    return found


def _ages(company) -> dict[str, int]:
    with company.measured() as (config, mirror, _):
        instant = default_as_of(mirror, server_now(config, mirror))
        created = {row["Name"]: row["CreatedDate"] for row in company.org("Account") if not row["IsDeleted"]}
        return {name: (instant - datetime.fromisoformat(at)).days for name, at in created.items()}


def test_every_story_is_found_by_its_metric(company, metrics):
    assert untold(company, metrics, sample.STORIES) == []


def test_nothing_of_it_is_rejected_or_left_unlinked_by_surprise(company):
    assert company.report.rejected == []
    links = company.links()
    assert len(links["linked"]) > 10 * (len(links["unmatched"]) + len(links["ambiguous"]))
    assert {each["method"] for each in links["linked"]} >= {"field", "organization", "project"}
    assert links["ambiguous"]
    assert links["unmatched"]


def test_the_portfolio_has_every_band(company):
    bands = [each["scorecards"]["health"]["band"] for each in company.scores()]
    assert {"green", "amber", "red"} <= set(bands)
    assert bands.count("green") > bands.count("red")


@pytest.mark.parametrize("company", ["a Sunday morning"], indirect=True, ids=["a-Sunday-morning"])
def test_once_applied_nothing_is_left_to_write(company):
    plan = company.plan()
    assert {change.action for change in plan.changes} == {"update", "create"}
    company.sync()
    before = company.writes()
    again = company.sync()
    assert again["changes"] == 0
    assert company.writes() == before


@pytest.fixture(scope="module")
def in_house(tmp_path_factory):
    folder, now = tmp_path_factory.mktemp("in-house"), NOWS["a Sunday morning"]
    sample.write(folder / "dataset", now=now)
    with Simulator(dataset.load(folder / "dataset"), now=now) as simulator:
        served = Company(folder, simulator, Book())
        served.configure(departments(simulator.jira_url), now=now)
        served.report = served.pull()
        yield served


def test_the_departments_have_their_stories_too(in_house):
    assert untold(in_house, in_house.metrics(), sample.IN_HOUSE_STORIES) == []
    links = in_house.links()
    assert {each["method"] for each in links["linked"]} == {"reporter"}
    assert links["unmatched"] == links["ambiguous"] == []


def test_only_departments_are_scored_in_their_book(in_house):
    scored = {each["account"]: each["scorecards"]["health"]["band"] for each in in_house.scores()}
    assert set(scored) == {firm.name for firm in DEPARTMENTS}
    assert scored["Human Resources"] == "green"
