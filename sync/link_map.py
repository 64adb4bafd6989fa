"""The CSV file of links: columns kind, value, account; it adds to the tables of [identity].

kind,value,account
project,ACME,Acme GmbH
label,acme-portal,001000000000001AAA
# label,billing,Borealis Logistics

Columns behind the third are for people and not read, nor are lines that begin with #. A cell that a spreadsheet would
take for a formula has a ' in front, which reading takes away again.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from sync.config_errors import ConfigFault
from sync.config_types import close_to, is_domain, normal_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# kind in the file -> table of [identity]
TABLES = {
    "organization": "organizations",
    "component": "components",
    "label": "labels",
    "project": "projects",
    "domain": "domains",
}
HEADER = ("kind", "value", "account")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula; `read_map` gives back what it was."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _bare(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def read_map(
    path: Path, tables: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, dict[str, str]], list[ConfigFault]]:
    """Merge the rows of the file into `tables`; every bad row is a fault, none is dropped in silence."""
    merged = {name: dict(table) for name, table in tables.items()}
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        return merged, [ConfigFault(str(path), "", f"the file cannot be read: {problem.strerror}")]
    except UnicodeDecodeError:
        return merged, [ConfigFault(str(path), "", "the file is not UTF-8; save it as CSV UTF-8")]
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","  # as some spreadsheets write it
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    known = {name: {normal_name(key): account for key, account in merged[name].items()} for name in merged}
    faults: list[ConfigFault] = []

    def fault(message: str, suggestion: str | None = None) -> None:
        line = max(rows.line_num, 1)
        faults.append(ConfigFault(f"{path}:{line}", "", message, line, suggestion=suggestion))

    try:
        names = tuple(cell.strip().casefold() for cell in next(rows, []))
        if names[: len(HEADER)] != HEADER:
            fault("the first line names the columns: kind,value,account")
            return merged, faults
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            kind, value, account = [_bare(cell) for cell in [*cells, "", ""][: len(HEADER)]]
            if not len(HEADER) <= len(cells) <= len(names) or not all((kind, value, account)):
                fault("expected three cells that are not empty: kind, value, account")
                continue
            table = TABLES.get(kind.casefold())
            if table is None:
                fault(f'found "{kind}", expected one of {", ".join(TABLES)}', close_to(kind, list(TABLES)))
                continue
            if table == "domains" and not is_domain(value):
                fault(f'"{value}" is no bare domain, such as example.com')
                continue
            before = known[table].setdefault(normal_name(value), account)
            if normal_name(before) != normal_name(account):
                fault(f'{kind} "{value}" already belongs to "{before}"; keep one of the two')
            elif before is account:
                merged[table][value] = account
    except csv.Error as problem:
        fault(f"the line is no CSV: {problem}")
    return merged, faults
