"""Jira's JSON to tables: hand-made oddities, and every issue that was recorded from a real site."""

import ast
import contextlib
import hashlib
import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import jira_records, jira_shapes
from connectors.errors import FieldNotFound
from connectors.jira_records import IssueRecords
from connectors.jira_site import ORGANIZATIONS, PARTICIPANTS, JiraField, WantedFields, discover

RECORDINGS = Path("../shared/fixtures/jira")
needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")

NOTHING = WantedFields()


def issue(fields=None, **rest):
    given = {"created": "2026-03-11T06:14:18.085-0800", "updated": "2026-03-12T06:14:18.085-0800"}
    return {"id": "10001", "key": "ACME-1", "fields": {**given, **(fields or {})}, **rest}


def read(*issues, wanted=NOTHING, site="default"):
    records = IssueRecords(site, wanted)
    refs = [records.issue(json.dumps(one).encode()) for one in issues]
    return refs, records.batch(None)


def rows(table):
    return table.to_pylist()


def naive_utc(text):
    return datetime.fromisoformat(text)


def tables(batch):
    return (batch.issues, batch.values, batch.comments, batch.steps, batch.worklogs, batch.people)


# ---------------------------------------------------------------- issues


def test_an_issue_becomes_one_row_in_utc():
    _, batch = read(
        issue(
            {
                "summary": "Cut-over date?",
                "project": {"id": "1", "key": "ACME", "projectTypeKey": "service_desk"},
                "issuetype": {"id": "3", "name": "Bug", "subtask": False, "hierarchyLevel": 0},
                "status": {"id": "5", "name": "Erledigt", "statusCategory": {"id": 3, "key": "done"}},
                "priority": {"id": "2", "name": "High"},
                "reporter": {"accountId": "u1"},
                "resolutiondate": None,
                "duedate": "2026-04-01",
                "parent": {"id": "9", "key": "ACME-9"},
                "timeoriginalestimate": 3600,
                "timetracking": {"remainingEstimateSeconds": 60, "originalEstimateSeconds": 1},
                "security": {"id": "77", "name": "Board"},
            }
        ),
        site="north",
    )
    [row] = rows(batch.issues)
    assert batch.issues.schema == jira_records.JIRA_ISSUE
    assert row["site"] == "north"
    assert row["created"] == naive_utc("2026-03-11T14:14:18.085")
    assert (row["project_type"], row["status_category"], row["hierarchy_level"]) == (
        "service_desk",
        "done",
        0,
    )
    assert (row["due_date"], row["resolved"]) == (date(2026, 4, 1), None)
    assert (row["original_seconds"], row["remaining_seconds"], row["spent_seconds"]) == (3600, 60, None)
    assert (row["security_id"], row["security_name"]) == ("77", "Board")
    assert (row["parent_id"], row["parent_key"], row["assignee_id"]) == ("9", "ACME-9", None)


def test_an_issue_with_hardly_a_field_is_still_an_issue():
    refs, batch = read(issue({"updated": None}))
    [row] = rows(batch.issues)
    assert row["updated"] == row["created"]
    assert {name for name, value in row.items() if value is not None} == {
        "site", "id", "key", "created", "updated", "subtask"
    }  # fmt: skip
    assert refs[0] is not None
    assert batch.rejected == ()


def test_broken_issues_are_rejected_one_by_one_with_id_and_plain_reason():
    good = issue()
    _, batch = read(
        {**good, "id": None},
        {**good, "id": "2", "key": None},
        {"id": "3", "key": "A-3"},
        {"id": "4", "key": "A-4", "fields": {"updated": "2026-03-11T06:14:18.085-0800"}},
        issue({"created": "yesterday"}, id="5"),
        issue({"created": "2026-03-11T06:14:18"}, id="6"),
        issue({"status": "Open"}, id="7"),
        issue({"duedate": "soon"}, id="8"),
        issue({"timespent": 10**30}, id="9"),
        [1, 2],
        good,
    )
    assert [row["id"] for row in rows(batch.issues)] == ["10001"]
    assert [(one.id, one.reason) for one in batch.rejected] == [
        ("ACME-1", "issue: id is missing"),
        ("2", "issue: key is missing"),
        ("3", "issue: fields is missing"),
        ("4", "issue: created is missing"),
        ("5", "issue: created: expected a date and time, found 'yesterday'"),
        ("6", "issue: created: the time '2026-03-11T06:14:18' names no offset from UTC"),
        ("7", "issue: status: expected an object, found text"),
        ("8", "issue: duedate: expected a date like 2026-11-22, found 'soon'"),
        ("9", "issue: timespent: the number is too large to be meant"),
        (None, "issue: the record: expected an object, found a list"),
    ]


