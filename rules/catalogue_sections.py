"""One table of the raw catalogue, read key by key; whatever does not fit is noted as a fault, and reading goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeGuard, get_args

from rules.expression_tokens import closest
from rules.expressions import Expression, parse
from rules.faults import CatalogueError, Fault
from rules.templates import Template, compile_template

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rules.expressions import Type

NAME = re.compile(r"[a-z][a-z0-9_]*")
MOST_LETTERS = 40


def options(literal: object) -> tuple[str, ...]:
    """The values of a Literal type, for messages and checks."""
    return tuple(map(str, get_args(literal)))


def is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return False
    return Decimal(value).is_finite()


def as_decimal(value: object) -> Decimal:
    """0.1 in a file means a tenth, not the double next to it."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(str(value))


class Section:
    """Keys are taken by kind; those that nobody took are unknown. Nothing here raises."""

    def __init__(self, path: str, raw: object, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        self.raw: Mapping[str, object] = {}
        self._taken: set[str] = set()
        self.is_table = isinstance(raw, Mapping)
        if isinstance(raw, Mapping):
            self.raw = {str(key): value for key, value in raw.items()}
        else:
            self.fault("", f"this is a table of keys and values, not {_shown(raw)}")

    def has(self, key: str) -> bool:
        return self._take(key) is not None

    def fault(self, key: str, message: str, suggestion: str | None = None) -> None:
        path = f"{self.path}.{key}" if key else self.path
        self.faults.append(Fault(path, message, suggestion=suggestion))

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        self.fault(key, f"this is text in quotes, not {_shown(value)}")
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._take(key)
        if value is None or isinstance(value, bool):
            return default if value is None else bool(value)
        self.fault(key, f"this is true or false, not {_shown(value)}")
        return default

    def decimal(self, key: str, *, least: int, most: int, default: Decimal | None = None) -> Decimal | None:
        value = self._take(key)
        if value is None:
            return default
        if not is_number(value):
            self.fault(key, f"this is a number, not {_shown(value)}")
            return default
        if not least <= as_decimal(value) <= most:
            self.fault(key, f"this is a number from {least} to {most}, not {_shown(value)}")
            return default
        return as_decimal(value)

    def choice(self, key: str, known: Collection[str], default: str | None = None) -> str | None:
        value = self.text(key)
        if value is None:
            return default
        if value not in known:
            self.fault(key, f'"{value[:40]}" is not one of {", ".join(known)}', closest(value, known))
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key)
        if value is None:
            return ()
        texts = tuple(each for each in value if isinstance(each, str)) if is_list(value) else ()
        if not is_list(value) or len(texts) < len(value):
            self.fault(key, f"this is a list of texts, not {_shown(value)}")
        return texts

    def sections(self, key: str) -> list[Section]:
        value = self._take(key)
        if value is None:
            return []
        if not is_list(value):
            self.fault(key, f"this is a list of tables, written [[{self.path}.{key}]], not {_shown(value)}")
            return []
        return [Section(f"{self.path}.{key}[{place}]", each, self.faults) for place, each in enumerate(value)]

    def value(self, key: str) -> object:
        return self._take(key)

    def expression(
        self,
        key: str,
        columns: Mapping[str, Type],
        *,
        want: Type | None,
        noun: str = "column",
        choices: Mapping[str, Collection[str]] | None = None,
    ) -> Expression | None:
        text = self.text(key)
        if text is None:
            return None
        try:
            return parse(text, columns, path=f"{self.path}.{key}", want=want, noun=noun, choices=choices)
        except CatalogueError as error:
            self.faults.extend(error.faults)
            return None

    def template(self, key: str, columns: Mapping[str, Type]) -> Template | None:
        text = self.text(key)
        if text is None:
            return None
        try:
            return compile_template(text, columns, path=f"{self.path}.{key}")
        except CatalogueError as error:
            self.faults.extend(error.faults)
            return None

    def missing(self, key: str, message: str) -> None:
        """Ask for a key, unless it is there and was found wrong already."""
        if self.is_table and key not in self.raw:
            self.fault(key, message)

    def finish(self) -> None:
        """Say which keys nobody knows; call it last."""
        for key in self.raw:
            if key not in self._taken:
                self.fault(key, f'unknown key "{key[:40]}"', closest(key, self._taken))

    def _take(self, key: str) -> object:
        self._taken.add(key)
        return self.raw.get(key)


def named_sections(name: str, raw: object, faults: list[Fault]) -> dict[str, Section]:
    """The tables of a section by their names; a name that cannot be one is a fault."""
    sections = Section(name, raw, faults)
    found = {}
    for key, value in sections.raw.items():
        if not NAME.fullmatch(key):
            sections.fault(key, "a name begins with a small letter and has small letters, digits and _ only")
        elif len(key) > MOST_LETTERS:
            sections.fault(key, f"a name has at most {MOST_LETTERS} letters")
        else:
            found[key] = Section(f"{name}.{key}", value, faults)
    return found


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def unknown_name(kind: str, name: str, known: Iterable[str]) -> tuple[str, str | None]:
    """Message and suggestion for a name that is not there."""
    return f'unknown {kind} "{name[:40]}"', closest(name, known)


def _shown(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value[:40]}"'
        case int() | float() | Decimal():
            return str(value)[:40]
        case Mapping():
            return "a table"
    return "a list" if is_list(value) else "this"
