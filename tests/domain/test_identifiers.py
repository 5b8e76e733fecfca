import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain import identifiers


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        ([], []),
        (["https://openalex.org/W1", "https://openalex.org/W4400000000"], [1, 4_400_000_000]),
        (["W5", "https://openalex.org/W6", "w7", "http://openalex.org/W8"], [5, 6, 7, 8]),
        (["https://openalex.org/works/W9", "https://openalex.org/W007"], [9, 7]),
        (["https://openalex.org/W1", None, 3, "", "W", "A1", "1", " W1", "W1 "], [1] + [None] * 8),
        (["https://openalex.org/W0", "https://openalex.org/W-1"], [None, None]),
        (["https://openalex.org/W1", "https://openalex.org/W1000000000000000000"], [1, None]),
        (["https://openalex.org/W999999999999999999"], [999_999_999_999_999_999]),
        (["https://openalex.org/W1?x"], [None]),
    ],
)
def test_ids_of_works(texts: list[object], numbers: list[int | None]) -> None:
    assert identifiers.works(texts).to_pylist() == numbers


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [(["1001", "0001002"], [1001, 1002]), (["7", "-7", "0", "x", None, "7.0", "1" * 19], [7] + [None] * 6)],
)
def test_plain_ids(texts: list[object], numbers: list[int | None]) -> None:
    assert identifiers.plain(texts).to_pylist() == numbers


@pytest.mark.parametrize(
    ("value", "short"),
    [
        (10102, "T10102"),
        ("10102", "T10102"),
        ("T10102", "T10102"),
        ("https://openalex.org/T10102", "T10102"),
        ("https://openalex.org/topics/10102", "T10102"),
        (None, None),
        ("", None),
        ("https://openalex.org/X1", None),
    ],
)
def test_the_short_form_of_a_topic(value: str | int | None, short: str | None) -> None:
    assert identifiers.topic(value) == short


works_and_references = st.lists(
    st.tuples(
        st.integers(1, 6) | st.just(10**17), st.lists(st.integers(1, 6) | st.integers(1 << 40, 10**18 - 1), max_size=8)
    ),
    max_size=6,
)


@given(works_and_references)
def test_distinct_references_are_those_of_python_sets(works: list[tuple[int, list[int]]]) -> None:
    ids = np.array([i for i, _ in works], dtype=np.int64)
    lengths = np.array([len(r) for _, r in works], dtype=np.int64)
    cited = np.array([c for _, r in works for c in r], dtype=np.int64)
    references, itself, repeated = identifiers.distinct_references(ids, lengths, cited)
    assert references.to_pylist() == [sorted(set(r) - {i}) for i, r in works]
    assert itself == sum(i in r for i, r in works)
    assert repeated == sum(len(r) - len(set(r)) for _, r in works)
