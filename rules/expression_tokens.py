"""An expression cut into words; whatever is no word of the language is refused here, in plain words.

SQLGlot parses what is left. It would also accept much that is not wanted (`&&`, casts, comments), read
some column names as syntax, and name its own classes in its messages.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlglot.tokenizer_core import Token, TokenType

from rules.faults import CatalogueError, Fault
from rules.functions import SCALARS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MOST_CHARACTERS = 2000
MOST_LEVELS = 50
MOST_DIGITS = 15  # what a double holds exactly

Kind = Literal["number", "text", "name", "function", "word", "sign"]


@dataclass(frozen=True, slots=True)
class Word:
    kind: Kind
    text: str  # as written; keywords and functions in lower case
    start: int
    end: int

    def is_sign(self, text: str) -> bool:
        return self.kind == "sign" and self.text == text

    def is_word(self, text: str) -> bool:
        return self.kind == "word" and self.text == text


KEYWORDS = {
    "and": TokenType.AND,
    "or": TokenType.OR,
    "not": TokenType.NOT,
    "is": TokenType.IS,
    "in": TokenType.IN,
    "between": TokenType.BETWEEN,
    "null": TokenType.NULL,
    "true": TokenType.TRUE,
    "false": TokenType.FALSE,
}
SIGNS = {
    "<>": TokenType.NEQ,
    "!=": TokenType.NEQ,
    "<=": TokenType.LTE,
    ">=": TokenType.GTE,
    "=": TokenType.EQ,
    "<": TokenType.LT,
    ">": TokenType.GT,
    "+": TokenType.PLUS,
    "-": TokenType.DASH,
    "*": TokenType.STAR,
    "/": TokenType.SLASH,
    "(": TokenType.L_PAREN,
    ")": TokenType.R_PAREN,
    ",": TokenType.COMMA,
}
# Longer ones first: `<=>` must not be read as `<=` and `>`.
REFUSED_SIGNS = (
    ("<=>", "<=> is not available; use = or is null", None),
    ("==", "write = to compare", "="),
    ("=>", "this sign is written >=", ">="),
    ("=<", "this sign is written <=", "<="),
    ("&&", "write and", "and"),
    ("||", "write or for either of two conditions; texts cannot be joined", "or"),
    ("::", "values are not converted here; each column has its type", None),
    ("--", "comments belong into the TOML file (#), not into an expression", None),
    ("/*", "comments belong into the TOML file (#), not into an expression", None),
    ("//", "there is one division, written /", "/"),
    ("**", "powers are not available", None),
    ("->", "-> is not available", None),
    (";", "there is room for one expression only", None),
    (".", "names have no dots, and numbers begin with a digit", None),
    ("$", "there are no parameters; write the value itself", None),
    ("?", "there are no parameters; write the value itself", None),
    ("%", "% is not available; a share of 30 % is written 0.3", None),
    ('"', "text is written in single quotes, and names without any", None),
    ("`", "text is written in single quotes, and names without any", None),
    ("’", "text is written in straight single quotes", "'"),
    ("‘", "text is written in straight single quotes", "'"),
    ("“", "text is written in straight single quotes", "'"),
    ("”", "text is written in straight single quotes", "'"),
    ("≥", "this sign is written >=", ">="),
    ("≤", "this sign is written <=", "<="),
    ("≠", "this sign is written !=", "!="),
    ("−", "this sign is written - (the one on the keyboard)", "-"),
)
REFUSED_WORDS = {
    "like": "like is not available; use contains(...), starts_with(...) or ends_with(...)",
    "ilike": "ilike is not available; use contains(lower(...), ...)",
    "case": "case is not available; use if(condition, then, otherwise)",
    "when": "when is not available; use if(condition, then, otherwise)",
    "select": "queries are not available in an expression",
    "exists": "queries are not available in an expression",
    "cast": "values are not converted here; each column has its type",
    "date": "a date is written as text: '2026-11-22'",
    "timestamp": "a time is written as text: '2026-11-22 09:00'",
    "interval": "intervals are not available; ages are columns in days or hours",
    "now": "there is no clock in an expression; ages are columns in days or hours",
    "current_date": "there is no clock in an expression; ages are columns in days or hours",
    "today": "there is no clock in an expression; ages are columns in days or hours",
    "distinct": "distinct is not available; use the aggregate count_distinct",
    "over": "windows are not available in an expression",
    "isnull": "write is null",
    "notnull": "write is not null",
    "xor": "xor is not available; use and, or, not",
} | dict.fromkeys(
    ("count", "sum", "avg", "min", "max"),
    "an expression looks at one row; counts and sums are named by the key aggregate",
)

_SPACE = re.compile(r"[ \t\r\n]+")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NUMBER = re.compile(r"[0-9](?:[0-9A-Za-z_]|\.(?=[0-9]))*")
_PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_SIGN = re.compile("|".join(map(re.escape, SIGNS)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands, to say what is wrong with it."""

    path: str
    text: str

    def fault(self, at: int, message: str, suggestion: str | None = None) -> CatalogueError:
        return CatalogueError([Fault(self.path, message, at + 1, self.text, suggestion)])


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    by_folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def split(place: Place, columns: Collection[str], noun: str) -> list[Word]:
    """The words of an expression, known to be few enough, shallow enough and in an order that can be read."""
    text = place.text
    if len(text) > MOST_CHARACTERS:
        fault = Fault(
            place.path, f"is {len(text):,} characters long; an expression has at most {MOST_CHARACTERS:,}"
        )
        raise CatalogueError([fault])
    words = list(_read(place))
    if not words:
        raise CatalogueError(
            [Fault(place.path, "is empty; leave the key out, or write a condition or value")]
        )
    words = [_named(words, at, place, columns, noun) for at in range(len(words))]
    _Order(words, place).check()
    return words


