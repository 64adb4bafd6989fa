"""Where Rapport's fields stand now: on the account itself or, with `write_to = "object"`, in a record beside it.

sf_account ─┐
            ├──► own_record (account_id, record_id, our fields) ──► compared with what is wanted (`sync.wanted`)
sf_score ───┘
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from sync.errors import SyncError
from sync.plan_inputs import WantedField, WantedRecord, Written
from sync.score_object import KEY_FIELD, LINK_FIELD, OBJECT, PARENT_FIELD, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from sync.config import Config
    from sync.mirror import Mirror
    from sync.state import State

_LINK_REASON = "shows the scores of this account"


@dataclass(frozen=True, slots=True)
class ScorePlace:
    """`object` is what is written; `records` has the record of each account that has one, where that is not itself."""

    object: str
    records: Mapping[str, str] = field(default_factory=dict)
    links: tuple[WantedRecord, ...] = ()
    written: Mapping[str, Mapping[str, Written]] = field(default_factory=dict)

    def placed(self, record: WantedRecord) -> WantedRecord:
        """What is wanted of an account, as the record that it is to stand in; one without an id is to be created."""
        if self.object != OBJECT:
            return record
        return replace(
            record,
            object=OBJECT,
            id=self.records.get(record.account_id),
            key=record.account_id,
            on_creation={PARENT_FIELD: record.account_id, KEY_FIELD: record.account_id},
        )


def find(
    config: Config, mirror: Mirror, state: State, ours: Iterable[str], *, where: str | None
) -> ScorePlace:
    """Fill `own_record` with those of our fields that the org has, and tell which records there are and what was last
    confirmed of them, by account id.

    Raises SyncError where the last pull read the other place than the config now asks for.
    """
    read = mirror.meta("write_to") or "account"
    if read != config.salesforce.write_to:
        raise SyncError(
            f'The store was filled under [salesforce] write_to = "{read}", and the config now says '
            f'"{config.salesforce.write_to}".',
            "run rapport pull first.",
        )
    connection = mirror.connection
    columns = "".join(f', "{name}"' for name in ours)
    if read == "account":
        connection.execute(
            f"create or replace temp table own_record as "
            f"select Id as account_id, Id as record_id{columns} from sf_account"
        )
        return ScorePlace("Account", written=state.written_values("Account"))
    by_record = state.written_values(OBJECT)
    _own_records(connection, columns, _since_pull(by_record, mirror.meta("pull_id")))
    rows = connection.execute("select account_id, record_id from own_record order by account_id").fetchall()
    records: dict[str, str] = dict(rows)
    written = {account: by_record.get(record, {}) for account, record in records.items()}
    return ScorePlace(OBJECT, records, tuple(_links(mirror, state, where)), written)


def _own_records(connection: duckdb.DuckDBPyConnection, columns: str, fresh: Mapping[str, str]) -> None:
    """`fresh` are records by account that were created after the mirror was filled: their fields are in the books."""
    connection.execute(
        f"create or replace temp table own_record as select a.Id as account_id, s.* exclude (key) "
        f"from sf_account a join (select Id as record_id, {KEY_FIELD} as key{columns} from {TABLE} where not IsDeleted and {KEY_FIELD} is not null "
        # the key is unique, but of 15 characters it could stand beside one of 18
        f"qualify row_number() over (partition by left({KEY_FIELD}, 15) order by length({KEY_FIELD}) desc, Id) = 1) s "
        f"on left(s.key, 15) = left(a.Id, 15)"
    )
    incoming = pa.table(
        {
            "account_id": pa.array(list(fresh), pa.string()),
            "record_id": pa.array(list(fresh.values()), pa.string()),
        }
    )
    connection.register("incoming", incoming)
    connection.execute(
        "insert into own_record by name select i.account_id, i.record_id from incoming i "
        "anti join own_record r on r.account_id = i.account_id"
    )
    connection.unregister("incoming")


def _since_pull(by_record: Mapping[str, Mapping[str, Written]], pull_id: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for record_id, fields in by_record.items():
        key = fields.get(KEY_FIELD)
        if key is not None and key.value is not None and key.pull_id == pull_id:
            found[str(key.value)] = record_id
    return found


def _links(mirror: Mirror, state: State, where: str | None) -> list[WantedRecord]:
    """Which record the formula fields of an account look at, where the org has such a field.

    Another record of Rapport's own in it, which a merge of accounts leaves behind, is put right; what else somebody
    chose is held like any other value.
    """
    if mirror.meta("score_link") != "yes":
        return []
    limited = f" and r.account_id in (select account_id from accounts where {where})" if where else ""
    rows = mirror.connection.execute(
        f"select r.account_id, r.record_id, a.Name, a.{LINK_FIELD} as link, o.Id is not null as ours "
        f"from own_record r join sf_account a on a.Id = r.account_id "
        f"semi join eval_scores s on s.account_id = r.account_id "
        f"left join {TABLE} o on o.Id = a.{LINK_FIELD} and o.{KEY_FIELD} is not null "
        f"where a.{LINK_FIELD} is distinct from r.record_id{limited} order by r.account_id"
    ).fetchall()
    pull_id, written = mirror.meta("pull_id"), state.written_values("Account")

    def last(account_id: str, link: str | None, *, ours: bool) -> Written | None:
        known = written.get(account_id, {}).get(LINK_FIELD)
        return Written(link) if ours and (known is None or known.pull_id != pull_id) else known

    return [
        WantedRecord(
            "Account",
            account_id,
            account_id,
            str(name or account_id),
            _LINK_REASON,
            (WantedField(LINK_FIELD, "text", record_id, link, last(account_id, link, ours=ours)),),
        )
        for account_id, record_id, name, link, ours in rows
    ]


def note(mirror: Mirror, write_to: str, *, linked: bool) -> None:
    """What a pull saw of it, for the plans that rest on this pull."""
    mirror.set_meta("write_to", write_to)
    mirror.set_meta("score_link", "yes" if linked else "")
