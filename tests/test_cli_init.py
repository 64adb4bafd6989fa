"""`rapport init` against three kinds of orgs: what it drafts is a config that every later command takes unchanged."""

from __future__ import annotations

import json
import re
import socket
import stat
import tomllib
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace

import pytest
from command_line import rapport
from company import CUSTOMER, NOW, Book, ago, sf_id
from salesforce_package import org_schema

import cli_first_steps
from connectors import sf_cli
from simulator import dataset, sample
from simulator.jira_switches import JiraSwitches
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches
from sync import init_book

SECRET_WORDS = ("simulator", "s3cret-consumer")
ENV = {"RAPPORT_SALESFORCE__CLIENT_SECRET": "s3cret-consumer"}
DATA_CENTER = {"RAPPORT_JIRA__PERSONAL_ACCESS_TOKEN": "simulator", "RAPPORT_JIRA__API_TOKEN": ""}
LONG = "Sehr " * 2000
KEY = re.compile(r"(\w+) = ")
ODD_STATUSES = {
    "Offen": "new",
    'Warten auf Kunde"…': "indeterminate",
    "In Wartestellung": "indeterminate",
    "Wartet\\auf Kunden \u202eneduk\u202c": "indeterminate",
    "Warten auf Kunde\nzweite Zeile": "indeterminate",  # nothing that a config could hold
    f"Warten auf Kunden {LONG}".strip(): "indeterminate",
    "=cmd|' /C calc'!A0": "indeterminate",
    "Erledigt [~admin] 🎉": "done",
    "Geschlossen": "indeterminate",
}
ODD_FIELDS = [
    {"id": "customfield_10050", "name": "Salesforce Account", "custom": True, "schema": {"type": "string"}},
    {"id": "customfield_10051", "name": "Salesforce Account", "custom": True, "schema": {"type": "string"}},
    {"id": "customfield_10052", "name": 'Kunde "Nr."\u202e', "custom": True, "schema": {"type": "option"}},
    {"id": "customfield_10053", "name": "CRM\nVorgang", "custom": True, "schema": {"type": "string"}},
]


# -- the orgs ----------------------------------------------------------------------------------------------------------


def rich_book() -> Book:
    """The fields of the package, plans, surveys of the org's own, entitlements, several projects, a service desk."""
    book = Book()
    book.schema = org_schema("Rapport_Sync", "Rapport_Sync_Plans")
    number = {"type": "double", "precision": 3, "scale": 0}
    book.schema["Account"]["fields"] += [
        {"name": "Tier__c", "label": "Tier", "type": "picklist", "picklistValues": ["A", "B"]},
        {
            "name": "Account_Manager__c",
            "label": "Account Manager",
            "type": "reference",
            "referenceTo": ["User"],
        },
    ]
    book.schema["Customer_Survey__c"] = {
        "fields": [
            {"name": "Account__c", "label": "Account", "type": "reference", "referenceTo": ["Account"]},
            {"name": "Rating__c", "label": "Rating", **number},
            {"name": "Answered_At__c", "label": "Answered at", "type": "datetime"},
        ]
    }
    book.salesforce["Organization"][0] |= {"TimeZoneSidKey": "Europe/Berlin"}
    book.salesforce["Entitlement"] = []
    for table in book.salesforce["User"]:
        table["Email"] = "ferrari@vendor.example"
    for n in range(4):
        name = ("Acme GmbH", "Borealis Logistics", "Canto AG", "Delta Ltd")[n]
        account = book.account(name, Industry="Banking", Tier__c="AB"[n % 2], Account_Manager__c=book.user)
        book.call(account, ago(days=9 + n), book.contact(account, f"p{n}@customer{n}.example"))
        book.add("AccountPlan", AccountId=account, Name="FY26", Status="Active", StartDate=date(2026, 1, 1))
        book.add("Opportunity", AccountId=account, Name="Won", StageName="Closed Won", IsWon=True, IsClosed=True,
                 CloseDate=date(2026, 6, 1), Amount=100)  # fmt: skip
        book.salesforce.setdefault("Customer_Survey__c", []).append(
            {"Id": sf_id("a09", n + 1), "Account__c": account, "Rating__c": n + 1,
             "Answered_At__c": "2026-10-01T09:00:00.000+0000"}
        )  # fmt: skip
        book.issue(f"SUP-{n + 1}", account, service=True, reporter=CUSTOMER, priority="Highest")
    book.issue("BOREALIS-1", status="Waiting for customer")
    book.issue("OPS-1", labels=["escalation", "Eskaliert"])
    return book


