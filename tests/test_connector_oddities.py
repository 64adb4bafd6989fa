"""What both APIs do that their documentation does not lead one to expect, each with the test that holds us to it.

Those that no other module tests are tested here.
"""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.batches import Column
from connectors.errors import PermissionRefused, QuotaSpent, RequestRefused, SignInRefused
from connectors.http import HttpSettings
from connectors.jira import Jira, JiraSettings
from connectors.salesforce import Salesforce, SalesforceSettings
from connectors.salesforce_windows import Window
from sync.side_by_side import side_by_side

SALESFORCE = {
    "a page holds fewer rows than asked for, or none, and is not the last":
        "test_pages_are_followed_until_salesforce_says_done_whatever_their_size",
    "the next page is a path without a host": "test_pages_are_followed_until_salesforce_says_done_whatever_their_size",
    "the next page lies on another host": "test_a_next_page_that_leads_elsewhere_is_not_followed",
    "the address of the next page comes again": "test_a_page_address_that_repeats_ends_the_loop",
    "empty pages go on without end": "test_empty_pages_without_end_are_ended",
    "a locator expires on the way (INVALID_QUERY_LOCATOR)": "test_an_expired_page_restarts_the_query_once",
    "the oldest of ten locators is dropped": "test_no_more_readings_than_allowed_are_under_way_and_the_one_waited_for_always_is",
    "a web page, or nothing, with status 200": "test_whatever_is_no_page_of_records_is_an_error_never_zero_rows",
    "503 as a web page": "test_reads_give_up_after_the_last_try_and_say_why",
    "an answer that breaks off": "test_an_answer_that_broke_off_is_asked_for_again",
    "414 and 431": "test_an_address_that_is_too_long_is_said_as_such",
    "414 and 431 in look-ups": "test_a_look_up_that_is_too_long_all_the_same_is_asked_in_smaller_parts",
    "whole numbers as 10.0": "test_a_record_becomes_a_row_of_typed_columns",
    "the count of rows is no number": "test_a_count_that_is_none_does_not_cost_the_page",
    "times with an offset without colon; in CSV with a Z": "test_every_kind_is_read_as_it_is_from_json",
    "a field is missing in a record": "test_a_missing_field_and_null_are_both_unknown",
    "ids of 15 characters": "test_records_with_ids_of_15_characters_meet_those_with_18",
    "NUL characters": "test_nul_characters_are_taken_out",
    "one record that cannot be read": "test_a_broken_record_is_set_aside_and_the_page_goes_on",
    "describe lacks a field that this user may not see": "test_a_field_that_is_not_there_is_named",
    "describe of a hidden object: 404 or INVALID_TYPE": "test_an_object_that_is_absent_or_hidden_is_none",
    "the list of objects or of their sizes is refused": "test_lists_that_only_help_are_done_without",
    "403 by a transaction security policy (TXN_SECURITY_…)": "test_a_refusal_carries_salesforces_own_code_and_words",
    "a missing permission answered by the bulk API": "test_a_missing_permission_is_never_read_as_no_rows",
    "REQUEST_LIMIT_EXCEEDED: too many at once, or the day's calls":
        "test_too_many_long_calls_at_once_are_waited_out_the_calls_of_the_day_are_not",
    "usage also counts one app alone (per-app-api-usage)":
        "test_the_orgs_usage_is_read_from_every_answer_also_from_refusals",
    "QUERY_TIMEOUT and OPERATION_TOO_LARGE": "test_what_is_too_large_at_once_is_asked_for_in_halves",
    "the same of a bulk query": "test_what_takes_the_org_too_long_comes_in_halves",
    "401 in plain text, as a dict or as a list": "test_a_given_token_cannot_be_renewed_and_the_message_says_so",
    "401 again and again": "test_a_lasting_401_ends_after_one_renewal",
    "a session ends between two pages": "test_a_session_may_expire_between_two_pages",
    "a session ends under several readings at once": "test_one_sign_in_serves_all_readings_whose_session_ended",
    "a refused sign-in without a description": "test_a_refused_sign_in_says_why_and_what_to_do",
    "a token that the CLI shows as [REDACTED]": "test_a_cli_that_keeps_its_token_is_to_be_updated",
    "a version that was retired, or is not there yet": "test_a_version_that_the_org_lacks_is_named",
    "bulk: the locator is the word null": "test_results_come_in_sets_with_the_servers_clock_of_the_beginning",
    "bulk: complete, but fewer rows than announced": "test_results_that_cannot_be_whole_are_not_taken_for_the_whole",
    "bulk: no order, other columns' order, a header in each set":
        "test_header_names_may_differ_in_case_and_order_and_a_byte_order_mark_is_none",
    "bulk: line breaks and quotes within a value": "test_whatever_the_records_hold_both_ways_bring_the_same",
    "bulk: an object that it does not read, a limit that is reached":
        "test_where_bulk_queries_are_closed_the_ordinary_one_is_asked_and_a_notice_says_so",
    "bulk: a session that ends while the job runs": "test_a_session_that_ends_on_the_way_is_renewed_and_the_job_goes_on",
    "archived activities: queryAll alone finds them": "test_the_query_names_its_fields_and_order_and_includes_deleted_rows",
    "statusCode in collections, errorCode elsewhere": "test_one_refused_record_does_not_hold_up_the_others",
    "UNABLE_TO_LOCK_ROW": "test_only_the_locked_rows_are_sent_again_and_keep_their_place",
    "a create whose answer is lost": "test_a_create_without_a_clear_answer_is_unknown_and_sent_only_once",
    "records that appear later than they are stamped":
        "test_pulls_after_random_edits_leave_what_a_fresh_store_holds",
    "stamps of the future": "test_a_stamp_of_the_future_does_not_hide_what_comes_before_it",
    "an object without SystemModstamp": "test_an_object_without_systemmodstamp_is_read_whole_each_time",
}  # fmt: skip
JIRA = {
    "an empty list for a failed sign-in": "test_an_empty_list_for_an_anonymous_visitor_is_a_refused_sign_in",
    "the same in the middle of a pull": "test_a_token_that_expires_during_the_pull_deletes_nothing",
    '403 {"error"} for an unreadable token': "test_whatever_myself_answers_is_said_in_words",
    "no time zone in one's own profile": "test_an_unknown_zone_is_taken_for_the_westernmost",
    "epoch milliseconds are not taken in a query": "test_a_site_that_refuses_numbers_is_asked_in_the_callers_own_time",
    "a minute that comes twice when clocks are put back":
        "test_the_minute_form_goes_back_one_more_hour_when_clocks_are_put_back",
    "a page token that comes again": "test_a_page_token_that_comes_again_stops_the_reading",
    "a last page with a token, a page without rows, a shorter page":
        "test_the_end_is_a_missing_token_or_is_last_and_not_a_short_or_empty_page",
    "a token that expires": "test_an_expired_token_begins_that_window_again_and_doubles_nothing",
    "nulls in the body break the schema": "test_a_search_is_bounded_ordered_and_holds_no_null",
    "an issue on two pages": "test_an_issue_on_two_pages_is_given_once_unless_it_changed",
    "Data Center: the server sets the size of a page": "test_the_size_of_a_page_is_the_servers_affair",
    "Data Center: rows move while one pages": "test_a_row_that_stays_put_is_never_stepped_over_whatever_moves",
    "Data Center: a total that shrinks": "test_a_list_that_shrinks_below_the_offset_is_looked_through_again",
    "Data Center: no total": "test_a_list_without_a_total_is_read_until_nothing_new_comes",
    "Data Center: Retry-After: 0 on every answer": "test_a_retry_after_of_nothing_on_every_answer_means_nothing",
    "Data Center: CAPTCHA after failed logins": "test_a_captcha_in_the_middle_ends_the_reading",
    "Data Center: a context path": "test_a_data_center_is_signed_in_to_by_a_personal_token_below_its_context_path",
    "times of changelogs as text, seconds or milliseconds": "test_times_are_read_as_text_as_seconds_and_as_milliseconds",
    "a changelog cut to 40 or 100 entries": "test_what_is_cut_off_inline_is_fetched_in_full",
    "a changelog split over pages": "test_changelogs_split_over_pages_are_put_together",
    "a site without the bulk call for changelogs": "test_a_site_without_the_bulk_call_is_read_issue_by_issue",
    'an unreadable field holds {"errorMessage"}': "test_no_value_in_any_field_stops_the_page",
    "no author, no fieldId": "test_one_broken_comment_or_worklog_or_change_costs_only_itself",
    "an issue that is gone or hidden answers 404 alike": "test_an_issue_that_vanishes_while_it_is_read_stops_nothing",
    "a moved issue keeps its id": "test_a_moved_issue_keeps_its_id_and_tells_the_step",
    "Retry-After in the hundreds of seconds": "test_a_long_retry_after_is_kept_and_not_capped_at_a_minute",
    "Retry-After as a date": "test_a_retry_after_given_as_a_date_is_read",
    "429 without Retry-After, of the hour's quota": "test_an_hourly_quota_is_not_waited_for",
    "429 without Retry-After, of the second's": "test_a_short_burst_is_waited_out_without_a_hint",
    "error bodies in five shapes": "test_whatever_the_shape_of_a_refusal_it_is_one",
    "a scoped token works at the gateway alone":
        "test_a_scoped_token_at_the_sites_own_address_is_told_where_it_belongs",
    "the other kind of Jira": "test_a_site_of_the_other_kind_is_named_with_what_to_change",
    "names of custom fields are not unique": "test_a_name_that_several_fields_carry_is_not_guessed",
    "the index is behind the database": "test_what_a_sweep_of_issues_cannot_find_because_the_index_lags_is_kept",
}  # fmt: skip

