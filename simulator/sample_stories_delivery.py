"""What happens in the work itself: late answers, marks that customers give, Cases, and a web shop that slips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.sample_business import add_case, case_comment, contract, milestone, portal_user
from simulator.sample_clock import salesforce_stamp
from simulator.sample_issues import subjects
from simulator.sample_jira import HOUR
from simulator.sample_jira_site import Version
from simulator.sample_scene import BY_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulator.sample_jira import Issue
    from simulator.sample_people import Colleague
    from simulator.sample_scene import Scene


def late_answers(scene: Scene) -> None:
    """Bluewater: three requests waited twelve business hours for a first answer, of eight promised.

    The newest was also a call to the hotline: one trouble, an issue and a Case that it names.
    """
    clock = scene.clock
    for turn, hours in enumerate((60, 80, 100)):
        who, agent = scene.engaged[turn % len(scene.engaged)], scene.supporter()
        at = clock.business_ago(hours)
        issue = scene.issue(scene.desk, "Service Request", "Crew list is not up to date", at, who)
        issue.assign(clock.business_ago(hours - 11), agent, agent)
        issue.step(clock.business_ago(hours - 11.5), agent, "In Progress")
        issue.comment(clock.business_ago(hours - 12), agent, "Sorry for the delay, we are on it.")
        issue.step(clock.business_ago(hours - 30), agent, "Resolved")
        if turn == 0:
            case = add_case(scene, who, at, clock.business_ago(hours - 30), issue.summary)
            milestone(scene, case, answered=clock.business_ago(hours - 12))
            issue.case_number = case["CaseNumber"]


def question_in_a_case(scene: Scene) -> None:
    """Castellan: a Case that was escalated; its last public word is the customer's, from the portal."""
    clock, who, manager = scene.clock, scene.engaged[0], scene.manager.user_id
    case = add_case(scene, who, clock.business_ago(26), None, "Badges of two guards fail", escalated=True)
    milestone(scene, case, answered=clock.business_ago(25))
    reader = portal_user(scene, who, days=200)
    case_comment(scene, case, clock.business_ago(25), manager)
    case_comment(scene, case, clock.business_ago(10), reader)
    case_comment(scene, case, clock.business_ago(5), manager, public=False)


def they_owe_us(scene: Scene) -> None:
    """Terranova: a list of theirs is what everything waits for, for nearly four weeks; it was promised."""
    clock, who, agent = scene.clock, scene.engaged[0], scene.supporter()
    issue = scene.issue(scene.desk, "Change", "List of the new varieties", clock.working(33), who)
    issue.assign(clock.working(32.6), agent, agent)
    issue.comment(clock.working(32.5), agent, "We need the list in the form attached.")
    issue.promise(clock.working(32.4), agent, clock.day(5))
    issue.step(clock.working(25), agent, "Waiting for customer")


def rate(scene: Scene, *marks: int) -> None:
    """Requests that were solved, and what the customer thought of it."""
    clock = scene.clock
    for turn, mark in enumerate(marks):
        hours, who = 130 + 24 * turn, scene.speakers[turn % len(scene.speakers)]
        texts = subjects(scene)
        issue = scene.request(texts[turn % len(texts)], hours_ago=hours, by=who)
        issue.step(clock.business_ago(hours - 8), scene.supporter(), "Resolved")
        issue.rating = (mark, clock.business_ago(hours - 12))
        issue.updated = max(issue.updated, issue.rating[1])


def survey(scene: Scene, *marks: int) -> None:
    """What contacts answered on the vendor's own form."""
    for turn, mark in enumerate(marks):
        at = scene.clock.working(30 + 35 * turn)
        who = scene.contacts[turn % len(scene.contacts)]
        scene.org.add(
            "Customer_Survey__c",
            at,
            Account__c=scene.account_id,
            Answered_At__c=salesforce_stamp(at),
            Case__c=None,
            Contact__c=who.id,
            Name=f"Answer of {who.name}",
            Rating__c=float(mark),
        )


