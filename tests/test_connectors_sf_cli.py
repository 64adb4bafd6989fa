"""The session of the Salesforce CLI: every version of it, and every way in which it has none to give."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from connectors.errors import SignInRefused
from connectors.http import HttpSettings
from connectors.salesforce import Salesforce, SalesforceSettings
from simulator.dataset import Dataset
from simulator.server import Simulator

TOKEN = "00D000000000001!AQ0AQsecret.session_token"
HIDDEN = "[REDACTED] Use 'sf org auth show-access-token' to view"
DISPLAY, SHOW = "org display", "org auth show-access-token"
UNKNOWN = (127, None)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the CLI of these tests is a shell script")


@pytest.fixture(scope="module")
def org():
    dataset = Dataset(
        salesforce={
            "Organization": [{"Id": "00D000000000001AAA", "Name": "Acme", "IsSandbox": True}],
            "Account": [{"Id": "001000000000001AAA", "Name": "Beta", "IsDeleted": False}],
        }
    )
    with Simulator(dataset) as simulator:
        yield simulator


@pytest.fixture
def sf(tmp_path, monkeypatch):
    """sf({command: (exit code, answer)}) puts a CLI of that mind on the PATH; returns the file of its calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "calls"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def install(answers, extra=""):
        cases = []
        for number, (command, (code, answer)) in enumerate(answers.items()):
            body = folder / f"answer-{number}"
            body.write_text(
                answer if isinstance(answer, str) else "" if answer is None else json.dumps(answer)
            )
            cases.append(f'"{command}"*) cat "{body}"; exit {code};;')
        script = folder / "sf"
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{log}"\nenv >> "{log}.env"\n'
            f'{extra}\ncase "$*" in\n{" ".join(cases)}\nesac\nexit 127\n'
        )
        script.chmod(0o755)
        return log

    return install


def shown(url, token=None, **more):
    result = {"id": "00D000000000001AAA", "instanceUrl": url, "username": "me@example.com", **more}
    if token is not None:
        result["accessToken"] = token
    return 0, {"status": 0, "result": result, "warnings": []}


def revealed(token):
    return 0, {"status": 0, "result": {"accessToken": token}, "warnings": ["it is a secret"]}


def failed(name, message, code=1):
    return code, {"status": code, "name": name, "message": message, "stack": "at nobody"}


def client(url, *, target_org="production", seconds=30.0):
    settings = SalesforceSettings(url, "sf_cli", target_org=target_org)
    return Salesforce(settings, HttpSettings(read_timeout=seconds), sleep=lambda _: None)


def refusal(client):
    with pytest.raises(SignInRefused) as caught:
        client.sign_in()
    error = caught.value
    seen = error
    while seen is not None:
        assert TOKEN not in f"{seen} {seen!r}"
        seen = seen.__context__
    return error


# --- a session ------------------------------------------------------------------------------------------------


def test_a_cli_of_today_is_asked_for_the_address_and_then_for_the_token(org, sf):
    log = sf({DISPLAY: shown(org.salesforce_url + "/", HIDDEN), SHOW: revealed("simulator")})
    signed_in = client(org.salesforce_url)
    assert signed_in.sign_in().is_sandbox
    assert signed_in.describe("Account")
    assert log.read_text().splitlines() == [
        "org display --target-org production --json",
        "org auth show-access-token --target-org production --json",
    ]


def test_a_cli_that_leaves_the_token_out_is_one_of_today(org, sf):
    sf({DISPLAY: shown(org.salesforce_url), SHOW: revealed("simulator")})
    assert client(org.salesforce_url).sign_in().name == "Acme"


def test_an_older_cli_tells_the_token_at_once(org, sf):
    log = sf({DISPLAY: shown(org.salesforce_url, "simulator")})
    assert client(org.salesforce_url, target_org=None).sign_in().name == "Acme"
    assert log.read_text().splitlines() == ["org display --json"]


def test_a_line_before_the_answer_does_no_harm(org, sf):
    code, answer = shown(org.salesforce_url, "simulator")
    sf({DISPLAY: (code, f" ›   Warning: update available\n{json.dumps(answer)}\n")})
    assert client(org.salesforce_url).sign_in().name == "Acme"


def test_an_expired_session_is_asked_for_again_once(org, sf):
    log = sf({DISPLAY: shown(org.salesforce_url, HIDDEN), SHOW: revealed(TOKEN)})
    error = refusal(client(org.salesforce_url))
    assert "refused a request twice" in error.message
    assert log.read_text().count("show-access-token") == 2


def test_nothing_of_rapport_s_own_secrets_reaches_the_cli(org, sf, monkeypatch):
    monkeypatch.setenv("RAPPORT_JIRA__API_TOKEN", "jira-secret")
    monkeypatch.setenv("FORCE_COLOR", "3")
    log = sf({DISPLAY: shown(org.salesforce_url, "simulator")})
    client(org.salesforce_url).sign_in()
    seen = log.with_name("calls.env").read_text()
    assert "jira-secret" not in seen
    assert "NO_COLOR=1" in seen
    assert "FORCE_COLOR" not in seen


# --- no session -----------------------------------------------------------------------------------------------


