"""Metrics, links and scores of random companies, pulled over HTTP, against a plain-Python reading of the definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import random_company
from campaigns import seeds
from company import Company
from oracle import Oracle

from rules import scorecards
from simulator import dataset
from simulator.server import Simulator
from sync import views

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from random_company import Scene

SEEDS = seeds(2, 40)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_numbers_of_a_random_company_are_those_of_the_definitions(seed, tmp_path):
    found = differences(random_company.scene(seed), tmp_path)

    assert not found, "\n" + "\n".join(found)


def differences(scene: Scene, folder: Path) -> list[str]:
    """One line per value on which the product and the definitions disagree."""
    data = scene.book.write(folder / "dataset")
    found = []
    with Simulator(dataset.load(data), now=scene.now, groups=scene.groups) as simulator:
        company = Company(folder, simulator, scene.book)
        company.config_path.write_text(scene.toml(simulator.salesforce_url, simulator.jira_url))
        scene.write_map(folder)
        company.pull()
        for as_of in scene.as_of:
            oracle = _oracle(data, as_of, scene)
            read = {name for metrics in oracle.metrics().values() for name in metrics}
            product, measured = _product(company, as_of, scene, read)
            expected = _expected(oracle, scene, measured)
            found += [
                f"{as_of:%Y-%m-%d %H:%M} {key}: product {product.get(key, '-')}, definitions {expected.get(key, '-')}"
                for key in sorted(product.keys() | expected.keys())
                if not _same(product.get(key, "-"), expected.get(key, "-"))
            ]
    return found


def _same(one: object, other: object) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) <= 1e-9 * max(1.0, abs(other))
    return one == other


def _product(
    company: Company, as_of: datetime, scene: Scene, read: set[str]
) -> tuple[dict[str, object], dict[str, dict]]:
    """Every value of the company, of the metrics those that the oracle reads too; and the other metrics by account."""
    values: dict[str, object] = {}
    others: dict[str, dict] = {}
    with company.measured(as_of) as (config, mirror, instant):
        for row in views.metrics(config, mirror, instant):
            others[row["account_id"][:15]] = row["metrics"]
            for name in row["metrics"].keys() & read:
                values[f"{row['account_id']} {name}"] = row["metrics"][name]
        values |= _cards(views.scores(mirror, instant))
        previous = [(account, card, band) for (account, card), band in scene.previous_bands.items()]
        scorecards.evaluate(mirror.connection, config.catalogue, previous)
        again = _cards(views.scores(mirror, instant))
        values |= {f"{key}, once confirmed": value for key, value in again.items()}
        links = views.links(mirror)
    for row in links["linked"]:
        values.setdefault(f"link {row['key']}", ("linked", row["method"], set()))[2].add(row["account_id"])
    for row in links["ambiguous"]:
        values[f"link {row['key']}"] = ("ambiguous", None, set(row["candidates"]))
    for row in links["unmatched"]:
        values[f"link {row['key']}"] = ("unmatched", None, set())
    return values, others


def _oracle(data: Path, as_of: datetime, scene: Scene) -> Oracle:
    return Oracle(
        data,
        scene.toml(),
        as_of,
        groups=scene.groups,
        managed=scene.managed(),
        excluded=scene.excluded(),
        map_rows=scene.map_rows,
    )


def _expected(oracle: Oracle, scene: Scene, others: dict[str, dict]) -> dict[str, object]:
    full = {key: account["Id"] for key, account in oracle.every_account.items()}
    values: dict[str, object] = {}
    for account, metrics in oracle.metrics().items():
        for name, value in metrics.items():
            values[f"{full[account]} {name}"] = value
    previous = {(account[:15], card): band for (account, card), band in scene.previous_bands.items()}
    for note, bands in (("", {}), (", once confirmed", previous)):
        rows = [
            {"account_id": full[key], "scorecards": cards}
            for key, cards in oracle.scores(bands, others).items()
        ]
        values |= {f"{key}{note}": value for key, value in _cards(rows).items()}
    for issue in oracle.raw_issues:
        state, method, accounts = oracle.links[issue["id"]]
        shown = method if state == "linked" else None
        values[f"link {issue['key']}"] = (state, shown, {full[account] for account in accounts})
    return values


def _cards(rows: list[dict]) -> dict[str, object]:
    return {
        f"{row['account_id']} {name} {word}": value
        for row in rows
        for name, card in row["scorecards"].items()
        for word, value in card.items()
        if word in {"score", "band", "confidence"}
    }
