"""Programs of the tests that fork: each runs in a process of its own, without the threads of the tests."""

import os
import subprocess
import sys

from tests.conftest import PROJECT


def ended(module: str, *given: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a module as a program until it ends well; return what it said."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, *map(str, given)],
        env=os.environ | environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done
