"""The JWT bearer flow: a short-lived statement, signed with the private key, that is exchanged for a token.

There is no refresh token: whoever needs a new session signs anew.
https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

if TYPE_CHECKING:
    from datetime import datetime

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN_URL = "https://login.salesforce.com"
SHORTEST_KEY = 2048
# Salesforce takes no statement that is valid for more than 3 to 5 minutes by its own clock. Two minutes leave
# room for a clock that is a minute fast and for one that is two minutes slow.
LIFETIME = timedelta(minutes=2)
NOTABLE = timedelta(seconds=30)  # a smaller difference of clocks is no reason to be refused

ADVICE = {
    "approved": "in the External Client App's policies pre-authorise a permission set that the user has.",
    "audience": (
        f'set [salesforce] login_url to "{LOGIN_URL}", or for a sandbox "https://test.salesforce.com";'
        " it is never the org's own address."
    ),
    "expired": "let a time server (NTP) set this machine's clock.",
    "inactive": "activate the user that [salesforce] username names, or name another.",
    "client": "compare [salesforce] client_id with the consumer key of the External Client App.",
    "assertion": (
        "compare [salesforce] private_key_file with the certificate in the External Client App,"
        " and look at this machine's clock."
    ),
    "ip restricted": "allow this machine's address in the app's or the profile's login IP ranges.",
}


def signing_key(pem: str) -> RSAPrivateKey:
    """The key of a PEM text; ValueError says what the text is instead, and never repeats it."""
    if not pem.strip():
        raise ValueError("is empty")
    if "PRIVATE KEY-----" not in pem and "-----BEGIN" in pem:
        raise ValueError("holds the certificate or the public key, not the private key that belongs to it")
    if "ENCRYPTED" in pem:
        raise ValueError(
            "is locked with a passphrase, which nobody could type in at night;"
            " write one without: openssl pkey -in locked.key -out open.key"
        )
    key: object = None
    # Raised after it, so that no error of the library, which may quote the text, hangs on to ours.
    with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_private_key(pem.strip().encode(), password=None)
    if key is None:
        raise ValueError('holds no private key in PEM form ("-----BEGIN PRIVATE KEY-----")')
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("holds a key that is not RSA, and Salesforce takes no other")  # noqa: TRY004 - of a text
    if key.key_size < SHORTEST_KEY:
        raise ValueError(f"holds a key of {key.key_size} bits; Salesforce takes {SHORTEST_KEY} and more")
    return key


def assertion(key: RSAPrivateKey, *, client_id: str, username: str, audience: str, now: datetime) -> str:
    """`audience` is the sign-in host, never the org's own address."""
    claims = {
        "iss": client_id,
        "sub": username,
        "aud": audience.rstrip("/"),
        "exp": int((now + LIFETIME).timestamp()),
    }
    return jwt.encode(claims, key, algorithm="RS256")


def clock_difference(ours: datetime, theirs: datetime | None) -> str | None:
    """How far this machine's clock is from Salesforce's, in words; None when it is not worth a word."""
    if theirs is None or abs(ours - theirs) < NOTABLE:
        return None
    return f"{_in_words(abs(ours - theirs))} {'ahead of' if ours > theirs else 'behind'}"


def advice(said: str) -> str:
    """What to do about a refusal that names no clock; `said` is Salesforce's own text in small letters."""
    for part, what in ADVICE.items():
        if part in said:
            return what
    return "check [salesforce] client_id, username and private_key_file against the External Client App."


def _in_words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
