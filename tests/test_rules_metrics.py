"""Each metric by hand: its value, what makes it unknown, its edges, and the records behind it."""

from __future__ import annotations

from datetime import date, timedelta

from company import CUSTOMER, NOW, STAFF, ago

D = NOW.date()


def _only(company) -> dict:
    company.pull()
    return company.metrics()["Acme"]


def _evidence(company, metric: str, extra: str = "") -> list[dict]:
    company.configure(
        f"[[scorecards.probe.measures]]\nmetric = '{metric}'\nweight = 1\npoints = [[0, 0], [1, 1]]\n{extra}"
    )
    measures = company.explain("Acme")["scorecards"]["probe"]["measures"]
    return measures[0]["evidence"]


# -- days_since_contact, moments_90d ---------------------------------------------------------------------------------


def test_days_since_contact_are_whole_days_since_the_latest_moment(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=34, hours=23))
    latest = book.meeting(acme, ago(days=10, hours=23))
    company = serve(book)
    assert _only(company)["days_since_contact"] == 10
    assert [row["id"] for row in _evidence(company, "days_since_contact")] == [latest]


def test_a_moment_with_a_date_only_counts_calendar_days(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=5), CompletedDateTime=None, ActivityDate=D - timedelta(days=5))
    assert _only(serve(book))["days_since_contact"] == 5


def test_of_a_date_and_a_time_the_smaller_number_of_days_counts(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=3), CompletedDateTime=None, ActivityDate=D - timedelta(days=3))
    book.call(acme, ago(days=3, hours=-1))
    assert _only(serve(book))["days_since_contact"] == 2


def test_an_account_that_was_never_contacted_has_its_age(book, serve):
    acme = book.account("Acme", CreatedDate=ago(days=100, hours=1))
    other = book.account("Other")
    book.call(other, ago(days=1))
    company = serve(book)
    assert _only(company)["days_since_contact"] == 100
    assert [(row["id"], row["text"]) for row in _evidence(company, "days_since_contact")] == [(acme, "never")]


def test_contact_is_unknown_where_nobody_in_the_org_logs_any(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=91))
    metrics = _only(serve(book))
    assert metrics["days_since_contact"] is None
    assert metrics["moments_90d"] is None
    assert metrics["effective_contacts"] is None
    assert metrics["contacts_engaged_90d"] is None


def test_the_window_of_90_days_ends_now_and_leaves_its_first_instant_out(book, serve):
    acme = book.account("Acme")
    book.meeting(acme, ago(days=90))
    book.meeting(acme, ago(days=90) + timedelta(seconds=1))
    book.call(acme, NOW)
    assert _only(serve(book))["moments_90d"] == 2


def test_the_window_of_a_date_leaves_out_the_day_90_days_ago(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=90), CompletedDateTime=None, ActivityDate=D - timedelta(days=90))
    book.call(acme, ago(days=89), CompletedDateTime=None, ActivityDate=D - timedelta(days=89))
    assert _only(serve(book))["moments_90d"] == 1


def test_rows_of_one_kind_person_and_day_are_one_moment_and_another_person_makes_another(book, serve):
    acme = book.account("Acme")
    dana, lee = book.contact(acme, "dana@acme.example"), book.contact(acme, "lee@acme.example")
    book.call(acme, ago(days=2), dana)
    latest = book.call(acme, ago(days=2, hours=-2), dana)
    book.call(acme, ago(days=2), lee)
    book.meeting(acme, ago(days=2), dana)
    company = serve(book)
    assert _only(company)["moments_90d"] == 3
    assert latest in {row["id"] for row in _evidence(company, "moments_90d")}


def test_days_are_those_of_the_configured_zone(book, serve):
    acme = book.account("Acme")
    dana = book.contact(acme, "dana@acme.example")
    book.call(acme, NOW.replace(hour=22, minute=30) - timedelta(days=3), dana)  # 23:30 in Berlin
    book.call(acme, NOW.replace(hour=23, minute=30) - timedelta(days=3), dana)  # 00:30 the day after
    company = serve(book)
    assert _only(company)["moments_90d"] == 1
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", '[time]\nzone = "Europe/Berlin"'))
    assert company.metrics()["Acme"]["moments_90d"] == 2


