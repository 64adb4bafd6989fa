"""The kinds of value that a config holds, each with its check and the words for what it expects.

A check raises `expected(...)`, to which the report adds what was found, or `refused(...)`, a whole sentence
that repeats nothing of the value (it may hold a password).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from connectors import http, jql
from sync.durations import parse_duration

EXPECTED = "expected"
REFUSED = "refused"

_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w](?:[\w-]{0,61}[\w])?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_API_VERSION = re.compile(r"[1-9][0-9]{1,2}\.0")


def expected(words: str, suggestion: str | None = None) -> PydanticCustomError:
    return PydanticCustomError(EXPECTED, "{words}", {"words": words, "suggestion": suggestion})


def refused(sentence: str, key: str | None = None, suggestion: str | None = None) -> PydanticCustomError:
    """`key` names the entry of a table that is meant, where the check looks at the whole table."""
    return PydanticCustomError(
        REFUSED, "{sentence}", {"sentence": sentence, "key": key, "suggestion": suggestion}
    )


def close_to(name: str, known: list[str]) -> str | None:
    """What was probably meant: the closest known name, whatever its case."""
    by_case = {candidate.casefold(): candidate for candidate in reversed(known)}
    found = difflib.get_close_matches(name.casefold(), by_case, n=1, cutoff=0.6)
    return by_case[found[0]] if found else None


def normal_name(text: str) -> str:
    """The form in which names of accounts, labels and lists are compared."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def is_loopback(url: str) -> bool:
    return http.is_loopback(urlsplit(url).hostname or "")


def _text(value: str) -> str:
    if not value.strip():
        raise expected("a text that is not empty")
    if any(unicodedata.category(char) == "Cc" for char in value):
        raise refused("the text holds a control character; remove it")
    return value.strip()


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for value in values:
        if normal_name(value) in seen:
            raise refused(f'"{value}" stands in the list twice (upper and lower case are alike); remove one')
        seen.add(normal_name(value))
    return values


def _frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    seen: dict[str, str] = {}
    for key in values:
        if not key.strip():
            raise refused("an entry has no name; remove it or name it")
        before = seen.setdefault(normal_name(key), key)
        if before != key:
            raise refused(f'"{before}" and "{key}" are the same name; keep one', key)
    return MappingProxyType(dict(values))


def _api_name(value: str) -> str:
    if not _API_NAME.fullmatch(value):
        raise expected("the API name of a field, such as Health_Score__c")
    return value


def _column_names(values: Mapping[str, str]) -> Mapping[str, str]:
    for key in values:
        if not _COLUMN_NAME.fullmatch(key):
            raise refused(
                f'"{key}" cannot name a column; use small letters, digits and _, such as region', key
            )
    return values


def _domain(value: str) -> str:
    bare = value.casefold().removeprefix("@")
    if not _DOMAIN.fullmatch(bare):
        raise expected("a bare domain, such as example.com")
    return bare


def is_domain(text: str) -> bool:
    return _DOMAIN.fullmatch(text.strip().casefold().removeprefix("@")) is not None


def _domain_names(values: Mapping[str, str]) -> Mapping[str, str]:
    for key in values:
        if not is_domain(key):
            raise refused(f'"{key}" is no bare domain, such as example.com', key)
    return values


def _staff(value: str) -> str:
    if value.casefold().startswith("group:"):
        name = value[len("group:") :].strip()
        if not name:
            raise expected('the name of a group behind "group:"')
        return f"group:{name}"
    if "@" in value.removeprefix("@"):
        raise expected('a Jira account id, "group:NAME" or a domain, but no address of a person')
    if "." in value and ":" not in value:
        return _domain(value)
    if " " in value:
        raise expected('a Jira account id, "group:NAME" or a domain', f"group:{value}")
    return value


def _account_manager(value: str) -> str:
    kind, _, name = value.partition(":")
    if kind == "owner" and not name:
        return "owner"
    if kind == "field" and _API_NAME.fullmatch(name.strip()):
        return f"field:{name.strip()}"
    if kind == "team" and name.strip():
        return f"team:{name.strip()}"
    raise expected('"owner", "field:NAME" or "team:ROLE"', close_to(value, ["owner"]))