def bare_book() -> Book:
    """Accounts, contacts, users and tasks as Salesforce ships them, and a Jira in which nothing has a usual name."""
    book = Book()
    book.schema = {}
    for name in ("Event", "Opportunity"):
        del book.salesforce[name]
    account = book.account("Acme", Type=None)
    book.call(account, ago(days=4), book.contact(account, "x@acme.example"))
    book.issue("AAA-1", priority="Green")
    return book


def odd_book() -> Book:
    """German, quoted, turned around, ten thousand characters long, and made to do harm somewhere else."""
    book = Book()
    book.schema = {
        "Account": {
            "fields": [
                {"name": "CSAT_Score__c", "label": "CSAT", "type": "double", "precision": 3, "scale": 1},
                {"name": "Health_Score__c", "label": 'Health "Score"\u202e', "type": "double"},
                {"name": "NPS_Target__c", "label": "Zufriedenheit", "type": "double"},
                {"name": "Region__c", "label": "=cmd|' /C calc'!A0", "type": "picklist",
                 "picklistValues": ['Süd "neu"', "Nord\\West", "Ost\nWest", LONG, "West 🎉"]},
                {"name": "KAM__c", "label": "Kundenbetreuer", "type": "reference", "referenceTo": ["User"]},
            ]
        },
        "Task": {
            "fields": [
                {"name": "Status", "type": "picklist", "picklistValues": ["unused"]},
                {"name": "Priority", "type": "picklist", "picklistValues": ["Mittel", 'Hoch "sofort"', "Hoch"]},
                {"name": "Kanal__c", "label": "Kanal 🎉", "type": "picklist", "picklistValues": ['Tel "1"'], "required": True},
                {"name": "Grund__c", "label": "Grund", "type": "string", "required": True},
            ]
        },
    }  # fmt: skip
    book.salesforce["TaskStatus"] = [
        {"Id": sf_id("01X", n), "ApiName": name, "MasterLabel": name, "IsClosed": closed, "IsDefault": n == 1, "SortOrder": n}
        for n, (name, closed) in enumerate([("Offen", False), ('Erledigt "gut"', True), ("Erledigt", True)], 1)
    ]  # fmt: skip
    book.salesforce["User"][0]["Email"] = "ferrari@vendor.example.invalid"
    book.add(
        "User", Name="G", Username="g@gmail.com", Email="g@gmail.com", IsActive=True, UserType="Standard"
    )
    hostile = (
        'A "quoted" GmbH',
        "Back\\slash AG",
        "=cmd|' /C calc'!A0",
        "[~admin] Werke",
        "\u202eofni\u202c Ltd 🎉",
        LONG,
    )
    for n, name in enumerate(hostile):
        account = book.account(
            name, Industry="Öl & 'Gas'", CSAT_Score__c=1 + n % 5, Region__c='Süd "neu"', NPS_Target__c=60
        )
        book.call(account, ago(days=5 + n), book.contact(account, f"x{n}@c{n}.example"))
    book.issue("WERKE-1", priority='Höchste "!"', type="Störung")
    book.issue("WERKE-2", priority="Nicht kritisch", type="Post-Incident Review")
    return book


def served(folder, book: Book, **jira: object) -> object:
    """The book's dataset; each of `jira` replaces one of its files."""
    made = book.write(folder / "dataset")
    for name, content in jira.items():
        (made / "jira" / f"{name}.json").write_text(json.dumps(content))
    return made


