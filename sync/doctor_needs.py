"""What Rapport asks of each Salesforce object under a config, in the form in which a connection is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.doctor_salesforce import ObjectNeed
from sync import score_object, source_days, written_fields
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


_STATUS = ObjectNeed(
    source_days.OBJECT,
    updates=(source_days.DAY_FIELD,),
    creates=(source_days.SOURCE_FIELD, source_days.DAY_FIELD),
    spares=(source_days.SOURCE_FIELD, source_days.NAME_FIELD),
    key=source_days.SOURCE_FIELD,
    extra=True,
)


def object_needs(config: Config) -> list[ObjectNeed]:
    """One per object, in the order of the pull. What the config names must be there, what Salesforce may lack need not."""
    by_object: dict[str, list[SourceObject]] = {}
    for source in sources_of(config):
        by_object.setdefault(source.name, []).append(source)
    needs = [_need(config, name, sources) for name, sources in by_object.items()]
    return [*needs, _STATUS]


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
    more: dict[str, Any] = {}
    if name == score_object.OBJECT or (name == "Account" and config.salesforce.write_to == "account"):
        unused = {field for card, field in SCORE_FIELDS.items() if card not in config.catalogue.scorecards}
        more["updates"] = tuple(
            own.get(field, field) for field in ACCOUNT_FIELDS if field not in unused | EXTRA_FIELDS
        )
        # The package gives rights to all that it brings.
        more["spares"] = tuple(own.get(field, field) for field in written_fields.ACCOUNT_FIELDS)
        reads = {field: None for field in reads if field not in {own.get(each, each) for each in unused}}
    if name == score_object.OBJECT:
        keys = (score_object.KEY_FIELD, score_object.PARENT_FIELD)
        more |= {"creates": (*more["updates"], *keys), "key": score_object.KEY_FIELD, "wanted": True}
        more["spares"] += ("Name", *keys)
    elif name == "Account":
        # Whoever may edit accounts may edit these two.
        more["spares"] = ("Name", "OwnerId", *more.get("spares", ()))
        if config.salesforce.write_to == "object":
            elsewhere = {own.get(field, field) for field in written_fields.ACCOUNT_FIELDS}
            elsewhere.add(score_object.LINK_FIELD)
            reads = {field: None for field in reads if field not in elsewhere}
            wishes = {field: None for field in wishes if field not in elsewhere}
            more["links"] = (score_object.LINK_FIELD,)
    elif name == "Task":
        task = config.salesforce.task
        key = own.get(KEY_FIELD, KEY_FIELD)
        other = [field for field, value in (("Type", task.type), ("RecordTypeId", task.record_type)) if value]
        more = {
            "updates": TASK_FIELDS,
            "creates": (*TASK_FIELDS, "WhatId", "WhoId", key, *other, *task.constants),
            "spares": ("Type",),
            "deletes": True,  # one right of Salesforce lets a user create, edit and delete them
            "key": key,
        }
    return ObjectNeed(name, reads=tuple(reads), wishes=tuple(wishes), optional=name != "Account", **more)