def test_bytes_that_are_no_text_reject_only_their_issue():
    records = IssueRecords("default", NOTHING)
    assert records.issue(b'{"id": "1", "key": "A-1", "fields": {"created": "\xff"}}') is None
    assert records.issue(b'{"id": "1", "key"') is None
    assert records.issue(json.dumps(issue()).encode()) is not None
    assert len(records.batch(None).rejected) == 2


def test_an_issue_that_comes_again_counts_only_when_it_is_newer():
    seen: dict[str, int] = {}
    first = IssueRecords("default", NOTHING, seen)
    assert first.issue(json.dumps(issue()).encode()) is not None
    second = IssueRecords("default", NOTHING, seen)
    assert second.issue(json.dumps(issue()).encode()) is None
    newer = issue({"updated": "2026-03-13T00:00:00.000+0000", "labels": ["later"]})
    assert second.issue(json.dumps(newer).encode()) is not None
    assert [row["value"] for row in rows(second.batch(None).values)] == ["later"]


def test_nul_bytes_never_reach_the_store():
    _, batch = read(issue({"summary": "a\x00b", "labels": ["x\x00", "\x00"]}))
    assert rows(batch.issues)[0]["summary"] == "ab"
    assert [row["value"] for row in rows(batch.values)] == ["x"]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["id", "key", "name", "value", "total", "comments", "items", "author"]),
                        inner, max_size=4), max_leaves=8),
       st.sampled_from(sorted(jira_shapes.IssueFields.__struct_encode_fields__)))  # fmt: skip
def test_no_value_in_any_field_stops_the_page(value, name):
    odd = issue({name: value}, id="1")
    try:
        json.dumps(odd).encode()
    except UnicodeEncodeError:
        return
    _, batch = read(odd, issue(id="2"))
    assert "2" in {row["id"] for row in rows(batch.issues)}
    assert len(rows(batch.issues)) + sum(one.reason.startswith("issue:") for one in batch.rejected) == 2


# ---------------------------------------------------------------- time


def test_times_are_read_as_text_as_seconds_and_as_milliseconds():
    expected = 1_492_070_429_000_000
    for value in (1492070429, 1492070429000, "1492070429", "2017-04-13T08:00:29.000+0000",
                  "2017-04-13T18:00:29+10:00", "2017-04-13T08:00:29Z", 1492070429.0):  # fmt: skip
        assert jira_shapes.microseconds(value, "created") == expected
    assert jira_shapes.microseconds("", "created") is None
    assert jira_shapes.microseconds(-1, "created") == -1_000_000


@given(st.integers(-(10**40), 10**40) | st.floats() | st.text(max_size=30))
def test_a_time_is_read_or_refused(value):
    with contextlib.suppress(jira_shapes.BrokenRecordError):
        found = jira_shapes.microseconds(value, "created")
        assert found is None or abs(found) < 2**63


# ---------------------------------------------------------------- values


WANTED = WantedFields("customfield_1", "customfield_2", "customfield_3", {"tier": "customfield_4"})


def values(**fields):
    _, batch = read(issue(fields), wanted=WANTED)
    assert batch.rejected == ()
    return [(row["kind"], row["value"], row["value_id"]) for row in rows(batch.values)]


