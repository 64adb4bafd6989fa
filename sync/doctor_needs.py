"""What Rapport asks of each Salesforce object under a config, in the form in which a connection is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.doctor_salesforce import ObjectNeed
from sync import written_fields
from sync.declared_fields import DECLARED_FIELDS
from sync.objects import ACCOUNT_FIELDS, EXTRA_FIELDS, KEY_FIELD, SCORE_FIELDS
from sync.plan_inputs import TASK_FIELDS
from sync.pull import sources_of

if TYPE_CHECKING:
    from sync.config import Config
    from sync.objects import SourceObject

_OF_EVERY_OBJECT = ("Id", "IsDeleted", "CreatedDate", "SystemModstamp")
# Fields that an org has only with a feature of Salesforce that many do without.
_OF_A_FEATURE = frozenset(
    {
        "IsPersonAccount",
        "PersonContactId",
        "CurrencyIsoCode",
        "BuyerAttributes",
        "ThreadIdentifier",
        "ContactId",
    }
)
_MAY_BE_HIDDEN = frozenset({"LanguageLocaleKey"})  # without it, people read English


def object_needs(config: Config) -> list[ObjectNeed]:
    """One per object, in the order of the pull. What the config names must be there, what Salesforce may lack need not."""
    by_object: dict[str, list[SourceObject]] = {}
    for source in sources_of(config):
        by_object.setdefault(source.name, []).append(source)
    return [_need(config, name, sources) for name, sources in by_object.items()]


def _need(config: Config, name: str, sources: list[SourceObject]) -> ObjectNeed:
    reads, wishes = dict[str, None](), dict[str, None]()
    declared = {field for fields in DECLARED_FIELDS.values() for field in fields}
    for source in sources:
        for column in source.columns:
            if column.name in _OF_EVERY_OBJECT:
                continue
            theirs = source.api_name(column.name)
            may_lack = (
                source.optional or column.name in _OF_A_FEATURE | _MAY_BE_HIDDEN | declared | EXTRA_FIELDS
            )
            in_config = column.name in config.salesforce.fields or column.name.startswith("x_")
            (wishes if may_lack and not in_config else reads)[theirs] = None
    own = config.salesforce.fields
    updates: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    key = None
    if name == "Account":
        unused = {field for card, field in SCORE_FIELDS.items() if card not in config.catalogue.scorecards}
        updates = tuple(
            own.get(field, field) for field in ACCOUNT_FIELDS if field not in unused | EXTRA_FIELDS
        )
        # Whoever may edit accounts may edit the first two; the package gives rights to all that it brings.
        spares = ("Name", "OwnerId", *(own.get(field, field) for field in written_fields.ACCOUNT_FIELDS))
        reads = {field: None for field in reads if field not in {own.get(each, each) for each in unused}}
    elif name == "Task":
        task = config.salesforce.task
        key = own.get(KEY_FIELD, KEY_FIELD)
        more = [field for field, value in (("Type", task.type), ("RecordTypeId", task.record_type)) if value]
        updates = TASK_FIELDS
        creates = (*TASK_FIELDS, "WhatId", "WhoId", key, *more, *task.constants)
        spares = ("Type",)
    return ObjectNeed(
        name,
        reads=tuple(reads),
        wishes=tuple(wishes),
        updates=updates,
        creates=creates,
        spares=spares,
        deletes=name == "Task",  # one right of Salesforce lets a user create, edit and delete them
        key=key,
        optional=name != "Account",
    )
