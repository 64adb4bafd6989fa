"""The issues of an ordinary account: two years of finished ones, and the open ones its `Life` asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from simulator.sample_clock import after_business_hours

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.sample_jira import Issue
    from simulator.sample_jira_site import Project
    from simulator.sample_people import Customer
    from simulator.sample_scene import Scene

REQUESTS: Final = (
    "Export to spreadsheet loses leading zeros", "Grant access for a new colleague",
    "Invoice shows the old address",
    "Monthly report arrives empty", "Question about the price list import", "Change the approval limit",
    "Reset two-factor sign-in", "Add a cost centre", "Interface stops at night",
    "Labels print without barcode",
    "Search is slow since Monday", "Wrong tax rate for one product", "Calendar shows yesterday's shift",
    "Duplicate customer numbers", "Upload of attachments fails", "Archive of last year is missing",
)  # fmt: skip
# What the staff of the house asks of its own IT: request, and the offering it belongs to.
OFFERINGS: Final = {
    "New laptop for a starter": "Workplace", "Docking station does not charge": "Workplace",
    "Access to the shared drive": "Access", "Password of the time clock": "Access",
    "Report of overtime is empty": "Reports", "Monthly figures by cost centre": "Reports",
    "Travel expenses cannot be booked": "Applications", "Form for holidays fails": "Applications",
    "Wireless drops in the meeting room": "Network", "Phone line crackles": "Network",
}  # fmt: skip
_WORK: Final = (
    "Bulk editing of orders", "Single sign-on for field staff", "Audit trail for prices",
    "Faster search index",
    "Connector to the warehouse", "Dashboard for branch managers", "Import of supplier catalogues",
    "Approval by phone", "Rounding in partial invoices", "New layout of delivery notes",
)  # fmt: skip
_QUESTIONS: Final = (
    "Is there any news? Our month end depends on it.", "Could you please tell us when this will be done?",
    "We still see the same error, what shall we do?", "Who can decide this? Please call us back.",
)  # fmt: skip
_ANSWERS: Final = (
    "We found the cause and are preparing a correction.", "This is planned for the next delivery.",
    "Please find the steps attached; we stay in touch.", "Corrected and tested on our side.",
)  # fmt: skip


def subjects(scene: Scene) -> tuple[str, ...]:
    """What people of this account write about."""
    return tuple(OFFERINGS) if scene.firm.in_house else REQUESTS


def finished_issues(scene: Scene) -> None:
    life, rng = scene.life, scene.rng
    for turn in range(life.finished):
        at = scene.clock.working(rng.uniform(16, min(700, scene.firm.age_days - 30)))
        at = at.replace(
            minute=rng.randrange(60), second=rng.randrange(60), microsecond=rng.randrange(1_000) * 1_000
        )
        at -= timedelta(hours=1)
        if scene.workshop and turn % 3 == 2:
            _finished_work(scene, at, scene.workshop)
        else:
            _finished_request(scene, at, rated=turn % 4 == 0)


def _finished_request(scene: Scene, at: datetime, *, rated: bool) -> None:
    rng, who, agent = scene.rng, scene.rng.choice(scene.speakers), scene.supporter()
    kind = rng.choice(("Incident", "Service Request", "Service Request", "Change"))
    issue = scene.issue(scene.desk, kind, rng.choice(subjects(scene)), at, who)
    issue.priority = rng.choice(("High", "Medium", "Medium", "Low"))
    at = after_business_hours(at, rng.uniform(0.3, 7))
    issue.assign(at, agent, agent)
    issue.step(at + timedelta(minutes=2), agent, "In Progress")
    issue.promise(at + timedelta(minutes=3), agent, (at + timedelta(days=rng.randint(4, 12))).date())
    at = issue.comment(at + timedelta(minutes=9), agent, rng.choice(_ANSWERS))
    if rng.random() < 0.4:
        at = after_business_hours(at, rng.uniform(1, 5))
        issue.step(at, agent, "Waiting for customer")
        at = issue.comment(after_business_hours(at, rng.uniform(1, 10)), who, "Here is what you asked for.")
        issue.step(at + timedelta(minutes=1), agent, "In Progress")
    at = after_business_hours(at, rng.uniform(1, 20))
    issue.comment(at, agent, _ANSWERS[-1])
    issue.step(at + timedelta(minutes=4), agent, "Resolved")
    if rng.random() < 0.6:
        at = after_business_hours(at, rng.uniform(1, 12))
        issue.comment(at, who, "Thank you, that works.")
        issue.step(at + timedelta(minutes=3), agent, "Closed")
    if rated:
        issue.rating = (rng.choice((3, 4, 4, 5, 5)), at)
        issue.updated = max(issue.updated, at)


def _finished_work(scene: Scene, at: datetime, workshop: Project) -> None:
    rng, developer, lead = scene.rng, scene.developer(), scene.company.staff["shah"]
    issue = scene.issue(workshop, rng.choice(("Story", "Bug", "Task")), rng.choice(_WORK), at, lead)
    issue.assign(at + timedelta(minutes=20), lead, developer)
    at = after_business_hours(at, rng.uniform(2, 16))
    issue.step(at, developer, "In Progress")
    at = after_business_hours(at, rng.uniform(6, 24))
    issue.original_seconds, issue.remaining_seconds = 8 * 3_600, 0
    issue.log(at, developer, rng.choice((5, 6, 7, 8)))
    issue.step(at + timedelta(minutes=2), developer, "In Review")
    at = after_business_hours(at, rng.uniform(1, 8))
    issue.comment(at, lead, "Reviewed.")
    issue.step(at, lead, "Done")


def open_issues(scene: Scene) -> None:
    life, rng = scene.life, scene.rng
    speakers, texts = scene.speakers, subjects(scene)
    for turn, hours in enumerate(life.unanswered):
        scene.ask(
            texts[(turn * 5 + len(scene.firm.name)) % len(texts)],
            waiting_hours=hours,
            by=speakers[turn % len(speakers)],
            question=_QUESTIONS[turn % len(_QUESTIONS)],
        )
    for turn in range(life.fresh):
        if scene.workshop and turn % 2:
            _work_in_progress(scene, scene.workshop, turn)
            continue
        by, hours = speakers[turn % len(speakers)], rng.randint(14, 60)
        issue = scene.request(rng.choice(subjects(scene)), hours_ago=hours, by=by)
        issue.comment(scene.clock.business_ago(hours - 3), by, "Thank you. It concerns all of us.")
        issue.comment(
            scene.clock.business_ago(hours - 4.5), scene.supporter(), _ANSWERS[turn % len(_ANSWERS)]
        )
        if turn % 3 == 2:
            issue.step(scene.clock.business_ago(10), scene.supporter(), "Waiting for customer")
    for turn in range(life.overdue):
        overdue(scene, days=3 + 4 * turn, by=speakers[turn % len(speakers)])
    for turn in range(life.stuck):
        stuck(scene, days=17 + 6 * turn, by=speakers[turn % len(speakers)])
    for turn in range(life.p1):
        outage(scene, days=10 + 7 * turn, by=speakers[0])


def _work_in_progress(scene: Scene, workshop: Project, turn: int) -> None:
    lead, developer = scene.company.staff["shah"], scene.developer()
    issue = scene.issue(workshop, "Story", _WORK[turn % len(_WORK)], scene.clock.working(25), lead)
    issue.original_seconds, issue.remaining_seconds = 16 * 3_600, 9 * 3_600
    issue.assign(scene.clock.business_ago(40), lead, developer)
    issue.step(scene.clock.business_ago(38), developer, "In Progress")
    issue.log(scene.clock.business_ago(20), developer, 7)
    # A backlog item beside it: old and never started, which is no fault.
    scene.issue(workshop, "Story", _WORK[(turn + 3) % len(_WORK)], scene.clock.working(120), lead)


def overdue(scene: Scene, *, days: int, by: Customer, summary: str = "") -> Issue:
    """Promised for so many days ago, moved once already, still being worked on."""
    clock, agent = scene.clock, scene.supporter()
    issue = scene.issue(
        scene.desk, "Change", summary or scene.rng.choice(subjects(scene)), clock.working(days + 31), by
    )
    issue.assign(clock.working(days + 30), agent, agent)
    issue.comment(clock.working(days + 29), agent, "We will have this ready for you soon.")
    issue.promise(clock.working(days + 28), agent, clock.day(days + 9))
    issue.promise(clock.working(days + 10), agent, clock.day(days))
    issue.step(clock.business_ago(44), agent, "In Progress")
    return issue


def stuck(scene: Scene, *, days: int, by: Customer, summary: str = "") -> Issue:
    """Taken up so many days ago; since then nothing has moved."""
    clock, agent = scene.clock, scene.supporter()
    issue = scene.issue(
        scene.desk, "Incident", summary or scene.rng.choice(subjects(scene)), clock.working(days + 4), by
    )
    issue.comment(clock.working(days + 3.2), agent, "We are analysing this.")
    issue.assign(clock.working(days + 1), agent, agent)
    issue.step(clock.working(days), agent, "In Progress")
    return issue


def outage(
    scene: Scene, *, days: int, by: Customer, summary: str = "Nobody can sign in at one site"
) -> Issue:
    """Of the highest priority and open for so many days, though somebody is at it."""
    clock, agent = scene.clock, scene.supporter()
    issue = scene.issue(scene.desk, "Incident", summary, clock.working(days), by)
    issue.prioritise(clock.working(days - 0.2), agent, "Highest")
    issue.assign(clock.working(days - 0.3), agent, agent)
    issue.comment(clock.working(days - 0.4), agent, "Our engineers are working on it.")
    issue.step(clock.working(max(days - 1, 6)), agent, "In Progress")
    issue.step(clock.business_ago(26), agent, "Pending")
    issue.step(clock.business_ago(18), agent, "In Progress")
    return issue
