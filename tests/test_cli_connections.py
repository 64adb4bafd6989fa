"""What the command line says when Salesforce or Jira refuse, are not there, or hide something."""

from __future__ import annotations

import re
import socket

import pytest
from command_line import rapport, small_book
from company import sf_id


def scheme(company, extra: str, *, salesforce: str | None = None) -> None:
    """Configure with `extra`, and with another [salesforce] section where one is given."""
    company.configure(extra)
    if salesforce is not None:
        text = company.config_path.read_text()
        _, _, rest = text.partition("\n[jira]")
        company.config_path.write_text(f"[salesforce]\n{salesforce}\n[jira]{rest}")


def run(company, *arguments: str, env: dict[str, str] | None = None):
    return rapport("--config", company.config_path, *arguments, env=env)


@pytest.mark.parametrize("name", ["pull", "sync"])
@pytest.mark.parametrize(
    ("salesforce", "env", "words"),
    [
        (None, {"RAPPORT_SALESFORCE__CLIENT_SECRET": "wrong"}, "Salesforce refused the sign-in"),
        (
            'auth = "access_token"',
            {"RAPPORT_SALESFORCE__ACCESS_TOKEN": "s3cret-token"},
            "Salesforce",
        ),
        (None, {"RAPPORT_JIRA__API_TOKEN": "s3cret-token"}, "Jira"),
    ],
    ids=["client secret", "access token", "Jira token"],
)
def test_a_wrong_token_ends_with_3_and_no_secret_is_repeated(serve, book, name, salesforce, env, words):
    company = serve(book)
    if salesforce:
        scheme(company, "", salesforce=f'instance_url = "{company.simulator.salesforce_url}"\n{salesforce}')
    result = run(company, name, env=env)
    assert result.code == 3
    assert words in result.err
    assert "What to do: " in result.err
    assert "s3cret-token" not in result.err
    assert len(result.err.splitlines()) == 2
    assert [each["exit_code"] for each in run(company, "status", "--format", "json").json["runs"]] == [3]


@pytest.mark.parametrize("side", ["salesforce", "jira"])
def test_a_host_that_cannot_be_reached_ends_with_3_and_names_it(serve, book, side):
    company = serve(book)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # nobody listens there any more
    company.configure("[http]\nmax_tries = 1\n")
    url = company.simulator.salesforce_url if side == "salesforce" else company.simulator.jira_url
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace(url, f"http://127.0.0.1:{port}"))
    result = run(company, "pull")
    assert result.code == 3
    assert f"{'Salesforce' if side == 'salesforce' else 'Jira'} (127.0.0.1" in result.err
    assert "What to do: " in result.err


def test_a_jira_account_field_that_is_not_there_is_a_fault_of_the_config(serve, book):
    company = serve(book)
    company.configure('[identity]\naccount_field = "CRM Acount"\n')
    result = run(company, "pull")
    assert result.code == 2
    assert "CRM Acount" in result.err
    assert "CRM Account" in result.err
    assert run(company, "status", "--format", "json").json["runs"][0]["exit_code"] == 2


def test_a_field_of_rapport_that_the_org_lacks_is_a_notice_and_left_out(serve):
    book = small_book()
    book.schema["Account"]["fields"] = [
        each for each in book.schema["Account"]["fields"] if each["name"] != "Rapport_Health__c"
    ]
    company = serve(book)
    pulled = run(company, "pull")
    assert pulled.code == 0
    assert "note: Account.Rapport_Health__c" in pulled.err
    assert "note: " not in pulled.out
    result = run(company, "sync", "--format", "json")
    assert result.code == 0
    assert "Account.Rapport_Health__c" in result.err
    assert any("Rapport_Health__c" in each for each in result.json["notices"])
    acme = next(each for each in company.org("Account") if each["Name"] == "Acme GmbH")
    assert acme["Rapport_Band__c"]
    assert "Rapport_Health__c" not in acme


def test_without_the_key_field_no_task_is_written_and_status_says_what_is_missing(serve):
    book = small_book()
    book.schema["Task"] = {}
    book.schema["Event"] = {}
    company = serve(book)
    result = run(company, "sync", "--format", "json")
    assert result.code == 0
    assert "Task.Rapport_Key__c" in result.err
    assert all(each["Id"].startswith("00T") and "Rapport_Key__c" not in each for each in company.org("Task"))
    assert re.search(r"absent .*\btasks of Rapport\b", run(company, "status").out)


@pytest.mark.parametrize(("hidden", "words"), [("Contact", "contacts"), ("Task", "tasks")])
def test_a_hidden_object_is_told_and_what_rests_on_it_is_unknown(serve, hidden, words):
    book = small_book()
    book.schema.setdefault(hidden, {})["hidden"] = True
    company = serve(book)
    pulled = run(company, "pull")
    assert pulled.code == 0
    assert re.search(rf"note: .*\b{hidden}\b.*hidden from this user", pulled.err)
    told = run(company, "status").out
    assert re.search(rf"absent .*\b{words}\b.*: the org lacks this object, or this user may not see it", told)
    metrics = next(
        each["metrics"]
        for each in run(company, "metrics", "--format", "json").json
        if each["account"] == "Acme GmbH"
    )
    if hidden == "Contact":
        assert metrics["effective_contacts"] is None
        assert metrics["contacts_engaged_90d"] is None
    for name in ("scores", "links", "plan", "status"):
        assert run(company, name).code == 0


def test_an_org_whose_accounts_are_hidden_is_refused_not_taken_for_an_empty_one(serve):
    book = small_book()
    book.schema.setdefault("Account", {})["hidden"] = True
    company = serve(book)
    result = run(company, "pull")
    assert result.code == 3
    assert "Account" in result.err


def test_another_org_behind_the_same_store_is_refused(serve, tmp_path):
    first, second = small_book(), small_book()
    second.salesforce["Organization"][0]["Id"] = sf_id("00D", 9)
    one, other = serve(first), serve(second)
    for company in (one, other):
        company.configure(f'[store]\npath = "{tmp_path / "store"}"\n')
    assert run(one, "pull").code == 0
    result = run(other, "sync")
    assert result.code == 2
    assert "belongs to org" in result.err
    assert "What to do: " in result.err


def test_a_record_type_that_the_org_lacks_is_named(serve, book):
    book.account("Acme GmbH")
    company = serve(book)
    scheme(
        company,
        "",
        salesforce=f'instance_url = "{company.simulator.salesforce_url}"\n[salesforce.task]\nrecord_type = "Rapport_Task"',
    )
    assert run(company, "pull").code == 0
    result = run(company, "plan")
    assert result.code == 2
    assert 'salesforce.task.record_type: the org has no record type "Rapport_Task"' in result.err
