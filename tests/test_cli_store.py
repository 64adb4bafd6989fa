"""The store as commands meet it: empty, held by another run, left by one that broke off."""

from __future__ import annotations

import subprocess
import sys

import pytest
from command_line import ROOT, open_company, process_environment, rapport, small_book

HOLD = """
import sys
from pathlib import Path
from sync.lock import RunLock
with RunLock.acquire(Path(sys.argv[1]), exclusive=True, phase="apply"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    with open_company(tmp_path_factory.mktemp("pulled"), small_book()) as served:
        assert rapport("--config", served.config_path, "pull").code == 0
        yield served


@pytest.fixture
def holder(pulled):
    """A process that holds the store as a run does; its pid."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(pulled.folder / "rapport-data")],
        env=process_environment(), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == b"held\n"
        try:
            yield other.pid
        finally:
            other.stdin.close()


@pytest.mark.parametrize("name", ["metrics", "scores", "links", "plan", "explain", "status"])
def test_an_empty_store_says_pull_first(tmp_path, name):
    config = tmp_path / "rapport.toml"
    config.write_text(
        '[salesforce]\ninstance_url = "http://127.0.0.1:1"\n[jira]\nurl = "http://127.0.0.1:1"\n'
    )
    result = rapport("--config", config, name, *(["Acme"] if name == "explain" else []))
    assert result.code == 2
    assert "run `rapport pull` first" in result.err.replace(
        "run rapport pull first", "run `rapport pull` first"
    )


def test_a_plan_for_an_empty_store_is_refused(tmp_path):
    config = tmp_path / "rapport.toml"
    config.write_text(
        '[salesforce]\ninstance_url = "http://127.0.0.1:1"\n[jira]\nurl = "http://127.0.0.1:1"\nemail = "i@vendor.example"\n'
    )
    (tmp_path / "plan.json").write_text("{}")
    assert rapport("--config", config, "apply", tmp_path / "plan.json").code == 2


@pytest.mark.parametrize(
    "arguments",
    [["scores", "--wait", 0], ["plan", "--wait", 0], ["links", "--wait", 0], ["sync"], ["pull"]],
    ids=lambda each: each[0],
)
def test_a_store_that_another_run_holds_ends_with_6_pid_and_phase(pulled, holder, arguments):
    result = rapport("--config", pulled.config_path, *arguments)
    assert result.code == 6
    assert f"Another run holds the store (process {holder}, apply since " in result.err
    assert "rapport status" in result.err


def test_status_works_while_a_run_holds_the_store(pulled, holder):
    told = rapport("--config", pulled.config_path, "status", "--format", "json").json
    assert (told["running"]["pid"], told["running"]["phase"]) == (holder, "apply")
    assert told["pull"] is None
    shown = rapport("--config", pulled.config_path, "status")
    assert shown.code == 0
    assert f"A run holds the store: process {holder}, phase apply since " in shown.out


def test_readers_do_not_keep_each_other_out(pulled):
    from sync.lock import RunLock

    with RunLock.acquire(pulled.folder / "rapport-data", exclusive=False):
        assert rapport("--config", pulled.config_path, "scores", "--wait", 0).code == 0
        assert rapport("--config", pulled.config_path, "status").code == 0


def test_a_pull_that_broke_off_is_told_by_status_until_one_ends_well(serve):
    company = serve(small_book())
    assert rapport("--config", company.config_path, "pull").code == 0
    refused = rapport(
        "--config",
        company.config_path,
        "pull",
        "--full",
        env={"RAPPORT_IDENTITY__ACCOUNT_FIELD": "No such field"},
    )
    assert refused.code == 2
    told = rapport("--config", company.config_path, "status").out
    assert "The last pull broke off, so some sources are older than others." in told
    assert "What to do: run `rapport pull` again." in told
    assert rapport("--config", company.config_path, "pull").code == 0
    assert "broke off" not in rapport("--config", company.config_path, "status").out
