"""The lines of a text on a record: links to what it names, and how it is cut to its field.

A link stands alone at the end of its line, so that whoever shows the text can make it one:

    −14.2  open questions: 2
        • ACME-412  https://example.atlassian.net/browse/ACME-412
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from rules import notation
from rules.phrases import PHRASES, say
from rules.templates import plain
from sync import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    import duckdb

    from rules.evidence import Record
    from rules.explain import LinkBases

LABEL = 120  # characters of a name in a line
CUT = "…"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Where a text is too long, lines of the highest `place` go first, the last of them before the others."""

    text: str
    place: int = 0


def fitted(lines: Sequence[Line], length: int | None) -> str | None:
    """The text, cut by whole lines to the field's length; a cut one ends in a line with "…"."""
    kept = list(lines)
    if length is None or _length([each.text for each in kept]) <= length:
        return canonical.text("\n".join(each.text for each in kept))
    while len(kept) > 1 and _length([*(each.text for each in kept), CUT]) > length:
        last = max(range(len(kept)), key=lambda n: (kept[n].place, n))
        del kept[last]
    if len(kept) == 1:  # nothing but the first line, which may itself be too long
        return canonical.text(f"{kept[0].text}\n{CUT}", length)
    return canonical.text("\n".join([*(each.text for each in kept), CUT]))


def _length(texts: Sequence[str]) -> int:
    return canonical.stored_length("\n".join(texts))


def shown(text: object) -> str:
    """A value from outside as a part of a line: one blank between words, so that two always stand before a link, and no
    address of its own.
    """
    tidy = " ".join(plain(str(text)).split())
    return tidy if len(tidy) <= LABEL else f"{tidy[: LABEL - 1]}{CUT}"


def link(label: str, url: str | None) -> str:
    return f"{label}  {url}" if url else label


def short_name(name: str) -> str:
    """A person in few letters: "D. Okafor"."""
    first, *rest = shown(name).split(" ")
    return f"{first[:1]}. {rest[-1]}" if rest and first else first


def moment_name(kind: str, person: str | None, day: date, language: str) -> str:
    """A contact as people tell it apart: "call, D. Okafor, 19 Oct 2026"."""
    said = say(language, kind) if kind in PHRASES else shown(kind)
    who = [short_name(person)] if person else []
    return ", ".join([said, *who, notation.spoken_day(day, language)])


@dataclass(frozen=True, slots=True)
class Names:
    """What records are called in a text: issues by their key, contacts with the customer by whom and when, others by name."""

    links: LinkBases
    moments: Mapping[str, tuple[str, str | None, date]]
    quoted: Collection[str]

    def line(self, record: Record, language: str) -> str:
        return link(self.name(record, language), self.links.url(record))

    def name(self, record: Record, language: str) -> str:
        """Titles of issues leave Jira only where the config lets them (definitions I52)."""
        moment = self.moments.get(record.id)
        if moment is not None:
            return moment_name(*moment, language)
        if record.system != "jira":
            return shown(record.text or record.key)
        key = shown(record.key)
        project = record.key.rpartition("-")[0]
        return f"{key} {shown(record.text)}" if record.text and project in self.quoted else key


def moments_of(
    connection: duckdb.DuckDBPyConnection, ids: Collection[str]
) -> dict[str, tuple[str, str | None, date]]:
    """Kind, person and day of those of the records that are contacts with the customer."""
    connection.register("incoming", pa.table({"record_id": pa.array(sorted(ids), pa.string())}))
    rows = connection.execute(
        "select m.record_id, any_value(m.kind), min(k.name), any_value(m.day) from moments m "
        "semi join incoming i on i.record_id = m.record_id "
        "left join contact_person k on k.contact_id = m.record_person and not coalesce(k.is_deleted, false) "
        "group by m.record_id"
    ).fetchall()
    connection.unregister("incoming")
    return {record_id: (kind, person, day) for record_id, kind, person, day in rows}
