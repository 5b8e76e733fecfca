"""### Watch for what does not happen

Says so if no release has come, no model was promoted, or the online store has been behind what has arrived, each for
longer than its limit (`HOTAREA_SILENCE_…`); says so again when the silence is broken. Delivers the alerts that no
channel took before.

**Runs** every hour, without new data, and by hand. **Starts** nothing.

**Hazards** A scheduler that is dead cannot tell that it is: let cron run `hotarea alerts watch` as well.

**Example** `{}`
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from hotarea_flow import DAG_DEFAULTS, settings


@dag(
    schedule=CronTriggerTimetable("43 * * * *", timezone="UTC", run_immediately=timedelta(minutes=1)),
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "watch"],
)
def watch_silence():
    @task
    def watch(*, run_id):
        """Listen, and tell of what is silent for too long."""
        from hotarea.stages import silence

        silence.watch(settings(), run_id)

    watch()


watch_silence()
