"""The sentences of the texts on a record: why, the meeting brief, the projects. `rules.phrases` says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PHRASES: Mapping[str, Mapping[str, str]] = {
    # How a contact is named
    "meeting": {"en": "meeting", "de": "Treffen"},
    "call": {"en": "call", "de": "Anruf"},
    "email": {"en": "e-mail", "de": "E-Mail"},
    # Why: what is lacking, what changed
    "lacking": {"en": "{sentence}: {lacking}", "de": "{sentence}: {lacking}"},
    "since": {"en": "Since {day}: {changes}", "de": "Seit {day}: {changes}"},
    "moved": {"en": "{name} {before} → {after}", "de": "{name} {before} → {after}"},
    "new": {"en": "new: {names}", "de": "neu: {names}"},
    "settled_reasons": {"en": "settled: {names}", "de": "erledigt: {names}"},
    # Projects
    "project_since": {"en": "{project}, since {day}", "de": "{project}, seit {day}"},
    "project_open": {"en": "{count} open", "de": "{count} offen"},
    "project_ended": {"en": "nothing open", "de": "nichts offen"},
    "project_overdue": {"en": "{count} overdue", "de": "{count} überfällig"},
    "project_done": {"en": "{count} done", "de": "{count} erledigt"},
    "project_on_time": {"en": "{share} on time", "de": "{share} pünktlich"},
    "project_estimate": {
        "en": "estimated {original}, now {expected}",
        "de": "geschätzt {original}, jetzt {expected}",
    },
    "project_hours": {"en": "{hours} in 90 days", "de": "{hours} in 90 Tagen"},
    "project_release": {"en": "released {day}", "de": "Release am {day}"},
}
