"""The smallest set of changes that reaches the next band, held against every set there is and against scoring with it."""

from __future__ import annotations

import io
from itertools import combinations

import pytest
from command_line import rapport
from company import CUSTOMER, ago
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from score_board import METRICS, board, book, measure, scores

from reports import next_band as next_band_text
from reports import terminal
from rules import whatif
from sync import next_band
from sync.errors import SyncError

BANDS = ("red", "amber", "green")


def _answer(cards: dict, values: dict, previous=(), card: str = "card"):
    shelf = book(cards)
    connection = board(shelf, {"a": values}, previous)
    return shelf, connection, whatif.answer(connection, shelf, "a", card)


def _moved(found: whatif.Answer) -> dict[str, tuple[float, float]]:
    return {
        name: (found.before[name], target)
        for change in found.changes
        for name, target in change.action.targets.items()
    }


def _card(*measures: dict, caps=()) -> dict:
    return {"card": {"measures": list(measures), "caps": list(caps), "floor": 0}}


def test_one_change_that_suffices_goes_before_two_and_no_further_than_it_has_to():
    curve = [(0, 0), (5, 45), (10, 100)]
    card = _card(measure("m0", 5, *curve), measure("m1", 1, *curve), measure("m2", 4, (0, 100), (10, 0)))
    _, _, found = _answer(card, {"m0": 0, "m1": 0, "m2": 5})
    assert (found.now.band, found.now.score, found.target) == ("red", 20, "amber")
    assert _moved(found) == {"m0": (0, 5)}  # m2 alone stays below the edge, which the hysteresis puts at 42
    assert (found.reached.band, found.reached.score) == ("amber", 42)


def test_the_edge_is_that_of_the_hysteresis():
    card = _card(measure("m0", 1, (0, 0), (70, 70), (71, 71), (72, 72), (100, 100)))
    _, _, found = _answer(card, {"m0": 50})
    assert (found.target, _moved(found), found.reached.score) == ("green", {"m0": (50, 72)}, 72)


def test_a_cap_is_lifted_even_where_its_metric_has_no_weight():
    caps = [
        {"name": "fire", "when": "m1 > 0", "at_most": 45},
        {"name": "far", "when": "m2 >= 3", "at_most": 65},
    ]
    _, _, found = _answer(_card(measure("m0", 1), caps=caps), {"m0": 80, "m1": 2, "m2": 4})
    assert (found.now.score, found.now.band) == (45, "amber")
    assert _moved(found) == {"m1": (2, 0), "m2": (4, 2)}
    assert [round(change.points) for change in found.changes] == [20, 15]


def test_what_does_not_suffice_is_shown_as_such():
    _, _, found = _answer(_card(measure("m0", 1, (0, 0), (100, 60))), {"m0": 80})
    assert (found.target, found.enough, found.reached.band) == ("green", False, "amber")
    assert _moved(found) == {"m0": (80, 100)}
    stuck = [{"name": "stuck", "when": "m1 is null", "at_most": 45}]
    _, _, found = _answer(_card(measure("m0", 1), caps=stuck), {"m0": 80})
    assert (found.now.score, found.target, found.enough) == (45, "green", False)


def test_what_is_green_or_unknown_or_not_managed_has_nothing_to_reach():
    assert _answer(_card(measure("m0", 1)), {"m0": 90})[2].target is None
    unknown = _answer(_card(measure("m0", 1)), {})[2]
    assert (unknown.now.band, unknown.target, unknown.changes) == ("unknown", None, ())
    shelf = book(_card(measure("m0", 1)))
    assert whatif.answer(board(shelf, {"a": {}}), shelf, "b", "card") is None


def test_a_scorecard_of_scorecards_is_reached_through_their_measures():
    cards = {
        "one": {"measures": [measure("m0", 1)], "floor": 0},
        "two": {"measures": [measure("m1", 1)], "caps": [{"when": "m2 > 0", "at_most": 10}], "floor": 0},
        "card": {"of": {"one": 1, "two": 1}, "floor": 0},
    }
    _, _, found = _answer(cards, {"m0": 50, "m1": 90, "m2": 1})
    assert (found.now.band, found.now.score) == ("red", 30)
    assert len(found.changes) == 1
    assert found.enough


