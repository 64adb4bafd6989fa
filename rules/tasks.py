"""What a rule says about one account: the outcome that the plan turns into a task, or settles one with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from rules import evidence, notation, words
from rules.expressions import clauses, to_sql
from rules.kept_rows import keep
from rules.phrases import ENGLISH, say
from rules.templates import plain, render

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    import duckdb

    from rules.calendar import BusinessHours
    from rules.catalogue import Catalogue, Metric, Rule
    from rules.evidence import Evidence
    from rules.words import Column

SUBJECT_LENGTH = 255  # of Task.Subject
DESCRIPTION_LENGTH = 32_000
DISMISSAL = 4  # times the cool-down, when a person says that a task is of no use (definitions I49)

RuleState = Literal["fires", "silent", "unknown"]
RuleKind = Literal["fix", "grow", "govern"]
Severity = Literal["high", "normal", "low"]
OnClear = Literal["complete", "delete", "leave"]
RulePer = Literal["account", "meeting"]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule, one account (and subject key), at one `as_of`.

    `basis` is what the words rest on, as canonical JSON data: `{"band": str|None, "numbers": {metric: number},
    "records": [id, ...], "ageing": [metric, ...]}` with the records that the words name; words are rewritten only when
    it moved materially. `reason` says why the rule fires; when it is silent, which part of its condition is false; else
    which is unknown. `who_id` is a contact that still exists.
    `after` are rules that ask for much the same and come first.
    Subject, description and `told`, which is `reason` once more, are in the `language` of the owner; `reason` is English.
    `owner_id` is None when nobody active could be found; such a task is reported, never given to nobody.
    """

    rule: str
    kind: RuleKind
    severity: Severity
    state: RuleState
    account_id: str
    account: str
    subject_key: str
    owner_id: str | None
    owner_name: str | None
    who_id: str | None
    subject: str
    description: str
    due: date | None
    basis: Mapping[str, object]
    reason: str
    cooldown_days: int
    on_clear: OnClear
    health_band: str | None
    after: tuple[str, ...] = ()
    language: str = ENGLISH
    told: str = ""


def outcomes(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    *,
    tracked: Iterable[tuple[str, ...]],
    day: date,
    hours: BusinessHours,
    where: str | None = None,
) -> list[RuleOutcome]:
    """What every rule says: all that fire, and the silent and unknown ones among `tracked`: rule and account_id, and the
    subject key where there is one.

    `where` limits accounts (SQL over the `accounts` source, compiled from `rollout.where`). Reads `eval_facts` of
    `scorecards.evaluate`; sorted by rule and account.
    """
    known = list(tracked)
    pairs = sorted({(name, account_id) for name, account_id, *_ in known})
    asked_for: dict[tuple[str, str], set[str]] = {}
    for name, account_id, *subject in known:
        asked_for.setdefault((name, account_id), set()).update(each for each in subject if each)
    keep(
        connection,
        "tracked",
        pa.table(
            {
                "rule": pa.array([name for name, _ in pairs], pa.string()),
                "account_id": pa.array([account_id for _, account_id in pairs], pa.string()),
            }
        ),
    )
    rules = sorted((each for each in catalogue.rules.values() if each.enabled), key=lambda each: each.name)
    concerned = _that_hold(connection, rules) | {name for name, _ in pairs}
    found: list[RuleOutcome] = []
    for rule in rules:
        if rule.name in concerned:
            found += _of_rule(connection, catalogue, rule, day, hours, where, asked_for)
    return found


