"""Texts of the raw catalogue in several languages: a plain text is English, a table has one for each language.

subject = "Call {account}"

subject.en = "Call {account}"
subject.de = "{account} anrufen"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rules.expression_tokens import closest
from rules.faults import CatalogueError
from rules.phrases import ENGLISH
from rules.templates import Template, compile_template

if TYPE_CHECKING:
    from rules.catalogue_sections import Section
    from rules.expressions import Type

# The keys of each section that people of several languages read in the CRM.
TEXTS: Mapping[str, frozenset[str]] = {
    "metrics": frozenset({"label"}),
    "scorecards": frozenset({"label"}),
    "quadrant": frozenset({"label"}),
    "rules": frozenset({"subject", "description"}),
}
_LANGUAGE = re.compile("[a-z]{2}")
_NAMES = {"english": "en", "englisch": "en", "german": "de", "deutsch": "de"}


def merged_text(builtin: object, own: object) -> object:
    """What a config says over a text that ships.

    Who puts another English text in its place leaves no other language behind: it would say what no longer holds.
    """
    before, after = _by_language(builtin), _by_language(own)
    if before is None or after is None or after.get(ENGLISH, before.get(ENGLISH)) != before.get(ENGLISH):
        return own
    whole = {**before, **after}
    return own if whole == after else whole


def _by_language(text: object) -> Mapping[str, object] | None:
    if isinstance(text, str):
        return {ENGLISH: text}
    return text if isinstance(text, Mapping) else None


def label(section: Section, key: str, default: str) -> tuple[str, dict[str, str]]:
    """A name in English, and in other languages."""
    texts = {language: text for language, (_, text) in _texts(section, key).items()}
    return texts.pop(ENGLISH, default), texts


def template(
    section: Section, key: str, columns: Mapping[str, Type], *, one_line: bool = False
) -> tuple[Template | None, dict[str, Template]]:
    """A template in English, None where there is none, and in other languages."""
    found: dict[str, Template] = {}
    for language, (place, text) in _texts(section, key).items():
        try:
            compiled = compile_template(text, columns, path=f"{section.path}.{place}")
        except CatalogueError as error:
            section.faults.extend(error.faults)
            continue
        if one_line and "\n" in compiled.text.strip():
            section.fault(place, "a subject is one line; longer words belong into description")
        found[language] = compiled
    return found.pop(ENGLISH, None), found


def _texts(section: Section, key: str) -> dict[str, tuple[str, str]]:
    """Language -> the key at which its text stands, and the text."""
    given = section.value(key)
    if not isinstance(given, Mapping):
        text = section.text(key)
        return {} if text is None else {ENGLISH: (key, text)}
    found = {}
    for name, text in given.items():
        place = f"{key}.{name}"
        if not _LANGUAGE.fullmatch(str(name)):
            message = f"a language is named by two small letters: {key}.de"
            section.fault(place, message, _meant(str(name)))
        elif not isinstance(text, str):
            section.fault(place, "this is a text in quotes")
        else:
            found[str(name)] = (place, text)
    if ENGLISH not in given:
        message = f"the English text is missing, which all others read: {key}.{ENGLISH}"
        section.fault(f"{key}.{ENGLISH}", message)
    return found


def _meant(name: str) -> str | None:
    head = re.match("[a-z]{2}(?![a-z])", name.lower())
    if head is not None:
        return head[0]
    spelled = closest(name, _NAMES)
    return _NAMES[spelled] if spelled is not None else None
