import sqlite3
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import get_args

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hotarea.domain.errors import PublishError, SettingsError, UnreachableError
from hotarea.domain.records import Champion, Notice, Problem, Record, Release, Retry, Validation, now
from hotarea.stores.ledger import _KEYS, _TABLES, CHANGING, Ledger, _addition


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
    with pytest.raises(
        SettingsError,
        match=r"the ledger at sqlite.* cannot be used: .*answers.*correct HOTAREA_LEDGER_URL",
    ):
        Ledger(f"sqlite:///{tmp_path}/ledger.db")


def test_a_full_disk_asks_for_space(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:

        def limited(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA max_page_count = 1")  # of the pages that there are, none can be added

        sa.event.listen(ledger._engine, "checkout", limited)
        files = [{"name": "x" * 1_000_000}]
        with pytest.raises(UnreachableError, match=r"database or disk is full; expected room\. Free space on its disk"):
            ledger.add(_release(files))


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
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        ledger.add(_problem(), _notice("1"))
        with pytest.raises(PublishError, match=r"a Problem \{'problem': 'task/a', 'occurrence': '1'\} already"):
            ledger.add(_problem(), _notice("2"))
        assert [n.notice_id for n in ledger.all(Notice)] == ["1"]


def test_of_two_that_replace_the_same_record_one_succeeds(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        first = _problem()
        ledger.add(first)
        second, late = (replace(first, seen=2, run_id=run) for run in ("second", "late"))
        assert ledger.replace(first, second, _notice("1"))
        assert not ledger.replace(first, late, _notice("2"))
        assert ledger.all(Problem) == [second]
        assert [n.notice_id for n in ledger.all(Notice)] == ["1"]


def test_what_has_no_value_yet_is_compared_and_found_as_such(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        first = _problem()
        ledger.add(first)
        closed = replace(first, closed_at=now())
        assert ledger.all(Problem, closed_at=None) == [first]
        assert ledger.replace(first, closed)
        assert not ledger.replace(first, closed)
        assert ledger.all(Problem, closed_at=None) == []
        assert ledger.all(Problem) == [closed]


@pytest.mark.parametrize("kind", [kind for kind in get_args(Record) if kind not in CHANGING])
def test_what_is_history_is_never_changed(tmp_path: Path, kind: type) -> None:
    record = object.__new__(kind)  # whatever it says
    with (
        Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger,
        pytest.raises(TypeError, match=f"a {kind.__name__} is history, .* expected a Problem or a Notice. Add another"),
    ):
        ledger.replace(record, record, _notice("1"))


def test_a_champion_stays_as_it_was_remembered(tmp_path: Path) -> None:
    said = {"model_name": "m", "feature_service": "s", "metrics": {}, "reason": "test", "run_id": "r"}
    first = Champion(sequence=1, model_version=1, **said)
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        ledger.add(first)
        with pytest.raises(TypeError):
            ledger.replace(first, replace(first, model_version=2), _notice("1"))
        assert (ledger.all(Champion), ledger.all(Notice)) == ([first], [])


def test_records_are_remembered_together_or_not_at_all(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        tried = Retry(file="f", line=1, digest="d", accepted_in="2012-12-31", reason="", detail="", run_id="r")
        ledger.add(_release([]), tried)
        other = replace(_release([]), release_id="2013-12-31")
        with pytest.raises(PublishError, match="holds a Retry"):
            ledger.add(other, tried)
        assert [r.release_id for r in ledger.all(Release)] == ["2012-12-31"]
        assert ledger.all(Retry) == [tried]


def test_a_ledger_of_an_earlier_version_says_what_it_lacks_and_how_to_add_it(tmp_path: Path) -> None:
    url, database = f"sqlite:///{tmp_path}/ledger.db", tmp_path / "ledger.db"
    with Ledger(url) as ledger:
        kept = Validation(
            validation_id="v", dataset="d", subject="s", success=True, failures=[], report="p", run_id="r", checks=7
        )
        ledger.add(kept, _problem())
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("ALTER TABLE validation DROP COLUMN checks; ALTER TABLE problem DROP COLUMN closed_at")
    with pytest.raises(
        SettingsError, match=r"an earlier version .* lacks validation\.checks, problem\.closed_at"
    ) as error:
        Ledger(url)
    said = str(error.value)
    assert "HOTAREA_HOME" in said
    assert "ALTER TABLE validation ADD COLUMN checks BIGINT DEFAULT 0 NOT NULL;" in said
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(said[said.index("ALTER TABLE") :])
    with Ledger(url) as ledger:
        assert ledger.all(Validation) == [replace(kept, checks=0)]
        assert [p.closed_at for p in ledger.all(Problem)] == [None]


def test_every_column_can_be_added(tmp_path: Path) -> None:
    """Rows that were there get what a record has by itself, or what says least, and can be read."""
    url, database = f"sqlite:///{tmp_path}/ledger.db", tmp_path / "ledger.db"
    Ledger(url).close()
    with closing(sqlite3.connect(database)) as connection:
        for kind, table in _TABLES.items():
            keys = {
                key: "1" if table.c[key].type.python_type is int else "2012-12-31 00:00:00.000000"
                for key in _KEYS[kind]
            }
            values = {
                key: value[:10] if isinstance(table.c[key].type, sa.Date) else value for key, value in keys.items()
            }
            connection.execute(f"CREATE TABLE old ({', '.join(f'{key} NOT NULL' for key in keys)})")
            connection.execute(f"INSERT INTO old VALUES ({', '.join('?' * len(values))})", list(values.values()))
            connection.execute(f"DROP TABLE {table.name}")
            connection.execute(f"ALTER TABLE old RENAME TO {table.name}")
        connection.commit()
    with pytest.raises(SettingsError) as error:
        Ledger(url)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(str(error.value)[str(error.value).index("ALTER TABLE") :])
    with Ledger(url) as ledger:
        assert [len(ledger.all(kind)) for kind in _KEYS] == [1] * len(_KEYS)
        assert ledger.all(Problem)[0].told == []
        assert not ledger.all(Validation)[0].success


def test_postgresql_is_told_in_its_own_words() -> None:
    said = [_addition(_TABLES[Release].c[name], postgresql.dialect()) for name in ("corrected", "corrects", "covers")]
    assert said == [
        "ALTER TABLE release ADD COLUMN corrected BIGINT DEFAULT 0 NOT NULL;",
        "ALTER TABLE release ADD COLUMN corrects JSON DEFAULT '[]' NOT NULL;",
        "ALTER TABLE release ADD COLUMN covers DATE DEFAULT NULL;",
    ]


def test_several_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    start = Barrier(4)

    def opened(url: str) -> list[Release]:
        start.wait()
        with Ledger(url) as ledger:
            return ledger.all(Release)

    with ThreadPoolExecutor(4) as threads:
        for n in range(5):
            assert list(threads.map(opened, [f"sqlite:///{tmp_path}/{n}.db"] * 4)) == [[]] * 4
