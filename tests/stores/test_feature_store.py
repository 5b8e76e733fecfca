"""Feast as this project uses it: the past as it was known, the present as it is served."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast.infra.online_stores.redis import RedisOnlineStore
from pydantic import SecretStr

from hotarea.domain.errors import NotReadyError, SettingsError
from hotarea.domain.model_features import BASELINE_SERVICE, FEATURE_SERVICE, MODEL_FEATURES
from hotarea.domain.settings import Settings
from hotarea.domain.tables import FEATURES
from hotarea.stages import materialize
from hotarea.stores import definitions, feature_store, online_writers

RATE = ["size_5y_cite_count:rate"]


def at(*rows: tuple[int, str]) -> pd.DataFrame:
    """Entity rows: (document, moment)."""
    ids, moments = zip(*rows, strict=True)
    return pd.DataFrame({"document_id": ids, "event_timestamp": pd.to_datetime(moments, utc=True, format="ISO8601")})


@pytest.fixture
def corrected(settings, published) -> Settings:
    """Document 1 has rate 10 at the end of 2012; in mid-2014 it becomes known that it was 99."""
    published.features(
        "2012-12-31", {"document_id": 1, "rate": 10.0}, {"document_id": 2, "rate": None, "cite_count": 0}
    )
    published.features("2012-12-31@2014-06-30", {"document_id": 1, "rate": 99.0})
    published.features("2013-12-31", {"document_id": 1, "rate": 20.0, "cite_count": 7})
    definitions.apply(settings)
    return settings


@pytest.mark.parametrize(
    ("moment", "as_of", "expected"),
    [
        ("2012-12-30", None, None),  # before the cutoff
        ("2012-12-31", None, 10.0),
        ("2013-12-30", None, 10.0),  # the correction is not known yet
        ("2013-12-31", None, 20.0),
        ("2014-06-30", None, 20.0),  # the correction concerns an older cutoff
        ("2013-06-30", date(2013, 6, 30), 10.0),
        ("2013-06-30", date(2014, 6, 29), 10.0),
        ("2013-06-30", date(2014, 6, 30), 99.0),  # asked for
        ("2012-12-31", date(2014, 6, 30), 99.0),
        ("2014-06-30", date(2012, 12, 31), 10.0),  # 2013's cutoff was not known by then
        ("2014-06-30", date(2012, 12, 30), None),
    ],
)
def test_a_row_sees_what_was_known_at_its_moment_or_as_of_a_date(corrected, moment, as_of, expected):
    store = feature_store.open_store(corrected, as_of)

    frame = store.get_historical_features(at((1, moment)), features=RATE).to_df()

    assert frame["rate"].replace({np.nan: None}).tolist() == [expected]


def test_a_correction_of_a_later_row_does_not_hide_earlier_ones(settings, published):
    published.features("2012-12-31", {"document_id": 1, "rate": 10.0})
    published.features("2013-12-31@2015-06-30", {"document_id": 1, "rate": 99.0})
    definitions.apply(settings)

    frame = feature_store.open_store(settings).get_historical_features(at((1, "2014-06-30")), features=RATE).to_df()

    assert frame["rate"].tolist() == [10.0]


def test_a_training_frame_keeps_rows_columns_order_and_index(corrected, settings):
    entity_df = at((2, "2012-12-31"), (1, "2013-12-31"), (9, "2013-12-31"), (1, "2012-12-31"), (1, "2012-12-31"))
    entity_df = entity_df.assign(hot_area=[True, False, None, True, False], weight=[1, 2, 3, 4, 5])
    entity_df.index = pd.Index([50, 10, 40, 20, 30])

    frame = feature_store.training_frame(settings, entity_df, "document_area_v1")

    pd.testing.assert_frame_equal(frame.iloc[:, :4], entity_df)
    assert frame["rate"].replace({np.nan: None}).tolist() == [None, 20.0, None, 10.0, 10.0]


def test_counts_stay_integers(corrected, settings):
    whole = feature_store.training_frame(settings, at((1, "2013-12-31"), (2, "2012-12-31")), "document_area_v1")
    gaps = feature_store.training_frame(settings, at((1, "2013-12-31"), (9, "2013-12-31")), "document_area_v1")

    assert (whole["cite_count"].dtype, whole["cite_count"].tolist()) == (np.dtype("int64"), [7, 0])
    assert gaps["cite_count"].dtype == pd.Int64Dtype()
    assert gaps["cite_count"].tolist() == [7, pd.NA]


def test_the_model_service_offers_the_model_features(corrected, settings):
    frame = feature_store.training_frame(settings, at((1, "2013-12-31")), FEATURE_SERVICE)

    assert set(frame.columns) == {"document_id", "event_timestamp", *MODEL_FEATURES}
    assert all(pd.api.types.is_numeric_dtype(frame[name]) for name in MODEL_FEATURES)


def test_point_in_time_joins_equal_a_search_row_by_row(settings, published):
    """A set is all that is known of its cutoff: a document that it does not hold had ended."""
    random = np.random.default_rng(5)
    sets: dict[tuple[date, date], dict[int, float]] = {}
    for year in range(2005, 2013):
        for lag in (0, *random.choice([200, 500, 900], size=random.integers(0, 3), replace=False)):
            day = date(year, 12, 31)
            known = day + timedelta(days=int(lag))
            ids = random.choice(20, size=12, replace=False)
            rows = [{"document_id": int(i), "rate": random.random()} for i in ids]
            published.features(f"{day}@{known}", *rows)
            sets[day, known] = {r["document_id"]: r["rate"] for r in rows}
    definitions.apply(settings)
    asked = [(int(i), date(2005, 1, 1) + timedelta(days=int(d))) for i, d in random.integers(0, (20, 3500), (300, 2))]

    def search(document: int, moment: date, as_of: date | None) -> float | None:
        known_by = as_of or moment
        seen = [(day, known) for day, known in sets if day <= moment and known <= known_by]
        return sets[max(seen)].get(document) if seen else None

    for as_of in (None, date(2010, 7, 19)):
        frame = feature_store.training_frame(settings, at(*((i, str(d)) for i, d in asked)), "document_area_v1", as_of)
        assert frame["rate"].replace({np.nan: None}).tolist() == [search(i, d, as_of) for i, d in asked]


def test_a_document_that_has_ended_answers_null_though_older_cutoffs_hold_it(corrected, settings):
    """As it does online: there the newest set replaces all rows."""
    asked = at((2, "2013-12-30"), (2, "2013-12-31"), (2, "2014-06-30"))

    frame = feature_store.training_frame(settings, asked, "document_area_v1")

    assert frame["cite_count"].tolist() == [0, pd.NA, pd.NA]


def test_only_sets_that_answer_for_a_row_are_read(corrected, settings):
    for part in (settings.home / "features" / "cutoff=2012-12-31").rglob("part-*.parquet"):
        part.write_bytes(b"not Parquet")

    frame = feature_store.training_frame(settings, at((1, "2013-12-31"), (1, "2011-01-01")), "document_area_v1")

    assert frame["rate"].replace({np.nan: None}).tolist() == [20.0, None]


def test_a_set_whose_files_are_gone_is_named_where_it_should_answer(corrected, settings):
    shutil.rmtree(settings.home / "features" / "cutoff=2012-12-31" / "known=2012-12-31")

    with pytest.raises(NotReadyError, match="known=2012-12-31 is in the ledger but holds no part"):
        feature_store.training_frame(settings, at((1, "2013-06-30")), "document_area_v1")
    assert len(feature_store.training_frame(settings, at((1, "2013-12-31")), "document_area_v1")) == 1


@pytest.mark.parametrize("stamp", ["event_timestamp", "created_timestamp"])
def test_a_row_from_the_future_is_not_seen_though_its_folder_says_otherwise(corrected, settings, stamp):
    part = settings.home / "features" / "cutoff=2013-12-31" / "known=2013-12-31" / "part-1.parquet"
    rows = pq.read_table(part)
    at_column = rows.schema.get_field_index(stamp)
    later = pa.array([datetime(2014, 1, 1, tzinfo=UTC)] * rows.num_rows, rows.schema.field(at_column).type)
    pq.write_table(rows.set_column(at_column, rows.schema.field(at_column), later), part)

    frame = feature_store.training_frame(settings, at((1, "2013-12-31"), (1, "2014-01-01")), "document_area_v1")

    assert frame["rate"].replace({np.nan: None}).tolist() == [None, 20.0]


def test_a_set_that_holds_a_document_twice_is_named(settings, published):
    published.features("2013-12-31", {"document_id": 1}, {"document_id": 1})
    definitions.apply(settings)

    with pytest.raises(NotReadyError, match=r"1 of the rows .* are there twice.*cutoff=2013-12-31/known=2013-12-31"):
        feature_store.training_frame(settings, at((1, "2013-12-31")), "document_area_v1")


def test_a_column_of_two_views_comes_under_both_names(corrected, settings):
    names = ["size_5y_cite_count:cite_count", "document_citations:cite_count"]

    found = feature_store.open_store(settings).get_historical_features(
        at((1, "2013-12-31")), features=names, full_feature_names=True
    )

    assert found.to_df().iloc[0, 2:].to_dict() == {
        "size_5y_cite_count__cite_count": 7,
        "document_citations__cite_count": 7,
    }


def test_historical_features_are_asked_for_by_a_frame(corrected, settings):
    with pytest.raises(SettingsError, match="asked for by str; expected a pandas DataFrame"):
        feature_store.open_store(settings).get_historical_features("SELECT 1", features=RATE)


def test_rows_without_a_moment_are_refused_and_the_smallest_parts_of_one_are_borne(corrected, settings):
    store, rows = feature_store.open_store(settings), at((1, "2012-12-31 00:00:00.000000999"), (1, "2013-12-31"))

    assert store.get_historical_features(rows, features=RATE).to_df()["rate"].tolist() == [10.0, 20.0]

    rows.loc[0, "event_timestamp"] = pd.NaT
    with pytest.raises(SettingsError, match="event_timestamp is null in 1 of 2 rows"):
        store.get_historical_features(rows, features=RATE)


def test_nothing_published_means_nulls_and_no_error(settings):
    definitions.apply(settings)

    frame = feature_store.training_frame(settings, at((1, "2013-12-31")), "document_area_v1")
    answer = feature_store.online(settings, "document_area_v1", [1])

    assert frame.loc[0, ["rate", "cite_count", "hot_area"]].isna().all()
    assert answer.pop("document_id") == [1]
    assert set(map(tuple, answer.values())) == {(None,)}


def test_sets_published_before_a_column_existed_give_nulls_for_it(corrected, settings):
    for part in (settings.home / "features").glob("cutoff=2012-12-31/*/*.parquet"):
        pq.write_table(pq.read_table(part).drop_columns(["rate_pct"]), part)

    frame = feature_store.training_frame(settings, at((1, "2012-12-31"), (1, "2013-12-31")), FEATURE_SERVICE)

    assert frame["rate_pct"].isna().all()


def test_a_folder_that_the_ledger_does_not_remember_is_not_read(corrected, settings, published):
    """It is being published, or left by an interrupted run."""
    known = settings.home / "features" / "cutoff=2013-12-31" / "known=2013-12-31"
    shutil.copytree(known, known.with_name("known=2014-01-31"))
    (known.with_name("known=2014-02-28")).mkdir()
    (known.with_name("known=2014-02-28") / "part-0.parquet").write_bytes(b"half")

    frame = feature_store.training_frame(settings, at((1, "2013-12-31")), "document_area_v1", date(2015, 1, 1))

    assert len(frame) == 1
    assert frame["rate"].tolist() == [20.0]


def area_now(settings, *ids: int) -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    """What document_area_v1 answers offline and online."""
    frame = feature_store.training_frame(settings, at(*((i, str(datetime.now(UTC))) for i in ids)), "document_area_v1")
    online = feature_store.online(settings, "document_area_v1", ids)
    offline = {name: frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in online}
    return offline, online


def test_offline_and_online_answer_alike_whoever_is_champion(settings, published):
    published.features("2012-12-31", *({"document_id": i, "rate": float(i), "cite_count": i} for i in (1, 2)))
    for version in (1, 2):
        published.champion(version)
        published.predictions("2012-12-31", version, {1: version / 10, 2: 1 - version / 10})
        materialize.run(settings, f"run-{version}")
        offline, online = area_now(settings, 1, 2, 9)
        assert offline == online
        assert online["model_version"] == [version, version, None]

    published.champion(1)  # the rollback
    materialize.run(settings, "rollback")
    offline, online = area_now(settings, 1, 2, 9)
    assert offline == online
    assert online["hot_area_score"] == [0.1, 0.9, None]

    published.champion(3)  # which has not scored yet
    materialize.run(settings, "promotion")
    offline, online = area_now(settings, 1, 2, 9)
    assert offline == online
    assert online["model_version"] == [1, 1, None]


def test_who_predicted_at_a_moment_never_changes_later(settings, published):
    published.features("2012-12-31", {"document_id": 1, "rate": 1.0, "cite_count": 1})
    definitions.apply(settings)
    moments = [datetime.now(UTC)]
    for version in (1, 2, 1, 3):
        published.champion(version)
        if version in (1, 2) and len(moments) < 3:
            published.predictions("2012-12-31", version, {1: version / 10})
        moments.append(datetime.now(UTC))
    published.predictions("2013-12-31", 3, {1: 0.3})  # in service from its first scoring on
    moments.append(datetime.now(UTC))

    def served(as_of: date | None = None) -> list[object]:
        rows = at(*((1, str(moment)) for moment in moments))
        found = feature_store.training_frame(settings, rows, "document_area_v1", as_of)["model_version"]
        return found.astype(object).where(found.notna(), None).tolist()

    history = served()
    assert history == [None, 1, 2, 1, 1, 3]
    published.champion(2)
    assert served() == history
    assert served(datetime.now(UTC).date()) == [2] * 6  # as known by the end of the day


def test_the_ledgers_address_is_not_shown(settings):
    secret = settings.model_copy(update={"ledger_url": SecretStr("postgresql://me:hidden@db/ledger")})

    config = feature_store.configuration(secret)

    assert "hidden" not in repr(config) + str(config.model_dump()) + config.model_dump_json()


def rows_of(**columns: list[object]) -> pa.Table:
    """Rows of size_5y_cite_count at the end of 2013."""
    count = len(columns["document_id"])
    stamp = [datetime(2013, 12, 31, tzinfo=UTC)] * count
    schema = pa.schema(
        [FEATURES.field(n).with_nullable(True) for n in (*columns, "event_timestamp", "created_timestamp")]
    )
    return pa.table(columns | {"event_timestamp": stamp, "created_timestamp": stamp}, schema=schema)


NOBODY = pa.array([], pa.int64())
BIG = 4_401_234_567


@pytest.fixture(params=["ours", "feast's"])
def store(request, settings):
    """A store with our SQLite or with Feast's own, which stands for every other online store."""
    from feast import FeatureStore, RepoConfig

    if request.param == "ours":
        definitions.apply(settings)
        return feature_store.open_store(settings)
    configuration = feature_store._configuration(settings, None)
    configuration["online_store"] = {"type": "sqlite", "path": str(settings.home / "stock.db")}
    definitions.apply(settings)
    store = FeatureStore(config=RepoConfig(**configuration))
    store.apply([store.get_feature_view("size_5y_cite_count")])
    return store


