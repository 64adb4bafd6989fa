"""What the reading commands print: shapes, types and order of the JSON, tables, and that nothing leaks or misleads."""

from __future__ import annotations

import csv
import io
import json
import random
import stat

import pyarrow.parquet as pq
import pytest
from campaigns import few, sometimes
from command_line import open_company, rapport, small_book
from company import CUSTOMER, NOW, ago

from sync import run as readers
from sync import views

_SAID: dict = {}
READING = ("metrics", "scores", "links", "explain", "plan", "status")
HOSTILE = (
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b[0m \x07bell \x9b2J",
    "right\u202eto left\u2066\u200f\u061c",
    "two\nlines\r\nand\ttabs",
    '=HYPERLINK("http://evil.example")',
    "[bold red]markup[/] {account} %s :smile:",
    "x" * 10_000,
)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    with open_company(tmp_path_factory.mktemp("pulled"), small_book()) as served:
        assert rapport("--config", served.config_path, "pull").code == 0
        yield served


def run(company, *arguments: object):
    more = ["Acme GmbH"] if arguments == ("explain",) or arguments[:2] == ("explain", "--format") else []
    return rapport("--config", company.config_path, arguments[0], *more, *arguments[1:])


def once(company, *arguments: str):
    """What a reading command said of a company to which nothing happens, asked the first time only."""
    if (company, arguments) not in _SAID:
        _SAID[company, arguments] = run(company, *arguments)
    return _SAID[company, arguments]


def is_sorted(values: list) -> bool:
    return values == sorted(values)


# -- JSON --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READING)
def test_json_is_one_line_of_data_and_the_same_each_time(pulled, name):
    first, second = once(pulled, name, "--format", "json"), run(pulled, name, "--format", "json")
    assert (first.code, first.err) == (0, "")
    assert first.out.count("\n") == 1
    assert first.json is not None
    assert first.raw == second.raw


def test_metrics_have_every_account_and_every_metric_of_the_catalogue(pulled):
    rows = once(pulled, "metrics", "--format", "json").json
    assert [set(row) for row in rows] == [{"account_id", "account", "as_of", "metrics"}] * 5
    assert is_sorted([row["account_id"] for row in rows])
    names = list(pulled.config.catalogue.metrics)
    for row in rows:
        assert row["as_of"] == "2026-11-18T12:00:00Z"
        assert list(row["metrics"]) == names
        assert all(value is None or type(value) in (int, float) for value in row["metrics"].values())
    acme = rows[0]["metrics"]
    assert acme["oldest_unanswered_hours"] == 50
    assert acme["effective_contacts"] == pytest.approx(1)
    assert acme["unit_coverage"] is None


def test_scores_have_managed_accounts_with_whole_numbers_bands_and_a_fraction_of_confidence(pulled):
    rows = once(pulled, "scores", "--format", "json").json
    assert [row["account"] for row in rows] == ["Acme GmbH", "Borealis Logistics", "Quiet Oak Ltd"]
    assert is_sorted([row["account_id"] for row in rows])
    for row in rows:
        assert set(row) == {"account_id", "account", "as_of", "scorecards"}
        parts = {"health", "penetration", "growth", "positioning", "governance", "delivery"}
        assert set(row["scorecards"]) == {*parts, "overall"}
        for card in row["scorecards"].values():
            assert set(card) >= {"score", "band", "confidence"}
            assert card["band"] in {"green", "amber", "red", "unknown"}
            assert (card["score"] is None) == (card["band"] == "unknown")
            assert card["score"] is None or type(card["score"]) is int
            assert 0 <= card["confidence"] <= 1
            assert (card["trend_30d"], card["days_in_band"]) == (None, None)  # no sync has looked yet


def test_links_put_each_issue_in_exactly_one_list(pulled):
    links = once(pulled, "links", "--format", "json").json
    assert set(links) == {"linked", "ambiguous", "unmatched", "coverage"}
    acme = next(each["Id"] for each in pulled.book.salesforce["Account"] if each["Name"] == "Acme GmbH")
    assert [(row["key"], row["account_id"], row["method"]) for row in links["linked"]] == [
        ("SUP-1", acme, "field"), ("SUP-2", acme, "field")]  # fmt: skip
    assert [(row["key"], len(row["candidates"])) for row in links["ambiguous"]] == [("OPS-1", 2)]
    assert [row["key"] for row in links["unmatched"]] == ["OPS-2", "OPS-3"]
    lists = [links[name] for name in ("linked", "ambiguous", "unmatched")]
    assert all(isinstance(row["issue_id"], str) for rows in lists for row in rows)


def test_explain_adds_up_to_the_score_with_records_behind_each_number(pulled):
    told = once(pulled, "explain", "--format", "json").json
    assert {"account_id", "scorecards", "rules"} <= set(told)
    assert {name for name, card in told["scorecards"].items() if card["score"] is not None} >= {
        "health", "penetration", "overall"}  # fmt: skip
    for card in told["scorecards"].values():
        points = [m["points"] for m in card["measures"] if m["points"] is not None]
        points += [cap["points"] for cap in card["caps"] if cap["points"]]
        if card["score"] is None:  # too little is known of the customer
            assert (card["band"], card["rounding"], points) == ("unknown", None, [])
        else:
            assert sum(round(100 * each) for each in [*points, card["rounding"]]) == 100 * card["score"]
        for measure in card["measures"]:
            assert {"metric", "value", "unit", "score", "weight", "points", "evidence"} <= set(measure)
            assert all({"id", "url", "text"} <= set(each) for each in measure["evidence"])
    assert all({"rule", "state", "condition", "values"} <= set(rule) for rule in told["rules"])
    assert {rule["rule"]: rule["state"] for rule in told["rules"]}["call_back"] == "fires"


def test_status_tells_the_runs_the_sources_and_no_run_going_on(pulled):
    told = once(pulled, "status", "--format", "json").json
    assert told["running"] is None
    assert [(run["command"], run["exit_code"]) for run in told["runs"]] == [("pull", 0)]
    assert told["quarantined"] == []
    assert told["pull"]["incomplete"] is False
    assert {each["source"]: each["present"] for each in told["pull"]["sources"]}["sf_contract"] is False


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ("Acme Gmb", 'The store has no account "Acme Gmb".\n  What to do: did you mean'),
        ("Twice Ltd", '"Twice Ltd" fits 2 accounts: 001'),
        ("001000000000999AAA", "The store has no account"),
        ("", "The store has no account"),
        ("\x1b[31m", "The store has no account"),
    ],
)  # fmt: skip
def test_an_account_that_is_none_or_several_is_told_with_what_to_do(pulled, account, words):
    result = rapport("--config", pulled.config_path, "explain", account)
    assert result.code == 2
    assert words in result.err
    assert "\x1b" not in result.err


