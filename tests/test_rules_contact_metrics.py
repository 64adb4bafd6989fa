"""Each metric of contact by hand: meetings, what waits for an answer, who is known and met, and what makes it unknown."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from campaigns import few
from company import NOW, ago, sf_id

from sync.names import title_key

D = NOW.date()
SECOND = timedelta(seconds=1)
# Wednesday noon less a day is 3 business hours of today and 5 of Tuesday.
EIGHT_HOURS = ago(days=1)
DANA, LEE, OURS = "dana@acme.example", "lee@acme.example", "ferrari@vendor.example"


def _only(company) -> dict:
    company.pull()
    return company.metrics()["Acme"]


def _of_each(book, serve, cases, tell) -> list[tuple[object, dict]]:
    """Each case with the metrics of an account of its own, in one company: `tell(account, contact, address, case)`."""
    for number, case in enumerate(cases):
        account, address = book.account(f"Case {number}"), f"p{number}@case{number}.example"
        tell(account, book.contact(account, address), address, case)
    company = serve(book)
    company.pull()
    metrics = company.metrics()
    return [(case, metrics[f"Case {number}"]) for number, case in enumerate(cases)]


def _evidence(company, metric: str, extra: str = "") -> list[str]:
    company.configure(
        f"[[scorecards.probe.measures]]\nmetric = '{metric}'\nweight = 1\npoints = [[0, 0], [1, 1]]\n{extra}"
    )
    measures = company.explain("Acme")["scorecards"]["probe"]["measures"]
    return [row["id"] for row in measures[0]["evidence"]]


@pytest.fixture
def acme(book) -> str:
    return book.account("Acme")


@pytest.fixture
def dana(book, acme) -> str:
    return book.contact(acme, DANA, Name="Dana")


def _logged(book) -> None:
    """Somebody logs contacts in this org, so that none is none."""
    book.call(book.account("Other"), ago(days=1))


def _mailing(book) -> None:
    """The account manager's mail is visible."""
    book.salesforce["User"][0]["Email"] = "Ferrari@Vendor.example"
    other = book.account("Other")
    book.contact(other, "x@other.example")
    _mail(book, OURS, "x@other.example", ago(days=60))


def _mail(book, sender: str, to: str, at, thread: str | None = None, **fields: object) -> str:
    values = {"FromAddress": sender, "ToAddress": to, "Incoming": sender != OURS, "MessageDate": at, "CreatedDate": at,
              "Status": "1", "Subject": "Offer", "ThreadIdentifier": thread, **fields}  # fmt: skip
    return book.add("EmailMessage", **values)


def _asked(book, at, thread: str | None = None, **fields: object) -> str:
    return _mail(book, fields.pop("sender", DANA), OURS, at, thread, **fields)


def _missed(book, account: str, at, who: str | None = None, **fields: object) -> str:
    return book.call(account, at, who, **{"CallType": "Inbound", "CallDisposition": "Voicemail", **fields})


def _on(day: date, **fields: object) -> dict[str, object]:
    """What makes a task one of which only the date is known."""
    return {"CompletedDateTime": None, "ActivityDate": day, **fields}


# -- meetings_90d, onsite_90d ----------------------------------------------------------------------------------------


def test_meetings_are_events_that_have_begun_and_closed_tasks_of_type_meeting(book, acme, dana, serve):
    event = book.meeting(acme, ago(days=5), dana)
    task = book.call(acme, ago(days=6), dana, TaskSubtype="Task", Type="Meeting")
    book.meeting(acme, ago(days=5, hours=-1), dana)  # the same people on the same day
    book.call(acme, ago(days=7), dana)
    book.meeting(acme, ago(hours=-1), dana)
    company = serve(book)
    assert _only(company)["meetings_90d"] == 2
    assert len({event, task} & set(_evidence(company, "meetings_90d"))) == 1


def _whole_day(book, account: str, day: date, **fields: object) -> str:
    return book.add("Event", AccountId=account, IsAllDayEvent=True, ActivityDate=day, Subject="Day", **fields)


