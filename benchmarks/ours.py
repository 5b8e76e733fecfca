"""Our ingest and features as the project runs them: the stages plan and publish, the jobs are processes of their own.

    python -m benchmarks.ours RAW HOME --cutoff 2019-12-31@2019-12-31 --cutoff …

Left out are the expectations, as no other contender judges its rows, and labels. The feature sets stay where the job
built them: publishing is one rename for each, and happens with the labels.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hotarea.domain.job import Job
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import features, ingest, staged_releases

RESULT = "benchmark.json"
"""Below the home: the feature sets' folder by cutoff, and what each job told of itself."""


def main() -> None:
    """Build the features of the cutoffs from a raw folder in a new home."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", type=Path, help="a raw folder")
    parser.add_argument("home", type=Path, help="folder of all state, which should not exist yet")
    parser.add_argument("--cutoff", type=Cutoff.parse, action="append", required=True, help="DAY@KNOWN")
    asked = parser.parse_args()
    settings = Settings.load(home=asked.home)
    plan = _planned(ingest.plan(settings, "benchmark", asked.raw))
    jobs = {"ingest": _run(ingest.job(settings, plan), asked.home)}
    staged_releases.publish(settings, plan, "benchmark")
    plan = _planned(features.plan(settings, "benchmark", asked.cutoff))
    jobs["features"] = _run(features.feature_job(settings, plan), asked.home)
    (asked.home / RESULT).write_text(json.dumps({"built": str(plan.parent), "jobs": jobs}))


def _planned(plan: Path | None) -> Path:
    return plan or sys.exit("nothing to do: the raw folder holds no release, or the home is not new")


def _run(job: Job, home: Path) -> dict[str, Any]:
    result = home / f"{job.module}.json"
    subprocess.run([sys.executable, "-m", job.module, *job.arguments, "--result", str(result)], check=True)
    found: dict[str, Any] = json.loads(result.read_bytes())
    return {name: found[name] for name in ("seconds", "works_per_second", "bytes", "steps") if name in found}


if __name__ == "__main__":
    main()
