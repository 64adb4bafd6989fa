"""The command line: parse, one call, print, exit code.

Exit codes: 0 done · 2 usage or config error · 3 a source or target refused or is unreachable · 4 a safety limit stopped
the write · 5 done, but some records are quarantined · 6 another run holds the store · 10 `plan --detailed-exitcode`
found something to change.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from connectors.errors import ConnectorError
from reports import terminal
from rules.faults import CatalogueError
from simulator import dataset, faults, sample
from simulator.server import Simulator
from sync import config as config_file
from sync import lock, run, views
from sync.changes import Plan
from sync.config_errors import ConfigError
from sync.errors import SyncError
from sync.measure import default_as_of, measure, server_now
from sync.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sync.config import Config
    from sync.mirror import Mirror

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Relationship health for account managers: the layer between Salesforce and Jira.",
)


class Format(StrEnum):
    text = "text"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="ISO-8601", help="The instant to measure at instead of now.")
]
Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for a run that holds the store.")]
AllowLarge = Annotated[
    bool, typer.Option("--allow-large-change", help="Write past the safety limits, this once.")
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Take over values that somebody else put into Rapport's fields.")
]


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The config file (default: rapport.toml).")
    ] = None,
    debug: Annotated[
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
    with _progress() as progress:
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
    with _progress() as progress:
        outcome, report = run.run_pull(config, full=full, progress=progress)
    data = {"run": outcome.run, "rows": report.rows, "notices": outcome.notices, "calls": outcome.calls}
    if format is Format.json:
        _print_json(data)
    else:
        terminal.pulled(terminal.console(), data)


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
    with run.reading(config, wait=wait) as (mirror, state):
        made = run.build_plan(config, mirror, state, _instant(as_of, config, mirror), adopt=adopt)
    text = made.to_text()
    if out is not None:
        _write_private(out, text)
    if format is Format.json:
        sys.stdout.write(text)
    else:
        terminal.plan(terminal.console(), json.loads(text), file=str(out) if out else None)
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
            f"The plan {file} cannot be read: {error.strerror}.", "name a file of `rapport plan --out`."
        ) from None
    outcome = run.run_apply(config, Plan.from_text(text), allow_large_change=allow_large_change)
    _finish(outcome, format)


# -- what the store says -----------------------------------------------------------------------------------------------


@app.command()
def metrics(
    context: typer.Context,
    *,
    as_of: AsOf = None,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """All metrics of all accounts."""
    with _measured(context, as_of, wait) as (config, mirror, instant):
        data = views.metrics(config, mirror, instant)
    if format is Format.json:
        _print_json(data)
    else:
        terminal.metrics(
            terminal.console(), data, {name: each.unit for name, each in config.catalogue.metrics.items()}
        )


@app.command()
def scores(
    context: typer.Context,
    *,
    as_of: AsOf = None,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """The scores of all managed accounts, the most worrying first."""
    with _measured(context, as_of, wait) as (config, mirror, instant):
        if format is Format.json:
            _print_json(views.scores(mirror, instant))
        else:
            terminal.portfolio(terminal.console(), views.portfolio(config, mirror), views.stamp(instant))


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
    with _measured(context, as_of, wait) as (config, mirror, instant):
        data = views.explained(config, mirror, account, instant)
    if format is Format.json:
        _print_json(data)
    else:
        terminal.explanation(terminal.console(), data)


@app.command()
def links(
    context: typer.Context,
    *,
    as_of: AsOf = None,
    wait: Wait = run.READ_WAIT,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Which account each issue belongs to and by which method; links are today's, whatever --as-of says."""
    config = config_file.load(context.obj)
    with run.reading(config, wait=wait) as (mirror, _):
        _instant(as_of, config, mirror)
        data = views.links(mirror)
    if format is Format.json:
        _print_json(data)
    else:
        terminal.links(terminal.console(), data)


@app.command()
def status(context: typer.Context, *, format: FormatOption = Format.text) -> None:  # noqa: A002
    """The last runs and refused records; works while a run is going on."""
    config = config_file.load(context.obj)
    with State.open(config.store_folder, read_only=True) as state:
        data = views.status(state, lock.holder(config.store_folder))
    if format is Format.json:
        _print_json(data)
    else:
        terminal.status(terminal.console(), data)


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
        _print_json(data)
    else:
        terminal.console().print(
            f"{data['config'] or 'The environment'} is valid: {data['metrics']} metrics, {data['scorecards']} scorecards, "
            f"{data['rules']} rules, rollout mode {data['mode']}."
        )


