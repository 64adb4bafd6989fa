"""`Rapport_Brief__c`: what to know before the next meeting with a customer, most important first.

    Meeting on Fri 20 Nov 2026, 14:00: Quarterly review  https://example.my.salesforce.com/00U…
    Comes: D. Okafor, CIO, last contact on 6 Nov 2026  https://example.my.salesforce.com/003…
    How it stands on 18 Nov 2026: Health 52, amber; since the meeting on 3 Nov 2026: 63 → 52, 4 issues done, 2 new
    They wait: ACME-412, for 19 business hours  https://example.atlassian.net/browse/ACME-412

It is written when the meeting comes near, again when another one comes first or the facts moved materially, and then left:
its first line says for which meeting it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

from rules import notation, words
from rules.evidence import Record
from rules.kept_rows import keep
from rules.phrases import say
from sync import brief_facts, canonical, material, project_history
from sync.measure import link_bases
from sync.next_action import next_actions
from sync.objects import BRIEF_FIELD
from sync.record_lines import Line, Names, fitted, link, moments_of, shown
from sync.text_fields import Facts, Said, TextField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.brief_facts import Item, Meeting
    from sync.project_history import Project
    from sync.text_fields import Asked, Ground

_TABLE = "brief"
PREPARE = "prepare_meeting"  # the rule that asks for a look at the brief is no news in it
# How many of a kind are told, and which go first where the field is short.
_KINDS: Mapping[str, tuple[int, int]] = {
    "person": (8, 1),
    "question": (5, 2),
    "urgent": (5, 3),
    "overdue": (3, 4),
    "promised": (3, 5),
    "waiting": (3, 6),
    "estimate": (3, 7),
    "scope": (3, 7),
    "renewal": (3, 8),
    "deal": (3, 9),
}
_OFFERS, _OFFER_PLACE = 3, 10
_PROJECTS, _PROJECT_PLACE = 3, 11


def _facts(ground: Ground) -> Facts:
    brief_facts.build(ground)
    bases = {each.account_id: _basis(each) for each in brief_facts.gather(ground)}
    numbers = [
        (account_id, name, value)
        for account_id, basis in bases.items()
        for name, value in material.numbers(basis).items()
    ]
    incoming = {
        f"{_TABLE}_digest": pa.table(
            {
                "account_id": pa.array(list(bases), pa.string()),
                "digest": pa.array([canonical.sha256(_named(each)) for each in bases.values()], pa.string()),
            }
        ),
        f"{_TABLE}_number": pa.table(
            {
                "account_id": pa.array([row[0] for row in numbers], pa.string()),
                "name": pa.array([row[1] for row in numbers], pa.string()),
                "value": pa.array([row[2] for row in numbers], pa.float64()),
            }
        ),
    }
    for name, rows in incoming.items():
        keep(ground.connection, name, rows)
    return Facts(f"select * from {_TABLE}_digest", f"select *, false as ageing from {_TABLE}_number")


def _basis(meeting: Meeting) -> dict[str, object]:
    """Which meeting, which things are named, the band and the numbers; that days pass is no news."""
    told = [
        f"{kind} {item.record.id}"
        for kind, items in meeting.items.items()
        for item in items[: _KINDS.get(kind, (_OFFERS, 0))[0]]
    ]
    amounts = {
        f"{kind} {item.record.id}": item.number
        for kind in ("estimate", "renewal", "deal")
        for item in meeting.items.get(kind, ())[: _KINDS[kind][0]]
    }
    return {
        "rule": f"{meeting.id} {meeting.day} {meeting.at}",
        "band": meeting.standing.band,
        "records": sorted(told),
        "numbers": {"health": meeting.standing.score, **amounts},
    }


def _named(basis: Mapping[str, object]) -> list[object]:
    return [basis["rule"], basis["band"], basis["records"], sorted(material.numbers(basis))]


def _words(ground: Ground, asked: Asked) -> Mapping[str, Said]:
    meetings = [each for each in brief_facts.gather(ground) if each.account_id in asked.current]
    if not meetings:
        return {}
    ids = [each.account_id for each in meetings]
    project_history.build(ground)
    writer = _Writer(ground, project_history.projects_of(ground, ids), meetings)
    languages = ground.languages(ids)
    length = ground.length(BRIEF_FIELD)
    return {
        each.account_id: Said(fitted(writer.lines(each, languages[each.account_id]), length), _basis(each))
        for each in meetings
    }


class _Writer:
    def __init__(
        self, ground: Ground, projects: Mapping[str, Sequence[Project]], meetings: Sequence[Meeting]
    ) -> None:
        self.ground, self.projects = ground, projects
        records = {item.record.id for each in meetings for items in each.items.values() for item in items}
        bases = link_bases(ground.config)
        self.names = Names(bases, moments_of(ground.connection, records), ground.quoted)
        self.actions = next_actions(each for each in ground.outcomes if each.rule != PREPARE)

    def lines(self, meeting: Meeting, language: str) -> list[Line]:
        found = [Line(self._meeting(meeting, language)), Line(self._standing(meeting, language), 1)]
        if (action := self.actions.get(meeting.account_id)) is not None:
            found.append(Line(say(language, "brief_next", action=shown(action.subject)), 1))
        for kind, (most, place) in _KINDS.items():
            items = meeting.items.get(kind, ())
            told = [self._item(kind, each, language) for each in items[:most]]
            if len(items) > most:
                told.append(
                    say(language, f"brief_{kind}", what=say(language, "brief_more", count=len(items) - most))
                )
            at = 1 if kind == "person" else len(found)
            found[at:at] = [Line(text, place) for text in told]
        if offers := meeting.items.get("offer", ()):
            names = ", ".join(shown(each.record.text) for each in offers[:_OFFERS])
            if len(offers) > _OFFERS:
                names = say(language, "and_more", names=names, count=len(offers) - _OFFERS)
            found.append(Line(say(language, "brief_offer", what=names), _OFFER_PLACE))
        several = len(self.names.links.jira) > 1
        for project in self.projects.get(meeting.account_id, ())[:_PROJECTS]:
            what = project_history.told_of(project, language, with_site=several)
            url = self.names.links.browse(project.site, project.key)
            found.append(Line(link(say(language, "brief_project", what=what), url), _PROJECT_PLACE))
        return found

    def _meeting(self, meeting: Meeting, language: str) -> str:
        day = say(language, f"weekday_{meeting.day.weekday()}")
        when = f"{day} {notation.spoken_day(meeting.day, language)}"
        if meeting.at is not None:
            zone = ZoneInfo(self.ground.config.time.zone)
            when = f"{when}, {meeting.at.astimezone(zone):%H:%M}"
        subject = shown(meeting.subject or "")
        text = say(language, "brief_meeting", when=when)
        event = Record("salesforce", meeting.id, meeting.id, None, None)
        return link(f"{text}: {subject}" if subject else text, self.names.links.url(event))

    def _standing(self, meeting: Meeting, language: str) -> str:
        stands = meeting.standing
        card = self.ground.catalogue.scorecards.get("health")
        name = card.label_in(language) if card is not None else "Health"
        score = words.amount(None if stands.score is None else float(stands.score), "points", language)
        told = f"{name} {score}"
        if stands.score is not None:
            told = f"{told}, {say(language, stands.band)}"
        changes = []
        if stands.score_before not in (None, stands.score) and stands.score is not None:
            changes.append(f"{stands.score_before} → {stands.score}")
        if stands.done:
            changes.append(say(language, "brief_done", issues=words.number(stands.done, "issues", language)))
        if stands.new:
            changes.append(say(language, "brief_new", issues=words.number(stands.new, "issues", language)))
        text = say(
            language, "brief_standing", day=notation.spoken_day(self.ground.day, language), health=told
        )
        if not changes or meeting.before is None:
            return text
        since = notation.spoken_day(meeting.before, language)
        return f"{text}; {say(language, 'brief_since', day=since, changes=', '.join(changes))}"

    def _item(self, kind: str, item: Item, language: str) -> str:
        what = ", ".join([self.names.name(item.record, language), *self._more(kind, item, language)])
        return link(say(language, f"brief_{kind}", what=what), self.names.links.url(item.record))

    def _more(self, kind: str, item: Item, language: str) -> list[str]:
        """What is told of a record beside its name."""
        day = notation.spoken_day(item.day, language) if item.day is not None else ""
        word = [shown(item.word)] if item.word else []
        dated = [say(language, "brief_due", day=day)] if day else []
        match kind:
            case "person":
                last = say(language, "brief_last", day=day) if day else say(language, "brief_never")
                return [*word, last]
            case "question":
                return [
                    say(language, "brief_for", span=words.number(item.number, "business hours", language))
                ]
            case "urgent" | "scope":
                return [
                    *word,
                    say(language, "brief_open_for", span=words.number(item.number, "days", language)),
                ]
            case "waiting":
                return [say(language, "brief_for", span=words.number(item.number, "days", language)), *dated]
            case "estimate":
                return [say(language, "brief_over", share=words.number(item.number, "share", language))]
            case "deal" | "renewal":
                amount = [words.amount(item.number, "money", language)] if item.number else []
                closes = (
                    [say(language, "brief_closes" if kind == "deal" else "brief_on", day=day)] if day else []
                )
                return [*word, *amount, *closes]
        return dated


BRIEF = TextField(BRIEF_FIELD, _facts, _words, lasting=True)
