"""Reading a Jira site: single odd answers here, the real protocol in the tests of whole issues."""

import base64
import json
import logging
import random
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connectors import jira_issues, jira_pages
from connectors.errors import (
    CursorExpired,
    PermissionRefused,
    QuotaSpent,
    RequestRefused,
    SignInRefused,
    UnexpectedAnswer,
    Unreachable,
)
from connectors.http import HttpSettings
from connectors.jira import Jira, JiraSettings, WantedFields

SITE = "https://acme.atlassian.net"
API = f"{SITE}/rest/api/3/"
TOKEN = "a-token-nobody-may-see"
MYSELF = {"accountId": "5b10", "accountType": "atlassian", "timeZone": "Europe/Berlin", "displayName": "Sync"}
SERVER = {"baseUrl": SITE, "deploymentType": "Cloud", "version": "1001.0.0-SNAPSHOT"}
DATE = "Sun, 22 Nov 2026 09:00:00 GMT"
NOTHING = WantedFields()
SINCE = datetime(2024, 11, 29, 10, 44, 51, tzinfo=UTC)


class Site:
    """Scripted answers by endpoint, and what was asked."""

    def __init__(self, mock):
        self.mock = mock
        self.asked: list[tuple[str, str, dict, dict]] = []
        self.script: dict[tuple[str, str], list] = {}
        mock.add_callback(responses.GET, re.compile(".*"), self._answer)
        mock.add_callback(responses.POST, re.compile(".*"), self._answer)
        self.on("GET", "myself", MYSELF)
        self.on("GET", "serverInfo", SERVER)
        self.on("POST", "changelog/bulkfetch", {"issueChangeLogs": []})

    def on(self, method, endpoint, *answers):
        """Answers in turn, the last one for good: a body, or (status, body or text, headers), or an error."""
        self.script[method, endpoint] = list(answers)

    def _answer(self, request):
        parts = urlsplit(request.url)
        endpoint = parts.path.partition("/rest/api/3/")[2]
        body = json.loads(request.body) if request.body else {}
        query = {name: given[0] for name, given in parse_qs(parts.query).items()}
        self.asked.append((request.method, endpoint, query, body))
        queue = self.script.get((request.method, endpoint), [(404, {"errorMessages": ["no such thing"]})])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer):
            answer = answer(query, body)
        if isinstance(answer, Exception):
            raise answer
        status, content, headers = (*answer, {}) if isinstance(answer, tuple) and len(answer) == 2 else (
            answer if isinstance(answer, tuple) else (200, answer, {})
        )  # fmt: skip
        text = content if isinstance(content, str) else json.dumps(content)
        kind = "text/html" if text.startswith("<") else "application/json"
        return status, {"Date": DATE, "Content-Type": kind, **headers}, text

    def bodies(self, endpoint):
        return [body for _, asked, _, body in self.asked if asked == endpoint]

    def endpoints(self):
        return [endpoint for _, endpoint, _, _ in self.asked]


@pytest.fixture
def site():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Site(mock)


@pytest.fixture
def waits():
    return []


@pytest.fixture
def jira(site, waits):
    return connect(waits)


def connect(waits=None, **settings):
    given = {"url": SITE, "email": "sync@acme.test", "api_token": TOKEN, "jql": "project = ACME", **settings}
    sleep = (waits if waits is not None else []).append
    return Jira(JiraSettings(**given), HttpSettings(), sleep=sleep, rng=random.Random(1))


def issue(number, updated="2026-11-20T10:00:00.000+0000", **fields):
    nothing = {"comments": [], "total": 0}
    given = {"created": "2026-01-01T00:00:00.000+0000", "updated": updated, "comment": nothing, **fields}
    return {"id": str(number), "key": f"ACME-{number}", "fields": given}


def page(*issues, token=None, last=None):
    ends = {"nextPageToken": token} if token else {}
    return {"issues": list(issues), **ends, **({} if last is None else {"isLast": last})}


