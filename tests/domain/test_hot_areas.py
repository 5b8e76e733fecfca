import duckdb
import numpy as np
import pyarrow as pa
import pytest

from hotarea.domain.hot_areas import NO_TOPIC, hot_areas
from hotarea.domain.tables import HOT_AREAS


def corpus(count: int = 2000) -> tuple[pa.Table, pa.Table]:
    rng = np.random.default_rng(11)
    topics = np.array(["T1", "T2", "T3", None], dtype=object)[rng.integers(0, 4, count)]
    scores = rng.random(count)
    predictions = pa.table({"document_id": np.arange(count), "hot_area": scores > 0.8, "hot_area_score": scores})
    names = [None if t is None else f"Topic {t}" for t in topics]
    documents = pa.table(
        {"document_id": np.arange(count), "topic_id": pa.array(topics, pa.string()), "topic": pa.array(names)}
    )
    return predictions, documents


def small(*rows: tuple[str | None, str | None, float]) -> tuple[pa.Table, pa.Table]:
    ids = list(range(len(rows)))
    predictions = pa.table(
        {
            "document_id": pa.array(ids, pa.int64()),
            "hot_area": pa.array([r[2] > 0.5 for r in rows], pa.bool_()),
            "hot_area_score": pa.array([r[2] for r in rows], pa.float64()),
        }
    )
    documents = pa.table(
        {
            "document_id": pa.array(ids, pa.int64()),
            "topic_id": pa.array([r[0] for r in rows], pa.string()),
            "topic": pa.array([r[1] for r in rows], pa.string()),
        }
    )
    return predictions, documents


def test_shares_equal_those_of_sql():
    predictions, documents = corpus()

    connection = duckdb.connect()
    expected = connection.sql(
        "select topic_id, coalesce(topic, '(no topic)') topic, count(*) documents, "
        "count(*) filter (hot_area) hot_documents, avg(hot_area::int) hot_share, avg(hot_area_score) mean_score "
        "from predictions left join documents using (document_id) group by 1, 2 "
        "order by hot_share desc, mean_score desc, documents desc, topic"
    ).to_arrow_table()
    connection.close()

    found = hot_areas(predictions, documents)

    assert found.schema.equals(HOT_AREAS)
    for name in HOT_AREAS.names:
        mine, theirs = found[name].to_pylist(), expected[name].to_pylist()
        assert mine == (pytest.approx(theirs) if name in {"hot_share", "mean_score"} else theirs)


def test_the_order_of_rows_changes_nothing():
    predictions, documents = corpus()
    mixed = np.random.default_rng(1).permutation(predictions.num_rows)

    assert hot_areas(predictions.take(mixed), documents.take(mixed[::-1])).equals(hot_areas(predictions, documents))


def test_small_topics_are_not_ranked():
    tables = small(*[("T1", "one", 0.9)] * 9, *[("T2", "two", 0.1)] * 10)

    assert hot_areas(*tables)["topic"].to_pylist() == ["two"]
    assert hot_areas(*tables, fewest=9)["topic"].to_pylist() == ["one", "two"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([("A", "a", 0.9), ("A", "a", 0.1)], [("B", "b", 0.4), ("B", "b", 0.4)]),  # share
        ([("A", "a", 0.9), ("A", "a", 0.3)], [("B", "b", 0.8), ("B", "b", 0.2)]),  # mean score
        ([("A", "a", 0.5), ("A", "a", 0.5), ("A", "a", 0.5)], [("B", "b", 0.5), ("B", "b", 0.5)]),  # size
        ([("B", "a", 0.5)], [("A", "b", 0.5)]),  # name
        ([("A", "a", 0.5)], [("B", "a", 0.5)]),  # id
    ],
    ids=["share", "mean score", "size", "name", "id"],
)
def test_hotter_topics_come_first(first, second):
    found = hot_areas(*small(*second, *first), fewest=1)

    assert found["topic_id"].to_pylist() == [first[0][0], second[0][0]]


def test_documents_without_a_topic_are_one_area_of_their_own():
    predictions, documents = small((None, None, 0.9), (None, None, 0.2), ("T1", "one", 0.2))

    found = hot_areas(predictions, documents.slice(1), fewest=1).to_pylist()

    assert [(row["topic_id"], row["topic"], row["documents"]) for row in found] == [
        (None, NO_TOPIC, 2),
        ("T1", "one", 1),
    ]


def test_a_renamed_topic_is_one_topic():
    found = hot_areas(*small(("T1", "old name", 0.9), ("T1", "new name", 0.2), ("T1", None, 0.1)), fewest=1)

    assert found.to_pylist()[0]["documents"] == 3
    assert found["topic"].to_pylist() == ["old name"]


def test_no_predictions_give_no_areas():
    assert hot_areas(*small()).num_rows == 0
