"""`hotarea replay`: the loop over past releases, shown while it runs and when it is over."""

import logging
from pathlib import Path

from rich.markup import escape

from hotarea.commands.calls import ERR, OUT, call, print_json
from hotarea.domain.replay import Step
from hotarea.domain.settings import Settings
from hotarea.stages.replay import Asked

_SAID_BY_THE_TIMELINE = ("hotarea.stages.gate", "hotarea.stages.alert")
"""Loggers that warn of each check that fails, the latter with pages that are gone when the replay is over."""


def replayed(settings: Settings, asked: Asked, report: Path | None, *, as_json: bool) -> None:
    """Replay, keep the report, and print the timeline or all of it as JSON."""
    from hotarea.console import replay as tables
    from hotarea.stages import replay as stage

    def told(step: Step) -> None:
        ERR.print(tables.line(step), highlight=False, markup=False, soft_wrap=True)

    for name in _SAID_BY_THE_TIMELINE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    found = call("replaying", lambda run_id: stage.run(settings, run_id, asked, told))
    page = stage.report(settings, found, report)
    if as_json:
        print_json(found)
    else:
        tables.show(OUT, found)
    (ERR if as_json else OUT).print(f"report: {escape(str(page))}", highlight=False, soft_wrap=True)
