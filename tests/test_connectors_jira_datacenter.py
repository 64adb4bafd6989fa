"""Jira Data Center, scoped tokens and named sites: single odd answers, moving lists, epics, who reads a comment."""

from __future__ import annotations

import json
import random
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import jira_issues, jira_offsets
from connectors.errors import PermissionRefused, QuotaSpent, RequestRefused, SignInRefused, UnexpectedAnswer
from connectors.http import HttpSettings
from connectors.jira import Jira, JiraSettings, WantedFields, discover
from connectors.jira_records import IssueRecords
from connectors.jira_site import EPIC_LINK
from simulator.dataset import Dataset
from simulator.jira import JiraSwitches
from simulator.server import Simulator, Switches

SITE = "https://jira.acme.test/jira"
TOKEN = "a-token-nobody-may-see"
MYSELF = {
    "key": "JIRAUSER10100",
    "name": "sync",
    "emailAddress": "sync@acme.test",
    "timeZone": "Europe/Berlin",
}
NOTHING = WantedFields()
EPIC_FIELD = "customfield_10014"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
STAMP = "2026-11-01T10:00:00.000+0000"
# Data Center says so on every answer while there are tokens left.
LIMITS = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "49", "retry-after": "0", "X-AUSERNAME": "sync"}


class Site:
    """Scripted answers by endpoint, the last one for good; and what was asked."""

    def __init__(self, mock, root=f"{SITE}/rest/api/2/"):
        self.mock = mock
        self.root = root
        self.asked: list[tuple[str, str, dict, dict]] = []
        self.script: dict[str, list] = {}
        mock.add_callback(responses.GET, re.compile(".*"), self._answer)
        mock.add_callback(responses.POST, re.compile(".*"), self._answer)
        self.on("myself", MYSELF)
        self.on("serverInfo", {"baseUrl": SITE, "deploymentType": "Server", "version": "9.12.2"})
        self.on("project", [{"id": "3", "key": "HELP", "name": "Help", "projectTypeKey": "service_desk"}])

    def on(self, endpoint, *answers):
        self.script[endpoint] = list(answers)

    def _answer(self, request):
        parts = urlsplit(request.url)
        endpoint = request.url.partition("?")[0].removeprefix(self.root)
        body = json.loads(request.body) if request.body else {}
        query = {name: given[0] for name, given in parse_qs(parts.query).items()}
        self.asked.append((request.method, endpoint, query, body))
        queue = self.script.get(endpoint, [(404, "<html>dead link</html>")])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer):
            answer = answer(query, body)
        status, content, headers = 200, answer, {}
        if isinstance(answer, tuple):
            status, content, headers = (*answer, {})[:3]
        text = content if isinstance(content, str) else json.dumps(content)
        kind = "text/html" if text.startswith("<") else "application/json"
        return status, {"Content-Type": kind, **LIMITS, **headers}, text

    def bodies(self, endpoint="search"):
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


def connect(waits=None, **given):
    values = {"url": SITE, "deployment": "datacenter", "personal_access_token": TOKEN, **given}
    sleep = (waits if waits is not None else []).append
    return Jira(JiraSettings(**values), HttpSettings(), sleep=sleep, rng=random.Random(1))


def cloud(waits=None, **given):
    signed = {
        "deployment": "cloud",
        "email": "sync@acme.test",
        "api_token": TOKEN,
        "personal_access_token": "",
    }
    return connect(waits, **{**signed, **given})


def issue(number, updated=STAMP, key=None, **fields):
    nothing = {"comments": [], "total": 0}
    held = {"created": STAMP, "updated": updated, "comment": nothing, **fields}
    changelog = {"histories": [], "total": 0}
    return {"id": str(number), "key": key or f"ACME-{number}", "fields": held, "changelog": changelog}


def page(*issues, start=0, total=None, **more):
    total = start + len(issues) if total is None else total
    return {"startAt": start, "maxResults": 100, "total": total, "issues": list(issues), **more}


def rows(batches, name):
    return [row for batch in batches for row in getattr(batch, name).to_pylist()]


def ids(batches):
    return [row["id"] for row in rows(batches, "issues")]


def pull(jira, wanted=NOTHING, since=None):
    return list(jira.issue_batches(wanted, updated_since=since))


# ---------------------------------------------------------------- sign-in


