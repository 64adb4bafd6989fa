"""Serves both simulated APIs on two ports of the loopback address, counts calls and injects faults.

Besides the APIs each port answers `GET /_simulator/calls` and `GET /_simulator/state`.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

from simulator import faults
from simulator.calls import Calls
from simulator.http import Headers, Request, Response, json_response
from simulator.jira import JiraApi
from simulator.jira_switches import JiraSwitches
from simulator.salesforce import SalesforceApi
from simulator.salesforce_switches import SalesforceSwitches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from simulator.calls import Api
    from simulator.dataset import Dataset
    from simulator.faults import FaultSchedule, Kind

HOST = "127.0.0.1"
LONGEST_URL = 16_384
LARGEST_BODY = 50_000_000
_OWN_NAMES = {"127.0.0.1", "localhost", "[::1]"}


@dataclass(frozen=True, slots=True)
class Switches:
    salesforce: SalesforceSwitches = field(default_factory=SalesforceSwitches)
    jira: JiraSwitches = field(default_factory=JiraSwitches)


class Simulator:
    """Serves from its making until `stop`; requests are answered one at a time, delays apart."""

    def __init__(
        self,
        dataset: Dataset,
        *,
        port: int = 0,
        jira_port: int = 0,
        latency: float = 0.0,
        faults: FaultSchedule | None = None,
        now: datetime | None = None,
        sleep: Callable[[float], None] = time.sleep,
        switches: Switches | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        switches = switches or Switches()
        self._fixed = None if now is None else _instant(now)
        self._latency = latency
        self._faults = faults
        self._sleep = sleep
        self._lock = threading.RLock()
        self._calls = Calls()
        self._salesforce = SalesforceApi(
            dataset, clock=self.now, switches=switches.salesforce, ticking=now is None
        )
        self._jira = JiraApi(dataset, switches=switches.jira, groups=groups)
        self._servers: list[_Server] = []
        try:
            self._servers.append(_Server(port, self, "salesforce"))
            self._servers.append(_Server(jira_port, self, "jira"))
        except OSError:
            self.stop()
            raise
        self.salesforce_url, self.jira_url = (server.url for server in self._servers)
        self.jira_url += self._jira.context_path
        for server in self._servers:
            server.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def now(self) -> datetime:
        return self._fixed or datetime.now(UTC)

    def set_now(self, now: datetime) -> None:
        """Fixes the clock, or moves the fixed one."""
        with self._lock:
            self._fixed = _instant(now)
            self._salesforce.stop_the_clock()

    def calls(self) -> dict[str, Any]:
        with self._lock:
            return dict(self._calls.summary())

    def state(self) -> dict[str, Any]:
        with self._lock:
            return {"salesforce": self._salesforce.state(), "jira": self._jira.state()}

    @contextlib.contextmanager
    def edit(self) -> Iterator[tuple[SalesforceApi, JiraApi]]:
        """For changes that people make, between two requests."""
        with self._lock:
            yield self._salesforce, self._jira

    def stop(self) -> None:
        servers, self._servers = self._servers, []
        for server in servers:
            server.stop()

    def answer(self, api: Api, request: Request) -> tuple[Response, Kind | None]:
        """What goes back, and what shall befall it on the way."""
        if request.path.startswith("/_simulator/"):
            return self._own(request), None
        with self._lock:
            self._calls.count(api, request)
            kind = self._faults.choose(api, request) if self._faults is not None else None
        delay = self._latency + (faults.SLOW_SECONDS if kind == "slow" else 0.0)
        if delay:
            self._sleep(delay)
        with self._lock:
            return self._answered(api, request, kind), kind

    def _answered(self, api: Api, request: Request, kind: Kind | None) -> Response:
        if kind == "reset":
            return Response()
        if api == "salesforce" and kind == "401":
            self._salesforce.expire_session(request)
        if api == "salesforce" and kind == "cursor":
            self._salesforce.drop_cursor(request)
        replacement = faults.instead(kind, api) if kind is not None else None
        if replacement is not None:
            return replacement
        if api == "jira":
            return self._jira.handle(request)
        locks = self._faults.locks(api, request) if self._faults is not None and kind == "lock" else None
        return self._salesforce.handle(request, locks=locks)

    def _own(self, request: Request) -> Response:
        if request.method == "GET" and request.path == "/_simulator/calls":
            return json_response(self.calls())
        if request.method == "GET" and request.path == "/_simulator/state":
            return json_response(self.state())
        return json_response({"error": "the simulator has /_simulator/calls and /_simulator/state"}, 404)


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the clock needs an offset: {moment.isoformat()}")
    return moment.astimezone(UTC)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, port: int, simulator: Simulator, api: Api) -> None:
        self.simulator = simulator
        self.api: Api = api
        self.open: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)
        self.url = f"http://{HOST}:{self.server_address[1]}"
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, name=f"simulated {api}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def server_bind(self) -> None:
        # HTTPServer.server_bind asks the resolver for the name of the address, which may take seconds.
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event; anything else is a fault of the simulator and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120  # an idle connection is given up after that many seconds

    @property
    def _server(self) -> _Server:
        return cast("_Server", self.server)

    def setup(self) -> None:
        super().setup()
        self._server.open.add(self.connection)

    def finish(self) -> None:
        self._server.open.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Nothing is printed: the calls are counted instead."""

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 - as the base asks

    def _serve(self) -> None:
        refusal = self._refusal()
        if refusal is not None:
            self.close_connection = True
            self._send(refusal)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(parts.path),
            query=parse_qs(parts.query, keep_blank_values=True),
            headers=Headers(dict(self.headers.items())),
            body=body,
            now=self._server.simulator.now(),
            base_url=self._server.url,
        )
        response, kind = self._server.simulator.answer(self._server.api, request)
        if kind in {"reset", "lost"}:
            self._hang_up()
        else:
            self._send(response, cut=kind == "truncate")

    def _refusal(self) -> Response | None:
        """What a web server in front of the API refuses; None when the request may pass."""
        name = self.headers.get("Host", "").rpartition(":")
        host = name[0] if name[1] and name[2].isdigit() else self.headers.get("Host", "")
        if host.lower() not in _OWN_NAMES:
            return json_response({"error": f"this server is not {host or 'nameless'}"}, 421)
        if len(self.path) > LONGEST_URL:
            return Response(414, b"<h1>414 URI Too Long</h1>", {"Content-Type": "text/html"})
        if self.headers.get("Transfer-Encoding"):
            return json_response({"error": "a Content-Length is required"}, 411)
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal():
            return json_response({"error": "the Content-Length is no number"}, 400)
        if int(length) > LARGEST_BODY:
            return json_response({"error": "the body is too large"}, 413)
        return None

    def _send(self, response: Response, *, cut: bool = False) -> None:
        self.send_response_only(response.status)
        headers = {
            "Date": format_datetime(self._server.simulator.now(), usegmt=True),
            **response.headers,
            "Content-Length": str(len(response.body)),
        }
        if self.close_connection:
            headers["Connection"] = "close"
        if response.status == 204:
            del headers["Content-Length"]
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(response.body[: len(response.body) // 2] if cut else response.body)
        if cut and response.body:
            self._hang_up()

    def _hang_up(self) -> None:
        """Closes hard (RST instead of FIN), as a proxy or a broken line does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