def listed(names, first: int = 100) -> list[dict]:
    return [{"id": str(first + n), "name": name} for n, name in enumerate(names)]


@contextmanager
def drafted(
    folder, data, *options: object, env: dict[str, str] | None = None, switches: Switches | None = None
):
    """The config of an org, and what the later commands say to it."""
    out = folder / "rapport.toml"
    with Simulator(dataset.load(data), now=NOW, switches=switches) as simulator:
        sides = ("--salesforce-url", simulator.salesforce_url, "--jira-url", simulator.jira_url)
        told = rapport("init", "--out", out, *sides, *options, "--format", "json", env={**ENV, **(env or {})})
        assert told.code == 0, told.err
        after = out.read_bytes()
        later = {
            name: rapport("--config", out, name, env={**ENV, **(env or {})}) for name in ("validate", "pull", "plan")
        }  # fmt: skip
        assert out.read_bytes() == after
        writes = sum(side["write"] for side in simulator.calls().values())
        text = after.decode()
        yield SimpleNamespace(
            out=out, told=told, data=told.json, text=text, tree=tomllib.loads(text), later=later, writes=writes,
            simulator=simulator, sides=sides,
        )  # fmt: skip


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rich")
    with drafted(folder, served(folder, rich_book()), "--email", "i@vendor.example") as made:
        yield made


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Data Center, whose user may not even list the objects of the org."""
    folder = tmp_path_factory.mktemp("bare")
    data = served(folder, bare_book(), fields=[], statuses=[*listed(["Alpha"])], priorities=listed(["Green"]))
    switches = Switches(
        salesforce=SalesforceSwitches(lists_allowed=False, newest_version=61),
        jira=JiraSwitches(deployment="datacenter"),
    )
    with drafted(folder, data, env=DATA_CENTER, switches=switches) as made:
        yield made


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    statuses = [
        {"id": str(n), "name": name, "statusCategory": {"id": 2, "key": category, "name": category}}
        for n, (name, category) in enumerate(ODD_STATUSES.items(), 500)
    ]
    priorities = listed(['Höchste "!"', "Nicht kritisch", "Kritisch\x07", "Kritisch"])
    data = served(folder, odd_book(), statuses=statuses, fields=ODD_FIELDS, priorities=priorities)
    with drafted(folder, data, "--email", "i@vendor.example") as made:
        yield made


@pytest.fixture(params=["rich", "bare", "odd"])
def made(request):
    return request.getfixturevalue(request.param)


# -- what holds for each -----------------------------------------------------------------------------------------------


def test_the_draft_is_a_config_that_validate_pull_and_plan_take_unchanged_and_nothing_is_written(made):
    for name, result in made.later.items():
        assert result.code == 0, (name, result.err)
    assert made.writes == 0
    assert made.data["calls"]["salesforce"]["write"] == made.data["calls"]["jira"]["write"] == 0
    assert stat.S_IMODE(made.out.stat().st_mode) == 0o600
    assert [path.name for path in made.out.parent.iterdir() if path.name.startswith(".")] == []
    assert made.tree["rollout"]["mode"] == "observe"
    assert [each["command"].split()[-1] for each in made.data["next"]][-2:] == ["pull", "plan"]


def test_no_secret_and_no_mark_that_nobody_sees_stands_in_file_or_output(made):
    for word in SECRET_WORDS:
        assert word not in made.text
        assert word not in made.told.out
    assert all(char == "\n" or char.isprintable() for char in made.text)
    assert "client_id" not in made.tree["salesforce"], "what came from the environment stays there"
    assert "RAPPORT_SALESFORCE__CLIENT_SECRET" in made.text
    assert "RAPPORT_SALESFORCE__CLIENT_SECRET" in made.data["environment"]


def test_what_is_missing_stands_in_file_and_output_with_what_to_do(made):
    for each in made.data["missing"]:
        assert each["advice"]
        assert each["so"]
        first = each["what"][:1].upper() + each["what"][1:]
        assert first[:40] in made.text
    assert "[jira.fields]" in made.text or made.data["jira"]["fields"] == 0 or "field" in made.text


def with_proposals(text: str) -> str:
    """The file as it is when somebody takes the # away from the first proposal for each key that is not in force."""
    lines, taken, section = text.splitlines(), set(), ""
    for line in lines:
        section = line.split("]")[0] if line.startswith("[") else section
        if found := KEY.match(line):
            taken.add((section, found[1]))
    section = ""
    for place, line in enumerate(lines):
        section = line.split("]")[0] if line.startswith("[") else section
        found = KEY.match(line.removeprefix("# ")) if line.startswith("# ") else None
        if found and (section, found[1]) not in taken:
            taken.add((section, found[1]))
            lines[place] = line.removeprefix("# ")
    return "\n".join(lines)


