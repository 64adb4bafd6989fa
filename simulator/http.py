"""The request and the response as both simulated APIs see them, free of sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


class Headers(Mapping[str, str]):
    """Header lines by name, whatever the case the client writes."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Mapping[str, str] | None = None) -> None:
        self._lines = {name.lower(): value for name, value in (lines or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._lines[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is decoded and without its query; `now` is the server's clock, aware UTC."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    base_url: str

    def argument(self, name: str) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else None

    def json(self) -> Any:
        """The body read as JSON; raises ValueError when it is none."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_response(data: object, status: int = 200, **headers: str) -> Response:
    """Header names are given with underscores: `Retry_After="1"`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    # Half a surrogate pair is legal in a JSON escape, but not in UTF-8: it goes out as a question mark.
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Response(status, body, {"Content-Type": "application/json;charset=UTF-8", **named})
