"""What `rapport doctor` says: of each side, of the store, and of what would move most accounts out of Unknown."""

from __future__ import annotations

import io
import sqlite3
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from command_line import open_company, rapport
from company import CUSTOMER, NOW, Book, ago
from hypothesis import given
from hypothesis import strategies as st

from connectors.findings import Finding
from reports import doctor_text, terminal
from rules.sources import COVERAGE
from rules.words import UNCOVERED
from simulator.jira_switches import JiraSwitches
from simulator.server import Switches
from sync.doctor import _against_the_store, _as_one, _behind, _clock
from sync.doctor_inputs import Weighed, causes, rank
from sync.doctor_mends import MENDS
from sync.doctor_needs import object_needs
from sync.lock import RunLock

OWN_LISTS = (
    '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\np1_priorities = ["Urgent"]\n'
    'paused_statuses = ["Blocked", "Parked"]\ncustomer_visible_projects = ["SUP", "SUPP"]\n'
    '[activities]\nonsite_types = ["Customer visit"]\n'
)


def book_with_gaps() -> Book:
    """Twenty-one managed accounts; declared fields on one of them; tasks of types that count and that do not."""
    book = Book()
    number = {"type": "double", "precision": 3, "scale": 0}
    book.schema["Account"]["fields"] += [
        {"name": "Rapport_Pulse__c", "label": "Pulse", **number},
        {"name": "Rapport_CSAT__c", "label": "CSAT", **number},
    ]
    book.schema["Task"] |= {"writes": "cu"}
    book.schema["Contact"] = {"hidden": ["Title"]}
    acme = book.account("Acme GmbH", Rapport_Pulse__c=4, Rapport_CSAT__c=5)
    others = [book.account(f"Customer {n}", Rapport_CSAT__c=5 if n < 2 else None) for n in range(20)]
    dana = book.contact(acme, "dana@acme.example")
    book.call(acme, ago(days=3), dana)
    book.meeting(acme, ago(days=9), dana, Type="Other")
    for kind, count in (("Demo", 3), ("Letter", 2), (None, 1)):
        for _ in range(count):
            book.call(others[0], ago(days=5), TaskSubtype="Task", Type=kind)
    book.call(others[1], ago(days=5), TaskSubtype="Task", Type="Call")  # counts by its type
    book.call(others[1], ago(days=5), TaskSubtype="Task", Type="Draft", IsClosed=False)  # is still to be done
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER)
    book.comment(question, CUSTOMER, ago(hours=50))
    for n in range(2, 5):
        book.issue(f"SUP-{n}")
    return book


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    switches = Switches(jira=JiraSwitches(granted=frozenset({"BROWSE_PROJECTS", "USER_PICKER"})))
    with open_company(tmp_path_factory.mktemp("examined"), book_with_gaps(), switches=switches) as served:
        served.configure(OWN_LISTS, mode="observe")
        yield served


def doctor(company, *arguments: object, **more):
    return rapport("--config", company.config_path, "doctor", *arguments, **more)


def found(data, code: str, side: str | None = None) -> list[dict]:
    return [each for each in data["findings"] if each["code"] == code and side in (None, each["side"])]


def one(data, code: str, side: str | None = None) -> dict:
    (finding,) = found(data, code, side)
    return finding


@pytest.fixture(scope="module")
def before(company):
    """Looked at before the first pull; it leaves no folder behind."""
    told = doctor(company, "--format", "json")
    assert not company.config.store_folder.exists()
    return told


def books(folder, statement: str) -> str | None:
    connection = sqlite3.connect(folder / "state.sqlite", isolation_level=None)
    row = connection.execute(statement).fetchone()
    connection.close()
    return row and row[0]


def contents(folder) -> dict:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*"))}


@pytest.fixture(scope="module")
def after(company, before):
    company.pull()
    files = contents(company.config.store_folder)
    told = doctor(company, "--format", "json")
    after = contents(company.config.store_folder)
    assert {path: after[path] for path in files} == files
    # what SQLite lays beside a file that is only read, so that readers and a writer do not meet
    assert {path.suffix for path in after.keys() - files.keys()} <= {".sqlite-shm", ".sqlite-wal"}
    return told


