"""How numbers, days and units are written in each language; the figures themselves are the same in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.phrases import ENGLISH, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

# What English writes as 1,234.5 with the signs of each other language in the place of its comma and point.
_SIGNS: Mapping[str, dict[int, str]] = {"de": str.maketrans({",": ".", ".": ","})}

MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "de": ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
}

# Units of the catalogue: one of them, several of them. A unit that is not here is written as it stands.
UNITS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "points": {"en": ("point", "points"), "de": ("Punkt", "Punkte")},
    "issues": {"en": ("issue", "issues"), "de": ("Vorgang", "Vorgänge")},
    "days": {"en": ("day", "days"), "de": ("Tag", "Tage")},
    "business days": {"en": ("business day", "business days"), "de": ("Arbeitstag", "Arbeitstage")},
    "weeks": {"en": ("week", "weeks"), "de": ("Woche", "Wochen")},
    "units": {"en": ("unit", "units"), "de": ("Bereich", "Bereiche")},
    "roles": {"en": ("role", "roles"), "de": ("Rolle", "Rollen")},
    "offerings": {"en": ("offering", "offerings"), "de": ("Angebot", "Angebote")},
    "objectives": {"en": ("objective", "objectives"), "de": ("Ziel", "Ziele")},
    "cells": {"en": ("cell", "cells"), "de": ("Feld", "Felder")},
    "deals": {"en": ("deal", "deals"), "de": ("Deal", "Deals")},
    "renewals": {"en": ("renewal", "renewals"), "de": ("Verlängerung", "Verlängerungen")},
    "gaps": {"en": ("gap", "gaps"), "de": ("Lücke", "Lücken")},
    "times": {"en": ("time", "times"), "de": ("Mal", "Mal")},
    "cycles": {"en": ("cycle", "cycles"), "de": ("Fall", "Fälle")},
    "requests": {"en": ("request", "requests"), "de": ("Anfrage", "Anfragen")},
    "incidents": {"en": ("incident", "incidents"), "de": ("Störung", "Störungen")},
    "people": {"en": ("person", "people"), "de": ("Person", "Personen")},
    "moments": {"en": ("moment", "moments"), "de": ("Kontakt", "Kontakte")},
    "projects": {"en": ("project", "projects"), "de": ("Projekt", "Projekte")},
    "messages": {"en": ("message", "messages"), "de": ("Nachricht", "Nachrichten")},
    "meetings": {"en": ("meeting", "meetings"), "de": ("Treffen", "Treffen")},
    "visits": {"en": ("visit", "visits"), "de": ("Besuch", "Besuche")},
    "e-mails": {"en": ("e-mail", "e-mails"), "de": ("E-Mail", "E-Mails")},
    "calls": {"en": ("call", "calls"), "de": ("Anruf", "Anrufe")},
    "hours": {"en": ("hour", "hours"), "de": ("Stunde", "Stunden")},
    "business hours": {"en": ("business hour", "business hours"), "de": ("Geschäftsstunde", "Geschäftsstunden")},
    "of 3": {"en": ("of 3", "of 3"), "de": ("von 3", "von 3")},
    "of 5": {"en": ("of 5", "of 5"), "de": ("von 5", "von 5")},
}  # fmt: skip


def figure(text: str, language: str) -> str:
    """A number written the English way, as 1,234.5, in the way of this language."""
    signs = _SIGNS.get(language)
    return text if signs is None else text.translate(signs)


def unit_word(unit: str, language: str, *, one: bool) -> str:
    """What stands behind a number: "days", or "day" behind the figure 1."""
    words = UNITS.get(unit)
    return unit if words is None else words[spoken(language)][0 if one else 1]


def unit_forms(unit: str) -> frozenset[str]:
    """Every form of the unit in every language, in small letters."""
    return frozenset(
        {unit.lower(), *(form.lower() for forms in UNITS.get(unit, {}).values() for form in forms)}
    )


def day(value: date, language: str) -> str:
    """A day as texts show it: "2026-11-19" in English, "19. Nov. 2026" in German."""
    return value.isoformat()[:10] if spoken(language) == ENGLISH else spoken_day(value, language)


def spoken_day(value: date, language: str) -> str:
    """A day as people say it: "19 Nov 2026" in English, "19. Nov. 2026" in German."""
    own = spoken(language)
    return f"{value.day}{'' if own == ENGLISH else '.'} {MONTHS[own][value.month - 1]} {value.year}"


def moment(value: datetime, language: str) -> str:
    """A day and a time: "2026-11-19 14:30" in English, "19. Nov. 2026, 14:30" in German."""
    if spoken(language) == ENGLISH:
        return value.isoformat(sep=" ")[:16]
    return f"{spoken_day(value, language)}, {value:%H:%M}"
