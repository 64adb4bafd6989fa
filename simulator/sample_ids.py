"""Record ids as each system gives them: Salesforce's 18 characters with checksum, Jira's account ids."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Final

PREFIXES: Final = {
    "Account": "001",
    "AccountContactRelation": "07k",
    "AccountPlan": "1GH",
    "AccountPlanObjective": "1GI",
    "AccountTeamMember": "01M",
    "Asset": "02i",
    "Case": "500",
    "CaseComment": "00a",
    "CaseMilestone": "555",
    "Contact": "003",
    "Contract": "800",
    "CurrencyType": "01L",
    "Customer_Survey__c": "a01",
    "DatedConversionRate": "04w",
    "EmailMessage": "02s",
    "Entitlement": "550",
    "Event": "00U",
    "EventRelation": "0RE",
    "MilestoneType": "557",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "OpportunityHistory": "008",
    "OpportunityLineItem": "00k",
    "OpportunityStage": "01J",
    "Organization": "00D",
    "Partner": "00I",
    "Product2": "01t",
    "Rapport_Value__c": "a02",
    "RecordType": "012",
    "ServiceContract": "810",
    "Task": "00T",
    "TaskRelation": "0RT",
    "User": "005",
}
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def checksum(id15: str) -> str:
    """The three characters that tell upper from lower case: one per group of five, bit i set where
    character i is.
    """
    groups = (id15[start : start + 5] for start in (0, 5, 10))
    return "".join(_CHECK[sum(1 << i for i, char in enumerate(group) if char.isupper())] for group in groups)


class SalesforceIds:
    """Counts up per object, so that neighbours sometimes differ in letter case only, as in a real org."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def next(self, object_name: str) -> str:
        self._used[object_name] += 1
        number, text = 14_776_336 + self._used[object_name], ""
        for _ in range(7):
            number, digit = divmod(number, 62)
            text = _DIGITS[digit] + text
        id15 = f"{PREFIXES[object_name]}Qy000{text}"
        return id15 + checksum(id15)


def jira_account_id(name: str, *, customer: bool = False) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    uuid = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    return f"qm:{digest[32:40]}-0000-4000-8000-{digest[40:52]}:{uuid}" if customer else f"712020:{uuid}"
