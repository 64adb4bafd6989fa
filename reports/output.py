"""Where output goes: lines of JSON, tables in four forms, files that only their owner can read, streams that end."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reports import tables, terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console


class TableFormat(StrEnum):
    text = "text"
    json = "json"
    csv = "csv"
    parquet = "parquet"


class NotWritten(Exception):  # noqa: N818 - says what happened
    """What was asked for cannot go where it should."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}.\n  What to do: {advice}.")


def json_line(data: object) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n")


def table(
    form: TableFormat,
    data: list[dict[str, object]],
    arrow: Callable[[], Any],
    text: Callable[[Console], None],
    out: Path | None,
) -> None:
    """One of the four forms, to stdout or to a file that only its owner can read. Raises NotWritten."""
    if form is TableFormat.parquet and out is None and sys.stdout.isatty():
        raise NotWritten("Parquet is for files, not for a screen", "add --out FILE, or send stdout into one")
    if form is TableFormat.text and out is None:
        text(terminal.console())
        return
    if form is TableFormat.json:
        content = (json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n").encode()
    elif form is TableFormat.text:
        buffer = io.StringIO()
        text(terminal.console(buffer))
        content = buffer.getvalue().encode()
    else:
        content = tables.to_csv(arrow()) if form is TableFormat.csv else tables.to_parquet(arrow())
    if out is not None:
        write_private(out, content)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)


def write_private(path: Path, content: bytes) -> None:
    """What names customers is 0600, and never half a file. Raises NotWritten."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise NotWritten(
            f"{path} cannot be written: {error.strerror}", "name a file in a folder that is there and yours"
        ) from None


def open_streams() -> None:
    """Output is UTF-8 in a pipe whatever the locale says, and no sign that a terminal lacks ends a run."""
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as above
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def discard_stdout() -> None:
    """Nobody reads any more: what is still in the buffer goes nowhere, so that the interpreter ends quietly."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