def test_labels_components_and_versions_are_kept_as_delivered():
    assert values(
        labels=["VIP", "vip"],
        components=[{"id": "7", "name": "Billing"}],
        fixVersions=[{"id": "1", "name": "2.0"}],
        versions=[{"id": 2, "name": "1.0"}],
    ) == [
        ("label", "VIP", None),
        ("label", "vip", None),
        ("component", "Billing", "7"),
        ("fix_version", "2.0", "1"),
        ("affected_version", "1.0", "2"),
    ]


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        (" Acme GmbH ", [("Acme GmbH", None)]),
        ("", []),
        (None, []),
        (True, []),
        (10042.0, [("10042", None)]),
        (10042.5, [("10042.5", None)]),
        ({"id": "3", "value": "Acme"}, [("Acme", "3")]),
        ({"id": 3, "name": "Acme"}, [("Acme", "3")]),
        ({"id": "3", "value": "EMEA", "child": {"id": "4", "value": "Acme"}}, [("EMEA", "3")]),
        ([{"value": "A", "id": "1"}, "B", {"value": "A", "id": "1"}], [("A", "1"), ("B", None)]),
        ({"errorMessage": "no permission"}, []),
        ({"accountId": "u", "displayName": "A Person", "name": "aperson"}, []),
        ({"workspaceId": "w", "objectId": "5"}, []),
        (
            {"type": "doc", "version": 1, "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "001xx"}, {"type": "text", "text": "AAA"}]}]},
            [("001xxAAA", None)],
        ),
    ],
)  # fmt: skip
def test_the_account_field_is_read_in_every_shape(delivered, expected):
    assert values(customfield_1=delivered) == [("account", *one) for one in expected]
    assert values(customfield_4=delivered) == [("field:tier", *one) for one in expected]


def test_several_organizations_of_one_issue_are_several_values():
    found = values(customfield_2=[{"id": "1", "name": "Acme", "_links": {}}, {"id": "2", "name": "Borealis"}])
    assert found == [("organization", "Acme", "1"), ("organization", "Borealis", "2")]


def test_participants_are_ids_and_people_never_names():
    person = {
        "accountId": "qm:1",
        "accountType": "customer",
        "displayName": "Dana",
        "emailAddress": "d@x.test",
    }
    _, batch = read(issue({"customfield_3": [person]}), wanted=WANTED)
    assert [(row["kind"], row["value"], row["value_id"]) for row in rows(batch.values)] == [
        ("participant", "qm:1", "qm:1")
    ]
    assert rows(batch.people)[0]["id"] == "qm:1"
    for unreadable in (None, {"errorMessage": "no"}, []):
        assert values(customfield_3=unreadable) == []


# ---------------------------------------------------------------- people


def test_a_person_is_an_id_a_type_a_domain_and_a_hash():
    _, batch = read(
        issue({"reporter": {"accountId": "u1", "accountType": "customer", "displayName": "Dana Okafor",
                            "emailAddress": " Dana@ACME.test "}})
    )  # fmt: skip
    assert rows(batch.people) == [
        {
            "site": "default",
            "id": "u1",
            "account_type": "customer",
            "domain": "acme.test",
            "address_key": hashlib.sha256(b"dana@acme.test").hexdigest(),
        }
    ]
    everything = json.dumps([rows(table) for table in tables(batch)], default=str)
    assert "Dana" not in everything
    assert "dana" not in everything


def test_who_appears_twice_keeps_the_appearance_with_an_address():
    hidden, shown = {"accountId": "u1"}, {"accountId": "u1", "accountType": "app", "emailAddress": "a@b.test"}
    for first, second in ((hidden, shown), (shown, hidden)):
        _, batch = read(issue({"reporter": first, "assignee": second}))
        [person] = rows(batch.people)
        assert (person["domain"], person["account_type"]) == ("b.test", "app")


def test_a_person_is_named_by_account_id_else_key_else_name():
    _, batch = read(
        issue({
            "reporter": {"accountId": "u", "key": "k", "name": "n"},
            "assignee": {"accountId": "", "key": "k2", "name": "n2"},
            "creator": {"key": "", "name": "n3"},
        })
    )  # fmt: skip
    [row] = rows(batch.issues)
    assert (row["reporter_id"], row["assignee_id"], row["creator_id"]) == ("u", "k2", "n3")


