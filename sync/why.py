"""`Rapport_Why__c`: why the scores are as they are, and what changed since this was last said.

    −14.2  open questions: 2
        • ACME-412  https://example.atlassian.net/browse/ACME-412
        • ACME-398  https://example.atlassian.net/browse/ACME-398
    −18  open pipeline: 0 (Growth)
    −8.7  days since contact: 34
        • call, D. Okafor, 19 Oct 2026  https://example.my.salesforce.com/00T…
    Since 3 Nov 2026: Health 63 → 52, green → amber; new: open questions

A reason's points and words stand two blanks apart, and so do a record's name and its link: the component on the record
page reads them so. The last line compares with what the text before rested on, so it is no reason to write a new one.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from rules import evidence, notation, words
from rules.phrases import LANGUAGES, PHRASES, say
from rules.sources import COVERAGE
from sync import canonical
from sync.changes import ScoreMark
from sync.chosen import CHOSEN, choose
from sync.measure import link_bases
from sync.objects import WHY_FIELD
from sync.reasons import fact, lost, marks_of, reasons_of, standing_of, without_reasons
from sync.record_lines import CUT, Line, Names, fitted, moments_of
from sync.text_fields import Facts, Said, TextField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.plan_inputs import Written
    from sync.reasons import Reason
    from sync.text_fields import Asked, Ground

_REASON, _NOTE, _LINK = 0, 1, 2  # which goes first where the text is too long
_LACKING = 3  # named data that are lacking
_MOVES = 2  # numbers named in a note that has nothing else to say


def _facts(ground: Ground) -> Facts:
    """Days that merely pass are no move: neither the digest nor an ageing number that grew says so."""
    names = (
        ", ".join(f"'{name}'" for name, metric in ground.catalogue.metrics.items() if metric.ageing) or "''"
    )
    lacking = ", ".join(f"case when not c.{name} then '{name}' end" for name in COVERAGE)
    return Facts(
        digests="select s.account_id, case when max(r.text) is not null or bool_or(s.unknown) "
        "then sha256(coalesce(max(r.text), '') || '#' || string_agg(s.band, '|' order by s.scorecard) "
        "|| coalesce(max(case when s.unknown then s.lacking end), '')) end as digest "
        "from (select e.account_id, e.scorecard, e.band, "
        f"  not t.on_record or bool_and(e.band = 'unknown') over (partition by e.account_id) as unknown, "
        f"  concat_ws(',', {lacking}) as lacking "
        "  from eval_scores e join eval_standing t on t.account_id = e.account_id "
        "  left join coverage c on c.account_id = e.account_id) s "
        "left join (select r.account_id, string_agg(concat_ws(':', r.metric, b.ids), ';' order by r.metric) as text "
        "  from eval_reasons r left join (select account_id, metric, string_agg(record_id, '|' order by record_id) as ids "
        "    from eval_behind group by account_id, metric) b on b.account_id = r.account_id and b.metric = r.metric "
        "  group by r.account_id) r on r.account_id = s.account_id group by s.account_id",
        numbers=f"select account_id, metric as name, value, metric in ({names}) as ageing from eval_reasons",
    )


def _words(ground: Ground, asked: Asked) -> Mapping[str, Said]:
    reasons = reasons_of(ground.connection, asked.ids)
    marks = marks_of(ground.connection, asked.ids)
    standing = standing_of(ground.connection, asked.ids)
    costs, harmless = _costs(ground, asked.ids), _harmless(ground, asked.ids)
    languages = ground.languages(asked.ids)
    lacking = _lacking(ground, [each for each in asked.ids if each not in reasons])
    named = {record.id for own in reasons.values() for each in own for record in each.records}
    names = Names(link_bases(ground.config), moments_of(ground.connection, named), ground.quoted)
    last = ground.last(WHY_FIELD)
    teller = _Teller(ground, names)
    return {
        each: teller.said(
            reasons.get(each, ()),
            marks[each],
            costs.get(each, []),
            harmless.get(each, []),
            lacking.get(each, []),
            languages[each],
            last.get(each),
            asked.current[each],
            each,
            on_record=standing[each],
        )
        for each in asked.ids
    }


class _Teller:
    def __init__(self, ground: Ground, names: Names) -> None:
        self.ground, self.names = ground, names
        self.length = ground.length(WHY_FIELD)

    def said(
        self,
        own: Sequence[Reason],
        marks: Mapping[str, ScoreMark],
        costs: Sequence[str],
        harmless: Sequence[str],
        lacking: Sequence[str],
        language: str,
        last: Written | None,
        current: str | None,
        account_id: str,
        *,
        on_record: bool,
    ) -> Said:
        bands = {card: mark.band for card, mark in marks.items()}
        health = marks.get("health", ScoreMark(None, "unknown"))
        told = {
            "day": str(self.ground.day),
            "health": health.score,
            "band": health.band,
            "costs": sorted(costs),
        }
        basis = {
            "band": json.dumps(bands, sort_keys=True),
            "numbers": {reason.metric: reason.value for reason in own},
            "records": sorted({record.id for reason in own for record in reason.records}) or sorted(lacking),
            "ageing": [r.metric for r in own if self.ground.catalogue.metrics[r.metric].ageing],
            "told": told,
        }
        if not own:
            sentence = without_reasons(bands, language, on_record=on_record)
            if sentence and lacking and on_record:
                sentence = f"{sentence}: {self._uncovered(lacking, language)}"
            return Said(fitted([Line(sentence)], self.length) if sentence else None, basis)
        lines: list[Line] = []
        for reason in own:
            lines.append(Line(f"{lost(reason, language)}  {self._reason(reason, language)}", _REASON))
            lines += [
                Line(f"    • {self.names.line(record, language)}", _LINK)
                for record in reason.records
                if record.id
                != account_id  # the account itself stands for what never happened: no news to its reader
            ]
        if last is None and (kept := _as_before(current, fitted(lines, self.length))) is not None:
            return Said(kept, basis)
        note = self._note(last, told, own, harmless, language)
        return Said(fitted([*lines, *([Line(note, _NOTE)] if note else [])], self.length), basis)

    def _reason(self, reason: Reason, language: str) -> str:
        """Points are those of one scorecard, which is named where it is not the one that the band stands for."""
        text = fact(reason, self.ground.catalogue, language)
        if reason.scorecard == "health":
            return text
        return f"{text} ({self.ground.catalogue.scorecards[reason.scorecard].label_in(language)})"

    def _uncovered(self, lacking: Sequence[str], language: str) -> str:
        told = [words.uncovered(each, language) for each in lacking[:_LACKING]]
        text = "; ".join(told)
        more = len(lacking) - len(told)
        return say(language, "and_more", names=text, count=more) if more else text

    def _note(
        self,
        last: Written | None,
        told: Mapping[str, object],
        own: Sequence[Reason],
        harmless: Sequence[str],
        language: str,
    ) -> str | None:
        """What changed since the text that was last confirmed; nothing where that did not say what it rested on."""
        basis = last.basis if last is not None else None
        before = basis.get("told") if basis is not None else None
        if basis is None or not isinstance(before, dict):
            return None
        day = date.fromisoformat(str(before["day"]))
        changes = self._health(before, told, language)
        had = set(_texts(before["costs"]))
        numbers = basis.get("numbers")
        shown = set(numbers) if isinstance(numbers, dict) else set()
        for phrase, names in (
            ("new", [reason.metric for reason in own if reason.metric not in had]),
            ("settled_reasons", sorted(shown & set(harmless))),
        ):
            if names:
                changes.append(
                    say(language, phrase, names=", ".join(self._label(n, language) for n in names))
                )
        if not changes and isinstance(numbers, dict):
            changes = self._moves(numbers, own, language)
        if not changes:
            return None
        return say(language, "since", day=notation.spoken_day(day, language), changes="; ".join(changes))

    def _health(self, before: Mapping[str, object], told: Mapping[str, object], language: str) -> list[str]:
        card = self.ground.catalogue.scorecards.get("health")
        if card is None:
            return []
        moved = []
        if before["health"] != told["health"]:
            old, new = (_score(each["health"], language) for each in (before, told))
            moved.append(say(language, "moved", name=card.label_in(language), before=old, after=new))
        if before["band"] != told["band"]:
            moved.append(" → ".join(say(language, str(each["band"])) for each in (before, told)))
        return [", ".join(moved)] if moved else []

    def _moves(self, numbers: Mapping[str, object], own: Sequence[Reason], language: str) -> list[str]:
        found = []
        for reason in own:
            old = numbers.get(reason.metric)
            unit = self.ground.catalogue.metrics[reason.metric].unit
            if not isinstance(old, (int, float)):
                continue
            before, after = (words.amount(each, unit, language) for each in (float(old), reason.value))
            if before != after:
                name = self._label(reason.metric, language)
                found.append(say(language, "moved", name=name, before=before, after=after))
        return found[:_MOVES]

    def _label(self, metric: str, language: str) -> str:
        known = self.ground.catalogue.metrics.get(metric)  # a rule of the past may have named another
        return known.label_in(language) if known is not None else metric


def _score(value: object, language: str) -> str:
    return words.amount(value if isinstance(value, (int, float)) else None, "points", language)


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []


def _as_before(current: str | None, text: str | None) -> str | None:
    """What stands where an earlier store wrote it: the same words, but for the line on what had changed then."""
    stands = canonical.text(current)
    if stands is None or text is None:
        return None
    heads = tuple(PHRASES["since"][each].partition("{")[0] for each in LANGUAGES)
    without = [line for line in stands.split("\n") if not line.startswith(heads)]
    return stands if [each for each in without if each != CUT] == text.split("\n") else None


def _harmless(ground: Ground, ids: Sequence[str]) -> dict[str, list[str]]:
    """Every measure that is known and costs nothing worth telling: what is only crowded out of the reasons is not settled,
    and neither is what is no longer known.
    """
    choose(ground.connection, ids)
    return dict(
        ground.connection.execute(
            "select m.account_id, list(distinct m.metric) from eval_measures m "
            "semi join (select account_id, scorecard from eval_scores where score is not null) s "
            "on s.account_id = m.account_id and s.scorecard = m.scorecard "
            "anti join eval_costs c on c.account_id = m.account_id and c.metric = m.metric "
            f"where m.score is not null and m.account_id in {CHOSEN} group by m.account_id"
        ).fetchall()
    )


def _costs(ground: Ground, ids: Sequence[str]) -> dict[str, list[str]]:
    """Every measure that costs points, shown or not."""
    choose(ground.connection, ids)
    return dict(
        ground.connection.execute(
            f"select account_id, list(distinct metric) from eval_costs where account_id in {CHOSEN} group by account_id"
        ).fetchall()
    )


def _lacking(ground: Ground, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the store lacks for accounts without reasons, by the names in `words.UNCOVERED`: first what weighs most."""
    card = ground.catalogue.scorecards.get("health")
    if card is None or not ids:
        return {}
    asked = [
        name
        for measure in sorted(card.measures, key=lambda each: (-each.weight, each.metric))
        for leaf in evidence.leaves(ground.catalogue, measure.metric)
        for name in leaf.requires
    ]
    needed = list(dict.fromkeys(asked))
    if not needed:
        return {}
    choose(ground.connection, ids)
    rows = ground.connection.execute(
        f"select account_id, {', '.join(needed)} from coverage where account_id in {CHOSEN}"
    ).fetchall()
    return {
        account_id: [name for name, covered in zip(needed, states, strict=True) if not covered]
        for account_id, *states in rows
    }


WHY = TextField(WHY_FIELD, _facts, _words)
