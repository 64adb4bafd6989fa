"""The whole chain in an org with the package and nothing else: what is written fits, stays text, is written once, and is the
same figure wherever somebody reads it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest
from chain_company import EVIL, HOSTILE, SCORE, STATUS, configured, hostile_company
from company import NOW, Book, Company, ago
from test_salesforce_package_sync import SYNC, as_granted

from reports import next_band as next_band_text
from reports import plan_text, tables, terminal
from simulator import dataset
from simulator.server import Simulator
from sync import next_band, run, views
from sync.objects import ACCOUNT_FIELDS, EXTRA_FIELDS, KEY_FIELD, SCORE_FIELDS, TASK_FIELDS

LINES = frozenset({"Rapport_Why__c", "Rapport_Brief__c", "Rapport_Projects__c"})  # that have several
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ADDRESS = re.compile(r"[a-z]{1,9}://\S+")


@dataclass
class Chain:
    """What stood in the org after the first sync of each place, and what was told of it."""

    schema: dict
    bases: tuple[str, str]
    accounts: dict[str, dict] = field(default_factory=dict)
    tasks: list[dict] = field(default_factory=list)
    scores: list[dict] = field(default_factory=list)
    states: list[dict] = field(default_factory=list)
    runs: dict[str, dict] = field(default_factory=dict)
    told: SimpleNamespace | None = None

    def records(self) -> list[tuple[str, dict]]:
        """Everything that Rapport wrote, with its object."""
        groups = (
            ("Account", self.accounts.values()),
            ("Task", self.tasks),
            (SCORE, self.scores),
            (STATUS, self.states),
        )
        return [(name, record) for name, group in groups for record in group]

    def by_name(self, name: str) -> dict:
        return next(each for each in self.accounts.values() if each["Name"] == name)

    def tasks_of(self, account: dict) -> dict[str, dict]:
        mine = (each for each in self.tasks if each.get("WhatId") == account["Id"])
        return {each[KEY_FIELD].partition("|")[0]: each for each in mine}


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A month before, Rapport looked and wrote nothing; now it writes on the accounts, then beside them, each time again
    after the org has given every value the form that it likes.
    """
    folder = tmp_path_factory.mktemp("chain")
    book = hostile_company()
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW - timedelta(days=30)) as simulator:
        company = Company(folder, simulator, book)
        configured(company, mode="observe")
        company.sync()
        simulator.set_now(NOW)
        configured(company)
        found = Chain(book.schema, (simulator.salesforce_url, simulator.jira_url))
        done = run.run_sync(
            company.config, allow_large_change=False, adopt=False, progress=lambda source, rows: None
        )
        found.runs["account"] = done.to_json()
        found.accounts = {each["Id"]: each for each in company.org("Account")}
        found.tasks = [each for each in company.org("Task") if each.get(KEY_FIELD)]
        found.told = _told(company, done.plan)
        found.runs["account again"] = _again(company, "Account")
        configured(company, "object")
        found.runs["object"] = company.sync()
        found.scores, found.states = company.org(SCORE), company.org(STATUS)
        found.runs["object again"] = _again(company, SCORE)
        yield found


def _again(company: Company, place: str) -> dict:
    """The next run, after the org has normalised what it holds; how often it wrote."""
    with company.simulator.edit() as (org, _):
        for record in company.org(place):
            org.change(record["Id"], **{name: _as_kept(name, record.get(name)) for name in ACCOUNT_FIELDS})
        for task in company.org("Task"):
            if task.get(KEY_FIELD):
                description = task["Description"].replace("\n", "\r\n")
                org.change(task["Id"], Description=f"{description}\r\n", Subject=f" {task['Subject']} ")
    before = company.writes()
    return {**company.sync(), "writes": company.writes() - before}


def _as_kept(name: str, value: object) -> object:
    """Another form of the same value: blanks around it, the other line ends, another case, '' for nothing."""
    if value is None:
        return "" if name in LINES else None
    if name == "Rapport_Band__c":
        return str(value).upper()
    return value if not isinstance(value, str) else f" {value}\n\n".replace("\n", "\r\n")


