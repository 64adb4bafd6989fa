"""What a random company sells: amounts and their past, products, roles, plans, declared inputs, each now and then on an edge."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from measured import fields

if TYPE_CHECKING:
    import random

    from random_company import Scene

EDGES = (0, 1, 30, 59, 60, 61, 90, 91, 364, 365, 366, 729, 730, 731, 1094, 1095)
ROLES = ("Decision Maker", "executive sponsor", "Technical Buyer", "Champion", "Other")
STAGES = {
    "Prospecting": (False, False),
    "Negotiation": (False, False),
    "Closed Won": (True, True),
    "Closed Lost": (True, False),
}
STANDINGS = ("Vendor", "preferred", "Partner", "Friend", None)
SUBJECTS = ("QBR", "Quarterly review with Dana", "Lunch", "account REVIEW")


def enrich(scene: Scene, dice: random.Random) -> None:
    """Add to the company what it sells; `dice` are its own, so that all else stays as it was drawn."""
    _Seller(scene, dice).sell()


class _Seller:
    def __init__(self, scene: Scene, dice: random.Random) -> None:
        self.book, self.now, self.past = scene.book, scene.now, min(scene.as_of)
        self.dice = dice
        self.accounts = [each["Id"] for each in self.book.salesforce["Account"]]
        self.contacts = [each["Id"] for each in self.book.salesforce["Contact"]]

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def pick(self, values):
        return self.dice.choice(list(values))

    def day(self) -> date:
        at = self.pick((self.now, self.past)) - timedelta(days=self.pick(EDGES) * self.pick((1, 1, 1, -1)))
        return (at + timedelta(days=self.pick((0, 0, 1, -1)))).date()

    def maybe_day(self) -> date | None:
        return self.day() if self.chance(0.7) else None

    def moment(self) -> datetime:
        nudge = timedelta(seconds=self.pick((0, 1, -1)))
        at = self.pick((self.now, self.past)) - timedelta(days=self.pick(EDGES)) + nudge
        return min(at, self.now - timedelta(seconds=1))

    def amount(self) -> float | None:
        return self.pick((None, 0, 10.5, 99.99, 1000, 12345.67))

    def sell(self) -> None:
        self._fields()
        self._currencies()
        self._accounts()
        self._people()
        self._deals()
        self._plans()
        self._terms()
        for event in self.book.salesforce["Event"]:
            if event.get("Subject") == "Meeting" and self.chance(0.3):
                event["Subject"] = self.pick(SUBJECTS)

    def _fields(self) -> None:
        dates = ("Pulse_Date", "Mission_Date", "Last_Review", "SLA_Review")
        fields(self.book, "Account", Rapport_Pulse__c="double", Rapport_Target__c="double", Rapport_Standing__c="string",
               Rapport_Mission__c="string", CurrencyIsoCode="string", **{f"Rapport_{name}__c": "date" for name in dates})  # fmt: skip
        fields(
            self.book,
            "Contact",
            Rapport_Role__c="string",
            BuyerAttributes="string",
            Rapport_Reference_On__c="date",
        )
        fields(self.book, "Opportunity", Rapport_Competitor__c="string", Rapport_Inbound__c="boolean",
               Rapport_Objective__c="string", CurrencyIsoCode="string")  # fmt: skip
        fields(self.book, "Rapport_Value__c", Account__c="string", Outcome__c="string", Amount__c="double",
               CurrencyIsoCode="string", Confirmed_On__c="date")  # fmt: skip

    def _currencies(self) -> None:
        self.isos: tuple[str | None, ...] = (None,)
        self.book.salesforce["Organization"][0]["FiscalYearStartMonth"] = self.pick((1, 4, 12, None))
        if not self.chance(0.6):
            return
        self.isos = ("EUR", "USD", "USD", "CHF") if self.chance(0.5) else ("EUR", "USD")
        for iso, rate in (("USD", 1), ("EUR", 0.8)):
            self.book.add("CurrencyType", IsoCode=iso, ConversionRate=rate, IsCorporate=iso == "USD")
        if self.chance(0.6):
            middle = max(self.day(), date(2025, 6, 1))
            for starts, ends, rate in ((date(2025, 1, 1), middle, 0.5), (middle, date(9999, 12, 31), 0.25)):
                self.book.add(
                    "DatedConversionRate",
                    IsoCode="EUR",
                    StartDate=starts,
                    NextStartDate=ends,
                    ConversionRate=rate,
                )

    def _accounts(self) -> None:
        for account in self.book.salesforce["Account"]:
            iso = self.pick(self.isos)
            account |= {"CurrencyIsoCode": iso} if iso else {}
            if self.chance(0.5):
                account |= {
                    "Rapport_Pulse__c": self.pick((1, 3, 5, 6)),
                    "Rapport_Pulse_Date__c": _iso(self.maybe_day()),
                    "Rapport_Standing__c": self.pick(STANDINGS),
                    "Rapport_Mission__c": self.pick(("Grow", None)),
                    "Rapport_Mission_Date__c": _iso(self.maybe_day()),
                    "Rapport_Last_Review__c": _iso(self.maybe_day()),
                    "Rapport_SLA_Review__c": _iso(self.maybe_day()),
                    "Rapport_Target__c": self.pick((None, 0, 500, 20000)),
                }

    def _people(self) -> None:
        for contact in self.book.salesforce["Contact"]:
            if self.chance(0.3):
                contact["Rapport_Role__c"] = self.pick((*ROLES, "Champion;Decision Maker"))
            if self.chance(0.1):
                contact["BuyerAttributes"] = self.pick(ROLES)
            if self.chance(0.3):
                contact["Rapport_Reference_On__c"] = _iso(self.day())
        for _ in range(self.dice.randrange(4)):
            self.book.add(
                "AccountContactRelation", AccountId=self.pick(self.accounts), ContactId=self.pick(self.contacts),
                Roles=self.pick((None, "Decision Maker", "Technical Buyer;Champion")), IsActive=self.chance(0.8),
                IsDeleted=self.chance(0.1), CreatedDate=self.moment(),
            )  # fmt: skip

    def _deals(self) -> None:
        products = [
            self.book.add(
                "Product2", Name=name, Family=family, IsActive=self.chance(0.8), IsDeleted=self.chance(0.1)
            )
            for name, family in (("S", "Cloud"), ("L", "Cloud"), ("Tools", None), ("Care", ""))
            if self.chance(0.8)
        ]
        for _ in range(self.dice.randrange(16)):
            stage = self.pick((*STAGES, "Closed Won", "Closed Won"))
            deal = self.book.add(
                "Opportunity", Name="Sale", AccountId=self.pick(self.accounts), StageName=stage, IsClosed=STAGES[stage][0],
                IsWon=STAGES[stage][1], CloseDate=self.day(), CreatedDate=self.moment(),
            )  # fmt: skip
            if self.contacts and self.chance(0.6):
                self.book.add(
                    "OpportunityContactRole",
                    OpportunityId=deal,
                    ContactId=self.pick(self.contacts),
                    Role=self.pick((*ROLES, None)),
                )
        if self.chance(0.7):
            for name, (closed, won) in list(STAGES.items())[: self.dice.randrange(1, 5)]:
                self.book.add("OpportunityStage", ApiName=name, MasterLabel=name, IsClosed=closed, IsWon=won)
        for deal in self.book.salesforce["Opportunity"]:
            iso = self.pick(self.isos)
            deal |= {"CurrencyIsoCode": iso} if iso else {}
            deal |= {
                "Amount": self.amount(),
                "Type": self.pick(("Renewal", "renewal", "Other", None)),
                "Rapport_Competitor__c": self.pick((None, "Rival")),
                "Rapport_Inbound__c": self.chance(0.3),
                "LastStageChangeDate": _stamp(self.moment()) if self.chance(0.5) else None,
            }
            if self.chance(0.4):
                self._history(deal)
            for product in products:
                if self.chance(0.3):
                    self.book.add(
                        "OpportunityLineItem",
                        OpportunityId=deal["Id"],
                        Product2Id=product,
                        Quantity=1,
                        IsDeleted=self.chance(0.1),
                    )
        for asset in self.book.salesforce.get("Asset", []):
            asset["Product2Id"] = self.pick((*products, None))

    def _history(self, deal: dict) -> None:
        """Rows up to the present state, now and then without the first."""
        times = sorted(self.moment() for _ in range(self.dice.randrange(1, 4)))
        for at in times[self.pick((0, 0, 1)) :]:
            last = at == times[-1]
            self.book.add(
                "OpportunityHistory", OpportunityId=deal["Id"], CreatedDate=at,
                StageName=deal["StageName"] if last else self.pick((*STAGES, "A stage of old")),
                Amount=deal["Amount"] if last else self.amount(), CloseDate=deal["CloseDate"] if last else self.day(),
            )  # fmt: skip

    def _plans(self) -> None:
        if not self.chance(0.7):
            return
        goals = []
        for _ in range(self.dice.randrange(1, 6)):
            plan = self.book.add(
                "AccountPlan", AccountId=self.pick(self.accounts), Name="Plan", StartDate=self.maybe_day(), EndDate=self.maybe_day(),
                IsDeleted=self.chance(0.1), CreatedDate=self.moment(),
            )  # fmt: skip
            for _ in range(self.dice.randrange(4)):
                goals.append(
                    self.book.add("AccountPlanObjective", AccountPlanId=plan, Name="Goal", EndDate=self.maybe_day(),
                                  Status=self.pick(("Completed", "In Progress", None)), CreatedDate=self.moment())
                )  # fmt: skip
        for goal in goals:
            if self.chance(0.3):
                closed = self.chance(0.5)
                self.book.add("Task", WhatId=goal, Subject="Do it", IsClosed=closed, Status="x", CreatedDate=self.moment(),
                              CompletedDateTime=self.moment() if closed else None)  # fmt: skip
        for deal in self.book.salesforce["Opportunity"]:
            if goals and self.chance(0.4):
                deal["Rapport_Objective__c"] = self.pick(goals)

    def _terms(self) -> None:
        for contract in self.book.salesforce.get("Contract", []):
            contract["StartDate"] = _iso(self.day())
            if self.chance(0.6):
                days = self.pick((0, 1, 45, 89, 90, 91, 200))
                contract["EndDate"] = _iso((self.now + timedelta(days=days)).date())
        for _ in range(self.dice.randrange(4)):
            self.book.add(
                self.pick(("Entitlement", "ServiceContract")), AccountId=self.pick(self.accounts), Name="Gold",
                Status=self.pick(("Active", "Inactive")), StartDate=self.maybe_day(), EndDate=self.maybe_day(), CreatedDate=self.moment(),
            )  # fmt: skip
        for _ in range(self.dice.randrange(6)):
            self.book.add(
                "Rapport_Value__c", Account__c=self.pick(self.accounts), Outcome__c="Saved", Amount__c=self.amount(),
                Confirmed_On__c=self.maybe_day(), CurrencyIsoCode=self.pick(self.isos), CreatedDate=self.moment(),
            )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
