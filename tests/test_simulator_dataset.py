"""A dataset folder is read whole, or refused with the file and the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from simulator.dataset import DatasetError, load

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = {"Id": "001000000000001AAA", "Name": "Acme"}
ISSUE = {"id": "10001", "key": "ACME-1", "fields": {"summary": "Printer on fire"}}


def folder(tmp_path: Path, **files: str) -> Path:
    """Files by path with `__` for the slash and no ending of a double name: salesforce__Account_jsonl."""
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_jsonl", ".jsonl").replace("_json", ".json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_records_issues_and_the_optional_files_are_read(tmp_path):
    read = load(
        folder(
            tmp_path,
            salesforce__Account_jsonl=json.dumps(ACCOUNT) + "\n\n",
            salesforce__Task_jsonl="",
            salesforce__schema_json='{"Account": {"hidden": ["Phone"]}}',
            jira__issues_jsonl=json.dumps(ISSUE),
            jira__fields_json='[{"id": "summary", "name": "Summary"}]',
            jira__myself_json='{"accountId": "me", "timeZone": "Europe/Berlin"}',
        )
    )
    assert read.salesforce == {"Account": [ACCOUNT], "Task": []}
    assert read.schema == {"Account": {"hidden": ["Phone"]}}
    assert read.jira_issues == [ISSUE]
    assert read.jira_fields[0]["name"] == "Summary"
    assert read.jira_myself == {"accountId": "me", "timeZone": "Europe/Berlin"}
    assert (read.jira_statuses, read.jira_priorities, read.jira_projects) == (None, None, None)


def test_a_missing_file_is_an_object_the_org_lacks(tmp_path):
    read = load(folder(tmp_path, salesforce__Account_jsonl=json.dumps(ACCOUNT)))
    assert "Contact" not in read.salesforce
    assert read.jira_issues == []


def test_a_missing_folder_is_told_apart_from_a_broken_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="no dataset folder"):
        load(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="neither"):
        load(tmp_path)


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path):
    text = '{"Id": "001000000000001", "Name": "one\u2028still one"}'
    read = load(folder(tmp_path, salesforce__Account_jsonl=text))
    assert read.salesforce["Account"][0]["Name"] == "one\u2028still one"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"Id": "001000000000001"', "no JSON"),
        ("[1, 2]", "one JSON object"),
        ('{"Name": "no Id"}', "not an Id"),
        ('{"Id": "001"}', "not an Id"),
        ('{"Id": "001000000000001AAA", "Score": NaN}', "NaN is no JSON number"),
    ],
)
def test_a_broken_record_is_told_with_file_and_line(tmp_path, line, reason):
    text = '{"Id": "001000000000009"}\n' + line
    with pytest.raises(DatasetError, match=reason) as caught:
        load(folder(tmp_path, salesforce__Account_jsonl=text))
    assert caught.value.line == 2
    assert caught.value.file.name == "Account.jsonl"
    assert "Account.jsonl:2: " in str(caught.value)


def test_an_id_may_stand_once_whatever_its_length(tmp_path):
    text = '{"Id": "001000000000001"}\n{"Id": "001000000000001AAA"}'
    with pytest.raises(DatasetError, match="already given in line 1") as caught:
        load(folder(tmp_path, salesforce__Account_jsonl=text))
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("issue", "reason"),
    [
        ({"key": "A-1", "fields": {}}, "'id'"),
        ({"id": "1", "fields": {}}, "'key'"),
        ({"id": "1", "key": "A-1"}, "'fields'"),
    ],
)
def test_an_issue_needs_an_id_a_key_and_fields(tmp_path, issue, reason):
    with pytest.raises(DatasetError, match=reason) as caught:
        load(folder(tmp_path, jira__issues_jsonl=json.dumps(issue)))
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("[]", "one JSON object"),
        ("null", "must not be null"),
        ('{"Account": []}', "'fields' or 'hidden'"),
        ('{"Account": {"fields": [{"type": "string"}]}}', "each with a 'name'"),
        ('{"Account": {"hidden": "Phone"}}', "true or a list"),
        ('{"No Object": {}}', "no object name"),
        ('{"Account": ', "no JSON"),
    ],
)
def test_a_broken_schema_is_told(tmp_path, schema, reason):
    with pytest.raises(DatasetError, match=reason):
        load(folder(tmp_path, salesforce__schema_json=schema))


def test_text_that_is_not_utf_8_is_told_with_its_line(tmp_path):
    place = tmp_path / "salesforce"
    place.mkdir()
    (place / "Account.jsonl").write_bytes(
        b'{"Id": "001000000000001"}\n{"Id": "001000000000002", "Name": "\xff"}'
    )
    with pytest.raises(DatasetError, match="not UTF-8") as caught:
        load(tmp_path)
    assert caught.value.line == 2
