"""What every account scored when: kept by each `sync`, so that trends and days in a band have a past.

A run's scores are one entry, whatever else ran in that hour over the same data. Entries grow sparser with age: all of the
last two days, then one a day, after 100 days one a week, none beyond the retention. Bands are kept by the day on which
they changed, so that "in amber for 40 days" needs no entry of each of them.

A past under today's config that nobody looked at comes from `sync.replay`, marked as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa

from rules.trends import HORIZONS, PAST, SPELLS, Past
from sync import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from sync.state import State

ALL_FOR = timedelta(days=2)
DAILY_FOR = timedelta(days=100)
# How far from the day asked for an entry may lie to stand for it: half the distance of weekly ones, a week of a quarter.
_NEAR = {7: timedelta(days=3.5), 30: timedelta(days=3.5), 90: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the history: an instant, and the digest of the config under which it was worked out."""

    id: int
    as_of: datetime
    digest: str
    replayed: bool


def entries(state: State, as_of: datetime) -> list[Entry]:
    """All entries up to an instant, the oldest first; of two at one instant the replayed one first."""
    rows = state.connection.execute(
        "select id, as_of, digest, replayed from score_runs where as_of <= ? order by as_of, replayed desc, id",
        (canonical.stamp(as_of),),
    )
    return [
        Entry(number, canonical.moment(at), digest, bool(replayed)) for number, at, digest, replayed in rows
    ]


def past(state: State, digest: str, as_of: datetime) -> Past:
    """What the history says of the time before `as_of`, as `rules.trends` takes it; nothing newer is looked at."""
    known = [each for each in entries(state, as_of) if each.digest == digest]
    scores: list[tuple[object, ...]] = []
    for days in HORIZONS:
        found = nearest(known, as_of, days)
        if found is not None:
            scores += state.connection.execute(
                "select ?, account_id, scorecard, score, partial from score_history where score_run = ?",
                (days, found.id),
            )
    spells = state.connection.execute(
        # SQLite takes the bare column from the row that has the maximum: https://sqlite.org/lang_select.html
        "select account_id, scorecard, band, max(as_of) from band_changes where as_of <= ? group by account_id, scorecard",
        (canonical.stamp(as_of),),
    ).fetchall()
    until = as_of.astimezone(UTC).replace(tzinfo=None)
    return Past(
        _table(((*row[:4], bool(row[4])) for row in scores), PAST),
        _table(
            ((*row[:3], canonical.moment(row[3]).replace(tzinfo=None), until) for row in spells),
            SPELLS,
        ),
    )


def told(state: State, as_of: datetime, names: Mapping[str, str]) -> list[dict[str, object]]:
    """Every score of every entry up to an instant, the oldest first; `names` of accounts by Id."""
    rows = state.connection.execute(
        "select r.as_of, h.account_id, h.scorecard, h.score, h.capped, h.confidence, h.band, r.replayed, h.partial, r.digest"
        " from score_history h join score_runs r on r.id = h.score_run where r.as_of <= ?"
        " order by r.as_of, r.replayed desc, r.id, h.account_id, h.scorecard",
        (canonical.stamp(as_of),),
    )
    return [
        {
            "as_of": at.replace(".000000Z", "Z"),
            "account_id": account_id,
            "account": names.get(account_id),
            "scorecard": scorecard,
            "score": score,
            "capped": capped,
            "confidence": confidence,
            "band": band,
            "replayed": bool(replayed),
            "partial": bool(partial),
            "config": digest[:12],
        }
        for at, account_id, scorecard, score, capped, confidence, band, replayed, partial, digest in rows
    ]


