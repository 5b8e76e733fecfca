"""What of the machine this process may use."""

import os

SPINS = 1000


def cores() -> int:
    """Return how many cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def wait_briefly() -> None:
    """Let OpenMP's threads soon sleep while they wait for each other, unless the environment says how they wait.

    By themselves they go round 300,000 times, at each of a tree's many barriers. Where other processes keep the cores
    busy, the thread that is waited for cannot run meanwhile: 200 trees of 3,000 rows took 34 seconds, and now 0.3. On a
    quiet machine both take the same. OpenMP reads this once, when XGBoost is imported.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
