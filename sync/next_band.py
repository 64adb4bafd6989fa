"""What would bring an account into the next band, in the JSON shape of `whatif`, and in the one line of `explain`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from rules import whatif, words
from rules.explain import missing
from sync import views
from sync.errors import SyncError
from sync.measure import link_bases
from sync.views import find_account, number, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from rules.whatif import Answer, Change
    from sync.config import Config
    from sync.mirror import Mirror

Json = dict[str, object]
HEALTH = "health"


def next_band(config: Config, mirror: Mirror, account: str, scorecard: str, as_of: datetime) -> Json:
    """The smallest set of changes for one account; UnknownAccount or SyncError where there is nothing to be asked."""
    known = config.catalogue.scorecards
    if scorecard not in known:
        near = difflib.get_close_matches(scorecard, known, n=1)
        raise SyncError(
            f'There is no scorecard "{scorecard}".',
            f"did you mean {near[0]}?" if near else f"name one of {', '.join(known)}.",
        )
    account_id, name = find_account(mirror, account)
    told = of_account(config, mirror, account_id, scorecard)
    if told is None:
        raise SyncError(
            f'"{name}" is not managed, so it has no scores.',
            "[accounts] in the config says which accounts are.",
        )
    return {
        "account_id": account_id,
        "account": name,
        "as_of": stamp(as_of),
        **told,
        "without_history": views.without_history(config, mirror, as_of),
    }


def explained(config: Config, mirror: Mirror, account: str, as_of: datetime) -> Json:
    """The explanation of one account, with what would bring its health into the next band; null where it has none."""
    told = views.explained(config, mirror, account, as_of)
    found = (
        of_account(config, mirror, str(told["account_id"]), HEALTH)
        if HEALTH in config.catalogue.scorecards
        else None
    )
    return {**told, "whatif": found, "without_history": views.without_history(config, mirror, as_of)}


def of_account(config: Config, mirror: Mirror, account_id: str, scorecard: str) -> Json | None:
    connection, catalogue = mirror.connection, config.catalogue
    found = whatif.answer(connection, catalogue, account_id, scorecard)
    if found is None:
        return None
    return {
        "scorecard": scorecard,
        "label": catalogue.scorecards[scorecard].label,
        "score": found.now.score,
        "band": found.now.band,
        "confidence": number(found.confidence),
        "target": found.target,
        "enough": found.enough,
        "reached": {"score": found.reached.score, "band": found.reached.band},
        "changes": [_change(config, mirror, account_id, each, found) for each in found.changes],
        "missing": missing(connection, catalogue, account_id, scorecard)
        if found.now.band == "unknown"
        else [],
    }


def _change(config: Config, mirror: Mirror, account_id: str, change: Change, found: Answer) -> Json:
    text, behind = whatif.told(mirror.connection, config.catalogue, account_id, change, found)
    links = link_bases(config)
    return {
        "text": text,
        "points": number(round(change.points, 6)),
        "metrics": [
            {
                "metric": name,
                "label": config.catalogue.metrics[name].label,
                "unit": config.catalogue.metrics[name].unit,
                "before": number(found.before[name]),
                "after": number(after),
            }
            for name, after in change.action.targets.items()
        ],
        "evidence": [
            {
                "id": each.id,
                "key": each.key,
                "url": links.url(each),
                "text": words.record(each),
                "value": each.value,
            }
            for each in behind.records
        ],
        "evidence_total": behind.total,
    }
