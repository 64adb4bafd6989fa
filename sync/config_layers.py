"""The values of a config before they are checked: the file, over it the environment, each with its place.

`RAPPORT_<SECTION>__<KEY>` overrides a value of the file. Texts and numbers stand as they are, lists and
tables as JSON; a JSON table adds to that of the file, key by key. An empty variable counts as not set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from rules.catalogue_texts import TEXTS
from rules.phrases import ENGLISH
from sync.config_errors import ConfigFault
from sync.config_models import CATALOGUE_SECTIONS, Settings
from sync.config_types import close_to, normal_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from sync.toml_lines import KeyPath

PREFIX = "RAPPORT_"

Kind = Literal["section", "tables", "table", "list", "scalar", "text", "secret"]


@dataclass(slots=True)
class Places:
    """Where each value came from, so that a message can say which line or variable to change."""

    file: str | None
    lines: Mapping[KeyPath, int]
    variables: dict[KeyPath, str] = field(default_factory=dict)

    def of(self, path: KeyPath) -> tuple[str, int]:
        """The place of a key and its line; for a key that is not there, that of what should hold it."""
        for length in range(len(path), 0, -1):
            known = path[:length]
            if known in self.variables:
                return self.variables[known], 0
            if known in self.lines:
                return f"{self.file}:{self.lines[known]}", self.lines[known]
        return self.file or "environment", 0

    def fault(
        self,
        path: KeyPath,
        message: str,
        *,
        suggestion: str | None = None,
        column: int | None = None,
        text: str | None = None,
    ) -> ConfigFault:
        place, line = self.of(path)
        return ConfigFault(place, dotted(path), message, line, column, text, suggestion)


def dotted(path: KeyPath) -> str:
    """`("tests", 0, "rule")` as people read it: `tests[0].rule`."""
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{part}" if words else part
    return words


def kind_of(annotation: Any) -> tuple[Kind, type[BaseModel] | None]:
    """What a field takes, whatever checks are wrapped around its type; "tables" are sections with names."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return kind_of(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        kinds = [arg for arg in get_args(annotation) if arg is not type(None)]
        return kind_of(kinds[0]) if len(kinds) == 1 else ("scalar", None)
    bare = origin or annotation
    if isinstance(bare, type):
        if issubclass(bare, BaseModel):
            return "section", bare
        if issubclass(bare, SecretStr):
            return "secret", None
        if issubclass(bare, Mapping):
            values = get_args(annotation)[1]
            named = isinstance(values, type) and issubclass(values, BaseModel)
            return ("tables", values) if named else ("table", None)
        if issubclass(bare, tuple | list):
            return "list", None
        if issubclass(bare, int | float):
            return "scalar", None
    return "text", None


