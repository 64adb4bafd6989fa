"""The sample vendor's book of accounts as data: who they are, where their issues live, and how they are
doing.

Addresses use reserved names only. A `Life` says in numbers what the last 90 days were like; what a number
cannot say (a champion who left, a note nobody outside can read) is told in `sample_stories`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from simulator.sample_people import Role

if TYPE_CHECKING:
    from random import Random

# How an issue outside a project of the customer's own names its account.
Naming = Literal["organization", "id18", "id15", "name", "url"]
SUPPORT_DESK, PRODUCT, INTERNAL, IT_DESK = "SUP", "PROD", "OPS", "IT"
IN_HOUSE_TYPES: Final = ("Department", "Division")


@dataclass(frozen=True, slots=True)
class Life:
    """`last_touch` counts days; `unanswered` names each waiting question by its business hours.

    A `shared` life is that of many accounts, which differ a little from each other; a story's is exact.
    """

    people: int = 5
    engaged: int = 3
    last_touch: int | None = 5
    touches: int = 9
    past: int = 16
    unanswered: tuple[float, ...] = ()
    p1: int = 0
    overdue: int = 0
    stuck: int = 0
    fresh: int = 2
    finished: int = 12
    deals: bool = True
    shared: bool = False

    def varied(self, rng: Random) -> Life:
        if not self.shared or self.last_touch is None:
            return self
        return replace(
            self,
            people=self.people + rng.randint(0, 2),
            last_touch=self.last_touch + rng.randint(0, 2 + self.last_touch // 8),
            touches=self.touches + rng.randint(-1, 2) if self.touches > 2 else self.touches,
            past=self.past + rng.randint(-4, 6),
            unanswered=tuple(hours + rng.randint(-2, 6) / 2 for hours in self.unanswered),
            finished=self.finished + rng.randint(-3, 4),
        )


@dataclass(frozen=True, slots=True)
class Firm:
    """One account; `key` tells two accounts of one name apart."""

    name: str
    domain: str
    owner: str
    industry: str
    life: Life = field(default_factory=Life)
    type: str | None = "Customer - Direct"
    parent: str | None = None
    service: str | None = SUPPORT_DESK
    software: str | None = None
    naming: Naming = "organization"
    cast: tuple[Role, ...] = ()
    age_days: int = 1_100
    alias: str = ""

    @property
    def in_house(self) -> bool:
        """A part of the vendor's own organisation, served by its IT."""
        return self.type in IN_HOUSE_TYPES

    @property
    def key(self) -> str:
        return self.alias or self.name


# Lives that many share; under sensible scorecards they end up green, amber and red.
_SHARED: Final = Life(shared=True)
_CALM: Final = _SHARED
_BUSY: Final = replace(_SHARED, people=7, engaged=5, last_touch=3, touches=16, fresh=3, finished=18)
_STEADY: Final = replace(_SHARED, people=4, last_touch=9, touches=7, fresh=1)
_LIGHT: Final = replace(
    _SHARED, people=3, engaged=2, last_touch=12, touches=5, past=8, fresh=1, finished=6, deals=False
)
_THIN: Final = replace(
    _SHARED, people=4, engaged=2, last_touch=37, touches=3, unanswered=(16,), overdue=2, stuck=2
)
_SLIPPING: Final = replace(_SHARED, engaged=2, last_touch=46, touches=3, overdue=3, stuck=3)
_WAITING: Final = replace(
    _SHARED, people=4, engaged=2, last_touch=33, touches=3, unanswered=(19, 9), overdue=2, stuck=1
)
_FADING: Final = replace(
    _SHARED, people=4, engaged=1, last_touch=71, touches=1, past=20, unanswered=(27, 19), p1=1, overdue=3,
    stuck=3,
    fresh=1,
)  # fmt: skip
_COLD: Final = replace(
    _SHARED,
    people=3,
    engaged=0,
    last_touch=116,
    touches=0,
    past=12,
    unanswered=(24,),
    overdue=3,
    stuck=3,
    fresh=0,
)
SILENT: Final = Life(
    people=0, engaged=0, last_touch=None, touches=0, past=0, fresh=0, finished=0, deals=False
)  # not one record