def ids(batches):
    return [row["id"] for batch in batches for row in batch.issues.to_pylist()]


def pull(jira, since=SINCE, wanted=NOTHING):
    return list(jira.issue_batches(wanted, updated_since=since))


EVERY_READ = {
    "fields": lambda jira: jira.fields(),
    "statuses": lambda jira: jira.statuses(),
    "priorities": lambda jira: jira.priorities(),
    "projects": lambda jira: jira.projects(),
    "group_members": lambda jira: jira.group_members("staff"),
    "issue_batches": pull,
    "issue_ids": lambda jira: list(jira.issue_ids()),
}
ENDPOINT = {
    "fields": ("GET", "field"),
    "statuses": ("GET", "status"),
    "priorities": ("GET", "priority"),
    "projects": ("GET", "project/search"),
    "group_members": ("GET", "group/member"),
    "issue_batches": ("POST", "search/jql"),
    "issue_ids": ("POST", "search/jql"),
}
every_read = pytest.mark.parametrize("name", EVERY_READ)


# ---------------------------------------------------------------- sign-in


def test_signing_in_says_who_reads_and_where(site, jira):
    found = jira.sign_in()
    assert (found.account_id, found.time_zone) == ("5b10", "Europe/Berlin")
    assert (found.base_url, found.deployment_type) == (SITE, "Cloud")
    assert site.endpoints() == ["myself", "serverInfo"]
    assert jira.server_time() == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert (jira.calls.read, jira.calls.write) == (2, 0)


def test_making_the_client_asks_nothing(site, jira):
    assert site.asked == []


@every_read
def test_myself_is_asked_before_anything_and_once(site, jira, name):
    site.on(*ENDPOINT[name], page() if "issue" in name else [] if name in {"fields", "statuses", "priorities"}
            else {"values": [], "isLast": True})  # fmt: skip
    EVERY_READ[name](jira)
    EVERY_READ[name](jira)
    assert site.endpoints()[:2] == ["myself", "serverInfo"]
    assert site.endpoints().count("myself") == 1


@every_read
@pytest.mark.parametrize(
    "reason", ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED", "AUTHENTICATED_FAILED, OK"]
)
def test_an_empty_list_for_an_anonymous_visitor_is_a_refused_sign_in(site, jira, name, reason):
    empty = page() if "issue" in name else []
    site.on(*ENDPOINT[name], (200, empty, {"X-Seraph-LoginReason": reason}))
    with pytest.raises(SignInRefused, match="expire after at most a year"):
        EVERY_READ[name](jira)


def test_a_good_login_reason_is_no_fault(site, jira):
    site.on("GET", "myself", (200, MYSELF, {"X-Seraph-LoginReason": "OK"}))
    assert jira.sign_in().account_id == "5b10"


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ((401, {"message": "Client must be authenticated"}), SignInRefused, "at most a year"),
        ((401, "<html>Unauthorized</html>"), SignInRefused, "sync@acme.test"),
        (
            (403, {"error": "Failed to parse Connect Session Auth Token"}),
            PermissionRefused,
            "Failed to parse",
        ),
        (
            (403, "", {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}),
            SignInRefused,
            "CAPTCHA_CHALLENGE",
        ),
        ((404, "<html>gone</html>"), UnexpectedAnswer, "no Jira at"),
        ((200, "<!DOCTYPE html><html>Log in</html>"), UnexpectedAnswer, "not Jira's data"),
        ((200, ""), UnexpectedAnswer, "not Jira's data"),
        ((200, {"hello": "world"}), UnexpectedAnswer, "names no account"),
        ((200, []), UnexpectedAnswer, "expected an object, found a list"),
        ((200, '{"accountId": "5b10"'), UnexpectedAnswer, None),
        ((302, "", {"Location": "https://id.atlassian.com/login"}), UnexpectedAnswer, "redirects"),
    ],
)
def test_whatever_myself_answers_is_said_in_words(site, waits, answer, error, says):
    site.on("GET", "myself", answer)
    with pytest.raises((error, Unreachable) if says is None else error) as caught:
        connect(waits).sign_in()
    assert says is None or says in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert site.endpoints()[0] == "myself"


