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

# Columns of models/deal_coverage.sql, which models/coverage.sql hands on.
COVERAGE = (
    "opportunities",
    "rates",
    "dealings",
    "offerings",
    "owned_offerings",
    "placed_deals",
    "roles",
    "champions",
    "sponsors",
    "pulse",
    "revenue_12m",
    "revenue_prior_12m",
    "renewals",
    "target",
)

REQUIRES: Mapping[str, tuple[str, ...]] = {
    "opportunities": ("opportunities",),
    "renewals": ("renewals",),
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
    ("opportunities", "amount"): "rates",
    ("account_roles", "champion"): "champions",
    ("account_roles", "sponsor"): "sponsors",
    ("offerings", "owned"): "owned_offerings",
}

UNCOVERED: Mapping[str, str] = {
    "opportunities": "opportunities are not visible to the connected user",
    "rates": "an amount of this account is in a currency without a rate, or opportunities are not visible",
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
    "pulse": "Rapport_Pulse__c is filled on under 5 % of the managed accounts",
}

MEANINGS: Mapping[str, str] = {
    "profiles": "the account itself, with what people declared about it",
    "opportunities": "one opportunity as it stood at that time, its amount in the organisation's currency",
    "revenue": "one amount of the last 24 months: a won deal, or what a mapped field of the account says in its place",
    "contracts": "one contract that was activated",
    "renewals": "one renewal that lies ahead, from where [renewals] source says that they stand",
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
    ("What people declared", ("profiles",)),
)
