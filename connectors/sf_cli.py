"""The session that the Salesforce CLI (`sf`) holds: its address and its token, asked for anew each time.

    sf org display                  the address; in older versions also the token
    sf org auth show-access-token   the token, since the other command answers "[REDACTED] …" (May 2026)

https://github.com/salesforcecli/plugin-org/pull/1667
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import SignInRefused
from connectors.http import redact

PROGRAM = "sf"
HIDDEN = "[REDACTED]"
NO_SUCH_COMMAND = 127
INSTALL = "install or update the Salesforce CLI (sf update)"
OTHERWISE = 'or use auth = "jwt", which needs no CLI'


@dataclass(frozen=True, slots=True)
class CliSession:
    instance_url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    content: dict[str, Any] = field(repr=False)

    @property
    def result(self) -> dict[str, Any]:
        found = self.content.get("result")
        return found if isinstance(found, dict) else {}

    @property
    def is_unknown_command(self) -> bool:
        said = f"{self.content.get('name')} {self.content.get('message')}".lower()
        return self.code == NO_SUCH_COMMAND or ("command" in said and "not found" in said)


def session(target_org: str | None, seconds: float) -> CliSession:
    """The session of a user name or alias, or of the CLI's default org. Each command has that many seconds."""
    shown = _ask(("org", "display"), target_org, seconds)
    if shown.code or not shown.result:
        raise _refused(shown, target_org)
    address, token = shown.result.get("instanceUrl"), _token(shown)
    if not isinstance(address, str) or not address.strip():
        raise SignInRefused(
            f"The Salesforce CLI does not say which address {_org(target_org)} has.",
            f"sign in again with sf org login web, {OTHERWISE}.",
        )
    if token is None:
        revealed = _ask(("org", "auth", "show-access-token"), target_org, seconds)
        if revealed.code and not revealed.is_unknown_command:
            raise _refused(revealed, target_org)
        token = _token(revealed)
    if token is None:
        raise _keeps_it()
    return CliSession(address.strip(), token)


def _token(answer: _Answer) -> str | None:
    found = answer.result.get("accessToken")
    if not isinstance(found, str) or not found.strip() or found.strip().startswith(HIDDEN):
        return None
    return found.strip()


def _ask(command: tuple[str, ...], target_org: str | None, seconds: float) -> _Answer:
    program = shutil.which(PROGRAM)
    if program is None:
        raise SignInRefused(
            "The Salesforce CLI (sf) is not on this machine, or not on its PATH.", f"{INSTALL}, {OTHERWISE}."
        )
    if target_org is not None and target_org.startswith("-"):
        raise SignInRefused(
            f'"{target_org}" cannot be the name of an org in the Salesforce CLI.',
            "put a user name or an alias into [salesforce] target_org; sf org list shows them.",
        )
    chosen = () if target_org is None else ("--target-org", target_org)
    code, output = _run([program, *command, *chosen, "--json"], seconds)
    content: object = None
    with contextlib.suppress(ValueError, RecursionError):
        # Hooks of the CLI may write a line of their own before the answer.
        content = json.loads(output[max(output.find(b"{"), 0) :])
    if isinstance(content, dict):
        return _Answer(code, content)
    if code == NO_SUCH_COMMAND:
        return _Answer(code, {})
    raise SignInRefused(
        f"The Salesforce CLI answered sf {' '.join(command)} with something that is no JSON.",
        f"run that command yourself to see what it says; {INSTALL}, {OTHERWISE}.",
    )


def _run(arguments: list[str], seconds: float) -> tuple[int, bytes]:
    """Without a shell, without anything to type into, and without our own secrets in its environment."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("RAPPORT_") and name != "FORCE_COLOR"
    }
    environment |= {"NO_COLOR": "1", "SF_AUTOUPDATE_DISABLE": "true"}
    problem = ""
    try:
        with subprocess.Popen(  # noqa: S603 - a found program and a checked name, no shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                problem = f"did not answer within {seconds:g} seconds"
            finally:
                _end(process)
    except OSError as error:
        problem = f"could not be started ({error.strerror})"
    if problem:
        raise SignInRefused(
            f"The Salesforce CLI (sf) {problem}.",
            f"run sf org list yourself to see what it says, {OTHERWISE}.",
        )
    return process.returncode, output


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs, with its children: `sf` is a script that starts another program, and a child
    that holds the pipe would keep us waiting for it.
    """
    if process.returncode is not None:
        return
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _refused(answer: _Answer, target_org: str | None) -> SignInRefused:
    text = answer.content.get("message")
    said = " ".join(redact(text).split())[:300].rstrip(".") if isinstance(text, str) else "no reason given"
    name = str(answer.content.get("name", ""))
    if "OrgNotFound" in name or "NoDefault" in name or "No authorization" in said or "No default" in said:
        what = (
            "sign in with sf org login web, and name that org in [salesforce] target_org (see sf org list)."
        )
    else:
        what = f"sign in again with sf org login web, {OTHERWISE}."
    return SignInRefused(f"The Salesforce CLI has no session for {_org(target_org)} ({said}).", what)


def _keeps_it() -> SignInRefused:
    return SignInRefused(
        "The Salesforce CLI does not hand out its access token.",
        f"{INSTALL}, so that it knows sf org auth show-access-token, {OTHERWISE}.",
    )


def _org(target_org: str | None) -> str:
    return "its default org" if target_org is None else f'"{target_org}"'
