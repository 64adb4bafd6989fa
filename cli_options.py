"""The options that several commands take, and what is read from them before a command runs."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reports import terminal
from reports.output import TableFormat

_EARLIEST, _LATEST = 1990, 2199  # years in which an --as-of makes sense, and with which dates can be reckoned


class Format(StrEnum):
    text = "text"
    json = "json"


class By(StrEnum):
    manager = "manager"


FormatOption = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]
TableFormatOption = Annotated[
    TableFormat,
    typer.Option("--format", help="text for people, json for programs, csv and parquet for tables."),
]
TableOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write to a file instead of stdout.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="ISO-8601", help="The instant to measure at instead of now.")
]
Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for a run that holds the store.")]
AllowLarge = Annotated[
    bool, typer.Option("--allow-large-change", help="Write past the safety limits, this once.")
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Take over values that somebody else put into Rapport's fields.")
]


def parse_instant(text: str, option: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f'{option}: "{terminal.short(text)}" is no ISO-8601 time; write one like 2026-11-22T09:00:00Z'
        ) from None
    if not _EARLIEST <= given.year <= _LATEST:
        raise typer.BadParameter(f"{option}: the year {given.year} is not between {_EARLIEST} and {_LATEST}")
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