def test_server_info_is_not_worth_failing_for(site, jira):
    site.on("GET", "serverInfo", (403, {"errorMessages": ["no"]}))
    assert jira.sign_in().base_url == SITE


def test_links_for_people_start_at_the_site_also_behind_the_gateway(site):
    gateway = "https://api.atlassian.com/ex/jira/11223344"
    found = connect(url=gateway + "/").sign_in()
    assert found.base_url == SITE
    assert next(call.request.url for call in site.mock.calls) == f"{gateway}/rest/api/3/myself"


def test_a_data_center_is_named_instead_of_failing_later(site, jira):
    site.on("GET", "serverInfo", {"baseUrl": SITE, "deploymentType": "Server"})
    with pytest.raises(UnexpectedAnswer, match="is Jira Server, not Jira Cloud"):
        jira.sign_in()


def test_credentials_go_out_as_utf8_and_never_into_texts(site, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine acme.atlassian.net login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client = connect(email="jürgen@acme.test", api_token="tökén-✓")
    client.sign_in()
    sent = site.mock.calls[0].request.headers["Authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == "jürgen@acme.test:tökén-✓"
    settings = JiraSettings(url=SITE, email="e", api_token=TOKEN)
    assert TOKEN not in repr(settings)


def test_a_query_that_cannot_be_wrapped_is_refused_before_any_call(site):
    with pytest.raises(ValueError, match="ORDER BY"):
        connect(jql="project = A order by key")
    assert site.asked == []


# ---------------------------------------------------------------- every answer is judged


@every_read
def test_a_forbidden_read_is_never_an_empty_one(site, jira, name):
    site.on(*ENDPOINT[name], (403, {"errorMessages": ["You do not have permission."], "errors": {}}))
    with pytest.raises(PermissionRefused, match=r"\(403\): You do not have permission\."):
        EVERY_READ[name](jira)


@every_read
@pytest.mark.parametrize(
    "answer", ["<html>Maintenance</html>", "{}", "[1]", '{"issues": 5}', '{"values": [7]}']
)
def test_other_shapes_are_said_and_not_read(site, jira, name, answer):
    site.on(*ENDPOINT[name], (200, answer))
    with pytest.raises(UnexpectedAnswer) as caught:
        EVERY_READ[name](jira)
    assert "\n  What to do: " in str(caught.value)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {"errorMessages": ["The value 'X' does not exist for the field 'project'."]},
            "The value 'X' does not",
        ),
        ({"errorMessages": [], "errors": {"jql": "Unbalanced"}}, "jql: Unbalanced"),
        ({"errorMessage": "Nicht erlaubt", "i18nErrorMessage": {}}, "Nicht erlaubt"),
        (
            {"type": "about:blank", "title": "Bad", "status": 400, "detail": "Cannot convert"},
            "Cannot convert",
        ),
        ({"code": 400, "message": "gateway"}, "gateway"),
        ({"errorMessages": None, "errors": None}, "(400)."),
        ({"errorMessages": ["x" * 5000]}, "…"),
        ({"errorMessages": ["red\x1b[31m and\nmore"]}, "red [31m and more"),
        ([], "(400)."),
    ],
)
def test_a_refused_request_quotes_jiras_own_words(site, jira, body, says):
    site.on("POST", "search/jql", (400, body))
    with pytest.raises(RequestRefused) as caught:
        pull(jira)
    assert says in caught.value.message
    assert caught.value.status == 400
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("odd", [["text"], {"a": 1}, [{"id": []}], [None]])
@pytest.mark.parametrize("name", ["fields", "statuses", "priorities"])
def test_lists_that_the_library_would_stumble_over_are_said(site, jira, name, odd):
    site.on(*ENDPOINT[name], odd)
    with pytest.raises(UnexpectedAnswer):
        EVERY_READ[name](jira)