@st.composite
def _cases(draw):
    names = draw(st.lists(st.sampled_from(METRICS), min_size=1, max_size=5, unique=True))
    score = st.integers(0, 100)
    measures = []
    for name in names:
        knots = sorted(draw(st.sets(st.integers(0, 20), min_size=2, max_size=4)))
        measures.append(measure(name, draw(st.integers(1, 30)), *((x, draw(score)) for x in knots)))
    caps = [
        {
            "name": f"cap {place}",
            "when": f"{draw(st.sampled_from(METRICS))} {draw(st.sampled_from(('>', '>=', '<', '<=')))} {draw(st.integers(0, 20))}",
            "at_most": draw(score),
        }
        for place in range(draw(st.integers(0, 2)))
    ]
    values = {name: float(draw(st.integers(0, 20))) for name in METRICS if draw(st.integers(0, 9))}
    previous = draw(st.sampled_from((*BANDS, None)))
    return _card(*measures, caps=caps), values, [("a", "card", previous)] if previous else []


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(_cases())
def test_the_set_reaches_the_band_when_scored_and_no_smaller_one_does(case):
    cards, values, previous = case
    shelf, connection, found = _answer(cards, values, previous)
    assume(found.target is not None)
    bench = whatif.Bench(connection, shelf, "a", "card")
    every = whatif.actions(shelf, [shelf.scorecards["card"]], bench.values)
    sets = [own for size in range(1, len(every) + 1) for own in combinations(every, size)]
    rows = [{name: value for each in own for name, value in each.targets.items()} for own in sets]
    bands = [each.band for each in bench.score(rows)] if rows else []
    reaching = [
        len(own)
        for own, band in zip(sets, bands, strict=True)
        if band != "unknown" and BANDS.index(band) >= BANDS.index(found.target)
    ]
    bench.close()
    assert found.enough == bool(reaching)
    if reaching:
        assert len(found.changes) == min(reaching)
    moved = values | {name: after for name, (_, after) in _moved(found).items()}
    again = scores(board(shelf, {"a": moved}, [("a", "card", found.now.band)]))["a", "card"]
    assert (again[0], again[1]) == (found.reached.score, found.reached.band)
    gained = sum(change.points for change in found.changes)
    assert gained == pytest.approx((found.reached.capped or 0) - (found.now.capped or 0), abs=1e-6)


def test_what_to_do_is_said_in_words_with_the_records_and_people(book, serve):
    account = book.account("Acme")
    dana = book.contact(account, "dana@acme.example", Name="D. Okafor")
    for days in (60, 70, 80):
        book.call(account, ago(days=days), dana)
    for key, days in (("SUP-412", 12), ("SUP-398", 9)):
        issue = book.issue(key, "Acme", service=True, reporter=CUSTOMER, created=ago(days=30))
        book.comment(issue, CUSTOMER, ago(days=days))
    book.account("Idle", Type="Prospect")
    company = serve(book)
    company.pull()
    with company.measured() as (config, mirror, as_of):
        shown = next_band.next_band(config, mirror, "acme", "health", as_of)
        told = next_band.explained(config, mirror, "Acme", as_of)
        for name, scorecard, words in (
            ("Acme", "helth", "did you mean health?"),
            ("Idle", "health", "is not managed"),
        ):
            with pytest.raises(SyncError, match=words):
                next_band.next_band(config, mirror, name, scorecard, as_of)
    assert (shown["account_id"], shown["without_history"]) == (account, [])
    assert shown["target"] in ("amber", "green")
    assert (shown["enough"], shown["reached"]["band"]) == (True, shown["target"])
    answered = next(each for each in shown["changes"] if each["text"] == "answer SUP-398 and SUP-412")
    assert [each["key"] for each in answered["evidence"]] == ["SUP-398", "SUP-412"]
    after = {each["metric"]: each["after"] for each in answered["metrics"]}
    assert (
        after["unanswered_comments"] == after["oldest_unanswered_business_hours"] == 0
    )  # one deed settles both
    assert told["whatif"]["changes"] == shown["changes"]
    text = io.StringIO()
    next_band_text.next_band(terminal.console(text), shown)
    next_band_text.hint(terminal.console(text), told)
    assert f"To reach {shown['target']}, which makes {shown['reached']['score']}:" in text.getvalue()
    assert "  answer SUP-398 and SUP-412" in text.getvalue()
    last = text.getvalue().splitlines()[-1]
    assert last.startswith(f"To reach {shown['target']}: ")
    assert last.endswith('rapport whatif "Acme"')


@pytest.mark.thorough
def test_each_scorecard_can_be_asked_on_the_command_line(book, serve):
    book.call(account := book.account("Acme"), ago(days=60), book.contact(account, "dana@acme.example"))
    company = serve(book)
    company.pull()
    for name in company.config.catalogue.scorecards:
        said = rapport("--config", company.config_path, "whatif", "Acme", "--scorecard", name)
        assert said.code == 0
        assert said.out.strip()
    assert rapport("--config", company.config_path, "explain", "Acme").code == 0