def test_what_only_looks_like_contact_does_not_count(book, serve):
    acme, other = book.account("Acme"), book.account("Other")
    book.call(other, ago(days=1))
    book.call(acme, ago(days=1), IsDeleted=True)
    book.call(acme, ago(days=1), Rapport_Key__c="call_back|x||2026-11-01")
    book.call(acme, ago(days=1), TaskSubtype="ListEmail")
    book.call(acme, ago(days=1), TaskSubtype="Email", Subject="Automatic reply: gone fishing")
    book.call(acme, ago(days=1), TaskSubtype="Task", Type="Other")
    book.call(acme, ago(days=1), Status="Not Started", IsClosed=False, CompletedDateTime=None, ActivityDate=D)
    book.call(acme, ago(days=1), CompletedDateTime=None)
    book.meeting(acme, ago(days=1), IsChild=True)
    book.meeting(acme, ago(days=1), IsPrivate=True)
    book.meeting(acme, ago(days=1), IsRecurrence=True)
    book.meeting(acme, NOW + timedelta(days=1), CreatedDate=ago(days=2))
    book.meeting(acme, ago(days=3), CreatedDate=ago(days=3), IsDeleted=True)
    assert _only(serve(book))["moments_90d"] == 0


def test_an_archived_activity_counts(book, serve):
    acme, other = book.account("Acme"), book.account("Other")
    book.call(other, ago(days=1))
    book.call(acme, ago(days=400), IsArchived=True, ActivityDate=D - timedelta(days=400))
    assert _only(serve(book))["days_since_contact"] == 400


def test_a_moment_belongs_to_the_account_of_its_opportunity_or_of_its_person(book, serve):
    acme = book.account("Acme")
    deal = book.add(
        "Opportunity", Name="Deal", AccountId=acme, StageName="Open", CloseDate=D, IsClosed=False, IsWon=False
    )
    dana = book.contact(acme, "dana@acme.example")
    book.call(acme, ago(days=2), AccountId=None, WhatId=deal)
    book.call(acme, ago(days=3), dana, AccountId=None, WhatId=None)
    assert _only(serve(book))["moments_90d"] == 2


def test_activities_of_a_merged_account_belong_to_the_one_that_survived(book, serve):
    acme = book.account("Acme")
    middle = book.account("Acme Ltd", IsDeleted=True, MasterRecordId=acme)
    gone = book.account("Acme AG", IsDeleted=True, MasterRecordId=middle)
    vanished = book.account("Vanished", IsDeleted=True)
    book.call(gone, ago(days=4), WhatId=None)
    book.call(vanished, ago(days=1), WhatId=None)
    assert _only(serve(book))["days_since_contact"] == 4


def test_a_mail_counts_for_the_accounts_of_the_contacts_at_its_other_end(book, serve):
    acme, other = book.account("Acme"), book.account("Other")
    book.contact(acme, "dana@acme.example")
    mail = {"Incoming": False, "FromAddress": "ferrari@vendor.example", "Status": "3"}
    book.add(
        "EmailMessage",
        **mail,
        ToAddress="Dana@Acme.example; x@else.example",
        MessageDate=ago(days=2),
        RelatedToId=other,
    )
    book.add(
        "EmailMessage", **mail, ToAddress="nobody@else.example", MessageDate=ago(days=5), RelatedToId=other
    )
    company = serve(book)
    company.pull()
    metrics = company.metrics()
    assert (metrics["Acme"]["days_since_contact"], metrics["Other"]["days_since_contact"]) == (2, 5)


