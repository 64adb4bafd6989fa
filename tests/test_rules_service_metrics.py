"""SLAs, ratings and how work is delivered, each by hand: value, NULL, edges, and records that add up to the value."""

from __future__ import annotations

from datetime import timedelta

import pytest
from company import NOW, Book, ago, cycle, jira_stamp, sla
from measured import Measured, measured, pulled

D = NOW.date()
JIRA = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\n'
RESOLUTION, RESPONSE, RATING, RATED = (f"customfield_1008{n}" for n in range(4))
SECOND = timedelta(seconds=1)


def day(days: int) -> str:
    return (D - timedelta(days=days)).isoformat()


TOML = f'{JIRA}[jira.fields]\ncase = "Support case"\nscope = "Scope"\n'
EVIDENCE = (
    *(
        "sla_attainment_90d",
        "sla_breaches_30d",
        "csat_180d",
        "slip_days_90d",
        "on_time_rate_180d",
        "estimate_overrun",
    ),
    *("hours_spent_90d", "undecided_out_of_scope", "changes_after_release_60d", "repeat_incidents_30d"),
    *("ping_pong_issues", "new_requests_90d", "budget_used"),
)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    book = Book()
    _slas(book)
    _ratings(book)
    _deliveries(book)
    with pulled(tmp_path_factory.mktemp("service"), book, TOML) as company:
        yield company


@pytest.fixture(scope="module")
def now(company) -> Measured:
    return measured(company, evidence_of=EVIDENCE)


@pytest.fixture(scope="module")
def then(company) -> Measured:
    """Five and a half days ago."""
    return measured(company, ago(days=5, hours=12))


def values(now: Measured, account: str, metric: str) -> list:
    return sorted(row.value for row in now.evidence(account, metric))


def keys(now: Measured, account: str, metric: str) -> list[str]:
    return sorted(row.key for row in now.evidence(account, metric))


def _slas(book: Book) -> None:
    book.account("Kept")
    late = cycle(ago(days=9), ago(days=6), ago(days=5))
    in_time = cycle(ago(days=20), ago(days=10), ago(days=11))
    book.issue(
        "SLA-1",
        "Kept",
        service=True,
        **{
            RESOLUTION: sla(in_time, late),
            RESPONSE: sla(cycle(ago(days=91), ago(days=90), ago(days=90) + SECOND), name="R"),
        },
    )
    on_the_dot = cycle(ago(days=9), ago(days=8), ago(days=8))
    unflagged = cycle(
        ago(days=9), ago(days=8), ago(days=7), breached=False
    )  # the clock stood still meanwhile
    book.issue("SLA-2", "Kept", **{RESOLUTION: sla(on_the_dot, unflagged)})
    # too old for either window, by a second
    book.issue("SLA-3", "Kept", **{RESOLUTION: sla(cycle(ago(days=95), ago(days=94), ago(days=90)))})
    book.issue("SLA-4", "Kept", subtask=True, level=-1, **{RESOLUTION: sla(late)})

    book.account("Running")
    overdue = cycle(ago(days=3), ago(days=2), breached=False)  # read before its time was up
    paused = cycle(ago(days=3), ago(days=2), breached=False, paused=True)
    breached_then_paused = cycle(ago(days=40), ago(days=30) + SECOND, breached=True, paused=True)
    young = cycle(ago(days=1), ago(days=-1))
    endless = cycle(ago(days=1), None)
    long_ago = cycle(ago(days=60), ago(days=30))
    for number, each in enumerate((overdue, paused, breached_then_paused, young, endless, long_ago), start=1):
        book.issue(f"RUN-{number}", "Running", service=True, **{RESOLUTION: sla(running=each)})
    book.issue("RUN-7", "Running", **{RESOLUTION: {"errorMessage": "no"}, RESPONSE: None})
    book.issue(
        "RUN-8",
        "Running",
        **{
            RESOLUTION: sla(
                cycle(ago(days=5), ago(days=3), ago(days=4)), cycle(ago(days=5), ago(days=3), ago(days=2))
            )
        },
    )

    book.account("Untouched")
    milestones = book.account("Milestones")
    case = book.case(milestones)
    times = {"StartDate": ago(days=9), "TargetDate": ago(days=8), "CreatedDate": ago(days=9)}
    book.add(
        "CaseMilestone",
        CaseId=case,
        IsCompleted=True,
        IsViolated=False,
        **{**times, "CompletionDate": ago(days=8, hours=1)},
    )
    book.add(
        "CaseMilestone",
        CaseId=case,
        IsCompleted=True,
        IsViolated=True,
        **{**times, "CompletionDate": ago(days=7)},
    )
    book.add("CaseMilestone", CaseId=case, IsCompleted=False, IsViolated=True, **times)
    book.add(
        "CaseMilestone",
        CaseId=case,
        IsCompleted=False,
        IsViolated=False,
        **{**times, "TargetDate": ago(days=-1)},
    )
    shut = book.case(milestones, Status="Closed", ClosedDate=ago(days=9))
    book.add(
        "CaseMilestone", CaseId=shut, IsCompleted=False, IsViolated=False, **times
    )  # ended with the Case
    named = book.case(milestones)
    book.add("CaseMilestone", CaseId=named, IsCompleted=False, IsViolated=True, **times)
    quietly = book.case(milestones)
    book.add(
        "CaseMilestone",
        CaseId=quietly,
        IsCompleted=True,
        IsViolated=False,
        **{**times, "CompletionDate": ago(days=8, hours=2)},
    )
    met = cycle(ago(days=9), ago(days=7), ago(days=8))
    book.issue("SLA-8", "Milestones", customfield_10090=named, **{RESOLUTION: sla(met)})
    book.issue("SLA-9", "Milestones", customfield_10090=quietly)  # has no clock of its own: the Case's counts


