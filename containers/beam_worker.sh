#!/bin/sh
# What Beam's PROCESS environment calls on every machine of a cluster; its arguments say where the runner is.
# The worker runs from the wheel: of HOTAREA_PYTHON, else of the clone's .venv, else (in the image) of the PATH.
own="$(dirname "$0")/../.venv/bin/python"
[ -x "$own" ] || own=python
exec "${HOTAREA_PYTHON:-$own}" -m beam_jobs.worker "$@"
