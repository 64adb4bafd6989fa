"""The parsed tree of an expression: only the nodes of the language, of types that fit together."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NoReturn

from sqlglot import exp

from rules.expression_tokens import FUNCTION_PREFIX, MOST_LEVELS, closest
from rules.functions import SCALARS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rules.expression_tokens import Place, Word
    from rules.functions import Function

Type = Literal["number", "text", "boolean", "date", "timestamp"]
Node = exp.Expr

ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg)
EQUALITIES = (exp.EQ, exp.NEQ)
ORDERINGS = (exp.LT, exp.LTE, exp.GT, exp.GTE)
COMPARISONS = (*EQUALITIES, *ORDERINGS, exp.Between, exp.In, exp.Is)
LANGUAGE = (
    *ARITHMETIC,
    *COMPARISONS,
    *(exp.And, exp.Or, exp.Not, exp.Paren),
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Anonymous),
)
# A guard against infinities, like a guarded divisor, writes its operand twice; engines do not undo that.
MOST_DOUBLINGS = 6

# Notes on nodes: this text literal is a date or a time; this call gives a number.
MOMENT = "rapport_moment"
NUMBER = "rapport_number"

NAMES: dict[Type, str] = {
    "number": "a number",
    "text": "text",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a time",
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?")


def leaves_first(tree: Node) -> list[Node]:
    """Every node after its operands, without recursion: 2,000 characters make a chain of 1,000 levels."""
    return list(tree.walk(bfs=False))[::-1]


def operands(node: Node) -> list[Node]:
    if isinstance(node, (exp.Column, exp.Literal, exp.Boolean, exp.Null)):
        return []
    return [each for each in node.iter_expressions() if isinstance(each, Node)]


def bare(node: Node) -> Node:
    """Without the brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def is_negative_literal(node: Node) -> bool:
    return isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string


def function_of(node: exp.Anonymous) -> Function:
    return SCALARS[function_name(node)]


def function_name(node: exp.Anonymous) -> str:
    return str(node.this).removeprefix(FUNCTION_PREFIX)