def _ratings(book: Book) -> None:
    book.account("Rated")
    for number, (rating, days) in enumerate(((5, 1), (4, 100), (2, 180), (1, 181)), start=1):
        at = jira_stamp(ago(days=days) + SECOND if days == 180 else ago(days=days))
        book.issue(f"CST-{number}", "Rated", service=True, **{RATING: {"rating": rating}, RATED: at})
    book.issue(
        "CST-8", "Rated", subtask=True, level=-1, **{RATING: {"rating": 1}, RATED: jira_stamp(ago(days=1))}
    )
    undated = book.issue("CST-9", "Two", resolutiondate=jira_stamp(ago(days=7)), **{RATING: 3})
    book.account("Two")
    assert undated
    book.issue("CST-10", "Two", **{RATING: {"rating": 5}, RATED: jira_stamp(ago(days=9))})
    book.issue("CST-11", "Two", **{RATING: {"rating": None}})
    declared = book.account("Declared", Rapport_CSAT__c=4.25, Rapport_CSAT_Date__c=day(179))
    assert declared
    book.account("Declared long ago", Rapport_CSAT__c=2, Rapport_CSAT_Date__c=day(180))
    book.account("Declared ahead", Rapport_CSAT__c=2, Rapport_CSAT_Date__c=day(-1))
    surveyed = book.account("Surveyed")
    kim = book.contact(surveyed, "kim@s.example")
    case = book.case(surveyed)
    at = {"CompletionDateTime": ago(days=3), "CreatedDate": ago(days=3)}
    book.add("SurveyResponse", AccountId=surveyed, SubmitterId=None, CaseId=None, Rating=3, **at)
    book.add("SurveyResponse", SubmitterId=kim, Rating=4.5, **at)
    book.add("SurveyResponse", CaseId=case, Rating=1.5, **{**at, "CompletionDateTime": ago(days=2)})
    book.add("SurveyResponse", AccountId=surveyed, Rating=None, **at)
    book.add("SurveyResponse", AccountId=surveyed, Rating=1, IsDeleted=True, **at)


