"""The pull that can be trusted: parts equal the whole, nothing is half-stored, silence is no deletion."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from campaigns import few, seeds
from company import CUSTOMER, NOW, STAFF, ago, sf_id, stamp
from pulled import SECRET, Edits, assert_as_if_fresh, busy_book, change_mirror, fresh, refusing, rows, tables

from connectors.errors import ConnectorError, PermissionRefused, SignInRefused, UnexpectedAnswer, Unreachable
from simulator.http import json_response
from simulator.jira_switches import JiraSwitches
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Switches
from sync import run
from sync.errors import SyncError

LATER = NOW + timedelta(hours=2)
SMALL_PAGES = Switches(
    salesforce=SalesforceSwitches(page_rows=3),
    jira=JiraSwitches(page_limit=3, inline_comments=0, histories_in_search=1),
)
ONE_TRY = "[http]\nmax_tries = 1\n"


def asks(text: str):
    return lambda request: text in request.path or any(text in v for vs in request.query.values() for v in vs)


def next_page(request) -> bool:
    return "/queryAll/" in request.path or "/query/" in request.path


FORBIDDEN = json_response([{"message": "no", "errorCode": "INSUFFICIENT_ACCESS"}], 403)
BROKEN = json_response([{"message": "oops", "errorCode": "UNKNOWN_EXCEPTION"}], 500)
JIRA_FORBIDDEN = json_response({"errorMessages": ["no"], "errors": {}}, 403)
JIRA_BROKEN = json_response({"errorMessages": ["oops"], "errors": {}}, 500)


# -- parts equal the whole -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", seeds(1, 6))
def test_pulls_after_random_edits_leave_what_a_fresh_store_holds(serve, seed):
    company = serve(busy_book(), switches=SMALL_PAGES if seed % 2 else Switches())
    company.pull()
    edits, now = Edits(company, seed), NOW
    for _ in range(3):
        now += timedelta(minutes=edits.random.randint(1, 200))
        company.at(now)
        edits.make(12, now)
        company.pull()
    assert_as_if_fresh(company)


@pytest.mark.parametrize("seed", seeds(1, 6))
def test_with_a_sweep_even_what_leaves_no_trace_is_found(serve, seed):
    company = serve(busy_book())
    company.configure('[pull]\nsweep_every = "1 day"\n')
    company.pull()
    edits, now = Edits(company, seed), NOW + timedelta(days=2)
    company.at(now)
    edits.make(6, now)
    edits.make(5, now, traceless=True)
    company.pull()
    assert_as_if_fresh(company)


def test_records_that_change_while_they_are_read_are_there_after_the_next_pull(serve):
    company = serve(busy_book(), switches=SMALL_PAGES)
    edits = Edits(company, 7)
    run.run_pull(company.config, full=False, progress=lambda source, count: edits.make(1, NOW))
    assert len(edits.done) > 20
    company.at(LATER)
    company.pull()
    assert_as_if_fresh(company)


def test_a_full_pull_of_a_filled_store_equals_a_fresh_one(serve):
    company = serve(busy_book())
    company.pull()
    edits = Edits(company, 3)
    company.at(LATER)
    edits.make(10, LATER)
    edits.make(6, LATER, traceless=True)
    company.pull(full=True)
    assert_as_if_fresh(company)


def test_unchanged_sources_leave_every_table_as_it_was(serve):
    company = serve(busy_book())
    company.pull()
    before = tables(company)
    company.at(LATER)
    company.pull()
    assert tables(company) == before


def test_an_incremental_pull_asks_only_for_what_changed(serve):
    book = busy_book()
    company = serve(book)
    company.pull()
    company.at(LATER)
    with company.simulator.edit() as (salesforce, jira):
        changed = salesforce.state()["Contact"][0]["Id"]
        salesforce.change(changed, Title="New")
        jira.add_comment("SUP-3", "text", at=LATER, author=CUSTOMER)
    report = company.pull()
    # It, and whoever bears the newest stamp of the last pull.
    assert 1 <= report.rows["sf_contact"] <= 2
    assert 1 <= report.rows["jira_issue"] <= 2


# -- what a cursor was made with --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "table", "reread"),
    few(2, [
        ('[accounts.columns]\nregion = "Industry"\n', "sf_account", True),
        ('[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\njql = "project in (SUP, DEV)"\n', "jira_issue", True),
        ('[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\nsecurity_levels = ["Board only"]\n', "jira_issue", True),
        ("[time]\nholidays = [2026-12-24]\n", "jira_issue", False),
    ]),
)  # fmt: skip
def test_other_fields_or_another_query_read_all_of_that_source_again(serve, extra, table, reread):
    company = serve(busy_book())
    company.pull()
    whole = rows(company, f"select count(*) from {table}")
    change_mirror(company, f"delete from {table}")
    text = company.config_path.read_text()
    if "[time]" in extra:
        company.config_path.write_text(text.replace("[time]", extra.rstrip()))
    else:
        company.configure(extra)
    company.at(LATER)
    company.pull()
    assert (rows(company, f"select count(*) from {table}") == whole) is reread


def test_another_user_may_see_other_rows_and_reads_all_again(serve):
    company = serve(busy_book())
    company.pull()
    counts = "select (select count(*) from sf_contact), (select count(*) from jira_issue)"
    whole = rows(company, counts)
    change_mirror(company, "delete from sf_contact; delete from jira_issue")
    with company.simulator.edit() as (salesforce, jira):
        salesforce._sessions._identity = f"{sf_id('00D', 1)}/{sf_id('005', 77)}"
        jira.site.account["accountId"] = "somebody-else"
    company.at(LATER)
    company.pull()
    assert rows(company, counts) == whole


def test_a_stamp_of_the_future_does_not_hide_what_comes_before_it(serve):
    book = busy_book()
    account = book.salesforce["Account"][0]["Id"]
    book.contact(account, "future@a0.example", SystemModstamp=NOW + timedelta(days=400))
    book.issue("DEV-99", updated=NOW + timedelta(days=400))
    company = serve(book)
    company.pull()
    marks = rows(company, "select high_water from mirror_cursor where high_water is not null")
    assert max(mark for (mark,) in marks) <= NOW.replace(tzinfo=None)
    company.at(LATER)
    with company.simulator.edit() as (salesforce, jira):
        salesforce.change(salesforce.state()["Contact"][0]["Id"], Title="Now")
        jira.add_comment("DEV-1", "now", at=LATER)
    company.pull()
    assert_as_if_fresh(company)


def test_the_cursor_stands_at_the_newest_stamp_that_was_received(serve):
    book = busy_book()
    book.contact(None, "new@x.example", SystemModstamp=ago(hours=3))
    company = serve(book)
    company.pull()
    [(mark,)] = rows(company, "select high_water from mirror_cursor where source = 'sf_contact'")
    assert mark == ago(hours=3).replace(tzinfo=None)


# -- nothing half-stored ----------------------------------------------------------------------------------------------


def _everything(company):
    return tables(company), rows(company, "select * from mirror_cursor order by source")


@pytest.mark.parametrize(
    ("table", "break_it", "full"),
    few(
        2,
        [
            ("sf_contact", lambda c: refusing(c, "salesforce", next_page, BROKEN), False),
            (
                "jira_issue",
                lambda c: refusing(c, "jira", lambda r: b"nextPageToken" in r.body, JIRA_BROKEN),
                True,
            ),
            ("sf_contact", lambda c: refusing(c, "salesforce", next_page, FORBIDDEN), True),
            ("jira_issue", lambda c: refusing(c, "jira", asks("changelog/bulkfetch"), JIRA_BROKEN), False),
            ("jira_issue", lambda c: refusing(c, "jira", asks("/comment"), JIRA_FORBIDDEN), False),
        ],
    ),
)
def test_a_source_whose_reading_fails_midway_stays_as_it_was(serve, table, break_it, full):
    company = serve(busy_book(), switches=SMALL_PAGES)
    company.configure(ONE_TRY)
    company.pull()
    of_jira = table == "jira_issue"
    before, cursors = _everything(company)
    company.at(LATER)
    with company.simulator.edit() as (salesforce, jira):
        for contact in salesforce.state()["Contact"]:
            salesforce.change(contact["Id"], Title="New")
        for issue in jira.state()["issues"]:
            jira.add_comment(issue["id"], "new", at=LATER, author=CUSTOMER)
        jira.site._statuses["77"] = {"id": "77", "name": "Brand new", "statusCategory": {"key": "new"}}
    with break_it(company), pytest.raises(ConnectorError):
        company.pull(full=full)
    after, cursors_after = _everything(company)
    kept = [name for name in before if name.startswith("jira_" if of_jira else table)]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    source = "jira:default" if of_jira else table
    assert [c for c in cursors_after if c[0] == source] == [c for c in cursors if c[0] == source]
    company.pull()
    assert_as_if_fresh(company)


def test_a_store_is_usable_after_a_source_failed_and_its_links_fit_what_was_read(serve):
    company = serve(busy_book())
    company.configure(ONE_TRY)
    company.pull()
    company.at(LATER)
    with company.simulator.edit() as (salesforce, _):
        new = salesforce.add("Account", Name="Brand new", Type="Customer", OwnerId=company.book.user)
        person = salesforce.add("Contact", AccountId=new, LastName="New", Email="n@new.example")
        salesforce.add(
            "Task", WhatId=new, WhoId=person, Subject="Call", TaskSubtype="Call", Status="Completed"
        )
    with refusing(company, "jira", asks("/search/jql"), JIRA_BROKEN), pytest.raises(Unreachable):
        company.pull()
    assert company.metrics()["Brand new"]["days_since_contact"] == 0
    assert company.metrics()["Brand new"]["effective_contacts"] == 1


def test_a_plan_made_before_a_pull_that_failed_halfway_is_out_of_date(serve):
    company = serve(busy_book())
    company.configure(ONE_TRY)
    company.pull()
    plan = company.plan()
    with refusing(company, "jira", asks("/search/jql"), JIRA_BROKEN), pytest.raises(Unreachable):
        company.pull()
    assert company.plan().pull_id != plan.pull_id


def test_a_first_pull_that_fails_leaves_a_store_that_says_pull_first(serve):
    company = serve(busy_book())
    company.configure(ONE_TRY)
    with refusing(company, "jira", asks("/search/jql"), JIRA_BROKEN), pytest.raises(Unreachable):
        company.pull()
    with pytest.raises(SyncError, match="run rapport pull first"):
        company.metrics()
    company.pull()
    assert_as_if_fresh(company)


# -- refusals are never "no rows" -------------------------------------------------------------------------------------


REFUSALS = [
    ("salesforce", asks("FROM Contact"), FORBIDDEN, PermissionRefused, True),
    ("salesforce", asks("FROM Contact"), BROKEN, Unreachable, False),
    ("salesforce", asks("Task/describe"), FORBIDDEN, PermissionRefused, False),
    (
        "salesforce",
        asks("oauth2/token"),
        json_response({"error": "invalid_client"}, 400),
        SignInRefused,
        True,
    ),
    ("jira", asks("/myself"), JIRA_FORBIDDEN, PermissionRefused, True),
    ("jira", asks("/search/jql"), JIRA_FORBIDDEN, PermissionRefused, True),
    ("jira", asks("/search/jql"), JIRA_BROKEN, Unreachable, False),
    ("jira", asks("/project/search"), JIRA_FORBIDDEN, PermissionRefused, False),
]


def test_what_cannot_be_read_is_an_error_and_nothing_is_lost(serve):
    company = serve(busy_book())
    company.configure(ONE_TRY)
    company.pull()
    before = tables(company)
    for api, matches, answer, error, full in REFUSALS:
        with refusing(company, api, matches, answer), pytest.raises(error):
            company.pull(full=full)
    assert tables(company) == before


ANONYMOUS = json_response({"issues": [], "isLast": True}, X_Seraph_LoginReason="AUTHENTICATED_FAILED")


def test_a_token_that_expires_during_the_pull_deletes_nothing(serve):
    """Jira answers what it takes for an anonymous visitor with 200 and empty lists."""
    company = serve(busy_book())
    company.pull()
    before = tables(company)
    seen: list[str] = []  # after both sign-ins something was read of Salesforce, nothing yet of Jira
    for full in (False, True):
        seen.clear()
        with refusing(company, "jira", lambda request: bool(seen), ANONYMOUS), pytest.raises(SignInRefused):
            run.run_pull(company.config, full=full, progress=lambda source, count: seen.append(source))
    assert tables(company) == before


def test_the_command_ends_with_3_and_one_sentence(serve):
    command_line = pytest.importorskip("command_line")
    company = serve(busy_book())
    company.configure(ONE_TRY)
    with refusing(company, "jira", asks("/search/jql"), JIRA_FORBIDDEN):
        result = command_line.rapport("--config", company.config_path, "pull")
    assert result.code == 3
    assert "What to do:" in result.err


def test_hidden_accounts_are_an_error_because_nothing_can_be_said_without_them(serve):
    company = serve(busy_book())
    company.pull()
    before = tables(company)
    gone = json_response([{"message": "not there", "errorCode": "NOT_FOUND"}], 404)
    with (
        refusing(company, "salesforce", asks("Account/describe"), gone),
        pytest.raises(PermissionRefused, match="no accounts"),
    ):
        company.pull()
    assert tables(company) == before


# -- single bad records -----------------------------------------------------------------------------------------------


def test_a_bad_record_is_rejected_with_id_and_reason_and_the_rest_goes_on(serve):
    book = busy_book()
    book.salesforce["Opportunity"][2]["Amount"] = "a lot"
    bad = book.salesforce["Opportunity"][2]["Id"]
    book.issues[3]["fields"]["created"] = "yesterday"
    book.issues[5]["fields"]["comment"]["comments"][0]["created"] = None
    company = serve(book)
    with company.simulator.edit() as (salesforce, _):
        # the simulated org cleans what it loads: this one is broken on the wire
        table = salesforce._records._tables["Opportunity"]
        table[bad[:15]]["Amount"] = "a lot"
    report = company.pull()
    told = {(source, each.id): each.reason for source, each in report.rejected}
    assert "Amount" in told["Opportunity", bad]
    assert "a lot" in told["Opportunity", bad]
    assert "created" in told["Jira issue", book.issues[3]["id"]]
    assert len(told) == 3
    assert report.rows["sf_opportunity"] == 5
    assert len(tables(company)["jira_issue"]) == 15
    assert company.metrics()["Account 0"]["open_issues"] is not None


def test_a_bad_record_is_no_reason_for_a_sweep_to_drop_the_good_one_of_before(serve):
    company = serve(busy_book())
    company.configure('[pull]\nsweep_every = "1 day"\n')
    company.pull()
    with company.simulator.edit() as (salesforce, _):
        bad = salesforce.state()["Opportunity"][0]["Id"]
        salesforce._records._tables["Opportunity"][bad[:15]]["SystemModstamp"] = "soon"
    company.at(NOW + timedelta(days=2))
    report = company.pull()
    assert (bad,) in rows(company, "select Id from sf_opportunity")
    assert all(each.id == bad for _, each in report.rejected)


# -- what the user cannot see -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "table", "unknown"),
    few(2, [
        ({"Contact": True}, "sf_contact", {"org_units_known", "org_units_engaged", "unit_coverage", "effective_contacts"}),
        ({"Task": True, "Event": True, "EmailMessage": True}, "sf_task",
         {"days_since_contact", "moments_90d", "effective_contacts", "contacts_engaged_90d"}),
        ({"Opportunity": True, "OpportunityContactRole": True, "User": True}, "sf_opportunity", set()),
    ]),
)  # fmt: skip
def test_a_hidden_object_is_noted_emptied_and_unknown(serve, hidden, table, unknown):
    book = busy_book()
    for name, value in hidden.items():
        book.schema.setdefault(name, {})["hidden"] = value
    company = serve(book)
    company.pull()
    [(present, reason)] = rows(company, f"select present, reason from mirror_source where source = '{table}'")
    assert present is False
    assert "may not see" in reason
    assert rows(company, f"select count(*) from {table}") == [(0,)]
    metrics = company.metrics()["Account 0"]
    assert {name for name in unknown if metrics[name] is not None} == set()


def test_hidden_fields_are_noted_null_and_what_rests_on_them_is_unknown(serve):
    book = busy_book()
    hidden = {"Contact": "Department", "Task": "TaskSubtype", "Account": "Website", "Opportunity": "Amount"}
    for object_name, field in hidden.items():
        book.schema.setdefault(object_name, {})["hidden"] = [field]
    company = serve(book)
    company.pull()
    for object_name, field in hidden.items():
        table = f"sf_{object_name.lower()}"
        [(missing,)] = rows(company, f"select missing_fields from mirror_source where source = '{table}'")
        assert field in json.loads(missing)
        assert rows(company, f'select count("{field}") from {table}') == [(0,)]
    metrics = company.metrics()["Account 0"]
    assert [metrics[name] for name in ("org_units_known", "org_units_engaged", "unit_coverage")] == [None] * 3


COLUMNS = [
    ("Tier__c", {"type": "double", "precision": 5, "scale": 2}, 2.5, "2.5"),
    ("Seats__c", {"type": "int"}, 40, "40"),
    ("Large__c", {"type": "currency", "precision": 18, "scale": 2}, 1200000, "1200000"),
    ("Key__c", {"type": "boolean"}, True, "true"),
    ("Since__c", {"type": "date"}, "2020-01-31", "2020-01-31"),
    ("Industry", None, "Banking", "Banking"),
    ("Name", None, "Account 0", "Account 0"),
]


def test_columns_of_the_config_are_text_whatever_the_orgs_fields_are(serve):
    book = busy_book()
    for field, kind, value, _ in COLUMNS:
        if kind is not None:
            book.schema["Account"]["fields"].append({"name": field, "label": field, **kind})
        book.salesforce["Account"][0][field] = value
    company = serve(book)
    company.configure(
        "[accounts.columns]\n" + "".join(f'c{n} = "{each[0]}"\n' for n, each in enumerate(COLUMNS))
    )
    report = company.pull()
    assert report.rejected == []
    names = ", ".join(f"x_c{n}" for n in range(len(COLUMNS)))
    account = book.salesforce["Account"][0]["Id"]
    assert rows(company, f"select {names} from sf_account where Id = '{account}'") == [
        tuple(each[3] for each in COLUMNS)
    ]
    assert rows(company, "select count(*) from sf_account") == [(6,)]


def test_columns_that_no_pull_has_read_yet_are_told_to_readers(serve):
    company = serve(busy_book())
    company.pull()
    company.configure('[accounts.columns]\nregion = "Industry"\n')
    with pytest.raises(SyncError, match=r"asks of accounts yet: region.*\n.*run rapport pull first"):
        company.metrics()
    # Nor does a pull that fails before it has read them hide its own error behind that.
    company.configure(
        f'{ONE_TRY}[accounts.columns]\nregion = "Industry"\n[people]\naccount_manager = ["field:Site"]\n'
    )
    with refusing(company, "salesforce", asks("FROM Account"), BROKEN), pytest.raises(Unreachable):
        company.pull()
    company.pull()
    assert company.metrics()


def test_a_field_of_a_type_that_cannot_serve_is_told_and_costs_no_record(serve):
    book = busy_book()
    book.schema["Account"]["fields"].append(
        {"name": "Score_Text__c", "label": "S", "type": "string", "length": 10}
    )
    book.salesforce["Account"][0]["Score_Text__c"] = "high"
    company = serve(book)
    company.configure('[salesforce.fields]\nRapport_Health__c = "Score_Text__c"\n')
    report = company.pull()
    assert report.rejected == []
    assert (
        len([each for each in report.notices if "Score_Text__c" in each and "counts as unknown" in each]) == 1
    )
    assert rows(company, "select count(*), count(Rapport_Health__c) from sf_account") == [(6, 0)]


def test_a_field_that_becomes_visible_is_read_for_all_records(serve):
    company = serve(busy_book())
    from connectors.salesforce import Salesforce

    original = Salesforce.describe_object

    def without(self, name):
        found = original(self, name)
        fields = {key: info for key, info in found.fields.items() if (name, key) != ("Contact", "Department")}
        return replace(found, fields=fields)

    with patch.object(Salesforce, "describe_object", without):
        company.pull()
    assert rows(company, "select count(Department) from sf_contact") == [(0,)]
    company.at(LATER)
    company.pull()
    assert rows(company, "select count(Department) from sf_contact") == [(18,)]
    assert_as_if_fresh(company)


@pytest.mark.parametrize(
    "absent",
    [pytest.param(("TaskRelation", "EventRelation", "EmailMessage", "Contract", "Asset", "Case", "RecordType",
                   "AccountTeamMember"), marks=pytest.mark.thorough),
     ("OpportunityContactRole", "Opportunity", "Event", "User", "Task")],
)  # fmt: skip
def test_an_org_without_some_objects_is_pulled_measured_and_planned(serve, absent):
    book = busy_book()
    for name in absent:
        book.schema.setdefault(name, {})["hidden"] = True
    company = serve(book)
    report = company.pull()
    assert report.rejected == []
    assert company.metrics()["Account 1"]["open_issues"] is not None
    assert company.plan() is not None


def test_an_object_without_systemmodstamp_is_read_whole_each_time(serve):
    book = busy_book()
    book.schema["OpportunityContactRole"] = {"hidden": ["SystemModstamp"]}
    company = serve(book)
    company.pull()
    company.at(LATER)
    with company.simulator.edit() as (salesforce, _):
        salesforce.purge(salesforce.state()["OpportunityContactRole"][0]["Id"])
    company.pull()
    assert rows(company, "select count(*), count(SystemModstamp) from sf_opportunity_contact_role") == [
        (5, 0)
    ]
    assert_as_if_fresh(company)


# -- pages ------------------------------------------------------------------------------------------------------------


def test_more_rows_than_a_page_holds_arrive_once_each(serve):
    book = busy_book()
    account = book.salesforce["Account"][0]["Id"]
    at = ago(days=4)
    for n in range(2100):  # one stamp for all, as a bulk load leaves it
        book.contact(account, f"bulk{n}@a0.example", SystemModstamp=at)
    company = serve(book)
    report = company.pull()
    assert report.rows["sf_contact"] == 2118
    assert rows(company, "select count(*), count(distinct Id) from sf_contact") == [(2118, 2118)]


def test_issues_comments_and_steps_beyond_a_page_are_all_there(serve):
    book = busy_book()
    for n in range(105):
        book.issue(f"MANY-{n + 1}", updated=ago(days=5), created=ago(days=6))
    long = book.issue("MANY-999", created=ago(days=40))
    for n in range(130):
        book.comment(long, (CUSTOMER, STAFF)[n % 2], ago(days=30, hours=-n))
        book.step(
            long,
            "status",
            ("Open", "In Progress")[n % 2],
            ("In Progress", "Open")[n % 2],
            ago(days=29, hours=-n),
        )
    company = serve(book)
    company.pull()
    assert rows(company, "select count(*), count(distinct id) from jira_issue") == [(122, 122)]
    of_it = f"where issue_id = '{long['id']}'"
    assert rows(company, f"select count(*), count(distinct id) from jira_comment {of_it}") == [(130, 130)]
    assert rows(company, f"select count(*), count(distinct history_id) from jira_step {of_it}") == [
        (130, 130)
    ]


def test_records_with_ids_of_15_characters_meet_those_with_18(serve):
    book = busy_book()
    account = book.salesforce["Account"][0]["Id"]
    for contact in book.salesforce["Contact"]:
        contact["AccountId"] = (contact["AccountId"] or "")[:15]
    for task in book.salesforce["Task"]:
        for name in ("WhoId", "WhatId", "AccountId"):
            task[name] = task.get(name) and task[name][:15]
    book.issue("DEV-50", field=account[:15])
    company = serve(book)
    with company.simulator.edit() as (salesforce, _):
        for name in ("Contact", "Task"):  # as they leave the wire: the simulated org would complete them
            for key, record in salesforce._records._tables[name].items():
                short = {
                    k: v[:15] if isinstance(v, str) and k.endswith("Id") else v for k, v in record.items()
                }
                salesforce._records._tables[name][key] = short
    company.pull()
    assert {
        len(i) for (i,) in rows(company, "select Id from sf_contact union select AccountId from sf_task")
    } == {18}
    assert company.metrics()["Account 0"]["effective_contacts"] is not None
    [(linked,)] = rows(company, "select account_id from issue_account a join jira_issue i on i.id = a.issue_id where key = 'DEV-50'")  # fmt: skip
    assert linked == account


# -- security levels --------------------------------------------------------------------------------------------------


def test_a_security_level_takes_an_issue_out_and_its_removal_brings_it_back(serve):
    book = busy_book()
    person = {"accountId": "only-there", "accountType": "customer", "emailAddress": "only@there.example"}
    issue = book.issue("DEV-60", reporter=person)
    book.comment(issue, person, ago(days=1))
    company = serve(book)
    company.pull()
    of_it = f"from jira_comment where issue_id = '{issue['id']}'"
    assert rows(company, f"select count(*) {of_it}") == [(1,)]
    company.at(LATER)
    with company.simulator.edit() as (_, jira):
        jira.set_fields("DEV-60", {"security": SECRET}, at=LATER)
    company.pull()
    assert rows(company, f"select count(*) {of_it}") == [(0,)]
    assert rows(company, "select count(*) from jira_issue where key = 'DEV-60'") == [(0,)]
    assert rows(company, "select count(*) from jira_person where id = 'only-there'") == [(0,)]
    company.at(LATER + timedelta(hours=1))
    with company.simulator.edit() as (_, jira):
        jira.set_fields("DEV-60", {"security": None}, at=LATER + timedelta(hours=1))
    company.pull()
    assert rows(company, f"select count(*) {of_it}") == [(1,)]
    assert_as_if_fresh(company)


# -- sweeps -----------------------------------------------------------------------------------------------------------


def _sweeping(serve, book=None, **options):
    company = serve(book or busy_book(), **options)
    company.configure('[pull]\nsweep_every = "7 days"\n')
    company.pull()
    return company


def test_a_sweep_is_made_only_when_it_is_due(serve):
    company = _sweeping(serve)
    with company.simulator.edit() as (salesforce, jira):
        salesforce.purge(salesforce.state()["Task"][0]["Id"])
        jira.delete_issue("DEV-2")
    company.at(NOW + timedelta(days=6))
    company.pull()
    assert rows(company, "select count(*) from sf_task") == [(7,)]
    assert rows(company, "select count(*) from jira_issue") == [(16,)]
    company.at(NOW + timedelta(days=7))
    company.pull()
    assert rows(company, "select count(*) from sf_task") == [(6,)]
    assert rows(company, "select count(*) from jira_issue") == [(15,)]
    with company.simulator.edit() as (salesforce, jira):
        jira.delete_issue("DEV-3")
    company.at(NOW + timedelta(days=8))
    company.pull()
    assert rows(company, "select count(*) from jira_issue") == [
        (15,)
    ]  # the next one is due a week after the last


def test_a_sweep_refuses_when_more_than_a_twentieth_is_gone_until_all_is_read_again(serve):
    book = busy_book()
    for n in range(60):
        book.issue(f"MANY-{n + 1}")
        book.contact(None, f"c{n}@x.example")
    company = _sweeping(serve, book)
    with company.simulator.edit() as (salesforce, jira):
        for n in range(8):
            jira.delete_issue(f"MANY-{n + 1}")
    later = NOW + timedelta(days=7)
    company.at(later)
    with pytest.raises(
        UnexpectedAnswer, match=r"no longer shows 8 of the 76 issues.*\n.*rapport pull --full"
    ):
        company.pull()
    assert rows(company, "select count(*) from jira_issue") == [(76,)]
    with pytest.raises(UnexpectedAnswer):
        company.pull()
    company.pull(full=True)
    assert rows(company, "select count(*) from jira_issue") == [(68,)]
    with company.simulator.edit() as (salesforce, jira):
        for contact in salesforce.state()["Contact"][-10:]:
            salesforce.purge(contact["Id"])
    company.at(later + timedelta(days=7))
    with pytest.raises(UnexpectedAnswer, match="10 of the 78 Contact records"):
        company.pull()
    assert rows(company, "select count(*) from sf_contact") == [(78,)]


def test_an_issue_that_leaves_the_jql_is_dropped_by_the_sweep(serve):
    book = busy_book()
    company = serve(book)
    company.configure('[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\njql = "project = SUP"\n')
    company.pull()
    company.at(NOW + timedelta(days=8))
    with company.simulator.edit() as (_, jira):
        jira.move_issue("SUP-4", "DEV", at=NOW + timedelta(days=7))
    company.pull()
    assert rows(company, "select count(*) from jira_issue") == [(11,)]
    assert_as_if_fresh(company)


def test_what_a_sweep_of_issues_cannot_find_because_the_index_lags_is_kept(serve):
    """A fresh change is in the search for changes and not yet in that for ids."""
    company = _sweeping(serve)
    later = NOW + timedelta(days=7)
    company.at(later)
    with company.simulator.edit() as (_, jira):
        jira.add_comment("DEV-1", "text", at=later)
    from connectors.jira import Jira

    original = Jira.issue_ids
    lost = company.book.issues[-4]["id"]
    with patch.object(
        Jira, "issue_ids", lambda self: ([i for i in ids if i != lost] for ids in original(self))
    ):
        company.pull()
    assert rows(company, f"select count(*) from jira_issue where id = '{lost}'") == [(1,)]


def test_a_sweep_that_fails_changes_nothing_and_is_made_again(serve):
    company = _sweeping(serve)
    company.configure(ONE_TRY)
    with company.simulator.edit() as (_, jira):
        jira.delete_issue("DEV-2")
    company.at(NOW + timedelta(days=7))
    lists_ids = lambda r: "/search/jql" in r.path and b'"fields":["id"]' in r.body  # noqa: E731 - it stands for itself
    with refusing(company, "jira", lists_ids, JIRA_BROKEN), pytest.raises(Unreachable):
        company.pull()
    assert rows(company, "select count(*) from jira_issue") == [(16,)]
    company.pull()
    assert rows(company, "select count(*) from jira_issue") == [(15,)]


# -- what is never stored ---------------------------------------------------------------------------------------------

MARK = "zebra-crossing-7413"


def test_no_body_no_address_and_no_name_of_jira_reaches_a_file_of_the_store(serve):
    book = busy_book()
    account = book.salesforce["Account"][0]["Id"]
    person = book.contact(account, "known@a0.example")
    book.call(account, ago(days=1), person, Description=f"body {MARK}")
    book.meeting(account, ago(days=1), person, Description=f"body {MARK}")
    book.add("EmailMessage", Incoming=True, FromAddress="known@a0.example", ToAddress="us@vendor.example", Subject="Hi",
             MessageDate=ago(days=1), Status="1", RelatedToId=account, TextBody=f"body {MARK}",
             HtmlBody=f"<p>{MARK}</p>", Headers=f"X-Secret: {MARK}\nAuto-Submitted: no")  # fmt: skip
    someone = {"accountId": "qm:9", "accountType": "customer", "displayName": f"Name {MARK}",
               "emailAddress": f"{MARK}@customer.example"}  # fmt: skip
    issue = book.issue(
        "SUP-70", account, reporter=someone, description=f"body {MARK}", customfield_10070=[someone]
    )
    book.comment(issue, someone, ago(days=1), body=f"body {MARK}")
    book.step(issue, "description", f"old {MARK}", f"new {MARK}", ago(days=1), author=someone)
    issue["fields"]["worklog"]["worklogs"].append(
        {"id": "1", "author": someone, "started": "2026-11-01T10:00:00.000+0000", "created": "2026-11-01T10:00:00.000+0000",
         "updated": "2026-11-01T10:00:00.000+0000", "timeSpentSeconds": 60, "comment": f"body {MARK}"}
    )  # fmt: skip
    issue["fields"]["worklog"]["total"] = 1
    book.issue("SUP-71", security=SECRET, summary=f"hidden {MARK}", created=ago(days=2))
    company = serve(book)
    company.pull()
    company.sync()
    assert MARK not in repr(tables(company))
    assert MARK not in repr(rows(company, "select * from mirror_meta"))
    files = [each for each in company.config.store_folder.rglob("*") if each.is_file()]
    assert [each.name for each in files if MARK.encode() in each.read_bytes()] == []
    assert company.simulator.state()["jira"]["issues"][-2]["fields"]["description"] == f"body {MARK}"
    [(domain, key)] = rows(company, "select domain, address_key from jira_person where id = 'qm:9'")
    assert domain == "customer.example"
    assert len(key) == 64


def test_the_store_is_for_its_owner_alone(serve):
    company = serve(busy_book())
    company.sync()
    folder = company.config.store_folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {each.name: oct(stat.S_IMODE(each.stat().st_mode)) for each in folder.rglob("*")}
    assert {"mirror.duckdb", "state.sqlite", "seal.key", "lock"} <= modes.keys()
    assert set(modes.values()) == {"0o600"}


# -- smaller promises -------------------------------------------------------------------------------------------------


def test_without_jira_in_the_config_what_an_earlier_one_left_is_forgotten(serve):
    company = serve(busy_book())
    company.pull()
    company.configure(jira=False)
    company.pull()
    assert rows(company, "select count(*) from jira_issue") == [(0,)]
    assert rows(company, "select present from mirror_source where source = 'jira'") == [(False,)]
    metrics = company.metrics()["Account 0"]
    assert (metrics["active_projects"], metrics["open_issues"]) == (None, 1)  # a Case is left
    assert_as_if_fresh(company)


def test_a_staff_group_that_jira_does_not_know_is_worth_a_word(serve):
    company = serve(busy_book(), groups={"agents": ["staff-1"]})
    company.configure(
        '[identity]\nstaff = ["group:agents", "group:nobodies"]\naccount_field = "CRM Account"\n'
    )
    notices = [each for each in company.pull().notices if "nobodies" in each]
    assert len(notices) == 1
    assert rows(company, "select id from staff_person") == [("staff-1",)]


def test_a_mail_of_a_machine_is_known_by_its_headers_and_one_that_denies_it_is_not(serve):
    book = busy_book()
    mail = {
        "Incoming": True,
        "FromAddress": "p0.1@a0.example",
        "Status": "1",
        "MessageDate": ago(days=1),
        "Subject": "S",
    }
    said = {
        book.add("EmailMessage", **mail, Headers=headers): machine
        for headers, machine in (
            ("Auto-Submitted: auto-replied", True),
            ("From: x\nauto-submitted:   auto-generated\nTo: y", True),
            ("Auto-Submitted: no", False),
            ("X-Note: not auto-submitted: at all", False),
            (None, False),
        )
    }
    company = serve(book)
    company.pull()
    stored = dict(rows(company, "select Id, AutoSubmitted from sf_email_message"))
    assert {identity: stored[identity] for identity in said} == said


def test_what_happened_at_a_stamp_of_rapports_own_does_not_move_the_clock_of_the_business(serve):
    book = busy_book()
    newest = max(
        datetime.fromisoformat(each["SystemModstamp"])
        for name in ("Contact", "Opportunity", "Event", "EmailMessage") if name in book.salesforce
        for each in book.salesforce[name]
    )  # fmt: skip
    book.add("Task", Subject="Ours", Status="Not Started", IsClosed=False, SystemModstamp=NOW - timedelta(minutes=1),
             Rapport_Key__c="call_back|x||2026-11-02")  # fmt: skip
    book.salesforce["Account"][0]["SystemModstamp"] = stamp(NOW)
    company = serve(book)
    company.pull()
    [(told,)] = rows(company, "select value from mirror_meta where name = 'newest_stamp'")
    assert datetime.fromisoformat(told) < NOW - timedelta(minutes=1)
    assert datetime.fromisoformat(told) >= newest
    assert fresh(company).pull().pull_id.startswith("2 ")