class Checker:
    """Types of all nodes, leaves first; `fail` finds the place in the text that a node came from."""

    def __init__(
        self,
        tree: Node,
        words: Sequence[Word],
        columns: Mapping[str, Type],
        choices: Mapping[str, Collection[str]],
        place: Place,
    ) -> None:
        self.columns = columns
        self.choices = choices
        self.place = place
        self.types: dict[int, Type | None] = {}  # None: a bare null
        self.order = leaves_first(tree)
        self.starts = self._starts(words)

    def check(self) -> Type:
        for node in self.order:
            if not isinstance(node, LANGUAGE):
                self.fail(node, "this cannot be read; join comparisons with and, or, not")
        self._check_depth()
        for node in self.order:
            if not isinstance(node, exp.Identifier):
                self.types[id(node)] = self._type(node)
        self._check_doublings()
        tree = self.order[-1]
        if not any(isinstance(node, exp.Column) or self._is_label(node) for node in self.order):
            self.fail(tree, "this is the same for every record: it names no column")
        result = self.types[id(tree)]
        if result is None:
            self.fail(tree, "this is always unknown")
        return result

    def fail(self, node: Node, message: str, suggestion: str | None = None) -> NoReturn:
        starts = [self.starts[id(each)] for each in node.walk() if id(each) in self.starts]
        raise self.place.fault(min(starts, default=0), message, suggestion)

    def _starts(self, words: Sequence[Word]) -> dict[int, int]:
        """Where leaves stand in the text. Parsing keeps the order of values, so that they pair with words."""
        leaves = [
            node
            for node in reversed(self.order)
            if isinstance(node, (exp.Column, exp.Literal, exp.Boolean, exp.Null, exp.Anonymous))
        ]
        values = [
            word
            for word in words
            if word.kind in {"number", "text", "name", "function"} or word.text in {"null", "true", "false"}
        ]
        if len(leaves) != len(values):
            return {}
        return {id(leaf): word.start for leaf, word in zip(leaves, values, strict=True)}

    def _check_depth(self) -> None:
        """A chain of `and` or of `or` is one level: engines keep it flat, and long ones are honest work."""
        heights: dict[int, int] = {}
        for node in self.order:
            below = operands(node)
            height = 1 + max((heights[id(each)] for each in below), default=-1)
            if isinstance(node, (exp.And, exp.Or)) and type(node.left) is type(node):
                height = max(heights[id(node.left)], 1 + heights[id(node.right)])
            heights[id(node)] = height
            if height > MOST_LEVELS:
                self.fail(node, f"this is nested too deeply; {MOST_LEVELS} levels are possible")

    def _check_doublings(self) -> None:
        doublings: dict[int, int] = {}
        for node in reversed(self.order):
            parent = node.parent
            above = doublings.get(id(parent), 0)
            if isinstance(node, ARITHMETIC) and not is_negative_literal(node) and not in_arithmetic(node):
                above += 1
            if isinstance(parent, exp.Div) and node is parent.right and operands(node):
                above += 1
            if isinstance(parent, exp.Anonymous) and function_name(parent) == "if":
                above += 1
            doublings[id(node)] = above
            if above > MOST_DOUBLINGS:
                message = (
                    f"calculations and if(...) are nested too deeply; {MOST_DOUBLINGS} levels are possible"
                )
                self.fail(node, message)

    @staticmethod
    def _is_label(node: Node) -> bool:
        return isinstance(node, exp.Anonymous) and function_name(node) == "has_label"

    def _type(self, node: Node) -> Type | None:
        match node:
            case exp.Column():
                return self.columns[node.name]
            case exp.Literal():
                return "text" if node.is_string else "number"
            case exp.Boolean():
                return "boolean"
            case exp.Null():
                return None
            case exp.Paren():
                return self.types[id(node.this)]
            case exp.And() | exp.Or() | exp.Not():
                return self._connected(node)
            case exp.Anonymous():
                return self._called(node)
        if isinstance(node, ARITHMETIC):
            return self._calculated(node)
        return self._compared(node)

    def _connected(self, node: Node) -> Type:
        for each in operands(node):
            found = self.types[id(each)]
            if found != "boolean":
                word = type(node).__name__.lower()
                hint = "compare it, for example with > 0" if found == "number" else "compare it with ="
                if found is None:
                    hint = "ask for it with is null"
                self.fail(each, f"{word} joins conditions, but this is {_named(found)}; {hint}")
        return "boolean"

    def _calculated(self, node: Node) -> Type:
        for each in operands(node):
            found = self.types[id(each)]
            if found != "number":
                self.fail(each, f"only numbers can be calculated with, and this is {_named(found)}")
        if isinstance(node, exp.Div) and isinstance(node.right, exp.Literal) and float(node.right.this) == 0:
            self.fail(node.right, "nothing can be divided by 0")
        return "number"

    def _compared(self, node: Node) -> Type:
        sides = operands(node)
        if isinstance(node, exp.In):
            self._check_list(node)
        if isinstance(node, exp.Is):
            if not isinstance(node.expression, exp.Null):
                self.fail(node, "is asks for null only; compare with =")
            sides = [node.this]
        for side in sides:
            if isinstance(side, COMPARISONS):
                self.fail(node, "a comparison has two sides; write a < b and b < c")
            if isinstance(bare(side), exp.Null):
                self.fail(side, "nothing is equal to null, or different from it; write is null", "is null")
        if not any(isinstance(each, exp.Column) for each in node.walk()):
            self.fail(node, "both sides are fixed: one of them must name a column")
        if not isinstance(node, exp.Is):
            self._check_alike(node, sides)
            self._check_choices(sides)
        return "boolean"

    def _check_list(self, node: exp.In) -> None:
        for each in node.expressions:
            if not isinstance(each, exp.Literal) and not is_negative_literal(each):
                self.fail(each, "a list holds numbers or texts; compare other values with =")

    def _check_alike(self, node: Node, sides: Sequence[Node]) -> None:
        types = [self.types[id(side)] for side in sides]
        for moment in ("date", "timestamp"):
            if moment in types:
                for side in sides:
                    if isinstance(bare(side), exp.Literal) and bare(side).is_string:
                        self._read_moment(bare(side), moment)
                        self.types[id(side)] = moment
                types = [self.types[id(side)] for side in sides]
                break
        for side, found in zip(sides[1:], types[1:], strict=True):
            if found != types[0]:
                self.fail(side, f"{_named(types[0])} cannot be compared with {_named(found)}")
        if types[0] in {"text", "boolean"} and isinstance(node, (*ORDERINGS, exp.Between)):
            self.fail(node, f"{_named(types[0])} has no order; only = and != compare it")

    def _read_moment(self, literal: Node, moment: Literal["date", "timestamp"]) -> None:
        """A text beside a date is a date: the tree says so from here on."""
        written = literal.name
        pattern, kind = (_DAY, "date") if moment == "date" else (_INSTANT, "timestamp")
        try:
            value = datetime.fromisoformat(written if pattern.fullmatch(written) else "")
        except ValueError:
            example = "2026-11-22" if moment == "date" else "2026-11-22 09:00"
            self.fail(literal, f"'{written[:40]}' is not {NAMES[moment]}; it is written '{example}'")
        shown = value.date().isoformat() if moment == "date" else value.isoformat(sep=" ")
        literal.set("this", shown)
        literal.meta[MOMENT] = kind

    def _check_choices(self, sides: Sequence[Node]) -> None:
        for side in sides:
            column = bare(side)
            if not isinstance(column, exp.Column) or column.name not in self.choices:
                continue
            known = self.choices[column.name]
            for other in map(bare, sides):
                if isinstance(other, exp.Literal) and other.name not in known:
                    wanted = ", ".join(f"'{each}'" for each in known)
                    message = f"{column.name} is never '{other.name[:40]}'; it is one of {wanted}"
                    self.fail(other, message, closest(other.name, known))

    def _called(self, node: exp.Anonymous) -> Type:
        function, arguments = function_of(node), list(node.expressions)
        if not function.takes(len(arguments)):
            self.fail(node, f"{function_name(node)} is used like this: {function.usage}")
        shared: Type | None = None
        for position, argument in enumerate(arguments):
            found = self.types[id(argument)]
            wanted = function.parameter(position)
            usage = f"in {function.usage}"
            match wanted:
                case "digits":
                    written = argument.name if isinstance(argument, exp.Literal) else ""
                    if written not in {"0", "1", "2", "3", "4", "5", "6"}:
                        self.fail(argument, f"{usage} this is a whole number from 0 to 6")
                case "label":
                    self._check_label(argument)
                case "same" | "ordered":
                    if found is None and function_name(node) == "if":
                        continue
                    if found is None:
                        self.fail(argument, f"null has no place {usage}")
                    if wanted == "ordered" and found in {"text", "boolean"}:
                        self.fail(argument, f"{_named(found)} has no order {usage}")
                    shared = shared or found
                    if found != shared:
                        self.fail(
                            argument,
                            f"{usage} all values are of one type: {_named(shared)}, not {_named(found)}",
                        )
                case _:
                    if found != wanted:
                        self.fail(argument, f"{usage} this must be {_named(wanted)}, not {_named(found)}")
        result = shared if function.result == "same" else function.result
        if result is None:
            self.fail(node, "this is always unknown")
        node.meta[NUMBER] = result == "number"
        return result

    def _check_label(self, argument: Node) -> None:
        if self.columns.get("labels") != "text":
            self.fail(argument, "there are no labels here; has_label works on the source issues")
        if not isinstance(argument, exp.Literal) or not argument.is_string:
            self.fail(argument, "a label is written out: has_label('security')")
        if not argument.name.strip() or "|" in argument.name:
            self.fail(argument, "a label is not empty and holds no |")


def in_arithmetic(node: Node) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return isinstance(parent, ARITHMETIC)


def _named(found: Type | None) -> str:
    return "null" if found is None else NAMES[found]
