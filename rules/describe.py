"""The reference pages, written from the catalogue itself: `python -m rules.describe` renews them in docs/.

`docs/metrics.md` and `docs/scorecards.md` are written whole; in `docs/rules.md` the lists between two marks `<!-- NAME: … -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rules import catalogue, deal_sources, service_sources, words
from rules.describe_scorecards import scorecards_page
from rules.evidence import leaves
from rules.functions import SCALARS
from rules.manual_share import ShareOfKnown
from rules.sources import ACCOUNT_COLUMNS, ACTIVITY_COLUMNS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.catalogue import Catalogue, Metric
    from rules.expressions import Type

FUNCTION_MEANINGS: Mapping[str, str] = {
    "abs": "the number without its sign",
    "round": "rounded, a half to the even neighbour: round(2.5) is 2",
    "least": "the smallest of those that are known",
    "greatest": "the largest of those that are known",
    "coalesce": "the first that is known",
    "nullif": "a, but unknown where a equals b",
    "if": "one of two values; unknown where the condition is unknown",
    "starts_with": "whether the first text begins with the second, letter by letter",
    "ends_with": "whether the first text ends with the second",
    "contains": "whether the second text stands anywhere in the first",
    "lower": "the text in small letters, to compare without regard to upper and lower case",
    "length": "the number of characters",
    "has_label": "whether the issue has this label, in whatever case; in source `issues` only",
}
SOURCE_MEANINGS: Mapping[str, str] = {
    "moments": "one contact with the customer: a meeting, a call, an e-mail",
    "moment_people": "one person of an account's contacts",
    "coming_meetings": "one meeting that is still to come",
    "threads": "one mail thread whose newest message a contact has sent",
    "missed_calls": "one call of the customer that nobody took",
    "contacts": "one contact of the account, met or not",
    "issues": "one linked issue as it stood at that time, sub-tasks and epics left out, or one Case that no issue names",
    "comments": "one open issue in which the customer waits for an answer, by its oldest comment without one",
    "responses": "one issue that the customer raised in the last 90 days, by how long it waited for our first public comment",
    "steps": "one step of a linked issue from one status to another",
    "projects": "one project with an open issue, by how long ago we last told the customer something there",
    "org_units": "one unit of the customer: a child account, a department, a unit named in the config",
    **deal_sources.MEANINGS,
    **service_sources.MEANINGS,
}
_GROUPS = (
    ("Contact with the customer", ("moments", "moment_people", "coming_meetings")),
    ("Mails and calls that wait", ("threads", "missed_calls")),
    ("People", ("contacts",)),
    ("Issues", ("issues", "steps")),
    ("Questions that wait", ("comments",)),
    ("Keeping the customer informed", ("responses", "projects")),
    ("Parts of the organisation", ("org_units",)),
    *deal_sources.GROUPS,
    *service_sources.GROUPS,
    ("Made of scores", ("",)),
)


def metrics_page(shelf: Catalogue) -> str:
    """docs/metrics.md: what each metric counts, from which rows, and what its NULL means."""
    lines = [
        "# Metrics",
        "",
        "Every number that Rapport works out for each account, with the condition that decides. The page is written from",
        "the catalogue by `python -m rules.describe`; `rapport metrics` shows the values, `rapport explain ACCOUNT` the",
        "records behind them. How to change one or add your own: [rules.md](rules.md).",
        "",
        "No data is not zero: where a number cannot be known it is NULL, lowers the confidence of the scores that use it",
        "and fires no rule.",
        "",
        "| metric | called | unit | in |",
        "|---|---|---|---|",
    ]
    grouped = [
        (title, [metric for metric in shelf.metrics.values() if _main_source(shelf, metric) in sources])
        for title, sources in _groups(shelf)
    ]
    lines += [
        f"| [`{metric.name}`](#{metric.name}) | {metric.label} | {metric.unit} | {_used_in(shelf, metric.name)} |"
        for _, metrics in grouped
        for metric in metrics
    ]
    for title, metrics in grouped:
        if metrics:
            lines += ["", f"## {title}"]
        for metric in metrics:
            lines += ["", f"### {metric.name}", "", *_metric(shelf, metric)]
    return "\n".join(lines) + "\n"


def lists(shelf: Catalogue) -> dict[str, str]:
    """The generated lists of docs/rules.md, by the names of their marks."""
    return {
        "functions": _table(
            ("function", "gives"),
            [(f"`{each.usage}`", FUNCTION_MEANINGS[name]) for name, each in SCALARS.items()],
        ),
        "sources": "\n\n".join(
            f"**`{source}`**: {SOURCE_MEANINGS[source]}.\n\n{_columns(columns)}"
            for source, columns in SOURCES.items()
        ),
        "account columns": _columns(ACCOUNT_COLUMNS),
        "activity columns": _columns(ACTIVITY_COLUMNS),
        "rules": _table(
            ("rule", "fires when", "kind", "due", "cool-down"),
            [
                (
                    f"`{rule.name}`",
                    f"`{rule.when.text}`",
                    rule.kind,
                    words.number(rule.due.amount, rule.due.unit).replace("1 business days", "1 business day"),
                    words.number(rule.cooldown_days, "days"),
                )
                for rule in shelf.rules.values()
            ],
        ),
    }


def filled(page: str, shelf: Catalogue) -> str:
    """The page with its marked lists as they are now."""
    for name, text in lists(shelf).items():
        mark = re.compile(rf"(<!-- {name}: [^\n]*-->\n).*?(\n<!-- end -->)", re.DOTALL)
        page = mark.sub(lambda found, text=text: f"{found[1]}\n{text}\n{found[2]}", page)  # type: ignore[misc]  # a default argument
    return page


def _groups(shelf: Catalogue) -> list[tuple[str, tuple[str, ...]]]:
    placed = {source for _, sources in _GROUPS for source in sources}
    rest = {_main_source(shelf, metric) for metric in shelf.metrics.values()} - placed
    return [*_GROUPS, *([("Others", tuple(sorted(rest)))] if rest else [])]


def _main_source(shelf: Catalogue, metric: Metric) -> str:
    return "" if metric.name in shelf.late else leaves(shelf, metric.name)[0].source or ""


def _metric(shelf: Catalogue, metric: Metric) -> list[str]:
    lines = [metric.help, ""] if metric.help else []
    lines += [f"- **Unit:** {metric.unit}"] if metric.unit else []
    if metric.name in shelf.late and metric.expr is None:
        lines.append("- **From:** the two axes of `[quadrant]`; see [scorecards.md](scorecards.md)")
    elif isinstance(metric, ShareOfKnown):
        lines.append("- **From:** every other metric that is known")
        lines.append(
            f"- **Declared are:** {', '.join(f'`{each.name}`' for each in metric.over if each.declared)}"
        )
    elif metric.expr is not None:
        lines.append(
            f"- **From:** `{metric.expr.text}`, unknown where one of these is, or where it divides by 0"
        )
    else:
        lines.append(f"- **From:** {_taken(metric)} `{metric.source}`")
        lines.append(f"- **Which rows:** {f'`{metric.where.text}`' if metric.where else 'all'}")
        lines.append(f"- **Without rows:** {_empty(metric)}")
    needed = dict.fromkeys(each for leaf in leaves(shelf, metric.name) for each in leaf.requires)
    if needed:
        lines.append(f"- **NULL while** {'; or '.join(words.UNCOVERED[each] for each in needed)}.")
    past = "as it was then" if metric.history == "full" else "not known: the figure of today is shown"
    lines.append(f"- **Replay of a past day:** {past}.")
    if metric.ageing:
        lines.append("- **Ageing:** it grows by the mere passing of time, which rewrites no text.")
    return lines


def _taken(metric: Metric) -> str:
    value = f"`{metric.value.text}`" if metric.value else ""
    match metric.aggregate:
        case "count":
            return "number of rows in"
        case "count_distinct":
            return f"number of different {value} in"
        case "avg" if metric.value and metric.value.text.startswith("if("):
            return f"mean of {value} (a share) over"
        case "avg":
            return f"mean of {value} over"
        case "quantile":
            return f"{metric.quantile:g} quantile of {value} over"
        case "latest":
            return f"latest {value} in"
        case "effective_number":
            return f"(Σx)² / Σx² of {value} over"
    return f"{metric.aggregate} of {value} over"


def _empty(metric: Metric) -> str:
    if metric.never == "account_age":
        return "the age of the account in days; its evidence reads “never”."
    return "0." if metric.empty == "zero" else "NULL."


def _used_in(shelf: Catalogue, name: str) -> str:
    cards = [
        card.label for card in shelf.scorecards.values() if any(each.metric == name for each in card.measures)
    ]
    rules = [f"`{rule.name}`" for rule in shelf.rules.values() if name in rule.when.columns]
    return ", ".join([*cards, *rules]) or "–"


def _columns(columns: Mapping[str, Type]) -> str:
    kinds = dict.fromkeys(columns.values())
    return "\n".join(
        f"- {kind}: {', '.join(f'`{name}`' for name, own in columns.items() if own == kind)}"
        for kind in kinds
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    body = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body)


def shipped() -> Catalogue:
    """The catalogue as it comes, before any config changes it."""
    return catalogue.load({}, SOURCES)


def main(folder: Path) -> None:
    shelf = shipped()
    (folder / "metrics.md").write_text(metrics_page(shelf), encoding="utf-8")
    (folder / "scorecards.md").write_text(scorecards_page(shelf), encoding="utf-8")
    page = folder / "rules.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), shelf), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
