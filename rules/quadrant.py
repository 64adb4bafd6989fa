"""The quadrant: is the relationship worth having, and are we able to serve it? Two weighted means over metrics and scores.

    1  attractive and able      serve and grow
    2  attractive only          mend what we do before somebody else does
    3  able only                keep, at little cost
    4  neither                  ask why

It is made of scores, so it is worked out after them, and the metrics that are made of it after it; none of these can be
part of a score. It is unknown where either axis is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.curves import DIGITS, Part, curve_sql, exact, fresh_sql, mean
from rules.expressions import to_sql

if TYPE_CHECKING:
    import duckdb

    from rules.catalogue import Catalogue
    from rules.catalogue_models import Axis, AxisMeasure

NAME = "quadrant"
MISMATCH = "tier_mismatch"


def evaluate(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Fill `eval_quadrant` (a row per managed account) and the late metrics of `eval_metrics`."""
    if catalogue.quadrant is None:
        return
    shape = catalogue.quadrant
    cards = sorted({each.name for axis in shape.axes.values() for each in axis.measures if each.of_scorecard})
    # Names of our own begin with _, which no metric's name does.
    scores = "".join(
        f", max(case when s.scorecard = '{name}' and s.score is not null then s.capped end) as \"_{name}\""
        for name in cards
    )
    axes = "".join(f", {_axis_sql(catalogue, axis)} as _{name}" for name, axis in shape.axes.items())
    tier = f'a."{shape.tier}"' if shape.tier else "cast(null as varchar)"
    attractive, able = (
        f"cast(_{name} as decimal(38, {DIGITS})) >= {exact(shape.high)}" for name in ("attractive", "able")
    )
    connection.execute(
        "create or replace temp table eval_quadrant as "
        "select q.account_id, q._attractive as attractive, q._able as able, q._tier as tier, "
        "case when q._attractive is null or q._able is null then null "
        f"when {attractive} and {able} then 1 when {attractive} then 2 when {able} then 3 else 4 end as quadrant "
        f"from (select m.account_id, {tier} as _tier{axes} from eval_metrics m "
        "join accounts a on a.account_id = m.account_id "
        "join eval_standing t on t.account_id = m.account_id and t.on_record "
        f"left join (select s.account_id{scores} from eval_scores s group by s.account_id) r "
        "on r.account_id = m.account_id) q"
    )
    connection.execute(f"create or replace temp table eval_late as {_late_sql(catalogue)}")
    connection.execute("create or replace temp table eval_metrics as select * from eval_late")
    connection.execute("drop table eval_late")


def told(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, account_id: str
) -> dict[str, object] | None:
    """The quadrant of one account with both axes and what they are made of."""
    shape = catalogue.quadrant
    if shape is None:
        return None
    found = connection.execute(
        "select quadrant, attractive, able, tier from eval_quadrant where account_id = ?", [account_id]
    ).fetchall()
    value, attractive, able, tier = found[0] if found else (None, None, None, None)
    axes = {"attractive": attractive, "able": able}
    return {
        "value": value,
        "tier": tier,
        **{
            name: {
                "label": axis.label,
                "score": axes[name],
                "measures": [_measure(connection, catalogue, each, account_id) for each in axis.measures],
            }
            for name, axis in shape.axes.items()
        },
    }


def _measure(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, measure: AxisMeasure, account_id: str
) -> dict[str, object]:
    if measure.of_scorecard:
        label, unit = catalogue.scorecards[measure.name].label, "points"
        value = (
            "select case when score is not null then capped end as v from eval_scores "
            f"where scorecard = '{measure.name}' and account_id = $account"
        )
    else:
        label, unit = catalogue.metrics[measure.name].label, catalogue.metrics[measure.name].unit
        value = f'select "{measure.name}" as v from eval_metrics where account_id = $account'
    rows = connection.execute(
        f"select v, {curve_sql(measure.points, 'v')} from ({value})", {"account": account_id}
    ).fetchall()
    known, score = rows[0] if rows else (None, None)
    kind = "scorecard" if measure.of_scorecard else "metric"
    return {
        kind: measure.name,
        "label": label,
        "value": known,
        "unit": unit,
        "score": score,
        "weight": float(measure.weight),
    }


def _axis_sql(catalogue: Catalogue, axis: Axis) -> str:
    """The mean of an axis, NULL under its floor."""
    found = mean(
        [
            Part(
                each.name,
                column,
                each.weight,
                curve_sql(each.points, column),
                "true" if each.of_scorecard else fresh_sql(catalogue.metrics[each.name], "m"),
            )
            for each in axis.measures
            for column in [f'r."_{each.name}"' if each.of_scorecard else f'm."{each.name}"']
        ],
        axis.floor,
    )
    return f"case when {found.enough} then {found.value} end"


def _late_sql(catalogue: Catalogue) -> str:
    """`eval_metrics` with the quadrant, whether the tier fits it, and then whatever is made of these, one by one."""
    others = ", ".join(f'm."{name}"' for name in catalogue.metrics if name not in catalogue.late)
    query = (
        f"select m.account_id{', ' if others else ''}{others}, cast(q.quadrant as double) as {NAME}, "
        f"cast({_mismatch_sql(catalogue)} as double) as {MISMATCH} "
        "from eval_metrics m left join eval_quadrant q on q.account_id = m.account_id"
    )
    for name in catalogue.late:
        expr = catalogue.metrics[name].expr
        if expr is not None:
            query = f'select *, cast({to_sql(expr, "duckdb")} as double) as "{name}" from ({query})'
    columns = ", ".join(f'"{name}"' for name in ("account_id", *catalogue.metrics))
    return f"select {columns} from ({query})"


def _mismatch_sql(catalogue: Catalogue) -> str:
    """1 where the tier promises another quadrant than the account is in; unknown without a tier that is told of."""
    shape = catalogue.quadrant
    if shape is None or not shape.tiers:
        return "null"
    cases = "".join(
        f" when lower(trim(q.tier)) = '{tier.strip().lower().replace(chr(39), chr(39) * 2)}' "
        f"then case when q.quadrant in ({', '.join(map(str, fitting))}) then 0 else 1 end"
        for tier, fitting in shape.tiers.items()
    )
    return f"case when q.quadrant is null then null{cases} end"
