"""Times the Beam jobs from raw files to features and labels of all cutoffs, each as a process of its own.

    python benchmarks/beam_jobs.py ../shared/data/arxiv_cs

Prints, per job, the seconds that it measured itself, those of the whole process, and the largest resident memory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hotarea.domain.job import Job
from hotarea.domain.settings import Settings
from hotarea.stages import features, ingest


def measured(job: Job, folder: Path) -> dict[str, Any]:
    result, log = folder / "result.json", folder / "log"
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", job.module, *job.arguments, "--result", str(result)], stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{job.module} failed:\n{log.read_text()}")
    found: dict[str, Any] = json.loads(result.read_bytes())
    return {
        "job": job.module,
        "seconds": found["seconds"],
        "process_seconds": round(time.perf_counter() - start, 1),
        "peak_mib": usage.ru_maxrss // 1024,
        "cutoffs": len(found.get("cutoffs", [])),
        "steps": found.get("steps", {}),
    }


def planned(plan: Path | None) -> Path:
    return plan or sys.exit("nothing to do: the raw folder holds no release")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", type=Path, help="a folder of raw data")
    raw: Path = parser.parse_args().raw
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(home=Path(folder) / "home")
        plan = planned(ingest.plan(settings, "benchmark", raw))
        print(json.dumps(measured(ingest.job(settings, plan), Path(folder))))
        ingest.publish(settings, plan, "benchmark")
        plan = planned(features.plan(settings, "benchmark"))
        print(json.dumps(measured(features.feature_job(settings, plan), Path(folder))))
        print(json.dumps(measured(features.label_job(settings, plan), Path(folder))))


if __name__ == "__main__":
    main()
