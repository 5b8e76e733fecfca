from datetime import UTC, date, datetime

import pytest

from hotarea.domain.audit import AGE, Difference, differences, message, same

DAY, LATER = datetime(2013, 12, 31, tzinfo=UTC), datetime(2014, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("offline", "online", "expected"),
    [
        (0.1 + 0.2, 0.30000000000000004, True),
        (0.3, 0.30000000000000004, False),
        (0.0, -0.0, False),
        (1, 1.0, False),
        (1, True, False),
        (float("nan"), None, True),  # Feast keeps NaN as null
        (None, None, True),
        (None, 0, False),
        ("a", "a", True),
        ("a", "b", False),
        (2**63 - 1, 2**63 - 1, True),
        (2**53 + 1, 2**53, False),
    ],
)
def test_values_are_compared_to_the_bit(offline, online, expected):
    assert same(offline, online) is expected


def test_values_age_and_vanished_documents_are_compared():
    offline = {1: {"rate": 1.0, AGE: DAY}, 2: {"rate": 2.0, AGE: DAY}, 3: {"rate": 3.0, AGE: DAY}}
    online = {
        1: {"rate": 1.0, AGE: DAY},
        2: {"rate": 2.5, AGE: DAY},
        3: {"rate": 3.0, AGE: LATER},
        8: {"rate": None, AGE: DAY},
        9: {"rate": 9.0, AGE: DAY},
    }

    found = list(differences(offline, online, ["rate"]))

    assert found == [
        Difference(2, "rate", 2.0, 2.5),
        Difference(3, AGE, DAY, LATER),
        Difference(9, "rate", None, 9.0),
    ]
    assert message("a_view", date(2013, 12, 31), found, 3, 5) == (
        "3 of 5 documents of a_view at 2013-12-31 answer online otherwise than offline: "
        "document 2, rate: offline 2.0, online 2.5; "
        "document 3, event_timestamp: offline 2013-12-31T00:00:00+00:00, online 2014-12-31T00:00:00+00:00; "
        "document 9, rate: offline None, online 9.0"
    )
