"""Segments of the raw catalogue: which accounts other scorecards stand in for, and that no account is in two of them.

    [segments.banks]
    when = "industry = 'Banking'"
    scorecards = { health = "health_of_banks" }

The first segment of the file whose condition is true wins. That order should never decide by accident: a segment that
an earlier one leaves nothing to, and two that both take the same account, are faults as far as their conditions tell;
what only data tell is counted by `segments.told`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.catalogue_models import Segment
from rules.catalogue_sections import Section, unknown_name
from rules.overlap import cases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.expressions import Type
    from rules.overlap import Case, Cases


def stand_ins(segments: Mapping[str, Section]) -> set[str]:
    """The scorecards that segments put in the place of others, which are shown under those names alone."""
    tables = [each.raw.get("scorecards") for each in segments.values()]
    return {
        name
        for table in tables
        if isinstance(table, dict)
        for name in table.values()
        if isinstance(name, str)
    }


def segments(
    sections: Mapping[str, Section], columns: Mapping[str, Type], cards: Mapping[str, Section]
) -> list[Segment]:
    """All segments in the order of the file; faults are noted with their sections."""
    used = stand_ins(sections)
    found = [_segment(section, columns, cards, used) for section in sections.values()]
    known = [each for each in found if each is not None]
    _apart(known, sections, columns)
    return known


def _segment(
    section: Section, columns: Mapping[str, Type], cards: Mapping[str, Section], used: set[str]
) -> Segment | None:
    when = section.expression("when", columns, want="boolean")
    section.missing(
        "when", "which accounts belong to the segment is missing: a condition over account columns"
    )
    section.missing(
        "scorecards", 'what stands in for which scorecard is missing: { health = "health_of_banks" }'
    )
    chosen = Section(f"{section.path}.scorecards", section.value("scorecards") or {}, section.faults)
    scorecards = {
        shown: name for shown in chosen.raw if (name := _stand_in(chosen, shown, cards, used)) is not None
    }
    if section.has("scorecards") and chosen.is_table and not chosen.raw:
        chosen.fault("", "a segment without a scorecard of its own changes nothing")
    section.finish()
    return None if when is None else Segment(section.path.removeprefix("segments."), when, scorecards)


def _stand_in(chosen: Section, shown: str, cards: Mapping[str, Section], used: set[str]) -> str | None:
    name = chosen.text(shown)
    if name is None:
        return None
    if shown not in cards:
        chosen.fault(shown, *unknown_name("scorecard", shown, set(cards) - used))
    elif name not in cards:
        chosen.fault(shown, *unknown_name("scorecard", name, cards))
    elif shown in used:
        chosen.fault(shown, f"{shown} itself stands in for another scorecard")
    elif ("of" in cards[shown].raw) != ("of" in cards[name].raw):
        chosen.fault(
            shown,
            f"one of {shown} and {name} is made of scorecards, the other of metrics; both are made alike",
        )
    else:
        parent = next((each for each in cards if name in _parts(cards[each])), None)
        if parent is None:
            return name
        chosen.fault(
            shown,
            f"{name} is a part of {parent}; a scorecard that stands in for another is shown nowhere else",
        )
    return None


def _parts(card: Section) -> Mapping[str, object]:
    of = card.raw.get("of")
    return of if isinstance(of, dict) else {}


def _apart(found: Sequence[Segment], sections: Mapping[str, Section], columns: Mapping[str, Type]) -> None:
    earlier: dict[str, Cases] = {}
    for segment in found:
        own, section = cases(segment.when, columns), sections[segment.name]
        taken_by = [name for name, theirs in earlier.items() if own.within([theirs])]
        shared = {name: both for name, theirs in earlier.items() if (both := own.shared(theirs)) is not None}
        if own.is_never:
            section.fault("when", "this is true of no account; correct the condition or remove the segment")
        elif taken_by:
            section.fault(
                "when",
                f"the segment is never reached: whatever it is true of, {taken_by[0]} has taken before; "
                f"narrow the condition of {taken_by[0]}, or remove this segment",
            )
        elif own.within(earlier.values()):
            section.fault(
                "when",
                f"the segment is never reached: {' and '.join(shared) or 'those before'} together have taken "
                "whatever it is true of; narrow theirs, or remove this segment",
            )
        else:
            for name, both in shared.items():
                section.fault(
                    "when",
                    f"this overlaps with the segment {name}: {_account(both)} is in both; "
                    "let the condition of one leave out the other's accounts",
                )
        earlier[segment.name] = own


def _account(case: Case) -> str:
    """An account that would be in both, by what the conditions ask of it."""
    told = [f"{column} {values.example()}" for column, values in sorted(case.values.items())]
    return f"an account whose {' and '.join(told)}" if told else "every account"
