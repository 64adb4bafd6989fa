"""What account managers answer for beyond the daily work: growth, standing with the customer, plans and reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.sample_business import asset, contract, entitle
from simulator.sample_clock import salesforce_stamp
from simulator.sample_deals import ANALYTICS, CARE, CONNECT, PRODUCTS, SUITE, TRAINING, deal
from simulator.sample_stories_delivery import rate, within_estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from simulator.sample_people import Customer
    from simulator.sample_salesforce import Row
    from simulator.sample_scene import Scene


def shrinking(scene: Scene) -> None:
    """Larkspur: 100,000 the year before, 40,000 since; Finance has bought nothing for long; two open deals are stale.

    One issue is at work, of which the customer last heard six weeks ago.
    """
    clock, (vera, otto, mina) = scene.clock, scene.contacts
    name = scene.firm.name
    deal(scene, f"{name}: Suite", stage="Closed Won", amount=100_000, created=570, close=500, people=[otto])
    deal(scene, f"{name}: Care", stage="Closed Won", amount=40_000, created=110, close=40, product=CARE,
         people=[vera])  # fmt: skip
    deal(scene, f"{name}: Second mill", stage="Negotiation", amount=10_000, created=125, close=-30, moved=100,
         people=[vera])  # fmt: skip
    deal(scene, f"{name}: Figures", stage="Proposal", amount=10_000, created=70, close=12, product=ANALYTICS,
         people=[mina])  # fmt: skip
    deal(scene, f"{name}: Care for all mills", stage="Proposal", amount=50_000, created=30, close=_year_end(scene),
         product=CARE, people=[vera])  # fmt: skip
    asset(scene, SUITE, days=490)
    asset(scene, next(name for name, (_, sold) in PRODUCTS.items() if not sold), days=900, status="Obsolete")
    agent = scene.supporter()
    issue = scene.issue(scene.desk, "Change", "Colours of the catalogue", clock.working(60), vera)
    issue.comment(clock.working(45), agent, "The first colours are done.")
    issue.step(clock.working(44), agent, "In Progress")


def renewal_is_due(scene: Scene) -> None:
    """Brightwater: the contract ends in 60 days, and they know: the quarterly review was five weeks ago."""
    name = scene.firm.name
    deal(scene, f"{name}: Suite", stage="Closed Won", amount=60_000, created=340, close=300)
    contract(scene, started=300, days=360)
    entitle(scene, days=300, until=-60)
    review(scene, days=36)
    plan(scene, "Two plants", start=100, end=-265)


def good_standing(scene: Scene) -> None:
    """Castor, who pay in pounds: a partner. Two champions, a sponsor met three weeks ago, value they confirmed."""
    jonah, ada, lena = scene.contacts
    name, pounds, rival = scene.firm.name, "GBP", "Rivalsoft"
    deal(scene, f"{name}: Fleet", stage="Closed Won", amount=85_000, created=160, close=100, people=[jonah, ada],
         currency=pounds, Rapport_Competitor__c=rival, Rapport_Inbound__c=True)  # fmt: skip
    deal(scene, f"{name}: Ports", stage="Closed Won", amount=17_000, created=150, close=80, product=CONNECT,
         people=[lena], currency=pounds, Rapport_Competitor__c=rival, Rapport_Inbound__c=True)  # fmt: skip
    deal(scene, f"{name}: Payroll", stage="Closed Lost", amount=20_000, created=130, close=60, product=ANALYTICS,
         people=[ada], currency=pounds, Rapport_Competitor__c=rival, Rapport_Inbound__c=False)  # fmt: skip
    deal(scene, f"{name}: Training", stage="Proposal", amount=34_000, created=30, close=-50, product=TRAINING,
         people=[jonah], currency=pounds, Rapport_Inbound__c=False)  # fmt: skip
    scene.org.call(scene.clock.working(20), scene.manager, ada, "Call: the year ahead")
    tell(scene, jonah, "Champion", reference=50)
    tell(scene, ada, "Executive Sponsor", reference=500)
    tell(scene, lena, "Champion", reference=200)
    scene.relate(lena, roles="Technical Buyer;Business User")
    value(scene, "Ships leave port two hours earlier", amount=120_000, days=30, by="Ada Lovell")
    value(scene, "One clerk fewer at night", amount=50_000, days=400, by="Jonah Pike")
    value(scene, "Fewer demurrage claims", amount=70_000, days=None, by=None)
    service_contract(scene, days=140)


def overdue_plan(scene: Scene) -> None:
    """Elmsworth: a plan with four objectives; two are overdue, two have no action, one is done; a mission of old."""
    name = scene.firm.name
    row = plan(scene, "Grow with the second plant", start=200, end=-165)
    second = objective(scene, row, "Second plant on the suite", status="In Progress", end=30)
    objective(scene, row, "Training of the night shift", status="Not Started", end=10)
    objective(scene, row, "Pilot of the figures", status="In Progress", end=-60)
    objective(scene, row, "Care plan renewed", status="Completed", end=40)
    deal(scene, f"{name}: Second plant", stage="Negotiation", amount=45_000, created=50, close=-40,
         Rapport_Objective__c=second["Id"])  # fmt: skip
    deal(scene, f"{name}: Labels", stage="Proposal", amount=8_000, created=40, close=-30, product=CONNECT)


def expired_plan(scene: Scene) -> None:
    """Nordwind had a plan until last month; the contract with its hours goes on."""
    plan(scene, "Fleet portal", start=395, end=30)
    contract(scene, started=90, days=365, budget_hours=600)


def migration_has_a_budget(scene: Scene) -> None:
    """Acme: the hours of the migration are agreed."""
    contract(scene, started=150, days=365, budget_hours=400)


def beaten(scene: Scene) -> None:
    """Two everyday customers: one deal was lost to a rival, another came by itself."""
    name = scene.firm.name
    deal(scene, f"{name}: Night shift", stage="Closed Lost", amount=25_000, created=170, close=110,
         product=ANALYTICS, Rapport_Competitor__c="Rivalsoft", Rapport_Inbound__c=False)  # fmt: skip
    deal(scene, f"{name}: Second site", stage="Proposal", amount=30_000, created=35, close=-45,
         Rapport_Inbound__c=True)  # fmt: skip


def bailing_out(scene: Scene) -> None:
    """Borealis: he who fell silent was their only champion."""
    tell(scene, scene.person("Mikael Strand"), "Champion")


def sponsored(scene: Scene) -> None:
    """Vantage: a sponsor in Finance, and a plan with a deal for its one objective."""
    carmen, name = scene.person("Carmen Ibáñez"), scene.firm.name
    tell(scene, carmen, "Executive Sponsor", reference=150)
    row = plan(scene, "One till for all brands", start=60, end=-305)
    goal = objective(scene, row, "Tills of the outlets", status="In Progress", end=-120)
    deal(scene, f"{name}: Outlets", stage="Proposal", amount=38_000, created=30, close=-80, people=[carmen],
         Rapport_Objective__c=goal["Id"])  # fmt: skip


def all_is_well(scene: Scene) -> None:
    """Sunfield: it grows, it plans, it says what it gained; whatever can be asked has a good answer."""
    clock, ruth = scene.clock, scene.person("Ruth Castellanos")
    name = scene.firm.name
    row = plan(scene, "One platform for all plants", start=120, end=-245)
    goal = objective(scene, row, "Grid on the platform", status="In Progress", end=-90)
    objective(scene, row, "Solar on the platform", status="Completed", end=20)
    deal(scene, f"{name}: Platform", stage="Closed Won", amount=240_000, created=150, close=95, people=[ruth],
         Rapport_Competitor__c="Rivalsoft", Rapport_Inbound__c=True)  # fmt: skip
    deal(scene, f"{name}: Grid", stage="Negotiation", amount=180_000, created=45, close=_year_end(scene), product=ANALYTICS,
         people=[ruth], Rapport_Inbound__c=True, Rapport_Objective__c=goal["Id"])  # fmt: skip
    for each in scene.org.tables["Opportunity"]:
        if each["AccountId"] == scene.account_id and not each["IsClosed"]:
            each["Rapport_Objective__c"] = goal["Id"]
    for product in (ANALYTICS, CONNECT, TRAINING, CARE):
        asset(scene, product, days=200)
    tell(scene, ruth, "Executive Sponsor", reference=70)
    tell(scene, scene.person("Ben Achterberg"), "Champion", reference=110)
    tell(scene, scene.person("Omar Haddad"), "Champion")
    scene.relate(scene.person("Dario Conti"), roles="Technical Buyer")
    value(scene, "Forecast error down by a third", amount=180_000, days=35, by=ruth.name)
    service_contract(scene, days=200)
    review(scene, days=30)
    rate(scene, 5, 5, 5, 4, 5)
    within_estimate(scene)
    scene.org.meeting(
        clock.ahead(6), scene.manager, scene.account_id, [ruth], "Quarterly review", booked=clock.working(3)
    )


def well_kept(scene: Scene) -> None:
    """Everyday customers whose account manager does the homework: a plan, a champion, a sponsor, a review."""
    row = plan(scene, f"The year with {scene.firm.name}", start=130, end=-235)
    goal = objective(scene, row, "One more unit", status="In Progress", end=-100)
    for each in scene.org.tables["Opportunity"]:
        if each["AccountId"] == scene.account_id and not each["IsClosed"]:
            each["Rapport_Objective__c"] = goal["Id"]
    tell(scene, scene.speakers[0], "Champion", reference=120)
    if len(scene.speakers) > 1:
        tell(scene, scene.speakers[1], "Executive Sponsor")
    value(scene, "Half a day less for each month end", amount=25_000, days=150, by=scene.speakers[0].name)


def _year_end(scene: Scene) -> int:
    """The last day of the year as days ago, so ahead: a deal that closes then closes this year on any day."""
    today = scene.clock.today
    return (today - today.replace(month=12, day=31)).days


# Records of governance and standing.


def plan(scene: Scene, name: str, *, start: int, end: int) -> Row:
    """A plan from so many days ago to so many days ago (negative: ahead)."""
    clock = scene.clock
    return scene.org.add(
        "AccountPlan",
        clock.ago(start + 3),
        by=scene.manager.user_id,
        AccountId=scene.account_id,
        EndDate=clock.day(end).isoformat(),
        Name=name,
        OwnerId=scene.manager.user_id,
        StartDate=clock.day(start).isoformat(),
        Status="Completed" if end > 0 else "Active",
    )


def objective(scene: Scene, of: Row, name: str, *, status: str, end: int) -> Row:
    return scene.org.add(
        "AccountPlanObjective",
        scene.clock.ago(90),
        by=scene.manager.user_id,
        AccountPlanId=of["Id"],
        Description=None,
        EndDate=scene.clock.day(end).isoformat(),
        Name=name,
        Status=status,
    )


def review(scene: Scene, *, days: int) -> None:
    who = scene.engaged[:2]
    scene.org.meeting(
        scene.clock.working(days),
        scene.manager,
        scene.account_id,
        who,
        f"Quarterly review with {scene.firm.name}",
    )


def tell(scene: Scene, who: Customer, role: str, *, reference: int | None = None) -> None:
    """What the account manager noted on a contact: the role, and when they last spoke for us."""
    row = next(row for row in scene.org.tables["Contact"] if row["Id"] == who.id)
    row["Rapport_Role__c"] = role
    if reference is not None:
        row["Rapport_Reference_On__c"] = scene.clock.day(reference).isoformat()


def value(scene: Scene, outcome: str, *, amount: int, days: int | None, by: str | None) -> None:
    """What the customer gained in their own words, and on which day they confirmed it."""
    facts: dict[str, Any] = {
        "Account__c": scene.account_id,
        "Amount__c": float(amount),
        "Confirmed_By__c": by,
        "Confirmed_On__c": None if days is None else scene.clock.day(days).isoformat(),
        "CurrencyIsoCode": "EUR",
        "Evidence_URL__c": "https://example.com/evidence",
        "Name": outcome[:80],
        "Outcome__c": outcome,
    }
    scene.org.add("Rapport_Value__c", scene.clock.ago((days or 9) + 2), by=scene.manager.user_id, **facts)


def service_contract(scene: Scene, *, days: int) -> None:
    clock = scene.clock
    scene.org.add(
        "ServiceContract",
        clock.ago(days),
        by=scene.manager.user_id,
        AccountId=scene.account_id,
        ActivationDate=salesforce_stamp(clock.ago(days)),
        EndDate=clock.day(days - 730).isoformat(),
        Name=f"Service of {scene.firm.name}",
        StartDate=clock.day(days).isoformat(),
        Status="Active",
    )


# By the key of the firm.
WELL_KEPT: Final = (
    *("Castellan Security", "Delta Fabrication", "Everhart Pharma", "Silverline Telecom", "Sunfield Grid"),
    *("Sunfield Solar", "Terranova Seeds", "Vantage Online"),
)
TOLD_OF_GROWTH: Final[Mapping[str, Callable[[Scene], None]]] = {
    "Acme GmbH": migration_has_a_budget,
    "Aurora Optics": beaten,
    "Borealis Logistics": bailing_out,
    "Brightwater Utilities": renewal_is_due,
    "Castor Shipping": good_standing,
    "Elmsworth Foods": overdue_plan,
    "Juniper Hotels": beaten,
    "Larkspur Textiles": shrinking,
    "Nordwind AG": expired_plan,
    "Sunfield Energy": all_is_well,
    "Vantage Retail Group": sponsored,
    **dict.fromkeys(WELL_KEPT, well_kept),
}