def test_before_the_first_pull_the_connections_alone_are_looked_at(before):
    data = before.json
    assert (before.code, data["usable"], data["mode"]) == (0, True, "observe")
    assert one(data, "empty")["advice"] == "run rapport pull first."
    assert one(data, "mode")["message"] == "Rollout mode is observe: runs plan and write nothing."
    signed = [each["message"] for each in found(data, "signed_in")]
    assert signed[0].startswith("Signed in to Vendor (production) as ")
    assert signed[1].endswith("(Cloud) as Integration.")
    facts = [each["facts"] for each in found(data, "signed_in")]
    assert (facts[0]["org"], facts[0]["sandbox"], facts[1]["user"]) == (
        "00D000000000001AAA",
        "false",
        "Integration",
    )
    assert data["calls"]["salesforce"]["write"] == data["calls"]["jira"]["write"] == 0
    assert {each["severity"] for each in data["findings"]} <= {"error", "warning", "note"}
    assert not [each for each in data["findings"] if not each["message"].endswith(".")]
    account = next(row for row in data["objects"] if row["object"] == "Account")
    assert account == {"object": "Account", "present": True, "visible": 21, "total": 21, "stored": None}
    assert next(row for row in data["objects"] if row["object"] == "Contract")["present"] is False
    assert "Contract" in one(data, "absent")["message"]
    assert data["sites"] == [{"site": "default", "signed_in": True, "visible": 4, "stored": None}]


def test_rights_in_excess_are_told_once_for_all_objects(before):
    excess = one(before.json, "excess_rights")
    assert excess["severity"] == "warning"
    assert "Account, Contact" in excess["message"]
    assert "Task" not in excess["message"], "tasks are created and changed, and may not be deleted here"


def test_what_of_the_org_could_not_be_looked_at_is_a_note_and_lists_that_fit_are_no_finding(before):
    unknown = one(before.json, "outsiders_unknown")
    assert (unknown["side"], unknown["severity"]) == ("salesforce", "note")
    assert not found(before.json, "picklist")
    assert not found(before.json, "task_status")


def test_lists_of_the_org_that_do_not_fit_and_fields_that_guests_may_read_are_told(tmp_path):
    book = Book()
    book.account("Acme GmbH")
    band = {"name": "Rapport_Band__c", "type": "picklist", "picklistValues": ["Green", "Red"]}
    book.schema["Account"]["fields"] += [band]
    rights = {
        "Profile": [{"Id": "00e000000000001AAA", "Name": "Site Guest", "UserType": "Guest"}],
        "PermissionSet": [
            {
                "Id": "0PS000000000001AAA",
                "ProfileId": "00e000000000001AAA",
                "IsOwnedByProfile": True,
                "Label": "X",
            }
        ],
        "FieldPermissions": [
            {
                "Id": "01k000000000001AAA",
                "ParentId": "0PS000000000001AAA",
                "SobjectType": "Account",
                "Field": "Account.Health_Score__c",
                "PermissionsRead": True,
            }
        ],
        "PermissionSetAssignment": [],
        "ObjectPermissions": [],
        "TaskStatus": [
            {"Id": "01X000000000001AAA", "ApiName": "Offen", "MasterLabel": "Offen", "IsClosed": False},
            {"Id": "01X000000000002AAA", "ApiName": "Erledigt", "MasterLabel": "Erledigt", "IsClosed": True},
        ],
    }
    book.salesforce |= rights
    book.schema["Account"]["fields"] += [{"name": "Health_Score__c", "type": "double"}]
    with open_company(tmp_path, book) as served:
        served.configure('[salesforce.fields]\nRapport_Health__c = "Health_Score__c"\n', mode="observe")
        told = doctor(served, "--format", "json")
        assert sum(side["write"] for side in served.simulator.calls().values()) == 0
    leak = one(told.json, "outsiders")
    assert (told.code, leak["severity"]) == (3, "error"), "what guests read is no matter for later"
    assert (
        leak["message"]
        == 'The profile "Site Guest" lets guests of a public site read Account.Health_Score__c.'
    )
    messages = {each["message"].partition(":")[0] for each in found(told.json, "picklist")}
    assert messages == {
        "Rapport_Band__c of Account does not offer Amber, Unknown",
        "Status of Task does not offer Not Started, Completed",
    }


def test_the_store_tells_what_is_unknown_and_for_want_of_what(after):
    data = after.json
    assert (after.code, data["managed_accounts"]) == (0, 21)
    known = {name: (row["known"], row["unknown"]) for name, row in data["coverage"].items()}
    assert known["contacts_logged"] == (21, 0)
    assert known["p1_priorities"] == known["titles"] == known["emails"] == (0, 21)
    assert list(data["coverage"]) == list(COVERAGE)
    causes_of = {row["metric"]: row["causes"] for row in data["unknown_metrics"]}
    assert causes_of["open_p1"] == ["the site has none of the priorities in [jira] p1_priorities"]
    assert (
        "no contact has a title, or titles are not visible to the connected user"
        in causes_of["executives_engaged_90d"]
    )
    assert "days_since_contact" not in causes_of
    (finding,) = [each for each in found(data, "unknown_metrics") if "open_p1" in each["message"]]
    assert (finding["severity"], finding["numbers"]["in_scorecards"] > 0) == ("warning", True)
    assert finding["advice"].startswith("name the site's own in [jira] p1_priorities")


