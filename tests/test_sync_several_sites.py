"""Two Jira sites, one of them a Data Center, in one store: equal ids apart, a removed site forgotten."""

from __future__ import annotations

from company import CUSTOMER, NOW, Book
from pulled import rows

from simulator import dataset
from simulator.jira_switches import JiraSwitches
from simulator.server import Simulator, Switches

TOKEN = {"RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN": "simulator"}


def test_issues_of_two_sites_stand_side_by_side_until_one_leaves_the_config(serve, tmp_path):
    book = Book()
    account = book.account("Acme")
    book.contact(account, CUSTOMER["emailAddress"])
    book.issue("SUP-1", account, service=True, id="10001")
    book.issue("SUP-2", account, service=True)
    company = serve(book)
    other = Book()
    other.issue("PLANT-1", account, id="10001", priority="Highest")
    other.issue("SUP-1", account)  # a key that both sites use, for two projects
    switches = Switches(jira=JiraSwitches(deployment="datacenter"))
    with Simulator(dataset.load(other.write(tmp_path / "plant")), now=NOW, switches=switches) as plant:
        both = f'[jira.sites.plant]\nurl = "{plant.jira_url}"\ndeployment = "datacenter"\n'
        company.configure(both)
        company.settings = TOKEN
        report = company.pull()
        assert report.sites == (company.simulator.jira_url, plant.jira_url)
        assert report.rows["jira_issue"] == 4
        stored = [("default", "SUP-1"), ("default", "SUP-2"), ("plant", "PLANT-1"), ("plant", "SUP-1")]
        assert rows(company, "select site, key from jira_issue order by all") == stored
        metrics = company.metrics()["Acme"]
        assert (metrics["open_issues"], metrics["active_projects"]) == (4, 3)
        coverage = company.links()["coverage"]
        assert [(site["site"], site["linked"]) for site in coverage["sites"]] == [
            ("default", 2),
            ("plant", 2),
        ]
        assert {(row["site"], row["project"]) for row in coverage["projects"]} == {
            ("default", "SUP"),
            ("plant", "PLANT"),
            ("plant", "SUP"),
        }
        company.configure()
        company.settings = {}
        company.pull()
        assert rows(company, "select distinct site from jira_issue") == [("default",)]
        company.configure(both)
        company.settings = TOKEN
        company.pull()
        assert rows(company, "select site, key from jira_issue order by all") == stored
