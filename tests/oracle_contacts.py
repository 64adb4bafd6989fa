"""Meetings, what waits for an answer, who is known and who was met (definitions B9, D18, D20)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from oracle_words import AUTOMATIC, address_of, addresses_in, day, instant, short

if TYPE_CHECKING:
    from oracle import Oracle
    from oracle_moments import Row

EXECUTIVE = ["chief", "ceo", "cfo", "cto", "cio", "coo", "cmo", "ciso", "cpo", "cro", "president", "vp", "svp", "evp",
             "vice president", "managing director", "director", "head", "partner", "owner", "founder", "vorstand",
             "geschäftsführer", "geschäftsführerin", "bereichsleiter"]  # fmt: skip
NOT_EXECUTIVE = ["assistant", "product owner", "process owner", "service owner", "business partner", "partner manager",
                 "associate director"]  # fmt: skip
OF_CONTACT = ("meetings_90d", "onsite_90d", "days_to_next_meeting", "business_days_to_next_meeting", "inbound_share_90d", "unreturned_emails",
              "unreturned_calls", "key_contact_silent", "executives_engaged_90d", "working_level_engaged_90d")  # fmt: skip


@dataclass
class Question:
    """A message or a missed call that may wait: at one instant or, `at` None, on a day."""

    people: set[str]
    accounts: set[str]
    at: datetime | None
    day: date


def metrics(oracle: Oracle, account: str, *, logged: bool) -> dict[str, float | None]:
    known = {"contacts_known": _known(oracle, account)}
    if not logged:
        return known | dict.fromkeys(OF_CONTACT)
    moments = oracle._moments(account)
    recent = {key: rows for key, rows in moments.items() if oracle._recent(rows)}
    directions = Counter(direction for _, direction, _, _ in recent)
    told = directions["in"] + directions["out"]
    met = {person for _, _, people, _ in recent for person in people} & oracle.contacts_of[account]
    titles = {short(c["Id"]): _words(c.get("Title")) for c in oracle.org["Contact"]}
    titled = any(titles[key] for key in oracle.contacts)
    executives = {key for key in met if _executive(titles[key])}
    return known | {
        "meetings_90d": sum(kind == "meeting" for kind, *_ in recent),
        "onsite_90d": sum(any(row.onsite for row in rows) for rows in recent.values()),
        "days_to_next_meeting": next_meeting(oracle, account),
        "business_days_to_next_meeting": business_days_to_next_meeting(oracle, account),
        "inbound_share_90d": directions["in"] / told if told else None,
        "unreturned_emails": _unreturned_mails(oracle, account) if _mails_visible(oracle) else None,
        "unreturned_calls": _unreturned_calls(oracle, account),
        "key_contact_silent": _silent(oracle, moments),
        "executives_engaged_90d": len(executives) if titled else None,
        "working_level_engaged_90d": sum(bool(titles[key]) for key in met - executives) if titled else None,
    }


def _known(oracle: Oracle, account: str) -> int:
    """B8: a person account is its own one contact."""
    own = len(oracle.contacts_of[account])
    return own or int(bool(oracle.accounts[account].get("IsPersonAccount")))


def _words(title: str | None) -> str:
    text = unicodedata.normalize("NFKC", title or "").casefold()
    return " ".join(re.sub(r"[^\w\s]|_", " ", text).split())


def _executive(title: str) -> bool:
    def holds(words: list[str]) -> bool:
        return any(re.search(rf"(?<!\S){re.escape(each)}(?!\S)", title) for each in words)

    return holds(EXECUTIVE) and not holds(NOT_EXECUTIVE)


def next_meeting(oracle: Oracle, account: str) -> int | None:
    days = [
        (row.at - oracle.as_of).days if row.at else (row.day - oracle.today).days
        for row in oracle._event_rows()
        if account in row.accounts and (row.at > oracle.as_of if row.at else row.day > oracle.today)
    ]
    return min(days, default=None)


def business_days_to_next_meeting(oracle: Oracle, account: str) -> int | None:
    holidays = set(oracle.config.get("time", {}).get("holidays", []))
    found = []
    for row in oracle._event_rows():
        day = oracle._local_day(row.at) if row.at else row.day
        ahead = (day - oracle.today).days
        comes = row.at > oracle.as_of if row.at else ahead > 0
        if account in row.accounts and comes and ahead < 40:
            days = [oracle.today + timedelta(days=n) for n in range(1, ahead + 1)]
            found.append(sum(each.weekday() < 5 and each not in holidays for each in days))
    return min(found, default=None)


def _silent(oracle: Oracle, moments: dict[tuple, list[Row]]) -> int:
    earlier: Counter[str] = Counter()
    lately = set()
    for (_, _, people, _), rows in moments.items():
        if any(oracle._in_days(row.at, row.day, 60) for row in rows):
            lately |= people
        elif any(oracle._in_days(row.at, row.day, 425) for row in rows):
            earlier.update(people)
    ranked = sorted((-count, person) for person, count in earlier.items() if count >= 4)
    return sum(person not in lately for _, person in ranked[:3])


# -- what waits for an answer ----------------------------------------------------------------------------------------


def _messages(oracle: Oracle) -> list[tuple[dict, datetime]]:
    """Every e-mail by as_of that is neither a draft nor a case's, automatic ones too."""
    return [
        (mail, at)
        for mail in oracle.org["EmailMessage"]
        if oracle._known(mail) and mail.get("Status") != "5" and not mail.get("ParentId")
        and not (mail.get("RelatedToId") or "").startswith("500")
        and not (oracle.excluded and oracle.excluded(mail))
        and (at := instant(mail.get("MessageDate"))) and at <= oracle.as_of
    ]  # fmt: skip


