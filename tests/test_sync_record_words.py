"""The texts on a record beside its numbers: reasons with links, quadrant, projects, the scores of the weeks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from company import CUSTOMER, NO_RULES, NOW, STAFF, Book, Company, ago
from hypothesis import given
from hypothesis import strategies as st
from pulled import fresh

from rules import catalogue
from rules.evidence import Record
from rules.explain import LinkBases
from rules.sources import SOURCES
from simulator import dataset
from simulator.server import Simulator
from sync import canonical, quadrant_words, record_lines
from sync.record_lines import CUT, Line, Names, fitted, shown

if TYPE_CHECKING:
    from sync.changes import Plan

HOSTILE = "<script>alert(1)</script> =cmd|' /C calc'!A0 [~user] \u202egnp.exe\u2066\r\nnext  line"
WORDS = {
    "Rapport_Projects__c": ("textarea", 32000),
    "Rapport_History__c": ("string", 255),
}
MEASURED = (
    NO_RULES
    + """
[[scorecards.health.measures]]
metric = "unanswered_comments"
weight = 3
points = [[0, 100], [3, 0]]
[[scorecards.health.measures]]
metric = "days_since_contact"
weight = 1
points = [[0, 100], [19, 100], [20, 50]]
[scorecards.health]
caps = []
[quadrant.attractive]
floor = 0
[[quadrant.attractive.measures]]
metric = "open_p1"
weight = 1
points = [[0, 0], [1, 100]]
[[quadrant.able.measures]]
metric = "days_since_contact"
weight = 1
points = [[0, 100], [19, 100], [20, 0]]
[[scorecards.penetration.measures]]
metric = "open_p1"
weight = 1
points = [[0, 100], [1, 0]]
[[scorecards.delivery.measures]]
metric = "open_p1"
weight = 1
points = [[0, 100], [1, 0]]
"""
)


def add_fields(book: Book) -> None:
    fields = book.schema["Account"]["fields"]
    fields += [
        {"name": name, "label": name, "type": kind, "length": length}
        for name, (kind, length) in WORDS.items()
    ]
    number = {"type": "double", "precision": 1, "scale": 0}
    fields.append({"name": "Rapport_Quadrant__c", "label": "Quadrant", **number})


def held_of(company: Company, name: str) -> dict:
    return next(record for record in company.org("Account") if record["Name"] == name)


def held(company: Company) -> dict[str, dict]:
    """What stands on each account now."""
    return {
        "Bad" if "script" in each["Name"] else each["Name"]: dict(each) for each in company.org("Account")
    }


def changes(company: Company) -> tuple:
    company.pull()
    return company.plan().changes


@dataclass
class Story:
    """What stood on the accounts after each sync, and what a plan would have written between them."""

    site: str
    org: str
    call: str
    first: dict[str, dict]
    unchanged: tuple
    a_week_on: tuple
    second: dict[str, dict]
    settled: tuple
    afresh: Plan


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Acme with three projects and an open question, and a company with a hostile name; a week later somebody calls Acme."""
    folder = tmp_path_factory.mktemp("words")
    book = Book()
    add_fields(book)
    acme = book.account("Acme")
    dana = book.contact(acme, "dana@acme.example", Name="Dana Okafor")
    call = book.call(acme, ago(days=20), dana, Subject="Do not quote this subject")
    question = book.issue("SUP-1", acme, service=True, reporter=CUSTOMER, summary="Secret title")
    book.comment(question, CUSTOMER, ago(days=3))
    for number in range(1, 4):
        done = book.issue(
            f"BILL-{number}", acme, status="Done", created=ago(days=90), due=ago(days=1).date(), type="Task"
        )
        book.step(done, "status", "Open", "Done", ago(days=30))
    late = book.issue("BILL-9", acme, created=ago(days=60), due=ago(days=2).date(), type="Task")
    book.worklog(late, 36_000, ago(days=5))
    ended = book.issue("OLD-1", acme, status="Done", created=ago(days=400), type="Task")
    book.step(ended, "status", "Open", "Done", ago(days=300))
    bad = book.account(HOSTILE)
    person = book.contact(bad, "x@bad.example", Name=HOSTILE + "y" * 10_000)
    book.call(bad, ago(days=30), person, Subject=HOSTILE)
    with Simulator(dataset.load(book.write(folder / "dataset")), now=NOW) as simulator:
        company = Company(folder, simulator, book)
        company.configure(MEASURED)
        company.sync()
        first, unchanged = held(company), changes(company)
        company.at(NOW + timedelta(days=6))
        a_week_on = changes(company)
        now = NOW + timedelta(days=7)
        company.at(now)
        with simulator.edit() as (org, site):
            org.add("Task", WhatId=acme, AccountId=acme, TaskSubtype="Call", Status="Completed", Subject="Call",
                    CompletedDateTime=now.isoformat(), OwnerId=book.user)  # fmt: skip
            for key in ("BILL-1", "BILL-2"):
                site.set_status(key, "Open", at=now, author=STAFF)
        company.sync()
        second, settled = held(company), changes(company)
        afresh = fresh(company).plan()
        yield Story(
            *(simulator.jira_url, simulator.salesforce_url, call),
            *(first, unchanged, a_week_on, second, settled, afresh),
        )


