"""What is sold: the price list, the stages, and deals with their products, their people and their history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from simulator.sample_clock import salesforce_stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from simulator.sample_clock import Clock
    from simulator.sample_people import Customer
    from simulator.sample_salesforce import Org, Row
    from simulator.sample_scene import Scene

HOME_CURRENCY: Final = "EUR"
# Pounds for a euro: since so many days ago. A year ago the pound was dearer.
POUND_RATES: Final = ((2_000, 0.80), (230, 0.85))
# name: family and whether it is still sold
PRODUCTS: Final = {
    "Example Suite": ("Suite", True),
    "Example Analytics": ("Analytics", True),
    "Example Connect": ("Integration", True),
    "Training days": ("Training", True),
    "Care plan": ("Support", True),
    "Example Classic": ("Classic", False),
}
SUITE, ANALYTICS, CONNECT, TRAINING, CARE = tuple(PRODUCTS)[:5]
# name: closed, won, probability
STAGES: Final = {
    "Qualification": (False, False, 20),
    "Proposal": (False, False, 50),
    "Negotiation": (False, False, 75),
    "Closed Won": (True, True, 100),
    "Closed Lost": (True, False, 0),
}


def open_shop(org: Org, clock: Clock) -> None:
    """Stages, products and rates, which all deals share."""
    opened = clock.ago(2_800)
    for order, (name, (closed, won, probability)) in enumerate(STAGES.items(), 1):
        org.add(
            "OpportunityStage",
            opened,
            ApiName=name,
            DefaultProbability=float(probability),
            IsActive=True,
            IsClosed=closed,
            IsWon=won,
            MasterLabel=name,
            SortOrder=order,
        )
    for name, (family, sold) in PRODUCTS.items():
        changed = None if sold else clock.ago(500)
        org.add("Product2", opened, modified=changed, Family=family, IsActive=sold, Name=name)
    for code, rate in ((HOME_CURRENCY, 1.0), ("GBP", POUND_RATES[-1][1])):
        org.add(
            "CurrencyType",
            opened,
            ConversionRate=rate,
            DecimalPlaces=2,
            IsActive=True,
            IsCorporate=code == HOME_CURRENCY,
            IsoCode=code,
        )
    for turn, (days, rate) in enumerate(POUND_RATES):
        until = clock.day(POUND_RATES[turn + 1][0]) if turn + 1 < len(POUND_RATES) else None
        org.add(
            "DatedConversionRate",
            clock.ago(days),
            ConversionRate=rate,
            IsoCode="GBP",
            NextStartDate=(until or clock.day(-36_500)).isoformat(),
            StartDate=clock.day(days).isoformat(),
        )
    for name in ("OpportunityStage", "CurrencyType", "DatedConversionRate"):
        for row in org.tables[name]:
            del row["IsDeleted"]  # these objects have no such field


def product_id(org: Org, name: str) -> str:
    return str(next(row["Id"] for row in org.tables["Product2"] if row["Name"] == name))


def deal(
    scene: Scene,
    name: str,
    *,
    stage: str,
    amount: int,
    created: float,
    close: int,
    product: str = SUITE,
    people: Sequence[Customer] | None = None,
    roles: Sequence[str] = ("Decision Maker", "Influencer"),
    moved: float | None = None,
    currency: str = HOME_CURRENCY,
    **fields: Any,
) -> Row:
    """A deal begun and to be closed so many days ago (negative: ahead); open ones reached their stage `moved` days
    ago, else half-way.
    """
    clock, org, who = scene.clock, scene.org, scene.speakers[:2] if people is None else people
    begun, day = clock.ago(created), clock.day(close)
    closed, won, probability = STAGES[stage]
    reached = _reached(clock, begun, day, closed=closed, moved=moved)
    row = org.add(
        "Opportunity",
        begun,
        by=scene.manager.user_id,
        modified=reached,
        AccountId=scene.account_id,
        Amount=float(amount),
        CloseDate=day.isoformat(),
        CurrencyIsoCode=currency,
        ForecastCategoryName="Closed" if won else "Omitted" if closed else "Pipeline",
        IsClosed=closed,
        IsWon=won,
        LastStageChangeDate=salesforce_stamp(reached),
        LeadSource="Existing customer",
        Name=name,
        OwnerId=scene.manager.user_id,
        Probability=float(probability),
        StageName=stage,
        **({"Type": "New Business"} | fields),
    )
    _history(org, row, begun, reached)
    org.add(
        "OpportunityLineItem",
        begun,
        by=scene.manager.user_id,
        OpportunityId=row["Id"],
        Product2Id=product_id(org, product),
        Quantity=1.0,
        TotalPrice=float(amount),
        UnitPrice=float(amount),
    )
    for person, role in zip(who, roles, strict=False):
        org.add(
            "OpportunityContactRole",
            begun,
            by=scene.manager.user_id,
            ContactId=person.id,
            IsPrimary=person is who[0],
            OpportunityId=row["Id"],
            Role=role,
        )
    return row


def _reached(clock: Clock, begun: datetime, close: date, *, closed: bool, moved: float | None) -> datetime:
    if moved is not None:
        return clock.ago(moved)
    if closed:
        ended = datetime.combine(close, datetime.min.time(), begun.tzinfo) + timedelta(hours=9)
        return max(begun, min(ended, clock.now))
    return begun + (clock.now - begun) / 2


def _history(org: Org, row: Row, begun: datetime, reached: datetime) -> None:
    """The values after each step, as OpportunityHistory keeps them; the amount was smaller when the deal began."""
    steps = [(begun, "Qualification", row["Amount"] * 0.8)]
    if STAGES[row["StageName"]][0]:
        steps.append((begun + (reached - begun) / 2, "Proposal", row["Amount"]))
    if row["StageName"] != "Qualification":
        steps.append((reached, row["StageName"], row["Amount"]))
    for at, stage, amount in steps:
        change = org.add(
            "OpportunityHistory",
            at,
            by=row["CreatedById"],
            Amount=amount,
            CloseDate=row["CloseDate"],
            OpportunityId=row["Id"],
            Probability=float(STAGES[stage][2]),
            StageName=stage,
        )
        del change["LastModifiedById"], change["LastModifiedDate"]
