"""How much of what is known about an account rests on what people typed in: a metric over all other metrics.

Each known metric enters as a row, 1 where it needs a declared input (definitions F34), else 0; their mean is the share.
It knows the catalogue, so it is made by it and not written in TOML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.catalogue_models import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

NAME = "manual_input_share"
# Coverage that stands for an input of which F34 says that people declare it.
DECLARED = frozenset(
    {
        *("pulse", "standing", "mission", "sla_review", "target"),
        *("given_references", "competitors", "inbound", "budgets"),
    }
)
_HELP = (
    "Of the metrics of the account that are known, the share that rests on what people declared: pulse, standing, mission, "
    "target, references and the like. Unknown where nothing is known."
)


@dataclass(frozen=True, slots=True)
class Counted:
    """One metric that the share is taken over."""

    name: str
    label: str
    declared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfKnown(Metric):
    over: tuple[Counted, ...] = ()


def added(metrics: Mapping[str, Metric], late: Collection[str]) -> dict[str, Metric]:
    """`metrics` (each after what it is made of) with this one among them: after all that it is taken over, before what is
    made of it. What is made of the `late` metrics has no value by then and stays out.
    """
    after = _made_of(metrics, {NAME, *late})
    before = {name: each for name, each in metrics.items() if name not in after}
    over = tuple(Counted(each.name, each.label, _declared(metrics, each)) for each in before.values())
    return {**before, NAME: _metric(over), **{name: metrics[name] for name in metrics if name in after}}


def _metric(over: tuple[Counted, ...]) -> ShareOfKnown:
    return ShareOfKnown(
        name=NAME,
        label="share of manual input",
        help=_HELP,
        unit="share",
        source=None,
        where=None,
        value=None,
        order=None,
        aggregate="avg",
        quantile=None,
        expr=None,
        empty="null",
        never=None,
        requires=(),
        history="none",
        ageing=False,
        labels={"de": "Anteil der Angaben von Hand"},
        over=over,
    )


def _made_of(metrics: Mapping[str, Metric], names: set[str]) -> set[str]:
    found = set(names)
    for each in metrics.values():
        if each.expr is not None and each.expr.columns & found:
            found.add(each.name)
    return found


def _declared(metrics: Mapping[str, Metric], each: Metric) -> bool:
    if each.expr is not None:
        return any(_declared(metrics, metrics[name]) for name in each.expr.columns if name in metrics)
    return bool(DECLARED & set(each.requires))


def share_sql(share: ShareOfKnown, quote: Callable[[str], str]) -> str:
    """The share over the columns of the metrics: whole numbers, and one division at the end."""

    def count(chosen: list[Counted]) -> str:
        return " + ".join(f"case when {quote(each.name)} is null then 0 else 1 end" for each in chosen) or "0"

    declared = [each for each in share.over if each.declared]
    return f"cast({count(declared)} as double) / nullif(cast({count(list(share.over))} as double), 0)"


def rows_sql(share: ShareOfKnown) -> str:
    """The known metrics of all accounts, in the columns of `rules.evidence`."""
    parts = [
        f"select account_id, 'none' as record_system, '{each.name}' as record_id, '{each.name}' as record_key, "
        f"'{_text(each.label)}' as record_text, cast({int(each.declared)} as double) as value, "
        "cast(null as varchar) as value_text, cast(null as varchar) as record_person, 1 as turn "
        f'from eval_metrics where "{each.name}" is not null'
        for each in share.over
    ]
    return " union all ".join(parts)


def _text(label: str) -> str:
    return label.replace("'", "''")
