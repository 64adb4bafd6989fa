"""`rapport setup salesforce`: the package as an admin gets it, whole, and never over somebody's work."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from command_line import ROOT, rapport
from salesforce_package import PACKAGE, of_type, project

from sync import setup_salesforce
from sync.setup_salesforce import OPTIONAL


def test_the_package_is_written_out_with_its_guide_and_the_commands_that_deploy_it(tmp_path):
    folder = tmp_path / "new folder" / "package"
    told = rapport("setup", "salesforce", "--out", folder, "--format", "json").json
    written = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    wanted = {path.relative_to(PACKAGE): path.read_bytes() for path in PACKAGE.rglob("*") if path.is_file()}
    wanted[Path("README.md")] = (ROOT / "docs" / "salesforce.md").read_bytes()
    wanted |= {Path("images", each.name): each.read_bytes() for each in (ROOT / "docs" / "images").iterdir()}
    assert written == wanted
    assert told["files"] == len(wanted)
    assert told["folder"] == str(folder)
    commands = [each["command"] for each in told["commands"]]
    assert shlex.split(commands[0]) == ["cd", str(folder)]
    deployed = [command for command in commands if "project deploy" in command]
    assert [command.endswith("--dry-run") for command in deployed] == [True, False]
    named = {word for command in commands for word in command.split() if word.startswith("Rapport_")}
    assert named <= {each.name for each in of_type("PermissionSet")}
    folders = {each["path"] for each in project()["packageDirectories"]}
    assert (
        {"force-app", *(each["folder"] for each in told["optional"])} == folders == {"force-app", *OPTIONAL}
    )


def test_an_empty_folder_will_do_and_a_used_one_is_left_as_it_is(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    text = rapport("setup", "salesforce", "--out", folder).out
    assert "sf org assign permset" in text
    assert str(folder / "README.md") in text
    (folder / "sfdx-project.json").write_text("mine")
    refused = rapport("setup", "salesforce", "--out", folder)
    assert refused.code == 2
    assert "is not empty" in refused.err
    assert (folder / "sfdx-project.json").read_text() == "mine"
    refused = rapport("setup", "salesforce", "--out", folder / "sfdx-project.json")
    assert refused.code == 2
    assert "is a file" in refused.err


def test_nothing_stays_behind_when_the_copy_fails(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(setup_salesforce.shutil, "copytree", full)
    folder = tmp_path / "package"
    assert rapport("setup", "salesforce", "--out", folder).code == 2
    assert list(folder.iterdir()) == []


def test_an_installation_holds_it_inside_and_one_without_it_says_so(tmp_path, monkeypatch):
    inside = tmp_path / "salesforce_package"
    inside.mkdir()
    for name in ("sfdx-project.json", "README.md"):
        (inside / name).write_text("{}")
    monkeypatch.setattr(setup_salesforce, "_PLACES", (inside, PACKAGE))
    told = rapport("setup", "salesforce", "--out", tmp_path / "installed", "--format", "json").json
    assert told["files"] == 2
    monkeypatch.setattr(setup_salesforce, "_PLACES", (tmp_path / "nowhere",))
    refused = rapport("setup", "salesforce", "--out", tmp_path / "other")
    assert refused.code == 2
    assert "lacks the Salesforce package" in refused.err


@pytest.mark.parametrize("folder", sorted(OPTIONAL))
def test_the_guide_names_every_folder_and_permission_set(folder):
    guide = (ROOT / "docs" / "salesforce.md").read_text(encoding="utf-8")
    assert f"| `{folder}` |" in guide
    for each in of_type("PermissionSet"):
        assert each.get("label") in guide
