"""Metrics of how issues move, wait and are answered, each by hand: value, NULL, edges, and the records behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from company import CUSTOMER, NOW, STAFF, Book, ago
from measured import measured, pulled

D = NOW.date()
SECOND = timedelta(seconds=1)
JIRA = '[jira]\nurl = "{jira}"\nemail = "i@vendor.example"\n'
ALL = (
    "open_escalations",
    "oldest_open_issue_days",
    "first_response_business_hours_p90",
    "reopened_90d",
    "waiting_on_customer_days",
    "customer_tasks_overdue",
    "days_since_status_update",
)
LATE = NOW.replace(hour=23, minute=30)  # tomorrow in Berlin
IDS: dict[str, str] = {}  # of records that a test asks for


class Told:
    """One account of the book: each tells one case, in projects of its own."""

    def __init__(self, book: Book, name: str, **fields: object) -> None:
        self.book, self.name, self.place = book, name, f"C{len(book.salesforce['Account'])}"
        self.id = book.account(name, **fields)

    def issue(self, key: str, **fields: object) -> dict:
        return self.book.issue(self.place + key, self.name, **fields)

    def request(self, key: str, **fields: object) -> dict:
        """An issue that the customer raised in a service project."""
        return self.issue(key, service=True, reporter=CUSTOMER, **fields)

    def answer(self, issue: dict, at, author: dict | None = STAFF, **how: object) -> None:
        self.book.comment(issue, author, at, **how)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    book = Book()
    Told(book, "Nothing")
    for part in (_labels, _ages, _reopenings, _waits, _answers, _updates, _meetings):
        part(book)
    with pulled(tmp_path_factory.mktemp("issues"), book) as company:
        yield company


@pytest.fixture(scope="module")
def now(company):
    return measured(company, evidence_of=ALL)


@pytest.fixture(scope="module")
def twelve_days_ago(company):
    return measured(company, ago(days=12))


@pytest.fixture(scope="module")
def sixty_days_ago(company):
    return measured(company, ago(days=60))


@pytest.fixture(scope="module")
def late(company):
    return measured(company, LATE)


@pytest.fixture(scope="module")
def otherwise(company):
    """In another zone, late in the evening, with lists of its own."""
    company.configure(
        f'zone = "Europe/Berlin"\n{JIRA}escalation_labels = ["hot", "de-escalated"]\ndone_statuses = ["gone"]\n'
        f'customer_visible_projects = ["{_place(company, "Reads along")}XWEB"]\n'
    )
    found = measured(company, LATE)
    company.configure()
    return found


def _place(company, account: str) -> str:
    return f"C{[each['Name'] for each in company.book.salesforce['Account']].index(account)}"


def _keys(measures, account: str, metric: str) -> list[str]:
    """Of the records behind a number, without what tells one account's projects from those of another."""
    return [row.key.partition("X")[2] for row in measures.evidence(account, metric)]


def test_without_jira_all_are_unknown_and_without_issues_nothing_waits(now, tmp_path):
    assert [now("Nothing", name) for name in ALL] == [0, 0, None, 0, 0, 0, None]
    book = Book()
    book.account("Acme")
    with pulled(tmp_path, book, jira=False) as company:
        metrics = company.metrics()["Acme"]
    assert [metrics[name] for name in ALL] == [None] * len(ALL)


# -- open_escalations ------------------------------------------------------------------------------------------------


def _labels(book: Book) -> None:
    told = Told(book, "Labels")
    told.issue("XOPS-1", labels=["Escalated", "ESCALATION", "x"])
    told.issue("XOPS-2", labels=["escalated"], status="Done")
    told.issue("XOPS-3", labels=["de-escalated"])
    told.issue("XOPS-4", labels=["escalated"], subtask=True, level=-1)
    told.issue("XOPS-5", labels=["Hot"])


def test_open_escalations_are_open_issues_with_a_label_of_the_list_in_whatever_case(now, otherwise):
    assert now("Labels", "open_escalations") == 1
    assert _keys(now, "Labels", "open_escalations") == ["OPS-1"]
    assert otherwise("Labels", "open_escalations") == 2


# -- oldest_open_issue_days ------------------------------------------------------------------------------------------


def _ages(book: Book) -> None:
    told = Told(book, "Oldest")
    told.issue("XOPS-1", status="Open", created=ago(days=300))  # a backlog
    told.issue("XOPS-2", status="Done", created=ago(days=200))
    told.issue("XOPS-3", status="In Progress", created=ago(days=41) + SECOND)
    told.issue("XSUP-1", status="Open", created=ago(days=40), service=True)
    told = Told(book, "Oldest of the past")
    issue = told.issue("XOPS-1", status="Done", created=ago(days=70))
    book.step(issue, "status", "Open", "In Progress", ago(days=30))
    book.step(issue, "status", "In Progress", "Done", ago(days=5))


