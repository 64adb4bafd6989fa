"""A plan as people review it: every change with both sides and its reason, what is held, what waits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.text import Text

from reports.terminal import safe, short, weekday

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

Json = dict[str, Any]
_SIGN = {"update": "~", "create": "+", "complete": "✓", "delete": "✕"}
# What people call Rapport's fields; an org's own names stay as they are unless the config maps them.
_LABELS = {
    "Rapport_Overall__c": "Overall",
    "Rapport_Health__c": "Health",
    "Rapport_Penetration__c": "Reach",
    "Rapport_Growth__c": "Growth",
    "Rapport_Positioning__c": "Positioning",
    "Rapport_Governance__c": "Governance",
    "Rapport_Delivery__c": "Delivery",
    "Rapport_Band__c": "Band",
    "Rapport_Trend__c": "Trend",
    "Rapport_Confidence__c": "Confidence",
    "Rapport_Quadrant__c": "Quadrant",
    "Rapport_Why__c": "Why",
    "Rapport_Next_Action__c": "Next",
    "Rapport_Brief__c": "Meeting brief",
    "Rapport_Projects__c": "Projects",
    "Rapport_History__c": "Health by week",
    "Rapport_Score_Record__c": "Score record",
    "ActivityDate": "Due",
    "IsDeleted": "Deleted",
}
_ORDER = {name: place for place, name in enumerate(("Health", "Band", "Overall", "Reach"))}
# What a new record beside an account is known by: the account stands in front of it.
_KEYS = frozenset({"Account__c", "Rapport_Account_Id__c"})
_NOUNS = {"Rapport_Score__c": "Score"}
# Texts of many lines, and the figures behind a chart: that they are written is all that a plan says of them.
_TEXTS = ("Why", "Meeting brief", "Projects")
_CHART = "Health by week"
_REASON = 320
_LONG = 32  # characters; a longer value has a line of its own


@dataclass(frozen=True, slots=True)
class Names:
    """What ids in a plan stand for: users by id, subjects of tasks by id, the org's own field names by ours."""

    users: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    def label(self, field_name: str) -> str:
        ours = next((ours for ours, theirs in self.fields.items() if theirs == field_name), field_name)
        return _LABELS.get(ours, safe(field_name))


def plan(
    out: Console, data: Json, names: Names | None = None, *, file: str | None = None, limit: int | None = None
) -> None:
    """`limit` shows that many changes of each object and counts the rest."""
    names = names or Names()
    changes = sorted(data["changes"], key=_place)
    calls = data["predicted_calls"]
    if changes:
        predicted = f"predicted write calls: Salesforce {calls['salesforce']}, Jira {calls['jira']}"
        _say(out, f"{_counts(changes)} · {predicted}", "bold")
        _say(out, "")
    shown: Counter[str] = Counter()
    for change in changes:
        shown[change["object"]] += 1
        if limit is None or shown[change["object"]] <= limit:
            _change(out, change, names)
    left = sum(max(0, count - limit) for count in shown.values()) if limit is not None else 0
    if left:
        _say(out, f"… and {left} more")
    for held in data.get("held", ()):
        _held(out, held, names)
    if not changes:
        _say(out, "Nothing to change. 0 calls would write.")
    _waiting(out, data.get("waiting", ()))
    if not changes:
        return
    _say(out, "")
    if data.get("mode") == "observe":
        _say(
            out, "The rollout mode is observe: `rapport sync` writes nothing until [rollout] mode is another."
        )
    hint = f"rapport apply {file}" if file else "rapport plan --out FILE, then rapport apply FILE"
    _say(out, f"Nothing was written. Write exactly this: {hint}")


def _say(out: Console, text: str, style: str = "") -> None:
    out.print(Text(text, style), soft_wrap=True)


def _place(change: Json) -> tuple[bool, str, str, str]:
    """Accounts first, then tasks; beside each other what concerns one account."""
    return (
        change["object"] == "Task",
        change["account"] or "\U0010ffff",
        change["action"],
        change["key"] or "",
    )