def test_an_account_is_found_by_name_and_id(pulled):
    account_id = pulled.book.salesforce["Account"][0]["Id"]
    with readers.reading(pulled.config) as (mirror, _):
        for asked in ("Acme GmbH", account_id, account_id[:15], " ACME  gmbh "):
            assert views.find_account(mirror, asked) == (account_id, "Acme GmbH")
    assert once(pulled, "explain", "--format", "json").json["account_id"] == account_id


def test_an_account_that_is_not_managed_has_no_scores_and_says_so(pulled):
    account_id = pulled.book.salesforce["Account"][3]["Id"]
    result = rapport("--config", pulled.config_path, "explain", account_id)
    assert result.code == 0
    assert "This account is not managed" in result.out


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "", "2026-11-01T25:00", "0001-01-01T00:00:00+14:00", "9999-12-31"]
)
@pytest.mark.parametrize("name", ["scores", "plan"])
def test_a_time_that_makes_no_sense_ends_with_2(pulled, name, text):
    result = run(pulled, name, "--as-of", text)
    assert result.code == 2
    assert "--as-of: " in result.err


@pytest.mark.parametrize(
    "text",
    few(1, ["2026-10-01", "2026-10-01T00:00:00", "2026-10-01T00:00:00Z", "2026-10-01T02:00:00+02:00"]),
)
def test_a_time_without_a_zone_is_utc(pulled, text):
    said = run(pulled, "scores", "--as-of", text, "--format", "json").json
    assert said[0]["as_of"] == "2026-10-01T00:00:00Z"


def test_before_the_first_account_there_is_nothing_and_that_is_said(pulled):
    assert run(pulled, "scores", "--as-of", "2001-01-01", "--format", "json").json == []
    assert "No account existed at this time." in run(pulled, "metrics", "--as-of", "2001-01-01").out


@pytest.mark.thorough
def test_before_the_first_account_the_portfolio_is_told_to_be_empty(pulled):
    assert "No account is managed at this time" in run(pulled, "scores", "--as-of", "2001-01-01").out


@pytest.mark.parametrize("seed", sometimes(1, 2))
def test_the_order_of_the_dataset_changes_no_byte(pulled, serve, seed):
    book = small_book()
    chance = random.Random(seed)
    for records in (*book.salesforce.values(), book.issues):
        chance.shuffle(records)
    company = serve(book)
    assert run(company, "pull").code == 0
    for name in ("scores", "metrics", "links"):
        assert run(company, name, "--format", "json").raw == once(pulled, name, "--format", "json").raw


