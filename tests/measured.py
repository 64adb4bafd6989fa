"""One served company measured once for a whole module of tests: its metrics by account, and the records behind them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from company import NOW, Book, Company

from rules import evidence
from simulator import dataset
from simulator.server import Simulator
from sync import views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from rules.evidence import Record


class Measured:
    """What a pulled company's metrics are at one instant, under one config; nothing of the store stays open."""

    def __init__(self, config, mirror, instant, names: Sequence[str]) -> None:
        rows = views.metrics(config, mirror, instant)
        self.by_account: dict[str, dict[str, float | None]] = {row["account"]: row["metrics"] for row in rows}
        self._ids = {row["account"]: row["account_id"] for row in rows}
        self._evidence = evidence.of_accounts(mirror.connection, config.catalogue, names, "accounts")

    def __call__(self, account: str, *metrics: str):
        """The value of one metric, or the values of several."""
        values = tuple(self.by_account[account][name] for name in metrics)
        return values[0] if len(values) == 1 else values

    def evidence(self, account: str, metric: str) -> list[Record]:
        found = self._evidence.get((self._ids[account], metric), evidence.NOTHING)
        assert found.total == len(found.records)
        return list(found.records)


@contextmanager
def pulled(folder: Path, book: Book, extra: str = "", *, now: datetime = NOW, jira: bool = True):
    """The company behind a simulator, its store filled."""
    with Simulator(dataset.load(book.write(folder / "dataset")), now=now) as simulator:
        company = Company(folder, simulator, book)
        company.configure(extra, now=now, jira=jira)
        company.pull()
        yield company


def measured(company: Company, as_of: datetime | None = None, *, evidence_of: Sequence[str] = ()) -> Measured:
    with company.measured(as_of) as (config, mirror, instant):
        return Measured(config, mirror, instant, evidence_of)


def fields(book: Book, object_name: str, **types: str) -> None:
    """Custom fields that the org has on an object, by type."""
    own = book.schema.setdefault(object_name, {}).setdefault("fields", [])
    length = {"string": {"length": 255}, "double": {"precision": 18, "scale": 2}}
    own += [
        {"name": name, "label": name, "type": kind, **length.get(kind, {})} for name, kind in types.items()
    ]
