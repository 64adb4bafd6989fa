"""`config.example.toml` and the schema for editors say exactly what a config may hold."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path

import pytest
import requests.certs

from rules.catalogue_models import Bands, Cap, Measure, Metric, Quadrant, Rule, RuleTest, Scorecard, Segment
from sync import config_schema
from sync.config import load
from sync.config_faults import plain_value
from sync.config_layers import field_at, fields_of, kind_of
from sync.config_models import CATALOGUE_SECTIONS, Settings

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
OFF = re.compile(r'^# (?=\[|(?:[\w.-]+|"[^"]+") = )', re.MULTILINE)  # a line that is out of force
WHOLE = OFF.sub("", TEXT)

SECRETS = {
    "RAPPORT_SALESFORCE__CLIENT_ID": "key",
    "RAPPORT_SALESFORCE__CLIENT_SECRET": "secret",
    "RAPPORT_JIRA__EMAIL": "me@example.com",
    "RAPPORT_JIRA__API_TOKEN": "token",
}


def model_keys() -> set[tuple[str, ...]]:
    """Every key that may stand in the file, without the catalogue and the secrets."""
    names = {path for path, info in fields_of(Settings) if kind_of(info.annotation)[0] != "section"}
    return {
        path
        for path in names
        if path[0] not in CATALOGUE_SECTIONS and (*path[:-1], f"{path[-1]}_file") not in names
    }


def keys(table: dict, path=()) -> set[tuple[str, ...]]:
    found = set()
    for name, value in table.items():
        here = (*path, name)
        info = field_at(here)
        if isinstance(value, dict) and info is not None and kind_of(info.annotation)[0] == "section":
            found |= keys(value, here)
        else:
            found.add(here)
    return found


def test_the_example_loads_as_it_is_and_signs_in_with_secrets_of_the_environment():
    config = load(EXAMPLE, SECRETS)
    assert config.rollout.mode == "observe"
    assert config.salesforce_settings().client_secret == "secret"
    assert config.jira_settings() is not None


def test_the_example_has_the_same_digest_each_time_and_holds_no_secret():
    config = load(EXAMPLE, SECRETS)
    assert config.digest == load(EXAMPLE, SECRETS).digest == load(EXAMPLE, {}).digest


def test_the_example_names_every_key_and_no_other():
    written = tomllib.loads(WHOLE)
    assert (
        keys({name: table for name, table in written.items() if name not in CATALOGUE_SECTIONS})
        == model_keys()
    )


def test_what_is_in_force_in_the_example_is_the_default():
    for path in keys(tomllib.loads(TEXT)):
        if path[0] in CATALOGUE_SECTIONS:
            continue
        info = field_at(path)
        value = tomllib.loads(TEXT)
        for part in path:
            value = value[part]
        if info.is_required() or path == ("jira", "url"):
            assert value == info.examples[0], path
        else:
            assert value == plain_value(info.get_default(call_default_factory=True)), path


def test_what_is_out_of_force_has_no_default():
    for path in model_keys() - keys(tomllib.loads(TEXT)):
        assert not field_at(path).is_required()
        assert field_at(path).get_default(call_default_factory=True) is None, path


def test_what_is_out_of_force_in_the_example_works_when_it_is_taken_in(tmp_path):
    path = tmp_path / "rapport.toml"
    path.write_text(re.sub(r"(?m)^now = .*$", "", WHOLE), encoding="utf-8")
    (tmp_path / "rapport-links.csv").write_text("kind,value,account\n")
    (tmp_path / "company-ca.pem").write_bytes(Path(requests.certs.where()).read_bytes())
    config = load(path, {})
    assert {"security_issues", "security_share"} <= set(config.catalogue.metrics)
    assert "ask_about_security" in config.catalogue.rules
    assert "ask_about_security" in {test.rule for test in config.catalogue.tests}


def test_every_key_of_the_example_has_its_meaning_beside_it():
    silent = {"min_records", "priority", "deployment", "amber"}  # said by the line above or the name
    for number, line in enumerate(TEXT.partition("# ---- metrics")[0].splitlines(), start=1):
        if re.match(r"[a-z_]+ = ", line) and line.partition(" = ")[0] not in silent:
            assert re.search(r"  # \S", line) or "_" in line.partition(" = ")[0], f"line {number}: {line}"


CATALOGUE_KEYS = {
    "bands": (Bands, {}),
    "metrics": (Metric, {}),
    "scorecards": (Scorecard, {}),
    "segments": (Segment, {}),
    "quadrant": (Quadrant, {}),
    "rules": (Rule, {"cooldown_days": "cooldown"}),
    "tests": (RuleTest, {}),
}


def catalogue_keys(section: str) -> set[str]:
    data, renamed = CATALOGUE_KEYS[section]
    # whatif = false; subject.de
    said_otherwise = {"name", "fixed", "labels", "subjects", "descriptions"}
    return {renamed.get(field.name, field.name) for field in dataclasses.fields(data)} - said_otherwise


@pytest.mark.parametrize("section", CATALOGUE_KEYS)
def test_the_example_shows_every_key_of_the_catalogue(section):
    written = tomllib.loads(WHOLE)[section]
    entries = (
        [written]
        if section in {"bands", "quadrant"}
        else written
        if section == "tests"
        else list(written.values())
    )
    assert {key for entry in entries for key in entry} == catalogue_keys(section)


def test_the_example_shows_every_key_of_measures_and_caps():
    health = tomllib.loads(WHOLE)["scorecards"]["health"]
    for section, data in (("measures", Measure), ("caps", Cap)):
        assert set(health[section][0]) == {field.name for field in dataclasses.fields(data)}


# --- the schema for editors ----------------------------------------------------------------------------------


def properties(node: dict, schema: dict) -> dict:
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node.get("properties", {})


def test_the_schema_is_up_to_date():
    assert config_schema.PATH.read_text(encoding="utf-8") == config_schema.text(), (
        "renew it: python -m sync.config_schema"
    )


def test_the_schema_knows_every_key_and_no_secret():
    schema = config_schema.schema()
    found = set()

    def walk(node: dict, path: tuple[str, ...]) -> None:
        inner = properties(node, schema)
        if not inner:
            found.add(path)
        for name, below in inner.items():
            walk(below, (*path, name))

    for name, node in schema["properties"].items():
        if name not in CATALOGUE_SECTIONS:
            walk(node, (name,))
    assert found == model_keys()
    assert "secret" not in json.dumps(
        found and sorted(path[-1] for path in found if not path[-1].endswith("_file"))
    )


@pytest.mark.parametrize("section", CATALOGUE_KEYS)
def test_the_schema_knows_every_key_of_the_catalogue(section):
    node = config_schema.schema()["properties"][section]
    if section == "tests":
        node = node["items"]
    elif section not in {"bands", "quadrant"}:
        node = node["patternProperties"]["^[a-z][a-z0-9_]*$"]
    assert set(node["properties"]) == catalogue_keys(section)


def test_every_key_of_the_schema_says_what_it_means():
    schema = config_schema.schema()
    for section in schema["$defs"].values():
        for key, node in section["properties"].items():
            assert node.get("description"), key
