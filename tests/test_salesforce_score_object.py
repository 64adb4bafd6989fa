"""The part of the package for `write_to = "object"` and for the state of the sources: formulas that name what is there,
rights without a right to edit accounts, list views.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from salesforce_package import PACKAGE, faults, fields, of_type

from sync import score_object, setup_salesforce, source_days
from sync.objects import BRIEF_FIELD, HISTORY_FIELD, PROJECTS_FIELD, WHY_FIELD
from sync.written_fields import ACCOUNT_FIELDS

FOLDER = PACKAGE / "score-object"
SCORE, LINK = score_object.OBJECT, score_object.LINK_FIELD
THROUGH = LINK.removesuffix("__c") + "__r."
RIGHTS = PACKAGE / "force-app" / "main" / "default" / "permissionsets"
# What no formula can show, or nobody would read: it stands on the record beside the account.
NOT_SHOWN = {WHY_FIELD, BRIEF_FIELD, PROJECTS_FIELD, HISTORY_FIELD}
# What a formula makes of the field that it names.
RESULT = {"Number": "Number", "Percent": "Percent", "Text": "Text", "Picklist": "Text", "Date": "Date"}


def of_folder() -> dict[str, object]:
    return {
        name: each
        for (owner, name), each in fields().items()
        if owner == "Account" and FOLDER in each.path.parents
    }


def test_every_figure_of_the_record_is_shown_on_the_account_by_a_formula_of_the_fitting_type():
    there = of_folder()
    link = there.pop(LINK)
    facts = {name: link.get(name) for name in ("type", "referenceTo", "required", "deleteConstraint")}
    assert facts == {
        "type": "Lookup",
        "referenceTo": SCORE,
        "required": "false",
        "deleteConstraint": "SetNull",
    }
    shown = {}
    for name, each in there.items():
        text = each.get("formula")
        (looked_at,) = re.findall(rf"{re.escape(THROUGH)}(\w+)", text)
        target = fields()[SCORE, looked_at]
        picklist = target.get("type") == "Picklist"
        assert text == (f"TEXT({THROUGH}{looked_at})" if picklist else THROUGH + looked_at)
        assert each.get("type") == RESULT[target.get("type")], name
        assert each.get("formulaTreatBlanksAs") == "BlankAsBlank", "what is not known is not 0"
        assert each.get("scale") == target.get("scale")
        assert target.get("label") in each.get("label")
        assert name == looked_at.replace("Rapport_", "Rapport_Score_", 1)
        shown[looked_at] = name
    assert set(shown) == set(ACCOUNT_FIELDS) - NOT_SHOWN
    assert not set(shown.values()) & {
        name for owner, name in fields() if owner == "Account" and name not in there
    }


def test_a_formula_of_the_record_steps_to_the_account_that_it_belongs_to():
    own = {name: each for (owner, name), each in fields().items() if owner == SCORE and each.find("formula")}
    parent = fields()[SCORE, score_object.PARENT_FIELD]
    assert (parent.get("type"), parent.get("referenceTo")) == ("MasterDetail", "Account")
    assert parent.get("writeRequiresMasterRead") == "true", "who may not edit accounts may write the record"
    assert {name: each.get("type") for name, each in own.items()} == {
        "Rapport_Mine__c": "Checkbox",
        "Rapport_Owner__c": "Text",
    }
    assert own["Rapport_Mine__c"].get("formula") == "Account__r.OwnerId = $User.Id"
    assert set(re.findall(r"Account__r\.([\w.]+)", own["Rapport_Owner__c"].get("formula"))) == {
        "Owner.FirstName",
        "Owner.LastName",
    }
    key = fields()[SCORE, score_object.KEY_FIELD]
    assert {name: key.get(name) for name in ("type", "length", "unique", "externalId", "caseSensitive")} == {
        "type": "Text", "length": "18", "unique": "true", "externalId": "true", "caseSensitive": "true",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"), [(b"<formula>", b"<formulae>"), (b"BlankAsBlank", b"BlankAsNothing")]
)
def test_a_broken_formula_field_would_be_seen(before, after):
    whole = of_folder()["Rapport_Score_Health__c"].text
    assert faults(whole) == []
    assert faults(whole.replace(before, after))


def test_list_views_of_the_record_ask_for_what_is_there():
    views = [each for each in of_type("ListView") if each.object == SCORE]
    assert len(views) == 3
    for each in views:
        asked = (*each.texts("columns"), *each.texts("filters/field"))
        assert set(asked) <= {name for owner, name in fields() if owner == SCORE}
        assert not {fields()[SCORE, name].get("type") for name in asked} & {"LongTextArea"}
        # a record beside an account has no owner: "mine" is a field
        assert each.get("filterScope") == "Everything"
        assert len(each.get("label")) <= 40


def test_the_state_of_the_sources_has_a_record_of_its_own_for_each():
    (made,) = (each for each in of_type("CustomObject") if each.name == source_days.OBJECT)
    assert (made.get("nameField/type"), made.get("sharingModel")) == ("Text", "Read")
    assert made.get("externalSharingModel") == "Private", "no portal sees it"
    key = fields()[source_days.OBJECT, source_days.SOURCE_FIELD]
    assert {name: key.get(name) for name in ("type", "length", "unique", "externalId")} == {
        "type": "Text", "length": "80", "unique": "true", "externalId": "true",
    }  # fmt: skip
    assert fields()[source_days.OBJECT, source_days.DAY_FIELD].get("type") == "Date"
    assert {name for owner, name in fields() if owner == source_days.OBJECT} == {
        source_days.SOURCE_FIELD,
        source_days.DAY_FIELD,
    }


# -- rights ------------------------------------------------------------------------------------------------------------


def without_accounts(text: str) -> str:
    """Rapport Sync for an org in which accounts are never touched: the same, but nothing of an account may be edited."""
    text = re.sub(r"<editable>true</editable>(\s*<field>Account\.)", r"<editable>false</editable>\1", text)
    text = re.sub(
        r"<allowEdit>true</allowEdit>((?:(?!</objectPermissions>).)*<object>Account</object>)",
        r"<allowEdit>false</allowEdit>\1",
        text,
        flags=re.DOTALL,
    )
    text = text.replace("<label>Rapport Sync</label>", "<label>Rapport Sync Object</label>")
    return re.sub(
        r"<description>.*?</description>",
        '<description>In the place of Rapport Sync, with write_to = "object": the same rights, but nothing of an account may '
        "be edited.</description>",
        text,
    )


def test_who_never_writes_accounts_has_the_other_rights_of_rapport_sync_and_no_right_to_edit_them():
    """RENEW_SNAPSHOTS=1 makes it anew from Rapport Sync."""
    wanted = without_accounts((RIGHTS / "Rapport_Sync.permissionset-meta.xml").read_text(encoding="utf-8"))
    file = RIGHTS / "Rapport_Sync_Object.permissionset-meta.xml"
    if os.environ.get("RENEW_SNAPSHOTS"):
        file.write_text(wanted, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == wanted
    assert not re.search(r"<editable>true</editable>\s*<field>Account\.", wanted)
    assert len(re.findall("<allowEdit>true</allowEdit>", wanted)) == 2, (
        "the record beside the account, and the sources"
    )
    assert len(re.findall("<editable>true</editable>", wanted)) > len(ACCOUNT_FIELDS)


def test_the_rights_of_the_folder_are_for_its_fields_and_no_others():
    sets = {each.name: each for each in of_type("PermissionSet") if FOLDER in each.path.parents}
    assert set(sets) == {"Rapport_Viewer_Score", "Rapport_Sync_Score"}
    viewer, sync = sets["Rapport_Viewer_Score"], sets["Rapport_Sync_Score"]
    assert set(viewer.texts("fieldPermissions/field")) == {f"Account.{name}" for name in of_folder()}
    assert set(viewer.texts("fieldPermissions/editable")) == {"false"}, "a formula cannot be edited"
    assert sync.texts("fieldPermissions/field") == [f"Account.{LINK}"]
    assert sync.texts("fieldPermissions/editable") == ["true"]
    edits = dict(
        zip(sync.texts("objectPermissions/object"), sync.texts("objectPermissions/allowEdit"), strict=True)
    )
    assert edits == {"Account": "true", SCORE: "false"}


def test_the_folder_can_be_chosen_and_the_guide_says_what_it_cannot_show():
    assert "score-object" in setup_salesforce.OPTIONAL
    guide = (Path(__file__).parents[1] / "docs" / "salesforce.md").read_text(encoding="utf-8")
    assert 'write_to = "object"' in guide
    assert "too long for a formula" in guide
