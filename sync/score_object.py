"""The record beside an account that holds Rapport's figures with `write_to = "object"`: its names, and how it is read.

One record for each account, found by the account's Id in a unique field. It is a detail of the account, so whoever sees
the account sees it, and a merge of accounts takes it along; the field of its own says to whom it belonged before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.batches import Column
from sync.objects import ACCOUNT_FIELDS, SourceObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.salesforce_schema import ObjectInfo

OBJECT = "Rapport_Score__c"
TABLE = "sf_score"
KEY_FIELD = "Rapport_Account_Id__c"
PARENT_FIELD = "Account__c"
# On the account, where an org wants formula fields that show the record: which one is its own.
LINK_FIELD = "Rapport_Score_Record__c"

_OF_EVERY_RECORD = ("Id", "IsDeleted", "CreatedDate", "SystemModstamp")


def with_score_records(objects: Sequence[SourceObject]) -> list[SourceObject]:
    """The objects of a pull that also reads these records, under the names that the org has for Rapport's fields."""
    account = next(each for each in objects if each.name == "Account")
    own = tuple(each for each in account.columns if each.name in (*_OF_EVERY_RECORD, *ACCOUNT_FIELDS))
    names = {column.name for column in own}
    records = SourceObject(
        OBJECT,
        TABLE,
        (*own, Column(KEY_FIELD, "text")),
        business=False,
        renamed={ours: theirs for ours, theirs in (account.renamed or {}).items() if ours in names},
        optional=True,
    )
    linked = replace(account, columns=(*account.columns, Column(LINK_FIELD, "id")))
    return [linked if each is account else each for each in objects] + [records]


def lacking(found: ObjectInfo | None) -> str:
    """Why nothing can be written to it, as a clause about the object; empty where nothing is in the way."""
    if found is None:
        return "is not in this org, or hidden from this user"
    if not (found.createable and found.updateable):
        return f"has records that this user may not {'edit' if found.createable else 'create'}"
    for name in (KEY_FIELD, PARENT_FIELD):
        if name not in found.fields:
            return f"has no {name}, or hides it from this user"
        if not found.fields[name].createable:
            return f"has a {name} that this user may not fill in"
    if not found.fields[KEY_FIELD].unique:
        return (
            f"has a {KEY_FIELD} that is not unique, so that nothing would stop a second record of an account"
        )
    return ""