ORG = "https://acme.my.salesforce.com"
DATA = f"{ORG}/services/data/v62.0"
SITE = "https://acme.atlassian.net"
COLUMNS = (Column("Id", "id"), Column("SystemModstamp", "timestamp"))


def test_each_oddity_has_a_test_that_exists():
    texts = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)", texts, re.MULTILINE))
    assert [(odd, name) for odd, name in {**SALESFORCE, **JIRA}.items() if name not in there] == []


@pytest.fixture
def net():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client():
    settings = SalesforceSettings(ORG, "access_token", access_token="00Dxx0000001gPz!AQ.token")
    return Salesforce(settings, sleep=lambda _: None)


def page(*numbers, total=None):
    records = [{"Id": f"001{n:012d}AAA", "SystemModstamp": "2026-01-01T00:00:00.000+0000"} for n in numbers]
    return {"totalSize": len(records) if total is None else total, "done": True, "records": records}


# Salesforce


@pytest.mark.parametrize("status", [414, 431])
def test_an_address_that_is_too_long_is_said_as_such(net, client, status):
    net.get(f"{DATA}/queryAll", status=status, body="<h1>URI Too Long</h1>", content_type="text/html")
    with pytest.raises(RequestRefused) as caught:
        list(client.batches("Account", COLUMNS))
    assert caught.value.code == "URI_TOO_LONG"
    assert "fewer fields" in caught.value.advice


