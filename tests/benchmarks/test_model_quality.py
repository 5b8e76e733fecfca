"""The tables of how good the model is, year by year, are what was measured."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.model_quality import RESULTS, YEARS, table

DOCS = Path(__file__).parents[2] / "docs" / "model.md"


@pytest.mark.parametrize("corpus", YEARS)
def test_the_docs_show_the_measured_table(corpus: str) -> None:
    measured = json.loads(RESULTS.read_text())["corpora"][corpus]
    shown = re.search(f"<!-- {corpus} -->\n(.*?)\n<!-- /{corpus} -->", DOCS.read_text(), re.DOTALL)
    assert [year["year"] for year in measured] == list(YEARS[corpus])
    assert shown
    assert shown[1] == table(measured)
