"""The catalogue: what ships, how a config overrides it, and every fault at once."""

from __future__ import annotations

import copy
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import manual_share
from rules.catalogue import Catalogue, load
from rules.evidence import leaves
from rules.expressions import to_sql
from rules.faults import CatalogueError
from rules.functions import aggregate_sql
from rules.rule_tests import run_tests
from rules.sources import COVERAGE, SOURCES
from rules.templates import render

BUILTIN = Path(__file__).parent.parent / "rules" / "builtin"
SHIPPED = load({}, SOURCES)
INTERNAL = load({}, SOURCES, preset="internal-it")


def toml(text):
    return tomllib.loads(text)


def loaded(text):
    return load(toml(text), SOURCES)


def faults_of(raw):
    with pytest.raises(CatalogueError) as caught:
        load(toml(raw) if isinstance(raw, str) else raw, SOURCES)
    return {fault.path: fault for fault in caught.value.faults}


# What ships


REACH = {
    *("missing_roles", "offerings_known", "offerings_owned", "whitespace_cells", "lost_units"),
    *("am_pulse", "am_pulse_age_days"),
}
GROWTH = {
    *("won_12m", "won_prior_12m", "growth_rate", "open_pipeline", "pipeline_coverage", "stale_opportunities"),
    *("pipeline_this_year", "won_this_year", "target_this_year", "renewals_90d", "days_to_renewal"),
}
POSITIONING = {
    *("standing", "champions", "sponsor_touch_days", "inbound_opportunity_share", "competitive_win_rate_12m"),
    *("value_confirmed_12m", "value_age_days", "references_12m"),
}
GOVERNANCE = {
    *("has_owner", "has_annual_plan", "has_mission", "days_since_review", "overdue_objectives"),
    *("objectives_without_action", "orphan_opportunities", "sla_in_place", "days_since_sla_review"),
    *("unit_contacts_missing", "manual_input_share"),
}
SERVICE = {"sla_attainment_90d", "sla_breaches_30d", "csat_180d", "csat_age_days", "new_requests_90d"}
DELIVERY = {
    *("due_date_slips_90d", "slip_days_90d", "on_time_rate_180d", "estimate_overrun", "hours_spent_90d"),
    *(
        "out_of_scope_share_90d",
        "undecided_out_of_scope",
        "changes_after_release_60d",
        "repeat_incidents_30d",
    ),
    *("ping_pong_issues", "budget_used", "budget_elapsed"),
}
REPLAYED = {
    *("sla_attainment_90d", "sla_breaches_30d", "new_requests_90d", "due_date_slips_90d", "slip_days_90d"),
    *("on_time_rate_180d", "hours_spent_90d", "ping_pong_issues"),
    *("won_12m", "won_prior_12m", "growth_rate", "open_pipeline", "pipeline_this_year", "won_this_year"),
    *("stale_opportunities", "value_confirmed_12m", "value_age_days"),
}


def test_the_metrics_of_the_first_version_ship():
    assert set(SHIPPED.metrics) == {
        *("days_since_contact", "moments_90d", "effective_contacts", "contacts_engaged_90d"),
        *("meetings_90d", "onsite_90d", "days_to_next_meeting", "inbound_share_90d", "key_contact_silent"),
        "business_days_to_next_meeting",
        *("unreturned_emails", "unreturned_calls"),
        *("contacts_known", "executives_engaged_90d", "working_level_engaged_90d"),
        *("open_issues", "open_p1", "overdue_issues", "stuck_issues", "active_projects"),
        *("open_escalations", "oldest_open_issue_days", "reopened_90d"),
        *("waiting_on_customer_days", "customer_tasks_overdue"),
        *("unreturned_messages", "urgent_issues"),
        *("unanswered_comments", "oldest_unanswered_hours", "oldest_unanswered_business_hours"),
        *("first_response_business_hours_p90", "days_since_status_update"),
        *("org_units_known", "org_units_engaged", "unit_coverage"),
        *("quadrant", "tier_mismatch", "budget_ahead", "plan_gaps"),
        *REACH,
        *GROWTH,
        *POSITIONING,
        *GOVERNANCE,
        *SERVICE,
        *DELIVERY,
    }
    assert set(SHIPPED.scorecards) == {
        "health",
        "penetration",
        "growth",
        "positioning",
        "governance",
        "delivery",
        "overall",
    }
    assert set(SHIPPED.rules) == {
        *(
            "call_back",
            "return_message",
            "urgent_issue",
            "explain_breaches",
            "status_update",
            "remind_customer",
        ),
        *(
            "ask_what_is_wrong",
            "re_engage",
            "win_back_contact",
            "prepare_meeting",
            "reach_unit",
            "widen_contacts",
            "meet_executive",
        ),
    }


