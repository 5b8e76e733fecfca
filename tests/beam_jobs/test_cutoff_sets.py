"""The arguments and the files that both jobs share."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from beam_jobs import cutoff_sets, lake_files
from tests.corpora import cutoff

SCHEMA = pa.schema([pa.field("event_timestamp", pa.int64()), pa.field("created_timestamp", pa.int64())])


def asked(*arguments: str) -> cutoff_sets.Request:
    return cutoff_sets.request(*cutoff_sets.parser("test").parse_known_args(arguments))


def test_a_request_is_read_from_arguments_and_the_rest_is_for_the_runner(tmp_path: Path) -> None:
    found = asked(
        *(f"--home={tmp_path}", f"--output={tmp_path / 'out'}", "--shards=7", "--workers=3", "--runner=FlinkRunner"),
        *("--cutoff=2012-12-31", "--cutoff=2010-12-31@2011-12-31", "--release=2010-12-31", "--release=2011-12-31"),
        *("--flink_master=localhost:8081", "--labels=airflow-version=3"),
    )
    assert found == cutoff_sets.Request(
        home=tmp_path,
        releases=("2010-12-31", "2011-12-31"),
        cutoffs=(cutoff(2012), cutoff(2010, 2011)),
        output=tmp_path / "out",
        runner="FlinkRunner",
        shards=7,
        workers=3,
        extra=("--flink_master=localhost:8081", "--labels=airflow-version=3"),
    )
    assert found.axis.cutoffs == (cutoff(2010, 2011), cutoff(2012))


@pytest.mark.parametrize("wrong", ["--cutoff=2012-13-01", "--cutoff=2012-12-31@2011-12-31", "--shards=many"])
def test_wrong_arguments_are_refused(tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        asked(f"--home={tmp_path}", f"--output={tmp_path}", wrong)
    assert wrong.partition("=")[2] in capsys.readouterr().err


def test_parts_are_written_whole_and_replace_themselves(tmp_path: Path) -> None:
    for value in (1, 2):
        cutoff_sets.write_part(tmp_path, 3, pa.table([[value], [value]], schema=SCHEMA))
    assert [p.name for p in tmp_path.iterdir()] == ["part-0003.parquet"]
    assert cutoff_sets.rows(cutoff_sets.files(tmp_path, SCHEMA)) == 1


def test_two_attempts_at_a_part_do_not_meet(tmp_path: Path) -> None:
    """On a cluster a lost machine's last steps may overlap with those that replace them."""
    part = tmp_path / "part-0003.parquet"
    with lake_files.written(part, SCHEMA) as first:
        cutoff_sets.write_part(tmp_path, 3, pa.table([[2, 2], [2, 2]], schema=SCHEMA))
        assert cutoff_sets.rows([part]) == 2
        first.write_table(pa.table([[1], [1]], schema=SCHEMA))
    assert cutoff_sets.rows([part]) == 1
    assert [*tmp_path.iterdir()] == [part]


def test_a_set_without_rows_has_one_empty_part(tmp_path: Path) -> None:
    parts = cutoff_sets.files(tmp_path, SCHEMA)
    assert [p.name for p in parts] == ["part-0000.parquet"]
    assert cutoff_sets.rows(parts) == 0


def test_the_marker_appears_whole(tmp_path: Path) -> None:
    """Who holds the marker of an earlier try reads that one to its end: it is replaced, not written over."""
    marker = tmp_path / "features.json"
    cutoff_sets.finish(marker, {"try": 1})
    with marker.open() as held:
        cutoff_sets.finish(marker, {"try": 2})
        assert json.load(held) == {"try": 1}
    assert json.loads(marker.read_text()) == {"try": 2}
    assert [*tmp_path.iterdir()] == [marker]
