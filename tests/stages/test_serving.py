"""The plan: what is due and why, what Feast's own incremental run would miss, and that the real run repairs it."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from hotarea.domain.records import OnlineChunk, OnlineWrite
from hotarea.domain.settings import Settings
from hotarea.stages import materialize
from hotarea.stores import definitions, feature_store
from hotarea.stores.ledger import Ledger
from tests.servers import redis_server

VIEW = "size_5y_cite_count"
OLD, LATE = "2012-12-31", "2012-12-31@2014-06-30"


def rates(settings, *ids: int) -> list[object]:
    return feature_store.online(settings, "document_area_v1", ids)["rate"]


def row(document: int, rate: float | None) -> dict[str, object]:
    return {"document_id": document, "rate": rate}


def planned(settings):
    return next(plan for plan in materialize.plan(settings) if plan.view == VIEW)


def incrementally(settings) -> None:
    """What plain Feast does on schedule."""
    feature_store.open_store(settings).materialize_incremental(datetime.now(UTC), feature_views=[VIEW])


def test_a_first_run_brings_what_is_older_than_feast_looks_back(settings, published, capsys):
    published.features(OLD, row(1, 10.0))
    definitions.apply(settings)

    plan = planned(settings)
    assert (plan.reasons, plan.published.rows) == (["nothing was written to this store yet"], 1)
    assert plan.columns == ["cite_count", "rate", "size_5y"]
    assert [(m.reason, m.rows) for m in plan.missed] == [("older than the 364 days that its first run looks back", 1)]

    incrementally(settings)
    assert rates(settings, 1) == [None]  # the trap: no error, and the document is missing

    materialize.run(settings, "run-1")
    assert rates(settings, 1) == [10.0]
    assert (planned(settings).is_due, planned(settings).missed) == (False, [])
    capsys.readouterr()


def test_rows_behind_the_watermark_are_named_and_brought(settings, published, capsys):
    published.features(OLD, row(1, 10.0))
    definitions.apply(settings)
    incrementally(settings)  # moves its watermark, which our runs do not
    materialize.run(settings, "run-1")
    published.features(LATE, row(1, 99.0), row(2, 2.0))

    plan = planned(settings)
    assert plan.reasons == ["known on 2014-06-30 instead of 2012-12-31: a correction, or rows that came late"]
    assert [m.rows for m in plan.missed] == [2]
    assert plan.missed[0].reason.startswith("behind the watermark 20")

    incrementally(settings)
    incrementally(settings)
    assert rates(settings, 1, 2) == [10.0, None]  # the trap

    materialize.run(settings, "run-2")
    assert rates(settings, 1, 2) == [99.0, 2.0]
    capsys.readouterr()


def test_a_new_column_is_named_and_filled(settings, published, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(settings.project / "feature_repo", project / "feature_repo")
    views = project / "feature_repo" / "views.py"
    text = views.read_text()
    views.write_text(text.replace('fields("rate", "size_5y", "cite_count")', 'fields("rate", "cite_count")'))
    before = settings.model_copy(update={"project": project})
    published.features(OLD, {"document_id": 1, "rate": 10.0, "size_5y": 7})
    materialize.run(before, "run-1")

    views.write_text(text)
    plan = planned(before)

    assert plan.reasons == ["new column size_5y"]
    assert [(m.reason, m.rows, m.columns) for m in plan.missed] == [
        ("older than the 364 days that its first run looks back", 1, ["cite_count", "rate", "size_5y"]),
        ("new column, never filled for what it had written, had it run then", 1, ["size_5y"]),
    ]
    answer = {"features": [f"{VIEW}:size_5y"], "entity_rows": [{"document_id": 1}]}
    assert feature_store.open_store(before).get_online_features(**answer).to_dict()["size_5y"] == [None]  # the trap

    materialize.run(before, "run-2")
    assert feature_store.open_store(before).get_online_features(**answer).to_dict()["size_5y"] == [7]


def test_some_documents_are_brought_alone(settings, published):
    published.features(OLD, row(1, 1.0), row(2, 2.0), row(3, 3.0))

    written = materialize.run_some(settings, "run-1", pa.array([1, 3, 9]), views=[VIEW])

    assert written == {VIEW: 2}
    assert rates(settings, 1, 2, 3, 9) == [1.0, None, 3.0, None]
    assert planned(settings).is_due  # some are not all
    materialize.run(settings, "run-2")
    assert rates(settings, 1, 2, 3) == [1.0, 2.0, 3.0]


def test_documents_of_another_set_make_the_view_due(settings, published):
    published.features(OLD, row(1, 1.0), row(2, 2.0))
    published.features("2013-12-31", row(1, 10.0))
    materialize.run(settings, "run-1")

    materialize.run_some(settings, "some", pa.array([1]), views=[VIEW])
    assert not planned(settings).is_due  # of the set that is served

    older = materialize.run_some(settings, "some", pa.array([1, 2]), datetime(2012, 12, 31, tzinfo=UTC).date(), [VIEW])
    assert older == {VIEW: 2}
    assert rates(settings, 1, 2) == [1.0, 2.0]
    assert planned(settings).reasons[0].startswith("rows of another set were written at 20")
    materialize.run(settings, "run-2")
    assert rates(settings, 1, 2) == [10.0, None]


def test_a_range_that_is_written_through_feast_is_repaired(settings, published, capsys):
    published.features(OLD, row(1, 1.0), row(2, 2.0))
    published.features("2013-12-31", row(1, 10.0))
    materialize.run(settings, "run-1")
    day = datetime(2012, 12, 31, tzinfo=UTC)

    feature_store.open_store(settings).materialize(day - timedelta(days=1), day, feature_views=[VIEW])
    assert rates(settings, 1, 2) == [1.0, 2.0]

    assert planned(settings).reasons[0].endswith("by feast 2012-12-30 to 2012-12-31")
    materialize.run(settings, "run-2")
    assert rates(settings, 1, 2) == [10.0, None]
    capsys.readouterr()


def test_what_one_store_serves_another_one_lacks(settings, published):
    published.features(OLD, row(1, 1.0))
    materialize.run(settings, "run-1")
    with redis_server() as url:
        moved = Settings.load(home=settings.home, project=settings.project, online_store="redis", online_store_url=url)

        assert planned(moved).reasons == ["nothing was written to this store yet"]
        materialize.run(moved, "run-2")

        assert rates(moved, 1) == [1.0]
        assert not planned(moved).is_due
    assert not planned(settings).is_due


def test_two_materializations_and_an_apply_at_once_are_safe(settings, published):
    published.features(OLD, *(row(i, i / 3) for i in range(100)))
    definitions.apply(settings)

    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(materialize.run, settings, f"run-{n}") for n in range(3)]
        applied = threads.submit(definitions.apply, settings)
        written = [len(run.result()) for run in runs]
        applied.result()

    assert sorted(written) == [0, 0, 2]  # one writes the two views, the others find nothing due
    assert rates(settings, 99) == [33.0]


@pytest.fixture
def interrupted(settings, published, monkeypatch):
    """Of four chunks two are written when the process dies."""
    published.features(OLD, *(row(i, i / 3) for i in range(400)))
    in_chunks = settings.model_copy(update={"shards": 4})
    chunks: list[int] = []
    remember = materialize.ChunkLog.__call__

    def dies(self, number, *rest):
        remember(self, number, *rest)
        chunks.append(number)
        if len(chunks) == 2:
            raise RuntimeError("power cut")

    monkeypatch.setattr(materialize.ChunkLog, "__call__", dies)
    with pytest.raises(RuntimeError, match="power cut"):
        materialize.run(in_chunks, "run-1", views=[VIEW])
    monkeypatch.setattr(materialize.ChunkLog, "__call__", remember)
    return in_chunks


def test_a_write_that_was_interrupted_goes_on(interrupted):
    plan = planned(interrupted)
    assert plan.resumes
    assert len(plan.done) == 2
    assert rates(interrupted, 1) == [None]

    (written,) = materialize.run(interrupted, "run-2", views=[VIEW])

    ledger = Ledger(interrupted.ledger)
    (write,) = ledger.all(OnlineWrite)
    chunks = ledger.all(OnlineChunk)
    ledger.close()
    assert (written.write_id, written.rows) == (write.write_id, 400)
    assert ([c.number for c in chunks], sum(c.rows for c in chunks)) == ([0, 1, 2, 3], 400)
    assert rates(interrupted, 0, 1, 399, 400) == [0.0, 1 / 3, 133.0, None]


def test_a_write_that_was_interrupted_is_given_up_for_newer_rows(interrupted, published):
    published.features(LATE, row(1, 99.0))

    materialize.run(interrupted, "run-2", views=[VIEW])

    assert rates(interrupted, 1, 2) == [99.0, None]


def test_a_write_whose_store_is_gone_begins_again(interrupted):
    for file in (interrupted.home / "feast").glob("online.db*"):
        file.unlink()

    (written,) = materialize.run(interrupted, "run-2", views=[VIEW])

    assert written.rows == 400
    assert rates(interrupted, 1, 399) == [1 / 3, 133.0]
