"""The reference pages say what the catalogue is now, and every example in them works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import duckdb
import pytest

from rules import catalogue, describe
from rules.expressions import state_sql
from rules.functions import SCALARS
from rules.sources import SOURCES
from sync import config

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
SHIPPED = catalogue.load({}, SOURCES)
OUTSIDE = '[salesforce]\ninstance_url = "https://example.my.salesforce.com"\nauth = "access_token"\n'
SECRETS = {"RAPPORT_SALESFORCE__ACCESS_TOKEN": "x"}


def test_the_pages_are_up_to_date():
    renew = "renew them with `python -m rules.describe`"
    assert (DOCS / "metrics.md").read_text(encoding="utf-8") == describe.metrics_page(SHIPPED), renew
    assert (DOCS / "scorecards.md").read_text(encoding="utf-8") == describe.scorecards_page(SHIPPED), renew
    assert describe.filled(PAGE, SHIPPED) == PAGE, renew


def test_every_measure_of_a_scorecard_stands_in_the_page_with_its_weight_and_its_reason():
    page = describe.scorecards_page(SHIPPED)
    for card in SHIPPED.scorecards.values():
        for each in card.measures:
            start = f"| `{each.metric}` | {each.weight:f} |"
            reasons = [line.split("|")[4] for line in page.splitlines() if line.startswith(start)]
            assert reasons, each.metric
            assert all(len(reason.strip()) > 20 for reason in reasons), each.metric


def test_the_pages_can_be_renewed_and_renewing_twice_changes_nothing(tmp_path):
    (tmp_path / "rules.md").write_text(
        re.sub(r"(<!-- \w[^\n]*-->\n).*?(\n<!-- end -->)", r"\1\2", PAGE, flags=re.DOTALL)
    )
    describe.main(tmp_path)
    assert (tmp_path / "rules.md").read_text(encoding="utf-8") == PAGE
    describe.main(tmp_path)
    assert (tmp_path / "rules.md").read_text(encoding="utf-8") == PAGE


def test_every_function_source_and_metric_is_described():
    assert set(describe.FUNCTION_MEANINGS) == set(SCALARS)
    assert set(describe.SOURCE_MEANINGS) == set(SOURCES)
    page = describe.metrics_page(SHIPPED)
    for name, metric in SHIPPED.metrics.items():
        assert f"\n### {name}\n" in page
        assert metric.help in page
    for mark in describe.lists(SHIPPED):
        assert f"<!-- {mark}: " in PAGE


def test_a_metric_of_metrics_is_described_by_its_expression():
    own = {"twice": {"expr": "open_issues * 2", "help": "Two of each."}}
    page = describe.metrics_page(catalogue.load({"metrics": own}, SOURCES))
    assert "### twice\n\nTwo of each.\n\n- **From:** `open_issues * 2`" in page


@pytest.fixture(scope="module")
def described(tmp_path_factory) -> config.Config:
    """All examples of the page as one config."""
    path = tmp_path_factory.mktemp("docs") / "rapport.toml"
    path.write_text("\n".join([OUTSIDE, *EXAMPLES]), encoding="utf-8")
    return config.load(path, SECRETS)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_toml(number):
    assert tomllib.loads(EXAMPLES[number])


def test_every_example_loads(described):
    shelf = described.catalogue
    assert shelf.scorecards["overall"].of.keys() == {"health", "penetration", "security"}
    assert {"security_issues", "oldest_security_days", "security_share"} <= shelf.metrics.keys()
    assert shelf.bands.green == 75
    assert not shelf.rules["reach_unit"].enabled
    assert shelf.rules["re_engage"].subject == SHIPPED.rules["re_engage"].subject
    assert described.rollout.mode == "pilot"


def test_every_rule_test_of_the_page_holds(described):
    tests = [each for each in described.catalogue.tests if each.rule == "security_review"]
    assert len(tests) == 3
    for test in tests:
        rule = described.catalogue.rules[test.rule]
        values = ", ".join(
            f'cast(${n} as {"varchar" if name.endswith("_band") else "double"}) as "{name}"'
            for n, name in enumerate(sorted(rule.when.columns), 1)
        )
        given = [test.given.get(name) for name in sorted(rule.when.columns)]
        (state,) = duckdb.execute(f"select {state_sql(rule.when)} from (select {values})", given).fetchone()
        assert {"true": "fires", "false": "silent", "unknown": "unknown"}[state] == test.expect


def test_every_key_that_ships_or_is_shown_is_explained():
    cells = re.findall(r"^\| (`[a-z_`, ]+?) \|", PAGE, re.MULTILINE)
    explained = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    texts = [*EXAMPLES, *(path.read_text(encoding="utf-8") for path in catalogue.BUILTIN.glob("*.toml"))]
    sections = [
        own
        for text in texts
        for part in ("metrics", "rules")
        for own in tomllib.loads(text).get(part, {}).values()
    ]
    assert {key for own in sections for key in own} <= explained
