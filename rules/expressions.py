"""SQL scalar expressions of admins and of the catalogue: parsed, checked, compiled to each engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sqlglot import exp

Type = Literal["number", "text", "boolean", "date", "timestamp"]
Engine = Literal["duckdb", "spark"]


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; equal texts are equal expressions, whatever tree they gave."""

    text: str
    tree: exp.Expression
    type: Type
    columns: frozenset[str]
