"""Which subject comes later: by dates, then by a version's number, and never by the letters of a name."""

import pytest

from hotarea.domain.subjects import reach


@pytest.mark.parametrize(
    ("dataset", "passed", "rejected", "expected"),
    [
        ("documents", ["2012-12-31"], ["2012-12-31"], True),
        ("documents", ["2013-06-30"], ["2012-12-31"], True),
        ("documents", ["2011-12-31"], ["2012-12-31"], False),
        ("documents", ["2011-12-31", "2013-12-31"], ["2012-12-31", "2013-06-30"], True),
        ("documents", ["2013-01-31"], ["2012-12-31", "2013-06-30"], False),
        ("document_features", ["2012-12-31@2013-06-30"], ["2012-12-31@2012-12-31"], True),
        ("document_features", ["2012-12-31@2012-12-31"], ["2012-12-31@2013-06-30"], False),
        ("predictions", ["2012-12-31@2012-12-31-v10"], ["2012-12-31@2012-12-31-v9"], True),
        ("predictions", ["2012-12-31@2012-12-31-v9"], ["2012-12-31@2012-12-31-v10"], False),
        ("predictions", ["2013-12-31@2013-12-31-v9"], ["2012-12-31@2012-12-31-v10"], True),
        ("training_set", ["2012-12-31-0a"], ["2012-12-31-f9"], True),
        ("training_set", ["2012-12-31-f9"], ["2013-12-31-0a"], True),
        ("documents", ["raw 2013-12-31"], ["2012-12-31"], False),
        ("documents", ["2013-12-31"], ["2012-12-31", "raw"], False),
        ("documents", ["2013-12-31"], [], False),
    ],
)
def test_what_is_later(dataset: str, passed: list[str], rejected: list[str], expected: bool) -> None:
    assert reach(dataset, passed, rejected) is expected