def _told(company: Company, plan) -> SimpleNamespace:
    """The same accounts as every command tells them, of one measuring."""
    with company.measured() as (config, mirror, instant):
        explained = {name: next_band.explained(config, mirror, name, instant) for name in ("Acme", "Berta")}
        scores = views.scores(mirror, instant)
        rows = views.portfolio(config, mirror)
        names = plan_text.Names(*views.plan_names(config, mirror, plan))
        metrics = {row["account"]: row["metrics"] for row in views.metrics(config, mirror, instant)}
    table = tables.to_csv(tables.scores_table(scores, sorted(config.catalogue.scorecards))).decode()
    return SimpleNamespace(
        explained=explained,
        scores={row["account"]: row["scorecards"] for row in scores},
        metrics=metrics,
        csv=list(csv.DictReader(io.StringIO(table))),
        portfolio=_text(lambda out: terminal.portfolio(out, rows, views.stamp(instant))),
        explanations={
            name: _text(
                lambda out, data=data: (terminal.explanation(out, data), next_band_text.hint(out, data))
            )
            for name, data in explained.items()
        },
        plan={
            each["account"]: each["fields"]
            for each in json.loads(plan.to_text())["changes"]
            if each["object"] == "Account"
        },
        plan_text=_text(lambda out: plan_text.plan(out, json.loads(plan.to_text()), names)),
        catalogue=config.catalogue,
    )


def _text(write) -> str:
    buffer = io.StringIO()
    write(terminal.console(buffer))
    return buffer.getvalue()


# -- every value fits its field, in both places ------------------------------------------------------------------------


def test_every_value_fits_its_field_and_nothing_is_refused_or_left_out(chain):
    for name in ("account", "object"):
        told = chain.runs[name]
        assert (told["quarantined"], told["skipped"], told["held"]) == (0, 0, 0)
        assert told["applied"] == told["changes"] >= len(chain.accounts)
        assert [each for each in told["notices"] if "__c" in each] == []
    written = set()
    for name, record in chain.records():
        described = {each["name"]: each for each in chain.schema[name]["fields"]}
        for own in (each for each in record if each.startswith("Rapport_")):
            if record[own] is not None and described[own]["updateable"]:  # the others are formulas
                assert unfit(described[own], record[own]) is None, (own, record[own])
                written.add((name, own))
    texts = {*ACCOUNT_FIELDS} - {"Rapport_Positioning__c", "Rapport_Governance__c", "Rapport_Delivery__c"}
    assert {own for name, own in written if name == "Account"} >= texts
    assert {own for name, own in written if name == SCORE} >= texts | {"Rapport_Account_Id__c"}
    assert {each["Rapport_Source__c"] for each in chain.states} == {"salesforce", "jira"}


def unfit(described: dict, value: object) -> str | None:
    """What a field has against a value."""
    kind = described["type"]
    if kind in {"string", "textarea", "picklist"}:
        choices = [
            each["value"] if isinstance(each, dict) else each
            for each in described.get("picklistValues") or ()
        ]
        if kind == "picklist" and described["restrictedPicklist"] and value not in choices:
            return "not in the list"
        if len(value.encode("utf-16-le")) // 2 + value.count("\n") > (described.get("length") or 255):
            return "too long"
        return "more than a line" if kind != "textarea" and "\n" in value else None
    if kind in {"double", "percent"}:
        whole = 10 ** (described["precision"] - described["scale"])
        return None if abs(value) < whole and round(value, described["scale"]) == value else "too many digits"
    assert kind in {"date", "reference"}, described
    return None if isinstance(value, str) else "of another type"


def test_both_places_hold_the_same(chain):
    beside = {each["Rapport_Account_Id__c"]: each for each in chain.scores}
    assert set(beside) == set(chain.accounts)
    for key, account in chain.accounts.items():
        # what changed is told of the text before: there is none beside the account yet
        told = {name: account[name] for name in ACCOUNT_FIELDS if account.get(name) is not None}
        assert {name: beside[key].get(name) for name in told} == told


@pytest.mark.parametrize("place", ["account", "object"])
def test_what_the_org_makes_of_a_value_is_not_written_again(chain, place):
    told = chain.runs[f"{place} again"]
    assert (told["changes"], told["held"], told["writes"]) == (0, 0, 0)


# -- one field fewer ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One customer, about whom there is something to do."""
    folder = tmp_path_factory.mktemp("small")
    book = Book()
    book.schema = as_granted(*SYNC, "Rapport_Sync_Score")
    book.salesforce |= {SCORE: [], STATUS: [], "Rapport_Value__c": []}
    account = book.account(
        "Acme", Rapport_Pulse__c=3, Rapport_Pulse_Date__c=ago(days=9).date(), Rapport_Standing__c="Preferred"
    )
    who = book.contact(account, "dana@acme.example", Title="CIO")
    for days in (34, 64, 300):
        book.call(account, ago(days=days), who)
    book.meeting(account, NOW + timedelta(days=1), who)
    book.add("Opportunity", AccountId=account, Name="More", StageName="Won", IsClosed=True, IsWon=True, Amount=1000,
             CloseDate=ago(days=100).date())  # fmt: skip
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW) as simulator:
        yield Company(folder, simulator, book)


