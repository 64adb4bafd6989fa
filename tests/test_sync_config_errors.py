"""Every mistake in a config gives one clear message: where, what was found, what would be right."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.config import ConfigError, load

BASE = '[salesforce]\ninstance_url = "https://example.my.salesforce.com"\n'
SECRET = "p4ssw0rd-never-shown"


@dataclass(frozen=True)
class Case:
    name: str
    text: str = ""
    """Stands from line 3 on, below [salesforce] and its address."""
    message: str = ""
    environ: dict[str, str] = field(default_factory=dict)


CASES = [
    # --- names that do not exist, at any depth
    Case(
        "a section",
        "[salesforse]\nx = 1",
        "rapport.toml:3: salesforse: unknown section; did you mean salesforce?",
    ),
    Case("a section far from all", "[zzz]\nx = 1", "rapport.toml:3: zzz: unknown section"),
    Case("a key", '[store]\npaht = "x"', "rapport.toml:4: store.paht: unknown key; did you mean path?"),
    Case(
        "a key in capitals",
        '[store]\nPATH = "x"',
        "rapport.toml:4: store.PATH: unknown key; did you mean path?",
    ),
    Case("a key far from all", "[store]\nzzz = 1", "rapport.toml:4: store.zzz: unknown key"),
    Case(
        "a key two levels down",
        '[salesforce.task]\nopen_staus = "x"',
        "rapport.toml:4: salesforce.task.open_staus: unknown key; did you mean open_status?",
    ),
    Case(
        "a key of another section",
        '[safety]\nmode = "on"',
        "rapport.toml:4: safety.mode: unknown key; it belongs in [rollout]",
    ),
    Case(
        "a needed key that is mistyped",
        '[jira]\nulr = "https://example.atlassian.net"',
        "rapport.toml:4: jira.ulr: unknown key; did you mean url?",
    ),
    Case(
        "a field that Rapport does not write",
        '[salesforce.fields]\nRapport_Helth__c = "Health__c"',
        "rapport.toml:4: salesforce.fields.Rapport_Helth__c: Rapport has no field of this name;"
        " did you mean Rapport_Health__c?",
    ),
    # --- missing
    Case(
        "an address that is missing",
        '[jira]\nemail = "me@example.com"',
        'rapport.toml:3: jira.url: missing; add url = "https://example.atlassian.net"',
    ),
    Case(
        "a pilot without accounts",
        '[rollout]\nmode = "pilot"',
        "rapport.toml:4: rollout.mode: a pilot needs to know its accounts; add a condition to [rollout],"
        " such as where = \"industry = 'Banking'\"",
    ),
    # --- wrong kind of value
    Case(
        "text for a number",
        '[safety]\nmin_records = "ten"',
        'rapport.toml:4: safety.min_records: found "ten", expected a whole number; for example min_records = 10',
    ),
    Case(
        "a number in quotes",
        '[safety]\nmin_records = "10"',
        'rapport.toml:4: safety.min_records: found "10", expected a whole number; for example min_records = 10',
    ),
    Case(
        "a fraction for a whole number",
        "[safety]\nmin_records = 1.5",
        "rapport.toml:4: safety.min_records: found 1.5, expected a whole number; for example min_records = 10",
    ),
    Case(
        "true for a number",
        "[safety]\nlarge_move = true",
        "rapport.toml:4: safety.large_move: found true, expected a whole number; for example large_move = 10",
    ),
    Case(
        "a number for text",
        "[store]\npath = 5",
        'rapport.toml:4: store.path: found 5, expected a text in quotes; for example path = "rapport-data"',
    ),
    Case(
        "a version without quotes",
        "api_version = 62.0",
        'rapport.toml:3: salesforce.api_version: found 62.0, expected a text; put it in quotes: "62.0"',
    ),
    Case(
        "a version that is none",
        'api_version = "v62"',
        'rapport.toml:3: salesforce.api_version: found "v62", expected a version of the API, such as "62.0"',
    ),
    Case(
        "text for a list",
        '[activities]\ncontact_task_types = "Call"',
        'rapport.toml:4: activities.contact_task_types: found "Call", expected a list;'
        ' for example contact_task_types = ["Call"]',
    ),
    Case(
        "a number in a list of texts",
        '[jira]\nurl = "https://example.atlassian.net"\np1_priorities = [\n  "High",\n  1,\n]',
        "rapport.toml:7: jira.p1_priorities[1]: found 1, expected a text in quotes; for example"
        ' p1_priorities = ["Highest", "Blocker", "Critical", "P1", "Sev 1"]',
    ),
    Case(
        "a list for a table",
        '[identity]\nprojects = ["ACME"]',
        "rapport.toml:4: identity.projects: found a list, expected a table; for example"
        ' projects = { ACME = "Acme GmbH" }',
    ),
    Case(
        "a table for a text",
        '[identity]\naccount_field = { name = "x" }',
        "rapport.toml:4: identity.account_field: found a table, expected a text in quotes; for example"
        ' account_field = "CRM Account"',
    ),
    Case(
        "an entry that is no text",
        "[identity.projects]\nACME = 1",
        'rapport.toml:4: identity.projects.ACME: found 1, expected a text in quotes; for example ACME = "Acme GmbH"',
    ),
    Case(
        "a unit that is no list",
        '[identity.units]\n"Acme GmbH" = "Purchasing"',
        'rapport.toml:4: identity.units.Acme GmbH: found "Purchasing", expected a list; for example'
        ' "Acme GmbH" = ["Purchasing", "Plant South"]',
    ),
    Case(
        "an empty text",
        '[store]\npath = "  "',
        'rapport.toml:4: store.path: found "  ", expected a text that is not empty',
    ),
    Case(
        "a control character",
        '[store]\npath = "a\\u0007b"',
        "rapport.toml:4: store.path: the text holds a control character; remove it",
    ),
    Case(
        "a list as a constant",
        "[salesforce.task.constants]\nX__c = [1]",
        "rapport.toml:4: salesforce.task.constants.X__c: found a list, expected a text, a number, true or false",
    ),
    Case(
        "a list for a number",
        "[http]\nmax_tries = 2\n[pull]\noverlap_minutes = [1]",
        "rapport.toml:6: pull.overlap_minutes: found a list, expected a whole number; for example overlap_minutes = 15",
    ),
    # --- out of bounds
    Case(
        "a share above one",
        "[safety]\nmax_change_share = 30",
        "rapport.toml:4: safety.max_change_share: found 30, expected at most 1; for example max_change_share = 0.3",
    ),
    Case(
        "a share of nothing",
        "[safety]\napi_share = 0",
        "rapport.toml:4: safety.api_share: found 0, expected more than 0; for example api_share = 0.5",
    ),
    Case(
        "infinity",
        "[http]\nread_timeout = inf",
        "rapport.toml:4: http.read_timeout: found inf, expected a number that is not infinite; for example read_timeout = 60",
    ),
    Case(
        "a share that is no number",
        "[safety]\napi_share = nan",
        "rapport.toml:4: safety.api_share: found nan, expected a number that is not infinite;"
        " for example api_share = 0.5",
    ),
    Case(
        "fewer than no tasks",
        "[safety]\nmax_open_tasks_per_owner = -1",
        "rapport.toml:4: safety.max_open_tasks_per_owner: found -1, expected at least 0;"
        " for example max_open_tasks_per_owner = 5",
    ),
    Case(
        "no try at all",
        "[http]\nmax_tries = 0",
        "rapport.toml:4: http.max_tries: found 0, expected at least 1; for example max_tries = 5",
    ),
    Case(
        "an overlap of days",
        "[pull]\noverlap_minutes = 10000",
        "rapport.toml:4: pull.overlap_minutes: found 10000, expected at most 1440; for example overlap_minutes = 15",
    ),
    # --- one of a few words
    Case(
        "a mode",
        '[rollout]\nmode = "onn"',
        'rapport.toml:4: rollout.mode: found "onn", expected one of observe, pilot, on; did you mean on?',
    ),
    Case(
        "a way to sign in",
        'auth = "password"',
        'rapport.toml:3: salesforce.auth: found "password", expected one of jwt, client_credentials, sf_cli,'
        " access_token",
    ),
    Case(
        "an org of the CLI",
        'target_org = "--help"',
        'rapport.toml:3: salesforce.target_org: found "--help", expected a user name or an alias of the Salesforce CLI,'
        " as sf org list shows them",
    ),
    Case(
        "a private key in the file",
        'private_key = "-----BEGIN PRIVATE KEY-----"',
        "rapport.toml:3: salesforce.private_key: unknown key; did you mean private_key_file?",
    ),
    Case(
        "a preset",
        '[accounts]\npreset = "internal_it"',
        'rapport.toml:4: accounts.preset: found "internal_it", expected one of vendor, internal-it;'
        " did you mean internal-it?",
    ),
    Case(
        "a kind of Jira",
        '[jira]\nurl = "https://example.atlassian.net"\ndeployment = "clod"',
        'rapport.toml:5: jira.deployment: found "clod", expected one of cloud, datacenter; did you mean cloud?',
    ),
    Case(
        "a method of linking",
        '[identity]\nlink_by = ["project", "fild"]',
        'rapport.toml:4: identity.link_by[1]: found "fild", expected one of field, organization, project, component,'
        " label, reporter; did you mean field?",
    ),
    Case(
        "no method of linking",
        "[identity]\nlink_by = []",
        "rapport.toml:4: identity.link_by: found an empty list, expected at least one entry",
    ),
    Case(
        "a place of the account manager",
        '[people]\naccount_manager = ["field:Key_Account__c", "ownr"]',
        'rapport.toml:4: people.account_manager[1]: found "ownr", expected "owner", "field:NAME" or "team:ROLE";'
        " did you mean owner?",
    ),
    # --- time
    Case(
        "a zone",
        '[time]\nzone = "Europe/Berln"',
        'rapport.toml:4: time.zone: found "Europe/Berln", expected the name of a time zone, such as Europe/Berlin;'
        " did you mean Europe/Berlin?",
    ),
    Case(
        "a path for a zone",
        '[time]\nzone = "../../etc/passwd"',
        'rapport.toml:4: time.zone: found "../../etc/passwd", expected the name of a time zone, such as Europe/Berlin',
    ),
    Case(
        "hours in the wrong order",
        '[time]\nhours = ["17:00", "09:00"]',
        "rapport.toml:4: time.hours: the day ends at 09:00 before it begins at 17:00; write the earlier time first:"
        ' ["09:00", "17:00"]',
    ),
    Case(
        "an hour that is none",
        '[time]\nhours = ["9:00", "17:00"]',
        'rapport.toml:4: time.hours[0]: found "9:00", expected a time of day, such as "09:00"',
    ),
    Case(
        "three hours",
        '[time]\nhours = ["09:00", "12:00", "17:00"]',
        'rapport.toml:4: time.hours: found a list, expected two times of day, such as ["09:00", "17:00"]',
    ),
    Case(
        "a holiday that is no date",
        '[time]\nholidays = [2026-12-25, "2026-02-30"]',
        'rapport.toml:4: time.holidays[1]: found "2026-02-30", expected a date, such as 2026-12-24',
    ),
    Case(
        "a clock without an offset",
        "[time]\nnow = 2026-11-22T09:00:00",
        "rapport.toml:4: time.now: found 2026-11-22T09:00:00, expected an offset behind the time, such as Z or +01:00",
    ),
    Case(
        "a clock that is no time",
        '[time]\nnow = "noon"',
        'rapport.toml:4: time.now: found "noon", expected a date and time, such as 2026-11-22T09:00:00Z',
    ),
    Case(
        "a fixed clock against a real org",
        "[time]\nnow = 2026-11-22T09:00:00Z",
        "rapport.toml:4: time.now: the clock can be fixed for trials against this machine only, but"
        " salesforce.instance_url is https://example.my.salesforce.com; remove now",
    ),
    Case(
        "a span without a unit",
        '[safety]\nmax_plan_age = "24"',
        'rapport.toml:4: safety.max_plan_age: found "24", expected a whole number and a unit, such as "24h", "14 days"'
        ' or "30m"',
    ),
    Case(
        "a span in a strange unit",
        '[safety]\nmax_plan_age = "2 fortnights"',
        'rapport.toml:4: safety.max_plan_age: found "2 fortnights", expected a unit out of s, m, h, d, w or second,'
        " minute, hour, day, week",
    ),
    Case(
        "a span as a number",
        "[safety]\nmax_plan_age = 24",
        'rapport.toml:4: safety.max_plan_age: found 24, expected a whole number and a unit, such as "24h", "14 days"'
        ' or "30m"',
    ),
    Case(
        "no span",
        '[safety]\nmax_plan_age = "0h"',
        'rapport.toml:4: safety.max_plan_age: found "0h", expected more than nothing',
    ),
    # --- addresses
    Case(
        "http to a foreign host",
        '[jira]\nurl = "http://example.atlassian.net"',
        'rapport.toml:4: jira.url: found "http://example.atlassian.net", expected https://, because http:// is accepted'
        " for this machine only (127.0.0.1, ::1, localhost); did you mean https://example.atlassian.net?",
    ),
    Case(
        "http to a host that sounds local",
        '[jira]\nurl = "http://localhost.example.com"',
        'rapport.toml:4: jira.url: found "http://localhost.example.com", expected https://, because http:// is accepted'
        " for this machine only (127.0.0.1, ::1, localhost); did you mean https://localhost.example.com?",
    ),
    Case(
        "an address without a scheme",
        '[jira]\nurl = "example.atlassian.net"',
        'rapport.toml:4: jira.url: found "example.atlassian.net", expected an address that begins with https://',
    ),
    Case(
        "an address with a question",
        '[jira]\nurl = "https://example.atlassian.net/?a=1"',
        'rapport.toml:4: jira.url: found "https://example.atlassian.net/?a=1", expected an address without ? and #',
    ),
    Case(
        "an address with a bad port",
        '[jira]\nurl = "https://example.atlassian.net:port"',
        "rapport.toml:4: jira.url: this is no address; write one such as https://example.com",
    ),
    Case(
        "an address with a password",
        f'[jira]\nurl = "https://me:{SECRET}@example.atlassian.net"',
        "rapport.toml:4: jira.url: an address holds no user name or password; remove what stands before the @",
    ),
    Case(
        "a proxy that is none",
        '[http]\nproxy = "proxy"',
        "rapport.toml:4: http.proxy: expected an address such as http://proxy.example.com:3128",
    ),
    # --- secrets
    Case(
        "the consumer secret in the file",
        f'client_secret = "{SECRET}"',
        "rapport.toml:3: salesforce.client_secret: a secret does not belong in this file; remove it, set"
        " RAPPORT_SALESFORCE__CLIENT_SECRET or name a file that holds it with client_secret_file,"
        " and renew it if others could read the file",
    ),
    Case(
        "the API token in the file",
        f'[jira]\nurl = "https://example.atlassian.net"\napi_token = "{SECRET}"',
        "rapport.toml:5: jira.api_token: a secret does not belong in this file; remove it, set"
        " RAPPORT_JIRA__API_TOKEN or name a file that holds it with api_token_file,"
        " and renew it if others could read the file",
    ),
    Case(
        "a proxy's password in the file",
        f'[http]\nproxy = "http://me:{SECRET}@proxy.example.com:3128"',
        "rapport.toml:4: http.proxy: a secret does not belong in this file; remove it, set RAPPORT_HTTP__PROXY,"
        " and renew it if others could read the file",
    ),
    Case(
        "a secret under a mistyped key",
        f'client_secrett = "{SECRET}"',
        "rapport.toml:3: salesforce.client_secrett: unknown key; did you mean client_secret?",
    ),
    # --- who is who
    Case(
        "an address for a domain",
        '[identity]\ninternal_domains = ["me@example.com"]',
        'rapport.toml:4: identity.internal_domains[0]: found "me@example.com", expected a bare domain,'
        " such as example.com",
    ),
    Case(
        "a domain without a dot",
        '[identity]\ninternal_domains = ["example"]',
        'rapport.toml:4: identity.internal_domains[0]: found "example", expected a bare domain, such as example.com',
    ),
    Case(
        "a person's address among the staff",
        '[identity]\nstaff = ["dana@example.com"]',
        'rapport.toml:4: identity.staff[0]: found "dana@example.com", expected a Jira account id, "group:NAME" or a'
        " domain, but no address of a person",
    ),
    Case(
        "a group without its mark",
        '[identity]\nstaff = ["service desk"]',
        'rapport.toml:4: identity.staff[0]: found "service desk", expected a Jira account id, "group:NAME" or a domain;'
        " did you mean group:service desk?",
    ),
    Case(
        "one project in two spellings",
        '[identity.projects]\nACME = "Acme GmbH"\nacme = "Other Ltd"',
        'rapport.toml:5: identity.projects.acme: "ACME" and "acme" are the same name; keep one',
    ),
    Case(
        "one status twice",
        '[jira]\nurl = "https://example.atlassian.net"\ndone_statuses = ["Done", "done"]',
        'rapport.toml:5: jira.done_statuses: "done" stands in the list twice (upper and lower case are alike);'
        " remove one",
    ),
    Case(
        "a query that sorts",
        '[jira]\nurl = "https://example.atlassian.net"\njql = "project = ACME ORDER BY created"',
        "rapport.toml:5: jira.jql: the JQL holds ORDER BY: leave it out, issues are read in the order of their changes",
    ),
    # --- names in the org
    Case(
        "a field name with a blank",
        '[salesforce.fields]\nRapport_Health__c = "Health Score"',
        'rapport.toml:4: salesforce.fields.Rapport_Health__c: found "Health Score", expected the API name of a field,'
        " such as Health_Score__c",
    ),
    Case(
        "two numbers in one field",
        '[salesforce.fields]\nRapport_Health__c = "Score__c"\nRapport_Overall__c = "Score__c"',
        "rapport.toml:4: salesforce.fields.Rapport_Health__c: Rapport_Overall__c and Rapport_Health__c would both be"
        " written to Score__c",
    ),
    Case(
        "a constant that Rapport sets",
        '[salesforce.task.constants]\nstatus = "Open"',
        "rapport.toml:4: salesforce.task.constants.status: Rapport sets this field itself; remove it from the constants",
    ),
    Case(
        "a column that is there already",
        '[accounts.columns]\nindustry = "Sector__c"',
        "rapport.toml:4: accounts.columns.industry: this column is there already; choose another name",
    ),
    Case(
        "a column with capitals",
        '[accounts.columns]\nRegion = "Region__c"',
        'rapport.toml:4: accounts.columns.Region: "Region" cannot name a column; use small letters, digits and _,'
        " such as region",
    ),
    # --- the environment
    Case(
        "one underscore too few",
        message="RAPPORT_SALESFORCE_CLIENT_SECRET: this environment variable sets nothing; names are"
        " RAPPORT_<SECTION>__<KEY>; did you mean RAPPORT_SALESFORCE__CLIENT_SECRET?",
        environ={"RAPPORT_SALESFORCE_CLIENT_SECRET": SECRET},
    ),
    Case(
        "a variable far from all",
        message="RAPPORT_X: this environment variable sets nothing; names are RAPPORT_<SECTION>__<KEY>",
        environ={"RAPPORT_X": "1"},
    ),
    Case(
        "a list that is no JSON",
        message="RAPPORT_IDENTITY__INTERNAL_DOMAINS: identity.internal_domains: the value is no JSON at character 1;"
        ' write a list such as ["one", "two"]',
        environ={"RAPPORT_IDENTITY__INTERNAL_DOMAINS": "example.com"},
    ),
    Case(
        "a table that is no JSON",
        message="RAPPORT_IDENTITY__PROJECTS: identity.projects: the value is no JSON at character 1;"
        ' write a table such as {"key": "value"}',
        environ={"RAPPORT_IDENTITY__PROJECTS": "ACME=Acme GmbH"},
    ),
    Case(
        "a number that is none",
        message='RAPPORT_HTTP__MAX_TRIES: http.max_tries: found "many", expected a whole number;'
        " for example max_tries = 5",
        environ={"RAPPORT_HTTP__MAX_TRIES": "many"},
    ),
    Case(
        "a list with a wrong item",
        message='RAPPORT_IDENTITY__LINK_BY: identity.link_by[0]: found "fild", expected one of field, organization,'
        " project, component, label, reporter; did you mean field?",
        environ={"RAPPORT_IDENTITY__LINK_BY": '["fild"]'},
    ),
    Case(
        "a variable over a good line",
        '[rollout]\nmode = "on"',
        'RAPPORT_ROLLOUT__MODE: rollout.mode: found "of", expected one of observe, pilot, on',
        {"RAPPORT_ROLLOUT__MODE": "of"},
    ),
]

# Whole files, where the mistake is not below [salesforce].
FILES = [
    Case(
        "nothing at all",
        "",
        'rapport.toml: salesforce: this section is missing; add [salesforce] with instance_url = "https://example.my.salesforce.com"',
    ),
    Case(
        "no address",
        "\n[salesforce]\n",
        'rapport.toml:2: salesforce.instance_url: missing; add instance_url = "https://example.my.salesforce.com"',
    ),
    Case(
        "a value for a section",
        "store = 5\n" + BASE,
        "rapport.toml:1: store: found 5, expected a section of its own",
    ),
    Case(
        "a list for a section",
        "store = []\n" + BASE,
        "rapport.toml:1: store: found an empty list, expected a section of its own",
    ),
    Case(
        "a value for the section that is needed",
        "salesforce = 5\n",
        "rapport.toml:1: salesforce: found 5, expected a section of its own",
    ),
    Case(
        "a key outside",
        'mode = "on"\n' + BASE,
        "rapport.toml:1: mode: this key stands outside of any section; it belongs in [rollout]",
    ),
    Case(
        "a key outside that sounds like pydantic",
        '_env_file = "x"\n' + BASE,
        "rapport.toml:1: _env_file: this key stands outside of any section",
    ),
    Case(
        "a value for the metrics",
        "metrics = 5\n" + BASE,
        "rapport.toml:1: metrics: found 5, expected a table",
    ),
    Case(
        "a table for the tests", BASE + "[tests]\n", "rapport.toml:3: tests: found a table, expected a list"
    ),
    Case(
        "an address for browsers",
        '[salesforce]\ninstance_url = "https://acme.lightning.force.com"\n',
        "rapport.toml:2: salesforce.instance_url: it is the address for browsers; use https://acme.my.salesforce.com",
    ),
    Case(
        "an address with a path",
        '[salesforce]\ninstance_url = "https://acme.my.salesforce.com/lightning"\n',
        "rapport.toml:2: salesforce.instance_url: it must end after the host name: https://acme.my.salesforce.com",
    ),
    # --- no TOML
    Case(
        "text without quotes",
        BASE + "auth = access_token\n",
        "rapport.toml:3: column 8: this is no TOML: invalid value; texts stand in quotes",
    ),
    Case(
        "a key without a value",
        BASE + "auth\nx = 1\n",
        "rapport.toml:3: column 5: this is no TOML: expected = after a key in a key/value pair",
    ),
    Case(
        "a text without an end",
        BASE + f'client_secret = "{SECRET}\n',
        "rapport.toml:3: column 38: this is no TOML: illegal character \\n; a text begins and ends on one line, in the same quotes",
    ),
    Case("a list without an end", BASE + "x = [1,\n2", "rapport.toml:4: this is no TOML: unclosed array"),
    Case(
        "a key twice",
        BASE + 'auth = "access_token"\nauth = "x"\n# the end\n',
        "rapport.toml:4: column 11: this is no TOML: cannot overwrite a value; a key stands there twice, "
        "or as a text and as a table; a text in several languages is written subject.en, subject.de",
    ),
    Case(
        "a section twice",
        BASE + "[store]\n[time]\n[store]\n",
        "rapport.toml:5: column 7: this is no TOML: cannot declare [store] twice",
    ),
    Case(
        "a date that is none",
        BASE + "[time]\nholidays = [2026-02-30]\n",
        "rapport.toml:4: column 13: this is no TOML: invalid date or datetime; there is no such date",
    ),
    Case("a number without end", BASE + f"x = {'9' * 5000}\n", "rapport.toml: a number has too many digits"),
    Case(
        "lists without end",
        BASE + f"x = {'[' * 5000}\n",
        "rapport.toml: lists or tables are nested too deeply",
    ),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaint(text: str | bytes, environ: dict[str, str] | None = None) -> str:
    Path("rapport.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        load(Path("rapport.toml"), environ or {})
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.usefixtures("folder")
def test_a_mistake_gives_one_message(case):
    assert complaint(BASE + case.text, case.environ) == case.message


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.name)
@pytest.mark.usefixtures("folder")
def test_a_mistake_in_the_file_as_a_whole_gives_one_message(case):
    assert complaint(case.text, case.environ) == case.message


def test_the_cases_have_different_names():
    names = [case.name for case in (*CASES, *FILES)]
    assert len(set(names)) == len(names)


@pytest.mark.usefixtures("folder")
def test_all_mistakes_come_at_once_in_the_order_of_the_file():
    text = (
        BASE
        + f'client_secret = "{SECRET}"\n'
        + "[salesforse]\nx = 1\n"
        + "[store]\npath = 5\n"
        + '[identity]\nlink_by = ["fild"]\nprojects = { a = 1, B = "x", b = "y" }\n'
        + "[safety]\nmin_records = 0\napi_share = 2\n"
        + '[rollout]\nmode = "pilot"\n'
        + "[accounts]\nmanaged = \"tpye = 'Customer'\"\n"
        + '[time]\nhours = ["17:00", "09:00"]\nnow = 2026-11-22T09:00:00Z\n'
    )
    message = complaint(text, {"RAPPORT_NONSENSE": "1", "RAPPORT_HTTP__MAX_TRIES": "many"})
    heads = [line.split(": ")[0:2] for line in message.splitlines() if not line.startswith(" ")]
    assert heads == [
        ["RAPPORT_NONSENSE", "this environment variable sets nothing; names are RAPPORT_<SECTION>__<KEY>"],
        ["RAPPORT_HTTP__MAX_TRIES", "http.max_tries"],
        ["rapport.toml:3", "salesforce.client_secret"],
        ["rapport.toml:4", "salesforse"],
        ["rapport.toml:7", "store.path"],
        ["rapport.toml:9", "identity.link_by[0]"],
        ["rapport.toml:10", "identity.projects.a"],
        ["rapport.toml:10", "identity.projects.b"],
        ["rapport.toml:12", "safety.min_records"],
        ["rapport.toml:13", "safety.api_share"],
        ["rapport.toml:15", "rollout.mode"],
        ["rapport.toml:17", "accounts.managed, column 1"],
        ["rapport.toml:19", "time.hours"],
        ["rapport.toml:20", "time.now"],
    ]


@pytest.mark.usefixtures("folder")
def test_any_handful_of_mistakes_comes_whole():
    """Mistakes in one section never hide those of another."""
    by_section = {}
    for case in CASES:
        headers = [line for line in case.text.splitlines() if line.startswith("[")]
        if len(headers) == 1 and "." not in headers[0] and not case.environ:
            by_section.setdefault(headers[0], case)
    text, wanted = BASE, []
    for case in by_section.values():
        shift = text.count("\n") - BASE.count("\n")
        line = int(case.message.split(":")[1])
        wanted.append(case.message.replace(f"rapport.toml:{line}:", f"rapport.toml:{line + shift}:"))
        text += case.text + "\n"
    assert len(wanted) > 10
    assert complaint(text).splitlines() == wanted


# --- conditions ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_a_condition_is_shown_with_the_place_of_its_mistake():
    assert complaint(BASE + "[accounts]\nmanaged = \"not person_account and indsutry = 'Banking'\"\n") == (
        'rapport.toml:4: accounts.managed, column 24: unknown column "indsutry"\n'
        "    not person_account and indsutry = 'Banking'\n"
        "                           ^ did you mean industry?"
    )


@pytest.mark.parametrize(
    ("section", "key", "column"),
    [
        ("accounts", "managed", "website"),
        ("rollout", "where", "website"),
        ("activities", "exclude", "subject"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_every_condition_of_the_config_has_to_be_true_or_false(section, key, column):
    message = complaint(f'{BASE}[{section}]\n{key} = "{column}"\n')
    assert message.startswith(f"rapport.toml:4: {section}.{key}")
    assert "a condition is true or false" in message


@pytest.mark.usefixtures("folder")
def test_a_condition_over_several_lines_shows_the_one_that_is_wrong():
    text = "[accounts]\nmanaged = '''not person_account\n  and indsutry = 'x'\n'''\n"
    assert complaint(BASE + text).splitlines()[1:] == [
        "      and indsutry = 'x'",
        "          ^ did you mean industry?",
    ]


@pytest.mark.usefixtures("folder")
def test_a_long_condition_is_cut_to_what_matters():
    long = " or ".join(f"industry = 'Sector {number}'" for number in range(40)) + " or indsutry = 'x'"
    excerpt, caret = complaint(f'{BASE}[accounts]\nmanaged = "{long}"\n').splitlines()[1:]
    assert len(excerpt) < 110
    assert excerpt.startswith("    …")
    assert excerpt[caret.index("^") :].startswith("indsutry")


@pytest.mark.usefixtures("folder")
def test_an_activity_knows_no_columns_of_an_account():
    assert 'unknown column "industry"' in complaint(f"{BASE}[activities]\nexclude = \"industry = 'x'\"\n")


# --- files -----------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_said_with_what_to_do(folder):
    with pytest.raises(ConfigError) as caught:
        load(Path("other.toml"), {"RAPPORT_X": "1"})
    assert str(caught.value).splitlines() == [
        "other.toml: there is no such file; let rapport init write one, or name another with --config",
        "RAPPORT_X: this environment variable sets nothing; names are RAPPORT_<SECTION>__<KEY>",
    ]
    assert caught.value.exit_code == 2
    assert caught.value.path == Path("other.toml")


@pytest.mark.usefixtures("folder")
def test_neither_file_nor_environment_is_a_file_that_is_missing():
    with pytest.raises(ConfigError, match=r"^rapport\.toml: there is no such file"):
        load(None, {})


def test_a_folder_is_no_file(folder):
    with pytest.raises(ConfigError, match="the file cannot be read: Is a directory"):
        load(folder, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(folder):
    Path("rapport.toml").write_text(BASE)
    Path("rapport.toml").chmod(0)
    with pytest.raises(ConfigError, match=r"rapport\.toml: the file cannot be read: Permission denied"):
        load(None, {})


@pytest.mark.usefixtures("folder")
def test_another_encoding_is_said_with_the_line():
    text = BASE.encode() + "[identity.projects]\nX = 'Müller'\n".encode("latin-1")
    assert complaint(text) == "rapport.toml:4: the file is not UTF-8; save it with that encoding"


# --- the map of links ------------------------------------------------------------------------------------

MAP = BASE + '[identity]\nmap_file = "links.csv"\n[identity.projects]\nACME = "Acme GmbH"\n'


def map_complaint(content: str | bytes) -> list[str]:
    Path("links.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return complaint(MAP).splitlines()


@pytest.mark.usefixtures("folder")
def test_a_map_that_is_not_there_is_said_at_its_key():
    assert complaint(MAP) == 'rapport.toml:4: identity.map_file: there is no file "links.csv"'


@pytest.mark.usefixtures("folder")
def test_every_bad_row_of_a_map_is_named_by_its_line():
    rows = (
        "kind,value,account\nprojct,BETA,Beta Ltd\nproject,,Beta Ltd\n\nlabel,beta\nproject,acme,Other Ltd\n"
    )
    assert map_complaint(rows) == [
        'links.csv:2: found "projct", expected one of organization, component, label, project, domain; did you mean project?',
        "links.csv:3: expected three cells that are not empty: kind, value, account",
        "links.csv:5: expected three cells that are not empty: kind, value, account",
        'links.csv:6: project "acme" already belongs to "Acme GmbH"; keep one of the two',
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("project,BETA,Beta Ltd\n", "links.csv:1: the first line names the columns: kind,value,account"),
        ("", "links.csv:1: the first line names the columns: kind,value,account"),
        ('kind,value,account\nproject,"BETA', "links.csv:2: the line is no CSV: unexpected end of data"),
        (
            "kind,value,account\nproject,BETA,Müller\n".encode("latin-1"),
            "links.csv: the file is not UTF-8; save it as CSV UTF-8",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_map_that_is_no_table_of_links_is_refused(content, message):
    assert map_complaint(content) == [message]


# --- whatever comes --------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.booleans(),
    st.integers(-5, 3000),
    st.floats(),
    st.sampled_from(
        ["", "x", "24h", "owner", "http://x", "https://x.example.com", "09:00", "UTC", "not 1", "{account"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
    max_leaves=6,
)


def names() -> st.SearchStrategy[tuple[str, str]]:
    from sync.config_layers import fields_of
    from sync.config_models import Settings

    return st.sampled_from([".".join(path) for path, _ in fields_of(Settings)])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names(), VALUES, max_size=6))
def test_no_value_at_any_key_ends_in_anything_but_a_config_or_its_faults(tmp_path_factory, entries):
    from sync.config_faults import toml

    path = tmp_path_factory.mktemp("config") / "rapport.toml"
    lines = [
        f"{key} = {toml(value).replace('NaN', 'nan').replace('Infinity', 'inf')}"
        for key, value in entries.items()
    ]
    path.write_text("\n".join(lines))
    with contextlib.suppress(ConfigError):
        load(path, {})


# --- the catalogue -----------------------------------------------------------------------------------------

RULE = '[rules.ask]\nkind = "fix"\nsubject = "Ask {account}"\ndue = "1 business day"\ncooldown = "14 days"\n'


@pytest.mark.usefixtures("folder")
def test_an_unknown_metric_in_a_rule_is_shown_in_its_line():
    assert complaint(BASE + RULE + 'when = "oldest_unaswered_business_hours > 8"\n') == (
        'rapport.toml:8: rules.ask.when, column 1: unknown metric "oldest_unaswered_business_hours"\n'
        "    oldest_unaswered_business_hours > 8\n"
        "    ^ did you mean oldest_unanswered_business_hours?"
    )


@pytest.mark.usefixtures("folder")
def test_what_the_environment_makes_wrong_in_a_rule_is_said_with_the_variable():
    message = complaint(BASE, {"RAPPORT_RULES__CALL_BACK__WHEN": "opne_p1 > 0"})
    assert message.startswith("RAPPORT_RULES__CALL_BACK__WHEN: rules.call_back.when, column 1: ")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (RULE + 'when = "open_p1 > 0"\nwhem = "x"\n', "rapport.toml:9: rules.ask.whem: "),
        (RULE, "rapport.toml:3: rules.ask"),
        (RULE + 'when = "open_p1 > 0"\nseverity = "highest"\n', "rapport.toml:9: rules.ask.severity: "),
        (RULE + 'when = "open_p1 > 0"\ndescription = "{acount}"\n', "rapport.toml:9: rules.ask.description"),
        (
            '[metrics.x]\nsource = "isues"\naggregate = "count"\nunit = "issues"\n',
            "rapport.toml:4: metrics.x.source: ",
        ),
        (
            '[[scorecards.health.measures]]\nmetric = "opne_p1"\nweight = 1\npoints = [[0, 100]]\n',
            "rapport.toml:4: scorecards.health.measures",
        ),
        (
            '[[scorecards.health.caps]]\nwhen = "opne_p1 > 0"\nat_most = 40\n',
            "rapport.toml:4: scorecards.health.caps",
        ),
        ('[[tests]]\nrule = "cal_back"\ngiven = {}\nexpect = "fires"\n', "rapport.toml:4: tests"),
        ("[bands]\ngreen = 30\namber = 40\n", "rapport.toml:"),
        ("[rules]\nx = 5\n", "rapport.toml:4: rules.x: "),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_mistake_in_the_catalogue_is_found_in_its_line(text, start):
    message = complaint(BASE + text)
    assert message.startswith(start)


@pytest.mark.usefixtures("folder")
def test_mistakes_of_the_catalogue_come_with_all_others():
    message = complaint(BASE + "[store]\npath = 5\n" + RULE + 'when = "opne_p1 > 0"\n[http]\nmax_tries = 0\n')
    places = [line.split(": ")[0] for line in message.splitlines() if not line.startswith(" ")]
    assert places == ["rapport.toml:4", "rapport.toml:10", "rapport.toml:12"]