def test_a_machine_without_the_cli_is_told_so(org, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(client(org.salesforce_url))
    assert error.message == "The Salesforce CLI (sf) is not on this machine, or not on its PATH."
    assert "install" in error.advice


@pytest.mark.parametrize(
    "second",
    [
        revealed(HIDDEN),
        revealed(""),
        revealed(None),
        (0, {"status": 0, "result": "none"}),
        UNKNOWN,
        failed("CommandNotFoundError", "command org:auth:show-access-token not found", 127),
        failed("Error", "command org:auth:show-access-token not found", 2),
    ],
)
def test_a_cli_that_keeps_its_token_is_to_be_updated(org, sf, second):
    sf({DISPLAY: shown(org.salesforce_url, HIDDEN), SHOW: second})
    error = refusal(client(org.salesforce_url))
    assert error.message == "The Salesforce CLI does not hand out its access token."
    assert "sf update" in error.advice
    assert HIDDEN not in str(error)


@pytest.mark.parametrize(
    ("answer", "target_org", "said", "advice"),
    [
        (
            failed(
                "NamedOrgNotFoundError",
                "Parsing --target-org \n\tNo authorization information found for prod.",
            ),
            "prod",
            (
                'The Salesforce CLI has no session for "prod" (Parsing --target-org No authorization information found'
                " for prod)."
            ),
            "sf org list",
        ),
        (
            failed("NoDefaultEnvError", "No default environment found. Use -o or --target-org."),
            None,
            (
                "The Salesforce CLI has no session for its default org (No default environment found. Use -o or"
                " --target-org)."
            ),
            "sf org login web",
        ),
        (
            failed(
                "RefreshTokenAuthError", f"Error authenticating with {TOKEN}: expired access/refresh token"
            ),
            "prod",
            (
                'The Salesforce CLI has no session for "prod" (Error authenticating with ***: expired access/refresh'
                " token)."
            ),
            "sign in again",
        ),
        (
            (1, {"status": 1}),
            "prod",
            'The Salesforce CLI has no session for "prod" (no reason given).',
            "again",
        ),
        (
            (0, {"status": 0}),
            "prod",
            'The Salesforce CLI has no session for "prod" (no reason given).',
            "again",
        ),
        (UNKNOWN, "prod", 'The Salesforce CLI has no session for "prod" (no reason given).', "again"),
    ],
)
def test_a_cli_that_is_not_signed_in_says_why_and_what_to_do(org, sf, answer, target_org, said, advice):
    sf({DISPLAY: answer})
    error = refusal(client(org.salesforce_url, target_org=target_org))
    assert error.message == said
    assert advice in error.advice


def test_a_session_that_ends_between_the_two_questions_is_told(org, sf):
    expired = failed("RefreshTokenAuthError", "expired access/refresh token")
    sf({DISPLAY: shown(org.salesforce_url, HIDDEN), SHOW: expired})
    assert "expired access/refresh token" in refusal(client(org.salesforce_url)).message


@pytest.mark.parametrize(
    "output", ["", "sf: usage", "[1, 2]", '{"status": 0, "result": {', "\x1b[1m{}", "[" * 9999]
)
@pytest.mark.parametrize("code", [0, 1])
def test_an_answer_that_is_no_json_is_told_without_repeating_it(org, sf, output, code):
    sf({DISPLAY: (code, output)})
    said = str(refusal(client(org.salesforce_url)))
    assert "no JSON" in said or "no session" in said
    assert "usage" not in said


@pytest.mark.parametrize("address", [None, "", 5])
def test_a_session_without_an_address_is_refused(org, sf, address):
    sf({DISPLAY: shown(address, "simulator")})
    assert "does not say which address" in refusal(client(org.salesforce_url)).message


@pytest.mark.parametrize(
    "address",
    ["https://other.my.salesforce.com", "http://127.0.0.1:1", "http://acme.example.com", "nonsense"],
)
def test_the_token_of_another_org_is_sent_nowhere(org, sf, address):
    sf({DISPLAY: shown(address, TOKEN)})
    before = org.calls()["salesforce"]
    error = refusal(client(org.salesforce_url))
    assert f"salesforce.instance_url is {org.salesforce_url}" in error.message
    assert "target_org" in error.advice
    assert org.calls()["salesforce"] == before


def test_a_token_that_is_none_is_not_put_into_a_header(org, sf):
    sf({DISPLAY: shown(org.salesforce_url, f"{TOKEN}\r\nX-Evil: 1")})
    assert "characters that no token has" in refusal(client(org.salesforce_url)).message


def test_a_cli_that_hangs_is_ended_with_its_children(org, sf, tmp_path):
    # The child keeps the pipe open; ending the script alone would leave us waiting for it.
    sf({}, extra=f'sleep 60 &\necho $! > "{tmp_path}/child"\nwait')
    begun = time.monotonic()
    error = refusal(client(org.salesforce_url, seconds=2))
    assert time.monotonic() - begun < 30
    assert error.message == "The Salesforce CLI (sf) did not answer within 2 seconds."
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 20
    while _runs(child) and time.monotonic() < deadline:
        pass
    assert not _runs(child)


def _runs(process: int) -> bool:
    try:
        with Path(f"/proc/{process}/stat").open() as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_cli_that_cannot_be_started_is_told(org, sf, tmp_path):
    sf({})
    (tmp_path / "bin" / "sf").write_text("#!/no/such/shell\n")
    assert "could not be started" in refusal(client(org.salesforce_url)).message


def test_the_name_of_an_org_is_never_taken_for_an_option(org, sf):
    log = sf({})
    error = refusal(client(org.salesforce_url, target_org="--help"))
    assert '"--help" cannot be the name of an org' in error.message
    assert not log.exists()