@pytest.mark.parametrize("deployment", ["Server", "DataCenter"])
def test_a_data_center_is_signed_in_to_by_a_personal_token_below_its_context_path(site, deployment):
    site.on("serverInfo", {"baseUrl": "https://tickets.acme.test", "deploymentType": deployment})
    found = connect(url=SITE + "/").sign_in()
    assert (found.account_id, found.time_zone, found.deployment_type) == (
        "JIRAUSER10100",
        "Europe/Berlin",
        deployment,
    )
    assert found.base_url == "https://tickets.acme.test"
    assert site.endpoints() == ["myself", "serverInfo"]
    assert [call.request.headers["Authorization"] for call in site.mock.calls] == [
        b"Bearer " + TOKEN.encode()
    ] * 2


def test_who_has_no_key_is_known_by_name(site):
    site.on("myself", {"name": "sync"})
    site.on("serverInfo", (500, "<html>sorry</html>"))
    with pytest.raises(Exception, match="no usable answer"):
        connect().sign_in()
    site.on("serverInfo", (403, {}))
    found = connect().sign_in()
    assert (found.account_id, found.base_url, found.deployment_type) == ("sync", SITE, "Server")


def test_a_site_of_the_other_kind_is_named_with_what_to_change(site):
    site.on("serverInfo", {"baseUrl": SITE, "deploymentType": "Cloud"})
    with pytest.raises(UnexpectedAnswer, match="is Jira Cloud, not Jira Data Center") as caught:
        connect().sign_in()
    assert 'set deployment = "cloud" and email and api_token under [jira]' in str(caught.value)
    site.root = f"{SITE}/rest/api/3/"
    site.on("myself", (404, "<html>dead link</html>"))
    with pytest.raises(UnexpectedAnswer, match="no Jira at") as caught:
        cloud(site="plant").sign_in()
    assert 'set deployment = "datacenter" and personal_access_token under [jira.sites.plant]' in str(
        caught.value
    )


CAPTCHA = {
    "X-Seraph-LoginReason": "AUTHENTICATION_DENIED",
    "X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={SITE}/login.jsp",
}


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ((403, "<html>Forbidden</html>", CAPTCHA), SignInRefused, "sign in once in a browser as that user"),
        ((401, {"message": "no"}), SignInRefused, "set RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN"),
        (
            (401, "", {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}),
            SignInRefused,
            "make a new personal access token",
        ),
        ((200, MYSELF, {"X-AUSERNAME": "anonymous"}), SignInRefused, "took us for an anonymous visitor"),
        (
            (403, {"error": "Failed to parse Connect Session Auth Token"}),
            PermissionRefused,
            "if this is Jira Cloud",
        ),
        ((200, "<html>Log in</html>"), UnexpectedAnswer, "not Jira's data"),
        ((302, "", {"Location": "https://sso.acme.test/login"}), UnexpectedAnswer, "redirects"),
        ((404, "<html>Oops</html>"), UnexpectedAnswer, "no Jira at"),
        ((200, []), UnexpectedAnswer, "expected an object"),
    ],
)
def test_whatever_myself_answers_is_said_in_words_and_not_tried_again(site, waits, answer, error, says):
    site.on("myself", answer)
    with pytest.raises(error) as caught:
        connect(waits, site="plant").sign_in()
    assert says in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert waits == []
    assert site.endpoints() == ["myself"]


def test_a_captcha_in_the_middle_ends_the_reading(site):
    site.on("search", page(issue(1), issue(2), total=9), (403, "<html>Forbidden</html>", CAPTCHA))
    with pytest.raises(SignInRefused, match=r"Jira blocks the personal access token: CAPTCHA_CHALLENGE"):
        pull(connect())


def test_an_empty_search_for_an_anonymous_visitor_is_never_an_empty_site(site):
    site.on("search", (200, page(), {"X-AUSERNAME": "anonymous"}))
    with pytest.raises(SignInRefused):
        list(connect().issue_ids())


def test_a_retry_after_of_nothing_on_every_answer_means_nothing(site, waits):
    site.on("field", [])
    assert connect(waits).fields() == []
    assert waits == []
    site.on("field", (429, {}), (503, "<html>busy</html>"), [])
    assert connect(waits).fields() == []
    assert len(waits) == 2
    assert all(wait > 1 for wait in waits)
    site.on("field", (429, {}))
    with pytest.raises(QuotaSpent):
        connect().fields()


