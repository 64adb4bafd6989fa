"""Digest and seal of a plan: what is applied is exactly what was reviewed, and it was made here."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sync import canonical
from sync.errors import EditedPlan

if TYPE_CHECKING:
    from sync.changes import Plan

_NEW_PLAN = "make a new one with `rapport plan --out FILE`, review it and apply that."


def digest_of(plan: Plan) -> str:
    """SHA-256 over everything but the digest and the seal themselves."""
    data = plan.to_json()
    del data["digest"], data["seal"]
    return canonical.sha256(data)


def with_digest(plan: Plan) -> Plan:
    return replace(plan, digest=digest_of(plan))


def sealed(plan: Plan, key: bytes) -> Plan:
    return replace(plan, seal=_seal(plan.digest, key))


def verify(plan: Plan, key: bytes) -> None:
    if not hmac.compare_digest(plan.digest, digest_of(plan)):
        raise EditedPlan("This plan was edited: its digest does not fit its content.", _NEW_PLAN)
    if not hmac.compare_digest(plan.seal, _seal(plan.digest, key)):
        raise EditedPlan("This plan was not made with this store: its seal does not fit.", _NEW_PLAN)


def _seal(digest: str, key: bytes) -> str:
    return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()


def load_key(folder: Path) -> bytes:
    """The store's own key, made on first use: whole or not at all, and two starts agree on one."""
    path = folder / "seal.key"
    if not path.exists():
        handle, draft = tempfile.mkstemp(prefix="seal.", dir=folder)  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