def test_drafts_case_mails_automatic_replies_and_a_mails_own_task_do_not_count(book, serve):
    acme, other = book.account("Acme"), book.account("Other")
    book.call(other, ago(days=1))
    book.contact(acme, "dana@acme.example")
    mail = {"Incoming": True, "FromAddress": "dana@acme.example", "MessageDate": ago(days=1)}
    book.add("EmailMessage", **mail, Status="5")
    book.add("EmailMessage", **mail, Status="1", ParentId=book.add("Case", AccountId=acme, CaseNumber="1"))
    book.add("EmailMessage", **mail, Status="1", Subject="Abwesenheitsnotiz")
    book.add("EmailMessage", **mail, Status="1", Headers="Auto-Submitted: auto-replied")
    task = book.call(acme, ago(days=1), TaskSubtype="Email")
    book.add("EmailMessage", **mail, Status="5", ActivityId=task)
    assert _only(serve(book))["moments_90d"] == 0


def test_the_config_can_leave_activities_out(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=1), Subject="Newsletter call")
    book.call(acme, ago(days=9), Subject=None)
    company = serve(book)
    company.configure("[activities]\nexclude = \"contains(subject, 'Newsletter')\"\n")
    assert _only(company)["days_since_contact"] == 9


# -- effective_contacts, contacts_engaged_90d ------------------------------------------------------------------------


def test_effective_contacts_are_the_inverse_of_the_sum_of_squared_shares(book, serve):
    acme = book.account("Acme")
    dana, lee = book.contact(acme, "dana@acme.example"), book.contact(acme, "lee@acme.example")
    for days in (1, 2, 3):
        book.call(acme, ago(days=days), dana)
    book.call(acme, ago(days=4), lee)
    company = serve(book)
    assert abs(_only(company)["effective_contacts"] - 1 / (0.75**2 + 0.25**2)) < 1e-12
    assert {row["id"]: row["value"] for row in _evidence(company, "effective_contacts")} == {dana: 3, lee: 1}


def test_effective_contacts_are_unknown_without_anybody(book, serve):
    acme = book.account("Acme")
    book.call(acme, ago(days=1))
    assert _only(serve(book))["effective_contacts"] is None


def test_everybody_of_a_meeting_counts_once_for_it(book, serve):
    acme = book.account("Acme")
    dana, lee = book.contact(acme, "dana@acme.example"), book.contact(acme, "lee@acme.example")
    meeting = book.meeting(acme, ago(days=1), dana)
    for who in (dana, lee, book.user):
        book.add("EventRelation", EventId=meeting, RelationId=who, IsWhat=False)
    metrics = _only(serve(book))
    assert metrics["effective_contacts"] == 2
    assert metrics["contacts_engaged_90d"] == 2


def test_contacts_engaged_are_own_contacts_of_the_last_90_days(book, serve):
    acme, other = book.account("Acme"), book.account("Other")
    dana, old = book.contact(acme, "dana@acme.example"), book.contact(acme, "old@acme.example")
    stranger = book.contact(other, "x@other.example")
    book.call(acme, ago(days=1), dana)
    book.call(acme, ago(days=91), old)
    book.call(acme, ago(days=2), stranger)
    company = serve(book)
    assert _only(company)["contacts_engaged_90d"] == 1
    assert [row["id"] for row in _evidence(company, "contacts_engaged_90d")] == [dana]


# -- issues ----------------------------------------------------------------------------------------------------------


def test_open_issues_are_those_not_done_without_epics_and_sub_tasks(book, serve):
    book.account("Acme")
    open_one = book.issue("OPS-1", "Acme")
    book.issue("OPS-2", "Acme", status="Done")
    book.issue("OPS-3", "Acme", type="Epic", level=1)
    book.issue("OPS-4", "Acme", subtask=True, level=-1)
    book.issue("OPS-5", "Acme", created=NOW + timedelta(hours=1))
    company = serve(book)
    assert _only(company)["open_issues"] == 1
    assert [(row["key"], row["url"]) for row in _evidence(company, "open_issues")] == [
        ("OPS-1", f"{company.simulator.jira_url}/browse/OPS-1")
    ]
    assert open_one["id"] == _evidence(company, "open_issues")[0]["id"].partition(":")[2]