def without(
    company: Company,
    place: str,
    hidden: dict[str, list[str]],
    changes: dict[tuple[str, str], dict] | None = None,
) -> list[str]:
    """What a pull says of fields where these are hidden, and others are described otherwise."""
    schema = deepcopy(company.book.schema)
    for name, fields in hidden.items():
        schema[name]["hidden"] += fields
    for (owner, name), other in (changes or {}).items():
        next(each for each in schema[owner]["fields"] if each["name"] == name).update(other)
    company.rebuild(schema)
    configured(company, place, jira=False)
    return [each for each in company.pull().notices if "__c" in each or "Task." in each]


def kept(company: Company) -> set[str]:
    """Rapport's own fields that the next plan can write or read."""
    with run.reading(company.config) as (mirror, _):
        return set(json.loads(mirror.meta("own_fields")))


OWN = [("Account", name) for name in ACCOUNT_FIELDS] + [("Task", name) for name in TASK_FIELDS]


@pytest.mark.parametrize(("owner", "name"), OWN, ids=[name for _, name in OWN])
def test_a_field_that_is_missing_is_one_notice_and_the_others_stay(small, owner, name):
    notices = without(small, "account", {owner: [name]})
    said = f"{owner}.{name}: the org lacks it or this user may not see it; it is left out"
    assert notices == ([] if name in EXTRA_FIELDS else [said])
    assert kept(small) == {each for _, each in OWN} - {name}


def test_a_field_that_may_not_be_written_is_one_notice_too(small):
    changes = {
        ("Account", "Rapport_Band__c"): {"updateable": False},
        ("Task", "Priority"): {"createable": False},
    }
    assert without(small, "account", {}, changes) == [
        "Account.Rapport_Band__c: this user may not write it; it is left out",
        "Task.Priority: this user may not write it; it is left out",
    ]


def test_tasks_are_made_without_fields_that_are_hidden_and_not_without_their_account(small):
    before = {each["Id"] for each in small.org("Task")}
    notices = without(small, "account", {"Task": ["Description", "ActivityDate", "WhoId"]})
    assert notices == [
        f"Task.{name}: the org lacks it or this user may not see it; it is left out"
        for name in ("Description", "ActivityDate", "WhoId")
    ]
    told = small.sync()
    assert (told["quarantined"], told["applied"]) == (0, told["changes"])
    made = [each for each in small.org("Task") if each["Id"] not in before]
    assert made
    assert all(each["Subject"] and each["WhatId"] and not each.get("Description") for each in made)
    writes = small.writes()
    assert (small.sync()["changes"], small.writes()) == (0, writes)
    without(small, "account", {}, {("Task", "WhatId"): {"createable": False}})
    told = small.sync()
    assert told["quarantined"] == 0
    assert {each["Id"] for each in small.org("Task")} == before | {each["Id"] for each in made}


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ({SCORE: ["Rapport_Why__c"]}, [f"{SCORE}.Rapport_Why__c: the org lacks it or this user may not see it; it is left out"]),
        ({SCORE: ["Rapport_History__c", "Rapport_Projects__c"]}, []),
        ({"Account": ["Rapport_Score_Record__c"]}, []),
        ({"Account": list(ACCOUNT_FIELDS)}, []),
        ({STATUS: ["Rapport_Last_Good_Day__c"]}, []),
        ({STATUS: ["Rapport_Source__c"]}, []),
        ({SCORE: ["Rapport_Account_Id__c"]},
         [f'{SCORE} has no Rapport_Account_Id__c, or hides it from this user: no score is written (write_to = "object")']),
    ],
    ids=["a text", "extras", "the link", "those of the account", "the day of the status", "the source of the status", "the key"],
)  # fmt: skip
def test_beside_the_account_too(small, hidden, said):
    assert without(small, "object", hidden) == said


@pytest.mark.parametrize("place", ["account", "object"])
def test_with_half_of_the_fields_the_others_are_written(small, place):
    owner = "Account" if place == "account" else SCORE
    rest = set(ACCOUNT_FIELDS[::2])
    tasks = len(small.org("Task"))
    before = (small.org(owner) or [{}])[0]
    without(small, place, {owner: list(ACCOUNT_FIELDS[1::2]), "Task": [KEY_FIELD]})
    told = small.sync()
    assert told["quarantined"] == 0
    (record,) = small.org(owner)
    assert {name for name in ACCOUNT_FIELDS if record.get(name) != before.get(name)} <= rest
    assert all(record[name] is not None for name in ("Rapport_Penetration__c", "Rapport_Next_Action__c"))
    assert len(small.org("Task")) == tasks
    assert [each for each in told["notices"] if each.startswith("no task is written")]


