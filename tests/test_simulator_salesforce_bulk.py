"""Bulk queries of the simulated Salesforce: jobs, their states, their results as CSV, and what is refused."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

from simulator.dataset import Dataset
from simulator.faults import parse
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
STAMP = "2026-11-01T08:00:00.000+0000"
ODD = 'He said: "no", twice\r\nand left,\n\n "then" \t'


def key(number, prefix="001"):
    return f"{prefix}{number:012d}AAA"


def account(number, **fields):
    return {
        "Id": key(number),
        "Name": f"A{number}",
        "OwnerId": key(1, "005"),
        "SystemModstamp": STAMP,
    } | fields


def company(*accounts):
    return Dataset(
        salesforce={
            "User": [{"Id": key(1, "005"), "Name": "Anna", "Username": "anna@example.com", "IsActive": True}],
            "Account": list(accounts or [account(1), account(2), account(3, IsDeleted=True)]),
        },
        schema={"Account": {"fields": [{"name": "BillingAddress", "type": "address"}]}},
    )


class Org:
    """One client of the served org."""

    def __init__(self, simulator, version="62.0"):
        self.simulator = simulator
        self.data = f"{simulator.salesforce_url}/services/data/v{version}"
        self.jobs = f"{self.data}/jobs/query"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = "Bearer simulator"

    def close(self):
        self.session.close()

    def post(self, query="SELECT Id, Name FROM Account", **fields):
        return self.session.post(self.jobs, json={"operation": "query", "query": query} | fields)

    def job(self, *how, **fields):
        made = self.post(*how, **fields)
        assert made.status_code == 200, made.text
        return f"{self.jobs}/{made.json()['id']}"

    def get(self, url, **how):
        return self.session.get(url, **how)

    def state(self, job):
        return self.get(job).json()["state"]

    def finished(self, *how, **fields):
        job = self.job(*how, **fields)
        for _ in range(5):
            if self.state(job) == "JobComplete":
                return job
        raise AssertionError("the job did not complete")

    def rows(self, *how, **fields):
        answer = self.get(f"{self.finished(*how, **fields)}/results")
        return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


@pytest.fixture
def serve():
    started = []

    def start(*accounts, version="62.0", faults=None, **switches):
        simulator = Simulator(
            company(*accounts),
            now=NOW,
            faults=faults,
            sleep=lambda _: None,
            switches=Switches(salesforce=SalesforceSwitches(**switches)),
        )
        org = Org(simulator, version)
        started.append((simulator, org))
        return org

    yield start
    for simulator, org in started:
        org.close()
        simulator.stop()


def error(answer):
    (said,) = answer.json()
    return answer.status_code, said["errorCode"], said["message"]


# Jobs


def test_a_job_goes_from_upload_complete_over_in_progress_to_complete(serve):
    org = serve(bulk_polls=3)
    made = org.post().json()
    assert (made["state"], made["object"], made["operation"]) == ("UploadComplete", "Account", "query")
    assert (made["contentType"], made["columnDelimiter"], made["lineEnding"]) == ("CSV", "COMMA", "LF")
    assert made["apiVersion"] == 62.0
    job = f"{org.jobs}/{made['id']}"
    assert [org.state(job) for _ in range(4)] == ["InProgress", "InProgress", "JobComplete", "JobComplete"]
    assert org.get(job).json()["numberRecordsProcessed"] == 2


def test_the_records_are_read_when_the_job_runs_and_not_when_the_results_are_fetched(serve):
    org = serve(bulk_polls=1)
    job = org.job()
    with org.simulator.edit() as (salesforce, _):
        salesforce.change(key(1), Name="before")
    assert org.state(job) == "JobComplete"
    with org.simulator.edit() as (salesforce, _):
        salesforce.change(key(1), Name="after")
    assert "before" in org.get(f"{job}/results").text


def test_query_all_holds_deleted_records_and_query_does_not(serve):
    org = serve()
    assert [row["Name"] for row in org.rows()] == ["A2", "A1"]
    assert [row["Name"] for row in org.rows(operation="queryAll")] == ["A3", "A2", "A1"]


def test_an_order_is_kept_when_it_is_asked_for(serve):
    query = "SELECT Name FROM Account ORDER BY Name LIMIT 1"
    assert serve().rows(query) == [{"Name": "A1"}]


def test_jobs_are_listed_until_they_are_deleted(serve):
    org = serve()
    job = org.finished()
    listed = org.get(org.jobs).json()
    assert [each["jobType"] for each in listed["records"]] == ["V2Query"]
    assert listed["done"]
    assert org.get(org.jobs, params={"jobType": "V2Ingest"}).json()["records"] == []
    deleted = org.session.delete(job)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert org.get(org.jobs).json()["records"] == []
    assert error(org.get(job))[:2] == (404, "NOT_FOUND")
    assert error(org.session.delete(job))[:2] == (404, "NOT_FOUND")


def test_a_running_job_is_aborted_and_only_an_ended_one_is_deleted(serve):
    org = serve()
    job = org.job()
    assert error(org.session.delete(job))[:2] == (400, "API_ERROR")
    assert org.session.patch(job, json={"state": "Paused"}).status_code == 400
    assert org.session.patch(job, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.state(job) == "Aborted"
    assert org.session.patch(job, json={"state": "Aborted"}).status_code == 400
    assert org.session.delete(job).status_code == 204


def test_results_are_there_only_once_the_job_is_complete(serve):
    org = serve()
    job = org.job()
    status, code, message = error(org.get(f"{job}/results"))
    assert (status, code) == (412, "JOB_NOT_COMPLETE")
    assert message.endswith("Current status: UPLOAD_COMPLETE")


def test_results_are_given_under_the_version_of_the_job_only(serve):
    org = serve()
    job = org.finished()
    assert org.get(f"{job}/results".replace("v62.0", "v61.0")).status_code == 409


# Results


def test_results_come_in_sets_behind_locators_until_null(serve):
    org = serve(*(account(number) for number in range(1, 6)))
    results = f"{org.finished()}/results"
    seen, locator = [], None
    while locator != "null":
        answer = org.get(results, params={"maxRecords": 2} | ({"locator": locator} if locator else {}))
        assert answer.headers["Content-Type"].startswith("text/csv")
        names = [row["Name"] for row in csv.DictReader(io.StringIO(answer.text))]
        assert int(answer.headers["Sforce-NumberOfRecords"]) == len(names)
        seen.append(names)
        locator = answer.headers["Sforce-Locator"]
    assert seen == [["A5", "A4"], ["A3", "A2"], ["A1"]]
    assert org.get(results, params={"locator": "nonsense"}).status_code == 400
    assert org.get(results, params={"maxRecords": "0"}).status_code == 400


def test_the_server_may_send_less_than_is_asked_for(serve):
    org = serve(bulk_page_rows=1)
    answer = org.get(f"{org.finished()}/results", params={"maxRecords": 50_000})
    assert answer.headers["Sforce-NumberOfRecords"] == "1"
    assert answer.headers["Sforce-Locator"] == "MQ"


def test_every_value_is_quoted_in_the_forms_of_the_bulk_api(serve):
    fields = {
        "Name": ODD,
        "AnnualRevenue": 12345678.5,
        "NumberOfEmployees": 5,
        "Website": None,
        "IsDeleted": False,
    }
    query = (
        "SELECT Id, Name, AnnualRevenue, NumberOfEmployees, Website, IsDeleted, SystemModstamp FROM Account"
    )
    org = serve(account(1, **fields))
    text = org.get(f"{org.finished(query)}/results").content.decode()
    quoted = ODD.replace('"', '""')
    assert text == (
        '"Id","Name","AnnualRevenue","NumberOfEmployees","Website","IsDeleted","SystemModstamp"\n'
        f'"{key(1)}","{quoted}","1.23456785E7","5","","false","2026-11-01T08:00:00.000Z"\n'
    )


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (10.0, "10.0"),
        (0.0, "0.0"),
        (-2.5, "-2.5"),
        (9999999.0, "9999999.0"),
        (10000000.0, "1.0E7"),
        (-123456789.25, "-1.2345678925E8"),
        (0.0005, "5.0E-4"),
    ],
)
def test_large_and_small_numbers_are_written_with_an_exponent(serve, number, written):
    rows = serve(account(1, AnnualRevenue=number)).rows("SELECT AnnualRevenue FROM Account")
    assert rows == [{"AnnualRevenue": written}]


def test_no_rows_are_a_header_and_a_count_of_zero(serve):
    org = serve()
    job = org.finished("SELECT Id, Name FROM Account WHERE Name = 'none'")
    answer = org.get(f"{job}/results")
    assert (answer.text, answer.headers["Sforce-NumberOfRecords"]) == ('"Id","Name"\n', "0")
    assert answer.headers["Sforce-Locator"] == "null"


def test_delimiter_and_line_ending_are_the_clients_choice(serve):
    org = serve(account(1))
    job = org.finished(columnDelimiter="PIPE", lineEnding="CRLF")
    assert org.get(f"{job}/results").text == f'"Id"|"Name"\r\n"{key(1)}"|"A1"\r\n'
    assert org.post(columnDelimiter="DOT").status_code == 400


def test_answers_are_compressed_for_those_who_accept_it(serve):
    org = serve()
    job = org.finished()
    assert org.get(f"{job}/results").headers["Content-Encoding"] == "gzip"
    plain = org.get(f"{job}/results", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text.startswith('"Id"')


def test_fields_of_parents_are_columns_with_dots(serve):
    org = serve(account(1), account(2, OwnerId=None))
    rows = org.rows("SELECT Owner.Name, account.Id FROM Account")
    assert rows == [{"Owner.Name": "", "Id": key(2)}, {"Owner.Name": "Anna", "Id": key(1)}]
    refused = serve(bulk_parents=False).post("SELECT Owner.Name FROM Account")
    assert error(refused) == (400, "API_ERROR", "Foreign Key Relationships not supported in Bulk Query")


def test_before_version_50_columns_come_by_the_alphabet_and_before_47_there_is_nothing(serve):
    query = "SELECT Name, Id FROM Account"
    assert list(serve(version="50.0").rows(query)[0]) == ["Name", "Id"]
    assert list(serve(version="49.0").rows(query)[0]) == ["Id", "Name"]
    assert serve(version="46.0").post(query).status_code == 404


# Refusals


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT COUNT() FROM Account", "API_ERROR"),
        ("SELECT COUNT(Id) FROM Account", "API_ERROR"),
        ("SELECT Name, MAX(SystemModstamp) FROM Account GROUP BY Name", "API_ERROR"),
        ("SELECT Id FROM Account ORDER BY Id LIMIT 5 OFFSET 5", "API_ERROR"),
        ("SELECT TYPEOF What WHEN Account THEN Name END FROM Task", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
        ("SELECT Id, BillingAddress FROM Account", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id, Nothing__c FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ("SELECT Id FORM Account", "MALFORMED_QUERY"),
        ("", "API_ERROR"),
    ],
)
def test_what_bulk_queries_cannot_do_is_refused_when_the_job_is_made(serve, query, code):
    assert error(serve().post(query))[:2] == (400, code)


def test_words_inside_texts_are_no_clauses(serve):
    assert serve().rows("SELECT Id FROM Account WHERE Name = 'COUNT(x) OFFSET GROUP BY \\' TYPEOF'") == []


def test_a_job_is_made_of_the_documented_keys(serve):
    org = serve()
    assert error(org.post(object="Account"))[:2] == (400, "JSON_PARSER_ERROR")
    assert org.post(operation="insert").status_code == 400
    assert org.post(contentType="XML").status_code == 400
    assert org.session.put(org.jobs, json={}).status_code == 405
    assert org.session.put(org.job(), json={}).status_code == 405
    assert org.session.post(f"{org.job()}/results", json={}).status_code == 405
    assert org.get(f"{org.job()}/more").status_code == 404


# Switches


def test_an_org_may_lack_bulk_queries_altogether_or_for_an_object(serve):
    assert error(serve(bulk_enabled=False).post())[1] == "FEATURENOTENABLED"
    refused = serve(bulk_unsupported=frozenset({"Account"})).post()
    assert error(refused) == (400, "INVALIDENTITY", "Entity 'Account' is not supported by the Bulk API.")


def test_the_jobs_of_a_day_are_counted(serve):
    org = serve(bulk_jobs=1)
    daily = "DailyBulkV2QueryJobs"
    assert org.get(f"{org.data}/limits").json()[daily] == {"Max": 1, "Remaining": 1}
    org.job()
    assert org.get(f"{org.data}/limits").json()[daily] == {"Max": 1, "Remaining": 0}
    assert error(org.post())[:2] == (400, "LIMIT_EXCEEDED")


def test_jobs_can_fail_be_aborted_or_never_end(serve):
    org = serve(bulk_failure="QUERY_TIMEOUT: too long", bulk_polls=1)
    failed = org.get(org.job()).json()
    assert (failed["state"], failed["errorMessage"]) == ("Failed", "QUERY_TIMEOUT: too long")
    org = serve(bulk_aborted=True, bulk_polls=1)
    job = org.job()
    assert org.state(job) == "Aborted"
    assert org.get(f"{job}/results").status_code == 412
    org = serve(bulk_never_ends=True)
    job = org.job()
    assert {org.state(job) for _ in range(9)} == {"InProgress"}


# Counting


def test_all_of_a_bulk_query_counts_as_reading(serve):
    org = serve()
    job = org.finished()
    org.get(f"{job}/results")
    org.session.delete(job)
    org.session.patch(org.job(), json={"state": "Aborted"})
    counted = org.simulator.calls()["salesforce"]
    assert counted["write"] == 0
    assert counted["by_endpoint"] == {
        "DELETE /services/data/vXX/jobs/query/{job}": 1,
        "GET /services/data/vXX/jobs/query/{job}": 2,
        "GET /services/data/vXX/jobs/query/{job}/results": 1,
        "PATCH /services/data/vXX/jobs/query/{job}": 1,
        "POST /services/data/vXX/jobs/query": 2,
    }


def test_an_expired_page_address_is_no_fault_of_a_job(serve):
    org = serve(faults=parse("rate=1,kinds=cursor"))
    assert org.rows()


# A client that is not ours


class ToLoopback(HTTPAdapter):
    """The library always says https://; its requests go to the simulator instead."""

    def __init__(self, base):
        super().__init__()
        self.base = urlsplit(base)

    def send(self, request, **options):
        there = urlsplit(request.url)
        request.url = there._replace(scheme=self.base.scheme, netloc=self.base.netloc).geturl()
        return super().send(request, **options)


def test_simple_salesforce_reads_by_bulk_query(serve, monkeypatch):
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", lambda _: None)
    org = serve(account(1, Name=ODD), account(2), account(3), bulk_polls=3)
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", ToLoopback(org.simulator.salesforce_url))
        library = Salesforce(
            session_id="simulator",
            instance_url="https://acme.my.salesforce.com",
            version="62.0",
            session=session,
        )
        pages = list(library.bulk2.Account.query("SELECT Id, Name FROM Account", max_records=2))
    names = [[row["Name"] for row in csv.DictReader(io.StringIO(page, newline=""))] for page in pages]
    assert names == [["A3", "A2"], [ODD]]
