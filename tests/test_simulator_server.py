"""The server: two loopback ports, one clock, counted calls, and no way in from elsewhere."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
import requests

from simulator.calls import endpoint, is_read
from simulator.dataset import Dataset
from simulator.http import Headers, Request, json_response
from simulator.server import Simulator

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
V = "/services/data/v62.0"
DATA = Dataset(
    salesforce={"Account": [{"Id": "001000000000001AAA", "Name": "Acme"}], "Task": []},
    jira_issues=[
        {
            "id": "10001",
            "key": "ACME-1",
            "fields": {"summary": "x", "project": {"id": "1", "key": "ACME", "name": "Acme"}},
        }
    ],
)
TOKEN = {"Authorization": "Bearer simulator"}


@pytest.fixture
def simulator():
    with Simulator(DATA, now=NOW) as running:
        yield running


def raw(url: str, text: str) -> bytes:
    """Bytes over a bare socket: what no client library would send."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as line:
        line.sendall(text.encode())
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
        return answer


def test_both_apis_listen_on_the_loopback_address_only(simulator):
    for url in (simulator.salesforce_url, simulator.jira_url):
        assert urlsplit(url).hostname == "127.0.0.1"
    assert simulator.salesforce_url != simulator.jira_url


def test_a_given_port_is_taken_and_a_taken_one_is_an_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Simulator(DATA, port=port) as running:
        assert running.salesforce_url.endswith(f":{port}")
        with pytest.raises(OSError, match="in use"):
            Simulator(DATA, jira_port=port)


def test_calls_are_counted_by_endpoint_and_by_what_they_do(simulator):
    base = simulator.salesforce_url
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    requests.post(base + "/services/oauth2/token", data=form, timeout=10)
    requests.get(base + V + "/query", params={"q": "SELECT Id FROM Task"}, headers=TOKEN, timeout=10)
    requests.get(base + "/services/data/v60.0/query?q=nonsense", headers=TOKEN, timeout=10)
    requests.get(base + V + "/sobjects/Account/001000000000001AAA", headers=TOKEN, timeout=10)
    requests.post(base + V + "/composite/sobjects", json={"records": []}, headers=TOKEN, timeout=10)
    requests.post(
        simulator.jira_url + "/rest/api/3/search/jql",
        json={"jql": "project = ACME"},
        auth=("a", "simulator"),
        timeout=10,
    )
    assert simulator.calls() == {
        "salesforce": {
            "read": 4,
            "write": 1,
            "by_endpoint": {
                "GET /services/data/vXX/query": 2,
                "GET /services/data/vXX/sobjects/Account/{id}": 1,
                "POST /services/data/vXX/composite/sobjects": 1,
                "POST /services/oauth2/token": 1,
            },
        },
        "jira": {"read": 1, "write": 0, "by_endpoint": {"POST /rest/api/3/search/jql": 1}},
    }
    for url in (simulator.salesforce_url, simulator.jira_url):
        assert requests.get(url + "/_simulator/calls", timeout=10).json() == simulator.calls()