def test_meetings_and_visits_of_90_days_leave_the_first_instant_and_day_out(book, acme, serve):
    book.meeting(acme, ago(days=90), Type="Visit")
    book.meeting(acme, ago(days=90) + SECOND, Type="Visit")
    _whole_day(book, acme, D - timedelta(days=90), Type="Visit")
    _whole_day(book, acme, D - timedelta(days=88), Type="Visit")
    metrics = _only(serve(book))
    assert (metrics["meetings_90d"], metrics["onsite_90d"]) == (2, 2)


def test_meetings_and_visits_are_unknown_where_nobody_logs_and_zero_where_others_do(book, acme, serve):
    metrics = _only(serve(book))
    assert (metrics["meetings_90d"], metrics["onsite_90d"]) == (None, None)
    _logged(book)
    metrics = _only(serve(book))
    assert (metrics["meetings_90d"], metrics["onsite_90d"]) == (0, 0)


def test_a_visit_is_told_by_the_type_of_the_event_in_whatever_case(book, acme, dana, serve):
    visit = book.meeting(acme, ago(days=5), dana, Type="on-SITE")
    book.meeting(acme, ago(days=6), dana, Type="Call")
    book.meeting(acme, ago(days=7), dana)
    book.call(acme, ago(days=8), dana, Type="Visit", TaskSubtype="Call")
    company = serve(book)
    assert _only(company)["onsite_90d"] == 1
    assert _evidence(company, "onsite_90d") == [visit]
    company.configure('[activities]\nonsite_types = ["Call"]\n')
    assert company.metrics()["Acme"]["onsite_90d"] == 1
    company.configure("[activities]\nonsite_types = []\n")
    assert company.metrics()["Acme"]["onsite_90d"] == 0


def test_a_moment_is_a_visit_if_any_of_its_rows_is(book, acme, dana, serve):
    book.meeting(acme, ago(days=5, hours=2), dana, Type="Onsite")
    book.meeting(acme, ago(days=5), dana, Type="Meeting")
    metrics = _only(serve(book))
    assert (metrics["meetings_90d"], metrics["onsite_90d"]) == (1, 1)


def test_visits_are_unknown_where_the_type_of_events_cannot_be_read(book, acme, serve):
    book.meeting(acme, ago(days=5))
    book.schema["Event"]["hidden"] = ["Type"]
    metrics = _only(serve(book))
    assert (metrics["meetings_90d"], metrics["onsite_90d"]) == (1, None)


# -- days_to_next_meeting --------------------------------------------------------------------------------------------


def test_the_next_meeting_is_the_nearest_that_has_not_begun(book, acme, serve):
    _logged(book)
    nearest = book.meeting(acme, NOW + timedelta(days=3) - SECOND)
    book.meeting(acme, NOW + timedelta(days=5))
    book.meeting(acme, NOW)
    company = serve(book)
    assert _only(company)["days_to_next_meeting"] == 2
    assert _only(company)["business_days_to_next_meeting"] == 2
    assert _evidence(company, "days_to_next_meeting") == [nearest]


def test_a_meeting_of_a_whole_day_is_coming_from_the_day_before(book, acme, serve):
    _logged(book)
    _whole_day(book, acme, D)
    company = serve(book)
    assert _only(company)["days_to_next_meeting"] is None
    _whole_day(book, acme, D + timedelta(days=1))
    assert _only(serve(book))["days_to_next_meeting"] == 1


def test_the_day_of_a_whole_day_meeting_is_that_of_the_zone(book, acme, serve):
    _logged(book)
    _whole_day(book, acme, D)
    company = serve(book, now=NOW.replace(hour=4))  # still the day before in New York
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", '[time]\nzone = "America/New_York"'))
    assert _only(company)["days_to_next_meeting"] == 1


def test_only_meetings_that_stand_in_the_calendar_are_to_come(book, acme, serve):
    _logged(book)
    soon = NOW + timedelta(days=1)
    book.meeting(acme, soon, IsDeleted=True)
    book.meeting(acme, soon, IsPrivate=True)
    book.meeting(acme, soon, IsChild=True)
    book.meeting(acme, soon, IsRecurrence=True)
    book.meeting(acme, soon, Rapport_Key__c="x")
    book.meeting(acme, soon, Subject="Newsletter")
    book.meeting(acme, soon + timedelta(days=9), CreatedDate=ago(days=2))
    company = serve(book)
    company.configure("[activities]\nexclude = \"contains(subject, 'Newsletter')\"\n")
    assert _only(company)["days_to_next_meeting"] == 10
    assert _only(company)["business_days_to_next_meeting"] == 7
    assert company.metrics(ago(days=3))["Acme"]["days_to_next_meeting"] is None  # not in the calendar then


