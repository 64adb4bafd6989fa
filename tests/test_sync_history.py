"""Scores are kept by each sync, grow sparser with age, and tell how an account moved; the past is replayed where nobody looked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from command_line import rapport
from company import CUSTOMER, NOW, STAFF, Book, Company, ago

from rules import catalogue, trends
from rules.sources import SOURCES
from simulator import dataset
from simulator.server import Simulator
from sync import canonical, history, run, views
from sync.history import Entry, nearest, superfluous, wanted_replays
from sync.state import State

AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
WEEKLY = "[history]\nbackfill_weeks = 4\n"


def entry(days: float, *, digest: str = "now", replayed: bool = False, number: int = 0) -> Entry:
    return Entry(number or int(days * 24) + 1, AT - timedelta(days=days), digest, replayed)


# -- which entries there are --------------------------------------------------------------------------------------------


def test_the_first_run_replays_weekly_and_later_ones_what_todays_config_has_no_entry_for():
    first = wanted_replays([], "now", AT, weeks=12)
    assert first == [AT - timedelta(weeks=week) for week in range(12, 0, -1)]
    assert wanted_replays([], "now", AT, weeks=0) == []
    weekly = [entry(7 * week, replayed=True) for week in range(12, 0, -1)]
    assert wanted_replays(weekly, "now", AT, weeks=12) == []
    other = [entry(7 * week, digest="before") for week in range(12, 0, -1)]
    assert wanted_replays(other, "now", AT, weeks=12) == [AT - timedelta(days=days) for days in (90, 30, 7)]
    assert wanted_replays([*other, entry(29)], "now", AT, weeks=12) == [
        AT - timedelta(days=days) for days in (90, 7)
    ]
    assert wanted_replays(other, "now", AT, weeks=4) == [AT - timedelta(days=days) for days in (30, 7)]


def test_the_nearest_entry_stands_for_a_day_within_half_a_week():
    assert nearest([entry(33.5), entry(34)], AT, 30) == entry(33.5)
    assert nearest([entry(33.6)], AT, 30) is None
    assert nearest([entry(26.5)], AT, 30) == entry(26.5)
    assert nearest([entry(84)], AT, 90) == entry(84)
    assert nearest([entry(82.9)], AT, 90) is None
    looked, replayed = entry(31), entry(29, replayed=True)
    assert nearest([replayed, looked], AT, 30) == looked  # as near, and somebody looked


def test_entries_grow_sparser_with_age_and_the_latest_of_a_span_stays():
    keep = timedelta(days=800)
    recent = [entry(hours / 24) for hours in (0, 1, 2, 47)]
    assert superfluous(recent, AT, keep) == []
    a_day = [entry(5, number=1), entry(5.1, number=2), entry(5.2, number=3)]
    assert {each.id for each in superfluous(a_day, AT, keep)} == {2, 3}
    looked_or_not = [entry(5, number=1, replayed=True), entry(5.1, number=2)]
    assert {each.id for each in superfluous(looked_or_not, AT, keep)} == {1}
    two_configs = [entry(5, number=1), entry(5.1, number=2, digest="before")]
    assert superfluous(two_configs, AT, keep) == []
    # 120 days before that Wednesday is a Tuesday: the Monday before it is in its week, the Sunday is not
    a_week = [entry(120, number=1), entry(121, number=2), entry(122, number=3)]
    assert {each.id for each in superfluous(a_week, AT, keep)} == {2}
    assert {each.id for each in superfluous([entry(801, number=9), entry(800, number=8)], AT, keep)} == {9}


# -- which measures the past knows -----------------------------------------------------------------------------------------


def _loaded(**cards: dict) -> catalogue.Catalogue:
    metrics = {
        "then": {"source": "issues", "aggregate": "count"},
        "only_now": {"source": "issues", "aggregate": "count", "history": "none"},
        "made_of_it": {"expr": "only_now + then"},
    }
    return catalogue.load({"metrics": metrics, "scorecards": cards}, SOURCES)


def _measures(**weights: int) -> list[dict]:
    return [
        {"metric": name, "weight": weight, "points": [[0, 0], [9, 100]]} for name, weight in weights.items()
    ]


def test_a_replay_leaves_out_measures_without_history_and_scorecards_of_which_too_little_remains():
    book = _loaded(
        whole={"measures": _measures(then=1)},
        most={"measures": _measures(then=6, only_now=4), "caps": [{"when": "made_of_it > 3", "at_most": 9}]},
        little={"measures": _measures(then=4, made_of_it=6)},
        both={"of": {"whole": 1, "most": 1}},
        one={"of": {"whole": 1, "little": 2}},
    )
    assert {"only_now", "made_of_it"} <= set(trends.without_history(book))
    assert "then" not in trends.without_history(book)
    rest, left_out = trends.lasting(book)
    assert {name: left_out[name] for name in ("whole", "most", "both")} == {
        "whole": (),
        "most": ("only_now", "made_of_it"),
        "both": ("only_now", "made_of_it"),
    }
    assert {"little", "one"}.isdisjoint(rest.scorecards)
    assert [each.metric for each in rest.scorecards["most"].measures] == ["then"]
    assert rest.scorecards["most"].caps == ()


# -- kept and read ------------------------------------------------------------------------------------------------------


class Books:
    """A history of one scorecard of two accounts, without any metrics behind it."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.scored = duckdb.connect()

    def keep(
        self,
        at: datetime,
        *scores: int | None,
        digest: str = "now",
        replayed: bool = False,
        partial: bool = False,
    ) -> None:
        rows = ", ".join(
            f"('A{n}', 'card', {'null' if score is None else score}, 1.5e0, 1e0, '{_band(score)}')"
            for n, score in enumerate(scores)
        )
        columns = "account_id, scorecard, score, capped, confidence, band"
        self.scored.execute(f"create or replace table eval_scores as from (values {rows}) t({columns})")
        left_out = {"card": ("m",) if partial else ()} if replayed else None
        history.record(
            self.state, self.scored, at, digest, run_id="run", retention=timedelta(days=800), partial=left_out
        )

    def past(self, at: datetime = AT, digest: str = "now") -> dict[int, dict[str, int | None]]:
        found: dict[int, dict[str, int | None]] = {}
        for row in history.past(self.state, digest, at).scores.to_pylist():
            found.setdefault(row["horizon"], {})[row["account_id"]] = row["score"]
        return found

    def since(self, at: datetime = AT) -> dict[str, tuple[str, int]]:
        rows = history.past(self.state, "now", at).spells.to_pylist()
        return {row["account_id"]: (row["band"], (row["until"] - row["since"]).days) for row in rows}

    def entries(self) -> list[tuple[int, str, bool]]:
        return [
            ((AT - each.as_of).days, each.digest, each.replayed) for each in history.entries(self.state, AT)
        ]


