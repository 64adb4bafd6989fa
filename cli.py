"""The command line: parse, one call, print, exit code.

Exit codes: 0 done · 2 usage or config error · 3 a source or target refused or is unreachable · 4 a safety limit stopped
the write · 5 done, but some records are quarantined · 6 another run holds the store · 10 `plan --detailed-exitcode`
found something to change.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import cli_first_steps
from cli_options import (
    Adopt,
    AllowLarge,
    AsOf,
    By,
    Format,
    FormatOption,
    TableFormatOption,
    TableOut,
    Wait,
    parse_instant,
)
from connectors.errors import ConnectorError, FieldNotFound
from reports import (
    doctor_text,
    history_text,
    lists_text,
    managers_text,
    output,
    plan_text,
    rule_tests_text,
    tables,
    terminal,
)
from reports import next_band as next_band_text
from reports.output import TableFormat
from rules.describe import metrics_page, shipped
from rules.faults import CatalogueError
from rules.rule_tests import run_tests
from simulator import dataset
from sync import book_lists, lock, managers, next_band, run, suggest, views
from sync import config as config_file
from sync import history as score_history
from sync.changes import Plan
from sync.config_errors import ConfigError
from sync.doctor import diagnose
from sync.errors import SyncError
from sync.measure import default_as_of, measure, server_now
from sync.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rich.console import Console

    from sync.config import Config
    from sync.mirror import Mirror

_NO_ROOM = "The output cannot be written: {}.\n  What to do: make room, or send it elsewhere."
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Relationship health for account managers: the layer between Salesforce and Jira.",
)


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The config file (default: rapport.toml).")
    ] = None,
    debug: Annotated[  # noqa: ARG001 - `_run` looks for it itself, also when a failure comes before this
        bool, typer.Option("--debug", help="Show the stack trace of an unexpected failure.")
    ] = False,
) -> None:
    context.obj = config


# -- the main job ------------------------------------------------------------------------------------------------------


@app.command()
def sync(
    context: typer.Context,
    *,
    allow_large_change: AllowLarge = False,
    adopt: Adopt = False,
    format: FormatOption = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Pull, plan and apply, for schedulers; in the rollout mode "observe" it writes nothing."""
    config = config_file.load(context.obj)
    with terminal.progress() as progress:
        outcome = run.run_sync(config, allow_large_change=allow_large_change, adopt=adopt, progress=progress)
    _finish(outcome, format)


@app.command()
def pull(
    context: typer.Context,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything anew.")] = False,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Bring the store up to date with Salesforce and Jira."""
    config = config_file.load(context.obj)
    with terminal.progress() as progress:
        outcome, report = run.run_pull(config, full=full, progress=progress)
    _notices(outcome)
    data = {"run": outcome.run, "rows": report.rows, "notices": outcome.notices, "calls": outcome.calls}
    if format is Format.json:
        output.json_line(data)
    else:
        terminal.pulled(terminal.console(), data)
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


@app.command()
def plan(
    context: typer.Context,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the plan to a file for apply.")
    ] = None,
    as_of: AsOf = None,
    adopt: Adopt = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 10 when there is something to change.")
    ] = False,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Show the exact changes, before and after, each with its reason; writes nothing to Salesforce or Jira."""
    config = config_file.load(context.obj)
    with run.reading(config, wait=wait, notify=_note) as (mirror, state):
        _note_incomplete(mirror)
        instant = _instant(as_of, config, mirror)
        _note_replay(views.without_history(config, mirror, instant))
        made = run.build_plan(config, mirror, state, instant, adopt=adopt)
        names = plan_text.Names(*views.plan_names(config, mirror, made))
    text = made.to_text()
    if out is not None:
        output.write_private(out, text.encode())
    if format is Format.json:
        sys.stdout.write(text)
    else:
        plan_text.plan(terminal.console(), json.loads(text), names, file=str(out) if out else None)
    if detailed_exitcode and made.changes:
        raise typer.Exit(10)


@app.command()
def apply(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A plan written by `rapport plan --out FILE`.")
    ],
    *,
    allow_large_change: AllowLarge = False,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Write exactly the plan in FILE; a stale or edited one is refused, what a person changed since is skipped."""
    config = config_file.load(context.obj)
    try:
        text = file.read_bytes()
    except OSError as error:
        raise SyncError(
            f"The plan {file} cannot be read: {error.strerror}.", "name a file of `rapport plan --out FILE`."
        ) from None
    outcome = run.run_apply(config, Plan.from_text(text), allow_large_change=allow_large_change)
    _finish(outcome, format)


