"""Signing in: what is refused says why and what to do; an expired session is renewed once, where it happens."""

from __future__ import annotations

import logging

import pytest
import requests
import responses

from connectors.errors import SignInRefused, UnexpectedAnswer, Unreachable
from connectors.salesforce import Salesforce, SalesforceSettings

ORG = "https://acme.my.salesforce.com"
TOKEN = f"{ORG}/services/oauth2/token"
DESCRIBE = f"{ORG}/services/data/v62.0/sobjects/Account/describe"
QUERY = f"{ORG}/services/data/v62.0/query"
CLIENT_ID = "3MVG9client.id.value"
CLIENT_SECRET = "c1ient/secret+value="
GIVEN = "00Dxx0000001gPz!AQ0AQgiven.token_value"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
ACCOUNT = {"fields": [{"name": "Name", "type": "string"}]}


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def token(number=1):
    return {
        "access_token": f"00Dxx0000001gPz!AQ0AQrun.token_{number}",
        "instance_url": ORG,
        "id": "https://login.salesforce.com/id/00Dxx0000001gPzEAI/005xx000001SwiUAAS",
        "token_type": "Bearer",
    }


def with_client(**more):
    settings = SalesforceSettings(
        ORG, "client_credentials", client_id=CLIENT_ID, client_secret=CLIENT_SECRET, **more
    )
    return Salesforce(settings, sleep=lambda _: None)


def with_token(given=GIVEN):
    return Salesforce(SalesforceSettings(ORG, "access_token", access_token=given), sleep=lambda _: None)


def test_client_credentials_are_exchanged_for_a_token_that_every_request_carries(org):
    org.post(TOKEN, json=token())
    org.get(DESCRIBE, json=ACCOUNT)
    client = with_client()
    client.describe("Account")
    client.describe("Account")
    sent = [call.request for call in org.calls]
    assert [request.url for request in sent] == [TOKEN, DESCRIBE, DESCRIBE]
    assert "grant_type=client_credentials" in sent[0].body
    assert "Authorization" not in sent[0].headers
    assert sent[2].headers["Authorization"] == f"Bearer {token()['access_token']}"
    assert (client.calls.read, client.calls.write) == (3, 0)


@pytest.mark.parametrize(
    ("status", "answer", "said", "advice"),
    [
        (
            400,
            {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"},
            "Salesforce refused the sign-in (invalid_grant: user hasn't approved this consumer).",
            "add a permission set",
        ),
        (
            400,
            {"error": "invalid_grant", "error_description": "no client credentials user enabled"},
            "Salesforce refused the sign-in (invalid_grant: no client credentials user enabled).",
            "name a run-as user",
        ),
        (
            400,
            {"error": "invalid_client_id"},
            "Salesforce refused the sign-in (invalid_client_id).",
            "CLIENT_ID",
        ),
        (
            401,
            {"error": "invalid_client", "error_description": "invalid client credentials"},
            "Salesforce refused the sign-in (invalid_client: invalid client credentials).",
            "CLIENT_SECRET",
        ),
        (
            400,
            {"error": "invalid_grant", "error_description": "request not supported on this domain"},
            "Salesforce refused the sign-in (invalid_grant: request not supported on this domain).",
            "my.salesforce.com",
        ),
        (403, {}, "Salesforce refused the sign-in (no reason given).", "CLIENT_ID"),
    ],
)
def test_a_refused_sign_in_says_why_and_what_to_do(org, status, answer, said, advice):
    org.post(TOKEN, json=answer, status=status)
    with pytest.raises(SignInRefused) as caught:
        with_client().sign_in()
    assert caught.value.message == said
    assert advice in caught.value.advice
    assert len(org.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<html>Salesforce login</html>", "content_type": "text/html"},
        {"json": {"token": "x"}},
        {"json": []},
        {"json": {"access_token": "with\nnewline"}},
        {"body": "not found", "status": 404},
    ],
)
def test_a_sign_in_that_holds_no_token_is_an_unexpected_answer(org, answer):
    org.post(TOKEN, **answer)
    with pytest.raises(UnexpectedAnswer, match="holds no token"):
        with_client().sign_in()


