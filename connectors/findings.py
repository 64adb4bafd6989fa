"""What a look at a connection finds, as plain data that a command can print or give as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.errors import ConnectorError

Severity = Literal["ok", "notice", "problem"]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is what was looked at: "sign-in", an object, a limit. `numbers` has what the message says."""

    subject: str
    severity: Severity
    message: str
    advice: str = ""
    numbers: Mapping[str, int | None] = field(default_factory=dict)


def refused(subject: str, error: ConnectorError, severity: Severity = "problem") -> Finding:
    return Finding(subject, severity, error.message, error.advice)


def listed(names: Iterable[str]) -> str:
    """A few names in full, of many only the first."""
    given = list(names)
    more = len(given) - SHOWN
    return ", ".join(given) if more <= 1 else f"{', '.join(given[:SHOWN])} and {more} more"
