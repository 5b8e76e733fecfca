"""Beam pipelines: thin wiring around `hotarea.domain`; each runs as `python -m beam_jobs.NAME` on any runner."""
