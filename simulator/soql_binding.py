"""Sets a SOQL statement against the schema: names and types are checked once, then rows are read by closures.

Comparisons follow Salesforce: text without regard to case, Ids by their 15 characters, `!=` and NOT IN also
where the field is empty, `<` and its like never there, '' the same as null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from simulator import soql
from simulator.salesforce_ids import is_record_id, short
from simulator.salesforce_schema import DECIMAL_TYPES, ID_TYPES, NAME_FIELDS, Field, ObjectType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simulator.dataset import Record
    from simulator.salesforce_schema import Schema

MOST_LEVELS = 5
MOST_OFFSET = 2_000

Lookup = Callable[[str], "tuple[ObjectType, Record] | None"]
Reader = Callable[["Record"], Any]
Test = Callable[["Record"], bool]

_NO_COLUMN = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
)
_NO_RELATION = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom"
    " relationship name."
)
_NO_TYPE = "If you are attempting to use a custom object, be sure to append the '__c' after the entity name."
_SEE = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(slots=True)
class Selection:
    """What of a record is answered: its own fields, and parents' by the field that names them."""

    fields: list[tuple[str, Reader]] = field(default_factory=list)
    parents: dict[str, tuple[Field, Selection]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # keys in the order of the statement


@dataclass(frozen=True, slots=True)
class BoundQuery:
    object: ObjectType
    selection: Selection | None  # None for COUNT()
    matches: Test | None
    sort: Callable[[list[Record]], list[Record]] | None
    limit: int | None
    offset: int


class Binder:
    def __init__(
        self,
        schema: Schema,
        lookup: Lookup,
        computed: Mapping[tuple[str, str], Reader],
        *,
        descending_nulls_first: bool = True,
    ) -> None:
        self._schema = schema
        self._lookup = lookup
        self._computed = computed
        self._descending_nulls_first = descending_nulls_first

    def bind(self, query: soql.Query) -> BoundQuery:
        target = self._schema.visible(query.object_name)
        if target is None:
            raise soql.refusal(query.text, query.object_position, "INVALID_TYPE", no_type(query.object_name))
        if query.offset > MOST_OFFSET:
            raise soql.SoqlError(
                "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}"
            )
        return BoundQuery(
            target,
            self._selection(query, target) if query.fields else None,
            None if query.where is None else self._test(query.text, target, query.where),
            self._sorter(query, target) if query.order_by else None,
            query.limit,
            query.offset,
        )

    def condition(self, text: str, target: ObjectType) -> Test:
        """A condition on its own, as in a validation rule."""
        return self._test(text, target, soql.parse_condition(text))

    # Names

    def _resolve(
        self, text: str, target: ObjectType, path: soql.FieldPath
    ) -> tuple[tuple[Field, ...], Field, Reader]:
        names = path.names
        if len(names) > 1 and names[0].lower() == target.name.lower() and target.parent(names[0]) is None:
            names = names[1:]
        if len(names) > MOST_LEVELS + 1:
            raise soql.refusal(
                text,
                path.position,
                "MALFORMED_QUERY",
                f"a relationship path may go up {MOST_LEVELS} levels at most: {path}",
            )
        steps: list[Field] = []
        here: ObjectType | None = target
        for name in names[:-1]:
            step = here.parent(name) if here is not None else None
            parents = [each for each in map(self._schema.visible, step.reference_to) if each] if step else []
            if step is None or not (parents or step.polymorphic):
                message = f"Didn't understand relationship '{name}' in field path. {_NO_RELATION} {_SEE}"
                raise soql.refusal(text, path.position, "INVALID_FIELD", message)
            steps.append(step)
            here = None if step.polymorphic else parents[0]
        found = here.field(names[-1]) if here is not None else _name_field(names[-1])
        if found is None:
            entity = here.name if here is not None else "Name"
            message = f"No such column '{names[-1]}' on entity '{entity}'. {_NO_COLUMN} {_SEE}"
            raise soql.refusal(text, path.position, "INVALID_FIELD", message)
        own = self._own_reader(here, found)
        return tuple(steps), found, self._reader(tuple(steps), own, found)

    def _own_reader(self, target: ObjectType | None, found: Field) -> Reader:
        name = found.name
        if target is not None and (target.name, name) in self._computed:
            return self._computed[target.name, name]
        return lambda record: record.get(name)

    def _reader(self, steps: tuple[Field, ...], own: Reader, found: Field) -> Reader:
        if not steps:
            return own
        lookup = self._lookup

        def read(record: Record) -> Any:
            entity = None
            for step in steps:
                reference = record.get(step.name)
                parent = lookup(reference) if isinstance(reference, str) else None
                if parent is None:
                    return None
                entity, record = parent
            if steps[-1].polymorphic and found.name == "Type" and entity is not None:
                return entity.name
            return own(record)

        return read

    # Selection

    def _selection(self, query: soql.Query, target: ObjectType) -> Selection:
        root = Selection()
        seen: set[str] = set()
        for path in query.fields:
            steps, found, _ = self._resolve(query.text, target, path)
            place, entity = root, target if not steps else self._parent_of(steps)
            for step in steps:
                name = step.relationship or step.name
                if name not in place.parents:
                    place.parents[name] = (step, Selection())
                    place.order.append(name)
                place = place.parents[name][1]
            key = ".".join([*(step.name for step in steps), found.name])
            if key in seen:
                message = f"duplicate field selected: {path}"
                raise soql.refusal(query.text, path.position, "MALFORMED_QUERY", message)
            seen.add(key)
            place.fields.append((found.name, self._own_reader(entity, found)))
            place.order.append(found.name)
        return root

    def _parent_of(self, steps: tuple[Field, ...]) -> ObjectType | None:
        last = steps[-1]
        return None if last.polymorphic else self._schema.visible(last.reference_to[0])

    # Order

    def _sorter(self, query: soql.Query, target: ObjectType) -> Callable[[list[Record]], list[Record]]:
        keys: list[tuple[Reader, bool, bool]] = []
        for ordering in query.order_by:
            _, found, read = self._resolve(query.text, target, ordering.field)
            if not found.filterable:
                message = f"field '{found.name}' can not be sorted in a query call"
                raise soql.refusal(query.text, ordering.field.position, "INVALID_FIELD", message)
            nulls_first = ordering.nulls_first
            if nulls_first is None:
                nulls_first = self._descending_nulls_first or not ordering.descending
            keys.append((_normal_reader(found, read), ordering.descending, nulls_first))

        def sort(records: list[Record]) -> list[Record]:
            for read, descending, nulls_first in reversed(keys):
                pairs = [(read(record), record) for record in records]
                empty = [record for value, record in pairs if value is None]
                filled = sorted(
                    ((value, record) for value, record in pairs if value is not None),
                    key=lambda pair: pair[0],
                    reverse=descending,
                )
                ordered = [record for _, record in filled]
                records = [*empty, *ordered] if nulls_first else [*ordered, *empty]
            return records

        return sort

    # Conditions

    def _test(self, text: str, target: ObjectType, condition: soql.Condition) -> Test:
        match condition:
            case soql.AllOf(parts):
                tests = [self._test(text, target, part) for part in parts]
                return lambda record: all(test(record) for test in tests)
            case soql.AnyOf(parts):
                tests = [self._test(text, target, part) for part in parts]
                return lambda record: any(test(record) for test in tests)
            case soql.Not(inner):
                test = self._test(text, target, inner)
                return lambda record: not test(record)
            case soql.Membership(path, values, negated):
                return self._membership(text, target, path, values, negated=negated)
            case soql.Comparison(path, operator, value):
                return self._comparison(text, target, path, operator, value)

    def _filtered(self, text: str, target: ObjectType, path: soql.FieldPath) -> tuple[Field, Reader]:
        _, found, read = self._resolve(text, target, path)
        if not found.filterable:
            message = f"field '{found.name}' can not be filtered in a query call"
            raise soql.refusal(text, path.position, "INVALID_FIELD", message)
        return found, _normal_reader(found, read)

    def _membership(
        self,
        text: str,
        target: ObjectType,
        path: soql.FieldPath,
        values: Iterable[soql.Value],
        *,
        negated: bool,
    ) -> Test:
        found, read = self._filtered(text, target, path)
        wanted = {_normal_literal(text, found, value) for value in values}
        if negated:
            return lambda record: read(record) not in wanted
        return lambda record: read(record) in wanted

    def _comparison(
        self, text: str, target: ObjectType, path: soql.FieldPath, operator: soql.Operator, value: soql.Value
    ) -> Test:
        found, read = self._filtered(text, target, path)
        wanted = _normal_literal(text, found, value)
        if operator == "LIKE":
            if found.type in ID_TYPES or wanted is None or value.kind != "string":
                kind = "id" if found.type in ID_TYPES else found.type
                message = f"invalid operator on {kind} field"
                raise soql.refusal(text, path.position, "INVALID_QUERY_FILTER_OPERATOR", message)
            pattern = soql.like_pattern(value.text)
            return lambda record: _is_like(pattern, read(record))
        if operator == "=":
            return lambda record: read(record) == wanted
        if operator == "!=":
            return lambda record: read(record) != wanted
        if found.type == "boolean":
            raise soql.refusal(
                text, path.position, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field"
            )
        if wanted is None:
            return lambda _: False
        compare = _ORDERED[operator]

        def ordered(record: Record) -> bool:
            value = read(record)
            return value is not None and compare(value, wanted)

        return ordered


_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def no_type(name: str) -> str:
    return f"sObject type '{name}' is not supported. {_NO_TYPE} {_SEE}"


def canonical_datetime(text: str) -> str | None:
    """`2026-07-24T14:05:58Z` → `2026-07-24T14:05:58.000+0000`; None when it is no moment with an offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "+0000"
    except OverflowError:
        return None


def is_date(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _name_field(name: str) -> Field | None:
    for known in NAME_FIELDS:
        if known.lower() == name.lower():
            return Field(known, {"Id": "id", "IsActive": "boolean"}.get(known, "string"), known)
    return None


def _is_like(pattern: Any, value: object) -> bool:
    return value is not None and pattern.fullmatch(value) is not None


def _normal_reader(found: Field, read: Reader) -> Reader:
    """The value in the form in which it is compared; None for what is empty or of a wrong type."""
    if found.type == "boolean":
        return lambda record: read(record) is True
    if found.type in DECIMAL_TYPES or found.type == "int":

        def number(record: Record) -> Any:
            value = read(record)
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None

        return number

    def text(record: Record) -> Any:
        value = read(record)
        return None if value is None or value == "" else fold(found, value)

    return text


def fold(found: Field, value: object) -> str:
    """Text as it is compared: Ids by 15 characters, other text without regard to case."""
    text = str(value)
    if found.type in ID_TYPES:
        return short(text)
    if found.case_sensitive or found.type in {"date", "datetime"}:
        return text
    return text.lower()


def _normal_literal(text: str, found: Field, value: soql.Value) -> Any:
    if value.kind == "null":
        return False if found.type == "boolean" else None
    wanted = _WANTED.get(found.type, "string")
    if value.kind != wanted:
        quoted = (
            "and should be enclosed in quotes"
            if wanted == "string"
            else "and should not be enclosed in quotes"
        )
        kind = {"number": "int" if found.type == "int" else "double"}.get(wanted, wanted)
        message = f"value of filter criterion for field '{found.name}' must be of type {kind} {quoted}"
        raise soql.refusal(text, value.position, "INVALID_FIELD", message)
    if wanted == "dateTime":
        moment = canonical_datetime(value.text.upper())
        if moment is None:
            raise soql.refusal(text, value.position, "MALFORMED_QUERY", f"invalid dateTime: {value.text}")
        return moment
    if wanted == "date":
        if not is_date(value.text):
            raise soql.refusal(text, value.position, "MALFORMED_QUERY", f"invalid date: {value.text}")
        return value.text
    if wanted != "string":
        return value.value
    if found.type in ID_TYPES and not is_record_id(value.value):
        raise soql.refusal(
            text, value.position, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value.value}"
        )
    return None if value.value == "" else fold(found, value.value)


_WANTED = {
    "boolean": "boolean",
    "int": "number",
    **dict.fromkeys(DECIMAL_TYPES, "number"),
    "date": "date",
    "datetime": "dateTime",
}
