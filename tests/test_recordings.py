"""What real sites and orgs have answered, put into a dataset folder at run time: pulled, linked, measured and planned."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from campaigns import few
from company import FIXTURES, NOW, Book, ago
from pulled import assert_as_if_fresh, rows

from connectors.salesforce_schema import fields_of
from sync.objects import OBJECTS

if TYPE_CHECKING:
    from pathlib import Path

JIRA, SALESFORCE = FIXTURES / "jira", FIXTURES / "salesforce"
KEPT_STEPS = {"status", "priority", "assignee", "duedate", "project", "issuekey", "key"}

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recordings are not here")


def read(name: str) -> Any:
    return json.loads((JIRA / name).read_text(encoding="utf-8"))


def lines(name: str) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (JIRA / name).read_text(encoding="utf-8").splitlines() if line.strip()
    ]


def python_literal(name: str) -> Any:
    """`responses["fields=*all"] = {...}`: a Python literal but for JSON's null, true and false."""
    names = {"null": None, "true": True, "false": False}

    class JsonNames(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Constant:
            return ast.Constant(names[node.id])

    tree = ast.parse((JIRA / "atlassian-python-api" / name).read_text(encoding="utf-8"))
    return ast.literal_eval(JsonNames().visit(tree.body[0].value))


def devlake() -> list[dict[str, Any]]:
    """Issues of a board with their inline changelogs, epics, and what was read of changelogs and worklogs alone."""
    issues = [each["data"] for each in lines("devlake/raw_jira_api_issues.jsonl")]
    issues += [each["data"] for each in lines("devlake/raw_jira_external_epics.jsonl")]
    by_id = {issue["id"]: issue for issue in issues}
    for each in lines("devlake/raw_jira_api_issue_changelogs.jsonl"):
        issue = by_id.get(str(_input(each).get("issue_id")))
        if issue is not None:
            log = issue.setdefault("changelog", {"histories": []})
            known = {history["id"] for history in log["histories"]}
            log["histories"] += [each["data"]] if each["data"]["id"] not in known else []
    return list(by_id.values())


def _input(row: dict[str, Any]) -> dict[str, Any]:
    given = row.get("input") or {}
    return json.loads(given) if isinstance(given, str) else given


def perceval() -> list[dict[str, Any]]:
    """A server of 2016, whose comments came on pages of their own."""
    issues = [each for n in (1, 2) for each in read(f"perceval/jira_issues_page_{n}.json")["issues"]]
    comments = read("perceval/jira_comments_issue_page_1.json")["comments"]
    issues[0]["fields"]["comment"] = {
        "comments": comments,
        "total": len(comments),
        "maxResults": 50,
        "startAt": 0,
    }
    return issues


def python_client() -> list[dict[str, Any]]:
    issue = python_literal("rest__api__2__issue__FOO-123__GET")
    return [issue, *python_literal("rest__agile__1.0__epic__BAR-22__issue__GET")["issues"]]


def examples() -> list[dict[str, Any]]:
    """Atlassian's own examples, which have neither status nor type; their missing dates are put in."""
    dates = {"created": "2026-03-01T10:00:00.000+0000", "updated": "2026-03-02T10:00:00.000+0000"}
    issues = [
        *read("atlassian-openapi-examples/search_jql_page.json")["issues"],
        read("atlassian-openapi-examples/issue.json"),
    ]
    issues += read("atlassian-openapi-examples/issue_bulkfetch.json")["issues"]
    found = {each["id"]: each for each in issues}
    return [{**each, "fields": {**each["fields"], **dates}} for each in found.values()]


SITES = {
    "devlake": devlake,
    "perceval": perceval,
    "go-jira": lambda: read("go-jira/issues_in_sprint.json")["issues"],
    "atlassian-python-api": python_client,
    "atlassian-openapi-examples": examples,
}


@dataclass
class Counts:
    """Counted in the raw JSON by plain loops."""

    issues: int = 0
    comments: int = 0
    steps: int = 0
    worklogs: int = 0
    open: int = 0


def counted(issues: list[dict[str, Any]]) -> Counts:
    counts = Counts()
    for issue in issues:
        fields = issue["fields"]
        counts.issues += 1
        counts.comments += len(_rows(fields.get("comment"), "comments"))
        counts.worklogs += len(_rows(fields.get("worklog"), "worklogs"))
        for history in issue.get("changelog", {}).get("histories", []):
            counts.steps += sum(
                (i.get("fieldId") or i["field"]).lower() in KEPT_STEPS for i in history["items"]
            )
        kind, status = fields.get("issuetype", {}), fields.get("status", {})
        done = status.get("statusCategory", {}).get("key") == "done"
        epic = kind.get("hierarchyLevel") == 1 or kind.get("name") == "Epic"
        counts.open += not (done or epic or kind.get("subtask"))
    return counts


def _rows(page: Any, name: str) -> list[Any]:
    return page if isinstance(page, list) else (page or {}).get(name, [])


class Recorded(Book):
    """Issues go to the folder as they were recorded; statuses, fields and projects are what they show."""

    def __init__(self, issues: list[dict[str, Any]]) -> None:
        super().__init__()
        self.recorded = issues

    def write(self, folder: Path) -> Path:
        super().write(folder)
        for each in (folder / "jira").glob("*.json"):
            each.unlink()
        text = "".join(json.dumps(issue) + "\n" for issue in self.recorded)
        (folder / "jira" / "issues.jsonl").write_text(text, encoding="utf-8")
        return folder


def served(serve, site: str):
    """A handful of accounts; each recorded project belongs to one of them."""
    issues = SITES[site]()
    book = Recorded(issues)
    names = [f"{site} customer {n}" for n in range(4)]
    for n, name in enumerate(names):
        account = book.account(name, CreatedDate=datetime(2010, 1, 1, tzinfo=UTC))
        book.call(
            account, ago(days=3 + n), book.contact(account, f"someone@customer{n}.example", Department="IT")
        )
    company = serve(book)
    projects = sorted({issue["fields"]["project"]["key"] for issue in issues})
    table = "".join(f'{key} = "{names[n % 3]}"\n' for n, key in enumerate(projects))
    company.configure(f"[identity]\n[identity.projects]\n{table}")
    return company, issues


@pytest.mark.parametrize("site", few(2, SITES))
def test_recorded_issues_are_pulled_linked_measured_and_planned(serve, site):
    company, issues = served(serve, site)
    expected = counted(issues)
    report = company.pull()
    count = {
        name: rows(company, f"select count(*) from {table}")[0][0]
        for name, table in (("issues", "jira_issue"), ("comments", "jira_comment"), ("steps", "jira_step"), ("worklogs", "jira_worklog"))
    }  # fmt: skip
    links = company.links()
    metrics = company.metrics()
    plan = company.plan()
    known = sum(value is not None for row in metrics.values() for value in row.values())
    figures = (
        f"{count}, linked {len(links['linked'])}, rejected {len(report.rejected)}, metrics known {known} of "
    )
    figures += f"{sum(map(len, metrics.values()))}, planned changes {len(plan.changes)}"
    print(f"{site}: {figures}")  # noqa: T201 - shown by pytest -s
    assert count == {name: getattr(expected, name) for name in count}
    assert report.rejected == []
    assert len(links["linked"]) == expected.issues
    assert {each["method"] for each in links["linked"]} <= {"project"}
    assert links["ambiguous"] == links["unmatched"] == []
    assert sum(row["open_issues"] for row in metrics.values()) == expected.open
    assert len({change.id for change in plan.changes if change.object == "Account"}) == 4
    if site == "devlake":
        company.at(NOW + timedelta(hours=3))
        company.pull()
        assert_as_if_fresh(company)


DESCRIBES = {
    name: f"GET_sobjects_{name}_describe.json"
    for name in ("Account", "Contact", "Opportunity", "OpportunityContactRole")
}
SCHEMA_KEYS = (
    "name",
    "label",
    "type",
    "length",
    "precision",
    "scale",
    "externalId",
    "unique",
    "picklistValues",
)


def described(name: str) -> dict[str, Any]:
    return json.loads((SALESFORCE / "cumulusci-describe" / DESCRIBES[name]).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", DESCRIBES)
def test_a_recorded_describe_is_read_field_by_field(name):
    recorded = {each["name"]: each for each in described(name)["fields"]}
    read_in = fields_of(described(name), name)
    assert read_in.keys() == recorded.keys()
    for field, info in read_in.items():
        raw = recorded[field]
        assert (
            info.type,
            info.length,
            info.scale,
            info.createable,
            info.updateable,
            info.external_id,
            info.unique,
        ) == tuple(
            raw[key]
            for key in ("type", "length", "scale", "createable", "updateable", "externalId", "unique")
        )
        assert list(info.picklist) == [each["value"] for each in raw["picklistValues"] if each["active"]]


def test_an_org_with_the_fields_of_recorded_describes_is_pulled_unharmed(serve):
    book = Book()
    wanted = {each.name: {c.name for c in each.columns} for each in OBJECTS if each.only_with is None}
    missing = {}
    for name in DESCRIBES:
        fields = [{key: each[key] for key in SCHEMA_KEYS} for each in described(name)["fields"]]
        missing[name] = sorted(wanted[name] - {each["name"] for each in fields})
        book.schema[name] = {"fields": fields, "hidden": missing[name]}
    accounts = [book.account(f"Account {n}", AnnualRevenue=1000.5 * n, BillingCity="Bern") for n in range(3)]
    people = [book.contact(account, f"p{n}@a.example", Department="IT") for n, account in enumerate(accounts)]
    deal = book.add("Opportunity", AccountId=accounts[0], Name="Deal", StageName="Closed Won", IsClosed=True, IsWon=True,
                    Amount=12.5, CloseDate=ago(days=5).date())  # fmt: skip
    book.add("OpportunityContactRole", OpportunityId=deal, ContactId=people[0], Role="Decision Maker")
    book.call(accounts[0], ago(days=2), people[0])
    company = serve(book)
    report = company.pull()
    assert report.rejected == []
    for name in DESCRIBES:
        table = next(each.table for each in OBJECTS if each.name == name)
        assert rows(company, f"select missing_fields from mirror_source where source = '{table}'") == [
            (json.dumps(missing[name]),)
        ]
        assert report.rows[table] == len(book.salesforce[name])
    assert all(
        name.startswith("Rapport_")
        for name in missing["Account"]
        if name not in ("IsPersonAccount", "PersonContactId", "CurrencyIsoCode")
    )
    assert company.metrics()["Account 0"]["days_since_contact"] == 2
    # Its accounts have no field of Rapport's to write to.
    assert {change.object for change in company.plan().changes} == {"Task"}
