"""Texts with `{name}` in them: subjects and descriptions of tasks, filled in by SQL or by Python alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from rules import notation
from rules.expression_tokens import Place, closest
from rules.faults import CatalogueError, Fault
from rules.functions import Engine, identifier, text_literal
from rules.phrases import ENGLISH, say, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.expression_types import Type

MOST_CHARACTERS = 4000
UNKNOWN = "–"
MOST = 10**15  # larger numbers say nothing to people, and not every double of them is whole

# Control characters and line ends, which break a subject; marks that turn the direction of writing, which
# can make a text read as another one.
_FORBIDDEN = (("00", "1F"), ("7F", "9F"), ("061C",), ("200E",), ("200F",), ("2028", "202E"), ("2066", "2069"))
_FORBIDDEN_SQL = "[" + "".join("-".join(f"\\x{{{code}}}" for code in span) for span in _FORBIDDEN) + "]"
_FORBIDDEN_PYTHON = re.compile(
    "[" + "".join("-".join(f"\\u{code:0>4}" for code in span) for span in _FORBIDDEN) + "]"
)
_BLANKS_SQL = "[\\x{09}-\\x{0D}\\x{85}\\x{2028}\\x{2029}]+"
_BLANKS_PYTHON = re.compile("[\\x09-\\x0d\\x85\\u2028\\u2029]+")
_ADDRESS = re.compile("://(?! )")
_PIECES = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template; `pieces` are literal texts (type None) and columns with their types, in order."""

    text: str
    pieces: tuple[tuple[str, Type | None], ...]
    columns: frozenset[str]


def compile_template(text: str, columns: Mapping[str, Type], *, path: str) -> Template:
    """Check a template against the known columns; the first fault is raised as a CatalogueError."""
    place = Place(path, text)
    if not text.strip():
        raise CatalogueError([Fault(path, "is empty; write the words that people will read")])
    if len(text) > MOST_CHARACTERS:
        raise CatalogueError(
            [Fault(path, f"is {len(text):,} characters long; at most {MOST_CHARACTERS:,} fit")]
        )
    pieces: list[tuple[str, Type | None]] = []
    for found in _PIECES.finditer(text):
        name, literal, stray = found.groups()
        if stray is not None:
            raise place.fault(found.start(), f"a lone {stray} has no meaning; a column is written {{name}}")
        if literal is not None:
            _check_literal(literal, found.start(), place)
            pieces.append((literal, None))
        elif name in columns:
            pieces.append((name, columns[name]))
        else:
            raise place.fault(found.start() + 1, _unknown(name), closest(name.strip(), columns))
    names = frozenset(piece for piece, kind in pieces if kind is not None)
    return Template(text, tuple(pieces), names)


def to_sql(
    template: Template,
    engine: Engine,
    *,
    limit: int | None = None,
    table: str | None = None,
    language: str = ENGLISH,
) -> str:
    """A text expression over the template's columns: `render` in SQL."""
    parts = [
        text_literal(piece, engine) if kind is None else _column_sql(piece, kind, engine, table, language)
        for piece, kind in template.pieces
    ]
    whole = " || ".join(parts)
    if limit is None:
        return whole
    return (
        f"CASE WHEN LENGTH({whole}) <= {limit} THEN {whole} "
        f"ELSE LEFT({whole}, {limit - 1}) || {text_literal('…', engine)} END"
    )


def render(
    template: Template, values: Mapping[str, object], *, limit: int | None = None, language: str = ENGLISH
) -> str:
    """The text with `values` in place, cut to `limit` characters; what is missing or None reads as a dash.

    Numbers and days are written as in `language`. Values are put in once: braces in them are ordinary characters.
    """
    whole = "".join(
        piece if kind is None else _shown(values.get(piece), kind, language)
        for piece, kind in template.pieces
    )
    return whole if limit is None or len(whole) <= limit else whole[: limit - 1] + "…"


def clean(value: str) -> str:
    """A value from outside on one line and in one direction of writing."""
    return _FORBIDDEN_PYTHON.sub("", _BLANKS_PYTHON.sub(" ", value))


def plain(value: str) -> str:
    """`clean`, and without an address that programs would make a link of: on a record, only links of Rapport's own lead
    anywhere. A blank is enough for that, and people still read what was meant.
    """
    return _ADDRESS.sub(":// ", clean(value))


def _check_literal(literal: str, start: int, place: Place) -> None:
    for offset, character in enumerate(literal):
        if character != "\n" and _FORBIDDEN_PYTHON.match(character):
            message = f"the invisible character U+{ord(character):04X} cannot stand in a text for people"
            raise place.fault(start + offset, message)


def _unknown(name: str) -> str:
    if not name.strip():
        return "the name of a column is missing between the braces"
    if re.fullmatch(r"\w+", name):
        return f'unknown column "{name[:40]}"'
    if re.fullmatch(r"\w+", name.strip()):
        return "the name stands between the braces without blanks"
    return "only the name of a column can stand between braces; no format, no calculation"


