import pytest

from hotarea.domain.records import Champion
from hotarea.domain.timeline import last_other, previous


def timeline(versions: list[int]) -> list[Champion]:
    return [
        Champion(
            model_name="m",
            model_version=v,
            feature_service="s",
            metrics={},
            reason="test",
            run_id="test",
            sequence=place,
        )
        for place, v in enumerate(versions, 1)
    ]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], None),
        ([1], None),
        ([1, 2], 1),
        ([1, 2, 3], 2),
        ([1, 2, 3, 2], 1),  # rolled back once: the next rollback goes on, and not forth again
        ([1, 2, 1], None),
        ([1, 2, 3, 1, 4], 1),
        ([1, 2, 3, 2, 3], 2),  # rolled forth by name
        ([1, 2, 3, 2, 5, 2], 1),
    ],
    ids=str,
)
def test_a_rollback_leads_to_the_champion_before(versions, expected):
    found = previous(timeline(versions))

    assert (found and found.model_version) == expected


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], None),
        ([1], None),
        ([1, 2], 1),
        ([1, 2, 3], 2),
        ([1, 2, 1], 2),  # what was rolled back served last, though no rollback leads to it
        ([1, 2, 3, 2], 3),
        ([1, 2, 1, 1], 2),
    ],
    ids=str,
)
def test_the_last_other_champion_is_who_served_last_of_those_that_do_not(versions, expected):
    found = last_other(timeline(versions)[::-1])

    assert (found and found.model_version) == expected


def test_the_order_of_records_does_not_matter():
    found = previous(timeline([1, 2, 3])[::-1])

    assert found is not None
    assert found.model_version == 2