def test_the_next_meeting_is_unknown_where_nobody_logs(book, acme, serve):
    book.meeting(acme, NOW + timedelta(days=1))
    assert _only(serve(book))["days_to_next_meeting"] is None


# -- inbound_share_90d -----------------------------------------------------------------------------------------------


def test_the_inbound_share_is_that_of_moments_with_a_direction(book, acme, dana, serve):
    calls = [
        book.call(acme, ago(days=1), dana, CallType="Inbound"),
        book.call(acme, ago(days=2), dana, CallType="Outbound"),
        book.call(acme, ago(days=3), dana, CallType="Outbound"),
    ]
    mail = _asked(book, ago(days=4))
    book.call(acme, ago(days=5), dana, CallType="Internal")
    book.call(acme, ago(days=6), dana)
    book.meeting(acme, ago(days=7), dana)
    book.call(acme, ago(days=90), dana, CallType="Inbound")
    company = serve(book)
    assert _only(company)["inbound_share_90d"] == 0.5
    assert set(_evidence(company, "inbound_share_90d")) == {*calls, mail}


def test_calls_of_one_day_and_person_enter_the_inbound_share_once(book, acme, dana, serve):
    book.call(acme, ago(days=1), dana, CallType="Inbound")
    book.call(acme, ago(days=1, hours=1), dana, CallType="Inbound")
    book.call(acme, ago(days=1), dana, CallType="Outbound")
    assert _only(serve(book))["inbound_share_90d"] == 0.5


def test_the_inbound_share_is_unknown_without_a_moment_that_has_a_direction(book, acme, serve):
    book.meeting(acme, ago(days=1))
    assert _only(serve(book))["inbound_share_90d"] is None


# -- unreturned_emails -----------------------------------------------------------------------------------------------


def test_a_mail_of_a_contact_waits_once_it_is_older_than_8_business_hours(book, acme, dana, serve):
    _mailing(book)
    _asked(book, EIGHT_HOURS)
    old = _asked(book, EIGHT_HOURS - SECOND)
    company = serve(book)
    assert _only(company)["unreturned_emails"] == 1
    assert _evidence(company, "unreturned_emails") == [old]


def test_business_hours_of_a_mail_are_those_of_zone_hours_and_holidays(book, acme, dana, serve):
    _mailing(book)
    _asked(book, ago(days=2))
    company = serve(book)
    assert _only(company)["unreturned_emails"] == 1
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", "[time]\nholidays = [2026-11-17]"))
    assert company.metrics()["Acme"]["unreturned_emails"] == 0  # 5 of Monday and 3 of Wednesday


def test_a_mail_waits_for_14_days(book, acme, dana, serve):
    _mailing(book)
    _asked(book, ago(days=14))
    kept = _asked(book, ago(days=14) + SECOND)
    company = serve(book)
    assert _only(company)["unreturned_emails"] == 1
    assert _evidence(company, "unreturned_emails") == [kept]


def test_a_thread_waits_when_its_newest_message_came_in(book, acme, dana, serve):
    _mailing(book)
    _asked(book, ago(days=5), "t1")
    _mail(book, OURS, DANA, ago(days=4), "t1")
    _asked(book, ago(days=5), "t2")
    _mail(book, OURS, DANA, ago(days=6), "t2")
    _asked(book, ago(days=6), "t3")
    newest = _asked(book, ago(days=5), "t3")
    _asked(book, ago(days=6))
    _mail(book, OURS, DANA, ago(days=5))  # a mail without a thread is its own
    company = serve(book)
    assert _only(company)["unreturned_emails"] == 3
    assert newest in _evidence(company, "unreturned_emails")


def test_a_mail_in_the_thread_to_somebody_else_answers_it_and_a_draft_does_not(book, acme, dana, serve):
    _mailing(book)
    _asked(book, ago(days=5), "t1")
    _mail(book, OURS, "boss@else.example", ago(days=4), "t1")
    _asked(book, ago(days=5), "t2")
    _mail(book, OURS, DANA, ago(days=4), "t2", Status="5")
    _asked(book, ago(days=5), "t3")
    _mail(book, OURS, DANA, ago(days=4), "t3", IsDeleted=True)
    assert _only(serve(book))["unreturned_emails"] == 2


