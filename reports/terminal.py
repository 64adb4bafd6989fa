"""What people read in a terminal: portfolio, explanation, plan, links, status, from the same data as the JSON output.

Values from outside are text here and nothing else: control and bidi characters are taken out, markup is not read.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rules.words import amount, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Json = dict[str, Any]
_BAND_STYLE = {"green": "green", "amber": "yellow", "red": "red", "unknown": "dim"}
_SIGN = {"update": "~", "create": "+", "complete": "✓", "delete": "✕"}
_BIDI = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def console(file: IO[str] | None = None) -> Console:
    """Colour on a terminal only; a pipe gets lines as wide as they need to be."""
    out = file or sys.stdout
    return Console(file=out, highlight=False, markup=False, emoji=False, width=None if out.isatty() else 160)


def safe(value: object) -> str:
    """Any value as one line of harmless text."""
    text = str(value).translate(_BIDI)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def day_time(stamp: str) -> str:
    moment = datetime.fromisoformat(stamp)
    return f"{moment.day} {moment:%b %Y %H:%M} UTC"


def _dash(value: float | None) -> str:
    return "–" if value is None else str(value)


def _table(*columns: str, right: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def portfolio(out: Console, rows: Sequence[Json], as_of: str) -> None:
    unknown = sum(row["band"] == "unknown" for row in rows)
    tail = f" · {unknown} unknown" if unknown else ""
    out.print(f"Portfolio, {day_time(as_of)}    {len(rows)} managed accounts{tail}")
    table = _table(
        "Account",
        "Band",
        "Overall",
        "Health",
        "Reach",
        "Conf.",
        "First reason",
        right=("Overall", "Health", "Reach", "Conf."),
    )
    for row in rows:
        band = row["band"] or "unknown"
        table.add_row(
            Text(safe(row["account"])),
            Text(band, style=_BAND_STYLE[band]),
            _dash(row["overall"]),
            _dash(row["health"]),
            _dash(row["penetration"]),
            amount(row["confidence"], "share"),
            Text(safe(row["first_reason"] or "–")),
        )
    out.print(table)


def metrics(out: Console, rows: Sequence[Json], units: Mapping[str, str]) -> None:
    table = _table("Account", "Metric", "Value", "Unit", right=("Value",))
    for row in rows:
        name = safe(row["account"])
        for metric, value in row["metrics"].items():
            table.add_row(Text(name), metric, amount(value, units.get(metric, "")), units.get(metric, ""))
            name = ""
    out.print(table)


def explanation(out: Console, data: Json) -> None:
    out.print(f"{safe(data['account'])}    measured {day_time(data['as_of'])}")
    if not data["scorecards"]:
        out.print(
            "This account is not managed, so it has metrics and no scores ([accounts] managed says which are)."
        )
        return
    for name, card in data["scorecards"].items():
        score = "–" if card["score"] is None else card["score"]
        out.print()
        out.print(
            Text.assemble(
                (f"{name.capitalize()} {score}, ", "bold"),
                (card["band"], _BAND_STYLE[card["band"]]),
                f", confidence {amount(card['confidence'], 'share')}",
            )
        )
        out.print(_measures(card))
    out.print()
    out.print(_rules(data["rules"]))


def _measures(card: Json) -> Table:
    table = _table("  measure", "value", "score", "weight", "points", "", right=("score", "weight", "points"))
    for each in card["measures"]:
        known = each["score"] is not None
        table.add_row(
            f"  {each['label']}",
            number(each["value"], each["unit"]),
            f"{each['score']:.0f}" if known else "–",
            amount(each["weight"], ""),
            f"{each['points']:.2f}" if each["points"] is not None else "–",
            Text(_evidence(each)),
        )
    for cap in card["caps"]:
        if cap["holds"]:
            words = f"  cap “{cap['name']}”: at most {cap['at_most']:g}"
            table.add_row(words, "", "", "", f"{cap['points']:.2f}", Text(safe(cap["when"])))
    if card["rounding"]:
        table.add_row("  rounding", "", "", "", f"{card['rounding']:.2f}", "")
    if card["score"] is not None:
        table.add_row("", "", "", "", f"{card['score']:.2f}", "")
    return table


def _evidence(measure: Json) -> str:
    shown = [
        safe(e["key"] if (e["url"] or "").find("/browse/") >= 0 else e["text"])
        for e in measure["evidence"][:4]
    ]
    more = measure["evidence_total"] - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _rules(rules: Sequence[Json]) -> Table:
    table = _table("Rules", "", "")
    for rule in rules:
        values = ", ".join(f"{name} = {_value(value)}" for name, value in rule["values"].items())
        table.add_row(rule["rule"], rule["state"], Text(f"{safe(rule['condition'])}    ({values})"))
    return table


def _value(value: object) -> str:
    return (
        amount(value, "") if isinstance(value, int | float) else "unknown" if value is None else safe(value)
    )


def pulled(out: Console, data: Json) -> None:
    rows = ", ".join(f"{source.removeprefix('sf_')} {count}" for source, count in data["rows"].items())
    calls = data["calls"]
    out.print(f"Run {data['run']}: {rows}")
    out.print(f"calls: Salesforce {calls['salesforce']['read']} read, Jira {calls['jira']['read']} read")
    for notice in data["notices"]:
        out.print(Text(f"  note  {safe(notice)}"))


def plan(out: Console, data: Json, *, file: str | None = None, limit: int | None = None) -> None:
    """`limit` shows that many changes of each object and counts the rest."""
    changes = data["changes"]
    for held in data.get("held", ()):
        out.print(
            Text(f"! held     {safe(held['account'] or held['id'])}  {held['field']}: {safe(held['reason'])} "
                 f"(rapport plan --adopt to take over)", style="yellow")
        )  # fmt: skip
    shown: dict[str, int] = {}
    for change in changes:
        shown[change["object"]] = shown.get(change["object"], 0) + 1
        if limit is None or shown[change["object"]] <= limit:
            _change(out, change)
    left = sum(max(0, count - limit) for count in shown.values()) if limit is not None else 0
    if left:
        out.print(f"… and {left} more changes")
    waiting = len(data.get("waiting", ()))
    if waiting:
        out.print(f"{waiting} more tasks wait: see `waiting` in rapport plan --format json.")
    if not changes:
        out.print("Nothing to change. 0 calls would write.")
        return
    calls = data["predicted_calls"]
    out.print()
    out.print(
        f"{_counts(changes)} · predicted write calls: Salesforce {calls['salesforce']}, Jira {calls['jira']}"
    )
    if data.get("mode") == "observe":
        out.print(
            "The rollout mode is observe: `rapport sync` writes nothing; set [rollout] mode to change that."
        )
    hint = f"rapport apply {file}" if file else "rapport plan --out FILE, then rapport apply FILE"
    out.print(f"Nothing was written. Write exactly this: {hint}")


def _counts(changes: Sequence[Json]) -> str:
    accounts = sum(change["object"] == "Account" for change in changes)
    new = sum(change["object"] == "Task" and change["action"] == "create" for change in changes)
    done = sum(
        change["object"] == "Task" and change["action"] in ("complete", "delete") for change in changes
    )
    other = len(changes) - accounts - new - done
    parts = [(accounts, "account"), (new, "new task"), (done, "task done"), (other, "task updated")]
    words = [f"{n} {_plural(noun, n)}" for n, noun in parts if n]
    return f"{len(changes)} {_plural('change', len(changes))}: {', '.join(words)}"


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    head, _, tail = noun.partition(" ") if noun.startswith("task ") else (noun, "", "")
    return f"{head}s {tail}".strip()


def _change(out: Console, change: Json) -> None:
    sign = _SIGN[change["action"]]
    fields: Json = change["fields"]
    if change["object"] == "Task" and change["action"] == "create":
        subject = fields.get("Subject", {}).get("after")
        due = fields.get("ActivityDate", {}).get("after")
        out.print(Text(f"{sign} Task     {safe(change['account'] or '')}, due {due}", style="bold"))
        out.print(Text(f"    {safe(subject)}    rule {change['rule']}"))
        return
    out.print(Text(f"{sign} {change['object']:<8} {safe(change['account'] or change['id'])}", style="bold"))
    for name, sides in fields.items():
        out.print(Text(f"    {name}  {_short(sides['before'])} → {_short(sides['after'])}"))
    because = safe(change["reason"])
    out.print(Text(f"    because  {because}" + (f"    rule {change['rule']}" if change["rule"] else "")))


def _short(value: object) -> str:
    if value is None:
        return "–"
    text = safe(value)
    return text if len(text) <= 100 else f"{text[:99]}…"


def outcome(out: Console, data: Json) -> None:
    calls = data["calls"]
    skipped = f", {data['skipped']} skipped" if data["skipped"] else ""
    refused = f", {data['quarantined']} refused" if data["quarantined"] else ""
    out.print(
        f"Run {data['run']}: {data['changes']} changes, {data['applied']} applied{skipped}{refused} · calls: "
        f"Salesforce {calls['salesforce']['read']} read {calls['salesforce']['write']} write, "
        f"Jira {calls['jira']['read']} read {calls['jira']['write']} write"
    )
    if data.get("mode") == "observe" and data["changes"]:
        out.print("The rollout mode is observe, so nothing was written; rapport plan shows what would be.")
    for record in data["records"]:
        if record["outcome"] != "applied" and record.get("reason"):
            out.print(Text(f"  {record['outcome']:<12} {safe(record['id'])}  {safe(record['reason'])}"))


def links(out: Console, data: Json) -> None:
    total = len({row["issue_id"] for row in data["linked"]}) + len(data["ambiguous"]) + len(data["unmatched"])
    by_method: dict[str, int] = {}
    for row in data["linked"]:
        by_method[row["method"]] = by_method.get(row["method"], 0) + 1
    methods = ", ".join(f"{method} {count}" for method, count in sorted(by_method.items()))
    out.print(f"{total} issues: {len(data['linked'])} links ({methods or 'none'}), "
              f"{len(data['ambiguous'])} ambiguous, {len(data['unmatched'])} unmatched")  # fmt: skip
    for row in data["ambiguous"]:
        out.print(Text(f"  ambiguous  {safe(row['key'])}  could be {', '.join(row['candidates'])}"))
    for row in data["unmatched"][:20]:
        out.print(Text(f"  unmatched  {safe(row['key'])}"))
    if len(data["unmatched"]) > 20:
        out.print(f"  … and {len(data['unmatched']) - 20} more: rapport links --format json")


def status(out: Console, data: Json) -> None:
    running = data["running"]
    if running:
        out.print(f"A run holds the store: process {running.get('pid', '?')}, {running.get('phase', '?')}.")
    if not data["runs"]:
        out.print("No run yet.")
    table = _table(
        "Run",
        "Command",
        "Began",
        "Exit",
        "Changes",
        "Applied",
        "Refused",
        right=("Exit", "Changes", "Applied", "Refused"),
    )
    for run in data["runs"]:
        exit_code = "–" if run["exit_code"] is None else str(run["exit_code"])
        figures = [str(run.get(name, "–")) for name in ("changes", "applied", "quarantined")]
        table.add_row(run["run"], run["command"], day_time(run["began"]), exit_code, *figures)
    if data["runs"]:
        out.print(table)
    for each in data["quarantined"]:
        words = f"  refused  {each['object']} {safe(each['record'])}: {safe(each['message'])} ({each['code']}), since {each['since']}"
        out.print(Text(words))
    for source in data.get("sources", ()):
        if not source["present"]:
            out.print(Text(f"  absent   {source['source']}: {safe(source['reason'])}"))
