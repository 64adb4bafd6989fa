"""Reads JQL text into a tree of conditions, or refuses it in Jira's words; it gives no name a meaning.

project = ACME AND (status != Done OR labels in (a, "b c")) ORDER BY updated ASC, key ASC
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ORDER_FIELDS = 7


class JqlError(Exception):
    """A query that Jira answers with 400; every fault has its own message."""

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Value:
    """`number`: bare digits, which for some fields mean something else than the same digits in quotes."""

    text: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """EMPTY or NULL where a value could stand."""


Operand = Value | Function | Empty


@dataclass(frozen=True, slots=True)
class FieldName:
    text: str
    custom_id: int | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    field: FieldName
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Clause | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Order:
    field: FieldName
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    where: Condition | None
    order: tuple[Order, ...]


# A keyword ends where a word ends, so that `in` is not read out of `incident`.
_WORD_CHARACTER = r"""[^\s()=!<>~,"'&|\[\]{}*\/%+^$#@?;\\\x00-\x1f]"""
_END = rf"(?!{_WORD_CHARACTER})"

_GRAMMAR = rf"""
    start: [condition] [order_by]
    condition: conjunction (_OR conjunction)*
    conjunction: _unary (_AND _unary)*
    _unary: negation | group | clause
    negation: (NOT | BANG) _unary
    group: "(" condition ")"

    clause: field OPERATOR operand      -> compared
          | field IN values               -> listed
          | field NOT IN values           -> not_listed
          | field IN function           -> listed
          | field NOT IN function       -> not_listed
          | field IS EMPTY              -> empty
          | field IS NOT EMPTY          -> not_empty
    field: WORD | STRING | CUSTOM
    operand: value | function | EMPTY
    value: WORD | STRING
    function: name "(" [name ("," name)*] ")"
    name: WORD | STRING
    values: "(" operand ("," operand)* ")"

    order_by: _ORDER _BY order ("," order)*
    order: field [ASC | DESC]

    _AND.3: /and{_END}|&&?/i
    _OR.3: /or{_END}|\|\|?/i
    NOT.3: /not{_END}/i
    BANG.1: "!"
    IN.3: /in{_END}/i
    IS.3: /is{_END}/i
    EMPTY.3: /(empty|null){_END}/i
    _ORDER.3: /order{_END}/i
    _BY.3: /by{_END}/i
    ASC.3: /asc{_END}/i
    DESC.3: /desc{_END}/i
    CUSTOM.3: /cf\s*\[\s*\d+\s*\]/i
    OPERATOR.2: /!=|!~|<=|>=|=|~|<|>/
    STRING.2: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
    WORD: /{_WORD_CHARACTER}+/
    %ignore /\s+/
"""

# "Reserved words" of support.atlassian.com/jira-software-cloud/docs/what-is-advanced-search-in-jira-cloud/
_RESERVED_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        abort access add after alias all alter and any as asc audit avg before begin between boolean
        break by byte catch cf char character check checkpoint collate collation column commit connect
        continue count create current date decimal declare decrement default defaults define delete
        delimiter desc difference distinct divide do double drop else empty encoding end equals escape
        exclusive exec execute exists explain false fetch file field first float for from function go
        goto grant greater group having identified if immediate in increment index initial inner inout
        input insert int integer intersect intersection into is isempty isnull join last left less like
        limit lock long max min minus mode modify modulo more multiply next noaudit not notin nowait
        null number object of on option or order outer output power previous prior privileges public
        raise raw remainder rename resource return returns revoke right row rowid rownum rows select
        session set share size sqrt start strict string subtract sum synonym table then to trans
        transaction trigger true uid union unique update user validate values view when whenever where
        while with
        """,
    )
)
_RESERVED_CHARACTERS = frozenset("{}*/%+^$#@?;[]")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"', " ": " "}
_DIGITS = re.compile(r"-?\d+")
_OPERATORS = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"


def parse(text: str) -> Query:
    try:
        return cast("Query", _PARSER.parse(text))
    except UnexpectedInput as error:
        raise JqlError(_refusal(error, text)) from None


class _Tree(Transformer):  # type: ignore[misc]  # lark is not followed by the type checker
    """Builds the tree while the text is read; a name in brackets is a rule of the grammar."""

    def start(self, parts: list[Any]) -> Query:
        where, order = parts
        return Query(where, order or ())

    def condition(self, parts: list[Condition]) -> Condition:
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def conjunction(self, parts: list[Condition]) -> Condition:
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def negation(self, parts: list[Any]) -> Condition:
        return Not(parts[1])

    def group(self, parts: list[Condition]) -> Condition:
        return parts[0]

    def compared(self, parts: list[Any]) -> Clause:
        field, operator, operand = parts
        return Clause(field, str(operator), (operand,))

    def listed(self, parts: list[Any]) -> Clause:
        return Clause(parts[0], "in", _several(parts[-1]))

    def not_listed(self, parts: list[Any]) -> Clause:
        return Clause(parts[0], "not in", _several(parts[-1]))

    def empty(self, parts: list[Any]) -> Clause:
        return Clause(parts[0], "is", (Empty(),))

    def not_empty(self, parts: list[Any]) -> Clause:
        return Clause(parts[0], "is not", (Empty(),))

    def field(self, parts: list[Token]) -> FieldName:
        token = parts[0]
        if token.type == "CUSTOM":
            number = re.sub(r"\D", "", token)
            return FieldName(f"cf[{number}]", int(number))
        return FieldName(_text(token))

    def operand(self, parts: list[Any]) -> Operand:
        return Empty() if isinstance(parts[0], Token) else parts[0]

    def value(self, parts: list[Token]) -> Value:
        token = parts[0]
        return Value(_text(token), token.type == "WORD" and _DIGITS.fullmatch(token) is not None)

    def function(self, parts: list[str | None]) -> Function:
        name, *arguments = parts
        return Function(name or "", tuple(each for each in arguments if each is not None))

    def name(self, parts: list[Token]) -> str:
        return _text(parts[0])

    def values(self, parts: list[Operand]) -> tuple[Operand, ...]:
        return tuple(parts)

    def order_by(self, parts: list[Order]) -> tuple[Order, ...]:
        if len(parts) > MOST_ORDER_FIELDS:
            raise JqlError(f"The ORDER BY clause can contain a maximum of {MOST_ORDER_FIELDS} fields.")
        return tuple(parts)

    def order(self, parts: list[Any]) -> Order:
        field, direction = parts
        return Order(field, direction is not None and direction.type == "DESC")


_PARSER = Lark(_GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=True, transformer=_Tree())


def _several(operands: Function | tuple[Operand, ...]) -> tuple[Operand, ...]:
    return (operands,) if isinstance(operands, Function) else operands


def _text(token: Token) -> str:
    if token.type == "STRING":
        return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", _escaped, token[1:-1], flags=re.DOTALL)
    if token.lower() in _RESERVED_WORDS:
        raise JqlError(
            f"Error in the JQL Query: '{token}' is a reserved JQL word. You must surround it in quotation "
            f"marks to use it as a field name or value. {_place(token.line, token.column)}"
        )
    return str(token)


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    if code not in _ESCAPES:
        raise JqlError(
            f"Error in the JQL Query: '\\{code}' is an illegal JQL escape sequence. The valid escape "
            r"sequences are \', \", \t, \n, \r, \\, '\ ' and \uXXXX."
        )
    return _ESCAPES[code]


def _place(line: int | None, column: int | None) -> str:
    return f"(line {line}, character {column})"


def _refusal(error: UnexpectedInput, text: str) -> str:
    expected, start = _expected(error)
    wanted = next(words for fits, words in _WANTED if fits(expected))
    if start is None or not text[start:].strip():
        # Only here does the list of operators stand behind the end.
        said, _, more = wanted.partition(".")
        return f"Error in the JQL Query: {said} before the end of the query.{more}"
    place = _place(error.line, error.column)
    character = text[start]
    if character in "'\"" and "STRING" in expected:
        return (
            f"Error in the JQL Query: The quoted string '{text[start + 1 :]}' has not been completed. {place}"
        )
    if character in _RESERVED_CHARACTERS or character == "\\":
        return (
            f"Error in the JQL Query: The character '{character}' is a reserved JQL character. You must "
            f"enclose it in a string or use the escape '\\u{ord(character):04x}' instead. {place}"
        )
    found = re.match(rf"{_WORD_CHARACTER}+|.", text[start:], re.DOTALL)
    got = found[0] if found else character
    said, _, more = wanted.partition(".")
    return f"Error in the JQL Query: {said} but got '{got}'.{more} {place}"


def _expected(error: UnexpectedInput) -> tuple[frozenset[str], int | None]:
    """The terminals that could have come, and where in the text something else came; None at its end."""
    if isinstance(error, UnexpectedToken):
        at_end = error.token.type == "$END"
        return frozenset(error.expected), None if at_end else error.pos_in_stream
    if isinstance(error, UnexpectedCharacters):
        return frozenset(error.allowed or ()), error.pos_in_stream
    if isinstance(error, UnexpectedEOF):
        return frozenset(error.expected), None
    return frozenset(), error.pos_in_stream


# The first that fits; several can come at one place, and these words are Jira's for it.
_WANTED: tuple[tuple[Callable[[frozenset[str]], bool], str], ...] = (
    (lambda expected: "OPERATOR" in expected, f"Expecting operator. The valid operators are {_OPERATORS}."),
    (lambda expected: "_AND" in expected or "_ORDER" in expected, "Expecting either 'OR' or 'AND'"),
    (lambda expected: "_BY" in expected, "Expecting 'by'"),
    (lambda expected: "CUSTOM" in expected, "Expecting a field name"),
    (lambda expected: "WORD" in expected, "Expecting either a value, list or function"),
    (lambda expected: "EMPTY" in expected, "Expecting 'EMPTY'"),
    (lambda expected: "COMMA" in expected or "RPAR" in expected, "Expecting either ')' or ','"),
    (lambda _expected: True, "Expecting a list or function"),
)
