"""What a text on a record is made of: what it rests on for all accounts at once, and its words for those that need them.

    facts of all accounts ── compared with what the text last rested on ──► accounts where it may have moved ──► words

A text is written again when what it rests on moved materially (`sync.material`), never because it would read differently.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from rules.phrases import ENGLISH
from sync import material
from sync.chosen import CHOSEN, choose
from sync.measure import business_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    import duckdb

    from rules.catalogue import Catalogue
    from rules.tasks import RuleOutcome
    from sync.config import Config
    from sync.plan_inputs import OwnField, Written
    from sync.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All that words can rest on: the measured store, the books, what the rules say.

    `written` has what was last confirmed by (account id, our name of the field), `fields` the org's form of each.
    """

    config: Config
    connection: duckdb.DuckDBPyConnection
    state: State
    as_of: datetime
    outcomes: Sequence[RuleOutcome]
    written: Mapping[tuple[str, str], Written]
    fields: Mapping[str, OwnField]

    @property
    def catalogue(self) -> Catalogue:
        return self.config.catalogue

    @property
    def day(self) -> date:
        """The day of `as_of` where the readers are."""
        return business_hours(self.config).day_of(self.as_of)

    @property
    def quoted(self) -> frozenset[str]:
        """Keys of Jira projects whose titles may be quoted in the CRM."""
        jira = self.config.jira
        return frozenset(jira.quote_projects if jira is not None else ())

    def languages(self, ids: Collection[str]) -> dict[str, str]:
        """What the one who does the tasks of each account reads."""
        choose(self.connection, ids)
        spoken = dict(
            self.connection.execute(
                f"select account_id, language from account_manager where account_id in {CHOSEN}"
            ).fetchall()
        )
        return {each: spoken.get(each) or ENGLISH for each in ids}

    def length(self, ours: str) -> int | None:
        """How long the org's field is, where it says so."""
        field = self.fields.get(ours)
        return field.length or None if field is not None else None

    def last(self, ours: str) -> dict[str, Written]:
        """What was last confirmed of one field, by account."""
        return {account_id: each for (account_id, name), each in self.written.items() if name == ours}


@dataclass(frozen=True, slots=True)
class Facts:
    """Two queries over all accounts. `digests`: account_id and a text that differs when other things are named, NULL where
    there is nothing to say; `numbers`: account_id, name, value, ageing (whether it grows by itself as days pass), of which
    only those that were known before can move.
    """

    digests: str
    numbers: str = "select null::varchar as account_id, null::varchar as name, null::double as value, false as ageing limit 0"


@dataclass(frozen=True, slots=True)
class Said:
    """The words for one account and what they rest on, as `sync.material` compares it (the digest is added to it).

    A number stands for them in a field of numbers. `stays` leaves the field as it is.
    """

    value: str | int | None
    basis: Mapping[str, object] = field(default_factory=dict)
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The accounts that words are needed for, with what stands on each record now."""

    current: Mapping[str, str | None]

    @property
    def ids(self) -> list[str]:
        return list(self.current)


@dataclass(frozen=True, slots=True)
class TextField:
    """One text. `lasting` ones stay as they are when there is nothing more to say; the others are then emptied.
    A `companion` causes no write: it goes along with others, or where the field is empty.
    """

    ours: str
    facts: Callable[[Ground], Facts]
    words: Callable[[Ground, Asked], Mapping[str, Said]]
    lasting: bool = False
    companion: bool = False

    @property
    def table(self) -> str:
        """The temporary table with account_id, digest and moved of every account that is scored."""
        return f"text_{self.ours}".lower()


def compare(ground: Ground, text: TextField) -> None:
    """Fill the table of one text."""
    facts = text.facts(ground)
    before = {account_id: each.basis or {} for account_id, each in ground.last(text.ours).items()}
    numbers = [
        (account_id, name, value)
        for account_id, basis in before.items()
        for name, value in material.numbers(basis).items()
        if isinstance(value, (int, float))
    ]
    incoming = {
        "incoming_words": pa.table(
            {
                "account_id": pa.array(list(before), pa.string()),
                "digest": pa.array([_text(each.get("digest")) for each in before.values()], pa.string()),
            }
        ),
        "incoming_numbers": pa.table(
            {
                "account_id": pa.array([account_id for account_id, _, _ in numbers], pa.string()),
                "name": pa.array([name for _, name, _ in numbers], pa.string()),
                "value": pa.array([value for _, _, value in numbers], pa.float64()),
            }
        ),
    }
    for name, rows in incoming.items():
        ground.connection.register(name, rows)
    moved = (
        "false"
        if text.companion
        else f"{'n.digest is not null and ' if text.lasting else ''}"
        "(n.digest is distinct from w.digest or coalesce(m.moved, false))"
    )
    ground.connection.execute(
        f"create or replace temp table {text.table} as with "
        "scored as (select distinct account_id from eval_scores), "
        f"now as ({facts.digests}), "
        "moves as ("
        "  select n.account_id, bool_or(coalesce("
        "    abs(n.value - o.value) > $units and abs(n.value - o.value) > $share * abs(o.value) "
        "    and not (n.ageing and n.value > o.value), false)) as moved"
        f"  from ({facts.numbers}) n "
        "  left join incoming_numbers o on o.account_id = n.account_id and o.name = n.name group by n.account_id) "
        f"select s.account_id, n.digest, {moved} as moved from scored s "
        "left join now n on n.account_id = s.account_id "
        "left join incoming_words w on w.account_id = s.account_id "
        "left join moves m on m.account_id = s.account_id",
        {"units": material.LEAST_UNITS, "share": material.LEAST_SHARE},
    )
    for name in incoming:
        ground.connection.unregister(name)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
