"""What people read in a terminal: portfolio, explanation, plan, links, status, from the same data as the JSON output.

Values from outside are text here and nothing else: control and bidi characters are taken out, markup is not read,
and a value that would fill the screen is cut.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from rules.words import amount, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Json = dict[str, Any]
_BAND_STYLE = {"green": "green", "amber": "yellow", "red": "red", "unknown": "dim"}
_STATE_STYLE = {"fires": "yellow", "unknown": "dim"}
_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_PIPE_WIDTH = 160
_NAME = 48  # characters of a name or subject that a line has room for
_VALUE = 90
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
# What the pull reads, in the words of the people who read its report.
_SOURCES = {
    "sf_user": "users",
    "sf_record_type": "record types",
    "sf_account": "accounts",
    "sf_contact": "contacts",
    "sf_opportunity": "opportunities",
    "sf_opportunity_contact_role": "roles in opportunities",
    "sf_contract": "contracts",
    "sf_asset": "assets",
    "sf_score": "score records",
    "sf_case": "cases",
    "sf_task": "tasks",
    "sf_event": "events",
    "sf_task_relation": "people of tasks",
    "sf_event_relation": "people of events",
    "sf_email_message": "e-mails",
    "sf_account_team_member": "account team members",
    "sf_own_task": "tasks of Rapport",
    "jira": "Jira",
    "jira_issue": "Jira issues",
}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line, as for any other output; rich would end the process here."""
        raise BrokenPipeError


def console(file: IO[str] | None = None) -> Console:
    """Colour on a terminal only; elsewhere lines are as wide as they need to be."""
    out = file or sys.stdout
    return _Console(
        file=out, highlight=False, markup=False, emoji=False, width=None if out.isatty() else _PIPE_WIDTH
    )


