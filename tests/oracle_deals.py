"""Money, offerings, roles, plans and what people declared (definitions A3, D19, F30-F34), for preset vendor."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from oracle_service import contract_end
from oracle_words import day, instant, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oracle import Oracle

REQUIRED = ("decision maker", "executive sponsor", "technical buyer")
REVIEWS = ("quarterly review", "business review", "qbr", "account review")
STANDINGS = {"vendor": 1, "preferred": 2, "partner": 3}
OF_ACCOUNT = {"pulse": "Rapport_Pulse__c", "standing": "Rapport_Standing__c", "mission": "Rapport_Mission__c",
              "review": "Rapport_Last_Review__c", "sla": "Rapport_SLA_Review__c", "target": "Rapport_Target__c"}  # fmt: skip
CENT = Decimal("0.01")


@dataclass
class Deal:
    id: str
    account: str | None
    open: bool
    won: bool
    amount: Decimal | None  # None: its rate is missing
    closes: date
    created: datetime
    stage_since: datetime
    raw: dict


class Deals:
    """All that is sold, as it stood at the oracle's `as_of`."""

    def __init__(self, oracle: Oracle) -> None:
        self.o = oracle
        self.deals = [self._deal(raw) for raw in oracle.org["Opportunity"] if oracle._known(raw)]

    # -- deals as they stood ----------------------------------------------------------------------------------------

    def _deal(self, raw: dict) -> Deal:
        rows = sorted(
            (
                r
                for r in self.o.org["OpportunityHistory"]
                if short(r["OpportunityId"]) == short(raw["Id"]) and not r.get("IsDeleted")
            ),
            key=lambda r: (instant(r["CreatedDate"]), r["Id"]),
        )
        before = [r for r in rows if instant(r["CreatedDate"]) <= self.o.as_of]
        later = rows[len(before) :]
        moves = [instant(b["CreatedDate"]) for a, b in pairwise(before) if a["StageName"] != b["StageName"]]
        created = instant(raw["CreatedDate"])
        if later:
            state = before[-1] if before else later[0]
            closed, won = self._stage(state["StageName"])
            if not before and day(state["CloseDate"]) > self.o.today:
                closed = won = False
            since = max(moves, default=created)
        else:
            state, closed, won = raw, bool(raw.get("IsClosed")), bool(raw.get("IsWon"))
            since = instant(raw.get("LastStageChangeDate")) or max(moves, default=created)
        closes = day(state["CloseDate"])
        amount = self.money(state.get("Amount"), raw.get("CurrencyIsoCode"), closes)
        account = self.o.survivor(raw.get("AccountId"))
        return Deal(
            short(raw["Id"]), account, not closed, closed and won, amount, closes, created, since, raw
        )

    def _stage(self, name: str) -> tuple[bool, bool]:
        for stage in self.o.org["OpportunityStage"]:
            if name in (stage["ApiName"], stage["MasterLabel"]):
                return stage["IsClosed"], stage["IsWon"]
        same = [deal for deal in self.o.org["Opportunity"] if deal["StageName"] == name]
        return any(d.get("IsClosed") for d in same), any(d.get("IsWon") for d in same)

    def money(self, amount: float | None, iso: str | None, on: date) -> Decimal | None:
        if not amount:
            return Decimal(0)
        rate: Decimal | None = Decimal(1)
        if iso is not None:
            dated = [
                r["ConversionRate"]
                for r in self.o.org["DatedConversionRate"]
                if r["IsoCode"] == iso and day(r["StartDate"]) <= on < day(r["NextStartDate"])
            ]
            plain = [r["ConversionRate"] for r in self.o.org["CurrencyType"] if r["IsoCode"] == iso]
            rate = Decimal(str((dated or plain)[0])) if dated or plain else None
        return None if rate is None else (Decimal(str(amount)) / rate).quantize(CENT, ROUND_HALF_UP)

    # -- windows ----------------------------------------------------------------------------------------------------

    def ago(self, on: date) -> int:
        return (self.o.today - on).days

    def since(self, on: str | None) -> int | None:
        """Days since a date that is not ahead."""
        return None if on is None or self.ago(day(on)) < 0 else self.ago(day(on))

    def fiscal(self, on: date) -> bool:
        month = self.o.org["Organization"][0].get("FiscalYearStartMonth") or 1
        year = self.o.today.year - (self.o.today.month < month)
        return date(year, month, 1) <= on < date(year + 1, month, 1)

    def enough(self, accounts: Iterable[str | None]) -> bool:
        """D19: filled on 5 % of the managed accounts."""
        filled = set(accounts) & self.o.managed
        return bool(filled) and len(filled) * 20 >= len(self.o.managed)

    def declared(self, name: str) -> bool:
        field = OF_ACCOUNT[name]
        return self.enough(key for key, a in self.o.accounts.items() if a.get(field) not in (None, ""))


