"""What a Jira site consists of, and which of its custom fields Rapport wants.

Ids of custom fields differ per site and names are not unique, are translated and can be renamed.
So the fields of Jira Service Management are found by their type, and the admin's own by id or,
where exactly one field carries it, by name.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.errors import FieldNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

ORGANIZATIONS = "com.atlassian.servicedesk:sd-customer-organizations"
PARTICIPANTS = "com.atlassian.servicedesk:sd-request-participants"
REQUEST_TYPE = "com.atlassian.servicedesk:vp-origin"
SLA = "com.atlassian.servicedesk:sd-sla-field"
SLA_TYPE = "sd-servicelevelagreement"
SATISFACTION = "com.atlassian.servicedesk:sd-request-feedback"
SATISFACTION_DATE = "com.atlassian.servicedesk:sd-request-feedback-date"
EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"


@dataclass(frozen=True, slots=True)
class JiraIdentity:
    """Who reads, and where; people's links start with `base_url`."""

    base_url: str
    account_id: str
    time_zone: str
    deployment_type: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class JiraField:
    id: str
    name: str
    custom: str | None = None
    """The type's own key (`schema.custom`), the same on every site."""
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    id: str
    name: str
    category: str | None


@dataclass(frozen=True, slots=True)
class Project:
    id: str
    key: str
    name: str
    type_key: str | None


@dataclass(frozen=True, slots=True)
class Version:
    id: str
    project_id: str
    name: str
    released: bool | None
    release_date: date | None


@dataclass(frozen=True, slots=True)
class WantedFields:
    """Ids of the fields that hold account, organisations and participants on this site.

    `epic_link` is where Data Center keeps the epic, whose issues there have no `parent`; `slas` is every SLA that the
    site has, as (field id, name).
    """

    account_field: str | None = None
    organization: str | None = None
    participants: str | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)
    epic_link: str | None = None
    request_type: str | None = None
    slas: tuple[tuple[str, str], ...] = ()
    satisfaction: str | None = None
    satisfaction_date: str | None = None
    remote_links: bool = False
    """Whether the links of each issue to other systems are read: one more call for each issue."""

    def text_fields(self) -> Iterator[tuple[str, str]]:
        """Give (kind of value, field id) for every field whose texts are kept."""
        if self.account_field:
            yield "account", self.account_field
        if self.organization:
            yield "organization", self.organization
        for name, field_id in sorted(self.mapped.items()):
            yield f"field:{name}", field_id

    def custom_ids(self) -> tuple[str, ...]:
        ids = [field_id for _, field_id in self.text_fields()]
        others = (
            self.participants,
            self.epic_link,
            self.request_type,
            self.satisfaction,
            self.satisfaction_date,
            *(field_id for field_id, _ in self.slas),
        )
        return tuple(dict.fromkeys([*ids, *(one for one in others if one)]))


def discover(
    fields: Sequence[JiraField], account_field: str | None, mapped: Mapping[str, str] | None = None
) -> WantedFields:
    """Find the wanted fields; FieldNotFound names what is absent or not unique, and what exists."""
    own = {name: _find(fields, wanted) for name, wanted in (mapped or {}).items()}
    # A rating of the admin's own has the admin's own date: the other field's belongs to another rating.
    own_rating = "satisfaction" in own
    rating = own.pop("satisfaction", None) or _of_type(fields, SATISFACTION)
    own_date = own.pop("satisfaction_date", None)
    return WantedFields(
        account_field=_find(fields, account_field) if account_field else None,
        organization=_of_type(fields, ORGANIZATIONS),
        participants=_of_type(fields, PARTICIPANTS),
        mapped=own,
        epic_link=_of_type(fields, EPIC_LINK),
        request_type=_of_type(fields, REQUEST_TYPE),
        slas=tuple(sorted((one.id, one.name) for one in fields if one.custom == SLA or one.type == SLA_TYPE)),
        satisfaction=rating,
        satisfaction_date=own_date or (None if own_rating else _of_type(fields, SATISFACTION_DATE)),
    )


def _of_type(fields: Sequence[JiraField], custom: str) -> str | None:
    return next((one.id for one in fields if one.custom == custom), None)


def _find(fields: Sequence[JiraField], wanted: str) -> str:
    ids = {one.id for one in fields}
    if wanted in ids:
        return wanted
    folded = _folded(wanted)
    named = sorted({one.id for one in fields if _folded(one.name) == folded})
    if len(named) == 1:
        return named[0]
    if named:
        raise FieldNotFound(
            f'Jira has {len(named)} fields named "{wanted}": {", ".join(named)}.',
            "put the id of the one that is meant into the configuration.",
        )
    names = sorted({one.name for one in fields})
    close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    raise FieldNotFound(
        f'Jira has no field "{wanted}" that this user can see'
        + (f"; close names: {', '.join(close)}." if close else "."),
        "correct the name, or give the user a project in which the field is shown.",
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
