"""Random histories: whatever changes, incremental pulls and a sweep leave what a store filled from nothing holds."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from campaigns import seeds
from company import NOW, Company
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from pulled import After, Edits, assert_as_if_fresh, busy_book, refusing

from connectors.errors import ConnectorError, UnexpectedAnswer
from simulator import dataset
from simulator.http import json_response
from simulator.jira_switches import JiraSwitches
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches
from sync import pull_job, run

BROKEN = json_response([{"message": "oops", "errorCode": "UNKNOWN_EXCEPTION"}], 500)
CHUNK = 25  # histories of one test, so that they spread over the cores
KINDS = sorted(name for name in dir(Edits) if name.startswith(("edit_", "traceless_", "admin_")))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("before", "during")),
        st.integers(0, 300),  # minutes since the last pull
        st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 999)), max_size=7),
    ),
    min_size=1,
    max_size=2,
)
SMALL = {
    "cloud": JiraSwitches(page_limit=3, inline_comments=0, histories_in_search=1),
    "datacenter": JiraSwitches(deployment="datacenter", search_cap=3, inline_comments=0),
}
LARGE = {"cloud": JiraSwitches(), "datacenter": JiraSwitches(deployment="datacenter")}


@pytest.mark.parametrize("deployment", ["cloud", "datacenter"])
@pytest.mark.parametrize("chunk", seeds(1, 11))
def test_parts_and_a_sweep_equal_the_whole(deployment, chunk):
    """Five hundred under `make thorough`, fifty to a core at a time; the simplest and another each day."""

    @seed(chunk)
    @settings(
        max_examples=CHUNK if chunk else 2,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    @given(steps=STEPS, small_pages=st.booleans(), cut=st.none() | st.integers(3, 60))
    def law(steps, small_pages, cut):
        with tempfile.TemporaryDirectory() as folder, patch.object(pull_job, "KEEP_ROWS", 4):
            _history(Path(folder), deployment, steps, small_pages=small_pages, cut=cut)

    law()


def _history(folder: Path, deployment: str, steps, *, small_pages: bool, cut: int | None) -> None:
    """`cut`: the first pull ends when one side has answered so many requests, and the next one goes on there."""
    book = busy_book()
    switches = Switches(
        salesforce=SalesforceSwitches(page_rows=3 if small_pages else None),
        jira=(SMALL if small_pages else LARGE)[deployment],
    )
    data = dataset.load(book.write(folder / "dataset"))
    with Simulator(data, now=NOW, switches=switches) as simulator:
        company = Company(folder, simulator, book)
        if deployment == "datacenter":
            company.settings = {"RAPPORT_JIRA__PERSONAL_ACCESS_TOKEN": "simulator"}
        edits, now = Edits(company, 0), NOW
        if cut is None:
            _configure(company, edits, deployment)
            company.pull()
        else:
            _configure(company, edits, deployment, "[http]\nmax_tries = 1\n")
            api = "salesforce" if cut % 2 else "jira"
            with refusing(company, api, After(lambda request: True, cut), BROKEN), suppress(ConnectorError):
                company.pull()
        for when, minutes, made in steps:
            now += timedelta(minutes=minutes)
            company.at(now)
            left = list(made)
            if when == "before":
                while left:
                    edits.one(*left.pop(0), now)
            _configure(company, edits, deployment)
            _pull(company, edits, left, now)
        company.at(now + timedelta(days=8))  # a sweep is due
        company.pull()
        assert_as_if_fresh(company)


def _configure(company: Company, edits: Edits, deployment: str, more: str = "") -> None:
    now = company.simulator.now()
    jira = f'[jira]\nurl = "{{jira}}"\ndeployment = "{deployment}"\n'
    jira += "" if deployment == "datacenter" else 'email = "i@vendor.example"\n'
    company.configure(jira + edits.jql + edits.columns + more, now=now)


def _pull(company: Company, edits: Edits, left: list, now) -> None:
    """Those edits that are left are made while the pull reads."""

    def meanwhile(source: str, count: int) -> None:
        if left:
            edits.one(*left.pop(0), now)

    try:
        run.run_pull(company.config, full=False, progress=meanwhile)
    except UnexpectedAnswer as error:
        assume("no longer shows" not in error.message)  # so many are gone that a person is asked
        raise
    while left:
        edits.one(*left.pop(0), now)


def test_every_kind_of_change_takes_place():
    """A kind that finds nothing to change would prove nothing."""
    with tempfile.TemporaryDirectory() as folder:
        book = busy_book()
        with Simulator(dataset.load(book.write(Path(folder) / "dataset")), now=NOW) as simulator:
            edits = Edits(Company(Path(folder), simulator, book), 0)
            for kind in KINDS:
                seen = {_all(edits)}
                for number in range(6):
                    edits.one(kind, number, NOW)
                    seen.add(_all(edits))
                assert len(seen) > 1, kind


def _all(edits: Edits) -> str:
    with edits.company.simulator.edit() as (salesforce, jira):
        records = salesforce.state(), jira.state(), jira.site._versions
        return repr((records, edits.jql, edits.columns, edits.users))
