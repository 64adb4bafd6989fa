"""What account managers know from their own book, told for one account each: the parts that a `Life` cannot
say.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from simulator.sample_business import add_case, case_comment, milestone
from simulator.sample_clock import salesforce_stamp
from simulator.sample_issues import outage
from simulator.sample_jira import HOUR
from simulator.sample_people import AUTOMATION
from simulator.sample_portfolio import touch
from simulator.sample_scene import BY_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulator.sample_scene import Scene


def two_questions_wait(scene: Scene) -> None:
    """Acme: the call with Dana Okafor was five weeks ago, her two questions wait, a meeting is only
    planned.

    "Billing migration" was estimated at 200 hours; 214 are spent and 80 remain. Paul Reinhardt of Legal is
    known, but nobody ever spoke to him. Two child units are in touch; the warehouse is a ship-to record and
    no unit.
    """
    clock, dana = scene.clock, scene.person("Dana Okafor")
    scene.org.call(clock.working(34), scene.manager, dana, "Call: cut-over date")
    scene.org.meeting(
        clock.ahead(1, hour=14),
        scene.manager,
        scene.account_id,
        [dana],
        "Cut-over planning",
        booked=clock.working(4),
    )
    first = scene.ask(
        "Which day is the cut-over?", waiting_hours=19, by=dana, question="Which day will it be?"
    )
    second = scene.ask("Who tests the invoices?", waiting_hours=6, by=dana, question="Whom shall I send?")
    first.wanted_number, second.wanted_number = 412, 398
    lead, epic_from = scene.company.staff["shah"], clock.working(150)
    project = BY_KEY["ABM"]
    epic = scene.issue(project, "Epic", "Billing migration", epic_from, lead)
    epic.step(clock.working(140), lead, "In Progress")
    # name: hours estimated, spent, remaining
    parts = {"Customer master": (80, 86, 0), "Open invoices": (70, 78, 0), "Dunning": (50, 50, 80)}
    for turn, (name, (estimated, spent, remaining)) in enumerate(parts.items()):
        developer = scene.developer()
        story = scene.issue(project, "Story", name, clock.working(145), lead)
        story.parent = epic
        story.original_seconds, story.remaining_seconds = estimated * HOUR, remaining * HOUR
        story.assign(clock.working(130), lead, developer)
        story.step(clock.working(120 - turn * 20), developer, "In Progress")
        for day in range(spent // 8):
            story.log(clock.working(118 - turn * 20 - day * 1.5), developer, 8)
        story.log(clock.working(100 - turn * 20), developer, spent % 8)
        if remaining:
            story.step(clock.working(8), developer, "In Review")
            story.step(clock.business_ago(30), developer, "In Progress")
        else:
            story.step(clock.working(90 - turn * 20), lead, "Done")


def champion_left(scene: Scene) -> None:
    """Borealis: two years of calls with Mikael Strand and hardly anybody else, then silence; his address
    bounces.
    """
    clock, mikael, aino = scene.clock, scene.person("Mikael Strand"), scene.person("Aino Virtanen")
    for turn, days in enumerate((63, 70, 79, 86, *range(98, 600, 14))):
        touch(scene, clock.working(days), mikael, turn)
    scene.org.call(clock.working(260), scene.manager, aino, "Call: invoice address")
    bounced = salesforce_stamp(clock.working(40))
    row = next(row for row in scene.org.tables["Contact"] if row["Id"] == mikael.id)
    row |= {"EmailBouncedDate": bounced, "LastModifiedDate": bounced, "SystemModstamp": bounced}


def band_set_by_hand(scene: Scene) -> None:
    """Nordwind: somebody typed Green into the band two days ago. One issue came over from another project."""
    clock, agent = scene.clock, scene.supporter()
    stamp = salesforce_stamp(clock.working(2))
    row = next(row for row in scene.org.tables["Account"] if row["Id"] == scene.account_id)
    row |= {"Rapport_Band__c": "Green", "LastModifiedDate": stamp, "SystemModstamp": stamp}
    row["LastModifiedById"] = scene.manager.user_id
    moved = scene.request("Turbine list is cut off", hours_ago=58, by=scene.engaged[0], type_name="Incident")
    moved.wanted_number = 190
    moved.moved_from(clock.business_ago(50), agent, BY_KEY["OPS"], 861)


def long_thread(scene: Scene) -> None:
    """Sunfield, where all is well: one lively request has more comments and steps than a page of the API
    holds.
    """
    clock, who, agent = scene.clock, scene.engaged[1], scene.supporter()
    issue = scene.request("Weekly fine-tuning of the forecast", hours_ago=500, by=who)
    for turn in range(60):
        at = clock.business_ago(480 - turn * 8)
        issue.comment(at, who, f"Reading of round {turn + 1} attached.")
        issue.step(at + timedelta(minutes=12), agent, "Waiting for support")
        issue.step(at + timedelta(minutes=25), agent, "In Progress")
        issue.comment(at + timedelta(minutes=30), agent, "Adjusted, please have a look.")


def outage_for_weeks(scene: Scene) -> None:
    """Harborview: an incident of the highest priority is open for 24 days; another was found to be less
    urgent.
    """
    outage(scene, days=24, by=scene.engaged[0], summary="Ward terminals freeze during rounds")
    calmed = scene.request(
        "Labels of samples are blurred", hours_ago=52, by=scene.engaged[1], type_name="Incident"
    )
    calmed.prioritise(scene.clock.business_ago(49), scene.supporter(), "Highest")
    calmed.prioritise(scene.clock.business_ago(44), scene.supporter(), "Medium")


def calls_not_returned(scene: Scene) -> None:
    """Kestrel: two missed calls and one e-mail of one person, none returned. A missed call is no contact."""
    clock, caller = scene.clock, scene.contacts[-1]
    for hours, how in ((42, "Missed"), (26, "Voicemail")):
        at = clock.business_ago(hours)
        scene.org.call(
            at,
            scene.manager,
            caller,
            "Missed call",
            inbound=True,
            done=False,
            due=at.date(),
            CallDisposition=how,
            CallDurationInSeconds=0,
        )
    scene.org.email(
        clock.business_ago(22), scene.manager, caller, "Please call me back", incoming=True, logged=False
    )


def escalating(scene: Scene) -> None:
    """Tallgrass: three questions wait, a request was raised to the highest priority and labelled an
    escalation.
    """
    clock, agent = scene.clock, scene.supporter()
    scene.account_value = "  tallgrass   foods "  # as somebody typed it
    issue = outage(scene, days=12, by=scene.engaged[0], summary="Orders of the plants are lost at night")
    issue.label(clock.business_ago(14), agent, "escalation")
    for turn, days in enumerate((2, 4, 5, 9)):
        who = scene.engaged[turn % 2]
        thread = scene.org.thread()
        scene.org.email(clock.working(days), scene.manager, who, "When?", incoming=True, thread=thread)


def reopened(scene: Scene) -> None:
    """Cobalt: three corrections did not hold, and one issue wanders from desk to desk."""
    clock, who = scene.clock, scene.engaged[0]
    for turn in range(3):
        agent = scene.supporter()
        issue = scene.request(
            "Shift plan is wrong again", hours_ago=120 + 16 * turn, by=who, type_name="Incident"
        )
        issue.step(clock.business_ago(80 + turn), agent, "Resolved")
        issue.step(clock.business_ago(50 - 9 * turn), who, "Waiting for support")
        issue.comment(clock.business_ago(48 - 9 * turn), agent, "We have opened it again and look deeper.")
    wandering = scene.request("Weighbridge shows zero", hours_ago=70, by=who)
    for turn, key in enumerate(("lund", "braun", "petrov", "mbeki", "lund")):
        wandering.assign(clock.business_ago(60 - 9 * turn), AUTOMATION, scene.company.staff[key])


def hidden_incident(scene: Scene) -> None:
    """Ironbridge: beside four overdue changes there is an outage under a security level that is nobody's to
    count.
    """
    issue = outage(scene, days=15, by=scene.engaged[0], summary="Investigation of a data leak")
    issue.security = "Internal only"


def whispered_answer(scene: Scene) -> None:
    """Orchard Street: the question was answered in an internal note, a restricted one and by a robot: not
    at all.
    """
    clock, who, agent = scene.clock, scene.engaged[0], scene.supporter()
    issue = scene.ask("Statement of royalties", waiting_hours=17, by=who, question="When do we get it?")
    issue.comment(clock.business_ago(15), agent, "Finance has it since yesterday.", public=False)
    issue.comment(clock.business_ago(13), agent, "Do not promise a date yet.", role="Service Desk Team")
    issue.comment(clock.business_ago(9), AUTOMATION, "This request is still being worked on.")


def noise(scene: Scene) -> None:
    """Zephyr: nobody spoke to them for seven weeks, though the record is full of what only looks like
    contact.

    Automatic replies, a private appointment, another user's copy of an old meeting, a draft, a mailing, an
    e-mail of a case, a series master, a deleted call and a planned call.
    """
    clock, org, manager, who = scene.clock, scene.org, scene.manager, scene.engaged[0]
    org.email(clock.working(3), manager, who, "Automatic reply: Next steps", incoming=True)
    org.email(clock.working(8), manager, who, "Abwesenheit: Next steps", incoming=True)
    org.email(
        clock.working(9),
        manager,
        who,
        "Re: Newsletter",
        incoming=True,
        Headers="Auto-Submitted: auto-replied",
    )
    org.email(clock.working(4), manager, who, "Offer", incoming=False, logged=False, Status="5")
    org.meeting(clock.working(5), manager, scene.account_id, [who], "Private appointment", IsPrivate=True)
    org.meeting(clock.working(6), manager, scene.account_id, [who], "Weekly call (series)", IsRecurrence=True)
    org.task(
        clock.working(7),
        manager,
        scene.account_id,
        who,
        "Mailing: release",
        TaskSubtype="ListEmail",
        Type="Email",
    )
    deleted = org.call(clock.working(2), manager, who, "Call: logged on the wrong account")
    deleted["IsDeleted"] = True
    org.call(clock.working(1), manager, who, "Call: catch up", done=False, due=clock.day(-2))
    real = org.meeting(clock.working(66), manager, scene.account_id, [who], "Project meeting")
    org.copy_for(real, scene.company.staff["carver"])
    opened = clock.working(11)
    case = add_case(scene, who, opened, clock.working(4), "Login of one crew member")
    milestone(scene, case, answered=opened)
    case_comment(scene, case, opened, manager.user_id)
    org.email(
        clock.working(9.5),
        manager,
        who,
        "Your case",
        incoming=False,
        logged=False,
        ParentId=case["Id"],
        RelatedToId=case["Id"],
    )


def only_planned(scene: Scene) -> None:
    """Copperfield: a meeting next week is booked, but eleven weeks have passed since the last word."""
    clock = scene.clock
    scene.org.meeting(
        clock.ahead(5), scene.manager, scene.account_id, scene.engaged, "Fresh start", booked=clock.working(2)
    )


def archived(scene: Scene) -> None:
    """Old Mill: the last call is more than a year old, so plain queries no longer see it; a newer one was
    deleted.
    """
    row = scene.org.call(scene.clock.working(120), scene.manager, scene.contacts[0], "Call: wrong number")
    row["IsDeleted"] = True


def waiting_for_them(scene: Scene) -> None:
    """Everhart: their last words were questions, but one request waits for them and the other was
    answered.
    """
    clock, who, agent = scene.clock, scene.engaged[0], scene.supporter()
    first = scene.ask("Batch numbers", waiting_hours=20, by=who, question="Is this what you need?")
    first.step(clock.business_ago(18), agent, "Waiting for customer")
    second = scene.ask("Shelf life rule", waiting_hours=16, by=who, question="Does it apply to samples?")
    second.comment(clock.business_ago(12), agent, "No, samples are left out.")


def known_by_another_name(scene: Scene) -> None:
    """Silverline: two records were merged. Issues that name the lost one belong to the survivor."""
    lost = next(row for row in scene.org.tables["Account"] if row["MasterRecordId"] == scene.account_id)
    scene.account_value = lost["Id"]
    for turn in range(2):
        scene.request("SIM order stays pending", hours_ago=20 + 9 * turn, by=scene.engaged[turn])


def which_of_the_two(scene: Scene) -> None:
    """Delta Fabrication: two customers of one name, and an issue that gives nothing but the name."""
    scene.account_value = "Delta Fabrication"
    scene.request("Which plant is this for?", hours_ago=30, by=scene.engaged[0])


def relieved_owner(scene: Scene) -> None:
    """Granite Peak: the owner has left the company, the manager inherits; the account team names a
    successor.
    """
    scene.org.add(
        "AccountTeamMember",
        scene.clock.ago(20),
        AccountId=scene.account_id,
        UserId=scene.company.staff["nwosu"].user_id,
        TeamMemberRole="Account Manager",
    )


# By the key of the firm.
TOLD: Final[Mapping[str, Callable[[Scene], None]]] = {
    "Acme GmbH": two_questions_wait,
    "Borealis Logistics": champion_left,
    "Cobalt Mining": reopened,
    "Copperfield Media": only_planned,
    "Delta Fabrication": which_of_the_two,
    "Everhart Pharma": waiting_for_them,
    "Granite Peak Bank": relieved_owner,
    "Harborview Clinics": outage_for_weeks,
    "Ironbridge Steel": hidden_incident,
    "Kestrel Insurance": calls_not_returned,
    "Nordwind AG": band_set_by_hand,
    "Old Mill Brewery": archived,
    "Orchard Street Books": whispered_answer,
    "Silverline Telecom": known_by_another_name,
    "Sunfield Energy": long_thread,
    "Tallgrass Foods": escalating,
    "Zephyr Airlines": noise,
}