def test_an_automatic_reply_is_no_question_nor_is_a_mail_of_a_stranger_or_of_a_case(book, acme, dana, serve):
    _mailing(book)
    _mail(book, OURS, DANA, ago(days=5), "t1")
    _asked(book, ago(days=4), "t1", Subject="Automatic reply: Offer")
    _mail(book, OURS, DANA, ago(days=5), "t2")
    _asked(book, ago(days=4), "t2", Headers="Auto-Submitted: auto-replied")
    _asked(book, ago(days=4), sender="stranger@else.example", RelatedToId=acme)
    _asked(book, ago(days=4), ParentId=book.add("Case", AccountId=acme, CaseNumber="1"))
    assert _only(serve(book))["unreturned_emails"] == 0


def test_a_later_call_or_meeting_with_the_sender_answers_a_mail(book, serve):
    cases = [
        ("call", {}, 0),
        ("call", _on(D - timedelta(days=5)), 0),
        ("call", _on(D - timedelta(days=6)), 1),
        (
            "call",
            {"Status": "Not Started", "IsClosed": False, "CompletedDateTime": None, "ActivityDate": D},
            1,
        ),
        ("call", {"CallType": "Inbound"}, 0),
        ("meeting", {}, 0),
        ("meeting", {"IsAllDayEvent": True, "StartDateTime": None, "ActivityDate": D - timedelta(days=5)}, 0),
        ("meeting", {"StartDateTime": NOW + timedelta(days=1)}, 1),
    ]

    def tell(account, person, address, case):
        kind, fields, _ = case
        _asked(book, ago(days=5), sender=address)
        getattr(book, kind)(account, ago(days=5) + SECOND, person, **fields)

    _mailing(book)
    for (kind, fields, waits), metrics in _of_each(book, serve, cases, tell):
        assert metrics["unreturned_emails"] == waits, (kind, fields)


def test_an_earlier_call_and_one_with_somebody_else_do_not_answer_a_mail(book, acme, dana, serve):
    _mailing(book)
    lee = book.contact(acme, LEE)
    _asked(book, ago(days=5))
    book.call(acme, ago(days=5), dana)
    book.call(acme, ago(days=4), lee)
    assert _only(serve(book))["unreturned_emails"] == 1


def test_a_thread_counts_once_and_for_the_account_of_each_contact_with_the_address(book, acme, dana, serve):
    _mailing(book)
    twin = book.account("Twin")
    book.contact(twin, DANA)
    _asked(book, ago(days=5), "t1")
    _asked(book, ago(days=5), "t1")
    company = serve(book)
    company.pull()
    metrics = company.metrics()
    assert [metrics[name]["unreturned_emails"] for name in ("Acme", "Twin", "Other")] == [1, 1, 0]


def test_a_replay_sees_the_thread_as_it_was(book, acme, dana, serve):
    _mailing(book)
    _asked(book, ago(days=8), "t1")
    _mail(book, OURS, DANA, ago(days=4), "t1")
    company = serve(book)
    assert _only(company)["unreturned_emails"] == 0
    assert company.metrics(ago(days=5))["Acme"]["unreturned_emails"] == 1


# -- the coverage of e-mails -----------------------------------------------------------------------------------------


def _managers(book, count: int) -> None:
    """So many account managers in all; only the first, M. Ferrari, sends mails."""
    for number in range(1, count):
        user = book.add(
            "User", Name=f"U{number}", Email=f"u{number}@vendor.example", IsActive=True, UserType="Standard"
        )
        book.account(f"Account {number}", OwnerId=user)


@pytest.mark.parametrize(("count", "expected"), [(5, 0), (6, None)])
def test_mails_are_unknown_where_under_a_fifth_of_the_account_managers_has_sent_one(
    book, acme, serve, count, expected
):
    _mailing(book)
    _managers(book, count)
    metrics = _only(serve(book))
    assert metrics["unreturned_emails"] == expected
    assert metrics["unreturned_calls"] == 0


def test_owners_of_accounts_that_are_not_managed_are_no_account_managers(book, acme, serve):
    _mailing(book)
    _managers(book, 6)
    for account in book.salesforce["Account"]:
        if account["Name"].startswith("Account"):
            account["Type"] = "Prospect"
    assert _only(serve(book))["unreturned_emails"] == 0


