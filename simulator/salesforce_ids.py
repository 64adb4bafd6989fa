"""Record Ids: 15 case-sensitive characters, or the same with a checksum of three."""

from __future__ import annotations

import re

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def is_record_id(value: object) -> bool:
    return isinstance(value, str) and _SHAPE.fullmatch(value) is not None


def short(record_id: str) -> str:
    """The 15 characters that identify the record."""
    return record_id[:15]


def long(record_id: str) -> str:
    """The 18 characters that the API answers; an Id that has 18 keeps them."""
    if len(record_id) != 15:
        return record_id
    tail = ""
    for start in (0, 5, 10):
        bits = sum(1 << i for i, char in enumerate(record_id[start : start + 5]) if "A" <= char <= "Z")
        tail += _CHECKSUM[bits]
    return record_id + tail


def numbered(prefix: str, number: int) -> str:
    """The 18-character Id of the number-th record made under a prefix."""
    digits = ""
    while number:
        number, rest = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return long(f"{prefix}S1m{digits.rjust(9, '0')}")
