"""The sentences of the texts on a record: why, the meeting brief, the projects. `rules.phrases` says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PHRASES: Mapping[str, Mapping[str, str]] = {
    # Tasks for a meeting
    "meeting_over": {
        "en": "the meeting is over, or no longer in the calendar",
        "de": "das Treffen ist vorbei oder steht nicht mehr im Kalender",
    },
    # How a contact is named
    "meeting": {"en": "meeting", "de": "Treffen"},
    "call": {"en": "call", "de": "Anruf"},
    "email": {"en": "e-mail", "de": "E-Mail"},
    # Why: what changed
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
    # The meeting brief
    "brief_meeting": {"en": "Meeting on {when}", "de": "Treffen am {when}"},
    "brief_standing": {"en": "How it stands on {day}: {health}", "de": "Stand am {day}: {health}"},
    "brief_since": {
        "en": "since the meeting on {day}: {changes}",
        "de": "seit dem Treffen am {day}: {changes}",
    },
    "brief_done": {"en": "{issues} done", "de": "{issues} erledigt"},
    "brief_new": {"en": "{issues} new", "de": "{issues} neu"},
    "brief_next": {"en": "Do first: {action}", "de": "Zuerst: {action}"},
    "brief_more": {"en": "{count} more", "de": "{count} weitere"},
    "brief_person": {"en": "Comes: {what}", "de": "Kommt: {what}"},
    "brief_question": {"en": "They wait: {what}", "de": "Wartet auf uns: {what}"},
    "brief_urgent": {"en": "Urgent: {what}", "de": "Dringend: {what}"},
    "brief_overdue": {"en": "Overdue: {what}", "de": "Überfällig: {what}"},
    "brief_promised": {"en": "Promised: {what}", "de": "Zugesagt: {what}"},
    "brief_waiting": {"en": "We wait: {what}", "de": "Wir warten: {what}"},
    "brief_estimate": {"en": "Over its estimate: {what}", "de": "Über der Schätzung: {what}"},
    "brief_scope": {"en": "Out of scope, undecided: {what}", "de": "Außerhalb des Auftrags, offen: {what}"},
    "brief_renewal": {"en": "Renewal: {what}", "de": "Verlängerung: {what}"},
    "brief_deal": {"en": "Open deal: {what}", "de": "Offener Deal: {what}"},
    "brief_offer": {"en": "Not from us yet: {what}", "de": "Noch nicht von uns: {what}"},
    "brief_project": {"en": "Project: {what}", "de": "Projekt: {what}"},
    "brief_last": {"en": "last contact on {day}", "de": "letzter Kontakt am {day}"},
    "brief_never": {"en": "no contact on record", "de": "noch kein Kontakt erfasst"},
    "brief_for": {"en": "for {span}", "de": "{span} lang"},
    "brief_open_for": {"en": "open for {span}", "de": "{span} offen"},
    "brief_due": {"en": "due on {day}", "de": "fällig am {day}"},
    "brief_on": {"en": "on {day}", "de": "am {day}"},
    "brief_closes": {"en": "to close on {day}", "de": "Abschluss am {day}"},
    "brief_over": {"en": "{share} over", "de": "{share} darüber"},
    "weekday_0": {"en": "Mon", "de": "Mo."},
    "weekday_1": {"en": "Tue", "de": "Di."},
    "weekday_2": {"en": "Wed", "de": "Mi."},
    "weekday_3": {"en": "Thu", "de": "Do."},
    "weekday_4": {"en": "Fri", "de": "Fr."},
    "weekday_5": {"en": "Sat", "de": "Sa."},
    "weekday_6": {"en": "Sun", "de": "So."},
}
