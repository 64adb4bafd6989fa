"""The sample company through the whole product: its stories are found, its bands differ, its second run is quiet."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from company import Book, Company

from simulator import dataset, sample
from simulator.server import Simulator
from sync.measure import default_as_of, server_now

NOWS = {
    "a Sunday morning": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "a Wednesday afternoon": datetime(2026, 7, 15, 15, 59, tzinfo=UTC),
    "the turn of the year": datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
}
STORIES = [story for story in sample.STORIES if not story.later]


def settings() -> str:
    projects = "".join(f'{key} = "{account}"\n' for key, account in sample.PROJECT_ACCOUNTS.items())
    units = "".join(
        f'"{name}" = {json.dumps(list(known))}\n' for name, known in sample.DECLARED_UNITS.items()
    )
    return (
        f'[identity]\ninternal_domains = ["{sample.INTERNAL_DOMAIN}"]\naccount_field = "{sample.ACCOUNT_FIELD_NAME}"\n'
        f"[identity.projects]\n{projects}[identity.units]\n{units}"
    )


@pytest.fixture(scope="module", params=NOWS, ids=lambda name: name.replace(" ", "-"))
def company(request, tmp_path_factory):
    """Pulled once for each `now`: the tests below only look, but for the last, which goes on from there."""
    folder, now = tmp_path_factory.mktemp("sample"), NOWS[request.param]
    sample.write(folder / "dataset", now=now)
    with Simulator(dataset.load(folder / "dataset"), now=now) as simulator:
        served = Company(folder, simulator, Book())
        served.configure(settings(), now=now)
        served.report = served.pull()
        yield served


@pytest.fixture(scope="module")
def metrics(company):
    return company.metrics()


def test_every_story_is_found_by_its_metric(company, metrics):
    ages = _ages(company)
    untold = [
        (story.account, story.tells, story.metric, metrics[story.account][story.metric])
        for story in STORIES
        if not story.holds(metrics[story.account][story.metric])
        or (story.never and metrics[story.account][story.metric] != ages[story.account])
    ]
    assert len(STORIES) > 40
    assert untold == []


def _ages(company) -> dict[str, int]:
    with company.measured() as (config, mirror, _):
        instant = default_as_of(mirror, server_now(config, mirror))
        created = {row["Name"]: row["CreatedDate"] for row in company.org("Account") if not row["IsDeleted"]}
        return {name: (instant - datetime.fromisoformat(at)).days for name, at in created.items()}


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
