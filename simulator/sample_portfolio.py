"""Lets two ordinary years pass for an account, as its `Life` says: contacts, requests, deals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from simulator.sample_business import business, courtship
from simulator.sample_issues import finished_issues, open_issues

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.sample_people import Customer
    from simulator.sample_scene import Scene

_TALKS: Final = (
    "Status of the roll-out",
    "Open points",
    "Next steps",
    "Training dates",
    "Renewal",
    "Wish list",
)
_MEETINGS: Final = (
    "Project meeting",
    "Planning of the next quarter",
    "Demo of the new release",
    "Service meeting",
)


def live(scene: Scene) -> None:
    life = scene.life
    scene.staff_up()
    if not scene.contacts:
        return
    _recent_contacts(scene)
    _past_contacts(scene)
    _own_tasks(scene)
    if scene.firm.in_house:
        finished_issues(scene)
        open_issues(scene)
    elif scene.firm.type is not None and scene.firm.type.startswith("Customer"):
        finished_issues(scene)
        open_issues(scene)
        if life.deals:
            business(scene)
    else:
        courtship(scene)


def touch(scene: Scene, at: datetime, who: Customer, turn: int) -> None:
    """One contact; its kind changes from turn to turn. Incoming mail is answered half an hour later."""
    rng, manager, org = scene.rng, scene.manager, scene.org
    aside = turn % 5 == 4  # logged on the person alone: the account follows from the contact
    match turn % 4:
        case 0:
            org.call(at, manager, who, f"Call: {rng.choice(_TALKS)}", by_contact_only=aside)
        case 1:
            org.email(at, manager, who, rng.choice(_TALKS), incoming=False)
        case 2:
            also = [each for each in scene.engaged if each is not who][:1] if turn % 8 == 2 else []
            place = "On-site" if turn % 16 == 2 else "Meeting"
            start = at - timedelta(hours=1)
            subject = rng.choice(_MEETINGS)
            org.meeting(
                start, manager, who.account_id, [who, *also], subject, Type=place, by_contact_only=aside
            )
        case _:
            thread, subject = org.thread(), rng.choice(_TALKS)
            org.email(at, manager, who, subject, incoming=True, thread=thread)
            org.email(
                at + timedelta(minutes=35), manager, who, f"Re: {subject}", incoming=False, thread=thread
            )


def _recent_contacts(scene: Scene) -> None:
    life = scene.life
    if life.last_touch is None:
        return
    if life.touches == 0:
        touch(scene, scene.clock.working(life.last_touch), scene.contacts[0], 0)
        return
    pace = (min(85, scene.firm.age_days - 12) - life.last_touch) / life.touches
    for turn in range(life.touches):
        at = scene.clock.working(life.last_touch + turn * pace)
        touch(scene, at, scene.engaged[turn % len(scene.engaged)], turn)


def _past_contacts(scene: Scene) -> None:
    life, rng = scene.life, scene.rng
    nearest = max(95, (life.last_touch or 0) + 12)
    farthest = min(720, scene.firm.age_days - 10)
    if farthest < nearest:
        return  # too young an account to have a past
    regulars = scene.contacts[: max(life.engaged, 1)]
    for turn in range(life.past):
        at = scene.clock.working(rng.uniform(nearest, farthest)).replace(hour=rng.randint(9, 16))
        at += timedelta(minutes=rng.randrange(60))
        if turn % 7 == 6:
            # Logged by hand, with a day and no minute; an e-mail filed as a Task alone.
            kind = "Email" if turn % 2 else "Call"
            scene.org.task(
                at,
                scene.manager,
                scene.account_id,
                regulars[turn % len(regulars)],
                f"{kind}: {rng.choice(_TALKS)}",
                date_only=True,
                TaskSubtype=kind,
                Type=kind,
                CallType="Outbound" if kind == "Call" else None,
            )
        else:
            touch(scene, at, regulars[turn % len(regulars)], turn)


def _own_tasks(scene: Scene) -> None:
    """To-dos of the account manager: one done, one planned. Neither is a contact with the customer."""
    clock, rng = scene.clock, scene.rng
    done = clock.working(rng.randint(2, 25))
    scene.org.task(done, scene.manager, scene.account_id, None, "Check contract data", Type="Other")
    if rng.random() < 0.4:
        at = clock.working(rng.randint(3, 12))
        due = clock.day(-rng.randint(2, 20))
        scene.org.task(
            at, scene.manager, scene.account_id, None, "Prepare renewal", done=False, due=due, Type="Other"
        )