def _deliveries(book: Book) -> None:
    acme = book.account("Acme")
    slipped = book.issue("OPS-1", "Acme", due=D, created=ago(days=200), type="Task")
    book.step(slipped, "duedate", None, "2026-09-01", ago(days=80))
    book.step(slipped, "duedate", "2026-09-01", "2026-09-11", ago(days=60))
    book.step(slipped, "duedate", "2026-09-11", "2026-09-01", ago(days=50))
    book.step(slipped, "duedate", "2026-09-01", D.isoformat(), ago(days=90) + SECOND)
    book.step(slipped, "duedate", "2026-09-01", "2026-12-01", ago(days=90))  # out of the window
    for number, (due, days) in enumerate(((10, 10), (10, 9), (30, 180), (5, 5)), start=2):
        done = book.issue(
            f"OPS-{number}",
            "Acme",
            status="Done",
            due=D - timedelta(days=due),
            created=ago(days=300),
            type="Task",
        )
        book.step(done, "status", "Open", "Done", ago(days=days))
    undone = book.issue(
        "OPS-6", "Acme", status="Open", due=D - timedelta(days=9), created=ago(days=300), type="Task"
    )
    book.step(undone, "status", "Open", "Done", ago(days=8))
    book.step(undone, "status", "Done", "Open", ago(days=7))

    epic = book.issue(
        "OPS-20",
        "Acme",
        type="Epic",
        level=1,
        timeoriginalestimate=36_000,
        timespent=3600,
        created=ago(days=99),
    )
    story = book.issue("OPS-21", "Beta", parent={"id": epic["id"], "key": "OPS-20"}, type="Story", timeoriginalestimate=36_000,
                       timeestimate=18_000, timespent=72_000, created=ago(days=98))  # fmt: skip
    book.issue("OPS-22", None, parent={"id": story["id"], "key": "OPS-21"}, type="Sub-task", subtask=True, level=-1,
               timespent=12_600, created=ago(days=97))  # fmt: skip
    fine = book.issue("OPS-23", "Acme", type="Epic", level=1, timeoriginalestimate=3600, created=ago(days=99))
    book.issue(
        "OPS-24", "Acme", type="Epic", level=1, timespent=9_999_999, created=ago(days=99)
    )  # never estimated
    book.issue(
        "OPS-25",
        "Acme",
        type="Epic",
        level=1,
        status="Done",
        timeoriginalestimate=1,
        timespent=99,
        created=ago(days=99),
    )
    book.worklog(epic, 1200, ago(days=90) + SECOND)
    book.worklog(fine, 1200, ago(days=3))
    book.worklog(fine, 600, ago(days=2), created=ago(days=-1))  # not written down yet
    book.worklog(fine, 3600, ago(days=90))
    book.worklog(fine, 1200, ago(days=1))

    for number, (labels, days, scope, status) in enumerate(
        ((["Out-Of-Scope"], 7, None, "Open"), (["out-of-scope", "scope-accepted"], 30, None, "Open"),
         ([], 30, {"id": "1", "value": "Out of scope"}, "Open"), (["out-of-scope"], 6.99, None, "Open"),
         (["out-of-scope"], 20, None, "Done"), (["out-of-scope"], 90, None, "Open"), ([], 1, {"id": "2", "value": "In scope"}, "Open")),
        start=1,
    ):  # fmt: skip
        book.issue(f"NEW-{number}", "Scoped", labels=labels, created=ago(days=days), status=status, type="Task",
                   customfield_10091=scope)  # fmt: skip
    book.account("Scoped")

    book.account("Released")
    version = {"id": "71", "name": "2.0", "releaseDate": day(50)}
    older = {"id": "70", "name": "1.0", "releaseDate": day(75)}
    book.issue("REL-1", "Released", type="Bug", versions=[version, older], created=ago(days=1))
    book.issue(
        "REL-2", "Released", type="change", versions=[older], created=ago(days=15, hours=11)
    )  # 60 days after
    book.issue("REL-3", "Released", type="Change Request", versions=[older], created=ago(days=16))
    book.issue("REL-4", "Released", type="Bug", versions=[version], created=ago(days=51))  # before it
    book.issue("REL-5", "Released", type="Task", versions=[version], created=ago(days=1))
    book.issue("REL-6", "Released", type="Bug", fixVersions=[version], created=ago(days=1))
    book.issue("REL-7", "Released", type="Bug", versions=[{"id": "72", "name": "3.0"}], created=ago(days=1))

    book.account("Again")
    for number, (days, components, kind) in enumerate(
        ((1, ["a"], "Bug"), (2, ["a", "b"], "Bug"), (29, ["b"], "Incident"), (30, ["a"], "Bug"), (3, [], "Bug"), (4, [], "Bug"), (5, ["a"], "Task")),
        start=1,
    ):  # fmt: skip
        book.issue(
            f"AGN-{number}", "Again", type=kind, components=components, created=ago(days=days), status="Done"
        )
    book.issue("TWO-1", "Again", type="Bug", components=["a"], created=ago(days=1))
    book.case(
        book.add("Account", Name="Cases", Type="Customer", OwnerId=book.user),
        Type="Bug",
        CreatedDate=ago(days=1),
    )

    for key, changes in (("PNG-1", 4), ("PNG-2", 3)):
        issue = book.issue(key, "Acme", type="Task", created=ago(days=99))
        for number in range(changes):
            book.step(issue, "assignee", f"u{number}", f"u{number + 1}", ago(days=29 - number))
        book.step(issue, "assignee", "x", "y", ago(days=30))
    for number, (kind, days) in enumerate(
        (("Service Request", 1), ("improvement", 90), ("New Feature", 89)), start=1
    ):
        book.issue(f"REQ-{number}", "Acme", type=kind, created=ago(days=days))

    running = {"AccountId": acme, "Status": "Activated", "StatusCode": "Activated"}
    book.add(
        "Contract", **running, StartDate=day(9), EndDate=day(-10), Rapport_Budget_Hours__c=10
    )  # half of its time
    book.add("Contract", **running, StartDate=day(90), EndDate=day(-1000), Rapport_Budget_Hours__c=1)
    book.add("Contract", **running, StartDate=day(9), EndDate=day(1), Rapport_Budget_Hours__c=0.1)  # ended
    book.add("Contract", **running, StartDate=day(-1), EndDate=day(-9), Rapport_Budget_Hours__c=0.1)
    book.add(
        "Contract",
        **{**running, "Status": "Draft", "StatusCode": "Draft"},
        StartDate=day(9),
        EndDate=day(-9),
        Rapport_Budget_Hours__c=0.1,
    )
    term = book.account("Term")
    book.add(
        "Contract",
        **{**running, "AccountId": term},
        StartDate="2026-11-01",
        ContractTerm=2,
        Rapport_Budget_Hours__c=5,
    )


