"""Reads the dates of JQL: minutes in the caller's zone, days, periods from now, epoch milliseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from simulator.jql import Function, JqlError, Value

if TYPE_CHECKING:
    from datetime import tzinfo

# Jira's index has no seconds in what people write: a text with seconds is refused, not rounded.
_WRITTEN = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:\s+(\d{1,2}):(\d{1,2}))?")
_PERIOD = re.compile(r"([+-]?)\s*((?:\d+[wdhm]\s*)+)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_DAY_FUNCTIONS = {"startofday": 0, "endofday": 1}


@dataclass(frozen=True, slots=True)
class DateReader:
    now: datetime
    zone: tzinfo
    epoch: bool

    def read(self, operand: Value | Function, field_name: str) -> datetime:
        """The instant meant, in the caller's zone, so that its date is the caller's day too."""
        if isinstance(operand, Function):
            return self._function(operand, field_name)
        at = self._written(operand)
        if at is None:
            raise JqlError(
                f"Date value '{operand.text}' for field '{field_name}' is invalid. Valid formats include: "
                "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format "
                "e.g. '-5d', '4w 2d'."
            )
        return at.astimezone(self.zone)

    def _written(self, value: Value) -> datetime | None:
        try:
            if value.number:
                return _EPOCH + timedelta(milliseconds=int(value.text)) if self.epoch else None
            text = value.text.strip()
            if match := _WRITTEN.fullmatch(text):
                return datetime(*(int(part or 0) for part in match.groups()), tzinfo=self.zone)  # type: ignore[misc,arg-type]  # five numbers
            if match := _PERIOD.fullmatch(text):
                amounts = re.findall(r"(\d+)([wdhm])", match[2])
                span = sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in amounts), timedelta())
                return self.now - span if match[1] == "-" else self.now + span
        except (ValueError, OverflowError):
            return None
        return None

    def _function(self, function: Function, field_name: str) -> datetime:
        name = function.name.casefold()
        local = self.now.astimezone(self.zone)
        if name == "now" and not function.arguments:
            return local
        if name not in _DAY_FUNCTIONS or len(function.arguments) > 1:
            raise JqlError(f"A date for the field '{field_name}' provided by '{function.name}' is not valid.")
        try:
            shift = int(function.arguments[0]) if function.arguments else 0
            start = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=shift)
        except (ValueError, OverflowError):
            raise JqlError(
                f"Duration for function '{function.name}' should have the format (+/-)n(yMwdhm), "
                "e.g -1M for 1 month earlier."
            ) from None
        # The last millisecond of the day, as Jira's endOfDay() means it.
        return start if name == "startofday" else start + timedelta(days=1, milliseconds=-1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
