"""Every point of a score, down to the record: what `explain` shows for one account."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote

from rules import evidence, quadrant, trends, words
from rules.expressions import clauses, to_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from rules.catalogue import Catalogue, Rule, Scorecard

Json = dict[str, object]
_CENT = Decimal("0.01")
_LINKS = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class LinkBases:
    """Where records can be opened: the org, and each Jira site by its name, which the ids of its records begin with."""

    salesforce: str
    jira: Mapping[str, str] = field(default_factory=dict)

    def url(self, record: evidence.Record) -> str | None:
        """Only http and https: the address becomes a link in reports, where `javascript:` would be run."""
        if record.system == "salesforce" and self.salesforce.startswith(_LINKS):
            return f"{self.salesforce.rstrip('/')}/{quote(record.id, safe='')}"
        if record.system == "jira":
            return self.browse(record.id.partition(":")[0], record.key)
        return None

    def browse(self, site: str, key: str) -> str | None:
        """Where an issue or a project of a Jira site is opened."""
        base = self.jira.get(site, "")
        return f"{base.rstrip('/')}/browse/{quote(key, safe='')}" if base.startswith(_LINKS) else None


def explain(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, account_id: str, links: LinkBases
) -> Json:
    """Scorecards with measures, caps and rounding that add up to the score, and the state of every rule.

    Reads the tables of `metrics.evaluate` and `scorecards.evaluate`; for an account that is not managed the scorecards
    and rules are empty.
    """
    scores = {
        row[0]: row[1:]
        for row in connection.execute(
            "select scorecard, raw, capped, confidence, score, band from eval_scores where account_id = ?",
            [account_id],
        ).fetchall()
    }
    standing = connection.execute(
        "select on_record, segment from eval_standing where account_id = ?", [account_id]
    ).fetchall()
    on_record, segment = standing[0] if standing else (False, None)
    moves = {
        scorecard: dict(zip(trends.COLUMNS, row, strict=True))
        for scorecard, *row in connection.execute(
            f"select scorecard, {', '.join(trends.COLUMNS)} from eval_trends where account_id = ?",
            [account_id],
        ).fetchall()
    }
    cards = {
        name: _scorecard(connection, catalogue, name, segment, account_id, scores, links, on_record=on_record)
        | moves[name]
        for name in catalogue.scorecards
        if name in scores
    }
    return {
        "scorecards": cards,
        "rules": [
            _rule(connection, catalogue, rule, account_id)
            for rule in catalogue.rules.values()
            if rule.enabled
        ]
        if cards
        else [],
        "quadrant": quadrant.told(connection, catalogue, account_id) if cards else None,
    }


def _scorecard(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    name: str,
    segment: str | None,
    account_id: str,
    scores: Mapping[str, Sequence[object]],
    links: LinkBases,
    *,
    on_record: bool,
) -> Json:
    raw, _capped, confidence, score, band = scores[name]
    card = catalogue.card_of(name, segment)
    measures = (
        _parts(catalogue, card, scores)
        if card.of
        else _measures(connection, catalogue, name, card, account_id, links)
    )
    given = list(card.of.values()) if card.of else [measure.weight for measure in card.measures]
    weights = [
        weight if measure["score"] is not None else Decimal(0)
        for weight, measure in zip(given, measures, strict=True)
    ]
    # Under the floor there is no score, so there is nothing that points could add up to.
    whole = raw if score is not None else None
    points = shares(weights, [measure["score"] for measure in measures], whole)  # type: ignore[misc, arg-type]  # numbers or None
    for measure, share in zip(measures, points, strict=True):
        measure["points"] = None if share is None else float(share)
    caps = _caps(connection, name, card, account_id, whole)  # type: ignore[arg-type]  # DOUBLE columns
    explained = sum((share for share in points if share is not None), Decimal(0))
    explained += sum((Decimal(str(cap["points"])) for cap in caps), Decimal(0))
    rounding = None if score is None else float(Decimal(str(score)) - explained)
    return {
        "score": score,
        "band": band,
        "confidence": confidence,
        "measures": measures,
        "caps": caps,
        "rounding": rounding,
        "segment": None if card.name == name else segment,
        "unknown": None if score is not None else words.TOO_LITTLE if on_record else words.NOTHING_ON_RECORD,
    }


def shares(
    weights: Sequence[Decimal], scores: Sequence[float | None], raw: float | None
) -> list[Decimal | None]:
    """weight·score/Σ weight of each measure in hundredths that add up to the raw score: largest remainder method."""
    total = sum(weights, Decimal(0))
    if raw is None or total == 0:
        return [None for _ in scores]
    exact = [
        None if s is None else w * Decimal(repr(s)) / total for w, s in zip(weights, scores, strict=True)
    ]
    floored = [None if e is None else e.quantize(_CENT, ROUND_FLOOR) for e in exact]
    missing = Decimal(repr(raw)).quantize(_CENT) - sum((f for f in floored if f is not None), Decimal(0))
    by_remainder = sorted(
        (place for place, e in enumerate(exact) if e is not None),
        key=lambda place: (floored[place] - exact[place], place),  # type: ignore[operator]  # both are known here
    )
    for place in by_remainder[: int(missing / _CENT)]:
        floored[place] += _CENT  # type: ignore[operator]  # as above
    return floored


def _measures(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    name: str,
    card: Scorecard,
    account_id: str,
    links: LinkBases,
) -> list[Json]:
    rows = {
        place: rest
        for place, *rest in connection.execute(
            "select place, value, score, fresh, age from eval_measures where account_id = ? and scorecard = ?",
            [account_id, name],
        ).fetchall()
    }
    uncovered = _uncovered(connection, account_id)
    measures: list[Json] = []
    for place, measure in enumerate(card.measures):
        metric = catalogue.metrics[measure.metric]
        value, score, fresh, age = rows[place]
        found = (
            evidence.NOTHING
            if value is None
            else evidence.of_metric(connection, catalogue, measure.metric, account_id)
        )
        measures.append(
            {
                "metric": measure.metric,
                "label": measure.label or metric.label,
                "value": value,
                "unit": metric.unit,
                "score": score,
                "weight": float(measure.weight),
                "points": None,
                "evidence": [_evidence(record, links) for record in found.records],
                "evidence_total": found.total,
                "unknown": _unknown(catalogue, measure.metric, uncovered) if value is None else None,
                "fresh": None if value is None else fresh,
                "age_days": age,
                "stale": None if value is None or fresh else _stale(age, metric.fresh_days),
            }
        )
    return measures


def missing(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, account_id: str, scorecard: str
) -> list[Json]:
    """The measures of a scorecard, and of those it is made of, that have no value: why, and their share of its weight."""
    standing = connection.execute(
        "select segment from eval_standing where account_id = ?", [account_id]
    ).fetchall()
    segment = standing[0][0] if standing else None
    card = catalogue.card_of(scorecard, segment)
    total = sum(card.of.values())
    parts = {name: weight / total for name, weight in card.of.items()} or {scorecard: Decimal(1)}
    known = dict(
        connection.execute(
            "select distinct metric, value is not null from eval_measures where account_id = ?", [account_id]
        ).fetchall()
    )
    uncovered = _uncovered(connection, account_id)
    found: dict[str, Json] = {}
    for name, part in parts.items():
        measures = catalogue.card_of(name, segment).measures
        whole = sum(each.weight for each in measures)
        for measure in measures:
            if known.get(measure.metric):
                continue
            before = found.get(measure.metric, {}).get("weight", 0.0)
            found[measure.metric] = {
                "metric": measure.metric,
                "label": measure.label or catalogue.metrics[measure.metric].label,
                "weight": before + float(part * measure.weight / whole),  # type: ignore[operator]  # set as a float below
                "unknown": _unknown(catalogue, measure.metric, uncovered),
            }
    return sorted(found.values(), key=lambda each: (-each["weight"], each["metric"]))  # type: ignore[operator]  # as above


def _stale(age: float | None, days: int | None) -> str:
    """Why a known value adds no confidence."""
    if age is None:
        return "undated, so it adds no confidence"
    return f"{words.number(age, 'days')} old, so it adds no confidence (fresh for {days})"


def _uncovered(connection: duckdb.DuckDBPyConnection, account_id: str) -> list[str]:
    """What the store lacks for this account, by the names in `words.UNCOVERED`."""
    rows = connection.execute(
        f"select {', '.join(words.UNCOVERED)} from coverage where account_id = ?", [account_id]
    ).fetchall()
    found = rows[0] if rows else ()
    return [name for name, covered in zip(words.UNCOVERED, found, strict=False) if not covered]


def _unknown(catalogue: Catalogue, name: str, uncovered: Sequence[str]) -> str:
    """Why a metric has no value, in words."""
    needed = [each for metric in evidence.leaves(catalogue, name) for each in metric.requires]
    why = [words.UNCOVERED[each] for each in dict.fromkeys(needed) if each in uncovered]
    return "; ".join(why) or "nothing that it could be measured by"


def _evidence(record: evidence.Record, links: LinkBases) -> Json:
    return {
        "id": record.id,
        "key": record.key,
        "url": links.url(record),
        "text": record.text or record.key,
        "value": record.value,
    }


def _parts(catalogue: Catalogue, card: Scorecard, scores: Mapping[str, Sequence[object]]) -> list[Json]:
    """A scorecard over others: each of them is a measure, and its capped, unrounded score is value and score."""
    parts: list[Json] = []
    for name, weight in card.of.items():
        _, capped, _, score, _ = scores.get(name, (None, None, None, None, None))
        known = capped if score is not None else None
        parts.append(
            {
                "metric": name,
                "label": catalogue.scorecards[name].label,
                "value": known,
                "unit": "points",
                "score": known,
                "weight": float(weight),
                "points": None,
                "evidence": [],
                "evidence_total": 0,
                "unknown": None if known is not None else words.TOO_LITTLE,
                "fresh": None,
                "age_days": None,
                "stale": None,
            }
        )
    return parts


def _caps(
    connection: duckdb.DuckDBPyConnection, name: str, card: Scorecard, account_id: str, raw: float | None
) -> list[Json]:
    holds = dict(
        connection.execute(
            "select place, holds from eval_caps where account_id = ? and scorecard = ?",
            [account_id, name],
        ).fetchall()
    )
    caps: list[Json] = []
    current = raw
    for place, cap in enumerate(card.caps):
        state = holds.get(place)
        lowered = current
        if state and current is not None:
            lowered = min(current, float(cap.at_most))
        taken = Decimal(0)
        if current is not None and lowered is not None:
            taken = Decimal(repr(lowered)).quantize(_CENT) - Decimal(repr(current)).quantize(_CENT)
        caps.append(
            {
                "name": cap.name,
                "when": cap.when.text,
                "at_most": float(cap.at_most),
                "holds": state,
                "points": float(taken),
            }
        )
        current = lowered
    return caps


def _rule(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, rule: Rule, account_id: str) -> Json:
    """The rule's state, why in words, each part of its condition and the values that decided."""
    columns = sorted(rule.when.columns)
    parts = clauses(rule.when)
    select = [
        f"({to_sql(rule.when, 'duckdb')})",
        *(f"({part.sql})" for part in parts),
        *(f'"{c}"' for c in columns),
    ]
    rows = connection.execute(
        f"select {', '.join(select)} from eval_facts where account_id = ?", [account_id]
    ).fetchall()
    # every account with scores has a row of facts
    state, *rest = rows[0]
    states, values = rest[: len(parts)], dict(zip(columns, rest[len(parts) :], strict=True))
    return {
        "rule": rule.name,
        "kind": rule.kind,
        "state": "unknown" if state is None else "fires" if state else "silent",
        "condition": rule.when.text,
        "reason": words.condition(parts, states, values, words.columns(catalogue), holds=state),
        "clauses": [{"text": part.text, "holds": holds} for part, holds in zip(parts, states, strict=True)],
        "values": values,
    }