def test_every_proposal_can_be_put_in_force_by_taking_its_hash_away(made):
    text = with_proposals(made.text)
    assert len(tomllib.loads(text)["jira"]) > len(made.tree["jira"])
    other = made.out.with_name("with-proposals.toml")
    other.write_text(text)
    result = rapport("--config", other, "validate")
    assert result.code == 0, result.err


# -- rich --------------------------------------------------------------------------------------------------------------


def test_a_rich_org_is_mapped_from_its_own_schema(rich):
    tree = rich.tree
    assert tree["salesforce"]["api_version"] == "62.0"
    assert tree["salesforce"]["plans"]["object"] == "AccountPlan"
    assert tree["salesforce"]["surveys"] == {
        "object": "Customer_Survey__c",
        "fields": {"AccountId": "Account__c", "Rating": "Rating__c", "CompletedAt": "Answered_At__c"},
    }
    assert tree["salesforce"]["task"]["closed_status"] == "Completed"
    assert tree["jira"]["deployment"] == "cloud"
    assert tree["jira"]["p1_priorities"] == ["Highest"]
    assert tree["jira"]["waiting_statuses"] == ["Waiting for customer"]
    assert tree["jira"]["paused_statuses"] == ["Blocked"]
    assert tree["jira"]["escalation_labels"] == ["escalation", "escalated", "Eskaliert"]
    assert tree["jira"]["fields"] == {"case": "Support case", "scope": "Scope"}
    assert tree["identity"]["account_field"] == "CRM Account"
    assert tree["identity"]["internal_domains"] == ["vendor.example"]
    assert tree["people"]["account_manager"] == ["field:Account_Manager__c", "owner"]
    assert tree["time"]["zone"] == "Europe/Berlin"


def test_counts_and_choices_stand_behind_a_hash(rich):
    text = rich.text
    assert '#   SUP  "SUP", service project, about 4 issues' in text
    assert """# jql = 'project in ("SUP", "BOREALIS", "OPS")'""" in text
    assert "vendor would manage about 4 accounts, internal-it about 4: an estimate" in text
    assert '# tier = "Tier__c"' in text
    assert "filled on 4 of 4 looked at" in text
    assert '# BOREALIS = "Borealis Logistics"' in text
    assert "# where = \"industry = 'Banking'\"" in text
    assert rich.data["salesforce"]["managed"] == {"vendor": 4, "estimate": True, "at_least": False}
    assert (rich.data["salesforce"]["accounts"], rich.data["jira"]["projects"]) == (4, 3)
    assert not [each for each in rich.data["missing"] if "that Rapport writes" in each["what"]]


def test_the_text_for_people_says_what_was_found_and_what_to_run_next(rich):
    told = rapport(
        "init", "--out", rich.out.with_name("again.toml"), *rich.sides, "--email", "i@vendor.example", env=ENV
    )
    assert told.code == 0
    for words in (
        "again.toml is written",
        "4 accounts",
        "Jira",
        "Found",
        "Next",
        "rapport --config",
        " plan",
    ):
        assert words in told.out, words
    assert "s3cret" not in told.out