# -- what the store says -----------------------------------------------------------------------------------------------


@app.command()
def metrics(
    context: typer.Context,
    *,
    as_of: AsOf = None,
    describe: Annotated[
        bool, typer.Option("--describe", help="What each metric counts, as Markdown, instead of the values.")
    ] = False,
    wait: Wait = run.READ_WAIT,
    out: TableOut = None,
    format: TableFormatOption = TableFormat.text,  # noqa: A002
) -> None:
    """All metrics of all accounts."""
    if describe:
        _describe(context, out)
        return
    with _measured(context, as_of, wait) as (config, mirror, instant):
        data = views.metrics(config, mirror, instant)
    known = config.catalogue.metrics

    def text(console: Console) -> None:
        terminal.metrics(console, data, {name: each.unit for name, each in known.items()})

    output.table(format, data, lambda: tables.metrics_table(data, list(known)), text, out)


def _describe(context: typer.Context, out: Path | None) -> None:
    own = context.obj is not None or Path(config_file.DEFAULT_NAME).exists()
    page = metrics_page(config_file.load(context.obj).catalogue if own else shipped())
    if out is not None:
        output.write_private(out, page.encode())
    else:
        sys.stdout.write(page)


@app.command()
def scores(
    context: typer.Context,
    *,
    as_of: AsOf = None,
    history: Annotated[
        bool, typer.Option("--history", help="What each sync has seen, instead of the scores of one instant.")
    ] = False,
    by: Annotated[
        By | None,
        typer.Option(
            "--by", help="Over the books of account managers, as far as [privacy] people_analytics allows."
        ),
    ] = None,
    wait: Wait = run.READ_WAIT,
    out: TableOut = None,
    format: TableFormatOption = TableFormat.text,  # noqa: A002
) -> None:
    """The scores of all managed accounts, the most worrying first."""
    if history:
        _history(context, as_of, wait, out, format)
        return
    if by is not None:
        _by_manager(context, as_of, wait, out, format)
        return
    with _measured(context, as_of, wait) as (config, mirror, instant):
        data = views.scores(mirror, instant)
        rows = views.portfolio(config, mirror) if format is TableFormat.text else []

    def text(console: Console) -> None:
        terminal.portfolio(console, rows, views.stamp(instant))

    cards = sorted(config.catalogue.scorecards)
    output.table(format, data, lambda: tables.scores_table(data, cards), text, out)


def _by_manager(
    context: typer.Context,
    as_of: str | None,
    wait: float,
    out: Path | None,
    format: TableFormat,  # noqa: A002 - as the option's name
) -> None:
    managers.check(config_file.load(context.obj))  # before the long work
    with _measured(context, as_of, wait) as (config, mirror, instant):
        data = managers.by_manager(config, mirror, instant)
        hidden = managers.withheld(mirror)
    if hidden:
        _note(f"{hidden} account managers are in groups of fewer than {managers.LEAST} and not shown")
    output.table(
        format,
        data,
        lambda: tables.managers_table(data, config.privacy.people_analytics),
        lambda console: managers_text.managers(console, data, views.stamp(instant)),
        out,
    )


def _history(
    context: typer.Context,
    as_of: str | None,
    wait: float,
    out: Path | None,
    format: TableFormat,  # noqa: A002 - as the option's name
) -> None:
    config = config_file.load(context.obj)
    with run.reading(config, wait=wait, notify=_note) as (mirror, state):
        rows = score_history.told(state, _instant(as_of, config, mirror), views.account_names(mirror))
    output.table(
        format,
        rows,
        lambda: tables.history_table(rows),
        lambda console: history_text.history(console, rows),
        out,
    )


@app.command()
def explain(
    context: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="An Account's Id or exact name.")],
    *,
    as_of: AsOf = None,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Every point of one account's scores, down to the records, and what each rule says."""
    with _measured(context, as_of, wait, account) as (config, mirror, instant):
        data = next_band.explained(config, mirror, account, instant)
    if format is Format.json:
        output.json_line(data)
    else:
        terminal.explanation(terminal.console(), data)
        next_band_text.hint(terminal.console(), data)


@app.command()
def whatif(
    context: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="An Account's Id or exact name.")],
    *,
    scorecard: Annotated[
        str, typer.Option("--scorecard", metavar="NAME", help="Whose band it is.")
    ] = "health",
    as_of: AsOf = None,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """The smallest set of changes that brings one account into the next band."""
    with _measured(context, as_of, wait, account) as (config, mirror, instant):
        data = next_band.next_band(config, mirror, account, scorecard, instant)
    if format is Format.json:
        output.json_line(data)
    else:
        next_band_text.next_band(terminal.console(), data)


