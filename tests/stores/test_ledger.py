import sqlite3
import traceback
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from hotarea.domain.errors import PublishError, SettingsError
from hotarea.domain.records import Notice, Problem, Release, Retry, now
from hotarea.stores.ledger import Ledger


@pytest.mark.parametrize(
    "url",
    [
        "",
        "user:secret@host/ledger",
        "postgresql//user:secret@host/ledger",
        "nosuchdatabase://user:secret@host/ledger",
        "postgresql+psycopg://user:secret@host:port/ledger",
    ],
)
def test_a_url_that_is_none_is_one_clear_error_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"HOTAREA_LEDGER_URL is no URL of a database .*expected sqlite:") as error:
        Ledger(url)
    assert "secret" not in "".join(traceback.format_exception(error.value))


def test_an_unreachable_ledger_asks_to_check_its_url(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(SettingsError, match=r"the ledger at sqlite.* cannot be used: .*Check HOTAREA_LEDGER_URL"):
        Ledger(f"sqlite:///{tmp_path}/ledger.db")


def test_a_full_disk_asks_for_space(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")

    def limited(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # of the pages that there are, none can be added

    sa.event.listen(ledger._engine, "checkout", limited)
    files = [{"name": "x" * 1_000_000}]
    with pytest.raises(SettingsError, match=r"database or disk is full\. Free space on its disk"):
        ledger.add(_release(files))
    ledger.close()


def _release(files: list[dict[str, object]]) -> Release:
    return Release(
        release_id="2012-12-31",
        release_date=date(2012, 12, 31),
        source="",
        files=files,
        documents=0,
        citations=0,
        removals=0,
        quarantined={},
        seconds=0.0,
        run_id="r",
    )


def _problem(name: str = "task/a", **changes: object) -> Problem:
    given = {"occurrence": 1, "severity": "critical", "title": "t", "text": "", "told": ["x"], "subjects": []}
    return Problem(problem=name, report="", run_id="r", **given | changes)


def _notice(name: str) -> Notice:
    return Notice(notice_id=name, place=1, kind="json", problem="task/a", severity="critical", title="t", text="")


def test_several_records_are_added_together_or_not_at_all(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    ledger.add(_problem(), _notice("1"))
    with pytest.raises(PublishError, match=r"a Problem \{'problem': 'task/a', 'occurrence': '1'\} already"):
        ledger.add(_problem(), _notice("2"))
    assert [n.notice_id for n in ledger.all(Notice)] == ["1"]
    ledger.close()


def test_of_two_that_replace_the_same_record_one_succeeds(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    first = _problem()
    ledger.add(first)
    second, late = (replace(first, seen=2, run_id=run) for run in ("second", "late"))
    assert ledger.replace(first, second, _notice("1"))
    assert not ledger.replace(first, late, _notice("2"))
    assert ledger.all(Problem) == [second]
    assert [n.notice_id for n in ledger.all(Notice)] == ["1"]
    ledger.close()


def test_what_has_no_value_yet_is_compared_and_found_as_such(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    first = _problem()
    ledger.add(first)
    closed = replace(first, closed_at=now())
    assert ledger.all(Problem, closed_at=None) == [first]
    assert ledger.replace(first, closed)
    assert not ledger.replace(first, closed)
    assert ledger.all(Problem, closed_at=None) == []
    assert ledger.all(Problem) == [closed]
    ledger.close()


def test_records_are_remembered_together_or_not_at_all(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    tried = Retry(file="f", line=1, digest="d", accepted_in="2012-12-31", reason="", detail="", run_id="r")
    ledger.add(_release([]), tried)
    other = replace(_release([]), release_id="2013-12-31")
    with pytest.raises(PublishError, match="holds a Retry"):
        ledger.add(other, tried)
    assert [r.release_id for r in ledger.all(Release)] == ["2012-12-31"]
    assert ledger.all(Retry) == [tried]
    ledger.close()
