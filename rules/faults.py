"""What is wrong with a catalogue: where, in plain words, and what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `path` names the key (`rules.call_back.when`), `column` is 1-based within `text`.

    `suggestion` is the bare name or value that was probably meant, to be shown as "did you mean ...?".
    """

    path: str
    message: str
    column: int | None = None
    text: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.path}, column {self.column}" if self.column else self.path
        lines = [f"{place}: {self.message}"]
        if self.text is not None and self.column and "\n" not in self.text:
            hint = f" did you mean {self.suggestion}?" if self.suggestion else ""
            lines += [f"    {self.text}", f"    {' ' * (self.column - 1)}^{hint}"]
        elif self.suggestion:
            lines.append(f"    did you mean {self.suggestion}?")
        return "\n".join(lines)


class CatalogueError(Exception):
    """Every fault found, at once, so that a config is corrected in one go."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))
