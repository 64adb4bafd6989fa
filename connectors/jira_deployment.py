"""Which kind of Jira answers at an address, as the site says to everybody before anybody signs in."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError, Unreachable
from connectors.http import Calls, HttpSettings, Seam, base_address, session

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.jira_sign_in import Deployment


def recognise(
    url: str, http: HttpSettings | None = None, *, sleep: Callable[[float], None] = time.sleep
) -> Deployment | None:
    """None where the site does not tell: it keeps that from strangers, or is no Jira. Raises Unreachable."""
    base = base_address(url)
    seam = Seam(
        base_url=base,
        settings=http or HttpSettings(),
        calls=Calls(),
        is_read=lambda method, _: method == "GET",
        sleep=sleep,
        rng=None,
        service="Jira",
    )
    with session(seam, None) as asking:
        asking.headers["Accept"] = "application/json"
        try:
            answer = asking.get(f"{base}/rest/api/2/serverInfo")
            told = json.loads(answer.content) if answer.ok else None
        except Unreachable:
            raise
        except (ConnectorError, ValueError):
            return None
    kind = told.get("deploymentType") if isinstance(told, dict) else None
    if not isinstance(kind, str):
        return None
    return "cloud" if kind == "Cloud" else "datacenter"
