"""SOQL conditions and statements, built so that no value can become part of the query.

Names are checked, values are quoted, and nothing else gets in. Every condition is a `str` that fits
`where=` of the Salesforce client.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Value = str | bool | int | float | Decimal | date | datetime | None

MAX_URL = 12_000
"""Characters of `q` as it travels in the address; servers refuse from about 16,000 on (414, 431)."""
MAX_VALUES = 300
MAX_LITERAL = 4_000

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*", re.ASCII)
# https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
ESCAPES = str.maketrans(
    {"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"}
)


def identifier(name: str) -> str:
    """An object or field name (parent hops with dots), which SOQL cannot take as a parameter."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no API name of Salesforce")
    return name


def literal(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, datetime):
        # SOQL takes a time without zone as the running user's; seconds are all that Salesforce stores.
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that Salesforce knows")
    return format(Decimal(str(value)), "f")


def equals(field: str, value: Value) -> str:
    return f"{identifier(field)} = {literal(value)}"


def in_(field: str, values: Iterable[Value]) -> str:
    literals = [literal(value) for value in values]
    if not literals:
        raise ValueError(f"{field} IN () asks for nothing; leave the query out instead")
    return f"{identifier(field)} IN ({','.join(literals)})"


def at_least(field: str, moment: datetime) -> str:
    return f"{identifier(field)} >= {literal(moment)}"


def before(field: str, moment: datetime) -> str:
    return f"{identifier(field)} < {literal(moment)}"


def greater(field: str, value: str | datetime) -> str:
    """After a text (an id, in paging by id) or a moment; fractions of a second are cut, which reads more."""
    return f"{identifier(field)} > {literal(value)}"


def not_null(field: str) -> str:
    return f"{identifier(field)} != null"


def all_of(*conditions: str) -> str:
    if not conditions:
        raise ValueError("no condition was given")
    return conditions[0] if len(conditions) == 1 else " AND ".join(f"({each})" for each in conditions)


def chunked_in(field: str, values: Iterable[Value], max_chars: int = MAX_URL) -> Iterator[str]:
    """IN conditions that hold every value once, each of at most `max_chars` as it travels in an address.

    The caller subtracts what the rest of the query needs (`url_length`).
    """
    return (in_(field, chunk) for chunk in chunks(field, values, max_chars))


def chunks(field: str, values: Iterable[Value], max_chars: int) -> Iterator[list[Value]]:
    head = url_length(f"{identifier(field)} IN ()")
    chunk: list[Value] = []
    size = head
    for value in dict.fromkeys(values):
        cost = url_length(literal(value) + ",")
        if chunk and (size + cost > max_chars or len(chunk) == MAX_VALUES):
            yield chunk
            chunk, size = [], head
        if size + cost > max_chars:
            raise ValueError(f"one value of {field} alone is too long for a query")
        chunk.append(value)
        size += cost
    if chunk:
        yield chunk


def url_length(text: str) -> int:
    return len(quote_plus(text))


def statement(
    object_name: str,
    fields: Sequence[str],
    *,
    where: str | None = None,
    order_by: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    parts = [f"SELECT {', '.join(identifier(each) for each in fields)} FROM {identifier(object_name)}"]
    if not fields:
        raise ValueError(f"no field of {object_name} was named")
    if where:
        parts.append(f"WHERE {where}")
    if order_by:
        parts.append(f"ORDER BY {', '.join(identifier(each) for each in order_by)}")
    if limit is not None:
        parts.append(f"LIMIT {int(limit)}")
    return " ".join(parts)


def _quoted(text: str) -> str:
    if len(text) > MAX_LITERAL:
        raise ValueError(
            f"a text of {len(text)} characters is too long to search for ({MAX_LITERAL} at most)"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text with broken characters cannot be searched for") from None
    return f"'{text.translate(ESCAPES)}'"
