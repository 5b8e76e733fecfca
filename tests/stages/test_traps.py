"""The traps that plain Feast leaves open: each test fails on the plain path, as is expected, and passes on ours."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, Int64

from hotarea.domain.settings import Settings
from hotarea.stages import materialize
from hotarea.stages.serving import ViewPlan
from hotarea.stores import definitions, feature_store
from tests.conftest import Published
from tests.definitions import Repo

TRAP = "Feast 0.67: "


def day(year: int, month: int = 12, number: int = 31) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


class Plain:
    """A plain Feast store over one Parquet file, as its documentation shows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[dict[str, object]] = []
        self.store = FeatureStore(
            config=RepoConfig(
                project="plain",
                provider="local",
                registry=str(folder / "registry.db"),
                offline_store={"type": "duckdb"},
                online_store={"type": "sqlite", "path": str(folder / "online.db")},
                entity_key_serialization_version=3,
            )
        )

    def publish(self, document: int, holds: datetime, known: datetime, **values: float) -> None:
        stamps = {"document_id": document, "event_timestamp": holds, "created_timestamp": known}
        self._rows.append({"rate": 0.0, "cite_count": 0} | stamps | values)
        pd.DataFrame(self._rows).to_parquet(self._folder / "rows.parquet", coerce_timestamps="us")

    def apply(self, *names: str) -> None:
        document = Entity(name="document", join_keys=["document_id"], value_type=ValueType.INT64)
        source = FileSource(
            name="rows",
            path=str(self._folder / "rows.parquet"),
            timestamp_field="event_timestamp",
            created_timestamp_column="created_timestamp",
        )
        types = {"document_id": Int64, "rate": Float64, "cite_count": Int64}
        schema = [Field(name=name, dtype=types[name]) for name in ("document_id", *names)]
        view = FeatureView(name="area", entities=[document], schema=schema, source=source, ttl=timedelta(0))
        self.store.apply([document, source, view])

    def online(self, document: int, name: str) -> object:
        answer = self.store.get_online_features([f"area:{name}"], [{"document_id": document}])
        return answer.to_dict()[name][0]


@pytest.fixture
def plain(tmp_path: Path) -> Plain:
    (tmp_path / "plain").mkdir()
    return Plain(tmp_path / "plain")


def asked(document: int, moment: datetime) -> pd.DataFrame:
    return pd.DataFrame({"document_id": [document], "event_timestamp": [moment]})


def online(settings: Settings, document: int) -> Mapping[str, object]:
    found = feature_store.online(settings, "document_area_v1", [document])
    return {name: values[0] for name, values in found.items()}


def planned(settings: Settings) -> ViewPlan:
    return next(plan for plan in materialize.plan(settings) if plan.view == "size_5y_cite_count")


def missed(plan: ViewPlan) -> list[tuple[str, int, list[str]]]:
    return [(m.reason, m.rows, m.columns) for m in plan.missed]


def incrementally(settings: Settings) -> None:
    """What plain Feast does on schedule."""
    store = feature_store.open_store(settings)
    store.materialize_incremental(datetime.now(UTC), feature_views=["size_5y_cite_count"])


# ---- a late correction


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason=TRAP + "the default point-in-time join returns what was corrected later"
)
def test_a_late_correction_stays_out_of_the_past_plain(plain: Plain) -> None:
    plain.publish(1, day(2012), day(2012), rate=10.0)
    plain.publish(1, day(2012), day(2014, 6, 30), rate=99.0)
    plain.apply("rate")

    found = plain.store.get_historical_features(asked(1, day(2013, 6, 30)), ["area:rate"]).to_df()

    assert found["rate"].tolist() == [10.0]


def test_a_late_correction_stays_out_of_the_past(settings: Settings, published: Published) -> None:
    published.features("2012-12-31", {"document_id": 1, "rate": 10.0})
    published.features("2012-12-31@2014-06-30", {"document_id": 1, "rate": 99.0})
    definitions.apply(settings)
    store = feature_store.open_store(settings)

    found = store.get_historical_features(asked(1, day(2013, 6, 30)), ["size_5y_cite_count:rate"]).to_df()

    assert found["rate"].tolist() == [10.0]


# ---- counts beside nulls


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason=TRAP + "the filter by knowledge time turns counts into floats beside nulls",
)
def test_counts_stay_integers_plain(plain: Plain) -> None:
    plain.publish(1, day(2012), day(2012), cite_count=2**53 + 1)
    plain.apply("cite_count")
    both = pd.concat([asked(1, day(2013)), asked(2, day(2013))])

    found = plain.store.get_historical_features(both, ["area:cite_count"], filter_by_created_timestamp=True).to_df()

    assert found.set_index("document_id")["cite_count"].astype(object).to_dict()[1] == 2**53 + 1
    assert pd.api.types.is_integer_dtype(found["cite_count"])


