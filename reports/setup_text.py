"""What was written for an admin, and what to run next, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.terminal import safe, say

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def package(out: Console, data: Json) -> None:
    say(out, f"The Salesforce package is in {safe(data['folder'])} ({data['files']} files).")
    say(out, "With the Salesforce CLI (https://developer.salesforce.com/tools/salesforcecli):")
    for number, each in enumerate(data["commands"], 1):
        say(out, f"  {number}. {each['what']}")
        say(out, f"       {safe(each['command'])}")
    say(out, "Deploy these folders in the same way, where you want them:")
    width = max(len(each["folder"]) for each in data["optional"])
    for each in data["optional"]:
        say(out, f"  {each['folder']:<{width}}  {each['what']}")
    say(out, f"Every step, and what to do when one fails: {safe(data['guide'])}")