def test_slas_are_met_by_what_stopped_before_its_time_was_up(now):
    # met: in_time, unflagged; not: late, the one on the dot, the first response of 90 days less a second
    assert now("Kept", "sla_attainment_90d") == pytest.approx(2 / 5)
    assert values(now, "Kept", "sla_attainment_90d") == [0, 0, 0, 1, 1]
    assert now("Running", "sla_attainment_90d") is None  # two cycles alone
    assert now("Untouched", "sla_attainment_90d") is None
    assert now("Kept", "sla_breaches_30d") == 2
    assert keys(now, "Kept", "sla_breaches_30d") == ["SLA-1", "SLA-2"]


def test_a_breach_is_told_by_the_time_unless_the_clock_stood_still(now):
    assert now("Running", "sla_breaches_30d") == 3
    assert keys(now, "Running", "sla_breaches_30d") == ["RUN-1", "RUN-3", "RUN-8"]
    assert now("Untouched", "sla_breaches_30d") == 0


def test_a_past_day_knows_no_cycle_that_began_later_and_sees_those_run_that_stopped_later(then):
    # `late` had breached and ran on, and what is older than 90 days today was not then
    assert then("Kept", "sla_breaches_30d", "sla_attainment_90d") == (2, pytest.approx(2 / 5))
    assert then("Running", "sla_breaches_30d") == 2  # those of 30 days; the others began later
    assert then("Acme", "due_date_slips_90d") == 3  # with one that is out of the window today


def test_milestones_of_cases_count_and_those_of_a_pair_once(now):
    assert now("Milestones", "sla_attainment_90d") == pytest.approx(3 / 4)
    assert now("Milestones", "sla_breaches_30d") == 2
    assert {row.system for row in now.evidence("Milestones", "sla_breaches_30d")} == {"salesforce"}


def test_satisfaction_is_the_mean_of_three_ratings_or_what_is_declared(now, then):
    accounts = ("Rated", "Two", "Declared", "Declared long ago", "Declared ahead", "Surveyed")
    assert {account: now(account, "csat_180d", "csat_age_days") for account in accounts} == {
        "Rated": (pytest.approx(11 / 3), 1),
        "Two": (None, 7),
        "Declared": (4.25, 179),
        "Declared long ago": (2, 180),  # stale: it counts and adds no confidence
        "Declared ahead": (None, None),
        "Surveyed": (3, 2),
    }
    assert values(now, "Rated", "csat_180d") == [2, 4, 5]
    # without the newest, with one that was young enough then
    assert then("Rated", "csat_180d") == pytest.approx(7 / 3)


def test_due_dates_that_were_put_off_are_counted_and_their_days_added_up(now):
    days = 10 + (D - D.replace(month=9, day=1)).days
    assert now("Acme", "due_date_slips_90d", "slip_days_90d") == (2, days)
    assert sum(values(now, "Acme", "slip_days_90d")) == days
    assert now("Again", "due_date_slips_90d", "slip_days_90d") == (0, 0)


def test_on_time_is_what_was_done_by_its_day_in_180_days_and_stayed_so(now, then):
    assert now("Acme", "on_time_rate_180d") == pytest.approx(2 / 3)  # the day itself is in time
    assert keys(now, "Acme", "on_time_rate_180d") == ["OPS-2", "OPS-3", "OPS-5"]
    assert now("Again", "on_time_rate_180d") is None
    # OPS-5 was not done yet, OPS-4 was young enough
    assert then("Acme", "on_time_rate_180d") == pytest.approx(2 / 3)


