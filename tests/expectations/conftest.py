"""Runs a suite on rows, with more or less beside them than in `cases`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from expectations.runner import SuiteVerdict
from hotarea.domain import tables
from tests.expectations.cases import CUTOFF, RELEASE, Case, Rows
from tests.expectations.cases import citations as some_citations
from tests.expectations.cases import documents as some_documents
from tests.expectations.cases import features as some_features


@pytest.fixture
def documents() -> Rows:
    return some_documents()


@pytest.fixture
def citations() -> Rows:
    return some_citations()


@pytest.fixture
def features() -> Rows:
    return some_features()


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., SuiteVerdict]:
    """Run the suite of a dataset on rows.

    `beside` are the documents that citations are compared with, `earlier` the documents and citations of the releases
    before, oldest first.
    """

    def run(dataset: str, rows: Rows, beside: Rows = (), earlier: Sequence[tuple[Rows, Rows]] = ()) -> SuiteVerdict:
        subject = CUTOFF if dataset == "document_features" else RELEASE
        stated = {"documents": (tables.DOCUMENTS, list(beside))}
        return Case(dataset, subject, rows, {}, stated, list(earlier)).judge(tmp_path)

    return run
