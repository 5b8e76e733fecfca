"""### Train a candidate and let the gate decide

Learns from the matured cutoffs, through Feast's point-in-time join; judges the candidate on the newest matured cutoff
beside the champion and the baselines; the gate promotes, holds or rejects it. One that is held waits in `ask` for a
person, under Required Actions. A rejected one ends in `rejected`, which says why; the old champion stays in service.

**Runs** on a `training_request` that `monitor_model` had accepted, and by hand. **Starts** `score_documents` through
the asset `champion`. The arbiter answers first: within a cooldown, beyond the week's budget, while a candidate waits,
with too little data, or with data that is being or has been trained on, the run is skipped; the XCom `outcome` of
`plan` says why.

**Hazards** Rows that break a critical expectation are not learned from: the run fails at `validate`. The gate fails
closed: where evidence is missing, nothing is promoted. Where what the model reads is not served online yet, `gate`
fails and decides nothing: `hotarea materialize`, then clear it. While a candidate waits for a person, at most as long
as `policy/gate.toml` says, no other is trained. If the champion changes meanwhile, `ask` fails: train anew, with force.

**Example** `{"reason": "the new topics look wrong", "force": true}`
"""

from pathlib import Path

from airflow.sdk import Label, dag, task

from hotarea_airflow.decision import ApprovalOperator, decision
from hotarea_airflow.validation import validation
from hotarea_flow import CHAMPION, DAG_DEFAULTS, TRAINING_PARAMS, TRAINING_REQUEST, optional, requested, settings


@dag(schedule=TRAINING_REQUEST, **DAG_DEFAULTS, doc_md=__doc__, tags=["hotarea", "model"], params=TRAINING_PARAMS)
def train_model():  # noqa: C901 - nine tasks, no branches
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

    @decision
    def gate(training_id, *, run_id):
        """Decide whether the candidate may replace the champion, and write its card; return the task that follows."""
        from hotarea.stages import gate, model_card

        verdict = gate.run(settings(), training_id, run_id).verdict
        model_card.of_training(settings(), training_id)  # also if nobody gets as far as the task of that name
        return {"promote": "promote", "hold": "ask", "reject": "rejected"}[verdict]

    @task(outlets=[CHAMPION], trigger_rule="none_failed_min_one_success")
    def promote(training_id, *, run_id, outlet_events):
        """Put the candidate in service."""
        from hotarea.stages import promote

        champion = promote.run(settings(), training_id, run_id)
        outlet_events[CHAMPION].extra = {"model_version": champion.model_version, "reason": champion.reason}

    @task(trigger_rule="none_failed_min_one_success")
    def rejected(training_id):
        """Say why the candidate was refused."""
        from hotarea.stages import gate

        gate.explain(settings(), training_id)

    @task(trigger_rule="none_failed_min_one_success")
    def model_card(training_id):
        """Write down what became of the candidate, and of the champion that it replaced, on their cards."""
        from hotarea.stages import model_card

        model_card.of_outcome(settings(), training_id)

    planned = plan()
    training_id = evaluate(planned)
    decided = gate(training_id)
    asked = ApprovalOperator(
        task_id="ask",
        doc_md="Wait until a person approves or rejects a candidate that the gate holds.",
        training_id=training_id,
        approved="promote",
        rejected="rejected",
    )
    dataset(planned) >> validate(planned) >> fit(planned) >> training_id
    promoted, refused = promote(training_id), rejected(training_id)
    decided >> Label("promote") >> promoted
    decided >> Label("hold") >> asked >> Label("approved") >> promoted
    decided >> Label("reject") >> refused
    asked >> Label("refused") >> refused
    [promoted, refused] >> model_card(training_id)


train_model()
