"""What every step of one pull shares: where it reads, where it stores, what it has to tell."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.errors import UnexpectedAnswer
from sync.mirror import Cursor, Partial

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.batches import Rejected
    from connectors.salesforce import Organization
    from sync.config import Config
    from sync.mirror import Mirror
    from sync.staging import Staging

# A sweep that finds so few records gone is believed however small the table is.
FEW = 5
# How much reading a cut may cost.
KEEP_ROWS = 20_000
KEEP_SECONDS = 60.0
NEVER = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as in the tables
MOST_GONE = 0.05


@dataclass(slots=True)
class PullReport:
    """What one pull did: rows by source, records that could not be read, and what a person should know."""

    pull_id: str = ""
    organization: Organization | None = None
    sites: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[str, Rejected]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PullJob:
    config: Config
    mirror: Mirror
    report: PullReport
    full: bool
    now: datetime
    progress: Callable[[str, int], None]

    def since(self, cursor: Cursor | None) -> datetime | None:
        """From where to read on: records that were stamped before the last pull can have appeared after it."""
        if cursor is None or cursor.high_water is None:
            return None
        return cursor.high_water.replace(tzinfo=UTC) - timedelta(minutes=self.config.pull.overlap_minutes)

    def still_good(self, partial: Partial, digest: str) -> bool:
        """Whether a reading that was cut is worth going on with: asked for alike, and not older than a sweep may be."""
        recent = naive(self.now) - partial.began_at < self.config.pull.sweep_every
        return partial.digest == digest and recent

    def going_on(self, partial: Partial) -> datetime:
        """From where to go on, with the same regard for late records as after a whole reading."""
        return partial.reached.replace(tzinfo=UTC) - timedelta(minutes=self.config.pull.overlap_minutes)

    def keeper(self, source: str, digest: str, stage: Staging, partial: Partial | None) -> Keeper:
        began = partial.began_at if partial is not None else naive(self.now)
        return Keeper(
            self.mirror, source, digest, stage, began, has_kept=partial is not None, kept_rows=stage.rows
        )

    def next_cursor(
        self, before: Cursor | None, digest: str, newest: datetime | None, server_time: datetime | None
    ) -> Cursor:
        """The cursor after what was read. It never passes the server's clock: records stamped in its future, by
        whatever clock, must not hide those that come now.
        """
        stamps = [stamp for stamp in (newest, before.high_water if before else None) if stamp is not None]
        high_water = max(stamps, default=None)
        if high_water is not None and server_time is not None:
            high_water = min(high_water, naive(server_time))
        now = naive(self.now)
        return Cursor(digest, high_water, pulled_at=now, swept_at=before.swept_at if before else now)

    def sweep_due(self, before: Cursor | None) -> bool:
        """Whether all ids of a source are to be compared; what was just read whole needs none."""
        return before is not None and naive(self.now) - before.swept_at >= self.config.pull.sweep_every


@dataclass(slots=True)
class Keeper:
    """Keeps the first reading of a source as it goes, so that one that is cut need not begin anew."""

    mirror: Mirror
    source: str
    digest: str
    stage: Staging
    began_at: datetime
    has_kept: bool
    kept_rows: int
    since: float = field(default_factory=time.monotonic)

    def reached(self, moment: datetime | None) -> None:
        """All that is stamped before `moment` has come."""
        rows, now = self.stage.rows - self.kept_rows, time.monotonic()
        if moment is None or (rows < KEEP_ROWS and (rows == 0 or now - self.since < KEEP_SECONDS)):
            return
        partial = Partial(self.digest, naive(moment), self.began_at, self.stage.rows)
        self.mirror.keep(self.source, self.stage, partial)
        self.has_kept, self.kept_rows, self.since = True, self.stage.rows, now


def naive(moment: datetime) -> datetime:
    """An instant as the mirror's tables hold it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def digest_of(*parts: object) -> str:
    """What a cursor was made with: other fields, another query or another user mean that all has to be read."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def refuse_too_many(system: str, what: str, gone: int, stored: int) -> None:
    """So many records do not vanish in a week: more likely a permission was lost or a query is wrong."""
    if gone <= FEW or gone <= MOST_GONE * stored:
        return
    raise UnexpectedAnswer(
        f"{system} no longer shows {gone} of the {stored} {what} in the store, which is more than 5 %.",
        "check what its user may see and what the config asks for; if they are really gone, run rapport pull --full.",
    )
