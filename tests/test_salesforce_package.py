"""The Salesforce package, checked without an org: each file for itself, the files against each other, and both against
what Rapport writes and reads.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache

import pytest
from command_line import ROOT
from lxml import etree
from salesforce_package import (
    FOLDERS,
    NAMESPACE,
    PACKAGE,
    faults,
    fields,
    files,
    of_type,
    org_schema,
    project,
)

from simulator.sample_schema import SCHEMA
from sync import objects
from sync.declared_fields import DECLARED_FIELDS
from sync.written_fields import ACCOUNT_FIELDS, ACTIVITY_FIELDS

OWN_OBJECTS = {"Rapport_Score__c", "Rapport_Value__c"}
STATUS = "Rapport_Status__c"  # of no account
# Of these Salesforce keeps no field permission: they are always there for who sees the record.
ALWAYS_SHOWN = {"MasterDetail"}
# What mirrors hold (a column's kind) and the field types that can serve it.
SERVE = {
    "text": {"Text", "LongTextArea", "Picklist", "MultiselectPicklist", "Url"},
    "decimal": {"Number", "Percent", "Currency"},
    "date": {"Date"},
    "boolean": {"Checkbox"},
    "id": {"Lookup", "MasterDetail"},
}


@cache
def standard() -> dict[str, frozenset[str]]:
    """Standard objects and their fields, relationships included."""
    told = tomllib.loads((ROOT / "simulator" / "salesforce_objects.toml").read_text(encoding="utf-8"))
    found = {}
    for name, each in told.items():
        names = {line.split()[0] for line in each["fields"].strip().splitlines()}
        names |= set(each["system"].split()) | {"Id"}
        found[name] = frozenset(names | {one.removesuffix("Id") for one in names})
    return found


def known(owner: str, field: str) -> bool:
    return (owner, field) in fields() or field in standard().get(owner, ())


def beside(name: str) -> bool:
    """Whether a field of the account only shows what stands in the record beside it (tests/test_salesforce_score_object.py)."""
    return "score-object" in fields()["Account", name].path.parts


def permission_set(name: str):
    return next(each for each in of_type("PermissionSet") if each.name == name)


def granted(name: str) -> dict[str, bool]:
    """Fields of a permission set, and whether it may edit them."""
    file = permission_set(name)
    return dict(
        zip(
            file.texts("fieldPermissions/field"),
            (text == "true" for text in file.texts("fieldPermissions/editable")),
            strict=True,
        )
    )


def objects_of(name: str) -> dict[str, set[str]]:
    """Objects of a permission set, and what it may do with their records."""
    found = {}
    for each in permission_set(name).find("objectPermissions"):
        told = {one.tag.removeprefix(f"{{{NAMESPACE}}}"): one.text for one in each}
        found[told.pop("object")] = {key for key, value in told.items() if value == "true"}
    return found


# -- each file for itself ----------------------------------------------------------------------------------------------


def test_every_file_is_as_the_metadata_wsdl_describes_it():
    assert len(files()) > 70
    assert {str(each.path.relative_to(PACKAGE)): faults(each.text) for each in files()} == {
        str(each.path.relative_to(PACKAGE)): [] for each in files()
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"</CustomField>", b""),
        (b"<type>Number</type>", b"<type>Numbr</type>"),
        (b"<scale>0</scale>", b"<scale>none</scale>"),
        (b"<scale>0</scale>", b"<scales>0</scales>"),
        (b"CustomField", b"CustomFeild"),
        (b'"http://soap.sforce.com/2006/04/metadata"', b'"http://soap.sforce.com/2006/04/meta"'),
    ],
)
def test_a_broken_file_would_be_seen(before, after):
    whole = fields()["Account", "Rapport_Health__c"].text
    assert before in whole
    assert faults(whole) == []
    assert faults(whole.replace(before, after))


def test_names_folders_and_files_agree():
    for each in files():
        folder, suffix = FOLDERS[each.type]
        assert each.path.name == f"{each.name}.{suffix}-meta.xml", each.path
        assert folder in {parent.name for parent in each.path.parents}, each.path
        if each.type in {"CustomField", "ListView"}:
            assert each.get("fullName") == each.name
            assert each.path.parents[2].name == "objects"
        else:
            assert each.get("fullName") is None, "its name is that of its file"
        assert re.fullmatch(r"Rapport(_[A-Za-z]+)*(__c)?", each.name) or each.type in {
            "CustomField",
            "LightningComponentBundle",
            "Report",
        }


def test_every_file_of_the_package_is_of_a_known_kind_in_a_folder_of_the_project():
    listed = {each["path"] for each in project()["packageDirectories"]}
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir()} == listed
    assert [each["path"] for each in project()["packageDirectories"] if each.get("default")] == ["force-app"]
    assert project()["sourceApiVersion"] == "67.0"
    there = {path for path in PACKAGE.rglob("*") if path.is_file()}
    loose = (
        there
        - {each.path for each in files()}
        - {path for each in bundles() for path in each.path.parent.iterdir()}
    )
    assert {path.name for path in loose} == {"sfdx-project.json", ".forceignore"}


def test_folders_of_components_are_complete():
    for each in of_type("Report") + of_type("Dashboard"):
        kind = each.type.lower()
        assert (each.path.parents[1] / f"{each.path.parent.name}.{kind}Folder-meta.xml").is_file()
    owners = {each.object for each in of_type("CustomField") if each.object.endswith("__c")}
    assert owners == {*OWN_OBJECTS, STATUS} == {each.name for each in of_type("CustomObject")}
    for each in of_type("CustomObject"):
        assert each.path.parent.name == each.name
        if each.name == STATUS:
            continue
        assert each.get("sharingModel") == "ControlledByParent"
        assert each.get("nameField/type") == "AutoNumber"
        assert each.get("deploymentStatus") == "Deployed"


def test_every_field_says_what_it_is_for():
    for each in of_type("CustomField"):
        assert 1 <= len(each.get("label")) <= 40, each.path
        assert 20 <= len(each.get("description")) <= 1000, each.path
        assert 10 <= len(each.get("inlineHelpText")) <= 510, each.path
    for kind in (
        "PermissionSet",
        "CustomPermission",
        "ReportType",
        "Report",
        "Dashboard",
        "FlexiPage",
        "CustomObject",
        "LightningComponentBundle",
    ):
        for each in of_type(kind):
            assert 20 <= len(each.get("description")) <= 255, each.path


# -- against what Rapport writes and reads -----------------------------------------------------------------------------


def test_every_field_that_rapport_writes_or_reads_as_its_own_is_there_and_no_other():
    account = {name for owner, name in fields() if owner == "Account" and not beside(name)}
    assert account == {*ACCOUNT_FIELDS, *DECLARED_FIELDS["Account"]}
    for owner in ("Contact", "Opportunity", "Contract"):
        assert {name for one, name in fields() if one == owner} == set(DECLARED_FIELDS[owner])
    for owner in ("Activity", "Task", "Event"):
        assert {name for one, name in fields() if one == owner} == set(ACTIVITY_FIELDS)
    # what would stand on the account stands under the same names on the record beside it
    score = {
        name
        for (owner, name), each in fields().items()
        if owner == "Rapport_Score__c" and not each.find("formula")
    }
    assert score == {*ACCOUNT_FIELDS, "Account__c", "Rapport_Account_Id__c"}
    for name in ACCOUNT_FIELDS:
        assert fields()["Rapport_Score__c", name].text == fields()["Account", name].text


def test_every_column_of_the_mirror_finds_a_field_of_a_fitting_type():
    seen = set()
    for source in objects.OBJECTS:
        for column in source.columns:
            file = fields().get((source.name, column.name))
            if file is not None:
                seen.add((source.name, column.name))
                assert file.get("type") in SERVE[column.kind], (source.name, column)
    wanted = {
        (owner, name)
        for owner, names in DECLARED_FIELDS.items()
        for name in names
    }  # fmt: skip
    assert wanted <= seen
    assert {("Task", name) for name in ACTIVITY_FIELDS} <= seen
    value = {
        column.name for source in objects.OBJECTS if source.table == "sf_value" for column in source.columns
    }
    assert {name for owner, name in fields() if owner == "Rapport_Value__c"} == {
        name for name in value if name.endswith("__c")
    }


def test_written_values_fit_their_fields():
    for owner in ("Account", "Rapport_Score__c"):
        for name in (*objects.SCORE_FIELDS.values(), objects.TREND_FIELD, objects.CONFIDENCE_FIELD):
            file = fields()[owner, name]
            assert (file.get("precision"), file.get("scale")) == ("3", "0"), name
        assert fields()[owner, "Rapport_Confidence__c"].get("type") == "Percent"
        assert fields()[owner, "Rapport_Penetration__c"].get("label") == "Reach"
        assert fields()[owner, objects.WHY_FIELD].get("length") == "32000"
        assert fields()[owner, objects.BRIEF_FIELD].get("length") == "32000"
        assert fields()[owner, objects.PROJECTS_FIELD].get("length") == "32000"
        assert fields()[owner, objects.NEXT_ACTION_FIELD].get("length") == "255"
        assert fields()[owner, objects.HISTORY_FIELD].get("length") == "255"
        assert fields()[owner, objects.QUADRANT_FIELD].get("type") == "Text"
        band = fields()[owner, objects.BAND_FIELD]
        assert band.texts("valueSet/valueSetDefinition/value/fullName") == [
            "Green",
            "Amber",
            "Red",
            "Unknown",
        ]
        assert band.get("valueSet/restricted") == "true"
    key = fields()["Activity", objects.KEY_FIELD]
    assert {name: key.get(name) for name in ("type", "length", "unique", "externalId", "caseSensitive")} == {
        "type": "Text", "length": "80", "unique": "true", "externalId": "true", "caseSensitive": "true",
    }  # fmt: skip
    answers = fields()["Activity", objects.ANSWER_FIELD]
    assert answers.texts("valueSet/valueSetDefinition/value/fullName") == [
        "Done",
        "Later",
        "Not useful",
        "Wrong data",
    ]
    assert answers.get("label") == "Rapport answer", "tasks tell people to look for it under this name"


def test_the_sample_company_has_the_fields_of_the_package():
    """What is tried on the sample holds for an org with the package: same names, labels and kinds of values."""
    sample = {(owner, one["name"]): one for owner, entry in SCHEMA.items() for one in entry["fields"]}
    ours = org_schema("Rapport_Viewer", "Rapport_Inputs_Plans")
    packaged = {(owner, one["name"]): one for owner, entry in ours.items() for one in entry["fields"]}
    for key, one in sample.items():
        if key in packaged and key != ("Contact", "Rapport_Role__c"):  # of which a person may have several
            there = packaged[key]
            for fact in ("label", "type", "unique", "externalId"):
                assert one[fact] == there[fact], (key, fact)
            if there["type"] in {"string", "textarea"}:
                assert one["length"] == there["length"], key
            values = [[value["value"] for value in each["picklistValues"]] for each in (one, there)]
            assert values[0] == values[1], key
    own = {
        key
        for key in packaged
        if not (key[0] == "Account" and beside(key[1]))
        and key[0] in {"Account", "Contact", "Opportunity", "Contract", "Task", "Event"}
    }
    assert own <= set(sample)


def test_the_roles_that_rapport_asks_for_can_be_chosen():
    offered = fields()["Contact", "Rapport_Role__c"].texts("valueSet/valueSetDefinition/value/fullName")
    assert {"Decision Maker", "Executive Sponsor", "Technical Buyer", "Champion"} <= set(offered)
    standing = fields()["Account", "Rapport_Standing__c"]
    assert standing.texts("valueSet/valueSetDefinition/value/fullName") == ["Vendor", "Preferred", "Partner"]


# -- permissions -------------------------------------------------------------------------------------------------------


def test_permission_sets_name_only_what_is_there():
    custom = {each.name for each in of_type("CustomPermission")}
    for each in of_type("PermissionSet"):
        rights = granted(each.name)
        assert len(rights) == len(each.find("fieldPermissions")), "a field twice"
        for name in rights:
            owner, _, field = name.partition(".")
            assert known(owner, field), (each.name, name)
            file = fields().get((owner, field))
            assert file is None or file.get("type") not in ALWAYS_SHOWN, (each.name, name)
            assert file is None or file.get("required") != "true", (each.name, name)
        for name, may in objects_of(each.name).items():
            assert name in {*OWN_OBJECTS, STATUS} or name in standard(), (each.name, name)
            assert "allowRead" in may
            assert not may & {"allowDelete", "modifyAllRecords"}, (each.name, name)
        assert set(each.texts("customPermissions/name")) <= custom
        assert each.get("hasActivationRequired") == "false"
        assert each.get("license") is None, "an org assigns it whatever licence its users have"
    assert [each.name for each in of_type("PermissionSet") if each.find("customPermissions")] == [
        "Rapport_Sync",
        "Rapport_Sync_Object",
    ]


def test_who_sees_a_child_sees_its_account():
    for each in of_type("PermissionSet"):
        named = set(objects_of(each.name))
        assert (
            not named & {*OWN_OBJECTS, "Contact", "Opportunity", "Contract", "Asset", "AccountPlan"}
            or "Account" in named
        )


def test_the_integration_user_edits_only_what_is_rapports_own():
    rights = granted("Rapport_Sync")
    edits = {name for name, edit in rights.items() if edit}
    assert edits == {
        *(f"Account.{name}" for name in ACCOUNT_FIELDS),
        *(f"Rapport_Score__c.{name}" for name in (*ACCOUNT_FIELDS, "Rapport_Account_Id__c")),
        *(f"{owner}.{objects.KEY_FIELD}" for owner in ("Task", "Event")),
        *(f"{owner}.{name}" for owner, name in fields() if owner == STATUS),
    }
    plans = granted("Rapport_Sync_Plans")
    assert plans == {"Opportunity.Rapport_Objective__c": False}
    reads = {f"{owner}.{name}" for owner, names in DECLARED_FIELDS.items() for name in names}
    assert reads <= {*rights, *plans}
    assert {f"Task.{name}" for name in ACTIVITY_FIELDS} <= set(rights)
    file = permission_set("Rapport_Sync")
    assert sorted(file.texts("userPermissions/name")) == ["ActivitiesAccess", "ApiEnabled", "EditTask"]
    may = objects_of("Rapport_Sync")
    assert {name for name, rights in may.items() if "allowEdit" in rights} == {
        "Account",
        "Rapport_Score__c",
        STATUS,
    }
    assert {name for name, rights in may.items() if "allowCreate" in rights} == {"Rapport_Score__c", STATUS}
    assert all("viewAllRecords" in rights for rights in may.values()), (
        "what is not shared would be silently absent"
    )


def test_every_object_that_is_pulled_can_be_read_by_a_right_of_its_own_or_of_its_parent():
    own = {
        name
        for each in of_type("PermissionSet")
        if each.name.startswith("Rapport_Sync")
        for name in objects_of(each.name)
        if name not in {"Rapport_Score__c", STATUS}  # only written, or read with one setting only
    }
    # what Salesforce shows with the record that it belongs to, with "Access Activities", or to every user of the API
    with_parent = {
        *("AccountContactRelation", "Partner", "OpportunityContactRole", "OpportunityHistory", "OpportunityLineItem"),
        *("AccountTeamMember", "CaseComment", "CaseMilestone", "EmailMessage", "AccountPlanObjective"),
    }  # fmt: skip
    activities = {"Task", "Event", "TaskRelation", "EventRelation"}
    everybody = {
        "User",
        "RecordType",
        "OpportunityStage",
        "Organization",
        "CurrencyType",
        "DatedConversionRate",
    }
    by_feature = {"SurveyResponse"}
    assert {
        source.name for source in objects.OBJECTS
    } == own | with_parent | activities | everybody | by_feature


def test_standard_fields_that_are_read_are_granted_where_salesforce_keeps_a_right_for_them():
    rights = granted("Rapport_Sync_Standard_Fields")
    pulled = {f"{source.name}.{column.name}" for source in objects.OBJECTS for column in source.columns}
    assert set(rights) <= pulled, "nothing is granted that is not read"
    assert {name for name, edit in rights.items() if edit} == {
        f"Task.{name}" for name in ("ActivityDate", "Description", "Type", "WhatId", "WhoId")
    }


def test_account_managers_see_everything_answer_tasks_and_enter_nothing_unless_they_may():
    viewer, inputs = granted("Rapport_Viewer"), granted("Rapport_Inputs")
    written = {f"{owner}.{name}" for owner in ("Account", "Rapport_Score__c") for name in ACCOUNT_FIELDS}
    declared = {
        f"{owner}.{name}"
        for owner, names in DECLARED_FIELDS.items()
        for name in names
        if name != "Rapport_Objective__c"
    }
    assert written | declared <= set(viewer)
    assert {name for name, edit in viewer.items() if edit} == {
        f"{owner}.{name}"
        for owner in ("Task", "Event")
        for name in (objects.ANSWER_FIELD, objects.SNOOZE_FIELD)
    }
    assert declared <= set(inputs)
    assert all(inputs.values())
    assert not written & set(inputs)


# -- views, reports, the page ------------------------------------------------------------------------------------------

# The names that list views have for standard fields.
VIEW_FIELDS = {
    "Account": {"ACCOUNT.NAME", "ACCOUNT.LAST_ACTIVITY"},
    "Task": {"SUBJECT", "WHAT_NAME", "WHO_NAME", "DUE_DATE", "PRIORITY", "STATUS", "IS_CLOSED"},
}


def test_list_views_show_and_ask_for_fields_that_are_there():
    assert {each.name for each in of_type("ListView")} == {
        "Rapport_My_Red_Accounts", "Rapport_My_Week", "Rapport_Neglected", "Rapport_No_Plan",
    } | {"Rapport_My_Scores", "Rapport_My_Red_Scores", "Rapport_Red_Scores"}  # fmt: skip
    for each in of_type("ListView"):
        if each.object == "Rapport_Score__c":
            continue
        for name in (*each.texts("columns"), *each.texts("filters/field")):
            assert name in VIEW_FIELDS[each.object] or (each.object, name) in fields(), (each.name, name)
        assert each.get("filterScope") == "Mine"
        assert len(each.get("label")) <= 40
        logic = each.get("booleanFilter")
        count = len(each.find("filters"))
        assert logic is None or set(re.findall(r"\d+", logic)) == {str(n) for n in range(1, count + 1)}
        # long texts can be neither shown in a list view nor asked for
        shown = [
            fields()[each.object, name] for name in each.texts("columns") if (each.object, name) in fields()
        ]
        assert "LongTextArea" not in {one.get("type") for one in shown}


def column(text: str) -> tuple[str, str]:
    """A column of a report over a report type: `Account$Name`, `Account.Rapport_Values__r$Amount__c`."""
    table, _, field = text.partition("$")
    relationships = {
        f"Account.{each.get('relationshipName')}__r": each.object
        for each in of_type("CustomField")
        if each.get("type") == "MasterDetail"
    }
    return relationships.get(table, table), field


def test_report_types_reports_and_the_dashboard_name_what_is_there():
    types = {f"{each.name}__c": each for each in of_type("ReportType")}
    offered = {}
    for name, each in types.items():
        tables, named = each.texts("sections/columns/table"), each.texts("sections/columns/field")
        offered[name] = {f"{table}${field}" for table, field in zip(tables, named, strict=True)}
        assert len(offered[name]) == len(named), "a column twice"
        for one in offered[name]:
            owner, field = column(one)
            assert known(owner, field) or (owner in OWN_OBJECTS and field == "Name"), one
    reports = {f"{each.path.parent.name}/{each.name}": each for each in of_type("Report")}
    for each in reports.values():
        columns, groups = each.texts("columns/field"), each.texts("groupingsDown/field")
        used = {*columns, *groups, *each.texts("filter/criteriaItems/column"), *each.texts("sortColumn")}
        used.add(each.get("timeFrameFilter/dateColumn"))
        assert used <= offered[each.get("reportType")], each.name
        assert not set(columns) & set(groups), "Salesforce refuses a grouping that is a column too"
        assert len(each.get("name")) <= 40
        assert set(each.texts("sortColumn")) <= set(columns)
        assert not any("Owner" in one for one in groups), "no figure about one employee"
    (dashboard,) = of_type("Dashboard")
    cells = dashboard.find("dashboardGridLayout/dashboardGridComponents")
    assert set(dashboard.all("report")) <= set(reports)
    assert dashboard.get("dashboardType") == "LoggedInUser", (
        "a running user of another org would not be found"
    )
    taken = set()
    for each in cells:
        x, y, w, h = (
            int(each.findtext(f"{{{NAMESPACE}}}{name}"))
            for name in ("columnIndex", "rowIndex", "colSpan", "rowSpan")
        )
        place = {(across, down) for across in range(x, x + w) for down in range(y, y + h)}
        assert not taken & place, "two components over each other"
        assert x + w <= 12
        taken |= place
        report = reports[each.findtext(f".//{{{NAMESPACE}}}report")]
        for group in each.iter(f"{{{NAMESPACE}}}groupingColumn"):
            assert group.text in report.texts("groupingsDown/field")


def test_the_record_page_shows_the_panel_with_properties_that_it_has_and_every_facet_is_used():
    (page,) = of_type("FlexiPage")
    assert not page.all("fieldItem"), "the panel shows them"
    (shown,) = (
        each
        for each in page.root.iter(f"{{{NAMESPACE}}}componentInstance")
        if each.findtext(f"{{{NAMESPACE}}}componentName") == "rapportPanel"
    )
    given = {
        each.findtext(f"{{{NAMESPACE}}}name")
        for each in shown.findall(f"{{{NAMESPACE}}}componentInstanceProperties")
    }
    assert given == {
        each.get("name") for each in bundle("rapportPanel").root.iter(f"{{{NAMESPACE}}}property")
    }
    own = {each.text for each in page.root.iter(f"{{{NAMESPACE}}}componentName") if ":" not in each.text}
    assert own <= {each.name for each in bundles()}
    regions = dict(zip(page.texts("flexiPageRegions/name"), page.texts("flexiPageRegions/type"), strict=True))
    facets = {name for name, kind in regions.items() if kind == "Facet"}
    assert facets <= set(page.all("value"))
    assert {name for name, kind in regions.items() if kind == "Region"} == {"header", "main", "sidebar"}
    assert len(set(page.all("identifier"))) == len(page.all("identifier"))


# -- components --------------------------------------------------------------------------------------------------------


def bundles():
    return of_type("LightningComponentBundle")


def bundle(name: str):
    return next(each for each in bundles() if each.name == name)


def sources(suffix: str) -> dict[str, str]:
    """The files of all components that end so, by their place in the folder of components."""
    return {
        f"{each.name}/{path.name}": path.read_text(encoding="utf-8")
        for each in bundles()
        for path in sorted(each.path.parent.glob(f"*{suffix}"))
    }


def test_every_component_is_complete_and_nothing_else_lies_beside_it():
    assert {each.name for each in bundles()} == {"rapportPanel", "rapportPanelView"}
    for each in bundles():
        folder = each.path.parent
        assert folder.name == each.name
        assert folder.parent.name == "lwc"
        there = {path.name for path in folder.iterdir()}
        assert {f"{each.name}.{end}" for end in ("js", "html", "css", "js-meta.xml")} <= there
        assert {path.suffix for path in folder.iterdir()} == {".js", ".html", ".css", ".xml"}, (
            "tests and what they need stay out of what is deployed"
        )
        assert each.get("apiVersion") == project()["sourceApiVersion"]
        assert each.get("masterLabel").startswith("Rapport")
    lying = {path.name for path in (PACKAGE / "force-app" / "main" / "default" / "lwc").iterdir()}
    assert lying == {each.name for each in bundles()}


def test_the_panel_can_be_put_on_account_pages_large_and_small():
    panel = bundle("rapportPanel")
    assert (panel.get("isExposed"), panel.texts("targets/target")) == ("true", ["lightning__RecordPage"])
    (config,) = panel.find("targetConfigs/targetConfig")
    assert config.get("targets") == "lightning__RecordPage"
    assert {etree.QName(each).localname for each in config} == {"property", "objects", "supportedFormFactors"}
    assert panel.texts("targetConfigs/targetConfig/objects/object") == ["Account"]
    factors = panel.find("targetConfigs/targetConfig/supportedFormFactors/supportedFormFactor")
    assert [each.get("type") for each in factors] == ["Large", "Small"]
    code = sources(".js")["rapportPanel/rapportPanel.js"]
    for each in panel.find("targetConfigs/targetConfig/property"):
        assert re.search(rf"@api {each.get('name')}\b", code), each.get("name")
        assert each.get("type") in {"String", "Boolean"}
        assert each.get("label")
    assert bundle("rapportPanelView").get("isExposed") == "false"


def test_what_comes_from_outside_stays_text_in_the_components():
    for name, text in sources(".html").items():
        assert not re.search(
            r"lwc:(inner-html|dom|spread|dynamic|external)|<(script|iframe|style)\b", text
        ), name
        for tag in re.findall(r"<a\b.*?>", text, re.DOTALL):
            assert 'rel="noopener noreferrer"' in tag, name
            assert 'target="_blank"' in tag, name
    for name, text in sources(".js").items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.|eval\(|new Function|fetch\(", text
        ), name


def test_the_view_reads_nothing_and_the_panel_only_what_it_says():
    imported = {
        name: set(re.findall(r"from '([^']+)'", text)) | set(re.findall(r"import\('([^']+)'\)", text))
        for name, text in sources(".js").items()
    }
    for name, modules in imported.items():
        beside = {each for each in modules if each.startswith("./")}
        assert all(f"{name.partition('/')[0]}/{each[2:]}.js" in imported for each in beside), name
        allowed = {"lwc"}
        if name == "rapportPanel/rapportPanel.js":
            i18n = {f"@salesforce/i18n/{each}" for each in ("lang", "locale", "timeZone")}
            allowed |= {"lightning/uiRecordApi", "lightning/graphql", "@salesforce/client/formFactor", *i18n}
        assert modules - beside <= allowed, name


def test_the_panel_calls_scorecards_as_rapport_does_in_every_language():
    told = tomllib.loads((ROOT / "rules" / "builtin" / "scorecards.toml").read_text(encoding="utf-8"))
    labels = {name: card["label"] for name, card in told["scorecards"].items()}
    words = sources(".js")["rapportPanelView/words.js"]
    cards = [
        dict(re.findall(r"(\w+): '([^']+)'", each))
        for each in re.findall(r"cards: \{(.*?)\}", words, re.DOTALL)
    ]
    overall = re.findall(r"overall: '([^']+)'", words)
    for language, own, whole in zip(("en", "de"), cards, overall, strict=True):
        assert {**own, "overall": whole} == {name: label[language] for name, label in labels.items()}


def test_every_field_that_the_panel_names_is_there_and_can_be_seen():
    named = {name: set(re.findall(r"\bRapport_\w+__c\b", text)) for name, text in sources(".js").items()}
    shown = named.pop("rapportPanel/rapportFields.js")
    assert shown == set(ACCOUNT_FIELDS)
    viewer = granted("Rapport_Viewer")
    assert {f"Account.{name}" for name in shown} <= set(viewer)
    assert {("Rapport_Score__c", name) for name in shown} <= set(fields())
    code = named.pop("rapportPanel/rapportPanel.js")
    assert set().union(*named.values()) <= shown, "in what the view says of its inputs"
    status = {name for owner, name in fields() if owner == "Rapport_Status__c"}
    assert code == {"Rapport_Status__c", "Rapport_Score__c", "Rapport_Account_Id__c", *status}
    assert {f"Rapport_Status__c.{name}" for name in status} <= set(viewer)


def test_a_master_detail_is_found_by_the_relationship_that_reports_use():
    for owner in sorted(OWN_OBJECTS):
        file = fields()[owner, "Account__c"]
        assert file.get("referenceTo") == "Account"
        assert file.get("reparentableMasterDetail") == "true", "a merge of accounts takes them along"
    assert len({fields()[owner, "Account__c"].get("relationshipName") for owner in OWN_OBJECTS}) == 2
