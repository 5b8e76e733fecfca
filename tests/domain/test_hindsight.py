import numpy as np
import pytest

from hotarea.domain.hindsight import (
    CEILINGS,
    COUNTS,
    FUTURE,
    GAINED,
    LEAST_ROWS,
    NORMALISED,
    agreement,
    agreements,
    compared,
    of_the_present,
    references,
)

ROWS = 1000
CHANCE = np.random.default_rng(3)
THEN = CHANCE.integers(1, 50, ROWS).astype(float)
NOW = THEN + CHANCE.integers(0, 50, ROWS)


@pytest.mark.parametrize("changed", [lambda x: x, np.sqrt, lambda x: -np.exp(x / 10), lambda x: x.argsort().argsort()])
def test_a_leak_stays_one_whatever_is_done_to_its_scale(changed):
    ties = 0.001 if changed(np.array([1.0, 1.0])).std() else 0  # a rank without ties breaks those of counts

    assert agreement(changed(NOW), NOW) == pytest.approx(1, abs=ties or 1e-12)


def test_what_is_unknown_on_either_side_is_left_out():
    values, reference = NOW.copy(), NOW.copy()
    values[::3], reference[::4] = np.nan, np.inf

    assert agreement(values, reference) == pytest.approx(1)


def test_too_few_rows_and_constants_say_nothing_which_is_no_agreement_of_zero():
    few = np.where(np.arange(ROWS) < LEAST_ROWS - 1, NOW, np.nan)

    assert np.isnan(agreement(few, NOW))
    assert np.isnan(agreement(np.ones(ROWS), NOW))
    assert np.isnan(agreement(NOW, np.ones(ROWS)))
    found = agreements({"few": few, "constant": np.ones(ROWS), "copied": NOW}, {FUTURE: NOW})
    assert [(a.column, a.agreement) for a in found] == [("copied", pytest.approx(1))]


def test_how_many_documents_could_be_compared_is_that_of_the_column_that_is_known_most():
    few, half = np.full(ROWS, np.nan), NOW.copy()
    few[:10], half[::2] = 1.0, np.nan

    found = compared(
        {"few": few, "half": half}, {FUTURE: NOW, GAINED: few, "cite_count of today": np.full(ROWS, np.nan)}
    )

    assert found == {FUTURE: ROWS // 2, GAINED: 10, "cite_count of today": 0}


def columns(values: np.ndarray) -> dict[str, np.ndarray]:
    return dict.fromkeys(COUNTS, values) | {"age_years": np.arange(ROWS) % 7 + 0.5}


def test_the_most_implausible_comes_first_and_is_told_from_the_honest():
    known = references(columns(THEN), columns(NOW), CHANCE.random(ROWS))

    found = agreements({"honest": THEN, "copied": NOW, "future": known[FUTURE], "noise": CHANCE.random(ROWS)}, known)

    assert set(known) == set(CEILINGS)
    assert {(a.column, a.reference) for a in found if a.is_implausible} >= {
        ("copied", "cite_count of today"),
        ("future", FUTURE),
    }
    assert {a.column for a in found if a.is_implausible} == {"copied", "future"}
    assert found[0].is_implausible
    assert not found[-1].is_implausible


def test_what_was_gained_is_the_difference_and_a_count_that_stayed_says_nothing():
    now = np.where(np.arange(ROWS) < 500, THEN, NOW + 1)

    known = references(columns(THEN), columns(now), np.zeros(ROWS))

    assert known[GAINED].tolist() == (now - THEN).tolist()
    assert np.isnan(known["cite_count of today"][:500]).all()
    assert known["cite_count of today"][500:].tolist() == now[500:].tolist()


def test_citations_are_normalised_by_those_of_the_same_age():
    known = references(columns(THEN), columns(NOW), np.zeros(ROWS))

    for age in range(7):
        assert known[NORMALISED][np.arange(ROWS) % 7 == age].mean() == pytest.approx(1)


def test_fields_of_the_present_are_known_by_their_names():
    names = ["rate", "cited_by_count", "FWCI_pct", "cite_count", "counts_by_year_2020"]

    assert of_the_present(names) == ["cited_by_count", "FWCI_pct", "counts_by_year_2020"]
