"""`hotarea replay`: the loop over past releases, shown while it runs and when it is over."""

import logging
from pathlib import Path

from rich.markup import escape

from hotarea.commands.calls import ERR, OUT, call, print_json
from hotarea.domain.replay import Step
from hotarea.domain.settings import Settings
from hotarea.stages.replay import Asked

_REFUSES = "hotarea.stages.gate"
"""It warns of each check that fails; the timeline says so as well."""


def replayed(settings: Settings, asked: Asked, report: Path | None, *, as_json: bool) -> None:
    """Replay, keep the report, and print the timeline or all of it as JSON."""
    from hotarea.console import replay as tables
    from hotarea.stages import replay as stage

    def told(step: Step) -> None:
        ERR.print(tables.line(step), highlight=False, markup=False, soft_wrap=True)

    logging.getLogger(_REFUSES).setLevel(logging.ERROR)
    found = call("replaying", lambda run_id: stage.run(settings, run_id, asked, told))
    page = stage.report(settings, found, report)
    if as_json:
        print_json(found)
    else:
        tables.show(OUT, found)
    (ERR if as_json else OUT).print(f"report: {escape(str(page))}", highlight=False, soft_wrap=True)
