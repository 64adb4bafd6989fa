"""Proposals for issues without an account: which value of Jira could stand for which account, and why.

Nothing is linked by a proposal: it is written to a file of links that a person corrects and then names in the config.

```
values of the issues ──► candidates: the name is alike, reporters' domains are, other issues went there
                    └──► one clear candidate: a row that counts; several or a weak one: rows behind a #
```
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from rapidfuzz import fuzz, process

from sync.config_types import is_domain
from sync.link_map import HEADER, TABLES, guarded
from sync.names import account_id15, name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from sync.config import Config
    from sync.mirror import Mirror

# What says how a company is constituted, not what it is called.
_LEGAL = frozenset(
    [
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "kgaa",
        "ohg",
        "ug",
        "se",
        "ev",
        "co",
        "ltd",
        "limited",
        "llc",
        "llp",
        "lp",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "company",
        "plc",
        "sa",
        "sarl",
        "sas",
        "spa",
        "srl",
        "bv",
        "nv",
        "ab",
        "as",
        "asa",
        "oy",
        "oyj",
        "aps",
        "sro",
        "pty",
        "pte",
        "group",
        "gruppe",
        "holding",
        "holdings",
        "the",
        "and",
        "und",
        "et",
    ]
)
_PUBLIC = frozenset({"co", "com", "org", "net", "ac", "gov", "edu"})  # before a country: acme.co.uk
SHORTEST = 3  # letters of a word that can stand for a name
LIKELY = 75.0  # from here up a candidate is worth showing
CLEAR = 90.0
LEAD = 10.0
MOST_VALUES = 5_000  # with most issues; the rest is left for the next round
MOST_CANDIDATES = 3
MOST_EXAMPLES = 3

# Issues that belong nowhere yet, with the place in `link_by` at which several accounts were found: what stands behind
# that place is not asked any more.
_UNRESOLVED = """
create or replace temp table unresolved as
select i.site, i.id, i.key, i.project_key, i.reporter_id, a.method
from jira_issue i
left join (select distinct site, issue_id, method from issue_ambiguous) a on a.site = i.site and a.issue_id = i.id
where not exists (select 1 from issue_account l where l.site = i.site and l.issue_id = i.id)
"""
_VALUES = {
    "organization": "select u.site, u.id, v.value from unresolved u join jira_issue_value v "
    "on v.site = u.site and v.issue_id = u.id and v.kind = 'organization'",
    "project": "select u.site, u.id, u.project_key as value from unresolved u",
    "component": "select u.site, u.id, v.value from unresolved u join jira_issue_value v "
    "on v.site = u.site and v.issue_id = u.id and v.kind = 'component'",
    "label": "select u.site, u.id, v.value from unresolved u join jira_issue_value v "
    "on v.site = u.site and v.issue_id = u.id and v.kind = 'label'",
    "domain": "select u.site, u.id, w.domain as value from unresolved u join jira_person w "
    "on w.site = u.site and w.id = u.reporter_id",
}
# Where linked issues with the same value went: only of kinds that are made for one customer.
_NEIGHBOURS = {
    "organization": "select v.value, l.account_id, count(*) from issue_account l join jira_issue_value v "
    "on v.site = l.site and v.issue_id = l.issue_id and v.kind = 'organization' group by all",
    "project": "select i.project_key, l.account_id, count(*) from issue_account l join jira_issue i "
    "on i.site = l.site and i.id = l.issue_id group by all",
}
_METHOD = {"domain": "reporter"}  # the others are called as their method


@dataclass(frozen=True, slots=True)
class Candidate:
    """`reference` is how a file of links names the account: by its name, or by its Id where the name fits several."""

    account_id: str
    account: str
    reference: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`clear`: the first candidate stands out, so that its row counts unless the admin strikes it out."""

    kind: str
    value: str
    issues: int
    examples: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    clear: bool


@dataclass(frozen=True, slots=True)
class _Value:
    kind: str
    value: str
    names: tuple[
        str, ...
    ]  # what it is called: a project by key and name, a domain by the part that a company chooses
    issues: int
    examples: tuple[str, ...]


Evidence = dict[str, tuple[float, str]]  # account id -> score of 100, and why