def tokens(words: list[Word]) -> list[Token]:
    """Tokens for SQLGlot's parser: columns quoted, functions under names that it does not know."""
    return [Token(_token_type(word), _token_text(word), 1, 1, word.start, word.end, []) for word in words]


FUNCTION_PREFIX = "rapport "
"""With its blank no function of SQLGlot's can have this name: every call parses into the same plain node."""


def _token_type(word: Word) -> TokenType:
    match word.kind:
        case "number":
            return TokenType.NUMBER
        case "text":
            return TokenType.STRING
        case "name":
            return TokenType.IDENTIFIER
        case "function":
            return TokenType.VAR
        case "word":
            return KEYWORDS[word.text]
        case "sign":
            return SIGNS[word.text]


def _token_text(word: Word) -> str:
    if word.kind == "text":
        return word.text[1:-1].replace("''", "'")
    return FUNCTION_PREFIX + word.text if word.kind == "function" else word.text


def _read(place: Place) -> Iterable[Word]:
    text, at = place.text, 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        for sign, message, suggestion in REFUSED_SIGNS:
            if text.startswith(sign, at):
                raise place.fault(at, message, suggestion)
        word = _word_at(place, at)
        yield word
        at = word.end


def _word_at(place: Place, at: int) -> Word:
    text = place.text
    if found := _TEXT.match(text, at):
        inside = next((i for i in range(at, found.end()) if not text[i].isprintable()), None)
        if inside is not None:
            raise place.fault(inside, f"text may not hold {_spelled(text[inside])}")
        return Word("text", found[0], at, found.end())
    if text[at] == "'":
        raise place.fault(at, "this quote is not closed")
    if found := _NUMBER.match(text, at):
        _check_number(found[0], place, at)
        return Word("number", found[0], at, found.end())
    if found := _NAME.match(text, at):
        return Word("name", found[0], at, found.end())
    if found := _SIGN.match(text, at):
        return Word("sign", found[0], at, found.end())
    raise place.fault(at, f"{_spelled(text[at])} has no meaning here")


def _check_number(number: str, place: Place, at: int) -> None:
    if not _PLAIN_NUMBER.fullmatch(number):
        plain = number.replace("_", "")
        suggestion = plain if _PLAIN_NUMBER.fullmatch(plain) else None
        raise place.fault(
            at, f"{number} is no number; write digits and, if needed, a decimal point", suggestion
        )
    if len(number.replace(".", "").lstrip("0")) > MOST_DIGITS:
        raise place.fault(at, f"a number has at most {MOST_DIGITS} digits")


def _spelled(character: str) -> str:
    if character.isprintable():
        return f'"{character}"'
    return f"the invisible character U+{ord(character):04X}"