def test_a_doctor_who_looks_at_the_drafted_config_finds_its_lists_in_the_org(rich):
    told = rapport("--config", rich.out, "doctor", "--format", "json", env=ENV)
    severities = {each["code"]: each["severity"] for each in told.json["findings"]}
    assert not severities.keys() & {"picklist", "task_status", "record_type"}
    assert severities["field"] == "note", "the fields of Jira that it names are there"
    assert {row["list"] for row in told.json["unmatched_lists"]} & {
        "jira.p1_priorities",
        "jira.paused_statuses",
    } == set()


# -- bare --------------------------------------------------------------------------------------------------------------


def test_a_bare_org_gives_defaults_and_is_told_what_it_lacks(bare):
    tree = bare.tree
    assert tree["salesforce"]["api_version"] == "61.0", "the newest that this org offers"
    assert tree["jira"]["deployment"] == "datacenter", "as the site says itself"
    assert "email" not in tree["jira"]
    for name in ("p1_priorities", "waiting_statuses", "paused_statuses"):
        assert name not in tree["jira"], "none reads like it, so the default stands"
    assert '# p1_priorities = ["Green"]' in bare.text
    missing = {each["what"] for each in bare.data["missing"]}
    assert "[jira] p1_priorities" in missing
    assert "account plans" in missing
    assert any("that Rapport writes" in each for each in missing)
    assert any("setup salesforce" in each["command"] for each in bare.data["next"])
    assert {each["what"] for each in bare.data["unasked"]} >= {"the objects of the org"}
    assert "could not be asked" in bare.text


def test_what_may_not_be_seen_is_told_and_fails_nothing(tmp_path):
    book = bare_book()
    book.schema = {name: {"hidden": True} for name in ("Account", "Contact", "Task", "User", "TaskStatus")}
    out = tmp_path / "rapport.toml"
    with Simulator(dataset.load(served(tmp_path, book)), now=NOW) as simulator:
        told = rapport("init", "--out", out, "--salesforce-url", simulator.salesforce_url, "--no-jira", "--format", "json",
                       env={**ENV, "RAPPORT_JIRA__API_TOKEN": ""})  # fmt: skip
    assert told.code == 0, told.err
    assert rapport("--config", out, "validate", env={"RAPPORT_JIRA__API_TOKEN": ""}).code == 0
    assert "jira" not in tomllib.loads(out.read_text())
    assert {"tasks", "the time zone"} <= {each["what"] for each in told.json["missing"]}
    assert any("Account" in each["what"] for each in told.json["unasked"])


# -- odd ---------------------------------------------------------------------------------------------------------------


def test_an_org_with_odd_names_is_read_by_its_own_words(odd):
    tree = odd.tree
    assert tree["jira"]["p1_priorities"] == ['Höchste "!"', "Kritisch"]
    assert tree["jira"]["incident_types"] == ["Störung"]
    assert tree["jira"]["waiting_statuses"] == [
        name for name in ODD_STATUSES if name.startswith(("Warten", "Wartet")) and "\n" not in name
    ]
    assert tree["jira"]["paused_statuses"] == ["In Wartestellung"]
    assert '# done_statuses = ["Geschlossen"]' in odd.text
    task = tree["salesforce"]["task"]
    assert (task["open_status"], task["closed_status"]) == ("Offen", "Erledigt")
    assert (task["priority"], task["high_priority"]) == ("Mittel", "Hoch")
    assert task["constants"] == {"Kanal__c": 'Tel "1"'}
    assert '# Grund__c = "…"' in odd.text
    assert "a value for Task.Grund__c" in {each["what"] for each in odd.data["missing"]}
    assert tree["identity"]["internal_domains"] == ["vendor.example"], (
        "a sandbox puts .invalid behind each address"
    )


def test_only_what_is_sure_is_in_force(odd):
    assert odd.tree["salesforce"]["fields"] == {"Rapport_CSAT__c": "CSAT_Score__c"}
    assert '# Rapport_CSAT__c = "NPS_Target__c"' in odd.text
    assert "it goes from 60 to 60, where 1 to 5 is meant" in odd.text
    assert '# Rapport_Health__c = "Health_Score__c"' in odd.text, (
        "what Rapport would write is never taken over"
    )
    assert "account_field" not in odd.tree["identity"], "two fields bear the name"
    assert '# account_field = "customfield_10050"' in odd.text
    assert odd.tree["jira"]["fields"] == {"case": "customfield_10053"}, (
        "a name of two lines cannot stand there"
    )


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def org(rich):
    return rich.simulator


