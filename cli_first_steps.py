"""The commands with which somebody begins: draft a config, try it out, have the org prepared.

Each is a parse, one call and a print, as in `cli`, whose command line they join.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import demo as demo_run
from cli_options import Format, FormatOption, parse_instant
from reports import init_text, output, setup_text, terminal
from simulator import dataset, faults
from simulator.server import Simulator
from sync import init as first_config
from sync.errors import SyncError
from sync.setup_salesforce import write_package

setup = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What an org needs, written out for its admin."
)


def add_to(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(simulate)
    app.add_typer(setup, name="setup")
    app.command()(demo)


class Auth(StrEnum):
    jwt = "jwt"
    client_credentials = "client_credentials"
    sf_cli = "sf_cli"
    access_token = "access_token"  # noqa: S105 - a way to sign in, no token


class Deployment(StrEnum):
    cloud = "cloud"
    datacenter = "datacenter"


def init(
    context: typer.Context,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help=f"The new config file (default: {first_config.DEFAULT_OUT})."
        ),
    ] = None,
    salesforce_url: Annotated[
        str | None, typer.Option("--salesforce-url", metavar="URL", help="The org's My Domain address.")
    ] = None,
    auth: Annotated[Auth | None, typer.Option("--auth", help="How Rapport signs in to Salesforce.")] = None,
    target_org: Annotated[
        str | None,
        typer.Option("--target-org", metavar="NAME", help="User name or alias of the Salesforce CLI."),
    ] = None,
    jira_url: Annotated[
        str | None, typer.Option("--jira-url", metavar="URL", help="Address of the Jira site.")
    ] = None,
    deployment: Annotated[
        Deployment | None, typer.Option("--deployment", help="Kind of Jira, where the site does not tell.")
    ] = None,
    email: Annotated[
        str | None, typer.Option("--email", metavar="ADDRESS", help="The Jira Cloud user that reads.")
    ] = None,
    no_jira: Annotated[bool, typer.Option("--no-jira", help="There is no Jira.")] = False,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Ask the org and the site for their schema and write a commented config that works; --config: an older one to go by,
    or, where there is none yet, the one to write.
    """
    older: Path | None = context.obj
    if out is None and older is not None and not older.exists():
        out, older = older, None
    out = out or Path(first_config.DEFAULT_OUT)
    given = first_config.Given(
        salesforce_url=salesforce_url,
        auth=None if auth is None else auth.value,
        target_org=target_org,
        jira_url=jira_url,
        deployment=None if deployment is None else deployment.value,
        email=email,
        jira=not no_jira,
    )
    asked = sys.stdin is not None and sys.stdin.isatty()
    connection = first_config.connect(
        given, out=out, older=older, environ=os.environ, ask=_ask if asked else None
    )
    with terminal.progress() as progress:
        made = first_config.draft_config(connection, out=out, progress=progress)
    if format is Format.json:
        output.json_line(made.to_json())
    else:
        init_text.outcome(terminal.console(), made.to_json())


def _ask(question: first_config.Question) -> str:
    """On stderr, because stdout is for what was found; a secret is not shown while it is typed."""
    return str(
        typer.prompt(question.text, default="", show_default=False, hide_input=question.secret, err=True)
    )


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
        fixed = None if now is None else parse_instant(now, "--now")
        loaded = dataset.load(data)
    except ValueError as error:
        raise typer.BadParameter(f"--faults: {error}") from None
    except FileNotFoundError as error:
        raise SyncError(
            f"There is {error}." if str(error).startswith("no ") else f"{error}.",
            "name a folder that holds salesforce/<Object>.jsonl or jira/issues.jsonl.",
        ) from None
    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    try:
        simulator = Simulator(
            loaded,
            port=port,
            jira_port=port + 1 if port else 0,
            latency=latency_ms / 1000,
            faults=schedule,
            now=fixed,
        )
    except OSError as error:
        raise SyncError(
            f"The ports {port} and {port + 1} cannot be used: {error.strerror}.",
            "name another --port, or leave it out for any.",
        ) from None
    with simulator:
        output.json_line({"salesforce": simulator.salesforce_url, "jira": simulator.jira_url})
        sys.stdout.flush()
        stopped.wait()


@setup.command()
def salesforce(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for the package.")] = Path(
        "rapport-salesforce"
    ),
    *,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Write out the Salesforce package (fields, rights, views) and say which commands deploy it; connects to nothing."""
    data = write_package(out)
    if format is Format.json:
        output.json_line(data)
    else:
        setup_text.package(terminal.console(), data)


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
        demo_run.show(keep)
        return
    with tempfile.TemporaryDirectory(prefix="rapport-demo-") as folder:
        demo_run.show(Path(folder))
