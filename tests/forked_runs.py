"""`rapport` commands in processes of their own that start at once and can be killed: each is a fork of one process
that has everything imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[1]
_FORKING = """
import json, os, signal, sys
import cli
for line in sys.stdin:
    arguments, output, lives = json.loads(line)
    child = os.fork()
    if child == 0:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        signal.setitimer(signal.ITIMER_REAL, lives or 0)  # its SIGALRM ends a process as SIGKILL does
        code = 70
        try:
            cli.main(arguments)
        except SystemExit as end:
            code = end.code
        finally:
            sys.stdout.flush()
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class ForkedRuns:
    """One command at a time; `run` gives its exit code, negative where a signal ended it.

    A run that `lives` so many seconds ends in the middle of whatever it does then, without a chance to tidy up.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-c", _FORKING],
            env={**os.environ, **environment, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        *arguments: str,
        output: Path,
        started: Callable[[int], None] = lambda _: None,
        lives: float | None = None,
    ) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps([arguments, str(output), lives]) + "\n")
        self._server.stdin.flush()
        started(int(self._server.stdout.readline()))
        return int(self._server.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()