def test_a_named_site_is_named_in_messages(site):
    site.on("field", (403, {"errorMessages": ["Kein Zugriff"]}))
    with pytest.raises(
        PermissionRefused, match=r"Jira \(plant\) does not let the owner of the personal access token"
    ):
        connect(site="plant").fields()


def test_no_token_stands_in_any_text(site):
    values = JiraSettings(url=SITE, deployment="datacenter", personal_access_token=TOKEN)
    assert TOKEN not in repr(values)
    connect(personal_access_token="tökén-✓").sign_in()
    assert site.mock.calls[0].request.headers["Authorization"].decode() == "Bearer tökén-✓"


# ---------------------------------------------------------------- Cloud: tokens with scopes

GATEWAY = "https://api.atlassian.com/ex/jira/11223344"
CLOUD_SITE = "https://acme.atlassian.net"


def test_a_scoped_token_goes_to_the_gateway_and_links_stay_on_the_site(site):
    site.root = f"{GATEWAY}/rest/api/3/"
    site.on("serverInfo", (403, {}))
    found = cloud(url=CLOUD_SITE, api_base=GATEWAY).sign_in()
    assert found.base_url == CLOUD_SITE
    assert [call.request.url for call in site.mock.calls] == [
        f"{GATEWAY}/rest/api/3/{each}" for each in ("myself", "serverInfo")
    ]


def test_a_scoped_token_at_the_sites_own_address_is_told_where_it_belongs(site):
    site.root = f"{CLOUD_SITE}/rest/api/3/"
    site.on("myself", (401, {"message": "Client must be authenticated to access this resource."}))
    with pytest.raises(SignInRefused) as caught:
        cloud(url=CLOUD_SITE).sign_in()
    assert f'[jira] api_base = "{GATEWAY.replace("11223344", "CLOUD-ID")}"' in str(caught.value)
    assert f"{CLOUD_SITE}/_edge/tenant_info" in str(caught.value)


def test_a_refusal_at_the_gateway_speaks_of_scopes_instead(site):
    site.root = f"{GATEWAY}/rest/api/3/"
    site.on("myself", (401, {"code": 401, "message": "Unauthorized; scope does not match"}))
    with pytest.raises(SignInRefused, match="read:jira-work and read:jira-user") as caught:
        cloud(url=CLOUD_SITE, api_base=GATEWAY).sign_in()
    assert "api_base =" not in str(caught.value)


# ---------------------------------------------------------------- search by offset


def test_a_search_is_bounded_ordered_and_asks_for_changelogs(site):
    site.on("search", page(issue(1)))
    since = datetime(2024, 11, 29, 10, 44, 51, 999_000, tzinfo=UTC)
    assert ids(pull(connect(jql="project = ACME"), since=since)) == ["1"]
    [body] = site.bodies()
    # Rounded to the second, which is all that the index of Data Center knows.
    assert body["jql"] == "(project = ACME) AND updated >= 1732877091000 ORDER BY updated ASC, key ASC"
    assert (body["startAt"], body["maxResults"], body["expand"]) == (0, 100, ["changelog"])
    assert all(value is not None for value in body.values())


def listed(everything, cap=100, **more):
    """Answers as a server whose list is `everything()` at the time of each request."""

    def answer(_query, body):
        found, start = list(everything()), body["startAt"]
        size = min(body["maxResults"], cap)
        return {
            "startAt": start,
            "maxResults": size,
            "total": len(found),
            "issues": found[start : start + size],
            **more,
        }

    return answer


def test_the_size_of_a_page_is_the_servers_affair(site):
    site.on("search", listed(lambda: [issue(n) for n in range(25)], cap=10))
    assert ids(pull(connect())) == [str(n) for n in range(25)]
    assert [body["startAt"] for body in site.bodies()] == [0, 9, 18]


@pytest.mark.parametrize("cap", [1, 2, 3, 7])
def test_any_page_size_brings_everything_once(site, cap):
    site.on("search", listed(lambda: [issue(n) for n in range(9)], cap=cap))
    assert ids(pull(connect())) == [str(n) for n in range(9)]