def test_the_oldest_open_issue_has_whole_days_and_in_software_projects_is_in_progress(now, late):
    assert now("Oldest", "oldest_open_issue_days") == 40
    assert _keys(now, "Oldest", "oldest_open_issue_days") == ["OPS-3"]
    assert late("Oldest", "oldest_open_issue_days") == 41


def test_the_oldest_open_issue_of_the_past_is_told_by_its_status_then(now, twelve_days_ago, sixty_days_ago):
    days = [each("Oldest of the past", ALL[1]) for each in (now, twelve_days_ago, sixty_days_ago)]
    assert days == [0, 58, 0]


# -- reopened_90d ----------------------------------------------------------------------------------------------------


def _reopenings(book: Book) -> None:
    told = Told(book, "Reopened")
    twice = told.issue("XOPS-1", created=ago(days=200))
    book.step(twice, "status", "Done", "Open", ago(days=90))
    for days in (80, 40):
        book.step(twice, "status", "Open", "Done", ago(days=days))
        book.step(twice, "status", "Done", "In Progress", ago(days=days - 1))
    edge = told.issue("XOPS-2", status="Done", created=ago(days=200))
    book.step(edge, "status", "Done", "Open", ago(days=90) + SECOND)
    sub = told.issue("XOPS-3", subtask=True, level=-1, created=ago(days=50))
    book.step(sub, "status", "Done", "Open", ago(days=3))

    told = Told(book, "Renamed")
    renamed = told.issue("XOPS-1", created=ago(days=20))
    book.step(renamed, "status", "Done", "Open", ago(days=5))
    renamed["changelog"]["histories"][-1]["items"][0]["fromString"] = "Finished"
    copied = told.issue("XOPS-2", created=ago(days=20))
    book.step(copied, "status", "Done", "Open", ago(days=5))
    copied["changelog"]["histories"][-1]["items"][0]["from"] = None
    gone = told.issue("XOPS-3", created=ago(days=20))
    book.step(gone, "status", "Gone", "Open", ago(days=5))


def test_reopenings_are_counted_by_step_from_done_to_not_done_in_90_days(now, sixty_days_ago):
    assert now("Reopened", "reopened_90d") == 3
    assert _keys(now, "Reopened", "reopened_90d") == ["OPS-1", "OPS-1", "OPS-2"]
    assert sixty_days_ago("Reopened", "reopened_90d") == 3  # those of 150 to 60 days ago


def test_a_status_of_the_past_is_known_by_id_then_by_name_and_a_listed_one_is_done(now, otherwise):
    assert now("Renamed", "reopened_90d") == 2
    assert otherwise("Renamed", "reopened_90d") == 3


# -- waiting_on_customer_days, customer_tasks_overdue ------------------------------------------------------------------


def _waits(book: Book) -> None:
    told = Told(book, "Waits")
    stepped = told.issue("XSUP-1", status="Waiting for customer", created=ago(days=99), service=True)
    book.step(stepped, "status", "Open", "Waiting for customer", ago(days=11, hours=23))
    told.issue("XSUP-2", status="Waiting for customer", created=ago(days=5), service=True)
    told.issue("XSUP-3", status="Blocked", created=ago(days=50), service=True)

    told, waiting = Told(book, "Tasks"), {"status": "Waiting for customer", "service": True}
    told.issue("XSUP-1", due=D, **waiting)
    told.issue("XSUP-2", due=D - timedelta(days=1), **waiting)
    told.issue("XSUP-3", due=D - timedelta(days=1), status="In Progress", service=True)
    told.issue("XSUP-4", **waiting)

    Told(book, "Waits alone").issue("XSUP-1", created=ago(days=50), **waiting)


def test_the_longest_wait_for_the_customer_is_since_the_step_into_the_present_status(now, twelve_days_ago):
    assert now("Waits", "waiting_on_customer_days") == 11
    assert _keys(now, "Waits", "waiting_on_customer_days") == ["SUP-1"]
    assert twelve_days_ago("Waits", "waiting_on_customer_days") == 0


def test_a_task_of_the_customer_is_overdue_from_the_day_after_its_due_date_in_the_zone(now, late, otherwise):
    overdue = [each("Tasks", "customer_tasks_overdue") for each in (now, late, otherwise)]
    assert overdue == [1, 1, 2]
    assert _keys(now, "Tasks", "customer_tasks_overdue") == ["SUP-2"]