def fields_of(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every key of a model and of the sections within it."""
    for name, info in model.model_fields.items():
        yield (name,), info
        kind, inner = kind_of(info.annotation)
        if kind == "section" and inner is not None:
            yield from (((name, *rest), below) for rest, below in fields_of(inner))


def field_at(path: KeyPath) -> FieldInfo | None:
    """The field that a path ends at or lies within; None for what no model knows."""
    model: type[BaseModel] | None = Settings
    info: FieldInfo | None = None
    kind: Kind = "section"
    for part in path:
        if kind == "tables":  # this part is only the name of one of them
            kind = "section"
            continue
        if model is None:
            return info
        info = model.model_fields.get(str(part))
        if info is None:
            return None
        kind, model = kind_of(info.annotation)
    return info


def model_at(path: KeyPath) -> type[BaseModel] | None:
    """The section that stands at a path."""
    model: type[BaseModel] | None = Settings
    kind: Kind = "section"
    for part in path:
        if kind == "tables":
            kind = "section"
            continue
        info = model.model_fields.get(str(part)) if model is not None else None
        kind, model = kind_of(info.annotation) if info is not None else ("text", None)
    return model if kind == "section" else None


def is_secret(path: KeyPath) -> bool:
    info = field_at(path)
    return info is not None and kind_of(info.annotation)[0] == "secret"


SECRETS = tuple(path for path, info in fields_of(Settings) if kind_of(info.annotation)[0] == "secret")


def variable(path: tuple[str, ...]) -> str:
    return PREFIX + "__".join(part.upper() for part in path)


def take_secrets(tree: dict[str, Any], places: Places) -> list[ConfigFault]:
    """Remove the secrets that stand in the file, with a fault for each that does not repeat it."""
    faults = []
    for path in [*SECRETS, *_secrets_of_tables(tree)]:
        section = _held(tree, path[:-1])
        if not isinstance(section, dict) or path[-1] not in section:
            continue
        value = section[path[-1]]
        if path == ("http", "proxy") and isinstance(value, str) and "@" not in value:
            continue  # a proxy is a secret only where its address holds a password
        del section[path[-1]]
        ways = f"set {variable(path)}"
        if field_at((*path[:-1], f"{path[-1]}_file")) is not None:
            ways += f" or name a file that holds it with {path[-1]}_file"
        faults.append(
            places.fault(
                path,
                f"a secret does not belong in this file; remove it, {ways},"
                " and renew it if others could read the file",
            )
        )
    return faults


def _tables(tree: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """The path of every section with a name that the file has, and its model."""
    for path, info in fields_of(Settings):
        kind, model = kind_of(info.annotation)
        held = _held(tree, path)
        if kind == "tables" and model is not None and isinstance(held, dict):
            yield from (((*path, str(name)), model) for name in held)


def _secrets_of_tables(tree: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (*path, *below)
        for path, model in _tables(tree)
        for below, info in fields_of(model)
        if kind_of(info.annotation)[0] == "secret"
    ]


def overlay(tree: dict[str, Any], environ: Mapping[str, str], places: Places) -> list[ConfigFault]:
    """Write the values of the environment over those of the file."""
    faults = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or not environ[name].strip():
            continue
        path, kind = _target(name, tree)
        if path is None:
            faults.append(_unknown(name, tree))
            continue
        value, problem = _decode(environ[name], kind)
        if problem:
            faults.append(ConfigFault(name, dotted(path), problem))
            continue
        _write(tree, path, value, name, places)
    return faults


def _target(name: str, tree: Mapping[str, Any]) -> tuple[tuple[str, ...] | None, Kind]:
    """The key that a variable means. Keys of tables keep their case, names of the catalogue are small."""
    parts = name.removeprefix(PREFIX).split("__")
    if not all(parts):
        return None, "text"
    path: tuple[str, ...] = ()
    model: type[BaseModel] | None = Settings
    kind: Kind = "section"
    for position, part in enumerate(parts):
        if kind == "tables":
            path, kind = (*path, part.lower()), "section"
            continue
        if model is None:
            rest = tuple(parts[position:])
            if path[0] in CATALOGUE_SECTIONS and kind == "table":
                return (*path, *(word.lower() for word in rest)), "scalar"
            if kind == "table":
                key = "__".join(rest)  # as in Rapport_Health__c
                held = _held(tree, path)
                known = {normal_name(key): key for key in held} if isinstance(held, dict) else {}
                return (*path, known.get(normal_name(key), key)), _kind_of_values(path)
            return None, "text"
        info = model.model_fields.get(part.lower())
        if info is None:
            return None, "text"
        path = (*path, part.lower())
        kind, model = kind_of(info.annotation)
    return path, kind


def _kind_of_values(table: tuple[str, ...]) -> Kind:
    info = field_at(table)
    return kind_of(get_args(info.annotation)[1])[0] if info is not None else "text"


def _held(tree: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    held: Any = tree
    for part in path:
        held = held.get(part) if isinstance(held, dict) else None
    return held


def _unknown(name: str, tree: Mapping[str, Any]) -> ConfigFault:
    paths = [path for path, _ in fields_of(Settings)]
    paths += [(*table, *below) for table, model in _tables(tree) for below, _ in fields_of(model)]
    known = [variable(path).removeprefix(PREFIX) for path in paths]
    meant = close_to(name.removeprefix(PREFIX), known)
    return ConfigFault(
        name,
        "",
        "this environment variable sets nothing; names are RAPPORT_<SECTION>__<KEY>",
        suggestion=PREFIX + meant if meant else None,
    )


def _decode(text: str, kind: Kind) -> tuple[Any, str | None]:
    if kind in {"text", "secret"}:
        return text.strip(), None
    try:
        return json.loads(text, parse_constant=_no_constant), None
    except (ValueError, RecursionError) as fault:
        if kind == "scalar":  # the check of the value says what it should have been
            return {"true": True, "false": False}.get(text.strip().lower(), text), None
        shape = '["one", "two"]' if kind == "list" else '{"key": "value"}'
        position = f" at character {fault.pos + 1}" if isinstance(fault, json.JSONDecodeError) else ""
        noun = "list" if kind == "list" else "table"
        return None, f"the value is no JSON{position}; write a {noun} such as {shape}"


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _write(tree: dict[str, Any], path: tuple[str, ...], value: Any, name: str, places: Places) -> None:
    held = tree
    for part in path[:-1]:
        below = held.setdefault(part, {})
        if path[0] in TEXTS and isinstance(
            below, str
        ):  # English so far: RAPPORT_RULES__CALL_BACK__SUBJECT__DE
            held[part] = below = {ENGLISH: below}
        if not isinstance(below, dict):
            return  # the file has something else here, which is a fault of its own
        held = below
    before = held.get(path[-1])
    if isinstance(value, dict) and isinstance(before, dict):
        for key, inner in value.items():
            _write(tree, (*path, key), inner, name, places)
        return
    held[path[-1]] = value
    places.variables[path] = name
    for below_path in [line for line in places.lines if line[: len(path)] == path and line != path]:
        places.variables.setdefault(below_path, name)
