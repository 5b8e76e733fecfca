"""Finding columns: one text per row that breaks a rule, null wherever all is well, as SQL.

GX checks one or two columns at a time. A rule over dozens of columns, or over another file, is therefore one column of
the view that GX looks at, and GX expects it to be null.
"""

from collections.abc import Iterable, Mapping
from sys import float_info

from expectations.database import quoted


def finding(broken: Mapping[str, str]) -> str:
    """Return the expression for the first column that breaks its rule, with its value ("rate_pct is 1.25"), or null.

    `broken` maps a column to the condition under which it breaks its rule; null counts as unbroken.
    """
    cases = (f"WHEN {condition} THEN {_said(column)}" for column, condition in broken.items())
    return f"CASE {' '.join(cases)} END" if broken else "CAST(NULL AS VARCHAR)"


def _said(column: str) -> str:
    return f"'{column} is ' || coalesce(CAST({quoted(column)} AS VARCHAR), 'null')"


def columns(found: Mapping[str, str]) -> str:
    """Return the expressions of several columns by their names, for a SELECT."""
    return ", ".join(f"{expression} AS {quoted(name)}" for name, expression in found.items())


def nulls(names: Iterable[str]) -> dict[str, str]:
    """Return the rule that columns are never null."""
    return {name: f"{quoted(name)} IS NULL" for name in names}


def outside(column: str, low: float = -float_info.max, high: float = float_info.max) -> str:
    """Return where a number is not within [low, high]; NaN and infinities never are, null is.

    NaN is asked for by itself: DuckDB takes comparisons as true for all rows where a Parquet file's statistics say so,
    and these leave NaN out.
    """
    name = quoted(column)
    return f"NOT isfinite(CAST({name} AS DOUBLE)) OR NOT ({name} BETWEEN {low!r} AND {high!r})"


def differs(one: str, other: str) -> str:
    """Return where exactly one of two conditions holds."""
    return f"({one}) <> ({other})"