def test_waiting_is_unknown_where_no_status_of_the_site_is_listed(company, now):
    names = ("waiting_on_customer_days", "customer_tasks_overdue", "stuck_issues")
    assert now("Waits alone", "waiting_on_customer_days") == 50
    company.configure(JIRA + 'waiting_statuses = ["Their turn"]\nescalation_labels = ["never seen"]\n')
    unlisted = measured(company)
    assert unlisted("Waits alone", *names) == (None, None, 1)
    assert unlisted("Labels", "open_escalations") == 0  # a label that no issue has yet: no escalation
    company.configure(JIRA + 'waiting_statuses = ["Their turn", "BLOCKED"]\n')
    assert measured(company)("Waits alone", *names[:2]) == (0, 0)
    company.configure(JIRA + 'done_statuses = ["waiting for customer"]\n')
    assert measured(company)("Waits", names[0]) == 0
    company.configure()


# -- first_response_business_hours_p90 ---------------------------------------------------------------------------------

BEGIN = NOW.replace(day=17, hour=9)  # yesterday, 11 business hours ago
TWICE = (("Open", "Done", 2), ("Done", "Open", 3), ("Open", "Done", 5))
UNANSWERED = {  # hours: status, steps, the hour that Jira says it was resolved at
    "No answer": (8 + 3, "Open", (), None),
    "Done twice": (5, "Done", TWICE, 6),
    "Done by itself": (6, "Done", (), 6),
    "Open again": (8 + 3, "Open", TWICE[:2], None),  # it waits on
}


def _answers(book: Book) -> None:
    told, friday = Told(book, "First answer"), NOW.replace(day=13, hour=16)
    issue = told.request("XSUP-1", created=friday)
    told.answer(issue, friday + timedelta(minutes=5), public=False)
    told.answer(issue, friday + timedelta(minutes=10), CUSTOMER)
    told.answer(issue, friday + timedelta(minutes=15), {"accountId": "app-1", "accountType": "app"})
    told.answer(issue, friday + timedelta(minutes=20), visibility={"type": "role", "value": "Staff"})
    told.answer(issue, NOW.replace(day=16, hour=10, minute=30))  # Monday
    told.answer(issue, NOW.replace(day=17, hour=10))

    told = Told(book, "Quantile")
    for number, hours in enumerate((1, 2, 3, 7), 1):
        told.answer(told.request(f"XSUP-{number}", created=BEGIN), BEGIN + timedelta(hours=hours))

    for name, (_, status, steps, resolved) in UNANSWERED.items():
        issue = Told(book, name).request("XSUP-1", created=BEGIN, status=status)
        for old, new, hours in steps:
            book.step(issue, "status", old, new, BEGIN + timedelta(hours=hours))
        if resolved:
            at = BEGIN + timedelta(hours=resolved)
            issue["fields"]["resolutiondate"] = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    told = Told(book, "Raised")
    edge = told.request("XSUP-1", created=ago(days=90))
    inside = told.request("XSUP-2", created=ago(days=90) + SECOND)
    ours = told.issue("XSUP-3", reporter=STAFF, created=ago(days=50))
    part = told.request("XSUP-4", created=ago(days=50), subtask=True, level=-1)
    for issue in (edge, ours, part):
        told.answer(issue, ago(days=1))
    told.answer(inside, ago(days=90) + timedelta(hours=1, seconds=1))

    told = Told(book, "Reads along")
    book.contact(told.id, "lee@along.example")
    lee = {"accountId": "lee", "accountType": "atlassian", "emailAddress": "lee@along.example"}
    told.answer(told.issue("XWEB-1", reporter=lee, created=NOW.replace(hour=9)), NOW.replace(hour=10))


def test_the_first_answer_is_our_first_public_comment_in_business_hours(now, otherwise):
    assert now("First answer", "first_response_business_hours_p90") == 1 + 1.5
    assert _keys(now, "First answer", "first_response_business_hours_p90") == ["SUP-1"]
    # Friday 17:00 is closing time in Berlin; Monday is 11:30
    assert otherwise("First answer", "first_response_business_hours_p90") == 2.5


def test_the_quantile_lies_between_the_issues_on_either_side_of_it(now):
    assert abs(now("Quantile", "first_response_business_hours_p90") - (3 + 0.7 * 4)) < 1e-9
    assert _keys(now, "Quantile", "first_response_business_hours_p90") == ["SUP-3", "SUP-4"]


def test_an_issue_without_an_answer_enters_with_its_age_or_the_time_until_it_was_last_done(now):
    found = {name: now(name, "first_response_business_hours_p90") for name in UNANSWERED}
    assert found == {name: told[0] for name, told in UNANSWERED.items()}


