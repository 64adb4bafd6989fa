"""How the org describes its objects: one of them in full, or all in short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.salesforce_schema import DECIMAL_TYPES, ID_TYPES, TEXT_TYPES

if TYPE_CHECKING:
    from simulator.salesforce_records import Records
    from simulator.salesforce_schema import Field, ObjectType, Schema

_SOAP_TYPES = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "address": "urn:address",
    **dict.fromkeys(DECIMAL_TYPES, "xsd:double"),
    **dict.fromkeys(ID_TYPES, "tns:ID"),
}
_FEED = {"Account", "Asset", "Case", "Contact", "Contract", "Event", "Opportunity", "Task", "User"}
_MERGED = {"Account", "Case", "Contact"}


def summary(entity: ObjectType, version: str) -> dict[str, Any]:
    base = f"/services/data/{version}/sobjects/{entity.name}"
    creates, updates, deletes = (letter in entity.writes for letter in "cud")
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": creates,
        "custom": entity.name.endswith("__c"),
        "customSetting": False,
        "deepCloneable": False,
        "deletable": deletes,
        "deprecatedAndHidden": False,
        "feedEnabled": entity.name in _FEED,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": entity.prefix,
        "label": entity.label,
        "labelPlural": entity.plural,
        "layoutable": creates,
        "mergeable": entity.name in _MERGED,
        "mruEnabled": creates,
        "name": entity.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": creates,
        "triggerable": creates,
        "undeletable": deletes,
        "updateable": updates,
        "urls": {
            "compactLayouts": f"{base}/describe/compactLayouts",
            "rowTemplate": f"{base}/{{ID}}",
            "approvalLayouts": f"{base}/describe/approvalLayouts",
            "listviews": f"{base}/listviews",
            "describe": f"{base}/describe",
            "quickActions": f"{base}/quickActions",
            "layouts": f"{base}/describe/layouts",
            "sobject": base,
        },
    }


def describe(entity: ObjectType, schema: Schema, records: Records, version: str) -> dict[str, Any]:
    answer = summary(entity, version)
    urls = dict(answer.pop("urls"))
    urls["defaultValues"] = f"{urls['sobject']}/defaultValues?recordTypeId&fields"
    for key in ("uiDetailTemplate", "uiEditTemplate", "uiNewRecord"):
        urls[key] = f"/{entity.prefix}/{key}"
    answer.update(
        {
            "actionOverrides": [],
            "childRelationships": _children(entity, schema),
            "compactLayoutable": answer["layoutable"],
            "defaultImplementation": None,
            "extendedBy": None,
            "extendsInterfaces": None,
            "fields": [_field(entity, each, records) for each in entity.fields()],
            "implementedBy": None,
            "implementsInterfaces": None,
            "listviewable": None,
            "lookupLayoutable": None,
            "namedLayoutInfos": [],
            "networkScopeFieldName": None,
            "recordTypeInfos": _record_types(entity, schema, records, version),
            "searchLayoutable": answer["layoutable"],
            "sobjectDescribeOption": "FULL",
            "supportedScopes": [
                {"label": f"All {entity.plural.lower()}", "name": "everything"},
                {"label": f"My {entity.plural.lower()}", "name": "mine"},
            ],
            "urls": urls,
        }
    )
    return dict(sorted(answer.items()))


def _field(entity: ObjectType, field: Field, records: Records) -> dict[str, Any]:
    text = field.type in TEXT_TYPES
    values: list[dict[str, Any]] = [{"label": label, "value": value} for value, label in field.picklist]
    values += [{"label": label, "value": value, "active": False} for value, label in field.inactive]
    if entity.name == "Task" and field.name == "Status":
        values = [
            {"label": each.get("MasterLabel"), "value": each.get("ApiName"), "default": each.get("IsDefault")}
            for each in records.task_statuses
        ]
    return {
        "aggregatable": field.filterable and field.type != "boolean",
        "aiPredictionField": False,
        "autoNumber": False,
        "byteLength": field.length * 3 if text else field.length,
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": None,
        "controllerName": None,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.type == "boolean" or field.name == "OwnerId" or not field.createable,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": 8 if field.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": "plaintextarea" if field.type == "textarea" else None,
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": field.filterable and field.type not in {*DECIMAL_TYPES, "datetime"},
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.names_record,
        "namePointing": field.polymorphic,
        "nillable": not field.required and field.type not in {"boolean", "id"},
        "permissionable": field.custom,
        "picklistValues": [
            {"active": True, "defaultValue": False, "validFor": None, **_value(v)} for v in values
        ],
        "polymorphicForeignKey": field.polymorphic,
        "precision": field.precision,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": False,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.filterable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
        "writeRequiresMasterRead": False,
    }


def _value(value: dict[str, Any]) -> dict[str, Any]:
    shown = {"label": value["label"], "value": value["value"]}
    if "active" in value:
        shown["active"] = value["active"]
    return {**shown, "defaultValue": True} if value.get("default") else shown


def _children(entity: ObjectType, schema: Schema) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": False,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": child.plural.replace(" ", "") if child.present else None,
            "restrictedDelete": False,
        }
        for child in schema.all()
        if child.present and not child.hidden
        for field in child.fields()
        if entity.name in field.reference_to
    ]


def _record_types(entity: ObjectType, schema: Schema, records: Records, version: str) -> list[dict[str, Any]]:
    kinds = schema.known("RecordType")
    found = [] if kinds is None else records.rows(kinds)
    rows = [each for each in found if each.get("SobjectType") == entity.name]
    master = {"Id": "012000000000000AAA", "Name": "Master", "DeveloperName": "Master", "IsActive": True}
    layouts = f"/services/data/{version}/sobjects/{entity.name}/describe/layouts"
    return [
        {
            "active": bool(each.get("IsActive")),
            "available": True,
            "defaultRecordTypeMapping": place == 0,
            "developerName": each.get("DeveloperName"),
            "master": each is master,
            "name": each.get("Name"),
            "recordTypeId": each["Id"],
            "urls": {"layout": f"{layouts}/{each['Id']}"},
        }
        for place, each in enumerate([*rows, master])
    ]
