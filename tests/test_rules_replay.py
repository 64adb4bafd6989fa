"""A replay of a past day gives what a store filled on that day gave, for every metric that claims a history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from as_it_stood import cut
from company import SECRETS

import demo
from rules import trends
from simulator import dataset, sample
from simulator.server import Simulator
from sync import run, views
from sync.measure import measure

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def _metrics(folder: Path, now: datetime, as_of: datetime, monkeypatch) -> tuple[dict[str, dict], set[str]]:
    """Account Id -> metrics at `as_of` of a store that is filled from the dataset at `now`; and the metrics with history."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with Simulator(dataset.load(folder / "dataset"), now=now) as simulator:
        config = demo._config(folder, simulator, now)
        run.run_pull(config, full=False, progress=lambda source, rows: None)
        with run.reading(config) as (mirror, state):
            measure(config, mirror, state, as_of)
            rows = views.metrics(config, mirror, as_of)
            cards = {row["account_id"]: row["scorecards"] for row in views.scores(mirror, as_of)}
    lasting = set(config.catalogue.metrics) - set(trends.without_history(config.catalogue))
    return {
        row["account_id"]: row["metrics"] | {"scored": row["account_id"] in cards} for row in rows
    }, lasting


def _sample(folder: Path, *, every: int) -> Path:
    """The sample company with one of so many of its issues, tasks and mails."""
    sample.write(folder / "dataset", now=NOW)
    for name in ("jira/issues", "salesforce/Task", "salesforce/TaskRelation", "salesforce/EmailMessage"):
        path = folder / "dataset" / f"{name}.jsonl"
        path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[::every]), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("days", "every"),
    [(30, 7), *(pytest.param(days, 1, marks=pytest.mark.thorough) for days in (30, 200))],
)
def test_a_replay_gives_what_a_store_filled_then_gave(tmp_path, monkeypatch, days, every):
    today = _sample(tmp_path / "today", every=every)
    then = NOW - timedelta(days=days)
    cut(today / "dataset", tmp_path / "then" / "dataset", then)
    replayed, lasting = _metrics(today, NOW, then, monkeypatch)
    seen, _ = _metrics(tmp_path / "then", then, then, monkeypatch)
    differences = [
        f"{account} {name}: replayed {replayed[account][name]}, then {seen[account][name]}"
        for account in sorted(seen)
        for name in sorted(lasting | {"scored"})
        if replayed[account][name] != seen[account][name]
    ]
    assert replayed.keys() == seen.keys()
    assert not differences, "\n".join(differences)
    moving = {name for name in lasting if len({values[name] for values in seen.values()}) > 1}
    assert len(moving) >= 15  # the comparison is of something
