"""What people entered by hand about some accounts; everywhere else these fields are empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.sample_clock import Clock
    from simulator.sample_firms import Firm
    from simulator.sample_salesforce import Row


def _pulse(mark: int, days: int) -> dict[str, Any]:
    return {"Rapport_Pulse__c": mark, "Rapport_Pulse_Date__c": days}


def _mission(text: str, days: int) -> dict[str, Any]:
    return {"Rapport_Mission__c": text, "Rapport_Mission_Date__c": days}


def _kept(mark: int) -> dict[str, Any]:
    """Of an everyday customer whose account manager keeps the record."""
    return {
        **_pulse(mark, 40),
        **_mission("To be the supplier that nobody has to chase", 320),
        "Rapport_Last_Review__c": 70,
        "Rapport_SLA_Review__c": 120,
        "Rapport_Standing__c": "Preferred",
    }


# By the key of the firm; dates are days before now.
DECLARED: Final[Mapping[str, Mapping[str, Any]]] = {
    "Acme GmbH": {**_pulse(3, 20), "Rapport_Target__c": 250_000, "Rapport_Last_Review__c": 120},
    "Brightwater Utilities": {
        **_mission("Water that never stops, with half the night shifts", 400),
        "Rapport_SLA_Review__c": 64,
    },
    "Castor Shipping": {
        **_pulse(5, 12),
        **_mission("No ship waits for a paper", 300),
        "Rapport_CSAT__c": 4.5,
        "Rapport_CSAT_Date__c": 30,
        "Rapport_Last_Review__c": 80,
        "Rapport_Standing__c": "Partner",
        "Rapport_Target__c": 150_000,
    },
    "Copperfield Media": {**_pulse(2, 9), "Rapport_Standing__c": "Vendor"},
    "Elmsworth Foods": {
        **_pulse(4, 50),
        **_mission("One recipe book for all plants", 1_200),
        "Rapport_Last_Review__c": 200,
        "Rapport_Standing__c": "Preferred",
    },
    "Harborview Clinics": {**_pulse(2, 15), "Rapport_SLA_Review__c": 400},
    "Larkspur Textiles": {**_pulse(2, 30), "Rapport_Standing__c": "Vendor", "Rapport_Target__c": 200_000},
    "Nordwind AG": {**_mission("A turbine that reports itself", 500), "Rapport_Standing__c": "Preferred"},
    "Orchard Street Books": {"Rapport_CSAT__c": 3.5, "Rapport_CSAT_Date__c": 60},
    "Sunfield Energy": {
        **_pulse(5, 14),
        **_mission("Every plant sees tomorrow's sun", 200),
        "Rapport_CSAT__c": 4.8,
        "Rapport_CSAT_Date__c": 25,
        "Rapport_Last_Review__c": 30,
        "Rapport_SLA_Review__c": 50,
        "Rapport_Standing__c": "Partner",
        "Rapport_Target__c": 350_000,
    },
    "Vantage Retail Group": {
        "Rapport_CSAT__c": 4.0,
        "Rapport_CSAT_Date__c": 90,
        "Rapport_SLA_Review__c": 100,
    },
    "Zephyr Airlines": _pulse(3, 200),
    # Everyday customers.
    "Castellan Security": _kept(3),
    "Delta Fabrication": _kept(4),
    "Everhart Pharma": _kept(4),
    "Silverline Telecom": _kept(4),
    "Sunfield Grid": _kept(5),
    "Sunfield Solar": _kept(5),
    "Terranova Seeds": _kept(3),
    "Vantage Online": _kept(4),
    # Departments.
    "Finance and Controlling": {**_pulse(2, 18), "Rapport_Standing__c": "Vendor"},
    "Human Resources": {
        **_pulse(5, 11),
        **_mission("Nobody signs on paper any more", 250),
        "Rapport_Last_Review__c": 28,
        "Rapport_SLA_Review__c": 60,
        "Rapport_Standing__c": "Partner",
    },
    "Plant Graz": {**_pulse(3, 35), "Rapport_Standing__c": "Preferred"},
}


# The customers that are looked after most; of the others, those with a deal of their own are B.
TIER_A: Final = (
    *("Acme GmbH", "Castor Shipping", "Larkspur Textiles", "Nordwind AG", "Sunfield Energy"),
    "Vantage Retail Group",
)


def tier(firm: Firm) -> str | None:
    if firm.type is None or not firm.type.startswith("Customer"):
        return None
    return "A" if firm.key in TIER_A else "B" if firm.life.deals and not firm.parent else "C"


def declare(rows: Mapping[str, Row], clock: Clock) -> None:
    """Puts the entries on the accounts, by the key of the firm."""
    for key, entries in DECLARED.items():
        rows[key] |= {
            name: clock.day(entry).isoformat() if _is_date(name) else entry for name, entry in entries.items()
        }


def _is_date(name: str) -> bool:
    return name.endswith(("_Date__c", "_Review__c"))