def test_a_short_page_is_not_the_end_and_an_empty_one_neither(site):
    """Rows that the index still has and the database no longer count, and do not come."""
    found = [issue(n) if n % 50 < 3 else None for n in range(260)]

    def answer(_query, body):
        start = body["startAt"]
        came = [one for one in found[start : start + 20] if one]
        return {"startAt": start, "maxResults": 20, "total": 260, "issues": came}

    site.on("search", answer)
    assert ids(pull(connect())) == [one["id"] for one in found if one]


def test_nothing_found_is_nothing_read(site):
    site.on("search", page())
    client = connect()
    assert pull(client) == []
    assert list(client.issue_ids()) == []


def test_a_list_that_shrinks_below_the_offset_is_looked_through_again(site):
    lists = [[issue(n) for n in range(60)], [issue(n) for n in range(40, 60)]]
    site.on("search", listed(lambda: lists[0], 25), listed(lambda: lists[1], 25))
    assert ids(pull(connect())) == [*(str(n) for n in range(25)), *(str(n) for n in range(40, 60))]


def test_a_list_without_a_total_is_read_until_nothing_new_comes(site):
    answer = listed(lambda: [issue(n) for n in range(5)], cap=2)
    site.on("search", lambda query, body: {**answer(query, body), "total": None})
    assert ids(pull(connect())) == [str(n) for n in range(5)]


def test_a_server_that_ignores_the_offset_is_not_taken_for_a_whole_list(site):
    site.on("search", page(issue(1), issue(2), total=9))
    with pytest.raises(UnexpectedAnswer, match="asked for rows from 1 on and gave those from 0"):
        pull(connect())
    site.on("search", {"issues": [issue(1), issue(2)], "total": 9})
    with pytest.raises(UnexpectedAnswer, match="the same page again"):
        pull(connect())


def test_empty_pages_without_end_stop_the_reading(site):
    site.on("search", lambda _, body: page(start=body["startAt"], total=10**9))
    with pytest.raises(UnexpectedAnswer, match="nothing new on 26 pages in a row"):
        pull(connect())


def test_a_broken_issue_at_the_edge_of_a_page_is_rejected_once(site):
    broken = {"id": "9", "key": "A-9", "fields": {}}
    site.on("search", listed(lambda: [issue(1), broken, issue(2), 7, issue(3)], cap=2))
    batches = pull(connect())
    assert ids(batches) == ["1", "2", "3"]
    assert [one.id for batch in batches for one in batch.rejected] == ["9", None]


def test_remarks_about_a_search_are_kept(site):
    site.on("search", page(issue(1), warningMessages=["the function returned only 1000 values", 5]))
    client = connect()
    pull(client)
    assert client.notices == {"the function returned only 1000 values"}


def test_a_refused_query_is_the_admins_to_correct(site):
    site.on("search", (400, {"errorMessages": ["The value 'ACME' does not exist"], "errors": {}}))
    with pytest.raises(RequestRefused, match="The value 'ACME' does not exist"):
        pull(connect(jql="project = ACME"))


class Moving:
    """A list ordered by `updated` in which things happen between two requests."""

    def __init__(self, size, cap, events):
        self.rows = [(number, number) for number in range(size)]  # (updated, id)
        self.cap = cap
        self.events = list(events)
        self.clock = size
        self.touched = set()
        self.requests = 0

    def post(self, _path, shape, body):
        if self.requests and self.events:
            for number, gone in self.events.pop(0):
                self._happen(number, gone=gone)
        self.requests += 1
        start, size = body["startAt"], min(body["maxResults"], self.cap)
        found = [
            {"id": str(number), "key": f"A-{number}", "fields": {"updated": str(at)}}
            for at, number in self.rows[start : start + size]
        ]
        answer = {"startAt": start, "maxResults": size, "total": len(self.rows), "issues": found}
        return msgspec.json.decode(json.dumps(answer), type=shape)

    def _happen(self, number, *, gone):
        kept = [row for row in self.rows if row[1] != number]
        if len(kept) == len(self.rows):
            return
        self.touched.add(number)
        self.clock += 1
        self.rows = kept if gone else [*kept, (self.clock, number)]


EVENTS = st.lists(st.lists(st.tuples(st.integers(0, 59), st.booleans()), max_size=40), max_size=30)


@settings(max_examples=150, deadline=None)
@given(size=st.integers(0, 60), cap=st.integers(2, 25), events=EVENTS)
def test_a_row_that_stays_put_is_never_stepped_over_whatever_moves(size, cap, events):
    api = Moving(size, cap, events)
    pages = jira_offsets.search(api, "updated >= 0", ["updated"], size=100)
    delivered = {json.loads(bytes(raw))["id"] for found in pages for raw in found}
    assert {str(number) for number in range(size)} - {str(number) for number in api.touched} <= delivered
    assert api.requests < 400