def _that_hold(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> set[str]:
    """The rules whose condition is true of any account: most days most rules have nothing to say."""
    if not rules:
        return set()
    asked = ", ".join(f"coalesce(bool_or({to_sql(rule.when, 'duckdb')}), false)" for rule in rules)
    holds = connection.execute(f"select {asked} from eval_facts").fetchone() or ()
    return {rule.name for rule, any_holds in zip(rules, holds, strict=True) if any_holds}


def _of_rule(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    rule: Rule,
    day: date,
    hours: BusinessHours,
    where: str | None,
    asked_for: Mapping[tuple[str, str], Collection[str]],
) -> list[RuleOutcome]:
    parts = clauses(rule.when)
    known = words.columns(catalogue)
    columns_in = {ENGLISH: known}
    limited = f" and a.account_id in (select account_id from accounts where {where})" if where else ""
    # Names of our own begin with _, which no metric's name does.
    clause_states = "".join(f", ({part.sql}) as _clause_{place}" for place, part in enumerate(parts))
    connection.execute(
        f"create or replace temp table candidate as "
        f"select f.* from (select f.*, ({to_sql(rule.when, 'duckdb')}) as _holds{clause_states} from eval_facts f) f "
        f"join accounts a on a.account_id = f.account_id "
        f"where (f._holds or f.account_id in (select account_id from tracked where rule = '{rule.name}')){limited}"
    )
    values = "".join(f', f."{column}"' for column in known)
    rows = connection.execute(
        f"select f.account_id, a.name, f.health_band, m.user_id, m.user_name, m.task_owner_id, m.task_owner_name, "
        f"coalesce(m.language, '{ENGLISH}'), f._holds"
        f"{''.join(f', f._clause_{place}' for place in range(len(parts)))}{values} "
        f"from candidate f join accounts a on a.account_id = f.account_id "
        f"left join account_manager m on m.account_id = f.account_id order by f.account_id"
    ).fetchall()
    subjects = (rule.subject, *rule.subjects.values())
    said = sorted(rule.when.columns.union(*(each.columns for each in subjects)) & catalogue.metrics.keys())
    behind = evidence.of_accounts(connection, catalogue, said, "candidate") if rows else {}
    meetings = _meetings(connection) if rule.per == "meeting" else {}
    connection.execute("drop table candidate")
    contacts = _contacts(connection, behind.values())
    due = _due(rule, day, hours)
    found = []
    for row in rows:
        account_id, account, band, manager_id, manager, owner_id, owner, language, holds, *rest = row
        if language not in columns_in:
            columns_in[language] = words.columns(catalogue, language)
        facts = dict(zip(known, rest[len(parts) :], strict=True))
        own = {
            name: behind.get((account_id, name), evidence.NOTHING)
            if facts[name] is not None
            else evidence.NOTHING
            for name in said
        }
        person = _concerned(own, contacts, account_id)
        fields = {
            **facts,
            "account": account or account_id,
            "account_manager": manager or owner or "",
            "contact": contacts[person].name if person else account or account_id,
            "due": due,
        }
        ahead = meetings.get(account_id, ())
        meeting = ahead[0] if ahead else None
        if meeting is not None:
            fields |= {"meeting": meeting.subject, "meeting_day": meeting.day}
            fields["due"] = _before(meeting.day, due, day, hours)
        why_you = _why_you(fields["account"], language, is_manager=owner_id == manager_id)
        states = rest[: len(parts)]
        text = _Text(rule, language, columns_in[language], catalogue, meeting)
        reason = words.condition(parts, states, facts, known, holds=holds)
        outcome = RuleOutcome(
            rule=rule.name,
            kind=rule.kind,
            severity=rule.severity,
            state="unknown" if holds is None else "fires" if holds else "silent",
            account_id=account_id,
            account=plain(account or ""),
            subject_key=meeting.id if meeting else "",
            owner_id=owner_id,
            owner_name=owner,
            who_id=person,
            subject=text.subject(fields),
            description=text.description(fields, facts, own, why_you),
            due=fields["due"],
            basis=_basis(rule, facts, own, band, catalogue, meeting),
            reason=reason,
            cooldown_days=rule.cooldown_days,
            on_clear=rule.on_clear,
            health_band=band,
            after=rule.after,
            language=language,
            told=reason
            if language == ENGLISH
            else words.condition(parts, states, facts, columns_in[language], holds=holds, language=language),
        )
        if rule.per == "account" or meeting is not None:
            found.append(outcome)
        over = set(asked_for.get((rule.name, account_id), ())) - {each.id for each in ahead}
        if rule.per == "meeting":
            found += [_over(outcome, key) for key in sorted(over)]
    return found


def _over(outcome: RuleOutcome, meeting: str) -> RuleOutcome:
    """What is said of a meeting that does not lie ahead any more."""
    reasons = {each: say(each, "meeting_over") for each in (ENGLISH, outcome.language)}
    return replace(
        outcome,
        state="silent",
        subject_key=meeting,
        reason=reasons[ENGLISH],
        told=reasons[outcome.language],
    )


@dataclass(frozen=True, slots=True)
class _Meeting:
    id: str
    subject: str
    day: date


def _meetings(connection: duckdb.DuckDBPyConnection) -> dict[str, list[_Meeting]]:
    """The meetings that lie ahead of each candidate, the next one first."""
    found: dict[str, list[_Meeting]] = {}
    for account_id, event, subject, day in connection.execute(
        "select m.account_id, m.record_id, coalesce(m.record_text, ''), m.day from coming_meetings m "
        "semi join candidate c on c.account_id = m.account_id "
        "order by m.account_id, m.day, m.at nulls first, m.record_id"
    ).fetchall():
        found.setdefault(account_id, []).append(_Meeting(event, plain(subject), day))
    return found


def _before(meeting: date, due: date, day: date, hours: BusinessHours) -> date:
    """On the last business day before the meeting at the latest, where there still is one."""
    last = meeting - timedelta(days=1)
    while last > day and not hours.is_business_day(last):
        last -= timedelta(days=1)
    return min(due, hours.add_business_days(max(last, day), 0))


@dataclass(frozen=True, slots=True)
class _Contact:
    name: str
    account_id: str | None


def _contacts(connection: duckdb.DuckDBPyConnection, found: Iterable[Evidence]) -> Mapping[str, _Contact]:
    """The people that the evidence names, as far as a task can still point to them."""
    people = sorted({each.person for one in found for each in one.records if each.person})
    if not people:
        return {}
    rows = connection.execute(
        "select contact_id, name, account_id from contact_person "
        "where list_contains(?::varchar[], contact_id) and contact_id = person_id and not coalesce(is_deleted, false)",
        [people],
    ).fetchall()
    return {contact_id: _Contact(name or "", account_id) for contact_id, name, account_id in rows}


def _concerned(own: Mapping[str, Evidence], contacts: Mapping[str, _Contact], account_id: str) -> str | None:
    """The contact behind the weightiest record; one of this very account before anybody else's."""
    people = [each.person for one in own.values() for each in one.records if each.person in contacts]
    at_home = [each for each in people if each and contacts[each].account_id == account_id]
    return next(iter([*at_home, *people]), None)


def _due(rule: Rule, day: date, hours: BusinessHours) -> date:
    """Always a business day, so that no task is due while nobody works."""
    if rule.due.unit == "business days":
        return hours.add_business_days(day, rule.due.amount)
    return hours.add_business_days(day + timedelta(days=rule.due.amount), 0)


def _why_you(account: object, language: str, *, is_manager: bool) -> str:
    key = "why_you_manager" if is_manager else "why_you_stand_in"
    return say(language, key, account=plain(str(account)))


@dataclass(frozen=True, slots=True)
class _Text:
    """The words of a rule for a reader of one language; `columns` are called as in that language."""

    rule: Rule
    language: str
    columns: Mapping[str, Column]
    catalogue: Catalogue
    meeting: _Meeting | None

    def subject(self, fields: Mapping[str, object]) -> str:
        subject = self.rule.subject_in(self.language)
        return render(subject, fields, limit=SUBJECT_LENGTH, language=self.language).strip()

    def description(
        self,
        fields: Mapping[str, object],
        facts: Mapping[str, float | str | None],
        own: Mapping[str, Evidence],
        why_you: str,
    ) -> str:
        """The facts with the records they rest on, why this person, the rule's own words, how to be rid of it."""
        rule, language = self.rule, self.language
        told = _told(rule)
        if self.meeting is not None:
            told = [name for name in told if not _counts_to_meeting(name, self.catalogue)]
        told = [name for name in told if facts[name] is not None] or told
        lines = [self._fact(name, facts[name], own.get(name)) for name in told]
        if self.meeting is not None:
            day = notation.spoken_day(self.meeting.day, language)
            lines.insert(0, f"{self.meeting.subject or say(language, 'meeting').capitalize()}, {day}")
        lines += [why_you, ""]
        own_words = rule.description_in(language)
        if own_words is not None:
            lines.append(render(own_words, fields, language=language).strip())
        elif rule.on_clear != "leave":
            lines.append(say(language, "closes_itself"))
        refuse = say(language, "not_useful")
        if own_words is None or refuse not in own_words.text:
            span = words.span(DISMISSAL * rule.cooldown_days, language)
            lines.append(f"{refuse} {say(language, 'how_to_refuse', span=span)}")
        text = "\n".join(lines)
        return text if len(text) <= DESCRIPTION_LENGTH else f"{text[: DESCRIPTION_LENGTH - 1]}…"

    def _fact(self, name: str, value: float | str | None, found: Evidence | None) -> str:
        text = words.fact(self.columns[name], value, self.language)
        text = text[:1].upper() + text[1:]
        metric = self.catalogue.metrics.get(name)
        if found is None or metric is None or not _is_named(metric):
            return text
        names = words.named(found, self.language)
        return f"{text} ({names})" if names else text


def _counts_to_meeting(name: str, catalogue: Catalogue) -> bool:
    """A task for a meeting names its day: how many days are left would be wrong tomorrow."""
    metric = catalogue.metrics.get(name)
    return metric is not None and metric.source == "coming_meetings"


def _told(rule: Rule) -> list[str]:
    """The columns of the condition, in its own order."""
    return list(dict.fromkeys(name for part in clauses(rule.when) for name in part.columns))


def _is_named(metric: Metric) -> bool:
    """Whether the records say something beside the number: of eleven contacts, "Call, Call, Meeting" does not."""
    return metric.source != "moments" or metric.aggregate in ("min", "max", "latest", "quantile")


def _basis(
    rule: Rule,
    facts: Mapping[str, float | str | None],
    own: Mapping[str, Evidence],
    band: str | None,
    catalogue: Catalogue,
    meeting: _Meeting | None,
) -> dict[str, object]:
    # The words of all languages, so that the same facts are news to every reader.
    texts = (rule.subject, *rule.subjects.values(), rule.description, *rule.descriptions.values())
    shown = sorted(rule.when.columns.union(*(each.columns for each in texts if each)) & facts.keys())
    if meeting is not None:
        shown = [name for name in shown if not _counts_to_meeting(name, catalogue)]
    return {
        "band": band,
        "numbers": {name: facts[name] for name in shown if isinstance(facts[name], (int, float))},
        "records": sorted(
            {
                record.id
                for name, one in own.items()
                if name in rule.when.columns and _is_named(catalogue.metrics[name])
                for record in one.records[: words.NAMED]
            }
            | ({f"{meeting.id} {meeting.day}"} if meeting else set())
        ),
        "ageing": [name for name in shown if name in catalogue.metrics and catalogue.metrics[name].ageing],
    }