@pytest.mark.parametrize(
    ("api", "method", "path", "name", "read"),
    [
        ("salesforce", "GET", f"{V}/query/01g000000000001AAA-2000", "GET /services/data/vXX/query/{locator}", True),
        ("salesforce", "GET", f"{V}/sobjects/Account/describe", "GET /services/data/vXX/sobjects/Account/describe", True),
        ("salesforce", "PATCH", f"{V}/sobjects/Task/Key__c/a|b/c", "PATCH /services/data/vXX/sobjects/Task/Key__c/{value}", False),
        ("salesforce", "POST", f"{V}/composite/sobjects/Task", "POST /services/data/vXX/composite/sobjects/Task", True),
        ("salesforce", "PATCH", f"{V}/composite/sobjects/Task/Key__c", "PATCH /services/data/vXX/composite/sobjects/Task/Key__c", False),
        ("salesforce", "DELETE", f"{V}/composite/sobjects", "DELETE /services/data/vXX/composite/sobjects", False),
        ("jira", "POST", "/rest/api/3/issue/bulkfetch", "POST /rest/api/3/issue/bulkfetch", True),
        ("jira", "POST", "/rest/api/3/changelog/bulkfetch", "POST /rest/api/3/changelog/bulkfetch", True),
        ("jira", "POST", "/rest/api/3/search/approximate-count", "POST /rest/api/3/search/approximate-count", True),
        ("jira", "GET", "/rest/api/3/project/search", "GET /rest/api/3/project/search", True),
        ("jira", "GET", "/rest/api/3/issue/ACME-1/comment", "GET /rest/api/3/issue/{issue}/comment", True),
        ("jira", "POST", "/rest/api/3/issue", "POST /rest/api/3/issue", False),
        ("jira", "PUT", "/rest/api/3/issue/ACME-1", "PUT /rest/api/3/issue/{issue}", False),
        ("jira", "PUT", "/rest/api/3/issue/1/properties/x", "PUT /rest/api/3/issue/{issue}/properties/{property}", False),
    ],
)  # fmt: skip
def test_an_endpoint_is_a_path_without_its_values(api, method, path, name, read):
    request = Request(method, path, {}, Headers(), b"", NOW, "http://127.0.0.1:1")
    assert (endpoint(api, request), is_read(request)) == (name, read)


def test_the_state_of_both_is_served_on_both_ports(simulator):
    state = simulator.state()
    assert state["salesforce"]["Account"][0]["Name"] == "Acme"
    assert state["jira"]["issues"][0]["key"] == "ACME-1"
    for url in (simulator.salesforce_url, simulator.jira_url):
        assert requests.get(url + "/_simulator/state", timeout=10).json() == state
        assert requests.get(url + "/_simulator/nonsense", timeout=10).status_code == 404


def test_the_clock_dates_answers_and_can_be_moved(simulator):
    def date() -> str:
        return requests.get(simulator.jira_url + "/_simulator/calls", timeout=10).headers["Date"]

    assert date() == "Sun, 22 Nov 2026 12:00:00 GMT"
    simulator.set_now(NOW + timedelta(days=1))
    assert date() == "Mon, 23 Nov 2026 12:00:00 GMT"


def test_a_clock_given_in_another_zone_is_read_as_the_same_instant():
    with Simulator(DATA, now=NOW.astimezone(timezone(timedelta(hours=5)))) as running:
        answer = requests.get(running.salesforce_url + "/_simulator/calls", timeout=10)
    assert answer.headers["Date"] == "Sun, 22 Nov 2026 12:00:00 GMT"


def test_a_clock_without_an_offset_is_an_error():
    with pytest.raises(ValueError, match="needs an offset"):
        Simulator(DATA, now=datetime(2026, 11, 22))  # noqa: DTZ001 - the mistake under test


def test_a_running_clock_is_the_real_one():
    with Simulator(DATA) as running:
        assert abs(running.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "host", ["evil.example.com", "127.0.0.1.evil.example.com", "evil.example.com:80", ""]
)
def test_a_foreign_host_name_is_turned_away(simulator, host):
    answer = raw(simulator.salesforce_url, f"GET /_simulator/state HTTP/1.1\r\nHost: {host}\r\n\r\n")
    assert b" 421 " in answer.split(b"\r\n")[0]
    assert b"Acme" not in answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:80", "LOCALHOST"])
def test_the_names_of_this_machine_are_let_in(simulator, host):
    answer = raw(
        simulator.salesforce_url,
        f"GET /_simulator/calls HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    )
    assert b" 200 " in answer.split(b"\r\n")[0]


def test_an_address_that_is_too_long_is_414(simulator):
    soql = "SELECT Id FROM Account WHERE Id IN (" + "'001000000000001AAA'," * 900 + "null)"
    answer = requests.get(
        simulator.salesforce_url + V + "/query", params={"q": soql}, headers=TOKEN, timeout=10
    )
    assert answer.status_code == 414
    assert "json" not in answer.headers["Content-Type"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Content-Length: 50000001", 413),
        ("Content-Length: many", 400),
        ("Content-Length: -1", 400),
        ("Transfer-Encoding: chunked", 411),
    ],
)
def test_a_body_needs_a_reasonable_length(simulator, header, status):
    text = f"POST {V}/sobjects/Task HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"
    assert f" {status} ".encode() in raw(simulator.salesforce_url, text).split(b"\r\n")[0]


