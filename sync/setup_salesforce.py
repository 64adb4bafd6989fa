"""The Salesforce package written out for the admin who deploys it, with the commands that do so."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sync.errors import SyncError

Json = dict[str, Any]
_HERE = Path(__file__).parent
# Inside an installation, then in a checkout; never the other way round, because beside an installed `sync` a folder of
# this name would be somebody else's.
_PLACES = (_HERE / "salesforce_package", _HERE.parent / "salesforce")
_PROJECT = "sfdx-project.json"
GUIDE = "README.md"  # docs/salesforce.md, which an installation holds under this name beside the package
# What tools leave behind while somebody works on the package.
_LEAVINGS = shutil.ignore_patterns("node_modules", ".sf", ".sfdx", "coverage", ".DS_Store")

_ORG, _USER, _MANAGER = "rapport-org", "INTEGRATION_USERNAME", "ACCOUNT_MANAGER_USERNAME"
# What may be deployed beyond force-app, by folder: what it is, and for whom.
OPTIONAL = {
    "standard-fields": "lets the user of Rapport see the standard fields that it reads, if its profile does not",
    "reports": "report types, reports and a dashboard",
    "record-page": "an account page with the panel of Rapport on it",
    "account-plans": "for an org with sales account plans: which objective a deal serves",
    "entitlements": "for an org with entitlements: lets the user of Rapport read them",
    "score-object": 'for write_to = "object": formula fields that show on the account what stands beside it',
}


def write_package(folder: Path) -> Json:
    """Write the package to a new or empty folder, whole or not at all; tells what to run next."""
    source = _package()
    if folder.exists() and not folder.is_dir():
        raise SyncError(f"{folder} is a file.", "name a new folder for the package.")
    if folder.is_dir() and any(folder.iterdir()):
        raise SyncError(
            f"{folder} is not empty.",
            "name a new folder; what somebody may have changed is never overwritten.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".half-way-", dir=folder) as half_way:
        copy = Path(half_way) / "package"
        shutil.copytree(source, copy, ignore=_LEAVINGS)
        if not (copy / GUIDE).exists():
            shutil.copy(_HERE.parent / "docs" / "salesforce.md", copy / GUIDE)
            shutil.copytree(_HERE.parent / "docs" / "images", copy / "images")
        for each in copy.iterdir():
            each.rename(folder / each.name)
    return {
        "folder": str(folder),
        "files": sum(path.is_file() for path in folder.rglob("*")),
        "guide": str(folder / GUIDE),
        "commands": _commands(folder),
        "optional": [{"folder": name, "what": what} for name, what in OPTIONAL.items()],
    }


def _package() -> Path:
    for place in _PLACES:
        if (place / _PROJECT).is_file():
            return place
    raise SyncError("This installation lacks the Salesforce package.", "install Rapport again.")


def _commands(folder: Path) -> list[Json]:
    deploy = f"sf project deploy start --source-dir force-app --target-org {_ORG}"
    assign = f"sf org assign permset --target-org {_ORG}"
    steps = (
        ("go to the package", f"cd {shlex.quote(str(folder))}"),
        (
            "sign in as an admin; for a sandbox add --instance-url https://test.salesforce.com",
            f"sf org login web --alias {_ORG}",
        ),
        ("try it: nothing is changed yet", f"{deploy} --dry-run"),
        ("deploy it", deploy),
        ("give the user of Rapport its rights", f"{assign} --name Rapport_Sync --on-behalf-of {_USER}"),
        (
            "let account managers see the fields and answer tasks",
            f"{assign} --name Rapport_Viewer --on-behalf-of {_MANAGER}",
        ),
        ("see whether Rapport finds everything", "rapport doctor"),
    )
    return [{"what": what, "command": command} for what, command in steps]