def _band(score: int | None) -> str:
    return "unknown" if score is None else "green" if score >= 70 else "amber" if score >= 40 else "red"


@pytest.fixture
def kept(tmp_path):
    with State.open(tmp_path) as state:
        yield Books(state)


def _ago(days: float) -> datetime:
    return AT - timedelta(days=days)


def test_runs_of_an_hour_are_one_entry_and_the_past_knows_no_later_one(kept):
    kept.keep(_ago(30), 50, 60)
    kept.keep(_ago(30), 51, None)
    assert kept.entries() == [(30, "now", False)]
    kept.keep(_ago(7), 80, 90)
    assert kept.past() == {7: {"A0": 80, "A1": 90}, 30: {"A0": 51, "A1": None}}
    assert kept.past(_ago(23)) == {7: {"A0": 51, "A1": None}}  # 30 days ago is 7 days before that
    assert kept.past(_ago(31)) == {}
    assert [(row["account"], row["score"]) for row in history.told(kept.state, _ago(8), {"A0": "Acme"})] == [
        ("Acme", 51),
        (None, None),
    ]


def test_another_config_has_another_past_and_what_was_seen_stays(kept):
    kept.keep(_ago(31), 50, 60, digest="before", replayed=True)
    kept.keep(_ago(29), 55, 65, digest="before")
    assert kept.past() == {}
    assert kept.past(digest="before") == {
        30: {"A0": 55, "A1": 65}
    }  # as near as a replay, and somebody looked
    kept.keep(_ago(30), 70, 80, replayed=True)
    kept.keep(AT, 75, 85)
    assert kept.entries() == [(30, "now", True), (29, "before", False), (0, "now", False)]
    assert kept.past() == {30: {"A0": 70, "A1": 80}}


