"""The command line as tests drive it: in this process (quick) or as a process of its own (real)."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from company import CUSTOMER, NOW, SECRETS, Book, Company, ago

import cli
from simulator import dataset
from simulator.server import Simulator

ROOT = Path(__file__).parents[1]
COMMANDS = ("demo", "simulate", "validate", "pull", "links", "metrics", "scores", "explain", "whatif", "lists", "plan", "apply", "sync", "status", "doctor", "test", "init", "setup")  # fmt: skip
STILL_PRINTS = (0, 5, 10)  # every other exit code leaves stdout empty: nothing there but data


@dataclass(frozen=True)
class Result:
    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def json(self):
        return json.loads(self.out, parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name)))


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    return {**clean, **SECRETS, **(extra or {})}


def rapport(*arguments: object, env: dict[str, str] | None = None) -> Result:
    """Run one command here; checks what holds for each: no traceback, and data on stdout only when it ended well."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    umask = os.umask(0o077)
    with patch.dict(os.environ, environment(env), clear=True), redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main([str(each) for each in arguments])
        except SystemExit as end:
            code = end.code
        finally:
            os.umask(umask)
    out.flush()
    err.flush()
    told = Result(int(code or 0), out.buffer.getvalue(), err.buffer.getvalue().decode())
    return _checked(told, always_prints=bool({"doctor", "test"} & set(arguments)))


def process(
    *arguments: object,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    stdout: int | None = subprocess.PIPE,
    timeout: float = 60,
) -> Result:
    """Run one command as a process of its own, as a scheduler does."""
    done = subprocess.run(
        command(*arguments), env=process_environment(env), cwd=cwd, stdout=stdout, stderr=subprocess.PIPE, timeout=timeout, check=False
    )  # fmt: skip
    told = Result(done.returncode, done.stdout or b"", done.stderr.decode())
    return _checked(told, always_prints=bool({"doctor", "test"} & set(arguments)))


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "cli", *map(str, arguments)]


def process_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    return {**environment(extra), "PYTHONPATH": str(ROOT)}


@contextmanager
def simulate(folder: Path, *options: object):
    """`rapport simulate` as a process; gives the addresses of its first line."""
    with subprocess.Popen(
        command("simulate", "--data", folder, *options), env=process_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:  # fmt: skip
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.terminate()
            running.communicate(timeout=20)
    assert running.returncode == 0


def _checked(result: Result, *, always_prints: bool = False) -> Result:
    """`always_prints`: what was found is the data of this command, also when it ends badly."""
    assert "Traceback" not in result.err
    assert "Error:" not in result.err
    if always_prints and result.out:
        return result
    if result.code not in STILL_PRINTS:
        assert result.raw == b"", result.out
        assert result.err.strip()
    return result


def small_book() -> Book:
    """A worried account, a good one, one without a sign of life, one name that two accounts share."""
    book = Book()
    acme = book.account("Acme GmbH", Website="https://www.acme.example")
    dana = book.contact(acme, "dana@acme.example", Name="Dana Okafor")
    for days in (40, 61, 75):
        book.call(acme, ago(days=days), dana, Subject=f"Call {days}")
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER)
    book.comment(question, CUSTOMER, ago(hours=50))
    book.issue("SUP-2", "Acme GmbH", due=ago(days=3).date())
    good = book.account("Borealis Logistics")
    for number in range(3):
        person = book.contact(good, f"person{number}@borealis.example", Name=f"Person {number}")
        book.meeting(good, ago(days=3 + number), person)
    book.account("Quiet Oak Ltd")
    for _ in range(2):
        book.account("Twice Ltd", Type="Prospect")
    book.issue("OPS-1", "Twice Ltd")
    book.issue("OPS-2")
    book.issue("OPS-3", "Nobody Ltd")
    return book


@contextmanager
def open_company(folder: Path, book: Book, **options):
    """A served book with a config, for fixtures that live longer than one test."""
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW, **options) as simulator:
        served = Company(folder, simulator, book)
        served.configure()
        yield served
