"""The Salesforce package as its files stand, read without an org, and the vendor's own description of such files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import simple_salesforce
from lxml import etree

PACKAGE = Path(__file__).parents[1] / "salesforce"
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
XSD = "{http://www.w3.org/2001/XMLSchema}"
# The folder that files of a type lie in, and how their names end.
FOLDERS = {
    "CustomObject": ("objects", "object"),
    "CustomField": ("fields", "field"),
    "ListView": ("listViews", "listView"),
    "PermissionSet": ("permissionsets", "permissionset"),
    "CustomPermission": ("customPermissions", "customPermission"),
    "ReportType": ("reportTypes", "reportType"),
    "Report": ("reports", "report"),
    "ReportFolder": ("reports", "reportFolder"),
    "Dashboard": ("dashboards", "dashboard"),
    "DashboardFolder": ("dashboards", "dashboardFolder"),
    "FlexiPage": ("flexipages", "flexipage"),
    "LightningComponentBundle": ("lwc", "js"),
}


@dataclass(frozen=True)
class File:
    path: Path
    type: str
    root: etree._Element

    @property
    def name(self) -> str:
        return self.path.name.split(".")[0]

    @property
    def object(self) -> str:
        """Of a field or a list view."""
        return self.path.parents[1].name

    @property
    def text(self) -> bytes:
        return self.path.read_bytes()

    def get(self, path: str) -> str | None:
        """The text of the first such element, `a/b` stepping down."""
        found = self.find(path)
        return found[0].text if found else None

    def texts(self, path: str) -> list[str]:
        return [each.text or "" for each in self.find(path)]

    def find(self, path: str) -> list[etree._Element]:
        return self.root.findall("/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/")))

    def all(self, name: str) -> list[str]:
        """The texts of all elements of this name, however deep."""
        return [each.text or "" for each in self.root.iter(f"{{{NAMESPACE}}}{name}")]


@cache
def files() -> tuple[File, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*-meta.xml")):
        root = etree.fromstring(path.read_bytes())
        found.append(File(path, etree.QName(root).localname, root))
    return tuple(found)


def of_type(name: str) -> list[File]:
    return [each for each in files() if each.type == name]


@cache
def fields() -> dict[tuple[str, str], File]:
    """By object and name. What stands on Activity is on Task and Event as well."""
    found = {}
    for each in of_type("CustomField"):
        for name in ("Activity", "Task", "Event") if each.object == "Activity" else (each.object,):
            found[name, each.name] = each
    return found


@cache
def schema() -> etree.XMLSchema:
    """The vendor's WSDL of such files, cut down to the types in use: all of it would take seconds to read."""
    wsdl = etree.parse(str(Path(simple_salesforce.__file__).with_name("metadata.wsdl")))
    whole = wsdl.find(f".//{XSD}schema")
    named = {
        each.get("name"): each for each in whole if each.tag in {XSD + "complexType", XSD + "simpleType"}
    }
    wanted, left = set(), list(FOLDERS)
    while left:
        name = left.pop()
        if name in wanted or name not in named:
            continue
        wanted.add(name)
        for node in named[name].iter():
            left += [(node.get(key) or "").removeprefix("tns:") for key in ("type", "base")]
    for name, each in named.items():
        if name not in wanted:
            whole.remove(each)
    # The WSDL describes it as it is sent, in base64; a file holds the elements themselves.
    for node in named["LightningComponentBundle"].iter(XSD + "element"):
        if node.get("name") == "targetConfigs":
            node.set("type", "xsd:anyType")
    for each in whole.findall(XSD + "element"):
        whole.remove(each)
    for name in FOLDERS:
        etree.SubElement(whole, XSD + "element", name=name, type=f"tns:{name}")
    return etree.XMLSchema(etree.fromstring(etree.tostring(whole)))


def faults(text: bytes) -> list[str]:
    """What the vendor's description has against a file."""
    try:
        document = etree.fromstring(text)
    except etree.XMLSyntaxError as error:
        return [str(error)]
    return [] if schema().validate(document) else [error.message for error in schema().error_log]


# -- what a deployed package makes of an org, as the simulator takes it -------------------------------------------------

_TYPES = {
    "Text": "string",
    "LongTextArea": "textarea",
    "Number": "double",
    "Percent": "percent",
    "Currency": "currency",
    "Date": "date",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Url": "url",
    "Lookup": "reference",
    "MasterDetail": "reference",
}


def rights(*permission_sets: str) -> dict[str, bool]:
    """The fields that these permission sets show together, and whether they may be edited."""
    found: dict[str, bool] = {}
    for each in of_type("PermissionSet"):
        if each.name in permission_sets:
            names = each.texts("fieldPermissions/field")
            for name, edit in zip(names, each.texts("fieldPermissions/editable"), strict=True):
                found[name] = found.get(name, False) or edit == "true"
    return found


def org_schema(*permission_sets: str) -> dict[str, dict]:
    """`schema.json` of an org with this package and nothing else of its own, as a user with these rights sees it."""
    shown = rights(*permission_sets)
    found: dict[str, dict] = {}
    for (owner, name), file in fields().items():
        if owner == "Activity":
            continue
        told = found.setdefault(owner, {"fields": [], "hidden": []})
        always = file.get("type") == "MasterDetail"
        edit = always or shown.get(f"{owner}.{name}", False)
        told["fields"].append({"name": name, **_described(file), "createable": edit, "updateable": edit})
        if not always and f"{owner}.{name}" not in shown:
            told["hidden"].append(name)
    return found


def _described(file: File) -> dict:
    kind = file.get("type")
    numbers = {key: int(file.get(key)) for key in ("length", "precision", "scale") if file.get(key)}
    if kind in {"Number", "Percent", "Currency"}:
        # the metadata counts all digits before and after the point, as the API does
        assert numbers["scale"] < numbers["precision"] <= 18, file.path
    values = [
        {"value": value, "label": value, "active": True, "defaultValue": False}
        for value in file.texts("valueSet/valueSetDefinition/value/fullName")
    ]
    return {
        "type": _TYPES[kind],
        "label": file.get("label"),
        **numbers,
        "unique": file.get("unique") == "true",
        "externalId": file.get("externalId") == "true",
        "caseSensitive": file.get("caseSensitive") == "true",
        "picklistValues": values,
        "restrictedPicklist": file.get("valueSet/restricted") == "true",
        "referenceTo": file.texts("referenceTo"),
        "required": kind == "MasterDetail",
    }


def project() -> dict:
    return json.loads((PACKAGE / "sfdx-project.json").read_text(encoding="utf-8"))