def test_issues_of_90_days_that_the_customers_side_raised_are_measured(now):
    assert now("Raised", "first_response_business_hours_p90") == 1
    assert _keys(now, "Raised", "first_response_business_hours_p90") == ["SUP-2"]


def test_in_a_software_project_an_answer_counts_where_the_customer_reads_along(now, otherwise):
    assert now("Reads along", "first_response_business_hours_p90") == 3
    assert otherwise("Reads along", "first_response_business_hours_p90") == 1


# -- days_since_status_update ------------------------------------------------------------------------------------------


def _updates(book: Book) -> None:
    told = Told(book, "Two projects")
    fresh, silent = (
        told.request("XSUP-1", created=ago(days=30)),
        told.request("XWEB-1", created=ago(days=60)),
    )
    for days in (13, 3):
        told.answer(fresh, ago(days=days))
    told.answer(silent, ago(days=30))
    told.answer(silent, ago(days=20, hours=23))
    told.answer(silent, ago(days=2), public=False)
    told.answer(silent, ago(days=1), CUSTOMER)

    told = Told(book, "Told on a done one")
    told.request("XSUP-1")
    told.answer(told.request("XSUP-2", status="Done", created=ago(days=40)), ago(days=9))

    told = Told(book, "Never told", CreatedDate=ago(days=300, hours=1))
    told.answer(told.request("XSUP-1"), ago(days=3))
    told.request("XWEB-1")

    for name in ("Nobody known", "Somebody known"):
        told, nobody = Told(book, name), {"accountId": "someone"}
        told.answer(told.issue("XOPS-1", reporter=nobody), ago(days=1), nobody)
    told.answer(told.request("XSUP-1"), ago(days=3))


def _meetings(book: Book) -> None:
    told = Told(book, "Met")
    dana = book.contact(told.id, "dana@met.example")
    told.answer(told.request("XSUP-1"), ago(days=15))
    told.answer(told.request("XWEB-1"), ago(days=19))
    book.call(told.id, ago(days=1), dana)
    book.add("EmailMessage", Incoming=False, FromAddress="ferrari@vendor.example", ToAddress="dana@met.example",
             Status="3", MessageDate=ago(days=2))  # fmt: skip
    IDS["meeting"] = book.meeting(told.id, ago(days=6))

    told = Told(book, "Met on a day")
    told.request("XSUP-1")
    day = {"IsAllDayEvent": True, "StartDateTime": None, "ActivityDate": D - timedelta(days=6)}
    book.meeting(told.id, ago(days=6), **day)

    for name, status in (("All done", "Done"), ("No project", None)):
        told = Told(book, name)
        book.meeting(told.id, ago(days=1))
        if status:
            told.answer(told.request("XSUP-1", status=status), ago(days=3))


def test_a_status_update_is_our_public_comment_of_the_project_longest_without_one(now, twelve_days_ago):
    assert now("Two projects", "days_since_status_update") == 20
    assert _keys(now, "Two projects", "days_since_status_update") == ["WEB-1"]
    assert twelve_days_ago("Two projects", "days_since_status_update") == 8


def test_a_comment_on_a_done_issue_of_an_active_project_is_an_update_too(now):
    assert now("Told on a done one", "days_since_status_update") == 9


def test_a_meeting_counts_for_all_projects_and_a_mail_or_a_call_for_none(now, twelve_days_ago):
    assert now("Met", "days_since_status_update") == 6
    assert [row.id for row in now.evidence("Met", "days_since_status_update")] == [IDS["meeting"]]
    assert twelve_days_ago("Met", "days_since_status_update") == 7


def test_a_meeting_of_which_only_the_date_is_known_counts_calendar_days(now):
    assert now("Met on a day", "days_since_status_update") == 6


def test_a_project_never_reported_on_has_the_age_of_the_account(company, now):
    assert now("Never told", "days_since_status_update") == 300
    told = [(row.id, row.text) for row in now.evidence("Never told", "days_since_status_update")]
    ids = {each["Name"]: each["Id"] for each in company.book.salesforce["Account"]}
    assert told == [(ids["Never told"], "never")]


@pytest.mark.parametrize("account", ["All done", "No project"])
def test_without_an_active_project_there_is_nothing_to_report_on(now, account):
    assert now(account, "days_since_status_update") is None


def test_projects_in_which_nobody_is_determinably_a_customer_are_left_out(now):
    names = ("days_since_status_update", "first_response_business_hours_p90", "oldest_open_issue_days")
    assert now("Nobody known", *names) == (None, None, 0)
    assert now("Somebody known", "days_since_status_update") == 3
