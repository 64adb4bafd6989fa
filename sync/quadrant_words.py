"""`Rapport_Quadrant__c`: which of the four quadrants the account is in, in the form that the org's field takes.

text      2 attractive only, whatever language its readers speak: lists and reports group by it
picklist  the value that is those words, or the digit
number    2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import quadrant
from rules.templates import clean
from sync.chosen import CHOSEN, choose
from sync.objects import QUADRANT_FIELD
from sync.text_fields import Facts, Said, TextField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.catalogue import Catalogue
    from sync.text_fields import Asked, Ground

NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})  # types of fields that hold a number
_QUADRANTS = (1, 2, 3, 4)


def told(catalogue: Catalogue, number: int) -> str:
    """A quadrant in words: "2 attractive only"."""
    shape = catalogue.quadrant
    attractive, able = (
        (clean(shape.attractive.label), clean(shape.able.label)) if shape else ("attractive", "able")
    )
    words = {1: f"{attractive} and {able}", 2: f"{attractive} only", 3: f"{able} only", 4: "neither"}
    return f"{number} {words[number]}"


def value_of(catalogue: Catalogue, number: int, kind: str, choices: Sequence[str]) -> str | int | None:
    """What is written for a quadrant; None where the field's list has no such value. Without choices any text is taken."""
    if kind in NUMBERS:
        return number
    words = told(catalogue, number)
    if not choices:
        return words
    fitting = {each.strip().casefold(): each for each in choices}
    return fitting.get(words.casefold(), fitting.get(str(number)))


def unfit(catalogue: Catalogue, field: Mapping[str, object] | None) -> list[str]:
    """What to say of a field whose list lacks quadrants; of one that was described by the pull."""
    if catalogue.quadrant is None or field is None:
        return []
    choices = choices_of(field)
    lacking = [
        f'"{told(catalogue, each)}"'
        for each in _QUADRANTS
        if value_of(catalogue, each, str(field["type"]), choices) is None
    ]
    if not lacking:
        return []
    several = f" ({len(lacking)} such values are missing)" if len(lacking) > 1 else ""
    return [
        f"{field['name']}: its list has neither {lacking[0]} nor that digit{several}; there it is left out"
    ]


def choices_of(field: Mapping[str, object]) -> tuple[str, ...]:
    """The values that a described field is bound to; none where it takes any text."""
    choices = field.get("choices")
    bound = field.get("restricted") and isinstance(choices, (list, tuple))
    return tuple(str(each) for each in choices) if bound and isinstance(choices, (list, tuple)) else ()


def _facts(ground: Ground) -> Facts:
    if ground.catalogue.quadrant is None:
        return Facts("select null::varchar as account_id, null::varchar as digest limit 0")
    return Facts(f"select account_id, cast({quadrant.NAME} as varchar) as digest from eval_quadrant")


def _words(ground: Ground, asked: Asked) -> Mapping[str, Said]:
    field = ground.fields.get(QUADRANT_FIELD)
    if ground.catalogue.quadrant is None or field is None:
        return {}
    choose(ground.connection, asked.ids)
    rows = ground.connection.execute(
        f"select account_id, {quadrant.NAME} from eval_quadrant "
        f"where {quadrant.NAME} is not null and account_id in {CHOSEN}"
    ).fetchall()
    found = {}
    for account_id, number in rows:
        value = value_of(ground.catalogue, int(number), field.type, field.choices)
        found[account_id] = Said(value, {"records": [str(number)]}, stays=value is None)
    return found


QUADRANT = TextField(QUADRANT_FIELD, _facts, _words)
