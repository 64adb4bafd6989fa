"""The accounts that a query is asked about, as a table: a list in the query itself would be searched once for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

CHOSEN = "(select account_id from chosen_account)"


def choose(connection: duckdb.DuckDBPyConnection, account_ids: Iterable[str]) -> None:
    """Let `CHOSEN` stand for these accounts until others are chosen."""
    connection.register("chosen_account", pa.table({"account_id": pa.array(list(account_ids), pa.string())}))
