"""What is wrong, the exit code, and the words that say where it is wrong, what was found and what to do instead.

One row is one kind of mistake; test_sync_config_errors holds the kinds of single config values. Nothing here may end
in a traceback or leave a file behind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from command_line import rapport

BASE = """\
[salesforce]
instance_url = "https://example.my.salesforce.com"
auth = "access_token"
[jira]
url = "https://example.atlassian.net"
email = "i@example.com"
"""
METRIC = '[metrics.mine]\nsource = "issues"\n'
COUNT = METRIC + 'aggregate = "count"\n'
CARD = "[scorecards.mine]\n"
MEASURE = CARD + '[[scorecards.mine.measures]]\nmetric = "open_issues"\nweight = 1\n'
CURVE = MEASURE + "points = [[0, 100], [5, 0]]\n"
CAP = CURVE + "[[scorecards.mine.caps]]\n"
RULE = '[rules.mine]\nkind = "fix"\nwhen = "open_issues > 1"\n'
SUBJECT = RULE + 'subject = "Call {account}"\n'
BANKS = '[segments.banks]\nwhen = "industry = \'Banking\'"\nscorecards = { health = "mine" }\n'
SOURCE = "source with an aggregate, or an expr over other metrics"


@dataclass(frozen=True)
class Row:
    """`config` follows BASE, so its first line is line 7; `files` lie beside the config."""

    kind: str
    words: tuple[str, ...]
    config: str = ""
    arguments: tuple[str, ...] = ("validate",)
    code: int = 2
    files: dict[str, bytes] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    whole: bytes | None = None  # the config file itself, in the place of BASE and `config`


def at(line: int, key: str) -> str:
    return f"rapport.toml:{line}: {key}"


def config(kind: str, text: str, *words: str) -> Row:
    return Row(kind, words, text)


def use(kind: str, arguments: str, *words: str, code: int = 2, **files: bytes) -> Row:
    return Row(
        kind,
        words,
        arguments=tuple(arguments.split()),
        code=code,
        files={name.replace("__", "."): body for name, body in files.items()},
    )


def links(kind: str, table: bytes, *words: str) -> Row:
    return Row(kind, words, '[identity]\nmap_file = "map.csv"\n', files={"map.csv": table})


def plan_file(kind: str, body: bytes, *words: str) -> Row:
    return use(kind, "apply plan.json", *words, "`rapport plan --out FILE`", plan__json=body)


METRICS = (
    config("a metric without a source", '[metrics.mine]\naggregate = "count"\n', at(7, "metrics.mine.source"), SOURCE),
    config("a metric of nothing", '[metrics.mine]\nunit = "issues"\n', at(7, "metrics.mine.source"), SOURCE),
    config("a source", COUNT.replace("issues", "isues"), at(8, "metrics.mine.source"), '"isues"', "did you mean issues?"),
    config("no way from rows to a number", METRIC, at(7, "metrics.mine.aggregate"), "is missing", "count, sum, min"),
    config("an aggregate", METRIC + 'aggregate = "cuont"\n', at(9, "metrics.mine.aggregate"), '"cuont"', "did you mean count?"),
    config("a column of the source", COUNT + 'where = "not doen"\n', at(10, "metrics.mine.where, column 5"), "did you mean done?"),
    config("a number for a condition", COUNT + 'where = "age_days"\n', at(10, "metrics.mine.where"), "this is a number", "> 0"),
    config("a sum of nothing", METRIC + 'aggregate = "sum"\n', "metrics.mine.value", "a column, or an expression"),
    config("a sum of words", METRIC + 'aggregate = "sum"\nvalue = "status"\n', at(10, "metrics.mine.value"), "this is a text"),
    config("a quantile that is not named", METRIC + 'aggregate = "quantile"\nvalue = "age_days"\n', "metrics.mine.quantile", "0.9"),
    config("a quantile in percent", METRIC + 'aggregate = "quantile"\nvalue = "age_days"\nquantile = 90\n', at(11, "metrics.mine.quantile"), "from 0 to 1, not 90"),
    config("a function that there is not", COUNT + 'where = "sleep(10) > 1"\n', at(10, "metrics.mine.where"), 'unknown function "sleep"'),
    config("a second statement", COUNT + 'where = "done; drop table issues"\n', at(10, "metrics.mine.where, column 5"), "one expression only"),
    config("a query inside", COUNT + 'where = "age_days > (select 1)"\n', at(10, "metrics.mine.where"), "queries are not available"),
    config("a comment inside", COUNT + 'where = "done -- or not"\n', at(10, "metrics.mine.where")),
    config("an empty condition", COUNT + 'where = ""\n', at(10, "metrics.mine.where"), "is empty", "leave the key out"),
    config("a condition without end", COUNT + f'where = "{"done or " * 400}done"\n', at(10, "metrics.mine.where"), "at most 2,000"),
    config("a condition too deep", COUNT + f'where = "{"not (" * 60}done{")" * 60}"\n', at(10, "metrics.mine.where"), "50 levels"),
    config("words against a number", COUNT + 'where = "status > 3"\n', at(10, "metrics.mine.where, column 10"), "text cannot be compared with a number"),
    config("a comparison without a column", COUNT + 'where = "1 = 1"\n', at(10, "metrics.mine.where"), "must name a column"),
    config("a quote without its end", COUNT + "where = \"status = 'Open\"\n", at(10, "metrics.mine.where, column 10"), "not closed"),
    config("the wrong quotes", COUNT + "where = 'status = \"Open\"'\n", at(10, "metrics.mine.where"), "single quotes"),
    config("calculating with words", METRIC + 'aggregate = "avg"\nvalue = "status / 2"\n', at(10, "metrics.mine.value"), "only numbers"),
    config("labels where there are none", '[metrics.mine]\nsource = "moments"\naggregate = "count"\nwhere = "has_label(\'x\')"\n', at(10, "metrics.mine.where"), "no labels here"),
    config("a pattern of SQL", COUNT + "where = \"status like 'O%'\"\n", at(10, "metrics.mine.where"), "starts_with"),
    config("a coverage", COUNT + 'requires = ["evnt_types"]\n', at(10, "metrics.mine.requires"), "did you mean event_types?"),
    config("rows and an expression", COUNT + 'expr = "open_issues + 1"\n', "metrics.mine.source", "drop one of the two"),
    config("an operand", '[metrics.mine]\nexpr = "open_isues + 1"\n', at(8, "metrics.mine.expr, column 1"), "did you mean open_issues?"),
    config("two metrics made of each other", '[metrics.one]\nexpr = "two + 1"\n[metrics.two]\nexpr = "one + 1"\n', at(8, "metrics.one.expr"), "one → two → one"),
    config("a metric made of itself", '[metrics.mine]\nexpr = "mine + 1"\n', at(8, "metrics.mine.expr"), "made of itself"),
    config("a name with capitals", COUNT.replace("mine", "Mine"), at(7, "metrics.Mine"), "begins with a small letter"),
    config("a name without end", COUNT.replace("mine", "m" * 41), "at most 40 letters"),
    config("a key of a metric", COUNT + 'wehre = "done"\n', at(10, "metrics.mine.wehre"), "did you mean where?"),
    config("what no row means", COUNT + 'empty = "nothing"\n', at(10, "metrics.mine.empty"), '0 or "null"'),
    config("how much history there is", COUNT + 'history = "some"\n', at(10, "metrics.mine.history"), "full, none"),
    config("a word for true or false", COUNT + 'ageing = "yes"\n', at(10, "metrics.mine.ageing"), "true or false"),
    config("what never means", COUNT + 'never = "always"\n', at(10, "metrics.mine.never"), "account_age"),
    config("a unit that is a number", COUNT + "unit = 5\n", at(10, "metrics.mine.unit"), "text in quotes, not 5"),
)  # fmt: skip
SCORES = (
    config("a scorecard of nothing", CARD + "floor = 0.5\n", at(7, "scorecards.mine.measures"), "[[scorecards.mine.measures]]"),
    config("a curve of one point", MEASURE + "points = [[0, 0]]\n", at(11, "scorecards.mine.measures[0].points"), "2 to 50 points, not 1"),
    config("a curve that goes back", MEASURE + "points = [[1, 0], [0, 100]]\n", at(11, "scorecards.mine.measures[0].points[1]"), "0 follows 1"),
    config("two scores for one value", MEASURE + "points = [[1, 0], [1, 100]]\n", at(11, "scorecards.mine.measures[0].points[1]"), "1 follows 1"),
    config("a score above 100", MEASURE + "points = [[0, 0], [1, 120]]\n", at(11, "scorecards.mine.measures[0].points[1]"), "0 to 100, not 120"),
    config("a point that is no number", MEASURE + "points = [[0, 0], [nan, 100]]\n", at(11, "scorecards.mine.measures[0].points[1]"), "pairs of value and score"),
    config("a point of three numbers", MEASURE + "points = [[0, 0, 1], [1, 100]]\n", at(11, "scorecards.mine.measures[0].points[0]"), "pairs of value and score"),
    config("a curve in words", MEASURE + 'points = "steep"\n', at(11, "scorecards.mine.measures[0].points"), "pairs of value and score"),
    config("a measure without a curve", MEASURE, "scorecards.mine.measures[0].points"),
    config("no weight", CURVE.replace("weight = 1", "weight = 0"), at(10, "scorecards.mine.measures[0].weight"), "leave the measure out"),
    config("a weight in words", CURVE.replace("weight = 1", 'weight = "heavy"'), at(10, "scorecards.mine.measures[0].weight"), '"heavy"'),
    config("a measured metric", CURVE.replace("open_issues", "open_isues"), at(9, "scorecards.mine.measures[0].metric"), "did you mean open_issues?"),
    config("a measure twice", CURVE + CURVE.removeprefix(CARD), at(8, "scorecards.mine.measures"), "open_issues stands here twice"),
    config("a floor above one", CURVE.replace(CARD, CARD + "floor = 2\n"), at(8, "scorecards.mine.floor"), "0 to 1, not 2"),
    config("a cap without a condition", CAP + "at_most = 40\n", at(12, "scorecards.mine.caps[0].when"), "is missing"),
    config("a cap without a score", CAP + 'when = "open_p1 > 0"\n', at(12, "scorecards.mine.caps[0].at_most"), "is missing"),
    config("a cap above 100", CAP + 'when = "open_p1 > 0"\nat_most = 140\n', at(14, "scorecards.mine.caps[0].at_most"), "not 140"),
    config("a cap on a metric", CAP + 'when = "open_p2 > 0"\nat_most = 40\n', at(13, "scorecards.mine.caps[0].when"), "did you mean open_p1?"),
    config("a part of a whole", CARD + "of = { helth = 1 }\n", at(8, "scorecards.mine.of.helth"), "did you mean health?"),
    config("measures and parts at once", CURVE + "[scorecards.mine.of]\nhealth = 1\n", at(12, "scorecards.mine.of"), "not both"),
    config("a scorecard made of itself", CARD + "of = { mine = 1 }\n", at(8, "scorecards.mine.of.mine"), "made of itself"),
    config("amber above green", "[bands]\ngreen = 40\namber = 70\n", at(9, "bands.amber"), "less than 40"),
    config("green above 100", "[bands]\ngreen = 170\n", at(8, "bands.green"), "not 170"),
    config("a fourth band", "[bands]\nyellow = 50\n", at(8, "bands.yellow"), "unknown key"),
    config("a hysteresis below nothing", "[bands]\nhysteresis = -1\n", at(8, "bands.hysteresis"), "not -1"),
    config("no room for amber", "[bands]\nhysteresis = 40\n", at(8, "bands.hysteresis"), "no room for amber"),
    config("a segment of nobody", CURVE + '[segments.banks]\nscorecards = { health = "mine" }\n', at(12, "segments.banks.when"), "is missing"),
    config("a column of the segment", CURVE + BANKS.replace("industry", "indstry"), at(13, "segments.banks.when"), "did you mean industry?"),
    config("a scorecard of the segment", BANKS.replace("mine", "bank_health"), at(9, "segments.banks.scorecards.health"), '"bank_health"'),
    config("segments that overlap", CURVE + BANKS + BANKS.replace("banks", "more").replace("'\"", "' or type = 'Customer'\""), "segments.more.when", "banks"),
    config("a segment that nobody reaches", CURVE + BANKS + BANKS.replace("banks", "few").replace("'\"", "' and type = 'Customer'\""), "segments.few.when", "never reached"),
    config("a high that is out of reach", "[quadrant]\nhigh = 150\n", at(8, "quadrant.high"), "not 150"),
    config("a scorecard of an axis", '[[quadrant.able.measures]]\nscorecard = "helth"\nweight = 5\n', at(8, "quadrant.able.measures[0].scorecard"), "did you mean health?"),
    config("a fifth quadrant", '[accounts.columns]\ntier = "Tier__c"\n[quadrant]\ntier = "tier"\ntiers = { A = [1, 5] }\n', at(11, "quadrant.tiers.A"), "1, 2, 3 and 4"),
)  # fmt: skip
RULES = (
    config("a rule without a condition", SUBJECT.replace('when = "open_issues > 1"\n', ""), at(7, "rules.mine.when"), "is missing"),
    config("a rule without words", RULE, at(7, "rules.mine.subject"), "is missing"),
    config("a shipped rule under another name", "[rules.call_bck]\nenabled = false\n", at(7, "rules.call_bck.when"), "did you mean call_back?"),
    config("a kind of rule", SUBJECT.replace('"fix"', '"repair"'), at(8, "rules.mine.kind"), "fix, grow, govern"),
    config("a severity", SUBJECT + 'severity = "urgent"\n', at(11, "rules.mine.severity"), "high, normal, low"),
    config("a name with a hyphen", SUBJECT.replace("mine", "call-us"), at(7, "rules.call-us"), "small letters, digits and _ only"),
    config("a condition that is none", SUBJECT.replace(" > 1", ""), at(9, "rules.mine.when"), "this is a number"),
    config("a metric of the condition", SUBJECT.replace("open_issues", "open_isues"), at(9, "rules.mine.when"), "did you mean open_issues?"),
    config("a name in a text", RULE + 'subject = "Call {acount}"\n', at(10, "rules.mine.subject, column 7"), "did you mean account?"),
    config("a brace without its end", RULE + 'subject = "Call {account"\n', at(10, "rules.mine.subject, column 6"), "{name}"),
    config("a calculation in a text", RULE + 'subject = "Call {account.name}"\n', at(10, "rules.mine.subject"), "only the name of a column"),
    config("no words at all", RULE + 'subject = ""\n', at(10, "rules.mine.subject"), "is empty"),
    config("a subject of two lines", RULE + 'subject = "Call\\nthem"\n', at(10, "rules.mine.subject"), "one line"),
    config("a name in a translated text", RULE + 'subject.en = "Call"\nsubject.de = "Los, {acount}"\n', at(11, "rules.mine.subject.de, column 7"), "did you mean account?"),
    config("a language that is none", RULE + 'subject.en = "Call"\nsubject.german = "Los"\n', at(11, "rules.mine.subject.german"), "two small letters", "did you mean de?"),
    config("a text without English", RULE + 'subject.de = "Los"\n', at(10, "rules.mine.subject.en"), "the English text is missing"),
    config("a text and a table of it", RULE + 'subject = "Call"\nsubject.de = "Los"\n', "rapport.toml:11", "subject.en, subject.de"),
    config("a due date in words", SUBJECT + 'due = "soon"\n', at(11, "rules.mine.due"), '"1 business day"'),
    config("a due date as a number", SUBJECT + "due = 3\n", at(11, "rules.mine.due"), "text in quotes, not 3"),
    config("a cool-down in words", SUBJECT + 'cooldown = "often"\n', at(11, "rules.mine.cooldown"), '"14 days"'),
    config("whom to give it to", SUBJECT + 'assign = "somebody"\n', at(11, "rules.mine.assign"), "account_manager"),
    config("what becomes of a task", SUBJECT + 'on_clear = "explode"\n', at(11, "rules.mine.on_clear"), "complete, delete, leave"),
    config("a rule that waits for none", SUBJECT + 'after = ["call_bck"]\n', at(11, "rules.mine.after"), "did you mean call_back?"),
    config("a rule that waits for itself", SUBJECT + 'after = ["mine"]\n', at(11, "rules.mine.after"), "itself"),
    config("a switch in words", SUBJECT + 'enabled = "no"\n', at(11, "rules.mine.enabled"), "true or false"),
    config("a tested rule", '[[tests]]\nrule = "call_bck"\ngiven = {}\nexpect = "fires"\n', at(8, "tests[0].rule"), "did you mean call_back?"),
    config("an expectation", '[[tests]]\nrule = "call_back"\ngiven = {}\nexpect = "burns"\n', at(10, "tests[0].expect"), "fires, silent, unknown"),
    config("no expectation", '[[tests]]\nrule = "call_back"\ngiven = {}\n', at(7, "tests[0].expect"), "is missing"),
    config("a given metric", '[[tests]]\nrule = "call_back"\ngiven = { unansered_comments = 1 }\nexpect = "fires"\n', at(9, "tests[0].given.unansered_comments"), "did you mean unanswered_comments?"),
    config("a given word", '[[tests]]\nrule = "call_back"\ngiven = { unanswered_comments = "two" }\nexpect = "fires"\n', at(9, "tests[0].given.unanswered_comments"), "this is a number"),
)  # fmt: skip
SECTIONS = (
    config("a setting for figures about people", '[privacy]\npeople_analytics = "all"\n', at(8, "privacy.people_analytics"), "off, team, named"),
    config("how long to keep", '[privacy]\nretention = "soon"\n', at(8, "privacy.retention"), '"14 days"'),
    config("weeks before the first", "[history]\nbackfill_weeks = -1\n", at(8, "history.backfill_weeks"), "at least 0"),
    config("weeks without end", "[history]\nbackfill_weeks = 10000\n", at(8, "history.backfill_weeks"), "at most 104"),
    config("a capacity below nothing", "[people]\ncapacity = -5\n", at(8, "people.capacity"), "more than 0"),
    config("one role for a list of roles", '[people]\nrequired_roles = "Sponsor"\n', at(8, "people.required_roles"), "expected a list", '["Decision Maker"'),
    config("where renewals stand", '[renewals]\nsource = "calendar"\n', at(8, "renewals.source"), "contract, opportunity, field"),
    config("renewals in a field without a name", '[renewals]\nsource = "field"\n', at(8, "renewals.source"), "field = "),
    config("a year before without a year", '[growth]\nrevenue_prior_12m = "X__c"\n', at(8, "growth.revenue_prior_12m"), "revenue_12m, which is missing"),
    config("a field of plans", '[salesforce.plans.fields]\nNmae = "X__c"\n', at(8, "salesforce.plans.fields.Nmae"), "did you mean Name?"),
    config("a field of surveys", '[salesforce.surveys.fields]\nScore = "X__c"\n', at(8, "salesforce.surveys.fields.Score"), "Rating"),
    config("an object with a blank", '[salesforce.plans]\nobject = "Plan c"\n', at(8, "salesforce.plans.object"), '"Plan c"'),
    config("an entry that Rapport does not read", '[salesforce.fields]\nRapport_Puls__c = "X__c"\n', at(8, "salesforce.fields.Rapport_Puls__c"), "did you mean Rapport_Pulse__c?"),
    config("a field of Jira", '[jira.fields]\ncases = "X"\n', at(8, "jira.fields.cases"), "did you mean case?"),
    config("no reading side by side", "[pull]\nparallel = 0\n", at(8, "pull.parallel"), "at least 1"),
    config("more side by side than an org allows", "[pull]\nparallel = 99\n", at(8, "pull.parallel"), "at most 8"),
    config("a column of groups", '[accounts]\ngroup = "nmae = 1"\n', at(8, "accounts.group, column 1"), "did you mean name?"),
)  # fmt: skip
FILES = (
    Row("a config in another encoding", ("rapport.toml:7", "UTF-8"), whole=BASE.encode() + b"# \xe9\n"),
    Row("a config in UTF-16", ("rapport.toml:1", "UTF-8"), whole=BASE.encode("utf-16")),
    Row("a config with a zero byte", ("rapport.toml:7", "this is no TOML"), whole=BASE.encode() + b"\0"),
    Row("a config with the line ends of old", ("rapport.toml:1", "this is no TOML"), whole=BASE.replace("\n", "\r").encode()),
    config("a file of links that is not there", '[identity]\nmap_file = "map.csv"\n', at(8, "identity.map_file"), '"map.csv"'),
    links("an empty file of links", b"", "map.csv:1", "kind,value,account"),
    links("links without a head", b"a,b,c\n", "map.csv:1", "kind,value,account"),
    links("a kind of link", b"kind,value,account\nprojct,ACME,Acme\n", "map.csv:2", "did you mean project?"),
    links("a link to nobody", b"kind,value,account\nproject,ACME,\n", "map.csv:2", "three cells that are not empty"),
    links("a link with too many cells", b"kind,value,account\nproject,ACME,A,B,C\n", "map.csv:2", "three cells"),
    links("one value for two accounts", b"kind,value,account\nproject,ACME,A\nproject,ACME,B\n", "map.csv:3", "keep one of the two"),
    links("links in another encoding", b"kind,value,account\nproject,\xff,A\n", "map.csv", "UTF-8"),
    links("a quote that swallows the file", b'kind,value,account\nproject,"ACME,A\n', "map.csv:2", "no CSV"),
    config("certificates that are not there", '[http]\nca_file = "none.pem"\n', at(8, "http.ca_file"), '"none.pem"', "No such file"),
    Row("certificates that are none", (at(8, "http.ca_file"), "no certificate", "PEM"), '[http]\nca_file = "some.pem"\n', files={"some.pem": b"text"}),
    Row("a store that is a file", (at(8, "store.path"), '"notes"', "name a folder"), '[store]\npath = "notes"\n', files={"notes": b"x"}),
    Row("a store within a file", (at(8, "store.path"), '"notes"', "name a folder"), '[store]\npath = "notes/data"\n', files={"notes": b"x"}),
    Row("no secret", ("salesforce.access_token", "RAPPORT_SALESFORCE__ACCESS_TOKEN", "access_token_file"), arguments=("pull",)),
    Row("a secret's file that is not there", (at(4, "salesforce.access_token_file"), '"token"', "cannot be read"), arguments=("pull",),
        whole=BASE.replace("[jira]", 'access_token_file = "token"\n[jira]').encode()),
    Row("a secret that is empty", (at(4, "salesforce.access_token_file"), "the secret is empty"), arguments=("pull",), files={"token": b"\n"},
        whole=BASE.replace("[jira]", 'access_token_file = "token"\n[jira]').encode()),
)  # fmt: skip
PLAN = {"as_of": "x", "digest": "y", "seal": "z", "changes": 5}
PLANS = (
    use(
        "a plan that is not there", "apply none.json", "none.json cannot be read", "`rapport plan --out FILE`"
    ),
    use("a folder for a plan", "apply .", "Is a directory", "`rapport plan --out FILE`"),
    plan_file("an empty plan", b"", "not a plan that Rapport wrote", "truncated"),
    plan_file("a plan that is no JSON", b"hello", "not a plan that Rapport wrote", "malformed"),
    plan_file("a plan that breaks off", b'{"as_of": "2026', "not a plan that Rapport wrote", "truncated"),
    plan_file("a list for a plan", b"[]", "not a plan that Rapport wrote", "got `array`"),
    plan_file("lists without end", b"[" * 100_000, "not a plan that Rapport wrote"),
    plan_file("a plan without anything", b"{}", "not a plan that Rapport wrote", "missing", "`as_of`"),
    plan_file(
        "a plan of another shape", json.dumps(PLAN).encode(), "not a plan that Rapport wrote", "$.as_of"
    ),
)
USAGE = (
    use("a command", "metrix", "No such command 'metrix'", "'metrics'", "rapport --help"),
    use("an option", "metrics --formt json", "No such option: --formt", "--format"),
    use("a format", "metrics --format xml", "Invalid value for '--format': 'xml' is not one of", "'json'", "--help"),
    use("a list", "lists xyz", 'no list "xyz"', "fix-first, plan-gap, whitespace"),
    use("no list", "lists", "Missing argument 'NAME'"),
    use("scores by whom", "scores --by nobody", "'nobody' is not one of 'manager'"),
    use("figures about people without leave", "scores --by manager", "Figures about employees are off", "people_analytics"),
    use("an option with too much", "plan --detailed-exitcode=maybe", "does not take a value"),
    use("a word too many", "validate extra", "unexpected extra argument", "extra"),
    use("a wait below nothing", "metrics --wait -1", "--wait", "greater than or equal to 0"),
    use("a wait in words", "metrics --wait soon", "--wait", "valid number"),
    use("no account", "explain", "Missing argument 'ACCOUNT'", "--help"),
    use("two accounts", "explain Acme Borealis", "unexpected extra argument", "Borealis"),
    use("another time for a pull", "pull --as-of 2026-01-01", "rapport pull has no --as-of", "plan --as-of"),
    use("an option without its value", "metrics --as-of", "'--as-of' requires an argument"),
    use("a file for links that nobody suggests", "links --out map.csv", "--out goes with --suggest"),
    use("an empty store", "metrics", "no data yet", "rapport pull first"),
    use("an empty store for a state", "status", "no store", "`rapport pull` first"),
    use("no dataset", "simulate", "Missing option '--data'"),
    use("a dataset that is not there", "simulate --data nowhere", "no dataset folder nowhere", "issues.jsonl"),
    use("a dataset that is none", "simulate --data .", "neither a folder salesforce nor a folder jira"),
    use("a port beyond the last", "simulate --data . --port 70000", "--port", "65534"),
    use("a rate above one", "simulate --data . --faults rate=2", "rate=2", "from 0 to 1"),
    use("a kind of fault", "simulate --data . --faults kinds=fire", "'fire'", "429+503"),
    use("a fault in words", "simulate --data . --faults often", "'often'", "seed=INT,rate=0..1,kinds=a+b"),
    use("a seed in words", "simulate --data . --faults seed=x", "seed=x", "whole number"),
    use("a clock in words", "simulate --data . --now yesterday", '"yesterday" is no ISO-8601 time', "2026-11-22T09:00:00Z"),
    use("an answer before the question", "simulate --data . --latency-ms -5", "--latency-ms", "greater than or equal to 0"),
    use("a broken line of a dataset", "simulate --data .", "Task.jsonl:1", code=3, **{"salesforce/Task__jsonl": b"{half\n"}),
    use("a broken issue of a dataset", "simulate --data .", "issues.jsonl:1", code=3, **{"jira/issues__jsonl": b"[]\n"}),
    use("a folder that is not empty for the demo", "demo --keep .", "is not empty", "name a new folder"),
)  # fmt: skip
ROWS = (*METRICS, *SCORES, *RULES, *SECTIONS, *FILES, *PLANS, *USAGE)


@pytest.mark.parametrize("row", ROWS, ids=[row.kind.replace(" ", "-") for row in ROWS])
def test_a_mistake_is_told_and_nothing_is_done(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rapport.toml").write_bytes(row.whole or (BASE + row.config).encode())
    for name, body in row.files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
        path.chmod(0o600)
    before = contents(tmp_path)
    told = rapport("--config", "rapport.toml", *row.arguments, env=row.env)
    assert told.code == row.code, told.err
    assert [words for words in row.words if words not in told.err] == [], told.err
    assert contents(tmp_path) == before


def contents(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


def test_every_row_is_a_kind_of_its_own():
    assert len({row.kind for row in ROWS}) == len(ROWS) >= 170