# -- hostile names stay text -------------------------------------------------------------------------------------------


def texts(chain: Chain):
    for name, record in chain.records():
        own = (
            ("Subject", "Description")
            if name == "Task"
            else [each for each in record if each.startswith("Rapport_")]
        )
        for each in own:
            if isinstance(record.get(each), str):
                yield name, each, record[each]


def test_no_text_has_anything_unseen_and_one_line_is_one(chain):
    for name, own, text in texts(chain):
        assert not UNSEEN.search(text), (name, own, ascii(text))
        assert own in LINES or own == "Description" or "\n" not in text, (name, own)
        assert all(len(line) <= 600 for line in text.split("\n")) or own == "Description"


def test_only_links_of_ours_lead_anywhere_and_each_ends_its_line(chain):
    org, site = chain.bases
    links = 0
    for _, own, text in texts(chain):
        for line in text.split("\n"):
            for address in ADDRESS.findall(line):
                assert re.fullmatch(rf"{org}/\w{{15,18}}|{site}/browse/[A-Z]+(-\d+)?", address), line
                assert own in LINES
                assert line.endswith(f"  {address}")
                links += 1
        assert f"{EVIL}/" not in text
    assert links > 5 * len(chain.accounts)
    assert any("https:// evil.example/tail" in text for _, _, text in texts(chain)), (
        "it is still told, as text"
    )


def test_no_name_becomes_a_reason_or_a_line_of_its_own(chain):
    shape = re.compile(r"−\d+  .+|    • .+|no activity.*|nichts.*")
    heads = re.compile(
        r"(Meeting on|Treffen am|How it stands on|Stand am) .+|"
        r"(Comes|Kommt|Do first|Zuerst|They wait|Wartet auf uns|Urgent|Dringend|Overdue|Überfällig|Open deal|Offener Deal|"
        r"Not from us yet|Noch nicht von uns|Project|Projekt): .+"
    )
    for record in [*chain.accounts.values(), *chain.scores]:
        reasons = record["Rapport_Why__c"].split("\n")
        assert all(shape.fullmatch(line) for line in reasons), reasons
        assert not any(line.startswith("−99") for line in reasons)
        assert len([line for line in reasons if line.startswith("−")]) == 3
        assert all(heads.fullmatch(line) for line in record["Rapport_Brief__c"].split("\n"))
        assert len(record["Rapport_Projects__c"].split("\n")) == 2
        for own in sorted(LINES):  # two blanks mean something there, so no name has them
            for line in record[own].split("\n"):
                assert "  " not in re.sub(r"^(−\d+  |    • )|  http\S+$", "", line), line


def test_what_waits_is_one_line_for_each_task(chain):
    (digest,) = [each for each in chain.tasks if each[KEY_FIELD].startswith("digest|")]
    assert digest["Subject"] == "2 more suggestions wait"
    first, second, closing = digest["Description"].split("\n")
    assert first.startswith("– Evil ")
    assert first.endswith(f" on {NOW.date() + timedelta(days=1)}")
    assert second.startswith("– Longggg")
    assert closing.startswith("Each becomes a task of its own when there is room")


def test_a_name_is_put_in_once_and_as_it_is(chain):
    """Markup is no markup in a text field, a formula none in a record, a mention none outside of Jira, a brace no template."""
    markup, formula, long = (chain.by_name(HOSTILE[each]) for each in ("markup", "formula", "long"))
    said = "<script>alert(1)</script> [~user] {account} gnp.exe"
    assert said in markup["Rapport_Why__c"]
    assert said in markup["Rapport_Next_Action__c"]
    for name, start in (("call_back", "Call back "), ("prepare_meeting", "Prepare: ")):
        assert chain.tasks_of(markup)[name]["Subject"].startswith(f"{start}{said}")
    assert formula["Rapport_Next_Action__c"].startswith(f"{HOSTILE['formula']} zurückrufen: ")
    assert f"    • {HOSTILE['formula']}  http" in formula["Rapport_Why__c"]
    assert long["Rapport_Next_Action__c"].endswith("ggg…")
    assert max(len(line) for line in long["Rapport_Brief__c"].split("\n")) < 500
    assert all(len(each["Subject"]) <= 255 for each in chain.tasks)
    assert all(len(each["Description"]) <= 32_000 for each in chain.tasks)
    for row in chain.told.csv:
        assert not row["account"].startswith("="), "a spreadsheet would take it for a formula"


