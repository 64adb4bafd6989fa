"""plan, apply and sync as people and schedulers meet them: what is shown, what is written, how it ends."""

from __future__ import annotations

import json
import stat
from datetime import timedelta

import pytest
from command_line import Result, open_company, rapport, small_book
from company import NOW, Book, ago


def run(company, *arguments: object, env: dict[str, str] | None = None) -> Result:
    return rapport("--config", company.config_path, *arguments, env=env)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    """The small book, pulled once, for tests that write nothing to the org."""
    with open_company(tmp_path_factory.mktemp("pulled"), small_book()) as served:
        assert run(served, "pull").code == 0
        yield served
        assert served.writes() == 0


@pytest.fixture(scope="module")
def plan_text(pulled) -> str:
    return run(pulled, "plan", "--format", "json").out


@pytest.fixture
def plan_file(plan_text, tmp_path):
    """A plan of the pulled book in a file of its own."""
    (tmp_path / "plan.json").write_text(plan_text)
    return tmp_path / "plan.json"


@pytest.fixture
def served(serve):
    """The small book, pulled, for tests that change something."""
    company = serve(small_book())
    assert run(company, "pull").code == 0
    return company


@pytest.fixture
def planned(served, tmp_path):
    """(company, the file of a plan that is still true)"""
    file = tmp_path / "plan.json"
    assert run(served, "plan", "--out", file).code == 0
    return served, file


def variant(company, tmp_path, old: str, new: str):
    """Another config over the same store."""
    text = company.config_path.read_text()
    assert old in text
    path = tmp_path / "variant.toml"
    path.write_text(f'{text.replace(old, new)}\n[store]\npath = "{company.folder / "rapport-data"}"\n')
    return path


# -- plan --------------------------------------------------------------------------------------------------------------


def test_a_plan_writes_nothing_and_says_so(pulled):
    result = run(pulled, "plan")
    assert result.code == 0
    assert result.err == ""
    assert pulled.writes() == 0
    assert result.out.rstrip().endswith(
        "Nothing was written. Write exactly this: rapport plan --out FILE, then rapport apply FILE"
    )


def test_a_plan_has_the_json_shape_of_the_design(pulled):
    plan = run(pulled, "plan", "--format", "json").json
    assert {"as_of", "digest", "changes", "predicted_calls"} <= plan.keys()
    assert set(plan["predicted_calls"]) == {"salesforce", "jira"}
    assert plan["changes"]
    for change in plan["changes"]:
        assert {"action", "target", "object", "id", "account_id", "rule", "reason", "fields"} <= change.keys()
        assert change["action"] in {"update", "create", "complete"}
        assert change["target"] == "salesforce"
        assert change["reason"]
        assert change["fields"]
        assert all(set(sides) == {"before", "after"} for sides in change["fields"].values())
        assert (change["id"] is None) == (change["action"] == "create")


def test_the_plan_file_is_what_json_prints_and_only_its_owner_can_read_it(pulled, tmp_path):
    file = tmp_path / "plan.json"
    result = run(pulled, "plan", "--out", file, "--format", "json")
    assert file.read_bytes() == result.raw
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob("*plan.json*")] == ["plan.json"]


