from pathlib import Path

from benchmarks import historical_retrieval as benchmark


def test_all_contenders_are_measured_on_equal_values(tmp_path: Path) -> None:
    found = benchmark.measured(rows=200, documents=100, runs=1, folder=tmp_path)

    assert list(found["contenders"]) == ["hotarea", "feast file", "feast duckdb"]
    assert all(took["peak_mib"] > 50 and took["seconds"] > 0 for took in found["contenders"].values())
    assert found["contenders"]["hotarea"]["ours_to_it"] == 1
    assert "| hotarea | 200 | " in benchmark.table(found)


def test_one_row_in_a_hundred_asks_for_an_unknown_document(tmp_path: Path) -> None:
    settings = benchmark.published(400, tmp_path)

    asked = benchmark._asked(4000, settings)

    assert len(asked) == 4000
    assert asked["event_timestamp"].nunique() == 10
    assert 10 < (asked["document_id"] < 0).sum() < 90