@pytest.mark.parametrize("address", ["", "nobody", "x@", "@", None])
def test_what_is_no_address_gives_no_domain(address):
    _, batch = read(issue({"reporter": {"accountId": "u", "emailAddress": address}}))
    [person] = rows(batch.people)
    assert (person["domain"], person["address_key"]) == (None, None)


# ---------------------------------------------------------------- comments, worklogs, steps

STAMP = "2026-03-11T06:14:18.085-0800"


def comment(comment_id, **rest):
    return {"id": comment_id, "author": {"accountId": "u1"}, "created": STAMP, "updated": STAMP, **rest}


def test_comments_keep_who_when_and_for_whom_but_no_word():
    listed = [
        comment("1", body="secret words", jsdPublic=True),
        comment("2", body={"type": "doc", "content": [{"text": "secret words"}]}, jsdPublic=False),
        comment("3", visibility={"type": "role", "value": "Administrators"}, updated=None),
        comment("4", jsdPublic=True, properties=[{"key": "sd.public.comment", "value": {"internal": True}}]),
        comment("5", author=None),
    ]
    _, batch = read(issue({"comment": {"comments": listed, "total": 5}}))
    found = [
        (row["id"], row["jsd_public"], row["restricted"], row["author_id"]) for row in rows(batch.comments)
    ]
    assert found == [
        ("1", True, False, "u1"),
        ("2", False, False, "u1"),
        ("3", None, True, "u1"),
        ("4", False, False, "u1"),
        ("5", None, False, None),
    ]
    assert all(row["updated"] == row["created"] for row in rows(batch.comments))
    assert "secret" not in json.dumps([rows(table) for table in tables(batch)], default=str)


def test_a_page_says_what_it_cut_off():
    def cut(fields):
        [ref], _ = read(issue(fields))
        return ref.comments_cut, ref.worklogs_cut

    nothing = {"comments": [], "total": 0}
    assert cut({"comment": nothing}) == (False, False)
    assert cut({"comment": {"comments": [comment("1")], "total": 2}}) == (True, False)
    assert cut({"comment": nothing, "worklog": {"worklogs": [], "total": 3257}}) == (False, True)
    assert cut({"comment": [comment("1")], "worklog": []}) == (False, False)
    assert cut({}) == (True, False)


def test_the_full_list_after_the_inline_page_doubles_nothing():
    records = IssueRecords("default", NOTHING)
    records.issue(json.dumps(issue({"comment": {"comments": [comment("1")], "total": 2}})).encode())
    records.comments("10001", [json.dumps(comment(one)).encode() for one in ("1", "2")])
    assert [row["id"] for row in rows(records.batch(None).comments)] == ["1", "2"]


def test_one_broken_comment_or_worklog_or_change_costs_only_itself():
    _, batch = read(
        issue(
            {
                "comment": {"comments": [comment("1"), comment("2", created=None), "text"], "total": 3},
                "worklog": {"worklogs": [{"id": "1", "started": STAMP, "timeSpentSeconds": 60}, {"id": "2"}]},
            },
            changelog={"histories": [{"id": "1", "created": "never", "items": []}]},
        )
    )
    assert [row["id"] for row in rows(batch.comments)] == ["1"]
    assert [(row["id"], row["seconds"]) for row in rows(batch.worklogs)] == [("1", 60)]
    assert [(one.id, one.reason) for one in batch.rejected] == [
        ("1", "a change of issue 10001: created: expected a date and time, found 'never'"),
        ("2", "a comment of issue 10001: created is missing"),
        (None, "a comment of issue 10001: the record: expected an object, found text"),
        ("2", "a worklog of issue 10001: started is missing"),
    ]


def step(field=None, field_id=None, **rest):
    return {"field": field, "fieldtype": "jira", **({"fieldId": field_id} if field_id else {}), **rest}