@contextmanager
def progress() -> Iterator[Callable[[str, int], None]]:
    """Rows as they arrive, on a terminal's stderr only."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=console(sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task("")
        yield lambda source, rows: bar.update(task, description=f"{source}: {rows} rows" if rows else source)


def safe(value: object) -> str:
    """Any value as one line of harmless text."""
    text = str(value).translate(_BIDI)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def safe_lines(value: object) -> str:
    """The same for a message of several lines, whose indents stay."""
    lines = str(value).translate(_BIDI).split("\n")
    return "\n".join("".join(c if c.isprintable() else " " for c in line).rstrip() for line in lines)


def short(value: object, limit: int = _VALUE) -> str:
    """One harmless line that leaves room for others; a dash where there is nothing."""
    text = "" if value is None else safe(value)
    return "–" if not text else text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def day_time(stamp: str) -> str:
    moment = datetime.fromisoformat(stamp)
    return f"{moment.day} {moment:%b %Y %H:%M} UTC"


def weekday(day: str) -> str:
    """A date as it stands in JSON → "Tue 24 Nov"."""
    on = date.fromisoformat(day)
    return f"{on:%a} {on.day} {on:%b}"


def source_name(table: str) -> str:
    return _SOURCES.get(table, safe(table.removeprefix("sf_").replace("_", " ")))


def _dash(value: float | None) -> str:
    return "–" if value is None else str(value)


def say(out: Console, text: str, style: str = "") -> None:
    """One line, which the terminal may wrap but we do not."""
    out.print(Text(text, style), soft_wrap=True)


def grid(*columns: str, right: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def show(out: Console, table: Table) -> None:
    """Without the blanks that fill the last column, except on a terminal, where they do no harm."""
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as capture:
        out.print(table)
    out.file.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


# -- scores ------------------------------------------------------------------------------------------------------------


def portfolio(out: Console, rows: Sequence[Json], as_of: str) -> None:
    unknown = sum(row["band"] in (None, "unknown") for row in rows)
    tail = f" · {unknown} unknown" if unknown else ""
    say(out, f"Portfolio, {day_time(as_of)}    {_plural(len(rows), 'managed account')}{tail}")
    if not rows:
        say(out, "No account is managed at this time: [accounts] in the config says which ones are.")
        return
    right = ("Overall", "Health", "Reach", "Conf.")
    table = grid("Account", "Band", *right, "First reason", right=right)
    for row in rows:
        band = row["band"] or "unknown"
        table.add_row(
            Text(short(row["account"], _NAME)),
            Text(band, style=_BAND_STYLE[band]),
            _dash(row["overall"]),
            f"{_dash(row['health'])}{moved(row.get('health_trend_30d'))}",
            _dash(row["penetration"]),
            amount(row["confidence"], "share"),
            Text(short(row["first_reason"], 64)),
        )
    show(out, table)


def metrics(out: Console, rows: Sequence[Json], units: Mapping[str, str]) -> None:
    if not rows:
        say(out, "No account existed at this time.")
        return
    table = grid("Account", "Metric", "Value", "Unit", right=("Value",))
    for row in rows:
        name = short(row["account"], _NAME)
        for metric, value in row["metrics"].items():
            table.add_row(Text(name), metric, amount(value, units.get(metric, "")), units.get(metric, ""))
            name = ""
    show(out, table)


# -- one account -------------------------------------------------------------------------------------------------------


def explanation(out: Console, data: Json) -> None:
    say(out, f"{short(data['account'])}    measured {day_time(data['as_of'])}")
    if not data["scorecards"]:
        say(out, "This account is not managed, so it has metrics and no scores ([accounts] says which are).")
        return
    for name, card in data["scorecards"].items():
        score = "–" if card["score"] is None else card["score"]
        out.print()
        out.print(
            Text.assemble(
                (f"{safe(card.get('label') or name.capitalize())} {score}, ", "bold"),
                (card["band"], _BAND_STYLE[card["band"]]),
                f", confidence {amount(card['confidence'], 'share')}",
                f" ({safe(card['unknown'])})" if card["unknown"] else "",
                _since(card),
                f", as segment {safe(card['segment'])}" if card["segment"] else "",
            ),
            soft_wrap=True,
        )
        show(out, _measures(card))
    if data["quadrant"]:
        out.print()
        say(out, _quadrant(data["quadrant"]))
    if data["rules"]:
        out.print()
        show(out, _rules(data["rules"], data.get("metrics", {})))


def moved(points: int | None) -> str:
    """How a score moved, beside it: " ▼ 11"."""
    return "" if points is None else f" {'▼' if points < 0 else '▲' if points > 0 else '='} {abs(points)}"


def _since(card: Json) -> str:
    """How it moved and since when it is in this band, as far as the past is known."""
    told = []
    if card.get("trend_30d") is not None:
        told.append(f",{moved(card['trend_30d'])} in 30 days")
    if card.get("days_in_band"):
        told.append(f", in this band for {number(card['days_in_band'], 'days')}")
    return "".join(told)


def _quadrant(data: Json) -> str:
    axes = [
        f"{safe(data[axis]['label'])} {amount(data[axis]['score'], 'points')}"
        for axis in ("attractive", "able")
    ]
    tier = f", tier {short(data['tier'], 20)}" if data["tier"] else ""
    return f"Quadrant {_dash(data['value'])}    {', '.join(axes)}{tier}"


def _measures(card: Json) -> Table:
    table = grid("  measure", "value", "score", "weight", "points", "", right=("score", "weight", "points"))
    for each in card["measures"]:
        known = each["score"] is not None
        table.add_row(
            Text(f"  {safe(each['label'])}"),
            number(each["value"], each["unit"]),
            f"{each['score']:.0f}" if known else "–",
            amount(each["weight"], ""),
            f"{each['points']:.2f}" if each["points"] is not None else "–",
            Text(_evidence(each) if known else "no data" if each["value"] is None else "not counted"),
        )
    for cap in card["caps"]:
        if cap["holds"]:
            words = Text(f"  cap “{safe(cap['name'])}”: at most {cap['at_most']:g}")
            table.add_row(words, "", "", "", f"{cap['points']:.2f}", Text(short(cap["when"])))
    if card["rounding"]:
        table.add_row("  rounding", "", "", "", f"{card['rounding']:.2f}", "")
    if card["score"] is not None:
        table.add_row("", "", "", "", f"{card['score']:.2f}", "")
    return table


def _evidence(measure: Json) -> str:
    shown = [
        short(e["key"] if (e["url"] or "").find("/browse/") >= 0 else e["text"], 40)
        for e in measure["evidence"][:4]
    ]
    more = measure["evidence_total"] - len(shown)
    told = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    return "; ".join(part for part in (told, safe(measure["stale"] or "")) if part)


def _rules(rules: Sequence[Json], metrics: Mapping[str, Json]) -> Table:
    table = grid("Rules", "", "")
    for rule in rules:
        words = " and ".join(
            f"{_clause(clause['text'], rule['values'], metrics)}{_STATE_WORDS[clause['holds']]}"
            for clause in _telling(rule["clauses"])
        )
        state = rule["state"]
        table.add_row(
            rule["rule"],
            Text(state, style=_STATE_STYLE.get(state, "")),
            Text(words or safe(rule["condition"])),
        )
    return table


_IS_NULL = re.compile(r"(\w+) is null", re.IGNORECASE)
_STATE_WORDS = {True: "", False: " (no)", None: " (unknown)"}


def _telling(clauses: Sequence[Json]) -> list[Json]:
    """Of a part that asks whether something is unknown and those that compare it, the ones that say something."""
    asked = {
        found[1]: clause["holds"]
        for clause in clauses
        if (found := _IS_NULL.fullmatch(clause["text"].strip()))
    }
    told = []
    for clause in clauses:
        names = set(_WORD.findall(clause["text"])) & asked.keys()
        if _IS_NULL.fullmatch(clause["text"].strip()):
            compared = any(
                clause is not other and names & set(_WORD.findall(other["text"])) for other in clauses
            )
            if clause["holds"]:
                told.append({**clause, "text": names.pop()})
            elif not compared:
                told.append(clause)
        elif not (clause["holds"] is None and any(asked[name] for name in names)):
            told.append(clause)
    return told


def _clause(text: str, values: Mapping[str, object], metrics: Mapping[str, Json]) -> str:
    """The clause with each metric's label and value in the place of its name: "days since contact 36 days > 30"."""

    def told(name: re.Match[str]) -> str:
        if name[0] not in values:
            return name[0]
        value, metric = values[name[0]], metrics.get(name[0])
        if metric is None:
            return f"{name[0]} {'unknown' if value is None else safe(value)}"
        return f"{metric['label']} {number(value, metric['unit'])}"  # type: ignore[arg-type]  # a metric is a number

    return safe(_WORD.sub(told, text))


