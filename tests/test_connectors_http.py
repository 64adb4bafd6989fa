"""The seam on a real socket: what it repeats, what it never repeats, where it refuses to go."""

from __future__ import annotations

import gzip
import ipaddress
import logging
import random
import socket
import ssl
import struct
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests.auth import HTTPBasicAuth

from connectors.errors import OutcomeUnknown, QuotaSpent, UnexpectedAnswer, Unreachable
from connectors.http import (
    Calls,
    HttpSettings,
    Seam,
    attach,
    base_address,
    http_date,
    redact,
    retry_after,
    session,
)

SECRET = "s3cr3t/with+signs=and more"
QUICK = HttpSettings(connect_timeout=2, read_timeout=2)


class Script:
    """A loopback server that gives the scripted answers in turn, the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.seen = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                script.seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
                answer = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
                answer(self)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()


def says(status=200, body=b'{"ok": true}', length=None, **headers):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", headers.pop("content_type", "application/json"))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        if length is not None and length != len(body):
            handler.close_connection = True

    return answer


def resets(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def silent(handler):
    handler.close_connection = True


def build(url, *, settings=QUICK, auth=None, sleeps=None, is_read=None, **more):
    seam = Seam(
        base_url=url,
        settings=settings,
        calls=Calls(),
        is_read=is_read or (lambda method, path: method == "GET" or path.endswith("/search")),
        sleep=(sleeps if sleeps is not None else []).append,
        rng=random.Random(1),
        service="Salesforce",
        **more,
    )
    return seam, session(seam, auth)


@pytest.mark.parametrize(
    "fault", [says(500), says(502), says(503, b"<html>"), says(504), says(429), resets, silent]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/x"), ("POST", "/search"), ("PATCH", "/x"), ("DELETE", "/x")]
)
def test_what_is_safe_to_repeat_is_repeated_until_it_succeeds(fault, method, path):
    waits = []
    with Script(fault, fault, says()) as server:
        seam, client = build(server.url, sleeps=waits)
        assert client.request(method, server.url + path).json() == {"ok": True}
    assert len(server.seen) == 3
    assert len(waits) == 2
    assert 0 < waits[0] < waits[1]
    assert seam.calls == (Calls(3, 0) if method in {"GET", "POST"} else Calls(0, 3))


@pytest.mark.parametrize(
    "fault", [says(500), says(502), says(503), says(504), resets, silent, says(length=99)]
)
def test_a_create_whose_answer_is_lost_is_never_sent_twice(fault):
    with Script(fault) as server:
        seam, client = build(server.url)
        with pytest.raises(OutcomeUnknown, match="answer was lost"):
            client.post(server.url + "/records", json={"a": 1})
    assert len(server.seen) == 1
    assert seam.calls == Calls(read=0, write=1)


def test_a_create_without_an_answer_in_time_is_unknown():
    done = threading.Event()

    def slow(handler):
        done.wait(5)
        handler.close_connection = True

    with Script(slow) as server:
        _, client = build(server.url, settings=replace(QUICK, read_timeout=0.2))
        with pytest.raises(OutcomeUnknown, match="no answer in time"):
            client.post(server.url + "/records", json={})
        done.set()
    assert len(server.seen) == 1


def test_a_create_refused_as_too_many_is_sent_again_because_it_was_not_worked_on():
    with Script(says(429, Retry_After="1"), says(201)) as server:
        _, client = build(server.url)
        assert client.post(server.url + "/records", json={}).status_code == 201
    assert len(server.seen) == 2


def test_a_create_that_never_got_a_connection_is_repeated_and_then_unreachable_not_unknown():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        seam, client = build(url)
        with pytest.raises(Unreachable, match="no connection"):
            client.post(url + "/records", json={})
    assert seam.calls.write == 5


def test_reads_give_up_after_the_last_try_and_say_why():
    with Script(says(503, b"<html>maintenance</html>", content_type="text/html")) as server:
        seam, client = build(server.url)
        with pytest.raises(Unreachable, match="in 5 tries: it answers with error 503") as caught:
            client.get(server.url + "/x?q=SELECT+secret")
    assert seam.calls == Calls(read=5)
    assert "SELECT" not in str(caught.value)


def test_a_read_time_out_is_an_error_of_ours_and_bounded():
    stop = threading.Event()

    def slow(handler):
        stop.wait(5)
        handler.close_connection = True

    with Script(slow) as server:
        _, client = build(server.url, settings=replace(QUICK, read_timeout=0.1, max_tries=2))
        with pytest.raises(Unreachable, match="no answer in time"):
            client.get(server.url)
        stop.set()


@pytest.mark.parametrize(
    "cut", [says(body=b'{"records": [1, 2', length=400), says(body=b'{"records": [1, 2')]
)
def test_an_answer_that_broke_off_is_asked_for_again(cut):
    with Script(cut, says()) as server:
        _, client = build(server.url)
        assert client.get(server.url).json() == {"ok": True}
    assert len(server.seen) == 2


def test_retry_after_is_a_minimum():
    waits = []
    with Script(says(429, Retry_After="60"), says()) as server:
        _, client = build(server.url, sleeps=waits)
        client.get(server.url)
    assert 60 <= waits[0] <= 72


def test_a_longer_wait_than_allowed_ends_the_run_and_says_how_long():
    waits = []
    with Script(says(429, Retry_After="1847")) as server:
        _, client = build(server.url, sleeps=waits)
        with pytest.raises(QuotaSpent, match="1847 seconds") as caught:
            client.get(server.url)
    assert caught.value.retry_after == 1847
    assert waits == []
    assert len(server.seen) == 1


def test_an_hourly_quota_is_not_waited_for():
    with Script(says(429, RateLimit_Reason="jira-quota-tenant-based")) as server:
        _, client = build(server.url)
        with pytest.raises(QuotaSpent):
            client.get(server.url)
    assert len(server.seen) == 1


def test_retry_after_as_a_date_is_read_by_the_servers_clock():
    answer = requests.Response()
    answer.headers["Date"] = "Sun, 22 Nov 2026 08:00:00 GMT"
    answer.headers["Retry-After"] = "Sun, 22 Nov 2026 08:00:45 GMT"
    assert retry_after(answer) == 45
    answer.headers["Retry-After"] = "soon"
    assert retry_after(answer) is None


def test_a_date_without_zone_or_sense_does_no_harm():
    assert http_date("Sun, 22 Nov 2026 08:00:00 -0000") == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert http_date("yesterday") is None


def test_other_answers_can_be_named_as_a_reason_to_wait():
    waits = []
    with Script(says(403, b'"slower"'), says()) as server:
        _, client = build(
            server.url, sleeps=waits, busy=lambda answer: 30.0 if answer.status_code == 403 else None
        )
        assert client.get(server.url).status_code == 200
    assert waits[0] >= 30


def test_every_answer_is_observed_also_those_that_are_repeated():
    statuses = []
    with Script(says(503), says(429), says(404)) as server:
        seam, client = build(server.url, observe=lambda answer: statuses.append(answer.status_code))
        client.get(server.url)
    assert statuses == [503, 429, 404]
    assert seam.server_time is not None


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_refused_before_anything_is_sent_there(code, method):
    with Script(says()) as elsewhere, Script(says(code, Location=f"{elsewhere.url}/steal")) as server:
        _, client = build(server.url, auth=HTTPBasicAuth("me", SECRET))
        with pytest.raises(UnexpectedAnswer, match="not followed"):
            client.request(method, server.url + "/x")
        assert elsewhere.seen == []


def test_a_write_is_not_redirected_even_at_home():
    with Script(says(302, Location="/login")) as server:
        _, client = build(server.url)
        with pytest.raises(UnexpectedAnswer, match="redirects"):
            client.post(server.url + "/records", json={})
    assert len(server.seen) == 1


def test_a_read_may_be_redirected_on_the_same_host():
    with Script(says(302, Location="/new"), says()) as server:
        _, client = build(server.url)
        assert client.get(server.url + "/old").json() == {"ok": True}
    assert [path for _, path, *_ in server.seen] == ["/old", "/new"]


def test_no_request_leaves_for_another_address():
    with Script(says()) as elsewhere:
        _, client = build("https://acme.my.salesforce.com")
        with pytest.raises(UnexpectedAnswer, match="another address"):
            client.get(elsewhere.url + "/x")
        assert elsewhere.seen == []


def test_a_library_that_insists_on_https_reaches_the_loopback_server():
    with Script(says()) as server:
        _, client = build(server.url)
        assert client.get(server.url.replace("http://", "https://") + "/x").ok


def test_a_netrc_file_does_not_replace_our_credentials(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login intruder password intruder\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Script(says()) as server:
        _, client = build(server.url, auth=HTTPBasicAuth("me", "mine"))
        client.get(server.url)
        _, bare = build(server.url)
        bare.get(server.url)
    assert server.seen[0][2]["Authorization"] == requests.auth._basic_auth_str("me", "mine")
    assert "Authorization" not in server.seen[1][2]


def test_proxies_come_from_the_settings_only(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Script(says()) as server:
        _, client = build(server.url, settings=replace(QUICK, proxy="http://127.0.0.1:9"))
        assert client.get(server.url).ok  # loopback is never asked for through a proxy
    _, client = build(
        "https://acme.my.salesforce.com", settings=replace(QUICK, proxy="http://127.0.0.1:9", max_tries=1)
    )
    assert client.proxies["https"] == "http://127.0.0.1:9"
    with pytest.raises(Unreachable, match="proxy"):
        client.get("https://acme.my.salesforce.com/x")


def test_a_password_for_the_proxy_is_not_shown():
    assert SECRET not in repr(replace(QUICK, proxy=f"http://me:{SECRET}@127.0.0.1:9"))


def test_cookies_are_not_kept():
    with Script(says(Set_Cookie="sid=abc; Path=/"), says()) as server:
        _, client = build(server.url)
        client.get(server.url)
        client.get(server.url)
    assert "Cookie" not in server.seen[1][2]


def test_an_answer_beyond_the_size_limit_is_refused_also_when_it_is_packed():
    packed = gzip.compress(b"[" + b"0," * 400_000 + b"0]")
    with Script(says(body=packed, Content_Encoding="gzip")) as server:
        _, client = build(server.url, settings=replace(QUICK, max_answer=100_000))
        with pytest.raises(UnexpectedAnswer, match="more than 100000 bytes"):
            client.get(server.url)


def test_a_create_whose_answer_does_not_end_is_unknown():
    with Script(says(body=b"x" * 2_000)) as server:
        _, client = build(server.url, settings=replace(QUICK, max_answer=1_000))
        with pytest.raises(OutcomeUnknown):
            client.post(server.url + "/records", json={})


@pytest.mark.parametrize("target", ["https://[::1", "http://127.0.0.1:port/", "//evil.example:99999/"])
def test_a_redirect_to_something_that_is_no_address_is_refused(target):
    with Script(says(302, Location=target)) as server:
        _, client = build(server.url)
        with pytest.raises(UnexpectedAnswer, match="not followed"):
            client.get(server.url)


def test_a_proxy_setting_that_cannot_be_used_is_said_at_once():
    waits = []
    _, client = build(
        "https://acme.my.salesforce.com", settings=replace(QUICK, proxy="http://"), sleeps=waits
    )
    with pytest.raises(Unreachable, match="cannot be used"):
        client.get("https://acme.my.salesforce.com/x")
    assert waits == []


def test_a_missing_certificate_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="there is no file"):
        build("https://acme.my.salesforce.com", settings=replace(QUICK, ca_file=str(tmp_path / "none.pem")))


def test_a_session_made_by_a_library_gets_the_same_manners():
    theirs = requests.Session()
    with Script(says(500), says()) as server:
        seam, _ = build(server.url)
        assert attach(theirs, seam, None).get(server.url).ok
    assert theirs.trust_env is False


def test_a_certificate_that_is_not_trusted_ends_it_at_once(tmp_path):
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    write_certificate(key, cert)
    with Script(says()) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        url = server.url.replace("http://", "https://")
        seam, client = build(url)
        with pytest.raises(Unreachable, match="certificate"):
            client.post(url + "/records", json={})
        assert seam.calls.write == 1
        _, client = build(url, settings=replace(QUICK, ca_file=str(cert)))
        assert client.get(url).json() == {"ok": True}


def write_certificate(key_file, cert_file):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://acme.my.salesforce.com", "this machine only"),
        ("http://127.0.0.1.example.com", "this machine only"),
        ("ftp://acme.my.salesforce.com", "no web address"),
        ("acme.my.salesforce.com", "no web address"),
        ("https://me:pw@acme.my.salesforce.com", "user name or password"),
        ("https://acme.my.salesforce.com/?a=b", "must end before"),
        ("https://acme.example.com:port", "no web address"),
        ("https://[::1", "no web address"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused_in_words(url, why):
    with pytest.raises(ValueError, match=why) as caught:
        base_address(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://Acme.example.com/jira/"]
)
def test_addresses_that_can_be_used(url):
    assert base_address(url) == url.lower().rstrip("/")


def test_redaction_takes_secrets_in_any_form():
    said = redact(
        f"a {SECRET} b s3cr3t%2Fwith%2Bsigns%3Dand%20more Bearer 00Dxx0000001gPz!AQ.xyz_9 Basic bWU6cHc=",
        [SECRET, None],
    )
    assert "s3cr3t" not in said
    assert "AQ" not in said
    assert "bWU6cHc" not in said


def test_no_secret_and_no_address_with_its_query_reaches_errors_or_logs(caplog):
    caplog.set_level(logging.DEBUG)
    texts = []
    for fault in (
        resets,
        says(503),
        says(429, Retry_After="9999"),
        says(302, Location="https://x.example/?t=1"),
    ):
        with Script(fault) as server:
            seam, client = build(server.url, auth=HTTPBasicAuth("me", SECRET))
            for send in (client.get, client.post):
                with pytest.raises(Exception) as caught:
                    send(server.url + "/records", data={"client_secret": SECRET})
                texts += [str(caught.value), repr(caught.value), repr(seam), repr(client)]
    texts += [record.getMessage() for record in caplog.records]
    assert len(texts) > 30
    for text in texts:
        assert "s3cr3t" not in text
        assert "Basic " not in text