# -- the same figure everywhere ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Acme", "Berta"])
def test_a_score_is_the_same_in_text_json_csv_plan_and_crm(chain, name):
    record, told = chain.by_name(name), chain.told
    (row,) = [each for each in told.csv if each["account"] == name]
    data = told.explained[name]
    block = told.plan_text.partition(f"~ Account  {name}\n")[2].partition("\n~ ")[0].partition("\n+ ")[0]
    for card, own in SCORE_FIELDS.items():
        score = told.scores[name][card]["score"]
        assert record.get(own) == data["scorecards"][card]["score"] == score
        assert row[f"{card}_score"] == ("" if score is None else str(score))
        assert told.plan[name].get(own, {"after": None})["after"] == score
        label = told.catalogue.scorecards[card].label
        assert f"\n{label} {'–' if score is None else score}, " in told.explanations[name]
        assert score is None or f"{label} – → {score}" in block
    health = told.scores[name]["health"]
    confidence = round(100 * health["confidence"])
    assert record["Rapport_Confidence__c"] == told.plan[name]["Rapport_Confidence__c"]["after"] == confidence
    assert round(100 * float(row["health_confidence"])) == confidence
    assert f"Confidence – → {confidence}" in block
    trend = health["trend_30d"]
    assert (
        record["Rapport_Trend__c"]
        == told.plan[name]["Rapport_Trend__c"]["after"]
        == int(row["health_trend_30d"])
        == trend
        < 0
    )
    assert f"Trend – → {trend}" in block
    assert (
        record["Rapport_Band__c"]
        == health["band"].capitalize()
        == told.plan[name]["Rapport_Band__c"]["after"]
    )
    assert row["health_band"] == data["scorecards"]["health"]["band"] == health["band"]
    heading = f"Health {health['score']}, {health['band']}, confidence {confidence} %, ▼ {-trend} in 30 days"
    assert heading in told.explanations[name]
    (line,) = [each for each in told.portfolio.splitlines() if each.startswith(name)]
    figures = re.findall(r"\d+", line.partition(":")[0])
    cards = told.scores[name]
    expected = [cards["overall"]["score"], health["score"], -trend, cards["penetration"]["score"], confidence]
    assert [int(each) for each in figures[:5]] == expected
    quadrant = data["quadrant"]["value"]
    assert record["Rapport_Quadrant__c"].split(" ")[0] == str(quadrant)
    assert f"Quadrant {quadrant} " in told.explanations[name]
    assert record["Rapport_History__c"].split(" ")[-1] == f"{NOW.date()}:{health['score']}"


@pytest.mark.parametrize(
    ("name", "hours", "why", "brief", "health"),
    [
        ("Acme", "{} business hours", "−{}  oldest unanswered question: {}", "They wait: HELP-1, for {}", "Health {}, amber"),
        ("Berta", "{} Geschäftsstunden", "−{}  älteste unbeantwortete Frage: {}", "Wartet auf uns: HELP-2, {} lang",
         "Gesundheit {}, gelb"),
    ],
)  # fmt: skip
def test_a_number_in_the_words_is_that_of_the_metrics(chain, name, hours, why, brief, health):
    record, data = chain.by_name(name), chain.told.explained[name]
    value = chain.told.metrics[name]["oldest_unanswered_business_hours"]
    card = data["scorecards"]["health"]
    (measure,) = [each for each in card["measures"] if each["metric"] == "oldest_unanswered_business_hours"]
    assert measure["value"] == value
    span = hours.format(round(value))
    total = sum(each["weight"] for each in card["measures"] if each["score"] is not None)
    lost = round(measure["weight"] * (100 - measure["score"]) / total)
    assert why.format(lost, span) in record["Rapport_Why__c"].split("\n")
    assert any(
        line.startswith(f"{brief.format(span)}  http") for line in record["Rapport_Brief__c"].split("\n")
    )
    assert health.format(card["score"]) in record["Rapport_Brief__c"]
    task = chain.tasks_of(record)["call_back"]
    assert span in task["Subject"]
    assert span in task["Description"].split("\n")[0]
    assert span in record["Rapport_Next_Action__c"]
    assert f"{round(value)} business hours" in chain.told.explanations[name]
