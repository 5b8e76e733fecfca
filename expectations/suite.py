"""What a suite is made of, and the expectations that all suites share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from great_expectations import expectations as gxe

Context = Mapping[str, Any]
"""What a suite needs besides its own files: `rows`, if their number is known, and what the suite's module names."""

SCHEMA_DIFFERENCE = "schema_difference"


def _no_fields(given: str, context: Context) -> pa.Table | None:  # noqa: ARG001
    return None


@dataclass(frozen=True)
class Suite:
    """The checks of one dataset.

    `seen` makes of the files' rows (the name of a view of them) the query for what GX looks at: columns that single
    checks read and, for checks across many columns or files, finding columns that are null wherever all is well
    (`expectations.findings`). `expectations` gives the checks for a subject: a release id, a cutoff, …

    `fields` gives a small table of how each field compares with the dataset before, one row per field, or None if there
    is none before; `field_expectations` are held against it.
    """

    schema: Callable[[Context], pa.Schema]
    identity: tuple[str, ...]  # columns that name a row in examples
    seen: Callable[[str, Context], str]
    expectations: Callable[[str, Context], list[Any]]
    fields: Callable[[str, Context], pa.Table | None] = _no_fields
    field_expectations: Callable[[], list[Any]] = list
    kept: bool = False  # whether what GX looks at is computed once and kept: for joins with other files


def schema_expectation() -> Any:
    """Return the check that the files are whole and have the columns that are declared."""
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
