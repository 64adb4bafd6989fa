"""What can go wrong between Rapport and Salesforce or Jira, sorted by what to do next.

ConnectorError
├── SignInRefused        wrong or expired credentials: give others
├── PermissionRefused    signed in, but may not: grant it
├── QuotaSpent           too many calls: come back later (retry_after)
├── Unreachable          no usable answer, even after all tries: try again
├── UnexpectedAnswer     an answer that is not the API's: check the address and what stands in between
├── FieldNotFound        a configured field that is not there: correct the configuration
├── RequestRefused       the request itself was refused (code, status): correct what was asked
│   └── CursorExpired    the page address is no longer valid: read that window again
└── OutcomeUnknown       a write whose answer was lost: look before writing again
"""

# ruff: noqa: N818 - the names say what happened; that they are errors stands in the root

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.salesforce import WriteResult


class ConnectorError(Exception):
    """One sentence on what happened and why, one on what to do; never a secret, never a stack trace."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n  What to do: {self.advice}" if self.advice else self.message


class SignInRefused(ConnectorError):
    """The credentials are wrong, expired, or were silently ignored (an anonymous-looking answer)."""


class PermissionRefused(ConnectorError):
    """Signed in, but not allowed: never to be read as "no rows"."""


class QuotaSpent(ConnectorError):
    """The daily or hourly allowance is used up; `retry_after` is in seconds where the server said so."""

    def __init__(self, message: str, advice: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message, advice)
        self.retry_after = retry_after


class Unreachable(ConnectorError):
    """No connection, a time-out, or server errors until the last try."""


class UnexpectedAnswer(ConnectorError):
    """A web page instead of data, another shape, a page address that repeats or leads elsewhere."""


class FieldNotFound(ConnectorError):
    """A field that the configuration names does not exist there, or its name fits several."""


class RequestRefused(ConnectorError):
    """The service understood who asked and said no to the request; `code` is its own word for it."""

    def __init__(
        self, message: str, advice: str = "", *, code: str | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, advice)
        self.code = code
        self.status = status


class CursorExpired(RequestRefused):
    """The address of the next page has expired; whoever reads begins that window again."""


class OutcomeUnknown(ConnectorError):
    """The write was sent and its answer lost: it may have taken effect.

    `results` has the records of the same request whose outcome is known all the same.
    """

    def __init__(self, message: str, advice: str = "", *, results: Sequence[WriteResult] = ()) -> None:
        super().__init__(message, advice)
        self.results = tuple(results)
