"""A checked tree as text: for people, and for each engine."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from rules.expression_types import (
    ARITHMETIC,
    MOMENT,
    NUMBER,
    Node,
    bare,
    function_name,
    in_arithmetic,
    is_negative_literal,
    leaves_first,
)
from rules.functions import SCALARS, finite, identifier, text_literal

if TYPE_CHECKING:
    from rules.functions import Engine

OR, AND, NOT, COMPARED, ADDED, MULTIPLIED, ATOM = range(1, 8)
SIGNS: dict[type[Node], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
}


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    binds: int
    double: bool = False  # a number that is a double already

    def within(self, least: int) -> str:
        return self.text if self.binds >= least else f"({self.text})"


def as_written(tree: Node) -> str:
    """The canonical text: one spelling, no superfluous bracket; parsing it gives the same meaning again."""
    return _render(tree, None, None).text


def for_engine(tree: Node, engine: Engine, table: str | None) -> str:
    return _render(tree, engine, table).text


def _render(tree: Node, engine: Engine | None, table: str | None) -> _Piece:
    pieces: dict[int, _Piece] = {}
    writer = _Writer(pieces, engine, table)
    for node in leaves_first(tree):
        if not isinstance(node, exp.Identifier):
            pieces[id(node)] = writer.piece(node)
    return pieces[id(tree)]


@dataclass(frozen=True, slots=True)
class _Writer:
    pieces: dict[int, _Piece]
    engine: Engine | None  # None: for people
    table: str | None

    def piece(self, node: Node) -> _Piece:
        match node:
            case exp.Column():
                if self.engine is None:
                    return _Piece(node.name, ATOM)
                return _Piece(identifier(node.name, self.engine, self.table), ATOM)
            case exp.Literal():
                return self._literal(node)
            case exp.Boolean():
                return _Piece(self._word("true" if node.this else "false"), ATOM)
            case exp.Null():
                return _Piece(self._word("null"), ATOM)
            case exp.Paren():
                return self._of(node.this)
            case exp.And():
                return _Piece(self._joined(node, "and", AND), AND)
            case exp.Or():
                return _Piece(self._joined(node, "or", OR), OR)
            case exp.Not():
                return self._negated(node)
            case exp.Anonymous():
                return self._called(node)
        return self._calculated(node) if isinstance(node, ARITHMETIC) else self._compared(node, negated=False)

    def _of(self, node: Node) -> _Piece:
        return self.pieces[id(node)]

    def _word(self, word: str) -> str:
        return word if self.engine is None else word.upper()

    def _literal(self, node: exp.Literal) -> _Piece:
        if not node.is_string:
            return _Piece(_plain(node.name), ATOM)
        quoted = text_literal(node.name, self.engine or "duckdb")
        moment = node.meta.get(MOMENT)
        if moment and self.engine is not None:
            quoted = f"CAST({quoted} AS {moment.upper()})"
        return _Piece(quoted, ATOM)

    def _joined(self, node: exp.And | exp.Or, word: str, binds: int) -> str:
        return (
            f"{self._of(node.left).within(binds)} {self._word(word)} {self._of(node.right).within(binds + 1)}"
        )

    def _negated(self, node: exp.Not) -> _Piece:
        inner = node.this
        if isinstance(inner, (exp.Is, exp.In, exp.Between)):
            return self._compared(inner, negated=True)
        return _Piece(f"{self._word('not')} {self._of(inner).within(NOT)}", NOT)

    def _compared(self, node: Node, *, negated: bool) -> _Piece:
        left = self._of(node.this).within(ADDED)
        not_ = f"{self._word('not')} " if negated else ""
        match node:
            case exp.Is():
                return _Piece(f"{left} {self._word('is')} {not_}{self._word('null')}", COMPARED)
            case exp.In():
                listed = ", ".join(self._of(each).text for each in node.expressions)
                return _Piece(f"{left} {not_}{self._word('in')} ({listed})", COMPARED)
            case exp.Between():
                low, high = (self._of(node.args[key]).within(ADDED) for key in ("low", "high"))
                between = f"{left} {not_}{self._word('between')} {low} {self._word('and')} {high}"
                return _Piece(between, COMPARED)
        return _Piece(f"{left} {SIGNS[type(node)]} {self._of(node.expression).within(ADDED)}", COMPARED)

    def _calculated(self, node: Node) -> _Piece:
        if is_negative_literal(node):
            return _Piece(f"-{self._of(node.this).text}", MULTIPLIED)
        binds = MULTIPLIED if isinstance(node, (exp.Mul, exp.Div, exp.Neg)) else ADDED
        if self.engine is None:
            if isinstance(node, exp.Neg):
                return _Piece(f"-{self._of(node.this).within(ATOM)}", MULTIPLIED)
            left, right = self._of(node.this).within(binds), self._of(node.expression).within(binds + 1)
            return _Piece(f"{left} {SIGNS[type(node)]} {right}", binds)
        if isinstance(node, exp.Neg):
            # 0 - x, because -x makes a negative zero, which prints as -0.0
            text = f"0 - {self._double(node.this, MULTIPLIED)}"
            binds = ADDED
        elif isinstance(node, exp.Div):
            divisor = f"NULLIF({self._double(node.expression, OR)}, 0)"
            text = f"{self._double(node.this, MULTIPLIED)} / {divisor}"
        else:
            right = self._double(node.expression, binds + 1)
            text = f"{self._double(node.this, binds)} {SIGNS[type(node)]} {right}"
        if in_arithmetic(node):
            return _Piece(text, binds, double=True)
        return _Piece(finite(f"({text})"), OR, double=True)

    def _double(self, node: Node, least: int) -> str:
        """Calculated in doubles, so that no engine's rules for integers and decimals come in."""
        piece = self._of(node)
        return piece.within(least) if piece.double else f"CAST({piece.text} AS DOUBLE)"

    def _called(self, node: exp.Anonymous) -> _Piece:
        name = function_name(node)
        if self.engine is None:
            arguments = [self._of(each).text for each in node.expressions]
            return _Piece(f"{name}({', '.join(arguments)})", ATOM)
        function = SCALARS[name]
        if name == "has_label":
            label = text_literal(f"|{node.expressions[0].name.strip().casefold()}|", self.engine)
            return _Piece(
                function.form(self.engine)([identifier("labels", self.engine, self.table), label]), ATOM
            )
        number = function.result == "number" or self._is_number(node)
        arguments = [
            self._double(each, OR)
            if number and function.parameter(at) in {"number", "same", "ordered"} and not _is_null(each)
            else self._of(each).text
            for at, each in enumerate(node.expressions)
        ]
        text = function.form(self.engine)(arguments)
        return _Piece(text, OR if text.startswith("CASE") else ATOM, double=number)

    def _is_number(self, node: exp.Anonymous) -> bool:
        return bool(node.meta.get(NUMBER))


def _is_null(node: Node) -> bool:
    return isinstance(bare(node), exp.Null)


def _plain(number: str) -> str:
    return f"{Decimal(number).normalize():f}"
