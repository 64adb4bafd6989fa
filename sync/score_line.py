"""`Rapport_History__c`: the health score of the last twelve weeks, for the small chart on the record page.

    2026-11-08:61 2026-11-15:58 2026-11-22:52

One score a week, the last of each, the oldest first; weeks without one are left out. It never causes a write by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync import history
from sync.chosen import CHOSEN, choose
from sync.measure import business_hours
from sync.objects import HISTORY_FIELD
from sync.text_fields import Facts, Said, TextField

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sync.text_fields import Asked, Ground

_WEEKS = 12


def _facts(ground: Ground) -> Facts:  # noqa: ARG001 - as each text is asked
    return Facts(
        "select account_id, 'scored' as digest from eval_scores where scorecard = 'health' and score is not null"
    )


def _words(ground: Ground, asked: Asked) -> Mapping[str, Said]:
    line: dict[str, dict[tuple[int, int], tuple[date, int]]] = {each: {} for each in asked.ids}
    for day, scores in _past(ground):
        for account_id, score in scores.items():
            if account_id in line:
                line[account_id][_week(day)] = (day, score)
    choose(ground.connection, asked.ids)
    rows = ground.connection.execute(
        "select account_id, score from eval_scores where scorecard = 'health' and score is not null "
        f"and account_id in {CHOSEN}"
    ).fetchall()
    for account_id, score in rows:
        line[account_id][_week(ground.day)] = (ground.day, int(score))
    return {
        account_id: Said(" ".join(f"{day}:{score}" for day, score in sorted(own.values())))
        for account_id, own in line.items()
        if own
    }


def _past(ground: Ground) -> list[tuple[date, dict[str, int]]]:
    """The scores under today's config, of the last entry of each week before this one."""
    hours = business_hours(ground.config)
    last: dict[tuple[int, int], history.Entry] = {}
    for each in history.entries(ground.state, ground.as_of):
        day = hours.day_of(each.as_of)
        if each.digest == ground.config.scoring_digest and (ground.day - day).days < 7 * _WEEKS:
            last[_week(day)] = each
    last.pop(_week(ground.day), None)
    return [
        (
            hours.day_of(each.as_of),
            dict(
                ground.state.connection.execute(
                    "select account_id, score from score_history "
                    "where score_run = ? and scorecard = 'health' and score is not null",
                    (each.id,),
                )
            ),
        )
        for _, each in sorted(last.items())[-(_WEEKS - 1) :]
    ]


def _week(day: date) -> tuple[int, int]:
    year, week, _ = day.isocalendar()
    return year, week


HISTORY = TextField(HISTORY_FIELD, _facts, _words, lasting=True, companion=True)