def test_each_reason_has_its_links_below_it_and_nothing_of_what_people_wrote_there(story):
    assert story.first["Acme"]["Rapport_Why__c"].splitlines() == [
        "−25  unanswered questions: 1 message",
        f"    • SUP-1  {story.site}/browse/SUP-1",
        "−12  days since contact: 20",
        f"    • call, D. Okafor, 29 Oct 2026  {story.org}/{story.call}",
    ]


def test_each_project_has_a_line_the_latest_active_first(story):
    bill = "BILL, since 20 Aug 2026: 1 open, 1 overdue, 3 done; 100 % on time; 10 hours in 90 days"
    assert story.first["Acme"]["Rapport_Projects__c"].splitlines() == [
        f"SUP, since 29 Oct 2026: 1 open  {story.site}/browse/SUP",
        f"{bill}  {story.site}/browse/BILL",
        f"OLD, since 14 Oct 2025: nothing open, 1 done  {story.site}/browse/OLD",
    ]
    assert "BILL, since 20 Aug 2026: 3 open" in story.second["Acme"]["Rapport_Projects__c"]


def test_the_quadrant_is_a_number_in_a_field_of_numbers(story):
    """As soon as it changes: 4 and 3 lie nearer to each other than scores that are worth a write."""
    assert (story.first["Acme"]["Rapport_Quadrant__c"], story.second["Acme"]["Rapport_Quadrant__c"]) == (4, 3)


def test_what_changed_is_said_and_the_scores_of_the_weeks_go_along(story):
    assert story.second["Acme"]["Rapport_Why__c"].splitlines()[-1] == (
        "Since 18 Nov 2026: Health 62 → 75, amber → green; settled: days since contact"
    )
    assert story.first["Acme"]["Rapport_History__c"] == "2026-11-18:62"
    assert story.second["Acme"]["Rapport_History__c"] == "2026-11-18:62 2026-11-25:75"
    assert story.second["Bad"]["Rapport_History__c"] == story.first["Bad"]["Rapport_History__c"]  # untouched


def test_unchanged_data_write_nothing_and_neither_do_days_that_pass(story):
    assert (story.unchanged, story.a_week_on, story.settled) == ((), (), ())


def test_a_store_that_was_lost_takes_over_the_texts_that_stand(story):
    """Even the line on what had changed, which it could not write; only words that have aged since are held."""
    assert story.afresh.changes == ()
    assert [(each.account != "Acme", each.field) for each in story.afresh.held] == [(True, "Rapport_Why__c")]
    assert {name for each in story.afresh.noted for name in each.fields} >= {
        "Rapport_Why__c",
        "Rapport_Projects__c",
    }


def test_names_from_outside_stay_one_line_of_text(story):
    why = story.first["Bad"]["Rapport_Why__c"]
    _, named = why.splitlines()
    assert re.fullmatch(r"    • call, .*, 19 Oct 2026  http://127.0.0.1:\d+/00T\w{15}", named)
    assert not set("\u202e\u2066\r") & set(why)
    assert len(named) < 250