def web_shop_slips(scene: Scene) -> None:
    """Foxglove: three of four parts came late, one more was put off three times, the release broke three things,
    the checkout failed three times in a month, and half of the budgeted time has used up nine tenths of the hours.
    """
    clock, shop, lead = scene.clock, BY_KEY["FXW"], scene.company.staff["shah"]
    contract(scene, started=180, days=365, budget_hours=120)
    for turn, (created, due, done) in enumerate(
        ((160, 130, 124), (150, 120, 114), (140, 112, 106), (130, 100, 104))
    ):
        _part(scene, f"Part {turn + 1} of the web shop", created=created, due=due, done=done)
    slipping = scene.issue(shop, "Story", "Loyalty card at the till", clock.working(84), lead)
    slipping.promise(clock.working(83), lead, clock.day(60))
    for told, due in ((64, 46), (48, 18), (20, -10)):
        slipping.promise(clock.working(told), lead, clock.day(due))
    for days in (40, 30, 25):
        slipping.log(clock.working(days), scene.developer(), 4)
    slipping.step(clock.business_ago(12), scene.developer(), "In Progress")
    release = Version("10200", "Web shop 2.0", clock.day(40).isoformat(), released=True)
    for days, part in ((35, "Basket"), (20, "Search"), (6, "Vouchers")):
        bug = scene.issue(shop, "Bug", f"{part} is wrong since the release", clock.working(days), lead)
        bug.affects, bug.components = (release,), (part,)
        _solve(bug, scene.developer(), after=0.5, days=days)
    for days, decision in ((62, "scope-accepted"), (30, None), (20, None)):
        wish = scene.issue(shop, "Story", "An app for the couriers", clock.working(days), lead)
        wish.label(clock.working(days - 0.5), lead, "out-of-scope")
        if decision:
            wish.label(clock.working(days - 3), lead, decision)
    for days in (24, 15, 5):
        who = scene.engaged[0]
        failure = scene.issue(scene.desk, "Incident", "Checkout does not answer", clock.working(days), who)
        failure.components = ("Checkout",)
        agent = scene.supporter()
        failure.comment(clock.working(days - 0.2), agent, "We restart it and look for the cause.")
        _solve(failure, agent, after=0.3, days=days)


def within_estimate(scene: Scene) -> None:
    """Sunfield: a small epic that needs no more than was said, and hours that last for the contract."""
    clock, lead, developer = scene.clock, scene.company.staff["shah"], scene.developer()
    contract(scene, started=120, days=365, budget_hours=200)
    shop = BY_KEY["PROD"]
    epic = scene.issue(shop, "Epic", "Forecast for cloudy days", clock.working(70), lead)
    epic.step(clock.working(60), lead, "In Progress")
    epic.step(clock.working(10), lead, "In Review")
    part = scene.issue(shop, "Story", "Clouds from the satellite", clock.working(65), lead)
    part.parent = epic
    part.original_seconds, part.remaining_seconds = 40 * HOUR, 6 * HOUR
    part.assign(clock.working(40), lead, developer)
    part.step(clock.working(30), developer, "In Progress")
    for turn in range(4):
        part.log(clock.working(28 - 5 * turn), developer, 8)
    part.step(clock.business_ago(20), developer, "In Review")


def _part(scene: Scene, name: str, *, created: int, due: int, done: int) -> None:
    """24 hours of work; days count back from now, so a smaller `done` than `due` is late."""
    clock, lead, developer = scene.clock, scene.company.staff["shah"], scene.developer()
    issue = scene.issue(BY_KEY["FXW"], "Story", name, clock.working(created), lead)
    issue.promise(clock.working(created - 1), lead, clock.day(due))
    issue.assign(clock.working(created - 2), lead, developer)
    issue.step(clock.working(created - 3), developer, "In Progress")
    for turn in range(3):
        issue.log(clock.working(created - 6 - 4 * turn), developer, 8)
    issue.step(clock.working(done), developer, "Done")


def _solve(issue: Issue, by: Colleague, *, after: float, days: float) -> None:
    status = "Resolved" if issue.project.is_service else "Done"
    issue.step(issue.clock.working(days - after), by, "In Progress")
    issue.step(issue.clock.working(days - after - 1), by, status)


# By the key of the firm.
TOLD_OF_DELIVERY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "Bluewater Marine": late_answers,
    "Castellan Security": question_in_a_case,
    "Falcon Couriers": lambda scene: survey(scene, 2, 3, 1),
    "Foxglove Pharmacies": web_shop_slips,
    "Terranova Seeds": they_owe_us,
    "Westgate University": lambda scene: rate(scene, 1, 2, 1, 2),
}
