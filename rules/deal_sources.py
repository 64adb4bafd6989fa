"""The sources about money, offerings, people's roles and plans: their columns, what a row is, what they rest on.

Part of `rules.sources`, which tells what every source carries besides, and of the words of `rules.words` and
`rules.describe`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.expression_types import Type

SOURCES: Mapping[str, Mapping[str, Type]] = {
    # what is on record about the account itself; days since are NULL where no day is given
    "profiles": {
        "has_owner": "boolean",
        "pulse": "number",
        "pulse_days": "number",
        "standing": "number",
        "mission": "boolean",
        "mission_days": "number",
        "sla_review_days": "number",
        "target": "number",
    },
    # one opportunity as it stood at `as_of`; `days_since_close` is negative while the close date lies ahead
    "opportunities": {
        "type": "text",
        "stage": "text",
        "open": "boolean",
        "won": "boolean",
        "amount": "number",
        "priced": "boolean",
        "close_date": "date",
        "days_since_close": "number",
        "this_fiscal_year": "boolean",
        "created": "timestamp",
        "created_days": "number",
        "stage_days": "number",
        "competitor": "text",
        "inbound": "boolean",
        "planned": "boolean",
    },
    # one amount of the last 12 months (`year` 1) or of the 12 before (2): a won deal, or a mapped field of the account
    "revenue": {"year": "number", "day": "date", "amount": "number"},
    # one contract that was activated; `days_to_end` is negative once it has ended
    "contracts": {
        "start_date": "date",
        "end_date": "date",
        "days_to_end": "number",
        "running": "boolean",
        "budget_hours": "number",
    },
    # one renewal that lies ahead: kind contract | opportunity | field
    "renewals": {"kind": "text", "day": "date", "days_ahead": "number", "amount": "number"},
    # one value that the customer confirmed; `amount` in the organisation's currency
    "confirmed_values": {"day": "date", "days_ago": "number", "amount": "number"},
    # one contact who spoke for us to somebody else
    "given_references": {"day": "date", "days_ago": "number"},
    # one account plan; `covers` where its dates hold the day
    "plans": {
        "status": "text",
        "start_date": "date",
        "end_date": "date",
        "review_date": "date",
        "covers": "boolean",
    },
    # one objective of a plan that covers the day
    "objectives": {
        "status": "text",
        "end_date": "date",
        "completed": "boolean",
        "overdue": "boolean",
        "has_deal": "boolean",
        "has_task": "boolean",
    },
    # one review with the customer: kind event | account | plan
    "reviews": {"kind": "text", "day": "date", "days_ago": "number"},
    # one promise of service that holds: kind entitlement | service contract | sla
    "service_terms": {"kind": "text", "start_date": "date", "end_date": "date", "holds": "boolean"},
    # one person and role that the person has for the account
    "account_roles": {
        "person_id": "text",
        "role": "text",
        "sponsor": "boolean",
        "champion": "boolean",
        "last_days_ago": "number",
    },
    # one role of [people] required_roles, and how many people of the account have it
    "required_roles": {"role": "text", "people": "number"},
    # one line of a deal, by what it offers
    "line_items": {
        "opportunity_id": "text",
        "offering": "text",
        "open": "boolean",
        "won": "boolean",
        "close_date": "date",
        "days_since_close": "number",
        "quantity": "number",
    },
    "assets": {"offering": "text", "status": "text", "obsolete": "boolean", "created": "timestamp"},
    # one offering that is known today, or that the account has
    "offerings": {"offering": "text", "known": "boolean", "owned": "boolean"},
    # one unit of the customer and what was sold to it, in preset internal-it done for it
    "unit_deals": {
        "unit": "text",
        "origin": "text",
        "won_deals": "number",
        "won_deals_12m": "number",
        "open_deals": "number",
        "lost": "boolean",
    },
    # one unit of the customer and offering that is known today
    "cells": {
        "unit": "text",
        "origin": "text",
        "offering": "text",
        "won": "boolean",
        "open": "boolean",
        "owned": "boolean",
        "whitespace": "boolean",
    },
}

REQUIRES: Mapping[str, tuple[str, ...]] = {
    "opportunities": ("opportunities",),
    "renewals": ("renewals",),
    "confirmed_values": ("confirmed_values",),
    "given_references": ("given_references",),
    "plans": ("plans",),
    "objectives": ("plans", "objectives"),
    "reviews": ("reviews",),
    "service_terms": ("service_terms",),
    "account_roles": ("roles",),
    "required_roles": ("roles",),
    "line_items": ("owned_offerings",),
    "assets": ("owned_offerings",),
    "offerings": ("offerings",),
    "unit_deals": ("contacts", "dealings"),
    "cells": ("contacts", "dealings", "offerings", "placed_deals"),
}
COLUMN_REQUIRES: Mapping[tuple[str, str], str] = {
    ("profiles", "pulse"): "pulse",
    ("profiles", "pulse_days"): "pulse",
    ("profiles", "target"): "target",
    ("profiles", "has_owner"): "users",
    ("profiles", "standing"): "standing",
    ("profiles", "mission"): "mission",
    ("profiles", "mission_days"): "mission",
    ("profiles", "sla_review_days"): "sla_review",
    ("confirmed_values", "amount"): "value_rates",
    ("objectives", "overdue"): "objective_dates",
    ("objectives", "end_date"): "objective_dates",
    ("opportunities", "competitor"): "competitors",
    ("opportunities", "inbound"): "inbound",
    ("opportunities", "planned"): "objectives_used",
    ("opportunities", "amount"): "rates",
    ("account_roles", "champion"): "champions",
    ("account_roles", "sponsor"): "sponsors",
    ("offerings", "owned"): "owned_offerings",
}

# Columns of models/deal_coverage.sql, which models/coverage.sql hands on, and what it means where one is false.
UNCOVERED: Mapping[str, str] = {
    "opportunities": "opportunities are not visible to the connected user",
    "rates": "an amount of this account is in a currency without a rate, or amounts are not visible",
    "dealings": "opportunities, in preset internal-it issues, are not visible to the connected user",
    "offerings": "products, in preset internal-it request types, are not visible to the connected user",
    "owned_offerings": "neither products of deals nor assets, in preset internal-it no request types, are visible",
    "placed_deals": "the account has no units or has won nothing, or under 30 % of what it won names one of its units",
    "roles": "nobody at any customer has a role on record",
    "champions": "nobody at any customer has a role of [people] champion_roles",
    "sponsors": "nobody at any customer has a role of [people] sponsor_roles",
    "revenue_12m": "what was won, or the field in its place, has no amount in the organisation's currency or is not visible",
    "revenue_prior_12m": "what was won the year before, or the field in its place, is not known in the organisation's currency",
    "renewals": "where [renewals] source says that renewals stand, nothing is visible to the connected user",
    "target": "Rapport_Target__c is filled on under 5 % of the managed accounts",
    "standing": "Rapport_Standing__c is filled on under 5 % of the managed accounts",
    "mission": "Rapport_Mission__c is filled on under 5 % of the managed accounts",
    "sla_review": "Rapport_SLA_Review__c is filled on under 5 % of the managed accounts",
    "given_references": "Rapport_Reference_On__c is filled for contacts of under 5 % of the managed accounts",
    "competitors": "Rapport_Competitor__c is filled for deals of under 5 % of the managed accounts",
    "inbound": "Rapport_Inbound__c is set for deals of under 5 % of the managed accounts",
    "confirmed_values": "no confirmed value (Rapport_Value__c) is on record for any customer",
    "value_rates": "a confirmed value of this account is in a currency without a rate, or amounts are not visible",
    "users": "users are not visible to the connected user",
    "plans": "account plans or their dates are not visible to the connected user, or the org has none",
    "objectives": "objectives of account plans are not visible to the connected user, or the org has none",
    "objective_dates": "the end date of objectives is not visible to the connected user",
    "objectives_used": "no objective of an account plan is on record",
    "reviews": "nobody logs meetings, and no review date is filled on accounts (5 %) or plans",
    "service_terms": "entitlements, service contracts and SLA clocks are not visible to the connected user",
    "pulse": "Rapport_Pulse__c is filled on under 5 % of the managed accounts",
}

COVERAGE = tuple(UNCOVERED)

MEANINGS: Mapping[str, str] = {
    "profiles": "the account itself, with what people declared about it",
    "opportunities": "one opportunity as it stood at that time, its amount in the organisation's currency",
    "revenue": "one amount of the last 24 months: a won deal, or what a mapped field of the account says in its place",
    "contracts": "one contract that was activated",
    "renewals": "one renewal that lies ahead, from where [renewals] source says that they stand",
    "confirmed_values": "one value that the customer confirmed, its amount in the organisation's currency",
    "given_references": "one contact of the account who spoke for you to somebody else",
    "plans": "one account plan",
    "objectives": "one objective of an account plan that covers the day",
    "reviews": "one review with the customer: an event whose subject says so, or a date on the account or a plan",
    "service_terms": "one promise of service that holds: an entitlement, a service contract, an SLA clock that ran in 365 days",
    "account_roles": "one person and role that the person has, in deals of the last 24 months or in general",
    "required_roles": "one role of [people] required_roles, with the number of people who have it",
    "line_items": "one line of a deal; its offering is the family of the product, else the product",
    "assets": "one asset of the account",
    "offerings": "one offering: a family of products, in preset internal-it a request type",
    "unit_deals": "one unit of the customer, with what was sold to it, in preset internal-it done for it",
    "cells": "one unit of the customer and one offering",
}
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Roles at the customer", ("account_roles", "required_roles")),
    ("Offerings", ("offerings", "line_items", "assets", "unit_deals", "cells")),
    ("Deals", ("revenue", "opportunities")),
    ("Contracts and renewals", ("renewals", "contracts")),
    ("Value and references", ("confirmed_values", "given_references")),
    ("Plans and reviews", ("plans", "objectives", "reviews", "service_terms")),
    ("The account itself", ("profiles",)),
)
