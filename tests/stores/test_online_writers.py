"""What the writers leave in each real store is what Feast itself would have written: read by Feast, to the bit."""

from collections.abc import Iterator
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.type_map import python_values_to_proto_values
from feast.utils import _convert_arrow_to_proto
from feast.value_type import ValueType
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain.settings import Settings
from hotarea.domain.tables import PREDICTIONS
from hotarea.stores import definitions, feature_store, online_access, online_format, online_name, online_writers
from hotarea.stores.ledger import Ledger
from tests.servers import postgres_server, redis_server

VIEW = "document_predictions"
NOBODY = pa.array([], pa.int64())
DAY, LATER = (datetime(year, 12, 31, tzinfo=UTC) for year in (2013, 2014))


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=20), st.integers(0, 3))
def test_integers_are_encoded_as_feast_encodes_them(numbers, skipped):
    column = pa.array(numbers, pa.int64()).slice(skipped)

    assert online_format.values(column, ValueType.INT64) == as_feast(column, ValueType.INT64)


@given(st.lists(st.none() | st.floats(), max_size=20), st.integers(0, 3))
def test_fractions_are_encoded_as_feast_encodes_them(numbers, skipped):
    column = pa.array(numbers, pa.float64()).slice(skipped)

    assert online_format.values(column, ValueType.DOUBLE) == as_feast(column, ValueType.DOUBLE)


@given(st.lists(st.none() | st.text(), max_size=20))
def test_texts_are_encoded_as_feast_encodes_them(texts):
    column = pa.array(texts, pa.string())

    assert online_format.values(column, ValueType.STRING) == as_feast(column, ValueType.STRING)


def as_feast(column: pa.Array, kind: ValueType) -> list[bytes]:
    return [value.SerializeToString() for value in python_values_to_proto_values(column.to_pylist(), kind)]


def test_positions_order_ids_as_their_keys():
    ids = pa.array([*np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 500), 0, 1, 255, 256, -1], pa.int64())
    keys = online_format.keys("document_id", ids)

    assert sorted(range(len(ids)), key=keys.__getitem__) == np.argsort(online_format.positions(ids)).tolist()


@dataclass(frozen=True)
class Store:
    """A real online store, with what a test asks of it."""

    kind: str
    feast: object

    @property
    def definition(self):
        return self.feast.get_feature_view(VIEW)

    def writer(self, aside: str = "", **options):
        return online_writers.writer(self.feast.config, self.definition, aside, **options)

    def read(self, *ids: int) -> tuple:
        answer = self.feast.get_online_features(
            features=[f"{VIEW}:{name}" for name in sorted(f.name for f in self.definition.features)],
            entity_rows=[{"document_id": i} for i in ids],
        )
        return answer.to_dict(include_event_timestamps=True)


@pytest.fixture(scope="module", params=["sqlite", "redis", "postgres"])
def server(request) -> Iterator[dict[str, str]]:
    servers = {"sqlite": nullcontext, "redis": redis_server, "postgres": postgres_server}
    with servers[request.param]() as url:
        yield {"online_store": request.param, "online_store_url": url} if url else {}


def owned(settings: Settings) -> None:
    """Take the server over from the test before."""
    config, ledger = feature_store.configuration(settings), Ledger(settings.ledger)
    online_access.take_over(config.online_store, online_access.Owner.of(ledger), config.project)
    ledger.close()


@pytest.fixture
def store(server, settings) -> Iterator[Store]:
    configured = Settings.load(home=settings.home, project=settings.project, **server)
    owned(configured)
    definitions.apply(configured)
    opened = feature_store.open_store(configured)
    yield Store(server.get("online_store", "sqlite"), opened)
    opened.teardown()


def rows_of(scores: dict[int, float | None], day: datetime = DAY) -> pa.Table:
    base = {"model_name": "hot_area", "feature_service": "s", "event_timestamp": day, "created_timestamp": day}
    rows = [
        base | {"document_id": i, "hot_area": bool(s and s > 0.5), "hot_area_score": s, "model_version": i % 7 - 3}
        for i, s in scores.items()
    ]
    columns = [name for name in PREDICTIONS.names if rows and name in rows[0]]
    schema = pa.schema([PREDICTIONS.field(name).with_nullable(True) for name in columns])
    return pa.Table.from_pylist(rows, schema=schema)


