"""The sentences that Rapport itself writes into the CRM, each in every language that it speaks.

`say(language, key, ...)` gives one. Who reads a language that is not here gets English: half of a task in German and half
in English would be worse, so a language is added whole. Numbers, dates and units: `rules.notation`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from rules import record_phrases

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = "en"
GERMAN = "de"
LANGUAGES = (ENGLISH, GERMAN)

PHRASES: Mapping[str, Mapping[str, str]] = {
    # In the place of reasons
    "nothing_on_record": {
        "en": "no activity or issue data",
        "de": "keine Aktivitäten und keine Vorgänge erfasst",
    },
    "too_little": {
        "en": "too little is known for a score",
        "de": "zu wenig bekannt für eine Bewertung",
    },
    # Values
    "unknown": {"en": "unknown", "de": "unbekannt"},
    "yes": {"en": "yes", "de": "ja"},
    "no": {"en": "no", "de": "nein"},
    "green": {"en": "green", "de": "grün"},
    "amber": {"en": "amber", "de": "gelb"},
    "red": {"en": "red", "de": "rot"},
    "and_more": {"en": "{names} and {count} more", "de": "{names} und {count} weitere"},
    # What a rule may look at beside metrics
    "band_of": {"en": "{card} band", "de": "Ampel {card}"},
    "moved_in": {"en": "{card} in {days} days", "de": "{card} in {days} Tagen"},
    "in_band_for": {"en": "{card} in this band for", "de": "Dauer dieser Ampelfarbe ({card})"},
    # Conditions
    "over": {"en": "over {limit}", "de": "über {limit}"},
    "at_least": {"en": "at least {limit}", "de": "mindestens {limit}"},
    "under": {"en": "under {limit}", "de": "unter {limit}"},
    "at_most": {"en": "at most {limit}", "de": "höchstens {limit}"},
    "other_than": {"en": "other than {limit}", "de": "nicht gleich {limit}"},
    "not": {"en": "not {condition}", "de": "nicht {condition}"},
    # Stretches of time
    "about_a_year": {"en": "about a year", "de": "etwa ein Jahr"},
    "about_years": {"en": "about {count} years", "de": "etwa {count} Jahre"},
    "about_weeks": {"en": "about {count} weeks", "de": "etwa {count} Wochen"},
    # Tasks
    "why_you_manager": {
        "en": "Why you: you are the account manager of {account}.",
        "de": "Warum Sie: Sie betreuen {account}.",
    },
    "why_you_stand_in": {
        "en": "Why you: {account} has no active account manager, and you stand in.",
        "de": "Warum Sie: {account} hat derzeit keinen aktiven Account Manager, und Sie springen ein.",
    },
    "closes_itself": {
        "en": "This closes itself when that is no longer so.",
        "de": "Diese Aufgabe schließt sich von selbst, sobald das nicht mehr zutrifft.",
    },
    "not_useful": {"en": "Not useful?", "de": "Nicht hilfreich?"},
    # The field and its value are called so in the org, whatever language it is read in.
    "how_to_refuse": {
        "en": 'Set "Rapport answer" to Not useful, or delete this; it will not come back for {span}.',
        "de": "Setzen Sie „Rapport answer“ auf Not useful, oder löschen Sie diese Aufgabe; "
        "dann kommt sie {span} lang nicht wieder.",
    },
    # Tasks that Rapport closes
    "settled": {"en": "Settled {day}: {reason}", "de": "Von Rapport erledigt am {day}: {reason}"},
    "rule_retired": {"en": "rule retired", "de": "die Regel gilt nicht mehr"},
    "answered": {"en": 'answered "{answer}"', "de": "beantwortet mit „{answer}“"},
    "merged_twin": {
        "en": "its account was merged with one that has this task already",
        "de": "der Account wurde mit einem zusammengeführt, der diese Aufgabe schon hat",
    },
    "nothing_waits": {"en": "nothing waits any more", "de": "es wartet nichts mehr"},
    # The digest of what waits
    "one_waits": {"en": "{count} more suggestion waits", "de": "{count} weiterer Vorschlag wartet"},
    "more_wait": {"en": "{count} more suggestions wait", "de": "{count} weitere Vorschläge warten"},
    "more_unlisted": {"en": "… and {count} more", "de": "… und {count} weitere"},
    "when_there_is_room": {
        "en": "Each becomes a task of its own when there is room: at most {open} are open at a time and {new} are new "
        "on a day.",
        "de": "Jeder Vorschlag wird zu einer eigenen Aufgabe, sobald Platz ist: Höchstens {open} sind gleichzeitig "
        "offen, höchstens {new} kommen an einem Tag dazu.",
    },
    **record_phrases.PHRASES,
}


def spoken(language: str) -> str:
    """The language in which Rapport itself answers a reader of this one."""
    return language if language in LANGUAGES else ENGLISH


def say(language: str, key: str, **values: object) -> str:
    """The phrase in this language, English where Rapport does not speak it; values are put in once and as they are."""
    return PHRASES[key][spoken(language)].format(**values)


@cache
def _settled() -> re.Pattern[str]:
    """The first words of a description that Rapport closed, in each language; a day follows, then a colon."""
    heads = (text.partition("{day}")[0] for text in PHRASES["settled"].values())
    return re.compile(f"(?:{'|'.join(map(re.escape, heads))})" + r"\d[^:\n]{7,15}: ")


def is_settled(description: str) -> bool:
    """Whether a description begins as Rapport begins that of a task which it closes itself."""
    return _settled().match(description) is not None
