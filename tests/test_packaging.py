"""What an installation holds: the wheel's top-level names, the data files, the console script."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata

import pytest
from command_line import ROOT

MODULES = ("cli.py", "cli_first_steps.py", "cli_options.py", "demo.py")
FOLDERS = ("connectors", "reports", "rules", "simulator", "sync")


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> list[str]:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed here, and a build may not fetch it")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT],
        check=True, timeout=120,
    )  # fmt: skip
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_command_line_the_demo_and_their_folders_and_nothing_else(wheel):
    names = {name.partition("/")[0] for name in wheel}
    assert {name for name in names if not name.endswith(".dist-info")} == {*MODULES, *FOLDERS}


def data_files() -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".sql", ".toml", ".lark", ".j2"}
    }


def test_models_catalogue_and_migrations_are_inside(wheel):
    assert data_files()
    assert data_files() <= set(wheel)


def test_the_salesforce_package_and_its_guide_are_inside(wheel):
    package = ROOT / "salesforce"
    wanted = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()} | {"README.md"}
    wanted |= {f"images/{path.name}" for path in (ROOT / "docs" / "images").iterdir()}
    inside = "sync/salesforce_package/"
    assert {name.removeprefix(inside) for name in wheel if name.startswith(inside)} == wanted


def test_what_is_packed_is_what_is_there(project):
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert sorted(packed) == sorted([*MODULES, *FOLDERS])
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(FOLDERS)
    assert any(name.endswith(".sql") for name in data_files())
    assert any(name.endswith(".toml") for name in data_files())


def test_no_data_file_is_ignored_by_git_and_so_left_out_of_the_wheel():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    asked = subprocess.run(
        ["git", "check-ignore", *data_files()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.stdout == ""


def test_the_command_is_called_rapport(project):
    assert project["project"]["scripts"] == {"rapport": "cli:main"}
    installed = [each for each in metadata.entry_points(group="console_scripts") if each.name == "rapport"]
    assert [each.value for each in installed] == ["cli:main"]
    from cli import main

    assert installed[0].load() is main