@app.command()
def lists(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="fix-first, plan-gap or whitespace.")],
    *,
    as_of: AsOf = None,
    wait: Wait = run.READ_WAIT,
    out: TableOut = None,
    format: TableFormatOption = TableFormat.text,  # noqa: A002
) -> None:
    """What to mend first over the book, what the plans lack, and where nothing was sold yet."""
    book_lists.check(name)
    with _measured(context, as_of, wait) as (config, mirror, _):
        rows = book_lists.rows(config, mirror, name)
    output.table(
        format,
        rows,
        lambda: tables.findings_table(rows),
        lambda console: lists_text.findings(console, name, rows),
        out,
    )


@app.command()
def links(
    context: typer.Context,
    *,
    suggestions: Annotated[
        bool, typer.Option("--suggest", help="Propose accounts for issues without one, as a file of links.")
    ] = False,
    out: TableOut = None,
    as_of: AsOf = None,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Which account each issue belongs to and by which method; links are today's, whatever --as-of says."""
    if out is not None and not suggestions:
        raise typer.BadParameter("--out goes with --suggest: it names the file of links to write")
    config = config_file.load(context.obj)
    with run.reading(config, wait=wait, notify=_note) as (mirror, _):
        _instant(as_of, config, mirror)
        data = views.links(mirror)
        names = views.candidate_names(mirror, data)
        proposals = suggest.suggest(config, mirror) if suggestions else []
    if suggestions:
        data["suggestions"] = suggest.to_json(proposals)
    if out is not None:
        output.write_private(out, suggest.to_csv(proposals).encode())
    if format is Format.json:
        output.json_line(data)
    elif suggestions and out is None:
        sys.stdout.write(suggest.to_csv(proposals))
    elif suggestions:
        terminal.proposals(terminal.console(), data, str(out))
    else:
        terminal.links(terminal.console(), data, names)


@app.command()
def status(context: typer.Context, *, format: FormatOption = Format.text) -> None:  # noqa: A002
    """The last runs, refused records and sources that are absent; works while a run is going on."""
    config = config_file.load(context.obj)
    folder = config.store_folder
    with State.open(folder, read_only=True) as state:
        data = views.status(state, lock.holder(folder), views.last_pull(folder))
    if format is Format.json:
        output.json_line(data)
    else:
        terminal.status(terminal.console(), data)


@app.command()
def doctor(
    context: typer.Context,
    *,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Check connections, rights, quotas and what the data lacks, and say what would help most; writes nothing."""
    config = config_file.load(context.obj)
    found = diagnose(config, wait=wait)
    if format is Format.json:
        output.json_line(found.to_json())
    else:
        doctor_text.diagnosis(terminal.console(), found.to_json())
    if found.exit_code:
        raise typer.Exit(found.exit_code)


@app.command()
def validate(context: typer.Context, *, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Check config and rules without any connection; every error in one go."""
    config = config_file.load(context.obj)
    catalogue = config.catalogue
    data = {
        "config": str(config.path) if config.path else None,
        "metrics": len(catalogue.metrics),
        "scorecards": len(catalogue.scorecards),
        "rules": sum(rule.enabled for rule in catalogue.rules.values()),
        "mode": config.rollout.mode,
        "digest": config.digest,
    }
    if format is Format.json:
        output.json_line(data)
    else:
        place = terminal.safe(data["config"] or "The environment")
        sys.stdout.write(
            f"{place} is valid: {data['metrics']} metrics, {data['scorecards']} scorecards, "
            f"{data['rules']} rules, rollout mode {data['mode']}.\n"
        )


@app.command("test")
def test_rules(context: typer.Context, *, format: FormatOption = Format.text) -> None:  # noqa: A002, PT028 - no test itself
    """Run the unit tests of rules, those in [[tests]] and the built-in ones; without any connection. Exit 2: one failed."""
    verdicts = run_tests(config_file.load(context.obj).catalogue)
    data = {
        "passed": sum(each.passed for each in verdicts),
        "failed": sum(not each.passed for each in verdicts),
        "tests": [
            {
                "rule": each.test.rule,
                "given": dict(each.test.given),
                "expect": each.test.expect,
                "found": each.found,
                "passed": each.passed,
            }
            for each in verdicts
        ],
    }
    if format is Format.json:
        output.json_line(data)
    else:
        rule_tests_text.verdicts(terminal.console(), data)
    if data["failed"]:
        raise typer.Exit(2)


cli_first_steps.add_to(app)


# -- shared by the commands --------------------------------------------------------------------------------------------


@contextmanager
def _measured(
    context: typer.Context, as_of: str | None, wait: float, account: str | None = None
) -> Iterator[tuple[Config, Mirror, datetime]]:
    """`account` is one that somebody asked for, who need not wait for a measure to hear that there is none."""
    config = config_file.load(context.obj)
    with run.reading(config, wait=wait, notify=_note) as (mirror, state):
        _note_incomplete(mirror)
        instant = _instant(as_of, config, mirror)
        if account is not None:
            views.find_account(mirror, account)
        measure(config, mirror, state, instant)
        _note_replay(views.without_history(config, mirror, instant))
        yield config, mirror, instant


def _note_replay(names: list[str]) -> None:
    if names:
        _note(f"as they are today, because nothing says what they were then: {', '.join(names)}")


def _instant(as_of: str | None, config: Config, mirror: Mirror) -> datetime:
    if as_of is not None:
        return parse_instant(as_of, "--as-of")
    return default_as_of(mirror, server_now(config, mirror))


def _note_incomplete(mirror: Mirror) -> None:
    if mirror.meta("incomplete"):
        sys.stderr.write(
            "note: the last pull did not come to its end, so this rests on data of different ages; run rapport pull\n"
        )


def _notices(outcome: run.Outcome) -> None:
    for notice in outcome.notices:
        _note(notice)


def _note(notice: str) -> None:
    sys.stderr.write(f"note: {terminal.safe(notice)}\n")


def _finish(outcome: run.Outcome, form: Format) -> None:
    _notices(outcome)
    data = outcome.to_json()
    with suppress(BrokenPipeError):  # a reader who leaves does not change how the run ended
        if form is Format.json:
            output.json_line(data)
        else:
            terminal.outcome(terminal.console(), data)
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


def _fail(message: str, code: int) -> int:
    sys.stderr.write(terminal.safe_lines(message).rstrip() + "\n")
    return code


def main(arguments: list[str] | None = None) -> None:
    """Run one command; every expected problem is a sentence on stderr and an exit code."""
    os.umask(0o077)
    output.open_streams()
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        output.discard_stdout()
    except OSError as error:
        output.discard_stdout()
        code = code or _fail(_NO_ROOM.format(error.strerror), 3)
    sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    try:
        result = app(args=arguments, prog_name="rapport", standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except (ConfigError, CatalogueError, FieldNotFound) as error:
        return _fail(str(error), 2)
    except SyncError as error:
        return _fail(str(error), error.exit_code)
    except output.NotWritten as error:
        return _fail(str(error), 2)
    except (ConnectorError, dataset.DatasetError) as error:
        return _fail(str(error), 3)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except (
        BrokenPipeError,
        SystemExit,
    ):  # the reader left, for which the command line library ends the process
        output.discard_stdout()
        return 0
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is not None:  # a usage error of the command line library
            return _usage(usage(), getattr(error, "ctx", None))
        if "--debug" in (sys.argv if arguments is None else arguments):
            raise
        if isinstance(error, OSError) and error.strerror and error.filename:
            return _fail(
                f"{error.filename}: {error.strerror}.\n  What to do: see that it is there, has room and is yours.",
                2,
            )
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            output.discard_stdout()
            return _fail(_NO_ROOM.format(error.strerror), 3)
        return _fail(
            f"Rapport failed in a way that it did not expect: {str(error) or type(error).__name__}\n"
            "  What to do: run `rapport --debug …` again and report what it says.",
            3,
        )
    return result if isinstance(result, int) else 0


def _usage(message: str, context: Any) -> int:
    """What the command line library says, and where the help is; without a command the message is the help."""
    command = context.command_path if context is not None else "rapport"
    message = message.replace("Value error, ", "")  # the library's own word for a choice that there is not
    name, _, option = message.partition(": ")
    if option == "--as-of" and name == "No such option":
        message = f"{command} has no --as-of: it works with the present"
        return _fail(
            f"{message}.\n  What to do: leave it out; `rapport plan --as-of …` shows another time.", 2
        )
    if message.startswith("Usage:"):
        return _fail(message, 2)
    return _fail(f"{message}\n  What to do: see `{command} --help`.", 2)


if __name__ == "__main__":
    main()
