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
