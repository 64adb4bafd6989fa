"""One Jira site or several: their sections, their secrets, and every mistake in them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from connectors.jira import JiraSettings
from sync.config import Config, ConfigError, load
from sync.config_layers import kind_of
from sync.config_models import JiraSection, JiraSite

BASE = '[salesforce]\ninstance_url = "https://example.my.salesforce.com"\n'
SECRET = "p4ssw0rd-never-shown"
OWN = '[jira]\nurl = "https://example.atlassian.net"\nemail = "me@example.com"\n'
PLANT = '[jira.sites.plant]\nurl = "https://jira.plant.example.com/jira/"\ndeployment = "datacenter"\n'
GATEWAY = "https://api.atlassian.com/ex/jira/1122"


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text: str = "", **environ: str) -> Config:
        Path("rapport.toml").write_text(BASE + text, encoding="utf-8")
        return load(Path("rapport.toml"), environ)

    return read


def refusal(call) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        call()
    assert SECRET not in str(caught.value)
    return str(caught.value).splitlines()


# ---------------------------------------------------------------- what a config gives


def test_without_jira_there_is_no_site(read):
    config = read()
    assert config.jira_sites() == ()
    assert config.jira_settings() is None
    assert config.jira_links() == {}


def test_jira_alone_is_the_site_default(read):
    config = read(OWN + 'jql = "project = A"\n', RAPPORT_JIRA__API_TOKEN=SECRET)
    expected = JiraSettings(
        url="https://example.atlassian.net", email="me@example.com", api_token=SECRET, jql="project = A"
    )
    assert config.jira_sites() == (expected,)
    assert config.jira_settings() == expected
    assert expected.site == "default"


def test_several_sites_come_in_the_order_of_the_file_each_with_its_own_secret(read, tmp_path):
    token = tmp_path / "south.token"
    token.write_text(f"{SECRET}-3\n")
    token.chmod(0o600)
    config = read(
        OWN
        + PLANT
        + '[jira.sites.plant_south]\nurl = "https://south.atlassian.net"\nemail = "s@example.com"\n'
        + f'api_token_file = "south.token"\napi_base = "{GATEWAY}"\nbrowse_url = "https://tickets.example.com"\n',
        RAPPORT_JIRA__API_TOKEN=f"{SECRET}-1",
        RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN=f"{SECRET}-2",
    )
    default, plant, south = config.jira_sites()
    assert (default.site, default.deployment, default.api_token) == ("default", "cloud", f"{SECRET}-1")
    assert plant == JiraSettings(
        url="https://jira.plant.example.com/jira",
        site="plant",
        deployment="datacenter",
        personal_access_token=f"{SECRET}-2",
    )
    assert (south.site, south.api_base, south.api_token) == ("plant_south", GATEWAY, f"{SECRET}-3")
    assert config.jira_links() == {
        "default": "https://example.atlassian.net",
        "plant": "https://jira.plant.example.com/jira",
        "plant_south": "https://tickets.example.com",
    }
    assert SECRET not in repr(config)
    assert SECRET not in repr(config.jira_sites())


def test_named_sites_alone_need_no_address_in_jira_itself(read):
    config = read(
        '[jira]\ndone_statuses = ["Closed"]\n' + PLANT,
        RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN=SECRET,
    )
    [plant] = config.jira_sites()
    assert plant.site == "plant"
    assert config.jira_settings() == plant
    assert config.jira is not None
    assert config.jira.done_statuses == ("Closed",)


def test_a_site_can_come_from_the_environment_alone(read):
    config = read(
        "",
        RAPPORT_JIRA__SITES__PLANT__URL="https://plant.example.com",
        RAPPORT_JIRA__SITES__PLANT__DEPLOYMENT="datacenter",
        RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN=SECRET,
    )
    [plant] = config.jira_sites()
    assert (plant.site, plant.url, plant.personal_access_token) == (
        "plant",
        "https://plant.example.com",
        SECRET,
    )


def test_the_environment_goes_before_the_file_also_within_a_site(read):
    config = read(
        PLANT,
        RAPPORT_JIRA__SITES__PLANT__JQL="project = P",
        RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN=SECRET,
    )
    assert [site.jql for site in config.jira_sites()] == ["project = P"]
    more = read(
        PLANT,
        RAPPORT_JIRA__SITES='{"north": {"url": "https://n.example.com", "deployment": "datacenter"}}',
    )
    assert list(more.jira_links()) == ["plant", "north"]


def test_what_decides_the_digest_is_what_is_read_not_how(read):
    plain = read(OWN + PLANT).digest
    assert read(OWN + PLANT, RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN=SECRET).digest == plain
    assert read(OWN + f'api_base = "{GATEWAY}"\n' + PLANT).digest == plain
    assert read(OWN + PLANT + 'jql = "project = P"\n').digest != plain
    assert read(OWN).digest != plain


def test_a_site_has_every_key_that_says_how_to_reach_it_and_the_example_names_some():
    shared = set(JiraSite.model_fields)
    assert shared < set(JiraSection.model_fields)
    assert {"url", "deployment", "email", "jql", "api_base", "browse_url"} <= shared
    secrets = {
        name for name, info in JiraSite.model_fields.items() if kind_of(info.annotation)[0] == "secret"
    }
    assert {f"{name}_file" for name in secrets} <= shared
    text = (Path(__file__).parent.parent / "config.example.toml").read_text(encoding="utf-8")
    _, _, rest = text.partition("# [jira.sites.plant]\n")
    lines = rest.partition("\n\n")[0].splitlines()
    site = JiraSite(**tomllib.loads("\n".join(line.removeprefix("# ") for line in lines)))
    assert site.deployment == "datacenter"


# ---------------------------------------------------------------- what is wrong


def test_all_that_is_missing_for_any_site_is_named_at_once(read):
    config = read(OWN + PLANT + '[jira.sites.north]\nurl = "https://n.atlassian.net"\n')
    told = refusal(config.jira_sites)
    assert [line.split(";")[0] for line in told] == [
        "rapport.toml:3: jira.api_token: missing",
        "rapport.toml:6: jira.sites.plant.personal_access_token: missing",
        "rapport.toml:9: jira.sites.north.email: missing",
        "rapport.toml:9: jira.sites.north.api_token: missing",
    ]
    assert "set RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN, or name a file" in told[1]
    assert "or email in the file" in told[2]


def test_a_personal_token_on_cloud_hints_at_the_deployment(read):
    config = read(OWN, RAPPORT_JIRA__PERSONAL_ACCESS_TOKEN=SECRET)
    [line] = refusal(config.jira_sites)
    assert line.endswith('; for a personal access token set deployment = "datacenter"')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[jira.sites]\n", 'rapport.toml:3: jira.url: missing; add url = "https://example.atlassian.net"'),
        (
            "[jira.sites.plant]\n",
            'rapport.toml:3: jira.sites.plant.url: missing; add url = "https://example.atlassian.net"',
        ),
        (
            '[jira.sites.plant]\nurl = "ftp://x"\n',
            'rapport.toml:4: jira.sites.plant.url: found "ftp://x", expected an address that begins with https://',
        ),
        (
            PLANT + 'jgl = "a = 1"\n',
            "rapport.toml:6: jira.sites.plant.jgl: unknown key; did you mean jql?",
        ),
        (
            '[jira.sites.plant]\nulr = "https://x.example.com"\n',
            "rapport.toml:4: jira.sites.plant.ulr: unknown key; did you mean url?",
        ),
        (
            PLANT + 'p1_priorities = ["High"]\n',
            "rapport.toml:6: jira.sites.plant.p1_priorities: unknown key; it belongs in [jira]",
        ),
        (
            PLANT + f'personal_access_token = "{SECRET}"\n',
            (
                "rapport.toml:6: jira.sites.plant.personal_access_token: a secret does not belong in this file; remove it,"
                " set RAPPORT_JIRA__SITES__PLANT__PERSONAL_ACCESS_TOKEN or name a file that holds it with"
                " personal_access_token_file, and renew it if others could read the file"
            ),
        ),
        (
            PLANT.replace("plant", "Plant-1").replace("jira.Plant-1.", "jira."),
            (
                'rapport.toml:3: jira.sites.Plant-1: "Plant-1" cannot name a site; use small letters, digits and single _,'
                " such as plant_south"
            ),
        ),
        (
            "[jira.sites]\nplant = 5\n",
            "rapport.toml:4: jira.sites.plant: found 5, expected a section of its own",
        ),
        (
            PLANT + f'api_base = "{GATEWAY}"\n',
            'rapport.toml:6: jira.sites.plant.api_base: only Jira Cloud has one; remove it, or set deployment = "cloud"',
        ),
        (
            OWN + '[jira.sites.again]\nurl = "https://example.atlassian.net/"\n',
            (
                "rapport.toml:7: jira.sites.again.url: this is the site of jira already, whose issues would count twice;"
                " name each site once"
            ),
        ),
        (
            OWN + '[jira.sites.default]\nurl = "https://other.atlassian.net"\n',
            'rapport.toml:6: jira.sites.default: "default" is the site of [jira] itself; choose another name',
        ),
    ],
)
def test_a_mistake_in_a_site_gives_one_message(read, text, message):
    assert refusal(lambda: read(text)) == [message]


def test_the_clock_is_fixed_only_where_every_site_is_of_this_machine(read):
    text = '[jira]\nurl = "http://127.0.0.1:1"\n[jira.sites.plant]\nurl = "https://plant.example.com"\n'
    lines = refusal(lambda: read(text + '[time]\nnow = "2026-11-22T09:00:00Z"\n'))
    assert "jira.sites.plant.url is https://plant.example.com" in lines[0]


def test_an_unknown_variable_of_a_site_names_the_one_that_is_meant(read):
    told = refusal(lambda: read(PLANT, RAPPORT_JIRA__SITES__PLANT__API_TOKN=SECRET))
    assert told == [
        (
            "RAPPORT_JIRA__SITES__PLANT__API_TOKN: this environment variable sets nothing; names are"
            " RAPPORT_<SECTION>__<KEY>; did you mean RAPPORT_JIRA__SITES__PLANT__API_TOKEN?"
        )
    ]
