"""What is wrong with a config: each fault in one message that says where, what, and what would be right.

rapport.toml:41: rules.call_back.when, column 8: unknown metric "oldest_unaswered_hours"
    oldest_unaswered_hours > 8
    ^ did you mean oldest_unanswered_hours?
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """`place` is `file:line` or the name of an environment variable; `line` only puts faults in order.

    `text` is an expression and `column` the 1-based place in it.
    """

    place: str
    key: str
    message: str
    line: int = 0
    column: int | None = None
    text: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        head = f"{self.place}: " if self.place else ""
        head += self.key
        if self.column and self.text is not None:
            head += f", column {self.column}"
        if self.key:
            head += ": "
        hint = f"did you mean {self.suggestion}?" if self.suggestion else ""
        if self.text is None or not self.column:
            return plain(f"{head}{self.message}{'; ' + hint if hint else ''}")
        shown, caret = _excerpt(self.text, self.column)
        return f"{plain(head + self.message)}\n    {shown}\n    {' ' * caret}^{' ' + hint if hint else ''}"


class ConfigError(Exception):
    """Every fault at once, so that a config is put right in one go."""

    exit_code: ClassVar[int] = 2

    def __init__(self, faults: Iterable[ConfigFault], path: Path | None) -> None:
        unique = dict.fromkeys(faults)
        self.faults: tuple[ConfigFault, ...] = tuple(sorted(unique, key=lambda fault: fault.line))
        self.path = path
        super().__init__("\n".join(map(str, self.faults)))


def plain(text: str) -> str:
    """Take out what would move the cursor of a terminal or turn the reading direction."""
    return "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} else char for char in text)


def _excerpt(text: str, column: int) -> tuple[str, int]:
    """The line of `text` that the column is in, cut to a width that can be read, and the caret's place."""
    before = text[: column - 1]
    start = before.rfind("\n") + 1
    end = text.find("\n", start)
    line = plain(text[start : end if end >= 0 else len(text)])
    caret = column - 1 - start
    if len(line) <= _WIDTH:
        return line, caret
    first = max(0, min(caret - _WIDTH // 2, len(line) - _WIDTH))
    cut = line[first : first + _WIDTH]
    left = "…" if first else ""
    right = "…" if first + _WIDTH < len(line) else ""
    return f"{left}{cut}{right}", caret - first + len(left)