# -- links and pull ----------------------------------------------------------------------------------------------------


def links(out: Console, data: Json, names: Mapping[str, str]) -> None:
    """`names` are those of the accounts that ambiguous issues could belong to, by id."""
    told = data["coverage"]
    ways = ", ".join(f"{method} {count}" for method, count in told["by_method"].items())
    share = f", {amount(told['linked_share'], 'share')}" if told["issues"] else ""
    say(
        out,
        f"{_plural(told['issues'], 'issue')}: {told['linked']} linked{f' (by {ways})' if ways else ''}{share}, "
        f"{told['ambiguous']} ambiguous, {told['unmatched']} unmatched",
    )
    if told["linked"] < told["issues"]:
        show(out, _link_coverage(told))
    for row in data["ambiguous"][:20]:
        could = ", ".join(f"{short(names.get(each), _NAME)} {safe(each)}" for each in row["candidates"][:5])
        more = f" and {len(row['candidates']) - 5} more" if len(row["candidates"]) > 5 else ""
        say(out, f"  ambiguous  {safe(row['key'])}  could be {could}{more}")
    if len(data["ambiguous"]) > 20:
        say(out, f"  … and {len(data['ambiguous']) - 20} more: rapport links --format json")
    projects: dict[str, list[str]] = {}
    for row in data["unmatched"]:
        projects.setdefault(row["key"].rpartition("-")[0], []).append(row["key"])
    for project, keys in sorted(projects.items(), key=lambda each: (-len(each[1]), each[0])):
        shown = ", ".join(safe(key) for key in keys[:3]) + (", …" if len(keys) > 3 else "")
        say(out, f"  unmatched  {safe(project)}: {_plural(len(keys), 'issue')} ({shown})")
    if projects:
        say(
            out,
            "  What to do: fill the account field in Jira, give projects an account in [identity.projects], or correct what\n"
            "  `rapport links --suggest --out FILE` proposes and name that file in [identity] map_file.",
        )


def proposals(out: Console, data: Json, file: str) -> None:
    """What `links --suggest` wrote to `file`, and what a person has to do with it."""
    open_issues, rows = data["coverage"]["ambiguous"] + data["coverage"]["unmatched"], data["suggestions"]
    if not rows:
        say(out, f"Nothing to propose for {_plural(open_issues, 'issue')} without an account.")
    table = grid("Kind", "Value", "Issues", "Account", "Score", "Why", right=("Issues", "Score"))
    for row in rows[:20]:
        first = row["candidates"][0]
        account = short(first["account"], _NAME) if row["clear"] else f"# {short(first['account'], _NAME)}"
        more = len(row["candidates"]) - 1
        table.add_row(
            row["kind"],
            Text(short(row["value"], _NAME)),
            str(row["issues"]),
            Text(account + (f" or {more} more" if more else "")),
            str(first["score"]),
            Text(short(first["why"])),
        )
    if rows:
        show(out, table)
    if len(rows) > 20:
        say(out, f"  … and {len(rows) - 20} more")
    clear = sum(row["clear"] for row in rows)
    say(
        out,
        f"{_plural(len(rows), 'proposal')} for {_plural(open_issues, 'issue')} without an account, {clear} of them "
        f"clear, {len(rows) - clear} behind a #: {safe(file)}\n"
        "  What to do: correct the file (strike out what is wrong, take the # from what is right), name it in\n"
        "  [identity] map_file and run `rapport links` again.",
    )