def test_a_text_is_cut_by_whole_lines_links_first():
    lines = [
        Line("−25  questions: 1", 0),
        Line("    • A-1  https://example.com/browse/A-1", 2),
        Line("    • A-2  https://example.com/browse/A-2", 2),
        Line("−12  days: 20", 0),
        Line("Since 3 Nov 2026: Health 63 → 52", 1),
    ]
    whole = fitted(lines, 32_000)
    assert whole == "\n".join(line.text for line in lines)
    for length in range(1, 200):
        text = fitted(lines, length)
        assert len(text) + text.count("\n") <= length
        if text != whole:
            assert text.endswith(CUT)
        for line in text.split("\n"):
            assert "http" not in line or line in whole.split("\n")
    assert fitted(lines, 120).split("\n")[:2] == [lines[0].text, lines[1].text]
    assert fitted(lines, 80).split("\n") == [lines[0].text, lines[3].text, lines[4].text, CUT]


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(["jira", "salesforce", "none"]))
def test_a_line_holds_one_link_at_most_and_it_leads_under_a_configured_base(key, text, system):
    links = LinkBases("https://example.my.salesforce.com", {"default": "https://example.atlassian.net"})
    record = Record(system, f"default:{key}" if system == "jira" else key, key, text, None)
    line = Names(links, {}, {key.rpartition("-")[0]}).line(record, "en")
    assert "\n" not in line
    label, _, url = line.rpartition("  ")
    if system == "none":
        assert re.search(r"\w+://\S", line) is None
        return
    base = (
        "https://example.atlassian.net/browse/" if system == "jira" else "https://example.my.salesforce.com/"
    )
    assert url.startswith(base)
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", url.removeprefix(base))
    assert "  " not in label
    assert re.search(r"://\S", label) is None


@given(
    st.lists(st.tuples(st.text(max_size=40), st.integers(0, 3)), min_size=1, max_size=12), st.integers(1, 400)
)
def test_a_cut_text_fits_and_keeps_whole_lines_in_their_order(lines, length):
    given_lines = [Line(shown(text) or "x", place) for text, place in lines]
    text = fitted(given_lines, length)
    assert canonical.stored_length(text) <= length
    kept = [each for each in text.split("\n") if each != CUT]
    if len(kept) > 1:
        rest = iter(canonical.text(each.text) or "" for each in given_lines)
        assert all(any(each == one for one in rest) for each in kept)


@pytest.mark.parametrize(
    ("name", "short"),
    [("Dana Okafor", "D. Okafor"), ("Cher", "Cher"), ("  ", ""), ("Ana María de la Cruz", "A. Cruz")],
)
def test_people_are_named_in_few_letters(name, short):
    assert record_lines.short_name(name) == short


def test_a_contact_is_named_in_the_readers_language():
    day = date(2026, 10, 19)
    assert record_lines.moment_name("call", "Dana Okafor", day, "en") == "call, D. Okafor, 19 Oct 2026"
    assert record_lines.moment_name("call", "Dana Okafor", day, "de") == "Anruf, D. Okafor, 19. Okt. 2026"


QUADRANTS = ("1 attractive and able", "2 attractive only", "3 able only", "4 neither")
SHIPPED = catalogue.load({}, SOURCES)


@pytest.mark.parametrize(
    ("kind", "choices", "expected"),
    [
        ("string", (), "3 able only"),
        ("double", (), 3),
        ("picklist", ("1", "2", "3", "4"), "3"),
        ("picklist", tuple(each.upper() for each in QUADRANTS), "3 ABLE ONLY"),
        ("picklist", ("1", "2"), None),
    ],
)
def test_the_quadrant_takes_the_form_of_its_field(kind, choices, expected):
    assert quadrant_words.value_of(SHIPPED, 3, kind, choices) == expected


def test_the_quadrant_is_called_as_the_catalogue_calls_its_axes():
    assert tuple(quadrant_words.told(SHIPPED, number) for number in (1, 2, 3, 4)) == QUADRANTS
    renamed = catalogue.load(
        {"quadrant": {"attractive": {"label": "big"}, "able": {"label": "close"}}}, SOURCES
    )
    assert quadrant_words.told(renamed, 1) == "1 big and close"


def test_a_list_that_lacks_quadrants_is_named_where_it_is_bound_to_its_values():
    field = {
        "name": "Quadrant__c",
        "type": "picklist",
        "choices": ["1", "2 Attractive only"],
        "restricted": True,
    }
    (notice,) = quadrant_words.unfit(SHIPPED, field)
    assert notice.startswith('Quadrant__c: its list has neither "3 able only" nor that digit (2 such values')
    assert quadrant_words.unfit(SHIPPED, field | {"restricted": False}) == []