def write(store, rows: pa.Table, removed: pa.Array = NOBODY) -> None:
    """Make `rows` the online answers of size_5y_cite_count."""
    writer = online_writers.writer(store.config, store.get_feature_view("size_5y_cite_count"), "test")
    writer.begin()
    writer.write(rows, removed)
    writer.finish()


def served(store, *ids: int) -> dict[str, list[object]]:
    names = ("rate", "size_5y", "cite_count")
    answer = store.get_online_features(
        features=[f"size_5y_cite_count:{n}" for n in names], entity_rows=[{"document_id": i} for i in ids]
    ).to_dict()
    return {n: answer[n] for n in names}


def test_online_answers_are_the_rows_that_were_written(store):
    rows = rows_of(
        document_id=[3, 256, BIG, 0],
        rate=[1.5, None, 0.0, 1 / 3],
        size_5y=[3, 0, 0, 2**40],
        cite_count=[2, 0, 5, 1],
    )

    write(store, rows)

    assert served(store, 256, 3, 77, BIG, 0) == {
        "rate": [None, 1.5, None, 0.0, 1 / 3],
        "size_5y": [0, 3, None, 0, 2**40],
        "cite_count": [0, 2, None, 5, 1],
    }


def test_vanished_documents_answer_null(store):
    before = rows_of(document_id=[1, 2, 3], rate=[1.0, 2.0, 3.0], size_5y=[1, 2, 3], cite_count=[1, 1, 1])
    write(store, before)

    after = rows_of(document_id=[3, 4], rate=[3.5, 4.5], size_5y=[7, 9], cite_count=[2, 2])
    write(store, after, pa.array([1, 2], pa.int64()))

    assert served(store, 1, 2, 3, 4) == {
        "rate": [None, None, 3.5, 4.5],
        "size_5y": [None, None, 7, 9],
        "cite_count": [None, None, 2, 2],
    }


