"""The look at a Salesforce connection: what is missing, what is in excess, what is not seen, what is left."""

from __future__ import annotations

import pytest
import responses

from connectors.doctor_choices import Choice, task_statuses
from connectors.doctor_outsiders import readers
from connectors.doctor_salesforce import ObjectNeed, examine
from connectors.http import HttpSettings
from connectors.salesforce import Salesforce, SalesforceSettings
from simulator.dataset import Dataset
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches

SCORE = {"name": "Rapport_Health__c", "type": "double", "precision": 3, "scale": 0}
BAND = {"name": "Rapport_Band__c", "type": "string", "length": 20}
KEY = {"name": "Rapport_Key__c", "type": "string", "length": 80, "externalId": True, "unique": True}
ACCOUNT = ObjectNeed(
    "Account", reads=("Name", "OwnerId"), updates=("Rapport_Health__c", "Rapport_Band__c"), optional=False
)
TASK = ObjectNeed(
    "Task",
    reads=("Status",),
    updates=("Status",),
    creates=("Subject", "Rapport_Key__c"),
    key="Rapport_Key__c",
)
CONTACT = ObjectNeed("Contact", reads=("Email", "Title"))


def ids(prefix, count):
    return [{"Id": f"{prefix}{number:012d}AAA", "IsDeleted": False} for number in range(1, count + 1)]


@pytest.fixture
def org():
    """org(schema, **switches) serves three accounts and looks at them as `examine` is told."""
    running = []

    def start(schema=None, *, accounts=3, **switches):
        simulator = Simulator(
            Dataset(
                salesforce={
                    "Organization": [{"Id": "00D000000000001AAA", "Name": "Acme", "IsSandbox": True}],
                    "Account": ids("001", accounts),
                    "Contact": ids("003", 2),
                    "Task": [],
                },
                schema={
                    "Account": {"fields": [SCORE, BAND]},
                    "Task": {"fields": [KEY], "writes": "cu"},
                    "Contact": {"writes": ""},
                    **(schema or {}),
                },
            ),
            switches=Switches(salesforce=SalesforceSwitches(**switches)),
        )
        running.append(simulator)
        return simulator

    yield start
    for simulator in running:
        simulator.stop()


def look(simulator, *needs, token="simulator", version="62.0", **more):
    settings = SalesforceSettings(
        simulator.salesforce_url, "access_token", access_token=token, api_version=version
    )
    return examine(Salesforce(settings, HttpSettings(max_tries=1), sleep=lambda _: None), needs, **more)


def of(findings, subject, *severities):
    return [
        one for one in findings if one.subject == subject and one.severity in (severities or (one.severity,))
    ]


def test_a_connection_that_has_all_it_needs_is_told_in_plain_words(org):
    simulator = org()
    findings = look(simulator, ACCOUNT, TASK, CONTACT)
    assert not [one for one in findings if one.severity == "error"]
    assert [one.message for one in findings if one.severity == "note"] == [
        "Signed in to Acme (a sandbox).",
        "API version 62.0 is offered; the newest is 68.0.",
        "99,997 of 100,000 API calls are left in the org's 24 hours. One run uses at most 99,997.",
        "10,000 of 10,000 bulk query jobs are left in the org's 24 hours.",
        "976,562 of 976,562 megabytes of bulk query results are left in the org's 24 hours.",
        "This user sees 3 records of Account.",
        "This user sees 0 records of Task.",
        "This user sees 2 records of Contact.",
    ]
    assert not of(findings, "Contact", "warning")
    assert simulator.calls()["salesforce"]["write"] == 0


def test_what_a_user_may_do_beyond_need_is_a_warning(org):
    findings = look(org(), ACCOUNT)
    create_and_delete, fields = of(findings, "Account", "warning")
    assert create_and_delete.message == (
        "This user may also create and delete records of Account, which is never done."
    )
    assert fields.numbers["fields"] > 5
    assert "Rapport_Health__c" not in fields.message
    assert fields.advice


def test_fields_that_are_missing_or_hidden_are_named(org):
    schema = {"Account": {"fields": [SCORE], "hidden": ["OwnerId"]}}
    (notice,) = [one for one in look(org(schema), ACCOUNT) if one.code == "hidden_fields"]
    assert notice.message == (
        "Account shows this user no OwnerId, Rapport_Band__c: left out, and what rests on it is unknown."
    )