def test_every_metric_says_what_it_is():
    for metric in SHIPPED.metrics.values():
        assert metric.label
        assert metric.help.endswith(".")
        assert metric.unit
        assert set(metric.requires) <= set(COVERAGE)
        assert metric.requires or metric.source is None


def test_only_a_span_of_time_grows_by_itself():
    assert {name for name, metric in SHIPPED.metrics.items() if metric.ageing} == {
        "days_since_contact",
        "days_since_status_update",
        "oldest_open_issue_days",
        "oldest_unanswered_hours",
        "oldest_unanswered_business_hours",
        "waiting_on_customer_days",
        *(
            "am_pulse_age_days",
            "sponsor_touch_days",
            "value_age_days",
            "days_since_review",
            "days_since_sla_review",
            "csat_age_days",
            "budget_elapsed",
        ),
    }


def test_what_has_no_history_says_so():
    assert {name for name, metric in SHIPPED.metrics.items() if metric.history == "none"} == {
        *("org_units_known", "org_units_engaged", "unit_coverage"),
        *("executives_engaged_90d", "working_level_engaged_90d"),
        *("open_escalations", "urgent_issues"),
        *("quadrant", "tier_mismatch", "budget_ahead", "plan_gaps"),  # as the units that they rest on
        *((REACH | GROWTH | POSITIONING | GOVERNANCE | SERVICE | DELIVERY) - REPLAYED),
    }


def test_never_is_the_age_of_the_account_and_nothing_unanswered_is_zero():
    metrics = SHIPPED.metrics
    assert metrics["days_since_contact"].never == "account_age"
    assert metrics["oldest_unanswered_business_hours"].empty == "zero"
    assert metrics["oldest_unanswered_hours"].empty == "zero"
    assert metrics["unit_coverage"].empty == "null"
    assert metrics["open_p1"].requires == ("issues", "p1_priorities")
    assert metrics["unanswered_comments"].requires == ("issues", "sides")


def test_every_score_has_a_curve_over_the_whole_scale():
    for card in SHIPPED.scorecards.values():
        for measure in card.measures:
            scores = [score for _, score in measure.points]
            assert min(scores) <= 35
            assert max(scores) == 100
            assert scores in (sorted(scores), sorted(scores, reverse=True))


def test_what_the_customer_feels_weighs_more_than_work_that_is_finished():
    weights = {measure.metric: measure.weight for measure in SHIPPED.scorecards["health"].measures}
    felt = ("oldest_unanswered_business_hours", "unanswered_comments", "unreturned_messages", "days_since_contact",
            "moments_90d", "key_contact_silent", "csat_180d")  # fmt: skip
    assert sum(weights[name] for name in felt) >= sum(weights.values()) / 2
    assert weights["stuck_issues"] + weights["reopened_90d"] < sum(weights.values()) / 10
    of = SHIPPED.scorecards["overall"].of
    assert of == {
        "health": 30, "penetration": 20, "growth": 15, "positioning": 10, "governance": 10, "delivery": 15,
    }  # fmt: skip


@pytest.mark.parametrize("shelf", [SHIPPED, INTERNAL], ids=["vendor", "internal-it"])
def test_what_people_declare_is_at_most_a_fifth_of_any_scorecard(shelf):
    for name, card in shelf.scorecards.items():
        if card.of:
            continue
        declared = sum(each.weight for each in card.measures if _is_declared(shelf, each.metric))
        assert sum(each.weight for each in card.measures) == 100, name
        assert declared <= 20, name


def _is_declared(shelf: Catalogue, metric: str) -> bool:
    # both can come from a field of the account, which is another input that people fill in
    if metric in {"csat_180d", "days_since_review"}:
        return True
    return any(manual_share.DECLARED & set(leaf.requires) for leaf in leaves(shelf, metric))


