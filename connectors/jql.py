"""JQL text: values quoted, the admin's own query wrapped, `updated` bounds in the forms that lose nothing.

A bare JQL date-time has minute precision and is read in the *calling user's* profile zone, so the
plain way to ask for "what changed since" silently skips hours. Two safe forms are built here:

    updated >= 1732877091000            an instant, the first choice
    updated >= "2026-10-25 01:04"       for sites that refuse numbers: rendered so early that no
                                        reading of it lies after the instant that was meant
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# Jira 1.0 came out in 2002; issues that were imported may be older, but not older than this.
BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)

_PLAIN_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z|cf\[[0-9]+\]\Z")
_ORDER_BY = re.compile(r"\border\s+by\b", re.IGNORECASE)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# A zone that is not known can lie at most twelve hours behind UTC.
_WESTERNMOST = timedelta(hours=12)


def quote(value: str) -> str:
    """Give a value as a JQL string; always quoted, so that reserved words need no list."""
    escaped = "".join(
        _ESCAPES.get(char) or (f"\\u{ord(char):04x}" if ord(char) < 0x20 or ord(char) == 0x7F else char)
        for char in value
    )
    return f'"{escaped}"'


def field(name: str) -> str:
    return name if _PLAIN_FIELD.match(name) else quote(name)


def equals(name: str, value: str) -> str:
    return f"{field(name)} = {quote(value)}"


def in_(name: str, values: Iterable[str]) -> str:
    listed = ", ".join(quote(value) for value in values)
    if not listed:
        raise ValueError(f'"{name} in ()" matches nothing and is refused by Jira: leave the condition out')
    return f"{field(name)} in ({listed})"


def updated_since(moment: datetime) -> str:
    """Bound `updated` by an instant in epoch milliseconds, rounded down."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return f"updated >= {since // timedelta(milliseconds=1)}"


def updated_since_minute(moment: datetime, zone: str | None) -> str:
    """Bound `updated` by wall-clock text in the caller's profile zone (`myself.timeZone`).

    The text is rounded down to the minute, and moved back by hours while the zone could also read
    it as a later instant (clocks that are put back show each minute of an hour twice). Without a
    known zone it is rendered for the westernmost one.
    """
    local_zone = _zone(zone)
    if local_zone is None:
        return _as_text(moment.astimezone(UTC) - _WESTERNMOST)
    candidate = moment.astimezone(UTC)
    while True:
        local = candidate.astimezone(local_zone).replace(second=0, microsecond=0, tzinfo=None)
        if max(_readings(local, local_zone)) <= moment:
            return _as_text(local)
        candidate -= timedelta(hours=1)


def wrap(user_jql: str | None, *conditions: str, order_by: Sequence[str]) -> str:
    """Set the admin's query in parentheses beside our conditions; ValueError if it cannot be."""
    query = (user_jql or "").strip()
    parts = list(conditions)
    if query:
        check(query)
        parts.insert(0, f"({query})")
    restriction = " AND ".join(parts)
    return f"{restriction} ORDER BY {', '.join(order_by)}" if order_by else restriction


def check(user_jql: str) -> None:
    """Refuse what would change the meaning of the text that is set around it."""
    outside: list[str] = []
    depth = 0
    quoted_by: str | None = None
    escaped = False
    for char in user_jql:
        if ord(char) < 0x20 and char not in "\t\n\r":
            raise ValueError("the JQL holds a control character: remove it")
        if quoted_by is not None:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == quoted_by:
                quoted_by = None
            continue
        if char in "\"'":
            quoted_by = char
            outside.append(" ")
            continue
        outside.append(char)
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                raise ValueError('the JQL closes a parenthesis that it never opened: remove a ")"')
    if quoted_by is not None:
        raise ValueError(f"the JQL opens a quotation mark ({quoted_by}) that it never closes")
    if depth:
        raise ValueError('the JQL opens a parenthesis that it never closes: add a ")"')
    if _ORDER_BY.search("".join(outside)):
        raise ValueError(
            "the JQL holds ORDER BY: leave it out, issues are read in the order of their changes"
        )


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # an unknown name, or a machine without zone data
        return None


def _readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _as_text(local: datetime) -> str:
    return f'updated >= "{local:%Y-%m-%d %H:%M}"'
