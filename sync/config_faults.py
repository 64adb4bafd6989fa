"""Turns what pydantic says about a value into words to act on: where, found, expected, what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from sync.config_layers import Places, field_at, fields_of, is_secret, kind_of, model_at
from sync.config_models import Settings
from sync.config_types import EXPECTED, REFUSED, close_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from sync.config_errors import ConfigFault
    from sync.toml_lines import KeyPath

_SHOWN = 60

_TYPES = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number that is not infinite",
    "bool_type": "true or false, without quotes",
    "tuple_type": "a list",
    "list_type": "a list",
    "mapping_type": "a table",
    "dict_type": "a table",
    "model_type": "a section of its own",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def faults_of(errors: Iterable[ErrorDetails], places: Places) -> list[ConfigFault]:
    """One fault per mistake: a key that is missing only because its name was mistyped is left to the typo."""
    errors = list(errors)
    unknown = [_unknown_key(error["loc"], places) for error in errors if error["type"] == "extra_forbidden"]
    meant = {(fault.key.rpartition(".")[0], fault.suggestion) for fault in unknown}
    others = []
    for error in errors:
        section, name = error["loc"][:-1], error["loc"][-1]
        if error["type"] == "extra_forbidden":
            continue
        if error["type"] == "missing":
            if (".".join(map(str, section)), name) not in meant:
                others.append(_missing(error["loc"], places))
        else:
            others.append(_wrong(error, places))
    return unknown + others


def unknown_section(name: str, value: object, places: Places) -> ConfigFault:
    if isinstance(value, dict):
        return places.fault(
            (name,), "unknown section", suggestion=close_to(name, list(Settings.model_fields))
        )
    return places.fault((name,), "this key stands outside of any section" + _home(name))


def plain_value(value: object) -> Any:
    """A value as the file would hold it: texts, numbers, lists and tables."""
    if isinstance(value, timedelta):
        if value > timedelta(days=1) and not value % timedelta(days=1):
            return f"{value.days} days"
        return f"{value / timedelta(hours=1):g}h"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Mapping):
        return {key: plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def toml(value: object) -> str:
    """A value as it would be written in the file."""
    value = plain_value(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_toml_key(key)} = {toml(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def _toml_key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _unknown_key(path: KeyPath, places: Places) -> ConfigFault:
    model = model_at(path[:-1])
    name = str(path[-1])
    suggestion = close_to(name, list(model.model_fields)) if model is not None else None
    return places.fault(path, "unknown key" + ("" if suggestion else _home(name)), suggestion=suggestion)


def _home(name: str) -> str:
    """Where a key of this name would stand, if there is one such place."""
    homes = [path[:-1] for path, _ in fields_of(Settings) if len(path) > 1 and path[-1] == name]
    return f"; it belongs in [{'.'.join(homes[0])}]" if len(homes) == 1 else ""


def _missing(path: KeyPath, places: Places) -> ConfigFault:
    if len(path) == 1:
        needed = f"[{path[0]}]"
        inner = field_at((*path, "instance_url"))
        example = f" with instance_url = {toml(inner.examples[0])}" if inner and inner.examples else ""
        return places.fault(path, f"this section is missing; add {needed}{example}")
    example = _example(path)
    return places.fault(path, f"missing; add {example}" if example else "missing")


def _wrong(error: ErrorDetails, places: Places) -> ConfigFault:
    path: KeyPath = error["loc"]
    context: Mapping[str, Any] = error.get("ctx", {})
    suggestion: str | None = context.get("suggestion")
    if error["type"] == REFUSED:
        if context.get("key"):
            path = (*path, context["key"])
        return places.fault(path, context["sentence"], suggestion=suggestion)
    words, example = "", True
    if error["type"] == EXPECTED:
        words, example = context["words"], False
    elif error["type"] == "literal_error":
        known = [word.strip("' ") for word in context["expected"].replace(" or ", ", ").split(",")]
        words, example = f"one of {', '.join(known)}" if len(known) > 1 else known[0], False
        if isinstance(error["input"], str):
            suggestion = close_to(error["input"], known)
    elif error["type"] in _BOUNDS:
        name, phrase = _BOUNDS[error["type"]]
        words = f"{phrase} {context[name]:g}"
    else:
        words = _TYPES.get(error["type"], error["msg"])
    found = "" if is_secret(path) else f"found {shown(error['input'])}, "
    hint = _example(path) if example and not suggestion else ""
    return places.fault(
        path, f"{found}expected {words}" + (f"; for example {hint}" if hint else ""), suggestion=suggestion
    )


def shown(value: object) -> str:
    """A value of the file in a message: short, and never the inside of a list or table."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, str):
        text = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
        return f'"{text}"'
    return toml(value) if isinstance(value, bool | date) else str(value)


def _example(path: KeyPath) -> str:
    """`key = value` out of the field's example or default; nothing where that would not help."""
    info = field_at(path)
    if info is None or kind_of(info.annotation)[0] == "section":
        return ""
    names = [part for part in path if isinstance(part, str)]
    value: Any = info.examples[0] if info.examples else info.get_default(call_default_factory=True)
    if value is PydanticUndefined or isinstance(value, SecretStr) or value in (None, (), [], {}):
        return ""
    table = kind_of(info.annotation)[0] == "table"
    name = names[-1]
    if table and field_at(tuple(names[:-1])) is info:  # an entry of the table: show one entry
        name, value = next(iter(value.items()))
    return f"{_toml_key(name)} = {toml(value)}"
