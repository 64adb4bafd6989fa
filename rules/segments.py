"""What only data tell about segments: accounts that are in two of them, and segments that nobody is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.expressions import to_sql

if TYPE_CHECKING:
    import duckdb

    from rules.catalogue import Catalogue


def segment_sql(catalogue: Catalogue, account: str) -> str:
    """The name of an account's segment, NULL for none, as an expression over the row `account` of `accounts`."""
    cases = "".join(
        f" when {to_sql(each.when, 'duckdb', table=account)} then '{each.name}'"
        for each in catalogue.segments
    )
    return f"case{cases} end" if cases else "cast(null as varchar)"


def told(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> list[str]:
    """In words, over the managed accounts of the table `accounts`."""
    found = []
    for place, segment in enumerate(catalogue.segments):
        own = f"coalesce({to_sql(segment.when, 'duckdb', table='a')}, false)"
        if not _count(connection, own):
            found.append(f"segments.{segment.name}: no managed account is in it; look at its condition")
        for later in catalogue.segments[place + 1 :]:
            theirs = f"coalesce({to_sql(later.when, 'duckdb', table='a')}, false)"
            both = _count(connection, f"{own} and {theirs}")
            if both:
                accounts = "1 managed account is" if both == 1 else f"{both} managed accounts are"
                found.append(
                    f"segments.{later.name}: {accounts} in {segment.name} as well, which comes first and wins; "
                    "let one condition leave out the other's accounts"
                )
    return found


def _count(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    query = f"select count(*) from accounts a where a.managed and ({condition})"
    return int(connection.execute(query).fetchall()[0][0])
