"""The records of the simulated org: tables by Id, indexes over unique values, and a way back.

A record is never changed in place: a write puts a new dictionary in its stead, so that pages of a query
that began before keep reading what they found.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulator.salesforce_derived import DEFAULT_TASK_STATUSES, TRUE_WHEN_MISSING, Derivation
from simulator.salesforce_ids import numbered, short
from simulator.salesforce_values import stored
from simulator.soql_binding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.dataset import Dataset, Record
    from simulator.salesforce_schema import Field, ObjectType, Schema

INTEGRATION_USER = {
    "Id": numbered("005", 1),
    "FirstName": "Integration",
    "LastName": "User",
    "Username": "integration@simulator.invalid",
    "Email": "integration@simulator.invalid",
    "Alias": "integ",
    "UserType": "Standard",
    "TimeZoneSidKey": "UTC",
}


class Records:
    def __init__(self, dataset: Dataset, schema: Schema, stamp: str) -> None:
        self._schema = schema
        self._tables: dict[str, dict[str, Record]] = {each.name: {} for each in schema.all()}
        self._entities: dict[str, ObjectType] = {}
        self._indexes: dict[str, dict[str, dict[str, dict[str, None]]]] = {}
        self._journal: list[tuple[ObjectType, str, Record | None]] | None = None
        self._made = 0
        for entity in schema.all():
            keyed = [f for f in entity.all_fields.values() if f.unique or f.external_id or f.id_lookup]
            self._indexes[entity.name] = {f.name: {} for f in keyed if f.name != "Id"}
        self._load(dataset, stamp)

    # Reading

    def find(self, reference: str) -> tuple[ObjectType, Record] | None:
        """The record of an Id of 15 or 18 characters, deleted ones included."""
        key = short(reference)
        entity = self._entities.get(key)
        return None if entity is None else (entity, self._tables[entity.name][key])

    def rows(self, entity: ObjectType) -> list[Record]:
        return list(self._tables[entity.name].values())

    def holders(self, entity: ObjectType, field: Field, value: object) -> list[Record]:
        """The undeleted records with a value in a unique, external id or look-up field."""
        if field.name == "Id":
            found = self.find(str(value))
            kept = found is not None and found[0] is entity and not found[1].get("IsDeleted")
            return [found[1]] if found is not None and kept else []
        keys = self._indexes[entity.name][field.name].get(fold(field, value), {})
        return [self._tables[entity.name][key] for key in keys]

    def state(self) -> dict[str, list[Record]]:
        """Every table that the org has, hidden ones included."""
        present = [each for each in self._schema.all() if each.present]
        return {each.name: [dict(record) for record in self.rows(each)] for each in present}

    # Writing

    def put(self, entity: ObjectType, record: Record) -> None:
        key = short(record["Id"])
        table = self._tables[entity.name]
        old = table.get(key)
        if self._journal is not None:
            self._journal.append((entity, key, old))
        self._unindex(entity, key, old)
        table[key] = record
        self._entities[key] = entity
        self._index(entity, key, record)

    def purge(self, reference: str) -> None:
        key = short(reference)
        entity = self._entities.pop(key)
        self._unindex(entity, key, self._tables[entity.name].pop(key))

    def new_id(self, entity: ObjectType) -> str:
        """Under the prefix that the object's records have in this org."""
        table = self._tables[entity.name]
        prefix = next(iter(table))[:3] if table else entity.prefix
        while True:
            self._made += 1
            made = numbered(prefix, self._made)
            if short(made) not in self._entities:
                return made

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Remembers what is written inside, so that `take_back` can undo it."""
        self._journal = []
        try:
            yield
        finally:
            self._journal = None

    def take_back(self) -> None:
        for entity, key, old in reversed(self._journal or []):
            self._unindex(entity, key, self._tables[entity.name].get(key))
            if old is None:
                del self._tables[entity.name][key], self._entities[key]
            else:
                self._tables[entity.name][key] = old
                self._index(entity, key, old)
        self._journal = []

    def _index(self, entity: ObjectType, key: str, record: Record) -> None:
        if record.get("IsDeleted"):  # what lies in the recycle bin does not hold its unique values
            return
        for name, index in self._indexes[entity.name].items():
            value = record.get(name)
            if value is not None:
                field = entity.all_fields[name.lower()]
                index.setdefault(fold(field, value), {})[key] = None

    def _unindex(self, entity: ObjectType, key: str, record: Record | None) -> None:
        for name, index in self._indexes[entity.name].items():
            value = None if record is None else record.get(name)
            if value is not None:
                index.get(fold(entity.all_fields[name.lower()], value), {}).pop(key, None)

    # Loading

    def _load(self, dataset: Dataset, stamp: str) -> None:
        given = dict(dataset.salesforce)
        given.setdefault("Organization", [_organization()])
        given.setdefault("TaskStatus", _task_statuses())
        users = given.get("User", [])
        given["User"] = users if any(map(_integrates, users)) else [*users, INTEGRATION_USER]
        self.running_user = next(str(user["Id"]) for user in given["User"] if _integrates(user))
        for name, records in given.items():
            entity = self._schema.known(name)
            if entity is None:
                continue
            fields = _known_fields(entity)
            for record in records:
                self.put(entity, _loaded(entity, fields, record, stamp))
        self.task_statuses = self.rows(self._entity("TaskStatus"))
        closed = [each for each in self.task_statuses if each.get("IsClosed")]
        names = frozenset(str(each.get(key)) for each in closed for key in ("ApiName", "MasterLabel"))
        self.derivation = Derivation(self.find, names)
        for name in self._tables:
            self._complete(self._entity(name))
        self.running_user = self.find(self.running_user)[1]["Id"]  # type: ignore[index]  # it was just put

    def _complete(self, entity: ObjectType) -> None:
        """What needs all tables to be there: Ids as their records spell them, derived fields, defaults."""
        fields = list(entity.all_fields.values())
        references = [field.name for field in fields if field.type == "reference"]
        booleans = [field.name for field in fields if field.type == "boolean"]
        for record in self._tables[entity.name].values():
            for each in references:
                target = record.get(each)
                found = self.find(target) if isinstance(target, str) else None
                if found is not None:
                    record[each] = found[1]["Id"]
            self.derivation.fill(entity.name, record)
            for each in booleans:
                record.setdefault(each, (entity.name, each) in TRUE_WHEN_MISSING)

    def _entity(self, name: str) -> ObjectType:
        return next(each for each in self._schema.all() if each.name == name)


def _known_fields(entity: ObjectType) -> dict[str, Field]:
    return {field.name: field for field in entity.all_fields.values()}


def _loaded(entity: ObjectType, fields: dict[str, Field], record: Record, stamp: str) -> Record:
    row: Record = {}
    for key, value in record.items():
        field = fields.get(key) or entity.all_fields.get(key.lower())
        if field is not None:
            row[field.name] = stored(field, value)
    if entity.name == "TaskStatus":
        row["ApiName"] = row.get("ApiName") or row.get("MasterLabel")
    created = row.get("CreatedDate") or row.get("LastModifiedDate") or row.get("SystemModstamp") or stamp
    changed = row.get("LastModifiedDate") or row.get("SystemModstamp") or created
    stamps: dict[str, Any] = {"CreatedDate": created, "LastModifiedDate": changed, "SystemModstamp": changed}
    for name, value in stamps.items():
        if name in fields:
            row[name] = row.get(name) or value
    return row


def _integrates(user: Record) -> bool:
    words = " ".join(str(user.get(name) or "") for name in ("Username", "Name", "LastName", "Alias"))
    return re.search("integration", words, re.IGNORECASE) is not None


def _organization() -> Record:
    return {
        "Id": numbered("00D", 1),
        "Name": "Simulated Org",
        "OrganizationType": "Developer Edition",
        "IsSandbox": False,
        "InstanceName": "SIM1",
        "TimeZoneSidKey": "UTC",
        "FiscalYearStartMonth": 1,
    }


def _task_statuses() -> list[Record]:
    return [
        {
            "Id": numbered("01X", place),
            "MasterLabel": label,
            "ApiName": label,
            "SortOrder": place,
            "IsDefault": place == 1,
            "IsClosed": closed,
        }
        for place, (label, closed) in enumerate(DEFAULT_TASK_STATUSES, start=1)
    ]