def test_a_field_that_may_not_be_edited_is_a_warning(org):
    schema = {"Account": {"fields": [{**SCORE, "updateable": False}, BAND]}}
    (problem,) = [one for one in look(org(schema), ACCOUNT) if one.code == "no_edit"]
    assert (problem.severity, problem.message) == (
        "warning",
        "This user may not edit Rapport_Health__c of Account.",
    )
    assert "permission set" in problem.advice


@pytest.mark.parametrize(("writing", "severity"), [(True, "error"), (False, "warning")])
def test_an_object_that_may_not_be_edited_is_an_error_where_something_is_to_be_written(
    org, writing, severity
):
    schema = {"Account": {"fields": [SCORE, BAND], "writes": ""}}
    (problem,) = [one for one in look(org(schema), ACCOUNT, writing=writing) if one.code == "no_edit"]
    assert (problem.severity, problem.message) == (severity, "This user may not edit any record of Account.")


@pytest.mark.parametrize(
    ("task", "messages"),
    [
        (
            {"fields": [KEY], "writes": "u"},
            ["This user may not create any Task."],
        ),
        (
            {"fields": [{**KEY, "createable": False}], "writes": "cu"},
            [
                "This user may not create a Task with Rapport_Key__c.",
                "Rapport_Key__c is no unique field of Task that this user may fill: nothing is created there.",
            ],
        ),
        (
            {"fields": [{**KEY, "unique": False}], "writes": "cu"},
            ["Rapport_Key__c is no unique field of Task that this user may fill: nothing is created there."],
        ),
        (
            {"writes": "cu"},
            ["Rapport_Key__c is no unique field of Task that this user may fill: nothing is created there."],
        ),
    ],
)
def test_tasks_need_a_key_that_is_unique_and_may_be_filled(org, task, messages):
    findings = look(org({"Task": task}), TASK)
    assert [
        one.message for one in of(findings, "Task", "warning") if one.code in {"no_create", "no_key"}
    ] == messages


@pytest.mark.parametrize(("optional", "severity"), [(True, "note"), (False, "error")])
@pytest.mark.parametrize("hidden_describe", ["404", "INVALID_TYPE"])
def test_a_hidden_object_is_as_bad_as_it_is_needed(org, optional, severity, hidden_describe):
    simulator = org({"Contact": {"hidden": True}}, hidden_describe=hidden_describe)
    findings = look(simulator, ObjectNeed("Contact", optional=optional), ObjectNeed("Account"))
    (finding,) = of(findings, "Contact")
    assert finding.severity == severity
    assert "is not there, or hidden" in finding.message
    assert of(findings, "Account", "note")


def test_rows_that_are_not_shared_are_counted(org):
    (notice,) = [one for one in look(org(unshared_rows=97), CONTACT) if "records of Contact" in one.message]
    assert notice.severity == "warning"
    assert notice.message == "This user sees 2 of about 99 records of Contact."
    assert notice.numbers == {"visible": 2, "total": 99}


def test_an_org_without_a_visible_account_is_an_error(org):
    (problem,) = of(look(org(accounts=0), ACCOUNT), "Account", "error")
    assert problem.message == "This user sees no record of Account."


def test_an_old_version_is_a_warning_and_a_version_that_is_gone_an_error(org):
    (notice,) = of(look(org(), version="50.0"), "API version")
    assert (notice.severity, "18 releases old" in notice.message) == ("warning", True)
    last = look(org(), ACCOUNT, version="30.0")[-1]
    assert (last.subject, last.severity) == ("connection", "error")
    assert "offers no API version 30.0" in last.message


def test_a_day_that_is_nearly_spent_is_a_warning_and_a_spent_one_ends_the_look(org):
    (low,) = of(look(org(daily_limit=1000, calls_spent=900)), "DailyApiRequests")
    assert (low.severity, low.numbers["maximum"]) == ("warning", 1000)
    assert "api_share" in low.advice
    findings = look(org(daily_limit=1000, calls_spent=997), ACCOUNT, CONTACT)
    assert [one.severity for one in findings if one.subject in {"Account", "Contact"}] == []
    assert (findings[-1].subject, findings[-1].severity) == ("connection", "error")
    assert "daily API calls" in findings[-1].message


