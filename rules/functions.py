"""Every function that expressions and models may use, with its form on each engine.

Nothing is transpiled blind: a function is a text per engine, and its result is the same number, text or
truth on both. Where the engines differ by themselves, the comment at the form says how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rules.catalogue_models import Aggregate

Engine = Literal["duckdb", "spark"]
ENGINES: tuple[Engine, ...] = get_args(Engine)

Parameter = Literal["number", "text", "boolean", "same", "ordered", "digits", "label"]
"""What an argument may be. `same`: one type for all of them; `ordered`: likewise, but number, date or
timestamp; `digits`: a whole number from 0 to 6, written out; `label`: a text, written out."""


@dataclass(frozen=True, slots=True)
class Function:
    """`usage` is shown to who got it wrong; `repeats` lets the last parameter come again."""

    usage: str
    parameters: tuple[Parameter, ...]
    result: Literal["number", "text", "boolean", "same"]
    duckdb: Callable[[Sequence[str]], str]
    spark: Callable[[Sequence[str]], str]
    optional: int = 0
    repeats: bool = False

    def form(self, engine: Engine) -> Callable[[Sequence[str]], str]:
        return self.duckdb if engine == "duckdb" else self.spark

    def takes(self, count: int) -> bool:
        most = 50 if self.repeats else len(self.parameters)
        return len(self.parameters) - self.optional <= count <= most

    def parameter(self, position: int) -> Parameter:
        return self.parameters[min(position, len(self.parameters) - 1)]


def _text(form: str) -> Callable[[Sequence[str]], str]:
    return lambda arguments: form.format(*arguments)


def _all(name: str) -> Callable[[Sequence[str]], str]:
    return lambda arguments: f"{name}({', '.join(arguments)})"


def _round_duckdb(arguments: Sequence[str]) -> str:
    # Through a decimal: 2.675 is a tie as people write it, but below one as a double; DuckDB and Spark
    # disagree on such doubles, and agree on decimals.
    digits = arguments[1] if len(arguments) > 1 else "0"
    return f"CAST(ROUND_EVEN(TRY_CAST({arguments[0]} AS DECIMAL(28, 10)), {digits}) AS DOUBLE)"


def _round_spark(arguments: Sequence[str]) -> str:
    digits = arguments[1] if len(arguments) > 1 else "0"
    return f"CAST(BROUND(TRY_CAST({arguments[0]} AS DECIMAL(28, 10)), {digits}) AS DOUBLE)"


# An unknown condition gives an unknown result; SQL's own CASE would take the second branch.
_IF = _text("CASE WHEN {0} THEN {1} WHEN NOT ({0}) THEN {2} END")

SCALARS: dict[str, Function] = {
    "abs": Function("abs(number)", ("number",), "number", _all("ABS"), _all("ABS")),
    "round": Function(
        "round(number) or round(number, digits from 0 to 6)",
        ("number", "digits"),
        "number",
        _round_duckdb,
        _round_spark,
        optional=1,
    ),
    # Both engines leave unknown values out: the least of those that are known.
    "least": Function(
        "least(a, b, ...)", ("ordered", "ordered"), "same", _all("LEAST"), _all("LEAST"), repeats=True
    ),
    "greatest": Function(
        "greatest(a, b, ...)",
        ("ordered", "ordered"),
        "same",
        _all("GREATEST"),
        _all("GREATEST"),
        repeats=True,
    ),
    "coalesce": Function(
        "coalesce(a, b, ...)", ("same", "same"), "same", _all("COALESCE"), _all("COALESCE"), repeats=True
    ),
    "nullif": Function("nullif(a, b)", ("same", "same"), "same", _all("NULLIF"), _all("NULLIF")),
    "if": Function("if(condition, then, otherwise)", ("boolean", "same", "same"), "same", _IF, _IF),
    "starts_with": Function(
        "starts_with(text, text)", ("text", "text"), "boolean", _all("STARTS_WITH"), _all("STARTSWITH")
    ),
    "ends_with": Function(
        "ends_with(text, text)", ("text", "text"), "boolean", _all("ENDS_WITH"), _all("ENDSWITH")
    ),
    "contains": Function(
        "contains(text, text)", ("text", "text"), "boolean", _all("CONTAINS"), _all("CONTAINS")
    ),
    # Java turns the last capital sigma of a word and the dotted capital I into other letters than DuckDB.
    "lower": Function(
        "lower(text)", ("text",), "text", _all("LOWER"), _text("LOWER(TRANSLATE({0}, 'Σİ', 'σi'))")
    ),
    # Code points on both, not bytes and not what a reader sees as one sign.
    "length": Function(
        "length(text)",
        ("text",),
        "number",
        _text("CAST(LENGTH({0}) AS DOUBLE)"),
        _text("CAST(CHAR_LENGTH({0}) AS DOUBLE)"),
    ),
    # Takes the source's `labels` column, '|a|b|' in folded case, as its first text, and '|label|' as second.
    "has_label": Function("has_label('text')", ("label",), "boolean", _all("CONTAINS"), _all("CONTAINS")),
}

MODEL_FUNCTIONS: dict[str, Function] = {
    # The distinct texts of a group in one canonical text: equal sets give equal keys. NULL for no text.
    "set_key": Function(
        "set_key(text)",
        ("text",),
        "text",
        _text("NULLIF(STRING_AGG(DISTINCT {0}, '|' ORDER BY {0}), '')"),
        _text("NULLIF(ARRAY_JOIN(SORT_ARRAY(COLLECT_SET({0})), '|'), '')"),
    ),
    # Whole seconds between two instants, each cut to its second. Spark's TIMESTAMPDIFF cuts the difference.
    "seconds_between": Function(
        "seconds_between(earlier, later)",
        ("ordered", "ordered"),
        "number",
        _text("DATE_DIFF('second', CAST({0} AS TIMESTAMP), CAST({1} AS TIMESTAMP))"),
        _text("(UNIX_SECONDS(CAST({1} AS TIMESTAMP)) - UNIX_SECONDS(CAST({0} AS TIMESTAMP)))"),
    ),
    # Calendar days. On date-times Spark would count elapsed 24 hours, DuckDB midnights.
    "days_between": Function(
        "days_between(earlier, later)",
        ("ordered", "ordered"),
        "number",
        _text("CAST(DATE_DIFF('day', CAST({0} AS DATE), CAST({1} AS DATE)) AS INT)"),
        _text("DATEDIFF(CAST({1} AS DATE), CAST({0} AS DATE))"),
    ),
    # The continuous one. A PERCENTILE_CONT ... WITHIN GROUP would silently become an approximation on Spark.
    "percentile": Function(
        "percentile(number, share from 0 to 1)",
        ("number", "number"),
        "number",
        _text("QUANTILE_CONT(CAST({0} AS DOUBLE), {1})"),
        _text("PERCENTILE(CAST({0} AS DOUBLE), {1})"),
    ),
    # To a whole number. At .5 a double is exact, so that this needs no decimal.
    "half_even": Function(
        "half_even(number)",
        ("number",),
        "number",
        _text("ROUND_EVEN(CAST({0} AS DOUBLE), 0)"),
        _text("BROUND(CAST({0} AS DOUBLE), 0)"),
    ),
    "floor": Function(
        "floor(number)", ("number",), "number", _text("CAST(FLOOR({0}) AS BIGINT)"), _all("FLOOR")
    ),
    # NULL is the empty text on both, as in DuckDB; Spark's own CONCAT would be NULL.
    "concat": Function(
        "concat(text, ...)",
        ("text",),
        "text",
        _all("CONCAT"),
        lambda arguments: f"CONCAT_WS('', {', '.join(arguments)})",
        repeats=True,
    ),
    "substring": Function(
        "substring(text, first, count)",
        ("text", "number", "number"),
        "text",
        _all("SUBSTRING"),
        _all("SUBSTRING"),
    ),
    "text_hash": Function(
        "text_hash(text)", ("text",), "text", _text("SHA256({0})"), _text("SHA2({0}, 256)")
    ),
}


def identifier(name: str, engine: Engine, table: str | None = None) -> str:
    """A quoted column: unquoted, DuckDB reads names such as `at` as syntax."""
    quote = '"' if engine == "duckdb" else "`"
    quoted = [quote + part.replace(quote, quote * 2) + quote for part in (table, name) if part is not None]
    return ".".join(quoted)


def text_literal(value: str, engine: Engine) -> str:
    """A quoted text. Spark reads backslashes as escapes and two quotes as the end of one text and another."""
    if engine == "duckdb":
        return "'" + value.replace("'", "''") + "'"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def finite(sql: str) -> str:
    """NULL instead of infinities and NaN, which both engines order above every number."""
    return f"CASE WHEN ABS({sql}) < CAST('Infinity' AS DOUBLE) THEN {sql} END"


def aggregate_sql(
    aggregate: Aggregate,
    value_sql: str | None,
    engine: Engine,
    *,
    quantile: float | None = None,
    order_sql: str | None = None,
    filter_sql: str | None = None,
) -> str:
    """One aggregate column over rows where `filter_sql` is true, a double; NULL (or 0 for counts) for no row.

    Many of them, each with a filter of its own, stand side by side in one scan of their source.
    Sums and averages run over decimals and end in one division, so that the order of rows cannot show.
    """
    conditions = [f"({filter_sql})"] if filter_sql else []
    if aggregate == "latest":
        if order_sql is None:
            raise ValueError("latest needs the column that says which row is the latest")
        # Both engines have their own mind on NULLs here, and take any of several latest rows: so the value
        # itself decides among them.
        conditions += [f"({value_sql}) IS NOT NULL", f"({order_sql}) IS NOT NULL"]
    chosen = f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""

    def total(sql: str) -> str:
        return f"CAST(SUM({sql}){chosen} AS DOUBLE)"

    match aggregate:
        case "count":
            return f"CAST(COUNT(*){chosen} AS DOUBLE)"
        case "count_distinct":
            return f"CAST(COUNT(DISTINCT {value_sql}){chosen} AS DOUBLE)"
        case "sum":
            return total(_exact(value_sql))
        case "avg":
            exact = _exact(value_sql)
            return f"{total(exact)} / NULLIF(COUNT({exact}){chosen}, 0)"
        case "min" | "max":
            return f"CAST({aggregate.upper()}({value_sql}){chosen} AS DOUBLE)"
        case "quantile":
            if quantile is None:
                raise ValueError("quantile needs a share from 0 to 1")
            name = "QUANTILE_CONT" if engine == "duckdb" else "PERCENTILE"
            return f"{name}(CAST({value_sql} AS DOUBLE), {quantile!r}){chosen}"
        case "latest":
            by = f"ARG_MAX({value_sql}, ROW({order_sql}, {value_sql}))"
            if engine == "spark":
                by = f"MAX_BY({value_sql}, STRUCT({order_sql}, {value_sql}))"
            return f"CAST({by}{chosen} AS DOUBLE)"
        case "effective_number":
            # (Σx)² / Σx². The square of a decimal(32, 10) would not fit into 38 digits; and DuckDB keeps the
            # product of two decimals of up to 18 digits within 18, so that there the factors get one more.
            exact = f"TRY_CAST({value_sql} AS DECIMAL(18, 4))"
            factor = f"CAST({exact} AS DECIMAL(19, 4))" if engine == "duckdb" else exact
            return f"{total(exact)} * {total(exact)} / NULLIF({total(f'{factor} * {factor}')}, 0)"


def _exact(value_sql: str | None) -> str:
    return f"TRY_CAST({value_sql} AS DECIMAL(32, 10))"