MANY = {int(i): s for i, s in zip([1, 256, 4_401_234_567, 0, 77], [0.1, None, 1 / 3, 0.0, -0.0], strict=True)}


def test_answers_are_the_bytes_that_feast_itself_writes(store):
    kinds = {"document_id": ValueType.INT64}
    own = get_online_store_from_config(store.feast.config.online_store)
    encoded = _convert_arrow_to_proto(rows_of(MANY), store.definition, kinds)
    own.online_write_batch(store.feast.config, store.definition, encoded, None)
    by_feast = store.read(*MANY, 9)

    writer = store.writer("again")
    writer.begin()
    writer.write(rows_of(MANY), NOBODY)
    writer.finish()

    assert repr(store.read(*MANY, 9)) == repr(by_feast)


def test_a_replacement_takes_the_place_of_all_and_a_removal_of_some(store):
    first = store.writer("first")
    first.begin()
    first.write(rows_of({1: 0.1, 2: 0.2, 3: 0.3}), NOBODY)
    first.finish()

    second = store.writer("second")
    second.begin()
    second.write(rows_of({3: 0.9, 4: 0.4}, LATER), NOBODY if second.replaces else pa.array([1, 2], pa.int64()))
    second.finish()

    assert store.read(1, 2, 3, 4)["hot_area_score"] == [None, None, 0.9, 0.4]
    assert second.replaces == (store.kind != "redis")


def test_readers_see_nothing_of_a_replacement_before_its_end(store):
    if store.kind == "redis":
        pytest.skip("Redis has no table to put aside: each document changes by itself")
    writer = store.writer()
    writer.write(rows_of({1: 0.1}), NOBODY)
    left, next_one = store.writer("left"), store.writer("next")
    left.begin()
    left.write(rows_of({5: 0.5}), NOBODY)
    next_one.begin()
    next_one.write(rows_of({1: 0.7, 2: 0.2}), NOBODY)
    next_one.write(rows_of({1: 0.7, 2: 0.2}), NOBODY)  # a chunk that is written again

    assert store.read(1, 2)["hot_area_score"] == [0.1, None]
    assert next_one.holds_begun()
    assert not left.holds_begun()

    next_one.finish()
    assert store.read(1, 2, 5)["hot_area_score"] == [0.7, 0.2, None]
    feature_store_again = store.feast
    feature_store_again.apply([store.definition])  # finds its table and indexes as it made them
    assert store.read(1)["hot_area_score"] == [0.7]


def test_a_view_whose_name_begins_like_another_is_none_that_was_left_aside(store):
    longer = copy(store.definition)
    longer.name = f"{VIEW}__x"
    store.feast.apply([longer])
    other = online_writers.writer(store.feast.config, longer)
    other.write(rows_of({1: 0.1}), NOBODY)

    store.writer("next").begin()

    answer = store.feast.get_online_features([f"{VIEW}__x:hot_area_score"], [{"document_id": 1}]).to_dict()
    assert answer["hot_area_score"] == [0.1]


def test_some_documents_are_written_into_what_is_there(store):
    store.writer().write(rows_of({1: 0.1, 2: 0.2, 3: 0.3}), NOBODY)

    store.writer().write(rows_of({2: 0.9}), pa.array([3, 8], pa.int64()))

    assert store.read(1, 2, 3)["hot_area_score"] == [0.1, 0.9, None]


def test_a_correction_of_the_same_moment_arrives_and_what_is_newer_stays_where_asked(store):
    store.writer().write(rows_of({1: 0.1, 2: 0.2}, LATER), NOBODY)

    store.writer(keeps_newer=True).write(rows_of({1: 0.5}, LATER), NOBODY)
    store.writer(keeps_newer=True).write(rows_of({2: 0.5}, DAY), NOBODY)

    expected = 0.2 if store.kind == "redis" else 0.5  # as Feast's own writers
    assert store.read(1, 2)["hot_area_score"] == [0.5, expected]


def test_the_store_is_named_without_its_password(store):
    assert "secret" not in online_name.of(store.feast.config.online_store)
