"""How scores moved: points in 7, 30 and 90 days, and days in the band, beside the facts that rules look at (definitions G40).

A trend compares like with like. Where the past had to be worked out again, measures without a history are left out of it,
and then they are left out of today's side too. What no past is known of is unknown, not steady.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from rules.evidence import leaves

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from rules.catalogue import Catalogue, Scorecard

HORIZONS = (7, 30, 90)
COLUMNS = (*(f"trend_{days}d" for days in HORIZONS), "days_in_band")

_PAST: list[tuple[str, pa.DataType]] = [
    ("horizon", pa.int32()),
    ("account_id", pa.string()),
    ("scorecard", pa.string()),
    ("score", pa.int32()),
    ("partial", pa.bool_()),
]
_SPELLS: list[tuple[str, pa.DataType]] = [
    ("account_id", pa.string()),
    ("scorecard", pa.string()),
    ("band", pa.string()),
    ("since", pa.timestamp("us")),
    ("until", pa.timestamp("us")),
]
PAST, SPELLS = pa.schema(_PAST), pa.schema(_SPELLS)


@dataclass(frozen=True, slots=True)
class Past:
    """Scores of some time ago by horizon in days, and the band each account has been in since when.

    `until` is the instant that is asked for: days in a band end there.
    """

    scores: pa.Table = field(default_factory=PAST.empty_table)
    spells: pa.Table = field(default_factory=SPELLS.empty_table)

    @property
    def partial(self) -> bool:
        return bool(pa.compute.any(self.scores["partial"]).as_py())


NOTHING = Past()


def names(scorecard: str) -> tuple[str, ...]:
    """The columns of a scorecard's movement, as rules name them."""
    return tuple(f"{scorecard}_{column}" for column in COLUMNS)


def without_history(catalogue: Catalogue) -> tuple[str, ...]:
    """Metrics that a replay shows as they are today, because nothing says what they were."""
    return tuple(name for name in catalogue.metrics if not _has_history(catalogue, name))


def lasting(catalogue: Catalogue) -> tuple[Catalogue, Mapping[str, tuple[str, ...]]]:
    """The catalogue with the measures alone that have a history, and those left out of each scorecard that remains.

    A scorecard of which less than its floor remains says something else than it did, so it goes.
    """
    lost = frozenset(without_history(catalogue))
    kept: dict[str, Scorecard] = {}
    left_out: dict[str, tuple[str, ...]] = {}
    variants = {name: _lasting(card, lost) for name, card in catalogue.variants.items()}
    for name, card in catalogue.scorecards.items():
        stand_ins = [own for each in catalogue.segments if (own := each.scorecards.get(name)) is not None]
        if (
            card.of
            or (rest := _lasting(card, lost)) is None
            or any(variants[own] is None for own in stand_ins)
        ):
            continue
        kept[name] = rest
        used = [card, *(catalogue.variants[own] for own in stand_ins)]
        left_out[name] = _left_out(used, lost)
    for name, card in catalogue.scorecards.items():
        weights = {part: weight for part, weight in card.of.items() if part in kept}
        if not card.of or sum(weights.values()) < card.floor * sum(card.of.values()) or not weights:
            continue
        kept[name] = replace(card, of=weights)
        gone = [part for part in card.of if part not in weights]
        left_out[name] = tuple(dict.fromkeys([*gone, *(each for part in weights for each in left_out[part])]))
    kept = {name: kept[name] for name in catalogue.scorecards if name in kept}
    segments = tuple(
        replace(each, scorecards={name: own for name, own in each.scorecards.items() if name in kept})
        for each in catalogue.segments
    )
    rest_of = {name: card for name, card in variants.items() if card is not None}
    return replace(catalogue, scorecards=kept, variants=rest_of, segments=segments), left_out


def _lasting(card: Scorecard, lost: frozenset[str]) -> Scorecard | None:
    measures = tuple(each for each in card.measures if each.metric not in lost)
    caps = tuple(each for each in card.caps if not each.when.columns & lost)
    weight = sum(each.weight for each in measures)
    if not measures or weight < card.floor * sum(each.weight for each in card.measures):
        return None
    return replace(card, measures=measures, caps=caps)


def _left_out(cards: list[Scorecard], lost: frozenset[str]) -> tuple[str, ...]:
    measured = (each.metric for card in cards for each in card.measures)
    capped = (column for card in cards for cap in card.caps for column in sorted(cap.when.columns))
    return tuple(dict.fromkeys(name for name in (*measured, *capped) if name in lost))


def _has_history(catalogue: Catalogue, name: str) -> bool:
    metric = catalogue.metrics[name]
    return metric.history == "full" and all(leaf.history == "full" for leaf in leaves(catalogue, name))


def add(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, past: Past = NOTHING) -> None:
    """Fill `eval_trends` (a row per managed account and scorecard) and put its columns into `eval_facts`.

    Where `past` is partial, `lasting_scores` has today's scores of the same measures: see `remember_lasting`.
    """
    connection.register("past_scores", past.scores)
    connection.register("spells", past.spells)
    today = "case when p.partial then l.score else s.score end"
    joined = "left join lasting_scores l on l.account_id = s.account_id and l.scorecard = s.scorecard"
    if not past.partial:
        today, joined = "s.score", ""
    moves = ", ".join(
        f"max(case when p.horizon = {days} then {today} - p.score end) as trend_{days}d" for days in HORIZONS
    )
    connection.execute(
        f"create or replace temp table eval_trends as select m.*, "
        f"case when b.band = m.band then cast(floor(epoch(b.until - b.since) / 86400) as integer) "
        f"when b.band is not null then 0 end as days_in_band from ("
        f"select s.account_id, s.scorecard, s.band, {moves} from eval_scores s "
        f"left join past_scores p on p.account_id = s.account_id and p.scorecard = s.scorecard {joined} "
        f"group by s.account_id, s.scorecard, s.band) m "
        f"left join spells b on b.account_id = m.account_id and b.scorecard = m.scorecard"
    )
    for name in ("past_scores", "spells"):
        connection.unregister(name)
    ours = {column for card in catalogue.scorecards for column in names(card)}
    held = [str(row[0]) for row in connection.execute("describe eval_facts").fetchall()]
    base = ", ".join(f'f."{column}"' for column in held if column not in ours)
    facts = "".join(
        f", cast(max(case when t.scorecard = '{card}' then t.{column} end) as double) as \"{card}_{column}\""
        for card in catalogue.scorecards
        for column in COLUMNS
    )
    connection.execute(
        f"create or replace temp table eval_facts as select {base}, t.* exclude (account_id) from eval_facts f "
        f"join (select account_id{facts} from eval_trends t group by account_id) t on t.account_id = f.account_id"
    )


def remember_lasting(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the scores that `scorecards.evaluate` has just worked out over measures with a history."""
    connection.execute(
        "create or replace temp table lasting_scores as select account_id, scorecard, score from eval_scores"
    )
