"""Brings the whole system up, drives it to its result and keeps it running."""

import signal
import threading
from contextlib import closing
from datetime import UTC, datetime
from types import FrameType

import httpx
from rich.console import Console
from rich.markup import escape

from hotarea.console import airflow, preflight, result
from hotarea.console.airflow_api import AirflowApi
from hotarea.console.progress import Progress
from hotarea.console.supervisor import Supervisor, end_orphans
from hotarea.domain.errors import HotareaError
from hotarea.domain.settings import Settings
from hotarea.stages import pending, sample, status

DAGS = (
    *("ingest_releases", "build_features", "train_model", "score_documents", "rollback_champion", "retry_quarantine"),
    *("monitor_model", "replay_releases", "watch_silence"),
)


def up(settings: Settings, console: Console, *, once: bool) -> None:
    """Start Airflow, bring in what is new, show progress and the result; then stay up, or stop if `once`.

    Raises a `HotareaError` if the system cannot start or, with `once`, if a task failed.
    """
    end_orphans(settings)
    preflight.check(settings)
    settings = with_data(settings, console)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a service manager, a closed terminal
        signal.signal(number, _interrupt)
    with Supervisor(settings) as supervisor:
        try:
            with console.status("starting Airflow"):
                supervisor.start()
            _drive(settings, console, supervisor, once=once)
        except KeyboardInterrupt:
            console.print("stopping")
            if once:
                raise
    console.print("everything is stopped")


def with_data(settings: Settings, console: Console) -> Settings:
    """Return the settings with the raw data to follow: what the caller named, what the home follows, or the sample."""
    raw = pending.followed(settings)
    if raw:
        return settings.model_copy(update={"raw": raw})
    with console.status("generating the synthetic sample corpus"):
        sample.run(settings)
    return settings.model_copy(update={"raw": sample.folder(settings)})


def _drive(settings: Settings, console: Console, supervisor: Supervisor, *, once: bool) -> None:
    with closing(AirflowApi(airflow.base_url(settings), airflow.ADMIN, airflow.password(settings))) as api:
        _lead(settings, console, api, supervisor, once=once)
    if not once:
        console.print(f"\n[bold]Airflow[/] stays up at {airflow.base_url(settings)}; Ctrl-C stops everything")
        _wait(supervisor)


def _lead(settings: Settings, console: Console, api: AirflowApi, supervisor: Supervisor, *, once: bool) -> None:
    """Start Airflow and bring in what is new; a failed task is told, and raised only if nobody stays to look."""
    with console.status("starting Airflow"):
        api.wait_until_up(supervisor.check)
        api.wait_for_dags(set(DAGS), supervisor.check)
    console.print(
        f"[bold]Airflow[/]   {airflow.base_url(settings)}  user {airflow.ADMIN}  password {airflow.password(settings)}"
    )
    try:
        _bring_in(settings, console, api, supervisor)
    except (HotareaError, httpx.HTTPError) as error:
        if once:
            raise
        console.print(f"[red]error:[/] {escape(str(error))}")


def _bring_in(settings: Settings, console: Console, api: AirflowApi, supervisor: Supervisor) -> None:
    progress, had_work = Progress(api, console, datetime.now(UTC)), pending.first(settings) is not None
    for dag_id in DAGS:
        api.unpause(dag_id)
    if any(run.is_active for run in api.dag_runs()):
        console.print("following the runs that are under way")
        progress.watch(supervisor.check)
    first = pending.first(settings)
    if first is not None:
        console.print(f"{first.reason}: starting with {first.dag_id}")
        api.trigger(first.dag_id, dict(first.conf))
        progress.watch(supervisor.check)
    elif not had_work:  # else the clock was faster
        console.print("everything is up to date: all releases are in, scored and served; nothing is done twice")
    progress.raise_for_failure()
    result.show(console, status.collect(settings))


def _wait(supervisor: Supervisor) -> None:
    pause = threading.Event()
    while not pause.wait(1.0):
        supervisor.check()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