def test_the_token_request_is_repeated_because_it_changes_nothing(org):
    org.post(TOKEN, status=503, body="<html>")
    org.post(TOKEN, body=requests.ConnectionError("reset"))
    org.post(TOKEN, json=token())
    org.get(DESCRIBE, json=ACCOUNT)
    client = with_client()
    assert client.describe("Account")
    assert client.calls.read == 4


def test_a_token_endpoint_that_stays_down_is_unreachable(org):
    org.post(TOKEN, status=502)
    with pytest.raises(Unreachable):
        with_client().sign_in()


@pytest.mark.parametrize(
    "refused",
    [
        {"json": EXPIRED},
        {"json": {"error": "Bad_OAuth_Token"}},
        {"body": "Bad_OAuth_Token", "content_type": "text/plain"},
        {"body": "", "content_type": "text/html"},
        {"body": "<html>expired</html>", "content_type": "text/html"},
    ],
)
def test_a_session_that_expires_is_renewed_and_the_request_sent_once_more(org, refused):
    org.post(TOKEN, json=token(1))
    org.get(DESCRIBE, status=401, **refused)
    org.post(TOKEN, json=token(2))
    org.get(DESCRIBE, json=ACCOUNT)
    assert list(with_client().describe("Account")) == ["Name"]
    assert org.calls[-1].request.headers["Authorization"].endswith("run.token_2")


def test_a_session_may_expire_between_two_pages(org):
    org.post(TOKEN, json=token(1))
    org.get(
        QUERY,
        json={"done": False, "records": [{"Id": "1"}], "nextRecordsUrl": "/services/data/v62.0/query/p2"},
    )
    org.get(f"{QUERY}/p2", status=401, json=EXPIRED)
    org.post(TOKEN, json=token(2))
    org.get(f"{QUERY}/p2", json={"done": True, "records": [{"Id": "2"}]})
    assert with_client().select("Account", ["Id"], where="Id != null") == [{"Id": "1"}, {"Id": "2"}]


def test_a_create_refused_for_its_session_is_sent_once_more_because_nothing_was_written(org):
    org.post(TOKEN, json=token(1))
    url = f"{ORG}/services/data/v62.0/composite/sobjects"
    org.post(url, status=401, json=EXPIRED)
    org.post(TOKEN, json=token(2))
    org.post(url, json=[{"id": "00T000000000001AAA", "success": True, "errors": []}])
    client = with_client()
    assert client.create("Task", [{"Subject": "Call"}])[0].ok
    assert client.calls.write == 2
    assert org.calls[1].request.body == org.calls[3].request.body


@pytest.mark.parametrize("use", ["describe", "select", "create", "update"])
def test_a_lasting_401_ends_after_one_renewal(org, use):
    org.post(TOKEN, json=token())
    for method in ("GET", "POST", "PATCH"):
        for url in (DESCRIBE, QUERY, f"{ORG}/services/data/v62.0/composite/sobjects"):
            org.add(method, url, status=401, json=EXPIRED)
    client = with_client()
    with pytest.raises(SignInRefused, match=r"refused a request twice.*INVALID_SESSION_ID"):
        {
            "describe": lambda: client.describe("Account"),
            "select": lambda: client.select("Account", ["Id"], where="Id != null"),
            "create": lambda: client.create("Task", [{"Subject": "Call"}]),
            "update": lambda: client.update("Account", [{"Id": "001000000000001AAA"}]),
        }[use]()
    assert len(org.calls) == 4  # sign-in, request, sign-in, request


