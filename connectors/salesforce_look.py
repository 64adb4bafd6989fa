"""Small readings of a Salesforce org for somebody who has no config yet: what it has, and a few of its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors import soql
from connectors.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.salesforce import Salesforce


MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class ObjectName:
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class RecordTypeName:
    developer_name: str
    name: str


def objects(salesforce: Salesforce) -> list[ObjectName]:
    """The objects whose records this user may query."""
    told = salesforce.resource("sobjects", "list its objects")
    rows = told.get("sobjects") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise UnexpectedAnswer(
            "Salesforce listed its objects in a form that is not its own.",
            "check what stands between this machine and Salesforce.",
        )
    return [
        ObjectName(row["name"], str(row.get("label") or row["name"]))
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("name"), str) and row.get("queryable", True)
    ]


def first(
    salesforce: Salesforce,
    object_name: str,
    fields: Sequence[str],
    *,
    limit: int,
    where: str | None = None,
    order_by: Sequence[str] = (),
) -> list[dict[str, object]]:
    """At most `limit` records, as Salesforce delivers them."""
    query = soql.statement(object_name, fields, where=where, order_by=order_by, limit=limit)
    what = f"look at {object_name}"
    told = salesforce.resource("query", what, {"q": query})
    found: list[dict[str, object]] = []
    for _ in range(MOST_PAGES):  # wide records come in several answers
        rows = told.get("records") if isinstance(told, dict) else None
        found += [row for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)]
        address = told.get("nextRecordsUrl") if isinstance(told, dict) else None
        if not isinstance(address, str) or len(found) >= limit:
            break
        told = salesforce.resource(f"query/{address.rpartition('/')[2]}", what)
    return found[:limit]


def record_types(described: Mapping[str, object]) -> list[RecordTypeName]:
    """Those that this user may give to a new record; an object without any has only a master, which is none."""
    rows = described.get("recordTypeInfos")
    return [
        RecordTypeName(str(row.get("developerName") or ""), str(row.get("name") or ""))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
        and not row.get("master")
        and row.get("active", True)
        and row.get("available", True)
        and row.get("developerName")
    ]
