"""Curves, scorecards and bands in exact fractions (definitions G)."""

from __future__ import annotations

import itertools
import operator
import tomllib
from fractions import Fraction
from pathlib import Path

BUILTIN = Path(__file__).parents[1] / "rules" / "builtin"
SCORECARDS = tomllib.loads((BUILTIN / "scorecards.toml").read_text(encoding="utf-8"))["scorecards"]
# metric -> the metric that tells its age, and the days for which it is fresh
FRESH = {
    name: (metric["fresh_by"], metric["fresh_days"])
    for path in BUILTIN.glob("*.toml")
    for name, metric in tomllib.loads(path.read_text(encoding="utf-8")).get("metrics", {}).items()
    if "fresh_by" in metric
}


def of_preset(preset: str) -> dict[str, dict]:
    path = BUILTIN / preset / "scorecards.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))["scorecards"] if path.exists() else {}


def curve(points: list[list[float]], value: float) -> Fraction:
    """Piecewise linear, clamped."""
    exact = [(Fraction(str(x)), Fraction(str(y))) for x, y in points]
    at = Fraction(value)
    if at <= exact[0][0]:
        return exact[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(exact):
        if at <= x1:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return exact[-1][1]


def scorecard(card: dict, metrics: dict[str, float | None]) -> tuple[Fraction | None, Fraction]:
    """(capped, unrounded score; confidence); under the floor there is no score."""
    known = [m for m in card["measures"] if metrics[m["metric"]] is not None]
    total = sum(Fraction(str(m["weight"])) for m in card["measures"])
    weight = sum(Fraction(str(m["weight"])) for m in known)
    fresh = sum(Fraction(str(m["weight"])) for m in known if is_fresh(m["metric"], metrics))
    confidence = Fraction(fresh) / total
    if confidence < Fraction(str(card.get("floor", 0.5))) or not known:
        return None, confidence
    score = sum(Fraction(str(m["weight"])) * curve(m["points"], metrics[m["metric"]]) for m in known) / weight
    for cap in card.get("caps", []):
        if all(_holds(part, metrics) for part in cap["when"].split(" and ")):
            score = min(score, Fraction(str(cap["at_most"])))
    return score, confidence


def _holds(comparison: str, metrics: dict[str, float | None]) -> bool:
    """Of one metric against a number; unknown holds nothing."""
    name, sign, edge = comparison.split()
    value = metrics[name]
    signs = {">": operator.gt, ">=": operator.ge, "<": operator.lt}
    return value is not None and signs[sign](value, float(edge))


def is_fresh(metric: str, metrics: dict[str, float | None]) -> bool:
    """G37: what was declared within its days; undated is not."""
    if metric not in FRESH:
        return True
    by, days = FRESH[metric]
    return metrics[by] is not None and metrics[by] < days


def combined(
    card: dict, exact: dict[str, tuple[Fraction | None, Fraction]]
) -> tuple[Fraction | None, Fraction]:
    """G38: capped, unrounded scores of the known ones; the confidence is the weighted mean of all of theirs."""
    weights = {name: Fraction(str(weight)) for name, weight in card["of"].items()}
    confidence = sum(weight * exact[name][1] for name, weight in weights.items()) / sum(weights.values())
    known = {name: weight for name, weight in weights.items() if exact[name][0] is not None}
    if not known or confidence < Fraction(str(card.get("floor", 0.5))):
        return None, confidence
    return sum(weight * exact[name][0] for name, weight in known.items()) / sum(known.values()), confidence


def shown(raw: Fraction | None, confidence: Fraction, bands: dict, previous: str | None) -> dict[str, object]:
    """The whole number (half to even) and its band, from the previous band by hysteresis."""
    if raw is None:
        return {"score": None, "band": "unknown", "confidence": float(confidence)}
    score = round(raw)  # of a Fraction: half to even
    return {"score": score, "band": band(score, bands, previous), "confidence": float(confidence)}


def band(score: float, bands: dict, previous: str | None) -> str:
    """G38: from the previous band the edge must be passed by `hysteresis`."""
    order = ["red", "amber", "green"]
    edges = [bands["amber"], bands["green"]]
    now = sum(score >= edge for edge in edges)
    if previous in order:
        was = order.index(previous)
        slack = bands.get("hysteresis", 2)
        while now > was and score < edges[now - 1] + slack:
            now -= 1
        while now < was and score >= edges[now] - slack:
            now += 1
    return order[now]
