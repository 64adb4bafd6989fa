"""The sample company through the whole product: its stories are found, its bands differ, its second run is quiet."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from company import Book, Company

import demo
from reports import lists_text, tables, terminal
from rules import lists
from simulator import dataset, sample
from simulator.sample_departments import DEPARTMENTS
from simulator.server import Simulator
from sync import book_lists, run
from sync.measure import default_as_of, server_now

NOWS = {
    "a Sunday morning": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "a Wednesday afternoon": datetime(2026, 7, 15, 15, 59, tzinfo=UTC),
    "the turn of the year": datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
}


@contextmanager
def served(folder, now, config):
    """The book of that config of the demo, pulled; without the past weeks, which no test here looks at."""
    sample.write(folder / "dataset", now=now)
    with Simulator(dataset.load(folder / "dataset"), now=now) as simulator:
        company = Company(folder, simulator, Book())
        company.config_path = config(folder, simulator, now).path
        text = company.config_path.read_text()
        assert "backfill_weeks = 4" in text
        company.config_path.write_text(text.replace("backfill_weeks = 4", "backfill_weeks = 0"))
        company.report = company.pull()
        yield company


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            name,
            id=name.replace(" ", "-"),
            marks=() if name == "a Sunday morning" else (pytest.mark.thorough,),
        )
        for name in NOWS
    ],
)
def company(request, tmp_path_factory):
    """Pulled once for each `now`: the tests below only look, but for the last, which goes on from there."""
    with served(tmp_path_factory.mktemp("sample"), NOWS[request.param], demo._config) as book:
        yield book


@pytest.fixture(scope="module")
def metrics(company):
    return company.metrics()


def untold(company, metrics, stories) -> list[tuple]:
    """The stories that their metric does not find, each with what it found."""
    ages, found = _ages(company), []
    for story in stories:
        value = metrics[story.account][story.metric]
        if not story.holds(value) or (story.never and value != ages[story.account]):
            found.append((story.account, story.tells, story.metric, value))
    return found


def _ages(company) -> dict[str, int]:
    config = company.config
    with run.reading(config) as (mirror, _):
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


def test_the_portfolio_has_every_band(company, metrics):
    scores = {each["account"]: each["scorecards"] for each in company.scores()}
    bands = [cards["health"]["band"] for cards in scores.values()]
    assert {"green", "amber", "red", "unknown"} == set(bands)
    assert bands.count("green") > bands.count("red")
    # Nobody finds fault with Sunfield, in any scorecard; of Quiet Oak there is nothing to score.
    assert {card["band"] for card in scores["Sunfield Energy"].values()} == {"green"}
    assert scores["Sunfield Energy"]["overall"]["confidence"] >= 0.9
    assert scores["Sunfield Energy"]["health"]["confidence"] >= 0.9
    assert {card["band"] for card in scores["Quiet Oak Ltd"].values()} == {"unknown"}
    assert sum(value is not None for value in metrics["Sunfield Energy"].values()) >= 50


@pytest.mark.parametrize("company", ["a Sunday morning"], indirect=True, ids=["a-Sunday-morning"])
def test_the_lists_hold_a_row_for_each_finding_and_no_other(company):
    with company.measured() as (config, mirror, _):
        found = {name: book_lists.rows(config, mirror, name) for name in lists.LISTS}
        values = dict(
            mirror.connection.execute(
                "select e.account_id, e from eval_metrics e join accounts a on a.account_id = e.account_id where a.managed"
            ).fetchall()
        )
    gaps = Counter((row["account_id"], row["kind"]) for row in found["plan-gap"])
    for account, metrics in values.items():
        assert gaps[account, "role"] == (metrics["missing_roles"] or 0)
        assert gaps[account, "unit"] == (metrics["unit_contacts_missing"] or 0)
        objectives = (metrics["overdue_objectives"] or 0) + (metrics["objectives_without_action"] or 0)
        assert gaps[account, "objective"] == objectives
        assert gaps[account, "plan"] == (metrics["has_annual_plan"] == 0)
        assert gaps[account, "review"] == ((metrics["days_since_review"] or 0) > 92)
        told = ("owner", "service levels", "offering")
        own = sum(count for (each, kind), count in gaps.items() if each == account and kind not in told)
        assert own == (metrics["plan_gaps"] or 0)
    cells = Counter(row["account_id"] for row in found["whitespace"])
    assert cells == Counter(
        {
            account: int(metrics["whitespace_cells"])
            for account, metrics in values.items()
            if metrics["whitespace_cells"]
        }
    )
    assert all(row["evidence"] for row in found["whitespace"])
    first = found["fix-first"]
    assert [row["points"] for row in first] == sorted((row["points"] for row in first), reverse=True)
    assert all(row["points"] > 0 for row in first)
    assert len({(row["account_id"], row["text"]) for row in first}) == len(first)
    assert {row["list"] for rows in found.values() for row in rows} == set(lists.LISTS)
    table = tables.to_csv(tables.findings_table(first)).decode().splitlines()
    assert len(table) == len(first) + 1
    for name, rows in found.items():
        text = io.StringIO()
        lists_text.findings(terminal.console(text), name, rows)
        assert rows[0]["account"][:20] in text.getvalue()


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
    with served(tmp_path_factory.mktemp("in-house"), NOWS["a Sunday morning"], demo._departments) as book:
        yield book


def test_the_departments_have_their_stories_too(in_house):
    assert untold(in_house, in_house.metrics(), sample.IN_HOUSE_STORIES) == []
    links = in_house.links()
    assert {each["method"] for each in links["linked"]} == {"reporter"}
    assert links["unmatched"] == links["ambiguous"] == []


def test_only_departments_are_scored_in_their_book(in_house):
    bands = {
        each["account"]: {card["band"] for card in each["scorecards"].values()} for each in in_house.scores()
    }
    assert set(bands) == {firm.name for firm in DEPARTMENTS}
    assert bands["Human Resources"] == {"green"}
    assert bands["Legal Affairs"] == {"unknown"}
