"""The suite of a release's raw records; its subject is the release id.

The files count all records by the kinds of their fields' values (`hotarea.domain.raw_kinds`), so each record is a row.
The context has `era`, the layout that the folder claims, and `rejected_share`, above which the ingest refuses a
release.
"""

from typing import Any

from great_expectations import expectations as gxe

from expectations.database import quoted
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import limits, raw_layout

_SAID = {
    "current": "OpenAlex's current layout",
    "before_2026": "OpenAlex's layout before 2026",
    "json_lines": "OpenAlex's records of any year",
    "edge_list": "an edge list",
}


def seen(given: str, context: Context) -> str:
    """Return kinds record by record; of a required field without those that differ, where the ingest takes so few."""
    required = {name: field.kinds for name, field in raw_layout.LAYOUTS[context["era"]].items() if field.required}
    several = ", ".join(f"{_unless_few(name, kinds)} AS {quoted(name)}" for name, kinds in required.items())
    return f"SELECT *, unnest(range(records)) AS alike FROM (SELECT * REPLACE ({several}) FROM {given})"


def _unless_few(name: str, kinds: frozenset[str]) -> str:
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    usable = f"{quoted(name)} IN ({listed})"
    differ = f"sum(records) FILTER (NOT {usable}) OVER ()"
    return f"CASE WHEN {usable} OR {differ} >= {limits.REJECTED_AT_LEAST} THEN {quoted(name)} END"


def expectations(subject: str, context: Context) -> list[Any]:  # noqa: ARG001
    """Return the checks for raw records of one era."""
    era: raw_layout.Era = context["era"]
    checks = [
        _required(name, field, _SAID[era], context["rejected_share"])
        if field.required
        else _kinds(name, field, _SAID[era])
        for name, field in raw_layout.LAYOUTS[era].items()
    ]
    return [
        schema_expectation(),
        gxe.ExpectTableRowCountToBeBetween(
            min_value=1,
            severity="critical",
            description="At least one line of a release's files is a record.",
            notes="Files of another format have none.",
        ),
        *checks,
    ]


def _required(name: str, field: raw_layout.Field, said: str, rejected_share: float) -> Any:
    kinds = sorted(field.kinds)
    return gxe.ExpectColumnValuesToBeInSet(
        column=name,
        value_set=kinds,
        mostly=1 - rejected_share,
        severity="critical",
        description=(
            f"In {said}, {name} is {' or '.join(kinds)} in at least {1 - rejected_share:.0%} of records, or in all "
            f"but {limits.REJECTED_AT_LEAST - 1}."
        ),
        notes="No record can be used without it; fewer go to quarantine one by one.",
    )


def _kinds(name: str, field: raw_layout.Field, said: str) -> Any:
    kinds = sorted(field.kinds)
    mostly = 1 - limits.OTHER_KIND_SHARE
    return gxe.ExpectColumnValuesToBeInSet(
        column=name,
        value_set=kinds,
        mostly=mostly,
        severity="warning",
        description=f"In {said}, {name} is {' or '.join(kinds)} in at least {mostly:.0%} of records.",
        notes="The records changed at their source; what is read of this field may be null or wrong.",
    )


SUITE = Suite(lambda context: raw_layout.schema(context["era"]), ("file", "line"), seen, expectations)