def test_a_refused_sign_in_is_the_only_finding(org):
    (finding,) = look(org(), ACCOUNT, token="expired")
    assert (finding.subject, finding.severity) == ("sign-in", "error")
    assert finding.advice


def test_what_cannot_be_asked_is_left_out_and_the_rest_goes_on():
    org = "https://acme.my.salesforce.com"
    data = f"{org}/services/data/v62.0"
    denied = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no View Setup"}]
    with responses.RequestsMock() as mock:
        mock.get(f"{org}/services/data/", json=[{"version": "62.0"}])
        mock.get(f"{data}/", json={})
        for path in ("limits", "limits/recordCount"):
            mock.get(f"{data}/{path}", status=403, json=denied)
        mock.get(
            f"{data}/query",
            match=[responses.matchers.query_param_matcher({"q": "SELECT COUNT() FROM Contact"})],
            json={"totalSize": 5, "done": True, "records": []},
        )
        mock.get(f"{data}/query", status=403, json=denied)
        mock.get(f"{data}/sobjects/Account/describe", status=403, json=denied)
        mock.get(f"{data}/sobjects/Contact/describe", json={"queryable": True, "fields": []})
        settings = SalesforceSettings(org, "access_token", access_token="00Dxx!token")
        findings = examine(Salesforce(settings), [ObjectNeed("Account"), ObjectNeed("Contact")])
    assert [(one.subject, one.severity) for one in findings] == [
        ("sign-in", "note"),
        ("API version", "note"),
        ("limits", "note"),
        ("Account", "warning"),
        ("Contact", "note"),
    ]
    assert findings[-1].numbers == {"visible": 5, "total": None}


def test_the_user_is_named_with_its_rights_over_the_whole_org_and_its_share_of_the_day():
    user = "005000000000001AAA"
    salesforce = {
        "Organization": [{"Id": "00D000000000001AAA", "Name": "Acme", "IsSandbox": False}],
        "User": [{"Id": user, "Username": "integration@example.com", "IsActive": True}],
        "PermissionSetAssignment": [
            {"Id": f"0Pa00000000000{n}AAA", "AssigneeId": user, "PermissionSetId": f"0PS00000000000{n}AAA"}
            for n in (1, 2)
        ],
        "PermissionSet": [
            {
                "Id": f"0PS00000000000{n}AAA",
                "PermissionsModifyAllData": n == 2,
                "PermissionsManageUsers": False,
                "PermissionsCustomizeApplication": n == 1,
                "PermissionsAuthorApex": False,
            }
            for n in (1, 2, 3)
        ],
    }
    with Simulator(Dataset(salesforce=salesforce)) as simulator:
        settings = SalesforceSettings(
            simulator.salesforce_url, "client_credentials", client_id="id", client_secret="secret"
        )
        findings = examine(Salesforce(settings), (), api_share=0.5)
    assert findings[0].message == "Signed in to Acme (production) as integration@example.com."
    (powers,) = of(findings, "permissions")
    assert (powers.severity, powers.message) == (
        "warning",
        "This user has Modify All Data, Customize Application in the whole org, which is never needed.",
    )
    (calls,) = of(findings, "DailyApiRequests")
    assert "One run uses at most 49,9" in calls.message


def test_fields_that_would_be_read_are_a_note_where_the_org_lacks_them(org):
    need = ObjectNeed("Contact", reads=("Email",), wishes=("Title", "Rapport_Role__c"))
    (note,) = [one for one in look(org(), need) if one.code == "absent_fields"]
    assert (note.severity, note.message) == ("note", "Contact has no Rapport_Role__c, which would be read.")


def picklist(name, *values, inactive=(), **more):
    shown = [
        *({"value": value, "label": value} for value in values),
        *({"value": value, "label": value, "active": False} for value in inactive),
    ]
    return {"name": name, "type": "picklist", "length": 255, "picklistValues": shown, **more}


BANDS = Choice("Rapport_Band__c", ("Green", "Amber", "Red", "Unknown"), "deploy the field.")
ANSWERS = Choice("Rapport_Answer__c", ("Done", "Later"), "deploy the field.", written=False)


