"""The catalogue: built-in metrics, scorecards and rules, merged with those of the config, and checked."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rules import manual_share, trends
from rules.catalogue_metrics import ROWS_ONLY, in_order, metric
from rules.catalogue_models import (
    Aggregate,
    Bands,
    Cap,
    Catalogue,
    Due,
    Measure,
    Metric,
    Rule,
    RuleTest,
    Scorecard,
)
from rules.catalogue_quadrant import late_metrics, late_names, no_loop, quadrant
from rules.catalogue_rules import Facts, no_circle, rule, rule_test
from rules.catalogue_scorecards import bands, not_of_scores, scorecard
from rules.catalogue_sections import Section, is_list, named_sections
from rules.catalogue_segments import segments, stand_ins
from rules.catalogue_texts import TEXTS, merged_text
from rules.expressions import Expression
from rules.faults import CatalogueError, Fault
from rules.quadrant import MISMATCH, NAME
from rules.sources import ACCOUNT_COLUMNS
from rules.templates import Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.expressions import Type

__all__ = [
    "Aggregate",
    "Bands",
    "Cap",
    "Catalogue",
    "CatalogueError",
    "Due",
    "Fault",
    "Measure",
    "Metric",
    "Rule",
    "RuleTest",
    "Scorecard",
    "load",
]

Built = TypeVar("Built")

BUILTIN = Path(__file__).parent / "builtin"
PRESET = "vendor"
SECTIONS = ("metrics", "scorecards", "segments", "quadrant", "rules", "bands")
LATE = frozenset({NAME, MISMATCH})
# Keys that say the same thing in two ways: to give one is to take back the other.
RIVALS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "metrics": {"expr": ("source", *ROWS_ONLY, "requires"), "source": ("expr", *ROWS_ONLY, "requires")},
    "scorecards": {"of": ("measures", "caps"), "measures": ("of",)},
}


def load(
    raw: Mapping[str, object],
    sources: Mapping[str, Mapping[str, Type]],
    *,
    account_columns: Mapping[str, Type] = ACCOUNT_COLUMNS,
    preset: str = PRESET,
) -> Catalogue:
    """Merge `raw` (metrics, scorecards, segments, quadrant, rules, tests, bands) over the built-ins of a preset; all
    faults in one error.

    A section of a built-in's name overrides it key by key; a list, such as `measures`, is replaced whole.
    """
    faults: list[Fault] = []
    builtin = _builtin(preset)
    merged = {name: _merged(name, builtin.get(name, {}), raw.get(name)) for name in SECTIONS}
    metric_sections = named_sections("metrics", merged["metrics"], faults)
    card_sections = named_sections("scorecards", merged["scorecards"], faults)
    segment_sections = named_sections("segments", merged["segments"], faults)
    rule_sections = named_sections("rules", merged["rules"], faults)
    for name in LATE & metric_sections.keys():
        metric_sections.pop(name).fault("", "this metric is made by [quadrant]; change it there")
    # A metric that is faulty is known all the same: one slip is one fault, not one in each rule that names it.
    numbers: dict[str, Type] = dict.fromkeys([*metric_sections, *sorted(LATE), manual_share.NAME], "number")
    variants = stand_ins(segment_sections)
    facts = Facts.of(numbers, [name for name in card_sections if name not in variants])
    taken = {f"{name}_{kind}" for name in card_sections for kind in ("score", "band", *trends.COLUMNS)}
    faults.extend(
        Fault(f"metrics.{name}", "a scorecard's score or band has this name already")
        for name in sorted(taken & numbers.keys())
    )
    metrics = _kept(metric(each, sources, numbers) for each in metric_sections.values())
    ordered = in_order({each.name: each for each in metrics}, faults)
    ordered = manual_share.added(ordered, LATE)
    cards = {
        name: card
        for name, each in card_sections.items()
        if (card := scorecard(each, numbers, card_sections)) is not None
    }
    chosen = segments(segment_sections, account_columns, card_sections)
    shown = {name: each for name, each in card_sections.items() if name not in variants}
    axes = quadrant(Section("quadrant", merged["quadrant"], faults), numbers, shown, account_columns)
    brought = [] if axes is None else late_metrics(axes, ordered)
    late = late_names([*brought, *ordered.values()])
    for name, card in cards.items():
        not_of_scores(card_sections[name], card, late)
    if axes is not None:
        no_loop(axes, late, faults)
    every = {each.name: each for each in [*ordered.values(), *brought]}
    ordered = {name: each for name, each in every.items() if name not in late} | {
        name: every[name] for name in late
    }
    rules = _kept(rule(each, facts, rule_sections) for each in rule_sections.values())
    no_circle(rules, faults)
    edges = bands(merged["bands"], faults)
    test_sections = [*_builtin_tests(builtin, raw, faults), *_tests(raw.get("tests", []), faults)]
    tests = _kept(rule_test(each, rule_sections, facts) for each in test_sections)
    if faults or edges is None or axes is None:
        raise CatalogueError(faults)
    found: dict[str, object] = {
        "metrics": ordered,
        "scorecards": cards,
        "segments": chosen,
        "quadrant": axes,
        "rules": {each.name: each for each in rules},
        "bands": edges,
    }
    return Catalogue(
        metrics=ordered,
        scorecards={name: card for name, card in cards.items() if name not in variants},
        rules={each.name: each for each in rules},
        tests=tuple(tests),
        bands=edges,
        digest=_digest(found),
        scores_digest=_digest(
            {name: part for name, part in found.items() if name != "rules"}, without="labels"
        ),
        segments=tuple(chosen),
        variants={name: card for name, card in cards.items() if name in variants},
        quadrant=axes,
        late=late,
    )


@cache
def _builtin(preset: str) -> Mapping[str, object]:
    """What ships with the product, in the same form as in a config; a preset has a folder of what it changes."""
    parts = _read(BUILTIN)
    own = _read(BUILTIN / preset)
    merged = {name: _merged(name, parts.get(name, {}), own.get(name)) for name in SECTIONS}
    tests = [*_builtin_tests(parts, own, []), *_tests(own.get("tests", []), [])]
    return parts | merged | {"tests": [each.raw for each in tests]}


def _read(folder: Path) -> dict[str, object]:
    parts: dict[str, object] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, own in tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal).items():
            held = parts.get(name)
            parts[name] = {**held, **own} if isinstance(held, dict) else own
    return parts


def _merged(section: str, builtin: object, own: object) -> object:
    if own is None:
        return builtin
    if not isinstance(own, Mapping) or not isinstance(builtin, Mapping):
        return own
    if section == "bands":
        return {**builtin, **own}
    merged = dict(builtin)
    texts = TEXTS.get(section, frozenset())
    for name, given in own.items():
        base = builtin.get(name)
        if section == "quadrant" and name in texts:
            merged[name] = merged_text(base, given)
        elif isinstance(base, Mapping) and isinstance(given, Mapping):
            rivals = RIVALS.get(section, {})
            changed = [key for key in given if base.get(key) != given[key]]
            taken_back = {rival for key in changed for rival in rivals.get(key, ())}
            base = {key: value for key, value in base.items() if key not in taken_back}
            told = {key: merged_text(base[key], given[key]) for key in texts & base.keys() & given.keys()}
            merged[name] = {**base, **given, **told}
        else:
            merged[name] = given
    return merged


def _kept(found: Iterable[Built | None]) -> list[Built]:
    return [each for each in found if each is not None]


def _tests(given: object, faults: list[Fault], path: str = "tests") -> list[Section]:
    if not is_list(given):
        faults.append(Fault(path, "this is a list of tables, written [[tests]]"))
        return []
    return [Section(f"{path}[{place}]", each, faults) for place, each in enumerate(given)]


def _builtin_tests(
    builtin: Mapping[str, object], raw: Mapping[str, object], faults: list[Fault]
) -> list[Section]:
    """Those of rules whose condition is still the built-in one."""
    own = raw.get("rules")
    given = own.items() if isinstance(own, Mapping) else ()
    changed = {name for name, each in given if not _keeps_when(each)}
    sections = _tests(builtin.get("tests", []), faults, "built-in tests")
    return [each for each in sections if each.raw.get("rule") not in changed]


def _keeps_when(given: object) -> bool:
    return isinstance(given, Mapping) and "when" not in given


def _digest(found: Mapping[str, object], without: str | None = None) -> str:
    """SHA-256 over what decides numbers and tasks: meanings, so that spelling and order do not count."""
    return hashlib.sha256(json.dumps(_plain(found, without), sort_keys=True).encode()).hexdigest()


def _plain(value: object, without: str | None = None) -> object:
    match value:
        case Expression() | Template():
            return value.text
        case Decimal():
            return f"{value.normalize():f}"
        case Mapping():
            return {str(key): _plain(each, without) for key, each in value.items()}
        case tuple() | list():
            return [_plain(each, without) for each in value]
    if is_dataclass(value):
        names = (each.name for each in fields(value) if each.name != without)
        return {name: _plain(getattr(value, name), without) for name in names}
    return value
