"""Data Docs: one page per validation, rendered by GX's own renderers, and an index.

Pages are written one by one, each by a rename, because several tasks validate at once and GX's site builder removes
the pages of others: it keeps only those whose results its own process holds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

from expectations.pages import Row, index, self_contained


@dataclass(frozen=True)
class Entry:
    """One line of the index."""

    dataset: str
    subject: str
    success: bool
    failures: Sequence[Mapping[str, Any]]  # each with its `severity`
    report: Path
    validated_at: datetime


def write_page(result: Any, reports: Path, dataset: str, subject: str, name: str) -> Path:
    """Write the page of one validation result below `reports`, where GX's site layout has it, and return its path.

    GX shows a check's description but not how severe it is nor its notes: here both follow the description. To GX any
    failed check is a failure; here the page says so only of a critical one, as the index and the table do.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    page = reports / "validations" / dataset / subject / moment / f"{name}.html"
    rendered = _page_view().render(ValidationResultsPageRenderer().render(_explained(result)))
    return _write(page, self_contained(rendered, f"{dataset} {subject}: validation"))


def _explained(result: Any) -> Any:
    explained = deepcopy(result)
    severities = {r.expectation_config.severity.value for r in explained.results if not r.success}
    explained.success = "critical" not in severities
    for checked in explained.results:
        config = checked.expectation_config
        config.description = " ".join(filter(None, (config.description, f"[{config.severity.value}]", config.notes)))
    return explained


@cache
def _page_view() -> Any:
    return DefaultJinjaPageView()  # compiles its templates on first use


def write_index(reports: Path, entries: Iterable[Entry]) -> Path:
    """Write `index.html`, which links to the given pages, and return its path."""
    return _write(reports / "index.html", index(_row(reports, entry) for entry in entries))


def _row(reports: Path, entry: Entry) -> Row:
    return Row(
        dataset=entry.dataset,
        subject=entry.subject,
        success=entry.success,
        failures=_failures(Counter(failure["severity"] for failure in entry.failures)),
        address=quote(entry.report.relative_to(reports).as_posix()),
        moment=f"{entry.validated_at:%Y-%m-%d %H:%M:%S}",
    )


def _failures(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{counts[severity]} {severity}" for severity in ("critical", "warning", "info") if counts[severity]
    )


def _write(destination: Path, content: str) -> Path:
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(f".{destination.name}.{uuid4().hex}.part")
    part.write_text(content, encoding="utf-8")
    part.replace(destination)
    return destination