def test_a_quiet_list_is_read_without_a_request_too_many():
    api = Moving(100, 10, [])
    pages = list(jira_offsets.search(api, "updated >= 0", ["updated"], size=100))
    assert sum(map(len, pages)) == 100
    assert api.requests == 11


# ---------------------------------------------------------------- windows


def minute(number):
    return f"2026-11-01T{10 + number // 60:02d}:{number % 60:02d}:00.000+0000"


def bounded(everything, cap):
    """As `listed`, of what is as new as the query asks for."""

    def answer(query, body):
        since = int(re.search(r"updated >= (\d+)", body["jql"])[1]) / 1000
        found = [
            one
            for one in everything()
            if datetime.fromisoformat(one["fields"]["updated"]).timestamp() >= since
        ]
        return listed(lambda: found, cap)(query, body)

    return answer


def test_deep_offsets_are_avoided_by_beginning_anew(site, monkeypatch):
    monkeypatch.setattr(jira_issues, "PAGES_PER_WINDOW", 3)
    everything = [issue(n, minute(2 * n)) for n in range(100)]
    site.on("search", bounded(lambda: everything, 10))
    assert ids(pull(connect())) == [str(n) for n in range(100)]
    assert max(body["startAt"] for body in site.bodies()) <= 3 * 10


def test_more_equal_times_than_a_window_holds_are_read_to_the_end(site, monkeypatch):
    monkeypatch.setattr(jira_issues, "PAGES_PER_WINDOW", 2)
    everything = [issue(n) for n in range(70)]
    site.on("search", bounded(lambda: everything, 10))
    assert ids(pull(connect())) == [str(n) for n in range(70)]


def test_an_issue_that_shows_a_newer_time_than_its_place_skips_nothing(site, monkeypatch):
    """The index still has its old time: what lies in between must not be taken for read."""
    monkeypatch.setattr(jira_issues, "PAGES_PER_WINDOW", 1)
    everything = [issue(n, minute(2 * n)) for n in range(40)]
    everything[9] = issue(9, "2026-11-22T09:00:00.000+0000")

    def answer(query, body):
        since = int(re.search(r"updated >= (\d+)", body["jql"])[1]) / 1000
        found = [one for n, one in enumerate(everything)
                 if datetime.fromisoformat(minute(2 * n)).timestamp() >= since]  # fmt: skip
        return listed(lambda: found, 10)(query, body)

    site.on("search", answer)
    assert sorted(ids(pull(connect())), key=int) == [str(n) for n in range(40)]


# ---------------------------------------------------------------- changelogs


def history(number):
    step = {
        "field": "assignee",
        "fieldtype": "jira",
        "from": "a",
        "fromString": "Ann",
        "to": "b",
        "toString": "Bo",
    }
    return {"id": str(number), "author": {"key": "u", "name": "u"}, "created": STAMP, "items": [step]}


def test_a_changelog_that_a_search_cut_is_read_from_the_issue(site):
    whole, cut, silent = issue(1), issue(2), issue(3)
    whole["changelog"] = {"histories": [history(1)], "total": 1}
    cut["changelog"] = {"histories": [history(2)], "total": 2}
    del silent["changelog"]
    site.on("search", page(whole, cut, silent))
    site.on("issue/2", {"id": "2", "changelog": {"histories": [history(2), history(3)], "total": 2}})
    site.on("issue/3", (404, {"errorMessages": ["gone"]}))
    batches = pull(connect())
    assert [(row["issue_id"], row["history_id"]) for row in rows(batches, "steps")] == [
        ("1", "1"),
        ("2", "2"),
        ("2", "3"),
    ]
    assert not any("bulkfetch" in endpoint or endpoint == "issue/1" for endpoint in site.endpoints())


def test_a_history_that_is_cut_also_there_is_paged_or_refused_but_never_taken_for_whole(site):
    found = issue(2)
    del found["changelog"]
    site.on("search", page(found))
    site.on("issue/2", {"id": "2", "changelog": {"histories": [history(2)], "total": 2}})
    with pytest.raises(UnexpectedAnswer, match="keeps back part of the history of issue 2"):
        pull(connect())
    site.on("issue/2/changelog", {"values": [history(1), history(2)], "total": 2, "isLast": True})
    assert len(rows(pull(connect()), "steps")) == 2