def metrics(oracle: Oracle, deals: Deals, account: str) -> dict[str, float | None]:
    return {
        **_money(oracle, deals, account),
        **_roles(oracle, deals, account),
        **_offerings(oracle, deals, account),
        **_declared(oracle, deals, account),
        **_plans(oracle, deals, account),
    }


def _total(amounts: list[Decimal | None]) -> float | None:
    return None if None in amounts else float(sum(amounts, Decimal(0)))


def _money(o: Oracle, d: Deals, account: str) -> dict[str, float | None]:
    own = [deal for deal in d.deals if deal.account == account]
    won = [deal for deal in own if deal.won]
    last = _total([deal.amount for deal in won if 0 <= d.ago(deal.closes) < 365])
    before = _total([deal.amount for deal in won if 365 <= d.ago(deal.closes) < 730])
    still = [deal for deal in own if deal.open]
    # An amount without a rate makes every figure over deals unknown that could hold it.
    priced = all(
        deal.amount is not None
        for deal in own
        if deal.open or (deal.won and (d.fiscal(deal.closes) or d.ago(deal.closes) < 365))
    )
    pipeline = _total([deal.amount for deal in still if d.fiscal(deal.closes)]) if priced else None
    this_year = (
        _total([x.amount for x in won if d.fiscal(x.closes) and d.ago(x.closes) >= 0]) if priced else None
    )
    target = None
    raw = o.accounts[account]
    if raw.get("Rapport_Target__c") is not None and d.declared("target"):
        target = d.money(raw["Rapport_Target__c"], raw.get("CurrencyIsoCode"), o.today)
    lacks = None if target is None or this_year is None else float(target) - this_year
    sixty = o.as_of - timedelta(days=60)
    ends = [
        -d.ago(contract_end(c))
        for c in o._own("Contract", account)
        if contract_end(c) and (c.get("ActivatedDate") or c.get("StatusCode") == "Activated")
    ]
    ahead = [days for days in ends if days > 0]
    contracts = bool(o.org["Contract"])
    year = [deal for deal in own if o._in_days(deal.created, None, 365)]
    fought = [
        x for x in own if not x.open and x.raw.get("Rapport_Competitor__c") and 0 <= d.ago(x.closes) < 365
    ]
    rivals = d.enough(x.account for x in d.deals if x.raw.get("Rapport_Competitor__c"))
    inbound = d.enough(x.account for x in d.deals if x.raw.get("Rapport_Inbound__c"))
    goals = [g for g in o.org["AccountPlanObjective"] if o._known(g)]
    used = goals or d.enough(x.account for x in d.deals if x.raw.get("Rapport_Objective__c"))
    return {
        "won_12m": last,
        "won_prior_12m": before,
        "growth_rate": (last - before) / before if last is not None and before else None,
        "open_pipeline": _total([deal.amount for deal in still]) if priced else None,
        "pipeline_this_year": pipeline,
        "won_this_year": this_year,
        "target_this_year": None if target is None else float(target),
        "pipeline_coverage": pipeline / lacks
        if pipeline is not None and lacks is not None and lacks > 0
        else None,
        "stale_opportunities": sum(d.ago(x.closes) > 0 or x.stage_since <= sixty for x in still),
        "renewals_90d": sum(days <= 90 for days in ahead) if contracts else None,
        "days_to_renewal": min(ahead, default=None),
        "inbound_opportunity_share": sum(bool(x.raw.get("Rapport_Inbound__c")) for x in year) / len(year)
        if year and inbound
        else None,
        "competitive_win_rate_12m": sum(x.won for x in fought) / len(fought) if fought and rivals else None,
        "orphan_opportunities": sum(not x.raw.get("Rapport_Objective__c") for x in still) if used else None,
    }


def _held(o: Oracle, d: Deals) -> set[tuple[str, str, str]]:
    """(account, person, role) of F32."""
    contacts = {short(c["Id"]): c for c in o.org["Contact"]}
    told = {key: contacts[key].get("Rapport_Role__c") for key in o.contacts}
    if not d.enough(o.contacts[key]["account"] for key, role in told.items() if role):
        told = {}
    found: set[tuple[str | None, str | None, str]] = set()
    for key, person in o.contacts.items():
        for text in (told.get(key), contacts[key].get("BuyerAttributes")):
            found |= {(person["account"], key, role) for role in _split(text)}
    for relation in o.org["AccountContactRelation"]:
        if o._known(relation) and relation.get("IsActive", True):
            place = (o.survivor(relation["AccountId"]), o._person(relation["ContactId"]))
            found |= {(*place, role) for role in _split(relation.get("Roles"))}
    live = {x.id: x.account for x in d.deals if x.open or 0 <= d.ago(x.closes) < 730}
    for each in o.org["OpportunityContactRole"]:
        if o._known(each) and short(each["OpportunityId"]) in live:
            place = (live[short(each["OpportunityId"])], o._person(each["ContactId"]))
            found |= {(*place, role) for role in _split(each.get("Role"))}
    return {each for each in found if each[0] and each[1]}  # type: ignore[misc]


