"""What the unit tests of rules found, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.terminal import safe, say

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def verdicts(out: Console, data: Json) -> None:
    failed = [each for each in data["tests"] if not each["passed"]]
    for each in failed:
        given = ", ".join(f"{safe(name)} = {safe(str(value))}" for name, value in each["given"].items())
        say(
            out,
            f"{safe(each['rule'])}, given {given or 'nothing'}: expected {each['expect']}, found {each['found']}",
        )
    if failed:
        say(out, f"{len(failed)} of {len(data['tests'])} tests failed.")
        say(out, "  What to do: change the rule's condition, or what the test in [[tests]] expects.")
    else:
        rules = len({each["rule"] for each in data["tests"]})
        say(out, f"{len(data['tests'])} tests of {rules} rules passed.")
