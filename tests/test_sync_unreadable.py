"""Records that a source delivers and nobody can read: quarantined once, told by `status`, let go when they heal."""

from __future__ import annotations

from datetime import timedelta

from command_line import rapport
from company import NOW, STAFF, ago, jira_stamp


def _quarantined(company) -> list[dict]:
    result = rapport("--config", company.config_path, "status", "--format", "json")
    return [
        {name: each[name] for name in ("object", "record", "code")} for each in result.json["quarantined"]
    ]


def _sync(company):
    return rapport("--config", company.config_path, "sync", "--format", "json")


def test_an_issue_that_cannot_be_read_is_quarantined_once_and_let_go_when_it_heals(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", updated=ago(hours=1))
    bad = book.issue("OPS-2", "Acme", updated=ago(hours=1))
    bad["fields"]["created"] = "yesterday"
    company = serve(book)

    first = _sync(company)
    assert first.code == 5
    assert first.json["quarantined"] == 1
    assert "could not be read" in first.err
    assert _quarantined(company) == [{"object": "Jira issue", "record": bad["id"], "code": "UNREADABLE"}]
    assert [row["key"] for row in company.links()["linked"]] == ["OPS-1"]

    company.at(NOW + timedelta(minutes=1))
    again = _sync(company)
    assert again.code == 0  # known already
    assert len(_quarantined(company)) == 1

    company.at(NOW + timedelta(minutes=20))
    with company.simulator.edit() as (_, jira):
        jira.set_fields(
            bad["id"],
            {"created": jira_stamp(ago(days=2))},
            at=NOW + timedelta(minutes=10),
            author=STAFF,
        )
    assert _sync(company).code == 0
    assert _quarantined(company) == []
    assert [row["key"] for row in company.links()["linked"]] == ["OPS-1", "OPS-2"]


def test_after_a_pull_that_broke_off_nothing_is_applied_and_readers_are_told(book, serve, tmp_path):
    book.account("Acme")
    company = serve(book)
    company.pull()
    sound = company.config_path.read_text()
    company.config_path.write_text(sound.replace('"CRM Account"', '"No such field"'))
    assert rapport("--config", company.config_path, "pull").code == 2  # Salesforce was read, Jira was not
    company.config_path.write_text(sound)

    plan = tmp_path / "plan.json"
    made = rapport("--config", company.config_path, "plan", "--out", plan)
    assert made.code == 0
    assert "did not come to its end" in made.err
    refused = rapport("--config", company.config_path, "apply", plan)
    assert refused.code == 2
    assert "did not come to its end" in refused.err
    assert company.writes() == 0

    assert rapport("--config", company.config_path, "pull").code == 0
    made = rapport("--config", company.config_path, "plan", "--out", plan)
    assert made.err == ""
    assert rapport("--config", company.config_path, "apply", plan).code == 0
