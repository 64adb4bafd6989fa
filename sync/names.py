"""Normal forms of names, so that two ways to write one thing meet (definitions B10, C13)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DEPARTMENT_WORDS = frozenset({"dept", "department", "abteilung"})
_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_RECORD_URL = re.compile(
    r"https?://[^/\s]+/(?:lightning/r/(?:Account/)?|lightning/_classic/%2F)?(001[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?)"
    r"(?:[/?#].*)?",
)


def name_key(text: str) -> str:
    """A name as it is compared: NFKC, blanks trimmed and collapsed, casefolded; nothing else."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def unit_key(text: str, aliases: Mapping[str, str] | None = None) -> str:
    """An org unit as it is compared: also without punctuation and without the word "department"; "" is no unit."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    key = " ".join(word for word in _blanked(folded).split() if word not in _DEPARTMENT_WORDS)
    return (aliases or {}).get(key, key)


def _blanked(text: str) -> str:
    return "".join(" " if unicodedata.category(char)[0] in "PS" else char for char in text)


def title_key(text: str) -> str:
    """A job title as its words are looked for: "Vice-President, Sales" is "vice president sales"; "" is no title."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_blanked(folded).split())


def unit_aliases(aliases: Mapping[str, str]) -> dict[str, str]:
    """`[identity.department_aliases]` with both sides in normal form."""
    return {unit_key(theirs): unit_key(ours) for theirs, ours in aliases.items()}


def account_id15(text: str) -> str | None:
    """The 15 characters of an Account Id, from an Id or a Salesforce record URL; None for anything else."""
    trimmed = text.strip()
    if match := _RECORD_URL.fullmatch(trimmed):
        return match.group(1)[:15]
    if trimmed.startswith("001") and _RECORD_ID.fullmatch(trimmed):
        return trimmed[:15]
    return None


def address_domain(address: str) -> str | None:
    """The domain of an e-mail address, casefolded; None where there is none."""
    _, found, domain = address.strip().strip("<>").rpartition("@")
    return domain.casefold().rstrip(".") or None if found else None


def website_domain(website: str) -> str | None:
    """The host of a Website field without `www.`, casefolded."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", website.strip().casefold())
    host = re.split(r"[/?#:\s]", host, maxsplit=1)[0].removeprefix("www.").rstrip(".")
    return host if "." in host else None


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is "us" in Jira: account ids, groups, domains."""

    ids: tuple[str, ...]
    groups: tuple[str, ...]
    domains: tuple[str, ...]


def staff_entries(entries: Sequence[str]) -> Staff:
    """`identity.staff` by kind: "group:NAME", a domain (a dot and no colon), else an account id."""
    groups = [entry.removeprefix("group:") for entry in entries if entry.startswith("group:")]
    domains = [entry for entry in entries if "." in entry and ":" not in entry]
    ids = [entry for entry in entries if not entry.startswith("group:") and entry not in domains]
    return Staff(tuple(ids), tuple(groups), tuple(domains))