@pytest.mark.parametrize("name", ["Account%27", "..%2F..", "Acc ount", "Account;"])
def test_an_object_name_is_letters_digits_and_underscores(simulator, name):
    answer = requests.get(
        simulator.salesforce_url + V + f"/sobjects/{name}/describe", headers=TOKEN, timeout=10
    )
    assert answer.status_code == 404


def test_a_connection_is_kept_for_the_next_request(simulator):
    place = urlsplit(simulator.salesforce_url)
    line = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    ports = set()
    for _ in range(3):
        line.request(
            "PATCH", V + "/sobjects/Account/001000000000001AAA", body='{"Phone": "1"}', headers=TOKEN
        )
        answer = line.getresponse()
        assert (answer.status, answer.read()) == (204, b"")
        ports.add(line.sock.getsockname()[1])
    line.close()
    assert len(ports) == 1


def test_requests_that_come_together_are_all_counted_and_none_is_lost(simulator):
    def write(number: int) -> None:
        with requests.Session() as session:
            for each in range(5):
                body = {"records": [{"attributes": {"type": "Task"}, "Subject": f"{number}-{each}"}]}
                session.post(
                    simulator.salesforce_url + V + "/composite/sobjects", json=body, headers=TOKEN, timeout=10
                )

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert simulator.calls()["salesforce"]["write"] == 40
    made = simulator.state()["salesforce"]["Task"]
    assert len({each["Subject"] for each in made}) == len({each["Id"] for each in made}) == 40


def test_nothing_is_served_after_the_end():
    with Simulator(DATA) as running:
        session = requests.Session()
        assert session.get(running.salesforce_url + "/_simulator/calls", timeout=10).ok
        url = running.salesforce_url
    with pytest.raises(requests.ConnectionError):
        session.get(url + "/_simulator/calls", timeout=10)
    session.close()
    running.stop()  # once more does no harm


def test_half_a_surrogate_pair_does_not_break_an_answer():
    assert json.loads(json_response({"Name": "a\ud800b"}).body) == {"Name": "a?b"}


def test_twenty_thousand_records_are_loaded_paged_and_found_quickly():
    people = [{"Id": "005000000000001AAA", "LastName": "Lee"}]
    accounts = [
        {"Id": f"0010000000{number:05d}AAA", "Name": f"A{number}", "OwnerId": people[0]["Id"], "CreatedDate": "2025-01-01T00:00:00Z"}
        for number in range(20_000)
    ]  # fmt: skip
    began = time.monotonic()
    with (
        Simulator(Dataset(salesforce={"Account": accounts, "User": people})) as running,
        requests.Session() as session,
    ):
        session.headers.update(TOKEN)
        soql = "SELECT Id, Name, Owner.Name, SystemModstamp FROM Account ORDER BY SystemModstamp, Id"
        page = session.get(running.salesforce_url + V + "/queryAll", params={"q": soql}, timeout=30).json()
        read = len(page["records"])
        while not page["done"]:
            page = session.get(running.salesforce_url + page["nextRecordsUrl"], timeout=30).json()
            read += len(page["records"])
        for start in range(0, 2_000, 200):
            records = [
                {"attributes": {"type": "Account"}, "Id": each["Id"], "Name": "New"}
                for each in accounts[start : start + 200]
            ]
            session.patch(
                running.salesforce_url + V + "/composite/sobjects", json={"records": records}, timeout=30
            )
    assert read == 20_000
    assert time.monotonic() - began < 20  # about 2 s on a quiet machine; a look-up that scans takes minutes