@pytest.mark.parametrize(
    "refused",
    [{"json": EXPIRED}, {"body": "Bad_OAuth_Token"}, {"json": {"error": "x"}}, {"json": []}, {"json": 5}],
)
def test_a_given_token_cannot_be_renewed_and_the_message_says_so(org, refused):
    org.get(DESCRIBE, status=401, **refused)
    with pytest.raises(SignInRefused, match="cannot be renewed") as caught:
        with_token().describe("Account")
    assert "RAPPORT_SALESFORCE__ACCESS_TOKEN" in caught.value.advice
    assert len(org.calls) == 1


def test_a_given_token_may_end_with_the_newline_of_its_file(org):
    org.get(DESCRIBE, json=ACCOUNT)
    with_token(GIVEN + "\n").describe("Account")
    assert org.calls[0].request.headers["Authorization"] == f"Bearer {GIVEN}"


@pytest.mark.parametrize("given", [None, "", "  ", "two words", "a\nb", "tökén"])
def test_a_token_that_is_none_is_refused_before_anything_is_sent(given):
    with pytest.raises(SignInRefused) as caught:
        with_token(given)
    assert str(given or "zz").strip() not in str(caught.value) or not (given or "").strip()


def test_missing_client_credentials_are_named():
    with pytest.raises(SignInRefused, match="No client id or client secret"):
        Salesforce(SalesforceSettings(ORG, "client_credentials", client_id="x"))


@pytest.mark.parametrize(
    ("url", "version", "why"),
    [
        ("https://acme.lightning.force.com", "62.0", "https://acme.my.salesforce.com"),
        ("https://login.salesforce.com", "62.0", "client credentials"),
        ("https://test.salesforce.com", "62.0", "client credentials"),
        ("http://acme.my.salesforce.com", "62.0", "this machine only"),
        ("https://acme.my.salesforce.com/home", "62.0", "must end after the host"),
        ("https://acme.my.salesforce.com", "62", "62.0"),
        ("https://acme.my.salesforce.com", "v62.0", "62.0"),
    ],
)
def test_addresses_and_versions_that_cannot_work_are_refused_at_once(url, version, why):
    settings = SalesforceSettings(
        url, "client_credentials", api_version=version, client_id="a", client_secret="b"
    )
    with pytest.raises(ValueError, match=why):
        Salesforce(settings)


def test_no_secret_reaches_errors_representations_or_logs(org, caplog):
    caplog.set_level(logging.DEBUG)
    echo = f"you sent {CLIENT_SECRET} {CLIENT_ID} and {token()['access_token']} or {GIVEN}"
    settings = SalesforceSettings(
        ORG, "access_token", client_id=CLIENT_ID, client_secret=CLIENT_SECRET, access_token=GIVEN
    )
    texts = []

    def attempt(client):
        with pytest.raises(Exception) as caught:
            client.describe("Account")
        error = caught.value
        while error is not None:
            texts.extend((str(error), repr(error)))
            error = error.__context__
        texts.extend(repr(value) for value in vars(client).values())

    for status, answer in (
        (400, {"error": "invalid_grant", "error_description": echo}),
        (401, {"error": echo}),
        (500, {"error": echo}),
        (200, {"access_token": CLIENT_SECRET + "\n"}),
    ):
        org.reset()
        org.post(TOKEN, json=answer, status=status)
        attempt(with_client())
    for status in (400, 401, 403, 404, 500):
        org.reset()
        org.post(TOKEN, json=token())
        org.get(DESCRIBE, json=[{"errorCode": "ECHO", "message": echo}], status=status)
        attempt(with_client(access_token=GIVEN))
        attempt(Salesforce(settings, sleep=lambda _: None))
    texts.append(repr(settings))
    texts += [record.getMessage() for record in caplog.records]
    assert len(texts) > 50
    for text in texts:
        for secret in (CLIENT_SECRET, "c1ient", CLIENT_ID, GIVEN, "AQ0AQ", "Bearer 00D"):
            assert secret not in text