def init(org, out, *options: object, env: dict[str, str] | None = None, config: object = None):
    before = () if config is None else ("--config", config)
    sides = (
        "--salesforce-url",
        org.salesforce_url,
        "--jira-url",
        org.jira_url,
        "--email",
        "i@vendor.example",
    )
    return rapport(*before, "init", "--out", out, *(options or sides), env={**ENV, **(env or {})})


def test_a_file_that_is_there_is_never_overwritten(org, tmp_path):
    out = tmp_path / "mine.toml"
    out.write_text("mine")
    calls = org.calls()
    told = init(org, out)
    assert (told.code, out.read_text()) == (2, "mine")
    assert "--out" in told.err
    assert org.calls() == calls, "not even a sign-in"
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "nowhere")
    assert init(org, link).code == 2
    assert "There is no folder" in init(org, tmp_path / "no" / "rapport.toml").err


def test_without_a_terminal_all_that_is_missing_is_named_at_once(org, tmp_path):
    out = tmp_path / "rapport.toml"
    env = {"RAPPORT_SALESFORCE__CLIENT_SECRET": "", "RAPPORT_JIRA__API_TOKEN": ""}
    told = init(org, out, "--format", "json", env=env)
    assert told.code == 2
    for words in ("--salesforce-url", "RAPPORT_SALESFORCE__INSTANCE_URL", "RAPPORT_SALESFORCE__CLIENT_SECRET", "--jira-url",
                  "--no-jira"):  # fmt: skip
        assert words in told.err, words
    told = init(org, out, "--salesforce-url", org.salesforce_url, "--jira-url", org.jira_url, env=env)
    assert told.code == 2
    for words in ("--email", "RAPPORT_JIRA__API_TOKEN", "RAPPORT_SALESFORCE__CLIENT_SECRET"):
        assert words in told.err, words
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "env", "code", "words"),
    [
        ((), {"RAPPORT_SALESFORCE__CLIENT_SECRET": "wrong"}, 3, "Salesforce refused the sign-in"),
        ((), {"RAPPORT_JIRA__API_TOKEN": "s3cret-token"}, 3, "Jira"),
        (("--deployment", "datacenter"), {}, 2, "is Jira Cloud, not Jira Data Center"),
        (("--salesforce-url", "http://example.com"), {}, 2, "--salesforce-url"),
        (("--salesforce-url", "https://acme.lightning.force.com"), {}, 2, "my.salesforce.com"),
        (
            (),
            {"RAPPORT_SALESFORCE__INSTANCE_URL": "https://other.my.salesforce.com"},
            2,
            "say different things",
        ),
        ((), {"RAPPORT_NONSENSE": "1"}, 2, "RAPPORT_NONSENSE"),
        (("--auth", "password"), {}, 2, "--auth"),
    ],
    ids=[
        "client secret",
        "Jira token",
        "deployment",
        "http",
        "lightning",
        "contradiction",
        "unknown variable",
        "auth",
    ],
)
def test_what_cannot_be_right_is_refused_in_words_and_leaves_no_file(
    org, tmp_path, options, env, code, words
):
    out = tmp_path / "rapport.toml"
    sides = (
        "--salesforce-url",
        org.salesforce_url,
        "--jira-url",
        org.jira_url,
        "--email",
        "i@vendor.example",
    )
    told = init(org, out, *sides, *options, env=env)
    assert told.code == code, told.err
    assert words in told.err
    assert "What to do" in told.err or code == 2
    assert "s3cret" not in told.err
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_no_config_takes_is_put_behind_a_hash_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(init_book, "_is_zone", lambda _: True)
    book = bare_book()
    book.salesforce["Organization"][0]["TimeZoneSidKey"] = "No/Where"
    out = tmp_path / "rapport.toml"
    with Simulator(dataset.load(served(tmp_path, book)), now=NOW) as simulator:
        told = init(
            simulator, out, "--salesforce-url", simulator.salesforce_url, "--no-jira", "--format", "json"
        )
    assert told.code == 0, told.err
    assert "zone" not in tomllib.loads(out.read_text())["time"]
    assert '# zone = "No/Where"' in out.read_text()
    assert "time.zone" in {each["what"] for each in told.json["missing"]}