def test_issue_metrics_are_unknown_without_jira_and_zero_without_issues(book, serve):
    book.account("Acme")
    book.account("Other")
    book.issue("OPS-1", "Other")
    company = serve(book)
    assert _only(company)["open_issues"] == 0
    company.configure(jira=False)
    company.pull()
    metrics = company.metrics()["Acme"]
    unknown = (
        "open_issues",
        "open_p1",
        "overdue_issues",
        "stuck_issues",
        "active_projects",
        "unanswered_comments",
    )
    assert [metrics[name] for name in unknown] == [None] * len(unknown)


def test_done_is_a_category_or_a_listed_status(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", status="Blocked")
    company = serve(book)
    company.configure('[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\ndone_statuses = ["BLOCKED"]\n')
    assert _only(company)["open_issues"] == 0


def test_status_and_priority_of_the_past_come_from_the_changelog(book, serve):
    book.account("Acme")
    issue = book.issue(
        "OPS-1", "Acme", status="Done", priority="Medium", type="Incident", created=ago(days=40)
    )
    book.step(issue, "status", "Open", "In Progress", ago(days=30))
    book.step(issue, "status", "In Progress", "Done", ago(days=5))
    book.step(issue, "priority", "Highest", "Medium", ago(days=3))
    company = serve(book)
    company.pull()
    then = company.metrics(ago(days=10))["Acme"]
    assert (then["open_issues"], then["open_p1"]) == (1, 1)
    now = company.metrics()["Acme"]
    assert (now["open_issues"], now["open_p1"]) == (0, 0)
    assert company.metrics(ago(days=41))["Acme"]["open_issues"] == 0


def test_open_p1_counts_only_incidents_in_software_projects(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", priority="Highest", type="Bug")
    book.issue("OPS-2", "Acme", priority="Highest", type="Story")
    book.issue("SUP-1", "Acme", priority="Highest", type="Question", service=True)
    book.issue("OPS-3", "Acme", priority="Highest", type="Bug", status="Done")
    company = serve(book)
    assert _only(company)["open_p1"] == 2
    assert [row["key"] for row in _evidence(company, "open_p1")] == ["OPS-1", "SUP-1"]


def test_open_p1_is_unknown_where_no_priority_of_the_site_is_listed(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", priority="Highest")
    company = serve(book)
    company.configure('[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\np1_priorities = ["Mega"]\n')
    assert _only(company)["open_p1"] is None


def test_an_issue_is_overdue_from_the_day_after_its_due_date(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", due=D)
    book.issue("OPS-2", "Acme", due=D - timedelta(days=1))
    book.issue("OPS-3", "Acme", due=D - timedelta(days=1), status="Done")
    company = serve(book)
    assert _only(company)["overdue_issues"] == 1
    assert [row["key"] for row in _evidence(company, "overdue_issues")] == ["OPS-2"]


def test_a_due_date_of_the_past_comes_from_the_changelog(book, serve):
    book.account("Acme")
    issue = book.issue("OPS-1", "Acme", due=D + timedelta(days=30), created=ago(days=60))
    book.step(issue, "duedate", str(D - timedelta(days=20)), str(D + timedelta(days=30)), ago(days=4))
    company = serve(book)
    assert _only(company)["overdue_issues"] == 0
    assert company.metrics(ago(days=5))["Acme"]["overdue_issues"] == 1


def test_an_issue_is_stuck_after_14_days_without_a_status_step(book, serve):
    book.account("Acme")
    for key, days in (("OPS-1", 14), ("OPS-2", 13.9)):
        issue = book.issue(key, "Acme", status="In Progress", created=ago(days=50))
        book.step(issue, "status", "Open", "In Progress", ago(days=days))
    book.issue("OPS-3", "Acme", status="Open", created=ago(days=50))  # a backlog is not stuck
    book.issue("SUP-1", "Acme", status="Open", created=ago(days=50), service=True)
    book.issue("SUP-2", "Acme", status="Waiting for customer", created=ago(days=50))
    book.issue("SUP-3", "Acme", status="Blocked", created=ago(days=50))
    company = serve(book)
    assert _only(company)["stuck_issues"] == 2
    assert [row["key"] for row in _evidence(company, "stuck_issues")] == ["OPS-1", "SUP-1"]


def test_active_projects_are_the_projects_with_an_open_issue(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme")
    book.issue("OPS-2", "Acme")
    book.issue("WEB-1", "Acme")
    book.issue("OLD-1", "Acme", status="Done")
    assert _only(serve(book))["active_projects"] == 2


def test_an_issue_with_a_closed_security_level_is_not_stored(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", security={"id": "10", "name": "Board only"})
    book.issue("OPS-2", "Acme", security={"id": "11", "name": "Partners"})
    company = serve(book)
    company.configure('[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\nsecurity_levels = ["partners"]\n')
    assert _only(company)["open_issues"] == 1
    assert [row["key"] for row in company.links()["linked"]] == ["OPS-2"]


# -- unanswered comments ---------------------------------------------------------------------------------------------


def _question(book, key: str = "SUP-1", **fields):
    return book.issue(key, "Acme", service=True, reporter=CUSTOMER, **fields)


def test_the_oldest_comment_that_nobody_answered_waits_in_business_hours(book, serve):
    book.account("Acme")
    issue = _question(book)
    book.comment(issue, CUSTOMER, ago(days=8))
    book.comment(issue, STAFF, ago(days=7))
    book.comment(issue, CUSTOMER, NOW - timedelta(days=1, hours=4))  # Tuesday 08:00, before opening
    book.comment(issue, CUSTOMER, ago(hours=1))
    company = serve(book)
    metrics = _only(company)
    assert metrics["unanswered_comments"] == 1  # one question an issue
    assert metrics["oldest_unanswered_hours"] == 28
    assert metrics["oldest_unanswered_business_hours"] == 8 + 3
    assert [row["key"] for row in _evidence(company, "oldest_unanswered_business_hours")] == ["SUP-1"]


def test_business_hours_leave_out_nights_weekends_and_holidays(book, serve):
    book.account("Acme")
    book.comment(
        _question(book), CUSTOMER, NOW.replace(day=13, hour=16)
    )  # Friday 16:00; now is Wednesday 12:00
    company = serve(book)
    assert _only(company)["oldest_unanswered_business_hours"] == 1 + 8 + 8 + 3
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", "[time]\nholidays = [2026-11-16]"))
    assert company.metrics()["Acme"]["oldest_unanswered_business_hours"] == 1 + 8 + 3


def test_an_internal_note_or_a_robot_does_not_answer_and_a_step_into_waiting_does(book, serve):
    book.account("Acme")
    robot = {"accountId": "app-1", "accountType": "app"}
    noted, waiting = _question(book), _question(book, "SUP-2", status="Waiting for customer")
    for issue in (noted, waiting):
        book.comment(issue, CUSTOMER, ago(hours=5))
    book.comment(noted, STAFF, ago(hours=4), public=False)
    book.comment(noted, robot, ago(hours=3))
    book.comment(noted, STAFF, ago(hours=2), visibility={"type": "role", "value": "Staff"})
    book.step(waiting, "status", "Open", "Waiting for customer", ago(hours=4))
    company = serve(book)
    assert _only(company)["unanswered_comments"] == 1
    assert [row["key"] for row in _evidence(company, "unanswered_comments")] == ["SUP-1"]


def test_a_comment_older_than_90_days_or_of_a_done_issue_waits_no_more(book, serve):
    book.account("Acme")
    book.comment(_question(book, created=ago(days=120)), CUSTOMER, ago(days=90))
    book.comment(_question(book, "SUP-2", status="Done"), CUSTOMER, ago(days=1))
    book.comment(_question(book, "SUP-3", status="Done", created=ago(days=100)), CUSTOMER, ago(days=1))
    metrics = _only(serve(book))
    assert (metrics["unanswered_comments"], metrics["oldest_unanswered_hours"]) == (0, 0)


def test_sides_are_unknown_where_nobody_is_determinably_a_customer(book, serve):
    book.account("Acme")
    book.account("Other")
    nobody = {"accountId": "someone"}
    issue = book.issue("OPS-1", "Acme", reporter=nobody)
    book.comment(issue, nobody, ago(days=1))
    company = serve(book)
    company.pull()
    metrics = company.metrics()
    assert metrics["Acme"]["unanswered_comments"] is None
    assert metrics["Acme"]["oldest_unanswered_business_hours"] is None
    assert metrics["Other"]["unanswered_comments"] == 0


def test_in_a_software_project_comments_are_public_only_where_the_config_says_so(book, serve):
    acme = book.account("Acme")
    book.contact(acme, "dana@acme.example")
    dana = {"accountId": "dana", "accountType": "atlassian", "emailAddress": "dana@acme.example"}
    book.comment(book.issue("WEB-1", "Acme", reporter=dana), dana, ago(days=1))
    company = serve(book)
    assert _only(company)["unanswered_comments"] == 0
    company.configure(
        '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\ncustomer_visible_projects = ["WEB"]\n'
    )
    assert company.metrics()["Acme"]["unanswered_comments"] == 1


def test_an_agent_whose_address_is_hidden_is_staff_in_a_service_project(book, serve):
    book.account("Acme")
    hidden = {"accountId": "agent-9", "accountType": "atlassian"}
    issue = _question(book)
    book.comment(issue, CUSTOMER, ago(hours=5))
    book.comment(issue, hidden, ago(hours=4))
    assert _only(serve(book))["unanswered_comments"] == 0


# -- org units -------------------------------------------------------------------------------------------------------


def test_org_units_are_children_departments_and_declared_units_in_one_normal_form(book, serve):
    acme = book.account("Acme")
    book.account("Research & Development", ParentId=acme)
    book.account("Ship-to", ParentId=acme, Type="Prospect")  # not managed, so no unit
    for number, department in enumerate(
        ("Research and  development dept.", "Finance", "FINANCE Department", "", None)
    ):
        book.contact(acme, f"p{number}@acme.example", Department=department)
    company = serve(book)
    company.configure(
        '[identity]\ninternal_domains = ["vendor.example"]\n[identity.units]\n"Acme" = ["Legal", "HR"]\n'
        '[identity.department_aliases]\n"hr" = "people"\n'
    )
    assert _only(company)["org_units_known"] == 4  # research, finance, legal, people
    assert {row["value"] for row in _evidence_units(company)} == {1}


def _evidence_units(company) -> list[dict]:
    text = company.config_path.read_text()
    probe = (
        "[[scorecards.probe.measures]]\nmetric = 'org_units_known'\nweight = 1\npoints = [[0, 0], [1, 1]]\n"
    )
    company.config_path.write_text(text + probe)
    return company.explain("Acme")["scorecards"]["probe"]["measures"][0]["evidence"]


def test_a_department_is_engaged_by_a_moment_a_deal_or_an_issue_of_its_people(book, serve):
    acme = book.account("Acme")
    talked, bought, _, _ = (
        book.contact(acme, f"{name}@acme.example", Department=name)
        for name in ("sales", "buying", "tech", "legal")
    )
    book.call(acme, ago(days=89), talked)
    won = book.add("Opportunity", Name="Won", AccountId=acme, StageName="Won", IsClosed=True, IsWon=True,
                   CloseDate=D - timedelta(days=364))  # fmt: skip
    book.add("OpportunityContactRole", OpportunityId=won, ContactId=bought)
    book.issue(
        "SUP-1", "Acme", service=True, reporter={"accountId": "t", "emailAddress": "tech@acme.example"}
    )
    company = serve(book)
    metrics = _only(company)
    assert (metrics["org_units_known"], metrics["org_units_engaged"]) == (4, 3)
    assert metrics["unit_coverage"] is None  # departments alone: recording one must not lower a score


def test_a_deal_won_365_days_ago_engages_nobody(book, serve):
    acme = book.account("Acme")
    bought = book.contact(acme, "b@acme.example", Department="buying")
    won = book.add("Opportunity", Name="Won", AccountId=acme, StageName="Won", IsClosed=True, IsWon=True,
                   CloseDate=D - timedelta(days=365))  # fmt: skip
    book.add("OpportunityContactRole", OpportunityId=won, ContactId=bought)
    assert _only(serve(book))["org_units_engaged"] == 0


def test_unit_coverage_is_the_share_of_units_engaged_from_three_units_up(book, serve):
    acme = book.account("Acme")
    north, south = book.account("North", ParentId=acme), book.account("South", ParentId=acme)
    book.call(north, ago(days=1))
    company = serve(book)
    assert _only(company)["unit_coverage"] is None
    book.contact(acme, "x@acme.example", Department="Finance")
    company = serve(book)
    assert abs(_only(company)["unit_coverage"] - 1 / 3) < 1e-12
    assert {row["key"]: row["value"] for row in _evidence(company, "unit_coverage")} == {
        north: 1,
        south: 0,
        "finance": 0,
    }


# -- managed accounts, replays ---------------------------------------------------------------------------------------


def test_managed_accounts_are_customers_with_a_sign_of_life(book, serve):
    deal = {"Name": "x", "StageName": "Won", "IsClosed": True, "IsWon": True}
    book.account("Customer type")
    prospect = {"Type": "Prospect"}
    book.account("Prospect", **prospect)
    won = book.account("Won", **prospect)
    book.add("Opportunity", AccountId=won, CloseDate=D - timedelta(days=729), **deal)
    late = book.account("Won long ago", **prospect)
    book.add("Opportunity", AccountId=late, CloseDate=D - timedelta(days=730), **deal)
    contract = book.account("Contract", **prospect)
    book.add(
        "Contract",
        AccountId=contract,
        Status="Activated",
        StatusCode="Activated",
        EndDate=D - timedelta(days=100),
    )
    asset = book.account("Asset", **prospect)
    book.add("Asset", AccountId=asset, Name="Box", Status="Installed")
    scrap = book.account("Scrap", **prospect)
    book.add("Asset", AccountId=scrap, Name="Box", Status="Obsolete")
    book.account("Asked", **prospect)
    book.issue("OPS-1", "Asked")
    book.account("Person", IsPersonAccount=True)
    company = serve(book)
    company.pull()
    assert {row["account"] for row in company.scores()} == {
        "Customer type",
        "Won",
        "Contract",
        "Asset",
        "Asked",
    }
    assert len(company.metrics()) == 9


def test_an_account_created_after_the_instant_is_not_there(book, serve):
    book.account("Acme", CreatedDate=ago(days=10))
    company = serve(book)
    company.pull()
    assert company.metrics(ago(days=11)) == {}


def test_a_metric_of_ones_own_counts_what_its_condition_says(book, serve):
    book.account("Acme")
    book.issue("OPS-1", "Acme", labels=["Security", "x"])
    book.issue("OPS-2", "Acme", labels=["security"], status="Done")
    book.issue("OPS-3", "Acme", labels=["insecurity"])
    company = serve(book)
    company.configure(
        '[metrics.security_issues]\nsource = "issues"\nwhere = "not done and has_label(\'security\')"\n'
        'aggregate = "count"\nunit = "issues"\n'
        '[metrics.security_share]\nexpr = "security_issues / open_issues"\nunit = "share"\n'
    )
    metrics = _only(company)
    assert (metrics["security_issues"], metrics["security_share"]) == (1, 0.5)


def test_a_share_of_nothing_is_unknown(book, serve):
    book.account("Acme")
    company = serve(book)
    company.configure('[metrics.odd]\nexpr = "open_p1 / open_issues"\nunit = "share"\n')
    assert _only(company)["odd"] is None


def test_a_holiday_is_a_date_of_the_config_not_of_this_machine(book, serve):
    book.account("Acme")
    book.comment(_question(book), CUSTOMER, NOW.replace(day=17, hour=9))
    company = serve(book)
    company.pull()
    assert company.metrics()["Acme"]["oldest_unanswered_business_hours"] == 11
    assert date(2026, 11, 17).weekday() == 1
