"""Creates, changes and deletes records as Salesforce does: checks field by field, then derived fields.

A record is refused with `RecordRefused`, one that holds a value of the wrong JSON type with `Unreadable`.
The clock stamps whole seconds and, while it runs, no two write requests alike.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.salesforce_errors import RecordRefused
from simulator.salesforce_ids import is_record_id, short
from simulator.salesforce_values import stored, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.dataset import Record
    from simulator.salesforce_records import Records
    from simulator.salesforce_schema import Field, ObjectType
    from simulator.salesforce_switches import SalesforceSwitches
    from simulator.soql_binding import Binder, Test

# Since Spring '15 these may belong to people who have left; whatever else cannot be given to them.
OWNED_BY_ANYONE = {"Account", "Opportunity"}
ACTIVITIES = {"Task", "Event"}
DERIVED_FROM = {"Status", "Priority", "WhoId", "WhatId", "StageName", "FirstName", "LastName"}


class Writes:
    def __init__(
        self, records: Records, objects: list[ObjectType], switches: SalesforceSwitches, binder: Binder
    ) -> None:
        self._records = records
        self._switches = switches
        self.ticking = True
        self._last: datetime | None = None
        self._stamp = ""
        self._rules: dict[str, list[tuple[Test, str, str | None]]] = {
            entity.name: [
                (binder.condition(rule.when, entity), rule.message, rule.field) for rule in entity.rules
            ]
            for entity in objects
        }

    def begin(self, now: datetime) -> None:
        """A write request begins; all that it writes carries one stamp."""
        moment = now.replace(microsecond=0)
        if self.ticking and self._last is not None and moment <= self._last:
            moment = self._last + timedelta(seconds=1)
        self._last = moment
        self._stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def create(self, entity: ObjectType, fields: Mapping[str, Any]) -> str:
        if "c" not in entity.writes:
            message = f"entity type cannot be inserted: {entity.label}"
            raise RecordRefused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
        values = self._values(entity, fields, creating=True)
        record: Record = {each.name: None for each in entity.all_fields.values()}
        record.update({f.name: False for f in entity.all_fields.values() if f.type == "boolean"})
        record.update(self._defaults(entity))
        record.update(values)
        record["Id"] = self._records.new_id(entity)
        self._stamp_record(entity, record, creating=True)
        self._records.derivation.apply(entity.name, record, None, self._stamp)
        missing = [
            field.name
            for field in entity.all_fields.values()
            if field.required and field.createable and record.get(field.name) is None
        ]
        if missing:
            listed = ", ".join(missing)
            raise RecordRefused(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{listed}]", *missing
            )
        self._check(entity, record, None, values)
        self._records.put(entity, record)
        return str(record["Id"])

    def update(self, entity: ObjectType, record_id: object, fields: Mapping[str, Any]) -> str:
        before = self._existing(entity, record_id)
        if "u" not in entity.writes:
            raise RecordRefused(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be updated: {entity.label}"
            )
        values = self._values(entity, fields, creating=False)
        missing = [
            name
            for name, value in values.items()
            if value is None and entity.all_fields[name.lower()].required
        ]
        if missing:
            listed = ", ".join(missing)
            raise RecordRefused(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{listed}]", *missing
            )
        record = {**before, **values}
        self._stamp_record(entity, record, creating=False)
        if values.keys() & DERIVED_FROM:
            self._records.derivation.apply(entity.name, record, before, self._stamp)
        self._check(entity, record, before, values)
        self._records.put(entity, record)
        return str(record["Id"])

    def delete(self, entity: ObjectType, record_id: object) -> str:
        before = self._existing(entity, record_id)
        if "d" not in entity.writes:
            message = f"entity type {entity.label} does not support delete"
            raise RecordRefused("INSUFFICIENT_ACCESS_OR_READONLY", message)
        record = {**before, "IsDeleted": True}
        self._stamp_record(entity, record, creating=False)
        self._records.put(entity, record)
        return str(record["Id"])

    def upsert(
        self, entity: ObjectType, key: Field, value: object, fields: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """The record's Id, and whether it was created."""
        if key.name != "Id" and value in (None, ""):
            raise RecordRefused("MISSING_ARGUMENT", f"{key.name} not specified")
        if key.name == "Id":
            return (
                (self.update(entity, value, fields), False) if value else (self.create(entity, fields), True)
            )
        found = self._records.holders(entity, key, written(key, value))
        if not self._switches.upsert_finds_archived:
            found = [record for record in found if not record.get("IsArchived")]
        if len(found) > 1:
            ids = ", ".join(str(record["Id"]) for record in found)
            message = f"{key.name}: more than one record found for external id field: [{ids}]"
            raise RecordRefused("DUPLICATE_EXTERNAL_ID", message, key.name)
        if found:
            return self.update(entity, found[0]["Id"], fields), False
        return self.create(entity, {**fields, key.name: value}), True

    def imported(self, entity: ObjectType, fields: Mapping[str, Any]) -> str:
        """A record as somebody with every right makes it: unchecked, read-only fields included."""
        record: Record = {each.name: None for each in entity.all_fields.values()}
        record.update({f.name: False for f in entity.all_fields.values() if f.type == "boolean"})
        record.update(self._defaults(entity))
        given = {name: _as_stored(entity, name, value) for name, value in fields.items()}
        record.update(given)
        record["Id"] = given.get("Id") or self._records.new_id(entity)
        self._stamp_record(entity, record, creating=True)
        self._records.derivation.apply(entity.name, record, None, self._stamp)
        record.update(given)
        self._records.put(entity, record)
        return str(record["Id"])

    def overwritten(self, record_id: str, fields: Mapping[str, Any]) -> None:
        """A record as somebody with every right changes it."""
        found = self._records.find(record_id)
        if found is None:
            raise KeyError(f"the org has no record {record_id}")
        entity, before = found
        given = {name: _as_stored(entity, name, value) for name, value in fields.items()}
        record = {**before, **given}
        self._stamp_record(entity, record, creating=False)
        if given.keys() & DERIVED_FROM:
            self._records.derivation.apply(entity.name, record, before, self._stamp)
        record.update(given)
        self._records.put(entity, record)

    def _existing(self, entity: ObjectType, record_id: object) -> Record:
        if not record_id:
            raise RecordRefused("MISSING_ARGUMENT", "Id not specified in an update call")
        if not is_record_id(record_id):
            raise RecordRefused(
                "MALFORMED_ID", f"{entity.label} ID: id value of incorrect type: {record_id}", "Id"
            )
        found = self._records.find(str(record_id))
        if found is None:
            raise RecordRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if found[0] is not entity:
            raise RecordRefused(
                "MALFORMED_ID", f"{entity.label} ID: id value of incorrect type: {record_id}", "Id"
            )
        if found[1].get("IsDeleted"):
            raise RecordRefused("ENTITY_IS_DELETED", "entity is deleted")
        return found[1]

    def _values(self, entity: ObjectType, fields: Mapping[str, Any], *, creating: bool) -> Record:
        values: Record = {}
        closed_to_us: list[str] = []
        for key, value in fields.items():
            if key in {"attributes", "Id", "id"}:
                continue
            field = entity.field(key)
            if field is None:
                raise RecordRefused(
                    "INVALID_FIELD", f"No such column '{key}' on sobject of type {entity.name}"
                )
            if not (field.createable if creating else field.updateable):
                closed_to_us.append(field.name)
                continue
            values[field.name] = self._reference(field, written(field, value))
        if closed_to_us:
            message = (
                f"Unable to create/update fields: {', '.join(closed_to_us)}. Please check the security"
                " settings of this field and verify that it is read/write for your profile or permission set."
            )
            raise RecordRefused("INVALID_FIELD_FOR_INSERT_UPDATE", message, *closed_to_us)
        return values

    def _reference(self, field: Field, value: Any) -> Any:
        if field.type != "reference" or value is None:
            return value
        found = self._records.find(value)
        if found is None:
            raise RecordRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
        if field.reference_to and found[0].name not in field.reference_to:
            raise RecordRefused(
                "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", field.name
            )
        if found[1].get("IsDeleted"):
            raise RecordRefused("ENTITY_IS_DELETED", "entity is deleted", field.name)
        return found[1]["Id"]

    def _defaults(self, entity: ObjectType) -> Record:
        defaults: Record = {}
        if "ownerid" in entity.all_fields:
            defaults["OwnerId"] = self._records.running_user
        if entity.name == "Task":
            first = next((s for s in self._records.task_statuses if s.get("IsDefault")), None)
            defaults |= {"Status": (first or {}).get("ApiName"), "Priority": "Normal", "TaskSubtype": "Task"}
        if entity.name == "User":
            defaults["IsActive"] = True
        return defaults

    def _check(self, entity: ObjectType, record: Record, before: Record | None, values: Record) -> None:
        owner = values.get("OwnerId")
        if (
            owner is not None
            and entity.name not in OWNED_BY_ANYONE
            and (before or {}).get("OwnerId") != owner
        ):
            found = self._records.find(owner)
            if found is not None and found[0].name == "User" and not found[1].get("IsActive"):
                what = entity.name.lower()
                message = f"operation performed with inactive user [{short(owner)}] as owner of {what}"
                raise RecordRefused("INACTIVE_OWNER_OR_USER", message)
        for name, value in values.items():
            field = entity.all_fields[name.lower()]
            if not field.unique or value is None:
                continue
            others = [o for o in self._records.holders(entity, field, value) if o["Id"] != record["Id"]]
            if others:
                named = short(others[0]["Id"]) if self._switches.duplicate_names_record else "<unknown>"
                message = f"duplicate value found: {name} duplicates value on record with id: {named}"
                raise RecordRefused("DUPLICATE_VALUE", message)
        for holds, message, on_field in self._rules[entity.name]:
            if holds(record):
                raise RecordRefused(
                    "FIELD_CUSTOM_VALIDATION_EXCEPTION", message, *([on_field] if on_field else [])
                )

    def _stamp_record(self, entity: ObjectType, record: Record, *, creating: bool) -> None:
        stamps: dict[str, str] = {
            "LastModifiedDate": self._stamp,
            "SystemModstamp": self._stamp,
            "LastModifiedById": self._records.running_user,
        }
        if creating:
            stamps |= {"CreatedDate": self._stamp, "CreatedById": self._records.running_user}
        record.update({name: value for name, value in stamps.items() if name.lower() in entity.all_fields})


def _as_stored(entity: ObjectType, name: str, value: Any) -> Any:
    field = entity.all_fields.get(name.lower())
    if field is None or field.name != name:
        raise KeyError(f"{entity.name} has no field {name}")
    return stored(field, value)