def test_the_worst_estimate_is_that_of_the_epic_with_everything_under_it(now):
    assert now("Acme", "estimate_overrun") == pytest.approx((3600 + 18_000 + 72_000 + 12_600) / 72_000)
    assert keys(now, "Acme", "estimate_overrun") == ["OPS-20"]
    assert now("Again", "estimate_overrun") is None


def test_hours_are_counted_by_when_the_work_was_done_with_epics_and_sub_tasks(now):
    assert now("Acme", "hours_spent_90d") == pytest.approx(1, abs=1e-9)  # three times twenty minutes
    assert sum(values(now, "Acme", "hours_spent_90d")) == pytest.approx(1)
    assert now("Again", "hours_spent_90d") == 0


def test_out_of_scope_is_told_by_label_or_mapped_field_and_open_until_decided(now):
    assert now("Scoped", "out_of_scope_share_90d") == pytest.approx(5 / 6)
    assert now("Scoped", "undecided_out_of_scope") == 3
    assert keys(now, "Scoped", "undecided_out_of_scope") == ["NEW-1", "NEW-3", "NEW-6"]


def test_changes_come_after_a_release_that_they_affect_within_60_days(now):
    assert now("Released", "changes_after_release_60d") == 2
    assert keys(now, "Released", "changes_after_release_60d") == ["REL-1", "REL-3"]
    assert now("Again", "changes_after_release_60d") == 0


def test_incidents_repeat_by_project_and_component(now):
    # in a: 1 and 2; in b: 2 and 3; without a component: 5 and 6
    assert now("Again", "repeat_incidents_30d") == len(values(now, "Again", "repeat_incidents_30d")) == 3
    assert now("Cases", "repeat_incidents_30d", "open_issues") == (0, 1)


def test_issues_go_to_and_fro_and_requests_are_new(now):
    assert now("Acme", "ping_pong_issues") == 1
    assert keys(now, "Acme", "ping_pong_issues") == ["PNG-1"]
    assert now("Acme", "new_requests_90d") == 2
    assert keys(now, "Acme", "new_requests_90d") == ["REQ-1", "REQ-3"]


def test_a_budget_is_that_of_the_contract_furthest_ahead_of_its_time(now):
    # two hours since day 90, of one hour; the other contract has used two thirds of an hour of ten
    assert now("Acme", "budget_used", "budget_elapsed") == (pytest.approx(2), pytest.approx(91 / 1091))
    assert keys(now, "Acme", "budget_used")[0].startswith("800")
    assert now("Term", "budget_used", "budget_elapsed") == (0, pytest.approx(18 / 61))
    assert now("Again", "budget_used", "budget_elapsed") == (None, None)


def test_what_nobody_keeps_is_unknown_not_nothing_until_somebody_does(tmp_path):
    book = Book()
    book.account("Acme", Rapport_CSAT__c=4, Rapport_CSAT_Date__c=day(1))
    for number in range(20):
        book.account(f"Other {number}")
    book.issue(
        "OPS-1", "Acme", type="Change Request", versions=[{"id": "71", "name": "2.0"}], created=ago(days=1),
        customfield_10091={"id": "1", "value": "Out of scope"},
    )  # fmt: skip
    names = ("sla_breaches_30d", "csat_180d", "csat_age_days", "hours_spent_90d", "out_of_scope_share_90d",
             "undecided_out_of_scope", "changes_after_release_60d", "repeat_incidents_30d", "new_requests_90d",
             "estimate_overrun", "budget_used", "budget_elapsed")  # fmt: skip
    of_steps = ("due_date_slips_90d", "slip_days_90d", "ping_pong_issues")
    with pulled(tmp_path, book) as company:
        metrics = measured(company)
        assert dict(zip(names, metrics("Acme", *names), strict=True)) == dict.fromkeys(names)
        assert metrics("Acme", *of_steps) == (0, 0, 0)
        # one of 20 is five percent; a release that gets its date, or a field that is mapped, touches no issue
        mapped = f'{JIRA}[jira.fields]\nscope = "Scope"\n'
        company.configure(f"{mapped}[accounts]\nmanaged = \"name <> 'Other 7'\"\n")
        with company.simulator.edit() as (_, jira):
            jira.site.change_version("71", {"releaseDate": day(3)})
        company.pull()
        told = measured(company)("Acme", "csat_180d", "changes_after_release_60d", "out_of_scope_share_90d")
        assert told == (4, 1, 1)
