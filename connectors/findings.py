"""What a look at a connection finds, as plain data that a command can print or give as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.errors import ConnectorError

# error: this side cannot be used as it is · warning: something is lost or risked · note: good to know
Severity = Literal["error", "warning", "note"]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is what was looked at: "sign-in", an object, a limit; `code` names the kind of finding for programs.

    A finding without advice is as it should be. `numbers` and `facts` have what the message says.
    """

    subject: str
    severity: Severity
    message: str
    advice: str = ""
    numbers: Mapping[str, int | None] = field(default_factory=dict)
    code: str = ""
    facts: Mapping[str, str | None] = field(default_factory=dict)


def refused(subject: str, error: ConnectorError, severity: Severity = "error") -> Finding:
    return Finding(subject, severity, error.message, error.advice, code="refused")


def listed(names: Iterable[str], shown: int = SHOWN) -> str:
    """A few names in full, of many only the first."""
    given = list(names)
    more = len(given) - shown
    return ", ".join(given) if more <= 1 else f"{', '.join(given[:shown])} and {more} more"
