"""One written value: brought to the form in which Salesforce stores it, or refused with its code and text."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

from simulator.salesforce_errors import RecordRefused
from simulator.salesforce_ids import is_record_id, long
from simulator.salesforce_schema import DECIMAL_TYPES, ID_TYPES, TEXT_TYPES
from simulator.soql_binding import canonical_datetime, is_date

if TYPE_CHECKING:
    from simulator.salesforce_schema import Field

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LARGEST_INT = 2_147_483_647


class Unreadable(Exception):  # noqa: N818 - the request cannot be read, which is no error of one field
    """A JSON value of a kind that the field cannot take; the request is refused while it is parsed."""


def stored(field: Field, value: Any) -> Any:
    """As a record of the dataset brings it: put in canonical form where it can be, and else left alone."""
    if field.type == "datetime" and isinstance(value, str):
        return canonical_datetime(value) or value
    if field.type in DECIMAL_TYPES and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if field.type in ID_TYPES and is_record_id(value):
        return long(value)
    return False if field.type == "boolean" and value is None else value


def written(field: Field, value: Any) -> Any:
    """As a client writes it."""
    if value is None or (field.type in TEXT_TYPES | ID_TYPES and value == ""):
        if field.type == "boolean":
            raise Unreadable(_cannot_read("boolean", "VALUE_NULL", "null"))
        return None
    if field.type == "boolean":
        return _boolean(value)
    if field.type == "int":
        return _integer(field, value)
    if field.type in DECIMAL_TYPES:
        return _decimal(field, value)
    if not isinstance(value, str):
        raise Unreadable(_cannot_read("string", _token_of(value), value))
    if field.type == "date":
        if not is_date(value):
            raise Unreadable(_cannot_read("date", "VALUE_STRING", value))
        return value
    if field.type == "datetime":
        moment = canonical_datetime(value)
        if moment is None:
            raise Unreadable(_cannot_read("datetime", "VALUE_STRING", value))
        return moment
    if field.type in ID_TYPES:
        if not is_record_id(value):
            raise RecordRefused(
                "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", field.name
            )
        return long(value)
    return _text(field, value)


def _text(field: Field, value: str) -> str | None:
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return None
    if field.length and len(text) > field.length:
        shown = text if len(text) <= 300 else text[:300] + "..."
        message = f"{field.label}: data value too large: {shown} (max length={field.length})"
        raise RecordRefused("STRING_TOO_LONG", message, field.name)
    if field.type == "email" and not _EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise RecordRefused("INVALID_EMAIL_ADDRESS", message, field.name)
    if field.restricted and field.picklist:
        known = {name for name, _ in field.picklist}
        chosen = text.split(";") if field.type == "multipicklist" else [text]
        for each in chosen:
            if each not in known:
                message = f"{field.label}: bad value for restricted picklist field: {each}"
                raise RecordRefused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
    return text


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise Unreadable(_cannot_read("boolean", _token_of(value), value))


def _integer(field: Field, value: object) -> int:
    number = _number(value, "int")
    if number != number.to_integral_value():
        raise Unreadable(_cannot_read("int", _token_of(value), value))
    if abs(number) > _LARGEST_INT:
        raise _out_of_range(field, number)
    return int(number)


def _decimal(field: Field, value: object) -> float:
    """Digits behind the scale are rounded away without a word, digits before it are refused."""
    number = _number(value, "double")
    if number.adjusted() > field.precision:
        raise _out_of_range(field, number)
    rounded = number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP, Context(prec=80))
    if abs(rounded) >= Decimal(10) ** (field.precision - field.scale):
        raise _out_of_range(field, number)
    return float(rounded) or 0.0  # no negative zero


def _number(value: object, kind: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unreadable(_cannot_read(kind, _token_of(value), value))
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise Unreadable(_cannot_read(kind, _token_of(value), value)) from None
    if not math.isfinite(number):
        raise Unreadable(_cannot_read(kind, _token_of(value), value))
    return number


def _out_of_range(field: Field, number: Decimal) -> RecordRefused:
    message = f"{field.label}: value outside of valid range on numeric field: {number}"
    return RecordRefused("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)


def _cannot_read(kind: str, token: str, value: object) -> str:
    place = "or request may be missing a required field"
    return f"Cannot deserialize instance of {kind} from {token} value {value} {place}"


def _token_of(value: object) -> str:
    match value:
        case bool():
            return "VALUE_TRUE" if value else "VALUE_FALSE"
        case int():
            return "VALUE_NUMBER_INT"
        case float():
            return "VALUE_NUMBER_FLOAT"
        case str():
            return "VALUE_STRING"
        case dict():
            return "START_OBJECT"
        case list():
            return "START_ARRAY"
        case _:
            return "VALUE_NULL"