def test_steps_of_people_keep_the_keys_and_no_name(site):
    found = issue(1)
    found["changelog"] = {"histories": [history(1)], "total": 1}
    site.on("search", page(found))
    [step] = rows(pull(connect()), "steps")
    assert (step["from_id"], step["to_id"], step["from_text"], step["to_text"]) == ("a", "b", None, None)


# ---------------------------------------------------------------- epics

EPICS = WantedFields(epic_link=EPIC_FIELD)


def test_an_epic_that_is_named_by_key_becomes_the_parent_by_id(site):
    story, done = issue(2, **{EPIC_FIELD: "ACME-1"}), issue(3, **{EPIC_FIELD: "PLAN-7"})
    task = issue(4, parent={"id": "2", "key": "ACME-2"}, **{EPIC_FIELD: None})
    pages = {True: page(issue(1), story, done, task, issue(5, **{EPIC_FIELD: "PLAN-8"})),
             False: page({"id": "77", "key": "PLAN-7"})}  # fmt: skip
    site.on("search", lambda _, body: pages[body.get("validateQuery", True)])
    site.on("issue/PLAN-8", {"id": "78", "key": "NEW-8"})
    found = {
        row["id"]: (row["parent_id"], row["parent_key"]) for row in rows(pull(connect(), EPICS), "issues")
    }
    assert found == {
        "1": (None, None),
        "2": ("1", "ACME-1"),
        "3": ("77", "PLAN-7"),
        "4": ("2", "ACME-2"),
        "5": ("78", "PLAN-8"),
    }
    asked, looked_up = site.bodies()
    assert EPIC_FIELD in asked["fields"]
    assert looked_up["jql"] == 'key in ("PLAN-7", "PLAN-8") ORDER BY key ASC'


def test_each_epic_is_looked_up_once_and_one_that_is_gone_stays_a_key(site):
    stories = [issue(n, minute(n), **{EPIC_FIELD: "PLAN-7"}) for n in range(1, 4)]

    def answer(query, body):
        refused = (400, {"errorMessages": ["An issue with key 'PLAN-7' does not exist for field 'key'."]})
        return refused if "key in" in body["jql"] else listed(lambda: stories, 2)(query, body)

    site.on("search", answer)
    site.on("issue/PLAN-7", (404, {"errorMessages": ["gone"]}))
    found = rows(pull(connect(), EPICS), "issues")
    assert {(row["parent_id"], row["parent_key"]) for row in found} == {(None, "PLAN-7")}
    assert site.endpoints().count("issue/PLAN-7") == 1


@pytest.mark.parametrize("odd", ["no key at all", "A-1/../../x", {"id": 5}, 7, ""])
def test_an_odd_epic_link_is_never_asked_for(site, odd):
    site.on("search", page(issue(1, **{EPIC_FIELD: odd})))
    [row] = rows(pull(connect(), EPICS), "issues")
    assert row["parent_id"] is None
    assert len(site.bodies()) == 1


def test_cloud_is_not_asked_for_the_epic_link(site):
    site.root = f"{SITE}/rest/api/3/"
    site.on("serverInfo", {"deploymentType": "Cloud"})
    site.on("search/jql", {"issues": [issue(1, parent={"id": "9", "key": "A-9"}, **{EPIC_FIELD: "A-8"})]})
    site.on("changelog/bulkfetch", {"issueChangeLogs": []})
    [row] = rows(pull(cloud(), EPICS), "issues")
    assert (row["parent_id"], row["parent_key"]) == ("9", "A-9")
    assert EPIC_FIELD not in site.bodies("search/jql")[0]["fields"]


# ---------------------------------------------------------------- comments, values


def comment(number, **more):
    return {"id": str(number), "author": {"key": "u"}, "created": STAMP, **more}


NOTE = {"properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}


def test_who_may_read_a_comment_is_asked_where_a_service_project_does_not_say(site):
    service = {"project": {"id": "1", "key": "ACME", "projectTypeKey": "service_desk"}}
    software = {"project": {"id": "2", "key": "DEV", "projectTypeKey": "software"}}
    untold = {"project": {"id": "3", "key": "HELP"}}  # the list of projects tells what it is
    inline = {"comments": [comment(1), comment(2)], "total": 2}
    one = {"comments": [comment(3)], "total": 1}
    other = {"comments": [comment(4)], "total": 1}
    found = [
        issue(1, comment=inline, **service),
        issue(2, comment=one, **software),
        issue(3, comment=other, **untold),
    ]
    site.on("search", page(*found))
    site.on("issue/1/comment", {"comments": [comment(1, properties=[]), comment(2, **NOTE)], "total": 2})
    site.on("issue/3/comment", {"comments": [comment(4, properties=[])], "total": 1})
    public = {row["id"]: row["jsd_public"] for row in rows(pull(connect()), "comments")}
    assert public == {"1": True, "2": False, "3": None, "4": True}
    [asked] = [query for _, endpoint, query, _ in site.asked if endpoint == "issue/1/comment"]
    assert asked["expand"] == "properties"
    assert "issue/2/comment" not in site.endpoints()


def read(found, **wanted):
    records = IssueRecords("default", WantedFields(**wanted))
    assert records.issue(json.dumps(found).encode()) is not None
    return records.batch(None)


SPRINT = (
    "com.atlassian.greenhopper.service.sprint.Sprint@3f1a[id=42,rapidViewId=4,state=ACTIVE,name=Plan, then [do],"
    "startDate=2026-11-05T09:00:00.000+05:30,endDate=<null>,completeDate=<null>,sequence=42,goal=a=b]"
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([SPRINT], [("Plan, then [do]", "42")]),
        ([{"id": 42, "name": "Plan", "state": "active", "boardId": 4}], [("Plan", "42")]),
        ("com.atlassian.greenhopper.service.sprint.Sprint@1[rapidViewId=1,id=7,name=Last]", [("Last", "7")]),
        (f"about {SPRINT}", [(f"about {SPRINT}", None)]),
        ([{"key": "JIRAUSER1", "name": "dana", "displayName": "Dana", "emailAddress": "d@acme.test"}], []),
        ({"name": "dana", "emailAddress": "d@acme.test"}, []),
        ([{"id": "3", "name": "Acme", "_links": {}}], [("Acme", "3")]),
    ],
)
def test_values_of_data_center_give_the_same_texts_and_no_people(value, expected):
    batch = read(issue(1, customfield_1=value), mapped={"plan": "customfield_1"})
    assert [(row["value"], row["value_id"]) for row in batch.values.to_pylist()] == expected


# ---------------------------------------------------------------- both deployments give the same


@contextmanager
def served(dataset, **switches):
    chosen = Switches(jira=JiraSwitches(**switches))
    with Simulator(dataset, now=NOW, sleep=lambda _: None, switches=chosen) as simulator:
        yield simulator


PROJECT = {"id": "1", "key": "ACME", "name": "Acme", "projectTypeKey": "service_desk"}
PERSON = {
    "accountId": "qm:7",
    "accountType": "customer",
    "displayName": "Dana",
    "emailAddress": "dana@acme.test",
}
SPRINTS = "com.pyxis.greenhopper.jira:gh-sprint"


def cloud_issue(number, type_name, *, parent=None, **fields):
    kind = {"id": type_name, "name": type_name, "subtask": type_name == "Sub-task", "hierarchyLevel": 0}
    at = f"2026-11-01T10:{number:02d}:00.000+0000"
    words = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}],
    }
    note = {"id": f"90{number}", "author": PERSON, "body": words, "created": at, "jsdPublic": number % 2 == 0}
    step = {"field": "assignee", "fieldId": "assignee", "from": None, "to": "qm:7", "toString": "Dana"}
    return {
        "id": str(number),
        "key": f"ACME-{number}",
        "fields": {
            "project": PROJECT,
            "issuetype": kind,
            "summary": type_name,
            "description": words,
            "status": {"id": "1", "name": "Open", "statusCategory": {"key": "new"}},
            "reporter": PERSON,
            "created": at,
            "updated": at,
            "parent": parent and {"id": parent.removeprefix("ACME-"), "key": parent},
            "comment": {"comments": [note], "total": 1},
            "customfield_9": [{"id": 4, "name": "Plan", "state": "active", "boardId": 2}],
            **fields,
        },
        "changelog": {
            "histories": [{"id": f"8{number}", "author": PERSON, "created": at, "items": [step]}],
            "total": 1,
        },
    }


def both(**switches):
    dataset = Dataset(
        jira_issues=[
            cloud_issue(1, "Epic"),
            cloud_issue(2, "Story", parent="ACME-1"),
            cloud_issue(3, "Sub-task", parent="ACME-2"),
        ],
        jira_fields=[
            {"id": "customfield_9", "name": "Sprint", "schema": {"type": "array", "custom": SPRINTS}}
        ],
        jira_site={"deployment": "Cloud", "contextPath": "/jira"},
    )
    told = []
    for kind in ("cloud", "datacenter"):
        chosen = switches if kind == "datacenter" else {}
        with served(dataset, deployment=kind, **chosen) as simulator:
            signed = {"email": "a@b.test", "api_token": "simulator", "personal_access_token": "simulator"}
            client = Jira(JiraSettings(simulator.jira_url, deployment=kind, **signed), sleep=lambda _: None)
            wanted = discover(client.fields(), None, {"sprint": "Sprint"})
            told.append((wanted, pull(client, wanted), pull(client, wanted, since=NOW - timedelta(days=21))))
            assert simulator.jira_url.endswith("/jira")
    return told


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"changelog_in_search": True, "field_ids_in_history": True},
        {"search_cap": 1, "inline_comments": None},
    ],
    ids=lambda each: "+".join(each) or "plain",
)
def test_the_same_issues_give_the_same_tables_on_both(switches):
    (on_cloud, first, _), (on_server, second, _) = both(**switches)
    assert on_cloud.epic_link is None
    assert on_server.epic_link is not None
    # What Data Center does not tell at all.
    untold = {"issues": {"hierarchy_level", "status_changed"}, "people": {"account_type"}}
    for name in ("issues", "values", "comments", "steps", "people"):
        told = [
            sorted(
                {
                    tuple(
                        (column, value) for column, value in row.items() if column not in untold.get(name, ())
                    )
                    for row in rows(batches, name)
                },
                key=repr,
            )
            for batches in (first, second)
        ]
        assert told[0] == told[1], name
    assert {row["parent_id"] for row in rows(second, "issues")} == {None, "1", "2"}


def test_an_epic_outside_of_what_changed_is_still_the_parent():
    _, (_, _, later) = both()
    assert rows(later, "issues") != []
    dataset = Dataset(jira_issues=[cloud_issue(1, "Epic"), cloud_issue(40, "Story", parent="ACME-1")])
    with served(dataset, deployment="datacenter") as simulator:
        settings = JiraSettings(
            simulator.jira_url, deployment="datacenter", personal_access_token="simulator"
        )
        client = Jira(settings, sleep=lambda _: None)
        wanted = discover(client.fields(), None)
        [row] = rows(pull(client, wanted, since=datetime(2026, 11, 1, 10, 30, tzinfo=UTC)), "issues")
    assert (row["id"], row["parent_id"], row["parent_key"]) == ("40", "1", "ACME-1")


def test_the_epic_link_is_found_by_its_type():
    described = [{"id": "customfield_5", "name": "Epos", "schema": {"type": "any", "custom": EPIC_LINK}}]
    dataset = Dataset(jira_issues=[cloud_issue(1, "Epic")], jira_fields=described)
    with served(dataset, deployment="datacenter") as simulator:
        settings = JiraSettings(
            simulator.jira_url, deployment="datacenter", personal_access_token="simulator"
        )
        assert discover(Jira(settings).fields(), None).epic_link == "customfield_5"


def test_issues_that_move_while_they_are_read_over_http_are_all_read():
    dataset = Dataset(jira_issues=[cloud_issue(n, "Story") for n in range(1, 60)])
    with served(dataset, deployment="datacenter", search_cap=5, changelog_in_search=True) as simulator:
        settings = JiraSettings(
            simulator.jira_url, deployment="datacenter", personal_access_token="simulator"
        )
        reading = Jira(settings, sleep=lambda _: None).issue_batches(NOTHING, updated_since=None)
        found = set()
        for number, batch in enumerate(reading):
            found |= set(ids([batch]))
            if number < 12:
                with simulator.edit() as (_, site):
                    for moved in (2 * number + 1, 2 * number + 2):
                        site.touch(str(moved), at=NOW + timedelta(seconds=number))
    assert found == {str(n) for n in range(1, 60)}