def test_inside_one_house_nothing_is_scored_that_needs_a_sale():
    sold = {"won_12m", "won_prior_12m", "growth_rate", "open_pipeline", "pipeline_coverage", "stale_opportunities",
            "orphan_opportunities", "inbound_opportunity_share", "competitive_win_rate_12m", "references_12m"}  # fmt: skip
    used = {each.metric for card in INTERNAL.scorecards.values() for each in card.measures}
    used |= {each.name for axis in INTERNAL.quadrant.axes.values() for each in axis.measures}
    assert not used & sold
    assert used & {"new_requests_90d", "offerings_owned", "budget_used"} == {
        "new_requests_90d",
        "offerings_owned",
        "budget_used",
    }
    assert INTERNAL.scorecards["health"] == SHIPPED.scorecards["health"]
    assert INTERNAL.digest != SHIPPED.digest


def test_the_absence_of_trouble_alone_gives_no_score_for_delivery():
    card = SHIPPED.scorecards["delivery"]
    kept = {"on_time_rate_180d", "estimate_overrun", "budget_ahead"}
    trouble = sum(each.weight for each in card.measures if each.metric not in kept)
    assert trouble < card.floor * sum(each.weight for each in card.measures)


def test_while_a_top_priority_issue_is_open_health_is_not_green():
    caps = {cap.when.text: cap.at_most for cap in SHIPPED.scorecards["health"].caps}
    assert caps["open_p1 >= 2"] < caps["open_p1 > 0"] < SHIPPED.bands.green


def test_every_weight_and_every_rule_is_argued_where_it_stands():
    for name in ("scorecards.toml", "internal-it/scorecards.toml", "rules.toml"):
        lines = (BUILTIN / name).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.startswith(("[[scorecards.", "[scorecards.", "[rules.")) and not line.endswith(".caps]]"):
                assert lines[number - 1].startswith("#"), line


FACTS = {
    **dict.fromkeys(SHIPPED.metrics, 123456),
    "account": "Acme GmbH",
    "account_manager": "M. Ferrari",
    "contact": "D. Okafor",
    "due": None,
}


@pytest.mark.parametrize("rule", SHIPPED.rules.values(), ids=lambda rule: rule.name)
def test_a_task_reads_well_and_says_what_closes_it_and_how_to_refuse_it(rule):
    subject = render(rule.subject, FACTS | {"account": "x" * 120})
    assert len(subject) < 255
    assert rule.subject.text[0].isupper()
    assert "{account}" in rule.subject.text
    assert rule.description is not None
    assert "This closes itself when" in rule.description.text
    assert "Not useful?" not in rule.description.text  # it is added, with the weeks of the cool-down in force
    assert rule.when.columns <= SHIPPED.metrics.keys()
    assert rule.enabled


def test_rules_that_ask_for_much_the_same_come_one_after_the_other():
    for rule in SHIPPED.rules.values():
        assert set(rule.after) <= SHIPPED.rules.keys()
    rules = load(toml('[rules.call_back]\nafter = ["re_engage"]'), SOURCES).rules
    assert rules["call_back"].after == ("re_engage",)
    for after, path, words in (
        ('["re_enage"]', "rules.call_back.after", 'unknown rule "re_enage"'),
        ('"re_engage"', "rules.call_back.after", "list of texts"),
        ('["status_update"]', "rules.call_back.after", "would wait for itself"),
        ('["call_back"]', "rules.call_back.after", "would wait for itself"),
    ):
        with pytest.raises(CatalogueError) as caught:
            load(toml(f"[rules.call_back]\nafter = {after}"), SOURCES)
        assert words in {each.path: each.message for each in caught.value.faults}[path]


def test_the_shipped_rules_do_what_their_own_tests_say():
    assert [each for each in run_tests(SHIPPED) if not each.passed] == []


def test_every_shipped_rule_has_a_test_that_fires_and_one_that_does_not():
    for name in SHIPPED.rules:
        assert {"fires", "silent"} <= {case.expect for case in SHIPPED.tests if case.rule == name}