def test_a_file_system_without_links_will_do_and_a_file_that_came_meanwhile_stays(org, tmp_path, monkeypatch):
    def no_links(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    out = tmp_path / "rapport.toml"
    assert init(org, out).code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600

    def somebody_was_quicker(source, target):
        target.write_text("theirs")
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr("os.link", somebody_was_quicker)
    other = tmp_path / "other.toml"
    told = init(org, other)
    assert (told.code, other.read_text()) == (2, "theirs")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.toml", "rapport.toml"]


def test_a_side_that_is_not_there_ends_with_3(org, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"  # nobody listens there any more
    for sides in ((org.salesforce_url, url), (url, org.jira_url)):
        options = ("--salesforce-url", sides[0], "--jira-url", sides[1], "--email", "i@vendor.example")
        told = init(org, tmp_path / "rapport.toml", *options, env={"RAPPORT_HTTP__MAX_TRIES": "1"})
        assert told.code == 3, told.err
        assert "What to do: " in told.err
    assert list(tmp_path.iterdir()) == []


# -- where the connection comes from -----------------------------------------------------------------------------------


def test_an_older_config_and_the_environment_say_how_to_connect(org, tmp_path):
    older = tmp_path / "older" / "rapport.toml"
    older.parent.mkdir()
    (older.parent / "secret").write_text("s3cret-consumer\n")
    (older.parent / "secret").chmod(0o600)
    older.write_text(
        f'[salesforce]\ninstance_url = "{org.salesforce_url}"\nclient_secret_file = "secret"\nclient_id = "key"\n'
        '[jira]\nemail = "i@vendor.example"\njql = "project = SUP"\n[jira.sites.plant]\nurl = "https://plant.example"\n'
        '[rollout]\nmode = "on"\n'
    )
    out = tmp_path / "rapport.toml"
    env = {
        "RAPPORT_JIRA__URL": org.jira_url,
        "RAPPORT_SALESFORCE__CLIENT_SECRET": "",
        "RAPPORT_SALESFORCE__CLIENT_ID": "",
    }
    told = init(org, out, "--format", "json", env=env, config=older)
    assert told.code == 0, told.err
    tree = tomllib.loads(out.read_text())
    assert tree["salesforce"]["client_secret_file"] == str(older.parent / "secret")
    assert tree["salesforce"]["client_id"] == "key"
    assert tree["jira"]["url"] == org.jira_url
    assert tree["jira"]["jql"] == "project = SUP"
    assert tree["rollout"]["mode"] == "observe", "only the connections are taken over"
    assert told.json["jira"]["issues"] == 4
    assert any("plant" in note for note in told.json["notes"])
    assert rapport("--config", out, "validate", env=env).code == 0
    assert init(org, tmp_path / "other.toml", config=tmp_path / "nowhere.toml").code == 2


def test_a_config_that_is_not_there_yet_is_the_one_to_write_and_variables_alone_are_enough(org, tmp_path):
    out = tmp_path / "new.toml"
    env = {
        "RAPPORT_SALESFORCE__INSTANCE_URL": org.salesforce_url,
        "RAPPORT_SALESFORCE__ACCESS_TOKEN": "simulator",
        "RAPPORT_SALESFORCE__CLIENT_ID": "",
        "RAPPORT_SALESFORCE__CLIENT_SECRET": "",
        "RAPPORT_JIRA__URL": org.jira_url,
        "RAPPORT_JIRA__EMAIL": "i@vendor.example",
    }
    told = rapport("--config", out, "init", env={**ENV, **env})
    assert told.code == 0, told.err
    assert tomllib.loads(out.read_text())["salesforce"]["auth"] == "access_token"
    assert rapport("--config", out, "validate", env=env).code == 0


def test_at_a_terminal_it_asks_for_what_is_missing_and_secrets_are_not_shown(org, tmp_path, monkeypatch):
    asked = []
    answers = {"My Domain": org.salesforce_url, "Consumer secret": "s3cret-consumer", "Consumer key": "key",
               "Address of": org.jira_url, "E-mail": "i@vendor.example", "API token": "simulator"}  # fmt: skip

    def prompt(text, *, hide_input, err, **_):
        assert err
        asked.append((text, hide_input))
        return next(answer for word, answer in answers.items() if text.startswith(word))

    monkeypatch.setattr(cli_first_steps.typer, "prompt", prompt)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    out = tmp_path / "rapport.toml"
    env = dict.fromkeys(
        ("RAPPORT_SALESFORCE__CLIENT_SECRET", "RAPPORT_SALESFORCE__CLIENT_ID", "RAPPORT_JIRA__API_TOKEN"), ""
    )
    told = init(org, out, "--format", "json", env=env)
    assert told.code == 0, told.err
    assert [hidden for _, hidden in asked] == [False, False, True, False, False, True]
    assert tomllib.loads(out.read_text())["salesforce"]["client_id"] == "key"
    assert "s3cret" not in out.read_text() + told.out
    assert told.json["environment"] == ["RAPPORT_JIRA__API_TOKEN", "RAPPORT_SALESFORCE__CLIENT_SECRET"]


def test_the_session_of_the_salesforce_cli_tells_the_address_too(org, tmp_path, monkeypatch):
    asked = []

    def session(target_org, _seconds):
        asked.append(target_org)
        return sf_cli.CliSession(org.salesforce_url, "simulator")

    monkeypatch.setattr(sf_cli, "session", session)
    env = {"RAPPORT_SALESFORCE__CLIENT_SECRET": "", "RAPPORT_SALESFORCE__CLIENT_ID": ""}
    told = init(
        org, tmp_path / "rapport.toml", "--target-org", "production", "--no-jira", "--format", "json", env=env
    )
    assert told.code == 0, told.err
    salesforce = tomllib.loads((tmp_path / "rapport.toml").read_text())["salesforce"]
    assert (salesforce["auth"], salesforce["target_org"]) == ("sf_cli", "production")
    assert salesforce["instance_url"] == org.salesforce_url
    assert set(asked) == {"production"}
    assert any("Unset RAPPORT_JIRA__" in note for note in told.json["notes"])


def test_wide_records_that_come_in_several_answers_are_all_looked_at(tmp_path):
    book = Book()
    for n in range(450):
        book.account(f"Customer {n}")
    out = tmp_path / "rapport.toml"
    switches = Switches(salesforce=SalesforceSwitches(page_rows=200))
    with Simulator(dataset.load(served(tmp_path, book)), now=NOW, switches=switches) as simulator:
        told = init(
            simulator, out, "--salesforce-url", simulator.salesforce_url, "--no-jira", "--format", "json"
        )
    assert told.json["salesforce"]["accounts"] == told.json["salesforce"]["managed"]["vendor"] == 450


@pytest.mark.thorough
def test_the_sample_company_is_found_out(tmp_path):
    sample.write(tmp_path / "dataset", now=NOW)
    with drafted(tmp_path, tmp_path / "dataset", "--email", "integration@example.com") as made:
        assert [result.code for result in made.later.values()] == [0, 0, 0]
        assert made.writes == 0
        assert made.tree["salesforce"]["surveys"]["object"] == "Customer_Survey__c"
        assert made.tree["identity"]["account_field"] == sample.ACCOUNT_FIELD_NAME
        assert made.tree["jira"]["fields"]["case"] == sample.CASE_FIELD_NAME
        assert made.data["missing"] == []