def _table(rows: Iterable[Sequence[object]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [() for _ in schema]
    return pa.table(
        [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)], schema=schema
    )


def nearest(known: Sequence[Entry], as_of: datetime, days: int) -> Entry | None:
    """The entry that stands for the day so many days ago, if one is near enough."""
    wanted = as_of - timedelta(days=days)
    near = [each for each in known if abs(each.as_of - wanted) <= _NEAR[days] and each.as_of < as_of]
    return min(near, key=lambda each: (abs(each.as_of - wanted), each.replayed, each.as_of), default=None)


def record(
    state: State,
    connection: duckdb.DuckDBPyConnection,
    as_of: datetime,
    digest: str,
    *,
    run_id: str,
    retention: timedelta,
    partial: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Keep the scores that `scorecards.evaluate` has left in `eval_scores`.

    `partial` comes with a replay: the measures that are left out, by scorecard.
    """
    rows = connection.execute(
        "select account_id, scorecard, score, capped, confidence, band from eval_scores order by account_id, scorecard"
    ).fetchall()
    left_out = partial or {}
    at = canonical.stamp(as_of)
    with state.transaction() as books:
        books.execute("delete from score_runs where as_of = ? and digest = ?", (at, digest))
        if partial is None:  # what was replayed under a config that is no more is of no use
            books.execute("delete from score_runs where replayed = 1 and digest <> ?", (digest,))
        number = books.execute(
            "insert into score_runs (as_of, digest, run_id, replayed) values (?, ?, ?, ?)",
            (at, digest, run_id, int(partial is not None)),
        ).lastrowid
        books.executemany(
            "insert into score_history values (?, ?, ?, ?, ?, ?, ?, ?)",
            [(number, *row, int(bool(left_out.get(row[1])))) for row in rows],
        )
        seen = books.execute("select 1 from score_runs where replayed = 0").fetchone()
        if partial is None or seen is None:  # a replay stands in only for the time before the first look
            books.execute("delete from band_changes where as_of = ?", (at,))
            books.execute(
                "insert into band_changes select h.account_id, h.scorecard, ?1, h.band from score_history h"
                " where h.score_run = ?2 and h.partial = 0 and h.band is not (select b.band from band_changes b"
                " where b.account_id = h.account_id and b.scorecard = h.scorecard and b.as_of < ?1"
                " order by b.as_of desc limit 1)",
                (at, number),
            )
        books.executemany(
            "delete from score_runs where id = ?",
            [(each.id,) for each in superfluous(entries(state, as_of), as_of, retention)],
        )
        books.execute(
            # the last change before the retention says what held when it began
            "delete from band_changes where exists (select 1 from band_changes b where b.account_id = band_changes.account_id"
            " and b.scorecard = band_changes.scorecard and b.as_of > band_changes.as_of and b.as_of <= ?)",
            (canonical.stamp(as_of - retention),),
        )


def superfluous(known: Sequence[Entry], as_of: datetime, retention: timedelta) -> list[Entry]:
    """The entries that the history can do without: those that a later one of the same day or week stands for."""

    def span(each: Entry) -> tuple[object, ...]:
        age = as_of - each.as_of
        if age < ALL_FOR:
            return (each.id,)
        if age < DAILY_FOR:
            return ("day", each.as_of.date())
        return ("week", *each.as_of.isocalendar()[:2])

    old = [each for each in known if as_of - each.as_of > retention]
    rest: dict[str, list[Entry]] = {}
    for each in known:
        if as_of - each.as_of <= retention:
            rest.setdefault(each.digest, []).append(each)
    for own in rest.values():
        # what was looked at goes before what was replayed, then the latest of the span
        ordered = sorted(own, key=lambda each: (str(span(each)), not each.replayed, each.as_of))
        old += [one for one, following in pairwise(ordered) if span(one) == span(following)]
    return old


def wanted_replays(known: Sequence[Entry], digest: str, as_of: datetime, *, weeks: int) -> list[datetime]:
    """The instants, oldest first. An entry under another config is no past of today's scores."""
    if not weeks:
        return []
    if not known:
        return [as_of - timedelta(weeks=week) for week in range(weeks, 0, -1)]
    own = [each for each in known if each.digest == digest]
    return [
        as_of - timedelta(days=days)
        for days in reversed(HORIZONS)
        if days <= 7 * (weeks + 1) and nearest(own, as_of, days) is None
    ]
