"""Figures about account managers: off unless the config says so, of groups of at least five, or of each by name."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from command_line import rapport
from company import CUSTOMER, NOW, Book, Company, ago

from reports import managers_text, tables, terminal
from simulator import dataset
from simulator.server import Simulator
from sync import managers

CARDS = "".join(
    f"[scorecards.{name}]\nlabel = '{name}'\nfloor = 0\n[[scorecards.{name}.measures]]\nmetric = '{metric}'\nweight = 1\n"
    f"points = [[0, {zero}], [4, {four}]]\n"
    for name, metric, zero, four in (
        ("growth", "moments_90d", 0, 100),
        ("health", "open_issues", 100, 0),
        ("penetration", "contacts_known", 0, 100),
    )
).replace("[scorecards.health]", "[scorecards.health]\ncaps = []")


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Seven account managers: five under Lea, one under Max, one under nobody; the first has two accounts."""
    folder = tmp_path_factory.mktemp("books")
    book = Book()
    lea, max_ = (
        book.add("User", Name=name, Username=f"{name}@vendor.example", IsActive=True, UserType="Standard")
        for name in ("Lea", "Max")
    )
    leads = [*[lea] * 5, max_, None]
    for n, lead in enumerate(leads):
        user = book.add(
            "User",
            Name=f"M{n}",
            Username=f"m{n}@vendor.example",
            IsActive=True,
            UserType="Standard",
            ManagerId=lead,
        )
        for k in range(2 if n == 0 else 1):
            account = book.account(f"Account {n}.{k}", OwnerId=user)
            person = book.contact(account, f"p{n}{k}@a{n}{k}.example")
            for call in range(k + 1):
                book.call(account, ago(days=2 + call), person)
            if k:
                for issue in range(3):
                    book.issue(f"SUP-{issue + 1}", f"Account {n}.{k}", service=True, reporter=CUSTOMER)
    book.account("Nobody's", OwnerId=None)
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW) as simulator:
        company = Company(folder, simulator, book)
        company.configure(CARDS)
        company.pull()
        yield company


@pytest.fixture(scope="module")
def read(books):
    """read(setting, **people): the rows as they are with these settings, of one measuring."""
    with books.measured() as (config, mirror, as_of):

        def rows(setting: str, **people: object) -> list[dict]:
            privacy = config.privacy.model_copy(update={"people_analytics": setting})
            own = replace(config, privacy=privacy, people=config.people.model_copy(update=people))
            return managers.by_manager(own, mirror, as_of)

        yield rows


def test_by_default_there_are_no_figures_about_employees(books):
    refused = rapport("--config", books.config_path, "scores", "--by", "manager")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("Figures about employees are off.")
    assert '[privacy] people_analytics = "team"' in refused.err


def test_each_person_by_name_with_a_book_of_accounts_that_weigh_alike(read):
    found = read("named", capacity=4)
    rows = {row["manager"]: row for row in found}
    assert list(rows) == ["M0", "M1", "M2", "M3", "M4", "M5", "M6", None]
    first = rows["M0"]
    # growth 25 and 50, health 100 and 25, one contact each; of positioning there is no scorecard
    assert (first["growth"], first["health"], first["depth"]) == (37.5, 62.5, 25)
    assert (first["accounts"], first["red"], first["green"]) == (2, 1, 1)
    assert (first["load"], first["capacity"], first["load_share"]) == (2, 4, 0.5)
    assert rows["M1"]["health"] == 100
    table = tables.to_csv(tables.managers_table(found, "named")).decode()
    assert [row["manager"] for row in csv.DictReader(io.StringIO(table))][:2] == ["M0", "M1"]
    text = io.StringIO()
    managers_text.managers(terminal.console(text), found, "2026-11-18T12:00:00Z")
    assert "Account manager" in text.getvalue()
    assert "50 %" in text.getvalue()
    assert "nobody" in text.getvalue()


def test_accounts_and_load_weigh_by_metrics_where_the_config_says_so(books, read):
    first, *_ = read("named", book_weight="moments_90d", load_by="open_issues", capacity=2)
    assert first["health"] == (100 + 2 * 25) / 3
    assert (first["load"], first["load_share"]) == (3, 1.5)
    path = books.folder / "wrong.toml"
    path.write_text(books.config_path.read_text() + "[people]\nload_by = 'open_isues'\n")
    wrong = rapport("--config", path, "validate")
    assert wrong.code == 2
    assert 'people.load_by: unknown metric "open_isues"' in wrong.err


def test_of_teams_only_groups_of_at_least_five_are_shown(books, read, monkeypatch):
    found = read("team")
    assert [(row["team"], row["people"], row["accounts"]) for row in found] == [("Lea", 5, 6)]
    path = books.folder / "team.toml"
    path.write_text(books.config_path.read_text() + '[privacy]\npeople_analytics = "team"\n')
    shown = rapport("--config", path, "scores", "--by", "manager", "--format", "json")
    assert "2 account managers are in groups of fewer than 5 and not shown" in shown.err
    assert shown.json == found
    monkeypatch.setattr(managers, "LEAST", 2)
    assert [(row["team"], row["people"]) for row in read("team")] == [("Lea", 5), ("others", 2)]