@pytest.mark.parametrize(
    ("field", "choice", "severity", "message"),
    [
        (picklist("Rapport_Band__c", "Green", "Amber", "Red", "Unknown", "Blue"), BANDS, None, ""),
        (BAND, BANDS, None, ""),  # a text field takes any of them
        (
            picklist("Rapport_Band__c", "Green", "Red", "Unknown", restrictedPicklist=True),
            BANDS,
            "warning",
            "Rapport_Band__c of Account does not offer Amber: Salesforce refuses a record that is written with it.",
        ),
        (
            picklist("Rapport_Band__c", "Green", "Amber", inactive=("Red",), restrictedPicklist=False),
            BANDS,
            "warning",
            (
                "Rapport_Band__c of Account does not offer Red, Unknown (Red is there but not active): it is written all "
                "the same, and lists, reports and filters do not know it."
            ),
        ),
        (
            picklist("Rapport_Answer__c", "Done"),
            ANSWERS,
            "note",
            "Rapport_Answer__c of Account does not offer Later: nobody can choose it.",
        ),
    ],
    ids=["all", "text", "restricted", "inactive", "chosen by people"],
)
def test_values_that_a_picklist_does_not_offer_are_told_with_what_comes_of_it(
    org, field, choice, severity, message
):
    need = ObjectNeed("Account", choices=(choice,))
    told = [one for one in look(org({"Account": {"fields": [field]}}), need) if one.code == "picklist"]
    assert [(one.severity, one.message) for one in told] == ([(severity, message)] if severity else [])
    assert all(one.advice for one in told)


def test_a_record_type_that_the_user_cannot_give_is_told(org):
    need = ObjectNeed("Task", record_type="Rapport")
    (told,) = [one for one in look(org(), need) if one.code == "record_type"]
    assert (told.severity, told.message) == ("warning", 'Task has no record type "Rapport".')
    assert "leave the key out" in told.advice


def connected(simulator):
    settings = SalesforceSettings(simulator.salesforce_url, "access_token", access_token="simulator")
    return Salesforce(settings, HttpSettings(max_tries=1), sleep=lambda _: None)


@pytest.mark.parametrize(
    ("statuses", "codes"),
    [
        ({"Offen": False, "Erledigt": True}, []),
        ({"Offen": False, "Erledigt": False, "Zu": True}, ["Erledigt"]),
        ({"Offen": True, "Erledigt": True, "Neu": False}, ["Offen"]),
        ({"Somebody": True}, []),  # that the list lacks them is told of the picklist
    ],
)
def test_a_status_that_does_not_close_what_it_should_is_a_warning(statuses, codes):
    rows = [
        {"Id": f"01X{place:012d}AAA", "ApiName": name, "MasterLabel": name, "IsClosed": closed}
        for place, (name, closed) in enumerate(statuses.items())
    ]
    with Simulator(Dataset(salesforce={"TaskStatus": rows, "Account": ids("001", 1)})) as simulator:
        told = list(task_statuses(connected(simulator), "Offen", "Erledigt"))
    assert [one.severity for one in told] == ["warning" for _ in codes]
    assert all(f'"{code}"' in one.message for code, one in zip(codes, told, strict=True))


# -- who from outside may read what is for staff ------------------------------------------------------------------------


