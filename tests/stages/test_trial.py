"""Trying raw folders: what is told of good and broken ones, on the command line as well, and that nothing is kept."""

import gzip
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from hotarea.domain.records import Release, Validation
from hotarea.domain.settings import Settings
from hotarea.stages import trial
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests import faults


def kept(settings: Settings, kind: type) -> list:
    ledger = Ledger(settings.ledger)
    found = ledger.all(kind)
    ledger.close()
    return found


def test_a_good_folder_passes_and_nothing_is_published(settings, tmp_path):
    raw = faults.tiny_delivery(tmp_path / "raw")
    found = trial.run(settings, "r", raw)
    assert found.error is None
    assert [(v.dataset, v.subject) for v in found.outcomes] == [
        ("raw_works", "raw 2012-12-31"),
        *((dataset, f"raw {year}-12-31") for dataset in ("documents", "citations") for year in (2010, 2011, 2012)),
    ]
    assert all(v.success and Path(v.report).is_file() for v in found.outcomes)
    assert kept(settings, Release) == []
    assert not Layout(settings.home).lake.exists()
    assert not any((settings.home / "staging").iterdir())
    assert {v.validation_id for v in kept(settings, Validation)} == {v.validation_id for v in found.outcomes}


def test_a_folder_that_ingest_refuses_is_named(settings, tmp_path):
    faults.tiny_delivery(tmp_path / "good")
    broken = faults.missing_partition(tmp_path / "good", tmp_path / "raw")
    found = trial.run(settings, "r", broken.folder)
    assert found.outcomes == []
    assert "is missing" in str(found.error)


def test_records_of_another_kind_are_told_before_anything_is_published(settings, tmp_path):
    """Topic ids that are numbers came before 2024: they are a warning in the current layout."""
    lines = [
        json.dumps(faults.work(n, date(2010, 1, 1 + n), primary_topic={"id": 10102})).encode() for n in range(1, 13)
    ]
    raw = faults.deliver(tmp_path / "raw", {"2010-12-31": lines})
    found = trial.run(settings, "r", raw)
    (failure,) = found.outcomes[0].failures
    assert (failure["column"], failure["severity"]) == ("primary_topic_id", "warning")
    assert failure["observed"] == "12 of 12 rows (100 %) differ"
    assert found.error is None


def hotarea(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hotarea.cli import main; main()", *arguments]
    environment = os.environ | {"HOTAREA_HOME": str(home)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_command_line_prints_a_table_and_exits_by_the_verdict(tmp_path):
    raw = faults.tiny_delivery(tmp_path / "raw")
    good = hotarea(tmp_path / "home", "validate", "--raw", str(raw))
    assert good.returncode == 0, good.stderr
    assert "all 7 may be used" in good.stdout

    bad = hotarea(tmp_path / "home", "validate", "--raw", str(faults.short_download(raw, tmp_path / "bad").folder))
    assert bad.returncode == 1
    assert "but the manifest promises" in bad.stderr


@pytest.mark.real_data
@pytest.mark.parametrize("corpus", ["arxiv_cs", "hepth", "openalex_works"])
def test_nothing_critical_fires_on_real_data(corpus, settings, shared_data, tmp_path):
    raw = shared_data / corpus
    if corpus == "openalex_works":  # plain files, one for each year of `updated_date`
        lines = {
            f"{year}-12-31": gzip.decompress((raw / f"works_{year}.jsonl.gz").read_bytes()).splitlines()
            for year in (2023, 2024, 2025)
        }
        raw = faults.deliver(tmp_path / "raw", lines)
    found = trial.run(settings, "r", raw)
    assert found.error is None
    assert {v.dataset for v in found.outcomes} == {"raw_works", "documents", "citations"}
    assert [f for v in found.outcomes for f in v.failures if f["severity"] == "critical"] == []
