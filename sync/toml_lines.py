"""The line of every key of a TOML text, which `tomllib` reads but does not tell.

    [rules.call_back]          ("rules",), ("rules", "call_back")            line 1
    when = "open_p1 > 0"       ("rules", "call_back", "when")                line 2
    [[tests]]                  ("tests",), ("tests", 0)                      line 3
    given = { open_p1 = 1 }    ("tests", 0, "given"), (…, "given", "open_p1") line 4

The text must be one that `tomllib` accepts: the scanner looks for places only and checks nothing.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'  # a text may end in up to two quotes of its own
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\r\n#]*")  # a date-time may hold a blank


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Give the 1-based line of each table, key and list item.

    A table without a header of its own has the line on which it is first named.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._counted_to = 0
        self._line = 1
        self._tables: dict[KeyPath, int] = {}  # items so far of each [[list of tables]]

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(_GAP)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line = self._current_line()
        is_list = self.text.startswith("[[", self.at)
        self.at += 2 if is_list else 1
        parts = self._key()
        self.at += 2 if is_list else 1
        path: KeyPath = ()
        for part in parts[:-1]:
            path = (*path, part)
            self.lines.setdefault(path, line)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        path = (*path, parts[-1])
        if not is_list:
            self.lines[path] = line
            return path
        self.lines.setdefault(path, line)
        index = self._tables.get(path, 0)
        self._tables[path] = index + 1
        path = (*path, index)
        self.lines[path] = line
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._current_line()
        path = table
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        """Read a dotted key and the blanks behind it."""
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            bare = _BARE_KEY.match(self.text, self.at)
            if bare:
                parts.append(self._take(bare))
            else:
                quoted = self._take(_STRING.match(self.text, self.at))
                parts.append(str(tomllib.loads(f"key = {quoted}")["key"]))
            self._skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._items(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._take(_STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at))

    def _items(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while True:
            self._skip(_GAP)
            if self.text[self.at] == "]":
                self.at += 1
                return
            item = (*path, index)
            self.lines[item] = self._current_line()
            self._value(item)
            index += 1
            self._skip(_GAP)
            if self.text[self.at] == ",":
                self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while True:
            self._skip(_GAP)
            if self.text[self.at] == "}":
                self.at += 1
                return
            self._pair(path)
            self._skip(_GAP)
            if self.text[self.at] == ",":
                self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern.match(self.text, self.at))

    def _take(self, found: re.Match[str] | None) -> str:
        if found is None:
            raise ValueError(f"line {self._current_line()} is no TOML")
        self.at = found.end()
        return found.group()

    def _current_line(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._line
