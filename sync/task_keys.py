"""The key by which a task is found again: `rule|account18|subject-key|episode`, at most 80 characters.

    call_back|0015g00000XyZabAAB||2026-11-22        the stem is all but the last part
    reach_unit|0015g00000XyZabAAB|legal|2026-11-22.2  a second episode of one day

A long stem keeps its head and ends in a hash; the episode always stays readable, so that open tasks can be
found by their stem even when nothing is known locally.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

LENGTH = 80
_EPISODE_LENGTH = len("|2026-11-22.99")
_STEM_LENGTH = LENGTH - _EPISODE_LENGTH
_HASH_LENGTH = 16

DIGEST = "digest"


def stem(rule: str, account_id: str, subject_key: str) -> str:
    whole = f"{rule}|{account_id}|{' '.join(subject_key.split())}"
    if len(whole) <= _STEM_LENGTH:
        return whole
    tail = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    return f"{whole[: _STEM_LENGTH - _HASH_LENGTH - 1]}~{tail}"


def task_key(stem_of_task: str, episode: str) -> str:
    return f"{stem_of_task}|{episode}"


def digest_key(user_id: str, day: date) -> str:
    return f"{DIGEST}|{user_id}|{day.isoformat()}"


def split(key: str) -> tuple[str, str] | None:
    """Stem and episode of a key, or None where somebody else's text stands in the field."""
    head, _, episode = key.rpartition("|")
    if head.count("|") < 2 or episode_order(episode) is None:
        return None
    return head, episode


def digest_owner(key: str) -> str | None:
    parts = key.split("|")
    return parts[1] if len(parts) == 3 and parts[0] == DIGEST else None


def parts(stem_of_task: str) -> tuple[str, str, str]:
    rule, account_id, subject_key = stem_of_task.split("|", 2)
    return rule, account_id, subject_key


def episode_order(name: str) -> tuple[str, int] | None:
    """What episodes of one stem are sorted by; None when the text names no episode."""
    day, _, count = name.partition(".")
    dashes_and_digits = len(day) == 10 and day[4] == day[7] == "-" and day.replace("-", "").isdigit()
    if not dashes_and_digits or (count and not count.isdigit()):
        return None
    return day, int(count or 1)


def next_episode(day: date, taken: Collection[str]) -> str:
    """The first free name of that day; a key is never used for a second episode."""
    name = day.isoformat()
    count = 1
    while name in taken:
        count += 1
        name = f"{day.isoformat()}.{count}"
    return name
