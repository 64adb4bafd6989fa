"""Spans of time as admins write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("24h", timedelta(hours=24)),
        ("14 days", timedelta(days=14)),
        ("1 day", timedelta(days=1)),
        ("30m", timedelta(minutes=30)),
        ("30 min", timedelta(minutes=30)),
        ("90 Seconds", timedelta(seconds=90)),
        (" 2w ", timedelta(weeks=2)),
        ("5s", timedelta(seconds=5)),
        ("0h", timedelta()),
    ],
)
def test_a_number_and_a_unit_are_a_span(text, span):
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "24", "h", "1.5h", "-1h", "1h30m", "1 month", "2 y", "1 business day", "9999999h"]
)
def test_anything_else_is_refused_with_what_would_be_right(text):
    with pytest.raises(ValueError, match=r"a unit"):
        parse_duration(text)
