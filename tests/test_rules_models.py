"""Every model, and the query over all of them, on both engines; what a model returns is what its source declares."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from importlib import resources
from types import MappingProxyType

import pytest
import sqlglot
from company import CUSTOMER, STAFF, ago, cycle, sla
from measured import fields
from sqlglot import exp

from rules import catalogue
from rules.dialects import ModelError, compile_model
from rules.expressions import parse, to_sql
from rules.functions import ENGINES
from rules.metrics import MODELS, metrics_sql, model_text
from rules.sources import ACCOUNT_COLUMNS, ACTIVITY_COLUMNS, COVERAGE, SOURCES

EVIDENCE = {
    "account_id": "text", "record_system": "text", "record_id": "text", "record_key": "text",
    "record_text": "text", "record_person": "text",
}  # fmt: skip
# Columns by which one model joins another; admins are not offered them.
JOINED_BY = {"issues": {"issue_id"}, "steps": {"site", "issue_id"}}
DUCKDB_TYPES = {
    "number": ("BIGINT", "INTEGER", "HUGEINT", "DOUBLE", "DECIMAL"),
    "text": ("VARCHAR",),
    "boolean": ("BOOLEAN",),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
}
EVERY_AGGREGATE = {
    "a_count": {"source": "issues", "where": "not done and has_label('it''s')", "aggregate": "count"},
    "a_sum": {
        "source": "issues",
        "where": "contains(type, 'x') or length(key) > 3",
        "value": "age_days",
        "aggregate": "sum",
    },
    "a_min": {
        "source": "moments",
        "where": "starts_with(kind, 'm')",
        "value": "days_ago",
        "aggregate": "min",
    },
    "a_max": {"source": "comments", "value": "round(hours, 2)", "aggregate": "max", "empty": 0},
    "an_avg": {"source": "org_units", "value": "engaged", "aggregate": "avg"},
    "a_quantile": {"source": "issues", "value": "status_days", "aggregate": "quantile", "quantile": 0.9},
    "a_count_distinct": {"source": "issues", "value": "lower(project)", "aggregate": "count_distinct"},
    "a_latest": {"source": "issues", "value": "age_days", "order": "created", "aggregate": "latest"},
    "an_effective_number": {
        "source": "moment_people",
        "value": "moments_90d",
        "aggregate": "effective_number",
    },
    "an_expr": {"expr": "coalesce(a_sum / a_count, least(a_min, 3), if(a_max > 1, 2, abs(an_avg)))"},
    "another_expr": {"expr": "an_expr * 2 - nullif(an_expr, 0)"},
}
# What would be another thing on Spark, or nothing at all; in texts these words may stand.
DUCKDB_ONLY = (
    "STRING_AGG", "QUANTILE_CONT", "ROUND_EVEN", "DATE_DIFF(", "EPOCH", "LIST_", "SHA256(", "ARG_MAX", "ARG_MIN",
    "STARTS_WITH(", "ENDS_WITH(", "QUALIFY", "EXCLUDE", "ILIKE", "::", "UNNEST", "VARCHAR)",
)  # fmt: skip


def _texts_aside(sql: str) -> str:
    return re.sub(r"'(?:\\.|[^'\\])*'", "''", sql)


@pytest.fixture(scope="module")
def shelf() -> catalogue.Catalogue:
    return catalogue.load({"metrics": EVERY_AGGREGATE}, SOURCES)


# -- both engines --------------------------------------------------------------------------------------------------------


def test_every_file_is_a_model_and_every_source_has_one():
    files = {file.name.removesuffix(".sql") for file in resources.files("rules").joinpath("models").iterdir()}
    assert files == set(MODELS)
    assert set(SOURCES) <= set(MODELS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_one_query_on_each_engine(name, engine):
    sql = compile_model(model_text(name), engine)
    trees = sqlglot.parse(sql, read=engine)
    assert len(trees) == 1
    assert isinstance(trees[0], exp.Query)
    assert not any(isinstance(node, exp.Command) for node in trees[0].walk())
    mark = '"' if engine == "duckdb" else "`"
    assert all(
        column.this.quoted
        for column in trees[0].find_all(exp.Column)
        if isinstance(column.this, exp.Identifier)
    )
    assert mark in sql
    if engine == "spark":
        assert not [word for word in DUCKDB_ONLY if word in _texts_aside(sql).upper()]
        assert '"' not in sql


@pytest.mark.parametrize("name", MODELS)
def test_a_model_reads_only_models_before_it_and_the_mirror(name):
    tree = sqlglot.parse_one(compile_model(model_text(name), "duckdb"), read="duckdb")
    own = {each.alias for each in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - own
    later = set(MODELS[MODELS.index(name) :])
    assert not read & later


@pytest.mark.parametrize("engine", ENGINES)
def test_all_metrics_are_one_query_on_each_engine(shelf, engine):
    sql = metrics_sql(shelf, engine)
    (tree,) = sqlglot.parse(sql, read=engine)
    assert [each.alias_or_name for each in tree.selects] == ["account_id", *shelf.metrics]
    assert not any(isinstance(node, exp.Command) for node in tree.walk())
    if engine == "spark":
        assert '"' not in sql
        assert not [word for word in DUCKDB_ONLY if word in _texts_aside(sql).upper()]


def test_each_source_is_scanned_once_whatever_the_number_of_metrics(shelf):
    tree = sqlglot.parse_one(metrics_sql(shelf, "spark"), read="spark")
    scanned = [table.name for table in tree.find_all(exp.Table) if table.name in SOURCES]
    assert sorted(scanned) == sorted({each.source for each in shelf.metrics.values() if each.source})


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            ACCOUNT_COLUMNS,
            "not person_account and (won_opportunities_730d > 0 or starts_with(type, 'Customer'))",
        ),
        (ACTIVITY_COLUMNS, "contains(lower(subject), 'newsletter') or type in ('A', 'B''s')"),
    ],
)
def test_the_conditions_of_a_config_are_spark_too(columns, text):
    sql = to_sql(parse(text, columns, path="x", want="boolean"), "spark")
    assert isinstance(sqlglot.parse_one(f"select {sql}", read="spark"), exp.Select)


@pytest.mark.parametrize(
    "construct",
    [
        "select i.account_id from issues i qualify row_number() over (order by i.key) = 1",
        "select distinct on (i.account_id) i.account_id from issues i",
        "select i.key::int as n from issues i",
        "select list(i.key) as n from issues i",
        "select [i.key] as n from issues i",
        "select {'a': i.key} as n from issues i",
        "select unnest(i.keys) as n from issues i",
        "with recursive r as (select 1 as n union all select n + 1 from r) select n from r",
        "select i.account_id from issues i asof join moments m on i.created >= m.at",
        "select i.account_id from issues i, lateral (select 1) x",
        "select i.account_id from issues i semi join moments m on true",
        "select i.* exclude (key) from issues i",
        "select strptime(i.key, '%Y') as n from issues i",
        "select nfc_normalize(i.key) as n from issues i",
        "select regexp_matches(i.key, 'x') as n from issues i",
        "select i.key from issues i where i.key ilike 'x'",
        "select i.key from issues i using sample 10",
        "select i.key from read_csv('x') i",
        "select date_trunc('day', i.created) as n from issues i",
        "select median(i.age_days) as n from issues i",
        "create table x as select 1 as n",
        "select 1 as n; select 2 as n",
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_construct_outside_the_common_list_stops_the_build(construct, engine):
    with pytest.raises(ModelError):
        compile_model(construct, engine)


# -- what a model returns ------------------------------------------------------------------------------------------------


def _fill(book) -> None:
    acme = book.account("Acme")
    child = book.account("Acme Labs", ParentId=acme)
    dana = book.contact(acme, "dana@acme.example", Name="Dana", Department="IT")
    book.call(acme, ago(days=2), dana)
    book.meeting(child, ago(days=3))
    book.meeting(acme, ago(days=-3))
    book.call(acme, ago(days=4), dana, CallType="Inbound", CallDisposition="Missed")
    book.add(
        "EmailMessage", Incoming=True, FromAddress="dana@acme.example", MessageDate=ago(days=2), Status="1"
    )
    issue = book.issue("ACME-1", acme, service=True, reporter=CUSTOMER, labels=["a"], due=ago(days=1).date())
    book.comment(issue, CUSTOMER, ago(days=2))
    book.step(issue, "status", "Done", "Open", ago(days=4))
    book.issue("BETA-1", child, reporter=STAFF)
    _sell(book, acme, dana)
    _serve(book, acme)


def _serve(book, acme: str) -> None:
    fields(book, "Contract", Rapport_Budget_Hours__c="double")
    book.add(
        "Contract",
        AccountId=acme,
        Status="Activated",
        StartDate=ago(days=9).date(),
        Rapport_Budget_Hours__c=10,
    )
    running = sla(running=cycle(ago(days=1), ago(days=-1)))
    done = book.issue(
        "ACME-2", acme, status="Done", due=ago(days=1).date(), customfield_10080=running,
        customfield_10082={"rating": 4}, customfield_10083=ago(days=1).isoformat(),
    )  # fmt: skip
    book.step(done, "status", "Open", "Done", ago(days=2))
    book.step(done, "duedate", "2026-11-01", "2026-11-17", ago(days=3))
    epic = book.issue("ACME-3", acme, type="Epic", level=1, timeoriginalestimate=3600)
    book.worklog(epic, 3600, ago(days=1))


def _sell(book, acme: str, dana: str) -> None:
    fields(book, "Contact", Rapport_Reference_On__c="date")
    fields(
        book,
        "Rapport_Value__c",
        Account__c="string",
        Outcome__c="string",
        Amount__c="double",
        Confirmed_On__c="date",
    )
    today = ago(days=1).date()
    product = book.add("Product2", Name="Cloud", IsActive=True)
    deal = book.add(
        "Opportunity", AccountId=acme, Name="Won", StageName="Won", IsClosed=True, IsWon=True, CloseDate=today
    )
    book.add("OpportunityLineItem", OpportunityId=deal, Product2Id=product, Quantity=1)
    book.add("OpportunityContactRole", OpportunityId=deal, ContactId=dana, Role="Champion")
    book.add("Asset", AccountId=acme, Product2Id=product, Name="Cloud 1")
    book.add("Contract", AccountId=acme, Status="Activated", StartDate=today, EndDate=ago(days=-9).date())
    book.add("Entitlement", AccountId=acme, Name="Gold", StartDate=today)
    plan = book.add("AccountPlan", AccountId=acme, Name="Plan", StartDate=today)
    book.add("AccountPlanObjective", AccountPlanId=plan, Name="More", Status="Open")
    book.add("Rapport_Value__c", Account__c=acme, Outcome__c="Saved", Amount__c=1, Confirmed_On__c=today)
    book.contact(acme, "lee@acme.example", Rapport_Reference_On__c=today)
    book.meeting(acme, ago(days=3), Subject="QBR")


def test_every_source_returns_its_declared_columns_and_its_evidence(book, serve):
    _fill(book)
    company = serve(book)
    company.pull()
    with company.measured() as (_, mirror, _):
        for source, declared in SOURCES.items():
            rows = mirror.connection.execute(f'describe "{source}"').fetchall()
            found = {name: kind.partition("(")[0] for name, kind, *_ in rows}
            wanted = declared | EVIDENCE
            assert set(found) - JOINED_BY.get(source, set()) == set(wanted), source
            wrong = {
                name: found[name] for name, kind in wanted.items() if found[name] not in DUCKDB_TYPES[kind]
            }
            assert not wrong, source
            assert mirror.one(f'select count(*) from "{source}"'), f"{source} has rows in this book"
            for column in ("account_id", "record_system", "record_id", "record_key"):
                assert not mirror.one(f'select count(*) from "{source}" where {column} is null'), (
                    source,
                    column,
                )
            assert not mirror.one(
                f"select count(*) from \"{source}\" where record_system not in ('salesforce', 'jira', 'none')"
            )
        for model, declared in (("accounts", ACCOUNT_COLUMNS), ("activities", ACTIVITY_COLUMNS)):
            found = {row[0]: row[1] for row in mirror.connection.execute(f"describe {model}").fetchall()}
            assert {name for name, kind in declared.items() if found[name] not in DUCKDB_TYPES[kind]} == set()
        covered = {row[0]: row[1] for row in mirror.connection.execute("describe coverage").fetchall()}
        assert covered == {"account_id": "VARCHAR", **dict.fromkeys(COVERAGE, "BOOLEAN")}


# -- laws over a whole book ------------------------------------------------------------------------------------------------


def _random_book(book, chance: random.Random, names: tuple[str, ...]) -> None:
    """Accounts with a life of their own: the same names and the same chance give the same lives."""
    for name in names:
        own = random.Random(f"{name}-{chance.random()}")
        account = book.account(name, Id=f"001{own.randrange(10**12):012d}AAA")
        people = [
            book.contact(
                account, f"{n}@{name.lower()}.example", Department=own.choice(["IT", "HR", "Sales", None])
            )
            for n in range(4)
        ]
        for _ in range(own.randrange(3, 14)):
            book.call(account, ago(days=own.randrange(1, 120), hours=own.randrange(20)), own.choice(people))
        for number in range(1, own.randrange(3, 9)):
            issue = book.issue(
                f"{name.upper()}-{number}", account, service=own.random() < 0.5, reporter=CUSTOMER,
                priority=own.choice(["Highest", "High", "Medium"]), status=own.choice(["Open", "In Progress", "Done"]),
                created=ago(days=own.randrange(20, 200)), due=ago(days=own.randrange(-20, 20)).date(),
            )  # fmt: skip
            for _ in range(own.randrange(4)):
                book.comment(
                    issue,
                    own.choice([CUSTOMER, STAFF]),
                    ago(days=own.randrange(1, 19), hours=own.randrange(20)),
                )


def _by_name(company) -> dict[str, dict]:
    company.pull()
    return {each["account"]: each["scorecards"] for each in company.scores()}


def test_scores_do_not_depend_on_row_order_on_ids_or_on_who_else_is_there(serve):
    from company import Book

    names = ("Acme", "Borealis", "Quiet", "Delta")

    def book(chosen: tuple[str, ...], order: int | None) -> Book:
        made = Book()
        _random_book(made, _Fixed(1), chosen)
        if order is not None:
            chance = random.Random(order)
            for records in (*made.salesforce.values(), made.issues):
                chance.shuffle(records)
            _renamed(made, chance)
        return made

    plain = _by_name(serve(book(names, None)))
    assert {card["health"]["band"] for card in plain.values()} != {"unknown"}
    assert _by_name(serve(book(names, 7))) == plain
    some = _by_name(serve(book(names[:2], None)))
    assert some == {name: plain[name] for name in names[:2]}


class _Fixed(random.Random):
    """Always the same number, so that a name alone decides an account's life."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._same = super().random()

    def random(self) -> float:
        return self._same