def test_both_ways_to_write_sqlite_store_the_same_moment(store):
    rows = rows_of(document_id=[1], rate=[1.0], size_5y=[1], cite_count=[1])
    write(store, rows)

    answer = store.get_online_features(features=RATE, entity_rows=[{"document_id": 1}]).to_dict(
        include_event_timestamps=True
    )

    assert answer["rate__ts"] == [int(datetime(2013, 12, 31, tzinfo=UTC).timestamp())]


def test_a_write_that_fails_half_way_leaves_the_old_answers(settings):
    definitions.apply(settings)
    store = feature_store.open_store(settings)
    write(store, rows_of(document_id=[1, 2], rate=[1.0, 2.0], size_5y=[1, 2], cite_count=[1, 1]))
    writer = online_writers.writer(store.config, store.get_feature_view("size_5y_cite_count"), "next")
    writer.begin()
    writer.write(rows_of(document_id=[5], rate=[5.0], size_5y=[5], cite_count=[1]), NOBODY)

    with pytest.raises(KeyError, match="rate"):
        writer.write(rows_of(document_id=[6], size_5y=[6], cite_count=[1]), NOBODY)

    other = feature_store.open_store(settings)
    assert served(other, 1, 2, 5, 6)["rate"] == [1.0, 2.0, None, None]
    writer.finish()
    assert served(other, 1, 2, 5, 6)["rate"] == [None, None, 5.0, None]


