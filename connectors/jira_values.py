"""What the values of one Jira issue say: labels, organisations, participants, its epic, who reads a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from connectors import jira_service
from connectors import jira_shapes as shapes
from connectors.jira_shapes import UNREADABLE, clean, identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.jira_site import WantedFields

_Value = tuple[str, str, str | None]


def kept(
    fields: shapes.IssueFields, extra: Mapping[str, msgspec.Raw], wanted: WantedFields
) -> tuple[list[_Value], list[shapes.User]]:
    values: list[_Value] = [("label", label, None) for label in map(clean, fields.labels or ()) if label]
    for kind, named in (
        ("component", fields.components),
        ("fix_version", fields.fix_versions),
        ("affected_version", fields.versions),
    ):
        values += [(kind, name, identity(one.id)) for one in named or () if (name := clean(one.name))]
    for kind, field_id in wanted.text_fields():
        if (delivered := extra.get(field_id)) is not None:
            texts = shapes.texts(msgspec.json.decode(delivered))
            values += [(kind, text, text_id) for text, text_id in texts]
    kinds = jira_service.request_types(plain(extra, wanted.request_type))
    values += [("request_type", name, kind_id) for name, kind_id in kinds]
    people = _participants(extra.get(wanted.participants)) if wanted.participants else []
    values += [("participant", key, key) for user in people if (key := user.id)]
    return values, people


def plain(extra: Mapping[str, msgspec.Raw], field_id: str | None) -> object:
    """Give the value of a field as plain data; None where the issue has none."""
    raw = extra.get(field_id) if field_id else None
    return None if raw is None else msgspec.json.decode(raw)


def sla_cycles(extra: Mapping[str, msgspec.Raw], wanted: WantedFields) -> Iterator[tuple[object, ...]]:
    """Give (id of the SLA, its name, one of its cycles); what is odd in such a field is left out."""
    for field_id, field_name in wanted.slas:
        sla_id, name, cycles = jira_service.sla_cycles(plain(extra, field_id))
        yield from ((sla_id or field_id, name or clean(field_name), *cycle) for cycle in cycles)


def ratings(extra: Mapping[str, msgspec.Raw], wanted: WantedFields) -> Iterator[tuple[object, ...]]:
    """Give (rating, instant, day), if the customer has rated."""
    rating = jira_service.rating(plain(extra, wanted.satisfaction))
    if rating is not None:
        yield (rating, *jira_service.rated_when(plain(extra, wanted.satisfaction_date)))


def _participants(raw: msgspec.Raw | None) -> list[shapes.User]:
    if raw is None or not isinstance(msgspec.json.decode(raw), list):
        return []  # null, or {"errorMessage": …} where the field may not be read
    return shapes.USERS.decode(raw)


_Page = TypeVar("_Page", shapes.CommentPage, shapes.WorklogPage)


def inline(page: _Page | list[msgspec.Raw] | None, name: str) -> tuple[list[msgspec.Raw], bool]:
    """Give the delivered rows and whether the site holds more; some sites deliver a bare list."""
    if page is None:
        return [], False
    if isinstance(page, list):
        return page, False
    rows: list[msgspec.Raw] = getattr(page, name)
    return rows, page.total is not None and page.total > len(rows)


def epic_key(
    fields: shapes.IssueFields, extra: Mapping[str, msgspec.Raw], wanted: WantedFields
) -> str | None:
    """Give the key of the epic of an issue without a `parent`."""
    if fields.parent is not None or not wanted.epic_link or wanted.epic_link not in extra:
        return None
    key = msgspec.json.decode(extra[wanted.epic_link])
    return clean(key.strip()) if isinstance(key, str) else None


def public(comment: shapes.Comment, *, service: bool) -> bool | None:
    """Data Center has no jsdPublic: in a service project, what is not marked internal is for the customer."""
    if _marked_internal(comment):
        return False
    if comment.jsd_public is None and service and comment.properties is not None:
        return True
    return comment.jsd_public


def _marked_internal(comment: shapes.Comment) -> bool:
    for one in comment.properties or ():
        if one.key == "sd.public.comment" and (mark := shapes.INTERNAL_MARK.decode(one.value)):
            return bool(mark.internal)
    return False


def tells_no_audience(raw: msgspec.Raw) -> bool:
    try:
        comment = shapes.COMMENT.decode(raw)
    except UNREADABLE:
        return False
    return comment.jsd_public is None and comment.properties is None