@pytest.mark.parametrize(
    ("at", "fields", "expected"),
    few(
        3,
        [
            (ago(days=90) + SECOND, {}, 0),
            (ago(days=90), {}, None),
            (ago(days=1), {"Status": "5"}, None),
            (ago(days=1), {"IsDeleted": True}, None),
            (ago(days=1), {"Incoming": True}, None),
            (ago(days=1), {"FromAddress": "M. Ferrari <Ferrari@vendor.example>"}, 0),
            (ago(days=1), {"FromAddress": "somebody@vendor.example"}, None),
        ],
    ),
)
def test_a_mail_shows_that_mails_are_visible_if_an_account_manager_sent_it_in_90_days(
    book, acme, serve, at, fields, expected
):
    _logged(book)
    book.salesforce["User"][0]["Email"] = OURS
    _mail(book, OURS, DANA, at, **fields)
    assert _only(serve(book))["unreturned_emails"] == expected


def test_a_mail_is_also_of_the_owner_of_its_task_whose_address_may_be_another(book, acme, serve):
    _logged(book)
    book.salesforce["User"][0]["Email"] = "ferrari@vendor.example.invalid"
    task = book.call(acme, ago(days=1), TaskSubtype="Email")
    _mail(book, OURS, DANA, ago(days=1), ActivityId=task)
    assert _only(serve(book))["unreturned_emails"] == 0


def test_mails_are_unknown_without_email_messages(book, acme, serve):
    _logged(book)
    assert _only(serve(book))["unreturned_emails"] is None


# -- unreturned_calls ------------------------------------------------------------------------------------------------


def test_a_missed_call_waits_whether_its_task_is_closed_or_open(book, acme, dana, serve):
    _logged(book)
    closed = _missed(book, acme, ago(days=3), dana)
    opened = _missed(
        book, acme, ago(days=3), dana, **_on(D - timedelta(days=2), Status="Not Started", IsClosed=False)
    )
    _missed(book, acme, ago(days=3), dana, CallDisposition="Connected")
    _missed(book, acme, ago(days=3), dana, CallDisposition=None)
    _missed(book, acme, ago(days=3), dana, CallType="Outbound")
    _missed(book, acme, ago(days=3), dana, TaskSubtype="Task", Type="Other")
    _missed(book, acme, ago(days=3), dana, IsDeleted=True)
    _missed(book, acme, ago(days=3), dana, Rapport_Key__c="call_back|x")
    company = serve(book)
    metrics = _only(company)
    assert metrics["unreturned_calls"] == 2
    assert set(_evidence(company, "unreturned_calls")) == {closed, opened}


def test_an_open_missed_call_is_no_contact(book, acme, dana, serve):
    _logged(book)
    _missed(book, acme, ago(days=3), dana, **_on(D - timedelta(days=2), Status="Not Started", IsClosed=False))
    assert _only(serve(book))["moments_90d"] == 0


def test_a_missed_call_waits_from_8_business_hours_to_14_days(book, serve):
    cases = [
        (EIGHT_HOURS, {}, 0),
        (EIGHT_HOURS - SECOND, {}, 1),
        (ago(days=14), {}, 0),
        (ago(days=14) + SECOND, {}, 1),
        (ago(days=9), _on(D), 0),
        (ago(days=9), _on(D - timedelta(days=1)), 0),  # as old as Tuesday's end: 3 business hours
        (ago(days=9), _on(D - timedelta(days=2)), 1),  # Monday's end: 11
        (ago(days=20), _on(D - timedelta(days=13)), 1),
        (ago(days=20), _on(D - timedelta(days=14)), 0),
        (ago(days=9), _on(D + timedelta(days=1)), 0),
        (ago(days=9), _on(None), 0),
    ]

    def tell(account, person, address, case):
        at, fields, _ = case
        _missed(book, account, at, person, **fields)

    _logged(book)
    for (at, fields, waits), metrics in _of_each(book, serve, cases, tell):
        assert metrics["unreturned_calls"] == waits, (at, fields)


