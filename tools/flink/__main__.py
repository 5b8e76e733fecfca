"""Runs a cluster until it is told to stop (`run`, of `make flink`), or says how to use it (`settings`)."""

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.flink.cluster import PARALLELISM, beam_options, running
from tools.flink.engine import Engine, EngineError, fetch, say

JOB_PORT = 8099


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m tools.flink", description=__doc__)
    parser.add_argument("action", choices=["run", "settings"])
    if parser.parse_args().action == "settings":
        sys.stdout.write(settings())
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _run(Engine.of(os.environ))
    except EngineError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        say("stopped")


def settings() -> str:
    """Return the line of shell that makes the project's commands use the cluster."""
    values = {
        "HOTAREA_RUNNER": "PortableRunner",
        "HOTAREA_SHARDS": 2 * PARALLELISM,
        "HOTAREA_BEAM_OPTIONS": shlex.quote(shlex.join(beam_options(JOB_PORT))),
    }
    return f"export {' '.join(f'{name}={value}' for name, value in values.items())}\n"


def _run(engine: Engine) -> None:
    fetch(engine)
    with TemporaryDirectory(prefix="hotarea-") as folder, running(engine, Path(folder), job_port=JOB_PORT) as cluster:
        say(f"{len(cluster.task_managers)} task managers are up; pages at {cluster.web}; Ctrl-C stops all")
        say('elsewhere: eval "$(make --silent flink-settings)"')
        signal.pause()


if __name__ == "__main__":
    main()
