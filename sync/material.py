"""Whether the facts behind a text moved enough to say it again (an ageing of days alone is no news)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_SHARE = 0.1
LEAST_UNITS = 1


def moved(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> bool:
    """True when the band, the rule or the set of named measures or records changed, or a number moved materially.

    A text without a known basis has nothing to be compared with: it counts as moved.
    """
    if before is None or after is None:
        return True
    if any(before.get(name) != after.get(name) for name in ("band", "rule")) or _named(before) != _named(
        after
    ):
        return True
    old, new = numbers(before), numbers(after)
    if old.keys() != new.keys():
        return True
    ageing = {str(name) for name in _items(after.get("ageing"))}
    return any(_number_moved(old[name], new[name], ageing=name in ageing) for name in new)


def _number_moved(old: object, new: object, *, ageing: bool) -> bool:
    if not isinstance(old, (int, float)) or not isinstance(new, (int, float)):
        return old != new
    if ageing and new > old:
        return False
    distance = abs(new - old)
    return distance > LEAST_UNITS and distance > LEAST_SHARE * abs(old)


def numbers(basis: Mapping[str, object]) -> dict[str, object]:
    found = basis.get("numbers")
    return {str(name): value for name, value in found.items()} if isinstance(found, dict) else {}


def _named(basis: Mapping[str, object]) -> frozenset[str]:
    return frozenset(str(record) for record in _items(basis.get("records")))


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []
