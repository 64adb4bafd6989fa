"""Faults come on a seeded schedule and look to the client as they do in the field."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.dataset import Dataset
from simulator.faults import KINDS, FaultSchedule, parse
from simulator.http import Headers, Request
from simulator.server import Simulator

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
V = "/services/data/v62.0"
ACCOUNTS = [{"Id": f"00100000000{number:04d}AAA", "Name": f"A{number}"} for number in range(1, 4)]
ISSUE = {"id": "10001", "key": "ACME-1", "fields": {"summary": "x", "project": {"id": "1", "key": "ACME"}}}


def request(path: str, method: str = "GET", body: bytes = b"") -> Request:
    return Request(method, path, {}, Headers(), body, NOW, "http://127.0.0.1:1")


def served(spec: str, **options):
    data = Dataset(salesforce={"Account": ACCOUNTS, "Task": []}, jira_issues=[ISSUE])
    return Simulator(data, now=NOW, faults=parse(spec), sleep=options.pop("sleep", lambda _: None), **options)


@pytest.fixture
def session():
    with requests.Session() as made:
        made.headers["Authorization"] = "Bearer simulator"
        yield made


# The SPEC


def test_a_spec_names_seed_rate_and_kinds():
    read = parse("seed=7, rate=0.25,kinds=429+lost")
    assert (read.seed, read.rate, read.kinds) == (7, 0.25, ("429", "lost"))


def test_what_a_spec_leaves_out_has_a_default():
    assert parse("seed=1").kinds == KINDS
    assert 0 < parse("kinds=500").rate < 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "seed=INT"),
        ("seed", "'seed'"),
        ("seeds=1", "'seeds=1'"),
        ("seed=x", "seed=x is no whole number"),
        ("rate=2", "rate=2 is no number from 0 to 1"),
        ("rate=nan", "rate=nan is no number"),
        ("rate=often", "rate=often is no number"),
        ("kinds=429+418", "'418' is none of 429[+]503"),
        ("kinds=", "is none of"),
        ("seed=1,seed=2", "seed is given twice"),
    ],
)
def test_a_spec_that_cannot_be_read_says_what_would_be_right(spec, words):
    with pytest.raises(ValueError, match=words):
        parse(spec)


# The schedule

paths = st.lists(st.sampled_from([f"{V}/query", f"{V}/limits", f"{V}/sobjects"]), min_size=30, max_size=80)


@settings(max_examples=30)
@given(paths, st.integers(0, 99), st.floats(0, 1))
def test_the_same_seed_and_requests_give_the_same_faults(asked, seed, rate):
    runs = [
        [schedule.choose("salesforce", request(path)) for path in asked]
        for schedule in (FaultSchedule(seed, rate), FaultSchedule(seed, rate))
    ]
    assert runs[0] == runs[1]


@settings(max_examples=30)
@given(paths, st.integers(0, 99))
def test_an_endpoint_answers_after_two_faults_in_a_row(asked, seed):
    schedule = FaultSchedule(seed, 1.0, ("429", "503", "lost"))
    seen: dict[str, list[bool]] = {}
    for path in asked:
        seen.setdefault(path, []).append(schedule.choose("salesforce", request(path)) is not None)
    for faulted in seen.values():
        assert all(len(list(run)) <= 2 for struck, run in groupby(faulted) if struck)


def test_requests_elsewhere_do_not_shift_what_befalls_an_endpoint():
    alone, among = FaultSchedule(3, 0.5), FaultSchedule(3, 0.5)
    first = [alone.choose("salesforce", request(f"{V}/query")) for _ in range(20)]
    second = []
    for _ in range(20):
        among.choose("jira", request("/rest/api/3/myself"))
        second.append(among.choose("salesforce", request(f"{V}/query")))
    assert first == second
    assert any(first)


@pytest.mark.parametrize(
    ("kind", "api", "asked", "applies"),
    [
        ("401", "salesforce", request(f"{V}/query"), True),
        ("401", "salesforce", request("/services/oauth2/token", "POST"), False),
        ("401", "jira", request("/rest/api/3/myself"), False),
        ("lock", "salesforce", request(f"{V}/composite/sobjects", "PATCH"), True),
        ("lock", "salesforce", request(f"{V}/sobjects/Task", "POST"), True),
        ("lock", "salesforce", request(f"{V}/composite/sobjects/Task", "POST"), False),
        ("lock", "salesforce", request(f"{V}/query"), False),
        ("lock", "jira", request("/rest/api/3/issue", "POST"), False),
        ("cursor", "salesforce", request(f"{V}/query/01g000000000001AAA-2000"), True),
        ("cursor", "salesforce", request(f"{V}/query"), False),
        ("cursor", "jira", request("/rest/api/3/search/jql", "POST", b'{"nextPageToken": "x"}'), True),
        ("cursor", "jira", request("/rest/api/3/search/jql", "POST", b"{}"), False),
    ],
)
def test_a_fault_strikes_only_where_it_can_happen(kind, api, asked, applies):
    assert (FaultSchedule(0, 1.0, (kind,)).choose(api, asked) == kind) is applies


def test_a_new_session_does_not_expire_at_once():
    schedule = FaultSchedule(0, 1.0, ("401",))
    assert [schedule.choose("salesforce", request(f"{V}/query")) for _ in range(4)] == [
        "401",
        None,
        "401",
        None,
    ]


# On the wire


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("503", 503), ("500", 500), ("401", 401)])
def test_a_refusal_comes_before_anything_happens(session, kind, status):
    with served(f"rate=1,kinds={kind}") as simulator:
        url = simulator.salesforce_url + V + "/sobjects/Task"
        answer = session.post(url, json={"Subject": "x"}, timeout=10)
        assert answer.status_code == status
        assert simulator.state()["salesforce"]["Task"] == []
        assert simulator.calls()["salesforce"]["write"] == 1
    assert (answer.headers.get("Retry-After") == "1") is (kind == "429")
    assert answer.headers["Content-Type"].startswith("text/html") is (kind in {"429", "503"})


def test_an_expired_session_stays_expired_until_a_new_sign_in(session):
    with served("rate=1,kinds=401") as simulator:
        form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        sign_in = simulator.salesforce_url + "/services/oauth2/token"
        token = session.post(sign_in, data=form, timeout=10).json()["access_token"]
        url, old = simulator.salesforce_url + V + "/limits", {"Authorization": f"Bearer {token}"}
        answers = [session.get(url, headers=old, timeout=10) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].json()[0]["errorCode"] == "INVALID_SESSION_ID"
        fresh = session.post(sign_in, data=form, timeout=10).json()["access_token"]
        assert fresh != token


@pytest.mark.parametrize(("kind", "made"), [("reset", 0), ("lost", 1), ("truncate", 1)])
def test_a_broken_line_tells_nothing_about_what_happened(session, kind, made):
    with served(f"rate=1,kinds={kind}") as simulator:
        with pytest.raises(requests.exceptions.RequestException):
            session.post(simulator.salesforce_url + V + "/sobjects/Task", json={"Subject": "x"}, timeout=10)
        assert len(simulator.state()["salesforce"]["Task"]) == made
        assert simulator.calls()["salesforce"]["write"] == 1


def test_a_slow_answer_is_right_and_costs_no_real_time(session):
    naps: list[float] = []
    with served("rate=1,kinds=slow", sleep=naps.append, latency=0.5) as simulator:
        answer = session.get(simulator.salesforce_url + V + "/limits", timeout=10)
    assert answer.status_code == 200
    assert naps == [2.5]


def test_a_lock_refuses_one_record_of_many(session):
    with served("rate=1,kinds=lock") as simulator:
        records = [{"attributes": {"type": "Account"}, "Id": each["Id"], "Name": "New"} for each in ACCOUNTS]
        url = simulator.salesforce_url + V + "/composite/sobjects"
        results = session.patch(url, json={"records": records}, timeout=10).json()
        held = [result for result in results if not result["success"]]
        assert len(held) == 1
        assert held[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
        changed = [each for each in simulator.state()["salesforce"]["Account"] if each["Name"] == "New"]
        assert len(changed) == 2
        single = session.patch(
            simulator.salesforce_url + V + f"/sobjects/Account/{ACCOUNTS[0]['Id']}",
            json={"Name": "x"},
            timeout=10,
        )
        assert single.json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"


def test_an_expired_locator_is_gone_for_good(session):
    data = [{"Id": f"00100000000{number:04d}AAA", "Name": "x"} for number in range(450)]
    with Simulator(
        Dataset(salesforce={"Account": data}), now=NOW, faults=parse("rate=1,kinds=cursor")
    ) as simulator:
        base = simulator.salesforce_url
        page = session.get(
            f"{base}{V}/query",
            params={"q": "SELECT Id FROM Account"},
            headers={"Sforce-Query-Options": "batchSize=200"},
            timeout=10,
        ).json()
        for _ in range(3):  # the third request is not faulted, and yet the locator is gone
            answer = session.get(base + page["nextRecordsUrl"], timeout=10)
            assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_jira_says_no_in_its_own_shape(session):
    with served("rate=1,kinds=429") as simulator:
        answer = session.get(simulator.jira_url + "/rest/api/3/myself", timeout=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert set(answer.json()) == {"errorMessages", "errors"}


def test_the_simulators_own_pages_never_fail(session):
    with served("rate=1") as simulator:
        for _ in range(5):
            for page in ("calls", "state"):
                answer = session.get(f"{simulator.jira_url}/_simulator/{page}", timeout=10)
                assert answer.status_code == 200
        assert simulator.calls()["jira"] == {"read": 0, "write": 0, "by_endpoint": {}}
