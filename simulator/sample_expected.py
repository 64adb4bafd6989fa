"""What a reader of the sample must find: one line per story, as a metric of one account and the value it
takes at `now`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Story:
    """`account` is an exact name that only one account bears. Bounds include their ends; `never` marks a
    metric that is the account's own age because the thing never happened. `later` stories rest on metrics
    of a later version.
    """

    account: str
    tells: str
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    never: bool = False
    later: bool = False

    def holds(self, value: float | None) -> bool:
        if value is None:
            return False
        low_enough = self.at_most is None or value <= self.at_most
        return low_enough and (self.at_least is None or value >= self.at_least)


def _exactly(account: str, tells: str, metric: str, value: float, *, later: bool = False) -> Story:
    return Story(account, tells, metric, at_least=value, at_most=value, later=later)


# Days count from a working day, so a weekend before `now` may add up to three.
STORIES: Final = (
    _exactly("Acme GmbH", "two questions wait", "unanswered_comments", 2),
    _exactly("Acme GmbH", "the older one for 19 business hours", "oldest_unanswered_business_hours", 19),
    Story("Acme GmbH", "the last call was five weeks ago", "days_since_contact", at_least=34, at_most=37),
    Story("Acme GmbH", "Legal was never reached", "unit_coverage", at_least=0.5, at_most=0.9),
    Story(
        "Acme GmbH", "an estimate grew by 47 %", "estimate_overrun", at_least=1.46, at_most=1.48, later=True
    ),
    Story("Acme GmbH", "a meeting is planned", "days_to_next_meeting", at_least=3, at_most=6, later=True),
    Story("Borealis Logistics", "the champion fell silent", "days_since_contact", at_least=63, at_most=66),
    _exactly("Borealis Logistics", "there was nobody but the champion", "effective_contacts", 1),
    _exactly("Borealis Logistics", "a key contact is silent", "key_contact_silent", 1, later=True),
    _exactly("Nordwind AG", "promises were broken", "overdue_issues", 3),
    _exactly("Nordwind AG", "service and portal are both at work", "active_projects", 2),
    Story("Quiet Oak Ltd", "not one record", "days_since_contact", at_least=1_000, never=True),
    _exactly("Quiet Oak Ltd", "not one issue", "open_issues", 0),
    _exactly("Sunfield Energy", "quietly perfect: everybody is reached", "unit_coverage", 1),
    _exactly("Sunfield Energy", "nothing waits", "unanswered_comments", 0),
    _exactly("Sunfield Energy", "nothing is late", "overdue_issues", 0),
    _exactly("Sunfield Energy", "nothing is stuck", "stuck_issues", 0),
    Story("Sunfield Energy", "we talk often", "moments_90d", at_least=26),
    Story("Sunfield Energy", "with many people", "effective_contacts", at_least=5),
    Story("Sunfield Energy", "a few days ago at most", "days_since_contact", at_most=4),
    Story(
        "Vantage Retail Group", "Purchasing was never reached", "unit_coverage", at_least=0.83, at_most=0.84
    ),
    _exactly("Vantage Retail Group", "five of six units", "org_units_engaged", 5),
    _exactly("Meridian Rail", "six units are known", "org_units_known", 6),
    _exactly("Meridian Rail", "Finance and the workshops were never reached", "org_units_engaged", 4),
    Story(
        "Meridian Workshops", "nobody ever wrote to them", "days_since_contact", at_least=1_000, never=True
    ),
    _exactly("Harborview Clinics", "an outage for three weeks", "open_p1", 1),
    _exactly("Kestrel Insurance", "a question waits", "unanswered_comments", 1),
    _exactly("Kestrel Insurance", "two calls were not returned", "unreturned_calls", 2, later=True),
    _exactly("Kestrel Insurance", "an e-mail was not returned", "unreturned_emails", 1, later=True),
    _exactly("Lindqvist & Sons", "all hangs on one person", "effective_contacts", 1),
    _exactly("Lindqvist & Sons", "of four people known", "contacts_engaged_90d", 1),
    _exactly("Tallgrass Foods", "three questions wait", "unanswered_comments", 3),
    _exactly("Tallgrass Foods", "an outage was escalated", "open_p1", 1),
    _exactly("Tallgrass Foods", "one label says so", "open_escalations", 1, later=True),
    _exactly("Cobalt Mining", "three corrections did not hold", "reopened_90d", 3, later=True),
    _exactly("Cobalt Mining", "one issue wanders", "ping_pong_issues", 1, later=True),
    Story("Cobalt Mining", "they are all open again", "open_issues", at_least=6),
    _exactly("Ironbridge Steel", "four promises were broken", "overdue_issues", 4),
    _exactly("Ironbridge Steel", "what a security level hides is not counted", "open_p1", 0),
    _exactly("Pinecrest Housing", "five issues do not move", "stuck_issues", 5),
    _exactly("Orchard Street Books", "a note nobody outside reads is no answer", "unanswered_comments", 1),
    _exactly("Orchard Street Books", "nor is a robot's", "oldest_unanswered_business_hours", 17),
    Story("Zephyr Airlines", "what only looks like contact", "days_since_contact", at_least=52, at_most=55),
    _exactly("Zephyr Airlines", "three real contacts", "moments_90d", 3),
    Story(
        "Copperfield Media", "a planned meeting is no contact", "days_since_contact", at_least=76, at_most=79
    ),
    Story(
        "Copperfield Media", "though it is planned", "days_to_next_meeting", at_least=5, at_most=8, later=True
    ),
    Story("Old Mill Brewery", "the last call is archived", "days_since_contact", at_least=410, at_most=413),
    _exactly("Old Mill Brewery", "nothing in 90 days", "moments_90d", 0),
    Story("Silverline Telecom", "issues name the record that was merged away", "open_issues", at_least=3),
    _exactly("Everhart Pharma", "answered, or waiting for them", "unanswered_comments", 0),
    Story("Granite Peak Bank", "seven weeks without a word", "days_since_contact", at_least=48, at_most=51),
    _exactly("Granite Peak Bank", "the owner has left", "has_owner", 0, later=True),
    Story("Maple & Birch Furniture", "fading away", "days_since_contact", at_least=60, at_most=90),
    Story("Hazelwood Schools", "cold for four months", "days_since_contact", at_least=110, at_most=140),
)
