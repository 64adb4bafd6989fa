"""What can end the job here, each with the exit code that schedulers see.

SyncError                 what happened, and what to do about it
├── StalePlan       2     the world moved since the plan was made
├── EditedPlan      2     the file is not what Rapport wrote
├── StateMismatch   2     this store belongs to another org, site or version
├── SafetyStop      4     more would change than the limits allow
├── LedgerFailure   3     the record of writes cannot be kept, so nothing is sent
└── StoreBusy       6     another run holds the store
"""

# ruff: noqa: N818 - these names say what happened, as they stand in the design
from __future__ import annotations

from typing import ClassVar


class SyncError(Exception):
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message, advice)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n  What to do: {self.advice}"


class StalePlan(SyncError):
    pass


class EditedPlan(SyncError):
    pass


class StateMismatch(SyncError):
    pass


class SafetyStop(SyncError):
    exit_code = 4


class LedgerFailure(SyncError):
    exit_code = 3


class StoreBusy(SyncError):
    exit_code = 6
