"""Which objects and fields the simulated org has, and which of them its connected user may see.

Three sources add up: the standard objects, `schema.json` of the dataset, and the keys that its records hold.

    {"Account": {"fields": [{"name": "Tier__c", "type": "picklist", "picklistValues": ["A", "B"]}],
                 "hidden": ["AnnualRevenue"],
                 "validationRules": [{"when": "Phone = null", "message": "Give a number", "field": "Phone"}]},
     "Contact": {"writes": ""},
     "Contract": {"hidden": true}}

A value of a picklist may be a text or {"value", "label", "active"}; one that is not active is described and refused.

`writes` holds the letters of what the user may do with the object (create, update, delete).

A rule of `validationRules` refuses what its SOQL condition holds for, as an org's own validation rule does.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.dataset import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simulator.dataset import Dataset, Record

TEXT_TYPES = frozenset(
    {
        "string",
        "textarea",
        "picklist",
        "multipicklist",
        "combobox",
        "email",
        "phone",
        "url",
        "encryptedstring",
    }
)
ID_TYPES = frozenset({"id", "reference"})
DECIMAL_TYPES = frozenset({"double", "currency", "percent"})
TYPES = TEXT_TYPES | ID_TYPES | DECIMAL_TYPES | {"boolean", "int", "date", "datetime", "time", "address"}

# The names that the setup pages and metadata files use for the same types.
_OTHER_NAMES = {
    "text": "string",
    "longtextarea": "textarea",
    "html": "textarea",
    "number": "double",
    "checkbox": "boolean",
    "lookup": "reference",
    "masterdetail": "reference",
    "multiselectpicklist": "multipicklist",
    "integer": "int",
}
SYSTEM_FIELDS = (
    *("IsDeleted", "CreatedDate", "CreatedById"),
    *("LastModifiedDate", "LastModifiedById", "SystemModstamp"),
)
_LENGTHS = {"id": 18, "reference": 18, "email": 80, "phone": 40, "textarea": 32_000, "multipicklist": 4_099}
_FIELD_LINE = re.compile(
    r"(\w+) (\w+)(?:\((.*)\)(!)?)?((?: (?:required|readonly|createonly|name|lookup|bare))*)"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    required: bool = False
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    case_sensitive: bool = False
    names_record: bool = False
    picklist: tuple[tuple[str, str], ...] = ()  # value and label
    inactive: tuple[tuple[str, str], ...] = ()  # values that may no longer be chosen
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    bare: bool = False  # a reference that SOQL cannot step through

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """The name under which SOQL steps to the parent."""
        if self.type != "reference" or self.bare:
            return None
        return self.name[:-3] + "__r" if self.custom else self.name.removesuffix("Id")

    @property
    def polymorphic(self) -> bool:
        return len(self.reference_to) > 1

    @property
    def filterable(self) -> bool:
        return self.type != "address" and not (self.type == "textarea" and self.length > 255)


@dataclass(frozen=True, slots=True)
class ValidationRule:
    when: str
    message: str
    field: str | None


@dataclass(slots=True)
class ObjectType:
    """Fields and relationships are found whatever the case; `present` says that the org has the object."""

    name: str
    label: str
    plural: str
    prefix: str
    writes: str = "cud"
    present: bool = False
    hidden: bool = False
    hidden_fields: frozenset[str] = frozenset()
    rules: tuple[ValidationRule, ...] = ()
    all_fields: dict[str, Field] = field(default_factory=dict)

    def add(self, new: Field) -> None:
        self.all_fields[new.name.lower()] = new

    def field(self, name: str) -> Field | None:
        """The field, if the connected user may see it."""
        key = name.lower()
        return None if key in self.hidden_fields else self.all_fields.get(key)

    def fields(self) -> list[Field]:
        """The fields that the connected user may see."""
        return [each for key, each in self.all_fields.items() if key not in self.hidden_fields]

    def parent(self, relationship: str) -> Field | None:
        wanted = relationship.lower()
        for each in self.fields():
            name = each.relationship
            if name is not None and name.lower() == wanted:
                return each
        return None

    def external_id(self, name: str) -> Field | None:
        """The field, if an upsert may find records by it."""
        found = self.field(name)
        return found if found is not None and (found.external_id or found.id_lookup) else None


class Schema:
    def __init__(self, objects: Iterable[ObjectType]) -> None:
        self._objects = {each.name.lower(): each for each in objects}

    def all(self) -> list[ObjectType]:
        return list(self._objects.values())

    def known(self, name: str) -> ObjectType | None:
        """The object, hidden or not."""
        found = self._objects.get(name.lower())
        return found if found is not None and found.present else None

    def visible(self, name: str) -> ObjectType | None:
        found = self.known(name)
        return None if found is None or found.hidden else found


def build(dataset: Dataset) -> Schema:
    objects = {name: _copy(standard) for name, standard in _standard().items()}
    for name in (*dataset.salesforce, *dataset.schema):
        if name not in objects:
            records = dataset.salesforce.get(name, [])
            prefix = str(records[0]["Id"])[:3] if records else f"a{len(objects):02d}"
            objects[name] = _unknown_object(name, prefix)
    for name, entry in dataset.schema.items():
        _extend(objects[name], entry)
    for name, records in dataset.salesforce.items():
        objects[name].present = True
        _infer(objects[name], records)
    for name in ("Organization", "User", "TaskStatus"):
        objects[name].present = True
    return Schema(objects.values())


# The fields of a polymorphic parent, whatever it is: the pseudo-object `Name` of the vendor.
NAME_FIELDS = (
    *("Id", "Name", "Type", "Alias", "Email", "FirstName", "LastName", "IsActive", "Phone"),
    *("ProfileId", "Title", "Username", "UserRoleId"),
)


def label_of(name: str) -> str:
    """`AccountId` → "Account ID", `Tier_Level__c` → "Tier Level"."""
    words = re.sub(r"__c$", "", name).replace("_", " ")
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", words)
    return re.sub(r"\bId$", "ID", spaced)


@cache
def _standard() -> Mapping[str, ObjectType]:
    text = (files("simulator") / "salesforce_objects.toml").read_text(encoding="utf-8")
    return {name: _standard_object(name, entry) for name, entry in tomllib.loads(text).items()}


def _standard_object(name: str, entry: Mapping[str, str]) -> ObjectType:
    made = ObjectType(name, entry["label"], entry["plural"], entry["prefix"], entry["writes"])
    made.add(
        Field("Id", "id", f"{entry['label']} ID", 18, createable=False, updateable=False, id_lookup=True)
    )
    for line in entry["fields"].splitlines():
        if line:
            made.add(_field_of_line(line))
    for kept in entry["system"].split():
        made.add(_system_field(kept))
    return made


def _unknown_object(name: str, prefix: str) -> ObjectType:
    made = ObjectType(name, label_of(name), label_of(name) + "s", prefix)
    made.add(Field("Id", "id", "Record ID", 18, createable=False, updateable=False, id_lookup=True))
    made.add(_field_of_line("Name string(255) name"))
    for kept in SYSTEM_FIELDS:
        made.add(_system_field(kept))
    return made


def _copy(standard: ObjectType) -> ObjectType:
    return replace(standard, all_fields=dict(standard.all_fields))


def _system_field(name: str) -> Field:
    if name == "IsDeleted":
        return Field(name, "boolean", "Deleted", createable=False, updateable=False, required=True)
    if name.endswith("ById"):
        return Field(
            name,
            "reference",
            label_of(name),
            18,
            createable=False,
            updateable=False,
            required=True,
            reference_to=("User",),
        )
    return Field(name, "datetime", label_of(name), createable=False, updateable=False, required=True)


def _field_of_line(line: str) -> Field:
    match = _FIELD_LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"field line {line!r}")
    name, kind, inside, mark, flags = match.groups()
    words = set(flags.split())
    made = Field(
        name,
        kind,
        label_of(name),
        length=_LENGTHS.get(kind, 255 if kind in TEXT_TYPES else 0),
        createable="readonly" not in words,
        updateable=not words & {"readonly", "createonly"},
        required="required" in words,
        names_record="name" in words,
        id_lookup="lookup" in words,
        restricted=mark is not None,
        bare="bare" in words,
    )
    if kind == "reference":
        return replace(made, reference_to=tuple(inside.split("|")))
    if kind in {"picklist", "multipicklist"}:
        values = [value for value in (inside or "").split("|") if value]
        return replace(made, picklist=tuple((value, value) for value in values))
    if kind in DECIMAL_TYPES:
        precision, scale = (inside or "18,0").split(",")
        return replace(made, precision=int(precision), scale=int(scale))
    return replace(made, length=int(inside)) if inside else made


def _extend(target: ObjectType, entry: Mapping[str, Any]) -> None:
    for each in entry.get("fields", []):
        target.add(_declared(target, each))
    target.writes = str(entry.get("writes", target.writes))
    hidden = entry.get("hidden", [])
    target.hidden = hidden is True
    # Id cannot be taken from a user who may read the object.
    target.hidden_fields = frozenset(
        str(name).lower() for name in (hidden if isinstance(hidden, list) else []) if str(name) != "Id"
    )
    target.rules = tuple(
        ValidationRule(str(rule["when"]), str(rule["message"]), rule.get("field"))
        for rule in entry.get("validationRules", [])
    )


def _declared(target: ObjectType, entry: Mapping[str, Any]) -> Field:
    name = str(entry["name"])
    wanted = str(entry.get("type", "string")).lower()
    kind = _OTHER_NAMES.get(wanted, wanted)
    if kind not in TYPES:
        raise DatasetError(
            Path("salesforce", "schema.json"), None, f"{target.name}.{name} has an unknown type {wanted!r}"
        )
    values: list[tuple[str, str]] = []
    inactive: list[tuple[str, str]] = []
    for value in entry.get("picklistValues", []):
        told = value if isinstance(value, dict) else {"value": value}
        text = told.get("value")
        place = values if told.get("active", True) else inactive
        place.append((str(text), str(told.get("label", text))))
    parents = entry.get("referenceTo", [])
    external = bool(entry.get("externalId", False))
    return Field(
        name,
        kind,
        str(entry.get("label", label_of(name))),
        length=int(entry.get("length", _LENGTHS.get(kind, 255 if kind in TEXT_TYPES else 0))),
        precision=int(entry.get("precision", 18 if kind in DECIMAL_TYPES else 0)),
        scale=int(entry.get("scale", 0)),
        createable=bool(entry.get("createable", True)),
        updateable=bool(entry.get("updateable", True)),
        required=bool(entry.get("required", False)),
        unique=bool(entry.get("unique", False)),
        external_id=external,
        id_lookup=external,
        case_sensitive=bool(entry.get("caseSensitive", False)),
        picklist=tuple(values),
        inactive=tuple(inactive),
        # The list of a custom field is restricted unless somebody unticks it, a standard one is not.
        restricted=bool(entry.get("restrictedPicklist", bool(values) and name.endswith("__c"))),
        reference_to=tuple([parents] if isinstance(parents, str) else parents),
    )


def _infer(target: ObjectType, records: Iterable[Record]) -> None:
    values: dict[str, list[Any]] = {}
    for record in records:
        for key, value in record.items():
            if key.lower() not in target.all_fields and key != "attributes":
                values.setdefault(key, []).append(value)
    for key, found in values.items():
        kind = _kind_of([value for value in found if value is not None])
        if kind is not None and not target.parent(key):
            long_text = any(isinstance(value, str) and len(value) > 255 for value in found)
            target.add(
                Field(
                    key,
                    "textarea" if kind == "string" and long_text else kind,
                    label_of(key),
                    length=(32_000 if long_text else 255) if kind == "string" else _LENGTHS.get(kind, 0),
                    precision=18 if kind == "double" else 0,
                    scale=6 if kind == "double" else 0,
                )
            )


def _kind_of(values: list[Any]) -> str | None:
    """The narrowest type that fits all values; None for what is no field, such as a parent's record."""
    if any(isinstance(value, list) for value in values):
        return None
    if any(isinstance(value, dict) for value in values):
        return None
    if values and all(isinstance(value, bool) for value in values):
        return "boolean"
    if values and all(isinstance(value, int | float) for value in values):
        return "double"
    texts = [value for value in values if isinstance(value, str)]
    if texts and all(_DATE.fullmatch(text) for text in texts):
        return "date"
    if texts and all(_DATETIME.fullmatch(text) for text in texts):
        return "datetime"
    return "string"
