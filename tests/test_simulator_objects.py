"""The standard objects of the simulated org: the right types, and present only where the dataset holds them."""

from __future__ import annotations

import pytest

from simulator import dataset
from simulator.salesforce_schema import build

FIELDS = {
    "AccountContactRelation": {"Roles": "multipicklist", "IsDirect": "boolean", "ContactId": "reference"},
    "AccountPlan": {"AccountId": "reference", "Status": "picklist", "StartDate": "date", "EndDate": "date"},
    "AccountPlanObjective": {"AccountPlanId": "reference", "Status": "picklist", "EndDate": "date"},
    "CaseComment": {"ParentId": "reference", "IsPublished": "boolean"},
    "CaseMilestone": {"TargetDate": "datetime", "CompletionDate": "datetime", "IsViolated": "boolean"},
    "CurrencyType": {"IsoCode": "picklist", "ConversionRate": "double", "IsCorporate": "boolean"},
    "DatedConversionRate": {"StartDate": "date", "NextStartDate": "date", "ConversionRate": "double"},
    "Entitlement": {"AccountId": "reference", "StartDate": "date", "Status": "picklist"},
    "OpportunityHistory": {"StageName": "picklist", "Amount": "currency", "CloseDate": "date"},
    "OpportunityLineItem": {"Product2Id": "reference", "TotalPrice": "currency", "Quantity": "double"},
    "OpportunityStage": {"MasterLabel": "string", "ApiName": "string", "IsWon": "boolean"},
    "FieldPermissions": {"ParentId": "reference", "Field": "string", "PermissionsRead": "boolean"},
    "ObjectPermissions": {"ParentId": "reference", "PermissionsRead": "boolean"},
    "Organization": {"FiscalYearStartMonth": "int", "IsSandbox": "boolean"},
    "Partner": {"AccountFromId": "reference", "AccountToId": "reference", "Role": "picklist"},
    "PermissionSet": {"ProfileId": "reference", "IsOwnedByProfile": "boolean", "Label": "string"},
    "PermissionSetAssignment": {"AssigneeId": "reference", "PermissionSetId": "reference"},
    "Profile": {"Name": "string", "UserType": "picklist"},
    "Product2": {"Name": "string", "Family": "picklist", "IsActive": "boolean"},
    "ServiceContract": {"AccountId": "reference", "StartDate": "date", "EndDate": "date"},
    "SurveyResponse": {"SubmitterId": "reference", "CompletionDateTime": "datetime"},
    "TaskPriority": {"ApiName": "string", "IsHighPriority": "boolean", "IsDefault": "boolean"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("org")
    (made / "salesforce").mkdir()
    for name in (*FIELDS, "Account"):
        (made / "salesforce" / f"{name}.jsonl").write_text("")
    return made


def test_each_object_has_its_fields_with_their_real_types(folder):
    org = build(dataset.load(folder))
    for name, wanted in FIELDS.items():
        described = org.visible(name)
        assert described is not None, name
        assert {field: described.field(field).type for field in wanted} == wanted, name
        assert described.field("SystemModstamp") is not None


def test_records_of_history_and_platform_are_not_for_the_api_to_write(folder):
    org = build(dataset.load(folder))
    assert {name for name in FIELDS if not org.visible(name).writes} == {
        "OpportunityHistory",
        "OpportunityStage",
        "Profile",
        "SurveyResponse",
        "TaskPriority",
    }
    assert org.visible("OpportunityStage").field("IsDeleted") is None


def test_an_object_that_the_dataset_lacks_is_not_there(tmp_path):
    (tmp_path / "salesforce").mkdir()
    (tmp_path / "salesforce" / "Account.jsonl").write_text("")
    org = build(dataset.load(tmp_path))
    assert [name for name in FIELDS if org.visible(name)] == ["Organization"]