def _link_coverage(told: Json) -> Table:
    """The projects that have issues without an account, those with most of them first."""
    right = ("Issues", "Linked", "Ambiguous", "Unmatched")
    table = grid("Project", *right, "", right=right)
    several = len(told["sites"]) > 1
    lacking = [row for row in told["projects"] if row["linked"] < row["issues"]]
    for row in lacking[:20]:
        name = f"{row['site']} {row['project']}" if several else row["project"]
        figures = [str(row[each]) for each in ("issues", "linked", "ambiguous", "unmatched")]
        table.add_row(Text(short(name, _NAME)), *figures, amount(row["linked_share"], "share"))
    if len(lacking) > 20:
        table.add_row(f"… and {len(lacking) - 20} more", *[""] * 5)
    return table


def pulled(out: Console, data: Json) -> None:
    read = [f"{count} {source_name(source)}" for source, count in data["rows"].items() if count]
    calls = data["calls"]
    say(out, f"Run {data['run']}: read {', '.join(read) or 'nothing new'}")
    say(out, f"calls: Salesforce {calls['salesforce']['read']} read, Jira {calls['jira']['read']} read")


# -- what a run did ----------------------------------------------------------------------------------------------------


def outcome(out: Console, data: Json) -> None:
    calls = data["calls"]
    skipped = f", {data['skipped']} skipped" if data["skipped"] else ""
    refused = f", {data['quarantined']} refused" if data["quarantined"] else ""
    changes = _plural(data["changes"], "change") if data["changes"] else "nothing to change"
    say(
        out,
        f"Run {data['run']}: {changes}, {data['applied']} applied{skipped}{refused} · calls: "
        f"Salesforce {calls['salesforce']['read']} read {calls['salesforce']['write']} write, "
        f"Jira {calls['jira']['read']} read {calls['jira']['write']} write",
    )
    if data.get("mode") == "observe" and data["changes"] and not data["applied"]:
        say(out, "The rollout mode is observe, so nothing was written; rapport plan shows what would be.")
    for record in data["records"]:
        if record["outcome"] in _LEFT and record.get("reason"):
            say(out, f"  {_LEFT[record['outcome']]:<8} {safe(record['id'])}  {short(record['reason'], 200)}")


_LEFT = {"skipped": "skipped", "quarantined": "refused"}


def status(out: Console, data: Json) -> None:
    running = data["running"]
    if running is not None:
        since = f" since {day_time(running['since'])}" if "since" in running else ""
        who = f"process {running.get('pid', '?')}, phase {safe(running.get('phase', '?'))}{since}"
        say(out, f"A run holds the store: {who}.")
    if data["runs"]:
        show(out, _runs(data["runs"], running))
    else:
        say(out, "No run yet.")
    for each in data["quarantined"]:
        code = f" ({safe(each['code'])})" if each["code"] else ""
        said = f"{short(each['message'], 200)}{code}, since {day_time(each['since'])}"
        say(out, f"  refused  {each['object']} {safe(each['record'])}: {said}")
    if data["quarantined"]:
        say(out, "  What to do: correct these records or the right to write them; the next run tries again.")
    if data["pull"] is not None:
        _last_pull(out, data["pull"])


def _runs(runs: Sequence[Json], running: Json | None) -> Table:
    right = ("Exit", "Changes", "Applied", "Refused")
    table = grid("Run", "Command", "Began", *right, right=right)
    for run in runs:
        going = run["exit_code"] is None and running is not None and running.get("pid") == run.get("pid")
        end = "running" if going else "broken off" if run["exit_code"] is None else str(run["exit_code"])
        figures = ["–" if run.get(name) is None else str(run[name]) for name in _FIGURES]
        table.add_row(run["run"], run["command"], day_time(run["began"]), end, *figures)
    return table


_FIGURES = ("changes", "applied", "quarantined")


def _last_pull(out: Console, pull: Json) -> None:
    if pull["pulled_at"]:
        say(out, f"Last pull: {day_time(pull['pulled_at'])}.")
    days = ", ".join(f"{safe(each)} on {weekday(day)}" for each, day in sorted(pull["good_days"].items()))
    if days:
        say(out, f"Last read whole: {days}.")
    if pull["incomplete"]:
        say(
            out,
            f"The last pull broke off{', so some sources are older than others' if pull['pulled_at'] else ''}.\n"
            "  What to do: run `rapport pull` again.",
            "yellow",
        )
    for each in pull["unfinished"]:
        read = f"{each['rows']:,} records read, up to {day_time(each['reached'])}"
        say(out, f"  partly   {source_name(each['source'])}: {read}; the next pull goes on there")
    absent: dict[str, list[str]] = {}
    for source in pull["sources"]:
        name = source_name(source["source"])
        if not source["present"]:
            absent.setdefault(safe(source["reason"] or "not there"), []).append(name)
        elif source["missing"]:
            fields = ", ".join(safe(each) for each in source["missing"])
            say(out, f"  partly   {name}: without {fields}")
    for reason, names in sorted(absent.items()):
        say(out, f"  absent   {', '.join(names)}: {reason}")