def test_a_plan_over_an_older_file_is_0600_too(pulled, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text("old")
    file.chmod(0o644)
    assert run(pulled, "plan", "--out", file).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_plan_that_cannot_be_stored_says_why(pulled, tmp_path):
    result = run(pulled, "plan", "--out", tmp_path / "none" / "plan.json")
    assert result.code == 2
    assert "cannot be written: No such file or directory" in result.err


def test_the_detailed_exit_code_tells_a_scheduler_whether_there_is_something_to_do(served):
    assert run(served, "plan", "--detailed-exitcode").code == 10
    assert run(served, "sync").code == 0
    after = run(served, "plan", "--detailed-exitcode")
    assert after.code == 0
    assert "Nothing to change. 0 calls would write." in after.out


def test_two_plans_of_the_same_store_are_the_same_bytes(pulled):
    first, second = (run(pulled, "plan", "--format", "json").raw for _ in range(2))
    assert first == second


def test_a_plan_at_another_time_is_that_times_plan(pulled):
    past = run(pulled, "plan", "--as-of", "2026-10-20T09:00:00Z", "--format", "json").json
    assert past["as_of"] == "2026-10-20T09:00:00Z"


def test_observe_says_that_sync_writes_nothing(serve):
    company = serve(small_book())
    company.configure(mode="observe")
    result = run(company, "sync")
    assert result.code == 0
    assert "The rollout mode is observe, so nothing was written" in result.out
    assert company.writes() == 0
    assert "The rollout mode is observe" in run(company, "plan").out


# -- apply -------------------------------------------------------------------------------------------------------------


def test_apply_writes_exactly_the_plan_and_a_second_time_nothing(planned):
    company, file = planned
    plan = json.loads(file.read_text())
    result = run(company, "apply", file, "--format", "json")
    assert result.code == 0
    told = result.json
    assert {"run", "changes", "applied", "skipped", "quarantined", "calls", "records"} <= told.keys()
    assert (told["changes"], told["applied"], told["skipped"], told["quarantined"]) == (
        len(plan["changes"]),
    ) * 2 + (0, 0)
    assert set(told["calls"]) == {"salesforce", "jira"}
    assert all(set(calls) == {"read", "write"} for calls in told["calls"].values())
    assert all({"id", "outcome", "reason"} == each.keys() for each in told["records"])
    wanted = {c["id"]: c["fields"] for c in plan["changes"] if c["object"] == "Account"}
    for record in company.org("Account"):
        for name, sides in wanted.get(record["Id"], {}).items():
            assert record[name] == sides["after"]
    writes = company.writes()
    again = run(company, "apply", file)
    assert again.code == 0
    assert company.writes() == writes


def edit(text: str) -> str:
    plan = json.loads(text)
    change = next(each for each in plan["changes"] if each["object"] == "Account")
    change["fields"]["Rapport_Health__c"]["after"] = 99
    return json.dumps(plan)


@pytest.mark.parametrize(
    "spoil",
    [edit, lambda text: text.replace('"seal":"', '"seal":"0'), lambda text: text[:-40], lambda text: "", lambda text: "{}",
     lambda text: "[1, 2]", lambda text: "\x00\ud83d".encode("utf-8", "replace").decode()],
    ids=["another value", "another seal", "cut", "empty", "no plan", "a list", "bytes"],
)  # fmt: skip
def test_an_edited_plan_is_refused_before_anything_is_sent(pulled, plan_text, plan_file, spoil):
    plan_file.write_text(spoil(plan_text))
    result = run(pulled, "apply", plan_file)
    assert result.code == 2
    assert "What to do: make a new one with `rapport plan --out FILE`" in result.err
    assert pulled.writes() == 0


def test_a_plan_of_another_store_is_refused(served, plan_file):
    result = run(served, "apply", plan_file)
    assert result.code == 2
    assert "What to do: " in result.err
    assert served.writes() == 0


def test_a_plan_is_stale_after_a_newer_pull(planned):
    company, file = planned
    assert run(company, "pull").code == 0
    result = run(company, "apply", file)
    assert (result.code, company.writes()) == (2, 0)
    assert "out of date: newer data was pulled since it was made" in result.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('mode = "on"\n[time]', 'mode = "on"\n[rules.call_back]\nenabled = false\n[time]', "the configuration changed since it was made"),
        (NOW.isoformat(), (NOW + timedelta(hours=25)).isoformat(), "it is older than 24 hours"),
    ],
    ids=["another config", "a day later"],
)  # fmt: skip
def test_a_plan_does_not_outlive_its_config_nor_its_day(pulled, plan_file, tmp_path, old, new, words):
    result = rapport("--config", variant(pulled, tmp_path, old, new), "apply", plan_file)
    assert result.code == 2
    assert f"This plan is out of date: {words}.\n  What to do: make a new one" in result.err