# -- trying it out -----------------------------------------------------------------------------------------------------


@app.command()
def simulate(
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="The dataset: DIR/salesforce and DIR/jira.")
    ],
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65534, help="Salesforce here, Jira on the next; 0: any.")
    ] = 0,
    latency_ms: Annotated[int, typer.Option("--latency-ms", min=0, help="Delay of every answer.")] = 0,
    faults_spec: Annotated[
        str | None, typer.Option("--faults", metavar="SPEC", help="seed=INT,rate=0..1,kinds=429+reset+…")
    ] = None,
    now: Annotated[str | None, typer.Option("--now", metavar="ISO-8601", help="Fix the clock.")] = None,
) -> None:
    """Serve a dataset as Salesforce and Jira on 127.0.0.1; the first line on stdout is JSON with both addresses."""
    try:
        schedule = faults.parse(faults_spec) if faults_spec is not None else None
        fixed = None if now is None else _parse_instant(now, "--now")
        loaded = dataset.load(data)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    with Simulator(
        loaded,
        port=port,
        jira_port=port + 1 if port else 0,
        latency=latency_ms / 1000,
        faults=schedule,
        now=fixed,
    ) as simulator:
        _print_json({"salesforce": simulator.salesforce_url, "jira": simulator.jira_url})
        sys.stdout.flush()
        stopped.wait()


@app.command()
def demo(
    *,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Leave dataset, config and store in DIR.")
    ] = None,
) -> None:
    """The whole main job against a simulated company on this machine; needs no account and no network."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise SyncError(
                f"{keep} is not empty.", "name a new folder; the demo never writes into an old one."
            )
        _demo(keep)
        return
    with tempfile.TemporaryDirectory(prefix="rapport-demo-") as folder:
        _demo(Path(folder))


_DEMO_ACCOUNT = "Acme GmbH"
_DEMO_CONFIG = """\
# The demo's config: the simulated company of `rapport demo`. Secrets come from the environment:
# RAPPORT_SALESFORCE__CLIENT_ID=demo RAPPORT_SALESFORCE__CLIENT_SECRET=demo RAPPORT_JIRA__API_TOKEN=simulator
[salesforce]
instance_url = "{salesforce}"

[jira]
url = "{jira}"
email = "integration@example.com"

[identity]
internal_domains = ["{domain}"]
account_field = "{field}"

[identity.projects]
{projects}

[identity.units]
{units}

[rollout]
mode = "on"

