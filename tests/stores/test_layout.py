"""How files and folders appear and go: whole, for every reader, whoever else writes."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from expectations import datadocs
from hotarea.stores import layout as files
from hotarea.stores.layout import KEPT_ASIDE_S, Layout

DAY_S = 24 * 3600


def folder_of(path: Path, parts: int = 3) -> Path:
    path.mkdir(parents=True)
    for number in range(parts):
        (path / f"part-{number}.parquet").write_bytes(b"rows")
    return path


def test_a_folder_that_is_discarded_is_gone_for_readers_before_its_first_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path / "features" / "cutoff=2012-12-31" / "known=2012-12-31")
    seen, remove = [], shutil.rmtree

    def watched(path: Path, **options: bool) -> None:
        seen.append([*tmp_path.glob("features/cutoff=*/known=*/part-*.parquet")])
        assert len([*path.iterdir()]) == 3
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", watched)
    files.discard(folder)
    assert seen == [[]]
    assert [*folder.parent.iterdir()] == []


def test_what_an_interrupted_removal_left_goes_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            files.discard(folder_of(tmp_path / "set"))
    assert [p.name.startswith(".set.") for p in tmp_path.iterdir()] == [True]
    folder_of(tmp_path / "set-of-another")
    files.discard(folder_of(tmp_path / "set"))
    assert [p.name for p in tmp_path.iterdir()] == ["set-of-another"]


def test_discarding_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    files.discard(tmp_path / "never" / "made")
    assert [*tmp_path.iterdir()] == []


def test_clearing_keeps_the_files_beside_the_folders(tmp_path: Path) -> None:
    folder_of(tmp_path / "predictions")
    (tmp_path / "plan.json").write_text("{}")
    files.clear(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


def test_what_was_left_aside_for_a_week_is_swept(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    files.sweep(layout)
    young, old = layout.aside("features"), layout.aside("score")
    folder_of(old / "predictions")
    for folder, age in ((young, KEPT_ASIDE_S - DAY_S), (old, KEPT_ASIDE_S + DAY_S)):
        os.utime(folder, (time.time() - age,) * 2)
    files.sweep(layout)
    assert [*young.parent.iterdir()] == [young]


@pytest.mark.parametrize("write", [files.write_aside, lambda path, text: datadocs._write(path, text.decode())])
def test_writers_with_one_process_id_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    """As in containers that share a home: each is process 1."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    destination, contents = tmp_path / "index.html", [bytes([65 + n]) * 200_000 for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, destination, contents[n % 4]) for n in range(80)]:  # type: ignore[arg-type]
            done.result()
    assert destination.read_bytes() in contents
    assert [*tmp_path.iterdir()] == [destination]