def test_only_steps_of_the_asked_fields_are_kept_numbered_in_order():
    history = {
        "id": "55",
        "created": 1492070429,
        "items": [
            step("description", "description", fromString="a", toString="b"),
            step("Status", "status", **{"from": "1", "fromString": "Open", "to": "3", "toString": "Done"}),
            step("Rank", "customfield_10019"),
            step("Key", None, **{"from": None, "fromString": "A-1", "to": None, "toString": "B-1"}),
            step("Key", "issuekey", fromString="A-1", toString="B-1"),
            step("duedate", None, **{"from": "2026-01-01", "to": "2026-02-01"}),
        ],
    }
    _, batch = read(issue(changelog={"histories": [history]}))
    found = [(row["item"], row["field"], row["from_id"], row["to_text"]) for row in rows(batch.steps)]
    assert found == [
        (0, "status", "1", "Done"),
        (1, "key", None, "B-1"),
        (2, "key", None, "B-1"),
        (3, "duedate", "2026-01-01", None),
    ]
    assert rows(batch.steps)[0]["created"] == naive_utc("2017-04-13T08:00:29")
    assert rows(batch.steps)[0]["author_id"] is None


def test_a_history_that_comes_twice_is_one():
    records = IssueRecords("default", NOTHING)
    raw = json.dumps({"id": "1", "created": STAMP, "items": [step("status", "status")]}).encode()
    records.histories("10001", [raw])
    records.histories("10001", [raw])
    assert len(rows(records.batch(None).steps)) == 1


# ---------------------------------------------------------------- discovery

FIELDS = [
    JiraField("customfield_10", "CRM Account", "com.atlassian:textfield", "string"),
    JiraField("customfield_11", "Kunde", "com.atlassian:select", "option"),
    JiraField("customfield_12", "kunde ", "com.atlassian:select", "option"),
    JiraField("customfield_20", "Organisationen", ORGANIZATIONS, "array"),
    JiraField("customfield_21", "Anforderungsteilnehmer", PARTICIPANTS, "array"),
]


def test_service_fields_are_found_by_type_and_the_admins_by_name_or_id():
    found = discover(FIELDS, "crm account", {"tier": "customfield_11"})
    assert found == WantedFields(
        "customfield_10", "customfield_20", "customfield_21", {"tier": "customfield_11"}
    )
    assert discover(FIELDS, "customfield_12").account_field == "customfield_12"
    assert discover([], None) == WantedFields()


def test_a_field_that_is_not_there_is_named_with_close_ones():
    with pytest.raises(FieldNotFound, match=r'no field "CRM Acount".*close names: CRM Account'):
        discover(FIELDS, "CRM Acount")


def test_a_name_that_several_fields_carry_is_not_guessed():
    with pytest.raises(FieldNotFound, match='2 fields named "Kunde": customfield_11, customfield_12'):
        discover(FIELDS, "Kunde")


def test_the_site_tables_have_the_declared_columns():
    from connectors.jira_site import Project, Status

    assert (
        jira_records.project_table("s", [Project("1", "A", "Acme", None)]).schema == jira_records.JIRA_PROJECT
    )
    assert jira_records.status_table("s", [Status("1", "Open", "new")]).schema == jira_records.JIRA_STATUS
    assert jira_records.priority_table("s", []).schema == jira_records.JIRA_PRIORITY


# ---------------------------------------------------------------- recordings