def test_a_later_outbound_call_or_mail_or_a_meeting_with_the_caller_returns_a_call(book, serve):
    cases = [
        ("call", {"CallType": "Outbound"}, 0),
        ("call", {"CallType": "Outbound", "CompletedDateTime": ago(days=5)}, 1),
        ("call", {"CallType": "Inbound"}, 1),
        ("call", {}, 1),
        ("call", _on(D - timedelta(days=5), CallType="Outbound"), 0),
        ("call", _on(D - timedelta(days=6), CallType="Outbound"), 1),
        ("meeting", {}, 0),
        ("meeting", {"StartDateTime": NOW + timedelta(days=1)}, 1),
        ("mail", {}, 0),
        ("mail", {"Incoming": True, "FromAddress": "the caller"}, 1),
        ("mail", {"Subject": "Out of office"}, 1),
    ]

    def tell(account, person, address, case):
        kind, fields, _ = case
        missed = ago(days=5)
        _missed(book, account, missed, person)
        if kind == "mail":
            fields = {**fields, **({"FromAddress": address} if "FromAddress" in fields else {})}
            _mail(book, OURS, address, missed + SECOND, **fields)
        else:
            getattr(book, kind)(account, missed + SECOND, person, **fields)

    _logged(book)
    for (kind, fields, waits), metrics in _of_each(book, serve, cases, tell):
        assert metrics["unreturned_calls"] == waits, (kind, fields)


def test_of_a_call_with_a_date_only_the_same_day_counts_as_later(book, acme, dana, serve):
    _logged(book)
    _missed(book, acme, ago(days=9), dana, **_on(D - timedelta(days=5)))
    morning = NOW.replace(hour=0) - timedelta(days=5)
    book.call(acme, morning, dana, CallType="Outbound")
    company = serve(book)
    assert _only(company)["unreturned_calls"] == 0
    text = company.config_path.read_text()
    company.config_path.write_text(text.replace("[time]", '[time]\nzone = "America/New_York"'))
    assert company.metrics()["Acme"]["unreturned_calls"] == 1  # there it was the evening before


def test_a_call_back_to_somebody_else_returns_nothing_and_unnamed_calls_meet_unnamed_ones(
    book, acme, dana, serve
):
    _logged(book)
    lee = book.contact(acme, LEE)
    _missed(book, acme, ago(days=5), dana)
    book.call(acme, ago(days=4), lee, CallType="Outbound")
    _missed(book, acme, ago(days=5))
    company = serve(book)
    assert _only(company)["unreturned_calls"] == 2
    book.call(acme, ago(days=4), CallType="Outbound")
    assert _only(serve(book))["unreturned_calls"] == 1


def test_a_replay_sees_a_call_whose_task_was_still_open(book, acme, dana, serve):
    _missed(book, acme, ago(days=2), dana, ActivityDate=D - timedelta(days=9), CreatedDate=ago(days=9))
    book.call(acme, ago(days=9), dana)
    company = serve(book)
    company.pull()
    assert company.metrics(ago(days=5))["Acme"]["unreturned_calls"] == 1


def test_calls_are_unknown_where_nobody_logs_or_the_result_of_calls_cannot_be_read(book, acme, serve):
    assert _only(serve(book))["unreturned_calls"] is None
    _logged(book)
    assert _only(serve(book))["unreturned_calls"] == 0
    book.schema["Task"]["hidden"] = ["CallDisposition"]
    metrics = _only(serve(book))
    assert (metrics["unreturned_calls"], metrics["moments_90d"]) == (None, 0)


def test_the_results_that_mean_missed_are_the_configs(book, acme, dana, serve):
    _logged(book)
    _missed(book, acme, ago(days=3), dana, CallDisposition="nicht erreicht")
    company = serve(book)
    company.configure('[activities]\nmissed = ["Nicht erreicht"]\n')
    assert _only(company)["unreturned_calls"] == 1


# -- key_contact_silent ----------------------------------------------------------------------------------------------


def _talks(book, account: str, who: str, count: int, first: int = 61) -> None:
    for number in range(count):
        book.call(account, ago(days=first + number), who)


def test_a_key_contact_is_silent_without_a_moment_in_60_days(book, acme, dana, serve):
    lee = book.contact(acme, LEE)
    _talks(book, acme, dana, 5)
    _talks(book, acme, lee, 4)
    book.call(acme, ago(days=60) + SECOND, lee)
    company = serve(book)
    assert _only(company)["key_contact_silent"] == 1
    assert _evidence(company, "key_contact_silent") == [dana]