def test_what_people_log_without_its_being_counted_is_listed(after):
    data = after.json
    assert data["uncounted_task_types"] == [
        {"type": "Demo", "tasks": 3},
        {"type": "Letter", "tasks": 2},
        {"type": "(no type)", "tasks": 1},
    ]
    assert "Demo (3), Letter (2), (no type) (1)" in one(data, "uncounted_tasks")["message"]


def test_lists_that_match_nothing_of_the_site_are_told(after):
    rows = {row["list"]: row["unmatched"] for row in after.json["unmatched_lists"]}
    assert rows["jira.p1_priorities"] == ["Urgent"]
    assert rows["jira.paused_statuses"] == ["Parked"], "an entry of one's own that nobody uses"
    assert rows["jira.customer_visible_projects"] == ["SUPP"]
    assert rows["activities.onsite_types"] == ["Customer visit"]
    assert "jira.waiting_statuses" not in rows, "of the words that ship with the product one is enough"
    messages = {each["subject"]: each for each in found(after.json, "unmatched_list")}
    assert messages["jira.p1_priorities"]["severity"] == "warning"
    assert "Highest" in messages["jira.p1_priorities"]["advice"]
    assert (
        messages["jira.paused_statuses"]["message"]
        == "jira.paused_statuses: Parked is not in use here as status."
    )


def test_declared_fields_that_few_accounts_have_count_as_absent(after):
    rows = {row["field"]: (row["accounts"], row["counts"]) for row in after.json["declared_inputs"]}
    assert rows == {"Rapport_Pulse__c": (1, False), "Rapport_CSAT__c": (3, True)}, (
        "1 of 21 is under 5 %, 3 are not"
    )
    assert "Account.Rapport_Pulse__c (1)" in one(after.json, "seldom_filled")["message"]


def test_mails_issues_and_hidden_fields_are_counted(after):
    data = after.json
    assert data["emails"] == {"account_managers": 1, "with_sent_mail": 0, "enough": False}
    assert "0 of 1 account managers have a visible sent e-mail in 90 days" in one(data, "emails")["message"]
    assert (data["links"]["issues"], data["links"]["linked"]) == (4, 1)
    unlinked = one(data, "unlinked")
    assert (unlinked["severity"], "3 of 4 issues (75 %)" in unlinked["message"]) == ("warning", True)
    assert "links --suggest" in unlinked["advice"]
    contact = next(row for row in data["sources"] if row["source"] == "sf_contact")
    assert "Title" in contact["missing"]
    assert any("Title" in each["message"] for each in found(data, "hidden_fields"))
    stored = {row["object"]: row["stored"] for row in data["objects"]}
    assert (stored["Account"], stored["Contact"], stored["Contract"]) == (21, 1, None)
    assert data["sites"][0]["stored"] == 4


def test_the_text_tells_the_same_the_worst_first(after):
    out = io.StringIO()
    doctor_text.diagnosis(terminal.console(out), after.json)
    lines = out.getvalue().splitlines()
    counts = [sum(line.startswith(f"  {name} ") for line in lines) for name in ("warning", "note")]
    assert lines[0] == f"Usable: {counts[0]} warnings, {counts[1]} notes.", "as many as are told below"
    assert counts[0] == sum(each["severity"] == "warning" for each in after.json["findings"])
    order = [line.split()[0] for line in lines if line.startswith(("  warning", "  note", "  ok"))]
    assert order[0] == "warning"
    for words in ("Salesforce", "Jira", "Store", "Config", "Known for all managed accounts", "Account  "):
        assert any(line.startswith(words) for line in lines), words


def test_a_side_that_refuses_ends_with_3_and_the_rest_is_told_all_the_same(company, after):
    told = doctor(company, "--format", "json", env={"RAPPORT_JIRA__API_TOKEN": "expired"})
    assert (told.code, told.json["usable"]) == (3, False)
    refused = one(told.json, "refused")
    assert (refused["side"], refused["site"], refused["severity"]) == ("jira", "default", "error")
    assert refused["advice"]
    assert told.json["managed_accounts"] == 21, "the store is looked at as well"
    text = doctor(company, env={"RAPPORT_SALESFORCE__CLIENT_SECRET": "wrong"})
    assert (text.code, text.out.startswith("Not usable as it is: 1 error, ")) == (3, True)
    assert "Salesforce\n  error    " in text.out
    assert "\nJira\n" in text.out
    assert "\nObject  " not in text.out, "of what nobody could look at there is no table"


