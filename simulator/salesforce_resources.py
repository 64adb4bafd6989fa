"""What has an object in its path: its description, one record by Id or external id, records by many Ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.http import Response, json_response
from simulator.salesforce_collections import locked_row
from simulator.salesforce_describe import describe, summary
from simulator.salesforce_errors import Refused, not_found
from simulator.salesforce_ids import is_record_id
from simulator.salesforce_queries import attributes
from simulator.salesforce_writes import ACTIVITIES
from simulator.soql_binding import no_type

if TYPE_CHECKING:
    from random import Random

    from simulator.dataset import Record
    from simulator.http import Request
    from simulator.salesforce_records import Records
    from simulator.salesforce_schema import Field, ObjectType, Schema
    from simulator.salesforce_switches import SalesforceSwitches
    from simulator.salesforce_writes import Writes

_MOST_RETRIEVED = 2_000


@dataclass(frozen=True, slots=True)
class Call:
    """A request with the version of its path; with `locks`, somebody else holds a record that it writes."""

    request: Request
    version: str
    locks: Random | None

    def json(self) -> Any:
        try:
            return self.request.json()
        except (ValueError, RecursionError) as error:
            raise Refused(400, "JSON_PARSER_ERROR", f"The request is no JSON: {error}") from None

    def fields(self) -> dict[str, Any]:
        body = self.json()
        if not isinstance(body, dict):
            raise Refused(400, "JSON_PARSER_ERROR", "The request must be one JSON object")
        return body

    def hold(self, record_id: str | None = None) -> None:
        if self.locks is not None:
            error = locked_row(record_id)
            raise Refused(400, error.code, error.message, ())


class ObjectResources:
    def __init__(
        self, schema: Schema, records: Records, writes: Writes, switches: SalesforceSwitches
    ) -> None:
        self._schema = schema
        self._records = records
        self._writes = writes
        self._switches = switches

    def answer(self, call: Call, name: str, rest: list[str]) -> Response:
        entity = self.visible(name, describing=rest == ["describe"])
        method = call.request.method
        match rest:
            case []:
                if method == "GET":
                    return json_response({"objectDescribe": summary(entity, call.version), "recentItems": []})
                if method == "POST":
                    self._begin(call)
                    call.hold()
                    made = self._writes.create(entity, call.fields())
                    place = attributes(entity.name, made, call.version)["url"]
                    return json_response({"id": made, "success": True, "errors": []}, 201, Location=place)
                return no_method(call.request, "GET,POST")
            case ["describe"]:
                if method != "GET":
                    return no_method(call.request, "GET")
                return json_response(describe(entity, self._schema, self._records, call.version))
            case [record_id]:
                return self._single(call, entity, record_id)
            case [field, *value]:
                return self._by_external_id(call, entity, field, "/".join(value))
        raise not_found()

    def retrieve(self, call: Call, name: str) -> list[Record | None]:
        """One entry for each Id asked for; null where there is none."""
        entity = self.visible(name)
        ids, fields = _retrieve_arguments(call)
        return [self._retrieved(entity, each, call.version, fields) for each in ids]

    def visible(self, name: str, *, describing: bool = False) -> ObjectType:
        entity = self._schema.visible(name)
        if entity is not None:
            return entity
        hidden = self._schema.known(name)
        if describing and hidden is not None and self._switches.hidden_describe == "INVALID_TYPE":
            raise Refused(400, "INVALID_TYPE", no_type(name))
        raise not_found()

    def key_field(self, entity: ObjectType, name: str) -> Field:
        key = entity.external_id(name)
        if key is None:
            message = f"Provided external ID field does not exist or is not accessible: {name}"
            raise Refused(404, "NOT_FOUND", message)
        if entity.name in ACTIVITIES and key.name != "Id" and not self._switches.task_upsert_allowed:
            message = (
                f"Field name provided, {key.name} does not match an External ID, Salesforce Id, or indexed"
                f" field for {entity.name}"
            )
            raise Refused(400, "INVALID_FIELD", message)
        return key

    def _single(self, call: Call, entity: ObjectType, record_id: str) -> Response:
        match call.request.method:
            case "GET":
                found = self._records.find(record_id) if is_record_id(record_id) else None
                if found is None or found[0] is not entity:
                    raise not_found()
                if found[1].get("IsDeleted"):
                    raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted", ())
                fields = call.request.argument("fields")
                return json_response(_whole(entity, found[1], call.version, _names(fields)))
            case "PATCH":
                changes = call.fields()
                if any(key.lower() == "id" for key in changes):
                    message = "The Id field should not be specified in the sobject data."
                    raise Refused(400, "INVALID_FIELD", message, ("Id",))
                self._begin(call)
                call.hold(record_id)
                self._writes.update(entity, record_id, changes)
                return Response(204)
            case "DELETE":
                self._begin(call)
                call.hold(record_id)
                self._writes.delete(entity, record_id)
                return Response(204)
        return no_method(call.request, "GET,PATCH,DELETE")

    def _by_external_id(self, call: Call, entity: ObjectType, name: str, value: str) -> Response:
        key = self.key_field(entity, name)
        if call.request.method == "PATCH":
            self._begin(call)
            call.hold()
            made, created = self._writes.upsert(entity, key, value, call.fields())
            answer = {"id": made, "success": True, "errors": [], "created": created}
            return json_response(answer, 201 if created else 200)
        if call.request.method != "GET":
            return no_method(call.request, "GET,PATCH")
        found = self._records.holders(entity, key, value)
        if not found:
            raise not_found()
        if len(found) > 1:
            urls = [attributes(entity.name, record["Id"], call.version)["url"] for record in found]
            return json_response(urls, 300)
        return json_response(_whole(entity, found[0], call.version, _names(call.request.argument("fields"))))

    def _retrieved(
        self, entity: ObjectType, record_id: object, version: str, fields: list[str]
    ) -> Record | None:
        found = self._records.find(record_id) if isinstance(record_id, str) else None
        if found is None or found[0] is not entity or found[1].get("IsDeleted"):
            return None
        return _whole(entity, found[1], version, fields)

    def _begin(self, call: Call) -> None:
        self._writes.begin(call.request.now)


def no_method(request: Request, allowed: str) -> Response:
    message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
    return Refused(405, "METHOD_NOT_ALLOWED", message).response()


def _whole(entity: ObjectType, record: Record, version: str, only: list[str] | None) -> Record:
    chosen = entity.fields()
    if only is not None:
        chosen = []
        for name in only:
            field = entity.field(name)
            if field is None:
                message = f"No such column '{name}' on entity '{entity.name}'."
                raise Refused(400, "INVALID_FIELD", message)
            chosen.append(field)
    row: Record = {"attributes": attributes(entity.name, record["Id"], version)}
    row.update((field.name, record.get(field.name)) for field in chosen)
    return row


def _names(listed: str | None) -> list[str] | None:
    return None if listed is None else listed.split(",")


def _retrieve_arguments(call: Call) -> tuple[list[object], list[str]]:
    if call.request.method == "GET":
        listed = call.request.argument("ids") or ""
        return [each for each in listed.split(",") if each], _names(call.request.argument("fields")) or ["Id"]
    body = call.fields()
    given, fields = body.get("ids"), body.get("fields")
    if not isinstance(given, list) or not isinstance(fields, list) or not fields:
        raise Refused(400, "MISSING_ARGUMENT", "The request must hold 'ids' and 'fields'")
    if len(given) > _MOST_RETRIEVED:
        message = f"record limit reached. cannot submit more than {_MOST_RETRIEVED} records into this call"
        raise Refused(400, "EXCEEDED_ID_LIMIT", message)
    return list(given), [str(each) for each in fields]
