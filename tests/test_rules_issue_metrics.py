"""Metrics of how issues move, wait and are answered, each by hand: value, NULL, edges, and the records behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from company import CUSTOMER, NOW, STAFF, ago

D = NOW.date()
JIRA = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\n'
TIME = '[time]\nnow = "'
ALL = (
    "open_escalations",
    "oldest_open_issue_days",
    "first_response_business_hours_p90",
    "reopened_90d",
    "waiting_on_customer_days",
    "customer_tasks_overdue",
    "days_since_status_update",
)


def _only(company) -> dict:
    company.pull()
    return company.metrics()["Acme"]


def _evidence(company, metric: str) -> list[dict]:
    company.configure(
        f"[[scorecards.probe.measures]]\nmetric = '{metric}'\nweight = 1\npoints = [[0, 0], [1, 1]]\n"
    )
    return company.explain("Acme")["scorecards"]["probe"]["measures"][0]["evidence"]


def _keys(company, metric: str) -> list[str]:
    return [row["key"] for row in _evidence(company, metric)]


def _in_berlin(company) -> None:
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", '[time]\nzone = "Europe/Berlin"'))


def _request(book, key: str, **fields):
    """An issue that the customer raised in a service project."""
    return book.issue(key, "Acme", service=True, reporter=CUSTOMER, **fields)


def test_without_jira_all_are_unknown_and_without_issues_nothing_waits(book, serve):
    book.account("Acme")
    book.account("Other")
    book.issue("OPS-1", "Other", status="Waiting for customer")
    company = serve(book)
    metrics = _only(company)
    assert [metrics[name] for name in ALL] == [0, 0, None, 0, 0, 0, None]
    company.configure(jira=False)
    company.pull()
    metrics = company.metrics()["Acme"]
    assert [metrics[name] for name in ALL] == [None] * len(ALL)


# -- open_escalations ------------------------------------------------------------------------------------------------


def test_open_escalations_are_open_issues_with_a_label_of_the_list_in_whatever_case(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", labels=["Escalated", "ESCALATION", "x"])
    book.issue("OPS-2", "Acme", labels=["escalated"], status="Done")
    book.issue("OPS-3", "Acme", labels=["de-escalated"])
    book.issue("OPS-4", "Acme", labels=["escalated"], subtask=True, level=-1)
    book.issue("OPS-5", "Acme", labels=["Hot"])
    company = serve(book)
    assert _only(company)["open_escalations"] == 1
    assert _keys(company, "open_escalations") == ["OPS-1"]
    company.configure(JIRA + 'escalation_labels = ["hot", "de-escalated"]\n')
    assert company.metrics()["Acme"]["open_escalations"] == 2


def test_a_label_that_no_issue_has_yet_means_no_escalation(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme")
    assert _only(serve(book))["open_escalations"] == 0


# -- oldest_open_issue_days ------------------------------------------------------------------------------------------


def test_the_oldest_open_issue_has_whole_days_and_in_software_projects_is_in_progress(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", status="Open", created=ago(days=300))  # a backlog
    book.issue("OPS-2", "Acme", status="Done", created=ago(days=200))
    book.issue("OPS-3", "Acme", status="In Progress", created=ago(days=41) + timedelta(seconds=1))
    book.issue("SUP-1", "Acme", status="Open", created=ago(days=40), service=True)
    company = serve(book)
    assert _only(company)["oldest_open_issue_days"] == 40
    assert _keys(company, "oldest_open_issue_days") == ["OPS-3"]
    assert company.metrics(ago(days=-1))["Acme"]["oldest_open_issue_days"] == 41


def test_the_oldest_open_issue_of_the_past_is_told_by_its_status_then(book, serve):
    book.account("Acme")
    issue = book.issue("OPS-1", "Acme", status="Done", created=ago(days=60))
    book.step(issue, "status", "Open", "In Progress", ago(days=30))
    book.step(issue, "status", "In Progress", "Done", ago(days=5))
    company = serve(book)
    assert _only(company)["oldest_open_issue_days"] == 0
    assert company.metrics(ago(days=10))["Acme"]["oldest_open_issue_days"] == 50
    assert company.metrics(ago(days=31))["Acme"]["oldest_open_issue_days"] == 0


# -- reopened_90d ----------------------------------------------------------------------------------------------------


def test_reopenings_are_counted_by_step_from_done_to_not_done_in_90_days(book, serve):
    book.account("Acme")
    twice = book.issue("OPS-1", "Acme", created=ago(days=200))
    book.step(twice, "status", "Done", "Open", ago(days=90))
    for days in (80, 40):
        book.step(twice, "status", "Open", "Done", ago(days=days))
        book.step(twice, "status", "Done", "In Progress", ago(days=days - 1))
    edge = book.issue("OPS-2", "Acme", status="Done", created=ago(days=200))
    book.step(edge, "status", "Done", "Open", ago(days=90) + timedelta(seconds=1))
    sub = book.issue("OPS-3", "Acme", subtask=True, level=-1, created=ago(days=50))
    book.step(sub, "status", "Done", "Open", ago(days=3))
    company = serve(book)
    assert _only(company)["reopened_90d"] == 3
    assert _keys(company, "reopened_90d") == ["OPS-1", "OPS-1", "OPS-2"]
    assert company.metrics(ago(days=60))["Acme"]["reopened_90d"] == 3  # those of 150 to 60 days ago


def test_a_status_of_the_past_is_known_by_id_then_by_name_and_a_listed_one_is_done(book, serve):
    book.account("Acme")
    renamed = book.issue("OPS-1", "Acme", created=ago(days=20))
    book.step(renamed, "status", "Done", "Open", ago(days=5))
    renamed["changelog"]["histories"][-1]["items"][0]["fromString"] = "Finished"
    copied = book.issue("OPS-2", "Acme", created=ago(days=20))
    book.step(copied, "status", "Done", "Open", ago(days=5))
    copied["changelog"]["histories"][-1]["items"][0]["from"] = None
    gone = book.issue("OPS-3", "Acme", created=ago(days=20))
    book.step(gone, "status", "Gone", "Open", ago(days=5))
    company = serve(book)
    assert _only(company)["reopened_90d"] == 2
    company.configure(JIRA + 'done_statuses = ["gone"]\n')
    assert company.metrics()["Acme"]["reopened_90d"] == 3


# -- waiting_on_customer_days, customer_tasks_overdue ------------------------------------------------------------------


def test_the_longest_wait_for_the_customer_is_since_the_step_into_the_present_status(book, serve):
    book.account("Acme")
    stepped = book.issue("SUP-1", "Acme", status="Waiting for customer", created=ago(days=99), service=True)
    book.step(stepped, "status", "Open", "Waiting for customer", ago(days=11, hours=23))
    book.issue("SUP-2", "Acme", status="Waiting for customer", created=ago(days=5), service=True)
    book.issue("SUP-3", "Acme", status="Blocked", created=ago(days=50), service=True)
    company = serve(book)
    assert _only(company)["waiting_on_customer_days"] == 11
    assert _keys(company, "waiting_on_customer_days") == ["SUP-1"]
    assert company.metrics(ago(days=12))["Acme"]["waiting_on_customer_days"] == 0
    company.configure(JIRA + 'done_statuses = ["waiting for customer"]\n')
    assert company.metrics()["Acme"]["waiting_on_customer_days"] == 0


def test_a_task_of_the_customer_is_overdue_from_the_day_after_its_due_date_in_the_zone(book, serve):
    book.account("Acme")
    waiting = {"status": "Waiting for customer", "service": True}
    book.issue("SUP-1", "Acme", due=D, **waiting)
    book.issue("SUP-2", "Acme", due=D - timedelta(days=1), **waiting)
    book.issue("SUP-3", "Acme", due=D - timedelta(days=1), status="In Progress", service=True)
    book.issue("SUP-4", "Acme", **waiting)
    company = serve(book)
    assert _only(company)["customer_tasks_overdue"] == 1
    assert _keys(company, "customer_tasks_overdue") == ["SUP-2"]
    late = NOW.replace(hour=23, minute=30)
    assert company.metrics(late)["Acme"]["customer_tasks_overdue"] == 1
    _in_berlin(company)
    assert company.metrics(late)["Acme"]["customer_tasks_overdue"] == 2


def test_waiting_is_unknown_where_no_status_of_the_site_is_listed(book, serve):
    book.account("Acme")
    book.issue("SUP-1", "Acme", status="Waiting for customer", created=ago(days=50), service=True)
    company = serve(book)
    company.configure(JIRA + 'waiting_statuses = ["Their turn"]\n')
    metrics = _only(company)
    assert (metrics["waiting_on_customer_days"], metrics["customer_tasks_overdue"]) == (None, None)
    assert metrics["stuck_issues"] == 1
    company.configure(JIRA + 'waiting_statuses = ["Their turn", "BLOCKED"]\n')  # a status that no issue is in
    metrics = company.metrics()["Acme"]
    assert (metrics["waiting_on_customer_days"], metrics["customer_tasks_overdue"]) == (0, 0)


# -- first_response_business_hours_p90 ---------------------------------------------------------------------------------


def test_the_first_answer_is_our_first_public_comment_in_business_hours(book, serve):
    book.account("Acme")
    friday = NOW.replace(day=13, hour=16)
    issue = _request(book, "SUP-1", created=friday)
    book.comment(issue, STAFF, friday + timedelta(minutes=5), public=False)
    book.comment(issue, CUSTOMER, friday + timedelta(minutes=10))
    book.comment(issue, {"accountId": "app-1", "accountType": "app"}, friday + timedelta(minutes=15))
    book.comment(issue, STAFF, friday + timedelta(minutes=20), visibility={"type": "role", "value": "Staff"})
    book.comment(issue, STAFF, NOW.replace(day=16, hour=10, minute=30))  # Monday
    book.comment(issue, STAFF, NOW.replace(day=17, hour=10))
    company = serve(book)
    assert _only(company)["first_response_business_hours_p90"] == 1 + 1.5
    assert _keys(company, "first_response_business_hours_p90") == ["SUP-1"]
    _in_berlin(company)  # Friday 17:00 there is closing time; Monday is 11:30
    assert company.metrics()["Acme"]["first_response_business_hours_p90"] == 2.5


def test_the_quantile_lies_between_the_issues_on_either_side_of_it(book, serve):
    book.account("Acme")
    for number, hours in enumerate((1, 2, 3, 7), 1):
        begin = NOW.replace(day=17, hour=9)
        book.comment(_request(book, f"SUP-{number}", created=begin), STAFF, begin + timedelta(hours=hours))
    company = serve(book)
    assert abs(_only(company)["first_response_business_hours_p90"] - (3 + 0.7 * 4)) < 1e-9
    assert _keys(company, "first_response_business_hours_p90") == ["SUP-3", "SUP-4"]


def test_an_issue_without_an_answer_enters_with_its_age_or_the_time_until_it_was_last_done(book, serve):
    book.account("Acme")
    begin = NOW.replace(day=17, hour=9)  # yesterday, 11 business hours ago

    def p90(issue_fields: dict, steps: tuple[tuple[str, str, int], ...] = (), **fields) -> float | None:
        book.issues.clear()
        issue = _request(book, "SUP-1", created=begin, **issue_fields)
        for old, new, hours in steps:
            book.step(issue, "status", old, new, begin + timedelta(hours=hours))
        issue["fields"].update(fields)
        company = serve(book)
        return _only(company)["first_response_business_hours_p90"]

    done = {"status": "Done"}
    resolved = (begin + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    assert p90({}) == 8 + 3
    twice = (("Open", "Done", 2), ("Done", "Open", 3), ("Open", "Done", 5))
    assert p90(done, twice, resolutiondate=resolved) == 5
    assert p90(done, resolutiondate=resolved) == 6
    assert p90({}, twice[:2], resolutiondate=None) == 8 + 3  # open again: it waits on


def test_issues_of_90_days_that_the_customers_side_raised_are_measured(book, serve):
    book.account("Acme")
    edge = _request(book, "SUP-1", created=ago(days=90))
    inside = _request(book, "SUP-2", created=ago(days=90) + timedelta(seconds=1))
    ours = book.issue("SUP-3", "Acme", reporter=STAFF, created=ago(days=50))
    part = _request(book, "SUP-4", created=ago(days=50), subtask=True, level=-1)
    for issue in (edge, ours, part):
        book.comment(issue, STAFF, ago(days=1))
    book.comment(inside, STAFF, ago(days=90) + timedelta(hours=1, seconds=1))
    company = serve(book)
    assert _only(company)["first_response_business_hours_p90"] == 1
    assert _keys(company, "first_response_business_hours_p90") == ["SUP-2"]


def test_in_a_software_project_an_answer_counts_where_the_customer_reads_along(book, serve):
    acme = book.account("Acme")
    book.contact(acme, "dana@acme.example")
    dana = {"accountId": "dana", "accountType": "atlassian", "emailAddress": "dana@acme.example"}
    issue = book.issue("WEB-1", "Acme", reporter=dana, created=NOW.replace(hour=9))
    book.comment(issue, STAFF, NOW.replace(hour=10))
    company = serve(book)
    assert _only(company)["first_response_business_hours_p90"] == 3
    company.configure(JIRA + 'customer_visible_projects = ["WEB"]\n[identity]\ninternal_domains = ["vendor.example"]\n'
                      'account_field = "CRM Account"\n')  # fmt: skip
    assert company.metrics()["Acme"]["first_response_business_hours_p90"] == 1


# -- days_since_status_update ------------------------------------------------------------------------------------------


def test_a_status_update_is_our_public_comment_of_the_project_longest_without_one(book, serve):
    book.account("Acme")
    told, silent = _request(book, "SUP-1"), _request(book, "WEB-1", created=ago(days=60))
    book.comment(told, STAFF, ago(days=3))
    book.comment(silent, STAFF, ago(days=30))
    book.comment(silent, STAFF, ago(days=20, hours=23))
    book.comment(silent, STAFF, ago(days=2), public=False)
    book.comment(silent, CUSTOMER, ago(days=1))
    company = serve(book)
    assert _only(company)["days_since_status_update"] == 20
    assert _keys(company, "days_since_status_update") == ["WEB-1"]
    assert company.metrics(ago(days=22))["Acme"]["days_since_status_update"] == 8


def test_a_comment_on_a_done_issue_of_an_active_project_is_an_update_too(book, serve):
    book.account("Acme")
    _request(book, "SUP-1")
    done = _request(book, "SUP-2", status="Done", created=ago(days=40))
    book.comment(done, STAFF, ago(days=9))
    assert _only(serve(book))["days_since_status_update"] == 9


def test_a_meeting_counts_for_all_projects_and_a_mail_or_a_call_for_none(book, serve):
    acme = book.account("Acme")
    dana = book.contact(acme, "dana@acme.example")
    book.comment(_request(book, "SUP-1"), STAFF, ago(days=15))
    book.comment(_request(book, "WEB-1"), STAFF, ago(days=18))
    book.call(acme, ago(days=1), dana)
    book.add("EmailMessage", Incoming=False, FromAddress="ferrari@vendor.example", ToAddress="dana@acme.example",
             Status="3", MessageDate=ago(days=2))  # fmt: skip
    meeting = book.meeting(acme, ago(days=6))
    company = serve(book)
    assert _only(company)["days_since_status_update"] == 6
    assert [row["id"] for row in _evidence(company, "days_since_status_update")] == [meeting]
    assert company.metrics(ago(days=7))["Acme"]["days_since_status_update"] == 11


def test_a_meeting_of_which_only_the_date_is_known_counts_calendar_days(book, serve):
    acme = book.account("Acme")
    _request(book, "SUP-1")
    book.meeting(
        acme, ago(days=6), IsAllDayEvent=True, StartDateTime=None, ActivityDate=D - timedelta(days=6)
    )
    assert _only(serve(book))["days_since_status_update"] == 6


def test_a_project_never_reported_on_has_the_age_of_the_account(book, serve):
    acme = book.account("Acme", CreatedDate=ago(days=300, hours=1))
    book.comment(_request(book, "SUP-1"), STAFF, ago(days=3))
    _request(book, "WEB-1")
    company = serve(book)
    assert _only(company)["days_since_status_update"] == 300
    assert [(row["id"], row["text"]) for row in _evidence(company, "days_since_status_update")] == [
        (acme, "never")
    ]


@pytest.mark.parametrize("status", ["Done", None])
def test_without_an_active_project_there_is_nothing_to_report_on(book, serve, status):
    acme = book.account("Acme")
    book.meeting(acme, ago(days=1))
    if status:
        book.comment(_request(book, "SUP-1", status=status), STAFF, ago(days=3))
    assert _only(serve(book))["days_since_status_update"] is None


def test_projects_in_which_nobody_is_determinably_a_customer_are_left_out(book, serve):
    book.account("Acme")
    nobody = {"accountId": "someone"}
    unclear = book.issue("OPS-1", "Acme", reporter=nobody)
    book.comment(unclear, nobody, ago(days=1))
    company = serve(book)
    metrics = _only(company)
    assert metrics["days_since_status_update"] is None
    assert metrics["first_response_business_hours_p90"] is None
    assert metrics["oldest_open_issue_days"] == 0
    book.comment(_request(book, "SUP-1"), STAFF, ago(days=3))
    metrics = _only(serve(book))
    assert metrics["days_since_status_update"] == 3
