"""What a config gives once it is read: defaults, the environment over the file, secrets, digest."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import certifi
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.http import HttpSettings
from connectors.salesforce_auth import SalesforceSettings
from sync.config import Config, ConfigError, load

BASE = '[salesforce]\ninstance_url = "https://example.my.salesforce.com"\n'
JIRA = '[jira]\nurl = "https://example.atlassian.net/"\nemail = "me@example.com"\n'
LOOPBACK = '[salesforce]\ninstance_url = "http://127.0.0.1:8080"\n'
SECRET = "p4ssw0rd-never-shown"


@pytest.fixture
def read(tmp_path):
    def read(text: str = BASE, **environ: str) -> Config:
        path = tmp_path / "rapport.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, environ)

    return read


def refusal(call) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    assert SECRET not in str(caught.value)
    return str(caught.value)


# --- what is not said --------------------------------------------------------------------------------------


def test_an_address_is_all_a_config_needs(read):
    config = read()
    assert config.rollout.mode == "observe"
    assert config.jira is None
    assert config.jira_settings() is None
    assert config.time.hours == (time(9), time(17))
    assert config.safety.max_plan_age == timedelta(hours=24)
    assert config.identity.link_by == ("field", "organization", "project", "component", "label", "reporter")
    assert config.people.account_manager == ("owner",)
    assert config.http_settings() == HttpSettings(
        connect_timeout=5, read_timeout=60, max_tries=5, proxy=None, ca_file=None
    )


def test_the_preset_says_which_accounts_are_managed(read):
    assert read().accounts.managed.columns == {
        *("person_account", "won_opportunities_730d", "contracts_730d", "assets_owned"),
        *("linked_issues_730d", "type"),
    }
    assert read(BASE + '[accounts]\npreset = "internal-it"\n').accounts.managed.text == "not person_account"


def test_a_condition_of_ones_own_takes_the_place_of_the_presets(read):
    config = read(
        BASE
        + '[accounts]\nmanaged = "region = \'EMEA\'"\n[accounts.columns]\nregion = "Region__c"\n'
        + '[rollout]\nmode = "pilot"\nwhere = "region = \'EMEA\' and industry is not null"\n'
        + "[activities]\nexclude = \"contains(subject, 'Newsletter')\"\n"
    )
    assert config.accounts.managed.columns == {"region"}
    assert config.accounts.columns == {"region": "Region__c"}
    assert config.rollout.where is not None
    assert config.rollout.where.columns == {"region", "industry"}
    assert config.activities.exclude is not None
    assert config.activities.exclude.type == "boolean"


def test_files_are_meant_from_the_folder_of_the_config(read, tmp_path):
    shutil.copy(certifi.where(), tmp_path / "company.pem")
    config = read(BASE + '[http]\nca_file = "company.pem"\n')
    assert config.store_folder == tmp_path / "rapport-data"
    assert config.http_settings().ca_file == str(tmp_path / "company.pem")
    absolute = read(f'{BASE}[store]\npath = "{tmp_path / "elsewhere"}"\n')
    assert absolute.store_folder == tmp_path / "elsewhere"


def test_dates_and_times_may_be_texts_or_toml_values(read):
    as_text = read(BASE + '[time]\nhours = ["08:30", "16:00"]\nholidays = ["2026-12-25"]\n')
    as_toml = read(BASE + "[time]\nhours = [08:30:00, 16:00:00]\nholidays = [2026-12-25]\n")
    assert as_text.time == as_toml.time
    assert as_text.time.holidays == (date(2026, 12, 25),)


def test_the_clock_is_fixed_against_this_machine_only(read):
    for value in ("2026-11-22T10:00:00+01:00", '"2026-11-22T09:00:00Z"'):
        assert read(f"{LOOPBACK}[time]\nnow = {value}\n").time.now == datetime(2026, 11, 22, 9, tzinfo=UTC)
    both = LOOPBACK + '[jira]\nurl = "http://localhost:8081"\n'
    assert read(both, RAPPORT_TIME__NOW="2026-11-22T09:00:00Z").time.now is not None
    message = refusal(
        lambda: read(LOOPBACK + JIRA, RAPPORT_TIME__NOW="2026-11-22T09:00:00Z"),
    )
    assert message == (
        "RAPPORT_TIME__NOW: time.now: the clock can be fixed for trials against this machine only, but"
        " jira.url is https://example.atlassian.net; remove now"
    )


def test_staff_are_account_ids_groups_and_domains(read):
    config = read(
        BASE + '[identity]\nstaff = ["557058:0a-b.c", "GROUP: Service Desk", "@Example.COM", "5b10a2844c"]\n'
    )
    assert config.identity.staff == ("557058:0a-b.c", "group:Service Desk", "example.com", "5b10a2844c")


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path):
    path = tmp_path / "rapport.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (BASE + "[store]\npaht = 1\n").replace("\n", "\r\n").encode())
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert [fault.line for fault in caught.value.faults] == [4]


# --- nothing changes it afterwards ---------------------------------------------------------------------------


def test_a_config_is_frozen_down_to_its_tables(read):
    config = read(BASE + '[identity.projects]\nACME = "Acme GmbH"\n')
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.digest = "x"
    with pytest.raises(ValidationError):
        config.safety.min_records = 5
    with pytest.raises(TypeError):
        config.identity.projects["BETA"] = "Beta Ltd"


# --- the environment over the file -----------------------------------------------------------------------


def test_the_environment_overrides_the_file(read):
    config = read(
        BASE
        + JIRA
        + '[rollout]\nmode = "observe"\n[identity.projects]\nACME = "Acme GmbH"\nBETA = "Beta Ltd"\n',
        RAPPORT_ROLLOUT__MODE="on",
        RAPPORT_SAFETY__MIN_RECORDS="20",
        RAPPORT_SAFETY__API_SHARE="0.25",
        RAPPORT_JIRA__JQL="project = ACME",
        RAPPORT_JIRA__DONE_STATUSES='["Closed"]',
        RAPPORT_SALESFORCE__TASK__OPEN_STATUS="Open",
        RAPPORT_SALESFORCE__TASK__CONSTANTS__Is_Ours__c="true",
        RAPPORT_SALESFORCE__FIELDS__Rapport_Health__c="Health__c",
        RAPPORT_IDENTITY__PROJECTS__acme="Acme Holding",
        RAPPORT_IDENTITY__UNITS='{"Acme GmbH": ["Purchasing"]}',
        RAPPORT_TIME__HOLIDAYS='["2026-12-25"]',
        OTHER_VARIABLE="x",
    )
    assert config.rollout.mode == "on"
    assert (config.safety.min_records, config.safety.api_share) == (20, 0.25)
    assert config.jira is not None
    assert config.jira.jql == "project = ACME"
    assert config.jira.done_statuses == ("Closed",)
    assert config.salesforce.task.open_status == "Open"
    assert config.salesforce.fields == {"Rapport_Health__c": "Health__c"}
    assert config.salesforce.task.constants == {"Is_Ours__c": True}
    assert config.identity.projects == {"ACME": "Acme Holding", "BETA": "Beta Ltd"}
    assert config.identity.units == {"Acme GmbH": ("Purchasing",)}
    assert config.time.holidays == (date(2026, 12, 25),)


def test_a_table_of_the_environment_adds_to_that_of_the_file(read):
    config = read(
        BASE + '[identity.projects]\nACME = "Acme GmbH"\nBETA = "Beta Ltd"\n',
        RAPPORT_IDENTITY__PROJECTS='{"BETA": "Beta AG", "GAMMA": "Gamma SA"}',
    )
    assert config.identity.projects == {"ACME": "Acme GmbH", "BETA": "Beta AG", "GAMMA": "Gamma SA"}


def test_the_environment_alone_is_enough(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = load(None, {"RAPPORT_SALESFORCE__INSTANCE_URL": "https://example.my.salesforce.com"})
    assert config.path is None
    assert config.store_folder == Path("rapport-data")


def test_the_file_of_this_folder_is_read_when_none_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("rapport.toml").write_text(BASE)
    assert load(None, {"RAPPORT_ROLLOUT__MODE": "on"}).path == Path("rapport.toml")


def test_an_empty_variable_counts_as_not_set(read):
    assert read(RAPPORT_JIRA__JQL=" ", RAPPORT_NONSENSE="").jira is None


# --- secrets -------------------------------------------------------------------------------------------------


def test_a_config_is_read_without_secrets_and_names_all_that_are_missing_when_they_are_needed(read):
    config = read(BASE + '[jira]\nurl = "https://example.atlassian.net"\n')
    assert refusal(config.salesforce_settings).splitlines() == [
        f"{config.path}:1: salesforce.client_id: missing; set RAPPORT_SALESFORCE__CLIENT_ID, or client_id in the file",
        (
            f"{config.path}:1: salesforce.client_secret: missing; set RAPPORT_SALESFORCE__CLIENT_SECRET, or name a file"
            " that holds it with client_secret_file"
        ),
    ]
    assert refusal(config.jira_settings).splitlines() == [
        f"{config.path}:3: jira.email: missing; set RAPPORT_JIRA__EMAIL, or email in the file",
        (
            f"{config.path}:3: jira.api_token: missing; set RAPPORT_JIRA__API_TOKEN, or name a file that holds it with"
            " api_token_file"
        ),
    ]
    token = read(BASE + 'auth = "access_token"\n')
    assert "RAPPORT_SALESFORCE__ACCESS_TOKEN" in refusal(token.salesforce_settings)


def test_secrets_come_from_the_environment(read):
    config = read(
        BASE + JIRA + 'jql = "project = ACME"\n',
        RAPPORT_SALESFORCE__CLIENT_ID="key",
        RAPPORT_SALESFORCE__CLIENT_SECRET=f" {SECRET}\n",
        RAPPORT_JIRA__API_TOKEN=SECRET,
    )
    assert config.salesforce_settings() == SalesforceSettings(
        instance_url="https://example.my.salesforce.com",
        auth="client_credentials",
        api_version="62.0",
        client_id="key",
        client_secret=SECRET,
    )
    jira = config.jira_settings()
    assert jira is not None
    assert (jira.url, jira.email, jira.api_token) == (
        "https://example.atlassian.net",
        "me@example.com",
        SECRET,
    )
    assert jira.jql == "project = ACME"


def test_a_secret_that_looks_like_a_number_stays_text(read):
    config = read(BASE + 'auth = "access_token"\n', RAPPORT_SALESFORCE__ACCESS_TOKEN="0012345")
    assert config.salesforce_settings().access_token == "0012345"


def test_secrets_come_from_files_that_the_config_names(read, tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o640)
    config = read(BASE + 'auth = "access_token"\naccess_token_file = "token"\n')
    assert config.salesforce_settings().access_token == SECRET


def test_the_environment_goes_before_a_file_which_then_need_not_be_there(read):
    text = BASE + 'auth = "access_token"\naccess_token_file = "missing"\n'
    assert read(text, RAPPORT_SALESFORCE__ACCESS_TOKEN=SECRET).salesforce_settings().access_token == SECRET


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (None, 0, 'the file "token" cannot be read: No such file or directory'),
        (SECRET.encode(), 0o644, 'everybody on this machine can read "token"; run chmod 600 on it'),
        (b" \n", 0o600, "the secret is empty"),
        (
            f"{SECRET}\n{SECRET}".encode(),
            0o600,
            "the secret holds blanks or line breaks; it must be one word on one line",
        ),
        (b"\xff\xfe\x00", 0o600, 'the file "token" is not text'),
    ],
)
def test_a_file_that_holds_no_secret_is_named_when_it_is_needed(read, tmp_path, content, mode, message):
    if content is not None:
        (tmp_path / "token").write_bytes(content)
        (tmp_path / "token").chmod(mode)
    config = read(BASE + 'auth = "access_token"\naccess_token_file = "token"\n')
    said = refusal(config.salesforce_settings)
    assert said.removeprefix(f"{config.path}:4: salesforce.access_token") in {
        f"_file: {message}",
        f": {message}",
    }


JWT = (
    BASE + 'auth = "jwt"\nclient_id = "key"\nusername = "me@example.com"\nprivate_key_file = "signing.key"\n'
)


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_sign_in_by_jwt_takes_its_key_from_a_file(read, tmp_path, pem):
    (tmp_path / "signing.key").write_text(pem)
    (tmp_path / "signing.key").chmod(0o600)
    settings = read(JWT + 'login_url = "https://test.salesforce.com"\n').salesforce_settings()
    assert settings == SalesforceSettings(
        instance_url="https://example.my.salesforce.com",
        auth="jwt",
        client_id="key",
        username="me@example.com",
        private_key=pem,
        login_url="https://test.salesforce.com",
    )
    assert "PRIVATE" not in repr(settings)
    assert read(JWT).salesforce_settings().login_url == "https://login.salesforce.com"


def test_all_that_a_sign_in_by_jwt_lacks_is_named_at_once(read):
    config = read(BASE + 'auth = "jwt"\n')
    assert refusal(config.salesforce_settings).splitlines() == [
        f"{config.path}:1: salesforce.{key}: missing; set RAPPORT_SALESFORCE__{key.upper()}, or {key} in the file"
        for key in ("client_id", "username", "private_key_file")
    ]


def test_a_file_that_holds_no_key_is_named_without_what_it_holds(read, tmp_path, pem):
    file = tmp_path / "signing.key"
    config = read(JWT)
    where = f"{config.path}:6: salesforce.private_key_file: "
    assert refusal(config.salesforce_settings).endswith(
        'the file "signing.key" cannot be read: No such file or directory'
    )
    file.write_text(pem)
    file.chmod(0o644)
    everybody = 'everybody on this machine can read "signing.key"; run chmod 600 on it'
    assert refusal(config.salesforce_settings) == where + everybody
    file.chmod(0o600)
    file.write_text(SECRET)
    said = refusal(config.salesforce_settings)
    assert said.startswith(f'{where}the file "signing.key" holds no private key in PEM form')
    assert SECRET not in said


def test_the_salesforce_cli_needs_no_secret(read):
    settings = read(BASE + 'auth = "sf_cli"\ntarget_org = "me@example.com"\n').salesforce_settings()
    assert (settings.auth, settings.target_org) == ("sf_cli", "me@example.com")
    assert read(BASE + 'auth = "sf_cli"\n').salesforce_settings().target_org is None


def test_no_secret_shows_in_a_config_or_its_digest(read):
    text = BASE + JIRA
    shared = {
        "RAPPORT_SALESFORCE__CLIENT_ID": "key",
        "RAPPORT_SALESFORCE__CLIENT_SECRET": SECRET,
        "RAPPORT_SALESFORCE__ACCESS_TOKEN": SECRET,
        "RAPPORT_JIRA__API_TOKEN": SECRET,
        "RAPPORT_HTTP__PROXY": f"http://me:{SECRET}@proxy.example.com:3128",
    }
    config = read(text, **shared)
    others = {name: value.replace(SECRET, "another") for name, value in shared.items()}
    assert SECRET not in repr(config)
    assert SECRET not in str(config)
    assert SECRET not in repr(config.salesforce_settings())
    assert SECRET not in repr(config.jira_settings())
    assert config.digest == read(text, **others).digest
    assert config.http_settings().proxy == f"http://me:{SECRET}@proxy.example.com:3128"


def test_a_secret_in_bad_json_is_not_repeated(read):
    assert "no JSON" in refusal(lambda: read(RAPPORT_SALESFORCE=f'{{"client_secret": "{SECRET}'))


@pytest.mark.parametrize("value", [f'["{SECRET}"]', f'{{"a": "{SECRET}"}}', "5"])
def test_a_secret_of_the_wrong_kind_is_not_repeated(read, value):
    message = refusal(lambda: read(RAPPORT_SALESFORCE=f'{{"client_secret": {value}}}'))
    assert message == "RAPPORT_SALESFORCE: salesforce.client_secret: expected a text in quotes"


# --- links from a file ---------------------------------------------------------------------------------------


def test_a_map_file_adds_to_the_tables(read, tmp_path):
    (tmp_path / "links.csv").write_text(
        "\ufeffkind,value,account\nproject,BETA,Beta Ltd\nLabel,acme,001000000000001AAA\n"
        'organization,"Beta, IT",Beta Ltd\ncomponent,portal,Acme GmbH\nproject,acme,ACME  GmbH\n',
        encoding="utf-8",
    )
    text = BASE + '[identity]\nmap_file = "links.csv"\n[identity.projects]\nACME = "Acme GmbH"\n'
    identity = read(text).identity
    assert identity.projects == {"ACME": "Acme GmbH", "BETA": "Beta Ltd"}
    assert identity.labels == {"acme": "001000000000001AAA"}
    assert identity.organizations == {"Beta, IT": "Beta Ltd"}
    assert identity.components == {"portal": "Acme GmbH"}
    with pytest.raises(TypeError):
        identity.projects["X"] = "Y"


def test_a_map_file_of_a_spreadsheet_with_semicolons_is_read(read, tmp_path):
    (tmp_path / "links.csv").write_text("kind;value;account\r\nproject;BETA;Beta Ltd\r\n")
    assert read(BASE + '[identity]\nmap_file = "links.csv"\n').identity.projects == {"BETA": "Beta Ltd"}


def test_what_the_map_file_says_is_part_of_the_digest(read, tmp_path):
    text = BASE + '[identity]\nmap_file = "links.csv"\n'
    digests = set()
    for account in ("Beta Ltd", "Beta AG"):
        (tmp_path / "links.csv").write_text(f"kind,value,account\nproject,BETA,{account}\n")
        digests.add(read(text).digest)
    assert len(digests) == 2


# --- the digest ----------------------------------------------------------------------------------------------

LINES = {
    "safety": ["min_records = 20", "large_move = 12", 'max_plan_age = "1 day"'],
    "time": ['zone = "Europe/Berlin"', "holidays = [2026-12-25]"],
    "identity.projects": ['ACME = "Acme GmbH"', 'BETA = "Beta Ltd"'],
    "rollout": ['mode = "on"'],
    "metrics.security_issues": [
        'source = "issues"',
        'aggregate = "count"',
        'unit = "issues"',
        'where = "not done"',
    ],
}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_order_of_keys_does_not_change_the_digest(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("config")

    def digest(sections) -> str:
        text = BASE + "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections)
        (folder / "rapport.toml").write_text(text)
        return load(folder / "rapport.toml", {}).digest

    sections = data.draw(st.permutations(list(LINES)))
    mixed = [(name, data.draw(st.permutations(LINES[name]))) for name in sections]
    assert digest(mixed) == digest(LINES.items())


@pytest.mark.parametrize(
    "text",
    [
        "[safety]\nmin_records = 20\n",
        '[time]\nzone = "Europe/Berlin"\n',
        "[time]\nholidays = [2026-12-25]\n",
        '[accounts]\npreset = "internal-it"\n',
        '[identity.projects]\nACME = "Acme GmbH"\n',
        '[metrics.security_issues]\nsource = "issues"\naggregate = "count"\nunit = "issues"\n',
    ],
)
def test_what_decides_changes_the_digest(read, text):
    assert read(BASE + text).digest != read().digest


def test_spelling_out_a_default_does_not_change_the_digest(read):
    assert read(BASE + '[safety]\nmin_records = 10\nmax_plan_age = "1 day"\n').digest == read().digest


@pytest.mark.parametrize(
    "text",
    [
        'auth = "access_token"\nclient_id = "key"\nclient_secret_file = "secret"\n',
        'auth = "jwt"\nusername = "me@example.com"\nprivate_key_file = "secret"\nlogin_url = "https://test.salesforce.com"\n',
        'auth = "sf_cli"\ntarget_org = "production"\n',
        '[store]\npath = "elsewhere"\n',
        "[http]\nread_timeout = 90\n",
    ],
)
def test_how_rapport_gets_there_does_not_change_the_digest(read, text):
    """A plan is made where there are no credentials, and applied where there are."""
    assert read(BASE + text).digest == read().digest


def test_a_fixed_clock_does_not_change_the_digest(read):
    fixed = read(LOOPBACK + "[time]\nnow = 2026-11-22T09:00:00Z\n")
    assert fixed.digest == read(LOOPBACK).digest


# --- a config as admins write it -----------------------------------------------------------------------------

ADMINS = """
[salesforce]
instance_url = "https://example.my.salesforce.com"
auth = "client_credentials"