def test_a_plan_is_stale_when_a_later_one_was_applied(planned, tmp_path):
    company, file = planned
    later = tmp_path / "later.json"
    company.at(NOW + timedelta(hours=2))
    assert run(company, "plan", "--out", later).code == 0
    assert run(company, "apply", later).code == 0
    writes = company.writes()
    result = run(company, "apply", file)
    assert (result.code, company.writes()) == (2, writes)
    assert "out of date: a later plan was applied" in result.err


@pytest.mark.parametrize("what", ["none.json", "."])
def test_a_plan_file_that_cannot_be_read_is_named(pulled, tmp_path, what):
    result = run(pulled, "apply", tmp_path / what)
    assert result.code == 2
    assert f"The plan {tmp_path / what} cannot be read" in result.err


def test_what_a_person_changed_since_is_skipped_with_the_reason(planned):
    company, file = planned
    account = next(each for each in company.org("Account") if each["Name"] == "Acme GmbH")
    with company.simulator.edit() as (salesforce, _):
        salesforce.change(account["Id"], Rapport_Health__c=77)
    result = run(company, "apply", file)
    assert result.code == 0
    assert f"skipped  {account['Id']}" in result.out


# -- sync --------------------------------------------------------------------------------------------------------------


def test_the_second_sync_writes_nothing(serve):
    company = serve(small_book())
    first = run(company, "sync", "--format", "json")
    writes = company.writes()
    second = run(company, "sync")
    assert (first.code, second.code) == (0, 0)
    assert first.json["applied"] > 0
    assert writes > 0
    assert company.writes() == writes
    assert "nothing to change, 0 applied" in second.out


def test_a_large_surprise_stops_with_4_and_the_numbers_until_it_is_allowed(serve):
    book = Book()
    for number in range(12):
        account = book.account(f"Customer {number}")
        for place in range(3):
            person = book.contact(account, f"p{place}@customer{number}.example", Name=f"Person {place}")
            book.meeting(account, ago(days=place), person)
    company = serve(book)
    assert run(company, "sync").code == 0
    company.at(NOW + timedelta(days=120))
    writes = company.writes()
    result = run(company, "sync")
    assert result.code == 4
    assert "Stopped before writing: 12 of 12 accounts" in result.err
    assert "(limit 30 %)" in result.err
    assert "--allow-large-change" in result.err
    assert company.writes() == writes
    assert run(company, "status", "--format", "json").json["runs"][0]["exit_code"] == 4
    assert run(company, "sync", "--allow-large-change").code == 0
    assert company.writes() > writes


def test_refused_records_end_with_5_once_and_are_shown_by_status(serve):
    book = small_book()
    book.schema["Account"]["validationRules"] = [
        {"when": "Name = 'Acme GmbH'", "message": "Acme is frozen", "field": "Name"}
    ]
    company = serve(book)
    first = run(company, "sync", "--format", "json")
    assert first.code == 5
    assert (first.json["quarantined"], first.json["applied"] > 0) == (1, True)
    told = run(company, "status")
    assert "refused  Account" in told.out
    assert "Acme is frozen (FIELD_CUSTOM_VALIDATION_EXCEPTION)" in told.out
    assert "What to do: correct these records" in told.out
    again = run(company, "sync")
    assert again.code == 0
    assert "1 refused" in again.out


def test_a_value_that_somebody_set_is_held_until_it_is_adopted(serve):
    book = small_book()
    acme = next(each for each in book.salesforce["Account"] if each["Name"] == "Acme GmbH")
    acme["Rapport_Band__c"] = "Green"
    company = serve(book)
    assert run(company, "pull").code == 0
    held = run(company, "plan")
    assert (
        "! held     Acme GmbH  Band: someone set Green; Rapport never wrote this field (rapport plan --adopt to take over)"
        in held.out
    )
    assert run(company, "plan", "--format", "json").json["held"][0]["field"] == "Rapport_Band__c"
    adopted = run(company, "plan", "--adopt").out
    assert "! held" not in adopted
    assert "Band Green → Amber" in adopted