def rights_of_outsiders():
    """Profiles of staff, of guests and of a community, each with its permission set, and two sets that were assigned."""
    profiles = {"Sales": "Standard", "Public Site =cmd|": "Guest", "Community": "CSPLitePortal"}
    found = {
        "Organization": [{"Id": "00D000000000001AAA", "Name": "Acme", "IsSandbox": False}],
        "Account": ids("001", 1),
        "User": [
            {"Id": "005000000000007AAA", "Username": "c@x.example", "IsActive": True, "UserType": "PowerPartner"},
            {"Id": "005000000000008AAA", "Username": "s@x.example", "IsActive": True, "UserType": "Standard"},
        ],
        "Profile": [],
        "PermissionSet": [],
        "FieldPermissions": [],
        "ObjectPermissions": [],
        "PermissionSetAssignment": [
            {"Id": "0Pa000000000001AAA", "PermissionSetId": "0PS000000000010AAA", "AssigneeId": "005000000000007AAA"},
            {"Id": "0Pa000000000002AAA", "PermissionSetId": "0PS000000000011AAA", "AssigneeId": "005000000000008AAA"},
        ],
    }  # fmt: skip
    sets = {}
    for place, (name, kind) in enumerate(profiles.items()):
        found["Profile"].append({"Id": f"00e{place:012d}AAA", "Name": name, "UserType": kind})
        sets[name] = f"0PS{place:012d}AAA"
        found["PermissionSet"].append(
            {"Id": sets[name], "Name": f"X00e{place}", "Label": f"X00e{place}", "ProfileId": f"00e{place:012d}AAA",
             "IsOwnedByProfile": True}
        )  # fmt: skip
    for name, number in (("Partners", 10), ("Staff", 11), ("Nobody", 12)):
        sets[name] = f"0PS{number:012d}AAA"
        found["PermissionSet"].append(
            {"Id": sets[name], "Name": name, "Label": name, "IsOwnedByProfile": False, "ProfileId": None}
        )
    for place, (name, field) in enumerate(
        [("Sales", "Account.Rapport_Health__c"), ("Public Site =cmd|", "Account.Rapport_Health__c"),
         ("Public Site =cmd|", "Account.Phone"), ("Community", "Task.Rapport_Key__c"),
         ("Partners", "Account.Rapport_Why__c"), ("Staff", "Account.Rapport_Health__c"),
         ("Nobody", "Account.Rapport_Health__c")]
    ):  # fmt: skip
        found["FieldPermissions"].append(
            {"Id": f"01k{place:012d}AAA", "ParentId": sets[name], "Field": field, "SobjectType": field.partition(".")[0],
             "PermissionsRead": True, "PermissionsEdit": False}
        )  # fmt: skip
    found["ObjectPermissions"].append(
        {"Id": "110000000000001AAA", "ParentId": sets["Public Site =cmd|"], "SobjectType": "Rapport_Value__c",
         "PermissionsRead": True}
    )  # fmt: skip
    return found


OURS = {
    "Account": ("Rapport_Health__c", "Rapport_Why__c"),
    "Task": ("Rapport_Key__c",),
}


def outsiders(salesforce, schema=None):
    with Simulator(Dataset(salesforce=salesforce, schema=schema or {})) as simulator:
        found = list(readers(connected(simulator), OURS, ("Rapport_Value__c", "Rapport_Score__c")))
        assert simulator.calls()["salesforce"]["write"] == 0
    return found


def test_profiles_and_permission_sets_of_people_from_outside_are_named_with_what_they_show():
    found = outsiders(rights_of_outsiders())
    assert [(one.severity, one.message) for one in found] == [
        (
            "error",
            'The profile "Public Site =cmd|" lets guests of a public site read Account.Rapport_Health__c, Rapport_Value__c.',
        ),
        ("warning", 'The profile "Community" lets community members read Task.Rapport_Key__c.'),
        (
            "warning",
            (
                'The permission set "Partners", which community members hold, lets community members read '
                "Account.Rapport_Why__c."
            ),
        ),
    ]
    assert all("take the read access" in one.advice for one in found)
    assert found[0].facts == {"profile": "Public Site =cmd|", "user_type": "Guest"}


def test_an_org_in_which_staff_alone_reads_them_is_told_in_one_line():
    rights = rights_of_outsiders()
    rights["FieldPermissions"] = [
        row for row in rights["FieldPermissions"] if row["ParentId"] in {"0PS000000000000AAA", "0PS000000000011AAA"}
    ]  # fmt: skip
    rights["ObjectPermissions"] = []
    (told,) = outsiders(rights)
    assert (told.severity, told.code, told.advice) == ("note", "outsiders", "")


@pytest.mark.parametrize("hidden", ["FieldPermissions", "PermissionSetAssignment"])
def test_rights_that_may_not_be_looked_at_are_a_note(hidden):
    (told,) = outsiders(rights_of_outsiders(), {hidden: {"hidden": True}})
    assert (told.severity, told.code) == ("note", "outsiders_unknown")
    assert "could not be checked" in told.message
    assert "View Setup and Configuration" in told.advice
