"""The page "Your first hour", followed word by word: its commands, what it shows of their output, the edits it asks for.

In ```console blocks each line after `$ ` is a command, the lines up to the next one are what it prints; a line of `…`
stands for any number of lines, `…` in a line for any words. A ```toml block is an edit of rapport.toml. Nothing is
replaced but the two addresses and the secrets, and the clock stands still.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import command_line
import pytest
from command_line import ROOT, rapport
from company import NOW, SECRETS
from first_hour_company import old_company

from simulator import dataset
from simulator.server import Simulator

PAGE = ROOT / "docs" / "first-hour.md"
SALESFORCE, JIRA = "https://example.my.salesforce.com", "https://example.atlassian.net"
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INSTALLS = {("uv", "tool", "install", "."), ("pipx", "install", ".")}


@dataclass
class Step:
    """One command of the page, what the page shows of its output, and what it printed."""

    command: str
    shown: list[str]
    printed: str = ""
    code: int = 0


@dataclass
class Hour:
    """What came of following the page."""

    steps: list[Step] = field(default_factory=list)
    exported: dict[str, str] = field(default_factory=dict)
    writes: list[int] = field(default_factory=list)  # calls that wrote, after each step
    first_pilot: set[str] = field(default_factory=set)  # accounts that had a score after the first sync
    org: dict[str, list[dict]] = field(default_factory=dict)
    foreseen: list[dict] = field(default_factory=list)

    def of(self, start: str) -> list[Step]:
        return [each for each in self.steps if each.command.startswith(start)]


def steps_of(block: str) -> list[Step]:
    found: list[Step] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Step(line.removeprefix("$ "), []))
        else:
            found[-1].shown.append(line)
    return found


def edited(text: str, block: str) -> str:
    """`text` with the keys of the block as it has them, in the section that it names; a comment on the line goes."""
    (section,) = re.findall(r"^\[([\w.]+)\]$", block, re.MULTILINE)
    lines = text.splitlines()
    if f"[{section}]" not in [line.partition(" ")[0] for line in lines]:
        lines += ["", f"[{section}]"]
    head = next(n for n, line in enumerate(lines) if line.partition(" ")[0] == f"[{section}]")
    for line in block.splitlines()[1:]:
        key = line.partition(" =")[0]
        end = next((n for n in range(head + 1, len(lines)) if lines[n].startswith("[")), len(lines))
        old = [n for n in range(head + 1, end) if re.match(rf"(# )?{re.escape(key)} = ", lines[n])]
        if old:
            lines[old[0]] = line
        else:
            lines.insert(head + 1, line)
    return "\n".join(lines) + "\n"


def unlike(shown: list[str], printed: str) -> str | None:
    """What the page shows and was not printed there, None where all of it was; blank lines do not count."""
    left = [line.rstrip() for line in printed.splitlines() if line.strip()]
    pieces: list[list[str]] = [[]]
    for line in (line.rstrip() for line in shown if line.strip()):
        if line == "…":
            pieces.append([])
        else:
            pieces[-1].append(line)
    for number, piece in enumerate(pieces):
        places = [0] if number == 0 else range(len(left) + 1)
        found = next((n for n in places if _same(piece, left[n : n + len(piece)])), None)
        if found is None:
            return "\n".join(piece)
        left = left[found + len(piece) :]
    return "\n".join(left) if left and pieces[-1] else None


def _same(shown: list[str], printed: list[str]) -> bool:
    return len(shown) == len(printed) and all(
        re.fullmatch(".*".join(re.escape(part) for part in line.split("…")), real)
        for line, real in zip(shown, printed, strict=True)
    )


@pytest.fixture(
    scope="module", params=[0, pytest.param(None, marks=pytest.mark.thorough)], ids=["quick", "whole"]
)
def hour(request, tmp_path_factory):
    """Follow the page. The quick way leaves the weeks before today out, of which the page shows nothing but that they are."""
    folder = tmp_path_factory.mktemp("first-hour")
    now = NOW + timedelta(minutes=30)
    told = Hour()
    with (
        Simulator(dataset.load(old_company().write(folder / "dataset")), now=now) as simulator,
        pytest.MonkeyPatch.context() as patch,
    ):
        here = folder / "here"
        here.mkdir()
        patch.chdir(here)
        patch.setattr(command_line, "SECRETS", {})
        fixed = {"RAPPORT_TIME__NOW": now.isoformat()}
        if request.param is not None:
            fixed["RAPPORT_HISTORY__BACKFILL_WEEKS"] = str(request.param)
        addresses = {SALESFORCE: simulator.salesforce_url, JIRA: simulator.jira_url}
        for indent, kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
            block = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
            if kind == "toml":
                config = Path("rapport.toml")
                config.write_text(edited(config.read_text(), block))
            for step in steps_of(block) if kind == "console" else ():
                _take(step, told, fixed, addresses)
                told.steps.append(step)
                told.writes.append(sum(side["write"] for side in simulator.calls().values()))
                if len(told.of("rapport sync")) == 1 and not told.first_pilot:
                    accounts = simulator.state()["salesforce"]["Account"]
                    told.first_pilot = {
                        each["Id"] for each in accounts if each.get("Rapport_Overall__c") is not None
                    }
        told.org = simulator.state()["salesforce"]
        told.foreseen = json.loads(rapport("setup", "salesforce", "--out", "again", "--format", "json").out)[
            "commands"
        ]
        yield told


def _take(step: Step, told: Hour, fixed: dict[str, str], addresses: dict[str, str]) -> None:
    words = shlex.split(step.command, comments=True)
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        assert value.strip('"'), step.command
        told.exported[name] = SECRETS[name]
    elif words == ["echo", "$?"]:
        step.printed = f"{told.steps[-1].code}\n"
    elif words[0] == "rapport":
        put = [_replaced(word, addresses) for word in words[1:]]
        result = rapport(*put, env={**fixed, **told.exported})
        back = {loopback: page for page, loopback in addresses.items()}
        step.printed, step.code = _replaced(result.err + result.out, back), result.code
    else:
        assert words[0] in {"sf", "cd"} or tuple(words) in INSTALLS, step.command


def _replaced(text: str, by: dict[str, str]) -> str:
    for old, new in by.items():
        text = text.replace(old, new)
    return text


def test_every_command_prints_what_the_page_shows(hour):
    wrong = []
    for number, each in enumerate(hour.steps):
        if each.shown and (missing := unlike(each.shown, each.printed)) is not None:
            wrong.append(f"$ {each.command}\nshown, not printed:\n{missing}\nprinted:\n{each.printed}")
        if each.code and [after.command for after in hour.steps[number + 1 : number + 2]] != ["echo $?"]:
            wrong.append(f"$ {each.command}\nends with {each.code}:\n{each.printed}")
    assert not wrong, "\n\n".join(wrong)


def test_the_page_asks_for_every_secret_and_its_sf_commands_are_those_of_setup(hour):
    assert hour.exported == SECRETS
    foreseen = {each["command"] for each in hour.foreseen}
    assert {each.command for each in hour.of("sf ")} <= foreseen
    assert {each.split(" ")[0] for each in foreseen} == {"cd", "sf", "rapport"}
    assert len(hour.of("sf ")) == sum(each.startswith("sf ") for each in foreseen)


def test_nothing_is_written_before_the_pilot_and_then_only_there(hour):
    syncs = [number for number, each in enumerate(hour.steps) if each.command.startswith("rapport sync")]
    assert hour.writes[syncs[0] - 1] == 0
    assert hour.writes[syncs[0]] > 0
    pilot = {each["Id"] for each in hour.org["Account"] if each.get("Industry") == "Manufacturing"}
    for step in (hour.steps[number] for number in syncs[:2]):
        assert "0 applied" not in step.printed
    assert hour.first_pilot == pilot


def test_the_page_says_what_is_true_beside_its_commands(hour):
    page = PAGE.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page):
        assert (PAGE.parent / target).exists(), target
    scheduled = re.findall(r"/rapport (--config \S+ )?(\w+)$", page, re.MULTILINE)
    assert [name for _, name in scheduled] == ["sync", "sync"]
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert codes == {0, 2, 3, 4, 5, 6}
    assert "There is no command that takes a run back" in page
    assert "undo" not in rapport("--help").out, "tell on the page how a run is taken back"
