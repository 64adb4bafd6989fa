"""The parts of a config that is being drafted: lines with a value and a remark, and what a person should know."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules.templates import clean
from sync.config_types import normal_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Value = str | bool | int | float | list[str]
MOST_SHOWN = 12  # values in a remark
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Line:
    """`key = value  # remark`; behind a # unless `on`. Without a key it is a remark that stands alone."""

    key: str = ""
    value: Value = ""
    remark: str = ""
    on: bool = True


@dataclass(frozen=True, slots=True)
class Missing:
    """`what` is not there, `so` is what comes of it, `advice` what to do about it."""

    what: str
    so: str
    advice: str

    def to_json(self) -> dict[str, str]:
        return {"what": self.what, "so": self.so, "advice": self.advice}


@dataclass(slots=True)
class Draft:
    """`lines` by section, in the order in which they were said; `found` are sentences for people."""

    lines: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    found: list[str] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def say(self, section: str, key: str, value: Value, remark: str = "", *, on: bool = True) -> None:
        self.lines[section].append(Line(key, value, remark, on))

    def remark(self, section: str, text: str) -> None:
        self.lines[section].append(Line(remark=text))

    def lack(self, what: str, so: str, advice: str) -> None:
        self.missing.append(Missing(what, so, advice))

    def has(self, section: str, key: str) -> bool:
        """Whether a key is in force."""
        return any(line.key == key and line.on for line in self.lines.get(section, ()))


def usable(values: Iterable[str]) -> list[str]:
    """Those values of a list from outside that a config can hold as they are, each once."""
    found: dict[str, str] = {}
    for value in values:
        if value.strip() and value.strip() == value and can_stand(value):
            found.setdefault(normal_name(value), value)
    return list(found.values())


def can_stand(text: str) -> bool:
    """Whether a text can be a value: no control character, nothing that cannot be written as UTF-8."""
    if any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in text):
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(text: object, most: int = LONGEST_SHOWN) -> str:
    """A text from outside inside a sentence: one line, one direction of writing, no longer than a line has room for."""
    plain = "".join(char if char.isprintable() else " " for char in clean(str(text))).strip()
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"


def quoted(values: Iterable[object], most: int = MOST_SHOWN) -> str:
    """`"A", "B" and 3 more`."""
    given: Sequence[str] = [f'"{shown(value)}"' for value in values]
    more = len(given) - most
    return ", ".join(given) if more <= 0 else f"{', '.join(given[:most])} and {more} more"


def many(count: int, noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        plural = f"{noun[:-1]}ies"
    else:
        plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