def test_key_contacts_are_the_three_with_most_moments_and_at_least_4_ties_by_id(book, acme, serve):
    _logged(book)
    people = [book.contact(acme, f"{n}@acme.example", Id=sf_id("003", 900 - n)) for n in range(5)]
    for person, count in zip(people, (6, 4, 4, 4, 3), strict=True):
        _talks(book, acme, person, count)
    for person in people[
        1:2
    ]:  # the last of three with equal numbers: no key contact, so its talk is no matter
        book.call(acme, ago(days=1), person)
    company = serve(book)
    assert _only(company)["key_contact_silent"] == 3
    assert set(_evidence(company, "key_contact_silent")) == {people[0], people[2], people[3]}


@pytest.mark.parametrize(
    ("first", "silent"),
    [
        (ago(days=60), 1),
        (ago(days=60) + SECOND, 0),
        (ago(days=425), 0),
        (ago(days=425) + SECOND, 1),
        (D - timedelta(days=60), 1),
        (D - timedelta(days=59), 0),
        (D - timedelta(days=424), 1),
        (D - timedelta(days=425), 0),
    ],
)
def test_the_year_before_runs_from_425_to_60_days_ago(book, acme, dana, serve, first, silent):
    _logged(book)
    _talks(book, acme, dana, 3, first=100)
    whole_day = type(first) is date
    fields = _on(first) if whole_day else {}
    book.call(acme, ago(days=500) if whole_day else first, dana, **fields)
    assert _only(serve(book))["key_contact_silent"] == silent


def test_several_calls_of_a_day_are_one_moment_of_a_key_contact_and_accounts_stand_alone(
    book, acme, dana, serve
):
    other = book.account("Other")
    _talks(book, acme, dana, 3)
    book.call(acme, ago(days=61, hours=-1), dana)
    _talks(book, other, dana, 4)
    book.call(acme, ago(days=1), dana)
    company = serve(book)
    company.pull()
    metrics = company.metrics()
    assert (metrics["Acme"]["key_contact_silent"], metrics["Other"]["key_contact_silent"]) == (0, 1)


def test_key_contacts_are_unknown_where_nobody_logs(book, acme, dana, serve):
    _talks(book, acme, dana, 4, first=100)
    assert _only(serve(book))["key_contact_silent"] is None


# -- contacts_known, executives_engaged_90d, working_level_engaged_90d -----------------------------------------------


def test_contacts_known_are_own_contacts_met_or_not_also_those_of_merged_accounts(book, acme, dana, serve):
    gone = book.account("Acme Ltd", IsDeleted=True, MasterRecordId=acme)
    moved = book.contact(gone, LEE)
    book.contact(acme, "gone@acme.example", IsDeleted=True)
    book.contact(acme, "twin@acme.example", IsDeleted=True, MasterRecordId=dana)
    book.contact(acme, "new@acme.example", CreatedDate=ago(hours=1))
    book.contact(book.account("Child", ParentId=acme), "child@acme.example")
    company = serve(book)
    assert _only(company)["contacts_known"] == 3
    assert company.metrics(ago(days=1))["Acme"]["contacts_known"] == 2
    assert {dana, moved} < set(_evidence(company, "contacts_known"))


def test_a_person_account_is_its_own_one_contact(book, serve):
    bare = book.account("Acme", IsPersonAccount=True)
    full = book.account("Full", IsPersonAccount=True)
    book.contact(full, "p@full.example")
    company = serve(book)
    company.pull()
    metrics = company.metrics()
    assert (metrics["Acme"]["contacts_known"], metrics["Full"]["contacts_known"]) == (1, 1)
    managed = "[accounts]\nmanaged = 'person_account'\n"  # or it would have no score to explain
    assert _evidence(company, "contacts_known", managed) == [bare]


def test_contacts_known_are_0_without_any_and_unknown_where_contacts_cannot_be_read(book, acme, serve):
    assert _only(serve(book))["contacts_known"] == 0
    book.schema["Contact"] = {"hidden": True}
    assert _only(serve(book))["contacts_known"] is None


