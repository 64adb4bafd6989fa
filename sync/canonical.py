"""One form for each value, so that what Salesforce normalises never looks like a change.

Numbers have their field's scale, text is trimmed with one newline form, '' is null, JSON has one spelling.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

Value = str | int | float | bool | None

_NEWLINES = str.maketrans({"\r": "\n", "\v": "\n", "\f": "\n", "\x00": None})
_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def number(value: float | Decimal | None, scale: int = 0) -> int | float | None:
    """Half-even to `scale` places; what is not finite is null. A scale of 0 gives an int."""
    if value is None or isinstance(value, bool):
        return None if value is None else int(value)
    if isinstance(value, int) and scale <= 0:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact.is_finite():
        return None
    rounded = exact.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_EVEN)
    return int(rounded) if scale <= 0 else float(rounded) + 0.0  # + 0.0 turns -0.0 into 0.0


def text(value: str | None, length: int | None = None) -> str | None:
    """Trimmed, one newline form, no blanks at line ends, cut to the field's length; '' is null.

    Length is counted in UTF-16 units with a line break as two, which is the strictest way a field can count.
    """
    if value is None:
        return None
    lines = value.replace("\r\n", "\n").translate(_NEWLINES).split("\n")
    tidy = "\n".join(line.rstrip() for line in lines).strip()
    if length is not None and stored_length(tidy) > length:
        tidy = _cut(tidy, length)
    return tidy or None


def stored_length(value: str) -> int:
    """UTF-16 units, a line break as two: the strictest way in which a field can count."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2 + value.count("\n")


def _cut(value: str, length: int) -> str:
    room = length - 1  # for the ellipsis that shows the cut
    used = 0
    for at, character in enumerate(value):
        used += stored_length(character)
        if used > room:
            return (value[:at].rstrip() + "…")[:length]
    return value


def value(raw: object, *, scale: int = 0, length: int | None = None) -> Value:
    """The canonical form of whatever a source delivered; text by `text`, numbers by `number`."""
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, (int, float, Decimal)):
        return number(raw, scale)
    if isinstance(raw, datetime):
        return stamp(raw)
    return text(str(raw), length)


def id18(record_id: str) -> str:
    """A Salesforce id with its case checksum; anything else comes back unchanged."""
    if len(record_id) != 15 or not record_id.isalnum():
        return record_id
    suffix = "".join(
        _ID_ALPHABET[sum(1 << bit for bit, letter in enumerate(record_id[at : at + 5]) if letter.isupper())]
        for at in (0, 5, 10)
    )
    return record_id + suffix


def stamp(moment: datetime) -> str:
    """An aware time as text that sorts in order of time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(stamped: str) -> datetime:
    return datetime.fromisoformat(stamped).astimezone(UTC)


def dumps(data: object) -> str:
    """Canonical JSON: sorted keys, no blanks, text as itself."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(data: object) -> str:
    return hashlib.sha256(dumps(data).encode("utf-8", "surrogatepass")).hexdigest()
