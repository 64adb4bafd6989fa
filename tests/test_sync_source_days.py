"""`Rapport_Status__c`: the org knows on which day each source was last read whole, and is told once a day at most."""

from __future__ import annotations

from datetime import timedelta

import pytest
from command_line import rapport
from company import Book, Company

from connectors.errors import Unreachable
from sync import pull, source_days

OBJECT = source_days.OBJECT
NIGHT = 'zone = "Pacific/Auckland"\n'  # where the day of the tests has ended already
REFUSING = [{"when": f"{source_days.DAY_FIELD} != null", "message": "Not today"}]


def days(company: Company) -> dict[str, str]:
    rows = company.org(OBJECT)
    found = {row[source_days.SOURCE_FIELD]: row[source_days.DAY_FIELD] for row in rows}
    assert len(found) == len(rows)
    return found


def schema() -> dict:
    return {
        "fields": [
            {"name": source_days.SOURCE_FIELD, "type": "string", "length": 80, "externalId": True, "unique": True},
            {"name": source_days.DAY_FIELD, "type": "date"},
        ]
    }  # fmt: skip


def next_day(company: Company) -> None:
    company.at(company.simulator.now() + timedelta(days=1))


def test_each_source_has_its_day_in_the_org_and_in_status(serve, monkeypatch):
    book = Book()
    book.account("Acme")
    book.issue("HELP-1")
    book.salesforce[OBJECT] = []
    book.schema[OBJECT] = {**schema(), "validationRules": REFUSING}
    company = serve(book)
    company.configure(NIGHT)

    told = company.sync()
    assert [notice for notice in told["notices"] if OBJECT in notice] == [
        f"{OBJECT} of {source} could not be written: Not today (FIELD_CUSTOM_VALIDATION_EXCEPTION)"
        for source in ("jira", "salesforce")
    ]
    assert (told["quarantined"], days(company)) == (0, {}), "a notice, and nothing else is held up by it"

    company.rebuild({**company.book.schema, OBJECT: schema()})
    company.at(company.simulator.now() + timedelta(hours=1))
    writes = company.writes()
    told = company.sync()
    assert (told["changes"], company.writes()) == (0, writes + 1)
    assert days(company) == {"salesforce": "2026-11-19", "jira": "2026-11-19"}
    assert {row["Name"] for row in company.org(OBJECT)} == {"Salesforce", "Jira"}

    def broken(*_: object) -> None:
        raise Unreachable("Jira gave no answer.", "try again.")

    monkeypatch.setattr(pull, "pull_jira", broken)
    for _ in range(2):  # the second time there is nothing new to tell
        with pytest.raises(Unreachable):
            company.sync()
    next_day(company)
    for _ in range(2):
        with pytest.raises(Unreachable):
            company.sync()
    assert days(company) == {"salesforce": "2026-11-20", "jira": "2026-11-19"}
    assert company.writes() == writes + 2

    company.configure(NIGHT, mode="observe", now=company.simulator.now())
    next_day(company)
    with pytest.raises(Unreachable):
        company.sync()
    assert company.writes() == writes + 2, "observe writes nothing"
    status = rapport("--config", company.config_path, "status", "--format", "json").json
    assert status["pull"]["good_days"] == {"salesforce": "2026-11-21", "jira": "2026-11-19"}
    text = rapport("--config", company.config_path, "status").out
    assert "Last read whole: jira on Thu 19 Nov, salesforce on Sat 21 Nov." in text


@pytest.mark.parametrize(
    ("site", "source", "title"),
    [("default", "jira", "Jira"), ("plant_south", "jira.plant_south", "Jira (plant_south)")],
)
def test_every_site_is_a_source(site, source, title):
    assert (source_days.jira(site), source_days.title(source)) == (source, title)
    assert len(source_days.jira("a" * 30)) <= 80