def _counts(changes: Sequence[Json]) -> str:
    accounts = sum(change["object"] == "Account" for change in changes)
    beside = Counter(change["action"] for change in changes if change["object"] == "Rapport_Score__c")
    tasks = Counter(change["action"] for change in changes if change["object"] == "Task")
    done = tasks["complete"] + tasks["delete"]
    parts = [
        (accounts, "account", "accounts"),
        (beside["create"], "new score record", "new score records"),
        (beside["update"], "score record", "score records"),
        (tasks["create"], "new task", "new tasks"),
        (done, "task done", "tasks done"),
        (tasks["update"], "task rewritten", "tasks rewritten"),
    ]
    words = [f"{count} {one if count == 1 else many}" for count, one, many in parts if count]
    noun = "change" if len(changes) == 1 else "changes"
    return f"{len(changes)} {noun}: {', '.join(words)}"


def _change(out: Console, change: Json, names: Names) -> None:
    sign = _SIGN[change["action"]]
    rule = f"    rule {change['rule']}" if change["rule"] else ""
    fields: Json = change["fields"]
    if change["object"] == "Task":
        subject = fields.get("Subject", {}).get("after") or names.subjects.get(change["id"] or "")
        if change["action"] == "create":
            _new_task(out, change, subject, names)
        elif change["action"] == "update":
            _say(out, f"{sign} Task     {_of(change)}{short(subject)}", "bold")
            _sides(out, fields, names)
            _say(out, f"    because  {short(change['reason'], _REASON)}{rule}")
        else:
            _say(out, f"{sign} Task     {_of(change)}{short(subject)}", "bold")
            _say(out, f"    settled  {short(change['reason'], _REASON)}{rule}")
        return
    what = _NOUNS.get(change["object"], change["object"])
    _say(out, f"{sign} {what:<8} {short(change['account'] or change['id'])}", "bold")
    _sides(out, {name: sides for name, sides in fields.items() if name not in _KEYS}, names)
    _say(out, f"    because  {short(change['reason'], _REASON)}{rule}")


def _of(change: Json) -> str:
    return f"{short(change['account'])}: " if change["account"] else ""


def _new_task(out: Console, change: Json, subject: object, names: Names) -> None:
    fields: Json = change["fields"]
    owner_id = fields.get("OwnerId", {}).get("after")
    owner = short(names.users.get(owner_id, owner_id))
    due = fields.get("ActivityDate", {}).get("after")
    until = f", due {weekday(due)}" if due else ""
    about = f"{short(change['account'])} → " if change["account"] else "→ "
    _say(out, f"+ Task     {about}{owner}{until}", "bold")
    _say(out, f"    {short(subject, 120)}    rule {change['rule']}")
    _say(out, f"    because  {short(change['reason'], _REASON)}")


def _sides(out: Console, fields: Json, names: Names) -> None:
    """Numbers and bands beside each other, texts on lines of their own, but for long ones: that they are written says
    enough, and the next line says why. Figures for a chart go along unsaid.
    """
    told = {names.label(name): sides for name, sides in fields.items()}
    brief, long = [], []
    for label in sorted(told, key=lambda each: (_ORDER.get(each, len(_ORDER)), each)):
        before, after = told[label]["before"], told[label]["after"]
        if label in _TEXTS or label == _CHART:
            continue
        words = f"{label} {short(before)} → {short(after)}"
        if max(len(str(before or "")), len(str(after or ""))) <= _LONG:
            brief.append(words)
        else:
            long.append(words)
    brief += [f"{label} {_written(told[label])}" for label in _TEXTS if label in told]
    if not brief and not long:
        brief = [f"{label} {_written(told[label])}" for label in told if label == _CHART]
    if brief:
        _say(out, f"    {'   '.join(brief)}")
    for words in long:
        _say(out, f"    {words}")


def _written(sides: Json) -> str:
    if sides["after"] is None:
        return "emptied"
    return "rewritten" if sides["before"] is not None else "written"


def _held(out: Console, held: Json, names: Names) -> None:
    label = names.label(held["field"])
    _say(
        out,
        f"! held     {short(held['account'] or held['id'])}  {label}: {short(held['reason'], 160)} "
        f"(rapport plan --adopt to take over)",
        "yellow",
    )


def _waiting(out: Console, waiting: Sequence[Json]) -> None:
    if not waiting:
        return
    noun = "task waits" if len(waiting) == 1 else "tasks wait"
    _say(out, f"{len(waiting)} more {noun}:")
    for reason, count in sorted(Counter(each["reason"] for each in waiting).items()):
        of = [each for each in waiting if each["reason"] == reason]
        first = f"{short(of[0]['account'], 40)}: {short(of[0]['subject'], 60)}"
        more = f" and {count - 1} more" if count > 1 else ""
        _say(out, f"    {count} × {safe(reason)}: {first}{more}")
