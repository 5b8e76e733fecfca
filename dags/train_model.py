"""### Train a candidate and let the gate decide

Learns from the matured cutoffs, through Feast's point-in-time join; judges the candidate on the newest matured cutoff
beside the champion and the baselines; the gate accepts or refuses it. An accepted one becomes the champion. A refused
one ends in `rejected`, which says why, and the old champion stays in service.

**Runs** on a `training_request` that `monitor_model` had accepted, and by hand. **Starts** `score_documents` through
the asset `champion`. The arbiter answers first: within a cooldown, beyond the week's budget, with too little data, or
with data that has been trained on already, the run is skipped; the XCom `outcome` of `plan` says why.

**Hazards** Rows that break a critical expectation are not learned from: the run fails at `validate`. The gate fails
closed: where evidence is missing, the run fails and nothing is promoted.

**Example** `{"reason": "the new topics look wrong", "force": true}`
"""

from pathlib import Path

from airflow.sdk import Label, dag, task

from hotarea_airflow.validation import validation
from hotarea_flow import CHAMPION, DEFAULT_ARGS, TRAINING_PARAMS, TRAINING_REQUEST, optional, requested, settings


@dag(
    schedule=TRAINING_REQUEST,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["hotarea", "model"],
    params=TRAINING_PARAMS,
)
def train_model():  # noqa: C901 - eight tasks, no branches
    @task.short_circuit
    def plan(*, run_id, params, triggering_asset_events, ti):
        """Ask the arbiter; split the cutoffs into training and evaluation, once. Skip the rest if it says no."""
        from hotarea.stages import arbiter

        wanted = arbiter.Wanted(**{name: params[name] for name in TRAINING_PARAMS})
        answer, planned = arbiter.plan(settings(), run_id, wanted, requested(triggering_asset_events))
        ti.xcom_push(key="outcome", value=f"{answer.reason}: {answer.outcome}, {answer.why}")
        return optional(str, planned)

    @task
    def dataset(plan, *, run_id):
        """Join labels with the features as they were known."""
        from hotarea.stages import train

        train.dataset(settings(), Path(plan), run_id)

    @validation("training_set")
    def validate(plan, *, run_id):
        """Judge the rows before anything is learned from them."""
        from hotarea.stages import train

        train.validate(settings(), Path(plan), run_id)

    @task
    def fit(plan, *, run_id):
        """Train the candidate and register it."""
        from hotarea.stages import train

        train.fit(settings(), Path(plan), run_id)

    @task
    def evaluate(plan, *, run_id):
        """Judge candidate, champion and baselines on the same rows; return the training's id."""
        from hotarea.stages import train

        return train.evaluate(settings(), Path(plan), run_id)

    @task.branch
    def gate(training_id, *, run_id):
        """Decide whether the candidate may replace the champion."""
        from hotarea.stages import gate

        return "promote" if gate.run(settings(), training_id, run_id).accepted else "rejected"

    @task(outlets=[CHAMPION])
    def promote(training_id, *, run_id, outlet_events):
        """Put the candidate in service."""
        from hotarea.stages import promote

        champion = promote.run(settings(), training_id, run_id)
        outlet_events[CHAMPION].extra = {"model_version": champion.model_version, "reason": champion.reason}

    @task
    def rejected(training_id):
        """Say why the candidate was refused."""
        from hotarea.stages import gate

        gate.explain(settings(), training_id)

    planned = plan()
    training_id = evaluate(planned)
    decided = gate(training_id)
    dataset(planned) >> validate(planned) >> fit(planned) >> training_id
    decided >> Label("accepted") >> promote(training_id)
    decided >> Label("refused") >> rejected(training_id)


train_model()
