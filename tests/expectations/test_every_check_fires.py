"""Every check of every suite fails where exactly one thing is broken, and no other critical one with it."""

from collections import Counter
from pathlib import Path

import pytest

from expectations import runner
from expectations.runner import SUITES
from expectations.suite import SCHEMA_DIFFERENCE
from tests.expectations.cases import BREAKS, CASES, fired


@pytest.fixture(autouse=True)
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge without the page of each verdict, which `test_pages` and `test_runner` look at."""
    monkeypatch.setattr(runner, "write_page", lambda *_: Path("page.html"))


@pytest.mark.parametrize("name", CASES)
def test_valid_rows_pass_every_check(name, tmp_path):
    outcome = CASES[name]().judge(tmp_path)
    assert outcome.failures == []
    assert outcome.success
    assert outcome.checks == len(CASES[name]().declared(tmp_path / "again"))


@pytest.mark.parametrize(("name", "broken"), [(name, broken) for name in BREAKS for broken in BREAKS[name]])
def test_breaking_one_thing_fires_its_checks_alone(name, broken, tmp_path):
    case, (breaks, expected) = CASES[name](), BREAKS[name][broken]
    breaks(case)
    outcome = case.judge(tmp_path)
    assert fired(outcome) == sorted(expected)
    critical = [check for check in expected if check[2] == "critical"]
    assert len(critical) <= 1
    assert outcome.success == (not critical)


@pytest.mark.parametrize("name", CASES)
def test_no_check_is_left_unbroken(name, tmp_path):
    """What is declared is what the breaks prove, each as often; the schema's check is proven in `test_runner`."""
    declared = Counter(check for check in CASES[name]().declared(tmp_path) if check[1] != SCHEMA_DIFFERENCE)
    proven: Counter = Counter()
    for _, expected in BREAKS[name].values():
        proven |= Counter(expected)
    assert declared == proven


def test_every_suite_has_a_case():
    assert {case().dataset for case in CASES.values()} == set(SUITES)
    assert BREAKS.keys() == CASES.keys()
