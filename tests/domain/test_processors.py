import os
import subprocess
import sys

import pytest

COUNT = "from hotarea.domain.processors import cores; print(cores())"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process to a core")
def test_a_process_that_is_pinned_to_a_core_has_one():
    one = min(os.sched_getaffinity(0))
    pinned = f"import os; os.sched_setaffinity(0, {{{one}}}); {COUNT}"

    told = subprocess.run([sys.executable, "-c", pinned], capture_output=True, text=True, check=True).stdout

    assert told.strip() == "1"


SPINS = "import hotarea, os; print(os.environ.get('GOMP_SPINCOUNT'))"


def without_a_say() -> dict[str, str]:
    """The environment of the tests, less what says how threads wait."""
    return {k: v for k, v in os.environ.items() if k not in {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "5"}, "5"), ({"OMP_WAIT_POLICY": "active"}, "None")],
)
def test_threads_wait_briefly_unless_the_environment_says_how(given: dict[str, str], expected: str):
    environment = without_a_say() | given

    told = subprocess.run([sys.executable, "-c", SPINS], env=environment, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == expected


@pytest.mark.skipif(sys.platform != "linux", reason="XGBoost brings another OpenMP here")
def test_xgboosts_openmp_takes_notice():
    environment = without_a_say() | {"OMP_DISPLAY_ENV": "verbose"}
    program = "import hotarea, sys; sys.modules['sklearn'] = None; import xgboost"

    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert "GOMP_SPINCOUNT = '1000'" in told.stderr