[jira]
url = "https://example.atlassian.net"
deployment = "cloud"
email = "integration@example.com"
jql = "project in (ACME, BETA)"

[identity]
internal_domains = ["example.com"]
link_by = ["field", "organization", "project", "component", "label", "reporter"]
account_field = "CRM Account"
[identity.projects]
ACME = "Acme GmbH"

[rollout]
mode = "on"

[accounts]
preset = "vendor"

[metrics.security_issues]
source = "issues"
where = "not done and has_label('security')"
aggregate = "count"
unit = "issues"

[scorecards.health]
floor = 0.5
[[scorecards.health.measures]]
metric = "days_since_contact"
weight = 20
points = [[0, 100], [14, 100], [45, 40], [90, 0]]
[[scorecards.health.caps]]
when = "open_p1 > 0"
at_most = 40

[rules.call_back]
when = "oldest_unanswered_business_hours > 8"
kind = "fix"
subject = "Call back {account}: {unanswered_comments} messages wait"
due = "1 business day"
assign = "account_manager"
cooldown = "14 days"

[[tests]]
rule = "call_back"
given = { oldest_unanswered_business_hours = 12, unanswered_comments = 2 }
expect = "fires"
"""


def test_a_config_as_admins_write_it_is_read(read):
    catalogue = read(ADMINS).catalogue
    assert catalogue.metrics["security_issues"].source == "issues"
    assert [measure.metric for measure in catalogue.scorecards["health"].measures] == ["days_since_contact"]
    assert catalogue.rules["call_back"].cooldown_days == 14
    given = {"oldest_unanswered_business_hours": 12, "unanswered_comments": 2}
    assert ("call_back", given, "fires") in [(test.rule, test.given, test.expect) for test in catalogue.tests]


def test_a_built_in_rule_is_switched_off_by_the_environment(read):
    assert not read(RAPPORT_RULES__CALL_BACK__ENABLED="false").catalogue.rules["call_back"].enabled


def test_the_environment_adds_a_language_to_what_ships_and_to_a_text_of_the_file(read):
    german = {"RAPPORT_RULES__CALL_BACK__SUBJECT__DE": "Los, {account}"}
    shipped = read(**german).catalogue.rules["call_back"]
    assert (shipped.subject.text[:9], shipped.subject_in("de").text) == ("Call back", "Los, {account}")
    own = read(BASE + '[rules.call_back]\nsubject = "Go"\n', **german).catalogue.rules["call_back"]
    assert (own.subject.text, own.subject_in("de").text) == ("Go", "Los, {account}")