_ACME = (
    Role("Dana", "Okafor", "Head of Operations", "Operations"),
    Role("Henrik", "Voss", "Chief Financial Officer", "Finance"),
    Role("Selma", "Aydin", "IT Manager", "IT"),
    Role("Paul", "Reinhardt", "General Counsel", "Legal"),
)
_BOREALIS = (
    Role("Mikael", "Strand", "Head of Logistics", "Logistics"),
    Role("Aino", "Virtanen", "Finance Manager", "Finance"),
    Role("Joonas", "Koski", "IT Specialist", "IT"),
)
_VANTAGE = (
    Role("Carmen", "Ibáñez", "Vice President Finance", "Finance"),
    Role("Theo", "Marchand", "IT Manager", "IT"),
    Role("Louisa", "Grant", "Store Systems Lead", "Store Operations"),
    Role("Derek", "Holt", "Head of Purchasing", "Purchasing"),
    Role("Nina", "Falk", "Buyer", "Purchasing Dept."),
)
_SUNFIELD = (
    Role("Ruth", "Castellanos", "Chief Executive Officer", "Management"),
    Role("Ben", "Achterberg", "Head of IT", "IT"),
    Role("Ivy", "Lindgren", "Finance Director", "Finance"),
    Role("Omar", "Haddad", "Plant Manager", "Operations"),
    Role("Sanna", "Ek", "Buyer", "Purchasing"),
    Role("Dario", "Conti", "System Administrator", "IT"),
)
_MERIDIAN = (
    Role("Agnes", "Bellamy", "Head of Operations", "Operations"),
    Role("Rafael", "Moreno", "IT Manager", "IT"),
    Role("Edith", "Szabo", "Controller", "Finance"),
)
_LARKSPUR = (
    Role("Vera", "Lindahl", "Head of Procurement", "Procurement"),
    Role("Otto", "Brenner", "Finance Manager", "Finance"),
    Role("Mina", "Sato", "Plant Engineer", "Production"),
)
_CASTOR = (
    Role("Jonah", "Pike", "Fleet Manager", "Fleet"),
    Role("Ada", "Lovell", "Chief Executive Officer", "Management"),
    Role("Lena", "Marsh", "Port Captain", "Ports"),
)
_FOXGLOVE = (
    Role("Iris", "Hallam", "Head of Web Shop", "E-Commerce"),
    Role("Gus", "Petersen", "Store Manager", "Stores"),
)