def _named(words: list[Word], at: int, place: Place, columns: Collection[str], noun: str) -> Word:
    """A name as what it is: keyword, function or column; every name is checked before any type is."""
    word = words[at]
    if word.kind != "name":
        return word
    lower = word.text.lower()
    if word.text in columns and not _opens_call(words, at):
        return word
    if lower in KEYWORDS:
        return Word("word", lower, word.start, word.end)
    if lower in SCALARS and _opens_call(words, at):
        return Word("function", lower, word.start, word.end)
    if lower in REFUSED_WORDS:
        raise place.fault(word.start, REFUSED_WORDS[lower])
    if word.text in columns:
        raise place.fault(word.start, f"{word.text} is a {noun}, not a function")
    if _opens_call(words, at):
        raise place.fault(word.start, f'unknown function "{_shown(word)}"', closest(lower, SCALARS))
    if lower in SCALARS:
        raise place.fault(word.start, f"{lower} is a function: {SCALARS[lower].usage}")
    suggestion = closest(word.text, columns)
    message = f'unknown {noun} "{_shown(word)}"'
    if suggestion is None and at and words[at - 1].text in {"=", "!=", "<>"}:
        message += f"; text is written in quotes: '{_shown(word)}'"
    raise place.fault(word.start, message, suggestion)


def _opens_call(words: list[Word], at: int) -> bool:
    return at + 1 < len(words) and words[at + 1].is_sign("(")


_PREFIXES = {"not", "-"}
_BETWEEN_VALUES = (set(SIGNS) - {"(", ")", ","}) | {"and", "or", "is", "in", "between"}

Bracket = Literal["group", "call", "list"]


class _Order:
    """Values and signs take turns, brackets pair, nesting is bounded: then the parser cannot be surprised.

    SQLGlot would read `a b` as a column and its alias, and fail on 3,000 brackets by exhausting the stack.
    """

    def __init__(self, words: list[Word], place: Place) -> None:
        self.words = words
        self.place = place
        self.brackets: list[tuple[Word, Bracket]] = []
        self.prefixes = [0]  # how many `not` and `-` stand before the next value, per open bracket

    def check(self) -> None:
        value_next = True
        for at, word in enumerate(self.words):
            value_next = self._value(word, at) if value_next else self._after_value(word, at)
        if value_next:
            last = self.words[-1]
            raise self.place.fault(last.start, f"something is missing after {_shown(last)}")
        if self.brackets:
            raise self.place.fault(self.brackets[-1][0].start, "this bracket is not closed")

    def _value(self, word: Word, at: int) -> bool:
        """A value is due: true when one is still due after this word."""
        before = self.words[at - 1] if at else None
        if before and before.is_word("in") and not word.is_sign("("):
            raise self.place.fault(word.start, "in takes a list in brackets: status in ('Open', 'New')")
        if word.is_sign("("):
            in_call = before is not None and before.kind == "function"
            in_list = before is not None and before.is_word("in")
            self.brackets.append((word, "call" if in_call else "list" if in_list else "group"))
            self.prefixes.append(0)
        elif word.text in _PREFIXES and word.kind in {"word", "sign"}:
            self.prefixes[-1] += 1
        elif word.kind in {"number", "text", "name"} or word.text in {"null", "true", "false"}:
            return False
        elif word.kind != "function":
            raise self.place.fault(word.start, self._missing(word, at))
        if len(self.brackets) + sum(self.prefixes) > MOST_LEVELS:
            raise self.place.fault(
                word.start, f"this is nested too deeply; {MOST_LEVELS} levels are possible"
            )
        return True

    def _missing(self, word: Word, at: int) -> str:
        if at == 0:
            return f"an expression cannot begin with {_shown(word)}"
        if word.is_sign(")") and self.words[at - 1].is_sign("(") and self.brackets[-1][1] == "call":
            function = self.words[at - 2].text
            return f"{function} is used like this: {SCALARS[function].usage}"
        return f"something is missing between {_shown(self.words[at - 1])} and {_shown(word)}"

    def _after_value(self, word: Word, at: int) -> bool:
        """A value is complete: true when this word asks for another one."""
        self.prefixes[-1] = 0
        if word.is_sign(")"):
            if not self.brackets:
                raise self.place.fault(word.start, "this bracket was never opened")
            self.brackets.pop()
            self.prefixes.pop()
            return False
        if word.is_sign(","):
            if not self.brackets or self.brackets[-1][1] == "group":
                message = "a comma stands between arguments or in a list; numbers are written 1000 and 0.5"
                raise self.place.fault(word.start, message)
            return True
        if word.kind in {"word", "sign"} and word.text in _BETWEEN_VALUES:
            return True
        following = self.words[at + 1] if at + 1 < len(self.words) else None
        if word.is_word("not") and following and (following.is_word("in") or following.is_word("between")):
            return False
        raise self.place.fault(
            word.start,
            f"{_shown(word)} cannot follow {_shown(self.words[at - 1])}: "
            "a comparison, and, or or is missing between them",
        )


def _shown(word: Word) -> str:
    return word.text if len(word.text) <= 40 else word.text[:39] + "…"
