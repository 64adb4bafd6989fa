"""The past under today's config, worked out from what was known then: what trends compare with before there is a history.

Measures without a history are left out of it (see `rules.trends`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rules import metrics, scorecards, trends
from rules.evidence import operands
from sync import history
from sync.measure import parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from rules.catalogue import Catalogue
    from sync.config import Config
    from sync.mirror import Mirror
    from sync.state import State


def backfill(
    config: Config,
    mirror: Mirror,
    state: State,
    as_of: datetime,
    *,
    run_id: str,
    progress: Callable[[str, int], None],
) -> list[datetime]:
    """Replay the past that trends need: weekly values at the first run, else what today's config has no entry for.

    Returns the instants that were replayed; costs one evaluation of the metrics each.
    """
    wanted = history.wanted_replays(
        history.entries(state, as_of), config.scoring_digest, as_of, weeks=config.history.backfill_weeks
    )
    if not wanted:
        return []
    catalogue, left_out = replayed_catalogue(config.catalogue)
    previous: list[tuple[str, str, str]] = []
    for done, at in enumerate(wanted):
        progress("replay of the past weeks", done)
        replay(config, mirror, catalogue, at, previous)
        previous = mirror.connection.execute("select account_id, scorecard, band from eval_scores").fetchall()
        history.record(
            state,
            mirror.connection,
            at,
            config.scoring_digest,
            run_id=run_id,
            retention=config.privacy.retention,
            partial=left_out,
        )
    return wanted


def replayed_catalogue(catalogue: Catalogue) -> tuple[Catalogue, Mapping[str, Sequence[str]]]:
    """What a replay evaluates: scorecards over measures with a history, and no metric beside those they need."""
    lasting, left_out = trends.lasting(catalogue)
    cards = [*lasting.scorecards.values(), *lasting.variants.values()]
    used = {each.metric for card in cards for each in card.measures}
    used |= {column for card in cards for cap in card.caps for column in cap.when.columns}
    needed = {name for each in used for name in operands(catalogue, each)}
    chosen = {name: metric for name, metric in catalogue.metrics.items() if name in needed}
    return replace(lasting, metrics=chosen, rules={}, quadrant=None, late=()), left_out


def replay(
    config: Config,
    mirror: Mirror,
    catalogue: Catalogue,
    at: datetime,
    previous: Iterable[tuple[str, str, str]] = (),
) -> None:
    """Metrics and scores as they were at an instant, in the place of those evaluated before."""
    metrics.evaluate(mirror.connection, catalogue, parameters(config, mirror, at))
    scorecards.evaluate(mirror.connection, catalogue, previous)