def _split(text: str | None) -> set[str]:
    return {part.strip().casefold() for part in (text or "").split(";")} - {""}


def _roles(o: Oracle, d: Deals, account: str) -> dict[str, float | None]:
    every = _held(o, d)
    roles = {role for _, _, role in every}
    own = {(person, role) for key, person, role in every if key == account}
    sponsors = {person for person, role in own if role == "executive sponsor"}
    touched = [
        min(map(o._days_ago, rows)) for (_, _, who, _), rows in o._moments(account).items() if who & sponsors
    ]
    logged = any(row.accounts and o._recent([row]) for row in o.rows)
    age = (o.as_of - instant(o.accounts[account]["CreatedDate"])).days
    return {
        "missing_roles": len(set(REQUIRED) - {role for _, role in own}) if every else None,
        "champions": sum(role == "champion" for _, role in own) if "champion" in roles else None,
        "sponsor_touch_days": min(touched, default=age) if logged and "executive sponsor" in roles else None,
    }


def _offerings(o: Oracle, d: Deals, account: str) -> dict[str, float | None]:
    products = {short(p["Id"]): p.get("Family") or p["Name"] for p in o.org["Product2"]}
    known = {products[short(p["Id"])] for p in o.org["Product2"] if o._known(p) and p.get("IsActive")}
    lines: dict[str, set[str]] = defaultdict(set)
    for line in o.org["OpportunityLineItem"]:
        if o._known(line) and short(line.get("Product2Id")) in products:
            lines[short(line["OpportunityId"])].add(products[short(line["Product2Id"])])

    def installed(key: str) -> set[str]:
        rest = [a for a in o._own("Asset", key) if a.get("Status") != "Obsolete"]
        return {products.get(short(a.get("Product2Id")), a["Name"]) for a in rest}

    own = [x for x in d.deals if x.account == account]
    children, departments, _ = o._unit_parts(account)
    units, _, _ = o._units(account)
    of_children = [x for x in d.deals if any(x.account in keys for keys in children.values())]
    parties: dict[str, set[str]] = defaultdict(set)
    for role in o.org["OpportunityContactRole"]:
        if o._known(role):
            parties[short(role["OpportunityId"])].add(o._person(role["ContactId"]))
    seen = {x.id: x for x in [*own, *of_children]}.values()
    placed = {
        unit: [
            x
            for x in seen
            if x.account in children.get(unit, ()) or parties[x.id] & departments.get(unit, set())
        ]
        for unit in units
    }
    won = [x for x in seen if x.won]
    with_unit = {x.id for deals in placed.values() for x in deals if x.won}
    told = bool(units) and bool(won) and len(with_unit) * 10 >= len(won) * 3
    cells = sum(
        not any((x.won or x.open) and offering in lines[x.id] for x in placed[unit])
        and not any(offering in installed(child) for child in children.get(unit, ()))
        for unit in units
        for offering in known
    )
    lost = sum(
        any(x.won for x in deals)
        and not any(x.won and d.ago(x.closes) < 365 for x in deals)
        and not any(x.open for x in deals)
        for deals in placed.values()
    )
    sold = {offering for x in own if x.won for offering in lines[x.id]}
    visible = bool(o.org["Product2"])
    owning = visible and bool(o.org["OpportunityLineItem"] or o.org["Asset"])
    return {
        "offerings_known": len(known) if visible else None,
        "offerings_owned": len(sold | installed(account)) if owning else None,
        "whitespace_cells": cells if told and visible else None,
        "lost_units": lost,
    }


