"""`Rapport_Next_Action__c`: the one thing to do first, as the gravest firing rule says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from rules.kept_rows import keep
from sync import canonical, material
from sync.objects import NEXT_ACTION_FIELD
from sync.text_fields import Facts, Said, TextField

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.tasks import RuleOutcome
    from sync.text_fields import Asked, Ground

_SEVERITY = ("high", "normal", "low")
_KIND = ("fix", "grow", "govern")
_TABLE = "next_action"


def next_actions(outcomes: Iterable[RuleOutcome]) -> dict[str, RuleOutcome]:
    """The one thing to do first for each account: the gravest firing rule, of those that no other comes before."""
    firing = {(each.rule, each.account_id): each for each in outcomes if each.state == "fires"}
    ordered = sorted(
        (
            each
            for each in firing.values()
            if not any((rule, each.account_id) in firing for rule in each.after)
        ),
        key=lambda each: (_SEVERITY.index(each.severity), _KIND.index(each.kind), each.rule),
        reverse=True,
    )
    return {each.account_id: each for each in ordered}


def _facts(ground: Ground) -> Facts:
    actions = next_actions(ground.outcomes)
    numbers = [
        (account_id, name, value, name in each.basis.get("ageing", ()))  # type: ignore[operator]  # a list of names
        for account_id, each in actions.items()
        for name, value in material.numbers(each.basis).items()
    ]
    incoming = {
        f"{_TABLE}_digest": pa.table(
            {
                "account_id": pa.array(list(actions), pa.string()),
                "digest": pa.array([_digest(each) for each in actions.values()], pa.string()),
            }
        ),
        f"{_TABLE}_number": pa.table(
            {
                "account_id": pa.array([row[0] for row in numbers], pa.string()),
                "name": pa.array([row[1] for row in numbers], pa.string()),
                "value": pa.array([row[2] for row in numbers], pa.float64()),
                "ageing": pa.array([row[3] for row in numbers], pa.bool_()),
            }
        ),
    }
    for name, rows in incoming.items():
        keep(ground.connection, name, rows)
    return Facts(f"select * from {_TABLE}_digest", f"select * from {_TABLE}_number")


def _digest(outcome: RuleOutcome) -> str:
    basis = outcome.basis
    return canonical.sha256(
        [outcome.rule, basis.get("band"), basis.get("records"), sorted(material.numbers(basis))]
    )


def _words(ground: Ground, asked: Asked) -> Mapping[str, Said]:
    actions = next_actions(ground.outcomes)
    return {
        each: Said(action.subject, {**action.basis, "rule": action.rule})
        for each in asked.ids
        if (action := actions.get(each)) is not None
    }


NEXT_ACTION = TextField(NEXT_ACTION_FIELD, _facts, _words)
