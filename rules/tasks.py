"""What a rule says about one account: the outcome that the plan turns into a task, or settles one with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

RuleState = Literal["fires", "silent", "unknown"]
RuleKind = Literal["fix", "grow", "govern"]
Severity = Literal["high", "normal", "low"]
OnClear = Literal["complete", "delete", "leave"]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule, one account (and subject key), at one `as_of`.

    `basis` is what the words rest on, as canonical JSON data: `{"band": str|None, "numbers": {metric: number},
    "records": [id, ...], "ageing": [metric, ...]}`; words are rewritten only when it moved materially.
    `reason` says why the rule fires, or, when it is silent, which part of its condition became false.
    `owner_id` is None when nobody active could be found; such a task is reported, never given to nobody.
    """

    rule: str
    kind: RuleKind
    severity: Severity
    state: RuleState
    account_id: str
    account: str
    subject_key: str
    owner_id: str | None
    owner_name: str | None
    who_id: str | None
    subject: str
    description: str
    due: date | None
    basis: Mapping[str, object]
    reason: str
    cooldown_days: int
    on_clear: OnClear
    health_band: str | None
