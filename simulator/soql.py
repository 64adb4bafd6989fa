"""Reads SOQL: a statement becomes a tree of plain values, or is refused in Salesforce's words.

The subset: SELECT of fields (parents by dots) or COUNT(); FROM one object; WHERE with = != < > <= >= IN,
NOT IN, LIKE, AND, OR, NOT and parentheses; ORDER BY; LIMIT; OFFSET. As in the original, AND and OR do not
mix without parentheses, and NOT stands only at the beginning of a condition.
https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

LONGEST_STATEMENT = 100_000
LONGEST_LITERAL = 4_000

Operator = Literal["=", "!=", "<", ">", "<=", ">=", "LIKE"]
Kind = Literal["string", "number", "date", "dateTime", "boolean", "null"]

_GRAMMAR = r"""
query: SELECT selection FROM PATH [where] [order] [limit] [offset]
selection: COUNT "(" ")"        -> count
         | PATH ("," PATH)*     -> fields
where: WHERE condition
?condition: simple
          | simple (AND simple)+   -> all_of
          | simple (OR simple)+    -> any_of
          | NOT simple             -> not_
?simple: "(" condition ")"
       | PATH OPERATOR literal     -> comparison
       | PATH LIKE literal         -> comparison
       | PATH IN literals          -> within
       | PATH NOT IN literals      -> without
literals: "(" literal ("," literal)* ")"
literal: STRING | NUMBER | DATE | DATETIME | BOOLEAN | NULL
order: ORDER BY ordering ("," ordering)*
ordering: PATH [DIRECTION] [NULLS PLACE]
limit: LIMIT NUMBER
offset: OFFSET NUMBER

SELECT.9: /select(?![\w.])/i
FROM.9: /from(?![\w.])/i
WHERE.9: /where(?![\w.])/i
AND.9: /and(?![\w.])/i
OR.9: /or(?![\w.])/i
NOT.9: /not(?![\w.])/i
IN.9: /in(?![\w.])/i
LIKE.9: /like(?![\w.])/i
ORDER.9: /order(?![\w.])/i
BY.9: /by(?![\w.])/i
DIRECTION.9: /(asc|desc)(?![\w.])/i
NULLS.9: /nulls(?![\w.])/i
PLACE.9: /(first|last)(?![\w.])/i
LIMIT.9: /limit(?![\w.])/i
OFFSET.9: /offset(?![\w.])/i
BOOLEAN.9: /(true|false)(?![\w.])/i
NULL.9: /null(?![\w.])/i
COUNT.10: /count(?=\s*\(\s*\))/i
PATH.1: /(?!(select|from|where|and|or|not|in|like|limit|null)(?![\w.]))[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*/i
OPERATOR: "<=" | ">=" | "!=" | "<>" | "=" | "<" | ">"
DATETIME.7: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)/i
DATE.6: /\d{4}-\d\d-\d\d(?![\dT])/
NUMBER.5: /[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?(?![\w.])/i
STRING: /'(?:[^'\\]|\\.)*'/s
%ignore /\s+/
"""

_ESCAPES = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "n": "\n",
    "N": "\n",
    "r": "\r",
    "R": "\r",
    "t": "\t",
    "T": "\t",
    "b": "\b",
    "B": "\b",
    "f": "\f",
    "F": "\f",
    "_": "_",
    "%": "%",
}
_PIECE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\(.)|([^\\])", re.DOTALL)


class SoqlError(Exception):
    """A statement that Salesforce refuses with 400."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True, slots=True)
class FieldPath:
    names: tuple[str, ...]
    position: int

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Value:
    """`text` is what stood in the statement, quotes included; `value` is what it means."""

    kind: Kind
    text: str
    value: str | float | bool | None
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    field: FieldPath
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    field: FieldPath
    values: tuple[Value, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]


Condition = Comparison | Membership | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Ordering:
    field: FieldPath
    descending: bool
    nulls_first: bool | None


@dataclass(frozen=True, slots=True)
class Query:
    """`fields` is empty for COUNT()."""

    text: str
    fields: tuple[FieldPath, ...]
    object_name: str
    object_position: int
    where: Condition | None
    order_by: tuple[Ordering, ...]
    limit: int | None
    offset: int


def parse(text: str) -> Query:
    return cast("Query", _read(text, "query"))


def parse_condition(text: str) -> Condition:
    """A condition that stands alone, as in a validation rule."""
    return cast("Condition", _read(text, "condition"))


def refusal(text: str, position: int, code: str, message: str) -> SoqlError:
    """The refusal with the place marked in the statement, as the original prints it."""
    before = text[:position]
    row = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    start = max(position - 40, before.rfind("\n") + 1)
    end = text.find("\n", position)
    excerpt = text[start : min(position + 40, len(text) if end < 0 else end)]
    pointer = " " * (position - start) + "^"
    return SoqlError(code, f"\n{excerpt}\n{pointer}\nERROR at Row:{row}:Column:{column}\n{message}")