def test_counts_stay_integers(settings: Settings, published: Published) -> None:
    published.features("2012-12-31", {"document_id": 1, "cite_count": 2**53 + 1})
    definitions.apply(settings)
    both = pd.concat([asked(1, day(2013)), asked(2, day(2013))])

    found = feature_store.open_store(settings).get_historical_features(both, ["document_citations:cite_count"]).to_df()

    assert found.set_index("document_id")["cite_count"].astype(object).to_dict()[1] == 2**53 + 1
    assert pd.api.types.is_integer_dtype(found["cite_count"])


# ---- old documents


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason=TRAP + "the first materialize_incremental starts 52 weeks ago where ttl is 0",
)
def test_old_documents_are_served_plain(plain: Plain, capsys: pytest.CaptureFixture[str]) -> None:
    plain.publish(1, day(2012), day(2012), rate=10.0)
    plain.apply("rate")

    plain.store.materialize_incremental(datetime.now(UTC))

    capsys.readouterr()
    assert plain.online(1, "rate") == 10.0


def test_old_documents_are_served(settings: Settings, published: Published) -> None:
    published.features("2012-12-31", {"document_id": 1, "rate": 10.0})

    plan = planned(settings)
    materialize.run(settings, "run")

    assert plan.reasons == ["nothing was written to this store yet"]
    assert missed(plan) == [("older than the 364 days that its first run looks back", 1, plan.columns)]
    assert online(settings, 1)["rate"] == 10.0
    assert (planned(settings).is_due, planned(settings).missed) == (False, [])


# ---- behind the watermark


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason=TRAP + "a row that arrives behind the watermark is never materialized"
)
def test_a_row_that_arrives_late_is_served_plain(plain: Plain, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    plain.publish(1, now - timedelta(days=20), now - timedelta(days=20), rate=10.0)
    plain.apply("rate")
    plain.store.materialize_incremental(now - timedelta(days=1))
    plain.publish(2, now - timedelta(days=20), now, rate=20.0)

    plain.store.materialize_incremental(now)

    capsys.readouterr()
    assert plain.online(2, "rate") == 20.0


def test_a_row_that_arrives_late_is_served(
    settings: Settings, published: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    published.features("2013-12-31", {"document_id": 1, "rate": 10.0})
    definitions.apply(settings)
    incrementally(settings)  # moves its watermark, which our runs do not
    materialize.run(settings, "run")
    published.features("2013-12-31@2014-06-30", {"document_id": 1, "rate": 99.0}, {"document_id": 2, "rate": 20.0})

    plan = planned(settings)
    incrementally(settings)
    assert [online(settings, document)["rate"] for document in (1, 2)] == [10.0, None]  # the trap
    materialize.run(settings, "later")

    assert plan.reasons == ["known on 2014-06-30 instead of 2013-12-31: a correction, or rows that came late"]
    assert [(reason[:21], rows) for reason, rows, _ in missed(plan)] == [("behind the watermark ", 2)]
    assert [online(settings, document)["rate"] for document in (1, 2)] == [99.0, 20.0]
    capsys.readouterr()


# ---- a column that is added


@pytest.mark.xfail(strict=True, raises=AssertionError, reason=TRAP + "a column added later is never back-filled")
def test_a_column_that_is_added_is_served_plain(plain: Plain, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    plain.publish(1, now - timedelta(days=20), now - timedelta(days=20), rate=10.0, cite_count=7)
    plain.apply("rate")
    plain.store.materialize_incremental(now - timedelta(days=1))
    plain.apply("rate", "cite_count")

    plain.store.materialize_incremental(now)

    capsys.readouterr()
    assert plain.online(1, "cite_count") == 7


def test_a_column_that_is_added_is_served(settings: Settings, published: Published, tmp_path: Path) -> None:
    repo = Repo(settings, tmp_path / "project")
    published.features("2013-12-31", {"document_id": 1, "rate": 10.0, "size_5y": 70, "cite_count": 7})
    repo.edit("views.py", 'fields("rate", "size_5y", "cite_count")', 'fields("rate", "cite_count")')
    materialize.run(repo.settings, "run")
    repo.edit("views.py", 'fields("rate", "cite_count")', 'fields("rate", "size_5y", "cite_count")')

    plan = planned(repo.settings)
    materialize.run(repo.settings, "later")

    assert plan.reasons == ["new column size_5y"]
    assert missed(plan)[1:] == [("new column, never filled for what it had written, had it run then", 1, ["size_5y"])]
    store = feature_store.open_store(repo.settings)
    found = store.get_online_features(["size_5y_cite_count:size_5y"], [{"document_id": 1}])
    assert found.to_dict()["size_5y"] == [70]