SQL_TYPES = {
    "number": "BIGINT",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def measured(name, *rows):
    """A shipped metric over a few rows of its source, computed by hand beside it."""
    metric = SHIPPED.metrics[name]
    columns = SOURCES[metric.source]
    declared = ", ".join(f'"{column}" {SQL_TYPES[kind]}' for column, kind in columns.items())
    sql = aggregate_sql(
        metric.aggregate,
        metric.value and to_sql(metric.value),
        "duckdb",
        quantile=metric.quantile,
        filter_sql=metric.where and to_sql(metric.where),
    )
    with duckdb.connect() as connection:
        connection.execute(f"create table given ({declared})")
        for row in rows:
            names = ", ".join(f'"{column}"' for column in row)
            marks = ", ".join("?" for _ in row)
            connection.execute(f"insert into given ({names}) values ({marks})", list(row.values()))
        return connection.execute(f"select {sql} from given").fetchone()[0]


ISSUE = {"done": False, "p1": True, "incident": False, "software": False, "waiting": False, "paused": False}


@pytest.mark.parametrize(
    ("metric", "rows", "value"),
    [
        ("days_since_contact", [{"days_ago": 40}, {"days_ago": 12}], 12),
        ("days_since_contact", [], None),
        ("moments_90d", [{"days_ago": 0}, {"days_ago": 89}, {"days_ago": 90}, {"days_ago": -1}], 2),
        ("effective_contacts", [{"moments_90d": 5}, {"moments_90d": 5}, {"moments_90d": 0}], 2),
        ("effective_contacts", [{"moments_90d": 0}], None),
        ("contacts_engaged_90d", [{"own": True, "moments_90d": 1}, {"own": False, "moments_90d": 1}], 1),
        ("open_issues", [{"done": False}, {"done": True}], 1),
        ("open_p1", [ISSUE, ISSUE | {"software": True}, ISSUE | {"software": True, "incident": True}], 2),
        ("open_p1", [ISSUE | {"p1": False}, ISSUE | {"done": True}], 0),
        ("overdue_issues", [{"overdue": True}, {"overdue": False}, {"overdue": None}], 1),
        (
            "stuck_issues",
            [
                ISSUE | {"status_days": 14},
                ISSUE | {"status_days": 13},
                ISSUE | {"status_days": 99, "waiting": True},
                ISSUE | {"status_days": 99, "paused": True},
                ISSUE | {"status_days": 99, "software": True, "status_category": "new"},
                ISSUE | {"status_days": 99, "software": True, "status_category": "indeterminate"},
            ],
            2,
        ),
        (
            "active_projects",
            [{"done": False, "site_project": "s:A"}] * 2 + [{"done": True, "site_project": "s:B"}],
            1,
        ),
        ("unanswered_comments", [{"key": "A-1"}, {"key": "A-2"}], 2),
        ("oldest_unanswered_hours", [{"hours": 4}, {"hours": 19}], 19),
        ("oldest_unanswered_business_hours", [{"business_hours": 4}, {"business_hours": 2}], 4),
        ("org_units_known", [{"unit": "a"}, {"unit": "b"}], 2),
        ("org_units_engaged", [{"engaged": True}, {"engaged": False}], 1),
        ("unit_coverage", [{"measurable": True, "engaged": on} for on in (True, False, False)], 1 / 3),
        ("unit_coverage", [{"measurable": False, "engaged": True}], None),
    ],
)
def test_a_shipped_metric_measures_what_it_says(metric, rows, value):
    assert measured(metric, *rows) == value


# How a config overrides


def test_a_metric_of_ones_own_stands_beside_the_shipped_ones():
    catalogue = loaded(
        """
        [metrics.security_issues]
        source = "issues"
        where = "not done and has_label('security')"
        aggregate = "count"
        unit = "issues"
        """
    )
    own = catalogue.metrics["security_issues"]
    assert (own.label, own.empty, own.requires, own.history) == (
        "security issues",
        "zero",
        ("issues",),
        "full",
    )
    assert set(catalogue.metrics) == {*SHIPPED.metrics, "security_issues"}


def test_a_shipped_section_is_overridden_key_by_key():
    catalogue = loaded(
        """
        [metrics.open_p1]
        where = "not done and priority = 'Highest'"
        [rules.call_back]
        when = "oldest_unanswered_business_hours > 16"
        due = "2 days"
        [rules.re_engage]
        enabled = false
        [scorecards.overall]
        of = { health = 1 }
        [bands]
        green = 75
        """
    )
    assert catalogue.metrics["open_p1"].where.text == "not done and priority = 'Highest'"
    assert catalogue.metrics["open_p1"].label == SHIPPED.metrics["open_p1"].label
    assert catalogue.rules["call_back"].when.text == "oldest_unanswered_business_hours > 16"
    assert (catalogue.rules["call_back"].due.amount, catalogue.rules["call_back"].due.unit) == (2, "days")
    assert catalogue.rules["call_back"].subject == SHIPPED.rules["call_back"].subject
    assert not catalogue.rules["re_engage"].enabled
    assert catalogue.scorecards["overall"].of == {"health": 1}
    assert (catalogue.bands.green, catalogue.bands.amber) == (75, 40)


def test_a_list_is_replaced_whole():
    catalogue = loaded(
        """
        [scorecards.health]
        caps = []
        [[scorecards.health.measures]]
        metric = "open_p1"
        weight = 0.1
        points = [[0, 100], [1.5, 0]]
        """
    )
    health = catalogue.scorecards["health"]
    assert [measure.metric for measure in health.measures] == ["open_p1"]
    assert health.measures[0].weight == Decimal("0.1")
    assert health.measures[0].points == ((0, 100), (Decimal("1.5"), 0))
    assert health.caps == ()


def test_shipped_tests_of_a_condition_that_was_changed_no_longer_run():
    catalogue = loaded(
        'rules.call_back.when = "unanswered_comments > 1"\nrules.re_engage.cooldown = "8 weeks"'
    )
    assert {case.rule for case in catalogue.tests} == SHIPPED.rules.keys() - {"call_back"}
    assert catalogue.rules["re_engage"].cooldown_days == 56


def test_a_metric_can_become_an_expression_and_stands_after_its_operands():
    catalogue = loaded(
        """
        [metrics.aaa]
        expr = "zzz / moments_90d"
        [metrics.zzz]
        expr = "coalesce(open_p1, 0) + 1"
        [metrics.stuck_issues]
        expr = "overdue_issues - open_p1"
        """
    )
    names = list(catalogue.metrics)
    assert names.index("moments_90d") < names.index("zzz") < names.index("aaa")
    stuck = catalogue.metrics["stuck_issues"]
    assert (stuck.source, stuck.aggregate, stuck.where, stuck.requires) == (None, None, None, ())
    assert stuck.label == "stuck issues"


def test_true_and_false_enter_an_average_as_one_and_zero():
    assert SHIPPED.metrics["unit_coverage"].value.type == "number"
    catalogue = loaded(
        '[metrics.late_share]\nsource = "issues"\nvalue = "due_date is not null and overdue"\naggregate = "avg"'
    )
    assert catalogue.metrics["late_share"].value.text == "if(due_date is not null and overdue, 1, 0)"


def test_the_latest_value_needs_to_know_which_row_is_the_latest():
    catalogue = loaded(
        '[metrics.m]\nsource = "issues"\nvalue = "age_days"\naggregate = "latest"\norder = "created"'
    )
    assert catalogue.metrics["m"].order.text == "created"


def test_rules_may_look_at_scores_and_bands():
    catalogue = loaded(
        """
        [rules.rescue]
        when = "health_band = 'red' and overall_score < 30"
        kind = "fix"
        subject = "Save {account}"
        [[tests]]
        rule = "rescue"
        given = { health_band = "red", overall_score = 12 }
        expect = "fires"
        """
    )
    rescue = catalogue.rules["rescue"]
    assert rescue.when.columns == {"health_band", "overall_score"}
    assert (rescue.severity, rescue.due.amount, rescue.cooldown_days, rescue.on_clear) == (
        "normal",
        3,
        14,
        "complete",
    )
    assert catalogue.tests[-1].given == {"health_band": "red", "overall_score": 12.0}


# The digest


def test_the_digest_follows_meaning_and_not_spelling():
    same = loaded('[metrics.open_p1]\nwhere = "NOT done and (p1) AND (not software or incident)"')
    assert same.digest == SHIPPED.digest
    assert loaded("[bands]\ngreen = 70.0").digest == SHIPPED.digest
    assert re.fullmatch("[0-9a-f]{64}", SHIPPED.digest)


@pytest.mark.parametrize(
    "change",
    [
        "[bands]\ngreen = 71",
        '[metrics.open_p1]\nwhere = "not done"',
        '[rules.call_back]\nseverity = "low"',
        '[rules.call_back]\nsubject = "Call {account}"',
        "[scorecards.health]\nfloor = 0.6",
        '[metrics.mine]\nexpr = "open_p1 + 1"',
    ],
)
def test_the_digest_changes_with_whatever_decides_a_number_or_a_task(change):
    assert loaded(change).digest != SHIPPED.digest


def test_loading_twice_gives_the_same_and_leaves_the_config_alone():
    raw = toml('[metrics.open_p1]\nlabel = "P1"\n[rules.call_back]\nenabled = false')
    before = copy.deepcopy(raw)
    assert load(raw, SOURCES) == load(raw, SOURCES)
    assert raw == before
    assert load({}, SOURCES) == SHIPPED


# Faults


def test_every_fault_is_told_at_once_with_its_place_and_what_was_probably_meant():
    faults = faults_of(
        """
        [metrics.mine]
        source = "isues"
        aggregate = "count"
        [metrics.yours]
        source = "issues"
        aggregate = "count"
        where = "not dne"
        lable = "Yours"
        [rules.call_back]
        when = "oldest_unaswered_hours > 8"
        [[scorecards.health.measures]]
        metric = "opn_p1"
        weight = 1
        points = [[0, 100], [1, 0]]
        [[tests]]
        rule = "call_bak"
        expect = "fires"
        [bands]
        grene = 70
        """
    )
    assert {path: fault.suggestion for path, fault in faults.items()} == {
        "metrics.mine.source": "issues",
        "metrics.yours.where": "done",
        "metrics.yours.lable": "label",
        "rules.call_back.when": "oldest_unanswered_hours",
        "scorecards.health.measures[0].metric": "open_p1",
        "tests[0].rule": "call_back",
        "bands.grene": "green",
    }
    assert faults["rules.call_back.when"].column == 1
    assert faults["rules.call_back.when"].message == 'unknown metric "oldest_unaswered_hours"'


def test_a_faulty_metric_is_one_fault_and_not_one_in_each_place_that_names_it():
    faults = faults_of(
        '[metrics.open_p1]\nwhere = "nope"\n[rules.mine]\nwhen = "open_p1 > 0"\nkind = "fix"\nsubject = "x"'
    )
    assert list(faults) == ["metrics.open_p1.where"]


METRIC = 'source = "issues"\naggregate = "{}"\n'
RULE = '[rules.mine]\nwhen = "open_p1 > 0"\nkind = "fix"\nsubject = "x"\n'
MEASURE = '[[scorecards.mine.measures]]\nmetric = "open_p1"\nweight = 1\npoints = {}\n'


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("metrics = 3", "metrics", "table"),
        ("metrics.x = 3", "metrics.x", "table"),
        ("[metrics.Bad]", "metrics.Bad", "small letter"),
        (f"[metrics.{'x' * 41}]", f"metrics.{'x' * 41}", "40 letters"),
        ('[metrics.account]\nexpr = "open_p1"', "metrics.account", "meaning of its own"),
        ('[metrics.and]\nexpr = "open_p1"', "metrics.and", "meaning of its own"),
        ('[metrics.health_band]\nexpr = "open_p1"', "metrics.health_band", "this name already"),
        ("[metrics.x]\nlabel = 'X'", "metrics.x.source", "needs a source"),
        ('[metrics.x]\nsource = "issues"', "metrics.x.aggregate", "missing"),
        ("[metrics.x]\n" + METRIC.format("cont"), "metrics.x.aggregate", "not one of"),
        ("[metrics.x]\n" + METRIC.format("sum"), "metrics.x.value", "missing"),
        ("[metrics.x]\n" + METRIC.format("count") + 'value = "age_days"', "metrics.x.value", "counts rows"),
        ("[metrics.x]\n" + METRIC.format("sum") + 'value = "project"', "metrics.x.value", "numbers"),
        ("[metrics.x]\n" + METRIC.format("quantile") + 'value = "age_days"', "metrics.x.quantile", "0.9"),
        (
            "[metrics.x]\n" + METRIC.format("max") + 'value = "age_days"\nquantile = 0.9',
            "metrics.x.quantile",
            "max",
        ),
        (
            "[metrics.x]\n" + METRIC.format("quantile") + 'value = "age_days"\nquantile = 9',
            "metrics.x.quantile",
            "0 to 1",
        ),
        ("[metrics.x]\n" + METRIC.format("latest") + 'value = "age_days"', "metrics.x.order", "latest row"),
        (
            "[metrics.x]\n" + METRIC.format("latest") + 'value = "age_days"\norder = "key"',
            "metrics.x.order",
            "not by text",
        ),
        (
            "[metrics.x]\n" + METRIC.format("max") + 'value = "age_days"\norder = "created"',
            "metrics.x.order",
            "needs none",
        ),
        ("[metrics.x]\n" + METRIC.format("count") + 'where = "age_days"', "metrics.x.where", "true or false"),
        ("[metrics.x]\n" + METRIC.format("count") + "where = 5", "metrics.x.where", "text in quotes"),
        ("[metrics.x]\n" + METRIC.format("count") + "empty = 1", "metrics.x.empty", "0 or"),
        ("[metrics.x]\n" + METRIC.format("count") + 'never = "account_age"', "metrics.x.never", "not both"),
        (
            "[metrics.x]\n" + METRIC.format("count") + 'requires = ["isues"]',
            "metrics.x.requires",
            "unknown coverage",
        ),
        (
            "[metrics.x]\n" + METRIC.format("count") + 'requires = "issues"',
            "metrics.x.requires",
            "list of texts",
        ),
        ("[metrics.x]\n" + METRIC.format("count") + 'history = "some"', "metrics.x.history", "full, none"),
        ("[metrics.x]\n" + METRIC.format("count") + "ageing = 1", "metrics.x.ageing", "true or false"),
        ('[metrics.x]\nexpr = "open_p1"\nsource = "issues"', "metrics.x.source", "drop one"),
        ('[metrics.x]\nexpr = "open_p1 > 1"', "metrics.x.expr", "a number"),
        ('[metrics.x]\nexpr = "x + 1"', "metrics.x.expr", "made of itself"),
        ('[metrics.x]\nexpr = "y"\n[metrics.y]\nexpr = "x"', "metrics.x.expr", "x → y → x"),
        ("[scorecards.mine]", "scorecards.mine.measures", "nothing to score"),
        ("[scorecards.mine]\nmeasures = 1", "scorecards.mine.measures", "list of tables"),
        (MEASURE.format("[[0, 100], [1, 0]]") * 2, "scorecards.mine.measures", "twice"),
        (MEASURE.format("[[0, 100]]"), "scorecards.mine.measures[0].points", "2 to 50"),
        (MEASURE.format("[[0, 100], [0, 0]]"), "scorecards.mine.measures[0].points[1]", "rise"),
        (MEASURE.format("[[0, 100], [1, 101]]"), "scorecards.mine.measures[0].points[1]", "from 0 to 100"),
        (MEASURE.format("[[0, 100], [1]]"), "scorecards.mine.measures[0].points[1]", "pairs"),
        (MEASURE.format('[[0, 100], [1, "x"]]'), "scorecards.mine.measures[0].points[1]", "pairs"),
        (MEASURE.format("[[0, 100], [nan, 1]]"), "scorecards.mine.measures[0].points[1]", "pairs"),
        (MEASURE.format('"x"'), "scorecards.mine.measures[0].points", "pairs"),
        (
            "[[scorecards.mine.measures]]\nmetric = 'open_p1'\nweight = 0\npoints = [[0, 1], [1, 2]]",
            "scorecards.mine.measures[0].weight",
            "more than 0",
        ),
        (
            "[[scorecards.mine.measures]]\nmetric = 'open_p1'\nweight = -1\npoints = [[0, 1], [1, 2]]",
            "scorecards.mine.measures[0].weight",
            "0 to 1000",
        ),
        (
            '[[scorecards.health.caps]]\nwhen = "health_score > 1"\nat_most = 40',
            "scorecards.health.caps[0].when",
            "unknown metric",
        ),
        ('[[scorecards.health.caps]]\nwhen = "open_p1 > 1"', "scorecards.health.caps[0].at_most", "missing"),
        (
            '[[scorecards.health.caps]]\nwhen = "open_p1 > 1"\nat_most = 101',
            "scorecards.health.caps[0].at_most",
            "0 to 100",
        ),
        ("[scorecards.health]\nfloor = 2", "scorecards.health.floor", "0 to 1"),
        ("[scorecards.overall]\nof = { helth = 1 }", "scorecards.overall.of.helth", "unknown scorecard"),
        ("[scorecards.overall]\nof = { overall = 1 }", "scorecards.overall.of.overall", "made of itself"),
        (
            "[scorecards.mine]\nof = { overall = 1 }",
            "scorecards.mine.of.overall",
            "made of scorecards itself",
        ),
        ("[scorecards.mine]\nof = { health = 0 }", "scorecards.mine.of.health", "more than 0"),
        ("[scorecards.mine]\nof = {}", "scorecards.mine.of", "weights"),
        (
            MEASURE.format("[[0, 100], [1, 0]]") + "[scorecards.mine.of]\nhealth = 1",
            "scorecards.mine.of",
            "not both",
        ),
        ("[rules.mine]", "rules.mine.when", "missing"),
        ("[rules.mine]", "rules.mine.kind", "fix, grow, govern"),
        ("[rules.mine]", "rules.mine.subject", "missing"),
        (RULE + 'due = "soon"', "rules.mine.due", "1 business day"),
        (RULE + 'due = "99999 days"', "rules.mine.due", "1 business day"),
        (RULE + 'cooldown = "a while"', "rules.mine.cooldown", "14 days"),
        (RULE + 'severity = "urgent"', "rules.mine.severity", "high, normal, low"),
        (RULE + 'assign = "everybody"', "rules.mine.assign", "account_manager"),
        (RULE + 'on_clear = "forget"', "rules.mine.on_clear", "complete, delete, leave"),
        (RULE + 'description = "{acount}"', "rules.mine.description", "unknown column"),
        (RULE.replace('"x"', '"x\\ny"'), "rules.mine.subject", "one line"),
        (RULE.replace("open_p1 > 0", "health_band = 'Red'"), "rules.mine.when", "never 'Red'"),
        ("tests = 5", "tests", "[[tests]]"),
        ("tests = [5]", "tests[0]", "table"),
        ('[[tests]]\nrule = "call_back"', "tests[0].expect", "missing"),
        ('[[tests]]\nexpect = "fires"', "tests[0].rule", "missing"),
        (
            '[[tests]]\nrule = "call_back"\nexpect = "fires"\ngiven = { opn_p1 = 1 }',
            "tests[0].given.opn_p1",
            "unknown metric",
        ),
        (
            '[[tests]]\nrule = "call_back"\nexpect = "fires"\ngiven = { open_p1 = "x" }',
            "tests[0].given.open_p1",
            "a number",
        ),
        (
            '[[tests]]\nrule = "call_back"\nexpect = "fires"\ngiven = { health_band = "Red" }',
            "tests[0].given.health_band",
            "green, amber, red",
        ),
        ('[[tests]]\nrule = "call_back"\nexpect = "fires"\ngiven = 3', "tests[0].given", "table"),
        ("[bands]\namber = 80", "bands.amber", "below green"),
        ("[bands]\nhysteresis = 20", "bands.hysteresis", "no room"),
        ("bands = 1", "bands", "table"),
        ('[bands]\ngreen = "high"', "bands.green", "a number"),
    ],
)
def test_a_fault_has_its_place_and_plain_words(text, path, words):
    faults = faults_of(text)
    assert path in faults
    assert words in faults[path].message
    assert all(
        "<class" not in fault.message and "Traceback" not in fault.message for fault in faults.values()
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.sampled_from(["open_p1 > 0", "fix", "issues", "count", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "open_p1",
                    "health",
                    "mine",
                    "when",
                    "where",
                    "source",
                    "points",
                    "measures",
                    "of",
                    "expr",
                    "rule",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["metrics", "scorecards", "rules", "tests", "bands"]), JSON, max_size=5)
)
def test_no_config_does_anything_but_load_or_be_refused(raw):
    try:
        catalogue = load(raw, SOURCES)
    except CatalogueError as error:
        outcome = error.faults
    else:
        outcome = catalogue.metrics
    assert outcome
