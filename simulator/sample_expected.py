"""What a reader of the sample must find: one line per story, as a metric of one account and the value it
takes at `now`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Story:
    """`account` is an exact name that only one account bears. Bounds include their ends; `never` marks a
    metric that is the account's own age because the thing never happened.
    """

    account: str
    tells: str
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    never: bool = False

    def holds(self, value: float | None) -> bool:
        if value is None:
            return False
        low_enough = self.at_most is None or value <= self.at_most
        return low_enough and (self.at_least is None or value >= self.at_least)


def _exactly(account: str, tells: str, metric: str, value: float) -> Story:
    return Story(account, tells, metric, at_least=value, at_most=value)


def _about(account: str, tells: str, metric: str, value: float) -> Story:
    """For shares, and for days that count from a working day: a weekend before `now` may add up to three."""
    if value < 2:
        return Story(account, tells, metric, at_least=value - 0.001, at_most=value + 0.001)
    return Story(account, tells, metric, at_least=value, at_most=value + 3)


# Days count from a working day, so a weekend before `now` may add up to three.
STORIES: Final = (
    _exactly("Acme GmbH", "two questions wait", "unanswered_comments", 2),
    _exactly("Acme GmbH", "the older one for 19 business hours", "oldest_unanswered_business_hours", 19),
    Story("Acme GmbH", "the last call was five weeks ago", "days_since_contact", at_least=34, at_most=37),
    Story("Acme GmbH", "Legal was never reached", "unit_coverage", at_least=0.5, at_most=0.9),
    Story("Acme GmbH", "an estimate grew by 47 %", "estimate_overrun", at_least=1.46, at_most=1.48),
    Story("Acme GmbH", "a meeting is planned", "days_to_next_meeting", at_least=1, at_most=4),
    Story("Borealis Logistics", "the champion fell silent", "days_since_contact", at_least=63, at_most=66),
    _exactly("Borealis Logistics", "there was nobody but the champion", "effective_contacts", 1),
    _exactly("Borealis Logistics", "a key contact is silent", "key_contact_silent", 1),
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
    _exactly("Kestrel Insurance", "two calls were not returned", "unreturned_calls", 2),
    _exactly("Kestrel Insurance", "an e-mail was not returned", "unreturned_emails", 1),
    _exactly("Kestrel Insurance", "three messages in all", "unreturned_messages", 3),
    _exactly("Lindqvist & Sons", "all hangs on one person", "effective_contacts", 1),
    _exactly("Lindqvist & Sons", "of four people known", "contacts_engaged_90d", 1),
    _exactly("Tallgrass Foods", "three questions wait", "unanswered_comments", 3),
    _exactly("Tallgrass Foods", "an outage was escalated", "open_p1", 1),
    _exactly("Tallgrass Foods", "one label says so", "open_escalations", 1),
    _exactly("Cobalt Mining", "three corrections did not hold", "reopened_90d", 3),
    _exactly("Cobalt Mining", "one issue wanders", "ping_pong_issues", 1),
    Story("Cobalt Mining", "they are all open again", "open_issues", at_least=6),
    _exactly("Ironbridge Steel", "four promises were broken", "overdue_issues", 4),
    _exactly("Ironbridge Steel", "what a security level hides is not counted", "open_p1", 0),
    _exactly("Pinecrest Housing", "five issues do not move", "stuck_issues", 5),
    Story("Pinecrest Housing", "the oldest for weeks", "oldest_open_issue_days", at_least=45, at_most=48),
    _exactly("Orchard Street Books", "a note nobody outside reads is no answer", "unanswered_comments", 1),
    _exactly("Orchard Street Books", "nor is a robot's", "oldest_unanswered_business_hours", 17),
    Story("Zephyr Airlines", "what only looks like contact", "days_since_contact", at_least=52, at_most=55),
    _exactly("Zephyr Airlines", "three real contacts", "moments_90d", 3),
    Story(
        "Copperfield Media", "a planned meeting is no contact", "days_since_contact", at_least=76, at_most=79
    ),
    Story("Copperfield Media", "though it is planned", "days_to_next_meeting", at_least=5, at_most=8),
    Story("Old Mill Brewery", "the last call is archived", "days_since_contact", at_least=410, at_most=413),
    _exactly("Old Mill Brewery", "nothing in 90 days", "moments_90d", 0),
    Story("Silverline Telecom", "issues name the record that was merged away", "open_issues", at_least=3),
    _exactly("Everhart Pharma", "answered, or waiting for them", "unanswered_comments", 0),
    Story("Granite Peak Bank", "seven weeks without a word", "days_since_contact", at_least=48, at_most=51),
    _exactly("Granite Peak Bank", "the owner has left", "has_owner", 0),
    Story("Maple & Birch Furniture", "fading away", "days_since_contact", at_least=60, at_most=90),
    Story("Hazelwood Schools", "cold for four months", "days_since_contact", at_least=110, at_most=140),
    # How the work goes.
    _exactly("Bluewater Marine", "three first answers came late", "sla_breaches_30d", 3),
    Story("Bluewater Marine", "that is seen in the share", "sla_attainment_90d", at_least=0.2, at_most=0.75),
    Story("Bluewater Marine", "and in the time of answers", "first_response_business_hours_p90", at_least=8),
    _exactly("Harborview Clinics", "one thing is urgent", "urgent_issues", 1),
    _exactly("Harborview Clinics", "the outage outlasted what was promised", "sla_breaches_30d", 1),
    _exactly("Castellan Security", "a question waits in a Case", "unanswered_comments", 1),
    _exactly("Castellan Security", "an internal note is no answer", "oldest_unanswered_business_hours", 10),
    _exactly("Castellan Security", "the Case was escalated", "open_escalations", 1),
    _about("Terranova Seeds", "a list of theirs is awaited", "waiting_on_customer_days", 25),
    _exactly("Terranova Seeds", "and was promised", "customer_tasks_overdue", 1),
    _about("Larkspur Textiles", "they heard nothing of the work", "days_since_status_update", 45),
    Story("Westgate University", "bad marks", "csat_180d", at_least=1, at_most=2.75),
    Story("Falcon Couriers", "bad answers to the survey", "csat_180d", at_least=1.5, at_most=3.4),
    _exactly("Castor Shipping", "satisfaction was entered by hand", "csat_180d", 4.5),
    _exactly("Castor Shipping", "a month ago", "csat_age_days", 30),
    _exactly("Copperfield Media", "the account manager worries", "am_pulse", 2),
    _exactly("Zephyr Airlines", "a pulse felt long ago", "am_pulse_age_days", 200),
    _exactly("Foxglove Pharmacies", "one part was put off three times", "due_date_slips_90d", 3),
    _exactly("Foxglove Pharmacies", "by seventy days in all", "slip_days_90d", 70),
    _about("Foxglove Pharmacies", "one of four parts was on time", "on_time_rate_180d", 0.25),
    _about("Foxglove Pharmacies", "three of ten wishes are out of scope", "out_of_scope_share_90d", 0.3),
    _exactly("Foxglove Pharmacies", "nobody decided on two", "undecided_out_of_scope", 2),
    _exactly("Foxglove Pharmacies", "the release broke three things", "changes_after_release_60d", 3),
    _exactly("Foxglove Pharmacies", "the checkout failed again, twice", "repeat_incidents_30d", 2),
    _exactly("Foxglove Pharmacies", "twelve hours of late", "hours_spent_90d", 12),
    _about("Foxglove Pharmacies", "nine tenths of the hours are gone", "budget_used", 0.9),
    _about("Foxglove Pharmacies", "with half of the time", "budget_elapsed", 181 / 366),
    # Depth and growth.
    _exactly("Lindqvist & Sons", "nobody sponsors, nobody tests", "missing_roles", 2),
    _exactly("Sunfield Energy", "every role is filled", "missing_roles", 0),
    _exactly("Sunfield Energy", "three executives met", "executives_engaged_90d", 3),
    _exactly("Sunfield Energy", "and as many who work with us daily", "working_level_engaged_90d", 3),
    _exactly("Sunfield Energy", "six people are known", "contacts_known", 6),
    Story("Sunfield Energy", "we meet", "meetings_90d", at_least=6),
    _exactly("Sunfield Energy", "everything is used", "offerings_owned", 5),
    Story("Sunfield Energy", "visits", "onsite_90d", at_least=2),
    _exactly("Larkspur Textiles", "two of five offerings", "offerings_owned", 2),
    _exactly("Larkspur Textiles", "five are sold", "offerings_known", 5),
    _exactly("Larkspur Textiles", "eleven of fifteen cells are empty", "whitespace_cells", 11),
    _exactly("Larkspur Textiles", "Finance buys no longer", "lost_units", 1),
    _exactly("Larkspur Textiles", "one small deal", "won_12m", 40_000),
    _exactly("Larkspur Textiles", "after a large one", "won_prior_12m", 100_000),
    _about("Larkspur Textiles", "it shrinks", "growth_rate", -0.6),
    _exactly("Larkspur Textiles", "three deals are open", "open_pipeline", 70_000),
    Story("Larkspur Textiles", "too little for the year", "pipeline_coverage", at_least=0.25, at_most=0.4375),
    _exactly("Larkspur Textiles", "two of them are stale", "stale_opportunities", 2),
    _exactly("Brightwater Utilities", "the contract ends", "renewals_90d", 1),
    _exactly("Brightwater Utilities", "in sixty days", "days_to_renewal", 60),
    _exactly("Castor Shipping", "they pay in pounds", "won_12m", 120_000),
    _exactly("Castor Shipping", "a target for the year", "target_this_year", 150_000),
    _exactly("Castor Shipping", "so does the pipeline", "open_pipeline", 40_000),
    Story(
        "Foxglove Pharmacies", "no service request, only failures", "new_requests_90d", at_least=0, at_most=0
    ),
    # Standing with the customer.
    _exactly("Castor Shipping", "a partner", "standing", 3),
    _exactly("Larkspur Textiles", "one vendor of many", "standing", 1),
    _exactly("Castor Shipping", "two champions", "champions", 2),
    _about("Castor Shipping", "the sponsor was met three weeks ago", "sponsor_touch_days", 20),
    _about("Castor Shipping", "two of four deals came to us", "inbound_opportunity_share", 0.5),
    _about("Castor Shipping", "two of three against the rival", "competitive_win_rate_12m", 2 / 3),
    _exactly("Castor Shipping", "value they confirmed", "value_confirmed_12m", 120_000),
    _exactly("Castor Shipping", "a month ago", "value_age_days", 30),
    _exactly("Castor Shipping", "two of them spoke for us", "references_12m", 2),
    # Plans and duties.
    _exactly("Acme GmbH", "somebody looks after them", "has_owner", 1),
    _exactly("Dunmore Ceramics", "there is no plan", "has_annual_plan", 0),
    _exactly("Dunmore Ceramics", "and no mission", "has_mission", 0),
    Story("Dunmore Ceramics", "never reviewed", "days_since_review", at_least=1_000, never=True),
    Story("Dunmore Ceramics", "nor its service", "days_since_sla_review", at_least=1_000, never=True),
    _exactly("Dunmore Ceramics", "they never write first", "inbound_share_90d", 0),
    Story("Dunmore Ceramics", "hardly anything was typed in", "manual_input_share", at_least=0, at_most=0.1),
    _exactly("Dunmore Ceramics", "no service level", "sla_in_place", 0),
    _exactly("Dunmore Ceramics", "nobody is known in two units", "unit_contacts_missing", 2),
    _exactly("Elmsworth Foods", "a plan for the year", "has_annual_plan", 1),
    _exactly("Elmsworth Foods", "two objectives are overdue", "overdue_objectives", 2),
    _exactly("Elmsworth Foods", "for two nothing is done", "objectives_without_action", 2),
    _exactly("Elmsworth Foods", "one deal serves no objective", "orphan_opportunities", 1),
    _exactly("Elmsworth Foods", "the mission is too old", "has_mission", 0),
    _exactly("Elmsworth Foods", "reviewed long ago", "days_since_review", 200),
    _exactly("Nordwind AG", "the plan ended last month", "has_annual_plan", 0),
    _exactly("Nordwind AG", "the mission still holds", "has_mission", 1),
    _about("Brightwater Utilities", "a quarterly review", "days_since_review", 36),
    _exactly("Harborview Clinics", "the service was not reviewed for a year", "days_since_sla_review", 400),
    _exactly("Sunfield Energy", "a plan", "has_annual_plan", 1),
    _exactly("Sunfield Energy", "with nothing overdue", "overdue_objectives", 0),
    _exactly("Sunfield Energy", "and something done for each goal", "objectives_without_action", 0),
    _exactly("Sunfield Energy", "a service level", "sla_in_place", 1),
    _exactly("Sunfield Energy", "nothing is missing in the plan", "plan_gaps", 0),
    _exactly("Sunfield Energy", "attractive, and well served", "quadrant", 1),
    _exactly("Sunfield Energy", "as their tier deserves", "tier_mismatch", 0),
    Story("Sunfield Energy", "it grows", "growth_rate", at_least=0.5),
    Story("Sunfield Energy", "they are content", "csat_180d", at_least=4, at_most=5),
    Story("Sunfield Energy", "answers come in time", "sla_attainment_90d", at_least=1),
)
# The book of the company's own IT: departments, under the preset internal-it.
IN_HOUSE_STORIES: Final = (
    _exactly("Human Resources", "nothing waits", "unanswered_comments", 0),
    _exactly("Human Resources", "nothing is late", "overdue_issues", 0),
    Story("Human Resources", "they hear from us", "days_since_contact", at_most=4),
    Story("Human Resources", "from many of us, and many of them", "effective_contacts", at_least=3),
    _exactly("Human Resources", "a plan for the year", "has_annual_plan", 1),
    _exactly("Finance and Controlling", "two questions wait", "unanswered_comments", 2),
    _exactly("Finance and Controlling", "for 20 hours", "oldest_unanswered_business_hours", 20),
    _exactly("Plant Graz", "the shop floor is down", "open_p1", 1),
    _exactly("Operations Division", "so it is for the division", "open_p1", 1),
    Story("Plant Leeds", "nobody ever called on them", "days_since_contact", at_least=1_000, never=True),
    Story("Legal Affairs", "not one record", "days_since_contact", at_least=1_000, never=True),
    _exactly("Legal Affairs", "not one issue", "open_issues", 0),
    _exactly("Customer Care", "two corrections did not hold", "reopened_90d", 2),
    _about("Marketing", "nine tenths of the hours are gone", "budget_used", 0.9),
    _about("Marketing", "with half of the year", "budget_elapsed", 181 / 366),
    Story("Sales Europe", "many requests", "new_requests_90d", at_least=5),
    _about("Sales Europe", "their partners were never reached", "unit_coverage", 2 / 3),
    _exactly("Sales Europe", "of every kind", "offerings_owned", 5),
    _exactly("Sales Europe", "there are five", "offerings_known", 5),
)