def suggest(config: Config, mirror: Mirror) -> list[Suggestion]:
    """Proposals for all unmatched and ambiguous issues, those for most issues first; the same for the same store."""
    connection = mirror.connection
    connection.execute(_UNRESOLVED)
    accounts = dict(
        connection.execute(
            "select Id, Name from sf_account where not IsDeleted and Name is not null order by Id"
        ).fetchall()
    )
    references = _references(accounts)
    likeness = _Likeness(accounts)
    neighbours = {kind: _by_value(connection, query) for kind, query in _NEIGHBOURS.items()}
    found = []
    for value in _values(config, connection)[:MOST_VALUES]:
        evidence = [likeness.of(value.names, "the name is alike")]
        if value.kind in _NEIGHBOURS:
            went = neighbours[value.kind].get(name_key(value.value), {})
            evidence.append(_went_to(went))
            reported = _reported_from(config, connection, value, likeness)
            # Where most linked issues of a project went elsewhere, its people are not the ones who decide whose it is.
            few = {account for account in reported if 2 * went.get(account, 0) < sum(went.values())}
            evidence.append({account: said for account, said in reported.items() if account not in few})
        ranked = _ranked(evidence)
        candidates = tuple(
            Candidate(account, accounts[account], references[account], score, why)
            for account, score, why in ranked[:MOST_CANDIDATES]
            if account in accounts
        )
        if candidates:
            clear = _stands_out(candidates, evidence)
            found.append(Suggestion(value.kind, value.value, value.issues, value.examples, candidates, clear))
    connection.execute("drop table unresolved")
    return found


def to_json(suggestions: Sequence[Suggestion]) -> list[dict[str, object]]:
    return [
        {
            "kind": each.kind,
            "value": each.value,
            "issues": each.issues,
            "examples": list(each.examples),
            "clear": each.clear,
            "candidates": [
                {"account_id": c.account_id, "account": c.account, "score": round(c.score), "why": c.why}
                for c in each.candidates
            ],
        }
        for each in suggestions
    ]


def to_csv(suggestions: Sequence[Suggestion]) -> str:
    """A file that `link_map.read_map` reads: clear proposals count, all others stand behind a #."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow((*HEADER, "issues", "score", "why", "examples", "account name"))
    for each in suggestions:
        for place, candidate in enumerate(each.candidates):
            cells = (
                each.value,
                candidate.reference,
                str(each.issues),
                f"{candidate.score:.0f}",
                candidate.why,
                " ".join(each.examples),
                candidate.account,
            )
            kind = each.kind if each.clear and place == 0 else f"# {each.kind}"
            rows.writerow((kind, *(guarded(" ".join(cell.split())) for cell in cells)))
    return out.getvalue()


# -- what the issues say -----------------------------------------------------------------------------------------------


def _values(config: Config, connection: duckdb.DuckDBPyConnection) -> list[_Value]:
    """Values of issues without an account for which a row in the file would have a say, those of most issues first."""
    order = {method: place for place, method in enumerate(config.identity.link_by)}
    places = pa.table({"method": list(order), "place": list(order.values())})
    found: list[_Value] = []
    project_names = dict(
        connection.execute("select key, min(name) from jira_project group by key").fetchall()
    )
    internal = {
        domain.casefold()
        for domain in (*config.identity.internal_domains, *config.identity.free_mail_domains)
    }
    for kind, query in _VALUES.items():
        method = _METHOD.get(kind, kind)
        if method not in order:
            continue
        taken = {name_key(known) for known in getattr(config.identity, TABLES[kind])}
        # A name that fits several accounts is settled by an entry for it; any other doubt has to be settled before.
        last = order[method] if kind in ("organization", "domain") else order[method] + 1
        connection.register("link_place", places)
        rows = connection.execute(
            f"select v.value, count(*), list(u.key order by length(u.key), u.key)[1:{MOST_EXAMPLES}] "
            f"from (select distinct site, id, value from ({query}) where value is not null) v "
            "join unresolved u on u.site = v.site and u.id = v.id "
            "left join link_place p on p.method = u.method "
            "where u.method is null or p.place >= ? group by v.value",
            [last],
        ).fetchall()
        connection.unregister("link_place")
        merged: dict[str, list[tuple[str, int, list[str]]]] = {}
        for value, issues, examples in rows:
            key = name_key(value)
            fitting = kind != "domain" or (is_domain(value) and key not in internal)
            if key and key not in taken and fitting:
                merged.setdefault(key, []).append((value, issues, examples))
        for spellings in merged.values():
            spellings.sort(key=lambda each: (-each[1], each[0]))
            value = spellings[0][0]
            examples = [key for each in spellings for key in each[2]][:MOST_EXAMPLES]
            names = (value, project_names.get(value) or "") if kind == "project" else (value,)
            names = (_company_of(value),) if kind == "domain" else names
            found.append(_Value(kind, value, names, sum(each[1] for each in spellings), tuple(examples)))
    return sorted(found, key=lambda each: (-each.issues, each.kind, name_key(each.value), each.value))


def _company_of(domain: str) -> str:
    """The part of a domain that a company chooses: acme-group of mail.acme-group.co.uk."""
    labels = domain.split(".")
    if len(labels) > 2 and labels[-2] in _PUBLIC:
        return labels[-3]
    return labels[-2] if len(labels) > 1 else domain


# -- evidence ----------------------------------------------------------------------------------------------------------


class _Likeness:
    """How alike a name of Jira and the names of the accounts are."""

    def __init__(self, accounts: Mapping[str, str]) -> None:
        self._ids = list(accounts)
        self._names = [_words(name) for name in accounts.values()]

    def of(self, names: Iterable[str], why: str) -> Evidence:
        found: Evidence = {}
        for name in names:
            words = _words(name)
            if sum(map(len, words.split())) < SHORTEST:
                continue
            near = process.extract(
                words,
                self._names,
                scorer=fuzz.token_set_ratio,
                processor=None,
                score_cutoff=LIKELY,
                limit=None,
            )
            for other, _, place in near:
                account, score = self._ids[place], _alike(words, other)
                if score >= LIKELY and score > found.get(account, (0.0, ""))[0]:
                    found[account] = (score, why)
        return found


def _alike(one: str, other: str) -> float:
    """Mostly whether the words of one are among those of the other, a little whether they are all of them."""
    letters = min(len(name.replace(" ", "")) for name in (one, other))
    every = fuzz.token_sort_ratio(one, other)
    some = fuzz.token_set_ratio(one, other) if letters > SHORTEST else every
    return 0.8 * some + 0.2 * every


def _words(name: str) -> str:
    """A name by its words without punctuation and legal form; all of them where nothing else is left."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    words = "".join(char if char.isalnum() else " " for char in folded).split()
    return " ".join([word for word in words if word not in _LEGAL] or words)


