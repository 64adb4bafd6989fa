"""The installed command as a process of its own against `rapport simulate` as another: what a scheduler meets."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import urllib.request
from pathlib import Path

import pytest
from campaigns import few
from command_line import command, process, process_environment, rapport, simulate, small_book

CONFIG = """\
[salesforce]
instance_url = "{salesforce}"
[jira]
url = "{jira}"
email = "integration@vendor.example"
[identity]
internal_domains = ["vendor.example"]
account_field = "CRM Account"
[history]
backfill_weeks = 0
[rollout]
mode = "on"
[time]
now = "2026-11-18T12:00:00Z"
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder with rapport.toml, served by `rapport simulate`, into which `rapport sync` ran once."""
    folder = tmp_path_factory.mktemp("served")
    with simulate(small_book().write(folder / "dataset"), "--now", "2026-11-18T12:00:00Z") as addresses:
        assert set(addresses) == {"salesforce", "jira"}
        (folder / "rapport.toml").write_text(CONFIG.format(**addresses))
        (folder / "addresses.json").write_text(json.dumps(addresses))
        first = process("sync", "--format", "json", cwd=folder)
        assert first.code == 0
        assert first.json["calls"]["salesforce"]["write"] > 0
        yield folder


def written(folder: Path) -> list[int]:
    """Write calls by the count of both simulated servers."""
    addresses = json.loads((folder / "addresses.json").read_text())
    counts = []
    for address in addresses.values():
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}/_simulator/calls") as answer:
            told = json.load(answer)
        counts.append(told["salesforce"]["write"] + told["jira"]["write"])
    return counts


def test_the_second_run_of_a_scheduler_writes_nothing(served):
    before = written(served)
    second = process("sync", "--format", "json", cwd=served)
    assert (second.code, second.json["changes"]) == (0, 0)
    assert second.json["calls"]["salesforce"]["write"] == 0
    assert written(served) == before
    assert stat.S_IMODE((served / "rapport-data").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("more", "locale"),
    few(
        1,
        [
            ((), {"PYTHONIOENCODING": "ascii", "TERM": "dumb", "NO_COLOR": "1"}),
            (("--format", "json"), {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}),
            (("--format", "json"), {}),
        ],
    ),
)
def test_the_config_of_the_working_folder_is_used_and_another_locale_changes_no_byte(served, more, locale):
    told = process("scores", *more, cwd=served, env=locale)
    assert told.code == 0
    assert told.raw == rapport("--config", served / "rapport.toml", "scores", *more).raw
    assert "–" in told.out or more
    assert "3 managed accounts" in told.out or more
    assert "\x1b" not in told.out


@pytest.mark.parametrize(
    "words", few(1, ["links --format json", "metrics --format json", "explain Acme_GmbH"])
)
def test_a_reader_who_leaves_ends_the_command_quietly(served, words):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = process(*(word.replace("_", " ") for word in words.split()), cwd=served, stdout=writing)
    finally:
        os.close(writing)
    assert (result.code, result.err) == (0, "")


def test_a_full_disk_is_told(served):
    with Path("/dev/full").open("wb") as full:
        result = process("links", cwd=served, stdout=full.fileno())
    assert result.code == 3
    assert result.err.startswith("The output cannot be written: No space left on device.\n  What to do: ")


def test_a_closed_stdout_is_no_failure(served):
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command("status")],
        env=process_environment(), cwd=served, stderr=subprocess.PIPE, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_run_that_holds_the_store_keeps_others_out_and_status_works(tmp_path):
    """The run is a real one, waiting for a slow org."""
    with simulate(small_book().write(tmp_path / "dataset"), "--latency-ms", "2000") as addresses:
        (tmp_path / "rapport.toml").write_text(CONFIG.format(**addresses))
        with subprocess.Popen(
            command("pull"), env=process_environment(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:  # fmt: skip
            try:
                lock = tmp_path / "rapport-data" / "lock"
                while not (lock.exists() and lock.read_bytes()) and running.poll() is None:
                    os.sched_yield()
                busy = rapport("--config", tmp_path / "rapport.toml", "sync")
                shown = rapport("--config", tmp_path / "rapport.toml", "status")
            finally:
                running.send_signal(signal.SIGTERM)
                running.communicate()
    assert busy.code == 6
    assert f"Another run holds the store (process {running.pid}, pull since" in busy.err
    assert shown.code == 0
    assert f"A run holds the store: process {running.pid}, phase pull since" in shown.out
    after = rapport("--config", tmp_path / "rapport.toml", "status")
    assert after.code == 0
    assert "broken off" in after.out
    assert "A run holds the store" not in after.out


@pytest.mark.thorough  # what `make demo` shows takes half a minute
def test_the_demo_needs_no_account_and_its_second_run_writes_nothing(tmp_path):
    result = process("demo", "--keep", tmp_path / "kept", cwd=tmp_path, timeout=240)
    assert result.code == 0
    assert "Portfolio, " in result.out
    assert "Health " in result.out
    customers, _, departments = result.out.partition(
        "Write calls of the second run, counted by the simulated org: 0\n"
    )
    assert "Sunfield Energy" in customers
    assert "Human Resources" not in customers
    assert "10 managed accounts" in departments
    assert "Human Resources" in departments
    books = {f"{name}{part}" for name in ("rapport", "rapport-it") for part in (".toml", "-data")}
    assert {each.name for each in (tmp_path / "kept").iterdir()} == {"dataset", *books}
