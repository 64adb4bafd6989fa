"""The sample company's own departments, as its IT sees them: who they are and how they are doing.

They stand in the same org as the customers, under a record type of their own, and write to the IT service desk.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from simulator.sample_business import contract
from simulator.sample_firms import IN_HOUSE_TYPES, IT_DESK, SILENT, Firm, Life
from simulator.sample_issues import OFFERINGS, outage
from simulator.sample_people import INTERNAL_DOMAIN, Role
from simulator.sample_scene import BY_KEY
from simulator.sample_stories_delivery import rate
from simulator.sample_stories_growth import objective, plan, review, tell, value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulator.sample_scene import Scene

DEPARTMENT, DIVISION = IN_HOUSE_TYPES
RECORD_TYPE: Final = "Department"
_ORDINARY: Final = Life(
    people=3, engaged=2, last_touch=10, touches=6, past=10, fresh=1, finished=8, deals=False
)


def _part(name: str, life: Life, *cast: Role, owner: str = "vidal", parent: str | None = None) -> Firm:
    """Everybody has a name here, since all share one domain and no address may occur twice."""
    life = replace(life, people=len(cast))
    return Firm(name, INTERNAL_DOMAIN, owner, "Other", life, DEPARTMENT, parent=parent, cast=cast)


DEPARTMENTS: Final = (
    Firm("Operations Division", INTERNAL_DOMAIN, "osei", "Other",
         replace(_ORDINARY, people=1, engaged=1, touches=4, fresh=0, finished=0), DIVISION,
         cast=(Role("Gertrud", "Aalto", "Chief Operations Officer", "Management"),)),
    _part("Plant Graz", replace(_ORDINARY, p1=0, overdue=1),
          Role("Moritz", "Hinteregger", "Plant Manager", "Management"),
          Role("Livia", "Brunner", "Shift Lead", "Production"),
          Role("Tarek", "Nasser", "Head of Quality", "Quality"), owner="osei", parent="Operations Division"),
    _part("Plant Leeds", replace(_ORDINARY, engaged=0, last_touch=None, touches=0, past=0, fresh=0, finished=3),
          Role("Maureen", "Clegg", "Plant Manager", "Management"),
          Role("Ashok", "Pillai", "Planner", "Planning"), owner="osei", parent="Operations Division"),
    _part("Logistics", replace(_ORDINARY, last_touch=38, touches=3, stuck=2),
          Role("Bea", "Lorenz", "Head of Logistics", "Warehouse"),
          Role("Colm", "Doyle", "Dispatcher", "Dispatch"), owner="osei", parent="Operations Division"),
    _part("Human Resources", Life(people=4, engaged=4, last_touch=1, touches=24, past=20, fresh=2, finished=12,
                                  deals=False),
          Role("Simone", "Achard", "Head of Human Resources", "Management"),
          Role("Petra", "Novotna", "Recruiter", "Recruiting"),
          Role("Idris", "Bello", "Payroll Specialist", "Payroll"),
          Role("Hanne", "Vik", "Trainer", "Learning")),
    _part("Finance and Controlling", replace(_ORDINARY, unanswered=(20, 9), last_touch=26, touches=4),
          Role("Rolf", "Steiner", "Head of Finance", "Accounting"),
          Role("Yara", "Haddix", "Controller", "Controlling")),
    _part("Marketing", replace(_ORDINARY, fresh=0, finished=0),
          Role("Nuno", "Prado", "Head of Marketing", "Brand"),
          Role("Elsie", "Warner", "Web Editor", "Web")),
    _part("Sales Europe", replace(_ORDINARY, fresh=0, finished=4, last_touch=4, touches=9),
          Role("Viggo", "Dahl", "Head of Sales", "Field"),
          Role("Carla", "Mendes", "Inside Sales", "Back Office")),
    _part("Customer Care", replace(_ORDINARY, last_touch=17, touches=4),
          Role("Nell", "Forsyth", "Team Lead", "Phone"),
          Role("Jules", "Perrin", "Agent", "Chat")),
    _part("Legal Affairs", SILENT),
)  # fmt: skip


# For a config's `[identity.units]`, as for the customers.
IN_HOUSE_UNITS: Final = {
    "Human Resources": ("Learning", "Payroll", "Recruiting"),
    "Sales Europe": ("Back Office", "Field", "Partners"),
}


def outage_at_the_plant(scene: Scene) -> None:
    """Graz: the terminals on the shop floor are down for a week."""
    outage(scene, days=8, by=scene.contacts[0], summary="Terminals on the shop floor do not start")


def budget_runs_out(scene: Scene) -> None:
    """Marketing: half of the year has gone, and nine tenths of the hours that were agreed."""
    clock, desk, agent = scene.clock, BY_KEY[IT_DESK], scene.supporter()
    contract(scene, started=180, days=365, budget_hours=50)
    site = scene.issue(desk, "Change", "New pages for the campaign", clock.working(150), scene.contacts[0])
    site.comment(clock.working(149), agent, "We begin next week.")
    site.step(clock.working(148), agent, "In Progress")
    for turn in range(5):
        site.log(clock.working(140 - 22 * turn), agent, 8)
    site.log(clock.working(20), agent, 5)
    site.comment(clock.working(4), agent, "The pages are ready to be looked at.")
    site.step(clock.working(4), agent, "Waiting for customer")


def adopts_everything(scene: Scene) -> None:
    """Sales asked for something of every offering within a few weeks."""
    names = {offering: summary for summary, offering in OFFERINGS.items()}
    for turn, summary in enumerate(names.values()):
        hours, who = 60 + 12 * turn, scene.engaged[turn % 2]
        issue = scene.request(summary, hours_ago=hours, by=who)
        issue.step(scene.clock.business_ago(hours - 10), scene.supporter(), "Resolved")


def did_not_hold(scene: Scene) -> None:
    """Customer Care: two corrections came back within days."""
    clock, who = scene.clock, scene.engaged[0]
    for turn in range(2):
        agent = scene.supporter()
        issue = scene.request("Phone line crackles", hours_ago=90 + 10 * turn, by=who, type_name="Incident")
        issue.step(clock.business_ago(70), agent, "Resolved")
        issue.step(clock.business_ago(40 - 8 * turn), who, "Waiting for support")
        issue.comment(clock.business_ago(36 - 8 * turn), agent, "We look deeper.")


def served_well(scene: Scene) -> None:
    """Human Resources: a plan for the year with work in it, a review last month, hours that last, good marks."""
    clock, agent = scene.clock, scene.supporter()
    row = plan(scene, "Hiring without paper", start=150, end=-215)
    objective(scene, row, "Contracts signed online", status="Completed", end=30)
    review(scene, days=28)
    head, recruiter = scene.contacts[:2]
    tell(scene, head, "Executive Sponsor")
    tell(scene, recruiter, "Champion", reference=80)
    value(scene, "A contract is signed within a day", amount=30_000, days=45, by=head.name)
    rate(scene, 5, 4, 5, 5)
    contract(scene, started=150, days=365, budget_hours=80)
    site = scene.issue(BY_KEY[IT_DESK], "Change", "Form for holidays fails", clock.working(100), recruiter)
    site.comment(clock.working(99), agent, "We begin this week.")
    site.step(clock.working(98), agent, "In Progress")
    for turn in range(3):
        site.log(clock.working(90 - 20 * turn), agent, 8)
    site.step(clock.working(40), agent, "Resolved")


# By the key of the firm.
TOLD_OF_DEPARTMENTS: Final[Mapping[str, Callable[[Scene], None]]] = {
    "Customer Care": did_not_hold,
    "Human Resources": served_well,
    "Marketing": budget_runs_out,
    "Plant Graz": outage_at_the_plant,
    "Sales Europe": adopts_everything,
}
