"""### Watch the champion, and ask for a training

Compares the newest cutoff with what the champion learned from (features, predictions, new documents, label share) and
scores predictions whose labels have matured. What gives reason to train (new data, drift, dropped performance, time) is
asked of the arbiter, which answers by `policy/triggers.toml`; `hotarea triggers` lists the answers.

**Runs** on new `document_features`, daily, and by hand. **Starts** `train_model` through the asset `training_request`
if the arbiter accepts; else the run ends at `ask`, whose log and XCom `outcomes` say why.

**Hazards** Corrections of known documents do not count as drift: where they may be the reason, `first_told` builds the
newest cutoff once more without them, which takes as long as its features took.

**Example** `{}`
"""

from datetime import timedelta
from pathlib import Path

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from hotarea_airflow.validation import validation
from hotarea_chains import beam_job
from hotarea_flow import DAG_DEFAULTS, DOCUMENT_FEATURES, TRAINING_REQUEST, optional, settings


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("7 6 * * *", timezone="UTC", run_immediately=timedelta(minutes=1)),
        assets=DOCUMENT_FEATURES,
    ),
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "model", "watch"],
)
def monitor_model():
    @task
    def plan(*, run_id):
        """Measure; plan the job that tells corrections from a changed world where that is in question."""
        from hotarea.stages import drift

        return optional(str, drift.look(settings(), run_id))

    @validation("drift", trigger_rule="none_failed")
    def drift(plan, *, run_id):
        """Judge how far the newest cutoff is from what the champion learned from."""
        from hotarea.stages import drift

        drift.check(settings(), optional(Path, plan), run_id)

    @task
    def performance(*, run_id):
        """Score the published predictions whose labels have matured."""
        from hotarea.stages import live_performance

        live_performance.run(settings(), run_id)

    @task.short_circuit
    def ask(*, run_id, ti):
        """Ask the arbiter for all that gives reason to train; go on if it accepts."""
        from hotarea.stages import monitor

        answers = monitor.ask(settings(), run_id)
        ti.xcom_push(key="outcomes", value=[f"{a.reason}: {a.outcome}, {a.why}" for a in answers])
        accepted = monitor.accepted(answers)
        return accepted.request_id if accepted else None

    @task(outlets=[TRAINING_REQUEST])
    def request(request_id, *, outlet_events):
        """Start the training that was accepted."""
        outlet_events[TRAINING_REQUEST].extra = {"request_id": request_id}

    planned = plan()
    first_told = beam_job(
        "first_told",
        "Build the newest cutoff as if no known document had been told otherwise.",
        planned,
        stage="recuration",
    )
    asked = ask()
    first_told >> drift(planned) >> performance() >> asked
    request(asked)


monitor_model()
