"""What the picklists of an org must offer under a config, and which fields are for staff alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.doctor_choices import Choice
from sync import score_object
from sync.declared_fields import DECLARED_FIELDS
from sync.written_fields import ACCOUNT_FIELDS, ACTIVITY_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.doctor_salesforce import ObjectNeed
    from sync.config import Config

BANDS = ("Green", "Amber", "Red", "Unknown")
ANSWERS = ("Done", "Later", "Not useful", "Wrong data")
STANDINGS = ("Vendor", "Preferred", "Partner")
OWN_OBJECTS = ("Rapport_Value__c", "Rapport_Score__c", "Rapport_Status__c")
_DEPLOY = "deploy the field as `rapport setup salesforce` writes it out, or add the values in Setup."


def with_choices(config: Config, needs: Sequence[ObjectNeed]) -> list[ObjectNeed]:
    """The needs of each object with the values that its picklists must offer."""
    own, task = config.salesforce.fields, config.salesforce.task

    def ours(name: str, values: tuple[str, ...], *, written: bool) -> Choice:
        return Choice(own.get(name, name), values, _DEPLOY, written=written)

    def of_task(field: str, key: str, *values: str | None) -> Choice:
        given = tuple(value for value in values if value)
        return Choice(field, given, f"set [salesforce.task] {key} to what the org has.")

    band = ours("Rapport_Band__c", BANDS, written=True)
    standing = ours("Rapport_Standing__c", STANDINGS, written=False)
    beside = config.salesforce.write_to == "object"
    wanted = {
        "Account": (standing,) if beside else (band, standing),
        score_object.OBJECT: (band,),
        "Task": (
            ours("Rapport_Answer__c", ANSWERS, written=False),
            of_task("Status", "open_status and closed_status", task.open_status, task.closed_status),
            of_task("Priority", "priority and high_priority", task.priority, task.high_priority),
            of_task("Type", "type", task.type),
        ),
    }
    return [
        replace(
            need,
            choices=wanted.get(need.name, ()),
            record_type=task.record_type if need.name == "Task" else None,
        )
        for need in needs
    ]


def fields_for_staff(config: Config) -> Mapping[str, tuple[str, ...]]:
    """Rapport's fields by object, under the names that the org gives them."""
    own = config.salesforce.fields
    names: dict[str, tuple[str, ...]] = {**DECLARED_FIELDS, "Task": ACTIVITY_FIELDS}
    beside = tuple(name.replace("Rapport_", "Rapport_Score_", 1) for name in ACCOUNT_FIELDS)  # formulas
    names["Account"] = (*ACCOUNT_FIELDS, *DECLARED_FIELDS["Account"], *beside)
    return {name: tuple(own.get(field, field) for field in fields) for name, fields in names.items()}
