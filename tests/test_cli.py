"""What the command line says before it reaches any system: help, usage, the config, datasets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from command_line import COMMANDS, rapport

import cli

ADDRESS = '[salesforce]\ninstance_url = "http://127.0.0.1:1"\n'
JIRA = '[jira]\nurl = "http://127.0.0.1:1"\nemail = "i@vendor.example"\n'


@pytest.fixture
def config(tmp_path):
    """config(text) -> the path of a config file with that text after a Salesforce address, from line 3 on."""

    def write(text: str):
        path = tmp_path / "rapport.toml"
        path.write_text(f"{ADDRESS}{text}{'' if '[jira]' in text else JIRA}")
        return path

    return write


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_there_for_every_command(name):
    result = rapport(*([name] if name else []), "--help")
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith("Usage: rapport")


def test_every_command_of_the_design_is_there_and_each_option_has_a_help_text():
    group = typer.main.get_command(cli.app)
    assert set(COMMANDS) <= set(group.commands)
    for name, command in group.commands.items():
        assert command.help, name
        assert command.help.strip().endswith("."), name
        for option in command.params:
            if option.name != "help":
                assert getattr(option, "help", None), f"{name} {option.name}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Usage: rapport"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("scores", "--frobnicate"), "No such option: --frobnicate"),
        (("explain",), "Missing argument 'ACCOUNT'"),
        (("apply",), "Missing argument 'FILE'"),
        (("scores", "--format", "yaml"), "'yaml' is not one of"),
        (("scores", "--wait", "-1"), "--wait"),
        (("simulate",), "Missing option '--data'"),
        (("simulate", "--data", ".", "--port", "70000"), "--port"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_call_ends_with_2_and_says_where_the_help_is(arguments, words):
    result = rapport(*arguments)
    assert result.code == 2
    assert words in result.err
    if arguments and arguments[0] in COMMANDS:
        assert f"see `rapport {arguments[0]} --help`" in result.err


@pytest.mark.parametrize("name", ["pull", "sync", "apply", "status", "validate", "doctor"])
def test_commands_that_work_with_the_present_refuse_another_time(name, config):
    more = ["plan.json"] if name == "apply" else []
    result = rapport("--config", config(""), name, *more, "--as-of", "2026-11-01T00:00:00Z")
    assert result.code == 2
    assert f"rapport {name} has no --as-of" in result.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[salesforce\n", "rapport.toml:3: column"),
        ("[rollout]\nmod = 'on'\n", "rapport.toml:4: rollout.mod: unknown key; did you mean mode?"),
        ("[rolout]\nmode = 'on'\n", "rapport.toml:3: rolout: unknown section; did you mean rollout?"),
        ("[salesforce.task]\nprioritty = 'x'\n", "did you mean priority?"),
        (
            "[rules.call_back]\nwhen = 'oldest_unaswered_business_hours > 8'\n",
            """rapport.toml:4: rules.call_back.when, column 1: unknown metric "oldest_unaswered_business_hours"
    oldest_unaswered_business_hours > 8
    ^ did you mean oldest_unanswered_business_hours?""",
        ),
        ("[rollout]\nmode = 'perhaps'\n", "rollout.mode"),
        ("[jira]\nurl = 'http://example.com'\n", "rapport.toml:4: jira.url"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["validate", "scores", "sync"])
def test_a_fault_of_the_config_is_told_with_its_line_before_anything_happens(
    name, text, words, config, tmp_path
):
    result = rapport("--config", config(text), name)
    assert result.code == 2
    assert words in re.sub(r"\S*/rapport\.toml", "rapport.toml", result.err)
    assert not (tmp_path / "rapport-data").exists()


def test_all_faults_are_told_in_one_go(config):
    path = config(
        "[rollout]\nmod = 'on'\n[rules.call_back]\nwhen = 'nonsense > 1'\n[safety]\nmin_recrods = 1\n"
    )
    result = rapport("--config", path, "validate")
    assert result.code == 2
    assert [each in result.err for each in ("mode?", '"nonsense"', "min_records?")] == [True] * 3


@pytest.mark.parametrize("name", ["validate", "scores", "pull"])
def test_a_missing_config_says_how_to_get_one(name, tmp_path):
    result = rapport("--config", tmp_path / "none.toml", name)
    assert result.code == 2
    assert "there is no such file; let rapport init write one" in result.err


def test_a_folder_in_place_of_a_config_is_no_surprise(tmp_path):
    result = rapport("--config", tmp_path, "validate")
    assert result.code == 2
    assert "cannot be read" in result.err


def test_missing_secrets_are_named_by_their_variables(config):
    path = config("[jira]\nurl = 'http://127.0.0.1:1'\nemail = 'i@vendor.example'\n")
    none = dict.fromkeys(
        ("RAPPORT_SALESFORCE__CLIENT_ID", "RAPPORT_SALESFORCE__CLIENT_SECRET", "RAPPORT_JIRA__API_TOKEN"), ""
    )
    result = rapport("--config", path, "pull", env=none)
    assert result.code == 2
    assert "RAPPORT_SALESFORCE__CLIENT_SECRET" in result.err


def test_validate_counts_what_is_valid(config):
    path = config("[metrics.ours]\nsource = 'issues'\naggregate = 'count'\nunit = 'issues'\n")
    result = rapport("--config", path, "validate")
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch(
        r"\S+/rapport\.toml is valid: \d+ metrics, \d+ scorecards, \d+ rules, rollout mode observe\.\n",
        result.out,
    )
    told = rapport("--config", path, "validate", "--format", "json").json
    assert (told["mode"], told["config"]) == ("observe", str(path))
    assert f" {told['rules']} rules, " in result.out


# -- simulate ----------------------------------------------------------------------------------------------------------


def test_a_missing_dataset_folder_ends_with_2(tmp_path):
    result = rapport("simulate", "--data", tmp_path / "none")
    assert result.code == 2
    assert result.err.startswith(f"There is no dataset folder {tmp_path / 'none'}.\n  What to do:")


def test_a_folder_that_is_no_dataset_ends_with_2(tmp_path):
    result = rapport("simulate", "--data", tmp_path)
    assert result.code == 2
    assert "holds neither a folder salesforce nor a folder jira" in result.err


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("salesforce/Account.jsonl", '{"Id": "001000000000001AAA"}\n{"Id": \n', "Account.jsonl:2: no JSON"),
        ("salesforce/Account.jsonl", '{"Id": "short"}\n', "Account.jsonl:1: Id 'short'"),
        ("salesforce/Account.jsonl", b'{"Id": "001000000000001AAA"}\n\xff\n', "Account.jsonl:2: the text is not UTF-8"),
        ("salesforce/schema.json", "[]", "schema.json: the file must hold one JSON object"),
        ("jira/issues.jsonl", '{"id": "1", "key": "A-1"}\n', "issues.jsonl:1: issue A-1 has no object 'fields'"),
        ("jira/fields.json", "[1", "fields.json:1: no JSON"),
    ],
)  # fmt: skip
def test_a_broken_dataset_ends_with_3_file_and_line_before_anything_is_printed(
    file, content, words, tmp_path
):
    path = tmp_path / file
    path.parent.mkdir()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = rapport("simulate", "--data", tmp_path)
    assert result.code == 3
    assert words in result.err


@pytest.mark.parametrize(
    "spec", ["", "frob", "rate=2", "rate=x", "seed=1.5", "kinds=503+teapot", "seed=1,seed=2", "rate=nan"]
)
def test_faults_that_cannot_be_read_end_with_2(spec, tmp_path):
    (tmp_path / "jira").mkdir()
    result = rapport("simulate", "--data", tmp_path, "--faults", spec)
    assert result.code == 2
    assert "--faults" in result.err


def test_a_clock_that_cannot_be_read_ends_with_2(tmp_path):
    (tmp_path / "jira").mkdir()
    result = rapport("simulate", "--data", tmp_path, "--now", "yesterday")
    assert result.code == 2
    assert '--now: "yesterday" is no ISO-8601 time; write one like 2026-11-22T09:00:00Z' in result.err


def test_a_port_that_is_taken_ends_with_2(tmp_path):
    import socket

    (tmp_path / "jira").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = rapport("simulate", "--data", tmp_path, "--port", min(taken.getsockname()[1], 65534))
    assert result.code == 2
    assert "cannot be used" in result.err


def test_the_demo_never_writes_into_a_folder_that_holds_something(tmp_path):
    (tmp_path / "precious").write_text("")
    result = rapport("demo", "--keep", tmp_path)
    assert result.code == 2
    assert f"{tmp_path} is not empty." in result.err
    assert [each.name for each in tmp_path.iterdir()] == ["precious"]


def test_the_catalogue_describes_itself_as_the_page_of_the_docs_does(config, tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")
    own = "[metrics.ours]\nsource = 'issues'\naggregate = 'count'\nhelp = 'Our own.'\n"
    assert rapport("--config", config(""), "metrics", "--describe").out == page
    described = rapport("--config", config(own), "metrics", "--describe", "--out", tmp_path / "metrics.md")
    assert described.out == ""
    assert "### ours\n\nOur own.\n" in (tmp_path / "metrics.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path.parent)
    assert rapport("metrics", "--describe").out == page  # without any config, what ships


def test_rules_are_tested_by_what_the_config_expects_of_them(config, tmp_path):
    rule = (
        "[rules.ours]\nwhen = \"open_p1 > 2 and health_band = 'red'\"\nkind = 'fix'\nsubject = 'See {account}'\n"
        "description = 'Now.'\ndue = '1 day'\ncooldown = '7 days'\n"
    )
    case = "[[tests]]\nrule = 'ours'\ngiven = {{ {} }}\nexpect = '{}'\n"
    right = case.format("open_p1 = 3, health_band = 'red'", "fires") + case.format("open_p1 = 2", "silent")
    shipped = rapport("--config", config(""), "test", "--format", "json").json
    assert shipped["failed"] == 0
    passed = rapport("--config", config(rule + right + case.format("open_p1 = 3", "unknown")), "test")
    assert (passed.code, passed.err) == (0, "")
    assert f"{shipped['passed'] + 3} tests of " in passed.out
    failed = rapport("--config", config(rule + right + case.format("open_p1 = 3", "fires")), "test")
    assert failed.code == 2
    assert "ours, given open_p1 = 3.0: expected fires, found unknown" in failed.out
    assert f"1 of {shipped['passed'] + 3} tests failed." in failed.out
