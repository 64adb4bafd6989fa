"""The words of the oracle: the lists and normal forms that the definitions give."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

FREE_MAIL = {
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "yahoo.de",
    "ymail.com",
    "icloud.com",
    "me.com",
    "aol.com",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "web.de",
    "t-online.de",
    "proton.me",
    "protonmail.com",
    "mail.com",
    "mail.ru",
    "yandex.ru",
    "qq.com",
    "163.com",
    "126.com",
    "naver.com",
    "fastmail.com",
    "zoho.com",
}
LISTS = {
    "p1_priorities": ["Highest", "Blocker", "Critical", "P1", "Sev 1"],
    "incident_types": ["Incident", "Bug"],
    "request_types": ["Service Request", "New Feature", "Improvement", "Change"],
    "change_types": ["Change", "Change Request", "Bug"],
    "waiting_statuses": ["Waiting for customer", "Waiting on customer", "Awaiting customer", "Customer feedback",
                         "Warten auf Kunde"],
    "paused_statuses": ["Pending", "On hold", "Blocked"],
    "done_statuses": [],
    "escalation_labels": ["escalation", "escalated"],
    "customer_visible_projects": [],
    "security_levels": [],
}  # fmt: skip
LINK_BY = ["field", "organization", "project", "component", "label", "reporter"]
AUTOMATIC = ("automatic reply", "out of office", "abwesenheit")
HOUR = timedelta(hours=1)
Condition = Callable[[dict], bool]


def short(identity: str | None) -> str | None:
    """B6: ids are compared by their 15 characters."""
    return identity[:15] if identity else None


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def name_form(text: str) -> str:
    """C13: NFKC, trimming, collapsing blanks, casefold; nothing else."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def unit_form(text: str | None, aliases: dict[str, str]) -> str:
    """B10: the normal form of a department, a child's name or a declared unit."""
    text = unicodedata.normalize("NFKC", text or "").casefold().replace("&", " and ")
    text = "".join(" " if unicodedata.category(c).startswith(("P", "S")) else c for c in text)
    words = [word for word in text.split() if word not in ("dept", "department", "abteilung")]
    found = " ".join(words)
    return aliases.get(found, found)


def address_of(text: str | None) -> str | None:
    return (text or "").strip().casefold() or None


def domain_of(address: str | None) -> str | None:
    return address.rpartition("@")[2] if address and "@" in address else None


def website_domain(website: str | None) -> str | None:
    text = (website or "").strip().casefold()
    text = text.partition("://")[2] or text
    host = re.split(r"[/?#]", text)[0].rpartition("@")[2].partition(":")[0]
    return host.removeprefix("www.") or None


def addresses_in(text: str | None) -> list[str]:
    """`a@b.example; Dana <dana@acme.example>`."""
    parts = [re.sub(r".*<(.*)>.*", r"\1", part) for part in re.split("[;,]", text or "")]
    return [address for part in parts if (address := address_of(part))]