def test_a_store_that_is_held_broken_or_of_another_org_is_a_finding_and_no_failure(company, after):
    folder = company.config.store_folder
    with RunLock.acquire(folder, exclusive=True, phase="pull"):
        busy = doctor(company, "--wait", 0, "--format", "json")
    assert (busy.code, "Another run holds the store" in one(busy.json, "store")["message"]) == (0, True)
    mirror = folder / "mirror.duckdb"
    kept = mirror.read_bytes()
    org = books(folder, "select value from identity where name = 'org'")
    books(folder, "update identity set value = '00D000000000009AAA' where name = 'org'")
    company.configure(OWN_LISTS + '[people]\nhouse_users = ["Queue"]\n', mode="observe")
    other = doctor(company, "--format", "json")
    company.configure(OWN_LISTS, mode="observe")
    books(folder, f"update identity set value = '{org}' where name = 'org'")
    assert (other.code, "belongs to org 00D000000000009AAA" in one(other.json, "mismatch")["message"]) == (
        3,
        True,
    )
    assert one(other.json, "underived")["severity"] == "note"
    assert mirror.read_bytes() == kept, "even then nothing is derived anew"
    try:
        mirror.write_bytes(b"no database")
        broken = doctor(company, "--format", "json")
        assert (broken.code, "cannot be read" in one(broken.json, "store")["message"]) == (0, True)
    finally:
        mirror.write_bytes(kept)


# -- pure --------------------------------------------------------------------------------------------------------------


def test_rows_are_compared_with_the_store_beyond_what_a_day_explains():
    def row(visible, stored, name="Contact"):
        return {"object": name, "visible": visible, "stored": stored}

    codes = {
        (visible, stored, name): [each.code for each in _against_the_store([row(visible, stored, name)])]
        for visible, stored, name in [
            (100, 95, "Contact"), (100, 94, "Contact"), (1000, 980, "Contact"), (1000, 979, "Contact"),
            (95, 100, "Contact"), (94, 100, "Contact"), (None, 5, "Contact"), (5, None, "Contact"),
        ]
    }  # fmt: skip
    assert codes == {
        (100, 95, "Contact"): [], (100, 94, "Contact"): ["behind"], (1000, 980, "Contact"): [],
        (1000, 979, "Contact"): ["behind"], (95, 100, "Contact"): [], (94, 100, "Contact"): ["lost_rows"],
        (None, 5, "Contact"): [], (5, None, "Contact"): [],
    }  # fmt: skip
    (finding,) = _behind("issues", row(100, 10), tolerance=0.05)
    assert finding.message == "The store holds 10 of 100 visible issues."


def test_words_for_what_is_absent_and_for_what_would_mend_it_fit_the_parts_of_the_data():
    assert set(COVERAGE) <= set(UNCOVERED)
    assert set(MENDS) <= set(COVERAGE), "no advice about what is no part of the data any more"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, None), (120, None), (-120, None), (300, "300 seconds behind"), (-300, "300 seconds ahead of")],
)
def test_a_clock_that_is_minutes_off_is_a_warning(seconds, words):
    found = _clock(NOW + timedelta(seconds=seconds), NOW)
    assert [words in each.message for each in found] == ([] if words is None else [True])
    assert _clock(None, NOW) == []


def test_a_single_object_keeps_its_own_words():
    excess = Finding(
        "Account", "warning", "This user may also delete records of Account.", code="excess_rights"
    )
    refused = Finding("Contact", "warning", "No.", code="refused")
    assert _as_one([excess, refused]) == [refused, excess]


def test_needs_follow_the_config(company):
    company.configure(
        '[salesforce.fields]\nRapport_Health__c = "Health_Score__c"\nRapport_Pulse__c = "Mood__c"\n'
        '[salesforce.task]\ntype = "Other"\nconstants = {{ IsReminderSet = false }}\n'
        '[accounts.columns]\nregion = "Region__c"\n[people]\naccount_manager = ["field:Lead__c", "owner"]\n'
    )
    needs = {need.name: need for need in object_needs(company.config)}
    company.configure(OWN_LISTS, mode="observe")
    account, task = needs["Account"], needs["Task"]
    assert {"Name", "Health_Score__c", "Mood__c", "Region__c", "Lead__c"} <= set(account.reads)
    assert "Rapport_Standing__c" in account.wishes
    assert {"Health_Score__c", "Rapport_Band__c"} <= set(account.updates)
    assert (account.creates, account.optional, needs["Contact"].optional) == ((), False, True)
    assert {"Type", "IsReminderSet", "Rapport_Key__c", "WhatId"} <= set(task.creates)
    assert task.key == "Rapport_Key__c"
    assert not {"Id", "IsDeleted", "SystemModstamp"} & {*account.reads, *account.wishes}
    assert needs["Product2"].reads == ()