def test_nothing_of_an_answer_is_logged_or_kept(site, jira, caplog, tmp_path, monkeypatch):
    monkeypatch.setenv("PYJIRA_LOG_TO_TEMPFILE", "1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    caplog.set_level(logging.INFO)
    for answer in (
        (400, {"errorMessages": ["body-words"]}),
        (200, "no json, body-words"),
        (500, "body-words"),
    ):
        site.on("GET", "field", answer)
        with pytest.raises((RequestRefused, UnexpectedAnswer, Unreachable)):
            jira.fields()
    assert "body-words" not in caplog.text
    assert TOKEN not in caplog.text
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- waiting, also inside the library


@pytest.mark.parametrize("name", ["fields", "projects"])
def test_a_long_retry_after_is_kept_and_not_capped_at_a_minute(site, jira, waits, name):
    good = [] if name == "fields" else {"values": [], "isLast": True}
    site.on(*ENDPOINT[name], (429, {}, {"Retry-After": "90"}), good)
    EVERY_READ[name](jira)
    assert len(waits) == 1
    assert waits[0] >= 90


@pytest.mark.parametrize("name", ["fields", "projects"])
def test_a_retry_after_given_as_a_date_is_read(site, jira, waits, name):
    good = [] if name == "fields" else {"values": [], "isLast": True}
    site.on(*ENDPOINT[name], (429, {}, {"Retry-After": "Sun, 22 Nov 2026 09:00:40 GMT"}), good)
    EVERY_READ[name](jira)
    assert waits[0] >= 40


def test_a_retry_after_of_half_an_hour_ends_the_run(site, jira, waits):
    site.on("GET", "field", (429, {}, {"Retry-After": "1847", "RateLimit-Reason": "jira-quota-global-based"}))
    with pytest.raises(QuotaSpent) as caught:
        jira.fields()
    assert caught.value.retry_after == 1847
    assert waits == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_are_tried_again_also_without_a_hint(site, jira, waits, status):
    site.on("GET", "field", (status, "<html>sorry</html>"), (status, ""), [])
    assert jira.fields() == []
    assert len(waits) == 2
    assert jira.calls.read == 5


@pytest.mark.parametrize("error", [requests.ReadTimeout("slow"), requests.ConnectionError("reset")])
def test_a_lost_connection_ends_in_our_own_words(site, jira, waits, error):
    site.on("GET", "field", error)
    with pytest.raises(Unreachable):
        jira.fields()
    assert site.endpoints().count("field") == HttpSettings().max_tries


# ---------------------------------------------------------------- what a site consists of


def test_fields_statuses_and_priorities_are_read(site, jira):
    custom = "com.atlassian.servicedesk:sd-customer-organizations"
    site.on(
        "GET",
        "field",
        [
            {"id": "summary", "key": "summary", "name": "Summary", "schema": {"type": "string"}},
            {"id": "customfield_1", "name": "Organizations", "schema": {"type": "array", "custom": custom}},
            {"id": "thumbnail", "name": "Images"},
        ],
    )
    site.on("GET", "status", [{"id": "3", "name": "Done", "statusCategory": {"id": 3, "key": "done"}, "self": "x"},
                              {"id": 4, "name": "Odd"}])  # fmt: skip
    site.on("GET", "priority", [{"id": "1", "name": "Highest", "self": "x"}])
    assert [(one.id, one.type, one.custom) for one in jira.fields()] == [
        ("summary", "string", None),
        ("customfield_1", "array", custom),
        ("thumbnail", None, None),
    ]
    assert [(one.id, one.name, one.category) for one in jira.statuses()] == [
        ("3", "Done", "done"),
        ("4", "Odd", None),
    ]
    assert jira.priorities() == ["Highest"]


def test_a_site_without_priorities_or_group_has_none(site, jira):
    assert jira.priorities() is None
    assert jira.group_members("staff") is None


def test_projects_are_paged_by_what_was_delivered(site, jira):
    def answer(query, _body):
        start = int(query["startAt"])
        value = {"id": str(start), "key": f"P{start}", "name": "P", "projectTypeKey": "software"}
        return {"values": [value], "maxResults": 1, "startAt": start, "total": 3, "isLast": start == 2}

    site.on("GET", "project/search", answer)
    assert [one.key for one in jira.projects()] == ["P0", "P1", "P2"]


def test_a_list_that_says_neither_total_nor_end_is_read_until_it_is_empty(site, jira):
    def answer(query, _body):
        start = int(query["startAt"])
        return {"values": [{"accountId": f"u{start}"}] if start < 3 else []}

    site.on("GET", "group/member", answer)
    assert jira.group_members("staff") == ["u0", "u1", "u2"]


def test_a_list_that_ignores_where_to_go_on_stops_the_reading(site, jira):
    site.on("GET", "group/member", {"values": [{"accountId": "a"}], "total": 99})
    with pytest.raises(UnexpectedAnswer, match="same page again"):
        jira.group_members("staff")


def test_group_members_are_ids(site, jira):
    site.on("GET", "group/member", {"values": [{"accountId": "a"}, {"accountId": "b"}], "isLast": True})
    assert jira.group_members("staff & co") == ["a", "b"]
    assert site.asked[-1][2]["groupname"] == "staff & co"


# ---------------------------------------------------------------- search


def test_a_search_is_bounded_ordered_and_holds_no_null(site, jira):
    site.on("POST", "search/jql", page(issue(1), token="t1"), page(issue(2), last=True))
    assert ids(pull(jira, wanted=WantedFields("customfield_1", participants="customfield_2"))) == ["1", "2"]
    first, second = site.bodies("search/jql")
    assert first["jql"] == "(project = ACME) AND updated >= 1732877091000 ORDER BY updated ASC, key ASC"
    assert set(first) == {"jql", "fields", "maxResults"}
    assert first["maxResults"] == 100
    assert {"comment", "worklog", "updated", "security", "customfield_1", "customfield_2"} <= set(
        first["fields"]
    )
    assert second == {**first, "nextPageToken": "t1"}
    assert all(value is not None for _, _, _, body in site.asked for value in body.values())
    assert jira.calls.write == 0


def test_a_first_pull_is_bounded_too(site):
    client = connect(jql=None)
    site.on("POST", "search/jql", page(issue(1)))
    pull(client, since=None)
    assert site.bodies("search/jql")[0]["jql"] == "updated >= 86400000 ORDER BY updated ASC, key ASC"


def test_a_batch_carries_jiras_clock_from_before_the_search(site, jira):
    site.on("POST", "search/jql", (200, page(issue(1)), {"Date": "Sun, 22 Nov 2026 09:30:00 GMT"}))
    [batch] = pull(jira)
    assert batch.server_time == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_the_end_is_a_missing_token_or_is_last_and_not_a_short_or_empty_page(site, jira):
    site.on("POST", "search/jql", page(issue(1), token="a"), page(token="b"), page(issue(2), token="c"),
            page(issue(3), token="d", last=True))  # fmt: skip
    assert ids(pull(jira)) == ["1", "2", "3"]
    site.on("POST", "search/jql", page(issue(4), last=False))
    assert ids(pull(jira)) == ["4"]


def test_a_page_token_that_comes_again_stops_the_reading(site, jira):
    site.on(
        "POST", "search/jql", page(issue(1), token="a"), page(issue(2), token="b"), page(issue(3), token="a")
    )
    with pytest.raises(UnexpectedAnswer, match="same page token again"):
        pull(jira)


def test_empty_pages_without_end_stop_the_reading(site, jira):
    site.on("POST", "search/jql", lambda *_: page(token=f"t{len(site.asked)}"))
    with pytest.raises(UnexpectedAnswer, match="one empty page after another"):
        pull(jira)
    assert len(site.bodies("search/jql")) == jira_pages.MAX_EMPTY_PAGES + 1


def test_pages_without_end_stop_the_reading(site, jira, monkeypatch):
    monkeypatch.setattr(jira_pages, "MAX_PAGES", 5)
    site.on("POST", "search/jql", lambda *_: page(issue(len(site.asked)), token=f"t{len(site.asked)}"))
    with pytest.raises(UnexpectedAnswer, match="goes on after 5 pages"):
        pull(jira)
    site.on("GET", "project/search", lambda query, _: {"values": [{"id": query["startAt"], "key": "A"}]})
    with pytest.raises(UnexpectedAnswer, match="goes on after 5 pages"):
        jira.projects()


def test_an_issue_on_two_pages_is_given_once_unless_it_changed(site, jira):
    later = issue(1, updated="2026-11-21T10:00:00.000+0000")
    site.on("POST", "search/jql", page(issue(1), issue(2), token="a"), page(issue(2), token="b"), page(later))
    batches = pull(jira)
    assert ids(batches) == ["1", "2", "1"]
    assert len(batches) == 2


def test_a_broken_issue_is_rejected_and_the_others_go_on(site, jira):
    site.on("POST", "search/jql", page({"id": "9", "key": "A-9", "fields": {}}, issue(1)))
    [batch] = pull(jira)
    assert ids([batch]) == ["1"]
    assert [one.id for one in batch.rejected] == ["9"]


def test_an_expired_token_begins_that_window_again_and_doubles_nothing(site, jira):
    expired = (400, {"errorMessages": ["Das Token ist abgelaufen."]})
    site.on("POST", "search/jql", page(issue(1), issue(2), token="a"), expired, page(issue(2), token="b"),
            page(issue(3)))  # fmt: skip
    assert ids(pull(jira)) == ["1", "2", "3"]
    again = site.bodies("search/jql")[2]
    newest = datetime(2026, 11, 20, 10, tzinfo=UTC) - timedelta(minutes=1)
    assert f"updated >= {int(newest.timestamp() * 1000)} " in again["jql"]
    assert "nextPageToken" not in again


def test_tokens_that_expire_without_any_progress_end_the_reading(site, jira):
    site.on(
        "POST",
        "search/jql",
        lambda _, body: (400, {}) if "nextPageToken" in body else page(issue(1), token="a"),
    )
    with pytest.raises(CursorExpired):
        pull(jira)
    assert len(site.bodies("search/jql")) == 2 * (jira_issues.MAX_RESTARTS_IN_VAIN + 2)
    with pytest.raises(CursorExpired):
        list(jira.issue_ids())


def test_a_site_that_refuses_numbers_is_asked_in_the_callers_own_time(site, jira):
    def answer(_query, body):
        return (400, {"errorMessages": ["not a date"]}) if '"' not in body["jql"] else page(issue(1))

    site.on("POST", "search/jql", answer)
    assert ids(pull(jira)) == ["1"]
    assert ids(pull(jira)) == ["1"]
    asked = [body["jql"] for body in site.bodies("search/jql")]
    # 10:44:51 UTC is 11:44 in Berlin; the second pull does not try the number again.
    assert [jql.partition("updated >= ")[2].partition(" ORDER")[0] for jql in asked] == [
        "1732877091000", '"2024-11-29 11:44"', '"2024-11-29 11:44"'
    ]  # fmt: skip


def test_a_query_that_jira_refuses_in_both_forms_is_the_admins_to_correct(site, jira):
    site.on("POST", "search/jql", (400, {"errorMessages": ["The value 'ACME' does not exist"]}))
    with pytest.raises(RequestRefused, match="The value 'ACME' does not exist"):
        pull(jira)


def test_remarks_about_a_search_are_kept(site, jira):
    site.on("POST", "search/jql", {**page(issue(1)), "warnings": ["the function returned only 1000 values"]})
    pull(jira)
    assert jira.notices == {"the function returned only 1000 values"}


def test_ids_come_once_in_big_pages(site, jira):
    bare = [{"id": "1"}, {"id": 2}, {"id": "1"}]
    site.on(
        "POST", "search/jql", {"issues": bare, "nextPageToken": "a"}, {"issues": [{"id": "2"}, {"id": "3"}]}
    )
    assert list(jira.issue_ids()) == [["1", "2"], ["3"]]
    body = site.bodies("search/jql")[0]
    assert (body["fields"], body["maxResults"]) == (["id"], jira_issues.ID_PAGE)
    assert "ORDER BY key ASC" in body["jql"]
    list(jira.issue_ids("status = 5"))
    assert site.bodies("search/jql")[-1]["jql"] == "(project = ACME) AND status = 5 ORDER BY key ASC"


# ---------------------------------------------------------------- changelogs


def history(number, created="2026-11-01T10:00:00.000+0000", field="status"):
    step = {
        "field": field,
        "fieldId": field,
        "from": "1",
        "fromString": "Open",
        "to": "3",
        "toString": "Done",
    }
    return {"id": str(number), "author": {"accountId": "u"}, "created": created, "items": [step]}


def steps(batches):
    return [(row["issue_id"], row["history_id"]) for batch in batches for row in batch.steps.to_pylist()]


def test_changelogs_split_over_pages_are_put_together(site, jira):
    site.on("POST", "search/jql", page(issue(1), issue(2)))
    site.on(
        "POST",
        "changelog/bulkfetch",
        {"issueChangeLogs": [{"issueId": "1", "changeHistories": [history(1)]}], "nextPageToken": "a"},
        {"issueChangeLogs": [{"issueId": 1, "changeHistories": [history(2, 1793527200)]},
                             {"issueId": "2", "changeHistories": [history(3, 1793527200000)]}]},
    )  # fmt: skip
    batches = pull(jira)
    assert steps(batches) == [("1", "1"), ("1", "2"), ("2", "3")]
    assert len({row["created"] for row in batches[0].steps.to_pylist()}) == 1
    first, second = site.bodies("changelog/bulkfetch")
    assert first["issueIdsOrKeys"] == ["1", "2"]
    assert len(first["fieldIds"]) <= 10
    assert {"status", "priority", "assignee", "duedate", "project"} <= set(first["fieldIds"])
    assert second == {**first, "nextPageToken": "a"}


def test_a_changelog_token_that_repeats_stops_the_reading(site, jira):
    site.on("POST", "search/jql", page(issue(1)))
    site.on("POST", "changelog/bulkfetch", {"issueChangeLogs": [], "nextPageToken": "a"})
    with pytest.raises(UnexpectedAnswer, match="changelog/bulkfetch hands out the same page token"):
        pull(jira)


def test_an_expired_changelog_token_is_begun_again(site, jira):
    site.on("POST", "search/jql", page(issue(1)))
    start = {"issueChangeLogs": [{"issueId": "1", "changeHistories": [history(1)]}], "nextPageToken": "a"}
    end = {"issueChangeLogs": [{"issueId": "1", "changeHistories": [history(2)]}]}
    site.on("POST", "changelog/bulkfetch", start, (400, {}), start, end)
    assert steps(pull(jira)) == [("1", "1"), ("1", "2")]
    site.on("POST", "changelog/bulkfetch", lambda _, body: (400, {}) if "nextPageToken" in body else start)
    with pytest.raises(CursorExpired):
        pull(connect())


def test_a_site_that_cannot_filter_a_changelog_is_read_whole(site, jira):
    site.on("POST", "search/jql", page(issue(1)))
    whole = {"issueChangeLogs": [{"issueId": "1", "changeHistories": [history(1), history(2, field="Rank")]}]}
    site.on("POST", "changelog/bulkfetch", lambda _, body: (400, {}) if "fieldIds" in body else whole)
    assert steps(pull(jira)) == [("1", "1")]


@pytest.mark.parametrize("status", [404, 405])
def test_a_site_without_the_bulk_call_is_read_issue_by_issue(site, jira, status):
    site.on("POST", "search/jql", page(issue(1), token="a"), page(issue(2)))
    site.on("POST", "changelog/bulkfetch", (status, "<html>dead link</html>"))

    def changes(query, _body):
        start = int(query["startAt"])
        return {"values": [history(start)], "startAt": start, "total": 2, "isLast": start == 1}

    site.on("GET", "issue/1/changelog", changes)
    site.on("GET", "issue/2/changelog", (404, {}))
    site.on("GET", "issue/2", {"changelog": {"histories": [history(7)], "total": 1}})
    assert steps(pull(jira)) == [("1", "0"), ("1", "1"), ("2", "7")]
    assert site.endpoints().count("changelog/bulkfetch") == 1


def test_a_history_that_cannot_be_had_in_full_is_never_taken_for_the_whole(site, jira):
    site.on("POST", "search/jql", page(issue(1)))
    site.on("POST", "changelog/bulkfetch", (404, {}))
    site.on("GET", "issue/1", {"changelog": {"histories": [history(7)], "total": 2}})
    with pytest.raises(UnexpectedAnswer, match="keeps back part of the history"):
        pull(jira)


def test_an_issue_that_vanishes_while_it_is_read_stops_nothing(site, jira):
    cut = {"comments": [], "total": 3}
    site.on("POST", "search/jql", page(issue(1, comment=cut, worklog={"worklogs": [], "total": 9})))
    site.on("POST", "changelog/bulkfetch", (404, {}))
    [batch] = pull(jira)
    assert ids([batch]) == ["1"]
    assert (batch.comments.num_rows, batch.worklogs.num_rows, batch.steps.num_rows) == (0, 0, 0)


# ---------------------------------------------------------------- comments and worklogs


def test_what_is_cut_off_inline_is_fetched_in_full(site, jira):
    stamp = "2026-11-01T10:00:00.000+0000"

    def comments(query, _body):
        start = int(query["startAt"])
        rows = [
            {"id": str(number), "created": stamp, "jsdPublic": True}
            for number in range(start, min(start + 2, 5))
        ]
        return {"comments": rows, "startAt": start, "maxResults": 2, "total": 5}

    worklogs = [{"id": str(number), "started": stamp, "timeSpentSeconds": 60} for number in range(3)]
    site.on("POST", "search/jql", page(
        issue(1, comment={"comments": [{"id": "0", "created": stamp}], "total": 5},
              worklog={"worklogs": worklogs[:1], "total": 3}),
        issue(2, worklog={"worklogs": [], "total": 0}),
    ))  # fmt: skip
    site.on("GET", "issue/1/comment", comments)
    site.on("GET", "issue/1/worklog", {"worklogs": worklogs, "total": 3})
    [batch] = pull(jira)
    assert sorted(row["id"] for row in batch.comments.to_pylist()) == ["0", "1", "2", "3", "4"]
    assert batch.worklogs.num_rows == 3
    assert not any(endpoint.startswith("issue/2/") for endpoint in site.endpoints())


def test_comments_that_may_not_be_read_are_an_error_and_not_none(site, jira):
    site.on("POST", "search/jql", page(issue(1, comment={"comments": [], "total": 5})))
    site.on("GET", "issue/1/comment", (403, {"errorMessages": ["no"]}))
    with pytest.raises(PermissionRefused):
        pull(jira)
