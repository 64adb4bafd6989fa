"""Rules of the raw catalogue and their unit tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rules import catalogue_texts, trends
from rules.catalogue_models import Due, DueUnit, Rule, RuleTest
from rules.catalogue_sections import Section, as_decimal, is_number, options, unknown_name
from rules.expression_tokens import closest
from rules.faults import Fault
from rules.tasks import OnClear, RuleKind, RulePer, RuleState, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rules.expressions import Type

BANDS = ("green", "amber", "red")
TEXT_COLUMNS: Mapping[str, Type] = {
    "account": "text",
    "account_manager": "text",
    "contact": "text",
    "due": "date",
}
MEETING_COLUMNS: Mapping[str, Type] = {"meeting": "text", "meeting_day": "date"}
MOST_DAYS = 3660

_DUE = re.compile(r"(\d{1,4}) (business )?days?")
_SPAN = re.compile(r"(\d{1,4}) (days?|weeks?)")


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions and texts of rules may name: metrics, `<scorecard>_score`, `<scorecard>_band` and how it moved.

    A band is green, amber, red, or NULL when it is unknown.
    """

    metrics: Mapping[str, Type]
    conditions: Mapping[str, Type]
    choices: Mapping[str, Collection[str]]

    @classmethod
    def of(cls, metrics: Mapping[str, Type], scorecards: Collection[str]) -> Facts:
        scores: dict[str, Type] = {f"{name}_score": "number" for name in scorecards}
        scores |= {column: "number" for name in scorecards for column in trends.names(name)}
        bands: dict[str, Type] = {f"{name}_band": "text" for name in scorecards}
        return cls(metrics, {**metrics, **scores, **bands}, dict.fromkeys(bands, BANDS))

    @property
    def texts(self) -> Mapping[str, Type]:
        return {**self.metrics, **TEXT_COLUMNS}


def rule(section: Section, facts: Facts, rules: Collection[str]) -> Rule | None:
    """One rule; None when a fault leaves nothing to work with. `rules` are the names of all."""
    when = section.expression("when", facts.conditions, want="boolean", noun="metric", choices=facts.choices)
    kind = cast("RuleKind | None", section.choice("kind", options(RuleKind)))
    severity = cast("Severity", section.choice("severity", options(Severity), "normal"))
    per = cast("RulePer", section.choice("per", options(RulePer), "account"))
    columns = {**facts.texts, **MEETING_COLUMNS} if per == "meeting" else facts.texts
    subject, subjects = catalogue_texts.template(section, "subject", columns, one_line=True)
    description, descriptions = catalogue_texts.template(section, "description", columns)
    due = _due(section)
    section.choice("assign", ("account_manager",), "account_manager")
    cooldown = _cooldown(section)
    on_clear = cast("OnClear", section.choice("on_clear", options(OnClear), "complete"))
    after = section.texts("after")
    for each in after:
        if each not in rules:
            section.fault("after", *unknown_name("rule", each, rules))
    enabled = section.flag("enabled", default=True)
    if section.is_table and "when" not in section.raw:
        # Who wants to change a shipped rule and mistypes its name has begun a rule of their own.
        name = section.path.removeprefix("rules.")
        section.fault("when", "the condition of the rule is missing", closest(name, set(rules) - {name}))
    section.missing("kind", f"the kind of the rule is missing: {', '.join(options(RuleKind))}")
    section.missing("subject", "the subject of the task is missing")
    section.finish()
    if when is None or kind is None or subject is None:
        return None
    return Rule(
        name=section.path.removeprefix("rules."),
        when=when,
        kind=kind,
        severity=severity,
        subject=subject,
        description=description,
        due=due,
        assign="account_manager",
        cooldown_days=cooldown,
        on_clear=on_clear,
        after=after,
        enabled=enabled,
        per=per,
        subjects=subjects,
        descriptions=descriptions,
    )


def no_circle(rules: Collection[Rule], faults: list[Fault]) -> None:
    """Rules that wait for each other would wait for ever."""
    after = {each.name: each.after for each in rules}
    for name, own in after.items():
        reached, ahead = set[str](), list(own)
        while ahead:
            each = ahead.pop()
            if each not in reached:
                reached.add(each)
                ahead += after.get(each, ())
        if name in reached:
            faults.append(Fault(f"rules.{name}.after", "this rule would wait for itself"))


def _due(section: Section) -> Due:
    text = section.text("due", "3 business days") or ""
    found = _DUE.fullmatch(text.strip())
    if found is None or int(found[1]) > MOST_DAYS:
        section.fault("due", 'this is a time such as "1 business day" or "10 days"')
        return Due(3, "business days")
    unit: DueUnit = "business days" if found[2] else "days"
    return Due(int(found[1]), unit)


def _cooldown(section: Section) -> int:
    text = section.text("cooldown", "14 days") or ""
    found = _SPAN.fullmatch(text.strip())
    days = int(found[1]) * (7 if found[2].startswith("week") else 1) if found else MOST_DAYS + 1
    if days > MOST_DAYS:
        section.fault("cooldown", 'this is a time such as "14 days" or "8 weeks"')
        return 14
    return days


def rule_test(section: Section, rules: Collection[str], facts: Facts) -> RuleTest | None:
    name = section.text("rule")
    expect = cast("RuleState | None", section.choice("expect", options(RuleState)))
    section.missing("rule", "the rule to be tested is missing")
    section.missing("expect", f"what is expected is missing: {', '.join(options(RuleState))}")
    if name is not None and name not in rules:
        section.fault("rule", *unknown_name("rule", name, rules))
    given = Section(f"{section.path}.given", section.value("given") or {}, section.faults)
    values = {key: value for key in given.raw for value in [_given(given, key, facts)] if value is not None}
    section.finish()
    if name is None or expect is None:
        return None
    return RuleTest(name, values, expect)


def _given(given: Section, key: str, facts: Facts) -> float | str | None:
    value = given.value(key)
    if key not in facts.conditions:
        given.fault(key, *unknown_name("metric", key, facts.conditions))
        return None
    if facts.conditions[key] == "number":
        if is_number(value):
            return float(as_decimal(value))
        given.fault(key, "this is a number; leave the key out for an unknown value")
        return None
    if value in BANDS:
        return str(value)
    given.fault(key, f"this is one of {', '.join(BANDS)}", closest(str(value), BANDS))
    return None
