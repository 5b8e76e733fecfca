"""The suite of a release's raw records; its subject is the release id.

The rows are the heads of its files (`hotarea.domain.raw_layout`): the kind of each field's value, record by record. The
context has `era`, the layout that the folder claims.
"""

from typing import Any

from great_expectations import expectations as gxe

from expectations import limits
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import raw_layout

_SAID = {
    "current": "OpenAlex's current layout",
    "before_2026": "OpenAlex's layout before 2026",
    "edge_list": "an edge list",
}


def seen(given: str, context: Context) -> str:  # noqa: ARG001
    """Return the records' kinds as they are."""
    return f"SELECT * FROM {given}"


def expectations(subject: str, context: Context) -> list[Any]:  # noqa: ARG001
    """Return the checks for raw records of one era."""
    era: raw_layout.Era = context["era"]
    return [
        schema_expectation(),
        gxe.ExpectTableRowCountToBeBetween(
            min_value=1,
            severity="critical",
            description="At least one line of a release's files is a record.",
            notes="Files of another format have none.",
        ),
        *(_kinds(name, field, _SAID[era]) for name, field in raw_layout.LAYOUTS[era].items()),
    ]


def _kinds(name: str, field: raw_layout.Field, said: str) -> Any:
    kinds = sorted(field.kinds)
    mostly = 1 - (limits.UNUSABLE_SHARE if field.required else limits.OTHER_KIND_SHARE)
    return gxe.ExpectColumnValuesToBeInSet(
        column=name,
        value_set=kinds,
        mostly=mostly,
        severity="critical" if field.required else "warning",
        description=f"In {said}, {name} is {' or '.join(kinds)} in at least {mostly:.0%} of records.",
        notes=(
            "No record can be used without it."
            if field.required
            else "The records changed at their source; what is read of this field may be null or wrong."
        ),
    )


SUITE = Suite(lambda context: raw_layout.schema(context["era"]), ("file", "line"), seen, expectations)