def _read(text: str, start: str) -> object:
    if len(text) > LONGEST_STATEMENT:
        raise SoqlError(
            "MALFORMED_QUERY", f"SOQL statements cannot be longer than {LONGEST_STATEMENT} characters."
        )
    try:
        tree = _parser().parse(text, start=start)
        return _Reader(text).transform(tree)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        position = len(text) if at_end else int(error.token.start_pos or 0)
        shown = "<EOF>" if at_end else str(error.token)
        raise refusal(text, position, "MALFORMED_QUERY", f"unexpected token: '{shown}'") from None
    except UnexpectedCharacters as error:
        position = int(error.pos_in_stream or 0)
        word = re.match(r"[\w.]+|.", text[position:], re.DOTALL)
        shown = word.group() if word else "<EOF>"
        raise refusal(text, position, "MALFORMED_QUERY", f"unexpected token: '{shown}'") from None
    except UnexpectedInput:
        raise SoqlError("MALFORMED_QUERY", "unexpected token: '<EOF>'") from None
    except VisitError as error:
        if isinstance(error.orig_exc, SoqlError):
            raise error.orig_exc from None
        raise
    except RecursionError:
        raise SoqlError("QUERY_TOO_COMPLICATED", "The query is nested too deeply.") from None


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", start=["query", "condition"], maybe_placeholders=True)


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):  # type: ignore[misc]  # lark counts as untyped here
    """Turns lark's tree into the values above."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def PATH(self, token: Token) -> FieldPath:
        return FieldPath(tuple(token.split(".")), token.start_pos or 0)

    def query(self, *parts: Any) -> Query:
        _, fields, _, source, where, order, limit, offset = parts
        if len(source.names) > 1:
            raise refusal(self._text, source.position, "MALFORMED_QUERY", f"unexpected token: '{source}'")
        return Query(
            self._text, fields, source.names[0], source.position, where, order or (), limit, offset or 0
        )

    def count(self, _: Token) -> tuple[FieldPath, ...]:
        return ()

    def fields(self, *paths: FieldPath) -> tuple[FieldPath, ...]:
        return paths

    def where(self, _: Token, condition: Condition) -> Condition:
        return condition

    def all_of(self, *parts: Any) -> AllOf:
        return AllOf(tuple(part for part in parts if not isinstance(part, Token)))

    def any_of(self, *parts: Any) -> AnyOf:
        return AnyOf(tuple(part for part in parts if not isinstance(part, Token)))

    def not_(self, _: Token, condition: Condition) -> Not:
        return Not(condition)

    def comparison(self, field: FieldPath, operator: Token, value: Value) -> Comparison:
        written = str(operator).upper()
        return Comparison(field, cast("Operator", "!=" if written == "<>" else written), value)

    def within(self, field: FieldPath, _: Token, values: tuple[Value, ...]) -> Membership:
        return Membership(field, values, negated=False)

    def without(self, field: FieldPath, _not: Token, _in: Token, values: tuple[Value, ...]) -> Membership:
        return Membership(field, values, negated=True)

    def literals(self, *values: Value) -> tuple[Value, ...]:
        return values

    def literal(self, token: Token) -> Value:
        text, position = str(token), token.start_pos or 0
        match token.type:
            case "STRING":
                if len(text) - 2 > LONGEST_LITERAL:
                    message = f"string literal longer than {LONGEST_LITERAL} characters"
                    raise refusal(self._text, position, "MALFORMED_QUERY", message)
                return Value("string", text, self._unquoted(text, position), position)
            case "NUMBER":
                return Value("number", text, float(text), position)
            case "DATE":
                return Value("date", text, text, position)
            case "DATETIME":
                return Value("dateTime", text, text, position)
            case "BOOLEAN":
                return Value("boolean", text, text.lower() == "true", position)
            case _:
                return Value("null", text, None, position)

    def order(self, _order: Token, _by: Token, *orderings: Ordering) -> tuple[Ordering, ...]:
        return orderings

    def ordering(
        self, field: FieldPath, direction: Token | None, nulls: Token | None, place: Token | None
    ) -> Ordering:
        del nulls
        return Ordering(
            field,
            descending=direction is not None and direction.lower() == "desc",
            nulls_first=None if place is None else place.lower() == "first",
        )

    def limit(self, _: Token, number: Token) -> int:
        return self._whole(number)

    def offset(self, _: Token, number: Token) -> int:
        return self._whole(number)

    def _whole(self, number: Token) -> int:
        if not number.isdecimal():
            raise refusal(
                self._text, number.start_pos or 0, "MALFORMED_QUERY", f"unexpected token: '{number}'"
            )
        return int(number)

    def _unquoted(self, text: str, position: int) -> str:
        def plain(match: re.Match[str]) -> str:
            code, escaped, other = match.groups()
            if code is not None:
                return chr(int(code, 16))
            if escaped is None:
                return str(other)
            if escaped not in _ESCAPES:
                message = f"Invalid string literal {text}. Illegal character sequence '\\{escaped}'."
                raise refusal(self._text, position, "MALFORMED_QUERY", message)
            return _ESCAPES[escaped]

        return _PIECE.sub(plain, text[1:-1])


def like_pattern(literal: str) -> re.Pattern[str]:
    """The quoted literal of a LIKE: % and _ are wildcards unless a backslash stands before them."""
    pattern = ""
    for code, escaped, other in _PIECE.findall(literal[1:-1]):
        if code:
            pattern += re.escape(chr(int(code, 16)))
        elif escaped:
            pattern += re.escape(_ESCAPES[escaped])
        else:
            pattern += {"%": ".*", "_": "."}.get(other) or re.escape(other)
    return re.compile(pattern, re.DOTALL | re.IGNORECASE)
