"""The sample dataset as a dataset: deterministic, whole, and consistent within itself at any `now`."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from campaigns import sometimes
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import dataset
from simulator.sample import DECLARED_UNITS, INTERNAL_DOMAIN, PROJECT_ACCOUNTS, it_staff, write
from simulator.sample_clock import Clock, after_business_hours
from simulator.sample_ids import PREFIXES, checksum
from simulator.sample_jira_site import (
    ACCOUNT_FIELD,
    CASE_FIELD,
    FIRST_RESPONSE,
    ORGANIZATIONS,
    PARTICIPANTS,
    RESOLUTION_TIME,
)

if TYPE_CHECKING:
    from pathlib import Path

NOWS = {
    "a Sunday": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "a Monday before opening": datetime(2026, 11, 23, 7, 15, tzinfo=UTC),
    "a Monday at opening": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    "a Wednesday afternoon": datetime(2026, 7, 15, 15, 59, tzinfo=UTC),
    "the turn of the year": datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
    "the hour that summer time repeats": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
}
REFERENCES = {
    "AccountFromId": ("Account",),
    "AccountId": ("Account",),
    "AccountPlanId": ("AccountPlan",),
    "AccountToId": ("Account",),
    "ActivityId": ("Task",),
    "CaseId": ("Case",),
    "ContactId": ("Contact",),
    "CreatedById": ("User",),
    "EventId": ("Event",),
    "LastModifiedById": ("User",),
    "ManagerId": ("User",),
    "MasterRecordId": ("Account",),
    "MilestoneTypeId": ("MilestoneType",),
    "OpportunityId": ("Opportunity",),
    "OwnerId": ("User",),
    "ParentId": ("Account", "Case"),
    "PersonContactId": ("Contact",),
    "Product2Id": ("Product2",),
    "RecordTypeId": ("RecordType",),
    "RelatedToId": ("Account", "Case", "Opportunity"),
    "RelationId": ("Contact", "User"),
    "ReportsToId": ("Contact",),
    "TaskId": ("Task",),
    "UserId": ("User",),
    "WhatId": ("Account", "Case", "Opportunity"),
    "WhoId": ("Contact",),
}


# One ordinary day and one of the oddest; the others in the thorough run.
ALWAYS = ("a Sunday", "the hour that summer time repeats")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(at, id=name, marks=() if name in ALWAYS else (pytest.mark.thorough,))
        for name, at in NOWS.items()
    ],
)
def now(request):
    return request.param


@pytest.fixture(scope="module")
def sunday(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sunday")
    write(folder, now=NOWS["a Sunday"])
    return folder


@pytest.fixture(scope="module")
def data(now, sunday, tmp_path_factory):
    folder = sunday
    if now != NOWS["a Sunday"]:
        folder = tmp_path_factory.mktemp("sample")
        write(folder, now=now)
    return dataset.load(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stamps(value):
    """Every date-time in a record, wherever it stands."""
    if isinstance(value, dict):
        for each in value.values():
            yield from stamps(each)
    elif isinstance(value, list):
        for each in value:
            yield from stamps(each)
    elif isinstance(value, str) and len(value) == 28 and value[10] == "T":
        yield datetime.fromisoformat(value)


# The whole folder.


def test_same_hour_and_seed_give_the_same_bytes_whatever_stood_there(sunday, tmp_path):
    folder = tmp_path / "older"
    shutil.copytree(sunday, folder)
    for path in folder.rglob("*.*"):
        path.write_text("older and longer\n" + path.read_text())
    write(folder, now=NOWS["a Sunday"].replace(minute=59, second=59), seed=7)
    assert files(folder) == files(sunday)


def test_another_seed_gives_other_people_and_the_same_accounts(sunday, tmp_path):
    write(tmp_path, now=NOWS["a Sunday"], seed=8)
    one, two = dataset.load(sunday), dataset.load(tmp_path)
    assert one.salesforce["Contact"] != two.salesforce["Contact"]
    ids = [[(row["Id"], row["Name"]) for row in each.salesforce["Account"]] for each in (one, two)]
    assert ids[0] == ids[1]


def test_a_now_without_a_time_zone_is_refused(tmp_path):
    with pytest.raises(ValueError, match="time zone"):
        write(tmp_path, now=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the fault under test


def test_the_company_is_as_big_as_promised_and_small_enough(data):
    accounts = [row for row in data.salesforce["Account"] if not row["IsDeleted"]]
    assert 65 <= len(accounts) <= 80
    assert 45 <= sum((row["Type"] or "").startswith("Customer") for row in accounts) <= 60
    assert 8 <= sum(row["Type"] in {"Department", "Division"} for row in accounts) <= 12
    assert 600 <= len(data.jira_issues) <= 1500
    activities = sum(len(data.salesforce[name]) for name in ("Task", "Event", "EmailMessage"))
    assert 1_500 <= activities <= 5_000


# Salesforce.


def test_ids_are_unique_and_carry_their_prefix_and_checksum(data):
    assert set(data.salesforce) == set(PREFIXES)
    for name, rows in data.salesforce.items():
        assert rows, name
        ids = [row["Id"] for row in rows]
        assert len(set(ids)) == len(ids)
        for each in ids:
            assert len(each) == 18
            assert each.startswith(PREFIXES[name])
            assert each == each[:15] + checksum(each[:15])


def test_the_checksum_is_that_of_salesforce():
    # Two ids of public documentation.
    assert checksum("001D000000IqhSL") == "IAZ"
    assert checksum("001A0000006Vm9u") == "IAC"


def test_some_ids_differ_in_letter_case_only(data):
    ids = [row["Id"][:15] for row in data.salesforce["Account"]]
    assert max(Counter(each.casefold() for each in ids).values()) == 2


def test_every_reference_resolves(data):
    known = {name: {row["Id"] for row in rows} for name, rows in data.salesforce.items()}
    for name, rows in data.salesforce.items():
        for row in rows:
            for field, value in row.items():
                if field.endswith("Id") and field != "Id" and value is not None:
                    assert any(value in known[target] for target in REFERENCES[field]), (name, field, value)


def test_nothing_living_refers_to_a_deleted_account(data):
    gone = {row["Id"] for row in data.salesforce["Account"] if row["IsDeleted"]}
    assert len(gone) == 2
    for name in ("Contact", "Task", "Event", "Opportunity", "Contract", "Asset", "Case"):
        assert not [row for row in data.salesforce[name] if row["AccountId"] in gone]


def test_open_tasks_and_contacts_belong_to_users_who_exist(data):
    active = {row["Id"] for row in data.salesforce["User"] if row["IsActive"]}
    inactive = [row for row in data.salesforce["User"] if not row["IsActive"]]
    assert [row["ManagerId"] in active for row in inactive] == [True]


def test_nothing_lies_in_the_future_but_planned_meetings(data, now):
    for name, rows in data.salesforce.items():
        for row in rows:
            changed = row.get("LastModifiedDate", row["SystemModstamp"])  # rows of history have none
            for each in (row["CreatedDate"], changed, row["SystemModstamp"]):
                assert datetime.fromisoformat(each) <= now, (name, row["Id"])
            assert row["CreatedDate"] <= changed <= row["SystemModstamp"]
    planned = [row for row in data.salesforce["Event"] if datetime.fromisoformat(row["StartDateTime"]) > now]
    assert len(planned) == 3
    for row in data.salesforce["EmailMessage"]:
        assert datetime.fromisoformat(row["MessageDate"]) <= now
    for row in data.salesforce["Task"]:
        assert row["IsClosed"] == (row["Status"] == "Completed")
        if row["IsClosed"]:
            assert row["ActivityDate"] <= now.date().isoformat()
            assert not row["CompletedDateTime"] or datetime.fromisoformat(row["CompletedDateTime"]) <= now


def test_records_come_after_the_account_they_belong_to(data):
    born = {row["Id"]: row["CreatedDate"] for row in data.salesforce["Account"]}
    for name, rows in data.salesforce.items():
        for row in rows:
            if row.get("AccountId"):
                assert row["CreatedDate"] >= born[row["AccountId"]], (name, row["Id"])


def test_old_closed_activities_are_archived(data, now):
    for row in data.salesforce["Task"]:
        age = (now.date() - datetime.fromisoformat(row["ActivityDate"]).date()).days
        assert row["IsArchived"] == (row["IsClosed"] and age >= 365)
    assert any(row["IsArchived"] for row in data.salesforce["Task"])
    assert any(row["IsArchived"] for row in data.salesforce["Event"])


def test_an_account_of_an_activity_is_that_of_its_what_or_its_who(data):
    of_contact = {row["Id"]: row["AccountId"] for row in data.salesforce["Contact"]}
    without_what = 0
    for name in ("Task", "Event"):
        for row in data.salesforce[name]:
            derived = row["WhatId"] or of_contact.get(row["WhoId"])
            assert row["AccountId"] == derived
            without_what += row["WhatId"] is None
    assert without_what > 20


def test_the_schema_names_the_fields_of_scores_and_tasks(data):
    account = {each["name"]: each for each in data.schema["Account"]["fields"]}
    numbers = ("Overall", "Health", "Penetration", "Growth", "Positioning", "Governance", "Delivery")
    for name in numbers:
        assert (account[f"Rapport_{name}__c"]["precision"], account[f"Rapport_{name}__c"]["scale"]) == (3, 0)
    band = account["Rapport_Band__c"]
    assert [each["value"] for each in band["picklistValues"]] == ["Green", "Amber", "Red", "Unknown"]
    assert account["Rapport_Why__c"]["length"] == 32_000
    for name in ("Task", "Event"):
        fields = {each["name"]: each for each in data.schema[name]["fields"]}
        key = fields["Rapport_Key__c"]
        assert (key["type"], key["length"], key["externalId"], key["unique"]) == ("string", 80, True, True)
        assert {"Rapport_Answer__c", "Rapport_Snooze_Until__c"} <= set(fields)


def test_kinds_of_accounts_that_must_not_be_scored_are_there(data):
    rows = {row["Name"]: row for row in data.salesforce["Account"]}
    merged = rows["Silverline Telecom Ltd"]
    assert merged["IsDeleted"]
    assert merged["MasterRecordId"] == rows["Silverline Telecom"]["Id"]
    assert rows["Helena Brandt"]["IsPersonAccount"]
    assert rows["Acme Warehouse 3"]["ParentId"] == rows["Acme GmbH"]["Id"]
    assert sum(row["Type"] == "Prospect" for row in data.salesforce["Account"]) >= 5
    assert Counter(row["Name"] for row in data.salesforce["Account"]).most_common(1)[0] == (
        "Delta Fabrication",
        2,
    )


def test_the_history_of_a_deal_leads_to_the_deal(data):
    stages = {row["ApiName"]: row for row in data.salesforce["OpportunityStage"]}
    steps, lines = {}, Counter()
    for row in data.salesforce["OpportunityHistory"]:
        steps.setdefault(row["OpportunityId"], []).append(row)
    for row in data.salesforce["OpportunityLineItem"]:
        lines[row["OpportunityId"]] += row["TotalPrice"]
    for deal in data.salesforce["Opportunity"]:
        history = sorted(steps[deal["Id"]], key=lambda row: row["CreatedDate"])
        assert history[0]["CreatedDate"] == deal["CreatedDate"]
        for name in ("StageName", "Amount", "CloseDate"):
            if len(history) > 1:
                assert history[-1][name] == deal[name]
        stage = stages[deal["StageName"]]
        assert (deal["IsClosed"], deal["IsWon"]) == (stage["IsClosed"], stage["IsWon"])
        assert history[-1]["CreatedDate"] <= deal["LastStageChangeDate"] <= deal["SystemModstamp"]
        assert lines[deal["Id"]] == deal["Amount"]


def test_what_was_sold_confirmed_and_entered_hangs_together(data):
    contacts = {row["Id"]: row["AccountId"] for row in data.salesforce["Contact"]}
    direct = {row["ContactId"] for row in data.salesforce["AccountContactRelation"] if row["IsDirect"]}
    assert direct == {
        row["Id"] for row in data.salesforce["Contact"] if not row["Email"].endswith("gmail.com")
    } - {each for each, account in contacts.items() if account in _untold(data)}
    objectives = {row["Id"] for row in data.salesforce["AccountPlanObjective"]}
    served = {row.get("Rapport_Objective__c") for row in data.salesforce["Opportunity"]} - {None}
    assert served
    assert served <= objectives
    for row in data.salesforce["CaseMilestone"]:
        end = row["CompletionDate"] or "9999"
        assert row["IsViolated"] == (end > row["TargetDate"])
        assert row["IsCompleted"] == (row["CompletionDate"] is not None)
    portal = {row["Id"]: row["ContactId"] for row in data.salesforce["User"] if row.get("ContactId")}
    assert portal
    assert set(portal.values()) <= set(contacts)
    numbers = {row["CaseNumber"] for row in data.salesforce["Case"]}
    named = {issue["fields"][CASE_FIELD] for issue in data.jira_issues} - {None}
    assert len(named) == 1
    assert named <= numbers


def _untold(data) -> set[str]:
    """Accounts that stand in the book without a scene: their few records are told by themselves."""
    return {
        row["Id"] for row in data.salesforce["Account"] if row["Name"] in {"Bygone Textiles", "Helena Brandt"}
    }


def test_departments_write_as_employees_with_and_without_a_licence(data):
    own = {row["Id"] for row in data.salesforce["Account"] if row["Type"] in {"Department", "Division"}}
    addresses = {row["Email"] for row in data.salesforce["Contact"] if row["AccountId"] in own}
    assert all(each.endswith("@" + INTERNAL_DOMAIN) for each in addresses)
    reporters = [
        issue["fields"]["reporter"] for issue in data.jira_issues if issue["fields"]["project"]["key"] == "IT"
    ]
    assert {each["accountType"] for each in reporters} == {"atlassian", "customer"}
    assert {each["emailAddress"] for each in reporters} <= addresses
    served = {
        note["author"]["accountId"]
        for issue in data.jira_issues
        for note in issue["fields"]["comment"]["comments"]
        if issue["fields"]["project"]["key"] == "IT" and note["author"].get("emailAddress") not in addresses
    }
    assert served == set(it_staff())


def test_only_reserved_domains_are_used(data):
    for row in data.salesforce["Contact"]:
        domain = row["Email"].partition("@")[2]
        assert domain.endswith(".example") or domain in {"gmail.com", INTERNAL_DOMAIN}, domain
        assert row["Email"].isascii()
    emails = Counter(row["Email"] for row in data.salesforce["Contact"])
    assert emails.most_common(1)[0][1] == 1


# Jira.


def test_keys_and_ids_of_issues_are_unique(data):
    assert len({issue["key"] for issue in data.jira_issues}) == len(data.jira_issues)
    for kind, where in (("comment", "comments"), ("worklog", "worklogs")):
        ids = [each["id"] for issue in data.jira_issues for each in issue["fields"][kind][where]]
        assert len(set(ids)) == len(ids)
    ids = [each["id"] for issue in data.jira_issues for each in issue["changelog"]["histories"]]
    assert len(set(ids)) == len(ids)


def test_the_changelog_leads_to_the_present_state(data):
    statuses = {row["name"]: row["id"] for row in data.jira_statuses}
    for issue in data.jira_issues:
        fields, histories = issue["fields"], issue["changelog"]["histories"]
        assert histories == sorted(
            histories, key=lambda each: (instant(each["created"]), int(each["id"])), reverse=True
        )
        present = {
            "status": fields["status"]["id"],
            "priority": fields["priority"]["id"],
            "assignee": fields["assignee"] and fields["assignee"]["accountId"],
            "duedate": fields["duedate"],
            "resolution": fields["resolution"] and fields["resolution"]["id"],
            "project": fields["project"]["id"],
        }
        last: dict[str, str | None] = {}
        for history in reversed(histories):
            for item in history["items"]:
                name = item["fieldId"]
                if name in last:
                    assert item["from"] == last[name], (issue["key"], name)
                last[name] = item["to"]
                if name == "status":
                    assert statuses[item["toString"]] == item["to"]
        for name, value in last.items():
            if name in present:
                assert present[name] == value, (issue["key"], name)
        done = fields["status"]["statusCategory"]["key"] == "done"
        assert done == (fields["resolutiondate"] is not None)


def test_an_issue_was_updated_when_it_last_changed_and_never_after_now(data, now):
    for issue in data.jira_issues:
        fields = issue["fields"]
        created, updated = instant(fields["created"]), instant(fields["updated"])
        changes = [instant(each["created"]) for each in issue["changelog"]["histories"]]
        changes += [instant(each["created"]) for each in fields["comment"]["comments"]]
        changes += [instant(each["created"]) for each in fields["worklog"]["worklogs"]]
        assert created <= min(changes, default=created)
        assert max([created, *changes]) <= updated <= now
        clocks = dict.fromkeys((FIRST_RESPONSE, RESOLUTION_TIME))  # say when time will have run out
        assert all(at <= now + timedelta(days=9) for at in stamps(fields | clocks))


def test_parents_organisations_and_people_of_issues_exist(data):
    by_id = {issue["id"]: issue["key"] for issue in data.jira_issues}
    emails = {row["Email"] for row in data.salesforce["Contact"]}
    children = 0
    for issue in data.jira_issues:
        parent = issue["fields"].get("parent")
        if parent:
            children += 1
            assert by_id[parent["id"]] == parent["key"]
        for note in issue["fields"]["comment"]["comments"]:
            author = note["author"]
            if author["accountType"] == "customer":
                assert author["emailAddress"] in emails
    assert children == 4


def test_fields_statuses_projects_and_priorities_name_what_issues_use(data):
    custom = {row["id"]: row for row in data.jira_fields if row["custom"]}
    assert custom[ACCOUNT_FIELD]["name"] == "CRM Account"
    assert custom[ORGANIZATIONS]["schema"]["custom"] == "com.atlassian.servicedesk:sd-customer-organizations"
    assert custom[PARTICIPANTS]["schema"]["custom"] == "com.atlassian.servicedesk:sd-request-participants"
    known_fields = {row["id"] for row in data.jira_fields}
    projects = {row["id"]: row for row in data.jira_projects}
    assert {row["projectTypeKey"] for row in data.jira_projects} == {"software", "service_desk"}
    assert set(PROJECT_ACCOUNTS) < {row["key"] for row in data.jira_projects}
    names = {row["Name"] for row in data.salesforce["Account"]}
    assert set(PROJECT_ACCOUNTS.values()) | set(DECLARED_UNITS) <= names
    for issue in data.jira_issues:
        fields = issue["fields"]
        assert set(fields) <= known_fields
        assert fields["project"]["key"] == projects[fields["project"]["id"]]["key"]
        assert fields["status"] in data.jira_statuses
        assert fields["priority"]["name"] in {row["name"] for row in data.jira_priorities}
        assert issue["key"].startswith(fields["project"]["key"] + "-")
    assert data.jira_myself["timeZone"] == "Europe/Berlin"


def test_spent_time_is_the_sum_of_the_worklogs(data):
    for issue in data.jira_issues:
        fields = issue["fields"]
        spent = sum(each["timeSpentSeconds"] for each in fields["worklog"]["worklogs"])
        assert (fields["timespent"] or 0) == spent
        assert fields["timetracking"].get("timeSpentSeconds", 0) == spent


def test_one_issue_is_longer_than_a_page_of_the_api(data):
    longest = max(data.jira_issues, key=lambda issue: len(issue["fields"]["comment"]["comments"]))
    assert len(longest["fields"]["comment"]["comments"]) > 100
    assert len(longest["changelog"]["histories"]) > 100


def test_issues_are_tied_to_accounts_in_every_way(data):
    values = {issue["fields"][ACCOUNT_FIELD] for issue in data.jira_issues} - {None}
    ids = {row["Id"] for row in data.salesforce["Account"]}
    assert any(value in ids for value in values)
    assert any(value in {each[:15] for each in ids} for value in values)
    assert any(value.startswith("https://") for value in values)
    assert "Delta Fabrication" in values
    assert "Unknown Corp" in values
    organizations = [issue["fields"].get(ORGANIZATIONS) or [] for issue in data.jira_issues]
    assert max(len(each) for each in organizations) == 3
    tied = {issue["key"].partition("-")[0] for issue in data.jira_issues}
    assert set(PROJECT_ACCOUNTS) <= tied


def instant(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


# The clock.

moments = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of hypothesis carry no zone


@given(moments, st.integers(1, 400))
def test_business_hours_counted_back_can_be_counted_forth(at, quarters):
    clock = Clock.at(at)
    begun = clock.business_ago(quarters / 4)
    ended = after_business_hours(begun, quarters / 4)
    assert begun <= ended <= clock.now
    assert begun.weekday() < 5
    assert clock.now - ended <= timedelta(hours=64)


@given(moments, st.integers(0, 900))
def test_a_working_instant_is_long_enough_ago_and_not_much_longer(at, days):
    clock = Clock.at(at)
    found = clock.working(days)
    assert found.weekday() < 5
    assert timedelta(days=days) <= clock.now - found <= timedelta(days=days + 2, hours=16)


@pytest.mark.parametrize("examples", sometimes(2, 24))
def test_the_story_can_be_told_at_any_hour(examples):
    from simulator.sample import _play

    @settings(max_examples=examples, deadline=None)
    @given(moments)
    def law(at):
        company = _play(Clock.at(at), 7)
        assert len(company.site.finish()) > 600

    law()


def test_lines_are_plain_json(sunday):
    for path in sunday.rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict)
