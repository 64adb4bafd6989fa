"""The plan: a pure function from what is wanted and what stands to the exact changes between the two."""

from __future__ import annotations

from sync.plan_inputs import (
    ConfirmedTask,
    Episode,
    Limits,
    PlanInputs,
    TaskRow,
    TaskSettings,
    WantedField,
    WantedRecord,
    Written,
)

__all__ = [
    "ConfirmedTask",
    "Episode",
    "Limits",
    "PlanInputs",
    "TaskRow",
    "TaskSettings",
    "WantedField",
    "WantedRecord",
    "Written",
]
