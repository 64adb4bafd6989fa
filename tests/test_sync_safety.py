"""Safety: a large surprise stops before it is written, and says the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.changes import Change, FieldChange, Plan, ScoreMark
from sync.plan import Limits
from sync.safety import KnownRecords, check
from tests.sync_world import AS_OF

IDS = [f"001{number:012d}AAA" for number in range(100)]
KNOWN = KnownRecords(
    written={"Account": frozenset(IDS), "Task": frozenset(f"00T{n}" for n in range(20))},
    bands={(one, "health"): "green" for one in IDS},
)
LIMITS = Limits()


def account(at: int, before: object = 60, after: object = 58, band: str = "green") -> Change:
    return Change(
        "update",
        "salesforce",
        "Account",
        IDS[at],
        IDS[at],
        "A",
        None,
        "because",
        {"Rapport_Health__c": FieldChange(before, after)},
        scores={"health": ScoreMark(58, band)},
    )


def task(at: int, action: str = "complete", rule: str = "call_back") -> Change:
    return Change(
        action,
        "salesforce",
        "Task",
        f"00T{at}",
        None,
        None,
        rule,
        "settled",
        {"Status": FieldChange("a", "b")},
    )


def plan(*changes: Change) -> Plan:
    return Plan(AS_OF, AS_OF.date(), AS_OF, "c", "p", None, "on", changes)


def test_small_movements_of_every_record_are_allowed():
    assert check(plan(*(account(n) for n in range(100))), KNOWN, LIMITS).allowed


def test_thirty_percent_is_allowed_and_one_more_is_not():
    assert check(plan(*(account(n, band="amber") for n in range(30))), KNOWN, LIMITS).allowed
    verdict = check(plan(*(account(n, band="amber") for n in range(31))), KNOWN, LIMITS)
    stop = verdict.stop("`moments` lost 8,412 rows since yesterday")
    assert stop.exit_code == 4
    assert stop.message == (
        "Stopped before writing: 31 of 100 accounts would change band (limit 30 %). "
        "Largest cause: `moments` lost 8,412 rows since yesterday."
    )
    assert "--allow-large-change" in stop.advice


def test_different_surprises_of_one_object_add_up():
    changes = [account(n, band="red") for n in range(20)] + [account(n, after=None) for n in range(20, 35)]
    (large,) = check(plan(*changes), KNOWN, LIMITS).large
    assert large.affected == 35
    assert large.text(LIMITS) == (
        "35 of 100 accounts would change much (20 would change band, 15 would lose a value) (limit 30 %)"
    )


def test_a_move_of_ten_points_counts_and_one_of_nine_does_not():
    assert check(plan(*(account(n, 60, 51) for n in range(50))), KNOWN, LIMITS).allowed
    verdict = check(plan(*(account(n, 60, 50) for n in range(50))), KNOWN, LIMITS)
    assert "50 of 100 accounts would move by 10 points or more" in verdict.stop().message


def test_how_far_a_score_moved_in_30_days_may_change_for_all_at_once():
    trends = [
        replace(
            account(n),
            fields={"Trend__c": FieldChange(-20, 5 if n % 2 else None)},
            basis={"Trend__c": {"passing": True}},
        )
        for n in range(100)
    ]
    assert check(plan(*trends), KNOWN, LIMITS).allowed


def test_first_writes_and_new_tasks_are_no_surprise():
    nothing_known = KnownRecords()
    assert check(plan(*(account(n, None, 40, "red") for n in range(100))), nothing_known, LIMITS).allowed


def test_a_first_value_of_a_known_record_is_no_move():
    assert check(plan(*(account(n, None, 40) for n in range(100))), KNOWN, LIMITS).allowed


@pytest.mark.parametrize("action", ["complete", "delete"])
def test_settling_many_tasks_stops(action):
    verdict = check(plan(*(task(n, action) for n in range(7))), KNOWN, LIMITS)
    assert "7 of 20 open tasks would be settled (limit 30 %)" in verdict.stop().message
    assert check(plan(*(task(n, action) for n in range(6))), KNOWN, LIMITS).allowed


def test_digests_come_and_go_freely():
    assert check(plan(*(task(n, rule="digest") for n in range(20))), KNOWN, LIMITS).allowed


def test_a_small_book_is_exempt():
    few = KnownRecords(written={"Account": frozenset(IDS[:9])}, bands=KNOWN.bands)
    assert check(plan(*(account(n, band="red") for n in range(9))), few, LIMITS).allowed
    ten = KnownRecords(written={"Account": frozenset(IDS[:10])}, bands=KNOWN.bands)
    assert not check(plan(*(account(n, band="red") for n in range(9))), ten, LIMITS).allowed