def _went_to(counts: Mapping[str, int]) -> Evidence:
    """Where linked issues with the same value went; the more there are, the more that says."""
    total = sum(counts.values())
    found: Evidence = {}
    for account, count in counts.items():
        score = 100 * count / (total + 1)
        if score >= LIKELY / 2:
            found[account] = (score, f"{count} of {total} linked issues there are this account's")
    return found


def _by_value(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for value, account, count in connection.execute(query).fetchall():
        counts = found.setdefault(name_key(value), {}) if value else {}
        counts[account] = counts.get(account, 0) + count
    return found


def _reported_from(
    config: Config, connection: duckdb.DuckDBPyConnection, value: _Value, likeness: _Likeness
) -> Evidence:
    """Accounts that have the mail domain of the people who report these issues, or are called like it."""
    ours = sorted(
        {d.casefold() for d in (*config.identity.internal_domains, *config.identity.free_mail_domains)}
    )
    rows = connection.execute(
        f"select w.domain, count(*), list(distinct d.account_id order by d.account_id) filter (d.account_id is not null) "
        f"from (select distinct site, id, value from ({_VALUES[value.kind]})) v "
        "join unresolved u on u.site = v.site and u.id = v.id "
        "join jira_person w on w.site = u.site and w.id = u.reporter_id "
        "left join account_domain d on d.domain = w.domain "
        "where v.value = $value and w.domain is not null and not list_contains($ours::varchar[], w.domain) "
        "group by w.domain order by count(*) desc, w.domain limit 5",
        {"value": value.value, "ours": ours},
    ).fetchall()
    total = sum(count for _, count, _ in rows)
    found: Evidence = {}
    for domain, count, accounts in rows:
        known = dict.fromkeys(accounts or (), 100.0)
        alike = {account: score for account, (score, _) in likeness.of((_company_of(domain),), "").items()}
        for account, score in {**alike, **known}.items():
            part = score * count / total
            if part >= LIKELY / 2 and part > found.get(account, (0.0, ""))[0]:
                found[account] = (part, f"people at {domain} report here")
    return found


# -- weighing ----------------------------------------------------------------------------------------------------------


def _ranked(evidence: Sequence[Evidence]) -> list[tuple[str, float, str]]:
    """Accounts by their best evidence, with all that speaks for them; what is only hinted at is left out."""
    score: dict[str, float] = defaultdict(float)
    why: dict[str, list[str]] = defaultdict(list)
    for kind in evidence:
        for account, (points, words) in kind.items():
            score[account] = max(score[account], points)
            why[account].append(words)
    ranked = sorted(score, key=lambda account: (-score[account], -len(why[account]), account))
    return [(each, score[each], "; ".join(why[each])) for each in ranked if score[each] >= LIKELY]


def _stands_out(candidates: Sequence[Candidate], evidence: Sequence[Evidence]) -> bool:
    """Whether one account leads by far, and its name says so or two ways of looking at it agree."""
    first = candidates[0]
    agreeing = sum(first.account_id in kind for kind in evidence)
    lead = first.score - (candidates[1].score if len(candidates) > 1 else 0)
    named = evidence[0].get(first.account_id, (0.0, ""))[0]
    return lead >= LEAD and (named >= CLEAR or agreeing > 1)


def _references(accounts: Mapping[str, str]) -> dict[str, str]:
    """How each account is named in a file: by its name if that means this account alone."""
    keys = {account: name_key(name) for account, name in accounts.items()}
    counts = Counter(keys.values())
    return {
        account: name
        if counts[keys[account]] == 1 and keys[account] and account_id15(name) is None
        else account
        for account, name in accounts.items()
    }