def _renamed(book, chance: random.Random) -> None:
    """Other ids for all accounts, contacts and activities, in another order; references follow."""
    old = [record["Id"] for name in ("Account", "Contact", "Task") for record in book.salesforce[name]]
    new = {
        each: f"{each[:3]}{number:012d}AAA"
        for each, number in zip(old, chance.sample(range(10**9), len(old)), strict=True)
    }
    for records in book.salesforce.values():
        for record in records:
            record.update(
                {key: new.get(value, value) for key, value in record.items() if isinstance(value, str)}
            )
    for issue in book.issues:
        field = issue["fields"]["customfield_10050"]
        issue["fields"]["customfield_10050"] = new.get(field, field)


def test_the_order_of_a_catalogue_changes_no_number(book, serve):
    _random_book(book, _Fixed(5), ("Acme", "Borealis"))
    company = serve(book)
    company.pull()
    with company.measured() as (config, mirror, _):
        shelf = config.catalogue
        columns = ", ".join(f'"{name}"' for name in shelf.metrics)
        ask = f"select account_id, {columns} from ({{}}) order by account_id"
        plain = mirror.connection.execute(ask.format(metrics_sql(shelf))).fetchall()
        names = sorted(shelf.metrics, key=lambda name: (shelf.metrics[name].expr is not None, name[::-1]))
        other = replace(shelf, metrics=MappingProxyType({name: shelf.metrics[name] for name in names}))
        assert mirror.connection.execute(ask.format(metrics_sql(other))).fetchall() == plain
