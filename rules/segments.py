"""What only data tell about segments: accounts that are in two of them, and segments that nobody is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.expressions import to_sql

if TYPE_CHECKING:
    import duckdb

    from rules.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said of a segment, and what to do about it."""

    segment: str
    message: str
    advice: str


def segment_sql(catalogue: Catalogue, account: str) -> str:
    """The name of an account's segment, NULL for none, as an expression over the row `account` of `accounts`."""
    cases = "".join(
        f" when {to_sql(each.when, 'duckdb', table=account)} then '{each.name}'"
        for each in catalogue.segments
    )
    return f"case{cases} end" if cases else "cast(null as varchar)"


def told(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> list[Told]:
    """Over the managed accounts of the table `accounts`."""
    found = []
    for place, segment in enumerate(catalogue.segments):
        own = f"coalesce({to_sql(segment.when, 'duckdb', table='a')}, false)"
        if not _count(connection, own):
            found.append(
                Told(segment.name, "No managed account is in this segment.", "look at its condition.")
            )
        for later in catalogue.segments[place + 1 :]:
            theirs = f"coalesce({to_sql(later.when, 'duckdb', table='a')}, false)"
            both = _count(connection, f"{own} and {theirs}")
            if both:
                accounts = "1 managed account is" if both == 1 else f"{both} managed accounts are"
                message = f"{accounts} in the segment {segment.name} as well, which comes first and wins."
                found.append(
                    Told(later.name, message, "let the condition of one leave out the other's accounts.")
                )
    return found


def _count(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    query = f"select count(*) from accounts a where a.managed and ({condition})"
    return int(connection.execute(query).fetchall()[0][0])
