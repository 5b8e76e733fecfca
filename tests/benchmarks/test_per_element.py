"""The per-element contender gives what our job gives, row for row: else its time would mean nothing."""

import json
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import per_element
from hotarea.domain.settings import Settings
from hotarea.domain.tables import FEATURES
from hotarea.domain.windows import Cutoff
from hotarea.stages import ingest, jobs, sample, staged_releases
from tests import faults
from tests.beam_jobs.conftest import Built


def ours(folder: Path, raw: Path, cutoffs: Sequence[Cutoff]) -> Built:
    """Ingest a raw folder and build the features of the cutoffs by our jobs."""
    built = Built(folder)
    settings = Settings.load(home=built.home)
    plan = ingest.plan(settings, "test", raw)
    assert plan
    jobs.run(ingest.job(settings, plan))
    built.releases = staged_releases.publish(settings, plan, "test")
    built.features(cutoffs)
    return built


def theirs(folder: Path, raw: Path, cutoffs: Sequence[Cutoff], *more: str) -> dict[Cutoff, pa.Table]:
    """Run the contender as the command line does."""
    per_element.main([str(raw), str(folder), *(f"--cutoff={cutoff}" for cutoff in cutoffs), *more])
    return {cutoff: pq.read_table(folder / f"cutoff={cutoff.day}.parquet") for cutoff in cutoffs}


def assert_equal(found: pa.Table, expected: pa.Table) -> None:
    """Compare all rows; floats to 1e-12."""
    assert found.schema == FEATURES
    assert found["document_id"].to_pylist() == expected["document_id"].to_pylist()
    for name in FEATURES.names:
        left, right = found[name].to_pylist(), expected[name].to_pylist()
        if pa.types.is_floating(FEATURES.field(name).type):
            assert left == [None if x is None else pytest.approx(x, rel=1e-12, abs=1e-12) for x in right], name
        else:
            assert left == right, name


def at(*texts: str) -> list[Cutoff]:
    return [Cutoff.parse(text) for text in texts]


def test_the_sample_with_its_corrections_and_broken_lines(tmp_path: Path) -> None:
    raw = sample.run(Settings.load(home=tmp_path / "sampled"), tmp_path / "raw", works=1_500).folder
    merges = next(raw.rglob("merged_ids"))
    shutil.rmtree(merges)  # the contender knows none
    assert len((raw / faults.WORKS / "deleted_ids.csv").read_text().splitlines()) > 1
    cutoffs = at("2011-12-31", "2015-06-30@2015-12-31", "2018-12-31", "2024-12-31")
    built = ours(tmp_path, raw, cutoffs)
    for cutoff, table in theirs(tmp_path / "theirs", raw, cutoffs).items():
        assert table.num_rows > 600
        assert_equal(table, built.feature_table(cutoff))


def eventful(folder: Path) -> Path:
    """Deliver corrections, a late old version, deletions, a return, and references to what is not there."""

    def line(number: int, day: date, references: Sequence[int] = (), **changes: Any) -> bytes:
        return json.dumps(faults.work(number, day, references, **changes)).encode()

    new_year = {year: date(year, 1, 1) for year in range(2005, 2016)}
    raw = faults.deliver(
        folder,
        {
            "2010-12-31": [
                line(10, new_year[2005]),
                line(11, new_year[2006], [10, 10, 11]),  # twice, and itself
                line(12, new_year[2009], [10, 11, 99]),
                line(13, new_year[2010], [12]),
                b"{",
                line(98, new_year[2010], id=None),
                line(97, new_year[2010], referenced_works=None),
            ],
            "2011-12-31": [
                line(12, new_year[2008], [10], updated_date="2011-06-01T00:00:00"),  # 11 was never cited
                line(14, new_year[2011], [11, 13]),
                line(15, date(2011, 12, 31), [10, 13, 14]),
            ],
            "2012-12-31": [line(16, date(2012, 2, 29), [11, 13]), line(17, new_year[2013], [16])],
            "2014-12-31": [
                line(10, new_year[2006], updated_date="2009-12-31T00:00:00"),  # older than what is known
                line(13, new_year[2010], [10], updated_date="2014-05-01T00:00:00"),  # back after its deletion
                line(15, date(2011, 12, 31), updated_date="2012-06-30T12:00:00"),  # not: no newer than its deletion
                line(18, date(2014, 12, 31), [11, 16, 13, 19]),
            ],
            "2015-12-31": [line(19, new_year[2015], [10, 12, 14, 16, 18])],
        },
    )
    removed = "work_id,deleted_date\nW13,2012-12-31\nW15,2012-06-30\nW14,2015-01-01\nW10,2030-01-01\n"
    (raw / faults.WORKS / "deleted_ids.csv").write_text(removed)
    return raw


def test_all_that_happens_to_works(tmp_path: Path) -> None:
    raw = eventful(tmp_path / "raw")
    cutoffs = at("2009-12-31@2010-12-31", "2010-12-31", "2011-12-31", "2012-12-31", "2014-12-31", "2015-12-31")
    built = ours(tmp_path, raw, cutoffs)
    tables = theirs(tmp_path / "theirs", raw, cutoffs)
    for cutoff, table in tables.items():
        assert_equal(table, built.feature_table(cutoff))
    documents = {cutoff.day.year: table["document_id"].to_pylist() for cutoff, table in tables.items()}
    assert documents == {
        2009: [10, 11, 12],
        2010: [10, 11, 12, 13],
        2011: [10, 11, 12, 13, 14, 15],
        2012: [10, 11, 12, 14, 16],
        2014: [10, 11, 12, 13, 14, 16, 17, 18],
        2015: [10, 11, 12, 13, 16, 17, 18, 19],
    }


def test_a_cutoff_before_all_documents_has_an_empty_file(tmp_path: Path) -> None:
    [cutoff] = at("1999-12-31@2010-12-31")
    table = theirs(tmp_path / "theirs", eventful(tmp_path / "raw"), [cutoff])[cutoff]
    assert table.schema == FEATURES
    assert table.num_rows == 0


def test_two_cutoffs_of_one_day_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        theirs(tmp_path / "theirs", tmp_path, at("2010-12-31", "2010-12-31@2011-12-31"))
    assert "2010-12-31@2010-12-31, 2010-12-31@2011-12-31 repeat a day" in capsys.readouterr().err
