"""On what was measured."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any


def machine(packages: Iterable[str]) -> dict[str, Any]:
    """Return the machine's cores and memory, the versions of Python and of some packages, and the moment."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30), 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
