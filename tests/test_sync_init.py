"""What follows from the schema of an org and a site: words, fields, tasks, plans; and that any text stays text in the file."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.jira_site import JiraField, JiraIdentity, Project, Status
from connectors.salesforce_look import RecordTypeName
from connectors.salesforce_schema import FieldInfo, Organization
from sync import init_book, init_fields, init_objects, init_site, init_words
from sync.init_draft import Draft, Line, can_stand, shown, usable
from sync.init_render import render, rendered, toml
from sync.init_seen import OrgSeen, Sample, SiteSeen, TaskPriority, TaskStatus
from sync.written_fields import ACCOUNT_FIELDS

ANY = st.text(max_size=60)
USABLE = ANY.filter(lambda text: can_stand(text) and text.strip() == text and text)


def info(name: str, kind: str = "string", label: str | None = None, **more: object) -> FieldInfo:
    facts = {"picklist": (), "reference_to": (), "required": False, **more}
    return FieldInfo(
        name, kind, 0, 18, 0, True, True, False, False, False, facts.pop("picklist"), label or name, **facts
    )


def table(*fields: FieldInfo) -> dict[str, FieldInfo]:
    return {each.name: each for each in fields}


def org(**more: object) -> OrgSeen:
    return OrgSeen(Organization("00D000000000001AAA", False, "Acme", None), "62.0", "68.0", **more)


def site(**more: object) -> SiteSeen:
    return SiteSeen(JiraIdentity("https://j.example", "1", "Europe/Berlin", "Cloud"), "cloud", **more)


def said(draft: Draft, section: str, *, on: bool = True) -> list[tuple[str, object]]:
    return [(line.key, line.value) for line in draft.lines[section] if line.key and line.on == on]


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "known"),
    [
        ("p1_priorities", "Höchste", True),
        ("p1_priorities", "1 - CRITICAL", True),
        ("p1_priorities", "Sev 1", True),
        ("p1_priorities", "Notfall", True),
        ("p1_priorities", "Nicht kritisch", False),
        ("p1_priorities", "Non-Critical", False),
        ("p1_priorities", "High", False),
        ("incident_types", "Störung", True),
        ("incident_types", "[System] Incident", True),
        ("incident_types", "[System] Post-incident review", False),
        ("request_types", "[System] Service request", True),
        ("request_types", "Neue Funktion", True),
        ("change_types", "Änderung", True),
        ("waiting_statuses", "Warten auf Kunden", True),
        ("waiting_statuses", 'Warten auf Kunde"…', True),
        ("waiting_statuses", "En attente du client", True),
        ("waiting_statuses", "Waiting for support", False),
        ("paused_statuses", "In Wartestellung", True),
        ("paused_statuses", "Customer on-hold", True),
        ("paused_statuses", "In Progress", False),
    ],
)
def test_words_of_a_site_are_known_in_several_languages_and_not_by_half(key, value, known):
    assert init_words.JIRA_LISTS[key].knows(value) is known


@given(ANY)
def test_any_text_can_be_looked_at_for_words(text):
    for words in init_words.JIRA_LISTS.values():
        words.knows(text)
    init_words.words_of_name(text)


def test_names_of_fields_are_read_as_words():
    names = {
        "CSAT_Score__c": "csat score",
        "crm__CSAT_Score__c": "csat score",
        "CsatScore__c": "csat score",
        "Name": "name",
    }
    assert {name: init_words.words_of_name(name) for name in names} == names


# -- fields ------------------------------------------------------------------------------------------------------------


def proposed(*fields: FieldInfo, rows: list[dict] | None = None) -> Draft:
    draft = Draft()
    seen = org(fields={"Account": table(*fields)}, accounts=Sample(rows or [], len(rows or [])))
    init_fields.propose(seen, draft)
    return draft


CSAT = info("CSAT_Score__c", "double", "CSAT")


def test_a_field_that_says_by_name_type_and_values_what_it_is_is_taken_over():
    draft = proposed(CSAT, rows=[{"CSAT_Score__c": 1}, {"CSAT_Score__c": 4.5}, {"CSAT_Score__c": None}])
    assert said(draft, "salesforce.fields") == [("Rapport_CSAT__c", "CSAT_Score__c")]
    (line,) = [line for line in draft.lines["salesforce.fields"] if line.on]
    assert line.remark == 'Account, "CSAT", double, filled on 2 of 3 looked at'


@pytest.mark.parametrize(
    ("fields", "rows", "doubt"),
    [
        ([CSAT], [{"CSAT_Score__c": 85}], "it goes from 85 to 85, where 1 to 5 is meant"),
        ([CSAT], [{"CSAT_Score__c": None}], "nothing stands in it"),
        (
            [CSAT, info("Csat__c", "double")],
            [{"CSAT_Score__c": 3, "Csat__c": 3}],
            "another field says the same",
        ),
        ([info("CSAT_Scores__c", "double")], [{"CSAT_Scores__c": 3}], "its name is like it"),
    ],
    ids=["per cent", "empty", "two", "only alike"],
)
def test_what_is_not_sure_is_a_proposal_with_its_doubt(fields, rows, doubt):
    draft = proposed(*fields, rows=rows)
    assert said(draft, "salesforce.fields") == []
    lines = [line for line in draft.lines["salesforce.fields"] if line.key == "Rapport_CSAT__c"]
    assert len(lines) == len(fields)
    assert all(doubt in line.remark for line in lines)


@pytest.mark.parametrize(
    "field",
    [
        info("CSAT_Score__c", "string", "CSAT"),
        info("CSAT_Score__c", "percent", "CSAT"),
        info("Rapport_CSAT__c", "double"),
    ],
    ids=["text", "per cent", "there already"],
)
def test_a_field_of_another_type_or_one_that_is_there_gives_no_line(field):
    draft = proposed(field, rows=[{field.name: 3}])
    assert not [line for line in draft.lines["salesforce.fields"] if line.key == "Rapport_CSAT__c"]


def test_what_rapport_would_write_is_never_taken_over():
    draft = proposed(info("Health_Score__c", "double", "Health"), info("Next_Action__c"))
    assert said(draft, "salesforce.fields") == []
    assert ("Rapport_Health__c", "Health_Score__c") in said(draft, "salesforce.fields", on=False)
    lacking = len(ACCOUNT_FIELDS)
    assert draft.missing[0].what.startswith(f"{lacking} fields that Rapport writes")


def test_an_org_that_has_the_object_for_scores_is_told_how_to_use_it():
    draft = Draft()
    init_fields.propose(
        org(fields={"Account": {}, "Rapport_Score__c": table(info("Rapport_Account_Id__c"))}), draft
    )
    assert said(draft, "salesforce", on=False) == [("write_to", "object")]
    assert 'write_to = "object"' in draft.missing[0].advice


def test_an_objective_is_a_field_that_leads_to_one():
    for parent, sure in (("AccountPlanObjective", True), ("Campaign", False)):
        draft = Draft()
        deal = info("Objective__c", "reference", "Objective", reference_to=(parent,))
        init_fields.propose(org(fields={"Opportunity": table(deal)}), draft)
        assert said(draft, "salesforce.fields") == (
            [("Rapport_Objective__c", "Objective__c")] if sure else []
        )


def test_no_more_of_records_is_looked_at_than_what_may_be_meant():
    fields = table(
        info("Name"),
        info("Birth__c", "date"),
        info("Buying_Role__c", "picklist"),
        info("Notes__c", "textarea"),
    )
    assert init_fields.fields_to_sample("Contact", fields) == ["Buying_Role__c"]


def test_a_standing_must_offer_the_words_that_are_read():
    for values, sure in ((("Vendor", "Partner"), True), (("Bad", "Good"), False)):
        draft = proposed(info("Standing__c", "picklist", picklist=values))
        assert bool(said(draft, "salesforce.fields")) is sure


# -- objects and tasks -------------------------------------------------------------------------------------------------


def lookup(name: str, parent: str) -> FieldInfo:
    return info(name, "reference", reference_to=(parent,))


def test_plans_of_an_object_of_the_orgs_own_are_mapped_with_their_objectives():
    draft = Draft()
    plan = table(
        lookup("Account__c", "Account"), info("Start__c", "date"), info("End_Date__c", "date"), info("Name")
    )
    goal = table(
        lookup("Plan__c", "Account_Plan__c"), lookup("Deal__c", "Opportunity"), info("Due_Date__c", "date")
    )
    seen = org(
        fields={"Account_Plan__c": plan, "Plan_Objective__c": goal},
        labels={"Account_Plan__c": "Account Plan", "Plan_Objective__c": "Objective"},
    )
    init_objects.propose_plans(seen, draft)
    assert said(draft, "salesforce.plans") == [
        ("object", "Account_Plan__c"),
        ("objectives", "Plan_Objective__c"),
    ]
    assert dict(said(draft, "salesforce.plans.fields")) == {
        "AccountId": "Account__c", "StartDate": "Start__c", "EndDate": "End_Date__c",
    }  # fmt: skip
    assert dict(said(draft, "salesforce.plans.objective_fields")) == {
        "PlanId": "Plan__c", "OpportunityId": "Deal__c", "EndDate": "Due_Date__c",
    }  # fmt: skip


def test_of_two_objects_that_look_like_plans_or_surveys_none_is_taken():
    fields = {
        name: table(lookup("Account__c", "Account"), info("Rating__c", "double"))
        for name in ("Account_Plan__c", "Success_Plan__c", "CSAT__c", "Survey__c")
    }
    seen = org(
        fields=fields, samples={name: Sample([{"Rating__c": 4}], 1) for name in ("CSAT__c", "Survey__c")}
    )
    draft = Draft()
    init_objects.propose_plans(seen, draft)
    init_objects.propose_surveys(seen, draft)
    assert said(draft, "salesforce.plans") == said(draft, "salesforce.surveys") == []
    assert {value for _, value in said(draft, "salesforce.plans", on=False)} == {
        "Account_Plan__c",
        "Success_Plan__c",
    }
    assert {value for _, value in said(draft, "salesforce.surveys", on=False)} == {"CSAT__c", "Survey__c"}
    assert len(draft.missing) == 2


@pytest.mark.parametrize(
    ("values", "statuses", "wanted"),
    [
        (("Not Started", "Completed"), None, ("Not Started", "Completed")),
        (("Offen", "Erledigt"), None, ("Offen", "Erledigt")),
        (("Completed", "Zu", "Neu"), [("Completed", False), ("Zu", True), ("Neu", False)], ("Neu", "Zu")),
        (("Alpha", "Beta"), [("Alpha", False), ("Beta", True)], ("Alpha", "Beta")),
        (("Alpha", "Beta"), None, (None, None)),
    ],
    ids=["usual", "German", "the word alone does not close", "by Salesforce's own flags", "nothing says so"],
)
def test_the_statuses_of_a_task_go_by_what_closes_then_by_their_names(values, statuses, wanted):
    told = None if statuses is None else [TaskStatus(n, c, default=n == statuses[0][0]) for n, c in statuses]
    draft = Draft()
    init_objects.propose_task(
        org(fields={"Task": table(info("Status", "picklist", picklist=values))}, task_statuses=told), draft
    )
    found = dict(said(draft, "salesforce.task"))
    assert (found.get("open_status"), found.get("closed_status")) == wanted


def test_priorities_record_types_and_what_must_be_filled_come_from_the_org():
    task = table(
        info("Priority", "picklist", picklist=("Eins", "Zwei")),
        info("Reason__c", "picklist", "Reason", picklist=("Only",), required=True),
        info("Cause__c", "picklist", picklist=("A", "B"), required=True),
        info("Flag__c", "boolean", required=True),
        info("Subject", required=True),
    )
    seen = org(
        fields={"Task": task},
        task_record_types=[RecordTypeName("Sales", "Sales"), RecordTypeName("Rapport_Task", "Rapport")],
        task_priorities=[
            TaskPriority("Eins", high=True, default=False),
            TaskPriority("Zwei", high=False, default=True),
        ],
    )
    draft = Draft()
    init_objects.propose_task(seen, draft)
    found = dict(said(draft, "salesforce.task"))
    assert (found["record_type"], found["priority"], found["high_priority"]) == (
        "Rapport_Task",
        "Zwei",
        "Eins",
    )
    assert said(draft, "salesforce.task.constants") == [("Reason__c", "Only")]
    assert said(draft, "salesforce.task.constants", on=False) == [("Cause__c", "A")]


# -- site and book -----------------------------------------------------------------------------------------------------


def test_a_list_of_which_nothing_is_known_is_left_to_its_default():
    draft = Draft()
    init_site.propose(
        site(priorities=None, statuses=[Status("1", "A", "new")], issue_types=["Bug"], labels=None), draft
    )
    keys = {key for key, _ in said(draft, "jira")}
    assert {"p1_priorities", "waiting_statuses", "escalation_labels"}.isdisjoint(keys)
    assert "incident_types" in keys
    assert "[jira] waiting_statuses" in {each.what for each in draft.missing}
    assert "[jira] p1_priorities" not in {each.what for each in draft.missing}, (
        "it was not asked, which is told elsewhere"
    )


def test_a_status_is_not_both_waiting_and_paused_and_done_ones_are_neither():
    names = [
        ("On hold - waiting for customer", "indeterminate"),
        ("On hold", "indeterminate"),
        ("Blocked", "done"),
    ]
    draft = Draft()
    init_site.propose(site(statuses=[Status(str(n), *each) for n, each in enumerate(names)]), draft)
    found = dict(said(draft, "jira"))
    assert found["waiting_statuses"] == ["On hold - waiting for customer"]
    assert found["paused_statuses"] == ["On hold"]


def field(number: int, name: str, kind: str = "string") -> JiraField:
    return JiraField(f"customfield_{number}", name, None, kind)


def test_fields_of_a_site_go_by_name_where_it_is_one_and_else_by_id():
    seen = site(
        fields=[field(1, "CRM Account"), field(2, "Support case"), field(3, "Scope", "user"), field(4, "Customer"),
                field(5, "customer"), field(6, "CRM  Case\u202e")],
        filled={"customfield_1": 12},
    )  # fmt: skip
    draft = Draft()
    init_site.propose(seen, draft)
    assert said(draft, "identity") == [("account_field", "CRM Account")]
    assert said(draft, "identity", on=False) == [
        ("account_field", "customfield_4"),
        ("account_field", "customfield_5"),
    ]
    assert said(draft, "jira.fields") == []
    assert {value for _, value in said(draft, "jira.fields", on=False)} == {"customfield_2", "customfield_6"}


def book(**more: object) -> Draft:
    draft = Draft()
    init_book.propose(
        org(**more), site(projects=[Project("9", "ACME", "Acme: Service desk", "service_desk")]), draft
    )
    return draft


def test_mail_domains_of_most_users_are_the_companys_own_and_free_mail_is_nobodys():
    domains = {"acme.example": 80, "gmail.com": 15, "agency.example": 4, "not a domain": 1}
    draft = book(users=100, mail_domains=domains)
    assert dict(said(draft, "identity"))["internal_domains"] == ["acme.example"]
    assert any("agency.example 4" in line.remark for line in draft.lines["identity"])
    assert "internal_domains" not in dict(said(book(users=2, mail_domains={"gmail.com": 2}), "identity"))


def test_a_project_is_proposed_for_the_one_account_that_it_is_named_like():
    def projects(*names: str) -> list:
        rows = [{"Id": str(n), "Name": name} for n, name in enumerate(names)]
        return said(book(accounts=Sample(rows, len(rows))), "identity.projects", on=False)

    assert projects("Acme GmbH", "Borealis") == [("ACME", "Acme GmbH")]
    assert projects("Acme GmbH", "ACME Ltd") == [], "two are alike"
    assert projects("Borealis") == []


def test_the_account_manager_is_a_field_only_where_most_accounts_have_it():
    fields = {
        "Account": table(info("Account_Manager__c", "reference", "Account Manager", reference_to=("User",)))
    }
    for filled, wanted in ((3, ["field:Account_Manager__c", "owner"]), (1, ["owner"])):
        rows = [{"Account_Manager__c": "005" if n < filled else None} for n in range(4)]
        draft = book(fields=fields, accounts=Sample(rows, 4))
        assert dict(said(draft, "people"))["account_manager"] == wanted


def test_the_time_zone_is_the_orgs_else_that_of_the_jira_user():
    assert dict(said(book(time_zone="America/New_York"), "time"))["zone"] == "America/New_York"
    assert dict(said(book(time_zone="No/Where"), "time"))["zone"] == "Europe/Berlin"


def test_more_rows_than_were_looked_at_make_a_count_an_estimate():
    ids = frozenset(str(n) for n in range(2000))
    draft = book(
        accounts=Sample([{"Id": "1"}], 50_000), customers={"with a contract": ids}, customers_estimated=True
    )
    assert any("at least 2,000 accounts" in line.remark for line in draft.lines["accounts"])


# -- the file ----------------------------------------------------------------------------------------------------------


@given(USABLE)
def test_any_value_that_can_stand_comes_back_as_it_was(text):
    assert tomllib.loads(f"key = {toml(text)}\n") == {"key": text}
    assert toml(text).isprintable()


@given(st.lists(ANY))
def test_of_any_list_what_a_config_can_hold_is_kept_once(values):
    kept = usable(values)
    assert tomllib.loads(f"key = {toml(kept)}\n") == {"key": kept}
    assert set(kept) <= set(values)


@given(USABLE, ANY, st.booleans())
def test_a_remark_of_any_text_ends_with_its_line_and_adds_no_key(value, words, on):
    text = rendered(Line("key", value, shown(words), on=on))
    assert "\n" not in text
    assert all(char.isprintable() for char in text)
    assert tomllib.loads(text + "\n") == ({"key": value} if on else {})
    assert tomllib.loads(rendered(Line(remark=words)) + "\n") == {}


@settings(deadline=None)  # the first reads the template
@given(st.lists(st.tuples(USABLE, ANY), max_size=4), ANY)
def test_a_whole_file_holds_what_was_said_and_nothing_that_was_not(pairs, source):
    draft = Draft()
    for section in ("salesforce", "jira", "identity"):
        draft.remark(section, source)
    for place, (value, words) in enumerate(pairs):
        draft.say("jira", f"key_{place}", value, words)
        draft.say("jira", f"other_{place}", value, words, on=False)
        draft.say("identity.projects", value, words or "x", on=False)
        draft.lack(words, words, words)
    keys = {value: str(place) for place, (value, _) in enumerate(pairs)}
    for key, value in keys.items():
        draft.say("identity.projects", key, value)
    text = render(draft, sources=[source], secrets=[], unasked=[], jira=True)
    tree = tomllib.loads(text)
    assert tree["jira"] == {f"key_{place}": value for place, (value, _) in enumerate(pairs)}
    assert tree["store"] == {"path": "rapport-data"}
    assert tree["identity"] == ({"projects": keys} if keys else {})
    assert all(char == "\n" or char.isprintable() for char in text)