@pytest.mark.parametrize("total", ["many", 1.0, None, -1])
def test_a_count_that_is_none_does_not_cost_the_page(net, client, total):
    net.get(f"{DATA}/queryAll", json={**page(1), "totalSize": total})
    [batch] = client.batches("Account", COLUMNS, bulk_above=5)
    assert batch.table.num_rows == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 403, "json": [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]},
        {"status": 404, "json": [{"errorCode": "NOT_FOUND", "message": "no"}]},
        {"json": ["odd"]},
        {"json": {"sobjects": 7, "sObjects": [{"name": 3}, "x", {"name": "Account", "count": "7"}], "totalSize": "x"}},
        {"body": "<html>", "content_type": "text/html"},
    ],
)  # fmt: skip
def test_lists_that_only_help_are_done_without(net, client, answer):
    for path in ("sobjects", "limits/recordCount", "queryAll"):
        net.get(f"{DATA}/{path}", **answer)
    assert client.object_names() is None
    assert client.record_counts(["Account"]) == {}
    assert client.count("Account") is None


@pytest.mark.parametrize("code", ["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"])
def test_what_is_too_large_at_once_is_asked_for_in_halves(net, client, code):
    answered = []

    def answer(request):
        query = parse_qs(urlsplit(request.url).query)["q"][0]
        start, end = (re.search(rf"{sign} (\d{{4}})", query) for sign in (">=", "<"))
        years = int(end[1] if end else 2027) - int(start[1] if start else 1999)
        if years > 8:
            refusal = [{"errorCode": code, "message": "exceeded 100000 distinct who/what's"}]
            return 400, {}, json.dumps(refusal)
        answered.append((start and start[1], end and end[1]))
        return 200, {}, json.dumps(page(len(answered)))

    net.add_callback(responses.GET, f"{DATA}/queryAll", answer)
    whole = Window("SystemModstamp", None, datetime(2026, 1, 1, tzinfo=UTC))
    found = [batch.table.num_rows for batch in client.batches("Task", COLUMNS, window=whole)]
    assert found == [1] * 4
    assert answered == [(None, "2005"), ("2005", "2012"), ("2012", "2019"), ("2019", "2026")]
    with pytest.raises(RequestRefused) as caught:  # without a window there is nothing to halve
        list(client.batches("Task", COLUMNS))
    assert caught.value.code == code


