"""Take what Rapport says of four accounts of the sample company, one of each band, for the pictures of the panel:

    rapport demo --keep DIR
    python panel/take_sample.py DIR > panel/scenes/sample.json

It reads what the simulated org confirmed. The addresses there are of this machine; they are told as of an org and a site.
"""

import json
import re
import sqlite3
import sys
from pathlib import Path

ACCOUNTS = {
    "green": "Sunfield Energy",
    "amber": "Acme GmbH",
    "red": "Borealis Logistics",
    "unknown": "Quiet Oak Ltd",
}
FIELDS = Path(__file__).parents[1] / "salesforce/force-app/main/default/lwc/rapportPanel/rapportFields.js"
SITE = re.compile(r"http://127\.0\.0\.1:\d+(?=/browse/)")
ORG = re.compile(r"http://127\.0\.0\.1:\d+")


def main(folder: Path) -> None:
    lines = (folder / "dataset" / "salesforce" / "Account.jsonl").read_text(encoding="utf-8").splitlines()
    ids = {each["Name"]: each["Id"] for each in map(json.loads, lines)}
    names = sorted(set(re.findall(r"Rapport_\w+__c", FIELDS.read_text(encoding="utf-8"))))
    state = sqlite3.connect(f"file:{folder / 'rapport-data' / 'state.sqlite'}?mode=ro", uri=True)
    sample = {}
    for band, name in ACCOUNTS.items():
        rows = state.execute(
            "select field, value from confirmed where object = 'Account' and record_id = ?", (ids[name],)
        )
        values = dict(rows.fetchall())
        sample[band] = {each: told(values.get(each)) for each in names}
    json.dump(sample, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def told(value: object) -> object:
    if not isinstance(value, str):
        return value
    return ORG.sub("https://example.my.salesforce.com", SITE.sub("https://example.atlassian.net", value))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
