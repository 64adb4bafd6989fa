"""Writes `docs/rapport.schema.json`, by which editors complete and check `rapport.toml`.

`python -m sync.config_schema` renews it. It is derived from the models of the config and the types of the
catalogue; what only Rapport itself can check (conditions, names of metrics) is text here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from rules.catalogue_models import Aggregate, History, Never
from rules.sources import COVERAGE, SOURCES
from rules.tasks import OnClear, RuleKind, RulePer, RuleState, Severity
from sync.config_faults import plain_value
from sync.config_layers import kind_of
from sync.config_models import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

PATH = Path(__file__).resolve().parent.parent / "docs" / "rapport.schema.json"

Node = dict[str, Any]


def schema() -> Node:
    whole = Settings.model_json_schema()
    definitions = {model.__name__: _section(model, whole["$defs"]) for model in _models(Settings)}
    sections = {key: _tidy(node) for key, node in whole["properties"].items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "rapport.toml",
        "description": "Configuration of Rapport",
        "type": "object",
        "additionalProperties": False,
        "required": whole["required"],
        "properties": {**sections, **_catalogue(sections)},
        "$defs": definitions,
    }


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for info in model.model_fields.values():
        inner = kind_of(info.annotation)[1]
        if inner is not None:
            yield inner
            yield from _models(inner)


def _section(model: type[BaseModel], definitions: Mapping[str, Node]) -> Node:
    node = {key: value for key, value in definitions[model.__name__].items() if key != "title"}
    keys = {}
    for name, info in model.model_fields.items():
        kind, _ = kind_of(info.annotation)
        if kind == "secret" and f"{name}_file" in model.model_fields:
            continue  # such a secret may not stand in the file
        keys[name] = _tidy(node["properties"][name])
        default = info.get_default(call_default_factory=True, validated_data={})
        if kind != "section" and not info.is_required() and default is not None:
            keys[name]["default"] = plain_value(default)
    return {**node, "properties": keys}


def _tidy(node: Node) -> Node:
    """Leave out what pydantic adds for Python's sake: titles, null, and the marks of a secret."""
    options = [option for option in node.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        node = {**options[0], **{key: value for key, value in node.items() if key != "anyOf"}}
    return {
        key: value
        for key, value in node.items()
        if key not in {"title", "default", "writeOnly"} and (key, value) != ("format", "password")
    }


def _catalogue(sections: dict[str, Node]) -> dict[str, Node]:
    line: Node = {"type": "string"}
    text: Node = {
        "description": "English, or a table of texts by language: subject.en, subject.de",
        "anyOf": [
            line,
            {"type": "object", "additionalProperties": False, "patternProperties": {"^[a-z]{2}$": line}},
        ],
    }
    number: Node = {"type": "number"}
    condition: Node = {"type": "string", "description": "A condition, as in SQL"}
    pair: Node = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    metric = _table(
        label=text,
        help=line,
        unit=line,
        source={"enum": sorted(SOURCES)},
        where=condition,
        value={"type": "string", "description": "What is aggregated, as in SQL"},
        order={"type": "string", "description": "By which column `latest` is the latest"},
        aggregate=_one_of(Aggregate),
        quantile={"type": "number", "minimum": 0, "maximum": 1},
        expr={"type": "string", "description": "A calculation over other metrics, as in SQL"},
        empty={"const": 0},
        never=_one_of(Never),
        requires={"type": "array", "items": {"enum": sorted(COVERAGE)}},
        history=_one_of(History),
        ageing={"type": "boolean"},
        fresh_by={"type": "string", "description": "The metric that tells how many days old this one is"},
        fresh_days={"type": "integer", "minimum": 1},
        whatif={
            "type": ["string", "boolean"],
            "description": "What to do about it, or false where nobody can move it",
        },
    )
    measure = _table(
        metric=line, weight=number, points={"type": "array", "items": pair, "minItems": 1}, label=line
    )
    cap = _table(name=line, when=condition, at_most={"type": "number", "minimum": 0, "maximum": 100})
    scorecard = _table(
        label=text,
        floor={"type": "number", "minimum": 0, "maximum": 1},
        measures={"type": "array", "items": measure},
        caps={"type": "array", "items": cap},
        of={"type": "object", "additionalProperties": number},
    )
    segment = _table(when=condition, scorecards={"type": "object", "additionalProperties": line})
    part = _table(metric=line, scorecard=line, weight=number, points={"type": "array", "items": pair})
    axis = _table(
        label=line,
        floor={"type": "number", "minimum": 0, "maximum": 1},
        measures={"type": "array", "items": part},
    )
    rule = _table(
        when=condition,
        kind=_one_of(RuleKind),
        severity=_one_of(Severity),
        subject=text,
        description=text,
        due={"type": "string", "examples": ["1 business day", "3 days"]},
        assign={"enum": ["account_manager"]},
        cooldown={"type": "string", "examples": ["14 days"]},
        on_clear=_one_of(OnClear),
        after={"type": "array", "items": line},
        per=_one_of(RulePer),
        enabled={"type": "boolean"},
    )
    test = _table(rule=line, given={"type": "object"}, expect=_one_of(RuleState))
    score: Node = {"type": "number", "minimum": 0, "maximum": 100}
    nodes = {
        "bands": _table(green=score, amber=score, hysteresis=score),
        "metrics": _named(metric),
        "scorecards": _named(scorecard),
        "segments": _named(segment),
        "quadrant": _table(
            label=text,
            help=line,
            high=score,
            attractive=axis,
            able=axis,
            tier={"type": "string", "description": "The account column that holds the tier"},
            tiers={
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"enum": [1, 2, 3, 4]}},
            },
        ),
        "rules": _named(rule),
        "tests": {"type": "array", "items": test},
    }
    return {name: {"description": sections[name]["description"], **node} for name, node in nodes.items()}


def _table(**properties: Node) -> Node:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _named(node: Node) -> Node:
    return {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {"^[a-z][a-z0-9_]*$": node},
    }


def _one_of(choice: Any) -> Node:
    return {"enum": list(get_args(choice))}


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