FIRMS: Final = (
    # The stories; what happens to them beyond their Life is told in sample_stories.
    Firm("Acme GmbH", "acme.example", "ferrari", "Manufacturing",
         Life(people=5, engaged=3, last_touch=41, touches=4, overdue=1, past=26, finished=22),
         service="ACME", software="ABM", cast=_ACME),
    Firm("Acme Austria GmbH", "austria.acme.example", "ferrari", "Manufacturing", _LIGHT, parent="Acme GmbH"),
    Firm("Acme Service GmbH", "service.acme.example", "ferrari", "Manufacturing", _SLIPPING,
         parent="Acme GmbH"),
    Firm("Borealis Logistics", "borealis.example", "halvorsen", "Transportation",
         Life(people=3, engaged=0, last_touch=None, touches=0, past=0, unanswered=(45, 30), overdue=3,
         stuck=3, fresh=1),
         service="BOR", cast=_BOREALIS),
    Firm("Nordwind AG", "nordwind.example", "tanaka", "Energy",
         Life(people=6, engaged=3, last_touch=33, touches=5, unanswered=(12,), overdue=3, stuck=3, past=22,
         finished=20),
         service="NORD", software="NWD"),
    Firm("Nordwind Offshore GmbH", "offshore.nordwind.example", "tanaka", "Energy", _THIN,
         parent="Nordwind AG"),
    Firm("Quiet Oak Ltd", "quietoak.example", "silva", "Retail", SILENT, service=None),
    Firm("Fernhill Dairy", "fernhill.example", "nwosu", "Food & Beverage", SILENT, service=None,
         age_days=640),
    Firm("Sunfield Energy", "sunfield.example", "raman", "Energy",
         Life(people=6, engaged=6, last_touch=1, touches=26, past=44, fresh=3, finished=30),
         service="SUN", software=PRODUCT, naming="id18", cast=_SUNFIELD),
    Firm("Sunfield Grid", "grid.sunfield.example", "raman", "Energy", _STEADY, parent="Sunfield Energy"),
    Firm("Sunfield Solar", "solar.sunfield.example", "raman", "Energy", _CALM, parent="Sunfield Energy"),
    Firm("Vantage Retail Group", "vantage.example", "silva", "Retail",
         Life(people=5, engaged=3, last_touch=8, touches=9, past=24), cast=_VANTAGE, software=PRODUCT,
         naming="name"),
    Firm("Vantage Online", "online.vantage.example", "silva", "Retail", _STEADY,
         parent="Vantage Retail Group"),
    Firm("Vantage Stores", "stores.vantage.example", "silva", "Retail", _SLIPPING,
         parent="Vantage Retail Group"),
    Firm("Meridian Rail", "meridian.example", "tanaka", "Transportation",
         Life(people=3, engaged=2, last_touch=14, touches=7, past=20), cast=_MERIDIAN, service="RAIL"),
    Firm("Meridian Cargo", "cargo.meridian.example", "tanaka", "Transportation", _LIGHT,
         parent="Meridian Rail"),
    Firm("Meridian Stations", "stations.meridian.example", "tanaka", "Transportation", _WAITING,
         parent="Meridian Rail"),
    Firm("Meridian Workshops", "workshops.meridian.example", "tanaka", "Transportation",
         Life(people=2, engaged=0, last_touch=None, touches=0, past=0, fresh=0, finished=4, deals=False),
         parent="Meridian Rail"),
    Firm("Harborview Clinics", "harborview.example", "nwosu", "Healthcare",
         Life(people=5, engaged=3, last_touch=6, touches=10, past=22, finished=20), service="HARB"),
    Firm("Harborview Laboratories", "labs.harborview.example", "nwosu", "Healthcare", _LIGHT,
         parent="Harborview Clinics"),
    Firm("Kestrel Insurance", "kestrel.example", "halvorsen", "Insurance",
         Life(people=4, engaged=2, last_touch=21, touches=5, unanswered=(34,), overdue=2, stuck=2),
         naming="id15",
         software=PRODUCT),
    Firm("Lindqvist & Sons", "lindqvist.example", "raman", "Construction",
         Life(people=4, engaged=1, last_touch=7, touches=10)),
    Firm("Tallgrass Foods", "tallgrass.example", "ferrari", "Food & Beverage",
         Life(people=5, engaged=2, last_touch=24, touches=5, unanswered=(45, 33, 12), overdue=4, stuck=3),
         naming="name"),
    Firm("Cobalt Mining", "cobalt.example", "silva", "Mining",
         Life(people=5, engaged=3, last_touch=26, touches=6, overdue=2, stuck=2), software=PRODUCT,
         naming="url"),
    Firm("Ironbridge Steel", "ironbridge.example", "tanaka", "Manufacturing",
         Life(people=4, engaged=2, last_touch=31, touches=4, overdue=4, stuck=1), naming="id18"),
    Firm("Pinecrest Housing", "pinecrest.example", "nwosu", "Real Estate",
         Life(people=4, engaged=2, last_touch=33, touches=4, overdue=1, stuck=5)),
    Firm("Orchard Street Books", "orchard.example", "halvorsen", "Media",
         Life(people=3, engaged=2, last_touch=11, touches=6, fresh=1)),
    Firm("Zephyr Airlines", "zephyr.example", "raman", "Transportation",
         Life(people=5, engaged=2, last_touch=52, touches=2, unanswered=(13,), overdue=1, stuck=1, fresh=1)),
    Firm("Copperfield Media", "copperfield.example", "nwosu", "Media",
         Life(people=4, engaged=1, last_touch=76, touches=1, unanswered=(15,), overdue=3, stuck=2)),
    Firm("Old Mill Brewery", "oldmill.example", "silva", "Food & Beverage",
         Life(people=3, engaged=0, last_touch=410, touches=0, past=10, unanswered=(21,), overdue=2, stuck=2,
         fresh=0, finished=5)),
    Firm("Silverline Telecom", "silverline.example", "tanaka", "Telecommunications", _STEADY, naming="id18"),
    Firm("Everhart Pharma", "everhart.example", "ferrari", "Healthcare", _CALM),
    Firm("Granite Peak Bank", "granite.example", "fischer", "Banking",
         Life(people=5, engaged=2, last_touch=48, touches=3, unanswered=(12,), overdue=1, stuck=2),
         naming="name"),
    Firm("Granite Peak Leasing", "leasing.granite.example", "fischer", "Banking", _FADING,
         parent="Granite Peak Bank"),
    Firm("Delta Fabrication", "delta.example", "halvorsen", "Manufacturing", _STEADY, naming="id18"),
    Firm("Delta Fabrication", "deltafab.example", "nwosu", "Manufacturing", _THIN, naming="id15",
         alias="Delta Fabrication of Leeds"),
    # Stories of growth, standing, governance and delivery.
    Firm("Larkspur Textiles", "larkspur.example", "raman", "Apparel",
         Life(people=3, engaged=1, last_touch=20, touches=2, past=14, fresh=0, finished=0, deals=False),
         cast=_LARKSPUR),
    Firm("Brightwater Utilities", "brightwater.example", "silva", "Utilities",
         Life(people=4, engaged=3, last_touch=9, touches=8, past=14, fresh=1, deals=False)),
    Firm("Castor Shipping", "castor.example", "halvorsen", "Shipping",
         Life(people=3, engaged=1, last_touch=6, touches=6, past=14, fresh=0, finished=0, deals=False),
         cast=_CASTOR),
    # No plan, no mission, no review, no service level; two of its units are known by name alone.
    Firm("Dunmore Ceramics", "dunmore.example", "nwosu", "Manufacturing",
         Life(people=2, engaged=1, last_touch=25, touches=2, past=6, fresh=0, finished=0, deals=False),
         service=None),
    Firm("Elmsworth Foods", "elmsworth.example", "ferrari", "Food & Beverage",
         Life(people=4, engaged=2, last_touch=15, touches=5, past=14, fresh=1, deals=False)),
    Firm("Foxglove Pharmacies", "foxglove.example", "tanaka", "Healthcare",
         Life(people=2, engaged=2, last_touch=12, touches=6, past=14, fresh=0, finished=0, deals=False),
         cast=_FOXGLOVE, software="FXW"),
    # Everyday customers.
    Firm("Aurora Optics", "aurora.example", "halvorsen", "Electronics", _BUSY, software=PRODUCT,
         naming="id18"),
    Firm("Bluewater Marine", "bluewater.example", "ferrari", "Shipping", _SLIPPING),
    Firm("Castellan Security", "castellan.example", "raman", "Technology", _CALM),
    Firm("Falcon Couriers", "falcon.example", "silva", "Transportation", _WAITING),
    Firm("Hazelwood Schools", "hazelwood.example", "tanaka", "Education", _COLD, naming="name"),
    Firm("Juniper Hotels", "juniper.example", "nwosu", "Hospitality", _BUSY, software=PRODUCT, naming="name"),
    Firm("Juniper Resorts", "resorts.juniper.example", "nwosu", "Hospitality", _THIN,
         parent="Juniper Hotels"),
    Firm("Maple & Birch Furniture", "maplebirch.example", "ferrari", "Retail", _FADING),
    Firm("Redstone Chemicals", "redstone.example", "halvorsen", "Chemicals", _WAITING, software=PRODUCT,
         naming="url"),
    Firm("Redstone Polymers", "polymers.redstone.example", "halvorsen", "Chemicals", _COLD,
         parent="Redstone Chemicals"),
    Firm("Summit Outdoor", "summit.example", "raman", "Retail", _FADING, naming="id15"),
    Firm("Terranova Seeds", "terranova.example", "silva", "Agriculture", _STEADY),
    Firm("Umbra Lighting", "umbra.example", "tanaka", "Electronics", _THIN),
    Firm("Westgate University", "westgate.example", "nwosu", "Education", _WAITING, naming="name"),
)  # fmt: skip

