"""How far a campaign goes: a little way in each run of the suite, the rest of it in `make thorough`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable


def seeds(daily: int, thorough: int) -> list:
    """The first `daily` seeds for every run, the others up to `thorough` for the long one."""
    return [
        seed if seed < daily else pytest.param(seed, marks=pytest.mark.thorough) for seed in range(thorough)
    ]


def sometimes(daily: int, thorough: int) -> list:
    """One value for every run, such as a wide stride, and another for the long one."""
    return [daily, pytest.param(thorough, marks=pytest.mark.thorough)]


def few(daily: int, cases: Iterable) -> list:
    """The first `daily` cases for every run, the others for the long one."""
    return [
        case
        if place < daily
        else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.thorough)
        for place, case in enumerate(cases)
    ]
