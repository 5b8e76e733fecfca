"""How each field of a dataset compares with the one before: how often it is null, and how its values are spread.

The comparison is a small table of one row per field, with findings that are null wherever all is well. All rows of
both sides are counted; a distribution is kept as a histogram of rounded values.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from great_expectations import expectations as gxe

from expectations.database import arrow, quoted, row, value
from hotarea.domain import limits
from hotarea.domain.drift import Histogram, distance

SCHEMA = pa.schema({"field": pa.string(), "null_share_rose": pa.string(), "distribution_moved": pa.string()})


def compared(now: str, before: str, nullable: Sequence[str], spread: Sequence[str] = ()) -> pa.Table | None:
    """Return the findings of each field: of `nullable` their share of nulls, of `spread` their distribution.

    `now` and `before` name tables or views. None if one of them has fewer than `limits.SHARE_ROWS` rows. Distributions
    are left alone where the rows grew by more than `limits.GROWTH_COMPARED`: a young corpus changes its shape.
    """
    here, there = (value(f"SELECT count(*) FROM {side}") for side in (now, before))
    if min(here, there) < limits.SHARE_ROWS:
        return None
    if here > limits.GROWTH_COMPARED * there:
        spread = ()
    lost = _risen(_null_shares(now, nullable), _null_shares(before, nullable))
    moved = _moved({name: (histogram(now, name), histogram(before, name)) for name in spread})
    rows = [
        {"field": name, "null_share_rose": lost.get(name), "distribution_moved": moved.get(name)}
        for name in dict.fromkeys([*nullable, *spread])
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def histogram(given: str, name: str) -> Histogram:
    """Return how often each value of a column occurs; nulls and what is no number are left out.

    Values are rounded to hundredths below 100, and to two significant digits from there.
    """
    column = quoted(name)
    rounded = f"round({column}, 1 - CAST(floor(log10(abs({column}))) AS INTEGER))"
    found = arrow(
        f"SELECT CASE WHEN abs({column}) < 100 THEN round({column}, 2) ELSE {rounded} END AS value, count(*) AS rows "
        f"FROM {given} WHERE isfinite(CAST({column} AS DOUBLE)) GROUP BY 1 ORDER BY 1"
    )
    return Histogram(np.asarray(found["value"], np.float64), np.asarray(found["rows"], np.float64))


def _null_shares(given: str, names: Sequence[str]) -> dict[str, float]:
    shares = (f"1 - count({quoted(name)}) / count(*)" for name in names)
    return dict(zip(names, map(float, row(f"SELECT {', '.join(shares)} FROM {given}")), strict=True)) if names else {}


def _risen(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, str]:
    return {
        name: f"null in {share:.1%} of rows, before in {before[name]:.1%}"
        for name, share in now.items()
        if share > before[name] + limits.NULL_SHARE_RISE
    }


def _moved(spread: Mapping[str, tuple[Histogram, Histogram]]) -> dict[str, str]:
    found = {name: distance(*sides) for name, sides in spread.items() if all(len(side.counts) for side in sides)}
    return {
        name: f"{moved.here:.1%} of rows have at most {moved.value:g}, before {moved.there:.1%}"
        for name, moved in found.items()
        if moved.distance > limits.DISTRIBUTION_MOVED
    }


def null_share_expectation() -> gxe.ExpectColumnValuesToBeNull:
    """Return the check that no field is null much more often than before."""
    return gxe.ExpectColumnValuesToBeNull(
        column="null_share_rose",
        severity="warning",
        description=f"No field's share of nulls is more than {limits.NULL_SHARE_RISE:.0%} of rows above that before.",
        notes="A field that moved or was renamed at its source is read as null, without any error.",
    )


def distribution_expectation(other: str, severity: str) -> gxe.ExpectColumnValuesToBeNull:
    """Return the check that no field's values are spread much differently from those of the `other`."""
    return gxe.ExpectColumnValuesToBeNull(
        column="distribution_moved",
        severity=severity,
        description=(
            f"At every value, the share of rows up to it differs by at most {limits.DISTRIBUTION_MOVED:.0%} of rows "
            f"from that of {other}."
        ),
        notes="The Kolmogorov-Smirnov distance; a model learns from one distribution and is asked about the other.",
    )