def test_one_sign_in_serves_all_readings_whose_session_ended(net):
    signed_in, under_way = [], threading.Barrier(2, timeout=20)

    def token(request):
        signed_in.append(f"00Dxx0000001gPz!T{len(signed_in)}")
        identity = f"{ORG}/id/00Dxx0000001gPzEAU/005xx0000001gPzAAQ"
        return 200, {}, json.dumps({"access_token": signed_in[-1], "id": identity})

    def query(request):
        if request.headers["Authorization"] == "Bearer 00Dxx0000001gPz!T1":
            return 200, {}, json.dumps(page(1))
        under_way.wait()
        return 401, {}, json.dumps([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])

    net.add_callback(responses.POST, f"{ORG}/services/oauth2/token", token)
    net.add_callback(responses.GET, f"{DATA}/queryAll", query)
    settings = SalesforceSettings(ORG, "client_credentials", client_id="app", client_secret="a client secret")
    client = Salesforce(settings, sleep=lambda _: None)
    client._auth.sign_in()
    readings = [lambda name=name: client.batches(name, COLUMNS) for name in ("Account", "Contact")]
    with side_by_side(readings, 2) as streams:
        assert [batch.table.num_rows for stream in streams for batch in stream] == [1, 1]
    assert len(signed_in) == 2


# Jira


@pytest.fixture
def jira(net):
    net.get(f"{SITE}/rest/api/3/myself", json={"accountId": "me", "timeZone": "Europe/Berlin"})
    net.get(f"{SITE}/rest/api/3/serverInfo", json={"deploymentType": "Cloud", "baseUrl": SITE})
    waits = []
    made = Jira(
        JiraSettings(url=SITE, email="i@acme.example", api_token="a token of some length", jql=None),
        HttpSettings(max_tries=2),
        sleep=waits.append,
    )
    made.waits = waits
    return made


def test_a_short_burst_is_waited_out_without_a_hint(net, jira):
    url = f"{SITE}/rest/api/3/status"
    net.get(url, status=429, json={}, headers={"RateLimit-Reason": "jira-burst-based"})
    net.get(url, json=[{"id": "1", "name": "Open", "statusCategory": {"key": "new"}}])
    assert [each.name for each in jira.statuses()] == ["Open"]
    assert len(jira.waits) == 1
    net.replace(responses.GET, url, status=429, json={})
    with pytest.raises(QuotaSpent):
        jira.statuses()


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (400, {"json": {"errorMessages": ["The value 'X' does not exist."], "errors": {}}}, RequestRefused),
        (400, {"json": {"errors": {"jql": "odd"}}}, RequestRefused),
        (400, {"json": {"errorMessage": "Invalid", "i18nErrorMessage": {}}}, RequestRefused),
        (
            400,
            {"json": {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "odd"},
             "content_type": "application/problem+json"},
            RequestRefused,
        ),
        (400, {"body": ""}, RequestRefused),
        (401, {"json": {"code": 401, "message": "Unauthorized"}}, SignInRefused),
        (403, {"json": {"error": "Failed to parse Connect Session Auth Token"}}, PermissionRefused),
        (403, {"body": "<html>no</html>", "content_type": "text/html"}, PermissionRefused),
    ],
)  # fmt: skip
def test_whatever_the_shape_of_a_refusal_it_is_one(net, jira, status, answer, error):
    net.get(f"{SITE}/rest/api/3/status", status=status, **answer)
    with pytest.raises(error) as caught:
        jira.statuses()
    assert caught.value.message
    assert "token of some" not in str(caught.value)