def test_days_in_a_band_begin_with_its_first_sight_and_replays_stand_in_only_before_that(kept):
    for days, score in ((40, 80), (33, 30), (26, 35)):
        kept.keep(_ago(days), score, None, replayed=True)
    assert kept.since()["A0"] == ("red", 33)
    kept.keep(
        _ago(19), 20, 50, replayed=True, partial=True
    )  # of a part of the measures: no band that anybody saw
    assert kept.since() == {"A0": ("red", 33), "A1": ("unknown", 40)}
    kept.keep(_ago(10), 38, 50)
    kept.keep(
        _ago(15), 90, 90, digest="other", replayed=True
    )  # worked out later, of a time that was seen by then
    kept.keep(_ago(5), 45, 55)
    assert kept.since() == {"A0": ("amber", 5), "A1": ("amber", 10)}
    assert kept.since(_ago(6)) == {"A0": ("red", 27), "A1": ("amber", 4)}


# -- served ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """Acme had a question open until 20 days ago, Beta has one since 6 days, Quiet is young; synced once."""
    folder = tmp_path_factory.mktemp("moved")
    book = Book()
    book.account("Quiet", CreatedDate=ago(days=3))
    for name in ("Acme", "Beta"):
        account = book.account(name)
        person = book.contact(account, f"dana@{name.lower()}.example")
        for days in range(1, 130, 6):
            book.call(account, ago(days=days), person)
    asked = book.issue("SUP-1", "Acme", service=True, reporter=CUSTOMER, created=ago(days=60))
    book.comment(asked, CUSTOMER, ago(days=55))
    book.comment(asked, STAFF, ago(days=20))
    late = book.issue("SUP-2", "Beta", service=True, reporter=CUSTOMER, created=ago(days=60))
    book.comment(late, CUSTOMER, ago(days=6))
    trend = {"name": "Rapport_Trend__c", "label": "Trend", "type": "double", "precision": 3, "scale": 0}
    book.schema["Account"]["fields"].append(trend)
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW) as simulator:
        company = Company(folder, simulator, book)
        company.configure(f"{WEEKLY}{CARDS}", mode="observe")
        outcome = run.run_sync(
            company.config, allow_large_change=False, adopt=False, progress=lambda source, rows: None
        )
        yield company, outcome.plan


CARDS = """
[rules.falls]
when = "health_trend_7d <= -10 and health_days_in_band >= 0"
kind = "fix"
subject = "Look at {{account}}"

[scorecards.health]
caps = []
[[scorecards.health.measures]]
metric = "oldest_unanswered_business_hours"
weight = 1
points = [[0, 100], [40, 0]]
[scorecards.mixed]                      # the same beside something that has no history
[[scorecards.mixed.measures]]
metric = "oldest_unanswered_business_hours"
weight = 6
points = [[0, 100], [40, 0]]
[[scorecards.mixed.measures]]
metric = "open_escalations"
weight = 4
points = [[0, 100], [1, 0]]
"""


