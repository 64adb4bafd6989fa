"""Turns a JQL tree into a test of one issue and an order of many, checked against a site's own values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Protocol

from simulator import jira_time
from simulator.jql import AllOf, Clause, Empty, Function, JqlError, Not, Value
from simulator.jql_dates import DateReader
from simulator.jql_fields import OPERATORS, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from simulator.jira_switches import JiraSwitches
    from simulator.jql import Condition, FieldName, Operand, Order, Query
    from simulator.jql_fields import SearchField

    Issue = Mapping[str, Any]
    Test = Callable[[Issue], bool]


class Names(Protocol):
    """What a site's names mean, and which of its values exist."""

    @property
    def zone(self) -> tzinfo: ...
    @property
    def account_id(self) -> str: ...
    def search_fields(self, name: FieldName) -> list[SearchField]: ...
    def knows(self, field_id: str, token: str) -> bool: ...
    def rank(self, token: str) -> int | None: ...
    def issue_id(self, reference: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Search:
    matches: Test
    orders: tuple[tuple[Callable[[Issue], Any], bool], ...]

    def arrange(self, issues: list[Any]) -> list[Any]:
        """Sorts in place, the last field first: Python's sort keeps what is equal as it was."""
        for sort_key, descending in reversed(self.orders):
            issues.sort(key=sort_key, reverse=descending)
        return issues


def compile_query(query: Query, names: Names, *, now: datetime, switches: JiraSwitches) -> Search:
    """Raises JqlError with every fault of the query at once, as Jira does."""
    compiler = _Compiler(names, DateReader(now, names.zone, switches.epoch_dates), switches)
    matches = compiler.condition(query.where, negated=False) if query.where else _always
    orders = tuple(compiler.order(order) for order in query.order)
    if compiler.faults:
        raise JqlError(*dict.fromkeys(compiler.faults))
    return Search(matches, orders)


_OPPOSITE = {"=": "!=", "in": "not in", "~": "!~", "is": "is not", "<": ">=", ">": "<="}
_OPPOSITE |= {opposite: operator for operator, opposite in _OPPOSITE.items()}
_NEGATIVE = frozenset({"!=", "not in", "!~", "is not"})
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_CATEGORY_NAMES = {"new": "to do", "indeterminate": "in progress", "done": "done", "undefined": "no category"}
_CATEGORY_TOKENS = frozenset([*_CATEGORY_NAMES, *_CATEGORY_NAMES.values(), "1", "2", "3", "4"])
_TOKEN_KEYS = ("id", "key", "name", "untranslatedName", "value")
_USER_KEYS = ("accountId", "name", "key", "emailAddress", "displayName")


def tokens(value: object) -> frozenset[str]:
    """The texts by which JQL may call a value: its id, key and names, casefolded."""
    if not isinstance(value, dict):
        return frozenset({str(value).casefold()})
    keys = _USER_KEYS if "accountId" in value or "displayName" in value else _TOKEN_KEYS
    found = {str(value[key]).casefold() for key in keys if value.get(key) is not None}
    child = value.get("child")
    return frozenset(found | tokens(child)) if child else frozenset(found)


def _category_tokens(value: object) -> frozenset[str]:
    # The names are localised; JQL takes the English ones on every site.
    key = str(value.get("key")) if isinstance(value, dict) else ""
    return tokens(value) | {_CATEGORY_NAMES.get(key, key)}


def _always(_issue: Issue) -> bool:
    return True


def _never(_issue: Issue) -> bool:
    return False


@dataclass(slots=True)
class _Compiler:
    names: Names
    dates: DateReader
    switches: JiraSwitches
    faults: list[str] = field(default_factory=list)

    def condition(self, node: Condition, *, negated: bool) -> Test:
        """NOT goes down to the clauses, as in Jira: `NOT a = 1` does not find issues without an `a`."""
        if isinstance(node, Clause):
            return self._clause(node, _OPPOSITE[node.operator] if negated else node.operator)
        if isinstance(node, Not):
            return self.condition(node.part, negated=not negated)
        tests = [self.condition(part, negated=negated) for part in node.parts]
        return _all(tests) if isinstance(node, AllOf) != negated else _any(tests)

    def order(self, order: Order) -> tuple[Callable[[Issue], Any], bool]:
        found = self._fields(order.field)
        if found and found[0].kind == "text":
            self.faults.append(f"Not able to sort using field '{order.field.text}'.")
        elif found:
            return self._sort_key(found[0]), order.descending
        return (lambda _issue: 0), order.descending

    def _fields(self, name: FieldName) -> list[SearchField]:
        found = self.names.search_fields(name)
        if not found:
            self.faults.append(
                f"Field '{name.text}' does not exist or you do not have permission to view it."
            )
        return found

    def _clause(self, clause: Clause, operator: str) -> Test:
        try:
            # A name that several fields bear means all of them.
            tests = [
                self._test(field, clause.field.text, operator, clause.operands)
                for field in self._fields(clause.field)
            ]
        except JqlError as error:
            self.faults.extend(error.messages)
            return _never
        return _all(tests) if operator in _NEGATIVE else _any(tests)

    def _test(self, field: SearchField, name: str, operator: str, operands: Sequence[Operand]) -> Test:
        if operator not in OPERATORS[field.kind]:
            raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")
        read = field.read
        given = [each for each in operands if not isinstance(each, Empty) and not _is_unresolved(field, each)]
        with_empty = len(given) < len(operands)
        if operator in ("is", "is not"):
            wanted = operator == "is not"
            return lambda issue: bool(read(issue)) is wanted
        if with_empty and operator not in ("=", "!=", "in", "not in"):
            raise JqlError(
                f"The operator '{operator}' does not support searching for empty values "
                f"on the '{name}' field."
            )
        hit = self._hit(field, name, operator, given)
        if operator in _NEGATIVE:
            return lambda issue: bool(values := read(issue)) and not hit(values)
        if with_empty:
            return lambda issue: not (values := read(issue)) or hit(values)
        return lambda issue: hit(read(issue))

    def _hit(
        self, field: SearchField, name: str, operator: str, given: Sequence[Value | Function]
    ) -> Callable[[list[Any]], bool]:
        """Whether one of an issue's values of the field is meant, for the positive form of the operator."""
        if field.kind in ("text", "phrase"):
            found = [_phrase(self._plain(each, name)) for each in given]
            return lambda values: any(test(plain_text(value)) for value in values for test in found)
        if operator in _COMPARISONS or field.kind in ("moment", "day", "number"):
            return self._scale_hit(field, name, operator, given)
        if field.kind == "key":
            ids = {self._issue_id(each, name) for each in given}
            return lambda values: any(str(value) in ids for value in values)
        wanted = frozenset(self._token(field, each, name) for each in given)
        read_tokens = _category_tokens if field.kind == "category" else tokens
        return lambda values: any(not wanted.isdisjoint(read_tokens(value)) for value in values)

    def _scale_hit(
        self, field: SearchField, name: str, operator: str, given: Sequence[Value | Function]
    ) -> Callable[[list[Any]], bool]:
        place = self._place_of(field)
        points = [self._point(field, each, name) for each in given]
        compare = _COMPARISONS.get(operator)
        if compare is None:
            return lambda values: any(place(value) in points for value in values)
        point = points[0]
        return lambda values: any((at := place(value)) is not None and compare(at, point) for value in values)

    def _place_of(self, field: SearchField) -> Callable[[Any], Any]:
        """Where a value of the field stands on the scale that `<` and ORDER BY use."""
        if field.kind == "moment":
            return jira_time.instant
        if field.kind == "day":
            return jira_time.day
        if field.kind == "number":
            return _number
        if field.kind == "rank":
            return self._rank_of
        if field.kind == "key":
            return lambda value: int(value) if str(value).isdecimal() else None
        return _sort_text

    def _point(self, field: SearchField, operand: Value | Function, name: str) -> Any:
        if field.kind in ("moment", "day"):
            at = self.dates.read(operand, name)
            return jira_time.milliseconds(at) if field.kind == "moment" else at.toordinal()
        if field.kind == "number":
            number = _number(self._plain(operand, name))
            if number is None:
                raise JqlError(
                    f"The value '{self._plain(operand, name)}' for field '{name}' is not a valid number."
                )
            return number
        if field.kind == "rank":
            return self._rank_of(self._token(field, operand, name))
        return int(self._issue_id(operand, name) or 0)

    def _rank_of(self, value: object) -> int | None:
        ranks = [rank for token in tokens(value) if (rank := self.names.rank(token)) is not None]
        return -ranks[0] if ranks else None

    def _plain(self, operand: Value | Function, name: str) -> str:
        if isinstance(operand, Value):
            return operand.text
        if operand.name.casefold() in ("currentuser", "now", "startofday", "endofday"):
            raise JqlError(f"The function '{operand.name}' is not valid for the field '{name}'.")
        raise JqlError(f"Unable to find JQL function '{operand.name}({', '.join(operand.arguments)})'.")

    def _token(self, field: SearchField, operand: Value | Function, name: str) -> str:
        if (
            isinstance(operand, Function)
            and field.kind == "user"
            and operand.name.casefold() == "currentuser"
        ):
            return self.names.account_id.casefold()
        text = self._plain(operand, name)
        token = text.casefold()
        known = token in _CATEGORY_TOKENS if field.kind == "category" else self.names.knows(field.id, token)
        if not known and self.switches.refuse_unknown_values:
            if isinstance(operand, Value) and operand.number:
                raise JqlError(f"A value with ID '{text}' does not exist for the field '{name}'.")
            raise JqlError(f"The value '{text}' does not exist for the field '{name}'.")
        return token

    def _issue_id(self, operand: Value | Function, name: str) -> str | None:
        text = self._plain(operand, name)
        found = self.names.issue_id(text)
        if found is None and self.switches.refuse_unknown_values:
            if text.isdecimal():
                raise JqlError(f"An issue with ID '{text}' does not exist for field '{name}'.")
            raise JqlError(f"An issue with key '{text}' does not exist for field '{name}'.")
        return found

    def _sort_key(self, field: SearchField) -> Callable[[Issue], Any]:
        """Issues without a value come last, and first when descending."""
        if field.id == "issuekey":
            return lambda issue: _key_parts(str(issue.get("key", "")))
        place, read = self._place_of(field), field.read

        def sort_key(issue: Issue) -> tuple[bool, Any]:
            places = [at for value in read(issue) if (at := place(value)) is not None]
            return (False, places[0]) if places else (True, 0)

        return sort_key


def _is_unresolved(field: SearchField, operand: Value | Function) -> bool:
    """`resolution = Unresolved` is how people write that there is none."""
    return field.id == "resolution" and isinstance(operand, Value) and operand.text.casefold() == "unresolved"


def _all(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda issue: all(test(issue) for test in tests)


def _any(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda issue: any(test(issue) for test in tests)


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _sort_text(value: object) -> str:
    if isinstance(value, dict):
        value = next((value[key] for key in ("key", "name", "value", "displayName") if value.get(key)), "")
    return str(value).casefold()


def _key_parts(key: str) -> tuple[str, int]:
    project, _, number = key.rpartition("-")
    return (project, int(number)) if number.isdecimal() else (key, 0)


def _phrase(text: str) -> Callable[[str], bool]:
    """`~`: every word must occur, `wor*` as a beginning; in inner quotes the words stand together."""
    inner = text.strip()
    if len(inner) > 2 and inner[0] == inner[-1] == '"':
        phrase = r"\W+".join(map(re.escape, re.findall(r"\w+", inner)))
        pattern = re.compile(rf"\b{phrase}\b", re.IGNORECASE)
        return lambda found: pattern.search(found) is not None
    words = [
        re.compile(rf"\b{re.escape(word)}{'' if star else chr(92) + 'b'}", re.IGNORECASE)
        for word, star in re.findall(r"(\w+)(\*?)", inner)
    ]
    return lambda found: bool(words) and all(word.search(found) for word in words)
