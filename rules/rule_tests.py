"""The unit tests of rules that stand in the catalogue: does a rule say what is expected of it, given these facts?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from rules.expressions import state_sql

if TYPE_CHECKING:
    from rules.catalogue import Catalogue, RuleTest
    from rules.tasks import RuleState

_STATES: dict[str, RuleState] = {"true": "fires", "false": "silent", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`found` is what the rule says of the facts that the test gives."""

    test: RuleTest
    found: RuleState

    @property
    def passed(self) -> bool:
        return self.found == self.test.expect


def run_tests(catalogue: Catalogue) -> list[Verdict]:
    """Every test of the catalogue in its order: those of built-in conditions that nobody changed, then the admin's own."""
    with duckdb.connect() as connection:
        return [Verdict(test, _state(connection, catalogue, test)) for test in catalogue.tests]


def _state(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, test: RuleTest) -> RuleState:
    when = catalogue.rules[test.rule].when
    names = sorted(when.columns)
    bands = {f"{card}_band" for card in catalogue.scorecards}
    columns = [f'cast(? as {"varchar" if name in bands else "double"}) as "{name}"' for name in names]
    facts = f" from (select {', '.join(columns)})" if columns else ""
    found = connection.execute(
        f"select {state_sql(when)}{facts}", [test.given.get(name) for name in names]
    ).fetchone()
    return _STATES[found[0] if found else "unknown"]
