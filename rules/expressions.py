"""SQL scalar expressions of admins and of the catalogue: parsed, checked, compiled to each engine."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from rules.expression_sql import as_written, for_engine
from rules.expression_tokens import Place, split, tokens
from rules.expression_types import NAMES, Checker, Node, Type, bare, function_name, is_negative_literal
from rules.functions import Engine

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = [
    "Clause",
    "Comparison",
    "Engine",
    "Expression",
    "Type",
    "clauses",
    "parse",
    "state_sql",
    "to_sql",
]

_PARSER = sqlglot.Dialect.get_or_raise("duckdb")
# What was found right stays right: a config is read several times in one process, always with the same catalogue.
_MOST_KEPT = 4096
_found_right: dict[tuple[object, ...], Expression] = {}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression in its canonical text; equal texts are equal expressions."""

    text: str
    tree: Node = field(repr=False, compare=False)
    type: Type
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The simplest clause: one column against one fixed value, as in `days_since_contact > 30`."""

    column: str
    sign: str
    limit: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One leaf of a condition's and/or tree; `columns` in order of appearance, `sql` for DuckDB."""

    text: str
    sql: str
    columns: tuple[str, ...]
    comparison: Comparison | None
    expression: Expression


def parse(
    text: str,
    columns: Mapping[str, Type],
    *,
    path: str,
    want: Type | None = None,
    noun: str = "column",
    choices: Mapping[str, Collection[str]] | None = None,
) -> Expression:
    """Check `text` against the known columns; the first fault is raised as a CatalogueError.

    `noun` is what messages call a column. `choices` holds, per text column, the values it can have.
    """
    values = frozenset((name, frozenset(allowed)) for name, allowed in (choices or {}).items())
    key = (text, frozenset(columns.items()), want, values)
    known = _found_right.get(key)
    if known is None:
        known = _parse(Place(path, text), columns, want, noun, choices or {})
        if len(_found_right) >= _MOST_KEPT:
            _found_right.clear()
        _found_right[key] = known
    return known


def _parse(
    place: Place,
    columns: Mapping[str, Type],
    want: Type | None,
    noun: str,
    choices: Mapping[str, Collection[str]],
) -> Expression:
    text = place.text
    words = split(place, columns, noun)
    try:
        with _room_to_nest():
            roots = _PARSER.parser().parse(tokens(words), text)
    except (SqlglotError, RecursionError):
        between = "; between takes two values: x between 1 and 5" if "between" in text.lower() else ""
        raise place.fault(words[0].start, f"this cannot be read{between}") from None
    tree = roots[0] if len(roots) == 1 else None
    if tree is None:
        raise place.fault(words[0].start, "there is room for one expression only")
    found = Checker(tree, words, columns, choices, place).check()
    if want is not None and found != want:
        raise place.fault(words[0].start, _wrong_type(found, want))
    return _expression(tree, found)


@contextmanager
def _room_to_nest() -> Iterator[None]:
    """SQLGlot's parser takes about 25 frames a level: 50 levels are more than Python allows by itself."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, 4000))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def to_sql(expression: Expression, engine: Engine = "duckdb", *, table: str | None = None) -> str:
    """SQL of one engine; every column is quoted, and qualified by `table` if given."""
    return for_engine(expression.tree, engine, table)


def state_sql(expression: Expression, engine: Engine = "duckdb", *, table: str | None = None) -> str:
    """A condition's three-valued state as text: 'true', 'false' or 'unknown', never NULL."""
    sql = to_sql(expression, engine, table=table)
    return f"CASE WHEN {sql} THEN 'true' WHEN NOT ({sql}) THEN 'false' ELSE 'unknown' END"


def clauses(expression: Expression) -> tuple[Clause, ...]:
    """The parts of a condition that `and` and `or` join, left to right; `not (...)` is one part."""
    parts, waiting = [], [expression.tree]
    while waiting:
        node = bare(waiting.pop())
        if isinstance(node, (exp.And, exp.Or)):
            waiting += [node.right, node.left]
        else:
            parts.append(node)
    return tuple(map(_clause, parts))


def _clause(node: Node) -> Clause:
    # A copy, because a node's parents decide how it is written.
    expression = _expression(node.copy(), "boolean")
    return Clause(expression.text, to_sql(expression), tuple(_columns(node)), _comparison(node), expression)


_SIGNS: dict[type[Node], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _comparison(node: Node) -> Comparison | None:
    if (
        isinstance(node, exp.Is)
        and isinstance(node.this, exp.Column)
        and isinstance(node.expression, exp.Null)
    ):
        return Comparison(node.this.name, "is null", "")
    sign = _SIGNS.get(type(node))
    if sign is None:
        return None
    left, right = bare(node.this), bare(node.expression)
    if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
        left, right, sign = right, left, _MIRRORED[sign]
    if not isinstance(left, exp.Column) or not (isinstance(right, exp.Literal) or is_negative_literal(right)):
        return None
    return Comparison(left.name, sign, as_written(right))


def _expression(tree: Node, found: Type) -> Expression:
    return Expression(as_written(tree), tree, found, frozenset(_columns(tree)))


def _columns(tree: Node) -> list[str]:
    names: dict[str, None] = {}
    for node in tree.walk(bfs=False):
        if isinstance(node, exp.Column):
            names[node.name] = None
        elif isinstance(node, exp.Anonymous) and function_name(node) == "has_label":
            names["labels"] = None
    return list(names)


def _wrong_type(found: Type, want: Type) -> str:
    if want == "boolean":
        return f"a condition is true or false, but this is {NAMES[found]}; compare it, for example with > 0"
    return f"this must be {NAMES[want]}, but it is {NAMES[found]}"