def _declared(o: Oracle, d: Deals, account: str) -> dict[str, float | None]:
    raw = o.accounts[account]
    age = (o.as_of - instant(raw["CreatedDate"])).days
    pulse, pulsed = raw.get("Rapport_Pulse__c"), raw.get("Rapport_Pulse_Date__c")
    valid = pulse is not None and 1 <= pulse <= 5 and (pulsed is None or d.since(pulsed) is not None)
    mission = d.since(raw.get("Rapport_Mission_Date__c")) if raw.get("Rapport_Mission__c") else None
    contacts = {short(c["Id"]): c.get("Rapport_Reference_On__c") for c in o.org["Contact"]}
    given = [d.since(contacts[key]) for key in o.contacts_of[account]]
    # Whether a field is filled is asked of today's contacts, known then or not.
    filled = (
        o.survivor(c.get("AccountId"))
        for c in o.org["Contact"]
        if c.get("Rapport_Reference_On__c") and not c.get("IsDeleted")
    )
    values = [
        (o.survivor(v["Account__c"]), d.since(v["Confirmed_On__c"]), d.money(v["Amount__c"], v.get("CurrencyIsoCode"), day(v["Confirmed_On__c"])))
        for v in o.org["Rapport_Value__c"]
        if o._known(v) and v["Confirmed_On__c"] and d.since(v["Confirmed_On__c"]) is not None
    ]  # fmt: skip
    values = [each for each in values if each[0]]
    own = [(ago, amount) for key, ago, amount in values if key == account]
    sla = d.since(raw.get("Rapport_SLA_Review__c"))
    return {
        "am_pulse": pulse if valid and d.declared("pulse") else None,
        "am_pulse_age_days": d.since(pulsed) if valid and d.declared("pulse") else None,
        "standing": STANDINGS.get((raw.get("Rapport_Standing__c") or "").casefold())
        if d.declared("standing")
        else None,
        "has_mission": int(mission is not None and mission < 1095) if d.declared("mission") else None,
        "days_since_sla_review": (age if sla is None else sla) if d.declared("sla") else None,
        "references_12m": sum(ago is not None and ago < 365 for ago in given) if d.enough(filled) else None,
        "value_confirmed_12m": _total([amount for ago, amount in own if ago < 365]) if values else None,
        "value_age_days": min((ago for ago, _ in own), default=age) if values else None,
    }


def _plans(o: Oracle, d: Deals, account: str) -> dict[str, float | None]:
    raw = o.accounts[account]
    age = (o.as_of - instant(raw["CreatedDate"])).days

    def covers(record: dict) -> bool:
        starts, ends = day(record.get("StartDate")), day(record.get("EndDate"))
        return (starts is None or starts <= o.today) and (ends is None or o.today <= ends)

    plans = [
        p for p in o._own("AccountPlan", account) if (p.get("StartDate") or p.get("EndDate")) and covers(p)
    ]
    ids = {short(p["Id"]) for p in plans}
    goals = [g for g in o.org["AccountPlanObjective"] if o._known(g) and short(g["AccountPlanId"]) in ids]
    due = [g for g in goals if (g.get("Status") or "").casefold() != "completed"]
    worked = {short(x.raw.get("Rapport_Objective__c")) for x in d.deals if x.open}
    for task in o.org["Task"]:
        done = instant(task.get("CompletedDateTime"))
        if o._known(task) and (not task.get("IsClosed") or (done is not None and done > o.as_of)):
            worked.add(short(task.get("WhatId")))
    terms = [
        t
        for name in ("Entitlement", "ServiceContract")
        for t in o._own(name, account)
        if covers(t) and (t.get("StartDate") or t.get("EndDate") or t["Status"] == "Active")
    ]
    logged = any(row.accounts and o._recent([row]) for row in o.rows)
    reviews = [
        o._days_ago(row)
        for row in o.rows
        if account in row.accounts and any(word in row.subject.casefold() for word in REVIEWS)
    ]
    last = d.since(raw.get("Rapport_Last_Review__c")) if d.declared("review") else None
    reviews += [] if last is None else [last]
    children, departments, _ = o._unit_parts(account)
    units, _, _ = o._units(account)
    nobody = sum(
        not departments.get(unit)
        and not any(o.contacts_of[child] for child in children.get(unit, ()))
        and not any(o._unit_parts(child)[1].get(unit) for keys in children.values() for child in keys)
        for unit in units
    )
    planned, aimed = bool(o.org["AccountPlan"]), bool(o.org["AccountPlanObjective"])
    promised = bool(o.org["Entitlement"] or o.org["ServiceContract"]) or o.has_slas()
    return {
        "has_owner": 1,
        "has_annual_plan": int(bool(plans)) if planned else None,
        "days_since_review": min(reviews, default=age) if logged or d.declared("review") else None,
        "overdue_objectives": sum(g["EndDate"] is not None and d.ago(day(g["EndDate"])) > 0 for g in due)
        if aimed
        else None,
        "objectives_without_action": sum(short(g["Id"]) not in worked for g in due) if aimed else None,
        "sla_in_place": int(bool(terms) or o.sla_ran(account)) if promised else None,
        "unit_contacts_missing": nobody,
    }
