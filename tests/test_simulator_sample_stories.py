"""The sample's stories, read from the raw files by plain Python: each fact is there to be found at any `now`.

The reader below is deliberately naive (loops over records, no engine), so that it cannot share a fault with one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta

import pytest

from simulator import dataset
from simulator.sample import INTERNAL_DOMAIN, PROJECT_ACCOUNTS, STORIES, Story, write
from simulator.sample_jira_site import ACCOUNT_FIELD, ORGANIZATIONS

NOWS = {
    "a Sunday": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "a Monday before opening": datetime(2026, 11, 23, 7, 15, tzinfo=UTC),
    "a Monday at opening": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    "a Wednesday afternoon": datetime(2026, 7, 15, 15, 59, tzinfo=UTC),
    "a Friday evening": datetime(2026, 4, 3, 21, 0, tzinfo=UTC),
    "the turn of the year": datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
}
AUTOMATIC = ("automatic reply", "out of office", "abwesenheit")
OPEN_FOR_NOBODY = ("Waiting for customer", "Pending", "Blocked")


def instant(stamp):
    return datetime.fromisoformat(stamp)


def business_hours(since, until):
    total, day = timedelta(), since.date()
    while day <= until.date():
        if day.weekday() < 5:
            opens, closes = (datetime.combine(day, time(hour), UTC) for hour in (9, 17))
            total += max(timedelta(), min(until, closes) - max(since, opens))
        day += timedelta(days=1)
    return total / timedelta(hours=1)


def department(name):
    words = (name or "").casefold().replace(".", " ").split()
    return " ".join(word for word in words if word not in {"dept", "department"})


class Book:
    """What a patient person would count by hand."""

    def __init__(self, data, now):
        self.data = data
        self.now = now.replace(minute=0, second=0)
        self.accounts = {row["Id"]: row for row in data.salesforce["Account"] if not row["IsDeleted"]}
        self.contacts = {row["Id"]: row for row in data.salesforce["Contact"]}
        self.by_email = {row["Email"]: row for row in self.contacts.values()}
        self.moments = self._moments()
        self.issues = self._issues()

    def account(self, name):
        found = [row for row in self.accounts.values() if row["Name"] == name]
        assert len(found) == 1, name
        return found[0]

    def _moments(self):
        """By account: (time, kind, direction, contacts)."""
        sf, found = self.data.salesforce, defaultdict(set)
        people_of = defaultdict(set)
        for name, key in (("EventRelation", "EventId"), ("TaskRelation", "TaskId")):
            for row in sf[name]:
                if row["RelationId"] in self.contacts:
                    people_of[row[key]].add(row["RelationId"])
        named = {row["ActivityId"] for row in sf["EmailMessage"]}
        for row in sf["Event"]:
            at = instant(row["StartDateTime"])
            if not (
                row["IsDeleted"] or row["IsChild"] or row["IsPrivate"] or row["IsRecurrence"] or at > self.now
            ):
                found[row["AccountId"]].add((at, "meeting", None, frozenset(people_of[row["Id"]])))
        for row in sf["Task"]:
            kind = {"Call": "call", "Email": "email"}.get(row["TaskSubtype"])
            if (
                row["IsDeleted"]
                or not row["IsClosed"]
                or not kind
                or (kind == "email" and row["Id"] in named)
            ):
                continue
            at = instant(row["CompletedDateTime"] or row["ActivityDate"] + "T00:00:00+00:00")
            found[row["AccountId"]].add((at, kind, row["CallType"], frozenset(people_of[row["Id"]])))
        for row in sf["EmailMessage"]:
            other = self.by_email[row["FromAddress"] if row["Incoming"] else row["ToAddress"]]
            automatic = row["Subject"].casefold().startswith(AUTOMATIC) or "Auto-Submitted" in (
                row["Headers"] or ""
            )
            if row["IsDeleted"] or row["Status"] == "5" or row["ParentId"] or automatic:
                continue
            direction = "Inbound" if row["Incoming"] else "Outbound"
            found[other["AccountId"]].add(
                (instant(row["MessageDate"]), "email", direction, frozenset({other["Id"]}))
            )
        distinct = {}
        for account, rows in found.items():
            newest = {}
            for at, kind, direction, people in sorted(rows, key=lambda row: row[0]):
                newest[at.date(), kind, direction, people] = (at, kind, direction, people)
            distinct[account] = list(newest.values())
        return distinct

    def recent(self, account):
        return [row for row in self.moments.get(account, []) if row[0] > self.now - timedelta(days=90)]

    def people(self, account):
        return Counter(person for row in self.recent(account) for person in row[3])

    def _issues(self):
        by_name = defaultdict(list)
        for row in self.accounts.values():
            by_name[row["Name"].casefold()].append(row["Id"])
        merged = {row["Id"]: row["MasterRecordId"] for row in self.data.salesforce["Account"]}
        short = {each[:15]: each for each in merged}
        found = defaultdict(list)
        for issue in self.data.jira_issues:
            fields = issue["fields"]
            if fields["security"]:
                continue
            value, project = fields[ACCOUNT_FIELD], fields["project"]["key"]
            if value:
                text = (
                    value.rpartition("/Account/")[2].partition("/")[0]
                    if value.startswith("https:")
                    else value
                )
                direct = short.get(text[:15]) if len(text) in (15, 18) else None
                owners = [merged[direct] or direct] if direct else by_name[" ".join(text.casefold().split())]
                owners = owners if len(owners) == 1 else []
            elif fields.get(ORGANIZATIONS):
                owners = [
                    each for entry in fields[ORGANIZATIONS] for each in by_name[entry["name"].casefold()]
                ]
            else:
                owners = (
                    [self.account(PROJECT_ACCOUNTS[project])["Id"]] if project in PROJECT_ACCOUNTS else []
                )
            for owner in owners:
                if owner in self.accounts:
                    found[owner].append(issue)
        return found

    def open(self, account):
        for issue in self.issues[account]:
            fields = issue["fields"]
            if (
                fields["status"]["statusCategory"]["key"] != "done"
                and fields["issuetype"]["hierarchyLevel"] == 0
            ):
                yield issue

    def waiting(self, account):
        """Business hours of the oldest unanswered question, per issue."""
        for issue in self.open(account):
            fields = issue["fields"]
            if fields["project"]["projectTypeKey"] != "service_desk":
                continue
            answers = [
                instant(each["created"])
                for each in fields["comment"]["comments"]
                if side(each["author"]) == "staff" and each["jsdPublic"] and "visibility" not in each
            ]
            answers += [
                instant(history["created"])
                for history in issue["changelog"]["histories"]
                for item in history["items"]
                if item["toString"] == "Waiting for customer" and side(history["author"]) == "staff"
            ]
            questions = [
                instant(each["created"])
                for each in fields["comment"]["comments"]
                if side(each["author"]) == "customer"
            ]
            unanswered = [at for at in questions if at > max(answers, default=questions[0])]
            if unanswered:
                yield business_hours(min(unanswered), self.now)
        yield from self.waiting_cases(account)

    def waiting_cases(self, account):
        sf = self.data.salesforce
        portal = {row["Id"] for row in sf["User"] if row.get("ContactId")}
        for case in sf["Case"]:
            if case["AccountId"] == account and not case["IsClosed"]:
                said = {True: [], False: []}
                for row in sf["CaseComment"]:
                    if row["ParentId"] == case["Id"] and row["IsPublished"]:
                        said[row["CreatedById"] in portal].append(instant(row["CreatedDate"]))
                late = [at for at in said[True] if at > max(said[False])]
                if late:
                    yield business_hours(min(late), self.now)

    def units(self, account):
        """Name of each unit and whether it is engaged."""
        units = {}
        own = [row for row in self.contacts.values() if row["AccountId"] == account]
        reporters = {issue["fields"]["reporter"].get("emailAddress") for issue in self.open(account)}
        deals = self.deal_people()
        for row in own:
            name = department(row["Department"])
            if name:
                met = row["Id"] in self.people(account) or row["Email"] in reporters or row["Id"] in deals
                units[name] = units.get(name, False) or met
        for child in self.accounts.values():
            if child["ParentId"] == account and (child["Type"] or "").startswith("Customer"):
                met = bool(self.recent(child["Id"])) or bool(list(self.open(child["Id"])))
                units[child["Name"]] = met
        return units

    def deal_people(self):
        year = (self.now - timedelta(days=365)).date().isoformat()
        deals = {
            row["Id"]
            for row in self.data.salesforce["Opportunity"]
            if not row["IsClosed"] or (row["IsWon"] and row["CloseDate"] > year)
        }
        return {
            row["ContactId"]
            for row in self.data.salesforce["OpportunityContactRole"]
            if row["OpportunityId"] in deals
        }

    def stuck(self, account):
        for issue in self.open(account):
            fields = issue["fields"]
            steps = [
                instant(history["created"])
                for history in issue["changelog"]["histories"]
                if any(item["fieldId"] == "status" for item in history["items"])
            ]
            since = max(steps, default=instant(fields["created"]))
            backlog = (
                fields["project"]["projectTypeKey"] == "software"
                and fields["status"]["statusCategory"]["key"] != "indeterminate"
            )
            if (
                since <= self.now - timedelta(days=14)
                and fields["status"]["name"] not in OPEN_FOR_NOBODY
                and not backlog
            ):
                yield issue

    def value(self, name, metric):
        account = self.account(name)["Id"]
        counts = self.people(account)
        total = sum(counts.values())
        units = self.units(account)
        match metric:
            case "days_since_contact":
                newest = max((row[0] for row in self.moments.get(account, [])), default=None)
                return (self.now - (newest or instant(self.accounts[account]["CreatedDate"]))).days
            case "moments_90d":
                return len(self.recent(account))
            case "effective_contacts":
                return total**2 / sum(n * n for n in counts.values()) if total else None
            case "contacts_engaged_90d":
                return sum(self.contacts[person]["AccountId"] == account for person in counts)
            case "open_issues":
                return len(list(self.open(account)))
            case "open_p1":
                return sum(
                    issue["fields"]["priority"]["name"] == "Highest"
                    and issue["fields"]["project"]["projectTypeKey"] == "service_desk"
                    for issue in self.open(account)
                )
            case "unanswered_comments":
                return len(list(self.waiting(account)))
            case "oldest_unanswered_business_hours":
                return max(self.waiting(account), default=0)
            case "overdue_issues":
                today = self.now.date().isoformat()
                return sum((issue["fields"]["duedate"] or today) < today for issue in self.open(account))
            case "stuck_issues":
                return len(list(self.stuck(account)))
            case "org_units_known":
                return len(units)
            case "org_units_engaged":
                return sum(units.values())
            case "unit_coverage":
                return sum(units.values()) / len(units) if len(units) >= 3 else None
            case "active_projects":
                return len({issue["fields"]["project"]["key"] for issue in self.open(account)})
        raise AssertionError(metric)


def side(author):
    if author["accountType"] == "app":
        return None
    if author["accountType"] == "customer":
        return "customer"
    address = author.get("emailAddress", "")
    return "staff" if not address or address.endswith("@" + INTERNAL_DOMAIN) else None


# One ordinary day and the oddest; the others in the thorough run.
ALWAYS = ("a Sunday", "the turn of the year")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(at, id=name, marks=() if name in ALWAYS else (pytest.mark.thorough,))
        for name, at in NOWS.items()
    ],
)
def book(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write(folder, now=request.param)
    return Book(dataset.load(folder), request.param)


# What this reader can count; the metrics themselves find the other stories.
READ = {
    *("days_since_contact", "moments_90d", "effective_contacts", "contacts_engaged_90d", "open_issues"),
    *("open_p1", "unanswered_comments", "oldest_unanswered_business_hours", "overdue_issues", "stuck_issues"),
    *("org_units_known", "org_units_engaged", "unit_coverage", "active_projects"),
}


def test_every_story_is_found_by_a_patient_reader(book):
    told = [story for story in STORIES if story.metric in READ]
    assert len(told) > 40
    found = {(story.account, story.metric): book.value(story.account, story.metric) for story in told}
    missed = [
        (story, found[story.account, story.metric])
        for story in told
        if not story.holds(found[story.account, story.metric])
    ]
    assert missed == []


def test_accounts_of_stories_are_named_without_doubt(book):
    for story in STORIES:
        book.account(story.account)
        assert story.at_least is not None or story.at_most is not None


def test_what_never_happened_is_marked(book):
    for story in STORIES:
        if story.never and story.metric == "days_since_contact":
            assert book.account(story.account)["Id"] not in book.moments


def test_accounts_without_any_data_have_none(book):
    for name in ("Quiet Oak Ltd", "Fernhill Dairy"):
        account = book.account(name)["Id"]
        assert not book.issues[account]
        for table in ("Contact", "Task", "Event", "Opportunity", "Case", "Contract", "Asset"):
            assert not [row for row in book.data.salesforce[table] if row["AccountId"] == account]


def test_an_estimate_nearly_grew_by_half(book):
    epics = [issue for issue in book.data.jira_issues if issue["fields"]["issuetype"]["name"] == "Epic"]
    epic = next(issue for issue in epics if issue["fields"]["summary"] == "Billing migration")
    parts = [
        issue["fields"]
        for issue in book.data.jira_issues
        if issue["fields"].get("parent", {}).get("id") == epic["id"]
    ]
    used = sum(part["timespent"] + part["timeestimate"] for part in parts)
    assert used / sum(part["timeoriginalestimate"] for part in parts) == 1.47


def test_the_questions_of_acme_bear_the_keys_that_people_quote(book):
    account = book.account("Acme GmbH")["Id"]
    keys = {issue["key"] for issue in book.open(account)}
    assert {"ACME-412", "ACME-398"} <= keys


def test_missed_calls_are_open_and_nobody_called_back(book):
    account = book.account("Kestrel Insurance")["Id"]
    missed = [
        row
        for row in book.data.salesforce["Task"]
        if row["AccountId"] == account and row["CallDisposition"] in {"Missed", "Voicemail"}
    ]
    assert [row["IsClosed"] for row in missed] == [False, False]
    caller = missed[0]["WhoId"]
    for row in missed:
        assert business_hours(instant(row["CreatedDate"]), book.now) > 8
        later = [
            each
            for each in book.moments[account]
            if caller in each[3] and each[0] > instant(row["CreatedDate"])
        ]
        assert not [each for each in later if each[2] != "Inbound"]


def test_what_only_looks_like_contact_is_all_there(book):
    account = book.account("Zephyr Airlines")["Id"]
    rows = book.data.salesforce
    recent = (book.now - timedelta(days=45)).isoformat()
    events = [row for row in rows["Event"] if row["AccountId"] == account]
    assert {"IsPrivate", "IsRecurrence", "IsChild"} == {
        flag for flag in ("IsPrivate", "IsRecurrence", "IsChild") for row in events if row[flag]
    }
    mails = [row for row in rows["EmailMessage"] if row["MessageDate"] > recent and "zephyr" in str(row)]
    assert sum(row["Subject"].casefold().startswith(AUTOMATIC) for row in mails) == 2
    assert sum(row["Headers"] is not None for row in mails) == 1
    assert sum(row["Status"] == "5" for row in mails) == 1
    assert sum(row["ParentId"] is not None for row in mails) == 1
    tasks = [row for row in rows["Task"] if row["AccountId"] == account and row["ActivityDate"] > recent[:10]]
    assert any(row["TaskSubtype"] == "ListEmail" for row in tasks)
    assert any(row["IsDeleted"] for row in tasks)
    assert any(not row["IsClosed"] and row["TaskSubtype"] == "Call" for row in tasks)


def test_three_corrections_were_reopened_within_two_weeks(book):
    account = book.account("Cobalt Mining")["Id"]
    back = [
        issue["key"]
        for issue in book.open(account)
        for history in issue["changelog"]["histories"]
        for item in history["items"]
        if item["fieldId"] == "resolution"
        and item["to"] is None
        and instant(history["created"]) > book.now - timedelta(days=14)
    ]
    assert len(set(back)) == 3
    assignments = [
        sum(
            item["fieldId"] == "assignee"
            for history in issue["changelog"]["histories"]
            for item in history["items"]
        )
        for issue in book.open(account)
    ]
    assert max(assignments) >= 5


def test_an_owner_left_and_the_manager_is_still_here(book):
    users = {row["Id"]: row for row in book.data.salesforce["User"]}
    owner = users[book.account("Granite Peak Bank")["OwnerId"]]
    assert not owner["IsActive"]
    assert users[owner["ManagerId"]]["IsActive"]
    assert book.account("Granite Peak Bank")["Id"] in {
        row["AccountId"] for row in book.data.salesforce["AccountTeamMember"]
    }


def test_an_incident_hidden_by_a_security_level_stands_in_the_tracker(book):
    hidden = [issue for issue in book.data.jira_issues if issue["fields"]["security"]]
    assert [issue["fields"]["priority"]["name"] for issue in hidden] == ["Highest"]


def test_a_person_set_one_band_by_hand_and_no_other_is_set(book):
    bands = {
        row["Name"]: row["Rapport_Band__c"]
        for row in book.data.salesforce["Account"]
        if "Rapport_Band__c" in row
    }
    assert bands == {"Nordwind AG": "Green"}


def test_every_account_manager_writes_mail(book):
    managers = {
        row["OwnerId"] for row in book.accounts.values() if (row["Type"] or "").startswith("Customer")
    }
    since = book.now - timedelta(days=90)
    writing = {
        row["CreatedById"]
        for row in book.data.salesforce["EmailMessage"]
        if not row["Incoming"] and instant(row["MessageDate"]) > since
    }
    active = {row["Id"] for row in book.data.salesforce["User"] if row["IsActive"]}
    assert managers & active - writing == set()


def test_every_service_project_has_a_customer_speaking(book):
    since = book.now - timedelta(days=180)
    speaking = {
        issue["fields"]["project"]["key"]
        for issue in book.data.jira_issues
        for note in issue["fields"]["comment"]["comments"]
        if side(note["author"]) == "customer" and instant(note["created"]) > since
    }
    service = {row["key"] for row in book.data.jira_projects if row["projectTypeKey"] == "service_desk"}
    assert service <= speaking


def test_a_story_knows_when_it_is_found():
    story = Story("Acme GmbH", "waits", "unanswered_comments", at_least=2, at_most=3)
    assert [story.holds(value) for value in (None, 1, 2, 3, 4)] == [False, False, True, True, False]