# Metrics by what they require; `both` is made of two others.
SHELF = SimpleNamespace(
    metrics={
        "a": SimpleNamespace(requires=("one",), expr=None),
        "b": SimpleNamespace(requires=("two",), expr=None),
        "c": SimpleNamespace(requires=("one", "two"), expr=None),
        "d": SimpleNamespace(requires=(), expr=None),
        "both": SimpleNamespace(requires=(), expr=SimpleNamespace(columns={"a", "b"})),
    },
    scorecards={
        "health": SimpleNamespace(floor=Decimal("0.5")),
        "reach": SimpleNamespace(floor=Decimal("0.8")),
    },
)


def weighed(rows) -> list[Weighed]:
    """rows: (account, scorecard, {metric: (weight, known)}); of those under the floor of the scorecard."""
    found = []
    for account, card, measures in rows:
        total = sum(weight for weight, _ in measures.values())
        share = sum(weight for weight, known in measures.values() if known) / total
        if share < float(SHELF.scorecards[card].floor):
            found += [Weighed(card, account, share, m, w, not known) for m, (w, known) in measures.items()]
    return found


def test_inputs_are_ranked_by_the_accounts_that_they_give_a_score():
    no, yes = False, True
    rows = [
        ("1", "health", {"a": (6, no), "b": (3, no), "d": (1, yes)}),  # 1 of 10 known: "one" gives 7
        ("2", "health", {"a": (6, no), "b": (3, no), "d": (1, yes)}),
        ("3", "health", {"a": (1, no), "b": (6, no), "d": (3, yes)}),  # 3 of 10: only "two" gives 5 or more
        ("4", "health", {"c": (9, no), "d": (1, yes)}),  # lacks both at once: "two" helps when "one" is there
        ("5", "health", {"a": (1, no), "d": (9, no)}),  # nothing known: "d" itself, with no record of it
        ("6", "health", {"a": (4, no), "d": (6, yes)}),  # has a score
        ("7", "health", {"a": (9, no), "d": (1, yes)}),  # has nothing on record
    ]
    lacking = dict.fromkeys("1234567", frozenset({"one", "two"}))
    (card,) = rank(weighed(rows), SHELF, lacking, frozenset({"7"}))
    assert (card["scorecard"], card["unknown"], card["nothing_on_record"]) == ("health", 6, 1)
    assert [(each["input"], each["accounts"]) for each in card["inputs"]] == [
        ("one", 2),
        ("two", 2),
        ("metric:d", 1),
    ]
    assert card["inputs"][0]["weight_share"] == pytest.approx((0.6 + 0.6 + 0.1 + 0 + 0.1) / 5)


def test_a_metric_over_others_lacks_what_they_lack():
    assert causes("both", SHELF, frozenset({"one", "two"})) == {"one", "two"}
    assert causes("both", SHELF, frozenset({"two"})) == {"two"}
    assert causes("c", SHELF, frozenset()) == {"metric:c"}
    assert causes("d", SHELF, frozenset({"one"})) == {"metric:d"}


@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from(["a", "b", "d"]), st.tuples(st.integers(1, 9), st.booleans()), min_size=1
            ),
            st.sampled_from(["health", "reach"]),
        ),
        max_size=6,
    )
)
def test_the_first_input_moves_as_many_accounts_as_any_other_would(accounts):
    rows = [(str(n), card, measures) for n, (measures, card) in enumerate(accounts)]
    lacking = dict.fromkeys(map(str, range(len(rows))), frozenset({"one", "two"}))
    inputs = {"one": {"a"}, "two": {"b"}, "metric:d": {"d"}}
    for card in rank(weighed(rows), SHELF, lacking):
        own = [measures for _, name, measures in rows if name == card["scorecard"]]
        floor = float(SHELF.scorecards[card["scorecard"]].floor)

        def share(measures, given):
            total = sum(weight for weight, _ in measures.values())
            return sum(w for metric, (w, known) in measures.items() if known or metric in given) / total

        unknown = [measures for measures in own if share(measures, ()) < floor]
        assert card["unknown"] == len(unknown)
        moved = {name: sum(share(m, given) >= floor for m in unknown) for name, given in inputs.items()}
        assert card["inputs"][0]["accounts"] == max(moved.values())
        assert moved[card["inputs"][0]["input"]] == max(moved.values())
