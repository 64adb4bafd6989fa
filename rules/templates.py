"""Texts with `{name}` in them: the subjects and descriptions of tasks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template: literal pieces (`text`) and columns (`name`) in order of writing."""

    text: str
    columns: frozenset[str]