def _shown(value: object, kind: Type, language: str) -> str:
    """As `_column_sql` of the same type shows it."""
    if value is None:
        return UNKNOWN
    if kind == "number" and isinstance(value, (int, float, Decimal)):
        return notation.figure(_number(value), language)
    if kind == "boolean":
        return say(language, "yes" if value else "no")
    if kind == "timestamp" and isinstance(value, datetime):
        return notation.moment(value, language)
    if kind == "date" and isinstance(value, date):
        return notation.day(value, language)
    return plain(str(value)) or UNKNOWN


def _number(value: float | Decimal) -> str:
    """As people say it: 19, 2.5, 0.25. Python and both engines agree on each step."""
    exact = Decimal(value)
    if not exact.is_finite() or abs(exact) >= MOST:
        return UNKNOWN
    double = float(exact)
    scale = 1 if abs(double) >= 10 else 10 if abs(double) >= 1 else 100
    rounded = round(double * scale) / scale  # whole numbers divided: no negative zero
    return f"{rounded:.2f}".rstrip("0").rstrip(".")


def _column_sql(name: str, kind: Type, engine: Engine, table: str | None, language: str) -> str:
    column = identifier(name, engine, table)
    text = "VARCHAR" if engine == "duckdb" else "STRING"
    unknown = text_literal(UNKNOWN, engine)
    match kind:
        case "number":
            number = _number_sql(f"CAST({column} AS DOUBLE)", engine)
            return f"COALESCE({number if spoken(language) == ENGLISH else _signs_sql(number, language)}, {unknown})"
        case "boolean":
            yes, no = (text_literal(say(language, word), engine) for word in ("yes", "no"))
            return f"CASE WHEN {column} THEN {yes} WHEN NOT {column} THEN {no} ELSE {unknown} END"
        case "date":
            day = f"CAST({column} AS DATE)"
            shown = (
                f"CAST({day} AS {text})" if spoken(language) == ENGLISH else _day_sql(day, engine, language)
            )
            return f"COALESCE({shown}, {unknown})"
        case "timestamp":
            stamp = f"CAST({column} AS TIMESTAMP)"
            shown = f"LEFT(CAST({stamp} AS {text}), 16)"
            if spoken(language) != ENGLISH:
                shown = (
                    f"{_day_sql(stamp, engine, language)} || ', ' || SUBSTR(CAST({stamp} AS {text}), 12, 5)"
                )
            return f"COALESCE({shown}, {unknown})"
        case "text":
            cleaned = _replaced(_replaced(column, _BLANKS_SQL, " ", engine), _FORBIDDEN_SQL, "", engine)
            unlinked = f"REPLACE(REPLACE({cleaned}, '://', ':// '), '://  ', ':// ')"  # `plain` in SQL
            return f"COALESCE(NULLIF({unlinked}, ''), {unknown})"


def _signs_sql(number: str, language: str) -> str:
    """`notation.figure` in SQL."""
    return f"TRANSLATE({number}, ',.', '{notation.figure(',.', language)}')"


def _day_sql(day: str, engine: Engine, language: str) -> str:
    """`notation.spoken_day` in SQL, of languages other than English."""
    text = "VARCHAR" if engine == "duckdb" else "STRING"
    months = " ".join(
        f"WHEN {place} THEN {text_literal(f'. {name} ', engine)}"
        for place, name in enumerate(notation.MONTHS[spoken(language)], 1)
    )
    return f"CAST(DAY({day}) AS {text}) || CASE MONTH({day}) {months} END || CAST(YEAR({day}) AS {text})"


def _replaced(sql: str, pattern: str, by: str, engine: Engine) -> str:
    everywhere = ", 'g'" if engine == "duckdb" else ""  # DuckDB replaces the first match unless told
    return f"REGEXP_REPLACE({sql}, {text_literal(pattern, engine)}, {text_literal(by, engine)}{everywhere})"


def _number_sql(double: str, engine: Engine) -> str:
    half_even = "ROUND_EVEN" if engine == "duckdb" else "BROUND"
    # Large doubles are whole before they become decimals: DuckDB multiplies a double by 100 for that, which is inexact.
    rounded = (
        f"CASE WHEN ABS({double}) >= 10 THEN CAST(CAST({half_even}({double}, 0) AS BIGINT) AS DECIMAL(18, 2)) "
        f"ELSE CAST(CASE WHEN ABS({double}) >= 1 THEN {half_even}({double} * 10, 0) / 10 "
        f"ELSE {half_even}({double} * 100, 0) / 100 END AS DECIMAL(18, 2)) END"
    )
    bounded = f"CASE WHEN ABS({double}) < {MOST} THEN {rounded} END"
    if engine == "duckdb":
        return f"RTRIM(RTRIM(CAST({bounded} AS VARCHAR), '0'), '.')"
    return f"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST({bounded} AS STRING)))"
