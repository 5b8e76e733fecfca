"""What a suite is made of, and the expectations that all suites share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from great_expectations import expectations as gxe

Context = Mapping[str, Any]
"""What a suite needs besides its own files: `rows`, if their number is known, and what the suite's module names."""

SCHEMA_DIFFERENCE = "schema_difference"


@dataclass(frozen=True)
class Suite:
    """The checks of one dataset.

    `frame` makes of the files' rows what GX looks at: the columns that single checks read and, for checks across many
    columns or files, finding columns that are null wherever all is well (`expectations.findings`).
    `expectations` gives the checks for a subject: a release id or a cutoff.
    """

    schema: pa.Schema
    identity: tuple[str, ...]  # columns that name a row in examples
    frame: Callable[[pa.Table, Context], pd.DataFrame]
    expectations: Callable[[str, Context], list[Any]]


def schema_expectation() -> Any:
    """Return the check that the files are whole and have the columns that `hotarea.domain.tables` declares."""
    return gxe.ExpectColumnValuesToBeNull(
        column=SCHEMA_DIFFERENCE,
        severity="critical",
        description="All files can be read, and their columns and types equal the declared schema.",
        notes="Readers select columns by name and type; nothing else can be checked before this holds.",
    )


def count_expectations(context: Context) -> list[Any]:
    """Return the check that there are as many rows as the context's `rows` says, if it says so."""
    if "rows" not in context:
        return []
    return [
        gxe.ExpectTableRowCountToEqual(
            value=context["rows"],
            severity="critical",
            description=f"There are {context['rows']:,} rows, as the ledger remembers.",
            notes="A file that was lost or added leaves every other check intact.",
        )
    ]


def schema_differences(schema: pa.Schema, found: Sequence[pa.Schema]) -> list[str]:
    """Return one sentence per difference in name, type or order between the declared schema and those of the files."""
    return sorted({sentence for other in found for sentence in _differences(schema, other)})


def _differences(schema: pa.Schema, found: pa.Schema) -> list[str]:
    missing = [
        f"{name} is missing, expected {schema.field(name).type}" for name in schema.names if name not in found.names
    ]
    extra = [f"{name} is not declared" for name in found.names if name not in schema.names]
    common = [name for name in schema.names if name in found.names]
    wrong = [
        f"{name} is {found.field(name).type}, expected {schema.field(name).type}"
        for name in common
        if found.field(name).type != schema.field(name).type
    ]
    if missing or extra or wrong or found.names == schema.names:
        return missing + extra + wrong
    return [f"columns stand in the order {', '.join(found.names)}, expected {', '.join(schema.names)}"]