# -- tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["metrics", "scores"])
def test_csv_and_parquet_say_what_json_says(pulled, tmp_path, name):
    rows = once(pulled, name, "--format", "json").json
    lines = list(csv.DictReader(io.StringIO(once(pulled, name, "--format", "csv").out)))
    file = tmp_path / "table.parquet"
    assert run(pulled, name, "--format", "parquet", "--out", file).raw == b""
    table = pq.read_table(file).to_pylist()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(pulled, name, "--format", "parquet").raw == file.read_bytes()
    assert len(rows) == len(lines) == len(table)
    for row, line, record in zip(rows, lines, table, strict=True):
        assert row["account_id"] == line["account_id"] == record["account_id"]
        assert row["as_of"] == line["as_of"] == record["as_of"].isoformat().replace("+00:00", "Z")
        values = row.get("metrics") or {
            f"{card}_{part}": value
            for card, parts in row["scorecards"].items()
            for part, value in parts.items()
        }
        for column, value in values.items():
            assert record[column] == value
            assert line[column] == ("" if value is None else str(value))


@pytest.mark.parametrize("form", few(1, ["csv", "json", "text"]))
def test_a_table_can_go_to_a_file_in_any_form(pulled, tmp_path, form):
    file = tmp_path / form
    assert run(pulled, "scores", "--format", form, "--out", file).raw == b""
    assert file.read_bytes() == once(pulled, "scores", "--format", form).raw


# -- hostile values and secrets ----------------------------------------------------------------------------------------


def test_values_from_outside_stay_text(serve):
    book = small_book()
    book.salesforce["User"][0]["Name"] = HOSTILE[1]
    accounts = {}
    together = " ".join(sorted(HOSTILE, key=len))  # what explains one account meets every value
    for number, value in enumerate((*HOSTILE, together)):
        account = accounts[value] = book.account(value)
        person = book.contact(account, f"eve{number}@evil.example", Name=value)
        book.call(account, ago(days=40), person, Subject=value)
        question = book.issue(f"EVL-{number}", account, service=True, reporter=CUSTOMER, summary=value)
        book.comment(question, CUSTOMER, ago(hours=60))
    company = serve(book)
    assert run(company, "pull").code == 0
    commands = [["scores"], ["metrics"], ["links"], ["plan"], ["sync"], ["status"]]
    commands += [["explain", accounts[together]]]
    for arguments in commands:
        result = rapport("--config", company.config_path, *arguments)
        assert result.code == 0
        assert all(char == "\n" or char.isprintable() for char in result.out + result.err)
        assert max(map(len, result.out.splitlines())) < 700
    names = {row["account_id"]: row["account"] for row in run(company, "scores", "--format", "json").json}
    table = csv.DictReader(io.StringIO(run(company, "scores", "--format", "csv").out))
    cells = {row["account_id"]: row["account"] for row in table}
    for value, account in accounts.items():
        assert names[account] == value
        assert cells[account].removeprefix("'") == value
        assert not cells[account].startswith(("=", "+", "-", "@"))


def test_no_secret_is_printed_or_stored(serve, tmp_path):
    secrets = {"RAPPORT_SALESFORCE__CLIENT_SECRET": "s3cret-of-salesforce"}
    company = serve(small_book())
    plan = tmp_path / "plan.json"
    said = []
    for arguments in (
        ["pull"],
        ["plan", "--out", plan],
        ["apply", plan],
        ["sync", "--format", "json"],
        ["status"],
        ["validate"],
    ):
        result = rapport("--config", company.config_path, *arguments, env=secrets)
        assert result.code == 0
        said.append(result.out + result.err)
    files = [each for each in (company.folder / "rapport-data").rglob("*") if each.is_file()]
    assert {"state.sqlite", "mirror.duckdb", "lock", "seal.key"} <= {each.name for each in files}
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in files)
    stored = [each.read_bytes() for each in (*files, plan)]
    for secret in (
        "s3cret-of-salesforce",
        "Bearer",
        "Basic aUB2",
    ):  # the last begins e-mail and token in base64
        assert not any(secret in text for text in said)
        assert not any(secret.encode() in content for content in stored)


def test_the_text_of_json_is_unicode_and_its_instants_end_with_z(pulled):
    text = once(pulled, "plan", "--format", "json").out
    assert "−" in text
    assert "\\u" not in text
    assert json.loads(text)["as_of"] == NOW.isoformat().replace("+00:00", "Z")