def _facts(connection, *columns: str) -> dict[str, tuple]:
    rows = connection.execute(
        f"select a.name, {', '.join(f'f.{column}' for column in columns)} from eval_facts f "
        "join accounts a on a.account_id = f.account_id"
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def test_trends_and_days_in_a_band_are_those_of_the_history_and_usable_in_rules(moved):
    company, plan = moved
    with company.measured() as (config, mirror, as_of), State.open(config.store_folder) as state:
        facts = _facts(
            mirror.connection, "health_trend_7d", "health_trend_30d", "health_trend_90d", "health_score"
        )
        bands = _facts(mirror.connection, "health_band", "health_days_in_band")
        assert facts["Acme"][1] > 20  # the question was open for 27 days then
        assert facts["Beta"][0] < -20
        assert facts["Quiet"][:3] == (None, None, None)  # unknown, not steady
        assert facts["Acme"][2] is None  # nobody looked so far back
        mixed = _facts(mirror.connection, "mixed_trend_7d", "mixed_trend_30d", "mixed_days_in_band")
        assert (
            mixed["Acme"][:2] == facts["Acme"][:2]
        )  # like with like: what has no history is left out of today too
        assert mixed["Beta"][:2] == facts["Beta"][:2]
        assert (
            mixed["Beta"][2] == 0
        )  # in its band since somebody looked: a replay would not have seen all of it
        then = {
            days: dict(
                state.connection.execute(
                    "select account_id, score from score_history h join score_runs r on r.id = h.score_run "
                    "where scorecard = 'health' and r.as_of = ?",
                    (canonical.stamp(NOW - timedelta(days=at)),),
                ).fetchall()
            )
            for days, at in ((7, 7), (30, 28))
        }
        ids = dict(mirror.connection.execute("select name, account_id from accounts").fetchall())
        for name in ("Acme", "Beta"):
            for place, days in enumerate((7, 30)):
                assert facts[name][place] == facts[name][3] - then[days][ids[name]]
        spells = state.connection.execute(
            "select account_id, band, as_of from band_changes where scorecard = 'health' order by as_of"
        )
        since = {account: (band, at) for account, band, at in spells}
        for name, (band, days) in bands.items():
            assert since[ids[name]][0] == (band or "unknown")
            assert days == (NOW - canonical.moment(since[ids[name]][1])).days
        told = {
            name: next(
                each
                for each in views.explained(config, mirror, name, as_of)["rules"]
                if each["rule"] == "falls"
            )
            for name in ("Acme", "Beta", "Quiet")
        }
        states = {name: each["state"] for name, each in told.items()}
        assert states == {"Acme": "silent", "Beta": "fires", "Quiet": "unknown"}
        assert "Health in 7 days" in told["Beta"]["reason"]
        written = {
            change.account: change.fields["Rapport_Trend__c"].after
            for change in plan.changes
            if "Rapport_Trend__c" in change.fields
        }
        assert written == {name: facts[name][1] for name in ("Acme", "Beta")}


def test_the_history_can_be_read_as_rows_and_as_the_last_values_of_each_account(moved):
    company, _ = moved
    with State.open(company.config.store_folder) as state:
        rows = history.told(state, NOW, {})
    assert {row["as_of"] for row in rows if not row["replayed"]} == {"2026-11-18T12:00:00Z"}
    config = ("--config", company.config_path)
    shown = rapport(*config, "scores", "--history", "--format", "json").json
    assert len(shown) == len(rows)
    assert {row["account"] for row in shown} == {"Acme", "Beta", "Quiet"}
    table = rapport(*config, "scores", "--history", "--format", "csv").out.splitlines()
    assert (
        table[0] == "as_of,account_id,account,scorecard,score,capped,confidence,band,replayed,partial,config"
    )
    assert len(table) == len(rows) + 1
    earlier = rapport(
        *config, "scores", "--history", "--as-of", "2026-11-10T00:00:00Z", "--format", "json"
    ).json
    assert {row["as_of"][:10] for row in earlier} == {"2026-10-21", "2026-10-28", "2026-11-04"}
    text = rapport(*config, "scores", "--history").out
    assert text.startswith("Health: the last 5 of 5 entries (those in brackets were worked out afterwards)\n")
    assert re.search(r"(?m)^Acme( +(\d+|–)){5}$", text)
