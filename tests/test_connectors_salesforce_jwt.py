"""Signing in by JWT: against the simulated org over HTTP, with every way in which a statement is refused."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from connectors.errors import SignInRefused, UnexpectedAnswer
from connectors.salesforce import Salesforce, SalesforceSettings
from connectors.salesforce_jwt import signing_key
from simulator import dataset
from simulator.dataset import Dataset, DatasetError
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches

CLIENT_ID = "3MVG9consumer.key.value"
USER = "integration@example.com"
ORG = "https://acme.my.salesforce.com"
TOKEN = f"{ORG}/services/oauth2/token"
ORGANIZATION = "00D000000000001AAA"
NOT_FOR_READERS = ("PRIVATE KEY", "eyJ", "Bearer 00D")


def private(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


def public(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key):
    return private(key)


@pytest.fixture(scope="module")
def stranger():
    return private(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def company(public_key=None, *, sandbox=False):
    return Dataset(
        salesforce={
            "Organization": [{"Id": ORGANIZATION, "Name": "Acme", "IsSandbox": sandbox}],
            "User": [{"Id": "005000000000001AAA", "Username": USER, "IsActive": True}],
            "Account": [{"Id": "001000000000001AAA", "Name": "Beta", "IsDeleted": False}],
        },
        jwt_public_key=public_key,
    )


@pytest.fixture
def org(key):
    """org(sandbox=, **switches): a client factory for a simulated org that knows the public key."""
    running = []
    known = public(key)

    def start(*, sandbox=False, now=None, public_key=known, **switches):
        simulator = Simulator(
            company(public_key, sandbox=sandbox),
            now=now,
            switches=Switches(salesforce=SalesforceSwitches(**switches)),
        )
        running.append(simulator)
        return simulator

    yield start
    for simulator in running:
        simulator.stop()


def client(simulator, pem, clock=lambda: datetime.now(UTC), **more):
    given = {"client_id": CLIENT_ID, "username": USER, "private_key": pem, **more}
    url = simulator if isinstance(simulator, str) else simulator.salesforce_url
    return Salesforce(SalesforceSettings(url, "jwt", **given), sleep=lambda _: None, clock=clock)


def refusal(client):
    with pytest.raises(SignInRefused) as caught:
        client.sign_in()
    error = caught.value
    seen = error
    while seen is not None:
        assert not any(secret in f"{seen} {seen!r}" for secret in NOT_FOR_READERS)
        seen = seen.__context__
    return error


# --- what is accepted ----------------------------------------------------------------------------------------


def test_a_signed_statement_is_exchanged_for_a_token(org, pem):
    with_key = client(org(), pem)
    assert with_key.sign_in().id == ORGANIZATION
    assert with_key.select("Account", ["Name"], where="Id != null") == [{"Name": "Beta"}]
    assert (with_key.calls.read, with_key.calls.write) == (4, 0)


def test_the_statement_names_app_user_and_sign_in_host_and_is_valid_for_two_minutes(pem, key):
    now = datetime(2026, 11, 22, 8, tzinfo=UTC)
    with responses.RequestsMock() as mock:
        mock.post(TOKEN, json={"access_token": "00Dx!token"})
        client(ORG, pem, lambda: now, login_url="https://test.salesforce.com/")._auth.sign_in()
        form = dict(part.split("=") for part in mock.calls[0].request.body.split("&"))
    assert set(form) == {"grant_type", "assertion"}
    assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
    signed = jwt.decode(
        form["assertion"],
        key.public_key(),
        ["RS256"],
        audience="https://test.salesforce.com",
        options={"verify_exp": False},
    )
    assert signed == {
        "iss": CLIENT_ID,
        "sub": USER,
        "aud": "https://test.salesforce.com",
        "exp": int(now.timestamp()) + 120,
    }


def test_an_expired_session_is_renewed_by_a_new_statement(org, pem):
    simulator = org()
    signed_in = client(simulator, pem)
    signed_in.sign_in()
    with simulator.edit() as (salesforce, _):
        salesforce.end_sessions()
    assert signed_in.describe("Account")
    assert simulator.calls()["salesforce"]["by_endpoint"]["POST /services/oauth2/token"] == 2


def test_a_sandbox_wants_the_host_for_sandboxes(org, pem):
    simulator = org(sandbox=True)
    assert client(simulator, pem, login_url="https://test.salesforce.com").sign_in().is_sandbox
    error = refusal(client(simulator, pem))
    assert error.message == "Salesforce refused the sign-in (invalid_grant: audience is invalid)."
    assert "https://test.salesforce.com" in error.advice


@pytest.mark.parametrize("longest", [180, 300])
def test_both_limits_that_are_told_of_a_statement_s_life_are_kept(org, pem, longest):
    simulator = org(jwt_longest_seconds=longest)
    for seconds in (-90, 0, 50):
        client(simulator, pem, lambda late=seconds: datetime.now(UTC) + timedelta(seconds=late)).sign_in()


def test_a_fixed_clock_of_the_simulated_org_has_no_say_in_sign_ins(org, pem):
    assert client(org(now=datetime(2026, 3, 1, tzinfo=UTC)), pem).sign_in().id == ORGANIZATION


def test_an_org_without_a_public_key_believes_every_signature(org, stranger):
    assert client(org(public_key=None), stranger).sign_in().id == ORGANIZATION


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "said", "difference"),
    [
        (timedelta(minutes=12), "invalid assertion", "12 minutes ahead of"),
        (timedelta(minutes=-12), "expired authorization code", "12 minutes behind"),
        (timedelta(days=-3), "expired authorization code", "3 days behind"),
        (timedelta(hours=2), "invalid assertion", "2 hours ahead of"),
    ],
)
def test_a_clock_that_is_wrong_is_measured_against_salesforce_s(org, pem, ahead, said, difference):
    # A few seconds more, so that a slow test does not fall below the full unit.
    more = timedelta(seconds=5) if ahead > timedelta() else timedelta(seconds=-5)
    error = refusal(client(org(), pem, lambda: datetime.now(UTC) + ahead + more))
    assert error.message == (
        f"Salesforce refused the sign-in (invalid_grant: {said}):"
        f" this machine's clock is {difference} Salesforce's."
    )
    assert "time server" in error.advice


@pytest.mark.parametrize("now", [None, datetime(2026, 3, 1, tzinfo=UTC)])
def test_a_key_that_does_not_belong_to_the_app_is_named_and_not_the_clock(org, stranger, now):
    error = refusal(client(org(now=now), stranger))
    assert error.message == "Salesforce refused the sign-in (invalid_grant: invalid assertion)."
    assert "private_key_file" in error.advice


def test_a_user_who_is_not_pre_authorised_is_told_where_to_allow_it(org, pem):
    simulator = org(jwt_users=frozenset({"somebody@example.com"}))
    error = refusal(client(simulator, pem))
    assert error.message == (
        "Salesforce refused the sign-in (invalid_grant: user hasn't approved this consumer)."
    )
    assert "pre-authorise" in error.advice
    assert client(simulator, pem, username="somebody@example.com").sign_in()


def test_an_unknown_app_is_told_by_its_client_id(org, pem):
    error = refusal(client(org(), pem, client_id="wrong"))
    assert "client identifier invalid" in error.message
    assert "client_id" in error.advice


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("invalid_app_access: user is not admin approved to access this app", "pre-authorise"),
        ("invalid_grant: inactive user", "activate the user"),
        ("invalid_grant: ip restricted", "login IP ranges"),
        ("invalid_grant: expired authorization code", "time server"),
        ("something: new", "username and private_key_file"),
    ],
)
def test_every_known_refusal_says_what_to_do(pem, said, advice):
    error, _, description = said.partition(": ")
    with responses.RequestsMock() as mock:
        mock.post(TOKEN, status=400, json={"error": error, "error_description": description})
        caught = refusal(client(ORG, pem))
    assert caught.message == f"Salesforce refused the sign-in ({said})."
    assert advice in caught.advice


def test_a_statement_that_grew_old_while_salesforce_was_busy_is_signed_anew(org, pem):
    """The seam waits as long as it is asked to; what it then sends again has expired."""
    times = iter([-400, 0, 0, 0, 0])
    now = datetime.now(UTC)
    simulator = org()
    signed_in = client(simulator, pem, lambda: now + timedelta(seconds=next(times)))
    assert signed_in.sign_in().id == ORGANIZATION
    assert simulator.calls()["salesforce"]["by_endpoint"]["POST /services/oauth2/token"] == 2


def test_a_refusal_is_not_repeated_while_the_statement_is_young(org, stranger):
    simulator = org()
    refusal(client(simulator, stranger))
    assert simulator.calls()["salesforce"]["by_endpoint"]["POST /services/oauth2/token"] == 1


def test_an_answer_without_a_token_is_an_unexpected_one(pem):
    with responses.RequestsMock() as mock:
        mock.post(TOKEN, body="<html>Login</html>", content_type="text/html")
        with pytest.raises(UnexpectedAnswer, match="holds no token"):
            client(ORG, pem).sign_in()


def test_neither_key_nor_statement_nor_client_id_reaches_errors_representations_or_logs(pem, caplog):
    caplog.set_level(logging.DEBUG)
    texts = []
    with responses.RequestsMock() as mock:

        def echo(request):
            return (400, {}, f'{{"error": "invalid_grant", "error_description": "you sent {request.body}"}}')

        mock.add_callback("POST", TOKEN, echo, content_type="application/json")
        signing = client(ORG, pem)
        texts.append(str(refusal(signing)))
    texts += [repr(signing._auth._settings), *(repr(value) for value in vars(signing).values())]
    texts += [record.getMessage() for record in caplog.records]
    for text in texts:
        assert "***" in text or not any(secret in text for secret in (*NOT_FOR_READERS, CLIENT_ID))
        assert "eyJ" not in text
        assert pem.splitlines()[3] not in text


# --- keys ----------------------------------------------------------------------------------------------------


def test_keys_of_openssl_are_read_old_and_new_with_whatever_stands_around_them(key):
    old = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    for text in (private(key), old, f"Bag Attributes\n  friendlyName: rapport\n{private(key)}\n\n"):
        assert signing_key(text).private_numbers() == key.private_numbers()


def broken_keys():
    curve = ec.generate_private_key(ec.SECP256R1())
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return {
        "empty": (" \n", "is empty"),
        "locked": (private(curve, BestAvailableEncryption(b"secret")), "is locked with a passphrase"),
        "public": (public(curve), "holds the certificate or the public key"),
        "text": ("no key at all", "holds no private key in PEM form"),
        "cut": (private(curve)[:90], "holds no private key in PEM form"),
        "damaged": (private(curve).replace("M", "N"), "holds no private key in PEM form"),
        "curve": (private(curve), "is not RSA"),
        "short": (private(small), "1024 bits"),
    }


@pytest.mark.parametrize("name", ["empty", "locked", "public", "text", "cut", "damaged", "curve", "short"])
def test_a_file_that_is_no_key_is_refused_before_anything_is_sent(name):
    text, why = broken_keys()[name]
    with pytest.raises(ValueError, match=why) as caught:
        signing_key(text)
    assert caught.value.__context__ is None
    if text.strip():
        with pytest.raises(SignInRefused, match=why):
            client(ORG, text)


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(SignInRefused) as caught:
        Salesforce(SalesforceSettings(ORG, "jwt", client_id="key"))
    assert caught.value.advice == (
        "set RAPPORT_SALESFORCE__USERNAME and RAPPORT_SALESFORCE__PRIVATE_KEY_FILE."
    )


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com"])
def test_hosts_that_only_sign_people_in_are_no_address_of_an_org(pem, host):
    with pytest.raises(ValueError, match="only signs people in"):
        client(f"https://{host}", pem)


# --- the simulated org by itself -----------------------------------------------------------------------------


def ask(simulator, claims, key, algorithm="RS256"):
    import requests

    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": claims if isinstance(claims, str) else jwt.encode(claims, key, algorithm=algorithm),
    }
    answer = requests.post(f"{simulator.salesforce_url}/services/oauth2/token", data=form, timeout=10)
    return answer.status_code, answer.json().get("error_description")


def test_the_simulated_org_checks_what_salesforce_checks(org, pem, stranger):
    simulator = org()
    soon = int(datetime.now(UTC).timestamp()) + 60
    good = {"iss": "app", "sub": USER, "aud": "https://login.salesforce.com", "exp": soon}
    assert ask(simulator, good, pem) == (200, None)
    cases = [
        ({**good, "iss": ""}, pem, "RS256", "client identifier invalid"),
        ({**good, "aud": simulator.salesforce_url}, pem, "RS256", "audience is invalid"),
        ({**good, "aud": "https://test.salesforce.com"}, pem, "RS256", "audience is invalid"),
        ({**good, "exp": soon - 120}, pem, "RS256", "expired authorization code"),
        ({**good, "exp": soon * 1000}, pem, "RS256", "invalid assertion"),
        ({**good, "exp": soon + 600}, pem, "RS256", "invalid assertion"),
        ({name: value for name, value in good.items() if name != "exp"}, pem, "RS256", "invalid assertion"),
        ({**good, "sub": ""}, pem, "RS256", "user hasn't approved this consumer"),
        (good, stranger, "RS256", "invalid assertion"),
        (good, pem, "RS512", "invalid assertion"),
        (good, "a secret that both sides know, and long", "HS256", "invalid assertion"),
        (good, None, "none", "invalid assertion"),
        ("no.statement", None, None, "invalid assertion"),
        ("", None, None, "invalid assertion"),
        ("é.ü.ß", None, None, "invalid assertion"),
        ("W10.e30.x", None, None, "invalid assertion"),
    ]
    for claims, signer, algorithm, description in cases:
        assert ask(simulator, claims, signer, algorithm) == (400, description), claims


def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rapport")])
    built = x509.CertificateBuilder(name, name, key.public_key(), 1)
    built = built.not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2036, 1, 1))  # noqa: DTZ001 - as X.509 has them
    return built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def test_a_dataset_carries_the_certificate_of_the_app(tmp_path, key, pem, stranger):
    file = tmp_path / "salesforce" / "jwt_public_key.pem"
    file.parent.mkdir()
    for text in (public(key), certificate(key)):
        file.write_text(text)
        with Simulator(dataset.load(tmp_path)) as simulator:
            assert client(simulator, pem).sign_in()
            refusal(client(simulator, stranger))


@pytest.mark.parametrize(
    "text", ["", "no key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_dataset_whose_key_cannot_be_read_says_so_before_it_is_served(tmp_path, text):
    (tmp_path / "salesforce").mkdir()
    (tmp_path / "salesforce" / "jwt_public_key.pem").write_text(text)
    with pytest.raises(DatasetError, match="no certificate and no public key"):
        dataset.load(tmp_path)