def recorded(name):
    path = RECORDINGS / name
    if path.suffix == ".jsonl":
        return [json.loads(line)["data"] for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".json":
        found = json.loads(path.read_text(encoding="utf-8"))
    else:  # responses[...] = {...} with JSON's constants
        text = path.read_text(encoding="utf-8").partition("= ")[2]
        for word, constant in (("null", "None"), ("true", "True"), ("false", "False")):
            text = text.replace(f": {word}", f": {constant}")
        found = ast.literal_eval(text)
    return found.get("issues", [found])


@needs_recordings
@pytest.mark.parametrize(
    "name",
    [
        "devlake/raw_jira_api_issues.jsonl",
        "devlake/raw_jira_external_epics.jsonl",
        "perceval/jira_issues_page_1.json",
        "perceval/jira_issues_page_2.json",
        "perceval/jira_issues_page_empty.json",
        "go-jira/issues_in_sprint.json",
        "atlassian-python-api/rest__api__2__issue__FOO-123__GET",
        "atlassian-python-api/rest__agile__1.0__epic__BAR-22__issue__GET",
    ],
)
def test_recorded_issues_of_real_sites_are_taken_whole(name):
    issues = recorded(name)
    _, batch = read(*issues)
    assert batch.rejected == ()
    by_id = {one["id"]: one for one in issues}
    assert {row["id"] for row in rows(batch.issues)} == set(by_id)

    def inline(field, key):
        pages = [one["fields"].get(field) or {} for one in by_id.values()]
        return sum(len(page.get(key, [])) for page in pages)

    assert batch.comments.num_rows == inline("comment", "comments")
    assert batch.worklogs.num_rows == inline("worklog", "worklogs")
    kept = Counter(
        (item.get("fieldId") or item["field"]).lower()
        for one in by_id.values()
        for history in (one.get("changelog") or {}).get("histories", [])
        for item in history["items"]
        if (item.get("fieldId") or item["field"]).lower() in {*jira_records.STEP_FIELDS, "key"}
    )
    assert Counter(row["field"] for row in rows(batch.steps)) == Counter(
        {name.replace("issuekey", "key"): count for name, count in kept.items()}
    )
    for row in rows(batch.issues):
        fields = by_id[row["id"]]["fields"]
        assert row["key"] == by_id[row["id"]]["key"]
        assert row["status_name"] == fields["status"]["name"]
        assert row["status_category"] == fields["status"]["statusCategory"]["key"]
        assert row["project_key"] == fields["project"]["key"]
        for column, field in (("assignee_id", "assignee"), ("reporter_id", "reporter")):
            user = fields.get(field) or {}
            assert row[column] == (user.get("accountId") or user.get("key") or user.get("name"))
    labels = sum(len(one["fields"].get("labels") or []) for one in by_id.values())
    assert sum(row["kind"] == "label" for row in rows(batch.values)) == labels


@needs_recordings
def test_recorded_changelogs_worklogs_and_comments_are_taken_whole():
    records = IssueRecords("default", NOTHING)
    histories = recorded("devlake/raw_jira_api_issue_changelogs.jsonl")
    records.histories("1", [json.dumps(one).encode() for one in histories])
    worklogs = recorded("devlake/raw_jira_api_worklogs.jsonl")
    records.worklogs("1", [json.dumps(one).encode() for one in worklogs])
    comments = [
        one
        for page in ("jira_comments_issue_page_1", "jira_comments_issue_page_2", "jira_comments_issue_empty")
        for one in json.loads((RECORDINGS / f"perceval/{page}.json").read_text(encoding="utf-8"))["comments"]
    ]
    records.comments("1", [json.dumps(one).encode() for one in comments])
    batch = records.batch(None)
    assert batch.rejected == ()
    asked = [
        (history["id"], item["fieldId"])
        for history in histories
        for item in history["items"]
        if item.get("fieldId") in jira_records.STEP_FIELDS
    ]
    assert sorted(Counter(asked).values()) == sorted(
        Counter((row["history_id"], row["field"]) for row in rows(batch.steps)).values()
    )
    assert sum(row["seconds"] for row in rows(batch.worklogs)) == sum(
        one["timeSpentSeconds"] for one in worklogs
    )
    assert batch.comments.num_rows == len({one["id"] for one in comments})


@needs_recordings
def test_atlassians_own_examples_are_rejected_in_words_or_read():
    examples = RECORDINGS / "atlassian-openapi-examples"
    _, batch = read(*json.loads((examples / "search_jql_page.json").read_text(encoding="utf-8"))["issues"])
    assert [one.reason for one in batch.rejected] == ["issue: created is missing"]
    [bulk] = json.loads((examples / "changelog_bulkfetch.json").read_text(encoding="utf-8"))[
        "issueChangeLogs"
    ]
    for history in bulk["changeHistories"]:
        decoded = jira_shapes.HISTORY.decode(msgspec.json.encode(history))
        assert jira_shapes.microseconds(decoded.created, "created") == history["created"] * 1_000_000