[time]
now = "{now}"
"""


def _demo(folder: Path) -> None:
    out = terminal.console()
    now = datetime.now(UTC).replace(microsecond=0)
    sample.write(folder / "dataset", now=now)
    with Simulator(dataset.load(folder / "dataset"), now=now) as simulator:
        config = _demo_config(folder, simulator, now)
        step = _steps(out)
        step("Pull accounts, people, activities, deals and issues over HTTP")
        with _progress() as progress:
            outcome, report = run.run_pull(config, full=False, progress=progress)
        terminal.pulled(out, {"run": outcome.run, "rows": report.rows, "notices": [], "calls": outcome.calls})
        with run.reading(config) as (mirror, state):
            as_of = default_as_of(mirror, server_now(config, mirror))
            measure(config, mirror, state, as_of)
            step("The portfolio, the most worrying first")
            terminal.portfolio(out, views.portfolio(config, mirror), views.stamp(as_of))
            step(f"Why? rapport explain “{_DEMO_ACCOUNT}”")
            terminal.explanation(out, views.explained(config, mirror, _DEMO_ACCOUNT, as_of))
            step("The plan: exactly what would be written")
            made = run.build_plan(config, mirror, state, as_of)
            terminal.plan(out, json.loads(made.to_text()), limit=6)
        step("Apply it")
        terminal.outcome(out, run.run_apply(config, made, allow_large_change=False).to_json())
        before = simulator.calls()["salesforce"]["write"]
        step("Run again: nothing changed, so nothing is written")
        with _progress() as progress:
            again = run.run_sync(config, allow_large_change=False, adopt=False, progress=progress)
        terminal.outcome(out, again.to_json())
        after = simulator.calls()["salesforce"]["write"]
        out.print(f"Write calls of the second run, counted by the simulated org: {after - before}")


def _demo_config(folder: Path, simulator: Simulator, now: datetime) -> Config:
    path = folder / "rapport.toml"
    projects = "\n".join(f'{key} = "{account}"' for key, account in sample.PROJECT_ACCOUNTS.items())
    units = "\n".join(
        f'"{account}" = {json.dumps(list(names))}' for account, names in sample.DECLARED_UNITS.items()
    )
    path.write_text(
        _DEMO_CONFIG.format(
            salesforce=simulator.salesforce_url,
            jira=simulator.jira_url,
            domain=sample.INTERNAL_DOMAIN,
            field=sample.ACCOUNT_FIELD_NAME,
            projects=projects,
            units=units,
            now=now.isoformat().replace("+00:00", "Z"),
        ),
        encoding="utf-8",
    )
    secrets = {
        "RAPPORT_SALESFORCE__CLIENT_ID": "demo",
        "RAPPORT_SALESFORCE__CLIENT_SECRET": "demo",
        "RAPPORT_JIRA__API_TOKEN": "simulator",
    }
    return config_file.load(path, secrets)


def _steps(out: Any) -> Callable[[str], None]:
    count = iter(range(1, 100))

    def step(title: str) -> None:
        out.print()
        out.rule(f"{next(count)}  {title}", align="left", style="bold")

    return step


# -- shared by the commands --------------------------------------------------------------------------------------------


@contextmanager
def _measured(
    context: typer.Context, as_of: str | None, wait: float
) -> Iterator[tuple[Config, Mirror, datetime]]:
    config = config_file.load(context.obj)
    with run.reading(config, wait=wait) as (mirror, state):
        instant = _instant(as_of, config, mirror)
        measure(config, mirror, state, instant)
        yield config, mirror, instant


def _instant(as_of: str | None, config: Config, mirror: Mirror) -> datetime:
    if as_of is not None:
        return _parse_instant(as_of, "--as-of")
    return default_as_of(mirror, server_now(config, mirror))


def _parse_instant(text: str, option: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f'{option}: "{text}" is no ISO-8601 time; write one like 2026-11-22T09:00:00Z'
        ) from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _finish(outcome: run.Outcome, form: Format) -> None:
    for notice in outcome.notices:
        sys.stderr.write(f"{terminal.safe(notice)}\n")
    data = outcome.to_json()
    if form is Format.json:
        _print_json(data)
    else:
        terminal.outcome(terminal.console(), data)
    if outcome.applied is not None and outcome.applied.newly_quarantined:
        raise typer.Exit(5)


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """Rows as they arrive, on a terminal's stderr only."""
    console = terminal.console(sys.stderr)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task("")
        yield lambda source, rows: bar.update(task, description=f"{source}: {rows} rows" if rows else source)


def _print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n")


def _write_private(path: Path, text: str) -> None:
    """A plan names customers: 0600, and never half a file."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def _fail(message: str, code: int) -> int:
    sys.stderr.write(message.rstrip() + "\n")
    return code


def main(arguments: list[str] | None = None) -> None:
    """Run one command; every expected problem is a sentence on stderr and an exit code."""
    os.umask(0o077)
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        result = app(args=arguments, prog_name="rapport", standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except (ConfigError, CatalogueError) as error:
        return _fail(str(error), 2)
    except SyncError as error:
        return _fail(str(error), error.exit_code)
    except ConnectorError as error:
        return _fail(str(error), 3)
    except dataset.DatasetError as error:
        return _fail(str(error), 3)
    except FileNotFoundError as error:
        return _fail(f"There is no {error.filename or error}.", 2)
    except typer.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the reader left; end quietly
        return 0
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is not None:  # a usage error of the command line library
            return _fail(f"{usage()}\n  What to do: see `rapport --help`.", 2)
        if "--debug" in (sys.argv if arguments is None else arguments):
            raise
        return _fail(
            f"Rapport failed in a way it did not expect: {type(error).__name__}: {error}\n"
            "  What to do: run `rapport --debug …` again and report what it says.",
            3,
        )
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