TITLES = [
    ("Chief of Staff", "executive"),
    ("CTO & co-founder", "executive"),
    ("Vice-President, Sales", "executive"),
    ("HEAD of IT", "executive"),
    ("Geschäftsführer", "executive"),
    ("Gescha\u0308ftsfu\u0308hrerin", "executive"),
    ("Vorstand (Finanzen)", "executive"),
    ("Managing Partner", "executive"),
    ("Executive Assistant to the CEO", "working"),
    ("Product Owner", "working"),
    ("Service-Owner", "working"),
    ("HR Business Partner", "working"),
    ("Partner Manager", "working"),
    ("Associate Director", "working"),
    ("Headhunter", "working"),
    ("Directorate clerk", "working"),
    ("Engineer", "working"),
    ("", None),
    (" - ", None),
    (None, None),
]


def test_titles_tell_executives_by_whole_words(book, acme, serve):
    people = [book.contact(acme, f"{n}@acme.example", Title=title) for n, (title, _) in enumerate(TITLES)]
    for who in people:
        book.call(acme, ago(days=1), who)
    company = serve(book)
    metrics = _only(company)
    levels = {who: level for who, (_, level) in zip(people, TITLES, strict=True)}
    with company.measured() as (_, mirror, _):
        rows = mirror.connection.execute(
            "select person_id, executive, working_level from contacts"
        ).fetchall()
    found = {
        who: "executive" if executive else "working" if working else None for who, executive, working in rows
    }
    assert found == levels
    assert metrics["executives_engaged_90d"] == sum(level == "executive" for _, level in TITLES)
    assert metrics["working_level_engaged_90d"] == sum(level == "working" for _, level in TITLES)


def test_executives_and_working_level_are_own_contacts_met_in_90_days(book, acme, serve):
    boss, quiet = (book.contact(acme, f"{n}@acme.example", Title="CEO") for n in range(2))
    worker = book.contact(acme, "w@acme.example", Title="Engineer")
    stranger = book.contact(book.account("Other"), "x@other.example", Title="CFO")
    book.call(acme, ago(days=90) + SECOND, boss)
    book.call(acme, ago(days=90), quiet)
    book.call(acme, ago(days=1), worker)
    book.call(acme, ago(days=1), stranger)
    company = serve(book)
    metrics = _only(company)
    assert (metrics["executives_engaged_90d"], metrics["working_level_engaged_90d"]) == (1, 1)
    assert _evidence(company, "executives_engaged_90d") == [boss]
    assert _evidence(company, "working_level_engaged_90d") == [worker]


@pytest.mark.parametrize("title", [None, " - "])
def test_levels_are_unknown_where_no_contact_has_a_title_or_nobody_logs(book, acme, serve, title):
    book.contact(acme, DANA, Title="CEO")
    metrics = _only(serve(book))
    assert (metrics["executives_engaged_90d"], metrics["working_level_engaged_90d"]) == (None, None)
    book.salesforce["Contact"][0]["Title"] = title
    _logged(book)
    metrics = _only(serve(book))
    assert (metrics["executives_engaged_90d"], metrics["working_level_engaged_90d"]) == (None, None)


def test_levels_are_unknown_where_titles_cannot_be_read(book, acme, serve):
    _logged(book)
    book.contact(acme, DANA, Title="CEO")
    book.schema["Contact"] = {"hidden": ["Title"]}
    metrics = _only(serve(book))
    assert metrics["executives_engaged_90d"] is None
    assert metrics["contacts_known"] == 1


def test_the_words_of_executives_are_the_configs_and_count_without_another_pull(book, acme, dana, serve):
    book.salesforce["Contact"][0]["Title"] = "Plant-Manager (South)"
    book.call(acme, ago(days=1), dana)
    company = serve(book)
    assert _only(company)["executives_engaged_90d"] == 0
    company.configure('[people]\nexecutive_titles = ["Plant manager"]\n')
    assert company.metrics()["Acme"]["executives_engaged_90d"] == 1
    company.configure('[people]\nexecutive_titles = ["plant manager"]\nnot_executive = ["SOUTH"]\n')
    assert company.metrics()["Acme"]["executives_engaged_90d"] == 0


def test_a_title_is_compared_in_small_letters_without_punctuation():
    assert title_key("  Vice-President,\tSales & IT ") == "vice president sales it"
    assert title_key("–") == ""