def _automatic(mail: dict) -> bool:
    by_machine = re.search(r"(?im)^auto-submitted:", mail.get("Headers") or "")
    return bool(by_machine) or (mail.get("Subject") or "").casefold().startswith(AUTOMATIC)


def _mails_visible(oracle: Oracle) -> bool:
    """D18: at least 20 % of account managers have an outgoing one in 90 d."""
    users = {
        short(user["Id"]): user
        for user in oracle.org["User"]
        if user["IsActive"] and user["UserType"] == "Standard"
    }
    managers = {short(oracle.accounts[key]["OwnerId"]) for key in oracle.managed} & users.keys()
    owners = {short(task["Id"]): short(task.get("OwnerId")) for task in oracle.org["Task"]}
    senders = set()
    for mail, at in _messages(oracle):
        if not mail["Incoming"] and oracle._in_days(at, None, 90):
            senders.add(owners.get(short(mail.get("ActivityId"))))
            senders |= {
                key
                for key, user in users.items()
                if address_of(user.get("Email")) in addresses_in(mail["FromAddress"])
            }
    return bool(managers & senders) and len(managers & senders) >= 0.2 * len(managers)


def _unreturned_mails(oracle: Oracle, account: str) -> int:
    threads: dict[str, list[tuple[dict, datetime]]] = defaultdict(list)
    for mail, at in _messages(oracle):
        threads[mail.get("ThreadIdentifier") or mail["Id"]].append((mail, at))
    waiting = 0
    for messages in threads.values():
        newest = max(at for _, at in messages)
        questions = []
        for mail, at in messages:
            people = {c for a in addresses_in(mail["FromAddress"]) for c in oracle.contacts_at[a]}
            if at == newest and mail["Incoming"] and people and not _automatic(mail):
                accounts = {oracle.contacts[c]["account"] for c in people} - {None}
                accounts = accounts or {oracle._record_account(mail.get("RelatedToId"))}
                questions.append(Question(people, accounts, at, oracle._local_day(at)))
        talks = [row for row in oracle.rows if row.kind in ("call", "meeting")]
        waiting += any(
            _waits(oracle, each, account, [(row, row.people) for row in talks]) for each in questions
        )
    return waiting


def _unreturned_calls(oracle: Oracle, account: str) -> int:
    activities = oracle.config.get("activities", {})
    types = {each.casefold() for each in activities.get("contact_task_types", ["Call"])}
    missed = {each.casefold() for each in activities.get("missed", ["Missed", "Voicemail", "No Answer"])}
    mailed = {short(m.get("ActivityId")) for m in oracle.org["EmailMessage"] if not m.get("IsDeleted")}
    back = [
        (row, row.people or row.accounts)  # what names nobody is with the account
        for row in oracle.rows
        if row.kind == "meeting" or row.direction == "out"
    ]
    waiting = 0
    for task in oracle.org["Task"]:
        kind, call = (task.get("Type") or "").casefold(), task.get("TaskSubtype") == "Call"
        if (
            not oracle._known(task) or task.get("IsRecurrence") or task.get("Rapport_Key__c") or kind == "meeting"
            or task.get("TaskSubtype") == "ListEmail" or (oracle.excluded and oracle.excluded(task))
            or not (call or (kind in types and short(task["Id"]) not in mailed))
            or task.get("CallType") != "Inbound" or (task.get("CallDisposition") or "").casefold() not in missed
        ):  # fmt: skip
            continue
        at, on = instant(task.get("CompletedDateTime")), day(task.get("ActivityDate"))
        if at is not None and at > oracle.as_of:
            at = None  # it was not completed then
        if at is None and on is None:
            continue
        own = {oracle._activity_account(task)} - {None}
        people = set(oracle._people(task, "TaskRelation", "TaskId")) or own
        question = Question(people, own, at, oracle._local_day(at) if at else on)
        waiting += _waits(oracle, question, account, back)
    return waiting


def _waits(
    oracle: Oracle, question: Question, account: str, answers: list[tuple[Row, set[str] | frozenset[str]]]
) -> bool:
    """Of the last 14 d, older than 8 business hours and not followed by any of the answers."""
    if account not in question.accounts or not oracle._in_days(question.at, question.day, 14):
        return False
    end = datetime.combine(question.day + timedelta(days=1), time(), oracle.zone)
    if oracle.business_hours(question.at or end) <= 8:
        return False
    return not any(
        question.people & people
        and (row.at > question.at if row.at and question.at else row.day >= question.day)
        for row, people in answers
    )
