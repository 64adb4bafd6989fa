"""JQL text: quoting, wrapping the admin's query, and bounds that never skip an instant."""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import jql

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]


def unquote(text: str) -> str:
    """Read a JQL string the way Jira does."""
    assert text[0] == text[-1] == '"'
    plain = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

    def decode(match: re.Match[str]) -> str:
        return chr(int(match[1][1:], 16)) if match[1][0] == "u" else plain[match[1]]

    body = text[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', body), "an unescaped quotation mark ends the string early"
    return re.sub(r'\\(u[0-9a-f]{4}|[nrt"\\])', decode, body)


@given(st.text())
def test_any_text_survives_quoting(text):
    assert unquote(jql.quote(text)) == text


@given(st.text())
def test_a_quoted_value_never_changes_the_query_around_it(text):
    assert jql.wrap(jql.equals("summary", text), order_by=["key"]) == (
        f"(summary = {jql.quote(text)}) ORDER BY key"
    )


def test_fields_are_quoted_unless_they_are_plain_words():
    assert jql.field("updated") == "updated"
    assert jql.field("cf[10050]") == "cf[10050]"
    assert jql.field("CRM Account") == '"CRM Account"'
    assert jql.field('x" OR key is not empty') == '"x\\" OR key is not empty"'
    assert jql.in_("project", ["A", 'B"']) == 'project in ("A", "B\\"")'


def test_an_empty_list_is_no_condition():
    with pytest.raises(ValueError, match="matches nothing"):
        jql.in_("project", [])


def test_the_users_query_is_wrapped_so_that_its_or_stays_inside():
    assert jql.wrap("project = A OR project = B", "updated >= 5", order_by=["updated ASC", "key ASC"]) == (
        "(project = A OR project = B) AND updated >= 5 ORDER BY updated ASC, key ASC"
    )
    assert jql.wrap(None, "updated >= 5", order_by=()) == "updated >= 5"
    assert jql.wrap("  ", "updated >= 5", order_by=()) == "updated >= 5"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("project = A ORDER BY key", "ORDER BY"),
        ("project = A order\n  by key", "ORDER BY"),
        ("project = A) OR (key is not empty", "never opened"),
        ("(project = A", "never closes"),
        ('summary ~ "half', "quotation mark"),
        ("summary ~ 'half", "quotation mark"),
        ('summary ~ "half\\"', "quotation mark"),
        ("project = A\x00", "control character"),
    ],
)
def test_a_query_that_would_escape_its_parentheses_is_refused(query, reason):
    with pytest.raises(ValueError, match=reason):
        jql.wrap(query, order_by=["key"])


@pytest.mark.parametrize(
    "query",
    [
        'summary ~ "order by (" AND project = A',
        "summary ~ 'say \"hi' AND (project = A)",
        'summary ~ "back\\\\"',
        "project = REORDER AND component = BYE",
    ],
)
def test_quoted_text_is_not_mistaken_for_syntax(query):
    assert jql.wrap(query, order_by=()) == f"({query})"


def test_epoch_milliseconds_are_rounded_down():
    moment = datetime(2024, 11, 29, 10, 44, 51, 999, tzinfo=UTC)
    assert jql.updated_since(moment) == "updated >= 1732877091000"
    assert jql.updated_since(jql.BEGINNING) == "updated >= 86400000"


def test_the_minute_form_is_rendered_in_the_callers_zone():
    moment = datetime(2026, 5, 7, 10, 0, 59, tzinfo=UTC)
    assert jql.updated_since_minute(moment, "America/New_York") == 'updated >= "2026-05-07 06:00"'


def test_the_minute_form_goes_back_one_more_hour_when_clocks_are_put_back():
    first_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert jql.updated_since_minute(first_half_past_two, "Europe/Berlin") == 'updated >= "2026-10-25 01:30"'


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc/passwd"])
def test_an_unknown_zone_is_taken_for_the_westernmost(zone):
    moment = datetime(2026, 5, 7, 10, 0, tzinfo=UTC)
    assert jql.updated_since_minute(moment, zone) == 'updated >= "2026-05-06 22:00"'


@given(
    st.integers(1_104_537_600_000, 2_082_758_400_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC)),
    st.sampled_from(ZONES),
)
def test_no_reading_of_the_minute_form_is_later_than_the_instant(moment, zone):
    text = jql.updated_since_minute(moment, zone)
    local = datetime.strptime(text, 'updated >= "%Y-%m-%d %H:%M"')  # noqa: DTZ007 - the zone is set below
    for fold in (0, 1):
        read = local.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=fold).astimezone(UTC)
        assert read <= moment
        assert moment - read <= timedelta(hours=2, minutes=1)