_COURTED = Life(people=2, engaged=1, last_touch=16, touches=3, past=2, fresh=0, finished=0, deals=False)
PROSPECTS: Final = (
    Firm("Arrowhead Games", "arrowhead.example", "halvorsen", "Media", _COURTED, "Prospect", age_days=200),
    Firm("Lumen Biotech", "lumen.example", "raman", "Healthcare", _COURTED, "Prospect", age_days=150),
    Firm("Ostrava Glass", "ostrava.example", "silva", "Manufacturing", _COURTED, "Prospect", age_days=320),
    Firm("Pelican Tours", "pelican.example", "nwosu", "Hospitality", SILENT, "Prospect", age_days=90),
    Firm("Quarry Lane Estates", "quarrylane.example", "house", "Real Estate", SILENT, None, age_days=400),
    Firm("Saffron Kitchens", "saffron.example", "ferrari", "Retail", _COURTED, "Prospect", age_days=60),
)

# Jira projects of one customer alone; a config links them by `[identity.projects]`.
PROJECT_ACCOUNTS: Final = {
    "ABM": "Acme GmbH",
    "ACME": "Acme GmbH",
    "BOR": "Borealis Logistics",
    "FXW": "Foxglove Pharmacies",
    "HARB": "Harborview Clinics",
    "NORD": "Nordwind AG",
    "NWD": "Nordwind AG",
    "RAIL": "Meridian Rail",
    "SUN": "Sunfield Energy",
}
# Units that exist at the customer whether or not anybody there is known: for a config's `[identity.units]`.
DECLARED_UNITS: Final = {
    "Aurora Optics": ("Finance", "IT", "Operations", "Production"),
    "Bluewater Marine": ("Finance", "Fleet", "IT"),
    "Castellan Security": ("Finance", "IT", "Operations"),
    "Dunmore Ceramics": ("Kiln works", "Sales"),
    "Falcon Couriers": ("Dispatch", "Finance", "IT"),
    "Harborview Clinics": ("Finance", "IT", "Nursing", "Operations"),
    "Kestrel Insurance": ("Claims", "Finance", "IT", "Operations"),
    "Maple & Birch Furniture": ("Finance", "IT", "Showrooms"),
    "Nordwind AG": ("Finance", "IT", "Operations", "Purchasing"),
    "Summit Outdoor": ("E-Commerce", "Finance", "IT"),
    "Tallgrass Foods": ("Finance", "IT", "Plants"),
    "Westgate University": ("Finance", "IT", "Library"),
}
