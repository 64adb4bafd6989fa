"""Models, the `.sql` files behind the sources, checked against one common list and emitted for each engine.

They are written in DuckDB's SQL. What the engines do differently is refused, or written as a function of
`rules.functions`, whose form per engine is tested:

    DuckDB                                  Spark                                    in a model
    date_diff('day', a, b)   midnights      elapsed 24 hours                         days_between(a, b)
    a - b on times           an interval    an interval of another kind              seconds_between(a, b)
    percentile_cont … group  exact          an approximation                         percentile(x, p)
    concat(a, null)          a              NULL                                     concat(a, b): a
    cast(2.7 as bigint)      3              2                                        floor(x), half_even(x)
    a / 0                    infinity       an error                                 a / b: NULL
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from rules.expression_tokens import FUNCTION_PREFIX
from rules.expression_types import function_name, leaves_first
from rules.functions import MODEL_FUNCTIONS, SCALARS

if TYPE_CHECKING:
    from rules.expression_types import Node
    from rules.functions import Engine

FUNCTIONS = {name: form for name, form in (SCALARS | MODEL_FUNCTIONS).items() if name != "has_label"}

_QUERY = (exp.Select, exp.With, exp.CTE, exp.Subquery, exp.Union, exp.Intersect, exp.Except, exp.Exists)
_PARTS = (
    exp.From,
    exp.Join,
    exp.Where,
    exp.Group,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Distinct,
)
_NAMES = (exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star)
_VALUES = (exp.Literal, exp.Null, exp.Boolean, exp.Interval, exp.Var, exp.Values, exp.Tuple, exp.Placeholder)
_LOGIC = (exp.And, exp.Or, exp.Not, exp.Paren, exp.Case, exp.If, exp.Is, exp.In, exp.Between)
_SIGNS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.DPipe)
_CASTS = (exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam)
_AGGREGATES = (exp.Count, exp.Sum, exp.Min, exp.Max, exp.Filter)
_WINDOWS = (exp.Window, exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead)
COMMON = (
    *_QUERY,
    *_PARTS,
    *_NAMES,
    *_VALUES,
    *_LOGIC,
    *_SIGNS,
    *_ARITHMETIC,
    *_CASTS,
    *_AGGREGATES,
    *_WINDOWS,
    exp.Anonymous,
)
# Whatever else may be set on these nodes is another construct: QUALIFY, DISTINCT ON, ASOF, SAMPLE, ROLLUP ...
_ALLOWED_ARGUMENTS: dict[type[Node], set[str]] = {
    exp.Select: {
        "with_",
        "expressions",
        "distinct",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "order",
        "limit",
    },
    exp.With: {"expressions"},
    exp.CTE: {"this", "alias"},
    exp.Union: {"this", "expression", "distinct", "with_", "order", "limit"},
    exp.Distinct: {"expressions"},
    exp.Group: {"expressions"},
    exp.Join: {"this", "side", "kind", "on", "using"},
    exp.Table: {"this", "alias", "joins"},
    exp.Star: set(),
    exp.Filter: {"this", "expression"},
}
_INTEGERS = {"TINYINT", "SMALLINT", "INT", "BIGINT"}
_TYPES = _INTEGERS | {"BOOLEAN", "DOUBLE", "DECIMAL", "VARCHAR", "TEXT", "DATE", "TIMESTAMPNTZ"}
_UNITS = {"DAY", "HOUR", "MINUTE", "SECOND"}
_WHOLE = {"floor", "half_even", "length", "days_between", "seconds_between"}


class ModelError(Exception):
    """A model that is not the same on every engine, or cannot be read at all."""


@lru_cache(maxsize=256)  # a process that measures again and again reads each model once
def compile_model(sql: str, engine: Engine) -> str:
    """One query of the common list as SQL of `engine`, every name quoted, without comments."""
    tree = _parsed(sql)
    for node in tree.walk():
        _check(node)
    # Copies of the order, because rewriting a node replaces it in the tree.
    for node in leaves_first(tree):
        text = _rewritten(node, engine)
        if text is not None:
            node.replace(exp.Var(this=text))
    return _emitted(tree, engine)


def _parsed(sql: str) -> Node:
    dialect = sqlglot.Dialect.get_or_raise("duckdb")
    try:
        words = dialect.tokenize(sql)
        double_colon = next((word for word in words if word.token_type == TokenType.DCOLON), None)
        if double_colon is not None:
            raise ModelError(f"line {double_colon.line}: write cast(x as type), not ::")
        trees = dialect.parser().parse([_own(words, at) for at in range(len(words))], sql)
    except (SqlglotError, RecursionError) as error:
        raise ModelError(f"this model cannot be read: {_first_line(error)}") from None
    if len(trees) != 1 or not isinstance(trees[0], (exp.Select, exp.Union, exp.Intersect, exp.Except)):
        raise ModelError("a model is one query")
    return trees[0]


def _own(words: list[Token], at: int) -> Token:
    """A call of one of our functions under a name unknown to SQLGlot, so that it stays a plain call."""
    word = words[at]
    called = at + 1 < len(words) and words[at + 1].token_type == TokenType.L_PAREN
    after_dot = at > 0 and words[at - 1].token_type == TokenType.DOT
    if not called or after_dot or word.text.lower() not in FUNCTIONS or word.token_type == TokenType.STRING:
        return word
    name = FUNCTION_PREFIX + word.text.lower()
    return Token(TokenType.VAR, name, word.line, word.col, word.start, word.end, [])


def _check(node: Node) -> None:
    if not isinstance(node, COMMON):
        _refuse(node, "is not in the common list of both engines")
    allowed = _ALLOWED_ARGUMENTS.get(type(node))
    if allowed is not None:
        extra = [key for key, value in node.args.items() if value and key not in allowed]
        if extra:
            _refuse(node, f"has something that is not in the common list ({', '.join(extra)})")
    match node:
        case exp.Anonymous():
            _check_call(node)
        case exp.Join():
            if node.kind not in {"", "INNER", "OUTER", "CROSS"} or node.side not in {"", "LEFT", "FULL"}:
                _refuse(node, "is a join that is not in the common list")
        case exp.Table():
            if not isinstance(node.this, exp.Identifier) or not re.fullmatch(r"\w+", node.name):
                _refuse(node, "is not the plain name of a table")
        case exp.Cast() | exp.TryCast():
            _check_cast(node)
        case exp.Interval():
            if not isinstance(node.this, exp.Literal) or str(node.args.get("unit")).upper() not in _UNITS:
                _refuse(node, "is not an interval of a fixed number of days, hours, minutes or seconds")
        case exp.Filter():
            if isinstance(node.this, exp.Anonymous) and function_name(node.this) != "percentile":
                _refuse(node, "cannot filter this function; put a case inside it")


def _check_call(node: exp.Anonymous) -> None:
    name = function_name(node)
    if name not in FUNCTIONS or not str(node.this).startswith(FUNCTION_PREFIX):
        _refuse(node, "calls a function without a tested form on each engine")
    if not FUNCTIONS[name].takes(len(node.expressions)):
        _refuse(node, f"is used like this: {FUNCTIONS[name].usage}")


def _check_cast(node: exp.Cast | exp.TryCast) -> None:
    wanted = node.to.this.name if isinstance(node.to.this, exp.DType) else str(node.to.this)
    if wanted not in _TYPES:
        _refuse(node, f"casts to {wanted}, a type that is not in the common list")
    inner = node.this
    nothing = isinstance(inner, exp.Null)
    if wanted in _INTEGERS and not nothing and not _is_whole(inner):
        _refuse(node, "would be rounded by DuckDB and cut by Spark; use floor(x) or half_even(x)")
    whole_cast = isinstance(inner, exp.Cast) and str(inner.to.this.name) in _INTEGERS
    if wanted in {"VARCHAR", "TEXT"} and not nothing and not whole_cast:
        _refuse(node, "is text that each engine writes its own way; only whole numbers are cast to text")


def _is_whole(node: Node) -> bool:
    if isinstance(node, exp.Literal):
        return node.is_int
    return isinstance(node, exp.Count) or (isinstance(node, exp.Anonymous) and function_name(node) in _WHOLE)


def _rewritten(node: Node, engine: Engine) -> str | None:
    if isinstance(node, exp.Anonymous):
        arguments = [_emitted(each, engine) for each in node.expressions]
        text = FUNCTIONS[function_name(node)].form(engine)(arguments)
        return f"({text})" if text.startswith("CASE") else text
    if isinstance(node, exp.Div):
        divisor = _double(node.right, engine)
        if not _is_nonzero(node.right):
            divisor = f"NULLIF({divisor}, 0)"
        return f"({_double(node.left, engine)} / {divisor})"
    return None


def _double(node: Node, engine: Engine) -> str:
    text = _emitted(node, engine)
    cast = isinstance(node, exp.Cast) and node.to.this == exp.DType.DOUBLE
    return text if cast else f"CAST({text} AS DOUBLE)"


def _is_nonzero(node: Node) -> bool:
    while isinstance(node, (exp.Cast, exp.Paren)):
        node = node.this
    return isinstance(node, exp.Literal) and not node.is_string and float(node.this) != 0


def _emitted(node: Node, engine: Engine) -> str:
    return node.sql(dialect=engine, identify=True, comments=False)


def _refuse(node: Node, why: str) -> None:
    shown = node.sql(dialect="duckdb", comments=False).replace(FUNCTION_PREFIX, "")
    shown = shown if len(shown) <= 80 else shown[:79] + "…"
    raise ModelError(f"{shown}: {why}")


def _first_line(error: Exception) -> str:
    found = re.search(r"Line \d+, Col: \d+", str(error))
    return found[0] if found else "it is nested too deeply or a quote is not closed"