def _org_name(value: str) -> str:
    if not re.fullmatch(r"\w[\w.@+-]*", value):  # it becomes an argument of another program
        raise expected("a user name or an alias of the Salesforce CLI, as sf org list shows them")
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where the port is no number
    except ValueError:
        raise refused("this is no address; write one such as https://example.com") from None
    if parts.username is not None or parts.password is not None:
        raise refused("an address holds no user name or password; remove what stands before the @")
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", value):
        raise expected("an address that begins with https://")
    if parts.query or parts.fragment:
        raise expected("an address without ? and #")
    if parts.scheme == "http" and not is_loopback(value):
        raise expected(
            "https://, because http:// is accepted for this machine only (127.0.0.1, ::1, localhost)",
            "https://" + value.partition("://")[2],
        )
    return value.rstrip("/")


def _api_version(value: Any) -> Any:
    if isinstance(value, float):
        raise expected(f'a text; put it in quotes: "{value}"')
    if isinstance(value, str) and not _API_VERSION.fullmatch(value):
        raise expected('a version of the API, such as "62.0"')
    return value


def _jql(value: str) -> str:
    if not value.strip():
        raise expected("a text that is not empty")
    try:
        jql.check(value)
    except ValueError as fault:
        raise refused(str(fault)) from None
    return value.strip()


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        suggestion = close_to(value, sorted(available_timezones()))
        raise expected("the name of a time zone, such as Europe/Berlin", suggestion) from None
    return value


def _clock(value: Any) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise expected('a time of day, such as "09:00"')
    return time(int(found[1]), int(found[2]))


def _two_times(value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise expected('two times of day, such as ["09:00", "17:00"]')
    return value


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise expected("at least one entry")
    return values


def _in_order(hours: tuple[time, time]) -> tuple[time, time]:
    if hours[0] >= hours[1]:
        raise refused(
            f"the day ends at {hours[1]:%H:%M} before it begins at {hours[0]:%H:%M};"
            ' write the earlier time first: ["09:00", "17:00"]'
        )
    return hours


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise expected("a date, such as 2026-12-24")


def _instant(value: Any) -> datetime:
    read = value
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value.strip())
        except ValueError:
            read = None
    if not isinstance(read, datetime):
        raise expected("a date and time, such as 2026-11-22T09:00:00Z")
    if read.tzinfo is None:
        raise expected("an offset behind the time, such as Z or +01:00")
    return read.astimezone(UTC)


def _span(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise expected('a whole number and a unit, such as "24h", "14 days" or "30m"')
    try:
        span = parse_duration(value)
    except ValueError as fault:
        raise expected(str(fault)) from None
    if not span:
        raise expected("more than nothing")
    return span


def _constant(value: Any) -> str | bool | int | float:
    if not isinstance(value, str | bool | int | float) or (isinstance(value, float) and not isfinite(value)):
        raise expected("a text, a number, true or false")
    return value


Text = Annotated[str, AfterValidator(_text)]
Texts = Annotated[tuple[Text, ...], AfterValidator(_distinct)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Table = Annotated[Mapping[str, Text], AfterValidator(_frozen)]
DomainTable = Annotated[Table, AfterValidator(_domain_names)]
Lists = Annotated[Mapping[str, Texts], AfterValidator(_frozen)]
ApiName = Annotated[Text, AfterValidator(_api_name)]
FieldNames = Annotated[Mapping[str, ApiName], AfterValidator(_frozen)]
Columns = Annotated[FieldNames, AfterValidator(_column_names)]
Domains = Annotated[tuple[Annotated[Text, AfterValidator(_domain)], ...], AfterValidator(_distinct)]
Staff = Annotated[tuple[Annotated[Text, AfterValidator(_staff)], ...], AfterValidator(_distinct)]
AccountManagers = Annotated[
    tuple[Annotated[Text, AfterValidator(_account_manager)], ...],
    AfterValidator(_distinct),
    AfterValidator(_some),
]
LinkMethod = Literal["field", "organization", "project", "component", "label", "reporter"]
LinkMethods = Annotated[tuple[LinkMethod, ...], AfterValidator(_distinct), AfterValidator(_some)]
Url = Annotated[Text, AfterValidator(_url)]
ApiVersion = Annotated[str, BeforeValidator(_api_version)]
OrgName = Annotated[Text, AfterValidator(_org_name)]
Jql = Annotated[str, AfterValidator(_jql)]  # may run over several lines
Zone = Annotated[Text, AfterValidator(_zone)]
Clock = Annotated[
    time, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK.pattern})
]
Hours = Annotated[tuple[Clock, Clock], BeforeValidator(_two_times), AfterValidator(_in_order)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Instant = Annotated[
    datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string"})]
Constants = Annotated[
    Mapping[str, Annotated[str | bool | int | float, BeforeValidator(_constant)]], AfterValidator(_frozen)
]
