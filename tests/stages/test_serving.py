"""The plan: what is due and why, as the definitions are, and what goes on; the traps are in test_traps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from hotarea.domain.records import Audit, OnlineChunk, OnlineWrite
from hotarea.domain.settings import Settings
from hotarea.stages import materialize, status
from hotarea.stores import definitions, feature_store
from hotarea.stores.ledger import Ledger, read
from tests.definitions import Repo
from tests.servers import redis_server

VIEW = "size_5y_cite_count"
OLD, LATE = "2012-12-31", "2012-12-31@2014-06-30"


def rates(settings, *ids: int) -> list[object]:
    return feature_store.online(settings, "document_area_v1", ids)["rate"]


def row(document: int, rate: float | None) -> dict[str, object]:
    return {"document_id": document, "rate": rate}


def planned(settings):
    return next(plan for plan in materialize.plan(settings) if plan.view == VIEW)


@pytest.fixture
def repo(settings, tmp_path) -> Repo:
    """Definitions that a test edits, applied nowhere yet."""
    return Repo(settings, tmp_path / "project")


def test_a_plan_changes_no_definitions(repo, published):
    published.features(OLD, row(1, 10.0))
    registry = repo.settings.home / "feast" / "registry.db"

    assert planned(repo.settings).columns == ["cite_count", "rate", "size_5y"]
    assert not registry.exists()

    repo.edit("views.py", 'fields("rate", "size_5y", "cite_count")', 'fields("rate", "cite_count")')
    materialize.run(repo.settings, "run-1")
    applied = registry.read_bytes()
    repo.edit("views.py", 'fields("rate", "cite_count")', 'fields("rate", "size_5y", "cite_count")')

    assert planned(repo.settings).reasons == ["new column size_5y"]
    assert [str(c) for c in definitions.plan(repo.settings)] == [
        "changes feature view size_5y_cite_count: gains size_5y"
    ]
    assert registry.read_bytes() == applied


def test_a_view_that_is_not_applied_yet_is_to_be_written(repo, published):
    published.features(OLD, row(1, 10.0))
    materialize.run(repo.settings, "run-1")
    repo.edit("views.py", "document_predictions = FeatureView(", _ANOTHER + "document_predictions = FeatureView(")
    repo.edit("services.py", "import document_citations,", "import another, document_citations,")
    repo.edit(
        "services.py",
        '        size_5y_cite_count[["rate"]],',
        '        size_5y_cite_count[["rate"]],\n        another,',
    )

    assert [(p.view, p.reasons) for p in materialize.plan(repo.settings) if p.is_due] == [
        ("another", ["nothing was written to this store yet"])
    ]


_ANOTHER = """another = FeatureView(
    name="another", entities=[document], schema=fields("size_1y"), source=features, ttl=NEVER_EXPIRES
)

"""


def test_a_column_of_another_type_is_written_anew(repo, published):
    published.features(OLD, {"document_id": 1, "rate": 10.0, "size_5y": 7})
    materialize.run(repo.settings, "run-1")
    repo.edit("fields.py", "dtype=_TYPES[", 'dtype=Float64 if name == "size_5y" else _TYPES[')

    assert planned(repo.settings).reasons == ["column size_5y was Int64, is Float64"]
    definitions.apply(repo.settings, destructive=True)
    materialize.run(repo.settings, "run-2")

    store = feature_store.open_store(repo.settings)
    answer = store.get_online_features([f"{VIEW}:size_5y"], [{"document_id": 1}]).to_dict()["size_5y"]
    assert [repr(value) for value in answer] == ["7.0"]
    assert not planned(repo.settings).is_due


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
        published.features(LATE, row(1, 9.0))
        materialize.run(moved, "run-3")
        known = [status.collect(s)["online_store"][VIEW]["known"] for s in (settings, moved)]
        assert known == ["2012-12-31", "2014-06-30"]  # each of its own store
        assert not planned(moved).is_due
    assert planned(settings).is_due


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

    with Ledger(interrupted.ledger) as ledger:
        (write,) = ledger.all(OnlineWrite)
        chunks = ledger.all(OnlineChunk)
    assert (written.write_id, written.rows) == (write.write_id, 400)
    assert ([c.number for c in chunks], sum(c.rows for c in chunks)) == ([0, 1, 2, 3], 400)
    assert rates(interrupted, 0, 1, 399, 400) == [0.0, 1 / 3, 133.0, None]


def test_a_write_that_was_interrupted_is_given_up_for_newer_rows(interrupted, published):
    published.features(LATE, row(1, 99.0))

    materialize.run(interrupted, "run-2", views=[VIEW])

    assert rates(interrupted, 1, 2) == [99.0, None]


def test_a_write_that_began_before_an_audit_failed_is_not_gone_on_with(interrupted, published):
    """Its chunks may be what was lost."""
    (write,) = read(interrupted.ledger, OnlineWrite)
    failed = {"documents": 1, "differences": [], "wrong": 1, "share": 1.0, "threshold": 0.0, "success": False}
    published.remember(Audit(view=VIEW, store="sqlite", cutoff=write.cutoff, seconds=0.1, run_id="audit", **failed))

    assert planned(interrupted).resumes is None
    (written,) = materialize.run(interrupted, "run-2", views=[VIEW])

    assert written.write_id != write.write_id
    assert sum(c.rows for c in read(interrupted.ledger, OnlineChunk, write_id=written.write_id)) == 400
    assert not planned(interrupted).is_due


def test_a_write_whose_store_is_gone_begins_again(interrupted):
    for file in (interrupted.home / "feast").glob("online.db*"):
        file.unlink()

    (written,) = materialize.run(interrupted, "run-2", views=[VIEW])

    assert written.rows == 400
    assert rates(interrupted, 1, 399) == [1 / 3, 133.0]
