"""Texts that people read, held against snapshots; RENEW_SNAPSHOTS=1 writes them anew, to be read in the diff."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from command_line import open_company, rapport, small_book
from company import NOW, ago

from reports import plan_text, terminal

SNAPSHOTS = Path(__file__).parent / "snapshots"


def matches_snapshot(name: str, text: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("RENEW_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each command says of the small book, before and after a sync."""
    with open_company(tmp_path_factory.mktemp("told"), small_book()) as served:

        def say(*arguments: str) -> str:
            result = rapport("--config", served.config_path, *arguments)
            assert result.code == 0
            return result.out

        texts = {"pull": say("pull"), "plan": say("plan"), "links": say("links"), "portfolio": say("scores")}
        texts["explain"] = say("explain", "Acme GmbH")
        texts["sync"] = say("sync")
        texts["plan-again"] = say("plan")
        with served.simulator.edit() as (salesforce, _):
            account = served.book.salesforce["Account"][0]["Id"]
            salesforce.add(
                "Task", AccountId=account, WhatId=account, TaskSubtype="Call", Status="Completed", IsClosed=True,
                CompletedDateTime=ago(hours=2).strftime("%Y-%m-%dT%H:%M:%S.000+0000"), Subject="Call back",
                OwnerId=served.book.user,
            )  # fmt: skip
            salesforce.change(account, Rapport_Overall__c=90)
        say("pull")
        texts["plan-settled"] = say("plan")
        texts["status"] = say("status")
        yield texts


@pytest.mark.parametrize("name", ["plan", "plan-again", "plan-settled", "links", "portfolio", "explain"])
def test_a_text_reads_as_it_was_last_approved(told, name):
    matches_snapshot(name, told[name])


def test_a_plan_names_people_fields_and_days(told):
    assert "+ Task     Acme GmbH → M. Ferrari, due Thu 19 Nov" in told["plan"]
    assert "Health – → " in told["plan"]
    assert "Rapport_" not in told["plan"]
    assert told["plan-again"].startswith("Nothing to change. 0 calls would write.\n")
    assert "✓ Task     Acme GmbH: Get in touch with Acme GmbH" in told["plan-settled"]
    assert "! held     Acme GmbH  Overall: someone set 90; Rapport had written " in told["plan-settled"]


def test_no_line_ends_in_blanks(told):
    for text in told.values():
        assert all(line == line.rstrip() for line in text.splitlines())


def shown(data: dict, **options: object) -> str:
    buffer = io.StringIO()
    plan_text.plan(terminal.console(buffer), data, **options)
    return buffer.getvalue()


def test_a_digest_names_its_owner_in_the_place_of_an_account():
    change = {
        "action": "create", "target": "salesforce", "object": "Task", "id": None, "account_id": None, "account": None,
        "rule": "digest", "reason": "3 tasks wait for room", "key": "digest|005|2026-11-24",
        "fields": {name: {"before": None, "after": value} for name, value in
                   {"Subject": "3 more suggestions wait", "OwnerId": "005", "ActivityDate": "2026-11-24"}.items()},
    }  # fmt: skip
    data = {"changes": [change], "predicted_calls": {"salesforce": 1, "jira": 0}}
    text = shown(data, names=plan_text.Names(users={"005": "M. Ferrari"}))
    assert "+ Task     → M. Ferrari, due Tue 24 Nov\n    3 more suggestions wait    rule digest\n" in text


def test_an_orgs_own_field_is_called_by_what_it_is_mapped_to():
    change = {
        "action": "update", "target": "salesforce", "object": "Account", "id": "001", "account_id": "001",
        "account": "Acme GmbH", "rule": None, "reason": "a question waits", "key": None,
        "fields": {"Score__c": {"before": 63, "after": 52}, "Other__c": {"before": None, "after": 1}},
    }  # fmt: skip
    data = {"changes": [change], "predicted_calls": {"salesforce": 1, "jira": 0}}
    text = shown(data, names=plan_text.Names(fields={"Rapport_Health__c": "Score__c"}))
    assert "Health 63 → 52   Other__c – → 1" in text


def test_colour_is_for_terminals_only():
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    row = {"account": "Acme", "band": "red", "overall": 1, "health": 2, "penetration": None, "confidence": 0.5, "first_reason": None}  # fmt: skip
    texts = []
    for out in (Screen(), io.StringIO()):
        console = terminal.console(out)
        if out.isatty():
            console._force_terminal, console._color_system = True, 1
        terminal.portfolio(console, [row], NOW.isoformat())
        texts.append(out.getvalue())
    assert "\x1b[31mred" in texts[0]
    assert "\x1b" not in texts[1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x1b[31mb", "a [31mb"),
        ("a\u202eb\u2066", "ab"),
        ("a\r\n\tb", "a b"),
        ("  a ", "a"),
        ("é – 日本", "é – 日本"),
    ],
)
def test_values_lose_what_moves_a_cursor_or_turns_a_line(value, text):
    assert terminal.safe(value) == text


def test_a_message_of_several_lines_keeps_its_lines_and_loses_escapes():
    assert terminal.safe_lines("one\x1b[2J\n  What to do: \u202etwo") == "one [2J\n  What to do: two"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), ("", "–"), ("\x00", "–"), ("x" * 200, "x" * 89 + "…"), (0, "0")]
)
def test_short_leaves_room(value, text):
    assert terminal.short(value) == text
