"""Whatever stands in a line, decoding goes on: properties over arbitrary JSON and arbitrary bytes."""

import json
from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hotarea.domain import lake, works
from tests import faults

RELEASE = date(2012, 12, 31)
FIELDS = (
    *("id", "title", "display_name", "publication_date", "publication_year", "language", "type", "is_retracted"),
    *("primary_topic", "referenced_works", "updated_date", "updated"),
)

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["https://openalex.org/W12", "W7", "2011-05-06", "2011-02-30", "2011-01-01T00:00:00", "T10102"])
)
anything = st.recursive(
    leaves, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=6), inside, max_size=4)
)


@st.composite
def almost_works(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a good record with some fields replaced by anything."""
    record = faults.work(draw(st.integers(1, 40)), date(2011, 5, 6), draw(st.lists(st.integers(1, 40), max_size=5)))
    return record | draw(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=2))


good = st.builds(faults.work, st.integers(1, 40), st.dates(date(1990, 1, 1), date(2012, 1, 1)))
jsons = st.one_of(good, almost_works(), anything).map(lambda value: json.dumps(value).encode())
garbage = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" "))
cut = st.builds(lambda line, at: line[: int(at * len(line))], jsons, st.floats(0, 1))
lines = st.lists(jsons | garbage | cut, max_size=12)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(lines)
def test_every_line_becomes_a_work_or_a_reject(given_lines: list[bytes]) -> None:
    found = works.decode(b"".join(line + b"\n" for line in given_lines), RELEASE)
    told = [number for number, line in enumerate(given_lines, 1) if line.strip()]
    assert found.works.schema == works.WORKS
    assert sorted([*found.works["line"].to_pylist(), *(r.line for r in found.rejects)]) == told
    assert found.records == len(told)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(lines, st.lists(st.integers(0, 12), max_size=4))
def test_how_lines_are_cut_into_batches_does_not_matter(given_lines: list[bytes], cuts: list[int]) -> None:
    whole = decoded([given_lines])
    assert decoded([[line] for line in given_lines]) == whole
    bounds = sorted({0, len(given_lines), *(c for c in cuts if c < len(given_lines))})
    assert decoded([given_lines[a:b] for a, b in pairwise(bounds)]) == whole


def decoded(batches: list[list[bytes]]) -> tuple[Any, ...]:
    """Return what batch after batch gives together."""
    found, line = [], 1
    for batch in batches:
        found.append(works.decode(b"".join(text + b"\n" for text in batch), RELEASE, 3, line))
        line += len(batch)
    return (
        lake.concatenated([f.works for f in found]).to_pylist(),
        [reject for f in found for reject in sorted(f.rejects, key=lambda r: r.line)],
        sum(f.records for f in found),
        sum(f.self_citations for f in found),
        sum(f.repeated_references for f in found),
    )
