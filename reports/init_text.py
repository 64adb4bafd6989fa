"""What `rapport init` found and lacks, for people: the file, both sides, what to do, what to run next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.terminal import safe, say, short

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_ROOM = 240


def outcome(out: Console, data: Json) -> None:
    say(out, f"{safe(data['config'])} is written: a config that works, with what was found.", "bold")
    org, site = data["salesforce"], data["jira"]
    kind = {True: ", a sandbox", False: ", production"}.get(org["sandbox"], "")
    say(
        out,
        f"  Salesforce  {short(org['organization'] or org['url'])}{kind}: {_count(org['objects'], 'objects')}, "
        f"{_count(org['accounts'], 'accounts')}, {_count(org['users'], 'users')}, API {safe(org['api_version'])}",
    )
    if site is None:
        say(out, "  Jira        none: what rests on issues is unknown")
    else:
        say(
            out,
            f"  Jira        {short(site['url'])}, {safe(site['deployment'])}: {_count(site['projects'], 'projects')}, "
            f"{_count(site['issues'], 'issues')}, {_count(site['statuses'], 'statuses')}",
        )
    _list(out, "Found", [safe(each) for each in data["found"]])
    if data["missing"]:
        out.print()
        say(out, "Missing", "bold")
        for each in data["missing"]:
            say(out, f"  {_sentence(short(each['what'], _ROOM))}: {short(each['so'], _ROOM)}.")
            say(out, f"      What to do: {short(each['advice'], _ROOM)}")
    _list(
        out,
        "Could not be asked, so that defaults stand there",
        [f"{_sentence(short(each['what'], _ROOM))}: {short(each['why'], _ROOM)}" for each in data["unasked"]],
    )
    _list(out, "Note", [short(each, _ROOM) for each in data["notes"]])
    out.print()
    say(out, "Next", "bold")
    if data["environment"]:
        say(out, f"  with {', '.join(safe(each) for each in data['environment'])} in the environment")
    width = max(len(each["command"]) for each in data["next"])
    for each in data["next"]:
        say(out, f"  {safe(each['command']):<{width}}  {safe(each['what'])}")


def _list(out: Console, title: str, lines: list[str]) -> None:
    if not lines:
        return
    out.print()
    say(out, title, "bold")
    for line in lines:
        say(out, f"  {line}")


def _count(number: int | None, noun: str) -> str:
    return f"? {noun}" if number is None else f"{number:,} {noun if number != 1 else noun.removesuffix('s')}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
