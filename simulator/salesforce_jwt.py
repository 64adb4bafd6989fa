"""The JWT bearer grant of the simulated Salesforce: what a signed statement must say to be believed.

    header.claims.signature    each base64url; RS256; claims iss (client id), sub (user name), aud, exp

The wording of refusals is that of https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
and of what people report; which of them a time that is too far ahead gets is not certain.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.salesforce_switches import SalesforceSwitches

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN, TEST = "https://login.salesforce.com", "https://test.salesforce.com"

_REFUSED = {"", "wrong"}
_BAD_CLIENT = ("invalid_client_id", "client identifier invalid")
_BAD_ASSERTION = ("invalid_grant", "invalid assertion")
_BAD_AUDIENCE = ("invalid_grant", "audience is invalid")
_EXPIRED = ("invalid_grant", "expired authorization code")
_NOT_APPROVED = ("invalid_grant", "user hasn't approved this consumer")


def public_key(pem: str) -> RSAPublicKey:
    """The key of a PEM text, a certificate or a bare key; ValueError when it is none of both."""
    try:
        if "BEGIN CERTIFICATE" in pem:
            key: object = load_pem_x509_certificate(pem.encode()).public_key()
        else:
            key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("no certificate and no public key in PEM form") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the key is not RSA")  # noqa: TRY004 - it is the text that is wrong
    return key


class Statements:
    """Without a key of the app every signature is believed, as every client secret is."""

    def __init__(
        self, switches: SalesforceSwitches, key: RSAPublicKey | None, *, sandbox: bool | None
    ) -> None:
        self._switches = switches
        self._key = key
        self._audiences = {LOGIN, TEST} if sandbox is None else {TEST if sandbox else LOGIN}

    def refusal(self, assertion: str, now: datetime) -> tuple[str, str] | None:
        """Error and description, or None when it may have its token."""
        head, _, signature = assertion.strip().rpartition(".")
        header, _, body = head.partition(".")
        if _object(header).get("alg") != "RS256":
            return _BAD_ASSERTION
        claims = _object(body)
        issuer, user, expiry = claims.get("iss"), claims.get("sub"), claims.get("exp")
        if not isinstance(issuer, str) or issuer in _REFUSED:
            return _BAD_CLIENT
        if not self._signed(head, signature):
            return _BAD_ASSERTION
        if claims.get("aud") not in self._audiences:
            return _BAD_AUDIENCE
        if not isinstance(expiry, int | float) or isinstance(expiry, bool):
            return _BAD_ASSERTION
        left = expiry - now.timestamp()
        if left <= 0:
            return _EXPIRED
        if left > self._switches.jwt_longest_seconds:
            return _BAD_ASSERTION
        approved = self._switches.jwt_users
        if not isinstance(user, str) or user in _REFUSED or (approved is not None and user not in approved):
            return _NOT_APPROVED
        return None

    def _signed(self, text: str, signature: str) -> bool:
        if self._key is None:
            return bool(signature)
        try:
            self._key.verify(_bytes(signature), text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(text))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
