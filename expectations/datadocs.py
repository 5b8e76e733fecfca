"""Data Docs: one page per validation and an index, rendered by GX's own renderers.

Pages are written one by one, each by a rename, because several tasks validate at once and GX's site builder removes
the pages of others: it keeps only those whose results its own process holds.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from great_expectations.render.renderer import SiteIndexPageRenderer, ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaIndexPageView, DefaultJinjaPageView


@dataclass(frozen=True)
class Entry:
    """One line of the index."""

    dataset: str
    subject: str
    success: bool
    report: Path
    validated_at: datetime


def write_page(result: Any, reports: Path, dataset: str, subject: str, name: str) -> Path:
    """Write the page of one validation result below `reports`, where GX's site layout has it, and return its path.

    GX shows a check's description but not how severe it is nor its notes: here both follow the description.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    page = reports / "validations" / dataset / subject / moment / f"{name}.html"
    return _write(page, _page_view().render(ValidationResultsPageRenderer().render(_explained(result))))


def _explained(result: Any) -> Any:
    explained = deepcopy(result)
    for checked in explained.results:
        config = checked.expectation_config
        config.description = " ".join(filter(None, (config.description, f"[{config.severity.value}]", config.notes)))
    return explained


@cache
def _page_view() -> Any:
    return DefaultJinjaPageView()  # compiles its templates on first use


def write_index(reports: Path, entries: Iterable[Entry]) -> Path:
    """Write `index.html`, which links to the given pages, and return its path."""
    links = {"site_name": "hotarea", "validations_links": [_link(reports, entry) for entry in entries]}
    content = DefaultJinjaIndexPageView().render(SiteIndexPageRenderer.render(links))
    return _write(reports / "index.html", content)


def _link(reports: Path, entry: Entry) -> dict[str, Any]:
    path = quote(entry.report.relative_to(reports).as_posix())
    return {
        "expectation_suite_name": entry.dataset,
        "expectation_suite_filepath": path,
        "filepath": path,
        "run_name": entry.subject,
        "run_time": entry.validated_at,
        "asset_name": entry.dataset,
        "batch_identifier": entry.subject,
        "validation_success": entry.success,
    }


def _write(destination: Path, content: str) -> Path:
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(f".{destination.name}.{uuid4().hex}.part")
    part.write_text(content, encoding="utf-8")
    part.replace(destination)
    return destination