def test_feasts_own_materialize_gives_the_same_answers(corrected, settings, capsys):
    store = feature_store.open_store(settings)
    day = datetime(2013, 12, 31, tzinfo=UTC)

    store.materialize(start_date=day, end_date=day, feature_views=["size_5y_cite_count"])

    capsys.readouterr()
    assert served(store, 1, 2) == {"rate": [20.0, None], "size_5y": [0, None], "cite_count": [7, None]}


def test_applying_again_changes_nothing(settings):
    definitions.apply(settings)
    before = feature_store.open_store(settings).list_feature_views()

    definitions.apply(settings)

    after = feature_store.open_store(settings).list_feature_views()
    assert after == before
    assert [v.current_version_number for v in after] == [v.current_version_number for v in before]


def test_applying_at_once_is_safe(settings):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(definitions.apply, [settings] * 4))

    assert sorted(map(len, done))[:3] == [0, 0, 0]  # one found all to add, the others nothing
    assert any(done)
    assert len(feature_store.open_store(settings).list_feature_views()) == 4
    assert feature_store.online(settings, "document_area_v1", [1])["rate"] == [None]


def test_a_definition_that_is_gone_is_removed(settings, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(settings.project / "feature_repo", project / "feature_repo")
    changed = settings.model_copy(update={"project": project})
    definitions.apply(changed)
    services = project / "feature_repo" / "services.py"

    services.write_text(services.read_text().split("document_area_v1 =")[0])
    definitions.apply(changed, destructive=True)

    assert {s.name for s in feature_store.open_store(changed).list_feature_services()} == {
        FEATURE_SERVICE,
        BASELINE_SERVICE,
    }


def test_applying_leaves_the_import_system_as_it_was(settings):
    paths, modules = list(sys.path), {n for n in sys.modules if n in {"views", "fields", "entities", "services"}}

    definitions.apply(settings)

    assert sys.path == paths
    assert {n for n in sys.modules if n in {"views", "fields", "entities", "services"}} == modules


def test_a_project_without_definitions_is_named(tmp_path):
    with pytest.raises(NotReadyError, match=r"nowhere/feature_repo holds no Feast definitions.*HOTAREA_PROJECT"):
        definitions.apply(Settings.load(home=tmp_path, project=Path("/nowhere")))


@pytest.mark.parametrize(
    ("store", "url", "expected"),
    [
        ("redis", "redis://cache:6380/2", {"type": "redis", "connection_string": "cache:6380,db=2"}),
        (
            "redis",
            "rediss://user:p%40ss@cache",
            {"type": "redis", "connection_string": 'cache:6379,db=0,username="user",password="p@ss",ssl=true'},
        ),
        (
            "postgres",
            "postgresql://me:secret@db/feast?sslmode=disable",
            {
                "type": "postgres",
                "host": "db",
                "port": 5432,
                "database": "feast",
                "user": "me",
                "password": "secret",
                "sslmode": "disable",
            },
        ),
    ],
)
def test_the_online_store_follows_the_settings(tmp_path, store, url, expected):
    settings = Settings.load(home=tmp_path, online_store=store, online_store_url=url)

    opened = feature_store.open_store(settings)

    assert feature_store._configuration(settings, None)["online_store"] == expected
    assert opened.config.online_store.type == store


@pytest.mark.parametrize("password", ["a,b", "1e5", "null", "db=3", 'a"b', "é%:@/"])
def test_redis_gets_the_password_as_it_is(tmp_path, password):
    url = f"redis://:{quote(password, safe='')}@cache:6379/1"
    config = feature_store.open_store(Settings.load(home=tmp_path, online_store="redis", online_store_url=url)).config

    nodes, read = RedisOnlineStore._parse_connection_string(config.online_store.connection_string)

    assert (nodes, read) == ([{"host": "cache", "port": "6379"}], {"db": 1, "password": password})


@pytest.mark.parametrize("password", ["pa#ss", "pa/ss"])
def test_a_password_that_breaks_the_address_is_told_without_it(tmp_path, password):
    url = f"postgresql://user:{password}@host/db"

    with pytest.raises(SettingsError, match="or no port") as error:
        feature_store.open_store(Settings.load(home=tmp_path, online_store="postgres", online_store_url=url))

    assert "'pa'" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None or error.value.__suppress_context__


@pytest.mark.parametrize("url", [None, "redis", "redis:///0"])
def test_an_online_store_without_an_address_is_an_error(tmp_path, url):
    settings = Settings.load(home=tmp_path, online_store="redis", online_store_url=url)

    with pytest.raises(SettingsError, match="HOTAREA_ONLINE_STORE_URL names no host; expected redis://"):
        feature_store.open_store(settings)
